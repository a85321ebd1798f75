import { describe, expect, test } from "vitest";
import { curlOf } from "./backend.ts";
import { barOf, type Cue, plain, reportOf } from "./report.ts";

const cue: Cue = {
  cue: "comparison_score",
  value: 0.97,
  unit: "cosine",
  bound: "at_least",
  threshold: 0.956,
  holds: true,
  excused: false,
};

test("a report is read from both answers", () => {
  const report = reportOf(
    { errcode: 0, identify_ret: 0 },
    {
      outcome: "accepted",
      reason: "passed",
      billing: { settled_fen: 85 },
      attempts: [
        { state: "done", reason: "passed", judgements: [cue], timings_ms: [["decode", 12.5]] },
      ],
    },
  );
  expect(report).toMatchObject({ outcome: "accepted", identifyRet: 0, settledFen: 85 });
  expect(report.attempts[0]?.cues).toEqual([cue]);
  expect(report.attempts[0]?.timings).toEqual([["decode", 12.5]]);
});

test("timings may be an object, and nonsense is empty rather than wrong", () => {
  const attempts = [{ timings_ms: { decode: 3, broken: "x" } }];
  expect(reportOf(null, { attempts }).attempts[0]?.timings).toEqual([["decode", 3]]);
  expect(reportOf(null, null)).toEqual({
    outcome: null,
    reason: null,
    identifyRet: null,
    settledFen: 0,
    attempts: [],
  });
});

describe("bars", () => {
  test("stay inside and keep the order of value and threshold", () => {
    expect(barOf(cue).value).toBeGreaterThan(barOf(cue).threshold);
    expect(barOf({ ...cue, value: -3 }).value).toBe(0);
    expect(barOf({ ...cue, value: 0, threshold: 0 })).toEqual({ value: 0, threshold: 0 });
    expect(barOf({ ...cue, value: null }).value).toBe(0);
  });
});

test("numbers are short", () => {
  expect([0, 0.956, 1234.5678, 0.00001].map(plain)).toEqual(["0", "0.956", "1235", "1.0e-5"]);
});

test("a call becomes a command that survives quotes", () => {
  const call = {
    method: "POST",
    path: "/x?access_token=…",
    body: { name: "O'Neil" },
    response: null,
  };
  expect(curlOf(call, "http://127.0.0.1:8080")).toBe(
    `curl -s -X POST 'http://127.0.0.1:8080/x?access_token=…' \\\n  -d '{"name":"O'\\''Neil"}'`,
  );
});
