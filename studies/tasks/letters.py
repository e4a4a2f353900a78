"""Letter sequences: predict the vowels that follow consonants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import MAX_SEQUENCES, positive_integer
from synapse._typing import Floats
from synapse.tasks import Criterion, Sample, StreamTask
from synapse.tasks._mackey_glass import ahead

from ._judges import Predictable

FEATURES = {
    "b": (1, 0, 1, 0, 0, 1),
    "d": (1, 0, 1, 1, 0, 1),
    "g": (1, 0, 1, 0, 1, 1),
    "a": (0, 1, 0, 0, 1, 1),
    "i": (0, 1, 0, 1, 0, 1),
    "u": (0, 1, 0, 1, 1, 1),
}
"""The six features of each letter: consonant, vowel, interrupted, high, back,
voiced."""

SYLLABLES = ("ba", "dii", "guuu")
"""A consonant determines its vowel, and how often the vowel follows."""

CODES = np.array(list(FEATURES.values()), np.float64)
LETTERS = np.array([list(FEATURES).index(letter) for letter in "".join(SYLLABLES)])
SIZES = np.array([len(syllable) for syllable in SYLLABLES])
STARTS = np.cumsum(SIZES) - SIZES
SAME = (CODES[:3] == CODES[0]).all(axis=0)
"""Features that all consonants share: they can be predicted although the consonant is
random."""


@dataclass(frozen=True)
class Letters(StreamTask):
    """Letter sequences: predict the vowels after random consonants, and when the next
    consonant comes.

    The stream consists of the syllables ba, dii and guuu in random order, with equal
    probabilities. A letter is a vector of six features
    (``synapse.tasks.letters.FEATURES``), and the target of a step is the next letter.
    Which consonant comes next is random, but not when it comes: ``allowed`` marks the
    features that can be predicted, which are all features of vowels, and of consonants
    those that b, d and g share.

    Elman 1990 trained a network 6-20-6 on 1,000 syllables, about 3,000 letters, 200
    times. He tested it on another sequence and published curves of the errors, without
    a criterion. The criterion here: in one fresh sequence, all predictable features are
    on the right side of 0.5 at every letter.

    Parameters
    ----------
    length : int
        Number of letters of a sample. Default 3,000, about as in the paper.

    Examples
    --------
    >>> sample = Letters(8).sample(0)
    >>> names = {features: letter for letter, features in FEATURES.items()}
    >>> "".join(names[tuple(row)] for row in sample.inputs)
    'guuudiid'
    >>> # the next letter is a consonant, whose high and back are random
    >>> sample.allowed[3].astype(int).tolist()
    [1, 1, 1, 0, 0, 1]
    """

    length: int = 3000

    inputs: ClassVar[int] = 6
    """Number of features of the present letter."""
    outputs: ClassVar[int] = 6
    """Number of features of the next letter."""
    criterion: ClassVar[Criterion] = Criterion(1)
    """One fresh sequence, without an error in a predictable feature."""
    paper: ClassVar[str] = "Elman, Cognitive Science 14 (1990)."

    def __post_init__(self) -> None:
        positive_integer("length of Letters", self.length, MAX_SEQUENCES)

    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        for rows, later in ahead(_letters(self.length // 2 + 1, rng), 1):
            # vowels
            yield Sample(rows, later, Predictable(0.5), (later[:, 1:2] > 0) | SAME)


def _letters(size: int, rng: np.random.Generator) -> Iterator[Floats]:
    """The letters of `size` random syllables at a time, shape (k, 6)."""
    while True:
        drawn = rng.integers(len(SYLLABLES), size=size)
        lengths = SIZES[drawn]
        within = np.arange(lengths.sum()) - np.repeat(
            np.cumsum(lengths) - lengths, lengths
        )
        yield CODES[LETTERS[np.repeat(STARTS[drawn], lengths) + within]]
