"""Stepping: how the layers of a network activate, run and learn."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import wraps
from math import isfinite
from typing import Any, NamedTuple, NoReturn, TypeGuard, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks as checks, cost as costs, engine
from .._registration import require_sound
from .._typing import Floats
from ..cost import Cost
from ..engine.functions.activations import SOFTMAX
from ..engine.guard import InUse, atomic, call_again
from ..engine.records import Span
from ..engine.rtrl import Plan
from ..engine.schema import (
    CHECK_SIZES,
    CHECK_TARGETS,
    GIVEN_ERRORS,
    NONE,
    SHARED_BY,
)
from ..engine.status import DIVERGED, DONE, LARGE, REFUSED, RESIZED, ROW
from ..engine.store import Store
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    TopologyError,
    TopologyWarning,
)
from . import order, parameters
from .kept import for_topology
from .layer import Layer
from .neuron import Neuron
from .parameters import ParameterPlaces
from .sensitivities import RTRL, LearningRule, Sensitivities, checked_rule

NOTHING = np.empty(0)
CHECK_ALL = CHECK_TARGETS + CHECK_SIZES


def locked(method: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator for a call of a kernel: the store is locked and given, and Ctrl-C is
    not deferred.
    """

    @wraps(method)
    def held(self: Any, *given: Any) -> Any:
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                return method(self, store, *given)
        return call_again(held, self, *given)

    return held


class Slopes(NamedTuple):
    """Derivatives with respect to the parameters of a network, see
    :meth:`Network.slopes`.
    """

    weights: Floats
    biases: Floats


class Stepping(Sequence[Neuron]):
    """A network as far as it activates, runs and learns: calls of Python become calls
    of kernels here.

    What it finds out about a topology is kept until the store has another one: by
    :class:`~.kept.Kept`, or by hand (`_span`, and names that end in ``_known``) where a
    call would notice its 200 ns.
    """

    _layers: list[Layer]
    _loose: list[Layer]  # new layers without a fixed place, until the next step
    _anchor: Neuron  # the first input; its store is that of the network
    _n_inputs: int
    _n_outputs: int
    _span: tuple[int, NDArray[np.int64]]  # by topology: the numbers for kernels
    _costs_known: tuple[int, list[tuple[Any, Cost]]]  # by structure and what was asked
    _aside_known: engine.untraced.Aside | None = None
    _slope_sums_known: engine.online.Accumulator | None = None
    _doubled_known: int = 0  # pairs that it has warned of, see `order.doubled_pairs`
    _untraced_stamp: int = 0  # when it last ran without traces, see `_latest_stamp`
    _rtrl: Sensitivities | None = None  # what it learns by; None: the online rule
    # Those of `_rtrl`, or of its latest training by rtrl
    _sensitivities: Sensitivities | None = None

    @abstractmethod
    def clear(self) -> None:
        """Clear the context."""

    @abstractmethod
    def _parameter_places(self) -> tuple[ParameterPlaces, ...]:
        """Where its weights and its biases are."""

    @property
    def output(self) -> Layer:
        """Output layer."""
        return self._layers[-1]

    @property
    def _store(self) -> Store:
        return self._anchor._store

    def _vector(
        self, title: str, values: ArrayLike, size: int, nan: bool = False
    ) -> Floats:
        """Return `size` numbers, checked to be within the range of its dtype, or NaN if
        `nan`.
        """
        return checks.vector(title, values, size, self._store.dtype, nan)

    def activate(self, inputs: ArrayLike | None = None) -> Floats:
        """Run one step of the network.

        Parameters
        ----------
        inputs : array_like, shape (n,), optional
            One number per input neuron. Default: the input neurons compute their
            activations from their incoming connections. A contiguous float64 array is
            not copied; lists, tuples, float32 and non-contiguous arrays are.

        Returns
        -------
        ndarray, shape (m,)
            The activations of the output neurons.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs are not n finite numbers; nothing has changed then.
        FunctionError
            If a registered activation function raises. Call :meth:`clear` then to
            discard this step.

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
        return self._run(self._input_row(inputs), np.empty(self._n_outputs))

    def _input_row(self, inputs: ArrayLike | None) -> Floats:
        """The inputs of one step as kernels take them, which check that they are
        finite.
        """
        if inputs is None:
            return NOTHING
        if is_row(inputs, self._n_inputs):
            return inputs  # nothing to copy
        return checks.row_of("The inputs", inputs, self._n_inputs)

    @overload
    def run(
        self, inputs: list[NDArray[Any]], *, traces: bool = True
    ) -> list[Floats]: ...
    @overload
    def run(self, inputs: ArrayLike, *, traces: bool = True) -> Floats: ...
    def run(self, inputs: Any, *, traces: bool = True) -> Floats | list[Floats]:
        """Run one step for every row, in one compiled call.

        Parameters
        ----------
        inputs : array_like, shape (T, n) or (B, T, n), or list of array_like (T_i, n)
            One row per step, which continues from the present context; or several
            sequences, and the context is cleared before each. A network with one input
            also takes shape (T,). The forms are those of :meth:`Trainer.train`.
        traces : bool, default=True
            Whether these steps count when the network learns online later. Without, no
            eligibility trace and no sensitivity is computed, which takes less than half
            of the time with gates and memory, and learning begins with the next step:
            until then, :meth:`propagate` and :meth:`slopes` raise. Connections of
            neurons that output exactly 0, as spikes and ReLU do, are not read where
            that is faster. The outputs are those of single steps to the last bit with
            traces, and up to rounding without, because sums are split.

        Returns
        -------
        ndarray, shape (T, m) or (B, T, m), or list of ndarray
            The outputs of every step, in the form of the inputs. The network then has
            the context of the last step; empty sequences do not change it.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs have another shape, or are not finite; nothing has changed
            then.
        FunctionError
            If a registered activation function raises. Call :meth:`clear` then to
            discard that step.

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
        """
        n, dtype, traces = (
            self._n_inputs,
            self._store.dtype,
            checks.boolean("`traces`", traces),
        )
        parts = [inputs]
        together = type(inputs) is np.ndarray and inputs.ndim == 2
        if not together:
            parts, together = checks.parts_of("The inputs", inputs, n)
        if together:
            rows = checks.as_matrix("The inputs", parts[0], n, dtype, finite=not traces)
            return self._run_rows(rows, traces)
        title = "The inputs of sequence"
        sequences = [
            checks.as_matrix(f"{title} {i}", part, n, dtype)
            for i, part in enumerate(parts)
        ]
        outputs = []
        with InUse(self):
            if self._rtrl is not None:
                # a network that cannot step raises before it is cleared
                self._rtrl.ready(self)
            for rows in sequences:
                if len(rows):
                    self.clear()
                outputs.append(self._run_rows(rows, traces))
        if isinstance(inputs, list | tuple):
            return outputs
        return np.concatenate(outputs or [NOTHING]).reshape(
            *np.shape(inputs)[:2], self._n_outputs
        )

    def _run_rows(self, rows: Floats, traces: bool = True) -> Floats:
        """Run rows, starting from the present context."""
        outputs = np.empty(len(rows) * self._n_outputs)
        run = self._run if traces else self._run_untraced
        return run(rows.reshape(-1), outputs).reshape(len(rows), self._n_outputs)

    @locked
    def _run_untraced(self, store: Store, inputs: Floats, outputs: Floats) -> Floats:
        """`_run` without traces and sensitivities, which are then those of a cleared
        network.
        """
        span = self._ready()[2]
        engine.untraced.forget(store, self._traces)
        if store.recorder is not None and store.recorder.records(self):
            store.recorder.make_room(outputs.size // self._n_outputs)
        tapes = self._untraced_tapes.renewed()
        place = store.address, store.unit, tapes, span
        fans = self._fans_for(outputs.size // self._n_outputs)
        if fans is None:
            run = engine.exact.calls_for(store).run_untraced
            status = run(*place, self._may_be_lean, inputs, outputs)
        else:
            by_events = engine.exact.events.calls_for(store).run_events
            status = by_events(*place, tuple(fans), inputs, outputs)
        if status != DONE:
            self._refuse(status, store, inputs)
        if outputs.size:
            self._note_untraced(store)
        return outputs

    @for_topology
    def _traces(self) -> engine.untraced.Traces:
        """Where its traces are, which a run without traces clears."""
        return engine.untraced.traces_of(self._store, self._ready()[2])

    @for_topology
    def _untraced_tapes(self) -> engine.exact.StoreTapes:
        """What a run without traces writes beside the columns of the store."""
        return engine.exact.StoreTapes(self._store)

    @for_topology
    def _may_be_lean(self) -> bool:
        """Whether steps between the rows of a call may leave out what nobody sees."""
        return bool(engine.exact.events.may_be_lean(self._store, self._ready()[2]))

    def _fans_for(self, steps: int) -> engine.exact.events.Fans | None:
        """Its connections by source, once they are used for so many steps that they are
        worth listing: edits change them.
        """
        counter = self._gathered_steps
        counter[0] += steps
        return self._fans if counter[0] >= engine.exact.events.WORTH_LISTING else None

    @for_topology
    def _gathered_steps(self) -> list[int]:
        """How many steps it has run without traces, as one number."""
        return [0]

    @for_topology
    def _fans(self) -> engine.exact.events.Fans | None:
        """Its connections by source, if silent sources are to be expected."""
        return engine.exact.events.fans_of(self._store, self._ready()[2])

    def _note_untraced(self, store: Store) -> None:
        """Remember that the latest step left no traces."""
        self._untraced_stamp = self._latest_stamp(store)
        store.any_untraced = True

    def _is_untraced(self, store: Store) -> bool:
        """Whether the latest step left no traces, so that there is nothing to learn
        from.
        """
        return bool(
            self._untraced_stamp
        ) and self._untraced_stamp == self._latest_stamp(store)

    def _latest_stamp(self, store: Store) -> int:
        """The time at which its last neuron activated; a later step, or a cleared
        context, has another.
        """
        return int(store["stamp"][self.output[-1]._row])

    def _require_traces(self, store: Store) -> None:
        """Raise if the latest step left no traces."""
        if self._is_untraced(store):
            raise TopologyError(
                f"{self!r} has nothing to learn from, because its latest step ran with"
                " traces=False. Call network.activate first, or run with traces."
            )

    def _run(self, inputs: Floats, outputs: Floats) -> Floats:
        """Run flat rows of inputs in one kernel call, which writes `outputs`."""
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                version, span = self._span
                if version != store.topology_version:
                    span = self._ready()[2]
                if store.recorder is not None and store.recorder.records(self):
                    store.recorder.make_room(outputs.size // self._n_outputs)
                if self._rtrl is None:
                    run = (store.calls or engine.online.calls_for(store)).run_network
                    status = run(store.address, store.unit, span, inputs, outputs)
                else:
                    plan = self._plan(store, self._rtrl)
                    run = engine.rtrl.loops.calls_for(store).run_network
                    status = run(
                        plan.store_table(),
                        store.unit,
                        plan.address,
                        plan.span,
                        inputs,
                        outputs,
                    )
                if status != DONE:
                    self._refuse(status, store, inputs)
                return outputs
        return call_again(self._run, inputs, outputs)

    @atomic
    def _feed(
        self, inputs: Floats, outputs: Floats, feedback: NDArray[np.int64]
    ) -> None:
        """Run rows of inputs in one kernel call; output o is added to input
        ``feedback[o]`` of the next row.

        An output with a negative number there is not fed back. `inputs` and `outputs`
        are contiguous and written.
        """
        sizes = inputs.shape[1], outputs.shape[1], len(feedback)
        if sizes != (self._n_inputs, self._n_outputs, self._n_outputs):
            self._refuse(RESIZED, self._store)
        _, store, span = self._ready()
        if store.recorder is not None and store.recorder.records(self):
            store.recorder.make_room(len(outputs))
        run = (store.calls or engine.online.calls_for(store)).feed_network
        flat = inputs.reshape(-1)
        status = run(
            store.address, store.unit, span, feedback, flat, outputs.reshape(-1)
        )
        if status != DONE:
            self._refuse(status, store, flat)

    def _plan(self, store: Store, by: Sensitivities) -> Plan:
        """The plan of its sensitivities for the present topology."""
        plan = by.plan
        if (
            plan is None
            or plan.store is not store
            or plan.topology != store.topology_version
        ):
            return by.ready(self)
        # a recorder follows the plan
        return plan if store.recorder is None else by.ready(self)

    def _refuse(self, status: int, store: Store, inputs: Floats = NOTHING) -> NoReturn:
        """Raise the error for a call of a kernel that is not complete."""
        if status == RESIZED:
            raise TopologyError(
                f"Another thread has changed the inputs or outputs of {self!r} during"
                " this call. Call again with data of the new size."
            )
        require_sound(status, store["failed"])
        step = int(store["failed"][ROW])
        if status == DIVERGED:
            raise DivergenceError(
                f"What {self!r} feeds back to itself is no longer a finite"
                f" {store.dtype} after {checks.counted(step + 1, 'step')}. Train it to"
                " lower errors, or ask for fewer steps."
            )
        row = inputs[step * self._n_inputs : (step + 1) * self._n_inputs]
        checks.require_range("The inputs", row, store.dtype)
        got = checks.shown(row.tolist())
        raise ArgumentError(
            f"Expected the inputs to be finite, got {got} in step {step}."
        )

    def peek(self, inputs: ArrayLike | None = None) -> Floats:
        """Compute the outputs of the next step without making it.

        States, traces, sensitivities, the streams of random neurons, the clock and a
        recording stay as they are: the next :meth:`activate` with these inputs returns
        the same outputs.

        Parameters
        ----------
        inputs : array_like, shape (n,), optional
            As in :meth:`activate`.

        Returns
        -------
        ndarray, shape (m,)
            The activations that the output neurons would have.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs are not n finite numbers.
        FunctionError
            If a registered activation function raises; nothing has changed then.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(1, 3, 1, seed=0)
        >>> expected = net.peek([1.0])
        >>> bool(net.activate([1.0]) == expected)
        True
        """
        return self._peek(self._input_row(inputs), np.empty(self._n_outputs))  # type: ignore[no-any-return]

    @locked
    def _peek(self, store: Store, inputs: Floats, outputs: Floats) -> Floats:
        """Run one step in one kernel call, by which only `outputs` changes."""
        aside = self._aside(store)
        run = (store.calls or engine.online.calls_for(store)).run_network
        status = run(aside.begin(), store.unit, self._span[1], inputs, outputs)
        if status != DONE:
            self._refuse(status, store, inputs)
        return outputs

    def _aside(self, store: Store) -> engine.untraced.Aside:
        """Where a step leaves no trace; the network is lowered then."""
        aside = self._aside_known
        if (
            aside is None
            or aside.topology != store.topology_version
            or self._span[0] != aside.topology
        ):
            self._ready()
            aside = self._aside_known = engine.untraced.Aside(store)
        return aside

    def propagate(
        self,
        rate: float = 0.1,
        targets: ArrayLike | None = None,
        cost: str | Cost | None = None,
        errors: ArrayLike | None = None,
    ) -> float:
        """Propagate the error of the last step back through the network, and update the
        weights.

        Parameters
        ----------
        rate : float
            Learning rate, the factor of all updates; 0 only computes the errors.
            Default: 0.1.
        targets : array_like, shape (m,), optional
            Target outputs, NaN for an output without one; for softmax outputs also the
            number of a class, counted from 0. Default: the errors come from the
            networks that this one is connected to.
        cost : str or Cost, optional
            Cost that is minimized. Default: cross-entropy for logistic outputs,
            categorical cross-entropy for softmax outputs, otherwise squared error.
        errors : array_like, shape (m,), optional
            Error of each output instead of targets and a cost: minus the derivative of
            what is minimized with respect to the state of the neuron, as
            :attr:`Neuron.error` has it afterwards. Any finite numbers for any squash,
            NaN for an output without one.

        Returns
        -------
        float
            The cost of the step; 0 with `errors`.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If rate, targets, cost or errors cannot be used; no weight has changed then.
        DivergenceError
            If the cost or an update is not finite; no weight has changed then.
        FunctionError
            If a registered cost raises; no weight has changed then.

        See Also
        --------
        activate : Run a step first.
        slopes : Derivatives of the outputs, without an update.
        Trainer : Train on data, with this rule or with backpropagation through time.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> before = net.activate([0.0, 1.0])
        >>> cost = net.propagate(rate=0.5, targets=[1.0])
        >>> bool(net.activate([0.0, 1.0]) > before)
        True
        """
        if errors is not None:
            if targets is not None or cost is not None:
                raise ArgumentError(
                    "Expected errors, or targets with their cost, got both."
                )
            return self._propagate_errors(rate, self._error_row(errors))
        if type(rate) is float and 0.0 <= rate < checks.SAFE:
            measure = self._cost(cost)
            row: Floats | None = None
            if targets is None:
                row = NOTHING
            elif is_row(targets, self._n_outputs):
                row = targets
            elif isinstance(targets, list | tuple):
                row = checks.row_of("The target", targets, self._n_outputs)
            if row is not None:
                status, value = self._learn(rate, row, measure.code, CHECK_ALL)
                if status != REFUSED:
                    return value
        return self._propagate_checked(rate, targets, cost)

    def _propagate_checked(
        self, rate: float, targets: ArrayLike | None, cost: str | Cost | None
    ) -> float:
        """Propagate after checking and converting all arguments in Python, which raises
        the errors.
        """
        rate = checks.non_negative_number("The rate", rate, self._store.dtype)
        measure = self._cost(cost)
        if (
            measure is costs.categorical_cross_entropy
            and checks.integer(targets) is not None
        ):
            targets = checks.class_row("The target", targets, self._n_outputs)
        row = NOTHING
        if targets is not None:
            row = self._vector("The target", targets, self._n_outputs, nan=True)
            measure.check_targets(row[None])
        return self._learn(rate, row, measure.code, CHECK_SIZES)[1]

    def _propagate_errors(self, rate: float, errors: Floats) -> float:
        """Propagate given errors of the outputs."""
        rate = checks.non_negative_number("The rate", rate, self._store.dtype)
        status, cost = self._learn(rate, errors, GIVEN_ERRORS, CHECK_ALL)
        if status == REFUSED:
            self._refuse_errors(errors)
        return cost

    def _refuse_errors(self, errors: Floats) -> None:
        """Raise the error for errors of the outputs that kernels have refused."""
        self._vector("The errors", errors, self._n_outputs, nan=True)

    def slopes(
        self, errors: ArrayLike | None = None, out: tuple[Floats, Floats] | None = None
    ) -> Slopes:
        """Derivatives of one sum over the outputs of the last step with respect to all
        weights and biases.

        With `errors`, the sum is that of error times state over the outputs: the
        derivatives are what ``propagate(1.0, errors=errors)`` would add to the weights.
        They are those of the learning rule of the network: with ``"rtrl"`` exact
        derivatives through all steps (of an order, what it keeps), with ``"online"``
        those along its traces. No weight changes; neurons have the errors of this call.

        Parameters
        ----------
        errors : array_like, shape (m,), optional
            Factor of the state of each output; NaN counts as 0. Default: the slopes of
            the activations, so that the sum is that of the outputs; 0 for softmax
            outputs, whose sum is constant.
        out : tuple of two ndarrays, optional
            Arrays of the dtype of the network for the result, shapes (connections,) and
            (neurons,). Default: new ones.

        Returns
        -------
        Slopes
            A pair of arrays: `weights` in the order of :attr:`connections`, `biases` in
            that of :attr:`neurons`; 0 for what is not trainable. Each of several tied
            connections has the derivative with respect to their shared weight.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the errors are not m finite numbers or NaN, or the arrays do not have
            this form.
        TopologyError
            If there is no step to learn from, as in :meth:`propagate`.
        DivergenceError
            If a derivative is not finite.

        See Also
        --------
        synapse.gradient : Exact gradient of the cost of whole sequences.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(1, 1, squash="identity", seed=0)
        >>> outputs = net.activate([0.5])
        >>> net.slopes(errors=[2.0])
        Slopes(weights=array([1.]), biases=array([0., 2.]))
        """
        row = None if errors is None else self._error_row(errors)
        return self._find_slopes(row, out)  # type: ignore[no-any-return]

    def _error_row(self, errors: ArrayLike) -> Floats:
        """The errors of the outputs as kernels take them, which check their range."""
        if is_row(errors, self._n_outputs):
            return errors
        return checks.row_of("The errors", errors, self._n_outputs)

    @locked
    def _find_slopes(
        self, store: Store, errors: Floats | None, out: tuple[Floats, Floats] | None
    ) -> Slopes:
        """The slopes, by one kernel call that adds the updates of a propagation to
        buffers.
        """
        span = self._ready()[2]
        moves = self._slope_sums(store)
        places = self._parameter_places()
        if store.any_untraced:
            self._require_traces(store)
        sizes = places[0].size, places[1].size
        if out is None:
            out = np.empty(sizes[0], store.dtype), np.empty(sizes[1], store.dtype)
        else:
            _require_room(out, sizes, store.dtype)
        moves.clear()
        # of softmax outputs 0, because the sum of their activations is constant
        if errors is None:
            rows = slice(int(span[Span.STOP]) - self._n_outputs, int(span[Span.STOP]))
            columns = store.columns
            errors = columns["derivative"][rows].astype(np.float64)
            errors[columns["squash"][rows] == SOFTMAX] = 0.0
        status = self._add_slopes(store, span, errors, moves)
        if status == REFUSED:
            self._refuse_errors(errors)
        if status == DIVERGED:
            raise DivergenceError(
                f"The slopes of {self!r} left the finite range of {store.dtype}."
                f" {parameters.REMEDIES}"
            )
        places[0].read(moves.weights, out[0])
        places[1].read(moves.biases, out[1])
        for name, at, slopes in zip(("weight", "bias"), places, out, strict=True):
            if at.tied:
                slopes[:] = parameters.sum_of_group(
                    store[SHARED_BY[name]], at.every, slopes
                )
        return Slopes(*out)

    def _add_slopes(
        self,
        store: Store,
        span: NDArray[np.int64],
        errors: Floats,
        moves: engine.online.Accumulator,
    ) -> int:
        """Add the slopes for these errors to `moves`; returns DONE, REFUSED, or
        DIVERGED if one is not finite.
        """
        if self._rtrl is not None:
            asked = errors, GIVEN_ERRORS, 1.0, 0, moves
            return self._learn_exactly(store, self._rtrl, *asked)[0]
        run = (store.calls or engine.online.calls_for(store)).propagate_targets
        given = moves.address, store.unit, span, errors, GIVEN_ERRORS, 1.0
        status: int = run(*given, CHECK_SIZES)[0]
        if status != LARGE:
            return status
        run(*given, 0)
        finite = all(map(parameters.are_finite, (moves.weights, moves.biases)))
        return DONE if finite else DIVERGED

    def _slope_sums(self, store: Store) -> engine.online.Accumulator:
        """Buffers to which :meth:`slopes` lets a propagation add its updates."""
        sums = self._slope_sums_known
        if sums is None or sums.topology != store.topology_version:
            sums = engine.online.Accumulator(store, recorded=False)
            self._slope_sums_known = sums
        return sums

    def _learn(
        self, rate: float, targets: Floats, cost: int, check: int
    ) -> tuple[int, float]:
        """Propagate in one kernel call; returns its status, DONE, or REFUSED if the
        targets are checked and do not fit, and the cost.
        """
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                version, span = self._span
                if version != store.topology_version:
                    span = self._ready()[2]
                if store.any_untraced:
                    self._require_traces(store)
                if self._rtrl is None:
                    run = (
                        store.calls or engine.online.calls_for(store)
                    ).propagate_targets
                    ended: tuple[int, float] = run(
                        store.address, store.unit, span, targets, cost, rate, check
                    )
                else:
                    ended = self._learn_exactly(
                        store, self._rtrl, targets, cost, rate, check
                    )
                if ended[0] != DONE:
                    if ended[0] == LARGE:
                        before = parameters.copied(store)
                        ended = run(
                            store.address, store.unit, span, targets, cost, rate, 0
                        )
                        if parameters.undone(store, before):
                            ended = DIVERGED, ended[1]
                    if ended[0] not in (DONE, REFUSED):
                        self._refuse_step(*ended, store)
                return ended
        return call_again(self._learn, rate, targets, cost, check)

    def _refuse_step(self, status: int, loss: float, store: Store) -> NoReturn:
        """Raise the error for a propagation that has changed no weight."""
        if status == DIVERGED:
            what = f"The cost of {self!r} became {loss}."
            if isfinite(loss):
                kind = store.dtype
                what = f"An update of {self!r} left the finite range of {kind}."
            raise DivergenceError(
                f"{what} No weight has changed. {parameters.REMEDIES}"
            )
        self._refuse(status, store)

    def _learn_exactly(
        self,
        store: Store,
        by: Sensitivities,
        targets: Floats,
        cost: int,
        rate: float,
        check: int,
        moves: Any = None,
    ) -> tuple[int, float]:
        """Propagate along the sensitivities in one kernel call, see :meth:`_learn`;
        updates go to `moves`.
        """
        plan = self._open_plan(store, by)
        run = engine.rtrl.loops.calls_for(store).propagate_targets
        address = plan.store_table(moves)
        ended: tuple[int, float]
        ended = run(
            address, store.unit, plan.address, plan.span, targets, cost, rate, check
        )
        return ended

    def _open_plan(self, store: Store, by: Sensitivities) -> Plan:
        """The plan of its sensitivities, with a step to learn from."""
        plan = self._plan(store, by)
        if not plan.can_learn:
            raise TopologyError(
                f"{self!r} has not been activated by rtrl since its context was cleared"
                " or changed, so it has nothing to learn from. Call network.activate"
                " first."
            )
        return plan

    @property
    def learning_rule(self) -> LearningRule:
        """What :meth:`propagate` learns by: a pair (method, order). Settable; saved
        with the network.

        ``"online"``, the default, is the rule of Monner and Reggia 2012. ``"rtrl"`` is
        real-time recurrent learning (Williams and Zipser 1989): every step keeps how
        each parameter has moved each recurrent state, :attr:`Connection.sensitivity`,
        so that updates are the exact gradient while weights stand still. A pair
        ``("rtrl", n)`` keeps what reaches a state within n steps (SnAp-n, Menick and
        others 2021).

        A network that learns by rtrl is stepped as a whole: its neurons and layers
        cannot be activated or propagated alone. The traces of the online rule do not
        move meanwhile. Setting a rule clears the sensitivities.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the method or the order does not exist, or the sensitivities do not fit
            into memory.
        TopologyError
            If the network is connected with neurons outside of it.

        See Also
        --------
        synapse.learning.reach : What each order keeps, and costs.

        Examples
        --------
        >>> import architect
        >>> net = architect.Elman(2, 3, 1, seed=0)
        >>> net.learning_rule = "rtrl"
        >>> net.learning_rule
        LearningRule(method='rtrl', order=None)
        >>> outputs = net.activate([0.0, 1.0])
        >>> cost = net.propagate(rate=0.1, targets=[1.0])
        """
        by = self._rtrl
        return LearningRule() if by is None else LearningRule(RTRL, by.order)

    @learning_rule.setter
    @atomic
    def learning_rule(self, rule: str | tuple[str, int | None]) -> None:
        method, order = checked_rule(rule)
        by = None
        if method == RTRL:
            by = Sensitivities(order)
            plan = by.ready(self)
            engine.untraced.forget_traces(plan.store, plan.span)
        self._rtrl = self._sensitivities = by

    def _cost(self, cost: str | Cost | None) -> Cost:
        """Return the cost, by default the one that matches the squashes of the outputs,
        checked.
        """
        version = self._store.structure_version  # setting a squash changes it
        at, measures = self._costs_known
        for asked, measure in measures if at == version else ():
            if asked is cost:
                return measure
        measure = costs.of_outputs(cost, [neuron.squash for neuron in self._layers[-1]])
        self._costs_known = (
            version,
            [(cost, measure), *(measures[:1] if at == version else ())],
        )
        return measure

    def _ready(self) -> tuple[int, Store, NDArray[np.int64]]:
        """Return the arguments of kernels: address of the store's table, store, span of
        the network.
        """
        store = self._anchor._store
        address = store.ready()
        version = store.topology_version
        if self._span[0] != version:
            first_row = self._anchor._row
            inputs = self._n_inputs
            stop = first_row + len(self)
            incoming = store.columns["first_incoming"]
            learning = (
                first_row + inputs
                if incoming[first_row] == incoming[first_row + inputs]
                else first_row
            )
            self._span = (
                version,
                np.array(
                    [first_row, inputs, self._n_outputs, stop, learning], np.int64
                ),
            )
            self._loose.clear()
            self._warn_of_unreached(store, stop)
            self._warn_of_doubled(store, first_row, stop)
        return address, store, self._span[1]

    def _warn_of_unreached(self, store: Store, stop: int) -> None:
        """Warn if no connection leads into any output; called once for each
        topology.
        """
        columns = store.columns
        first_output = stop - self._n_outputs
        without_runs = (
            columns["first_run"][first_output] == columns["last_run"][stop - 1]
        )
        if without_runs and (columns["self_row"][first_output:stop] == NONE).all():
            warnings.warn(
                f"{self!r}: no connection leads into its outputs, so they depend on no"
                " input. Connect a layer to them with project().",
                TopologyWarning,
                stacklevel=checks.level_of_caller(),
            )

    def _warn_of_doubled(self, store: Store, start: int, stop: int) -> None:
        """Warn of delays of 1 beside connections that are late anyway, once for each
        number of them; called once for each topology.
        """
        if not store.columns["relay"][start + self._n_inputs]:
            self._doubled_known = 0
            return  # relays would be the second layer
        before, after = order.doubled_pairs(store, start, stop)
        known, self._doubled_known = self._doubled_known, len(before)
        if len(before) > known:
            order.warn_of_doubled(repr(self), store, before, after)


def _require_room(out: Any, sizes: tuple[int, int], dtype: np.dtype[Any]) -> None:
    """Raise ArgumentError if `out` is not a pair of arrays for the slopes of a
    network.
    """
    if not isinstance(out, tuple | list) or len(out) != 2:
        raise ArgumentTypeError(
            checks.expected("The out", "a pair of arrays, for weights and biases", out)
        )
    for array, size in zip(out, sizes, strict=True):
        if not isinstance(array, np.ndarray) or (array.dtype, array.shape) != (
            dtype,
            (size,),
        ):
            form = f"arrays of {dtype} with {sizes[0]} and {sizes[1]} numbers"
            raise ArgumentError(checks.expected("The out", form, out))


def is_row(values: Any, size: int) -> TypeGuard[Floats]:
    """Whether kernels can read `values` as they are: `size` numbers of float64 side by
    side.
    """
    return (
        type(values) is np.ndarray
        and values.dtype is checks.FLOAT64
        and values.shape == (size,)
        and values.flags.carray
    )
