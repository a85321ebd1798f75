import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Attempt } from "../core/values.ts";
import { captureClient } from "./client.ts";
import { NoAnswer, Refusal, type Transport } from "./http.ts";
import { createUpload, TooLarge } from "./upload.ts";

const ATTEMPT: Attempt = {
  attempt_id: "att_1",
  attempt_token: "secret",
  verify_result: null,
  app_name: "",
  mode: "multi_action",
  may_flash: false,
  limits: { bytes_max: 4_000, part_bytes_max: 1_000, parts_max: 5 },
};
const CLOCK = { onsets_ms: [1], frames_ms: [] };

/** What the server does with the next calls, in turn; then it behaves. */
type Mishap = "none" | "network" | "server" | "damage" | "lose_parts" | "gone";

/** The upload endpoints in memory, as the wire describes them. */
function fakeServer(mishaps: Mishap[]) {
  const parts = new Map<number, Uint8Array>();
  const seen: string[] = [];
  let completed: unknown = null;
  const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  const problem = (status: number, code: string): Response =>
    Response.json({ code, status }, { status });

  const put = (index: number, init: RequestInit, mishap: Mishap | undefined): Response => {
    const bytes = init.body as Uint8Array;
    const hash = new Headers(init.headers).get("x-part-sha256");
    if (mishap === "damage" || hash !== sha(bytes)) return problem(422, "part_hash_mismatch");
    const had = parts.get(index);
    if (had && sha(had) !== hash) return problem(409, "part_conflict");
    parts.set(index, bytes);
    return Response.json({ index, bytes: bytes.length });
  };
  const complete = (init: RequestInit): Response => {
    const done = JSON.parse(String(init.body));
    const whole = Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part));
    if (parts.size !== done.parts_count || whole.length !== done.bytes) {
      return problem(422, "parts_incomplete");
    }
    if (sha(whole) !== done.sha256) return problem(422, "digest_mismatch");
    completed = done;
    return Response.json({ state: "analyzing" }, { status: 202 });
  };
  const list = (): Response =>
    Response.json({
      parts: [...parts].map(([index, bytes]) => ({
        index,
        bytes: bytes.length,
        sha256: sha(bytes),
      })),
    });
  const fail = (mishap: Mishap | undefined): Response | null => {
    if (mishap === "network") throw new TypeError("failed to fetch");
    if (mishap === "server") return problem(503, "unavailable");
    if (mishap === "lose_parts") parts.delete(0);
    return mishap === "gone" ? problem(410, "attempt_expired") : null;
  };
  const answer = (url: string, init: RequestInit): Response => {
    const path = url.replace("/capture/v1/attempts/att_1", "");
    seen.push(`${init.method} ${path}`);
    const mishap = mishaps.shift();
    const failure = fail(mishap);
    if (failure !== null) return failure;
    if (new Headers(init.headers).get("authorization") !== "Bearer secret") {
      return problem(401, "attempt_token_invalid");
    }
    if (path === "/complete") return complete(init);
    if (path === "/parts") return list();
    return put(Number(path.replace("/parts/", "")), init, mishap);
  };
  const waits: number[] = [];
  const transport: Transport = {
    fetch: async (url, init) => answer(url, init),
    sleep: async (ms) => {
      waits.push(ms);
    },
    random: () => 0.5,
  };
  return { transport, seen, waits, parts, completed: () => completed };
}

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31) % 251);
}

async function send(mishaps: Mishap[], lengths: readonly number[]) {
  const server = fakeServer(mishaps);
  const failures: unknown[] = [];
  const progress: [number, number | null][] = [];
  const upload = createUpload(captureClient(server.transport, ""), ATTEMPT, {
    progress: (sent, total) => progress.push([sent, total]),
    failed: (error) => failures.push(error),
  });
  for (const length of lengths) upload.push(bytesOf(length));
  const accepted = await upload.finish("video/webm", CLOCK);
  return { ...server, accepted, failures, progress };
}

describe("an upload", () => {
  test("re-cuts chunks to the limit and declares the whole", async () => {
    const run = await send([], [300, 2_500, 20]);
    expect(run.accepted).toBe(true);
    expect([...run.parts.values()].map((part) => part.length)).toEqual([1_000, 1_000, 820]);
    expect(run.completed()).toMatchObject({
      parts_count: 3,
      bytes: 2_820,
      media_type: "video/webm",
    });
    expect(run.progress.at(-1)).toEqual([2_820, 2_820]);
    expect(run.waits).toEqual([]);
  });

  test("tries again after a broken network and a busy server, waiting longer each time", async () => {
    const run = await send(["network", "server", "network"], [900]);
    expect(run.accepted).toBe(true);
    expect(run.waits).toEqual([300, 600, 1_200]);
    expect(run.seen.filter((call) => call === "PUT /parts/0")).toHaveLength(4);
  });

  test("sends a part again that was damaged on its way", async () => {
    const run = await send(["damage"], [900]);
    expect(run.accepted).toBe(true);
  });

  test("resumes from what the server says it has", async () => {
    // The first of three parts is lost before `complete`: only that one goes again.
    const lost = await send(["none", "none", "none", "lose_parts"], [2_500]);
    expect(lost.accepted).toBe(true);
    expect(lost.seen).toEqual([
      "PUT /parts/0",
      "PUT /parts/1",
      "PUT /parts/2",
      "POST /complete",
      "GET /parts",
      "PUT /parts/0",
      "POST /complete",
    ]);
  });

  test("gives up after six tries and says so once", async () => {
    const run = await send(Array<Mishap>(6).fill("network"), [900, 900]);
    expect(run.accepted).toBe(false);
    expect(run.failures).toHaveLength(1);
    expect(run.failures[0]).toBeInstanceOf(NoAnswer);
    expect(run.completed()).toBe(null);
  });

  test("does not repeat what the server has refused", async () => {
    const run = await send(["gone"], [900]);
    expect(run.accepted).toBe(false);
    expect(run.failures[0]).toBeInstanceOf(Refusal);
    expect(run.waits).toEqual([]);
  });

  test("stops before the server would have to refuse the size", async () => {
    const run = await send([], [4_001]);
    expect(run.accepted).toBe(false);
    expect(run.failures[0]).toBeInstanceOf(TooLarge);
    expect(run.completed()).toBe(null);
  });
});
