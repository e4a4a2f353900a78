"""Recording: what is collected is what could be read after each step."""

import copy
import pickle
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Neuron, Trainer, record
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
    UnknownNameError,
)
from synapse.objects.recording import Recorder
from tests.helpers.cases import all_refused

INPUTS = np.random.default_rng(0).normal(size=(30, 3))
TARGETS = np.random.default_rng(1).random((30, 2))


def net(**options):
    return architect.LSTM(3, 4, 2, seed=0, style="synaptic", **options)


def test_recording_changes_nothing():
    recorded, other = net(), net()
    for each in (recorded, other):
        with record(each, "error") if each is recorded else nullcontext():
            Trainer(each, 0.1).train(INPUTS, TARGETS, 3, progress=False, seed=0)
    assert synapse.readwrite.json_data(recorded) == synapse.readwrite.json_data(other)


def test_what_has_gone_can_be_read_after_the_block_and_the_memory_is_let_go():
    recorded = net()
    with record(recorded) as log:
        recorded.run(np.tile(INPUTS, (100, 1)))
    assert log.activation.shape == (3000, len(recorded))
    recorded.run(INPUTS)
    assert len(log) == 3000
    with record(recorded) as again:
        recorded.run(INPUTS)
    assert len(again) == 30


def test_one_recording_at_a_time():
    recorded = net()
    with (
        record(recorded),
        pytest.raises(TopologyError, match="already"),
        record(recorded),
    ):
        pass


def test_a_log_is_not_copied():
    log = record(net())
    not_recorded = "is not recorded. Recorded are: activation"
    all_refused(
        [
            (partial(copy.copy, log), ArgumentTypeError, "cannot be copied"),
            (partial(copy.deepcopy, log), ArgumentTypeError, "cannot be copied"),
            (partial(pickle.dumps, log), ArgumentTypeError, "cannot be copied"),
            (partial(getattr, log, "state"), AttributeError, not_recorded),
            (partial(log.__getitem__, "state"), UnknownNameError, None),
        ]
    )


def test_ctrl_c_as_recording_begins_leaves_nothing_recorded(ctrl_c, monkeypatch):
    recorded = net()
    follow = Recorder.follow
    monkeypatch.setattr(
        Recorder, "follow", lambda recorder: (ctrl_c(), follow(recorder))
    )
    log = record(recorded)
    with pytest.raises(KeyboardInterrupt):
        log.__enter__()
    recorded.run(INPUTS)
    assert (recorded._store.recorder, len(log)) == (None, 0)


def test_ctrl_c_ends_a_recorded_run_after_a_step(ctrl_c, monkeypatch):
    recorded, twin = net(), net()
    stepped = Recorder.stepped

    def step(recorder, *given):
        stepped(recorder, *given)
        if len(log) == 3:
            ctrl_c()

    monkeypatch.setattr(Recorder, "stepped", step)
    with pytest.raises(KeyboardInterrupt), record(recorded) as log:
        recorded.run(INPUTS)
    for row in INPUTS[:3]:
        twin.activate(row)
    assert len(log) == 3
    activations = [neuron.activation for neuron in recorded]
    assert log.activation[-1].tolist() == activations
    assert activations == [neuron.activation for neuron in twin]


def test_numbers_of_neurons_connections_layers_and_projections():
    recorded = net()
    with record(recorded, "activation", "state", "weight", "gain") as log:
        recorded.run(INPUTS)
    links = recorded.connections
    cells = [neuron in recorded["cells"] for neuron in recorded]
    # where only one number is recorded, it is the default
    with record(recorded, "state", "gain") as other:
        recorded.run(INPUTS)
    for of, expected in (
        (log.of(recorded["cells"], "state"), log.state[:, cells]),
        (log.of(recorded.output[1]), log.activation[:, -1]),
        (log.of(links[::-1], "gain"), log.gain[:, ::-1]),
        (log.of([]), np.empty((30, 0))),
        (other.of(recorded), other.state),
        (other.of(links), other.gain),
    ):
        assert np.array_equal(of, expected)
    assert log.columns("weight") == tuple(links)
    either = r"log\.of\(items, 'weight'\) or log\.of\(items, 'gain'\)"
    all_refused(
        (partial(log.of, *of), error, words)
        for of, error, words in (
            (("a",), ArgumentTypeError, None),
            ((["a"],), ArgumentTypeError, None),
            ((Neuron(),), ArgumentError, None),
            ((3,), ArgumentTypeError, None),
            ((links[3],), ArgumentError, either),
            ((links[0], "state"), ArgumentError, "The state of"),
            ((links[0], "eligibility"), UnknownNameError, None),
        )
    )


def test_a_log_is_a_mapping_an_array_and_a_data_frame(tmp_path):
    recorded = net()
    removed = recorded["cells"][0]
    with record(
        recorded,
        "activation",
        "weight",
        "extended",
        neurons=[recorded.output[0], removed],
    ) as log:
        recorded.run(INPUTS)
        recorded.remove(removed)
        recorded.run(INPUTS[:1])
    np.savez(tmp_path / "log.npz", **log)
    saved = np.load(tmp_path / "log.npz")
    assert set(saved) == set(dict(log)) == {"activation", "weight", "extended"}
    assert np.array_equal(np.asarray(log), log.activation, equal_nan=True)
    assert np.asarray(log, np.float32).dtype == np.float32
    frame = log.to_pandas()
    assert frame["activation"].columns.tolist() == ["output 0", "removed"]
    assert np.array_equal(frame["weight"].to_numpy(), log.weight, equal_nan=True)
    assert len(frame["extended"].columns) == len(log.pairs) == log.extended.shape[1]
    assert frame.index.name == "step"
