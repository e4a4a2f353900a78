"""Optimizers in programs that learn; as a program it compares their bits with kernels
that are not compiled."""

import itertools
import os
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import architect
import synapse
from synapse import errors, optimizers
from synapse.engine.language.decorators import COMPILES
from synapse.readwrite import c_source, javascript_source, python_source
from tests.helpers.cases import all_hold, all_refused
from tests.readwrite.learners import (
    DIVERGED,
    EXACT,
    Program,
    data_for,
    graph,
    in_javascript,
    in_python,
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
    trainer = synapse.Trainer(twin, optimizer=optimizer, rate=RATE, batch_size=1)
    trainer.train([inputs], [targets], epochs=1, progress=False)
    return np.concatenate([twin.biases, twin.weights])


def of_kind(seed, rule):
    net = graph(seed)
    net.rule = rule
    return net


def numbers_of(net, results):
    """The biases and weights at the end of what a program returns."""
    return results[-len(net.biases) - len(net.weights) :]


def different(seeds, steps):
    """Cases of which a program and kernels that are not compiled have other bits: each
    optimizer by each rule, on two graphs."""
    chosen = itertools.cycle(seeds)
    cases = itertools.product(range(2), ("online", "rtrl"), OPTIMIZERS)
    for _, rule, name in cases:
        seed = next(chosen)
        net = of_kind(seed, rule)
        data = data_for(net, steps, seed)
        with TemporaryDirectory() as folder:
            program = Program(net, Path(folder), optimizer=OPTIMIZERS[name])
            theirs = numbers_of(net, there(program, *data, RATE))
        if theirs.tobytes() != trained(net, *data, OPTIMIZERS[name]).tobytes():
            yield seed, rule, name


@pytest.mark.slow
def test_the_bits_of_optimizers():
    """Adam's powers are those of the C library, which Python calls, too."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.readwrite.test_program_optimizers"],
        env={**os.environ, "SYNAPSE_COMPILE": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.full
@pytest.mark.parametrize("seed", range(8))
def test_they_learn_as_a_trainer(seed, tmp_path):
    """Graphs with delays, ties, signs and groups, by both rules."""

    def check(rule, name):
        net = of_kind(seed, rule)
        data = data_for(net, 20, seed)
        program = Program(net, tmp_path, optimizer=OPTIMIZERS[name])
        ours = trained(net, *data, OPTIMIZERS[name])
        assert close(numbers_of(net, there(program, *data, RATE)), ours)

    names = [*OPTIMIZERS][seed:] + [*OPTIMIZERS][:seed]
    all_hold(check, [("online", names[0]), ("rtrl", names[1])])


@pytest.mark.full
@pytest.mark.parametrize("learned_in", [in_python, in_javascript])
def test_they_learn_in_other_languages(learned_in, tmp_path):
    def check(seed, rule, name):
        net = of_kind(seed, rule)
        data = data_for(net, 15, seed)
        optimizer = OPTIMIZERS[name]
        theirs = learned_in(net, *data, RATE, tmp_path, optimizer=optimizer)
        assert close(numbers_of(net, theirs), trained(net, *data, optimizer))

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
        outputs = []
        flags = *EXACT, f"-DLEAVES={DIVERGED}"
        program = Program(net, tmp_path, flags, optimizer=OPTIMIZERS[name])
        for is_tried in (False, True):
            program.begin(flags)
            for row, aims in zip(inputs, targets, strict=True):
                program.step(row)
                if is_tried:
                    program.learn(aims + 1e4, 1.7e308)
                program.learn(aims, RATE)
            program.weights()
            outputs.append(program.answers())
        statuses = [status for status in outputs[1] if isinstance(status, int)]
        assert statuses == [DIVERGED] * 6
        assert outputs[0][-1].tobytes() == outputs[1][-1].tobytes()

    all_hold(check, itertools.product(["momentum", "rmsprop"], ["online", "rtrl"]))


@pytest.mark.full
def test_a_cleared_program_has_its_memory(tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=0)
    data = data_for(net, 8)
    adam = OPTIMIZERS["adam"]
    program = Program(net, tmp_path, optimizer=adam)
    for row, aims in zip(*data, strict=True):
        program.step(row)
        program.learn(aims, RATE)
        program.clear()
    program.weights()
    assert close(program.answers()[-1], trained(net, *data, adam))


@pytest.mark.full
def test_a_bound_holds(tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=0)
    options = {"optimizer": optimizers.SGD(momentum=0.9), "bound": 0.5}
    program = Program(net, tmp_path, **options)
    numbers = numbers_of(net, there(program, *data_for(net, 20), 1.0))
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
    calls = [
        (
            lambda value=value, write=write: write(net, learn=True, optimizer=value),
            errors.FormatError,
            "The optimizer .* cannot be written in .* Use SGD, .* or AdamW",
        )
        for value in lacking
        for write in (c_source, python_source, javascript_source)
    ]
    calls += [
        (
            lambda: c_source(net, optimizer="adam"),
            errors.ArgumentError,
            "Pass learn=True, too",
        ),
        (
            lambda: python_source(net, learn=True, optimizer=0.1),
            errors.ArgumentTypeError,
            "`optimizer` must be an optimizer",
        ),
    ]
    all_refused(calls)
    assert c_source(net, learn=True, optimizer="adam") == c_source(
        net, learn=True, optimizer=optimizers.Adam()
    )


if __name__ == "__main__":
    assert not COMPILES
    warnings.simplefilter("ignore", synapse.errors.SynapseWarning)
    print([*different((2, 5, 7), 6)])
