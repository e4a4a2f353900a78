"""A warning after trainings that never left the mean of the targets because their gradient vanishes."""

from __future__ import annotations

import warnings

import numpy as np

from .._checks import level_of_caller
from ..errors import SynapseError, TrainingWarning
from ._exact import WHOLE, ExactGradient
from ._history import Result
from .evaluation import deterministic
from .rules import RuleTask

LEAST = 50
"""Number of epochs below which a training may not have left its start yet."""
ROWS = 200
"""Maximum number of rows by which the error of the mean is estimated."""
MOST = 1e7
"""Maximum number of activations in an epoch for which a gradient is computed; tapes store all of them."""
NEAR = 0.95  # of the error of the mean
VANISHED = 1e-4  # largest derivative, as a fraction of the error of the mean


def warn_if_vanished(task: RuleTask, result: Result) -> None:
    """Warn if no epoch had an error below that of the mean, and no hidden weight has a gradient."""
    errors = result.history["error"]
    if result.epochs < LEAST or errors[-1] < errors[0] / 2 or result.stopped in ("callback", "interrupted"):
        return
    try:
        task.data.require_fit(task.network)
        mean = _error_of_mean(task)
        vanished = mean > 0 and min(errors) >= NEAR * mean and _steepest(task) < VANISHED * mean
    except SynapseError:  # edited by a callback, connected to neurons outside, or out of the finite range
        return
    if vanished:
        warnings.warn(
            f"{task.network!r}: the error never fell below that of the mean of the targets ({mean:.4g}), and "
            "the gradient of all hidden weights is practically 0, so more epochs will hardly help. Draw new "
            "weights with net.reset(), or wider ones, scale inputs to about -1 to 1, or give neurons a bias.",
            TrainingWarning,
            stacklevel=level_of_caller(),
        )


def _error_of_mean(task: RuleTask) -> float:
    """The cost of outputs that are always the mean of the targets; 0 if these are all the same."""
    data, outputs = task.data, task.network.output
    counts = data.counted(task.weights)
    rows = np.flatnonzero(counts)
    rows = rows[:: -(-len(rows) // ROWS)]
    targets, counts = data.targets[rows], counts[rows]
    if np.isnan(targets).any() or (targets == targets[0]).all():
        return 0.0
    means = np.average(targets, axis=0, weights=counts)
    factors = np.asarray(outputs.cost_weights)
    cost, count = task.cost.function, float(len(means))
    costs = [
        [cost(t, y, 1.0, count)[0] for t, y in zip(row, means.tolist(), strict=True)]
        for row in targets.tolist()
    ]
    return float(np.average(np.array(costs) @ factors, weights=counts))


def _steepest(task: RuleTask) -> float:
    """The largest derivative of the error by a parameter of a hidden neuron; infinite if it is unknown."""
    network, data = task.network, task.data.as_sequences()
    if not network.hidden:
        return np.inf
    recorder = network._store.recorder
    recorded = recorder is not None and recorder.records(network)
    if recorded or data.inputs.shape[0] * float(len(network)) > MOST:
        return np.inf
    with deterministic(network):
        exact = ExactGradient(network, data, weights=task.weights)
        share = np.full(len(data.filled), 1.0 / data.counted(task.weights).sum())
        _, weights, biases = exact.descent(data.filled, share, task.cost, WHOLE)
        links, last = network._connection_rows(), len(network.output)
        before = ~np.isin(network._store["target"][links], network._rows()[-last:])
    return float(np.abs(np.concatenate([weights[links][before], biases[:-last]])).max())
