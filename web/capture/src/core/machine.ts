// The shapes of the capture machine: its states, the events that move it, the effects it asks for.
// All plain data. `step.ts` holds the rules; the adapter performs effects and answers with events.

import type {
  Attempt,
  CameraTrouble,
  CancelReason,
  CaptureResult,
  Challenge,
  Circumstances,
  Entry,
  Light,
  Problem,
} from "./values.ts";

/** Where a capture stands. A variant owns exactly the fields that state has. */
export type State =
  | { readonly name: "idle"; readonly entry: Entry; readonly supported: boolean }
  /** The attempt is being begun, then the camera asked for. */
  | { readonly name: "permission"; readonly entry: Entry; readonly attempt: Attempt | null }
  /** The person arranges face and light before the live preview. */
  | {
      readonly name: "positioning";
      readonly entry: Entry;
      readonly attempt: Attempt;
      readonly light: Light;
      readonly has_sound: boolean;
    }
  /** The challenge is drawn, then counted in. */
  | {
      readonly name: "challenge";
      readonly entry: Entry;
      readonly attempt: Attempt;
      readonly challenge: Challenge | null;
    }
  /** `prompt` is the index of the step on screen, or null between steps. */
  | {
      readonly name: "recording";
      readonly entry: Entry;
      readonly attempt: Attempt;
      readonly challenge: Challenge;
      readonly prompt: number | null;
    }
  /** `total` is null until the recording's size is known. */
  | {
      readonly name: "sending";
      readonly entry: Entry;
      readonly attempt: Attempt;
      readonly sent: number;
      readonly total: number | null;
    }
  | { readonly name: "waiting"; readonly entry: Entry; readonly attempt: Attempt }
  | { readonly name: "done"; readonly attempt: Attempt; readonly result: CaptureResult }
  /** No camera, but the attempt is alive and the person can mend it. */
  | {
      readonly name: "refused";
      readonly entry: Entry;
      readonly attempt: Attempt;
      readonly trouble: CameraTrouble;
    }
  /** Over for this attempt; `retry` is what a new one may start with. */
  | {
      readonly name: "failed";
      readonly attempt: Attempt | null;
      readonly problem: Problem;
      readonly retry: Entry | null;
    }
  | { readonly name: "cancelled"; readonly attempt: Attempt | null };

/** The name of a state, as `data-state` shows it. */
export type StateName = State["name"];

/** What can happen to a capture. */
export type Event =
  // The person.
  | { readonly type: "begin_pressed" }
  | { readonly type: "ready_pressed"; readonly no_flash: boolean }
  | { readonly type: "retry_pressed" }
  | { readonly type: "cancel_pressed" }
  | { readonly type: "page_hidden" }
  | { readonly type: "page_left" }
  // The server.
  | { readonly type: "attempt_begun"; readonly attempt: Attempt }
  | { readonly type: "challenge_drawn"; readonly challenge: Challenge }
  | { readonly type: "upload_progress"; readonly sent: number; readonly total: number | null }
  | { readonly type: "upload_accepted" }
  | { readonly type: "result_known"; readonly result: CaptureResult }
  | { readonly type: "attempt_ended" }
  /** A call failed for good. `spent` tells whether the entry's one use is gone. */
  | { readonly type: "call_failed"; readonly problem: Problem; readonly spent: boolean }
  // The device.
  | { readonly type: "camera_opened"; readonly has_sound: boolean }
  | { readonly type: "camera_failed"; readonly trouble: CameraTrouble }
  | { readonly type: "light_measured"; readonly light: Light }
  | { readonly type: "counted_in" }
  | { readonly type: "prompt_due"; readonly index: number }
  | { readonly type: "prompt_over"; readonly index: number }
  | { readonly type: "recorded" }
  | { readonly type: "recorder_failed" }
  // The clock. `of` names the state the timer was armed for; a late one is ignored.
  | { readonly type: "timed_out"; readonly of: StateName };

/** What the machine wants done. */
export type Effect =
  | { readonly type: "begin_attempt"; readonly entry: Entry }
  | { readonly type: "open_camera" }
  /** stopAll: recorder, tracks, light meter, prompts. Safe to ask for twice. */
  | { readonly type: "stop_all" }
  | {
      readonly type: "draw_challenge";
      readonly attempt: Attempt;
      readonly circumstances: Circumstances;
    }
  | { readonly type: "count_in"; readonly seconds: number }
  | {
      readonly type: "start_recording";
      readonly attempt: Attempt;
      readonly challenge: Challenge;
    }
  /** Send what is left of the recording and declare it complete. */
  | { readonly type: "finish_upload"; readonly attempt: Attempt }
  | { readonly type: "abort_upload" }
  | { readonly type: "poll_result"; readonly attempt: Attempt }
  /** `beacon` because a page that is going away cannot wait for an answer. */
  | {
      readonly type: "cancel_attempt";
      readonly attempt: Attempt;
      readonly reason: CancelReason;
      readonly beacon: boolean;
    }
  | { readonly type: "arm_timer"; readonly of: StateName; readonly ms: number }
  | { readonly type: "disarm_timer" }
  /** Tell the page that opened this one. */
  | {
      readonly type: "notify_host";
      readonly state: StateName;
      readonly verify_result: string | null;
      readonly errcode: number;
    };

/** The answer of `step`. */
export type Step = { readonly state: State; readonly effects: readonly Effect[] };
