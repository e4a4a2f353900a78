"""Several epochs in one compiled call against one batch after the other: the same
bits."""

import math
from functools import partial

import numpy as np
import pytest

import architect
from synapse import optimizers, squashes
from synapse.engine.locking import ExclusiveAccess
from synapse.errors import DivergenceError, FunctionError
from synapse.learning._data import Epochs, new_control, prepare, row_weights
from synapse.learning._options import TrainerOptions
from synapse.learning._parameters import Updater
from synapse.learning._regularisation import Penalties
from synapse.learning.rules import RuleTask
from synapse.learning.rules._base import RULES
from tests.helpers.cases import every_case
from tests.helpers.ties import tie_at_random

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


class Own(optimizers.Optimizer):
    """An optimizer of a user, in Python."""

    rate = 0.05

    def slots(self):
        return {}

    def find_change(self, state, parameters, gradient, rate):
        state.change[:] = -rate * gradient
