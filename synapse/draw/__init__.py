"""Pictures by matplotlib, which the extra ``draw`` brings: ``pip install "synapse-neurons[draw]"``.

Every function takes an ``ax`` and returns the Axes it has drawn on; without one it makes a figure.
Nothing global is changed. Names are shown as they are, ``$`` too, shortened where they are long;
letters that the font lacks are for matplotlib's ``font.family`` to bring.

`explore` writes an interactive page instead, and needs no extra.
"""

from ._style import style
from .curves import learning, traces
from .explore import explore
from .flow import error_flow, sensitivity
from .hinton import hinton
from .network import network
from .raster import raster

__all__ = [
    "error_flow",
    "explore",
    "hinton",
    "learning",
    "network",
    "raster",
    "sensitivity",
    "style",
    "traces",
]
