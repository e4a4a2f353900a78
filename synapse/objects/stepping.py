"""Stepping: how a network activates, with and without traces."""

from __future__ import annotations

from abc import abstractmethod
from operator import attrgetter
from typing import Any, NoReturn, TypeGuard, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks as checks, engine
from .._typing import Floats
from ..engine.guard import InUse, atomic
from ..engine.status import DIVERGED, DONE, REFUSED, ROW
from ..engine.store import Store
from ..errors import ArgumentError, DivergenceError, TopologyError
from .calling import Calling
from .facts import fact

NOTHING = np.empty(0)
ASIDE = attrgetter("_aside")
ONLINE = attrgetter("_online")
UNTRACED = attrgetter("_untraced")
BY_EVENTS = attrgetter("_by_events")
"""Kernels of a network other than those of its learning rule, for :meth:`_call`."""


class Stepping(Calling):
    """A network as far as it activates."""

    # when its last output activated in its latest run without traces
    _untraced_stamp: int = 0

    @abstractmethod
    def clear(self) -> None:
        """Clear the context."""

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
        row = self._input_row(inputs)
        outputs = np.empty(self._n_outputs)
        if self._call("run_network", 1, (row, outputs)) != DONE:
            self._refuse_inputs(row)
        return outputs

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
            self._kernels()  # a network that cannot step raises before it is cleared
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
        inputs = rows.reshape(-1)
        outputs = np.empty(len(rows) * self._n_outputs)
        run = self._run if traces else self._run_untraced
        if run(len(rows), inputs, outputs) != DONE:
            self._refuse_inputs(inputs)
        return outputs.reshape(len(rows), self._n_outputs)

    def _run(self, steps: int, inputs: Floats, outputs: Floats) -> int:
        """Run so many rows; returns a status."""
        return self._call("run_network", steps, (inputs, outputs))  # type: ignore[no-any-return]

    @atomic
    def _run_untraced(self, steps: int, inputs: Floats, outputs: Floats) -> int:
        """`_run` without traces and sensitivities, which are then those of a cleared
        network.
        """
        facts = self._present_facts()
        facts.untraced_steps += steps
        name, by = "run_untraced", UNTRACED
        if facts.untraced_steps >= engine.exact.events.WORTH_LISTING and (
            self._by_events is not None
        ):
            name, by = "run_events", BY_EVENTS
        status: int = self._call(name, steps, (inputs, outputs), by)
        if steps:
            self._note_untraced(self._store)
        return status

    @fact
    def _untraced(self) -> engine.online.Kernels:
        """Kernels of steps without traces."""
        _, store, span = self._ready()
        kernels: engine.online.Kernels = engine.exact.kernels_untraced(store, span)
        return kernels

    @fact
    def _by_events(self) -> engine.online.Kernels | None:
        """The same by events, with its connections by source; None if all are gathered
        faster.
        """
        _, store, span = self._ready()
        kernels: engine.online.Kernels | None
        kernels = engine.exact.kernels_by_events(store, span)
        return kernels

    def _note_untraced(self, store: Store) -> None:
        """Remember that the latest step left no traces."""
        self._untraced_stamp = self._output_stamp(store)
        store.forget_single_calls()  # its neurons may not propagate now

    def _is_untraced(self, store: Store) -> bool:
        """Whether the latest step left no traces, so that there is nothing to learn
        from.
        """
        stamp = self._untraced_stamp
        return stamp != 0 and stamp == self._output_stamp(store)

    def _output_stamp(self, store: Store) -> int:
        """When its last output activated, in a step of the network or alone; 0: not
        since its context was cleared.
        """
        return int(store["stamp"][self.output[-1]._row])

    def _require_traces(self) -> None:
        """Raise if the latest step left no traces."""
        if self._is_untraced(self._store):
            raise TopologyError(
                f"{self!r} has nothing to learn from, because its latest step ran with"
                " traces=False. Call network.activate first, or run with traces."
            )

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
            self._refuse_size()
        rows = inputs.reshape(-1), outputs.reshape(-1)
        status = self._call("feed_network", len(outputs), (feedback, *rows), ONLINE)
        if status == REFUSED:
            self._refuse_inputs(rows[0])
        if status == DIVERGED:
            store = self._store
            done = int(store["failed"][ROW]) + 1
            raise DivergenceError(
                f"What {self!r} feeds back to itself is no longer a finite"
                f" {store.dtype} after {checks.counted(done, 'step')}. Train it to"
                " lower errors, or ask for fewer steps."
            )

    def _refuse_inputs(self, inputs: Floats) -> NoReturn:
        """Raise the error for rows of inputs that are not finite."""
        dtype = self._store.dtype
        finite = np.abs(inputs) <= np.finfo(dtype).max
        step = int(np.argmin(finite)) // self._n_inputs
        row = inputs[step * self._n_inputs : (step + 1) * self._n_inputs]
        checks.require_range("The inputs", row, dtype)
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
        row = self._input_row(inputs)
        outputs = np.empty(self._n_outputs)
        if self._call("run_network", 0, (row, outputs), ASIDE) != DONE:
            self._refuse_inputs(row)
        return outputs

    @fact
    def _online(self) -> engine.online.Kernels:
        """Kernels of the online rule, whatever rule it learns by."""
        _, store, span = self._ready()
        return engine.online.kernels_for(store, span)

    @fact
    def _aside(self) -> engine.online.Kernels:
        """Kernels of steps that leave no trace; only what is passed to them changes."""
        _, store, span = self._ready()
        return engine.online.kernels_aside(store, span, self._aside_table)

    @fact
    def _aside_table(self) -> engine.untraced.Aside:
        """The table for such steps."""
        return engine.untraced.Aside(self._ready()[1])


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
