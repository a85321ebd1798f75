import { describe, expect, test } from "vitest";
import { captureClient } from "./client.ts";
import { deviceId } from "./device-id.ts";

/** A browser's storage, as far as a name needs it. */
function storage(keeps: boolean): Storage {
  const kept = new Map<string, string>();
  return {
    length: 0,
    clear: () => kept.clear(),
    key: () => null,
    removeItem: (key) => void kept.delete(key),
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => {
      if (keeps) kept.set(key, value);
    },
  };
}

describe("device id", () => {
  test("is made once, is random, and replaces what is none", () => {
    const one = storage(true);
    const made = deviceId(() => one);
    expect(made).toMatch(/^[0-9a-f]{32}$/);
    expect(deviceId(() => one)).toBe(made);
    expect(deviceId(() => storage(true))).not.toBe(made);
    one.setItem("zhenren_device_id", "<script>");
    expect(deviceId(() => one)).toMatch(/^[0-9a-f]{32}$/);
  });

  test("is none where nothing is kept or storage is refused", () => {
    expect(deviceId(() => storage(false))).toBeNull();
    const refused = (): Storage => {
      throw new DOMException("denied", "SecurityError");
    };
    expect(deviceId(refused)).toBeNull();
  });

  test("goes with the beginning, and only when there is one", async () => {
    const bodies: { client: Record<string, unknown> }[] = [];
    const transport = {
      fetch: async (_: string, init: RequestInit) => {
        bodies.push(JSON.parse(String(init.body)));
        return Response.json({}, { status: 404 });
      },
      sleep: async () => {},
      random: () => 0,
    };
    const client = captureClient(transport, "");
    const entry = { kind: "capture_token", capture_token: "token" } as const;
    for (const device_id of ["0123456789abcdef0123456789abcdef", null]) {
      const facts = { locale: "en", user_agent: "test", media_types: [], device_id };
      await client.begin(entry, facts, new AbortController().signal).catch(() => {});
    }
    expect(bodies.map((body) => body.client["device_id"])).toEqual([
      "0123456789abcdef0123456789abcdef",
      undefined,
    ]);
  });
});
