"""Inputs of a model for the features of a stream, which come and go."""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
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

UNSAVED = ("steps",)
READERS = "readers"
"""The fact of a network: the neurons that its inputs project to."""

Features = Mapping[Hashable, Any]


@dataclass(frozen=True)
class RemovedInput:
    """What is left of an input that was removed, until its feature is seen again."""

    is_indicator: bool
    scale: Scale
    weights: dict[int, float]
    """By place of the target, counted from the end of the network."""
    sums: Floats
    """Sums of squares of these weights."""
    outputs: int


class FeatureInputs:
    """The inputs of a model for the features of a stream: at most two for each.

    One is the value in standard units, 0 while the feature is absent. The other is an
    indicator: 1 while the presence of the feature differs from that in the first
    sample. So a feature of the first sample has an indicator of its absence, any other
    feature one of its presence.

    Only the values of the first sample have an input from the beginning. A value gets
    its input when it differs from all values before, an indicator when its feature is
    absent after it was present, or present again. Before that, an input could neither
    act nor learn, or is the same in all samples. An edit of a large network takes
    longer than many samples, and words that occur once need no input.

    Parameters
    ----------
    model : Model
        The model, with an input for each feature of the first sample.
    names : list
        These features.
    unseen : int or None
        Number of samples after which a feature that has not been seen loses its inputs.
    """

    steps: OnlineAdaGrad
    """The steps of the network, which keep sums for each weight."""

    def __init__(self, model: Model, names: list[Hashable], unseen: int | None) -> None:
        self._model = model
        self._unseen = unseen
        values = {name: place for place, name in enumerate(names)}
        self._places: tuple[dict[Hashable, int], dict[Hashable, int]] = values, {}
        """The places of the inputs of values, and of indicators."""
        self._expected = dict.fromkeys(names)
        """The features whose indicators are 1 while they are absent."""
        self._constants: dict[Hashable, tuple[float, float]] = {}
        """Values without an input, which have always been the same, and their
        counts."""
        self._latest: dict[Hashable, Any] = {}
        self._samples = 0
        self._seen: OrderedDict[Hashable, int] = OrderedDict.fromkeys(names, 0)
        """Number of the last sample of a feature, if it can be let go: those first that
        have not been seen for longest."""
        self._removed: dict[Hashable, list[RemovedInput]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value for name, value in vars(self).items() if name not in UNSAVED
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    @property
    def _scale(self) -> Scale:
        """The scale of the inputs; it counts no indicators, so they stay 0 or 1."""
        assert self._model.scale is not None  # a stream's model has one
        return self._model.scale

    # --- samples ----------------------------------------------------------------------

    def counted(self, x: Features) -> Floats:
        """Return the inputs for a sample, in standard units, after the sample is
        counted.
        """
        present = present_in(x)
        indicators = []
        if present.keys() != self._latest.keys():
            indicators = self._follow_presence(present)
            self._latest = dict(present)
        values = self._follow_constants(present) if self._constants else []
        if values or indicators:
            scale = Scale(len(values) + len(indicators))
            for place, name in enumerate(values):
                scale.mean[place], scale.count[place] = self._constants.pop(name)
            added = [(name, False) for name in values]
            self._add_inputs(added + [(name, True) for name in indicators], scale)
        self._samples += 1
        if self._unseen is not None:
            for name in present:
                self._seen[name] = self._samples
                self._seen.move_to_end(name)
            self._let_go(self._unseen)
        return self._inputs(present, 1.0)

    def standard(self, x: Features) -> Floats:
        """Return the inputs for a sample, in standard units; it is not counted."""
        return self._inputs(present_in(x), 0.0)

    def _inputs(self, present: Features, weight: float) -> Floats:
        """Return the inputs in standard units, after the values are counted with this
        weight.
        """
        of_values, of_indicators = self._places
        if not of_indicators:
            values = [present.get(name, math.nan) for name in of_values]
            return self._scale.follow(np.frombuffer(array("d", values)), weight)
        row = array("d", [math.nan]) * len(self._scale)
        for name, value in present.items():
            if name in of_values:
                row[of_values[name]] = value
        standard = self._scale.follow(np.frombuffer(row), weight)
        differ = present.keys() ^ self._expected.keys()
        ones = [of_indicators[name] for name in differ if name in of_indicators]
        standard[ones] = 1.0
        return standard

    # --- features that come -----------------------------------------------------------

    def _follow_presence(self, present: Features) -> list[Hashable]:
        """Add new features; return those that need an indicator now."""
        # Without `set - keys`, which takes as long as there are keys.
        indicators = self._places[True]
        differ = present.keys() ^ self._expected.keys()
        lacking = [name for name in differ if name not in indicators]
        before = self._latest
        moved = {name for name in lacking if (name in present) != (name in before)}
        new = in_order(name for name in moved if name not in self._seen)
        returning = [name for name in new if name in self._removed]
        self._restore(returning)
        self._seen |= dict.fromkeys(new, self._samples)
        for name in new:
            if name not in self._places[False]:
                self._constants[name] = present[name], 0.0
        moved -= {*new} - {*returning}
        return in_order(name for name in moved if name not in indicators)

    def _follow_constants(self, present: Features) -> list[Hashable]:
        """Count values that are the same as before; return the features of others."""
        varied = []
        for name in present.keys() & self._constants.keys():
            value, count = self._constants[name]
            if present[name] == value:
                self._constants[name] = value, self._scale._keep * count + 1.0
            else:
                varied.append(name)
        return in_order(varied)

    def _add_inputs(self, added: list[tuple[Hashable, bool]], *scales: Scale) -> None:
        """Add inputs for values and indicators of features, with these scales and
        connections of weight 0.
        """
        network = self._model.network
        readers = self._readers(network)
        titles = []
        for place, (name, is_indicator) in enumerate(added, len(self._scale)):
            self._places[is_indicator][name] = place
            state = "absent" if name in self._expected else "present"
            titles.append(f"{name} {state}" if is_indicator else str(name))
        append(network.input, titles, None, readers)
        _facts_of(network)[READERS] = readers
        self._scale._insert(len(self._scale), *scales)

    def _restore(self, names: list[Hashable]) -> None:
        """Give features the inputs that they had before these were removed."""
        removed = [(name, each) for name in names for each in self._removed.pop(name)]
        if removed:
            start = len(self._scale)
            added = [(name, each.is_indicator) for name, each in removed]
            self._add_inputs(added, *(each.scale for _, each in removed))
            inputs = self._model.network.input
            for place, (_, earlier) in enumerate(removed, start):
                self._connect_again(inputs[place], earlier)

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
        """Remove the inputs of features that have not been seen for too long, but not
        the last ones.
        """
        oldest = self._samples - unseen
        unseen_names = takewhile(lambda name: self._seen[name] < oldest, self._seen)
        for name in in_order(unseen_names):
            roles = [role for role in (False, True) if name in self._places[role]]
            if len(roles) < len(self._scale):
                removed = [self._remove_input(name, role) for role in roles]
                if removed:
                    self._removed[name] = removed
                self._expected.pop(name, None)
                self._constants.pop(name, None)
                del self._seen[name]
        while len(self._removed) > len(self._scale):
            del self._removed[next(iter(self._removed))]

    def _remove_input(self, name: Hashable, is_indicator: bool) -> RemovedInput:
        network = self._model.network
        at = self._places[is_indicator].pop(name)
        for places in self._places:
            after = [other for other, place in places.items() if place > at]
            places |= {other: places[other] - 1 for other in after}
        neuron = network.input[at]
        links = self._links(network, neuron)
        # Only inputs before these targets come and go, so they are counted from the
        # end.
        targets = [place - len(network) for place in _places(network, links)]
        weights = [link.weight for link in links]
        if is_indicator and name in self._expected:
            # From 1 while it is absent to 1 while it is present: w (1 - p) = w - w p.
            for link in links:
                link.target.bias += link.weight
            weights = [-weight for weight in weights]
        sums = self.steps.sums_of(links)
        readers = self._readers(network)
        network.remove(neuron)
        _facts_of(network)[READERS] = readers
        scale = self._scale._delete(at)
        by_target = dict(zip(targets, weights, strict=True))
        return RemovedInput(is_indicator, scale, by_target, sums, len(network.output))

    # --- the network ------------------------------------------------------------------

    def _readers(self, network: Network) -> Layer:
        """Return the neurons that inputs project to, in their order."""
        facts = _facts_of(network)
        if READERS not in facts:
            topology = Topology.of(network)
            from_inputs = topology.source < len(network.input)
            facts[READERS] = layer_of(network, topology.target[from_inputs])
        return facts[READERS]

    def _links(self, network: Network, neuron: Neuron) -> list[Connection]:
        """Return the connections of an input, in the order of their targets."""
        links = (neuron.connection_to(reader) for reader in self._readers(network))
        return [link for link in links if link is not None]


def _facts_of(network: Network) -> dict[str, Any]:
    """Return what is known of the present topology, see ``objects/facts.py``."""
    return vars(network._present_facts())


def append(
    layer: Layer, names: Sequence[Hashable], sources: Layer | None, targets: Layer
) -> None:
    """Add neurons to a layer, with connections of weight 0 from `sources` or to
    `targets`.
    """
    like = layer[0].squash, layer.biases.dtype
    neurons = [Neuron(like[0], name=str(name), dtype=like[1]) for name in names]
    layer._extend(neurons)
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


def present_in(x: Features) -> Features:
    """Return the features of a sample that are not missing; ArgumentTypeError if one is
    no number.
    """
    if type(x) is not dict and not isinstance(x, Mapping):
        raise ArgumentTypeError(checks.expected("x", "a dict of numbers", x))
    try:
        size = math.hypot(*x.values())
    except (TypeError, ValueError, OverflowError):
        size = math.nan
    if size < SQUARABLE:
        return x
    numbers = {name: _number(name, value) for name, value in x.items()}
    return {name: number for name, number in numbers.items() if number == number}


def dicts_of(X: Any) -> list[dict[Hashable, Any]]:
    """Return the rows of a frame as dicts, if all are numbers."""
    if not isinstance(X, pd.DataFrame):
        raise ArgumentTypeError(checks.expected("X", "a pandas DataFrame", X))
    if not X.columns.is_unique:
        name = checks.short_repr(X.columns[X.columns.duplicated()][0])
        condition = "have different names of columns"
        raise ArgumentError(checks.must("X", condition, f"{name} twice"))
    rows: list[dict[Hashable, Any]] = X.to_dict("records")
    for row in rows:
        present_in(row)
    if rows and not rows[0]:
        raise ArgumentError("`X` must have a column, got none.")
    return rows


def _number(name: Hashable, value: Any) -> float:
    """Return a feature as a float; NaN if it is missing."""
    number = math.inf
    if value is None or value is pd.NA or value is pd.NaT:
        number = math.nan
    elif type(value) is float:
        number = value
    elif not isinstance(value, str | bytes | complex | np.complexfloating):
        with suppress(TypeError, ValueError, OverflowError):
            number = float(value)
    if abs(number) >= SQUARABLE:
        raise ArgumentTypeError(
            f"The features must be numbers between -{SQUARABLE:g} and"
            f" {SQUARABLE:g}, got {checks.short_repr(value)} for"
            f" {checks.short_repr(name)}. Encode words first, such as by"
            " river.preprocessing.OneHotEncoder."
        )
    return number
