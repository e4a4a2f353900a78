"""Pictures drawn by matplotlib, which the extra ``draw`` installs: ``pip install -e ".[draw]"``.

Every function takes an ``ax`` and returns the Axes that it has drawn on; without one it makes a figure. It
raises MissingExtraError if matplotlib is not installed.
No global setting is changed. Names are shown literally, including ``$``; long names are shortened.
For letters that the font lacks, set matplotlib's ``font.family``.

`explore` makes an interactive page instead, for a notebook or a file, and needs no extra.
"""

from .._checks import public_names
from ._style import style
from .curves import learning, traces
from .explore import Explorer, explore
from .flow import error_flow
from .forecast import forecast
from .growth import growth
from .hinton import hinton
from .network import network
from .raster import raster
from .sensitivities import sensitivities
from .species import species
from .trials import trials

__all__ = [
    "Explorer",
    "error_flow",
    "explore",
    "forecast",
    "growth",
    "hinton",
    "learning",
    "network",
    "raster",
    "sensitivities",
    "species",
    "style",
    "traces",
    "trials",
]
__dir__ = public_names(__all__)
