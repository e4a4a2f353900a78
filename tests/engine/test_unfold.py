"""The kernels of exact gradients, with and without the compiler: see ``test_jit.py``."""

import json

import numpy as np
import pytest

import architect
from synapse import gradient

from ..networks import GOLDEN, from_golden
from ..strategies import Twin, crowded
from .test_jit import ROOT, run

SMALL = ("perceptron_2_3_1", "lstm_2_3_3_2", "lstm_allopts", "free_b")


def slopes(net, inputs, targets, cost="squared_error", **options):
    result = gradient(net, inputs, targets, cost, **options)
    return np.concatenate([[result.loss], result.weights, result.biases])


def everything():
    """Slopes of crowded graphs, in one lane and in several, whole and in windows."""
    found = {}
    for seed in (1, 5):
        net, rng = Twin(crowded(seed)).net, np.random.default_rng(seed)
        inputs = [rng.uniform(-1, 1, (length, 2)) for length in (3, 1, 2)]
        targets = [rng.random((len(rows), 2)) for rows in inputs]
        found[f"one {seed}"] = slopes(net, inputs[0], targets[0]).tolist()
        found[f"several {seed}"] = slopes(net, inputs, targets).tolist()
        found[f"window {seed}"] = slopes(net, inputs, targets, window=1).tolist()
    return found


@pytest.mark.parametrize("name", SMALL)
def test_golden_gradients(name):
    net, _ = from_golden(name)
    golden = GOLDEN[name]
    biases = gradient(net, golden["inputs"], golden["targets"], "squared_error").biases
    assert biases == pytest.approx(golden["bptt_squared"]["bias_gradient"], abs=1e-10)


def test_lanes_side_by_side_are_lanes_apart():
    net, rng = Twin(crowded(3)).net, np.random.default_rng(0)
    inputs = [rng.uniform(-1, 1, (length, 2)) for length in (2, 4)]
    targets = [rng.random((len(rows), 2)) for rows in inputs]
    apart = [slopes(net, x, t) for x, t in zip(inputs, targets)]
    assert slopes(net, inputs, targets) == pytest.approx(sum(apart) / 2, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("squash", ["logistic", "maxout", "softsign", "noise"])
def test_the_store_is_not_written(squash):
    """Kernels of several threads read it at the same time."""
    net = architect.LSTM(2, 3, 2, seed=1)
    net["cells"].squash = squash
    net.deterministic = True
    net.run(np.ones((3, 2)))
    store, rng = net._store, np.random.default_rng(0)
    before = {name: column.copy() for name, column in store.columns.items()}
    gradient(net, rng.normal(size=(20, 4, 2)), rng.random((20, 4, 2)), threads=2)
    for name, column in store.columns.items():
        assert (column == before[name]).all(), name


def test_the_compiler_changes_nothing_but_rounding():
    code = "import json; from tests.engine.test_unfold import everything; print(json.dumps(everything()))"
    plain, ours = json.loads(run("-c", code, NUMBA_DISABLE_JIT="1")), everything()
    assert plain.keys() == ours.keys()
    for name, values in plain.items():
        assert ours[name] == pytest.approx(values, rel=1e-11, abs=1e-12), name


def test_these_tests_pass_without_the_compiler():
    tests = [str(ROOT / "tests" / "engine" / "test_unfold.py"), "-k", "golden or lanes"]
    shown = run("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests, NUMBA_DISABLE_JIT="1")
    assert "5 passed" in shown
