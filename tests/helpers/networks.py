"""Networks that several tests build, neuron by neuron."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

from synapse import Connection, Layer, Network, Neuron
from tests.helpers.reference import Reference

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "networks.json").read_text()
)


def _bias(neuron: dict) -> float:
    return 0.0 if neuron["layer"] == "input" else neuron["bias"]


def from_golden(name: str) -> tuple[Network, dict[tuple[int, int], Connection]]:
    """The network of this name, and its connections by the numbers of source and
    target."""
    described = GOLDEN[name]["network"]
    neurons = [Neuron(n["squash"].lower(), _bias(n)) for n in described["neurons"]]
    links = {
        (c["from"], c["to"]): neurons[c["from"]].project(
            neurons[c["to"]], weight=c["weight"]
        )
        for c in described["connections"]
    }
    for c in described["connections"]:
        if c["gater"] is not None:
            neurons[c["gater"]].gate(links[c["from"], c["to"]])
    parts = {}
    for neuron, n in zip(neurons, described["neurons"], strict=True):
        sort = n["layer"] if n["layer"] in ("input", "output") else "hidden"
        parts.setdefault(sort, []).append(neuron)
    hidden = [Layer(parts["hidden"])] if "hidden" in parts else []
    return Network(Layer(parts["input"]), hidden, Layer(parts["output"])), links


def reference_of_golden(name: str) -> tuple[Reference, list[int]]:
    """The same as the reference, and the order of its units."""
    described = GOLDEN[name]["network"]
    reference = Reference()
    for j, n in enumerate(described["neurons"]):
        reference.add(j, n["squash"].lower(), _bias(n))
    for c in described["connections"]:
        reference.connect(c["from"], c["to"], c["weight"])
        reference.links[c["from"], c["to"]].gater = c["gater"]
    return reference, list(reference.units)


def lstm(
    inputs: int,
    blocks: int,
    outputs: int,
    seed: int = 0,
    cell="identity",
    gate="logistic",
) -> Network:
    """One layer of memory blocks with input, forget and output gates, without
    peepholes."""
    random = Random(seed)
    bias = lambda: random.uniform(-0.5, 0.5)  # noqa: E731
    source = [Neuron() for _ in range(inputs)]
    ins, forgets, outs = (
        [Neuron(gate, bias()) for _ in range(blocks)] for _ in range(3)
    )
    cells = [Neuron(cell, bias()) for _ in range(blocks)]
    sinks = [Neuron(bias=bias()) for _ in range(outputs)]
    for b in range(blocks):
        for x in source:
            for unit in (ins[b], forgets[b], outs[b]):
                x.project(unit, weight=random.uniform(-1, 1))
            ins[b].gate(x.project(cells[b], weight=random.uniform(-1, 1)))
        forgets[b].gate(cells[b].project(cells[b]))
        for sink in sinks:
            outs[b].gate(cells[b].project(sink, weight=random.uniform(-1, 1)))
    for x in source:
        for sink in sinks:
            x.project(sink, weight=random.uniform(-1, 1))
    hidden = [Layer(ins), Layer(forgets), Layer(cells), Layer(outs)]
    return Network(Layer(source), hidden, Layer(sinks))


def perceptron(*sizes: int, seed: int = 0, squash="logistic") -> Network:
    """Fully connected layers."""
    layers = [Layer(size, squash=squash) for size in sizes]
    for i, (layer, after) in enumerate(pairwise(layers)):
        layer.project(after, seed=seed + i)
    return Network(layers[0], layers[1:-1], layers[-1])


def everything(neurons) -> list:
    """All that can be seen of some neurons and their connections."""
    seen = []
    for n in neurons:
        numbers = (n.state, n._old_state, n.activation, n.derivative, n.bias)
        errors = (n.error.responsibility, n.error.projected, n.error.gated)
        seen.append((n, n.name, n.squash, n.trainable_bias, *numbers, *errors))
        for c in (*n.incoming, *filter(None, [n.self_connection])):
            extended = sorted((k.name, x) for k, x in c.extended.items())
            links = c.source, c.gater, c.trainable, c.weight, c.gain, c.eligibility
            seen.append((c, *links, extended))
    return seen


@contextmanager
def unchanged(neurons) -> Iterator[None]:
    """What happens inside leaves these neurons, or this network, as they were."""
    before = everything(neurons)
    yield
    assert everything(neurons) == before


def used(net: Network, steps: int = 3, seed: int = 0) -> Network:
    """The network after some steps, so that none of its numbers is 0."""
    random = Random(seed)
    for _ in range(steps):
        net.activate([random.uniform(-1, 1) for _ in net.input])
        net.propagate(0.3, [random.random() for _ in net.output])
    return net
