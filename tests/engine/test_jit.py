"""The same code with and without the compiler."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import synapse
from synapse.engine import _jit

ROOT = Path(__file__).parents[2]


def run(*arguments, **variables):
    paths = os.pathsep.join([str(Path(synapse.__file__).parents[1]), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": paths, **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(_jit.DEBUGGING, reason="it is off already")
def test_the_suite_passes_without_the_compiler():
    files = (
        "test_golden",
        "test_rule",
        "test_neuron",
        "test_network",
        "test_squash",
        "test_cost",
        "test_tie",
        "test_tied_rule",
        "engine/test_online",
    )
    tests = [str(ROOT / "tests" / f"{name}.py") for name in files]
    shown = run("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests, NUMBA_DISABLE_JIT="1")
    assert " passed" in shown


def test_importing_the_library_does_not_import_the_compiler():
    run("-c", "import sys, synapse; assert 'numba' not in sys.modules")


def test_building_a_network_does_not_import_the_compiler():
    build = "from synapse import *; a, b = Layer(2), Layer(2); a.project(b); Network(a, [], b).graph"
    run("-c", f"import sys; {build}; assert 'numba' not in sys.modules")


def test_kernels_see_the_columns_of_a_store():
    net = synapse.Network(synapse.Layer(1), [], synapse.Layer(1, bias=0.5))
    store = net._store
    columns = _jit._plain_columns(store.ready(), store.unit)
    assert columns.bias.tolist() == store.columns["bias"].tolist()
    columns.bias[0] = 0.25
    assert net[0].bias == 0.25
    assert columns.source.size == 0
