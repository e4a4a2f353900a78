"""Mutations of structure. They are rare, so they are plain Python."""

from __future__ import annotations

import struct
from bisect import bisect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.evolution.genes import GENE, NOBODY, NODE

if TYPE_CHECKING:
    from .population import Population

MUTATIONS = (
    "add_node", "add_connection", "add_self_connection", "add_gate", "remove_gate", "mutate_squash",
    "remove_connection", "remove_node",
)  # fmt: skip
"""In this order. Each is a method of `Child`, and a probability of `Settings`."""

NODE_FORM, GENE_FORM = (
    struct.Struct("=" + "".join("q" if kind[name].kind == "i" else "d" for name in kind.names or ()))
    for kind in (NODE, GENE)
)
"""Rows of the arrays as tuples: four times as fast as NumPy's own conversion."""
LAST_POSITION = 1.0 - 2.0**-50
"""Positions of hidden nodes are below those of outputs, also after fifty splits in a row."""
INNOVATION, SOURCE, TARGET, GATER, WEIGHT, ENABLED = range(6)
ID, POSITION, SQUASH = range(3)
"""Fields of a gene and of a node."""


class Child:
    """A genome of a population as lists, which mutates and is then written back to its place.

    Behind that place is room for one node and four genes, which are all that one round of mutations adds.
    """

    def __init__(
        self, population: Population, index: int, splits: dict[int, int], numbers: Iterator[float]
    ) -> None:
        self.population, self.index, self._numbers = population, index, numbers
        self.place, self._splits = population.at[index], splits
        self.n0, n1, self.c0, c1 = self.place.tolist()
        self.nodes = list(NODE_FORM.iter_unpack(population.nodes[self.n0 : n1].tobytes()))
        self.genes = list(GENE_FORM.iter_unpack(population.genes[self.c0 : c1].tobytes()))
        self.bias, self.ends = population.inputs, population.inputs + population.outputs
        self._before = self.nodes.copy(), self.genes.copy()

    def write(self) -> None:
        """Write it back, if it has changed."""
        if (self.nodes, self.genes) == self._before:
            return
        n1, c1 = self.n0 + len(self.nodes), self.c0 + len(self.genes)
        nodes = b"".join([NODE_FORM.pack(*node) for node in self.nodes])
        genes = b"".join([GENE_FORM.pack(*gene) for gene in self.genes])
        self.population.nodes[self.n0 : n1] = np.frombuffer(nodes, NODE)
        self.population.genes[self.c0 : c1] = np.frombuffer(genes, GENE)
        self.place[1], self.place[3] = n1, c1

    def _one_of(self, several: list[Any]) -> Any:
        """A random one of several."""
        return several[int(next(self._numbers) * len(several))]

    def _change(self, row: int, field: int, value: Any) -> None:
        gene = self.genes[row]
        self.genes[row] = (*gene[:field], value, *gene[field + 1 :])

    def _add(self, source: int, target: int, gater: int, weight: float) -> None:
        """Insert a gene in the order of innovation numbers."""
        number = self.population.innovation_of(source, target)
        row = len(self.genes)
        if row and self.genes[-1][INNOVATION] > number:
            row = bisect(self.genes, number, key=lambda gene: gene[INNOVATION])
        self.genes.insert(row, (number, source, target, gater, weight, 1))

    def add_node(self) -> None:
        """Split an enabled connection: weight 1 into the new node, the old weight and gater out of it.

        Neither self-connections nor those from the bias are split. The same connection has the same new node
        in all genomes of a generation.
        """
        rows = [
            row
            for row, gene in enumerate(self.genes)
            if gene[ENABLED] and gene[SOURCE] not in (gene[TARGET], self.bias)
        ]
        if not rows:
            return
        row = self._one_of(rows)
        number, source, target, gater, weight, _ = self.genes[row]
        if number not in self._splits:
            self._splits[number] = self.population.next_node
            self.population.next_node += 1
        position = {node[ID]: node[POSITION] for node in self.nodes}
        middle = 0.5 * (position[source] + position[target])
        middle = 0.5 if middle >= 1.0 else min(middle, LAST_POSITION)  # 1 is between two outputs
        self._change(row, ENABLED, 0)
        self.nodes.append((self._splits[number], middle, self.population.squashes[0]))
        self._add(source, self._splits[number], NOBODY, 1.0)
        self._add(self._splits[number], target, gater, weight)

    def add_connection(self) -> None:
        """Connect two nodes: forward, or with the probability `recurrent` backward.

        Nodes activate in the order of their positions, and of their ids where these are equal. A backward
        connection carries the activation of the previous step.
        """
        settings = self.population.settings
        backward = next(self._numbers) < settings.recurrent
        known = {(gene[SOURCE], gene[TARGET]) for gene in self.genes}
        pairs = [
            (source, target)
            for target, after, _ in self.nodes[self.bias + 1 :]
            for source, before, _ in self.nodes
            if (before > after or (before == after and source > target)) == backward
            and source != target
            and (source, target) not in known
        ]
        if pairs:
            weight = settings.weight_range * (2.0 * next(self._numbers) - 1.0)
            source, target = self._one_of(pairs)
            self._add(source, target, NOBODY, weight)

    def add_self_connection(self) -> None:
        """Connect a node to itself with weight 1, so that it carries over its state."""
        known = {gene[SOURCE] for gene in self.genes if gene[SOURCE] == gene[TARGET]}
        nodes = [node[ID] for node in self.nodes[self.bias + 1 :] if node[ID] not in known]
        if nodes:
            node = self._one_of(nodes)
            self._add(node, node, NOBODY, 1.0)

    def add_gate(self) -> None:
        """Let a node other than the bias gate a connection without a gater that is not a bias."""
        rows = [
            row
            for row, gene in enumerate(self.genes)
            if gene[ENABLED] and gene[GATER] == NOBODY and gene[SOURCE] != self.bias
        ]
        if rows:
            gater = self._one_of([node[ID] for node in self.nodes if node[ID] != self.bias])
            self._change(self._one_of(rows), GATER, gater)

    def remove_gate(self) -> None:
        """Remove a gate."""
        rows = [row for row, gene in enumerate(self.genes) if gene[GATER] != NOBODY]
        if rows:
            self._change(self._one_of(rows), GATER, NOBODY)

    def mutate_squash(self) -> None:
        """Give a hidden node a random activation function."""
        rows = list(range(self.ends + 1, len(self.nodes)))
        if rows:
            row = self._one_of(rows)
            self.nodes[row] = (*self.nodes[row][:SQUASH], self._one_of(self.population.squashes))

    def remove_connection(self) -> None:
        """Remove a connection, and hidden nodes that have none then."""
        if self.genes:
            del self.genes[int(next(self._numbers) * len(self.genes))]
            self._drop_loose()

    def remove_node(self) -> None:
        """Remove a hidden node with its connections and gates."""
        hidden = [node[ID] for node in self.nodes[self.ends + 1 :]]
        if hidden:
            node = self._one_of(hidden)
            self.genes = [gene for gene in self.genes if node not in (gene[SOURCE], gene[TARGET])]
            self._drop_loose()

    def _drop_loose(self) -> None:
        """Remove hidden nodes without any connection, and their gates."""
        linked = {gene[end] for gene in self.genes for end in (SOURCE, TARGET)}
        self.nodes = [node for node in self.nodes if node[ID] <= self.ends or node[ID] in linked]
        there = {node[ID] for node in self.nodes}
        for row, gene in enumerate(self.genes):
            if gene[GATER] != NOBODY and gene[GATER] not in there:
                self._change(row, GATER, NOBODY)
