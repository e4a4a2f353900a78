"""Represent genomes by nodes and connections with innovation numbers, and compute their
outputs.
"""

from __future__ import annotations

import re
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import (
    as_matrix,
    expected,
    finite_number,
    pluralize,
    positive_integer,
    read_only,
    row_of,
    suggests_arguments,
)
from .._initializer import Seed, random_generator
from .._squash import Squash
from .._typing import Floats, Ints
from .._ways import COMMON_CLOCK
from ..engine.functions.activations import ACTIVATIONS, LOGISTIC, SINGLE
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from ..objects.network import Network, require_network
from ..objects.saved import SavedNetwork
from ..objects.topology import NO_GATER, Topology, require_delays, require_released
from ._kernels.genes import GENE, NOBODY, NODE, SLOPE, STATE
from ._kernels.phenotype import expressed, run_phenotype
from ._settings import codes_of

NAMES = np.array(list(ACTIVATIONS), object)
NODE_NAME = re.compile(r"node (\d{1,9})")
"""Names of hidden neurons, which contain the id of the node."""
SINGLES = [
    function.code for function in ACTIVATIONS.values() if function.family == SINGLE
]


@final
class Genome:
    """A network as NEAT evolves it, consisting of nodes, and connections with
    innovation numbers.

    A fitness in Python is called with a genome. Its methods :meth:`activate`,
    :meth:`run` and :meth:`clear` give the same results as its :meth:`network`, and take
    microseconds. Logistic nodes compute 1 / (1 + e^(-4.9 s)), as in the paper. In a
    `Network`, 4.9 is a factor of the weights and biases.

    Parameters
    ----------
    nodes : structured ndarray, shape (nodes,)
        The ``id``, the ``position`` in the order of activation, and the code of the
        ``squash`` for each node. Nodes are sorted by id: inputs, the bias, outputs,
        hidden nodes.
    genes : structured ndarray, shape (connections,)
        The ``innovation``, the ``source``, ``target`` and ``gater`` (ids of nodes, or
        -1 without a gater), the ``weight``, ``enabled``, the ``sign`` (0 without one),
        and ``late`` (1 if it carries the activation of the previous step even forward)
        for each connection, sorted by innovation number. Connections from the bias are
        biases. A source of -2 is the previous state of the target.
    inputs, outputs : int
        Number of input and output nodes.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the arrays do not form a genome, for example if the source of a connection is
        not a node.

    See Also
    --------
    neat : Evolve genomes.

    Examples
    --------
    >>> from synapse import evolve
    >>> genome = evolve.Genome.minimal(2, 1, seed=0)
    >>> genome, genome.network()
    (<Genome 2-0-1, 3 connections>, <Network 2-1, 3 neurons, 2 connections>)
    >>> bool(genome.activate([0.0, 1.0]) == genome.network().activate([0.0, 1.0]))
    True
    """

    __slots__ = ("_phenotype", "genes", "inputs", "nodes", "outputs")

    def __init__(
        self, nodes: NDArray[Any], genes: NDArray[Any], inputs: int, outputs: int
    ) -> None:
        inputs, outputs = (
            positive_integer("inputs", inputs),
            positive_integer("outputs", outputs),
        )
        self._set(*_checked(nodes, genes, inputs, outputs), inputs, outputs)

    def _set(
        self, nodes: NDArray[Any], genes: NDArray[Any], inputs: int, outputs: int
    ) -> None:
        self.nodes = read_only(nodes)
        self.genes = read_only(genes)
        self.inputs = inputs
        self.outputs = outputs
        self._phenotype: Any = None

    def __repr__(self) -> str:
        sizes = f"{self.inputs}-{self.hidden}-{self.outputs}"
        return (
            f"<Genome {sizes},"
            f" {pluralize(int(self.genes['enabled'].sum()), 'connection')}>"
        )

    def __reduce__(self) -> Any:
        return Genome, (self.nodes, self.genes, self.inputs, self.outputs)

    @property
    def hidden(self) -> int:
        """Number of hidden nodes."""
        return len(self.nodes) - self.inputs - self.outputs - 1

    @property
    def connections(self) -> int:
        """Number of connections, including self-connections but not biases."""
        return len(self._expressed[1]) + int(
            np.count_nonzero(self._expressed[0]["carry"])
        )

    @classmethod
    @suggests_arguments()
    def minimal(
        cls,
        inputs: int,
        outputs: int,
        *,
        squash: str | Squash = "logistic",
        seed: Seed = None,
    ) -> Genome:
        """Make the genome with which NEAT begins, in which inputs and the bias are
        connected to all outputs.

        Parameters
        ----------
        inputs, outputs : int
            Number of nodes.
        squash : str or Squash
            Activation function of the outputs, which must be a built-in function of one
            state. Default: logistic.
        seed : int or numpy.random.Generator, optional
            Seed of the weights, which are uniform from -1 to 1.
        """
        inputs, outputs = (
            positive_integer("inputs", inputs),
            positive_integer("outputs", outputs),
        )
        nodes = _ends(inputs, outputs, 0)
        nodes["squash"][inputs + 1 :] = codes_of([squash])[0]
        genes = np.zeros((inputs + 1) * outputs, GENE)
        genes["innovation"] = np.arange(len(genes))
        genes["source"] = np.repeat(np.arange(inputs + 1), outputs)
        genes["target"] = inputs + 1 + np.tile(np.arange(outputs), inputs + 1)
        genes["gater"] = NOBODY
        genes["enabled"] = 1
        genes["weight"] = random_generator(seed).uniform(-1.0, 1.0, len(genes))
        return evolved(nodes, genes, inputs, outputs)

    @classmethod
    @suggests_arguments()
    def from_network(cls, network: Network) -> Genome:
        """Convert a network to a genome with the same outputs.

        A connection with a delay of one step becomes a late gene. Ties, traces and the
        context are left out.

        A hidden neuron named "node 7", as :meth:`network` names them, becomes the node
        with this id, and other hidden neurons are numbered after the largest id.
        Therefore, converting a genome to a network and back preserves it, except for
        innovation numbers, signs of biases, and parts without effect, which are
        disabled genes, biases of 0, and `late` of connections that lead backward.
        Weights into logistic nodes may differ by a rounding error.

        Parameters
        ----------
        network : Network
            Network without connections to other neurons, whose activation functions are
            built-in functions of one state. Its inputs must not have incoming
            connections, delays must not be longer than a step, and a pair of neurons
            may only have one connection.

        Raises
        ------
        ArgumentError, ArgumentTypeError, TopologyError
            If it is not such a network.
        """
        table = Topology.of(require_network("network", network))._require_closed(
            "converted to a genome"
        )
        require_released(network, "converted to a genome")
        if table.synchronous:
            raise COMMON_CLOCK.error(network=network, doing="converted to a genome")
        inputs = table.inputs
        outputs = table.outputs
        if (table.target < inputs).any():
            raise TopologyError("A genome does not support connections into inputs.")
        require_delays(table, 1, "A genome")
        source, target, gater = table.source, table.target, table.gater
        second = np.flatnonzero(~table._shortest & (source != target))
        if len(second):
            first, last = (table.label[int(end[second[0]])] for end in (source, target))
            raise TopologyError(
                f"A genome has one connection for each pair of nodes, but {network!r}"
                f" has two from {first!r} to {last!r}, one with a delay of 1 step."
                " Disconnect one of them."
            )
        late = table.delay > 0
        squash, bias, count = table.squash, table.bias, table.neurons
        hidden = count - inputs - outputs
        nodes = _ends(inputs, outputs, hidden)
        ids = _ids_of(list(table.label[inputs : inputs + hidden]), inputs + outputs)
        number = np.concatenate(  # ids by place in the order of activation
            [np.arange(inputs), ids, inputs + 1 + np.arange(outputs)]
        )
        by_id = ids.argsort()
        nodes["id"][inputs + 1 + outputs :] = ids[by_id]
        nodes["position"][inputs + 1 + outputs :] = (by_id + 1) / (hidden + 1)
        codes = codes_of(squash[inputs:])
        nodes["squash"][inputs + 1 :] = np.append(codes[hidden:], codes[by_id])
        biased = inputs + np.flatnonzero(bias[inputs:])
        genes = np.zeros(len(source) + len(biased), GENE)
        genes["innovation"] = np.arange(len(genes))
        genes["enabled"] = 1
        carries = (source == target) & ~late
        sources = np.where(carries, STATE, number[source])
        genes["source"] = np.append(sources, np.full(len(biased), inputs))
        genes["target"] = np.append(number[target], number[biased])
        gater = np.where(gater < 0, NOBODY, number[gater])
        genes["gater"] = np.append(gater, np.full(len(biased), NOBODY))
        # Backward, a connection is one step late anyway.
        genes["late"][: len(source)] = late & (source < target)
        target = np.append(target, biased)
        steep = (codes[target - inputs] == LOGISTIC) & (genes["source"] != STATE)
        genes["weight"] = np.append(table.weight, bias[biased]) / np.where(
            steep, SLOPE, 1.0
        )
        genes["sign"] = np.append(table.sign, np.zeros(len(biased)))
        return evolved(nodes, genes, inputs, outputs)

    @suggests_arguments()
    def with_weights(self, weight: float) -> Genome:
        """Return a genome with this weight for all connections except those that carry
        states.

        Parameters
        ----------
        weight : float
            The weight.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If it is not a finite number, or contradicts a sign.
        """
        genes = self.genes.copy()
        genes["weight"][genes["source"] != STATE] = finite_number("weight", weight)
        return Genome(self.nodes, genes, self.inputs, self.outputs)

    @property
    def _expressed(self) -> Any:
        """The phenotype as arguments of kernels, with its context, see `expressed`."""
        if self._phenotype is None:
            self._phenotype = expressed(
                self.nodes,
                self.genes,
                np.array([[0, len(self.nodes), 0, len(self.genes)]]),
                self.inputs,
                self.outputs,
            )
        return self._phenotype

    def activate(self, inputs: ArrayLike) -> Floats:
        """Activate once, from the present context, and return the outputs, shape
        (outputs,).

        Unlike :meth:`Network.activate`, it does not check that inputs are finite.

        Parameters
        ----------
        inputs : array_like, shape (inputs,)
            Activations of the inputs.
        """
        return self._run(row_of("inputs", inputs, self.inputs)[None])[0]

    def run(self, inputs: ArrayLike) -> Floats:
        """Activate once for every row, from the present context, and return the
        outputs, shape (rows, outputs).

        Parameters
        ----------
        inputs : array_like, shape (rows, inputs)
            Activations of the inputs, row by row.
        """
        return self._run(as_matrix("inputs", inputs, self.inputs, np.dtype(np.float64)))

    def _run(self, rows: Floats) -> Floats:
        results = np.empty((len(rows), self.outputs))
        run_phenotype(self._expressed, rows, results)
        return results

    def clear(self) -> None:
        """Set all activations and states to 0."""
        self._expressed.value[:] = 0.0
        self._expressed.state[:] = 0.0
        self._expressed.before[:] = 0.0

    @suggests_arguments()
    def adopt(self, network: Network) -> None:
        """Inherit the learned weights of a network from :meth:`network` (Lamarckian
        evolution).

        If a fitness calls this method, it changes the genome in the population. Biases
        become weights from the bias node, and a neuron without such a connection does
        not inherit its bias. The context is cleared.

        Parameters
        ----------
        network : Network
            A network of this genome with other weights and biases.

        Raises
        ------
        ArgumentTypeError, TopologyError
            If it is not a network, or its connections differ from those of this genome.
        """
        neurons, links, *_ = self._expressed
        present = Topology.of(self.network())
        new = Topology.of(require_network("network", network))
        ends = "source", "target", "gater"
        if not all(
            np.array_equal(getattr(present, end), getattr(new, end)) for end in ends
        ):
            raise TopologyError(
                "`adopt` needs a network that network() of this genome returned, got"
                " one with a different structure."
            )
        genes = self.genes.copy()
        biased = np.flatnonzero(neurons["gene"] != NOBODY)
        weights = np.append(new.weight[: len(links)], new.bias[biased - len(neurons)])
        reader = np.repeat(np.arange(len(neurons)), neurons["stop"] - neurons["first"])
        steep = neurons["squash"][np.append(reader, biased)] == LOGISTIC
        places = np.append(links["gene"], neurons["gene"][biased])
        genes["weight"][places] = weights / np.where(steep, SLOPE, 1.0)
        self.genes = read_only(genes)
        self._phenotype = None

    def network(self) -> Network:
        """Return a new network that computes the same, with a cleared context.

        Disabled genes are left out. Hidden neurons are named after their node. Late
        connections, and connections by which a neuron reads its own previous
        activation, have a ``delay`` of one step. Connections that carry the state are
        not trainable.
        """
        neurons, links, *_ = self._expressed
        inputs = self.inputs
        carrying = np.flatnonzero(neurons["carry"])
        reader = np.arange(len(neurons))
        reader = np.repeat(reader, neurons["stop"] - neurons["first"])
        late = (links["late"] != 0) | (links["source"] == reader)
        gater = np.append(links["gater"], neurons["carry_gater"][carrying])
        edges = {
            "source": np.append(links["source"], carrying).astype(np.uint32),
            "target": np.append(reader, carrying).astype(np.uint32),
            "weight": np.append(links["weight"], neurons["carry"][carrying]),
            "gater": np.where(gater == NOBODY, NO_GATER, gater).astype(np.int32),
            "trainable": (
                np.repeat([1, 0], [len(links), len(carrying)]).astype(np.uint8)
            ),
            "delay": np.append(late, np.zeros(len(carrying))).astype(np.uint32),
        }
        states = self.genes[self.genes["source"] == STATE]
        signs = dict(
            zip(states["target"].tolist(), states["sign"].tolist(), strict=True)
        )
        carried = [signs[number] for number in neurons["id"][carrying].tolist()]
        edges["sign"] = np.append(self.genes["sign"][links["gene"]], carried)
        bias = neurons["bias"]
        columns = {
            "squash": NAMES[neurons["squash"]],
            "bias": bias,
            "initial_bias": bias,
        }
        ids = neurons["id"].tolist()
        names = [f"input {i}" for i in range(inputs)]
        sizes = [inputs]
        begin = inputs
        last = len(neurons) - self.outputs
        names += [f"node {number}" for number in ids[inputs:last]]
        names += [f"output {i}" for i in range(self.outputs)]
        for j in range(
            inputs, last
        ):  # the neurons of a layer do not read each other in a step
            read = links[neurons["first"][j] : neurons["stop"][j]]
            ends = np.concatenate(
                [read["source"], read["gater"], neurons["carry_gater"][j : j + 1]]
            )
            if ((ends >= begin) & (ends < j)).any():
                sizes.append(j - begin)
                begin = j
        layers: list[tuple[str | None, int]] = [
            (None, size) for size in (*sizes, last - begin, self.outputs) if size
        ]
        return SavedNetwork(
            None, np.dtype(np.float64), layers, names, columns, edges
        ).network()


def evolved(
    nodes: NDArray[Any], genes: NDArray[Any], inputs: int, outputs: int
) -> Genome:
    """Return a genome of arrays that evolution has written, without checks, which take
    longer than an activation.
    """
    genome = Genome.__new__(Genome)
    genome._set(nodes, genes, inputs, outputs)
    return genome


def _ids_of(names: list[str], largest: int) -> Ints:
    """Return ids of hidden nodes, which are above `largest`. They are taken from the
    names, if possible, or else the next ones.
    """
    places: dict[int, int] = {}
    for place, name in enumerate(names):
        match = NODE_NAME.fullmatch(name)
        if match and int(match[1]) > largest:
            places.setdefault(int(match[1]), place)
    ids = max([largest, *places]) + 1 + np.arange(len(names))
    ids[list(places.values())] = list(places)
    return ids


def _checked(
    nodes: Any, genes: Any, inputs: int, outputs: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return checked copies of a genome's arrays, which ensures that kernels do not
    read outside of them.
    """
    for name, array, dtype in (("nodes", nodes, NODE), ("genes", genes, GENE)):
        if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != 1:
            condition = (
                f"a structured array with the fields {', '.join(dtype.names or ())}"
            )
            raise ArgumentTypeError(expected(f"{name} of Genome", condition, array))
    ends = inputs + outputs
    position, middle = nodes["position"][: ends + 1], nodes["position"][ends + 1 :]
    ids, squash = nodes["id"], nodes["squash"][inputs + 1 :]
    targets = genes["target"]
    gaters = genes["gater"]
    for condition, kept in (
        (
            "nodes with the ids 0, 1, ... of inputs, bias and outputs, then ascending"
            " ones of hidden nodes",
            len(ids) > ends
            and ids[ends] == ends
            and ids[0] == 0
            and (np.diff(ids) > 0).all(),
        ),
        (
            "positions 0 of inputs and bias, 1 of outputs, and between them of hidden"
            " nodes",
            np.array_equal(position, np.repeat([0, 1], [inputs + 1, outputs]))
            and (abs(2 * middle - 1) < 1).all(),
        ),
        ("squashes that are built in, of one state", np.isin(squash, SINGLES).all()),
        ("ascending innovation numbers", (np.diff(genes["innovation"]) > 0).all()),
        (
            "sources that are nodes, or -2",
            np.isin(genes["source"], [*ids, STATE]).all(),
        ),
        (
            "targets that are hidden nodes or outputs",
            np.isin(targets, ids[inputs + 1 :]).all(),
        ),
        (
            "gaters that are nodes but not the bias, or -1",
            np.isin(gaters, [*ids[ids != inputs], NOBODY]).all(),
        ),
        ("late of 0 or 1", np.isin(genes["late"], (0, 1)).all()),
        ("finite weights", np.isfinite(genes["weight"]).all()),
        (
            "signs of -1, 0 or 1 that no weight contradicts",
            (np.abs(genes["sign"]) <= 1).all()
            and (genes["weight"] * genes["sign"] >= 0.0).all(),
        ),
    ):
        if not kept:
            raise ArgumentError(f"Expected a Genome with {condition}.")
    return nodes.copy(), genes.copy()


def _ends(inputs: int, outputs: int, hidden: int) -> NDArray[Any]:
    """Return the nodes of a genome, with hidden ones at equal distances."""
    nodes = np.zeros(inputs + 1 + outputs + hidden, NODE)
    nodes["id"] = np.arange(len(nodes))
    nodes["squash"] = LOGISTIC
    nodes["squash"][inputs] = NOBODY
    nodes["position"][inputs + 1 : inputs + 1 + outputs] = 1.0
    nodes["position"][inputs + 1 + outputs :] = np.arange(1, hidden + 1) / (hidden + 1)
    return nodes
