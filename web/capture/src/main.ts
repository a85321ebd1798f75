// The hosted capture page: reads the link, builds the page, runs the capture.

import "./ui/page.css";
import { captureClient } from "./adapter/client.ts";
import { deviceId } from "./adapter/device-id.ts";
import { parseLink } from "./adapter/entry.ts";
import { hostOrigin, tellHost } from "./adapter/host.ts";
import { browserTransport } from "./adapter/http.ts";
import { runCapture } from "./adapter/perform.ts";
import type { State } from "./core/machine.ts";
import { initial } from "./core/step.ts";
import { chooseLocale, type Locale } from "./texts/texts.ts";
import { createView } from "./ui/view.ts";

function isSupported(): boolean {
  return (
    typeof MediaRecorder === "function" &&
    typeof navigator.mediaDevices?.getUserMedia === "function" &&
    typeof crypto.subtle?.digest === "function"
  );
}

function start(root: HTMLElement): void {
  const link = parseLink(location.hash);
  let locale: Locale = chooseLocale(
    link.lang ?? new URLSearchParams(location.search).get("lang"),
    navigator.languages,
  );
  const first: State =
    link.entry === null
      ? { name: "failed", attempt: null, problem: "link_invalid", retry: null }
      : initial(link.entry, isSupported());
  const origin = hostOrigin(link.host_origin, document.referrer, location.origin);

  const view = createView(root, {
    pressed: (event) => capture.dispatch(event),
    languageSwitched: () => {
      locale = locale === "en" ? "zh-CN" : "en";
      view.show(capture.state(), locale);
    },
  });
  const capture = runCapture(first, {
    client: captureClient(browserTransport(), ""),
    base: "",
    media: {
      getUserMedia: (constraints) => navigator.mediaDevices.getUserMedia(constraints),
    },
    preview: view.preview,
    locale: () => locale,
    deviceId: () => deviceId(() => localStorage),
    tellHost: (message) => tellHost(message, origin),
    show: (state) => view.show(state, locale),
  });

  addEventListener("pagehide", () => capture.dispatch({ type: "page_left" }));
  // Another link in the same tab is another capture.
  addEventListener("hashchange", () => location.reload());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) capture.dispatch({ type: "page_hidden" });
  });
}

const root = document.getElementById("app");
if (root !== null) start(root);
