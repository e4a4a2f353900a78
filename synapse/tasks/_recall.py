"""Generate the task of distracted sequence recall, to output the target symbols of a
sequence, in order, at the prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import numpy as np

from .._checks import MAX_SEQUENCES, positive_integer, suggests_arguments
from ..errors import ArgumentError
from ._samples import SampleBatch, Within
from ._task import Criterion, Task

MAX_SYMBOLS = 1000
"""Maximum number of symbols of a kind. Each symbol has its own input."""

Symbols = Annotated[int, partial(positive_integer, maximum=MAX_SYMBOLS)]


@suggests_arguments("task")
@dataclass(frozen=True)
class Recall(Task):
    """Distracted sequence recall: output the target symbols of a sequence, in order, at
    the prompts.

    A sequence shows target symbols at random positions among distractors, then the
    prompts one by one. All targets are 0 before the first prompt. At the first prompt,
    the target is 1 for the output of the first target symbol shown, at the second
    prompt for the output of the second one, and so on. All positions and all symbols
    are equally likely, and target symbols may repeat.

    Monner and Reggia 2012, section 5.1, use four targets, four distractors, two prompts
    and 24 steps. The default is a short form with six symbols and ten steps. A step is
    right if every output is within 0.5 of its target, and the task is solved when 95 %
    of 1000 fresh sequences are right at every step.

    Parameters
    ----------
    targets : int
        Number of target symbols. They are the first inputs, and the outputs in the same
        order.
    distractors : int
        Number of distractor symbols, which are the inputs after the targets.
    prompts : int
        Number of prompt symbols, which are the last inputs. Each sequence ends with all
        prompts, in order, and shows the same number of targets before.
    length : int
        Number of steps in a sequence, including the prompts.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a number is not a whole number above 0, or the length is too short for
        targets and prompts.

    Examples
    --------
    In the example, 0 and 1 are targets, 2 and 3 distractors, 4 and 5 prompts:

    >>> sample = Recall(length=6).sample(2)
    >>> sample.inputs.argmax(axis=1).tolist()
    [1, 3, 2, 0, 4, 5]
    >>> sample.targets[4:].tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """

    targets: Symbols = 2
    distractors: Symbols = 2
    prompts: Symbols = 2
    length: Annotated[int, partial(positive_integer, maximum=MAX_SEQUENCES)] = 10

    criterion: ClassVar[Criterion] = Criterion(1000, wrong=50)
    """At least 950 of 1000 fresh sequences are right."""
    paper: ClassVar[str] = "Monner and Reggia, Neural Networks 25 (2012), section 5.1."

    def __post_init__(self) -> None:
        if self.length < 2 * self.prompts:
            raise ArgumentError(
                f"`length` of Recall must be at least {2 * self.prompts}, so"
                f" that each of {self.prompts} prompts has a target, got {self.length}."
            )

    @property
    def inputs(self) -> int:
        """Number of inputs, one per symbol."""
        return self.targets + self.distractors + self.prompts

    @property
    def outputs(self) -> int:
        """Number of outputs, one per target symbol."""
        return self.targets

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        open_steps = self.length - self.prompts
        prompts = np.arange(self.prompts)

        # One row of random numbers per sequence, so that two batches are the same as
        # one of both sizes: keys of places, and numbers from which symbols follow.
        keys, chosen = np.split(rng.random((count, 2 * open_steps)), 2, axis=1)
        places = np.argpartition(keys, self.prompts - 1, axis=1)[:, : self.prompts]
        places.sort(axis=1)
        distractors = (chosen * self.distractors).astype(np.intp)
        shown = np.take_along_axis(chosen, places, axis=1) * self.targets
        shown = shown.astype(np.intp)

        # Distractors everywhere, targets at their places, then the prompts
        symbols = np.empty((count, self.length), dtype=np.intp)
        symbols[:, :open_steps] = self.targets + distractors
        np.put_along_axis(symbols, places, shown, axis=1)
        symbols[:, open_steps:] = self.targets + self.distractors + prompts

        goals = np.zeros((count, self.length, self.targets))
        goals[np.arange(count)[:, None], open_steps + prompts, shown] = 1.0
        rows = np.eye(self.inputs)[symbols.ravel()]
        lengths = np.full(count, self.length)
        return SampleBatch(rows, goals.reshape(-1, self.targets), lengths, Within(0.5))
