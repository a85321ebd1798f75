// Starts Chromium and watches a page: console errors, requests to other origins, the camera.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type PersonPlan, type PersonTrace, playPerson } from "./person.ts";

/** Where screenshots go; not under version control. */
export const OUT: string = fileURLToPath(new URL("./out/", import.meta.url));

/** The sizes looked at. */
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
/** A small laptop. */
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 900 } };

/** Starts the browser named by CHROMIUM, Debian's by default. */
export async function startBrowser(): Promise<Browser> {
  mkdirSync(OUT, { recursive: true });
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=no-user-gesture-required",
      "--use-fake-ui-for-media-stream",
    ],
  });
}

/** A page under watch. */
export type WatchedPage = {
  readonly page: Page;
  /** Console errors and uncaught errors so far. */
  readonly errors: readonly string[];
  /** Requests that went to another origin than the server's. */
  readonly strangers: readonly string[];
  readonly close: () => Promise<void>;
};

/** Opens a page in which `plan` stands before the camera. */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions,
  plan: PersonPlan | null,
): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  const strangers: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.origin !== origin) {
      strangers.push(request.url());
    }
  });
  if (plan !== null) await page.addInitScript(playPerson, plan);
  return { page, errors, strangers, close: () => context.close() };
}

/** Waits until the page's root is in one of these states; returns it. */
export async function waitForState(
  page: Page,
  states: readonly string[],
  timeout = 60_000,
): Promise<string> {
  const handle = await page.waitForFunction(
    (wanted) => {
      const state = document.getElementById("app")?.dataset["state"] ?? "";
      return wanted.includes(state) ? state : null;
    },
    states,
    { timeout },
  );
  return (await handle.jsonValue()) ?? "";
}

/** What the virtual person left on the page. */
export async function traceOf(
  page: Page,
): Promise<{ readonly live: number; readonly tracks: number; readonly played: readonly string[] }> {
  return page.evaluate(() => {
    const trace = (window as unknown as { readonly __person: PersonTrace }).__person;
    return {
      tracks: trace.tracks.length,
      live: trace.tracks.filter((track) => track.readyState === "live").length,
      played: [...trace.played],
    };
  });
}
