"""A file of trials: an SQLite database to which one run writes at a time, and that others read meanwhile."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NoReturn

from .._checks import shown
from ..errors import ArgumentError, FormatError, StoreError
from ..readwrite.files import as_path

MARK = 0x53594E54
"""The application id of stores in SQLite's header: "SYNT"."""
VERSION = 1
"""Version of the format that this release writes, and the newest that it reads."""
MAKE = (
    f"PRAGMA application_id = {MARK}",
    f"PRAGMA user_version = {VERSION}",
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE trials (
        point TEXT NOT NULL, seed INTEGER NOT NULL, record TEXT NOT NULL, seconds REAL NOT NULL,
        finished TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ')),
        PRIMARY KEY (point, seed)
    ) WITHOUT ROWID""",
)
"""What makes an empty store of an empty database, beside the name of its trial."""
Task = tuple[str, int]
"""A point as JSON, and a seed."""
Done = tuple[str, float]
"""A record as JSON, and the seconds of its trial."""


class Store:
    """A store that this process writes.

    SQLite's write-ahead log makes every record durable against a crash of this process as soon as it is
    added. A second file, with the suffix ``-lock``, is locked as long as the store is open; the system
    releases the lock when the process ends, however it ends.
    """

    def __init__(self, path: Path, trial: str) -> None:
        self.path, self._lock = path, _lock(path)
        try:
            with _sentences(path):
                self._file = _connect(path)
                self._begin(trial)
        except BaseException:
            self._lock.close()
            raise

    def _begin(self, trial: str) -> None:
        """Make the tables in a new file; in an old one, check that it is of this trial."""
        try:
            new = not _value(self._file, "schema_version")
            if not new:
                _require_store(self._file, self.path)
                _require_trial(self._file, self.path, trial)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")  # a crash of the machine loses the last ones
            if new:
                self._file.execute("BEGIN IMMEDIATE")
                for statement in MAKE:
                    self._file.execute(statement)
                self._file.execute("INSERT INTO about VALUES ('trial', ?)", (trial,))
                self._file.execute("COMMIT")
        except BaseException:
            self._file.close()
            raise

    def done(self) -> dict[Task, Done]:
        """All records of the file."""
        with _sentences(self.path):
            return _rows(self._file, self.path)

    def add(self, task: Task, done: Done) -> None:
        """Write a record, in place of an older one of the same trial."""
        with _sentences(self.path):
            self._file.execute(
                "INSERT OR REPLACE INTO trials (point, seed, record, seconds) VALUES (?, ?, ?, ?)",
                (*task, *done),
            )

    def close(self) -> None:
        """Close the file and release the lock."""
        try:
            self._file.close()
        finally:
            self._lock.close()


def read_rows(path: Any) -> dict[Task, Done]:
    """All records of a store, which another process may be writing."""
    file = as_path(path)
    if not file.is_file():
        raise StoreError(f"There is no store of trials at {shown(str(file))}.")
    with _sentences(file):
        try:
            return _read(file, "mode=rw")  # which leaves no log behind
        except sqlite3.OperationalError:  # the folder is read-only: SQLite takes a file without a log
            logged = file.with_name(f"{file.name}-wal").exists()  # only if it is said not to change
            return _read(file, "mode=ro" if logged else "immutable=1")


def _read(path: Path, mode: str) -> dict[Task, Done]:
    with closing(_connect(path, mode)) as connection:
        connection.execute("PRAGMA query_only = ON")
        _require_store(connection, path)
        return _rows(connection, path)


def _connect(path: Path, mode: str = "mode=rwc") -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=10.0)
    connection.execute("PRAGMA trusted_schema = OFF")  # a file from elsewhere calls no function
    return connection


def _lock(path: Path) -> sqlite3.Connection:
    """Lock a store: an empty database beside it, in an exclusive transaction that never ends."""
    if path.is_dir() or not path.parent.is_dir():
        raise StoreError(f"The store must be a file in a folder that exists, got {shown(str(path))}.")
    with _sentences(path):
        lock = sqlite3.connect(f"{path}-lock", isolation_level=None, timeout=0.0, check_same_thread=False)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except BaseException:
            lock.close()
            raise
    return lock


def _value(file: sqlite3.Connection, pragma: str) -> Any:
    return file.execute(f"PRAGMA {pragma}").fetchone()[0]


def _require_store(file: sqlite3.Connection, path: Path) -> None:
    """Raise FormatError if a database is none of ours, newer, or damaged."""
    version = _value(file, "user_version")
    if _value(file, "application_id") != MARK:
        raise FormatError(f"{path} is an SQLite database, but not a store of trials. Choose another file.")
    if version > VERSION:
        raise FormatError(
            f"{path} is a store of version {version}; this release of Synapse reads up to {VERSION}. "
            "Update Synapse."
        )
    if _value(file, "quick_check(1)") != "ok":
        _damaged(path)


def _require_trial(file: sqlite3.Connection, path: Path, trial: str) -> None:
    found = file.execute("SELECT value FROM about WHERE name = 'trial'").fetchone()
    if found is None:
        _damaged(path)
    if found[0] != trial:
        raise ArgumentError(
            f"The store {path} has results of the trial {found[0]}, not of {trial}. "
            "Choose another file, or the trial and arguments of this one."
        )


def _rows(file: sqlite3.Connection, path: Path) -> dict[Task, Done]:
    found: dict[Task, Done] = {}
    query = "SELECT point, seed, record, seconds FROM trials ORDER BY point, seed"
    for point, seed, record, seconds in file.execute(query):
        try:
            sound = isinstance(json.loads(point), dict) and isinstance(json.loads(record), dict)
        except (TypeError, ValueError):
            sound = False
        if not sound or not isinstance(seed, int) or not isinstance(seconds, float):
            _damaged(path)
        found[point, seed] = record, seconds
    return found


def _damaged(path: Path, cause: Exception | None = None) -> NoReturn:
    raise FormatError(
        f"{path} is damaged, or not a store of trials. Nothing has been changed in it: "
        "move it away, or restore a copy of it."
    ) from cause


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Raise errors of SQLite as those of this library."""
    try:
        yield
    except sqlite3.Error as error:
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(
                f"Another run is writing {path}. Wait for its end, or choose another file."
            ) from error
        if kind in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
            _damaged(path, error)
        raise StoreError(
            f"The store {path} cannot be written or read ({error}). The disk may be full, or the folder "
            "read-only; the results stored before are in it, and the same call goes on from there."
        ) from error
