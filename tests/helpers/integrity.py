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


def require_all(of, conditions):
    """Raise an error that names the first invariant that does not hold of something."""
    for invariant, condition in conditions.items():
        require(condition, invariant, *of)


def check_store(store, short=False):
    """Check every invariant of one store. After a shortage of memory, some columns may
    have more room."""
    store.make_columns()
    check_columns(store, short)
    for check in CHECKS_OF_STORES:
        check(store)
    if store.program.version == store.topology_version:
        for check in CHECKS_OF_PROGRAMS:
            check(store)


# --- numbers and who they belong to ---------------------------------------------------


def check_columns(store, short=False):
    """Columns have the type of the schema, and room for every row."""
    require(
        set(store.columns) == {column.name for column in COLUMNS}, "names of columns"
    )
    for column in COLUMNS:
        array = store.columns[column.name]
        is_right = array.ndim == 1 and array.dtype == numpy_dtype(column, store.dtype)
        require_all(
            (column.name, array.dtype),
            {
                "type of a column": is_right,
                "memory of a column": array.flags.carray,
            },
        )
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
    lengths = len(store.handles), len(store.names)
    require(lengths == (n, n), "handles and names", lengths, n)
    for row, (handle, name) in enumerate(zip(store.handles, store.names)):
        require(name is None or isinstance(name, str), "a name", name)
        if handle is None:
            require(stale, "a lowered store has a row without a neuron", row)
        else:
            at = handle._store is store, handle._row
            require(at == (True, row), "a handle of another store or row", at, row)
    alive = _living(store)
    for name in {"trainable_bias", "deterministic"} & store.columns.keys():
        require(store[name] <= 1, "a truth value", name)
    require_all(
        (),
        {
            "biases are finite": np.isfinite(store["bias"][alive]),
            "no move waits between calls": store["pending_step"] == 0,
            "stamps are not later than the clock": store["stamp"] <= store["clock"][0],
            "numbers of groups stay small": store["group"][alive] <= n,
        },
    )


def check_connections(store):
    """Connections lead from living neurons to living neurons, and identities find their
    rows."""
    source, target, gater = store.ends()
    identity, alive = store["identity"], store["target"] != NONE
    living = np.append(_living(store), False)
    gaters = gater[gater != NONE]
    ends = {"source": source[alive], "target": target[alive], "gater": gaters}
    for name, rows in ends.items():
        require(rows < store.n_neurons, "an end is a row", name)
        require(living[rows], "an end lives", name)
    links = np.stack([source[alive], target[alive], store["delay"][alive]])
    is_once = np.unique(links, axis=1).shape == links.shape
    removed = len(alive) - int(alive.sum()) + len(living) - 1 - int(living.sum())
    require_all(
        (),
        {
            "a connection has both ends or none": (source != NONE) == alive,
            "a removed connection has no gater": gater[~alive] == NONE,
            "a removed connection is not tied": store["tie"][~alive] == 0,
            "a pair of neurons has one connection of a delay": is_once,
            "weights are finite": np.isfinite(store["weight"][alive]),
            "a truth value, trainable": store["trainable"] <= 1,
            "the count of what was removed": store.n_removed == removed,
        },
    )
    check_identities(store, identity, alive)


def check_identities(store, identity, alive):
    """Identities of living connections, and rows of living identities, are one to
    one."""
    require(store.n_identities <= len(store.row_of), "room for identities")
    mine = identity[alive]
    require(mine < store.n_identities, "an identity is known")
    rows = store.row_of[: store.n_identities]
    require_all(
        (),
        {
            "identities are different": len(np.unique(mine)) == len(mine),
            "an identity finds its row": store.row_of[mine] == np.flatnonzero(alive),
            "identities without a connection": (rows != NONE).sum() == len(mine),
        },
    )


def check_ties(store):
    """What is tied has one value."""
    alive = store["target"] != NONE
    for tie, mask, names in (
        ("tie", alive, ("weight", "trainable")),
        ("bias_tie", _living(store), ("bias", "trainable_bias")),
    ):
        groups = store[tie][mask]
        _, first, place = np.unique(groups, return_index=True, return_inverse=True)
        for name in names if len(groups) else ():
            values = store[name][mask]
            same = (groups == 0) | (values == values[first[place]])
            require(same, "what is tied has one value", name)


def check_networks(store):
    """Networks that somebody holds, their layers and the columns that tell of them
    agree."""
    for number, reference in list(store.networks.items()):
        network = reference()
        if network is None:
            continue
        neurons = [neuron for layer in network._layers for neuron in layer._neurons]
        rows = np.array([neuron._row for neuron in neurons], np.int64)
        mine = np.flatnonzero(_living(store) & (store["network"] == number))
        require_all(
            (number, network),
            {
                "a network of another store": network._store is store,
                "a network with another number": network._number_now == number,
                "a network has a neuron twice": len(set(neurons)) == len(neurons),
                "a network holds a removed neuron": rows >= 0,
                "the neurons of a network": np.array_equal(np.sort(rows), mine),
                "positions": store["position"][rows] == np.arange(len(rows)),
            },
        )
        check_roles(store, network, rows)


def _living(store):
    return np.array([handle is not None for handle in store.handles], bool)


def check_roles(store, network, rows):
    """Inputs come first, outputs last; layers know their network."""
    layers = network._layers
    require(len(layers) >= 2, "a network has inputs and outputs")
    wanted = np.full(len(rows), HIDDEN)
    wanted[: len(layers[0])] = INPUT
    wanted[len(rows) - len(layers[-1]) :] = OUTPUT
    counts = network._n_inputs, network._n_outputs
    require_all(
        [network],
        {
            "roles": store["role"][rows] == wanted,
            "inputs and outputs": counts == (len(layers[0]), len(layers[-1])),
            "a layer knows its network": all(
                layer._network is not None and layer._network() is network
                for layer in layers
            ),
            "a layer has neurons": all(len(layer._neurons) > 0 for layer in layers),
        },
    )


def check_handles(store):
    """Connections and projections that somebody holds are views of this store."""
    for identity, edge in list(store.edges.items()):
        require_all(
            [identity],
            {
                "a connection of another store": edge._store is store,
                "a connection with another identity": edge._identity == identity,
                "an identity is known": identity < store.n_identities,
            },
        )
        require(store.row_of[identity] != NONE, "a removed connection is listed")
    # sensitivities have a plan instead, of the store or an old one
    owners = {getattr(each, "_store", store) for each in list(store.followers)}
    require(owners <= {store}, "a follower of another store")
    require(
        store.columns["ties"][Ties.HELD] == 0, "what is tied is not held between calls"
    )


def check_recorder(store):
    """The recorder is one of this store, and knows where its owners are."""
    recorder = store.recorder
    if recorder is None:
        return
    require_all(
        (),
        {
            "a recorder of another store": recorder._store is store,
            "width of a row": recorder.width == sum(map(len, recorder.owners.values())),
            "room for what is recorded": recorder._steps <= len(recorder._memory),
        },
    )
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
        backward = graph._pred[handles[target]][handles[source]]
        is_it = edge._identity == identity and edge._store is store
        require_all(
            [edge],
            {
                "the connection of an edge": is_it,
                "an edge seen from both ends": backward is edge,
            },
        )


# --- the program ----------------------------------------------------------------------


def check_table(store):
    """Kernels are given the addresses and lengths that columns have."""
    arrays = [
        store.columns[DESTINATIONS.get(column.name, column.name)] for column in TABLE
    ]
    lengths = [len(array) for array in arrays]
    addresses = [
        array.__array_interface__["data"][0] if len(array) else 0 for array in arrays
    ]
    wrong = [
        column.name
        for column, ours, there in zip(TABLE, addresses, store.table.tolist())
        if ours != there
    ]
    require_all(
        (),
        {
            f"the addresses of columns {wrong}": not wrong,
            "lengths of columns": store.table[len(TABLE) :].tolist() == lengths,
            "the address of the table": store.address == store.table.ctypes.data,
        },
    )


def check_order(store):
    """Neurons lie by network and position, connections by target; no row is left of
    what was removed."""
    require(store["target"] != NONE, "a removed connection in a lowered store")
    network = store["network"].astype(np.int64)
    key = np.where(network == 0, np.iinfo(np.int64).max, network << 32)
    key |= store["position"] * (network != 0)
    keys = [store[name] for name in ("source", "gate", "delay")]
    keys += [carries(store), store["trainable"] == 0, store["target"]]
    require_all(
        (),
        {
            "the order of neurons": np.diff(key) >= 0,
            "the order of connections": np.lexsort(keys)
            == np.arange(store.n_connections),
        },
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
    self_rows = np.full(n, NONE, np.int64)
    loops = np.flatnonzero(carries(store))
    self_rows[target[loops]] = loops
    require_all(
        (),
        {
            "first_incoming": c["first_incoming"]
            == np.searchsorted(target, np.arange(n)),
            "self_row": c["self_row"] == self_rows,
            "self-connected neurons": ((c["flags"] & MEMORY) != 0)
            == (self_rows != NONE),
        },
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
    into = np.repeat(of, length)
    require(store["target"][rows] == into, "a run leads into its neuron")
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
    require_all(
        (),
        {
            "where a ring begins": c["ring_first"] == np.cumsum(sizes) - sizes,
            "the room of rings": len(c["past"]) == sizes.sum(),
            "the head of a ring": c["ring_head"] < frames,
        },
    )
    for number in range(count):
        mine = np.flatnonzero((ring == number) & (longest > 0))
        wanted = mine[0], mine[-1] + 1, longest[mine].max() + 1
        have = start[number], stop[number], frames[number]
        network = store["network"][start[number] : stop[number]]
        begin = c["ring_first"].item(number)
        once, twice = np.split(c["past"][begin : begin + sizes[number]], 2)
        require_all(
            (number, have, wanted),
            {
                "a ring": have == wanted,
                "a ring is of one network": network == network[0],
                "frames are there twice": once == twice,
            },
        )


def check_traces(store):
    """Traces and influences lie within their columns and do not overlap."""
    c = store.columns
    traced = np.flatnonzero(c["flags"] & TRACED)
    gater, gated = (
        c[f"influence_{end}"].astype(np.int64) for end in ("gater", "gated")
    )
    check_lengths(store, "influence", len(gater))
    require(np.stack([gater, gated]) < store.n_neurons, "ends of an influence")
    memory = (store["gate"] != 0) & ((c["flags"][store["target"]] & MEMORY) != 0)
    pairs = store["target"][memory].astype(np.int64) << 32 | store.gaters(memory)
    heard = np.flatnonzero(c["influence_trace"] != NONE)
    lengths = c["learning"][gater[heard]].astype(np.int64) + 1
    eligible = concat_ranges(c["first_trace"][traced], c["learning"][traced])
    extended = concat_ranges(c["influence_trace"][heard], lengths)
    for name, found, wanted in (
        ("eligibility traces", eligible, np.arange(len(c["eligibility"]))),
        ("pairs of gater and gated neuron", gated << 32 | gater, np.unique(pairs)),
        ("extended traces", extended, np.arange(len(c["extended"]))),
        ("pulls", c["pull"], heard),
    ):
        require(np.array_equal(np.sort(found), wanted), name)


def check_tied_rows(store):
    """Stretches of tied rows are all tied rows, each once; no group is of one."""
    c = store.columns
    counts = []
    for name, number in (("tied", "tie"), ("bias_tied", "bias_tie")):
        tied = np.flatnonzero(store[number])
        lengths = c[f"{name}_length"].astype(np.int64)
        rows = concat_ranges(c[name], lengths)
        starts = c[f"{name}_first"].astype(np.int64)
        groups = concat_ranges(c[f"{name}_group"], lengths)
        sizes = np.bincount(store[number].astype(np.int64))[1:]
        rooms = {len(c[f"{name}_{what}"]) for what in ("base", "update", "first")}
        require(np.array_equal(np.sort(rows), tied), "tied rows", name)
        require_all(
            [name],
            {
                "groups of tied rows": store[number][rows]
                == store[number][starts[groups]],
                "a group of one": (sizes == 0) | (sizes > 1),
                "rooms of ties": rooms == {len(starts)},
            },
        )
        counts += [len(lengths), len(starts)]
    require(c["ties"][:4] == counts, "counts of ties", c["ties"], counts)


CHECKS_OF_STORES = (
    *(check_neurons, check_connections, check_ties, check_networks, check_handles),
    *(check_recorder, check_graph),
)
CHECKS_OF_PROGRAMS = (
    *(check_table, check_order, check_nodes, check_runs, check_rings, check_traces),
    check_tied_rows,
)
"""The program of a lowered store fits its topology, and stays within its columns."""
