"""Checks of user input: `arguments`, arrays of `data`, JSON `documents`, `names`, `foreign` libraries."""

from .arguments import *  # noqa: F403
from .data import *  # noqa: F403
from .documents import *  # noqa: F403
from .foreign import *  # noqa: F403
from .names import *  # noqa: F403
