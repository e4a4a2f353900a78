"""Pictures drawn by matplotlib, which the extra ``draw`` installs: ``pip install "synapse-neurons[draw]"``.

Every function takes an ``ax`` and returns the Axes that it has drawn on; without one it makes a figure.
No global setting is changed. Names are shown literally, including ``$``; long names are shortened.
For letters that the font lacks, set matplotlib's ``font.family``.

`explore` makes an interactive page instead, for a notebook or a file, and needs no extra.
"""

from ._style import style as style
from .curves import learning as learning, traces as traces
from .explore import Explorer as Explorer, explore as explore
from .flow import error_flow as error_flow, sensitivity as sensitivity
from .forecast import forecast as forecast
from .hinton import hinton as hinton
from .network import network as network
from .raster import raster as raster
from .sensitivities import sensitivities as sensitivities
from .trials import trials as trials
