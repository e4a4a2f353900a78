"""Pictures by matplotlib, which the extra ``draw`` brings: ``pip install "synapse-neurons[draw]"``.

Every function takes an ``ax`` and returns the Axes it has drawn on; without one it makes a figure.
Nothing global is changed. Names are shown as they are, ``$`` too, shortened where they are long;
letters that the font lacks are for matplotlib's ``font.family`` to bring.

`explore` writes an interactive page instead, and needs no extra.
"""

from ._style import style as style
from .curves import learning as learning, traces as traces
from .explore import explore as explore
from .flow import error_flow as error_flow, sensitivity as sensitivity
from .hinton import hinton as hinton
from .network import network as network
from .raster import raster as raster
