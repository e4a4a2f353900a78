"""Programs that Synapse has written, run as they would be: by Python, a C compiler, and
Node."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron
from synapse.engine.functions.activations import ACTIVATIONS
from synapse.readwrite import c_source, javascript_source, python_source
from tests.helpers import groups
from tests.helpers.strategies import Twin, crowded, delay_some

CLEAR = None
"""Among the inputs of a test: clear the network here."""

PYTHON_MAIN = """
import json, sys
net = Network()
outputs = []
for inputs in json.load(sys.stdin):
    if inputs is None:
        net.clear()
    else:
        outputs.append(net.step(inputs))
print(json.dumps(outputs))
"""

JAVASCRIPT_MAIN = """
const { Network: Exported } = require(process.argv[2]);
const net = new Exported(), outputs = [];
for (const inputs of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  if (inputs === null) net.clear();
  else outputs.push(net.step(inputs));
}
console.log(JSON.stringify(outputs));
"""

C_MAIN = """
#include <stdio.h>
#include "program.c"

int main(void) {
    static Network net, other;
    static REAL inputs[NETWORK_INPUTS];
    static REAL outputs[NETWORK_OUTPUTS], again[NETWORK_OUTPUTS];
    char command;
    BEGIN(&net);
    BEGIN(&other);
    while (scanf(" %c", &command) == 1) {
        if (command == 'c') { network_clear(&net); network_clear(&other); continue; }
        for (int i = 0; i < NETWORK_INPUTS; i++) {
            double number;
            if (scanf("%lf", &number) != 1) return 1;
            inputs[i] = (REAL)number;
        }
        if (network_step(&net, inputs, outputs)) return 3;
        if (network_run(&other, inputs, again, 1)) return 3;
        for (int i = 0; i < NETWORK_OUTPUTS; i++) {
            const double size = fmax(1.0, fabs((double)outputs[i]));
            if (fabs((double)(outputs[i] - again[i])) > 1e-5 * size) return 2;
            printf("%.17g ", (double)outputs[i]);
        }
        printf("\\n");
    }
    return 0;
}
"""


def run(command, text=""):
    """The output of a command."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]
    assert not done.stderr
    return done.stdout


def run_alone(net, steps, folder, keep_context=False):
    """By Python in a process of its own, without packages."""
    source = python_source(net, keep_context)
    (folder / "program.py").write_text(source + PYTHON_MAIN, encoding="utf-8")
    command = [sys.executable, "-I", "-S", "-W", "error", str(folder / "program.py")]
    return np.array(json.loads(run(command, json.dumps(steps))))


def programmed(source):
    """An instance of a program in Python."""
    program = {}
    exec(source, program)
    return program["Network"]()


def run_python(net, steps, folder, keep_context=False):
    """The same in this process, which takes no time to start."""
    network = programmed(python_source(net, keep_context))
    outputs = []
    for row in steps:
        if row is CLEAR:
            network.clear()
        else:
            outputs.append(network.step(row))
    return np.array(outputs)


def run_javascript(net, steps, folder, keep_context=False):
    node = shutil.which("node") or pytest.skip("there is no node here")
    (folder / "program.js").write_text(
        javascript_source(net, keep_context), encoding="utf-8"
    )
    (folder / "main.js").write_text(JAVASCRIPT_MAIN)
    command = [node, str(folder / "main.js"), str(folder / "program.js")]
    return np.array(json.loads(run(command, json.dumps(steps))))


WARNINGS = ["-Wall", "-Wextra", "-Wsign-compare", "-pedantic", "-Werror"]
"""Of both C and C++; all programs of the tests are compiled with them."""
FAST_MATH = (("-O2", "-ffast-math"), ("-Ofast", "-march=native"))
"""Flags with which compilers take every number for finite, and calculate as with real
numbers."""
STRICT = ["-std=c99", *WARNINGS]
SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
"""A program that leaves an array, or whose numbers overflow, ends with an error."""


def compiled(folder, *options):
    """Compile main.c; returns the program."""
    compiler = (
        shutil.which("cc")
        or shutil.which("gcc")
        or pytest.skip("there is no C compiler here")
    )
    run(
        [
            compiler,
            *STRICT,
            *options,
            str(folder / "main.c"),
            "-o",
            str(folder / "main"),
            "-lm",
        ]
    )
    return [str(folder / "main")]


def run_c(
    net, steps, folder, keep_context=False, flags=("-O1",), sums="exact", **options
):
    source = c_source(net, keep_context, sums=sums, **options)
    return run_source(source, steps, folder, flags)


def run_source(source, steps, folder, flags):
    """The same of a program that has been written."""
    (folder / "program.c").write_text(source, encoding="utf-8")
    (folder / "main.c").write_text(C_MAIN)
    real = "float" if "const float *inputs" in source else "double"
    begin = "start" if "network_start(" in source else "clear"
    defined = f"-DBEGIN=network_{begin}", f"-DREAL={real}"
    program = compiled(folder, *defined, *flags)
    lines = ["c" if row is CLEAR else "s " + " ".join(map(repr, row)) for row in steps]
    printed = run(program, "\n".join(lines))
    return np.array(
        [[float(number) for number in line.split()] for line in printed.splitlines()]
    )


def run_fast_c(net, steps, folder):
    """The same in float32 with all optimizations."""
    return run_c(
        net,
        steps,
        folder,
        flags=("-O3", "-march=native", "-ffp-contract=fast"),
        sums="fast",
    )


RUNNERS = {"python": run_python, "c": run_c, "javascript": run_javascript}
SOURCES = {"python": python_source, "c": c_source, "javascript": javascript_source}


def expected(net, steps):
    """What the network itself answers."""
    answers = (net.clear() if row is CLEAR else net.activate(row) for row in steps)
    return np.array([outputs for outputs in answers if outputs is not None])


def random_steps(net, steps=20, seed=0):
    """Inputs of a sequence."""
    return np.random.default_rng(seed).normal(size=(steps, len(net.input))).tolist()


def close(ours, theirs, tolerance=1e-12):
    """Whether outputs agree, relative to the largest where they are large."""
    assert ours.shape == theirs.shape
    assert np.isfinite(theirs).all()
    return np.abs(ours - theirs).max() <= tolerance * max(1.0, np.abs(theirs).max())


def shaken(net, seed=0, width=1.0):
    """A network with larger weights and biases, so that squashes bend."""
    rng = np.random.default_rng(seed)
    net.weights = rng.normal(scale=width, size=len(net.weights))
    net.biases = rng.normal(scale=width, size=len(net))
    return net


def every_squash():
    """Three neurons of every built-in squash, with an input of several signs, and
    outputs that copy them."""
    source = Layer(1)
    hidden = [Layer(3, name) for name in ACTIVATIONS if name != "softmax"]
    copies = [
        Neuron("identity", name=f"{layer.squash.name} {i}")
        for layer in hidden
        for i in range(3)
    ]
    shares = [Neuron("softmax", name=f"softmax {i}") for i in range(3)]
    for layer in hidden:
        source.project(layer, weights=[[1.0, -1.0, 0.5]])
    for neuron, copied in zip(
        [neuron for layer in hidden for neuron in layer], copies, strict=True
    ):
        neuron.project(copied, weight=1.0)
    for weight, neuron in zip((1.0, -1.0, 0.5), shares, strict=True):
        source[0].project(neuron, weight=weight)
    net = Network(source, hidden, Layer([*copies, *shares]))
    net.deterministic = True
    return net


def competing():
    """Softmax outputs that read each other, forwards, backwards and through gates; some
    others."""
    inputs = Layer(2)
    outputs = Layer([*Layer(6, "softmax"), Neuron("tanh")])
    inputs.project(outputs, seed=1)
    for i, j in [(3, 5), (5, 3), (6, 4), (0, 1), (1, 0), (2, 4), (4, 6), (6, 2)]:
        outputs[i].project(outputs[j], seed=10 * i + j)
    outputs[5].gate(outputs[3].connection_to(outputs[5]))
    outputs[4].gate(outputs[0].connection_to(outputs[1]))
    outputs[3].project(outputs[3], weight=0.5)
    return Network(inputs, [], outputs)


def in_groups():
    """Groups of neurons: side by side in a block, connected within, and alone."""
    rng = np.random.default_rng(0)
    inputs = Layer(3)
    outputs = Layer(3, "winner")
    alone = Layer([Neuron("winner"), Neuron("maxout"), Neuron("maxout")])
    beside = Layer(4, "maxout")
    again = Layer(3, "maxout")
    cut = Layer(4, "maxout")
    # its neighbours, the outputs, wait for its first neurons alone
    last = Layer(5, "winner")
    for group in (alone, beside, again, cut, last):
        inputs.project(group, seed=rng)
    for group in (alone, beside, again, cut, last[:2]):
        group.project(outputs, seed=rng)
    cut[1].project(cut[2], seed=rng)
    cut[3].project(cut[0], seed=rng)
    last[1].project(last[3], seed=rng)
    last.project(beside, seed=rng)
    return Network(inputs, [alone, beside, again, cut, last], outputs)


LSTM = {
    "own peepholes": {"peepholes": "one_to_one"},
    "all links": {
        "hidden_to_hidden": True,
        "output_to_hidden": True,
        "output_to_gates": True,
    },
    "two cells a block": {
        "cells_per_block": 2,
        "cell_squash": "tanh",
        "input_to_output": False,
    },
}


def synchronous(net):
    net.synchronous = True
    return net


def delayed(net):
    delay_some(net, 0)
    return net


NETS = {
    "perceptron": lambda: shaken(architect.Perceptron(3, 6, 4, 2)),
    "perceptron, softmax": lambda: shaken(
        architect.Perceptron(3, 6, 4, output_squash="softmax")
    ),
    "elman": lambda: shaken(architect.Elman(3, 5, 2)),
    **{
        f"lstm, {name}": lambda options=options: shaken(
            architect.LSTM(2, 6, 3, style="synaptic", **options), width=0.5
        )
        for name, options in LSTM.items()
    },
    "lstm, two layers": lambda: architect.LSTM(2, 5, 4, 3, style="synaptic", seed=0),
    **{
        f"crowd {seed}": lambda seed=seed: Twin(crowded(seed)).net
        for seed in (0, 1, 3, 4)
    },
    "one clock": lambda: synchronous(Twin(crowded(1)).net),
    "delays": lambda: delayed(Twin(crowded(1)).net),
    "delays and one clock": lambda: delayed(synchronous(Twin(crowded(3)).net)),
    "competing": lambda: shaken(competing()),
    "in groups": lambda: shaken(in_groups()),
    **{
        f"connected groups {seed}": lambda seed=seed: groups.competing(seed)
        for seed in range(4)
    },
    "convolutional": lambda: architect.Convolutional(
        (5, 4),
        2,
        filters=(3, 4),
        kernel=2,
        squash="tanh",
        bias_initializer="uniform",
        seed=0,
    ),
    "no connections": lambda: Network(Layer(1), [], Layer(2, bias=0.5)),
}
