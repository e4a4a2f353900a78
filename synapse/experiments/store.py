"""A file of trials: an SQLite database to which one run writes at a time, and that others read meanwhile."""

from __future__ import annotations

import functools
import hashlib
import operator
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from .._checks import counted, shown
from ..errors import ArgumentError, FormatError, TrialStoreError
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
        digest TEXT NOT NULL,
        finished TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ')),
        PRIMARY KEY (point, seed)
    ) WITHOUT ROWID""",
)
"""What makes an empty store of an empty database, beside the name of its trial and the total."""
ATTEMPTS = 20
"""After so many, a file system that does not tell whether a file is the same one is trusted."""
Task = tuple[str, int]
"""A point as JSON, and a seed."""
Done = tuple[str, float]
"""A record as JSON, and the seconds of its trial."""


class TrialStore:
    """A store that this process writes.

    SQLite's write-ahead log makes every record durable against a crash of this process as soon as it is
    added. A second file, with the suffix ``-lock``, exists and is locked as long as the store is open; the
    system releases the lock when the process ends, however it ends.
    """

    def __init__(self, path: Path, trial: str) -> None:
        self.path, self._lock = path, _lock(path)
        try:
            with _sentences(path):
                self._file = _connect(path)
                self._begin(trial)
        except BaseException:
            self._release()
            raise

    def _release(self) -> None:
        """Remove the file that is locked, then release the lock. (Windows does not remove an open file.)"""
        with suppress(OSError):
            _lock_of(self.path).unlink()
        self._lock.close()

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
                about = [("trial", trial), ("digest", _digest(trial)), ("total", _NOTHING)]
                self._file.executemany("INSERT INTO about VALUES (?, ?)", about)
                self._file.execute("COMMIT")
        except BaseException:
            self._file.close()
            raise

    def done(self) -> dict[Task, Done]:
        """All records of the file."""
        with _sentences(self.path):
            return _Content(self._file).required(self.path)

    def add(self, task: Task, done: Done) -> None:
        """Write a record, in place of an older one of the same trial."""
        digest = _digest(*task, *done)
        with _sentences(self.path):
            self._file.execute("BEGIN IMMEDIATE")
            try:
                query = "SELECT digest FROM trials WHERE point = ? AND seed = ?"
                before = self._file.execute(query, task).fetchone() or (_NOTHING,)
                (total,) = self._file.execute("SELECT value FROM about WHERE name = 'total'").fetchone()
                self._file.execute(
                    "INSERT OR REPLACE INTO trials (point, seed, record, seconds, digest) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (*task, *done, digest),
                )
                total = _total(total, *before, digest)
                self._file.execute("UPDATE about SET value = ? WHERE name = 'total'", (total,))
                self._file.execute("COMMIT")
            except BaseException:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file and release the lock."""
        try:
            self._file.close()
        finally:
            self._release()


def rescue_rows(store: Any, path: Any, trial: str | None) -> None:
    """Write the intact records of a damaged store to a new one; an existing file raises TrialStoreError.

    `trial` is used if the name in the store is damaged.
    """
    new = as_path(path)
    if new.exists():
        raise TrialStoreError(f"{shown(str(new))} exists already. Choose another file for the intact trials.")
    file = _existing(store)
    with _sentences(file), closing(_connect(file, "mode=rw")) as connection:
        connection.execute("PRAGMA query_only = ON")
        content = _Content(connection)
    name = content.trial or trial
    if name is None:
        raise FormatError(f"The name of the trial in {file} is damaged. Give the function: trial=.")
    if not content.intact:
        _damaged(file)
    with closing(TrialStore(new, name)) as made:
        for task, done in content.intact.items():
            made.add(task, done)


def read_rows(path: Any) -> dict[Task, Done]:
    """All records of a store, which another process may be writing."""
    file = _existing(path)
    with _sentences(file):
        try:
            return _read(file, "mode=rw")  # which leaves no log behind
        except sqlite3.OperationalError:  # the folder is read-only: SQLite takes a file without a log
            logged = file.with_name(f"{file.name}-wal").exists()  # only if it is said not to change
            return _read(file, "mode=ro" if logged else "immutable=1")


def _existing(path: Any) -> Path:
    """The path of a store; TrialStoreError if there is no such file."""
    file = as_path(path)
    if not file.is_file():
        raise TrialStoreError(f"There is no store of trials at {shown(str(file))}.")
    return file


def _read(path: Path, mode: str) -> dict[Task, Done]:
    with closing(_connect(path, mode)) as connection:
        connection.execute("PRAGMA query_only = ON")
        _require_store(connection, path)
        return _Content(connection).required(path)


def _connect(path: Path, mode: str = "mode=rwc") -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=10.0)
    connection.execute("PRAGMA trusted_schema = OFF")  # a file from elsewhere calls no function
    return connection


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-lock")


def _lock(path: Path) -> sqlite3.Connection:
    """Lock a store: an empty database beside it, in an exclusive transaction that never ends.

    Whoever closes a store removes this file, so a lock counts only if the file has been there from before it
    was opened: otherwise this process may have locked a file that has been removed since, and another
    process a new one.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise TrialStoreError(f"The store must be a file in a folder that exists, got {shown(str(path))}.")
    with _sentences(path):
        attempts = 0
        while True:
            attempts += 1
            before = _inode(_lock_of(path))
            lock = sqlite3.connect(_lock_of(path), isolation_level=None, timeout=0.0, check_same_thread=False)
            try:
                lock.execute("BEGIN EXCLUSIVE")
                known = before is not None and before == _inode(_lock_of(path))
                if known or attempts == ATTEMPTS:
                    return lock
            except sqlite3.OperationalError:
                lock.close()
                if before == _inode(_lock_of(path)) or attempts == ATTEMPTS:
                    raise
            except BaseException:
                lock.close()
                raise
            lock.close()


def _inode(path: Path) -> tuple[int, int] | None:
    """What identifies a file; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


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


def _require_trial(file: sqlite3.Connection, path: Path, trial: str) -> None:
    found = file.execute("SELECT value FROM about WHERE name = 'trial'").fetchone()
    if found is None:
        _damaged(path)
    if found[0] != trial:
        raise ArgumentError(
            f"The store {path} has results of the trial {found[0]}, not of {trial}. "
            "Choose another file, or the trial and arguments of this one."
        )


_NOTHING = "0" * 32


def _digest(*values: Any) -> str:
    """The digest of a record with its point, seed and seconds, or of the name of a trial."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[: len(_NOTHING)]


def _total(*digests: str) -> str:
    """Digests in any order as one, which changes if one of them does or is missing."""
    return f"{functools.reduce(operator.xor, (int(one, 16) for one in digests)):0{len(_NOTHING)}x}"


class _Content:
    """What can be read of a store: the intact records, and how many others there are."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self.trial: str | None = None
        self.intact: dict[Task, Done] = {}
        self.spoilt, self.whole = 0, False
        file.text_factory = bytes  # a damaged text may not be UTF-8
        file.execute("BEGIN")  # so that all is of one moment
        try:
            about = dict(file.execute("SELECT name, value FROM about"))
            trial = _decoded(about.get(b"trial"))
            self.trial = trial if _decoded(about.get(b"digest")) == _digest(trial) else None
            for row in file.execute("SELECT point, seed, record, seconds, digest FROM trials"):
                self._take(row)
            found = (_digest(*task, *done) for task, done in self.intact.items())
            self.whole = _decoded(about.get(b"total")) == _total(_NOTHING, *found)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
        finally:
            with suppress(sqlite3.DatabaseError):
                file.execute("ROLLBACK")
            file.text_factory = str

    def _take(self, row: Iterable[Any]) -> None:
        values: list[Any] = [_decoded(one) if isinstance(one, bytes) else one for one in row]
        point, seed, record, seconds, digest = values
        if digest == _digest(point, seed, record, seconds):
            self.intact[point, seed] = record, seconds
        else:
            self.spoilt += 1

    def required(self, path: Path) -> dict[Task, Done]:
        """The records, in order; FormatError unless all are intact."""
        if not self.whole or self.trial is None:
            _damaged(path, intact=len(self.intact), spoilt=self.spoilt)
        return dict(sorted(self.intact.items()))


def _decoded(text: bytes | None) -> str | None:
    """A text of the file; None if it is not UTF-8."""
    try:
        return None if text is None else text.decode()
    except UnicodeDecodeError:
        return None


def _damaged(path: Path, cause: Exception | None = None, intact: int = 0, spoilt: int = 0) -> NoReturn:
    if not intact:
        raise FormatError(
            f"{path} is damaged, or not a store of trials. Nothing has been changed in it: "
            "move it away, or restore a copy of it."
        ) from cause
    what = f"{counted(spoilt, 'trial')} cannot be read" if spoilt else "some trials cannot be read"
    raise FormatError(
        f"{path} is damaged: {what}, {intact} {'is' if intact == 1 else 'are'} intact. Nothing has been "
        f"changed in it. Save the intact part with synapse.experiments.rescue({str(path)!r}, 'new.db'); "
        "the same run goes on with that store."
    ) from cause


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Raise errors of SQLite as those of this library."""
    try:
        yield
    except UnicodeDecodeError as error:  # SQLite's message has a damaged name
        _damaged(path, error)
    except sqlite3.Error as error:
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise TrialStoreError(
                f"Another run is writing {path}. Wait for its end, or choose another file."
            ) from error
        if kind in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
            _damaged(path, error)
        raise TrialStoreError(
            f"The store {path} cannot be written or read ({error}). The disk may be full, or the folder "
            "read-only; the results stored before are in it, and the same call goes on from there."
        ) from error
