// Judges the light before a recording from a thumbnail of the preview: advice only, never a gate.
// The judgement is pure; the sampling needs a canvas.

import type { Light } from "../core/values.ts";

/** Size of the thumbnail in pixels: enough for light, too small for a face. */
export const THUMB: { readonly width: number; readonly height: number } = { width: 24, height: 32 };

// Mean of the oval, 0..255. Outside this range cameras lose the eyes and the mouth.
const DARK_BELOW = 60;
const BRIGHT_ABOVE = 215;
// A surround this much brighter than the face makes auto-exposure darken the face.
const BACKLIT_BY = 75;

/** Judges RGBA pixels of a thumbnail. */
export function judgeLight(rgba: ArrayLike<number>): Light {
  let inner = 0;
  let innerCount = 0;
  let outer = 0;
  let outerCount = 0;
  for (let y = 0; y < THUMB.height; y += 1) {
    for (let x = 0; x < THUMB.width; x += 1) {
      const at = (y * THUMB.width + x) * 4;
      const luma = lumaAt(rgba, at);
      if (isInOval(x, y)) {
        inner += luma;
        innerCount += 1;
      } else {
        outer += luma;
        outerCount += 1;
      }
    }
  }
  const face = inner / innerCount;
  const around = outer / outerCount;
  if (around - face > BACKLIT_BY && face < 130) return "backlit";
  if (face < DARK_BELOW) return "too_dark";
  return face > BRIGHT_ABOVE ? "too_bright" : "good";
}

function lumaAt(rgba: ArrayLike<number>, at: number): number {
  return 0.299 * (rgba[at] ?? 0) + 0.587 * (rgba[at + 1] ?? 0) + 0.114 * (rgba[at + 2] ?? 0);
}

function isInOval(x: number, y: number): boolean {
  const dx = (x + 0.5 - THUMB.width / 2) / (THUMB.width * 0.32);
  const dy = (y + 0.5 - THUMB.height / 2) / (THUMB.height * 0.4);
  return dx * dx + dy * dy <= 1;
}

// Limit: twice a second is faster than anybody turns a lamp on.
const PERIOD_MS = 500;

/** Judges the video's light until stopped. Returns the stop. */
export function watchLight(video: HTMLVideoElement, report: (light: Light) => void): () => void {
  const canvas = document.createElement("canvas");
  canvas.width = THUMB.width;
  canvas.height = THUMB.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return () => {};
  const timer = setInterval(() => {
    if (video.videoWidth === 0) return;
    context.drawImage(video, 0, 0, THUMB.width, THUMB.height);
    report(judgeLight(context.getImageData(0, 0, THUMB.width, THUMB.height).data));
  }, PERIOD_MS);
  return () => clearInterval(timer);
}
