"""One row at a time: `partial_fit` by the online rule."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from synapse.errors import ArgumentError
from synapse.sklearn import NetworkClassifier, NetworkRegressor

X = np.random.default_rng(0).normal(size=(300, 3))


def test_one_row_learns_as_a_batch_of_one_does():
    """Rows of plain numbers take a short way."""
    one, other = (NetworkRegressor(random_state=0) for _ in range(2))
    y = X[:, 0] * 50 + 3
    for row, target in zip(X, y, strict=True):
        one.partial_fit(row[None], np.array([target]))
        other.partial_fit([row.tolist()], [target], sample_weight=[1.0])
    assert np.allclose(one.network_.weights, other.network_.weights)
    scale = one.network_.metadata["estimator"]["scale"]
    assert scale["mean"] == pytest.approx([*X.mean(axis=0), y.mean()])
    assert scale["deviation"] == pytest.approx([*X.std(axis=0), y.std()])


def test_numbers_whose_squares_are_infinite_are_refused_by_a_scale():
    words = "whose squares are finite numbers"
    unscaled = NetworkClassifier(hidden=(2,), scale=False, random_state=0)
    unscaled.partial_fit([[1e308, 1e308]], [True], classes=[False, True])  # the squash is bounded
    with pytest.raises(ArgumentError, match=words):
        NetworkRegressor().fit(X, X[:, 0] * 1e200)
    rows = NetworkRegressor(hidden=(2,), random_state=0).partial_fit(X[:2], [1.0, 2.0])
    before = {**rows.network_.metadata["estimator"]["scale"]}
    for row, target in (([[1e200, -1e200, 0.0]], [1.0]), (X[:1] * 0, [1e200])):
        with pytest.raises(ArgumentError, match=words):
            rows.partial_fit(np.array(row), target)
    assert rows.network_.metadata["estimator"]["scale"] == before
