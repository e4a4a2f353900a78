"""Packages that are optional: the error if one is not installed."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from ..errors import MissingExtraError

DISTRIBUTION = "synapse-neurons"
FROM_CLONE = 'Install it from a clone of the repository: pip install -e ".[{}]".'
"""How an extra is installed: no index has the distribution."""
ADVICE = {
    "torch": (
        "; without a GPU, add --index-url https://download.pytorch.org/whl/cpu, which"
        " saves gigabytes"
    )
}
"""What to add to the command, by package."""


def missing_extra(title: str, package: str, extra: str = "") -> MissingExtraError:
    """Make the error about a missing package, with the command that installs it or its
    extra.
    """
    of = f" (extra {extra!r})" if extra else ""
    return MissingExtraError(
        f"{title} {package}{of}, which is not installed. {install(package, extra)}"
    )


def imported(module: str, title: str, package: str = "", extra: str = "") -> Any:
    """Import a module of an optional package (default: of its name), or raise
    MissingExtraError.
    """
    try:
        return import_module(module)
    except ImportError:
        raise missing_extra(title, package or module, extra) from None


class LaterModule:
    """A module that is imported when it is used; MissingExtraError if it is not
    installed.

    Parameters
    ----------
    *needed
        What :func:`imported` takes.
    """

    def __init__(self, *needed: str) -> None:
        self._needed = needed

    def __getattr__(self, name: str) -> Any:
        return getattr(imported(*self._needed), name)


pandas: Any = LaterModule("pandas", "A data frame needs", "pandas", "stats")


def install(package: str, extra: str = "") -> str:
    """Return the sentence that says how to install an optional package, or all packages
    of an extra.
    """
    if extra and _required():
        return FROM_CLONE.format(extra)
    advice = ADVICE.get(package, "")
    return f'Install it: pip install "{_requirement(package)}"{advice}.'


def _requirement(package: str) -> str:
    """Return the package with the versions that setup.cfg admits; its name if Synapse
    is not installed.
    """
    for line in _required():
        match = re.match(r"([\w.-]+)[^;\s]*", line)
        if match and match[1].lower() == package.lower():
            return match[0]
    return package


def _required() -> list[str]:
    """Return the requirements that Synapse declares; nothing if it is run from a
    folder.
    """
    from importlib import metadata  # slow to import, and needed for an error only

    try:
        return metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
