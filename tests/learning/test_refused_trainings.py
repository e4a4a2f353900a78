"""A training that is refused, or whose first call of the user's code fails, changes
nothing; one that ends later has the scales, weights and counters of the same epoch."""

import copy
import math

import numpy as np
import pytest

import architect
import synapse
from synapse import Model, Neuron, Trainer, evolve, experiments, optimizers, reward
from synapse.errors import DivergenceError, SynapseError
from tests.helpers.cases import Cases
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
    """An optimizer of the user."""

    def __init__(self, memory=None):
        self.rate, self.memory = 0.01, memory or Failing(math.inf, {"m": 0.0})

    def slots(self):
        return self.memory()

    def find_change(self, state, parameters, gradient, rate):
        state.change[:] = rate * gradient


def told(model):
    """All that a model is, as text."""
    store = model.network._store
    store.ensure_lowered()
    trainer = model._trainer
    scales = [scale and scale._as_json() for scale in (model.scale, model.target_scale)]
    numbers = contents(store)
    if trainer is None:
        return repr((numbers, scales))
    memory, paused = trainer._updater, trainer._paused
    kept = memory.arrays(memory.optimizer, trainer.only)
    return repr((numbers, scales, kept, paused and (paused.values, paused.epochs)))


def outside(model):
    Neuron().project(model.network.output[0], weight=0.5)


def optimized(optimizer):
    return lambda model: setattr(model.trainer, "optimizer", optimizer)


ONLINE, ADAM = {"rate": 0.01}, {"rule": "bptt", "optimizer": "adam", "rate": 0.01}
RULES = {"online": ONLINE, "adam": ADAM, "lbfgs": {**ADAM, "optimizer": "lbfgs"}}
UNFIT = X, Y[:3]


def made(options, fitted):
    model = Model.build("Perceptron", ["a", "b"], ["y"], hidden=(3,), seed=0)
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
    model = Model.build("Perceptron", ["a", "b"], ["y"], hidden=(3,), seed=0)
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

    failing = Failing(epochs - 1, None, error)
    options = {"epochs": 5, "callbacks": [watch, failing], **QUIET}
    if error is KeyboardInterrupt:
        assert getattr(model, door)(*LATER, **options).stop_reason == "interrupted"
    else:
        with pytest.raises(error):
            getattr(model, door)(*LATER, **options)
    reference = {**options, "callbacks": [lambda progress: progress.epoch == epochs]}
    getattr(twin, door)(*LATER, **reference)
    assert np.array_equal(model.network.weights, twin.network.weights)
    assert model.scale._as_json() == twin.scale._as_json()
    assert model.target_scale._as_json() == twin.target_scale._as_json()
    assert len(seen) == epochs
    assert (seen[0] == model.scale.mean).all()


@pytest.mark.parametrize("rule", ["online", "adam"])
def test_a_first_step_that_diverges_leaves_weights_and_scales(rule):
    model = made({**RULES[rule], "rate": 1e-3}, True)
    scales = copy.deepcopy((model.scale._as_json(), model.target_scale._as_json()))
    weights = model.network.weights.copy()
    model.network.hidden[0].squash = "identity"
    model.network.weights = weights * 1e160
    weights = model.network.weights.copy()
    with pytest.raises(DivergenceError):
        model.update(*LATER, epochs=3, **QUIET)
    assert np.array_equal(model.network.weights, weights)
    assert (model.scale._as_json(), model.target_scale._as_json()) == scales


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
    model = Model.build(build, ["a", "b"], ["y"], hidden=(3,), seed=0)
    with Cases() as case:
        for fitted in (False, True):
            for door, calls in (("learn_one", ONE), ("learn_many", MANY)):
                for name, call in calls.items():
                    with case(door, name, fitted):
                        refused(model, door, *call)
            model.learn_many(X, Y)


@pytest.mark.parametrize("scale", [False, True])
def test_a_later_row_is_checked_before_the_first_is_learned(scale):
    """By the cost, and by the dtype of the network, too."""
    build = synapse.Network, synapse.Layer
    labels = Model.build("Perceptron", ["a"], ["k"], ["x", "y"], (2,), seed=0)
    refused(labels, "learn_many", [[1.0], [2.0]], [[0.5, 0.5], [0.5, 0.7]])
    refused(labels, "learn_one", [1.0], [0.5, 0.7])
    small = build[1](1, dtype=np.float32), build[1](1, "identity", dtype=np.float32)
    small[0].project(small[1], seed=0)
    model = Model(build[0](*small), scale=scale, target_scale=False)
    refused(model, "learn_many", [[1.0], [2.0]], [1.0, 1e300])
    refused(model, "learn_many", [[1.0], [2.0]], [1.0, 1.0], 0.1, [1.0, 1e300])
    refused(model, "learn_one", [1.0], 1e300)


def test_a_row_that_diverges_leaves_weights_and_scales():
    model = Model.build("Perceptron", ["a", "b"], ["y"], hidden=(3,), seed=0)
    model.learn_many(X, Y)
    model.network.hidden[0].squash = "identity"
    model.network.weights = 1e160 * model.network.weights
    weights, scale = model.network.weights.copy(), model.scale._as_json()
    for call in (
        lambda: model.learn_one(X[0], 1e100),
        lambda: model.learn_many(X, Y),
    ):
        with pytest.raises(DivergenceError):
            call()
        assert np.array_equal(model.network.weights, weights)
        assert model.scale._as_json() == scale


class Still:
    """An environment in which nothing happens."""

    def reset(self, seed=None):
        return np.ones(2), {}

    def step(self, action):
        return np.ones(2), 1.0, False, False, {}


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_computed():
    """By agents and evolution, as by trainers."""
    network = architect.Perceptron(2, 3, 2, output_squash="identity", seed=0)
    agent = reward.QLearning(network, seed=0)
    before = contents(network._store)
    with pytest.raises(OSError, match="folder"):
        reward.run(agent, Still(), steps=5, checkpoint="/no/folder/x", progress=False)
    assert agent.steps == 0
    assert contents(network._store) == before
    calls = []

    def fitness(evaluated):
        calls.append(evaluated)
        return 1.0

    options = {"inputs": 2, "outputs": 1, "population": 5, "max_evaluations": 5}
    with pytest.raises(OSError, match="folder"):
        evolve.neat(fitness, **options, checkpoint="/no/folder/x", progress=False)
    assert not calls


def test_of_many_trainings_none_begins_if_one_is_refused():
    networks = [architect.Perceptron(n, 3, 1, seed=0) for n in (2, 3)]
    before = [network.weights.tolist() for network in networks]
    with pytest.raises(SynapseError, match="Expected 3 inputs"):
        experiments.train_many([*map(Trainer, networks)], X, X[:, :1] > 3.0, epochs=2)
    assert [network.weights.tolist() for network in networks] == before


@pytest.mark.parametrize("calls", [0, 1])
def test_an_agent_whose_function_fails_is_what_it_was(calls):
    network = architect.Perceptron(2, 3, 2, output_squash="identity", seed=0)
    explore = Failing(calls, 0.1)
    agent = reward.QLearning(network, seed=0, explore=explore)
    for learn in [
        lambda: agent.begin([1.0, 2.0]),
        lambda: agent.learn(1.0, [2.0, 1.0]),
    ]:
        before = told_agent(agent)
        if explore.left == 0:
            with pytest.raises(OwnError):
                learn()
            assert told_agent(agent) == before
            break
        learn()


def told_agent(agent):
    numbers = agent.steps, agent._return, agent._value, agent._rng.bit_generator.state
    scales = agent.model.scale._as_json(), agent._returns._as_json()
    return repr((contents(agent.network._store), numbers, scales))


def rated(rate):
    return lambda model: setattr(model.trainer, "rate", rate)


FAULTS = {
    "no folder": (None, {"checkpoint": "/no/folder/run.ckpt"}),
    "outside": (outside, {}),
    "rate": (rated(Failing(0)), {}),
    "memory": (optimized(Own(Failing(0))), {}),
    "option": (None, {"epocs": 3}),
    "validation": (None, {"validation": (X, Y[:3])}),
    "fraction": (None, {"validation": 2.0}),
    "eval_set": (None, {"eval_set": {"test": (X[:, :1], Y)}}),
    "metric": (None, {"metrics": ["correctness"]}),
    "min_delta": (None, {"min_delta": 0.1}),
    "weights": (None, {"sample_weight": -np.ones(40)}),
    "class weights": (None, {"class_weight": {7: 1.0}}),
    "callbacks": (None, {"callbacks": [3]}),
    "epochs": (None, {"epochs": 0}),
    "seed": (None, {"seed": "x"}),
}
"""What is wrong with a model or a call, before anything is learned."""


TOO_LARGE = X * 1e200, Y


@pytest.mark.full
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("door", ["fit", "update"])
def test_a_training_that_is_refused_changes_nothing(door, rule):
    with Cases() as case:
        for fault, (prepare, options) in FAULTS.items():
            if (fault, rule) in (("outside", "online"), ("rate", "lbfgs")):
                continue  # it learns so; it has no rate
            if fault == "memory" and rule != "adam":
                continue
            for fitted in (False, True):
                with case(fault, fitted):
                    model = made(RULES[rule], fitted)
                    if prepare is not None:
                        prepare(model)
                    refused(model, door, *LATER, **{"epochs": 3, **QUIET, **options})
        for data in (TOO_LARGE, UNFIT):
            with case(data[0].max()):
                refused(made(RULES[rule], True), door, *data, epochs=3, **QUIET)
