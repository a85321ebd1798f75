// Sends a recording as parts while it is made, in order, one at a time; resumes after a broken
// connection from what the server says it has. Knows no recorder: bytes come in, promises go out.

import type { Attempt, ClockLog } from "../core/values.ts";
import type { CaptureClient } from "./client.ts";
import { Refusal } from "./http.ts";
import { concat, createRecutter } from "./recut.ts";
import { sha256Hex } from "./sha256.ts";

/** What an upload reports. `total` is null while the recording still grows. */
export type UploadWatcher = {
  readonly progress: (sent: number, total: number | null) => void;
  /** The upload is over for good; told at most once. */
  readonly failed: (error: unknown) => void;
};

/** An upload under way. */
export type Upload = {
  /** Takes the next bytes of the recording. */
  readonly push: (chunk: Uint8Array<ArrayBuffer>) => void;
  /** Sends the rest and declares the recording complete; true when the server has it all. */
  readonly finish: (mediaType: string, clock: ClockLog) => Promise<boolean>;
  readonly abort: () => void;
};

/** The recording is larger than the server takes. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

type Part = {
  readonly index: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
};

// Limit: `complete` may find parts missing once, after a server lost them; twice is a fault.
const REPAIRS_MAX = 2;

/** Starts an upload for an attempt whose challenge was drawn. */
export function createUpload(
  client: CaptureClient,
  attempt: Attempt,
  watcher: UploadWatcher,
): Upload {
  const stop = new AbortController();
  const recutter = createRecutter(attempt.limits.part_bytes_max);
  const parts: Part[] = [];
  let index = 0;
  let taken = 0;
  let sent = 0;
  let total: number | null = null;
  let failed = false;
  let queue: Promise<void> = Promise.resolve();

  const fail = (error: unknown): void => {
    if (failed || stop.signal.aborted) return;
    failed = true;
    stop.abort();
    watcher.failed(error);
  };

  const send = async (bytes: Uint8Array<ArrayBuffer>, at: number): Promise<void> => {
    if (stop.signal.aborted) return;
    const part: Part = { index: at, bytes, sha256: await sha256Hex(bytes) };
    parts.push(part);
    await client.putPart(attempt, part, stop.signal);
    sent += bytes.length;
    watcher.progress(sent, total);
  };

  const enqueue = (bytes: Uint8Array<ArrayBuffer>): void => {
    const at = index;
    index += 1;
    if (index > attempt.limits.parts_max) {
      fail(new TooLarge("the recording has too many parts"));
      return;
    }
    queue = queue.then(() => send(bytes, at)).catch(fail);
  };

  return {
    push: (chunk) => {
      if (stop.signal.aborted) return;
      taken += chunk.length;
      if (taken > attempt.limits.bytes_max) {
        fail(new TooLarge("the recording is too large"));
        return;
      }
      for (const part of recutter.push(chunk)) enqueue(part);
    },
    finish: async (mediaType, clock) => {
      for (const part of recutter.flush()) enqueue(part);
      total = taken;
      watcher.progress(sent, total);
      await queue;
      if (stop.signal.aborted) return false;
      try {
        const whole = concat(parts.map((part) => part.bytes));
        const done = {
          parts_count: parts.length,
          bytes: whole.length,
          sha256: await sha256Hex(whole),
          media_type: mediaType,
          clock,
        };
        await completeOrRepair(client, attempt, parts, done, stop.signal);
        return true;
      } catch (error) {
        fail(error);
        return false;
      }
    },
    abort: () => stop.abort(),
  };
}

async function completeOrRepair(
  client: CaptureClient,
  attempt: Attempt,
  parts: readonly Part[],
  done: Parameters<CaptureClient["complete"]>[1],
  signal: AbortSignal,
): Promise<void> {
  for (let repairs = 0; ; repairs += 1) {
    try {
      await client.complete(attempt, done, signal);
      return;
    } catch (error) {
      const missing = error instanceof Refusal && error.code === "parts_incomplete";
      if (!missing || repairs >= REPAIRS_MAX) throw error;
    }
    await sendMissing(client, attempt, parts, signal);
  }
}

async function sendMissing(
  client: CaptureClient,
  attempt: Attempt,
  parts: readonly Part[],
  signal: AbortSignal,
): Promise<void> {
  const stored = await client.listParts(attempt, signal);
  const has = new Map(stored.map((part) => [part.index, part.sha256]));
  for (const part of parts) {
    if (has.get(part.index) !== part.sha256) await client.putPart(attempt, part, signal);
  }
}
