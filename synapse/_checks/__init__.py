"""Check user input: arguments, data, JSON documents, optional packages, names, and
names of other libraries.
"""

from .arguments import *  # noqa: F403
from .data import *  # noqa: F403
from .extras import *  # noqa: F403
from .migration_hints import *  # noqa: F403
from .names import *  # noqa: F403
from .options import *  # noqa: F403
from .sparse import *  # noqa: F403
