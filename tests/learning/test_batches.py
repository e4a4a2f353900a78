"""Training by batches: exact gradients or summed online steps, an optimizer, penalties,
weights."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, gradient, optimizers
from synapse.errors import DivergenceError, TopologyError, TrainingWarning
from synapse.learning.rules import Online
from tests.helpers.cases import every_case

from .helpers import parameters

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(10, 5, 3))
TARGETS = RNG.random((10, 5, 2))


def net(**options):
    return architect.LSTM(3, 4, 2, seed=1, style="synaptic", **options)


def slopes(network, inputs=INPUTS, targets=TARGETS):
    gradients = gradient(network, inputs, targets)
    return np.concatenate([gradients.weights, gradients.biases])


def trained(
    network, *, epochs=1, seed=0, shuffle=False, data=(INPUTS, TARGETS), **options
):
    of_call = ("sample_weight", "class_weight")
    weights = {name: options.pop(name) for name in of_call if name in options}
    trainer = Trainer(network, **{"rule": "bptt", **options})
    trainer.train(
        *data, epochs=epochs, shuffle=shuffle, seed=seed, progress=False, **weights
    )
    return parameters(network)


def test_each_batch_sees_the_weights_that_the_one_before_has_left():
    network = net()
    other = net()
    for start in (0, 4, 8):
        here = slice(start, start + 4)
        after = parameters(other) - 0.1 * slopes(other, INPUTS[here], TARGETS[here])
        other.weights = after[: len(network.weights)]
        other.biases = after[len(network.weights) :]
    assert trained(network, rate=0.1, batch_size=4) == pytest.approx(
        parameters(other), abs=1e-15
    )


def test_an_optimizer_makes_the_moves():
    network = net()
    other = net()
    rule = optimizers.Adam(0.01)
    values = parameters(other)
    still = slopes(other) == 0.0
    moves = rule.begin(values, still)
    for _ in range(5):
        other.weights = values[: len(network.weights)]
        other.biases = values[len(network.weights) :]
        moves.step(values, slopes(other))
    assert trained(network, optimizer=rule, batch_size=10, epochs=5) == pytest.approx(
        values, abs=1e-13
    )


def test_another_optimizer_takes_over():
    pytest.importorskip("scipy")
    network = net()
    other = net()
    trainer = Trainer(
        network,
        rule="bptt",
        optimizer=optimizers.Adam(0.01),
        rate=0.01,
        batch_size=10,
    )
    for rule in (optimizers.Adam(0.01), optimizers.LBFGS(), optimizers.SGD(0.01)):
        trainer.optimizer = rule
        trainer.train(INPUTS, TARGETS, epochs=2, shuffle=False, progress=False)
        trained(other, optimizer=rule, rate=0.01, batch_size=10, epochs=2)
    assert np.array_equal(parameters(network), parameters(other))


def test_the_online_rule_may_be_summed_over_steps():
    """A perceptron has no memory: its online steps are the exact gradient."""
    network, other = (architect.Perceptron(3, 4, 2, seed=1) for _ in range(2))
    rows = INPUTS.reshape(-1, 3)
    targets = TARGETS.reshape(-1, 2)
    summed = trained(
        network, rule="online", rate=0.01, batch_size=5, data=(rows, targets)
    )
    mean = trained(other, rate=0.05, batch_size=5, data=(rows, targets))
    assert summed == pytest.approx(mean, abs=1e-13)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")  # biases alone
def test_a_search_that_gets_no_lower_says_so():
    pytest.importorskip("scipy")
    # one bias, and nothing else to learn
    network = synapse.Network(synapse.Layer(1), [], synapse.Layer(1))
    trainer = Trainer(network, rule="bptt", optimizer=optimizers.LBFGS())
    with pytest.warns(TrainingWarning):
        result = trainer.train(
            [[0.0], [0.0]], [[0.0], [1.0]], epochs=50, progress=False, seed=0
        )
    assert (result.stop_reason, result.loss) == (
        "converged",
        pytest.approx(np.log(2.0)),
    )


def test_penalties_pull_at_weights_and_not_at_biases():
    network = net()
    weights = network.weights
    gradients = slopes(network)
    pull = np.concatenate(
        [0.2 * np.sign(weights) + 0.3 * weights, np.zeros(len(network))]
    )
    pull[: len(weights)][[not link.trainable for link in network.connections]] = 0.0
    expected = parameters(network) - 0.1 * (gradients + pull)
    assert trained(network, rate=0.1, batch_size=10, l1=0.2, l2=0.3) == pytest.approx(
        expected, abs=1e-15
    )


def test_a_search_ends_where_the_gradient_with_its_penalty_vanishes():
    pytest.importorskip("scipy")
    network = architect.Perceptron(3, 4, 2, seed=1)
    data = INPUTS.reshape(-1, 3), TARGETS.reshape(-1, 2)
    trained(
        network,
        optimizer=optimizers.LBFGS(tolerance=1e-8),
        l2=0.01,
        data=data,
        epochs=500,
    )
    gradients = gradient(network, *data)
    learns = [link.trainable for link in network.connections]
    pull = gradients.weights / len(data[0]) + 0.01 * network.weights
    assert np.abs(pull[learns]).max() < 1e-5 < 1e-3 < np.abs(network.weights).max()


def test_clipping_bounds_the_gradient():
    network = net()
    before = parameters(network)
    gradients = slopes(network)
    most = np.linalg.norm(gradients) / 2
    assert trained(network, rate=1.0, batch_size=10, clip=most) == pytest.approx(
        before - gradients / 2, abs=1e-12
    )
    most = np.abs(gradients).max() / 2
    bounded = np.clip(gradients, -most, most)
    both = {"rate": 1.0, "batch_size": 10, "clip_value": most}
    norm = np.linalg.norm(bounded) / 2
    assert trained(net(), **both, clip=norm) == pytest.approx(
        before - bounded / 2, abs=1e-12
    )  # values first


def test_classes_count_by_their_weight():
    network, other = (
        architect.Perceptron(3, 4, 2, output_squash="softmax", seed=1) for _ in range(2)
    )
    rows = RNG.normal(size=(20, 3))
    targets = np.eye(2)[np.arange(20) % 2]
    by_class = trained(
        network, rate=0.1, batch_size=20, data=(rows, targets), class_weight={1: 3.0}
    )
    by_sample = np.where(np.arange(20) % 2, 3.0, 1.0)
    assert np.array_equal(
        by_class,
        trained(
            other,
            rate=0.1,
            batch_size=20,
            data=(rows, targets),
            sample_weight=by_sample,
        ),
    )


@every_case(("calls", "steps"), [(1, 7), (2, 14), (3, 21)])
def test_ctrl_c_within_a_batch_of_the_online_rule_ends_with_it(
    calls, steps, monkeypatch, ctrl_c
):
    """The second batch begins within a sequence, and so does the third."""
    network = net()
    other = net()
    made = []
    run = Online.run

    def interrupted(*arguments):
        made.append(run(*arguments))
        if len(made) == calls:
            ctrl_c()
        return made[-1]

    options = {"rule": "online", "optimizer": optimizers.Adam(0.01), "batch_size": 7}
    lengths = [min(5, steps - begin) for begin in range(0, steps, 5)]
    first_batch = [
        [rows[:length] for rows, length in zip(data, lengths)]
        for data in (INPUTS, TARGETS)
    ]
    trained(other, **options, data=first_batch)
    monkeypatch.setattr(Online, "run", interrupted)
    assert np.array_equal(trained(network, **options), parameters(other))


def test_an_interrupted_search_keeps_the_weights_of_its_last_iteration():
    pytest.importorskip("scipy")
    network = net()
    seen = []

    def stop(news):
        seen.append(parameters(network))
        if news.epoch == 3:
            raise KeyboardInterrupt

    trainer = Trainer(network, rule="bptt", optimizer=optimizers.LBFGS())
    assert (
        trainer.train(
            INPUTS, TARGETS, callbacks=[stop], progress=False, seed=0
        ).stop_reason
        == "interrupted"
    )
    assert np.array_equal(seen[2], parameters(network))
    assert not np.array_equal(seen[0], seen[2])


REFUSED = (
    {"rule": "online", "optimizer": optimizers.LBFGS()},
    {"optimizer": optimizers.LBFGS(), "clip": 1.0},
    {"class_weight": {0: 2.0}, "rule": "online"},
    {"sample_weight": [1.0] * 10, "rule": "rtrl"},
    {"rule": "online", "batch_size": "sequences"},
    {"batch_size": "sequence"},
)


def test_a_network_with_connections_from_outside_is_refused():
    network = net()
    outside = synapse.Neuron()
    link = outside.project(network.output[0], weight=0.1)
    outside.activate(0.5)
    with pytest.raises(TopologyError, match="outside of it"):
        trained(network, rule="online", batch_size=2)
    assert link.weight == 0.1


def by_descent(network, data, in_python, **options):
    """Train by sums of the online rule; a callback makes a batch a call of its own."""
    trainer = Trainer(
        network, rule="online", **{"optimizer": optimizers.SGD(0.3), **options}
    )
    calls = {"on_batch": lambda batch: None} if in_python else {}
    losses = trainer.train(*data, epochs=3, seed=0, progress=False, **calls).history[
        "loss"
    ]
    arrays = trainer._updater.arrays(trainer.optimizer, None)
    return losses, arrays["steps"], parameters(network).tobytes()


@pytest.mark.filterwarnings("ignore::synapse.errors.RateWarning")
def test_descent_that_diverges_says_the_same_and_keeps_the_weights():
    for dtype in ("float32", "float64"):
        said = []
        for in_python in (False, True):
            network = architect.Perceptron(3, 5, 2, seed=1, dtype=dtype)
            big = optimizers.SGD(float(np.finfo(dtype).max))
            before = parameters(network)
            targets = np.full((10, 2), 1e9)
            options = {"batch_size": 10, "optimizer": big, "cost": "squared_error"}
            with pytest.raises(DivergenceError) as raised:
                by_descent(network, (INPUTS[:, 0], targets), in_python, **options)
            said.append(str(raised.value))
            assert parameters(network).tobytes() == before.tobytes()
        assert said[0] == said[1]
