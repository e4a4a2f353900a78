"""Exact gradients of networks and batches that do not fill tiles, registers and
lanes."""

import hashlib
import itertools
import json

import numpy as np
import pytest

import architect
from synapse import Layer, Network, gradient
from synapse.engine.language import machine
from synapse.engine.language.decorators import COMPILES
from tests.helpers.cases import Cases
from tests.helpers.integrity import contents
from tests.helpers.processes import python


def crossed(n, dtype):
    """Cells that are alike, but for their gates, which come in the reverse order."""
    source, gates, cells, output = (Layer(size, dtype=dtype) for size in (n, n, n, 1))
    source.project(gates, seed=0)
    for link, gate in zip(
        source.project(cells, "one_to_one", seed=1), list(gates)[::-1], strict=True
    ):
        gate.gate(link)
    cells.project(output, seed=2)
    return Network(source, [gates, cells], output)


SIZES = (1, 2, 3, 5, 7, 9, 17, 33)
NETS = {
    "elman": lambda n, dtype: architect.Elman(n, n, n, seed=n, dtype=dtype),
    "gated": lambda n, dtype: architect.LSTM(
        2, n, 2, style="synaptic", seed=n, dtype=dtype
    ),
    "standard": lambda n, dtype: architect.LSTM(
        n, n, n, style="standard", seed=n, dtype=dtype
    ),
    "crossed": crossed,
    "perceptron": lambda n, dtype: architect.Perceptron(
        n, n + 16, 2, seed=n, dtype=dtype
    ),
}
STEPS = 3


def data(net, batch, seed=0):
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(-1, 1, (batch, STEPS, len(net.input)))
    return inputs, rng.random((batch, STEPS, len(net.output)))


def slopes(net, inputs, targets, **options):
    gradients = gradient(net, inputs, targets, "squared_error", **options)
    return np.concatenate([[gradients.loss], gradients.weights, gradients.biases])


each_size = pytest.mark.parametrize(
    "sizes",
    [(1, 9, 17), pytest.param((2, 3, 5, 7, 33), marks=pytest.mark.slow)],
    ids=["some", "others"],
)


@pytest.mark.full
@each_size
def test_a_batch_is_the_mean_of_its_sequences(sizes):
    with Cases() as case:
        for name, size, dtype in itertools.product(NETS, sizes, ("float64", "float32")):
            net = NETS[name](size, dtype)
            close = 1e-12 if dtype == "float64" else 2e-5
            inputs, targets = data(net, max(SIZES))
            each = np.array([slopes(net, x, t) for x, t in zip(inputs, targets)])
            for batch in SIZES:
                with case(name, size, dtype, batch):
                    of_batch = slopes(net, inputs[:batch], targets[:batch])
                    assert of_batch == pytest.approx(
                        each[:batch].mean(0), rel=close, abs=close
                    )


@each_size
def test_gradients_are_finite_differences(sizes):
    with Cases() as case:
        for name, size in itertools.product(NETS, sizes):
            net = NETS[name](size, "float64")
            rng = np.random.default_rng(size)
            inputs, targets = data(net, 17)
            slopes_of_weights = gradient(net, inputs, targets, "squared_error").weights
            weights = net.weights
            step = 1e-5
            trainable = [k for k, c in enumerate(net.connections) if c.trainable]
            for k in rng.choice(trainable, min(6, len(trainable)), replace=False):
                moves = np.where(np.arange(len(weights)) == k, step, 0.0)
                losses = []
                for net.weights in (weights + moves, weights - moves):
                    losses.append(gradient(net, inputs, targets, "squared_error").loss)
                net.weights = weights
                with case(name, size, k):
                    difference = (losses[0] - losses[1]) / (2 * step)
                    expected = pytest.approx(difference, rel=1e-5, abs=1e-8)
                    assert slopes_of_weights[k] == expected


@pytest.mark.parametrize("squash", ["logistic", "maxout", "noise"])
def test_the_store_is_not_written(squash):
    """Kernels of several threads read it at the same time."""
    net = architect.LSTM(2, 3, 2, seed=1)
    net["cells"].squash = squash
    net.deterministic = True
    inputs, targets = data(net, 20)
    net.run(inputs[0])
    before = contents(net._store)
    gradient(net, inputs, targets, threads=2)
    assert contents(net._store) == before


AS_ANOTHER_MACHINE = """
import json, pytest, sys
from synapse.engine.language import machine
own = machine.tile()
other = machine.NARROW_TILE if own == machine.WIDE_TILE else machine.WIDE_TILE
machine.tile = lambda: other
"""


def as_another_machine(code, timeout):
    """What a process prints whose tiles are those of other registers."""
    return python("-c", AS_ANOTHER_MACHINE + code, timeout=timeout)


def digests_of_lanes():
    """The bits of gradients of whole lanes, by network."""
    digests = {}
    for name, size, dtype in itertools.product(NETS, (9, 17), ("float64", "float32")):
        net = NETS[name](size, dtype)
        tile_slopes = slopes(net, *data(net, 16))
        digests[f"{name} {size} {dtype}"] = hashlib.sha256(tile_slopes).hexdigest()
    return digests


@pytest.mark.compiler
@pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
def test_lanes_have_the_bits_of_tiles_of_any_size():
    code = "from tests.engine.test_tiles import digests_of_lanes\n"
    printed = as_another_machine(code + "print(json.dumps(digests_of_lanes()))", 600)
    assert json.loads(printed) == digests_of_lanes()


@pytest.mark.slow
@pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
def test_tiles_of_another_machine():
    files = [f"tests/engine/test_{name}.py" for name in ("tiles", "lists", "rtrl")]
    words = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-o", "addopts=", *files]
    words += ["-m", "not (compiler or full or slow)"]
    printed = as_another_machine(f"sys.exit(pytest.main({words}))", 1800)
    assert " passed" in printed


def test_files_of_machine_code_belong_to_a_tile(monkeypatch):
    described = machine.description()
    tiles = {machine.WIDE_TILE, machine.NARROW_TILE} - {machine.tile()}
    monkeypatch.setattr(machine, "tile", tiles.pop)
    machine.description.cache_clear()
    try:
        assert machine.description() != described
    finally:
        machine.description.cache_clear()
