"""A pytest plugin that runs the tests of a list in its order, and writes at once which
test runs and how it ends. A test without an end ends the process."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

LIST = "SYNAPSE_MUTANTS_LIST"
"""Environment variable with the file that lists the tests, each after its seconds."""
OUTCOMES = "SYNAPSE_MUTANTS_OUTCOMES"
"""Environment variable with the file for the outcomes."""
MOST = "SYNAPSE_MUTANTS_MOST"
"""Environment variable with the number of red tests after which the run may end."""
BEGIN, PASSED, RED = "begin", "passed", "red"
MEMORY = 8 << 30
"""Bytes that a run of the tests may allocate: a mistake in a size must not stop the
machine."""
START_SECONDS = 120
"""Seconds that may pass until the first test begins, when kernels may be translated."""


class Outcomes:
    """Writes a line for each test that begins or ends."""

    def __init__(self) -> None:
        lines = Path(os.environ[LIST]).read_text(encoding="utf-8").splitlines()
        self.seconds = {
            line.split(" ", 1)[1]: int(line.split(" ")[0]) for line in lines
        }
        self.descriptor = os.open(os.environ[OUTCOMES], os.O_APPEND | os.O_WRONLY)
        self.left = int(os.environ[MOST])
        self.failed = False

    def write(self, outcome: str, test: str) -> None:
        """Write a line that survives the process."""
        os.write(self.descriptor, f"{outcome} {test}\n".encode())

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests of the list. Those that are missing cannot be collected."""
        collected = {item.nodeid: item for item in items}
        for test in self.seconds.keys() - collected.keys():
            self.write(RED, test)
        items[:] = [collected[test] for test in self.seconds if test in collected]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Write when a test begins, and how it ends."""
        self.failed = False
        self.write(BEGIN, item.nodeid)
        signal.alarm(self.seconds[item.nodeid])
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
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends kernels, too
    signal.alarm(START_SECONDS)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    config.pluginmanager.register(Outcomes())
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("mutants", settings.default, phases=phases)
    settings.load_profile("mutants")
