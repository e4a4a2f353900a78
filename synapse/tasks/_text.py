"""Text: windows of letters to learn from, and text that a network writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from .._checks import (
    float_type,
    instance,
    positive_integer,
    positive_number,
    suggests_arguments,
    whole_number,
)
from .._initializer import Seed, random_generator
from .._typing import Floats, Ints
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.outputs import require_squash
from ..objects.snapshots import preserved_context
from ._alphabet import Alphabet


class TextWindows:
    """Windows of a text in random order, as batches for ``Trainer.train``.

    A window is a sequence of `steps` letters; the target of each is the next letter.
    Each epoch cuts the text at another place and draws another order. The text is kept
    as indices, and rows of 0 and 1 are made for one batch at a time: 300,000 letters
    take 2.4 MB, as rows of 84 numbers they would take 200.

    Parameters
    ----------
    text : str
        The text to learn from: at least `steps` letters and one more.
    alphabet : Alphabet
        The letters of the network.
    steps : int
        The letters of a window, 1 or more. The network only learns dependencies within
        this number of letters.
    size : int
        The windows of a batch, 1 or more; the last batch may have fewer.
    dtype : str or numpy.dtype
        The float of the rows: that of the network, so that nothing is copied.
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
        Probabilities are raised to the power 1 / temperature: below 1 likely letters
        become likelier. Above 0.
    seed : int or numpy.random.Generator, optional
        Seed of the letters. Default: an unrecorded random seed.

    Returns
    -------
    str
        The prompt and the sampled letters.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the network has no alphabet or other outputs than softmax ones, the prompt
        is empty or has other letters, or a number is out of range.

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
    with np.errstate(divide="ignore"):
        scaled = np.log(likely.astype(np.float64)) / temperature
    # The likeliest has 1 after this, so that no power can vanish for all letters
    shares = np.exp(scaled - scaled.max())
    sums = np.cumsum(shares)
    return int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
