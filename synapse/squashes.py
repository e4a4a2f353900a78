"""Activation functions ("squashes") by name, and a decorator that adds one.

A squash computes an activation and its derivative from a state. To list the registered
squashes, call `names`. Each built-in squash is an entry of
``synapse/engine/functions/activations.py``. There are smooth functions such as
`logistic` (also ``sigmoid``), `tanh` and `identity` (also ``linear``), and functions
with a kink or a jump, such as `relu` and `step`. `winner`, `maxout` and, for outputs,
`softmax` are functions for a group of neurons, and `noise` and `bernoulli` are random.
The reference has a table of all. You can give a spike's slope another width, as in
``"spike(width=2)"``.

Case, underscores and hyphens in names do not matter, as in "ReLU", "leakyrelu" and
"HARD-TANH".

>>> from synapse import squashes
>>> squashes.logistic(0.0)
0.5
>>> squashes.tanh.derivative(0.0)
1.0
"""

# Names that are not public begin with an underscore, because editors list all others.
import typing as _typing

from ._checks import public_module as _public_module
from ._squash import Squash, by_name as _table, names, register

__all__ = ["Squash", "names", "register", *_table]
_public_module(__name__, __all__, _table)

if _typing.TYPE_CHECKING:  # type checkers and editors know these names, and no others
    _one = _table["identity"]
    abs = absolute = arctan_spike = bent_identity = bernoulli = binary_step = _one
    bipolar = bipolar_sigmoid = elu = gaussian = gelu = hard_limit = _one
    hard_shrink = hard_tanh = hard_threshold = heaviside = hlim = identity = _one
    inverse = leaky_relu = linear = logistic = maxout = noise = ramp = relu = _one
    selu = sgn = sigmoid = sign = signum = silu = sin = sine = sinus = _one
    sinusoid = soft_shrink = soft_threshold = softmax = softplus = softsign = _one
    spike = square = step = super_spike = tanh = winner = _one
else:
    globals().update(_table)
