"""Fitness in an environment that is compiled."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields
from threading import get_ident
from typing import Annotated, Any, ClassVar, final

import numpy as np
from numpy.typing import ArrayLike

from ..._checks import (
    finite_array,
    function_of,
    positive_integer,
    require,
    suggests_arguments,
    warn_of_python,
    whole_number,
)
from ..._typing import Bools, Floats
from ...engine.functions.capture import Freezer
from ...engine.language.environment_step import EnvironmentStep, compile_step, raised
from .._kernels.phenotype import run_environment
from .._population import Genomes

_steps: dict[Hashable, EnvironmentStep] = {}


@final
@suggests_arguments("Environment")
@dataclass(frozen=True, eq=False)
class Environment:
    """Fitness in your own environment, which is compiled. It is the mean score of the
    episodes.

    Parameters
    ----------
    observe : callable
        ``observe(state, inputs)`` writes the inputs of the genome, an array, from the
        state.
    step : callable
        ``step(state, outputs)`` advances the state, an array, by one step, and returns
        whether the episode continues.
    starts : array_like, shape (episodes, numbers)
        The state at the beginning of each episode, when the context is cleared.
    inputs, outputs : int
        Number of inputs and outputs of a genome.
    steps : int
        Number of steps after which an episode ends, and counts as solved. Default
        1,000.
    score : int, optional
        Index of the state's entry that is the score at the end of an episode. By
        default, the score is the number of steps.

    Notes
    -----
    The functions are compiled. If they use something that the language of kernels
    lacks, or if their source cannot be read, they are called in Python, which takes
    longer, and a :class:`~synapse.errors.FunctionWarning` names the line and the
    reason. They keep the values of globals and closures from the moment when the
    environment is made. If a function raises an error, the evaluation raises it, too.

    Examples
    --------
    The following example defines a point that the output must push back to the middle:

    >>> from synapse import evolve
    >>> def observe(state, inputs):
    ...     inputs[0] = state[0]
    >>> def step(state, outputs):
    ...     state[0] = 1.1 * state[0] + outputs[0] - 0.5
    ...     return abs(state[0]) < 1.0
    >>> starts = [[0.3], [-0.2]]
    >>> task = evolve.fitness.Environment(observe, step, starts, inputs=1, outputs=1)
    >>> evolve.neat(task, seed=0).solved
    True
    """

    observe: Callable[[Any, Any], None]
    step: Callable[[Any, Any], bool]
    starts: ArrayLike
    inputs: Annotated[int, positive_integer]
    outputs: Annotated[int, positive_integer]
    steps: Annotated[int, positive_integer] = 1000
    score: int | None = None
    _frozen: ClassVar[Any]  # of each: copies of the functions, and their keys

    def __post_init__(self) -> None:
        function_of("observe", self.observe, "state", "inputs")
        function_of("step", self.step, "state", "outputs")
        starts = finite_array("starts", self.starts)
        require(
            starts.ndim == 2 and starts.size,
            "starts",
            "of shape (episodes, numbers)",
            starts.shape,
        )
        object.__setattr__(self, "starts", starts)
        freezer = Freezer()
        functions: Any = self.observe, self.step
        made = [freezer.function(function) for function in functions]
        object.__setattr__(self, "_frozen", tuple(zip(*made, strict=True)))
        if self.score is not None:
            whole_number(
                "score", self.score, "a place in the state", 0, starts.shape[1] - 1
            )

    def __reduce__(self) -> Any:
        return Environment, tuple(getattr(self, of.name) for of in fields(self))

    def episodes(self, genomes: Genomes) -> tuple[Floats, Floats]:
        """Return the scores and the numbers of steps, each of shape (genomes,
        episodes).
        """
        starts = np.asarray(self.starts)
        functions, key = self._frozen
        if key not in _steps:
            _steps[key] = compile_step(*functions)
            warn_of_python("The environment", _steps[key].refused)
        step = _steps[key]
        phenotypes = genomes.express()
        scores, lengths = np.empty((2, len(genomes), len(starts)))
        world = np.empty(starts.shape[1])
        action = np.empty(self.outputs)
        observed = np.empty(self.inputs)
        memory = world, action, observed
        score = -1 if self.score is None else self.score
        for address in (step.address, step.in_python):
            rest = starts, self.steps, score, memory, scores, lengths
            if run_environment(phenotypes, address, *rest):
                return scores, lengths
        raise raised.pop(get_ident())

    def evaluate(self, genomes: Genomes) -> tuple[Floats, Bools]:
        """Return the mean score of every genome, and whether no episode has ended
        early.
        """
        scores, lengths = self.episodes(genomes)
        return scores.mean(axis=1), np.all(lengths >= self.steps, axis=1)
