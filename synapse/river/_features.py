"""Inputs of a model for the features of a stream, which come and go."""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .. import _checks as checks
from .._model import Model
from .._scale import SQUARABLE, Scale
from .._typing import Floats, Ints
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.connection import Connection
from ..objects.layer import Layer
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.online_adagrad import OnlineAdaGrad
from ..objects.topology import Topology

UNSAVED = ("steps", "_readers_known")
FORGOTTEN_EVERY = 64
"""Samples between two looks for features that have not been seen for too long. ``python
-m benchmarks.constants features.FORGOTTEN_EVERY``: neither a tenth nor ten times
changes the time of a row by more than a tenth."""

Features = Mapping[Hashable, Any]


@dataclass(frozen=True)
class RemovedInput:
    """What is left of an input that was removed, until its feature is seen again."""

    scale: Scale
    weights: dict[int, float]
    """By place of the target, counted from the end of the network."""
    sums: Floats
    """Sums of squares of these weights."""
    outputs: int


class FeatureInputs:
    """The inputs of a model, one for each feature whose value is not always the same.

    Until a feature gets its input, a scale of its own counts it: its value in standard
    units is 0, so an input could neither act nor learn. An edit of a large network
    takes longer than many samples, and words that come once, or once in a text at most,
    need no input.

    Parameters
    ----------
    model : Model
        The model, with an input for each feature of the first sample.
    names : list
        These features.
    unseen : int or None
        Number of samples after which a feature that has not been seen loses its input.
    """

    steps: OnlineAdaGrad
    """The steps of the network, which keep sums for each weight."""

    def __init__(self, model: Model, names: list[Hashable], unseen: int | None) -> None:
        self.names = names
        self._model = model
        self._unseen = unseen
        self._waiting = list[Hashable]()
        self._scale_of_waiting = self._scale._part([])
        self._samples = 0
        self._seen: dict[Hashable, int] = dict.fromkeys(names, 0)
        self._removed: dict[Hashable, RemovedInput] = {}
        self._readers_known: tuple[int, Any] = (0, None)

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value for name, value in vars(self).items() if name not in UNSAVED
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _readers_known=(0, None))

    @property
    def _scale(self) -> Scale:
        """The scale of the inputs."""
        assert self._model.scale is not None  # a stream's model has one
        return self._model.scale

    # --- samples ----------------------------------------------------------------------

    def counted(self, x: Features) -> Floats:
        """Return the inputs for a sample, in standard units, after the sample is
        counted.
        """
        if not x.keys() <= self._seen.keys():
            require_numbers(x)  # before anything changes
            self._meet(in_order(name for name in x if name not in self._seen))
        if self._waiting:
            require_numbers(x)
        standard = self._followed(x, 1.0)
        if self._waiting:
            late = self._scale_of_waiting.follow(row_of(x, self._waiting))
            places = np.flatnonzero(late)
            if len(places):
                self._let_in(places)
                standard = np.append(standard, late[places])
        self._samples += 1
        if self._unseen is not None:
            for name, value in x.items():
                if value is not None and value == value:
                    self._seen[name] = self._samples
            if self._samples % FORGOTTEN_EVERY == 0:
                self._let_go(self._unseen)
                standard = self.standard(x)
        return standard

    def standard(self, x: Features) -> Floats:
        """Return the inputs for a sample, in standard units; it is not counted."""
        return self._followed(x, 0.0)

    def _followed(self, x: Features, weight: float) -> Floats:
        """Return the inputs in standard units, after they are counted with this
        weight.
        """
        try:
            return self._scale.follow(row_of(x, self.names), weight)
        except ArgumentError:
            require_numbers(x)  # says which
            raise

    # --- features that come -----------------------------------------------------------

    def _meet(self, names: list[Hashable]) -> None:
        """Count features from here on; those that had an input before get one again."""
        self._seen |= dict.fromkeys(names, self._samples)
        returning = [name for name in names if name in self._removed]
        new = [name for name in names if name not in self._removed]
        if new:
            self._waiting += new
            at = len(self._scale_of_waiting)
            self._scale_of_waiting._insert(at, Scale(len(new)))
        if returning:
            removed = [self._removed.pop(name) for name in returning]
            layer = self._model.network.input
            start = len(layer)
            self._add_inputs(returning, *(earlier.scale for earlier in removed))
            for place, earlier in enumerate(removed, start):
                self._connect_again(layer[place], earlier)

    def _let_in(self, places: Ints) -> None:
        """Give inputs to some of the features that wait for them."""
        others = np.setdiff1d(np.arange(len(self._waiting)), places).tolist()
        let_in = places.tolist()
        scale = self._scale_of_waiting._part(let_in)
        self._add_inputs([self._waiting[place] for place in let_in], scale)
        self._waiting = [self._waiting[place] for place in others]
        self._scale_of_waiting = self._scale_of_waiting._part(others)

    def _add_inputs(self, names: list[Hashable], *scales: Scale) -> None:
        """Add inputs with these scales, and connections of weight 0."""
        network = self._model.network
        readers = self._readers(network)
        append(network.input, names, None, readers)
        self._readers_known = network._version, readers
        self._scale._insert(len(self.names), *scales)
        self.names += names

    def _connect_again(self, neuron: Neuron, earlier: RemovedInput) -> None:
        """Give an input the weights that it had before it was removed."""
        network = self._model.network
        # Outputs have been appended since for new labels.
        added = len(network.output) - earlier.outputs
        links = self._links(network, neuron)
        by_place = {
            place - len(network) + added: link
            for place, link in zip(_places(network, links), links, strict=True)
        }
        again = [by_place[place] for place in earlier.weights if place in by_place]
        if len(again) == len(earlier.weights):
            for link, weight in zip(again, earlier.weights.values(), strict=True):
                link.weight = weight
            self.steps.set_sums_of(again, earlier.sums)

    # --- features that go -------------------------------------------------------------

    def _let_go(self, unseen: int) -> None:
        """Remove the inputs that have not been seen for too long, but not the last
        one.
        """
        oldest = self._samples - unseen
        gone = {name for name, seen in self._seen.items() if seen < oldest}
        waiting = [at for at, name in enumerate(self._waiting) if name not in gone]
        if len(waiting) < len(self._waiting):
            for name in gone.intersection(self._waiting):
                del self._seen[name]
            self._waiting = [self._waiting[at] for at in waiting]
            self._scale_of_waiting = self._scale_of_waiting._part(waiting)
        for at in reversed(range(len(self.names))):
            if self.names[at] in gone and len(self.names) > 1:
                self._remove_input(at)
        while len(self._removed) > len(self.names):
            del self._removed[next(iter(self._removed))]

    def _remove_input(self, at: int) -> None:
        network = self._model.network
        neuron = network.input[at]
        links = self._links(network, neuron)
        # Only inputs before these targets come and go, so they are counted from the
        # end.
        places = [place - len(network) for place in _places(network, links)]
        weights = dict(zip(places, [link.weight for link in links], strict=True))
        sums = self.steps.sums_of(links)
        readers = self._readers(network)
        network.remove(neuron)
        self._readers_known = network._version, readers
        name = self.names.pop(at)
        del self._seen[name]
        outputs = len(network.output)
        scale = self._scale._delete(at)
        self._removed[name] = RemovedInput(scale, weights, sums, outputs)

    # --- the network ------------------------------------------------------------------

    def _readers(self, network: Network) -> Layer:
        """Return the neurons that inputs project to, in their order."""
        version, known_readers = self._readers_known
        readers: Layer = known_readers
        if version != network._version:
            topology = Topology.of(network)
            from_inputs = topology.source < len(network.input)
            readers = layer_of(network, topology.target[from_inputs])
            self._readers_known = network._version, readers
        return readers

    def _links(self, network: Network, neuron: Neuron) -> list[Connection]:
        """Return the connections of an input, in the order of their targets."""
        links = (neuron.connection_to(reader) for reader in self._readers(network))
        return [link for link in links if link is not None]


def append(
    layer: Layer, names: Sequence[Hashable], sources: Layer | None, targets: Layer
) -> None:
    """Add neurons to a layer, with connections of weight 0 from `sources` or to
    `targets`.
    """
    like = layer[0].squash, layer.biases.dtype
    neurons = [Neuron(like[0], name=str(name), dtype=like[1]) for name in names]
    for neuron in neurons:
        layer.append(neuron)
    new = Layer(neurons)
    if sources is not None:
        sources.project(new, weights=0.0)
        return
    # One neuron after the other, as if each had been added alone.
    count, each = len(neurons), len(targets)
    pairs = np.repeat(np.arange(count), each), np.tile(np.arange(each), count)
    new.project(targets, pairs, weights=0.0)


def layer_of(network: Network, places: Ints) -> Layer:
    """Return the neurons in these places, each once, in the order of their first
    places.
    """
    neurons = [*network]
    return Layer([neurons[place] for place in dict.fromkeys(places.tolist())])


def _places(network: Network, links: list[Connection]) -> list[int]:
    """Return the places of the targets of some connections in the network."""
    place_of = {neuron: place for place, neuron in enumerate(network)}
    return [place_of[link.target] for link in links]


# --- dicts and frames -----------------------------------------------------------------


def in_order(names: Iterable[Hashable]) -> list[Hashable]:
    """Return the same order for the same features, whatever that of their dict."""
    return sorted(names, key=lambda name: (str(name), type(name).__name__))


def row_of(x: Features, names: list[Hashable]) -> Floats:
    """Return these features of a sample; NaN for those that are missing."""
    try:
        row: Floats = np.frombuffer(
            array("d", [x.get(name, math.nan) for name in names])
        )
    except (TypeError, OverflowError):
        row = np.array([_number(name, x.get(name)) for name in names])
    return row


def dicts_of(X: Any) -> list[dict[Hashable, Any]]:
    """Return the rows of a frame as dicts, if all are numbers."""
    if not isinstance(X, pd.DataFrame):
        raise ArgumentTypeError(checks.expected("X", "a pandas DataFrame", X))
    rows: list[dict[Hashable, Any]] = X.to_dict("records")
    for row in rows:
        require_numbers(row)
    if rows and not rows[0]:
        raise ArgumentError("`X` must have a column, got none.")
    return rows


def require_numbers(x: Features) -> None:
    """Raise ArgumentTypeError for the first value that is no number."""
    with suppress(TypeError, OverflowError):
        values = np.frombuffer(array("d", x.values()))
        if len(values) and (np.isnan(values) | (np.abs(values) < SQUARABLE)).all():
            return
    for name, value in x.items():
        _number(name, value)


def _number(name: Hashable, value: Any) -> float:
    """Return a feature as a float; NaN for None."""
    number = math.inf
    if not isinstance(value, str | bytes | complex | np.complexfloating):
        with suppress(TypeError, ValueError, OverflowError):
            number = math.nan if value is None else float(value)
    if abs(number) >= SQUARABLE:
        raise ArgumentTypeError(
            f"The features must be numbers between -{SQUARABLE:g} and"
            f" {SQUARABLE:g}, got {checks.short_repr(value)} for"
            f" {checks.short_repr(name)}. Encode words first, such as by"
            " river.preprocessing.OneHotEncoder."
        )
    return number
