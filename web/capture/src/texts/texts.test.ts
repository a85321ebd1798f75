import { describe, expect, test } from "vitest";
import { DEMO_TABLES } from "../../../demo/src/texts.ts";
import { chooseLocale, fill, TABLES } from "./texts.ts";

/** The marks of a text, which every language must fill alike. */
function marks(text: string): readonly string[] {
  return [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).sort();
}

describe.each([
  ["capture page", TABLES],
  ["demo page", DEMO_TABLES],
])("the tables of the %s", (_page, tables) => {
  const zh: Readonly<Record<string, string>> = tables["zh-CN"];
  const en: Readonly<Record<string, string>> = tables.en;

  test("have the same keys", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  test("leave nothing empty and fill the same marks", () => {
    for (const [key, text] of Object.entries(zh)) {
      expect(text.trim(), key).not.toBe("");
      expect((en[key] ?? "").trim(), key).not.toBe("");
      expect(marks(en[key] ?? ""), key).toEqual(marks(text));
    }
  });

  test("speak their language", () => {
    const chinese = Object.entries(en).filter(
      ([key, text]) =>
        /\p{Script=Han}/u.test(text) && !["switch_language", "name_value"].includes(key),
    );
    expect(chinese).toEqual([]);
  });
});

test("every hint of the wire has its words", () => {
  const hints = [
    "look_straight",
    "move_closer",
    "move_back",
    "one_person_only",
    "more_light",
    "less_light",
    "hold_still",
    "uncover_face",
    "follow_prompts",
    "try_again",
    "use_other_browser",
    "contact_support",
  ];
  for (const hint of hints) expect(Object.keys(TABLES.en)).toContain(`result_hint_${hint}`);
});

test("the language is the caller's wish, else the browser's, else English", () => {
  expect(chooseLocale("zh", ["en"])).toBe("zh-CN");
  expect(chooseLocale("en-GB", ["zh-CN"])).toBe("en");
  expect(chooseLocale(null, ["fr", "zh-Hant-TW"])).toBe("zh-CN");
  expect(chooseLocale("tlh", ["de"])).toBe("en");
});

test("marks are filled, and an unknown one stays visible", () => {
  expect(fill("{a} of {b}", { a: 1 })).toBe("1 of {b}");
});
