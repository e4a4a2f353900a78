"""The table of all public calls: what each parameter accepts.

A new public call needs a row in ``rows`` only if a parameter accepts something else than ``kinds.usual``
says, or if it needs arguments that ``world.World`` does not have under the names of the parameters.
"""

from . import rows
from .calls import PUBLIC, TABLE
from .excluded import EXCLUDED, is_excluded
from .kinds import EITHER, ODD
from .world import World

__all__ = ["EITHER", "EXCLUDED", "ODD", "PUBLIC", "TABLE", "World", "is_excluded", "rows"]
