"""How a network is trained on a table, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

import numpy as np

from .._checks import (
    boolean,
    choice,
    file_path,
    fraction_below_one,
    function_of,
    listed,
    positive_integer,
    positive_number,
    understands,
    whole_number,
)
from .._defaults import SERIES, Fit, model_name
from ..errors import ArgumentError, DivergenceError
from ..learning import Result
from ..objects.network import Network
from .resuming import REFIT, fit_resumed
from .table_model import OPTIMIZERS, Part, TableModel

INTERRUPTED = "interrupted"
"""Why a result ended that Ctrl-C has stopped."""
FEWEST = 16
"""Least number of rows of which some are held out."""


def held_out(count: int, share: float | None, usual: int) -> int:
    """Number of rows to hold out; ArgumentError if fewer than three would be left."""
    rows = usual if count >= FEWEST else 0
    if share is not None:
        rows = round(share * count)
    if rows and rows >= count - 2:
        raise ArgumentError(
            f"Holding out {rows} of {count} leaves no training data. Hold out fewer, or"
            " provide more data."
        )
    return rows


def require_targets(targets: list[str]) -> list[str]:
    """Return the columns to predict; ArgumentError if there is none."""
    if not targets:
        raise ArgumentError("Expected a column to predict, got none.")
    return targets


def _among(names: Iterable[str]) -> Callable[[str, Any], Any]:
    return partial(choice, options=[None, *names])


def _sizes(title: str, sizes: Any) -> list[int]:
    several = listed(title, sizes, "sizes of layers, such as [8]")
    return [positive_integer("A size in hidden", size) for size in several]


def _seed(title: str, seed: Any) -> int:
    return whole_number(title, seed, "a whole number, 0 or above", 0)


def _path(title: str, path: Any) -> Any:
    file_path(title, path)
    return path


def _takes_trained(title: str, function: Any) -> Any:
    return function_of(title, function, "trained")


@understands("Learning", of_class=False)
@dataclass(frozen=True)
class Learning:
    """How a network is trained.

    Attributes
    ----------
    model : str or None
        An architecture by its name, in any case, such as "perceptron", "elman", "lstm",
        "gru" or "narx". None: a GRU for a series, a perceptron for rows.
    hidden : list of int
        Sizes of the hidden layers.
    rate : float
        The learning rate.
    optimizer : {"sgd", "adam"} or None
        None: "adam" for a series, "sgd" for rows.
    epochs : int or None
        The number of epochs; None: until the error on a fifth of the training rows
        stops falling.
    patience : int or None
        Number of epochs without a lower error there after which training ends.
    validation : float or None
        The share of the rows to hold out for the test. None: a fifth, or up to a third
        of a short series.
    seed : int
        Seed of weights, splits and the order of the rows.
    progress : bool
        Whether the training before the test shows a progress bar.
    checkpoint : str or None
        A file to which the training before the test is saved while it runs, and, with
        ".refit" after its name, one of the training on all rows. If they exist, both
        continue from there, with the same bits as if they had not been broken off. They
        stay. Default: none.
    on_begin : callable or None
        Called without arguments when all has been checked and the training before the
        test begins. Default: none.
    on_test : callable or None
        Called with the :class:`Trained` network after the test, before a network is
        trained on all rows. Default: none.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is not one of these, or out of range.
    """

    model: Annotated[str | None, model_name] = None
    hidden: Annotated[Sequence[int], _sizes] = SERIES.hidden
    rate: Annotated[float, positive_number] = SERIES.rate
    optimizer: Annotated[str | None, _among(OPTIMIZERS)] = None
    epochs: Annotated[int | None, positive_integer] = None
    patience: Annotated[int | None, positive_integer] = None
    validation: Annotated[float | None, fraction_below_one] = None
    seed: Annotated[int, _seed] = 0
    progress: Annotated[bool, boolean] = False
    checkpoint: Annotated[str | None, _path] = None
    on_begin: Annotated[Callable[[], Any] | None, function_of] = None
    on_test: Annotated[Callable[[Trained], Any] | None, _takes_trained] = None

    def filled(self, usual: Fit) -> Learning:
        """With this architecture and optimizer where none is given."""
        return replace(
            self,
            model=self.model or usual.build,
            optimizer=self.optimizer or usual.optimizer,
        )

    def fit(
        self,
        make: Callable[[], TableModel],
        parts: list[Part],
        split: tuple[list[Part], list[Part]],
    ) -> tuple[TableModel, Result]:
        """Train a new network on all parts or, if it is open when to stop, on the first
        side of the split.

        The error on the other side then decides when. Raises KeyboardInterrupt if
        Ctrl-C ends the training before an epoch is complete: the network is no better
        than a new one then.
        """
        model = make()
        if self.on_begin is not None:
            self.on_begin()
        adaptive = bool(split[1]) and (self.epochs is None or self.patience is not None)
        training, validation = split if adaptive else (parts, None)
        patience = (self.patience or SERIES.patience) if adaptive else None
        options = {
            "epochs": self.epochs or SERIES.most_epochs,
            "patience": patience,
            "seed": self.seed,
            "progress": self.progress,
        }
        try:
            result = self._run(model, (training, validation), options, "")
        except DivergenceError:
            raise DivergenceError(
                "The error is no longer finite; nothing is saved. Use a lower --rate"
                f" than {self.rate:g}."
            ) from None
        if result.stopped == INTERRUPTED and not result.epochs:
            raise KeyboardInterrupt
        return model, result

    def report_test(self, trained: Trained) -> None:
        """Call `on_test`, if it is given."""
        if self.on_test is not None:
            self.on_test(trained)

    def refit(
        self, make: Callable[[], TableModel], parts: list[Part], tested_result: Result
    ) -> Network:
        """A new network, trained on all rows for the epochs that were best before the
        test.

        Raises KeyboardInterrupt after Ctrl-C.
        """
        errors = tested_result.history.get("validation_error")
        epochs = tested_result.epochs if errors is None else 1 + int(np.argmin(errors))
        model = make()
        options = {"epochs": epochs, "seed": self.seed, "progress": False}
        result = self._run(model, (parts, None), options, REFIT)
        # A part of these epochs is worse than the network of the test.
        if result.stopped == INTERRUPTED:
            raise KeyboardInterrupt
        return model.whole()

    def _run(
        self,
        model: TableModel,
        parts: tuple[list[Part], list[Part] | None],
        options: dict[str, Any],
        ending: str,
    ) -> Result:
        """Train a model, from its checkpoint if there is one."""
        trainer = model.trainer(self.rate, self.optimizer)
        if self.checkpoint is None:
            return model.fit(trainer, *parts, **options)
        settings = {
            name: getattr(self, name) for name in ("model", "rate", "optimizer")
        }
        settings["hidden"] = [*self.hidden]
        return fit_resumed(
            f"{self.checkpoint}{ending}", model, trainer, parts, settings, options
        )


@dataclass(frozen=True)
class Trained:
    """A trained network, and what was measured.

    Attributes
    ----------
    network : Network
        Trained on all rows, or on those before the test if the training was
        interrupted.
    result : Result
        Of the training before the test.
    facts : dict
        What the network carries in its file: its ``metadata``.
    table : list of list of str
        The errors in the test, with a head.
    notes : list of str
        Sentences on the columns and methods that were left out.
    """

    network: Network
    result: Result
    facts: dict[str, Any]
    table: list[list[str]]
    notes: list[str]
