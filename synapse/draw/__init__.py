"""Pictures drawn by matplotlib, which the extra ``draw`` installs.

Install it from a clone of the repository: ``pip install -e ".[draw]"``.

Every function takes an ``ax``, without which it makes a figure, and returns the Axes
that it has drawn on. It raises MissingExtraError if matplotlib is not installed. Global
settings are not changed. Names are shown literally, including ``$``, but long names are
shortened. For letters that the font lacks, set matplotlib's ``font.family``.

`explore` makes an interactive page instead, for a notebook or a file, and `link` an
address that opens a network in such a page. They need no extra.
"""

from .._checks import public_module as _public_module
from ._curves import learning, traces
from ._evolution import growth, species
from ._explore import Explorer, explore
from ._flow import error_flow
from ._forecast import forecast
from ._hinton import hinton
from ._link import link
from ._matrix import matrix, raster
from ._network import network
from ._returns import returns
from ._sensitivities import sensitivities
from ._spikes import spikes
from ._style import style

__all__ = [
    "Explorer",
    "error_flow",
    "explore",
    "forecast",
    "growth",
    "hinton",
    "learning",
    "link",
    "matrix",
    "network",
    "raster",
    "returns",
    "sensitivities",
    "species",
    "spikes",
    "style",
    "traces",
]
_public_module(__name__, __all__)
