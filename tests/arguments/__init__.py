"""The table of all public calls: what each parameter accepts."""

from . import architectures, objects, rooms, training
from .excluded import EXCLUDED
from .rows import TABLE
from .world import EITHER, ODD, World, public

__all__ = [
    "EITHER",
    "EXCLUDED",
    "ODD",
    "TABLE",
    "World",
    "architectures",
    "objects",
    "public",
    "rooms",
    "training",
]
