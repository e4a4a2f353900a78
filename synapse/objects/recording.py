"""Recording: values of neurons and connections after each step.

Kernels record nothing. While a recording is open, its network makes single steps, and
after each step the recorder reads the values that the objects show. Callers that would
run a kernel for many steps therefore divide them. In runs and rules of synapses,
`Stepping._divided` does this. In trainings and tests, `run_epochs`
(``learning/_data.py``) calls the kernel of an epoch for one row at a time. Memory for
all steps is allocated before the first.

Exact gradients are an exception, because errors are known only after the last step.
They store states, slopes and errors on tapes of their own (``recorded_*``).

``schema.WATCHABLE`` lists the variables that can be recorded. A variable that is not a
column needs a function in `COMPUTED`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .. import _html
from .._checks import (
    attribute_error,
    is_among,
    listed,
    made_elsewhere,
    pandas,
    pluralize,
    require_type,
    suggestion,
    suggests_arguments,
    unknown_name,
)
from .._typing import Floats, Ints
from ..engine import schema
from ..engine.locking import atomic
from ..engine.lowering.flags import TRACED
from ..engine.read_order import Attributes, eligibilities, gains
from ..engine.rtrl import Plan
from ..engine.schema import ENDED, NONE
from ..engine.store import Store
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from .connection import Connection, ExtendedPairs, require_connection
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
"""A connection, and a neuron that its target gates or whose state has a sensitivity to
its weight."""
PAIRED: dict[str, tuple[Any, str]] = {
    "extended": (
        ExtendedPairs,
        "an extended trace: none leads to a neuron that gates another",
    ),
    schema.SENSITIVITY: (
        SensitivityPairs,
        "a sensitivity: none is trainable and reaches the state of a recurrent neuron",
    ),
}
"""Variables of pairs, with a function that finds the pairs, and a message for a network
that has none."""

MIN_ALLOCATED_STEPS = 256
"""Minimum number of steps for which memory is allocated."""


@made_elsewhere
class Log:
    """The values collected by :func:`record`.

    Each variable is an attribute. For example, ``log.activation`` is an array of shape
    (steps, neurons), ``log.weight`` has the shape (steps, connections), and
    ``log.extended`` and ``log.sensitivity`` have the shape (steps, pairs).
    ``log["activation"]`` is the same array, and ``log.of(net["cells"])`` selects some
    neurons or connections. To save all arrays by name, pass ``dict(log)`` to NumPy:
    ``numpy.savez("log.npz", **log)``.

    Pictures, analyses and formats that take activations over time also take a log. They
    use ``numpy.asarray(log)``, which is the only variable in the log, or the
    activations.

    Attributes
    ----------
    network : Network
        The recorded network.
    variables : tuple of str
        The names of the arrays.
    neurons : tuple of Neuron
        The recorded neurons, in the order of the columns. Empty if no variable of
        neurons is recorded.
    connections : tuple of Connection
        The recorded connections, in the order of the columns. Empty if no variable of
        connections is recorded.
    pairs : tuple of (Connection, Neuron)
        The columns of ``log.extended``, each with a connection and a neuron that the
        connection's target gates. To get the columns of ``log.sensitivity``, each with
        a connection and a recurrent neuron, call ``log.columns("sensitivity")``.
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
        """Return the array of a variable, with one row per step."""
        if not is_among(name, self.variables):
            raise unknown_name("recorded variable", name, self.variables)
        recorder = self._recorder
        return recorder.rows(recorder.indices[recorder.column(name)])

    def keys(self) -> tuple[str, ...]:
        """Return the names of the arrays, for ``dict(log)``."""
        return self.variables

    def __len__(self) -> int:
        """Return the number of recorded steps."""
        return self._recorder.steps()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self[self._default_variable], dtype)

    @property
    def _default_variable(self) -> str:
        """The variable that pictures use, which is the only recorded variable, or the
        activation.

        Raises
        ------
        ArgumentError
            If several variables are recorded but the activation is not.
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
        """Return the neurons, connections or pairs to which the columns of a variable's
        array belong.
        """
        if not is_among(variable, self.variables):
            raise unknown_name("recorded variable", variable, self.variables)
        return self._recorder.owners[self._recorder.column(variable)]

    def of(self, items: Shown, variable: str | None = None) -> Floats:
        """Return the recorded values of some neurons or connections.

        Parameters
        ----------
        items : Neuron, Connection, Network, Layer, Projection, or iterable of them
            The neurons or connections to select.
        variable : str, optional
            Name of the variable. Default: the only variable recorded for neurons, or
            for connections. If several are recorded for neurons, it is the activation.

        Returns
        -------
        ndarray, shape (steps,) or (steps, n)
            One column per item, in the order of `items`. For a single neuron or
            connection, the array has no such axis.

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
        """Return a name for each column of a variable, such as ``"hidden 0"`` or
        ``"input 0 -> hidden 0"``.
        """
        return [_label(owner) for owner in self.columns(variable)]

    def to_pandas(self) -> Any:
        """Convert to a ``pandas.DataFrame`` with one row per step.

        Its columns have two levels, variable and label, as in
        ``frame["activation"]["hidden 0"]``.

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

        Call it if you press Ctrl-C at the moment when Python leaves the block, because
        Python may then skip this call.
        """
        self._recorder.close()


def _label(owner: Neuron | Connection | Pair) -> str:
    """Return a label for a column, which is "removed" if its neuron or connection no
    longer exists.
    """
    if isinstance(owner, tuple):
        return f"{_label(owner[0])}, to {_label(owner[1])}"
    if isinstance(owner, Connection):
        removed = owner._identity < 0
        return "removed" if removed else f"{owner.source.name} -> {owner.target.name}"
    return "removed" if owner._row < 0 else owner.name


@suggests_arguments()
def record(
    network: Network,
    *variables: str,
    neurons: Layer | Iterable[Neuron] | None = None,
    connections: Projection | Iterable[Connection] | None = None,
) -> Log:
    """Record values of neurons and connections at every step.

    Parameters
    ----------
    network : Network
        The network to record, inside a ``with`` block.
    *variables : str
        Names of the variables. For neurons, they are "activation", "state",
        "derivative", "bias", "bias_eligibility", and the parts of the error: "error"
        (the responsibility), "projected" and "gated". For connections, they are
        "weight", "gain" and "eligibility". For pairs of a connection and a neuron, they
        are "extended", the extended traces, and "sensitivity", which networks compute
        if they learn by rtrl (see :attr:`Connection.sensitivity`). If the network
        learns by a rule of synapses, the names of the rule's traces are available for
        connections, too, see :attr:`Connection.traces`. They take precedence over other
        variables with the same names. Default: "activation".
    neurons : Layer or iterable of Neuron, optional
        The neurons to record. Default: all neurons of the network, in activation order.
    connections : Projection or iterable of Connection, optional
        The connections to record. Default: all connections of the network, in the order
        of ``net.connections``.

    Returns
    -------
    Log
        The log, which you can read inside and after the block.

    Raises
    ------
    UnknownNameError
        If a variable with this name does not exist.
    ArgumentError, ArgumentTypeError, TopologyError
        If a selected neuron or connection is not in the network, if the selection is
        empty, or if it is given although none of its variables is recorded. Entering
        the block raises it if the network is already being recorded.

    Notes
    -----
    A row contains the values at the end of a step, after the weights have been updated.

    - ``net.activate`` and every step of ``net.run`` and of training start a row.
      ``net.propagate`` completes it with the errors, weights and biases after the call.
      Errors are 0 in a step without propagation.
    - Calls of single neurons and layers make steps, too. A step starts when the first
      neuron activates, and ends before a neuron activates for a second time.
    - An update by an optimizer belongs to the last step of its batch. The earlier steps
      of the batch have the weights that they used. With L-BFGS, the weights are those
      for which each gradient was evaluated.
    - Exact gradients (:func:`synapse.gradient`, ``rule="bptt"``) add a row for each
      step of each sequence, in the order of the sequences. "error" is minus the
      derivative of that sequence's cost with respect to the state, through all later
      steps. Because this rule has no traces and does not split errors, "eligibility",
      "bias_eligibility", "extended", "sensitivity", "projected" and "gated" are NaN.
    - The traces of a rule of synapses are the values that the next step reads. They do
      not change in steps that do not learn, and are NaN while the network has no such
      trace.
    - A sensitivity is NaN in steps that do not compute it. This happens while the
      network learns by another rule, and after an edit or a smaller reach because of
      which the network no longer computes it.
    - When a neuron or connection is removed, its columns are NaN from then on. Neurons
      and connections that are added later are not recorded.

    While it is recorded, a network makes its steps one by one from Python, which takes
    some 10 microseconds a step. A log takes ``8 * steps * columns`` bytes. In large
    networks, select the connections that you need.

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
    of_neurons = [name for name in columns if name in schema.NEURON_NUMBERS]
    others = [*traces, *(name for name in columns if name not in of_neurons)]
    chosen: tuple[Any, ...] = ()
    links: tuple[Any, ...] = ()
    if neurons is not None or of_neurons:
        chosen = _chosen(network, "neuron", neurons)
    if connections is not None or others:
        links = _chosen(network, "connection", connections)
    for items, recorded, noun in (
        (neurons, of_neurons, "neurons"),
        (connections, others, "connections"),
    ):
        if items is not None and not recorded:
            raise ArgumentError(
                f"No variable of {noun} is recorded. Name one, or remove {noun}=."
            )
    owners: dict[str, Any] = dict.fromkeys(of_neurons, chosen)
    owners |= dict.fromkeys(others, links)
    owners |= {
        name: _paired(network, name, links) for name in PAIRED if name in columns
    }
    return Log(names, Recorder(network, traces, owners))


def _paired(
    network: Network, name: str, connections: tuple[Connection, ...]
) -> tuple[Pair, ...]:
    """Return the pairs of connections and neurons that have this variable."""
    pairs_of, lack = PAIRED[name]
    pairs = pairs_of(network, connections).pairs
    if not pairs:
        raise ArgumentError(f"No connection has {lack}.")
    return tuple((connections[c], neuron) for c, neuron in pairs)


def _chosen(
    network: Network, noun: str, items: Iterable[Any] | None
) -> tuple[Any, ...]:
    """Check and return the neurons or connections to record, by default all of the
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


def _bias_eligibilities(columns: Any, rows: Ints) -> Any:
    """Return :attr:`Neuron.bias_eligibility` for rows of neurons."""
    stored = columns.flags[rows] & TRACED != 0
    return np.where(stored, columns.bias_eligibility[rows], columns.stamp[rows] != 0)


COMPUTED = {
    "bias_eligibility": _bias_eligibilities,
    "gain": gains,
    "eligibility": eligibilities,
}
"""Variables that are not columns, as functions of the columns and of rows."""
PARAMETERS = {"weight", "bias"}


class Recorder:
    """Rows of values of neurons, connections and pairs, one row per step, which a store
    uses as its ``recorder``.

    `owners` contains the neurons, connections or pairs for each variable in
    ``schema.WATCHABLE``, and for each of the `traces` of a rule of synapses, which may
    have the same names. The caller of a method other than `begin`, `close`, `steps` and
    `rows` holds the lock of the store, which has been lowered.
    """

    def __init__(
        self,
        network: Network,
        traces: tuple[str, ...],
        owners: dict[str, tuple[Any, ...]],
    ) -> None:
        self.network = network
        self.traces = traces
        self.owners = owners
        self.neurons = self._owners_of(schema.NEURON_NUMBERS)
        self.connections = (
            owners[traces[0]] if traces else self._owners_of(schema.CONNECTION_NUMBERS)
        )
        self.pairs = self._owners_of(schema.PAIR_NUMBERS)
        self.sensitive = self._owners_of([schema.SENSITIVITY])
        self._parts = {*schema.ERROR_PARTS}.difference(traces)
        ends = np.cumsum([0, *map(len, owners.values())]).tolist()
        self.indices = {name: slice(*ends[i : i + 2]) for i, name in enumerate(owners)}
        self.width: int = ends[-1]
        self._memory = np.empty((0, self.width))
        self._steps = 0  # of which the memory has rows
        self._open = False  # whether a propagation still belongs to the latest one
        # neurons called one by one in the latest step
        self._called: set[Neuron] | None = None
        # of a topology: which connections, and neurons (True), there are, in which rows
        self._rows: dict[bool, tuple[Ints, Ints]] = {}
        self._version = -1
        # the same of the pairs with extended traces, and the places of these traces
        self._extended: ExtendedPairs
        self._extended_places: tuple[Ints, Ints]
        self._places: WeakKeyDictionary[Plan, Ints] = WeakKeyDictionary()

    def _owners_of(self, names: Iterable[str]) -> tuple[Any, ...]:
        """Return the owners of those variables that are recorded."""
        known = self.owners.keys() - {*self.traces}
        return next((self.owners[name] for name in names if name in known), ())

    def column(self, variable: str) -> str:
        """Return the column or trace that contains this variable."""
        return variable if variable in self.traces else ALIASES.get(variable, variable)

    @property
    def _store(self) -> Store:
        return self.network._store

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
        self.follow()
        self.step_over()
        store.recorder = self

    @atomic
    def close(self) -> None:
        """End the recording. A second call has no effect."""
        if self._store.recorder is self:
            self._store.recorder = None
            self._memory = self._memory[: self._steps].copy()

    # --- memory -----------------------------------------------------------------------

    def make_room(self, steps: int) -> None:
        """Allocate memory for `steps` more steps before they run."""
        rows = self._steps + steps
        if rows > len(self._memory):
            rows = max(rows, 2 * len(self._memory), MIN_ALLOCATED_STEPS)
            try:
                memory = np.empty((rows, self.width))
            except MemoryError:
                raise MemoryError(
                    f"Recording {rows} steps of {self.width} numbers takes"
                    f" {8e-9 * rows * self.width:.3g} GB. Record fewer neurons or"
                    " connections, or fewer steps at a time."
                ) from None
            memory[: self._steps] = self._memory[: self._steps]
            self._memory = memory

    @atomic
    def steps(self) -> int:
        """Return the number of rows."""
        return self._steps

    @atomic
    def rows(self, index: slice) -> Floats:
        """Return some columns of all rows, shape (steps, columns)."""
        return self._memory[: self._steps, index].copy()

    # --- steps ------------------------------------------------------------------------

    def stepped(self, plan: Plan | None = None, learned: bool = False) -> None:
        """Record a step with the sensitivities of a plan.

        `learned` states whether the network has learned from the step. Otherwise the
        errors have no parts.
        """
        self.make_room(1)
        row = self._memory[self._steps]
        row[:] = np.nan
        for name in self.owners:
            where, values = self._read(name, plan)
            without = name in self._parts and not learned
            row[self.indices[name]][where] = 0.0 if without else values
        self._steps += 1
        self._open = True
        self._called = None

    def activated(self, neuron: Neuron) -> None:
        """Record the activation of a single neuron. When it activates for a second time
        in a step, a new step starts.
        """
        if not self.owns(neuron):
            return
        called = self._called
        if called is None or neuron in called:
            called = set()
            self.stepped()
        else:
            self._renew({*self.owners} - self._parts)
        called.add(neuron)
        self._called = called

    def propagated(self, neuron: Neuron | None = None) -> None:
        """Record the values that changed when the network, or a single neuron, learned
        from the latest step.
        """
        if self._open:
            self._renew(self.owners, neuron)

    def updated(self) -> None:
        """Record new weights and biases in the latest step, to which an update
        belongs.
        """
        if self._steps:
            self._renew(PARAMETERS.intersection(self.owners))

    def _renew(self, names: Iterable[str], neuron: Neuron | None = None) -> None:
        """Write some variables into the latest row.

        Values of removed neurons and connections stay. If `neuron` is given, the error
        parts of all other neurons stay, too.
        """
        row = self._memory[self._steps - 1]
        for name in names:
            where, values = self._read(name)
            if neuron is not None and name in self._parts:
                its = self._rows[True][1] == neuron._row
                where, values = where[its], values[its]
            row[self.indices[name]][where] = values

    def step_over(self) -> None:
        """End the latest step, because the context has changed and a later propagation
        does not belong to it.
        """
        self._open = False
        self._called = None

    def add(self, numbers: dict[str, Floats]) -> None:
        """Append steps of an exact gradient, with `numbers` of all neurons, shape
        (steps, neurons).

        Weights, biases and traces are the present ones, and gains follow from the
        activations. Other variables are NaN.
        """
        steps = len(numbers["activation"])
        self.make_room(steps)
        block = self._memory[self._steps : self._steps + steps]
        block[...] = np.nan
        first_row = self.network._anchor._row
        for name in self.owners:
            where, values = self._read(name)
            is_trace = name in self.traces
            if name in numbers and not is_trace:
                values = numbers[name][:, self._rows[True][1] - first_row]
            elif name == "gain" and not is_trace:
                gater = self._store.gaters(self._rows[False][1]).astype(np.int64)
                gated = gater != NONE
                values = np.ones((steps, len(gater)))
                gaters = gater[gated] - first_row
                values[:, gated] = numbers["activation"][:, gaters]
            elif not (is_trace or name in PARAMETERS):
                values = np.full(len(where), np.nan)
            block[:, self.indices[name]][:, where] = values
        self._steps += steps
        self.step_over()

    # --- reading ----------------------------------------------------------------------

    def follow(self) -> None:
        """Find the rows of neurons and connections, which an edit may have moved."""
        store = self._store
        store.ensure_lowered()
        if self._version == store.topology_version:
            return
        neurons = [neuron._row if neuron._row >= 0 else NONE for neuron in self.neurons]
        links = self._rows_of(self.connections)
        for of_neurons, rows in ((True, np.array(neurons, np.int64)), (False, links)):
            where = np.flatnonzero(rows != NONE)
            self._rows[of_neurons] = where, rows[where]
        if self.pairs:
            all_links = dict.fromkeys(link for link, _ in self.pairs)
            present = [link for link in all_links if link._identity >= 0]
            extended = self._extended = ExtendedPairs(self.network, present)
            kept = ((present[c], neuron) for c, neuron in extended.pairs)
            place = {pair: i for i, pair in enumerate(kept)}
            places = np.array([place.get(pair, ENDED) for pair in self.pairs])
            where = np.flatnonzero(places != ENDED)
            self._extended_places = where, places[where]
        self._version = store.topology_version

    def _rows_of(self, connections: Iterable[Connection]) -> Ints:
        """Return the rows of connections, or NONE for removed connections."""
        store = self._store
        row_of = np.append(store.row_of[: store.n_identities], np.uint32(NONE))
        identities = [connection._identity for connection in connections]
        return row_of[np.array(identities, np.int64)].astype(np.int64)

    def _read(self, name: str, plan: Plan | None = None) -> tuple[Ints, Floats]:
        """Return which owners have this variable now, with its values."""
        self.follow()
        store = self._store
        where, rows = self._rows[name in schema.NEURON_NUMBERS]
        if name in self.traces:
            where, rows = self._rows[False]
            live = self.network._plastic
            if live is None or name not in live.rule._by_side:
                return where[:0], np.empty(0)
            return where, live.trace_of(self.network, name, rows)
        if name in schema.PAIR_NUMBERS:
            where, places = self._extended_places
            return where, self._extended.read()[places]
        if name == schema.SENSITIVITY:
            return self._sensitivities(plan)
        if name in COMPUTED:
            return where, COMPUTED[name](Attributes(store), rows)
        return where, store.columns[name][rows]

    def _sensitivities(self, plan: Plan | None) -> tuple[Ints, Floats]:
        """Return the owners of a plan's sensitivities, with the values."""
        if plan is None:
            return np.empty(0, np.int64), np.empty(0)
        places = self._places.get(plan)
        if places is None:
            rows = self._rows_of(connection for connection, _ in self.sensitive)
            neurons = np.array([neuron._row for _, neuron in self.sensitive], np.int64)
            places = self._places[plan] = plan.places_of(rows, neurons)
        plan.renew(before=False)
        where = np.flatnonzero(places != ENDED)
        return where, plan.values[places[where]]
