"""Delays: relay neurons, each of which has the activation that its source had one step
earlier.

The column ``relay`` is 1 for the copy of an input, and otherwise 1 + the number of
steps by which a relay is behind the neuron that its chain begins with; 0 for all other
neurons. The relays of a network are its second layer, those that are furthest behind
first, and activate in order in a synchronous network, too. So each of them but a copy
activates before its source, and reads the activation of the previous step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import squash as squashes
from .._typing import Bools, Floats, Indices, Ints
from ..engine.schema import INPUT
from ..engine.store import Store
from . import graph, wiring
from .delays import delays_in

if TYPE_CHECKING:
    from .layer import Layer
    from .network import Network
    from .neuron import Neuron

DELAYED = " delayed "  # then the number of steps, in the names of relays


def are_relays(network: Network) -> Bools:
    """Return a mask of the neurons of a network: True for its relays.

    Code that is about the neurons which a person has made, such as dropout, lesions and
    pictures of activity, leaves relays out by this mask. :attr:`Network.hidden` has
    none.
    """
    relays: Bools = network._store["relay"][network._rows()] > 0
    return relays


def steps_behind(network: Network) -> Ints:
    """Return, for each neuron of a network, by how many steps it is behind the neuron
    that it delays; 0 if it delays none.
    """
    relay = network._store["relay"][network._rows()].astype(np.int64)
    return np.maximum(relay - 1, 0)


def relayed(
    neurons: Sequence[Neuron],
    delay: int,
    targets: Sequence[Neuron] = (),
    pairs: tuple[Indices, Indices] | None = None,
) -> list[Neuron]:
    """Return the relays with the activations of neurons `delay` steps ago; those that
    are missing are made.

    None is made if pairs of a relay and a target, by default all, cannot be connected.
    The caller holds the stores in use.
    """
    senders = list(neurons)
    store = wiring.join([*neurons, *targets])
    store.make_columns()
    rows = wiring.rows_of(senders)
    inputs = np.flatnonzero(store["role"][rows] == INPUT).tolist()
    reader = _readers(store)
    rows[inputs] = reader[rows[inputs]]
    for _ in range(delay):
        rows = reader[rows]
    # the last one stands for relays to be made
    views = [*store.views, *senders[0]._several(1, store.dtype)]
    wiring.refuse([views[row] for row in rows.tolist()], targets, pairs)
    for i, copy in zip(inputs, _following([senders[i] for i in inputs]), strict=True):
        senders[i] = copy
    for _ in range(delay):
        senders = _following(senders)
    for network in {graph.network_of(neuron) for neuron in neurons}:
        if network is not None:
            network._renumber(network._layers)
    return senders


def delay_connections(network: Network, delays: Ints) -> None:
    """Let relays delay the connections of a new network by numbers of steps, one for
    each; 0: none.
    """
    for steps in np.unique(delays[delays > 0]).tolist():
        store = network._store
        identities = np.flatnonzero(delays == steps)
        sources, sender_of = np.unique(
            store["source"][store.row_of[identities]], return_inverse=True
        )
        relays = relayed([store.views[row] for row in sources.tolist()], steps)
        network._store["source"][network._store.row_of[identities]] = wiring.rows_of(
            relays
        )[sender_of]
        network._store.touch()


def hold_past(
    network: Network, neurons: Sequence[Neuron], past: dict[int, Floats]
) -> None:
    """Let the relays that a network has beside these neurons hold what they would after
    some steps.

    `past` has, by a number of steps, the activations of the neurons so many steps ago;
    0 where it has none. Copies of inputs hold the present ones.
    """
    store = network._store
    relay = store["relay"]
    given = wiring.rows_of(neurons)
    rows = wiring.rows_of(network)
    relays = rows[(relay[rows] > 0) & ~np.isin(rows, given)]
    behind = relay[relays].astype(np.int64) - 1
    origin = delays_in(store).origin[relays]
    activations = np.zeros(store.n_neurons)
    activations[given] = store["activation"][given]
    for steps in np.unique(behind).tolist():
        if steps > 0:
            activations[given] = past.get(steps, 0.0)
        held = behind == steps
        for column in ("activation", "state"):
            store[column][relays[held]] = activations[origin[held]]


def with_relays(layers: list[Layer], layer_class: type[Layer]) -> list[Layer]:
    """Return the layers of a network with the relays of its neurons as the second
    one.
    """
    input_layer, *hidden, last = layers
    store = input_layer._store
    inputs = input_layer._neurons
    rows, source, target = wiring.relay_links(store)
    late = np.isin(source, wiring.rows_of(inputs)) & (store["relay"][target] > 1)
    if late.any():  # relays that were made before their source became an input
        copied, relays = (
            [store.views[row] for row in ends[late].tolist()]
            for ends in (source, target)
        )
        wiring.cut(store, store["identity"][rows[late]])
        _connect(_add_relays(copied, np.ones(len(copied), int)), relays)
    store = input_layer._store
    _, source, target = wiring.relay_links(store)
    mine = np.zeros(store.n_neurons, bool)
    size = 0
    mine[wiring.rows_of(neuron for layer in layers for neuron in layer._neurons)] = True
    while size < (size := int(mine.sum())):  # along all chains
        mine[target[mine[source]]] = True
    rows = np.flatnonzero(mine & (store["relay"] > 0))
    # By the places of what they delay, so that the same network has the same order.
    place = np.zeros(store.n_neurons, np.int64)
    others = [neuron for layer in layers for neuron in layer._neurons]
    place[wiring.rows_of(others)] = np.arange(len(others))
    origin = np.arange(store.n_neurons)
    origin[target] = source
    for _ in range(int(store["relay"].max())):
        origin[target] = origin[source]
    behind = store["relay"][rows].astype(np.int64)
    rows = rows[np.lexsort((place[origin[rows]], -behind))]
    relays = [store.views[row] for row in rows.tolist()]
    among = set(relays)
    relay_layer = next(
        (layer for layer in hidden if among.issuperset(layer._neurons)), None
    )
    for layer in hidden:
        if layer is not relay_layer:  # which other threads would see empty
            layer._neurons = [
                neuron for neuron in layer._neurons if neuron not in among
            ]
    if relays:
        relay_layer = relay_layer or layer_class(relays, name="relays")
        relay_layer._neurons = relays
    left = [layer for layer in hidden if layer is not relay_layer and layer._neurons]
    return [input_layer, *([relay_layer] if relay_layer else []), *left, last]


def _readers(store: Store) -> Ints:
    """The row of the relay that reads the neuron in each row; -1 if there is none, and
    at the end for those.
    """
    _, source, target = wiring.relay_links(store)
    reader = np.full(store.n_neurons + 1, -1)
    reader[source] = target
    return reader


def _following(neurons: Sequence[Neuron]) -> list[Neuron]:
    """Return the relay that reads each neuron; those that are missing are made."""
    if not neurons:
        return []
    store = neurons[0]._store
    rows = wiring.rows_of(neurons)
    readers = _readers(store)[rows]
    lacking = np.flatnonzero(readers < 0)
    relays = [store.views[row] for row in readers.tolist()]
    if len(lacking):
        numbers = np.where(
            store["role"][rows] == INPUT, 1, np.maximum(store["relay"][rows], 1) + 1
        )
        missing = [neurons[i] for i in lacking.tolist()]
        made = _add_relays(missing, numbers[lacking])
        for i, relay in zip(lacking.tolist(), made, strict=True):
            relays[i] = relay
    return relays


def _add_relays(sources: Sequence[Neuron], numbers: Ints) -> list[Neuron]:
    """Make a relay of each neuron, which has its sign."""
    store = sources[0]._store
    rows = wiring.rows_of(sources).tolist()
    numbered_names = zip(
        (store.names[row] or f"neuron {row}" for row in rows),
        numbers.tolist(),
        strict=True,
    )
    names = [
        f"{name.split(DELAYED)[0]}{DELAYED}{number - 1}"
        for name, number in numbered_names
    ]
    identity = squashes.identity.code
    relays = sources[0]._several(len(sources), store.dtype, names, identity)
    store = wiring.join([*sources, *relays])
    rows = wiring.rows_of(relays)
    store["relay"][rows] = numbers
    store["trainable_bias"][rows] = 0
    store["outgoing_sign"][rows] = store["outgoing_sign"][wiring.rows_of(sources)]
    _connect(sources, relays)
    return relays


def _connect(sources: Sequence[Neuron], relays: Sequence[Neuron]) -> None:
    """Let each relay read its source, by a frozen weight of 1 without a sign."""
    store = sources[0]._store
    source, target = (
        wiring.rows_of(ends).astype(np.uint32) for ends in (sources, relays)
    )
    first_identity = store.add_connections(source, target, np.ones(len(sources)), False)
    graph.follow_connected(store, first_identity, len(sources))
