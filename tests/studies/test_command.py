"""`python -m studies`: runs a table, stores its trials, prints it and writes plots and
CSV."""

import sys

import pytest

from studies import __main__ as command, papers
from studies.papers._paper_table import (
    Measure,
    PaperTable,
    Published,
    Row,
    read_results,
)
from synapse.experiments import read_trials


def square(seed, size):
    return {"needed": size * size + seed}


SMALL = PaperTable(
    square,
    [
        Row("three", Published("100 %, 9", "C", 9.0), seeds=4, size=3),
        Row("five", seeds=2, size=5),
    ],
    [Measure("needed", "sequences")],
)


@pytest.fixture
def call(monkeypatch, tmp_path, capsys):
    """A function that runs the command in a folder of its own; returns its code, output
    and errors."""
    monkeypatch.setattr(papers, "NAMES", (*papers.NAMES, "small"))
    monkeypatch.setattr(papers, "get", lambda name: SMALL)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["studies", *arguments])
        try:
            code = command.main()
        except SystemExit as ended:
            code = ended.code
        return code, *capsys.readouterr()

    return run


def test_prints_and_goes_on_from_the_store(call, tmp_path):
    call("small", "--seeds", "1")
    assert len(read_trials(tmp_path / "small.db")) == 2
    code, printed, _ = call("small", "--workers", "2")
    assert code == 0
    assert "| three | 4 | 4 of 4 | 10 | 10 | 100 %, 9 (C) |" in printed
    assert len(read_trials(tmp_path / "small.db")) == 6


def test_writes_a_plot_and_all_trials_with_their_command(call, tmp_path):
    pytest.importorskip("matplotlib")
    call("small", "--seeds", "1", "-o", "small.svg", "-o", "small.csv")
    assert (tmp_path / "small.svg").read_text().startswith("<?xml")
    made, trials = read_results(tmp_path / "small.csv")
    assert made.endswith(
        ": python -m studies small --seeds 1 -o small.svg -o small.csv"
    )
    assert trials == read_trials(tmp_path / "small.db")


def test_wrong_usage_is_one_sentence(call, tmp_path):
    for arguments, told in (
        (["rebber"], "there is no study 'rebber'"),
        (["small", "-o", "x.docx"], "suffix"),
        (["small", "--workers", "0"], "--workers"),
        (["small", "--seeds", "0"], "--seeds"),
        (["small", "--workers", "2", "--dask", "tcp://localhost:1"], "not both"),
    ):
        code, _, error = call(*arguments)
        assert (code, told in error.splitlines()[-1]) == (2, True)
    assert not list(tmp_path.iterdir())


def test_no_scheduler_is_one_sentence(call, monkeypatch, tmp_path):
    distributed = pytest.importorskip("distributed")

    def fail(*_, **__):
        raise OSError("Timed out trying to connect")

    monkeypatch.setattr(distributed, "Client", fail)
    code, _, error = call("small", "--dask", "tcp://127.0.0.1:1")
    assert code == 1
    assert error.startswith(
        "studies: No Dask scheduler answers at 'tcp://127.0.0.1:1'."
    )
    assert not list(tmp_path.iterdir())


def test_lists_all_studies(call):
    printed = call()[1]
    assert all(
        f"\n  {name} " in printed
        for name in ("reber", "timing", "forecasts", "reber_settings")
    )
