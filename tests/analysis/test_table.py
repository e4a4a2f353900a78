"""Tables and pandas."""

import pytest

from synapse.analysis import half_lives
from tests.helpers.networks import lstm


def test_a_table_tells_its_columns_and_is_a_data_frame():
    pytest.importorskip("pandas")
    found = half_lives(lstm(1, 2, 1))
    assert len(found) == 2
    assert repr(found) == "<HalfLives, 2 rows: neuron, name, weight, gain, half_life>"
    frame = found.to_pandas()
    assert (
        list(frame)
        == list(found.columns())
        == ["neuron", "name", "weight", "gain", "half_life"]
    )
    assert frame["weight"].tolist() == found.weight.tolist()
