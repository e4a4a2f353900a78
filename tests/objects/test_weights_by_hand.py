"""Weights and biases that are set by hand: each one, and a projection in place."""

import numpy as np
import pytest

import synapse
from synapse import Layer, Network
from synapse.errors import SynapseError, TopologyError


def made(kind, dtype="float64"):
    """Return a network with a projection whose weights anything, or not, may set."""
    a, b, c = (Layer(n, "identity", dtype=dtype) for n in (3, 2, 1))
    pattern = ([0, 1, 2], [1, 0, 1]) if kind == "listed" else None
    projection = a.project(b, pattern, seed=0, sign=1 if kind == "signed" else None)
    if kind == "interleaved":  # incoming connections of b are those of two projections
        c.project(b, seed=1, delay=1)
    b.project(c, seed=1)
    net = Network(a, b, c)
    if kind == "tied":
        synapse.tie([projection[0], projection[1]])
    if kind != "not lowered":
        net.activate([0.0, 1.0, 0.5])
    return net, projection


KINDS = ["full", "listed", "interleaved", "signed", "tied", "not lowered"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arithmetic_in_place_sets_the_weights_that_connections_show(kind, dtype):
    _, projection = made(kind, dtype)
    for change in (
        lambda w: np.multiply(w, 2.0, out=w),
        lambda w: np.add(w, w, out=w),
        lambda w: np.add(1.0, w, out=w),
        lambda w: np.minimum(w, np.full(w.shape, 3.0), out=w),
    ):
        before = np.array(projection.weights)
        expected = before.copy()
        change(expected)
        change(projection.weights)
        assert (np.asarray(projection.weights) == expected).all()
        shown = [connection.weight for connection in projection]
        assert shown == expected.T.reshape(-1).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_what_weights_cannot_be_changes_none(kind):
    net, projection = made(kind)
    before = net.weights
    shape = projection.weights.shape
    for wrong in (np.inf, np.nan, np.full(shape, np.nan), np.zeros(7), "x", None):
        with pytest.raises((SynapseError, ValueError, TypeError)):
            projection.weights = wrong
        with pytest.raises((SynapseError, ValueError, TypeError)):
            projection.weights += wrong
        with pytest.raises(SynapseError):
            projection[0].weight = wrong
        assert (net.weights == before).all()
    if kind == "signed":
        with pytest.raises(SynapseError, match="sign"):
            projection[0].weight = -1.0
        with pytest.raises(SynapseError, match="sign"):
            projection.weights -= 10.0
    assert (net.weights == before).all()


def test_weights_by_hand_follow_edits_and_joins():
    a, b = Layer(2), Layer(2)
    projection = a.project(b, weights=1.0)
    net = Network(a, b)
    projection.weights += 1.0
    net.activate([0.0, 1.0])
    projection.weights += 1.0
    other = Layer(2)
    more = other.project(b, weights=5.0)  # joins the stores and moves the rows
    projection.weights += 1.0
    more.weights += 1.0
    assert np.asarray(projection.weights).tolist() == [[4.0, 4.0], [4.0, 4.0]]
    assert np.asarray(more.weights).tolist() == [[6.0, 6.0], [6.0, 6.0]]
    a[0].disconnect(b[0])
    with pytest.raises(TopologyError, match="removed"):
        projection.weights += 1.0


def test_a_tied_weight_or_bias_set_by_hand_sets_its_group():
    net, projection = made("tied")
    projection[0].weight = 0.25
    assert projection[1].weight == 0.25
    net[3].bias = 0.5
    assert net[3].bias == 0.5
