"""Recording: the numbers of neurons and connections at each step, while compiled code
runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from .. import _html, engine
from .._checks import (
    attribute_error,
    is_among,
    listed,
    made_elsewhere,
    pandas,
    pluralize,
    require_type,
    suggestion,
    unknown_name,
)
from .._typing import Floats, Ints
from ..engine import schema
from ..engine.locking import DeferredInterrupt, atomic
from ..engine.lowering.flags import MEMORY
from ..engine.lowering.ranges import concat_ranges
from ..engine.records import LogLayout
from ..engine.rtrl import Plan
from ..engine.schema import NONE
from ..engine.store import Store
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from .connection import Connection, extended_into, require_connection
from .layer import Layer
from .network import Network, require_network
from .neuron import Neuron, require_neuron
from .projection import Projection
from .sensitivities import SensitivityPairs

ALIASES = {"error": "responsibility"}
NUMBERS = (*schema.WATCHABLE, *ALIASES)
Shown = (
    Neuron
    | Connection
    | Network
    | Layer
    | Projection
    | Iterable[Neuron]
    | Iterable[Connection]
)


SHOWN_CURVES = 6
"""Maximum number of curves in the view of a log."""

Pair = tuple[Connection, Neuron]
"""A connection, and a neuron that its target gates, or whose state it has a sensitivity
to."""

MIN_ALLOCATED_STEPS = 256
"""Minimum number of steps for which memory is allocated, unless fewer already have
`MAX_FIRST_ALLOCATION` numbers. ``python -m benchmarks.constants
recording.MIN_ALLOCATED_STEPS``: rows take 1.04 to 1.11 times as long with a tenth, 0.96
to 1.00 times with ten times."""
MAX_FIRST_ALLOCATION = 1 << 20
"""Numbers that a first allocation may have. ``python -m benchmarks.constants
recording.MAX_FIRST_ALLOCATION``: rows take 0.97 to 0.99 times as long with a tenth,
0.88 to 1.03 times with ten times."""


@made_elsewhere
class Log:
    """The numbers collected by :func:`record`.

    Each variable is an attribute: ``log.activation`` is an array of shape (steps,
    neurons), ``log.weight`` has the shape (steps, connections), ``log.extended`` and
    ``log.sensitivity`` have the shape (steps, pairs). ``log["activation"]`` is the same
    array, ``log.of(net["cells"])`` is the part of some neurons or connections, and
    ``dict(log)`` has all arrays by name: ``numpy.savez("log.npz", **log)`` saves them.

    Pictures, analyses and formats that take activations over time also take a log.
    ``numpy.asarray(log)`` is the array they use: the only variable in the log, or the
    activations.

    Attributes
    ----------
    network : Network
        The network.
    variables : tuple of str
        The names of the arrays.
    neurons : tuple of Neuron
        The neurons recorded, in the order of the columns. Empty if no variable
        of neurons is recorded.
    connections : tuple of Connection
        The connections recorded, in the order of the columns. Empty if no variable of
        connections is recorded.
    pairs : tuple of (Connection, Neuron)
        The columns of ``log.extended``: a connection, and a neuron that the
        connection's target gates. Those of ``log.sensitivity`` are
        ``log.columns("sensitivity")``: a connection, and a recurrent neuron.
    """

    def __init__(
        self, variables: tuple[str, ...] = (), recorder: Recorder | None = None
    ) -> None:
        if not isinstance(recorder, Recorder):
            raise ArgumentTypeError(
                'A Log is made by synapse.record: with record(net, "weight") as log.'
            )
        self.network = recorder.network
        self.variables = variables
        self.neurons = recorder.neurons
        self.connections = recorder.connections
        self.pairs = recorder.pairs
        self._recorder = recorder

    def __getattr__(self, name: str) -> Floats:
        # missing while an object is being copied
        variables = self.__dict__.get("variables", ())
        if name not in variables:
            known = [*variables, *(each for each in dir(self) if each[0] != "_")]
            # NumPy asks for private names, which are looked up without a search.
            hint = "" if name.startswith("_") else suggestion(name, known)
            raise attribute_error(
                f"{name!r} is not recorded. Recorded are: {', '.join(variables)}.{hint}"
            )
        return self[name]

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise ArgumentTypeError(
            "A Log belongs to its network and cannot be copied. Copy its arrays:"
            " dict(log)."
        )

    def __getitem__(self, name: str) -> Floats:
        """Return the array of a variable, one row per step."""
        if not is_among(name, self.variables):
            raise unknown_name("recorded variable", name, self.variables)
        recorder = self._recorder
        return recorder.rows()[:, recorder.indices[recorder.column(name)]]

    def keys(self) -> tuple[str, ...]:
        """Return the names of the arrays, for ``dict(log)``."""
        return self.variables

    def __len__(self) -> int:
        """Return the number of steps recorded."""
        return self._recorder.steps()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self[self._default_variable], dtype)

    @property
    def _default_variable(self) -> str:
        """The array that pictures use: that of the only variable recorded, or the
        activations.

        Raises
        ------
        ArgumentError
            If several variables are recorded and the activation is not among them.
        """
        if len(self.variables) > 1 and "activation" not in self.variables:
            names = " or ".join(f"log.{name}" for name in self.variables)
            raise ArgumentError(
                f"This log has several variables. Pass one of them: {names}."
            )
        return self.variables[0] if len(self.variables) == 1 else "activation"

    def columns(
        self, variable: str
    ) -> tuple[Neuron, ...] | tuple[Connection, ...] | tuple[Pair, ...]:
        """Return the columns of the array of a variable: neurons, connections or
        pairs.
        """
        if not is_among(variable, self.variables):
            raise unknown_name("recorded variable", variable, self.variables)
        return self._recorder.owners(self._recorder.column(variable))

    def of(self, items: Shown, variable: str | None = None) -> Floats:
        """Return the recorded numbers of some neurons or connections.

        Parameters
        ----------
        items : Neuron, Connection, Network, Layer, Projection, or iterable of them
            The neurons or connections.
        variable : str, optional
            Name of the variable. Default: the only one recorded for neurons, or for
            connections; with several for neurons, the activation.

        Returns
        -------
        ndarray, shape (steps,) or (steps, n)
            One column per item, in their order. A single neuron or connection has no
            such axis.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If an item or the variable is not recorded.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(2, 3, 1, seed=0)
        >>> with record(net, "activation", "weight") as log:
        ...     outputs = net.run([[0.0, 1.0], [1.0, 1.0]])
        >>> log.of(net["cells"]).shape, log.of(net.output[0]).shape
        ((2, 3), (2,))
        >>> log.of(net.connections[0]).shape
        (2,)
        """
        single = isinstance(items, Neuron | Connection)
        title = "items"
        chosen = (
            [items]
            if single
            else listed(title, items, "a list of Neurons or Connections")
        )
        name = self._default(chosen) if variable is None else variable
        index = {owner: i for i, owner in enumerate(self.columns(name))}
        for owner in chosen:
            require_type(
                isinstance(owner, Neuron | Connection),
                title,
                "Neurons or Connections",
                owner,
            )
            if owner not in index:
                raise ArgumentError(f"The {name} of {owner!r} is not recorded.")
        values = self[name][:, [index[owner] for owner in chosen]]
        return values[:, 0] if single else values

    def _default(self, items: Sequence[Any]) -> str:
        """Return the default variable of :meth:`of`."""
        connections = bool(items) and isinstance(items[0], Connection)
        columns = schema.CONNECTION_NUMBERS if connections else schema.NEURON_NUMBERS
        recorder = self._recorder
        columns += recorder.traces * connections
        names = [name for name in self.variables if recorder.column(name) in columns]
        if connections and len(names) > 1:
            several = " or ".join(f"log.of(items, {name!r})" for name in names)
            raise ArgumentError(
                "This log has several variables of connections. Name one of them:"
                f" {several}."
            )
        if len(names) == 1:
            return names[0]
        return "weight" if connections else "activation"

    def labels(self, variable: str) -> list[str]:
        """Return a name for each column of a variable: ``"hidden 0"``, ``"input 0 ->
        hidden 0"``.
        """
        return [_label(owner) for owner in self.columns(variable)]

    def to_pandas(self) -> Any:
        """Convert to a ``pandas.DataFrame`` with one row per step.

        Its columns have two levels, variable and label: ``frame["activation"]["hidden
        0"]``.

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
        columns = [
            (variable, label)
            for variable in self.variables
            for label in self.labels(variable)
        ]
        values = np.concatenate([self[variable] for variable in self.variables], axis=1)
        index = pandas.MultiIndex.from_tuples(columns, names=["variable", "of"])
        return pandas.DataFrame(
            values, columns=index, index=pandas.RangeIndex(len(values), name="step")
        )

    def __repr__(self) -> str:
        sizes = {
            "neuron": self.neurons,
            "connection": self.connections,
            "pair": (*self.pairs, *self._recorder.sensitive),
        }
        of = ", ".join(
            pluralize(len(all_), name) for name, all_ in sizes.items() if all_
        )
        return (
            f"<Log of {', '.join(self.variables)}: {pluralize(len(self), 'step')},"
            f" {of or 'nothing'}>"
        )

    def _repr_html_(self) -> str:
        """Return the range of each variable and the first curves, for notebooks."""
        recorded = {name: self[name] for name in self.variables}
        arrays = {name: values for name, values in recorded.items() if values.size}
        if not arrays:
            return _html.view(repr(self))
        name, shown = next(iter(arrays.items()))
        columns = range(shown.shape[1])[:SHOWN_CURVES]
        labels = self.labels(name)
        lines = {labels[i]: shown[:, i].tolist() for i in columns}
        ranges = {
            "variable": list(arrays),
            "columns": [values.shape[1] for values in arrays.values()],
        }
        for column, of in (("least", np.min), ("mean", np.mean), ("largest", np.max)):
            ranges[column] = [float(of(values)) for values in arrays.values()]
        return _html.view(
            repr(self), _html.curves(lines, "step"), _html.table(ranges, len(arrays))
        )

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

        Ctrl-C at the moment when Python leaves the block can prevent this call.
        """
        self._recorder.close()


def _label(owner: Neuron | Connection | Pair) -> str:
    """Return a label for a column; "removed" for a neuron or connection that no longer
    exists.
    """
    if isinstance(owner, tuple):
        return f"{_label(owner[0])}, to {_label(owner[1])}"
    if isinstance(owner, Connection):
        removed = owner._identity < 0
        return "removed" if removed else f"{owner.source.name} -> {owner.target.name}"
    return "removed" if owner._row < 0 else owner.name


def record(
    network: Network,
    *variables: str,
    neurons: Layer | Iterable[Neuron] | None = None,
    connections: Projection | Iterable[Connection] | None = None,
) -> Log:
    """Record numbers of neurons and connections at every step, at compiled speed.

    Parameters
    ----------
    network : Network
        The network to record, inside a ``with`` block.
    *variables : str
        Names of the variables. For neurons: "activation", "state", "derivative",
        "bias", "bias_eligibility", and the parts of the error: "error" (the
        responsibility), "projected", "gated". For connections: "weight", "gain",
        "eligibility". For pairs of a connection and a neuron: "extended", the extended
        traces, and "sensitivity", which a network that learns by rtrl keeps (see
        :attr:`Connection.sensitivity`). For connections of a network that learns by a
        rule of synapses, also the names of the rule's traces, see
        :attr:`Connection.traces`; they come before other variables of the same names.
        Default: "activation".
    neurons : Layer or iterable of Neuron, optional
        The neurons to record. Default: all neurons of the network, in activation order.
    connections : Projection or iterable of Connection, optional
        The connections to record. Default: all connections of the network, in the order
        of ``net.connections``.

    Returns
    -------
    Log
        The log, which can be read inside the block and after it.

    Raises
    ------
    UnknownNameError
        If there is no variable with this name.
    ArgumentError, ArgumentTypeError, TopologyError
        If a neuron or connection is not in the network, if there is none, or if none of
        its variables is recorded. When the block is entered: if the network is being
        recorded already.

    Notes
    -----
    A row has the values at the end of a step, after the weights have been updated.

    - ``net.activate`` and every step of ``net.run`` and of training start a row.
      ``net.propagate`` completes it: errors, weights and biases are those after the
      call. Errors are 0 in a step without propagation.
    - Calls of single neurons and layers make steps, too. A step starts when the first
      neuron activates, and ends before a neuron activates for a second time.
    - An update by an optimizer belongs to the last step of its batch. The steps before
      it have the weights that they used. With L-BFGS, weights are those at which each
      gradient is evaluated.
    - Exact gradients (:func:`synapse.gradient`, ``rule="bptt"``) add a row for each
      step of each sequence, in the order of the sequences. "error" is minus the
      derivative of that sequence's cost with respect to the state, through all later
      steps. This rule has no traces and does not split errors: "eligibility",
      "bias_eligibility", "extended", "sensitivity", "projected" and "gated" are NaN.
    - Traces of a rule of synapses are those that the next step reads. They stand still
      in steps that do not learn, and are NaN while the network has no such trace.
    - A sensitivity is NaN in steps that do not compute it: while the network learns by
      another rule, and after an edit or a smaller reach because of which the network no
      longer computes it.
    - The columns of a neuron or connection that is removed are NaN from then on.
      Neurons and connections that are added later are not recorded.

    A log takes ``8 * steps * columns`` bytes. In large networks, select the connections
    that you need.

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
    require_network("network", network)
    live = network._plastic
    of_rule = () if live is None else live.rule.traces
    for name in variables:
        if not is_among(name, (*NUMBERS, *of_rule)):
            raise unknown_name("variable to record", name, (*NUMBERS, *of_rule))
    if len(set(variables)) < len(variables):
        raise ArgumentError(f"Expected each variable once, got {', '.join(variables)}.")
    names = variables or ("activation",)
    traces = tuple(name for name in names if name in of_rule)
    columns = [ALIASES.get(name, name) for name in names if name not in of_rule]
    of_neurons = any(column in schema.NEURON_NUMBERS for column in columns)
    chosen = (
        _chosen(network, "neuron", neurons) if neurons is not None or of_neurons else ()
    )
    of_connections = bool(traces) or any(
        column in schema.CONNECTION_NUMBERS for column in columns
    )
    of_pairs = any(column in schema.PAIR_NUMBERS for column in columns)
    sensitive = schema.SENSITIVITY in columns
    wanted = connections is not None or of_connections or of_pairs or sensitive
    links = _chosen(network, "connection", connections) if wanted else ()
    for items, recorded, noun in (
        (neurons, of_neurons, "neurons"),
        (connections, of_connections or of_pairs or sensitive, "connections"),
    ):
        if items is not None and not recorded:
            raise ArgumentError(
                f"No variable of {noun} is recorded. Name one, or remove {noun}=."
            )
    pairs = _pairs(links) if of_pairs else ()
    kept = _sensitive(network, links) if sensitive else ()
    return Log(
        names,
        Recorder(
            *(network, columns, traces, chosen),
            *(links if of_connections else (), pairs, kept),
        ),
    )


def _chosen(
    network: Network, noun: str, items: Iterable[Any] | None
) -> tuple[Any, ...]:
    """Return the neurons or connections to record, checked; by default all of the
    network.
    """
    everything: Any = network.neurons if noun == "neuron" else network.connections
    require: Any = require_neuron if noun == "neuron" else require_connection
    several = (
        "a list of Neurons"
        if noun == "neuron"
        else "a Projection or a list of Connections"
    )
    title = f"{noun}s"
    members = set(everything)
    chosen = (
        everything
        if items is None
        else [require(title, item) for item in listed(title, items, several)]
    )
    for item in chosen:
        if item not in members:
            raise ArgumentError(
                f"{item!r} is not in {network!r}. Record only {noun}s of the network."
            )
    if not chosen:
        raise ArgumentError(f"Expected at least one {noun} to record, got none.")
    return tuple(chosen)


def _pairs(connections: tuple[Connection, ...]) -> tuple[Pair, ...]:
    """Return pairs for extended traces: each connection with the neurons that its
    target gates.
    """
    into: dict[Neuron, list[Connection]] = {}
    for connection in connections:
        into.setdefault(connection.target, []).append(connection)
    gating = set(connections[0]._store.gaters().tolist())
    pairs = tuple(
        (links[i], gated)
        for gater, links in into.items()
        if gater._row in gating
        for gated, places, _ in extended_into(gater, links)
        for i in places.tolist()
    )
    if not pairs:
        raise ArgumentError(
            "No connection has an extended trace: none leads to a neuron that gates"
            " another."
        )
    return pairs


def _sensitive(
    network: Network, connections: tuple[Connection, ...]
) -> tuple[Pair, ...]:
    """Return pairs for sensitivities: each connection with the recurrent neurons that
    keep one to it.
    """
    pairs = tuple(
        (connections[c], neuron)
        for c, neuron in SensitivityPairs(network, connections).pairs
    )
    if not pairs:
        raise ArgumentError(
            "No connection has a sensitivity: none is trainable and reaches the state"
            " of a recurrent neuron."
        )
    return pairs


class Recorder:
    """Rows of numbers of neurons, connections and pairs, one row per step; the
    ``recorder`` of a store.

    `columns` are names of columns of the store (see ``schema.WATCHABLE``), `traces` of
    traces of a rule of synapses. The caller of a method other than `begin`, `close` and
    `rows` holds the lock of the store.
    """

    def __init__(
        self,
        network: Network,
        columns: Sequence[str],
        traces: tuple[str, ...],
        neurons: tuple[Neuron, ...],
        connections: tuple[Connection, ...],
        pairs: tuple[Pair, ...],
        sensitive: tuple[Pair, ...],
    ) -> None:
        self.network = network
        self.traces = traces
        # in each row, sensitivities are last
        self.columns = *traces, *sorted(columns, key=schema.SENSITIVITY.__eq__)
        self.neurons = neurons
        self.connections = connections
        self.pairs = pairs
        self.sensitive = sensitive
        ends = np.cumsum(
            [0, *(len(self.owners(name)) for name in self.columns)]
        ).tolist()
        self.indices = {
            name: slice(*ends[i : i + 2]) for i, name in enumerate(self.columns)
        }
        self.width: int = ends[-1]
        # rows that are no longer in the memory of the kernels
        self._chunks: list[Floats] = []
        self._called: set[Neuron] | None = (
            None  # neurons called one by one in the latest step
        )
        # they know which sensitivities to record
        self._followed: WeakSet[Plan] = WeakSet()

    def owners(self, column: str) -> tuple[Any, ...]:
        """Return the owners of a column's numbers: the neurons, the connections or the
        pairs.
        """
        if column in self.traces:
            return self.connections
        if column in schema.NEURON_NUMBERS:
            return self.neurons
        if column in schema.CONNECTION_NUMBERS:
            return self.connections
        return self.pairs if column in schema.PAIR_NUMBERS else self.sensitive

    def column(self, variable: str) -> str:
        """Return the column of this variable, or the trace."""
        return variable if variable in self.traces else ALIASES.get(variable, variable)

    @property
    def _store(self) -> Store:
        return self.network._store

    @property
    def active(self) -> bool:
        """Whether the recording is active."""
        return self._store.recorder is self

    def records(self, network: Network) -> bool:
        """Return whether this network is recorded, and not another one of the store."""
        return network._number_now == self.network._number_now

    def owns(self, neuron: Neuron) -> bool:
        """Return whether a neuron of the store is in the recorded network."""
        return bool(self._store["network"][neuron._row] == self.network._number_now)

    @atomic
    def begin(self) -> None:
        """Start the recording."""
        store = self._store
        if store.recorder is not None:
            raise TopologyError(
                f"{self.network!r}, or one that is joined to it, is being recorded"
                " already. Record everything in one call."
            )
        store.ensure_lowered()
        watched = [len(schema.WATCHABLE)] * len(self.traces)
        of_store = self.columns[len(self.traces) :]
        watched += [schema.WATCHABLE.index(column) for column in of_store]
        shown = np.empty(len(self.traces) * len(self.connections))
        store.columns["watched_trace"] = shown
        store.columns["watched_what"] = np.array(watched, np.uint8)
        counts = (
            len(watched),
            len(self.neurons),
            len(self.connections),
            len(self.pairs),
            len(self.sensitive),
        )
        self._followed.clear()
        try:
            self.follow()
            self._reallocate(self._least)
        finally:
            store.renew_table()  # also if memory has run out
        # Last: kernels write to the log if it has a width.
        store.columns["log_layout"][:] = (
            self.width,
            0,
            self.network._anchor._row,
            0,
            *counts,
        )
        store.recorder = self

    @atomic
    def close(self) -> None:
        """End the recording; a second call has no effect."""
        store = self._store
        if not self.active:
            return
        self._take()
        store.recorder = None
        store.columns["log_layout"][:] = 0
        self._reallocate(0)

    def follow(self) -> None:
        """Give the kernels the rows to record; called when lowering has moved them."""
        columns = self._store.columns
        neurons = [neuron._row if neuron._row >= 0 else NONE for neuron in self.neurons]
        columns["watched"] = np.array(neurons, np.uint32)
        columns["watched_flags"] = columns["flags"].copy()
        rows = self._rows_of(self.connections)
        columns["watched_connection"] = rows
        columns["watched_run"] = self._runs_of(rows)
        self._follow_pairs()
        if self.active:
            columns["log_layout"][LogLayout.NETWORK] = self.network._anchor._row

    def show_traces(self) -> None:
        """Write the present traces of the rule of synapses for the kernels; they stay
        until a step learns.
        """
        live = self.network._plastic
        columns = self._store.columns
        if self.traces and live is None:
            columns["watched_trace"][:] = np.nan
        elif self.traces and live is not None:
            watched = self._rows_of(self.connections)
            live.show(self.network, self.traces, watched, columns["watched_trace"])

    def _rows_of(self, connections: Sequence[Connection]) -> NDArray[np.uint32]:
        """Return the rows of connections; NONE for removed ones."""
        store = self._store
        row_of = np.append(store.row_of[: store.n_identities], np.uint32(NONE))
        return row_of[
            np.fromiter(
                (link._identity for link in connections), np.int64, len(connections)
            )
        ]

    def _runs_of(self, rows: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return the run of each row; NONE for rows in no run."""
        run = np.full(self._store.n_connections + 1, NONE, np.uint32)
        lengths = self._store["run_length"]
        run[concat_ranges(self._store["run_first"], lengths)] = np.repeat(
            np.arange(len(lengths)), lengths
        )
        return run[np.minimum(rows, self._store.n_connections)]

    def _follow_pairs(self) -> None:
        """Update the rows of pairs, see ``schema.PAIR_TRACE``."""
        store = self._store
        columns = self._store.columns
        gated = np.flatnonzero(store["gate"])
        key = store.gaters(gated).astype(np.int64) << 32 | store["target"][gated]
        order = np.argsort(key, kind="stable")
        columns["watched_gate"] = gated[order].astype(np.uint32)
        fields = np.full((len(self.pairs), schema.PAIR_FIELDS), NONE, np.uint32)
        rows = self._rows_of([connection for connection, _ in self.pairs]).astype(
            np.int64
        )
        neurons = np.array([neuron._row for _, neuron in self.pairs], np.int64)
        there = np.flatnonzero((rows != NONE) & (neurons >= 0))
        rows, neurons = rows[there], neurons[there]
        pair = store["target"][rows].astype(np.int64) << 32 | neurons
        start, stop = (
            np.searchsorted(key[order], pair, side) for side in ("left", "right")
        )
        trace = self._traces_of(rows, neurons)
        exists = np.where(
            columns["flags"][neurons] & MEMORY, trace != NONE, start < stop
        )
        fields[there] = np.stack(
            [trace, np.where(exists, rows, NONE), start, stop], axis=1
        )
        columns["watched_pair"] = fields.reshape(-1)

    def _traces_of(self, rows: Ints, gated: Ints) -> Ints:
        """Return indices of the extended traces of pairs; NONE for traces that are not
        stored.
        """
        columns, target = (
            self._store.columns,
            self._store["target"][rows].astype(np.int64),
        )
        kept = np.flatnonzero(columns["influence_trace"] != NONE)
        key = (
            columns["influence_gater"][kept].astype(np.int64) << 32
            | columns["influence_gated"][kept]
        )
        order = np.argsort(key)
        kept, key = np.append(kept[order], 0), np.append(key[order], -1)
        index = np.searchsorted(key[:-1], target << 32 | gated)
        offset = rows - columns["first_incoming"][target]
        stored = (key[index] == (target << 32 | gated)) & (
            offset < columns["learning"][target]
        )
        if not stored.any():
            return np.full(len(rows), NONE, np.int64)
        return np.where(
            stored,
            columns["influence_trace"][kept[index]].astype(np.int64) + offset,
            NONE,
        )

    def follow_plan(self, network: Network, plan: Plan) -> None:
        """Tell the kernels of a plan which sensitivities to record; called before they
        run.
        """
        if not self.sensitive or plan in self._followed or not self.records(network):
            return
        rows = self._rows_of([connection for connection, _ in self.sensitive]).astype(
            np.int64
        )
        neurons = np.array([neuron._row for _, neuron in self.sensitive], np.int64)
        plan.note(plan.places_of(rows, neurons))
        self._followed.add(plan)

    # --- memory -----------------------------------------------------------------------

    @property
    def _least(self) -> int:
        """Minimum number of steps for which memory is allocated."""
        return max(
            2, min(MIN_ALLOCATED_STEPS, MAX_FIRST_ALLOCATION // max(1, self.width))
        )

    def make_room(self, steps: int) -> None:
        """Ensure memory for `steps` more steps; called before they run."""
        self.show_traces()
        layout = self._store.columns["log_layout"]
        self._called = None
        rows = int(layout[LogLayout.STEPS]) + steps
        if rows * self.width > len(self._store.columns["log"]):
            # it may still be propagated, if the new steps raise an error
            latest = self._present()[-1:]
            self._reallocate(max(steps, self._least) + len(latest), latest)

    def _reallocate(self, steps: int, latest: Floats | None = None) -> None:
        """Allocate memory for this number of steps after the `latest` rows."""
        store = self._store
        memory = self._memory(steps).reshape(-1)
        with DeferredInterrupt():
            if latest is not None:
                memory[: latest.size] = latest.reshape(-1)
                self._take(len(latest))
            store.columns["log"] = memory
            store.renew_table()

    def _memory(self, steps: int) -> Floats:
        """Allocate memory for this number of rows."""
        try:
            return np.empty((steps, self.width))
        except MemoryError:
            raise MemoryError(
                f"Recording {steps} steps of {self.width} numbers takes"
                f" {8e-9 * steps * self.width:.3g} GB. Record fewer neurons or"
                " connections, or fewer steps at a time."
            ) from None

    def _present(self) -> Floats:
        """Return the rows in the present memory of the kernels."""
        if not self.active:
            return np.empty((0, self.width))
        columns = self._store.columns
        steps = int(columns["log_layout"][LogLayout.STEPS])
        return columns["log"][: steps * self.width].reshape(steps, self.width)

    def _take(self, without: int = 0) -> None:
        """Copy the rows written by kernels, except the last ones, which stay in their
        memory.
        """
        present = self._present()
        if len(present) > without:
            self._chunks.append(present[: len(present) - without].copy())
        self._store.columns["log_layout"][LogLayout.STEPS] = without

    @atomic
    def steps(self) -> int:
        """Return the number of rows."""
        return sum(map(len, self._chunks)) + len(self._present())

    @atomic
    def rows(self) -> Floats:
        """Return all rows, shape (steps, width)."""
        return np.concatenate(
            [np.empty((0, self.width)), *self._chunks, self._present()]
        )

    # --- steps that no kernel records -------------------------------------------------

    def step_over(self) -> None:
        """End the latest step, because the context has changed: a later propagation
        does not belong to it.
        """
        self._store.columns["log_layout"][LogLayout.OPEN] = 0
        self._called = None

    def activated(self, neuron: Neuron) -> None:
        """Record the activation of a single neuron; its second activation in a step
        starts a new step.
        """
        store = self._store
        activated_neurons = self._called
        if not self.owns(neuron):
            return
        begin = activated_neurons is None or neuron in activated_neurons
        if begin:
            self.make_room(1)
        engine.online.record_step(
            store.ensure_lowered(), store.scalar, begin, True, NONE
        )
        self._called = (
            {neuron} if activated_neurons is None or begin else activated_neurons
        )
        self._called.add(neuron)

    def propagated(self, neuron: Neuron) -> None:
        """Record the propagation of a single neuron."""
        if self.owns(neuron):
            store = self._store
            engine.online.record_step(
                store.ensure_lowered(), store.scalar, False, False, neuron._row
            )

    def updated(self) -> None:
        """Record new weights and biases in the latest step, to which an update
        belongs.
        """
        store = self._store
        store.ensure_lowered()
        present = self._present()
        rows = present if len(present) else (self._chunks or [present])[-1]
        for name, watched in (("weight", "watched_connection"), ("bias", "watched")):
            if len(rows) and name in self.columns:
                there = store.columns[watched] != NONE
                rows[-1, self.indices[name]][there] = store[name][
                    store.columns[watched][there]
                ]

    def add(self, numbers: dict[str, Floats]) -> None:
        """Append steps of an exact gradient, with `numbers` of all neurons, shape
        (steps, neurons).

        Weights and biases are the present ones; gains follow from activations. Other
        numbers are NaN.
        """
        rows = self._memory(len(numbers["activation"]))
        rows[...] = np.nan
        with DeferredInterrupt():
            self._take()
            self.step_over()
            self._chunks.append(rows)
        columns = self._store.columns
        for name in self.columns[len(self.traces) :]:
            index = self.indices[name]
            if name in schema.NEURON_NUMBERS or name in schema.CONNECTION_NUMBERS:
                watched = columns[
                    "watched" if name in schema.NEURON_NUMBERS else "watched_connection"
                ]
                there = np.flatnonzero(watched != NONE)
                rows[:, index][:, there] = self._exact(
                    name, watched[there].astype(np.int64), numbers
                )
        self.show_traces()
        rows[:, : len(columns["watched_trace"])] = columns["watched_trace"]

    def _exact(self, name: str, rows: Ints, numbers: dict[str, Floats]) -> Any:
        """Return a number of these rows of neurons or connections in steps of an exact
        gradient.
        """
        store = self._store
        first_row = self.network._anchor._row
        if name in numbers:
            return numbers[name][:, rows - first_row]
        if name in ("weight", "bias"):
            return store[name][rows]
        if name != "gain":
            return np.nan
        gater = store.gaters(rows).astype(np.int64)
        gains = np.ones((len(numbers["activation"]), len(rows)))
        gains[:, gater != NONE] = numbers["activation"][
            :, gater[gater != NONE] - first_row
        ]
        return gains
