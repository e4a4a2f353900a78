"""Whatever reads, learns or copies, and whenever: a connection has what its target read
through it when that last activated. Calls by hand, steps of the network, clearing,
edits and copies take turns in random graphs with delays and gates."""

import pickle
import random

import pytest

import synapse
from synapse import Layer, Network
from synapse.readwrite import from_json_data, json_data
from tests.engine.test_by_hand import Calls
from tests.helpers.integrity import check_store
from tests.helpers.strategies import (
    LAYERS,
    SMOOTH,
    Pair,
    Spec,
    Twin,
    crowd,
    delayed,
)

pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


def npz(net, folder):
    synapse.save(net, folder / "net.npz")
    return synapse.load(folder / "net.npz")


COPIES = {
    "clone": lambda net, folder: net.clone(),
    "pickle": lambda net, folder: pickle.loads(pickle.dumps(net)),
    "json": lambda net, folder: from_json_data(json_data(net)),
    "npz": npz,
}


def graph(ways, delays=True):
    """Some units, of which most read late or delayed ones, and some are gated."""
    inputs, hidden, outputs = ways.randint(1, 2), ways.randint(2, 6), ways.randint(1, 2)
    n = inputs + hidden + outputs
    sort = ways.choice(["crowd", "crowd", *LAYERS])
    parts = crowd(n, ways) if sort == "crowd" else LAYERS[sort](inputs, hidden, n, ways)
    links = {}
    for link in parts:
        if link[1] >= inputs:
            links.setdefault(link[:2], link)
    if delays and ways.random() < 0.8:
        links = delayed(links, ways)
    squashes = ways.choices(SMOOTH, k=n)
    seed = ways.randrange(10**6)
    return Spec(inputs, hidden, outputs, squashes, list(links.values()), seed=seed)


class Acts:
    """What is done with networks, and what is left to be learned from their steps."""

    def begin(self, ways):
        super().begin(ways)
        networks = {*map(self.reference.network.get, self.order)}
        self.whole = dict.fromkeys(networks, False)  # by network: its latest step
        self.done = dict.fromkeys(networks, True)  # nothing is left to be learned

    def act(self):
        acts = self.acts()
        self.ways.choices([*acts], [*acts.values()])[0]()

    def call_some(self):
        ways = self.ways
        for j in ways.choices(self.order, k=ways.randint(1, len(self.order))):
            network = self.reference.network.get(j)
            began = self.reference.began.get(network)
            self.call(j)
            if self.reference.began[network] != began:
                self.whole[network] = self.done[network] = False

    def learn_some(self):
        """All of the present steps propagate, once in each."""
        for j in self.present():
            if not self.done[self.reference.network.get(j)]:
                self.learn_from(j)
        self.done = dict.fromkeys(self.done, True)

    def clear_one(self):
        j = self.ways.choice(self.order)
        self.ours[j].clear()
        self.cleared([j])

    def cleared(self, units):
        for j in units:
            self.reference.clear(j)
        self.ours[units[0]]._store.touch()  # what has been cleared is not remembered
        self.reference.settle()
        self.ours[units[0]]._store.ensure_lowered()
        self.done = dict.fromkeys(self.done, True)


class Interleaved(Acts, Calls, Twin):
    """One network."""

    def __init__(self, seed, folder):
        ways = random.Random(seed)
        super().__init__(graph(ways))
        self.begin(ways)
        self.folder = folder

    def acts(self):
        return {
            self.call_some: 8,
            self.step: 2,
            self.learn_some: 2,
            self.learn_all: 1,
            self.clear_one: 1,
            self.clear_all: 1,
            self.edit: 2,
            self.copy: 2,
        }

    def step(self):
        self.activate()
        self.whole[None] = True
        self.done[None] = False

    def learn_all(self):
        """The network propagates, if all have activated in the present step."""
        units = self.present()
        if self.done[None] or len(units) < len(self.order):
            return
        outputs = self.order[-self.outputs :]
        targets = {j: self.ways.random() for j in outputs}
        aims = {j: (targets[j], "squared_error") for j in outputs}
        errors = {j: self.reference.error(j, *aim) for j, aim in aims.items()}
        for j in units:
            self.reference.propagate(j, 0.2, errors.get(j, 0.0))
        self.net.propagate(0.2, [*targets.values()], "squared_error")
        self.done[None] = True

    def clear_all(self):
        self.net.clear()
        self.cleared(self.order)

    def edit(self):
        """Disconnect, connect, or let a delay be another, between two calls.

        After a step of the network, a connection that is new has what its source is,
        instead of nothing."""
        ways = self.ways
        links = self.reference.links
        i, j = ways.choice([*links])
        way = ways.choice(["gone", "new", "delay"])
        if way == "gone":
            if links[i, j].gater is None and len(links) > 3 and i != j:
                self.disconnect(i, j)
        elif self.whole[None]:
            return
        elif way == "new":
            i = ways.choice(self.order), ways.randint(1, 4)
            if (i, j) not in links:
                self.project(i, j, ways.random() < 0.8)
        elif isinstance(i, tuple):
            steps = ways.randint(1, 5)
            if ((i[0], steps), j) not in links:
                self.set_delay(i, j, steps)
        self.look()
        self.reference.rank = {j: place for place, j in enumerate(self.order)}

    def copy(self):
        self.net = COPIES[self.ways.choice([*COPIES])](self.net, self.folder)
        self.ours = {int(neuron.name): neuron for neuron in self.net}


class InterleavedPair(Acts, Calls, Pair):
    """Two networks that read and gate each other, also against their order."""

    def __init__(self, seed):
        ways = random.Random(seed)
        spec = graph(ways, delays=False)
        split = ways.randint(spec.inputs + 1, len(spec.units) - spec.outputs - 1)
        super().__init__(spec, split)
        self.join()
        self.reference.network = {j: j >= split for j in self.order}
        self.begin(ways)

    def acts(self):
        return {
            self.call_some: 5,
            self.step_first: 2,
            self.step_second: 2,
            self.learn_some: 2,
            self.clear_one: 1,
        }

    def step_first(self):
        values = self.vector(self.inputs)
        self.step(False, dict(enumerate(values)))
        self.first.activate(values)

    def step_second(self):
        self.step(True, {})
        self.second.activate()

    def step(self, network, values):
        self.reference.settle()
        self.reference.begin(network)
        for j in self.reference.members(network):
            if j in values:
                self.reference.clamp(j, values[j])
            else:
                self.reference.activate(j)
        self.whole[network] = True
        self.done[network] = False


def interleave(twin):
    for _ in range(40):
        twin.act()
        if not twin.tame:
            return
        twin.compare()
    for store in {neuron._store for neuron in twin.ours.values()}:
        check_store(store)


@pytest.mark.parametrize("seed", range(12))
def test_a_connection_has_what_was_read_through_it(seed, tmp_path):
    interleave(Interleaved(seed, tmp_path))


@pytest.mark.parametrize("seed", range(12))
def test_a_connection_from_another_network_has_what_was_read_through_it(seed):
    interleave(InterleavedPair(seed))


@pytest.mark.parametrize("delay", [1, 2, 3])
@pytest.mark.parametrize("way", COPIES)
def test_a_copy_in_a_step_that_has_begun_learns_what_its_original_does(
    way, delay, tmp_path
):
    x, a = Layer(1), Layer(1, "identity")
    x[0].project(a[0], weight=1.0, delay=delay)
    net = Network(x, a)
    for value in range(1, 5):
        x.activate([value])
        a.activate()
    x.activate([5])
    copy = COPIES[way](net, tmp_path)
    assert copy.connections[0].eligibility == 4 - delay
    for each in (net, copy):
        each.output[0].propagate(0.1, 0.0)
    assert copy.weights == pytest.approx(net.weights)
    assert net.weights != pytest.approx([1.0])


CLEARS = {
    "network": lambda net: net.clear(),
    "layers": lambda net: [layer.clear() for layer in net.layers],
    "neurons": lambda net: [neuron.clear() for neuron in reversed([*net])],
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("clear", CLEARS)
@pytest.mark.parametrize("called", [0, 1, 2])
def test_a_step_begins_with_the_first_neuron_after_all_have_been_cleared(
    clear, called, way, tmp_path
):
    """Whichever of them had activated in the step before: b reads a late."""
    x, b, a = Layer(1), Layer(1, "identity"), Layer(1, "identity")
    a[0].bias = 1.0
    a[0].project(b[0], weight=1.0)
    x.project(a, weights=0.0)
    net = Network(x, b, a)
    a[0].bias = 1.0
    for neuron in [*net][:called]:
        neuron.activate()
    CLEARS[clear](net)
    x, b, a = COPIES[way](net, tmp_path)
    a.activate()
    x.activate(2.0)
    assert b.activate() == 0.0
    x.activate(3.0)
    assert b.activate() == 1.0
