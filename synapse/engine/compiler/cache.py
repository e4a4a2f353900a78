"""The cache of compiled kernels on disk, and its fallbacks.

A file holds one kernel for one signature, and begins with a digest of all that it depends on: the source of
the engine, the version of Numba, the kernel's key and the content itself. A file with another digest is
stale, damaged or incomplete, and counts as missing. Numba's own cache also has an index, which another
process may find written when the file that it names is still the previous one.

Processes that start together compile each kernel once: the first one locks it, and the others wait and load.

The files contain pickles, and loading a pickle can run code. They are therefore written only to directories
that belong to the user alone.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import stat
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

import numba
from numba.core.caching import FunctionCache

from .. import guard

fcntl: Any
try:
    import fcntl
except ImportError:  # on Windows, processes that start together compile the same kernels
    fcntl = None

# Numba's key of a kernel is made from the kernel alone, not from the parts that are inlined into it. So any
# change in the engine compiles all kernels again.
_ENGINE = Path(__file__).parents[1]
_SIZE = hashlib.sha256().digest_size
LONGEST, PAUSE = 120.0, 0.02
"""Seconds to wait for another process to compile a kernel (it may have been stopped), and between looks."""
_told: set[str] = set()


def digest_of(folder: Path) -> bytes:
    """Digest of the names and contents of all Python files below a folder."""
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        whole.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.digest()


@functools.cache
def _engine() -> bytes:
    """Digest of the engine that this process runs. Reading the files takes 2 ms."""
    if not _ENGINE.is_dir():
        raise RuntimeError("The engine is in an archive, so its files cannot be read one by one.")
    return digest_of(_ENGINE)


def _tell(sentence: str) -> None:
    """Write a line to stderr, once per process."""
    if sentence not in _told:
        _told.add(sentence)
        sys.stderr.write(f"synapse: {sentence}\n")


class _Files:
    """The files of one kernel, one for each key. It takes the place of Numba's ``IndexDataCacheFile``."""

    def __init__(self, base: str) -> None:
        self._base = base

    def load(self, key: Any) -> Any:
        """What was saved under a key, or None."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        found, pickled = content[:_SIZE], content[_SIZE:]
        return pickle.loads(pickled) if found == _digest(key, pickled) else None

    def save(self, key: Any, data: Any) -> None:
        """Write a file, whole or not at all."""
        if digest_of(_ENGINE) != _engine():  # edited since: this process may have read some files before
            return
        path, pickled = self._path(key), pickle.dumps(data)
        new = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}.tmp")
        try:
            new.write_bytes(_digest(key, pickled) + pickled)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    def _path(self, key: Any) -> Path:
        return Path(f"{self._base}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc")


def _digest(key: Any, pickled: bytes) -> bytes:
    """The digest with which a file begins."""
    known = repr((_engine(), numba.__version__, key)).encode()
    return hashlib.sha256(hashlib.sha256(known).digest() + pickled).digest()


class _Lock:
    """A file that one process at a time can lock.

    The lock belongs to the process: it ends with it, and forked children do not inherit it. Nothing breaks
    without it, so a directory in which files cannot be locked is used without.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Wait until no other process has the lock."""
        if fcntl is None or self._file is not None:
            return
        end = time.monotonic() + LONGEST
        with suppress(OSError), ExitStack() as opened:
            file = opened.enter_context(open(self._path, "w"))
            while not self._is_mine(file) and time.monotonic() < end:
                time.sleep(PAUSE)
                guard.raise_interrupt()
            opened.pop_all()
            self._file = file

    def release(self) -> None:
        """Let another process have it. Those that wait have opened the file, so its name is not needed."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                os.unlink(self._path)
            file.close()

    @staticmethod
    def _is_mine(file: IO[str]) -> bool:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # which of them depends on the system
            return False
        return True


class _KernelCache(FunctionCache):
    """The cache of one kernel. If anything in it fails, the kernel is compiled."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        _engine()
        base = os.path.join(self._cache_path, self._impl.filename_base)
        self._cache_file = _Files(base)
        self.lock = _Lock(f"{base}.lock")

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The kernel, if a process has compiled it. Otherwise, this process has the lock and must do it."""
        found = self._loaded(signature, context)
        if found is None:
            self.lock.acquire()
            found = self._loaded(signature, context)  # another process may have compiled it meanwhile
        return found

    def _loaded(self, signature: Any, context: Any) -> Any:
        try:
            return super().load_overload(signature, context)
        except Exception:  # a file of another machine can raise anything
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        try:
            super().save_overload(signature, compiled)
        except OSError as error:
            self.disable()
            _tell(f"cannot cache compiled kernels ({error}); every process compiles its own.")


def enable(dispatcher: Any) -> None:
    """Cache what `dispatcher` compiles in Numba's directory, or in a temporary directory of the user."""
    cache = _made(dispatcher.py_func) or _made_in_private_directory(dispatcher.py_func)
    if cache is None:
        _tell("found no writable directory for compiled kernels; every process compiles its own.")
        return
    dispatcher._cache = cache
    dispatcher.compile = _releasing(cache.lock, dispatcher.compile)


def _releasing(lock: _Lock, compile_for: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Numba's function that loads or compiles and saves; then, or if it fails, the lock is released."""

    def compile_alone(signature: Any) -> Any:
        try:
            return compile_for(signature)
        finally:
            lock.release()

    return compile_alone


def _made(function: Any) -> _KernelCache | None:
    """A cache in the first directory that Numba can write, or None."""
    try:
        return _KernelCache(function)
    except RuntimeError:
        return None


def _made_in_private_directory(function: Any) -> _KernelCache | None:
    where = _private_directory()
    if where is None:
        return None
    asked = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = where
    try:
        cache = _made(function)
    finally:
        numba.config.CACHE_DIR = asked
    if cache is not None:
        _tell(f"compiled kernels are cached in {where}; set NUMBA_CACHE_DIR to choose another directory.")
    return cache


def _private_directory() -> str | None:
    """A temporary directory that only this user can write to; None if there is none."""
    with suppress(OSError):
        parent = tempfile.gettempdir()
        user = os.getuid() if hasattr(os, "getuid") else None
        path = os.path.join(parent, "synapse-cache" if user is None else f"synapse-cache-{user}")
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
        if user is None or (_is_private(path, user) and _keeps_names(parent, user)):
            return path
    return None


def _is_private(path: str, user: int) -> bool:
    """Whether this is a directory (not a link) that only this user can write to and list."""
    found = os.lstat(path)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o077


def _keeps_names(parent: str, user: int) -> bool:
    """Whether no other user can replace files that this user has made in this directory."""
    found = os.stat(parent)
    return found.st_uid in (0, user) and bool(not found.st_mode & 0o022 or found.st_mode & stat.S_ISVTX)
