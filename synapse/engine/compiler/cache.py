"""The cache of compiled kernels on disk, in the directory that Numba chooses.

A file holds one kernel for one signature. Numba's own cache also has an index, which
another process may find written when the file that it names is still the previous one.
``docs/compiler.md`` describes the digest.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
import uuid
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache

from ..guard import Deferred
from .digest import digest_of

_SIZE = hashlib.sha256().digest_size
_told: set[str] = set()


def _tell(sentence: str) -> None:
    """Write a line to stderr, once per process."""
    if sentence not in _told:
        _told.add(sentence)
        sys.stderr.write(f"synapse: {sentence}\n")


class _Files:
    """The files of one kernel, one for each signature and machine. It takes the place
    of Numba's ``IndexDataCacheFile``.
    """

    def __init__(self, folder: str, dispatcher: Any) -> None:
        function = dispatcher.py_func
        module = function.__module__.rpartition(".")[2]
        name = function.__qualname__.replace("<locals>.", "")
        self._base = Path(folder) / f"{module}.{name}"
        self._kernel = dispatcher

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
        path = self._path(key)
        pickled = pickle.dumps(data)
        new = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}.tmp")
        try:
            new.write_bytes(self._digest(key, pickled) + pickled)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    def _path(self, key: Any) -> Path:
        name = hashlib.sha256(_place(key).encode()).hexdigest()[:16]
        return self._base.with_name(f"{self._base.name}.{name}.nbc")

    def _digest(self, key: Any, pickled: bytes) -> bytes:
        """The digest with which a file begins: if anything has changed that the kernel
        reaches, the file is written anew.
        """
        signature, _, _ = key
        whole = hashlib.sha256(_place(key).encode())
        whole.update(digest_of(self._kernel, signature))
        whole.update(hashlib.sha256(pickled).digest())
        return whole.digest()


def _place(key: Any) -> str:
    """The signature and machine of Numba's key, and Python; not the bytecode of the
    function, which `digest_of` reads without what changes nothing.
    """
    signature, machine, _ = key
    return repr((signature, machine, sys.implementation.cache_tag, sys.flags.optimize))


class _KernelCache(FunctionCache):
    """The cache of one kernel. If anything in it fails, the kernel is compiled."""

    def __init__(self, dispatcher: Any) -> None:
        super().__init__(dispatcher.py_func)
        self._cache_file = _Files(self._cache_path, dispatcher)

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
        dispatcher._cache = _KernelCache(dispatcher)
    except RuntimeError:
        _tell(
            "found no writable directory for compiled kernels, so every process"
            " compiles its own; set NUMBA_CACHE_DIR to one."
        )
