"""Programs in C that do not learn, whose weights can be loaded."""

import re
import subprocess
from functools import partial

import numpy as np
import pytest

import architect
from synapse import errors
from synapse.readwrite import c_source
from tests.helpers.cases import all_hold, all_refused
from tests.readwrite.learners import graph
from tests.readwrite.programs import (
    NETS,
    SANITIZED,
    close,
    compiled,
    expected,
    random_steps,
)

MAIN = r"""
#include <stdio.h>
#include "program.c"

int main(void) {
    static Network net;
    static REAL numbers[NETWORK_NUMBERS], before[NETWORK_NUMBERS];
    REAL inputs[NETWORK_INPUTS], outputs[NETWORK_OUTPUTS];
    size_t rows = 0;
    BEGIN(&net);
    if (sizeof net != SIZE) return 5;
    network_weights(&net, before);
    for (int pass = 0; pass < 2; pass++) {
        if (fread(&rows, sizeof rows, 1, stdin) != 1) return 1;
        if (pass) {
            const Network same = net;
            if (fread(numbers, sizeof(REAL), NETWORK_NUMBERS, stdin) != NETWORK_NUMBERS)
                return 1;
            before[0] = NAN;
            if (network_load(&net, before) != NETWORK_BAD_NUMBER) return 2;
            if (memcmp(&same, &net, sizeof net)) return 3;
            if (network_load(&net, numbers) != NETWORK_DONE) return 4;
            network_clear(&net);
        }
        while (rows--) {
            if (fread(inputs, sizeof(REAL), NETWORK_INPUTS, stdin) != NETWORK_INPUTS)
                return 1;
            if (network_step(&net, inputs, outputs)) return 6;
            fwrite(outputs, sizeof(REAL), NETWORK_OUTPUTS, stdout);
        }
    }
    return 0;
}
"""


def answers_of(net, folder, rows, numbers, keep_context=False, **options):
    """Outputs of the weights of the file, then of other numbers from a cleared
    context."""
    source = c_source(net, keep_context, loadable=True, **options)
    assert "_learn(" not in source
    assert "trace" not in source.partition("} Network;")[0]
    name, real = ("double", np.float64)
    if "const float *inputs" in source:
        name, real = ("float", np.float32)
    (folder / "program.c").write_text(source)
    (folder / "main.c").write_text(MAIN)
    begin = "network_start" if "network_start" in source else "network_init"
    size = re.search(r"(\d+) bytes an instance", source)[1]
    flags = [f"-DREAL={name}", f"-DBEGIN={begin}", f"-DSIZE={size}", *SANITIZED]
    command = compiled(folder, "-O1", *flags)
    count = np.array([len(rows)], np.uint64).tobytes()
    steps = np.array(rows, real).tobytes()
    sent = count + steps + count + numbers.astype(real).tobytes() + steps
    done = subprocess.run(command, input=sent, capture_output=True, check=False)
    assert done.returncode == 0, done
    return np.frombuffer(done.stdout, real).reshape(2, len(rows), -1).astype(float)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_numbers_are_loaded(tmp_path):
    """All of them, also of connections that do not learn."""

    def check(make, options, tolerance):
        net = make()
        rows = random_steps(net, 12)
        keeps = "keep_context" in options
        if keeps:
            net.activate(rows[0])
        rng = np.random.default_rng(0)
        numbers = np.concatenate([net.biases, net.weights])
        numbers += rng.normal(scale=0.1, size=len(numbers))
        ours, theirs = answers_of(net, tmp_path, rows, numbers, **options)
        if not keeps:
            net.clear()
        assert close(ours, expected(net, rows), tolerance)
        net.biases, net.weights = np.split(numbers, [len(net)])
        net.clear()
        assert close(theirs, expected(net, rows), tolerance)

    exact = {"sums": "exact"}
    cases = [
        *((partial(graph, seed), exact, 1e-12) for seed in (1, 2, 3, 4, 6)),
        (partial(graph, 4), exact | {"keep_context": True}, 1e-12),
        *((NETS[name], {}, 1e-4) for name in ("perceptron", "elman", "competing")),
        (partial(graph, 4), {"dtype": "float64"}, 1e-12),
    ]
    all_hold(check, cases)


def test_weights_are_constants_unless_asked_for():
    net = architect.Perceptron(2, 3, 1, seed=0)
    assert "_load" not in c_source(net)
    noisy = architect.Perceptron(2, 3, 1, seed=0, squash="noise")
    write = partial(c_source, net, loadable=True)
    not_learning = partial(write, optimizer="adam")
    all_refused(
        [
            (not_learning, errors.ArgumentError, "Pass learn=True, too"),
            (partial(write, loadable=1), errors.ArgumentTypeError, "True or False"),
            (
                partial(c_source, noisy, loadable=True),
                errors.FormatError,
                "deterministic",
            ),
        ]
    )
