"""``synapse info``: what a saved model holds."""

from __future__ import annotations

import argparse
from typing import Any

from numpy.typing import NDArray

from .._ties import counted_once
from ..engine.lowering.order import pure_inputs
from ..engine.schema import NONE
from ..layer import Layer
from ..network import Network
from .formats import READING, read
from .words import aligned, printable


def add_to(commands: Any) -> None:
    """Add the subcommand to argparse."""
    parser = commands.add_parser("info", help="print what a saved model holds")
    parser.add_argument("model", metavar="MODEL", help=READING)
    parser.set_defaults(do=info)


def info(options: argparse.Namespace) -> int:
    """Print what a model holds; the exit code."""
    print(describe(read(options.model)))
    return 0


def describe(network: Network) -> str:
    """What a network holds, as aligned text.

    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1, squash="tanh")
    >>> _ = a.project(b, weights=1.0)
    >>> print(describe(Network(a, [], b)))
    name               Network
    sizes              2-1
    neurons            3
    connections        2
    self-connections   0
    gated connections  0
    gating neurons     0
    parameters         3
    memory             no
    dtype              float64
    <BLANKLINE>
    layer   neurons  squash
    input         2  logistic
    output        1  tanh
    """
    facts = [(what, str(value)) for what, value in _facts(network).items()]
    layers = [(printable(layer.label), str(len(layer)), _squash(layer)) for layer in network.layers]
    table = [("layer", "neurons", "squash"), *layers]
    return f"{aligned(facts, '<<')}\n\n{aligned(table, '<><')}"


def _facts(network: Network) -> dict[str, object]:
    """Each thing that is counted, by name."""
    store, rows = network._store, network._connection_rows()
    source, target, gater = (store[name][rows] for name in ("source", "target", "gater"))
    neurons = network._rows()
    biases = store["trainable_bias"][neurons].astype(bool) & ~pure_inputs(store)[neurons]
    return {
        "name": printable(network.name),
        "sizes": "-".join(str(len(layer)) for layer in network.layers),
        "neurons": len(network),
        "connections": len(rows),
        "self-connections": int((source == target).sum()),
        "gated connections": int((gater != NONE).sum()),
        "gating neurons": len(set(gater[gater != NONE].tolist())),
        "parameters": _different(store["tie"][rows[store["trainable"][rows] != 0]])
        + _different(store["bias_tie"][neurons[biases]]),
        "memory": "yes" if network.has_memory else "no",
        "dtype": store.dtype.name,
    }


def _different(tie: NDArray[Any]) -> int:
    """How many numbers there are, those that are shared counted once."""
    return len(counted_once(tie)[0])


def _squash(layer: Layer) -> str:
    """The names of the activation functions of a layer, in the order of its neurons."""
    return ", ".join(dict.fromkeys(printable(neuron.squash.name) for neuron in layer))
