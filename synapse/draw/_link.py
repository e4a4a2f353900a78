"""Write a network into a link, which opens it in a page that learns."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Annotated, Any

from numpy.typing import ArrayLike

from .._checks import suggests_arguments, text
from .._model import Model
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.topology import Topology
from ._page_data import learning_of, network_and_model

VERSION = 2
"""Version of an address's content. A page refuses a later version. ``keep.js`` has the
same constant.
"""
DIGITS = 9
"""Digits of numbers in an address, with which an LSTM 2-4-1 takes less than 2,000
letters.
"""
MAX_LINK_LETTERS = 8_000
"""Letters after the ``#`` of an address, as many as a page reads."""


@suggests_arguments(
    "link", void=[("targets", "inputs", lambda given: given["inputs"] is None)]
)
def link(
    network: Network | Model,
    inputs: ArrayLike | None = None,
    targets: ArrayLike | None = None,
    page: Annotated[str, text] = "play.html",
) -> str:
    """Return an address that opens a network, and data to learn, in a page with a
    trainer.

    The part after the ``#`` opens in any copy of the page: a file that ``synapse play``
    or :func:`explore` with ``learn=True`` has written, on your disk or on any server.
    It contains the structure, weights, biases and data, all numbers to nine digits, but
    neither context nor metadata. A browser does not send this part of an address to the
    server.

    Parameters
    ----------
    network : Network or Model
        The network. It does not change. With a model, the address contains the scales,
        names and classes, too, and inputs and targets are in the units of its data.
    inputs : array_like, shape (T, n) or (S, T, n), optional
        One sequence of inputs, or several; for a model without memory, (T, n) are
        samples. Default: the page chooses data that fit.
    targets : array_like, shape (T, m) or (S, T, m), optional
        Targets of every step, with NaN where a step has none. For a model, they are as
        for :meth:`Model.fit`.
    page : str
        The path or address of the page. Default: "play.html".

    Returns
    -------
    str
        The address.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the network or the data are too large for an address (8,000 letters, some
        hundred connections) or cannot be used by a page, see :func:`explore`.

    See Also
    --------
    explore : Write the page.
    synapse.save : Files for larger networks, which the page opens, too.

    Examples
    --------
    >>> import architect
    >>> from synapse import draw
    >>> net = architect.Perceptron(2, 3, 1, seed=0)
    >>> page = "https://a.edu/net.html"
    >>> address = draw.link(net, [[0, 1], [1, 1]], [[1], [0]], page)
    >>> address[:24], len(address) < 600
    ('https://a.edu/net.html#h', True)
    """
    address = packed(state_of(network, inputs, targets))
    if len(address) > MAX_LINK_LETTERS:
        raise ArgumentError(
            f"{network!r} with its data takes {len(address):,} letters in an address,"
            f" which can have {MAX_LINK_LETTERS:,}. Pass fewer data, or save it as"
            " JSON, which the page opens."
        )
    return f"{page.split('#')[0]}#{address}"


def state_of(
    owner: Network | Model, inputs: ArrayLike | None, targets: ArrayLike | None
) -> dict[str, Any]:
    """Return the content of an address that the page reads, see ``stateOf`` in
    ``keep.js``.
    """
    network, model = network_and_model(owner)
    Topology.of(network)._require_closed("put into a link")
    cleared = network.clone()
    cleared.clear()
    learned = learning_of(cleared, inputs, targets, model)
    document = learned["network"]
    parts = ("name", "dtype", "architecture", "layers", "neurons", "connections")
    state: dict[str, Any] = {
        "version": VERSION,
        "network": {part: document[part] for part in parts if part in document},
    }
    sequences = learned["sequences"]
    if sequences is not None:
        apart = model is not None and all(len(steps) == 1 for steps in sequences)
        state |= {"data": "own", "clear": not apart, "sequences": sequences}
    return state if model is None else {**state, "model": learned["model"]}


def packed(state: dict[str, Any]) -> str:
    """Return JSON with short numbers, compressed (raw deflate), in the letters of an
    address (base64url).
    """
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    short = json.loads(
        json.dumps(state, allow_nan=False),
        parse_float=lambda number: float(f"{float(number):.{DIGITS}g}"),
    )
    content = json.dumps(short, separators=(",", ":")).encode()
    compressed = compressor.compress(content) + compressor.flush()
    return base64.urlsafe_b64encode(compressed).decode("ascii").rstrip("=")
