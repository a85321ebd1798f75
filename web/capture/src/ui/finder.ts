// The page with the live preview: prompt above, oval in the middle, advice and button below.
// The preview is a mirror, as people expect of themselves; the recording is not.

import type { State } from "../core/machine.ts";
import type { Action, ChallengeStep } from "../core/values.ts";
import { createButtonRow } from "./buttons.ts";
import { el, setText } from "./dom.ts";
import { actionIcon, ovalRing } from "./icons.ts";
import type { Button, Finder } from "./screens.ts";

/** The finder section of the page. */
export type FinderView = {
  readonly element: HTMLElement;
  readonly preview: HTMLVideoElement;
  readonly show: (finder: Finder, state: State) => void;
};

/** Builds the finder section. */
export function createFinder(pressed: (event: Button["event"]) => void): FinderView {
  const preview = el("video", { id: "preview", playsinline: "", muted: "", tabindex: "-1" });
  // The attribute alone does not mute an element made by script.
  preview.muted = true;
  const figure = el("div", { class: "figure" });
  const title = el("h1", { tabindex: "-1" });
  const more = el("p", { class: "more" });
  const windowBar = el("div", { class: "window" }, [el("i")]);
  const prompt = el("div", { id: "action", class: "prompt" }, [figure, title, more, windowBar]);
  const ring = ovalRing();
  const count = el("div", { class: "count", "aria-hidden": "true" });
  const rec = el("p", { class: "rec" });
  const oval = el("div", { class: "oval" }, [preview]);
  const target = el("div", { class: "target", "aria-hidden": "true" });
  const digit = el("b", { class: "digit", "aria-hidden": "true" });
  const chip = el("p", { class: "chip" });
  const dots = el("div", { class: "dots", "aria-hidden": "true" });
  const row = createButtonRow(pressed);
  const element = el("section", { class: "finder" }, [
    prompt,
    el("div", { class: "frame" }, [oval, ring, target, digit, count, rec]),
    el("div", { class: "below" }, [chip, dots, row.element]),
  ]);
  const clock = createClockHands(ring, windowBar);

  return {
    element,
    preview,
    show: (finder, state) => {
      prompt.dataset["action"] = finder.action ?? "";
      prompt.dataset["mode"] = state.name;
      showFigure(figure, finder.action, state.name === "recording");
      setText(digit, finder.digit ?? "");
      target.hidden = finder.face_width === null;
      target.style.setProperty("--face", String(finder.face_width ?? 0));
      setText(title, finder.title);
      setText(more, finder.more);
      setText(chip, finder.chip?.text ?? "");
      chip.hidden = finder.chip === null;
      chip.classList.toggle("warn", finder.chip?.warn ?? false);
      setText(rec, finder.rec ?? "");
      rec.hidden = finder.rec === null;
      showDots(dots, finder.steps);
      showCount(count, finder.counting);
      row.show(finder.buttons);
      clock.follow(state);
    },
  };
}

function showFigure(figure: HTMLElement, action: Action | null, recording: boolean): void {
  const wanted = recording ? (action ?? "look") : "";
  if (figure.dataset["figure"] === wanted) return;
  figure.dataset["figure"] = wanted;
  figure.replaceChildren(...(recording ? [actionIcon(action)] : []));
}

function showDots(dots: HTMLElement, steps: Finder["steps"]): void {
  dots.hidden = steps === null;
  if (steps === null) return;
  if (dots.childElementCount !== steps.count) {
    dots.replaceChildren(...Array.from({ length: steps.count }, () => el("i")));
  }
  // A step passed stays marked, also between prompts.
  for (const [index, dot] of Array.from(dots.children).entries()) {
    if (index === steps.current) dot.className = "now";
    else if (dot.className === "now") dot.className = "past";
  }
}

/** Three numbers that the style sheet shows one after another, a second each. */
function showCount(count: HTMLElement, counting: boolean): void {
  if (!counting) count.replaceChildren();
  else if (count.childElementCount === 0) {
    count.replaceChildren(el("b", {}, ["3"]), el("b", {}, ["2"]), el("b", {}, ["1"]));
  }
}

/** Runs the ring over the recording and the bar over each prompt's window. */
function createClockHands(ring: SVGSVGElement, bar: HTMLElement) {
  const oval = ring.querySelector(".ring-fill");
  const hand = bar.firstElementChild;
  let running = false;
  let prompt: number | null = null;

  const rest = (): void => {
    for (const animation of oval?.getAnimations() ?? []) animation.cancel();
    bar.hidden = true;
    running = false;
    prompt = null;
  };
  const run = (duration: number): void => {
    running = true;
    const frames = [{ strokeDashoffset: 1 }, { strokeDashoffset: 0 }];
    oval?.animate(frames, { duration, fill: "forwards" });
  };
  const showWindow = (step: ChallengeStep | undefined): void => {
    bar.hidden = step === undefined;
    if (step === undefined) return;
    const frames = [{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }];
    hand?.animate(frames, { duration: step.window_ms, fill: "forwards" });
    // A person who turned away feels the next prompt. Browsers complain where nobody tapped.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(40);
  };
  return {
    follow: (state: State): void => {
      if (state.name !== "recording") {
        rest();
        return;
      }
      if (!running) run(state.challenge.duration_ms);
      if (state.prompt === prompt) return;
      prompt = state.prompt;
      showWindow(prompt === null ? undefined : state.challenge.steps[prompt]);
    },
  };
}
