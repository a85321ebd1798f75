// Starts the real binary in the development profile, with its data in a throw-away folder, and
// speaks to its demo back end as the demo page does.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The binary under test: ZHENREN_BIN, else the debug build. */
export const BINARY: string = resolve(ROOT, process.env["ZHENREN_BIN"] ?? "target/debug/zhenren");

// Limit: a debug build loads its models in a few seconds on a busy machine.
const START_MS = 60_000;

/** A running server. */
export type ZhenrenServer = {
  readonly origin: string;
  /** What it wrote so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

/** Starts a server on a free port. */
export async function startServer(): Promise<ZhenrenServer> {
  if (!existsSync(BINARY)) throw new Error(`there is no ${BINARY}; build it or set ZHENREN_BIN`);
  const folder = await mkdtemp(join(tmpdir(), "zhenren-e2e-"));
  const bind = `127.0.0.1:${await freePort()}`;
  const child = spawn(BINARY, ["--profile", "development", "all"], {
    cwd: ROOT,
    env: {
      ...ownEnvironment(),
      ZHENREN_SERVER_BIND: bind,
      ZHENREN_DATABASE_URL: `sqlite:${folder}/zhenren.db`,
      ZHENREN_VAULT_MASTER_KEY_FILE: `${folder}/master.key`,
      ZHENREN_EVIDENCE_DIRECTORY: `${folder}/evidence`,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let written = "";
  const keep = (chunk: Buffer): void => {
    written += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const origin = `http://${bind}`;
  const stop = async (): Promise<void> => {
    await stopChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilAnswering(origin, child);
  } catch (error) {
    await stop();
    throw new Error(`the server did not start:\n${written}`, { cause: error });
  }
  return { origin, log: () => written, stop };
}

/** The environment without settings of the server, which the developer's shell may have. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("ZHENREN_")),
  );
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

async function untilAnswering(origin: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    const answer = await fetch(`${origin}/capture`).catch(() => null);
    if (answer !== null) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("it did not answer in time");
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(force);
}

/** Runs a command of the binary that needs no server. */
export async function runBinary(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(BINARY, [...args], {
    cwd: ROOT,
    env: ownEnvironment(),
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

/** A JSON answer of the demo back end. */
export type Json = Readonly<Record<string, unknown>>;

/** Calls the demo back end. */
export async function callDemo(origin: string, path: string, body: unknown): Promise<Json> {
  const response = await fetch(`${origin}/demo/api/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const json = (await response.json()) as Json;
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${JSON.stringify(json)}`);
  return json;
}
