"""Analysis: what a network does and why, from its current numbers.

No function here changes the network it is given. A function that runs a sequence clears the context first and
restores it afterwards.
"""

from .._checks import public_names
from .activity import (
    Activity,
    Distribution,
    activation_distribution,
    activity,
    weight_distribution,
)
from .comparison import Comparison, compare
from .contribution import (
    EffectiveWeights,
    contribution,
    effective_weights,
    saliency,
)
from .explanation import Explanation, GateTerm, explain
from .memory import HalfLives, half_lives, spectral_radius
from .pruning import Pruned, prune
from .structure import Motifs, components, motifs
from .table import Table

__all__ = [
    "Activity",
    "Comparison",
    "Distribution",
    "EffectiveWeights",
    "Explanation",
    "GateTerm",
    "HalfLives",
    "Motifs",
    "Pruned",
    "Table",
    "activation_distribution",
    "activity",
    "compare",
    "components",
    "contribution",
    "effective_weights",
    "explain",
    "half_lives",
    "motifs",
    "prune",
    "saliency",
    "spectral_radius",
    "weight_distribution",
]
__dir__ = public_names(__all__)
