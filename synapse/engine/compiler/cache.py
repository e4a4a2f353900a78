"""The cache of compiled kernels on disk, and its fallbacks.

Numba's cache files are pickles, and loading a pickle can run code. They are therefore written only to
directories that belong to the user alone. An incomplete file is discarded before it is loaded.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

# The name of a file keys Numba's cache, not the files it inlines: a kernel is recompiled
# when any file of the engine changes, because all of them share this stamp.
_ENGINE = Path(__file__).parents[1]
_DIGEST = hashlib.sha256().digest_size
_told: set[str] = set()


def _source_stamp() -> tuple[float, int]:
    """Time of the latest change, and total size, of the engine's files."""
    stats = [file.stat() for file in _ENGINE.rglob("*.py")]
    return max(s.st_mtime for s in stats), sum(s.st_size for s in stats)


def _tell(sentence: str) -> None:
    """Write a line to stderr, once per process."""
    if sentence not in _told:
        _told.add(sentence)
        sys.stderr.write(f"synapse: {sentence}\n")


class _CheckedFile(IndexDataCacheFile):
    """Numba's two files, each followed by its digest: a damaged one counts as missing."""

    def _load_index(self) -> Any:
        return super()._load_index() if _is_whole(self._index_path) else {}

    def _load_data(self, name: str) -> Any:
        if not _is_whole(self._data_path(name)):
            raise FileNotFoundError(name)  # Numba then compiles, and writes the file again
        return super()._load_data(name)

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[Any]:
        with super()._open_for_write(filepath) as file:
            content = io.BytesIO()
            yield content
            file.write(content.getvalue())
            file.write(hashlib.sha256(content.getvalue()).digest())


def _is_whole(path: str) -> bool:
    """Whether a file ends with the digest of its content; a pickle ignores bytes after its end."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return False
    return hashlib.sha256(content[:-_DIGEST]).digest() == content[-_DIGEST:]


class _KernelCache(FunctionCache):
    """The cache of one kernel. If anything in it fails, the kernel is compiled."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        self._cache_file = _CheckedFile(self._cache_path, self._impl.filename_base, _source_stamp())

    def load_overload(self, signature: Any, context: Any) -> Any:
        try:
            return super().load_overload(signature, context)
        except Exception:  # a file of another Numba or machine can raise anything
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        try:
            super().save_overload(signature, compiled)
        except OSError as error:
            self.disable()
            _tell(f"cannot cache compiled kernels ({error}); every process compiles its own.")


def enable(dispatcher: Any) -> None:
    """Cache what `dispatcher` compiles in Numba's directory, or in a temporary directory of the user."""
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func)
    except RuntimeError:  # no directory that Numba knows can be written
        _enable_in_private_directory(dispatcher)


def _enable_in_private_directory(dispatcher: Any) -> None:
    where = _private_directory()
    if where is None:
        _tell("found no writable directory for compiled kernels; every process compiles its own.")
        return
    asked = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = where
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func)
        _tell(f"compiled kernels are cached in {where}; set NUMBA_CACHE_DIR to choose another directory.")
    except RuntimeError:
        _tell("found no writable directory for compiled kernels; every process compiles its own.")
    finally:
        numba.config.CACHE_DIR = asked


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
