"""Stores: what is refused and that nothing is lost by it."""

import functools
import os
import sqlite3
import threading
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from synapse.errors import ArgumentError, FormatError, KindError, StoreError
from synapse.experiments import read_trials, run
from tests.full_disk import full_disk

from .some_trials import product, training

run = functools.partial(run, progress=False)


@pytest.fixture
def path(tmp_path):
    """A store of five trials."""
    run(product, seeds=range(5), store=tmp_path / "a.db")
    return tmp_path / "a.db"


def changed(path, *statements):
    """Change a database by SQL."""
    file = sqlite3.connect(path)
    for statement in statements:
        file.execute(statement)
    file.commit()
    file.close()


# --- what a store is of -------------------------------------------------------------------------


def test_a_store_of_another_trial_or_other_arguments_is_refused(path):
    before = path.read_bytes()
    of_product = "has results of the trial tests.experiments.some_trials.product, not of "
    for trial, name in (
        (training, "training"),
        (functools.partial(product, a=2), r"product\(a=2\)"),
    ):
        with pytest.raises(ArgumentError, match=f"{of_product}tests.experiments.some_trials.{name}"):
            run(trial, seeds=range(5), store=path)
    assert path.read_bytes() == before


class Cell(Enum):
    LSTM = 1


@dataclass(frozen=True)
class Setting:
    rate: float
    cell: type = dict


def bound(*values, seed=0, **options):
    return {"count": len(values)}


ARGUMENTS = {
    "number": (0.1, 0.2),
    "kind of number": (1, 1.0),
    "boolean": (True, 1),
    "string": ("1", 1),
    "list": ([1, 2], [2, 1]),
    "dict": ({"a": 1}, {"a": 2}),
    "array": (np.arange(3), np.array([0, 1, 3])),
    "shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "dtype": (np.zeros(2), np.zeros(2, np.float32)),
    "function": (training, product),
    "class": (dict, list),
    "dataclass": (Setting(0.1), Setting(0.2)),
    "nested": (Setting(0.1, dict), Setting(0.1, list)),
    "enum": (Cell.LSTM, "LSTM"),
    "path": (Path("a"), Path("b")),
    "partial": (functools.partial(product, a=1), functools.partial(product, a=2)),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_tell_trials_apart(name, tmp_path):
    one, other = ARGUMENTS[name]
    path = tmp_path / "a.db"
    for _ in range(2):
        run(functools.partial(product, a=1, b=1) if one is None else taking(one), seeds=[0], store=path)
    with pytest.raises(ArgumentError, match="has results of the trial"):
        run(taking(other), seeds=[0], store=path)


def taking(value):
    return functools.partial(taken, value=value)


def taken(seed, value):
    return {"x": seed}


def test_order_of_keywords_does_not_matter(tmp_path):
    for options in ({"a": 1, "b": 2}, {"b": 2, "a": 1}):
        run(functools.partial(product, **options), seeds=[0], store=tmp_path / "a.db")


def test_trials_without_a_name_are_refused(tmp_path):
    value = 3

    def closure(seed):
        return {"x": value}

    for trial in (closure, lambda seed: {}):
        with pytest.raises(ArgumentError, match="A store tells trials apart by name and arguments"):
            run(trial, seeds=[0], store=tmp_path / "a.db")
    with pytest.raises(KindError, match="Expected numbers, strings, .* or dataclasses, got <object"):
        run(taking(object()), seeds=[0], store=tmp_path / "a.db")
    assert list(tmp_path.iterdir()) == []


# --- files --------------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_refused_and_stays(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("Not a database, but somebody's notes. " * 100)
    for call in (lambda: run(product, seeds=[0], store=path), lambda: read_trials(path)):
        with pytest.raises(FormatError, match=r"notes\.txt is damaged, or not a store of trials\. Nothing"):
            call()
    assert path.read_text().startswith("Not a database")


def test_a_database_of_others_is_refused_and_stays(tmp_path):
    path = tmp_path / "a.db"
    changed(path, "CREATE TABLE trials (x)", "INSERT INTO trials VALUES (3)")
    before = path.read_bytes()
    with pytest.raises(FormatError, match=r"a\.db is an SQLite database, but not a store of trials"):
        run(product, seeds=[0], store=path)
    assert path.read_bytes() == before


def test_a_newer_store_is_refused_and_stays(path):
    changed(path, "PRAGMA user_version = 2")
    before = path.read_bytes()
    for call in (lambda: run(product, seeds=range(9), store=path), lambda: read_trials(path)):
        with pytest.raises(FormatError, match=r"a store of version 2; this release of Synapse reads up to 1"):
            call()
    assert path.read_bytes() == before


@pytest.mark.parametrize("first", [0, 1, 2])
def test_a_damaged_store_is_refused_and_stays(path, first):
    content = bytearray(path.read_bytes())
    assert len(content) == 3 * 4096  # the schema, the trial, its results
    for place in range(4096 * first + 100, 4096 * (first + 1)):
        content[place] ^= 0x5A
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"a\.db is damaged, or not a store"):
        run(product, seeds=range(9), store=path)
    assert path.read_bytes() == bytes(content)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trials SET record = '{\"x\": ' WHERE seed = 3",
        "UPDATE trials SET record = '[1]' WHERE seed = 3",
        "UPDATE trials SET record = x'80' WHERE seed = 3",
        "UPDATE trials SET point = '3' WHERE seed = 3",
        "UPDATE trials SET seed = 'three' WHERE seed = 3",
        "DELETE FROM about",
        "DROP TABLE trials",
    ],
)
def test_rows_that_are_not_records_are_refused(path, statement):
    changed(path, statement)
    with pytest.raises(FormatError, match=r"a\.db is damaged, or not a store"):
        run(product, seeds=range(9), store=path)


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path):
    path = tmp_path / "a.db"
    run(product, seeds=range(20), store=path)
    with (
        full_disk(most=path.stat().st_size),
        pytest.raises(StoreError, match=r"a\.db cannot be.*full"),
    ):
        run(product, seeds=range(2000), store=path)
    found = read_trials(path)
    assert 20 <= len(found) < 2000
    assert run(product, seeds=range(2000), store=path)[:3] == run(product, seeds=range(3))
    with full_disk(), pytest.raises(StoreError, match=r"b\.db cannot be written"):
        run(product, seeds=range(5), store=tmp_path / "b.db")


def test_places_where_no_store_can_be(tmp_path):
    for place in (tmp_path, tmp_path / "none" / "a.db"):
        with pytest.raises(StoreError, match="The store must be a file in a folder that exists"):
            run(product, seeds=[0], store=place)
    with pytest.raises(KindError, match="Expected the path to be a string or a path"):
        run(product, seeds=[0], store=3)
    with pytest.raises(StoreError, match="There is no store of trials at"):
        read_trials(tmp_path / "a.db")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(path):
    path.parent.chmod(0o500)
    try:
        with pytest.raises(StoreError, match=r"a\.db cannot be written or read"):
            run(product, seeds=range(9), store=path)
        assert len(read_trials(path)) == 5
    finally:
        path.parent.chmod(0o700)


def test_two_runs_do_not_write_one_store(path):
    begun, go = threading.Event(), threading.Event()
    HELD.extend([begun, go])
    held = path.parent / "b.db"
    thread = threading.Thread(target=lambda: run(holding, seeds=[0], store=held))
    thread.start()
    begun.wait()
    with pytest.raises(StoreError, match=r"Another run is writing .*b\.db\. Wait for its end"):
        run(holding, seeds=[1], store=held)
    assert read_trials(held) == []
    go.set()
    thread.join()
    HELD.clear()
    assert read_trials(held) == [{"seed": 0, "x": 0}]
    assert len(run(holding, seeds=[0, 1], store=held)) == 2


HELD = []


def holding(seed):
    if HELD:
        HELD[0].set()
        HELD[1].wait()
    return {"x": seed}


def test_names_of_files_may_have_any_characters(tmp_path):
    folder = tmp_path / "50% ü#1?" if os.name == "posix" else tmp_path / "50% ü#1"
    folder.mkdir()
    found = run(product, seeds=range(3), store=folder / "a b&mode=ro.db")
    assert read_trials(folder / "a b&mode=ro.db") == found
    assert sorted(path.name for path in folder.iterdir()) == ["a b&mode=ro.db", "a b&mode=ro.db-lock"]


def test_the_time_of_all_trials_is_kept(path):
    first = read_trials(path)
    assert 0 < first.seconds < 1
    assert run(product, seeds=range(5), store=path).seconds == first.seconds
