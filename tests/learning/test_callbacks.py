"""Callbacks: every so many calls; what is told after batches, and that telling it
changes nothing."""

import numpy as np
import pytest

import architect
from synapse import Trainer, every, gradient, optimizers
from synapse.errors import SynapseError
from synapse.learning import Progress
from tests.helpers.cases import every_case

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(10, 5, 3))
TARGETS = RNG.random((10, 5, 2))


def progress(epoch):
    return Progress(epoch, 0.1, None, 0.5, 1.0, None)


def test_a_schedule_passes_every_nth_call_on():
    listen = every(3, lambda p: p.epoch)
    assert [listen(progress(e)) for e in range(1, 7)] == [None, None, 3, None, None, 6]
    for wrong in ((0, print), (1, 3)):
        with pytest.raises(SynapseError):
            every(*wrong)


WAYS = {
    "online": {},
    "online by Adam": {"optimizer": optimizers.Adam(0.01), "batch_size": 7},
    "bptt": {"rule": "bptt", "batch_size": 4},
    "bptt, all at once": {
        "rule": "bptt",
        "optimizer": optimizers.Adam(0.01),
        "l2": 0.1,
        "clip": 0.01,
    },
    "dropout": {"rule": "bptt", "dropout": 0.3, "batch_size": 3},
    "search": {"rule": "bptt", "optimizer": optimizers.LBFGS()},
}
by_way = every_case("way", WAYS)


def lstm():
    return architect.LSTM(3, 4, 2, seed=1)


def train(net, way, epochs=3, **options):
    if way == "search":
        pytest.importorskip("scipy")
    return Trainer(net, **WAYS[way]).train(
        INPUTS, TARGETS, epochs=epochs, progress=False, seed=0, **options
    )


def test_the_norm_is_that_of_the_gradient_before_it_is_clipped():
    seen = []
    net = lstm()
    gradients = gradient(net, INPUTS, TARGETS)
    trainer = Trainer(net, rule="bptt", batch_size=10, clip=1e-3)
    trainer.train(INPUTS, TARGETS, epochs=1, progress=False, on_batch=seen.append)
    expected = np.linalg.norm(np.concatenate([gradients.weights, gradients.biases]))
    assert seen[0].gradient_norm == pytest.approx(expected, rel=1e-12)
    assert seen[0].rate == 0.1


@by_way
def test_a_true_answer_and_ctrl_c_stop_after_the_batch(way, ctrl_c):
    seen = []
    stopped = train(
        lstm(),
        way,
        epochs=5,
        on_batch=lambda batch: seen.append(batch) or batch.update == 2,
    )
    assert (stopped.stop_reason, len(seen)) == ("callback", 2)
    press = lambda batch: ctrl_c() if batch.update == 2 else None  # noqa: E731
    assert train(lstm(), way, on_batch=press).stop_reason == "interrupted"
