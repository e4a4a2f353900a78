"""Networks for estimators, the command and forecasters, which are made by the name of
an architecture, from a graph, or by a function of the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

import networkx as nx

from . import _checks
from ._defaults import ARCHITECTURES, SQUASHES
from .errors import ArgumentError, ArgumentTypeError
from .objects.network import Network, require_network
from .readwrite import from_networkx


def architecture(title: str, value: Any) -> str:
    """Return the name of an architecture, given in any case, or raise an error."""
    spelled = {_checks.normalize_name(name): name for name in ARCHITECTURES}
    name = (
        spelled.get(_checks.normalize_name(value)) if isinstance(value, str) else None
    )
    return str(_checks.choice(title, value if name is None else name, ARCHITECTURES))


def lower_name(title: str, value: Any) -> str:
    """Return the name of an architecture in the form of the command and its files, or
    raise an error.
    """
    return architecture(title, value).lower()


def built(
    name: str,
    inputs: int,
    hidden: Sequence[int],
    outputs: int,
    squash: Any = None,
    **options: Any,
) -> Network:
    """Make an architecture by its name.

    `squash` is the squash of hidden neurons. If it is None, the table of defaults
    decides, or else the architecture. `options` are further arguments of the
    architecture.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the architecture does not take these hidden layers, options, or a squash.
    """
    make: Any = ARCHITECTURES[name]
    parameters = signature(make).parameters
    _checks.require(
        squash is None or "squash" in parameters,
        "squash",
        f"None for {name}, which has its own",
        squash,
    )
    squash = SQUASHES.get(name) if squash is None else squash
    if squash is not None:
        options["squash"] = squash
    sizes = (inputs, *hidden, outputs)
    unknown = {key: options[key] for key in options.keys() - parameters.keys()}
    if unknown:
        table = _checks.ARGUMENTS["build"]
        raise ArgumentTypeError(_checks.about_arguments([make], unknown, table))
    try:
        signature(make).bind(*sizes, **options)
    except TypeError:
        condition = f"sizes that {name} takes between inputs and outputs"
        raise ArgumentError(_checks.expected("hidden", condition, hidden)) from None
    network: Network = make(*sizes, **options)
    if len(network.input) != inputs:
        columns = _checks.pluralize(inputs, "column")
        raise ArgumentError(
            f"Expected an architecture whose inputs are {columns}, got {network!r}."
            " Build the network yourself."
        )
    return network


def network_of(
    build: Any,
    inputs: Sequence[str],
    outputs: Sequence[str],
    hidden: Any,
    squash: Any = None,
    **options: Any,
) -> Network:
    """Make the network of `build`, which is the name of an architecture, a graph, or a
    function that returns a network.

    The network has an input and an output for each of these names, which may be empty.
    In a graph, nodes with these names become the inputs and outputs. `hidden` and
    `squash` are for architectures, and `options` contain the squash of outputs and a
    seed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `build` has another type, or another number of inputs or outputs.
    """
    counts = len(inputs), len(outputs)
    if isinstance(build, str):
        name = architecture("build", build)
        sizes = _checks.layer_sizes("hidden", hidden)
        network = built(name, counts[0], sizes, counts[1], squash, **options)
    elif isinstance(build, nx.Graph):
        ends = _marked(build, "input", inputs), _marked(build, "output", outputs)
        options |= {} if squash is None else {"squash": squash}
        network = from_networkx(build, *ends, **options)
    else:
        network = _built_by(build, *counts, options["seed"])
    if (len(network.input), len(network.output)) != counts:
        raise ArgumentError(
            "Expected build to make a network of"
            f" {_checks.pluralize(counts[0], 'input')} and"
            f" {_checks.pluralize(counts[1], 'output')}, got {network!r}."
        )
    return network


def _built_by(build: Any, inputs: int, outputs: int, seed: int) -> Network:
    """Return a copy of the network that a function returns.

    Without a copy, a single network would be used for all calls and would learn from
    every fold of a cross-validation.
    """
    parameters = ("n_inputs", "n_outputs", "seed")
    advice = _checks.BUILD_ADVICE
    function = _checks.function_of("build", build, *parameters, advice=advice)
    made = function(inputs, outputs, seed)
    return require_network("What build returns", made).clone()


def _marked(graph: Any, layer: str, names: Sequence[str]) -> list[Any] | None:
    """Return the nodes of a graph in this layer, in the order of these names if the
    nodes have them.
    """
    nodes = [
        node for node, data in graph.nodes(data=True) if data.get("layer") == layer
    ]
    if set(map(str, nodes)) == set(names):
        nodes.sort(key=lambda node: names.index(str(node)))
    return nodes or None
