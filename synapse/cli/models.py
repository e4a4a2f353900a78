"""``synapse info``, ``draw``, ``play`` and ``convert``: describe, draw and convert
saved models, and play with them in a browser.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import webbrowser
from functools import partial
from pathlib import Path
from textwrap import indent

import numpy as np

import architect

from .._checks import short_repr
from .._model import Model
from .._typing import Floats
from ..learning import Trainer
from ..objects.network import Network
from ..objects.topology import NO_GATER, Topology
from . import formats, helpers
from .formats import READING, loaded, read
from .reading import MODEL, Options

HIDDEN_METADATA = ("errors", "relative", "encoding", "recent", "test")
"""Keys of metadata that are for other subcommands, such as errors on held-out rows."""
PAGE = ".html"
INFO = MODEL
DRAW: Options = {
    **MODEL,
    "output": {
        "metavar": "OUT",
        "help": f"the file to write: {', '.join(helpers.PICTURES)} or {PAGE}",
    },
}
PLAY: Options = {
    "model": {
        "metavar": "MODEL",
        "nargs": "?",
        "help": f"{READING} (default: a perceptron 2-3-1)",
    },
    "-o --output": {
        "metavar": "PAGE.html",
        "help": "write the page without opening a browser",
    },
}
CONVERT: Options = {
    "source": {"metavar": "IN", "help": "the model"},
    "output": {
        "metavar": "OUT",
        "help": "the file to write; an existing one is replaced",
    },
    "--from": {"dest": "read_as", "metavar": "FORMAT", "help": "format of IN"},
    "--to": {"dest": "write_as", "metavar": "FORMAT", "help": "format of OUT"},
}


def info(options: argparse.Namespace) -> None:
    """Print the contents of a saved model."""
    saved = loaded(options.model)
    if not isinstance(saved, Network):
        print(f"{helpers.printable(repr(saved))}\n")
        saved = saved.network
    print(describe(saved))


def describe(network: Network) -> str:
    """Return the contents of a network and its metadata, as aligned text."""
    topology = Topology.of(network)
    facts = {
        "name": helpers.printable(topology.name),
        "sizes": "-".join(map(str, topology.sizes)),
        "neurons": topology.neurons,
        "connections": topology.connections,
        "self-connections": topology._self_connected.sum(),
        "gated connections": (topology.gater != NO_GATER).sum(),
        "gating neurons": len(np.unique(topology.gater[topology.gated])),
        "parameters": topology.parameters,
        "memory": "yes" if network.has_memory else "no",
        "dtype": topology.dtype.name,
    }
    layers = [("layer", "neurons", "squash")]
    ends = np.cumsum(topology.sizes).tolist()
    for label, size, end in zip(
        topology.layers, topology.sizes.tolist(), ends, strict=True
    ):
        squashes = dict.fromkeys(
            map(helpers.printable, topology.squash[end - size : end])
        )
        layers.append((helpers.printable(label), str(size), ", ".join(squashes)))
    rows = [(fact, str(value)) for fact, value in facts.items()]
    carried = [
        (
            helpers.printable(key),
            helpers.printable(
                value if isinstance(value, str) else short_repr(json.dumps(value))
            ),
        )
        for key, value in network.metadata.items()
        if key not in HIDDEN_METADATA
    ]
    parts = [helpers.aligned(rows, "<<"), helpers.aligned(layers, "<><")]
    return "\n\n".join([*parts, helpers.aligned(carried, "<<")] if carried else parts)


def draw(options: argparse.Namespace) -> None:
    """Draw a model, or write a page to explore it.

    A page shows the network at every step of a sequence: a pulse of 1 on each input in
    turn, then zeros. The context is cleared first.
    """
    path = options.output
    page = helpers.require_suffix(path, (*helpers.PICTURES, PAGE)) == PAGE
    network = read(options.model)
    network.clear()
    from .. import draw as pictures  # matplotlib is an extra

    if not page:
        with pictures.style():  # text in files stays text
            helpers.save_figure(pictures.network(network).figure, path)
        return
    with helpers.file_errors("write", path):
        pictures.explore(network, pulses(len(network.input)), path=path)


def pulses(inputs: int) -> Floats:
    """Return inputs with a pulse on each input in turn, then five steps of zeros, shape
    (steps, inputs).

    >>> pulses(2).tolist()[:3]
    [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    return np.vstack([np.eye(inputs), np.zeros((5, inputs))])


def play(options: argparse.Namespace) -> None:
    """Open a page in the browser on which a network learns.

    The page is one file that works offline. It has lessons and data, builds networks,
    and saves files that synapse.load reads. Without -o it is written to a new temporary
    folder, which is not deleted.
    """
    model = options.model
    output = options.output
    if output is not None:
        helpers.require_suffix(output, (PAGE,))
    xor = partial(
        architect.Perceptron, 2, 3, 1, squash="tanh", output_squash="logistic", seed=0
    )
    opened = xor() if model is None else loaded(model)
    network = opened if isinstance(opened, Network) else opened.network
    network.clear()
    from .. import draw

    shown = opened if isinstance(opened, Model) else network
    page = output or Path(tempfile.mkdtemp(prefix="synapse-")) / "play.html"
    draw.explore(shown, path=page, learn=True)
    if output is None:
        print(page)
        if not webbrowser.open(page.as_uri()):
            print("No browser was found. Open the file yourself.")


def convert(options: argparse.Namespace) -> None:
    """Write a model in another format.

    The suffix of a file selects its format, but for a .json file that is read, its
    content does. Programs, .onnx and .dot cannot be read back.
    """
    source = formats.loaded(options.source, options.read_as)
    model = source.network if isinstance(source, Trainer) else source
    formats.write(model, options.output, options.write_as)


convert.__doc__ = f"{convert.__doc__}\n{indent(formats.table(), '    ')}\n"
