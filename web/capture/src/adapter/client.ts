// The capture endpoints by name. Which calls may be repeated is decided here; what a failure
// means for the person is in `problemOf`. Knows no camera and no page.

import type {
  Attempt,
  CancelReason,
  Challenge,
  Circumstances,
  ClockLog,
  Entry,
  Problem,
} from "../core/values.ts";
import { type Call, callAgain, callOnce, isPassing, Refusal, type Transport } from "./http.ts";
import {
  type AttemptStatus,
  BadReply,
  parseAttempt,
  parseChallenge,
  parseParts,
  parseStatus,
  type StoredPart,
} from "./parse.ts";

/** Version of the consent text the page shows; the server stores it with the attempt. */
export const CONSENT_VERSION = "1";

/** Name and version of this client, as the server logs it. */
export const SDK_NAME = "zhenren-web/0.1.0";

// Limit: one small JSON call.
const CALL_MS = 15_000;
// Limit: one part of at most 1 MiB at 0.5 Mb/s, with some air.
const PART_MS = 25_000;
// Limit: what the server holds a long poll for, and the air around it.
const POLL_WAIT_MS = 20_000;
const POLL_MS = POLL_WAIT_MS + 10_000;

/** What the page tells the server about itself when it begins. */
export type ClientFacts = {
  readonly locale: string;
  readonly user_agent: string;
  readonly media_types: readonly string[];
  /** A random name of this browser; null where it keeps none. */
  readonly device_id: string | null;
};

/** What declares a recording complete. */
export type Completion = {
  readonly parts_count: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly media_type: string;
  readonly clock: ClockLog;
};

/** The device side of the wire. */
export type CaptureClient = {
  readonly begin: (entry: Entry, facts: ClientFacts, signal: AbortSignal) => Promise<Attempt>;
  readonly drawChallenge: (
    attempt: Attempt,
    circumstances: Circumstances,
    signal: AbortSignal,
  ) => Promise<Challenge>;
  readonly putPart: (
    attempt: Attempt,
    part: {
      readonly index: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly sha256: string;
    },
    signal: AbortSignal,
  ) => Promise<void>;
  readonly listParts: (attempt: Attempt, signal: AbortSignal) => Promise<readonly StoredPart[]>;
  readonly complete: (attempt: Attempt, done: Completion, signal: AbortSignal) => Promise<void>;
  readonly status: (attempt: Attempt, signal: AbortSignal) => Promise<AttemptStatus>;
  readonly cancel: (attempt: Attempt, reason: CancelReason) => Promise<void>;
};

/** The client of the server at `base` ("" for the page's own origin). */
export function captureClient(transport: Transport, base: string): CaptureClient {
  const attempts = `${base}/capture/v1/attempts`;
  const of = (attempt: Attempt): string => `${attempts}/${encodeURIComponent(attempt.attempt_id)}`;
  const post = (url: string, token: string | null, body: unknown): Call => ({
    method: "POST",
    url,
    token,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    timeoutMs: CALL_MS,
  });

  return {
    // Not repeated: a capture token has one use, and a lost answer may have spent it.
    begin: async (entry, facts, signal) =>
      parseAttempt(
        await callOnce(transport, post(attempts, null, beginBody(entry, facts)), signal),
      ),
    drawChallenge: async (attempt, circumstances, signal) =>
      parseChallenge(
        await callAgain(
          transport,
          post(`${of(attempt)}/challenge`, attempt.attempt_token, circumstances),
          signal,
        ),
      ),
    putPart: async (attempt, part, signal) => {
      const call: Call = {
        method: "PUT",
        url: `${of(attempt)}/parts/${part.index}`,
        token: attempt.attempt_token,
        headers: {
          "content-type": "application/octet-stream",
          "x-part-sha256": part.sha256,
        },
        body: part.bytes,
        timeoutMs: PART_MS,
      };
      await callAgain(transport, call, signal, damagedOrPassing);
    },
    listParts: async (attempt, signal) =>
      parseParts(
        await callAgain(
          transport,
          {
            method: "GET",
            url: `${of(attempt)}/parts`,
            token: attempt.attempt_token,
            timeoutMs: CALL_MS,
          },
          signal,
        ),
      ),
    complete: async (attempt, done, signal) => {
      await callAgain(
        transport,
        post(`${of(attempt)}/complete`, attempt.attempt_token, done),
        signal,
      );
    },
    status: async (attempt, signal) =>
      parseStatus(
        await callAgain(
          transport,
          {
            method: "GET",
            url: `${of(attempt)}?wait_ms=${POLL_WAIT_MS}`,
            token: attempt.attempt_token,
            timeoutMs: POLL_MS,
          },
          signal,
        ),
      ),
    cancel: async (attempt, reason) => {
      await callAgain(
        transport,
        post(`${of(attempt)}/cancel`, attempt.attempt_token, { reason }),
        new AbortController().signal,
      );
    },
  };
}

function beginBody(entry: Entry, facts: ClientFacts): unknown {
  return {
    ...entryBody(entry),
    locale: facts.locale,
    client: {
      sdk: SDK_NAME,
      user_agent: facts.user_agent,
      media_types: facts.media_types,
      ...(facts.device_id === null ? {} : { device_id: facts.device_id }),
    },
    consent: { version: CONSENT_VERSION, accepted: true },
  };
}

function entryBody(entry: Entry): Record<string, unknown> {
  switch (entry.kind) {
    case "capture_token":
      return { capture_token: entry.capture_token };
    case "certify_id":
      return { certify_id: entry.certify_id };
    case "user_id_key":
      return {
        appid: entry.appid,
        user_id_key: entry.user_id_key,
        ...(entry.check_alive_type === null ? {} : { check_alive_type: entry.check_alive_type }),
        ...(entry.openid === null ? {} : { openid: entry.openid }),
      };
  }
}

/** A part damaged on its way is worth sending again. */
function damagedOrPassing(error: unknown): boolean {
  return isPassing(error) || (error instanceof Refusal && error.code === "part_hash_mismatch");
}

/** Sends a cancel that survives the page. True when the browser took it. */
export function cancelByBeacon(base: string, attempt: Attempt, reason: CancelReason): boolean {
  const url = `${base}/capture/v1/attempts/${encodeURIComponent(attempt.attempt_id)}/cancel`;
  const body = JSON.stringify({ reason, attempt_token: attempt.attempt_token });
  // A string travels as text/plain, which needs no preflight and which the server accepts here.
  return navigator.sendBeacon(url, body);
}

const PROBLEM_OF_CODE: Readonly<Record<string, Problem>> = {
  token_spent: "link_used",
  token_unknown: "link_invalid",
  token_expired: "link_expired",
  user_id_key_invalid: "link_invalid",
  certify_id_invalid: "link_invalid",
  too_many_attempts: "too_many_attempts",
  insufficient_balance: "no_balance",
  identity_source_missing: "no_reference",
  model_missing: "mode_unavailable",
  mode_switched_off: "mode_unavailable",
  device_cannot: "unsupported",
  attempt_expired: "timed_out",
  attempt_ended: "attempt_over",
  part_conflict: "server",
};

/** What a failed call means for the person. `begun` tells whether an attempt existed. */
export function problemOf(error: unknown, begun: boolean): Problem {
  if (error instanceof BadReply) return "server";
  if (!(error instanceof Refusal)) return "network";
  const known = PROBLEM_OF_CODE[error.code];
  if (known !== undefined) return known;
  // The ticket stays good: the same press may work when the hour or the day is over.
  if (error.code === "too_many_requests") return "too_many_attempts";
  if (isPassing(error)) return "server";
  if ([401, 403, 404, 409, 410].includes(error.status)) {
    return begun ? "attempt_over" : "link_invalid";
  }
  return begun ? "server" : "link_invalid";
}

/** Whether the entry is of no use after this error: the server looked at it and said no. */
export function isSpent(error: unknown): boolean {
  return error instanceof Refusal && (error.code in PROBLEM_OF_CODE || !isPassing(error));
}
