"""Neuron: a unit with its own state, activation, self-connection and gates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import total_ordering
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _ties, _wiring, engine, graph
from . import cost as costs
from . import squash as squashes
from ._checks import (
    boolean,
    expected,
    finite_number,
    float_type,
    integer,
    non_negative_number,
    text,
)
from ._registration import require_sound
from .connection import Connection
from .cost import Cost
from .engine.guard import InUse, steady, whole
from .engine.lowering.flags import TRACED
from .engine.schema import OUTPUT
from .engine.store import Store
from .errors import ArgumentError, KindError, TopologyError
from .initializers import Initializer
from .squash import Squash

if TYPE_CHECKING:
    from .layer import Layer
    from .projection import Projection

Seed = np.random.Generator | np.random.SeedSequence | Sequence[int] | int | None


def random_generator(seed: Seed) -> np.random.Generator:
    """The generator that a public function draws from: the caller's own, or one from a seed."""
    if seed is None or isinstance(seed, np.random.Generator | np.random.SeedSequence):
        return np.random.default_rng(seed)
    several = isinstance(seed, list | tuple)
    given = [integer(number) for number in (list(seed) if isinstance(seed, list | tuple) else [seed])]
    whole = [number for number in given if number is not None and number >= 0]
    if not whole or len(whole) < len(given):
        condition = "a whole number not below 0, a list of them, a numpy Generator or None"
        raise ArgumentError(expected("The seed", condition, seed))
    return np.random.default_rng(whole if several else whole[0])


@contextmanager
def given_back(rng: np.random.Generator) -> Iterator[None]:
    """After an error inside, a generator is as it was: what is refused has drawn nothing."""
    state = rng.bit_generator.state
    try:
        yield
    except BaseException:
        rng.bit_generator.state = state
        raise


def new_store(dtype: Any) -> Store:
    """An empty store of this float.

    Raises
    ------
    ArgumentError
        If kernels do not compute in it.
    """
    return Store(float_type("The dtype", dtype))


def _number(name: str, doc: str, settable: bool = False) -> Any:
    """A property that shows a column of the store, and sets it where that makes sense."""

    @steady
    def read(self: Neuron) -> float:
        return float(self._require()[name][self._row])

    @whole
    def write(self: Neuron, value: float) -> None:
        store = self._require()
        store[name][self._row] = finite_number(f"The {name} of a neuron", value, store.dtype)

    return property(read, write if settable else None, doc=doc)


class Error:
    """The error of a neuron at its last propagation: delta_j = P_j + G_j; delta_j is 0 after it fires.

    ``responsibility`` is delta_j, ``projected`` is P_j, what came back along its connections (and
    from its target), ``gated`` is G_j, what came through the connections that it gates.
    """

    __slots__ = ("_neuron",)

    def __init__(self, neuron: Neuron) -> None:
        self._neuron = neuron

    def _read(self, name: str) -> float:
        return float(self._neuron._require()[name][self._neuron._row])

    responsibility = property(lambda self: self._read("responsibility"), doc="delta_j.")
    projected = property(lambda self: self._read("projected"), doc="P_j.")
    gated = property(lambda self: self._read("gated"), doc="G_j.")

    def __repr__(self) -> str:
        return (
            f"<error: responsibility {self.responsibility:.4g}, "
            f"projected {self.projected:.4g}, gated {self.gated:.4g}>"
        )


@total_ordering
class Neuron:
    """A neuron, linked to others by connections.

    Parameters
    ----------
    squash : str or Squash
        Its activation function f_j.
    bias : float
        Its bias b_j, trained unless ``neuron.trainable`` is set to False.
    name : str, optional
        What it is called in graphs and messages.
    dtype : numpy dtype
        The float of its numbers, and of every neuron it is linked to.

    Notes
    -----
    Activation and learning follow LSTM-g (Monner and Reggia 2012), exactly; see the guide's page
    "The equations". Called one by one, neurons are in the order in which they activate, and
    propagate in the reverse order.

    Neurons are equal by identity and ordered by row: neurons of a network in their order of activation.
    Neurons that are in no way linked, and are not of one network, have no order.

    Examples
    --------
    >>> from synapse import Neuron
    >>> a, b = Neuron(name="a"), Neuron(name="b", squash="identity")
    >>> link = a.project(b, weight=0.5)
    >>> a.activate(1.0), b.activate()
    (1.0, 0.5)
    >>> b.propagate(rate=0.1, target=1.0)
    >>> link.weight
    0.55
    """

    __slots__ = ("__weakref__", "_row", "_store")

    def __init__(
        self,
        squash: str | Squash = "logistic",
        bias: float = 0.0,
        name: str | None = None,
        *,
        dtype: Any = np.float64,
    ) -> None:
        function = squashes.get(squash)
        self._store = new_store(dtype)
        value = finite_number("The bias of a neuron", bias, self._store.dtype)
        called = None if name is None else text("The name of a neuron", name)
        self._row = self._store.add_neurons(1)
        self._store.views[0] = self
        self.squash = function
        self._store["bias"][0] = value
        self._store.names[0] = called

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise KindError("A neuron is a view of its network and cannot be copied alone. Use network.clone().")

    def __lt__(self, other: object) -> bool:
        """Whether it comes first: algorithms of networkx sort nodes."""
        if not isinstance(other, Neuron):
            return NotImplemented
        store = self._require()
        if store is not other._require():
            raise KindError(
                f"{self!r} and {other!r} have no order: they belong to networks that are not linked. "
                "Sort neurons of one network, or sort by a key such as the name."
            )
        store.ready()  # the rows are those of the order of activation
        return self._row < other._row

    def _require(self) -> Store:
        if self._row < 0:
            raise TopologyError("This neuron has been removed from its network.")
        return self._store

    # --- its numbers -----------------------------------------------------------------------

    state = _number("state", "s_j, the weighted sum before the squash.", settable=True)
    old_state = _number("old_state", "The state of the step before.")
    activation = _number("activation", "y_j = f_j(s_j), or the value it was given.", settable=True)
    derivative = _number("derivative", "f'_j(s_j); 0 after it was given a value.")

    @property
    @steady
    def bias(self) -> float:
        """b_j, an input of 1 with a weight; that of all neurons that it is tied to is set with it."""
        return float(self._require()["bias"][self._row])

    @bias.setter
    @whole
    def bias(self, value: float) -> None:
        store = self._require()
        _ties.put(store, "bias", self._row, finite_number("The bias of a neuron", value, store.dtype))

    @property
    @steady
    def bias_eligibility(self) -> float:
        """The eligibility trace of its bias, an input of 1: how b_j moves s_j. 0 before it fires.

        >>> neuron = Neuron()
        >>> link = neuron.project(neuron, weight=0.5)
        >>> neuron.activate(), neuron.activate()
        (0.5, 0.5)
        >>> neuron.bias_eligibility
        1.5
        """
        store = self._require()
        store.ready()
        if store.columns["flags"][self._row] & TRACED:
            return float(store["bias_eligibility"][self._row])
        return float(store["stamp"][self._row] != 0)

    @property
    @steady
    def tied(self) -> tuple[Neuron, ...]:
        """The other neurons that share its bias, see :func:`synapse.tie`."""
        store = self._require()
        return tuple(store.views[row] for row in _ties.others(store, "bias", self._row))

    @property
    @steady
    def trainable(self) -> bool:
        """Whether learning moves its bias, and those of all that it is tied to."""
        return bool(self._require()["trainable_bias"][self._row])

    @trainable.setter
    @whole
    def trainable(self, value: bool) -> None:
        _ties.put(self._require(), "trainable_bias", self._row, boolean("The trainable of a neuron", value))

    @property
    @steady
    def squash(self) -> Squash:
        """Its activation function."""
        return squashes.by_code(int(self._require()["squash"][self._row]))

    @squash.setter
    @whole
    def squash(self, squash: str | Squash) -> None:
        store, function = self._require(), squashes.get(squash)
        self._require_squash(function)
        store.touch()
        store["squash"][self._row] = function.code
        store["group"][self._row] = 0
        if function.random and not store["random"][self._row]:
            self.reseed()

    def _require_squash(self, function: Squash) -> None:
        """Raise TopologyError where it cannot have this squash."""
        store = self._require()
        within = store["network"][self._row] != 0
        if function is squashes.softmax and within and store["role"][self._row] != OUTPUT:
            raise TopologyError(f"{self!r} is no output: softmax normalises the outputs of a network only.")

    @property
    @steady
    def deterministic(self) -> bool:
        """Whether a random neuron gives the mean of what it would draw: for `noise` its state, for
        `bernoulli` its chance, as when a trained network is tested. Settable.

        >>> neuron = Neuron(squash="bernoulli")
        >>> neuron.deterministic = True
        >>> neuron.activate()
        0.5
        """
        return bool(self._require()["deterministic"][self._row])

    @deterministic.setter
    @whole
    def deterministic(self, value: bool) -> None:
        self._require()["deterministic"][self._row] = boolean("The deterministic of a neuron", value)

    @whole
    def reseed(self, seed: Seed = None) -> None:
        """Begin its stream of random numbers anew: what squashes `noise` and `bernoulli` draw from.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            The same seed gives the same stream. Default: one that nobody knows.

        >>> neuron = Neuron(squash="noise")
        >>> neuron.reseed(0)
        >>> first = neuron.activate()
        >>> neuron.reseed(0)
        >>> neuron.activate() == first
        True
        """
        self._require()["random"][self._row] = random_generator(seed).integers(1, 1 << 53)

    @property
    @steady
    def name(self) -> str:
        """What it is called; "neuron" and its number where it has no name."""
        return self._require().names[self._row] or f"neuron {self._row}"

    @name.setter
    @whole
    def name(self, name: str) -> None:
        self._require().names[self._row] = text("The name of a neuron", name)

    @property
    def error(self) -> Error:
        """Its error at the last propagation."""
        return Error(self)

    # --- its links -------------------------------------------------------------------------

    @property
    @steady
    def incoming(self) -> tuple[Connection, ...]:
        """The connections that lead to it, its self-connection left out."""
        pred = graph.of(self._require()).pred[self]
        return tuple(edge for source, edge in pred.items() if source is not self)  # type: ignore[misc]

    @property
    @steady
    def outgoing(self) -> tuple[Connection, ...]:
        """The connections that lead from it, its self-connection left out."""
        succ = graph.of(self._require()).succ[self]
        return tuple(edge for target, edge in succ.items() if target is not self)  # type: ignore[misc]

    @property
    @steady
    def gated(self) -> tuple[Connection, ...]:
        """The connections that it gates."""
        store = self._require()
        identities = np.sort(store["identity"][store["gater"] == self._row])
        return tuple(_wiring.connection_at(store, int(identity)) for identity in identities)

    @property
    def self_connection(self) -> Connection | None:
        """The connection by which it keeps its state, if it has one."""
        return self.connected(self)

    @steady
    def connected(self, other: Neuron) -> Connection | None:
        """The connection from this neuron to another, or None."""
        self._require()
        return _wiring.find(self, _wiring.require_neuron("The other neuron", other))

    def project(
        self,
        target: Neuron | Layer,
        weight: float | None = None,
        *,
        trainable: bool | None = None,
        seed: Seed = None,
    ) -> Any:
        """Connect it to another neuron, to every neuron of a layer, or to itself.

        Parameters
        ----------
        target : Neuron or Layer
            Where to. Its own self: a self-connection, by which its state is kept.
        weight : float, optional
            Default: 1 for a self-connection, else drawn uniformly from ±0.1.
        trainable : bool, optional
            Whether learning moves the weight. Default: all but self-connections.
        seed : int or numpy.random.Generator, optional
            Where a weight that is drawn comes from.

        Returns
        -------
        Connection, or Projection for a layer

        Raises
        ------
        KindError
            If the target is neither a neuron nor a layer.
        TopologyError
            If they are connected already.
        """
        from .layer import Layer  # a layer is made of neurons: the classes know each other

        store = self._require()
        if isinstance(target, Layer):
            weights = None if weight is None else finite_number("A weight", weight, store.dtype)
            projection: Projection = Layer([self]).project(
                target, weights=weights, trainable=trainable, seed=seed
            )
            return projection
        _wiring.require_neuron("The target of a connection", target)
        learns = (
            target is not self if trainable is None else boolean("The trainable of a connection", trainable)
        )
        rng = random_generator(seed)
        if weight is None:
            weight = 1.0 if target is self else float(rng.uniform(-0.1, 0.1))
        return _wiring.connect(self, target, finite_number("A weight", weight, store.dtype), learns)

    def disconnect(self, other: Neuron) -> None:
        """Remove the connection from this neuron to another.

        Raises
        ------
        TopologyError
            If there is none.
        """
        with InUse(self, _wiring.require_neuron("The other neuron", other)):
            connection = self.connected(other)
            if connection is None:
                raise TopologyError(
                    f"{self!r} does not project to {other!r}: there is nothing to disconnect."
                )
            _wiring.disconnect(self._store, np.array([connection._identity]))

    def gate(self, *connections: Connection | Projection) -> None:
        """Let its activation scale connections: each one's gain.

        A gate that has not fired yet has the activation 0: it is closed.

        Raises
        ------
        KindError
            If something else than a connection or projection is given.
        TopologyError
            If a connection is gated already.
        """
        from .projection import Projection

        self._require()
        singles: list[Connection] = []
        for given in connections:
            if isinstance(given, Projection):
                singles.extend(given)
            else:
                singles.append(_wiring.require_connection("What a neuron gates", given))
        if len({id(c) for c in singles}) < len(singles):
            raise TopologyError("A connection is to be gated twice by one call. Give each once.")
        with InUse(self, *singles):
            for connection in singles:
                _ = connection._at  # it still exists
                _wiring.require_ungated(connection._store, np.array([connection._identity]))
            store = _wiring.join([self, *(connection.source for connection in singles)])
            identities = np.array([connection._identity for connection in singles], np.int64)
            _wiring.gate_many([self] * len(singles), store, identities)

    def ungate(self, *connections: Connection) -> None:
        """Open connections that it gates: their gain is 1 again.

        Raises
        ------
        TopologyError
            If one of them is not gated by this neuron.
        """
        self._require()
        with InUse(self):
            _wiring.ungate(self, connections)

    # --- its doing -------------------------------------------------------------------------

    def activate(self, value: float | None = None) -> float:
        """Fire: from its incoming connections, or with a given value, as an input does.

        Parameters
        ----------
        value : float, optional
            The activation of an input. Its derivative is then 0: it does not learn.

        Returns
        -------
        float
            The activation.

        Raises
        ------
        FunctionError
            If its registered squash raises; the activation is NaN then.
        """
        store = self._require()
        number = 0.0 if value is None else finite_number("The activation of a neuron", value, store.dtype)
        with store.lock:
            if store is self._store and self._row >= 0:
                address = store.ready()
                if value is not None:
                    engine.online.clamp_one(address, store.unit, self._row, number)
                    return number
                activation = float(engine.online.activate_one(address, store.unit, self._row))
                if activation != activation:
                    require_sound(store["failed"])
                return activation
        return self.activate(value)  # while this waited, it has been joined or removed

    def propagate(
        self, rate: float = 0.1, target: float | None = None, cost: str | Cost | None = None
    ) -> None:
        """Take the error that later neurons have sent, pass it on to earlier ones, and learn.

        Parameters
        ----------
        rate : float
            How far weights move; 0 only computes the errors.
        target : float, optional
            What its activation should have been.
        cost : str or Cost, optional
            By what measure. Default: cross-entropy for a logistic neuron, else squared error. It is taken
            as that of a single output: for several, see :meth:`Layer.propagate`.

        Raises
        ------
        ArgumentError
            If rate or target is not finite; no weight has moved then.
        FunctionError
            If a registered cost raises; no weight of this neuron has moved then.
        """
        store = self._require()
        step = non_negative_number("The rate", rate, store.dtype)
        aim, code = math.nan, 0
        if target is not None:
            aim = finite_number("The target", target, store.dtype)
            measure = costs.matching([self.squash]) if cost is None else costs.get(cost)
            measure.check([self.squash])
            if not 0.0 <= aim <= 1.0:
                measure.check_targets(np.array([[aim]]))
            code = measure.code
        self._propagate(step, aim, code, 1)

    def _propagate(self, rate: float, target: float, cost: int, outputs: int) -> None:
        """Propagate as one of so many outputs under the cost of this code; a target of NaN: none."""
        store = self._require()
        with store.lock:
            if store is self._store and self._row >= 0:
                ready, step = store.ready(), store.dtype.type(rate)
                value = engine.online.propagate_one(
                    ready, store.unit, self._row, target, cost, float(outputs), step
                )
                if value != value:
                    require_sound(store["failed"], "The weights of this neuron are as before.")
                return
        self._propagate(rate, target, cost, outputs)  # while this waited, it has been joined or removed

    @whole
    def clear(self) -> None:
        """Forget the context: state, activation, errors and traces. Weights stay."""
        store = self._require()
        engine.online.clear_rows(store.ready(), store.unit, np.array([self._row], np.uint64))

    @whole
    def reset(self, seed: Seed = None, initializer: str | Initializer = "uniform") -> None:
        """Forget the context and learning: new random weights of incoming connections, and a new bias.

        What learning does not move keeps its value, see :meth:`Network.reset`.
        """
        store = self._require()
        store.ready()
        rows = np.flatnonzero(store["target"] == self._row)
        _ties.renew(store, rows, np.array([self._row]), random_generator(seed), initializer)
        self.clear()

    def __repr__(self) -> str:
        if self._row < 0:
            return "<Neuron, removed>"
        return f"<Neuron {self.name}, {self.squash.name}>"
