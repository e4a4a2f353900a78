"""Neurons of a network that are called one by one: in any order, some of them, or some
more often than others. Whatever a step reads stays as it was when the step began."""

import random

import numpy as np
import pytest
from hypothesis import assume, strategies as st

from synapse import Layer, Network, readwrite
from tests.helpers.strategies import Pair, Twin, given_graphs, specs


class Calls:
    """Networks whose neurons are called one by one, and their definition."""

    def begin(self, ways):
        self.ways = ways
        self.reference.settle()
        self.reference.rank = {j: place for place, j in enumerate(self.order)}

    def present(self):
        """The units that have activated in the present step, the latest one first."""
        units = self.reference.units
        here = [j for j in self.order if self.reference.has_fired(j)]
        return sorted(here, key=lambda j: -units[j].fired)

    def call(self, j):
        value = self.ways.uniform(-1, 1) if j < self.inputs else None
        self.reference.call(j, value)
        self.ours[j].activate(value)

    def compare(self):
        """What units have read, and the weights and the units of the present step."""
        for j in self.present():
            unit = self.reference.units[j]
            found = self.ours[j].activation, self.ours[j].state
            assert found == pytest.approx((unit.y, unit.state), abs=1e-10), j
        for (i, j), link in self.reference.links.items():
            ours = self.link(i, j)
            assert ours.weight == pytest.approx(link.weight, abs=1e-10), (i, j)
            if link.trainable and j >= self.inputs:
                e = self.reference.eligibility.get((i, j), 0.0)
                assert ours.eligibility == pytest.approx(e, abs=1e-10), (i, j)

    def learn(self):
        """All of the present step propagate, the latest one first."""
        for j in self.present():
            self.learn_from(j)

    def learn_from(self, j):
        target = self.ways.random()
        error = self.reference.error(j, target, "squared_error")
        self.reference.propagate(j, 0.2, error)
        self.ours[j].propagate(0.2, target, "squared_error")

    def propagate_early(self, j):
        """j propagates, perhaps before it has activated in the present step, along what
        its eligibilities say."""
        neuron = self.ours[j]
        links = [link for link in neuron.incoming if link.trainable]
        traces, weights = np.array(
            [(c.eligibility, c.weight) for c in links] or [(0, 0)]
        ).T
        neuron.propagate(0.2, self.ways.random(), "squared_error")
        if links and not neuron.gated:  # otherwise extended traces move weights, too
            expected = weights + 0.2 * neuron.error.projected * traces
            assert [link.weight for link in links] == pytest.approx(expected, abs=1e-10)

    def agrees(self, learn):
        """Compare all before and after they learn."""
        assume(self.tame)
        for act in (lambda: None, learn):
            act()
            self.compare()


class Called(Calls, Twin):
    """One network."""

    def __init__(self, spec, ways):
        super().__init__(spec)
        self.begin(ways)

    def save(self):
        """Go on in a copy, or with what a file has, in the middle of a step."""
        if self.ways.random() < 0.5:
            self.net = self.net.clone()
        else:
            self.net = readwrite.from_json_data(readwrite.json_data(self.net))
        self.ours = {int(neuron.name): neuron for neuron in self.net}


class CalledPair(Calls, Pair):
    """Two networks, each with steps of its own, that read each other."""

    def __init__(self, spec, split, ways):
        super().__init__(spec, split)
        self.join()
        self.begin(ways)
        self.reference.network = {j: j >= split for j in self.order}


@given_graphs(specs(delays=True), st.integers(0, 10**6))
def test_neurons_are_called_in_any_order(spec, seed):
    """They learn one by one, or as a network, whose errors flow to what has been read
    in the same step."""
    twin = Called(spec, random.Random(seed))
    ways = twin.ways
    for _ in range(ways.randint(2, 8)):
        order = twin.order[:]
        ways.shuffle(order)
        share = ways.choice([1.0, 1.0, 0.7])
        for j in order:
            if ways.random() < share:
                twin.call(j)
            if ways.random() < 0.05:
                twin.save()
        whole = share == 1.0 and ways.random() < 0.5
        twin.agrees(twin.propagate if whole else twin.learn)
    for j in ways.choices(twin.order, k=3):
        twin.call(j)
        if twin.tame:
            twin.propagate_early(ways.choice(twin.order[twin.inputs :]))


@given_graphs(specs(most=8), st.integers(0, 99), st.integers(0, 10**6))
def test_neurons_of_two_networks_are_called_in_turn(spec, at, seed):
    places = range(spec.inputs + 1, len(spec.units) - spec.outputs)
    assume(places)
    twin = CalledPair(spec, places[at % len(places)], random.Random(seed))
    for _ in range(twin.ways.randint(2, 6)):
        order = twin.order[:]
        twin.ways.shuffle(order)
        for j in order:
            twin.call(j)
        twin.agrees(twin.learn)


@pytest.mark.parametrize("squash", ["softmax", "maxout", "winner"])
def test_members_of_a_group_keep_their_activation_until_they_are_called(squash):
    """So a late connection reads what they were in the previous step, and learns from
    it."""
    inputs, hidden, pool, outputs = Layer(2), Layer(3, "tanh"), Layer(3), Layer(3)
    group = outputs if squash == "softmax" else pool
    group.squash = squash
    for source, target in ((inputs, hidden), (hidden, pool), (pool, outputs)):
        source.project(target, seed=3)
    group.project(hidden, seed=4)
    net = Network(inputs, [hidden, pool], outputs)
    twin = net.clone()
    for row in np.random.default_rng(0).uniform(-2, 2, (20, 2)):
        twin.activate(row)
        twin.propagate(0.2, [1.0, 0.0, 0.0])
        inputs.activate(row)
        for neuron in [*hidden, *pool, *outputs]:
            waiting = [*group][group.index(neuron) + 1 :] if neuron in group else []
            before = [member.activation for member in waiting]
            neuron.activate()
            assert [member.activation for member in waiting] == before
        outputs.propagate(0.2, [1.0, 0.0, 0.0])
        for neuron in [*hidden, *pool][::-1]:
            neuron.propagate(0.2)
        assert net.weights == pytest.approx(twin.weights, abs=1e-12)
