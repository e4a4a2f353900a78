"""Random gated graphs, and one network built twice: from the library's objects and as
the reference.

Hypothesis draws the structure, so that it can shrink it; numbers come from a seed, so
that sums do not cancel by accident (0 is where ``step`` and ``relu`` jump)."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from synapse import Layer, Network, Neuron
from synapse.errors import TopologyWarning
from tests.helpers.reference import Reference

SMOOTH = ("logistic", "tanh", "identity", "softplus", "gaussian")
SQUASHES = (
    *SMOOTH,
    "relu",
    "leaky_relu",
    "elu",
    "step",
    "sign",
    "silu",
    "soft_threshold",
)


def given_graphs(*graphs, **named):
    """``given``, for tests of graphs: outputs that nothing reaches, and neurons that
    act late, are meant."""
    meant = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
    return lambda test: meant(given(*graphs, **named)(test))


@dataclass
class Spec:
    """A gated graph: units 0 .. n in the order in which they activate."""

    inputs: int
    hidden: int
    outputs: int
    squashes: list[str]
    # source (a pair with its delay, if it has one), target, gater, trainable
    links: list[tuple[Any, int, int | None, bool]]
    fixed: set[int] = field(default_factory=set)  # units whose bias is not trained
    seed: int = 0

    @property
    def units(self) -> range:
        return range(self.inputs + self.hidden + self.outputs)

    def numbers(self) -> Random:
        return Random(self.seed)


def forward(link) -> bool:
    """Neither source nor gater come later than the target, or are it."""
    source, target, gater, _ = link
    return source < target and (gater is None or gater < target)


def block(start, target, width, height, one_to_one, gating, gater, trainable, units):
    """Connections among neighbours, gated in one of the ways that layers are."""
    links = []
    for m, j in enumerate(range(target, min(target + height, units))):
        for n, i in enumerate(range(start, min(start + width, units))):
            if one_to_one and m != n:
                continue
            place = {"none": None, "one": 0, "by source": n, "by target": m}[gating]
            links.append(
                (i, j, None if place is None else (gater + place) % units, trainable)
            )
    return links


GATINGS = ("none", "none", "one", "by source", "by target")


def _blocks(n):
    unit = st.integers(0, n - 1)
    width = st.integers(1, 6)
    gating = st.sampled_from(GATINGS)
    trainable = st.sampled_from([True, True, True, False])
    return st.builds(
        block,
        unit,
        unit,
        width,
        width,
        st.booleans(),
        gating,
        unit,
        trainable,
        st.just(n),
    )


@st.composite
def _drawn_links(draw, n):
    """A few single connections, blocks of them and self-connections, which hypothesis
    can shrink."""
    unit = st.integers(0, n - 1)
    single = st.tuples(unit, unit, st.none() | unit, st.booleans()).map(
        lambda link: [link]
    )
    loop = st.tuples(unit, st.none() | unit, st.booleans()).map(
        lambda t: [(t[0], t[0], t[1], t[2])]
    )
    parts = draw(st.lists(single | _blocks(n) | loop, min_size=1, max_size=8))
    return [link for links in parts for link in links]


def crowd(n, random):
    """Many connections of every sort."""
    links = []
    for _ in range(random.randint(2, 6)):
        source, target, gater = (random.randrange(n) for _ in range(3))
        width = random.randint(1, 8)
        height = random.randint(1, 6)
        gating = random.choice(GATINGS)
        trainable = random.random() < 0.8
        links += block(
            source,
            target,
            width,
            height,
            random.random() < 0.3,
            gating,
            gater,
            trainable,
            n,
        )
    for j in random.sample(range(n), n // 3):
        links.append(
            (j, j, random.choice([None, random.randrange(n)]), random.random() < 0.5)
        )
    for _ in range(2 * n):
        gater = random.choice([None, random.randrange(n)])
        links.append(
            (random.randrange(n), random.randrange(n), gater, random.random() < 0.8)
        )
    random.shuffle(links)
    return listed(n, random) + links


def listed(n, random):
    """Connections into one unit, each with a gater of its own, on one side of it: they
    are a list."""
    target = random.randrange(n // 3, n - n // 3)
    sides = range(target), range(target + 1, n)
    gaters = random.choice(sides)
    return [
        (i, target, random.choice(gaters), True) for i in random.choice(sides) if gaters
    ]


def crowded(seed: int) -> Spec:
    """The same crowd of 14 units for a seed."""
    random = Random(seed)
    links = {}
    for link in crowd(14, random):
        links.setdefault(link[:2], link)
    return Spec(2, 10, 2, random.choices(SMOOTH, k=14), list(links.values()), seed=seed)


def layered(inputs, hidden, n, random):
    """Full layers; gates, self-connections and connections past the hidden layer on
    some of them."""
    input_rows = range(inputs)
    middle = range(inputs, inputs + hidden)
    last = range(inputs + hidden, n)
    links = [(i, j, None, True) for j in middle for i in input_rows]
    links += [(i, j, None, True) for j in last for i in middle]
    if random.random() < 0.5:
        links += [(i, j, None, True) for j in last for i in input_rows]
    gater = random.choice([None, *middle])
    links += [
        (j, j, gater, random.random() < 0.5)
        for j in middle
        if j != gater and random.random() < 0.3
    ]
    return links


def dense(inputs, hidden, n, random):
    """Full layers whose neurons are all alike, some projections backward, some not
    trained."""
    input_rows = range(inputs)
    middle = range(inputs, inputs + hidden)
    last = range(inputs + hidden, n)
    links = []
    between = (
        (input_rows, middle, 1.0),
        (middle, last, 1.0),
        (input_rows, last, 0.3),
        (last, middle, 0.3),
    )
    for sources, targets, chance in between:
        if random.random() < chance:
            trainable = random.random() < 0.8
            links += [(i, j, None, trainable) for j in targets for i in sources]
    return links


LAYERS = {"layered": layered, "dense": dense}


def delayed(links, random):
    """The same connections by source and target, some of them with a delay: those of
    a few blocks with the same one, or each with its own; some once without a delay and
    once with it."""
    chance = random.choice([0.2, 0.6, 1.0])
    together = random.random() < 0.5
    steps = random.randint(1, 4)
    result = {}
    for (i, j), link in links.items():
        k = steps if together else random.randint(1, 4)
        if random.random() > chance:
            result[i, j] = link
            continue
        result[(i, k), j] = ((i, k), *link[1:])
        if random.random() < 0.1:
            result[i, j] = link
    return result


@st.composite
def specs(
    draw,
    feedforward=False,
    squashes=SQUASHES,
    logistic_outputs=False,
    most=8,
    delays=False,
):
    """Gated graphs: sparse, crowded, or in layers; with `delays`, connections of half
    of them have some.

    Of the few examples of the default tier, hypothesis makes most from few draws. So
    all but the sparse graphs follow from a seed, with their sizes and squashes; else
    few had several neurons, and none had gates of all kinds."""
    sort = draw(st.sampled_from(["drawn", "crowd", "layered", "dense", "crowd"]))
    # alike: weighed four at a time
    seed = draw(st.integers(0, 9999))
    least = 4 if sort == "dense" else 1
    random = Random(seed)
    size = (
        (lambda low, high: draw(st.integers(low, high)))
        if sort == "drawn"
        else random.randint
    )
    inputs = size(1, 4)
    hidden = size(least - 1, max(least, most))
    outputs = size(1, max(3, least))
    n = inputs + hidden + outputs
    if sort == "drawn":
        parts = draw(_drawn_links(n))
        kinds = draw(st.lists(st.sampled_from(squashes), min_size=n, max_size=n))
    else:
        parts = (
            crowd(n, random)
            if sort == "crowd"
            else LAYERS[sort](inputs, hidden, n, random)
        )
        kinds = random.choices(squashes, k=n)
    links = {}
    for link in parts:
        if not feedforward or forward(link):
            links.setdefault(link[:2], link)
    if delays and draw(st.booleans()):
        links = delayed(links, random)
    if sort == "dense":
        kinds[inputs : n - outputs] = kinds[inputs : inputs + 1] * hidden
        kinds[n - outputs :] = kinds[-1:] * outputs
    if logistic_outputs:
        kinds[n - outputs :] = ["logistic"] * outputs
    fixed = draw(st.sets(st.integers(0, n - 1), max_size=2))
    return Spec(inputs, hidden, outputs, kinds, list(links.values()), fixed, seed)


EVERY_GATE = Spec(
    inputs=1,
    hidden=4,
    outputs=1,
    squashes=["identity", "tanh", "identity", "logistic", "tanh", "tanh"],
    links=[
        *(
            (0, 1, None, True),
            (1, 1, 1, True),
            (3, 1, 5, True),
        ),  # gates its own self-connection
        *((0, 2, 3, True), (2, 2, 3, True), (5, 2, None, True)),  # gated by a later one
        *(
            (0, 3, None, True),
            (1, 3, 5, True),
            (2, 3, 4, True),
            (5, 3, 2, True),
        ),  # a late list
        *((0, 4, 1, True), (4, 4, 0, True), (3, 4, 3, True)),  # gated by an input
        *((1, 5, 4, True), (2, 5, 1, True), (4, 5, None, True), (5, 5, 5, True)),
    ],
    seed=3,
)
"""Every order of a source, a gater and a target, along self-connections, too: few drawn
graphs have all."""


DELAYED_INTO_GATES = Spec(
    inputs=1,
    hidden=7,
    outputs=1,
    squashes=[
        "identity",
        "logistic",
        "logistic",
        "softplus",
        "tanh",
        "tanh",
        "tanh",
        "softplus",
        "tanh",
    ],
    links=[
        *((i, 1, None, True) for i in (0, 3, 4, 5, 6)),
        *((i, 2, None, True) for i in (0, 4, 7)),
        *((0, j, None, True) for j in (3, 4, 6, 7)),
        *((0, 5, 1, True), (5, 5, 2, True), (6, 6, 5, True)),
        *((i, 8, None, True) for i in (1, *range(3, 8))),
    ],
    seed=5,
)
"""Gates of a cell in the middle of a block read neighbours, and a list, of which some
have not fired."""


def delay_some(net, seed, count=4):
    """Add delayed connections to a network, also backward, from a neuron to itself, and
    gated."""
    rng = np.random.default_rng(seed)
    links = {}
    # What is delayed already, in `ready` of spiking cells, may not be so twice.
    excluded = "delayed", "ready"
    neurons = [
        neuron for neuron in net if not any(word in neuron.name for word in excluded)
    ]
    for _ in range(count):
        i, j, gater = (neurons[k] for k in rng.integers(0, len(neurons), 3))
        delay = int(rng.integers(1, 4))
        if delay == 1 and i is not j and i.connection_to(j, delay=0) is not None:
            delay = 4  # of a pair that may be late by one step anyway, which warns
        if j not in net.input and (i, j, delay) not in links:
            links[i, j, delay] = link = i.project(
                j, weight=rng.uniform(-0.8, 0.8), delay=delay
            )
            if rng.random() < 0.3:
                with warnings.catch_warnings(action="ignore", category=TopologyWarning):
                    gater.gate(link)
    return links


class Twin:
    """The same units twice: ``self.ours`` are Neurons of the library,
    ``self.reference`` the oracle."""

    def __init__(self, spec: Spec, network: bool = True) -> None:
        self.random = spec.numbers()
        self.net = None
        self.reference = Reference()
        self.ours = {}
        self.inputs = spec.inputs
        self.outputs = spec.outputs
        self.order = list(spec.units)
        for j in spec.units:
            clamped = j < spec.inputs
            self._make(
                j, spec.squashes[j], 0.0 if clamped else self.random.uniform(-0.5, 0.5)
            )
            self.ours[j].trainable_bias = self.reference.units[j].trainable = (
                j not in spec.fixed
            )
        for i, j, gater, trainable in spec.links:
            self.project(i, j, trainable)
            if gater is not None:
                self.gate(gater, i, j)
        self.net = self._network() if network else None

    def _make(self, j, squash, bias):
        self.reference.add(j, squash, bias)
        self.ours[j] = Neuron(squash, bias, name=str(j))

    def _network(self) -> Network | None:
        return self._one(self.order, self.inputs, self.outputs)

    def _one(self, units, inputs, outputs) -> Network:
        neurons = [self.ours[j] for j in units]
        b = len(neurons) - outputs
        hidden = [Layer(neurons[inputs:b])] if b > inputs else []
        return Network(Layer(neurons[:inputs]), hidden, Layer(neurons[b:]))

    # --- edits ------------------------------------------------------------------------

    @contextmanager
    def _edited(self):
        """What the library moves activates elsewhere; what is late without need is
        wanted here."""
        with warnings.catch_warnings(action="ignore", category=TopologyWarning):
            yield
        if self.net is not None:
            self.order = [int(neuron.name) for neuron in self.net]

    def weight(self) -> float:
        return self.random.uniform(-0.8, 0.8)

    def project(self, i, j, trainable):
        weight = self.weight()
        self.reference.connect(i, j, weight, trainable)
        i, steps = i if isinstance(i, tuple) else (i, 0)
        with self._edited():
            self.ours[i].project(
                self.ours[j], weight=weight, trainable=trainable, delay=steps
            )

    def link(self, i, j):
        i, steps = i if isinstance(i, tuple) else (i, 0)
        return self.ours[i].connection_to(self.ours[j], delay=steps)

    def disconnect(self, i, j):
        self.reference.disconnect(i, j)
        i, steps = i if isinstance(i, tuple) else (i, 0)
        self.ours[i].disconnect(self.ours[j], delay=steps)

    def set_delay(self, i, j, steps):
        """Let a connection have another delay, and the library remember from now on as
        far back as that."""
        link = self.link(i, j)
        self.reference.delay(i, j, steps)
        with self._edited():
            link.delay = steps
        self.look()

    def gate(self, g, i, j):
        self.reference.gate(g, i, j)
        with self._edited():
            self.ours[g].gate(self.link(i, j))

    def ungate(self, i, j):
        self.ours[self.reference.links[i, j].gater].ungate(self.link(i, j))
        self.reference.ungate(i, j)

    def set_trainable(self, i, j, trainable):
        self.reference.set_trainable(i, j, trainable)
        self.link(i, j).trainable = trainable

    def set_trainable_bias(self, j, trainable):
        self.reference.set_trainable(None, j, trainable)
        self.ours[j].trainable_bias = trainable

    def set_weight(self, i, j):
        weight = self.weight()
        sign = self.reference.links[i, j].sign
        self.reference.links[i, j].weight = self.link(i, j).weight = (
            sign * abs(weight) if sign else weight
        )

    def set_sign(self, i, j, signed):
        """Give a weight a sign and little room before 0, or release it."""
        link = self.reference.links[i, j]
        ours = self.link(i, j)
        link.sign = int(math.copysign(1, link.weight)) if signed else 0
        ours.sign = link.sign or None
        link.weight = ours.weight = link.weight * (0.1 if signed else 1.0)

    def add(self, squash, append):
        """A new hidden unit, appended to the last hidden layer or in a layer of its
        own."""
        j = 1 + max(self.ours)
        self._make(j, squash, self.random.uniform(-0.5, 0.5))
        if append and self.net.hidden:
            self.net.hidden[-1].append(self.ours[j])
        else:
            self.net.add(self.ours[j])
        self.order.insert(len(self.order) - self.outputs, j)

    def remove(self, j):
        self.reference.remove(j)
        self.net.remove(self.ours.pop(j))
        self.order.remove(j)

    def look(self):
        """Have the library lower what has changed so far."""
        self.reference.settle()
        assert len(self.net.weights) == len(self.reference.links)

    # --- steps ------------------------------------------------------------------------

    def vector(self, size):
        return [self.random.uniform(-1, 1) for _ in range(size)]

    def activate(self):
        values = self.vector(self.inputs)
        self.reference.step(self.order, values, self.net.synchronous)
        return self.net.activate(values)

    def propagate(self, rate=0.2, cost="squared_error"):
        targets = [self.random.random() for _ in range(self.outputs)]
        self.reference.learn(self.order, rate, targets, cost)
        self.net.propagate(rate, targets, cost)

    def _fire(self, j, values):
        """Call a unit of the reference, and the neuron."""
        if j in values:
            self.reference.clamp(j, values[j])
        else:
            self.reference.activate(j)
        self.ours[j].activate(values.get(j))

    def step_each(self, order, back=None):
        """A step by calls on bare neurons, activated in `order` and propagated in
        reverse.

        In another order, `back`, each has a target.
        """
        values = dict(enumerate(self.vector(self.inputs)))
        reference = self.reference
        reference.settle()
        reference.begin()
        for j in order:
            self._fire(j, values)
        self.check(moved=False)
        for j in back or reversed(order):
            target = (
                self.random.random() if back or j >= len(order) - self.outputs else None
            )
            error = (
                0.0 if target is None else reference.error(j, target, "squared_error")
            )
            reference.propagate(j, 0.2, error)
            self.ours[j].propagate(0.2, target, "squared_error")
        if back is None:
            self.check()

    def sweep(self, pause):
        """A step by calls on the neurons of the network, in its order; after so many of
        them, the library lowers anew."""
        values = dict(enumerate(self.vector(self.inputs)))
        self.reference.settle()
        self.reference.begin()
        for place, j in enumerate(self.order):
            if place == pause:
                learns = self.reference.units[j].trainable
                self.set_trainable_bias(j, not learns)
                self.look()
                self.set_trainable_bias(j, learns)
            self._fire(j, values)
        self.check(moved=False)
        self.propagate()
        self.check()

    def step(self):
        self.activate()
        self.check(moved=False)
        self.propagate()
        self.check()

    # --- comparison -------------------------------------------------------------------

    def check(self, moved=True):
        """Every number of the library is that of the reference.

        Extended traces into a gated neuron without a self-connection are factored from
        what is there: they are compared before weights move."""
        pairs = list(self._pairs(moved))
        ours, theirs = (np.array([pair[1 + side] for pair in pairs]) for side in (0, 1))
        wrong = np.abs(ours - theirs) > 1e-10 * max(1.0, np.abs(theirs).max())
        assert not wrong.any(), [pairs[k] for k in np.flatnonzero(wrong)]

    def _pairs(self, moved):
        reference = self.reference
        for j, unit in reference.units.items():
            neuron = self.ours[j]
            yield from (
                (f"state {j}", neuron.state, unit.state),
                (f"activation {j}", neuron.activation, unit.y),
                (f"derivative {j}", neuron.derivative, unit.slope),
                (f"bias {j}", neuron.bias, unit.bias),
            )
            if not unit.clamped:
                eligibility = reference.eligibility.get((None, j), 0.0)
                yield f"bias eligibility {j}", neuron.bias_eligibility, eligibility
            if moved:
                error = neuron.error
                yield from (
                    (f"responsibility {j}", error.responsibility, unit.delta),
                    (f"projected {j}", error.projected, unit.projected),
                    (f"gated {j}", error.gated, unit.gated),
                )
        for (i, j), link in reference.links.items():
            connection = self.link(i, j)
            yield f"weight {i}->{j}", connection.weight, link.weight
            if link.trainable and not reference.units[j].clamped:
                yield (
                    f"eligibility {i}->{j}",
                    connection.eligibility,
                    reference.eligibility[i, j],
                )
                yield from self._extended(i, j, connection, moved)

    def _extended(self, i, j, connection, moved):
        reference = self.reference
        ours = connection.extended
        for k, unit in reference.units.items():
            if (
                j in reference.gaters(k)
                and not unit.clamped
                and unit.fired > reference.units[j].fired
                and not (moved and (k, k) not in reference.links)
            ):
                expected = reference.extended[i, j, k]
                yield f"extended {i}->{j}, {k}", ours[self.ours[k]], expected

    @property
    def tame(self) -> bool:
        """Whether its numbers have stayed where 1e-10 means something."""
        return all(
            abs(unit.state) < 100 and abs(unit.delta) < 100
            for unit in self.reference.units.values()
        )


class Pair(Twin):
    """Two networks, the first of which feeds the second; linked to each other after
    some steps.

    Units up to `split` are the first network's, its last one its output; the next unit
    is the second network's input, which fires from what leads to it."""

    def __init__(self, spec: Spec, split: int) -> None:
        self.split = split
        across = [link for link in spec.links if self._crosses(link)]
        spec.links = [link for link in spec.links if not self._crosses(link)]
        super().__init__(spec)
        self.across = [link for link in across if link[:2] != (split - 1, split)]
        self.joined = False

    def _crosses(self, link):
        ends = [j[0] if isinstance(j, tuple) else j for j in link[:3]]
        return len({j >= self.split for j in ends if j is not None}) > 1

    def _network(self):
        head = self.order[: self.split]
        second = self.order[self.split :]
        self.first = self._one(head, self.inputs, 1)
        self.second = self._one(second, 1, self.outputs)

    def join(self):
        """Link the networks, the first one's output to the second one's input at
        least."""
        self.joined = True
        self.project(self.split - 1, self.split, True)
        for i, j, gater, trainable in self.across:
            self.project(i, j, trainable)
            if gater is not None:
                self.gate(gater, i, j)

    def activate(self):
        """Until they are joined, the second network is given an input of its own."""
        values = self.vector(self.inputs)
        values_of_second = None if self.joined else self.vector(1)
        self.first.activate(values)
        self.second.activate(values_of_second)
        clamped = dict(enumerate(values)) | (
            {} if self.joined else {self.split: values_of_second[0]}
        )
        self.reference.settle()
        self.reference.begin()
        for j in self.order:
            self.reference.clamp(
                j, clamped[j]
            ) if j in clamped else self.reference.activate(j)

    def propagate(self, rate=0.2, cost="squared_error"):
        targets = [self.random.random() for _ in range(self.outputs)]
        self.reference.learn(self.order, rate, targets, cost)
        self.second.propagate(rate, targets, cost)
        self.first.propagate(rate)
