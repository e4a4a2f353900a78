"""The same code with and without the compiler, and Ctrl-C while it works."""

import json
import threading

import numpy as np
import pytest
from tqdm.auto import tqdm

import architect
import synapse
from synapse.engine.language import code_files
from synapse.engine.language.decorators import (
    COMPILES,
    Kernel,
    PartOptions,
)
from synapse.learning._training import show_compiling
from tests.helpers.cases import Cases
from tests.helpers.processes import python


def learnt():
    """Weights, biases and outputs of networks of all kinds that every rule has
    trained."""
    import architect
    from synapse import Trainer, costs, squashes

    slope = 0.5

    @squashes.register
    def rising_of_compiling(state):
        return slope * state, slope

    @costs.register
    def halves_of_compiling(target, output, derivative, outputs):
        error = target - output
        return 0.5 * error * error, error * derivative

    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(3, 4, 2))
    targets = rng.dirichlet([1.0, 1.0], (3, 4))
    parameters = {}

    def train(name, net, **options):
        Trainer(net, **options).train(inputs, targets, epochs=2, progress=False, seed=0)
        net.activate(inputs[0, 0])
        net.propagate(0.1, targets[0, 0])
        biases = [neuron.bias for neuron in net]
        parameters[name] = [
            *net.weights.tolist(),
            *biases,
            *net.run(inputs[0]).ravel().tolist(),
        ]

    for dtype in ("float64", "float32"):
        nets = {
            "gates": architect.LSTM(2, 3, 2, style="synaptic", seed=0, dtype=dtype),
            "units": architect.GRU(2, 3, 2, seed=0, dtype=dtype),
            "wide": architect.Perceptron(2, 19, 2, seed=0, dtype=dtype),
            "classes": architect.Elman(
                2, 3, 2, output_squash="softmax", seed=0, dtype=dtype
            ),
            "own": architect.Elman(
                2, 3, 2, squash="rising_of_compiling", seed=0, dtype=dtype
            ),
        }
        synapse.tie(nets["wide"].connections[:3])
        options = [{"rule": rule} for rule in ("online", "bptt", "rtrl")]
        for k, (name, net) in enumerate(nets.items()):
            cost_option = {"cost": "halves_of_compiling"} if name == "own" else {}
            for rule in options if dtype == "float64" else options[k % 3 : k % 3 + 1]:
                train(
                    f"{name} {dtype} {rule['rule']}",
                    net.clone(),
                    **rule,
                    **cost_option,
                )
    net = architect.LSTM(2, 3, 2, seed=0)
    train(
        "batches",
        net,
        rule="bptt",
        optimizer=synapse.optimizers.Adam(0.01),
        batch_size=2,
    )
    with np.errstate(all="raise"):  # of infinite states, too
        for name in squashes.names():
            for weight in (1e300, -1e300):
                source = synapse.Neuron("identity", bias=1e300)
                neuron = synapse.Neuron(name)
                source.project(neuron, weight)
                source.activate(), neuron.activate()
    return parameters


@pytest.mark.compiler
@pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
def test_networks_learn_the_same_without_the_compiler_and_nothing_warns():
    code = (
        "import json; from tests.language.test_compiling import learnt;"
        " print(json.dumps(learnt()))"
    )
    plain, compiled = (
        json.loads(python("-W", "error", "-c", code, SYNAPSE_COMPILE=off))
        for off in ("0", "1")
    )
    assert plain.keys() == compiled.keys()
    with Cases() as case:
        for name, numbers in compiled.items():
            close = 2e-4 if "float32" in name else 1e-9
            with case(name):
                np.testing.assert_allclose(plain[name], numbers, rtol=close, atol=close)


@pytest.mark.parametrize("seconds", [1000.0, 0.0])
def test_long_compiling_is_told_once(seconds, monkeypatch, capsys):
    """Of two that take longer than a notice waits for."""
    monkeypatch.setattr(code_files, "_told", set())
    monkeypatch.setattr(code_files, "NOTICE_AFTER_SECONDS", seconds)

    def compile_slowly(text):
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer) and not seconds:
                thread.join(60)
        return text.encode()

    for _ in range(2):
        assert code_files._compiled("text", compile_slowly) == b"text"
    assert capsys.readouterr().err == ("" if seconds else code_files.NOTICE)


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
def test_a_progress_bar_says_compiling_each_time_and_its_estimate_leaves_that_out(
    capsys, monkeypatch, tmp_path
):
    def compiles(_):
        element = np.random.default_rng().random()  # no file has this code
        with monkeypatch.context() as patch:  # nor is one left where users have theirs
            patch.setenv("SYNAPSE_CACHE_DIR", str(tmp_path))
            Kernel(lambda number: number + element, PartOptions())(1.0)

    trainer = synapse.Trainer(architect.Perceptron(1, 1, 1, seed=0))
    trainer.train([[0.0]], [[1.0]], epochs=1, progress=False)
    capsys.readouterr()
    trainer.train([[0.0]], [[1.0]], epochs=2, callbacks=[compiles])
    assert capsys.readouterr().err.count("compiling: ") == 2
    with tqdm(total=9, desc="error 1") as bar, show_compiling(bar):
        began = bar.start_t
        compiles(None)
        assert (bar.desc, bar.start_t > began) == ("error 1", True)
    assert len([*tmp_path.iterdir()]) == 3  # one each time


ACTS = """
try:
    net.activate([0.0, 1.0])
except KeyboardInterrupt:
    print("interrupted")
print(net.activate([0.0, 1.0]).shape)
"""

COMPILED = """
import signal, sys
import architect
from synapse.engine.language import machine
net = architect.Perceptron(2, 3, 1, seed=0)
name = sys.argv[1]
plain = getattr(machine, name)

def pressed(*arguments):
    setattr(machine, name, plain)
    signal.raise_signal(signal.SIGINT)
    return plain(*arguments)

setattr(machine, name, pressed)
"""


@pytest.mark.compiler
@pytest.mark.parametrize("name", ["object_code", "load"])
def test_ctrl_c_while_kernels_are_compiled_is_raised(name, tmp_path):
    """Of a lazy part it is raised after the step, which cannot pass it on."""
    assert (
        python("-c", COMPILED + ACTS, name, SYNAPSE_CACHE_DIR=str(tmp_path))
        == "interrupted\n(1,)\n"
    )
