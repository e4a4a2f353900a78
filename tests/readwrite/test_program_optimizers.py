"""Optimizers in programs that learn; as a program it compares their bits with kernels
that are not compiled."""

import itertools
import warnings
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import architect
from synapse import Trainer, errors, optimizers
from synapse.engine.language.decorators import COMPILES
from synapse.readwrite import c_source, javascript_source, python_source
from tests.helpers.cases import all_hold, all_refused
from tests.helpers.processes import python
from tests.readwrite.learners import (
    DIVERGED,
    EXACT,
    Program,
    data_for,
    graph,
    in_javascript,
    in_python,
    ruled,
    there,
)
from tests.readwrite.programs import close

RATE = 0.02
OPTIMIZERS = {
    "plain": optimizers.SGD(),
    "momentum": optimizers.SGD(momentum=0.9),
    "nesterov": optimizers.SGD(momentum=0.9, nesterov=True, weight_decay=0.01),
    "rmsprop": optimizers.RMSprop(),
    "centered": optimizers.RMSprop(centered=True, momentum=0.5),
    "adagrad": optimizers.AdaGrad(),
    "adam": optimizers.Adam(),
    "amsgrad": optimizers.Adam(betas=(0.8, 0.99), amsgrad=True),
    "adamw": optimizers.AdamW(weight_decay=0.1),
}
pytestmark = [
    pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning"),
    pytest.mark.filterwarnings("ignore::synapse.errors.TrainingWarning"),
]


def trained(net, inputs, targets, optimizer):
    """All biases, then all weights, after a training from a cleared context."""
    twin = net.clone()
    twin.clear()
    trainer = Trainer(twin, optimizer=optimizer, rate=RATE, batch_size=1)
    trainer.train([inputs], [targets], epochs=1, progress=False)
    return np.concatenate([twin.biases, twin.weights])


def learned(net, data, folder, rate=RATE, **options):
    """The biases and weights at the end of what a program in C returns."""
    program = Program(net, folder, **options)
    return there(program, *data, rate)[-program.numbers :]


def different(seeds, steps):
    """Cases of which a program and kernels that are not compiled have other bits: each
    optimizer by each rule, on two graphs."""
    cases = itertools.product(range(2), ("online", "rtrl"), OPTIMIZERS)
    for seed, (_, rule, name) in zip(itertools.cycle(seeds), cases):
        net = ruled(graph(seed), rule)
        data = data_for(net, steps, seed)
        optimizer = OPTIMIZERS[name]
        with TemporaryDirectory() as folder:
            theirs = learned(net, data, Path(folder), optimizer=optimizer)
        if theirs.tobytes() != trained(net, *data, optimizer).tobytes():
            yield seed, rule, name


@pytest.mark.slow
def test_the_bits_of_optimizers():
    """Adam's powers are those of the C library, which Python calls, too."""
    module = "tests.readwrite.test_program_optimizers"
    assert python("-m", module, SYNAPSE_COMPILE="0").strip() == "[]"


@pytest.mark.full
@pytest.mark.parametrize("seed", range(8))
def test_they_learn_as_a_trainer(seed, tmp_path):
    """Graphs with delays, ties, signs and groups, by both rules."""

    def check(rule, name):
        net = ruled(graph(seed), rule)
        data = data_for(net, 20, seed)
        optimizer = OPTIMIZERS[name]
        theirs = learned(net, data, tmp_path, optimizer=optimizer)
        assert close(theirs, trained(net, *data, optimizer))

    names = [*OPTIMIZERS][seed:] + [*OPTIMIZERS][:seed]
    all_hold(check, [("online", names[0]), ("rtrl", names[1])])


@pytest.mark.full
@pytest.mark.parametrize("learned_in", [in_python, in_javascript])
def test_they_learn_in_other_languages(learned_in, tmp_path):
    def check(seed, rule, name):
        net = ruled(graph(seed), rule)
        data = data_for(net, 15, seed)
        optimizer = OPTIMIZERS[name]
        theirs = learned_in(net, *data, RATE, tmp_path, optimizer=optimizer)
        ours = trained(net, *data, optimizer)
        assert close(theirs[-len(ours) :], ours)

    cases = [
        (7, "online", "momentum"),
        (6, "rtrl", "amsgrad"),
        (4, "online", "adamw"),
        (5, "rtrl", "centered"),
        (0, "online", "adagrad"),
        (1, "online", "rmsprop"),
    ]
    all_hold(check, cases)


@pytest.mark.full
def test_an_update_that_is_not_finite_changes_nothing(tmp_path):
    """Neither parameters nor the memory of the optimizer."""

    def check(name, rule):
        net = architect.Elman(2, 3, 1, seed=0, output_squash="identity")
        net.rule = rule
        inputs, targets = data_for(net, 6)
        flags = *EXACT, f"-DLEAVES={DIVERGED}"
        program = Program(net, tmp_path, flags, optimizer=OPTIMIZERS[name])
        plain = there(program, inputs, targets, RATE)
        program.begin(flags)
        for row, aims in zip(inputs, targets, strict=True):
            program.step(row)
            program.learn(aims + 1e4, 1.7e308)
            program.learn(aims, RATE)
        program.weights()
        *answers, numbers = program.answers()
        assert answers[1::3] == [DIVERGED] * 6
        assert numbers.tobytes() == plain[-len(numbers) :].tobytes()

    all_hold(check, itertools.product(["momentum", "rmsprop"], ["online", "rtrl"]))


@pytest.mark.full
def test_a_cleared_program_has_its_memory(tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=0)
    data = data_for(net, 8)
    program = Program(net, tmp_path, optimizer=OPTIMIZERS["adam"])
    for row, aims in zip(*data, strict=True):
        program.step(row)
        program.learn(aims, RATE)
        program.clear()
    program.weights()
    assert close(program.answers()[-1], trained(net, *data, OPTIMIZERS["adam"]))


@pytest.mark.full
def test_a_bound_holds(tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=0)
    options = {"optimizer": optimizers.SGD(momentum=0.9), "bound": 0.5}
    numbers = learned(net, data_for(net, 20), tmp_path, 1.0, **options)
    assert np.abs(numbers).max() == 0.5


@optimizers.register
class StepsOfSigns(optimizers.Optimizer):
    rate = 0.1

    def slots(self):
        return {}

    def find_change(self, state, parameters, gradient, rate):
        np.multiply(np.sign(gradient), rate, out=state.change)


@pytest.mark.full
def test_what_programs_lack_is_refused():
    net = architect.Perceptron(1, 1, seed=0)
    lacking = [
        optimizers.LBFGS(),
        optimizers.RLS(),
        optimizers.DEKF(),
        optimizers.Rprop(),
        StepsOfSigns(),
        "rprop",
    ]
    words = "The optimizer .* cannot be written in .* Use SGD, .* or AdamW"
    no_optimizer = "`optimizer` must be an optimizer"
    calls = [
        (partial(write, net, learn=True, optimizer=it), errors.FormatError, words)
        for it in lacking
        for write in (c_source, python_source, javascript_source)
    ]
    calls += [
        (
            partial(c_source, net, optimizer="adam"),
            errors.ArgumentError,
            "Pass learn=True, too",
        ),
        (
            partial(python_source, net, learn=True, optimizer=0.1),
            errors.ArgumentTypeError,
            no_optimizer,
        ),
    ]
    all_refused(calls)
    by_name = c_source(net, learn=True, optimizer="adam")
    assert by_name == c_source(net, learn=True, optimizer=optimizers.Adam())


if __name__ == "__main__":
    assert not COMPILES
    warnings.simplefilter("ignore", errors.SynapseWarning)
    print([*different((2, 5, 7), 6)])
