"""Where llvmlite cannot be installed, everything runs in Python."""

import pytest

from tests.helpers.processes import python

SCRIPT = """
import sys, warnings
sys.modules["llvmlite"] = None
with warnings.catch_warnings(record=True) as said:
    import architect, synapse
print(*(str(each.message)[:27] for each in said))
net = architect.LSTM(2, 2, 1, seed=0)
data = [[[0.5, 0.1]] * 3] * 2, [[[1.0]] * 3] * 2
for rule in ("online", "bptt", "rtrl"):
    synapse.Trainer(net, rule=rule).train(*data, epochs=1, progress=False)
    net.rule = "online"
    net.activate([0.5, 0.1]), net.propagate(0.1, [1.0])
print(net.weights.sum().round(9))
"""


@pytest.mark.full
def test_every_rule_runs_in_python_after_one_sentence():
    """The numbers are those of kernels, up to the last places."""
    said, total = python("-c", SCRIPT).splitlines()
    assert said == "Kernels are not compiled, b"
    script = SCRIPT.replace('sys.modules["llvmlite"] = None', "")
    compiled = python("-c", script).splitlines()
    assert compiled[0] == ""
    assert float(total) == pytest.approx(float(compiled[1]), abs=1e-8)
