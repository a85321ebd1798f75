// Turns the buttons of a screen into elements, and leaves them alone while they stay the same.

import { el } from "./dom.ts";
import type { Button } from "./screens.ts";

/** A row of buttons. */
export type ButtonRow = {
  readonly element: HTMLElement;
  readonly show: (buttons: readonly Button[]) => void;
};

/** An empty row whose buttons report their event. */
export function createButtonRow(pressed: (event: Button["event"]) => void): ButtonRow {
  const element = el("div", { class: "buttons" });
  let shown = "";
  return {
    element,
    show: (buttons) => {
      const key = JSON.stringify(buttons);
      if (key === shown) return;
      shown = key;
      element.replaceChildren(
        ...buttons.map((button) => {
          const node = el(
            "button",
            { type: "button", class: button.primary ? "primary" : "secondary" },
            [button.text],
          );
          node.dataset["event"] = button.event.type;
          node.addEventListener("click", () => pressed(button.event));
          return node;
        }),
      );
    },
  };
}
