"""Names and parameters that will go: a decorator, by the policy of ``docs/versions.md``."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")


def deprecated(
    since: str, removed: str, instead: str
) -> Callable[[Callable[Parameters, Returned]], Callable[Parameters, Returned]]:
    """Warn at each place that calls a function or method, which works as before.

    Parameters
    ----------
    since, removed : str
        The version that warns first, and the one that no longer has it: at least two minor releases later.
    instead : str
        What to write, as in ``"net.peek(inputs)"``.

    Warns
    -----
    DeprecationWarning
        With the line of the caller.

    Examples
    --------
    >>> @deprecated("1.2", "1.4", instead="double(number)")
    ... def twice(number):
    ...     return 2 * number
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     twice(2)
    4
    >>> print(caught[0].message)
    twice is deprecated since Synapse 1.2 and will be removed in 1.4. Use double(number).
    """

    def decorate(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
        message = (
            f"{function.__qualname__} is deprecated since Synapse {since} and will be removed in {removed}. "
            f"Use {instead}."
        )

        @functools.wraps(function)
        def warned(*arguments: Parameters.args, **options: Parameters.kwargs) -> Returned:
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            return function(*arguments, **options)

        return warned

    return decorate
