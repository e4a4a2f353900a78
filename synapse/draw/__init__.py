"""Pictures drawn by matplotlib, which the extra ``draw`` installs.

Install it from a clone of the repository: ``pip install -e ".[draw]"``.

Every function takes an ``ax`` and returns the Axes that it has drawn on; without one it
makes a figure. It raises MissingExtraError if matplotlib is not installed. No global
setting is changed. Names are shown literally, including ``$``; long names are
shortened. For letters that the font lacks, set matplotlib's ``font.family``.

`explore` makes an interactive page instead, for a notebook or a file, and `link` an
address that opens a network in such a page. They need no extra.
"""

from .._checks import public_names
from ._style import style as style
from .curves import learning as learning, traces as traces
from .evolution import growth as growth, species as species
from .explore import Explorer as Explorer, explore as explore
from .flow import error_flow as error_flow
from .forecast import forecast as forecast
from .hinton import hinton as hinton
from .link import link as link
from .matrix import matrix as matrix
from .network import network as network
from .raster import raster as raster
from .returns import returns as returns
from .sensitivities import sensitivities as sensitivities
from .spikes import spikes as spikes

__all__ = [
    name
    for name, value in globals().items()
    if getattr(value, "__module__", "").startswith(__name__)
]
__dir__ = public_names(__all__)
