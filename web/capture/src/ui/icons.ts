// The page's drawings, as shapes. Movement is in the style sheet, by class. All in the person's
// mirror view: their own left is on the left of the screen.

import type { Action } from "../core/values.ts";
import { drawing, type Shape } from "./dom.ts";

/** The drawings of the cards. */
export type IconName =
  | "face"
  | "camera"
  | "check"
  | "cross"
  | "question"
  | "pause"
  | "alert"
  | "upload";

const HEAD: Shape = ["ellipse", { class: "line", cx: "48", cy: "48", rx: "29", ry: "37" }];
const EYES: Shape = [
  "g",
  { class: "eyes" },
  [
    ["circle", { class: "dot", cx: "38", cy: "43", r: "3.4" }],
    ["circle", { class: "dot", cx: "58", cy: "43", r: "3.4" }],
  ],
];
const NOSE: Shape = ["path", { class: "line thin", d: "M48 47v8" }];
const SMILE: Shape = ["path", { class: "line", d: "M40 65q8 5 16 0" }];
const LIPS: Shape = ["ellipse", { class: "lips", cx: "48", cy: "66", rx: "8", ry: "7.5" }];

function features(mouth: Shape): Shape {
  return ["g", { class: "features" }, [EYES, NOSE, mouth]];
}

const ACTION_SHAPES: Readonly<Record<Action | "look", readonly Shape[]>> = {
  look: [HEAD, features(SMILE)],
  blink: [HEAD, features(SMILE)],
  mouth: [HEAD, features(LIPS)],
  nod: [HEAD, features(SMILE), ["path", { class: "arrow", d: "M88 38v20m-6-7 6 7 6-7" }]],
  turn_left: [HEAD, features(SMILE), ["path", { class: "arrow", d: "M14 48H1m7-7-7 7 7 7" }]],
  turn_right: [HEAD, features(SMILE), ["path", { class: "arrow", d: "M82 48h13m-7-7 7 7-7 7" }]],
};

/** The moving face that shows an action, or a face at rest. */
export function actionIcon(action: Action | null): SVGSVGElement {
  const name = action ?? "look";
  return drawing("0 0 96 96", `icon act act-${name}`, ACTION_SHAPES[name]);
}

const ICON_SHAPES: Readonly<Record<IconName, readonly Shape[]>> = {
  face: [
    HEAD,
    features(SMILE),
    [
      "path",
      {
        class: "line faint",
        d: "M4 22V12a8 8 0 0 1 8-8h10M74 4h10a8 8 0 0 1 8 8v10M92 74v10a8 8 0 0 1-8 8H74M22 92H12a8 8 0 0 1-8-8V74",
      },
    ],
  ],
  camera: [
    ["rect", { class: "line", x: "14", y: "30", width: "68", height: "46", rx: "9" }],
    ["path", { class: "line", d: "M34 30l5-9h18l5 9" }],
    ["circle", { class: "line", cx: "48", cy: "53", r: "13" }],
  ],
  check: [["path", { class: "line draw", pathLength: "1", d: "M26 50l15 15 30-33" }]],
  cross: [["path", { class: "line draw", pathLength: "1", d: "M33 33l30 30M63 33L33 63" }]],
  question: [
    ["path", { class: "line", d: "M36 37c1-8 6-12 13-12 8 0 13 5 13 12 0 10-13 10-13 21" }],
    ["circle", { class: "dot", cx: "49", cy: "71", r: "3.6" }],
  ],
  pause: [["path", { class: "line", d: "M38 32v32M58 32v32" }]],
  alert: [
    ["path", { class: "line", d: "M48 28v26" }],
    ["circle", { class: "dot", cx: "48", cy: "67", r: "3.6" }],
  ],
  upload: [
    ["path", { class: "line", d: "M48 66V32m-13 12 13-13 13 13" }],
    ["path", { class: "line", d: "M28 72h40" }],
  ],
};

/** A drawing for a card. */
export function icon(name: IconName): SVGSVGElement {
  return drawing("0 0 96 96", `icon icon-${name}`, ICON_SHAPES[name]);
}

/** The oval around the preview: a track and a ring that fills from the top. `pathLength` is 1. */
export function ovalRing(): SVGSVGElement {
  const oval = { d: "M150 4A146 196 0 0 1 150 396A146 196 0 0 1 150 4", pathLength: "1" };
  return drawing("0 0 300 400", "ring", [
    ["path", { class: "ring-track", ...oval }],
    ["path", { class: "ring-fill", ...oval }],
  ]);
}
