"""A network as a C program that learns does there what it does here."""

import itertools
import json
import math
import shutil
from functools import partial

import numpy as np
import pytest

import architect
from synapse import Layer, Network, costs, errors, load, save, squashes
from synapse.readwrite import c_source, python_source
from synapse.readwrite._printed import c_program as source
from tests.helpers.cases import all_hold, all_refused
from tests.helpers.processes import python
from tests.helpers.ties import tie_at_random
from tests.readwrite.learners import (
    BAD_INPUT,
    BAD_NUMBER,
    BAD_RATE,
    BAD_TARGET,
    DIVERGED,
    EXACT,
    FROZEN,
    NO_TARGET,
    Program,
    data_for,
    graph,
    here,
    in_javascript,
    in_python,
    ruled,
    there,
    widened,
)
from tests.readwrite.programs import (
    FAST_MATH,
    WARNINGS,
    close,
    compiled,
    programmed,
    run,
)

NAN = float("nan")
INF = float("inf")


@pytest.mark.full
@pytest.mark.parametrize(
    ("way", "first", "last", "steps"),
    [
        ("learning", 0, 8, 40),
        ("plain", 0, 8, 10),
        pytest.param("learning", 8, 24, 40, marks=pytest.mark.slow),
        pytest.param("plain", 8, 24, 40, marks=pytest.mark.slow),
    ],
)
def test_the_bits_of_programs(way, first, last, steps):
    """In C and in Python, of random graphs: each kind by each rule. Kernels that are
    not compiled compute what is written, without fused products."""
    arguments = "-m", "tests.readwrite.learners", way, first, last, steps
    alike, different = json.loads(python(*arguments, SYNAPSE_COMPILE="0"))
    assert different == []
    assert alike >= 7 / 8 * (last - first)


def agrees(net, folder, data, tolerance=1e-12, **options):
    """Whether a program of a network learns as the network does."""
    program = Program(net, folder, **options)
    return close(there(program, *data, 0.05), here(net, *data, 0.05), tolerance)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_learning_as_compiled_kernels_do(tmp_path):
    """The bits are compared with kernels that are not compiled."""

    def check(seed, rule):
        net = ruled(graph(seed), rule)
        assert agrees(net, tmp_path, data_for(net, 25, seed))

    tied = 7
    all_hold(check, [(1, "online"), (0, "rtrl"), (tied, ("rtrl", 1))])


@pytest.mark.full
def test_large_networks_learn_in_c(tmp_path):
    """They reach the index 65,535."""

    def check(net):
        program = Program(net, tmp_path)
        assert "typedef int32_t network_index" in program.source
        program.widen()
        data = data_for(net, 3)
        assert close(there(program, *data, 0.05), here(net, *data, 0.05))

    elman = ruled(architect.Elman(2, 40, 1, seed=0), "rtrl")
    all_hold(check, [elman, architect.Perceptron(64, 1100, 2, seed=0)])


@pytest.mark.compiler
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_every_kind_of_program_stays_within_its_arrays(tmp_path):
    """With wide indices and under the sanitizers, with the same bits as without."""

    def check(seed, rule):
        net = ruled(graph(seed), rule)
        data = data_for(net, 10, seed)
        options = {"sums": "fast", "bound": 2.0, "keep_context": True}
        program = Program(net, tmp_path, **options if seed % 2 else {})
        plain = there(program, *data, 0.05)
        program.widen()
        assert plain.tobytes() == there(program, *data, 0.05).tobytes()

    rules = itertools.cycle(("online", "rtrl", ("rtrl", 1)))
    all_hold(check, zip(range(8), rules))  # not 7 by the last: it is tied


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_programs_of_large_networks_differ_in_the_type_of_indices(monkeypatch):
    """And in the order of members, which is by size: so tests have them without
    printing a large network."""

    def lines(text):
        return sorted(line for line in text.splitlines() if "bytes an" not in line)

    nets = [graph(seed) for seed in (0, 3, 4, 7)]
    nets[2].rule = "rtrl"
    texts = [c_source(net, learn=True) for net in nets]
    monkeypatch.setattr(source, "INDICES", source.INDICES[1:])
    wide = [c_source(net, learn=True) for net in nets]
    assert all("int32_t network_index" in text for text in wide)
    monkeypatch.undo()
    assert [*map(lines, wide)] == [lines(widened(text)) for text in texts]


def test_networks_beyond_every_index_are_refused(monkeypatch):
    net = architect.Perceptron(2, 9, 1, seed=0)
    monkeypatch.setattr(source, "INDICES", (("int16_t", 2, 20),))
    with pytest.raises(
        errors.FormatError, match="needs [0-9]+ weights.*has at most 20"
    ):
        c_source(net, learn=True)


@pytest.mark.full
def test_fast_sums_of_float32(tmp_path):
    """Nearer than 1e-5 after 200 steps of learning."""

    def check(net):
        data = data_for(net, 200)
        program = Program(net, tmp_path, ("-O3", "-march=native"), sums="fast")
        assert program.real == np.float32
        assert close(there(program, *data, 0.05), here(net, *data, 0.05), 1e-5)

    all_hold(
        check,
        [
            architect.LSTM(4, 8, 1, style="synaptic", seed=0),
            architect.LSTM(4, 8, 2, seed=0),
            architect.Elman(7, 15, 7, seed=0),
            architect.Perceptron(20, 30, 5, output_squash="softmax", seed=0),
        ],
    )


OTHERS = in_python, in_javascript
CLEARED = 0, 4, 6
"""Graphs whose programs begin without a context."""


@pytest.mark.full
@pytest.mark.parametrize("learned_in", OTHERS)
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_learning_in_other_languages(tmp_path, learned_in):
    def check(seed, rule):
        net = ruled(graph(seed), rule)
        inputs, targets = data_for(net, 25, seed)
        if net._cost(None).name != "categorical_cross_entropy":
            targets[3, 0] = NAN
        data = inputs, targets, 0.05
        keeps = seed not in CLEARED or rule == "rtrl"
        if keeps:
            here(net, inputs[20:], targets[20:], 0.05)
        outputs = learned_in(net, *data, tmp_path, keep_context=keeps)
        assert close(outputs, here(net, *data))

    all_hold(check, itertools.product(range(8), ["online"]))
    all_hold(check, itertools.product((0, 3, 4), ["rtrl"]))

    def check_bound(seed):
        net = graph(seed)
        bounded = learned_in(net, *data_for(net, 5, seed), 0.05, tmp_path, bound=0.01)
        learns = [neuron.trainable_bias for neuron in net]
        learns += [link.trainable for link in net.connections]
        assert np.abs(bounded[-len(learns) :][learns]).max() <= 0.01

    tied = 7
    all_hold(check_bound, [0, tied])


def test_python_raises_and_nothing_changes():
    """Also within a step: infinity has no sine, and other neurons are computed by
    then."""
    net = architect.Perceptron(2, 3, 2, squash="sine", output_squash="logistic", seed=0)
    net.weights = np.full(len(net.weights), 1e300)
    there = programmed(python_source(net, learn=True))
    there.shown_on = "a device"  # a note of the user's own
    there.step([0.5, 0.5])
    before = {name: getattr(there, name)[:] for name in there.COLUMNS}
    calls = [
        (lambda: there.step([NAN, 0.0]), ValueError, "Expected finite inputs"),
        (lambda: there.step([0.0]), ValueError, "Expected 2 inputs, got 1"),
        (lambda: there.step([1e300, 1e300]), ValueError, "math domain"),
        (lambda: there.learn([NAN, NAN], 0.1), ValueError, "a target for some output"),
        (lambda: there.learn([0.5, 1.5], 0.1), ValueError, "targets from 0.0 to 1.0"),
        (lambda: there.learn([0.5, 0.5], INF), ValueError, "or above, got inf"),
        (lambda: there.learn([0.5, 0.5], -0.1), ValueError, "or above, got -0.1"),
        (lambda: there.load([0.0]), ValueError, "numbers, got 1"),
        (lambda: there.step([10**400, 0.0]), ValueError, "2 inputs, all of them"),
        (lambda: there.step(["0.5", 0.0]), ValueError, "2 inputs, all of them"),
        (lambda: there.learn([10**400, 0.5], 0.1), ValueError, "2 targets, all"),
        (lambda: there.learn(["0.5", 0.5], 0.1), ValueError, "2 targets, all"),
        (lambda: there.learn([0.5, 0.5], 10**400), ValueError, "1 rate, all of them"),
        (lambda: there.learn([0.5, 0.5], "0.1"), ValueError, "1 rate, all of them"),
        (
            lambda: there.load(["1"] * len(there.numbers())),
            ValueError,
            "19 numbers, all of them",
        ),
        (lambda: there.load([10**400] * 19), ValueError, "19 numbers, all"),
        (lambda: there.load(5), ValueError, "19 numbers, all"),
        (lambda: there.load([NAN] * len(there.numbers())), ValueError, "finite"),
    ]
    all_refused(calls)
    assert {name: getattr(there, name)[:] for name in there.COLUMNS} == before


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_context_has_its_sensitivities(tmp_path):
    """And parts that are frozen stay."""

    def check(make, rule):
        net = ruled(make(), rule)
        inputs, targets = data_for(net, 16)
        here(net, inputs[:6], targets[:6], 0.1)
        assert agrees(net, tmp_path, (inputs[6:], targets[6:]), keep_context=True)

    def frozen():
        net = architect.LSTM(2, 3, 2, style="synaptic", seed=0)
        net.hidden[0].freeze()
        return net

    makers = [
        lambda: architect.LSTM(2, 3, 2, seed=0),
        lambda: architect.Spiking(2, 4, 1, reset="zero", refractory=2, seed=0),
        partial(graph, 2),
        partial(graph, 3),
    ]
    every = itertools.product(makers, ("rtrl", ("rtrl", 1)))
    others = (partial(graph, 7), "rtrl"), (partial(graph, 5), ("rtrl", 2))
    all_hold(check, [*every, *others, (frozen, "online")])


@pytest.mark.full
def test_spiking_networks_learn_as_here(tmp_path):
    def check(options, rule):
        net = ruled(architect.Spiking(2, 5, 2, seed=0, **options), rule)
        data = *data_for(net, 40), 0.02
        outputs = [there(Program(net, tmp_path), *data)]
        if rule == "online":
            outputs += [form(net, *data, tmp_path) for form in OTHERS]
        ours = here(net, *data)
        assert all(close(theirs, ours) for theirs in outputs)

    every = [
        {"threshold": 0.3, "adaptive": 5},
        {"threshold": 0.3, "reset": "zero", "refractory": 3},
        {"threshold": 0.3, "excitatory": 3, "density": 0.5, "spike": "arctan_spike"},
    ]
    all_hold(check, itertools.product(every, ("online", "rtrl", ("rtrl", 1))))


@pytest.mark.full
def test_costs_and_their_weights(tmp_path):
    def check(cost):
        net = architect.Elman(2, 4, 3, seed=0, output_squash="tanh")
        net.output.cost_weights = [1.0, 0.5, 0.0]
        inputs, targets = data_for(net, 15)
        targets[3, 1] = NAN
        outputs = there(Program(net, tmp_path, cost=cost), inputs, targets, 0.2)
        assert close(outputs, here(net, inputs, targets, 0.2, cost))

    all_hold(check, [None, "squared_error", "mean_squared_error", quartic_of_learners])


SATURATED = np.array([800.0, -800.0, 60.0, -400.0])


@pytest.mark.full
def test_saturated_outputs_learn(tmp_path):
    """One step moves the biases by target minus output. The slope of a logistic output
    is no number above 0 from states of 745 on (104 in float32), but its cross-entropy
    needs none."""

    def check(form):
        source, output = Layer(1), Layer(len(SATURATED))
        source.project(output, weights=0.25)
        output.biases = SATURATED
        net = Network(source, [], output)
        data = np.array([[1.0]]), np.array([SATURATED < 0], float), 0.5
        outputs = (
            form(net, *data, tmp_path)
            if form in OTHERS
            else there(Program(net, tmp_path, sums=form), *data)
        )
        moves = -0.5 * np.sign(SATURATED)
        expected = [*(SATURATED > 0), 0.0, *(SATURATED + moves), *(0.25 + moves)]
        assert np.abs(outputs - expected).max() <= (1e-4 if form == "fast" else 1e-12)

    all_hold(check, ["exact", "fast", *OTHERS])


@costs.register
def quartic_of_learners(target, output, derivative, outputs):
    error = target - output
    return error**4, 4.0 * error**3 * derivative


@pytest.mark.full
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_errors_change_nothing(tmp_path, dtype):
    """The program itself checks that every byte of the instance is the same."""
    net = architect.Elman(2, 3, 2, seed=0)
    program = Program(net, tmp_path, sums="fast", dtype=dtype)
    cases = [
        (lambda: program.step([NAN, 0.0]), BAD_INPUT),
        (lambda: program.step([0.0, -INF]), BAD_INPUT),
        (lambda: program.run([[0.0, 0.1]] * 5 + [[NAN, 0.1]] * 5), BAD_INPUT),
        (lambda: program.learn([0.5, -INF], 0.1), BAD_TARGET),
        (lambda: program.learn([0.5, INF], 0.1), BAD_TARGET),
        (lambda: program.learn([0.5, 1.5], 0.1), BAD_TARGET),
        (lambda: program.learn([NAN, NAN], 0.1), NO_TARGET),
        (lambda: program.learn([0.5, 0.5], NAN), BAD_RATE),
        (lambda: program.learn([0.5, 0.5], INF), BAD_RATE),
        (lambda: program.learn([0.5, 0.5], -0.1), BAD_RATE),
        (lambda: program.load(np.full(program.numbers, NAN)), BAD_NUMBER),
    ]

    def check(*flags):
        program.begin(flags)
        program.step([0.1, 0.2])
        for call, _ in cases:
            call()
        program.learn([NAN, 0.5], 0.1)
        *answers, learned = program.answers()
        assert answers[1:] == [status for _, status in cases]
        assert len(learned) == 0  # one target is enough

    all_hold(check, [EXACT, *FAST_MATH])


@pytest.mark.full
def test_learning_with_fast_math(tmp_path):
    """The powers of a program do not lose digits; a diverging one is noticed."""

    def check(net):
        data = data_for(net, 100)
        program = Program(net, tmp_path, sums="fast", dtype="float64")
        ours = here(net, *data, 0.05)
        for flags in FAST_MATH:
            program.begin(flags)
            assert close(there(program, *data, 0.05), ours, 1e-11), flags

    nets = [
        architect.LSTM(4, 8, 2, seed=0),
        architect.Perceptron(3, 8, 4, output_squash="softmax", seed=0),
        architect.Perceptron(3, 8, 4, squash="elu", seed=0),
    ]
    all_hold(check, nets)


@pytest.mark.full
def test_outputs_that_are_not_finite_teach_nothing(tmp_path):
    net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    net.weights = [1e300]
    program = Program(net, tmp_path)

    def check(*flags):
        program.begin(flags)
        program.step([1e300])
        program.learn([0.5], 0.1)
        assert program.answers()[1] == DIVERGED

    all_hold(check, [EXACT, *FAST_MATH])


def test_softmax_targets_are_shares(tmp_path):
    net = architect.Perceptron(2, 3, output_squash="softmax", seed=0)
    program = Program(net, tmp_path)
    program.step([0.1, 0.2])
    for targets in ([0.5, 0.6, 0.0], [1.0, NAN, 0.0], [0.25, 0.75, 0.0]):
        program.learn(targets, 0.1)
    _, *answers = program.answers()
    assert answers[:2] == [BAD_TARGET] * 2
    assert len(answers[2]) == 0


@pytest.mark.full
def test_weights_that_run_away_stop_at_a_bound(tmp_path):
    def check(change):
        net = architect.Perceptron(2, 3, 1, output_squash="identity", seed=0)
        change(net)
        program = Program(net, tmp_path, bound=2.5)
        for flags in (EXACT, *FAST_MATH):
            program.begin(flags)
            for _ in range(200):
                program.step([3.0, -4.0])
                program.learn([1e6], 1.0)
            program.weights()
            assert np.abs(program.answers()[-1]).max() == 2.5, flags

    all_hold(check, [lambda net: None, lambda net: tie_at_random(net, 0)])


@pytest.mark.full
def test_weights_travel_both_ways(tmp_path):
    """Device to file to network to file of the library to device."""
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    inputs, targets = data_for(net, 20)
    program = Program(net, tmp_path)
    learned = there(program, inputs, targets, 0.2)[-program.numbers :]
    learned.tofile(tmp_path / "weights.bin")

    numbers = np.fromfile(tmp_path / "weights.bin")
    twin = net.clone()
    twin.biases, twin.weights = np.split(numbers, [len(net)])
    save(twin, tmp_path / "twin.json")
    loaded = load(tmp_path / "twin.json")
    numbers = np.concatenate([loaded.biases, loaded.weights])
    assert close(numbers, learned, 0.0)
    assert close(here(net, inputs, targets, 0.2)[-len(numbers) :], learned)

    program.begin(EXACT)
    program.load(numbers)
    program.step(inputs[0])
    assert close(program.answers()[1], loaded.activate(inputs[0]))


@pytest.mark.full
def test_what_does_not_learn_cannot_be_loaded(tmp_path):
    net = architect.LSTM(1, 2, 1, style="synaptic", seed=0)
    program = Program(net, tmp_path)
    numbers = np.concatenate([net.biases, net.weights])
    learns = [link.trainable for link in net.connections]
    numbers[len(net) + learns.index(False)] += 1.0
    program.load(numbers)
    assert program.answers() == [FROZEN]


def test_clear_forgets_the_context_and_not_what_was_learned(tmp_path):
    net = architect.Elman(2, 3, 1, seed=0)
    data = data_for(net, 10)
    program = Program(net, tmp_path)
    there(program, *data, 0.5)
    program.clear()
    program.step(data[0][0])
    here(net, *data, 0.5)
    net.clear()
    assert close(program.answers()[-1], net.activate(data[0][0]))


LONG_MAIN = r"""
#include <stdio.h>
#include "program.c"

int main(void) {
    static Network net;
    double inputs[NETWORK_INPUTS], outputs[NETWORK_OUTPUTS], first[NETWORK_OUTPUTS];
    const double target[NETWORK_OUTPUTS] = {0.25};
    network_init(&net);
    for (long step = 0; step < STEPS; step++) {
        for (int i = 0; i < NETWORK_INPUTS; i++) inputs[i] = (step + i) % 4 / 4.0;
        if (network_step(&net, inputs, outputs)) return 1;
        if (LEARN && network_learn(&net, target, 0.01)) return 2;
        if (step == STEPS / 2 - 1) memcpy(first, outputs, sizeof first);
    }
    if (!LEARN && memcmp(first, outputs, sizeof first)) return 3;
    for (size_t i = 0; i < sizeof net / sizeof(double); i++) {
        if (!isfinite(((double *)&net)[i])) return 4;
    }
    return 0;
}
"""


@pytest.mark.slow
@pytest.mark.parametrize("learns", [0, 1])
def test_states_do_not_drift(tmp_path, learns):
    """After 10^7 steps of a period of four; 10^8 were run by hand."""
    source = c_source(architect.LSTM(2, 2, 1, seed=0), learn=True, dtype="float64")
    (tmp_path / "program.c").write_text(source)
    (tmp_path / "main.c").write_text(LONG_MAIN)
    run(compiled(tmp_path, *f"-DSTEPS=10000000L -DLEARN={learns} -O3".split()))


LANGUAGES = ["-x", "c", "-std=c99"], ["-x", "c++", "-std=c++11"]


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_it_is_strict_c_and_cpp_without_recursion_or_allocation(tmp_path):
    """With every option, by both compilers and all their warnings."""
    compiler = shutil.which("g++") or pytest.skip("there is no C++ compiler here")
    path = tmp_path / "program.c"

    def check(net, options):
        text = c_source(net, learn=True, prefix="pitch_net", **options)
        assert "malloc" not in text
        for written, language in itertools.product((text, widened(text)), LANGUAGES):
            path.write_text(written)
            run([compiler, *language, *WARNINGS, "-fsyntax-only", str(path)])

    exact = ruled(graph(4), "rtrl")
    rootless = ruled(architect.Perceptron(2, 3, 1, seed=0), "rtrl")
    nets = rootless, Network(Layer(1), [], Layer(2))
    every = {"bound": 5.0, "sums": "exact", "keep_context": True}
    adam = {"optimizer": "adam"}
    all_hold(check, itertools.product(nets, ({}, every, adam)))
    of_graphs = [(0, every), (3, adam), (6, {}), (7, every)]
    all_hold(check, [(graph(seed), options) for seed, options in of_graphs])
    all_hold(check, itertools.product([exact], (every, adam)))


@pytest.mark.full
def test_two_programs_share_an_executable(tmp_path):
    main = '#include "a.c"\n#include "b.c"\nint main(void) { return 0; }\n'
    for name, net in (("a", graph(0)), ("b", graph(5))):
        (tmp_path / f"{name}.c").write_text(c_source(net, learn=True, prefix=name))
    (tmp_path / "main.c").write_text(main)
    compiled(tmp_path)


def turned(state):
    return math.atan(state), sum([1.0 / (1.0 + state * state)])


with pytest.warns(errors.FunctionWarning, match="it calls sum"):
    squashes.register(written={"c": "atan({s})"})(turned)


def test_what_cannot_learn_in_c_is_refused():
    net = architect.Perceptron(1, 1, seed=0)
    other = architect.Perceptron(1, 1, seed=0, output_squash="turned")
    heavy = architect.Perceptron(1, 1, seed=0)
    heavy.output.cost_weights = [1e39]
    calls = [
        (lambda: c_source(net, bound=1.0), errors.ArgumentError, "Only a program"),
        (lambda: c_source(net, cost="mse"), errors.ArgumentError, "Pass learn=True"),
        (
            lambda: c_source(net, learn=True, bound=0.0),
            errors.ArgumentError,
            "`bound` must be|`bound` must be a finite number above 0",
        ),
        (lambda: c_source(net, learn=1), errors.ArgumentTypeError, "True or False"),
        (
            lambda: c_source(net, learn=True, sums="exact", dtype="float32"),
            errors.ArgumentError,
            "`dtype` must be float64",
        ),
        (
            lambda: c_source(net, learn=True, bound=1e39),
            errors.ArgumentError,
            r"1e\+39, is beyond the range of float32",
        ),
        (
            lambda: c_source(net, learn=True, bound=1e-60),
            errors.ArgumentError,
            "`bound` must be above 0 in float32",
        ),
        (
            lambda: c_source(heavy, learn=True),
            errors.ArgumentError,
            r"1e\+39, is beyond the range of float32",
        ),
        (
            lambda: c_source(other, learn=True),
            errors.FormatError,
            "whose slope cannot be written in C",
        ),
        (
            lambda: python_source(other, learn=True),
            errors.FormatError,
            "whose slope cannot be written in Python",
        ),
    ]
    all_refused(calls)
