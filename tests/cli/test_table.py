"""`synapse table`: runs a table, stores its trials, prints it and writes pages, plots and CSV."""

import pytest

from synapse.experiments import read_trials, tables
from synapse.experiments.tables import Measure, Published, Row, Table

from .command import done, refused, told


def square(seed, size):
    return {"needed": size * size + seed}


SMALL = Table(
    "small",
    "Small squares",
    "The task is to square a number.",
    square,
    [Row("three", {"size": 3}, Published("100 %, 9", "C", 9.0), seeds=4), Row("five", {"size": 5}, seeds=2)],
    [Measure("needed", "sequences")],
)


@pytest.fixture(autouse=True)
def _small(monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "get", lambda name: SMALL)
    monkeypatch.chdir(tmp_path)


def test_prints_and_goes_on_from_the_store(capsys, tmp_path):
    done(capsys, "table", "small", "--seeds", "1")
    assert len(read_trials(tmp_path / "small.db")) == 2
    printed = done(capsys, "table", "small", "--workers", "2")
    assert "| three | 4 | 4 of 4 | 10 (range 9 to 12) | 100 %, 9 (C) |" in printed
    assert len(read_trials(tmp_path / "small.db")) == 6


def test_writes_a_page_a_plot_and_all_trials(capsys, tmp_path):
    """A page keeps what was written around the results."""
    pytest.importorskip("matplotlib")
    path = tmp_path / "small.md"
    done(capsys, "table", "small", "--seeds", "1", "-o", "small.md", "-o", "small.svg", "-o", "small.csv")
    page = path.read_text()
    assert page.startswith("# Small squares\n\nThe task is to square a number.\n")
    assert "![small](small.svg)" in page
    assert "2 trials" in page
    assert (tmp_path / "small.svg").read_text().startswith("<?xml")
    assert (tmp_path / "small.csv").read_text().splitlines()[:2] == ["seed,size,needed", "0,3,9"]
    path.write_text(page.replace("The task is", "My task was") + "\nA remark.\n")
    done(capsys, "table", "small", "-o", "small.md")
    text = path.read_text()
    assert "My task was to square a number." in text
    assert text.endswith("\nA remark.\n")
    assert ("| three | 4 |" in text, "| three | 1 |" in text) == (True, False)


def test_wrong_usage(capsys, tmp_path):
    small = ["table", "small"]
    told(
        capsys,
        [
            ([*small, "-o", "x.docx"], 2, "suffix"),
            ([*small, "--workers", 0], 2, "--workers"),
            ([*small, "--seeds", 0], 2, "--seeds"),
            ([*small, "--workers", 2, "--dask", "tcp://localhost:1"], 2, "not both"),
        ],
    )
    assert not list(tmp_path.iterdir())


def test_no_scheduler_is_one_sentence(capsys, monkeypatch, tmp_path):
    distributed = pytest.importorskip("distributed")

    def fail(*_, **__):
        raise OSError("Timed out trying to connect")

    monkeypatch.setattr(distributed, "Client", fail)
    sentence = refused(capsys, "table", "small", "--dask", "tcp://127.0.0.1:1", code=2)
    assert sentence.startswith("No Dask scheduler answers at 'tcp://127.0.0.1:1'.")
    assert not list(tmp_path.iterdir())


def test_lists_the_tables_and_refuses_others(capsys, monkeypatch):
    monkeypatch.undo()
    printed = done(capsys, "table")
    assert [line.split()[0] for line in printed.splitlines()] == list(tables.NAMES)
    assert "'reber'" in refused(capsys, "table", "rebber")
