"""Continual backpropagation, which renews the least useful neurons so that networks
stay able to learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, final

import numpy as np

from .. import engine
from .._checks import (
    from_0_to_1,
    positive_integer,
    require_type,
    suggests_arguments,
)
from .._typing import Floats, Ints
from ..engine.locking import ExclusiveAccess
from ..engine.store import Store
from ..errors import ArgumentError
from ..objects.network import Network
from ..optimizers import OptimizerState

MAX_POSITION = 1 << 53
LATEST_STEP = np.empty(0)
"""Replaces mean activities if only the latest step counts."""


@final
@suggests_arguments("ContinualBackprop")
@dataclass(frozen=True)
class ContinualBackprop:
    """Continual backpropagation (Dohare and others 2024), which reinitialises the least
    useful hidden neurons.

    A neuron's utility is the running mean of its absolute activation times the sum of
    its absolute outgoing weights: ``u <- decay u + (1 - decay) |y| sum |w|``. At every
    update, one neuron in each hidden layer is renewed with a probability of
    `replacement_rate` times the number of mature neurons. It is the one with the lowest
    utility. Its incoming weights and its bias are drawn anew, as by the initializer
    "fan_in", with the signs that connections must have. Its outgoing weights become 0,
    so that the outputs change little. Its state, its traces (with "rtrl": all
    sensitivities) and the optimizer's memory of these parameters are cleared.

    A hidden neuron can be renewed if it has trainable incoming and outgoing
    connections, gates no connection, and none of these connections is tied. All of its
    outgoing connections must be trainable, or lead to neurons that only pass its
    activation on (cells of an LSTM or a GRU), whose outgoing connections count as its
    own. Frozen incoming weights and biases stay. Utilities and ages are saved with the
    network.

    Parameters
    ----------
    replacement_rate : float
        Probability, from 0 to 1, of a renewal per update and mature neuron. Default:
        1e-4.
    maturity_threshold : int
        Number of updates before a neuron can be renewed for the first time or again.
        Default: 100.
    decay : float
        Factor of the previous utility in an update, from 0 to 1. Default: 0.99.

    Examples
    --------
    >>> import architect, synapse
    >>> net = architect.Perceptron(3, 5, 1, seed=0)
    >>> renewal = ContinualBackprop(replacement_rate=1e-3, maturity_threshold=50)
    >>> trainer = synapse.Trainer(net, rate=0.01, renewal=renewal)
    >>> bits = np.random.default_rng(0).integers(0, 2, (2000, 3))
    >>> many = bits.sum(axis=1, keepdims=True) > 1
    >>> result = trainer.train(bits, many, epochs=1, seed=0, progress=False)
    >>> trainer.renewal
    ContinualBackprop(replacement_rate=0.001, maturity_threshold=50, decay=0.99)
    """

    replacement_rate: Annotated[float, from_0_to_1] = 1e-4
    maturity_threshold: Annotated[int, positive_integer] = 100
    decay: Annotated[float, from_0_to_1] = 0.99


def checked_renewal(title: str, value: Any) -> ContinualBackprop | None:
    """Return a renewal or None, or raise ArgumentTypeError."""
    require_type(
        value is None or isinstance(value, ContinualBackprop),
        title,
        "a synapse.learning.ContinualBackprop",
        value,
    )
    return value


class Renewer:
    """The neurons of a network that can be renewed, for its present topology."""

    def __init__(self, network: Network, renewal: ContinualBackprop) -> None:
        self.network = network
        self.renewal = renewal
        self._topology: int | None = None

    def arguments(self, rng: np.random.Generator) -> engine.online.RenewalArguments:
        """Return the arguments for kernels, for the present topology. The caller has
        the network in use.
        """
        store = self.network._lowered()[1]
        if self._topology != store.topology_version:
            self._arguments = self._laid_out(store, rng)
            self._topology = store.topology_version
        return self._arguments

    def _laid_out(
        self, store: Store, rng: np.random.Generator
    ) -> engine.online.RenewalArguments:
        network = self.network
        links = self.network._connection_rows()
        source, target, gater = (end.astype(np.int64) for end in store.ends(links))
        tie, learns, delay = (
            store[name][links].astype(np.int64)
            for name in ("tie", "trainable", "delay")
        )
        loops = source == target
        relayed = (
            (learns == 0)
            & ~loops
            & (np.bincount(target[~loops], minlength=store.n_neurons)[target] == 1)
        )
        # whose activation a neuron passes on; most of them their own
        origin = np.arange(store.n_neurons)
        origin[target[relayed]] = source[relayed]
        for _ in range(32):  # along chains of them
            origin = origin[origin]
        source = origin[source]
        free = (learns == 1) & (tie == 0)
        looped = loops | (source == target)
        memory = loops & (delay == 0)
        fixed = ~free & ~relayed & ~(memory & (learns == 0))
        constant = np.flatnonzero((store["bias_tie"] != 0) | (store["clamped"] != 0))
        unfit = np.concatenate(
            [gater, source[fixed], target[tie * learns != 0], constant]
        )
        fit = np.intersect1d(source[free & ~looped], target[free & ~looped])
        layers = [
            np.intersect1d([neuron._row for neuron in layer], fit)
            for layer in network.hidden
        ]
        layers = [np.setdiff1d(layer, unfit) for layer in layers]
        neurons = np.concatenate([np.empty(0, np.int64), *layers])
        if not len(neurons):
            raise ArgumentError(
                "Expected a network with hidden neurons that can be renewed, got"
                f" {network!r}: each gates a connection, or has tied connections, or"
                " outgoing ones that are not trainable."
            )
        unseeded = neurons[store["random"][neurons] == 0]
        store["random"][unseeded] = rng.integers(1, MAX_POSITION, len(unseeded))
        numbers = np.array(
            [
                self.renewal.replacement_rate,
                self.renewal.maturity_threshold,
                self.renewal.decay,
                0.0,
            ]
        )
        stops = np.cumsum([len(layer) for layer in layers])
        into = _rows_by(neurons, target[free & ~looped], links[free & ~looped])
        out = _rows_by(neurons, source[free], links[free])
        relays = _rows_by(neurons, origin, np.arange(len(origin)))
        index_arrays = (
            each.astype(np.int64) for each in (neurons, stops, *into, *out, *relays)
        )
        return engine.online.RenewalArguments(numbers, LATEST_STEP, *index_arrays)

    def renew(self, rng: np.random.Generator, activity: Floats | None = None) -> Ints:
        """Renew neurons after an update, and return them. `activity` contains a value
        for each neuron of the network.
        """
        with ExclusiveAccess(self.network):
            arguments = self.arguments(rng)
            store = self.network._store
            neurons = arguments.neurons.astype(np.int64)
            if activity is not None:
                sizes = activity[neurons - self.network._rows()[0]].astype(np.float64)
                arguments = arguments._replace(activity=sizes)
            engine.online.renew_network(
                self.network._lowered()[0], store.scalar, tuple(arguments)
            )
            renewed: Ints = np.flatnonzero(store["age"][neurons] == 0)
        return renewed

    def clear(self, state: OptimizerState, entries: Any, renewed: Ints) -> None:
        """Reset the optimizer's memory for the parameters of renewed neurons. `entries`
        are given by row.
        """
        arguments = self._arguments
        (links, of_links), (rows, of_rows) = entries
        touched = [arguments.neurons[renewed]]
        for begins, connections in (
            (arguments.into_first, arguments.into),
            (arguments.out_first, arguments.out),
        ):
            touched += [
                connections[int(begins[i]) : int(begins[i + 1])]
                for i in renewed.tolist()
            ]
        of_biases = of_rows[np.isin(rows, touched[0])]
        touched_entries = np.concatenate(
            [of_links[np.isin(links, np.concatenate(touched[1:]))], of_biases]
        )
        starts = state.optimizer.slots()
        state.slots.T[touched_entries] = np.array(list(starts.values()), float)


def _rows_by(neurons: Ints, owner: Ints, links: Ints) -> tuple[Ints, Ints]:
    """Return the rows of each neuron's connections, and where each neuron's begin."""
    rows = [links[owner == neuron] for neuron in neurons.tolist()]
    return np.cumsum([0, *map(len, rows)]), np.concatenate(rows)
