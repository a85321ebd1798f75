// Step 2: the tenant's calls, shown as commands, and the capture page in a frame.

import type { HostMessage } from "../../capture/src/adapter/host.ts";
import { fill } from "../../capture/src/texts/texts.ts";
import { el } from "../../capture/src/ui/dom.ts";
import { curlOf, fieldsOf, Refused, type SeenCall, start } from "./backend.ts";
import type { Person } from "./enrol-step.ts";
import { createStep, type DemoStep } from "./step.ts";
import type { DemoTexts } from "./texts.ts";

/** Step 2 with the way to arm it. */
export type StartStep = DemoStep & { readonly setPerson: (person: Person) => void };

/** Builds the step; `ended` gets the verify_result of every capture that ended. */
export function createStartStep(
  texts: DemoTexts,
  locale: string,
  ended: (verifyResult: string) => void,
): StartStep {
  const step = createStep(2, texts.start_title, texts.start_lead);
  const button = el("button", { class: "primary", type: "button", id: "start", disabled: "" }, [
    texts.start,
  ]);
  const calls = el("div", { class: "calls" });
  const stage = el("div", { class: "stage" });
  step.body.append(button, el("div", { class: "beside" }, [stage, calls]));
  let person: Person | null = null;

  const run = async (): Promise<void> => {
    if (person === null) return;
    button.disabled = true;
    try {
      const started = await start(person.name, person.idNumber);
      calls.replaceChildren(...showCalls(started.calls, texts));
      stage.replaceChildren(...showCapture(started.captureUrl, locale, texts));
      button.textContent = texts.restart;
      step.say("", "plain");
    } catch (error) {
      const detail = error instanceof Refused ? error.message : texts.offline;
      step.say(fill(texts.failed, { detail }), "bad");
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => void run());
  addEventListener("message", (event) => {
    const message = messageOf(event);
    if (message?.verify_result) ended(message.verify_result);
  });
  return {
    ...step,
    setPerson: (next) => {
      person = next;
      button.disabled = false;
    },
  };
}

function messageOf(event: MessageEvent<unknown>): Pick<HostMessage, "verify_result"> | null {
  if (event.origin !== location.origin) return null;
  const fields = fieldsOf(event.data);
  const verifyResult = fields["verify_result"];
  if (fields["source"] !== "zhenren") return null;
  return { verify_result: typeof verifyResult === "string" ? verifyResult : null };
}

function showCapture(captureUrl: string, locale: string, texts: DemoTexts): readonly Node[] {
  // The frame must be of this page's origin, whatever name the server knows itself by.
  const asked = new URL(captureUrl, location.href);
  const url = `${location.origin}${asked.pathname}${asked.hash}&lang=${locale}`;
  return [
    el("iframe", {
      src: url,
      title: texts.capture_frame,
      allow: "camera; microphone",
      id: "capture",
    }),
    el("p", { class: "small" }, [
      el("a", { href: url, target: "_blank", rel: "opener", id: "open-window" }, [
        texts.open_window,
      ]),
    ]),
  ];
}

function showCalls(calls: readonly SeenCall[], texts: DemoTexts): readonly Node[] {
  return [el("h3", {}, [texts.calls_title]), ...calls.map((call) => showCall(call, texts))];
}

/** A call as a command that can be copied, with its answer. */
export function showCall(call: SeenCall, texts: DemoTexts): HTMLElement {
  const command = curlOf(call, location.origin);
  const copy = el("button", { class: "quiet copy", type: "button" }, [texts.copy]);
  copy.addEventListener("click", () => {
    const copied = (): void => {
      copy.textContent = texts.copied;
    };
    // A page that may not write the clipboard still shows the text to select.
    navigator.clipboard.writeText(command).then(copied, () => {});
  });
  return el("div", { class: "call" }, [
    copy,
    el("pre", { tabindex: "0" }, [command]),
    el("pre", { class: "answer", tabindex: "0" }, [JSON.stringify(call.response, null, 2)]),
  ]);
}
