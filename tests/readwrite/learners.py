"""C programs that learn, compiled and run; as a program it compares them with kernels
that are not compiled."""

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import architect
import synapse
from synapse.engine.language.decorators import COMPILES
from synapse.errors import ArgumentError, DivergenceError
from synapse.readwrite import c_source, javascript_source, python_source
from synapse.readwrite._printed import c_program as learner
from tests.helpers import groups
from tests.helpers.strategies import Twin, crowded, delay_some
from tests.helpers.ties import tie_at_random
from tests.readwrite.programs import (
    SANITIZED,
    compiled,
    programmed,
    run,
    run_c,
    run_python,
    synchronous,
)

DONE, BAD_INPUT, BAD_TARGET, NO_TARGET, BAD_RATE, DIVERGED, BAD_NUMBER, FROZEN = range(
    8
)
"""What functions of a program return."""

MAIN = r"""
#include <stdio.h>
#include "program.c"

#ifndef LEAVES
#define LEAVES 0 /* a status after which errors of neurons may be others */
#endif

static REAL inputs[NETWORK_INPUTS], outputs[NETWORK_OUTPUTS], targets[NETWORK_OUTPUTS];
static REAL numbers[NETWORK_NUMBERS];
static REAL rows[ROWS * NETWORK_INPUTS], answers[ROWS * NETWORK_OUTPUTS];

static int read_all(REAL *to, size_t count) {
    return fread(to, sizeof(REAL), count, stdin) == count;
}

/* Commands: s inputs, m rows of inputs, l targets rate, w, r numbers, c. Each prints a
   status, then its result. */
int main(void) {
    static Network net, other;
    int command;
    BEGIN(&net);
    BEGIN(&other);
    while ((command = getchar()) != EOF) {
        const Network before = net;
        int status = 0;
        REAL rate = 0;
        const REAL *found = NULL;
        size_t count = 0;
        if (command == 's') {
            if (!read_all(inputs, NETWORK_INPUTS)) return 1;
            status = network_step(&net, inputs, outputs);
            /* a second instance, which does not learn */
            (void)network_run(&other, inputs, targets, 1);
            found = outputs;
            count = NETWORK_OUTPUTS;
        } else if (command == 'm') {
            if (!read_all(rows, ROWS * NETWORK_INPUTS)) return 1;
            memset(answers, 0, sizeof answers);
            status = network_run(&net, rows, answers, ROWS);
            for (int i = 0; status && i < ROWS * NETWORK_OUTPUTS; i++) {
                if (answers[i] != 0) return 2;
            }
            found = answers;
            count = ROWS * NETWORK_OUTPUTS;
        } else if (command == 'l') {
            if (!read_all(targets, NETWORK_OUTPUTS) || !read_all(&rate, 1)) return 1;
            status = network_learn(&net, targets, rate);
        } else if (command == 'w') {
            network_weights(&net, numbers);
            found = numbers;
            count = NETWORK_NUMBERS;
        } else if (command == 'r') {
            if (!read_all(numbers, NETWORK_NUMBERS)) return 1;
            status = network_load(&net, numbers);
        } else if (command == 'c') {
            network_clear(&net);
        } else return 1;
        /* an error changes nothing */
        if (status && status != LEAVES && memcmp(&before, &net, sizeof net)) return 2;
        putchar(status);
        if (!status && found) fwrite(found, sizeof(REAL), count, stdout);
    }
    return 0;
}
"""
ROWS = 10
"""Steps of one call of network_run."""
EXACT = ("-O1", "-ffp-contract=off")


def widened(source):
    """A program with the indices of a large network: they differ in one line."""
    narrow, wide = (f"typedef {index} " for index, *_ in learner.INDICES)
    assert source.count(narrow) + source.count(wide) == 1
    return source.replace(narrow, wide)


class Program:
    """The program of a network in a folder, and the commands to it. Compilers see it
    with the indices of a large network, too."""

    def __init__(self, net, folder, flags=EXACT, keep_context=False, **options):
        options = {"sums": "exact", **options}
        source = c_source(net, keep_context, learn=True, **options)
        self.real = np.float32 if "const float *inputs" in source else np.float64
        real = "float" if self.real == np.float32 else "double"
        begin = "network_start" if keep_context else "network_init"
        self.folder = folder
        self.source = source
        self.defined = f"-DREAL={real}", f"-DBEGIN={begin}", f"-DROWS={ROWS}"
        self.numbers = len(net.biases) + len(net.weights)
        self.outputs = len(net.output)
        (folder / "main.c").write_text(MAIN)
        (folder / "program.c").write_text(widened(source), encoding="utf-8")
        compiled(folder, *self.defined, "-fsyntax-only")
        self.begin(flags)

    def widen(self):
        """Begin anew with the indices of a large network, under the sanitizers."""
        self.source = widened(self.source)
        self.begin((*self.flags, *SANITIZED))

    def begin(self, flags):
        """Begin anew, compiled with these flags."""
        self.flags = flags
        self.command = None
        self.sent = b""
        self.counts = []

    def _send(self, letter, *arrays, count=0):
        self.sent += letter + b"".join(
            np.asarray(array, self.real).tobytes() for array in arrays
        )
        self.counts.append(count)

    def step(self, inputs):
        self._send(b"s", inputs, count=self.outputs)

    def run(self, rows):
        assert len(rows) == ROWS
        self._send(b"m", rows, count=ROWS * self.outputs)

    def learn(self, targets, rate):
        self._send(b"l", targets, [rate])

    def weights(self):
        self._send(b"w", count=self.numbers)

    def load(self, numbers):
        self._send(b"r", numbers)

    def clear(self):
        self._send(b"c")

    def answers(self):
        """What each command found, or the status with which it was refused."""
        if self.command is None:
            (self.folder / "program.c").write_text(self.source, encoding="utf-8")
            self.command = compiled(self.folder, *self.defined, *self.flags)
        done = subprocess.run(
            self.command, input=self.sent, capture_output=True, check=False
        )
        assert done.returncode == 0, done
        left = done.stdout
        answers = []
        for count in self.counts:
            (status,) = struct.unpack("b", left[:1])
            size = 0 if status else count * np.dtype(self.real).itemsize
            found = np.frombuffer(left[1 : 1 + size], self.real)
            answers.append(status or found)
            left = left[1 + size :]
        assert not left
        return answers


def data_for(net, steps, seed=0):
    """Inputs and targets that the cost of a network can have."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(steps, len(net.input)))
    targets = rng.uniform(size=(steps, len(net.output)))
    if any(neuron.squash.name == "softmax" for neuron in net.output):
        targets /= targets.sum(axis=1, keepdims=True)
    return inputs, targets


def there(program, inputs, targets, rate):
    """Outputs of all steps, then all biases and weights, of a program."""
    for row, aims in zip(inputs, targets, strict=True):
        program.step(row)
        program.learn(aims, rate)
    program.weights()
    answers = program.answers()
    return np.concatenate([*answers[:-1:2], answers[-1]])


def here(net, inputs, targets, rate, cost=None):
    """The same of the network; None if its numbers run away."""
    outputs = []
    for row, aims in zip(inputs, targets, strict=True):
        try:
            outputs.append(net.activate(row))
            net.propagate(rate, aims, cost=cost)
        except (ArgumentError, DivergenceError):
            return None
    found = np.concatenate([*outputs, net.biases, net.weights])
    return found if np.isfinite(found).all() else None


def in_python(net, inputs, targets, rate, folder, keep_context=False, **options):
    """What a program in Python finds, as `there` has it."""
    there = programmed(python_source(net, keep_context, learn=True, **options))
    outputs = []
    for row, aims in zip(inputs, targets, strict=True):
        outputs.append(there.step(row))
        there.learn(aims, rate)
    return np.concatenate([*outputs, there.numbers()])


JAVASCRIPT_MAIN = """
const { Network } = require(process.argv[2]);
const net = new Network(), found = [];
const rows = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const [inputs, targets, rate] of rows) {
  found.push(...net.step(inputs));
  net.learn(targets.map(target => target === null ? NaN : target), rate);
}
const numbers = net.numbers();
for (const refused of [
  () => net.step([NaN]),
  () => net.learn([Infinity], 1),
  () => net.learn(rows[0][1].map(() => 0.5), -1),
  () => net.load([...numbers].fill(NaN)),
]) {
  try {
    refused();
    process.exit(1);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}
net.load(numbers);
console.log(JSON.stringify([...found, ...net.numbers()]));
"""


def in_javascript(net, inputs, targets, rate, folder, keep_context=False, **options):
    """The same in JavaScript; its numbers survive calls that are refused."""
    node = shutil.which("node") or pytest.skip("there is no node here")
    source = javascript_source(net, keep_context, learn=True, **options)
    (folder / "program.js").write_text(source, encoding="utf-8")
    (folder / "main.js").write_text(JAVASCRIPT_MAIN)
    steps = [
        [row.tolist(), [None if np.isnan(t) else t for t in aims.tolist()], rate]
        for row, aims in zip(inputs, targets, strict=True)
    ]
    command = [node, str(folder / "main.js"), str(folder / "program.js")]
    return np.array(json.loads(run(command, json.dumps(steps))), float)


def graph(seed):
    """A network of one of several kinds."""
    net = MAKERS[seed % len(MAKERS)](seed)
    for neuron in net.neurons:
        # NumPy computes its log1p in other ways than the C library.
        if neuron.squash.name == "softplus":
            neuron.squash = "logistic"
    return net


def ruled(net, rule):
    net.rule = rule
    return net


def _crowded(seed):
    return Twin(crowded(seed)).net


def _with_delays(seed):
    net = _crowded(seed) if seed // len(MAKERS) % 2 == 0 else _lstm(seed)
    delay_some(net, seed)
    return net


def _lstm(seed):
    peepholes = ("all_to_all", "one_to_one", None)[seed % 3]
    return architect.LSTM(
        2, 2 + seed % 4, 2, style="synaptic", seed=seed, peepholes=peepholes
    )


def _signed(seed):
    net = _crowded(seed)
    rng = np.random.default_rng(seed)
    for link in net.connections:
        if rng.random() < 0.5 and link.weight:
            link.sign = 1 if link.weight > 0 else -1
    return net


MAKERS = (
    _crowded,
    _with_delays,
    lambda seed: synchronous(_crowded(seed)),
    groups.competing,
    _lstm,
    lambda seed: architect.Elman(3, 5 + seed % 3, 2, seed=seed),
    _signed,
    lambda seed: tie_at_random(_crowded(seed), seed),
)


RULES = ("online", "rtrl", "online", ("rtrl", 1))


def by_c(net, data):
    """What a program in C finds."""
    with TemporaryDirectory() as folder:
        return there(Program(net, Path(folder)), *data, 0.05)


def plainly_by_c(net, rows):
    """The outputs of a program in C that does not learn."""
    with TemporaryDirectory() as folder:
        return run_c(net, rows, Path(folder), flags=EXACT)


def differences(programs, seeds, steps, learns):
    """How many graphs were compared, and those of which a program and the network have
    other bits."""
    alike = 0
    different = []
    for seed in seeds:
        rule = RULES[seed // len(MAKERS) % len(RULES)]
        net, source = (ruled(graph(seed), rule) for _ in range(2))
        data = data_for(net, steps, seed)
        if learns:
            ours = here(net, *data, 0.05)
        else:
            net.deterministic = source.deterministic = True
            data = data[0].tolist()
            ours = np.array([net.activate(row) for row in data])
        if ours is not None and np.isfinite(ours).all():
            alike += 1
            different += [
                (seed, name)
                for name, program in programs.items()
                if ours.tobytes() != program(source, data).tobytes()
            ]
    return alike, different


if __name__ == "__main__":
    assert not COMPILES
    import warnings

    warnings.simplefilter("ignore", synapse.errors.TopologyWarning)
    way, *numbers = sys.argv[1:]
    first, last, steps = map(int, numbers)
    learns = way == "learning"
    programs = (
        {"c": by_c, "python": lambda net, data: in_python(net, *data, 0.05, None)}
        if learns
        else {
            "c": plainly_by_c,
            "python": lambda net, rows: run_python(net, rows, None),
        }
    )
    print(json.dumps(differences(programs, range(first, last), steps, learns)))
