"""Large tables and odd numbers: linear work, lines while one waits, and sentences
instead of warnings and errors of other libraries."""

import numpy as np
import pytest

from synapse import forecasting
from synapse.errors import ArgumentError
from tests.helpers.cases import all_hold

from .command import args, months, run_cli, write


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.full
def test_few_rows_are_compared_without_a_bug(capsys, tmp_path):
    pytest.importorskip("statsforecast")

    def check(count):
        data = write(tmp_path / "d.csv", date=months(count), y=np.arange(count) % 4)
        line = args("--target y --epochs 1 --validation 0.34")
        code, printed, said = run_cli(capsys, "compare", data, *line)
        assert "bug" not in said
        assert (code == 0) == bool(printed)

    all_hold(check, [*range(1, 13)])
    with pytest.raises(ArgumentError, match=r"cannot fit ets to 4 rows: tiny datasets"):
        forecasting.statistical("ets", [1.0, 2.0, 1.5, 3.0])


def test_numbers_near_the_end_of_floats_are_one_sentence(capsys, tmp_path, rng):
    large = [(1e308, -1e308)[place % 2] for place in range(30)]
    usual = rng.normal(size=30).round(3)

    def check(command, **columns):
        data = write(tmp_path / "d.csv", **columns)
        line = [command, data, "--target", "y", "--epochs", 1]
        line += ["-o", tmp_path / "m.json"] if command == "train" else []
        code, printed, said = run_cli(capsys, *line)
        assert (code, printed, "warning" in said) == (1, "", False)
        last = said.splitlines()[-1]
        assert last.startswith("synapse: Expected a number below 1e+150")

    check("train", x=usual, y=large)
    check("train", x=large, y=usual)
    check("train", time=large, y=usual)
    check("train", year=range(1990, 2020), y=large)
    check("compare", year=range(1990, 2020), y=large)
