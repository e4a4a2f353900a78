"""The mean cost of a network on data, without learning, with further metrics."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import (
    choice,
    expected,
    function_of,
    listed,
    pluralize,
    read_only,
    require,
)
from .._cost import Cost, SequenceCost, in_words
from .._typing import Floats, Ints
from ..engine.locking import AllowInterrupt
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.network import Network
from ..objects.snapshots import deterministic, preserved_context
from ._data import Data, run_apart, run_epoch

Metric = Callable[[Any, Any], float]
"""A function of targets and outputs, each of shape (steps, m)."""
ACCURACY = "accuracy"
RESERVED = ("loss", "rate")
"""Names that are taken by other values per epoch."""


def checked_metrics(title: str, value: Any) -> dict[str, Metric]:
    """Return metrics by name. The name of a function is its ``__name__``."""
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
    """Return the fraction of rows for which the outputs indicate the right class."""
    classes = class_labels(targets)
    if classes is None:
        raise ArgumentError(
            'Expected targets that are classes for the metric "accuracy": 1 for one'
            " output and 0 for the others, or 0 and 1 for a single output. Pass a"
            " function of (targets, outputs) for other targets."
        )
    return float((classes == named_classes(outputs)).mean())


def class_labels(targets: Floats) -> Ints | None:
    """Return the class of each row of targets, or None if they are not classes, which
    are one-hot, or 0 and 1 for a single output.
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
    """Return the class that each row of outputs indicates, by the largest output, or by
    whether a single output is above 0.5.
    """
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    return outputs.argmax(axis=1)


def require_measurable(
    metrics: Mapping[str, Metric], others: Mapping[str, Data], training: Data | None
) -> None:
    """Raise an error if an accuracy is requested for targets that are not classes."""
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
    """Return the metrics of all steps with a target, while random neurons output means.
    The context is restored afterwards.
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
        number = math.inf
    if math.isinf(number):
        raise ArgumentTypeError(
            expected(f"The metric {name!r}", "to return a finite number or NaN", value)
        )
    return number


@dataclass(frozen=True)
class Evaluation:
    """The result of :meth:`Trainer.test`.

    `confusion` and `misclassified` are None unless the targets are classes, which means
    that every target is one-hot, or 0 or 1 for a single output. The predicted class is
    the largest output. For a single output, it is whether the output is above 0.5.

    Parameters
    ----------
    loss : float
        Mean cost of the steps with a target.
    steps : int
        Number of these steps.
    cost : str
        Name of the cost.
    confusion : ndarray of int, shape (classes, classes), optional
        ``confusion[i, j]`` is the number of steps of class i for which the network
        predicted class j.
    misclassified : ndarray of int, optional
        Indices of the samples or sequences in which the class of a step was predicted
        wrongly. For a stream into a network with memory, they are the indices of these
        steps.
    metrics : dict of str to float
        The values of the requested metrics, by name.
    """

    loss: float
    steps: int
    cost: str
    confusion: NDArray[np.int64] | None = field(default=None, compare=False)
    misclassified: NDArray[np.int64] | None = field(default=None, compare=False)
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def accuracy(self) -> float | None:
        """Fraction of the steps for which the network predicted the right class, or
        None without classes.
        """
        if self.confusion is None:
            return None
        return float(np.trace(self.confusion) / self.confusion.sum())

    def __repr__(self) -> str:
        right = (
            "" if self.accuracy is None else f", accuracy {100 * self.accuracy:.4g} %"
        )
        steps = pluralize(self.steps, "step")
        return (
            f"<Evaluation: {in_words(self.cost)} {self.loss:.6g} over {steps}{right}>"
        )


def mean_cost(
    network: Network,
    data: Data,
    cost: Cost,
    weights: Floats | None = None,
    threads: int | None = None,
) -> Evaluation:
    """Return the mean cost per step with a target, weighted if there are `weights`.

    Random neurons output means. Default of `threads`: as many as save time.
    """
    if isinstance(cost, SequenceCost):
        assert data.items is not None
        filled = data.filled
        with deterministic(network):
            outputs = data.by_sequence(outputs_of(network, data, threads), filled)
        loss, _ = cost._compute(outputs, [data.items[index] for index in filled])
        return Evaluation(loss, len(filled), cost.name)
    apart = _evaluated_apart(network, data, cost, weights, threads)
    return apart[0] if apart else _by_steps(network, data, cost, weights)


def _evaluated_apart(
    network: Network,
    data: Data,
    cost: Cost,
    weights: Floats | None,
    threads: int | None,
) -> tuple[Evaluation, Floats] | None:
    """Return the evaluation and the outputs of data that do not depend on each other,
    or None for other data.
    """
    with deterministic(network):
        apart = run_apart(network, data, cost, threads)
    if apart is None:
        return None
    outputs, costs = apart
    counted = data.counted(weights)
    chosen = counted > 0
    steps = int(np.count_nonzero(chosen))
    total = float((counted * costs)[chosen].sum())
    mean = total / float(counted.sum()) if steps else math.nan
    return Evaluation(mean, steps, cost.name), outputs


def _by_steps(
    network: Network, data: Data, cost: Cost, weights: Floats | None
) -> Evaluation:
    """Return the evaluation of a stream, or of one sequence."""
    counted = data.counted(weights)
    weighted = replace(data, has_target=(counted > 0).astype(np.uint8))
    parts = [(weighted, 1.0)] if weights is None else _by_weight(weighted, weights)
    total = 0.0
    steps = 0
    with deterministic(network):
        for stretch, weight in parts:
            summed, n_targets = run_epoch(network, stretch, cost)
            total, steps = total + weight * summed, steps + n_targets
    mean = total / float(counted.sum()) if steps else math.nan
    return Evaluation(mean, steps, cost.name)


def evaluated(
    network: Network,
    data: Data,
    cost: Cost,
    weights: Floats | None,
    metrics: Mapping[str, Metric],
    threads: int | None,
) -> Evaluation:
    """Return the mean cost and the metrics. If targets are classes and the network is
    not recorded, also return the confusion and the misclassified steps.
    """
    values = measured(metrics, network, data, threads)
    classes = classes_of(data, weights) if data.items is None else None
    if classes is None or network._recorder is not None:
        return replace(mean_cost(network, data, cost, weights, threads), metrics=values)
    apart = _evaluated_apart(network, data, cost, weights, threads)
    if apart is None:
        with preserved_context(network), deterministic(network):
            outputs = outputs_of(network, data, threads)
        apart = _by_steps(network, data, cost, weights), outputs
    evaluation, outputs = apart
    confusion, wrong = classified(data, classes, outputs)
    return replace(evaluation, metrics=values, confusion=confusion, misclassified=wrong)


def _by_weight(data: Data, weights: Floats) -> Iterable[tuple[Data, float]]:
    """Split the data into parts of consecutive rows with equal weight, within
    sequences.
    """
    begins = data.bounds[: -1 if data.clear else 0]
    firsts = np.union1d(begins, np.flatnonzero(np.diff(weights, prepend=np.nan)))
    firsts = firsts[firsts < len(weights)]  # the last sequences may be empty
    stretches = pairwise([*firsts.tolist(), len(weights)])
    begun = np.isin(firsts, begins).tolist()
    for (begin, end), clear in zip(stretches, begun, strict=True):
        yield data.rows(begin, end, clear), float(weights[begin])


# --- how a network classifies ---------------------------------------------------------


def classes_of(data: Data, weights: Floats | None) -> NDArray[np.int64] | None:
    """Return the class of each row, or -1 if the row does not count. Returns None if
    the targets are not classes.
    """
    counted = data.counted(weights) > 0
    # most targets count: a copy takes longer than a look at them
    labels = class_labels(data.targets if counted.all() else data.targets[counted])
    if labels is None:
        return None
    classes = np.full(len(counted), -1)
    classes[counted] = labels
    return classes


def classified(data: Data, classes: Ints, outputs: Floats) -> tuple[Ints, Ints]:
    """Return the counts and numbers of :class:`Evaluation`, for outputs of shape (rows,
    m).
    """
    size = max(2, outputs.shape[1])
    named = named_classes(outputs)
    counted = classes >= 0
    confusion = np.zeros((size, size), np.int64)
    np.add.at(confusion, (classes[counted], named[counted]), 1)
    wrong = np.flatnonzero(counted & (classes != named))
    if not data.stream:
        wrong = np.unique(np.searchsorted(data.bounds, wrong, side="right") - 1)
    return confusion, wrong
