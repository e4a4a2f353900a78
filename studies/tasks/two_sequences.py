"""The two-sequence problem: tell two classes by the first elements of a noisy
sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from synapse._checks import boolean, choice, whole_number
from synapse.tasks import Criterion, SampleBatch, Task, Within
from synapse.tasks._samples import Spans, steps_of

VARIANTS = ("a", "b", "c")
NOISE = np.sqrt(0.2)  # standard deviation
TARGET_NOISE = np.sqrt(0.1)
# targets of classes 1 and 2
CLASSES = {"a": (1.0, 0.0), "b": (1.0, 0.0), "c": (0.2, 0.8)}
TOLERANCES = {"a": 0.2, "b": 0.2, "c": 0.1}
CRITERIA = {
    "a": Criterion(256, error=0.01),
    "b": Criterion(256, wrong=5, error=0.04),
    "c": Criterion(256, error=0.015),
}


@dataclass(frozen=True)
class TwoSequences(Task):
    """Two-sequence problem: signal and noise on the same input; classify a sequence at
    its end.

    There is one input. The first `informative` elements are 1 for class 1 and -1 for
    class 2; both classes have the probability 1/2. All others are Gaussian noise with
    mean 0 and variance 0.2. The number of steps is random, from `steps` to ``steps +
    steps / 10``. Only the last step has a target.

    ======= =============== ===================== ==============================
    variant targets of the  noise                 solved: of 256 fresh sequences
            classes 1 and 2
    ======= =============== ===================== ==============================
    a       1, 0            on the other elements all within 0.2,
                                                  mean error below 0.01
    b       1, 0            on all elements       fewer than 6 not within 0.2,
                                                  mean error below 0.04
    c       0.2, 0.8        as in a, and on the   all within 0.1 of the target
                            targets               without noise, mean error
                            (variance 0.1)        below 0.015
    ======= =============== ===================== ==============================

    In variant c, a network has to learn the mean of the targets. Its test needs targets
    without noise; they are those of :attr:`tested`.

    Hochreiter and Schmidhuber 1997, experiments 3a, 3b and 3c; the criteria of a and b
    are their ST2. Random weights solve 3a and 3b faster than any learning rule, as they
    note; 3c is the serious one.

    Parameters
    ----------
    steps : int
        Smallest number of steps of a sequence, at least 1. The paper has 100 and 1000.
    informative : int
        Number of informative elements, from 1 to `steps`. The paper has 3 and 1.
    variant : {"a", "b", "c"}
        The experiment.
    noisy_targets : bool
        Whether the targets of variant c have their noise. Default True.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter cannot be used.

    Examples
    --------
    >>> sample = TwoSequences(steps=5).sample(0)
    >>> sample.inputs[:, 0].round(1), sample.targets[-1]
    (array([-1. , -1. , -1. , -0.2,  0.2]), array([0.]))
    >>> task = TwoSequences(variant="c")
    >>> task.sample(0).targets[-1].round(2), task.tested.sample(0).targets[-1]
    (array([0.62]), array([0.8]))
    """

    steps: int = 100
    informative: int = 3
    variant: str = "a"
    noisy_targets: bool = True

    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1
    paper: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Neural Computation 9 (1997), experiment 3."
    )

    def __post_init__(self) -> None:
        steps_of("TwoSequences", self.steps, 1)
        condition = f"a whole number from 1 to its steps, {self.steps}"
        whole_number(
            "informative of TwoSequences",
            self.informative,
            condition,
            1,
            self.steps,
        )
        choice("variant of TwoSequences", self.variant, VARIANTS)
        boolean("noisy_targets of TwoSequences", self.noisy_targets)

    @property
    def tested(self) -> TwoSequences:
        """The same task without noise on its targets."""
        return replace(self, noisy_targets=False)

    @property
    def criterion(self) -> Criterion:
        """As in the table above."""
        return CRITERIA[self.variant]

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        spans = Spans.between(count, self.steps, self.steps + self.steps // 10, rng)
        second = rng.integers(2, size=(count, 1))
        inputs = rng.normal(0.0, NOISE, size=(spans.total, 1))
        first = spans.first[:, None] + np.arange(self.informative)
        noise = inputs[first, 0] if self.variant == "b" else 0.0
        inputs[first, 0] = 1.0 - 2.0 * second + noise
        final = np.array(CLASSES[self.variant])[second]
        if self.variant == "c" and self.noisy_targets:
            final = final + rng.normal(0.0, TARGET_NOISE, size=final.shape)
        return SampleBatch(
            inputs, spans.goals(final), spans.lengths, Within(TOLERANCES[self.variant])
        )
