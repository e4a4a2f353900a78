"""Programs in fixed point in C, JavaScript and Python, which have to compute the same
integers; ``python -m tests.readwrite.fixed_programs FIRST LAST`` compares generated
networks, and ``CC`` and ``RUN`` name another compiler and what runs its programs."""

import json
import os
import shlex
import shutil
import sys
import warnings
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from synapse.errors import TopologyWarning
from synapse.readwrite import c_source, javascript_source, python_source
from synapse.readwrite._printed.fixed_numbers import FORMATS
from synapse.readwrite._printed.learner import EXACT_SQUASHES
from tests.readwrite.learners import MAKERS, RULES, data_for, graph, ruled
from tests.readwrite.programs import STRICT, run

STEPS = 300
C_MAIN = r"""
#include <stdio.h>
#include "program.c"

static NUMBER inputs[NETWORK_INPUTS], outputs[NETWORK_OUTPUTS];
#if LOADS
static NUMBER numbers[NETWORK_NUMBERS];
#endif

static void read_all(NUMBER *to, int count) {
    for (int i = 0; i < count; i++) {
        long number;
        if (scanf("%ld", &number) == 1) to[i] = (NUMBER)number;
    }
}

static void write_all(const NUMBER *from, int count) {
    for (int i = 0; i < count; i++) printf("%ld ", (long)from[i]);
}

int main(void) {
    static Network net;
    char command;
    BEGIN(&net);
    while (scanf(" %c", &command) == 1) {
        if (command == 's') {
            read_all(inputs, NETWORK_INPUTS);
            printf("%d ", network_step(&net, inputs, outputs));
            write_all(outputs, NETWORK_OUTPUTS);
#if LEARNS
        } else if (command == 'l') {
            NUMBER rate;
            read_all(outputs, NETWORK_OUTPUTS);
            read_all(&rate, 1);
            printf("%d ", network_learn(&net, outputs, rate));
#endif
#if LOADS
        } else if (command == 'w') {
            network_weights(&net, numbers);
            write_all(numbers, NETWORK_NUMBERS);
        } else if (command == 'r') {
            read_all(numbers, NETWORK_NUMBERS);
            printf("%d ", network_load(&net, numbers));
#endif
        } else if (command == 'c') network_clear(&net);
    }
    printf("%ld\n", (long)net.saturations[0]);
    return 0;
}
"""
PYTHON_MAIN = '''
def run(commands, net):
    """The integers that commands give."""
    found = []
    for command in commands:
        letter, *numbers = command
        if letter == "s":
            found += [0] + net.step(numbers)
        elif letter == "l":
            net.learn(numbers[:-1], numbers[-1])
            found.append(0)
        elif letter == "w":
            found += net.numbers()
        elif letter == "r":
            net.load(numbers)
            found.append(0)
        else:
            net.clear()
    return found + [net.saturations[0]]
'''
JAVASCRIPT_MAIN = """
const { Network } = require(process.argv[2]);
const net = new Network(), found = [];
for (const [letter, ...numbers] of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  if (letter === "s") found.push(0, ...net.step(numbers));
  else if (letter === "l") {
    net.learn(numbers.slice(0, -1), numbers[numbers.length - 1]);
    found.push(0);
  } else if (letter === "w") found.push(...net.numbers());
  else if (letter === "r") {
    net.load(numbers);
    found.push(0);
  } else net.clear();
}
console.log(JSON.stringify([...found, net.saturations[0]]));
"""


def in_python(net, commands, **options):
    """What a program in Python answers."""
    program = {}
    exec(python_source(net, **options) + PYTHON_MAIN, program)
    return program["run"](commands, program["Network"]())


def in_javascript(net, commands, folder, **options):
    """The same in JavaScript."""
    node = shutil.which("node") or pytest.skip("there is no node here")
    source = javascript_source(net, **options)
    (folder / "program.js").write_text(source, encoding="utf-8")
    (folder / "main.js").write_text(JAVASCRIPT_MAIN)
    command = [node, str(folder / "main.js"), str(folder / "program.js")]
    return json.loads(run(command, json.dumps(commands)))


def in_c(net, commands, folder, flags=("-O1",), compiler=None, runner="", **options):
    """The same in C."""
    compiler = compiler or shutil.which("cc") or pytest.skip("no C compiler is here")
    loads = options.get("learn", False) or options.get("loadable", False)
    learns = options.get("learn", False)
    defined = [
        f"-DNUMBER=int{FORMATS[options['dtype']].bits}_t",
        f"-DLEARNS={learns:d}",
        f"-DLOADS={loads:d}",
        f"-DBEGIN=network_{'init' if loads else 'clear'}",
    ]
    (folder / "program.c").write_text(c_source(net, **options), encoding="utf-8")
    (folder / "main.c").write_text(C_MAIN)
    program = folder / "main"
    files = str(folder / "main.c"), "-o", str(program)
    run([*shlex.split(compiler), *STRICT, *defined, *flags, *files])
    text = "\n".join(" ".join(map(str, command)) for command in commands)
    return [*map(int, run([*shlex.split(runner), str(program)], text).split())]


def network(seed):
    """A generated network whose squashes fixed point has."""
    net = ruled(graph(seed), RULES[seed // len(MAKERS) % len(RULES)])
    random = Random(seed)
    groups = {"softmax", "maxout", "winner"}
    for neuron in net.neurons:
        if neuron.squash.name not in EXACT_SQUASHES:
            neuron.squash = random.choice(sorted(EXACT_SQUASHES - groups))
    net.deterministic = True
    return net


def options_of(seed):
    """Learning in every second one, by the nearest number or stochastically."""
    options = {"dtype": ("q7.8", "q15.16")[seed // 2 % 2]}
    if seed % 2:
        rounding = ("stochastic", "nearest")[seed % 3 == 0]
        options |= {"learn": True, "rounding": rounding, "seed": seed}
    return options


def commands_for(net, seed, options, steps=STEPS):
    """Steps, updates with missing targets and, in every third one, an exchange of all
    weights in the middle."""
    format_ = FORMATS[options["dtype"]]
    inputs, targets = data_for(net, steps, seed)
    if seed % 5 == 4:  # numbers end at their range
        inputs *= format_.largest / (2 << format_.fraction)
    rng = np.random.default_rng(seed)
    rate = format_.integer(0.05, format_.rate)
    commands = []
    for step, (row, aims) in enumerate(zip(inputs, targets, strict=True)):
        commands.append(["s", *format_.integers(row).tolist()])
        if options.get("learn"):
            given = format_.integers(aims).tolist()
            softmax = any(n.squash.name == "softmax" for n in net.output)
            if len(given) > 1 and rng.random() < 0.2 and not softmax:
                given[0] = format_.missing
            commands.append(["l", *given, rate])
            if seed % 3 == 1 and step == steps // 2:
                numbers = in_python(net, [*commands, ["w"]], **options)
                count = len(net) + len(net.weights)
                commands += [["w"], ["c"], ["r", *numbers[-count - 1 : -1]]]
    return [*commands, ["w"]] if options.get("learn") else commands


def differing(seed, folder, languages=("c", "javascript"), steps=STEPS, **how):
    """The languages whose integers differ from those of Python."""
    net, options = network(seed), options_of(seed)
    commands = commands_for(net, seed, options, steps)
    expected = in_python(net, commands, **options)
    found = {
        "c": lambda: in_c(net, commands, folder, **how, **options),
        "javascript": lambda: in_javascript(net, commands, folder, **options),
    }
    return [name for name in languages if found[name]() != expected]


if __name__ == "__main__":
    warnings.simplefilter("ignore", TopologyWarning)
    how = {"compiler": os.environ.get("CC"), "runner": os.environ.get("RUN", "")}
    how["flags"] = tuple(shlex.split(os.environ.get("CFLAGS", "-O2")))
    languages = ("c",) if how["compiler"] else ("c", "javascript")
    red = {}
    for seed in range(*map(int, sys.argv[1:])):
        with TemporaryDirectory() as folder:
            found = differing(seed, Path(folder), languages, **how)
        if found:
            red[seed] = found
            print(seed, found, flush=True)
    print(f"{len(red)} differ")
