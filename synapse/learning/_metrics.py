"""Metrics: functions of targets and outputs that are computed beside the cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import inf, isinf
from typing import Any

import numpy as np

from .._checks import choice, expected, function_of, listed, read_only, require
from .._typing import Floats, Ints
from ..engine.locking import AllowInterrupt
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.network import Network
from ..objects.snapshots import deterministic, preserved_context
from ._data import Data

Metric = Callable[[Any, Any], float]
"""A function of targets and outputs, each of shape (steps, m)."""
ACCURACY = "accuracy"
RESERVED = ("loss", "rate")
"""Names of other values by epoch."""


def checked_metrics(title: str, value: Any) -> dict[str, Metric]:
    """Return metrics by name: that of a function is its ``__name__``."""
    condition = f'a list of "{ACCURACY}" and functions of (targets, outputs)'
    metrics: dict[str, Metric] = {}
    for metric in listed(title, value, condition):
        if isinstance(metric, str):
            name = str(choice("A metric by its name", metric, [ACCURACY]))
            metrics[name] = accuracy
            continue
        function = function_of("A metric", metric, "targets", "outputs")
        name = getattr(metric, "__name__", "<lambda>")
        require(
            name.isidentifier(),
            "A metric",
            "a function with a name",
            metric,
            "Define it by def.",
        )
        if name in metrics or name in RESERVED:
            raise ArgumentError(
                "Expected metrics with different names, which are not"
                f" {' or '.join(RESERVED)}, got {name!r}."
            )
        metrics[name] = function
    return metrics


def accuracy(targets: Floats, outputs: Floats) -> float:
    """Return the fraction of the rows for which the outputs name the right class."""
    classes = class_labels(targets)
    if classes is None:
        raise ArgumentError(
            'Expected targets that are classes for the metric "accuracy": 1 for one'
            " output and 0 for the others, or 0 and 1 for a single output. Pass a"
            " function of (targets, outputs) for other targets."
        )
    return float((classes == named_classes(outputs)).mean())


def class_labels(targets: Floats) -> Ints | None:
    """Return the class of each row of targets; None if they are not classes: one-hot,
    or 0 and 1 for a single output.
    """
    # other targets are seen in the first row
    if not len(targets) or any(
        not ((values == 0) | (values == 1)).all() for values in (targets[0], targets)
    ):
        return None
    if targets.shape[1] == 1:
        return targets[:, 0].astype(np.int64)
    return None if (targets.sum(axis=1) != 1).any() else targets.argmax(axis=1)


def named_classes(outputs: Floats) -> Ints:
    """Return the class that the outputs of each row name: the largest output, or
    whether a single output is above 0.5.
    """
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    return outputs.argmax(axis=1)


def require_measurable(
    metrics: Mapping[str, Metric], others: Mapping[str, Data], training: Data | None
) -> None:
    """Raise if there is an accuracy of targets that are not classes."""
    if metrics.get(ACCURACY) is accuracy:
        for data in [*others.values(), *([] if training is None else [training])]:
            if data.items is not None:
                raise ArgumentError(
                    'The metric "accuracy" needs targets of single steps. Pass a'
                    " function of (targets, outputs), two lists by sequence."
                )
            targets = data.targets[data.has_target == 1]
            accuracy(targets, targets)


def measured(
    metrics: Mapping[str, Metric], network: Network, data: Data, threads: int | None
) -> dict[str, float]:
    """Return the metrics of all steps with a target, while random neurons output means;
    the context is restored.
    """
    if not metrics:
        return {}
    data.require_fit(network)
    with preserved_context(network), deterministic(network):
        outputs = outputs_of(network, data, threads)
    has_target = data.has_target == 1
    arrays: Any = read_only(data.targets[has_target]), read_only(outputs[has_target])
    if data.items is not None:
        arrays = data.items, data.by_sequence(outputs, range(data.sequences))
    with AllowInterrupt():
        return {
            name: _number(name, metric(*arrays)) for name, metric in metrics.items()
        }


def outputs_of(network: Network, data: Data, threads: int | None) -> Floats:
    """Return the outputs for all rows, shape (rows, m)."""
    if not data.clear:
        return network.run(data.inputs, threads=threads)
    sequences = [data.inputs[start:stop] for start, stop in pairwise(data.bounds)]
    return np.concatenate(network.run(sequences, threads=threads))


def _number(name: str, value: Any) -> float:
    """Return the value of a metric as a number, which may be NaN."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = inf
    if isinf(number):
        condition = "to return a finite number or NaN"
        raise ArgumentTypeError(expected(f"The metric {name!r}", condition, value))
    return number
