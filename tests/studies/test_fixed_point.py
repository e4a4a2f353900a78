"""Programs of the study of fixed point, which compute the same integers everywhere."""

import json
import shutil

import pytest

from studies import fixed_point

RESULTS = json.loads(fixed_point.PATH.read_text(encoding="utf-8"))


@pytest.mark.full
@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler here")
@pytest.mark.parametrize("name", ["q7.8", "q15.16"])
def test_integers_count_and_learn_as_on_the_page(name):
    options = fixed_point.NUMBERS[name]
    assert [fixed_point.counted(options)] == RESULTS[f"counting: {name}"]
    row = f"table: {name}"
    assert fixed_point.trial(row, 0) == pytest.approx(RESULTS[row][0], rel=1e-6)
