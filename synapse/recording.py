"""Recording: the numbers of neurons at each step, while compiled code runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._checks import is_among, listed, unknown_name
from ._typing import Floats
from .engine.guard import whole
from .engine.schema import NONE, WATCHABLE
from .engine.store import Store
from .errors import ArgumentError, KindError, TopologyError
from .layer import Layer
from .network import Network, require_network
from .neuron import Neuron, require_neuron

ALIASES = {"error": "responsibility"}


class Log:
    """The numbers that :func:`record` has collected.

    Its arrays have a row for each step and a column for each neuron, and are attributes:
    ``log.activation``. Steps are those of ``activate``, ``run`` and training, at the end of each; errors
    are those of the step's propagation, 0 where there was none. A neuron that is removed meanwhile has NaN
    from then on.

    Attributes
    ----------
    neurons : tuple of Neuron
        The neurons recorded, in the order of the columns.
    numbers : tuple of str
        The names of the arrays.
    """

    def __init__(self, network: Network, numbers: tuple[str, ...], neurons: tuple[Neuron, ...]) -> None:
        self.neurons, self.numbers = neurons, numbers
        self._network = network
        self._chunks: list[Floats] = []  # copies of earlier memory of the kernels

    def __getattr__(self, name: str) -> Floats:
        numbers = self.__dict__.get("numbers", ())  # a copy under way has none
        if name not in numbers:
            raise AttributeError(f"{name!r} is not recorded. Recorded are: {', '.join(numbers)}.")
        return self[name]

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise KindError("A Log belongs to its network and cannot be copied. Copy its arrays.")

    @property
    def _store(self) -> Store:
        return self._network._store

    def __getitem__(self, name: str) -> Floats:
        """The array of a number, shape (steps, neurons)."""
        if not is_among(name, self.numbers):
            raise unknown_name("recorded number", name, self.numbers)
        return self._all()[:, self.numbers.index(name)]

    def __len__(self) -> int:
        """The number of steps recorded."""
        return len(self._all())

    def __repr__(self) -> str:
        return f"<Log of {', '.join(self.numbers)}: {len(self)} steps, {len(self.neurons)} neurons>"

    def __enter__(self) -> Log:
        try:
            self._begin()
            return self
        except KeyboardInterrupt:  # raised when recording has begun: the block is not entered
            self.close()
            raise

    @whole
    def _begin(self) -> None:
        store = self._store
        if store.recorder is not None:
            raise TopologyError(
                f"{self._network!r}, or one that is joined to it, is being recorded already. "
                "Record all that you want at once."
            )
        store.ready()
        places = [WATCHABLE.index(ALIASES.get(name, name)) for name in self.numbers]
        store.columns["watched_what"] = np.array(places, np.uint8)
        self.follow()
        self._renew(AT_ONCE)
        store.columns["log_place"][:3] = len(self.neurons), len(self.numbers), 0
        store.recorder = self

    def __exit__(self, *_: object) -> None:
        self.close()

    @whole
    def close(self) -> None:
        """End the recording, as leaving the block does. A second call has no effect.

        Ctrl-C in the instant in which Python leaves the block may keep it from being called.
        """
        store = self._store
        if store.recorder is not self:
            return
        self._take()
        store.recorder = None
        store.columns["log_place"][:] = 0
        self._renew(0)

    def follow(self) -> None:
        """Tell the kernels which rows to record; called when lowering has moved them."""
        store = self._store
        rows = [neuron._row if neuron._row >= 0 else NONE for neuron in self.neurons]
        store.columns["watched"] = np.array(rows, np.uint32)
        store.columns["log_place"][3] = self._network._anchor._row

    def make_room(self, steps: int) -> None:
        """Make room to record `steps` more steps; called before they run."""
        columns = self._store.columns
        neurons, numbers, done = (int(n) for n in columns["log_place"][:3])
        if (done + steps) * neurons * numbers > len(columns["log"]):
            self._take()
            self._renew(max(steps, AT_ONCE))

    def _renew(self, steps: int) -> None:
        """Allocate memory in which the kernels write so many steps."""
        store = self._store
        store.columns["log"] = np.empty(steps * len(self.neurons) * len(self.numbers))
        store._renew_table()

    def _present(self) -> Floats:
        """What the kernels have written into their present memory."""
        store = self._store
        if store.recorder is not self:
            return np.empty((0, len(self.numbers), len(self.neurons)))
        neurons, numbers, steps = (int(n) for n in store.columns["log_place"][:3])
        return store.columns["log"][: steps * neurons * numbers].reshape(steps, numbers, neurons)

    def _take(self) -> None:
        present = self._present()
        if len(present):
            self._chunks.append(present.copy())
            self._store.columns["log_place"][2] = 0

    @whole
    def _all(self) -> Floats:
        return np.concatenate(
            [np.empty((0, len(self.numbers), len(self.neurons))), *self._chunks, self._present()]
        )


AT_ONCE = 256
"""The least number of steps for which memory is allocated."""


def record(network: Network, *numbers: str, neurons: Layer | Iterable[Neuron] | None = None) -> Log:
    """Record numbers of neurons at every step, at compiled speed.

    Parameters
    ----------
    network : Network
        What is recorded, inside a ``with`` block.
    *numbers : str
        "activation", "state", "derivative", "error" (the responsibility), "projected", "gated".
        Default: activations.
    neurons : Layer or iterable of Neuron, optional
        Whose. Default: of all its neurons, in the order in which they activate.

    Returns
    -------
    Log
        Readable inside the block and after it.

    Raises
    ------
    UnknownNameError
        If a number has another name.
    ArgumentError, KindError, TopologyError
        If a neuron is not of the network, there is none, or the network is being recorded already
        (this when the block is entered).

    Notes
    -----
    Single neurons that are activated by themselves make no step of the network and are not recorded,
    nor are the steps of an exact gradient, which leaves the network as it is.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, seed=0)
    >>> with record(net, "state", neurons=net["cells"]) as log:
    ...     outputs = net.run([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    >>> log, log.state.shape
    (<Log of state: 3 steps, 3 neurons>, (3, 3))
    """
    require_network("What is recorded", network)
    for name in numbers:
        if not is_among(name, (*WATCHABLE, *ALIASES)):
            raise unknown_name("number of a neuron", name, [*WATCHABLE, *ALIASES])
    if len(set(numbers)) < len(numbers):
        raise ArgumentError(f"Expected each number once, got {', '.join(numbers)}.")
    return Log(network, numbers or ("activation",), _checked(network, neurons))


def _checked(network: Network, neurons: Iterable[Any] | None) -> tuple[Neuron, ...]:
    """The neurons to record, checked."""
    if neurons is None:
        return tuple(network)
    what = "What is recorded of a network"
    chosen = tuple(require_neuron(what, one) for one in listed(what, neurons, "a list of Neurons"))
    own = set(network)
    for neuron in chosen:
        if neuron not in own:
            raise ArgumentError(f"{neuron!r} is not a neuron of {network!r}: only its own can be recorded.")
    if not chosen:
        raise ArgumentError("Expected at least one neuron to be recorded, got none.")
    return chosen
