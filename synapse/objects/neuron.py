"""Neuron: a unit with its own state, activation, self-connection and gates."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, total_ordering
from itertools import repeat
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from .. import _checks as checks, _cost, _squash, costs, engine, squashes
from .._cost import Cost
from .._initializer import Seed, random_generator
from .._registration import error_of_call, require_sound
from .._squash import Squash
from .._typing import Ints
from .._ways import LONE_NEURON
from ..engine import online
from ..engine.follower import RowHandle
from ..engine.functions.activations import RANDOM
from ..engine.locking import (
    ExclusiveAccess,
    atomic,
    consistent_read,
)
from ..engine.lowering.flags import TRACED
from ..engine.records import Ties
from ..engine.schema import CHECK_SIZES, INPUT, OUTPUT
from ..engine.status import DIVERGED, DONE, LARGE
from ..engine.store import Store
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    TopologyError,
    UnknownNameError,
)
from . import edits, graph, groups, parameters
from .connection import (
    Connection,
    connections_at,
    require_connection,
    sensitivity_of,
)
from .metadata import Metadata
from .neuron_rows import NeuronRows
from .projection import Projection
from .values import Value, show_columns

if TYPE_CHECKING:
    from ..engine.language import Kernel
    from .layer import Layer


SYSTEM = random.Random()
"""Source of weights that are drawn without a seed. The system seeds it in every
process. Creating a NumPy generator instead would take a hundred times as long."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SYSTEM.seed)

SEVERAL = Projection, list, tuple
"""Types of arguments that can stand for several connections."""

SPAN = 1.0
"""Bound of the random weights between neurons, whose fans are not known yet.

Much smaller weights would keep tanh neurons near 0, where the gradient is 0, too.
"""


@total_ordering
@checks.suggests_attributes("Neuron")
class Neuron(NeuronRows, RowHandle, metaclass=checks.OwnNames):
    """A single neuron, with its activation function, bias and connections.

    Parameters
    ----------
    squash : str or Squash
        Activation function f_j. Default: "logistic". See :mod:`synapse.squashes`.
    bias : float
        Initial bias b_j. Learning updates it unless you set ``neuron.trainable_bias``
        to False. Default: 0.
    name : str, optional
        Name in graphs and messages. Default: "neuron" and a number.
    dtype : numpy dtype
        Precision of its numbers, float64 (the default) or float32. You can only connect
        neurons of the same precision.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the bias is not a finite number, the name is not a string, or the dtype is
        not one of these two.
    UnknownNameError
        If no activation function has this name.

    See Also
    --------
    Layer : Several neurons with the methods of one.
    Network : Layers that activate in a fixed order, in one compiled call.

    Notes
    -----
    Activation and learning follow LSTM-g (Monner and Reggia 2012) exactly, see the
    guide's page "The equations". If you call neurons one by one, activate them in the
    order of the network, and propagate in the reverse order.

    A neuron is equal only to itself. Neurons of one network are sorted by their order
    of activation. You cannot compare neurons unless they are in one network or
    connected, directly or indirectly.

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
    _noun = "neuron"

    @checks.suggests_arguments("Neuron")
    def __init__(
        self,
        squash: str | Squash = "logistic",
        bias: float = 0.0,
        name: str | None = None,
        *,
        dtype: Any = np.float64,
    ) -> None:
        try:
            function = _squash.get(squash)
        except UnknownNameError:
            if checks.suggested(squash, squashes.names()) is not None:
                raise
            raise UnknownNameError(
                f"There is no squash named {squash!r}: synapse.squashes.names() lists"
                f" all. The name of a neuron is given as name={squash!r}."
            ) from None
        float_type = checks.FLOAT64
        if dtype is not np.float64:
            float_type = checks.float_type("dtype", dtype)
        value = checks.finite_number("bias of a neuron", bias, float_type)
        name_or_none = None if name is None else checks.text("name of a neuron", name)
        self._store = Store(
            float_type, [self], [name_or_none], [(1, function.code, value, True)]
        )
        self._row = 0
        if function.code in RANDOM:
            self.reseed()

    @staticmethod
    def _several(
        count: int,
        dtype: Any,
        names: Sequence[str | None] = (),
        squash: int = 0,
        bias: Any = 0.0,
    ) -> list[Neuron]:
        """Make several neurons in one store from their names, the code of an activation
        function, and one bias for all or for each.
        """
        neurons = [*map(object.__new__, repeat(Neuron, count))]
        made = [(count, squash, bias, True)]
        store = Store(dtype, [*neurons], [*names] or [None] * count, made)
        for row, neuron in enumerate(neurons):
            neuron._moved(store, row)
        return neurons

    def _moved(self, store: Store, index: int) -> None:
        self._store = store
        self._row = index

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise ArgumentTypeError(
            "A neuron is a view of its network and cannot be copied alone. Use"
            " network.clone()."
        )

    @consistent_read
    def __lt__(self, other: object) -> bool:
        """Return whether this neuron activates before the other, because algorithms of
        networkx sort nodes.
        """
        if not isinstance(other, Neuron):
            return NotImplemented
        store = self._require()
        if store is not other._require():
            raise ArgumentTypeError(
                f"{self!r} and {other!r} have no order: they belong to networks that"
                " are not connected. Sort neurons of one network, or sort by a key"
                " such as the name."
            )
        store.ensure_lowered()  # sorts the rows by the order of activation
        return self._row < other._row

    def _require(self) -> Store:
        """Return the store, or raise TopologyError if the neuron has been removed."""
        if self._row < 0:
            raise TopologyError(
                "This neuron has been removed from its network and cannot be used."
            )
        return self._store

    @property
    def _at(self) -> int:
        """Present row in the store. Raises TopologyError if the neuron has been
        removed.
        """
        row = self._row
        if row < 0:
            self._require()
        return row

    def _by_store(self) -> list[tuple[Store, Ints]]:
        """Return the store with the neuron's row."""
        return [(self._require(), np.array([self._row]))]

    def __repr__(self) -> str:
        if self._row < 0:
            return "<Neuron, removed>"
        return f"<Neuron {self.name}, {self.squash.name}>"

    def __str__(self) -> str:
        return repr(self) if self._row < 0 else self.name

    # --- connections ------------------------------------------------------------------

    @property
    @consistent_read
    def incoming(self) -> tuple[Connection, ...]:
        """Incoming connections, without the self-connection."""
        links = graph.edges_of(self, into=True)
        own = edits.find(self, self, 0)
        return tuple(link for link in links if link is not own)

    @property
    @consistent_read
    def outgoing(self) -> tuple[Connection, ...]:
        """Outgoing connections, without the self-connection."""
        links = graph.edges_of(self, into=False)
        own = edits.find(self, self, 0)
        return tuple(link for link in links if link is not own)

    @property
    @consistent_read
    def gated(self) -> tuple[Connection, ...]:
        """Connections that this neuron gates."""
        store = self._require()
        return tuple(connections_at(store, store["gate"] == self._row + 1))

    @property
    def self_connection(self) -> Connection | None:
        """Connection from the neuron to itself, which carries the state to the next
        step, or None if there is none.
        """
        return self._find(self, 0)

    def connection_to(
        self, other: Neuron, *, delay: int | None = None
    ) -> Connection | None:
        """Return the connection from this neuron to another, or None if there is none.

        Parameters
        ----------
        other : Neuron
            Target of the connection.
        delay : int, optional
            Number of steps by which the connection delays, see
            :attr:`Connection.delay`, or 0 for the connection without a delay. Default:
            if there are several connections, the one without a delay, or else the one
            with the shortest delay.

        Returns
        -------
        Connection or None
            The connection. If a neuron's connection to itself has no delay, it carries
            the state, see :attr:`self_connection`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the delay is not a whole number, or is negative.

        See Also
        --------
        disconnect : Remove the connection.

        Examples
        --------
        >>> a, b = Neuron(), Neuron()
        >>> link = a.project(b, weight=0.5, delay=3)
        >>> a.connection_to(b) is link, a.connection_to(b, delay=2), b.connection_to(a)
        (True, None, None)
        """
        require_neuron("other", other)
        return self._find(other, _steps_of(delay))

    @consistent_read
    def _find(self, other: Neuron, delay: int | None) -> Connection | None:
        """Return the connection to a neuron with this delay, or with the shortest."""
        self._require()
        return edits.find(self, other, delay)

    @overload
    def project(
        self,
        target: Neuron,
        weight: float | None = None,
        *,
        trainable: bool | None = None,
        sign: int | None = None,
        delay: int = 0,
        seed: Seed = None,
    ) -> Connection: ...

    @overload
    def project(
        self,
        target: Layer,
        weight: float | None = None,
        *,
        trainable: bool | None = None,
        sign: int | None = None,
        delay: int = 0,
        seed: Seed = None,
    ) -> Projection: ...

    def project(
        self,
        target: Neuron | Layer,
        weight: float | None = None,
        *,
        trainable: bool | None = None,
        sign: int | None = None,
        delay: int = 0,
        seed: Seed = None,
        **unknown: Any,
    ) -> Any:
        """Connect this neuron to another neuron, to every neuron of a layer, or to
        itself.

        Parameters
        ----------
        target : Neuron or Layer
            Neuron at the end of the connection. To make a self-connection, pass the
            neuron itself, see the notes. If the target is a layer that contains this
            neuron, it is connected to all other neurons of the layer, because
            :meth:`Layer.project` makes no self-connections by default.
        weight : float, optional
            Weight. Default: drawn uniformly from -1 to 1, but 1 for a self-connection.
        trainable : bool, optional
            Whether learning updates the weight. Default: True, but False for a
            self-connection.
        sign : int, optional
            Sign of the connection, +1 or -1, see :attr:`Connection.sign`. A random
            weight takes this sign. Default: the :attr:`sign` of this neuron, if it has
            one.
        delay : int
            Number of steps by which the connection delays the activation of this
            neuron, see :attr:`Connection.delay`. Default: 0, so that only the order of
            activation can cause a delay.
        seed : int or numpy.random.Generator, optional
            Seed for the random weight.
        **unknown
            Arguments with other names raise an error that suggests a correction.

        Returns
        -------
        Connection or Projection
            The new connection, or a projection if the target is a layer.

        Raises
        ------
        ArgumentTypeError
            If the target is neither a neuron nor a layer, or if an argument has an
            unknown name.
        TopologyError
            If the neurons are already connected in this direction with this delay.

        Warns
        -----
        TopologyWarning
            If a connection without a delay acts one step late although it closes no
            cycle, see :meth:`Network.add`.

        See Also
        --------
        disconnect : Remove the connection again.
        gate : Scale connections by the activation of this neuron.

        Notes
        -----
        A self-connection carries the state instead of the activation. A step's state
        starts from weight * gain * (state of the previous step). With weight 1, the
        neuron adds up all its inputs without forgetting any (the constant error
        carousel of an LSTM). With a weight below 1, its memory decays. To feed the
        activation back, give the connection a delay: ``neuron.project(neuron,
        delay=1)``.

        >>> from synapse import Neuron
        >>> source, memory = Neuron(), Neuron(squash="identity")
        >>> _ = source.project(memory, weight=1.0), memory.project(memory)
        >>> [(source.activate(x), memory.activate())[1] for x in (1.0, 0.0, 2.0)]
        [1.0, 1.0, 3.0]
        """
        # a wrapper, as other calls have, would cost a fifteenth of this one
        if unknown:
            advice = checks.ARGUMENTS["Neuron.project"]
            raise ArgumentTypeError(
                checks.about_arguments([Neuron.project], unknown, advice)
            )
        if not isinstance(target, Neuron):
            # a layer is made of neurons, so it imports this module
            receive = getattr(type(target), "_receive", None)
            if receive is None:
                kinds = "a Neuron or a Layer"
                raise ArgumentTypeError(
                    checks.expected("target of a connection", kinds, target)
                )
            return receive(target, self, weight, trainable, sign, delay, seed)
        store = self._store
        steps = 0  # as most connections have
        if type(delay) is not int or delay:
            steps = checks.delay("delay of a connection", delay)
        learns = target is not self or steps > 0
        if trainable is not None:
            learns = checks.boolean("trainable of a connection", trainable)
        rng = SYSTEM if seed is None else random_generator(seed)
        new_sign = 0 if sign is None else checks.sign("sign of a connection", sign)
        if store.editor.may_have_signs:
            new_sign = edits.sign_of_new(self, target, new_sign, steps)
        if weight is None:
            drawn = target is not self or steps > 0
            weight = 2.0 * SPAN * rng.random() - SPAN if drawn else 1.0
            if new_sign:
                weight = new_sign * abs(weight)
        else:
            weight = checks.finite_number("A weight", weight, store.dtype)
        if new_sign:
            parameters.require_signs(new_sign, weight)
        return edits.connect(self, target, weight, learns, new_sign, steps)

    @checks.suggests_arguments()
    def disconnect(self, other: Neuron, *, delay: int | None = None) -> None:
        """Remove the connection from this neuron to another.

        Parameters
        ----------
        other : Neuron
            Target of the connection.
        delay : int, optional
            Number of steps by which the connection delays, see
            :attr:`Connection.delay`, or 0 for the connection without a delay. Default:
            0 if there is such a connection, otherwise the delay of the only connection.

        Raises
        ------
        TopologyError
            If there is no such connection, or if there are several that all have a
            delay while `delay` is omitted. No connection is removed then.
        ArgumentError, ArgumentTypeError
            If the delay is not a whole number, or is negative.

        See Also
        --------
        project : Make a connection.
        connection_to : Look it up.

        Examples
        --------
        >>> a, b = Neuron(), Neuron()
        >>> link = a.project(b)
        >>> a.disconnect(b)
        >>> link
        <Connection, removed>
        """
        steps = _steps_of(delay)
        with ExclusiveAccess(self, require_neuron("other", other)):
            self._require()
            other._require()
            found = links = edits.find_all(self, other)
            if steps is not None:
                found = [link for link in links if link.delay == steps]
            elif len(links) > 1 and not links[0].delay:
                found = links[:1]
            if len(found) != 1:
                raise _not_one(self, other, links, steps)
            edits.disconnect(self._store, np.array([found[0]._identity]))

    def gate(self, *connections: Connection | Iterable[Connection]) -> None:
        """Gate connections, so that the activation of this neuron becomes their gain.

        Because a neuron that has not been activated yet has activation 0, its gates are
        closed at first.

        Parameters
        ----------
        *connections : Connection, Projection or list of Connection
            Connections to gate. A connection can have only one gater.

        Raises
        ------
        ArgumentTypeError
            If an argument is neither a connection nor a projection.
        TopologyError
            If a connection already has a gater, or is given twice.

        Warns
        -----
        TopologyWarning
            If the gate acts one step late although it closes no cycle, see
            :meth:`Network.add`.

        See Also
        --------
        ungate : Stop gating connections.
        Layer.gate : Gate the connections of a projection with the neurons of a layer.

        Examples
        --------
        >>> a, b, gater = Neuron(), Neuron(squash="identity"), Neuron()
        >>> link = a.project(b, weight=2.0)
        >>> gater.gate(link)
        >>> a.activate(1.0), gater.activate(0.25), b.activate()
        (1.0, 0.25, 0.5)
        >>> link.gain
        0.25
        """
        singles = _single("connections", connections)
        if len(singles) > 1 and len({id(c) for c in singles}) < len(singles):
            raise TopologyError(
                "Each connection must be given once, got one of them twice."
            )
        edits.gate(self, singles)

    def ungate(self, *connections: Connection | Iterable[Connection]) -> None:
        """Stop gating connections, so that their gain is 1 again.

        Parameters
        ----------
        *connections : Connection, Projection or list of Connection
            Connections that this neuron gates. To ungate all of them, call
            ``neuron.ungate(*neuron.gated)``.

        Raises
        ------
        TopologyError
            If this neuron does not gate one of the connections.

        See Also
        --------
        gate : Gate connections.

        Examples
        --------
        >>> a, b, gater = Neuron(), Neuron(), Neuron()
        >>> link = a.project(b)
        >>> gater.gate(link)
        >>> gater.ungate(link)
        >>> link.gain
        1.0
        """
        self._require()
        with ExclusiveAccess(self):
            edits.ungate(self, _single("connections", connections))

    # --- steps ------------------------------------------------------------------------

    def activate(self, value: float | None = None) -> float:
        """Compute the activation from the incoming connections, or set it.

        Parameters
        ----------
        value : float, optional
            Activation to set, for an input. The neuron then does not learn, because its
            derivative is 0. Default: the activation is computed.

        Returns
        -------
        float
            The activation.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the value is not a finite number.
        FunctionError
            If the neuron's registered activation function raises an error. The
            activation is NaN then.

        See Also
        --------
        propagate : Learn from the error of this activation.

        Examples
        --------
        >>> from synapse import Neuron
        >>> source, target = Neuron(), Neuron(squash="identity", bias=1.0)
        >>> link = source.project(target, weight=0.5)
        >>> source.activate(2.0), target.activate()
        (2.0, 2.0)
        """
        if value is not None and not (
            type(value) is float
            and -checks.MAX_SAFE_NUMBER < value < checks.MAX_SAFE_NUMBER
        ):
            value = checks.finite_number(
                "value of an activated neuron", value, self._require().dtype
            )
        if value is None:
            return self._call(online.activate_one)
        return self._call(online.clamp_one, value)

    def propagate(
        self,
        rate: float = 0.1,
        target: float | None = None,
        cost: str | Cost | None = None,
    ) -> None:
        """Compute the error from the later neurons and the target, and update incoming
        weights and the bias.

        Call it in the reverse order of activation, because the errors of later neurons
        must be computed first.

        Parameters
        ----------
        rate : float
            Learning rate, by which the updates are multiplied. With 0, only the errors
            are computed. Default: 0.1.
        target : float, optional
            Target activation, for an output. Default: no target, so that only later
            neurons contribute errors.
        cost : str or Cost, optional
            Cost to minimize. It is ignored without a target, so that a loop over
            neurons can pass it to each neuron. The neuron counts as a single output.
            For several outputs, see :meth:`Layer.propagate`. Default: cross-entropy for
            a logistic neuron, otherwise squared error.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If `rate`, `target` or `cost` is invalid. No weight has changed then.
        DivergenceError
            If an update is not finite. No weight of this neuron has changed then.
        FunctionError
            If a registered cost raises an error. No weight of this neuron has changed
            then.

        See Also
        --------
        activate : Activate the neuron first.

        Examples
        --------
        >>> from synapse import Neuron
        >>> source, target = Neuron(), Neuron(squash="identity")
        >>> link = source.project(target, weight=0.5)
        >>> source.activate(2.0), target.activate()
        (2.0, 1.0)
        >>> target.propagate(rate=0.25, target=2.0)
        >>> target.error.responsibility, link.weight
        (1.0, 1.0)
        """
        aim = None
        code = 0
        if not (type(rate) is float and 0.0 <= rate < checks.MAX_SAFE_NUMBER):
            rate = checks.non_negative_number("rate", rate, self._require().dtype)
        if target is not None:
            aim = checks.finite_number("target", target, self._require().dtype)
            measure = _cost_of(self.squash, None if cost is None else _cost.get(cost))
            if not 0.0 <= aim <= 1.0:
                measure._check_targets(np.array([[aim]]))
            code = measure.code
            if measure is costs.categorical_cross_entropy:
                self._require_equal_cost_weights()
        self._propagate(rate, aim, code, 1.0)

    def _require_equal_cost_weights(self) -> None:
        """Raise an error if the error of this softmax neuron depends on other neurons'
        targets.
        """
        with ExclusiveAccess(self):
            store = self._require()
            row = self._lowered_row()
            group = slice(
                store.columns["group_first"][row], store.columns["group_stop"][row]
            )
            unequal = len(np.unique(store["cost_weight"][group])) > 1
        if unequal:
            raise ArgumentError(
                f"The error of {self!r} depends on the targets of all softmax outputs,"
                " because their cost_weights differ. Call network.propagate or"
                " layer.propagate with all targets."
            )

    def _propagate(
        self, rate: float, target: float | None, cost: int, outputs: float
    ) -> None:
        """Propagate as one of `outputs` outputs, with a cost given by its code."""
        options = target is not None, target or 0.0, cost, outputs, rate, CHECK_SIZES
        if self._call(online.propagate_one, options) == DIVERGED:
            raise DivergenceError(
                f"An update of {self!r} left the finite range of"
                f" {self._require().dtype}. Its weights have not changed."
                f" {parameters.REMEDIES}"
            )

    def _call(self, kernel: Kernel, argument: Any = None) -> Any:
        """Call a kernel for this neuron alone, and return its result, an activation or
        a status.

        The caller holds the lock of the store, which is lowered. If a registered
        function has raised an error, the call raises it, too. This method is
        :meth:`Calling._call` for one row. By calling that method instead, with a tuple
        of arguments and the facts of a network, a neuron's step would take a quarter to
        a third longer.
        """
        store = self._store
        if (store.busy or store.turns) and not store.lock._is_owned():
            with ExclusiveAccess(self):
                return self._call(kernel, argument)
        with store.lock:
            row = self._row
            if store is self._store and row >= 0:
                program = store.program
                if program.version != store.topology_version:
                    row = self._lowered_row()
                    program = store.program
                kernels = program.single_calls
                if kernels is None:
                    kernels = self._single_calls(store, kernel)
                if argument is None:
                    ended = kernels[kernel](store.address, store.scalar, row)
                else:
                    ended = kernels[kernel](store.address, store.scalar, row, argument)
                is_status = ended.__class__ is not float
                if (is_status and ended != DONE) or store.recorder is not None:
                    ended = self._settled(store, kernels[kernel], argument, ended)
                return ended
        self._require()
        return self._call(kernel, argument)  # the store was absorbed by another

    def _settled(self, store: Store, kernel: Any, argument: Any, ended: Any) -> Any:
        """Record a call that returned an activation or a propagation's status, and
        raise its error.

        Instead of an activation, `ended` is None if a registered function raised an
        error. A propagation whose numbers are LARGE is undone if an update is not
        finite.
        """
        propagates = ended.__class__ is int
        if propagates and ended == LARGE:
            before = parameters.copied(store)
            ended = kernel(store.address, store.scalar, self._row, (*argument[:-1], 0))
            if parameters.undone(store, before):
                ended = DIVERGED
        recorder = store.recorder
        if recorder is not None:
            (recorder.propagated if propagates else recorder.activated)(self)
        if ended is None:
            raise error_of_call(store["failed"])
        if propagates:
            after = "The weights of this neuron have not changed."
            require_sound(ended, store["failed"], after)
        return ended

    @checks.suggests_arguments()
    def clamp(self, value: float) -> None:
        """Hold the activation at a value in steps, runs and trainings, until
        :meth:`release`.

        Inputs still determine the neuron's state, but not its activation. Because its
        error is 0, its bias and incoming weights do not learn, except along earlier
        traces. The connections that it gates are multiplied by the value. A clamp
        belongs to the network, and is therefore included in copies and files.

        Parameters
        ----------
        value : float
            Activation. Use 0 to silence the neuron (a lesion).

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the value is not a finite number.
        TopologyError
            If the neuron is an input of a network, which sets its activation, or if it
            competes with other neurons, as softmax outputs do.

        See Also
        --------
        release : End the clamp.
        clamped : Value of the clamp.

        Examples
        --------
        >>> a, b = Neuron(), Neuron(squash="identity")
        >>> link = a.project(b, weight=0.5)
        >>> b.clamp(2.0)
        >>> a.activate(1.0), b.activate(), b.state
        (1.0, 2.0, 0.5)
        >>> b.release()
        >>> b.activate()
        0.5
        """
        number = checks.finite_number(
            "value of a clamped neuron", value, self._require().dtype
        )
        self._set_clamp(number)

    def release(self) -> None:
        """End a clamp, so that the activation follows from the state again, from the
        next step on.

        See Also
        --------
        clamp : Hold the activation.
        """
        self._set_clamp(None)

    @atomic
    def _set_clamp(self, value: float | None) -> None:
        store = self._require()
        if value is not None and (
            store["role"][self._row] == INPUT or self.squash._grouped
        ):
            why = (
                "the network sets its activation"
                if not self.squash._grouped
                else "it competes with others"
            )
            raise TopologyError(f"{self!r} cannot be clamped, because {why}.")
        if (self.clamped is None) != (value is None):
            store.touch()
        store["clamped"][self._row] = value is not None
        store["clamp"][self._row] = value or 0.0

    @property
    @consistent_read
    def clamped(self) -> float | None:
        """Value at which the activation is held, see :meth:`clamp`, or None if the
        neuron is not clamped.
        """
        store = self._require()
        return float(store["clamp"][self._row]) if store["clamped"][self._row] else None

    def _single_calls(self, store: Store, kernel: Kernel) -> Any:
        """Return the kernels that step single neurons, or raise TopologyError if this
        neuron cannot be stepped alone. The store caches them if all its neurons can be.
        """
        kernels = online.calls_for(store)
        internal = store.columns["ties"][Ties.INTERNAL]
        if not internal and not store.networks:
            store.program.single_calls = kernels
            return kernels
        network = store.network_at(self._row)
        self._require_single_steps(store, network)
        if network is not None and kernel is online.propagate_one:
            network._require_traces()
            if network._plastic is not None:
                raise TopologyError(
                    f"{self!r} cannot learn by itself, because {network!r} learns by"
                    f" {network._plastic.rule!r}, in steps of the whole network. Call"
                    ' network.propagate, or set network.rule = "online".'
                )
        networks = [reference() for reference in store.networks.values()]
        free = all(
            other is None
            or (
                other._rtrl is None
                and other._plastic is None
                and not other._is_untraced
            )
            for other in networks
        )
        if free and not internal and not store["synchronous"].any():
            store.program.single_calls = kernels
        return kernels

    def _require_single_steps(self, store: Store, network: Any) -> None:
        """Raise TopologyError if the neuron is stepped with its network or group."""
        if store.columns["ties"][Ties.INTERNAL] and self._reads_its_group(store):
            raise TopologyError(
                f"{self!r} cannot be stepped by itself, because its group of competing"
                " neurons is connected or gated within, so they activate together."
                " Call network.activate and network.propagate."
            )
        if network is not None and network.synchronous:
            raise LONE_NEURON.error(neuron=self, network=network)
        if network is not None and network._rtrl is not None:
            raise TopologyError(
                f"{self!r} cannot be stepped by itself, because {network!r} learns by"
                " rtrl, in steps of the whole network. Call network.activate and"
                ' network.propagate, or set network.rule = "online".'
            )

    def _reads_its_group(self, store: Store) -> bool:
        """Return whether the neuron's group contains connections or gates between its
        competitors.
        """
        start, stop = (
            int(store.columns[end][self._row]) for end in ("group_first", "group_stop")
        )
        source, target, gater = store.ends()
        into = (target >= start) & (target < stop)
        connected = (source >= start) & (source < stop) & (source != target)
        gated = (gater >= start) & (gater < stop)
        return stop > start + 1 and bool((into & (connected | gated)).any())

    def _lowered_row(self) -> int:
        """Lower the store, which may move the neuron's row, and return the row."""
        self._store.ensure_lowered()
        return self._row

    @atomic
    def clear(self) -> None:
        """Clear the context: state, activation, errors and traces. No weight changes.

        See Also
        --------
        reset_parameters : Also draw new weights and a new bias.
        """
        store = self._require()
        network = store.network_at(self._row)
        if network is not None and network._sensitivities is not None:
            network._sensitivities.clear_root(self)
        if network is not None and network._plastic is not None:
            network._plastic.clear_neuron(self)
        engine.online.clear_rows(
            store.ensure_lowered(), store.scalar, np.array([self._row], np.int64)
        )
        if store.recorder is not None and store.recorder.owns(self):
            store.recorder.step_over()

    @atomic
    def reseed(self, seed: Seed = None) -> None:
        """Restart the random stream that the activation functions `noise` and
        `bernoulli` use.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed of the stream. The same seed gives the same numbers. Default: an
            unrecorded random seed.

        Examples
        --------
        >>> neuron = Neuron(squash="noise")
        >>> neuron.reseed(0)
        >>> first = neuron.activate()
        >>> neuron.reseed(0)
        >>> neuron.activate() == first
        True
        """
        self._require()["random"][self._row] = random_generator(seed).integers(
            1, 1 << 53
        )

    # --- values -----------------------------------------------------------------------

    state = Value[float](
        "state",
        "State s_j: the weighted sum before the activation function.",
        parameters.set_number,
    )
    _old_state = Value[float](
        "old_state",
        "State s_j(t-1) of the previous step, from which a self-connection carries;"
        " Synaptic's `old`.",
    )
    activation = Value[float](
        "activation",
        "Activation y_j = f_j(s_j), or the value that was set.",
        parameters.set_number,
    )
    derivative = Value[float](
        "derivative",
        "Derivative f'_j(s_j); 0 if the activation was set.",
    )
    bias = Value[float](
        "bias",
        """Bias b_j, the weight of a constant input of 1. Setting it also sets the
        biases tied to it.
        """,
        parameters.assign,
    )

    @property
    @atomic
    def bias_sensitivity(self) -> Mapping[Neuron, float]:
        """Sensitivities d s_k / d b_j to the bias, by neuron k, see
        :attr:`Connection.sensitivity`.
        """
        self._require()
        return sensitivity_of(self, None)

    @property
    @consistent_read
    def bias_eligibility(self) -> float:
        """Eligibility trace of the bias, which describes how b_j affects s_j over time.
        It is 0 before the first activation.

        >>> neuron = Neuron()
        >>> link = neuron.project(neuron, weight=0.5)
        >>> neuron.activate(), neuron.activate()
        (0.5, 0.5)
        >>> neuron.bias_eligibility
        1.5
        """
        store = self._require()
        store.ensure_lowered()
        if store.columns["flags"][self._row] & TRACED:
            return float(store["bias_eligibility"][self._row])
        return float(store["stamp"][self._row] != 0)

    @property
    @consistent_read
    def tied(self) -> tuple[Neuron, ...]:
        """Other neurons that share this neuron's bias, see :func:`synapse.tie`."""
        store = self._require()
        return tuple(
            store.handles[row] for row in parameters.tied_rows(store, "bias", self._row)
        )

    trainable_bias = Value[bool](
        "trainable_bias",
        """Whether learning updates the bias. Setting it also sets the biases tied to
        it.

        To include the weights of incoming connections, use :attr:`trainable`. For a
        single connection, use :attr:`Connection.trainable`.
        """,
        parameters.set_trainable,
    )
    sign = Value[int | None](
        "outgoing_sign",
        """Sign of all connections from this neuron to others, +1, -1 or None. Settable.

        It expresses Dale's law, by which a neuron either excites or inhibits. Present
        and future connections get this :attr:`Connection.sign`, and the weights of
        present connections must already agree.

        >>> a, b, c = Neuron(), Neuron(), Neuron()
        >>> first = a.project(b, weight=-0.5)
        >>> a.sign = -1
        >>> first.sign, a.project(c, seed=0).weight < 0
        (-1, True)
        """,
        parameters.set_sign,
    )

    @property
    @consistent_read
    def squash(self) -> Squash:
        """Activation function. Settable, also by name.

        A neuron that competes with others has the function of its group, which you set
        by `Layer.squash`. Setting another function raises TopologyError if it would
        split a group.
        """
        return _squash.by_code(int(self._require()["squash"][self._row]))

    @squash.setter
    @atomic
    def squash(self, squash: str | Squash) -> None:
        store = self._require()
        function = _squash.get(squash)
        if function.code == store["squash"][self._row]:
            return
        self._require_squash(function)
        groups.require_whole(store, [self], function)
        self._set_squash(function)

    def _set_squash(self, function: Squash) -> None:
        """Set the activation function of a neuron that leaves its group."""
        store = self._store
        store.touch()
        store["squash"][self._row] = function.code
        store["group"][self._row] = 0
        if function._random and not store["random"][self._row]:
            self.reseed()

    def _require_squash(self, function: Squash) -> None:
        """Raise TopologyError if this neuron cannot have the activation function."""
        store = self._require()
        if (
            function is squashes.softmax
            and store["network"][self._row] != 0
            and store["role"][self._row] != OUTPUT
        ):
            raise edits.no_output(self)

    cost_weight = Value[float](
        "cost_weight",
        """Factor of the neuron's cost and error signal if it is an output with a
        target. Settable. Default: 1.

        A step's cost is the sum of the outputs' costs, each multiplied by its weight.
        The filters :class:`~synapse.optimizers.RLS` and
        :class:`~synapse.optimizers.DEKF` ignore it.

        >>> neuron = Neuron("identity")
        >>> neuron.cost_weight = 0.5
        >>> neuron.activate(), neuron.propagate(rate=0.0, target=1.0)
        (0.0, None)
        >>> neuron.error.responsibility
        0.5
        """,
        parameters.set_number,
    )

    @property
    @consistent_read
    def name(self) -> str:
        """Name, or "neuron" and a number if the neuron is unnamed. Settable."""
        return self._require().names[self._row] or f"neuron {self._row}"

    @name.setter
    @atomic
    def name(self, name: str) -> None:
        self._require().names[self._row] = checks.text("name of a neuron", name)

    @property
    def metadata(self) -> Metadata:
        """Your own values by name, such as the neuron's type, position or transmitter.
        No computation uses them.

        You can change this dict. It is also the part of ``net.graph.nodes[neuron]``
        whose keys are not those of :class:`synapse.objects.graph.NeuronData`, and
        functions of networkx can therefore read and write it. Copies, pickles,
        ``json``, ``npz`` and the graph formats include it if its keys are strings and
        its values can be written as JSON, which turns arrays and tuples into lists.

        See Also
        --------
        Network.select : Find neurons or connections by their metadata.
        from_networkx : Make a network from a graph with all its attributes.

        Examples
        --------
        >>> neuron = Neuron()
        >>> neuron.metadata["kind"] = "motor"
        >>> neuron.metadata
        {'kind': 'motor'}
        """
        return Metadata(self)

    @property
    def error(self) -> Error:
        """Error at the last propagation, with its parts."""
        return Error(self)


show_columns(Neuron, "neuron")


class Error:
    """The error of a neuron at its last propagation: delta_j = P_j + G_j.

    ``responsibility`` is delta_j. ``projected`` is P_j, the error that arrives from
    outgoing connections and from the target. ``gated`` is G_j, the error that arrives
    from the gated connections. When the neuron activates, delta_j becomes 0.
    """

    __slots__ = ("_neuron",)

    def __init__(self, neuron: Neuron) -> None:
        self._neuron = neuron

    @property
    def _store(self) -> Store:
        return self._neuron._store

    @property
    def _at(self) -> int:
        return self._neuron._at

    responsibility = Value[float]("responsibility", "Error delta_j.")
    projected = Value[float]("projected", "Projected part P_j of the error.")
    gated = Value[float]("gated", "Gated part G_j of the error.")

    def __repr__(self) -> str:
        parts = f"projected {self.projected:.4g}, gated {self.gated:.4g}"
        return f"<error: responsibility {self.responsibility:.4g}, {parts}>"


def _steps_of(delay: Any) -> int | None:
    """Return the delay of a wanted connection, None for any delay, or raise an
    error.
    """
    return None if delay is None else checks.delay("delay of a connection", delay)


def _not_one(
    source: Neuron, target: Neuron, links: list[Connection], delay: int | None
) -> TopologyError:
    """Return the error for a connection that is missing or not unique."""
    if not links:
        return TopologyError(
            f"{source!r} does not project to {target!r}: there is nothing to"
            " disconnect."
        )
    delays = [str(link.delay) for link in links]
    if delay is not None:
        return TopologyError(
            f"Expected the delay of a connection from {source!r} to {target!r}"
            f" ({' or '.join(delays)}), got {delay}."
        )
    return TopologyError(
        f"{source!r} has {len(links)} connections to {target!r}, with the delays"
        f" {' and '.join(delays)}. Say which one to remove: disconnect(other,"
        f" delay={delays[-1]})."
    )


@lru_cache(maxsize=256)
def _cost_of(squash: Squash, cost: Cost | None) -> Cost:
    """Return the cost that a single neuron minimizes."""
    return _cost.of_outputs(cost, [squash])


def _single(
    title: str, connections: Iterable[Connection | Iterable[Connection]]
) -> list[Connection]:
    """Return the connections among the arguments, also from projections and lists,
    after checking each.
    """
    singles: list[Connection] = []
    for item in connections:
        several = item if isinstance(item, SEVERAL) else (item,)
        singles += [require_connection(title, single) for single in several]
    return singles


def require_neuron(title: str, neuron: Any) -> Neuron:
    """Return `neuron` if it is a Neuron and has not been removed, or raise an error."""
    if not isinstance(neuron, Neuron):
        raise ArgumentTypeError(checks.expected(title, "a Neuron", neuron))
    neuron._require()
    return neuron
