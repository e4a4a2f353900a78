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
from tests.helpers.cases import all_refused

INPUTS = np.random.default_rng(0).normal(size=(30, 3))
TARGETS = np.random.default_rng(1).random((30, 2))


def net(**options):
    return architect.LSTM(3, 4, 2, seed=0, style="synaptic", **options)


def test_recording_changes_nothing():
    one = net()
    other = net()
    with record(one, "error"):
        Trainer(one, 0.1).train(INPUTS, TARGETS, epochs=3, progress=False, seed=0)
    Trainer(other, 0.1).train(INPUTS, TARGETS, epochs=3, progress=False, seed=0)
    assert np.array_equal(one.weights, other.weights)
    assert synapse.readwrite.json_data(one) == synapse.readwrite.json_data(other)


def test_what_has_gone_can_be_read_after_the_block_and_the_memory_is_let_go():
    one = net()
    with record(one) as log:
        one.run(np.tile(INPUTS, (100, 1)))
    assert log.activation.shape == (3000, len(one))
    assert len(one._store.columns["log"]) == 0
    one.run(INPUTS)
    assert len(log) == 3000
    with record(one) as again:
        one.run(INPUTS)
    assert len(again) == 30


def test_an_error_inside_the_block_ends_the_recording():
    one = net()

    def fail(log):
        with log:
            one.activate(INPUTS[0])
            one.activate([1.0])

    log = record(one)
    with pytest.raises(ArgumentError):
        fail(log)
    assert len(log) == 1
    with record(one):
        pass


def test_wrong_arguments_are_refused():
    one = net()
    all_refused(
        [
            *(
                (
                    lambda given=given: synapse.Log(*given),
                    ArgumentTypeError,
                    "made by synapse.record",
                )
                for given in ((), (1, 2))
            ),
            (lambda: record(one.input), ArgumentTypeError, ""),
            (lambda: record(one, "weights"), UnknownNameError, ""),
            (lambda: record(one, "weight", neurons=one.output), ArgumentError, ""),
            (
                lambda: record(one, "state", connections=one.connections),
                ArgumentError,
                "",
            ),
            (lambda: record(one, "weight", connections=[]), ArgumentError, ""),
            (
                lambda: record(one, "weight", connections=[one.output[0]]),
                ArgumentTypeError,
                "",
            ),
            (
                lambda: record(one, "weight", connections=net().connections),
                ArgumentError,
                "",
            ),
            (
                lambda: record(architect.Perceptron(2, 1, seed=0), "extended"),
                ArgumentError,
                "",
            ),
            (lambda: record(one, "state", "state"), ArgumentError, ""),
            (lambda: record(one, neurons=[]), ArgumentError, ""),
            (lambda: record(one, neurons=[Neuron()]), ArgumentError, ""),
            (lambda: record(one, neurons=["a"]), ArgumentTypeError, ""),
        ]
    )


def test_one_recording_at_a_time():
    one = net()
    with record(one), pytest.raises(TopologyError, match="already"), record(one):
        pass


def test_a_recorded_network_is_not_joined_to_a_larger_one():
    one = net()
    other = architect.LSTM(3, 5, 2, style="synaptic", seed=0)
    with record(one), pytest.raises(TopologyError, match="End the recording"):
        one.output.project(other.input)
    one.output.project(other.input, seed=0)


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
    one = net()
    follow = Recorder.follow
    monkeypatch.setattr(
        Recorder, "follow", lambda recorder: (ctrl_c(), follow(recorder))
    )
    log = record(one)
    with pytest.raises(KeyboardInterrupt):
        log.__enter__()
    one.run(INPUTS)
    assert (one._store.recorder, len(log)) == (None, 0)


def test_numbers_of_neurons_connections_layers_and_projections():
    one = net()
    with record(one, "activation", "state", "weight", "gain") as log:
        one.run(INPUTS)
    links = one.connections
    assert np.array_equal(
        log.of(one["cells"], "state"), log.state[:, [n in one["cells"] for n in one]]
    )
    assert np.array_equal(log.of(one.output[1]), log.activation[:, -1])
    assert np.array_equal(log.of(links[::-1], "gain"), log.gain[:, ::-1])
    with pytest.raises(
        ArgumentError, match=r"log\.of\(items, 'weight'\) or log\.of\(items, 'gain'\)"
    ):
        log.of(links[3])
    assert log.of([]).shape == (30, 0)
    assert log.owners("weight") == tuple(links)
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
    with record(one, "state", "gain") as log:  # the default number is the only one
        one.run(INPUTS)
    assert np.array_equal(log.of(one), log.state)
    assert np.array_equal(log.of(one.connections), log.gain)


def test_a_log_is_a_mapping_an_array_and_a_data_frame(tmp_path):
    one = net()
    removed = one["cells"][0]
    with record(
        one, "activation", "weight", "extended", neurons=[one.output[0], removed]
    ) as log:
        one.run(INPUTS)
        one.remove(removed)
        one.run(INPUTS[:1])
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
