"""The independent oracle of a walk: ``tests/reference.py`` with the same neurons, through all edits."""

import math

import numpy as np

from synapse.engine.schema import NONE

from ..reference import Reference


class Mismatch(AssertionError):  # noqa: N818 - reads as what it tells
    """The library did something else than it should have."""


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

    def follow(self, change, after):
        """Make the change that an operation has made."""
        if not change.modelled:
            self.begin()
            return
        reference = self.reference
        for pair in change.removed:
            del reference.links[pair]
        for neuron in change.gone:
            reference.remove(neuron)
        for neuron in change.born:
            reference.add(neuron)
        for pair, (gater, learns) in change.added.items():
            reference.connect(*pair, after.links[pair][2], bool(learns))
            reference.links[pair].gater = gater
        for pair, (gater, learns, weight) in after.links.items():
            link = reference.links[pair]
            link.gater, link.trainable = gater, bool(learns)
            if change.sets(pair):
                link.weight = weight
        for neuron, unit in reference.units.items():
            unit.trainable, unit.squash = neuron.trainable, neuron.squash.name
            if neuron in change.born or change.sets(neuron):
                unit.bias = neuron.bias
        reference.changed()

    def begin(self):
        """Begin anew with the structure and the weights that there are now, and cleared contexts."""
        self.reference = reference = Indexed()
        for store in self.world.stores():
            for neuron in [view for view in store.views if view is not None]:
                neuron.clear()
                reference.add(neuron, neuron.squash.name, neuron.bias)
                reference.units[neuron].trainable = neuron.trainable
            columns = ("source", "target", "gater", "trainable", "weight")
            for i, j, g, learns, weight in zip(*(store[name].tolist() for name in columns)):
                if j != NONE:
                    reference.connect(store.views[i], store.views[j], weight, bool(learns))
                    gater = None if g == NONE else store.views[g]
                    reference.links[store.views[i], store.views[j]].gater = gater
        reference.changed()
        reference.settle()

    def check(self, neurons, moved):
        """Raise where numbers of these neurons, or weights into them, are not those of the reference."""
        pairs = list(self._pairs(neurons, moved))
        ours, theirs = (np.array([pair[1 + side] for pair in pairs], float) for side in (0, 1))
        if not np.isfinite(theirs).all() or np.abs(theirs).max(initial=0.0) > 1e4:
            return False
        single = neurons[0]._store.dtype == np.float32
        wrong = np.abs(ours - theirs) > (2e-3 if single else 1e-9) * max(1.0, np.abs(theirs).max(initial=0.0))
        if wrong.any() or not np.isfinite(ours).all():
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
            for i, link in reference.into(j).items():
                connection = i.connected(j)
                yield ("weight", i, j), connection.weight, link.weight
                if link.trainable and not unit.clamped:
                    yield ("eligibility", i, j), connection.eligibility, reference.eligibility[i, j]
