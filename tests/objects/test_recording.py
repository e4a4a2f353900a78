"""Recording: what is collected is what could be read after each step."""

import copy
import pickle

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

INPUTS = np.random.default_rng(0).normal(size=(30, 3))
TARGETS = np.random.default_rng(1).random((30, 2))


def net(**options):
    return architect.LSTM(3, 4, 2, seed=0, style="synaptic", **options)


def test_recording_changes_nothing():
    recorded = net()
    other = net()
    with record(recorded, "error"):
        Trainer(recorded, 0.1).train(INPUTS, TARGETS, epochs=3, progress=False, seed=0)
    Trainer(other, 0.1).train(INPUTS, TARGETS, epochs=3, progress=False, seed=0)
    assert np.array_equal(recorded.weights, other.weights)
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
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(ArgumentTypeError, match="cannot be copied"):
            duplicate(log)
    with pytest.raises(
        AttributeError, match="is not recorded. Recorded are: activation"
    ):
        _ = log.state
    with pytest.raises(UnknownNameError):
        log["state"]


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
    assert np.array_equal(
        log.of(recorded["cells"], "state"),
        log.state[:, [n in recorded["cells"] for n in recorded]],
    )
    assert np.array_equal(log.of(recorded.output[1]), log.activation[:, -1])
    assert np.array_equal(log.of(links[::-1], "gain"), log.gain[:, ::-1])
    with pytest.raises(
        ArgumentError, match=r"log\.of\(items, 'weight'\) or log\.of\(items, 'gain'\)"
    ):
        log.of(links[3])
    assert log.of([]).shape == (30, 0)
    assert log.columns("weight") == tuple(links)
    for wrong, error in (
        ("a", ArgumentTypeError),
        (["a"], ArgumentTypeError),
        (Neuron(), ArgumentError),
        (3, ArgumentTypeError),
    ):
        with pytest.raises(error):
            log.of(wrong)
    with pytest.raises(ArgumentError, match="The state of"):
        log.of(links[0], "state")
    with pytest.raises(UnknownNameError):
        log.of(links[0], "eligibility")
    with record(recorded, "state", "gain") as log:  # the default number is the only one
        recorded.run(INPUTS)
    assert np.array_equal(log.of(recorded), log.state)
    assert np.array_equal(log.of(recorded.connections), log.gain)


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
