// Runs the machine: hands events to `step`, draws, performs the effects. Holds the state and the
// one timer; devices and server calls live beside it.

import type { Effect, Event, State, StateName } from "../core/machine.ts";
import { step } from "../core/step.ts";
import { createDevice, type Device } from "./device.ts";
import type { Dispatch, Surroundings } from "./surroundings.ts";
import { createUplink, type Uplink } from "./uplink.ts";

/** A running capture. */
export type Capture = { readonly dispatch: Dispatch; readonly state: () => State };

/** Runs the machine from `first` on. */
export function runCapture(first: State, around: Surroundings): Capture {
  let state = first;
  let working = false;
  const events: Event[] = [];
  // An effect may answer at once; its event then waits for the effects before it.
  const dispatch: Dispatch = (event) => {
    events.push(event);
    if (working) return;
    working = true;
    for (let next = events.shift(); next !== undefined; next = events.shift()) work(next);
    working = false;
  };
  const work = (event: Event): void => {
    const next = step(state, event);
    const changed = next.state !== state;
    state = next.state;
    if (changed) around.show(state);
    for (const effect of next.effects) perform(effect);
  };
  const device = createDevice(around, dispatch);
  const uplink = createUplink(around, dispatch);
  const timer = createTimer(dispatch);
  const perform = (effect: Effect): void => performOne(effect, { around, device, uplink, timer });
  around.show(state);
  return { dispatch, state: () => state };
}

type Timer = {
  readonly arm: (of: StateName, ms: number) => void;
  readonly disarm: () => void;
};

/** One timer: arming it replaces the last one, because only one state is current. */
function createTimer(dispatch: Dispatch): Timer {
  let handle: ReturnType<typeof setTimeout> | undefined;
  return {
    arm: (of, ms) => {
      clearTimeout(handle);
      handle = setTimeout(() => dispatch({ type: "timed_out", of }), ms);
    },
    disarm: () => clearTimeout(handle),
  };
}

type Tools = {
  readonly around: Surroundings;
  readonly device: Device;
  readonly uplink: Uplink;
  readonly timer: Timer;
};

// Promises that are not awaited here answer with events and do not reject.
function performOne(effect: Effect, { around, device, uplink, timer }: Tools): void {
  switch (effect.type) {
    case "begin_attempt":
      void uplink.begin(effect.entry);
      return;
    case "open_camera":
      void device.open();
      return;
    case "stop_all":
      device.stopAll();
      return;
    case "draw_challenge":
      void uplink.draw(effect.attempt, effect.circumstances);
      return;
    case "count_in":
      device.countIn(effect.seconds);
      return;
    case "start_recording":
      device.record(effect.challenge, uplink.start(effect.attempt));
      return;
    case "finish_upload":
      void uplink.finish(device.recording());
      return;
    case "abort_upload":
      uplink.abort();
      return;
    case "poll_result":
      void uplink.poll(effect.attempt);
      return;
    case "cancel_attempt":
      uplink.cancel(effect.attempt, effect.reason, effect.beacon);
      return;
    case "arm_timer":
      timer.arm(effect.of, effect.ms);
      return;
    case "disarm_timer":
      timer.disarm();
      return;
    case "notify_host":
      around.tellHost({
        source: "zhenren",
        state: effect.state,
        verify_result: effect.verify_result,
        errcode: effect.errcode,
      });
      return;
  }
}
