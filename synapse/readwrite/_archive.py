"""Archives of arrays, as ``numpy.savez`` writes them: zip files without compression and without pickles."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterable, Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from . import files

PIECE = 1 << 20
"""Bytes that are written or read at a time."""
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""Functions that read the header of an array, by the version of its format."""


def write_arrays(path: files.File, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as an archive. The file name is used unchanged."""
    with files.replacing(path) as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, np.lib.format.header_data_from_array_1_0(array))
                content = _bytes_of(array)
                for first in range(0, len(content), PIECE):
                    member.write(content[first : first + PIECE].data)


def read_arrays(stream: IO[bytes], known: Iterable[str] | None = None) -> dict[str, NDArray[Any]]:
    """Read the arrays with a known name (default: all) from a stream at which one can seek.

    Raises FormatError if the file is not an archive of arrays, is damaged, compressed (a small compressed
    file could require much memory), or has pickles.
    """
    try:
        length = stream.seek(0, 2)
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                raise FormatError("The file must be uncompressed, as write_npz and numpy.savez write it.")
            names = [info.filename for info in infos]
            if len(set(names)) < len(names):
                raise FormatError("Expected the file to hold each array once, got one of them twice.")
            if sum(info.file_size for info in infos) > length:
                raise FormatError("The file is only a part of one: its arrays are larger than the file.")
            wanted = {name.removesuffix(".npy") for name in names} if known is None else set(known)
            found = {info.filename.removesuffix(".npy"): info for info in infos}
            return {name: _read_array(archive, found[name], name) for name in found if name in wanted}
    except FormatError:
        raise
    except Exception as error:  # zipfile and NumPy raise many kinds for damaged files
        raise FormatError(f"The file is not of arrays, or only a part of one: {error}.") from None


def member_names(stream: IO[bytes]) -> set[str]:
    """Names of the arrays of an archive; none if it is damaged. The stream is at its beginning then."""
    try:
        with zipfile.ZipFile(stream) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except Exception:  # as above; reading it will say what is wrong
        return set()
    finally:
        stream.seek(0)


def as_text(document: Mapping[str, Any]) -> NDArray[Any]:
    """A document as an array of shape (): JSON in ASCII."""
    return np.array(json.dumps(document, allow_nan=False).encode("ascii"))


def from_array(name: str, text: NDArray[Any]) -> Any:
    """The document of an array that :func:`as_text` has made, or a FormatError."""
    if text.ndim or text.dtype.kind != "S":
        got = f"shape {text.shape} of {text.dtype}"
        raise FormatError(f"Expected the array {name!r} to be one string of bytes, got {got}.")
    return files.from_text(text.item().decode("ascii", "replace"))


def _bytes_of(array: NDArray[Any]) -> NDArray[np.uint8]:
    return array.reshape(-1).view(np.uint8) if array.nbytes else np.empty(0, np.uint8)


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> NDArray[Any]:
    """Read an array, after checking that its header agrees with the number of bytes."""
    with archive.open(info) as member:
        shape, _, dtype = HEADERS[np.lib.format.read_magic(member)](member)
        items, there = math.prod(shape), info.file_size - member.tell()
        if dtype.hasobject:
            raise FormatError(
                f"Expected the array {name!r} to be of numbers or text, got a pickle of objects."
            )
        if items * dtype.itemsize != there or items > max(there, 1):
            raise FormatError(
                f"Expected the array {name!r} to have the bytes that its header declares, {items} items of "
                f"{dtype.itemsize} bytes, got {there} bytes."
            )
        array = np.zeros(shape, dtype) if not there else np.empty(shape, dtype)
        content = _bytes_of(array)
        for first in range(0, there, PIECE):
            piece = member.read(min(PIECE, there - first))  # the last one checks the sum
            content[first : first + PIECE] = np.frombuffer(piece, np.uint8)
        return array
