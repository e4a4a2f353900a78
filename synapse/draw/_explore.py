"""Show a network and its numbers over a sequence in the explorer, which is one page for
a browser or a notebook.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import time
from html import escape
from importlib import resources
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import as_matrix, boolean, suggests_arguments
from .._model import Model
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.network import Network
from ..objects.recording import Log
from ..objects.topology import Topology
from ..readwrite._container import from_json_data
from ..readwrite._files import File, write
from ._page_data import (
    aims_of,
    describe,
    learning_of,
    network_and_model,
    numbers_of,
    numbers_of_log,
)

PAUSE = 0.1
"""Least time in seconds from one update of a widget by a training to the next."""


class Explorer:
    """A page of :func:`explore`, which a notebook shows in a sandboxed frame.

    Where anywidget is installed (the extra ``widget``), a notebook shows a widget
    instead, and :meth:`update` changes its content.

    Attributes
    ----------
    html : str
        The page, as :func:`explore` writes it to a file.
    """

    def __init__(
        self,
        network: Network | Model,
        inputs: ArrayLike | Log | None,
        targets: ArrayLike | None,
        learn: bool = False,
    ) -> None:
        net, self._model = network_and_model(network)
        self._net = net
        self._sent = 0.0
        self._learn = boolean("learn", learn)
        self._log: Log | None = None
        self._widget: Any = None
        Topology.of(net)._require_closed("explored")
        if inputs is None and targets is not None:
            raise ArgumentError("`targets` need the `inputs` that they belong to.")
        self._course = inputs, targets
        if isinstance(inputs, Log):
            if learn:
                raise ArgumentError(
                    "A page cannot learn from a log. Pass inputs and targets."
                )
            if targets is not None:
                raise ArgumentError(
                    "Remove `targets`, because a log contains the recorded errors."
                )
            self._log = inputs
        elif inputs is None or learn:  # a page that learns computes its steps itself
            self._inputs = np.empty((0, len(net.input)))
            self._aims: list[Any] = []
        else:
            if self._model is not None:
                inputs, targets = self._model._standard(inputs, targets)
            self._inputs = as_matrix("inputs", inputs, len(net.input), net.dtype)
            self._aims = aims_of(net, len(self._inputs), targets)
        self._data = self._read()

    @property
    def html(self) -> str:
        """The page as of the last :meth:`update`."""
        return page_of(self._data)

    @property
    def network(self) -> Network:
        """A copy of the network as the page in the notebook has it now, trained and
        edited there.

        Without a page that learns in a notebook, it is a copy of the network that was
        given.
        """
        returned = getattr(self._widget, "network", None)
        return from_json_data(returned) if returned else self._net.clone()

    def update(self, progress: Any = None) -> None:
        """Read the network's weights and its values over the sequence again.

        Use it as a callback of a training, ``trainer.train(...,
        callbacks=[view.update])``, or call it after your own steps.

        Parameters
        ----------
        progress : Progress, optional
            The state of a training, which calls this after every epoch. Then updates
            that follow the last one within 0.1 s are left out.

        Raises
        ------
        DivergenceError
            If the network has a number that is not finite.
        """
        if progress is not None and time.monotonic() - self._sent < PAUSE:
            return
        before, self._data = self._data, self._read()
        if self._widget is not None:
            with self._widget.hold_sync():
                if self._learn or _structure(self._data) != _structure(before):
                    self._widget.html = self.html
                self._widget.numbers = self._data
        self._sent = time.monotonic()

    def _read(self) -> dict[str, Any]:
        net = self._net
        clone = net.clone()
        steps = len(self._inputs if self._log is None else self._log)
        if self._log is not None:
            numbers = numbers_of_log(net, self._log)
        else:
            if steps:
                clone.clear()
            numbers = numbers_of(clone, self._inputs, self._aims)
        if self._learn:
            numbers["learn"] = learning_of(net, *self._course, self._model)
        return {**describe(clone), "description": repr(net), "steps": steps, **numbers}

    def __repr__(self) -> str:
        return f"<Explorer of {self._net!r}>"

    def _repr_html_(self) -> str:
        """Return the page in a frame of a notebook. Its scripts run without access to
        anything outside of the frame.
        """
        title = escape(f"Explorer of {self._net!r}")
        return (
            f'<iframe sandbox="allow-scripts" title="{title}"'
            f' srcdoc="{escape(self.html)}"'
            ' style="width: 100%; height: 600px; border: 0"></iframe>'
        )

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Return a widget where this is possible. Otherwise, notebooks request the
        frame.
        """
        if find_spec("anywidget") is None:
            return None
        if self._widget is None:
            import anywidget
            import traitlets

            class Widget(anywidget.AnyWidget):
                _esm = part_of("widget.js")
                html = traitlets.Unicode().tag(sync=True)
                numbers = traitlets.Dict().tag(sync=True)
                # Once it has learnt or been edited in the page.
                network = traitlets.Dict().tag(sync=True)

            self._widget = Widget(html=self.html, numbers=self._data)
        return self._widget._repr_mimebundle_(**options)


@suggests_arguments()
def explore(
    network: Network | Model,
    inputs: ArrayLike | Log | None = None,
    targets: ArrayLike | None = None,
    *,
    path: File | None = None,
    learn: bool = False,
) -> Explorer:
    """Show a network, neuron by neuron, at every step of a sequence: in a notebook, or
    as a page in a file.

    With ``learn=True``, the network learns in the page by the online rule, with the
    numbers that Python would compute (to 1e-12, or to rounding in float32). There you
    can also edit it, choose other data, and save it as JSON, which :func:`synapse.load`
    reads. Registered squashes and costs are written in JavaScript.

    The page is one HTML file without external content, which can be mailed, stored and
    opened offline. It shows ``net.run(inputs)`` from a cleared context, without
    changing `network` itself. For another context, record the run and pass the log.

    Parameters
    ----------
    network : Network or Model
        The network. It must not be connected with neurons outside of it, as for
        :meth:`Network.clone`. For a model, inputs and targets are in the units of its
        data, as for :meth:`Model.fit`. A page that learns shows them in these units,
        has a field for each input to type a new row, and saves the model.
    inputs : array_like, shape (T, n), or Log
        One row of inputs per step; without any, the network is shown as it is. Or a
        log: the page shows the recorded steps, with the present weights. With `learn`,
        a log is refused; N sequences, shape (N, T, n), each begin with a cleared
        context; None means the page's own data. The log must have "activation", "state"
        and "derivative" of all neurons. Errors, "bias_eligibility", "eligibility",
        "extended", "sensitivity" and the traces of a rule of synapses are shown if they
        are recorded.
    targets : array_like, shape (T, m), optional
        Targets of the outputs. A row of NaN is a step without a target. With targets,
        the page shows them and the errors that ``net.propagate(0, target)`` computes
        after a step. No weight changes.
    path : str, path or open file, optional
        The file to write. An existing file is replaced in one step. Default: no file.
    learn : bool
        Whether the network learns in the page. By default, the page shows numbers that
        Python has computed.

    Returns
    -------
    Explorer
        The page, which shows itself in a notebook.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `network` is not one, the inputs are not T rows of n finite numbers, the
        targets are not T rows that its cost accepts, or the path is not that of a file;
        with `learn`, also for a log, for more than 20,000 connections, and for a
        registered squash that is no formula. Nothing is written then.
    TopologyError
        If the network is connected to neurons outside of it.
    DivergenceError
        If the network has a number that is not finite.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import architect
    >>> view = explore(architect.LSTM(2, 3, 1, seed=0), [[0, 1], [1, 0], [1, 1]])
    >>> view
    <Explorer of <LSTM 2-3-1, 24 neurons, 75 connections>>
    >>> view.html[:15]
    '<!DOCTYPE html>'
    """
    if isinstance(targets, str | os.PathLike):
        raise ArgumentTypeError(
            f"The targets must be an array (T, m), got {os.fspath(targets)!r}."
            " Pass the file to write as path=."
        )
    view = Explorer(network, inputs, targets, learn)
    if path is not None:
        write(path, view.html)
    return view


def _structure(data: dict[str, Any]) -> list[Any]:
    """Return the data that a page cannot change, which are the neurons, their
    connections, and the number of steps.
    """
    ends = [data["connections"][name] for name in ("source", "target", "gater")]
    return [data["steps"], data["layers"], data["neurons"]["name"], ends]


# --- the page -------------------------------------------------------------------------

SCRIPTS = (
    "rules",
    "plans",
    "model",
    "colours",
    "layout",
    "ways",
    "graph",
    "highlight",
    "panel",
    "controls",
)
"""The parts of the page's own script, in order: each uses definitions of earlier
ones."""

NETWORK = ("store", "network", "targetless")
"""The parts that compute in a page that learns, after the kernels."""

WORKBENCH = (
    "tasks",
    "live",
    "learn",
    "motion",
    "charts",
    "pictures",
    "keep",
    "units",
    "data",
    "open",
    "find",
    "build",
    "lessons",
    "tutor",
)
"""The other parts of such a page, after the functions that a user registered. Imports
and exports are left out."""


PICTURES = (
    '    <button id="pictures" aria-pressed="false" title="Show the activation of each'
    ' neuron over the plane of the inputs">Pictures</button>\n'
)
"""The button of a page that learns for pictures in neurons."""


def page_of(data: dict[str, Any]) -> str:
    """Return the page for some data, with template, style, library and script in one
    text.
    """
    library, learn = part_of("cytoscape.min.js"), "learn" in data
    scripts = [part_of(f"{name}.js") for name in SCRIPTS]
    if learn:
        # Only such a page needs the rooms that write programs.
        from ..readwrite._printed.page import page_source

        learning = {**data["learn"]}
        registered = learning.pop("registered")
        data = {**data, "learn": learning}
        network = (part_of(f"{name}.js") for name in NETWORK)
        bench = (part_of(f"{name}.js") for name in WORKBENCH)
        # Without comments and spaces, a twentieth of a page.
        kernels, functions = (
            re.sub(r"^(/\*\*.*\*/\n| +)", "", source, flags=re.MULTILINE)
            for source in (page_source(), "\n".join(registered))
        )
        scripts += kernels, *network, functions, *bench
    script = re.sub(
        r"^import .*;$|^export (?=\w)", "", "\n".join(scripts), flags=re.MULTILINE
    )
    script = "(() => {\n" + script + "})();\n"
    digests = (hashlib.sha256(piece.encode()).digest() for piece in (library, script))
    # These scripts, and no network access.
    allowed = " ".join(
        f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests
    )
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline';"
        " img-src data: blob:; "
    )
    parts = {
        "policy": f"{policy}base-uri 'none'; form-action 'none'",
        "style": part_of("explorer.css") + (part_of("learn.css") if learn else ""),
        "bench": part_of("workbench.html") if learn else "",
        "plane": PICTURES if learn else "",
        "transport": part_of("transport.html") if learn else "",
        "keys": part_of("learning_keys.html") if learn else "",
        "data": for_script(data),
        "library": library,
        "script": script,
    }
    return re.sub(
        r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], part_of("explorer.html")
    )


def part_of(name: str) -> str:
    """Return a file of the page."""
    return (resources.files("synapse.draw") / "page" / name).read_text(encoding="utf-8")


def for_script(data: dict[str, Any]) -> str:
    r"""Return data as JSON that is safe inside a script element for any names.

    >>> for_script({"name": "</script> & é"})
    '{"name":"\\u003c/script\\u003e \\u0026 \\u00e9"}'
    """
    # ASCII, so that U+2028 and U+2029, which end lines of JavaScript, are escaped too.
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
