"""Networks are pickled and copied whole, by the same data as they are saved."""

import copy
import pickle

import pytest

import architect
from synapse import Network

from .nets import feed, memory, same


@pytest.mark.parametrize(
    "twin_of",
    [lambda net: pickle.loads(pickle.dumps(net)), copy.deepcopy, copy.copy, Network.clone],
    ids=["pickle", "deepcopy", "copy", "clone"],
)
@pytest.mark.parametrize(
    "make", [memory, lambda: architect.LSTM(2, 3, 1, style="synaptic", seed=0)], ids=["network", "LSTM"]
)
def test_copies_are_independent_twins(twin_of, make):
    net = make()
    feed(net, 3)
    twin = twin_of(net)
    assert same(net, twin)
    before = net.weights
    feed(twin, 3)
    assert (net.weights == before).all()
    assert (twin.weights != before).any()


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


def test_one_network_in_many_places_stays_one():
    net = memory()
    for twin_of in (pickled, copy.deepcopy):
        one, other = twin_of([net, net])
        assert one is other is not net


@pytest.mark.parametrize("twin_of", [pickled, copy.deepcopy])
@pytest.mark.parametrize("part", [lambda net: net[0], lambda net: net.input])
def test_parts_are_not_copied_without_their_network(part, twin_of):
    """Their copy would work on the memory of the original."""
    with pytest.raises(TypeError):
        twin_of(part(memory()))


def test_lowering_anew_between_activation_and_propagation_changes_nothing():
    """As saving does: also what is remembered only for a step has to survive it."""
    net, untouched = memory(), memory()
    for one in (net, untouched):
        feed(one, 3)
        one.activate([0.5, -0.5])
    net[0].project(net[0]).source.disconnect(net[0])
    for one in (net, untouched):
        one.propagate(0.1, [1, 0])
    assert net.weights.tobytes() == untouched.weights.tobytes()
