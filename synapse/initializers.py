"""Initializers of weights and biases, by name; you can also pass your own function.

An initializer is a function ``f(rng, shape, fan_in, fan_out)`` that returns an array of
`shape`: (sources, targets) for a full projection, (connections,) for any other pattern.
`fan_in` and `fan_out` are the numbers of incoming and outgoing connections of a neuron.

>>> import numpy as np
>>> uniform(0.1)(np.random.default_rng(0), (2, 3), 2, 3).shape
(2, 3)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import _checks
from ._typing import Floats
from .errors import ArgumentError, ArgumentTypeError

ARGUMENTS = ("rng", "shape", "fan_in", "fan_out")
Initializer = Callable[[np.random.Generator, tuple[int, ...], int, int], Any]
Seed = np.random.Generator | np.random.SeedSequence | Sequence[int] | int | None


def _checking(function: Initializer) -> Initializer:
    """A decorator of an initializer: wrong arguments, when a user calls it, raise an
    error.
    """

    @functools.wraps(function)
    def checked(
        rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
    ) -> Floats:
        if not isinstance(rng, np.random.Generator):
            raise ArgumentTypeError(
                _checks.expected("The rng of an initializer", "a numpy Generator", rng)
            )
        title = "The shape of an initializer"
        condition = "(sources, targets) or (connections,)"
        sizes = _checks.listed(title, shape, condition)
        if len(sizes) not in (1, 2):
            raise ArgumentError(_checks.expected(title, "1 or 2 numbers", shape))
        for size in sizes:
            _require_size(title, size)
        _require_size("The fan_in of an initializer", fan_in)
        _require_size("The fan_out of an initializer", fan_out)
        values: Floats = function(rng, tuple(sizes), fan_in, fan_out)
        return values

    # `draw`, whose arguments are right, calls the function itself.
    checked._unchecked = function  # type: ignore[attr-defined]
    return checked


def _made_by(maker: str, number: float, function: Initializer) -> Initializer:
    """Make an initializer that knows which function of this module made it, from which
    number.
    """
    checked = _checking(function)
    checked._made_by = (maker, number)  # type: ignore[attr-defined]
    return checked


def _require_size(title: str, size: Any) -> None:
    _checks.whole_number(title, size, "a whole number, 0 or above", 0)


def uniform(scale: float = 0.1) -> Initializer:
    """Make an initializer that draws uniformly from -scale to scale, like Synaptic.

    Parameters
    ----------
    scale : float
        Bound of the values, 0 or above. Default: 0.1.
    """
    scale = _checks.non_negative_number("The scale of uniform", scale)
    return _made_by(
        "uniform",
        scale,
        lambda rng, shape, fan_in, fan_out: rng.uniform(-scale, scale, shape),
    )


def normal(scale: float = 0.1) -> Initializer:
    """Make an initializer that draws from a Gaussian with mean 0.

    Parameters
    ----------
    scale : float
        Standard deviation, 0 or above. Default: 0.1.
    """
    scale = _checks.non_negative_number("The scale of normal", scale)
    return _made_by(
        "normal",
        scale,
        lambda rng, shape, fan_in, fan_out: rng.normal(0.0, scale, shape),
    )


def constant(value: float = 0.0) -> Initializer:
    """Make an initializer that sets every weight or bias to one value.

    Parameters
    ----------
    value : float
        The value. Default: 0.
    """
    value = _checks.finite_number("The value of constant", value)
    return _made_by(
        "constant", value, lambda rng, shape, fan_in, fan_out: np.full(shape, value)
    )


@_checking
def fan_in(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> Floats:
    """Draw uniformly from -1 / sqrt(fan_in) to 1 / sqrt(fan_in), like
    `torch.nn.Linear`.

    The variance is 1 / (3 fan_in), a third of that in LeCun, Bottou, Orr and Müller
    1998, section 4.6.
    """
    limit = math.sqrt(1.0 / max(1, fan_in))
    return rng.uniform(-limit, limit, shape)


@_checking
def glorot(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> Floats:
    """Draw uniformly within ± sqrt(6 / (fan_in + fan_out)), Glorot and Bengio 2010,
    equation 16.
    """
    limit = math.sqrt(6.0 / max(1, fan_in + fan_out))
    return rng.uniform(-limit, limit, shape)


@_checking
def he(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> Floats:
    """Draw from a Gaussian with standard deviation sqrt(2 / fan_in), He, Zhang, Ren and
    Sun 2015.
    """
    return rng.normal(0.0, math.sqrt(2.0 / max(1, fan_in)), shape)


@_checking
def orthogonal(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> Floats:
    """Draw a matrix with orthonormal rows or columns, Saxe, McClelland and Ganguli
    2014.

    Weights that are not a matrix become 1 or -1.
    """
    if len(shape) == 1:
        return rng.choice([-1.0, 1.0], shape)
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)  # the sign makes the draw uniform
    return np.ascontiguousarray(q if shape[0] >= shape[1] else q.T)


def sparse(share: float = 0.9) -> Initializer:
    """Make an initializer that sets most incoming weights of a neuron to 0, Elsayed,
    Vasan and Mahmood 2024.

    The others are drawn by :func:`fan_in`. Of a projection that is not full, each
    weight is 0 as often.

    Parameters
    ----------
    share : float
        Share of the weights that are 0, from 0 to below 1; the count is rounded down.
        Default: 0.9.
    """
    share = _checks.fraction_below_one("The share of sparse", share)

    def drawn(
        rng: np.random.Generator, shape: tuple[int, ...], n: int, fan_out: int
    ) -> Floats:
        weights: Floats = fan_in(rng, shape, n, fan_out)

        # A random rank of the incoming weights of each target; the lowest become 0.
        numbers = np.arange(shape[0])[:, None]
        ranks = rng.permuted(np.broadcast_to(numbers, (*shape, 1)[:2]), axis=0)
        weights[ranks.reshape(shape) < int(share * shape[0])] = 0.0
        return weights

    return _made_by("sparse", share, drawn)


_by_name: _checks.Names[Initializer] = _checks.Names(
    "initializer",
    {
        "uniform": uniform(),
        "normal": normal(),
        "zeros": constant(0.0),
        "fan_in": fan_in,
        "glorot": glorot,
        "he": he,
        "orthogonal": orthogonal,
        "sparse": sparse(),
    },
    {
        "zero": "zeros",
        **dict.fromkeys(("xavier", "xavier_uniform", "glorot_uniform"), "glorot"),
        **dict.fromkeys(("kaiming", "kaiming_normal", "he_normal"), "he"),
    },
    _checks.NEAREST["initializer"],
)


_MAKERS = {make.__name__: make for make in (uniform, normal, constant, sparse)}


def __getattr__(name: str) -> Initializer:
    """Find registered initializers, synonyms and other spellings."""
    return _by_name.attribute(__name__, name)


def names() -> list[str]:
    """Return the names of all initializers, sorted."""
    return sorted(_by_name)


def get(initializer: str | Initializer) -> Initializer:
    """Find an initializer by its name; a function is returned as it is.

    Parameters
    ----------
    initializer : str or callable
        Name of the initializer. Case, underscores, hyphens and spaces do not matter.
        Synonyms such as "xavier" (`glorot`) and "kaiming" (`he`) work too.

    Raises
    ------
    UnknownNameError
        If no initializer of this name is registered.
    ArgumentTypeError
        If it is neither a string nor a function of (rng, shape, fan_in, fan_out).
    """
    if isinstance(initializer, str):
        return _by_name.find(initializer)
    if hasattr(initializer, "_unchecked"):  # one of this module
        return initializer
    function: Initializer = _checks.function_of(
        "An initializer", initializer, *ARGUMENTS
    )
    return function


def to_json(initializer: Any) -> str | dict[str, float] | None:
    """Return what a file has for an initializer: its name, or the name of the function
    that made it with a number; None if there is neither.
    """
    for name in names():
        if _by_name.find(name) is initializer:
            return name
    made_by = getattr(initializer, "_made_by", None)
    return None if made_by is None else dict([made_by])


def from_json(content: Any) -> Any:
    """Return the initializer of :func:`to_json`; anything else as it is."""
    if isinstance(content, dict) and len(content) == 1:
        ((name, number),) = content.items()
        maker = _MAKERS.get(name)
        return content if maker is None else maker(number)
    return content


def register(function: Initializer) -> Initializer:
    """Register your own initializer under its name. Use it as a decorator.

    Parameters
    ----------
    function : callable
        Function ``(rng, shape, fan_in, fan_out) -> array`` that returns finite numbers
        of this shape.

    Returns
    -------
    callable
        The function.

    Raises
    ------
    ArgumentError
        If another function has this name, in any spelling or as a synonym.
    ArgumentTypeError
        If it is not a function of these arguments.

    Examples
    --------
    >>> from synapse import Layer
    >>> @register
    ... def half(rng, shape, fan_in, fan_out):
    ...     return np.full(shape, 0.5)
    >>> Layer(2).project(Layer(1), initializer="half").weights
    Weights(array([[0.5],
           [0.5]]))
    """
    _checks.function_of("An initializer to register", function, *ARGUMENTS)
    name = getattr(function, "__name__", "")
    if not name or _by_name.seek(name) is not None:
        raise ArgumentError(
            f"An initializer named {name!r} is registered already. Give yours another"
            " name."
        )
    _by_name.add(name, function)
    return function


def draw(
    initializer: str | Initializer,
    rng: np.random.Generator,
    shape: tuple[int, ...],
    fan_in: int,
    fan_out: int,
    dtype: Any = np.float64,
) -> Floats:
    """Draw an array of this shape; an error if the initializer returns another, or
    unfit numbers.
    """
    title = "The result of an initializer"
    function = get(initializer)
    drawn = getattr(function, "_unchecked", function)(rng, shape, fan_in, fan_out)
    values = _checks.finite_array(title, drawn, dtype)
    if values.shape != shape:
        condition = f"an array of shape {shape}"
        raise ArgumentError(_checks.expected(title, condition, values.shape))
    return values


# --- seeds ----------------------------------------------------------------------------


def random_generator(seed: Seed) -> np.random.Generator:
    """Return the generator for a public function: the given one, or a new one from a
    seed.
    """
    if isinstance(seed, np.random.Generator):
        return seed
    if seed is None or isinstance(seed, np.random.SeedSequence):
        return np.random.default_rng(seed)
    several = isinstance(seed, list | tuple)
    entries = list(seed) if isinstance(seed, list | tuple) else [seed]
    integers = [_checks.integer(entry) for entry in entries]
    numbers = [number for number in integers if number is not None and number >= 0]
    if not numbers or len(numbers) < len(entries):
        condition = "a whole number, 0 or above, a list of such numbers,"
        condition += " a numpy Generator or None"
        raise ArgumentError(_checks.expected("The seed", condition, seed))
    # A list of one number is another seed than the number.
    return np.random.default_rng(numbers if several else numbers[0])


def seeds_of(seed: Seed, count: int) -> list[Seed]:
    """Return `count` seeds for as many threads; a generator, which they cannot share,
    is spawned.
    """
    if isinstance(seed, np.random.Generator):
        return [*seed.spawn(count)]
    return [seed] * count


@contextmanager
def given_back(rng: np.random.Generator) -> Iterator[None]:
    """Restore the state of a generator if the block raises, so that a failed call draws
    nothing.
    """
    state = rng.bit_generator.state
    try:
        yield
    except BaseException:
        rng.bit_generator.state = state
        raise


__all__ = ["Initializer", "constant", "fan_in", "get", "glorot", "he"]
__all__ += ["names", "normal", "orthogonal", "register", "sparse", "uniform"]
__dir__ = _checks.public_names(__all__, _by_name)
