"""Warnings are errors, and hypothesis tries the same examples everywhere.

``HYPOTHESIS_PROFILE=explore pytest tests/test_rule.py`` tries new and more examples.
"""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.networks", "tests.strategies")

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

settings.register_profile(
    "same", deadline=None, derandomize=True, max_examples=150, suppress_health_check=SLOW
)
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "error")


def pytest_collection_modifyitems(items):
    """Outputs of graphs that are drawn may be unreached, and so are those of networks named so."""
    unreached = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
    for item in items:
        if hasattr(getattr(item, "function", None), "hypothesis") or "unconnected" in item.name:
            item.add_marker(unreached)


@pytest.fixture
def ctrl_c():
    """A function that presses Ctrl-C, also where a shell has started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)
