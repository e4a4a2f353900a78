"""What a network does: steps, and learning from them. :class:`synapse.Network` inherits this."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NoReturn, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _ties, _wiring, cost as costs, engine
from ._checks import (
    FLOAT64,
    METHODS,
    answers,
    as_matrix,
    boolean,
    class_row,
    integer,
    level_of_caller,
    non_negative_number,
    own_names,
    parts_of,
    require_range,
    row_of,
    shown,
    vector,
)
from ._random import Seed, random_generator
from ._registration import require_sound
from ._typing import Floats
from .cost import Cost
from .engine.functions.activations import RANDOM
from .engine.guard import steady, whole
from .engine.lowering.flags import BACK, BACK_GATED
from .engine.lowering.order import pure_inputs
from .engine.schema import FIRST, NONE, STOP
from .engine.store import Store
from .errors import ArgumentError, TopologyError, TopologyWarning
from .initializers import Initializer
from .layer import Layer
from .neuron import Neuron

NOTHING = np.empty(0)


@answers(METHODS)
class NetworkSteps(Sequence[Neuron]):
    """The methods of a network that run kernels, and its rows in the store."""

    _layers: list[Layer]
    _anchor: Neuron
    _n_inputs: int
    _n_outputs: int
    _span: NDArray[np.uint64]
    _span_version: int
    _cost_asked: tuple[str | Cost | None, int]
    _cost_found: Cost

    def __dir__(self) -> list[str]:
        return own_names(self)

    def activate(self, inputs: ArrayLike | None = None) -> Floats:
        """Run one step.

        Parameters
        ----------
        inputs : array_like, shape (n,), optional
            One number an input neuron. None: the input neurons fire from what leads to them.
            A contiguous float64 array is read where it is; lists, tuples, float32 and
            non-contiguous arrays are copied first.

        Returns
        -------
        ndarray, shape (m,)
            The outputs.

        Raises
        ------
        ArgumentError
            If the inputs are of another number, or not finite; nothing has changed then.
        """
        if inputs is None:
            row = NOTHING
        elif (
            type(inputs) is np.ndarray
            and inputs.dtype is FLOAT64
            and inputs.shape == (self._n_inputs,)
            and inputs.flags.carray
        ):
            row = inputs  # nothing to copy
        else:
            row = row_of("The inputs", inputs, self._n_inputs)
        return self._run(row, np.empty(self._n_outputs))

    @overload
    def run(self, inputs: list[NDArray[Any]]) -> list[Floats]: ...
    @overload
    def run(self, inputs: ArrayLike) -> Floats: ...
    def run(self, inputs: Any) -> Floats | list[Floats]:
        """Run one step for every row, inside one compiled call.

        Parameters
        ----------
        inputs : array_like, shape (T, n) or (B, T, n), or list of array_like, each of shape (T_i, n)
            One row a step, from the present context on; or several sequences, the context cleared before
            each. A network with one input takes (T,), too. Forms are those of :meth:`Trainer.train`.

        Returns
        -------
        ndarray, shape (T, m) or (B, T, m), or list of ndarray
            The outputs of every step, in the form of the inputs. The context is afterwards that of the last
            step: of several sequences, that of the last one that has a step.

        Raises
        ------
        ArgumentError, KindError
            If the inputs have another shape, or are not finite; nothing has changed then.
        FunctionError
            If a registered squash raises. Call :meth:`clear` then, to forget the activations of that step.

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
        n, dtype = self._n_inputs, self._store.dtype
        parts, together = [inputs], type(inputs) is np.ndarray and inputs.ndim == 2
        if not together:
            parts, together = parts_of("The inputs", inputs, n)
        if together:
            rows = as_matrix("The inputs", parts[0], n, dtype, finite=False)
            return self._run_rows(rows)
        sequences = [as_matrix(f"The inputs of sequence {i}", part, n, dtype) for i, part in enumerate(parts)]
        outputs = self._run_sequences(sequences)
        if isinstance(inputs, list | tuple):
            return outputs
        return np.concatenate(outputs or [NOTHING]).reshape(*np.shape(inputs)[:2], self._n_outputs)

    @whole
    def _run_sequences(self, sequences: list[Floats]) -> list[Floats]:
        """Run sequences; the context is cleared before each."""
        outputs = []
        for rows in sequences:
            if len(rows):
                self.clear()
            outputs.append(self._run_rows(rows))
        return outputs

    def _run_rows(self, rows: Floats) -> Floats:
        """Run rows from the present context on."""
        outputs = np.empty(len(rows) * self._n_outputs)
        return self._run(rows.reshape(-1), outputs).reshape(len(rows), self._n_outputs)

    def _run(self, inputs: Floats, outputs: Floats) -> Floats:
        """Run flat rows of inputs into `outputs`, inside one kernel."""
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                address, _, span = self._ready()
                steps = outputs.size // self._n_outputs
                fits = inputs.size in (0, steps * self._n_inputs) and outputs.size == steps * self._n_outputs
                if not fits:
                    raise _changed(self)
                if store.recorder is not None and store.recorder.records(self):
                    store.recorder.make_room(steps)
                bad = int(engine.online.run_network(address, store.unit, span, inputs, outputs))
                if bad:
                    self._refuse(store, inputs, bad - 1)
                return outputs
        return self._run(inputs, outputs)  # while this waited, it has been joined to a larger one

    def _refuse(self, store: Store, inputs: Floats, step: int) -> NoReturn:
        """Raise the error of a step that the kernel refused."""
        require_sound(store["failed"])
        row = inputs[step * self._n_inputs : (step + 1) * self._n_inputs]
        require_range("The inputs", row, store.dtype)
        raise ArgumentError(f"Expected the inputs to be finite, got {shown(row.tolist())} in step {step}.")

    def propagate(
        self, rate: float = 0.1, target: ArrayLike | None = None, cost: str | Cost | None = None
    ) -> float:
        """Send the error of the last step back through the network, and learn from it at once.

        Parameters
        ----------
        rate : float
            How far weights move.
        target : array_like, shape (m,), optional
            What the outputs should have been; of softmax outputs also the number of a class, from 0. None:
            errors come from the networks it projects to.
        cost : str or Cost, optional
            Default: cross-entropy for logistic outputs, else squared error.

        Returns
        -------
        float
            The cost of the step.

        Raises
        ------
        ArgumentError
            If rate or target cannot be used; no weight has moved then.
        FunctionError
            If a registered cost raises; no weight has moved then.
        """
        step = non_negative_number("The rate", rate, self._store.dtype)
        measure = self._cost(cost)
        if measure is costs.categorical_cross_entropy and integer(target) is not None:
            target = class_row("The target", target, self._n_outputs)
        aims = NOTHING if target is None else self._vector("The target", target, self._n_outputs)
        measure.check_targets(aims.reshape(-1, self._n_outputs))
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                address, _, span = self._ready()
                if aims.size not in (0, self._n_outputs):
                    raise _changed(self)
                value: float = engine.online.propagate_targets(
                    address, store.unit, span, aims, measure.code, store.dtype.type(step)
                )
                if value != value:
                    require_sound(store["failed"])
                return value
        return self.propagate(rate, target, cost)  # while this waited, it has been joined to a larger one

    def _cost(self, cost: str | Cost | None) -> Cost:
        """The cost, or the one that matches the squashes of the outputs, checked."""
        cost = None if cost is None else costs.of_outputs(cost, self._n_outputs)
        asked = (cost, self._store.topology_version)  # a squash that is set anew changes the version
        if self._cost_asked != asked:
            squash = [neuron.squash for neuron in self._layers[-1]]
            measure = costs.matching(squash) if cost is None else cost
            if measure is costs.cross_entropy and costs.matching(squash) is costs.categorical_cross_entropy:
                measure = costs.categorical_cross_entropy
            measure.check(squash)
            self._cost_asked, self._cost_found = asked, measure
        return self._cost_found

    @whole
    def clear(self) -> None:
        """Forget the context: states, activations, errors and traces. Weights stay."""
        address, store, span = self._ready()
        engine.online.clear_rows(address, store.unit, np.arange(span[FIRST], span[STOP], dtype=np.uint64))
        if store.recorder is not None and store.recorder.records(self):
            store.recorder.step_over()

    @whole
    def reset(self, seed: Seed = None, initializer: str | Initializer = "uniform") -> None:
        """Forget context and learning: new random weights and biases for all that is trainable.

        Weights and biases that are not trainable keep their values: constant error carousels, fixed copies,
        what :meth:`Layer.freeze` has frozen. So do the biases of inputs. A self-connection that is trainable
        gets a random weight like any other. Random neurons keep their streams, see :meth:`reseed`.
        """
        connections = self._connection_rows()
        _ties.reset_parameters(self._store, connections, self._rows(), random_generator(seed), initializer)
        self.clear()

    @property
    @steady
    def deterministic(self) -> bool:
        """Whether all its neurons are deterministic, see :attr:`Neuron.deterministic`. Settable: True to test
        a network that has random neurons, False to train it.
        """
        return bool(self._store["deterministic"][self._rows()].all())

    @deterministic.setter
    @whole
    def deterministic(self, value: bool) -> None:
        self._store["deterministic"][self._rows()] = boolean("The deterministic of a network", value)

    @whole
    def reseed(self, seed: Seed = None) -> None:
        """Restart the random streams of its neurons, see :meth:`Neuron.reseed`."""
        rng = random_generator(seed)
        for neuron in self:
            if neuron.squash.random:
                neuron.reseed(rng)

    @property
    @steady
    def has_memory(self) -> bool:
        """Whether its outputs can depend on earlier inputs."""
        _, store, span = self._ready()
        columns, first, stop = store.columns, int(span[FIRST]), int(span[STOP])
        if (columns["self_row"][first:stop] != NONE).any():
            return True
        runs = slice(int(columns["first_run"][first]), int(columns["last_run"][stop - 1]))
        return bool((columns["run_flags"][runs] & (BACK | BACK_GATED)).any())

    @property
    @steady
    def is_random(self) -> bool:
        """Whether one of its neurons draws random numbers: it is not deterministic, its squash is random."""
        store, rows = self._store, self._rows()
        return bool((np.isin(store["squash"][rows], RANDOM) & (store["deterministic"][rows] == 0)).any())

    # --- its place in the store ------------------------------------------------------------

    @property
    def _store(self) -> Store:
        return self._anchor._store

    @property
    def _number_now(self) -> int:
        return int(self._store["network"][self._anchor._row])

    def _vector(self, what: str, values: ArrayLike, size: int) -> Floats:
        """`size` numbers within the range of its float."""
        return vector(what, values, size, self._store.dtype)

    def _rows(self) -> NDArray[np.int64]:
        """Rows of its neurons; contiguous after lowering."""
        return _wiring.rows_of(self)

    @steady
    def _connection_rows(self) -> NDArray[np.int64]:
        """Rows of the connections within the network, in the order of making."""
        store = self._store
        store.ready()
        return _wiring.rows_within(store, np.append(store["network"] == self._number_now, False))

    def _ready(self) -> tuple[int, Store, NDArray[np.uint64]]:
        """Address of the store's table, the store, and the span of the network: the arguments of kernels."""
        store = self._anchor._store
        address = store.ready()
        if self._span_version != store.topology_version:
            first = self._anchor._row
            inputs, stop = self._n_inputs, first + len(self)
            pure = bool(pure_inputs(store)[first : first + inputs].all())
            learning = first + inputs if pure else first
            self._span = np.array([first, inputs, self._n_outputs, stop, learning], np.uint64)
            self._span_version = store.topology_version
            self._warn_of_unreached(store, stop)
        return address, store, self._span

    def _warn_of_unreached(self, store: Store, stop: int) -> None:
        """Warn where no connection leads into any output; called once for each topology."""
        columns, first = store.columns, stop - self._n_outputs
        alone = (columns["self_row"][first:stop] == NONE).all()
        if alone and columns["first_run"][first] == columns["last_run"][stop - 1]:
            warnings.warn(
                f"{self!r}: no connection leads into its outputs, so they depend on no input. "
                "Connect a layer to them with project().",
                TopologyWarning,
                stacklevel=level_of_caller(),
            )


def _changed(network: NetworkSteps) -> TopologyError:
    """The error if another thread has changed a network's inputs or outputs while a step was waiting."""
    return TopologyError(
        f"Another thread has edited {network!r} meanwhile: its inputs or outputs are others now."
    )
