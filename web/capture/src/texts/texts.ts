// Which words a person gets: the tables by language, the choice of a language, the filling of marks.

import { en } from "./en.ts";
import { type Texts, zh } from "./zh.ts";

/** The languages the page speaks, as BCP 47 names the server understands. */
export type Locale = "zh-CN" | "en";

/** The table of each language. */
export const TABLES: Readonly<Record<Locale, Texts>> = { "zh-CN": zh, en };

/** The language for what the caller asked for, else what the browser prefers; English otherwise. */
export function chooseLocale(asked: string | null, preferred: readonly string[]): Locale {
  for (const wish of asked === null ? preferred : [asked, ...preferred]) {
    const language = wish.toLowerCase();
    if (language === "zh" || language.startsWith("zh-")) return "zh-CN";
    if (language === "en" || language.startsWith("en-")) return "en";
  }
  return "en";
}

/** Replaces `{name}` marks by values. A mark without a value stays, so that a test can see it. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (mark, name: string) => {
    const value = values[name];
    return value === undefined ? mark : String(value);
  });
}
