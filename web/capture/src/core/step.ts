// The rules of a capture: one pure function from a state and an event to a state and effects.
// Knows no DOM, no clock, no network. Invariant: a state that does not show the camera is entered
// through `stop_all`, and a camera that opens too late is stopped at once; a random walk tests it.

import { errcodeOfProblem, errcodeOfReason } from "./errcodes.ts";
import type { Effect, Event, State, StateName, Step } from "./machine.ts";
import type {
  Attempt,
  CameraTrouble,
  CancelReason,
  CaptureResult,
  Entry,
  Problem,
} from "./values.ts";

/** How long each state may last, in milliseconds, before the machine gives up waiting. */
export const TIME_OUT_MS = {
  // Limit: reading and answering a permission prompt; phones may ask twice.
  permission: 120_000,
  // Limit: arranging light and face; well inside the server's deadline for an attempt.
  positioning: 180_000,
  // Limit: one call with its retries plus the count-in.
  challenge: 30_000,
  // Limit: added to the challenge's duration, for a recorder that flushes late.
  recording_grace: 10_000,
  // Limit: a full-size recording over a poor mobile link; the server's own deadline is 120 s.
  sending: 110_000,
  // Limit: analysis takes seconds; a minute and a half covers a queue and one lost worker.
  waiting: 90_000,
  // Limit: time to find the browser's permission switch.
  refused: 300_000,
} as const;

/** Seconds counted in before the recording. */
export const COUNT_IN_SECONDS = 3;

/** The states in which a camera may be open. */
export const CAMERA_STATES: readonly StateName[] = [
  "permission",
  "positioning",
  "challenge",
  "recording",
];

/** The first state of a page that was opened with `entry`. */
export function initial(entry: Entry, supported: boolean): State {
  return { name: "idle", entry, supported };
}

/** Moves a capture on by one event. Events that mean nothing in a state change nothing. */
export function step(state: State, event: Event): Step {
  switch (event.type) {
    case "cancel_pressed":
      return leave(state, "cancelled", false);
    case "page_left":
      return leave(state, "left", true);
    case "timed_out":
      return event.of === state.name ? timedOut(state) : stay(state);
    case "camera_opened":
      return CAMERA_STATES.includes(state.name)
        ? within(state, event)
        : { state, effects: [{ type: "stop_all" }] };
    default:
      return within(state, event);
  }
}

function within(state: State, event: Event): Step {
  switch (state.name) {
    case "idle":
      return inIdle(state, event);
    case "permission":
      return inPermission(state, event);
    case "positioning":
      return inPositioning(state, event);
    case "challenge":
      return inChallenge(state, event);
    case "recording":
      return inRecording(state, event);
    case "sending":
      return inSending(state, event);
    case "waiting":
      return inWaiting(state, event);
    case "refused":
      return inRefused(state, event);
    case "done":
      return inDone(state, event);
    case "failed":
      return event.type === "retry_pressed" && state.retry !== null
        ? begin(state.retry)
        : stay(state);
    case "cancelled":
      return stay(state);
  }
}

type In<N extends StateName> = Extract<State, { name: N }>;

function inIdle(state: In<"idle">, event: Event): Step {
  if (event.type !== "begin_pressed") return stay(state);
  // An unsupported browser must not spend a one-use token: the link still works in another one.
  return state.supported ? begin(state.entry) : fail(null, "unsupported", null, null);
}

function inPermission(state: In<"permission">, event: Event): Step {
  switch (event.type) {
    case "attempt_begun":
      return state.attempt === null
        ? {
            state: { ...state, attempt: event.attempt },
            effects: [{ type: "open_camera" }, arm("permission", TIME_OUT_MS.permission)],
          }
        : stay(state);
    case "call_failed":
      return fail(state.attempt, event.problem, event.spent ? null : state.entry, null);
    case "camera_opened":
      if (state.attempt === null) return { state, effects: [{ type: "stop_all" }] };
      // Digits cannot be heard without a microphone; everything else can be seen.
      return !event.has_sound && state.attempt.mode === "read_digits"
        ? refuse(state.entry, state.attempt, "silent")
        : toPositioning(state.entry, state.attempt, event.has_sound);
    case "camera_failed":
      return state.attempt === null
        ? stay(state)
        : refuse(state.entry, state.attempt, event.trouble);
    default:
      return stay(state);
  }
}

function inPositioning(state: In<"positioning">, event: Event): Step {
  switch (event.type) {
    case "light_measured":
      return { state: { ...state, light: event.light }, effects: [] };
    case "ready_pressed":
      return {
        state: {
          name: "challenge",
          entry: state.entry,
          attempt: state.attempt,
          challenge: null,
        },
        effects: [
          {
            type: "draw_challenge",
            attempt: state.attempt,
            circumstances: {
              cannot: state.has_sound ? [] : ["sound"],
              ambient: state.light === "too_bright" ? "too_bright" : null,
              no_flash: event.no_flash,
            },
          },
          arm("challenge", TIME_OUT_MS.challenge),
        ],
      };
    case "camera_failed":
      return refuse(state.entry, state.attempt, event.trouble);
    default:
      return stay(state);
  }
}

function inChallenge(state: In<"challenge">, event: Event): Step {
  switch (event.type) {
    case "challenge_drawn":
      return state.challenge === null
        ? {
            state: { ...state, challenge: event.challenge },
            effects: [{ type: "count_in", seconds: COUNT_IN_SECONDS }],
          }
        : stay(state);
    case "counted_in":
      return state.challenge === null
        ? stay(state)
        : {
            state: {
              name: "recording",
              entry: state.entry,
              attempt: state.attempt,
              challenge: state.challenge,
              prompt: null,
            },
            effects: [
              {
                type: "start_recording",
                attempt: state.attempt,
                challenge: state.challenge,
              },
              arm("recording", state.challenge.duration_ms + TIME_OUT_MS.recording_grace),
            ],
          };
    case "call_failed":
      return fail(state.attempt, event.problem, reusable(state.entry), "cancelled");
    case "camera_failed":
    case "page_hidden":
      return interrupted(state, event);
    default:
      return stay(state);
  }
}

function inRecording(state: In<"recording">, event: Event): Step {
  switch (event.type) {
    case "prompt_due":
      return event.index in state.challenge.steps
        ? { state: { ...state, prompt: event.index }, effects: [] }
        : stay(state);
    case "prompt_over":
      return state.prompt === event.index
        ? { state: { ...state, prompt: null }, effects: [] }
        : stay(state);
    case "recorded":
      return {
        state: {
          name: "sending",
          entry: state.entry,
          attempt: state.attempt,
          sent: 0,
          total: null,
        },
        effects: [
          { type: "stop_all" },
          { type: "finish_upload", attempt: state.attempt },
          arm("sending", TIME_OUT_MS.sending),
        ],
      };
    case "recorder_failed":
      return fail(state.attempt, "recorder", reusable(state.entry), "device_unsupported");
    case "call_failed":
      return fail(state.attempt, event.problem, reusable(state.entry), "cancelled");
    case "camera_failed":
    case "page_hidden":
      return interrupted(state, event);
    default:
      return stay(state);
  }
}

function inSending(state: In<"sending">, event: Event): Step {
  switch (event.type) {
    case "upload_progress":
      return { state: { ...state, sent: event.sent, total: event.total }, effects: [] };
    case "upload_accepted":
      return {
        state: { name: "waiting", entry: state.entry, attempt: state.attempt },
        effects: [
          { type: "poll_result", attempt: state.attempt },
          arm("waiting", TIME_OUT_MS.waiting),
        ],
      };
    case "recorder_failed":
      return fail(state.attempt, "recorder", reusable(state.entry), "device_unsupported");
    case "call_failed":
      return fail(state.attempt, event.problem, reusable(state.entry), "cancelled");
    default:
      return stay(state);
  }
}

function inWaiting(state: In<"waiting">, event: Event): Step {
  switch (event.type) {
    case "result_known":
      return toDone(state.attempt, event.result);
    case "attempt_ended":
      return fail(state.attempt, "attempt_over", reusable(state.entry), null);
    case "call_failed":
      return fail(state.attempt, event.problem, null, null);
    default:
      return stay(state);
  }
}

function inRefused(state: In<"refused">, event: Event): Step {
  if (event.type !== "retry_pressed") return stay(state);
  return {
    state: { name: "permission", entry: state.entry, attempt: state.attempt },
    effects: [{ type: "open_camera" }, arm("permission", TIME_OUT_MS.permission)],
  };
}

function inDone(state: In<"done">, event: Event): Step {
  const token = state.result.retry_token;
  return event.type === "retry_pressed" && token !== null
    ? begin({ kind: "capture_token", capture_token: token })
    : stay(state);
}

function begin(entry: Entry): Step {
  return {
    state: { name: "permission", entry, attempt: null },
    effects: [{ type: "begin_attempt", entry }, arm("permission", TIME_OUT_MS.permission)],
  };
}

function toPositioning(entry: Entry, attempt: Attempt, has_sound: boolean): Step {
  return {
    state: { name: "positioning", entry, attempt, light: "unknown", has_sound },
    effects: [arm("positioning", TIME_OUT_MS.positioning)],
  };
}

function toDone(attempt: Attempt, result: CaptureResult): Step {
  return {
    state: { name: "done", attempt, result },
    effects: [
      { type: "stop_all" },
      { type: "disarm_timer" },
      {
        type: "notify_host",
        state: "done",
        verify_result: attempt.verify_result,
        errcode: result.errcode,
      },
    ],
  };
}

function refuse(entry: Entry, attempt: Attempt, trouble: CameraTrouble): Step {
  return {
    state: { name: "refused", entry, attempt, trouble },
    effects: [{ type: "stop_all" }, arm("refused", TIME_OUT_MS.refused)],
  };
}

/** Ends the attempt. `tell` is the reason given to the server, null where it knows already. */
function fail(
  attempt: Attempt | null,
  problem: Problem,
  retry: Entry | null,
  tell: CancelReason | null,
): Step {
  return end(
    { name: "failed", attempt, problem, retry },
    attempt,
    errcodeOfProblem(problem),
    attempt === null || tell === null
      ? []
      : [{ type: "cancel_attempt", attempt, reason: tell, beacon: false }],
  );
}

function end(
  state: In<"failed"> | In<"cancelled">,
  attempt: Attempt | null,
  errcode: number,
  more: readonly Effect[],
): Step {
  return {
    state,
    effects: [
      { type: "stop_all" },
      { type: "abort_upload" },
      { type: "disarm_timer" },
      ...more,
      {
        type: "notify_host",
        state: state.name,
        verify_result: attempt?.verify_result ?? null,
        errcode,
      },
    ],
  };
}

/** The person goes: nothing to tell the server once it has everything, or has ended itself. */
function leave(state: State, reason: CancelReason, beacon: boolean): Step {
  switch (state.name) {
    case "done":
    case "failed":
    case "cancelled":
      return stay(state);
    case "waiting":
      // The recording is in: the verification goes on without the page.
      return beacon ? stay(state) : cancelled(state.attempt, []);
    case "idle":
      return beacon ? stay(state) : cancelled(null, []);
    case "permission":
    case "positioning":
    case "challenge":
    case "recording":
    case "sending":
    case "refused": {
      const why = state.name === "refused" ? reasonOfTrouble(state.trouble) : reason;
      const { attempt } = state;
      if (attempt === null) return cancelled(null, []);
      const tell: Effect = { type: "cancel_attempt", attempt, reason: why, beacon };
      return cancelled(attempt, [tell], why);
    }
  }
}

function cancelled(
  attempt: Attempt | null,
  more: readonly Effect[],
  reason: CancelReason = "cancelled",
): Step {
  return end({ name: "cancelled", attempt }, attempt, errcodeOfReason(reason), more);
}

/** What to tell the server about a person who goes while the camera is refused. */
function reasonOfTrouble(trouble: CameraTrouble): CancelReason {
  switch (trouble) {
    case "denied":
    case "silent":
    case "timed_out":
      return "not_authorised";
    case "missing":
      return "device_unsupported";
    case "busy":
    case "lost":
      return "cancelled";
  }
}

function timedOut(state: State): Step {
  switch (state.name) {
    case "idle":
    case "done":
    case "failed":
    case "cancelled":
      return stay(state);
    case "permission":
      return state.attempt === null
        ? fail(null, "network", null, null)
        : refuse(state.entry, state.attempt, "timed_out");
    case "waiting":
      return fail(state.attempt, "no_answer", null, null);
    case "refused": {
      const why = reasonOfTrouble(state.trouble);
      return fail(state.attempt, "timed_out", reusable(state.entry), why);
    }
    case "positioning":
    case "challenge":
    case "recording":
    case "sending":
      return fail(state.attempt, "timed_out", reusable(state.entry), "timed_out");
  }
}

function interrupted(state: In<"challenge"> | In<"recording">, event: Event): Step {
  return event.type === "page_hidden"
    ? fail(state.attempt, "interrupted", reusable(state.entry), "left")
    : fail(state.attempt, "camera", reusable(state.entry), "device_unsupported");
}

/** The entry a further attempt may begin with: a capture token has one use, the others do not. */
function reusable(entry: Entry): Entry | null {
  return entry.kind === "capture_token" ? null : entry;
}

function arm(of: StateName, ms: number): Effect {
  return { type: "arm_timer", of, ms };
}

function stay(state: State): Step {
  return { state, effects: [] };
}
