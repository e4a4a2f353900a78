"""The one home of checks: `arguments` one by one, `data` as arrays."""

from .arguments import *  # noqa: F403
from .data import *  # noqa: F403
