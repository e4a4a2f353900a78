"""The table of ONNX runtimes in the reference says what they do."""

import re
from pathlib import Path

import pytest

from synapse.engine.functions.activations import ACTIVATIONS
from synapse.readwrite import _onnx

pytest.importorskip("onnx")

from .onnx_runtimes import RUNTIMES, read_table, verdicts, version, written


def test_the_table_has_every_operator_that_is_written():
    source = Path(_onnx.__file__).read_text(encoding="utf-8")
    operators = {
        *re.findall(r'\.node\(\s*"(\w+)"', source),
        *_onnx.NODES.values(),
        *_onnx.ORDER,
        *(entry.onnx for entry in ACTIVATIONS.values() if entry.onnx),
    }
    assert operators
    versions, table = read_table()
    assert list(versions) == list(RUNTIMES)
    for verdicts_of_runtime in table.values():
        assert {operator for operator, _, _ in verdicts_of_runtime} == operators


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_runtime_does_what_the_table_says(runtime, tmp_path):
    """With the version that the table names, and no case fails for another reason."""
    versions, table = read_table()
    if version(runtime) != versions[runtime]:
        pytest.skip(f"{runtime} {versions[runtime]} is not here")
    seen, unexplained = verdicts(runtime, written(tmp_path))
    assert seen == table[runtime]
    assert not unexplained
