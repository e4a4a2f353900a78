"""Analysis: what a network does and why, read off its live numbers.

Nothing here changes the network that it looks at: where a sequence is to be shown, the context is
cleared first and brought back afterwards.
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
