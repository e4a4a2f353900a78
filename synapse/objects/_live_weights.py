"""The weights of a projection as a live array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import ArrayLike, NDArray

from .._checks import expected, finite_array, read_only
from ..engine.guard import InUse
from ..errors import ArgumentError
from . import _ties

if TYPE_CHECKING:
    from .projection import Projection


class Weights(NDArrayOperatorsMixin):
    """The weights of a projection: an array that reads and writes the weights of the network.

    The shape is (sources, targets) for a full projection, otherwise (connections,). The object behaves like
    a NumPy array whose memory is the network: ``w[0, 1] = 0.5``, ``w *= 2`` and ``np.add(w, 1, out=w)``
    change the network, and so does ``part *= 2`` after ``part = w[1:]``. As in NumPy, ``w * 2``,
    ``w.copy()``, ``np.array(w)``, ``w[mask]`` and ``w[[0, 2]]`` are copies. ``np.asarray(w)`` is a
    read-only copy.

    See Also
    --------
    Projection.weights : Returns this object.

    Examples
    --------
    >>> from synapse import Layer
    >>> projection = Layer(2).project(Layer(2), weights=[[1.0, 2.0], [3.0, 4.0]])
    >>> w = projection.weights
    >>> w *= 2
    >>> row = w[1]
    >>> row -= 6
    >>> projection.weights
    Weights(array([[2., 4.],
           [0., 2.]]))
    """

    __slots__ = ("_keys", "_projection")

    def __init__(self, projection: Projection, keys: tuple[Any, ...] = ()) -> None:
        self._projection, self._keys = projection, keys

    def is_whole(self, projection: Projection) -> bool:
        """Whether these are all the weights of a projection, in their order."""
        return self._projection is projection and not self._keys

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("The weights of a projection cannot be converted to an array without a copy.")
        values = np.array(self._projection._values(*self._keys), dtype)
        return values if copy else read_only(values)  # np.array(w) asks for a copy of its own

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: tuple[Any, ...] = (), **kwargs: Any
    ) -> Any:
        changed = inputs[:1] if method == "at" else out
        live = {id(one): one for one in changed if isinstance(one, Weights)}
        with InUse(*(one._projection for one in live.values())):
            arrays = {number: np.array(one) for number, one in live.items()}

            def plain(one: Any) -> Any:
                return arrays.get(id(one), np.asarray(one) if isinstance(one, Weights) else one)

            if out:
                kwargs["out"] = tuple(map(plain, out))
            result = getattr(ufunc, method)(*map(plain, inputs), **kwargs)
            for number, one in live.items():
                one[...] = arrays[number]
        answer = {id(arrays[number]): one for number, one in live.items()}
        if isinstance(result, tuple):
            return tuple(answer.get(id(one), one) for one in result)
        return answer.get(id(result), result)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape: (sources, targets) or (connections,), or that of a part of it."""
        return self._projection._rows(*self._keys).shape

    def __len__(self) -> int:
        return len(self._projection._rows(*self._keys))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        rows = self._projection._rows(*self._keys)
        part = rows[key]
        if isinstance(part, np.ndarray) and np.may_share_memory(part, rows):  # NumPy returns a view
            return Weights(self._projection, (*self._keys, key))
        return self._projection._values(*self._keys, key)

    def __setitem__(self, key: Any, values: ArrayLike) -> None:
        weights = finite_array("Weights", values, self._projection._store.dtype)
        with InUse(self._projection):
            rows = self._projection._rows(*self._keys, key)
            _ties.assign(self._projection._store, "weight", rows, _fitting(weights, rows))

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute of an array, such as ``dtype`` or ``mean``, from a read-only copy."""
        if name.startswith("_"):  # looked up by protocols of NumPy, pickle and copy
            raise AttributeError(f"Weights have no {name!r}.")
        return getattr(np.asarray(self), name)

    def __repr__(self) -> str:
        return f"Weights({np.asarray(self)!r})"

    def __str__(self) -> str:
        return str(np.asarray(self))


def _fitting(values: NDArray[Any], rows: Any) -> NDArray[Any]:
    """Broadcast values to the shape of the rows, or raise an error."""
    shape = np.shape(rows)
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise ArgumentError(expected("Weights", f"of shape {shape}", values.shape)) from None
