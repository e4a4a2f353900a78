"""The exact gradient of any network, by backpropagation through time.

Several sequences are computed side by side on tapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import inf, nan
from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._checks import (
    MAX_THREADS,
    boolean,
    choice,
    positive_integer,
    suggests_arguments,
)
from .._cost import GIVEN, Cost, SequenceCost
from .._registration import require_sound
from .._typing import Floats, Ints
from ..engine.locking import ExclusiveAccess, raise_interrupt
from ..engine.lowering.flags import DENSE, SHARED, STEPPED
from ..engine.lowering.ranges import concat_ranges
from ..engine.records import Span, Ties
from ..engine.redirected_table import RedirectedTable
from ..engine.schema import CHUNK, ENDED, GIVEN_SLOPES
from ..engine.status import DIVERGED, DONE
from ..errors import ArgumentError, DivergenceError, TopologyError
from ..objects import parameters
from ..objects.edits import require_closed
from ..objects.network import Network, require_network
from ..objects.side_by_side import kernel_rows
from ..objects.threads import beside, computing, threads_that_pay, work_of
from ._data import (
    MAX_CACHED_BYTES,
    Data,
    cost_of,
    prepare,
    prepare_sequences,
    row_weights,
    without_targets,
    write_slopes,
)
from ._loss_gradient import Gradient, wiring_of
from ._parameters import ADVICE
from ._regularisation import Masks

Descent = tuple[float, Floats, Floats]
"""A loss, and its negative gradient with respect to weights and biases."""
Group = tuple[Any, int, Floats | None]
"""A `SampleGroup`, its number of lanes, and the factors of its activations."""
WHOLE_WINDOW = 2**62  # a window longer than any sequence
NO_WEIGHTS = np.zeros(0)
OfGroup = Callable[[int, Group], Any]
"""Function that computes a group on the tapes with a number."""
PER = ("sequence", "step")
"""Units over which a loss is averaged. The first is the default."""
GROUPS_PER_THREAD = 16
"""Number of groups per thread whose gradients are in memory together."""
SAMPLE_TAPE_STEPS = 16
"""Number of steps on a tape for independent samples. According to ``python -m
benchmarks.variants _gradient.SAMPLE_TAPE_STEPS``, rows take 1.02 to 1.57 times as long
with a tenth, and 0.98 to 1.05 times with ten times."""


@suggests_arguments(
    "gradient",
    void=[
        (name, "output_gradient", lambda given: given["output_gradient"] is not None)
        for name in ("sample_weight", "per")
    ],
)
def gradient(
    network: Annotated[Network, require_network],
    inputs: Any,
    targets: Any = None,
    cost: str | Cost | None = None,
    *,
    output_gradient: Any | None = None,
    sample_weight: Any | None = None,
    per: Annotated[
        Literal["sequence", "step"], partial(choice, options=PER)
    ] = "sequence",
    per_sample: Annotated[bool, boolean] = False,
    window: int | None = None,
    keep_context: Annotated[bool, boolean] = False,
    threads: int | None = None,
) -> Gradient:
    """Compute the exact gradient of a network's loss by backpropagation through time,
    for any topology.

    The loss of a sequence is its cost, summed over its steps and outputs. The loss of
    several sequences is the mean. With ``per="step"``, the loss is the mean cost of a
    step, as returned by :meth:`Trainer.test`.

    Errors follow every connection and every gate to all earlier steps, also through
    self-connections and backward connections (Werbos 1990), whereas the online rule
    omits some of these paths. The network and its context do not change, except that
    random neurons draw from their streams unless they are deterministic.

    Parameters
    ----------
    network : Network
        The network. Its neurons must not be connected to neurons outside it.
    inputs, targets : array_like
        One sequence, shapes (T, n) and (T, m), or several sequences, as an array of
        shape (S, T, n) or a list of arrays (T_i, n) of any lengths. NaN in the targets
        means that this output has no target at this step. Rows of samples for a network
        without memory are one sequence, too. With a cost of whole sequences, `targets`
        is a list of one object per sequence (or sample).
    cost : str or Cost, optional
        The cost. Default: the cost that matches the outputs, as in
        :meth:`Network.propagate`.
    output_gradient : array_like, optional
        Derivatives dL/dy of your own loss with respect to the outputs, in the form of
        ``net.run(inputs)``, instead of `targets` and `cost`. The result is dL/dw, by
        the chain rule. These slopes have the opposite sign of ``errors=`` in other
        calls, which are targets minus outputs.
    sample_weight : array_like, optional
        Factors of the costs, at least 0, one for each sequence, or one for each step in
        the form of the rows of the inputs: (T,), (S, T), or a list of (T_i,). To mask a
        step, set its factor to 0.
    per : {"sequence", "step"}
        Unit over which the loss is averaged, see above. A step counts as much as its
        weight, but not if it has no target. Default: "sequence".
    per_sample : bool
        Whether to return a separate gradient for each sequence, or for each row of
        samples if the network has no memory. Default: False.
    window : int, optional
        Number of steps after which the gradient is truncated. Each sequence is divided
        into windows of this length, and no error passes from a window to the previous
        one. Default: no truncation.
    keep_context : bool
        Whether every sequence begins with the network's present states and activations
        instead of a cleared context. Default: False.
    threads : int, optional
        Maximum number of threads. The result is identical for any number. Default: as
        many as there are cores, if that saves time.

    Returns
    -------
    Gradient
        The loss with its derivatives. With `per_sample`, its arrays have one row for
        each sample.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the data do not fit the network or the cost, or an argument is invalid.
    TopologyError
        If the network is connected to neurons outside it.
    DivergenceError
        If a number leaves the finite range. The message names the step and the neuron.
    FunctionError
        If a registered squash or cost raises an exception.

    See Also
    --------
    compare_gradients : Compare the online rule with this gradient.
    Trainer : Train by this gradient with ``rule="bptt"``.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, seed=0)
    >>> result = gradient(net, [[0.0, 1.0], [1.0, 1.0]], [[np.nan], [1.0]])
    >>> result
    <Gradient: loss 0.711687, norm 0.596024, 75 weights>
    >>> len(result.weights) == len(net.connections)
    True
    >>> net = architect.Perceptron(2, 3, 1, seed=0)
    >>> rows, aims = [[0.0, 1.0], [1.0, 1.0]], [[0.0], [1.0]]
    >>> each = gradient(net, rows, aims, per_sample=True)
    >>> each.weights.shape
    (2, 9)
    >>> mean = gradient(net, rows, aims, per="step")
    >>> bool(np.allclose(each.weights.mean(axis=0), mean.weights))
    True
    """
    data, measure = _prepared(
        network, inputs, targets, cost, output_gradient, per_sample
    )
    factors = row_weights(data, sample_weight, None, len(network.output))
    if per != PER[0] and isinstance(measure, SequenceCost):
        raise ArgumentError(
            f"Expected per={PER[0]!r} for the cost {measure.name}, which is defined"
            f" for a whole sequence, got {per!r}."
        )
    # another thread cannot get them, too
    exact = _known.pop(network, None)
    if threads is not None:
        threads = positive_integer("threads", threads, MAX_THREADS)
    with ExclusiveAccess(network):
        exact = exact or ExactGradient(network, data)
        exact.network = network
        exact.threads = threads
        exact.take(data, factors)

        def of(chosen: Ints) -> tuple[float, Floats, Floats]:
            parts = len(chosen)
            if per != PER[0]:
                counted = data.by_sequence(data.counted(factors), chosen)
                parts = sum(part.sum() for part in counted)
            if not parts:
                exact.begin()  # an edit may have changed the rows
                return 0.0, np.zeros(len(exact.rows)), np.zeros(len(network))
            share = np.full(len(chosen), 1.0 / parts)
            loss, weights, biases = exact.descent(
                chosen, share, measure, checked_window(window), keep_context
            )
            return loss, *exact.slopes(weights, biases)

        filled = data.filled
        if per_sample:
            each = [of(filled[filled == sample]) for sample in range(data.sequences)]
            numbers: Any = map(np.array, zip(*each, strict=True))
        else:
            numbers = of(filled)
        if exact.nbytes <= MAX_CACHED_BYTES and exact._recorded is None:
            del (
                exact.network,
                exact._lowered,
            )  # they would keep the network alive, and a store that it left
            exact._tables.clear()
            _known[network] = exact
        loss, weights, biases = numbers
        return Gradient(loss, weights, biases, wiring_of(network))


def _prepared(
    network: Network,
    inputs: Any,
    targets: Any,
    cost: Any,
    slopes: Any | None,
    per_sample: bool,
) -> tuple[Data, Cost]:
    """Check the data of :func:`gradient`, and return them with the cost."""
    if slopes is None:
        measure = cost_of(network, cost)
        apart = per_sample or isinstance(measure, SequenceCost)
        lay_out = prepare if apart else prepare_sequences
        return lay_out(network, inputs, targets, measure).as_sequences(), measure
    if targets is not None or cost is not None:
        raise ArgumentError(
            "Expected targets and a cost, or output_gradient, got both. Leave the"
            " targets and the cost out."
        )
    data = without_targets(network, inputs).as_sequences()
    write_slopes("output_gradient", slopes, data, data.filled)
    return data, GIVEN


_known: WeakKeyDictionary[Network, ExactGradient] = WeakKeyDictionary()
"""The layout that the latest call of :func:`gradient` has prepared for a network."""


# --- the workspace --------------------------------------------------------------------


def checked_window(window: int | None) -> int:
    """Return the window in the form for kernels."""
    return (
        WHOLE_WINDOW
        if window is None
        else min(WHOLE_WINDOW, positive_integer("window", window, inf))
    )


def not_finite() -> DivergenceError:
    """Return the error for a product of an error and an activation that is not
    finite.
    """
    return DivergenceError(
        "The gradient of a weight, an error times an activation, left the finite"
        f" range. {ADVICE}"
    )


class ExactGradient:
    """Backpropagation through time over some data, with tapes that are reused between
    calls.

    The network must not be connected to neurons outside it. Each call takes some of the
    sequences and computes groups of them at the same time, on `threads` threads, by
    default as many as save time. `weights`, shape (rows,), weigh the cost of each row,
    by default by 1. `whole` is whether masks are those of whole sequences, whose steps
    then stay together.
    """

    def __init__(
        self,
        network: Network,
        data: Data,
        threads: int | None = None,
        weights: Floats | None = None,
        whole: bool = False,
    ) -> None:
        self.network = network
        self.threads = threads
        self._whole = whole
        self._structure = 0
        self._tapes: dict[tuple[int, int, bool], engine.exact.Tapes] = {}
        self._tables: dict[Any, RedirectedTable] = {}  # with the lists of each tapes
        self.take(data, weights)
        self._refresh_layout()

    def take(self, data: Data, weights: Floats | None) -> None:
        """Continue with other data."""
        self.data = data
        self.weights = NO_WEIGHTS if weights is None else weights
        self._inputs = kernel_rows(data.inputs, True, self.network.dtype)
        self._targets = data.targets.reshape(-1)

    def _refresh_layout(self) -> None:
        """Compute everything that depends on the topology."""
        network = self.network
        require_closed(network, "trained by gradients")
        self.data.require_fit(network)
        self._topology = network._version
        self.lanes = engine.schema.SIDE_BY_SIDE[network.dtype]
        self.independent_steps = not (network.has_memory or self._whole)
        self.few = 0
        if not self.independent_steps and self._is_dense():
            self.few = 1 + self.lanes // 8
        if self._structure != network._store.structure_version:
            self._structure = network._store.structure_version
            self._tapes.clear()
        for tapes in self._tapes.values():
            tapes.clear()
        self._tables.clear()
        self._recorded: RecordedSteps | None = (
            None  # what a recording takes from the present call
        )
        self._rows: Ints | None = None

    @property
    def nbytes(self) -> int:
        """Size of the data and tapes in bytes."""
        parts = self.data.inputs, self.data.targets, *self._tapes.values()
        return sum(array.nbytes for array in parts)

    @property
    def rows(self) -> Ints:
        """Rows of the network's connections, for the topology of the latest call."""
        if self._rows is None:
            self._rows = self.network._connection_rows()
        return self._rows

    def has_shared_gaters(self) -> bool:
        """Return whether tiles of neurons have gaters. The tiles' errors, scaled by the
        gaters, then have a single position on the tapes, to which two threads would
        write.
        """
        return bool((self.network._of_runs("run_kind") == SHARED).any())

    def _is_dense(self) -> bool:
        """Return whether most connections lead to neurons with the same sources.

        Because a single sample can fill vector registers only with such connections,
        two or three samples are then quicker one after another than with idle lanes.
        """
        of_runs = self.network._of_runs
        kinds = of_runs("run_kind")
        lengths = of_runs("run_length").astype(np.int64)
        dense = (kinds == DENSE) | (kinds == SHARED)
        dense &= of_runs("run_flags") & STEPPED == 0
        return bool(lengths[dense].sum() > lengths[~dense].sum())

    def split(self, count: int) -> Iterator[tuple[slice, int]]:
        """Divide `count` samples into groups, yielding the samples of each and its
        number of lanes.
        """
        start = 0
        while start < count:
            width = self.lanes if count > 1 and count - start > self.few else 1
            stop = min(
                count,
                start + width * (SAMPLE_TAPE_STEPS if self.independent_steps else 1),
            )
            yield slice(start, stop), width
            start = stop

    def begin(self) -> None:
        """Prepare for the present topology. The caller has the network in use."""
        if self._topology != self.network._version:
            self._refresh_layout()
        self._lowered = (
            self.network._lowered()
        )  # lower now: the computing threads cannot
        self.network._column("failed")[0] = 0.0
        for table in self._tables.values():
            table.renewed()

    def slopes(self, weights: Floats, biases: Floats) -> tuple[Floats, Floats]:
        """Return the derivatives of a descent with respect to weights and biases, in
        the order of the network. Members of a tie get their sum.
        """
        _, store, span = self._lowered
        neurons = slice(int(span[Span.START]), int(span[Span.STOP]))
        return (
            -parameters.sum_of_group(store["tie"], self.rows, weights[self.rows]),
            -parameters.sum_of_group(store["bias_tie"], neurons, biases),
        )

    def descent(
        self,
        chosen: NDArray[Any],
        share: Floats,
        cost: Cost,
        window: int,
        context: bool = False,
        masks: Masks | None = None,
    ) -> Descent:
        """Compute the loss of the given sequences, weighted by `share`, and its
        negative gradient.

        Errors pass through at most `window` steps. With `context`, each sequence begins
        with the network's present context instead of a cleared one. `masks` draws the
        factors of activations (dropout). The gradient, by rows of the store and by
        neurons of the network, is overwritten by the next call. The caller has the
        network in use.
        """
        self.begin()
        recorder = self.network._recorder
        self._recorded = None
        if cost.code == GIVEN_SLOPES:
            share = np.ones(len(chosen))
        if recorder is not None:
            self._recorded = RecordedSteps(
                self.data, chosen, share, len(self.network), self.network._n_inputs
            )
        groups = list(self._groups(chosen, share, window, masks))
        threads = self._threads(groups)
        run_group = partial(self._one, cost=cost, context=context, copied=threads > 1)
        loss = 0.0 if cost is not GIVEN else nan
        if isinstance(cost, SequenceCost):
            loss = self._computed_by(cost, groups, chosen, threads, context)
        for number, (thread, descent) in enumerate(
            self._each(groups, run_group, threads)
        ):
            group_loss, by_weight, by_bias = descent
            samples, width, _ = groups[number]
            tapes = self._tapes[thread, width, self._recorded is not None]
            self._latest = tapes, int(samples.steps)
            loss += group_loss
            if number == 0:
                several = len(groups) > 1  # the next group overwrites these
                weights, biases = (
                    (by_weight.copy(), by_bias.copy())
                    if several
                    else (by_weight, by_bias)
                )
            else:
                weights += by_weight
                biases += by_bias
            raise_interrupt()
        if not np.isfinite(weights.sum() + biases.sum()):
            raise not_finite()
        if self._recorded is not None:
            recorder.add(self._recorded.numbers)
        return loss, weights, biases

    def _computed_by(
        self,
        cost: SequenceCost,
        groups: list[Group],
        chosen: NDArray[Any],
        threads: int,
        context: bool,
    ) -> float:
        """Run forward and return a cost of whole sequences, whose derivatives replace
        the targets.
        """
        outputs = np.empty_like(self.data.targets)

        def run_group(number: int, group: Group) -> None:
            samples, width, mask = group
            forward = samples._replace(window=np.int64(0)), width, mask
            status, loss, bad, tapes = self._through(number, forward, cost, context)
            steps = int(samples.steps)
            if status != DONE:
                raise self.divergence(status, tapes, loss, bad, steps)
            row = tapes["row"][: steps * width].reshape(steps, width)
            last = tapes.steps_of("activation", steps)[..., -outputs.shape[1] :]
            outputs[row[row != ENDED]] = last[row != ENDED]

        # random neurons draw the same numbers again
        positions = self.network._column("random")
        before = positions.copy()
        for _ in self._each(groups, run_group, threads):
            raise_interrupt()
        positions[:] = before
        assert self.data.items is not None
        items = [self.data.items[index] for index in chosen]
        loss, slopes = cost._compute(self.data.by_sequence(outputs, chosen), items)
        if self.network._version != self._topology:
            raise TopologyError(
                f"The cost {cost.name} has edited {self.network!r}. Edit it in a"
                " callback, between two epochs."
            )
        write_slopes(f"The slopes of the cost {cost.name}", slopes, self.data, chosen)
        return loss

    def losses(self, cost: Cost) -> Callable[[], float]:
        """Return a function that sums the cost of all sequences, from a cleared
        context, without a gradient.

        Weights and biases may change between its calls, but not the topology. The sum
        may be infinite or NaN.
        """
        with ExclusiveAccess(self.network):
            self.begin()
            sequences = self.data.filled
            groups = list(self._groups(sequences, np.ones(len(sequences)), 0, None))
        run_group = partial(self._loss, cost=cost)

        def summed() -> float:
            total = 0.0
            with ExclusiveAccess(self.network):
                for _, loss in self._each(groups, run_group, self._threads(groups)):
                    total += loss
            return total

        return summed

    def _each(
        self, groups: list[Group], run_group: OfGroup, threads: int
    ) -> Iterator[tuple[int, Any]]:
        """Call `run_group` for each group with the number of the thread, yielding that
        number and the result, in order.
        """
        if threads == 1:
            for group in groups:
                yield 0, run_group(0, group)
            return
        with computing(threads, self.threads is None) as threads:
            for start in range(0, len(groups), GROUPS_PER_THREAD * threads):
                some = groups[start : start + GROUPS_PER_THREAD * threads]
                yield from self._side_by_side(some, run_group, threads)

    def _threads(self, groups: list[Group]) -> int:
        """Return the number of threads for a batch of these groups."""
        if len(groups) == 1 or self.network._is_random:  # they draw in order
            return 1
        if self.threads is not None:
            return min(self.threads, len(groups))
        _, store, _ = self._lowered
        rows = sum(int(samples.lengths.sum()) for samples, _, _ in groups)
        work = work_of(store.n_connections, store.dtype.itemsize, rows)
        return min(threads_that_pay(work, work), len(groups))

    def _side_by_side(
        self, groups: list[Group], run_group: OfGroup, threads: int
    ) -> Iterator[tuple[int, Any]]:
        """Yield the results of `_each` after threads have computed all groups, each on
        its own tapes.
        """
        left = iter(range(len(groups)))  # Python's lock makes `next` indivisible
        answers: dict[int, tuple[int, Any] | Exception] = {}

        def take(number: int) -> None:
            for index in left:
                try:
                    answers[index] = number, run_group(number, groups[index])
                except Exception as error:
                    answers[index] = error
                    break
                raise_interrupt()  # in the main thread

        calls = [partial(take, number) for number in range(1, threads)]
        with beside(calls, partial(list, left)):
            take(0)
        for index in range(len(groups)):
            answer = answers[index]  # those before the first error are complete
            if isinstance(answer, Exception):
                raise answer
            yield answer

    def _groups(
        self, chosen: NDArray[Any], share: Floats, window: int, masks: Masks | None
    ) -> Iterator[Group]:
        """Group sequences of similar length. Independent steps fill the lanes one after
        the other.
        """
        begins = self.data.bounds[:-1][chosen]
        lengths = self.data.bounds[1:][chosen] - begins
        several = len(self.data.inputs) > len(self.data.filled)
        if self.independent_steps and several:
            rows = concat_ranges(begins, lengths)
            begins, lengths, share = rows, np.ones_like(rows), np.repeat(share, lengths)
        elif several and (lengths != lengths[0]).any():
            order = np.argsort(-lengths, kind="stable")
            # longest first
            begins, lengths, share = (begins[order], lengths[order], share[order])
        for here, width in self.split(len(begins)):
            count = here.stop - here.start
            longest = lengths[here.start]
            if self.independent_steps:
                steps = -(-count // width)
                full = count % width == 0
            else:
                steps = int(longest)
                full = count == width and lengths[here][-1] == longest
            mask = None if masks is None else masks(steps, width)
            samples = engine.exact.SampleGroup(
                begins=begins[here],
                lengths=lengths[here],
                shares=share[here],
                weights=self.weights,
                steps=np.int64(steps),
                window=np.int64(window),
                independent_steps=self.independent_steps,
                ragged=not full,
                masked=mask is not None,
                recorded=self._recorded is not None,
                stop=np.int64(steps),
            )
            yield samples, width, mask

    def _one(
        self, number: int, group: Group, *, cost: Cost, context: bool, copied: bool
    ) -> Descent:
        """Compute the descent of one group on the tapes with this number. Their next
        group overwrites it unless it is `copied`.
        """
        status, loss, bad, tapes = self._through(number, group, cost, context)
        steps = int(group[0].steps)
        if status != DONE:
            raise self.divergence(status, tapes, loss, bad, steps)
        if self._recorded is not None:
            self._recorded.take(tapes, steps)
        updates = tapes["weight_update"], tapes["bias_update"]
        by_weight, by_bias = (each.copy() for each in updates) if copied else updates
        return loss, by_weight, by_bias

    def _loss(self, number: int, group: Group, *, cost: Cost) -> float:
        """Compute the cost of one group, which may be infinite or NaN."""
        status, loss, bad, tapes = self._through(number, group, cost, False)
        if status not in (DONE, DIVERGED):
            raise self.divergence(status, tapes, loss, bad, int(group[0].steps))
        return loss

    def _through(
        self, number: int, group: Group, cost: Cost, context: bool
    ) -> tuple[int, float, int, engine.exact.Tapes]:
        """Run one group on the tapes with this number, and return the result of the
        kernel with the tapes.
        """
        samples, width, mask = group
        tapes = self.tapes_of(number, width, int(samples.steps))
        start = engine.exact.context_of(*self._lowered[1:]) if context else None
        tapes.begin(start, mask)
        ended = engine.exact.gradient_network(
            *self.arguments(width, tapes, samples, cost)
        )
        return *ended, tapes

    def activity(self) -> Floats:
        """Return the mean absolute activation of every neuron in the latest group."""
        tapes, steps = self._latest
        there = tapes["row"][: steps * tapes.width].reshape(steps, tapes.width) != ENDED
        return np.abs(tapes.steps_of("activation", steps)[there]).mean(axis=0)

    def arguments(
        self,
        width: int,
        tapes: engine.exact.Tapes | engine.exact.SharedTapes | None,
        samples: Any,
        cost: Cost,
    ) -> engine.exact.DescentArguments:
        """Return the arguments of the kernel for some samples, `width` in a group."""
        address, store, span = self._lowered
        if tapes is not None and len(tapes.touched):
            if tapes not in self._tables:
                self._tables[tapes] = engine.exact.table_with_lists(
                    store, width, touched=tapes.touched
                )
            address = self._tables[tapes].address
        return engine.exact.DescentArguments(
            table=address,
            scalar=store.scalar,
            tape_table=0 if tapes is None else tapes.address,
            tag=(0,) * width,
            span=span,
            inputs=self._inputs,
            targets=self._targets,
            samples=samples,
            cost=cost.code,
            n_updates=store.n_connections,
        )

    def tapes_of(self, number: int, width: int, steps: int) -> engine.exact.Tapes:
        """Return the tapes with this number, after replacing them by longer ones if
        they are too short.
        """
        key = number, width, self._recorded is not None
        if key in self._tapes and self._tapes[key].steps < steps:
            # first, as both together may not fit into memory
            self._tables.pop(self._tapes.pop(key), None)
        if key not in self._tapes:
            network = self.network
            _, store, span = self._lowered
            # Those of the next batch may be longer.
            padded = steps if self.independent_steps else -(-steps // CHUNK) * CHUNK
            self._tapes[key] = engine.exact.Tapes(
                network.dtype,
                width,
                padded,
                len(network),
                len(network.output),
                len(network._column("weight")),
                depth=engine.exact.context_depth(store, span),
                recorded=self._recorded is not None,
                touched=store.n_neurons * bool(store["ties"][Ties.LISTS]),
            )
        return self._tapes[key]

    def divergence(
        self, status: int, tapes: engine.exact.Tapes, loss: float, bad: int, steps: int
    ) -> DivergenceError:
        """Return the error that names the neuron, step and sequence of a number out of
        range.
        """
        failed = self.network._column("failed")
        require_sound(
            status,
            failed if failed[0] else tapes["failed"],
            "The weights are as before.",
        )
        quantity, step, index = tapes.beyond(loss, bad, steps)
        if index is None:
            return DivergenceError(f"{quantity} left the finite range. {ADVICE}")
        neuron, lane = index
        row = tapes["row"][step * tapes.width + lane]
        sequence = int(np.searchsorted(self.data.bounds, row, "right")) - 1
        of = f" of sequence {sequence}" if self.data.sequences > 1 else ""
        step = int(row - self.data.bounds[sequence])
        return DivergenceError(
            f"{quantity} of {self.network[neuron]!r} left the finite range in step"
            f" {step}{of}. {ADVICE}"
        )


COLUMNS = {
    "activation": "activation",
    "state": "recorded_state",
    "derivative": "recorded_slope",
    "responsibility": "recorded_error",
}
"""Quantities that an exact gradient computes, and their columns on the tapes."""


class RecordedSteps:
    """The quantities of all steps, sequence by sequence. Errors do not include the
    `share` in the loss.
    """

    def __init__(
        self, data: Data, chosen: NDArray[Any], share: Floats, neurons: int, inputs: int
    ) -> None:
        begins = data.bounds[:-1][chosen]
        lengths = data.bounds[1:][chosen] - begins
        rows = concat_ranges(begins, lengths)
        self._place = np.zeros(len(data.inputs), np.int64)  # by row of the data
        self._place[rows] = np.arange(len(rows))
        self._share = np.repeat(share, lengths)
        self._inputs = inputs
        self.numbers = {name: np.full((len(rows), neurons), np.nan) for name in COLUMNS}

    def take(self, tapes: engine.exact.Tapes, steps: int) -> None:
        """Copy the samples from these tapes. Several threads may do so at the same
        time.
        """
        row = tapes["row"][: steps * tapes.width].reshape(steps, tapes.width)
        there = row != ENDED
        index = self._place[row[there]]
        for name, column in COLUMNS.items():
            self.numbers[name][index] = tapes.steps_of(column, steps)[there]
        for name in (
            "derivative",
            "responsibility",
        ):  # inputs take their activation from the data
            self.numbers[name][index[:, None], np.arange(self._inputs)] = 0.0
        self.numbers["responsibility"][index] /= self._share[index][:, None]
