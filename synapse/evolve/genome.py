"""Genome: nodes and connections with innovation numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from .._checks import positive_integer, read_only
from ..engine.evolution.genes import GENE, NOBODY, NODE, SLOPE, STATE
from ..engine.functions.activations import LOGISTIC
from ..errors import TopologyError
from ..initializers import Seed, random_generator
from ..objects.network import Network, require_network
from ..objects.topology import Topology
from .phenotype import Phenotype
from .phenotypes import Phenotypes
from .settings import codes_of


@final
@dataclass(frozen=True, eq=False, repr=False)
class Genome:
    """A network as NEAT evolves it: nodes, and connections with innovation numbers.

    Logistic nodes compute 1 / (1 + e^(-4.9 s)), as in the paper. In a `Network`, 4.9 is a factor of the
    weights and biases.

    Parameters
    ----------
    nodes : structured ndarray, shape (nodes,)
        ``id``, ``position`` in the order of activation, and the code of the ``squash``, sorted by id: inputs,
        the bias, outputs, hidden nodes.
    genes : structured ndarray, shape (connections,)
        ``innovation``, ``source``, ``target``, ``gater`` (ids of nodes; -1: no gater), ``weight``, and
        ``enabled``, sorted by innovation number. Connections from the bias are biases. A source of -2 is the
        previous state of the target.
    inputs, outputs : int
        Number of input and output nodes.

    See Also
    --------
    neat : Evolve genomes.

    Examples
    --------
    >>> from synapse import evolve
    >>> genome = evolve.Genome.minimal(2, 1, seed=0)
    >>> genome, genome.network()
    (<Genome 2-0-1, 3 connections>, <Network 2-1, 3 neurons, 2 connections>)
    """

    nodes: NDArray[Any]
    genes: NDArray[Any]
    inputs: int
    outputs: int

    def __post_init__(self) -> None:
        for name in ("nodes", "genes"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    def __repr__(self) -> str:
        enabled = int(np.count_nonzero(self.genes["enabled"]))
        return f"<Genome {self.inputs}-{self.hidden}-{self.outputs}, {enabled} connections>"

    @property
    def hidden(self) -> int:
        """Number of hidden nodes."""
        return len(self.nodes) - self.inputs - self.outputs - 1

    @classmethod
    def minimal(cls, inputs: int, outputs: int, *, seed: Seed = None) -> Genome:
        """Make the genome with which NEAT begins: inputs and the bias are connected to all outputs.

        Parameters
        ----------
        inputs, outputs : int
            Number of nodes.
        seed : int or numpy.random.Generator, optional
            Seed of the weights, which are uniform from -1 to 1.
        """
        inputs, outputs = positive_integer("The inputs", inputs), positive_integer("The outputs", outputs)
        nodes = _ends(inputs, outputs, 0)
        genes = np.zeros((inputs + 1) * outputs, GENE)
        genes["innovation"] = np.arange(len(genes))
        genes["source"] = np.repeat(np.arange(inputs + 1), outputs)
        genes["target"] = inputs + 1 + np.tile(np.arange(outputs), inputs + 1)
        genes["gater"], genes["enabled"] = NOBODY, 1
        genes["weight"] = random_generator(seed).uniform(-1.0, 1.0, len(genes))
        return cls(nodes, genes, inputs, outputs)

    @classmethod
    def from_network(cls, network: Network) -> Genome:
        """Make a genome that computes what a network computes.

        Ties, traces and the context are left out.

        Parameters
        ----------
        network : Network
            Network without connections to other neurons, whose activation functions are built in and of one
            state. Its inputs have no incoming connections.

        Raises
        ------
        ArgumentError, ArgumentTypeError, TopologyError
            If it is not such a network.
        """
        table = Topology.of(require_network("The network", network)).require_closed("converted to a genome")
        inputs, outputs, count = table.inputs, table.outputs, table.neurons
        if (table.target < inputs).any():
            raise TopologyError("Expected inputs without incoming connections, which no genome has.")
        hidden = count - inputs - outputs
        nodes = _ends(inputs, outputs, hidden)
        number = np.concatenate(  # ids by place in the order of activation
            [np.arange(inputs), inputs + outputs + 1 + np.arange(hidden), inputs + 1 + np.arange(outputs)]
        )
        codes = codes_of(table.squash[inputs:])
        nodes["squash"][inputs + 1 :] = np.append(codes[hidden:], codes[:hidden])
        biased = inputs + np.flatnonzero(table.bias[inputs:])
        genes = np.zeros(table.connections + len(biased), GENE)
        genes["innovation"], genes["enabled"] = np.arange(len(genes)), 1
        source = np.where(table.source == table.target, STATE, number[table.source])
        genes["source"] = np.append(source, np.full(len(biased), inputs))
        genes["target"] = np.append(number[table.target], number[biased])
        gater = np.where(table.gater < 0, NOBODY, number[table.gater])
        genes["gater"] = np.append(gater, np.full(len(biased), NOBODY))
        target = np.append(table.target, biased)
        steep = (codes[target - inputs] == LOGISTIC) & (genes["source"] != STATE)
        genes["weight"] = np.append(table.weight, table.bias[biased]) / np.where(steep, SLOPE, 1.0)
        return cls(nodes, genes, inputs, outputs)

    def phenotype(self) -> Phenotype:
        """Return what the genome computes, with an empty context."""
        at = np.array([[0, len(self.nodes), 0, len(self.genes)]])
        return Phenotypes.express(self.nodes, self.genes, at, self.inputs, self.outputs)[0]

    def network(self) -> Network:
        """Return a new network that computes the same. Genes that are disabled are left out."""
        return self.phenotype().network()


def _ends(inputs: int, outputs: int, hidden: int) -> NDArray[Any]:
    """Nodes of a genome; hidden ones are at equal distances."""
    nodes = np.zeros(inputs + 1 + outputs + hidden, NODE)
    nodes["id"] = np.arange(len(nodes))
    nodes["squash"] = LOGISTIC
    nodes["squash"][inputs] = NOBODY
    nodes["position"][inputs + 1 : inputs + 1 + outputs] = 1.0
    nodes["position"][inputs + 1 + outputs :] = np.arange(1, hidden + 1) / (hidden + 1)
    return nodes
