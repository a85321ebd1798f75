// Golden vectors of the TensorFlow.js models, made with its plain JavaScript backend. See README.md.
//   node make-tfjs.mjs MODELS_FOLDER OUTPUT_FOLDER

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { drawing, noise } from "./pictures.mjs";

const [models, output] = process.argv.slice(2);

// Our name, file, input size, and how a pixel (as [r, g, b]) is presented to the model.
const signed = (rgb) => rgb.map((value) => value / 127.5 - 1);
const unit = (rgb) => rgb.map((value) => value / 255);
const caffe = ([r, g, b]) => [b - 103.939, g - 116.779, r - 123.68];
const contracts = [
  ["detection_short", "facemesh-detection-short", 128, signed],
  ["blazeface", "blazeface", 256, signed],
  ["attention", "facemesh-attention", 192, unit],
  ["faceres", "faceres", 224, caffe],
];

function load(file) {
  const json = JSON.parse(readFileSync(join(models, `${file}.json`), "utf8"));
  const weights = readFileSync(join(models, `${file}.bin`));
  return loadGraphModel({
    load: async () => ({
      modelTopology: json.modelTopology,
      signature: json.signature ?? json.userDefinedMetadata?.signature,
      weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
      weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length),
    }),
  });
}

await tf.setBackend("cpu");
for (const [name, file, size, present] of contracts) {
  const model = await load(file);
  for (const [picture, draw] of Object.entries({ noise, drawing })) {
    const rgb = draw(size);
    const values = [];
    for (let at = 0; at < rgb.length; at += 3) values.push(...present(rgb.slice(at, at + 3)));
    const input = tf.tensor4d(Float32Array.from(values), [1, size, size, 3]);
    const results = [model.execute(input, model.outputs.map((port) => port.name))].flat();
    const parts = results.map((result) => Buffer.from(new Float32Array(result.dataSync()).buffer));
    writeFileSync(join(output, `${name}.${picture}.f32`), Buffer.concat(parts));
    console.log(name, picture, model.outputs.map((port) => `${port.name} ${port.shape}`).join("; "));
  }
}
