"""The past activations that delayed connections read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Ints
from ..engine.lowering.program import kept_traces
from ..engine.store import Store


def past_of(store: Store, rows: Ints) -> dict[int, NDArray[Any]]:
    """Return earlier activations of the neurons in these rows, by their age in steps.
    They are 0 where no delayed connection reads them.
    """
    if not store["delay"].any():
        return {}
    traces = kept_traces(store)
    neuron, steps = traces.past_neuron, traces.past_steps
    number = np.full(store.n_neurons, -1)
    number[rows] = np.arange(len(rows))
    mine = number[neuron]
    past = {}
    for k in np.unique(steps[mine >= 0]).tolist():
        chosen = (steps == k) & (mine >= 0)
        past[k] = np.zeros(len(rows))
        past[k][mine[chosen]] = traces.past_value[chosen]
    return past
