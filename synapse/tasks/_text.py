"""Learn texts, by converting letters to indices and back, cutting windows of letters to
learn from, and sampling text that a network writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from .._checks import (
    any_array,
    expected,
    float_type,
    instance,
    positive_integer,
    positive_number,
    require_type,
    short_repr,
    suggests_arguments,
    whole_number,
)
from .._initializer import Seed, random_generator
from .._typing import Floats, Ints
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.network import Network, require_network
from ..objects.outputs import require_squash
from ..objects.snapshots import preserved_context

KEY = "alphabet"
"""The key of ``net.metadata`` under which files store the letters."""


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
    @suggests_arguments()
    def of(cls, text: str) -> Alphabet:
        """Return the alphabet of a text, which contains its different letters,
        sorted.
        """
        return cls("".join(sorted(set(_checked_text(text)))))

    @classmethod
    @suggests_arguments("from_network")
    def from_network(cls, network: Annotated[Network, require_network]) -> Alphabet:
        """Return the alphabet that was attached to a network, even if the network comes
        from a file.

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

    @suggests_arguments()
    def attach(self, network: Network) -> None:
        """Give the alphabet to a network, which passes it on to copies and files.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the number of inputs or outputs differs from the number of letters.
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

    @suggests_arguments()
    def indices(self, text: str) -> Ints:
        """Return the number of each letter in a text, shape (letters of the text,).

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

    @suggests_arguments()
    def one_hot(self, text: str) -> Floats:
        """Return a row for each letter of a text, with 1 at its number, shape (letters,
        len(alphabet)).
        """
        return np.eye(len(self))[self.indices(text)]

    @suggests_arguments()
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


class TextWindows:
    """Windows of a text in random order, as batches for ``Trainer.train``.

    A window is a sequence of `steps` letters, and the target of each letter is the next
    one. Each epoch cuts the text at another place and draws another order. The text is
    stored as indices, and rows of 0 and 1 are made for one batch at a time. Therefore,
    300,000 letters take 2.4 MB, whereas rows of 84 numbers would take 200.

    Parameters
    ----------
    text : str
        The text to learn from, with at least `steps` letters and one more.
    alphabet : Alphabet
        The letters of the network.
    steps : int
        Number of letters in a window, 1 or more. The network only learns dependencies
        within this number of letters.
    size : int
        Number of windows in a batch, 1 or more. The last batch may have fewer.
    dtype : str or numpy.dtype
        The float type of the rows. Use the network's type to avoid copies.
    seed : int or numpy.random.Generator, optional
        Seed of the order. Default: an unrecorded random seed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the text is shorter, has other letters, or an argument is out of range.

    Examples
    --------
    >>> windows = TextWindows("abababab", Alphabet("ab"), steps=3, size=2, seed=1)
    >>> [(inputs.shape, targets.tolist()) for inputs, targets in windows]
    [((2, 3, 2), [[0, 1, 0], [1, 0, 1]])]
    """

    @suggests_arguments()
    def __init__(
        self,
        text: str,
        alphabet: Alphabet,
        steps: int = 50,
        size: int = 16,
        *,
        dtype: Any = np.float32,
        seed: Seed = None,
    ) -> None:
        self.alphabet = instance("alphabet", alphabet, Alphabet)
        self.steps = positive_integer("steps of TextWindows", steps)
        self.size = positive_integer("size of TextWindows", size)
        self.dtype = float_type("dtype of TextWindows", dtype)
        self._indices: Ints = alphabet.indices(text)
        self._rng = random_generator(seed)
        if len(self._indices) <= self.steps:
            needed = f"at least {self.steps + 1} letters, the steps of a window and one"
            raise ArgumentError(f"Expected {needed} more, got {len(self._indices)}.")

    def __iter__(self) -> Iterator[tuple[Floats, Ints]]:
        # At least one window must fit behind the first letter
        spare = min(self.steps, len(self._indices) - self.steps)
        begin = int(self._rng.integers(spare))
        count = (len(self._indices) - 1 - begin) // self.steps
        starts = begin + self.steps * self._rng.permutation(count)
        letters = np.arange(self.steps + 1)
        one_hot = np.eye(len(self.alphabet), dtype=self.dtype)
        for i in range(0, len(starts), self.size):
            windows = self._indices[starts[i : i + self.size, None] + letters]
            yield one_hot[windows[:, :-1]], windows[:, 1:]


@suggests_arguments("sample")
def sample(
    network: Network,
    prompt: str,
    length: int = 200,
    *,
    temperature: Annotated[float, positive_number] = 1.0,
    seed: Seed = None,
) -> str:
    """Sample text from a network.

    Each letter is drawn from the outputs of the network, which then reads it. The
    context of the network is restored afterwards.

    Parameters
    ----------
    network : Network
        A network with an alphabet (:meth:`Alphabet.attach`) and softmax outputs.
    prompt : str
        The beginning of the text, at least one letter.
    length : int
        The number of letters to write, 0 or more.
    temperature : float
        Probabilities are raised to the power 1 / temperature, which must be above 0. A
        temperature below 1 makes likely letters likelier.
    seed : int or numpy.random.Generator, optional
        Seed of the letters. Default: an unrecorded random seed.

    Returns
    -------
    str
        The prompt and the sampled letters.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the network has no alphabet or other outputs than softmax ones, the prompt is
        empty or has other letters, or a number is out of range.

    Examples
    --------
    >>> import architect, synapse
    >>> text = "to be or not to be, that is the question. " * 20
    >>> alphabet = Alphabet.of(text)
    >>> size = len(alphabet)
    >>> net = architect.Elman(size, 20, size, output_squash="softmax", seed=0)
    >>> alphabet.attach(net)
    >>> adam = synapse.optimizers.Adam(0.02)
    >>> trainer = synapse.Trainer(net, rule="bptt", optimizer=adam)
    >>> windows = TextWindows(text, alphabet, steps=20, dtype=net.dtype, seed=0)
    >>> _ = trainer.train(windows, epochs=60, progress=False)
    >>> sample(net, "to be", 16, temperature=0.2, seed=0)
    'to be, that is the qu'
    """
    alphabet = Alphabet.from_network(network)
    places = alphabet.indices(prompt)
    length = whole_number("length", length, "a whole number, 0 or more", 0)
    if not len(places):
        raise ArgumentError("Expected a prompt of at least one letter, got none.")
    advice = (
        'They are the probabilities of letters. Build it with output_squash="softmax".'
    )
    require_squash("network", network, ("softmax",), advice)
    rng = random_generator(seed)
    rows = np.eye(len(alphabet), dtype=network.dtype)
    written = []
    with preserved_context(network):
        network.clear()
        likely = network.run(rows[places])[-1]
        for _ in range(length):
            letter = _drawn(likely, temperature, rng)
            written.append(letter)
            likely = network.activate(rows[letter])
    return prompt + alphabet.text(np.array(written, np.int64))


def _drawn(likely: Floats, temperature: float, rng: np.random.Generator) -> int:
    """Draw a letter by its probability, raised to the power 1 / temperature."""
    with np.errstate(all="ignore"):
        scaled = np.log(likely.astype(np.float64)) / temperature
        # The likeliest has 1 after this, so that no power can vanish for all letters
        shares = np.exp(scaled - scaled.max())
    sums = np.cumsum(shares)
    return int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
