"""Read and write NumPy's ``.npz`` archives, which are small and fast. Nothing in them
is executed, because arrays are stored without pickles.

A file is a zip archive without compression, whose members are arrays in NumPy's own
format. You can read everything with :func:`numpy.load` alone.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from . import _files


def write_arrays(path: _files.File, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as an archive. The file name is used unchanged."""
    with _files.replacing(path) as stream:
        np.savez(stream, **dict[str, Any](arrays))


def read_arrays(stream: IO[bytes]) -> dict[str, NDArray[Any]]:
    """Read arrays from a stream at which one can seek.

    Raises FormatError if the file is not an archive of arrays, is damaged, compressed
    (a small compressed file could require much memory), or has pickles.
    """
    try:
        length = stream.seek(0, 2)
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                raise FormatError(
                    "The file must be uncompressed, as synapse.save and numpy.savez"
                    " write it."
                )
            names = [info.filename for info in infos]
            if len(set(names)) < len(names):
                raise FormatError(
                    "The file must hold each array once, got one of them twice."
                )
            if sum(info.file_size for info in infos) > length:
                raise FormatError(
                    "The file is only a part of one: its arrays are larger than the"
                    " file."
                )
            members = {info.filename.removesuffix(".npy"): info for info in infos}
            return {
                name: _read_array(stream, info, name) for name, info in members.items()
            }
    except (FormatError, MemoryError):
        raise
    except Exception as error:  # zipfile and NumPy raise many kinds for damaged files
        raise FormatError(
            f"The file is not of arrays, or only a part of one: {error}."
        ) from None


def _read_array(stream: IO[bytes], info: zipfile.ZipInfo, name: str) -> NDArray[Any]:
    """Read an array, after checking that its header agrees with the number of bytes.

    `zipfile` itself would read a member in parts, which takes several times as long.
    """
    stream.seek(info.header_offset)
    # The header of the archive ends with the lengths of the name and of what follows.
    name_and_extra = struct.unpack("<26x2H", stream.read(30))
    stream.seek(sum(name_and_extra), 1)
    header = stream.read(10)
    header += stream.read(2) if header[6] > 1 else b""  # the length has four bytes then
    header += stream.read(min(int.from_bytes(header[8:], "little"), info.file_size))
    shape, fortran, dtype = _declared(header)
    items = math.prod(shape)
    there = info.file_size - len(header)
    if dtype.hasobject:
        raise FormatError(
            f"The array {name!r} must be of numbers or text, got a pickle of objects."
        )
    if items * dtype.itemsize != there or items > max(there, 1):
        raise FormatError(
            f"The array {name!r} must have the bytes that its header declares,"
            f" {items} items of {dtype.itemsize} bytes, got {there} bytes."
        )
    array: NDArray[Any] = np.empty(items, dtype)
    content = left = array.view(np.uint8).data
    # A stream may give a long array in several portions.
    while got := stream.readinto(left):  # type: ignore[attr-defined]
        left = left[got:]
    if len(left) or zlib.crc32(content, zlib.crc32(header)) != info.CRC:
        raise zipfile.BadZipFile(f"the array {name!r} has changed since it was written")
    return array.reshape(shape, order="F" if fortran else "C")


@lru_cache
def _declared(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, order and type of an array, from its header; NumPy parses it as
    Python source, which is slow.
    """
    stream = io.BytesIO(header)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    return read[np.lib.format.read_magic(stream)](stream)
