"""Analysis: what a network does and why, from its current numbers.

No function here changes the network it is given. A function that runs a sequence clears the context first and
restores it afterwards; random neurons output their means in it.
"""

from .._checks import public_names
from .activity import Activity, activity
from .comparison import Comparison, compare
from .contribution import EffectiveWeights, contribution, effective_weights, error_flow, saliency
from .explanation import Explanation, GateTerm, explain
from .memory import HalfLives, half_lives, spectral_radius
from .pruning import Pruned, prune
from .structure import components, gate_motifs
from .table import Table

__all__ = [
    "Activity",
    "Comparison",
    "EffectiveWeights",
    "Explanation",
    "GateTerm",
    "HalfLives",
    "Pruned",
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
    "prune",
    "saliency",
    "spectral_radius",
]
__dir__ = public_names(__all__)
