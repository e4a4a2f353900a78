"""A network written as Python, C or JavaScript answers there as it does here."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings

import architect
from synapse import Layer, Network, errors
from synapse.readwrite import python_source, write_c, write_javascript, write_python

from ..strategies import Twin, specs
from .nets import bump, memory
from .programs import (
    BUILT_IN,
    CLEAR,
    NETS,
    RUNNERS,
    SOURCES,
    close,
    expected,
    random_steps,
    scattered,
    shaken,
)

WRITERS = {"python": write_python, "c": write_c, "javascript": write_javascript}

languages = pytest.mark.parametrize("language", RUNNERS)


# --- the same outputs --------------------------------------------------------------------------


@languages
@pytest.mark.parametrize("name", NETS)
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_every_step_is_the_network_s_own(tmp_path, language, name):
    net = NETS[name]()
    steps = random_steps(net)
    steps.insert(15, CLEAR)
    there = RUNNERS[language](net, steps, tmp_path)
    assert close(there, expected(net, steps))


@languages
def test_a_program_begins_cleared_or_with_the_context(tmp_path, language):
    net = shaken(architect.LSTM(2, 5, 3, style="synaptic"), width=0.5)
    net.run(random_steps(net, seed=1))
    steps = random_steps(net, 5)
    cleared, going_on = (RUNNERS[language](net, steps, tmp_path, context) for context in (False, True))
    assert close(going_on, net.run(steps))
    net.clear()
    assert close(cleared, net.run(steps))
    assert not close(cleared, going_on, 1e-6)
    after = RUNNERS[language](net, [CLEAR, *steps], tmp_path, True)
    assert close(after, cleared)


@languages
def test_a_float32_network_is_computed_in_doubles(tmp_path, language):
    net = architect.LSTM(2, 5, 3, seed=0, dtype=np.float32, style="synaptic")
    steps = random_steps(net)
    assert close(RUNNERS[language](net, steps, tmp_path), net.run(steps), 1e-6)


@languages
@pytest.mark.parametrize("name", BUILT_IN)
def test_far_states_do_not_overflow(tmp_path, language, name):
    net = Network(Layer(1), [], Layer(3, name))
    net.input.project(net.output, weights=[[1.0, -1.0, 0.5]])
    steps = [[0.0], [30.0], [-30.0], [800.0], [-800.0], [1e100]]
    there, here = RUNNERS[language](net, steps, tmp_path), net.run(steps)
    assert there == pytest.approx(here, rel=1e-12, abs=1e-100)


@settings(max_examples=60)
@given(specs(most=12))
def test_any_graph_in_python(spec):
    net = Twin(spec).net
    steps = random_steps(net)
    program = {}
    exec(python_source(net), program)
    own = program["Network"]()
    there, here = np.array([own.step(row) for row in steps]), net.run(steps)
    assume(np.isfinite(here).all() and np.abs(here).max() < 100)
    assert close(there, here, 1e-10)  # what grows also grows apart


@languages
@settings(max_examples=8)
@given(spec=specs(most=12))
def test_any_graph_in_every_language(language, spec):
    net = Twin(spec).net
    steps = random_steps(net)
    here = expected(net, steps)
    assume(np.isfinite(here).all() and np.abs(here).max() < 100)
    with tempfile.TemporaryDirectory() as folder:
        assert close(RUNNERS[language](net, steps, Path(folder)), here, 1e-10)


@pytest.mark.parametrize("write", SOURCES.values())
def test_writing_leaves_the_network_as_it_is(write):
    net, twin = (architect.LSTM(2, 3, 1, style="synaptic", seed=0) for _ in range(2))
    for one in (net, twin):
        one.activate([0.5, -0.5])
    write(net, context=True)
    for one in (net, twin):
        one.propagate(0.1, [1.0])
    assert (net.run([[1, 2], [3, 4]]) == twin.run([[1, 2], [3, 4]])).all()


# --- what they look like -----------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES.values())
def test_layers_are_loops_not_lines(source):
    small, large = (source(architect.LSTM(10, n, 5, style="synaptic", seed=0)) for n in (20, 60))
    assert small.count("fire_logistic") == large.count("fire_logistic")
    numbers = 60 * (4 * 10 + 3 * 60 + 1) + 5 * 70 + 4 * 60 + 5
    assert large.count("\n") < small.count("\n") + numbers / 5
    assert len(large) < 25 * numbers


@pytest.mark.parametrize("source", SOURCES.values())
def test_scattered_connections_take_no_line_each(source):
    net = scattered()
    assert source(net).count("\n") < len(net.weights)


EVIL = [
    '"""',
    "*/ int x;",
    "a\nimport os",
    "</script><script>alert(1)</script>",
    "é 神 \u2028",
    "\\",
    "$heading",
    "??/",
]


@languages
def test_no_name_gets_into_the_code(tmp_path, language):
    net = architect.Perceptron(len(EVIL), 3, 1, seed=0)
    plain = SOURCES[language](net)
    for neuron, name in zip(net.input, EVIL):
        neuron.name = name
    assert SOURCES[language](net) == plain
    for i, name in enumerate(EVIL):
        layers = [Layer(2, name=name), Layer(2, name=name * 999)]
        layers[0].project(layers[1], seed=0)
        evil = Network(layers[0], [], layers[1], name=EVIL[i - 1])
        source = SOURCES[language](evil)
        lines = source.splitlines()
        assert source.isascii()
        assert len(lines) == len(SOURCES[language](_renamed(evil)).splitlines())
        assert not any(word in line for line in lines[:6] for word in ("*/", "<", '"', "\\", "??"))
    steps = random_steps(evil)
    assert close(RUNNERS[language](evil, steps, tmp_path), evil.run(steps))


def _renamed(net):
    for i, layer in enumerate(net.layers):
        layer.name = f"layer{i}"
    return net


def test_names_of_layers_stand_at_the_top():
    top = python_source(architect.LSTM(2, 3, 1, style="synaptic", seed=0)).split("from math")[0]
    for line in ("The network LSTM: 15 neurons", "input: neurons 0 .. 1", "cells: neurons 8 .. 10"):
        assert line in top


# --- files -------------------------------------------------------------------------------------


@languages
def test_files_hold_the_source(tmp_path, language):
    net = architect.Perceptron(2, 3, 1, seed=0)
    WRITERS[language](net, tmp_path / "net")
    assert (tmp_path / "net").read_text() == SOURCES[language](net)
    WRITERS[language](net, tmp_path / "net", context=True)
    assert (tmp_path / "net").read_text() == SOURCES[language](net, context=True)
    assert list(tmp_path.iterdir()) == [tmp_path / "net"]


@languages
def test_paths_that_cannot_be_written(tmp_path, language):
    net = architect.Perceptron(2, 3, 1, seed=0)
    with pytest.raises(errors.ArgumentError, match="(to be|Expected) that of a file"):
        WRITERS[language](net, tmp_path)
    with pytest.raises(errors.KindError, match="(to be|Expected) a string or a path"):
        WRITERS[language](net, 3)
    with pytest.raises(FileNotFoundError):
        WRITERS[language](net, tmp_path / "missing" / "net")
    assert list(tmp_path.iterdir()) == []


@languages
def test_what_cannot_be_written(tmp_path, language):
    path = tmp_path / "net"
    path.write_text("before")
    own = Network(Layer(2), [], Layer(2, bump, name="odd"))
    foreign = architect.Perceptron(1, 1, seed=0)
    foreign.project(Layer(1))
    broken = architect.Perceptron(1, 1, seed=0)
    broken._store["weight"][0] = np.inf
    noisy = Network(Layer(1), [], Layer(1, "noise", name="dice"))
    for net, error, words in [
        (noisy, errors.FormatError, "'dice 0' is 'noise', whose random numbers .* Set deterministic = True"),
        (own, errors.FormatError, "squash of neuron 'odd 0' is 'bump', which cannot be written in"),
        (memory(), errors.FormatError, "'bump'"),
        (None, errors.KindError, "(to be|Expected) a Network, got None"),
        (Layer(2), errors.KindError, "(to be|Expected) a Network, got <Layer"),
        (foreign, errors.TopologyError, "outside of it"),
        (broken, errors.DivergenceError, "(to be|Expected) finite"),
    ]:
        with pytest.raises(error, match=words):
            WRITERS[language](net, path)
    assert path.read_text() == "before"


def test_the_squash_of_an_input_does_not_matter(tmp_path):
    net = Network(Layer(2, bump), [], Layer(1))
    net.input.project(net.output, seed=0)
    steps = random_steps(net, 3)
    assert close(RUNNERS["python"](net, steps, tmp_path), net.run(steps))


def test_a_program_checks_how_many_inputs_it_gets(tmp_path):
    with pytest.raises(AssertionError, match="Expected 2 inputs, got 3."):
        RUNNERS["python"](architect.Perceptron(2, 1, seed=0), [[1.0, 2.0, 3.0]], tmp_path)
