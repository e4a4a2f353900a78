"""Phenotype: what a genome computes, as flat arrays that kernels run."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import as_matrix, row_of
from .._typing import Floats
from ..engine.evolution.phenotype import any_squash_for, run_phenotype
from ..engine.functions.activations import ACTIVATIONS
from ..objects.network import Network
from ..objects.state import SavedNetwork, from_saved
from ..objects.topology import NO_GATER

NAMES = list(ACTIVATIONS)


@final
class Phenotype:
    """What a genome computes. A fitness in Python is called with one; a call takes microseconds.

    It computes what its :meth:`network` computes. To make one, call :meth:`Genome.phenotype`.

    Examples
    --------
    >>> from synapse import evolve
    >>> phenotype = evolve.Genome.minimal(2, 1, seed=0).phenotype()
    >>> bool(phenotype.activate([0.0, 1.0]) == phenotype.network().activate([0.0, 1.0]))
    True
    """

    __slots__ = ("_any_squash", "_results", "_row", "inputs", "links", "neurons", "outputs", "state", "value")

    def __init__(self, neurons: NDArray[Any], links: NDArray[Any], inputs: int, outputs: int) -> None:
        self.neurons, self.links, self.inputs, self.outputs = neurons, links, inputs, outputs
        self.value, self.state = np.zeros(len(neurons)), np.zeros(len(neurons))
        self._row, self._results = np.empty((1, inputs)), np.empty((1, outputs))
        self._any_squash = any_squash_for(neurons)

    def __repr__(self) -> str:
        return f"<Phenotype {self.inputs}-{self.hidden}-{self.outputs}, {self.connections} connections>"

    def __reduce__(self) -> Any:
        return Phenotype, (self.neurons, self.links, self.inputs, self.outputs)

    @property
    def hidden(self) -> int:
        """Number of hidden neurons."""
        return len(self.neurons) - self.inputs - self.outputs

    @property
    def connections(self) -> int:
        """Number of connections, with self-connections and without biases."""
        return len(self.links) + int(np.count_nonzero(self.neurons["carry"]))

    def activate(self, inputs: ArrayLike) -> Floats:
        """Activate once; the context goes on. Returns the outputs, shape (outputs,).

        Unlike :meth:`Network.activate` it does not check that inputs are finite.

        Parameters
        ----------
        inputs : array_like, shape (inputs,)
            Activations of the inputs.
        """
        self._row[0] = row_of("The inputs", inputs, self.inputs)
        self._run(self._row, self._results)
        outputs: Floats = self._results[0].copy()
        return outputs

    def run(self, inputs: ArrayLike) -> Floats:
        """Activate once for every row; the context goes on. Returns the outputs, shape (rows, outputs).

        Parameters
        ----------
        inputs : array_like, shape (rows, inputs)
            Activations of the inputs, row by row.
        """
        rows = as_matrix("The inputs", inputs, self.inputs, np.dtype(np.float64))
        results = np.empty((len(rows), self.outputs))
        self._run(rows, results)
        return results

    def _run(self, rows: Floats, results: Floats) -> None:
        run_phenotype(
            self.neurons, self.links, self.inputs, self.outputs, self.value, self.state, rows, results,
            self._any_squash,
        )  # fmt: skip

    def clear(self) -> None:
        """Set all activations and states to 0."""
        self.value[:] = 0.0
        self.state[:] = 0.0

    def network(self) -> Network:
        """Return a new network that computes the same, with an empty context.

        Hidden neurons are named by their node in the genome. A neuron that reads its own previous activation
        does so through a relay: an identity neuron that activates first and is connected with weight 1.
        These connections and those that carry the state are not trainable.
        """
        neurons, links, inputs = self.neurons, self.links, self.inputs
        own, reader = np.flatnonzero(neurons["carry"]), np.arange(len(neurons))
        reader = np.repeat(reader, neurons["stop"] - neurons["first"])
        looped = links["source"] == reader
        relayed, relay = np.unique(reader[looped], return_inverse=True)
        relays = inputs + np.arange(len(relayed))
        place = np.arange(len(neurons) + 1) + len(relayed) * (np.arange(len(neurons) + 1) >= inputs)
        place[-1] = NO_GATER  # that of NOBODY
        source, gater = place[links["source"]], place[links["gater"]]
        source[looped] = relays[relay]
        fixed = np.full(len(relayed), NO_GATER), np.ones(len(relayed))
        edges = {
            "source": np.concatenate([source, place[own], place[relayed]]).astype(np.uint32),
            "target": np.concatenate([place[reader], place[own], relays]).astype(np.uint32),
            "weight": np.concatenate([links["weight"], neurons["carry"][own], fixed[1]]),
            "gater": np.concatenate([gater, place[neurons["carry_gater"][own]], fixed[0]]).astype(np.int32),
            "trainable": np.repeat([1, 0], [len(links), len(own) + len(relayed)]).astype(np.uint8),
        }
        squash = np.array([NAMES[code] for code in neurons["squash"]], object)
        columns = {
            "squash": np.insert(squash, inputs, ["identity"] * len(relayed)),
            "bias": np.insert(neurons["bias"], inputs, np.zeros(len(relayed))),
        }
        ids, last = neurons["id"].tolist(), len(neurons) - self.outputs
        names = [f"input {i}" for i in range(inputs)]
        names += [f"previous {ids[j]}" for j in relayed] + [f"node {number}" for number in ids[inputs:last]]
        names += [f"output {i}" for i in range(self.outputs)]
        sizes = [inputs, *[len(relayed)][: len(relayed)], *self._layers(), self.outputs]
        layers = [(None, size) for size in sizes]
        return from_saved(SavedNetwork(None, np.dtype(np.float64), layers, names, columns, edges))

    def _layers(self) -> list[int]:
        """Sizes of the hidden layers: consecutive neurons that do not read each other in a step."""
        sizes, begin = [], self.inputs
        last = len(self.neurons) - self.outputs
        for j in range(self.inputs, last):
            read = self.links[self.neurons["first"][j] : self.neurons["stop"][j]]
            ends = np.append(read["source"], read["gater"])
            ends = np.append(ends, self.neurons["carry_gater"][j])
            if ((ends >= begin) & (ends < j)).any():
                sizes.append(j - begin)
                begin = j
        return [*sizes, last - begin] if last > self.inputs else []
