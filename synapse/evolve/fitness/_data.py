"""Compute fitness on data, which are rows or sequences with targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ... import _cost
from ..._checks import non_negative_number, require, suggests_arguments, width_of
from ..._cost import Cost
from ..._squash import by_code
from ..._typing import Bools, Floats
from ...learning._data import prepare
from ...objects.outputs import require_range
from .._genome import Genome
from .._kernels.genes import NOBODY
from .._kernels.phenotype import judge_rows
from .._population import Genomes


@final
@dataclass(frozen=True, eq=False)
class DataFitness:
    """Fitness on rows, as :func:`dataset` makes it. `starts` marks where a sequence
    begins.

    Without a cost, fitness is the square of the number of targets minus the sum of the
    absolute errors, as in the paper's XOR. Without a goal, outputs on the right side of
    1/2 solve the task.
    """

    rows: Floats
    targets: Floats
    starts: Bools
    cost: Cost | None
    goal: float | None

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return int(self.rows.shape[1])

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return int(self.targets.shape[1])

    def require_outputs(self, genome: Genome) -> None:
        """Raise ArgumentError unless the outputs of a genome, which mutations do not
        change, can have this cost and reach these targets.
        """
        codes = genome.nodes["squash"][self.inputs + 1 :][: self.outputs]
        squashes = [by_code(code) for code in codes.tolist()]
        if self.cost is not None:
            self.cost._check(squashes)
        advice = (
            "Scale the targets, or begin with start=evolve.Genome.minimal("
            f'{self.inputs}, {self.outputs}, squash="identity").'
        )
        for squash, column in zip(squashes, self.targets.T, strict=True):
            given = column[~np.isnan(column)]
            if given.size:
                require_range(
                    "The first genome",
                    genome,
                    [squash],
                    advice,
                    float(given.min()),
                    float(given.max()),
                )

    def evaluate(self, genomes: Genomes) -> tuple[Floats, Bools]:
        """Return the fitness of every genome, and whether it solves the task."""
        totals = np.empty(len(genomes))
        wrong = np.empty(len(genomes), np.int64)
        judge_rows(
            genomes.express(),
            self.rows,
            self.targets,
            self.starts,
            NOBODY if self.cost is None else self.cost.code,
            totals,
            wrong,
        )
        with np.errstate(all="ignore"):  # a fitness that is not finite has failed
            if self.cost is None:
                fitness = (self.targets.size - totals) ** 2
            else:
                worth = 1.0 / (1.0 + totals / len(self.rows))
                fitness = np.where(np.isfinite(totals), worth, np.nan)
        return fitness, (
            wrong == 0 if self.goal is None else fitness >= 1.0 / (1.0 + self.goal)
        )


@suggests_arguments()
def dataset(
    inputs: Any,
    targets: Any,
    cost: str | Cost = "mean_squared_error",
    *,
    goal: float | None = None,
) -> DataFitness:
    """Return fitness on rows, or on sequences of rows, which is 1 / (1 + mean cost of a
    row).

    Parameters
    ----------
    inputs : array_like, shape (rows, inputs), or list of such
        Rows, each of which is evaluated with an empty context, or a list of sequences.
        The context is cleared before each.
    targets : array_like, shape (rows, outputs), or list of such
        Targets. An output whose target is NaN does not contribute to the cost in this
        step.
    cost : str or Cost
        A built-in cost. Default: "mean_squared_error".
    goal : float, optional
        The task is solved by a mean cost of at most this. By default, it is solved if
        all outputs are on the same side of 1/2 as their targets.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a trainer could not use the data, or the cost is not built in. :func:`neat`
        raises one if the outputs of the first genome, which are logistic by default,
        cannot have this cost or do not reach the targets.

    Examples
    --------
    >>> from synapse import evolve
    >>> inputs = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> fitness = evolve.fitness.dataset(inputs, [[0], [0], [0], [1]])
    >>> evolve.neat(fitness, seed=0).solved
    True
    """
    chosen = _cost.get(cost)
    require(chosen.name in _cost.COSTS, "cost", "a built-in cost", chosen.name)
    widths = (max(1, width_of(values)) for values in (inputs, targets))
    data = prepare(Genome.minimal(*widths).network(), inputs, targets, chosen)
    starts = np.isin(np.arange(len(data.inputs)), data.bounds)
    maximum = None if goal is None else non_negative_number("goal", goal)
    rows = data.inputs.copy(), data.targets.copy()  # later changes have no effect
    return DataFitness(*rows, starts, chosen, maximum)


BITS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
xor = DataFitness(
    BITS, BITS.sum(axis=1, keepdims=True) % 2.0, np.ones(4, bool), None, None
)
"""XOR as in section 4.2 of the paper. Its fitness is (4 - sum of |error|)^2."""
