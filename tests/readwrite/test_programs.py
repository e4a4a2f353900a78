"""A network written as Python, C or JavaScript answers there as it does here."""

import numpy as np
import pytest
from hypothesis import assume, given

import architect
from synapse import Layer, Network, squash

from ..cases import failures
from ..strategies import Twin, specs
from .nets import memory
from .programs import (
    CLEAR,
    NETS,
    RUNNERS,
    SOURCES,
    close,
    expected,
    random_steps,
    run_in_process,
    shaken,
)

SOME = ["in groups", "competing", "lstm, all links", "crowd 0"]
languages = pytest.mark.parametrize("language", RUNNERS)


@pytest.mark.parametrize(("language", "names"), [("process", [*NETS]), *((name, SOME) for name in RUNNERS)])
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_every_step_is_the_network_s_own(tmp_path, language, names):
    def check(name):
        net = NETS[name]()
        steps = random_steps(net)
        steps.insert(15, CLEAR)
        assert close(RUNNERS.get(language, run_in_process)(net, steps, tmp_path), expected(net, steps))

    assert not failures(names, check)


@given(specs(most=12))
def test_any_graph_in_python(spec):
    net = Twin(spec).net
    steps = random_steps(net)
    there, here = run_in_process(net, steps, None), expected(net, steps)
    assume(np.isfinite(here).all() and np.abs(here).max() < 100)
    assert close(there, here, 1e-10)  # what grows also grows apart


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


def test_layers_are_loops_not_lines():
    nets = [architect.LSTM(10, n, 5, style="synaptic", seed=0) for n in (20, 60)]
    for source in SOURCES.values():
        small, large = map(source, nets)
        assert small.count("fire_logistic") == large.count("fire_logistic")
        numbers = 60 * (4 * 10 + 3 * 60 + 1) + 5 * 70 + 4 * 60 + 5
        assert large.count("\n") < small.count("\n") + numbers / 5
        assert len(large) < 25 * numbers
        assert "squash_bump" in source(memory())  # one's own, by its formula


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


@languages
def test_squashes_of_similar_names_stay_apart(tmp_path, language):
    net = architect.Perceptron(1, 3, 1, seed=0)
    for slope, neuron, name in zip((1.0, -2.0, 3.0), net["hidden"], ("é", "ue9", "x_e9")):
        neuron.squash = own(name, slope)
    steps = random_steps(net)
    assert close(RUNNERS[language](net, steps, tmp_path), net.run(steps))


def own(name, slope):
    """A squash of this name: a straight line."""
    if name in squash.names():
        return squash.get(name)

    def line(state):
        return slope * state, slope

    line.__name__ = name
    return squash.register(line)


def _renamed(net):
    for i, layer in enumerate(net.layers):
        layer.name = f"layer{i}"
    return net
