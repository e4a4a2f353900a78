"""The languages a^n b^n and a^n b^n c^n, against their definition."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.errors import ArgumentError, KindError
from synapse.tasks import AnBn, AnBnCn

TASKS = [AnBn(), AnBnCn(), AnBn(off=0.0), AnBnCn(30, off=0.0)]


@pytest.mark.parametrize("task", TASKS[:2])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_legal_symbols_are_those_of_some_string(task, n):
    """After each prefix, a symbol is legal if and only if a string of the language continues with it."""
    whole, strings = task.string(n), [task.string(other) for other in range(1, 4 * n + 2)]
    for i, allowed in enumerate(task.legal(n)):
        prefix = whole[: i + 1]
        assert set(allowed) == {other[i + 1] for other in strings if other.startswith(prefix)}
    assert len(task.legal(n)) == len(whole) - 1


@pytest.mark.parametrize("task", TASKS)
def test_encoding(task):
    numbers = [1, 2, 7, 1]
    samples, symbols = task.encoded(numbers), "S" + task.letters + "T"
    assert len(samples) == 4
    for n, sample in zip(numbers, samples, strict=True):
        assert "".join(symbols[i] for i in sample.inputs.argmax(axis=1)) == task.string(n)[:-1]
        assert (np.sort(sample.inputs, axis=1) == [task.off] * len(task.letters) + [1.0]).all()
        named = ["".join(s for s, on in zip(symbols[1:], row == 1.0) if on) for row in sample.targets]
        assert named == task.legal(n)
        assert set(np.unique(sample.targets)) == {task.off, 1.0}
        np.testing.assert_array_equal(sample.inputs, task.encode(n).inputs)


def numbers_of(task, samples):
    return [(len(sample) - 1) // len(task.letters) for sample in samples]


@pytest.mark.parametrize("task", [AnBn(5), AnBnCn(5)])
def test_strings_are_drawn_uniformly(task):
    samples = task.batch(5000, 0)
    counts = np.bincount(numbers_of(task, samples), minlength=6)
    assert counts[0] == 0
    assert len(counts) == 6
    assert ((counts[1:] - 1000) ** 2 / 1000).sum() < 18.5  # chi square of 4 degrees, 0.1 %
    for sample in samples[:20]:
        assert len(task.letters) * np.sum(sample.inputs[:, 1] == 1.0) + 1 == len(sample)


def test_seeds():
    task = AnBnCn()
    first, same, other = (task.batch(50, seed) for seed in (1, np.random.default_rng(1), 2))
    np.testing.assert_array_equal(first.rows, same.rows)
    assert numbers_of(task, first) != numbers_of(task, other)
    assert numbers_of(task, first)[0] == numbers_of(task, [task.sample(1)])[0]


@pytest.mark.parametrize("task", TASKS)
def test_a_string_is_right_if_all_symbols_are(task):
    sample = task.encode(3)
    middle = (1.0 + task.off) / 2
    assert sample.right(middle + 0.1 * (sample.targets - middle))
    for place in np.ndindex(sample.targets.shape):
        wrong = sample.targets.copy()
        wrong[place] = 2 * middle - wrong[place]
        assert not sample.right(wrong)


def counter():
    """Weights by hand: one counter for a - b, one for b - c, and outputs that compare them."""
    x, counts, y = Layer(4), Layer(2, "identity"), Layer(4, "identity")
    net = Network(x, [counts], y)
    for neuron in [*counts, *y]:
        neuron.bias = 0.0
    start, a, b, c = x
    first, second = counts
    for one in counts:
        one.project(one, weight=1.0)
    for source, target, weight in [(a, first, 1.0), (b, first, -1.0), (b, second, 1.0), (c, second, -1.0)]:
        source.project(target, weight=weight)
    go_a, go_b, go_c, end = y
    for source, target, weight in [
        *[(start, go_a, 1.0), (a, go_a, 1.0), (a, go_b, 1.0)],
        *[(first, go_b, 1.0), (first, go_c, -50.0), (second, go_c, 1.0), (c, go_b, -50.0)],
        *[(c, end, 0.6), (second, end, -1.0)],
    ]:
        source.project(target, weight=weight)
    return net


def test_the_longest_of_a_network_that_counts():
    """The counter is right up to any n; with a leak it is right up to some n."""
    net, task = counter(), AnBnCn(off=0.0)
    assert task.longest(net, 40) == 40
    assert task.solved(net, task.batch(50, 0))
    assert AnBnCn().longest(net, 40) == 0  # it counts inputs of 0 and 1
    net.hidden[0][0].self_connection.weight = 1.0 - 1e-5
    for most in (7, 8, 9, 25, 40, 100):
        reached = task.longest(net, most)
        found = []
        for n in range(1, most + 1):
            outputs = net.run([task.encode(n).inputs])[0]
            found.append(task.encode(n).right(outputs))
        assert reached == (found.index(False) if False in found else most)
    assert 25 < reached < 40


def test_longest_restores_the_context():
    net, task = counter(), AnBnCn(off=0.0)
    net.activate([0.0, 1.0, 0.0, 0.0])
    before = [neuron.state for neuron in net]
    task.longest(net, 5)
    assert [neuron.state for neuron in net] == before


def test_errors():
    task = AnBnCn()
    for call, n in [(task.string, 0), (task.legal, -1), (task.encode, 0), (task.encoded, [3, 0])]:
        with pytest.raises(ArgumentError, match="the n of a string"):
            call(n)
    with pytest.raises(ArgumentError, match="at least one n"):
        task.encoded([])
    with pytest.raises(KindError, match="the numbers"):
        task.encoded(3)
    for kind in (AnBn, AnBnCn):
        with pytest.raises(ArgumentError, match=f"the off of {kind.__name__} to be below 1"):
            kind(off=1.0)
        with pytest.raises(ArgumentError, match=f"the most of {kind.__name__}"):
            kind(0)
    with pytest.raises(ArgumentError, match="Expected a network with 4 inputs and 4 outputs"):
        task.longest(architect.Perceptron(3, 4, seed=0))
    with pytest.raises(KindError):
        task.longest(None)
    with pytest.raises(ArgumentError, match="the most"):
        task.longest(counter(), 0)
    with pytest.raises(ArgumentError, match="shape"):
        task.encode(2).right(np.zeros((3, 4)))
