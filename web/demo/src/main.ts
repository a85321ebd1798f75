// The newcomer's page: enrol, verify, read the answer. Plays a tenant through the demo back end.

import "./demo.css";
import { chooseLocale } from "../../capture/src/texts/texts.ts";
import { el } from "../../capture/src/ui/dom.ts";
import { createEnrolStep } from "./enrol-step.ts";
import { createResultStep } from "./result-step.ts";
import { createStartStep } from "./start-step.ts";
import { DEMO_TABLES } from "./texts.ts";

function build(root: HTMLElement): void {
  const asked = new URLSearchParams(location.search).get("lang");
  const locale = chooseLocale(asked, navigator.languages);
  const texts = DEMO_TABLES[locale];
  document.documentElement.lang = locale;
  document.title = texts.title;

  const result = createResultStep(texts);
  const start = createStartStep(texts, locale, (verifyResult) => {
    start.setState("done");
    result.setState("current");
    void result.read(verifyResult);
  });
  const enrol = createEnrolStep(texts, (person) => {
    enrol.setState("done");
    start.setState("current");
    start.setPerson(person);
  });
  enrol.setState("current");

  const other = locale === "en" ? "zh" : "en";
  root.replaceChildren(
    el("header", {}, [
      el("p", { class: "brand" }, ["真人 Zhenren"]),
      el("a", { class: "switch", href: `?lang=${other}` }, [texts.switch_language]),
      el("h1", {}, [texts.title]),
      el("p", { class: "soft" }, [texts.lead]),
    ]),
    el("main", {}, [enrol.element, start.element, result.element]),
    el("footer", {}, [
      el("b", {}, [texts.no_webcam_title]),
      ` ${texts.no_webcam} `,
      el("code", {}, ["zhenren simulate --subject bona-fide"]),
    ]),
  );
}

const root = document.getElementById("demo");
if (root !== null) build(root);
