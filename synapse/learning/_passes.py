"""One compiled pass through data, by the online rule or without learning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._registration import require_sound
from ..cost import Cost
from ..engine.online import Accumulator
from ..network import Network
from ._data import Data

ROOM = 64
"""Outputs whose costs are summed together, so that their logarithms vectorise."""
Order = NDArray[np.uint64]
"""Numbers of sequences, in the order in which they are run."""
Control = NDArray[np.uint64]
"""What a running pass shares with the thread that watches it: [stop requested, rows done]."""


def new_control() -> Control:
    """The control of a pass that has not begun."""
    return np.zeros(2, np.uint64)


def one_pass(
    network: Network,
    data: Data,
    order: Order,
    cost: Cost,
    rate: float | None,
    control: Control,
    moves: Accumulator | None = None,
) -> tuple[float, int]:
    """Run the network once over the data. Returns the summed cost and the number of steps with a target.

    The caller has the network in use. In another thread it must have been lowered before.

    Parameters
    ----------
    rate : float or None
        The learning rate. None: nothing is learned.
    moves : Accumulator, optional
        The moves are added to it, and weights stay as they are. Default: weights move.
    """
    data.require_fit(network)
    address, store, span = network._ready()
    if store.recorder is not None:
        store.recorder.make_room(int((data.bounds[1:][order] - data.bounds[:-1][order]).sum()))
    total, steps = engine.online.train_network(
        address if moves is None else moves.address,
        store.unit,
        span,
        data.inputs.reshape(-1),
        data.targets.reshape(-1),
        data.aimed,
        data.bounds,
        order,
        data.clear,
        cost.code,
        store.dtype.type(0.0 if rate is None else rate),
        rate is not None,
        np.empty(2 * max(ROOM, network._n_outputs)),
        control,
    )
    if total != total:
        require_sound(store["failed"])
    return total, int(steps)
