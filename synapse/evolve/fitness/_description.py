"""Compute fitness by minimum description length, which counts the bits of a genome, and
of a text that is encoded by its outputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from ..._checks import (
    finite_array,
    listed,
    pluralize,
    positive_integer,
    require,
    suggests_arguments,
)
from ..._typing import Bools, Floats, Ints
from ...errors import ArgumentError
from .._genome import Genome
from .._kernels.description import describe
from .._kernels.genes import Generation
from .._population import Genomes
from .._settings import FRACTIONS


@final
@dataclass(frozen=True, eq=False)
class DescriptionFitness:
    """Minus the bits of a genome and of sequences that it encodes, see
    :func:`description_length`.
    """

    rows: Floats
    symbols: Ints
    starts: Bools
    counts: Floats
    outputs: int
    squashes: int

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return int(self.rows.shape[1])

    def bits(self, genome: Genome) -> tuple[float, float]:
        """Return the bits of a genome, and of the sequences that it encodes."""
        of_genome, of_text = self._bits(Genomes.of(genome))
        return float(of_genome[0]), float(of_text[0])

    def evaluate(self, genomes: Genomes) -> tuple[Floats, Bools]:
        """Return minus all bits for every genome. Whether one of them solves the task
        depends on the goal of the search.
        """
        of_genome, of_text = self._bits(genomes)
        return -(of_genome + of_text), np.zeros(len(genomes), bool)

    def _bits(self, genomes: Genomes) -> tuple[Floats, Floats]:
        of_genome, of_text = np.empty((2, len(genomes)))
        describe(
            Generation(genomes.nodes, genomes.genes, genomes.at),
            genomes.express(),
            genomes.inputs,
            genomes.outputs,
            (self.rows, self.symbols, self.starts, self.counts),
            math.log2(self.squashes),
            FRACTIONS,
            of_genome,
            of_text,
        )
        return of_genome, of_text


@suggests_arguments()
def description_length(
    inputs: Any,
    symbols: Any,
    outputs: int,
    *,
    counts: ArrayLike | None = None,
    squashes: int = 1,
) -> DescriptionFitness:
    """Return fitness by minimum description length, which is minus the bits of a genome
    and of data.

    A genome is encoded by numbers of nodes and connections, the ends of connections,
    and weights as fractions. Any other weight has a prohibitive cost. Each symbol of
    the data takes -log2 of the probability that the outputs give it. Because a rule
    that generalises is short, the shortest description of both is often right for every
    length.

    Parameters
    ----------
    inputs : list of array_like, shape (steps, inputs)
        Sequences. The context is cleared before each.
    symbols : list of array_like, shape (steps,)
        The symbol after each step, as a whole number from 0 on. With one output, it is
        0 or 1.
    outputs : int
        Number of outputs of a genome, with one for each symbol. Their activations
        (negative ones count as 0), divided by their sum, are the probabilities. If all
        activations are 0 or less, all symbols are equally probable. A single output is
        the probability of symbol 1.
    counts : array_like, shape (sequences,), optional
        Number of times that each sequence occurs in the data, 0 or above. Default: 1.
    squashes : int
        Number of activation functions from which a hidden node chooses. Default 1.

    Returns
    -------
    DescriptionFitness
        The fitness for :func:`neat`. Its method ``bits(genome)`` returns both numbers
        of bits.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If sequences and symbols do not fit, or a number cannot be used.

    Notes
    -----
    Whole numbers n from 0 on take 2 ceil(log2(n + 1)) + 1 bits, and a fraction takes
    the bits of its numerator and denominator and one for the sign. A symbol of
    probability 0 takes 33 bits.

    References
    ----------
    N. Lan, M. Geyer, E. Chemla and R. Katzir, Minimum description length recurrent
    neural networks, Transactions of the Association for Computational Linguistics 10
    (2022) 785-799.

    Examples
    --------
    In the following example with alternating ones and zeros, a genome that expresses
    this rule is found.

    >>> from synapse import evolve
    >>> bits = [0, 1] * 20
    >>> rows = [[[bit] for bit in bits[:-1]]]
    >>> fitness = evolve.fitness.description_length(rows, [bits[1:]], 1)
    >>> settings = evolve.Settings(fractions=10, squashes=["relu"])
    >>> result = evolve.neat(fitness, settings=settings, seed=0, max_evaluations=6000)
    >>> fitness.bits(result.genome)[1] < 1.0
    True
    """
    size = positive_integer("outputs", outputs)
    sequences = [
        finite_array("inputs", rows)
        for rows in listed("inputs", inputs, "a list of sequences")
    ]
    texts = [
        finite_array("symbols", text)
        for text in listed("symbols", symbols, "a list of sequences")
    ]
    several = np.ones(len(texts))
    if counts is not None:
        several = finite_array("counts", counts)
        require(
            not (several < 0.0).any() and several.any(),
            "counts",
            "numbers of 0 or above, at least one above 0",
            counts,
        )
    if len(sequences) != len(texts) or several.shape != (len(texts),) or not texts:
        raise ArgumentError(
            "`inputs`, `symbols` and `counts` must have the same length, at least 1,"
            f" got {len(sequences)}, {len(texts)} and {several.size}."
        )
    width = sequences[0].shape[-1] if sequences[0].ndim else 0
    for number, (rows, text) in enumerate(zip(sequences, texts, strict=True)):
        if rows.ndim != 2 or not rows.size or text.shape != rows.shape[:1]:
            raise ArgumentError(
                "Each sequence needs at least one row of inputs and one symbol for"
                f" each row, got shapes {rows.shape} and {text.shape}."
            )
        if rows.shape[1] != width:
            raise ArgumentError(
                f"Each sequence must have {pluralize(width, 'input')}, as the"
                f" first one, got {rows.shape[1]} in sequence {number}."
            )
    every = np.concatenate(texts)
    require(
        not ((every != np.floor(every)) | (every < 0) | (every >= max(size, 2))).any(),
        "symbols",
        f"whole numbers below {max(size, 2)}",
        every,
    )
    lengths = [len(text) for text in texts]
    return DescriptionFitness(
        np.concatenate(sequences),
        every.astype(np.int64),
        np.isin(np.arange(len(every)), np.cumsum([0, *lengths])),
        np.repeat(several, lengths),
        size,
        positive_integer("squashes", squashes),
    )
