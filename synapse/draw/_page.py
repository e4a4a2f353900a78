"""The text of the explorer's page: one file that loads nothing and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from importlib import resources
from typing import Any

SCRIPTS = (
    "model.js",
    "colours.js",
    "layout.js",
    "ways.js",
    "graph.js",
    "highlight.js",
    "panel.js",
    "controls.js",
)
"""The parts of the page's own script, in order: each uses definitions of earlier ones."""


def page_of(data: dict[str, Any]) -> str:
    """The page for some data: template, style, library and script in one text."""
    library = part_of("cytoscape.min.js")
    script = "(() => {\n" + "\n".join(map(part_of, SCRIPTS)) + "})();\n"
    parts = {
        "policy": _policy(library, script),
        "style": part_of("explorer.css"),
        "data": for_script(data),
        "library": library,
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], part_of("explorer.html"))


def part_of(name: str) -> str:
    """A file of the page."""
    return (resources.files("synapse.draw") / "page" / name).read_text(encoding="utf-8")


def frame_of(page: str, title: str) -> str:
    """A page in a frame of a notebook: its scripts run, and reach nothing outside of the frame."""
    return (
        f'<iframe sandbox="allow-scripts" title="{escape(title)}" srcdoc="{escape(page)}" '
        'style="width: 100%; height: 600px; border: 0"></iframe>'
    )


def _policy(*scripts: str) -> str:
    """The page's content security policy: these scripts, its style, and no network access."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def for_script(data: dict[str, Any]) -> str:
    r"""Data as JSON that is safe inside a script element, whatever names it holds.

    >>> for_script({"name": "</script> & é"})
    '{"name":"\\u003c/script\\u003e \\u0026 \\u00e9"}'
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))  # ASCII: U+2028 and 2029 too are escaped
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
