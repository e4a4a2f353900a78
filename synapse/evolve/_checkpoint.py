"""Checkpoints of evolutions: files of arrays, without pickles."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.evolution.genes import MORE_GENES, MORE_NODES
from ..errors import ArgumentError, FormatError
from ..readwrite.files import opened, reading
from ..readwrite.npz import as_text, from_array, read_arrays, write_arrays
from .evolution import Evolution
from .genome import Genome
from .population import Population
from .settings import Settings

SECONDS = 10.0
"""Least time from one checkpoint to the next."""
ARRAYS = ("nodes", "genes", "at", "member_of", "names", "best", "since", "fitness")
NUMBERS = ("generation", "next_node", "next_species", "improved")
RESULT = ("solved", "evaluations", "history")


class EvolutionFile:
    """The file of an evolution, which holds all that its next generations follow from."""

    def __init__(self, path: Path) -> None:
        self.path, self._next = path, time.monotonic() + SECONDS

    def write_if_due(self, result: Evolution, people: Population) -> None:
        """Write the evolution if the latest checkpoint is old enough."""
        if time.monotonic() >= self._next:
            self.write(result, people)
            self._next = time.monotonic() + SECONDS

    def write(self, result: Evolution, people: Population) -> None:
        """Write the evolution, whole or not at all."""
        genomes = [genome for _, genome in result.milestones]
        document = {
            "format": "synapse evolution 1",
            "settings": repr(people.settings),
            "sizes": [len(people), people.inputs, people.outputs],
            "rng": people.rng.bit_generator.state,
            "numbers": {name: int(getattr(people, name)) for name in NUMBERS},
            "result": {name: getattr(result, name) for name in RESULT},
            "species": [list(one.items()) for one in result.species],
            "milestones": [[at, len(one.nodes), len(one.genes)] for at, one in result.milestones],
        }
        ends = people.at[-1].tolist()  # behind them is memory for the next generation
        arrays = {name: getattr(people, name) for name in ARRAYS} | {
            "nodes": people.nodes[: ends[1] + MORE_NODES],
            "genes": people.genes[: ends[3] + MORE_GENES],
            "document": as_text(document),
            "highest": np.array([people.highest, result.fitness]),
            "innovations": np.array([*people.innovations], np.int64).reshape(-1, 2),
            "milestone_nodes": np.concatenate([people.nodes[:0], *(one.nodes for one in genomes)]),
            "milestone_genes": np.concatenate([people.genes[:0], *(one.genes for one in genomes)]),
        }
        write_arrays(self.path, arrays)

    def read(self, settings: Settings, sizes: list[int]) -> tuple[Evolution, Population]:
        """Read the evolution; the settings and the size of the population must be the same."""
        with reading(self.path), opened(self.path) as stream:
            arrays = read_arrays(stream)
        try:
            document = from_array("document", arrays["document"])
            known = document["settings"], document["sizes"]
        except (KeyError, TypeError, IndexError):
            raise FormatError(f"The file {self.path} is not a checkpoint of an evolution.") from None
        if known != (repr(settings), sizes):
            raise ArgumentError(
                f"The checkpoint {self.path} is of an evolution with other settings or another population. "
                "Give those, or another checkpoint."
            )
        try:
            return _restored(document, arrays, settings)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise FormatError(f"The checkpoint {self.path} is damaged: {error!r}.") from None


def _restored(
    document: Any, arrays: dict[str, NDArray[Any]], settings: Settings
) -> tuple[Evolution, Population]:
    rng = np.random.default_rng()
    rng.bit_generator.state = document["rng"]
    _, inputs, outputs = document["sizes"]
    people = Population(settings, inputs, outputs, rng)
    for name in ARRAYS:
        setattr(people, name, arrays[name])
    for name in NUMBERS:
        setattr(people, name, document["numbers"][name])
    people.highest, fitness = arrays["highest"].tolist()
    pairs = map(tuple, arrays["innovations"].tolist())
    people.innovations = {pair: number for number, pair in enumerate(pairs)}
    result = Evolution(**document["result"], fitness=fitness)
    result.species = [dict(one) for one in document["species"]]
    n, c = 0, 0
    for at, nodes, genes in document["milestones"]:
        own = arrays["milestone_nodes"][n : n + nodes], arrays["milestone_genes"][c : c + genes]
        result.milestones.append((at, Genome(own[0].copy(), own[1].copy(), inputs, outputs, settings.slope)))
        n, c, result.genome = n + nodes, c + genes, result.milestones[-1][1]
    return result, people
