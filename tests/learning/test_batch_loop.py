"""Several epochs in one compiled call against one batch after the other: the same
bits."""

import math
from functools import partial

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers, squashes
from synapse.engine.locking import ExclusiveAccess
from synapse.errors import DivergenceError, FunctionError
from synapse.learning._data import Epochs, new_control, prepare, row_weights
from synapse.learning._options import TrainerOptions
from synapse.learning._parameters import Updater
from synapse.learning._regularisation import Penalties
from synapse.learning.rules import RuleTask, _bptt
from synapse.learning.rules._base import RULES
from tests.helpers.cases import every_case
from tests.helpers.ties import tie_at_random

from .helpers import SORTS, built, growing, parameters, sequences

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
    optimizers.SparseAdam(0.05),
]
PENALTIES = (
    Penalties(),
    Penalties(l1=0.01, l2=0.02),
    Penalties(clip=0.01),
    Penalties(clip_value=0.005),
    Penalties(l1=0.01, l2=0.02, clip=0.02, clip_value=0.005),
)


class Work:
    """A rule with its updater, as a training has them."""

    def __init__(
        self,
        net,
        data,
        optimizer=None,
        *,
        size=4,
        window=None,
        threads=1,
        seed=0,
        **more,
    ):
        rule = RULES["bptt"]
        self.net = net
        options = TrainerOptions(
            net,
            rule="bptt",
            optimizer=optimizers.Adam(0.05) if optimizer is None else optimizer,
            rate=0.1,  # that of the optimizer is used, and may be too large
            batch_size=size,
            window=window,
            threads=threads,
            dropout=more.get("dropout", 0.0),
        )
        arranged = rule.arrange(prepare(net, *data))
        weights = row_weights(
            arranged, more.get("sample_weight"), None, len(net.output)
        )
        task = RuleTask(
            options._fixed(), arranged, weights, np.random.default_rng(seed)
        )
        self.updater = Updater(net)
        self.updater.penalties = more.get("penalties", Penalties())
        self.rule = rule(task)
        rng = np.random.default_rng(seed)
        self.orders = np.array([rng.permutation(arranged.filled) for _ in range(6)])
        self.refresh()

    def refresh(self):
        with ExclusiveAccess(self.net):
            self.updater.refresh(self.rule.task.options.optimizer)
            self.rule._refresh()

    def together(self, orders=None, goal=-math.inf, rate=None, stop=0):
        """Run all epochs in one call; returns their errors."""
        orders = self.orders if orders is None else orders
        rate = self.updater.optimizer.rate if rate is None else rate
        rates = np.full(len(orders), rate)
        errors = np.full(len(orders), math.nan)
        control = new_control()
        control[0] = stop
        with ExclusiveAccess(self.net):
            assert self.rule.joins_epochs()
            epochs = Epochs(orders, rates, errors, goal, control)
            self.done, *_ = self.rule.learn_epochs(epochs, self.updater)
        self.control = control
        return errors.tolist()

    def apart(self, orders=None, rate=None):
        """Run one batch after the other; returns the errors of the epochs."""
        errors = []
        for order in self.orders if orders is None else orders:
            total = 0.0
            steps = 0.0
            with ExclusiveAccess(self.net):
                for batch in self.rule.gradients(order):
                    total, steps = total + batch.cost, steps + batch.steps
                    if batch.steps:
                        self.updater.update(batch, rate)
            errors.append(total / steps)
        return errors

    @property
    def numbers(self):
        """Everything that a training changes."""
        return parameters(self.net).tobytes(), *(
            v.tobytes() for v in self.updater.state.arrays().values()
        )


def samples(net, count=10, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, len(net.input))), rng.random(
        (count, len(net.output))
    )


PERCEPTRON = partial(built, "perceptron")


def of_samples(count=10, make=PERCEPTRON, **options):
    net = make()
    return Work(net, samples(net, count), **options)


def of_sequences(sort, lengths, **options):
    net = built(sort)
    net.connections[1].trainable = False
    return Work(net, sequences(net, lengths), **options)


def of_large(size):
    net = architect.LSTM(3, 40, 2, seed=0)
    return Work(net, sequences(net, (1, 2, 3, 2, 1, 3, 2, 3, 1, 2, 2)), size=size)


def sparse():
    """Missing targets, weights and a window."""
    net = built("lstm")
    inputs, targets = sequences(net, (5, 3, 5, 4, 6))
    for aims in targets[:4]:
        aims[1:] = np.nan
    return Work(
        net,
        (inputs, targets),
        size=2,
        window=2,
        sample_weight=[0.1, 2.7, 0.0, 1.3, 0.9],
    )


def classes():
    """Softmax outputs, targets that are classes, and random neurons."""
    net = architect.Perceptron(3, 6, 4, seed=0, output_squash="softmax")
    net.hidden[0].squash = "bernoulli"
    net.reseed(0)
    rng = np.random.default_rng(0)
    return Work(net, (rng.normal(size=(20, 3)), rng.integers(0, 4, 20)), threads=2)


def tied(sort, seed):
    net = tie_at_random(built(sort), seed)
    return Work(net, sequences(net, (3, 5, 2)), size=2)


UNEQUAL = (3, 5, 1, 4, 6, 2, 7)
WORKS = [
    *(
        partial(
            of_samples, make=partial(built, "perceptron", dtype=dtype), optimizer=rule
        )
        for rule in OPTIMIZERS
        for dtype in (np.float64, np.float32)
    ),
    *(
        partial(of_sequences, sort, (3, 5, 2, 4, 6), penalties=penalties, size=2)
        for sort in ("perceptron", "lstm")
        for penalties in PENALTIES
    ),
    *(
        partial(of_sequences, sort, UNEQUAL, size=size)
        for sort in SORTS
        for size in (1, 3, 32)
    ),
    *(
        partial(of_sequences, sort, [3] * count, size=16)
        for sort in ("perceptron", "elman")
        for count in (1, 2, 8, 9, 17, 33, 65)
    ),
    *(partial(of_samples, count, size=256) for count in (1, 5, 129, 300)),
    *(partial(of_large, size=size) for size in (2, 3, 10)),
    *(
        partial(tied, sort, seed)
        for sort in ("perceptron", "elman", "random")
        for seed in range(3)
    ),
    sparse,
    classes,
]


@pytest.mark.full
@every_case("make", WORKS)
def test_one_call_has_the_bits_of_one_batch_after_the_other(make):
    ours = make()
    theirs = make()
    assert ours.together() == theirs.apart()
    assert ours.numbers == theirs.numbers
    assert not np.array_equal(parameters(ours.net), parameters(make().net))


def test_frozen_parameters_and_a_rate_given():
    def make():
        net = architect.Perceptron(3, 5, 4, 2, seed=0)
        net.hidden[0].freeze()
        net.output[0].trainable_bias = False
        return Work(net, samples(net), optimizers.AdamW(0.05, weight_decay=0.5))

    ours = make()
    theirs = make()
    before = parameters(make().net)
    assert ours.together(rate=0.3) == theirs.apart(rate=0.3)
    assert ours.numbers == theirs.numbers
    assert 0 < (before == parameters(ours.net)).sum() < len(before)


def test_a_sample_that_has_ended_grows_no_more():
    ours, theirs = (Work(*growing(), optimizers.SGD(1e-3)) for _ in range(2))
    assert np.isfinite(ours.together(ours.orders[:1])).all()
    theirs.apart(ours.orders[:1])
    assert ours.numbers == theirs.numbers


def test_the_goal_ends_after_the_epoch_that_reaches_it():
    errors = of_samples().together()
    least = int(np.argmin(errors))
    for goal, epochs in ((errors[least], least + 1), (errors[0] + 1.0, 1), (0.0, 6)):
        work = of_samples()
        until_goal = work.together(goal=goal)
        assert work.done == epochs
        assert until_goal[:epochs] == errors[:epochs]
        assert np.isnan(until_goal[epochs:]).all()


DIVERGING = (
    ("identity", optimizers.SGD(0.1), Penalties()),
    ("identity", optimizers.SGD(1e308), Penalties(clip=1.0)),
    ("identity", optimizers.Adam(1e308), Penalties()),
    ("identity", optimizers.SGD(0.1), Penalties(l2=1e308, clip=1.0)),
    ("thorny", optimizers.SGD(0.1), Penalties()),
)


@pytest.fixture
def thorny():
    @squashes.register
    def thorny(state):
        if state > 100.0:
            raise ValueError("too much")
        return state, 1.0

    return thorny


@pytest.mark.full
@every_case(("name", "optimizer", "penalties"), DIVERGING)
@every_case("dtype", [np.float64, np.float32])
def test_what_fails_in_a_batch_leaves_the_weights_of_before_and_says_the_same(
    dtype, name, optimizer, penalties, thorny
):
    """The last batch is too large, or a registered function raises for it."""
    endings = []
    function = thorny if name == "thorny" else name
    for run in (Work.together, Work.apart):
        net = architect.Perceptron(2, 3, 1, squash=function, seed=0, dtype=dtype)
        inputs, targets = samples(net, 8)
        inputs[-1] = 1e200 if dtype == np.float64 else 1e30
        work = Work(net, (inputs, targets), optimizer, size=2, penalties=penalties)
        with pytest.raises(
            FunctionError if name == "thorny" else DivergenceError
        ) as caught:
            run(work, np.arange(8, dtype=np.int64)[None])
        endings.append((str(caught.value), work.numbers))
        assert np.isfinite(parameters(net)).all()
    assert endings[0] == endings[1]


def test_a_sequence_that_fails_after_others_of_its_batch_is_named():
    messages = []
    for run in (Work.together, Work.apart):
        net = architect.Elman(2, 80, 1, squash="identity", seed=0)
        net.weights = 100.0 * net.weights
        inputs, targets = sequences(net, (2, 2, 3, 2))
        inputs[3][1] = 1e307
        with pytest.raises(DivergenceError, match=r"step 1 of sequence 3\b") as caught:
            run(
                Work(net, (inputs, targets), size=2), np.arange(4, dtype=np.int64)[None]
            )
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_connections_into_inputs_and_frozen_ones_stay_when_the_others_move():
    numbers = []
    for run in (Work.together, Work.apart):
        net = architect.Perceptron(2, 3, 1, seed=0)
        net.output.project(net.input, seed=1)
        net.connections[0].trainable = False
        before = net.weights
        work = Work(net, samples(net), size=4)
        run(work)
        stay = [
            link.target in net.input or not link.trainable for link in net.connections
        ]
        assert ((net.weights == before) == stay).all()
        numbers.append(work.numbers)
    assert numbers[0] == numbers[1]


def test_calls_of_one_trainer_equal_those_of_new_trainers():
    """Whatever it keeps from one call to the next fits the data, the options and the
    network of that call."""
    rng = np.random.default_rng(0)
    kept, other = (architect.LSTM(2, 3, 1, seed=0) for _ in range(2))
    trainer = Trainer(kept, rule="bptt", rate=0.1)
    options = {}
    for call, shape in enumerate(
        [(4, 3), (4, 3), (4, 3), (6, 2), (6, 2), (6, 2), (6, 2)]
    ):
        inputs = rng.normal(size=(*shape, 2))
        targets = rng.random((*shape, 1))
        if call == 1:
            targets[1:, :2] = np.nan
        if call == 4:
            options["cost"] = trainer.cost = "squared_error"
        if call == 5:
            options["batch_size"] = trainer.batch_size = 2
        if call == 6:
            for net in (kept, other):
                net.connections[0].source.disconnect(net.connections[0].target)
        errors = [
            each.train(inputs, targets, epochs=2, seed=call, progress=False).loss
            for each in (trainer, Trainer(other, rule="bptt", rate=0.1, **options))
        ]
        assert errors[0] == errors[1], call
        assert (parameters(kept) == parameters(other)).all(), call


def pieces(net, few):
    """Sequences of any lengths in batches, one of them without a target."""
    inputs, targets = sequences(net, UNEQUAL)
    targets[4][:] = np.nan
    return [
        (inputs[i : i + few], targets[i : i + few]) for i in range(0, len(inputs), few)
    ]


def edited(net, few):
    """A stream whose user edits the network between two batches."""
    yield from pieces(net, few)
    link = net.output[0].incoming[0]
    link.source.disconnect(link.target)
    net.output[0].trainable_bias = False
    yield from pieces(net, few)


@every_case("sort", ["perceptron", "lstm", "random"])
@every_case("few", [1, 3])
@every_case("size", [None, 2])
def test_a_stream_has_the_bits_of_one_update_after_the_other(sort, few, size):
    """Also after an edit between two batches, and with another optimizer for the same
    network."""
    endings = []
    for on_batch in (None, lambda batch: None):
        net = tie_at_random(built(sort), 0)
        options = {"progress": False, "on_batch": on_batch}
        trainer = Trainer(
            net,
            rule="bptt",
            optimizer=optimizers.Adam(0.05),
            batch_size=size,
            l2=0.01,
        )
        errors = [trainer.train(edited(net, few), **options).loss]
        trainer.optimizer = optimizers.SGD(0.1, momentum=0.5)
        errors += trainer.train(pieces(net, few), epochs=2, **options).history["loss"]
        memory = trainer._updater.state.slots
        endings.append((errors, parameters(net).tobytes(), memory.tobytes()))
    assert endings[0] == endings[1]


def test_a_trainer_asks_python_for_nothing_between_batches(monkeypatch):
    net = built("perceptron")
    trainer = Trainer(net, rule="bptt", optimizer=optimizers.Adam(0.05), batch_size=4)
    monkeypatch.setattr(Updater, "update", None)
    assert trainer.train(*samples(net), epochs=3, seed=1, progress=False).epochs == 3
    assert (
        trainer.train([samples(net), samples(net, 3)], epochs=3, progress=False).epochs
        == 3
    )
    with pytest.raises(TypeError):
        trainer.train(
            *samples(net), epochs=3, progress=False, on_batch=lambda batch: None
        )


class Own(optimizers.Optimizer):
    """An optimizer of a user, in Python."""

    rate = 0.05

    def slots(self):
        return {}

    def find_change(self, state, parameters, gradient, rate):
        state.change[:] = -rate * gradient


def test_which_loop_runs_depends_on_the_task_and_not_on_what_ran_before(monkeypatch):
    """From the first batch of a process on, the compiled one, unless something needs
    Python."""
    run = _bptt.BatchLoop.run
    epochs_joined = []

    def joined(loop, epochs, updater):
        epochs_joined.append(len(epochs.orders))
        return run(loop, epochs, updater)

    monkeypatch.setattr(_bptt.BatchLoop, "run", joined)
    net = built("perceptron")
    inputs, targets = samples(net, 12)
    batches = [(inputs[i : i + 4], targets[i : i + 4]) for i in range(0, 12, 4)]
    arrays = (inputs, targets)
    for data, options, train_options, expected in (
        (arrays, {}, {}, 4),
        ((batches,), {}, {}, 12),
        (arrays, {"optimizer": None}, {}, 4),
        (arrays, {"dropout": 0.5}, {}, 0),
        (arrays, {"optimizer": Own()}, {}, 0),
        (arrays, {}, {"on_batch": lambda batch: None}, 0),
    ) * 2:
        epochs_joined.clear()
        settings = {"optimizer": optimizers.Adam(0.05), **options}
        Trainer(net, rule="bptt", **settings).train(
            *data, epochs=4, seed=0, progress=False, **train_options
        )
        assert sum(epochs_joined) == expected, (options, train_options)
