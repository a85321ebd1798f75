import { describe, expect, test } from "vitest";
import type { State } from "../core/machine.ts";
import { ACTIONS, type Attempt, type Challenge, type Problem } from "../core/values.ts";
import { TABLES } from "../texts/texts.ts";
import { screenOf } from "./screens.ts";

const attempt: Attempt = {
  attempt_id: "att_1",
  attempt_token: "t",
  verify_result: null,
  app_name: "",
  mode: "multi_action",
  may_flash: true,
  limits: { bytes_max: 1, part_bytes_max: 1, parts_max: 1 },
};
const entry = { kind: "capture_token", capture_token: "t" } as const;
const challenge: Challenge = {
  version: 1,
  kind: "multi_action",
  duration_ms: 9000,
  steps: ACTIONS.map((action, index) => ({ action, at_ms: index * 1000, window_ms: 900 })),
};
const PROBLEMS: readonly Problem[] = [
  "link_invalid",
  "link_used",
  "link_expired",
  "too_many_attempts",
  "no_balance",
  "no_reference",
  "unsupported",
  "mode_unavailable",
  "network",
  "server",
  "interrupted",
  "camera",
  "recorder",
  "timed_out",
  "attempt_over",
  "no_answer",
];
const result = { outcome: "rejected", errcode: 10002, hint: null, retry_token: null } as const;

const STATES: readonly State[] = [
  { name: "idle", entry, supported: true },
  { name: "permission", entry, attempt: null },
  { name: "permission", entry, attempt },
  ...(["unknown", "good", "too_dark", "too_bright", "backlit"] as const).map(
    (light): State => ({ name: "positioning", entry, attempt, light, has_sound: true }),
  ),
  { name: "challenge", entry, attempt, challenge: null },
  { name: "challenge", entry, attempt, challenge },
  ...[null, 0, 1, 2, 3, 4].map(
    (prompt): State => ({ name: "recording", entry, attempt, challenge, prompt }),
  ),
  { name: "sending", entry, attempt, sent: 1, total: 3 },
  { name: "waiting", entry, attempt },
  ...(["accepted", "rejected", "inconclusive"] as const).map(
    (outcome): State => ({ name: "done", attempt, result: { ...result, outcome } }),
  ),
  ...(["denied", "missing", "busy", "lost", "timed_out", "silent"] as const).map(
    (trouble): State => ({ name: "refused", entry, attempt, trouble }),
  ),
  ...PROBLEMS.map((problem): State => ({ name: "failed", attempt, problem, retry: null })),
  { name: "cancelled", attempt },
];

describe.each(["zh-CN", "en"] as const)("screens in %s", (locale) => {
  test("every state has words and leaves no mark unfilled", () => {
    for (const state of STATES) {
      const words = JSON.stringify(screenOf(state, TABLES[locale]));
      expect(words, state.name).not.toMatch(/undefined|\{\w+\}/);
      expect(screenOf(state, TABLES[locale]).title, state.name).not.toBe("");
    }
  });
});

test("a prompt names its action for the page and for a test to see", () => {
  const state: State = { name: "recording", entry, attempt, challenge, prompt: 3 };
  expect(screenOf(state, TABLES.en)).toMatchObject({
    layout: "finder",
    action: "turn_left",
    title: "Turn to your left",
  });
});

test("a hint becomes advice, an unknown one does not leak", () => {
  const done = (hint: string): State => ({ name: "done", attempt, result: { ...result, hint } });
  expect(screenOf(done("more_light"), TABLES.en)).toMatchObject({
    lead: TABLES.en.result_hint_more_light,
  });
  expect(screenOf(done("score_0.42"), TABLES.en)).toMatchObject({
    lead: TABLES.en.result_hint_contact_support,
  });
});

test("a retry is offered exactly when there is something to retry with", () => {
  const buttons = (state: State): number => screenOf(state, TABLES.en).buttons.length;
  expect(buttons({ name: "done", attempt, result })).toBe(0);
  expect(buttons({ name: "done", attempt, result: { ...result, retry_token: "t2" } })).toBe(1);
  expect(buttons({ name: "failed", attempt, problem: "network", retry: entry })).toBe(1);
  expect(buttons({ name: "failed", attempt, problem: "network", retry: null })).toBe(0);
});
