"""Ensembles: sequences of networks, their mean, and their files."""

import json

import numpy as np
import pytest

import architect
import synapse
from synapse import Ensemble
from synapse.errors import ArgumentError, ArgumentTypeError, FormatError
from tests.helpers.cases import all_hold, all_refused


def nets(count=3, n=2, m=1, make=architect.LSTM):
    return [make(n, 3, m, seed=seed) for seed in range(count)]


def test_it_is_a_sequence_of_its_networks():
    some = nets()
    ensemble = Ensemble(iter(some))
    assert list(ensemble) == some
    assert (ensemble[1], ensemble[:2]) == (some[1], tuple(some[:2]))
    assert (len(ensemble), some[2] in ensemble) == (3, True)
    perceptrons = Ensemble(nets(2, make=architect.Perceptron))
    assert repr(perceptrons) == "<Ensemble of 2 networks 2-3-1>"


def test_run_is_the_mean_in_the_form_of_the_inputs():
    some = nets()
    rng = np.random.default_rng(0)
    for inputs in (
        rng.normal(size=(5, 2)),
        rng.normal(size=(4, 5, 2)),
        [rng.normal(size=(n, 2)) for n in (3, 4)],
    ):
        alone = [net.clone().run(inputs) for net in some]
        outputs = Ensemble(some).run(inputs)
        assert isinstance(outputs, list) == isinstance(inputs, list)
        assert len(outputs) == len(inputs)
        for mean, *members in zip(outputs, *alone, strict=True):
            assert np.array_equal(mean, np.mean(members, axis=0))


def test_a_file_keeps_every_bit(tmp_path):
    ensemble = Ensemble(
        [
            *nets(2),
            architect.Perceptron(2, 4, 1, seed=0),
            architect.Elman(2, 2, 1, seed=1),
        ]
    )
    for net in ensemble:
        net.activate([0.1, 0.2])
        net.propagate(0.1, [0.5])
    synapse.save(ensemble, tmp_path / "some.json")
    twin = synapse.load(tmp_path / "some.json")
    assert [*map(type, (twin, *twin))] == [*map(type, (ensemble, *ensemble))]
    assert np.array_equal(twin.run([[1.0, 2.0]]), ensemble.run([[1.0, 2.0]]))
    assert [net.weights.tobytes() for net in twin] == [
        net.weights.tobytes() for net in ensemble
    ]


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "some.json"
    synapse.save(Ensemble(nets(2)), path)
    written = path.read_text()
    other = synapse.readwrite.json_data(architect.LSTM(3, 2, 1))
    changes = [
        (lambda data: data.pop("networks"), "'networks' is missing"),
        (lambda data: data.update(version=3), "newer version of Synapse, in version 3"),
        (
            lambda data: data.update(version="1"),
            "The version must be a whole number above 0, got '1'",
        ),
        (lambda data: data.update(more=1), "got 'more' too"),
        (lambda data: data.update(networks=3), "The networks of the ensemble"),
        (lambda data: data.update(networks={}), "at least one network"),
        (lambda data: data["networks"].update({"2": 3}), "Network 2 of the ensemble"),
        (
            lambda data: data["networks"]["1"]["neurons"].pop("bias"),
            "digest does not match",
        ),
        (
            lambda data: data["networks"].__setitem__("1", other),
            "same numbers of .*, got 2 and 1, 3 and 1",
        ),
    ]

    def check(change, sentence):
        data = json.loads(written)
        change(data)
        path.write_text(json.dumps(data))
        with pytest.raises(FormatError, match=sentence):
            synapse.load(path)

    all_hold(check, changes)


def test_what_is_no_ensemble_is_refused():
    members = nets(1)
    all_refused(
        [
            (lambda: Ensemble([]), ArgumentError, "at least one network"),
            (lambda: Ensemble([3]), ArgumentTypeError, "a Network"),
            (lambda: Ensemble(3), ArgumentTypeError, "a list of Networks"),
            (lambda: Ensemble(members * 2), ArgumentError, "twice"),
            (
                lambda: Ensemble(members + nets(1, n=3)),
                ArgumentError,
                "got 2 and 1, 3 and 1",
            ),
            (lambda: Ensemble(members)[1], IndexError, "ensemble"),
        ]
    )
