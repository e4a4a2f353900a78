"""Fitness on data: rows or sequences with targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ... import cost as costs
from ..._checks import as_matrix, expected, non_negative_number, parts_of, width_of
from ..._typing import Bools, Floats
from ...cost import Cost
from ...engine.evolution.data import judge_rows
from ...engine.evolution.genes import NOBODY
from ...errors import ArgumentError, ArgumentTypeError
from ..phenotypes import Phenotypes
from .base import Fitness


@final
@dataclass(frozen=True, eq=False)
class DataFitness(Fitness):
    """Fitness on data; :func:`dataset` makes it.

    Parameters
    ----------
    rows : ndarray, shape (rows, inputs)
        Inputs of all sequences.
    targets : ndarray, shape (rows, outputs)
        Targets; NaN where there is none.
    starts : ndarray of bool, shape (rows,)
        Whether a sequence begins at this row. The context is cleared there.
    cost : Cost or None
        Fitness is 1 / (1 + mean cost of a row). None: it is the square of the number of targets minus the sum
        of the absolute errors, as in the paper's XOR.
    error : float or None
        The task is solved by a mean cost of at most this. None: by outputs on the right side of 1/2.
    """

    rows: Floats
    targets: Floats
    starts: Bools
    cost: Cost | None
    error: float | None

    @property
    def inputs(self) -> int:  # type: ignore[override]
        """Number of inputs."""
        return int(self.rows.shape[1])

    @property
    def outputs(self) -> int:  # type: ignore[override]
        """Number of outputs."""
        return int(self.targets.shape[1])

    def evaluate(self, phenotypes: Phenotypes) -> tuple[Floats, Bools]:
        """Return the fitness of every genome, and whether it solves the task."""
        value, state, any_squash = phenotypes.memory()
        totals, wrong = np.empty(len(phenotypes)), np.empty(len(phenotypes), np.int64)
        cost = NOBODY if self.cost is None else self.cost.code
        judge_rows(
            phenotypes.neurons, phenotypes.links, phenotypes.found, self.inputs, self.rows, self.targets,
            self.starts, cost, any_squash, value, state, totals, wrong,
        )  # fmt: skip
        if self.cost is None:
            fitness = (self.targets.size - totals) ** 2
        else:
            fitness = np.where(np.isfinite(totals), 1.0 / (1.0 + totals / len(self.rows)), np.nan)
        return fitness, wrong == 0 if self.error is None else fitness >= 1.0 / (1.0 + self.error)


def dataset(
    inputs: Any, targets: Any, cost: str | Cost = "mean_squared_error", *, error: float | None = None
) -> DataFitness:
    """Fitness on rows, or on sequences of rows: 1 / (1 + mean cost of a row).

    Parameters
    ----------
    inputs : array_like, shape (rows, inputs), or list of such
        Rows, each of which is evaluated with an empty context, or a list of sequences. The context is cleared
        before each.
    targets : array_like, shape (rows, outputs), or list of such
        Targets. NaN: this output has no cost in this step.
    cost : str or Cost
        A built-in cost. Default: "mean_squared_error".
    error : float, optional
        The task is solved by a mean cost of at most this. By default it is solved if all outputs are on the
        same side of 1/2 as their targets.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the data are not numbers, inputs and targets differ in length, or the cost is not built in.

    Examples
    --------
    >>> from synapse import evolve
    >>> fitness = evolve.fitness.dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [0], [0], [1]])
    >>> evolve.neat(fitness, seed=0).solved
    True
    """
    chosen = costs.get(cost)
    if chosen.name not in costs.COSTS:
        raise ArgumentError(expected("The cost of an evolution", "a built-in cost", chosen.name))
    widths = [_width("The inputs", inputs), _width("The targets", targets)]
    (rows, plain), (aims, _) = (
        parts_of(what, values, width)
        for what, values, width in zip(("The inputs", "The targets"), (inputs, targets), widths, strict=True)
    )
    dtype = np.dtype(np.float64)
    taken = [as_matrix("The inputs", part, widths[0], dtype) for part in rows]
    wanted = [as_matrix("The targets", part, widths[1], dtype, finite=False) for part in aims]
    if [len(part) for part in taken] != [len(part) for part in wanted]:
        raise ArgumentError("Expected as many rows of targets as of inputs, in every sequence.")
    if sum(map(len, taken)) == 0:
        raise ArgumentError("Expected at least one row of data, got none.")
    if any(np.isinf(part).any() for part in wanted):
        raise ArgumentError("Expected targets that are finite, or NaN where there is none, got infinity.")
    starts = np.concatenate([np.arange(len(part)) == 0 for part in taken])
    most = None if error is None else non_negative_number("The error", error)
    return DataFitness(np.concatenate(taken), np.concatenate(wanted), starts | plain, chosen, most)


def _width(what: str, values: Any) -> int:
    """The number of columns."""
    try:
        return max(1, width_of(values))
    except RecursionError:
        raise ArgumentTypeError(expected(what, "rows of numbers", values)) from None


xor = DataFitness(
    np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
    np.array([[0.0], [1.0], [1.0], [0.0]]),
    np.ones(4, bool),
    None,
    None,
)
"""XOR as in section 4.2 of the paper: fitness is (4 - sum of |error|)^2."""
