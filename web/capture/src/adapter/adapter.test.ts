import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openCamera, troubleOf } from "./camera.ts";
import { isSpent, problemOf } from "./client.ts";
import { createClockLogger } from "./clock-log.ts";
import { parseLink } from "./entry.ts";
import { hostOrigin } from "./host.ts";
import { NoAnswer, Refusal } from "./http.ts";
import { judgeLight, THUMB } from "./light-meter.ts";
import { BadReply, parseAttempt, parseChallenge, parseStatus } from "./parse.ts";
import { chooseMediaType, MEDIA_TYPES } from "./recorder.ts";
import { concat, createRecutter } from "./recut.ts";
import { sha256Hex } from "./sha256.ts";

describe("sha256Hex", () => {
  test("agrees with the published vectors", async () => {
    expect(await sha256Hex(new Uint8Array(0))).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    expect(await sha256Hex(new TextEncoder().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  test("agrees with another implementation on a larger input", async () => {
    const bytes = Uint8Array.from({ length: 100_003 }, (_, index) => (index * 7) % 256);
    expect(await sha256Hex(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});

describe("recutter", () => {
  test("keeps every byte in order, whatever the chunks", () => {
    const whole = Uint8Array.from({ length: 10_000 }, (_, index) => index % 256);
    for (const size of [1, 7, 999, 1_000, 1_001, 9_999]) {
      const recutter = createRecutter(1_000);
      const parts = [];
      for (let at = 0; at < whole.length; at += size) {
        parts.push(...recutter.push(whole.slice(at, at + size)));
      }
      parts.push(...recutter.flush());
      expect(concat(parts)).toEqual(whole);
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(1_000);
    }
  });

  test("gathers small chunks, so that parts stay few", () => {
    const recutter = createRecutter(1_048_576);
    expect(recutter.push(new Uint8Array(50_000))).toHaveLength(0);
    expect(recutter.push(new Uint8Array(100_000))).toHaveLength(1);
    expect(recutter.flush()).toHaveLength(0);
  });
});

describe("clock log", () => {
  test("counts from the start of the recorder, to a tenth of a millisecond", () => {
    const log = createClockLogger(1_000);
    log.frame(1_016.66, 1_010.04);
    log.frame(1_050, null);
    log.onset(0, 2_210.27);
    expect(log.finish(1, 6_000)).toEqual({
      onsets_ms: [1_210.3],
      frames_ms: [
        [16.7, 10],
        [50, null],
      ],
    });
  });

  test("the first report of a prompt counts, and one never on screen counts as shown at the end", () => {
    const log = createClockLogger(0);
    log.onset(0, 100);
    log.onset(0, 900);
    expect(log.finish(2, 5_000).onsets_ms).toEqual([100, 5_000]);
  });

  test("does not grow without end", () => {
    const log = createClockLogger(0);
    for (let frame = 0; frame < 5_000; frame += 1) log.frame(frame, null);
    expect(log.finish(0, 1).frames_ms).toHaveLength(1_800);
  });
});

describe("light", () => {
  const picture = (luma: (x: number, y: number) => number): number[] => {
    const rgba: number[] = [];
    for (let y = 0; y < THUMB.height; y += 1) {
      for (let x = 0; x < THUMB.width; x += 1) {
        const value = luma(x, y);
        rgba.push(value, value, value, 255);
      }
    }
    return rgba;
  };
  const middle = (x: number, y: number): boolean => Math.hypot((x - 12) / 8, (y - 16) / 13) < 1;

  test("tells dark, good, bright and a window behind", () => {
    expect(judgeLight(picture(() => 30))).toBe("too_dark");
    expect(judgeLight(picture(() => 120))).toBe("good");
    expect(judgeLight(picture(() => 240))).toBe("too_bright");
    expect(judgeLight(picture((x, y) => (middle(x, y) ? 80 : 230)))).toBe("backlit");
    expect(judgeLight(picture((x, y) => (middle(x, y) ? 160 : 20)))).toBe("good");
  });
});

describe("link", () => {
  test("takes one of the three secrets", () => {
    expect(parseLink("#token=ct_1").entry).toEqual({
      kind: "capture_token",
      capture_token: "ct_1",
    });
    expect(parseLink("#certify_id=c1&lang=zh").lang).toBe("zh");
    expect(parseLink("#appid=wx1&user_id_key=k&check_alive_type=2").entry).toMatchObject({
      kind: "user_id_key",
      check_alive_type: 2,
    });
  });

  test("is no entry when it lacks a part", () => {
    for (const fragment of ["", "#", "#token=", "#appid=wx1", "#user_id_key=k", "#other=1"]) {
      expect(parseLink(fragment).entry, fragment).toBe(null);
    }
  });
});

describe("host origin", () => {
  test("is the named one, else the referrer's, else our own; never a script's", () => {
    const own = "https://id.example";
    expect(hostOrigin("https://bank.example/x", "", own)).toBe("https://bank.example");
    expect(hostOrigin(null, "https://shop.example/pay?x=1", own)).toBe("https://shop.example");
    expect(hostOrigin(null, "", own)).toBe(own);
    expect(hostOrigin("javascript:alert(1)", "", own)).toBe(own);
    expect(hostOrigin("*", "", own)).toBe(own);
  });
});

describe("camera", () => {
  const stream = {} as MediaStream;
  const refusing = (refused: (asked: MediaStreamConstraints) => string | null) => {
    const asked: MediaStreamConstraints[] = [];
    return {
      asked,
      getUserMedia: async (constraints: MediaStreamConstraints) => {
        asked.push(constraints);
        const name = refused(constraints);
        if (name !== null) throw new DOMException("no", name);
        return stream;
      },
    };
  };

  test("asks for sound as it is", async () => {
    const media = refusing(() => null);
    await openCamera(media);
    expect(media.asked).toEqual([
      {
        video: {
          facingMode: "user",
          width: { ideal: 480 },
          height: { ideal: 640 },
          frameRate: { ideal: 30 },
        },
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      },
    ]);
  });

  test("goes on without a microphone", async () => {
    const media = refusing((asked) => (asked.audio ? "NotAllowedError" : null));
    expect(await openCamera(media)).toBe(stream);
    expect(media.asked).toHaveLength(2);
  });

  test("is refused when the camera is", async () => {
    const media = refusing(() => "NotAllowedError");
    await expect(openCamera(media)).rejects.toThrow();
    expect(troubleOf(new DOMException("", "NotAllowedError"))).toBe("denied");
    expect(troubleOf(new DOMException("", "NotFoundError"))).toBe("missing");
    expect(troubleOf(new DOMException("", "NotReadableError"))).toBe("busy");
    expect(troubleOf(null)).toBe("busy");
  });
});

describe("recorder", () => {
  test("takes the first type the browser knows, H.264 before VP8", () => {
    expect(chooseMediaType(() => true)).toBe("video/webm;codecs=h264,opus");
    expect(chooseMediaType((type) => type.includes("mp4a"))).toBe("video/mp4;codecs=avc1,mp4a");
    expect(chooseMediaType((type) => type.includes("vp8"))).toBe(MEDIA_TYPES.at(-1));
    expect(chooseMediaType(() => false)).toBe("");
  });
});

describe("replies", () => {
  const attempt = {
    attempt_id: "att_1",
    attempt_token: "t",
    verify_result: null,
    limits: { bytes_max: 1, part_bytes_max: 1, parts_max: 1 },
    texts: { app_name: "Demo" },
  };

  test("an attempt is read, and a broken one refused", () => {
    expect(parseAttempt(attempt)).toMatchObject({ attempt_id: "att_1", app_name: "Demo" });
    expect(() => parseAttempt({ ...attempt, attempt_token: 1 })).toThrow(BadReply);
    expect(() => parseAttempt({ ...attempt, limits: null })).toThrow(BadReply);
    expect(() => parseAttempt(null)).toThrow(BadReply);
  });

  test("a challenge with an action we cannot show is refused", () => {
    const challenge = (action: string) => ({
      challenge: {
        version: 1,
        kind: "multi_action",
        duration_ms: 5000,
        steps: [{ action, at_ms: 1, window_ms: 2 }],
      },
    });
    expect(parseChallenge(challenge("turn_left")).steps).toMatchObject([{ action: "turn_left" }]);
    expect(() => parseChallenge(challenge("wave"))).toThrow(BadReply);
  });

  test.each([
    [{ digit: "7" }, { digit: "7" }],
    [{ colour: "cyan" }, { colour: "cyan" }],
    [{ face_width: "45" }, { face_width: 45 }],
    [{ digit: "17" }, null],
    [{ digit: 7 }, null],
    [{ colour: "ultraviolet" }, null],
    [{ face_width: "0" }, null],
    [{ face_width: "101" }, null],
    [{}, null],
  ])("the prompt %o is read as %o", (sent, read) => {
    const reply = {
      challenge: {
        version: 2,
        kind: "any",
        duration_ms: 5000,
        steps: [{ ...sent, at_ms: 1, window_ms: 2 }],
      },
    };
    if (read === null) expect(() => parseChallenge(reply)).toThrow(BadReply);
    else expect(parseChallenge(reply).steps).toMatchObject([read]);
  });

  test("a result carries outcome, code, hint and the next token", () => {
    const result = {
      outcome: "rejected",
      errcode: 10004,
      hint: null,
      retry: { capture_token: "t2" },
    };
    expect(parseStatus({ state: "done", result }).result).toEqual({
      outcome: "rejected",
      errcode: 10004,
      hint: null,
      retry_token: "t2",
    });
    expect(parseStatus({ state: "analyzing", result: null }).result).toBe(null);
    expect(() => parseStatus({ state: "done", result: { outcome: "maybe" } })).toThrow(BadReply);
  });
});

describe("problems", () => {
  test("say what the person can do about them", () => {
    expect(problemOf(new Refusal(410, "token_spent"), false)).toBe("link_used");
    expect(problemOf(new Refusal(404, "token_unknown"), false)).toBe("link_invalid");
    expect(problemOf(new Refusal(429, "too_many_attempts"), false)).toBe("too_many_attempts");
    expect(problemOf(new Refusal(429, "too_many_requests"), false)).toBe("too_many_attempts");
    expect(problemOf(new Refusal(402, "insufficient_balance"), false)).toBe("no_balance");
    expect(problemOf(new Refusal(404, "not_found"), true)).toBe("attempt_over");
    expect(problemOf(new Refusal(500, "internal"), true)).toBe("server");
    expect(problemOf(new NoAnswer("x"), true)).toBe("network");
    expect(problemOf(new BadReply("x"), true)).toBe("server");
  });

  test("a link is spent when the server has looked at it", () => {
    expect(isSpent(new Refusal(410, "token_spent"))).toBe(true);
    expect(isSpent(new Refusal(429, "too_many_attempts"))).toBe(true);
    expect(isSpent(new Refusal(429, "too_many_requests"))).toBe(false);
    expect(isSpent(new Refusal(503, "unavailable"))).toBe(false);
    expect(isSpent(new NoAnswer("x"))).toBe(false);
  });
});
