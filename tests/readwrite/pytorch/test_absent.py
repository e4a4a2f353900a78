"""Without PyTorch the library is whole, and says what is missing."""

import pytest

import architect
import synapse

from ..nets import run_python

ABSENT = """
import sys
sys.modules["torch"] = None
import architect, synapse
net = architect.Perceptron(2, 3, 1, seed=0)
for call in (lambda: synapse.to_torch(net), lambda: synapse.from_torch(None)):
    try:
        call()
    except synapse.errors.MissingExtraError as error:
        assert "synapse-neurons[torch]" in str(error)
    else:
        raise SystemExit("nothing was raised")
"""


def test_without_torch_the_error_tells_the_extra():
    done = run_python(ABSENT)
    assert done.returncode == 0, done.stderr


def test_the_library_does_not_import_torch():
    code = "import sys, architect, synapse; sys.exit('torch' in sys.modules)"
    assert run_python(code).returncode == 0


def test_nothing_but_a_network_goes_to_torch():
    with pytest.raises(synapse.errors.KindError, match="a Network"):
        synapse.to_torch(architect)
