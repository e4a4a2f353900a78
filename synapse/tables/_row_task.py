"""Define the task of predicting columns of a table, with the rows on which methods are
tested.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._model import Model
from .._typing import Floats, Ints
from ..learning import Result
from ._row_comparison import answers_of, errors_of, simple_answers, verdict_of
from ._table_training import INTERRUPTED, Part, TrainingOptions

MAX_CROSS_VALIDATED = 5_000
"""Number of rows, or sequences, up to which all are predicted if the held-out ones
cannot tell.
"""


@dataclass(frozen=True)
class RowTask:
    """The prediction of columns of a table, and the units on which it is tested, which
    are rows or sequences.
    """

    learning: TrainingOptions
    name: str  # of the network
    targets: list[str]
    outputs: list[str]  # classes, or the targets
    classes: bool
    sequence: str | None
    ahead: int  # number of rows from the inputs down to the target
    in_order: bool  # whether the rows are the steps of one stream
    units: list[Ints]  # the rows of each
    rows: Floats  # the inputs of all rows
    goals: Floats  # and their targets
    inputs: list[str]
    order: Ints  # of the units: from `first_tested` on are those of the test
    first_tested: int

    @property
    def learned(self) -> Ints:
        """The units to learn from before the test."""
        return self.order[: self.first_tested]

    @property
    def is_tested(self) -> bool:
        """Whether units are held out."""
        return self.first_tested < len(self.order)

    @property
    def measured(self) -> list[Part]:
        """The units on which methods are compared, which are the held-out units, or all
        units if none are held out.
        """
        held_out = self.order[self.first_tested :]
        return self.parts(held_out if self.is_tested else self.learned)

    def parts(self, chosen: Ints) -> list[Part]:
        """Return the inputs and targets of units. Each sequence is one part, whereas
        samples or steps form a single part.
        """
        places = [self.units[i] for i in np.sort(chosen)]
        if self.sequence is None:
            places = [np.concatenate(places)] if places else []
        return [(self.rows[each], self.goals[each + self.ahead]) for each in places]

    def make(self) -> Model:
        """Return a new model."""
        later = f" +{self.ahead}" if self.ahead else ""
        named = [name + later for name in self.targets]
        labels = self.outputs if self.classes else None
        return self.learning._model_of(self.inputs, named, labels)

    def fitted(self, options: TrainingOptions, chosen: Ints) -> tuple[Model, Result]:
        """Train on units, the last fifth of which may decide when to stop."""
        stopping = chosen[-max(1, round(len(chosen) / 5)) :]
        split = self.parts(np.setdiff1d(chosen, stopping)), self.parts(stopping)
        return options._fit(self.make, self.parts(chosen), split)

    def test(self, model: Model) -> tuple[dict[str, Any], list[list[str]], list[str]]:
        """Return the errors beside those of simple methods, and the verdict, the table
        of errors, and sentences on methods that were left out.
        """
        measured = self.measured
        others, left_out = simple_answers(
            self.parts(self.learned), measured, self.classes
        )
        answers = {self.name: answers_of(model.whole(), measured), **others}
        classes = self.outputs if self.classes else None
        errors, report = errors_of(answers, measured, self.targets, classes)
        results = {"error": errors.pop(self.name), "baselines": errors}
        if self.is_tested:
            results["verdict"] = self._verdict(answers, measured)
        return results, report, left_out

    def _verdict(self, answers: dict[str, Floats], measured: list[Part]) -> Any:
        """Return the verdict by the held-out units; if these cannot tell, by all units
        of a small table.
        """
        setting = self.classes, self.sequence is not None, self.in_order
        results = verdict_of(self.name, answers, measured, *setting)
        if not (
            results.answer or self.in_order or len(self.order) > MAX_CROSS_VALIDATED
        ):
            with suppress(KeyboardInterrupt):  # what has been told stays
                results = verdict_of(
                    self.name, *self._crossed(answers, measured), *setting
                )
        return results.sentence

    def _crossed(
        self, answers: dict[str, Floats], measured: list[Part]
    ) -> tuple[dict[str, Floats], list[Part]]:
        """Return the predictions for all units, and their parts. Held-out units keep
        their predictions, and others are predicted by networks and methods that are
        fitted without them.
        """
        every = {each: [rows] for each, rows in answers.items()}
        asked = [*measured]
        quiet = replace(
            self.learning, checkpoint=None, on_begin=None, on_epoch=None, progress=False
        )
        count = len(self.order)
        folds = max(round(count / (count - self.first_tested)) - 1, 1)
        for fold in np.array_split(self.learned, folds):
            others = self.order[~np.isin(self.order, fold)]
            network, result = self.fitted(quiet, others)
            if result.stop_reason == INTERRUPTED:
                raise KeyboardInterrupt
            fold_parts = self.parts(fold)
            asked += fold_parts
            every[self.name].append(answers_of(network.whole(), fold_parts))
            simple, _ = simple_answers(self.parts(others), fold_parts, self.classes)
            for each, rows in simple.items():
                every[each].append(rows)
        return {each: np.concatenate(rows) for each, rows in every.items()}, asked
