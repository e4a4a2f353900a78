"""Collect the initial data of a page as plain data, which are a network, its numbers
over a sequence, and the data to learn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

import architect

from .. import _cost as costs
from .._checks import as_matrix, dense_rows, depth_of, pluralize, registered_name
from .._cost import COSTS
from .._model import Model
from .._squash import ACTIVATIONS
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from ..learning._data import target_mask
from ..objects.connection import ExtendedPairs
from ..objects.network import Network, require_network
from ..objects.recording import Log, Pair, record
from ..objects.sensitivities import SensitivityPairs
from ..objects.topology import Topology
from ..readwrite._container import json_data
from ..readwrite._printed.page import registered_source

MAX_TRACES = 200_000
"""Maximum number of traces in a page, traces times steps: about 4 MB."""

NUMBERS = ("activation", "state", "derivative")
ERRORS = ("responsibility", "projected", "gated")
"""Numbers of a neuron at every step, by the names of their columns."""
OF_PAIRS = ("extended", "sensitivity")
"""Numbers of a connection and a neuron."""


def describe(network: Network) -> dict[str, Any]:
    """Return layers, neurons and connections of a network, with one list per column, by
    number (-1: no gater).
    """
    table = Topology.of(network)
    return {
        "name": table.name,
        "description": table.description,
        "layers": [
            {"name": name, "count": int(table.sizes[i])}
            for i, name in enumerate(table.layers)
        ],
        "neurons": {
            "name": list(table.label),
            "squash": list(table.squash),
            "bias": plain(table.bias),
            "trainable": table.trainable_bias.tolist(),
            "tied": _tied_with(table.bias_tie),
        },
        "connections": {
            "source": table.source.tolist(),
            "target": table.target.tolist(),
            "gater": table.gater.tolist(),
            "weight": plain(table.weight),
            "delay": table.delay.tolist(),
            "trainable": table.trainable.tolist(),
            "tied": _tied_with(table.tie),
        },
    }


def _tied_with(tie: NDArray[Any]) -> list[int]:
    """Return the number of other members to which each one is tied, or an empty list
    without ties.
    """
    if not tie.any():
        return []
    counts = np.bincount(tie)
    counts[0] = 1  # not tied
    return (counts[tie] - 1).tolist()


def numbers_of(
    network: Network, rows: Floats, aims: Sequence[Floats | None]
) -> dict[str, Any]:
    """Run a network (a clone) over rows (T, n) of inputs; its numbers before and after
    each step, T + 1 rows.

    Rows of targets and errors are None in steps without a target, and whole columns
    that would be too large.
    """
    links = network.connections
    room = MAX_TRACES // (len(rows) + 1) - len(links)
    names = [*NUMBERS, *ERRORS, "bias_eligibility", *_traces_of(network, room)]
    if room >= 0 and links and "eligibility" not in names:
        names.append("eligibility")
    pairs: dict[str, Any] = {"extended": ExtendedPairs(network, links)}
    if network.rule.name == "rtrl":
        pairs["sensitivity"] = SensitivityPairs(network, links)
    names += [name for name, of in pairs.items() if 0 < len(of.pairs) <= room]
    with record(network, *names) as log:
        log._recorder.stepped(network._kernels().plan)
        for row, aim in zip(rows, aims, strict=True):
            network.activate(row)
            if aim is not None:
                network.propagate(0.0, aim)
    columns = numbers_of_log(network, log, 0)
    targets = [None, *(None if aim is None else plain(aim) for aim in aims)]
    aimed = any(target is not None for target in targets)
    columns["target"] = targets if aimed else None
    # Errors of steps without a target are what earlier steps have left behind.
    for name in ERRORS:
        by_step = zip(columns[name], targets, strict=True)
        errors = [None if target is None else row for row, target in by_step]
        columns[name] = errors if aimed else None
    return columns


def _traces_of(network: Network, room: int) -> tuple[str, ...]:
    """Return the names of the traces of a rule of synapses, if a page has room for
    them.
    """
    names: tuple[str, ...] = getattr(network.rule, "traces", ())
    return names if len(names) * len(network.connections) <= room else ()


def numbers_of_log(network: Network, log: Log, unknown: int = 1) -> dict[str, Any]:
    """Return numbers at recorded steps, after a row for the `unknown` numbers before
    the first step. There is none of what was not recorded, and of pairs without any.
    """
    columns: dict[str, Any] = dict.fromkeys(
        ("target", *ERRORS, "eligibility", *OF_PAIRS)
    )
    connections = network.connections

    def rows_of(owners: Any, name: str) -> list[list[float | None]]:
        before = np.full((unknown, len(owners)), np.nan)
        return [plain(row) for row in (*before, *log.of(owners, name))]

    columns["bias_eligibility"] = [[None] * len(network)] * (len(log) + unknown)
    for name in (*NUMBERS, *ERRORS, "bias_eligibility"):
        number = (
            "error" if name == "responsibility" and "error" in log.variables else name
        )
        # Of the numbers that every page needs, `log.of` says which one is missing.
        if number in log.variables or name in NUMBERS:
            columns[name] = rows_of(network, number)
    room = MAX_TRACES // (len(log) + unknown) - len(connections)
    columns["traces"] = {
        name: rows_of(connections, name)
        for name in _traces_of(network, room)
        if name in log.variables
    }
    # a rule of synapses may have a trace of this name, which the log has instead
    recorded = set(log.variables) - set(columns["traces"])
    if "eligibility" in recorded and room >= 0:
        columns["eligibility"] = rows_of(connections, "eligibility")
    place = {connection: c for c, connection in enumerate(connections)}
    number_of = {neuron: i for i, neuron in enumerate(network)}
    for name in OF_PAIRS:
        pairs = cast(list[Pair], log.columns(name)) if name in log.variables else []
        if name in log.variables and room >= len(pairs):
            before = np.full((unknown, len(pairs)), np.nan)
            values = np.concatenate([before, log[name]])
            there = [
                p
                for p, (link, neuron) in enumerate(pairs)
                if link in place and neuron in number_of and values[:, p].any()
            ]
            columns[name] = {
                "connection": [place[pairs[p][0]] for p in there],
                "neuron": [number_of[pairs[p][1]] for p in there],
                "values": [plain(row) for row in values[:, there]],
            }
    return columns


def plain(values: Iterable[float]) -> list[float | None]:
    """Return numbers for JSON; None for infinity and NaN, which JSON does not have."""
    numbers = np.asarray(values, np.float64)
    return [number if math.isfinite(number) else None for number in numbers.tolist()]


# --- pages that learn -----------------------------------------------------------------

MAX_CONNECTIONS = 20_000
"""Maximum number of connections of a network in a page: a step of more takes over a
millisecond there."""

TANH: dict[str, Any] = {"squash": "tanh", "output_squash": "logistic"}
SYNAPTIC: dict[str, Any] = {
    "cell_squash": "identity",
    "peepholes": None,
    "initializer": "uniform",
}
RECIPES: dict[str, Callable[..., Network]] = {
    "Perceptron 2-3-1": partial(architect.Perceptron, 2, 3, 1, **TANH),
    "Perceptron 2-6-1": partial(architect.Perceptron, 2, 6, 1, **TANH),
    "Perceptron 2-12-12-1": partial(architect.Perceptron, 2, 12, 12, 1, **TANH),
    "Perceptron 25-6-3": partial(architect.Perceptron, 25, 6, 3, **TANH),
    "LSTM 1-3-1": partial(architect.LSTM, 1, 3, 1),
    "LSTM 1-4-1": partial(architect.LSTM, 1, 4, 1),
    "LSTM 6-7-2": partial(architect.LSTM, 6, 7, 2, style="synaptic", **SYNAPTIC),
    "LSTM 7-8-7": partial(architect.LSTM, 7, 8, 7),
    "GRU 1-3-1": partial(architect.GRU, 1, 3, 1),
    "Elman 1-4-1": partial(
        architect.Elman, 1, 4, 1, squash="tanh", output_squash="identity"
    ),
    "Jordan 1-4-1": partial(architect.Jordan, 1, 4, 1),
    "NARX 1-4-1": partial(architect.NARX, 1, 4, 1),
    "Liquid 1-12-1": partial(architect.Liquid, 1, 12, 1),
    "Random 2-6-1": partial(architect.Random, 2, 6, 1, gates=3, self_connections=2),
    "Residual 2-4-4-1": partial(architect.Residual, 2, 4, 4, 1),
    "Convolutional 25-3": partial(architect.Convolutional, (5, 5), 3, filters=(3,)),
    "Hopfield 6": lambda seed: architect.Hopfield(6),
}
"""Small networks of every architecture, by the names that the page shows; each takes a
seed."""


@cache
def recipes() -> dict[str, dict[str, Any]]:
    """Return the networks of :data:`RECIPES` as JSON."""
    return {name: json_data(make(seed=0)) for name, make in RECIPES.items()}


def network_and_model(owner: Any) -> tuple[Network, Model | None]:
    """Return a network and None, or those of a model.

    Raises ArgumentTypeError for others, and ArgumentError for a model whose scales make
    differences.
    """
    if not isinstance(owner, Model):
        return require_network("network", owner), None
    for scale in owner._scales:
        if scale is not None and scale.lost:
            raise ArgumentError(
                "Expected scales without lags, because a page computes no differences,"
                f" got {scale!r} with {scale.lags}. Pass model.network."
            )
    return owner.network, owner


def learning_of(
    net: Network,
    inputs: ArrayLike | None,
    targets: ArrayLike | None,
    model: Model | None = None,
) -> dict[str, Any]:
    """Return the network, its sequences (None: the page chooses data that fit) and what
    the page can build; with its model, sequences in the units of the data.
    """
    count = len(net.connections)
    if count > MAX_CONNECTIONS:
        raise ArgumentError(
            f"A page can learn with at most {MAX_CONNECTIONS} connections, got"
            f" {count}. Use synapse.Trainer, and explore without learn=True."
        )
    if net.rule.name != "online":
        raise ArgumentError(
            "A page learns by the online rule, but this network learns by"
            f' {net.rule.name or net.rule}. Set its rule = "online".'
        )
    sequences = None
    if inputs is not None and model is None:
        sequences = _sequences(net, inputs, targets)
    elif inputs is not None and model is not None:
        sequences = _sequences_of_model(model, inputs, targets)
    units = None  # scales and classes, as in the file, and how words became inputs
    if model is not None:
        units = {**model._head(), "encoding": model.metadata.get("encoding")}
    return {
        "network": json_data(net),
        "model": units,
        "sequences": sequences,
        "recipes": recipes(),
        "most": MAX_CONNECTIONS,
        "registered": _registered(net),
    }


def _registered(net: Network) -> list[str]:
    """Return what enters the registered squashes of a network, and all costs, in the
    page. A cost that cannot be written is left out there.
    """
    held = dict.fromkeys(neuron.squash for neuron in net)  # in order
    squashes = {registered_name(squash.name): squash for squash in held}
    if len(squashes) < len(held):
        names = ", ".join(sorted(squash.name for squash in held))
        raise ArgumentError(
            "A page finds a squash by its name, but this network holds a squash and"
            f" another one that has replaced it, among {names}. Set one of them."
        )
    try:
        texts = [
            registered_source("squash", name, squash._evaluate)
            for name, squash in squashes.items()
            if name not in ACTIVATIONS
        ]
    except FormatError as error:
        raise ArgumentError(
            f"{error} Use a formula, or explore without learn=True."
        ) from error
    for name in costs.names():
        cost = costs.get(name)
        if name not in COSTS and not isinstance(cost, costs.SequenceCost):
            with suppress(FormatError):
                texts.append(registered_source("cost", name, cost._evaluate))
    return texts


def _sequences(
    net: Network, inputs: ArrayLike, targets: ArrayLike | None
) -> list[list[Any]]:
    """Return, for each sequence, a list of pairs of inputs and targets, None where a
    step has no target.
    """
    several = depth_of(inputs) > 2
    all_inputs: Any = inputs if several else [inputs]
    aims: Any = targets if several else [targets]
    if targets is None:
        aims = [None] * len(all_inputs)
    if len(aims) != len(all_inputs):
        count = pluralize(len(all_inputs), "sequence")
        raise ArgumentError(f"Expected targets for {count}, got {len(aims)}.")
    sequences = []
    for inputs_of_sequence, aim in zip(all_inputs, aims, strict=True):
        rows = as_matrix("inputs", inputs_of_sequence, len(net.input), net.dtype)
        sequences.append(_pairs(rows, aims_of(net, len(rows), aim)))
    return _not_empty(sequences)


def _sequences_of_model(
    model: Model, inputs: ArrayLike, targets: ArrayLike | None
) -> list[list[Any]]:
    """Return what :func:`_sequences` does, in the units of the data; rows of a network
    without memory as sequences of one step.
    """
    data = model._sequences(inputs, targets)
    apart = data.is_single and not model.network.has_memory
    sequences = []
    for rows, aims in zip(data.inputs, data.targets, strict=True):
        masked = zip(aims, target_mask(aims), strict=True)
        pairs = _pairs(dense_rows(rows), [aim if has else None for aim, has in masked])
        sequences += [[pair] for pair in pairs] if apart else [pairs]
    return _not_empty(sequences)


def _pairs(rows: Floats, aims: Sequence[Floats | None]) -> list[Any]:
    """Return a list of each row and its target, None where it has none."""
    pairs = zip(rows.tolist(), aims, strict=True)
    return [[row, None if aim is None else plain(aim)] for row, aim in pairs]


def _not_empty(sequences: list[list[Any]]) -> list[list[Any]]:
    """Return the sequences that have steps, or raise ArgumentError."""
    if not any(sequences):
        raise ArgumentError(
            "Expected at least one row of inputs to learn from, got none."
        )
    return [sequence for sequence in sequences if sequence]


def aims_of(net: Network, steps: int, targets: ArrayLike | None) -> list[Floats | None]:
    """Return the target of every step, None where there is none, or NaN."""
    if targets is None:
        return [None] * steps
    aims: Floats = as_matrix(
        "targets", targets, len(net.output), net.dtype, finite=False
    )
    if len(aims) != steps:
        due = pluralize(steps, "row")
        raise ArgumentError(
            f"Expected {due} of targets, one for each step, got {len(aims)}."
        )
    return [
        aim if aimed else None
        for aim, aimed in zip(aims, target_mask(aims), strict=True)
    ]
