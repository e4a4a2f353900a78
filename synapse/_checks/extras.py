"""Packages that are optional: the error if one is not installed."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from ..errors import MissingExtraError

DISTRIBUTION = "synapse-neurons"
ADVICE = {
    "torch": "; without a GPU, add --index-url https://download.pytorch.org/whl/cpu, which saves gigabytes"
}
"""What to add to the command, by package."""


def missing_extra(what: str, package: str) -> MissingExtraError:
    """Make the error that something needs a package, with the command that installs it."""
    return MissingExtraError(f"{what} {package}, which is not installed. {install(package)}")


def imported(module: str, what: str, package: str = "") -> Any:
    """Import a module of an optional package (default: of its name), or raise MissingExtraError."""
    try:
        return import_module(module)
    except ImportError:
        raise missing_extra(what, package or module) from None


def install(package: str) -> str:
    """The sentence that says how to install an optional package.

    It names the package itself and not an extra, so that it holds however Synapse has been installed.

    >>> install("no-package-of-synapse")
    'Install it: pip install "no-package-of-synapse".'
    """
    return f'Install it: pip install "{_requirement(package)}"{ADVICE.get(package, "")}.'


def _requirement(package: str) -> str:
    """The package with the versions that setup.cfg admits; its name if Synapse is not installed."""
    from importlib import metadata  # slow to import, and needed for an error only

    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # run from a folder
        lines = []
    found = (re.match(r"([\w.-]+)[^;\s]*", line) for line in lines)
    return next((match[0] for match in found if match and match[1].lower() == package.lower()), package)
