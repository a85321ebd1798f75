// A reference photo as base64, from a file or from the webcam, within the server's limits.

// The server takes 4 MiB; anything near it is scaled down here.
const BYTES_MAX = 3_000_000;
const SIDE_MAX = 1_600;
const JPEG_QUALITY = 0.92;

/** A photo ready to be sent. */
export type Photo = { readonly base64: string; readonly url: string };

/** Reads a picture file; null when the browser cannot read it. */
export async function photoOfFile(file: Blob): Promise<Photo | null> {
  const picture = await createImageBitmap(file).catch(() => null);
  if (picture === null) return null;
  const keep = file.size <= BYTES_MAX && /^image\/(jpeg|png|webp)$/.test(file.type);
  const blob = keep ? file : await redraw(picture, picture.width, picture.height);
  picture.close();
  return blob === null ? null : photoOf(blob);
}

/** Takes the current picture of a playing video. */
export async function photoOfVideo(video: HTMLVideoElement): Promise<Photo | null> {
  const blob = await redraw(video, video.videoWidth, video.videoHeight);
  return blob === null ? null : photoOf(blob);
}

function redraw(source: CanvasImageSource, width: number, height: number): Promise<Blob | null> {
  const scale = Math.min(1, SIDE_MAX / Math.max(width, height, 1));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d")?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
}

async function photoOf(blob: Blob): Promise<Photo> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  // Limit: a call takes so many arguments at most; 32 Ki is safe everywhere.
  for (let at = 0; at < bytes.length; at += 32_768) {
    text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  }
  return { base64: btoa(text), url: URL.createObjectURL(blob) };
}
