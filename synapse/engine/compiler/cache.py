"""The cache of compiled kernels on disk, in the directory that Numba chooses.

A file holds one kernel for one signature. Numba's own cache also has an index, which
another process may find written when the file that it names is still the previous one.
``docs/compiler.md`` describes the digest.
"""

from __future__ import annotations

import functools
import glob
import hashlib
import os
import pickle
import sys
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import numba
from numba.core.caching import FunctionCache

from ..guard import Deferred

# Numba's key of a kernel is made from the kernel alone, not from the parts that are
# inlined into it. So any change in the engine compiles all kernels again, and any
# change in the folder of a room's kernels those of that folder.
_ENGINE = Path(__file__).parents[1]
_SIZE = hashlib.sha256().digest_size
_told: set[str] = set()


class Sources(NamedTuple):
    """Files that the code of a kernel may come from."""

    folder: Path
    pattern: str


def digest_of(sources: Sources) -> bytes:
    """Digest of the names and contents of files."""
    folder, pattern = sources
    whole = hashlib.sha256()
    for file in sorted(folder.glob(pattern)):
        whole.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.digest()


def sources_of(function: Any) -> list[Sources]:
    """What the code of a kernel may come from: the engine, and for a kernel of a room
    the files beside its own.
    """
    sources = [Sources(_ENGINE, "**/*.py")]
    folder = Path(function.__code__.co_filename).parent
    if not folder.is_relative_to(_ENGINE):
        sources.append(Sources(folder, "*.py"))
    return sources


@functools.cache
def _digest_at_start(sources: Sources) -> bytes:
    """Digest of files whose code this process runs. Reading the engine takes 2 ms."""
    if not sources.folder.is_dir():
        raise RuntimeError(
            f"{sources.folder} is in an archive, so its files cannot be read one by"
            " one."
        )
    return digest_of(sources)


def _tell(sentence: str) -> None:
    """Write a line to stderr, once per process."""
    if sentence not in _told:
        _told.add(sentence)
        sys.stderr.write(f"synapse: {sentence}\n")


class _Files:
    """The files of one kernel, one for each key. It takes the place of Numba's
    ``IndexDataCacheFile``.
    """

    def __init__(self, base: str, sources: list[Sources]) -> None:
        self._base = base
        self._sources = sources
        self._known = [_digest_at_start(each) for each in sources]

    def load(self, key: Any) -> Any:
        """What was saved under a key, or None."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        digest = content[:_SIZE]
        pickled = content[_SIZE:]
        return pickle.loads(pickled) if digest == self._digest(key, pickled) else None

    def save(self, key: Any, data: Any) -> None:
        """Write a file, whole or not at all."""
        # edited since: this process may have read some files before
        if [digest_of(each) for each in self._sources] != self._known:
            return
        path = self._path(key)
        pickled = pickle.dumps(data)
        new = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}.tmp")
        try:
            new.write_bytes(self._digest(key, pickled) + pickled)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    def exists(self) -> bool:
        """Whether there is a file, for any key; it may be stale."""
        base = Path(self._base)
        return any(base.parent.glob(f"{glob.escape(base.name)}.*.nbc"))

    def _path(self, key: Any) -> Path:
        return Path(
            f"{self._base}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"
        )

    def _digest(self, key: Any, pickled: bytes) -> bytes:
        """The digest with which a file begins."""
        named = repr((self._known, numba.__version__, key)).encode()
        return hashlib.sha256(hashlib.sha256(named).digest() + pickled).digest()


class _KernelCache(FunctionCache):
    """The cache of one kernel. If anything in it fails, the kernel is compiled."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        base = os.path.join(self._cache_path, self._impl.filename_base)
        self._cache_file = _Files(base, sources_of(function))

    def load_overload(self, signature: Any, context: Any) -> Any:
        # LLVM links, and calls back into Python, which would print and ignore Ctrl-C
        with Deferred():
            try:
                return super().load_overload(signature, context)
            except Exception:  # a file of another machine can raise anything
                return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        try:
            with Deferred():
                super().save_overload(signature, compiled)
        except OSError as error:
            self.disable()
            _tell(
                f"cannot cache compiled kernels ({error}); every process compiles its"
                " own."
            )


def enable(dispatcher: Any) -> None:
    """Cache what `dispatcher` compiles in the first directory that Numba can write."""
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func)
    except RuntimeError:
        _tell(
            "found no writable directory for compiled kernels, so every process"
            " compiles its own; set NUMBA_CACHE_DIR to one."
        )


def has(dispatcher: Any) -> bool:
    """Whether a kernel has been cached, for any signature and perhaps by an older
    version.
    """
    return (
        isinstance(dispatcher._cache, _KernelCache)
        and dispatcher._cache._cache_file.exists()
    )
