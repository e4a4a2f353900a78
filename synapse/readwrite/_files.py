"""Files that are written completely or not at all, and checked JSON documents."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from errno import ENOENT
from pathlib import Path
from typing import IO, Any

import numpy as np

from .._checks import file_path, require, require_type, short_repr
from .._typing import PathLike
from ..errors import ArgumentError, FormatError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

HIDDEN = re.compile(r"\.synapse-[0-9a-f]{32}\.tmp")
"""Names of files that are being written."""
_OPEN_FILES = "/proc/self/fd"
"""Folder of Linux with the files that this process has opened."""
File = PathLike | IO[str] | IO[bytes]
"""A path, or an open file as `open` returns it."""


def as_path(path: Any, title: str = "path") -> Path:
    """Return `path` as a Path, or raise ArgumentTypeError or ArgumentError."""
    return file_path(title, path, "a string or a path, or an open file")


def write_document(path: File, document: Mapping[str, Any]) -> None:
    """Write a JSON document as UTF-8, with one column or record per line. See
    :func:`write`.
    """
    write(path, to_text(document))


def write(path: File, content: str | bytes) -> None:
    """Write a file: text as UTF-8, or bytes.

    With a path, the content is written to an unnamed file in the same folder and
    flushed to the disk, before it replaces the old file in one step. Therefore, any
    failure or interrupt leaves either the complete old file or the complete new one,
    even if the process is killed while it writes. Unnamed files need Linux, and a
    suitable file system. Elsewhere, the content is written to a hidden file, which a
    killed process leaves behind until the next file is written to the same folder. With
    an open file, the content is written at its position. Raises ArgumentTypeError or
    ArgumentError if `path` is not a path, names something other than a file (such as a
    folder), or is a file open for text when bytes are written, or in an encoding other
    than UTF-8.
    """
    if hasattr(path, "write"):
        _write_into(path, content)
        return
    with replacing(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: File) -> Iterator[IO[bytes]]:
    """Open a stream for bytes, whose content replaces the file at the end of the block,
    see :func:`write`.

    If the block raises, the file does not change.
    """
    if hasattr(path, "write"):
        content = io.BytesIO()
        yield content
        _write_into(path, content.getvalue())
        return
    file = Path(os.path.realpath(as_path(path)))  # a symbolic link stays one
    require(not file.exists() or file.is_file(), "path", "that of a file", str(path))
    if not file.parent.is_dir():  # else the error would name the hidden file
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), str(file.parent))
    _remove_stale(file.parent)
    with ExitStack() as last:
        stream, hidden = _new_file(file.parent, last)
        try:
            with stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                # A process that ended before here would leave no name.
                if hidden is None:
                    hidden = _name_of(stream, file)
            if hidden is not None:
                if file.exists():
                    shutil.copymode(file, hidden)
                os.replace(hidden, file)
        except BaseException:
            if hidden is not None:
                hidden.unlink(missing_ok=True)
            raise
    _sync_folder(file.parent)


def _new_file(folder: Path, last: ExitStack) -> tuple[IO[bytes], Path | None]:
    """Make a file, locked until `last` ends: without a name where the system can, or a
    hidden one.
    """
    # Another system, or a file system without such files.
    with suppress(OSError, AttributeError):
        os.stat(_OPEN_FILES)  # which gives such a file its name
        handle = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)
        stream = os.fdopen(handle, "wb")
        _keep_locked(stream, last)
        return stream, None
    while True:
        hidden = _hidden_name(folder)
        stream = open(hidden, "xb")  # noqa: SIM115  # `replacing` closes it
        _keep_locked(stream, last)
        # Otherwise another process has removed it in the moment before the lock.
        if hidden.exists():
            return stream, hidden
        stream.close()


def _hidden_name(folder: Path) -> Path:
    return folder / f".synapse-{os.urandom(16).hex()}.tmp"


def _keep_locked(stream: IO[bytes], last: ExitStack) -> None:
    """Lock a file beyond its stream, until it has its name."""
    if fcntl is not None:
        lock = os.dup(stream.fileno())
        last.callback(os.close, lock)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX)


def _name_of(stream: IO[bytes], file: Path) -> Path | None:
    """Give a complete file its name. If such a file already exists, give it a hidden
    name instead, and return this name.

    A link never replaces a file. `os.replace` does it in one step, but only for files
    that have a name. A process that is killed between these two calls therefore leaves
    a hidden file, which is complete.
    """
    if not file.exists():
        with suppress(FileExistsError):  # another process has made it in this moment
            _link(stream, file)
            return None
    hidden = _hidden_name(file.parent)
    _link(stream, hidden)
    return hidden


def _link(stream: IO[bytes], name: Path) -> None:
    handle = stream.fileno()
    # Only with a folder's handle, which an absolute path ignores, does Python follow
    # the link in /proc.
    os.link(f"{_OPEN_FILES}/{handle}", name, src_dir_fd=handle, follow_symlinks=True)


def _remove_stale(folder: Path) -> None:
    """Remove the hidden files of killed processes, which are not locked by any process.

    Without locks, as on Windows, no file is removed.
    """
    if fcntl is None:
        return
    with suppress(OSError):
        for name in filter(HIDDEN.fullmatch, os.listdir(folder)):
            with suppress(OSError):  # it is locked, gone, or of another user
                handle = os.open(
                    folder / name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
                )
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(folder / name)
                finally:
                    os.close(handle)


def _write_into(stream: Any, content: str | bytes) -> None:
    if not hasattr(stream, "encoding"):
        stream.write(content.encode() if isinstance(content, str) else content)
        return
    require_type(
        not isinstance(content, bytes),
        "The file",
        "open for bytes, in mode 'wb'",
        stream,
    )
    encoding = stream.encoding or "utf-8"  # a StringIO has none
    require(
        codecs.lookup(encoding).name == "utf-8",
        "The file",
        "open with encoding='utf-8'",
        encoding,
    )
    stream.write(content)


def _sync_folder(folder: Path) -> None:
    """Flush the new name of a file to the disk, if the system supports it."""
    with suppress(OSError, AttributeError):  # the file itself is safe already
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def to_text(document: Mapping[str, Any]) -> str:
    """Return a document as JSON, with each column of a table and each record of a list
    on its own line.

    >>> print(to_text({"clock": 3, "layers": {"name": ["a", "b"], "size": [2, 1]}}))
    {
    "clock": 3,
    "layers": {
      "name": ["a", "b"],
      "size": [2, 1]
    }
    }
    <BLANKLINE>
    """
    members = (f"{_compact(key)}: {_lines(value)}" for key, value in document.items())
    return "{\n" + ",\n".join(members) + "\n}\n"


def _lines(value: Any) -> str:
    """Return a table or a list of records with an item per line; any other value on one
    line.
    """
    if isinstance(value, dict):
        items = [f"{_compact(name)}: {_line(column)}" for name, column in value.items()]
        (begin, end) = "{}"
    elif isinstance(value, list):
        items = [_line(record) for record in value]
        (begin, end) = "[]"
    else:
        return _compact(value)
    return f"{begin}\n  " + ",\n  ".join(items) + f"\n{end}"


def _line(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.dtype != bool:
        # Finite numbers look the same in Python and in JSON.
        return repr(value.tolist())
    return _compact(value.tolist() if isinstance(value, np.ndarray) else value)


_compact = json.JSONEncoder(allow_nan=False).encode  # JSON has no NaN


def read(path: File) -> bytes:
    """Return the content of a file, decoded as UTF-8 if the file is open for text."""
    content = path.read() if hasattr(path, "read") else as_path(path).read_bytes()
    return (
        content.encode("utf-8", "surrogatepass")
        if isinstance(content, str)
        else bytes(content)
    )


@contextmanager
def opened(path: File) -> Iterator[IO[bytes]]:
    """Open the bytes of a file as a stream with random access."""
    with (
        io.BytesIO(read(path))
        if hasattr(path, "read")
        else open(as_path(path), "rb") as stream
    ):
        yield stream


def is_archive(stream: IO[bytes]) -> bool:
    """Return whether a stream begins as a zip archive does; it does not move."""
    begin = stream.read(4)
    stream.seek(0)
    return begin == b"PK\x03\x04"


def read_text(path: File) -> str:
    """Return the text of a file, or a FormatError if it is not UTF-8."""
    try:
        return read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"The file is not text in UTF-8: byte {error.start} cannot be read."
            " Another format needs its suffix or its name: format=."
        ) from None


def read_document(path: File) -> Any:
    """Read JSON from a file, or raise FormatError if it is not JSON in UTF-8, or
    contains NaN, infinity or a repeated key.
    """
    return from_text(read_text(path))


def from_text(text: str) -> Any:
    """Parse the result of :func:`to_text`, or raise a FormatError as
    :func:`read_document` does.
    """
    try:
        return _parse(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise FormatError(
            f"The file is not JSON, or only a part of it: {error.msg} at {where}."
            " Another format needs its suffix or its name: format=."
        ) from None
    except RecursionError:
        raise FormatError("The file is nested too deeply to be a network.") from None
    except FormatError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise FormatError(
            f"The file has a number that cannot be read: {error}."
        ) from None


def _refuse(constant: str) -> None:
    raise FormatError(f"Numbers must be finite, got {constant}.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        (twice, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise FormatError(f"An object has the key {short_repr(twice)} twice.")
    return members


_parse = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_object).decode


# Files that no reader here is for: the kind, how its content begins, its suffixes, and
# the way to a network
LFS = r"version https://git-lfs"
FOREIGN = {
    "a pointer of Git LFS": (
        LFS,
        (),
        "Fetch the file that it stands for: git lfs pull.",
    ),
    "an archive of arrays by safetensors": (
        r".{8}\{\"",
        (".safetensors",),
        "Read it with safetensors.numpy.load_file, and assign the arrays to the"
        " weights of projections.",
    ),
    "a file of MATLAB": (
        r"MATLAB 5\.0 MAT-file",
        (".mat",),
        "Read a matrix of weights with scipy.io.loadmat, and pass"
        " networkx.from_numpy_array(matrix, create_using=networkx.DiGraph) to"
        " synapse.from_networkx.",
    ),
    "a graph of TensorFlow": (
        r"(?!)",
        (".pb",),
        "Load it with TensorFlow, and assign the weights to projections.",
    ),
    "a table, not a network": (
        r"(\s*[%#][^\n]*\n)*\s*@(relation|horizon|frequency|problemname)",
        (".arff", ".tsf", ".ts", ".csv", ".parquet", ".xlsx"),
        "Read it with pandas, scipy.io.arff.loadarff or sktime.datasets, and train a"
        " network with its rows.",
    ),
    "a file of Pajek": (
        r"(\s*%[^\n]*\n)*\s*\*(vertices|network|arcs|edges)",
        (".net", ".paj"),
        "Pass networkx.DiGraph(networkx.read_pajek(path)) to synapse.from_networkx.",
    ),
    "a graph in DOT": (
        r"(\s*(//|#)[^\n]*\n)*\s*(strict\s+)?(di)?graph\b[^{\[\n]*\{",
        (".dot", ".gv"),
        "Read it with networkx.nx_pydot.read_dot(path), make numbers of its weights,"
        " which are text, and pass the graph to synapse.from_networkx.",
    ),
    "a graph in TGF": (
        r"([^\n#]+\n)+#[ \t\r]*(\n|$)",
        (".tgf",),
        "The lines after # are edges. Pass them as tuples (source, target, weight) to"
        " synapse.from_edges.",
    ),
    "a file of PyTorch": (
        r"PK\x03\x04.{26,90}?data\.pkl|\x80\x02\x8a\nl\xfc\x9c",
        (".pt", ".pth"),
        "Load the module with PyTorch, and pass it to synapse.from_torch.",
    ),
    "a model of Keras": (
        r"PK\x03\x04.{26}(metadata\.json|config\.json|model\.weights)",
        (".keras",),
        "Load it with Keras, and assign the weights of its layers to projections.",
    ),
    "HDF5, as NIR and Keras write it": (
        r"\x89HDF\r\n\x1a\n",
        (".h5", ".hdf5", ".nir"),
        "Pass nir.read(path) to synapse.from_nir, or load the model with Keras, and"
        " assign the weights of its layers to projections.",
    ),
    "a model of TensorFlow Lite": (
        r".{4}TFL3",
        (".tflite",),
        "Load it with its interpreter, and assign the weights to projections.",
    ),
    "a pickle": (
        r"\x80[\x02-\x05]",
        (".pkl", ".pickle", ".joblib"),
        "Synapse executes nothing in a file. If you trust it, load it with the program"
        " that wrote it, and pass the graph to synapse.from_networkx.",
    ),
    "a list of edges": (
        r"(#[^\n]*\n)*([^\s#{}\[\]<>\"]+[ \t]+){1,2}"
        r"([^\s#{}\[\]<>\"]+|\{[^\n]*)[ \r]*(\n|$)",
        (".edgelist", ".edges"),
        "Pass networkx.read_weighted_edgelist(path, create_using=networkx.DiGraph), or"
        " read_edgelist if it has attributes in braces, to synapse.from_networkx.",
    ),
}


def _foreign(path: Any) -> str:
    """Describe a file that another program has written, and how to use it. Return "" if
    the program is unknown.
    """
    with suppress(OSError, AttributeError):
        getattr(path, "seek", int)(0)
        begin = read(path)[:4096].decode("latin-1")
        suffix = Path(str(getattr(path, "name", path))).suffix.lower()
        kinds = [
            *(
                title
                for title, it in FOREIGN.items()
                if re.match(it[0], begin, re.I | re.S)
            ),
            *(title for title, it in FOREIGN.items() if suffix in it[1]),
        ]
        if kinds and not re.search(r'"format": *"synapse|document\.npy', begin):
            return f"This looks like {kinds[0]}. {FOREIGN[kinds[0]][2]}"
    return ""


@contextmanager
def reading(path: File) -> Iterator[None]:
    """Add the file name as a note to errors caused by its content, and identify the
    program if another one has written the file.
    """
    try:
        yield
    except (ArgumentError, FormatError) as error:
        told = _foreign(path)
        before = f"{error} " * isinstance(error, ArgumentError)
        shown = type(error)(before + told) if told else error
        if isinstance(shown, FormatError):
            name = (
                getattr(path, "name", "an open file")
                if hasattr(path, "read")
                else os.fspath(path)
            )
            shown.add_note(f"while reading {name!r}")
        raise shown from None if told else error.__cause__
