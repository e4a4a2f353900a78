"""Memory and multiply-adds that exact online gradients of a network need, by reach,
computed before training.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from .._checks import listed, positive_integer, suggests_arguments
from ..engine.locking import ExclusiveAccess
from ..engine.rtrl import Layout, TooLarge, find_pattern
from ..engine.rtrl.pattern import GATERS, OWN, SOURCES
from ..objects import sensitivities
from ..objects.edits import require_closed
from ..objects.network import Network, require_network

HEAD = (
    "reach",
    "recurrent",
    "sensitivities",
    "memory",
    "sweeps",
    "product",
    "direct",
    "multiply-adds",
)
UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class RTRLCostRow(NamedTuple):
    """The memory and work of exact online gradients at one reach, as a row of
    :class:`RTRLCost`.

    Numbers of multiply-adds are given per step. They are None if the sensitivities do
    not fit into the memory of this machine.
    """

    reach: int | None
    """Number of steps within which a parameter must reach a recurrent state, or None
    without a limit, which is exact."""
    recurrent: int | None
    """Number of recurrent states that have sensitivities."""
    sensitivities: int | None
    """Number of sensitivities Z: pairs of a recurrent state and a trainable
    parameter."""
    bytes: int
    """Memory in bytes, which is a lower bound if it is too large."""
    sweeps: int | None
    """Multiply-adds of the sweeps back through the step, which compute J and the error
    part of I."""
    products: int | None
    """Multiply-adds of the product J Z if every step computes it, although large
    networks only do so every few steps."""
    direct: int | None
    """Multiply-adds that add the direct effects I."""

    @property
    def multiply_adds(self) -> int | None:
        """Multiply-adds of one step, for sweeps, product and direct effects."""
        if self.sweeps is None or self.products is None or self.direct is None:
            return None
        return self.sweeps + self.products + self.direct

    @property
    def _too_large(self) -> bool:
        """Whether this reach needs more memory than this machine has."""
        return self.sensitivities is None


class RTRLCost(dict[int | None, RTRLCostRow]):
    """The result of :func:`rtrl_cost`, with a row for each reach, in the order given.
    Its ``repr`` is a table.

    To make a table for pandas, use ``pandas.DataFrame(found.values())``.
    """

    def __repr__(self) -> str:
        lines = [HEAD, *map(_shown, self.values())]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.rjust, line, widths)).rstrip() for line in lines]
        return "\n".join(["<RTRLCost; multiply-adds of one step", *table]) + ">"


@suggests_arguments()
def rtrl_cost(
    network: Network, reaches: Iterable[int | None] = (1, 2, 3, None)
) -> RTRLCost:
    """Compute the memory and work of a network's exact online gradients for several
    reaches, without training.

    Real-time recurrent learning (``rule="rtrl"``) stores the sensitivity Z[r, p] = ds_r
    / dp of the state of each recurrent neuron r to each trainable parameter p that can
    reach it, and updates it at every step: Z(t) = J Z(t-1) + I. A reach includes only
    parameters that reach the state within this number of steps (SnAp-n, Menick et al.
    2021). A step with a target also multiplies each sensitivity once.

    Parameters
    ----------
    network : Network
        The network, which does not change.
    reaches : iterable of int or None
        The reaches, where None means no limit, which is exact. Default: 1, 2, 3 and
        None.

    Returns
    -------
    RTRLCost
        A dict with a row for each reach. If sensitivities do not fit into the memory of
        this machine, the row contains the memory that they need.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `network` is not a network, or if `reaches` contains anything other than
        whole numbers above 0 and None.
    TopologyError
        If the network is connected to neurons outside it.

    See Also
    --------
    Trainer : Train by these gradients with ``rule="rtrl"``.
    compare_gradients : Compare the gradients of a reach with exact ones.

    Examples
    --------
    Every parameter of an Elman network's hidden layer reaches every hidden neuron
    within two steps. In a layer of LSTM blocks that are not connected to each other,
    parameters only reach the cell of their own block.

    >>> import architect
    >>> elman = rtrl_cost(architect.Elman(7, 15, 7, seed=0)).values()
    >>> for row in elman:
    ...     print(row.reach, row.recurrent, row.sensitivities, row.products)
    1 15 345 345
    2 15 5175 77625
    3 15 5175 77625
    None 15 5175 77625
    >>> lstm = architect.LSTM(7, 15, 7, peepholes=None, style="synaptic", seed=0)
    >>> blocks = rtrl_cost(lstm)
    >>> blocks[1].sensitivities == blocks[None].sensitivities == 360
    True
    """
    require_network("network of rtrl_cost", network)
    condition = "whole numbers above 0 or None"
    wanted = [
        None if reach is None else positive_integer("A reach of rtrl_cost", reach)
        for reach in listed("reaches of rtrl_cost", reaches, condition)
    ]
    with ExclusiveAccess(network):
        return RTRLCost({reach: _row(network, reach) for reach in wanted})


def _row(network: Network, reach: int | None) -> RTRLCostRow:
    try:
        require_closed(network, "trained by rtrl")
        _, store, span = network._lowered()
        layout = Layout(
            store, find_pattern(store, span, reach), sensitivities.most_bytes()
        )
    except TooLarge as error:
        return RTRLCostRow(reach, None, None, int(error.bytes), None, None, None)
    return RTRLCostRow(
        reach=reach,
        recurrent=len(layout.roots),
        sensitivities=layout.size,
        bytes=layout.bytes,
        sweeps=_of_sweeps(network, layout),
        products=layout.products,
        direct=_of_direct(layout),
    )


def _of_sweeps(network: Network, layout: Layout) -> int:
    """Return the number of connections that the sweeps follow, to their sources and to
    their gaters.
    """
    visits = layout.pattern.visits
    lengths = network._column("run_length").astype(np.int64)
    followed = np.where(visits.run == OWN, 1, np.append(lengths, 1)[visits.run])
    ends = (visits.roles & SOURCES > 0).astype(np.int64) + (visits.roles & GATERS > 0)
    return int(followed @ ends)


def _of_direct(layout: Layout) -> int:
    """Return the number of parameters into the neurons that the sweeps visit, except
    for those whose sensitivity is not kept.
    """
    pattern = layout.pattern
    counts = np.bincount(layout.entry_owner, minlength=pattern.size)
    root = np.repeat(np.arange(len(pattern.roots)), np.diff(pattern.visits.starts))
    neuron = pattern.visits.neuron
    return int(counts[neuron] @ pattern.kept[root, neuron])


def _shown(row: RTRLCostRow) -> tuple[str, ...]:
    """Return the cells of a row in a printed table."""
    if row._too_large:
        return str(row.reach), "", "too large", _size(row.bytes), "", "", "", ""
    counts = (row.sweeps, row.products, row.direct, row.multiply_adds)
    return (
        str(row.reach),
        str(row.recurrent),
        str(row.sensitivities),
        _size(row.bytes),
        *map(str, counts),
    )


def _size(count: int) -> str:
    """Return a number of bytes with a unit and 3 digits."""
    for unit, name in UNITS:
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} B"
