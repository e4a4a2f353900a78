"""Steps of a stream of names: they list the inputs that are not 0, take spare inputs
for new names, and learn what dense steps learn."""

import copy
import pickle
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest

pytestmark = pytest.mark.peers
pytest.importorskip("river")

import architect
import synapse
from synapse.errors import ArgumentError
from synapse.river import NetworkClassifier, NetworkRegressor, _features
from synapse.river._features import NEVER
from tests.river.test_absent_features import bits, inputs, learn, told

OPTIONS = [
    {},
    {"hidden": ()},
    {"hidden": (5, 3), "direct": False},
    {"time_constant": 20.0},
    {"unseen": 15},
    {"half_life": 10.0},
    {"build": "float32"},
]


def net32(inputs, outputs, seed):
    squash = "softmax" if outputs > 1 else "identity"
    return architect.Perceptron(
        inputs, 4, outputs, output_squash=squash, seed=seed, dtype="float32"
    )


def words(seed, count=150, names=60):
    """Samples of words and of values, some usual, some rare."""
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.0, 1.0, names) ** 2
    for step in range(count):
        begun = names if step > count // 3 else names // 2
        present = np.flatnonzero(rng.random(begun) < rates[:begun])
        x = {f"n{i}": 1.0 if i % 3 else float(rng.normal()) for i in present.tolist()}
        x["always"] = 1.0
        yield x, float(sum(x.values()) - 2.0 * ("n4" in x))


def model_of(options, estimator=NetworkRegressor):
    if "build" in options:
        return estimator(seed=0, build=net32)
    return estimator(seed=0, **{"hidden": (4,), **options})


def numbers(model):
    """All weights by the names of inputs, whose order depends on when spare ones went,
    and all others.
    """
    network = model.network
    of_inputs = {
        (
            link.source.name,
            network.neurons.index(link.target) - len(network),
        ): link.weight
        for neuron in network.input
        for link in neuron.outgoing
    }
    hidden = (neuron for layer in network.hidden for neuron in layer)
    others = [link.weight for neuron in hidden for link in neuron.outgoing]
    others += network.biases[len(network.input) :].tolist()
    return {**of_inputs, **dict(enumerate(others))}


def is_listing(model):
    return model._inputs._lists and model._steps.can_list


def learned(samples, *options):
    """A model of these options after the samples."""
    model = model_of(*options)
    for x, y in samples:
        learn(model, x, y)
    return model


@pytest.mark.parametrize("options", OPTIONS[:-1])
@pytest.mark.parametrize("estimator", [NetworkClassifier, NetworkRegressor])
def test_listed_steps_learn_what_dense_steps_learn(options, estimator, monkeypatch):
    monkeypatch.setattr(_features, "USUAL", NEVER)
    listing = learned(words(0), options, estimator)
    assert is_listing(listing)
    monkeypatch.setattr(_features, "MIN_LISTED", NEVER)
    dense = learned(words(0), options, estimator)
    assert numbers(listing) == pytest.approx(numbers(dense), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("least", [16, NEVER])
def test_a_rare_word_has_the_sums_of_its_own_samples(least, monkeypatch):
    """A linear model of words by hand: sums decay where their word is, and begin with
    four mean samples.
    """
    monkeypatch.setattr(_features, "USUAL", NEVER)
    monkeypatch.setattr(_features, "MIN_LISTED", least)
    model = NetworkClassifier(
        hidden=(), bound=None, rate=0.1, time_constant=10.0, seed=0
    )
    rng = np.random.default_rng(0)
    model.learn_one({"always": 1.0}, 0)  # one label: no error
    weights = {"": np.array([model.network.output[0].bias, 0.0])}
    squares = {"": np.zeros(2)}
    count = 1.0
    for step in range(1, 120):
        drawn = {f"w{int(rng.zipf(1.5)) % 40}" for _ in range(3 * (step > 1))}
        label = 1 if step < 2 else int(rng.integers(2))
        for word in drawn - weights.keys():
            weights[word] = np.zeros(2)
            squares[word] = 4.0 * squares[""] / count
        state = sum(weights[word] for word in ("", *drawn))
        expected = np.exp(state) / np.exp(state).sum()
        x = {"always": 1.0, **dict.fromkeys(sorted(drawn), 1.0)}
        if step > 1:
            chances = model.predict_proba_one(x)
            assert chances == pytest.approx(dict(enumerate(expected)), rel=1e-6)
        model.learn_one(x, label)
        error = np.eye(2)[label] - expected
        for word in ("", *drawn):
            squares[word] = 0.9 * squares[word] + error**2
            weights[word] += 0.1 * error / np.sqrt(squares[word])
        count = 0.9 * count + 1.0
    assert len(weights) > 30


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("every", [1, 7])
def test_reading_copying_and_predicting_change_no_later_bit(options, every):
    plain = learned(words(1), options)
    read = model_of(options)
    for step, (x, y) in enumerate(words(1)):
        if step % every == 0:
            assert (
                read.network is None or len(read.network.input) == read._inputs._count
            )
            told(read, x)
            read = pickle.loads(pickle.dumps(read))
        learn(read, x, y)
    assert is_listing(plain)
    assert is_listing(read)
    assert (numbers(plain), told(plain, x)) == (numbers(read), told(read, x))


@pytest.mark.parametrize("build", ["gru", "lstm", "elman", "jordan", "Perceptron"])
@pytest.mark.parametrize("rule", ["online", "rtrl"])
def test_an_input_leaves_nothing_of_its_feature_to_the_next(build, rule):
    """Whether somebody reads the network, which removes spare inputs, or not."""
    options = {"build": build, "rule": rule, "hidden": (3,), "unseen": 5}
    plain, read = (NetworkRegressor(seed=0, **options) for _ in range(2))
    for step, (x, y) in enumerate(words(1, count=90, names=40)):
        assert told(plain, x) == told(read, x)
        learn(plain, x, y)
        learn(read, x, y)
        if step % 3 == 0:
            assert read.network is not None
        if step % 20 == 7:
            copy.copy(read).learn_one(x, -y)
    assert plain._inputs._removed
    assert len(plain._inputs._scale) >= 16
    assert bool(plain._inputs._spare) <= is_listing(plain)
    store = plain._steps.network._store
    for i in plain._inputs._spare:
        assert not plain._steps.parameters_of(i).any()
        assert store["activation"][plain._steps.network.input[i]._row] == 0.0


def test_a_recording_changes_no_more_than_rounding():
    plain, recorded = model_of({"unseen": 15}), model_of({"unseen": 15})
    for step, (x, y) in enumerate(words(1)):
        learn(plain, x, y)
        records = step and step % 9 >= 4
        with (
            synapse.record(recorded.network, "activation") if records else nullcontext()
        ):
            learn(recorded, x, y)
        assert told(recorded, x) == pytest.approx(told(plain, x), rel=1e-9)
    assert is_listing(recorded)
    assert numbers(recorded).keys() == numbers(plain).keys()


def test_a_step_leaves_in_the_network_what_a_dense_one_leaves():
    samples = list(words(2))
    model = learned(samples, {})
    steps = model._steps
    assert is_listing(model)
    listed = partial(model._inputs.standard, samples[-1][0])
    for by_hand_in_between in (True, False):
        network = steps.network
        expected = network.clone()
        outputs = expected.activate(steps.row(listed()[0]))
        before = network.neurons[-1].activation
        assert steps.peek(*listed()) == pytest.approx(outputs)
        assert network.neurons[-1].activation == before
        steps.learn_sample(*listed(), outputs, 0.0, 0.1, 1.0, 1.0, False)  # no error
        activations = [neuron.activation for neuron in network]
        twins = [neuron.activation for neuron in expected]
        assert activations == pytest.approx(twins, rel=1e-12)
        if by_hand_in_between:
            network.activate(np.full(len(network.input), 0.5))


def test_a_new_name_takes_a_spare_input_and_is_no_edit():
    model = model_of({}, NetworkClassifier)
    for i in range(40):
        model.learn_one({f"a{i}": 1.0, "b": 1.0}, i % 2)
    states = set()
    spare = len(model._inputs._spare)
    assert spare > 6
    for i in range(spare):
        model.learn_one({f"new{i}": 1.0, "b": 1.0}, i % 2)
        network = model._steps.network
        states.add((network._store.topology_version, len(network)))
    assert len(states) == 1
    assert all(" " in name for name in inputs(model)[2:]), "spare ones are not shown"
    assert model.model.inputs == inputs(model)


def test_names_that_go_give_their_inputs_back():
    model = model_of({"unseen": 10}, NetworkClassifier)
    sizes = []
    for i in range(2000):
        model.learn_one({f"a{i // 3}": 1.0, "b": float(i % 2), "c": 1.0}, i % 2)
        inputs_now = len(model._steps.network.input), len(model._inputs._names)
        sizes.append((*inputs_now, model._raw_memory_usage if i % 250 == 0 else 0))
    sizes = np.array(sizes)
    assert sizes[500:, :2].max() < 60
    assert sizes[1000:, 2].max() < 1.5 * sizes[500, 2], "memory is flat"
    assert len(inputs(model)) < 20


EDITS = {
    "freeze": lambda network: setattr(network.input[0].outgoing[0], "trainable", False),
    "unlink": lambda network: network.input[0].disconnect(network.hidden[0][0]),
    "neuron": lambda network: network.remove(network.hidden[0][0]),
    "record": lambda network: None,
    "sign": lambda network: setattr(
        network.input[0].outgoing[0],
        "sign",
        1 if network.input[0].outgoing[0].weight >= 0 else -1,
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_network_may_be_edited_in_the_stream(edit):
    """Where inputs cannot be listed, steps are dense."""
    samples = list(words(3))
    model = learned(samples[:80], {})
    assert is_listing(model)
    network = model.network
    dense = edit not in ("neuron", "record")  # recorded steps are dense by themselves
    EDITS[edit](network)
    with synapse.record(network, "activation") if edit == "record" else nullcontext():
        for x, y in samples[80:]:
            assert np.isfinite(model.predict_one(x))
            learn(model, x, y)
            assert model._steps.can_list != dense
    assert model.network is network


@pytest.mark.parametrize(
    "by_hand",
    [
        lambda network: network.remove(network.input[1]),
        lambda network: network.input.append(synapse.Neuron("identity")),
    ],
)
def test_inputs_by_hand_are_refused(by_hand):
    samples = list(words(4, 60))
    model = learned(samples, {})
    by_hand(model.network)
    before = bits(model)
    for call in (model.predict_one, lambda x: model.learn_one(x, 1.0)):
        with pytest.raises(ArgumentError, match="inputs for the features"):
            call(samples[-1][0])
    assert bits(model) == before


@pytest.mark.parametrize("value", [1e150, -1e150])
@pytest.mark.parametrize("name", ["n0", "n1"])
def test_a_value_that_is_too_far_changes_no_prediction(name, value):
    model = learned(words(5), {"hidden": ()})
    before = bits(model)
    with pytest.raises((ArgumentError, TypeError)):
        model.predict_one({name: value, "always": 10.0 * value})
    assert bits(model) == before


@pytest.mark.parametrize("seed", range(3))
def test_what_is_usual_becomes_expected_without_changing_an_output(seed):
    rng = np.random.default_rng(seed)
    model = learned(words(seed), {"hidden": (3,)})
    twin = pickle.loads(pickle.dumps(model))
    x = {f"n{i}": float(rng.normal()) for i in range(0, 60, 3)}
    for _ in range(_features.USUAL + 2):  # which learns nothing
        model.learn_one(x, 0.0, w=0.0)
    expected, before = (
        {each._inputs._names[place] for place in each._inputs._expected}
        for each in (model, twin)
    )
    assert expected == set(x) != before
    # only the scales have counted: predict in the units of the network
    for present in ({*x}, {*()}, {"n1", "n2"}, {"always", "n0"}):
        ours, theirs = (outputs_for(each, present) for each in (model, twin))
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def outputs_for(model, present):
    """The outputs for the mean of all values that are present."""
    indicators = {f"{name} present" for name in present}
    indicators |= {
        n for n in inputs(model) if "absent" in n and n.split()[0] not in present
    }
    return model.network.peek([float(name in indicators) for name in inputs(model)])
