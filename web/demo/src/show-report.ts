// Draws a report: verdict, cues with bars, timings.

import { fill } from "../../capture/src/texts/texts.ts";
import { drawing, el } from "../../capture/src/ui/dom.ts";
import { type AttemptRows, barOf, type Cue, plain, type Report } from "./report.ts";
import type { DemoTexts } from "./texts.ts";

/** The elements of a report. */
export function showReport(report: Report, texts: DemoTexts): readonly Node[] {
  return [
    verdict(report, texts),
    ...report.attempts.flatMap((attempt, index) =>
      attemptRows(attempt, index, report.attempts.length, texts),
    ),
  ];
}

function verdict(report: Report, texts: DemoTexts): Node {
  const words =
    report.outcome === "accepted"
      ? texts.accepted
      : report.outcome === "rejected"
        ? texts.rejected
        : report.outcome === "inconclusive"
          ? texts.inconclusive
          : texts.not_closed;
  const facts: readonly (readonly [string, string])[] = [
    [texts.reason, report.reason ?? "—"],
    [texts.identify_ret, report.identifyRet === null ? "—" : String(report.identifyRet)],
    [
      texts.billed,
      report.settledFen === 0 ? texts.billed_none : `¥ ${(report.settledFen / 100).toFixed(2)}`,
    ],
  ];
  return el("div", { class: "verdict", "data-outcome": report.outcome ?? "open", id: "verdict" }, [
    el("h3", {}, [words]),
    el(
      "dl",
      {},
      facts.map(([term, value]) => el("div", {}, [el("dt", {}, [term]), el("dd", {}, [value])])),
    ),
  ]);
}

function attemptRows(
  attempt: AttemptRows,
  index: number,
  count: number,
  texts: DemoTexts,
): readonly Node[] {
  const title =
    count > 1 ? `${fill(texts.attempt, { n: index + 1 })}: ${attempt.reason ?? attempt.state}` : "";
  return [
    ...(title === "" ? [] : [el("h3", {}, [title])]),
    ...(attempt.cues.length === 0 ? [] : [cueTable(attempt.cues, texts)]),
    ...(attempt.timings.length === 0 ? [] : [timings(attempt.timings, texts)]),
  ];
}

function cueTable(cues: readonly Cue[], texts: DemoTexts): Node {
  const head = [texts.cue, texts.value, "", texts.threshold, ""];
  return el("div", { class: "scroll" }, [
    el("table", { class: "cues" }, [
      el("caption", {}, [texts.cues]),
      el("thead", {}, [
        el(
          "tr",
          {},
          head.map((word) => el("th", { scope: "col" }, [word])),
        ),
      ]),
      el(
        "tbody",
        {},
        cues.map((cue) => cueRow(cue, texts)),
      ),
    ]),
  ]);
}

function cueRow(cue: Cue, texts: DemoTexts): HTMLTableRowElement {
  const value = cue.value === null ? texts.no_value : plain(cue.value);
  const must = fill(cue.bound === "at_least" ? texts.at_least : texts.at_most, {
    value: plain(cue.threshold),
  });
  const mark = cue.holds ? "✓" : cue.excused ? "–" : "✗";
  const says = cue.holds ? texts.holds : cue.excused ? texts.excused : texts.fails;
  return el("tr", { "data-holds": String(cue.holds || cue.excused), "data-cue": cue.cue }, [
    el("th", { scope: "row" }, [cue.cue.replaceAll(/[._]/g, " ")]),
    el("td", { class: "measured" }, [
      value,
      " ",
      el("small", {}, [cue.value === null ? "" : cue.unit]),
    ]),
    el("td", { class: "bar" }, [cueBar(cue)]),
    el("td", {}, [must]),
    el("td", { class: "mark", title: says }, [
      el("span", { "aria-hidden": "true" }, [mark]),
      el("span", { class: "unseen" }, [says]),
    ]),
  ]);
}

function cueBar(cue: Cue): Node {
  const at = barOf(cue);
  const x = String(at.threshold * 100);
  return drawing("0 0 100 10", "cue-bar", [
    ["rect", { class: "track", x: "0", y: "2", width: "100", height: "6", rx: "3" }],
    [
      "rect",
      { class: "fill", x: "0", y: "2", width: String(at.value * 100), height: "6", rx: "3" },
    ],
    ["line", { class: "limit", x1: x, x2: x, y1: "0", y2: "10" }],
  ]);
}

function timings(rows: AttemptRows["timings"], texts: DemoTexts): Node {
  const total = rows.reduce((sum, [, ms]) => sum + ms, 0);
  const line = (stage: string, ms: number): Node =>
    el("li", {}, [
      el("span", {}, [stage.replaceAll("_", " ")]),
      el("b", {}, [`${Math.round(ms)} ms`]),
    ]);
  return el("div", {}, [
    el("h3", {}, [texts.timings]),
    el("ul", { class: "timings" }, [
      ...rows.map(([stage, ms]) => line(stage, ms)),
      line(texts.total, total),
    ]),
  ]);
}
