"""Attributes of neurons, connections and layers that are columns of their store.

The kind of a column determines how objects show its numbers and which numbers they
accept. An attribute is therefore declared once, by :class:`Value` for the object of a
single row, from which :class:`Values` makes the attribute of a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from numpy.typing import ArrayLike

from .. import _checks as checks
from .._typing import Floats
from ..engine.locking import atomic, consistent_read
from ..engine.schema import (
    COLUMN_OF,
    DELAY,
    FACTOR,
    FLAG,
    GATE,
    NUMBER,
    ROW,
    SHOWN,
    SIGN,
)
from ..engine.store import Store
from ..errors import ArgumentError
from . import parameters

T = TypeVar("T")

SHOWN_AS: dict[Any, Callable[[Store, Any], Any]] = {
    FLAG: lambda store, number: bool(number),
    SIGN: lambda store, number: number or None,
    ROW: lambda store, number: store.handles[number],
    GATE: lambda store, number: store.handles[number - 1] if number else None,
}
"""What objects show instead of the numbers of these kinds."""
CHECKS: dict[Any, Callable[..., Any]] = {
    NUMBER: checks.finite_number,
    FACTOR: checks.non_negative_number,
    FLAG: checks.boolean,
    SIGN: checks.sign,
    DELAY: checks.delay,
}
"""Checks of new values, for the kinds that can be set."""


class Attribute(property, Generic[T]):
    """A property of the type T, which errors name by `title`."""

    title = ""

    if TYPE_CHECKING:

        def __get__(self, handle: Any, owner: Any = None) -> T: ...  # type: ignore[override]
        def __set__(self, handle: Any, value: Any) -> None: ...

    def __set_name__(self, owner: type, name: str) -> None:
        self.title = self.title or f"{name} of a {owner.__name__.lower()}"


class Value(Attribute[T]):
    """An attribute of a neuron or connection, which is a column.

    Parameters
    ----------
    name : str
        Name of the column.
    doc : str
        Docstring of the attribute.
    write : callable, optional
        Function of a store, the name, a row and a checked value that sets the value,
        such as :func:`parameters.assign`. Default: the attribute is read-only.
    title : str
        Name of the value in errors. Default: "bias of a neuron", for example.
    """

    def __init__(
        self,
        name: str,
        doc: str,
        write: Callable[[Store, str, Any, Any], None] | None = None,
        title: str = "",
    ) -> None:
        self.column = COLUMN_OF[name]
        self.title = title
        shown = SHOWN_AS.get(self.column.kind)

        @consistent_read
        def read(handle: Any) -> Any:
            # faster than an index, for algorithms
            return handle._store.columns[name].item(handle._at)

        @consistent_read
        def show(handle: Any) -> Any:
            number = handle._store.columns[name].item(handle._at)
            return shown(handle._store, number)  # type: ignore[misc]

        @atomic
        def set_checked(handle: Any, value: Any) -> None:
            row = handle._at
            write(handle._store, name, row, self._checked(value, handle._store))  # type: ignore[misc]

        def set_parameter(handle: Any, value: Any) -> None:
            if not parameters.assign_alone(handle, name, value):
                set_checked(handle, value)

        setter = set_parameter if write is parameters.assign else set_checked
        super().__init__(show if shown else read, setter if write else None)
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        # for help, documentation and whatever else reads signatures
        shown_type = self.__orig_class__.__args__[0]  # type: ignore[attr-defined]
        self.fget.__annotations__["return"] = shown_type
        if self.fset:
            self.fset.__annotations__["value"] = shown_type

    def _checked(self, value: Any, store: Store) -> Any:
        """Return a value that the column can have, or raise an error."""
        options = (store.dtype,) if self.column.dtype == "float" else ()
        return CHECKS[self.column.kind](self.title, value, *options)


class Values(Attribute[Floats]):
    """An attribute of a layer, which is the array of its neurons' values in a column.

    Parameters
    ----------
    name : str
        Name of the column.
    doc : str
        Docstring of the attribute.
    """

    def __init__(self, name: str, doc: str) -> None:
        column = COLUMN_OF[name]

        def read(layer: Any) -> Floats:
            return checks.read_only(layer._column(name))

        def write(layer: Any, values: ArrayLike) -> None:
            with layer._in_use():
                numbers = checks.finite_array(self.title, values)
                numbers = layer._vector(self.title, numbers)
                if column.kind is FACTOR and (numbers < 0.0).any():
                    smallest = float(numbers.min())
                    raise ArgumentError(
                        checks.expected(self.title, "0 or above", smallest)
                    )
                layer._assign(column, numbers)

        super().__init__(read, write)
        self.__doc__ = doc


def show_columns(handles: type, axis: str) -> None:
    """Give handles one attribute for each column that is `shown`, see
    :class:`schema.Column`.
    """
    for column in SHOWN[axis]:
        setattr(handles, column.name, Value(column.name, column.shown))
