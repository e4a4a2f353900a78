"""Initializers of weights and biases by name, and a decorator that adds one.

An initializer is a function ``f(rng, shape, fan_in, fan_out)`` that returns an array of
``shape``, which is (sources, targets) for a full projection and (connections,) for any
other pattern. ``fan_in`` and ``fan_out`` are a neuron's numbers of incoming and
outgoing connections. You can also pass such a function without registering it.

You can pass this module's initializers with or without a call, because ``normal``,
``normal()`` and ``"normal"`` are the same. To set another number, call them, as in
``normal(0.5)``.

>>> import numpy as np
>>> uniform(0.5)(np.random.default_rng(0), (2, 3), 2, 3).shape
(2, 3)
>>> uniform(0.5), glorot()
(<initializer uniform(0.5)>, <initializer glorot>)
"""

import typing as _typing

from ._checks import public_module as _public_module
from ._initializer import (
    Initializer,
    by_name as _table,
    constant,
    fan_in,
    glorot,
    he,
    names,
    normal,
    orthogonal,
    register,
    sparse,
    uniform,
)

__all__ = [
    "Initializer",
    "constant",
    "fan_in",
    "glorot",
    "he",
    "names",
    "normal",
    "orthogonal",
    "register",
    "sparse",
    "uniform",
    "zeros",
]
_public_module(__name__, __all__, _table)

zeros = _table["zeros"]

if _typing.TYPE_CHECKING:  # type checkers and editors know these names, and no others
    glorot_uniform = he_normal = kaiming = kaiming_normal = xavier = zeros
    xavier_uniform = zero = zeros
