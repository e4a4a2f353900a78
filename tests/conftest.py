"""Tiers of tests, examples of property tests, and Ctrl-C. Warnings are errors.

Tests without a marker are the default tier. `pytest -m slow` runs another tier, `pytest
-m ""` all of them. `HYPOTHESIS_PROFILE=many pytest -m hypothesis` gives property tests
more examples, `explore` new ones. `TEST_ORDER=1` shuffles the files, and the tests of
each. `TEST_KERNELS=1` lists what the tests have compiled. With `NUMPY_ERRORS=raise`,
NumPy raises errors where it would warn or be silent: its error state is the user's, so
the library must work in each."""

import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies

from tests.helpers import compiled

try:
    from hypothesis.internal.conjecture import providers
except ImportError:  # an older release, which parses no modules
    providers = None

pytest.register_assert_rewrite("tests.helpers.networks", "tests.helpers.strategies")

# For the workers of xdist, which begin after this, and for processes of tests: threads
# of NumPy would wait in a loop for cores on which other workers run, at seven times the
# CPU for the fits of a forecast. The library's own threads are others.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Those of scikit-learn's boosted trees would, too: minutes for a fit on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).parents[1]
# programs for a type checker: a test runs them in processes of their own
collect_ignore = ["project/typed", "plasticity/brian2_numbers.py"]
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

settings.register_profile(
    "few", deadline=None, derandomize=True, max_examples=15, suppress_health_check=SLOW
)
settings.register_profile("many", settings.get_profile("few"), max_examples=60)
settings.register_profile(
    "explore", deadline=None, max_examples=1000, suppress_health_check=SLOW
)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "few")
settings.load_profile(PROFILE)
if PROFILE == "few" and hasattr(providers, "_get_local_constants"):
    # Hypothesis parses all modules that are imported for numbers to try, in each worker
    # and for each run of a single file. With more examples, it tries them.
    providers._get_local_constants = lambda: providers._local_constants

TIERS = ("browser", "compiler", "full", "peers", "slow", "torch")
"""Markers of the tests that a plain `pytest` leaves out."""
DEFAULT = f"not ({' or '.join(TIERS)})"
"""What a plain `pytest` selects, by `pyproject.toml`."""

STATES_AFTER_IMPORT = pytest.StashKey[dict]()


class LeftOut:
    """Counts the tests that are left out, here or in the workers of xdist, and says how
    to run them."""

    def __init__(self):
        self.counts = Counter()

    def pytest_deselected(self, items):
        self.counts.update(
            tier for item in items for tier in TIERS if item.get_closest_marker(tier)
        )

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["left_out"] = dict(self.counts)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.counts = Counter(
            getattr(node, "workeroutput", {}).get("left_out", self.counts)
        )

    def pytest_terminal_summary(self, terminalreporter):
        if self.counts:
            shares = ", ".join(
                f"{tier} {count}" for tier, count in sorted(self.counts.items())
            )
            expression = " or ".join(sorted(self.counts))
            terminalreporter.write_line(
                f"Left out: {shares}. Run them: pytest -m '{expression}'"
            )


class Compiled:
    """Counts what is compiled here and in the workers of xdist, and says so.

    Processes that tests start are not counted."""

    def __init__(self):
        compiled.count_compiled()

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["compiled"] = compiled.rows

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        compiled.rows.extend(getattr(node, "workeroutput", {}).get("compiled", []))

    def pytest_terminal_summary(self, terminalreporter):
        if compiled.rows:
            shown = compiled.lines() if "TEST_KERNELS" in os.environ else ()
            for line in (*shown, compiled.summary()):
                terminalreporter.write_line(line)


class NoFiguresLeft:
    """Closes the figures of each test, examples in docstrings among them."""

    def pytest_runtest_teardown(self):
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close("all")


def pytest_configure(config):
    gc.disable()  # all that is collected stays
    # tests count what is compiled, also after .ci/ship_kernels.py has run
    os.environ.setdefault("SYNAPSE_SHIPPED_KERNELS", "0")
    if config.option.markexpr == DEFAULT:
        # LLVM takes 40 s of CPU in place of 68 s, and no test takes longer. Processes
        # that tests start inherit it. The other tiers run kernels as users do.
        os.environ.setdefault("SYNAPSE_SPEED", "1")
    config.pluginmanager.register(Compiled())
    config.pluginmanager.register(LeftOut())
    config.pluginmanager.register(NoFiguresLeft())


@pytest.fixture(autouse=True)
def same_error_state():
    """Tests run under the error state that `NUMPY_ERRORS` names, and leave it alone."""
    with np.errstate(all=os.environ.get("NUMPY_ERRORS")):
        state = np.geterr()
        yield
        assert np.geterr() == state, "NumPy's error state is the user's."


@pytest.fixture(autouse=True)
def same_numbers_in_any_order(request):
    """Give the generator of a file, `RNG`, back the state that it has after the import:
    what a test draws depends on no other test."""
    rng = getattr(request.module, "RNG", None)
    if rng is not None:
        states = request.config.stash.setdefault(STATES_AFTER_IMPORT, {})
        state = rng.bit_generator.state
        rng.bit_generator.state = states.setdefault(request.module.__name__, state)


WARM = """
import json
import architect
from synapse import Trainer
from tests.helpers import compiled
compiled.count_compiled()
net, data = architect.Elman(1, 2, 1, seed=0), ([[[0.0]]] * 9, [[[0.0]]] * 9)
for options in (
    *({"rule": "bptt", "batch_size": size} for size in (1, 9)),
    {"rule": "online"},
    {"rule": "rtrl"},
):
    Trainer(net, **options).train(*data, epochs=1, progress=False)
    net.run([[0.0]])
    net.rule = "rtrl"
print(json.dumps(compiled.rows))
"""


def pytest_sessionstart():
    """The second worker of xdist compiles what most tests need, while the first one
    collects them. Then each finds kernels and rewritten assertions in the cache of the
    other.

    The compiling process is another one, so that the tests begin as users do."""
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        command = [sys.executable, "-c", WARM]
        done = subprocess.run(command, check=False, cwd=ROOT, stdout=subprocess.PIPE)
        if done.returncode == 0:
            compiled.rows.extend(json.loads(done.stdout))


def pytest_collection_modifyitems(items):
    """What reads the sources comes first: one worker of xdist gets it all, and parses
    them."""
    items.sort(key=lambda item: not reads_sources(item))
    order = random.Random(os.environ.get("TEST_ORDER"))
    if "TEST_ORDER" in os.environ:  # the same in all workers of xdist
        place = {
            path: order.random() for path in dict.fromkeys(item.path for item in items)
        }
        items.sort(key=lambda item: (place[item.path], order.random()))


def reads_sources(item):
    return hasattr(getattr(item, "module", None), "nodes_of")


def pytest_collection_finish():
    """What has been imported stays, so the garbage collector need not look at it in
    every test.

    Hypothesis asks the collector once who refers to the generators of random numbers,
    which must come before."""
    given(strategies.none())(lambda _: None)()
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)  # programs are printed from many small objects that stay


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Every test begins with Python's own handler of Ctrl-C, and so do the processes
    that it starts.

    A script that starts the tests in the background has SIGINT ignored, and processes
    inherit that."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def ctrl_c():
    """A function that presses Ctrl-C."""
    return lambda: signal.raise_signal(signal.SIGINT)
