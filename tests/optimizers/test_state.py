"""What the optimizers share: settings, rates, states, refusals and names."""

import dataclasses
import io
import itertools
import math
import operator
import pickle
import re
from functools import partial

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    SynapseError,
)
from synapse.optimizers import (
    DEKF,
    LBFGS,
    RLS,
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Optimizer,
    OptimizerState,
    RMSprop,
    Rprop,
)
from tests.helpers.cases import all_refused, every_case

from .test_equations import SIZE, random_gradients
from .test_recursive import GROUPS, problem as recursive_problem

EACH = [
    SGD(momentum=0.9),
    RMSprop(momentum=0.5, centered=True),
    AdaGrad(),
    Adam(amsgrad=True),
    AdamW(),
    Rprop(),
]
RECURSIVE = [
    RLS(),
    RLS(forgetting=0.9),
    DEKF(),
    DEKF(groups="all"),
    DEKF(measurement_noise=(9.0, 1.0)),
]
each = every_case("optimizer", [*EACH, *RECURSIVE], ids=repr)


def problem(optimizer):
    """Parameters, the steps of a training, and the groups of the parameters, if the
    optimizer has some."""
    if optimizer in RECURSIVE:
        parameters, *steps = recursive_problem()
        return parameters, list(zip(*steps, strict=True)), {"groups": GROUPS}
    parameters, gradients = random_gradients()
    return parameters, [(gradient,) for gradient in gradients], {}


@each
@every_case("way", ["file", "pickle"])
def test_a_training_goes_on_bit_for_bit(optimizer, way):
    through, steps, groups = problem(optimizer)
    parameters = through.copy()
    state = optimizer.begin(through, **groups)
    paused = optimizer.begin(parameters, **groups)
    for step in steps:
        state.step(through, *step)
    for step in steps[:20]:
        paused.step(parameters, *step)
    if way == "file":
        file = io.BytesIO()
        np.savez(file, **paused.arrays())
        file.seek(0)
        paused = optimizer.begin(parameters, **groups)
        paused.restore(np.load(file))
    else:
        paused = pickle.loads(pickle.dumps(paused))
    assert paused.steps == 20
    for step in steps[20:]:
        paused.step(parameters, *step)
    assert (parameters == through).all()
    assert told(paused) == told(state)


def told(state):
    """All that a state keeps."""
    return {name: np.asarray(kept).tolist() for name, kept in state.arrays().items()}


@each
@every_case("bad", ["slopes", "errors", "overflow"])
def test_a_step_that_is_not_finite_changes_nothing(optimizer, bad):
    parameters, (gradient, (slopes, *errors), *_), groups = problem(optimizer)
    state = optimizer.begin(parameters, **groups)
    state.step(parameters, *gradient)
    before = parameters.tolist(), told(state)
    if bad == "errors" and not errors:
        return
    slopes = slopes * 1e200 if bad == "overflow" else slopes.copy()
    if bad == "slopes":
        slopes[..., 1] = np.nan
    errors = [error * np.inf if bad == "errors" else error for error in errors]
    with pytest.raises(DivergenceError, match="The parameters have not changed"):
        state.step(parameters, slopes, *errors)
    assert (parameters.tolist(), told(state)) == before


@every_case("optimizer", EACH)
def test_float32_parameters_have_a_memory_of_float32(optimizer):
    wide, gradients = random_gradients()
    narrow = wide.astype(np.float32)
    state, small = optimizer.begin(wide), optimizer.begin(narrow)
    for gradient in gradients[:5]:
        state.step(wide, gradient)
        small.step(narrow, gradient)
    assert small.slots.dtype == narrow.dtype == np.float32
    assert narrow == pytest.approx(wide, rel=1e-4, abs=1e-5)
    before = narrow.tolist(), told(small)
    with pytest.raises(DivergenceError, match="its square"):  # 1e40 is beyond float32
        small.step(narrow, np.full(SIZE, 1e20))
    assert (narrow.tolist(), told(small)) == before


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


class Memory(Optimizer):
    """One of one's own, with two vectors, and an equation that is given."""

    rate = 0.1

    def __init__(self, change=lambda state, gradient: None):
        self.change = change

    def slots(self):
        return {"m": 2.0, "count": 0.5}

    def find_change(self, state, parameters, gradient, rate):
        self.change(state, gradient)
        np.multiply(state.m, rate, out=state.change)


IN_PLACE = [
    operator.iadd,
    operator.isub,
    operator.imul,
    operator.itruediv,
    operator.ifloordiv,
    operator.imod,
    operator.ipow,
]
WRITTEN = {
    "[...]": lambda state, name, values: getattr(state, name).__setitem__(..., values),
    "[:2]": lambda state, name, values: getattr(state, name).__setitem__(
        slice(2), values[:2]
    ),
    "out": lambda state, name, values: np.add(values, 1.0, out=getattr(state, name)),
    "fill": lambda state, name, values: getattr(state, name).fill(3.0),
    "assigned": setattr,
    "of a list": lambda state, name, values: setattr(state, name, values.tolist()),
    "number": lambda state, name, values: setattr(state, name, 3.0),
    "its own": lambda state, name, values: setattr(state, name, getattr(state, name)),
    "reversed": lambda state, name, values: setattr(
        state, name, getattr(state, name)[::-1]
    ),
}


@every_case("dtype", [np.float64, np.float32])
@every_case("name", ["m", "count", "change", "slots"])
def test_a_slot_reads_and_writes_like_an_array(name, dtype):
    """By all operators in place, and assignments: what an array would have is in the
    memory, which stays the one that is saved."""
    state = Memory().begin(np.zeros(5, dtype))
    plain = type("Plain", (), {})()

    def alike(write, *operands):
        array = getattr(state, name)
        array[...] = np.linspace(1.0, 2.0, array.size).reshape(array.shape)
        setattr(plain, name, array.copy())
        write(state, name, *operands)
        write(plain, name, *operands)
        vector, saved = getattr(state, name), state.arrays()
        np.testing.assert_array_equal(vector, getattr(plain, name))
        assert vector.dtype == dtype
        assert np.shares_memory(vector, array)
        if name in saved:
            np.testing.assert_array_equal(saved[name], vector)

    shape = getattr(state, name).shape
    values = np.linspace(0.5, 3.0, math.prod(shape)).reshape(shape).astype(dtype)
    for operate, other in itertools.product(IN_PLACE, (dtype(0.9), values)):

        def in_place(owner, name, operate=operate, other=other):
            setattr(owner, name, operate(getattr(owner, name), other))

        alike(in_place)
    for label, write in WRITTEN.items():
        if label in ("of a list", "number"):  # a plain attribute would be rebound
            write(state, name, values)
            np.testing.assert_array_equal(
                getattr(state, name), values if label == "of a list" else 3.0
            )
        elif shape == (5,) or label != "[:2]":
            alike(write, values)


@every_case(
    "change",
    [
        lambda state, gradient: exec("state.m *= 0.9", {"state": state}),
        lambda state, gradient: state.m.__imul__(0.9),
        lambda state, gradient: setattr(state, "m", 0.9 * state.m),
        lambda state, gradient: np.multiply(state.m, 0.9, out=state.m),
    ],
)
def test_ones_own_step_is_the_same_however_it_writes(change):
    parameters = np.ones(3)
    state = Memory(change).begin(parameters)
    for _ in range(2):
        state.step(parameters, np.ones(3))
    np.testing.assert_allclose(parameters, 1.0 - 0.1 * (2 * 0.9 + 2 * 0.81))
    np.testing.assert_allclose(state.arrays()["m"], 2 * 0.81)
    twin = pickle.loads(pickle.dumps(SGD(momentum=0.9).begin(parameters)))
    twin.velocity += 1.0
    assert twin.arrays()["velocity"].tolist() == [1.0] * 3


ABSENT = "q", "M", "momentum"


def test_what_a_slot_cannot_be_is_refused_and_changes_nothing():
    state = Memory().begin(np.zeros(3))
    before = state.slots.tolist(), state.change.tolist()
    shape = r"a number or numbers of shape \(3,\)"
    wrong = [
        *(
            (name, value, ArgumentError, shape)
            for name in ("m", "count", "change")
            for value in (np.zeros(2), np.zeros((3, 1)), np.zeros((1, 3)), [], [1.0])
        ),
        *(
            (name, value, ArgumentTypeError, name)
            for name in ("m", "count", "change")
            for value in ("a", None, [1.0, "b", 2.0], [1j] * 3)
        ),
        ("slots", np.zeros(3), ArgumentError, r"shape \(2, 3\)"),
        *((name, 1.0, AttributeError, f"has no '{name}'") for name in ABSENT),
        ("counts", 1.0, AttributeError, "Did you mean 'count'"),
    ]
    all_refused(
        (partial(setattr, state, name, value), error, words)
        for name, value, error, words in wrong
    )
    assert not any(hasattr(state, name) for name in ABSENT)
    assert (state.slots.tolist(), state.change.tolist()) == before


def test_what_is_refused_changes_nothing():
    parameters = np.array([1.0, 2.0])
    state = SGD(momentum=0.5).begin(parameters)
    state.step(parameters, [0.5, 0.5])
    before = parameters.tolist(), told(state)

    def step(gradient=(1.0, 1.0), rate=None, given=parameters):
        return partial(state.step, given, gradient, rate)

    def restore(**change):
        return partial(state.restore, {**state.arrays(), **change})

    all_refused(
        [
            (step([1.0]), ArgumentError, "of shape"),
            (step([1.0, -math.inf]), DivergenceError, "not finite"),
            (step(rate=-0.1), ArgumentError, "0 or above"),
            (step(given=np.zeros(2, np.float32)), ArgumentTypeError, "float64"),
            (step(given=np.zeros(3)), ArgumentError, "of shape"),
            (step(given=np.broadcast_to(0.0, 2)), ArgumentError, "read-only"),
            (lambda: SGD().begin(np.zeros((2, 1))), ArgumentError, "a vector"),
            (lambda: SGD().begin(np.zeros(2), [0, 1]), ArgumentError, "2 booleans"),
            (
                lambda: OptimizerState(SGD(), -1),
                ArgumentError,
                "`size` of OptimizerState",
            ),
            (
                lambda: OptimizerState(SGD, 2),
                ArgumentTypeError,
                "`optimizer` of OptimizerState",
            ),
            *(
                (
                    partial(OptimizerState, optimizer_with(memory), 2),
                    ArgumentTypeError,
                    "names to numbers",
                )
                for memory in (
                    3,
                    ["velocity"],
                    {1: 0.0},
                    {"velocity": "0"},
                    {"velocity": np.zeros(2)},
                )
            ),
            (restore(velocity=np.zeros(3)), ArgumentError, "of shape"),
            (restore(velocity=[math.nan, 0.0]), ArgumentError, "finite"),
            (restore(steps=-1), ArgumentError, "The steps"),
            (restore(mean=np.zeros(2)), ArgumentError, "steps, velocity"),
        ]
    )
    assert (parameters.tolist(), told(state)) == before


WHOLE = (
    (Adam, {"rate": -1}, "must be a finite number above 0, got -1."),
    (SGD, {"momentum": 0.0, "nesterov": True}, "must be above 0 with nesterov, got 0."),
    (
        *(Adam, {"betas": 0.9}),
        "must be two numbers in order, such as (1.0, 0.1), got 0.9.",
    ),
    (Rprop, {"steps": (1.0, 2.0)}, "must be around the rate, 0.01"),
)
WRONG = {
    SGD: {"rate": 0, "momentum": 1.0, "weight_decay": -0.1},
    RMSprop: {
        "rate": 0,
        "decay": -0.1,
        "epsilon": 0.0,
        "momentum": math.nan,
        "centered": "no",
    },
    AdaGrad: {"rate": None, "epsilon": -1},
    Adam: {"rate": 0, "betas": (0.9, 1.0), "epsilon": 0, "amsgrad": 2},
    AdamW: {
        "rate": math.inf,
        "betas": (-0.1, 0.9),
        "epsilon": 0,
        "amsgrad": 2,
        "weight_decay": -1,
    },
    Rprop: {"rate": 0, "etas": (0, 2), "steps": (0.0, 1.0)},
    LBFGS: {"history_size": 0, "iterations": 1.5, "tolerance": 0},
}


def test_every_setting_is_checked_and_named():
    cases = [
        (optimizer, {name: value}, "must be ")
        for optimizer, refused_values in WRONG.items()
        for name, value in refused_values.items()
    ]
    all_refused(
        (
            *(partial(optimizer, **settings), SynapseError),
            f"^`{next(iter(settings))}` of {optimizer.__name__} {re.escape(words)}",
        )
        for optimizer, settings, words in (*WHOLE, *cases)
    )
    assert hash(Adam(betas=[0.9, 0.999])) == hash(Adam())
    for optimizer, refused_values in WRONG.items():
        settings = {field.name for field in dataclasses.fields(optimizer)}
        assert {*refused_values} == settings - {"nesterov"}


@each
def test_a_state_that_no_training_can_have_reached_is_refused(optimizer):
    parameters, _, groups = problem(optimizer)
    state = optimizer.begin(parameters, **groups)
    arrays = state.arrays()
    before = told(state)
    wrong = []
    for name in getattr(optimizer, "non_negative", ("covariance",)):
        if name in arrays:
            negative = np.append(-1e-3, arrays[name][1:])
            wrong.append((name, negative, "0 or above, got -0.001|variances above 0"))
    if groups:
        uneven = arrays["covariance"] + np.arange(len(arrays["covariance"]))
        wrong.append(("covariance", uneven, "symmetric"))
    for name, values, words in wrong:
        with pytest.raises(ArgumentError, match=words):
            state.restore({**arrays, name: values})
    assert told(state) == before


def optimizer_with(memory):
    """An optimizer of your own with this memory."""

    class Mine(Optimizer):
        rate = 1.0

        def slots(self):
            return memory

        def find_change(self, state, parameters, gradient, rate):
            state.change[:] = rate * gradient

    return Mine()


def test_one_of_ones_own_cannot_take_a_name_in_use():
    with pytest.raises(ArgumentError, match="already has a steps"):
        optimizer_with({"steps": 0.0}).begin(np.zeros(2))


# --- names ----------------------------------------------------------------------------


def test_all_have_names_and_one_of_ones_own_is_registered_once():
    names = optimizers.names()
    assert {"Adam", "SGD", "LBFGS", "RLS"} <= {*names} <= {*dir(optimizers)}

    class OnlySigns(optimizers.Optimizer):
        rate = 0.25

        def slots(self):
            return {}

        def find_change(self, state, parameters, gradient, rate):
            np.multiply(np.sign(gradient), rate, out=state.change)

    class WithSize(OnlySigns):
        def __init__(self, size):
            self.rate = size

    assert optimizers.register(OnlySigns) is OnlySigns is optimizers.OnlySigns
    assert {*optimizers.names()} == {*names, "OnlySigns"}
    net = architect.Perceptron(1, 1, seed=0)
    trainer = Trainer(net, rule="bptt", optimizer="only-signs")
    before = net.weights
    trainer.train([[1.0]], [[1.0]], epochs=1, progress=False)
    assert abs(net.weights - before) == pytest.approx(0.25)
    all_refused(
        (partial(optimizers.register, wrong), error, words)
        for wrong, error, words in (
            (
                type("OnlySigns", (OnlySigns,), {"__module__": "elsewhere"}),
                ArgumentError,
                "'OnlySigns' is registered already",
            ),
            (WithSize, ArgumentTypeError, "without arguments"),
            (OnlySigns(), ArgumentTypeError, "a subclass of Optimizer"),
            (optimizers.Optimizer, ArgumentTypeError, "a subclass of Optimizer"),
            (dict, ArgumentTypeError, "a subclass of Optimizer"),
        )
    )
