"""Other libraries beside which we run. The files in `.ci/peers` pin their versions."""

import importlib
import re
from pathlib import Path

import pytest

PINS = Path(__file__).parents[2] / ".ci" / "peers"


def peer(module):
    """Import a module of another library, or skip the test: whatever its import
    raises, such as AttributeError by Brian2 2.9.0 beside NumPy 2.4."""
    try:
        return importlib.import_module(module)
    except Exception as error:
        pytest.skip(f"{module} is not seen: {error!r}")


def pinned():
    """The version of each package that CI installs as a peer."""
    pins = "\n".join(path.read_text(encoding="ascii") for path in PINS.glob("*.txt"))
    return dict(re.findall(r"^([\w-]+)==([\w.]+)$", pins, re.MULTILINE))
