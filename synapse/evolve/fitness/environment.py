"""Fitness in an environment that is compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from ..._checks import expected, finite_array, function_of, positive_integer, whole_number
from ..._typing import Bools, Floats
from ...engine.evolution.environment import compiled_step, run_environment, step_address
from ...errors import ArgumentError
from ..phenotypes import Phenotypes
from .base import Fitness


@final
@dataclass(frozen=True, eq=False)
class Environment(Fitness):
    """Fitness in an environment of your own, compiled by Numba: mean score of the episodes.

    Parameters
    ----------
    observe : callable
        ``observe(state, inputs)`` writes the inputs of the genome, an array, from the state.
    step : callable
        ``step(state, outputs)`` moves the state, an array, by one step, and returns whether the episode
        goes on.
    starts : array_like, shape (episodes, numbers)
        The state at the beginning of each episode. The context is cleared there.
    inputs, outputs : int
        Number of inputs and outputs of a genome.
    steps : int
        Number of steps after which an episode ends, and counts as solved. Default 1,000.
    score : int, optional
        The place of a number of the state that is the score at the end of an episode. Default: the score is
        the number of steps.

    Notes
    -----
    The functions must be plain Python that Numba can compile, in a file or a notebook. An index beyond an
    array is not checked.

    Examples
    --------
    A point that the output must push back to the middle:

    >>> from synapse import evolve
    >>> def observe(state, inputs):
    ...     inputs[0] = state[0]
    >>> def step(state, outputs):
    ...     state[0] = 1.1 * state[0] + outputs[0] - 0.5
    ...     return abs(state[0]) < 1.0
    >>> task = evolve.fitness.Environment(observe, step, [[0.3], [-0.2]], inputs=1, outputs=1)
    >>> evolve.neat(task, seed=0).solved
    True
    """

    observe: Callable[[Any, Any], None]
    step: Callable[[Any, Any], bool]
    starts: ArrayLike
    inputs: int
    outputs: int
    steps: int = 1000
    score: int | None = None

    def __post_init__(self) -> None:
        function_of("The observe", self.observe, "state", "inputs")
        function_of("The step", self.step, "state", "outputs")
        starts = finite_array("The starts", self.starts)
        if starts.ndim != 2 or not starts.size:
            raise ArgumentError(expected("The starts", "of shape (episodes, numbers)", starts.shape))
        object.__setattr__(self, "starts", starts)
        for name in ("inputs", "outputs", "steps"):
            object.__setattr__(self, name, positive_integer(f"The {name}", getattr(self, name)))
        if self.score is not None:
            place = "the place of a number of the state"
            object.__setattr__(
                self, "score", whole_number("The score", self.score, place, 0, starts.shape[1] - 1)
            )

    def evaluate(self, phenotypes: Phenotypes) -> tuple[Floats, Bools]:
        """Return the mean score of every genome, and whether no episode has ended early."""
        step = compiled_step(self.observe, self.step)
        scores, steps = run_episodes(phenotypes, step, np.asarray(self.starts), self.steps, self.score)
        return scores.mean(axis=1), np.all(steps >= self.steps, axis=1)


def run_episodes(
    phenotypes: Phenotypes, step: Any, starts: Floats, steps: int, score: int | None
) -> tuple[Floats, Floats]:
    """Scores and numbers of steps, by genome and episode; `step` is a kernel of an environment."""
    value, state, any_squash = phenotypes.memory()
    scores, lengths = np.empty((2, len(phenotypes), len(starts)))
    run_environment(
        phenotypes.neurons, phenotypes.links, phenotypes.found, phenotypes.inputs, phenotypes.outputs,
        step_address(step), starts, steps, -1 if score is None else score, any_squash, value, state,
        np.empty(starts.shape[1]), np.empty(phenotypes.inputs), np.empty(phenotypes.outputs), scores, lengths,
    )  # fmt: skip
    return scores, lengths
