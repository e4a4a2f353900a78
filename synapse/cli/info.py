"""``synapse info``: print the contents of a saved model."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import Trainer
from .._checks import counted, shown
from ..cost import in_words
from ..objects.network import Network
from ..objects.topology import NO_GATER, Topology
from .formats import READING, loaded
from .resuming import OPTIONS
from .words import aligned, printable

SILENT = (OPTIONS, "errors", "encoding", "units")
"""Keys of metadata that are for other subcommands: errors on held-out rows, medians and words of columns."""


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
    facts = {
        "name": printable(topology.name),
        "sizes": "-".join(map(str, topology.sizes)),
        "neurons": topology.neurons,
        "connections": topology.connections,
        "self-connections": topology.self_connected.sum(),
        "gated connections": (topology.gater != NO_GATER).sum(),
        "gating neurons": len(np.unique(topology.gater[topology.gated])),
        "parameters": topology.parameters,
        "memory": "yes" if network.has_memory else "no",
        "dtype": topology.dtype.name,
    }
    layers = [("layer", "neurons", "squash")]
    ends = np.cumsum(topology.sizes).tolist()
    for label, size, end in zip(topology.layers, topology.sizes.tolist(), ends, strict=True):
        squashes = dict.fromkeys(map(printable, topology.squash[end - size : end]))
        layers.append((printable(label), str(size), ", ".join(squashes)))
    carried = list(_carried(network.metadata))
    parts = [aligned([(what, str(value)) for what, value in facts.items()], "<<"), aligned(layers, "<><")]
    return "\n\n".join([*parts, aligned(carried, "<<")] if carried else parts)


def _carried(metadata: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Metadata in words, one pair per line; of models of `synapse train`, without what is empty."""
    made_here = "targets" in metadata
    for key, value in metadata.items():
        if key != OPTIONS and not (made_here and (key in SILENT or value in (None, [], {}, ""))):
            yield printable(key.replace("_", " ") if made_here else key), printable(_text(value))


def _text(value: Any) -> str:
    """A value of JSON; lists and dicts without their brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, dict) and value:
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    return f"{value:.4g}" if isinstance(value, float) else shown(json.dumps(value))
