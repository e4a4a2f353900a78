"""Checks of user input: single `arguments`, arrays of `data`, `names`, and calls of `foreign` libraries."""

from .arguments import *  # noqa: F403
from .data import *  # noqa: F403
from .foreign import *  # noqa: F403
from .names import *  # noqa: F403
