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

    `since` and `removed` are the version that warns first, and the one without it, at least two minor
    releases later; `instead` says what to write, as in ``"net.peek(inputs)"``.
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
