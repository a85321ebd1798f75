import { describe, expect, test } from "vitest";
import type { Effect, Event, State, StateName } from "./machine.ts";
import { CAMERA_STATES, initial, step, TIME_OUT_MS } from "./step.ts";
import type { Attempt, Challenge, Entry } from "./values.ts";

const ATTEMPT: Attempt = {
  attempt_id: "att_1",
  attempt_token: "secret",
  verify_result: "vr_1",
  app_name: "Demo",
  mode: "multi_action",
  may_flash: false,
  limits: { bytes_max: 1000, part_bytes_max: 100, parts_max: 10 },
};
const CHALLENGE: Challenge = {
  version: 1,
  kind: "multi_action",
  duration_ms: 5000,
  steps: [
    { action: "blink", at_ms: 1000, window_ms: 1500 },
    { action: "nod", at_ms: 3000, window_ms: 1500 },
  ],
};
const TOKEN: Entry = { kind: "capture_token", capture_token: "t" };
const KEY: Entry = {
  kind: "user_id_key",
  appid: "wx1",
  user_id_key: "k",
  check_alive_type: null,
  openid: null,
};

const HAPPY: readonly Event[] = [
  { type: "begin_pressed" },
  { type: "attempt_begun", attempt: ATTEMPT },
  { type: "camera_opened", has_sound: true },
  { type: "light_measured", light: "good" },
  { type: "ready_pressed", no_flash: false },
  { type: "challenge_drawn", challenge: CHALLENGE },
  { type: "counted_in" },
  { type: "prompt_due", index: 0 },
  { type: "prompt_over", index: 0 },
  { type: "prompt_due", index: 1 },
  { type: "recorded" },
  { type: "upload_progress", sent: 10, total: 20 },
  { type: "upload_accepted" },
  {
    type: "result_known",
    result: { outcome: "accepted", errcode: 0, hint: null, retry_token: null },
  },
];

function run(events: readonly Event[], entry: Entry = TOKEN) {
  let state = initial(entry, true);
  const effects: Effect[] = [];
  for (const event of events) {
    const next = step(state, event);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

/** The state reached by the events of the happy path before the first that leads past `name`. */
function at(name: StateName, entry: Entry = TOKEN): State {
  let state = initial(entry, true);
  for (const event of HAPPY) {
    if (state.name === name) return state;
    state = step(state, event).state;
  }
  if (state.name !== name) throw new Error(`the happy path does not pass ${name}`);
  return state;
}

function told(effects: readonly Effect[]): string | undefined {
  const cancel = effects.find((effect) => effect.type === "cancel_attempt");
  return cancel?.type === "cancel_attempt" ? cancel.reason : undefined;
}

describe("the way through", () => {
  test("a capture that goes well passes every state and tells the host once", () => {
    const names: StateName[] = [];
    let state = initial(TOKEN, true);
    for (const event of HAPPY) {
      state = step(state, event).state;
      if (names.at(-1) !== state.name) names.push(state.name);
    }
    expect(names).toEqual([
      "permission",
      "positioning",
      "challenge",
      "recording",
      "sending",
      "waiting",
      "done",
    ]);
    const { effects } = run(HAPPY);
    expect(effects.filter((effect) => effect.type === "notify_host")).toEqual([
      { type: "notify_host", state: "done", verify_result: "vr_1", errcode: 0 },
    ]);
  });

  test("the camera is asked for only after the attempt exists", () => {
    expect(run(HAPPY.slice(0, 1)).effects.map((effect) => effect.type)).toEqual([
      "begin_attempt",
      "arm_timer",
    ]);
  });

  test("an unsupported browser does not spend the link", () => {
    const { state, effects } = step(initial(TOKEN, false), { type: "begin_pressed" });
    expect(state).toMatchObject({ name: "failed", problem: "unsupported" });
    expect(effects.some((effect) => effect.type === "begin_attempt")).toBe(false);
  });

  test("every state that waits has a timer, and its time-out leads out of it", () => {
    const waiting: readonly StateName[] = [
      "permission",
      "positioning",
      "challenge",
      "recording",
      "sending",
      "waiting",
    ];
    for (const name of waiting) {
      const { state } = step(at(name), { type: "timed_out", of: name });
      expect(state.name, name).not.toBe(name);
    }
    const armed = run(HAPPY).effects.flatMap((effect) =>
      effect.type === "arm_timer" ? [effect.of] : [],
    );
    expect(new Set(armed)).toEqual(new Set(waiting));
  });

  test("a late timer of an earlier state changes nothing", () => {
    const state = at("recording");
    expect(step(state, { type: "timed_out", of: "positioning" })).toEqual({ state, effects: [] });
  });

  test("the recording's timer covers the challenge", () => {
    const armed = run(HAPPY).effects.find(
      (effect) => effect.type === "arm_timer" && effect.of === "recording",
    );
    expect(armed).toMatchObject({ ms: CHALLENGE.duration_ms + TIME_OUT_MS.recording_grace });
  });
});

describe("ways out", () => {
  test("a refused camera keeps the attempt and can be asked for again", () => {
    const refused = step(run(HAPPY.slice(0, 2)).state, {
      type: "camera_failed",
      trouble: "denied",
    });
    expect(refused.state).toMatchObject({ name: "refused", attempt: ATTEMPT });
    const again = step(refused.state, { type: "retry_pressed" });
    expect(again.state.name).toBe("permission");
    expect(again.effects[0]).toEqual({ type: "open_camera" });
    expect(step(again.state, { type: "camera_opened", has_sound: true }).state.name).toBe(
      "positioning",
    );
  });

  test("who leaves while refused has not authorised; who leaves a recording has left", () => {
    const refused = step(run(HAPPY.slice(0, 2)).state, {
      type: "camera_failed",
      trouble: "denied",
    });
    expect(told(step(refused.state, { type: "page_left" }).effects)).toBe("not_authorised");
    expect(told(step(at("recording"), { type: "page_left" }).effects)).toBe("left");
    expect(told(step(at("positioning"), { type: "cancel_pressed" }).effects)).toBe("cancelled");
  });

  test("a page that goes away uses a beacon", () => {
    const { effects } = step(at("recording"), { type: "page_left" });
    expect(effects).toContainEqual({
      type: "cancel_attempt",
      attempt: ATTEMPT,
      reason: "left",
      beacon: true,
    });
  });

  test("closing the page after the upload cancels nothing", () => {
    expect(step(at("waiting"), { type: "page_left" }).effects).toEqual([]);
  });

  test("another tab during the recording ends the attempt as left", () => {
    const { state, effects } = step(at("recording"), { type: "page_hidden" });
    expect(state).toMatchObject({ name: "failed", problem: "interrupted", retry: null });
    expect(told(effects)).toBe("left");
  });

  test("a spent capture token is not offered again, a user_id_key is", () => {
    const lost: Event = { type: "call_failed", problem: "network", spent: true };
    expect(step(at("sending", TOKEN), lost).state).toMatchObject({ retry: null });
    expect(step(at("sending", KEY), lost).state).toMatchObject({ retry: KEY });
  });

  test("a link that was not spent can be tried again", () => {
    const begun = run(HAPPY.slice(0, 1)).state;
    const failed = step(begun, { type: "call_failed", problem: "network", spent: false });
    expect(failed.state).toMatchObject({ name: "failed", retry: TOKEN });
    const again = step(failed.state, { type: "retry_pressed" });
    expect(again.effects[0]).toEqual({ type: "begin_attempt", entry: TOKEN });
  });

  test("a retry after a result uses the token the server gave", () => {
    const result = {
      outcome: "inconclusive",
      errcode: 10010,
      hint: "more_light",
      retry_token: "t2",
    } as const;
    const done = step(at("waiting"), { type: "result_known", result });
    expect(step(done.state, { type: "retry_pressed" }).effects[0]).toEqual({
      type: "begin_attempt",
      entry: { kind: "capture_token", capture_token: "t2" },
    });
  });

  test("a camera that opens too late is stopped at once", () => {
    const cancelled = step(run(HAPPY.slice(0, 2)).state, { type: "cancel_pressed" }).state;
    expect(cancelled.name).toBe("cancelled");
    expect(step(cancelled, { type: "camera_opened", has_sound: true }).effects).toEqual([
      { type: "stop_all" },
    ]);
  });
});

/** A small generator of whole numbers, so that a failing walk can be repeated by its seed. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const ANY_EVENT: readonly Event[] = [
  ...HAPPY,
  { type: "retry_pressed" },
  { type: "cancel_pressed" },
  { type: "page_hidden" },
  { type: "page_left" },
  { type: "attempt_ended" },
  { type: "call_failed", problem: "network", spent: true },
  { type: "call_failed", problem: "network", spent: false },
  { type: "camera_failed", trouble: "denied" },
  { type: "camera_failed", trouble: "lost" },
  { type: "recorder_failed" },
  { type: "prompt_due", index: 9 },
  ...(["permission", "positioning", "challenge", "recording", "sending", "waiting", "refused"].map(
    (of) => ({ type: "timed_out", of }) as Event,
  ) as readonly Event[]),
];

/** Mostly an event that moves things on, now and then anything at all. */
function nextEvent(state: State, pick: (below: number) => number): Event {
  const forward = HAPPY.filter((event) => step(state, event).state !== state);
  const from = forward.length > 0 && pick(12) !== 0 ? forward : ANY_EVENT;
  return from[pick(from.length)] ?? { type: "cancel_pressed" };
}

/** The devices as the adapter keeps them: a camera opens some time after it was asked for. */
type World = {
  readonly opening: number;
  readonly open: boolean;
  readonly armed: StateName | null;
};

function perform(world: World, effect: Effect): World {
  switch (effect.type) {
    case "open_camera":
      return { ...world, opening: world.opening + 1 };
    case "stop_all":
      return { ...world, open: false };
    case "arm_timer":
      return { ...world, armed: effect.of };
    case "disarm_timer":
      return { ...world, armed: null };
    default:
      return world;
  }
}

const ENDS: readonly StateName[] = ["idle", "done", "failed", "cancelled"];

/** Walks at random and checks the camera and the timer after every event; returns states seen. */
function walk(seed: number, length: number): ReadonlySet<StateName> {
  const pick = generator(seed);
  const seen = new Set<StateName>();
  let state = initial(pick(2) === 0 ? TOKEN : KEY, pick(8) !== 0);
  let world: World = { opening: 0, open: false, armed: null };
  for (let i = 0; i < length; i += 1) {
    const event = nextEvent(state, pick);
    if (event.type === "camera_opened") {
      // A camera opens only where it was asked for; then the adapter holds it.
      if (world.opening === 0) continue;
      world = { ...world, opening: world.opening - 1, open: true };
    }
    const next = step(state, event);
    const where = `seed ${seed}, event ${i}: ${event.type} led from ${state.name} to ${next.state.name}`;
    state = next.state;
    seen.add(state.name);
    world = next.effects.reduce(perform, world);
    expect(world.open && !CAMERA_STATES.includes(state.name), where).toBe(false);
    if (!ENDS.includes(state.name)) expect(world.armed, where).toBe(state.name);
  }
  const left = step(state, { type: "page_left" });
  expect(left.effects.reduce(perform, world).open, `seed ${seed}: left`).toBe(false);
  return seen;
}

test("no walk of events leaves the camera on or a state without a timer", () => {
  const seen = new Set<StateName>();
  for (let seed = 1; seed <= 500; seed += 1) for (const name of walk(seed, 120)) seen.add(name);
  // The walk proves nothing about states it does not reach.
  expect([...seen].sort()).toEqual([
    "cancelled",
    "challenge",
    "done",
    "failed",
    "idle",
    "permission",
    "positioning",
    "recording",
    "refused",
    "sending",
    "waiting",
  ]);
});
