"""Several epochs in one compiled call against one batch after the other: the same
bits."""

import math

import numpy as np
import pytest

import architect
from synapse import optimizers, squashes
from synapse.engine.locking import ExclusiveAccess
from synapse.engine.online import Epochs
from synapse.errors import DivergenceError, FunctionError
from synapse.learning._data import new_control, prepare, row_weights
from synapse.learning._options import TrainerOptions
from synapse.learning._parameters import Updater
from synapse.learning._regularisation import Penalties
from synapse.learning.rules import RuleTask
from synapse.learning.rules._base import RULES
from tests.helpers.called_in_python import in_python
from tests.helpers.cases import every_case

from .helpers import built, parameters


class Work:
    """A rule with its updater, as a training has them."""

    def __init__(self, net, data, optimizer, size, penalties):
        self.net = net
        self.updater = Updater(net)
        options = TrainerOptions(
            net,
            rule="bptt",
            optimizer=optimizer,
            rate=0.1,  # that of the optimizer is used, and may be too large
            batch_size=size,
        )
        arranged = RULES["bptt"].arrange(prepare(net, *data))
        weights = row_weights(arranged, None, None, len(net.output))
        self.rule = RULES["bptt"](RuleTask(options._fixed(), arranged, weights, None))
        self.updater.penalties = penalties
        with ExclusiveAccess(net):
            self.updater.refresh(optimizer)
            self.rule._refresh()

    def together(self, orders, goal=-math.inf):
        """Run all epochs in one call; returns their number, and their errors."""
        errors = np.full(len(orders), math.nan)
        rates = np.full(len(orders), self.updater.optimizer.rate)
        with ExclusiveAccess(self.net):
            assert self.rule.joins_epochs()
            epochs = Epochs(orders, rates, errors, goal, new_control())
            done, *_ = self.rule.learn_epochs(epochs, self.updater)
        return done, errors.tolist()

    def apart(self, orders):
        """Run one batch after the other."""
        with ExclusiveAccess(self.net):
            for batch in (
                batch for order in orders for batch in self.rule.gradients(order)
            ):
                self.updater.update(batch, None)


def samples(net, count=10):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(count, len(net.input)))
    return inputs, rng.random((count, len(net.output)))


def test_the_goal_ends_after_the_epoch_that_reaches_it():
    rng = np.random.default_rng(0)
    orders = np.array([rng.permutation(10) for _ in range(6)])

    def ended(goal):
        net = built("perceptron")
        work = Work(net, samples(net), optimizers.Adam(0.05), 4, Penalties())
        return work.together(orders, goal)

    done, errors = ended(-math.inf)
    assert done == 6
    least = int(np.argmin(errors))
    for goal, epochs in ((errors[least], least + 1), (errors[0] + 1.0, 1), (0.0, 6)):
        expected = errors[:epochs] + [math.nan] * (6 - epochs)
        assert repr(ended(goal)) == repr((epochs, expected))


DIVERGING = (
    ("identity", optimizers.SGD(0.1), Penalties()),
    ("identity", optimizers.SGD(1e308), Penalties(clip=1.0)),
    ("identity", optimizers.Adam(1e308), Penalties()),
    ("identity", optimizers.SGD(0.1), Penalties(l2=1e308, clip=1.0)),
    ("thorny", optimizers.SGD(0.1), Penalties()),
)


@pytest.mark.full
@every_case(("name", "optimizer", "penalties"), DIVERGING)
@every_case("dtype", [np.float64, np.float32])
def test_what_fails_in_a_batch_leaves_the_weights_of_before_and_says_the_same(
    dtype, name, optimizer, penalties
):
    """The last batch is too large, or a registered function raises for it."""

    @in_python(squashes.register)
    def thorny(state):
        if state > 100.0:
            raise ValueError("too much")
        return state, 1.0

    endings = []
    for run in (Work.together, Work.apart):
        net = architect.Perceptron(2, 3, 1, squash=name, seed=0, dtype=dtype)
        inputs, targets = samples(net, 8)
        inputs[-1] = 1e200 if dtype == np.float64 else 1e30
        work = Work(net, (inputs, targets), optimizer, 2, penalties)
        with pytest.raises((FunctionError, DivergenceError)) as caught:
            run(work, np.arange(8, dtype=np.int64)[None])
        memory = [array.tobytes() for array in work.updater.state.arrays().values()]
        endings.append((str(caught.value), parameters(net).tobytes(), memory))
        assert isinstance(caught.value, FunctionError) == (name == "thorny")
        assert np.isfinite(parameters(net)).all()
    assert endings[0] == endings[1]
