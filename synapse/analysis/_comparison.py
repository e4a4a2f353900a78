"""Compare two networks, to find their differences."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .._checks import suggests_arguments
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ..objects.neuron import Neuron
from ._steps import run_steps, topology_of

T = TypeVar("T")

Place = tuple[str, int]
Link = tuple[Place, Place]


@dataclass(frozen=True, eq=False)
class Comparison:
    """The differences between two networks. Numbers are differences of the second minus
    the first network.

    A neuron is identified by its place, (name of the layer, number in the layer), and a
    connection by the places of its source and target. A connection with a delay of two
    steps starts at a place such as ("input delayed 2", 0).

    Attributes
    ----------
    same_topology : bool
        Whether both have the same neurons, squashes, connections and gates.
    neurons : (list, list)
        Places that only the first network has, and places that only the second has.
    connections : (list, list)
        Connections that only the first network has, and connections that only the
        second has.
    squashes : list
        Places whose squashes differ.
    gaters : list
        Connections of both networks whose gaters differ.
    weights : dict
        Differences of weights for each connection that both networks have.
    biases : dict
        Differences of biases for each place that both networks have.
    outputs : ndarray, shape (T, m), or None
        Differences of outputs, or None if no inputs were given.
    """

    same_topology: bool
    neurons: tuple[list[Place], list[Place]]
    connections: tuple[list[Link], list[Link]]
    squashes: list[Place]
    gaters: list[Link]
    weights: dict[Link, float]
    biases: dict[Place, float]
    outputs: Floats | None

    def __repr__(self) -> str:
        topology = "same topology" if self.same_topology else "another topology"
        furthest = max(map(abs, self.weights.values()), default=0.0)
        return f"<Comparison: {topology}, weights differ by up to {furthest:.4g}>"


@suggests_arguments()
def compare(
    first: Network, second: Network, inputs: ArrayLike | None = None
) -> Comparison:
    """Compare two networks.

    Parameters
    ----------
    first, second : Network
        The networks, which are not changed.
    inputs : array_like, shape (T, n), optional
        A sequence that both networks run, with cleared contexts, to compare their
        outputs.

    Raises
    ------
    ArgumentError
        If inputs are given that do not fit both networks, or if the numbers of outputs
        differ.

    Examples
    --------
    >>> import architect
    >>> net = architect.Perceptron(2, 3, 1, seed=0)
    >>> other = net.clone()
    >>> other.connections[0].weight += 0.5
    >>> comparison = compare(net, other, [[1.0, 0.0]])
    >>> comparison
    <Comparison: same topology, weights differ by up to 0.5>
    >>> comparison.weights[("input", 0), ("hidden", 0)]
    0.5
    """
    places, links, gates = _by_place(require_network("first", first))
    other_places, other_links, other_gates = _by_place(
        require_network("second", second)
    )
    outputs = None
    if inputs is not None:
        outputs = _difference_of_outputs(first, second, inputs)

    neurons = _without_match(places, other_places)
    connections = _without_match(links, other_links)
    both = {
        place: (neuron, other_places[place])
        for place, neuron in places.items()
        if place in other_places
    }
    shared = [link for link in links if link in other_links]
    squashes = [place for place, (a, b) in both.items() if a.squash is not b.squash]
    gaters = [link for link in shared if gates.get(link) != other_gates.get(link)]
    return Comparison(
        same_topology=not any([squashes, gaters, *neurons, *connections]),
        neurons=neurons,
        connections=connections,
        squashes=squashes,
        gaters=gaters,
        weights={link: other_links[link] - links[link] for link in shared},
        biases={place: b.bias - a.bias for place, (a, b) in both.items()},
        outputs=outputs,
    )


def _difference_of_outputs(first: Network, second: Network, inputs: Any) -> Floats:
    """Return the second network's outputs minus the first network's outputs, from
    cleared contexts.
    """
    before, after = (
        run_steps(network, inputs).activation[:, -len(network.output) :]
        for network in (first, second)
    )
    if before.shape != after.shape:
        numbers = f"{before.shape[1]} and {after.shape[1]}"
        raise ArgumentError(
            f"Expected networks with the same number of outputs, got {numbers}."
        )
    return np.asarray(after - before)


def _by_place(
    network: Network,
) -> tuple[dict[Place, Neuron], dict[Link, float], dict[Link, Place]]:
    """Return the neurons of a network by place, and the weights and gaters by
    connection.
    """
    table = topology_of(network)

    # Neurons of layers of the same name are numbered on.
    counts = Counter[str]()
    places: list[Place] = []
    for layer in network.layers:
        places += [(layer._label, counts[layer._label] + i) for i in range(len(layer))]
        counts[layer._label] += len(layer)
    neurons = dict(zip(places, network, strict=True))
    source, target, gater, delay = (
        column.tolist()
        for column in (table.source, table.target, table.gater, table.delay)
    )
    starts = [
        (f"{places[i][0]} delayed {k}", places[i][1]) if k else places[i]
        for i, k in zip(source, delay, strict=True)
    ]
    links = [(start, places[j]) for start, j in zip(starts, target, strict=True)]
    gaters = {link: places[i] for link, i in zip(links, gater, strict=True) if i >= 0}
    weights = dict(zip(links, table.weight.tolist(), strict=True))
    return neurons, weights, gaters


def _without_match(here: dict[T, Any], there: dict[T, Any]) -> tuple[list[T], list[T]]:
    """Return the keys that are only in the first of two dicts, and those only in the
    second.
    """
    only_here = [key for key in here if key not in there]
    return only_here, [key for key in there if key not in here]
