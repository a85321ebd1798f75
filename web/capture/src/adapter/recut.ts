// Re-cuts what a recorder emits into upload parts within the server's limits. Pure bytes.

// Limit: smaller chunks are gathered, so that a long recording stays far below `parts_max`.
const PART_BYTES_MIN = 131_072;

/** Gathers bytes and hands out parts. */
export type Recutter = {
  /** Takes a chunk; returns the parts that are ready now. */
  readonly push: (chunk: Uint8Array<ArrayBuffer>) => readonly Uint8Array<ArrayBuffer>[];
  /** Returns what is left. */
  readonly flush: () => readonly Uint8Array<ArrayBuffer>[];
};

/** A recutter whose parts hold at most `partBytesMax` bytes. */
export function createRecutter(partBytesMax: number): Recutter {
  let rest = new Uint8Array(0);
  const enough = Math.min(PART_BYTES_MIN, partBytesMax);

  const cut = (): Uint8Array<ArrayBuffer> => {
    const part = rest.slice(0, partBytesMax);
    rest = rest.slice(partBytesMax);
    return part;
  };

  return {
    push: (chunk) => {
      rest = concat([rest, chunk]);
      const parts: Uint8Array<ArrayBuffer>[] = [];
      while (rest.length >= enough) parts.push(cut());
      return parts;
    },
    flush: () => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      while (rest.length > 0) parts.push(cut());
      return parts;
    },
  };
}

/** These byte strings after one another. */
export function concat(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
