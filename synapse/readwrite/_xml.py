"""Helpers of the XML formats: text that is read back unchanged, and a parser that refuses entities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from ..errors import FormatError
from ._checks import require
from ._tables import as_text, once

TYPES = {int: "long", float: "double", bool: "boolean", str: "string"}
"""Names of the kinds of values."""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold, not even escaped."""


class _Builder(ElementTree.TreeBuilder):
    """Builds the tree of a document, and refuses entity declarations, which can be used for attacks."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise FormatError(f"Expected a file without a document type declaration, got <!DOCTYPE {name}>.")


def parse(content: str | bytes, root: str) -> ElementTree.Element:
    """Parse a document; FormatError if it is not XML, has another root, or declares a document type."""
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(content)
        tree: ElementTree.Element = parser.close()
    except FormatError:
        raise
    except (ElementTree.ParseError, ValueError, LookupError, TypeError) as error:
        raise FormatError(f"The file is not XML, or only a part of it: {error}.") from None
    require(tag_of(tree) == root, "The root of the file", f"<{root}>", tag_of(tree))
    return tree


def tag_of(element: ElementTree.Element) -> str:
    """The tag of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def inside(element: ElementTree.Element, *path: str) -> Iterator[ElementTree.Element]:
    """The elements at a path below another one, in any version of the namespace."""
    if not path:
        yield element
        return
    for child in element:
        if tag_of(child) == path[0]:
            yield from inside(child, *path[1:])


def record(element: ElementTree.Element, pairs: Iterable[tuple[str | None, Any]]) -> dict[Any, Any]:
    """Attributes of an element, with these pairs added."""
    return {**once(f"Each {tag_of(element)}", pairs), **element.attrib}


def only_graph(root: ElementTree.Element) -> ElementTree.Element:
    """The only graph of a document."""
    graphs = list(inside(root, "graph"))
    if len(graphs) != 1:
        raise FormatError(f"Expected the file to hold one <graph>, got {len(graphs)}.")
    return graphs[0]


def text_inside(element: ElementTree.Element, *path: str) -> str | None:
    """The text of the first element at a path, or None if there is no such element."""
    return next((found.text or "" for found in inside(element, *path)), None)


def quoted(value: object) -> str:
    """A value as an attribute, including quotation marks."""
    return quoteattr(as_text(value))


def escaped(value: object) -> str:
    """A value as text between tags."""
    return escape(as_text(value), {"\r": "&#13;"})
