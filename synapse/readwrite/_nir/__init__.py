"""Exchange spiking networks with NIR, the Neuromorphic Intermediate Representation.

NIR (Pedersen and others 2024) is what snnTorch, Norse and neuromorphic chips share: a
graph of nodes such as layers of weights and leaky integrate-and-fire neurons, with time
constants in seconds. The package ``nir`` has the nodes, and reads and writes files.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal, get_args

from ..._checks import choice, imported, positive_number, suggests_arguments
from ..._squash import Squash
from ...objects.incomplete import warn_of_missing
from ...objects.network import Network, require_network
from .._formats import Format

STEP = 1e-4
"""Seconds of a step, as snnTorch assumes them."""
Reset = Literal["value", "hold", "subtract", "subtract_before_leak", "none"]


@suggests_arguments("to_nir")
def to_nir(
    network: Annotated[Network, require_network],
    dt: Annotated[float, positive_number] = STEP,
) -> Any:
    """Convert a network of spiking cells to a graph of NIR.

    ``nir.write("net.nir", to_nir(net))`` writes it to a file.

    Parameters
    ----------
    network : Network
        A network of layers of these kinds: leaky cells whose spikes set the voltage to
        0 (:class:`architect.Spiking` with ``reset="zero"`` and ``adaptive=0``), which
        become LIF, CubaLIF or IF; spikes (Threshold); leaky neurons (LI, I); sums
        (Scale). Connections between layers may be any, also backward. Those with a
        delay start at a Delay. Other spiking cells become LI and Threshold, which
        fewer programs read.
    dt : float
        Seconds of a step. A self-connection of weight w has the time constant
        dt / (1 - w), and a delay of k steps is k dt. Default: 0.0001, as in
        snnTorch.

    Returns
    -------
    nir.NIRGraph
        Its nodes are named after the layers.

    Raises
    ------
    MissingExtraError
        If ``nir`` is not installed.
    FormatError
        If NIR has no node for a layer or a connection; the message names it.
    TopologyError
        If the network has connections from neurons outside of it.
    ArgumentError, ArgumentTypeError
        If `network` is no network, or `dt` is not a number above 0.

    See Also
    --------
    from_nir : The inverse.

    Examples
    --------
    >>> import architect
    >>> from synapse import readwrite
    >>> net = architect.Spiking(2, 6, 1, adaptive=0, reset="zero", seed=0)
    >>> graph = readwrite.to_nir(net)
    >>> sorted(graph.nodes)
    ['input', 'input to spikes', 'output', 'output out', 'spikes', ...]
    """
    from ._write import written

    nir = imported("nir", "NIR needs", extra="nir")
    warn_of_missing(network)
    return written(nir, network, dt)


@suggests_arguments("from_nir")
def from_nir(
    graph: Any,
    dt: Annotated[float, positive_number] = STEP,
    spike: str | Squash = "spike",
    reset: Annotated[Reset, partial(choice, options=get_args(Reset))] = "value",
) -> Network:
    """Convert a graph of NIR to a network of neurons.

    ``from_nir(nir.read("net.nir"))`` reads a file. Steps are those of the explicit
    Euler method, as in snnTorch: a step multiplies a voltage by 1 - dt / tau. A cell's
    layer ``NAME`` of spikes follows its layers ``NAME voltage`` and ``NAME keep``, one
    minus the spike of the step before, which gates the self-connection of the voltage.

    A graph of NIR does not store how its cells were reset: its equations set the
    voltage to ``v_reset``. snnTorch, sinabs and Rockpool can subtract the threshold,
    and write the same graph then, so pass `reset` for a network that was trained so.

    Parameters
    ----------
    graph : nir.NIRGraph
        A graph with one Input, one Output and nodes of the kinds Linear, Affine, Scale,
        Flatten, LIF, CubaLIF, IF, LI, I, Threshold, Delay, or graphs of them. A weight
        that closes a cycle without a Delay is one step late.
    dt : float
        Seconds of a step, of which delays are multiples. Default: 0.0001, as in
        snnTorch.
    spike : str or Squash
        Activation function of spikes, with its declared slope. Default: ``"spike"``.
    reset : {"value", "hold", "subtract", "subtract_before_leak", "none"}
        What a spike of LIF, CubaLIF and IF does to its voltage v. "value": it sets v to
        ``v_reset``, as NIR's equations do. "hold": v is ``v_reset`` after the next
        step, too, whose input is lost, as in snnTorch's Synaptic, RLeaky and RSynaptic
        with ``reset_mechanism="zero"`` and its default ``reset_delay=True``.
        "subtract": the next step subtracts the threshold from its v, as snnTorch does
        by default (``reset_mechanism="subtract"``). "subtract_before_leak": the
        threshold is subtracted at once, so that the leak of the next step applies to
        it, too, as in sinabs and Rockpool. "none": nothing. There is a layer
        ``NAME keep`` with the first two only. Default: "value".

    Returns
    -------
    Network
        Weights and biases of the graph's layers are trainable, its other constants are
        not. A weight of 0 is no connection.

    Raises
    ------
    MissingExtraError
        If ``nir`` is not installed.
    FormatError
        If the graph has a node of another kind, more than one Input or Output, shapes
        that do not fit, a time constant below `dt`, or a delay between two steps.
    ArgumentError, ArgumentTypeError
        If `graph` is no graph of NIR, or another argument is out of range.

    See Also
    --------
    to_nir : The inverse.

    Examples
    --------
    >>> import architect
    >>> from synapse import readwrite
    >>> net = architect.Spiking(2, 6, 1, adaptive=0, reset="zero", seed=0)
    >>> twin = readwrite.from_nir(readwrite.to_nir(net))
    >>> twin
    <Network 2-6-6-6-1, 21 neurons, 67 connections>
    """
    from ._read import read

    return read(imported("nir", "NIR needs", extra="nir"), graph, dt, spike, reset)


FORMAT = Format(
    name="nir",
    purpose="snnTorch, Norse and neuromorphic chips, by way of NIR, in memory",
    kept="spiking cells, leaky neurons, weights",
    lost="names of neurons, states, traces, what is trainable",
    link="https://neuroir.org/docs",
    data=to_nir,
    from_data=from_nir,
    extra="nir",
)
