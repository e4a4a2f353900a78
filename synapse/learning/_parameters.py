"""The weights and biases of a network as one vector, with its gradients and its updates
by an optimizer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._checks import sum_of_squares
from .._typing import Floats, Ints
from ..engine.locking import ExclusiveAccess
from ..engine.lowering.ranges import joined_ranges
from ..engine.records import Ties
from ..engine.schema import SHARED_BY
from ..engine.store import Store
from ..errors import ArgumentError, DivergenceError, TopologyError
from ..objects import parameters
from ..objects.edits import require_closed
from ..objects.network import Network
from ..optimizers import (
    LBFGS,
    Optimizer,
    OptimizerState,
    RecursiveOptimizer,
)
from ..optimizers._base import not_clipped, too_steep
from ..optimizers._descent import BuiltIn
from ..optimizers._recursive import RecursiveState
from ._regularisation import Penalties
from ._trainable_subset import ExclusiveSubsetAccess, TrainableSubset

ADVICE = (
    "The weights have not changed. Use a lower rate, smaller weights, a window or a"
    " bounded squash."
)


class OfNetwork:
    """Information about a network that does not keep the network alive, because an
    optimizer holds such objects for all networks that it steps.
    """

    def __init__(self, network: Network) -> None:
        self._network: Any = ref(network)

    @property
    def network(self) -> Network:
        """The network, which the caller of each method holds."""
        return self._network()


class ParameterVector(OfNetwork):
    """The weights, then the biases of a network as one vector that contains each shared
    value once.

    Parts with the same rows as in `before`, the network's earlier vector, are reused.
    """

    _parts: tuple[_SharedValues, _SharedValues]

    def __init__(self, network: Network, before: ParameterVector | None = None) -> None:
        super().__init__(network)
        store = network._store
        connections = network._connection_rows()
        neurons = network._neuron_rows
        self._topology = store.topology_version
        self._structure = store.structure_version
        if (
            before is not None
            and before._structure == self._structure
            and all(
                np.array_equal(column.rows, rows)
                for column, rows in before._with(connections, neurons)
            )
        ):
            self._parts = before._parts
        else:
            weights = _SharedValues(store, "weight", connections, 0)
            self._parts = weights, _SharedValues(store, "bias", neurons, weights.count)
        self.n_weights = self._parts[0].count
        learns = store["trainable_bias"][neurons] != 0
        learns[: len(network.input)] = False
        # a shared value if any of its rows does
        trainable = (store["trainable"][connections] != 0, learns)
        self.frozen = np.concatenate(
            [
                np.bincount(column.place, rows, column.count) == 0
                if column.tied
                else ~rows
                for column, rows in self._with(*trainable)
            ]
        )
        signs = store["sign"][connections]
        self.signed = bool(signs.any())
        self.low = self.high = np.empty(0)  # the bounds, if weights have signs
        if self.signed:
            signs = self.first(signs, np.zeros(len(neurons), np.int8))
            self.low = np.where(signs > 0, 0.0, -np.inf)
            self.high = np.where(signs < 0, 0.0, np.inf)

    def _with(self, weights: Any, biases: Any) -> Iterator[tuple[_SharedValues, Any]]:
        """Return both columns' values, each with its part of an object."""
        return zip(self._parts, (weights, biases), strict=True)

    @property
    def current(self) -> bool:
        """Whether no edit has changed the topology or the trainable parameters."""
        return self._topology == self.network._version

    def read(self) -> Floats:
        """Return the present vector."""
        values = [column.store[column.name][column.read] for column in self._parts]
        return np.concatenate(values).astype(float)

    def write(self, values: Floats) -> None:
        """Set the network's parameters, unless an edit has changed its structure
        meanwhile.
        """
        with ExclusiveAccess(self.network):
            if self.current:
                self.write_in_use(values)

    def write_in_use(self, values: Floats) -> None:
        """Set the parameters, which are `current`, of a network that the caller has in
        use.
        """
        for column in self._parts:
            column.store[column.name][column.written] = values[column.taken]

    def places(self) -> tuple[Any, Any]:
        """Return the positions of weights and biases for kernels, see
        ``engine/exact/update.py``.
        """
        weights, biases = self._parts
        return weights.places, biases.places

    def entries(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return the row and the entry of each weight and each bias."""
        return [
            (column.rows.astype(np.int64), column.entries.astype(np.int64))
            for column in self._parts
        ]

    def slopes(self, weights: Floats, biases: Floats) -> tuple[Floats, ...]:
        """Return memory for a number per connection and neuron. It consists of these
        parts of a vector if no parameters are tied.
        """
        return tuple(
            np.empty(len(column.rows)) if column.tied else values
            for column, values in self._with(weights, biases)
        )

    def first(self, weights: Floats, biases: Floats) -> Floats:
        """Join values per connection and per neuron to one vector, with the first value
        of tied members.
        """
        return np.concatenate(
            [
                values[column.first_rows]
                for column, values in self._with(weights, biases)
            ]
        )


class _SharedValues:
    """The values of a column in some rows, which contain shared values once, in the
    order of their first row.

    They are the entries of a vector from `begin` on.
    """

    def __init__(
        self, store: Store, name: str, rows: NDArray[np.int64], begin: int
    ) -> None:
        self.store = store
        self.name = name
        self.rows = rows
        self.begin = begin
        tie = store[SHARED_BY[name]]
        self.first_rows = self.place = np.arange(len(rows))
        self.read = self.written = rows
        self.entries = self.taken = begin + self.place
        if tie.any() and tie[rows].any():
            self.first_rows, self.place = parameters.distinct(tie[rows])
            self.read = rows[self.first_rows]
            self.entries = begin + self.place
            # members in other networks change, too
            others, like = parameters.other_members(tie, rows)
            self.written = np.concatenate([rows, others])
            self.taken = np.concatenate([self.entries, self.entries[like]])
        self.count = len(self.first_rows)
        self.tied = len(self.written) != self.count

    @cached_property
    def places(self) -> Any:
        """Return the `ParameterScatter` for kernels."""
        consecutive = np.zeros(len(self.rows), bool)
        consecutive[1:] = self.rows[1:] == self.rows[:-1] + 1
        begins, lengths = joined_ranges(consecutive)
        nothing = np.empty(0, np.uint32)
        shared = (
            (self.entries, self.written, self.taken) if self.tied else (nothing,) * 3
        )
        numbers = self.rows[begins], lengths, *shared
        return engine.exact.update.ParameterScatter(
            np.int64(self.begin),
            self.tied,
            *(each.astype(np.int64, copy=False) for each in numbers),
        )


@dataclass(frozen=True)
class BatchGradient:
    """The gradient of one batch, which is 0 for parameters that are not trainable.
    Entries of tied members are summed later.
    """

    cost: float  # summed over the batch's steps
    steps: float  # number of steps with a target; weighted steps count by their weight
    weights: Floats  # one per connection, in the order of network.connections
    biases: Floats  # one per neuron, in the order of the network
    rows: int  # number of rows run, with or without a target


@dataclass(frozen=True)
class StepJacobian:
    """The Jacobian of one step with a target, and its errors, instead of a batch
    gradient.
    """

    cost: float
    steps: int  # with a target: 1, or 0 after the last one
    rows: int  # number of rows run, with or without a target
    jacobian: Floats  # shape (outputs, parameters); overwritten by the next step
    errors: Floats  # target minus output; NaN: no target

    @property
    def norm(self) -> float:
        """Norm of the gradient of half the squared error."""
        return float(np.linalg.norm(np.nan_to_num(self.errors) @ self.jacobian))


class Updater(OfNetwork):
    """The parameters of a network, and the state of the optimizer that updates them,
    for as long as both stay.
    """

    def __init__(self, network: Network, subset: TrainableSubset | None = None) -> None:
        super().__init__(network)
        self.penalties = Penalties()  # those of the latest training
        self.part = subset
        # None until the first training: an optimizer, its `ParameterVector`, and the
        # `OptimizerState` or `RecursiveState`, which L-BFGS does not have
        self.optimizer: Any = None
        self.parameters: Any = None
        self.state: Any = None
        self._change: Any = None  # for kernels, once a compiled loop has run
        self._limits: Penalties | None = None  # those of `penalty`

    def in_use(self) -> ExclusiveAccess:
        """Return a context in which this thread uses the network, and only the part to
        be trained is trainable.
        """
        return (
            ExclusiveAccess(self.network)
            if self.part is None
            else ExclusiveSubsetAccess(self.part)
        )

    def refresh(
        self, optimizer: Optimizer | LBFGS | RecursiveOptimizer
    ) -> ParameterVector:
        """Return the present parameters, after resetting the optimizer's state if they
        or the optimizer changed.
        """
        if (
            self.parameters is None
            or not self.parameters.current
            or self.optimizer is not optimizer
        ):
            require_closed(self.network, "trained by gradients")
            if isinstance(optimizer, RecursiveOptimizer) and optimizer.direct:
                require_outputs(self.network)
            parameters = ParameterVector(self.network, self.parameters)
            values = parameters.read()
            frozen = parameters.frozen
            state: OptimizerState | RecursiveState | None = None
            if isinstance(optimizer, Optimizer):
                dtype = (
                    self.network.dtype if isinstance(optimizer, BuiltIn) else np.float64
                )
                state = OptimizerState(optimizer, len(values), frozen, dtype)
            elif isinstance(optimizer, RecursiveOptimizer):
                state = optimizer.begin(values, frozen, groups_of(parameters))
            self.parameters, self.optimizer, self.state = parameters, optimizer, state
            self.places = self.parameters.places()
            self._change = self._limits = None
        if self._limits is not self.penalties:
            frozen = self.parameters.frozen[: self.parameters.n_weights]
            self._limits = self.penalties
            self.penalty = self.penalties.numbers(frozen)
            shared = any(tied for _, tied, *_ in self.places)
            self._plain = self.penalties == Penalties() and not (
                shared or self.parameters.signed
            )
        return self.parameters

    def arrays(
        self,
        optimizer: Optimizer | LBFGS | RecursiveOptimizer | None,
        subset: TrainableSubset | None,
    ) -> dict[str, Any] | None:
        """Return the state of this optimizer, or None if it has none or is reset in the
        next training.
        """
        if (
            self.state is None
            or self.parameters is None
            or (self.optimizer, self.part) != (optimizer, subset)
        ):
            return None
        with self.in_use():
            return self.state.arrays() if self.parameters.current else None

    def restore(
        self,
        optimizer: Any,
        arrays: Mapping[str, Any],
    ) -> None:
        """Restore the result of :meth:`arrays`."""
        with self.in_use():
            self.refresh(optimizer)
        if self.state is None:
            raise ArgumentError(f"{type(optimizer).__name__} has no state.")
        self.state.restore(arrays)

    def update(
        self,
        batch: BatchGradient | StepJacobian,
        rate: float | None,
        measured: bool = False,
    ) -> float | None:
        """Apply one step of the optimizer. If `measured`, return the gradient's norm
        before clipping.
        """
        values = self.parameters.read()
        rate = self.state.optimizer.rate if rate is None else rate
        if isinstance(batch, StepJacobian):
            self.state._update(values, batch.jacobian, batch.errors, rate)
            norm = batch.norm if measured else 0.0
        else:
            gradient, norm = self.penalised(batch, values)
            values = self.moved(values, gradient, rate)
        self.write(values)
        return norm if measured else None

    def moved(self, values: Floats, gradient: Floats, rate: float) -> Floats:
        """Return the values after a step against their gradient, by the optimizer's
        state.
        """
        values = values.astype(self.state.change.dtype, copy=False)
        self.state._update(values, gradient, rate)
        return values

    def write(self, values: Floats) -> None:
        """Set the parameters of the network, clipped to its connections' signs."""
        if np.abs(values).max(initial=0.0) > self.limit:
            raise self.beyond()
        if self.parameters.signed:
            np.clip(values, self.parameters.low, self.parameters.high, out=values)
        self.parameters.write_in_use(values)
        if (recorder := self.network._recorder) is not None:
            recorder.updated()

    def penalised(self, batch: BatchGradient, values: Floats) -> tuple[Floats, float]:
        """Return the gradient of the parameters with penalties and clipping, and its
        norm before clipping.
        """
        gradient = np.empty(len(values))
        slopes = (batch.weights, batch.biases)
        if self._plain:  # the kernel would copy, and takes 0.7 s to compile
            squares = sum_of_squares(np.concatenate(slopes, out=gradient))
            code = (
                engine.status.DONE
                if math.isfinite(squares)
                else engine.status.TOO_STEEP
            )
        else:
            find = engine.exact.update.gradient_of_batch
            code, squares = find(*self.places, slopes, self.penalty, values, gradient)
        if code != engine.status.DONE:
            raise too_steep() if code == engine.status.TOO_STEEP else not_clipped()
        return gradient, math.sqrt(squares)

    @property
    def limit(self) -> float:
        """Largest number in the store's float type."""
        return float(np.finfo(self.network.dtype).max)

    def beyond(self) -> DivergenceError:
        """Return the error for a parameter beyond the range of the store's float."""
        return DivergenceError(
            f"A weight or a bias left the range of {self.network.dtype}. {ADVICE}"
        )

    def change_of_kernels(self, number: int = 0) -> Any:
        """Return the parameters, the optimizer and its state for the compiled loop over
        batches, with a thread's working memory.
        """
        if self._change is None:
            self._change = self._find_change()
        *vectors, step = self._change
        if number > 0:
            names = "change", "values", "gradient"
            little = {name: np.empty_like(getattr(step, name)) for name in names}
            step = step._replace(**little)
        _, store, _ = self.network._lowered()
        lists = True if store["ties"][Ties.LISTS] else None
        penalty = None if self._plain else self.penalty
        change = *self.places, *vectors, penalty, step, lists
        return engine.exact.update.Change(*change)

    def _find_change(self) -> Any:
        """Return the objects that stay the same between calls, which are the gradient
        by connections and neurons, and the step.
        """
        optimizer = self.optimizer
        state = self.state
        parameters = self.parameters
        update = engine.exact.update
        size = len(state.change)
        values, gradient = np.empty((2, size))
        little = np.empty((3, min(size, update.PART)), state.slots.dtype)
        vectors = *little, state.slots, np.array(optimizer._settings(), float)
        parts = gradient[: parameters.n_weights], gradient[parameters.n_weights :]
        equation = update.equation_address(optimizer._equation, vectors)
        options = self.limit, optimizer._skips_zeros(), parameters.low, parameters.high
        step = update.OptimizerStep._make(
            (equation, *vectors, ~parameters.frozen, *options)
        )
        none = np.empty(0, np.int64)
        whole = update.ParameterScatter(
            np.int64(0),
            False,
            np.zeros(1, np.int64),
            np.array([size], np.int64),
            none,
            none,
            none,
        )
        return whole, values, gradient, parameters.slopes(*parts), step


def require_outputs(network: Network) -> None:
    """Raise TopologyError unless least squares can find the outputs' parameters."""
    trainable = False
    for neuron in network.output:
        loops = () if neuron.self_connection is None else (neuron.self_connection,)
        links = [link for link in (*neuron.incoming, *loops) if link.trainable]
        trainable |= bool(links) or neuron.trainable_bias
        if neuron.squash.name == "softmax":
            raise TopologyError(
                f"RLS trains outputs one by one, and softmax mixes them ({neuron!r}). "
                "Use DEKF, or identity outputs."
            )
        if (neuron.trainable_bias and neuron.tied) or any(link.tied for link in links):
            raise TopologyError(
                f"RLS cannot train tied parameters, here of the output {neuron!r}."
                " Untie them, or use DEKF."
            )
    if not trainable:
        raise TopologyError(
            "RLS trains only the parameters of outputs, and none of those of"
            f" {network!r} is trainable."
        )


def groups_of(parameters: ParameterVector) -> Ints:
    """Return the neuron into which each parameter leads. Outputs are 0, 1, ..., and all
    others are negative.
    """
    network = parameters.network
    rows = network._rows()
    target = network._column("target")[network._connection_rows()].astype(np.int64)
    n = len(network) - len(network.output)
    places = (
        (target - rows[0] - n).astype(float),
        (np.arange(len(rows)) - n).astype(float),
    )
    return parameters.first(*places).astype(np.int64)


def independent(networks: Sequence[Network]) -> bool:
    """Return whether all networks are distinct and not connected to each other."""
    return len({id(network._store) for network in networks}) == len(networks)
