"""What the optimizers share: settings, rates, frozen parameters, states that are saved, refusals."""

import copy
import io
import math
import pickle

import numpy as np
import pytest

from synapse.errors import ArgumentError, DivergenceError, KindError, SynapseError
from synapse.optimizers import LBFGS, SGD, AdaGrad, Adam, AdamW, Optimizer, RMSprop, Rprop

from .test_equations import SIZE, random_gradients

EACH = [
    SGD(momentum=0.9),
    RMSprop(momentum=0.5, centered=True),
    AdaGrad(),
    Adam(amsgrad=True),
    AdamW(),
    Rprop(),
]
each = pytest.mark.parametrize("optimizer", EACH, ids=lambda optimizer: type(optimizer).__name__)


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


@pytest.mark.parametrize("optimizer", [*EACH, SGD(weight_decay=0.5), AdamW(weight_decay=0.5)], ids=repr)
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
@pytest.mark.parametrize("way", ["file", "pickle", "copy"])
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
        paused = pickle.loads(pickle.dumps(paused)) if way == "pickle" else copy.deepcopy(paused)
    assert paused.steps == 20
    for gradient in gradients[20:]:
        paused.step(parameters, gradient)
    assert (parameters == through).all()
    assert all((paused.arrays()[name] == kept).all() for name, kept in state.arrays().items())


def test_what_is_kept_can_be_read():
    state = Adam().begin(np.zeros(2))
    state.step(np.zeros(2), [1.0, -2.0])
    assert state.first_moment == pytest.approx([0.1, -0.2])
    assert state.second_moment == pytest.approx([0.001, 0.004])
    assert repr(state) == "<OptimizerState of Adam: 2 parameters, 1 steps>"
    assert {"first_moment", "second_moment", "steps"} <= set(dir(state))
    assert list(state.arrays()) == ["steps", "first_moment", "second_moment"]
    state.arrays()["first_moment"][:] = 9.0
    assert state.first_moment == pytest.approx([0.1, -0.2])
    with pytest.raises(AttributeError, match="velocity"):
        _ = state.velocity


def unchanged(parameters, state, act, error):
    before, kept = parameters.copy(), state.arrays()
    with pytest.raises(error):
        act()
    assert (parameters == before).all()
    assert all((state.arrays()[name] == values).all() for name, values in kept.items())


@pytest.mark.parametrize(
    ("gradient", "rate", "error"),
    [
        ([1.0], None, ArgumentError),
        ([[1.0], [2.0]], None, ArgumentError),
        ([math.nan, 1.0], None, DivergenceError),
        ([1.0, -math.inf], None, DivergenceError),
        ([1.0, 1.0], -0.1, ArgumentError),
        ([1.0, 1.0], math.nan, ArgumentError),
        ([1.0, 1.0], "fast", KindError),
    ],
)
def test_a_step_refused_changes_nothing(gradient, rate, error):
    parameters = np.array([1.0, 2.0])
    state = Adam().begin(parameters)
    state.step(parameters, [0.5, 0.5])
    unchanged(parameters, state, lambda: state.step(parameters, gradient, rate), error)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ([1.0, 2.0], KindError),
        (np.zeros(2, np.float32), KindError),
        (np.zeros(3), ArgumentError),
        (np.zeros((2, 1)), ArgumentError),
        (np.broadcast_to(0.0, 2), ArgumentError),
    ],
)
def test_parameters_are_a_vector_that_can_be_moved(given, error):
    parameters = np.zeros(2)
    state = SGD(momentum=0.5).begin(parameters)
    unchanged(parameters, state, lambda: state.step(given, [1.0, 1.0]), error)
    if np.shape(given) != (3,):
        with pytest.raises(error):
            SGD().begin(given)


@pytest.mark.parametrize(
    "change",
    [
        {"velocity": np.zeros(3)},
        {"velocity": [math.nan, 0.0]},
        {"steps": -1},
        {"steps": 0.5},
        {"mean": np.zeros(2)},
    ],
)
def test_arrays_of_another_training_are_refused(change):
    parameters = np.zeros(2)
    state = SGD(momentum=0.5).begin(parameters)
    state.step(parameters, [1.0, 1.0])
    unchanged(parameters, state, lambda: state.restore({**state.arrays(), **change}), SynapseError)
    with pytest.raises(ArgumentError, match="SGD to be steps, velocity"):
        state.restore({"steps": 3})


@pytest.mark.parametrize("frozen", [[True], [0, 1], "ab", [[True, False]]])
def test_frozen_is_a_mask(frozen):
    with pytest.raises(ArgumentError, match="2 booleans"):
        SGD().begin(np.zeros(2), frozen)
    with pytest.raises(ArgumentError, match="2 booleans"):
        LBFGS().minimise(lambda p: (0.0, p), np.zeros(2), frozen)


@pytest.mark.parametrize(
    ("kind", "settings", "sentence"),
    [
        (Adam, {"rate": -1}, "Expected the rate of Adam to be a finite number above 0, got -1."),
        (AdamW, {"rate": math.inf}, "Expected the rate of AdamW to be a finite number above 0, got inf."),
        (SGD, {"rate": 0}, "Expected the rate of SGD"),
        (SGD, {"rate": "x"}, "Expected the rate of SGD to be a number, got 'x'."),
        (
            SGD,
            {"momentum": 1.0},
            "Expected the momentum of SGD to be a number that is 0 or above and below 1, got 1.0.",
        ),
        (SGD, {"weight_decay": -0.1}, "Expected the weight_decay of SGD"),
        (SGD, {"nesterov": True}, "Expected the momentum of SGD to be above 0 with nesterov, got 0.0."),
        (RMSprop, {"decay": -0.1}, "Expected the decay of RMSprop"),
        (RMSprop, {"epsilon": 0.0}, "Expected the epsilon of RMSprop"),
        (RMSprop, {"momentum": math.nan}, "Expected the momentum of RMSprop"),
        (AdaGrad, {"rate": None}, "Expected the rate of AdaGrad"),
        (AdaGrad, {"epsilon": -1}, "Expected the epsilon of AdaGrad"),
        (Adam, {"betas": 0.9}, "Expected the betas of Adam to be two numbers, got 0.9."),
        (Adam, {"betas": (0.9, 1.0)}, "Expected the betas of Adam"),
        (Adam, {"epsilon": 0}, "Expected the epsilon of Adam"),
        (AdamW, {"weight_decay": -1}, "Expected the weight_decay of AdamW"),
        (Rprop, {"etas": (1.2, 0.5)}, "Expected the etas of Rprop to be one below and one above 1"),
        (Rprop, {"etas": (0, 2)}, "Expected the etas of Rprop"),
        (Rprop, {"steps": (1.0, 2.0)}, "Expected the steps of Rprop to be around the rate, 0.01"),
        (Rprop, {"steps": (1, 2, 3)}, "Expected the steps of Rprop to be two numbers"),
        (LBFGS, {"memory": 0}, "Expected the memory of LBFGS"),
        (LBFGS, {"iterations": 1.5}, "Expected the iterations of LBFGS"),
        (LBFGS, {"tolerance": 0}, "Expected the tolerance of LBFGS"),
    ],
)
def test_settings_are_checked(kind, settings, sentence):
    with pytest.raises(SynapseError) as caught:
        kind(**settings)
    assert str(caught.value).startswith(sentence)


def test_settings_are_stored_unchanged():
    assert Adam(rate=1, betas=[0.5, 0]).betas == [0.5, 0]
    assert Adam() == Adam(rate=0.001) != AdamW()
    assert repr(SGD(rate=1)) == "SGD(rate=1, momentum=0.0, nesterov=False, weight_decay=0.0)"
    with pytest.raises(AttributeError):
        SGD().rate = 1.0


def test_one_of_ones_own_cannot_take_a_name_in_use():
    class Mine(Optimizer):
        rate = 1.0

        def memory(self):
            return {"steps": 0.0}

        def find_change(self, state, parameters, gradient, rate):
            state.change[:] = rate * gradient

    with pytest.raises(ArgumentError, match="already has a steps"):
        Mine().begin(np.zeros(2))
