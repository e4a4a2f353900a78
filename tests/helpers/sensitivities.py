"""Real-time recurrent learning in its dense form: what the library's sparse one is
checked against.

Every number of a step carries its derivatives by all states of the step before and by
all parameters, so that J and I are whole matrices; nothing is skipped. Imports nothing
of the library. A network is given as in ``reference.py``: units that activate in an
order, the first ones inputs."""

from __future__ import annotations

import numpy as np

from tests.helpers.reference import SQUASHES


class Number:
    """A value and its derivatives."""

    def __init__(self, value, slopes):
        self.value = value
        self.slopes = slopes

    def __add__(self, other):
        return Number(self.value + other.value, self.slopes + other.slopes)

    def __mul__(self, other):
        return Number(
            self.value * other.value,
            self.value * other.slopes + other.value * self.slopes,
        )

    def through(self, value, slope):
        return Number(value, slope * self.slopes)


class Sensitivities:
    """Z = d state / d parameter of a `tests.helpers.reference.Reference`, whose weights
    stand still.

    ``parameters`` has the place of every trainable weight (i, j) and bias (None, j);
    those of a set of `ties` share one place."""

    def __init__(self, reference, order, inputs, within=None, ties=()):
        self.units = reference.units
        self.links = reference.links
        self.inputs = inputs
        self.order = list(order)
        self.place = {j: k for k, j in enumerate(order)}
        self.parameters = self._numbered(ties)
        self.count = 1 + max(self.parameters.values(), default=-1)
        self.mask = (
            np.ones((len(self.order), self.count), bool)
            if within is None
            else self.reached(within)
        )
        self.clear()

    def _numbered(self, ties):
        trained = [
            (i, j)
            for (i, j), link in self.links.items()
            if link.trainable and self.fires(j)
        ]
        trained += [
            (None, j) for j in self.order if self.units[j].trainable and self.fires(j)
        ]
        shared = {key: min(group, key=str) for group in ties for key in group}
        owners = list(dict.fromkeys(shared.get(key, key) for key in trained))
        return {key: owners.index(shared.get(key, key)) for key in trained}

    def fires(self, j):
        return self.place[j] >= self.inputs

    def clear(self):
        n = len(self.order)
        self.state = np.zeros(n)
        self.y = np.zeros(n)
        self.slope = np.zeros(n)  # of the activations, by the states
        self.z = np.zeros((n, self.count))

    # --- a step: Z(t) = mask o (J Z(t-1) + I) -----------------------------------------

    def step(self, inputs):
        """Activate all units; returns J, I and Z(t-1)."""
        n = len(self.order)
        width = len(self.order) + self.count
        identity = np.eye(width)
        state_before = [Number(self.state[k], identity[k]) for k in range(n)]
        y_before = [Number(self.y[k], self.slope[k] * identity[k]) for k in range(n)]
        y = {}
        s = {}
        for j in self.order[: self.inputs]:
            y[j] = Number(inputs[self.place[j]], np.zeros(width))

        def seen(j, by):
            """The activation of j that a unit reads: that of this step if j comes
            first."""
            k = self.place[j]
            if k < self.inputs:
                return y[j]
            return y[j] if k < self.place[by] else y_before[k]

        def parameter(key, value):
            place = self.parameters.get(key)
            return Number(
                value, np.zeros(width) if place is None else identity[n + place]
            )

        for j in self.order[self.inputs :]:
            total = parameter((None, j), self.units[j].bias)
            for (i, target), link in self.links.items():
                if target == j:
                    source = state_before[self.place[j]] if i == j else seen(i, j)
                    term = parameter((i, j), link.weight) * source
                    total += term if link.gater is None else term * seen(link.gater, j)
            s[j] = total
            value, slope = SQUASHES[self.units[j].squash](total.value)
            y[j] = total.through(value, slope)
            self.units[j].slope = slope
        jacobian = np.zeros((n, n))
        direct = np.zeros((n, self.count))
        for j, number in s.items():
            jacobian[self.place[j]], direct[self.place[j]] = np.split(
                number.slopes, [n]
            )
        before, self.z = self.z, self.mask * (jacobian @ self.z + direct)
        for j, number in y.items():
            k = self.place[j]
            self.y[k] = number.value
            if j in s:
                self.state[k] = s[j].value
                self.slope[k] = self.units[j].slope
        return jacobian, direct, before

    def gradient(self, parts, errors):
        """dE / dp of a step: direct, and dE / ds(t-1) . Z(t-1); `errors` are dE / ds of
        the outputs."""
        jacobian, direct, before = parts
        last = slice(len(self.order) - len(errors), None)
        errors = np.asarray(errors)
        return errors @ direct[last] + (errors @ jacobian[last]) @ before

    # --- what can be reached within some steps ----------------------------------------

    def reached(self, within):
        """The pattern of I, and what arrives through J, `within` - 1 times."""
        n = len(self.order)
        # [j, i]: j reads i
        now = np.eye(n, dtype=bool)
        late = np.zeros((n, n), bool)
        for (i, j), link in self.links.items():
            for end in (i, link.gater):
                if end is not None and self.fires(j) and self.fires(end):
                    k = self.place[end]
                    by = self.place[j]
                    (now if k < by else late)[by, k] = True
        for _ in range(n):
            now = now | (now @ now)
        into = np.zeros((n, self.count), bool)
        for (_, j), place in self.parameters.items():
            into[self.place[j], place] = True
        for members in self._sharing():
            into[members] = into[members].any(axis=0)
        moved = now @ into
        through = now @ late
        kept = moved
        for _ in range(within - 1):
            kept = moved | (through @ kept)
        return kept

    def _sharing(self):
        """Sets of units, by place, whose parameters are connected by being shared."""
        sets = [set() for _ in range(self.count)]
        for (_, j), place in self.parameters.items():
            sets[place].add(self.place[j])
        merged = []
        for group in sets:
            apart = [other for other in merged if not other & group]
            merged = [
                *apart,
                group.union(*(other for other in merged if other & group)),
            ]
        return [sorted(members) for members in merged if len(members) > 1]
