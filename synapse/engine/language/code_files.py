"""Store machine code in files, one for each kernel and kinds of its arguments, and one
for each function of a user.

A file of a kernel is read on two levels. If all sources of kernels are unchanged, its
code is used directly. Otherwise, the kernel is translated, and its code is used if the
text for LLVM is the same. Therefore, changing a comment does not cause a compilation.
Users' functions, and functions that capture values, are always translated, because only
their text identifies them. Code for another level of processors, or from another LLVM,
has another name. The version of Python does not change the text, so all versions share
their files. A wheel brings the files of usual calls in ``engine/kernels``, which
``.ci/ship_kernels.py`` writes.
"""

from __future__ import annotations

import gc
import hashlib
import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..._stderr import Stderr
from .. import compiling
from ..locking import DeferredInterrupt
from . import machine
from .source import text_of

NOTICE_AFTER_SECONDS = 2.0
NOTICE = (
    "synapse: compiling its kernels for this machine, once; this takes some seconds"
    " ...\n"
)
SIZE = hashlib.sha256().digest_size
FUNCTION = "function."
"""How names of files begin that have functions of users, of one directory."""
MAX_FUNCTIONS = 200
"""Number of these files that are kept, the latest ones, of some 10 to 40 kB each."""
_ENGINE = Path(__file__).parents[1]
_lock = threading.RLock()
_told: set[str] = set()


def code_of(
    function: Any,
    kinds: str,
    translate: Callable[[], str],
    make: Callable[[str], bytes],
) -> bytes:
    """Return a kernel's object code, read from its file or compiled from its text."""
    is_own = _ENGINE.parent in _room_of(function).parents
    with _lock, DeferredInterrupt(), _uncollected():
        if not is_own or function.__closure__:
            return _code_of_text(function.__name__, translate(), make)
        room = _room_of(function)
        is_inside = room == _ENGINE or _ENGINE in room.parents
        rooms = (_ENGINE,) if is_inside else (_ENGINE, room)
        sources = hashlib.sha256(b"".join(map(_digest, rooms))).digest()
        paths = _paths(function, kinds)
        files = list(filter(None, map(_read, [*_shipped(paths[0].name), *paths])))
        code = next((file.code for file in files if file.sources == sources), b"")
        if code:
            return code
        text = translate()
        digest = hashlib.sha256(text.encode()).digest()
        code = next((file.code for file in files if file.text == digest), b"")
        code = code or _compiled(text, make)
        _keep(paths, CodeFile(sources, digest, code))
        return code


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector. A translator and a compiler create many objects, and
    traversing them takes a quarter of the translation time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _code_of_text(name: str, text: str, make: Callable[[str], bytes]) -> bytes:
    """Return the object code of a user's function, or of a function with captured
    values. It is found in the file named after its text, because only the text
    identifies such a function.
    """
    digest = hashlib.sha256(text.encode()).digest()
    key = "\0".join([machine.description(), digest.hex()]).encode()
    file_name = f"{FUNCTION}{name}.{hashlib.sha256(key).hexdigest()[:16]}.o"
    passed = os.environ.get("SYNAPSE_CACHE_DIR")
    try:
        path = (Path(passed) if passed else _user_cache()) / file_name
    except RuntimeError:  # no home
        return _compiled(text, make)
    file = _read(path)
    if file is not None and file.text == digest:
        return file.code
    code = _compiled(text, make)
    _keep([path], CodeFile(bytes(SIZE), digest, code))
    with suppress(OSError):  # another process may remove the same ones
        files = sorted(path.parent.glob(f"{FUNCTION}*.o"), key=os.path.getmtime)
        for old in files[:-MAX_FUNCTIONS]:
            old.unlink()
    return code


def _room_of(function: Any) -> Path:
    """Return the folder of the module that defines a function. This module may have
    generated the function's text.
    """
    module = sys.modules.get(function.__module__)
    return Path(getattr(module, "__file__", None) or "").parent


class CodeFile(NamedTuple):
    """The content of a file: the digests of the sources and of the text for LLVM, and
    the code.
    """

    sources: bytes
    text: bytes
    code: bytes


def _read(path: Path) -> CodeFile | None:
    """Return the content of a file, or None if it is missing or damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    rest = content[SIZE:]
    if hashlib.sha256(rest).digest() != content[:SIZE]:
        return None
    return CodeFile(rest[:SIZE], rest[SIZE : 2 * SIZE], rest[2 * SIZE :])


def _write(path: Path, file: CodeFile) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    rest = b"".join(file)
    try:
        new.write_bytes(hashlib.sha256(rest).digest() + rest)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _keep(paths: list[Path], file: CodeFile) -> None:
    """Write a file into the first writable directory."""
    reasons = []
    for path in paths:
        try:
            _write(path, file)
        except OSError as error:
            reasons.append(str(error))
        else:
            return
    _tell_once(
        "synapse: compiled kernels cannot be stored ({}), and every process compiles"
        " its own. To store them, set SYNAPSE_CACHE_DIR to a writable directory.\n",
        reasons[0],
    )


def _tell_once(sentence: str, reason: str = "") -> None:
    if sentence not in _told:
        _told.add(sentence)
        Stderr().write(sentence.format(reason))


def _paths(function: Any, kinds: str) -> list[Path]:
    """Return the possible paths of a kernel's file for this processor. They are in the
    directory named by an environment variable, or else in the package and in the user's
    cache.
    """
    name = f"{function.__module__}.{function.__qualname__}"
    key = "\0".join([machine.description(), name, kinds])
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    module = function.__module__.rpartition(".")[2]
    name = f"{module}.{function.__name__}.{digest}.o"
    passed = os.environ.get("SYNAPSE_CACHE_DIR")
    if passed:
        return [Path(passed) / name]
    paths = [_room_of(function) / "__pycache__" / name]
    with suppress(RuntimeError):  # no home
        place = hashlib.sha256(str(_ENGINE).encode()).hexdigest()[:16]
        paths.append(_user_cache() / f"{place}.{name}")
    return paths


def _shipped(name: str) -> list[Path]:
    """Return the path that a file has in the wheel, which is only read."""
    is_read = os.environ.get("SYNAPSE_SHIPPED_KERNELS", "1") not in ("", "0")
    return [_ENGINE / "kernels" / name] if is_read else []


def _user_cache() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local or Path.home() / "AppData/Local") / "synapse" / "kernels"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "synapse"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "synapse"


@cache
def _digest(room: Path) -> bytes:
    digest = hashlib.sha256()
    for path in sorted(room.rglob("*.py")):
        with suppress(OSError):
            digest.update(text_of(path))
    return digest.digest()


def _compiled(text: str, make: Callable[[str], bytes]) -> bytes:
    """Compile a kernel. If this takes more than two seconds, notify the watchers, or
    print a notice once.
    """
    machine.tell_of_hidden_features()
    notice = threading.Timer(NOTICE_AFTER_SECONDS, _tell_once, [NOTICE])
    notice.daemon = True
    if not compiling.watchers:
        notice.start()
    compiling.tell(True)
    try:
        return make(text)
    finally:
        compiling.tell(False)
        notice.cancel()
