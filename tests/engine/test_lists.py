"""Lists of the sources that are not 0: sums and updates have the bits of those that
read all connections, whatever is called, and no list outlives its call."""

import itertools
import threading
from contextlib import suppress
from itertools import pairwise

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network
from synapse.engine import schema
from synapse.engine.lowering import lists
from synapse.engine.records import Ties
from tests.helpers.cases import all_hold

pytestmark = [
    pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning"),
    pytest.mark.filterwarnings("ignore::synapse.errors.RateWarning"),
]

ACTIVE = (0.0, 0.003, 0.01, 0.1, 0.3, 1.0)
SQUASHES = ("relu", "tanh", "logistic", "spike")
SEEDS = range(8)
PER_SEQUENCE = 4


def perceptron(seed, rng, dtype):
    """Blocks that are read in whole, in part and past a layer, silent ones among
    them."""
    sizes = rng.integers(64, 300, rng.integers(1, 4))
    x = Layer(int(rng.integers(64, 500)), dtype=dtype)
    hidden = [Layer(int(n), str(rng.choice(SQUASHES)), dtype=dtype) for n in sizes]
    y = Layer(int(rng.integers(1, 9)), dtype=dtype)
    layers = [x, *hidden, y]
    for before, after in pairwise(layers):
        before.project(after, seed=rng)
    if seed % 3 == 0 and hidden:
        x.project(y, seed=rng)
    if seed % 4 == 0:
        kept = np.ones((len(hidden[-1]), len(hidden[0])), bool)
        kept[:, : len(kept) // 3] = False
        hidden[-1].project(hidden[0], kept[: len(hidden[-1])], seed=rng)
    if seed % 5 == 0:
        hidden[0].freeze()
    return Network(x, hidden, y, synchronous=seed % 7 == 0)


def recurrent(seed, rng, dtype):
    n, m = int(rng.integers(64, 300)), int(rng.integers(1, 5))
    makers = (
        lambda: architect.Elman(n, 80, m, seed=seed, dtype=dtype),
        lambda: architect.LSTM(n, 6, m, seed=seed, dtype=dtype),
        lambda: architect.NARX(n, 20, m, seed=seed, dtype=dtype),
        lambda: architect.Liquid(n, 70, m, seed=seed, dtype=dtype),
        lambda: architect.Random(n, 40, m, density=1.0, seed=seed, dtype=dtype),
    )
    return makers[seed % len(makers)]()


def made(seed):
    rng = np.random.default_rng(seed)
    dtype = ("float64", "float32")[seed % 2]
    net = (recurrent if seed % 4 == 3 else perceptron)(seed, rng, dtype)
    active = rng.choice(ACTIVE, (10, 1)).repeat(PER_SEQUENCE, 0)
    rows = rng.normal(size=(len(active), len(net.input)))
    rows = np.where(rng.random(rows.shape) < active, rows, 0.0)
    return net, rows, rng.random((len(rows), len(net.output)))


def by_hand(net, rows, targets, rng):
    """Single steps, with changes of activations between a step and its propagation."""
    outputs = []
    for row, aims in zip(rows, targets, strict=True):
        outputs.append(net.activate(row))
        if rng.random() < 0.3 and not net.synchronous:
            i = int(rng.integers(len(net.input)))
            net.input[i].activate(float(rng.normal()))
        net.propagate(0.01, aims)
    return outputs


def trained(rule, **options):
    def train(net, rows, targets, rng):
        trainer = synapse.Trainer(net, rule=rule, rate=0.01, **options)
        trainer.train(rows, targets, epochs=2, seed=3, progress=False)
        return [trainer.test(rows, targets).cost]

    return train


def one_by_one(net, rows, targets, rng):
    """Neurons are called alone after a step of the whole network."""
    net.activate(rows[0])
    net.synchronous = False
    net.layers[1][0].activate()
    net.layers[1][0].propagate(0.01)
    outputs = net.output.activate()
    net.output.propagate(0.01, targets[0])
    return [outputs]


def recorded(net, rows, targets, rng):
    with synapse.record(net, "activation", "bias") as log:
        trained("online")(net, rows, targets, rng)
    return [np.asarray(log[name]) for name in ("activation", "bias")]


def edited(net, rows, targets, rng):
    """The network changes between two calls."""
    net.run(rows[:5])
    net.layers[1][0].squash = "relu"
    source = net.input[3]
    source.disconnect(next(iter(net.graph.successors(source))))
    net.propagate(0.01, targets[4])
    net.clear()
    return [net.run(rows)]


def sequences(net, rows, targets, rng):
    trainer = synapse.Trainer(net, rate=0.01)
    trainer.train([rows[:9], rows[9:]], [targets[:9], targets[9:]], epochs=2, seed=1)
    return list(net.run([rows[:7], rows[7:]]))


def exact(optimizer, **options):
    """Batches of much and little activity follow each other; an update that cannot be
    made is undone."""

    def train(net, rows, targets, rng):
        data = [
            each.reshape(-1, PER_SEQUENCE, each.shape[1]) for each in (rows, targets)
        ]
        how = {"shuffle": False, "progress": False}
        rule = {"rule": "bptt", "optimizer": optimizer, "rate": 0.01}
        trainer = synapse.Trainer(net, **rule, **options)
        results = [trainer.train(*data, epochs=3, **how).loss]
        results += [synapse.gradient(net, *data).weights for _ in range(2)]
        before, trainer.rate = net.weights, float(np.finfo(net.dtype).max)
        with suppress(synapse.errors.DivergenceError):
            trainer.train(*data, epochs=2, **how)
        results.append(net.weights)
        net.clear()
        net.weights, net.biases = before, np.zeros_like(net.biases)
        return results

    return train


def in_groups(net, rows, targets, rng):
    """Batches of two groups of samples, with a few other sources active in each."""
    group = 16 * schema.SIDE_BY_SIDE[net.dtype]
    size = group + 20
    few = np.zeros((3 * size, rows.shape[1]))
    for batch in np.split(few, 3):
        for samples in (batch[:group], batch[group:]):
            source = int(rng.integers(rows.shape[1] - 8))
            samples[:, source : source + 8] = rng.normal(size=(len(samples), 8))
    threads = int(rng.integers(1, 4))
    options = {"optimizer": "sgd", "rate": 0.01, "threads": threads}
    trainer = synapse.Trainer(net, rule="bptt", batch_size=size, **options)
    aims = np.resize(targets, (len(few), targets.shape[1]))
    return [trainer.train(few, aims, epochs=2, shuffle=False, progress=False).loss]


CALLS = {
    "by hand": by_hand,
    "online": trained("online"),
    "batches": trained("online", batch_size=7, optimizer="adam"),
    "descent": trained("online", batch_size=7, optimizer="sgd"),
    "bptt": trained("bptt", batch_size=7, optimizer="adam"),
    "exact descent": exact("sgd", batch_size=1),
    "exact squares": exact("adagrad", batch_size=3),
    "exact threads": exact("sparse_adam", batch_size=5, threads=2),
    "exact groups": in_groups,
    "one by one": one_by_one,
    "recorded": recorded,
    "edited": edited,
    "sequences": sequences,
    "run": lambda net, rows, *_: [net.run(rows), net.peek(rows[0])],
    "threads": lambda net, rows, *_: [net.run(np.tile(rows, (40, 1)), threads=3)],
    "untraced": lambda net, rows, *_: [net.run(rows, traces=False)],
}
SCRATCH = {"list_count", "listed", "input_rows", "failed", "run_met"}
"""Columns that steps write and nobody sees."""


def bits(net):
    net._lowered()
    names = {*schema.STEPPED, "weight", "bias", "pending_step", "age"} - SCRATCH
    return {name: net._store[name].tobytes() for name in names}


def outcome(seed, name):
    net, rows, targets = made(seed)
    results = CALLS[name](net, rows, targets, np.random.default_rng(seed))
    results += CALLS["by hand"](net, rows[:3], targets[:3], np.random.default_rng(1))
    return net, [np.asarray(result).tobytes() for result in results], bits(net)


@pytest.mark.full
def test_sources_after_the_last_whole_group_learn():
    """Inputs with the same numbers, the first and the last one, have weights that stay
    the same, whatever the length of the list's last group is."""

    def check(dtype, count, batch_size):
        x, y = Layer(count, dtype=dtype), Layer(20, "identity", dtype=dtype)
        x.project(y, weights=0.1)
        net = Network(x, y)
        rng = np.random.default_rng(count)
        rows, targets = np.zeros((60, count)), rng.normal(size=(60, 20))
        rows[:, 0] = rows[:, -1] = rng.normal(size=60)
        options = {"rule": "bptt", "optimizer": "sgd", "batch_size": batch_size}
        trainer = synapse.Trainer(net, rate=0.01, **options)
        trainer.train(rows, targets, epochs=2, progress=False, seed=0)
        first, last = (
            [source.connection_to(target).weight for target in y]
            for source in (x[0], x[-1])
        )
        assert first != pytest.approx([0.1] * 20, abs=1e-3)
        assert last == pytest.approx(first, rel=1e-5)

    dtypes, counts = ("float64", "float32"), range(127, 146)
    all_hold(check, [*itertools.product(dtypes, counts, (1, 20))])


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, marks=[] if seed == 2 else pytest.mark.full) for seed in SEEDS],
)
def test_lists_change_no_bit(name, seed, monkeypatch):
    net, results, columns = outcome(seed, name)
    has_lists = net._store.columns["ties"][Ties.LISTS] > 0
    assert has_lists or seed in (7, 11)  # an LSTM's neurons have gates
    monkeypatch.setattr(lists, "MIN_READERS", 1 << 30)
    dense, expected, all_read = outcome(seed, name)
    assert dense._store.columns["ties"][Ties.LISTS] == 0
    assert results == expected
    assert [name for name in columns if columns[name] != all_read[name]] == []


@pytest.mark.full
def test_calls_of_others_leave_no_list():
    """A propagation lists what its own network has read, whatever thread has run
    another one since."""
    net, rows, targets = made(1)
    alone = net.clone()
    other, other_rows, _ = made(2)
    for row, aims in zip(rows, targets, strict=True):
        net.activate(row)
        thread = threading.Thread(target=other.run, args=(other_rows,))
        thread.start()
        net.propagate(0.01, aims)
        thread.join()
        alone.activate(row)
        alone.propagate(0.01, aims)
    assert bits(net) == bits(alone)
