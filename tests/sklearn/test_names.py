"""Every door takes the same data in the same way: names of columns as scikit-learn
checks them, types of pandas, what is missing, and labels of any kind."""

import warnings
from itertools import product

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")

import architect
import synapse
from synapse import Model
from synapse.sklearn import (
    NetworkRegressor,
    SequenceRegressor,
)
from tests.helpers.cases import Cases, every_case

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    RNG.normal(size=(40, 2)) * [1.0, 50.0] + [3.0, 900.0], columns=["a", "b"]
)
Y = (2.0 * FRAME["a"] + FRAME["b"] / 10.0).to_numpy()
WORDS = np.where(FRAME["a"] > 3.0, "high", "low")
QUIET = {"epochs": 1, "progress": False, "seed": 0}
MISSING = FRAME["a"] < 2.0
WHOLE = FRAME.round().astype("Int64")

TAKEN, WARNED, REFUSED = "taken", "warned", "refused"
NAMED = {
    "frame": FRAME,
    "Int64": WHOLE,
    "Float64": FRAME.astype("Float64"),
    "bool": FRAME.mean() < FRAME,
    "boolean": (FRAME.mean() < FRAME).astype("boolean"),
    "object": FRAME.astype(object),
    "categories": FRAME.assign(a=FRAME["a"].round().astype("category")),
    "numbers as text": FRAME.astype("string"),
}
UNFIT = {
    "NaN": FRAME.mask(MISSING),
    "NA": WHOLE.mask(MISSING),
    "None": FRAME.astype(object).mask(MISSING, None),
    "NaN in an array": FRAME.mask(MISSING).to_numpy(),
    "NaN in lists": FRAME.mask(MISSING).to_numpy().tolist(),
    "text": FRAME.assign(a=WORDS),
    "categories of text": FRAME.assign(a=pd.Categorical(WORDS)),
    "dates": FRAME.assign(a=pd.date_range("2020", periods=40)),
    "mixed names": FRAME.set_axis(["a", 1], axis=1),
    "a name twice": FRAME.set_axis(["a", "a"], axis=1),
}


def numbered():
    return Model(architect.Perceptron(2, 3, 1, output_squash="identity", seed=0))


def named():
    return Model.build("Perceptron", ["a", "b"], ["y"], hidden=(3,), seed=0)


def fitted(make, data):
    if make in (named, numbered):
        model = make()
        model.fit(data, Y, **QUIET)
        return model
    model = make(epochs=1, hidden=(3,), random_state=0)
    if make is SequenceRegressor:
        return model.fit([data, data], [1.0, 2.0])
    return model.fit(data, Y)


def faulty_row(data):
    """A row in which something is missing, where anything is."""
    place = int(np.flatnonzero(MISSING)[0])
    return data.iloc[place] if hasattr(data, "iloc") else data[place]


MODELS = {
    "update": lambda model, data: model.update(data, Y, **QUIET),
    "learn_many": lambda model, data: model.learn_many(data, Y),
    "learn_one": lambda model, data: model.learn_one(faulty_row(data), 1.0),
    "predict": lambda model, data: model.predict(data),
    "run": lambda model, data: model.run(data),
    "sequences": lambda model, data: model.predict([data, data]),
}
ESTIMATORS = {
    "partial_fit": lambda model, data: model.partial_fit(data, Y),
    "predict": lambda model, data: model.predict(data),
}
SEQUENCES = {"predict": lambda model, data: model.predict([data, data])}
DOORS = {named: MODELS, numbered: MODELS, NetworkRegressor: ESTIMATORS}
DOORS |= {SequenceRegressor: SEQUENCES}


def outcome(call):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            call()
        except (ValueError, TypeError):
            return REFUSED
    return WARNED if told else TAKEN


def every_door(kinds, fitted_with, expected):
    """Check the outcome of each kind of data at each door, after a fit."""
    with Cases() as case:
        for make, doors in DOORS.items():
            for (door, call), (label, data) in product(doors.items(), kinds.items()):
                with case(make.__name__, door, label):
                    model = fitted(make, fitted_with)
                    assert outcome(lambda: call(model, data)) == expected(make)  # noqa: B023


@pytest.mark.full
def test_what_is_no_finite_number_is_refused():
    every_door(UNFIT, FRAME, lambda make: REFUSED)
    # scikit-learn 1.6 takes these names after a fit without names
    later = {label: data for label, data in UNFIT.items() if label != "a name twice"}
    every_door(later, FRAME.to_numpy(), lambda make: REFUSED)


def test_names_warn_after_a_fit_without():
    """But those that a model was built with are known."""
    every_door(
        {"frame": FRAME},
        FRAME.to_numpy(),
        lambda make: TAKEN if make is named else WARNED,
    )


def test_a_fit_takes_new_names_unless_the_model_has_names():
    other = FRAME.rename(columns={"a": "z"})
    swapped = FRAME[["b", "a"]], Y
    model = numbered()
    model.fit(other, Y, **QUIET)
    assert model.inputs == ["z", "b"]
    later = numbered()
    later.learn_many(FRAME, Y)
    for call in (
        lambda: named().fit(other, Y, **QUIET),
        lambda: model.predict(FRAME),
        lambda: later.predict(FRAME[["b", "a"]]),
        lambda: numbered().fit(FRAME, Y, validation=swapped, **QUIET),
        lambda: numbered().fit(FRAME, Y, eval_set={"test": swapped}, **QUIET),
    ):
        assert outcome(call) == REFUSED


def test_a_refused_fit_learns_no_names():
    model = numbered()
    with pytest.raises(OSError, match="folder"):
        model.fit(FRAME, Y, checkpoint="/no/folder/x", **QUIET)
    assert model.inputs == ["input 0", "input 1"]
    assert model._columns.fitted_by_name is None


def test_names_go_from_door_to_door(tmp_path):
    model = fitted(numbered, FRAME)
    synapse.save(model, tmp_path / "m.json")
    loaded = synapse.load(tmp_path / "m.json")
    estimator = NetworkRegressor.from_model(loaded)
    assert estimator.feature_names_in_.tolist() == ["a", "b"]
    learned = NetworkRegressor(epochs=1, random_state=0).fit(FRAME, Y).model_
    for each in (loaded, estimator, NetworkRegressor.from_model(model), learned):
        assert outcome(lambda: each.predict(FRAME)) == TAKEN  # noqa: B023
        assert outcome(lambda: each.predict(FRAME[["b", "a"]])) == REFUSED  # noqa: B023
    assert outcome(lambda: estimator.partial_fit(FRAME, Y)) == TAKEN
    plain = NetworkRegressor.from_model(fitted(numbered, FRAME.to_numpy()))
    assert not hasattr(plain, "feature_names_in_")


def test_a_frame_predicts_what_its_array_predicts():
    model = fitted(numbered, FRAME)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for data in NAMED.values():
            array = np.asarray(data.to_numpy(np.float64), float)
            assert np.array_equal(model.predict(data), model.predict(array))


LABELS = {
    "array": WORDS,
    "list": WORDS.tolist(),
    "tuple": tuple(WORDS),
    "Series": pd.Series(WORDS),
    "objects": pd.Series(WORDS, dtype=object),
    "string": pd.Series(WORDS, dtype="string"),
    "category": pd.Series(pd.Categorical(WORDS)),
    "Categorical": pd.Categorical(WORDS),
    "Index": pd.Index(WORDS),
    "frame": pd.DataFrame({"kind": WORDS}),
    "frame of categories": pd.DataFrame({"kind": pd.Categorical(WORDS)}),
}
IS_HIGH = WORDS == "high"
TRUTHS = {
    "array": IS_HIGH,
    "list": IS_HIGH.tolist(),
    "Series": pd.Series(IS_HIGH),
    "boolean": pd.Series(IS_HIGH, dtype="boolean"),
    "category": pd.Series(pd.Categorical(IS_HIGH)),
}
NUMBERS = {
    "array": IS_HIGH.astype(int),
    "Int64": pd.Series(IS_HIGH.astype(int), dtype="Int64"),
    "float": IS_HIGH.astype(float),
    "category": pd.Series(pd.Categorical(IS_HIGH.astype(int))),
}
NO_LABELS = {
    "NaN": pd.Series(WORDS).mask(MISSING),
    "NA": pd.Series(WORDS, dtype="string").mask(MISSING),
    "None": np.where(MISSING, None, WORDS),
    "other": np.where(MISSING, "other", WORDS),
    "NaN in a list": [np.nan, *WORDS[1:].tolist()],
}


def kinds(classes, build="Perceptron"):
    return Model.build(build, ["a", "b"], ["kind"], classes, (3,), seed=0)


def by_row(model, labels):
    if isinstance(labels, pd.DataFrame):
        labels = labels["kind"]
    for (_, row), label in zip(FRAME.iterrows(), labels, strict=True):
        model.learn_one(row, label)


def by_sequence(model, labels):
    model.fit(
        [FRAME[place : place + 1] for place in range(len(FRAME))], labels, **QUIET
    )


LABEL_DOORS = {
    "fit": lambda model, labels: model.fit(FRAME, labels, **QUIET),
    "learn_many": lambda model, labels: model.learn_many(FRAME, labels),
    "learn_one": by_row,
    "sequences": by_sequence,
}


@pytest.mark.full
def test_labels_of_any_kind_are_the_same_labels():
    groups = ((["high", "low"], LABELS), ([False, True], TRUTHS), ([0, 1], NUMBERS))
    with Cases() as case:
        for (classes, group), (door, learn) in product(groups, LABEL_DOORS.items()):
            answers = []
            for label, labels in group.items():
                with case(door, label):
                    model = kinds(classes)
                    learn(model, labels)
                    answers.append(model.run(FRAME))
                    assert np.array_equal(answers[0], answers[-1])
    mixed = kinds([0.5, "x"])
    mixed.fit(FRAME, [0.5, "x"] * 20, **QUIET)
    assert set(mixed.predict(FRAME)) <= {0.5, "x"}


@every_case("door, kind", list(product(LABEL_DOORS, NO_LABELS)))
def test_labels_that_are_missing_or_unknown_are_refused(door, kind):
    model = kinds(["high", "low"])
    assert outcome(lambda: LABEL_DOORS[door](model, NO_LABELS[kind])) == REFUSED


def test_sktime_takes_columns_by_name():
    sktime = pytest.importorskip("synapse.sktime", exc_type=ImportError)
    exogenous = FRAME.set_axis(pd.period_range("2000-01", periods=40, freq="M"))
    series = pd.Series(Y[:36], index=exogenous.index[:36])
    ahead = exogenous[36:]

    def forecaster():
        return sktime.NetworkForecaster(
            hidden=(2,), epochs=2, random_state=0, compared=("naive",)
        ).fit(series, X=exogenous[:36], fh=[1, 2])

    expected = forecaster().predict(X=ahead)
    assert expected.equals(forecaster().predict(X=ahead[["b", "a"]]))
    later = pd.Series(Y[36:], ahead.index)
    for other in (ahead.rename(columns={"a": "z"}), ahead.assign(c=1.0), ahead[["a"]]):
        with pytest.raises(synapse.errors.ArgumentError, match="of the columns"):
            forecaster().predict(X=other)
        with pytest.raises(synapse.errors.ArgumentError, match="of the columns"):
            forecaster().update(later, X=other)
