// The report of a verification, from JSON to rows a person can read. Pure; `show-report.ts` draws.

import { fieldsOf } from "./backend.ts";

/** One cue: what was measured and what the policy asks for. */
export type Cue = {
  readonly cue: string;
  readonly value: number | null;
  readonly unit: string;
  readonly bound: "at_least" | "at_most";
  readonly threshold: number;
  readonly holds: boolean;
  /** Does not hold, but another cue of the same rule does. */
  readonly excused: boolean;
};

/** One attempt of a verification. */
export type AttemptRows = {
  readonly state: string;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly cues: readonly Cue[];
  readonly timings: readonly (readonly [string, number])[];
};

/** A verification as the page shows it. */
export type Report = {
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly identifyRet: number | null;
  readonly settledFen: number;
  readonly attempts: readonly AttemptRows[];
};

/** Reads the answers of getinfo and of `/v1/verifications/{id}`. */
export function reportOf(getinfo: unknown, verification: unknown): Report {
  const info = fieldsOf(getinfo);
  const fields = fieldsOf(verification);
  const attempts = Array.isArray(fields["attempts"]) ? fields["attempts"] : [];
  return {
    outcome: textOf(fields["outcome"]),
    reason: textOf(fields["reason"]),
    identifyRet: numberOf(info["identify_ret"]),
    settledFen: numberOf(fieldsOf(fields["billing"])["settled_fen"]) ?? 0,
    attempts: attempts.map(attemptOf),
  };
}

function attemptOf(json: unknown): AttemptRows {
  const fields = fieldsOf(json);
  const judgements = Array.isArray(fields["judgements"]) ? fields["judgements"] : [];
  return {
    state: textOf(fields["state"]) ?? "",
    outcome: textOf(fields["outcome"]),
    reason: textOf(fields["reason"]),
    cues: judgements.map(cueOf),
    timings: timingsOf(fields["timings_ms"]),
  };
}

function cueOf(json: unknown): Cue {
  const fields = fieldsOf(json);
  return {
    cue: textOf(fields["cue"]) ?? "",
    value: numberOf(fields["value"]),
    unit: textOf(fields["unit"]) ?? "",
    bound: fields["bound"] === "at_most" ? "at_most" : "at_least",
    threshold: numberOf(fields["threshold"]) ?? 0,
    holds: fields["holds"] === true,
    excused: fields["excused"] === true,
  };
}

/** Stage and milliseconds, from an object or from pairs. */
function timingsOf(json: unknown): readonly (readonly [string, number])[] {
  const pairs: readonly unknown[] = Array.isArray(json) ? json : Object.entries(fieldsOf(json));
  return pairs.flatMap((pair) => {
    if (!Array.isArray(pair)) return [];
    const [stage, time]: readonly unknown[] = pair;
    const ms = numberOf(time);
    return typeof stage === "string" && ms !== null ? [[stage, ms] as const] : [];
  });
}

/** Where value and threshold stand on a bar, both 0..1. The bar ends a quarter past the larger. */
export function barOf(cue: Cue): { readonly value: number; readonly threshold: number } {
  const top = Math.max(Math.abs(cue.value ?? 0), Math.abs(cue.threshold)) * 1.25 || 1;
  const part = (number: number): number => Math.min(1, Math.max(0, number / top));
  return { value: part(cue.value ?? 0), threshold: part(cue.threshold) };
}

/** A number with at most four significant digits, without a tail of zeros. */
export function plain(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(4)));
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
