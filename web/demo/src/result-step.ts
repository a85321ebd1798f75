// Step 3: what the tenant's server reads back.

import { fill } from "../../capture/src/texts/texts.ts";
import { el } from "../../capture/src/ui/dom.ts";
import { Refused, readAnswer } from "./backend.ts";
import { reportOf } from "./report.ts";
import { showReport } from "./show-report.ts";
import { showCall } from "./start-step.ts";
import { createStep, type DemoStep } from "./step.ts";
import type { DemoTexts } from "./texts.ts";

/** Step 3 with the way to fill it. */
export type ResultStep = DemoStep & { readonly read: (verifyResult: string) => Promise<void> };

/** Builds the step. */
export function createResultStep(texts: DemoTexts): ResultStep {
  const step = createStep(3, texts.result_title, texts.result_lead);
  step.say(texts.result_none, "plain");
  return {
    ...step,
    read: async (verifyResult) => {
      step.say(texts.result_loading, "plain");
      try {
        const answer = await readAnswer(verifyResult);
        const report = reportOf(answer.getinfo, answer.verification);
        step.say("", "plain");
        const call = answer.calls.find(({ path }) => path.includes("/getinfo"));
        step.body.replaceChildren(
          ...showReport(report, texts),
          el("h3", {}, [texts.raw]),
          call === undefined ? "" : showCall(call, texts),
        );
        step.element.scrollIntoView({ behavior: "smooth", block: "start" });
      } catch (error) {
        const detail = error instanceof Refused ? error.message : texts.offline;
        step.say(fill(texts.failed, { detail }), "bad");
      }
    },
  };
}
