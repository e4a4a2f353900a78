"""A pytest plugin that runs the tests of a list in its order, and writes at once which
test runs and how it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

LIST = "SYNAPSE_MUTANTS_LIST"
"""Environment variable with the file that lists the tests."""
OUTCOMES = "SYNAPSE_MUTANTS_OUTCOMES"
"""Environment variable with the file for the outcomes."""
BEGIN, PASSED, RED = "begin", "passed", "red"


class Outcomes:
    """Writes a line for each test that begins or ends."""

    def __init__(self, tests: list[str], descriptor: int, most: int) -> None:
        self.tests = tests
        self.descriptor = descriptor
        self.left = most  # red tests until the run may end
        self.failed = False

    def write(self, outcome: str, test: str) -> None:
        """Write a line that survives the process."""
        os.write(self.descriptor, f"{outcome} {test}\n".encode())

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests of the list. Those that are missing cannot be collected."""
        collected = {item.nodeid: item for item in items}
        for test in self.tests:
            if test not in collected:
                self.write(RED, test)
        items[:] = [collected[test] for test in self.tests if test in collected]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Write when a test begins, and how it ends."""
        self.failed = False
        self.write(BEGIN, item.nodeid)
        ended = yield
        self.write(RED if self.failed else PASSED, item.nodeid)
        self.left -= self.failed
        if self.left <= 0:
            item.session.shouldstop = "enough tests are red"
        return ended

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        self.failed = self.failed or report.failed


def pytest_configure(config: pytest.Config) -> None:
    """Start, and let properties fail at once instead of searching a smaller example."""
    tests, most = Path(os.environ[LIST]).read_text(encoding="utf-8").split("\0")
    descriptor = os.open(os.environ[OUTCOMES], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    outcomes = Outcomes(tests.splitlines(), descriptor, int(most))
    config.pluginmanager.register(outcomes)
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("mutants", settings.default, phases=phases)
    settings.load_profile("mutants")
