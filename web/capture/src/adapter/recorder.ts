// Records a stream while prompts are played, and keeps the clock log. One recording a call.
// Knows no upload and no page: chunks, prompts and the end go to the callbacks.

import type { Challenge, ClockLog } from "../core/values.ts";
import { type ClockLogger, createClockLogger } from "./clock-log.ts";

/** Container types in the order of preference: hardware-friendly H.264 first, VP8 as last resort. */
export const MEDIA_TYPES: readonly string[] = [
  "video/webm;codecs=h264,opus",
  "video/mp4;codecs=avc1,mp4a",
  "video/mp4;codecs=avc1,opus",
  "video/webm;codecs=vp8,opus",
];

// 2.5 Mb/s keeps skin texture at 480 x 640; 64 kb/s keeps a voice.
const VIDEO_BITS_PER_SECOND = 2_500_000;
const AUDIO_BITS_PER_SECOND = 64_000;
// One chunk a second, so that the upload runs beside the recording.
const TIMESLICE_MS = 1_000;

/** The first type this browser records, "" for its default. */
export function chooseMediaType(isSupported: (type: string) => boolean): string {
  return MEDIA_TYPES.find(isSupported) ?? "";
}

/** The listed types this browser records. */
export function supportedMediaTypes(): readonly string[] {
  return MEDIA_TYPES.filter((type) => MediaRecorder.isTypeSupported(type));
}

/** What a recording reports. */
export type RecordingWatcher = {
  readonly chunk: (chunk: Blob) => void;
  /** The prompt must be put on screen now, before this returns. */
  readonly promptDue: (index: number) => void;
  readonly promptOver: (index: number) => void;
  readonly finished: (mediaType: string, clock: ClockLog) => void;
  readonly failed: () => void;
};

/** Starts recording. Returns a stop that ends it without a report. */
export function startRecording(
  stream: MediaStream,
  preview: HTMLVideoElement,
  challenge: Challenge,
  watcher: RecordingWatcher,
): () => void {
  const mediaType = chooseMediaType((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, {
    ...(mediaType === "" ? {} : { mimeType: mediaType }),
    videoBitsPerSecond: VIDEO_BITS_PER_SECOND,
    audioBitsPerSecond: AUDIO_BITS_PER_SECOND,
  });
  let over = false;

  recorder.ondataavailable = (event) => {
    if (!over && event.data.size > 0) watcher.chunk(event.data);
  };
  recorder.onerror = () => {
    if (!over) watcher.failed();
    stop();
  };
  recorder.onstop = () => {
    if (over) return;
    stop();
    const clock = log.finish(challenge.steps.length, performance.now());
    watcher.finished(recorder.mimeType || mediaType, clock);
  };

  const startedAt = performance.now();
  const log = createClockLogger(startedAt);
  recorder.start(TIMESLICE_MS);
  const stopFrames = logFrames(preview, log);
  const stopPrompts = playPrompts(challenge, startedAt, log, watcher, () => recorder.stop());

  const stop = (): void => {
    over = true;
    stopFrames();
    stopPrompts();
    if (recorder.state !== "inactive") recorder.stop();
  };
  return stop;
}

function logFrames(video: HTMLVideoElement, log: ClockLogger): () => void {
  // Firefox before 132 has no frame callback: the log then has no frames and the server does without.
  if (!("requestVideoFrameCallback" in video)) return () => {};
  let handle = 0;
  const next: VideoFrameRequestCallback = (_now, frame) => {
    log.frame(frame.presentationTime, frame.captureTime ?? null);
    handle = video.requestVideoFrameCallback(next);
  };
  handle = video.requestVideoFrameCallback(next);
  return () => video.cancelVideoFrameCallback(handle);
}

/** Plays the prompts on animation frames, which is when a screen can change, and ends on time. */
function playPrompts(
  challenge: Challenge,
  startedAt: number,
  log: ClockLogger,
  watcher: RecordingWatcher,
  end: () => void,
): () => void {
  let handle = 0;
  let next = 0;
  let shown: number | null = null;
  let unlogged: { readonly index: number; readonly set: number } | null = null;

  const hideWhenOver = (elapsed: number): void => {
    const current = shown === null ? undefined : challenge.steps[shown];
    if (shown === null || !current || elapsed < current.at_ms + current.window_ms) return;
    watcher.promptOver(shown);
    shown = null;
  };
  const showWhenDue = (elapsed: number): void => {
    const due = challenge.steps[next];
    if (!due || elapsed < due.at_ms) return;
    watcher.promptDue(next);
    shown = next;
    unlogged = { index: next, set: performance.now() };
    next += 1;
  };
  const tick = (frameTime: number): void => {
    // A prompt put on screen in the last frame is visible from about this frame on. On a busy
    // machine a frame carries a time before the prompt was set.
    if (unlogged !== null) log.onset(unlogged.index, Math.max(frameTime, unlogged.set));
    unlogged = null;
    const elapsed = performance.now() - startedAt;
    hideWhenOver(elapsed);
    showWhenDue(elapsed);
    if (elapsed >= challenge.duration_ms) end();
    else handle = requestAnimationFrame(tick);
  };
  handle = requestAnimationFrame(tick);
  return () => cancelAnimationFrame(handle);
}
