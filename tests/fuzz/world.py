"""The world of a walk: neurons, layers and networks in any number of stores, and what has changed."""

from collections import namedtuple
from dataclasses import dataclass, field
from functools import partial
from random import Random

import numpy as np

from synapse import Layer
from synapse.engine.schema import NONE
from synapse.errors import SynapseError
from synapse.objects.connection import connection_at

from ..integrity import check_store, require
from .oracle import Mismatch, Oracle

NUMBERS = ("state", "old_state", "activation", "old_activation", "derivative", "bias", "responsibility")
NUMBERS += ("projected", "gated", "squash", "deterministic", "trainable_bias", "random")
TOP = 60
"""With more neurons than this, a world does not grow."""
OPERATIONS = {}
"""By name: how often each is drawn, and the function of a world."""
ANY = object()
"""Of a `Change`: any of them may have changed."""
DONE = object()
"""What an operation answers whose parts have been compared one by one."""
Snapshot = namedtuple("Snapshot", "neurons links ties")
"""Everything that an operation can change; links are (gater, trainable, weight) by source and target."""


@dataclass
class Change:
    """What an operation may have changed; everything else must be as before.

    ``added`` has (gater, trainable) by pair; ``numbers`` are the neurons whose numbers may be others,
    ``weights`` the pairs. With ``modelled`` False the oracle begins anew.
    """

    born: set = field(default_factory=set)
    gone: set = field(default_factory=set)
    added: dict = field(default_factory=dict)
    removed: set = field(default_factory=set)
    gated: dict = field(default_factory=dict)
    learns: dict = field(default_factory=dict)
    numbers: object = field(default_factory=set)
    weights: object = field(default_factory=set)
    ties: bool = False
    modelled: bool = True

    def sets(self, one):
        """Whether the weight of a pair, or the bias of a neuron, may be another one."""
        return self.ties or any(one in group for group in (self.numbers, self.weights) if group is not ANY)


class Refused(Exception):  # noqa: N818 - reads as what it tells
    """The library has refused an operation, as it should have: nothing has changed."""


def operation(often, of=None):
    """Register a function of a world as an operation; if it is done to one thing, of these of the world."""

    def register(function):
        OPERATIONS[function.__name__] = often, partial(_operate, function, of)
        return function

    return register


def _operate(function, of, world):
    drawn = []
    if of is not None:
        items = of(world) if callable(of) else getattr(world, of)
        drawn = [world.one(items() if callable(items) else items)]
        world.note(*drawn)
    try:
        return None if None in drawn else function(world, *drawn)
    except Refused:
        return Change()


def is_alive(layer):
    """Whether no neuron of a layer has been removed; a network or a neuron is."""
    return all(n._row >= 0 for n in layer._neurons) if isinstance(layer, Layer) else True


class World:
    """All that a walk has made and still holds."""

    def __init__(self, seed, do=None):
        self.seed, self.do = seed, do
        self.neurons, self.networks, self.layers = [], [], []
        self.oracle = Oracle(self)
        self.depth = self.compared = 0
        self.begin(0)

    def begin(self, number):
        """Draw what follows from the seed of the walk and the number of the operation alone."""
        self.number, self.notes = number, []
        self.random = Random(self.seed * 1_000_003 + number)
        self.rng = np.random.default_rng([self.seed, number])

    def note(self, *words):
        """Tell what the operation does, for the list that a failure prints."""
        self.notes.append(" ".join(map(str, words)))

    def told(self):
        return "; ".join(self.notes)

    def chance(self, probability):
        """True so often."""
        return self.random.random() < probability

    def one(self, items):
        """One of these, or None where there is none."""
        items = list(items)
        return self.random.choice(items) if items else None

    def some(self, items, most=6):
        """A few of these, in any order; none where there is none."""
        items = list(items)
        return self.random.sample(items, min(len(items), self.random.randint(1, most)))

    def stores(self):
        """The stores of all neurons, each once."""
        return list({id(neuron._store): neuron._store for neuron in self.neurons}.values())

    def links(self, store=None):
        """Connections of one store, or of all."""
        for one in self.stores() if store is None else [store]:
            for identity in np.sort(one["identity"][one["target"] != NONE]):
                yield connection_at(one, int(identity))

    def free(self, dtype=None):
        """Neurons that belong to no living network."""
        taken = {neuron for network in self.networks for neuron in network}
        return [n for n in self.neurons if n not in taken and (dtype is None or n._store.dtype == dtype)]

    def settle(self):
        """Bring numbers that have grown back to where steps stay finite."""
        names = ("state", "activation", "weight", "bias")
        wild = [one for one in self.stores() if any(np.abs(one[n]).max(initial=0) > 50 for n in names)]
        for store in wild:
            for neuron in [view for view in store.views if view is not None]:
                if abs(neuron.bias) > 1:
                    neuron.bias = 0.5
            for link in self.links(store):
                if abs(link.weight) > 1:
                    link.weight = 0.5
        if wild:
            self.oracle.begin()

    def done_or_refused(self, call, expected=None):
        """What a call returns; if it is refused, the operation ends. A recording may refuse more."""
        made = error = None
        try:
            made = call()
        except SynapseError as refusal:
            error = refusal
        recorded = "record" in str(error) and any(s.recorder is not None for s in self.stores())
        if expected is not None and (error is not None) != expected and not recorded:
            raise Mismatch(f"refused: {error}; a refusal was expected: {expected}")
        if error is not None:
            self.note("refused:", type(error).__name__, str(error)[:90])
            raise Refused
        return made

    def snapshot(self):
        """What there is now, read from the columns of all stores."""
        neurons, links, ties = {}, {}, set()
        for store in self.stores():
            views, groups = store.views, {}
            numbers = np.stack([store[name].astype(np.float64) for name in NUMBERS], axis=1)
            neurons |= {view: row.tobytes() for view, row in zip(views, numbers) if view is not None}
            rows = np.flatnonzero(store["target"] != NONE)
            columns = ("source", "target", "gater", "trainable", "weight", "tie")
            for s, t, g, learns, weight, tie in zip(*(store[name][rows].tolist() for name in columns)):
                links[views[s], views[t]] = None if g == NONE else views[g], learns, weight
                groups.setdefault(tie, set()).add((views[s], views[t]))
            for view, tie in zip(views, store["bias_tie"].tolist()):
                groups.setdefault(("bias", tie), set()).add(view)
            ties |= {frozenset(group) for tie, group in groups.items() if tie not in (0, ("bias", 0))}
        return Snapshot(neurons, links, {group - {None} for group in ties if len(group - {None}) > 1})

    def check(self):
        """The integrity of every store, and that all that the world holds is where it says it is."""
        known = set(self.neurons)
        for store in self.stores():
            if self.chance(0.5):
                store.ready()
            if len(store.views) > 1 or self.number % 8 == 0:
                check_store(store)
            strangers = [view for view in store.views if view is not None and view not in known]
            require(not strangers, "neurons that nobody has made", strangers[:3])
        for neuron in self.neurons:
            require(neuron._store.views[neuron._row] is neuron, "a neuron that its store does not know")

    def compare(self, before, change):
        """Raise where something has changed that `change` does not name; returns what there is now."""
        after = self.snapshot()
        odd = after.neurons.keys() ^ ((before.neurons.keys() | change.born) - change.gone)
        if odd:
            raise Mismatch(f"neurons have come or gone: {list(odd)[:3]}")
        wanted = {pair: link[:2] for pair, link in before.links.items() if pair not in change.removed}
        wanted |= change.added
        wanted |= {pair: (gater, wanted[pair][1]) for pair, gater in change.gated.items()}
        wanted |= {pair: (wanted[pair][0], learns) for pair, learns in change.learns.items()}
        found = {pair: link[:2] for pair, link in after.links.items()}
        odd = [
            (p, wanted.get(p), found.get(p)) for p in found.keys() | wanted if wanted.get(p) != found.get(p)
        ]
        if odd:
            raise Mismatch(f"connections are not those expected (pair, expected, found): {odd[:3]}")
        if not change.ties and not change.removed and not change.gone and before.ties != after.ties:
            raise Mismatch("ties have changed")
        for pair, link in before.links.items() if change.weights is not ANY else ():
            free = pair in change.weights or pair in change.added
            if not free and pair in after.links and after.links[pair][2] != link[2]:
                raise Mismatch(f"the weight of {pair} has changed: {link[2]} to {after.links[pair][2]}")
        for neuron, numbers in before.neurons.items() if change.numbers is not ANY else ():
            now = after.neurons.get(neuron, numbers)
            if neuron not in change.numbers and now != numbers:
                names = [n for n, a, b in zip(NUMBERS, *map(np.frombuffer, (numbers, now))) if a != b]
                raise Mismatch(f"numbers of {neuron!r} have changed: {names}")
        return after
