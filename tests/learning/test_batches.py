"""Training by batches: exact gradients or summed online steps, an optimizer, penalties, weights."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, gradient, optimizers
from synapse.errors import ArgumentError, DivergenceError, KindError, TopologyError, TrainingWarning
from synapse.learning.rules import online

from .helpers import parameters

RNG = np.random.default_rng(0)
INPUTS, TARGETS = RNG.normal(size=(10, 5, 3)), RNG.random((10, 5, 2))


def net(**options):
    return architect.LSTM(3, 4, 2, seed=1, style="synaptic", **options)


def slopes(one, inputs=INPUTS, targets=TARGETS):
    found = gradient(one, inputs, targets)
    return np.concatenate([found.weights, found.biases])


def trained(one, *, epochs=1, seed=0, shuffle=False, data=(INPUTS, TARGETS), **options):
    weights = {name: options.pop(name) for name in ("sample_weight", "class_weight") if name in options}
    trainer = Trainer(one, **{"method": "bptt", **options})
    trainer.train(*data, epochs=epochs, shuffle=shuffle, seed=seed, progress=False, **weights)
    return parameters(one)


def test_plain_descent_follows_the_mean_gradient_of_the_batch():
    one = net()
    expected = parameters(one) - 0.1 * slopes(one)
    assert trained(one, rate=0.1, batch_size=10) == pytest.approx(expected, abs=1e-15)


def test_each_batch_sees_the_weights_that_the_one_before_has_left():
    one, other = net(), net()
    for first in (0, 4, 8):
        here = slice(first, first + 4)
        after = parameters(other) - 0.1 * slopes(other, INPUTS[here], TARGETS[here])
        other.weights, other.biases = after[: len(one.weights)], after[len(one.weights) :]
    assert trained(one, rate=0.1, batch_size=4) == pytest.approx(parameters(other), abs=1e-15)


@pytest.mark.parametrize(
    "rule", [optimizers.Adam(0.01), optimizers.SGD(0.1, momentum=0.9), optimizers.Rprop()]
)
def test_an_optimizer_makes_the_moves(rule):
    one, other = net(), net()
    values, still = parameters(other), slopes(other) == 0.0
    moves = rule.begin(values, still)
    for _ in range(5):
        other.weights, other.biases = values[: len(one.weights)], values[len(one.weights) :]
        moves.step(values, slopes(other))
    assert trained(one, optimizer=rule, batch_size=10, epochs=5) == pytest.approx(values, abs=1e-13)


def test_a_rate_or_schedule_overrules_that_of_the_optimizer():
    fixed = trained(net(), optimizer=optimizers.SGD(0.5), rate=0.1, batch_size=10)
    assert np.array_equal(fixed, trained(net(), optimizer=optimizers.SGD(0.1), batch_size=10))
    falling = trained(net(), optimizer=optimizers.SGD(0.5), rate=lambda epoch: 0.1, batch_size=10)
    assert np.array_equal(fixed, falling)


def test_moments_go_on_from_one_training_to_the_next():
    one, other = net(), net()
    trainer = Trainer(one, method="bptt", optimizer=optimizers.Adam(0.01), batch_size=10)
    for _ in range(3):
        trainer.train(INPUTS, TARGETS, epochs=1, shuffle=False, progress=False)
    assert np.array_equal(
        parameters(one), trained(other, optimizer=optimizers.Adam(0.01), batch_size=10, epochs=3)
    )


def test_another_optimizer_takes_over():
    pytest.importorskip("scipy")
    one, other = net(), net()
    trainer = Trainer(one, method="bptt", optimizer=optimizers.Adam(0.01), rate=0.01, batch_size=10)
    for rule in (optimizers.Adam(0.01), optimizers.LBFGS(), optimizers.SGD(0.01)):
        trainer.optimizer = rule
        trainer.train(INPUTS, TARGETS, epochs=2, shuffle=False, progress=False)
        trained(other, optimizer=rule, rate=0.01, batch_size=10, epochs=2)
    assert np.array_equal(parameters(one), parameters(other))


def test_the_online_rule_may_be_summed_over_steps():
    """A perceptron has no memory: its online steps are the exact gradient."""
    one, other = (architect.Perceptron(3, 4, 2, seed=1) for _ in range(2))
    rows, targets = INPUTS.reshape(-1, 3), TARGETS.reshape(-1, 2)
    summed = trained(one, method="online", rate=0.01, batch_size=5, data=(rows, targets))
    mean = trained(other, rate=0.05, batch_size=5, data=(rows, targets))
    assert summed == pytest.approx(mean, abs=1e-13)


def test_one_online_step_at_a_time_is_the_plain_rule():
    one, other = net(), net()
    with_optimizer = trained(one, method="online", optimizer=optimizers.SGD(0.1))
    assert with_optimizer == pytest.approx(trained(other, method="online", rate=0.1), abs=1e-12)


def test_the_online_rule_takes_an_optimizer():
    one = net()
    before = Trainer(one).test(INPUTS, TARGETS).error
    trained(one, method="online", optimizer=optimizers.Adam(0.01), batch_size=5, epochs=20)
    assert Trainer(one).test(INPUTS, TARGETS).error < 0.98 * before


def test_lbfgs_finds_what_descent_takes_long_for():
    pytest.importorskip("scipy")
    one, other = net(), net()
    trained(one, optimizer=optimizers.LBFGS(), epochs=30)
    trained(other, optimizer=optimizers.SGD(0.1), batch_size=10, epochs=30)
    found, slow = (Trainer(some).test(INPUTS, TARGETS).error for some in (one, other))
    assert found < slow


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")  # biases alone
@pytest.mark.parametrize("frozen", [False, True])
def test_a_search_that_gets_no_lower_says_so(frozen):
    pytest.importorskip("scipy")
    one = synapse.Network(synapse.Layer(1), [], synapse.Layer(1))  # one bias, and nothing else to learn
    one.output.trainable = not frozen
    trainer = Trainer(one, method="bptt", optimizer=optimizers.LBFGS())
    with pytest.warns(TrainingWarning):
        result = trainer.train([[0.0], [0.0]], [[0.0], [1.0]], epochs=50, progress=False, seed=0)
    assert (result.stopped, result.error) == ("converged", pytest.approx(np.log(2.0)))


def test_frozen_weights_never_move():
    one = net()
    for link in one.connections[::3]:
        link.trainable = False
    one["cells"].trainable = False
    before = parameters(one)
    after = trained(one, optimizer=optimizers.AdamW(0.01), batch_size=3, epochs=3, l2=0.1)
    fixed = [not link.trainable for link in one.connections] + [not n.trainable for n in one]
    fixed[len(one.weights) : len(one.weights) + 3] = [True] * 3  # inputs
    assert np.array_equal(before[fixed], after[fixed])
    assert (before[~np.array(fixed)] != after[~np.array(fixed)]).all()


def test_penalties_pull_at_weights_and_not_at_biases():
    one = net()
    weights, found = one.weights, slopes(one)
    pull = np.concatenate([0.2 * np.sign(weights) + 0.3 * weights, np.zeros(len(one))])
    pull[: len(weights)][[not link.trainable for link in one.connections]] = 0.0
    expected = parameters(one) - 0.1 * (found + pull)
    assert trained(one, rate=0.1, batch_size=10, l1=0.2, l2=0.3) == pytest.approx(expected, abs=1e-15)


def test_clipping_bounds_the_gradient():
    one = net()
    before, found = parameters(one), slopes(one)
    most = np.linalg.norm(found) / 2
    assert trained(one, rate=1.0, batch_size=10, clip=most) == pytest.approx(before - found / 2, abs=1e-12)
    other, most = net(), np.abs(found).max() / 2
    clipped = before - np.clip(found, -most, most)
    assert trained(other, rate=1.0, batch_size=10, clip_value=most) == pytest.approx(clipped, abs=1e-12)


def test_samples_count_by_their_weight():
    twice = np.concatenate([INPUTS, INPUTS[:1]]), np.concatenate([TARGETS, TARGETS[:1]])
    weighed = trained(net(), rate=0.1, batch_size=10, sample_weight=[2.0] + [1.0] * 9)
    assert weighed == pytest.approx(trained(net(), rate=0.11, batch_size=11, data=twice), abs=1e-13)


def test_weights_are_of_all_samples_those_held_out_too():
    weights = np.arange(1.0, 11.0)
    one, other = net(), net()
    for some, data, held_out, counts in (
        (one, (INPUTS, TARGETS), 0.3, weights),
        (other, (INPUTS[:7], TARGETS[:7]), (INPUTS[7:], TARGETS[7:]), weights[:7]),
    ):
        trainer = Trainer(some, method="bptt", batch_size=4)
        trainer.train(*data, epochs=2, validation=held_out, sample_weight=counts, progress=False, seed=0)
    assert np.array_equal(parameters(one), parameters(other))


def test_classes_count_by_their_weight():
    one, other = (architect.Perceptron(3, 4, 2, output_squash="softmax", seed=1) for _ in range(2))
    rows, targets = RNG.normal(size=(20, 3)), np.eye(2)[np.arange(20) % 2]
    by_class = trained(one, rate=0.1, batch_size=20, data=(rows, targets), class_weight={1: 3.0})
    by_sample = np.where(np.arange(20) % 2, 3.0, 1.0)
    assert np.array_equal(
        by_class, trained(other, rate=0.1, batch_size=20, data=(rows, targets), sample_weight=by_sample)
    )


def test_threads_and_seeds_give_the_same_bits():
    options = {"optimizer": optimizers.Adam(0.01), "batch_size": 9, "epochs": 3, "shuffle": True}
    first = trained(net(), **options)
    assert np.array_equal(first, trained(net(), **options, threads=2))
    assert not np.array_equal(first, trained(net(), **options, seed=1))


def test_the_error_told_is_the_mean_cost_of_a_step():
    one = net()
    expected = gradient(one, INPUTS, TARGETS).loss / 5
    result = Trainer(one, method="bptt", batch_size=3, rate=0.0).train(
        INPUTS,
        TARGETS,
        epochs=1,
        progress=False,
        seed=0,
    )
    assert result.error == pytest.approx(expected, rel=1e-12)
    assert result.error == pytest.approx(Trainer(one).test(INPUTS, TARGETS).error, rel=1e-12)


def test_validation_patience_and_the_best_weights():
    one = net()
    result = Trainer(one, method="bptt", optimizer=optimizers.Adam(0.05), batch_size=4).train(
        INPUTS,
        TARGETS,
        epochs=200,
        validation=0.3,
        patience=5,
        progress=False,
        seed=0,
    )
    assert result.stopped == "patience"
    held_out = INPUTS[7:], TARGETS[7:]
    assert Trainer(one).test(*held_out).error == pytest.approx(min(result.history["validation_error"]))


def test_a_batch_that_explodes_leaves_the_weights_of_before():
    source, cell = synapse.Layer(1), synapse.Layer(1, "identity")
    source.project(cell, weights=1.0)
    cell.project(cell, weights=10.0)
    one = synapse.Network(source, [], cell)
    before = parameters(one)
    with pytest.raises(DivergenceError, match=r"step \d+"):
        Trainer(one, method="bptt").train(
            np.ones((2, 400, 1)), np.zeros((2, 400, 1)), epochs=1, progress=False
        )
    assert np.array_equal(before, parameters(one))


@pytest.mark.filterwarnings("ignore::synapse.errors.RateWarning")
@pytest.mark.parametrize(
    ("dtype", "rule"), [(np.float64, optimizers.Adam(1e308)), (np.float32, optimizers.SGD(1e60))]
)
def test_moves_beyond_all_numbers_are_not_made(dtype, rule):
    one = net(dtype=dtype)
    before = parameters(one)
    with pytest.raises(DivergenceError):
        trained(one, optimizer=rule, batch_size=10)
    assert np.array_equal(before, parameters(one))


def test_an_interrupted_training_returns_what_was_reached():
    one = net()
    trainer = Trainer(one, method="bptt", batch_size=2)
    seen = []

    def stop(news):
        seen.append(parameters(one))
        trainer.stop()

    result = trainer.train(INPUTS, TARGETS, epochs=50, callbacks=[stop], progress=False, seed=0)
    assert (result.stopped, result.epochs) == ("interrupted", 1)
    assert np.array_equal(seen[0], parameters(one))


@pytest.mark.parametrize(("calls", "steps"), [(1, 7), (2, 14), (3, 14), (4, 21)])
def test_ctrl_c_within_a_batch_of_the_online_rule_ends_with_it(calls, steps, monkeypatch, ctrl_c):
    """The second batch is two calls, as it begins within a sequence; so is the third."""
    one, other, made, one_pass = net(), net(), [], online.one_pass

    def interrupted(*arguments):
        made.append(one_pass(*arguments))
        if len(made) == calls:
            ctrl_c()
        return made[-1]

    options = {"method": "online", "optimizer": optimizers.Adam(0.01), "batch_size": 7}
    lengths = [min(5, steps - begin) for begin in range(0, steps, 5)]
    first = [[rows[:length] for rows, length in zip(data, lengths)] for data in (INPUTS, TARGETS)]
    trained(other, **options, data=first)
    monkeypatch.setattr(online, "one_pass", interrupted)
    assert np.array_equal(trained(one, **options), parameters(other))


def test_an_interrupted_search_keeps_the_weights_of_its_last_iteration():
    pytest.importorskip("scipy")
    one, seen = net(), []

    def stop(news):
        seen.append(parameters(one))
        if news.epoch == 3:
            raise KeyboardInterrupt

    trainer = Trainer(one, method="bptt", optimizer=optimizers.LBFGS())
    assert trainer.train(INPUTS, TARGETS, callbacks=[stop], progress=False, seed=0).stopped == "interrupted"
    assert np.array_equal(seen[2], parameters(one))
    assert not np.array_equal(seen[0], seen[2])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"method": "newton"}, ArgumentError),
        ({"optimizer": "adam"}, KindError),
        ({"batch_size": 0}, ArgumentError),
        ({"window": 0}, ArgumentError),
        ({"clip": 0.0}, ArgumentError),
        ({"clip_value": -1.0}, ArgumentError),
        ({"l1": -1.0}, ArgumentError),
        ({"l2": np.nan}, ArgumentError),
        ({"threads": 0}, ArgumentError),
        ({"method": "online", "optimizer": optimizers.LBFGS()}, ArgumentError),
        ({"optimizer": optimizers.LBFGS(), "clip": 1.0}, ArgumentError),
        ({"sample_weight": [1.0]}, ArgumentError),
        ({"sample_weight": [-1.0] * 10}, ArgumentError),
        ({"sample_weight": "much"}, KindError),
        ({"sample_weight": [0.0] * 10}, ArgumentError),
        ({"class_weight": {0: 0.0, 1: 0.0}}, ArgumentError),
        ({"class_weight": {5: 1.0}}, ArgumentError),
        ({"class_weight": [1.0, 2.0]}, KindError),
        ({"sample_weight": [1.0] * 10, "method": "online"}, ArgumentError),
    ],
)
def test_wrong_arguments_are_refused(options, error):
    one = net()
    before = parameters(one)
    with pytest.raises(error):
        trained(one, **options)
    assert np.array_equal(before, parameters(one))


def test_steps_are_told_of_the_plain_rule_only():
    with pytest.raises(ArgumentError, match="on_step"):
        Trainer(net(), method="bptt").train(INPUTS, TARGETS, on_step=print)


@pytest.mark.torch
@pytest.mark.filterwarnings("default")
def test_torch_learns_the_same():
    torch = pytest.importorskip("torch")
    one = architect.LSTM(3, 4, 2, style="standard", seed=1)
    module = synapse.to_torch(one)
    rule = torch.optim.Adam(module.parameters(), 0.01)
    rows, aims = torch.tensor(INPUTS), torch.tensor(TARGETS)
    for _ in range(20):
        rule.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy(module(rows), aims, reduction="sum") / len(rows)
        loss.backward()
        rule.step()
    twin = one.clone()
    synapse.from_torch(module, twin)
    ours = trained(one, optimizer=optimizers.Adam(0.01), batch_size=10, epochs=20)
    assert ours == pytest.approx(parameters(twin), abs=1e-9)


@pytest.mark.parametrize("options", [{"batch_size": 2}, {"optimizer": optimizers.Adam(0.01)}, {"clip": 1.0}])
def test_a_network_with_connections_from_outside_is_refused(options):
    one, outside = net(), synapse.Neuron()
    link = outside.project(one.output[0], weight=0.1)
    outside.activate(0.5)
    with pytest.raises(TopologyError, match="outside of it"):
        trained(one, **{"method": "online", **options})
    assert link.weight == 0.1
