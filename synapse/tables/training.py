"""Train a network on a table in one walk: choose, fit, test beside simple methods, refit on all rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._checks import counted
from .._typing import Floats
from ..errors import ArgumentError, DivergenceError, FormatError, MissingExtraError, SynapseError
from ..forecasting import Differences, NetworkForecaster, Selection, choose_differences, select, statistical
from ..forecasting.network_forecaster import lesson
from ..forecasting.rolling import Forecaster
from ..forecasting.statistical import METHODS
from ..learning import Result, Trainer
from ..objects.network import Network
from .encoding import choose_encoding
from .problems import quoted
from .scaled_model import Part, ScaledModel
from .series import Series
from .sheet import Sheet

EPOCHS, PATIENCE = 2000, 60
"""The limit of epochs, and how many without a lower error end a training, unless they are given."""
MOST_ORIGINS = 60
"""Number of origins, about, from which forecasters are compared."""
FEWEST = 16
"""Least number of rows of which some are held out."""
TrainerOf = Callable[[ScaledModel, list[Part]], Trainer]


@dataclass(frozen=True)
class Learning:
    """How a network is trained.

    Attributes
    ----------
    model : {"perceptron", "elman", "lstm", "gru"}
    hidden : list of int
        Sizes of the hidden layers.
    rate : float
        The learning rate.
    optimizer : {"sgd", "adam"}
    epochs : int or None
        The number of epochs; None: until the error on the last fifth of the training rows stops falling.
    patience : int or None
        Number of epochs without a lower error there after which training ends.
    validation : float or None
        The share of the rows to hold out for the test. None: a fifth, or up to a third of a short series.
    seed : int
    trainer_of : callable, optional
        Makes the trainer from the model and the training parts, such as that of a checkpoint.
    options : dict
        Further options of ``Trainer.train``, for the training before the test.
    """

    model: str = "gru"
    hidden: Sequence[int] = (8,)
    rate: float = 0.02
    optimizer: str = "adam"
    epochs: int | None = None
    patience: int | None = None
    validation: float | None = None
    seed: int = 0
    trainer_of: TrainerOf | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def fit(
        self, make: Callable[[], ScaledModel], parts: list[Part], split: Split
    ) -> tuple[ScaledModel, Result]:
        """Train a new network; on the last or random rows of `parts` depends when to stop."""
        model = make()
        trainer = (
            self.trainer_of(model, parts) if self.trainer_of else model.trainer(self.rate, self.optimizer)
        )
        adaptive = self.epochs is None or self.patience is not None
        training, validation = split(parts, 0.2) if adaptive else (parts, [])
        patience = (self.patience or PATIENCE) if validation else None
        options = {
            "epochs": self.epochs or EPOCHS,
            "patience": patience,
            "seed": self.seed,
            "progress": False,
        }
        try:
            return model, model.fit(trainer, training, validation, **options | self.options)
        except DivergenceError:
            raise DivergenceError(
                f"The error is no longer finite; nothing is saved. Use a lower --rate than {self.rate:g}."
            ) from None

    def refit(self, make: Callable[[], ScaledModel], parts: list[Part], first: Result) -> ScaledModel:
        """Train a new network on all rows, for the epochs that were best before the test."""
        errors = first.history.get("validation_error")
        epochs = first.epochs if errors is None else 1 + int(np.argmin(errors))
        model = make()
        options = {"epochs": epochs, "seed": self.seed, "progress": False}
        model.fit(model.trainer(self.rate, self.optimizer), parts, None, **options)
        return model


Split = Callable[[list[Part], float], tuple[list[Part], list[Part]]]


@dataclass(frozen=True)
class Trained:
    """A trained network, and what was measured.

    Attributes
    ----------
    network : Network
        Trained on all rows, or on those before the test if the training was interrupted.
    result : Result
        Of the training before the test.
    facts : dict
        What the network carries in its file, as ``net.metadata``.
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


# --- series ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SeriesTask:
    """The forecast of columns of a series, and the rows that it is tested on; from :func:`series_task`.

    Attributes
    ----------
    targets, observed, known : list of str
        The columns to forecast, others that are forecast to forecast these, and those known in advance.
    y : ndarray, shape (T, m)
        The targets and the observed columns.
    x : ndarray, shape (T, k), or None
        The known ones.
    period, steps, start : int
        Steps of a season, steps ahead in the test, and the index of the first held-out row.
    differences : list of Differences
        Those of the columns of `y`, chosen on the rows before `start`.
    """

    targets: list[str]
    observed: list[str]
    known: list[str]
    y: Floats
    x: Floats | None
    period: int
    steps: int
    start: int
    differences: list[Differences]

    def make(self, learning: Learning) -> ScaledModel:
        """A new network that reads differences of a row, and the season, and forecasts those of the next."""
        fed = [*self.targets, *self.observed]
        outputs = [f"{name} +1" for name in fed]
        hidden = list(learning.hidden)
        inputs = [*fed, *self.known, *(f"season {place}" for place in range(len(_calendar(0, self.period))))]
        return ScaledModel(learning.model, hidden, inputs, outputs, None, learning.seed)

    def forecaster(self, network: Network) -> NetworkForecaster:
        """The network as a forecaster of these columns."""
        return NetworkForecaster(
            network, self.differences, covariates(self.x, len(self.y), self.period, self.differences[0])
        )

    def lesson(self, stop: int) -> list[Part]:
        """What a network learns from the rows before `stop`."""
        return [
            lesson(
                self.y[:stop],
                self.differences,
                covariates(self.x, len(self.y), self.period, self.differences[0]),
            )
        ]

    def fit(self, learning: Learning) -> tuple[ScaledModel, Result]:
        """Train a network on the rows before the test."""
        return learning.fit(lambda: self.make(learning), self.lesson(self.start), last_rows)

    def select(self, forecasters: dict[str, Any]) -> Selection:
        """Compare forecasters on the held-out rows."""
        every = max(1, (len(self.y) - self.start - self.steps) // MOST_ORIGINS)
        options = {"start": self.start, "every": every, "period": self.period}
        return select(forecasters, self.y, self.steps, **options, targets=len(self.targets))

    def statistical(self, methods: Sequence[str] = METHODS) -> tuple[dict[str, Forecaster], list[str]]:
        """The statistical methods fitted to the rows before the test, and sentences on those left out."""
        return fitted(methods, self.y[: self.start], self.period, self.x)


def covariates(
    known: Floats | None, count: int, period: int, differences: Differences, phase: int = 0
) -> Floats | None:
    """What a network reads beside its own past, shape (count, k), or None: known values and the season.

    The known values are differenced as the target is, so that a network need not remember them. The season
    is the sine and cosine of its phase; step 0 is step `phase` of the series that the network was trained on.
    """
    angles = _calendar(phase + np.arange(count), period).reshape(-1, count).T
    if known is None:
        return angles if period > 2 else None
    changes = np.vstack([np.zeros((differences.lost, known.shape[1])), differences.of(known)])
    return np.hstack([changes, angles[: len(known)]])


def _calendar(steps: Any, period: int) -> Floats:
    """Sine and cosine of the phase of the season and, for six steps or more, of twice the phase."""
    multiples = () if period < 3 else (1,) if period < 6 else (1, 2)
    return np.array([f(2 * np.pi * k * steps / period) for k in multiples for f in (np.sin, np.cos)])


def series_task(
    series: Series,
    targets: Sequence[str],
    known: Sequence[str] = (),
    *,
    steps: int | None = None,
    period: int | None = None,
    validation: float | None = None,
) -> SeriesTask:
    """Choose differences and held-out rows for a series.

    Columns that are neither targets nor known are observed ones. `steps` are those ahead in the test, by
    default a season, from 6 to 12; `period` are those of a season, by default as the dates tell; `validation`
    is the share to hold out, by default a fifth, or up to a third of a short series.
    """
    observed = [name for name in series.columns if name not in (*targets, *known)]
    places = [series.columns.index(name) for name in (*targets, *observed)]
    y = series.values[:, places]
    x = series.values[:, [series.columns.index(name) for name in known]] if known else None
    length = period or series.season
    out, ahead = _held_out(len(y), steps or min(max(length, 6), 12), validation)
    start = len(y) - out
    length = 1 if start <= length else length
    differences = [choose_differences(column[:start], ahead, period=length) for column in y.T]
    return SeriesTask([*targets], observed, [*known], y, x, length, ahead, start, differences)


def train_series(task: SeriesTask, learning: Learning) -> Trained:
    """Train a network to forecast a series, compare it with statistical methods, and refit it on all rows."""
    model, result = task.fit(learning)
    facts: dict[str, Any] = {
        "targets": task.targets,
        "observed": task.observed,
        "known": task.known,
        "differences": [list(one.lags) for one in task.differences],
        "period": task.period,
        "rows": len(task.y),
        "held_out_rows": len(task.y) - task.start,
        "chosen": learning.model,
    }
    if result.stopped == "interrupted" or task.start == len(task.y):
        return Trained(model.network, result, facts, [], [])
    simple, notes = task.statistical()
    found = task.select({learning.model: task.forecaster(model.network), **simple})
    facts |= described(found, learning.model)
    model = learning.refit(lambda: task.make(learning), task.lesson(len(task.y)), result)
    return Trained(model.network, result, facts, ranking(found, task.targets), [*notes, *found.failed])


def _held_out(count: int, steps: int, share: float | None) -> tuple[int, int]:
    """Number of held-out rows, and of steps ahead in the test."""
    if share == 0 or (share is None and count < FEWEST):
        return 0, max(1, min(steps, count // 6))
    out = round(share * count) if share else max(count // 5, min(count // 3, 4 * steps))
    if not 0 < out < count - 2:
        raise ArgumentError(f"Holding out {out} of {count} leaves no training data. Provide more data.")
    return out, max(1, min(steps, out // 3))


def fitted(
    methods: Sequence[str], y: Floats, period: int, known: Floats | None
) -> tuple[dict[str, Forecaster], list[str]]:
    """Statistical methods fitted to these rows, and sentences on those that cannot be."""
    found, notes = dict[str, Forecaster](), list[str]()
    for method in methods:
        if method == "seasonal" and period == 1:
            continue
        try:
            found[method] = statistical(method, y, period=period, known=known)
        except MissingExtraError as error:
            notes = [
                str(error).replace(f"The method {method} needs", "The methods ets, theta and arima need")
            ]
        except (SynapseError, ValueError) as error:  # statsforecast has ValueError for too few rows
            notes.append(f"{method} is left out: {error}")
    return found, notes


def described(found: Selection, network: str) -> dict[str, Any]:
    """What a model's file has of a selection; errors have six digits."""
    errors = {name: found.calibration(name).errors for name in found.rolled}
    return {
        "chosen": found.best,
        "members": found.members,
        "mase": {name: float(f"{found.mase(name):.4g}") for name in found.rolled},
        "verdict": found.verdict(network),
        "reason": found.reason(),
        "errors": {name: _rounded(one) for name, one in errors.items()},
    }


def _rounded(errors: Floats) -> Any:
    size = np.abs(errors).max() or 1.0
    return np.round(errors, int(5 - np.floor(np.log10(size)))).tolist()


def ranking(found: Selection, targets: list[str]) -> list[list[str]]:
    """The methods by their errors, as the cells of a table."""
    rows = [["model", "MASE", *(f"RMSE {name}" if len(targets) > 1 else "RMSE" for name in targets)]]
    for name, rolled in found.rolled.items():
        squared = (rolled.errors**2).reshape(-1, rolled.errors.shape[-1])
        errors = np.sqrt(squared.mean(axis=0))[: len(targets)]
        rows.append([name, f"{found.mase(name):.3g}", *(f"{error:.4g}" for error in errors)])
    return rows


def last_rows(parts: list[Part], part: float) -> tuple[list[Part], list[Part]]:
    """The beginning of a series or stream, and its end."""
    ((inputs, targets),) = parts
    count = len(inputs) - max(1, round(part * len(inputs)))
    if count < 2:
        return parts, []
    return [(inputs[:count], targets[:count])], [(inputs[count:], targets[count:])]


# --- rows ------------------------------------------------------------------------------------


def train_rows(
    sheet: Sheet,
    targets: Sequence[str],
    inputs: Sequence[str] | None,
    learning: Learning,
    *,
    ignore: Sequence[str] = (),
    sequence: str | None = None,
    ahead: int = 0,
    classes: bool = False,
) -> Trained:
    """Train a network to predict columns from others: of the same row, or of a row `ahead` rows above.

    Rows are samples for a perceptron; for the other models they are steps of one stream or, with a column
    `sequence`, of many sequences. Words become inputs of 0 and 1, and missing numbers the medians of the
    training rows (:func:`choose_encoding`). A target of words, or with `classes`, is predicted by a
    probability for each of its classes.
    """
    targets = sheet.found(targets)
    sequences = _above(sheet, sheet.sequences(sequence), ahead)
    taken = [*ignore, *([sequence] if sequence else []), *([] if ahead else targets)]
    names = sheet.found(inputs) if inputs is not None else [name for name in sheet.names if name not in taken]
    classes = classes or (len(targets) == 1 and not sheet.has_numbers(targets[0]))
    goals, outputs = _goals(sheet, targets, classes)
    order = _test_last(sequences, sequence is None and learning.model != "perceptron", learning)
    training_rows = [row for place in order[0] for row in range(len(sheet.rows))[place]]
    encoding, notes = choose_encoding(sheet.only(training_rows), names, inputs is not None)
    rows, filled = encoding.rows(sheet)
    later = f" +{ahead}" if ahead else ""
    if not classes:
        outputs = [name + later for name in outputs]
    kind = targets[0] + later if classes else None

    def parts(places: list[slice]) -> list[Part]:
        return [(rows[one], goals[one.start + ahead : one.stop + ahead]) for one in places]

    def make() -> ScaledModel:
        return ScaledModel(
            learning.model, list(learning.hidden), encoding.inputs, outputs, kind, learning.seed
        )

    training, held_out = (_joined(parts(part), sequence) for part in order)
    split = last_rows if sequence is None and learning.model != "perceptron" else _shuffled(learning.seed)
    model, result = learning.fit(make, training, split)
    quality = _accuracy if classes else _error
    measured = held_out or training
    answers = [_answers(model.network, part) for part in measured]
    truth = np.concatenate([part[1] for part in measured])
    simple = _baselines(training, measured, classes)
    own = quality(np.concatenate(answers), truth)
    errors = {name: quality(one, truth) for name, one in simple.items()}
    facts = {
        "targets": targets,
        "classes": outputs if classes else [],
        "ahead": ahead,
        "sequence": sequence,
        "encoding": {"medians": encoding.medians, "words": encoding.words},
        "rows": sum(len(part[0]) for part in [*training, *held_out]),
        "held_out_rows": sum(len(part[0]) for part in held_out),
        "error": dict(zip(targets, own.tolist(), strict=True)),
        "baselines": {name: dict(zip(targets, one.tolist(), strict=True)) for name, one in errors.items()},
        "verdict": _verdict(own, errors, classes) if held_out else None,
    }
    table = [["", learning.model, *errors]]
    for place, name in enumerate(targets):
        cells = [float(one[place]) for one in (own, *errors.values())]
        table.append([name, *(f"{cell:.1%}" if classes else f"{cell:.4g}" for cell in cells)])
    if classes:
        notes += _balance(outputs, np.concatenate(answers), truth)
    if held_out and result.stopped != "interrupted":
        model = learning.refit(make, _joined(parts(sequences), sequence), result)
    return Trained(model.network, result, facts, table, [*notes, *filled])


def _goals(sheet: Sheet, targets: list[str], classes: bool) -> tuple[Floats, list[str]]:
    """The targets, shape (rows, outputs), and the names of the outputs."""
    if not classes:
        problems = sheet.all_problems()
        values = sheet.numbers(targets, problems)
        sheet.note_missing(values, targets, problems)
        words = any("is not a finite number" in what for _, _, what in problems.found)
        problems.check(
            "If these are names of classes, pass --classes." if words and len(targets) == 1 else ""
        )
        return values, targets
    if len(targets) > 1:
        raise ArgumentError(f"Expected one --target for classes, got {quoted(targets)}.")
    cells = sheet.words(targets[0])
    names = sorted(set(cells))
    if len(names) < 2:
        raise FormatError(
            f"Expected the column {targets[0]!r} of {sheet.path!r} to have two classes, got {names[0]!r}."
        )
    return np.eye(len(names))[[names.index(cell) for cell in cells]], names


def _test_last(sequences: list[slice], in_order: bool, learning: Learning) -> tuple[list[slice], list[slice]]:
    """The rows to train on and those to test on, as slices: random ones, or the end of a stream."""
    units = sequences
    if len(sequences) == 1:  # of samples or steps
        units = [slice(row, row + 1) for row in range(sequences[0].stop)]
    share = 0.2 if learning.validation is None else learning.validation
    out = round(share * len(units)) if learning.validation or len(units) >= FEWEST else 0
    if out and out >= len(units) - 1:
        raise ArgumentError(f"Holding out {out} of {len(units)} leaves no training data. Provide more data.")
    if not out:
        return sequences, []
    if len(sequences) == 1 and in_order:
        return [slice(0, len(units) - out)], [slice(len(units) - out, len(units))]
    places = np.random.default_rng(learning.seed).permutation(len(units))
    return [units[i] for i in sorted(places[:-out])], [units[i] for i in sorted(places[-out:])]


def _above(sheet: Sheet, sequences: list[slice], ahead: int) -> list[slice]:
    """The rows of each sequence that have a target `ahead` rows below."""
    for rows in sequences:
        if rows.stop - rows.start <= ahead:
            raise FormatError(
                f"--ahead {ahead} needs sequences longer than {ahead} rows; the one ending on line "
                f"{sheet.lines[rows.stop - 1]} of {sheet.path!r} has {rows.stop - rows.start}."
            )
    return [slice(rows.start, rows.stop - ahead) for rows in sequences]


def _joined(parts: list[Part], sequence: str | None) -> list[Part]:
    """Samples or a stream as one part."""
    if sequence is not None or not parts:
        return parts
    inputs, targets = zip(*parts, strict=True)
    return [(np.concatenate(inputs), np.concatenate(targets))]


def _shuffled(seed: int) -> Split:
    """Random samples or sequences of the training parts, which decide when to stop."""

    def split(parts: list[Part], share: float) -> tuple[list[Part], list[Part]]:
        units = len(parts) if len(parts) > 1 else len(parts[0][0])
        places = np.random.default_rng(seed + 1).permutation(units)
        count = units - max(1, round(share * units))
        if count < 2:
            return parts, []
        first, last = np.sort(places[:count]), np.sort(places[count:])
        if len(parts) > 1:
            return [parts[i] for i in first], [parts[i] for i in last]
        ((inputs, targets),) = parts
        return [(inputs[first], targets[first])], [(inputs[last], targets[last])]

    return split


def _answers(network: Network, part: Part) -> Floats:
    network.clear()
    answers: Floats = network.run(part[0])
    return answers


def _error(answers: Floats, truth: Floats) -> Floats:
    found: Floats = np.sqrt(np.mean((answers - truth) ** 2, axis=0))
    return found


def _accuracy(answers: Floats, truth: Floats) -> Floats:
    return np.array([np.mean(answers.argmax(axis=1) == truth.argmax(axis=1))])


def _baselines(training: list[Part], measured: list[Part], classes: bool) -> dict[str, Floats]:
    """The answers of simple methods: the mean or the commonest class, and a regression on the inputs."""
    x, y = (np.concatenate(side) for side in zip(*training, strict=True))
    rows = np.concatenate([part[0] for part in measured])
    mean = np.tile(y.mean(axis=0), (len(rows), 1))
    if classes:
        regression = ScaledModel("perceptron", [], ["x"] * x.shape[1], ["y"] * y.shape[1], "classes", 0)
        trainer = regression.trainer(0.1, "adam", l2=1e-4)
        regression.fit(trainer, [(x, y)], None, epochs=300, seed=0, progress=False)
        return {"most common class": mean, "logistic regression": _answers(regression.network, (rows, y))}
    design = np.column_stack([np.ones(len(x)), x])
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    return {"mean alone": mean, "linear regression": np.column_stack([np.ones(len(rows)), rows]) @ weights}


def _verdict(own: Floats, errors: dict[str, Floats], classes: bool) -> str:
    """A sentence: whether the network is worth it, by the mean ratio over the targets."""
    if classes:
        best = max(errors, key=lambda name: float(errors[name][0]))
        right, other = float(own[0]), float(errors[best][0])
        if right > other:
            return (
                f"The network is worth it: {right:.1%} of the held-out rows are right, {other:.1%} by {best}."
            )
        return f"The network is not worth it: {best} has {other:.1%} right, the network {right:.1%}."
    ratios = {name: float(np.mean(own / np.where(one > 0, one, 1e-300))) for name, one in errors.items()}
    best = max(ratios, key=ratios.__getitem__)
    change = f"{100 * abs(1 - ratios[best]):.2g} %"
    if ratios[best] < 1:
        return f"The network is worth it: its error is {change} below that of {best}."
    return f"The network is not worth it: its error is {change} above that of {best}."


def _balance(names: list[str], answers: Floats, truth: Floats) -> list[str]:
    """Sentences on how common the classes are and which are confused."""
    right, found = truth.argmax(axis=1), answers.argmax(axis=1)
    shares = [f"{name} {np.mean(right == place):.0%}" for place, name in enumerate(names)]
    notes = [f"Classes: {', '.join(shares)}."]
    pairs = [
        (int(np.sum((right == i) & (found == j))), f"{one!r} as {other!r}")
        for i, one in enumerate(names)
        for j, other in enumerate(names)
        if i != j
    ]
    confused = [
        f"{what} {counted(count, 'time')}" for count, what in sorted(pairs, reverse=True)[:5] if count
    ]
    return [*notes, f"Confused: {', '.join(confused)}."] if confused else notes
