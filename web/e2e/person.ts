// A virtual person for the browser: replaces getUserMedia by a canvas on which a person plays what
// the page asks for. Everything in `playPerson` runs inside the page and must not reach outside it.
// Deliberately knows only what a person sees: the prompt on the page, not the challenge behind it.

/** Pictures of one person as data URLs: at rest, and each action from slight to full. */
export type Poses = {
  readonly neutral: string;
  readonly actions: Readonly<Record<string, readonly string[]>>;
};

/** Who stands before the camera. `ignores_first` blinks but does not obey until told to retry. */
export type PersonKind =
  | "bona_fide"
  | "print"
  | "ignores_first"
  | "refuses_camera"
  | "refuses_microphone";

/** What the injected script is given. */
export type PersonPlan = {
  readonly kind: PersonKind;
  readonly poses: Poses;
  /** Between seeing a prompt and moving; people need 250 to 500 ms. */
  readonly delayMs: number;
};

/** What the injected script leaves on the page's window for the test to read. */
export type PersonTrace = {
  /** Every media track that was handed out. */
  readonly tracks: readonly MediaStreamTrack[];
  /** The actions the person saw and played, in order. */
  readonly played: readonly string[];
};

/** The script. Plain browser code without imports: it is sent to the page as text. */
export function playPerson(plan: PersonPlan): void {
  const WIDTH = 480;
  const HEIGHT = 640;
  const FRAME_MS = 33;
  // How long an action takes on its way out, at its end, and back.
  const TIMES: Readonly<Record<string, readonly [number, number, number]>> = {
    blink: [110, 130, 130],
    mouth: [260, 260, 260],
    nod: [330, 200, 330],
    turn_left: [380, 260, 380],
    turn_right: [380, 260, 380],
  };
  const tracks: MediaStreamTrack[] = [];
  const played: string[] = [];
  Object.defineProperty(window, "__person", { value: { tracks, played } });

  const load = async (url: string): Promise<HTMLImageElement> => {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  };

  let seen = "";
  let acting: { readonly action: string; readonly from: number } | null = null;

  let obeys = plan.kind === "bona_fide";

  /** Looks at the page as a person does; a new prompt starts an action after a delay. */
  const look = (now: number): void => {
    const ended = document.getElementById("app")?.dataset["state"] === "done";
    if (ended && plan.kind === "ignores_first") obeys = true;
    const shown = document.getElementById("action")?.dataset["action"] ?? "";
    if (shown !== seen && shown !== "" && obeys) {
      acting = { action: shown, from: now + plan.delayMs };
      played.push(shown);
    }
    seen = shown;
    // Eyes do not stay open for long, whatever their owner thinks of prompts.
    const isAlive = plan.kind === "ignores_first" && !obeys;
    if (isAlive && acting === null) acting = { action: "blink", from: now + 1_500 };
  };

  /** How far into the action the person is, 0..1. */
  const depth = (now: number): number => {
    if (acting === null || now < acting.from) return 0;
    const [out, hold, back] = TIMES[acting.action] ?? [300, 300, 300];
    const time = now - acting.from;
    if (time < out) return time / out;
    if (time < out + hold) return 1;
    const left = 1 - (time - out - hold) / back;
    if (left <= 0) acting = null;
    return Math.max(0, left);
  };

  const wave = (now: number, period: number, phase: number): number =>
    Math.sin((now / period) * 2 * Math.PI + phase);

  const noiseTiles = (): readonly HTMLCanvasElement[] =>
    Array.from({ length: 4 }, () => {
      const tile = document.createElement("canvas");
      tile.width = WIDTH;
      tile.height = HEIGHT;
      const context = tile.getContext("2d");
      if (context === null) return tile;
      const pixels = context.createImageData(WIDTH, HEIGHT);
      for (let at = 0; at < pixels.data.length; at += 4) {
        const grey = 128 + (Math.random() + Math.random() - 1) * 120;
        pixels.data[at] = grey;
        pixels.data[at + 1] = grey;
        pixels.data[at + 2] = grey;
        pixels.data[at + 3] = 14;
      }
      context.putImageData(pixels, 0, 0);
      return tile;
    });

  const startDrawing = async (canvas: HTMLCanvasElement): Promise<void> => {
    const context = canvas.getContext("2d");
    if (context === null) return;
    const neutral = await load(plan.poses.neutral);
    const actions = new Map<string, readonly HTMLImageElement[]>();
    for (const [name, urls] of Object.entries(plan.poses.actions)) {
      actions.set(name, await Promise.all(urls.map(load)));
    }
    const tiles = noiseTiles();
    const isPrint = plan.kind === "print";
    let last = 0;
    let frame = 0;

    const pictureAt = (now: number): HTMLImageElement => {
      const part = depth(now);
      const levels = acting === null ? undefined : actions.get(acting.action);
      if (levels === undefined || part === 0) return neutral;
      const index = Math.round(part * levels.length) - 1;
      return index < 0 ? neutral : (levels[index] ?? neutral);
    };
    const draw = (now: number): void => {
      requestAnimationFrame(draw);
      if (now - last < FRAME_MS - 4) return;
      last = now;
      frame += 1;
      look(now);
      // A head sways and breathes; a hand that holds a print shakes it as one piece.
      const shake = isPrint ? 2.2 : 1;
      const scale = 1.03 + 0.004 * wave(now, 3700, 0);
      context.setTransform(1, 0, 0, 1, WIDTH / 2, HEIGHT / 2);
      context.translate(
        shake * (2 * wave(now, 4100, 1) + 0.7 * wave(now, 1300, 2)),
        shake * (1.6 * wave(now, 3300, 3) + 0.6 * wave(now, 900, 4)),
      );
      context.rotate(shake * 0.006 * wave(now, 5200, 5));
      context.scale(scale, scale);
      context.drawImage(pictureAt(now), -WIDTH / 2, -HEIGHT / 2, WIDTH, HEIGHT);
      context.setTransform(1, 0, 0, 1, 0, 0);
      const tile = tiles[frame % tiles.length];
      if (tile) context.drawImage(tile, 0, 0);
    };
    requestAnimationFrame(draw);
  };

  /** Breath and room: very quiet noise. */
  const addSound = (stream: MediaStream): void => {
    const audio = new AudioContext();
    const noise = audio.createBuffer(1, audio.sampleRate * 2, audio.sampleRate);
    const samples = noise.getChannelData(0);
    for (let at = 0; at < samples.length; at += 1) samples[at] = (Math.random() - 0.5) * 0.01;
    const source = audio.createBufferSource();
    source.buffer = noise;
    source.loop = true;
    const out = audio.createMediaStreamDestination();
    source.connect(out);
    source.start();
    for (const track of out.stream.getAudioTracks()) stream.addTrack(track);
  };

  const getUserMedia = async (asked?: MediaStreamConstraints): Promise<MediaStream> => {
    if (plan.kind === "refuses_camera" || (plan.kind === "refuses_microphone" && asked?.audio)) {
      throw new DOMException("Permission denied", "NotAllowedError");
    }
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    await startDrawing(canvas);
    const stream = canvas.captureStream(30);
    if (asked?.audio) addSound(stream);
    tracks.push(...stream.getTracks());
    return stream;
  };
  if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = getUserMedia;
}
