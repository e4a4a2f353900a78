"""The language a^n b^n c^n, against its definition."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.errors import ArgumentError, KindError
from synapse.tasks import anbncn


def language(most):
    return [anbncn.string(n) for n in range(1, most + 1)]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_legal_symbols_are_those_of_some_string(n):
    """After each prefix, a symbol is legal if and only if a string of the language goes on with it."""
    whole, strings = anbncn.string(n), language(3 * n + 2)
    for i, allowed in enumerate(anbncn.legal(n)):
        prefix = whole[: i + 1]
        assert set(allowed) == {other[i + 1] for other in strings if other.startswith(prefix)}
    assert len(anbncn.legal(n)) == len(whole) - 1


@pytest.mark.parametrize("off", [-1.0, 0.0])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_encoding(n, off):
    inputs, targets = anbncn.encode(n, off)
    assert "".join(anbncn.INPUTS[i] for i in inputs.argmax(axis=1)) == anbncn.string(n)[:-1]
    assert (np.sort(inputs, axis=1) == [off, off, off, 1.0]).all()
    named = ["".join(s for s, on in zip(anbncn.OUTPUTS, row == 1.0) if on) for row in targets]
    assert named == anbncn.legal(n)
    assert ((targets == 1.0) == anbncn.legal_mask(n)).all()
    assert set(np.unique(targets)) == {off, 1.0}


def test_sequences_are_drawn_uniformly():
    inputs, targets = anbncn.sequences(5000, most=5, seed=0)
    counts = np.bincount([(len(rows) - 1) // 3 for rows in inputs], minlength=6)
    assert counts[0] == 0
    assert (np.abs(counts[1:] - 1000) < 150).all()
    for rows, aims in zip(inputs[:20], targets[:20]):
        wanted = anbncn.encode((len(rows) - 1) // 3)
        assert (rows == wanted[0]).all()
        assert (aims == wanted[1]).all()


def test_a_string_is_right_if_all_symbols_are():
    _, targets = anbncn.encode(2)
    assert anbncn.right(0.1 * targets, anbncn.legal_mask(2))
    assert anbncn.right(targets + 1.0, anbncn.legal_mask(2), threshold=0.5)
    for place in np.ndindex(targets.shape):
        wrong = targets.copy()
        wrong[place] *= -1
        assert not anbncn.right(wrong, anbncn.legal_mask(2))


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
    net = counter()
    assert anbncn.longest(net, 40, off=0.0) == 40
    assert anbncn.longest(net, 40, off=-1.0) == 0  # it counts inputs of 0 and 1
    net.hidden[0][0].self_connection.weight = 0.999
    reached = anbncn.longest(net, 40, off=0.0)
    assert 0 < reached < 40
    for n in range(1, reached + 2):
        net.clear()
        outputs = net.run(anbncn.encode(n, 0.0)[0])
        assert anbncn.right(outputs, anbncn.legal_mask(n), 0.5) == (n <= reached)


def test_errors():
    for call, n in [(anbncn.string, 0), (anbncn.legal, -1), (anbncn.legal_mask, 0), (anbncn.encode, 0)]:
        with pytest.raises(ArgumentError, match="The n of a string|the n of a string"):
            call(n)
    with pytest.raises(ArgumentError, match="Expected the off to be below 1"):
        anbncn.encode(1, 1.0)
    with pytest.raises(ArgumentError, match="Expected a network with 4 inputs and 4 outputs"):
        anbncn.longest(architect.Perceptron(3, 4, seed=0))
    with pytest.raises(KindError):
        anbncn.longest(None)
    with pytest.raises(ArgumentError, match="shape"):
        anbncn.right(np.zeros((3, 4)), anbncn.legal_mask(2))
