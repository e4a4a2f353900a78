"""Checks of user input: arguments, data, JSON documents, optional packages, names,
foreign names.
"""

from .arguments import *  # noqa: F403
from .data import *  # noqa: F403
from .extras import *  # noqa: F403
from .migration_hints import *  # noqa: F403
from .names import *  # noqa: F403
from .options import *  # noqa: F403
from .sparse import *  # noqa: F403
