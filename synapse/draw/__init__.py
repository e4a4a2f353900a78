"""Pictures drawn by matplotlib, which the extra ``draw`` installs: ``pip install "synapse-neurons[draw]"``.

Every function takes an ``ax`` and returns the Axes that it has drawn on; without one it makes a figure.
No global setting is changed. Names are shown as they are, including ``$``, and shortened where they are long;
for letters that the font lacks, set matplotlib's ``font.family``.

`explore` writes an interactive page instead and needs no extra.
"""

from types import ModuleType as _Module

from ._style import *
from .curves import *
from .explore import *
from .flow import *
from .hinton import *
from .network import *
from .raster import *

# Every file lists its public names in its own __all__.
__all__ = [
    name for name, value in sorted(vars().items()) if not isinstance(value, _Module) and name[0] != "_"
]
