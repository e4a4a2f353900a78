"""Build networks from any graph of networkx."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from math import inf, isnan
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    NoReturn,
    get_args,
)

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .. import _initializer, _squash
from .._checks import (
    boolean,
    choice,
    delay,
    expected,
    finite_number,
    float_type,
    is_among,
    is_number,
    listed,
    non_negative_number,
    pluralize,
    require,
    require_type,
    short_repr,
    sign,
    suggestion,
    suggests_arguments,
    text,
    warn,
    whole_number,
)
from .._initializer import Initializer, Seed, given_back, random_generator
from .._squash import Squash
from .._typing import Bools, Floats, Ints
from ..engine.locking import gc_paused
from ..engine.lowering.ranges import order_of
from ..engine.schema import FACTOR, FLAG, GROUP, LARGEST_COUNT, SIGN, Column
from ..errors import (
    ArgumentError,
    SynapseError,
    TopologyError,
    TopologyWarning,
    UnknownNameError,
)
from ..objects import graph as live
from ..objects.connection import Connection
from ..objects.graph import NeuronData
from ..objects.graph_attributes import (
    CARRIES,
    COMPOSED,
    CONNECTION_PART,
    EDGE_NAMES,
    GATE_PART,
    GATED,
    MARK,
    NEURON_PART,
    NODE_NAMES,
    NONDEFAULT_OF_CONNECTIONS,
    NONDEFAULT_OF_NEURONS,
    OWN_NAMES,
    POSITION,
    STATE,
    is_usual_position,
    past_steps,
    unescaped,
)
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.order import find_order, paired
from ..objects.parameters import with_signs
from ..objects.saved import SavedNetwork, traces_of_past
from ..objects.topology import NO_GATER
from ._file_checks import (
    carries_state,
    contradicted_sign,
    require_shared,
    warn_of_connections_into_inputs,
)
from ._formats import ALL, LINKED, Format

Merge = Literal["sum", "mean", "first", "last"]
WAYS = get_args(Merge)
"""The ways to merge, as :func:`synapse.from_networkx` describes them."""
AGREED = ("gater", "trainable", "frozen", "tie", "carries")
"""Attributes in which parallel edges must agree, by their keys."""
OF_ONE = ("delay", "number", "gain", "eligibility", GATED, "gates", MARK)
"""Attributes that stay as the first edge has them, as they are equal or not read as
values of a connection.
"""
Columns = dict[str, Any]
ACTIVATION: Final = "activation"
Carried = Literal["activation", "state"]
CARRIED = get_args(Carried)
"""Values that a connection from a neuron to itself can carry to the next step."""


@gc_paused()
@suggests_arguments("from_networkx")
def from_networkx(
    graph: Any,
    inputs: Iterable[Any] | None = None,
    outputs: Iterable[Any] | None = None,
    *,
    weight: str | None = "weight",
    gater: str | None = "gater",
    attributes: Mapping[str, str | None] | None = None,
    squash: str | Squash = "logistic",
    output_squash: str | Squash | None = None,
    initializer: str | Initializer = "fan_in",
    seed: Seed = None,
    dtype: Any = None,
    name: Annotated[str | None, text] = None,
    synchronous: Annotated[bool | None, boolean] = None,
    merge: Annotated[Merge | None, partial(choice, options=WAYS)] = None,
    self_connections: Annotated[
        Carried | None, partial(choice, options=(*CARRIED, None))
    ] = "activation",
    missing_weights: Annotated[
        Literal["draw"] | None, partial(choice, options=("draw",))
    ] = None,
) -> Network:
    """Build a network from a graph of networkx, whose nodes become neurons and whose
    edges become connections.

    Values stored in the graph are used. Missing ones get defaults, and weights are
    drawn if no edge has one. The attributes ``label``, ``squash``, ``bias``,
    ``trainable``, ``subset``, ``layer``, ``state``, ``activation``, ``outgoing_sign``,
    ``bias_tie`` and ``cost_weight`` are read from nodes, and ``weight``, ``gater``,
    ``trainable``, ``sign``, ``tie``, ``delay`` and ``carries`` from edges. All other
    attributes become the :attr:`~Neuron.metadata` of neurons and connections, whatever
    their names, except None and NaN. Further attributes of the network, such as
    ``group`` and ``number``, are only read from nodes and edges with the mark
    ``synapse_part``, which the graphs of networks have (see
    :func:`synapse.to_networkx`). Each edge of an undirected graph becomes two
    connections, one in each direction.

    Inputs fire first and outputs last. In between, every neuron fires after the neurons
    that lead to it or gate its incoming connections, as in :func:`architect.construct`,
    and neurons of one depth form a layer. Cycles are cut, which means that connections
    that lead backward carry the activation of the previous step
    (``analysis.late_connections(net)`` lists them). If the nodes have the attribute
    ``subset``, these numbers determine the layers, and within a layer nodes fire in the
    order of the graph. Competing hidden neurons in a layer are placed next to the first
    of them.

    Parameters
    ----------
    graph : networkx.Graph or networkx.DiGraph
        Any graph, including the live ``net.graph``, copies of it, and the result of
        ``to_networkx``. For parallel edges of a multigraph, see `merge`.
    inputs, outputs : iterable of nodes, optional
        The nodes that become inputs and outputs, in this order. A node can be given by
        its label if no other node has it. By default, these are the nodes of the lowest
        and the highest ``subset``. Without that attribute, nodes without incoming edges
        become inputs, and other nodes that neither have outgoing edges nor gate any
        become outputs. Self-loops do not count.
    weight : str, optional
        The edge attribute that holds the weights. None draws all weights. Default
        "weight".
    gater : str, optional
        The edge attribute that holds the node (or its ``label``) whose neuron gates the
        connection. With None, gates are not read. Default "gater".
    attributes : mapping of str to str, optional
        Names under which this graph stores other values. Values with None instead of a
        name are not read, and become metadata. The keys are "squash", "bias",
        "trainable" (for nodes and edges), "label" (the name of the neuron), "layer"
        (the name of its layer, used together with "subset"), "subset", "state",
        "activation", and the other attributes of :func:`synapse.to_networkx`, such as
        "tie" and "sign" (for edges, +1 or -1, which also applies to drawn weights),
        "delay" (for edges, a number of steps, or 0 without a delay, see
        :attr:`Connection.delay`), and "carries" (for self-loops, see
        `self_connections`). Attributes that are only read beside the mark are read from
        all nodes if you name them: ``attributes={"group": "pool"}`` lets the neurons
        with the same ``pool`` compete. Default: the attributes that are listed above,
        under these names.
    squash, output_squash : str or Squash
        Activation function of the nodes that have none, and of the outputs among them.
        Default: "logistic", and the same function for the outputs.
    initializer : str or callable
        How to draw the missing weights, see :mod:`synapse.initializers`. Missing
        weights of connections that carry the state are 1, or -1 if they have that sign,
        and missing biases are 0. Default "fan_in", for the mean number of incoming
        connections.
    seed : int or numpy.random.Generator, optional
        Seed for the drawn weights.
    dtype : numpy dtype
        Float type of the network. Default: the ``dtype`` of the graph, or float64 if it
        has none.
    name : str, optional
        Name of the network. Default: the name of the graph, if any.
    synchronous : bool, optional
        Whether all neurons except the inputs activate together, which means that every
        connection between two of them arrives one step later, whatever the layers; see
        :attr:`synapse.Network.synchronous`. Default: the value of its nodes, or False.
    merge : {"sum", "mean", "first", "last"}, optional
        How to merge parallel edges, which have the same ends and the same delay, into
        one connection. "first" and "last" use one of the edges. "sum" and "mean"
        combine the weights and all numbers among the other attributes, and join
        different texts by commas. The connection has the sign that all its edges have,
        or none. Attributes other than the weight may be missing on some of the edges.
        By default, parallel edges raise TopologyError.
    self_connections : {"activation", "state"}, optional
        The value that an edge from a node to itself carries to the next step. With
        "activation", the neuron receives its previous activation, as through any other
        connection. This is an autapse, a connection with delay 1. With "state", the
        edge is a self-connection, from which the state of the next step starts. If its
        weight is 1, the neuron adds up all its inputs, see :meth:`Neuron.project`. With
        None, these edges are left out. An edge with the attribute ``carries``, as
        graphs of networks have it, keeps its value. Default: "activation".
    missing_weights : {"draw"}, optional
        How to handle graphs in which only some edges have a weight, for example after
        ``networkx.directed_edge_swap`` has moved edges. With "draw", missing weights
        are drawn, as they are if no edge has one. By default, they raise ArgumentError.
        Self-connections that carry the state have the weight 1 if it is missing.

    Returns
    -------
    Network
        Every neuron is named by the ``label`` of its node, or by ``str(node)``, and can
        be found by ``net[name]``. If the name is not ``str(node)``, or several nodes
        have it, the node is ``neuron.metadata["node"]``, and ``net.select(node=node)``
        finds it. Weights and biases are trainable unless the graph says otherwise,
        except the weights of connections that carry the state.

    Raises
    ------
    ArgumentTypeError, ArgumentError, UnknownNameError
        If `graph` is not a graph, a value cannot be used, an attribute that you name
        does not occur, only some weights are missing, or a format or program has
        dropped a part of the output of :func:`synapse.to_networkx`.
    TopologyError
        If no inputs or outputs are found, a node is both, an edge has a gater that is
        not in the graph, or there are parallel edges without `merge`, or with different
        gaters.
    FormatError
        If nodes or edges with the same tie have different values.

    Warns
    -----
    TopologyWarning
        If connections lead into inputs, which never act (with their number), if names
        of nodes differ only by blanks, or if several neurons have one name.

    See Also
    --------
    synapse.to_networkx : The inverse.
    architect.construct : A network of neurons that are connected already.

    Notes
    -----
    ``from_networkx(to_networkx(net))`` gives a network with the same outputs as
    ``net``. It loses the class of an architecture, ``net.metadata``, traces and errors.
    ``from_networkx(net.graph)`` and ``from_networkx(net.graph.copy())`` give the same
    network, and ``net.graph.subgraph(neurons)`` gives a part of it, including all
    neurons that gate its connections.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.DiGraph([("x", "a"), ("a", "b"), ("b", "a"), ("b", "y")])
    >>> net = from_networkx(graph, seed=0)
    >>> net, [neuron.name for neuron in net]
    (<Network 1-1-1-1, 4 neurons, 4 connections>, ['x', 'a', 'b', 'y'])
    >>> import synapse
    >>> late = synapse.analysis.late_connections(net).connections
    >>> [(link.source.name, link.target.name) for link in late]
    [('b', 'a')]
    """
    keys = keys_of(weight, gater, attributes)
    options = Options(
        ends=(inputs, outputs),
        functions=functions_of(squash, output_squash),
        initializer=_initializer.get(initializer),
        rng=random_generator(seed),
        name=name,
        synchronous=synchronous,
        merge=merge,
        self_connections=self_connections,
        draws_missing=missing_weights is not None,
    )
    require_type(
        isinstance(graph, nx.Graph),
        "graph",
        "a graph of networkx",
        graph,
        "Use synapse.from_edges(edges) for edges. Make a graph with"
        " networkx.from_pandas_edgelist, from_scipy_sparse_array or, of a file,"
        " synapse.readwrite.read_graph(path).",
    )
    names = list(graph)
    require_names("node", names)
    _warn_of_blanks(names)
    if all(isinstance(node, Neuron) for node in names):
        names.sort()  # by their order of activation

    links: list[Any] = [
        (source, target, _whole(each))
        for source, target, data in graph.edges(data=True)
        for each in _every(data)
    ]
    if not graph.is_directed():
        links += [(v, u, data) for u, v, data in links if u != v]
    links.sort(key=lambda link: _creation(link[2]))

    if dtype is None:
        dtype = graph.graph.get("dtype", np.float64)
    float_dtype = float_type("dtype", dtype)
    place = {node: i for i, node in enumerate(names)}
    ends = np.array([[place[link[end]] for link in links] for end in (0, 1)], np.int64)
    attributes_of_nodes = columns_of(_whole(graph.nodes[node]) for node in names)
    nodes = Items("node", attributes_of_nodes, keys, names)
    edges = Items("edge", columns_of(data for *_, data in links), keys, names, ends)
    marked, parts = (items.columns.get(OwnName(MARK), {}) for items in (nodes, edges))
    written = [i for i, role in parts.items() if role != GATE_PART]
    _require_whole(edges, written, ("trainable",))
    _require_whole(nodes, {*marked, *ends[:, written].flat}, ("bias", "trainable"))
    if name is None:
        options = options._replace(name=str(graph.name))
    return network_of_columns(place, nodes, edges, ends, float_dtype, options)


def _require_whole(items: Items, written: Iterable[int], names: Iterable[str]) -> None:
    """Raise ArgumentError if an item from Synapse lacks an attribute that all other
    items have.
    """
    for missing, i in [
        (name, i)
        for name in names
        for i in written
        if i not in items.columns.get(name, {})
    ]:
        raise ArgumentError(
            f"Expected everything that synapse.to_networkx writes, got no {missing} of"
            f" {items.label(i)}, because a format such as Pajek has dropped it. Use"
            f" GraphML, GEXF or JSON, or delete the attribute {MARK} to read this as"
            " any other graph."
        )


class Options(NamedTuple):
    """The options that :func:`from_networkx` and :func:`from_edges` share."""

    ends: tuple[Iterable[Any] | None, Iterable[Any] | None]
    functions: tuple[Squash, Squash]
    initializer: str | Initializer
    rng: np.random.Generator
    name: str | None
    synchronous: bool | None
    merge: str | None
    self_connections: str | None
    draws_missing: bool = True
    """Whether missing weights are drawn if others are given."""


def functions_of(squash: Any, output_squash: Any) -> tuple[Squash, Squash]:
    """Return the activation functions of hidden neurons and of outputs."""
    readout = squash if output_squash is None else output_squash
    return _squash.get(squash), _squash.get(readout)


def network_of_columns(
    place: dict[Any, int],
    nodes: Items,
    edges: Items,
    ends: Ints,
    dtype: np.dtype[Any],
    options: Options,
) -> Network:
    """Build a network. `place` maps nodes to numbers, and `ends` are the nodes of each
    edge.
    """
    named = zip(place, nodes.texts("label"), strict=True)
    labels = [str(node) if label is None else label for node, label in named]
    _keep_nodes(nodes, labels)

    edges.leave_fillings()
    edges, delays = _kept_edges(_without_gates(edges), options)
    outgoing_sign = nodes.rare(
        "outgoing_sign", NONDEFAULT_OF_NEURONS["outgoing_sign"], dtype
    )
    connections = _connections(edges, delays, dtype, place, labels)
    _take_signs_of_sources(connections, outgoing_sign)

    # Connections with a delay arrive late in any order.
    subset = nodes.read(
        "subset",
        lambda subject, value: whole_number(
            subject, _whole_or_given(value), "a whole number", -inf, inf
        ),
    )
    layers = arrange(
        place, connections, *options.ends, subset, delays > 0, by_label(labels)
    )
    neurons = _neurons(nodes, dtype, layers, options.functions)
    layers[1:-1] = [_side_by_side(layer, neurons["group"]) for layer in layers[1:-1]]
    titles = _named_layers(layers, nodes.texts("layer"), subset)
    saved = SavedNetwork(
        name=options.name,
        dtype=dtype,
        layers=titles,
        names=[labels[i] for layer in layers for i in layer],
        neurons=neurons,
        connections=connections,
        neuron_metadata=_metadata_of(nodes, layers, titles, subset),
        connection_metadata=edges.metadata(),
    )
    carry_state = carries_state(connections)
    if not options.draws_missing and np.isnan(connections["weight"]).any():
        _require_all_weights(edges, connections, carry_state)
    with given_back(options.rng):
        _draw_missing(connections, carry_state, options, dtype)
        require_shared("connection", connections, edges.label)
        require_shared("neuron", neurons, nodes.label)
        _require_signs(edges, connections, neurons)

        # Until here items have the numbers of the graph, so that errors name them;
        # from here on neurons are numbered in the order of activation.
        order = np.concatenate(layers)
        number = np.full(len(order) + 1, NO_GATER)
        number[order] = np.arange(len(order))
        saved.neurons = {name: column[order] for name, column in neurons.items()}
        saved.neuron_metadata = {
            name: {int(number[i]): value for i, value in column.items()}
            for name, column in saved.neuron_metadata.items()
        }
        connections.update({end: number[connections[end]] for end in ENDS})
        saved.traces = traces_of_past(connections, *_past_of(nodes, order, dtype))
        network = saved.network()
        if options.synchronous is not None:
            network.synchronous = options.synchronous
        if not neurons["random"].any():
            network.reseed(options.rng)  # the neurons that are random
    warn_of_connections_into_inputs(connections["target"], len(layers[0]))
    return network


def _keep_nodes(nodes: Items, labels: Sequence[str]) -> None:
    """Store a node in the metadata if its neuron's name differs or is shared. Warn
    about shared names, and about nodes that were rounded.
    """
    marked = nodes.columns.get(OwnName(MARK), {})
    count = Counter(label for i, label in enumerate(labels) if i not in marked)
    several = [label for label in count if count[label] > 1]
    untold = {
        i: node if isinstance(node, str | int | float | np.integer) else str(node)
        for i, (node, label) in enumerate(zip(nodes.names, labels, strict=True))
        if i not in marked and (count[label] > 1 or label != str(node))
    }
    key = "node" if "node" not in nodes.columns else "node of the graph"
    if untold:
        nodes.columns[key] = untold
    if several:
        warn(
            f"{pluralize(sum(map(count.__getitem__, several)), 'neuron')} share"
            f" {pluralize(len(several), 'name')}, such as {short_repr(several[0])}."
            f" Their nodes tell them apart: neuron.metadata[{key!r}].",
            TopologyWarning,
        )
    rounded = [
        name
        for name in nodes.names
        if isinstance(name, float) and 2**53 <= abs(name) < inf
    ]
    if rounded:
        warn(
            f"{pluralize(len(rounded), 'name')}, such as {rounded[0]!r},"
            f" {'is a float' if len(rounded) == 1 else 'are floats'} beyond 2**53,"
            " where neighbouring whole numbers are equal. Read the numbers as integers"
            " or text: pandas.read_csv(path, dtype=str).",
            TopologyWarning,
        )


def _past_of(
    nodes: Items, order: Ints, dtype: np.dtype[Any]
) -> tuple[Ints, Ints, Floats]:
    """Return the past activations of nodes in this order: their nodes, how many steps
    ago, and their values.
    """
    names = {key.name for key in nodes.columns if isinstance(key, OwnName)}
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, dtype))]
    ages = {age: name for name in names if (age := past_steps(name))}
    for age, name in sorted(ages.items()):
        values = nodes.numbers(name, dtype, 0.0)[order]
        numbers = np.flatnonzero(values)
        parts.append((numbers, np.full(len(numbers), age), values[numbers]))
    neurons, steps, values = map(np.concatenate, zip(*parts, strict=True))
    return neurons, steps, values


def _creation(data: Mapping[Any, Any]) -> float:
    """Return the sort key of an edge. Edges are sorted by their order of creation,
    which the weights follow. The key is infinite for other edges, to keep their order
    in the graph.
    """
    number = data.get("number")
    if is_among(data.get(MARK), PARTS_OF_EDGES) and isinstance(number, int | float):
        # igraph has all numbers as floats, and integers of a document have any size
        return inf if isinstance(number, float) and isnan(number) else number
    return inf


def require_names(noun: str, names: Iterable[Any]) -> None:
    """Raise ArgumentError if a node or neuron has no name."""
    for name in names:
        if is_missing(name) or not isinstance(name, Hashable):
            raise ArgumentError(
                f"Every {noun} must have a name, got {short_repr(name)}. Leave out"
                " rows without names. If a neuron is called NA, read its table with"
                " pandas.read_csv(path, keep_default_na=False)."
            )


def _warn_of_blanks(names: Iterable[Any]) -> None:
    """Warn if names of nodes differ by blanks around them only."""
    texts = [name for name in names if isinstance(name, str)]
    twins = sorted({*texts} & {name.strip() for name in texts if name != name.strip()})
    if twins:
        warn(
            f"{pluralize(len(twins), 'node')}, such as {short_repr(twins[0])}, and"
            " others of the same name with blanks around it are separate neurons. To"
            " join them: networkx.relabel_nodes(graph, {node: node.strip() for node"
            " in graph}).",
            TopologyWarning,
        )


def is_missing(name: Any) -> bool:
    """Return whether a name is empty or no value."""
    return not name.strip() if isinstance(name, str) else not is_value(name)


def is_value(value: Any) -> bool:
    """Return whether a value is not None, NaN, or another mark of pandas for an empty
    cell.
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return False
    return not (isinstance(value, float) and isnan(value))


def _every(data: Any) -> Iterable[Any]:
    """Return the attributes of each connection of an edge, because a live edge may
    represent several.
    """
    if not isinstance(data, Connection):
        return [data]
    return live.edges_between(data.source, data.target)


def _whole(data: Any) -> Any:
    """Return all attributes of a node or edge; iteration over a live one leaves out
    rare ones.

    Ties are such attributes, which :meth:`copy` includes.
    """
    if not isinstance(data, Connection | NeuronData):
        return data
    values = data.copy()
    if isinstance(data, Connection):
        values["gater"] = data.gater  # the neuron: another one may have the same name
    return values


# --- columns, by the numbers of nodes and edges in the graph --------------------------


def _without_gates(edges: Items) -> Items:
    """Return the edges except those that :meth:`Topology.to_networkx` adds to draw
    gates.
    """
    parts = _by_number(edges.column(MARK))
    gates = [i for i, part in parts.items() if part == GATE_PART]
    if not gates:
        return edges
    return edges.chosen(np.delete(np.arange(edges.count), gates))


def _kept_edges(edges: Items, options: Options) -> tuple[Items, Ints]:
    """Return the edges that become connections, one for every pair and delay, and their
    delays.
    """
    delays = edges.read(
        "delay",
        lambda subject, value: delay(subject, _whole_or_given(value)),
        np.zeros(edges.count, np.int64),
    )
    loops = np.flatnonzero(edges.ends[0] == edges.ends[1]).tolist()
    usual = {i: ACTIVATION if delays[i] else options.self_connections for i in loops}
    carried = edges.read(CARRIES, partial(choice, options=CARRIED), usual)
    for i, carries in carried.items():
        is_self_connection = edges.ends[0, i] == edges.ends[1, i] and not delays[i]
        if carries == STATE and not is_self_connection:
            off = edges.advice.format(f"attributes={{{CARRIES!r}: None}}")
            raise TopologyError(
                "Only a connection of a neuron to itself without a delay carries the"
                f" state, got {edges.label(i)}. {off}"
            )

    # An autapse is a connection of the neuron to itself with a delay of one step.
    late = [i for i in loops if carried[i] == ACTIVATION and not delays[i]]
    delays[late] = 1
    left_out = [i for i in loops if carried[i] is None and not delays[i]]
    if left_out:
        kept = np.delete(np.arange(edges.count), left_out)
        edges = edges.chosen(kept)
        delays = delays[kept]

    ascending = _numbers_of_pairs(edges, delays)
    ascending.sort()
    again = np.flatnonzero(ascending[1:] == ascending[:-1])
    if not len(again):
        return edges, delays
    pairs = _numbers_of_pairs(edges, delays)
    order = order_of(pairs)
    if options.merge is None:
        raise TopologyError(
            "A pair of neurons has one connection of a delay, but"
            f" {edges.label(int(order[again[0]]))} is given several times. Pass"
            ' merge="sum" to add the weights of parallel edges, or one of'
            f" {', '.join(map(repr, WAYS[1:]))}."
        )
    rows, edges = merged_edges(edges, pairs, options.merge)
    return edges, delays[rows]


def _numbers_of_pairs(edges: Items, delays: Ints) -> Ints:
    """Return one number for each source, target and delay: equal ones are parallel
    edges.
    """
    pairs: Ints = edges.ends[0] * len(edges.names)
    pairs += edges.ends[1]  # in place: each new array of millions takes memory and time
    if delays.any():
        pairs *= delays.max() + 1
        pairs += delays
    return pairs


def _connections(
    edges: Items,
    delays: Ints,
    dtype: np.dtype[Any],
    place: Mapping[Any, int],
    labels: Sequence[str],
) -> Columns:
    """Return the columns of the connections; a weight that the graph does not have is
    NaN.
    """
    source, target = edges.ends
    carry_state = (source == target) & (delays == 0)
    return {
        "source": source,
        "target": target,
        "delay": delays,
        "gater": edges.read(
            "gater", _gater_among(place, labels), np.full(edges.count, NO_GATER)
        ),
        "weight": edges.numbers("weight", dtype, np.nan),
        "trainable": edges.read("trainable", _flag, ~carry_state),
        **{
            column.name: edges.rare(name, column, dtype)
            for name, column in NONDEFAULT_OF_CONNECTIONS.items()
            if name != "delay" and len(edges.column(name))
        },
    }


def _take_signs_of_sources(connections: Columns, outgoing_sign: Ints) -> None:
    """Copy the sign that all connections from a source must have to connections without
    a sign.
    """
    if not outgoing_sign.any():
        return
    target = connections["target"]
    sign = connections.setdefault("sign", np.zeros(len(target), np.int8))
    takes_it = (sign == 0) & ~carries_state(connections)
    sign[takes_it] = outgoing_sign[connections["source"][takes_it]]


def _require_signs(edges: Items, connections: Columns, neurons: Columns) -> None:
    """Raise ArgumentError if a weight contradicts its sign, or that its source's."""
    i = contradicted_sign(connections, neurons)
    if i is None:
        return
    weight, sign = connections["weight"][i], int(connections["sign"][i])
    if sign * weight < 0:
        raise ArgumentError(
            f"The weight of {edges.label(i)} must have its sign {sign:+d}, got"
            f" {weight:g}. Multiply the weights by the signs, or leave the weights out"
            " to draw them."
        )
    whole = int(neurons["outgoing_sign"][connections["source"][i]])
    raise ArgumentError(
        f"The sign of {edges.label(i)} must be {whole:+d}, the outgoing_sign of"
        f" its source, got {sign:+d}."
    )


def _metadata_of(
    nodes: Items,
    layers: Layers,
    titles: Sequence[tuple[str | None, int]],
    subset: Sequence[int | None],
) -> Columns:
    """Return the metadata of the nodes, including their ``layer`` unless it is the name
    of their layer.
    """
    nodes.leave_usual_positions(subset)
    metadata = nodes.metadata()
    named = nodes.foreign("layer")
    for layer, (title, _) in zip(layers, titles, strict=True):
        for i in layer:
            if i in named and (title is None or not is_among(named[i], (title,))):
                metadata.setdefault("layer", {})[i] = named[i]
    return metadata


NO_LABELS: Mapping[str, int] = {}


def by_label(labels: Sequence[str]) -> Mapping[str, int]:
    """Return the numbers of nodes by their labels, where NO_GATER stands for a label
    that several nodes have, which names none of them.
    """
    named: dict[str, int] = {}
    for i, label in enumerate(labels):
        named[label] = NO_GATER if label in named else i
    return named


def _gater_among(place: Mapping[Any, int], labels: Sequence[str]) -> Check:
    """Return a check that finds the number of a gater, given as a node or as the label
    of one node.
    """
    named = by_label(labels)

    def number(subject: str, value: Any) -> int:
        node = _number_of(value, place)
        if node is None:
            node = _number_of(value, named)
        if node is None and isinstance(value, int | float):
            # A reader of files has made text of the nodes, but not of their gaters.
            node = place.get(str(_whole_or_given(value)))
        if node in (None, NO_GATER):
            condition = "a node of the graph or the label of one node"
            advice = name_of_other_type(value, place).strip()
            raise TopologyError(expected(subject, condition, value, advice))
        return node

    return number


def _neurons(
    nodes: Items, dtype: np.dtype[Any], layers: Layers, functions: tuple[Squash, Squash]
) -> Columns:
    """Return the columns of the neurons."""
    squash, group_names = nodes.read("squash", _squash_name), nodes.texts("group")
    group = np.zeros(len(squash), np.int64)
    numbers = dict[tuple[int, str, str | None], int]()
    is_grouped = cache(lambda name: _squash.get(name)._grouped)
    for k, layer in enumerate(layers):
        for i in layer:
            squash[i] = squash[i] or functions[k == len(layers) - 1].name
            if is_grouped(squash[i]):  # those of one layer, function and group compete
                group[i] = numbers.setdefault(
                    (k, squash[i], group_names[i]), len(numbers) + 1
                )
    bias = nodes.numbers("bias", dtype, 0.0)
    return {
        "squash": np.array(squash, object),
        "bias": bias,
        "initial_bias": bias,
        **{name: nodes.numbers(name, dtype, 0.0) for name in ("state", "activation")},
        "trainable_bias": nodes.read("trainable", _flag, np.ones(nodes.count, bool)),
        **{
            column.name: nodes.rare(name, column, dtype)
            for name, column in NONDEFAULT_OF_NEURONS.items()
            if name != "group"
        },
        "group": group,
    }


def _side_by_side(layer: list[int], group: Ints) -> list[int]:
    """Return the nodes of a layer, with competing nodes next to the first of them."""
    first_place: dict[int, int] = {}
    for place, i in enumerate(layer):
        first_place.setdefault(int(group[i]), place)
    alone = {i: place for place, i in enumerate(layer) if not group[i]}
    return sorted(layer, key=lambda i: alone.get(i, first_place[int(group[i])]))


def _named_layers(
    layers: Layers, names: Sequence[str | None], subset: Sequence[int | None]
) -> list[tuple[str | None, int]]:
    """Return each layer's name and size. None gives a layer its default name.

    A layer has the name that all its nodes give, unless another layer has it too.
    """
    common: list[str | None] = []
    for layer in layers:
        named = {names[i] if subset[i] is not None else None for i in layer}
        common.append(named.pop() if len(named) == 1 else None)
    titles = (name if common.count(name) == 1 else None for name in common)
    return list(zip(titles, map(len, layers), strict=True))


# --- the network ----------------------------------------------------------------------


def _require_all_weights(
    edges: Items, connections: Columns, carry_state: Bools
) -> None:
    """Raise ArgumentError if some of the weights are missing, but not all."""
    missing = np.isnan(connections["weight"]) & ~carry_state
    count, of_all = int(missing.sum()), int((~carry_state).sum())
    if 0 < count < of_all:
        raise ArgumentError(
            "Expected weights of all connections or of none,"
            f" got none of {count} of {of_all}: {edges.label(int(missing.argmax()))}"
            " has none. Leave them out, fill their weights in, or pass"
            ' missing_weights="draw".'
        )


def _draw_missing(
    connections: Columns, carry_state: Bools, options: Options, dtype: np.dtype[Any]
) -> None:
    """Draw the weights that are NaN, by their sign; weights for the state of a neuron
    are 1.
    """
    weight = connections["weight"]
    missing = np.isnan(weight)
    signs = connections["sign"][missing] if "sign" in connections else None
    values = np.ones(int(missing.sum()))
    drawn = ~carry_state[missing]
    if drawn.any():
        ends = (len(np.unique(connections[end])) for end in ("target", "source"))
        fan_in, fan_out = (-(-len(weight) // count) for count in ends)
        shape = (int(drawn.sum()),)
        values[drawn] = _initializer.draw(
            options.initializer, options.rng, shape, fan_in, fan_out, dtype
        )
    weight[missing] = with_signs(values, signs)


ENDS = ("source", "target", "gater")
MAX_LAYERS = 24
"""Maximum number of hidden layers; in deeper graphs, several neighbouring depths form
one layer."""

Layers = list[list[int]]


def arrange(
    place: Mapping[Any, int],
    edges: Mapping[str, Ints],
    inputs: Iterable[Any] | None,
    outputs: Iterable[Any] | None,
    subset: Sequence[int | None],
    late: Bools,
    named: Mapping[str, int] = NO_LABELS,
) -> Layers:
    """Arrange nodes in layers, inputs first and outputs last, and return their indices
    in the order of activation.

    `place` maps every node to its number. `edges` contains the numbers of the nodes at
    the ``source`` and ``target`` of each edge and of its ``gater`` (-1 without one),
    and `subset` the layer of each node, or None if the graph has no layers. Edges that
    are `late` in any order do not affect it. Inputs and outputs may also be given by
    the labels in `named`.
    """
    if not place:
        raise TopologyError(
            "The graph must have at least two nodes, an input and an output. Got none."
        )
    numbers = [number for number in subset if number is not None]
    if numbers and len(numbers) < len(subset):
        node = short_repr(list(place)[list(subset).index(None)])
        raise TopologyError(
            "Either all nodes must have a subset, the number of their layer, or none."
            f" Node {node} has none. Pass attributes={{'subset': None}} to ignore this"
            " attribute."
        )
    layer_of = numbers if len(set(numbers)) > 1 else None
    ends = inputs, outputs
    input_nodes, output_nodes = _ends(place, edges, ends, layer_of, named)
    both = sorted({*input_nodes}.intersection(output_nodes))
    if both:
        node = short_repr(list(place)[both[0]])
        raise TopologyError(
            f"The node {node} is both an input and an output. Add a node in between."
        )
    if layer_of is None:
        prompt = slice(None) if not late.any() else ~late
        ordered = {end: edges[end][prompt] for end in ENDS}
        return [
            input_nodes,
            *_by_depth(len(place), ordered, input_nodes, output_nodes),
            output_nodes,
        ]
    hidden_nodes = {*range(len(place))}.difference(input_nodes, output_nodes)
    return [input_nodes, *_grouped(sorted(hidden_nodes), layer_of), output_nodes]


def _grouped(nodes: Iterable[int], layer_of: Any) -> Layers:
    """Return nodes as layers, by ascending number of the layer and in their order
    within.
    """
    ordered = sorted(nodes, key=layer_of.__getitem__)
    return [list(layer) for _, layer in groupby(ordered, layer_of.__getitem__)]


def _numbers_of_nodes(
    nouns: str,
    nodes: Iterable[Any],
    place: Mapping[Any, int],
    named: Mapping[str, int],
) -> list[int]:
    """Return the indices of the nodes that the user gives, also by their labels."""
    chosen = listed(nouns, nodes, "a list of nodes")
    if not chosen:
        raise TopologyError(f"`{nouns}` must be at least one node, got none.")
    numbers = []
    for node in chosen:
        number = _number_of(node, place)
        if number is None:
            number = _number_of(node, named)
        if number in (None, NO_GATER):
            texts = (name for name in place if isinstance(name, str))
            advice = name_of_other_type(node, place) or suggestion(node, texts)
            if number == NO_GATER:
                advice = "Several nodes have this label. Give one of them."
            condition = "nodes of the graph"
            raise TopologyError(expected(nouns, condition, node, advice.strip()))
        numbers.append(number)
    if len(set(numbers)) < len(numbers):
        twice = next(node for i, node in enumerate(chosen) if numbers[i] in numbers[:i])
        raise TopologyError(
            f"The node {short_repr(twice)} is given twice among the {nouns}. Pass it"
            " once."
        )
    return numbers


def _number_of(node: Any, place: Mapping[Any, int]) -> int | None:
    """Return the number of a node, ignoring blanks around its name, or None if there is
    no such node.
    """
    with suppress(TypeError):  # a value without a hash is no node
        if node in place:
            return place[node]
        return place.get(node.strip()) if isinstance(node, str) else None
    return None


def name_of_other_type(name: Any, names: Container[Any]) -> str:
    """Return advice if one of the names is a number and this its digits, or the
    reverse.
    """
    clone: Any = None
    if isinstance(name, str):
        with suppress(ValueError):
            clone = int(name)
    elif isinstance(name, int | np.integer):
        clone = str(name)
    if clone is None or clone not in names:
        return ""
    form = "text" if isinstance(clone, str) else "whole numbers"
    return f" The names of the others are {form}: {short_repr(clone)}."


def _ends(
    place: Mapping[Any, int],
    edges: Mapping[str, Ints],
    ends: tuple[Any, Any],
    layer_of: list[int] | None,
    named: Mapping[str, int],
) -> list[list[int]]:
    """Return the inputs and the outputs, which are either given or found from the
    layers or edges.
    """
    nodes = np.arange(len(place))
    source, target, gater = (edges[name] for name in ENDS)
    loops = source == target
    if loops.any():
        source, target = source[~loops], target[~loops]
    chosen = list[list[int]]()
    # Marks, as there may be millions of edges
    unreached, unread = np.ones((2, len(place)), bool)
    unreached[target] = False
    unread[source] = unread[gater[gater >= 0]] = False
    for noun, edge, listed_nodes, free, outermost in (
        ("input", "incoming", ends[0], unreached, min),
        ("output", "outgoing", ends[1], unread, max),
    ):
        among = ~np.isin(nodes, chosen)
        if listed_nodes is not None:
            chosen.append(_numbers_of_nodes(f"{noun}s", listed_nodes, place, named))
            continue
        if layer_of is not None and among.any():
            layer = np.array(layer_of)
            chosen.append(
                np.flatnonzero(among & (layer == outermost(layer[among]))).tolist()
            )
            continue
        alone = np.flatnonzero(among & unreached & unread)
        if len(alone):
            raise TopologyError(
                f"The node {short_repr(list(place)[alone[0]])} is connected to no other"
                " node. Remove it from the graph, or name both the inputs and the"
                " outputs."
            )
        chosen.append(np.flatnonzero(among & free).tolist())
        if not chosen[-1]:
            raise TopologyError(
                f"Expected a node without {edge} edges as an {noun}, found none."
                f" Name the {noun}s: from_networkx(graph, {noun}s=[...])."
            )
    return chosen


def _by_depth(
    count: int,
    edges: Mapping[str, Ints],
    input_nodes: list[int],
    output_nodes: list[int],
) -> Layers:
    """Return the hidden layers in an order found from the edges."""
    gated = edges["gater"] >= 0
    links = paired(edges["source"], edges["target"])
    gates = paired(edges["gater"][gated], edges["target"][gated])
    order = find_order(count, links, gates, input_nodes, output_nodes)
    deepest = max(order.depths, default=0) - min(order.depths, default=0) + 1
    fold = -(-deepest // MAX_LAYERS)  # depths of a layer, rounded up
    depth = {i: far // fold for i, far in zip(order.neurons, order.depths, strict=True)}
    return _grouped(order.neurons, depth)


NODE = (
    "squash",
    "bias",
    "trainable",
    "label",
    "layer",
    "subset",
    "state",
    "activation",
    "delay",
    CARRIES,
    *dict.fromkeys((*NONDEFAULT_OF_NEURONS, *NONDEFAULT_OF_CONNECTIONS)),
)
"""The attributes that are read, with their default names, except the weight and the
gater."""
PARTS_OF_EDGES = (CONNECTION_PART, GATE_PART)
Check = Callable[[str, Any], Any]


@dataclass(frozen=True)
class OwnName:
    """The column of one of the library's own attributes, for items that have its
    mark.
    """

    name: str


@dataclass(frozen=True)
class MetadataName:
    """The column of metadata that the library's graphs store under another name."""

    name: Any


Keys = dict[str, str | None]


def keys_of(weight: Any, gater: Any, attributes: Any) -> Keys:
    """Return the name under which each attribute is stored, or None if it is not read.

    The library's own attributes are among them if `attributes` says where they are.
    """
    subject = "attributes"
    condition = f"a dict with keys among {', '.join(NODE)}"
    require_type(isinstance(attributes, Mapping | None), subject, condition, attributes)
    for key in attributes or {}:
        require(is_among(key, NODE), subject, condition, key)
    keys: Keys = {
        **{key: key for key in NODE if key in COMPOSED},
        **(attributes or {}),
        "weight": weight,
        "gater": gater,
    }
    for key, name in keys.items():
        require_type(
            isinstance(name, str | None), key, "the name of an attribute, or None", name
        )
    return keys


def columns_of(data: Iterable[Mapping[Any, Any]]) -> dict[Any, dict[int, Any]]:
    """Return the attributes of items, without None, by name and by the number of the
    item.
    """
    columns: dict[Any, dict[int, Any]] = defaultdict(dict)
    for i, attributes in enumerate(data):
        for name, value in attributes.items():
            if value is not None and type(value).__name__ not in ("NAType", "NaTType"):
                columns[name][i] = value
    return columns


class Items:
    """The nodes or the edges of a graph or a table, whose attributes are read under the
    names in `keys`.

    `columns` contains the values of an attribute by the number of the item, or an array
    of numbers in which NaN marks missing values. `names` are the names of nodes. Edges
    also have `ends`, the numbers of their nodes.

    Only items with the library's mark, see `MARK`, have its own attributes. On other
    items, attributes of the same names are metadata.
    """

    advice = "Pass {} to read this attribute as metadata."

    def __init__(
        self,
        noun: str,
        columns: dict[Any, Any],
        keys: Keys,
        names: Sequence[Any],
        ends: Any = None,
    ) -> None:
        self.noun = noun
        self.keys = keys
        self.names = names
        self.ends = ends
        self.count = len(names) if ends is None else ends.shape[1]
        self.reserved = NODE_NAMES if ends is None else EDGE_NAMES
        self.columns = self._by_mark(columns)

    def _by_mark(self, columns: dict[Any, Any]) -> dict[Any, Any]:
        """Split the columns to store the library's own attributes of marked items, and
        metadata under other names, apart from the rest.
        """
        marks = (NEURON_PART,) if self.ends is None else PARTS_OF_EDGES
        values_of_mark = _by_number(columns.get(MARK, {})).items()
        marked = {i for i, value in values_of_mark if is_among(value, marks)}
        if not marked:
            return columns
        by_mark: dict[Any, Any] = {}
        for name, column in columns.items():
            own: Any = name
            if name in self.reserved and isinstance(self.key(name), OwnName):
                own = OwnName(name)
            elif (plain := unescaped(name, self.reserved)) != name:
                own = MetadataName(plain)
            if own == name or len(marked) == self.count:
                by_mark[own] = column
                continue
            for i, value in _by_number(column).items():
                by_mark.setdefault(own if i in marked else name, {})[i] = value
        return by_mark

    def key(self, name: str) -> Any:
        """Return the column that contains an attribute, or None if it is not read."""
        if name in OWN_NAMES and name not in self.keys:
            return OwnName(name)
        return self.keys.get(name, name)

    def name(self, key: Any) -> str:
        """Return the attribute that a column contains, or "" for metadata."""
        if isinstance(key, OwnName):
            return key.name
        return next((name for name, stored in self.keys.items() if stored == key), "")

    def foreign(self, name: str) -> dict[int, Any]:
        """Return the values of an attribute that items without a mark have."""
        marked = self.columns.get(OwnName(MARK), {})
        values = _by_number(self.columns.get(name, {})).items()
        return {i: value for i, value in values if i not in marked and is_value(value)}

    def leave_usual_positions(self, layers: Sequence[int | None]) -> None:
        """Forget where marked nodes are drawn, if that follows from their layers."""
        columns = {axis: _by_number(self.columns.get(axis, {})) for axis in POSITION}
        for i in self.columns.get(OwnName(MARK), {}):
            if layers[i] is not None and is_usual_position(
                columns["x"].get(i), layers[i]
            ):
                for column in columns.values():
                    column.pop(i, None)
        self.columns.update(columns)

    def leave_fillings(self) -> None:
        """Forget the values with which programs such as graph-tool fill columns of
        edges: gaters beside a `gated` of False, and an empty `carries`.
        """
        for name, deciding in (("gater", GATED), (CARRIES, CARRIES)):
            key, values = self.key(name), _by_number(self.column(deciding))
            filled = {i for i, value in values.items() if not value}
            if filled and key in self.columns:
                column = _by_number(self.columns[key]).items()
                self.columns[key] = {i: v for i, v in column if i not in filled}

    def chosen(self, rows: Ints) -> Items:
        """Return some of the edges, in this order."""
        number = np.full(self.count, -1)
        number[rows] = np.arange(len(rows))
        columns: dict[Any, Any] = {}
        for name, column in self.columns.items():
            if isinstance(column, dict):
                columns[name] = {
                    int(number[i]): value
                    for i, value in column.items()
                    if number[i] >= 0
                }
            else:
                columns[name] = column[rows]
        return type(self)(self.noun, columns, self.keys, self.names, self.ends[:, rows])

    def label(self, i: int) -> str:
        """Return an item in the words of an error, such as "the node 3"."""
        if self.ends is None:
            return f"the {self.noun} {short_repr(self.names[i])}"
        source, target = (short_repr(self.names[end]) for end in self.ends[:, i])
        return f"the edge from {source} to {target}"

    def column(self, name: str) -> Any:
        """Return the values that there are of an attribute."""
        key = self.key(name)
        renamed = isinstance(key, str) and key != name
        if renamed and key not in self.columns:
            stored = [
                name for name in self.columns if not isinstance(name, PRIVATE_NAMES)
            ]
            names = ", ".join(map(short_repr, stored)) or "none"
            raise ArgumentError(
                f"No {self.noun} has the attribute {short_repr(key)}. Known: {names}."
            )
        return self.columns.get(key, {})

    def read(self, name: str, check: Check, values: Any = None) -> Any:
        """Replace `values` (default: None for each) by the checked values of an
        attribute.

        NaN, which tables have in empty cells, is no value.
        """
        values = [None] * self.count if values is None else values
        for i, value in _by_number(self.column(name)).items():
            if is_value(value):
                values[i] = self._checked(name, i, value, check)
        return values

    def _checked(self, name: str, i: int, value: Any, check: Check) -> Any:
        """Return the result of a check of a value. The error contains the name of the
        item.
        """
        try:
            return check("", value)
        except SynapseError:
            self._refuse(name, i, value, check)

    def _refuse(self, name: str, i: int, value: Any, check: Check) -> NoReturn:
        """Raise the error of a value, with the name of its item."""
        try:
            check(f"The {name} of {self.label(i)}", value)
        except SynapseError as error:
            off = (
                f"{name}=None"
                if name in ("weight", "gater")
                else f"attributes={{{name!r}: None}}"
            )
            # What Synapse wrote is not metadata: without it, this is another network.
            is_own = i in self.columns.get(OwnName(MARK), {})
            advice = "Another program has changed it." if is_own else self.advice
            raise type(error)(f"{error} {advice.format(off)}") from None
        raise AssertionError(f"a {name} that was refused is valid")

    @np.errstate(over="ignore", under="ignore")  # what is too large is refused below
    def numbers(self, name: str, dtype: np.dtype[Any], default: float) -> Any:
        """Return finite numbers."""
        column = self.column(name)
        if not isinstance(column, dict):
            values = np.where(np.isnan(column), default, column).astype(dtype)
            if not np.isinf(values).any():
                return values
        elif len(column) == self.count and {*map(type, column.values())} == {float}:
            # The usual weights need no check of each one.
            values = np.fromiter(column.values(), dtype, self.count)
            if np.isfinite(values).all():
                return values
        values = np.full(self.count, default, dtype)
        check = partial(finite_number, dtype=dtype)
        for i, value in _by_number(column).items():
            values[i] = self._checked(name, i, value, check)
        return values

    def metadata(self) -> Columns:
        """Return the attributes that are not read, without NaN, the empty cells of
        tables.
        """
        columns: Columns = defaultdict(dict)
        for key, column in self.columns.items():
            if isinstance(key, OwnName):
                continue
            if key in self.reserved and self.keys.get(key) == key:
                continue
            name = key.name if isinstance(key, MetadataName) else key
            is_composed = key in COMPOSED and key in self.reserved
            values = self.foreign(key) if is_composed else _by_number(column)
            columns[name].update((i, v) for i, v in values.items() if is_value(v))
        return {name: column for name, column in columns.items() if column}

    def texts(self, name: str) -> Any:
        """Return strings, converting other values."""
        return self.read(name, lambda _, value: str(value))

    def rare(self, name: str, column: Column, dtype: np.dtype[Any]) -> Any:
        """Return a column with its default where an item lacks the attribute.

        Groups are numbered from 1 on.
        """
        if column.dtype == "float":
            values = self.numbers(name, dtype, column.default)
            negative = values < 0.0 if column.kind is FACTOR else np.empty(0, bool)
            for i in np.flatnonzero(negative).tolist():
                self._refuse(name, i, values[i].item(), non_negative_number)
            return values
        if column.kind is SIGN and isinstance(self.column(name), np.ndarray):
            signs = self.column(name)
            if signs.dtype.kind == "f":
                signs = np.nan_to_num(signs)
            with np.errstate(invalid="ignore"):  # too large for 8 bits: refused below
                small = signs.astype(np.int8)
            wrong = (small != signs) | (small > 1) | (small < -1)
            for i in np.flatnonzero(wrong).tolist():
                self._refuse(name, i, signs[i].item(), sign)
            return small
        check: Check = _count
        if column.kind in (FLAG, SIGN):
            check = _flag if column.kind is FLAG else _sign
        defaults = np.full(self.count, column.default, np.int64)
        numbers: Ints = self.read(name, check, defaults)
        if column.kind is GROUP:
            return np.unique(np.append(0, numbers), return_inverse=True)[1][1:]
        return numbers


PRIVATE_NAMES = (OwnName, MetadataName)


def _by_number(column: Any) -> dict[int, Any]:
    """Return the values of a column that are not missing, by the numbers of their
    items.
    """
    if isinstance(column, dict):
        return column
    # NaN, which differs from itself, stands for no value.
    return {i: value for i, value in enumerate(column.tolist()) if value == value}


def _whole_or_given(value: Any) -> Any:
    """Return a float of a table, in whose columns whole numbers are floats if some are
    missing, as an int.
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _count(subject: str, value: Any) -> int:
    condition = f"a whole number from 0 to {LARGEST_COUNT}"
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)  # GML has numbers of more than 32 bits as text
    return whole_number(subject, _whole_or_given(value), condition, 0, LARGEST_COUNT)


def _flag(subject: str, value: Any) -> bool:
    """Return a boolean, also as 1 or 0, which GML and many tables have instead."""
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    return boolean(subject, value)


def _sign(subject: str, value: Any) -> int:
    if is_number(value) and value == 0:
        return 0
    return sign(subject, _whole_or_given(value))


def _squash_name(subject: str, value: Any) -> str:
    try:
        return _squash.get(value).name
    except UnknownNameError as error:
        raise UnknownNameError(f"{subject} cannot be used. {error}") from None


# --- parallel edges -------------------------------------------------------------------


def merged_edges(edges: Items, pairs: Ints, way: str) -> tuple[Ints, Items]:
    """Return the first row of every group of parallel edges, and the merged edges in
    this order.

    Edges with the same number in `pairs` are parallel. With the ways "first" and
    "last", the rows are those of the edges that stay.
    """
    _, firsts, groups = np.unique(pairs, return_index=True, return_inverse=True)
    if way == "last":
        firsts = len(pairs) - 1 - np.unique(pairs[::-1], return_index=True)[1]
    order = np.argsort(firsts)
    rows = firsts[order]
    chosen = edges.chosen(rows)
    if way in ("first", "last"):
        return rows, chosen
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    group = place[groups]  # the row of every edge among the merged ones
    for key, column in edges.columns.items():
        chosen.columns[key] = _merged_column(
            edges, chosen, edges.name(key), key, column, group, way
        )
    return rows, chosen


def _merged_column(
    edges: Items, chosen: Items, name: str, key: Any, column: Any, group: Ints, way: str
) -> Any:
    """Return the values of one attribute by merged edge. `name` is its known name, if
    any.
    """
    if name in OF_ONE:
        return chosen.columns[key]
    if name in AGREED:
        lists = _lists(column, group)
        _require_agreement(chosen, name, lists)
        return {i: values[0] for i, values in lists.items()}
    if name == "sign":
        signs = edges.rare(name, NONDEFAULT_OF_CONNECTIONS[name], np.dtype(float))
        lists = _lists(signs, group)
        return {i: values[0] for i, values in lists.items() if len(set(values)) == 1}
    if name == "weight":
        column = edges.numbers(name, np.dtype(float), np.nan)
        _require_every_weight(chosen, column, group)
    if isinstance(column, np.ndarray):
        return _combined(column, group, chosen.count, way)
    return {
        i: _combined_values(values, way) for i, values in _lists(column, group).items()
    }


def _combined(column: NDArray[Any], group: Ints, count: int, way: str) -> NDArray[Any]:
    """Return sums or means of an array by group, without the numbers that are missing;
    NaN if all are.
    """
    there = ~np.isnan(column)
    members = np.bincount(group[there], minlength=count)
    sums = np.bincount(group[there], column[there], minlength=count)
    divisors = np.where(members == 0, np.nan, members if way == "mean" else 1)
    combined: NDArray[Any] = sums / divisors
    whole = column.dtype.kind in "iu" and way == "sum"
    return combined.astype(column.dtype) if whole else combined


def _combined_values(values: list[Any], way: str) -> Any:
    """Merge the values of parallel edges into one: the sum or mean of numbers, or texts
    joined by commas.
    """
    if all(
        isinstance(value, int | float) and not isinstance(value, bool)
        for value in values
    ):
        total = sum(values)
        return total if way == "sum" else total / len(values)
    distinct: list[Any] = []
    for value in values:  # they may have no hash
        if value not in distinct:
            distinct.append(value)
    if len(distinct) == 1:
        return distinct[0]
    return (
        ", ".join(distinct)
        if all(isinstance(value, str) for value in distinct)
        else distinct
    )


def _require_agreement(chosen: Items, name: str, lists: dict[int, list[Any]]) -> None:
    """Raise TopologyError if parallel edges differ in a value that a connection has
    only once.
    """
    for i, values in lists.items():
        for value in values[1:]:
            if value != values[0]:
                raise TopologyError(
                    f"The parallel edges of {chosen.label(i)} must have the same"
                    f" {name} to be merged, got {short_repr(values[0])} and"
                    f" {short_repr(value)}. Use"
                    ' merge="first" or merge="last".'
                )


def _require_every_weight(
    chosen: Items, column: NDArray[np.float64], group: Ints
) -> None:
    """Raise ArgumentError if some of parallel edges have a weight, and others have
    none.
    """
    rows = np.flatnonzero(~np.isnan(column))
    edges = np.bincount(group)
    weights = np.bincount(group[rows], minlength=len(edges))
    for i in np.flatnonzero((weights > 0) & (weights < edges)).tolist():
        raise ArgumentError(
            f"All parallel edges of {chosen.label(i)} must have a weight to be"
            f" merged, got {pluralize(int(weights[i]), 'weight')} for {edges[i]} edges."
            ' Fill in the others, or use merge="first" or merge="last".'
        )


def _lists(column: Any, group: Ints) -> dict[int, list[Any]]:
    """Return the values of an attribute that are there, in a list by merged edge."""
    lists: dict[int, list[Any]] = defaultdict(list)
    items = column.items() if isinstance(column, dict) else enumerate(column.tolist())
    for i, value in items:
        if value == value:  # not NaN
            lists[int(group[i])].append(value)
    return lists


FORMAT = Format(
    name="networkx",
    purpose="any graph of networkx, in memory; to_networkx is the way back",
    kept=ALL,
    lost=LINKED,
    link="https://networkx.org/documentation/stable/reference/classes/digraph.html",
    from_data=from_networkx,
)
