"""The session in docs/reference/command.rst is what happens, but for times and last digits; and `bench`."""

import re
import shlex
import shutil

import pytest

from .command import PAGE, SUNSPOTS, called, done


def session():
    """Commands of the first console on the page, and what each prints."""
    (block,) = re.findall(
        r"\.\. code-block:: console\n\n((?:   .*\n|\n)+)", PAGE.split("``synapse train``")[0]
    )
    steps = re.sub("^   ", "", block, flags=re.MULTILINE).split("$ synapse ")[1:]
    return [step.partition("\n")[::2] for step in steps]


def cells(text):
    """Words and numbers, without times and percentages."""
    words = re.sub(r"[\d.]+ s,|\d+ %|\d{4}-\d\d-\d\dT\S+", "some", text).replace(",", " ").split()
    return [float(word) if re.fullmatch(r"-?\d+(\.\d+)?", word) else word for word in words]


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
        found, shown = cells(called(capsys, *shlex.split(command))[1]), cells(printed)
        assert len(found) == len(shown)
        for one, other in zip(found, shown):
            assert one == (pytest.approx(other, rel=0.05) if isinstance(other, float) else other)
    assert {path.name for path in tmp_path.iterdir()} >= {
        "model.json",
        "model.svg",
        "model.c",
        "predicted.csv",
    }


def test_bench(capsys):
    head, *rows = [line.split() for line in done(capsys, "bench", "--quick").splitlines()]
    assert head[:2] == ["network", "connections"]
    assert [row[-4] for row in rows] == ["9", "300", "9472", "476"]
    assert all(float(cell) >= 0 for row in rows for cell in row[-3:])
