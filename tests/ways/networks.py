"""Small random networks that have features, and data for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

import synapse
from synapse import Layer, Network

STEPS = 5
INPUTS = 3


class Needs(NamedTuple):
    """What a way needs of a network."""

    inputs: int = INPUTS
    hidden: tuple[int, int] = (4, 3)
    squash: str = "tanh"
    loops: bool = True
    """Whether it has backward connections and self-connections."""
    recurrent: bool = False
    """Whether all neurons of the second hidden layer read each other."""
    leaky: bool = False
    """Whether all hidden neurons have self-connections, and inputs are mostly 0."""
    value: bool = False
    """Whether its output is one number of any size."""
    spikes: bool = False
    """Whether its hidden layer has leaky cells that spike."""


class Case(NamedTuple):
    """A network with features, made anew by each call, and data for it."""

    features: frozenset[str]
    needs: Needs
    seed: int
    rows: Any
    targets: Any
    cost: str
    within: float
    notes: list[bool]
    """Whether the way took its own course, and no other one."""
    made: list[tuple[Network, Any]]
    """The networks, and what they were at first, if the way refuses them."""
    refused: bool

    def note(self, took: Any) -> None:
        self.notes.append(bool(took))

    @property
    def dense(self) -> Any:
        return self.rows.toarray() if sparse.issparse(self.rows) else self.rows

    def make(self) -> Network:
        net = network(self.features, self.needs, self.seed)
        if self.refused:
            self.made.append((net, everything(net)))
        return net

    def pair(self) -> tuple[Network, Network]:
        """Two equal networks."""
        return self.make(), self.make()

    @contextmanager
    def recorded(self, net: Network) -> Iterator[None]:
        """Record the network, if that is a feature."""
        with ExitStack() as stack:
            if "records" in self.features:
                stack.enter_context(synapse.record(net, "activation"))
            yield


def case(features: set[str], needs: Needs, seed: int, refused: bool) -> Case:
    """A case of a network that a way needs, which has these features."""
    rng = np.random.default_rng([seed, 1])
    rows = rng.normal(size=(STEPS, needs.inputs))
    if needs.leaky or needs.inputs > INPUTS:
        rows *= rng.random(rows.shape) < 0.1
    outputs = 1 if needs.value else 2
    targets = rng.random((STEPS, outputs))
    targets /= targets.sum(axis=1, keepdims=True) if outputs > 1 else 1.0
    if "float32" in features:
        rows, targets = (np.float64(np.float32(data)) for data in (rows, targets))
    competes = "groups" in features and not needs.value
    return Case(
        features=frozenset(features),
        needs=needs,
        seed=seed,
        rows=sparse.csr_array(rows) if "sparse" in features else rows,
        targets=targets,
        cost="categorical_cross_entropy" if competes else "squared_error",
        within=2e-5 if "float32" in features else 1e-9,
        notes=[],
        made=[],
        refused=refused,
    )


def network(features: frozenset[str], needs: Needs, seed: int) -> Network:
    """A network of two hidden layers with these features."""
    rng = np.random.default_rng(seed)
    floats = {"dtype": np.float32 if "float32" in features else np.float64}
    squashes = ("spike", "identity") if needs.spikes else (needs.squash, needs.squash)
    x = Layer(needs.inputs, **floats)
    a, b = (
        Layer(n, squash, rng.uniform(-0.5, 0.5, n), name=name, **floats)
        for n, squash, name in zip(needs.hidden, squashes, "ab", strict=True)
    )
    any_size = needs.value or needs.spikes
    y = Layer(1 if needs.value else 2, "identity" if any_size else "logistic", **floats)

    def pairs(source: Layer, target: Layer) -> Any:
        chosen = np.ones((len(source), len(target)), bool)
        if needs.leaky:
            chosen[1:] = rng.random((len(source) - 1, len(target))) < 0.4
        return chosen

    forward = [
        source.project(target, pairs(source, target), seed=rng)
        for source, target in ((x, a), (a, b), (b, y), (x, y))
    ]
    if needs.loops:
        back = rng.random((len(b), len(a))) < 0.5
        back[0, 0] = True
        b.project(a, back, seed=rng)
    if needs.recurrent:
        b.project(b, "all_to_else", seed=rng)
    if needs.loops or needs.spikes:
        b.project(b, "one_to_one", weights=0.6)
    if needs.leaky:
        a.project(a, "one_to_one", weights=0.5)
    if "delays" in features:
        a.project(y, delay=2, seed=rng)
        x.project(b, delay=1, seed=rng)
        if not (needs.spikes or needs.recurrent):
            b.project(b, "one_to_one", delay=3, seed=rng)
    if "groups" in features:
        b.squash = "maxout"
        y.squash = "identity" if any_size else "softmax"
    if "chance" in features:
        a.squash = "bernoulli"
    net = Network(x, [a, b], y, synchronous="together" in features)
    if "gates" in features:
        a[0].gate(*[*forward[2]][:3])
        a[1].gate(*[*forward[1]][::5])
        if b[0].self_connection is not None:
            a[2].gate(b[0].self_connection)
    if "ties" in features:
        synapse.tie([*forward[0]][:2])
        synapse.tie([*forward[1]][1:3])
    if "signs" in features:
        for link in [*net.connections][::3]:
            if not link.tied:
                link.sign = 1 if link.weight > 0 else -1
    if "frozen" in features:
        forward[0].freeze()
        b[0].freeze()
        for link in [*forward[2]][:2]:
            link.trainable = False
    if "clamps" in features:
        a[0].clamp(0.3)
    net.reseed(seed)
    return net


def everything(net: Network) -> list[Any]:
    """What a refusal must not change."""
    neurons = [
        (n.state, n.activation, n.bias, n.squash.name, n.trainable_bias, n.clamped)
        for n in net
    ]
    links = [
        (c.weight, c.delay, c.gater, c.trainable, c.tied, c.eligibility)
        for c in net.connections
    ]
    return [neurons, links, net.synchronous]
