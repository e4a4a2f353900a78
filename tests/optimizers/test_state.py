"""What the optimizers share: settings, rates, frozen parameters, states, refusals."""

import dataclasses
import io
import math
import pickle

import numpy as np
import pytest

from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError, SynapseError
from synapse.optimizers import (
    LBFGS,
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
    Rprop,
)

from ..cases import accepted, every_case
from .test_equations import SIZE, random_gradients

EACH = [
    SGD(momentum=0.9),
    RMSprop(momentum=0.5, centered=True),
    AdaGrad(),
    Adam(amsgrad=True),
    AdamW(),
    Rprop(),
]
each = every_case("optimizer", EACH, ids=lambda optimizer: type(optimizer).__name__)


@each
def test_a_rate_given_replaces_its_own(optimizer):
    start, gradients = random_gradients()
    at_half, own, halved = start.copy(), start.copy(), start.copy()
    optimizer.begin(own).step(own, gradients[0])
    optimizer.begin(at_half).step(at_half, gradients[0], rate=optimizer.rate / 2)
    halved += (own - start) / 2
    assert at_half == pytest.approx(halved, rel=1e-12)
    rests = start.copy()
    optimizer.begin(rests).step(rests, gradients[0], rate=0)
    assert (rests == start).all()


@every_case("optimizer", [*EACH, SGD(weight_decay=0.5), AdamW(weight_decay=0.5)], ids=repr)
def test_frozen_parameters_never_move(optimizer):
    parameters, gradients = random_gradients()
    free, start, frozen = parameters.copy(), parameters.copy(), np.arange(SIZE) % 2 == 0
    state, others = optimizer.begin(parameters, frozen), optimizer.begin(free)
    for gradient in gradients:
        state.step(parameters, gradient)
        others.step(free, gradient)
    assert (parameters[frozen] == start[frozen]).all()
    assert (parameters[~frozen] == free[~frozen]).all()
    assert not (free == start).any()


@each
@every_case("way", ["file", "pickle"])
def test_a_training_goes_on_bit_for_bit(optimizer, way):
    through, gradients = random_gradients()
    parameters = through.copy()
    state, paused = optimizer.begin(through), optimizer.begin(parameters)
    for gradient in gradients:
        state.step(through, gradient)
    for gradient in gradients[:20]:
        paused.step(parameters, gradient)
    if way == "file":
        file = io.BytesIO()
        np.savez(file, **paused.arrays())
        file.seek(0)
        paused = optimizer.begin(parameters)
        paused.restore(np.load(file))
    else:
        paused = pickle.loads(pickle.dumps(paused))
    assert paused.steps == 20
    for gradient in gradients[20:]:
        paused.step(parameters, gradient)
    assert (parameters == through).all()
    assert all((paused.arrays()[name] == kept).all() for name, kept in state.arrays().items())


def test_float32_parameters_have_a_memory_of_float32():
    start, gradients = random_gradients()
    for optimizer in EACH:
        wide, narrow = start.copy(), start.astype(np.float32)
        states = optimizer.begin(wide), optimizer.begin(narrow)
        for gradient in gradients[:5]:
            states[0].step(wide, gradient)
            states[1].step(narrow, gradient)
        assert states[1].memory.dtype == narrow.dtype == np.float32, optimizer
        assert narrow == pytest.approx(wide, rel=1e-4, abs=1e-5), optimizer
        before, memory = narrow.copy(), states[1].memory.copy()
        with pytest.raises(DivergenceError, match="its square"):  # 1e40 is beyond float32
            states[1].step(narrow, np.full(SIZE, 1e20))
        assert np.array_equal([narrow, *states[1].memory], [before, *memory]), optimizer


def test_what_is_kept_can_be_read():
    state = Adam().begin(np.zeros(2))
    state.step(np.zeros(2), [1.0, -2.0])
    assert state.first_moment == pytest.approx([0.1, -0.2])
    assert state.second_moment == pytest.approx([0.001, 0.004])
    assert repr(state) == "<OptimizerState of Adam: 2 parameters, 1 step>"
    assert list(state.arrays()) == ["steps", "first_moment", "second_moment"]
    state.arrays()["first_moment"][:] = 9.0
    assert state.first_moment == pytest.approx([0.1, -0.2])
    with pytest.raises(AttributeError, match="velocity"):
        _ = state.velocity


def test_what_is_refused_changes_nothing():
    parameters = np.array([1.0, 2.0])
    state = SGD(momentum=0.5).begin(parameters)
    state.step(parameters, [0.5, 0.5])
    before, arrays = parameters.copy(), state.arrays()
    narrow, broadcast = np.zeros(2, np.float32), np.broadcast_to(0.0, 2)

    def step(gradient=(1.0, 1.0), rate=None, given=parameters):
        return lambda: state.step(given, gradient, rate)

    def restore(**change):
        return lambda: state.restore({**arrays, **change})

    refused = [
        (ArgumentError, "of shape", step([1.0])),
        (DivergenceError, "not finite", step([1.0, -math.inf])),
        (ArgumentError, "0 or above", step(rate=-0.1)),
        (ArgumentTypeError, "float64", step(given=narrow)),
        (ArgumentError, "of shape", step(given=np.zeros(3))),
        (ArgumentError, "read-only", step(given=broadcast)),
        (ArgumentError, "a vector", lambda: SGD().begin(np.zeros((2, 1)))),
        (ArgumentError, "2 booleans", lambda: SGD().begin(np.zeros(2), [0, 1])),
        (ArgumentError, "2 booleans", lambda: LBFGS().minimise(lambda p: (0.0, p), np.zeros(2), [True])),
        (ArgumentError, "of shape", restore(velocity=np.zeros(3))),
        (ArgumentError, "finite", restore(velocity=[math.nan, 0.0])),
        (ArgumentError, "the steps", restore(steps=-1)),
        (ArgumentError, "steps, velocity", restore(mean=np.zeros(2))),
    ]
    assert not accepted(refused)
    assert (parameters == before).all()
    assert all((state.arrays()[name] == values).all() for name, values in arrays.items())


WHOLE = (
    (Adam, {"rate": -1}, "Expected the rate of Adam to be a finite number above 0, got -1."),
    (SGD, {"nesterov": True}, "Expected the momentum of SGD to be above 0 with nesterov, got 0.0."),
    (Adam, {"betas": 0.9}, "Expected the betas of Adam to be two numbers, got 0.9."),
    (Rprop, {"steps": (1.0, 2.0)}, "Expected the steps of Rprop to be around the rate, 0.01"),
)
WRONG = {
    SGD: {"rate": 0, "momentum": 1.0, "weight_decay": -0.1},
    RMSprop: {"rate": 0, "decay": -0.1, "epsilon": 0.0, "momentum": math.nan, "centered": "no"},
    AdaGrad: {"rate": None, "epsilon": -1},
    Adam: {"rate": 0, "betas": (0.9, 1.0), "epsilon": 0, "amsgrad": 2},
    AdamW: {"rate": math.inf, "betas": (-0.1, 0.9), "epsilon": 0, "amsgrad": 2, "weight_decay": -1},
    Rprop: {"rate": 0, "etas": (0, 2), "steps": (0.0, 1.0)},
    LBFGS: {"memory": 0, "iterations": 1.5, "tolerance": 0},
}


def test_every_setting_is_checked_and_named():
    wrong = []
    cases = [(kind, {name: value}, "") for kind, known in WRONG.items() for name, value in known.items()]
    for kind, settings, sentence in (*WHOLE, *cases):
        begin = sentence or f"Expected the {next(iter(settings))} of {kind.__name__} to be "
        with pytest.raises(SynapseError) as caught:
            kind(**settings)
        if not str(caught.value).startswith(begin):
            wrong.append(str(caught.value))
    assert not wrong, "\n".join(wrong)
    settings = {kind: {one.name for one in dataclasses.fields(kind)} for kind in WRONG}
    assert {kind: set(known) for kind, known in WRONG.items()} | {SGD: settings[SGD] - {"nesterov"}} == {
        kind: names - {"nesterov"} for kind, names in settings.items()
    }


def test_one_of_ones_own_cannot_take_a_name_in_use():
    class Mine(Optimizer):
        rate = 1.0

        def memory(self):
            return {"steps": 0.0}

        def find_change(self, state, parameters, gradient, rate):
            state.change[:] = rate * gradient

    with pytest.raises(ArgumentError, match="already has a steps"):
        Mine().begin(np.zeros(2))
