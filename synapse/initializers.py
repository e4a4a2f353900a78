"""How weights and biases start: named functions, and any function of the user's.

An initializer is called as ``f(rng, shape, fan_in, fan_out)`` and returns an array of `shape`:
(sources, targets) for a full projection, (connections,) for any other pattern.

>>> import numpy as np
>>> uniform(0.1)(np.random.default_rng(0), (2, 3), 2, 3).shape
(2, 3)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._checks import Names, expected, finite_array, finite_number, function_of, non_negative_number
from ._typing import Floats
from .errors import ArgumentError

Initializer = Callable[[np.random.Generator, tuple[int, ...], int, int], Any]


def uniform(scale: float = 0.1) -> Initializer:
    """Uniform between -scale and scale, as Synaptic draws weights and biases."""
    scale = non_negative_number("The scale of uniform", scale)
    return lambda rng, shape, fan_in, fan_out: rng.uniform(-scale, scale, shape)


def normal(scale: float = 0.1) -> Initializer:
    """Gaussian around 0 with standard deviation `scale`."""
    scale = non_negative_number("The scale of normal", scale)
    return lambda rng, shape, fan_in, fan_out: rng.normal(0.0, scale, shape)


def constant(value: float = 0.0) -> Initializer:
    """Always `value`."""
    value = finite_number("The value of constant", value)
    return lambda rng, shape, fan_in, fan_out: np.full(shape, value)


def fan_in(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Floats:
    """Uniform within 1 / sqrt(fan_in), for weights and biases, as `torch.nn.Linear` draws them.

    The variance is 1 / (3 fan_in): LeCun, Bottou, Orr and Müller 1998, section 4.6, a third of theirs.
    """
    limit = np.sqrt(1.0 / max(1, fan_in))
    return rng.uniform(-limit, limit, shape)


def glorot(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Floats:
    """Uniform within sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010, equation 16."""
    limit = np.sqrt(6.0 / max(1, fan_in + fan_out))
    return rng.uniform(-limit, limit, shape)


def he(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Floats:
    """Gaussian with standard deviation sqrt(2 / fan_in): He, Zhang, Ren and Sun 2015."""
    return rng.normal(0.0, np.sqrt(2.0 / max(1, fan_in)), shape)


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Floats:
    """Rows or columns orthonormal: Saxe, McClelland and Ganguli 2014. Single weights become 1 or -1."""
    if len(shape) == 1:
        return rng.choice([-1.0, 1.0], shape)
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)  # the sign makes the draw uniform
    return np.ascontiguousarray(q if shape[0] >= shape[1] else q.T)


NEAREST = {
    "ones": "Use initializers.constant(1.0).",
    "heuniform": "The nearest is he, a Gaussian with the same variance.",
    "kaiminguniform": "The nearest is he, a Gaussian with the same variance.",
    "glorotnormal": "The nearest is glorot, which is uniform with the same variance.",
    "xaviernormal": "The nearest is glorot, which is uniform with the same variance.",
    "lecununiform": "The nearest is fan_in, which has a third of its variance.",
    "lecunnormal": "The nearest is fan_in, which is uniform and has a third of its variance.",
    "randomuniform": "The nearest is initializers.uniform(0.05); uniform has the bound 0.1.",
    "randomnormal": "The nearest is initializers.normal(0.05); normal has the standard deviation 0.1.",
}
"""Initializers of other libraries that are none of these, and what is nearest."""

_by_name: Names[Initializer] = Names(
    "initializer",
    {
        "uniform": uniform(),
        "normal": normal(),
        "zeros": constant(0.0),
        "fan_in": fan_in,
        "glorot": glorot,
        "he": he,
        "orthogonal": orthogonal,
    },
    {
        "zero": "zeros",
        "xavier": "glorot",
        "xavier_uniform": "glorot",
        "glorot_uniform": "glorot",
        "kaiming": "he",
        "kaiming_normal": "he",
        "he_normal": "he",
    },
    NEAREST,
)


def __getattr__(name: str) -> Initializer:
    """Registered initializers, and other spellings."""
    return _by_name.attribute(__name__, name)


def names() -> list[str]:
    """The names of all registered initializers."""
    return sorted(_by_name)


def get(initializer: str | Initializer) -> Initializer:
    """The initializer of this name; a function is returned as it is.

    Names are understood in any case, with or without underscores, and so are "xavier" (`glorot`) and
    "kaiming" (`he`). An unknown one is an :class:`~synapse.errors.UnknownNameError`.
    """
    if isinstance(initializer, str):
        return _by_name.find(initializer)
    made: Initializer = function_of("An initializer", initializer, "rng", "shape", "fan_in", "fan_out")
    return made


def register(function: Initializer) -> Initializer:
    """Add an initializer of one's own, under its name.

    Raises
    ------
    ArgumentError
        If the name is taken by another function.
    """
    function_of("An initializer to register", function, "rng", "shape", "fan_in", "fan_out")
    name = getattr(function, "__name__", "")
    if not name or _by_name.seek(name) is not None:
        raise ArgumentError(f"An initializer named {name!r} is registered already. Give yours another name.")
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
    """What an initializer gives, checked; each number must be within the range of the dtype.

    Raises
    ------
    ArgumentError
        If it returned another shape or a number that is not finite.
    """
    what = "What an initializer returns"
    values = finite_array(what, get(initializer)(rng, shape, fan_in, fan_out), dtype)
    if values.shape != shape:
        raise ArgumentError(expected(what, f"an array of shape {shape}", values.shape))
    return values
