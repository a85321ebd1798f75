// The door for server answers: JSON becomes the values of the core or a `BadReply`.
// Knows no transport. Nothing behind this file looks at unknown JSON again.

import {
  ACTIONS,
  type Attempt,
  type CaptureResult,
  type Challenge,
  type ChallengeStep,
  COLOURS,
  type Outcome,
  type Prompt,
} from "../core/values.ts";

/** The server answered something the wire format does not allow. */
export class BadReply extends Error {
  override readonly name = "BadReply";
}

type Fields = Readonly<Record<string, unknown>>;

/** The state the server reports for an attempt. */
export type AttemptStatus = { readonly state: string; readonly result: CaptureResult | null };

/** A part the server has, as the resume call lists it. */
export type StoredPart = {
  readonly index: number;
  readonly bytes: number;
  readonly sha256: string;
};

/** Answer of `POST /capture/v1/attempts`. */
export function parseAttempt(json: unknown): Attempt {
  const fields = record(json, "attempt");
  const limits = record(fields["limits"], "limits");
  const texts = isRecord(fields["texts"]) ? fields["texts"] : {};
  return {
    attempt_id: text(fields, "attempt_id"),
    attempt_token: text(fields, "attempt_token"),
    verify_result: optionalText(fields, "verify_result"),
    app_name: optionalText(texts, "app_name") ?? "",
    mode: optionalText(fields, "mode") ?? "",
    may_flash: fields["may_flash"] === true,
    limits: {
      bytes_max: count(limits, "bytes_max"),
      part_bytes_max: count(limits, "part_bytes_max"),
      parts_max: count(limits, "parts_max"),
    },
  };
}

/** Answer of `POST …/challenge`. */
export function parseChallenge(json: unknown): Challenge {
  const fields = record(record(json, "reply")["challenge"], "challenge");
  const steps = fields["steps"];
  if (!Array.isArray(steps)) throw new BadReply("steps is not a list");
  return {
    version: count(fields, "version"),
    kind: text(fields, "kind"),
    duration_ms: count(fields, "duration_ms"),
    steps: steps.map(parseStep),
  };
}

function parseStep(json: unknown): ChallengeStep {
  const fields = record(json, "step");
  const times = { at_ms: count(fields, "at_ms"), window_ms: count(fields, "window_ms") };
  return { ...parsePrompt(fields), ...times };
}

function parsePrompt(fields: Fields): Prompt {
  const action = ACTIONS.find((known) => known === fields["action"]);
  if (action !== undefined) return { action };
  const colour = COLOURS.find((known) => known === fields["colour"]);
  if (colour !== undefined) return { colour };
  const digit = optionalText(fields, "digit");
  if (digit !== null && /^[0-9]$/.test(digit)) return { digit };
  const width = Number(optionalText(fields, "face_width") ?? Number.NaN);
  if (Number.isInteger(width) && width > 0 && width <= 100) return { face_width: width };
  throw new BadReply("a step asks for nothing this page knows");
}

/** Answer of `GET /capture/v1/attempts/{id}`. */
export function parseStatus(json: unknown): AttemptStatus {
  const fields = record(json, "status");
  const result = fields["result"];
  return {
    state: text(fields, "state"),
    result: isRecord(result) ? parseResult(result) : null,
  };
}

const OUTCOMES: readonly Outcome[] = ["accepted", "rejected", "inconclusive"];

function parseResult(fields: Fields): CaptureResult {
  const name = text(fields, "outcome");
  const outcome = OUTCOMES.find((known) => known === name);
  const errcode = fields["errcode"];
  if (outcome === undefined || typeof errcode !== "number") {
    throw new BadReply("the result has no outcome or code");
  }
  const retry = fields["retry"];
  return {
    outcome,
    errcode,
    hint: optionalText(fields, "hint"),
    retry_token: isRecord(retry) ? optionalText(retry, "capture_token") : null,
  };
}

/** Answer of `GET …/parts`. */
export function parseParts(json: unknown): readonly StoredPart[] {
  const parts = record(json, "reply")["parts"];
  if (!Array.isArray(parts)) throw new BadReply("parts is not a list");
  return parts.map((part) => {
    const fields = record(part, "part");
    return {
      index: count(fields, "index"),
      bytes: count(fields, "bytes"),
      sha256: text(fields, "sha256"),
    };
  });
}

/** The `code` of a problem document, "" where the body is none. */
export function problemCode(json: unknown): string {
  return isRecord(json) ? (optionalText(json, "code") ?? "") : "";
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function record(value: unknown, what: string): Fields {
  if (!isRecord(value)) throw new BadReply(`${what} is not an object`);
  return value;
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string" || value === "") throw new BadReply(`${key} is not a text`);
  return value;
}

function optionalText(fields: Fields, key: string): string | null {
  const value = fields[key];
  return typeof value === "string" ? value : null;
}

function count(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
    throw new BadReply(`${key} is not a whole number`);
  }
  return value;
}
