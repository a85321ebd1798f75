// The demo page's looks, without a server: the test plays the demo back end. Whether the page and
// a real server understand each other is the business of `verification.e2e.ts`.

import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DESKTOP, OUT, openPage, PHONE, startBrowser } from "./browser.ts";
import { drawnPoses } from "./drawn-poses.ts";
import { type PagesServer, servePages } from "./pages-server.ts";

let browser: Browser;
let pages: PagesServer;

beforeAll(async () => {
  [browser, pages] = await Promise.all([startBrowser(), servePages()]);
});
afterAll(async () => {
  await browser.close();
  pages.stop();
});

const JUDGEMENTS = [
  {
    cue: "face_presence",
    value: 0.99,
    unit: "ratio",
    bound: "at_least",
    threshold: 0.9,
    holds: true,
    excused: false,
  },
  {
    cue: "sharpness",
    value: 41.2,
    unit: "luma variance",
    bound: "at_least",
    threshold: 20,
    holds: true,
    excused: false,
  },
  {
    cue: "actions_seen_share",
    value: 0.67,
    unit: "ratio",
    bound: "at_least",
    threshold: 1,
    holds: false,
    excused: false,
  },
  {
    cue: "eye_range",
    value: 0.09,
    unit: "ratio",
    bound: "at_least",
    threshold: 0.25,
    holds: false,
    excused: true,
  },
  {
    cue: "comparison_fmr",
    value: null,
    unit: "ratio",
    bound: "at_most",
    threshold: 0.0001,
    holds: false,
    excused: false,
  },
];

async function answer(page: Page): Promise<void> {
  const answers: Readonly<Record<string, unknown>> = {
    people: { id: "per_01j", replaced: false },
    start: {
      appid: "wx_demo",
      user_id_key: "0123456789abcdef",
      capture_url: `${pages.origin}/capture#appid=wx_demo&user_id_key=0123456789abcdef`,
      calls: [
        {
          request: { method: "GET", path: "/cgi-bin/token?appid=wx_demo&secret=…", body: null },
          response: { access_token: "…", expires_in: 7200 },
        },
        {
          request: {
            method: "POST",
            path: "/cityservice/face/identify/getuseridkey?access_token=…",
            body: { name: "张三", id_card_number: "11010519491231002X" },
          },
          response: { errcode: 0, errmsg: "ok", user_id_key: "0123456789abcdef", expires_in: 3600 },
        },
      ],
    },
    result: {
      getinfo: { errcode: 0, errmsg: "ok", identify_ret: 10028, identify_time: 1_795_000_000 },
      verification: {
        outcome: "rejected",
        reason: "challenge_not_followed",
        billing: { settled_fen: 0 },
        attempts: [
          {
            state: "done",
            reason: "challenge_not_followed",
            judgements: JUDGEMENTS,
            timings_ms: [
              ["decode", 142.3],
              ["measure", 480.9],
            ],
          },
        ],
      },
      calls: [
        {
          request: {
            method: "POST",
            path: "/cityservice/face/identify/getinfo?access_token=…",
            body: { verify_result: "vr_1" },
          },
          response: { errcode: 0, errmsg: "ok", identify_ret: 10028 },
        },
      ],
    },
  };
  await page.route("**/demo/api/*", (route: Route) => {
    const name = route.request().url().split("/").at(-1) ?? "";
    return route.fulfill({ json: answers[name] });
  });
}

test.each([
  ["demo-desktop-en", DESKTOP],
  ["demo-phone-zh", { ...PHONE, locale: "zh-CN" }],
])("%s walks its three steps", async (look, options) => {
  const plan = { kind: "bona_fide", poses: drawnPoses(), delayMs: 300 } as const;
  const { page, errors, strangers, close } = await openPage(browser, pages.origin, options, plan);
  await answer(page);
  await page.goto(`${pages.origin}/demo`);
  await page.click("#enrol");
  await page.waitForSelector('.said[data-tone="bad"]');
  await page.locator(".photo .row button").first().click();
  await page.locator(".photo .row button").nth(1).click();
  await page.waitForSelector(".picture img:not([hidden])");
  await page.click("#enrol");
  await page.waitForSelector('#step-1[data-step="done"]');
  await page.screenshot({ path: `${OUT}${look}-1.png`, fullPage: true });
  await page.click("#start");
  await page.frameLocator("#capture").locator('[data-state="idle"] .card h1').waitFor();
  await page.screenshot({ path: `${OUT}${look}-2.png`, fullPage: true });
  await page.evaluate(() => {
    const message = { source: "zhenren", state: "done", verify_result: "vr_1", errcode: 10028 };
    postMessage(message, location.origin);
  });
  await page.waitForSelector("#verdict");
  await page.screenshot({ path: `${OUT}${look}-3.png`, fullPage: true });
  expect(await page.locator("#verdict").getAttribute("data-outcome")).toBe("rejected");
  expect(await page.locator('tr[data-holds="false"]').count()).toBe(2);
  expect(errors).toEqual([]);
  expect(strangers).toEqual([]);
  await close();
});
