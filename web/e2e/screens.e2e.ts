// Every screen of the capture page, with a browser but without a server: the test answers the
// capture calls. Leaves a screenshot of each in `out/`.

import type { Browser, BrowserContextOptions, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DESKTOP, OUT, openPage, PHONE, startBrowser, traceOf, waitForState } from "./browser.ts";
import { drawnPoses } from "./drawn-poses.ts";
import { type PagesServer, servePages } from "./pages-server.ts";
import type { PersonKind } from "./person.ts";

const ACTIONS = ["blink", "mouth", "nod", "turn_left", "turn_right"];

let browser: Browser;
let pages: PagesServer;

beforeAll(async () => {
  [browser, pages] = await Promise.all([startBrowser(), servePages()]);
});
afterAll(async () => {
  await browser.close();
  pages.stop();
});

/** How the answers differ from a capture that goes well. */
type Script = {
  readonly actions?: readonly string[];
  readonly result?: Readonly<Record<string, unknown>>;
  readonly begin?: { readonly status: number; readonly code: string };
  readonly partDelayMs?: number;
  readonly never?: "attempts" | "result";
};

/** What the page sent, for the test to look at. */
type Received = {
  bytes: number;
  parts: number;
  complete: Readonly<Record<string, unknown>> | null;
  cancels: string[];
};

async function answerCalls(page: Page, script: Script): Promise<Received> {
  const received: Received = { bytes: 0, parts: 0, complete: null, cancels: [] };
  // One short prompt unless the test is about prompts.
  const steps = script.actions?.map((action, index) => ({
    action,
    at_ms: 900 + index * 1600,
    window_ms: 1400,
  })) ?? [{ action: "blink", at_ms: 300, window_ms: 700 }];
  const duration = 1200 + (script.actions?.length ?? 0) * 1600;
  const handlers: readonly (readonly [RegExp, (route: Route) => Promise<void>])[] = [
    [
      /\/challenge$/,
      (route) =>
        json(route, 200, {
          challenge: { version: 1, kind: "multi_action", duration_ms: duration, steps },
          deadline_at: "2030-01-01T00:00:00Z",
        }),
    ],
    [
      /\/parts\/\d+$/,
      async (route) => {
        const bytes = route.request().postDataBuffer()?.length ?? 0;
        await new Promise((resolve) => setTimeout(resolve, script.partDelayMs ?? 0));
        received.bytes += bytes;
        received.parts += 1;
        await json(route, 200, { index: received.parts - 1, bytes });
      },
    ],
    [
      /\/complete$/,
      (route) => {
        received.complete = route.request().postDataJSON();
        return json(route, 202, { state: "analyzing" });
      },
    ],
    [
      /\/cancel$/,
      (route) => {
        received.cancels.push(JSON.parse(route.request().postData() ?? "{}").reason);
        return json(route, 200, { state: "cancelled" });
      },
    ],
    [
      /\/attempts$/,
      (route) => {
        if (script.never === "attempts") return Promise.resolve();
        if (script.begin) return json(route, script.begin.status, { code: script.begin.code });
        return json(route, 201, {
          attempt_id: "att_1",
          attempt_token: "secret",
          verify_result: "vr_1",
          deadline_at: "2030-01-01T00:00:00Z",
          limits: { bytes_max: 20_971_520, part_bytes_max: 1_048_576, parts_max: 64 },
          consent: { version: "1" },
          texts: { app_name: "Zhenren Demo" },
        });
      },
    ],
    [
      /\/attempts\/att_1\?/,
      (route) =>
        script.never === "result"
          ? Promise.resolve()
          : json(route, 200, {
              state: "done",
              result: {
                outcome: "accepted",
                errcode: 0,
                hint: null,
                retry: null,
                ...script.result,
              },
            }),
    ],
  ];
  await page.route("**/capture/v1/**", async (route) => {
    const handler = handlers.find(([path]) => path.test(route.request().url()));
    await (handler ? handler[1](route) : json(route, 404, { code: "not_found" }));
  });
  return received;
}

function json(route: Route, status: number, body: unknown): Promise<void> {
  return route.fulfill({ status, contentType: "application/json", body: JSON.stringify(body) });
}

async function open(
  script: Script,
  options: BrowserContextOptions = PHONE,
  kind: PersonKind = "bona_fide",
  fragment = "#token=t",
) {
  const watched = await openPage(browser, pages.origin, options, {
    kind,
    poses: drawnPoses(),
    delayMs: 300,
  });
  const received = await answerCalls(watched.page, script);
  await watched.page.goto(`${pages.origin}/capture${fragment}`);
  return { ...watched, received };
}

async function press(page: Page, event: string): Promise<void> {
  await page.click(`button[data-event="${event}"]`);
}

async function untilRecording(page: Page): Promise<void> {
  await press(page, "begin_pressed");
  await waitForState(page, ["positioning"]);
  await press(page, "ready_pressed");
  await waitForState(page, ["recording"]);
}

function shot(page: Page, name: string): Promise<Buffer> {
  return page.screenshot({ path: `${OUT}${name}.png` });
}

// Two looks cover both languages, sizes and colours; E2E_LOOKS=all takes pictures of four.
const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ["phone-zh", { ...PHONE, locale: "zh-CN" }],
  ["desktop-en-dark", { ...DESKTOP, locale: "en-GB", colorScheme: "dark" }],
  ...(process.env["E2E_LOOKS"] === "all"
    ? [
        ["phone-en", { ...PHONE, locale: "en-GB" }] as const,
        ["phone-zh-dark", { ...PHONE, locale: "zh-CN", colorScheme: "dark" }] as const,
      ]
    : []),
];

describe.each(LOOKS)("%s", (look, options) => {
  test("a capture shows every screen on its way and releases the camera", async () => {
    const { page, received, errors, strangers, close } = await open(
      { actions: ACTIONS, partDelayMs: 700 },
      options,
    );
    await shot(page, `${look}-1-intro`);
    await press(page, "begin_pressed");
    await waitForState(page, ["positioning"]);
    await page.waitForFunction(() => document.querySelector(".chip")?.textContent !== "");
    await page.waitForTimeout(800);
    await shot(page, `${look}-2-positioning`);
    await press(page, "ready_pressed");
    await page.waitForSelector(".count b");
    await page.waitForTimeout(500);
    await shot(page, `${look}-3-countdown`);
    await waitForState(page, ["recording"]);
    for (const action of ACTIONS) {
      await page.waitForSelector(`#action[data-action="${action}"]`);
      await page.waitForTimeout(450);
      await shot(page, `${look}-4-${action}`);
    }
    await waitForState(page, ["sending"]);
    await shot(page, `${look}-5-sending`);
    await waitForState(page, ["done"]);
    await page.waitForTimeout(700);
    await shot(page, `${look}-6-accepted`);

    const trace = await traceOf(page);
    expect(trace.played).toEqual(ACTIONS);
    expect(trace.tracks).toBe(2);
    expect(trace.live).toBe(0);
    expect(received.complete).toMatchObject({ parts_count: received.parts, bytes: received.bytes });
    const clock = received.complete?.["clock"] as {
      readonly onsets_ms: readonly number[];
      readonly frames_ms: readonly unknown[];
    };
    // Prompts appear after they are due, and well inside their window even on a busy machine.
    for (const [index, onset] of clock.onsets_ms.entries()) {
      expect(onset).toBeGreaterThanOrEqual(900 + index * 1600);
      expect(onset).toBeLessThan(900 + index * 1600 + 700);
    }
    expect(clock.frames_ms.length).toBeGreaterThan(50);
    expect(errors).toEqual([]);
    expect(strangers).toEqual([]);
    await close();
  });

  test("the ends that are no success say what to do", async () => {
    const ends: readonly (readonly [string, Script])[] = [
      ["7-rejected", { result: { outcome: "rejected", errcode: 10004, hint: null } }],
      [
        "7-inconclusive",
        {
          result: {
            outcome: "inconclusive",
            errcode: 10010,
            hint: "more_light",
            retry: { capture_token: "t2" },
          },
        },
      ],
    ];
    for (const [name, script] of ends) {
      const { page, close } = await open(script, options);
      await untilRecording(page);
      await waitForState(page, ["done"]);
      await page.waitForTimeout(600);
      await shot(page, `${look}-${name}`);
      await close();
    }
  });

  test("a refused camera is explained and can be asked for again", async () => {
    const { page, received, errors, close } = await open({}, options, "refuses_camera");
    await press(page, "begin_pressed");
    await waitForState(page, ["refused"]);
    await shot(page, `${look}-8-refused`);
    expect(await page.locator(".todo li").count()).toBe(3);
    await press(page, "retry_pressed");
    await waitForState(page, ["refused"]);
    await page.click("#quit");
    await waitForState(page, ["cancelled"]);
    await shot(page, `${look}-9-cancelled`);
    await expect.poll(() => received.cancels).toEqual(["not_authorised"]);
    expect(errors).toEqual([]);
    await close();
  });

  test("waiting, connecting and a spent link", async () => {
    const waiting = await open({ never: "result" }, options);
    await untilRecording(waiting.page);
    await waitForState(waiting.page, ["waiting"]);
    await shot(waiting.page, `${look}-5-waiting`);
    await waiting.close();
    const spent = await open({ begin: { status: 410, code: "token_spent" } }, options);
    await press(spent.page, "begin_pressed");
    await waitForState(spent.page, ["failed"]);
    await shot(spent.page, `${look}-9-failed`);
    await spent.close();
  });
});

test("without a microphone the capture goes on with the picture alone", async () => {
  const { page, close } = await open({}, PHONE, "refuses_microphone");
  await untilRecording(page);
  await waitForState(page, ["done"]);
  expect(await traceOf(page)).toMatchObject({ tracks: 1, live: 0 });
  await close();
});

test("a link without a secret says so and opens no camera", async () => {
  const { page, close } = await open({}, PHONE, "bona_fide", "");
  await waitForState(page, ["failed"]);
  expect(await page.textContent(".lead")).toContain("incomplete");
  expect((await traceOf(page)).tracks).toBe(0);
  await close();
});

test("the page can be used with the keyboard alone, and speaks its prompts", async () => {
  const { page, close } = await open({ actions: ["nod"] }, DESKTOP);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await waitForState(page, ["positioning"]);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector('#action[data-action="nod"]');
  expect(await page.textContent("#live")).toContain("Nod");
  await waitForState(page, ["done"]);
  expect(await page.textContent("#live")).toContain("it is you");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("All done");
  await close();
});

test("an opener hears the end, and only on its own origin", async () => {
  const { page, close } = await open({});
  await page.evaluate(() => {
    const frame = document.createElement("iframe");
    frame.src = "/capture#token=t&lang=en";
    frame.allow = "camera; microphone";
    const heard: unknown[] = [];
    Object.assign(window, { heard });
    addEventListener("message", (event) => heard.push(event.data));
    document.body.replaceChildren(frame);
  });
  const frame = page.frameLocator("iframe");
  await frame.locator('button[data-event="begin_pressed"]').click();
  await frame.locator('button[data-event="ready_pressed"]').click();
  await frame.locator('[data-state="done"]').waitFor({ timeout: 30_000 });
  const heard = await page.evaluate(() => (window as unknown as { heard: unknown[] }).heard);
  expect(heard).toEqual([{ source: "zhenren", state: "done", verify_result: "vr_1", errcode: 0 }]);
  await close();
});
