"""Layer: a sequence of neurons that offers a neuron's methods for all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks as checks, _cost, _html, _initializer, _squash, costs
from .._cost import Cost
from .._initializer import Initializer, Seed, random_generator
from .._squash import Squash
from .._typing import Floats, Ints
from ..engine.locking import ExclusiveAccess, consistent_read
from ..engine.schema import GIVEN_ERRORS, Column
from ..engine.store import Store
from ..engine.store_rows import StoreRows
from ..errors import ArgumentError, TopologyError
from . import edits, groups, order, parameters
from .neuron import SPAN, Neuron, require_neuron
from .neuron_rows import NeuronRows
from .projection import (
    ALL_TO_ALL,
    ALL_TO_ELSE,
    GateKind,
    Kind,
    Projection,
    connect_layers,
    is_named,
    require_projection,
)
from .values import Values

if TYPE_CHECKING:
    from .handles import NetworkHandle


@checks.fixed_attributes
@checks.suggests_attributes("Layer")
class Layer(NeuronRows, Sequence[Neuron], metaclass=checks.AbstractOwnNames):
    """A sequence of neurons, which activate one after the other.

    A connection between two neurons of a layer acts in the same step if its source
    comes first, but one step later otherwise. To make all neurons read the previous
    step, as in a reservoir, project the layer to itself with a delay of 1:
    ``layer.project(layer, delay=1)``. Competing neurons (softmax, winner, maxout)
    always activate together.

    Parameters
    ----------
    neurons : int or iterable of Neuron
        Number of neurons to make, at most 10,000,000, or the existing neurons to use.
    squash : str or Squash
        Activation function of new neurons. Default: "logistic".
    bias : float or array_like, shape (n,)
        Initial bias of all new neurons, or one bias for each. Default: 0.
    name : str, optional
        Name of the layer. Neurons without a name get this name and a number.
    dtype : numpy dtype
        Precision of new neurons, float64 (the default) or float32.

    Raises
    ------
    ArgumentError
        If the layer would be empty or contain a neuron twice.
    ArgumentTypeError
        If `neurons` is neither a whole number nor an ordered iterable of neurons, such
        as a list.
    TopologyError
        If one of the neurons has been removed from its network.

    See Also
    --------
    Network : Layers that activate in a fixed order.
    Neuron : A single neuron.

    Examples
    --------
    >>> layer = Layer(3, squash="tanh", name="hidden")
    >>> layer, layer[0]
    (<Layer hidden, 3 neurons>, <Neuron hidden 0, tanh>)
    """

    _noun = "layer"
    _network: Callable[[], NetworkHandle | None] | None = None
    """A weak reference to its network, if it is in one."""

    @checks.suggests_arguments("Layer")
    def __init__(
        self,
        neurons: int | Iterable[Neuron],
        squash: str | Squash = "logistic",
        bias: ArrayLike = 0.0,
        name: str | None = None,
        *,
        dtype: Any = np.float64,
    ) -> None:
        function = _squash.get(squash)
        float_type = checks.float_type("dtype", dtype)
        several = isinstance(bias, list | tuple | np.ndarray) and not checks.is_number(
            bias
        )
        value = (
            bias
            if several
            else checks.finite_number("bias of a layer", bias, float_type)
        )
        if name is not None:
            checks.text("name of a layer", name)
        new = not isinstance(neurons, Iterable) or checks.integer(neurons) is not None
        if new:
            size = checks.positive_integer(
                "neurons of a layer", neurons, checks.MAX_NEURONS
            )
            if several:
                biases = checks.finite_array("Biases", value, float_type)
                value = checks.row_of("bias of a layer", biases, size)
            names = [] if name is None else [f"{name} {i}" for i in range(size)]
            self._neurons = Neuron._several(
                size, float_type, names, function.code, value
            )
        else:
            self._neurons = _existing_neurons(neurons)
            usual = {
                "squash": function.name == "logistic",
                "bias": not several and value == 0.0,
                "dtype": float_type == np.float64,
            }
            for given in [name for name in usual if not usual[name]]:
                advice = "Neurons that exist have theirs: set it afterwards."
                raise checks.void(given, "neurons", neurons, advice)
        self._name = name
        if new and (function._grouped or function._random):
            self.squash = squash
        if name is not None and not new:
            self.name = name

    def _alive(self) -> list[Neuron]:
        """Return the layer's neurons, or raise TopologyError if one has been removed
        from its network or none is left.
        """
        if not self._neurons:
            raise TopologyError(
                f"The layer {self._label} has no neurons left and was removed from its"
                " network with the last one. Add a new layer: network.add(Layer(...))."
            )
        for neuron in self._neurons:
            if neuron._row < 0:
                neuron._require()
        return self._neurons

    @property
    def name(self) -> str | None:
        """Name of the layer, or None if it is unnamed. Settable. Setting it also names
        the unnamed neurons, by appending a number.
        """
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = checks.text("name of a layer", name)
        with ExclusiveAccess(*self._neurons, columns=False):
            for i, neuron in enumerate(self._neurons):
                if neuron._row >= 0 and neuron._store.names[neuron._row] is None:
                    neuron._store.names[neuron._row] = f"{name} {i}"

    @property
    def _label(self) -> str:
        """Name, or a description by the layer's size if it is unnamed."""
        return self._name or f"of {len(self)}"

    def __repr__(self) -> str:
        name = f" {self._name}," if self._name else ""
        return f"<Layer{name} {checks.pluralize(len(self), 'neuron')}>"

    def _repr_html_(self) -> str:
        """Return the neurons as a table, for notebooks."""
        shown_neurons = list(self)[: _html.MAX_ROWS]
        columns = {
            name: [getattr(neuron, name) for neuron in shown_neurons]
            for name in ("name", "squash", "activation", "state", "bias")
        }
        columns["squash"] = [
            getattr(squash, "name", squash) for squash in columns["squash"]
        ]
        return _html.view(repr(self), _html.table(columns, len(self)))

    # --- neurons ----------------------------------------------------------------------

    @overload
    def __getitem__(self, index: int) -> Neuron: ...
    @overload
    def __getitem__(self, index: slice) -> Layer: ...
    def __getitem__(self, index: int | slice) -> Neuron | Layer:
        if isinstance(index, slice):
            return Layer(self._neurons[index])
        return self._neurons[
            checks.index_within("An index of a layer", index, len(self._neurons))
        ]

    def __len__(self) -> int:
        return len(self._neurons)

    def __iter__(self) -> Iterator[Neuron]:
        return iter(self._neurons)

    @checks.suggests_arguments()
    def append(self, neuron: Neuron) -> None:
        """Add a neuron at the end. If the layer is part of a network, the neuron joins
        the network, too.

        Parameters
        ----------
        neuron : Neuron
            Neuron to add. If it has no name, it gets the name of the layer and a
            number. If the last neuron competes with others, the new one joins this
            group, provided that it has the same squash and competes with no neuron.

        Raises
        ------
        ArgumentError
            If the neuron is already in the layer.
        TopologyError
            If the neuron belongs to another network, or would stand between competing
            neurons.

        Warns
        -----
        TopologyWarning
            If a connection or gate of the neuron acts one step late although it closes
            no cycle.

        Examples
        --------
        >>> layer = Layer(2, name="hidden")
        >>> layer.append(Neuron())
        >>> layer[2]
        <Neuron hidden 2, logistic>
        """
        require_neuron("neuron", neuron)
        self._extend([neuron])

    def _extend(self, neurons: Sequence[Neuron]) -> None:
        """Add several different neurons at the end, in order, as a single edit."""
        with ExclusiveLayerAccess(self, *neurons):
            present = {*self._neurons}
            for neuron in neurons:
                neuron._require()
                if neuron in present:
                    raise ArgumentError(f"{neuron!r} is in this layer already.")
            network = self._network() if self._network else None
            if network is not None:
                longer = Layer([*self._neurons, *neurons])
                groups.require_neighbors(
                    [longer if layer is self else layer for layer in network._layers]
                )
                network._admit(neurons)
            rivals = self._joined_rivals(neurons)
            count = len(self._neurons)
            self._neurons.extend(neurons)
            if network is not None:
                try:
                    network._renumber(network._layers)
                except MemoryError:
                    del self._neurons[count:]
                    raise
            for last, neuron in rivals:
                groups.admit(neuron._store, neuron._row, last._row)
            for number, neuron in enumerate(neurons, count):
                if self._name and neuron._store.names[neuron._row] is None:
                    neuron.name = f"{self._name} {number}"
            if network is not None and order.are_joined(network, neurons):
                order.place_new_layers(network, *order.attached(network, neurons))

    def _joined_rivals(self, neurons: Sequence[Neuron]) -> list[tuple[Neuron, Neuron]]:
        """Return the neurons that will compete, each with the neuron before it, or
        raise TopologyError if their dtypes differ.
        """
        rivals = [
            (last, neuron)
            for last, neuron in pairwise([*self._neurons[-1:], *neurons])
            if neuron.squash._grouped and neuron.squash is last.squash
        ]
        if rivals:
            edits.join([*chain.from_iterable(rivals)])
        return rivals

    # --- connections ------------------------------------------------------------------

    @checks.suggests_arguments(
        "project",
        void=[
            ("initializer", "weights", lambda given: given["weights"] is not None),
            (
                "self_connections",
                "kind",
                lambda given: is_named(given["kind"], ALL_TO_ELSE),
                f"Use {ALL_TO_ALL!r} with self_connections=True.",
            ),
        ],
    )
    def project(
        self,
        target: Layer | Neuron | NetworkHandle,
        kind: Kind | None = None,
        *,
        weights: ArrayLike | None = None,
        initializer: str | Initializer | None = None,
        trainable: bool | None = None,
        self_connections: bool = False,
        sign: int | None = None,
        delay: int | ArrayLike = 0,
        seed: Seed = None,
    ) -> Projection:
        """Connect the neurons of this layer to another layer's neurons, or to each
        other.

        Parameters
        ----------
        target : Layer, Neuron or Network
            Layer to connect to. A network stands for its input layer.
        kind : str, float, array of bool or tuple of two lists of int
            Pattern of the connections: "all_to_all", "one_to_one", "all_to_else",
            a density (the probability of each connection, above 0 and at most 1), a
            mask of shape (sources, targets), or a tuple of two lists of indices, in
            which connection i leads from source ``kind[0][i]`` to target
            ``kind[1][i]``. Default: "all_to_all". If a layer projects to itself without
            a weight matrix or a delay, the default is "one_to_one", which makes the
            constant error carousels described in the notes.
        weights : array_like, optional
            Weights as a number, or as an array of shape (sources, targets) or
            (connections,). A matrix without a `kind` connects all pairs for which it
            contains a number, even 0, whereas NaN leaves a pair unconnected. If you
            also pass a `kind`, the matrix must be 0 or NaN for unconnected pairs. The
            same holds for a neuron with itself unless it is connected. Default: drawn
            by the initializer, or 1 for carousels.
        initializer : str or callable, optional
            Initializer of the weights, see :mod:`synapse.initializers`. It is not used
            for carousels or for weights that you pass. Default: "glorot", which draws
            within ±sqrt(6 / (fan-in + fan-out)) of the pattern.
        trainable : bool, optional
            Whether learning updates the weights. Default: True, but False for
            carousels.
        self_connections : bool
            Whether to also connect neurons that are in both layers to themselves, see
            the notes. Default: False.
        sign : int, optional
            Sign of the connections, +1 or -1, see :attr:`Connection.sign`. Drawn
            weights take this sign. Default: the source's :attr:`Neuron.sign`, if it
            has one.
        delay : int or array of int
            Number of steps by which the connections delay the activations of this
            layer, see :attr:`Connection.delay`. Pass one delay for all connections, or
            an array of shape (sources, targets) or (connections,). Default: 0, so that
            only the order of activation can cause a delay.
        seed : int or numpy.random.Generator, optional
            Seed used to draw weights and to select pairs by a density.

        Returns
        -------
        Projection
            The new connections.

        Raises
        ------
        ArgumentTypeError
            If the target is not a layer, a neuron or a network.
        ArgumentError
            If `kind` or `weights` does not fit the layers. Also if a mask or a list
            pairs a neuron with itself while `self_connections` is False, or if a weight
            matrix contains a number other than 0 for an unconnected pair, or NaN for a
            connected one.
        TopologyError
            If two of the neurons are already connected with this delay. No connection
            is made then.

        Warns
        -----
        TopologyWarning
            If a connection without a delay acts one step late although it closes no
            cycle, see :meth:`Network.add`.

        See Also
        --------
        Neuron.disconnect : Remove a connection.
        gate : Gate the connections of a projection.

        Notes
        -----
        A self-connection carries a neuron's state to its next step, see
        :meth:`Neuron.project`. Because it differs from other recurrent connections,
        patterns leave it out by default. If a layer projects to itself, or to a layer
        that shares neurons with it, "all_to_all" is the same as "all_to_else", a
        density applies only to the other pairs, and masks and lists that contain such
        pairs raise an error. With ``self_connections=True``, self-connections are made
        like all other connections. Their weights are drawn and trainable, which makes
        each neuron a leaky integrator.

        With a `delay`, a neuron's connection to itself is not a self-connection,
        because it carries the activation of an earlier step, like the neuron's other
        connections. Patterns therefore include it, and
        ``layer.project(layer, delay=1)`` connects all neurons to all. Only
        "all_to_else" leaves it out.

        The pattern "one_to_one" from a layer to itself does make self-connections.
        These constant error carousels have weight 1 and are not trainable, and the
        neurons therefore preserve their whole state.

        >>> layer = Layer(3)
        >>> len(layer.project(layer, "all_to_all")), layer[0].self_connection
        (6, None)
        >>> [(link.weight, link.trainable) for link in layer.project(layer)]
        [(1.0, False), (1.0, False), (1.0, False)]
        >>> len(layer.project(layer, delay=1))
        9
        >>> len(layer.project(layer, "all_to_else", delay=2))
        6
        """
        to = _as_layer("target of a projection", target)
        # most draw nothing, or have a seed
        rng = None if seed is None else random_generator(seed)
        if trainable is not None:
            checks.boolean("trainable of a projection", trainable)
        with_self = checks.boolean("self_connections of a projection", self_connections)
        if weights is not None:
            weights = checks.finite_array(
                "weights of a projection", weights, self._store.dtype, gaps=True
            )
        _initializer.get("glorot" if initializer is None else initializer)
        fixed_sign = checks.sign("sign of a projection", sign)
        steps: Any = 0
        if type(delay) is not int or delay:
            title = "delay of a projection"
            is_one = checks.is_number(delay) or delay is None
            steps = delay if is_one else checks.finite_array(title, delay, gaps=True)
            if is_one or not np.size(steps):
                steps = checks.delay(title, delay)
        with ExclusiveLayerAccess(self, to, columns=False):
            return connect_layers(
                self,
                to,
                kind,
                weights,
                initializer,
                trainable,
                rng,
                with_self,
                fixed_sign,
                steps,
            )

    def _receive(
        self,
        source: Neuron,
        weight: float | None,
        trainable: bool | None,
        sign: int | None,
        delay: int,
        seed: Seed,
    ) -> Projection:
        """Connect a neuron to every neuron of the layer, for
        ``neuron.project(layer)``.
        """
        return Layer([source]).project(
            self,
            weights=(
                None
                if weight is None
                else checks.finite_number("A weight", weight, source._store.dtype)
            ),
            initializer=_initializer.uniform(SPAN) if weight is None else None,
            trainable=trainable,
            sign=sign,
            delay=delay,
            seed=seed,
        )

    @checks.suggests_arguments()
    def gate(self, projection: Projection, kind: GateKind) -> None:
        """Gate the connections of a projection with the neurons of this layer.

        Parameters
        ----------
        projection : Projection
            Connections to gate.
        kind : str
            With "input", neuron i of this layer gates the connections into target i.
            With "output", it gates the connections out of source i, and with
            "one_to_one" only connection i. If the targets, sources or connections are k
            times as many as the gaters, each neuron gates k neighbours.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `kind` has another value, or `projection` is not a projection.
        TopologyError
            If the number of targets, sources or connections is not a multiple of the
            number of neurons, or if a connection already has a gater. No connection is
            gated then.

        Warns
        -----
        TopologyWarning
            If a gate acts one step late although it closes no cycle, see
            :meth:`Network.add`.

        See Also
        --------
        Neuron.gate : Gate single connections.
        Neuron.ungate : Stop gating connections.

        Examples
        --------
        >>> inputs, cells, gates = Layer(3), Layer(2), Layer(2)
        >>> projection = inputs.project(cells, seed=0)
        >>> gates.gate(projection, "input")
        >>> [connection.gater is gates[1] for connection in cells[1].incoming]
        [True, True, True]
        """
        require_projection("projection", projection)
        with ExclusiveLayerAccess(self, projection, columns=False):
            gater_indices = projection._gaters(self, kind)
            edits.gate_projection(self._neurons, gater_indices, projection)

    # --- steps ------------------------------------------------------------------------

    def activate(self, values: ArrayLike | None = None) -> Floats:
        """Activate the neurons, one after the other.

        Parameters
        ----------
        values : array_like, shape (n,), optional
            Activations to set, for an input layer. Default: the neurons compute their
            activations from their incoming connections.

        Returns
        -------
        ndarray, shape (n,)
            The activations.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the values are not n finite numbers. No neuron is activated then.

        See Also
        --------
        propagate : Learn from the error of this activation.
        Network.activate : Run a step of a whole network, in one compiled call.

        Examples
        --------
        >>> from synapse import Layer
        >>> inputs, outputs = Layer(2), Layer(1, "identity")
        >>> projection = inputs.project(outputs, weights=0.5)
        >>> inputs.activate([1.0, 3.0]), outputs.activate()
        (array([1., 3.]), array([2.]))
        """
        with ExclusiveLayerAccess(self):
            if values is None:
                return np.array([neuron.activate() for neuron in self._neurons])
            row = self._vector("values of a layer", values).tolist()
            return np.array(
                [
                    neuron.activate(value)
                    for neuron, value in zip(self._neurons, row, strict=True)
                ]
            )

    def propagate(
        self,
        rate: float = 0.1,
        targets: ArrayLike | None = None,
        cost: str | Cost | None = None,
    ) -> None:
        """Propagate errors through the neurons, the last one first, see
        :meth:`Neuron.propagate`.

        If you pass targets, the neurons are treated as a network's outputs, see
        :meth:`Network.propagate`. A mean cost is therefore the mean over all of them.
        Weights and biases that are tied by :func:`synapse.tie` are updated after all
        neurons have propagated.

        Parameters
        ----------
        rate : float
            Learning rate. With 0, only the errors are computed. Default: 0.1.
        targets : array_like, shape (n,), optional
            Target activations, or NaN for neurons without a target. For softmax outputs
            you can also pass the number of a class, counted from 0. Default: the errors
            come from the neurons to which these neurons are connected.
        cost : str or Cost, optional
            Cost to minimize. It is ignored without targets, so that a loop over layers
            can pass it to each layer. Default: the cost that matches the layer's
            activation functions.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If `rate`, `targets` or `cost` is invalid. No weight changes then.

        See Also
        --------
        activate : Activate the neurons first.
        """
        step = checks.non_negative_number("rate", rate)
        code = 0
        with ExclusiveLayerAccess(self):
            aims: list[float | None] = [None] * len(self)
            if targets is not None:
                measure = _cost.of_outputs(
                    cost, [neuron.squash for neuron in self._neurons]
                )
                if (
                    measure is costs.categorical_cross_entropy
                    and checks.integer(targets) is not None
                ):
                    targets = checks.class_row("target of a layer", targets, len(self))
                row = self._vector("targets of a layer", targets, nan=True)
                measure._check_targets(row[None])
                aims = [None if math.isnan(aim) else aim for aim in row.tolist()]
                code = measure.code
                if measure is costs.categorical_cross_entropy:
                    # The error of each output depends on the targets of all.
                    aims = self._softmax_signals(row)
                    code = GIVEN_ERRORS
            with parameters.summed_updates(neuron._store for neuron in self._neurons):
                for neuron, aim in zip(
                    reversed(self._neurons), reversed(aims), strict=True
                ):
                    neuron._propagate(step, aim, code, float(len(self)))

    def _softmax_signals(self, targets: Floats) -> list[float | None]:
        """Return the error signals c_k t_k - y_k sum_j c_j t_j of softmax outputs, or
        None for each output if there are no targets.
        """
        if np.isnan(targets).all():
            return [None] * len(self)
        weighed = self.cost_weights * targets
        return (weighed - self.activations * weighed.sum()).tolist()

    def clear(self) -> None:
        """Clear the context of every neuron: state, activation, errors and traces. No
        weight changes.

        See Also
        --------
        reset_parameters : Also draw new weights and biases.
        """
        with ExclusiveLayerAccess(self):
            for neuron in self._neurons:
                neuron.clear()

    # --- values -----------------------------------------------------------------------

    activations = Values(
        "activation",
        """Activations of the neurons, shape (n,), as a read-only copy.

        Settable as a whole. Late connections read the new values in the next step.
        """,
    )
    states = Values(
        "state",
        """States of the neurons, shape (n,), as a read-only copy.

        Settable as a whole, for example to begin a run with
        ``net["voltages"].states = voltages``.
        """,
    )
    biases = Values(
        "bias",
        """Biases of the neurons, shape (n,), as a read-only copy.

        Settable as a whole: ``layer.biases = 2 * layer.biases``.
        """,
    )
    cost_weights = Values(
        "cost_weight",
        """Factors of the neurons' costs, shape (n,), as a read-only copy, see
        :attr:`Neuron.cost_weight`.

        Settable as a whole: ``net.output.cost_weights = [1.0, 0.1]``.
        """,
    )

    @property
    @consistent_read
    def squash(self) -> Squash | None:
        """Activation function of the neurons, or None if they differ. Settable.

        Setting it to `winner`, `maxout` or `softmax` makes the layer's neurons compete
        as one group. This raises TopologyError if some of them belong to a group with
        other neurons.
        """
        codes = set(self._column("squash").tolist())
        return _squash.by_code(codes.pop()) if len(codes) == 1 else None

    @squash.setter
    def squash(self, squash: str | Squash) -> None:
        function = _squash.get(squash)
        with ExclusiveLayerAccess(self):
            for neuron in self._neurons:
                neuron._require_squash(function)
            for store in {neuron._store for neuron in self._neurons}:
                inside = [neuron for neuron in self._neurons if neuron._store is store]
                groups.require_whole(store, inside, function)
            joined = edits.join(self._neurons) if function._grouped else None
            for neuron in self._neurons:
                neuron._set_squash(function)
            if joined is not None:
                joined.join_group(edits.rows_of(self._neurons))

    @property
    @consistent_read
    def trainable_bias(self) -> bool:
        """Whether learning updates the biases of all neurons, see
        :attr:`Neuron.trainable_bias`. Settable.

        To include the weights of incoming connections, use :attr:`trainable`.
        """
        return all(neuron.trainable_bias for neuron in self._alive())

    @trainable_bias.setter
    def trainable_bias(self, value: bool) -> None:
        learns = checks.boolean("trainable_bias of a layer", value)
        with ExclusiveLayerAccess(self, columns=False):
            for store, rows in self._by_store():
                if not store.editor.set_trainable(rows, learns):
                    store.make_columns()
                    parameters.set_trainable(store, "trainable_bias", rows, learns)

    def _in_use(self) -> ExclusiveLayerAccess:
        return ExclusiveLayerAccess(self)

    def _by_store(self) -> Iterator[tuple[Store, Ints]]:
        """Yield each store with the rows that the layer's neurons occupy in it."""
        neurons = self._alive()
        stores = dict.fromkeys(neuron._store for neuron in neurons)
        for store in stores:
            here = (neuron for neuron in neurons if neuron._store is store)
            yield store, edits.rows_of(neurons if len(stores) == 1 else here)

    @consistent_read
    def _column(self, name: str) -> NDArray[Any]:
        stores = {neuron._store for neuron in self._alive()}
        for store in stores:
            store.make_columns()
        if len(stores) == 1:
            return store[name][edits.rows_of(self._neurons)]
        return np.array([neuron._store[name][neuron._row] for neuron in self._neurons])

    def _assign(self, column: Column, values: Floats) -> None:
        """Set a number of every neuron, given checked numbers, after checking whether
        tied neurons agree.
        """
        stores = [neuron._store for neuron in self._neurons]
        rows = edits.rows_of(self._neurons)
        parts: list[tuple[Store, Ints, Floats]] = [(stores[0], rows, values)]
        if len(set(stores)) > 1:
            serials = np.array([store.serial for store in stores])
            within = [(store, serials == store.serial) for store in set(stores)]
            parts = [(store, rows[here], values[here]) for store, here in within]
        if column.shared:
            for set_them in (parameters.require_agreement, parameters.assign):
                for store, rows, numbers in parts:
                    set_them(store, column.name, rows, numbers)
            return
        for store, rows, numbers in parts:
            store[column.name][rows] = numbers
            if column.cleared:
                store["clock"][0] += 1  # these values are of no step

    @property
    def _store(self) -> Store:
        return self._alive()[0]._store

    def _vector(self, title: str, values: ArrayLike, nan: bool = False) -> Floats:
        """Return one number per neuron. Each must fit the range of their dtype, or may
        be NaN if `nan`.
        """
        floats = {neuron._store.dtype for neuron in self._alive()}
        dtype = checks.FLOAT32 if checks.FLOAT32 in floats else checks.FLOAT64
        return checks.vector(title, values, len(self), dtype, nan)


class ExclusiveLayerAccess(ExclusiveAccess):
    """A context like ExclusiveAccess that also accepts layers. It raises TopologyError
    if a neuron of a layer has been removed meanwhile.
    """

    __slots__ = ()

    def _stores(self) -> set[StoreRows]:
        parts = (
            handle._alive() if isinstance(handle, Layer) else (handle,)
            for handle in self._handles
        )
        return set(map(attrgetter("_store"), chain.from_iterable(parts)))


def _existing_neurons(neurons: Any) -> list[Neuron]:
    """Check existing neurons and return them as a list to make a layer of."""
    title = "neurons of a layer"
    listed = checks.listed(title, neurons, "a whole number or a list of Neurons")
    if not listed:
        raise ArgumentError("A layer must have at least one neuron, got none.")
    title = "A neuron of a layer"
    checks.require_type(
        checks.integer(listed[0]) is None,
        title,
        "a Neuron",
        listed[0],
        "A layer has one size: Layer(2). For a network with layers of several sizes"
        " use architect.Perceptron(2, 3).",
    )
    for neuron in listed:
        require_neuron(title, neuron)
    if len(set(listed)) < len(listed):
        raise ArgumentError(
            "The neurons of a layer must be distinct, got one of them twice."
        )
    return listed


def layers_of(
    neurons: Iterable[Neuron], names_and_sizes: Iterable[tuple[str | None, int]]
) -> list[Layer]:
    """Divide neurons into layers with these names and sizes without renaming the
    neurons.
    """
    left = iter(neurons)
    layers = []
    for name, size in names_and_sizes:
        layer = Layer.__new__(Layer)  # `__init__` would check each neuron
        vars(layer).update(_neurons=list(islice(left, size)), _name=name)
        layers.append(layer)
    return layers


def _as_layer(title: str, target: Any) -> Layer:
    """Return a layer unchanged, a neuron as a layer of one, or a network's input
    layer.
    """
    if isinstance(target, Neuron):
        return Layer([target])
    layer = getattr(target, "input", target)
    one_by_one = "Pass them one by one: for each in targets: layer.project(each)."
    checks.require_type(
        isinstance(layer, Layer),
        title,
        "a Layer, a Neuron or a Network",
        target,
        one_by_one if isinstance(target, list | tuple) else "",
    )
    return layer


ADVICE = {
    Neuron: "Wrap neurons in a layer: Layer([neuron]).",
    int: "architect.Perceptron(2, 3, 1) takes sizes.",
    dict: "Use Network(input=a, hidden=[b], output=c).",
}
"""Advice for passing a network's part that is not a layer."""


def flat_layers(listed_parts: Iterable[Any]) -> list[Layer]:
    """Return layers and lists of layers as one list of at least two layers, or raise an
    error for anything else.
    """
    layers: list[Layer] = []
    title = "A part of a network"
    condition = "a Layer or a list of Layers"
    for item in listed_parts:
        foreign = "" if isinstance(item, Layer) else checks.about_network(item)
        single = isinstance(item, Layer) or type(item) in ADVICE or foreign != ""
        for layer in [item] if single else checks.listed(title, item, condition):
            checks.require_type(
                isinstance(layer, Layer),
                title,
                condition,
                layer,
                ADVICE.get(type(layer), foreign),
            )
            layers.append(layer)
    if len(layers) < 2:
        raise ArgumentError(
            "Expected an input layer and an output layer, got"
            f" {'1 layer' if layers else 'none'}. Use Network(input, [hidden], output)."
        )
    return layers
