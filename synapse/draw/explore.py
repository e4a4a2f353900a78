"""The explorer: a network and its numbers over a sequence, as one page for a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from typing import Any

from numpy.typing import ArrayLike

from .._checks import as_matrix
from .._typing import Floats
from ..errors import ArgumentError
from ..learning._data import aimed_rows
from ..network import Network, require_network
from ..readwrite.files import File, write
from ..recording import Log
from ._document import describe, numbers_of, numbers_of_log

SCRIPTS = ("model.js", "colours.js", "layout.js", "graph.js", "highlight.js", "panel.js", "controls.js")
"""The parts of the page's own script, in order: each uses definitions of earlier ones."""


def explore(net: Network, sequence: ArrayLike | Log, path: File, targets: ArrayLike | None = None) -> None:
    """Write a page that shows a network, neuron by neuron, at every step of a sequence.

    The page is one HTML file that loads nothing from elsewhere: it can be mailed, stored and opened
    offline. It shows what ``net.run(sequence)`` would do, starting from the current context
    (call ``net.clear()`` to start from an empty one); `net` itself is not changed.

    Parameters
    ----------
    net : Network
        The network. It must not be connected with neurons outside of it, as for :meth:`Network.clone`.
    sequence : array_like, shape (T, n), or Log
        One row of inputs per step. Or a log: the page shows the recorded steps, with the weights of now. The
        log must have "activation", "state" and "derivative" of all neurons. Errors, "bias_eligibility",
        "eligibility", "extended" and "sensitivity" are shown where they are recorded.
    path : str, path or open file
        The file to write; an existing file is replaced in one step.
    targets : array_like, shape (T, m), optional
        Targets of the outputs; a row of NaN is a step without a target. With targets, the page shows the
        errors that ``net.propagate(0, target)`` computes after a step. No weight changes.

    Raises
    ------
    KindError, ArgumentError
        If `net` is not a network, the sequence is not T rows of n finite numbers, the targets are not T rows
        that its cost accepts, or the path is not that of a file. Nothing is written then.
    TopologyError
        If the network is connected to neurons outside of it.
    DivergenceError
        If the network has a number that is not finite.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import io
    >>> import architect
    >>> page = io.StringIO()
    >>> explore(architect.LSTM(2, 3, 1, seed=0), [[0, 1], [1, 0], [1, 1]], page)
    >>> page.getvalue()[:15]
    '<!DOCTYPE html>'
    """
    require_network("What is explored", net)
    if isinstance(sequence, Log):
        if targets is not None:
            raise ArgumentError("A log has the errors that were recorded: leave out the targets.")
        twin, steps, numbers = net.clone(), len(sequence), numbers_of_log(net, sequence)
    else:
        rows = as_matrix("The sequence", sequence, len(net.input), net.dtype)
        aims = [None] * len(rows) if targets is None else _aims(net, len(rows), targets)
        twin, steps = net.clone(), len(rows)
        numbers = numbers_of(twin, rows, aims)
    write(path, page_of({**describe(twin), "description": repr(net), "steps": steps, **numbers}))


def _aims(net: Network, steps: int, targets: ArrayLike) -> list[Floats | None]:
    """The target of every step, None where it is NaN."""
    rows = as_matrix("The targets", targets, len(net.output), net.dtype, finite=False)
    if len(rows) != steps:
        raise ArgumentError(f"Expected {steps} rows of targets, one for each step, got {len(rows)}.")
    return [row if aimed else None for row, aimed in zip(rows, aimed_rows(rows), strict=True)]


def page_of(data: dict[str, Any]) -> str:
    """The page for some data: template, style, library and script in one text."""
    library = _part("cytoscape.min.js")
    script = "(() => {\n" + "\n".join(map(_part, SCRIPTS)) + "})();\n"
    parts = {
        "policy": _policy(library, script),
        "style": _part("explorer.css"),
        "data": for_script(data),
        "library": library,
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], _part("explorer.html"))


def _part(name: str) -> str:
    return (resources.files("synapse.draw") / "page" / name).read_text(encoding="utf-8")


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
