"""Groups of competing neurons, with the checks that keep them together.

If a layer is made with `winner` or `maxout`, or set to one of them, it becomes a group,
whose number is stored in the column ``group``. All softmax outputs of a network are a
group. Because the members of a group activate together, they are neighbours in their
network.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .._checks import pluralize
from .._typing import Ints
from ..engine.functions.activations import FIRST_GROUPED, LAST_GROUPED, SOFTMAX
from ..engine.schema import OUTPUT
from ..engine.store import Store
from ..errors import TopologyError

if TYPE_CHECKING:
    from .._squash import Squash
    from .handles import LayerHandle, Neurons


def keys_of(neurons: Neurons, inputs: int, outputs: int) -> Ints:
    """Return a number for each neuron of a network in order, which competitors share,
    and which is 0 for other neurons.

    Before a network is made, the neurons may lie in several stores, but each group lies
    in one.
    """
    keys = np.zeros(len(neurons), np.int64)
    places_of: dict[Store, list[int]] = {}
    for i, neuron in enumerate(neurons):
        places_of.setdefault(neuron._store, []).append(i)
    for store, members in places_of.items():
        if not store.editor.has_squash(store, FIRST_GROUPED, LAST_GROUPED):
            continue
        store.make_columns()
        positions = np.array(members)
        rows = np.array([neurons[i]._row for i in members])
        codes = store["squash"][rows].astype(np.int64)
        is_grouped = (codes >= FIRST_GROUPED) & (codes <= LAST_GROUPED)
        is_grouped &= positions >= inputs
        if not is_grouped.any():
            continue
        numbers = store["group"][rows].astype(np.int64)
        kinds = 1 + LAST_GROUPED - FIRST_GROUPED
        own_keys = keys.max() + numbers * kinds + codes - FIRST_GROUPED
        own_keys[~is_grouped | (numbers == 0)] = 0
        own_keys[(positions >= len(neurons) - outputs) & (codes == SOFTMAX)] = -1
        keys[positions] = own_keys
    return keys


def bounds_of(keys: Ints) -> tuple[Ints, Ints]:
    """Return each neuron's first neighbour with the same key, and the neuron after its
    last. Neurons with a key of 0 are alone.
    """
    starts = np.ones(len(keys), bool)
    starts[1:] = (keys[1:] == 0) | (keys[1:] != keys[:-1])
    start = np.flatnonzero(starts)
    stop = np.append(start[1:], len(keys))
    size = (stop - start)[: len(keys)]
    return np.repeat(start, size), np.repeat(stop, size)


def first_members(keys: Ints) -> Ints:
    """Return the first neuron with each neuron's key. Neurons with a key of 0 are
    alone.
    """
    _, members, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return np.where(keys == 0, np.arange(len(keys)), members[inverse])


def parted_by(layers: Sequence[LayerHandle]) -> str | None:
    """Return the reason why competing neurons are not neighbours in these layers of a
    network, or why only some of them are outputs.

    Returns None if they are neighbours, or if no neuron competes.
    """
    neurons = [neuron for layer in layers for neuron in layer]
    if not any(
        store.editor.has_squash(store, FIRST_GROUPED, LAST_GROUPED)
        for store in {neuron._store for neuron in neurons}
    ):
        return None
    outputs = len(layers[-1])
    keys = keys_of(neurons, len(layers[0]), outputs)
    return _parted_pair(neurons, keys, len(keys) - outputs)


def _parted_pair(neurons: Neurons, keys: Ints, first_output: int) -> str | None:
    """Return the reason that separates two neurons with the same key, or None."""
    members = np.flatnonzero(keys)
    for i, j in pairwise(members[np.argsort(keys[members], kind="stable")].tolist()):
        if keys[i] != keys[j]:
            continue
        pair = f"{neurons[i]!r} and {neurons[j]!r} compete"
        if j > i + 1:
            return (
                f"{pair}, but {neurons[i + 1]!r} would activate between them. Put the"
                " neurons of a group side by side in one layer."
            )
        if i < first_output <= j:
            return (
                f"{pair}, but only one of them would be an output. Make all neurons of"
                " a group outputs, or none."
            )
    return None


def require_neighbors(layers: Sequence[LayerHandle]) -> None:
    """Raise TopologyError if these layers of a network would split a group."""
    reason = parted_by(layers)
    if reason is not None:
        raise TopologyError(reason)


def require_whole(store: Store, neurons: Neurons, function: Squash) -> None:
    """Raise TopologyError if a new activation function for these neurons of one store
    would split a group.
    """
    rows = np.array([neuron._row for neuron in neurons])
    numbers = np.unique(store["group"][rows])
    if numbers[-1] > 0:
        others = np.isin(store["group"], numbers[numbers > 0])
        others[rows] = False
        rest = np.flatnonzero(others).tolist()
        left = [row for row in rest if store.handles[row] is not None]
        if left:
            raise TopologyError(
                f"{neurons[0]!r} competes with {pluralize(len(left), 'neuron')} that"
                f" would keep another squash, such as {store.handles[left[0]]!r}. Set"
                f" the squash of all of them: layer.squash = {function.name!r}."
            )
    _require_softmax_neighbors(store, rows, function)


def _require_softmax_neighbors(store: Store, rows: Ints, function: Squash) -> None:
    """Raise TopologyError if outputs without softmax would stand between softmax
    outputs.
    """
    of_outputs = rows[store["role"][rows] == OUTPUT]
    codes = store["squash"]
    if not len(of_outputs) or SOFTMAX not in (function.code, *codes[of_outputs]):
        return
    for number in np.unique(store["network"][of_outputs]):
        outputs = np.flatnonzero(
            (store["network"] == number) & (store["role"] == OUTPUT)
        )
        outputs = outputs[np.argsort(store["position"][outputs])]
        after = np.where(np.isin(outputs, rows), function.code, codes[outputs])
        positions = np.flatnonzero(after == SOFTMAX)
        if len(positions) and positions[-1] - positions[0] >= len(positions):
            between = outputs[positions[0] : positions[-1]][
                after[positions[0] : positions[-1]] != SOFTMAX
            ]
            raise TopologyError(
                "All softmax outputs of a network compete, so no other output may"
                f" stand between them, as {store.handles[between[0]]!r} would. Set the"
                " squash of all outputs: network.output.squash ="
                f" {function.name!r}."
            )


def admit(store: Store, row: int, last: int) -> None:
    """Add a neuron to the group of the neuron before it in a layer, which has the same
    activation function. If the neuron already competes with others, it stays with them.
    """
    group = store["group"]
    if group[last] and (group[row] == 0 or np.count_nonzero(group == group[row]) == 1):
        store.touch()
        store["group"][row] = group[last]
