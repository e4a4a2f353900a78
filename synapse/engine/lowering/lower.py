"""Lowering: from a topology to the program of the kernels.

Neurons are sorted into activation order, the incoming connections of a neuron
become consecutive rows, and consecutive sources become runs. All operations are on whole columns:
10^6 connections take a fraction of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alike import find_alike, mark_fours, mark_heard
from .blocks import find_blocks
from .order import lay_out_nodes, order_connections, order_neurons
from .program import Program, restore
from .runs import connection_flags, find_runs
from .ties import lay_out_ties, number_ties
from .traces import find_influences, mark_plain, place_traces

if TYPE_CHECKING:
    from ..store import Store


def lower(store: Store) -> None:
    """Make the program columns of `store` from its topology; numbers and traces are preserved."""
    kept = store.program.traces(store)
    store.program = Program(0, kept)  # so that the next lowering has them if this one fails
    order_neurons(store, kept)
    order_connections(store)
    number_ties(store)
    lay_out_nodes(store)
    flags = connection_flags(store)
    find_influences(store)
    find_runs(store, flags)
    place_traces(store, flags)
    mark_plain(store)
    find_blocks(store)
    find_alike(store)
    mark_fours(store)
    mark_heard(store)
    lay_out_ties(store)
    restore(store, kept)
