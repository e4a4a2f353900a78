"""Stepping: methods by which a network activates, with and without traces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NoReturn, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks as checks, engine
from .._checks import is_row
from .._typing import Floats
from ..engine import online
from ..engine.locking import ExclusiveAccess, atomic, raise_interrupt
from ..engine.records import Span, Ties
from ..engine.schema import NONE
from ..engine.status import DIVERGED, DONE, REFUSED, ROW
from ..errors import ArgumentError, DivergenceError, TopologyError
from .calling import Calling
from .facts import fact
from .layer import Layer
from .neuron import Neuron
from .side_by_side import SideBySide, kernel_rows

# --- currents -------------------------------------------------------------------------


Currents = Mapping[Any, ArrayLike]
"""Currents by the name of a layer or a neuron, or by the object itself."""


def currents_of(
    network: Any, title: str, inject: Any, steps: int | None
) -> tuple[NDArray[np.int64], Floats]:
    """Return the store rows of the neurons that get a current, and the currents in
    shape (steps, neurons).

    The caller has the network in use. If `steps` is None, `inject` contains the
    currents of a single step. `title` is the argument's name in messages.
    """
    _, _, span = network._lowered()
    checks.require_type(
        isinstance(inject, Mapping),
        title,
        "a dict of currents by the name of a layer or a neuron",
        inject,
    )
    dtype = network._store.dtype
    length = 1 if steps is None else steps
    parts = []
    for key, values in inject.items():
        rows = _rows_of(network, key, span)
        part = f"{title}[{checks.short_repr(key)}]"
        numbers = checks.finite_array(part, values, dtype)
        parts.append((rows, _in_shape(part, numbers, steps, len(rows))))
    at = np.unique(np.concatenate([rows for rows, _ in parts] or [span[:0]]))
    currents = np.zeros((length, len(at)))
    for rows, numbers in parts:  # a neuron that is named twice gets both
        currents[:, np.searchsorted(at, rows)] += numbers
    return at, currents


def _rows_of(network: Any, key: Any, span: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the store rows of a layer or a neuron in a network, given by name or as an
    object.
    """
    target = network[key] if isinstance(key, str) else key
    checks.require_type(
        isinstance(target, Layer | Neuron),
        "A key of `inject`",
        "the name of a layer or a neuron",
        key,
    )
    neurons = list(target) if isinstance(target, Layer) else [target]
    rows = np.array([neuron._row for neuron in neurons], np.int64)
    start, stop = span[Span.START], span[Span.STOP]
    within = all(neuron._store is network._store for neuron in neurons)
    if not within or (rows < start).any() or (rows >= stop).any():
        raise ArgumentError(f"{target!r} of `inject` is not in {network!r}.")
    return rows


def _in_shape(title: str, numbers: Floats, steps: int | None, size: int) -> Floats:
    """Return currents in shape (steps, size), or raise ArgumentError."""
    if numbers.ndim == 0:
        return numbers
    if steps is None and numbers.shape == (size,):
        return numbers
    if steps is not None and numbers.shape == (steps, size):
        return numbers
    if steps is not None and numbers.shape == (steps,):
        return numbers[:, None]
    shape = f"shape ({size},)" if steps is None else f"shape ({steps}, {size})"
    got = f"shape {numbers.shape}"
    raise ArgumentError(checks.must(title, f"be a number or have {shape}", got))


def equal_stretches(currents: Floats) -> Iterable[tuple[int, int]]:
    """Return start and stop of each range of steps with equal currents."""
    changes = np.flatnonzero((currents[1:] != currents[:-1]).any(axis=1)) + 1
    return pairwise([0, *changes.tolist(), len(currents)]) if len(currents) else ()


NOTHING = np.empty(0)
SEVERAL = -1
"""Replaces an input's index if several inputs have the same name."""


class Stepping(Calling):
    """The methods by which a network activates."""

    # when its last output activated in its latest run without traces, which kernels
    # write; None: there was none
    _untraced: NDArray[np.int64] | None = None
    # names of its inputs, and the index of each
    _names_of_inputs: tuple[list[str | None], dict[str, int]] = ([], {})

    def activate(
        self,
        inputs: ArrayLike | Mapping[Any, float] | None = None,
        *,
        inject: Currents | None = None,
    ) -> Floats:
        """Run one step of the network.

        Parameters
        ----------
        inputs : array_like, shape (n,), or mapping, optional
            One number per input neuron. To omit zeros, pass a dict from the index or
            name of an input neuron to its number. Default: the input neurons compute
            their activations from their incoming connections. A contiguous float64
            array is not copied, whereas lists, tuples, float32 and non-contiguous
            arrays are.
        inject : mapping, optional
            Currents by name, such as ``{"cells": 0.5}``. They are added to the states
            of a layer or a neuron in this step. A layer gets one number for all of its
            neurons, or one for each. See :meth:`run`. Default: no currents.

        Returns
        -------
        ndarray, shape (m,)
            The activations of the output neurons.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs are not n finite numbers, or if a current has another shape or
            its name does not belong to a layer or neuron. Nothing has changed then.
        FunctionError
            If a registered activation function raises an error. Call :meth:`clear` then
            to discard this step.

        See Also
        --------
        run : Run many steps in one compiled call.
        propagate : Learn from the error of this step.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net.activate([0.0, 1.0]).round(2)
        array([0.41])
        """
        row: Any = inputs
        if not is_row(inputs, self._n_inputs):
            row = self._input_row(inputs)
        if inject is not None:
            return self._run_injected(row, None, inject)
        outputs = np.empty(self._n_outputs)
        if self._call(online.run_network, 1, (row, outputs)) != DONE:
            self._refuse_inputs(row)
        return outputs

    @atomic
    def _inputs_by_name(self) -> dict[str, int]:
        """Return the index of each named input, or SEVERAL if inputs share a name.
        Because names may change at any time, they are compared.
        """
        _, store, span = self._lowered()
        start = span[Span.START]
        names = store.names[start : start + self._n_inputs]
        if self._names_of_inputs[0] != names:
            by_name = {name: index for index, name in enumerate(names) if name}
            counts = Counter(names)
            by_name |= {name: SEVERAL for name in by_name if counts[name] > 1}
            self._names_of_inputs = names, by_name
        return self._names_of_inputs[1]

    def _input_row(self, inputs: ArrayLike | Mapping[Any, float] | None) -> Floats:
        """Return the inputs of one step for kernels, which check that they are
        finite.
        """
        if inputs is None:
            return NOTHING
        if type(inputs) not in checks.LISTS and isinstance(inputs, Mapping):
            # inputs that the mapping leaves out are 0: a single step sets all anyway
            is_named = any(isinstance(key, str) for key in inputs)
            by_name = self._inputs_by_name() if is_named else {}
            return checks.row_of_mapping("inputs", inputs, by_name, self._n_inputs)
        return checks.row_of("inputs", inputs, self._n_inputs)

    @overload
    def run(
        self,
        inputs: list[NDArray[Any]],
        *,
        traces: bool = True,
        inject: Currents | Sequence[Currents] | None = None,
        threads: int | None = None,
        learn: bool = False,
        modulator: Any = None,
    ) -> list[Floats]: ...
    @overload
    def run(
        self,
        inputs: ArrayLike,
        *,
        traces: bool = True,
        inject: Currents | Sequence[Currents] | None = None,
        threads: int | None = None,
        learn: bool = False,
        modulator: Any = None,
    ) -> Floats: ...
    def run(
        self,
        inputs: Any,
        *,
        traces: bool = True,
        inject: Currents | Sequence[Currents] | None = None,
        threads: int | None = None,
        learn: bool = False,
        modulator: Any = None,
    ) -> Floats | list[Floats]:
        """Run one step for every row, in one compiled call.

        Parameters
        ----------
        inputs : array_like, shape (T, n) or (B, T, n), or list of array_like (T_i, n)
            One row per step, which continues from the present context, or several
            sequences, before each of which the context is cleared. Several sequences
            are computed side by side because they do not depend on each other, and so
            are several rows of a network without memory (:attr:`has_memory`). A network
            with one input also takes shape (T,). Rows may be a sparse array of SciPy,
            or any object with the ``indptr``, ``indices``, ``data`` and ``shape`` of a
            CSR array. :meth:`Trainer.train` accepts the same forms.
        traces : bool, default=True
            Whether these steps count when the network learns online later. Without
            traces, no eligibility trace and no sensitivity is computed, which takes
            less than half of the time if there are gates and memory. Learning then
            begins with the next step, and :meth:`propagate` and :meth:`output_gradient`
            raise an error until then. Where that is faster, connections are not read if
            their source neuron outputs exactly 0, as spikes and ReLU do. For one row,
            one sequence, and the rows of a network with memory, the outputs equal
            single steps to the last bit with traces. Without traces they are equal up
            to rounding, because sums are split.
        inject : mapping or list of mapping, optional
            Currents by the name of a layer or a neuron, or by these objects. If there
            are several sequences, pass one mapping for all, or a list with one for
            each. A current is added to the state of the neuron, but to the activation
            of an input neuron. Each current is a number for all steps, an array of
            shape (T, k) for a layer of k neurons, or of shape (T,) for one neuron or
            for each neuron of a layer. It acts like the weight of an input of 1 in this
            step, but has no trace and does not learn. Consecutive steps with the same
            currents are one compiled call. Default: no currents.
        threads : int, optional
            Maximum number of threads that run sequences, or rows of a network without
            memory, at the same time. The result is identical for any number. Default:
            as many as there are cores, if that saves time.
        learn : bool, default=False
            Whether synapses learn in every step, by the rule of synapses that is set as
            :attr:`Network.rule`. The rule treats a current as a part of the bias.
        modulator : array_like or mapping, optional
            Modulator to use with `learn` if the rule has one. Pass an array of shape
            (T,), or (T, targets) with one number for each neuron whose connections
            learn, or a mapping of layers to arrays of shape (T,) or (T, k). For several
            sequences, pass a list. Default: the modulator of the rule.

        Returns
        -------
        ndarray, shape (T, m) or (B, T, m), or list of ndarray
            The outputs of every step, in the form of the inputs. The network then has
            the context of the last step, which empty sequences do not change. Outputs
            that are computed side by side equal single steps up to rounding. Their bits
            do not depend on how many rows or sequences are computed beside them.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs have another shape or are not finite, if a current has another
            shape or its name does not belong to a layer or neuron, or if a list of
            currents does not have one item for each sequence. Nothing has changed then.
        FunctionError
            If a registered activation function raises an error. With traces, call
            :meth:`clear` then to discard that step. Without traces, nothing has
            changed, except that a recorded network has the context of the last row in
            the log. With `inject`, it has the context of the latest step before the
            current changed.

        See Also
        --------
        activate : Run one step.
        Trainer.test : Cost of the outputs for given targets.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(2, 3, 1, seed=0)
        >>> net.run([[0.0, 1.0], [1.0, 1.0]]).shape
        (2, 1)
        >>> net.run(np.zeros((5, 7, 2))).shape
        (5, 7, 1)
        >>> [outputs.shape for outputs in net.run([np.zeros((4, 2)), np.zeros((6, 2))])]
        [(4, 1), (6, 1)]
        >>> pulse = np.where(np.arange(5) < 2, 3.0, 0.0)
        >>> net.run(np.zeros((5, 2)), inject={"output": pulse}).round(1).ravel()
        array([1. , 1. , 0.5, 0.5, 0.5])
        """
        n, dtype, traces = (
            self._n_inputs,
            self._store.dtype,
            checks.boolean("`traces`", traces),
        )
        if threads is not None:
            threads = checks.positive_integer("threads", threads, checks.MAX_THREADS)
        inputs = checks.as_list(inputs)
        if learn is not False or modulator is not None:
            voids = {"threads": threads, "traces": traces}
            return self._run_learning(inputs, learn, modulator, inject, voids)
        rows = checks.rows_as_given(inputs, n, dtype) if inject is None else None
        parts = [inputs]
        together = type(inputs) is np.ndarray and inputs.ndim == 2
        if rows is None and not together:
            parts, together = checks.parts_of("inputs", inputs, n)
        if not together:
            return self._run_parts(inputs, rows, parts, traces, inject, threads)
        if rows is None:
            finite = inject is not None
            rows = checks.input_rows("inputs", parts[0], n, dtype, finite=finite)
        if inject is not None:
            dense = checks.dense_rows(rows)
            return self._run_injected(dense, len(rows), inject, traces)
        if len(rows) > 1:
            return self._run_rows(rows, traces, threads)
        return self._run_stream(rows, traces)

    def _run_learning(
        self,
        inputs: Any,
        learn: Any,
        modulator: Any,
        inject: Any,
        voids: Mapping[str, Any],
    ) -> Any:
        """Run rows or sequences while synapses learn by their rule."""
        by = self._plastic
        if not checks.boolean("`learn`", learn):
            raise ArgumentError("`modulator` of a run is for learn=True. Remove it.")
        if by is None:
            raise ArgumentError(
                "`learn` must be False without a rule of synapses, got True. Set"
                " network.rule to one of synapse.plasticity, or use a Trainer."
            )
        for name, value in voids.items():
            if value is not (True if name == "traces" else None):
                raise ArgumentError(f"`{name}` is not for learn=True. Remove it.")
        n, dtype = self._n_inputs, self._store.dtype
        parts, is_single = checks.parts_of("inputs", inputs, n)
        titles = ["inputs" if is_single else f"inputs[{i}]" for i in range(len(parts))]
        rows = [
            checks.dense_rows(checks.input_rows(title, sequence, n, dtype))
            for title, sequence in zip(titles, parts, strict=True)
        ]
        several = modulator
        if is_single or modulator is None:
            several = [modulator] * len(rows)
        if len(several) != len(rows):
            wanted = f"be one for each of {checks.pluralize(len(rows), 'sequence')}"
            raise ArgumentError(checks.must("modulator", wanted, f"{len(several)}"))
        outputs = []
        with ExclusiveAccess(self):
            currents = self._currents_of_sequences(rows, inject, is_single)
            for sequence, third, of in zip(rows, several, currents, strict=True):
                if not is_single and len(sequence):
                    self._clear_in_use()
                given = {"modulator": third, "currents": of}
                outputs.append(by.learn(self, sequence, len(sequence), **given)[0])
        if is_single or isinstance(inputs, list | tuple):
            return outputs[0] if is_single else outputs
        return np.reshape(outputs, (*np.shape(inputs)[:2], self._n_outputs))

    def _run_parts(
        self,
        inputs: Any,
        rows: Any,
        parts: list[Any],
        traces: bool,
        inject: Any,
        threads: int | None,
    ) -> Any:
        """Run sequences, given as `rows` or still as `parts`, and return the outputs in
        the form of `inputs`.
        """
        if rows is not None:
            lengths = [inputs.shape[1]] * len(inputs)
        else:
            n, dtype = self._n_inputs, self._store.dtype
            sequences = [
                checks.input_rows(f"inputs of sequence {i}", sequence, n, dtype)
                for i, sequence in enumerate(parts)
            ]
            lengths = [len(sequence) for sequence in sequences]
            rows = checks.joined_rows(sequences) if sequences else np.empty((0, n))
        bounds = np.array([0, *accumulate(lengths)])
        with ExclusiveAccess(self):
            # a network that cannot step raises before it is cleared
            self._kernels()
            if inject is not None:
                dense = checks.dense_rows(rows)
                sequences = [dense[start:stop] for start, stop in pairwise(bounds)]
                outputs = self._run_sequences_injected(sequences, inject, traces)
            else:
                outputs = self._run_sequences(rows, bounds, traces, threads)
        if isinstance(inputs, list | tuple):
            return [outputs[start:stop] for start, stop in pairwise(bounds)]
        return outputs.reshape(*np.shape(inputs)[:2], self._n_outputs)

    def _run_sequences(
        self,
        rows: Any,
        bounds: NDArray[np.int64],
        traces: bool,
        threads: int | None,
    ) -> Floats:
        """Run sequences, each from a cleared context, and return their outputs one
        after the other. The caller has the network in use.
        """
        outputs = None
        filled = np.flatnonzero(np.diff(bounds)).tolist()
        if len(filled) > 1:
            outputs = self._side_by_side(rows, bounds, traces, threads)
        again = filled
        if outputs is not None and self._recorder is None:
            again = filled[-1:]
            self._skip_steps(int(bounds[again[0]]))
        one_by_one = [np.empty((0, self._n_outputs))]
        for i in again:
            self._clear_in_use()
            one_by_one.append(self._run_stream(rows[bounds[i] : bounds[i + 1]], traces))
        return np.concatenate(one_by_one) if outputs is None else outputs

    @atomic
    def _run_rows(self, rows: Any, traces: bool, threads: int | None) -> Floats:
        """Run several rows, starting from the present context."""
        outputs = self._run_apart(rows, traces, threads)
        if outputs is None or self._recorder is not None:
            # a recording has every step
            one_by_one = self._run_stream(rows, traces)
            return one_by_one if outputs is None else outputs
        # what the last step leaves includes the one before
        self._skip_steps(len(rows) - 2)
        self._run_stream(rows[-2:], traces)
        return outputs

    def _run_apart(self, rows: Any, traces: bool, threads: int | None) -> Any:
        """Return the outputs of rows that depend on no context, without changing it.

        Returns None if they do depend on it, or fail. The caller has the network in
        use.
        """
        self._kernels()  # a network that cannot step raises
        if self.has_memory:
            return None
        return self._side_by_side(rows, np.array([0, len(rows)]), traces, threads)

    def _side_by_side(
        self,
        rows: Any,
        bounds: NDArray[np.int64],
        traces: bool,
        threads: int | None,
        *judge: engine.exact.Judge,
    ) -> Floats | None:
        """Compute sequences that do not depend on each other side by side, and return
        their outputs, or None if that is impossible or fails. Nothing else changes.
        """
        store = self._store
        # what is outside may read its past, or the other way round
        shared = store.columns["ties"][Ties.RINGS] and len(self) < store.n_neurons
        if shared or self._is_random or not (traces or self._by_events is None):
            return None
        if independent := not self.has_memory:
            bounds = np.arange(len(rows) + 1)
        return self._lanes.run(rows, bounds, independent, threads, *judge)

    def _skip_steps(self, steps: int) -> None:
        """Count steps without running them, because no result depends on them."""
        _, store, span = self._lowered()
        self._count_steps(steps)
        size = span[Span.STOP] - span[Span.START]
        store["clock"][0] += np.uint64(steps * size)
        ring = store["ring"][span[Span.START]]
        if ring != NONE:
            head = int(store["ring_head"][ring]) + steps
            store["ring_head"][ring] = head % int(store["ring_frames"][ring])
            store["ring_steps"][ring] += steps
        if steps:  # neurons activate one after the other
            stamps = int(store["clock"][0]) - np.arange(size)[::-1]
            store["stamp"][span[Span.START] : span[Span.STOP]] = stamps

    def _clear_in_use(self) -> None:
        """Clear the context. The caller has the network in use."""
        address, store, _ = self._lowered()
        engine.online.clear_rows(address, store.scalar, self._neuron_rows)
        for learned in (self._sensitivities, self._plastic):
            if learned is not None:
                learned.clear()
        if (recorder := self._recorder) is not None:
            recorder.step_over()

    def _divided(
        self, rows: Any, stretches: Iterable[tuple[int, int]]
    ) -> Iterator[tuple[int, int]]:
        """Yield ranges of rows, one for each call of a kernel.

        They are the given ranges, but single rows while the network is recorded,
        because kernels record nothing. Rows that one call would refuse are refused
        before the first call. Ctrl-C ends a recorded run after a step. The caller has
        the network in use.
        """
        recorder = self._recorder
        if recorder is None:
            yield from stretches
            return
        numbers = rows.data[rows.kept] if checks.is_sparse(rows) else rows
        if not (np.abs(numbers) <= np.finfo(self._store.dtype).max).all():
            self._refuse_inputs(checks.dense_rows(rows).reshape(-1))
        recorder.make_room(len(rows))
        for stretch in stretches:
            for row in range(*stretch):
                yield row, row + 1
                raise_interrupt()

    @fact
    def _lanes(self) -> SideBySide:
        """Object that runs the network's sequences side by side."""
        return SideBySide(self)

    @fact
    def _neuron_rows(self) -> NDArray[np.int64]:
        """Rows of the network's neurons, for kernels."""
        _, _, span = self._lowered()
        return np.arange(span[Span.START], span[Span.STOP], dtype=np.int64)

    def _run_stream(self, rows: Any, traces: bool) -> Floats:
        """Run rows one after the other, starting from the present context."""
        outputs = np.empty((len(rows), self._n_outputs))
        for start, stop in self._divided(rows, [(0, len(rows))]):
            inputs = kernel_rows(rows[start:stop], traces)
            results = outputs[start:stop].reshape(-1)
            if self._run(stop - start, inputs, results, traces) != DONE:
                self._refuse_inputs(checks.dense_rows(rows).reshape(-1))
        return outputs

    def _run_injected(
        self, rows: Floats, steps: int | None, inject: Any, traces: bool = True
    ) -> Floats:
        """Run rows with currents, starting from the present context. If `steps` is
        None, run a single step and return its outputs.
        """
        with ExclusiveAccess(self):
            self._kernels()  # a network that cannot step raises
            found = currents_of(self, "inject", inject, steps)
            outputs = self._run_of_currents(rows, *found, traces)
        return outputs[0] if steps is None else outputs

    def _run_sequences_injected(
        self, sequences: list[Floats], inject: Any, traces: bool
    ) -> Floats:
        """Run sequences with currents, each from a cleared context, and return their
        outputs one after the other. The caller has the network in use.
        """
        found = self._currents_of_sequences(sequences, inject)
        outputs = [np.empty((0, self._n_outputs))]
        for rows, (at, currents) in zip(sequences, found, strict=True):
            if len(rows):
                self._clear_in_use()
            outputs.append(self._run_of_currents(rows, at, currents, traces))
        return np.concatenate(outputs)

    def _currents_of_sequences(
        self, sequences: list[Floats], inject: Any, is_single: bool = False
    ) -> list[Any]:
        """Return the currents of each sequence, or None without currents, see
        `currents_of`.
        """
        if inject is None:
            return [None] * len(sequences)
        by_sequence = isinstance(inject, list | tuple) and not is_single
        several = inject if by_sequence else [inject] * len(sequences)
        if len(several) != len(sequences):
            wanted = f"have currents for {checks.pluralize(len(sequences), 'sequence')}"
            raise ArgumentError(checks.must("inject", wanted, f"{len(several)}"))
        return [
            currents_of(
                self, f"inject[{i}]" if by_sequence else "inject", one, len(rows)
            )
            for i, (rows, one) in enumerate(zip(sequences, several, strict=True))
        ]

    def _run_of_currents(
        self, rows: Floats, at: NDArray[np.int64], currents: Floats, traces: bool
    ) -> Floats:
        """Run rows with currents for some store rows, and return the outputs."""
        outputs = np.empty((len(currents), self._n_outputs))

        def run(part: slice, inputs: Floats) -> None:
            stretch, results = inputs.reshape(-1), outputs[part].reshape(-1)
            if self._run(part.stop - part.start, stretch, results, traces) != DONE:
                self._refuse_inputs(stretch)

        self._run_with_currents(rows, at, currents, run)
        return outputs

    def _run_with_currents(
        self,
        rows: Floats,
        at: NDArray[np.int64],
        currents: Floats,
        run: Callable[[slice, Floats], None],
    ) -> None:
        """Run rows with currents for some store rows, by adding each step's currents to
        the biases.

        `run` runs each range of equal currents, given its inputs. The caller has the
        network in use.
        """
        n = self._n_inputs if rows.size else 0
        _, store, span = self._lowered()
        # the biases of inputs that are set are not read
        added = rows.reshape(-1, self._n_inputs).copy()
        is_input = at < span[Span.START] + n
        added[:, at[is_input] - span[Span.START]] += currents[:, is_input]
        before = store["bias"][at]
        try:
            for start, stop in self._divided(rows, equal_stretches(currents)):
                store["bias"][at] = before + currents[start]
                run(slice(start, stop), added[start:stop])
                raise_interrupt()
        finally:
            store["bias"][at] = before

    def _run(self, steps: int, inputs: Any, outputs: Floats, traces: bool) -> int:
        """Run steps and return a status. Without traces, the network's traces and
        sensitivities are cleared.
        """
        if traces:
            kernel = online.run_sparse if type(inputs) is tuple else online.run_network
            return self._call(kernel, steps, (inputs, outputs))
        run = engine.exact.run_untraced
        by = Stepping._begin_untraced_run
        return self._call(run, steps, (False, inputs, outputs), by)

    def _begin_untraced_run(self) -> engine.online.Kernels:
        """Begin a run without traces and return its kernels. The neurons may not
        propagate alone afterwards.
        """
        self._store.clear_single_calls()
        return self._without_traces

    @fact
    def _without_traces(self) -> engine.online.Kernels:
        """Kernels of steps without traces, which follow events or read all connections.
        The choice depends on structure alone, so that earlier calls do not affect the
        bits of a step.
        """
        by_events = self._by_events
        if by_events is not None:
            return by_events
        _, store, span = self._lowered()
        return engine.exact.kernels_untraced(
            store, span, self._tapes, self._noted_untraced()
        )

    @fact
    def _by_events(self) -> engine.online.Kernels | None:
        """Return the kernels by events, with the connections by source, or None if
        gathering is faster.
        """
        _, store, span = self._lowered()
        return engine.exact.kernels_by_events(
            store, span, self._tapes, self._noted_untraced()
        )

    @fact
    def _quiet_index(self) -> engine.quiet.QuietIndex | None:
        """Connections by source that may be quiet in a training, or None."""
        _, store, span = self._lowered()
        return engine.quiet.build_index(store, span)

    @fact
    def _tapes(self) -> engine.exact.Tapes:
        """Tapes of the network's steps without traces."""
        return engine.exact.tapes_of_runs(self._lowered()[1])

    def _noted_untraced(self) -> NDArray[np.int64]:
        """Return where kernels write the time at which an untraced step ended."""
        if self._untraced is None:
            self._untraced = np.zeros(1, np.int64)
        return self._untraced

    def _note_untraced(self) -> None:
        """Remember that the latest step left no traces."""
        self._noted_untraced()[0] = self._store["stamp"][self.output[-1]._row]
        self._store.clear_single_calls()  # its neurons may not propagate now

    @property
    def _is_untraced(self) -> bool:
        """Whether the latest step left no traces, which leaves nothing to learn from.

        Outputs that activate alone can learn again, but inputs cannot. The answer
        therefore comes from the last output, whereas :attr:`_step_number` belongs to
        the first input, with which the context begins to change.
        """
        ended = self._untraced
        return ended is not None and 0 != ended[0] == int(
            self._store["stamp"][self.output[-1]._row]
        )

    def _require_traces(self) -> None:
        """Raise an error if the latest step left no traces."""
        if self._is_untraced:
            raise TopologyError(
                f"{self!r} has nothing to learn from, because its latest step ran with"
                " traces=False. Call network.activate first, or run with traces."
            )

    @atomic
    def _feed(
        self, inputs: Floats, outputs: Floats, feedback: NDArray[np.int64]
    ) -> None:
        """Run rows of inputs, adding output o to input ``feedback[o]`` of the next row.

        If this number is negative, the output is not fed back. `inputs` and `outputs`
        are contiguous, and both are written.
        """
        sizes = inputs.shape[1], outputs.shape[1], len(feedback)
        if sizes != (self._n_inputs, self._n_outputs, self._n_outputs):
            self._refuse_size()
        fed = feedback >= 0
        for start, stop in self._divided(inputs, [(0, len(inputs))]):
            rows = inputs[start:stop].reshape(-1), outputs[start:stop].reshape(-1)
            arguments = feedback, *rows
            status = self._call(online.feed_network, stop - start, arguments, ONLINE)
            if status == REFUSED and start == 0:
                self._refuse_inputs(rows[0])
            if status in (REFUSED, DIVERGED):
                store = self._store
                # what is fed back to a single step is refused by the next one
                done = start + (int(store["failed"][ROW]) + 1) * (status == DIVERGED)
                raise DivergenceError(
                    f"The outputs that {self!r} feeds back are no longer finite in"
                    f" {store.dtype} after {checks.pluralize(done, 'step')}. Train it"
                    " to lower errors, or forecast fewer steps."
                )
            if stop < len(inputs):
                np.add.at(inputs[stop], feedback[fed], outputs[start, fed])

    def _refuse_inputs(self, inputs: Floats) -> NoReturn:
        """Raise the error for rows of inputs that are not finite."""
        dtype = self._store.dtype
        step = int(np.argmin(np.abs(inputs) <= np.finfo(dtype).max)) // self._n_inputs
        row = inputs[step * self._n_inputs : (step + 1) * self._n_inputs]
        checks.require_range("inputs", row, dtype)
        got = checks.short_repr(row.tolist())
        raise ArgumentError(f"`inputs` must be finite, got {got} in step {step}.")

    def peek(self, inputs: ArrayLike | Mapping[Any, float] | None = None) -> Floats:
        """Compute the outputs of the next step without making it.

        States, traces, sensitivities, the streams of random neurons, the clock and a
        recording do not change. If you :meth:`run` this row next without traces, you
        get the same outputs. With :meth:`activate`, or with :meth:`run` on other rows
        that do not depend on this row, they are equal up to rounding, because sums are
        split.

        Parameters
        ----------
        inputs : array_like, shape (n,), or mapping, optional
            Inputs of the step, as in :meth:`activate`.

        Returns
        -------
        ndarray, shape (m,)
            The activations that the output neurons would have.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs are not n finite numbers.
        FunctionError
            If a registered activation function raises an error. Nothing has changed
            then.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(1, 3, 1, seed=0)
        >>> expected = net.peek([1.0])
        >>> bool(np.isclose(net.activate([1.0]), expected))
        True
        """
        row = self._input_row(inputs)
        outputs = np.empty(self._n_outputs)
        looked = True, row, outputs
        if self._call(engine.exact.run_untraced, 0, looked, UNTRACED) != DONE:
            self._refuse_inputs(row)
        return outputs

    @fact
    def _online(self) -> engine.online.Kernels:
        """Kernels of the online rule, even if the network learns by another rule."""
        _, store, span = self._lowered()
        return engine.online.kernels_for(store, span)


ONLINE = Stepping._online.__get__
UNTRACED = Stepping._without_traces.__get__
"""Kernels for :meth:`_call` other than those of the network's learning rule."""
