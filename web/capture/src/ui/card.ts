// The page of words: drawing, title, text, lists, progress, buttons.

import type { Texts } from "../texts/zh.ts";
import { createButtonRow } from "./buttons.ts";
import { el, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Button, Card, Screen } from "./screens.ts";

/** The card section of the page. */
export type CardView = {
  readonly element: HTMLElement;
  readonly show: (card: Card & Pick<Screen, "key">, texts: Texts) => void;
};

/** Builds the card section. */
export function createCard(pressed: (event: Button["event"]) => void): CardView {
  const badge = el("div", { class: "badge" });
  const title = el("h1", { tabindex: "-1" });
  const lead = el("p", { class: "lead" });
  const tips = el("ul", { class: "tips" });
  const todo = el("ol", { class: "todo" });
  const bar = el("div", { class: "meter", role: "progressbar" }, [el("i")]);
  const note = el("p", { class: "note" });
  const row = createButtonRow(pressed);
  const element = el("section", { class: "card" }, [
    badge,
    title,
    lead,
    tips,
    todo,
    bar,
    note,
    row.element,
  ]);

  let drawn = "";
  return {
    element,
    show: (card) => {
      element.dataset["tone"] = card.tone;
      element.dataset["screen"] = card.key;
      const badgeKey = `${card.key} ${card.icon}`;
      if (badgeKey !== drawn) badge.replaceChildren(icon(card.icon));
      drawn = badgeKey;
      setText(title, card.title);
      setText(lead, card.lead);
      lead.hidden = card.lead === "";
      showList(tips, card.tips);
      showList(todo, card.todo);
      setText(note, card.note);
      note.hidden = card.note === "";
      showProgress(bar, card.progress, card.title);
      row.show(card.buttons);
    },
  };
}

function showList(list: HTMLElement, items: readonly string[]): void {
  list.hidden = items.length === 0;
  list.replaceChildren(...items.map((item) => el("li", {}, [item])));
}

function showProgress(bar: HTMLElement, progress: Card["progress"], label: string): void {
  bar.hidden = progress === null;
  bar.classList.toggle("busy", progress === "busy");
  bar.setAttribute("aria-label", label);
  if (typeof progress === "number") {
    bar.setAttribute("aria-valuenow", String(Math.round(progress * 100)));
    bar.style.setProperty("--part", String(progress));
  } else {
    bar.removeAttribute("aria-valuenow");
  }
}
