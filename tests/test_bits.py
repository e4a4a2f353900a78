"""The same calls on the same numbers give the same bits: again, in another thread, in another process."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from synapse import Layer, Network

from .engine.test_jit import run

SEED = 5


def learn(seed: int) -> bytes:
    """Train a gated recurrent network built from a seed; every bit it ends with."""
    rng = np.random.default_rng(seed)
    inputs, gates, cells, outputs = Layer(3), Layer(4), Layer(4, squash="tanh"), Layer(2)
    inputs.project(gates, seed=rng)
    gates.gate(inputs.project(cells, seed=rng), "input")
    gates.gate(cells.project(cells), "one_to_one")
    cells.project(gates, 0.5, seed=rng)
    cells.project(outputs, seed=rng)
    net = Network(inputs, [gates, cells], outputs)
    net.reset(seed=rng)
    found = [net.weights, net.biases]
    for _ in range(50):
        found.append(net.activate(rng.uniform(-1, 1, 3)))
        net.propagate(0.1, rng.uniform(0, 1, 2))
    return b"".join(array.tobytes() for array in [*found, net.weights, net.biases])


def test_a_seed_fixes_every_bit():
    assert learn(SEED) == learn(SEED)
    assert learn(SEED) != learn(SEED + 1)


def test_another_process_finds_the_same_bits():
    code = f"from tests.test_bits import learn; print(learn({SEED}).hex())"
    assert bytes.fromhex(run("-c", code, PYTHONHASHSEED="1")) == learn(SEED)


def test_threads_that_share_no_neuron_do_not_disturb_each_other():
    alone = [learn(seed) for seed in range(6)]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(learn, range(6))) == alone


def test_two_networks_stepped_by_two_threads_learn_as_one_after_the_other():
    def stepped(net, rows):
        for row in rows:
            net.activate(row)
            net.propagate(0.1, [0.5])
        return net.weights.tobytes() + net.biases.tobytes()

    def networks():
        for seed in range(2):
            layers = Layer(8), Layer(16), Layer(1)
            layers[0].project(layers[1], seed=seed)
            layers[1].project(layers[2], seed=seed)
            yield Network(layers[0], [layers[1]], layers[2])

    rows = np.random.default_rng(0).normal(size=(300, 8))
    alone = [stepped(net, rows) for net in networks()]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda net: stepped(net, rows), networks())) == alone
