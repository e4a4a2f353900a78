"""Training data in the form for kernels (rows, with the bounds of sequences), and
compiled passes over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import accumulate
from math import isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks, _cost, engine
from .._cost import Cost, SequenceCost
from .._typing import Floats, Ints
from ..costs import categorical_cross_entropy
from ..engine.lowering.ranges import concat_ranges
from ..engine.online import (
    Accumulator,
    Epochs,
    RenewalArguments,
)
from ..engine.rtrl import Plan
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from ..objects.network import Network
from ..objects.side_by_side import kernel_rows

MAX_CACHED_BYTES = 1 << 24
"""Maximum number of bytes for which a rule's memory is kept for the next call, to bound
the memory of networks and trainers. With a tenth and with ten times of it, rows take
the same time. If no memory is kept, however, a batch of 8 samples takes 2.1 to 2.6
times as long."""
OUTPUTS_PER_CHUNK = 64
"""Number of outputs whose costs are summed together, so that their logarithms
vectorise. According to ``python -m benchmarks.variants _data.OUTPUTS_PER_CHUNK``, rows
take 0.99 to 1.18 times as long with 1, and 0.95 to 1.02 times with 640."""
Order = NDArray[np.int64]
"""Indices of sequences, in the order in which they are run."""
Control = NDArray[np.int64]
"""State shared by a running pass and the thread that monitors it: [stop requested, rows
done]."""


Shape = list[int] | None
"""Numbers of sequences and rows in the data, or None for a stream or without data."""


@dataclass(frozen=True)
class Data:
    """Training data as arrays.

    They contain inputs, shape (rows, n), targets, shape (rows, m), a mask of the rows
    with a target, and the bounds of sequences. If ``clear``, the context is cleared
    before each sequence. ``stream`` marks one sequence whose order matters, for a
    network with memory. For a cost of whole sequences, ``items`` has the object that
    the cost gets as the target of each sequence, and targets are 0. If ``continued``,
    the first sequence always continues the present context.
    """

    inputs: Any  # or SparseRows, which rules for exact gradients make dense
    targets: Floats
    has_target: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    clear: bool
    stream: bool
    items: list[Any] | None = None
    continued: bool = False

    @cached_property
    def lengths(self) -> Ints:
        """Number of steps of each sequence."""
        return self.bounds[1:] - self.bounds[:-1]  # np.diff takes longer

    @cached_property
    def sequences(self) -> int:
        """Number of sequences, where each single sample counts as one."""
        return len(self.bounds) - 1

    @property
    def shape(self) -> Shape:
        """Shape by which a continued training recognises the data."""
        return [self.sequences, len(self.inputs)]

    @cached_property
    def filled(self) -> NDArray[np.int64]:
        """Indices of all sequences that have a step, in the given order."""
        return (self.bounds[1:] > self.bounds[:-1]).nonzero()[0]

    @property
    def runs(self) -> NDArray[np.int64]:
        """First rows of all runs, and the end. Samples that are given as one array are
        one run.
        """
        return self.bounds if self.clear else np.array([0, len(self.inputs)], np.int64)

    def as_sequences(self) -> Data:
        """Return these data with the context cleared before each sequence. A stream is
        one sequence.
        """
        return self._with(clear=True, stream=False)

    def _with(self, **changes: Any) -> Data:
        """Return a copy with other fields, reusing values derived from `bounds`."""
        clone = object.__new__(Data)
        vars(clone).update(
            vars(self), lengths=self.lengths, filled=self.filled, **changes
        )
        return clone

    def by_sequence(self, rows: Floats, chosen: Iterable[int]) -> list[Floats]:
        """Return the parts of an array with one line per row, for some sequences."""
        bounds = self.bounds
        return [rows[bounds[index] : bounds[index + 1]] for index in chosen]

    def require_fit(self, network: Network) -> None:
        """Raise an error if the data no longer fit because a callback has changed the
        number of inputs or outputs.
        """
        widths = self.inputs.shape[1], self.targets.shape[1]
        if widths != (network._n_inputs, network._n_outputs):
            raise TopologyError(
                f"The number of inputs or outputs of {network!r} changed during"
                f" training, but the data have {_checks.pluralize(widths[0], 'input')}"
                f" and {_checks.pluralize(widths[1], 'target')} per step. Call train"
                " again with matching data."
            )

    def counted(self, weights: Floats | None) -> Floats:
        """Return the weight of each row's cost, which is 0 without a target, and
        otherwise the row's own weight (default 1).
        """
        return (
            self.has_target.astype(float)
            if weights is None
            else np.where(self.has_target, weights, 0.0)
        )

    def relative(self, weights: Floats) -> Floats:
        """Return the weights of rows, divided by the mean of all sequences' means: a
        common factor of all weights changes nothing.
        """
        counted = self.counted(weights)
        if not counted.any():
            return weights
        first_rows = self.bounds[self.filled]
        largest = counted.max()  # the sum could be infinite
        sums = np.add.reduceat(counted / largest, first_rows)
        counts = np.add.reduceat(self.has_target, first_rows, dtype=np.int64)
        mean = (sums[counts > 0] / counts[counts > 0]).mean()
        return np.asarray(weights / largest / mean)

    def rows(self, start: int, stop: int, clear: bool = False) -> Data:
        """Return some rows of a sequence as separate data. If `clear`, the context is
        cleared first.
        """
        rows = slice(start, stop)
        bounds = np.array([0, stop - start], np.int64)
        return Data(
            self.inputs[rows],
            self.targets[rows],
            self.has_target[rows],
            bounds,
            clear,
            self.stream,
        )

    def split(self, fraction: float) -> tuple[Data, Data]:
        """Split off the last part of the sequences, samples or stream, and return the
        rest and that part.
        """
        fraction = _checks.finite_number("validation", fraction)
        _checks.require(0 < fraction < 1, "validation", "between 0 and 1", fraction)
        bounds = (
            np.arange(len(self.inputs) + 1, dtype=np.int64)
            if self.stream
            else self.bounds
        )
        filled = np.flatnonzero(np.diff(bounds))
        count = len(filled) - max(1, round(fraction * len(filled)))
        if count < 1:
            raise ArgumentError(
                "The validation fraction leaves nothing to train on. Pass a smaller"
                " one."
            )
        cut = int(filled[count])
        if self.stream and self.items is not None:
            raise ArgumentError(
                "With a cost of whole sequences, no part of a sequence can be held out."
                " Pass several sequences, or validation=(inputs, targets)."
            )
        return self._part(bounds, 0, cut), self._part(bounds, cut, len(bounds) - 1)

    def _part(self, bounds: NDArray[np.int64], start: int, stop: int) -> Data:
        rows = self.rows(int(bounds[start]), int(bounds[stop]), self.clear)
        return (
            rows
            if self.stream
            else replace(
                rows,
                bounds=bounds[start : stop + 1] - bounds[start],
                items=self.items and self.items[start:stop],
            )
        )


def joined(parts: Sequence[Data]) -> Data:
    """Return batches one after the other as data. Batches of a stream continue its
    context.
    """
    if len({data.clear for data in parts}) > 1:
        raise ArgumentError(
            "All held-out batches must be samples, or all must be sequences, got both."
        )
    columns = [
        (data.inputs, data.targets, data.has_target, np.diff(data.bounds))
        for data in parts
    ]
    rows, *others = zip(*columns, strict=True)
    inputs = _checks.joined_rows(rows)
    targets, has_target, lengths = map(np.concatenate, others)
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
    items = parts[0].items
    return replace(
        parts[0],
        inputs=inputs,
        targets=targets,
        has_target=has_target,
        bounds=bounds,
        items=items and [item for data in parts for item in data.items or ()],
    )


def _of_arrays(
    network: Network, inputs: Any, targets: Any, cost: Cost | None, dtype: Any
) -> Data | None:
    """Arrange two arrays of ordinary numbers, which contain rows or sequences of one
    length. Returns None for other data.
    """
    for array in (inputs, targets):
        if (
            type(array) is not np.ndarray
            or array.dtype.kind not in _checks.REAL_KINDS
            or array.itemsize > 8
        ):
            return None
    *shape, width = inputs.shape or (0,)
    widths = network._n_inputs, network._n_outputs
    fits = width == widths[0] and targets.shape == (*shape, widths[1])
    if not fits or len(shape) not in (1, 2) or not inputs.size:
        return None
    narrow = dtype == _checks.FLOAT32  # infinity has no finite square
    with np.errstate(over="ignore", under="ignore") if narrow else nullcontext():
        rows = _in_order(inputs, dtype).reshape(-1, width)
    aims = _in_order(targets, np.float64).reshape(-1, targets.shape[-1])
    squares = _checks.sum_of_squares(rows) + _checks.sum_of_squares(aims)
    if not squares <= _checks.SQUARES[network.dtype]:
        return None
    if cost is not None:
        cost._check_targets(aims)
    clear = len(shape) == 2
    stream = not clear and network.has_memory
    length = shape[-1] if clear or stream else 1
    bounds = np.arange(0, len(rows) + 1, length, dtype=np.int64)
    return Data(rows, aims, np.ones(len(rows), np.uint8), bounds, clear, stream)


def _in_order(array: NDArray[Any], dtype: Any) -> Floats:
    """Return an array in the form for kernels, and copy it only if necessary."""
    if array.dtype == dtype and array.flags.carray:
        return array
    return np.array(array, dtype, order="C")


def prepare(
    network: Network,
    inputs: Any,
    targets: Any,
    cost: Cost | None = None,
    dtype: Any = np.float64,
) -> Data:
    """Check that inputs and targets are finite and fit each other and the network, and
    arrange them for kernels. Dense inputs get this dtype. Arrays that have this form
    are not copied.

    Targets of softmax outputs may be integer classes, one per row, of shape (N,) or
    (S, T), or a list of (T_i,). If a cost is given, it must be able to use the targets.
    For a cost of whole sequences, they are a list of one object per sequence.
    """
    if isinstance(cost, SequenceCost):
        return _with_items(network, inputs, targets)
    data = _of_arrays(network, inputs, targets, cost, dtype)
    return data or _of_any_form(network, inputs, targets, cost, dtype)


def _of_any_form(
    network: Network, inputs: Any, targets: Any, cost: Cost | None, dtype: Any
) -> Data:
    """Check and arrange data of any form, with advice on targets of other libraries."""
    inputs, targets = _checks.from_pairs(inputs, targets)
    try:
        return _prepared_pair(network, inputs, targets, cost, dtype)
    except (ArgumentError, ArgumentTypeError):
        sentence = about_targets(network, inputs, targets)
        if not sentence:
            raise
    raise ArgumentError(sentence)


def _prepared_pair(
    network: Network,
    inputs: Any,
    targets: Any,
    cost: Cost | None,
    dtype: Any = np.float64,
) -> Data:
    """Check and arrange inputs and targets, see :func:`prepare`."""
    depth = _checks.depth_of(targets)
    n = network._n_inputs
    outputs = network._n_outputs
    softmax = outputs > 1 and network._cost(None) is categorical_cross_entropy
    parted = depth == 3 or (softmax and depth == 2 and _checks.width_of(inputs) > 1)
    parts, is_single = _checks.parts_of("inputs", inputs, n, parted)
    classes = softmax and (
        depth == (1 if is_single else 2) or _checks.width_of(targets) == 1
    )
    columns = 1 if classes else outputs
    aims, has_single_target = _checks.parts_of(
        "targets", targets, columns, not is_single
    )
    if is_single != has_single_target or len(parts) != len(aims):
        raise ArgumentError(
            "Expected inputs and targets in the same form,"
            f" got {_form(parts, is_single)} and {_form(aims, has_single_target)}."
        )
    lengths = []
    for i, (sequence, aim) in enumerate(zip(parts, aims, strict=True)):
        where = "" if is_single else f" of sequence {i}"
        parts[i] = _checks.input_rows(f"inputs{where}", sequence, n, network.dtype)
        aims[i] = _checks.as_matrix(
            f"targets{where}", aim, columns, network.dtype, finite=False
        )
        if classes:
            aims[i] = _checks.one_hot(f"targets{where}", aims[i], outputs)
        if len(parts[i]) != len(aims[i]):
            got = f"{len(parts[i])} and {len(aims[i])}"
            raise ArgumentError(
                f"Expected as many inputs as targets{where}, got {got}."
            )
        lengths.append(len(parts[i]))
    if sum(lengths) == 0:
        raise ArgumentError("Expected at least one sample to train on, got none.")
    rows = _checks.joined_rows(parts, dtype)
    targets = np.concatenate(aims)
    stream = is_single and network.has_memory
    if is_single and not stream:
        bounds = np.arange(len(rows) + 1, dtype=np.int64)
    else:
        bounds = np.array([0, *accumulate(lengths)], np.int64)
    has_target = target_mask(targets)
    if cost is not None:
        cost._check_targets(targets)
    return Data(rows, targets, has_target, bounds, clear=not is_single, stream=stream)


def _with_items(network: Network, inputs: Any, items: Any) -> Data:
    """Arrange inputs with an object of any kind for each sequence. Targets are 0."""
    data = without_targets(network, inputs)
    condition = f"a list with one object for each of {data.sequences} sequences"
    listed = _checks.listed("targets", items, condition)
    _checks.require(len(listed) == data.sequences, "targets", condition, len(listed))
    return replace(data, items=listed)


def without_targets(network: Network, inputs: Any) -> Data:
    """Check and arrange inputs, with targets of 0."""
    return _prepared_pair(network, inputs, blank_targets(network, inputs, 0.0), None)


def blank_targets(network: Network, inputs: Any, value: float) -> Any:
    """Return equal targets for all outputs, in the form of the inputs."""
    n, m = network._n_inputs, network._n_outputs
    sequences, is_single = _checks.parts_of("inputs", inputs, n)
    lengths = [getattr(rows, "shape", (0,))[0] or len(rows) for rows in sequences]
    targets = [np.full((length, m), value) for length in lengths]
    return targets[0] if is_single else targets


def cost_of(network: Network, cost: str | Cost | None) -> Cost:
    """Return the cost as :meth:`Network._cost`, or a cost of whole sequences."""
    chosen = _cost.get(cost) if isinstance(cost, str | SequenceCost) else cost
    return chosen if isinstance(chosen, SequenceCost) else network._cost(cost)


def write_slopes(title: str, slopes: Any, data: Data, chosen: Order) -> None:
    """Write derivatives with respect to the outputs of some sequences over the targets,
    or raise an error if they do not have the form of these outputs.
    """
    outputs = data.targets.shape[1]
    lengths = data.lengths[chosen]
    parts, is_single = _checks.parts_of(title, slopes, outputs, len(chosen) > 1)
    double = data.targets.dtype
    rows = [_checks.as_matrix(title, part, outputs, double) for part in parts]
    wanted = [int(lengths.sum())] if is_single else lengths.tolist()
    got = list(map(len, rows))
    _checks.require(
        got == wanted, title, f"arrays of {wanted} steps, like the outputs", got
    )
    places = concat_ranges(data.bounds[:-1][chosen], lengths)
    data.targets[places] = np.concatenate(rows)


def about_targets(network: Network, inputs: Any, targets: Any) -> str:
    """Make the sentences about refused targets in another library's form, which are one
    target per sequence, or integer classes for outputs that are not softmax.

    Returns "" if they have neither form.
    """
    outputs = network._n_outputs
    is_softmax = network._cost(None) is categorical_cross_entropy
    try:
        array = _checks.numbers("targets", targets, "numbers")
    except (ArgumentError, ArgumentTypeError):  # ragged, or no numbers
        return ""
    is_of_classes = outputs > 1 and _are_classes(array, outputs)
    sentences = []
    if is_of_classes and not is_softmax:
        sentences.append(
            f"Expected {_checks.pluralize(outputs, 'target')} per step, got classes."
            f" {_checks.about_classes(outputs)}"
        )
    if _checks.depth_of(inputs) == 3 and array.shape[:1] == (len(inputs),):
        size = array.size // len(array) if len(array) else 0
        has_one_per_step = all(len(sequence) == size for sequence in inputs)
        is_per_step = has_one_per_step and (is_softmax or outputs == 1)
        if size in (1, outputs) and not is_per_step:
            sentences.append(_about_one_per_sequence(inputs, array))
    return " ".join(sentences)


def _are_classes(targets: Floats, classes: int) -> bool:
    """Return whether all targets are whole numbers from 0 to `classes` - 1 and are not
    rows with one number per class.
    """
    if not targets.size or (targets.ndim > 1 and targets.shape[-1] == classes):
        return False
    fit = (targets >= 0) & (targets < classes) & (targets == np.floor(targets))
    return bool(fit.all())


def _about_one_per_sequence(inputs: Any, targets: Floats) -> str:
    """Make the sentences that explain how to give one target per sequence."""
    count = len(targets)
    columns = targets.size // count
    steps = {len(sequence) for sequence in inputs}
    if len(steps) == 1:
        whole = f"({count}, {steps.pop()}, {columns})"
        code = (
            f"steps = np.full({whole}, np.nan); steps[:, -1] ="
            f" np.reshape(targets, ({count}, {columns}))"
        )
    else:
        row = f"np.full((len(x) - 1, {columns}), np.nan), np.reshape(y, (1, {columns}))"
        code = f"steps = [np.vstack([{row}]) for x, y in zip(inputs, targets)]"
    return (
        "Expected a target for every step of a sequence, got one per sequence. To"
        f" give only the last step a target, fill the others with NaN: {code}. Or use"
        " synapse.sklearn.SequenceClassifier or SequenceRegressor, which take one per"
        " sequence."
    )


def prepare_sequences(
    network: Network, inputs: Any, targets: Any, cost: Cost | None = None
) -> Data:
    """Check and arrange data, see :func:`prepare`. Rows (T, n) are one sequence."""
    data = prepare(network, inputs, targets, cost)
    return replace(data, bounds=data.runs).as_sequences()


def _form(parts: list[Any], is_single: bool) -> str:
    return "rows of samples" if is_single else _checks.pluralize(len(parts), "sequence")


def target_mask(targets: Floats) -> NDArray[np.uint8]:
    """Return a mask of the rows in which any output has a target. NaN is no target, and
    all other targets must be finite.
    """
    if isfinite(_checks.sum_of_squares(targets)):
        return np.ones(len(targets), np.uint8)
    bad = np.isinf(targets).any(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ArgumentError(
            "`targets` must be finite, or NaN for an output without a target,"
            f" got {targets[row].tolist()} in row {row}."
        )
    return np.asarray(~np.isnan(targets).all(axis=1), np.uint8)


def row_weights(
    data: Data, samples: Any | None, classes: Mapping[int, float] | None, outputs: int
) -> Floats | None:
    """Check and return the weight of every row of the data, or None without weights."""
    if samples is None and classes is None:
        return None
    if data.items is not None:
        raise ArgumentError(
            "A cost of whole sequences does not support sample_weight and"
            " class_weight. Pass weights as a part of the targets."
        )
    weights = np.ones(len(data.inputs))
    if samples is not None:
        weights = checked_weights(samples, data)
    if classes is not None:
        weights = weights * _of_classes(data, classes, outputs)
    return weights


def checked_weights(samples: Any, data: Data) -> Floats:
    """Check and return the weight of each row, its sequence's or its own."""
    title = "sample_weight"
    rows = len(data.inputs)
    condition = f"{_checks.pluralize(data.sequences, 'number')}, one per sequence"
    if rows != data.sequences:
        condition += f", or {rows}, one per step"
    parts = samples if isinstance(samples, list | tuple) else ()
    lengths = [len(part) if hasattr(part, "__len__") else -1 for part in parts]
    if lengths and lengths == data.lengths.tolist():
        rows_of = [_checks.numbers(title, part, condition).ravel() for part in parts]
        samples = np.concatenate(rows_of)
    weights = _checks.numbers(title, samples, condition)
    if weights.ndim == 2 and (data.lengths == weights.shape[1]).all():
        weights = weights.ravel()
    if weights.shape == (data.sequences,):
        weights = np.repeat(weights, data.lengths)
    _checks.require(weights.shape == (rows,), title, condition, weights.shape)
    _checks.require(
        (np.isfinite(weights) & (weights >= 0)).all(),
        title,
        "finite numbers, 0 or above",
        samples,
    )
    return weights


def _of_classes(data: Data, classes: Mapping[int, float], outputs: int) -> Floats:
    """Return the weight of each row's class, which is the index of the target's largest
    entry, or 0 or 1 for one output.
    """
    _checks.require_type(
        isinstance(classes, Mapping),
        "class_weight",
        "a mapping of classes to numbers",
        classes,
    )
    targets = np.nan_to_num(data.targets)
    count = max(2, outputs)
    labels = (
        targets.argmax(axis=1) if outputs > 1 else (targets[:, 0] > 0.5).astype(int)
    )
    by_class = np.ones(count)
    for label, weight in classes.items():
        _checks.require(
            _checks.integer(label) in range(count),
            "A class of class_weight",
            f"0 to {count - 1}",
            label,
        )
        by_class[label] = _checks.non_negative_number(
            f"The weight of class {label}", weight
        )
    # of a stream, only the classes are known beforehand
    mean = by_class.mean() if by_class.any() else 1.0
    return np.asarray(by_class[labels] / mean)


def new_control() -> Control:
    """Return control numbers for a pass that has not begun."""
    return np.zeros(2, np.int64)


def single_epoch(order: Order, rate: float, control: Control) -> Epochs:
    """Return an `Epochs` of one epoch."""
    return Epochs(order[None], np.array([rate]), np.empty(1), -np.inf, control)


def run_epoch(network: Network, data: Data, cost: Cost) -> tuple[float, int]:
    """Run once over the data without learning, and return the cost and the number of
    steps with a target.
    """
    return run_epochs(
        network, data, single_epoch(data.filled, 0.0, new_control()), cost, learn=False
    )[1:]


def run_apart(
    network: Network, data: Data, cost: Cost, threads: int | None
) -> tuple[Floats, Floats] | None:
    """Run sequences or rows that do not depend on each other, and return the outputs
    and the cost of each row.

    Returns None without changing anything if they do depend on each other, or fail.
    """
    data.require_fit(network)
    sequences = data.filled if data.clear else data.inputs
    if len(sequences) == 1 or (not data.clear and network.has_memory):
        return None
    costs = np.zeros(len(data.inputs))
    judge = engine.exact.Judge(data.targets.reshape(-1), cost.code, costs)
    outputs = network._side_by_side(data.inputs, data.bounds, True, threads, judge)
    if outputs is None:
        return None
    # what the last step leaves includes, in rows, the one before and the last errors
    start = int(data.bounds[data.filled[-1]])
    if not data.clear:
        judged = np.flatnonzero(data.has_target)
        start = min([len(costs) - 2, *judged[-1:].tolist()])
    if network._recorder is not None:
        start = 0
    last = data if start == 0 else data.rows(start, len(costs), data.clear)
    network._skip_steps(start)
    run_epoch(network, last, cost)
    return outputs, costs


def run_epochs(
    network: Network,
    data: Data,
    epochs: Epochs,
    cost: Cost,
    *,
    learn: bool = True,
    updates: Accumulator | None = None,
    plan: Plan | None = None,
    renewal: RenewalArguments | None = None,
    batch: NDArray[np.int64] | None = None,
) -> tuple[int, float, int]:
    """Run the network over the data in one compiled call.

    With `updates`, updates are added to them and weights do not change. With a `batch`
    of the online rule, weights change by gradient descent at the end of each batch.
    With a `plan`, updates are exact gradients by its sensitivities, and otherwise they
    are those of the online rule. `renewal` determines which neurons are renewed.
    Returns the number of complete epochs, and for the latest epoch the summed cost and
    the number of steps with a target.
    """
    data.require_fit(network)
    _, store, span = network._lowered()
    recorder = network._recorder
    training = _arguments(network, data, epochs, cost, learn, renewal)
    buffers: tuple[Any, ...] = ()
    if plan is not None:
        kernels = engine.rtrl.loops.kernels_for(plan, updates)
    else:
        quiet = learn and updates is None and recorder is None
        index = network._quiet_index if quiet else None
        kernels = (
            engine.online.kernels_for(store, span, updates)
            if index is None
            else engine.quiet.kernels_for(store, span, index)
        )
        before = np.empty(store.n_connections), np.empty(store.n_neurons)
        batch = engine.online.new_batch() if batch is None else batch
        buffers = ((*before, batch),)
    # rtrl has another in the place of each
    is_sparse = isinstance(data.inputs, _checks.SparseRows)
    kernel = engine.online.train_sparse if is_sparse else engine.online.train_network
    if recorder is not None:
        call = partial(network._call_in_use, kernels, kernel)
        return _run_by_steps(network, data, call, plan, training, buffers)
    _, done, total, steps = network._call_in_use(kernels, kernel, training, *buffers)
    return int(done), total, int(steps)


def _run_by_steps(
    network: Network,
    data: Data,
    call: Callable[..., Any],
    plan: Plan | None,
    training: engine.online.TrainingArguments,
    buffers: tuple[Any, ...],
) -> tuple[int, float, int]:
    """Run the only epoch of a recorded network by the same call for each row, because
    kernels record nothing. Between rows, only the context and the updated values are
    kept.
    """
    (order,) = training.epochs.orders
    begins = data.bounds[:-1][order]
    rows = concat_ranges(begins, data.lengths[order])
    # rows before which the context is cleared
    fresh = set(begins[training.continued :].tolist())
    network._recorder.make_room(len(rows))
    total, steps, done = 0.0, 0, 0
    for row in rows.tolist():
        part = slice(row, row + 1)
        step = training._replace(
            inputs=kernel_rows(data.inputs[part], True),
            targets=data.targets[row],
            has_target=data.has_target[part],
            bounds=np.array([0, 1], np.int64),
            continued=int(row not in fresh),
            epochs=training.epochs._replace(orders=np.zeros((1, 1), np.int64)),
        )
        _, done, cost, judged = call(step, *buffers)
        total, steps = total + cost, steps + int(judged)
        network._recorder.stepped(plan, training.learn and judged and isfinite(cost))
        if not done:
            break
    training.epochs.losses[0] = total / steps if steps else nan
    return int(done), total, steps


def _arguments(
    network: Network,
    data: Data,
    epochs: Epochs,
    cost: Cost,
    learn: bool,
    renewal: RenewalArguments | None,
) -> engine.online.TrainingArguments:
    """Return the arguments of `train_network` that all rules share."""
    buffered = max(OUTPUTS_PER_CHUNK, network._n_outputs)
    rates = epochs.rates.astype(network._store.dtype, copy=False)
    return engine.online.TrainingArguments(
        inputs=kernel_rows(data.inputs, True),
        targets=data.targets.reshape(-1),
        has_target=data.has_target,
        bounds=data.bounds,
        continued=int(data.continued) if data.clear else data.sequences,
        epochs=epochs._replace(rates=rates),
        cost=cost.code,
        learn=learn,
        buffer=np.empty(buffered * engine.online.FIELDS_PER_OUTPUT),
        renewal=renewal or engine.online.NOTHING_RENEWED,
    )
