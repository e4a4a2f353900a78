"""Text for networks that learn sequences: letters to indices and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from .._checks import (
    any_array,
    expected,
    require_type,
    short_repr,
    suggests_arguments,
)
from .._typing import Floats, Ints
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.network import Network, require_network

KEY = "alphabet"
"""The key of ``net.metadata`` that files keep the letters under."""


@dataclass(frozen=True)
class Alphabet:
    """The letters that a network reads and writes, each with a number from 0 on.

    A network of text has an input and a softmax output for each letter. Its alphabet is
    saved with it, as ``net.metadata["alphabet"]``, in the formats ``json`` and ``npz``.

    Parameters
    ----------
    letters : str
        The letters, each once, in the order of their numbers.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `letters` is not a string, is empty, or has a letter twice.

    Examples
    --------
    >>> import architect, io, synapse
    >>> alphabet = Alphabet.of("hello")
    >>> alphabet.letters, alphabet.indices("hole")
    ('ehlo', array([1, 3, 2, 0]))
    >>> alphabet.text([1, 0, 2, 2, 3])
    'hello'
    >>> n = len(alphabet)
    >>> net = architect.LSTM(n, 3, n, output_squash="softmax", seed=0)
    >>> alphabet.attach(net)
    >>> synapse.save(net, "hello.synapse")  # doctest: +SKIP
    >>> Alphabet.from_network(net.clone())
    Alphabet(letters='ehlo')
    """

    letters: str

    def __post_init__(self) -> None:
        require_type(
            isinstance(self.letters, str),
            "letters of Alphabet",
            "a string",
            self.letters,
        )
        if not self.letters:
            raise ArgumentError(
                "Expected at least one letter in an alphabet, got none."
            )
        count = self.letters.count
        twice = sorted({letter for letter in self.letters if count(letter) > 1})
        if twice:
            raise ArgumentError(
                f"Expected every letter of an alphabet once, got {short_repr(twice[0])}"
                " twice. Use Alphabet.of(text) for the letters of a text."
            )

    @classmethod
    def of(cls, text: str) -> Alphabet:
        """Return the alphabet of a text: its different letters, sorted."""
        return cls("".join(sorted(set(_checked_text(text)))))

    @classmethod
    @suggests_arguments("from_network")
    def from_network(cls, network: Annotated[Network, require_network]) -> Alphabet:
        """Return the alphabet that was attached to a network, also if it comes from a
        file.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If it has none, or one with another number of letters than it has inputs.
        """
        if KEY not in network.metadata:
            raise ArgumentError(
                f"{network!r} has no alphabet. Use Alphabet.of(text).attach(network)."
            )
        alphabet = cls(network.metadata[KEY])
        alphabet._require_fit(network)
        return alphabet

    def attach(self, network: Network) -> None:
        """Give the alphabet to a network, so that copies and files have it.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the number of inputs or of outputs is not the number of letters.
        """
        self._require_fit(require_network("network", network))
        network.metadata[KEY] = self.letters

    def _require_fit(self, network: Network) -> None:
        """Raise if a network has not an input and an output for each letter."""
        sizes = (len(network.input), len(network.output))
        if sizes != (len(self), len(self)):
            raise ArgumentError(
                f"Expected {len(self)} inputs and outputs, one for each letter of the"
                f" alphabet, got {sizes[0]} and {sizes[1]} of {network!r}."
            )

    def indices(self, text: str) -> Ints:
        """Return the number of each letter of a text, shape (letters of the text,).

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `text` is not a string, or has a letter that the alphabet does not have.
        """
        numbers = {letter: number for number, letter in enumerate(self.letters)}
        letters = _checked_text(text)
        try:
            return np.array([numbers[letter] for letter in letters], np.int64)
        except KeyError as error:
            unknown = error.args[0]
            raise ArgumentError(
                f"The letter {short_repr(unknown)}, at place {text.index(unknown)} of"
                f" the text, is not one of the {len(self)} letters of the alphabet."
                " Replace it, or train with a text that has it."
            ) from None

    def one_hot(self, text: str) -> Floats:
        """Return a row for each letter of a text, with 1 at its number, shape (letters,
        len(alphabet)).
        """
        return np.eye(len(self))[self.indices(text)]

    def text(self, indices: Any) -> str:
        """Return the text of some numbers, the inverse of :meth:`indices`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a value is not a whole number, or has no letter.
        """
        condition = f"whole numbers from 0 to {len(self) - 1}"
        numbers = any_array("indices", indices, condition)
        if numbers.size == 0:
            return ""
        if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
            got = f"{numbers.dtype} of shape {numbers.shape}"
            raise ArgumentTypeError(f"`indices` must be {condition}, got {got}.")
        outside = numbers[(numbers < 0) | (numbers >= len(self))]
        if len(outside):
            raise ArgumentError(expected("indices", condition, int(outside[0])))
        return "".join(self.letters[number] for number in numbers.tolist())

    def __len__(self) -> int:
        """Return the number of letters."""
        return len(self.letters)


def _checked_text(text: Any) -> str:
    require_type(isinstance(text, str), "A text", "a string", text)
    return text
