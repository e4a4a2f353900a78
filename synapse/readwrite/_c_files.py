"""A program in C as one text, or as a source and a header."""

from __future__ import annotations

import re
from typing import Any

from .._checks import expected
from ..errors import ArgumentError
from . import _files

MARK = "%%\n"
"""Divides a template: the first comment, includes, declarations, definitions."""
INCLUDED = "Compile it beside your program or include it there:"
BESIDE = "Include this header, and compile the .c file beside your program:"
HEADER = """{comment}
#ifndef {guard}
#define {guard}

{includes}
#ifdef __cplusplus
extern "C" {{
#endif

{declarations}
#ifdef __cplusplus
}}
#endif

#endif
"""


def in_files(
    text: str, prefix: str, start: str, has_header: bool
) -> str | tuple[str, str]:
    """Return a filled template as one text, or as the texts of a source and a header.

    `start` is the declaration of the function that restores the context, or empty.
    """
    comment, includes, declarations, definitions = text.split(MARK)
    if not has_header:
        return comment + includes + declarations + definitions
    header = HEADER.format(
        comment=comment.replace(INCLUDED, BESIDE),
        includes=includes,
        declarations=declarations.rstrip() + f"\n{start}\n",
        guard=f"{prefix.upper()}_H",
    )
    heading = comment.partition("\n//\n")[0]
    return f'{heading}\n\n#include "{prefix}.h"\n\n{definitions}', header


def write(path: _files.File, content: Any) -> None:
    """Write a program to a file, and its header, if it has one, to the file of the same
    name with the suffix ``.h``.

    Both are complete before either file is replaced.
    """
    if isinstance(content, str):
        _files.write(path, content)
        return
    if hasattr(path, "write"):
        raise ArgumentError(
            "A program and its header are two files: pass a path, not an open file."
        )
    file = _files.as_path(path)
    other = file.with_suffix(".h")
    if other == file:
        condition = "a name with another suffix than the header, .h"
        raise ArgumentError(expected("path", condition, file.name))
    if re.search(r'["\\\n\r]', other.name):
        condition = "a file name that C can include, without quotes and backslashes"
        raise ArgumentError(expected("path", condition, file.name))
    source, header = content
    named = re.sub('#include ".*"', f'#include "{other.name}"', source, count=1)
    with _files.replacing(other) as beside, _files.replacing(file) as main:
        beside.write(header.encode())
        main.write(named.encode())
