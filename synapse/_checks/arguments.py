"""Check arguments. Each function returns the value in its canonical type, or raises an
error of one sentence.

The sentence is "``rate`` of Adam must be a finite number above 0, got -1.", which
:func:`expected` makes of a title, a condition and the value. The title is the name of a
parameter, "rate", or with its owner, "rate of Adam". For values that are not
parameters, it is a noun phrase with a capital, "The target of step 3".
"""

import inspect
import math
import numbers
import operator
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, MappingView, Set
from contextlib import suppress
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from ..engine import schema
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    FunctionWarning,
    OutOfRangeError,
    RateWarning,
)

Instance = TypeVar("Instance")

FLOAT64 = np.dtype(np.float64)
FLOAT32 = np.dtype(np.float32)
MAX_SAFE_NUMBER = 1e38
"""Numbers between -SAFE and SAFE fit both float32 and float64."""
HIGH_RATE = 10.0
"""Learning rate above which training warns: each update is over ten times the error
times the input."""
MAX_COUNT = 10**15
"""Largest whole number without a more specific bound: this many nanoseconds are 11
days."""
MAX_NEURONS = 10_000_000
"""Maximum size of a layer. It takes about 4 GB, with 300 bytes per neuron in the store
and 100 per object."""
MAX_CONNECTIONS = 250_000_000
"""Maximum size of a projection. It takes about 20 GB while it is made, with 80 bytes
per connection."""
MAX_THREADS = 1024
"""Maximum number of threads, which is more than the cores of any machine."""
MAX_DELAYS = schema.MAX_DELAYS
DELAYS = f"a whole number of steps from 0 to {MAX_DELAYS:,}"
OF_TIMES = "spikes.to_steps(times, dt) turns milliseconds into steps."
MAX_SEQUENCES = 10_000_000
"""Largest number of sequences that a task generates at once."""


def pluralize(count: int, noun: str) -> str:
    """Return a number with its noun: "1 connection", "2 connections"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def with_article(noun: str) -> str:
    """Return a noun or the name of a class with its article, by sound: "an LSTM", "a
    GRU", "an hour".
    """
    if noun[:2].isupper():  # spelled out: el, ess, tee
        vowel = noun[0] in "AEFHILMNORSX"
    else:
        vowel = noun[:1].lower() in "aeio" or noun.startswith("hour")
    return f"{'an' if vowel else 'a'} {noun}"


def short_repr(value: Any) -> str:
    """Convert a value to short text on one line, for messages."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an int with thousands of digits, or a user's class
        text = f"an object of type {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


_PARAMETER = re.compile(r"(X|[a-z_][\w.]*)(\[.*\])?(?= of |$)")
"""The name of a parameter at the start of a title, with the path to one of its
entries."""


def subject(title: str) -> str:
    """Return the subject of a sentence about a title, with backticks around a
    parameter.

    >>> subject("title of a picture"), subject("The target of step 3")
    ('`title` of a picture', 'The target of step 3')
    """
    parameter = _PARAMETER.match(title)
    return title if parameter is None else f"`{parameter[0]}`{title[parameter.end() :]}"


def lowercase_title(title: str) -> str:
    """Return the result of :func:`subject` for the middle of a sentence.

    >>> lowercase_title("title of a picture"), lowercase_title("The target of step 3")
    ('`title` of a picture', 'the target of step 3')
    """
    words = subject(title)
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def expected(title: str, condition: str, value: Any, advice: str = "") -> str:
    """Make the message about a value that `title` names.

    >>> expected("value of constant", "a finite number", "a")
    "`value` of constant must be a finite number, got 'a'."
    """
    return must(title, f"be {condition}", short_repr(value), advice)


def must(title: str, requirement: str, got: str, advice: str = "") -> str:
    """Make the message about the value that `title` names, with a verb and words for
    the value.

    >>> must("title", "have 8 letters or more", "7")
    '`title` must have 8 letters or more, got 7.'
    """
    sentence = f"{subject(title)} must {requirement}, got {got}."
    return f"{sentence} {advice}" if advice else sentence


def require(
    fits: object, title: str, condition: str, value: Any, advice: str = ""
) -> None:
    """Raise ArgumentError, in the words of :func:`expected`, unless the value fits.

    Because all arguments are computed before it is known whether the value fits, use an
    ``if`` for conditions that take long to write.
    """
    if not fits:
        raise ArgumentError(expected(title, condition, value, advice))


def require_type(
    fits: object, title: str, condition: str, value: Any, advice: str = ""
) -> None:
    """Raise ArgumentTypeError, as :func:`require` does, unless it is of a kind that
    fits.
    """
    if not fits:
        raise ArgumentTypeError(expected(title, condition, value, advice))


def finite_number(title: str, value: Any, dtype: Any = np.float64) -> float:
    """Return `value` as a float. Errors name it by `title`.

    Numbers of Python and NumPy, fractions and decimals are accepted, unless they are
    infinite, NaN or beyond the range of `dtype`. Booleans, strings, complex and masked
    numbers are not accepted.
    """
    if type(value) is float and -MAX_SAFE_NUMBER < value < MAX_SAFE_NUMBER:
        return value  # the usual case, within the range of every float
    number = real_number(title, value)
    if not abs(number) <= float(np.finfo(dtype).max):
        if math.isfinite(number):
            raise unfit(title, dtype, value)
        raise ArgumentError(expected(title, "a finite number", value))
    return number


def unfit(title: str, dtype: Any, value: Any) -> ArgumentError:
    """Make the error for a finite number beyond the range of a dtype."""
    number_type = np.dtype(dtype)
    maximum = np.finfo(dtype).max
    requirement = f"fit {number_type}, the dtype of the network: at most {maximum:.3g}"
    return ArgumentError(must(title, requirement, short_repr(value)))


def is_number(value: Any) -> bool:
    """Return whether :func:`finite_number` accepts the type of `value`."""
    if isinstance(value, np.ndarray):
        single = value.ndim == 0 and value.dtype.kind in "iuf"
        return single and not isinstance(value, np.ma.MaskedArray)
    if isinstance(value, bool):  # which is an int in Python
        return False
    if isinstance(value, numbers.Real):
        return True
    from decimal import Decimal  # a compiled module, which few programs need

    return isinstance(value, Decimal)


def real_number(title: str, value: Any) -> float:
    """Return `value` as a float, which is infinite if it is too large, or raise an
    error if it is not a real number.
    """
    if not is_number(value):
        raise ArgumentTypeError(expected(title, "a number", value))
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except ValueError:  # a signaling NaN of decimal
        return math.nan


def _in_range(condition: str, minimum: float, maximum: float) -> Callable[..., float]:
    """Make a check that returns a value as a finite float from `minimum` to `maximum`,
    or raises an error.
    """

    def check(title: str, value: Any, dtype: Any = np.float64) -> float:
        number = finite_number(title, value, dtype)
        if not minimum <= number <= maximum:
            raise ArgumentError(expected(title, condition, value))
        return number

    return check


_ABOVE_0 = math.nextafter(0.0, 1.0)
_BELOW_1 = math.nextafter(1.0, 0.0)
non_negative_number = _in_range("a finite number, 0 or above", 0.0, math.inf)
positive_number = _in_range("a finite number above 0", _ABOVE_0, math.inf)
fraction_below_one = _in_range("a number that is 0 or above and below 1", 0.0, _BELOW_1)
fraction = _in_range("a number above 0 and at most 1", _ABOVE_0, 1.0)
from_0_to_1 = _in_range("from 0 to 1", 0.0, 1.0)
number_from_one = _in_range("a finite number, 1 or above", 1.0, math.inf)
between_0_and_1 = _in_range("a number above 0 and below 1", _ABOVE_0, _BELOW_1)


def bounds(title: str, low: Any, high: Any) -> tuple[float, float]:
    """Return two numbers, the first below the second. Each may be infinite."""
    require_type(is_number(low) and is_number(high), title, "two numbers", (low, high))
    try:
        minimum, maximum = float(low), float(high)
    except OverflowError:  # of a whole number
        minimum = maximum = math.nan
    require(minimum < maximum, title, "two numbers, the lower one first", (low, high))
    return minimum, maximum


def pair(
    title: str, value: Any, condition: str = "two numbers in order, such as (1.0, 0.1)"
) -> tuple[Any, Any]:
    """Return the two items of `value`, which has an order, or raise an error."""
    try:
        start, end = value
    except (TypeError, ValueError):
        raise ArgumentTypeError(expected(title, condition, value)) from None
    if isinstance(value, Set | Mapping | str):  # without order, or one text
        raise ArgumentTypeError(expected(title, condition, value))
    return start, end


def pair_of(
    check: Callable[[str, Any], float],
) -> Callable[[str, Any], tuple[float, ...]]:
    """Return a check of a pair of numbers, for annotations of fields."""
    return lambda title, value: tuple(check(title, of) for of in pair(title, value))


def training_rate(title: str, value: Any, dtype: Any = np.float64) -> float:
    """Return `value` as a learning rate, 0 or above, and give a :class:`RateWarning`
    above :data:`HIGH_RATE`.
    """
    number = non_negative_number(title, value, dtype)
    if number > HIGH_RATE:
        warn(
            f"{subject(title)} is {number:g}. Training with a rate above"
            f" {HIGH_RATE:g} rarely converges.",
            RateWarning,
        )
    return number


def warn(message: str, category: type[Warning]) -> None:
    """Warn, at the user's line. If stderr is closed, continue without the warning."""
    with suppress(ValueError):
        warnings.warn(message, category, stacklevel=_user_stacklevel())


def warn_of_python(subject: str, refused: str) -> None:
    """Warn that a user's function is called in Python, if there is a reason."""
    if refused:
        warn(
            f"{subject} is called in Python, which takes longer, because it cannot be"
            f" compiled: {refused}.",
            FunctionWarning,
        )


def _user_stacklevel() -> int:
    """Return the `stacklevel` of a warning that points to the user's line."""
    level = 1
    frame = sys._getframe(1)
    # A context that decorates a function of the library puts a frame between.
    ours = ("synapse", "contextlib")
    while frame.f_globals.get("__name__", "").startswith(ours):
        if frame.f_back is None:
            break
        frame = frame.f_back
        level += 1
    return level


def positive_integer(title: str, value: Any, maximum: float = MAX_COUNT) -> int:
    """Return `value` as an int above 0 and at most `maximum`, or raise an error."""
    number = whole_number(title, value, "a whole number above 0", 1, math.inf)
    if number > maximum:
        raise ArgumentError(expected(title, f"at most {maximum}", value))
    return number


def whole_number(
    title: str,
    value: Any,
    condition: str,
    minimum: float,
    maximum: float = MAX_COUNT,
    advice: str = "",
) -> int:
    """Return `value` as an int from `minimum` to `maximum`, or raise an error with the
    condition.
    """
    if type(value) is int and minimum <= value <= maximum:
        return value
    number = integer(value)
    if number is None:
        raise ArgumentTypeError(expected(title, condition, value, advice))
    if number > maximum == MAX_COUNT:
        raise ArgumentError(expected(title, f"at most {MAX_COUNT}", value))
    if not minimum <= number <= maximum:
        raise ArgumentError(expected(title, condition, value))
    return number


def non_negative_integer(title: str, value: Any) -> int:
    """Return `value` as an int, 0 or above, or raise an error."""
    return whole_number(title, value, "a whole number, 0 or above", 0)


def index_within(title: str, index: Any, size: int) -> int:
    """Return `index` as an index into `size` items, or raise an error. Negative indices
    count from the end.
    """
    if type(index) is int and -size <= index < size:
        return index
    number = integer(index)
    if number is None:
        raise ArgumentTypeError(expected(title, "a whole number", index))
    if not -size <= number < size:
        raise OutOfRangeError(expected(title, f"from {-size} to {size - 1}", index))
    return number


def integer(value: Any) -> int | None:
    """Return `value` as an int, or None if it is not one, as for booleans and masked
    numbers.
    """
    if isinstance(value, bool | np.bool_ | np.ma.MaskedArray):
        return None
    try:
        return operator.index(value)
    except TypeError:  # of arrays of booleans too
        return None


def float_type(title: str, value: Any) -> np.dtype[Any]:
    """Return `value` as the dtype float32 or float64, or raise an error. None means
    float64.
    """
    if value is np.float64 or value is FLOAT64:
        return FLOAT64
    dtype: np.dtype[Any] = np.dtype(np.void)
    if value is None or isinstance(value, str | type | np.dtype):
        with suppress(TypeError, ValueError):
            dtype = np.dtype(value)
    require(dtype in (FLOAT64, FLOAT32), title, "float64 or float32", value)
    return dtype


def boolean(title: str, value: Any) -> bool:
    """Return `value` as a bool, or raise an error. Numbers and strings are not
    accepted.
    """
    if not isinstance(value, bool | np.bool_):
        raise ArgumentTypeError(expected(title, "True or False", value))
    return bool(value)


def sign(title: str, value: Any) -> int:
    """Return a sign, +1 or -1, as a number, with 0 for None, or raise an error."""
    if value is None:
        return 0
    number = integer(value)
    if number not in (-1, 1):
        wrong = ArgumentTypeError if number is None else ArgumentError
        raise wrong(expected(title, "+1, -1 or None", value))
    return number


def delay(title: str, value: Any) -> int:
    """Return a number of steps, which may be 0, or raise an error."""
    return whole_number(title, value, DELAYS, 0, MAX_DELAYS, OF_TIMES)


def text(title: str, value: Any) -> str:
    """Return `value` if it is a string, or raise an error."""
    if not isinstance(value, str):
        raise ArgumentTypeError(expected(title, "a string", value))
    return value


def function_of(
    title: str,
    value: Any,
    *arguments: str,
    keywords: Iterable[str] = (),
    advice: str = "",
) -> Any:
    """Return `value` if it can be called with this number of arguments, or raise an
    error with their names.

    `keywords` are given by name. `advice` is for other values.
    """
    # Most are plain functions of these arguments: they do not cost a signature.
    if isinstance(value, FunctionType) and not vars(value) and not keywords:
        code = value.__code__
        if (code.co_argcount, code.co_kwonlyargcount) == (len(arguments), 0):
            return value

    condition = f"a function of ({', '.join([*arguments, *keywords])})"
    if not callable(value):
        raise ArgumentTypeError(expected(title, condition, value, advice))
    try:
        inspect.signature(value).bind(*arguments, **dict.fromkeys(keywords))
    except TypeError:
        raise ArgumentTypeError(expected(title, condition, value, advice)) from None
    except ValueError:  # built-in functions may have no signature
        if isinstance(value, type):
            raise ArgumentTypeError(expected(title, condition, value, advice)) from None
    return value


def file_path(title: str, value: Any, condition: str = "a string or a path") -> Path:
    """Return `value` as a Path, or raise an error if no file can have this name."""
    try:
        path = Path(value)
        nameless = value == "" or b"\0" in os.fsencode(path)
    except TypeError:
        raise ArgumentTypeError(expected(title, condition, value)) from None
    except UnicodeEncodeError:  # a lone surrogate
        nameless = True
    if nameless:
        condition = "the name of a file, which is not empty and has no NUL"
        condition += " and no lone surrogate"
        raise ArgumentError(expected(title, condition, value))
    if re.match("[A-Za-z][A-Za-z0-9+.-]+://", str(value)):
        advice = "Open the address, for example with fsspec.open, and pass the file."
        raise ArgumentError(expected(title, "a path of this machine", value, advice))
    return path


def ordered(title: str, value: Any) -> Any:
    """Return `value`, or raise an error if it is a set, because sets have another order
    in the next process.

    For Python, views of dicts and of graphs are sets, too, but they have the order of
    their entries.
    """
    require_type(
        not isinstance(value, Set)
        or isinstance(value, MappingView)
        or hasattr(value, "__reversed__"),
        title,
        "in an order, such as a list",
        value,
    )
    return value


def listed(
    title: str, value: Any, condition: str, any_order: bool = False
) -> list[Any]:
    """Return `value` as a list, or raise an error. Strings and bytes are not accepted,
    and sets only in `any_order`.
    """
    value = value if any_order else ordered(title, value)
    # without a length, an object that has indices might not end
    has_end = hasattr(value, "__iter__") or hasattr(value, "__len__")
    if isinstance(value, str | bytes) or not has_end:
        raise ArgumentTypeError(expected(title, condition, value))
    try:
        return list(value)
    except TypeError:
        raise ArgumentTypeError(expected(title, condition, value)) from None


BUILD_ADVICE = (
    "For a network of your own, pass a function that makes it:"
    " build=lambda n_inputs, n_outputs, seed: net."
)


def layer_sizes(title: str, value: Any) -> list[Any]:
    """Return the sizes of hidden layers as a list. A single number is the size of one
    layer.
    """
    if integer(value) is not None:
        return [value]
    condition = "a size, or a list of sizes such as (16, 8)"
    if not isinstance(value, list | tuple | range | np.ndarray):
        raise ArgumentTypeError(expected(title, condition, value, BUILD_ADVICE))
    return listed(title, value, condition)


def instance(title: str, value: Any, cls: type[Instance]) -> Instance:
    """Return `value` if it is of this class, or raise an error."""
    if not isinstance(value, cls):
        raise ArgumentTypeError(expected(title, with_article(cls.__name__), value))
    return value


def is_among(value: Any, names: Iterable[str]) -> bool:
    """Return whether `value`, of any type, is one of these strings."""
    return isinstance(value, str) and value in names


MAX_JSON_DEPTH = 100
"""Largest depth to which lists and dicts of a document are nested."""
VALUES = "a JSON value (a string, finite number, boolean, None, list or dict)"


def plain(value: Any) -> Any:
    """Convert a value to the form of JSON, in which numbers and arrays of NumPy are
    Python's, and tuples are lists.
    """
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return [*map(plain, value)] if isinstance(value, tuple) else value


def json_object(title: str, value: Any) -> dict[str, Any]:
    """Return a copy of a dict of JSON values, or raise an ArgumentTypeError that names
    the key.
    """
    require_type(isinstance(value, dict), title, "a dict", value)
    return _members(title, value, 0)


def _members(title: str, value: dict[Any, Any], depth: int) -> dict[str, Any]:
    """Return a copy of a dict of JSON values. `title` is the path to it."""
    for key in value:
        if not isinstance(key, str):
            raise ArgumentTypeError(
                expected(f"The keys of {lowercase_title(title)}", "strings", key)
            )
    return {
        str(key): _value(f"{title}[{str(key)!r}]", member, depth)
        for key, member in value.items()
    }


def _value(title: str, value: Any, depth: int) -> Any:
    """Return a copy of a JSON value. `title` is the path to it."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict | list):
        if depth == MAX_JSON_DEPTH:
            root = title[: title.index("]") + 1]  # the whole path would fill the screen
            raise ArgumentTypeError(
                f"Lists and dicts in {lowercase_title(root)} must be nested at most"
                f" {MAX_JSON_DEPTH} deep, got more."
            )
        if isinstance(value, dict):
            return _members(title, value, depth + 1)
        return [
            _value(f"{title}[{i}]", member, depth + 1) for i, member in enumerate(value)
        ]
    if isinstance(value, str):
        return str(value)
    with suppress(OverflowError):  # an integer beyond every float
        if isinstance(value, int | float) and math.isfinite(value):
            return int(value) if isinstance(value, int) else float(value)
    raise ArgumentTypeError(expected(title, VALUES, value))
