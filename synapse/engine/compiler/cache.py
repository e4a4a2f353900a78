"""Where compiled kernels are kept on disk, and what happens where they cannot be.

Numba's cache files are pickles, and a pickle that is loaded can run code. They are therefore written to
directories of the user alone. A file that was not written whole is thrown away before it is loaded.
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
    """The newest change and the total size of the engine's files."""
    stats = [file.stat() for file in _ENGINE.rglob("*.py")]
    return max(s.st_mtime for s in stats), sum(s.st_size for s in stats)


def _tell(sentence: str) -> None:
    """Write a line to stderr, once in a process."""
    if sentence not in _told:
        _told.add(sentence)
        sys.stderr.write(f"synapse: {sentence}\n")


class _CheckedFile(IndexDataCacheFile):
    """Numba's two files, each followed by its digest: a damaged one counts as missing."""

    def _load_index(self) -> Any:
        return super()._load_index() if _is_whole(self._index_path) else {}

    def _load_data(self, name: str) -> Any:
        if not _is_whole(self._data_path(name)):
            raise FileNotFoundError(name)  # Numba compiles then, and writes the file anew
        return super()._load_data(name)

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[Any]:
        with super()._open_for_write(filepath) as file:
            content = io.BytesIO()
            yield content
            file.write(content.getvalue())
            file.write(hashlib.sha256(content.getvalue()).digest())


def _is_whole(path: str) -> bool:
    """Whether a file ends with the digest of what comes before; pickles pass over what follows them."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return False
    return hashlib.sha256(content[:-_DIGEST]).digest() == content[-_DIGEST:]


class _KernelCache(FunctionCache):
    """The cache of one kernel. Whatever fails in it, the kernel is compiled."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        self._cache_file = _CheckedFile(self._cache_path, self._impl.filename_base, _source_stamp())

    def load_overload(self, signature: Any, context: Any) -> Any:
        try:
            return super().load_overload(signature, context)
        except Exception:  # of another Numba, another machine: what it raises depends on what it finds
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        try:
            super().save_overload(signature, compiled)
        except OSError as error:
            self.disable()
            _tell(f"compiled kernels cannot be kept ({error}); every process compiles its own.")


def enable(dispatcher: Any) -> None:
    """Keep what `dispatcher` compiles: where Numba does, or else in a temporary directory of the user."""
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func)
    except RuntimeError:  # no directory that Numba knows can be written
        _enable_in_private_directory(dispatcher)


def _enable_in_private_directory(dispatcher: Any) -> None:
    where = _private_directory()
    if where is None:
        _tell("no directory for compiled kernels can be written; every process compiles its own.")
        return
    asked = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = where
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func)
        _tell(f"compiled kernels are kept in {where}; set NUMBA_CACHE_DIR to keep them elsewhere.")
    except RuntimeError:
        _tell("no directory for compiled kernels can be written; every process compiles its own.")
    finally:
        numba.config.CACHE_DIR = asked


def _private_directory() -> str | None:
    """A directory among the temporary ones that this user alone can write to; None: there is none."""
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
    """Whether this is a directory, no link to one, that nobody but this user can write to or list."""
    found = os.lstat(path)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o077


def _keeps_names(parent: str, user: int) -> bool:
    """Whether no other user can put something else in the place of what this user has made there."""
    found = os.stat(parent)
    return found.st_uid in (0, user) and bool(not found.st_mode & 0o022 or found.st_mode & stat.S_ISVTX)
