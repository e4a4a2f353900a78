"""Analyse a trained network: how it computes its outputs, and why, based on its current
numbers.

These functions do not change the given network. A function that runs a sequence clears
the context first and restores it afterwards, and random neurons output their means
during the run.
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
