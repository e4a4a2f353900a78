"""Parts of kernels that are compiled when a network first needs them, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import synapse
from synapse.engine.compiler import jit

pytestmark = pytest.mark.skipif(jit.DEBUGGING, reason="nothing is compiled")

ROOT = Path(synapse.__file__).parents[1]
PLAIN = """
import architect, numpy as np, synapse
from synapse.engine.compiler import rare
net = architect.Perceptron(2, 3, 1, seed=0)
inputs, targets = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0], [0.0]])
net.activate(inputs[0])
net.propagate(0.1, targets[0])
synapse.Trainer(net).train(inputs, targets, epochs=2, progress=False)
synapse.Trainer(net, method="bptt").train(inputs, targets, epochs=2, progress=False)
assert rare.compiled() == set(), rare.compiled()
"""


def run(code, **variables):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("net.hidden[0][1].squash = 'relu'; net.activate(inputs[0])", {"stretch_of_relu"}),
        ("net.hidden[0][1].squash = 'winner'; net.activate(inputs[0])", {"compete"}),
        ("net.hidden[0][1].squash = 'noise'; net.activate(inputs[0])", {"chance"}),
        ("with synapse.record(net) as log: net.activate(inputs[0])\nassert len(log) == 1", {"note"}),
        (
            "net = architect.LSTM(2, 1, 1); net.activate(inputs[0])",
            {"weigh_gated", "stretch_of_identity", "stretch_of_tanh"},
        ),
        (
            "net.hidden[0][0].gate(net.hidden[0][1].outgoing[0]); net.activate(inputs[0]);"
            "net.propagate(0.1, targets[0])",
            {"weigh_gated", "propagate_gated"},
        ),
        (
            "synapse.tie(net.hidden[0][0].incoming); net.activate(inputs[0]); net.propagate(0.1, targets[0])",
            {"note_tied", "move_tied"},
        ),
    ],
)
def test_a_plain_network_compiles_none_and_an_edit_compiles_its_own(code, parts):
    run(f"{PLAIN}\n{code}\nassert rare.compiled() == {parts}, rare.compiled()")


def test_both_floats_have_their_own():
    run(
        "import synapse, numpy as np\n"
        "from synapse.engine.parts import ADDRESSES\n"
        "for dtype in ('float32', 'float64'):\n"
        "    neuron = synapse.Neuron('relu', bias=0.5, dtype=dtype)\n"
        "    assert neuron.activate() == 0.5\n"
        "assert all(np.count_nonzero(table) == 3 for table in ADDRESSES.values())\n"
    )


FORKED = """
import os, sys, synapse
assert synapse.Neuron("relu", bias=0.5).activate() == 0.5
child = os.fork()
if child == 0:
    sound = synapse.Neuron("relu", bias=0.5).activate() == 0.5
    os._exit(0 if sound and synapse.Neuron("gelu", bias=0.5).activate() > 0.3 else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_uses_them_and_compiles_others():
    run(FORKED)


FAILING = """
import numpy as np, synapse
from synapse.engine.compiler import rare

def fails(*_):
    raise MemoryError("no room for the part")

compiled, rare._compiled = rare._compiled, fails
neuron = synapse.Neuron("relu", bias=0.5)
inputs, outputs = synapse.Layer(1), synapse.Layer(1, squash="relu", bias=0.5)
inputs.project(outputs)
net = synapse.Network(inputs, [], outputs)
steps = neuron.activate, lambda: net.activate([0.0]), lambda: net.run([[0.0]])
train = synapse.Trainer(net, method="bptt", optimizer=synapse.optimizers.SGD(0.1)).train
for step in (*steps, lambda: synapse.gradient(net, [[0.0]], [[1.0]]), lambda: train([[0.0]], [[1.0]])):
    try:
        step()
    except MemoryError as error:
        print(error)
rare._compiled = compiled
print(neuron.activate())
"""


def test_an_error_while_one_is_compiled_is_raised_and_the_next_step_tries_again():
    assert run(FAILING).split("\n")[:6] == ["no room for the part"] * 5 + ["0.5"]


INTERRUPTED = """
import os, signal, time
import synapse
from synapse.engine.compiler import rare
signal.signal(signal.SIGINT, signal.default_int_handler)
compiled = rare._compiled

def interrupted(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
    return compiled(*arguments)

rare._compiled = interrupted
neuron = synapse.Neuron("relu", bias=0.5)
try:
    neuron.activate()
    time.sleep(5)
except KeyboardInterrupt:
    print("interrupted", neuron.activation)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_while_one_is_compiled_is_raised_after_the_step():
    assert run(INTERRUPTED).startswith("interrupted 0.5")


def test_parts_are_cached_on_disk(tmp_path):
    code = "import synapse; print(synapse.Neuron('relu', bias=0.5).activate())"
    run(code, NUMBA_CACHE_DIR=str(tmp_path))
    files = {file.name: file.stat().st_mtime_ns for file in tmp_path.rglob("*stretch_of_relu*")}
    assert len(files) == 2  # an index, and the machine code
    run(code, NUMBA_CACHE_DIR=str(tmp_path))
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.rglob("*stretch_of_relu*")} == files


@pytest.mark.parametrize("name", sorted(set(synapse.squash.names()) - {"noise", "bernoulli"}))
@pytest.mark.parametrize("size", [1, 3, 40])
def test_a_stretch_of_any_length_has_the_values_of_single_neurons(name, size):
    random = np.random.default_rng(size)
    source, layer = synapse.Layer(2), synapse.Layer(size, squash=name)
    source.project(layer)
    net = synapse.Network(source, [], layer)
    net.weights = random.normal(size=net.weights.shape)
    outputs = net.activate(random.normal(size=2))
    squash = synapse.squash.get(name)
    if not squash.grouped:
        alone = [squash(neuron.state) for neuron in layer]
        np.testing.assert_allclose(outputs, alone, rtol=1e-12, atol=1e-15)
