// What a running capture is given from outside, so that tests and hosts can hand in their own.

import type { Event, State } from "../core/machine.ts";
import type { MediaSource } from "./camera.ts";
import type { CaptureClient } from "./client.ts";
import type { HostMessage } from "./host.ts";

/** What a capture runs on. */
export type Surroundings = {
  readonly client: CaptureClient;
  /** Where the server is; "" for the page's own origin. */
  readonly base: string;
  readonly media: MediaSource;
  readonly preview: HTMLVideoElement;
  readonly locale: () => string;
  /** A random name of this browser; null where it keeps none. */
  readonly deviceId: () => string | null;
  readonly tellHost: (message: HostMessage) => void;
  /** Told after every event that changed the state. Must have drawn when it returns. */
  readonly show: (state: State) => void;
};

/** Hands an event to the machine. */
export type Dispatch = (event: Event) => void;
