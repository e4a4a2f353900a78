"""Learning rules: one of a user's own is trained by like those of the package, and no
other file knows it."""

from functools import partial

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.errors import ArgumentError
from synapse.learning._data import new_control, run_epochs, single_epoch
from synapse.learning.rules import BatchGradient, Online, TrainingRule
from synapse.learning.rules._base import RULES
from tests.helpers.cases import every_case
from tests.helpers.learners import learns

from .helpers import parameters

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(6, 5, 3))
TARGETS = RNG.random((6, 5, 2))
WIDTH = 1e-5


class FiniteDifferences(TrainingRule):
    """The gradient of the mean over a batch's sequences, from the cost at weights a
    little to both sides."""

    batch_size = 3
    weighs = False

    @classmethod
    def check(cls, options):
        super().check(options)
        if options.masks is not None:
            raise ArgumentError("Finite differences take no dropout.")

    @classmethod
    def arrange(cls, data):
        return data.as_sequences()

    def lay_out(self):
        self.layouts = getattr(self, "layouts", 0) + 1
        self.connections = self.task.network.connections

    def cost(self, chosen):
        task = self.task
        epoch = single_epoch(chosen, 0.0, new_control())
        return run_epochs(task.network, task.data, epoch, task.cost, learn=False)[1:]

    def slope(self, view, name, chosen):
        if not learns(view) or (name == "bias" and view in self.task.network.input):
            return 0.0
        before = getattr(view, name)
        difference = 0.0
        for step in (WIDTH, -WIDTH):
            setattr(view, name, before + step)
            difference += self.cost(chosen)[0] / (2 * step * len(chosen))
        setattr(view, name, before)
        return difference

    def gradient(self, chosen):
        weights = [self.slope(link, "weight", chosen) for link in self.connections]
        biases = [self.slope(neuron, "bias", chosen) for neuron in self.task.network]
        lengths = np.diff(self.task.data.bounds)[chosen]
        return BatchGradient(
            *self.cost(chosen), np.array(weights), np.array(biases), int(lengths.sum())
        )


class SignRule(Online):
    """The online rule, but every trainable weight moves by the rate, in the direction
    of its summed moves."""

    def joins_epochs(self):
        return False

    def learn_epochs(self, epochs, updater):
        network = self.task.network
        before = network.weights.astype(float)
        errors = super().learn_epochs(epochs, updater)
        network.weights = before + epochs.rates[0] * np.sign(network.weights - before)
        return errors


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(RULES, "differences", FiniteDifferences)
    monkeypatch.setitem(RULES, "sign", SignRule)


net = partial(architect.LSTM, 3, 2, 2, seed=1)


def trained(method, data=(INPUTS, TARGETS), network=None, **options):
    network = network or net()
    result = Trainer(network, rule=method, **options).train(
        *data, epochs=3, progress=False, seed=0
    )
    return parameters(network), result


@pytest.mark.full
@every_case(
    "options",
    [
        {"rate": 0.5},  # it has a batch size of its own
        {"optimizer": optimizers.SGD(0.2, momentum=0.9), "batch_size": 4},
        {"rate": 0.5, "batch_size": 3, "l2": 0.1, "clip": 0.5},
    ],
)
def test_a_rule_of_ones_own_trains_with_optimizers_and_penalties(options):
    ours, result = trained("differences", **options)
    theirs, expected = trained("bptt", **{"batch_size": 3, **options})
    assert ours == pytest.approx(theirs, abs=1e-8)
    assert result.loss == pytest.approx(expected.loss, abs=1e-8)


def test_it_lays_out_anew_after_an_edit_and_only_then(monkeypatch):
    laid_out = []

    class Watched(FiniteDifferences):
        def lay_out(self):
            super().lay_out()
            laid_out.append(self.layouts)

    monkeypatch.setitem(RULES, "differences", Watched)
    network = net()

    def cut(progress):
        if progress.epoch == 2:
            network.input[0].disconnect(network.connections[0].target)

    Trainer(network, rule="differences").train(
        INPUTS, TARGETS, epochs=4, callbacks=[cut], progress=False, seed=0
    )
    assert laid_out == [1, 2]


BATCHES = [(INPUTS[:3], TARGETS[:3]), (INPUTS[3:], TARGETS[3:])]


@every_case("method", ["differences", "sign"])
def test_a_rule_of_ones_own_takes_streams_and_tells_batches(method):
    """Sign moves weights itself, by the whole of what it is given."""
    options = {"rule": method, "rate": 0.01 if method == "sign" else 0.5}
    network, other = (net() for _ in range(2))
    seen = []
    result = Trainer(network, **options).train(
        BATCHES, epochs=2, on_batch=seen.append, progress=False
    )
    told = [(batch.epoch, batch.batch, batch.rows, batch.steps) for batch in seen]
    assert told == [(e, b, 15, 15) for e in (1, 2) for b in (1, 2)]
    for batch in (*BATCHES, *BATCHES):
        Trainer(other, **options).train(*batch, epochs=1, shuffle=False, progress=False)
    assert np.array_equal(parameters(network), parameters(other))
    assert result.loss == pytest.approx(np.mean([batch.loss for batch in seen[2:]]))


def test_a_long_epoch_of_a_rule_that_uses_its_network_runs_in_the_thread_that_has_it(
    monkeypatch,
):
    short = trained("sign", rate=0.01)[0]
    monkeypatch.setattr("synapse.learning._training.TARGET_CALL_SECONDS", 0.0)
    assert np.array_equal(trained("sign", rate=0.01)[0], short)
