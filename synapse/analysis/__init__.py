"""Analysis: what a network does and why, from its current numbers.

No function here changes the network it is given. A function that runs a sequence clears the context first and
restores it afterwards.
"""

from types import ModuleType as _Module

from .activity import *
from .comparison import *
from .contribution import *
from .explanation import *
from .memory import *
from .pruning import *
from .structure import *
from .table import *

# Every file lists its public names in its own __all__.
__all__ = [
    name for name, value in sorted(vars().items()) if not isinstance(value, _Module) and name[0] != "_"
]
