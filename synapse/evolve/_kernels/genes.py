"""Define the arrays of evolution, with one row per node, gene or neuron. Kernels and
Python share these declarations.

A population is flat: the nodes ``at[g, 0] .. at[g, 1]`` and the genes
``at[g, 2] .. at[g, 3]`` belong to genome g. Nodes are sorted by id, in the order
inputs, bias, outputs, hidden nodes. Except for hidden nodes, the id is the index. Genes
are sorted by innovation number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...engine.language import COMPILES


def record(fields: list[tuple[str, str]]) -> np.dtype[Any]:
    """Return the type of rows with these fields. Without the compiler, rows also have
    them as attributes.
    """
    return np.dtype(fields) if COMPILES else np.dtype((np.record, fields))


NODE = record([("id", "i8"), ("position", "f8"), ("squash", "i8")])
"""A node of a genome. Inputs have position 0, outputs 1, and a node that splits a
connection is halfway between its ends."""

GENE = record(
    [(name, "i8") for name in ("innovation", "source", "target", "gater")]
    + [("weight", "f8"), ("enabled", "i8"), ("sign", "i8"), ("late", "i8")]
)
"""A connection of a genome. Ends are ids of nodes, and the source STATE stands for the
previous state of the target. Mutations keep a weight on the side of its sign, which is
+1, -1, or 0 for no sign. A late connection (1) carries the activation of the previous
step even forward."""

KNOWN = record([("source", "i8"), ("target", "i8"), ("split", "i8")])
"""A connection that some genome has had, by innovation number, and the latest node that
has split it."""

NEURON = record(
    [
        ("bias", "f8"),
        ("carry", "f8"),  # weight of the self-connection; 0: none
        ("carry_gater", "i8"),
        ("squash", "i8"),
        ("first", "i8"),  # its incoming links, counted from the first one of its genome
        ("stop", "i8"),
        ("id", "i8"),
        ("gene", "i8"),  # place in its genome of the gene of its bias; NOBODY: none
    ]
)
"""A neuron of a phenotype, in the order of activation: inputs, hidden neurons,
outputs."""

LINK = record(
    [("weight", "f8")] + [(name, "i8") for name in ("source", "gater", "gene", "late")]
)
"""An incoming connection of a phenotype. Ends are positions in the order of activation,
and `gene` is the position in the genome. A late connection leads forward, and carries
the previous activation."""


class Generation(NamedTuple):
    """All genomes of a generation, with the bounds of each in ``at``."""

    nodes: Any
    genes: Any
    at: Any


class Child(NamedTuple):
    """A genome that is being made, which is the last one of the new generation."""

    nodes: Any  # of the whole generation, as the genes
    genes: Any
    place: Any  # its row of ``at``; it moves when nodes or genes are added


class Innovations(NamedTuple):
    """The innovations of a population so far."""

    known: Any  # rows of `KNOWN`
    counters: Any  # see `NEXT_NODE`


class ParentSelection(NamedTuple):
    """The selection of parents. Arrays are indexed by species, except `order` and
    `fitness`.
    """

    quota: Any  # number of children
    order: Any  # genomes by species, the fittest first
    first: Any  # where those of a species begin in `order`
    sizes: Any  # number of its genomes
    fitness: Any  # by genome


class Phenotypes(NamedTuple):
    """The neurons of genomes, as kernels run them."""

    neurons: Any
    links: Any
    offsets: Any  # by genome: where its neurons and its links begin
    any_squash: int  # address of `fire_any`, or 0: all are logistic
    value: Any  # activations and states of the genome that is run
    state: Any
    before: Any  # activations of the step before; empty: no link is late


NOBODY = -1
STATE = -2
NODE0, NODE1, GENE0, GENE1 = range(4)
"""Columns of ``at``."""
NEXT_NODE, INNOVATIONS = range(2)
"""Indices into the counters of a population: the id of the next new node, and the
number of known connections."""

MORE_NODES = 1
MORE_GENES = 4
"""Maximum number of genes that mutations can add to a child in a generation."""

SLOPE = 4.9
"""Factor of the state in logistic nodes, which compute 1 / (1 + e^(-4.9 s)), see
section 4.1 of the paper."""

FEW_GENES = 20
"""Number of genes below which genomes are compared by numbers of genes instead of
fractions, see section 3.3 of the paper."""
