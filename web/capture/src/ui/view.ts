// The page: builds its elements once and makes them show a screen. Knows states only through
// `screens.ts`, except for the times that drive the ring and the bar of a recording.

import type { State } from "../core/machine.ts";
import type { Colour } from "../core/values.ts";
import { type Locale, TABLES } from "../texts/texts.ts";
import { createCard } from "./card.ts";
import { el, setText } from "./dom.ts";
import { createFinder } from "./finder.ts";
import { type Button, type Screen, screenOf } from "./screens.ts";

/** What the view tells back. */
export type ViewWatcher = {
  readonly pressed: (event: Button["event"]) => void;
  readonly languageSwitched: () => void;
};

/** The page. */
export type View = {
  readonly preview: HTMLVideoElement;
  readonly show: (state: State, locale: Locale) => void;
};

/** Builds the page into `root`. */
export function createView(root: HTMLElement, watcher: ViewWatcher): View {
  const brand = el("span", { class: "brand" });
  const language = el("button", { class: "quiet", type: "button", id: "language" });
  const quit = el("button", { class: "quiet", type: "button", id: "quit" });
  const live = el("p", { id: "live", class: "unseen", "aria-live": "assertive", role: "status" });
  // The light of the screen: the whole page in one colour, under the preview.
  const flash = el("div", { id: "flash", hidden: "", "aria-hidden": "true" });
  const finder = createFinder(watcher.pressed);
  const card = createCard(watcher.pressed);
  language.addEventListener("click", watcher.languageSwitched);
  quit.addEventListener("click", () => watcher.pressed({ type: "cancel_pressed" }));
  root.replaceChildren(
    el("header", { class: "bar" }, [brand, language, quit]),
    el("main", {}, [finder.element, card.element]),
    live,
    flash,
  );

  let shownKey = "";
  let spoken = "";
  return {
    preview: finder.preview,
    show: (state, locale) => {
      const texts = TABLES[locale];
      const screen = screenOf(state, texts);
      markRoot(root, state);
      setText(brand, appName(state) || texts.page_title);
      setText(language, texts.switch_language);
      setText(quit, texts.cancel);
      document.title = texts.page_title;
      document.documentElement.lang = locale;
      quit.hidden = !screen.can_quit;
      language.hidden = state.name === "recording" || state.name === "challenge";
      finder.element.hidden = screen.layout !== "finder";
      card.element.hidden = screen.layout !== "card";
      showFlash(flash, screen.layout === "finder" ? screen.shine : null);
      if (screen.layout === "finder") finder.show(screen, state);
      else card.show(screen, texts);
      const words = wordsOf(screen);
      if (words !== spoken) setText(live, words);
      spoken = words;
      if (screen.key !== shownKey) focusOn(root);
      shownKey = screen.key;
    },
  };
}

function showFlash(flash: HTMLElement, colour: Colour | null): void {
  flash.hidden = colour === null;
  flash.dataset["colour"] = colour ?? "";
}

function markRoot(root: HTMLElement, state: State): void {
  root.dataset["state"] = state.name;
  if (state.name === "done") root.dataset["outcome"] = state.result.outcome;
  else delete root.dataset["outcome"];
  if (state.name === "positioning") root.dataset["light"] = state.light;
}

function appName(state: State): string {
  return "attempt" in state && state.attempt !== null ? state.attempt.app_name : "";
}

/** What is spoken besides the title, which is read when it takes the focus. */
function wordsOf(screen: Screen): string {
  if (screen.layout === "card") return screen.lead;
  return screen.rec === null
    ? (screen.chip?.text ?? screen.more)
    : `${screen.title}. ${screen.more}`;
}

/** A new screen starts at its title; the next Tab leads to its button, and no Enter skips it. */
function focusOn(root: HTMLElement): void {
  const title = root.querySelector<HTMLElement>("main section:not([hidden]) h1");
  title?.focus({ preventScroll: true });
}
