"""The cache of compiled kernels on disk, in the directory that Numba chooses.

A file holds one kernel for one signature. Numba's own cache also has an index, which
another process may find written when the file that it names is still the previous one.
``docs/compiler.md`` describes the digest.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache

from ..._stderr import Stderr
from ..code_files import read_code, write_code
from ..locking import DeferredInterrupt
from .digest import digest_of

_told: set[str] = set()


def _tell(sentence: str) -> None:
    """Write a line to stderr, once per process."""
    if sentence not in _told:
        _told.add(sentence)
        Stderr().write(f"synapse: {sentence}\n")


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
        """Return the object saved under a key, or None."""
        pickled = read_code(self._path(key), self._made_from(key))
        return None if pickled is None else pickle.loads(pickled)

    def save(self, key: Any, data: Any) -> None:
        """Write a file, whole or not at all."""
        write_code(self._path(key), self._made_from(key), pickle.dumps(data))

    def _path(self, key: Any) -> Path:
        name = hashlib.sha256(_place(key).encode()).hexdigest()[:16]
        return self._base.with_name(f"{self._base.name}.{name}.nbc")

    def _made_from(self, key: Any) -> bytes:
        """Return all that the kernel reaches: if any of it changes, the file is written
        anew.
        """
        signature, _, _ = key
        return _place(key).encode() + digest_of(self._kernel, signature)


def _place(key: Any) -> str:
    """Return the signature and machine of Numba's key, and Python. The bytecode of the
    function is left out: `digest_of` reads it without what changes nothing.
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
        with DeferredInterrupt():
            try:
                return super().load_overload(signature, context)
            except Exception:  # a file of another machine can raise anything
                return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        try:
            with DeferredInterrupt():
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
