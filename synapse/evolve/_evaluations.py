"""Evaluations: what the evaluations of an evolution have returned, in memory and in a
file.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, final

import numpy as np

from .._typing import Bools, Floats
from ..errors import ArgumentError, FormatError
from ..readwrite._files import opened, reading
from ..readwrite._npz import read_arrays, write_arrays
from ._genomes import Genomes
from ._population import Population

MIN_CHECKPOINT_SECONDS = 10.0
MAX_CHECKPOINT_FRACTION = 0.05
"""Least time between two checkpoints, and the largest share of the time that writing
them takes."""
FORMAT = "synapse evolution 1"


class Evaluated(NamedTuple):
    """Numbers of the genomes, whether they solve the task, and all weights after it if
    some were learned.
    """

    values: Floats
    solved: Bools
    weights: Floats


@final
class Evaluations:
    """What the evaluations of an evolution have returned, by generation; without a
    path, nothing is stored.

    All else follows from these numbers, the first random word and the arguments of the
    call. So a file has no indices that could be wrong, and to resume is to breed the
    same generations without evaluating them.
    """

    def __init__(
        self, path: Path | None, population: Population, resume: bool, seeded: bool
    ) -> None:
        self.path = path
        self.past = list[Evaluated]()
        self.digest = 0
        self._next = time.monotonic() + MIN_CHECKPOINT_SECONDS
        if resume and path is not None and path.exists():
            word = int(population.word[0])
            self._read(path, population)
            if seeded and word != population.word[0]:
                raise ArgumentError(
                    f"The checkpoint {path} was written with another seed. Pass that"
                    " seed, or seed=None."
                )
        if path is not None and not path.absolute().parent.is_dir():
            raise FileNotFoundError(f"There is no folder for the checkpoint {path}.")
        self._seeded = seeded
        self.word = int(population.word[0])
        self.known = len(self.past)

    def repeated(
        self, population: Population, evaluate: Callable[[Genomes], Floats]
    ) -> Evaluated | None:
        """Return what the evaluation of this generation returned, if the file has
        it.
        """
        generations = self.known
        if population.generation >= generations:
            return None
        evaluated = self.past[population.generation]
        weights = population.genomes.weights
        fits = len(evaluated.values) == len(population.genomes) and len(
            evaluated.weights
        ) in (0, len(weights))
        last = population.generation == generations - 1
        fitness = np.where(
            np.isfinite(evaluated.values).all(axis=1), evaluated.values[:, 0], -np.inf
        )
        best = np.array([fitness.argmax()])
        # what was learned comes next
        fittest = population.genomes.take(best) if fits else population.genomes
        if fits and len(evaluated.weights):
            weights[:] = evaluated.weights
        if not fits or (last and digest_of(population) != self.digest):
            raise ArgumentError(
                f"The checkpoint {self.path} was written with other arguments, by"
                " another version or on another machine, or was changed. Pass the same"
                " arguments, or another checkpoint."
            )
        if (
            last
            and np.isfinite(fitness[best]).all()
            and (self._seeded or population.generation)
        ):
            self._require_fitness(
                evaluated.values[best], lambda: evaluate(fittest.take(np.array([0])))
            )
        return evaluated

    def _require_fitness(self, stored: Floats, evaluate: Callable[[], Floats]) -> None:
        """Raise if the numbers of the fittest genome are others now, and do not vary
        from call to call.
        """
        computed = evaluate()
        if (
            not _agree(stored, computed)
            and not _agree(stored, second := evaluate())
            and _agree(computed, second)
        ):
            raise ArgumentError(
                f"The checkpoint {self.path} was written with another fitness function:"
                f" stored {stored[0].tolist()} for a genome whose fitness is now"
                f" {computed[0].tolist()}. Pass the same fitness, or another"
                " checkpoint."
            )

    def add(self, evaluated: Evaluated, population: Population) -> None:
        """Add a generation; now and then the file is written."""
        if self.path is not None:
            self.past.append(evaluated)
            self.digest = digest_of(population)
            self.write(self._next)

    def write(self, due: float = 0.0) -> None:
        """Write the file, whole or not at all, if the time has come."""
        if self.path is None or (begin := time.monotonic()) < due:
            return
        several, solved, weights = zip(*self.past, strict=True)
        # a generation that has failed may have fewer numbers
        width = max(rows.shape[1] for rows in several)
        values = [
            np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=np.nan)
            for rows in several
        ]
        arrays = {
            "format": FORMAT,
            "word": self.word,
            "digest": self.digest,
            "values": values,
            "solved": solved,
            "weights": np.concatenate(weights),
            "learned": [len(rows) for rows in weights],
        }
        write_arrays(
            self.path, {name: np.array(array) for name, array in arrays.items()}
        )
        self._next = begin + max(
            MIN_CHECKPOINT_SECONDS, (time.monotonic() - begin) / MAX_CHECKPOINT_FRACTION
        )

    def _read(self, path: Path, population: Population) -> None:
        with reading(path), opened(path) as stream:
            arrays = read_arrays(stream)
        try:
            names = (*Evaluated._fields, "learned")
            several = values, solved, weights, learned = [
                arrays[name] for name in names
            ]
            kinds = "".join(array.dtype.kind for array in several)
            whole = (
                values.ndim == 3
                and values.size
                and solved.shape == values.shape[:2]
                and kinds == "fbfi"
            )
            if arrays["format"] != FORMAT or not whole:
                raise ValueError("other arrays are expected")
            parts = np.split(weights, learned.cumsum()[:-1])
            self.past = [
                Evaluated(*array) for array in zip(values, solved, parts, strict=True)
            ]
            self.digest = int(arrays["digest"])
            population.word[0] = int(arrays["word"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise FormatError(
                f"The file {path} is not a checkpoint of an evolution ({error})."
            ) from None


def _agree(stored: Floats, computed: Floats) -> bool:
    return stored.shape == computed.shape and np.allclose(
        stored, computed, rtol=1e-9, atol=0.0
    )


def digest_of(population: Population) -> int:
    """Return a number that most probably differs if the genomes or random words of two
    populations do.
    """
    genes = population.genomes.genes[: len(population.genomes.weights)]
    return zlib.crc32(genes.tobytes(), int(population.word[0]) & 0xFFFFFFFF)
