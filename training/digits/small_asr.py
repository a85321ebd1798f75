"""Writes the two small models that stand for `asr` packs in the Rust tests: one that hears a clip
at once, one that hears it in pieces with a memory. Loud near 1000 Hz is 三, all else is blank."""

import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

TOKENS = ["<blk>", "<unk>", "零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "幺", "好"]


def model(pieces):
    weights = np.zeros((80, len(TOKENS)), np.float32)
    weights[28, TOKENS.index("三")] = 2.0
    bias = np.full(len(TOKENS), -20.0, np.float32)
    bias[0] = 2.0
    bias[TOKENS.index("三")] = -4.0
    constants = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["l"]),
             helper.make_node("LogSoftmax", ["l"], ["all"], axis=2)]
    frames = 20 if pieces else "frames"
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, frames, 80])]
    outputs = [helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, [1, "steps", len(TOKENS)])]
    if pieces:
        constants += [numpy_helper.from_array(np.array(v, np.int64), n)
                      for n, v in (("from", [0]), ("to", [16]), ("axis", [1]), ("by", [4]))]
        nodes.append(helper.make_node("Slice", ["all", "from", "to", "axis", "by"], ["log_probs"]))
        constants.append(numpy_helper.from_array(np.array([16], np.int64), "heard"))
        nodes.append(helper.make_node("Add", ["processed_lens", "heard"], ["new_processed_lens"]))
        inputs.append(helper.make_tensor_value_info("processed_lens", TensorProto.INT64, [1]))
        outputs.append(helper.make_tensor_value_info("new_processed_lens", TensorProto.INT64, [1]))
    else:
        constants += [numpy_helper.from_array(np.array(v, np.int64), n)
                      for n, v in (("from", [0]), ("to", [1 << 40]), ("axis", [1]), ("by", [4]))]
        nodes.append(helper.make_node("Slice", ["all", "from", "to", "axis", "by"], ["log_probs"]))
        nodes.append(helper.make_node("Identity", ["x_lens"], ["log_probs_len"]))
        inputs.append(helper.make_tensor_value_info("x_lens", TensorProto.INT64, [1]))
        outputs.append(helper.make_tensor_value_info("log_probs_len", TensorProto.INT64, [1]))
    graph = helper.make_graph(nodes, "small-asr", inputs, outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    if pieces:
        helper.set_model_props(made, {"decode_chunk_len": "16"})
    checker.check_model(made, full_check=True)
    return made.SerializeToString()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "whole.onnx").write_bytes(model(False))
    (folder / "pieces.onnx").write_bytes(model(True))
    lines = [f"{token} {number}\n" for number, token in enumerate(TOKENS)]
    (folder / "tokens.txt").write_text("".join(lines), encoding="utf-8")
    (folder / "no_seven.txt").write_text("".join(lines).replace("七", "气"), encoding="utf-8")
    (folder / "longer.txt").write_text("".join(lines) + f"再 {len(lines)}\n", encoding="utf-8")
