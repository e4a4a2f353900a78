"""The session in docs/reference/command.rst is what happens, but for times and last
digits."""

import re
import shlex
import shutil

import pytest

from .command import PAGE, SUNSPOTS, run_cli


def session():
    """Commands of the first console on the page, and what each prints."""
    block, *_ = re.findall(
        r"\.\. code-block:: console\n\n((?:   .*\n|\n)+)",
        PAGE.split("``synapse train``")[0],
    )
    steps = re.sub("^   ", "", block, flags=re.MULTILINE).split("$ synapse ")[1:]
    return [step.partition("\n")[::2] for step in steps]


def cells(text):
    """Words and numbers, without times and percentages."""
    words = (
        re.sub(r"[\d.]+ s,|\d+ %|\d{4}-\d\d-\d\dT\S+", "some", text)
        .replace(",", " ")
        .split()
    )
    return [
        float(word) if re.fullmatch(r"-?\d+(\.\d+)?", word) else word for word in words
    ]


@pytest.mark.peers
def test_the_session_of_the_page(capsys, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    pytest.importorskip("statsforecast")
    shutil.copy(SUNSPOTS, tmp_path)
    monkeypatch.chdir(tmp_path)
    steps = session()
    names = [command.split()[0] for command, _ in steps]
    assert names == ["train", "forecast", "run", "draw", "convert"]
    for command, printed in steps:
        printed_cells = cells(run_cli(capsys, *shlex.split(command))[1])
        shown = cells(printed)
        assert len(printed_cells) == len(shown)
        for cell, other in zip(printed_cells, shown):
            assert cell == (
                pytest.approx(other, rel=0.05) if isinstance(other, float) else other
            )
    assert {path.name for path in tmp_path.iterdir()} >= {
        "model.json",
        "model.svg",
        "model.c",
        "predicted.csv",
    }
