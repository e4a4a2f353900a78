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

        Hidden neurons are named by their node in the genome. Self-connections are not trainable.
        """
        neurons, links = self.neurons, self.links
        own = np.flatnonzero(neurons["carry"])
        counts = neurons["stop"] - neurons["first"]
        target = np.repeat(np.arange(len(neurons)), counts)
        source = np.append(links["source"], own)
        gater = np.append(links["gater"], neurons["carry_gater"][own])
        edges = {
            "source": source.astype(np.uint32),
            "target": np.append(target, own).astype(np.uint32),
            "weight": np.append(links["weight"], neurons["carry"][own]),
            "gater": np.where(gater < 0, NO_GATER, gater).astype(np.int32),
            "trainable": np.repeat([1, 0], [len(links), len(own)]).astype(np.uint8),
        }
        columns = {
            "squash": np.array([NAMES[code] for code in neurons["squash"]], object),
            "bias": neurons["bias"].copy(),
        }
        sizes = [self.inputs, *self._layers(), self.outputs]
        names = [f"{kind} {i}" for kind, count in (("input", self.inputs),) for i in range(count)]
        names += [f"node {number}" for number in neurons["id"][self.inputs : len(neurons) - self.outputs]]
        names += [f"output {i}" for i in range(self.outputs)]
        saved = SavedNetwork(
            name=None,
            dtype=np.dtype(np.float64),
            layers=[(None, size) for size in sizes],
            names=names,
            neurons=columns,
            connections=edges,
        )
        return from_saved(saved)

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
