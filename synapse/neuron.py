"""Neuron: a unit with its own state, activation, self-connection and gates."""

from __future__ import annotations

from functools import total_ordering
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _ties, _wiring, graph, squash as squashes
from ._checks import boolean, expected, finite_number, float_type, text
from ._neuron_steps import NeuronSteps, number
from ._random import Seed, random_generator
from .connection import Connection, connections_at, require_connection
from .engine.guard import InUse, steady, whole
from .engine.lowering.flags import TRACED
from .engine.schema import OUTPUT
from .engine.store import Store
from .errors import KindError, TopologyError
from .projection import Projection
from .squash import Squash

if TYPE_CHECKING:
    from .layer import Layer


@total_ordering
class Neuron(NeuronSteps):
    """A neuron, connected to others.

    Parameters
    ----------
    squash : str or Squash
        Its activation function f_j.
    bias : float
        Its bias b_j, trained unless ``neuron.trainable`` is set to False.
    name : str, optional
        Its name in graphs and messages.
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
        self._store = Store(float_type("The dtype", dtype))
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
        """Whether it comes first. Algorithms of networkx sort nodes."""
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

    # --- its numbers -----------------------------------------------------------------------

    state = number("state", "s_j, the weighted sum before the squash.", settable=True)
    old_state = number("old_state", "The state of the step before.")
    activation = number("activation", "y_j = f_j(s_j), or the value that was set.", settable=True)
    derivative = number("derivative", "f'_j(s_j); 0 after the activation was set.")

    @property
    @steady
    def bias(self) -> float:
        """b_j, an input of 1 with a weight; that of all neurons that it is tied to is set with it."""
        return float(self._require()["bias"][self._row])

    @bias.setter
    @whole
    def bias(self, value: float) -> None:
        store = self._require()
        _ties.assign(store, "bias", self._row, finite_number("The bias of a neuron", value, store.dtype))

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
        return tuple(store.views[row] for row in _ties.tied_rows(store, "bias", self._row))

    @property
    @steady
    def trainable(self) -> bool:
        """Whether learning moves its bias, and those of all that it is tied to. Settable.

        Weights are not concerned: see :attr:`Connection.trainable`, :attr:`Projection.trainable` and
        :meth:`Layer.freeze`.
        """
        return bool(self._require()["trainable_bias"][self._row])

    @trainable.setter
    @whole
    def trainable(self, value: bool) -> None:
        learns = boolean("The trainable of a neuron", value)
        _ties.set_trainable(self._require(), "trainable_bias", self._row, learns)

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
        """Raise TopologyError if it cannot have this squash."""
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
        """Restart its stream of random numbers, from which the squashes `noise` and `bernoulli` draw.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            The same seed gives the same stream. Default: an unrecorded random seed.

        Examples
        --------
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
        """Its name; "neuron" and its number if it has none."""
        return self._require().names[self._row] or f"neuron {self._row}"

    @name.setter
    @whole
    def name(self, name: str) -> None:
        self._require().names[self._row] = text("The name of a neuron", name)

    # --- its links -------------------------------------------------------------------------

    @property
    @steady
    def incoming(self) -> tuple[Connection, ...]:
        """The connections to it, except its self-connection."""
        pred = graph.of(self._require()).pred[self]
        return tuple(edge for source, edge in pred.items() if source is not self)  # type: ignore[misc]

    @property
    @steady
    def outgoing(self) -> tuple[Connection, ...]:
        """The connections from it, except its self-connection."""
        succ = graph.of(self._require()).succ[self]
        return tuple(edge for target, edge in succ.items() if target is not self)  # type: ignore[misc]

    @property
    @steady
    def gated(self) -> tuple[Connection, ...]:
        """The connections that it gates."""
        store = self._require()
        return tuple(connections_at(store, store["gater"] == self._row))

    @property
    def self_connection(self) -> Connection | None:
        """Its connection to itself, which carries its state to the next step, or None."""
        return self.connected(self)

    @steady
    def connected(self, other: Neuron) -> Connection | None:
        """The connection from this neuron to another, or None."""
        self._require()
        return _wiring.find(self, require_neuron("The other neuron", other))

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
            The end of the connection. The neuron itself: a self-connection, see the notes. Of a layer
            that holds the neuron, all others: :meth:`Layer.project` leaves self-connections out.
        weight : float, optional
            The weight. Default: 1 for a self-connection, else drawn uniformly from ±0.1.
        trainable : bool, optional
            Whether learning moves the weight. Default: False for a self-connection, else True.
        seed : int or numpy.random.Generator, optional
            Seed for the random weight.

        Returns
        -------
        Connection, or Projection for a layer

        Raises
        ------
        KindError
            If the target is neither a neuron nor a layer.
        TopologyError
            If they are connected already.

        Notes
        -----
        A self-connection does not carry the activation, but the state, before the squash: the state of a
        step begins with weight * gain * (state of the step before). With the weight 1 the neuron adds up
        all that it receives and forgets nothing, the constant error carousel of an LSTM. With a weight
        below 1 its memory fades. To bring its activation back, project to another neuron and from there
        to this one.

        >>> from synapse import Neuron
        >>> source, memory = Neuron(), Neuron(squash="identity")
        >>> _ = source.project(memory, weight=1.0), memory.project(memory)
        >>> [(source.activate(x), memory.activate())[1] for x in (1.0, 0.0, 2.0)]
        [1.0, 1.0, 3.0]
        """
        store = self._require()
        if not isinstance(target, Neuron):
            if not hasattr(target, "_receive"):  # which a layer has
                raise KindError(expected("The target of a connection", "a Neuron or a Layer", target))
            return target._receive(self, weight, trainable, seed)
        target._require()
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
        with InUse(self, require_neuron("The other neuron", other)):
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
            If anything other than a connection or projection is given.
        TopologyError
            If a connection is gated already.
        """
        self._require()
        singles: list[Connection] = []
        for one in connections:
            what = "What a neuron gates"
            singles += one if isinstance(one, Projection) else [require_connection(what, one)]
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
        """Stop gating connections: their gain is 1 again.

        Raises
        ------
        TopologyError
            If one of them is not gated by this neuron.
        """
        self._require()
        with InUse(self):
            _wiring.ungate(self, connections)

    def __repr__(self) -> str:
        if self._row < 0:
            return "<Neuron, removed>"
        return f"<Neuron {self.name}, {self.squash.name}>"


def require_neuron(what: str, neuron: Any) -> Neuron:
    """Return `neuron` if it is a Neuron and has not been removed, or raise an error."""
    if not isinstance(neuron, Neuron):
        raise KindError(expected(what, "a Neuron", neuron))
    neuron._require()
    return neuron
