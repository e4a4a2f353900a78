"""The independent oracle of a walk: ``tests/reference.py`` with the same neurons, kept through all edits."""

from __future__ import annotations

import math

import numpy as np

from synapse.engine.schema import NONE

from ..reference import SQUASHES, Reference

OTHERS = ("softmax", "winner", "maxout", "noise", "bernoulli")
"""Squashes that the reference does not have."""


def wobble(s):
    """A squash of the walk's own, as the reference computes it."""
    return s / math.sqrt(1 + s * s), (1 + s * s) ** -1.5


SQUASHES.setdefault("wobble", wobble)


class Indexed(Reference):
    """The same arithmetic; what leads into a unit is looked up."""

    def __init__(self):
        super().__init__()
        self._into, self._gaters = {}, {}

    def changed(self):
        """The structure is another one."""
        self._into = {j: {} for j in self.units}
        for (i, j), link in self.links.items():
            self._into[j][i] = link
        self._gaters = {j: {one.gater for one in links.values()} - {None} for j, links in self._into.items()}

    def activate(self, j):
        try:
            super().activate(j)
        except OverflowError:  # an exponential of the reference; then nothing can be compared
            self.units[j].y = self.units[j].slope = math.inf

    def into(self, j):
        return self._into[j]

    def gaters(self, k):
        return self._gaters[k]


class Oracle:
    """The reference of a world; its units are the neurons themselves."""

    def __init__(self, world):
        self.world = world
        self.reference = Indexed()

    # --- following -------------------------------------------------------------------------

    def follow(self, change, after):
        """Make the change that an operation has made."""
        reference = self.reference
        for pair in change.removed:
            del reference.links[pair]
        if change.gone:
            self.forget(change.gone)
        for neuron in change.born:
            reference.add(neuron, neuron.squash.name, neuron.bias)
        for pair, (gater, learns) in change.added.items():
            reference.connect(*pair, after.links[pair][2], bool(learns))
            reference.links[pair].gater = gater
        for pair, gater in change.gated.items():
            reference.links[pair].gater = gater
        for pair, learns in change.learns.items():
            reference.links[pair].trainable = bool(learns)
        for neuron, unit in reference.units.items():
            unit.trainable = neuron.trainable
        self._set_weights(change, after)
        if not change.modelled:
            self.adopt()
        reference.changed()

    def _set_weights(self, change, after):
        """Take over the weights that an operation has set, and what comes with new squashes and biases."""
        pairs = after.links if change.ties else change.weights
        for pair in pairs if hasattr(pairs, "__iter__") else ():
            if pair in self.reference.links:
                self.reference.links[pair].weight = after.links[pair][2]
        neurons = self.reference.units if change.ties else change.numbers
        for neuron in neurons if hasattr(neurons, "__iter__") else ():
            unit = self.reference.units.get(neuron)
            if unit is not None:
                unit.squash, unit.bias = neuron.squash.name, neuron.bias

    def forget(self, neurons):
        """These are gone from the world, with all that leads to them."""

        def without(by_pair):
            return {pair: value for pair, value in by_pair.items() if pair[1] not in neurons}

        reference = self.reference
        reference.units = {j: unit for j, unit in reference.units.items() if j not in neurons}
        for name in ("links", "eligibility", "extended", "influence"):
            setattr(reference, name, without(getattr(reference, name)))
        reference._before = tuple(map(without, reference._before))
        reference.changed()

    def adopt(self):
        """Take over what the library has, traces too: the numbers of a new beginning."""
        self.reference = reference = Indexed()
        clock = 0
        for store in self.world.stores():
            store.ready()
            for neuron in store.views:
                reference.add(neuron, neuron.squash.name, neuron.bias)
                self._adopt_neuron(reference.units[neuron], neuron, clock)
            clock += int(store["clock"][0])
            self._adopt_links(store)
        reference.clock = clock
        reference.changed()
        self._adopt_traces()
        links = dict(reference.links)
        gated = {(j, k): links.get((k, k)) for k in reference.units for j in reference.gaters(k)}
        reference._before = links, gated

    def _adopt_neuron(self, unit, neuron, clock):
        stamp = int(neuron._store["stamp"][neuron._row])
        unit.trainable, unit.state = neuron.trainable, neuron.state
        unit.y, unit.slope = neuron.activation, neuron.derivative
        unit.fired = stamp + clock if stamp else 0
        error = neuron.error
        unit.delta, unit.projected, unit.gated = error.responsibility, error.projected, error.gated

    def _adopt_links(self, store):
        columns = ("source", "target", "gater", "trainable", "weight")
        for i, j, g, learns, weight in zip(*(store[name].tolist() for name in columns)):
            self.reference.connect(store.views[i], store.views[j], weight, bool(learns))
            self.reference.links[store.views[i], store.views[j]].gater = None if g == NONE else store.views[g]

    def _adopt_traces(self):
        reference = self.reference
        for link in self.world.links():
            i, j = link.source, link.target
            if link.trainable:
                reference.eligibility[i, j] = link.eligibility
            if link.trainable and any(j in reference.gaters(k) for k in reference.units):
                for k, value in link.extended.items():
                    reference.extended[i, j, k] = value
        for j in reference.units:
            reference.eligibility[None, j] = j.bias_eligibility
        self._adopt_bias_traces()

    def _adopt_bias_traces(self):
        """Extended traces of biases, which no property shows."""
        for store in self.world.stores():
            c = store.columns
            for p in np.flatnonzero(c["influence_trace"] != NONE).tolist():
                j, k = (int(c[name][p]) for name in ("influence_gater", "influence_gated"))
                place = int(c["influence_trace"][p]) + int(c["learning"][j])
                self.reference.extended[None, store.views[j], store.views[k]] = float(c["extended"][place])

    # --- stepping --------------------------------------------------------------------------

    def knows(self, neurons):
        """Whether the reference has all functions of these."""
        return all(neuron.squash.name not in OTHERS for neuron in neurons)

    def groups(self):
        """What is tied: lists of (object, attribute) of the reference."""
        for group in self.world.snapshot().ties:
            links = isinstance(next(iter(group)), tuple)
            found = self.reference.links if links else self.reference.units
            yield [found[one] for one in group], "weight" if links else "bias"

    def share(self, act, later=()):
        """Do something in which members of a group move; then all have moved by the sum.

        Units that propagate `later` send their errors along the weights that others have moved by then.
        """
        groups = [(of, name, getattr(of[0], name)) for of, name in self.groups()]
        act()
        for of, name, base in groups:
            total = base + sum(getattr(one, name) - base for one in of)
            for one in of:
                setattr(one, name, total)
        if groups:
            self._see_moved(later)

    def _see_moved(self, units):
        """What these units will send back by is what their weights are now."""
        reference = self.reference
        for j in units:
            incoming = reference.into(j)
            for link in incoming.values():
                link.used = link.weight
            if j not in incoming:
                for g in reference.gaters(j):
                    gated = [link for link in incoming.values() if link.gater == g]
                    self._influence_moved(g, j, sum(link.weight * link.seen for link in gated))

    def _influence_moved(self, g, j, influence):
        """A gate's influence is another one, and with it the traces that are factored from it."""
        reference = self.reference
        reference.influence[g, j] = influence
        for (i, k), eligibility in reference.eligibility.items():
            if k == g:
                reference.extended[i, g, j] = reference.units[g].slope * eligibility * influence

    # --- comparing -------------------------------------------------------------------------

    def check(self, neurons, moved):
        """Raise where numbers of these neurons, or weights into them, are not those of the reference."""
        pairs = list(self._pairs(neurons, moved))
        ours, theirs = (np.array([pair[1 + side] for pair in pairs], float) for side in (0, 1))
        if not np.isfinite(theirs).all() or np.abs(theirs).max(initial=0.0) > 1e4:
            return False
        single = neurons[0]._store.dtype == np.float32
        room = (2e-3 if single else 1e-9) * max(1.0, np.abs(theirs).max(initial=0.0))
        wrong = ~(np.abs(ours - theirs) <= room)
        if wrong.any():
            from .world import Mismatch

            odd = [pairs[k] for k in np.flatnonzero(wrong)[:4]]
            raise Mismatch(f"not the numbers of the reference (what, ours, reference): {odd}")
        self.world.compared += len(pairs)
        return not (single and moved)  # of single precision the next step begins with what there is now

    def _pairs(self, neurons, moved):
        reference = self.reference
        for j in neurons:
            unit, error = reference.units[j], j.error
            yield ("state", j), j.state, unit.state
            yield ("activation", j), j.activation, unit.y
            yield ("derivative", j), j.derivative, unit.slope
            yield ("bias", j), j.bias, unit.bias
            if moved:
                yield ("responsibility", j), error.responsibility, unit.delta
            if moved and not unit.clamped:
                yield ("projected", j), error.projected, unit.projected
                yield ("gated", j), error.gated, unit.gated
        chosen, store = set(neurons), neurons[0]._store
        ends = [store[name].tolist() for name in ("source", "target", "weight")]
        for s, t, weight in zip(*ends):
            pair = store.views[s], store.views[t]
            if pair[1] in chosen:
                yield ("weight", pair), weight, reference.links[pair].weight
        yield from self._some_traces(neurons)

    def _some_traces(self, neurons):
        """Eligibility traces of a few connections."""
        reference = self.reference
        for j in neurons[:12]:
            if reference.units[j].clamped:
                continue
            yield ("bias eligibility", j), j.bias_eligibility, reference.eligibility[None, j]
            for i, link in list(reference.into(j).items())[:3]:
                if link.trainable:
                    yield ("eligibility", (i, j)), i.connected(j).eligibility, reference.eligibility[i, j]
