"""The `synapse` command: what a saved model holds.

::

    synapse info model.synapse
    synapse --version
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence

from . import __version__
from .engine.lower import pure_inputs
from .engine.schema import NONE
from .errors import SynapseError
from .layer import Layer
from .network import Network
from .readwrite import load

USER_ERROR = 2
BROKEN_PIPE = 141  # what a shell reports for a command that SIGPIPE ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the command's name. Default: those of the process.

    Returns
    -------
    int
        0, or 2 for a mistake of the user, who has been told in one sentence on stderr.
    """
    try:
        try:
            options = _parser().parse_args(arguments)
            return _info(options.model)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, say `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="synapse", description="Networks built neuron by neuron.")
    parser.add_argument("--version", action="version", version=f"synapse {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    info = commands.add_parser("info", help="print what a saved model holds")
    info.add_argument("model", metavar="MODEL", help="a file that synapse.save has written")
    return parser


def _info(path: str) -> int:
    """Print what the model at `path` holds; the exit code."""
    try:
        network = load(path)
    except OSError as error:
        return _refuse(f"Cannot read {path!r}: {error.strerror or error}.")
    except SynapseError as error:
        return _refuse(f"Cannot read {path!r}: {error}")
    print(describe(network))
    return 0


def _refuse(sentence: str) -> int:
    print(f"synapse: {sentence}", file=sys.stderr)
    return USER_ERROR


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
    layers = [(_printable(layer.label), str(len(layer)), _squash(layer)) for layer in network.layers]
    table = [("layer", "neurons", "squash"), *layers]
    return "\n".join([*_aligned(facts, "<<"), "", *_aligned(table, "<><")])


def _facts(network: Network) -> dict[str, object]:
    """Each thing that is counted, by name."""
    store, rows = network._store, network._connection_rows()
    source, target, gater = (store[name][rows] for name in ("source", "target", "gater"))
    neurons = network._rows()
    biases = store["trainable_bias"][neurons].astype(bool) & ~pure_inputs(store)[neurons]
    return {
        "name": _printable(network.name),
        "sizes": "-".join(str(len(layer)) for layer in network.layers),
        "neurons": len(network),
        "connections": len(rows),
        "self-connections": int((source == target).sum()),
        "gated connections": int((gater != NONE).sum()),
        "gating neurons": len(set(gater[gater != NONE].tolist())),
        "parameters": int(store["trainable"][rows].sum() + biases.sum()),
        "memory": "yes" if network.has_memory else "no",
        "dtype": store.dtype.name,
    }


def _squash(layer: Layer) -> str:
    """The names of the activation functions of a layer, in the order of its neurons."""
    return ", ".join(dict.fromkeys(_printable(neuron.squash.name) for neuron in layer))


def _printable(name: str) -> str:
    """A name from a file, which may hold anything, on one line of a terminal."""
    return name if name.isprintable() else ascii(name)


def _aligned(rows: Sequence[Sequence[str]], sides: str) -> Iterable[str]:
    """Lines of columns, each flush left (<) or right (>)."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True))
        yield "  ".join(cells).rstrip()
