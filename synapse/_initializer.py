"""Initializers of weights and biases, and their registry by name behind
`synapse.initializers`.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, overload

import numpy as np

from . import _checks
from ._registration import is_same_code
from ._typing import Floats
from .errors import ArgumentError, ArgumentTypeError

ARGUMENTS = ("rng", "shape", "fan_in", "fan_out")
Initializer = Callable[[np.random.Generator, tuple[int, ...], int, int], Any]
Seed = np.random.Generator | np.random.SeedSequence | Sequence[int] | int | None


class NamedInitializer:
    """An initializer of this module.

    When called with (rng, shape, fan_in, fan_out), it draws an array. When called with
    its number, as in ``normal(0.5)`` or ``normal(scale=0.5)``, it returns the
    initializer with this number. Without arguments, as in ``normal()`` or ``glorot()``,
    it returns itself.
    """

    __name__: str

    def __init__(
        self, draw: Callable[..., Any], check: Callable[[str, Any], float] | None
    ) -> None:
        functools.update_wrapper(self, draw)
        *_, last = inspect.signature(draw).parameters.values()
        self._draw = draw
        self._check = check
        self._parameter = last.name
        self._number: float | None = None if check is None else last.default

    @overload
    def __call__(self, number: float = ..., /) -> NamedInitializer: ...
    @overload
    def __call__(
        self, *, scale: float = ..., value: float = ..., sparsity: float = ...
    ) -> NamedInitializer: ...
    @overload
    def __call__(
        self,
        rng: np.random.Generator,
        shape: tuple[int, ...],
        fan_in: int,
        fan_out: int,
    ) -> Floats: ...
    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) + len(named) > 1:
            return self._drawn_for(*arguments, **named)
        return self._with(*arguments, **named) if arguments or named else self

    def __repr__(self) -> str:
        number = "" if self._number is None else f"({self._number:g})"
        return f"<initializer {self.__name__}{number}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_number, (self.__name__, self._number)

    def unchecked(
        self,
        rng: np.random.Generator,
        shape: tuple[int, ...],
        fan_in: int,
        fan_out: int,
    ) -> Any:
        """Draw an array from arguments that are known to be valid."""
        numbers = () if self._number is None else (self._number,)
        return self._draw(rng, shape, fan_in, fan_out, *numbers)

    def _drawn_for(
        self, rng: Any = None, shape: Any = (), fan_in: Any = None, fan_out: Any = None
    ) -> Floats:
        _checks.require_type(
            isinstance(rng, np.random.Generator),
            "rng of an initializer",
            "a numpy Generator",
            rng,
        )
        title = "shape of an initializer"
        sizes = _checks.listed(title, shape, "(sources, targets) or (connections,)")
        _checks.require(len(sizes) in (1, 2), title, "1 or 2 numbers", shape)
        for size in sizes:
            _checks.non_negative_integer(title, size)
        _checks.non_negative_integer("fan_in of an initializer", fan_in)
        _checks.non_negative_integer("fan_out of an initializer", fan_out)
        return self.unchecked(rng, tuple(sizes), fan_in, fan_out)

    def _with(self, *numbers: Any, **named: Any) -> NamedInitializer:
        """Return the same initializer with another number."""
        if self._check is None:
            raise ArgumentTypeError(
                f"The initializer {self.__name__} has no number to set. Pass it as"
                f' {self.__name__}, {self.__name__}() or "{self.__name__}".'
            )
        if named and self._parameter not in named:
            wrong = next(iter(named))
            raise ArgumentTypeError(
                f"The initializer {self.__name__} has no argument {wrong!r}. Use"
                f" {self.__name__}({self._parameter}=)."
            )
        (value,) = numbers or named.values()
        other = NamedInitializer(self._draw, self._check)
        other._number = self._check(f"{self._parameter} of {self.__name__}", value)
        return other


def _of_number(name: str, number: float | None) -> NamedInitializer:
    """Return this module's initializer with this number, for pickles and copies."""
    law: NamedInitializer = globals()[name]
    return law if number is None or number == law._number else law(number)


def _initializer(
    check: Callable[[str, Any], float] | None = None,
) -> Callable[[Callable[..., Any]], NamedInitializer]:
    """Make a function of (rng, shape, fan_in, fan_out) an initializer, which also has a
    number if `check` is given.
    """
    return lambda function: NamedInitializer(function, check)


@_initializer(_checks.non_negative_number)
def uniform(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    fan_in: int,
    fan_out: int,
    scale: float = 0.1,
) -> Floats:
    """Draw uniformly from -scale to scale, like Synaptic: ``uniform(scale=0.1)``."""
    return rng.uniform(-scale, scale, shape)


@_initializer(_checks.non_negative_number)
def normal(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    fan_in: int,
    fan_out: int,
    scale: float = 0.1,
) -> Floats:
    """Draw from a Gaussian with mean 0 and this standard deviation:
    ``normal(scale=0.1)``.
    """
    return rng.normal(0.0, scale, shape)


@_initializer(_checks.finite_number)
def constant(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    fan_in: int,
    fan_out: int,
    value: float = 0.0,
) -> Floats:
    """Set every weight or bias to one value: ``constant(value=0.0)``."""
    return np.full(shape, value)


@_initializer()
def fan_in(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> Floats:
    """Draw uniformly from -1 / sqrt(fan_in) to 1 / sqrt(fan_in), like
    `torch.nn.Linear`.

    The variance is 1 / (3 fan_in), a third of the variance in LeCun, Bottou, Orr and
    Müller 1998, section 4.6.
    """
    limit = math.sqrt(1.0 / max(1, fan_in))
    return rng.uniform(-limit, limit, shape)


@_initializer()
def glorot(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> Floats:
    """Draw uniformly within ± sqrt(6 / (fan_in + fan_out)), Glorot and Bengio 2010,
    equation 16.
    """
    limit = math.sqrt(6.0 / max(1, fan_in + fan_out))
    return rng.uniform(-limit, limit, shape)


@_initializer()
def he(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> Floats:
    """Draw from a Gaussian with standard deviation sqrt(2 / fan_in), He, Zhang, Ren and
    Sun 2015.
    """
    return rng.normal(0.0, math.sqrt(2.0 / max(1, fan_in)), shape)


@_initializer()
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


@_initializer(_checks.fraction_below_one)
def sparse(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    n: int,
    fan_out: int,
    sparsity: float = 0.9,
) -> Floats:
    """Set most incoming weights of a neuron to 0, Elsayed, Vasan and Mahmood 2024:
    ``sparse(sparsity=0.9)``.

    The fraction of zeros is from 0 to below 1, and their count is rounded down. The
    other weights are drawn by `fan_in`. If a projection is not full, each of its
    weights is 0 with the same probability.
    """
    weights: Floats = fan_in.unchecked(rng, shape, n, fan_out)

    # A random rank of the incoming weights of each target; the lowest become 0.
    numbers = np.arange(shape[0])[:, None]
    ranks = rng.permuted(np.broadcast_to(numbers, (*shape, 1)[:2]), axis=0)
    weights[ranks.reshape(shape) < int(sparsity * shape[0])] = 0.0
    return weights


by_name: _checks.Names[Initializer] = _checks.Names(
    "initializer",
    {
        "uniform": uniform,
        "normal": normal,
        "zeros": constant(0.0),
        "fan_in": fan_in,
        "glorot": glorot,
        "he": he,
        "orthogonal": orthogonal,
        "sparse": sparse,
    },
    {
        "zero": "zeros",
        **dict.fromkeys(("xavier", "xavier_uniform", "glorot_uniform"), "glorot"),
        **dict.fromkeys(("kaiming", "kaiming_normal", "he_normal"), "he"),
    },
    _checks.NEAREST_ADVICE["initializer"],
)


_WITH_NUMBER = {law.__name__: law for law in (uniform, normal, constant, sparse)}


def names() -> list[str]:
    """Return the names of all initializers, sorted."""
    return sorted(by_name)


def get(initializer: str | Initializer) -> Initializer:
    """Find an initializer by its name, or return a function as it is.

    Parameters
    ----------
    initializer : str or callable
        Name of the initializer. Case, underscores, hyphens and spaces do not matter.
        Synonyms such as "xavier" (`glorot`) and "kaiming" (`he`) work, too.

    Raises
    ------
    UnknownNameError
        If no initializer of this name is registered.
    ArgumentTypeError
        If `initializer` is neither a string nor a function of (rng, shape, fan_in,
        fan_out).
    """
    if isinstance(initializer, str):
        return by_name.find(initializer)
    if isinstance(initializer, NamedInitializer):
        return initializer
    advice = by_name.advice(initializer)
    return _checks.function_of("An initializer", initializer, *ARGUMENTS, advice=advice)


def to_json(initializer: Any) -> str | dict[str, float] | None:
    """Return the representation of an initializer in files, which is its name, or the
    name of the function that made it with a number. None if there is neither.
    """
    if label := by_name.label_of(initializer):
        return _checks.registered_name(label)
    if isinstance(initializer, NamedInitializer) and initializer._number is not None:
        return {initializer.__name__: initializer._number}
    return None


def from_json(content: Any) -> Any:
    """Return the initializer of :func:`to_json`, or anything else as it is."""
    if isinstance(content, dict) and len(content) == 1:
        ((name, number),) = content.items()
        law = _WITH_NUMBER.get(name)
        return content if law is None else law(number)
    return content


@overload
def register(function: Initializer, *, replace: bool = ...) -> Initializer: ...
@overload
def register(*, replace: bool = ...) -> Callable[[Initializer], Initializer]: ...
@_checks.suggests_arguments()
def register(function: Initializer | None = None, *, replace: bool = False) -> Any:
    """Register your own initializer under its name. Use it as a decorator.

    Parameters
    ----------
    function : callable
        Function ``(rng, shape, fan_in, fan_out) -> array`` that returns finite numbers
        of this shape.
    replace : bool
        Whether the function replaces another one of yours with this name. What holds
        the earlier one keeps it, as do copies. Files and pickles only contain the name,
        and are read with the new one. Default: False, so that a name that is taken
        raises an error.

    Returns
    -------
    callable
        The function itself.

    Raises
    ------
    ArgumentError
        If another function, or the same function with other captured values, has this
        name, in any spelling or as a synonym, and is not replaced.
    ArgumentTypeError
        If `function` is not a function of these arguments.

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
    if function is None:
        return functools.partial(register, replace=_checks.boolean("replace", replace))
    given: Any = function
    _checks.function_of("An initializer to register", given, *ARGUMENTS)
    name = getattr(given, "__name__", "")
    if by_name.again(name, replace, lambda law: is_same_code(law, given)) is None:
        by_name.enter(name, given)
    return given


def draw(
    initializer: str | Initializer,
    rng: np.random.Generator,
    shape: tuple[int, ...],
    fan_in: int,
    fan_out: int,
    dtype: Any = np.float64,
) -> Floats:
    """Draw an array of this shape, or raise an error if the initializer returns another
    shape or unfit numbers.
    """
    title = "The result of an initializer"
    function = get(initializer)
    if isinstance(function, NamedInitializer):
        drawn = function.unchecked(rng, shape, fan_in, fan_out)
    else:
        drawn = function(rng, shape, fan_in, fan_out)
    values = _checks.finite_array(title, drawn, dtype)
    _checks.require(
        values.shape == shape, title, f"an array of shape {shape}", values.shape
    )
    return values


# --- seeds ----------------------------------------------------------------------------


def random_generator(seed: Seed) -> np.random.Generator:
    """Return the generator for a public function, which is the given one, or a new one
    made from a seed.
    """
    if isinstance(seed, np.random.Generator):
        return seed
    is_number = type(seed) is int and seed >= 0
    if is_number or seed is None or isinstance(seed, np.random.SeedSequence):
        return np.random.default_rng(seed)
    return np.random.default_rng(_checked_seed(seed))


def _checked_seed(seed: Any) -> int | list[int]:
    """Return the number or the numbers of a seed, or raise ArgumentError."""
    several = isinstance(seed, list | tuple)
    entries = list(seed) if isinstance(seed, list | tuple) else [seed]
    integers = [_checks.integer(entry) for entry in entries]
    numbers = [number for number in integers if number is not None and number >= 0]
    if not numbers or len(numbers) < len(entries):
        condition = "a whole number, 0 or above, a list of such numbers,"
        condition += " a numpy Generator or None"
        raise ArgumentError(_checks.expected("seed", condition, seed))
    # A list of one number is another seed than the number.
    return numbers if several else numbers[0]


def seeds_of(seed: Seed, count: int) -> list[Seed]:
    """Return `count` seeds for as many threads. A generator is spawned, because threads
    cannot share it.
    """
    if isinstance(seed, np.random.Generator):
        return [*seed.spawn(count)]
    return [seed] * count


@contextmanager
def given_back(rng: np.random.Generator) -> Iterator[None]:
    """Restore the state of a generator if the block raises an error, so that a failed
    call draws nothing.
    """
    state = rng.bit_generator.state
    try:
        yield
    except BaseException:
        rng.bit_generator.state = state
        raise
