"""A training that is refused, or whose first call of the user's code fails, changes
nothing; one that ends later has the scales, weights and counters of the same epoch."""

import copy
from contextlib import nullcontext
from functools import partial
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

import architect
from synapse import Model, Neuron, Trainer, evolve, experiments, optimizers, reward
from synapse.errors import DivergenceError, SynapseError
from tests.helpers.cases import all_hold, all_refused
from tests.helpers.integrity import contents

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2)) * [1.0, 50.0] + [3.0, 900.0]
Y = X @ [2.0, 0.1] + 7.0
LATER = 3.0 * X + 5.0, 2.0 * Y - 100.0
QUIET = {"progress": False, "seed": 3}


class OwnError(Exception):
    """What the code of a user raises."""


class Failing:
    """A function of the user that fails after some calls."""

    def __init__(self, calls, answer=0.01, error=OwnError):
        self.left, self.answer, self.error = calls, answer, error

    def __call__(self, *_):
        self.left -= 1
        if self.left < 0:
            raise self.error
        return self.answer


class Own(optimizers.Optimizer):
    """An optimizer of the user whose memory fails."""

    rate = 0.01
    slots = Failing(0)
    find_change = Failing(0)


def told(model):
    """All that a model is, as text."""
    store = model.network._store
    store.ensure_lowered()
    trainer = model._trainer
    both = model.scale, model.target_scale
    seen = [contents(store), [scale and scale._as_json() for scale in both]]
    if trainer is not None:
        memory, paused = trainer._updater, trainer._paused
        seen.append(memory.arrays(memory.optimizer, trainer.only))
        seen.append(paused and (paused.values, paused.epochs))
    return repr(seen)


ONLINE, ADAM = {"rate": 0.01}, {"rule": "bptt", "optimizer": "adam", "rate": 0.01}
RULES = {"online": ONLINE, "adam": ADAM, "lbfgs": {**ADAM, "optimizer": "lbfgs"}}


def built(kind="Perceptron"):
    return Model.build(kind, ["a", "b"], ["y"], hidden=(3,), seed=0)


def scales(model):
    return copy.deepcopy([model.scale._as_json(), model.target_scale._as_json()])


def made(options, fitted):
    model = built()
    model.trainer = Trainer(model.network, **options)
    if fitted:
        model.fit(X, Y, epochs=2, **QUIET)
    return model


def refused(model, door, *data, **options):
    before = told(model)
    with pytest.raises((SynapseError, OSError, OwnError)):
        getattr(model, door)(*data, **options)
    assert told(model) == before


def test_a_model_without_a_trainer_gets_none_by_a_refusal():
    model = built()
    with pytest.raises(OSError, match="folder"):
        model.fit(X, Y, checkpoint="/no/folder/run.ckpt", **QUIET)
    assert model._trainer is None


@pytest.mark.full
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("door", ["fit", "update"])
@pytest.mark.parametrize("epochs", [1, 2])
@pytest.mark.parametrize("error", [OwnError, KeyboardInterrupt, MemoryError])
def test_what_ends_a_training_leaves_whole_epochs(door, rule, epochs, error):
    """Callbacks see the new scales, and what fails is the callback of an epoch."""
    model, twin = (made(RULES[rule], True) for _ in range(2))
    seen = []

    def watch(progress):
        seen.append(model.scale.mean.copy())

    options = {
        "epochs": 5,
        "callbacks": [watch, Failing(epochs - 1, None, error)],
        **QUIET,
    }
    stops = error is KeyboardInterrupt
    with nullcontext() if stops else pytest.raises(error):
        assert getattr(model, door)(*LATER, **options).stop_reason == "interrupted"
    reference = {**options, "callbacks": [lambda progress: progress.epoch == epochs]}
    getattr(twin, door)(*LATER, **reference)
    assert np.array_equal(model.network.weights, twin.network.weights)
    assert scales(model) == scales(twin)
    assert np.array_equal(seen, [model.scale.mean] * epochs)


@pytest.mark.parametrize("rule", ["online", "adam"])
def test_a_first_step_that_diverges_leaves_weights_and_scales(rule):
    model = made({**RULES[rule], "rate": 1e-3}, True)
    diverges(model, lambda: model.update(*LATER, epochs=3, **QUIET))


def diverges(model, *calls):
    """Each call leaves the weights, which are too large, and the scales."""
    model.network.hidden[0].squash = "identity"
    model.network.weights = 1e160 * model.network.weights
    before = model.network.weights.tolist(), scales(model)
    for call in calls:
        with pytest.raises(DivergenceError):
            call()
        assert (model.network.weights.tolist(), scales(model)) == before


ONE = {
    "large target": ([1000.0, 2000.0], 1e200),
    "matrix": ([[1000.0, 2000.0]], 1e6),
    "NaN": ([np.nan, 1.0], 1.0),
    "infinite": ([np.inf, 1.0], 1.0),
    "None": ([1.0, 1.0], None),
    "text": (["a", "b"], 1.0),
    "two targets": ([1.0, 2.0], [1.0, 2.0]),
    "infinite target": ([1.0, 2.0], np.inf),
    "rate": ([1.0, 2.0], 1.0, -1.0),
    "infinite rate": ([1.0, 2.0], 1.0, np.inf),
}
TWO = [[1.0, 2.0], [3.0, 1.0]]
MANY = {
    "large": ([[1.0, 2.0], [1e200, 1.0]], [1.0, 2.0]),
    "NaN": ([[1.0, 2.0], [np.nan, 1.0]], [1.0, 2.0]),
    "short": (TWO, [1.0]),
    "infinite target": (TWO, [1.0, np.inf]),
    "weight": (TWO, [1.0, 2.0], 0.1, [1.0, -1.0]),
    "no weight": (TWO, [1.0, 2.0], 0.1, [0.0, 0.0]),
    "NaN weight": (TWO, [1.0, 2.0], 0.1, [1.0, np.nan]),
    "rate": (TWO, [1.0, 2.0], -1.0),
    "empty": (np.zeros((0, 2)), []),
}


@pytest.mark.parametrize("build", ["Perceptron", "LSTM"])
def test_a_row_that_is_refused_changes_nothing(build):
    model = built(build)
    calls = [("learn_one", *call) for call in ONE.values()]
    calls += [("learn_many", *call) for call in MANY.values()]
    for _ in range(2):
        all_hold(partial(refused, model), calls)
        model.learn_many(X, Y)


@pytest.mark.parametrize("scale", [False, True])
def test_a_later_row_is_checked_before_the_first_is_learned(scale):
    """By the cost, and by the dtype of the network, too."""
    labels = Model.build("Perceptron", ["a"], ["k"], ["x", "y"], (2,), seed=0)
    refused(labels, "learn_many", [[1.0], [2.0]], [[0.5, 0.5], [0.5, 0.7]])
    refused(labels, "learn_one", [1.0], [0.5, 0.7])
    small = architect.Perceptron(
        1, 1, output_squash="identity", dtype="float32", seed=0
    )
    model = Model(small, scale=scale, target_scale=False)
    refused(model, "learn_many", [[1.0], [2.0]], [1.0, 1e300])
    refused(model, "learn_many", [[1.0], [2.0]], [1.0, 1.0], 0.1, [1.0, 1e300])
    refused(model, "learn_one", [1.0], 1e300)


def test_a_row_that_diverges_leaves_weights_and_scales():
    model = built()
    model.learn_many(X, Y)
    one, many = model.learn_one, model.learn_many
    diverges(model, partial(one, X[0], 1e100), partial(many, X, Y))


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_computed():
    """By agents and evolution, as by trainers."""
    agent = learner()
    before = told_agent(agent)
    never = {"checkpoint": "/no/folder/x", "progress": False}
    options = {"inputs": 2, "outputs": 1, "population": 5, "max_evaluations": 5}
    world = SimpleNamespace(reset=Failing(0), step=Failing(0))
    all_refused(
        [
            (
                lambda: reward.run(agent, world, steps=5, **never),
                OSError,
                "folder",
            ),
            (lambda: evolve.neat(Failing(0), **options, **never), OSError, "folder"),
        ]
    )
    assert told_agent(agent) == before


def test_of_many_trainings_none_begins_if_one_is_refused():
    networks = [architect.Perceptron(n, 3, 1, seed=0) for n in (2, 3)]
    before = repr([network.weights for network in networks])
    with pytest.raises(SynapseError, match="Expected 3 inputs"):
        experiments.train_many([*map(Trainer, networks)], X, X[:, :1] > 3.0, epochs=2)
    assert repr([network.weights for network in networks]) == before


@pytest.mark.parametrize("calls", [0, 1])
def test_an_agent_whose_function_fails_is_what_it_was(calls):
    agent = learner(explore=Failing(calls, 0.1))
    learn = partial(agent.begin, [1.0, 2.0])
    if calls == 1:
        learn()
        learn = partial(agent.learn, 1.0, [2.0, 1.0])
    before = told_agent(agent)
    with pytest.raises(OwnError):
        learn()
    assert told_agent(agent) == before


def learner(**options):
    network = architect.Perceptron(2, 3, 2, output_squash="identity", seed=0)
    return reward.QLearning(network, seed=0, **options)


def told_agent(agent):
    numbers = agent.steps, agent._return, agent._value, agent._rng.bit_generator.state
    scales = agent.model.scale._as_json(), agent._returns._as_json()
    return repr((contents(agent.network._store), numbers, scales))


FAULTS = {
    "no folder": {"checkpoint": "/no/folder/run.ckpt"},
    "option": {"epocs": 3},
    "validation": {"validation": (X, Y[:3])},
    "fraction": {"validation": 2.0},
    "eval_set": {"eval_set": {"test": (X[:, :1], Y)}},
    "metric": {"metrics": ["correctness"]},
    "min_delta": {"min_delta": 0.1},
    "weights": {"sample_weight": -np.ones(40)},
    "class weights": {"class_weight": {7: 1.0}},
    "callbacks": {"callbacks": [3]},
    "epochs": {"epochs": 0},
    "seed": {"seed": "x"},
    "outside": lambda model: Neuron().project(model.network.output[0], weight=0.5),
    "rate": lambda model: setattr(model.trainer, "rate", Failing(0)),
    "memory": lambda model: setattr(model.trainer, "optimizer", Own()),
}
"""What is wrong with a call, or with a model, before anything is learned."""
LEARNS = {("outside", "online"), ("rate", "lbfgs")}
"""A rule that learns so, and one that has no rate."""


@pytest.mark.full
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("door", ["fit", "update"])
def test_a_training_that_is_refused_changes_nothing(door, rule):

    def check(fitted, fault, data=LATER):
        model = made(RULES[rule], fitted)
        if callable(fault):
            fault(model)
        options = {} if callable(fault) else fault
        refused(model, door, *data, **{"epochs": 3, **QUIET, **options})

    faults = [
        fault
        for name, fault in FAULTS.items()
        if (name, rule) not in LEARNS and (name != "memory" or rule == "adam")
    ]
    all_hold(check, product([False, True], faults))
    all_hold(check, [(True, {}, (X * 1e200, Y)), (True, {}, (X, Y[:3]))])
