// The server calls of one capture, in the order the machine asks for them. Answers with events.
// A call that fails after it was given up is dropped: its state is gone.

import type { Attempt, CancelReason, Circumstances, Entry } from "../core/values.ts";
import { cancelByBeacon, isSpent, problemOf } from "./client.ts";
import type { Recording } from "./device.ts";
import { isPassing } from "./http.ts";
import { supportedMediaTypes } from "./recorder.ts";
import type { Dispatch, Surroundings } from "./surroundings.ts";
import { createUpload, type Upload } from "./upload.ts";

/** The server side of one capture. */
export type Uplink = {
  readonly begin: (entry: Entry) => Promise<void>;
  readonly draw: (attempt: Attempt, circumstances: Circumstances) => Promise<void>;
  /** Starts the upload of a recording that begins now; returns where its bytes go. */
  readonly start: (attempt: Attempt) => (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly finish: (recording: Recording | null) => Promise<void>;
  readonly poll: (attempt: Attempt) => Promise<void>;
  readonly cancel: (attempt: Attempt, reason: CancelReason, beacon: boolean) => void;
  /** Gives up whatever is under way. */
  readonly abort: () => void;
};

/** Calls that answer to `dispatch`. */
export function createUplink(around: Surroundings, dispatch: Dispatch): Uplink {
  const { client } = around;
  let upload: Upload | null = null;
  let calls = new AbortController();

  const failed = (error: unknown): void =>
    dispatch({ type: "call_failed", problem: problemOf(error, true), spent: true });

  /** Calls for a begun attempt. */
  const call = async (work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const { signal } = calls;
    await work(signal).catch((error: unknown) => {
      if (!signal.aborted) failed(error);
    });
  };

  return {
    begin: async (entry) => {
      calls.abort();
      calls = new AbortController();
      await begin(around, entry, calls.signal, dispatch);
    },
    draw: (attempt, circumstances) =>
      call(async (signal) => {
        const challenge = await client.drawChallenge(attempt, circumstances, signal);
        if (!signal.aborted) dispatch({ type: "challenge_drawn", challenge });
      }),
    start: (attempt) => {
      upload = createUpload(client, attempt, {
        progress: (sent, total) => dispatch({ type: "upload_progress", sent, total }),
        failed,
      });
      return upload.push;
    },
    finish: async (recording) => {
      if (upload === null || recording === null) dispatch({ type: "recorder_failed" });
      else if (await upload.finish(recording.mediaType, recording.clock)) {
        dispatch({ type: "upload_accepted" });
      }
    },
    poll: (attempt) => call((signal) => poll(around, attempt, signal, dispatch)),
    cancel: (attempt, reason, beacon) => {
      if (beacon && cancelByBeacon(around.base, attempt, reason)) return;
      // Best effort: an attempt that is not cancelled runs into its deadline.
      client.cancel(attempt, reason).catch(() => {});
    },
    abort: () => {
      calls.abort();
      upload?.abort();
      upload = null;
    },
  };
}

async function begin(
  around: Surroundings,
  entry: Entry,
  signal: AbortSignal,
  dispatch: Dispatch,
): Promise<void> {
  try {
    const facts = {
      locale: around.locale(),
      user_agent: navigator.userAgent,
      media_types: supportedMediaTypes(),
      device_id: around.deviceId(),
    };
    const attempt = await around.client.begin(entry, facts, signal);
    if (signal.aborted) await around.client.cancel(attempt, "left").catch(() => {});
    else dispatch({ type: "attempt_begun", attempt });
  } catch (error) {
    if (signal.aborted) return;
    dispatch({ type: "call_failed", problem: problemOf(error, false), spent: isSpent(error) });
  }
}

async function poll(
  around: Surroundings,
  attempt: Attempt,
  signal: AbortSignal,
  dispatch: Dispatch,
): Promise<void> {
  // The recording is in: only the state's own timer ends the waiting, not a server that restarts.
  while (!signal.aborted) {
    const status = await around.client.status(attempt, signal).catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      return null;
    });
    if (signal.aborted) return;
    if (status === null) continue;
    const { state, result } = status;
    if (result !== null) {
      dispatch({ type: "result_known", result });
      return;
    }
    if (state === "cancelled" || state === "expired") {
      dispatch({ type: "attempt_ended" });
      return;
    }
  }
}
