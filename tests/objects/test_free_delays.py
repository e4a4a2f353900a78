"""A delay is k steps wherever neurons are: alone, in layers, in networks that activate
in turn, in any order, and while the structure changes."""

import random

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import synapse
from synapse import Layer, Network, Neuron
from tests.helpers.integrity import check_store
from tests.helpers.strategies import Twin, given_graphs, specs

pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


# --- graphs: free neurons, several networks, edits ------------------------------------


class Owners(Twin):
    """Units of which some are in networks and others in none. In each step, networks
    and lone units activate in a random order, networks as wholes or unit by unit."""

    def __init__(self, spec, ways):
        self.ways = ways
        self.nets = {}
        super().__init__(spec, network=False)
        hidden = self.order[spec.inputs :]
        size = ways.randint(2, max(2, len(hidden) // 2))
        for start in range(0, len(hidden) - 1, size):
            members = hidden[start : start + size]
            if len(members) > 1 and ways.random() < 0.7:
                self.found(members)

    def found(self, members):
        """Make a network of some units, in the middle of a run. Its input is led to:
        others are not trained."""
        if not self.reference.into(members[0]):
            return
        neurons = [self.ours[j] for j in members]
        self.nets[members[0]] = Network(Layer(neurons[:1]), Layer(neurons[1:]))

    def owners(self):
        """The units of each network in its order, and those that are alone."""
        nets = [[int(one.name) for one in net] for net in self.nets.values()]
        within = {j for members in nets for j in members}
        return nets + [[j] for j in self.order if j not in within]

    def turn(self):
        """A step, with its errors."""
        reference = self.reference
        ways = self.ways
        owners = self.owners()
        ways.shuffle(owners)
        reference.settle()
        reference.begin()
        values = dict(enumerate(self.vector(self.inputs)))
        pause = ways.randrange(3 * len(owners))  # within one step of three
        for place, members in enumerate(owners):
            if place == pause:
                self.meet_another(ways.choice(self.order[self.inputs :]))
            for j in members:
                if j in values:
                    reference.clamp(j, values[j])
                else:
                    reference.activate(j)
            net = self.nets.get(members[0])
            if net is not None and ways.random() < 0.7:
                net.activate()
            else:
                for j in members:
                    self.ours[j].activate(values.get(j))
        self.check(moved=False)
        for j in reversed([j for members in owners for j in members]):
            target = ways.random() if ways.random() < 0.5 else None
            aim = target, "squared_error"
            reference.propagate(
                j, 0.1, 0.0 if target is None else reference.error(j, *aim)
            )
            self.ours[j].propagate(0.1, *aim)
        self.check()

    def meet_another(self, j):
        """Connect a unit, without effect, from the inside of another network: the
        larger of their stores absorbs the smaller."""
        x, y = Layer(self.ways.choice([1, 30])), Layer(1, "identity")
        x.project(y, weights=1.0, delay=2)
        Network(x, y).run(np.ones((3, len(x))))
        y[0].project(self.ours[j], weight=0.0, trainable=False, delay=3)

    def edit(self):
        """Change what delays or gates, between two steps."""
        ways = self.ways
        links = self.reference.links
        delayed = [pair for pair in links if isinstance(pair[0], tuple)]
        way = ways.choice(["delay", "new", "gone", "gate", "found", "clamp"])
        if way == "delay" and delayed:
            i, j = ways.choice(delayed)
            steps = ways.randint(1, 5)
            if ((i[0], steps), j) not in links:
                self.set_delay(i, j, steps)
        elif way == "new":
            i, j = ways.choice(self.order), ways.choice(self.order[self.inputs :])
            i = i, ways.randint(1, 5)
            if (i, j) not in links:
                self.project(i, j, ways.random() < 0.8)
        elif way == "gone" and delayed:
            i, j = ways.choice(delayed)
            if links[i, j].gater is None and len(self.reference.into(j)) > 1:
                self.disconnect(i, j)
        elif way == "gate" and delayed:
            i, j = ways.choice(delayed)
            if links[i, j].gater is None:
                self.gate(ways.choice(self.order), i, j)
        elif way == "found":
            alone = [members[0] for members in self.owners() if len(members) == 1]
            alone = [j for j in alone if j >= self.inputs and j not in self.nets]
            if len(alone) > 1:
                self.found(alone[:3])
        elif way == "clamp":
            j = ways.choice(
                [j for j in self.order[self.inputs :] if j not in self.nets]
            )
            held = None if self.reference.units[j].held is not None else 0.25
            self.reference.units[j].held = held
            self.ours[j].release() if held is None else self.ours[j].clamp(held)

    def look(self):
        self.reference.settle()
        self.ours[self.order[0]]._store.ensure_lowered()


@given_graphs(specs(delays=True), st.integers(0, 10**6), st.integers(2, 5))
def test_networks_and_neurons_in_any_order_step_as_one(spec, seed, steps):
    twin = Owners(spec, random.Random(seed))
    for _ in range(steps):
        twin.turn()
        assume(twin.tame)
        for _ in range(twin.ways.randint(0, 2)):
            twin.edit()
            twin.look()
    for store in {neuron._store for neuron in twin.ours.values()}:
        store.ensure_lowered()
        check_store(store)


# --- units that activate unequally often ----------------------------------------------


class Meeting:
    """What a target reads, by definition: a step of both begins when one of them
    activates that has activated in the present one."""

    def __init__(self):
        self.values = [0.0]  # of the source, after each of its steps
        self.fired = set()
        self.read = 0.0

    def activate(self, which, value, delay):
        self.fired = {which} if which in self.fired else self.fired | {which}
        if which == "source":
            self.values.append(value)
        else:
            steps = len(self.values) - 1 if "source" in self.fired else len(self.values)
            self.read = self.values[steps - delay] if steps >= delay else 0.0


@given(
    delay=st.integers(1, 5),
    word=st.lists(st.booleans(), min_size=1, max_size=25),
    pause=st.integers(0, 25),
    recorded=st.booleans(),
)
def test_a_step_of_two_neurons_begins_when_one_of_them_activates_again(
    delay, word, pause, recorded
):
    """Also if the structure changes within a step."""
    source, target, other = Neuron(), Neuron("identity"), Neuron("identity")
    link = source.project(target, weight=1.0, delay=delay)
    meeting = Meeting()
    for t, of_source in enumerate(word):
        if t == pause:  # the ring is laid out anew
            other.project(target, weight=0.0, delay=7)
        if of_source:
            source.activate(t + 1.0)
            meeting.activate("source", t + 1.0, delay)
        else:
            seen = target.activate()
            meeting.activate("target", None, delay)
            assert seen == meeting.read
            assert link.eligibility == meeting.read
    check_store(source._store)


@pytest.mark.full
@pytest.mark.parametrize("rows", [1, 2, 6])
@pytest.mark.parametrize("source_first", [False, True])
@pytest.mark.parametrize("delay", [1, 2, 3])
def test_rows_without_traces_read_what_rows_with_traces_do(rows, source_first, delay):
    """A network reads a neuron outside of it, and one reads the network."""
    results = []
    for traces in (True, False):
        x, h, y = Layer(1), Layer(5, "tanh"), Layer(1, "identity")
        x.project(h, seed=1)
        h.project(y, seed=2)
        net = Network(x, h, y)
        before, after = Neuron("identity"), Neuron("identity")
        before.project(h, seed=3, delay=delay)
        before.project(x[0], weight=1.0, delay=1)
        y.project(after, weights=1.0, delay=delay)
        seen = []
        for t in range(6):
            if source_first:
                before.activate(t + 1.0)
            data = np.full((rows, 1), 0.1 * t)
            peeked = net.peek(data[0])
            got = net.run(data, traces=traces)
            assert got[0] == pytest.approx(peeked)
            if not source_first:
                before.activate(t + 1.0)
            seen += [*got.ravel(), after.activate()]
        results.append(seen)
    assert results[0] == pytest.approx(results[1])


# --- what neurons remember ------------------------------------------------------------


COPIES = {
    "none": lambda net: net,
    "clone": lambda net: net.clone(),
    "file": lambda net: synapse.readwrite.from_json_data(
        synapse.readwrite.json_data(net)
    ),
}


def outputs_after(edits, copy):
    """An input that counts steps, read with a delay that is edited between them."""
    x, y = Layer(1), Layer(1, "identity")
    x.project(y, weights=1.0, delay=edits[0][0])
    net = Network(x, y)
    t = 0
    for delay, steps in edits:
        net.connections[0].delay = delay
        net = copy(net)
        for _ in range(steps):
            t += 1
            seen = net.activate([float(t)])[0]
    return t, seen


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("between", [1, 2, 0])
def test_a_neuron_remembers_as_many_steps_as_its_longest_delay_until_now(between, copy):
    t, seen = outputs_after([(5, 8), (between, 1), (5, 1)], COPIES[copy])
    assert seen == t - 5
    t, seen = outputs_after([(3, 8), (between, 1), (5, 1)], COPIES[copy])
    assert seen == 0  # it has never been remembered


def test_a_neuron_that_is_cleared_remembers_as_many_steps_as_it_needs():
    x = Layer(1)
    y = Layer(1, "identity")
    link = x[0].project(y[0], weight=1.0, delay=500)
    net = Network(x, y)
    net.run([[1.0]] * 3)
    for delay, remembered in ((1, 500), (2, 2)):
        link.delay = delay
        net.run([[1.0]])
        assert len(net._store["past"]) == 2 * (remembered + 1)
        net.clear()


@pytest.mark.parametrize("first", [False, True])
def test_a_free_neuron_joins_a_network_in_the_middle_of_a_run(first):
    """It has activated before the neurons of the network in each step, or after."""
    x, h, y = Layer(1), Layer(1, "identity"), Layer(1, "identity")
    x.project(h, weights=1.0)
    y.project(h, weights=100.0, delay=1)
    h.project(y, weights=1.0, delay=2)
    net = Network(x, h, y)
    free = Neuron("identity")
    reads = h[0].project(free, weight=1.0, delay=1)
    history = []
    for t in range(1, 10):
        if t == 4:
            net.add(free)
            assert free in net
        if first:
            free.activate()
        for neuron, value in ((x[0], float(t)), (h[0], None), (y[0], None)):
            neuron.activate(value)
        if not first:
            free.activate()
        history.append(h[0].activation)
        assert free.activation == (history[-2] if t > 1 else 0.0), t
        assert y[0].activation == (history[-3] if t > 2 else 0.0), t
    assert reads.delay == 1
