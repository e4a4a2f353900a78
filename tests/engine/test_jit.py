"""The same code with and without the compiler."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import synapse
from synapse.engine.compiler import jit

ROOT = Path(__file__).parents[2]


def run(*arguments, **variables):
    paths = os.pathsep.join([str(Path(synapse.__file__).parents[1]), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": paths, **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(jit.DEBUGGING, reason="it is off already")
def test_the_suite_passes_without_the_compiler():
    rules = ("golden", "rule", "neuron", "network", "tie", "tied_rule")
    names = ("squash", "cost", "captured", "registering", *rules)
    files = [*(f"test_{name}" for name in names), "engine/test_online"]
    tests = [str(ROOT / "tests" / f"{file}.py") for file in files]
    shown = run("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests, NUMBA_DISABLE_JIT="1")
    assert " passed" in shown


USE = """
import warnings
import architect, numpy as np, synapse
from synapse import Neuron, Trainer, cost, squash

warnings.simplefilter("ignore", synapse.errors.TrainingWarning)  # a jump has no slope to learn by
slope = 0.5

@squash.register
def rising(state):
    return slope * state, slope

@cost.register
def halves(target, output, derivative, outputs):
    error = target - output
    return 0.5 * error * error, error * derivative

rng = np.random.default_rng(0)
inputs, targets = rng.normal(size=(3, 4, 2)), rng.random((3, 4, 1))
for dtype, large in (("float64", 1e300), ("float32", 1e30)):
    for name in set(squash.names()) - {"softmax"}:
        net = architect.Elman(2, 3, 1, squash=name, seed=1, dtype=dtype)
        net.activate(inputs[0, 0])
        net.propagate(0.1, targets[0, 0], halves if name == "rising" else None)
        Trainer(net).train(inputs, targets, epochs=1, progress=False)
        Trainer(net, method="bptt").train(inputs, targets, epochs=1, progress=False)
        synapse.gradient(net, inputs, targets, threads=2)
        net.activate([large, -large])
for name in squash.names():
    for weight in (1e300, -1e300):  # an infinite state
        source, neuron = Neuron("identity", bias=1e300), Neuron(name)
        source.project(neuron, weight)
        source.activate(), neuron.activate()
"""


def test_nothing_warns_without_the_compiler():
    run("-W", "error", "-c", USE, NUMBA_DISABLE_JIT="1")


BUILD = "from synapse import *; a, b = Layer(2), Layer(2); a.project(b); Network(a, [], b).graph"


@pytest.mark.parametrize("code", ["import synapse", BUILD], ids=["importing", "building"])
def test_the_compiler_is_not_imported_before_it_is_needed(code):
    run("-c", f"import sys; {code}; assert 'numba' not in sys.modules")


def test_kernels_see_the_columns_of_a_store():
    net = synapse.Network(synapse.Layer(1), [], synapse.Layer(1, bias=0.5))
    store = net._store
    columns = jit._plain_columns(store.ready(), store.unit)
    assert columns.bias.tolist() == store.columns["bias"].tolist()
    columns.bias[0] = 0.25
    assert net[0].bias == 0.25
    assert columns.source.size == 0


COMPILED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import architect
net = architect.Perceptron(2, 3, 1, seed=0)
print("ready", flush=True)
try:
    net.activate([0.0, 1.0])
except KeyboardInterrupt:
    print("interrupted")
print(net.activate([0.0, 1.0]).shape)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_ctrl_c_while_kernels_are_compiled_is_raised(seconds, tmp_path):
    """LLVM calls back into Python, where an exception would be printed and forgotten."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMPILED],
        env={**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    told, errors = process.communicate(timeout=300)
    assert (told, "ignored" in errors) == ("interrupted\n(1,)\n", False)


IMPORTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import architect
net = architect.Perceptron(2, 3, 1, seed=0)

class Finder:
    def find_spec(self, name, *_):
        if name == "numba.core.types":
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Finder())
try:
    net.activate([0.0, 1.0])
except KeyboardInterrupt:
    print("interrupted")
print(net.activate([0.0, 1.0]).shape)
"""


def test_ctrl_c_while_the_compiler_is_imported_is_raised_afterwards():
    """Numba cannot be imported again after its first import has been interrupted."""
    assert run("-c", IMPORTED) == "interrupted\n(1,)\n"
