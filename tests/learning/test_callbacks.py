"""Callbacks: every so many calls; what is told after batches, and that telling it changes nothing."""

import signal
from itertools import pairwise

import numpy as np
import pytest

import architect
from synapse import Trainer, every, gradient, optimizers
from synapse.errors import SynapseError
from synapse.learning import Progress

from .helpers import parameters

RNG = np.random.default_rng(0)
INPUTS, TARGETS = RNG.normal(size=(10, 5, 3)), RNG.random((10, 5, 2))


def progress(epoch):
    return Progress(epoch, 0.1, None, 0.5, 1.0, None)


def test_a_schedule_passes_every_nth_call_on():
    listen = every(3, lambda p: p.epoch)
    assert [listen(progress(e)) for e in range(1, 7)] == [None, None, 3, None, None, 6]


@pytest.mark.parametrize("wrong", [lambda: every(0, print), lambda: every(1, 3)])
def test_wrong_schedules_are_refused(wrong):
    with pytest.raises(SynapseError):
        wrong()


# --- after batches --------------------------------------------------------------------------------------

WAYS = {
    "online": {},
    "online, no rate": {"rate": 0.0},
    "online by Adam": {"optimizer": optimizers.Adam(0.01), "batch_size": 7},
    "bptt": {"method": "bptt", "batch_size": 4},
    "bptt, all at once": {"method": "bptt", "optimizer": optimizers.Adam(0.01), "l2": 0.1, "clip": 0.01},
    "dropout": {"method": "bptt", "dropout": 0.3, "batch_size": 3},
    "search": {"method": "bptt", "optimizer": optimizers.LBFGS()},
}
by_way = pytest.mark.parametrize("way", WAYS)


def lstm(**options):
    return architect.LSTM(3, 4, 2, seed=1, **options)


def train(net, way, epochs=3, data=(INPUTS, TARGETS), **options):
    if way == "search":
        pytest.importorskip("scipy")
    return Trainer(net, **WAYS[way]).train(*data, epochs=epochs, progress=False, seed=0, **options)


@by_way
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_to_be_told_changes_no_bit(way, dtype):
    told, plain, seen = lstm(dtype=dtype), lstm(dtype=dtype), []
    one, other = train(told, way, on_batch=seen.append), train(plain, way)
    assert parameters(told).tobytes() == parameters(plain).tobytes()
    assert one.history["error"] == other.history["error"]
    assert one.stopped == other.stopped
    assert seen


@by_way
def test_batches_are_counted_and_their_losses_make_the_error(way):
    seen = []
    net = lstm()
    result = train(net, way, on_batch=seen.append)
    assert [batch.update for batch in seen] == list(range(1, len(seen) + 1))
    for epoch in range(1, 4):
        here = [batch for batch in seen if batch.epoch == epoch]
        assert [batch.batch for batch in here] == list(range(1, len(here) + 1))
        assert sum(batch.rows for batch in here) == sum(batch.steps for batch in here) == 50
        mean = sum(batch.loss * batch.steps for batch in here) / 50
        assert mean == pytest.approx(result.history["error"][epoch - 1], rel=1e-12)
    assert all(one.seconds <= other.seconds for one, other in pairwise(seen))
    assert all(batch.network is net for batch in seen)


def norm(net, **options):
    found = gradient(net, INPUTS, TARGETS, **options)
    return np.linalg.norm(np.concatenate([found.weights, found.biases]))


def test_the_norm_is_that_of_the_gradient_before_it_is_clipped():
    seen, net = [], lstm()
    expected = norm(net)
    Trainer(net, method="bptt", batch_size=10, clip=1e-3).train(
        INPUTS, TARGETS, epochs=1, progress=False, on_batch=seen.append
    )
    assert seen[0].gradient_norm == pytest.approx(expected, rel=1e-12)
    assert seen[0].rate == 0.1


def test_the_norm_of_a_search_is_that_of_the_weights_it_has_found():
    seen = []
    train(
        lstm(),
        "search",
        on_batch=lambda batch: seen.append((batch.gradient_norm, norm(batch.network))) or None,
    )
    assert all(told == pytest.approx(found, rel=1e-9) for told, found in seen)
    assert len(seen) == 3


def test_the_norm_of_the_plain_rule_is_what_has_changed_by_the_rate():
    net, seen = lstm(), []
    before = parameters(net)
    train(net, "online", epochs=1, on_batch=seen.append)
    assert seen[0].gradient_norm == pytest.approx(np.linalg.norm(parameters(net) - before) / 0.1, rel=1e-12)
    train(net, "online, no rate", epochs=1, on_batch=seen.append)
    assert seen[1].gradient_norm is None


@by_way
def test_a_true_answer_stops_after_the_batch(way):
    seen = []
    stopped = train(lstm(), way, epochs=5, on_batch=lambda batch: seen.append(batch) or batch.update == 2)
    assert (stopped.stopped, len(seen)) == ("callback", 2)


@by_way
def test_ctrl_c_in_a_callback_after_a_batch_returns_what_was_reached(way):
    def press(batch):
        if batch.update == 2:
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert train(lstm(), way, on_batch=press).stopped == "interrupted"
    finally:
        signal.signal(signal.SIGINT, before)


@by_way
def test_callbacks_after_batches_may_edit_and_others_may_use_the_network(way):
    def cut(batch):
        if batch.update == 1:
            batch.network.connections[-1].source.disconnect(batch.network.connections[-1].target)

    net = lstm()
    count = len(net.connections)
    result = train(net, way, on_batch=cut)
    assert len(net.connections) < count
    assert result.epochs == 3


def test_every_counts_batches_where_it_is_told_of_batches():
    seen = []
    train(lstm(), "bptt", on_batch=every(4, lambda batch: seen.append((batch.epoch, batch.update)) or None))
    assert seen == [(2, 4), (3, 8)]


def test_steps_and_batches_may_both_be_told():
    steps, batches, net, plain = [], [], lstm(), lstm()
    options = {"on_step": steps.append, "on_batch": batches.append, "shuffle": False}
    train(net, "online", epochs=2, **options)
    train(plain, "online", epochs=2, shuffle=False)
    assert (len(steps), len(batches)) == (100, 2)
    assert parameters(net) == pytest.approx(parameters(plain), abs=1e-12)
