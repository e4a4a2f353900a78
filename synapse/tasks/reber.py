"""The embedded Reber grammar, to predict which symbols can come next.

A Reber string is a random walk along the arcs of a graph, with equal
probabilities at every fork. An embedded string surrounds one: ``B``, then ``T`` or
``P``, a Reber string, the same ``T`` or ``P`` again, ``E``. To predict the last symbol
but one, a network must store one bit during the whole inner string. See Hochreiter and
Schmidhuber 1997, experiment 1.

>>> strings(3, seed=0)
['BPBTSSXXVPXVPSEPE', 'BPBTXSEPE', 'BPBPTTTTVPXTVPXVPSEPE']
"""

from .._checks import public_module as _public_module
from ._reber import SYMBOLS, EmbeddedReber, legal, strings

__all__ = [
    "SYMBOLS",
    "EmbeddedReber",
    "legal",
    "strings",
]
_public_module(__name__, __all__)
