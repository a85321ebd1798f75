// The values the capture client deals in: what the wire carries and what the page decides with.
// Knows no DOM and no fetch; the adapter translates bytes and devices into these.

/** Everything a person can be asked to do, by its wire name. Left and right are the subject's own. */
export const ACTIONS = ["blink", "mouth", "nod", "turn_left", "turn_right"] as const;

/** One thing to do before the camera. */
export type Action = (typeof ACTIONS)[number];

/** Every colour the screen can shine in. */
export const COLOURS = [
  "black",
  "red",
  "green",
  "blue",
  "yellow",
  "magenta",
  "cyan",
  "white",
] as const;

/** A colour of the screen. */
export type Colour = (typeof COLOURS)[number];

/** What one step asks for: exactly one of these. `face_width` is in percent of the picture's. */
export type Prompt =
  | { readonly action: Action }
  | { readonly digit: string }
  | { readonly colour: Colour }
  | { readonly face_width: number };

/** One prompt: shown `at_ms` after the recorder started, for `window_ms`. */
export type ChallengeStep = Prompt & { readonly at_ms: number; readonly window_ms: number };

/** The action a step asks for, null when it asks for something else. */
export function actionOf(step: Prompt): Action | null {
  return "action" in step ? step.action : null;
}

/** A face at least this wide, in percent of the picture's width, is near. */
export const NEAR_PERCENT = 40;

/** What the server asks for, drawn once an attempt. `steps` is empty for a silent challenge. */
export type Challenge = {
  readonly version: number;
  readonly kind: string;
  readonly duration_ms: number;
  readonly steps: readonly ChallengeStep[];
};

/** What starts a capture: exactly one of the secrets a capture link may carry. */
export type Entry =
  | { readonly kind: "capture_token"; readonly capture_token: string }
  | { readonly kind: "certify_id"; readonly certify_id: string }
  | {
      readonly kind: "user_id_key";
      readonly appid: string;
      readonly user_id_key: string;
      readonly check_alive_type: number | null;
      readonly openid: string | null;
    };

/** Upload limits the server names for one attempt. */
export type Limits = {
  readonly bytes_max: number;
  readonly part_bytes_max: number;
  readonly parts_max: number;
};

/** A begun capture attempt. `attempt_token` opens the other capture endpoints and nothing else. */
export type Attempt = {
  readonly attempt_id: string;
  readonly attempt_token: string;
  readonly verify_result: string | null;
  readonly app_name: string;
  /** What will be asked for, by name; "" where the server does not say. */
  readonly mode: string;
  /** Whether the screen may flash for it. */
  readonly may_flash: boolean;
  readonly limits: Limits;
};

/** What the page knows before a challenge is drawn: the server falls back by it. */
export type Circumstances = {
  readonly cannot: readonly ("flash" | "sound")[];
  readonly ambient: "too_bright" | null;
  /** The person wants no flashing light. */
  readonly no_flash: boolean;
};

/** The clock log: everything in milliseconds after `recorder.start()` was called. */
export type ClockLog = {
  /** When each prompt was on screen, in the order of the steps. */
  readonly onsets_ms: readonly number[];
  /** Presentation and, where the browser tells, capture time of each frame the page saw. */
  readonly frames_ms: readonly (readonly [number, number | null])[];
};

/** How a verification ended; the page may know nothing finer (no score, no reason). */
export type Outcome = "accepted" | "rejected" | "inconclusive";

/** What the server says at the end of an attempt. */
export type CaptureResult = {
  readonly outcome: Outcome;
  readonly errcode: number;
  readonly hint: string | null;
  readonly retry_token: string | null;
};

/** Why the page has no camera; each has its own advice. */
export type CameraTrouble = "denied" | "missing" | "busy" | "lost" | "timed_out" | "silent";

/** Why an attempt came to nothing before the server could decide. */
export type Problem =
  | "link_invalid"
  | "link_used"
  | "link_expired"
  | "too_many_attempts"
  | "no_balance"
  | "no_reference"
  | "unsupported"
  | "mode_unavailable"
  | "network"
  | "server"
  | "interrupted"
  | "camera"
  | "recorder"
  | "timed_out"
  | "attempt_over"
  | "no_answer";

/** Why the page gives an attempt up, as the server's cancel call knows it. */
export type CancelReason =
  | "cancelled"
  | "not_authorised"
  | "device_unsupported"
  | "timed_out"
  | "left";

/** What the light meter sees, before the recording only. */
export type Light = "unknown" | "good" | "too_dark" | "too_bright" | "backlit";
