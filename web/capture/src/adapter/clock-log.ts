// The clock log of a recording: when frames were presented and when prompts were really on screen,
// in milliseconds after `recorder.start()`. Pure; the recorder feeds it `performance.now()` times.

import type { ClockLog } from "../core/values.ts";

// Limit: 30 s at 60 frames a second; more frames say nothing new and swell the request.
const FRAMES_MAX = 1_800;

/** Collects times until the recording is over. */
export type ClockLogger = {
  /** A frame of the preview, from `requestVideoFrameCallback`. `captured` where the browser tells. */
  readonly frame: (presentation: number, captured: number | null) => void;
  /** Prompt `index` was on screen at `shown`. The first report of a prompt counts. */
  readonly onset: (index: number, shown: number) => void;
  /** The log for `count` prompts; one that was never on screen counts as shown at the end. */
  readonly finish: (count: number, ended: number) => ClockLog;
};

/** A log whose zero is `startedAt`, the `performance.now()` just before `recorder.start()`. */
export function createClockLogger(startedAt: number): ClockLogger {
  const frames: [number, number | null][] = [];
  const onsets = new Map<number, number>();
  const relative = (time: number): number => Math.round((time - startedAt) * 10) / 10;
  return {
    frame: (presentation, captured) => {
      if (frames.length >= FRAMES_MAX) return;
      frames.push([relative(presentation), captured === null ? null : relative(captured)]);
    },
    onset: (index, shown) => {
      if (!onsets.has(index)) onsets.set(index, relative(shown));
    },
    finish: (count, ended) => ({
      onsets_ms: Array.from({ length: count }, (_, index) => onsets.get(index) ?? relative(ended)),
      frames_ms: frames,
    }),
  };
}
