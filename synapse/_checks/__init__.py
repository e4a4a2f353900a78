"""The one home of checks: `arguments` one by one, `data` as arrays, `names` that exist, `foreign` calls."""

from .arguments import *  # noqa: F403
from .data import *  # noqa: F403
from .foreign import *  # noqa: F403
from .names import *  # noqa: F403
