"""``synapse info``: print the contents of a saved model."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import Trainer
from .._checks import counted
from ..cost import in_words
from ..objects.network import Network
from ..objects.topology import NO_GATER, Topology
from .facts import described
from .formats import READING, loaded
from .resuming import OPTIONS
from .words import aligned, printable


def add_to(commands: Any) -> None:
    """Add the subcommand to argparse."""
    parser = commands.add_parser("info", help="print the contents of a saved model")
    parser.add_argument("model", metavar="MODEL", help=READING)
    parser.set_defaults(do=info)


def info(options: argparse.Namespace) -> int:
    """Print the contents of a model; return the exit code."""
    found = loaded(options.model)
    if isinstance(found, Trainer):
        print(f"{aligned(list(_of_checkpoint(found)), '<<')}\n")
        found = found.network
    print(describe(found))
    return 0


def _of_checkpoint(trainer: Trainer) -> Iterator[tuple[str, str]]:
    """How far a checkpoint is, and the options of its training that are not default."""
    paused, done = trainer._paused, "no epoch yet"
    if paused is not None and paused.done:
        epochs = f"{paused.done} of {counted(paused.epochs, 'epoch')} done"
        done = f"{epochs}, {in_words(trainer.cost.name)} {paused.values['error'][-1]:.6g}"
    yield "checkpoint", done
    yield "settings", trainer._settings()
    given = trainer.network.metadata.get(OPTIONS)
    if isinstance(given, dict):  # of `synapse train`
        chosen = {name: value for name, value in given.items() if value not in (None, "", "False")}
        typed = (f"--{name.replace('_', '-')} {value}" for name, value in chosen.items() if name != "data")
        yield "options", printable(" ".join(typed))


def describe(network: Network) -> str:
    """The contents of a network and its metadata, as aligned text."""
    topology = Topology.of(network)
    facts = [(what, str(value)) for what, value in _facts(topology).items()]
    facts[-1:-1] = [("memory", "yes" if network.has_memory else "no")]
    rows = [("layer", "neurons", "squash"), *_layers(topology)]
    text = f"{aligned(facts, '<<')}\n\n{aligned(rows, '<><')}"
    carried = list(described({key: value for key, value in network.metadata.items() if key != OPTIONS}))
    return f"{text}\n\n{aligned(carried, '<<')}" if carried else text


def _facts(topology: Topology) -> dict[str, object]:
    """Names and counts."""
    return {
        "name": printable(topology.name),
        "sizes": "-".join(map(str, topology.sizes)),
        "neurons": topology.neurons,
        "connections": topology.connections,
        "self-connections": topology.self_connected.sum(),
        "gated connections": (topology.gater != NO_GATER).sum(),
        "gating neurons": len(np.unique(topology.gater[topology.gated])),
        "parameters": topology.parameters,
        "dtype": topology.dtype.name,
    }


def _layers(topology: Topology) -> Iterator[tuple[str, ...]]:
    """The rows of the table of layers: label, number of neurons, names of activation functions."""
    ends = np.cumsum(topology.sizes).tolist()
    for label, size, end in zip(topology.layers, topology.sizes.tolist(), ends, strict=True):
        squashes = dict.fromkeys(map(printable, topology.squash[end - size : end]))
        yield printable(label), str(size), ", ".join(squashes)
