"""Several epochs in one compiled call against one batch after the other: the same bits."""

import math

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers, squash
from synapse.engine.guard import InUse
from synapse.errors import DivergenceError, FunctionError
from synapse.learning._data import Epochs, new_control, prepare, row_weights
from synapse.learning._exact import WHOLE
from synapse.learning._parameters import Updater
from synapse.learning._regularisation import Dropout, Penalties
from synapse.learning.rules import RULES, Options, Task
from synapse.recording import record

from ..ties import tie_at_random
from .helpers import SORTS, built, parameters, sequences

OPTIMIZERS = [
    optimizers.SGD(0.2),
    optimizers.SGD(0.2, momentum=0.9),
    optimizers.SGD(0.2, momentum=0.9, nesterov=True, weight_decay=0.01),
    optimizers.RMSprop(0.02),
    optimizers.RMSprop(0.02, momentum=0.5, centered=True),
    optimizers.AdaGrad(0.05),
    optimizers.Adam(0.05),
    optimizers.Adam(0.05, amsgrad=True),
    optimizers.AdamW(0.05, weight_decay=0.1),
    optimizers.Rprop(0.01),
]
PENALTIES = {
    "none": Penalties(),
    "l1 and l2": Penalties(l1=0.01, l2=0.02),
    "norm": Penalties(clip=0.01),
    "value": Penalties(clip_value=0.005),
    "all": Penalties(l1=0.01, l2=0.02, clip=0.02, clip_value=0.005),
}


class Work:
    """A rule with its updater, as a training has them."""

    def __init__(self, net, data, optimizer=None, *, size=4, window=WHOLE, threads=1, seed=0, **more):
        rule, self.net = RULES["bptt"], net
        optimizer = optimizers.Adam(0.05) if optimizer is None else optimizer
        dropout = Dropout(net, more.get("dropout", 0.0), 0.0)
        options = Options(optimizer, size, window, dropout, threads)
        arranged = rule.arrange(prepare(net, *data))
        weights = row_weights(arranged, more.get("sample_weight"), None, len(net.output))
        task = Task(net, arranged, net._cost(None), weights, np.random.default_rng(seed), options)
        self.updater, self.rule = Updater(net, more.get("penalties", Penalties())), rule(task)
        rng = np.random.default_rng(seed)
        self.orders = np.array([rng.permutation(arranged.filled) for _ in range(6)])
        self.refresh()

    def refresh(self):
        with InUse(self.net):
            self.updater.refresh(self.rule.task.options.optimizer)
            self.rule.refresh()

    def together(self, orders=None, goal=-math.inf, rate=math.nan, stop=0):
        """Run all epochs in one call; returns their errors."""
        orders = self.orders if orders is None else orders
        rates, errors = np.full(len(orders), rate), np.full(len(orders), math.nan)
        control = new_control()
        control[0] = stop
        with InUse(self.net):
            assert self.rule.together()
            self.done = self.rule.learn_epochs(Epochs(orders, rates, errors, goal, control), self.updater)
        self.control = control
        return errors.tolist()

    def apart(self, orders=None, rate=None):
        """Run one batch after the other; returns the errors of the epochs."""
        errors = []
        for order in self.orders if orders is None else orders:
            total, steps = 0.0, 0.0
            with InUse(self.net):
                for batch in self.rule.gradients(order):
                    total, steps = total + batch.cost, steps + batch.steps
                    self.updater.update(batch, rate)
            errors.append(total / steps)
        return errors

    @property
    def numbers(self):
        """Everything that a training changes."""
        return parameters(self.net).tobytes(), *(v.tobytes() for v in self.updater.state.arrays().values())


def agree(make):
    """Whether both ways, made by the same call, lead to the same bits."""
    ours, theirs = make(), make()
    assert ours.together() == theirs.apart()
    assert ours.numbers == theirs.numbers
    assert not np.array_equal(parameters(ours.net), parameters(make().net))


def samples(net, count=10, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, len(net.input))), rng.random((count, len(net.output)))


# --- the same bits ------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_optimizer(optimizer, dtype):
    def make():
        net = architect.Perceptron(3, 5, 2, seed=0, dtype=dtype)
        return Work(net, samples(net), optimizer)

    agree(make)


@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize("sort", ["perceptron", "lstm"])
def test_penalties_and_clipping(penalties, sort):
    def make():
        net = built(sort)
        return Work(net, sequences(net, (3, 5, 2, 4, 6)), penalties=penalties, size=2)

    agree(make)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("size", [1, 3, 32])
def test_sequences_of_unequal_length_and_a_ragged_last_batch(sort, size):
    def make():
        net = built(sort)
        return Work(net, sequences(net, (3, 5, 1, 4, 6, 2, 7)), size=size)

    agree(make)


@pytest.mark.parametrize("count", [1, 2, 8, 9, 17, 33, 65])
@pytest.mark.parametrize("sort", ["perceptron", "elman"])
def test_all_numbers_of_groups_and_lanes(sort, count):
    def make():
        net = built(sort)
        return Work(net, sequences(net, [3] * count), size=16)

    agree(make)


@pytest.mark.parametrize("count", [1, 5, 129, 300])
def test_single_samples(count):
    def make():
        net = architect.Perceptron(3, 5, 2, seed=0)
        return Work(net, samples(net, count), size=256)

    agree(make)


def test_missing_targets_weights_and_windows():
    def make():
        net = built("lstm")
        inputs, targets = sequences(net, (5, 3, 5, 4, 6))
        for aims in targets[:4]:
            aims[1:] = np.nan
        weights = [0.1, 2.7, 0.0, 1.3, 0.9]
        return Work(net, (inputs, targets), size=2, window=2, sample_weight=weights)

    agree(make)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sort", ["perceptron", "elman", "random"])
def test_ties(sort, seed):
    def make():
        net = tie_at_random(built(sort), seed)
        return Work(net, sequences(net, (3, 5, 2)), size=2)

    agree(make)


def test_frozen_parameters():
    def make():
        net = architect.Perceptron(3, 5, 4, 2, seed=0)
        net.hidden[0].freeze()
        net.output[0].trainable = False
        return Work(net, samples(net), optimizers.AdamW(0.05, weight_decay=0.5))

    before = parameters(make().net)
    agree(make)
    work = make()
    work.together()
    after = parameters(work.net)
    assert 0 < (before == after).sum() < len(before)


def test_softmax_classes_and_random_neurons():
    def make():
        net = architect.Perceptron(3, 6, 4, seed=0, output_squash="softmax")
        net.hidden[0].squash = "bernoulli"
        net.reseed(0)
        rng = np.random.default_rng(0)
        return Work(net, (rng.normal(size=(20, 3)), rng.integers(0, 4, 20)), threads=2)

    agree(make)


def test_a_rate_given():
    ours, theirs = (Work(net, samples(net)) for net in (built("perceptron"), built("perceptron")))
    assert ours.together(rate=0.3) == theirs.apart(rate=0.3)
    assert ours.numbers == theirs.numbers


@pytest.mark.parametrize("cuts", [(1, 2, 3), (5, 1), (1, 1, 1, 1, 1, 1)])
def test_however_the_epochs_are_cut(cuts):
    ours, theirs = (Work(net, samples(net)) for net in (built("perceptron"), built("perceptron")))
    errors = []
    for part in np.split(ours.orders, np.cumsum(cuts)[:-1]):
        errors += ours.together(part)
    assert errors == theirs.together()
    assert ours.numbers == theirs.numbers


def test_both_ways_in_turn():
    ours, theirs = (Work(net, samples(net)) for net in (built("perceptron"), built("perceptron")))
    assert ours.together(ours.orders[:3]) + ours.apart(ours.orders[3:]) == theirs.together()
    assert ours.numbers == theirs.numbers


def test_connections_added_between_two_calls():
    ours, theirs = (Work(net, samples(net)) for net in (built("perceptron"), built("perceptron")))
    for work, run in ((ours, Work.together), (theirs, Work.apart)):
        run(work)
        work.net.hidden[0][0].project(work.net.hidden[0][1], weight=0.3)
        work.refresh()
        run(work)
    assert ours.numbers == theirs.numbers


# --- ends ---------------------------------------------------------------------------------------


def test_the_goal_ends_after_the_epoch_that_reaches_it():
    net = built("perceptron")
    errors = Work(net, samples(net)).together()
    least = int(np.argmin(errors))
    for goal, epochs in ((errors[least], least + 1), (errors[0] + 1.0, 1), (0.0, 6)):
        net = built("perceptron")
        work = Work(net, samples(net))
        found = work.together(goal=goal)
        assert work.done == epochs
        assert found[:epochs] == errors[:epochs]
        assert np.isnan(found[epochs:]).all()


def test_stop_ends_before_the_next_batch():
    net = built("perceptron")
    work, before = Work(net, samples(net)), parameters(net)
    errors = work.together(stop=1)
    assert work.done == 0
    assert np.isnan(errors).all()
    assert (parameters(net) == before).all()
    work.together()
    assert work.done == 6
    assert work.control[1] == 60


def exploding(dtype=np.float64):
    """A network, and data of which the last batch is too large."""
    net = architect.Perceptron(2, 3, 1, squash="identity", seed=0, dtype=dtype)
    inputs, targets = samples(net, 8)
    inputs[-1] = 1e200 if dtype == np.float64 else 1e30
    return net, (inputs, targets)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("optimizer", "penalties"),
    [
        (optimizers.SGD(0.1), Penalties()),
        (optimizers.SGD(1e308), Penalties(clip=1.0)),
        (optimizers.Adam(1e308), Penalties()),
        (optimizers.SGD(0.1), Penalties(l2=1e308)),
        (optimizers.SGD(0.1), Penalties(l2=1e308, clip=1.0)),
        (optimizers.SGD(1e60), Penalties()),
    ],
)
def test_divergence_leaves_the_weights_of_before_and_says_the_same(dtype, optimizer, penalties):
    found = []
    for run in (Work.together, Work.apart):
        net, data = exploding(dtype)
        work = Work(net, data, optimizer, size=2, penalties=penalties)
        orders = np.arange(8, dtype=np.uint64)[None]
        with pytest.raises(DivergenceError) as caught:
            run(work, orders)
        found.append((str(caught.value), work.numbers))
        assert np.isfinite(parameters(net)).all()
    assert found[0] == found[1]


def test_a_registered_function_that_raises():
    @squash.register
    def thorny(state):
        if state > 100.0:
            raise ValueError("too much")
        return state, 1.0

    found = []
    for run in (Work.together, Work.apart):
        net = architect.Perceptron(2, 3, 1, squash=thorny, seed=0)
        inputs, targets = samples(net, 8)
        inputs[5] = 1e3
        work = Work(net, (inputs, targets), size=2)
        with pytest.raises(FunctionError) as caught:
            run(work, np.arange(8, dtype=np.uint64)[None])
        found.append((str(caught.value), work.numbers))
    assert found[0] == found[1]


# --- when -----------------------------------------------------------------------------------------


class Own(optimizers.Optimizer):
    rate = 0.1

    def memory(self):
        return {}

    def find_change(self, state, parameters, gradient, rate):
        np.multiply(gradient, rate, out=state.change)


def test_what_needs_python_between_batches_is_not_together():
    def together(count=10, **options):
        net = built("perceptron")
        work = Work(net, samples(net, count), options.pop("optimizer", None), **options)
        return work.rule.together()

    assert together()
    assert together(threads=2)
    assert not together(count=1000, size=1000, threads=2)
    assert not together(dropout=0.3)
    assert not together(optimizer=Own())
    net = built("perceptron")
    work = Work(net, samples(net))
    with record(net):
        assert not work.rule.together()
    assert work.rule.together()


def test_an_optimizer_of_your_own_is_called():
    def trained(optimizer):
        net = built("perceptron")
        trainer = Trainer(net, method="bptt", optimizer=optimizer, batch_size=4)
        trainer.train(*samples(net), epochs=5, seed=0, progress=False)
        return parameters(net)

    assert trained(Own()) == pytest.approx(trained(optimizers.SGD(0.1)), abs=1e-15)


# --- by a trainer -------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["perceptron", "lstm"])
@pytest.mark.parametrize("options", [{}, {"threads": 2}, {"l2": 0.01, "clip": 0.1}])
def test_callbacks_change_nothing(sort, options):
    def trained(**given):
        net = built(sort)
        trainer = Trainer(net, method="bptt", optimizer=optimizers.Adam(0.05), batch_size=4, **options)
        data = sequences(net, (3, 5, 2, 4, 6, 3, 3, 1, 2))
        found = [trainer.train(*data, epochs=4, seed=1, progress=False, **given).history for _ in "ab"]
        return found, parameters(net).tobytes()

    plain = trained()
    assert plain == trained(callbacks=[lambda progress: None])
    assert plain == trained(on_batch=lambda batch: None)


@pytest.mark.parametrize("optimizer", [optimizers.Adam(0.05), Own()], ids=["compiled", "own"])
def test_a_long_epoch_runs_in_a_thread_with_the_same_bits(optimizer, monkeypatch):
    def trained():
        net = built("perceptron")
        trainer = Trainer(net, method="bptt", optimizer=optimizer, batch_size=4)
        found = trainer.train(*samples(net, 30), epochs=3, seed=1, progress=False).history
        return found, parameters(net).tobytes()

    plain = trained()
    monkeypatch.setattr("synapse.learning.training.LONG", 0.0)
    assert plain == trained()


def test_a_trainer_asks_python_for_nothing_between_batches(monkeypatch):
    net = built("perceptron")
    trainer = Trainer(net, method="bptt", optimizer=optimizers.Adam(0.05), batch_size=4)
    monkeypatch.setattr(Updater, "update", None)
    assert trainer.train(*samples(net), epochs=3, seed=1, progress=False).epochs == 3
    with pytest.raises(TypeError):
        trainer.train(*samples(net), epochs=3, progress=False, on_batch=lambda batch: None)
