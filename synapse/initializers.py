"""Initializers of weights and biases, by name; you can also pass your own function.

An initializer is a function ``f(rng, shape, fan_in, fan_out)`` that returns an array of
``shape``: (sources, targets) for a full projection, (connections,) for any other
pattern. ``fan_in`` and ``fan_out`` are the numbers of incoming and outgoing connections
of a neuron.

You can pass those of this module with or without a call: ``normal``, ``normal()`` and
``"normal"`` are the same, and ``normal(0.5)`` sets another number.

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
