"""Read a graph of NIR as a network, in which nodes become layers, and weights become
connections.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from ..._checks import MAX_DELAYS, require_type, warn
from ..._squash import Squash, get
from ..._steps import nearest_steps
from ..._typing import Floats, Ints
from ...errors import FormatError, TopologyWarning
from ...objects.layer import Layer
from ...objects.network import Network

MAPS = "Linear", "Affine", "Scale", "Flatten"
CELLS = "LIF", "CubaLIF", "IF"
SUM = "Sum"
"""An identity matrix, which to_nir writes for a layer that only sums."""
UNITS = *CELLS, "LI", "I", "Threshold"
LAYERS = *UNITS, SUM, "Output"
"""Nodes into which weights lead directly. Other weights are followed by sums."""
DELAY = "Delay"
MIN_VOLTAGE_CHANGE = 1e-3
"""Share of a threshold by which an input of 1 moves a voltage, usually 0.01 or more."""
OF_STEPS = (
    "The numbers may count steps: pass dt=1 for files of sinabs and spyx, and for IF of"
    " Norse. The table in the reference of from_nir has each library."
)
OF_NORSE = (
    "Norse 1.1 writes time constants times its own dt, of 0.001 s by default: pass the"
    " square of it, dt=1e-6."
)


@dataclass
class Unit:
    """The layers of a node that receive weights and send activations."""

    receiving: Layer
    sending: Layer
    hidden: list[Layer]  # all, in the order of activation
    gain: Floats  # by which inputs are multiplied
    reset: Floats | None = None  # the weight from a spike to its own cell


def read(nir: Any, graph: Any, dt: float, spike: str | Squash, reset: str) -> Network:
    """Return the network of a graph."""
    require_type(isinstance(graph, nir.NIRGraph), "graph", "a graph of NIR", graph)
    get(spike)
    nodes, edges = _flat(nir, graph)
    reader = Reader(nodes, edges, dt, spike, reset)
    reader.make_units()
    return reader.network()


def _flat(
    nir: Any, graph: Any, prefix: str = ""
) -> tuple[dict[str, Any], set[tuple[str, str]]]:
    """Return nodes and edges, in which graphs within the graph are replaced by their
    content.
    """
    nodes: dict[str, Any] = {}
    edges: set[tuple[str, str]] = set()
    entries: dict[str, list[str]] = {}
    exits: dict[str, list[str]] = {}
    for name, node in graph.nodes.items():
        if not isinstance(node, nir.NIRGraph):
            nodes[prefix + name] = node
            continue
        inner, inner_edges = _flat(nir, node, f"{prefix}{name}.")
        ends = {end: type(each).__name__ for end, each in inner.items()}
        entries[name] = [b for a, b in inner_edges if ends[a] == "Input"]
        exits[name] = [a for a, b in inner_edges if ends[b] == "Output"]
        kept = {end for end in ends if ends[end] not in ("Input", "Output")}
        nodes |= {end: inner[end] for end in kept}
        edges |= {(a, b) for a, b in inner_edges if a in kept and b in kept}
    for source, target in graph.edges:
        for a in exits.get(source, [prefix + source]):
            for b in entries.get(target, [prefix + target]):
                edges.add((a, b))
    return nodes, edges


def ordered(graph: nx.DiGraph[str], source: str, delays: Collection[str]) -> list[str]:
    """Return nodes in the order of activation. Edges that lead back act one step late.

    Within a cycle, nodes follow their distance from the input. A cycle through a node
    with a delay does not count as a cycle within a step.
    """
    distance = nx.single_source_shortest_path_length(graph, source)

    def key(name: str) -> tuple[int, str]:
        return distance.get(name, len(graph)), name

    within_a_step = graph.copy()
    for cycle in nx.strongly_connected_components(graph):
        within_a_step.remove_edges_from(product(cycle, cycle.intersection(delays)))
    parts = nx.condensation(within_a_step)
    return [
        name
        for component in nx.topological_sort(parts)
        for name in sorted(parts.nodes[component]["members"], key=key)
    ]


class Reader:
    """A network that is being built from a graph."""

    def __init__(
        self,
        nodes: dict[str, Any],
        edges: Iterable[tuple[str, str]],
        dt: float,
        spike: str | Squash,
        reset: str,
    ) -> None:
        self.nodes = nodes
        self.dt = dt
        self.spike = spike
        self.reset = reset
        self.types = {name: type(node).__name__ for name, node in nodes.items()}
        self.graph: nx.DiGraph[str] = nx.DiGraph(sorted(edges))
        self.units: dict[str, Unit] = {}
        for name, node_type in self.types.items():
            if node_type not in (*MAPS, *UNITS, DELAY, "Input", "Output"):
                readable = ", ".join((*MAPS, *UNITS, DELAY))
                raise FormatError(
                    f"The node {name!r} of the kind {node_type} cannot be read."
                    f" Known: Input, Output, {readable}."
                )
        strangers = set(self.graph) - set(nodes)
        if strangers:
            raise FormatError(
                f"Expected edges between nodes, got one of {sorted(strangers)[0]!r},"
                " which is no node."
            )
        self.steps = {
            name: self._steps(name)
            for name, node_type in self.types.items()
            if node_type == DELAY
        }
        if not nx.is_directed_acyclic_graph(self.graph.subgraph(self.steps)):
            raise FormatError("Expected no cycle of nodes that only delay.")
        self.source = self._only("Input")
        self.end = self._only("Output")

    def _only(self, node_type: str) -> str:
        names = [name for name, each in self.types.items() if each == node_type]
        if len(names) != 1 or names[0] not in self.graph:
            raise FormatError(
                f"Expected one node of the kind {node_type} with edges, got"
                f" {len(names)}."
            )
        return names[0]

    def _steps(self, name: str) -> Ints:
        """Return the steps by which a node delays each of its numbers."""
        seconds = self._numbers(self.nodes[name].delay, name)
        steps = nearest_steps(seconds, self.dt)
        whole = np.abs(seconds / self.dt - steps) < 1e-6
        if not (whole & (steps >= 0) & (steps <= MAX_DELAYS)).all():
            raise FormatError(
                f"The delays of {name!r} must be multiples of {self.dt:g} s, the"
                f" dt, from 0 to {MAX_DELAYS:,} of them, got {seconds.tolist()}."
            )
        return np.asarray(steps, np.int64)

    # --- units ------------------------------------------------------------------------

    def make_units(self) -> None:
        """Make the layers of every node, but of weights between two such nodes."""
        self.units[self.source] = self._sums(self.source, self._size(self.source))
        delays = [name for name, steps in self.steps.items() if steps.all()]
        order = ordered(self.graph, self.source, delays)
        order.remove(self.source)
        order.remove(self.end)
        if not order:
            raise FormatError("Expected nodes between the input and the output.")
        for name in order:
            if self._is_sum(name):
                self.types[name] = SUM
        for name in order:
            node_type = self.types[name]
            if node_type in UNITS:
                self.units[name] = self._unit(name)
            elif node_type == SUM or (  # or weights into others than layers
                node_type in MAPS
                and not {*map(self.types.get, self.graph[name])} <= {*LAYERS}
            ):
                self.units[name] = self._sums(name, self._size(name))
        last = [*self.units][-1]
        before = [*self.graph.predecessors(self.end)]
        if before != [last] or last == self.source:
            sizes = {self._size(name) for name in before}
            if len(sizes) != 1:
                raise FormatError(
                    "All nodes that lead to the output must have one size."
                )
            self.units[self.end] = self._sums(self.end, sizes.pop())

    def _is_sum(self, name: str) -> bool:
        """Return whether a node only sums the results of weights."""
        before = {*map(self.types.get, self.graph.predecessors(name))}
        if self.types[name] != "Linear" or before.isdisjoint(MAPS):
            return False
        weight = np.asarray(self.nodes[name].weight)
        size = self._size(name)
        return weight.shape == (size, size) and np.array_equal(weight, np.eye(size))

    def _sums(self, name: str, size: int) -> Unit:
        layer = Layer(size, "identity", name=name)
        return Unit(layer, layer, [layer], np.ones(size))

    def _fixed(
        self, size: int, name: str, bias: Any = 0.0, squash: str | Squash = "identity"
    ) -> Layer:
        layer = Layer(size, squash, bias, name)
        layer.trainable_bias = False
        return layer

    def _unit(self, name: str) -> Unit:
        """Return the layers that represent neurons of NIR, with the connections within
        them.
        """
        node = self.nodes[name]
        node_type = self.types[name]
        size = self._size(name)
        if node_type == "Threshold":
            bias = -self._numbers(node.threshold, name)
            layer = self._fixed(size, name, bias, self.spike)
            return Unit(layer, layer, [layer], np.ones(size))

        share, gain, bias = self._step_of(name)
        if node_type in ("LI", "I"):
            layer = self._fixed(size, name, bias)
            _pass_on(layer, layer, share)
            return Unit(layer, layer, [layer], gain)

        voltage = self._fixed(size, f"{name} voltage", bias)
        threshold = self._numbers(node.v_threshold, name)
        spikes = self._fixed(size, name, -threshold, self.spike)
        leak = _pass_on(voltage, voltage, share)
        _pass_on(voltage, spikes, np.ones(size))
        hidden = [voltage, spikes]
        resets = {
            "value": share * self._numbers(node.v_reset, name),
            "hold": self._numbers(node.v_reset, name),
            "subtract": -threshold,
            "subtract_before_leak": -threshold * share,
            "none": np.zeros(size),
        }
        reset = resets[self.reset]
        entry, through = voltage, gain
        if node_type == "CubaLIF" or self.reset == "hold":
            entry, through = self._fixed(size, f"{name} current"), np.ones(size)
            arriving = _pass_on(entry, voltage, gain)
        if node_type == "CubaLIF":
            of_current = self._share(node.tau_syn, name)
            _pass_on(entry, entry, of_current)
            through = self._numbers(node.w_in, name) * (1.0 - of_current)
        if self.reset in ("value", "hold"):
            keep = self._fixed(size, f"{name} keep", 1.0)
            _pass_on(spikes, keep, -np.ones(size))
            keep.gate(leak, "one_to_one")
            hidden = [keep, *hidden]
        if self.reset == "hold":
            keep.gate(arriving, "one_to_one")
            voltage.biases = np.zeros(size)
            if bias.any():  # a bias cannot be gated, but what `keep` sends is 0 with it
                _pass_on(keep, voltage, bias)
        moved = gain if entry is voltage else gain * through
        self._warn_of_units(name, moved / threshold)
        if entry is voltage:
            return Unit(voltage, spikes, hidden, gain, reset)
        if reset.any():
            _pass_on(spikes, voltage, reset)
        return Unit(entry, spikes, [entry, *hidden], through)

    def _warn_of_units(self, name: str, moved: Floats) -> None:
        """Warn if an input of 1 hardly moves a voltage, by these shares of its
        threshold times its weight.
        """
        weights = [
            np.abs(self.nodes[before].weight).max(initial=1.0)
            for before in self.graph.predecessors(name)
            if self.types[before] in ("Linear", "Affine")
        ]
        most = np.abs(moved).max() * max(weights, default=1.0)
        if most < MIN_VOLTAGE_CHANGE:
            warn(
                f"An input of 1 moves the voltages of {name!r} by {most:.1g} of their"
                f" thresholds or less in a step of {self.dt:g} s. {OF_STEPS}",
                TopologyWarning,
            )

    def _step_of(self, name: str) -> tuple[Floats, Floats, Floats]:
        """Return the fraction of a voltage that a step keeps, the factor of its input,
        and the constant that the step adds if the voltage does not rest at 0.
        """
        node = self.nodes[name]
        resistance = self._numbers(node.r, name)
        if self.types[name] in ("IF", "I"):
            nothing = np.zeros(len(resistance))
            return nothing + 1.0, resistance * self.dt, nothing
        tau = node.tau_mem if self.types[name] == "CubaLIF" else node.tau
        share = self._share(tau, name)
        rest = self._numbers(node.v_leak, name)
        return share, resistance * (1.0 - share), rest * (1.0 - share)

    def _share(self, tau: Any, name: str) -> Floats:
        seconds = self._numbers(tau, name)
        if not (seconds >= self.dt).all():
            raise FormatError(
                f"The time constants of {name!r} must be {self.dt:g} s, the dt,"
                f" or more, got {seconds.min():g}. {OF_NORSE}"
            )
        return np.asarray(1.0 - self.dt / seconds)

    def _numbers(self, values: Any, name: str, size: int | None = None) -> Floats:
        """Return constants of a node, one for each neuron."""
        size = self._size(name) if size is None else size
        try:
            numbers = np.broadcast_to(np.asarray(values, float).ravel(), size)
        except (TypeError, ValueError, OverflowError):
            raise FormatError(
                f"The node {name!r} must have {size} numbers of each kind."
            ) from None
        if not np.isfinite(numbers).all():
            raise FormatError(f"The numbers of {name!r} must be finite.")
        return np.array(numbers)

    def _size(self, name: str) -> int:
        """Return the number of values that a node sends."""
        (shape,) = self.nodes[name].output_type.values()
        if len(shape) > 1 and self.types[name] == "Input":  # sinabs: with that of time
            widths = {
                self.nodes[other].weight.shape[-1]
                for other in self.graph[name]
                if self.types[other] in ("Linear", "Affine")
            }
            shape = shape[-1:] if widths == {shape[-1]} else shape
        return int(np.prod(shape))

    # --- connections ------------------------------------------------------------------

    def network(self) -> Network:
        """Connect the units."""
        for name, unit in self.units.items():
            if name != self.source:
                self._connect(name, unit)
        layers = [layer for unit in self.units.values() for layer in unit.hidden]
        return Network(layers[0], layers[1:-1], layers[-1])

    def _connect(self, name: str, unit: Unit) -> None:
        """Add the weights into a unit, and its biases."""
        # by the unit that they lead from, and their delay
        weights: dict[tuple[str, int], NDArray[np.float64]] = {}
        size = len(unit.receiving)
        bias = np.zeros(size)
        if unit.reset is not None and unit.reset.any():
            weights[name, 0] = np.diag(unit.reset / unit.gain)
        for source, steps, matrix, shift in self._senders(name):
            count = len(self.units[source].sending)
            matrix = self._fitting(matrix, size, count, name)
            if len(steps) not in (1, count):
                raise FormatError(
                    f"Expected {count} delays between {source!r} and {name!r}, got"
                    f" {len(steps)}."
                )
            for delay in np.unique(steps).tolist():
                delayed = np.where(steps == delay, matrix, 0.0)
                key = source, delay
                weights[key] = weights.get(key, 0.0) + delayed
            if shift is not None:
                bias += self._numbers(shift, name, size)
                unit.receiving.trainable_bias = True
        unit.receiving.biases = unit.receiving.biases + unit.gain * bias
        for (source, delay), matrix in weights.items():
            sending = self.units[source].sending
            loops = sending is unit.receiving and not delay
            if loops and np.diagonal(matrix).any():
                raise FormatError(
                    f"The weights from the neurons of {name!r} to themselves cannot"
                    " be read, because these neurons have a leak already."
                )
            scaled = (matrix * unit.gain[:, None]).T
            pairs = np.nonzero(scaled)
            if len(pairs[0]):
                sending.project(
                    unit.receiving, pairs, weights=scaled[pairs], delay=delay
                )

    def _senders(self, name: str) -> list[tuple[str, Ints, Any, Any]]:
        """Return the units before one, each with its delays, its weights (None: 1 to 1)
        and biases.
        """
        if self.types[name] in MAPS:  # sums of these weights
            matrix, bias = self._weights(name)
            return [(*before, matrix, bias) for before in self._units_before(name)]
        senders: list[tuple[str, Ints, Any, Any]] = []
        for before in self._units_before(name):
            if before[0] in self.units:
                senders.append((*before, None, None))
                continue
            matrix, bias = self._weights(before[0])
            for other in self._units_before(before[0]):
                senders.append((*other, matrix, bias))
                bias = None  # once
        return senders

    def _units_before(self, name: str) -> list[tuple[str, Ints]]:
        """Return the nodes before one that are no delays, with the steps between."""
        found: list[tuple[str, Ints]] = []
        for before in self.graph.predecessors(name):
            if before in self.steps:
                own = self.steps[before]
                further = self._units_before(before)
                found += [(other, own + steps) for other, steps in further]
            else:
                found.append((before, np.zeros(1, np.int64)))
        return found

    def _weights(self, name: str) -> tuple[Any, Any]:
        node = self.nodes[name]
        node_type = self.types[name]
        if node_type == "Flatten":
            return None, None
        if node_type == "Scale":
            return np.diag(np.asarray(node.scale, float).ravel()), None
        return np.asarray(node.weight, float), getattr(node, "bias", None)

    def _fitting(self, matrix: Any, rows: int, columns: int, name: str) -> Floats:
        """Return weights of the right shape."""
        weights = np.eye(columns) if matrix is None else matrix
        if weights.shape != (rows, columns):
            raise FormatError(
                f"Expected weights of shape {(rows, columns)} into {name!r}, got"
                f" {weights.shape}."
            )
        if not np.isfinite(weights).all():
            raise FormatError(f"The weights into {name!r} must be finite.")
        return np.asarray(weights)


def _pass_on(source: Layer, target: Layer, weights: Floats) -> Any:
    return source.project(target, "one_to_one", weights=weights, trainable=False)
