"""Recording: the numbers of neurons and connections at each step, while compiled code runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import _html
from .._checks import counted, expected, imported_pandas, is_among, listed, unknown_name
from .._typing import Floats
from ..engine.schema import CONNECTION_NUMBERS, NEURON_NUMBERS, PAIR_NUMBERS, SENSITIVITY, WATCHABLE
from ..errors import ArgumentError, ArgumentTypeError
from ._recorder import Pair, Recorder
from ._sensitivity_places import KeptPairs
from .connection import Connection, extended_into, require_connection
from .layer import Layer
from .network import Network, require_network
from .neuron import Neuron, require_neuron
from .projection import Projection

ALIASES = {"error": "responsibility"}
NUMBERS = (*WATCHABLE, *ALIASES)
Shown = Neuron | Connection | Network | Layer | Projection | Iterable[Neuron] | Iterable[Connection]


SHOWN_CURVES = 6
"""Maximum number of curves in the view of a log."""


class Log:
    """The numbers collected by :func:`record`.

    Each number is an attribute: ``log.activation`` is an array of shape (steps, neurons), ``log.weight`` has
    the shape (steps, connections), ``log.extended`` and ``log.sensitivity`` have the shape (steps, pairs).
    ``log["activation"]`` is the same array, ``log.of(net["cells"])`` is the part of some neurons or
    connections, and ``dict(log)`` has all arrays by name: ``numpy.savez("log.npz", **log)`` saves them.

    Pictures, analyses and formats that take activations over time also take a log.
    ``numpy.asarray(log)`` is the array they use: the only number in the log, or the activations.

    Attributes
    ----------
    network : Network
        The network.
    numbers : tuple of str
        The names of the arrays.
    neurons : tuple of Neuron
        The neurons recorded, in the order of the columns. Empty if no number of neurons is recorded.
    connections : tuple of Connection
        The connections recorded, in the order of the columns. Empty if no number of connections is recorded.
    pairs : tuple of (Connection, Neuron)
        The columns of ``log.extended``: a connection, and a neuron that the connection's target gates. Those
        of ``log.sensitivity`` are ``log.owners("sensitivity")``: a connection, and a recurrent neuron.
    """

    def __init__(self, numbers: tuple[str, ...], recorder: Recorder) -> None:
        self.network, self.numbers = recorder.network, numbers
        self.neurons, self.connections = recorder.neurons, recorder.connections
        self.pairs = recorder.pairs
        self._recorder = recorder

    def __getattr__(self, name: str) -> Floats:
        numbers = self.__dict__.get("numbers", ())  # missing while an object is being copied
        if name not in numbers:
            raise AttributeError(f"{name!r} is not recorded. Recorded are: {', '.join(numbers)}.")
        return self[name]

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise ArgumentTypeError(
            "A Log belongs to its network and cannot be copied. Copy its arrays: dict(log)."
        )

    def __getitem__(self, name: str) -> Floats:
        """The array of a number, one row per step."""
        if not is_among(name, self.numbers):
            raise unknown_name("recorded number", name, self.numbers)
        return self._recorder.rows()[:, self._recorder.places[_column(name)]]

    def keys(self) -> tuple[str, ...]:
        """The names of the arrays, for ``dict(log)``."""
        return self.numbers

    def __len__(self) -> int:
        """The number of steps recorded."""
        return self._recorder.steps()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self[self.shown], dtype)

    @property
    def shown(self) -> str:
        """The array that pictures use: that of the only number recorded, or the activations.

        Raises
        ------
        ArgumentError
            If several numbers are recorded and the activation is not among them.
        """
        if len(self.numbers) > 1 and "activation" not in self.numbers:
            names = " or ".join(f"log.{name}" for name in self.numbers)
            raise ArgumentError(f"This log has several numbers. Pass one of them: {names}.")
        return self.numbers[0] if len(self.numbers) == 1 else "activation"

    def owners(self, number: str) -> tuple[Neuron, ...] | tuple[Connection, ...] | tuple[Pair, ...]:
        """The columns of the array of a number: neurons, connections or pairs."""
        if not is_among(number, self.numbers):
            raise unknown_name("recorded number", number, self.numbers)
        return self._recorder.owners(_column(number))

    def of(self, items: Shown, number: str | None = None) -> Floats:
        """The recorded numbers of some neurons or connections.

        Parameters
        ----------
        items : Neuron, Connection, Network, Layer, Projection, or iterable of Neuron or Connection
            The neurons or connections.
        number : str, optional
            Name of the number. Default: the only one recorded for neurons, or for connections; with several
            for neurons, the activation.

        Returns
        -------
        ndarray, shape (steps,) or (steps, n)
            One column per item, in their order. A single neuron or connection has no such axis.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If an item or the number is not recorded.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(2, 3, 1, seed=0)
        >>> with record(net, "activation", "weight") as log:
        ...     outputs = net.run([[0.0, 1.0], [1.0, 1.0]])
        >>> log.of(net["cells"]).shape, log.of(net.output[0]).shape, log.of(net.connections[0]).shape
        ((2, 3), (2,), (2,))
        """
        single = isinstance(items, Neuron | Connection)
        what = "The items of a log"
        chosen = [items] if single else listed(what, items, "a list of Neurons or Connections")
        name = self._default(chosen) if number is None else number
        owners = self.owners(name)
        place = {owner: i for i, owner in enumerate(owners)}
        for one in chosen:
            if not isinstance(one, Neuron | Connection):
                raise ArgumentTypeError(expected(what, "Neurons or Connections", one))
            if one not in place:
                raise ArgumentError(f"The {name} of {one!r} is not recorded.")
        found = self[name][:, [place[one] for one in chosen]]
        return found[:, 0] if single else found

    def _default(self, items: Sequence[Any]) -> str:
        """The default number of :meth:`of`."""
        connections = bool(items) and isinstance(items[0], Connection)
        known = CONNECTION_NUMBERS if connections else NEURON_NUMBERS
        names = [name for name in self.numbers if _column(name) in known]
        if connections and len(names) > 1:
            several = " or ".join(f"log.of(items, {name!r})" for name in names)
            raise ArgumentError(f"This log has several numbers of connections. Name one of them: {several}.")
        return names[0] if len(names) == 1 else "weight" if connections else "activation"

    def labels(self, number: str) -> list[str]:
        """A name for each column of a number: ``"hidden 0"``, ``"input 0 -> hidden 0"``."""
        return [_label(owner) for owner in self.owners(number)]

    def to_pandas(self) -> Any:
        """Convert to a ``pandas.DataFrame`` with one row per step.

        Its columns have two levels, number and label: ``frame["activation"]["hidden 0"]``.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(1, 1, seed=0)
        >>> with record(net, "weight") as log:
        ...     outputs = net.run([[0.0], [1.0]])
        >>> log.to_pandas().shape
        (2, 1)
        """
        pandas = imported_pandas()
        columns = [(number, label) for number in self.numbers for label in self.labels(number)]
        values = np.concatenate([self[number] for number in self.numbers], axis=1)
        index = pandas.MultiIndex.from_tuples(columns, names=["number", "of"])
        return pandas.DataFrame(values, columns=index, index=pandas.RangeIndex(len(values), name="step"))

    def __repr__(self) -> str:
        sizes = {
            "neuron": self.neurons,
            "connection": self.connections,
            "pair": (*self.pairs, *self._recorder.sensitive),
        }
        of = ", ".join(counted(len(all_), name) for name, all_ in sizes.items() if all_)
        return f"<Log of {', '.join(self.numbers)}: {counted(len(self), 'step')}, {of or 'nothing'}>"

    def _repr_html_(self) -> str:
        """The range of each number and the first curves, for notebooks."""
        found = {name: values for name in self.numbers if (values := self[name]).size}
        if not found:
            return _html.view(repr(self))
        name, shown = next(iter(found.items()))
        lines = dict(zip(self.labels(name)[:SHOWN_CURVES], shown.T.tolist(), strict=False))
        ranges = {
            "number": list(found),
            "columns": [values.shape[1] for values in found.values()],
            "least": [float(values.min()) for values in found.values()],
            "mean": [float(values.mean()) for values in found.values()],
            "largest": [float(values.max()) for values in found.values()],
        }
        return _html.view(repr(self), _html.curves(lines, "step"), _html.table(ranges, len(found)))

    def __enter__(self) -> Log:
        try:
            self._recorder.begin()
            return self
        except KeyboardInterrupt:  # recording has started, but the block is not entered
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the recording, as leaving the block does. A second call has no effect.

        Ctrl-C in the instant in which Python leaves the block can prevent this call.
        """
        self._recorder.close()


def _column(number: str) -> str:
    """The column of a store for this number."""
    return ALIASES.get(number, number)


def _label(owner: Neuron | Connection | Pair) -> str:
    """A label for a column; "removed" for a neuron or connection that no longer exists."""
    if isinstance(owner, tuple):
        return f"{_label(owner[0])}, to {_label(owner[1])}"
    if isinstance(owner, Connection):
        removed = owner._identity < 0
        return "removed" if removed else f"{owner.source.name} -> {owner.target.name}"
    return "removed" if owner._row < 0 else owner.name


def record(
    network: Network,
    *numbers: str,
    neurons: Layer | Iterable[Neuron] | None = None,
    connections: Projection | Iterable[Connection] | None = None,
) -> Log:
    """Record numbers of neurons and connections at every step, at compiled speed.

    Parameters
    ----------
    network : Network
        The network to record, inside a ``with`` block.
    *numbers : str
        Names of the numbers. For neurons: "activation", "state", "derivative", "bias",
        "bias_eligibility", and the parts of the error: "error" (the responsibility), "projected", "gated".
        For connections: "weight", "gain", "eligibility". For pairs of a connection and a neuron: "extended",
        the extended traces, and "sensitivity", which a network that learns by rtrl keeps (see
        :attr:`Connection.sensitivity`). Default: "activation".
    neurons : Layer or iterable of Neuron, optional
        The neurons to record. Default: all neurons of the network, in activation order.
    connections : Projection or iterable of Connection, optional
        The connections to record. Default: all connections of the network, in the order of
        ``net.connections``.

    Returns
    -------
    Log
        The log, which can be read inside the block and after it.

    Raises
    ------
    UnknownNameError
        If there is no number with this name.
    ArgumentError, ArgumentTypeError, TopologyError
        If a neuron or connection is not in the network, if there is none, or if none of its numbers is
        recorded. When the block is entered: if the network is being recorded already.

    Notes
    -----
    A row has the values at the end of a step, after the weights have been updated.

    - ``net.activate`` and every step of ``net.run`` and of training start a row. ``net.propagate`` completes
      it: errors, weights and biases are those after the call. Errors are 0 in a step without propagation.
    - Calls of single neurons and layers make steps, too. A step starts when the first neuron
      activates, and ends before a neuron activates for a second time.
    - An update by an optimizer belongs to the last step of its batch. The steps before it have the weights
      that they used. With L-BFGS, weights are those at which each gradient is evaluated.
    - Exact gradients (:func:`synapse.gradient`, ``method="bptt"``) add a row for each step of each sequence,
      in the order of the sequences. "error" is minus the derivative of that sequence's cost with respect to
      the state, through all later steps. This rule has no traces and does not split errors: "eligibility",
      "bias_eligibility", "extended", "sensitivity", "projected" and "gated" are NaN.
    - A sensitivity is NaN in steps that do not compute it: while the network learns by another rule, and
      after an edit or a lower order because of which the network no longer keeps it.
    - The columns of a neuron or connection that is removed are NaN from then on. Neurons and connections
      that are added later are not recorded.

    A log takes ``8 * steps * columns`` bytes. In large networks, select the connections that you need.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, seed=0)
    >>> with record(net, "state", "weight", neurons=net["cells"]) as log:
    ...     outputs = net.run([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    >>> log
    <Log of state, weight: 3 steps, 3 neurons, 75 connections>
    >>> log.state.shape, log.weight.shape
    ((3, 3), (3, 75))
    """
    require_network("What is recorded", network)
    for name in numbers:
        if not is_among(name, NUMBERS):
            raise unknown_name("number to record", name, NUMBERS)
    if len(set(numbers)) < len(numbers):
        raise ArgumentError(f"Expected each number once, got {', '.join(numbers)}.")
    names = numbers or ("activation",)
    columns = [_column(name) for name in names]
    of_neurons = any(column in NEURON_NUMBERS for column in columns)
    chosen = _neurons(network, neurons) if neurons is not None or of_neurons else ()
    of_connections = any(column in CONNECTION_NUMBERS for column in columns)
    of_pairs = any(column in PAIR_NUMBERS for column in columns)
    sensitive = SENSITIVITY in columns
    wanted = connections is not None or of_connections or of_pairs or sensitive
    links = _connections(network, connections) if wanted else ()
    for given, recorded, what in (
        (neurons, of_neurons, "neurons"),
        (connections, of_connections or of_pairs or sensitive, "connections"),
    ):
        if given is not None and not recorded:
            raise ArgumentError(f"No number of {what} is recorded. Name one, or leave out {what}=.")
    pairs = _pairs(links) if of_pairs else ()
    kept = _sensitive(network, links) if sensitive else ()
    return Log(names, Recorder(network, columns, chosen, links if of_connections else (), pairs, kept))


def _neurons(network: Network, neurons: Iterable[Any] | None) -> tuple[Neuron, ...]:
    """Check the neurons to record."""
    if neurons is None:
        return tuple(network)
    what = "The neurons to record"
    chosen = tuple(require_neuron(what, one) for one in listed(what, neurons, "a list of Neurons"))
    return _owned(network, chosen, set(network), "neuron")


def _connections(network: Network, connections: Iterable[Any] | None) -> tuple[Connection, ...]:
    """Check the connections to record."""
    own = network.connections
    if connections is None:
        return _owned(network, tuple(own), set(own), "connection")
    what = "The connections to record"
    given = listed(what, connections, "a Projection or a list of Connections")
    chosen = tuple(require_connection(what, one) for one in given)
    return _owned(network, chosen, set(own), "connection")


def _owned(network: Network, chosen: tuple[Any, ...], own: set[Any], kind: str) -> tuple[Any, ...]:
    """Return the chosen items if they are in the network, or raise; there must be at least one."""
    for one in chosen:
        if one not in own:
            raise ArgumentError(f"{one!r} is not in {network!r}. Record only {kind}s of the network.")
    if not chosen:
        raise ArgumentError(f"Expected at least one {kind} to record, got none.")
    return chosen


def _pairs(connections: tuple[Connection, ...]) -> tuple[Pair, ...]:
    """Pairs for extended traces: each connection with the neurons that its target gates."""
    into: dict[Neuron, list[Connection]] = {}
    for connection in connections:
        into.setdefault(connection.target, []).append(connection)
    gating = set(connections[0]._store["gater"].tolist())
    pairs = tuple(
        (links[i], gated)
        for gater, links in into.items()
        if gater._row in gating
        for gated, which, _ in extended_into(gater, links)
        for i in which.tolist()
    )
    if not pairs:
        raise ArgumentError("No connection has an extended trace: none leads to a neuron that gates another.")
    return pairs


def _sensitive(network: Network, connections: tuple[Connection, ...]) -> tuple[Pair, ...]:
    """Pairs for sensitivities: each connection with the recurrent neurons that keep one to it."""
    pairs = tuple((connections[c], neuron) for c, neuron in KeptPairs(network, connections).pairs)
    if not pairs:
        raise ArgumentError(
            "No connection has a sensitivity: none is trainable and reaches the state of a recurrent neuron."
        )
    return pairs
