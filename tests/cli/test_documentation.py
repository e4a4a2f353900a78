"""The session in docs/reference/command.rst is what happens, but for times and last digits."""

import re
import shlex
import shutil

import pytest

from synapse import cli

from .command import ROOT, SUNSPOTS, done

PAGE = (ROOT / "docs" / "reference" / "command.rst").read_text(encoding="utf-8")


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


def test_the_session(capsys, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    shutil.copy(SUNSPOTS, tmp_path)
    monkeypatch.chdir(tmp_path)
    steps = session()
    assert [command.split()[0] for command, _ in steps] == [
        "train",
        "forecast",
        "run",
        "info",
        "draw",
        "convert",
    ]
    for command, printed in steps:
        found, shown = cells(done(capsys, *shlex.split(command))), cells(printed)
        assert len(found) == len(shown)
        for one, other in zip(found, shown):
            assert one == (pytest.approx(other, rel=0.05) if isinstance(other, float) else other)
    assert (tmp_path / "predicted.csv").read_text().startswith("sunspots +1\n")
    assert {path.name for path in tmp_path.iterdir()} >= {"model.json", "model.svg", "model.c"}


def test_every_subcommand_is_on_the_page():
    for name in cli.COMMANDS:
        assert f"``synapse {name}``" in PAGE
