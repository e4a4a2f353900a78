"""Tables and pandas."""

import pytest

from synapse._checks import data
from synapse.analysis import effective_weights, half_lives
from synapse.errors import MissingExtraError

from ..networks import lstm, perceptron


def test_a_table_tells_its_columns():
    found = half_lives(lstm(1, 2, 1))
    assert len(found) == 2
    assert repr(found) == "<HalfLives, 2 rows: neuron, name, weight, gain, half_life>"
    assert list(found.columns()) == ["neuron", "name", "weight", "gain", "half_life"]


def test_to_pandas():
    pytest.importorskip("pandas")
    found = effective_weights(perceptron(2, 3, 1))
    frame = found.to_pandas()
    assert list(frame) == ["source", "target", "weight", "gain", "effective"]
    assert frame["effective"].to_numpy().tolist() == found.effective.tolist()


def test_without_pandas(monkeypatch):
    def missing(name):
        assert name == "pandas"
        raise ImportError(name)

    monkeypatch.setattr(data, "import_module", missing)
    with pytest.raises(MissingExtraError, match="pip install pandas"):
        half_lives(perceptron(1, 1)).to_pandas()
