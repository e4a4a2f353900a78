"""Which ONNX runtimes compute what Synapse writes.

``python -m tests.readwrite.onnx_runtimes`` runs every case in the runtimes that are
installed and rewrites their columns of the table in ``docs/reference/exports.rst``.
Node finds onnxruntime-node and -web in the folder that ``NODE_PATH`` names.
"""

import csv
import importlib.metadata
import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

import architect
from synapse import Layer, Network, squashes
from synapse.engine.functions.activations import ACTIVATIONS
from synapse.readwrite import onnx_model

from .programs import NETS

TABLE = Path(__file__).parents[2] / "docs/reference/onnx_runtimes.csv"
TOLERANCES = {"float32": 1e-4, "float64": 1e-10}
STEPS = 6

COMPUTED, WRONG, REFUSED, NOT_SEEN = "yes", "wrong", "refused", "not seen"


def primitives(state):
    """Each function and comparison that a formula can have."""
    if state == 7.5 or state >= 9.5 or state <= -9.5:
        return 0.25, 1.0
    sign = 1.0 if state != 8.5 and not state < 0.0 else -1.0
    x = 0.25 + sign * state
    total = math.log(x) + math.log1p(x) + math.pow(x, 1.5) + math.cos(x)
    total += math.exp(-x) + math.expm1(-x) + math.copysign(math.erf(x), state)
    total += min(math.sin(x), math.sqrt(x))
    return total + max(abs(state), math.tanh(state)), 1.0


def layer_of(squash, gated=False):
    """A network with one layer of a squash, whose connections the first input gates."""
    inputs = Layer(3)
    outputs = Layer(4, squash)
    links = inputs.project(outputs, seed=0)
    if gated:
        inputs[0].gate(links)
    return Network(inputs, [], outputs)


def cases():
    """Networks by name that together have every operator that is written."""
    registered = squashes.register(primitives, surrogate=True)
    return {
        **{squash: lambda squash=squash: layer_of(squash) for squash in ACTIVATIONS},
        "functions": lambda: layer_of(registered),
        "gated": lambda: layer_of("tanh", gated=True),
        "unconnected": lambda: Network(Layer(1), [], Layer(2, "tanh", bias=0.5)),
        **NETS,
        "GRU": lambda: architect.GRU(2, 4, 2, seed=0),
        "LSTM": lambda: architect.LSTM(2, 4, 2, seed=0),
        **{
            f"Elman {squash}": lambda squash=squash: architect.Elman(
                2, 4, 2, squash=squash, seed=0
            )
            for squash in ("logistic", "relu", "tanh")
        },
        "sparse": lambda: architect.Random(2, 90, 2, density=0.02, seed=0),
    }


def written(folder):
    """Write each case in each float and form; returns what the runtimes need to run
    it, and what it is made of."""
    rng = np.random.default_rng(0)
    facts = []
    for name, make in cases().items():
        for dtype in TOLERANCES:
            for form in ("auto", "sequence") if name.startswith("Elman") else ("auto",):
                if form == "sequence" and dtype == "float64":
                    continue
                net = make()
                net.deterministic = True
                net.clear()
                model = onnx_model(net, form, dtype=dtype)
                rows = rng.uniform(-2.0, 2.0, (STEPS, len(net.input)))
                path = folder / f"{len(facts)}.onnx"
                path.write_bytes(model.SerializeToString())
                metadata = {entry.key: entry.value for entry in model.metadata_props}
                facts.append(
                    {
                        "case": f"{name}, {form}, {dtype}",
                        "path": str(path),
                        "dtype": dtype,
                        "parts": sorted(
                            {operator_of(node, dtype) for node in model.graph.node}
                        ),
                        "state": json.loads(metadata.get("start", "[]")),
                        "has_state": len(model.graph.input) > 1,
                        "axes": len(model.graph.input[0].type.tensor_type.shape.dim),
                        "rows": rows.tolist(),
                        "outputs": net.run(rows).tolist(),
                    }
                )
    return facts


SIZES = ("hidden_size", "to", "start", "end")
"""Attributes whose values are sizes, or follow from the float."""


def operator_of(node, dtype):
    """An operator with its attributes and the float, as a row of the table."""
    import onnx

    values = {
        attribute.name: onnx.helper.get_attribute_value(attribute)
        for attribute in node.attribute
    }
    attributes = [
        name if name in SIZES else f"{name}={shown(value)}"
        for name, value in sorted(values.items())
    ]
    return node.op_type, ", ".join(attributes), dtype


def shown(value):
    """The value of an attribute as text."""
    if isinstance(value, list):
        return " ".join(entry.decode() for entry in value)
    return str(value)


def in_python(run_model, facts):
    """Run a case by a function that takes what the model reads and returns what it
    answers, both by name; the outputs, or the error as text."""
    rows = np.array(facts["rows"], facts["dtype"])
    state = np.array([facts["state"]], facts["dtype"])
    if facts["axes"] == 3:
        return run_model({"x": rows[:, None], "state": state})[0][:, 0]
    outputs = []
    for row in rows:
        fed = (
            {"x": row[None], "state": state} if facts["has_state"] else {"x": row[None]}
        )
        answers = run_model(fed)
        outputs.append(answers[0][0])
        state = answers[-1]
    return np.array(outputs)


def with_onnxruntime(path):
    """ONNX Runtime's Python package."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda fed: session.run(None, fed)


def with_reference(path):
    """The reference implementation of the standard."""
    from onnx.reference import ReferenceEvaluator

    session = ReferenceEvaluator(path)
    return lambda fed: session.run(None, fed)


def with_tract(path):
    """The inference engine tract, which is written in Rust."""
    import tract

    runnable = tract.onnx().load(path).into_model().into_runnable()
    return lambda fed: [
        answer.to_numpy()
        for answer in runnable.run(
            [np.ascontiguousarray(each) for each in fed.values()]
        )
    ]


IN_NODE = """
const [package, folder] = process.argv.slice(2);
const ort = require(package), fs = require("fs");
if (ort.env.wasm) ort.env.wasm.numThreads = 1;
async function run(facts) {
  const numbers = facts.dtype === "float32" ? Float32Array : Float64Array;
  const tensor = (values, shape) =>
    new ort.Tensor(facts.dtype, numbers.from(values), shape);
  const provider = package === "onnxruntime-web" ? "wasm" : "cpu";
  const session = await ort.InferenceSession.create(
    new Uint8Array(fs.readFileSync(facts.path)),
    { executionProviders: [provider], logSeverityLevel: 4 });
  let state = tensor(facts.state, [1, facts.state.length]);
  const { rows } = facts, width = rows[0].length, outputs = [];
  if (facts.axes === 3) {
    const x = tensor(rows.flat(), [rows.length, 1, width]);
    return Array.from((await session.run({ x, state })).y.data);
  }
  for (const row of rows) {
    const x = tensor(row, [1, width]);
    const answers = await session.run(facts.has_state ? { x, state } : { x });
    outputs.push(...answers.y.data);
    state = answers.next_state;
  }
  return outputs;
}
(async () => {
  const answers = [];
  for (const facts of JSON.parse(fs.readFileSync(folder + "/facts.json"))) {
    try { answers.push(await run(facts)); }
    catch (error) { answers.push(String(error)); }
  }
  console.log(JSON.stringify(answers));
})();
"""


def by_python(session):
    """What a runtime of Python answers to all cases."""

    def answers(facts):
        answered = []
        for each in facts:
            try:
                with np.errstate(all="ignore"):  # branches that are not taken
                    answered.append(in_python(session(each["path"]), each))
            except Exception as error:
                answered.append(f"{type(error).__name__}: {error}")
        return answered

    return answers


def by_node(package):
    """What a package of Node answers to all cases."""

    def answers(facts):
        folder = Path(facts[0]["path"]).parent
        (folder / "facts.json").write_text(json.dumps(facts))
        (folder / "run.cjs").write_text(IN_NODE)
        command = ["node", str(folder / "run.cjs"), package, str(folder)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, check=True
        )
        return json.loads(done.stdout.splitlines()[-1])

    return answers


RUNTIMES = {
    "onnxruntime": by_python(with_onnxruntime),
    "onnxruntime-node": by_node("onnxruntime-node"),
    "onnxruntime-web": by_node("onnxruntime-web"),
    "onnx.reference": by_python(with_reference),
    "tract": by_python(with_tract),
}


def version(runtime):
    """The version of a runtime that can be imported here, or None."""
    if runtime.startswith("onnxruntime-"):
        folder = Path(os.environ.get("NODE_PATH", "")) / runtime / "package.json"
        has_node = shutil.which("node") and folder.is_file()
        return json.loads(folder.read_text())["version"] if has_node else None
    package = runtime.partition(".")[0]
    try:
        importlib.import_module(package)
    except ImportError:
        return None
    return importlib.metadata.version(package)


def judged(answer, facts):
    """Whether a runtime's answer to a case is the network's."""
    if isinstance(answer, str):
        return REFUSED
    expected = np.ravel(facts["outputs"])
    differs = np.abs(np.ravel(answer) - expected).max()
    return COMPUTED if differs <= TOLERANCES[facts["dtype"]] else WRONG


def verdicts(runtime, facts):
    """What a runtime does with each part, and the cases that fail although each of
    their parts is computed in another case."""
    by_part = defaultdict(list)
    results = [
        judged(answer, each)
        for answer, each in zip(RUNTIMES[runtime](facts), facts, strict=True)
    ]
    for result, each in zip(results, facts, strict=True):
        for name in each["parts"]:
            by_part[name].append(result)
    seen = {
        name: COMPUTED if COMPUTED in answers else max(answers)
        for name, answers in by_part.items()
    }
    unexplained = [
        each["case"]
        for result, each in zip(results, facts, strict=True)
        if result != COMPUTED and all(seen[name] == COMPUTED for name in each["parts"])
    ]
    return seen, unexplained


def read_table():
    """The published table: the versions of the runtimes, and their verdicts by part."""
    with TABLE.open(newline="") as file:
        header, *lines = csv.reader(file)
    versions = dict(cell.rsplit(" ", 1) for cell in header[3:])
    table = {runtime: {} for runtime in versions}
    for operators, attributes, floats, *cells in lines:
        for operator in operators.split(", "):
            for dtype in floats.split(", "):
                for runtime, cell in zip(versions, cells, strict=True):
                    table[runtime][operator, attributes, dtype] = cell
    return versions, table


def write_table(versions, table):
    """Write the table; parts without attributes that all runtimes treat alike share a
    line."""
    lines = defaultdict(lambda: defaultdict(list))
    for operator, attributes, dtype in sorted(next(iter(table.values()))):
        cells = tuple(
            table[runtime][operator, attributes, dtype] for runtime in versions
        )
        lines[operator, attributes][cells].append(dtype)
    joined = defaultdict(list)
    for (operator, attributes), by_cells in lines.items():
        for cells, floats in by_cells.items():
            joined[attributes, tuple(floats), cells].append(operator)
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["Operator", "Attributes", "Float"]
            + [f"{runtime} {release}" for runtime, release in versions.items()]
        )
        for (attributes, floats, cells), operators in sorted(joined.items()):
            writer.writerow(
                [", ".join(sorted(operators)), attributes, ", ".join(floats), *cells]
            )


def main():
    """Run all cases in all runtimes that are here, and write the table."""
    versions, table = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        facts = written(Path(folder))
        parts = {name for each in facts for name in each["parts"]}
        for runtime in RUNTIMES:
            release = version(runtime)
            versions[runtime] = release or NOT_SEEN
            seen, unexplained = dict.fromkeys(parts, NOT_SEEN), []
            if release:
                seen, unexplained = verdicts(runtime, facts)
            table[runtime] = seen
            print(runtime, release, len(facts), "cases; unexplained:", unexplained)
    write_table(versions, table)


if __name__ == "__main__":
    sys.exit(main())
