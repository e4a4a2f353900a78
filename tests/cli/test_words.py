"""Cells that are words although they look like numbers or like missing values."""

import numpy as np
import pytest

from synapse import load
from tests.helpers.cases import all_hold

from .command import refused, run_cli, write

X = np.arange(40) % 7
CODES = {
    # the cells of a column, and whether a zero of theirs would be lost
    "codes": (["01234", "1234", "99999", "00501"], True),
    "zeros": (["0", "00", "1", "2"], True),
    "codes with points": (["005.13", "5.13", "7.1", "8"], True),
    "codes beside gaps": (["01234", "", "99999", "1234"], True),
    "decimals": (["0.5", "0.25", "1.05", "10.01"], False),
    "whole numbers": (["0", "10", "101", "5"], False),
    "negative": (["-05", "5", "1", "2"], False),
}


def train(capsys, path, data, *options):
    learn = ["train", data, "--target", "y", "--epochs", 1, "-o", path, *options]
    code, printed, said = run_cli(capsys, *learn)
    assert code == 0, said
    return printed + said


def test_codes_are_named_and_stay_words_if_asked(capsys, tmp_path, path):
    """As inputs, as classes, as names of series and in a table to predict, where they
    look like numbers."""

    def check(cells, is_code):
        data = write(tmp_path / "d.csv", code=cells * 10, x=X, y=X)
        printed = train(capsys, path, data)
        assert ("--words 'code'" in printed) == is_code
        assert "code" in load(path).inputs
        train(capsys, path, data, "--words", "code")
        words = sorted({*filter(None, cells)})
        assert load(path).inputs[1:] == [f"code={word}" for word in words]
        new = write(tmp_path / "n.csv", code=[words[-1], "", words[-1]], x=X[:3])
        code, _, said = run_cli(capsys, "run", path, new)
        assert (code, said) == (0, "synapse: 1 missing cell of 'code': no word.\n")
        cells = [cell or "7" for cell in cells]
        data = write(tmp_path / "c.csv", x=X, y=cells * 10)
        assert ("--words 'y'" in train(capsys, path, data)) == is_code
        for option in (["--classes"], ["--words", "y"]):
            train(capsys, path, data, *option)
            classes = [label.removeprefix("y=") for label in load(path).classes]
            assert len(classes) == len({*map(str, cells)})
            assert not is_code or classes == sorted({*cells})

    all_hold(check, CODES)


def test_names_of_series_and_keys_keep_their_zeros(capsys, tmp_path, path):
    months = [f"2020-{month + 1:02}" for month in range(12)]
    data = write(
        tmp_path / "d.csv", s=["01"] * 12 + ["1"] * 12, date=months * 2, y=range(24)
    )
    train(capsys, path, data, "--sequence", "s", "--methods", "naive")
    _, printed, _ = run_cli(capsys, "forecast", path, data, "--steps", 1)
    assert [line[:2] for line in printed.splitlines()[1:]] == ["01", "1,"]
    data = write(tmp_path / "d.csv", key=["007", "7"] * 20, x=X, y=X)
    train(capsys, path, data, "--ignore", "key")
    _, printed, _ = run_cli(capsys, "run", path, data)
    assert [line.split(",")[0] for line in printed.splitlines()[1:3]] == ["007", "7"]


def test_words_like_missing_values_are_named_and_kept_if_asked(capsys, tmp_path, path):
    kinds = ["None", "a", "NA", "b"] * 10
    data = write(tmp_path / "d.csv", kind=kinds, x=X, y=X)
    said = train(capsys, path, data)
    told = (
        "20 missing cells of 'kind': no word. Among them: 10 'None', 10 'NA'. To keep"
    )
    assert f"{told} such words, pass --keep 'None,NA'." in said
    train(capsys, path, data, "--keep", "None")
    words = [f"kind={word}" for word in ("None", "a", "b")]
    assert [name for name in load(path).inputs if name != "x"] == words
    _, _, said = run_cli(capsys, "run", path, data)  # reads as the training did
    assert "10 missing cells of 'kind': no word. Among them: 10 'NA'" in said
    data = write(tmp_path / "n.csv", kind=["None"] * 40, x=X, y=X)
    assert "'kind', which is empty. Among them: 40 'None'" in train(capsys, path, data)
    data = write(tmp_path / "n.csv", kind=["", "a", "b", "a"] * 10, x=X, y=X)
    assert "--keep" not in train(capsys, path, data), "cells without a word"
    for option in ([], ["--sequence", "y", "--ahead", 0]):
        data = write(tmp_path / "c.csv", x=X, y=sorted(kinds), z=X)
        target = ["--target", "z" if option else "y"]
        line = ["train", data, *target, "--epochs", 1, "-o", path, *option]
        assert "pass --keep 'NA,None'" in refused(capsys, *line)
        assert run_cli(capsys, *line, "--keep", "NA,None")[0] == 0


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_kept_words_of_files_with_types(capsys, tmp_path, path, suffix):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"kind": ["None", "a"] * 20, "n": [1, 2] * 20, "y": X})
    data = tmp_path / f"d{suffix}"
    if suffix == ".xlsx":
        pytest.importorskip("openpyxl")
        frame.to_excel(data, index=False)
    else:
        frame.to_csv(data, index=False)
    assert "pass --keep 'None'" in train(capsys, path, data)
    train(capsys, path, data, "--keep", "None", "--words", "n")
    assert load(path).inputs == ["kind=None", "kind=a", "n=1", "n=2"]
