// Camera, preview, light meter, count-in and recorder of one capture, as things that can be
// stopped together. Answers with events. Knows no server: chunks go to whoever asked for them.

import type { Challenge, ClockLog } from "../core/values.ts";
import { openCamera, stopStream, troubleOf } from "./camera.ts";
import { watchLight } from "./light-meter.ts";
import { startRecording } from "./recorder.ts";
import type { Dispatch, Surroundings } from "./surroundings.ts";

/** What a finished recording is, beside its bytes. */
export type Recording = { readonly mediaType: string; readonly clock: ClockLog };

/** The devices of one capture. */
export type Device = {
  readonly open: () => Promise<void>;
  readonly countIn: (seconds: number) => void;
  readonly record: (challenge: Challenge, push: (bytes: Uint8Array<ArrayBuffer>) => void) => void;
  /** The last finished recording, null before and while one is made. */
  readonly recording: () => Recording | null;
  /** Stops everything and releases the camera. Safe to call twice. */
  readonly stopAll: () => void;
};

/** Devices that answer to `dispatch`. */
export function createDevice(around: Surroundings, dispatch: Dispatch): Device {
  let stream: MediaStream | null = null;
  let recording: Recording | null = null;
  const stops = new Set<() => void>();

  const open = async (): Promise<void> => {
    try {
      const opened = await openCamera(around.media);
      if (stream !== null) stopStream(stream);
      stream = opened;
      dispatch({ type: "camera_opened", has_sound: opened.getAudioTracks().length > 0 });
      // An answer nobody waited for any more was met with `stop_all`, which forgot the stream.
      if (stream !== opened) return;
      stops.add(showPreview(opened, around.preview, dispatch));
    } catch (error) {
      dispatch({ type: "camera_failed", trouble: troubleOf(error) });
    }
  };

  const record: Device["record"] = (challenge, push) => {
    recording = null;
    // Blobs are read one after another, so that chunks keep their order.
    let reading: Promise<void> = Promise.resolve();
    const failed = (): void => dispatch({ type: "recorder_failed" });
    if (stream === null) {
      failed();
      return;
    }
    try {
      const stop = startRecording(stream, around.preview, challenge, {
        chunk: (blob) => {
          reading = reading
            .then(async () => push(new Uint8Array(await blob.arrayBuffer())))
            .catch(failed);
        },
        promptDue: (index) => dispatch({ type: "prompt_due", index }),
        promptOver: (index) => dispatch({ type: "prompt_over", index }),
        finished: (mediaType, clock) => {
          recording = { mediaType, clock };
          void reading.then(() => dispatch({ type: "recorded" }));
        },
        failed,
      });
      stops.add(stop);
    } catch {
      failed();
    }
  };

  return {
    open,
    record,
    recording: () => recording,
    countIn: (seconds) => {
      const wait = setTimeout(() => dispatch({ type: "counted_in" }), seconds * 1000);
      stops.add(() => clearTimeout(wait));
    },
    stopAll: () => {
      for (const stop of stops) stop();
      stops.clear();
      if (stream !== null) stopStream(stream);
      stream = null;
      around.preview.srcObject = null;
    },
  };
}

/** Shows the stream, watches its light and its end. Returns the stop. */
function showPreview(
  stream: MediaStream,
  preview: HTMLVideoElement,
  dispatch: Dispatch,
): () => void {
  const lost = (): void => dispatch({ type: "camera_failed", trouble: "lost" });
  for (const track of stream.getVideoTracks()) track.addEventListener("ended", lost);
  preview.srcObject = stream;
  // A muted inline preview may play by itself; only a torn-down page refuses.
  preview.play().catch(() => {});
  const stopLight = watchLight(preview, (light) => dispatch({ type: "light_measured", light }));
  return () => {
    stopLight();
    for (const track of stream.getVideoTracks()) track.removeEventListener("ended", lost);
  };
}
