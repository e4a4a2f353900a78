"""Import optional packages, with an error that explains how to install a missing
one.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from ..errors import MissingExtraError

DISTRIBUTION = "synapse-neurons"
FROM_CLONE = 'Install it from a clone of the repository: pip install -e ".[{}]".'
"""How to install an extra, given that indexes do not contain the distribution."""
ADVICE = {
    "torch": (
        "; without a GPU, add --index-url https://download.pytorch.org/whl/cpu, which"
        " saves gigabytes"
    )
}
"""Additions to the command, by package."""


def missing_extra(title: str, package: str, extra: str = "") -> MissingExtraError:
    """Make the error about a missing package, with the command that installs it or its
    extra.
    """
    of = f" (extra {extra!r})" if extra else ""
    return MissingExtraError(
        f"{title} {package}{of}, which is not installed. {install(package, extra)}"
    )


def imported(module: str, title: str, package: str = "", extra: str = "") -> Any:
    """Import a module of an optional package (by default of the same name), or raise
    MissingExtraError.
    """
    try:
        return import_module(module)
    except ImportError:
        raise missing_extra(title, package or module, extra) from None


class LaterModule:
    """A module that is imported on first use, or raises MissingExtraError if it is not
    installed.

    Parameters
    ----------
    *needed
        Arguments of :func:`imported`.
    """

    def __init__(self, *needed: str) -> None:
        self._needed = needed

    def __getattr__(self, name: str) -> Any:
        return getattr(imported(*self._needed), name)


pandas: Any = LaterModule("pandas", "A data frame needs", "pandas", "stats")


def install(package: str, extra: str = "") -> str:
    """Return the sentence about installing an optional package, or all packages of an
    extra.
    """
    if extra and _required():
        return FROM_CLONE.format(extra)
    advice = ADVICE.get(package, "")
    return f'Install it: pip install "{_requirement(package)}"{advice}.'


def _requirement(package: str) -> str:
    """Return the package with the versions that setup.cfg admits, or only its name if
    Synapse is not installed.
    """
    for line in _required():
        match = re.match(r"([\w.-]+)[^;\s]*", line)
        if match and match[1].lower() == package.lower():
            return match[0]
    return package


def _required() -> list[str]:
    """Return the requirements that Synapse declares, or an empty result if it is run
    from a folder.
    """
    from importlib import metadata  # slow to import, and needed for an error only

    try:
        return metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
