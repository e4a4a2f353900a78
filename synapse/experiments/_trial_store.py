"""Store trials in a file, an SQLite database to which one run writes at a time, while
others can read it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from .._checks import pluralize, short_repr
from ..errors import ArgumentError, FormatError, TrialStoreError
from ..readwrite._files import as_path

MARK = 0x53594E54
"""The application id of stores in SQLite's header, which spells "SYNT"."""
VERSION = 1
"""Version of the format that this release writes, and the newest that it reads."""
MAKE = (
    f"PRAGMA application_id = {MARK}",
    f"PRAGMA user_version = {VERSION}",
    "CREATE TABLE about (trial TEXT NOT NULL, digest TEXT NOT NULL)",
    """CREATE TABLE trials (
        point TEXT NOT NULL, seed INTEGER NOT NULL, record TEXT NOT NULL,
        seconds REAL NOT NULL, digest TEXT NOT NULL,
        finished TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ')),
        UNIQUE (point, seed)
    )""",
)
"""The statements that turn an empty database into an empty store, except for the name
of its trial."""
IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR)
Task = tuple[str, int]
"""A point as JSON, and a seed."""
Done = tuple[str, float]
"""A record as JSON, and the seconds of its trial."""


class TrialStore:
    """A store to which this process writes. Meanwhile, a second database with the
    suffix ``-lock`` is locked.

    SQLite's write-ahead log makes every record durable against a crash of this process
    as soon as it is added.
    """

    def __init__(self, path: Path, trial: str) -> None:
        if path.is_dir() or not path.parent.is_dir():
            raise TrialStoreError(
                "The store must be a file in a folder that exists, got"
                f" {short_repr(str(path))}."
            )
        self.path = path
        self._lock_path = path.with_name(f"{path.name}-lock")
        with _sentences(path), ExitStack() as opened:
            lock = sqlite3.connect(
                self._lock_path,
                isolation_level=None,
                timeout=0.0,
                check_same_thread=False,
            )
            opened.callback(lock.close)
            lock.execute("BEGIN EXCLUSIVE")
            opened.callback(self._remove_lock)
            self._file = _connect(path)
            opened.callback(self._file.close)
            self._begin(trial)
            self._opened = opened.pop_all()

    def _remove_lock(self) -> None:
        """Remove the file that is locked, before the lock is released. (Windows does
        not remove an open file.)

        A run that has opened the file just before it is removed can lock it beside
        another one: both then do the same trials, one after the other in the store.
        """
        with suppress(OSError):
            self._lock_path.unlink()

    def _begin(self, trial: str) -> None:
        """Make the tables in a new file. In an existing file, check that it belongs to
        this trial.
        """
        new = not _value(self._file, "schema_version")
        owner = trial if new else _require_store(self._file, self.path)
        if owner != trial:
            raise ArgumentError(
                f"The store {self.path} has results of the trial {owner}, not of"
                f" {trial}. Choose another file, or the trial and arguments of this"
                " one."
            )

        # NORMAL: a crash of the machine, not of this process, loses the last ones.
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        if new:
            self._file.execute("BEGIN IMMEDIATE")
            for statement in MAKE:
                self._file.execute(statement)
            self._file.execute(
                "INSERT INTO about VALUES (?, ?)", (trial, _digest(trial))
            )
            self._file.execute("COMMIT")

    def done(self) -> dict[Task, Done]:
        """Return the records of the file, after removing damaged ones, which lets their
        trials run again.
        """
        with _sentences(self.path):
            intact, damaged = _records(self._file)
            self._file.executemany("DELETE FROM trials WHERE rowid = ?", damaged)
        return intact

    def add(self, task: Task, done: Done) -> None:
        """Write a record, replacing an older one of the same trial."""
        with _sentences(self.path):
            self._file.execute(
                "INSERT OR REPLACE INTO trials (point, seed, record, seconds, digest)"
                " VALUES (?, ?, ?, ?, ?)",
                (*task, *done, _digest(*task, *done)),
            )

    def close(self) -> None:
        """Close the file and release the lock."""
        self._opened.close()


def read_rows(path: Any) -> dict[Task, Done]:
    """Return all records of a store, which another process may be writing."""
    file = as_path(path, "store")
    if not file.is_file():
        raise TrialStoreError(
            f"There is no store of trials at {short_repr(str(file))}."
        )
    with _sentences(file):
        try:
            return _read(file, "mode=rw")  # which leaves no log behind
        except sqlite3.OperationalError:
            # The folder is read-only. SQLite takes a file without a log only if it is
            # told that the file does not change.
            logged = file.with_name(f"{file.name}-wal").exists()
            return _read(file, "mode=ro" if logged else "immutable=1")


def _read(path: Path, mode: str) -> dict[Task, Done]:
    with closing(_connect(path, mode)) as connection:
        connection.execute("PRAGMA query_only = ON")
        _require_store(connection, path)
        intact, damaged = _records(connection)
    if damaged:
        raise FormatError(
            f"{path} is damaged. {pluralize(len(damaged), 'trial')} cannot be read,"
            f" but {len(intact)} can. The same run with this store repeats these"
            " trials."
        )
    return intact


def _connect(path: Path, mode: str = "mode=rwc") -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=10.0)

    # A file from elsewhere calls no function, and a damaged text may not be UTF-8.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.text_factory = lambda text: text.decode(errors="replace")
    return connection


def _value(file: sqlite3.Connection, pragma: str) -> Any:
    return file.execute(f"PRAGMA {pragma}").fetchone()[0]


def _require_store(file: sqlite3.Connection, path: Path) -> str:
    """Return the name of a store's trial, or raise FormatError if the database is not a
    store, is newer, or is damaged.
    """
    version = _value(file, "user_version")
    if _value(file, "application_id") != MARK:
        raise FormatError(
            f"{path} is an SQLite database, but not a store of trials. Choose another"
            " file."
        )
    if version > VERSION:
        raise FormatError(
            f"{path} is a store of version {version}, but this release of Synapse"
            f" reads up to {VERSION}. Update Synapse."
        )
    rows = file.execute("SELECT trial, digest FROM about").fetchall()
    if len(rows) != 1:
        _damaged(path)
    trial: str = rows[0][0]
    if rows[0][1] != _digest(trial) or _value(file, "integrity_check") != "ok":
        _damaged(path)
    return trial


def _digest(*values: Any) -> str:
    """Return the digest of a record with its point, seed and seconds, or of the name of
    a trial.
    """
    return hashlib.sha256(repr(values).encode()).hexdigest()[:32]


def _records(file: sqlite3.Connection) -> tuple[dict[Task, Done], list[tuple[int]]]:
    """Return the intact records, in order of point and seed, and the rows of damaged
    ones.
    """
    intact: dict[Task, Done] = {}
    damaged = []
    query = (
        "SELECT rowid, point, seed, record, seconds, digest FROM trials ORDER BY point,"
        " seed"
    )
    for row, point, seed, record, seconds, digest in file.execute(query):
        if digest == _digest(point, seed, record, seconds):
            intact[point, seed] = record, seconds
        else:
            damaged.append((row,))
    return intact, damaged


def _damaged(path: Path, cause: Exception | None = None) -> NoReturn:
    raise FormatError(
        f"{path} is damaged, or not a store of trials. It has not been changed. Move"
        " it away, or restore a copy of it."
    ) from cause


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Convert errors of SQLite to errors of this library."""
    try:
        yield
    except UnicodeDecodeError as error:  # SQLite's message has a damaged name
        _damaged(path, error)
    except sqlite3.Error as error:
        # The low byte of an extended code is the primary one.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in IN_USE:
            raise TrialStoreError(
                f"Another run is writing {path}. Wait for its end, or choose another"
                " file."
            ) from error
        if code in DAMAGED:
            _damaged(path, error)
        raise TrialStoreError(
            f"The store {path} cannot be written or read ({error}). The disk may be"
            " full, or the folder read-only. The same call continues from the results"
            " stored so far."
        ) from error
