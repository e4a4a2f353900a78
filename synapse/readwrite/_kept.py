"""Networks of checked columns, which have kept the traces and sensitivities that they
were given.

Which connections have traces, and which neurons keep sensitivities, follows from the
whole topology. So a network is made first, and asked for them afterwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats, Ints
from ..errors import FormatError
from ..objects.network import Network
from ..objects.state import (
    PortableSensitivities,
    SavedNetwork,
    Traces,
    from_saved,
    kept_by,
)

NOTHING = np.iinfo(np.uint32).max
"""In place of a connection: the bias."""


class Kept(NamedTuple):
    """Values that a network keeps, by numbers that say what each is of."""

    table: str
    of: Ints
    values: Floats


def network_of(saved: SavedNetwork, *, complete: bool = True) -> Network:
    """Make a network; FormatError if it has no place for one of its traces or
    sensitivities.

    Unless it is `complete`, values without a place are left out: the page in JavaScript
    has one rule for all neurons, and writes traces that the library reads off from
    other numbers.
    """
    given_traces = saved.traces
    given_sensitivities = saved.sensitivities
    network = from_saved(saved)
    assert given_traces is not None
    has_traces = (
        len(given_traces.eligible) or len(given_traces.gater) or len(given_traces.pair)
    )
    if not has_traces and given_sensitivities is None:
        return network
    traces, sensitivities = kept_by(network)
    count = len(network)
    tables = list(
        zip(_traces(given_traces, count), _traces(traces, count), strict=True)
    )
    if given_sensitivities is not None:
        if sensitivities is None:
            raise FormatError(
                "Expected sensitivities of the latest step, got some of another step."
            )
        links = len(saved.connections["source"])
        in_file = _sensitivities(given_sensitivities, links)
        tables += zip(in_file, _sensitivities(sensitivities, links), strict=True)
    for wanted, present in tables:
        _require_same(wanted, present, complete)
    return network


def _require_same(wanted: Kept, present: Kept, complete: bool) -> None:
    """Raise if a value is there twice, or is another one in the network; a missing one
    is 0.
    """
    if np.array_equal(wanted.of, present.of) and np.array_equal(
        wanted.values, present.values
    ):
        return  # as in most files
    order = np.argsort(present.of, kind="stable")
    numbers = np.append(present.of[order], -1)  # one more, which is of nothing
    values = np.append(present.values[order], 0.0)
    place = np.searchsorted(numbers[:-1], wanted.of)
    same = (numbers[place] == wanted.of) & (values[place] == wanted.values)
    repeated = np.ones(len(wanted.of), bool)
    repeated[np.unique(wanted.of, return_index=True)[1]] = False
    lost = ~same & (wanted.values != 0.0)
    wrong = np.flatnonzero(repeated | lost if complete else repeated)
    if len(wrong):
        raise FormatError(
            f"Row {wrong[0]} of the table {wanted.table!r} belongs to no part of this"
            " network, or is there twice: the file has changed since it was written."
        )


def _traces(traces: Traces, neurons: int) -> list[Kept]:
    """The traces, by connections and pairs of neurons."""
    pair = np.asarray(traces.gater * neurons + traces.gated, np.int64)
    extending = np.where(traces.extending == NOTHING, -1, traces.extending)
    # The connections of an extended trace all lead into its gater, so that two numbers
    # are enough.
    of_extended = pair[traces.pair] * (1 << 31) + extending.astype(np.int64) + 1
    return [
        Kept("eligibility", np.asarray(traces.eligible, np.int64), traces.eligibility),
        Kept("influence", pair, traces.influence),
        Kept("extended", of_extended, traces.extended),
    ]


def _sensitivities(kept: PortableSensitivities, links: int) -> list[Kept]:
    """The sensitivities, by a neuron and the first of the tied parameters."""
    parameter = np.where(kept.connection < 0, links + kept.owner, kept.connection)
    columns = (
        int(
            max(
                kept.column.max(initial=-1),
                (kept.line_first + kept.line_length).max(initial=0) - 1,
            )
        )
        + 1
    )
    nothing = np.iinfo(np.int32).max
    of_column = np.full(columns, nothing, np.int64)
    np.minimum.at(of_column, kept.column, parameter)
    begin = np.cumsum(kept.line_length) - kept.line_length
    column = np.arange(len(kept.now)) + np.repeat(
        kept.line_first - begin, kept.line_length
    )
    root: NDArray[np.int64] = kept.roots[np.repeat(kept.line_root, kept.line_length)]
    of = root.astype(np.int64) * (1 << 32) + of_column[column]
    return [
        Kept("recurrent", kept.roots, kept.slopes),
        Kept("sensitivity", of, kept.now),
        Kept("sensitivity", of, kept.before),
    ]
