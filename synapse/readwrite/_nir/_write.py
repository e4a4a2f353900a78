"""Write a network as a graph of NIR, after finding the cells among the layers, and the
weights between them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NoReturn

import networkx as nx
import numpy as np

from ..._typing import Bools, Floats, Ints
from ..._ways import COMMON_CLOCK, FOREIGN_LAYER
from ...errors import FormatError
from ...objects.network import Network
from ...objects.topology import NO_GATER, Topology, require_released
from ._read import ordered

SPIKES = "spike", "super_spike", "arctan_spike"
INPUT = "input"
CELLS = "cells"
THRESHOLDS = "thresholds"
LEAKY = "leaky"
SUMS = "sums"
"""Roles of groups. Cells are voltages with their spikes, and the neurons that reset
them."""


@dataclass(frozen=True)
class Group:
    """Neurons that form one node: the rows that receive weights, and the rows that send
    activations, in one order.
    """

    name: str
    role: str
    receiving: Ints
    sending: Ints
    share: Floats = field(default_factory=lambda: np.zeros(0))  # that a step keeps
    threshold: Floats = field(default_factory=lambda: np.zeros(0))
    # Of a current that enters the voltage: the share it keeps, and its weight.
    current: tuple[Floats, Floats] | None = None


def written(nir: Any, network: Network, dt: float) -> Any:
    """Return the graph of a network."""
    table = Topology.of(network)._require_closed("written as NIR")
    require_released(network, "written as NIR")
    if table.synchronous:
        raise COMMON_CLOCK.error(network=network, doing="written as NIR")
    writer = NIRWriter(nir, table, dt)
    writer.find_groups()
    writer.merge_currents()
    writer.add_nodes()
    writer.add_weights()
    writer.merge_output()
    return nir.NIRGraph(nodes=writer.nodes, edges=writer.edges)


class NIRWriter:
    """A graph in the making, and which connections it has already."""

    def __init__(self, nir: Any, table: Topology, dt: float) -> None:
        self.nir = nir
        self.table = table
        self.dt = dt
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.groups: list[Group] = []
        # By which its incoming weights are multiplied, as most programs take r for 1
        self.gains: dict[str, Any] = {}
        self.delays: list[str] = []  # names of their nodes
        self.late = table.late
        self.done: Bools = table._self_connected.copy()

        # The self-connection of each neuron: its weight (NaN: none) and gater.
        loops = table._self_connected
        self.self_weight = np.full(table.neurons, np.nan)
        self.self_weight[table.source[loops]] = table.weight[loops]
        self.self_gater = np.full(table.neurons, NO_GATER)
        self.self_gater[table.source[loops]] = table.gater[loops]

    # --- groups -----------------------------------------------------------------------

    def find_groups(self) -> None:
        """Find the node of each layer."""
        table = self.table
        gaters = set(table.gater[table.gated].tolist())
        cells_of: dict[int, Group] = {}  # by the layer of their spikes
        consumed: set[int] = set()
        for number in range(len(table.layers)):
            rows = np.flatnonzero(table.layer == number)
            if self._are_spikes(rows):
                cells = self._cells(number, rows)
                if cells is not None:
                    cells_of[number] = cells
                    consumed.update(cells.receiving.tolist())
                    consumed.update(self.self_gater[cells.receiving].tolist())
        for number, name in enumerate(table.layers):
            rows = np.flatnonzero(table.layer == number)
            if number in cells_of:
                self.groups.append(cells_of[number])
            elif number == 0:
                self.groups.append(Group(name, INPUT, rows, rows))
            elif consumed.issuperset(rows.tolist()):
                continue
            elif consumed & set(rows.tolist()) or gaters & set(rows.tolist()):
                self._refuse(
                    number,
                    "it gates connections, and is no part of a cell that NIR has",
                )
            else:
                self.groups.append(self._single(number, rows))
        names = [group.name for group in self.groups]
        if len(set(names)) < len(names):
            raise FormatError("Every layer must have a name of its own.")

    def _are_spikes(self, rows: Ints) -> bool:
        return all(self.table.squash[row].partition("(")[0] in SPIKES for row in rows)

    def _cells(self, number: int, spikes: Ints) -> Group | None:
        """Return the cells that a layer of spikes belongs to, or None if it has no
        voltages.
        """
        table = self.table
        links = np.array([self._only_link_into(row) for row in spikes])
        if (links < 0).any():
            return None
        voltages = table.source[links]
        gated = self.self_gater[voltages] != NO_GATER
        if np.isnan(self.self_weight[voltages]).any() or not gated.any():
            return None
        if not gated.all():
            self._refuse(number, "its spikes do not set their voltages to 0")
        keep = self.self_gater[voltages]
        resets = np.array([self._only_link_into(row) for row in keep])
        sets_to_0 = (
            (resets >= 0)
            & (table.source[resets] == spikes)
            & (table.weight[resets] == -1.0)
            & self.late[resets]
            & (table.bias[keep] == 1.0)
            & (table.weight[links] > 0.0)
        )
        plain = [table.squash[row] == "identity" for row in (*voltages, *keep)]
        if not (sets_to_0.all() and all(plain)):
            self._refuse(number, "its spikes do not set their voltages to 0")
        self.done[links] = True
        self.done[resets] = True
        threshold = -table.bias[spikes] / table.weight[links]
        share = self.self_weight[voltages]
        return Group(table.layers[number], CELLS, voltages, spikes, share, threshold)

    def _only_link_into(self, row: int) -> int:
        """Return the connection into a neuron, if it is the only one, without a gate
        and a delay; else -1.
        """
        table = self.table
        links = np.flatnonzero((table.target == row) & ~table._self_connected)
        plain = (table.gater[links] == NO_GATER) & (table.delay[links] == 0)
        return int(links[0]) if len(links) == 1 and plain.all() else -1

    def _single(self, number: int, rows: Ints) -> Group:
        """Return a layer that is a node by itself: thresholds, leaky neurons or
        sums.
        """
        name = self.table.layers[number]
        share = self.self_weight[rows]
        if self._are_spikes(rows):
            if not np.isnan(share).all():
                self._refuse(number, "its spikes have self-connections")
            return Group(name, THRESHOLDS, rows, rows, threshold=np.zeros(len(rows)))
        if any(self.table.squash[row] != "identity" for row in rows):
            self._refuse(number, "its squash is neither a spike nor the identity")
        if (self.self_gater[rows] != NO_GATER).any():
            self._refuse(number, "it has gated self-connections, but no spikes")
        if np.isnan(share).all():
            return Group(name, SUMS, rows, rows)
        if np.isnan(share).any():
            self._refuse(number, "some of its neurons are leaky, others are not")
        return Group(name, LEAKY, rows, rows, share)

    def _refuse(self, number: int, reason: str) -> NoReturn:
        raise FOREIGN_LAYER.error(layer=self.table.layers[number], reason=reason)

    def merge_currents(self) -> None:
        """Merge leaky neurons, if they lead one to one to cells and to nothing else,
        with these cells as their currents (CubaLIF).
        """
        table = self.table
        for cells in [group for group in self.groups if group.role == CELLS]:
            links = np.array([self._only_link_into(row) for row in cells.receiving])
            if (links < 0).any() or self.late[links].any():
                continue
            sources = table.source[links]
            leaky = self._group_of(sources)
            leaving = np.isin(table.source, sources) & ~table._self_connected
            if leaky is None or leaky.role != LEAKY or leaving.sum() != len(links):
                continue
            if table.bias[cells.receiving].any():
                continue
            self.done[links] = True
            share = self.self_weight[sources]
            current = share, table.weight[links]
            merged = replace(cells, receiving=sources, current=current)
            self.groups[self.groups.index(cells)] = merged
            self.groups.remove(leaky)

    def _group_of(self, rows: Ints) -> Group | None:
        """Return the group that sends exactly these rows, in any order."""
        wanted = set(rows.tolist())
        for group in self.groups:
            if set(group.sending.tolist()) == wanted and len(rows) == len(wanted):
                return group
        return None

    # --- nodes ------------------------------------------------------------------------

    def add_nodes(self) -> None:
        """Add the node of each group, and the output."""
        for group in self.groups:
            self.nodes[group.name] = self._node(group)
        end = last = group.name
        while end in self.nodes:
            end += " out"
        self.nodes[end] = self.nir.Output(np.array([len(group.sending)]))
        self.edges.append((last, end))

    def _node(self, group: Group) -> Any:
        nir = self.nir
        size = len(group.sending)
        if group.role == INPUT:
            return nir.Input(np.array([size]))
        if group.role == SUMS:  # few programs read a Scale
            return nir.Linear(np.eye(size))
        if group.role == THRESHOLDS:
            return nir.Threshold(group.threshold)
        tau = self._time_constants(group, group.share)
        rest = np.zeros(size)
        if np.isinf(tau).all():
            gain = np.full(size, 1.0 / self.dt)
            if group.role == LEAKY:
                return nir.I(r=gain)
            if group.current is None:
                return nir.IF(r=gain, v_threshold=group.threshold, v_reset=rest)
        if np.isinf(tau).any():
            raise FormatError(
                f"The layer {group.name!r} cannot be written as NIR: some of its"
                " neurons leak, others do not."
            )
        steps = tau / self.dt
        settings = {"v_leak": rest, "v_threshold": group.threshold, "v_reset": rest}
        if group.current is not None:
            share, self.gains[group.name] = group.current
            tau_of_current = self._time_constants(group, share)
            return nir.CubaLIF(
                tau_syn=tau_of_current,
                tau_mem=tau,
                r=steps,
                w_in=tau_of_current / self.dt,
                **settings,
            )
        # Norse takes r for 1. With several time constants, snnTorch needs another r.
        r = np.ones(size) if len({*tau}) == 1 else steps
        self.gains[group.name] = steps / r
        if group.role == LEAKY:
            return nir.LI(tau=tau, r=r, v_leak=rest)
        return nir.LIF(tau=tau, r=r, **settings)

    def _time_constants(self, group: Group, share: Floats) -> Floats:
        """Return time constants in seconds, which are infinite for neurons without a
        leak.
        """
        if ((share < 0.0) | (share > 1.0)).any():
            raise FormatError(
                f"The layer {group.name!r} cannot be written as NIR: expected"
                " self-connections to have weights from 0 to 1."
            )
        with np.errstate(divide="ignore"):
            return np.asarray(self.dt / (1.0 - share))

    # --- weights ----------------------------------------------------------------------

    def add_weights(self) -> None:
        """Add a node for the weights from each group to each other one."""
        table = self.table
        for target in table.target[table.gated & ~self.done][:1]:
            self._refuse(int(table.layer[target]), "it has gated connections")
        late: dict[tuple[str, str], bool] = {}
        for target in self.groups:
            bias = table.bias[target.receiving] * self.gains.get(target.name, 1.0)
            for source in self.groups:
                links = np.isin(table.source, source.sending) & ~self.done
                links &= np.isin(table.target, target.receiving)
                for delay in np.unique(table.delay[links]).tolist():
                    mine = links & (table.delay == delay)
                    if not delay:
                        late[source.name, target.name] = bool(self.late[mine].any())
                    self._add_matrix(source, target, mine, bias, delay)
                    bias = np.zeros(len(bias))
            if bias.any():
                raise FormatError(
                    f"The layer {target.name!r} cannot be written as NIR: it has"
                    " biases, but no connections from other layers."
                )
        if not self.done.all():
            link = np.flatnonzero(~self.done)[0]
            ends = table.label[table.source[link]], table.label[table.target[link]]
            raise FormatError(
                f"The connection from {ends[0]} to {ends[1]} cannot be written as NIR:"
                " it leads into or out of the inside of a cell."
            )
        graph = nx.DiGraph(sorted(self.edges))
        order = ordered(graph, self.groups[0].name, self.delays)
        for (source_name, target_name), is_late in late.items():
            if is_late != (order.index(source_name) >= order.index(target_name)):
                raise FormatError(
                    f"The connections from {source_name!r} to {target_name!r} cannot be"
                    " written as NIR, where only the connection that closes a cycle is"
                    " one step late."
                )

    def _add_matrix(
        self, source: Group, target: Group, links: Bools, bias: Floats, delay: int
    ) -> None:
        """Add the node of these connections, which have one delay, and of the delay."""
        table = self.table
        column = np.zeros(table.neurons, int)
        column[source.sending] = np.arange(len(source.sending))
        row = np.zeros(table.neurons, int)
        row[target.receiving] = np.arange(len(target.receiving))
        weight = np.zeros((len(target.receiving), len(source.sending)))
        weight[row[table.target[links]], column[table.source[links]]] = table.weight[
            links
        ]
        weight *= np.reshape(self.gains.get(target.name, 1.0), (-1, 1))
        self.done |= links
        name, begin = f"{source.name} to {target.name}", source.name
        if delay:
            name, begin = f"{name}, delay {delay}", f"{begin}, delay {delay}"
            self._add_delay(source, begin, delay)
        node = self.nir.Linear(weight)
        if bias.any():
            node = self.nir.Affine(weight, bias)
        self._add(name, node)
        self.edges += pairwise((begin, name, target.name))

    def merge_output(self) -> None:
        """Leave out the last sums if one node leads into them and the output alone
        follows, because the latter is a sum itself.
        """
        last = self.groups[-1]
        entering = [edge for edge in self.edges if edge[1] == last.name]
        leaving = [edge for edge in self.edges if edge[0] == last.name]
        if last.role == SUMS and len(entering) == len(leaving) == 1:
            self.edges.remove(leaving[0])
            self.nodes[last.name] = self.nodes.pop(leaving[0][1])

    def _add_delay(self, source: Group, name: str, delay: int) -> None:
        """Add the node that delays a group's output, unless it exists already."""
        if name not in self.delays:
            seconds = np.full(len(source.sending), delay * self.dt)
            self._add(name, self.nir.Delay(seconds))
            self.delays.append(name)
            self.edges.append((source.name, name))

    def _add(self, name: str, node: Any) -> None:
        if name in self.nodes:
            raise FormatError(
                f"No layer must be named {name!r}, which is the name of a node."
            )
        self.nodes[name] = node
