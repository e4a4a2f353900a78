"""Checkpoints of evolutions: files of arrays, without pickles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import ArgumentError, FormatError, SynapseError
from ..readwrite.files import opened, reading
from ..readwrite.npz import as_text, from_array, read_arrays, write_arrays
from .evolution import Evolution
from .genome import Genome
from .population import Population
from .settings import Settings

SECONDS = 10.0
"""Least time from one checkpoint to the next."""
STATE = (
    "member_of", "names", "best", "since", "fitness", "known", "heads", "counters", "word", "generation",
    "next_species", "highest", "improved",
)  # fmt: skip
"""Attributes of a population besides nodes and genes."""


def write(path: Path, result: Evolution, people: Population) -> None:
    """Write all that the next generation follows from, and the result so far, whole or not at all."""
    genomes = [people[index] for index in range(len(people))] + [one for _, one in result.milestones]
    document = {
        "format": "synapse evolution 2",
        "settings": repr(people.settings),
        "sizes": [len(people), people.inputs, people.outputs],
        "milestones": [at for at, _ in result.milestones],
        "result": {name: getattr(result, name) for name in ("solved", "evaluations", "history")},
        "species": [list(one.items()) for one in result.species],
    }
    arrays = {
        "document": as_text(document),
        "best_fitness": np.array(result.fitness),
        "lengths": np.array([(len(one.nodes), len(one.genes)) for one in genomes]),
        "nodes": np.concatenate([one.nodes for one in genomes]),
        "genes": np.concatenate([one.genes for one in genomes]),
    }
    write_arrays(path, arrays | {name: np.asarray(getattr(people, name)) for name in STATE})


def read(path: Path, settings: Settings, sizes: list[int]) -> tuple[Evolution, Population]:
    """Read an evolution; the settings and the size of the population must be the same."""
    with reading(path), opened(path) as stream:
        arrays = read_arrays(stream)
    try:
        document = from_array("document", arrays["document"])
        if (document["settings"], document["sizes"]) != (repr(settings), sizes):
            raise ArgumentError(
                f"The checkpoint {path} is of an evolution with other settings or another population. "
                "Give those, or another checkpoint."
            )
        people = Population(settings, *sizes[1:])
        for name in STATE:
            value = arrays[name]
            setattr(people, name, value if value.ndim else value.item())
        ends = np.cumsum(arrays["lengths"], axis=0)[:-1].T
        parts = np.split(arrays["nodes"], ends[0]), np.split(arrays["genes"], ends[1])
        genomes = [
            Genome(nodes, genes, people.inputs, people.outputs) for nodes, genes in zip(*parts, strict=True)
        ]
        people.fill(genomes[: sizes[0]])
        milestones = list(zip(document["milestones"], genomes[sizes[0] :], strict=True))
        result = Evolution(**document["result"], milestones=milestones, fitness=arrays["best_fitness"].item())
        result.species = [dict(one) for one in document["species"]]
    except SynapseError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise FormatError(f"The file {path} is not a checkpoint of an evolution ({error!r}).") from None
    return result, people
