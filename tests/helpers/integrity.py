"""Everything that must hold of a store between two operations, whatever came before.

``check_store(store)`` raises an AssertionError that names the broken invariant. It
makes the columns of what has been composed, and changes nothing else: a program that is
out of date is not renewed, and is not checked."""

from __future__ import annotations

import numpy as np

from synapse.engine.lowering.flags import LAGGED, LISTED, MEMORY, TRACED, UNORDERED
from synapse.engine.lowering.ranges import concat_ranges
from synapse.engine.records import Ties
from synapse.engine.schema import (
    COLUMNS,
    CONNECTION,
    DESTINATIONS,
    HIDDEN,
    INPUT,
    NEURON,
    NONE,
    OUTPUT,
    TABLE,
    numpy_dtype,
)
from synapse.objects.connection import Connection


def contents(store):
    """The bytes of its columns."""
    return {name: column.tobytes() for name, column in sorted(store.columns.items())}


def require(condition, invariant, *details):
    """Raise an error that names the invariant."""
    if condition is True or (condition is not False and np.all(condition)):
        return
    raise AssertionError(": ".join(["integrity", invariant, *map(str, details)]))


def check_store(store, short=False):
    """Check every invariant of one store. After a shortage of memory, some columns may
    have more room."""
    store.make_columns()
    check_columns(store, short)
    check_neurons(store)
    check_connections(store)
    check_ties(store)
    check_networks(store)
    check_handles(store)
    check_graph(store)
    if store.program.version == store.topology_version:
        check_program(store)


# --- numbers and who they belong to ---------------------------------------------------


def check_columns(store, short=False):
    """Columns have the type of the schema, and room for every row."""
    require(
        set(store.columns) == {column.name for column in COLUMNS}, "names of columns"
    )
    for column in COLUMNS:
        array = store.columns[column.name]
        wanted = numpy_dtype(column, store.dtype)
        require(
            array.ndim == 1 and array.dtype == wanted,
            "type of a column",
            column.name,
            array.dtype,
        )
        require(array.flags.carray, "memory of a column", column.name)
    for table, count in ((NEURON, store.n_neurons), (CONNECTION, store.n_connections)):
        lengths = {len(store.columns[column.name]) for column in table}
        grown = short and table is CONNECTION  # whose columns grow one after the other
        require(
            grown or len(lengths) == 1, "columns of one axis differ in length", lengths
        )
        require(min(lengths) >= count, "a column is too short", lengths, count)


def check_neurons(store):
    """Views and rows belong to each other, one to one."""
    n = store.n_neurons
    stale = store.program.version != store.topology_version
    require(
        len(store.handles) == n and len(store.names) == n,
        "handles and names",
        len(store.handles),
        n,
    )
    for row, (handle, name) in enumerate(zip(store.handles, store.names)):
        require(name is None or isinstance(name, str), "a name", name)
        if handle is None:
            require(stale, "a lowered store has a row without a neuron", row)
        else:
            require(handle._store is store, "a handle of another store", row)
            require(handle._row == row, "a handle with another row", handle._row, row)
    alive = _living(store)
    require(np.isfinite(store["bias"][alive]), "biases are finite")
    require(store["pending_step"] == 0, "no move waits between calls")
    for name in ("trainable_bias", "deterministic"):
        if name in store.columns:
            require(store[name] <= 1, "a truth value", name)
    require(store["stamp"] <= store["clock"][0], "stamps are not later than the clock")
    require(store["group"][alive] <= n, "numbers of groups stay small")


def check_connections(store):
    """Connections lead from living neurons to living neurons, and identities find their
    rows."""
    source, target, gater = store.ends()
    identity, alive = store["identity"], store["target"] != NONE
    require((source != NONE) == alive, "a connection has both ends or none")
    require(gater[~alive] == NONE, "a removed connection has no gater")
    require(store["tie"][~alive] == 0, "a removed connection is not tied")
    living = np.append(_living(store), False)
    for name, rows in (("source", source[alive]), ("target", target[alive])):
        require(rows < store.n_neurons, "an end is a row", name)
        require(living[rows], "an end lives", name)
    gaters = gater[gater != NONE]
    require(gaters < store.n_neurons, "a gater is a row")
    require(living[gaters], "a gater lives")
    links = np.stack([source[alive], target[alive], store["delay"][alive]])
    require(
        np.unique(links, axis=1).shape == links.shape,
        "a pair of neurons has one connection of a delay",
    )
    require(np.isfinite(store["weight"][alive]), "weights are finite")
    require(store["trainable"] <= 1, "a truth value", "trainable")
    check_identities(store, identity, alive)
    removed = len(alive) - int(alive.sum()) + len(living) - 1 - int(living.sum())
    require(
        store.n_removed == removed,
        "the count of what was removed",
        store.n_removed,
        removed,
    )


def check_identities(store, identity, alive):
    """Identities of living connections, and rows of living identities, are one to
    one."""
    require(store.n_identities <= len(store.row_of), "room for identities")
    mine = identity[alive]
    require(mine < store.n_identities, "an identity is known")
    require(len(np.unique(mine)) == len(mine), "identities are different")
    require(store.row_of[mine] == np.flatnonzero(alive), "an identity finds its row")
    rows = store.row_of[: store.n_identities]
    require(int((rows != NONE).sum()) == len(mine), "identities without a connection")


def check_ties(store):
    """What is tied has one value."""
    alive = store["target"] != NONE
    living = _living(store)
    for tie, mask, names in (
        ("tie", alive, ("weight", "trainable")),
        ("bias_tie", living, ("bias", "trainable_bias")),
    ):
        groups = store[tie][mask]
        for name in names:
            values = store[name][mask]
            _, first_of_group, place = np.unique(
                groups, return_index=True, return_inverse=True
            )
            same = (
                (groups == 0) | (values == values[first_of_group[place]])
                if len(groups)
                else True
            )
            require(same, "what is tied has one value", name)


def check_networks(store):
    """Networks that somebody holds, their layers and the columns that tell of them
    agree."""
    for number, reference in list(store.networks.items()):
        network = reference()
        if network is None:
            continue
        require(network._store is store, "a network of another store", number)
        require(network._number_now == number, "a network with another number", number)
        neurons = [neuron for layer in network._layers for neuron in layer._neurons]
        require(len(set(neurons)) == len(neurons), "a network has a neuron twice")
        rows = np.array([neuron._row for neuron in neurons], np.int64)
        require(rows >= 0, "a network holds a removed neuron", network)
        require(
            np.sort(rows) == np.flatnonzero(_of(store, number)),
            "the neurons of a network",
            network,
        )
        require(store["position"][rows] == np.arange(len(rows)), "positions", network)
        check_roles(store, network, rows)


def _living(store):
    return np.array([handle is not None for handle in store.handles], bool)


def _of(store, number):
    return _living(store) & (store["network"] == number)


def check_roles(store, network, rows):
    """Inputs come first, outputs last; layers know their network."""
    layers = network._layers
    require(len(layers) >= 2, "a network has inputs and outputs")
    wanted = np.full(len(rows), HIDDEN)
    wanted[: len(layers[0])] = INPUT
    wanted[len(rows) - len(layers[-1]) :] = OUTPUT
    require(store["role"][rows] == wanted, "roles", network)
    counts = network._n_inputs, network._n_outputs
    require(
        counts == (len(layers[0]), len(layers[-1])),
        "numbers of inputs and outputs",
        network,
    )
    for layer in layers:
        require(
            layer._network is not None and layer._network() is network,
            "a layer knows its network",
        )
        require(len(layer._neurons) > 0, "a layer has neurons")


def check_handles(store):
    """Connections and projections that somebody holds are views of this store."""
    for identity, edge in list(store.edges.items()):
        require(edge._store is store, "a connection of another store")
        require(edge._identity == identity, "a connection with another identity")
        require(identity < store.n_identities, "an identity is known")
        require(store.row_of[identity] != NONE, "a removed connection is listed")
    for follower in list(store.followers):
        # sensitivities have a plan instead, of the store or an old one
        of = getattr(follower, "_store", store)
        require(of is store, "a follower of another store")
    check_recorder(store)
    require(
        store.columns["ties"][Ties.HELD] == 0, "what is tied is not held between calls"
    )


def check_recorder(store):
    """The recorder is one of this store, and knows where its owners are."""
    recorder = store.recorder
    if recorder is None:
        return
    require(recorder._store is store, "a recorder of another store")
    require(
        recorder.width == sum(map(len, recorder.owners.values())),
        "the width of a row",
    )
    require(recorder._steps <= len(recorder._memory), "room for what is recorded")
    if store.program.version == store.topology_version:
        recorder.follow()
        for owners, of_neurons in ((recorder.neurons, 1), (recorder.connections, 0)):
            where, rows = recorder._rows[of_neurons]
            there = [
                (i, owner._row if of_neurons else owner._at)
                for i, owner in enumerate(owners)
                if (owner._row if of_neurons else owner._identity) >= 0
            ]
            require(
                np.array([*zip(where, rows, strict=True)]) == np.array(there),
                "rows that are recorded",
            )


def check_graph(store):
    """The graph, once looked at, shows the neurons and connections that there are."""
    graph = store.graph
    if graph is None:
        return
    living = [handle for handle in store.handles if handle is not None]
    require(set(graph) == set(living), "nodes of the graph")
    alive = np.flatnonzero(store["target"] != NONE)
    ends = ("source", "target", "delay", "identity")
    links = sorted(zip(*(store[name][alive].tolist() for name in ends)))
    # of several connections of a pair, the one with the shortest delay
    shown = {link[:2]: link[3] for link in reversed(links)}
    require(sum(map(len, graph._adj.values())) == len(shown), "edges of the graph")
    handles = store.handles
    for (source, target), identity in shown.items():
        edge = graph._adj[handles[source]].get(handles[target])
        require(isinstance(edge, Connection), "data of an edge")
        require(
            edge._identity == identity and edge._store is store,
            "the connection of an edge",
        )
        require(
            graph._pred[handles[target]][handles[source]] is edge,
            "an edge seen from both ends",
        )


# --- the program ----------------------------------------------------------------------


def check_program(store):
    """The program of a lowered store fits its topology, and stays within its
    columns."""
    check_table(store)
    check_order(store)
    check_nodes(store)
    check_runs(store)
    check_traces(store)
    check_tied_rows(store)


def check_table(store):
    """Kernels are given the addresses and lengths that columns have."""
    arrays = [
        store.columns[DESTINATIONS.get(column.name, column.name)] for column in TABLE
    ]
    addresses = [
        array.__array_interface__["data"][0] if len(array) else 0 for array in arrays
    ]
    wrong = [
        column.name
        for column, ours, there in zip(TABLE, addresses, store.table.tolist())
        if ours != there
    ]
    require(not wrong, "the address of a column", wrong)
    require(
        store.table[len(TABLE) :].tolist() == [len(array) for array in arrays],
        "lengths of columns",
    )
    require(store.address == store.table.ctypes.data, "the address of the table")


def check_order(store):
    """Neurons lie by network and position, connections by target; no row is left of
    what was removed."""
    require(store["target"] != NONE, "a removed connection in a lowered store")
    network, position = (
        store["network"].astype(np.int64),
        store["position"].astype(np.int64),
    )
    key = np.where(network == 0, np.iinfo(np.int64).max, network << 32 | position)
    require(np.diff(key) >= 0, "the order of neurons")
    keys = (
        store["source"],
        store["gate"],
        store["delay"],
        carries(store),
        store["trainable"] == 0,
        store["target"],
    )
    require(
        np.lexsort(keys) == np.arange(store.n_connections), "the order of connections"
    )


def carries(store):
    """Which connections are self-connections that carry a state over."""
    return (store["source"] == store["target"]) & (store["delay"] == 0)


def check_lengths(store, axis, count):
    """Columns of one axis have a row for each of what it counts."""
    lengths = {
        len(store.columns[column.name]) for column in COLUMNS if column.axis == axis
    }
    require(lengths <= {count}, f"a row a {axis}", lengths, count)


def check_nodes(store):
    """What a neuron's row tells of its connections is so."""
    c, n, target = store.columns, store.n_neurons, store["target"]
    check_lengths(store, "node", n)
    require(
        c["first_incoming"] == np.searchsorted(target, np.arange(n)), "first_incoming"
    )
    self_rows = np.full(n, NONE, np.int64)
    loops = np.flatnonzero(carries(store))
    self_rows[target[loops]] = loops
    require(c["self_row"] == self_rows, "self_row")
    require(
        ((c["flags"] & MEMORY) != 0) == (self_rows != NONE),
        "the flag of self-connected neurons",
    )


def check_runs(store):
    """Runs, taken apart again, are all connections but self-connections, each once."""
    c = store.columns
    n = store.n_neurons
    starts = store["run_first"].astype(np.int64)
    length = store["run_length"].astype(np.int64)
    count = len(starts)
    check_lengths(store, "run", len(c["run_kind"]))
    require(length > 0, "a run is not empty")
    rows = concat_ranges(starts, length)
    others = np.flatnonzero(~carries(store))
    require(
        len(rows) == len(others) and np.array_equal(np.sort(rows), others),
        "runs hold all connections",
    )
    begin = c["run_start"].astype(np.int64)
    end = c["run_stop"].astype(np.int64)
    require(
        np.array_equal(concat_ranges(begin, end - begin), np.arange(count)),
        "runs of neurons",
    )
    of = np.repeat(np.arange(n), end - begin)
    require(
        store["target"][rows] == np.repeat(of, length), "a run leads into its neuron"
    )
    lag = np.repeat(store["run_lag"].astype(np.int64), length)
    delay = store["delay"][rows].astype(np.int64)
    own = (store["run_kind"] == LISTED) & (store["run_flags"] & UNORDERED == 0)
    own = np.repeat(own & (store["run_lag"] > 0), length)  # lags of their own
    require((lag == delay) | own, "the lag of a run")
    if own.any():
        lists, source = rows[own], store["source"][rows[own]].astype(np.int64)
        ring = c["ring"][source]
        width = (c["ring_stop"][ring] - c["ring_start"][ring]).astype(np.int64)
        require(lag[own] == c["ring_frames"][ring] - 1, "the lag of a list")
        size = np.bincount(store["network"])[store["network"][source]]
        for name, one in (("past_offset", width), ("tape_offset", size)):
            at = (lag[own] - delay[own]) * one + source
            require(c[name][lists] == at, f"{name} of a list")
    lagged = np.zeros(n, bool)
    lagged[of[store["run_lag"] > 0]] = True
    require(((c["flags"] & LAGGED) != 0) == lagged, "the flag of lagged neurons")
    check_rings(store)


def check_rings(store):
    """Rings have room for all that connections delay, and each number once."""
    c = store.columns
    longest = np.zeros(store.n_neurons, np.int64)
    np.maximum.at(longest, store["source"], store["delay"])
    require(c["longest_delay"] >= longest, "longest_delay")
    longest = c["longest_delay"].astype(np.int64)  # as far as neurons remember
    ring = c["ring"].astype(np.int64)
    count = len(c["ring_head"])
    check_lengths(store, "ring", count)
    require(ring[longest > 0] < count, "the ring of a source")
    start, stop, frames = (
        c[f"ring_{name}"].astype(np.int64) for name in ("start", "stop", "frames")
    )
    sizes = 2 * frames * (stop - start)
    require(c["ring_first"] == np.cumsum(sizes) - sizes, "where a ring begins")
    require(len(c["past"]) == sizes.sum(), "the room of rings")
    require(c["ring_head"] < frames, "the head of a ring")
    for number in range(count):
        mine = np.flatnonzero((ring == number) & (longest > 0))
        wanted = mine[0], mine[-1] + 1, longest[mine].max() + 1
        have = start[number], stop[number], frames[number]
        require(have == wanted, "a ring", number, have, wanted)
        network = store["network"][start[number] : stop[number]]
        require(network == network[0], "a ring is of one network", number)
        begin = c["ring_first"].item(number)
        once, twice = np.split(c["past"][begin : begin + sizes[number]], 2)
        require(once == twice, "frames are there twice", number)


def check_traces(store):
    """Traces and influences lie within their columns and do not overlap."""
    c = store.columns
    n = store.n_neurons
    traced = np.flatnonzero(c["flags"] & TRACED)
    places = concat_ranges(c["first_trace"][traced], c["learning"][traced])
    require(
        np.array_equal(np.sort(places), np.arange(len(c["eligibility"]))),
        "eligibility traces",
    )
    gater = c["influence_gater"].astype(np.int64)
    gated = c["influence_gated"].astype(np.int64)
    check_lengths(store, "influence", len(gater))
    require((gater < n) & (gated < n), "ends of an influence")
    memory = (store["gate"] != 0) & ((c["flags"][store["target"]] & MEMORY) != 0)
    key = np.unique(
        store["target"][memory].astype(np.int64) << 32 | store.gaters(memory)
    )
    require(
        np.array_equal(np.sort(gated << 32 | gater), key),
        "pairs of gater and gated neuron",
    )
    heard = c["influence_trace"] != NONE
    places = concat_ranges(
        c["influence_trace"][heard], c["learning"][gater[heard]].astype(np.int64) + 1
    )
    require(
        np.array_equal(np.sort(places), np.arange(len(c["extended"]))),
        "extended traces",
    )
    require(np.array_equal(np.sort(c["pull"]), np.flatnonzero(heard)), "pulls")


def check_tied_rows(store):
    """Stretches of tied rows are all tied rows, each once; no group is of one."""
    c = store.columns
    counts = []
    for name, number in (("tied", "tie"), ("bias_tied", "bias_tie")):
        tied = np.flatnonzero(store[number])
        lengths = c[f"{name}_length"].astype(np.int64)
        rows = concat_ranges(c[name], lengths)
        require(np.array_equal(np.sort(rows), tied), "tied rows", name)
        starts = c[f"{name}_first"].astype(np.int64)
        groups = concat_ranges(c[f"{name}_group"], lengths)
        require(
            store[number][rows] == store[number][starts[groups]],
            "groups of tied rows",
            name,
        )
        sizes = np.bincount(store[number].astype(np.int64))[1:]
        require((sizes == 0) | (sizes > 1), "a group of one", name)
        require(
            len(c[f"{name}_base"]) == len(starts) == len(c[f"{name}_update"]),
            "rooms of ties",
            name,
        )
        counts += [len(lengths), len(starts)]
    require(c["ties"][:4] == counts, "counts of ties", c["ties"], counts)
