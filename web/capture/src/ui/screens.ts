// What each state looks like, as data: which layout, which words, which buttons. Pure, so that a
// test can walk every state in every language. `view.ts` turns it into elements.

import type { Event, State } from "../core/machine.ts";
import {
  type Action,
  type CaptureResult,
  type Challenge,
  type ChallengeStep,
  type Colour,
  NEAR_PERCENT,
} from "../core/values.ts";
import { fill } from "../texts/texts.ts";
import type { TextKey, Texts } from "../texts/zh.ts";
import type { IconName } from "./icons.ts";

/** A button and the event it stands for. */
export type Button = { readonly text: string; readonly event: Event; readonly primary: boolean };

/** A page of words with a drawing. */
export type Card = {
  readonly layout: "card";
  readonly tone: "neutral" | "good" | "bad" | "warn";
  readonly icon: IconName;
  readonly title: string;
  readonly lead: string;
  readonly tips: readonly string[];
  /** Numbered instructions. */
  readonly todo: readonly string[];
  readonly note: string;
  readonly buttons: readonly Button[];
  /** 0..1 for a bar, "busy" for one that only moves, null for none. */
  readonly progress: number | "busy" | null;
};

/** A page with the live preview. */
export type Finder = {
  readonly layout: "finder";
  readonly title: string;
  readonly more: string;
  readonly action: Action | null;
  /** A digit to say, shown large. */
  readonly digit: string | null;
  /** What the whole screen shines in; null where it does not. */
  readonly shine: Colour | null;
  /** How wide the face should be, in percent of the picture. */
  readonly face_width: number | null;
  /** Advice on the light; `warn` when something should change. */
  readonly chip: { readonly text: string; readonly warn: boolean } | null;
  readonly buttons: readonly Button[];
  readonly steps: { readonly count: number; readonly current: number | null } | null;
  readonly counting: boolean;
  readonly rec: string | null;
};

/** What to show. Screens with the same `key` are the same page in another moment. */
export type Screen = (Card | Finder) & { readonly key: string; readonly can_quit: boolean };

/** The screen of a state in the words of a table. */
export function screenOf(state: State, texts: Texts): Screen {
  switch (state.name) {
    case "idle":
      return { key: "idle", can_quit: false, ...intro(texts) };
    case "permission":
      return { key: "permission", can_quit: true, ...permission(state.attempt !== null, texts) };
    case "positioning":
    case "challenge":
    case "recording":
      return { key: state.name, can_quit: true, ...finder(state, texts) };
    case "sending": {
      const part = state.total === null ? 0 : state.sent / Math.max(state.total, 1);
      return {
        key: "sending",
        can_quit: true,
        ...card({ icon: "upload", title: texts.sending_title, lead: texts.sending_lead }),
        note: fill(texts.sending_progress, { percent: Math.round(part * 100) }),
        progress: part,
      };
    }
    case "waiting":
      return {
        key: "waiting",
        can_quit: false,
        ...card({ icon: "face", title: texts.waiting_title, lead: texts.waiting_lead }),
        progress: "busy",
      };
    case "done":
      return { key: "done", can_quit: false, ...done(state.result, texts) };
    case "refused":
      return { key: `refused-${state.trouble}`, can_quit: true, ...refused(state.trouble, texts) };
    case "failed":
      return {
        key: `failed-${state.problem}`,
        can_quit: false,
        ...card({
          icon: "alert",
          tone: "warn",
          title: texts.failed_title,
          lead: texts[`failed_${state.problem}`],
        }),
        buttons: state.retry === null ? [] : [retry(texts.retry)],
        note: state.retry === null ? texts.close_hint : "",
      };
    case "cancelled":
      return {
        key: "cancelled",
        can_quit: false,
        ...card({ icon: "pause", title: texts.cancelled_title, lead: texts.cancelled_lead }),
        note: texts.close_hint,
      };
  }
}

function intro(texts: Texts): Card {
  return {
    ...card({ icon: "face", title: texts.intro_title, lead: texts.intro_lead }),
    tips: [
      texts.intro_tip_light,
      texts.intro_tip_face,
      texts.intro_tip_alone,
      texts.intro_tip_steady,
    ],
    note: texts.consent,
    buttons: [{ text: texts.begin, event: { type: "begin_pressed" }, primary: true }],
  };
}

function permission(begun: boolean, texts: Texts): Card {
  return begun
    ? {
        ...card({ icon: "camera", title: texts.permission_title, lead: texts.permission_lead }),
        note: texts.permission_why,
        progress: "busy",
      }
    : { ...card({ icon: "camera", title: texts.connecting, lead: "" }), progress: "busy" };
}

type FinderState = Extract<State, { name: "positioning" | "challenge" | "recording" }>;

function finder(state: FinderState, texts: Texts): Finder {
  const plain = {
    layout: "finder",
    action: null,
    digit: null,
    shine: null,
    face_width: null,
    chip: null,
    buttons: [],
    steps: null,
    counting: false,
    rec: null,
  } as const;
  if (state.name === "recording") return { ...plain, ...recording(state, texts) };
  if (state.name === "challenge") {
    return {
      ...plain,
      title: texts.challenge_title,
      more: state.challenge === null ? texts.challenge_lead : lead(state.challenge, texts),
      counting: state.challenge !== null,
    };
  }
  return {
    ...plain,
    title: texts.position_title,
    more: state.attempt.may_flash ? texts.flash_notice : "",
    chip: {
      text: texts[`light_${state.light}`],
      warn: state.light !== "good" && state.light !== "unknown",
    },
    buttons: [
      { text: texts.ready, event: { type: "ready_pressed", no_flash: false }, primary: true },
      ...(state.attempt.may_flash ? [withoutFlash(texts)] : []),
    ],
  };
}

function withoutFlash(texts: Texts): Button {
  const event = { type: "ready_pressed", no_flash: true } as const;
  return { text: texts.ready_without_flash, event, primary: false };
}

/** What is about to be asked. */
function lead(challenge: Challenge, texts: Texts): string {
  switch (challenge.kind) {
    case "silent":
      return texts.challenge_silent_lead;
    case "read_digits":
      return texts.challenge_digits_lead;
    case "screen_flash":
      return texts.challenge_flash_lead;
    case "near_far":
      return texts.challenge_near_far_lead;
    default:
      return texts.challenge_lead;
  }
}

function recording(state: Extract<State, { name: "recording" }>, texts: Texts) {
  const { steps } = state.challenge;
  const step = state.prompt === null ? undefined : steps[state.prompt];
  // Black before the first flash and after the last, so that each one begins from the dark.
  const dark = steps.some((it) => "colour" in it);
  return {
    ...prompted(step, steps.length === 0 ? texts.hold_still : texts.look_straight, texts),
    ...(dark ? { title: texts.flash_title, shine: colourOf(step) } : {}),
    steps: steps.length === 0 ? null : { count: steps.length, current: state.prompt },
    rec: texts.recording,
  };
}

function colourOf(step: ChallengeStep | undefined): Colour {
  return step !== undefined && "colour" in step ? step.colour : "black";
}

/** The words and the figure of one prompt; `rest` is said between two. */
function prompted(step: ChallengeStep | undefined, rest: string, texts: Texts) {
  const none = { title: rest, more: "", action: null, digit: null, face_width: null };
  if (step === undefined || "colour" in step) return none;
  if ("digit" in step) {
    const title = fill(texts.say_digit, { digit: step.digit });
    return { ...none, title, more: texts.say_digit_more, digit: step.digit };
  }
  if ("face_width" in step) {
    const near = step.face_width >= NEAR_PERCENT;
    return {
      ...none,
      title: near ? texts.come_near : texts.go_far,
      more: near ? texts.come_near_more : texts.go_far_more,
      face_width: step.face_width,
    };
  }
  const { action } = step;
  return {
    ...none,
    title: texts[`action_${action}`],
    more: texts[`action_${action}_more`],
    action,
  };
}

function done(result: CaptureResult, texts: Texts): Card {
  const hint = hintText(result.hint, texts);
  const again = result.retry_token === null ? [] : [retry(texts.retry)];
  const note = result.retry_token === null ? texts.close_hint : "";
  switch (result.outcome) {
    case "accepted":
      return {
        ...card({
          icon: "check",
          tone: "good",
          title: texts.done_accepted_title,
          lead: texts.done_accepted_lead,
        }),
        note,
      };
    case "rejected":
      return {
        ...card({
          icon: "cross",
          tone: "bad",
          title: texts.done_rejected_title,
          lead: hint ?? texts.result_hint_contact_support,
        }),
        buttons: again,
        note,
      };
    case "inconclusive":
      return {
        ...card({
          icon: "question",
          tone: "warn",
          title: texts.done_inconclusive_title,
          lead: hint ?? texts.done_inconclusive_lead,
        }),
        buttons: again,
        note,
      };
  }
}

/** The words for a server hint; null for one this client does not know. */
function hintText(hint: string | null, texts: Texts): string | null {
  const key = `result_hint_${hint}`;
  return key in texts ? texts[key as TextKey] : null;
}

function refused(trouble: Extract<State, { name: "refused" }>["trouble"], texts: Texts): Card {
  return {
    ...card({
      icon: "camera",
      tone: "warn",
      title: texts[`refused_${trouble}_title`],
      lead: texts[`refused_${trouble}_lead`],
    }),
    todo:
      trouble === "denied"
        ? [texts.refused_denied_step_1, texts.refused_denied_step_2, texts.refused_denied_step_3]
        : [],
    note: trouble === "denied" ? texts.refused_denied_more : "",
    buttons: [retry(texts.retry_camera)],
  };
}

function retry(text: string): Button {
  return { text, event: { type: "retry_pressed" }, primary: true };
}

function card(
  words: Pick<Card, "icon" | "title" | "lead"> & { readonly tone?: Card["tone"] },
): Card {
  return {
    layout: "card",
    tone: "neutral",
    tips: [],
    todo: [],
    note: "",
    buttons: [],
    progress: null,
    ...words,
  };
}
