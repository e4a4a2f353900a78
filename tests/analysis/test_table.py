"""Tables and pandas."""

import pytest

from synapse.analysis import half_lives
from tests.helpers.networks import lstm


def test_a_table_tells_its_columns_and_is_a_data_frame():
    pytest.importorskip("pandas")
    table = half_lives(lstm(1, 2, 1))
    assert len(table) == 2
    assert repr(table) == "<HalfLives, 2 rows: neuron, name, weight, gain, half_life>"
    frame = table.to_pandas()
    assert (
        list(frame)
        == list(table.columns())
        == ["neuron", "name", "weight", "gain", "half_life"]
    )
    assert frame["weight"].tolist() == table.weight.tolist()
