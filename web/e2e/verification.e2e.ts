// The whole path in a real browser against the real binary: a virtual person is enrolled, walks
// through the hosted capture page, and the tenant's back end reads the answer with getinfo.

import { createHash } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  DESKTOP,
  OUT,
  openPage,
  PHONE,
  startBrowser,
  traceOf,
  type WatchedPage,
  waitForState,
} from "./browser.ts";
import type { PersonKind } from "./person.ts";
import { type RenderedPerson, renderPerson } from "./poses.ts";
import { callDemo, type Json, startServer, type ZhenrenServer } from "./server.ts";

const NAME = "张三";
// The sample number printed in GB 11643.
const ID_NUMBER = "11010519491231002X";
const ENROLLED_SEED = 1;
const OTHER_SEED = 2;

let browser: Browser;
let server: ZhenrenServer;
let enrolled: RenderedPerson;
let other: RenderedPerson;
let open: WatchedPage[] = [];

beforeAll(async () => {
  [browser, server, enrolled, other] = await Promise.all([
    startBrowser(),
    startServer(),
    renderPerson(ENROLLED_SEED),
    renderPerson(OTHER_SEED),
  ]);
  await callDemo(server.origin, "people", {
    name: NAME,
    id_number: ID_NUMBER,
    photo: enrolled.referenceBase64,
  });
}, 300_000);

afterEach(async () => {
  await Promise.all(open.map((watched) => watched.close()));
  open = [];
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens the capture page of a new verification with somebody before the camera. */
async function beginCapture(who: RenderedPerson, kind: PersonKind): Promise<WatchedPage> {
  const started = await callDemo(server.origin, "start", { name: NAME, id_number: ID_NUMBER });
  const watched = await openPage(browser, server.origin, PHONE, {
    kind,
    poses: who.poses,
    delayMs: 350,
  });
  open.push(watched);
  await watched.page.goto(String(started["capture_url"]));
  return watched;
}

/** Remembers the verify_result that begins the attempt, as the page's host would be told. */
function catchVerifyResult(page: Page): Promise<string> {
  return page
    .waitForResponse(
      (response) =>
        response.request().method() === "POST" &&
        new URL(response.url()).pathname === "/capture/v1/attempts",
    )
    .then(async (response) => String(((await response.json()) as Json)["verify_result"]));
}

async function goThrough(page: Page, name: string): Promise<string> {
  const verifyResult = catchVerifyResult(page);
  await page.click('button[data-event="begin_pressed"]');
  await waitForState(page, ["positioning"]);
  await page.waitForTimeout(700);
  await page.screenshot({ path: `${OUT}real-${name}-positioning.png` });
  await page.click('button[data-event="ready_pressed"]');
  await page.waitForSelector('#action:not([data-action=""])');
  await page.waitForTimeout(900);
  await page.screenshot({ path: `${OUT}real-${name}-recording.png` });
  await waitForState(page, ["done", "failed", "refused", "cancelled"], 100_000);
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${OUT}real-${name}-end.png` });
  return verifyResult;
}

async function readBack(verifyResult: string): Promise<{ getinfo: Json; verification: Json }> {
  const answer = await callDemo(server.origin, "result", { verify_result: verifyResult });
  return { getinfo: answer["getinfo"] as Json, verification: answer["verification"] as Json };
}

async function expectQuietAndDark({ page, errors, strangers }: WatchedPage): Promise<void> {
  expect(errors).toEqual([]);
  expect(strangers).toEqual([]);
  expect((await traceOf(page)).live).toBe(0);
}

/** What a failing test prints, so that the reason is in its message. */
function why(answer: { getinfo: Json; verification: Json }): string {
  return JSON.stringify(answer, null, 1);
}

function md5(text: string): string {
  return createHash("md5").update(text, "utf8").digest("hex");
}

test("a bona fide person passes, and getinfo returns 0 with both MD5s", async () => {
  const capture = await beginCapture(enrolled, "bona_fide");
  const verifyResult = await goThrough(capture.page, "bona-fide");
  const answer = await readBack(verifyResult);
  expect(answer.getinfo, why(answer)).toMatchObject({
    errcode: 0,
    identify_ret: 0,
    name_utf8_md5: md5(NAME),
    id_card_number_md5: md5(ID_NUMBER),
  });
  expect(await capture.page.getAttribute("#app", "data-outcome")).toBe("accepted");
  await expectQuietAndDark(capture);
});

test("a print is rejected", async () => {
  const capture = await beginCapture(enrolled, "print");
  const answer = await readBack(await goThrough(capture.page, "print"));
  expect(answer.verification["outcome"], why(answer)).toBe("rejected");
  expect(answer.getinfo["errcode"]).toBe(0);
  expect(answer.getinfo["identify_ret"], why(answer)).not.toBe(0);
  await expectQuietAndDark(capture);
});

test("a person who ignored the prompts is told so, tries again and passes", async () => {
  const capture = await beginCapture(enrolled, "ignores_first");
  const { page } = capture;
  await goThrough(page, "ignores");
  expect(await page.getAttribute("#app", "data-outcome")).toBe("inconclusive");
  expect(await page.textContent(".lead")).toContain("as soon as the screen asks");
  const verifyResult = catchVerifyResult(page);
  await page.click('button[data-event="retry_pressed"]');
  await waitForState(page, ["positioning"]);
  await page.click('button[data-event="ready_pressed"]');
  await waitForState(page, ["done"], 100_000);
  const answer = await readBack(await verifyResult);
  expect(answer.getinfo, why(answer)).toMatchObject({ identify_ret: 0 });
  await expectQuietAndDark(capture);
});

test("another person gives 10004", async () => {
  const capture = await beginCapture(other, "bona_fide");
  const answer = await readBack(await goThrough(capture.page, "other-person"));
  expect(answer.getinfo, why(answer)).toMatchObject({ errcode: 0, identify_ret: 10004 });
  await expectQuietAndDark(capture);
});

test("a person who leaves during the recording gives 90100", async () => {
  const capture = await beginCapture(enrolled, "bona_fide");
  const verifyResult = catchVerifyResult(capture.page);
  await capture.page.click('button[data-event="begin_pressed"]');
  await waitForState(capture.page, ["positioning"]);
  await capture.page.click('button[data-event="ready_pressed"]');
  await waitForState(capture.page, ["recording"]);
  const token = await verifyResult;
  await capture.page.goto("about:blank");
  await expect
    .poll(async () => (await readBack(token)).getinfo["identify_ret"], { timeout: 10_000 })
    .toBe(90_100);
});

test("a person who refuses the camera is helped, and gives 90101 when they go", async () => {
  const capture = await beginCapture(enrolled, "refuses_camera");
  const { page } = capture;
  const verifyResult = catchVerifyResult(page);
  await page.click('button[data-event="begin_pressed"]');
  await waitForState(page, ["refused"]);
  expect(await page.locator(".todo li").allTextContents()).toHaveLength(3);
  await page.click("#quit");
  await waitForState(page, ["cancelled"]);
  const token = await verifyResult;
  await expect
    .poll(async () => (await readBack(token)).getinfo["identify_ret"], { timeout: 10_000 })
    .toBe(90_101);
  await expectQuietAndDark(capture);
});

test("a newcomer enrols, verifies and reads the report on the demo page", async () => {
  const watched = await openPage(browser, server.origin, DESKTOP, {
    kind: "bona_fide",
    poses: enrolled.poses,
    delayMs: 350,
  });
  open.push(watched);
  const { page } = watched;
  await page.goto(`${server.origin}/demo`);
  await page.setInputFiles("#photo-file", {
    name: "reference.jpg",
    mimeType: "image/jpeg",
    buffer: Buffer.from(enrolled.referenceBase64, "base64"),
  });
  await page.waitForSelector(".picture img:not([hidden])");
  await page.click("#enrol");
  await page.waitForSelector('#step-1[data-step="done"]');
  await page.click("#start");
  const frame = page.frameLocator("#capture");
  await frame.locator('button[data-event="begin_pressed"]').click();
  await frame.locator('button[data-event="ready_pressed"]').click();
  await page.waitForSelector("#verdict", { timeout: 100_000 });
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${OUT}real-demo.png`, fullPage: true });
  const report = (await page.textContent("#step-3")) ?? "";
  expect(await page.getAttribute("#verdict", "data-outcome"), report).toBe("accepted");
  expect(await page.locator("tr[data-cue]").count()).toBeGreaterThan(5);
  expect(JSON.parse((await page.textContent("#step-3 .answer")) ?? "{}")).toMatchObject({
    identify_ret: 0,
  });
  expect(watched.errors).toEqual([]);
  expect(watched.strangers).toEqual([]);
});
