"""Analysis: what a network does and why, from its current numbers.

No function here changes the network it is given. A function that runs a sequence clears the context first and
restores it afterwards.
"""

from .activity import (
    Activity as Activity,
    Distribution as Distribution,
    activation_distribution as activation_distribution,
    activity as activity,
    weight_distribution as weight_distribution,
)
from .comparison import Comparison as Comparison, compare as compare
from .contribution import (
    EffectiveWeights as EffectiveWeights,
    contribution as contribution,
    effective_weights as effective_weights,
    saliency as saliency,
)
from .explanation import Explanation as Explanation, GateTerm as GateTerm, explain as explain
from .memory import HalfLives as HalfLives, half_lives as half_lives, spectral_radius as spectral_radius
from .pruning import Pruned as Pruned, prune as prune
from .structure import Motifs as Motifs, components as components, motifs as motifs
from .table import Table as Table
