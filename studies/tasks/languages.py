"""The languages a^n b^n and a^n b^n c^n: predict which symbols can come next.

A string is S, n times each letter, then T. After every symbol but T, a network must
name all symbols that can come next; to know when the last letters end, it must count
the first. Gers and Schmidhuber 2001."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse import Network
from synapse._checks import expected, finite_number, listed, positive_integer
from synapse._typing import Ints
from synapse.errors import ArgumentError
from synapse.tasks import Criterion, Sample, SampleBatch, Sides, Task

MOST = 100_000
"""Largest n of a string."""
START, END = "ST"
STEPS_AT_ONCE = 50_000


@dataclass(frozen=True)
class _Counting(Task):
    """A language of strings with the same number of each letter."""

    letters: ClassVar[str]

    most: int = 10
    off: float = -1.0

    criterion: ClassVar[Criterion] = Criterion(1000)
    """All of 1,000 strings are right. How far a network generalises: see
    :meth:`longest`."""
    paper: ClassVar[str] = (
        "Gers and Schmidhuber, IEEE Transactions on Neural Networks 12 (2001),"
        " 1333-1340."
    )

    def __post_init__(self) -> None:
        name = type(self).__name__
        positive_integer(f"most of {name}", self.most, MOST)
        if finite_number(f"off of {name}", self.off) >= 1.0:
            condition = "below 1, the value of present symbols"
            raise ArgumentError(expected(f"off of {name}", condition, self.off))

    @property
    def inputs(self) -> int:
        """Number of inputs: one for S, and one per letter."""
        return len(self.letters) + 1

    @property
    def outputs(self) -> int:
        """Number of outputs: one per letter, and one for T."""
        return len(self.letters) + 1

    def string(self, n: int) -> str:
        """Return the string of this n, 1 or above.

        >>> AnBnCn().string(3)
        'SaaabbbcccT'
        """
        n = positive_integer("n", n, MOST)
        return START + "".join(n * letter for letter in self.letters) + END

    def legal(self, n: int) -> list[str]:
        """List the symbols that can come next, after each symbol of a string but the
        last.

        Every string has at least one a. The first b determines how many of each other
        letter follow.

        >>> AnBn().legal(3)
        ['a', 'ab', 'ab', 'ab', 'b', 'b', 'T']
        """
        allowed = self.encode(n).allowed
        assert allowed is not None
        symbols = self.letters + END
        return [
            "".join(s for s, yes in zip(symbols, row, strict=True) if yes)
            for row in allowed
        ]

    def encode(self, n: int) -> Sample:
        """The sample of one string, see :meth:`encoded`.

        >>> sample = AnBn(off=0.0).encode(1)
        >>> sample.inputs.argmax(axis=1).tolist(), sample.targets[1].tolist()
        ([0, 1, 2], [1.0, 1.0, 0.0])
        """
        return self._encoded(np.array([positive_integer("n", n, MOST)]))[0]

    def encoded(self, numbers: Iterable[int]) -> SampleBatch:
        """Encode the strings of several n, in this order.

        Parameters
        ----------
        numbers : iterable of int
            The n of each string, 1 or above.

        Returns
        -------
        SampleBatch
            Inputs and targets have one row per symbol but the last, and a column per
            symbol: inputs S and the letters, targets the letters and T. Symbols that
            are present, or can come next, are 1, the others `off`.

        Examples
        --------
        >>> AnBnCn().encoded([1, 2, 5]).lengths
        array([ 4,  7, 16])
        """
        listed_numbers = listed("numbers", numbers, "a list of integers")
        if not listed_numbers:
            raise ArgumentError(expected("numbers", "at least one n", listed_numbers))
        return self._encoded(
            np.array([positive_integer("n", n, MOST) for n in listed_numbers])
        )

    def _encoded(self, numbers: Ints) -> SampleBatch:
        kinds = len(self.letters)
        size = len(numbers)
        counts = np.concatenate(
            [np.ones((size, 1), np.int64), np.repeat(numbers[:, None], kinds, 1)],
            axis=1,
        )
        symbols = np.repeat(np.tile(np.arange(kinds + 1), size), counts.reshape(-1))
        lengths = 1 + kinds * numbers
        following = np.append(symbols[1:], 0) - 1
        following[np.cumsum(lengths) - 1] = kinds
        one_hot = np.eye(kinds + 1, dtype=np.bool_)
        allowed = one_hot[following]
        allowed[symbols == 1, :2] = True  # after an a: another one, or b
        inputs, targets = (
            np.where(places, 1.0, self.off) for places in (one_hot[symbols], allowed)
        )
        return SampleBatch(
            inputs, targets, lengths, Sides((self.off + 1.0) / 2.0), allowed
        )

    def longest(self, network: Network, most: int = 1000) -> int:
        """The largest N such that a network is right on the strings of all n from 1 to
        N; 0 if none.

        Parameters
        ----------
        network : Network
            A network with as many inputs and outputs as the task. Its context is the
            same afterwards.
        most : int
            Largest n to test. Default 1,000.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument cannot be used, or the network does not fit.

        Examples
        --------
        >>> import architect
        >>> AnBn().longest(architect.LSTM(3, 2, 3, seed=0))
        0
        """
        self.require_fit(network)
        most, done = positive_integer("most", most, MOST), 0
        while done < most:
            numbers = np.arange(
                done + 1, 1 + min(most, 2 * done + 8, done + self._at_once(done))
            )
            wrong = self._first_wrong(network, self._encoded(numbers))
            if wrong is not None:
                return done + wrong
            done = int(numbers[-1])
        return most

    def _at_once(self, done: int) -> int:
        """Number of strings after this n that are run together: memory is limited."""
        return 1 + STEPS_AT_ONCE // (1 + len(self.letters) * (done + 1))

    def _first_wrong(self, network: Network, samples: SampleBatch) -> int | None:
        """The place of the first string that a network does not get right."""
        wrong = samples.wrong(network)
        return int(wrong.argmax()) if wrong.any() else None

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        return self._encoded(rng.integers(1, self.most, count, endpoint=True))


@dataclass(frozen=True)
class AnBn(_Counting):
    """The language a^n b^n: predict the set of symbols that can come next.

    A string is S, n times a, n times b, then T. After an a, both a and b can follow;
    the network must count the a to know when T follows. The inputs are S, a, b and the
    outputs a, b, T, one-hot. A string is right if exactly the symbols that can come
    next have outputs above the middle between `off` and 1.

    Gers and Schmidhuber 2001 train on all n from 1 to 10 or 30, and test with larger n
    than in training.

    Parameters
    ----------
    most : int
        Largest n; every n from 1 to `most` is equally probable. Default 10.
    off : float
        Value of the symbols that are not present, below 1; present ones are 1. Default
        -1, as in the paper; 0 is for logistic outputs.

    Examples
    --------
    >>> task = AnBn()
    >>> task.string(2), task.legal(2)
    ('SaabbT', ['a', 'ab', 'ab', 'b', 'T'])
    >>> [len(sample) for sample in task.batch(3, 0)]
    [19, 15, 13]
    """

    letters: ClassVar[str] = "ab"


@dataclass(frozen=True)
class AnBnCn(_Counting):
    """The language a^n b^n c^n: predict the set of symbols that can come next.

    A string is S, n times a, n times b, n times c, then T. After an a, both a and b can
    follow; the network must count the a to know when c follows, and the b to know when
    T follows. The inputs are S, a, b, c and the outputs a, b, c, T, one-hot. A string
    is right if exactly the symbols that can come next have outputs above the middle
    between `off` and 1.

    Gers and Schmidhuber 2001 train on all n from 1 to 10 or 40, and test with larger n
    than in training.

    Parameters
    ----------
    most : int
        Largest n; every n from 1 to `most` is equally probable. Default 10.
    off : float
        Value of the symbols that are not present, below 1; present ones are 1. Default
        -1, as in the paper; 0 is for logistic outputs.

    Examples
    --------
    >>> task = AnBnCn()
    >>> task.string(2), task.legal(2)
    ('SaabbccT', ['a', 'ab', 'ab', 'b', 'c', 'c', 'T'])
    """

    letters: ClassVar[str] = "abc"
