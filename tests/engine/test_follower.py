"""What stores tell those that follow them."""

import pytest

from synapse.engine.follower import IdentityObserver
from synapse.engine.store import Store


class Half(IdentityObserver):
    def _moved(self, store, offset):
        pass


def test_a_follower_that_hears_only_half_cannot_be_made():
    with pytest.raises(TypeError, match="_renumbered"):
        Half()


def test_every_follower_of_a_network_is_one_by_its_class():
    import synapse

    net = synapse.Network(synapse.Layer(2), synapse.Layer(1))
    projection = net.input.project(net.output, seed=0)
    links = net.connections
    links[0].metadata["note"] = 1
    net.rule = "rtrl"
    store = net._store
    assert isinstance(store, Store)
    assert {projection, links} <= set(store.followers)
    assert all(isinstance(follower, IdentityObserver) for follower in store.followers)
