"""A step of an LSTM that is deployed: programs in C, ``net.run``, ONNX Runtime,
PyTorch.

``python -m benchmarks.inference '{"cells": 8, "seconds": 0.2, "repeats": 5}'`` is one
row: as many inputs as cells, one output, sequences of 512 steps in one call, one
thread."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import architect
import synapse
from synapse.readwrite import c_source, onnx_model

from . import child
from .comparison import Comparison
from .instructions import march
from .markdown import number, table
from .plan import Plan, Tell
from .rtrl import Work, cells_of

TITLE = "Inference: LSTMs with as many inputs as cells, one output, µs per step"
STEPS = 512
CELLS = (8, 16, 32, 64)

PUBLISHED = {
    "RTNeural, as published, i7-8700B": (0.148, 0.320, 0.884, 3.22),
    "RTNeural, Eigen, Zen 5, measured elsewhere": (0.057, 0.070, 0.133, 1.24),
}
"""float32. Published: github.com/jatinchowdhury18/RTNeural-compare. The other: built
from its repository."""

CORTEX = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2"]

MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "net.c"

int main(int count, char **words) {
    static Network net;
    static REAL inputs[STEPS * NETWORK_INPUTS], outputs[STEPS * NETWORK_OUTPUTS];
    const double seconds = atof(words[count - 1]);
    long calls = 0;
    clock_t begin = clock();
    for (int i = 0; i < STEPS * NETWORK_INPUTS; i++)
        inputs[i] = (REAL)(rand() / (double)RAND_MAX - 0.5);
    network_clear(&net);
    for (begin = clock(); (double)(clock() - begin) < seconds * CLOCKS_PER_SEC; calls++)
        network_run(&net, inputs, outputs, STEPS);
    const double spent = 1e6 * (double)(clock() - begin) / CLOCKS_PER_SEC;
    printf("%g %g\\n", spent / STEPS / (double)calls, (double)outputs[0]);
    return 0;
}
"""


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure all sizes, each in its own process."""
    rows = []
    for cells in CELLS[:1] if plan.quick else CELLS:
        spec = {"seconds": plan.seconds, "repeats": plan.repeats, "cells": cells}
        row = child.ask("benchmarks.inference", spec, 900)
        times = ", ".join(
            f"{name} {cell['least']:.3g}" for name, cell in row.get("times", {}).items()
        )
        tell(f"LSTM {cells}: {times}  {row['status']}")
        rows.append(row)
    return {"rows": rows}


PAIRS = {
    "the program in C": ("C, float32, fast", "PyTorch, `nn.LSTM`"),
    "`net.run` without traces": (
        "`net.run` without traces, float32",
        "PyTorch, `nn.LSTM`",
    ),
    "the file in ONNX Runtime": (
        "ONNX Runtime, our file",
        "ONNX Runtime, its LSTM node alone",
    ),
}
"""Ways to run an LSTM in float32, and what does the same."""


def comparisons(results: dict[str, Any]) -> list[Comparison]:
    """Each way to run an LSTM beside what does the same, the fastest of repeats."""
    rows = []
    for way, (ours, peer) in PAIRS.items():
        for result in results["rows"]:
            times = result.get("times", {})
            if ours in times and peer in times:
                row = f"{way}, {result['cells']} cells"
                name = peer.replace("PyTorch, ", "").strip("`")
                rows.append(
                    Comparison(row, times[ours]["least"], name, times[peer]["least"])
                )
    return rows


def text(results: dict[str, Any]) -> list[str]:
    """The tables of what `measure` returns: times, and sizes of the object code."""
    rows = results["rows"]
    parts = []
    for result, unit in (
        ("times", "fastest of the repeats"),
        ("bytes", "bytes of code and weights"),
    ):
        names = list(
            dict.fromkeys(name for row in rows for name in row.get(result, {}))
        )
        values = [[row.get(result, {}).get(name) for row in rows] for name in names]
        lines = [
            [
                name,
                *(
                    number(value["least"] if isinstance(value, dict) else value)
                    for value in line
                ),
            ]
            for name, line in zip(names, values, strict=True)
        ]
        if result == "times":
            lines += [
                [name, *map(number, published[: len(rows)])]
                for name, published in PUBLISHED.items()
            ]
        parts.append(table([unit, *(f"{row['cells']} cells" for row in rows)], lines))
    return parts


class Compiled:
    """The program of a network in C, compiled for this machine; a call returns µs per
    step."""

    def __init__(self, folder: Path, net: synapse.Network, **options: Any) -> None:
        folder.mkdir()
        source = c_source(net, **options)
        (folder / "net.c").write_text(source)
        (folder / "main.c").write_text(MAIN)
        real = "float" if "const float *inputs" in source else "double"
        self.program = str(folder / "main")
        flags = ["-O3", march(), f"-DREAL={real}", f"-DSTEPS={STEPS}"]
        subprocess.run(
            ["gcc", *flags, str(folder / "main.c"), "-o", self.program, "-lm"],
            check=True,
        )

    def __call__(self, seconds: float) -> float:
        done = subprocess.run(
            [self.program, str(seconds)], capture_output=True, text=True, check=True
        )
        return float(done.stdout.split()[0])


def in_node(folder: Path, net: synapse.Network, seconds: float) -> float:
    """µs per step of the program in JavaScript."""
    synapse.save(net, folder / "net.js")
    script = Path(__file__).with_name("peers") / "inference.js"
    numbers = map(str, (len(net.input), STEPS, seconds))
    command = ["node", str(script), str(folder / "net.js"), *numbers]
    return float(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
    )


def sizes(folder: Path, net: synapse.Network) -> dict[str, int]:
    """Bytes of the object code for a microcontroller, by the options of the program."""
    bytes_of = {}
    for name, options in {
        "float32, fast": {},
        "float64, exact": {"sums": "exact"},
    }.items():
        (folder / "net.c").write_text(c_source(net, **options))
        command = [
            "arm-none-eabi-gcc",
            "-std=c99",
            *CORTEX,
            "-c",
            "net.c",
            "-o",
            "net.o",
        ]
        subprocess.run(command, cwd=folder, check=True)
        command = ["arm-none-eabi-size", "net.o"]
        done = subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True
        )
        bytes_of[f"C, {name}, Cortex-M4"] = int(done.stdout.splitlines()[1].split()[0])
    return bytes_of


def works_of(cells: int) -> dict[str, Work]:
    """By name: a function of a number of steps that runs as many or more in this
    process."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(STEPS, cells))

    def repeated(call: Callable[[], Any]) -> Work:
        return lambda steps: [call() for _ in range(-(-steps // STEPS))]

    works = {}
    for dtype in ("float32", "float64"):
        net = architect.LSTM(cells, cells, 1, dtype=dtype, seed=0)
        run = partial(net.run, rows.astype(dtype))
        works[f"`net.run`, {dtype}"] = repeated(run)
        works[f"`net.run` without traces, {dtype}"] = repeated(
            partial(run, traces=False)
        )
    if importlib.util.find_spec("torch"):
        works["PyTorch, `nn.LSTM`"] = repeated(torch_lstm(cells, rows))
    if importlib.util.find_spec("onnx") and importlib.util.find_spec("onnxruntime"):
        model = onnx_model(architect.LSTM(cells, cells, 1, seed=0))
        works["ONNX Runtime, our file"] = repeated(onnx_run(model, rows))
        works["ONNX Runtime, its LSTM node alone"] = repeated(
            onnx_run(only_node(model), rows)
        )
    return works


def only_node(model: Any) -> Any:
    """The LSTM node of a model, with its weights, as a model."""
    import onnx

    nodes = [node for node in model.graph.node if node.op_type == "LSTM"]
    del nodes[0].input[4:], nodes[0].output[1:]
    weights = [
        tensor for tensor in model.graph.initializer if tensor.name in nodes[0].input
    ]
    output = onnx.helper.make_tensor_value_info(
        nodes[0].output[0], onnx.TensorProto.FLOAT, None
    )
    graph = onnx.helper.make_graph(
        nodes, "lstm", [model.graph.input[0]], [output], weights
    )
    alone = onnx.helper.make_model(graph, opset_imports=model.opset_import)
    alone.ir_version = model.ir_version
    return alone


def onnx_run(model: Any, rows: Any) -> Callable[[], Any]:
    """A call of a model with a sequence in ONNX Runtime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    feed = {"x": np.asarray(rows, np.float32)[:, None]}
    for argument in session.get_inputs()[1:]:
        feed[argument.name] = np.zeros((1, argument.shape[1]), np.float32)
    return lambda: session.run(None, feed)


def torch_lstm(cells: int, rows: Any) -> Callable[[], Any]:
    """PyTorch's own LSTM with a read-out of one output, float32."""
    import torch

    torch.set_num_threads(1)
    lstm = torch.nn.LSTM(cells, cells)
    head = torch.nn.Linear(cells, 1)
    x = torch.tensor(rows, dtype=torch.float32)

    def call() -> Any:
        with torch.no_grad():
            return torch.sigmoid(head(lstm(x)[0]))

    return call


def main() -> None:
    spec = json.loads(sys.argv[1])
    cells, seconds, repeats = spec["cells"], spec["seconds"], spec["repeats"]
    net = architect.LSTM(cells, cells, 1, seed=0)
    result: dict[str, Any] = {"times": {}, "bytes": {}}
    with TemporaryDirectory() as name:
        folder = Path(name)
        if shutil.which("gcc"):
            options: dict[str, dict[str, Any]] = {
                "C, float32, fast": {},
                "C, float64, fast": {"dtype": "float64"},
                "C, float64, exact": {"sums": "exact"},
            }
            programs = {
                key: Compiled(folder / f"{i}", net, **options[key])
                for i, key in enumerate(options)
            }
            times = {key: [] for key in programs}
            for _ in range(repeats):
                for key, program in programs.items():
                    times[key].append(program(seconds))
            result["times"] = {
                key: {"least": min(values), "all": values}
                for key, values in times.items()
            }
        if shutil.which("node"):
            values = [in_node(folder, net, seconds) for _ in range(repeats)]
            result["times"]["JavaScript, float64"] = {
                "least": min(values),
                "all": values,
            }
        if shutil.which("arm-none-eabi-gcc"):
            result["bytes"] = sizes(folder, net)
    calls = {
        key: lambda n, work=work: work(n * STEPS)
        for key, work in works_of(cells).items()
    }
    for key, cell in cells_of(calls, seconds, repeats).items():
        result["times"][key] = {
            "least": cell["least"] / STEPS,
            "all": [t / STEPS for t in cell["all"]],
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
