// Opens the camera the way the analysis wants it, and says in five words why it could not.

import type { CameraTrouble } from "../core/values.ts";

/** Size and rate asked for: what the analysis needs and no more, which keeps uploads small. */
export const VIDEO: MediaTrackConstraints = {
  facingMode: "user",
  width: { ideal: 480 },
  height: { ideal: 640 },
  frameRate: { ideal: 30 },
};

/** Sound as it is: processing would move lips and voice apart. */
export const AUDIO: MediaTrackConstraints = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};

/** The part of `navigator.mediaDevices` this needs. */
export type MediaSource = {
  readonly getUserMedia: (constraints: MediaStreamConstraints) => Promise<MediaStream>;
};

/** Opens camera and microphone; the camera alone where the microphone is missing or refused. */
export async function openCamera(source: MediaSource): Promise<MediaStream> {
  try {
    return await source.getUserMedia({ video: VIDEO, audio: AUDIO });
  } catch (error) {
    const trouble = troubleOf(error);
    // Limit: actions and silent checks need no sound, so the camera alone is good enough.
    if (trouble === "busy") throw error;
    return await source.getUserMedia({ video: VIDEO, audio: false });
  }
}

/** What a rejected `getUserMedia` means for the person. */
export function troubleOf(error: unknown): CameraTrouble {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
    case "PermissionDeniedError":
      return "denied";
    case "NotFoundError":
    case "DevicesNotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "busy";
  }
}

/** Ends every track, so that the camera's light goes out. */
export function stopStream(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
