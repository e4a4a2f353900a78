"""Steps of a network, and learning from them. :class:`synapse.Network` inherits this."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NoReturn, TypeGuard, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import cost as costs, engine
from .._checks import (
    FLOAT64,
    SAFE,
    answers,
    as_matrix,
    boolean,
    class_row,
    counted,
    integer,
    level_of_caller,
    non_negative_number,
    parts_of,
    require_range,
    row_of,
    shown,
    vector,
)
from .._random import Seed, random_generator
from .._registration import require_sound
from .._typing import Floats
from ..cost import Cost
from ..engine.functions.activations import RANDOM
from ..engine.guard import steady, whole
from ..engine.lowering.flags import DELAYED, DELAYED_GATE
from ..engine.lowering.order import pure_inputs
from ..engine.reach import Plan
from ..engine.schema import FIRST, NONE, STOP
from ..engine.status import DIVERGED, DONE, FAILED, REFUSED, RESIZED, ROW
from ..engine.store import Store
from ..errors import ArgumentError, DivergenceError, TopologyError, TopologyWarning
from ..initializers import Initializer
from . import _ties, _wiring
from ._sensitivities import RTRL, LearningRule, Sensitivities, checked_rule, refuse_single_steps
from .layer import Layer
from .neuron import Neuron

NOTHING = np.empty(0)


@answers("Network")
class NetworkSteps(Sequence[Neuron]):
    """The methods of a network that run kernels, and its rows in the store."""

    _layers: list[Layer]
    _anchor: Neuron
    _n_inputs: int
    _n_outputs: int
    _loose: list[Layer]
    _span: tuple[int, NDArray[np.uint64]]  # a version of the topology, and the numbers for kernels
    _cost_known: tuple[int, str | Cost | None, Cost]  # a version of the topology, an argument, its cost
    _rtrl: Sensitivities | None = None  # what it learns by; None: the online rule
    _sensitivities: Sensitivities | None = None  # the same, or that of its latest training by rtrl

    def activate(self, inputs: ArrayLike | None = None) -> Floats:
        """Run one step of the network.

        Parameters
        ----------
        inputs : array_like, shape (n,), optional
            One number per input neuron. Default: the input neurons compute their activations from their
            incoming connections. A contiguous float64 array is not copied; lists, tuples, float32 and
            non-contiguous arrays are.

        Returns
        -------
        ndarray, shape (m,)
            The activations of the output neurons.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs are not n finite numbers; nothing has changed then.
        FunctionError
            If a registered activation function raises. Call :meth:`clear` then to discard this step.

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
        if inputs is None:
            row: Floats = NOTHING
        elif _is_row(inputs, self._n_inputs):
            row = inputs  # nothing to copy
        else:
            row = row_of("The inputs", inputs, self._n_inputs)
        return self._run(row, np.empty(self._n_outputs))

    @overload
    def run(self, inputs: list[NDArray[Any]]) -> list[Floats]: ...
    @overload
    def run(self, inputs: ArrayLike) -> Floats: ...
    def run(self, inputs: Any) -> Floats | list[Floats]:
        """Run one step for every row, in one compiled call.

        Parameters
        ----------
        inputs : array_like, shape (T, n) or (B, T, n), or list of array_like, each of shape (T_i, n)
            One row per step, which continues from the present context; or several sequences, and the
            context is cleared before each. A network with one input also takes shape (T,). The forms are
            those of :meth:`Trainer.train`.

        Returns
        -------
        ndarray, shape (T, m) or (B, T, m), or list of ndarray
            The outputs of every step, in the form of the inputs. The network then has the context of the
            last step; empty sequences do not change it.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs have another shape, or are not finite; nothing has changed then.
        FunctionError
            If a registered activation function raises. Call :meth:`clear` then to discard that step.

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
        if self._rtrl is not None:
            self._rtrl.ready(self)  # a network that cannot step raises before it is cleared
        for rows in sequences:
            if len(rows):
                self.clear()
            outputs.append(self._run_rows(rows))
        return outputs

    def _run_rows(self, rows: Floats) -> Floats:
        """Run rows, starting from the present context."""
        outputs = np.empty(len(rows) * self._n_outputs)
        return self._run(rows.reshape(-1), outputs).reshape(len(rows), self._n_outputs)

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
                    run = engine.rtrl.calls_for(store).run_network
                    status = run(plan.store_table(), store.unit, plan.address, plan.span, inputs, outputs)
                if status != DONE:
                    self._refuse(status, store, inputs)
                return outputs
        return self._run(inputs, outputs)  # its store was absorbed by another during the wait

    @whole
    def _feed(self, inputs: Floats, outputs: Floats, feedback: NDArray[np.uint64]) -> None:
        """Run rows of inputs in one kernel call; output o is added to input ``feedback[o]`` of the next row.

        An output with NONE there is not fed back. `inputs` and `outputs` are contiguous and written. There
        are no sensitivities. Raises DivergenceError if the numbers leave the range of the network's float.
        """
        sizes = inputs.shape[1], outputs.shape[1], len(feedback)
        if sizes != (self._n_inputs, self._n_outputs, self._n_outputs):
            self._refuse(RESIZED, self._store)
        _, store, span = self._ready()
        if store.recorder is not None and store.recorder.records(self):
            store.recorder.make_room(len(outputs))
        run = (store.calls or engine.online.calls_for(store)).feed_network
        flat = inputs.reshape(-1)
        status = run(store.address, store.unit, span, feedback, flat, outputs.reshape(-1))
        if status != DONE:
            self._refuse(status, store, flat)

    def _plan(self, store: Store, by: Sensitivities) -> Plan:
        """The plan of its sensitivities for the present topology."""
        plan = by.plan
        known = plan is not None and plan.store is store and plan.topology == store.topology_version
        if known and plan is not None and store.recorder is None:  # a recorder follows the plan
            return plan
        return by.ready(self)

    def _refuse(self, status: int, store: Store, inputs: Floats = NOTHING) -> NoReturn:
        """Raise the error for a call of a kernel that is not complete."""
        if status == RESIZED:
            raise TopologyError(
                f"Another thread has changed the inputs or outputs of {self!r} during this call. "
                "Call again with data of the new size."
            )
        require_sound(status, store["failed"])
        step = int(store["failed"][ROW])
        if status == DIVERGED:
            raise DivergenceError(
                f"What {self!r} feeds back to itself is no longer a finite {store.dtype} after "
                f"{counted(step + 1, 'step')}. Train it to lower errors, or ask for fewer steps."
            )
        row = inputs[step * self._n_inputs : (step + 1) * self._n_inputs]
        require_range("The inputs", row, store.dtype)
        raise ArgumentError(f"Expected the inputs to be finite, got {shown(row.tolist())} in step {step}.")

    def propagate(
        self, rate: float = 0.1, target: ArrayLike | None = None, cost: str | Cost | None = None
    ) -> float:
        """Propagate the error of the last step back through the network, and update the weights.

        Parameters
        ----------
        rate : float
            Learning rate, the factor of all updates; 0 only computes the errors. Default: 0.1.
        target : array_like, shape (m,), optional
            Target outputs, NaN for an output without one; for softmax outputs also the number of a class,
            counted from 0. Default: the errors come from the networks that this one is connected to.
        cost : str or Cost, optional
            Cost that is minimized. Default: cross-entropy for logistic outputs, categorical cross-entropy
            for softmax outputs, otherwise squared error.

        Returns
        -------
        float
            The cost of the step.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If rate, target or cost cannot be used; no weight has changed then.
        FunctionError
            If a registered cost raises; no weight has changed then.

        See Also
        --------
        activate : Run a step first.
        Trainer : Train on data, with this rule or with backpropagation through time.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> before = net.activate([0.0, 1.0])
        >>> cost = net.propagate(rate=0.5, target=[1.0])
        >>> bool(net.activate([0.0, 1.0]) > before)
        True
        """
        if type(rate) is float and 0.0 <= rate < SAFE:
            measure = self._cost(cost)
            row: Floats | None = None
            if target is None:
                row = NOTHING
            elif _is_row(target, self._n_outputs):
                row = target
            elif isinstance(target, list | tuple):
                row = row_of("The target", target, self._n_outputs)
            if row is not None:
                status, value = self._learn(rate, row, measure, True)
                if status != REFUSED:
                    return value
        return self._propagate_checked(rate, target, cost)

    def _propagate_checked(self, rate: float, target: ArrayLike | None, cost: str | Cost | None) -> float:
        """Propagate after checking and converting all arguments in Python, which raises the errors."""
        rate = non_negative_number("The rate", rate, self._store.dtype)
        measure = self._cost(cost)
        if measure is costs.categorical_cross_entropy and integer(target) is not None:
            target = class_row("The target", target, self._n_outputs)
        row = NOTHING
        if target is not None:
            row = vector("The target", target, self._n_outputs, self._store.dtype, nan=True)
            measure.check_targets(row[None])
        return self._learn(rate, row, measure, False)[1]

    def _learn(self, rate: float, targets: Floats, cost: Cost, check: bool) -> tuple[int, float]:
        """Propagate in one kernel call; returns its status and the cost.

        With `check`, the status is REFUSED if the cost cannot have a target.
        """
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                version, span = self._span
                if version != store.topology_version:
                    span = self._ready()[2]
                if self._rtrl is None:
                    run = (store.calls or engine.online.calls_for(store)).propagate_targets
                    ended = run(store.address, store.unit, span, targets, cost.code, rate, check)
                else:
                    ended = self._learn_exactly(store, self._rtrl, targets, cost.code, rate, check)
                if ended[0] != DONE and ended[0] in (FAILED, RESIZED):
                    self._refuse(ended[0], store)
                return ended  # a cost that has diverged is returned too
        return self._learn(rate, targets, cost, check)  # its store was absorbed by another during the wait

    def _learn_exactly(
        self, store: Store, by: Sensitivities, targets: Floats, cost: int, rate: float, check: bool
    ) -> tuple[int, float]:
        """The same along the sensitivities."""
        plan = self._plan(store, by)
        if not by.can_learn(plan):
            raise TopologyError(
                f"{self!r} has not been activated by rtrl since its context was cleared or changed, so it "
                "has nothing to learn from. Call network.activate first."
            )
        run = engine.rtrl.calls_for(store).propagate_targets
        address = plan.store_table()
        ended: tuple[int, float]
        ended = run(address, store.unit, plan.address, plan.span, targets, cost, rate, check)
        return ended

    @property
    def learning_rule(self) -> LearningRule:
        """What :meth:`propagate` learns by: a pair (method, order). Settable; saved with the network.

        ``"online"``, the default, is the rule of Monner and Reggia 2012. ``"rtrl"`` is real-time recurrent
        learning (Williams and Zipser 1989): every step keeps how each parameter has moved each recurrent
        state, :attr:`Connection.sensitivity`, so that updates are the exact gradient while weights stand
        still. A pair ``("rtrl", n)`` keeps what reaches a state within n steps (SnAp-n, Menick and others
        2021).

        A network that learns by rtrl is stepped as a whole: its neurons and layers cannot be activated or
        propagated alone. The traces of the online rule do not move meanwhile. Setting a rule clears the
        sensitivities.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the method or the order does not exist, or the sensitivities do not fit into memory.
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
        >>> cost = net.propagate(rate=0.1, target=[1.0])
        """
        by = self._rtrl
        return LearningRule() if by is None else LearningRule(RTRL, by.order)

    @learning_rule.setter
    @whole
    def learning_rule(self, rule: str | tuple[str, int | None]) -> None:
        method, order = checked_rule(rule)
        by = None
        if method == RTRL:
            by = Sensitivities(order)
            by.ready(self).forget_traces()
        self._rtrl = self._sensitivities = by
        refuse_single_steps(self._store)

    def _cost(self, cost: str | Cost | None) -> Cost:
        """Return the cost, by default the one that matches the squashes of the outputs, checked."""
        version = self._store.topology_version  # setting a squash changes it
        at, asked, measure = self._cost_known
        if asked is cost and at == version:
            return measure
        squash = [neuron.squash for neuron in self._layers[-1]]
        matching = costs.matching(squash)
        measure = matching if cost is None else costs.of_outputs(cost, self._n_outputs)
        if measure is costs.cross_entropy and matching is costs.categorical_cross_entropy:
            measure = matching
        measure.check(squash)
        self._cost_known = version, cost, measure
        return measure

    @whole
    def clear(self) -> None:
        """Clear the context: states, activations, errors and traces. No weight changes.

        See Also
        --------
        reset : Also draw new weights and biases.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(1, 3, 1, seed=0)
        >>> first = net.activate([1.0])
        >>> net.clear()
        >>> net.activate([1.0]) == first
        array([ True])
        """
        address, store, span = self._ready()
        engine.online.clear_rows(address, store.unit, np.arange(span[FIRST], span[STOP], dtype=np.uint64))
        if self._sensitivities is not None:
            self._sensitivities.forget()
        if store.recorder is not None and store.recorder.records(self):
            store.recorder.step_over()

    @whole
    def reset(self, seed: Seed = None, initializer: str | Initializer = "glorot") -> None:
        """Draw new weights and biases, and clear the context.

        Weights and biases that are not trainable do not change: constant error carousels, fixed copies,
        and everything that :meth:`Layer.freeze` has frozen. Neither do the biases of inputs. A trainable
        self-connection gets a random weight like any other connection. The streams of random neurons
        continue, see :meth:`reseed`.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed for the new values. Default: an unrecorded random seed.
        initializer : str or callable
            Initializer of weights and biases, see :mod:`synapse.initializers`. Default: "glorot".

        See Also
        --------
        clear : Clear the context only.
        reseed : Restart the streams of random neurons.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net.reset(seed=1, initializer="zeros")
        >>> net.activate([0.0, 1.0])
        array([0.5])
        """
        connections = self._connection_rows()
        _ties.reset_parameters(self._store, connections, self._rows(), random_generator(seed), initializer)
        self.clear()

    @property
    @steady
    def deterministic(self) -> bool:
        """Whether all its neurons output their mean, see :attr:`Neuron.deterministic`. Settable.

        Set it to True to test a network with random neurons, and to False to train it.
        """
        return bool(self._store["deterministic"][self._rows()].all())

    @deterministic.setter
    @whole
    def deterministic(self, value: bool) -> None:
        self._store["deterministic"][self._rows()] = boolean("The deterministic of a network", value)

    @whole
    def reseed(self, seed: Seed = None) -> None:
        """Restart the random streams of its neurons, see :meth:`Neuron.reseed`.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed of the streams. Default: an unrecorded random seed.
        """
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
        return bool((columns["run_flags"][runs] & (DELAYED | DELAYED_GATE)).any())

    @property
    @steady
    def is_random(self) -> bool:
        """Whether a neuron draws random numbers: its squash is random and it is not deterministic."""
        store, rows = self._store, self._rows()
        return bool((np.isin(store["squash"][rows], RANDOM) & (store["deterministic"][rows] == 0)).any())

    # --- rows in the store -----------------------------------------------------------------

    @property
    def _store(self) -> Store:
        return self._anchor._store

    @property
    def _number_now(self) -> int:
        return int(self._store["network"][self._anchor._row])

    def _vector(self, what: str, values: ArrayLike, size: int) -> Floats:
        """Return `size` numbers, checked to be within the range of its dtype."""
        return vector(what, values, size, self._store.dtype)

    def _rows(self) -> NDArray[np.int64]:
        """Return the rows of its neurons; contiguous after lowering."""
        return _wiring.rows_of(self)

    @steady
    def _connection_rows(self) -> NDArray[np.int64]:
        """Return the rows of the connections within the network, in the order of creation."""
        store = self._store
        store.ready()
        return _wiring.rows_within(store, np.append(store["network"] == self._number_now, False))

    def _ready(self) -> tuple[int, Store, NDArray[np.uint64]]:
        """Return the arguments of kernels: address of the store's table, store, span of the network."""
        store = self._anchor._store
        address, version = store.ready(), store.topology_version
        if self._span[0] != version:
            first = self._anchor._row
            inputs, stop = self._n_inputs, first + len(self)
            pure = bool(pure_inputs(store)[first : first + inputs].all())
            learning = first + inputs if pure else first
            self._span = version, np.array([first, inputs, self._n_outputs, stop, learning], np.uint64)
            self._loose.clear()
            self._warn_of_unreached(store, stop)
        return address, store, self._span[1]

    def _warn_of_unreached(self, store: Store, stop: int) -> None:
        """Warn if no connection leads into any output; called once for each topology."""
        columns, first = store.columns, stop - self._n_outputs
        alone = (columns["self_row"][first:stop] == NONE).all()
        if alone and columns["first_run"][first] == columns["last_run"][stop - 1]:
            warnings.warn(
                f"{self!r}: no connection leads into its outputs, so they depend on no input. "
                "Connect a layer to them with project().",
                TopologyWarning,
                stacklevel=level_of_caller(),
            )


def _is_row(values: Any, size: int) -> TypeGuard[Floats]:
    """Whether kernels can read `values` as they are: `size` numbers of float64 side by side."""
    return (
        type(values) is np.ndarray
        and values.dtype is FLOAT64
        and values.shape == (size,)
        and values.flags.carray
    )
