"""Sparse rows in the estimators: scaled without being centred, never made dense."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("sklearn")
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from synapse import _checks
from synapse.sklearn import NetworkClassifier, NetworkRegressor

X = sparse.random_array((120, 40), density=0.1, rng=0, format="csr") * 5.0
DENSE = X.toarray()
LABELS = np.where(DENSE[:, :4].sum(axis=1) > 1.0, "some", "none")
NUMBERS = DENSE[:, 0] - 3.0 * DENSE[:, 1]


def plain(rows):
    """Rows as any object with the four parts of CSR."""
    parts = {name: getattr(rows, name) for name in ("indptr", "indices", "data")}
    return SimpleNamespace(**parts, shape=rows.shape)


@pytest.fixture
def never_dense(monkeypatch):
    """Whatever makes several sparse rows dense at once raises."""
    whole = _checks.SparseRows.dense.func

    def single(rows):
        assert len(rows) == 1
        return whole(rows)

    monkeypatch.setattr(_checks.SparseRows, "dense", property(single))


OPTIONS = {
    "exact": {},
    "lbfgs": {"optimizer": "lbfgs"},
    "online": {"rule": "online", "optimizer": None},
    "memory": {"build": "GRU", "hidden": (4,)},
    "held out": {"validation": 0.2, "patience": 2},
    "a pair held out": {"validation": (X[:30], LABELS[:30])},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_as_dense_rows_in_the_same_units(name, never_dense):
    """Those of scikit-learn's scaler for sparse rows; memory and options alike."""
    scaler = StandardScaler(with_mean=False).fit(DENSE)
    dense = scaler.transform(DENSE)
    options = {"hidden": (4,), "epochs": 4, "random_state": 0, **OPTIONS[name]}
    model = NetworkClassifier(**options).fit(X, LABELS)
    held_out = options.get("validation")
    if name == "a pair held out":
        held_out = dense[:30], LABELS[:30]
    other = NetworkClassifier(**options | {"validation": held_out}, scale=False)
    answers = model.predict_proba(X)
    expected = other.fit(dense, LABELS).predict_proba(dense)
    assert np.allclose(answers, expected, rtol=0.0, atol=1e-9)
    assert np.ptp(answers) > 0.01  # it has learned something
    assert np.allclose(model.model_.scale.deviation, scaler.scale_, rtol=1e-14)
    assert np.allclose(model.predict_proba(DENSE), answers, rtol=0.0, atol=1e-12)
    assert (model.predict_proba(X.tocoo()) == answers).all()
    assert (model.predict_proba(plain(X[:1])) == model.predict_proba(X[:1])).all()
    assert model.score(X, LABELS) == model.score(DENSE, LABELS)
    again = NetworkClassifier(**options).fit(plain(X), LABELS)
    assert (again.predict_proba(X) == answers).all()


def test_parts_of_a_stream_count_as_one_table(never_dense):
    """The scale of partial_fit is that of all rows; every row is learned in order."""
    scaler = StandardScaler(with_mean=False)
    model, other = (
        NetworkRegressor(random_state=0, scale=scaled) for scaled in (True, False)
    )
    for rows in (slice(0, 50), slice(50, 120)):
        model.partial_fit(X[rows], NUMBERS[rows])
        scaler.partial_fit(X[rows])
        units = model.model_.target_scale.standard(NUMBERS[rows, None])
        other.partial_fit(scaler.transform(DENSE[rows]), units[:, 0])
    assert np.allclose(model.model_.scale.deviation, scaler.scale_, rtol=1e-12)
    predicted = other.predict(scaler.transform(DENSE))[:, None]
    expected = model.model_.target_scale.original(predicted)[:, 0]
    assert np.allclose(model.predict(X), expected, rtol=0.0, atol=1e-9)


def test_weights_count_in_the_scale(never_dense):
    weights = np.random.default_rng(0).integers(0, 3, 120)
    repeated = np.repeat(np.arange(120), weights)
    model, other = (
        NetworkRegressor(epochs=3, random_state=0, batch_size=1000, l2=0.0)
        for _ in range(2)
    )
    model.fit(X, NUMBERS, sample_weight=weights.astype(float))
    other.fit(X[repeated], NUMBERS[repeated])
    assert np.allclose(model.predict(X), other.predict(X), rtol=1e-9)


def test_texts():
    texts = ["red wine", "white wine", "a red car", "a fast car"] * 5
    labels = ["drink", "drink", "car", "car"] * 5
    model = make_pipeline(
        TfidfVectorizer(), NetworkClassifier(hidden=(4,), epochs=40, random_state=0)
    ).fit(texts, labels)
    assert list(model.predict(["white wine", "fast car"])) == ["drink", "car"]


def broken(**parts):
    rows = plain(X)
    for name, value in parts.items():
        setattr(rows, name, value)
    return rows


def test_faults_are_one_sentence_and_change_nothing():
    model = NetworkClassifier(epochs=2, random_state=0).fit(X, LABELS)
    changed = {}
    for place, index in ((7, -1), (5, 40), (1, X.indices[0])):
        changed[place] = X.indices.copy()
        changed[place][place] = index
    holes = X.copy()
    holes.data[9] = np.nan
    faults = {
        "X has 39 features": X[:, :39],
        "must have indices from 0 to 39, got -1": broken(indices=changed[7]),
        "must have indices from 0 to 39, got 40": broken(indices=changed[5]),
        "must have each index once, got": broken(indices=changed[1]),
        "NaN or infinity in row": holes,
        "in `indptr`, ascending": broken(indptr=X.indptr[::-1]),
    }
    before = model.predict_proba(X)
    for (words, rows), call in product(
        faults.items(),
        (
            model.predict,
            lambda rows: model.partial_fit(rows, LABELS),
            lambda rows: model.set_params(warm_start=True).fit(rows, LABELS),
        ),
    ):
        with pytest.raises(ValueError, match=words) as error:
            call(rows)
        assert str(error.value).count(". ") <= 1
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, LABELS[:-1])
    assert (model.predict_proba(X) == before).all()
    with pytest.raises(ValueError, match="0 sample"):
        NetworkRegressor().fit(X[:0], NUMBERS[:0])
