// Step 1: name, number and photo of a person go to the library of enrolled people.

import { openCamera, stopStream } from "../../capture/src/adapter/camera.ts";
import { fill } from "../../capture/src/texts/texts.ts";
import { el } from "../../capture/src/ui/dom.ts";
import { enrol, Refused } from "./backend.ts";
import { type Photo, photoOfFile, photoOfVideo } from "./photo.ts";
import { createStep, type DemoStep } from "./step.ts";
import type { DemoTexts } from "./texts.ts";

/** Who was enrolled. */
export type Person = { readonly name: string; readonly idNumber: string };

// The sample number printed in GB 11643: right checksum, nobody's number.
const SAMPLE_ID_NUMBER = "11010519491231002X";

/** Builds the step; `enrolled` is told about every person that went in. */
export function createEnrolStep(texts: DemoTexts, enrolled: (person: Person) => void): DemoStep {
  const step = createStep(1, texts.enrol_title, texts.enrol_lead);
  const name = el("input", { id: "name", name: "name", autocomplete: "off", required: "" });
  name.value = texts.name_value;
  const idNumber = el("input", { id: "id-number", autocomplete: "off", required: "" });
  idNumber.value = SAMPLE_ID_NUMBER;
  const submit = el("button", { class: "primary", type: "submit", id: "enrol" }, [texts.enrol]);
  const picker = createPhotoPicker(texts, step);
  const form = el("form", { class: "enrol" }, [
    el("div", { class: "fields" }, [
      el("label", { for: "name" }, [texts.name]),
      name,
      el("label", { for: "id-number" }, [texts.id_number]),
      idNumber,
      el("p", { class: "soft small" }, [texts.id_note]),
      submit,
    ]),
    picker.element,
  ]);
  step.body.append(form);

  const send = async (): Promise<void> => {
    const photo = picker.photo();
    if (photo === null) {
      step.say(texts.photo_missing, "bad");
      return;
    }
    submit.disabled = true;
    step.say(texts.enrolling, "plain");
    const person = { name: name.value.trim(), idNumber: idNumber.value.trim() };
    try {
      const { id, replaced } = await enrol(person.name, person.idNumber, photo.base64);
      step.say(fill(replaced ? texts.enrolled_again : texts.enrolled, { id }), "good");
      enrolled(person);
    } catch (error) {
      const detail = error instanceof Refused ? error.message : texts.offline;
      step.say(fill(texts.failed, { detail }), "bad");
    } finally {
      submit.disabled = false;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  return step;
}

type PhotoPicker = { readonly element: HTMLElement; readonly photo: () => Photo | null };

function createPhotoPicker(texts: DemoTexts, step: DemoStep): PhotoPicker {
  let photo: Photo | null = null;
  const image = el("img", { alt: texts.photo, hidden: "" });
  const video = el("video", { playsinline: "", hidden: "" });
  video.muted = true;
  const empty = el("p", { class: "soft small" }, [texts.photo_none]);
  const file = el("input", {
    id: "photo-file",
    type: "file",
    accept: "image/jpeg,image/png,image/webp",
    class: "unseen",
  });
  const take = el("button", { class: "secondary small", type: "button", hidden: "" }, [
    texts.photo_take,
  ]);
  const camera = el("button", { class: "secondary small", type: "button" }, [texts.photo_camera]);

  const use = (picked: Photo | null): void => {
    if (picked === null) {
      step.say(texts.photo_too_large, "bad");
      return;
    }
    if (photo !== null) URL.revokeObjectURL(photo.url);
    photo = picked;
    image.src = picked.url;
    image.hidden = false;
    empty.hidden = true;
    step.say("", "plain");
  };
  const stopCamera = (): void => {
    if (video.srcObject instanceof MediaStream) stopStream(video.srcObject);
    video.srcObject = null;
    video.hidden = true;
    take.hidden = true;
    camera.hidden = false;
  };
  const startCamera = async (): Promise<void> => {
    try {
      video.srcObject = await openCamera(navigator.mediaDevices);
      image.hidden = true;
      empty.hidden = true;
      video.hidden = false;
      take.hidden = false;
      camera.hidden = true;
      await video.play();
    } catch {
      stopCamera();
      step.say(texts.camera_failed, "bad");
    }
  };

  file.addEventListener("change", () => {
    stopCamera();
    const picked = file.files?.[0];
    if (picked) void photoOfFile(picked).then(use);
  });
  camera.addEventListener("click", () => void startCamera());
  take.addEventListener("click", () => void photoOfVideo(video).then(use).finally(stopCamera));
  addEventListener("pagehide", stopCamera);

  return {
    photo: () => photo,
    element: el("div", { class: "photo" }, [
      el("div", { class: "picture" }, [image, video, empty]),
      el("div", { class: "row" }, [
        el("label", { for: "photo-file", class: "secondary small as-button" }, [texts.photo_file]),
        file,
        camera,
        take,
      ]),
    ]),
  };
}
