"""Writes a checkpoint's averaged weights as ONNX: normalisation folded into the convolutions."""

import argparse
import pickle
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import bank
import features
import net


def folded(weights, running):
    """[(name, kernel [out, in, k], bias, stride)] of convolutions alone."""
    found = []
    for name, kernel, inputs, outputs, stride in net.layers():
        own, seen = weights[name], running[name]
        gain = own["gain"] / np.sqrt(seen["var"] + net.NORM_EPSILON)
        w = (own["w"] * gain).reshape(kernel, inputs, outputs).transpose(2, 1, 0)
        found.append((name, w, own["bias"] - seen["mean"] * gain, stride))
    out = weights["out"]
    found.append(("out", out["w"].T[:, :, None], out["bias"], 1))
    return found


def graph(weights, running):
    """Input `features` [1, frames, 40], output `log_probabilities` [1, frames / 3, 23]."""
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))

    nodes.append(helper.make_node("Transpose", ["features"], ["x0"], perm=[0, 2, 1]))
    now = "x0"
    for name, w, bias, stride in folded(weights, running):
        constant(f"{name}.w", w)
        constant(f"{name}.b", bias)
        half = (w.shape[2] - 1) // 2
        nodes.append(helper.make_node("Conv", [now, f"{name}.w", f"{name}.b"], [f"{name}.y"],
                                      kernel_shape=[w.shape[2]], pads=[half, half], strides=[stride]))
        if name == "out":
            now = f"{name}.y"
            continue
        nodes.append(helper.make_node("Relu", [f"{name}.y"], [f"{name}.r"]))
        if name.startswith("block"):
            nodes.append(helper.make_node("Add", [now, f"{name}.r"], [f"{name}.s"]))
            now = f"{name}.s"
        else:
            now = f"{name}.r"
    nodes.append(helper.make_node("Transpose", [now], ["logits"], perm=[0, 2, 1]))
    nodes.append(helper.make_node("LogSoftmax", ["logits"], ["log_probabilities"], axis=2))
    made = helper.make_graph(
        nodes, "digits-tiny",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, "frames", features.MELS])],
        [helper.make_tensor_value_info("log_probabilities", TensorProto.FLOAT, [1, "steps", bank.LABELS])],
        constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8,
                              producer_name="zhenren training/digits")
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--to", required=True, help="the .onnx file to write")
    arguments = parser.parse_args()
    step, _, _, _, (weights, running) = pickle.loads((Path(arguments.work) / "checkpoint.pickle").read_bytes())
    Path(arguments.to).write_bytes(graph(weights, running).SerializeToString())
    print(f"step {step}: {arguments.to}, {Path(arguments.to).stat().st_size} bytes")


if __name__ == "__main__":
    main()
