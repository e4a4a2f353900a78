"""Rules of synapses, which change each weight by values at its own synapse.

A :class:`Rule` is made from one function, or from two functions for events. Their
arguments are bound by name to values of a synapse, settings and traces. The rule is
compiled for any network, sparse, delayed, gated or signed, and learns without targets.

>>> import numpy as np
>>> import architect
>>> from synapse.plasticity import Oja
>>> net = architect.Perceptron(2, 1, squash="identity", seed=0)
>>> net.rule = Oja
>>> rng = np.random.default_rng(0)
>>> rows = rng.normal(size=(5000, 1)) * [0.8, 0.6] + 0.1 * rng.normal(size=(5000, 2))
>>> outputs = net.run(rows, learn=True)
>>> np.abs(net.weights).round(1)
array([0.8, 0.6])
"""

from .._checks import public_module as _public_module
from ._ready import (
    BCM,
    STDP,
    Hebb,
    MultiplicativeSTDP,
    Oja,
    RewardSTDP,
    ThreeFactor,
    TripletSTDP,
)
from ._rule import Rule
from ._trace import Trace, trace

__all__ = [
    "BCM",
    "STDP",
    "Hebb",
    "MultiplicativeSTDP",
    "Oja",
    "RewardSTDP",
    "Rule",
    "ThreeFactor",
    "Trace",
    "TripletSTDP",
    "trace",
]
_public_module(__name__, __all__)
