"""Analysis: what a network does and why, from its current numbers.

No function here changes the network it is given. A function that runs a sequence clears
the context first and restores it afterwards; random neurons output their means in it.
"""

from .._checks import public_module as _public_module
from ._activity import Activity, Switching, activity, switching
from ._comparison import Comparison, compare
from ._contribution import (
    EffectiveWeights,
    contribution,
    effective_weights,
    error_flow,
    saliency,
)
from ._explanation import Explanation, GateTerm, explain
from ._lesions import Lesions, lesions, patch
from ._pruning import Pruned, prune
from ._rewiring import rewire
from ._structure import (
    HalfLives,
    LateConnections,
    components,
    gate_motifs,
    half_lives,
    late_connections,
    spectral_radius,
)
from ._table import Table

__all__ = [
    "Activity",
    "Comparison",
    "EffectiveWeights",
    "Explanation",
    "GateTerm",
    "HalfLives",
    "LateConnections",
    "Lesions",
    "Pruned",
    "Switching",
    "Table",
    "activity",
    "compare",
    "components",
    "contribution",
    "effective_weights",
    "error_flow",
    "explain",
    "gate_motifs",
    "half_lives",
    "late_connections",
    "lesions",
    "patch",
    "prune",
    "rewire",
    "saliency",
    "spectral_radius",
    "switching",
]
_public_module(__name__, __all__)
