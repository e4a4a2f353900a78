"""Analysis: what a network does and why, from its current numbers.

No function here changes the network it is given. A function that runs a sequence clears
the context first and restores it afterwards; random neurons output their means in it.
"""

from .._checks import public_names
from .activity import Activity as Activity, activity as activity
from .comparison import Comparison as Comparison, compare as compare
from .contribution import (
    EffectiveWeights as EffectiveWeights,
    contribution as contribution,
    effective_weights as effective_weights,
    error_flow as error_flow,
    saliency as saliency,
)
from .explanation import (
    Explanation as Explanation,
    GateTerm as GateTerm,
    explain as explain,
)
from .lesions import Lesions as Lesions, lesions as lesions, patch as patch
from .memory import (
    HalfLives as HalfLives,
    half_lives as half_lives,
    spectral_radius as spectral_radius,
)
from .pruning import Pruned as Pruned, prune as prune
from .rewiring import rewire as rewire
from .structure import (
    LateConnections as LateConnections,
    components as components,
    gate_motifs as gate_motifs,
    late_connections as late_connections,
)
from .switching import Switching as Switching, switching as switching
from .table import Table as Table

__all__ = [
    name
    for name, value in globals().items()
    if getattr(value, "__module__", "").startswith(__name__)
]
__dir__ = public_names(__all__)
