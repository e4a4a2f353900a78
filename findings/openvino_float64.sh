#!/usr/bin/env bash
# OpenVINO 2026.4.1 accepts an ONNX model of float64 numbers, returns float64 arrays, and computes them in float32.
# The CPU device refuses INFERENCE_PRECISION_HINT=f64 as unsupported.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy==2.4.6 onnx==1.23.2 openvino==2026.4.1
"$folder/venv/bin/python" - "$folder/double.onnx" <<'PYTHON'
import sys

import numpy as np
import onnx
import openvino
from onnx import TensorProto, helper

ends = [
    helper.make_tensor_value_info(name, TensorProto.DOUBLE, [1, 1]) for name in "xy"
]
graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "doubled", *[[end] for end in ends])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model, full_check=True)
onnx.save(model, sys.argv[1])

core = openvino.Core()
x = np.array([[1.0 + 2.0**-40]])
compiled = core.compile_model(sys.argv[1], "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
y = compiled({"x": x})[0]
print("OpenVINO", openvino.__version__.split("-")[0])
print("element type of the output:", compiled.output(0).element_type, "array:", y.dtype)
print("expected", repr(2 * x[0, 0]), "got", repr(y[0, 0]))
try:
    core.compile_model(sys.argv[1], "CPU", {"INFERENCE_PRECISION_HINT": "f64"})
    refused = False
except RuntimeError:
    refused = True
print("the hint f64 is refused:", refused)
unchanged = y.dtype == np.float64 and y[0, 0] == 2.0 and refused
sys.exit(not unchanged)
PYTHON
