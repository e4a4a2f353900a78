"""The table of all public calls: what there is to call, and which odd values each
parameter may take.

A new public call needs a row in ``rows`` only if its parameters take something else
than ``kinds.may_be`` says, or if it needs arguments that ``world.World`` does not have
under the names of the parameters."""

from .public import EXCLUDED, PUBLIC, is_excluded
from .rows import ROWS
from .world import World

__all__ = ["EXCLUDED", "PUBLIC", "ROWS", "World", "is_excluded"]
