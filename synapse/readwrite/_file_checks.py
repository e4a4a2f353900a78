"""Check the contents of files. Each function returns the value, or raises a
FormatError.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType, NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _squash, squashes
from .._checks import (
    json_object,
    must,
    pluralize,
    short_repr,
    warn,
    with_article,
)
from .._typing import Ints
from ..engine.lowering.ranges import order_of
from ..engine.schema import (
    FLAG,
    GROUP,
    INDEX,
    SHARED_BY,
    SIGN,
    TIME,
    Column,
)
from ..errors import (
    ArgumentTypeError,
    FormatError,
    TopologyWarning,
    UnknownNameError,
)
from ..objects.parameters import first_of_group
from ..objects.topology import NO_GATER

FLOATS = ("float32", "float64")
LARGEST_WHOLE = sys.maxsize
"""Largest value of a clock."""
OLDER = "Make the file again, because older versions are read from the first release on"


def in_words(value: Any) -> str:
    """Return a value in the words of an error message; a nested or very long one by its
    kind only.

    >>> in_words(0.5), in_words([[1]]), in_words(10**5000)
    ('0.5', 'a list', 'a number of many digits')
    """
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and value.bit_length() > 200:
        return "a number of many digits"
    return (
        short_repr(value)
        if isinstance(value, (str, float, int, type(None)))
        else f"a {type(value).__name__}"
    )


def require(fits: bool, subject: str, condition: str, value: Any) -> None:
    """Raise unless something fits: "The version must be a whole number, got 'x'."."""
    if not fits:
        raise FormatError(must(subject, f"be {condition}", in_words(value)))


def is_whole(value: Any, minimum: int, maximum: int) -> bool:
    """Return whether a value is an integer from `minimum` to `maximum` (True and 1.0
    are not).
    """
    return type(value) is int and minimum <= value <= maximum


Condition = tuple[str, Callable[[Any], bool]]
"""What a value must be, in words, and a function that tells whether it is."""
TEXT: Condition = "a string", lambda value: type(value) is str
BOOLEAN: Condition = "true or false", lambda value: type(value) is bool
WHOLE: Condition = "a whole number", lambda value: is_whole(value, 0, LARGEST_WHOLE)
OBJECT: Condition = "an object", lambda value: isinstance(value, dict)


def require_version(data: dict[str, Any], version: int) -> None:
    """Raise unless a document has the present version of its format."""
    written: Any = data.get("version")
    require(
        is_whole(written, 1, LARGEST_WHOLE),
        "The version",
        "a whole number above 0",
        written,
    )
    if written != version:
        newer = written > version
        raise FormatError(
            f"The file was written by {'a newer' if newer else 'an older'} version of"
            f" Synapse, in version {written} of the format; this one reads version"
            f" {version}. {'Install a newer Synapse' if newer else OLDER}."
        )


def an_object(subject: str, value: Any) -> dict[str, Any]:
    """Return `value` if it is an object, JSON's word for a dict."""
    require(isinstance(value, dict), subject, "an object", value)
    return value


def checked_metadata(metadata: Any) -> dict[str, Any]:
    """Return a copy of a network's metadata, which must consist of JSON values."""
    try:
        return json_object("The metadata of the network", metadata)
    except ArgumentTypeError as error:
        raise FormatError(str(error)) from None


def members(
    subject: str,
    value: Any,
    keys: Iterable[str],
    optional: Iterable[str] = (),
    fitting: Mapping[str, Condition] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return `value` if it is an object with these keys, and at most the optional keys
    besides, whose values fit these conditions.
    """
    content, keys = an_object(subject, value), tuple(keys)
    missing = [key for key in keys if key not in content]
    if missing:
        raise FormatError(
            f"{subject} must have {', '.join(keys)}; {missing[0]!r} is missing."
        )
    every = dict.fromkeys((*keys, *optional))
    for key in content:
        if key not in every:
            only = ", ".join(every)
            raise FormatError(
                must(subject, f"have only {only}", f"{in_words(key)} too")
            )
        if key in fitting:
            condition, fits = fitting[key]
            title = f"The {key} of {subject[:1].lower()}{subject[1:]}"
            require(fits(content[key]), title, condition, content[key])
    return content


class Records:
    """Columns of equal length, with a method to read each kind of column.

    `item` names a row ("neuron", "connection", ...), and `length` is the number of
    rows. Each method raises FormatError for an unsuitable value: "The state of neuron 3
    must be ..., got ...".

    >>> table = Records("neuron", {"state": [0.5, 1], "name": ["a", "b"]})
    >>> table.numbers("state")
    array([0.5, 1. ])
    >>> try:
    ...     table.whole("name", 0, 9)
    ... except FormatError as error:
    ...     print(error)
    The name of neuron 0 must be a whole number from 0 to 9, got 'a'.
    """

    def __init__(self, item: str, columns: dict[str, Any]) -> None:
        self.item = item
        self.columns = columns
        self.length = len(next(iter(columns.values())))

    @classmethod
    def of_columns(
        cls,
        item: str,
        document: dict[str, Any],
        name: str,
        keys: Sequence[str],
        optional: Sequence[str] = (),
    ) -> Records:
        """Read a table from a document that stores it as an object of columns with
        these keys.
        """
        columns = members(f"The table {name!r}", document[name], keys, optional)
        keys = (*keys, *(key for key in optional if key in columns and key not in keys))
        for key in keys:
            if not isinstance(columns[key], list) and np.ndim(columns[key]) != 1:
                require(
                    False, f"The column {key!r} of {name!r}", "a list", columns[key]
                )
        lengths = {key: len(columns[key]) for key in keys}
        for key, length in lengths.items():
            if length != lengths[keys[0]]:
                raise FormatError(
                    must(
                        f"columns of {name!r}",
                        "be of one length",
                        f"{lengths[keys[0]]} items in {keys[0]!r} and {length} in"
                        f" {key!r}",
                    )
                )
        return cls(item, columns)

    @classmethod
    def of_records(
        cls,
        item: str,
        document: dict[str, Any],
        name: str,
        keys: Sequence[str],
        optional: Sequence[str] = (),
    ) -> Records:
        """Read a table from a document that stores it as a list of objects with these
        keys.
        """
        records = document[name]
        require(isinstance(records, list), f"The table {name!r}", "a list", records)
        wanted = set(keys)
        for i, record in enumerate(records):
            if type(record) is not dict or record.keys() != wanted:
                members(f"{item.capitalize()} {i}", record, keys, optional)
        return cls(item, {key: [record[key] for record in records] for key in keys})

    def reread(self, keys: Iterable[str], read: Callable[[Any], Any]) -> None:
        """Convert the values of some columns before they are checked."""
        for key in keys:
            self.columns[key] = [read(value) for value in self.columns[key]]

    def values(
        self, key: str, condition: str, fits: Callable[[Any], bool]
    ) -> list[Any]:
        """Return a column whose values all fit. `condition` describes the permitted
        values in words.
        """
        column: list[Any] = self.columns[key]
        if not all(map(fits, column)):
            self._refuse(key, map(fits, column), condition)
        return column

    def numbers(
        self, key: str, dtype: Any = np.float64, minimum: float = -np.inf
    ) -> NDArray[Any]:
        """Return a column of finite numbers, which may have to be 0 or above."""
        condition = "a finite number" + ", 0 or above" * (minimum == 0.0)
        array = self._array(key, "fiu", (float, int), np.float64, condition)
        small = array.dtype == dtype or array.dtype.kind in "iu"
        fits = np.isfinite(array) if small else np.abs(array) <= np.finfo(dtype).max
        self._require(key, fits & ((array >= 0.0) | (minimum != 0.0)), condition)
        with np.errstate(under="ignore"):
            return array.astype(dtype, copy=False)

    def flags(self, key: str) -> NDArray[np.bool_]:
        """Return a column of true and false."""
        return self._array(key, "b", (bool,), np.bool_, "true or false")

    def whole(self, key: str, minimum: int, maximum: int) -> NDArray[Any]:
        """Return a column of whole numbers in ``minimum .. maximum``."""
        condition = f"a whole number from {minimum} to {maximum}"
        array = self._array(key, "iu", (int,), np.int64, condition)
        self._require(key, (array >= minimum) & (array <= maximum), condition)
        return array

    def indices(self, key: str, table: Records, null: str = "") -> NDArray[Any]:
        """Return a column of row numbers of another table. Null becomes -1, but is only
        allowed if `null` gives its meaning.
        """
        last = table.length - 1
        numbers = f"0 to {last}" if last >= 0 else "of which there are none"
        numbers += f", or null ({null})" if null else ""
        condition = f"the number of {with_article(table.item)}, {numbers}"
        column = self.columns[key]
        minimum = NO_GATER if null else 0
        if null and isinstance(column, list) and NO_GATER in column:
            self._refuse(key, (value != NO_GATER for value in column), condition)
        types = (int, NoneType) if null else (int,)
        array = self._array(key, "iu", types, np.int64, condition)

        # Comparing the extremes needs no array of answers, as long as they fit.
        if len(array) and not (minimum <= array.min() and array.max() <= last):
            self._refuse(key, (array >= minimum) & (array <= last), condition)
        return array

    def _array(
        self, key: str, kinds: str, types: tuple[type, ...], dtype: Any, condition: str
    ) -> NDArray[Any]:
        """Return a column as an array, from an array of one of these kinds or a list of
        these types. None becomes -1.
        """
        column = self.columns[key]
        if not isinstance(column, list):
            if column.dtype.kind not in kinds:
                raise FormatError(
                    must(
                        f"The {key} of every {self.item}",
                        f"be {condition}",
                        f"an array of {column.dtype}",
                    )
                )
            return column.astype(column.dtype.newbyteorder("="), copy=False)
        self._require_types(key, types, condition)
        if NoneType in types and None in column:
            column = [NO_GATER if value is None else value for value in column]
        try:
            array = self.columns[key] = np.array(column, dtype)
            return array
        except OverflowError:  # 64 bits do not hold an integer, or a float its size
            maximum = sys.float_info.max if dtype is np.float64 else np.iinfo(dtype).max
            self._refuse(
                key, (-maximum <= value <= maximum for value in column), condition
            )
            raise

    def _require_types(self, key: str, types: tuple[type, ...], condition: str) -> None:
        """Raise for the first value in a list whose type is not one of these."""
        if not set(map(type, self.columns[key])) <= set(types):
            self._refuse(
                key, (type(value) in types for value in self.columns[key]), condition
            )

    def _require(self, key: str, fits: NDArray[Any], condition: str) -> None:
        """Raise for the first value that does not fit."""
        if not fits.all():
            self._refuse(key, fits, condition)

    def _refuse(self, key: str, fits: Iterable[Any], condition: str) -> None:
        i = next(i for i, fit in enumerate(fits) if not fit)
        value = self.columns[key][i]
        require(
            False,
            f"The {key} of {self.item} {i}",
            condition,
            getattr(value, "tolist", lambda: value)(),
        )

    @staticmethod
    def or_null(numbers: NDArray[Any]) -> list[int | None]:
        """Convert -1 back to null, as the inverse of `indices`."""
        if (numbers == NO_GATER).all():
            return [None] * len(numbers)
        return [None if number == NO_GATER else number for number in numbers.tolist()]

    def texts(self, key: str, null: bool = False) -> list[Any]:
        """Return a column of strings, or of strings and null."""
        types, condition = (
            ((str, NoneType), "a string or null") if null else ((str,), "a string")
        )
        self._require_types(key, types, condition)
        return list(self.columns[key])

    def squashes(self, key: str) -> NDArray[Any]:
        """Return a column with the names of registered activation functions."""
        names = self.texts(key)
        registered = {}
        for name in dict.fromkeys(names):
            try:
                registered[name] = _squash.get(name).name
            except UnknownNameError:
                raise FormatError(
                    f"The {key} of {self.item} {names.index(name)} is {in_words(name)},"
                    " which has not been registered. Register the function first, with"
                    f" @squashes.register. Known: {', '.join(squashes.names())}."
                ) from None
        return np.array([registered[name] for name in names], object)


def overlapping_runs(
    start: NDArray[Any], of: NDArray[Any], length: NDArray[Any]
) -> Ints | None:
    """Return two overlapping runs ``start .. start + length`` within one item, or None
    if no runs overlap.
    """
    starts = of.astype(np.int64) * (int((start + length).max(initial=0)) + 1) + start
    if (np.diff(starts) >= length[:-1]).all():
        return None  # as most networks are made
    order = order_of(starts)
    again = np.flatnonzero(starts[order[1:]] < (starts + length)[order[:-1]])
    return order[again[0] : again[0] + 2] if len(again) else None


def require_pairs_once(
    source: NDArray[Any],
    target: NDArray[Any],
    length: Any = 1,
    delay: NDArray[Any] | None = None,
) -> None:
    """Raise if a pair of neurons is in two runs of one delay, ``source .. source +
    length``.
    """
    length = np.broadcast_to(length, len(source))
    end = target
    if delay is not None:
        end = target.astype(np.int64) * (int(delay.max(initial=0)) + 1) + delay
    runs = overlapping_runs(source, end, length)
    if runs is not None:
        begin = (np.cumsum(length) - length)[runs]
        rows = begin[0] + source[runs[1]] - source[runs[0]], begin[1]
        row, other_row = sorted(map(int, rows))
        raise FormatError(
            f"The connections {row} and {other_row} both lead from neuron"
            f" {source[runs[1]]} to neuron {target[runs[0]]}. A pair of neurons has one"
            " connection of a delay at most."
        )


def checked_column(
    table: Records,
    column: Column,
    dtype: Any,
    clock: int = 0,
    others: Mapping[str, Records] | None = None,
) -> NDArray[Any]:
    """Return a column of a table in a file, read as its kind requires. An index refers
    to `others`.
    """
    name, kind = column.name, column.kind
    assert kind is not None
    if column.dtype == "float":
        return table.numbers(name, dtype, kind.minimum)
    if kind is FLAG:
        return table.flags(name)
    if kind is SIGN:
        return table.whole(name, -1, 1)
    if kind.table:
        assert others is not None
        of = others[kind.table]
        minimum = int(kind.minimum)
        values = (
            table.indices(name, of, kind.null)
            if kind.name == INDEX.name
            else table.whole(name, minimum, of.length - 1 + minimum)
        )
        return values.astype(column.dtype, copy=False)
    # No neuron has activated after the present clock, and there are no more groups than
    # members.
    maximum = int(kind.maximum)
    if kind in (TIME, GROUP):
        maximum = clock if kind is TIME else table.length
    maximum = min(maximum, int(np.iinfo(column.dtype).max))
    return table.whole(name, int(kind.minimum), maximum)


def require_shared(
    item: str,
    columns: dict[str, NDArray[Any]],
    label: Callable[[int], str] | None = None,
) -> None:
    """Raise if tied rows differ in a column that they share, as far as the column
    exists.

    `label` returns the words for a row; the default is its number.
    """
    for name, tie in SHARED_BY.items():
        if name not in columns or tie not in columns:
            continue
        common = first_of_group(columns[tie], columns[name])
        unlike = np.flatnonzero(columns[name] != common)
        if len(unlike):
            i = int(unlike[0])
            row = f"{item} {i}" if label is None else label(i)
            raise FormatError(
                must(
                    f"The {name} of {row}",
                    f"be that of the {item}s it is tied to, {common[i].item()}",
                    f"{columns[name][i].item()}",
                )
            )


def carries_state(connections: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return a mask of connections that carry a state, which lead from a neuron to
    itself without a delay.
    """
    loops = connections["source"] == connections["target"]
    return np.asarray(loops & (connections.get("delay", 0) == np.uint32(0)))


def contradicted_sign(
    connections: dict[str, NDArray[Any]], neurons: dict[str, NDArray[Any]]
) -> int | None:
    """Return a connection whose weight contradicts its sign, or the sign of the other
    connections from its source. Return None if all agree.

    Connections that carry the state of a neuron need not have the neuron's sign.
    """
    source = connections["source"]
    sign = connections.get("sign", np.zeros(len(source), np.int8))
    wrong = sign * connections["weight"] < 0.0
    if "outgoing_sign" in neurons:
        whole = neurons["outgoing_sign"][source]
        wrong |= (whole != 0) & (whole != sign) & ~carries_state(connections)
    return int(np.flatnonzero(wrong)[0]) if wrong.any() else None


def require_clocks(neurons: dict[str, NDArray[Any]], inputs: int) -> None:
    """Raise unless all neurons but inputs have one clock, and these have none."""
    together = neurons["synchronous"].astype(bool)
    has_clock = np.arange(len(together)) >= inputs
    for i in np.flatnonzero(together != (has_clock & together.any())):
        raise FormatError(
            must(
                "Either all neurons but inputs, or none,",
                "be synchronous",
                f"{bool(together[i])} for neuron {i}",
            )
        )


def require_no_errors(
    neurons: dict[str, NDArray[Any]], connections: dict[str, NDArray[Any]], inputs: int
) -> None:
    """Raise if an input without incoming connections has an error, which it never
    gets.
    """
    clamped = np.arange(inputs)
    clamped = clamped[~np.isin(clamped, connections["target"])]
    for name in ("responsibility", "projected", "gated"):
        for i in clamped[neurons[name][clamped] != 0.0] if name in neurons else ():
            raise FormatError(
                must(
                    f"The {name} of neuron {i}, an input without incoming connections,",
                    "be 0",
                    f"{neurons[name][i]}",
                )
            )


def require_signs(
    connections: dict[str, NDArray[Any]], neurons: dict[str, NDArray[Any]]
) -> None:
    """Raise if a weight contradicts its sign, or the sign that all connections from its
    source must have.
    """
    i = contradicted_sign(connections, neurons)
    if i is not None:
        sign = connections["sign"][i] if "sign" in connections else 0
        whole = (
            neurons["outgoing_sign"][connections["source"][i]]
            if "outgoing_sign" in neurons
            else 0
        )
        raise FormatError(
            f"The weight {connections['weight'][i]:g} and the sign {sign} of connection"
            f" {i} must agree, and the sign must agree with that of all connections"
            f" from its source, {whole}."
        )


def warn_of_connections_into_inputs(targets: Ints, inputs: int) -> None:
    """Warn if connections with these targets lead into the first neurons of a network
    that is read, its inputs.
    """
    into_inputs = int((targets < inputs).sum())
    if into_inputs:
        warn(
            f"{into_inputs} of {pluralize(len(targets), 'connection')}"
            f" {'leads' if into_inputs == 1 else 'lead'} into inputs, whose activations"
            " are set from outside. They never act. Leave them out, or connect a new"
            " node to each of these inputs and make the new nodes the inputs.",
            TopologyWarning,
        )
