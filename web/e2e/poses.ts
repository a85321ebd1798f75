// Pictures of a rendered person, exported by the binary's simulator from a seed.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Poses } from "./person.ts";
import { runBinary } from "./server.ts";

/** A rendered person: what the browser plays, and the photo they were enrolled with. */
export type RenderedPerson = { readonly poses: Poses; readonly referenceBase64: string };

type Entry = { readonly file: string; readonly group: string; readonly level: number };

/** Renders the person of a seed. */
export async function renderPerson(seed: number): Promise<RenderedPerson> {
  const folder = await mkdtemp(join(tmpdir(), "zhenren-poses-"));
  try {
    await runBinary(["simulate", "--export-poses", folder, "--seed", String(seed)]);
    const manifest = JSON.parse(await readFile(join(folder, "poses.json"), "utf8")) as {
      readonly reference: string;
      readonly poses: readonly Entry[];
    };
    const base64 = async (file: string): Promise<string> =>
      (await readFile(join(folder, file))).toString("base64");
    const groups = new Map<string, string[]>();
    for (const pose of [...manifest.poses].sort((a, b) => a.level - b.level)) {
      const url = `data:image/jpeg;base64,${await base64(pose.file)}`;
      groups.set(pose.group, [...(groups.get(pose.group) ?? []), url]);
    }
    const neutral = groups.get("neutral")?.[0];
    if (neutral === undefined) throw new Error("the exported poses have no neutral picture");
    groups.delete("neutral");
    return {
      poses: { neutral, actions: Object.fromEntries(groups) },
      referenceBase64: await base64(manifest.reference),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
