"""Without PyTorch the library is whole, and says what is missing."""

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
        assert "torch>=2.2" in str(error) and "whl/cpu" in str(error)
    else:
        raise SystemExit("nothing was raised")
"""


def test_without_torch_the_error_has_the_command():
    done = run_python(ABSENT)
    assert done.returncode == 0, done.stderr


def test_the_library_does_not_import_torch():
    code = "import sys, architect, synapse; sys.exit('torch' in sys.modules)"
    assert run_python(code).returncode == 0
