"""Train a network on a table, and describe the results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from .._build import architecture, lower_name
from .._checks import (
    boolean,
    choice,
    file_path,
    fraction_below_one,
    function_of,
    listed,
    non_negative_integer,
    non_negative_number,
    positive_integer,
    positive_number,
    require_type,
    suggests_arguments,
)
from .._defaults import IN_TABLES, SERIES, Fit
from .._model import Model
from .._typing import Floats, PathLike
from ..errors import ArgumentError, DivergenceError, FormatError
from ..learning import Result, Trainer
from ..learning._callbacks import Progress, called_with_progress
from ..learning._options import OPTIONS
from ..optimizers import LBFGS, SGD, Optimizer, RecursiveOptimizer
from ..optimizers._names import checked_optimizer
from ..readwrite import load
from ._table import file_errors

FURTHER = {
    name: option
    for name, option in OPTIONS.items()
    if name not in ("rate", "cost", "rule", "reach", "optimizer", "renewal", "only")
}
"""Options of a trainer that have no field in :class:`TrainingOptions`."""
INTERRUPTED = "interrupted"
"""Why a result ended that Ctrl-C has stopped."""
MIN_HELD_OUT_ROWS = 16
"""Number of rows from which on some of them are held out."""

MAX_RECORDED = 1000
"""Maximum number of test rows that a file stores."""

Part = tuple[Floats, Floats]
"""A sequence with inputs (T, n) and targets (T, m). Samples or a stream form one
part."""


def held_out(count: int, share: float | None, usual: int) -> int:
    """Return the number of rows to hold out, or raise ArgumentError if fewer than three
    rows would be left.
    """
    usual = usual if count >= MIN_HELD_OUT_ROWS else 0
    rows = usual if share is None else round(share * count)
    if rows and rows >= count - 2:
        raise ArgumentError(
            f"Holding out {rows} of {count} leaves no training data. Hold out fewer, or"
            " provide more data."
        )
    return rows


def require_targets(targets: list[str]) -> list[str]:
    """Return the columns to predict, or raise ArgumentError if there are none."""
    if not targets:
        raise ArgumentError("Expected a column to predict, got none.")
    return targets


def _optimizer(title: str, optimizer: Any) -> Any:
    checked_optimizer(title, optimizer)
    return optimizer.lower() if isinstance(optimizer, str) else optimizer


def _trainer_options(title: str, options: Any) -> dict[str, Any]:
    require_type(
        isinstance(options, Mapping), title, "a mapping of names to values", options
    )
    for name, value in options.items():
        FURTHER[choice("Each of the trainer_options", name, FURTHER)].checked_early(
            value
        )
    return dict(options)


def _sizes(title: str, sizes: Any) -> list[int]:
    several = listed(title, sizes, "sizes of layers, such as [8]")
    return [positive_integer("A size in hidden", size) for size in several]


@suggests_arguments(
    "TrainingOptions",
    of_class=False,
    void=[
        (
            "min_delta",
            "epochs",
            lambda given: given["epochs"] and given["patience"] is None,
            "It is for training that `patience` ends: pass `patience`, too.",
        )
    ],
)
@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained.

    Attributes
    ----------
    build : str or None
        An architecture by its name, in any case, such as "perceptron", "elman", "lstm",
        "gru" or "narx". With None, a GRU is used for a series, and a perceptron for
        rows.
    hidden : list of int or None
        Sizes of the hidden layers. With None, there is one layer of 8 neurons.
    rate : float or None
        The learning rate, which L-BFGS does not use. None stands for 0.02.
    optimizer : Optimizer, str or None
        One of :mod:`synapse.optimizers`, such as ``AdamW(weight_decay=0.1)``, or its
        name, such as "adamw". Its own rate is replaced by `rate`. SGD learns after
        every row, by the online rule, whereas all others get exact gradients of whole
        sequences. None stands for "adam" for a series, and "sgd" for rows.
    trainer_options : mapping or None
        Further options of :class:`synapse.Trainer`, such as
        ``{"clip": 1.0, "l2": 1e-4}``. Default: no further options.
    epochs : int or None
        The number of epochs. With None, training continues until the loss on a fifth of
        the training rows stops falling.
    patience : int or None
        Number of epochs without a lower loss on this fifth after which training ends.
    min_delta : float
        Minimum decrease of this loss that counts, if the number of epochs is open or
        there is a `patience`. Default 0.
    validation : float or None
        The fraction of the rows to hold out for the test. With None, it is a fifth, or
        up to a third of a short series.
    seed : int
        Seed of weights, splits and the order of the rows.
    progress : bool
        Whether the training before the test shows a progress bar.
    checkpoint : str, path-like or None
        A file to which the training before the test is saved while it runs. A second
        file, with ".refit" after its name, stores the training on all rows. If the
        files exist, both trainings continue from them, with the same bits as without
        the interruption. The files are not removed. Default: no files.
    on_begin : callable or None
        A function without arguments, which is called after all checks, when the
        training before the test begins. Default: no function.
    on_epoch : callable or None
        A function that is called with the :class:`synapse.learning.Progress` after
        every epoch of both trainings. A true result does not end the training. Default:
        no function.
    on_forecast : callable or None
        A function that is called with the name of a statistical method, the number of
        its forecasts in a test so far, and their approximate total. Default: no
        function.
    on_test : callable or None
        A function that is called with the :class:`Trained` model after the test, before
        a network is trained on all rows. Default: no function.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is not one of these, or out of range.
    """

    build: Annotated[str | None, lower_name] = None
    hidden: Annotated[Sequence[int] | None, _sizes] = None
    rate: Annotated[float | None, positive_number] = None
    optimizer: Annotated[
        Optimizer | LBFGS | RecursiveOptimizer | str | None, _optimizer
    ] = None
    trainer_options: Annotated[Mapping[str, Any] | None, _trainer_options] = None
    epochs: Annotated[int | None, positive_integer] = None
    patience: Annotated[int | None, positive_integer] = None
    min_delta: Annotated[float, non_negative_number] = 0.0
    validation: Annotated[float | None, fraction_below_one] = None
    seed: Annotated[int, non_negative_integer] = 0
    progress: Annotated[bool, boolean] = False
    checkpoint: Annotated[PathLike | None, file_path] = None
    on_begin: Annotated[Callable[[], Any] | None, function_of] = None
    on_epoch: Annotated[Callable[[Progress], Any] | None, called_with_progress] = None
    on_forecast: Annotated[
        Callable[[str, int, int], Any] | None,
        lambda title, value: function_of(title, value, "method", "done", "total"),
    ] = None
    on_test: Annotated[
        Callable[[Trained], Any] | None,
        lambda title, value: function_of(title, value, "trained"),
    ] = None

    def _filled(self, usual: Fit) -> TrainingOptions:
        """Return these options, with this architecture and optimizer where none is
        given.
        """
        return replace(
            self,
            build=self.build or usual.build,
            hidden=usual.hidden if self.hidden is None else self.hidden,
            rate=self.rate or usual.rate,
            optimizer=self.optimizer or usual.optimizer,
        )

    def _model_of(
        self, inputs: list[str], outputs: list[str], classes: Any = None
    ) -> Model:
        """Return a new model of these columns, whose architecture and optimizer are
        given.
        """
        name = architecture("build", self.build)
        options: dict[str, Any] = {"initializer": "glorot", **IN_TABLES.get(name, {})}
        sizes = [*(self.hidden or ())]
        model = Model.build(
            name, inputs, outputs, classes, sizes, seed=self.seed, **options
        )
        further: dict[str, Any] = dict(self.trainer_options or {})
        optimizer = checked_optimizer("optimizer", self.optimizer)
        if not isinstance(optimizer, SGD):
            further |= {"rule": "bptt", "optimizer": optimizer}
        elif optimizer != SGD(optimizer.rate):  # otherwise the rule needs none
            further["optimizer"] = optimizer
        model.trainer = Trainer(model.network, self.rate, **further)
        return model

    def _fit(
        self,
        make: Callable[[], Model],
        parts: list[Part],
        split: tuple[list[Part], list[Part]],
    ) -> tuple[Model, Result]:
        """Train a new network on all parts or, if it is open when to stop, on the first
        side of the split.

        The error on the other side then decides when to stop. Raises KeyboardInterrupt
        if Ctrl-C ends the training before an epoch is complete, because the network is
        then no better than a new one.
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
            "min_delta": self.min_delta if adaptive else 0.0,
            "seed": self.seed,
            "progress": self.progress,
        }
        try:
            result = self._run(model, (training, validation), options, "")
        except DivergenceError:
            raise DivergenceError(
                "The error is no longer finite, and nothing was saved. Use a lower"
                f" --rate than {self.rate:g}."
            ) from None
        if result.stop_reason == INTERRUPTED and not result.epochs:
            raise KeyboardInterrupt
        return model, result

    def _after_epoch(self, progress: Progress) -> None:
        """Call `on_epoch`, whose result does not end the training."""
        if self.on_epoch is not None:
            self.on_epoch(progress)

    def _report_forecast(self, method: str, done: int, total: int) -> None:
        """Call `on_forecast`, if given, for forecasts on held-out and on training
        rows.
        """
        if self.on_forecast is not None:
            self.on_forecast(method, done, 2 * total)

    def _tested(
        self,
        trained: Trained,
        test: Callable[[], tuple[dict[str, Any], list[list[str]], list[str]]],
        make: Callable[[], Model],
        parts: list[Part],
        is_held_out: bool = True,
    ) -> Trained:
        """Return a model after its test, whose facts, table and notes are added, and,
        if rows were held out, a training on all rows.

        Because a network exists already, Ctrl-C only ends the computation in progress,
        and loses nothing else.
        """
        facts = trained.facts
        try:
            measured, table, notes = test()
            seconds = measured.pop("seconds", {})
            facts |= measured
            notes = [*trained.notes, *notes]
            trained = replace(trained, table=table, notes=notes, seconds=seconds)
            if is_held_out and trained.result.stop_reason != INTERRUPTED:
                if self.on_test is not None:
                    self.on_test(replace(trained, facts={**facts}))
                trained = replace(
                    trained, model=self._refit(make, parts, trained.result)
                )
                count = facts["rows"]
                facts["refit"] = (
                    f"The saved network was then trained on all {count} rows."
                )
        except KeyboardInterrupt:
            trained = replace(
                trained, result=replace(trained.result, stop_reason=INTERRUPTED)
            )
        trained.model.network.metadata = facts
        return trained

    def _refit(
        self, make: Callable[[], Model], parts: list[Part], tested_result: Result
    ) -> Model:
        """Return a new model, trained on all rows for the epochs that were best before
        the test.

        Raises KeyboardInterrupt after Ctrl-C.
        """
        epochs = best_epochs(tested_result)
        model = make()
        options = {"epochs": epochs, "seed": self.seed, "progress": False}
        result = self._run(model, (parts, None), options, REFIT)
        # A part of these epochs is worse than the network of the test.
        if result.stop_reason == INTERRUPTED:
            raise KeyboardInterrupt
        return model

    def _run(
        self,
        model: Model,
        parts: tuple[list[Part], list[Part] | None],
        options: dict[str, Any],
        ending: str,
    ) -> Result:
        """Train a model, from its checkpoint if there is one."""
        training, validation = parts
        is_rows = max(len(training), len(validation or [])) == 1
        inputs, targets = joined_parts(training, is_rows)
        if self.on_epoch is not None:
            options["callbacks"] = [self._after_epoch]
        options["validation"] = (
            joined_parts(validation, is_rows) if validation else None
        )
        if self.checkpoint is None:
            return model.fit(inputs, targets, **options)
        optimizer: Any = self.optimizer
        if not isinstance(optimizer, str):  # what another process writes, too
            optimizer = type(optimizer).__name__, optimizer.__getstate__()
        settings = {"build": self.build, "rate": self.rate, "optimizer": optimizer}
        settings |= {"hidden": [*(self.hidden or ())], **options, "validation": None}
        settings |= {"options": sorted((self.trainer_options or {}).items())}
        settings |= {"progress": None, "epochs": None, "callbacks": None}
        path = f"{self.checkpoint}{ending}"
        with resumed(path, model, parts, settings, options["epochs"]):
            return model.fit(inputs, targets, **options, checkpoint=path, resume=True)


def recorded(parts: list[Part]) -> list[Any]:
    """Return the inputs and targets of a test as JSON has them, at most `MAX_RECORDED`
    rows.
    """
    ends = np.cumsum([len(x) for x, _ in parts])
    left = [MAX_RECORDED, *(MAX_RECORDED - ends)]
    return [
        [x[:count].tolist(), y[:count].tolist()]
        for (x, y), count in zip(parts, left, strict=False)
        if count > 0
    ]


def best_epochs(result: Result) -> int:
    """Return the number of epochs with the least error if the training held out rows,
    and the number of all epochs otherwise.
    """
    losses = result.history.get("validation_loss")
    return result.epochs if losses is None else 1 + int(np.argmin(losses))


def joined_parts(parts: list[Part], is_rows: bool) -> tuple[Any, Any]:
    """Return inputs and targets as a model takes them: rows, or sequences."""
    inputs, targets = (list(side) for side in zip(*parts, strict=True))
    return (inputs[0], targets[0]) if is_rows else (inputs, targets)


@dataclass(frozen=True)
class Trained:
    """A trained model, and the results of its test.

    Attributes
    ----------
    model : Model
        Trained on all rows, or on those before the test if the training was
        interrupted.
    result : Result
        Result of the training before the test.
    facts : dict
        Further information for the model's file, stored as its ``metadata``.
    table : list of list of str
        The errors in the test, with a header row.
    notes : list of str
        Sentences on the columns and methods that were left out.
    seconds : dict of str to float
        How long each method of a series took in the test.
    """

    model: Model
    result: Result
    facts: dict[str, Any]
    table: list[list[str]]
    notes: list[str]
    seconds: dict[str, float] = field(default_factory=dict)


# --- trainings that a file lets continue ----------------------------------------------


REFIT = ".refit"
"""Suffix of the second checkpoint, for the training on all rows after the test."""
OF = "checkpoint of"
"""Key of a network's metadata in a checkpoint, which identifies its training."""


@contextmanager
def resumed(
    path: str,
    model: Model,
    parts: tuple[Any, Any],
    settings: dict[str, Any],
    epochs: int,
) -> Iterator[None]:
    """Give a model the trainer of a checkpoint, if there is one, for a training that
    writes it.

    The result has the same bits as an uninterrupted training. `parts` are the data, and
    `settings` all other values that the training depends on. The number of epochs may
    differ from the previous call.

    Raises
    ------
    ArgumentError
        If the file belongs to other data or settings, or has more epochs.
    FormatError
        If it is not a checkpoint.
    """
    digest = _digest(parts, settings)
    if Path(path).exists():
        model.trainer = _continued(path, digest, epochs)
    model.metadata[OF] = digest
    with file_errors("write", path):
        yield
    del model.metadata[OF]


def remove_checkpoints(path: str) -> None:
    """Remove the files of a training whose model has been saved."""
    for name in (path, path + REFIT):
        Path(name).unlink(missing_ok=True)


def _continued(path: str, digest: str, epochs: int) -> Trainer:
    """Return the trainer of a checkpoint. Raises unless it belongs to these data and
    settings, and has at most `epochs` epochs.
    """
    with file_errors("read", path):
        contents = load(path)
    if not isinstance(contents, Trainer):
        raise FormatError(
            f"{path!r} must be a checkpoint of a training, got {contents!r}."
        )
    if contents.network.metadata.get(OF) != digest:
        raise ArgumentError(
            f"The checkpoint {path!r} was written with other data or options. Pass"
            " those, choose another file, or remove it."
        )
    done = 0 if contents._paused is None else contents._paused.done
    if done > epochs:
        raise ArgumentError(
            f"The checkpoint {path!r} has {done} epochs, more than {epochs}. Use"
            f" --epochs {done} or more, choose another file, or remove it."
        )
    return contents


def _digest(parts: tuple[Any, Any], settings: dict[str, Any]) -> str:
    """Return a digest of the data and settings of a training."""
    code = hashlib.sha256(repr(sorted(settings.items())).encode())
    for side in parts:
        for inputs, targets in side or []:
            for array in (inputs, targets):
                code.update(repr(array.shape).encode())
                code.update(np.ascontiguousarray(array, np.float64).tobytes())
    return code.hexdigest()
