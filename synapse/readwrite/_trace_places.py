"""Which traces a network has, from its columns alone.

Which connections have an eligibility trace, and which pairs of neurons an influence,
follows from the topology as lowering finds it (``find_influences`` and
``locate_traces`` of ``engine/lowering/loops/gated.py``). A file is checked by the same
conditions, on whole columns, so that nothing is lowered to read it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import squashes
from .._checks import MAX_DELAYS
from .._typing import Bools, Ints
from ..errors import FormatError
from ..objects.saved import SavedNetwork, Traces
from ..objects.topology import NO_GATER, is_delayed


class TracePlaces(NamedTuple):
    """The places of traces in a network."""

    learns: Bools  # by connection: whether it is trainable
    eligible: Bools  # by connection: whether it has an eligibility trace
    pairs: Ints  # gater * neurons + gated, of the pairs with extended traces; sorted

    @classmethod
    def of(cls, saved: SavedNetwork) -> TracePlaces:
        """Return the places of a closed network, whose columns have been checked."""
        source, target = (saved.connections[end] for end in ("source", "target"))
        neurons = len(saved.neurons["squash"])
        gater = saved.connections.get("gater", np.full(len(source), NO_GATER))
        learns = saved.connections.get("trainable", np.ones(len(source), bool)) != 0
        gated = gater != NO_GATER
        at_once = saved.connections.get("delay", np.zeros(len(source), np.int64)) == 0
        has_memory = _marked(neurons, target[(source == target) & at_once])
        into_memory = gated & has_memory[target]
        pairs = np.unique(
            gater[into_memory].astype(np.int64) * neurons + target[into_memory]
        )
        pairs = pairs[_gets_error(saved, *np.divmod(pairs, neurons))]
        # Eligibilities with a gain are stored if the neuron learns from a memory later.
        gates_memory = _marked(neurons, pairs // neurons)
        traced = has_memory | (gates_memory & _marked(neurons, target[gated]))
        return cls(learns, traced[target] & learns, pairs)


def _marked(size: int, places: Ints) -> Bools:
    mask = np.zeros(size, bool)
    mask[places] = True
    return mask


def _gets_error(saved: SavedNetwork, gater: Ints, gated: Ints) -> Bools:
    """Return whether these gaters get an error from what they gate: they activate
    before it, and are not set from outside.
    """
    neurons = len(saved.neurons["squash"])
    first = _first_competitors(saved)
    synchronous = saved.neurons.get("synchronous", np.zeros(neurons, bool)) != 0
    together = first[gater] == first[gated]
    together |= synchronous[gater] & synchronous[gated]
    computed = _marked(neurons, saved.connections["target"])
    computed[saved.layers[0][1] :] = True
    return np.asarray(computed[gater] & ~is_delayed(gater, gated, together))


def _first_competitors(saved: SavedNetwork) -> Ints:
    """Return the first of the neighbours with which each neuron competes; itself, if
    alone.
    """
    squash = saved.neurons["squash"]
    number = np.arange(len(squash))
    group = saved.neurons.get("group", np.zeros(len(squash), np.int64)).astype(np.int64)
    is_output = number >= len(squash) - saved.layers[-1][1]
    group[is_output & (squash == squashes.softmax.name)] = -1
    competes = np.zeros(len(squash), bool)
    competes[1:] = (
        (group[1:] != 0) & (group[1:] == group[:-1]) & (squash[1:] == squash[:-1])
    )
    return np.maximum.accumulate(np.where(competes, 0, number))


def _are_among(numbers: NDArray[Any], ascending: Ints) -> Bools:
    place = np.searchsorted(ascending, numbers)
    return np.asarray(np.append(ascending, -1)[place] == numbers)


def placed_traces(saved: SavedNetwork, complete: bool) -> Traces:
    """Return the traces of a network that is read; FormatError if one is there twice,
    or has no place.

    Unless they are `complete`, traces without a place are left out: the page in
    JavaScript has one rule for all neurons, and writes traces that the library reads
    off from other numbers.
    """
    assert saved.traces is not None
    traces = _placed_past(saved, saved.traces, complete)
    if not (len(traces.eligibility_connection) or len(traces.influence_gater)):
        return traces
    places = TracePlaces.of(saved)
    connection = traces.eligibility_connection
    eligible = places.eligible[connection]
    pair = traces.influence_gater * len(saved.neurons["squash"])
    pair += traces.influence_gated
    has_place = _are_among(pair, places.pairs)
    extends = _extend(saved, traces, places) & has_place[traces.extended_influence]
    parameter = traces.extended_influence * (len(places.learns) + 1)
    parameter += traces.extended_connection + 1
    for name, rows, there, values in (
        ("eligibility", connection, eligible, traces.eligibility_value),
        ("influence", pair, has_place, traces.influence_value),
        ("extended", parameter, extends, traces.extended_value),
    ):
        require_places(name, rows, ~there & (values != 0.0) if complete else None)
    if eligible.all() and has_place.all() and extends.all():  # as in most files
        return traces
    of = traces.extended_influence[extends]
    return replace(
        traces,
        eligibility_connection=connection[eligible],
        eligibility_value=traces.eligibility_value[eligible],
        influence_gater=traces.influence_gater[has_place],
        influence_gated=traces.influence_gated[has_place],
        influence_value=traces.influence_value[has_place],
        extended_influence=(np.cumsum(has_place) - 1)[of],
        extended_connection=traces.extended_connection[extends],
        extended_value=traces.extended_value[extends],
    )


def _placed_past(saved: SavedNetwork, traces: Traces, complete: bool) -> Traces:
    """`placed_traces` for past activations: a neuron may have as many as its
    connections have ever delayed it.
    """
    if not len(traces.past_neuron):
        return traces
    steps = traces.past_steps.astype(np.int64)
    there = (steps > 0) & (steps <= MAX_DELAYS)
    number = traces.past_neuron * (1 + steps.max()) + steps
    lost = ~there & (traces.past_value != 0.0)
    require_places("past", number, lost if complete else None)
    return replace(
        traces,
        past_neuron=traces.past_neuron[there],
        past_steps=traces.past_steps[there],
        past_value=traces.past_value[there],
    )


def _extend(saved: SavedNetwork, traces: Traces, places: TracePlaces) -> Bools:
    """Return whether each extended trace is of a parameter into the gater of its
    pair.
    """
    connection = traces.extended_connection  # -1: the bias
    target = np.append(saved.connections["target"], 0)[connection]
    learns = np.append(places.learns, False)[connection]
    into_gater = target == traces.influence_gater[traces.extended_influence]
    return np.asarray((connection < 0) | (into_gater & learns))


def require_places(table: str, rows: NDArray[Any], lost: Bools | None = None) -> None:
    """Raise if two rows of a table have the same number, or one is `lost`: nothing in
    the network has its value.
    """
    wrong = np.ones(len(rows), bool)
    wrong[np.unique(rows, return_index=True)[1]] = False
    if lost is not None:
        wrong |= lost
    if wrong.any():
        raise FormatError(
            f"Row {np.flatnonzero(wrong)[0]} of the table {table!r} is a duplicate or"
            " refers to something that is not in this network. The file was modified."
        )
