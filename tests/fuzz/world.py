"""The world of a walk: neurons, layers and networks in any number of stores, and what has changed."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import numpy as np

from synapse import Layer
from synapse.engine.schema import NONE

from ..integrity import check_store, require
from .oracle import Oracle
from .registry import ANY

NUMBERS = ("state", "old_state", "activation", "old_activation", "derivative", "bias")
NUMBERS += ("responsibility", "projected", "gated", "squash", "deterministic", "trainable_bias", "random")
WILD = ("state", "activation", "weight", "bias")
TOP = 60
"""With more neurons than this, a world drops some before it grows on."""


class Mismatch(AssertionError):  # noqa: N818 - reads as what it tells
    """The library did something else than it should have."""


def is_alive(layer):
    """Whether no neuron of a layer has been removed; a network or a neuron is."""
    return all(n._row >= 0 for n in layer._neurons) if isinstance(layer, Layer) else True


@dataclass
class Snapshot:
    """Everything of some stores that an operation can change, by the neurons that users hold."""

    neurons: dict
    links: dict  # by (source, target): (gater, trainable, weight)
    ties: frozenset


class World:
    """All that a walk has made and still holds."""

    def __init__(self, seed, jit=True):
        self.seed, self.jit = seed, jit
        self.random = Random(seed)
        self.rng = np.random.default_rng(seed)
        self.neurons, self.networks, self.layers, self.projections = [], [], [], []
        self.trainers, self.dead, self.graves, self.notes = [], [], [], []
        self.made = []  # all neurons ever made
        self.emptied = []  # layers whose last neuron was removed
        self.held = []  # layers in which something has been removed
        self.oracle = Oracle(self)
        self.number = self.depth = self.compared = 0

    # --- choosing --------------------------------------------------------------------------

    def begin(self, number):
        """Draw what follows from the seed of the walk and the number of the operation alone."""
        self.number = number
        self.random = Random(self.seed * 1_000_003 + number)
        self.rng = np.random.default_rng([self.seed, number])

    def note(self, *words):
        """Tell what the operation does, for the list that a failure prints."""
        self.notes.append(" ".join(map(str, words)))

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
        from synapse.connection import connection_at

        stores = self.stores() if store is None else [store]
        return [
            connection_at(one, int(identity))
            for one in stores
            for identity in np.sort(one["identity"][one["target"] != NONE])
        ]

    def free(self, dtype=None):
        """Neurons that belong to no living network."""
        taken = {neuron for network in self.networks for neuron in network}
        return [n for n in self.neurons if n not in taken and (dtype is None or n._store.dtype == dtype)]

    def hold(self, neurons):
        """New neurons become part of the world."""
        neurons = list(neurons)
        self.neurons.extend(neurons)
        self.made.extend(neurons)

    def network_of(self, neuron):
        """The network to which a neuron belongs."""
        return next((network for network in self.networks if neuron in network.neurons), None)

    def settle(self):
        """Bring numbers that have grown back to where steps stay finite."""
        wild = [store for store in self.stores() if any(np.abs(store[n]).max(initial=0) > 50 for n in WILD)]
        for store in wild:
            for neuron in [view for view in store.views if view is not None]:
                neuron.clear()
                if abs(neuron.bias) > 1:
                    neuron.bias = 0.5
            for link in self.links(store):
                if abs(link.weight) > 1:
                    link.weight = 0.5
        if wild:
            self.oracle.adopt()

    @contextmanager
    def nested(self):
        """Operations in here are parts of another one."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    # --- looking ---------------------------------------------------------------------------

    def snapshot(self):
        """What there is now, read from the columns of all stores."""
        neurons, links, ties = {}, {}, set()
        for store in self.stores():
            self._read(store, neurons, links, ties)
        return Snapshot(neurons, links, frozenset(ties))

    def _read(self, store, neurons, links, ties):
        views = store.views
        numbers = np.stack([store[name].astype(np.float64) for name in NUMBERS], axis=1)
        for view, row in zip(views, numbers):
            if view is not None:
                neurons[view] = row.tobytes()
        rows = np.flatnonzero(store["target"] != NONE)
        columns = ("source", "target", "gater", "trainable", "weight", "tie")
        groups = {}
        for s, t, g, learns, weight, tie in zip(*(store[name][rows].tolist() for name in columns)):
            pair = views[s], views[t]
            links[pair] = (None if g == NONE else views[g], learns, weight)
            if tie:
                groups.setdefault(tie, set()).add(pair)
        for row in np.flatnonzero(store["bias_tie"]).tolist():
            if views[row] is not None:
                groups.setdefault(("bias", int(store["bias_tie"][row])), set()).add(views[row])
        ties.update(frozenset(group) for group in groups.values() if len(group) > 1)

    def check(self):
        """The integrity of every store, and that all that the world holds is where it says it is."""
        stores = self.stores()
        for store in stores:
            if self.chance(0.5):
                store.ready()
            if len(store.views) > 1 or self.number % 8 == 0:
                check_store(store)
        for neuron in self.neurons:
            require(neuron._store.views[neuron._row] is neuron, "a neuron that its store does not know")
        known = set(self.neurons)
        for store in stores:
            strangers = [view for view in store.views if view is not None and view not in known]
            require(not strangers, "neurons that nobody has made", strangers[:3])
        for network in self.networks:
            for layer in network._layers:
                require(known.issuperset(layer._neurons), "a network holds a neuron that is gone")

    # --- what has changed ------------------------------------------------------------------

    def compare(self, before, change):
        """Raise where something has changed that `change` does not name."""
        after = self.snapshot()
        self._compare_structure(before, after, change)
        for neuron, numbers in before.neurons.items():
            free = change.numbers is ANY or neuron in change.numbers
            if not free and neuron in after.neurons and after.neurons[neuron] != numbers:
                self._differs(neuron, numbers, after.neurons[neuron])
        return after

    def _differs(self, neuron, old, new):
        names = [n for n, a, b in zip(NUMBERS, np.frombuffer(old), np.frombuffer(new)) if a != b]
        raise Mismatch(f"numbers of {neuron!r} have changed: {names}")

    def _compare_structure(self, before, after, change):
        expected = (before.neurons.keys() | change.born) - change.gone
        if after.neurons.keys() != expected:
            odd = after.neurons.keys() ^ expected
            raise Mismatch(f"neurons have come or gone: {list(odd)[:3]}")
        wanted = {pair: link[:2] for pair, link in before.links.items()}
        for pair in change.removed:
            wanted.pop(pair)
        wanted |= change.added
        for pair, gater in change.gated.items():
            wanted[pair] = gater, wanted[pair][1]
        for pair, learns in change.learns.items():
            wanted[pair] = wanted[pair][0], learns
        found = {pair: link[:2] for pair, link in after.links.items()}
        if found != wanted:
            odd = [(p, wanted.get(p), found.get(p)) for p in found.keys() | wanted]
            odd = [(pair, expected, link) for pair, expected, link in odd if expected != link]
            raise Mismatch(f"connections are not those expected (pair, expected, found): {odd[:3]}")
        if not change.ties and not change.removed and not change.gone and before.ties != after.ties:
            raise Mismatch("ties have changed")
        for pair, link in before.links.items():
            free = change.weights is ANY or pair in change.weights or pair in change.added
            if not free and pair in after.links and after.links[pair][2] != link[2]:
                raise Mismatch(f"the weight of {pair} has changed: {link[2]} to {after.links[pair][2]}")

    # --- letting go ------------------------------------------------------------------------

    def forget(self, store):
        """Drop everything of a store; nothing must keep it alive."""
        mine = {neuron for neuron in self.neurons if neuron._store is store}
        self.neurons = [neuron for neuron in self.neurons if neuron not in mine]
        self.networks = [network for network in self.networks if network._anchor not in mine]
        self.layers = [layer for layer in self.layers if mine.isdisjoint(layer)]
        self.projections = [one for one in self.projections if one._store is not store]
        self.trainers = [one for one in self.trainers if one.network._anchor not in mine]
        self.dead = [one for one in self.dead if getattr(one, "_store", None) is not store]
        self.held, self.emptied = [], []
        self.graves.append(weakref.ref(store))

    def buried(self):
        """Layers without what is dead; the others are held, to be misused."""
        self.held += [layer for layer in self.layers if not is_alive(layer)]
        del self.held[:-6]
        self.layers = list(filter(is_alive, self.layers))
