"""Programs in C on other processors, in emulators, and where double has 4 bytes."""

import subprocess

import numpy as np
import pytest

import architect
from benchmarks.device import __main__ as device, boards, fixed
from synapse.readwrite import c_source
from tests.readwrite.learners import RULES, graph, ruled

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("name", boards.PROCESSORS)
def test_a_program_learns_as_here_on_any_processor(name, tmp_path):
    """Eight or 32 bits, without a unit for floats, big-endian."""
    processor = boards.PROCESSORS[name]
    if not boards.is_here(processor):
        pytest.skip(f"there is no compiler or emulator of {name} here")
    net = device.NETS["LSTM 4-8-1"]("float32")
    (tmp_path / "program.c").write_text(c_source(net, learn=True), encoding="utf-8")
    outputs, _ = boards.run_on(processor, tmp_path, len(net.output))
    assert np.abs(outputs - device.outputs_here(net)).max() < 1e-5


@pytest.mark.parametrize("numbers", ["q7.8", "q15.16"])
@pytest.mark.parametrize("name", boards.PROCESSORS)
def test_a_program_has_the_integers_of_python_on_any_processor(name, numbers, tmp_path):
    processor = boards.PROCESSORS[name]
    if not boards.is_here(processor):
        pytest.skip(f"there is no compiler or emulator of {name} here")
    case = fixed.Case("LSTM 4-8-1, synaptic", True, numbers)
    case.write(tmp_path)
    bits, _ = boards.run_on(processor, tmp_path, 1, *case.options)
    assert bits.view(np.int32).tolist() == fixed.outputs_in_python(case)


AVR = boards.PROCESSORS["AVR ATmega1284P"]


@pytest.mark.skipif(not boards.is_here(AVR), reason="there is no avr-gcc here")
@pytest.mark.parametrize("squash", ["logistic", "gelu", "softplus", "tanh"])
def test_a_small_c_library_has_what_a_program_calls(squash, tmp_path):
    net = architect.Perceptron(2, 3, 1, squash=squash, seed=0, dtype="float32")
    (tmp_path / "program.c").write_text(c_source(net, learn=True), encoding="utf-8")
    outputs, _ = boards.run_on(AVR, tmp_path, len(net.output))
    assert np.abs(outputs - device.outputs_here(net)).max() < 1e-5


@pytest.mark.skipif(not boards.is_here(AVR), reason="there is no avr-gcc here")
@pytest.mark.parametrize("options", [{"dtype": "float64"}, {"sums": "exact"}])
@pytest.mark.parametrize("learn", [False, True])
def test_a_double_of_four_bytes_is_refused_by_the_compiler(options, learn, tmp_path):
    source = c_source(architect.Perceptron(2, 3, 1, seed=0), learn=learn, **options)
    (tmp_path / "program.c").write_text(source, encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        boards.built(AVR, tmp_path, "-DSTEPS=1")
    assert "A double of 64 bits is needed" in caught.value.stderr


@pytest.mark.skipif(not boards.is_here(AVR), reason="there is no avr-gcc here")
def test_a_gru_learns_in_two_kilobytes(tmp_path):
    """Its tables take 1,715 bytes, which stay in flash."""
    net = architect.GRU(2, 3, 1, seed=0, dtype="float32")
    (tmp_path / "program.c").write_text(c_source(net, learn=True), encoding="utf-8")
    outputs, _ = boards.run_on(boards.SMALL_AVR, tmp_path, len(net.output))
    assert np.abs(outputs - device.outputs_here(net)).max() < 1e-5


@pytest.mark.skipif(not boards.is_here(AVR), reason="there is no avr-gcc here")
@pytest.mark.parametrize("net", ["GRU 2-3-1", "Elman 2-3-1", "Perceptron 2-3-1"])
def test_integers_learn_in_two_kilobytes(net, tmp_path):
    case = fixed.Case(net, True, "q7.8")
    case.write(tmp_path)
    bits, _ = boards.run_on(boards.SMALL_AVR, tmp_path, 1, *case.options)
    assert bits.view(np.int32).tolist() == fixed.outputs_in_python(case)


@pytest.mark.skipif(not boards.is_here(AVR), reason="there is no avr-gcc here")
@pytest.mark.parametrize("options", [{}, {"learn": True}, {"loadable": True}], ids=str)
def test_tables_take_no_memory(options, tmp_path):
    """All kinds of networks, by each rule, with and without a context."""
    taken = {}
    for seed in range(12):
        net = ruled(graph(seed), RULES[seed % len(RULES)])
        source = c_source(net, seed % 2 == 0, dtype="float32", **options)
        (tmp_path / "program.c").write_text(source, encoding="utf-8")
        taken[seed] = boards.sizes_of(AVR, tmp_path)[1]
    assert not any(taken.values()), taken
