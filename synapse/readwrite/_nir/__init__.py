"""Exchange spiking networks with NIR, the Neuromorphic Intermediate Representation.

NIR (Pedersen and others 2024) is a common format of snnTorch, Norse and neuromorphic
chips. It describes a graph of nodes such as layers of weights and leaky
integrate-and-fire neurons, with time constants in seconds. The package ``nir`` defines
the nodes, and reads and writes files.
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

    To write a file, call ``nir.write("net.nir", to_nir(net))``.

    Parameters
    ----------
    network : Network
        A network consisting of these layers: leaky cells whose spikes set the voltage
        to 0 (:class:`architect.Spiking` with ``reset="zero"`` and ``adaptive=0``),
        which become LIF, CubaLIF or IF; spikes (Threshold); leaky neurons (LI, I); and
        sums (Linear, or the Output itself). The connections between layers are
        arbitrary, and may lead backward. Delayed connections start at a Delay. Other
        spiking cells become LI and Threshold, which fewer programs read.
    dt : float
        Duration of a step in seconds. A self-connection of weight w has the time
        constant dt / (1 - w), and a delay of k steps is k dt. Default: 0.0001, as in
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
        If NIR has no node for a layer or a connection, which the message names.
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

    To read a file, call ``from_nir(nir.read("net.nir"))``. As in snnTorch, steps follow
    the explicit Euler method, which multiplies a voltage by 1 - dt / tau. For each
    cell, a layer ``NAME`` of spikes follows the layers ``NAME voltage`` and
    ``NAME keep``. The latter is one minus the spike of the previous step, and gates the
    self-connection of the voltage.

    A graph of NIR does not store how its cells were reset, and its equations set the
    voltage to ``v_reset``. Because snnTorch, sinabs and Rockpool write the same graph
    if they subtract the threshold instead, pass `reset` for a network that was trained
    in this way.

    Parameters
    ----------
    graph : nir.NIRGraph
        A graph with one Input, one Output and nodes of the kinds Linear, Affine, Scale,
        Flatten, LIF, CubaLIF, IF, LI, I, Threshold, Delay, or graphs of them. A weight
        that closes a cycle without a Delay is one step late.
    dt : float
        Duration of a step in seconds. Delays must be multiples of it. Default: 0.0001,
        as in snnTorch.
    spike : str or Squash
        Activation function of spikes, with its declared derivative. Default:
        ``"spike"``.
    reset : {"value", "hold", "subtract", "subtract_before_leak", "none"}
        The effect of a spike on the voltage v in LIF, CubaLIF and IF. With "value", the
        spike sets v to ``v_reset``, as NIR's equations do. With "hold", v is also
        ``v_reset`` after the next step, whose input is lost, as in snnTorch's Synaptic,
        RLeaky and RSynaptic with ``reset_mechanism="zero"`` and its default
        ``reset_delay=True``. With "subtract", the next step subtracts the threshold
        from its v, as snnTorch does by default (``reset_mechanism="subtract"``). With
        "subtract_before_leak", the threshold is subtracted at once, which means that
        the leak of the next step also applies to it, as in sinabs and Rockpool. With
        "none", v does not change. Only the first two settings have a layer
        ``NAME keep``. Default: "value".

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
