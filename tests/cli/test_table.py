"""`synapse table`: runs a table, stores its trials, prints it and writes pages, plots and CSV."""

import pytest

from synapse.experiments import read_trials, tables
from synapse.experiments.tables import Measure, Published, Row, Table

from .command import done, process, refused


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


def test_prints_and_stores(capsys, tmp_path):
    printed = done(capsys, "table", "small")
    assert "| three | 4 | 100 % (51 to 100) | 10 (9 to 12) | 100 %, 9 (C) |" in printed
    assert len(read_trials(tmp_path / "small.db")) == 6


def test_goes_on_from_the_store(capsys, tmp_path):
    done(capsys, "table", "small", "--seeds", "1", "--store", "other.db")
    assert len(read_trials(tmp_path / "other.db")) == 2
    done(capsys, "table", "small", "--store", "other.db")
    assert len(read_trials(tmp_path / "other.db")) == 6


def test_in_processes(capsys):
    alone = done(capsys, "table", "small", "--store", "a.db")
    assert done(capsys, "table", "small", "--store", "b.db", "--workers", "2") == alone


def test_writes_a_page_a_plot_and_all_trials(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    done(capsys, "table", "small", "-o", "small.md", "-o", "small.svg", "-o", "small.csv")
    page = (tmp_path / "small.md").read_text()
    assert page.startswith("# Small squares\n\nThe task is to square a number.\n")
    assert "![small](small.svg)" in page
    assert "| five | 2 |" in page
    assert "6 trials" in page
    assert (tmp_path / "small.svg").read_text().startswith("<?xml")
    assert (tmp_path / "small.csv").read_text().splitlines()[:2] == ["seed,size,needed", "0,3,9"]


def test_a_page_keeps_what_was_written_around_the_results(capsys, tmp_path):
    page = tmp_path / "small.md"
    done(capsys, "table", "small", "--seeds", "1", "-o", "small.md")
    page.write_text(page.read_text().replace("The task is", "My task was") + "\nA remark.\n")
    done(capsys, "table", "small", "-o", "small.md")
    text = page.read_text()
    assert "My task was to square a number." in text
    assert text.endswith("\nA remark.\n")
    assert "| three | 4 |" in text
    assert "| three | 1 |" not in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-o", "x.docx"], "suffix"),
        (["--workers", "0"], "--workers"),
        (["--seeds", "0"], "--seeds"),
        (["--workers", "2", "--dask", "tcp://localhost:1"], "not both"),
    ],
)
def test_wrong_usage(capsys, tmp_path, arguments, sentence):
    assert sentence in refused(capsys, "table", "small", *arguments, code=2)
    assert not list(tmp_path.iterdir())


def test_no_scheduler_is_one_sentence(capsys, monkeypatch, tmp_path):
    distributed = pytest.importorskip("distributed")

    def fail(*_, **__):
        raise OSError("Timed out trying to connect")

    monkeypatch.setattr(distributed, "Client", fail)
    sentence = refused(capsys, "table", "small", "--dask", "tcp://127.0.0.1:1", code=2)
    assert sentence.startswith("No Dask scheduler answers at 'tcp://127.0.0.1:1'.")
    assert not list(tmp_path.iterdir())


def test_lists_the_tables_and_refuses_others():
    listed = process("table")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(tables.NAMES)
    unknown = process("table", "rebber")
    assert unknown.returncode == 1
    assert "'reber'" in unknown.stderr
