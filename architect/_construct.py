"""Make a network from neurons that are already connected, and find their order of
activation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import networkx as nx

from synapse._checks import listed, require_type, suggests_arguments
from synapse.errors import TopologyError
from synapse.objects.connection import Connection
from synapse.objects.groups import keys_of
from synapse.objects.layer import Layer
from synapse.objects.network import Network
from synapse.objects.neuron import Neuron
from synapse.objects.order import find_order


@suggests_arguments()
def construct(
    neurons: Iterable[Neuron],
    inputs: Iterable[Neuron] | None = None,
    outputs: Iterable[Neuron] | None = None,
    *,
    name: str | None = None,
) -> Network:
    """Make a network from neurons that are already connected, and find an order of
    activation.

    Inputs activate first and outputs last. Every other neuron activates after its
    sources and after the gaters of its incoming connections. Ties are resolved by the
    order given. Because neurons on a cycle allow no such order, backward connections
    carry the activation that their source had one step earlier there. A connection is
    backward if it leads nearer to the inputs, counted in connections from the nearest
    input, or against the order of `neurons`, whichever makes fewer connections late.
    Gaters still precede the targets of their gated connections, because only then do
    they learn from these connections. To list the late connections, call
    :func:`synapse.analysis.late_connections`.

    A delay line, in which each neuron copies its predecessor's activation of the
    previous step, must activate in the opposite order. To build one, pass its layers to
    :class:`synapse.Network` in this order.

    Parameters
    ----------
    neurons : iterable of Neuron
        All neurons, in any order.
    inputs : iterable of Neuron, optional
        The input neurons, in order. Default: the neurons without incoming connections.
    outputs : iterable of Neuron, optional
        The output neurons, in order. Default: the neurons that neither lead to another
        neuron nor gate connections.
    name : str, optional
        Name of the network. Default: the name of its class.

    Returns
    -------
    Network
        A network with one hidden layer, whose neurons are in activation order.

    Raises
    ------
    ArgumentTypeError
        If one of the items is not a neuron.
    TopologyError
        If there are no inputs or outputs, or if a neuron is given twice, is both input
        and output, is connected to a neuron that is not given, or cannot be reached
        from the inputs. Nothing has changed then.

    Examples
    --------
    >>> from synapse import Neuron, analysis
    >>> y, b, a, x = (Neuron(name=name) for name in "ybax")
    >>> for source, target in [(x, a), (a, b), (b, a), (b, y)]:
    ...     _ = source.project(target, weight=0.5)
    >>> net = construct([y, b, a, x])
    >>> net, [neuron.name for neuron in net]
    (<Network 1-2-1, 4 neurons, 4 connections>, ['x', 'a', 'b', 'y'])
    >>> analysis.late_connections(net).connections
    (<Connection b -> a, weight 0.5>,)
    """
    members = _once("neurons", neurons)
    _refuse_strangers(members)
    if inputs is None:
        inputs = _inputs(members)
    sources = _among("inputs", inputs, members)
    if outputs is None:
        outputs = _outputs(members, sources)
    sinks = _among("outputs", outputs, members)
    both = [neuron for neuron in sources if neuron in set(sinks)]
    if both:
        raise TopologyError(
            f"{both[0]!r} is both an input and an output. Put a neuron in between."
        )

    # From here on a neuron is a number, its place in the order given.
    place = {neuron: i for i, neuron in enumerate(members)}
    into = [(link, place[target]) for target in members for link in _into(target)]
    links = [(place[link.source], target) for link, target in into]
    starts = [place[neuron] for neuron in sources]
    ends = [place[neuron] for neuron in sinks]

    # A node of its own leads to all inputs, so that one search finds what they reach.
    graph: nx.DiGraph[Any] = nx.DiGraph(links)
    graph.add_edges_from(("inputs", start) for start in starts)
    reached = nx.descendants(graph, "inputs")
    for neuron in members:
        if place[neuron] not in reached:
            raise TopologyError(
                f"No path leads from the inputs to {neuron!r}."
                " Connect it, name it among the inputs or leave it out."
            )

    gates = [
        (place[link.gater], target) for link, target in into if link.gater is not None
    ]
    keys = keys_of(members, 0, 0)
    order = find_order(len(members), links, gates, set(starts), set(ends), keys)
    hidden = [members[i] for i in order.neurons]
    hidden_layers = [Layer(hidden)] if hidden else []
    return Network(Layer(sources), hidden_layers, Layer(sinks), name=name)


# --- who is who -----------------------------------------------------------------------


def _once(role: str, neurons: Iterable[Any]) -> list[Neuron]:
    """Return the neurons as a list without repetitions."""
    chosen = listed(f"{role} of construct", neurons, "neurons")
    if not chosen:
        raise TopologyError(
            f"`{role}` of construct must have at least one neuron, got none."
        )
    seen = set[Neuron]()
    for neuron in chosen:
        require_type(
            isinstance(neuron, Neuron),
            f"Each of the {role} of construct",
            "a Neuron",
            neuron,
        )
        if neuron in seen:
            raise TopologyError(
                f"{neuron!r} is given twice among the {role} of construct. Pass it"
                " once."
            )
        seen.add(neuron)
    return chosen


def _among(role: str, neurons: Iterable[Any], every: Sequence[Neuron]) -> list[Neuron]:
    """Check the neurons chosen as inputs or outputs."""
    chosen = _once(role, neurons)
    members = set(every)
    for neuron in chosen:
        if neuron not in members:
            raise TopologyError(
                f"{neuron!r} is one of the {role} but not of the neurons. Add it to the"
                " neurons."
            )
    return chosen


def _inputs(every: Sequence[Neuron]) -> list[Neuron]:
    inputs = [neuron for neuron in every if not neuron.incoming]
    for neuron in inputs:
        if not (neuron.outgoing or neuron.gated):
            raise TopologyError(
                f"{neuron!r} is connected to no other neuron. Connect it or leave it"
                " out."
            )
    if not inputs:
        raise TopologyError(
            "No neuron can be an input, because all of them have incoming"
            " connections. Pass the inputs: construct(neurons, inputs=[...])."
        )
    return inputs


def _outputs(every: Sequence[Neuron], inputs: Sequence[Neuron]) -> list[Neuron]:
    taken = set(inputs)
    outputs = [n for n in every if not (n.outgoing or n.gated or n in taken)]
    if not outputs:
        raise TopologyError(
            "No neuron can be an output, because each one leads to another neuron,"
            " gates a connection or is an input. Pass the outputs: construct(neurons,"
            " outputs=[...])."
        )
    return outputs


def _refuse_strangers(every: Sequence[Neuron]) -> None:
    """Raise an error if a neuron is connected to a neuron that is not given."""
    members = {None, *every}
    for neuron in every:
        for link in (*_into(neuron), *neuron.outgoing, *neuron.gated):
            for other in (link.source, link.target, link.gater):
                if other not in members:
                    raise TopologyError(
                        f"{neuron!r} is wired to {other!r}, which is not among the"
                        " neurons. Pass both to construct, or disconnect them."
                    )


def _into(neuron: Neuron) -> tuple[Connection, ...]:
    """Return incoming connections of a neuron, including its self-connection."""
    loop = neuron.self_connection
    return neuron.incoming if loop is None else (*neuron.incoming, loop)
