"""The same calls on the same numbers give the same bits: again, in another thread, in
another process."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from synapse import Layer, Network
from tests.helpers.processes import python

SEED = 5


def learn(seed: int) -> bytes:
    """Train a gated recurrent network built from a seed; every bit it ends with."""
    rng = np.random.default_rng(seed)
    inputs = Layer(3)
    gates = Layer(4)
    cells = Layer(4, squash="tanh")
    outputs = Layer(2)
    inputs.project(gates, seed=rng)
    gates.gate(inputs.project(cells, seed=rng), "input")
    gates.gate(cells.project(cells), "one_to_one")
    cells.project(gates, 0.5, seed=rng)
    cells.project(outputs, seed=rng)
    net = Network(inputs, [gates, cells], outputs)
    net.reset_parameters(seed=rng)
    arrays = [net.weights, net.biases]
    for _ in range(50):
        arrays.append(net.activate(rng.uniform(-1, 1, 3)))
        net.propagate(0.1, rng.uniform(0, 1, 2))
    return b"".join(array.tobytes() for array in [*arrays, net.weights, net.biases])


def test_a_seed_fixes_every_bit():
    assert learn(SEED) == learn(SEED)
    assert learn(SEED) != learn(SEED + 1)


@pytest.mark.compiler
def test_another_process_finds_the_same_bits():
    code = f"from tests.engine.test_bits import learn; print(learn({SEED}).hex())"
    assert bytes.fromhex(python("-c", code, PYTHONHASHSEED="1")) == learn(SEED)


def test_threads_that_share_no_neuron_do_not_disturb_each_other():
    alone = [learn(seed) for seed in range(6)]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(learn, range(6))) == alone
