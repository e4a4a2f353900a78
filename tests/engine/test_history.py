"""The bits of a step depend on the network and its context, not on what was called
before: not on the number of earlier calls, on where calls began, or on caches."""

import pickle
import sys
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import architect
import synapse
from synapse import Layer, Network
from synapse.engine.exact import event_index as events
from synapse.errors import DivergenceError
from tests.engine.test_events import bursts, rows_for, sparse
from tests.helpers.cases import all_hold
from tests.helpers.processes import python

pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


@pytest.fixture(autouse=True)
def small_networks_count(monkeypatch):
    """Events are for large networks; here, for small ones, too."""
    monkeypatch.setattr(events, "MIN_CONNECTIONS", 1)


def near(seed):
    """Layers of which each neuron reads its neighbours: in a step, many groups rest
    between others that send more events than are worth following."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([64, 200, 400]))
    dtype = rng.choice([np.float32, np.float64])
    x = Layer(4, dtype=dtype)
    first, second, third = (Layer(n, "relu", -0.1, dtype=dtype) for _ in range(3))
    y = Layer(2, "identity", dtype=dtype)
    quarters = np.arange(n) * 4 // n == np.arange(4)[:, None]
    x.project(first, quarters, weights=rng.uniform(0.5, 1.5, n))
    source, target = np.indices((n, n))
    pattern = abs(source - target) < rng.integers(8, 24)
    pattern &= (rng.random((n, n)) < 0.8) & (target // 32 % 2 == 0)
    first.project(second, pattern, weights=rng.uniform(0.1, 1.0, pattern.sum()))
    pattern = rng.random((n, n)) < rng.choice([0.1, 0.3])
    second.project(third, pattern, weights=rng.normal(0.0, 0.3, pattern.sum()))
    third.project(y, seed=rng)
    rows = rng.uniform(0.0, 1.0, (12, 4)) * (rng.random((12, 4)) < 0.3)
    rows[:4] = 0.0
    return Network(x, [first, second, third], y), rows


def dense(seed):
    """Networks without events: gates, memory, delays."""
    rng = np.random.default_rng(seed)
    made = (
        architect.LSTM(2, 5, 2, seed=seed),
        architect.GRU(2, 5, 2, seed=seed),
        architect.NARX(2, 5, 2, seed=seed),
        architect.Perceptron(2, 70, 2, seed=seed),
        architect.Liquid(2, 40, 2, seed=seed),
    )
    return made[seed % len(made)], rng.normal(size=(20, 2))


def examples(seed):
    kind = seed % 4
    if kind == 0:
        net = sparse(seed, together=bool(seed % 8))
        return net, rows_for(net, seed)
    if kind == 1:
        return bursts(seed, np.float32 if seed % 8 == 1 else np.float64)
    return (near if kind == 2 else dense)(seed // 4)


def reloaded(net, folder):
    synapse.save(net, folder / "net.npz")
    return synapse.load(folder / "net.npz")


def edit(net):
    source, target = net.layers[-2][0], net.output[1]
    link = source.connection_to(target)
    if link is not None:  # the sums have another order then
        weight = link.weight
        source.disconnect(target)
        source.project(target, weight=weight)


ACTIONS = {
    "run": lambda net, rows, folder: net.run(rows, traces=False),
    "traced": lambda net, rows, folder: net.run(rows),
    "peek": lambda net, rows, folder: [net.peek(row) for row in rows],
    "activate": lambda net, rows, folder: net.activate(rows[0]),
    "clear": lambda net, rows, folder: net.clear(),
    "clone": lambda net, rows, folder: net.clone(),
    "reload": lambda net, rows, folder: reloaded(net, folder),
    "edit": lambda net, rows, folder: edit(net),
}


def after(net, rows, action, rng, folder):
    """A network after one more call; some continue with a copy."""
    begin = int(rng.integers(0, len(rows)))
    some = rows[begin : begin + int(rng.integers(1, 40))]
    result = ACTIONS[action](net, some, folder)
    return result if isinstance(result, Network) else net


def probes(net, rows, cut, learns=True):
    """The bits of what the network computes next, from its context."""
    pieces, peeks, steps = (net.clone() for _ in range(3))
    whole = net.run(rows, traces=False)
    in_pieces = [pieces.run(piece, traces=False) for piece in np.split(rows, [cut])]
    # rows that do not depend on each other are side by side, but not one alone
    same = np.testing.assert_array_equal
    alike = same
    if not net.has_memory:
        alike = partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5)
    whole_or_near = alike if min(cut, len(rows) - cut) == 1 else same
    whole_or_near(whole, np.concatenate(in_pieces))
    for row, output in zip(rows, whole, strict=True):
        looked = peeks.peek(row)
        alike(looked, output)
        same(peeks.run(row[None], traces=False)[0], looked)
    found = [whole, net._store["state"].copy()]
    if learns:
        for row in rows[:5]:
            found.append(steps.activate(row))
            with suppress(DivergenceError):  # of a wild network, at the same step then
                steps.propagate(0.1, np.full(len(steps.output), 0.3))
        found.append(steps.weights)
    return b"".join(np.asarray(each).tobytes() for each in found)


@pytest.mark.full
@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    actions=st.lists(st.sampled_from([*ACTIONS]), max_size=8),
)
def test_bits_do_not_depend_on_earlier_calls(tmp_path_factory, seed, actions):
    folder = tmp_path_factory.mktemp("history")
    net, rows = examples(seed)
    rng = np.random.default_rng(seed)
    cut = int(rng.integers(0, len(rows)))
    for action in actions:
        net = after(net, rows, action, rng, folder)
    learns = not net._is_untraced
    several = net, net.clone(), reloaded(net, folder)
    assert len({probes(each, rows, cut, learns) for each in several}) == 1
    for each in several:
        each.clear()
    several += (net.clone(),)
    assert len({probes(each, rows, cut) for each in several}) == 1


def test_a_large_network_is_stepped_alike_from_the_first_step_on(monkeypatch):
    monkeypatch.undo()
    rng = np.random.default_rng(0)
    x = Layer(20)
    y = Layer(3, "identity")
    cells = Layer(400, "relu", -0.3)
    pattern = rng.random((400, 400)) < 0.1
    np.fill_diagonal(pattern, False)
    x.project(cells, rng.random((20, 400)) < 0.2, seed=0)
    weights = rng.normal(0.0, 0.1, pattern.sum())
    cells.project(cells, pattern, weights=weights, delay=1)
    cells.project(y, seed=0)
    net = Network(x, [cells], y)
    rows = rng.normal(size=(80, 20)) * (rng.random((80, 20)) < 0.2)
    first = net.run(rows, traces=False)
    assert net._by_events is not None
    for threads, pieces in ((1, rows), (1, rows), (1, [rows, rows]), (4, rows)):
        net.clear()
        outputs = net.run(pieces, traces=False, threads=threads)
        expected = first if pieces is rows else [first, first]
        np.testing.assert_array_equal(outputs, expected)


def main(folder):
    """Print the probes of networks in files, in a process that has called nothing."""
    events.MIN_CONNECTIONS = 1
    for number in range(8):
        net = synapse.load(f"{folder}/{number}.npz")
        rows = np.load(f"{folder}/{number}.npy")
        sys.stdout.write(probes(net, rows, 3, False).hex() + "\n")


@pytest.mark.full
def test_a_fresh_process_has_the_bits_of_one_with_a_history(tmp_path):
    expected = []
    for number in range(8):
        net, rows = examples(number)
        rng = np.random.default_rng(number)
        for action in rng.choice([*ACTIONS][:5], 6):
            net = after(net, rows, action, rng, tmp_path)
        synapse.save(net, tmp_path / f"{number}.npz")
        np.save(tmp_path / f"{number}.npy", rows)
        expected.append(probes(net, rows, 3, False).hex())
    printed = python("-m", "tests.engine.test_history", str(tmp_path))
    assert printed.split() == expected


def test_a_pickled_network_has_the_bits_of_its_original():
    def same(seed):
        net, rows = examples(seed)
        net.run(rows, traces=False)
        twin = pickle.loads(pickle.dumps(net))
        assert probes(twin, rows, 3, False) == probes(net, rows, 3, False)

    all_hold(same, range(2, 9))


if __name__ == "__main__":
    main(sys.argv[1])
