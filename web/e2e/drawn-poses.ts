// A drawn stand-in for a person: enough for tests of screens, which measure nothing.

import type { Poses } from "./person.ts";

type Drawing = {
  readonly eyes: number;
  readonly mouth: number;
  readonly dx: number;
  readonly dy: number;
};

function face({ eyes, mouth, dx, dy }: Drawing): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="640" viewBox="0 0 480 640">
<defs><radialGradient id="w" cx=".5" cy=".35"><stop offset="0" stop-color="#cfd6d2"/><stop offset="1" stop-color="#8d9995"/></radialGradient>
<linearGradient id="s" x1="0" x2="1"><stop offset="0" stop-color="#e6b99b"/><stop offset="1" stop-color="#cf9a7b"/></linearGradient></defs>
<rect width="480" height="640" fill="url(#w)"/>
<path d="M20 640q20-150 150-170h140q130 20 150 170z" fill="#3f5f74"/>
<rect x="195" y="420" width="90" height="90" fill="#c99474"/>
<ellipse cx="240" cy="300" rx="130" ry="170" fill="url(#s)"/>
<path d="M105 290q-10-180 135-180t135 180q-10-110-135-110t-135 110z" fill="#2d221d"/>
<g transform="translate(${dx} ${dy})">
<ellipse cx="190" cy="290" rx="21" ry="${13 * eyes}" fill="#fff"/><circle cx="190" cy="290" r="${9 * eyes}" fill="#33251d"/>
<ellipse cx="290" cy="290" rx="21" ry="${13 * eyes}" fill="#fff"/><circle cx="290" cy="290" r="${9 * eyes}" fill="#33251d"/>
<path d="M165 262q25-13 50 0M265 262q25-13 50 0" stroke="#3c2c24" stroke-width="7" fill="none"/>
<path d="M240 300q-16 50 0 56" stroke="#b57f60" stroke-width="6" fill="none"/>
<ellipse cx="240" cy="402" rx="${40 - mouth * 8}" ry="${7 + mouth * 24}" fill="#9b4a45"/></g></svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}

const REST: Drawing = { eyes: 1, mouth: 0, dx: 0, dy: 0 };

function levels(at: (part: number) => Partial<Drawing>): readonly string[] {
  return [0.25, 0.5, 0.75, 1].map((part) => face({ ...REST, ...at(part) }));
}

/** The drawn person's pictures. */
export function drawnPoses(): Poses {
  return {
    neutral: face(REST),
    actions: {
      blink: levels((part) => ({ eyes: 1 - 0.95 * part })),
      mouth: levels((part) => ({ mouth: part })),
      nod: levels((part) => ({ dy: 30 * part })),
      // The subject's own left is on the right of the picture.
      turn_left: levels((part) => ({ dx: 45 * part })),
      turn_right: levels((part) => ({ dx: -45 * part })),
    },
  };
}
