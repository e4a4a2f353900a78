"""Find neurons of a block that are computed together, because their runs have the same form."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..._typing import Bools, Indices
from .flags import DENSE, FIXED, FOUR, GRADIENT_SOURCE, MEMORY, SHARED, STEPPED, TRACED

if TYPE_CHECKING:
    from ..store import Store


class _Ahead(NamedTuple):
    """For every run, its difference from the corresponding run of the next neuron."""

    target: Indices
    runs: Indices  # number of runs of every neuron
    step: Indices  # offset of the sources; 0 for listed ones
    gap: Indices  # offset of the connections
    fits: Bools  # whether both can belong to neurons that are computed together


def find_alike(store: Store) -> None:
    """Find consecutive neurons of a block with runs of the same form, which can be computed together.

    Run by run they have the same sources, or each has sources shifted by one from the previous neuron
    (`STEPPED`); lists and pairs may differ. Their connections are equally spaced.
    """
    c, n = store.columns, store.n_neurons
    ahead = _look_ahead(store)
    stops = np.flatnonzero(_apart(store, ahead)) + 1
    lengths = np.diff(stops, prepend=0)
    c["alike_stop"] = np.repeat(stops, lengths).astype(np.uint32)
    nth = np.arange(n) - np.repeat(stops - lengths, lengths)
    of_first = np.arange(len(ahead.step)) - (nth * ahead.runs)[ahead.target]
    several = np.repeat(lengths > 1, lengths)
    c["run_flags"][(ahead.step[of_first] == 1) & several[ahead.target]] |= STEPPED


def _look_ahead(store: Store) -> _Ahead:
    """Compare each run with the same run of the next neuron."""
    c = store.columns
    runs = c["last_run"].astype(np.int64) - c["first_run"]
    count, target = len(c["run_kind"]), store["target"][c["run_first"]]
    following = np.minimum(np.arange(count) + runs[target], count - 1)

    def further(name: str) -> Indices:
        values = c[name].astype(np.int64)
        return np.asarray(values[following] - values)

    listed = (c["run_kind"] != DENSE) & (c["run_kind"] != SHARED)
    step, gap = np.where(listed, 0, further("run_source")), further("run_first")
    fits = ((step == 0) | (step == 1)) & (gap > 0)
    fits &= (step == 0) | (c["run_kind"] == DENSE) | (further("run_gater") == 1)
    for name in ("run_kind", "run_flags", "run_length"):
        fits &= further(name) == 0
    return _Ahead(target, runs, step, gap, fits)


def _apart(store: Store, ahead: _Ahead) -> Bools:
    """Mask of the neurons that end a stretch."""
    c, n = store.columns, store.n_neurons
    target, runs, step, gap, fits = ahead
    alike = np.bincount(target[~fits], minlength=n) == 0
    alike[:-1] &= (runs[1:] == runs[:-1]) & (c["block_stop"][1:] == c["block_stop"][:-1])
    alike[:-1] &= c["flags"][1:] == c["flags"][:-1]
    alike[-1:] = False
    # Of three consecutive neurons, the third must differ from the second as the second from the first.
    before = np.maximum(np.arange(len(step)) - runs[target], 0)
    turns = np.bincount(target[(step != step[before]) | (gap != gap[before])], minlength=n) > 0
    apart: Bools = ~alike
    for j in np.flatnonzero(alike & turns).tolist():
        apart[j] = j > 0 and not apart[j - 1]
    return apart


def mark_gradient_sources(store: Store) -> None:
    """Mark neurons whose activations exact gradients sum over: see ``exact/accumulate.py``."""
    c, n = store.columns, store.n_neurons
    trained = (c["run_kind"] == DENSE) | (c["run_kind"] == SHARED)
    trained &= c["run_flags"] & (FIXED | STEPPED) == 0
    first, length = c["run_source"][trained].astype(np.int64), c["run_length"][trained]
    begun = np.bincount(first, minlength=n + 1) - np.bincount(first + length, minlength=n + 1)
    c["flags"][np.cumsum(begun[:n]) > 0] |= GRADIENT_SOURCE


def mark_fours(store: Store) -> None:
    """Mark neurons that can be computed with the next three: see ``weigh.weigh_four``."""
    c, n = store.columns, store.n_neurons
    other = (c["run_kind"] != DENSE) | (c["run_flags"] & STEPPED != 0)
    plain = np.bincount(store["target"][c["run_first"][other]], minlength=n) == 0
    plain &= (c["flags"] & (MEMORY | TRACED) == 0) & (c["last_run"] > c["first_run"])
    c["flags"][plain & (c["alike_stop"] >= np.arange(n) + 4)] |= FOUR
