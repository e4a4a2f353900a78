"""Programs in Python, run by MicroPython (its WebAssembly build, in Node) and here.

Node finds the package beside the checkout or by NODE_PATH:

    npm install @micropython/micropython-webassembly-pyscript@1.27.0
"""

import ast
import contextlib
import io
import json
import math
import shutil
import subprocess

import numpy as np
import pytest

import architect
from synapse import squashes
from synapse.engine.functions.activations import ACTIVATIONS
from synapse.engine.functions.costs import COSTS
from synapse.readwrite import python_source
from tests.helpers import groups
from tests.helpers.cases import all_hold
from tests.readwrite import fixed_programs as fixed
from tests.readwrite.learners import data_for, graph, ruled
from tests.readwrite.programs import NETS, close, every_squash, run, shaken

PACKAGE = "@micropython/micropython-webassembly-pyscript"
RUNNER = """
const { readFileSync } = require("fs");
const path = require.resolve("PACKAGE");
(async () => {
  const { loadMicroPython } = await import(path);
  const found = [];
  for (const text of JSON.parse(readFileSync(0, "utf8"))) {
    const lines = [];
    const stdout = line => lines.push(line);
    const options = { heapsize: 2 ** 26, stdout, linebuffer: true };
    const python = await loadMicroPython(options);
    try {
      python.runPython(text);
    } catch (error) {
      console.error(error.message);
      process.exit(1);
    }
    found.push(lines);
  }
  console.log(JSON.stringify(found));
})();
""".replace("PACKAGE", PACKAGE)
DRIVER = """
nan = float("nan")
net = Network()
learns = hasattr(net, "learn")
for inputs, targets in ROWS:
    print(repr(net.step(inputs)))
    if learns:
        net.learn(targets, 0.05)
if learns:
    numbers = net.numbers()
    print(repr(numbers))
    net.load(numbers)
refused = [lambda: net.step([nan] * len(inputs)), lambda: net.step(inputs + [0.0])]
if learns:
    refused += [
        lambda: net.learn([nan] * len(targets), 0.1),
        lambda: net.learn(targets, -0.1),
        lambda: net.load([nan] * len(numbers)),
    ]
for call in refused:
    try:
        call()
        raise AssertionError
    except ValueError:
        pass
print(repr(net.step(inputs)))
net.clear()
print(repr(net.step(inputs)))
"""
"""What a program computes, how it learns, and what it refuses."""


@pytest.fixture(scope="module")
def micropython():
    """The command that runs programs; tests without it are skipped."""
    node = shutil.which("node") or pytest.skip("there is no node here")
    command = [node, "-e", f"require.resolve({PACKAGE!r})"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"Node does not find {PACKAGE}")
    return [node, "-e", RUNNER]


def _here(text):
    """What a program prints by this Python."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(text, {})
    return printed.getvalue().splitlines()


def pairs(micropython, sources):
    """The numbers of programs, given with their rows: here, and in MicroPython.

    It writes all digits of a number, and sometimes one more than it needs."""
    texts = [f"{source}\nROWS = {rows}\n{DRIVER}" for source, rows in sources]
    there = json.loads(run(micropython, json.dumps(texts)))
    for text, lines in zip(texts, there, strict=True):
        yield tuple(
            [number for line in each for number in ast.literal_eval(line)]
            for each in (_here(text), lines)
        )


def rows_for(net, steps=12):
    return [[row.tolist() for row in pair] for pair in zip(*data_for(net, steps))]


def same(ours, theirs):
    return [*map(float.hex, ours)] == [*map(float.hex, theirs)]


@squashes.register
def of_everything(state):
    """A function that MicroPython lacks."""
    return math.log1p(state * state), 2.0 * state / (1.0 + state * state)


RULES = "online", "rtrl", ("rtrl", 1)
RANDOM = {"seed": 0, "squash": "bernoulli"}
SPIKING = (
    {"threshold": 0.3, "adaptive": 3},
    {"threshold": 0.3, "reset": "zero", "refractory": 3, "spike": "arctan_spike"},
)
LIBRARY = {"gelu", "sine", "noise"}
"""Squashes by functions of the C library (erf, sin, cos), of which MicroPython has
another."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_programs_learn_to_the_last_digit(micropython):
    """Every kind of network, by both rules; and every squash and cost."""
    registered = shaken(architect.Perceptron(2, 4, 1, squash="of_everything"))
    nets = [
        *(ruled(graph(seed), rule) for seed in range(8) for rule in RULES),
        *(
            ruled(architect.Spiking(2, 5, 2, seed=0, **options), rule)
            for options in SPIKING
            for rule in RULES
        ),
        *(ruled(architect.Elman(2, 4, 1, **RANDOM), rule) for rule in RULES),
        architect.Perceptron(3, 4, 3, output_squash="softmax", seed=0),
        registered,
        groups.competing(3),
        *(
            architect.Elman(2, 3, 2, seed=0, squash=name)
            for name in ACTIVATIONS
            if name not in LIBRARY | {"softmax"}
        ),
    ]
    sources = [(python_source(net, learn=True), rows_for(net)) for net in nets]
    for bound, keep_context in [(0.1, False), (None, True)]:
        net = graph(4)
        net.activate([0.1, 0.2])
        text = python_source(net, keep_context, learn=True, bound=bound)
        sources.append((text, rows_for(net)))
    for cost in COSTS:
        squash = "softmax" if cost == "categorical_cross_entropy" else "logistic"
        net = architect.Perceptron(2, 3, 2, output_squash=squash, seed=0)
        sources.append((python_source(net, learn=True, cost=cost), rows_for(net)))
    for k, (ours, theirs) in enumerate(pairs(micropython, sources)):
        if k < len(nets) and nets[k] is registered:  # by log1p, of which it has none
            np.testing.assert_allclose(theirs, ours, rtol=1e-13)
        else:
            assert same(ours, theirs), k


@pytest.mark.slow
def test_large_programs_fit(micropython):
    """Tables of 22,000 numbers."""
    net = architect.Perceptron(100, 200, 10, seed=0)
    sources = [
        (python_source(net, learn=learn), rows_for(net, 2)) for learn in (True, False)
    ]
    learned, plain = pairs(micropython, sources)
    assert same(*learned)
    assert close(*map(np.array, plain))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_programs_of_every_squash_run(micropython):
    """To the last digits but for two, which the library's functions leave open."""

    def check(pair):
        assert close(*map(np.array, pair), 1e-14)

    nets = [every_squash(), *(make() for make in NETS.values())]
    learning = [
        architect.Elman(2, 3, 2, seed=0, squash=name) for name in sorted(LIBRARY)
    ]
    sources = [(python_source(net), rows_for(net)) for net in nets]
    sources += [(python_source(net, learn=True), rows_for(net)) for net in learning]
    all_hold(check, [(pair,) for pair in pairs(micropython, sources)])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_programs_in_fixed_point_compute_the_same_integers(micropython):
    """Learning in every second one; also numbers beyond a word of 64 bits."""
    texts = []
    for seed in range(16):
        net, options = fixed.network(seed), fixed.options_of(seed)
        commands = fixed.commands_for(net, seed, options, steps=40)
        source = python_source(net, **options) + fixed.PYTHON_MAIN
        texts.append(f"{source}\nprint(run({commands}, Network()))")
    there = json.loads(run(micropython, json.dumps(texts)))
    for text, lines in zip(texts, there, strict=True):
        assert lines == _here(text)
