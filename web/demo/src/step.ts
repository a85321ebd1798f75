// The frame of one numbered step of the demo page.

import { el, setText } from "../../capture/src/ui/dom.ts";

/** A step: its section, the place for its content and for a line about how it went. */
export type DemoStep = {
  readonly element: HTMLElement;
  readonly body: HTMLElement;
  readonly say: (text: string, tone: "plain" | "good" | "bad") => void;
  readonly setState: (state: "next" | "current" | "done") => void;
};

/** An empty step. */
export function createStep(number: number, title: string, lead: string): DemoStep {
  const body = el("div", { class: "step-body" });
  const said = el("p", { class: "said", role: "status" });
  const element = el("section", { class: "step", id: `step-${number}`, "data-step": "next" }, [
    el("div", { class: "step-head" }, [
      el("span", { class: "number" }, [String(number)]),
      el("div", {}, [el("h2", {}, [title]), el("p", { class: "soft" }, [lead])]),
    ]),
    body,
    said,
  ]);
  return {
    element,
    body,
    say: (text, tone) => {
      setText(said, text);
      said.dataset["tone"] = tone;
    },
    setState: (state) => {
      element.dataset["step"] = state;
    },
  };
}
