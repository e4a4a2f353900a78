"""Programs in C that do not learn, whose weights can be loaded."""

import re
import subprocess

import numpy as np
import pytest

import architect
from synapse import errors
from synapse.readwrite import c_source
from tests.helpers.cases import all_hold
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


def answers_of(net, folder, rows, numbers, **options):
    """Outputs of the weights of the file, then of other numbers from a cleared
    context."""
    source = c_source(net, options.pop("keep_context", False), loadable=True, **options)
    assert "_learn(" not in source
    assert "trace" not in source.partition("} Network;")[0]
    real = np.float32 if "const float *inputs" in source else np.float64
    name = "float" if real == np.float32 else "double"
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
    outputs = np.frombuffer(done.stdout, real).reshape(2, len(rows), -1)
    return outputs.astype(float)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_numbers_are_loaded(tmp_path):
    """All of them, also of connections that do not learn."""

    def check(name, options, tolerance):
        net = graph(name) if isinstance(name, int) else NETS[name]()
        rows = random_steps(net, 12)
        keeps = options.get("keep_context", False)
        if keeps:
            net.activate(rows[0])
        rng = np.random.default_rng(0)
        numbers = np.concatenate([net.biases, net.weights])
        numbers += rng.normal(scale=0.1, size=len(numbers))
        ours, theirs = answers_of(net, tmp_path, rows, numbers, **options)
        if not keeps:
            net.clear()
        assert close(ours, expected(net, rows), tolerance)
        twin = net.clone()
        twin.biases = numbers[: len(net)]
        twin.weights = numbers[len(net) :]
        twin.clear()
        assert close(theirs, expected(twin, rows), tolerance)

    exact = {"sums": "exact"}
    cases = [(seed, exact, 1e-12) for seed in (1, 2, 3, 4, 6)]
    cases += [(4, exact | {"keep_context": True}, 1e-12)]
    cases += [(name, {}, 1e-4) for name in ("perceptron", "elman", "competing")]
    cases += [(4, {"dtype": "float64"}, 1e-12)]
    all_hold(check, cases)


def test_weights_are_constants_unless_asked_for():
    net = architect.Perceptron(2, 3, 1, seed=0)
    assert "_load" not in c_source(net)
    with pytest.raises(errors.ArgumentError, match="Pass learn=True, too"):
        c_source(net, loadable=True, optimizer="adam")
    with pytest.raises(errors.ArgumentTypeError, match="True or False"):
        c_source(net, loadable=1)
    noisy = architect.Perceptron(2, 3, 1, seed=0, squash="noise")
    with pytest.raises(errors.FormatError, match="deterministic"):
        c_source(noisy, loadable=True)
