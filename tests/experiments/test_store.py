"""Stores: what is refused and that nothing is lost by it."""

import functools
import sqlite3
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import SafeUUID

import numpy as np
import pytest

from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    TrialStoreError,
)
from synapse.experiments import read_trials, run_trials
from tests.helpers.cases import Cases, all_refused, every_case
from tests.helpers.full_disk import full_disk

from .some_trials import product, training

run_trials = functools.partial(run_trials, progress=False)


@pytest.fixture
def path(tmp_path):
    """A store of five trials."""
    run_trials(product, seeds=range(5), store=tmp_path / "a.db")
    return tmp_path / "a.db"


def changed(path, *statements):
    """Change a database by SQL."""
    file = sqlite3.connect(path)
    for statement in statements:
        file.execute(statement)
    file.commit()
    file.close()


def test_a_store_of_another_trial_is_refused(path):
    before = path.read_bytes()
    words = r"trial tests\.experiments\.some_trials\.product, not of .*\.training"
    with pytest.raises(ArgumentError, match=f"has results of the {words}"):
        run_trials(training, seeds=range(5), store=path)
    assert path.read_bytes() == before


@dataclass(frozen=True)
class Setting:
    rate: float
    cell: type = dict


ARGUMENTS = {
    "kind of number": (1, 1.0),
    "list": ([1, 2], [2, 1]),
    "dict": ({"a": 1}, {"a": 2}),
    "array": (np.arange(3), np.array([0, 1, 3])),
    "shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "dtype": (np.zeros(2), np.zeros(2, np.float32)),
    "function": (training, product),
    "nested": (Setting(0.1, dict), Setting(0.1, list)),
    "enum": (SafeUUID.safe, 0),
    "path": (Path("a"), Path("b")),
    "partial": (functools.partial(product, a=1), functools.partial(product, a=2)),
}


@every_case(("value", "other"), ARGUMENTS.values(), ids=list(ARGUMENTS))
def test_arguments_tell_trials_apart(value, other, tmp_path):
    path = tmp_path / "a.db"
    for _ in range(2):
        run_trials(taking(value), seeds=[0], store=path)
    with pytest.raises(ArgumentError, match="has results of the trial"):
        run_trials(taking(other), seeds=[0], store=path)


def test_the_order_of_arguments_tells_no_trials_apart(tmp_path):
    for options in ({"a": 1, "b": 2}, {"b": 2, "a": 1}):
        trial = functools.partial(product, **options)
        run_trials(trial, seeds=[0], store=tmp_path / "a.db")


def taking(value):
    return functools.partial(taken, value=value)


def taken(seed, value):
    return {"x": seed}


def test_trials_without_a_name_are_refused(tmp_path):
    def closure(seed):
        return {"x": tmp_path}

    run = functools.partial(run_trials, seeds=[0], store=tmp_path / "a.db")
    name = "A store identifies trials by name and arguments"
    kinds = "must be numbers, strings, .* or dataclasses, got <object"
    all_refused(
        [
            (functools.partial(run, closure), ArgumentError, name),
            (functools.partial(run, taking(object())), ArgumentTypeError, kinds),
        ]
    )
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_no_stores_are_refused_and_stay(path):
    """Notes, a database of others, a newer store, and damaged ones."""
    whole = path.read_bytes()
    others = path.with_name("b.db")
    notes = b"Not a database, but notes. " * 100
    newer = "is a store of version 2, but this release of Synapse reads up to 1"
    changed(others, "CREATE TABLE trials (x)", "INSERT INTO trials VALUES (3)")
    refused(path, notes, "is damaged, or not a store of trials. It has")
    refused(path, others.read_bytes(), "is an SQLite database, but")
    for statement, words in (
        ("PRAGMA user_version = 2", newer),
        ("DELETE FROM about", "is damaged"),
        ("UPDATE about SET trial = 'x'", "is damaged"),
        ("DROP TABLE trials", "is damaged"),
    ):
        path.write_bytes(whole)
        changed(path, statement)
        refused(path, path.read_bytes(), words)


def test_damaged_records_are_told_and_run_again(path):
    expected = read_trials(path)
    words = r"is damaged\. 1 trial cannot be read, but 4 can\. The same run"
    for statement in (
        "record = '[1]'",
        "record = x'80'",
        "point = '3'",
        "point = x'80'",
        "seconds = 'long'",
        "digest = ''",
    ):
        changed(path, f"UPDATE trials SET {statement} WHERE seed = 3")
        with pytest.raises(FormatError, match=words):
            read_trials(path)
        again = run_trials(product, seeds=range(5), store=path)
        assert again == read_trials(path) == expected


def refused(path, content, words):
    path.write_bytes(content)
    with pytest.raises(FormatError, match=rf"a\.db {words}"):
        run_trials(product, seeds=range(9), store=path)
    assert path.read_bytes() == content


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path):
    path = tmp_path / "a.db"
    run_trials(product, seeds=range(20), store=path)
    with (
        full_disk(most=path.stat().st_size),
        pytest.raises(TrialStoreError, match=r"a\.db cannot be.*full"),
    ):
        run_trials(product, seeds=range(400), store=path)
    assert 20 <= len(read_trials(path)) < 400
    whole = run_trials(product, seeds=range(400))
    assert run_trials(product, seeds=range(400), store=path) == whole
    with full_disk(), pytest.raises(TrialStoreError, match=r"b\.db cannot be written"):
        run_trials(product, seeds=range(5), store=tmp_path / "b.db")


def test_two_runs_do_not_write_one_store(path):
    begun, go = (threading.Event() for _ in range(2))
    HELD.extend([begun, go])
    locked = path.parent / "b.db"
    thread = threading.Thread(
        target=lambda: run_trials(holding, seeds=[0], store=locked)
    )
    thread.start()
    try:
        assert begun.wait(60)
        with pytest.raises(
            TrialStoreError, match=r"Another run is writing .*b\.db\. Wait for its end"
        ):
            run_trials(holding, seeds=[1], store=locked)
        assert read_trials(locked) == []
    finally:
        go.set()
        thread.join()
        HELD.clear()
    assert read_trials(locked) == [{"seed": 0, "x": 0}]
    assert len(run_trials(holding, seeds=[0, 1], store=locked)) == 2


HELD = []


def holding(seed):
    if HELD:
        HELD[0].set()
        HELD[1].wait(30)
    return {"x": seed}


def test_names_of_files_may_have_any_characters(tmp_path):
    path = tmp_path / "50% ü#1 & mode=ro.db"
    outputs = run_trials(product, seeds=range(3), store=path)
    stored = read_trials(path)
    assert (stored, 0 < stored.seconds < 1) == (outputs, True)
    assert list(tmp_path.iterdir()) == [path]  # the lock is removed, too


@pytest.mark.full
def test_no_damaged_byte_changes_a_result_in_silence(tmp_path):
    """Every result is right, or the file is refused."""
    path = tmp_path / "a.db"
    run = functools.partial(run_trials, product, seeds=range(9), store=path)
    expected = run()
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    used = [place for place, byte in enumerate(content) if byte]
    places = *rng.choice(used, 150, replace=False).tolist(), *range(100)
    with Cases() as case:
        for place in places:
            damaged = bytearray(content)
            damaged[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(damaged)
            for read in (functools.partial(read_trials, path), run):
                with case(place, read), suppress(FormatError):
                    assert read() == expected
