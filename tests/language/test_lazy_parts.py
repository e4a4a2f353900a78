"""Parts of kernels that are compiled when a network first needs them."""

import os
import signal
import time

import pytest

import architect
import synapse
from synapse.engine.language import lazy_parts
from synapse.engine.language.decorators import COMPILES
from tests.helpers.processes import python

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")


@pytest.fixture
def forgotten():
    """A function that forgets parts, as if no network had needed them yet."""
    for dtype in ("float32", "float64"):
        synapse.Neuron("relu", dtype=dtype).activate()

    def forget(name):
        addresses = [
            address
            for address in lazy_parts._addresses
            if lazy_parts._parts[address.name][address.number].function.__name__ == name
        ]
        assert {address.scalar for address in addresses} == {"float32", "float64"}
        for address in addresses:
            lazy_parts.evict(address)

    return forget


STEPS = """
import architect
net = architect.LSTM(2, 3, 1, seed=0)
net.activate([0.0, 1.0])
net.propagate(0.1, [1.0])
net.rule = "rtrl"
net.activate([1.0, 1.0])
net.propagate(0.1, [1.0])
print(net.weights.tobytes().hex())
"""


@pytest.mark.compiler
def test_kernels_of_the_cache_find_their_parts_in_whatever_order_modules_are_imported(
    tmp_path,
):
    modules = (
        "rtrl.sweep rtrl.loops rtrl.advance exact.loops online.loops"
        " online.continual_backprop"
    )
    imports = [f"import synapse.engine.{name}" for name in modules.split()]
    bits = {
        python("-c", "\n".join([*order, STEPS]), SYNAPSE_CACHE_DIR=str(tmp_path))
        for order in (imports, imports[::-1], [])
    }
    assert len(bits) == 1


def test_two_parts_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr(lazy_parts, "_parts", dict(lazy_parts._parts))

    def element(m, j):
        return

    lazy_parts.lazy_part(lazy_parts.INDEX)(element)
    with pytest.raises(RuntimeError, match="Expected one lazy part of the name"):
        lazy_parts.lazy_part(lazy_parts.INDEX)(element)


def test_an_error_while_one_is_compiled_is_raised_and_the_next_step_tries_again(
    forgotten, monkeypatch
):
    net = architect.Perceptron(1, 1, squash="relu", seed=0)
    neuron = synapse.Neuron("relu", bias=0.5)
    train = synapse.Trainer(net, rule="bptt", optimizer="sgd").train
    steps = {
        "neuron": neuron.activate,
        "step": lambda: net.activate([0.0]),
        "run": lambda: net.run([[0.0]]),
        "gradient": lambda: synapse.gradient(net, [[0.0]], [[1.0]]),
        "training": lambda: train([[0.0]], [[1.0]], progress=False),
    }
    forgotten("activate_relu")

    def fails(*_):
        raise MemoryError("no room for the part")

    with monkeypatch.context() as patch:
        patch.setattr(lazy_parts, "_compiled", fails)
        for name, step in steps.items():
            with pytest.raises(MemoryError, match="no room for the part"):
                print(name, step())
    assert neuron.activate() == 0.5
    assert net.activate([0.0]) >= 0.0


def test_a_handler_of_the_user_is_called_after_the_step_too(
    forgotten, monkeypatch, ctrl_c
):
    """It may raise anything, which a kernel could not pass on."""

    class StoppedError(Exception):
        pass

    def stop(number, frame):
        raise StoppedError

    neuron = synapse.Neuron("relu", bias=0.5)
    compiled = lazy_parts._compiled
    forgotten("activate_relu")
    monkeypatch.setattr(
        lazy_parts, "_compiled", lambda *place: ctrl_c() or compiled(*place)
    )
    signal.signal(signal.SIGINT, stop)  # the next test begins with Python's own

    def act():
        end = time.monotonic() + 60
        while time.monotonic() < end:
            neuron.activate()

    with pytest.raises(StoppedError):
        act()
    assert neuron.activation == 0.5


PENDING = """
import ctypes, threading, time
import synapse
from synapse.engine.language import lazy_parts

def neuron(dtype):
    one = synapse.Neuron("tanh", dtype=dtype)
    one.project(one)
    return one

class Early(threading.Timer):
    "A timer of which the first ends before its start returns, as on a loaded machine."
    early = True

    def start(self):
        super().start()
        if Early.early and self.interval == lazy_parts.INTERRUPT_DELAY_SECONDS:
            Early.early = False
            self.join()

def parts(dtype):
    "The addresses of parts that have been compiled for a float, by name."
    return {
        lazy_parts._parts[address.name][address.number].function.__name__: address
        for address in lazy_parts._addresses
        if address.scalar == dtype
    }

interrupt = ctypes.cast(ctypes.pythonapi.PyErr_SetInterrupt, ctypes.c_void_p).value
for dtype in ("float32", "float64"):
    threading.Timer = Early if dtype == "float64" else threading.Timer
    one = neuron(dtype)
    one.activate()
    compiled = parts(dtype)
    traces, tanh = compiled["update_lone_traces"], compiled["activate_tanh"]
    for slot in lazy_parts._slots[traces]:
        ctypes.c_uint64.from_address(slot).value = interrupt
    lazy_parts.evict(tanh)
    came = 0
    try:
        # Ctrl-C comes within the kernel, which then asks Python for another part
        one.activate()
        lazy_parts.evict(traces)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            one.activate()
    except KeyboardInterrupt:
        came = 1
    assert came == 1 and tanh in lazy_parts._addresses
"""


@pytest.mark.compiler
def test_an_interrupt_pending_when_a_kernel_asks_for_a_part_is_raised_after_it():
    python("-c", PENDING)


PLAIN = """
import os
import architect, numpy as np, synapse
from synapse.engine.language import lazy_parts
net = architect.Perceptron(2, 3, 1, seed=0)
inputs, targets = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0], [0.0]])
net.activate(inputs[0])
net.propagate(0.1, targets[0])
synapse.Trainer(net).train(inputs, targets, epochs=2, progress=False)
synapse.Trainer(net, rule="bptt").train(inputs, targets, epochs=2, progress=False)
plain = lazy_parts.compiled()
# the cost of its training, and gradients of layers of few neurons
few = {"accumulate_lone", "propagate_lone"}
assert plain == {"judge_by_cross_entropy", *few}, plain
"""
EDITS = {
    "net.hidden[0][1].squash = 'relu'; net.activate(inputs[0])": {"activate_relu"},
    "net.hidden[0][1].squash = 'winner'; net.activate(inputs[0])": {"compete"},
    "net.hidden[0][1].squash = 'noise'; net.activate(inputs[0])": {"fire_random"},
    "architect.LSTM(2, 1, 1).activate(inputs[0])": {
        "compute_gated_states",
        "activate_identity",
        "activate_tanh",
    },
    "net.hidden[0][0].gate(net.hidden[0][1].outgoing[0]);"
    "net.activate(inputs[0]); net.propagate(0.1, targets[0])": {
        "compute_gated_states",
        "propagate_gated",
    },
    "synapse.tie(net.hidden[0][0].incoming);"
    "net.activate(inputs[0]); net.propagate(0.1, targets[0])": {
        "save_tied",
        "update_shared",
    },
}
FORKING = """
for code, parts in EDITS.items():
    child = os.fork()
    if child == 0:
        try:
            exec(code)
            assert lazy_parts.compiled() - plain == parts, (code, lazy_parts.compiled())
            os._exit(0)
        except BaseException as error:
            print(code, repr(error), flush=True)
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
assert synapse.Neuron("relu", bias=0.5).activate() == 0.5
child = os.fork()
if child == 0:  # has that part, and compiles another one
    sound = synapse.Neuron("relu", bias=0.5).activate() == 0.5
    os._exit(0 if sound and synapse.Neuron("gelu", bias=0.5).activate() > 0.3 else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.compiler
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_plain_network_compiles_its_cost_and_an_edit_compiles_its_own():
    python("-c", f"{PLAIN}\nEDITS = {EDITS!r}\n{FORKING}")


@pytest.mark.compiler
def test_parts_are_cached_on_disk(tmp_path):
    code = "import synapse; synapse.Neuron('relu', bias=0.5).activate()"
    python("-c", code, SYNAPSE_CACHE_DIR=str(tmp_path))
    files = {
        file.name: file.stat().st_mtime_ns for file in tmp_path.rglob("*activate_relu*")
    }
    assert len(files) == 1
    python("-c", code, SYNAPSE_CACHE_DIR=str(tmp_path))
    assert {
        file.name: file.stat().st_mtime_ns for file in tmp_path.rglob("*activate_relu*")
    } == files
