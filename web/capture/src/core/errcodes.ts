// The codes the page reports to its host when the server could not: the client-side rows of the
// outcome table (901xx and neighbours). A result of the server carries its own code.

import type { CancelReason, Problem } from "./values.ts";

/** Client-side codes by meaning. */
export const ERRCODE = {
  checking: 10005,
  no_reference: 10009,
  bad_link: 10041,
  too_frequent: 10042,
  system: 10045,
  unavailable: 10069,
  cancelled: 90100,
  not_authorised: 90101,
  upload: 90103,
  camera: 90106,
  timed_out: 90107,
  unsupported: 90109,
  unknown: 90199,
} as const;

/** The code for an attempt that failed in the page. */
export function errcodeOfProblem(problem: Problem): number {
  switch (problem) {
    case "link_invalid":
    case "link_used":
    case "link_expired":
      return ERRCODE.bad_link;
    case "too_many_attempts":
      return ERRCODE.too_frequent;
    case "no_reference":
      return ERRCODE.no_reference;
    case "no_balance":
    case "server":
      return ERRCODE.system;
    case "mode_unavailable":
      return ERRCODE.unavailable;
    case "unsupported":
    case "recorder":
      return ERRCODE.unsupported;
    case "network":
      return ERRCODE.upload;
    case "interrupted":
      return ERRCODE.cancelled;
    case "camera":
      return ERRCODE.camera;
    case "timed_out":
      return ERRCODE.timed_out;
    case "no_answer":
      return ERRCODE.checking;
    case "attempt_over":
      return ERRCODE.unknown;
  }
}

/** The code for an attempt the page gave up. */
export function errcodeOfReason(reason: CancelReason): number {
  switch (reason) {
    case "cancelled":
    case "left":
      return ERRCODE.cancelled;
    case "not_authorised":
      return ERRCODE.not_authorised;
    case "device_unsupported":
      return ERRCODE.unsupported;
    case "timed_out":
      return ERRCODE.timed_out;
  }
}
