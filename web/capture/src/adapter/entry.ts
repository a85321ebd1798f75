// Reads the secrets of a capture link from the URL fragment, which browsers do not send to servers.

import type { Entry } from "../core/values.ts";

/** What a capture link says. */
export type Link = {
  readonly entry: Entry | null;
  /** Language asked for by the caller. */
  readonly lang: string | null;
  /** Origin that may be told the end, when it differs from the referrer's. */
  readonly host_origin: string | null;
};

/** Parses a fragment such as `#token=…` or `#appid=…&user_id_key=…`. */
export function parseLink(fragment: string): Link {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  return {
    entry: entryOf(fields),
    lang: fields.get("lang"),
    host_origin: fields.get("origin"),
  };
}

function entryOf(fields: URLSearchParams): Entry | null {
  const token = fields.get("token");
  const certifyId = fields.get("certify_id");
  const appid = fields.get("appid");
  const userIdKey = fields.get("user_id_key");
  if (token) return { kind: "capture_token", capture_token: token };
  if (certifyId) return { kind: "certify_id", certify_id: certifyId };
  if (!appid || !userIdKey) return null;
  const mode = fields.get("check_alive_type");
  return {
    kind: "user_id_key",
    appid,
    user_id_key: userIdKey,
    check_alive_type: mode === null || !/^\d{1,4}$/.test(mode) ? null : Number(mode),
    openid: fields.get("openid"),
  };
}
