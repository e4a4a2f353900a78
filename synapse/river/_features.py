"""Assign inputs of a model to the features of a stream, which may appear and
disappear.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import _checks as checks
from .._model import Model
from .._scale import SQUARABLE, UNCOUNTED
from .._typing import Floats, Ints
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.layer import Layer
from ..objects.network import Network
from ..objects.online_adagrad import OnlineAdaGrad, Sample
from ._kernels.features import (
    EXPECTED,
    INDICATOR,
    NONE,
    REPEATS,
    SEEN,
    VALUE,
    WIDTH,
    list_inputs,
)

UNSAVED = ("steps", "_memory", "_found")
MIN_LISTED = 16
"""Number of feature inputs from which on steps list the inputs that are not 0. In a
network with at least this number, they are runs of their own."""
USUAL = 8
"""Number of consecutive samples with a feature, or without it, after which it is
expected to be present, or absent."""
EXPECTED_SAMPLES = 4
"""Number of mean samples in the sums of squares with which a new input of a classifier
begins. Otherwise, its first step would be as large where the network was nearly right
as where it was wrong. Because errors of numbers become smaller, a mean of earlier
errors would not describe theirs."""
NEVER = 1 << 62

Features = Mapping[Hashable, Any]
ListedSample = tuple[Sample, bool]
"""The inputs that are not 0, and whether steps list them."""


class RemovedInput(NamedTuple):
    """The data of a removed input, kept until its feature occurs again."""

    role: int
    scale: Floats
    parameters: Floats
    """See :meth:`OnlineAdaGrad.parameters_of`."""


class FeatureInputs:
    """The inputs of a model for the features of a stream, with at most two for each.

    One input is the value in standard units, or 0 while the feature is absent. The
    other input is an indicator, which is 1 while the feature is present or, if it is
    expected, while it is absent. The features of the first sample are expected. Where
    steps list inputs, a feature becomes expected when `USUAL` samples in a row have it,
    and is no longer expected when as many lack it. Its indicator then becomes its
    opposite, and biases change to preserve the outputs. Therefore, usual features do
    not have an input that is always 1, and a step reads about as many inputs as its
    sample has features.

    The values of the first sample have inputs from the beginning. Any other input is
    added when it is first needed. An indicator is needed when its feature differs from
    the expectation (unless it has never been present), and a value when it first
    varies.

    Because an edit of a large network takes longer than many samples, inputs are added
    to the network in blocks, from which most new features take an existing one. An
    input without a feature is spare, and can be removed by :meth:`trim`.

    Parameters
    ----------
    model : Model
        The model, with an input for each feature of the first sample.
    names : list
        These features.
    unseen : int or None
        Number of samples after which a feature that has not been seen loses its inputs.
    """

    _memory: tuple[Ints, Floats] = np.empty(0, np.int64), np.empty(0)
    """The places of a sample's features, and their values."""
    _sample: Sample
    """The latest sample, in memory for twice as many inputs."""
    _found: tuple[tuple[Hashable, ...], Sequence[int]] = (), ()
    """The features of the latest sample, if all had places, and these."""
    steps: OnlineAdaGrad
    """The steps of the network, which keep sums for each weight."""

    def __init__(self, model: Model, names: list[Hashable], unseen: int | None) -> None:
        assert model.scale is not None  # a stream's model has one
        self._model = model
        self._scale = model.scale
        """The scale does not count indicators, which therefore stay 0 or 1."""
        self._unseen = unseen
        self._places = {name: place for place, name in enumerate(names)}
        """Where features are in the arrays below."""
        self._names: list[Hashable] = [*names]
        self._table = np.full((len(names), WIDTH), NONE)
        self._table[:, VALUE] = np.arange(len(names))
        self._table[:, EXPECTED] = 1
        self._constants = np.zeros((len(names), REPEATS + 1))
        self._expected = np.arange(len(names))
        """The places of features whose indicators are 1 while they are absent."""
        self._unused: list[int] = []
        """Places without a feature."""
        self._spare: list[int] = []
        """Inputs without a feature."""
        self._count = len(names)
        """Number of inputs that belong to features."""
        self._has_grown = False
        self._samples = 0
        self._none_unseen = unseen or 0
        """Until this sample, no feature has to be removed."""
        self._removed: dict[Hashable, list[RemovedInput]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value for name, value in vars(self).items() if name not in UNSAVED
        }

    @property
    def _lists(self) -> bool:
        """Whether steps list inputs. They do not before new features have been added,
        because a stream may only have the features of its first sample, where most
        inputs are not 0.
        """
        return self._has_grown and self._count >= MIN_LISTED

    # --- samples ----------------------------------------------------------------------

    def counted(self, x: Features) -> ListedSample:
        """Return the inputs for a sample, in standard units, after the sample is
        counted.
        """
        present = present_in(x)
        self._require_inputs()
        if NONE in self._places_of(present):
            self._meet(in_order(present.keys() - self._places.keys()), present)
        self._samples += 1
        if self._unseen is not None and self._samples > self._none_unseen:
            self._let_go(self._unseen, present)
        return self._listed(present, self._samples)

    def standard(self, x: Features) -> ListedSample:
        """Return the inputs for a sample, in standard units, without counting it."""
        self._require_inputs()
        return self._listed(present_in(x), 0)

    def _require_inputs(self) -> None:
        """Raise ArgumentError if inputs have been added or removed by hand."""
        inputs = self._model.network._n_inputs
        if inputs != len(self._scale.lags):  # `len` of the scale takes twice as long
            raise ArgumentError(
                f"Expected {checks.pluralize(len(self._scale), 'input')} for the"
                f" features of the stream, got {inputs}. Inputs come and go with the"
                " features; do not add or remove them."
            )

    def _places_of(self, present: Features) -> Sequence[int]:
        """Return the places of features, or `NONE` for features without one. They are
        found once for a prediction and the step that learns from it.
        """
        names = (*present,)
        if names != self._found[0]:
            try:
                # sooner than a loop, but of one name it returns no tuple
                places = itemgetter(*names)(self._places) if len(names) > 1 else ()
            except KeyError:
                places = ()
            if not places:
                return [self._places.get(name, NONE) for name in names]
            self._found = names, places
        return self._found[1]

    def _listed(self, present: Features, now: int) -> ListedSample:
        """Return the inputs in standard units, after counting the values as those of
        the sample `now`, or without counting if it is 0. The next call overwrites the
        result.
        """
        count = len(present)
        write_places, write_values = _writers(count)
        lists = self._lists
        usual = USUAL if now and lists and self.steps.can_list else NEVER
        while True:
            room = count + len(self._expected)
            if room > len(self._memory[0]):
                self._memory = np.empty(2 * room, np.int64), np.empty(2 * room)
                inputs = np.empty(4 * room, np.int64)
                self._sample = np.empty(4 * room), inputs, np.zeros(2, np.int64)
            places, values = self._memory
            write_places(places, 0, *self._places_of(present))
            write_values(values, 0, *present.values())
            scale = self._scale
            wanted = _kernel()(
                count,
                places,
                values,
                self._expected,
                now,
                usual,
                scale._keep,
                self._table,
                self._constants,
                scale._numbers,
                self._sample,
            )
            if wanted == 0:
                return self._sample, lists
            units, inputs, _ = self._sample
            roles = map(int, units[:wanted])
            self._provide(sorted(zip(inputs[:wanted].tolist(), roles, strict=True)))
            lists = self._lists

    # --- features that come -----------------------------------------------------------

    def _meet(self, names: list[Hashable], present: Features) -> None:
        """Find places for new features, and give them the inputs that they had before
        these were removed.
        """
        for name in names:
            place = self._unused.pop() if self._unused else self._new_place()
            self._places[name] = place
            self._names[place] = name
            self._table[place] = NONE
            self._table[place, EXPECTED] = 0
            self._constants[place] = float(present[name]), 0.0
        removed = {name: self._removed.pop(name, ()) for name in names}
        earlier = [
            (self._places[name], each) for name in names for each in removed[name]
        ]
        self._give([(place, each.role) for place, each in earlier])
        for place, each in earlier:
            i = int(self._table[place, each.role])
            self._scale._numbers[:, i] = each.scale
            self.steps.set_parameters_of(i, each.parameters)

    def _new_place(self) -> int:
        """Return the next place, and double the arrays if they have no room."""
        place = len(self._names)
        self._names.append(None)
        if place == len(self._table):
            self._table = np.concatenate([self._table] * 2)
            self._constants = np.concatenate([self._constants] * 2)
        return place

    def _provide(self, roles: list[tuple[int, int]]) -> None:
        """Give features in these places an input, or the opposite indicator."""
        self._give([(place, role) for place, role in roles if role != EXPECTED])
        for place, role in roles:
            if role == VALUE:
                mean, count = self._constants[place]
                column = count, 1.0, mean, 0.0
                self._scale._numbers[:, self._table[place, VALUE]] = column
            elif role == EXPECTED:
                self._expect(place, not self._table[place, EXPECTED])
                self.steps.negate(int(self._table[place, INDICATOR]))
                self._entitle(place, INDICATOR)

    def _expect(self, place: int, expected: bool) -> None:
        """Set whether a feature is expected."""
        self._table[place, EXPECTED] = expected
        others = self._expected[self._expected != place]
        self._expected = np.sort(np.append(others, place)) if expected else others

    def _give(self, roles: list[tuple[int, int]]) -> None:
        """Give features in these places inputs, with connections of weight 0."""
        if len(self._spare) < len(roles):
            self._grow(len(roles) - len(self._spare))
        for place, role in roles:
            i = self._table[place, role] = self._spare.pop()
            self._count += 1
            self._entitle(place, role)
            if self._model.task == "classes":
                self.steps.expect(i, EXPECTED_SAMPLES)

    def _entitle(self, place: int, role: int) -> None:
        """Name an input by its feature."""
        name = self._names[place]
        state = "absent" if self._table[place, EXPECTED] else "present"
        neuron = self._model.network.input[int(self._table[place, role])]
        neuron.name = f"{name} {state}" if role == INDICATOR else str(name)

    def _grow(self, added: int) -> None:
        """Add spare inputs to the network: half as many as it has, if its steps can
        list inputs.
        """
        self._has_grown = True
        size = len(self._scale)
        if self._count + added >= MIN_LISTED and self.steps.can_list:
            added = max(added, self._count // 2)
        append(self._model.network.input, added, None, self.steps.readers)
        self._scale._arrange(range(size), added)
        self._spare = [*range(size + added - 1, size - 1, -1), *self._spare]

    # --- features that go -------------------------------------------------------------

    def _let_go(self, unseen: int, present: Features) -> None:
        """Remove the inputs of features that are not present and have not been seen for
        too long, but not the last ones.
        """
        seen = np.maximum(self._table[: len(self._names), SEEN], 0)
        late = np.flatnonzero(seen < self._samples - unseen)
        names = {self._names[place] for place in late} - present.keys()
        self._none_unseen = int(seen.min()) + unseen
        for name in in_order(names):
            place = self._places[name]
            roles = [
                role for role in (VALUE, INDICATOR) if self._table[place, role] != NONE
            ]
            if len(roles) < self._count:
                removed = [self._release(place, role) for role in roles]
                if removed:
                    self._removed[name] = removed
                self._expect(place, False)
                del self._places[name]
                self._table[place, SEEN] = NEVER
                self._found = (), ()
                self._unused.append(place)
        while len(self._removed) > self._count:
            del self._removed[next(iter(self._removed))]
        # A step that lists inputs leaves nothing of a feature in its input but what is
        # cleared here. Others leave traces and sensitivities, which go with the input.
        lists = self._lists and self.steps.can_list
        if not lists or len(self._spare) > self._count:
            self.trim()

    def _release(self, place: int, role: int) -> RemovedInput:
        """Make an input spare; outputs do not change while its feature is absent."""
        i = int(self._table[place, role])
        scale = self._scale._numbers
        if role == INDICATOR and self._table[place, EXPECTED]:
            self.steps.negate(i)
        parameters = self.steps.parameters_of(i)
        removed = RemovedInput(role, scale[:, i].copy(), parameters)
        scale[:, i] = UNCOUNTED[:, 0]
        self._spare.append(i)
        self._count -= 1
        if self._lists:
            self.steps.set_parameters_of(i, parameters[:, :0])
        return removed

    def trim(self) -> None:
        """Remove spare inputs from the network."""
        if self._spare:
            left = np.setdiff1d(np.arange(len(self._scale)), self._spare)
            index = np.full(len(self._scale) + 1, NONE)  # the last one is that of NONE
            index[left] = np.arange(len(left))
            self.steps.remove_inputs(self._spare)
            self._scale._arrange(left, 0)
            self._table[:, :EXPECTED] = index[self._table[:, :EXPECTED]]
            self._spare = []


@cache
def _kernel() -> Callable[..., int]:
    """Return the machine code of :func:`list_inputs`."""
    integers = np.empty(0, np.int64)
    floats = np.empty(0)
    sample = 1, integers, floats, integers, 1, 1, 1.0
    tables = integers[None], floats[None], floats[None]
    return list_inputs.for_types((*sample, *tables, (floats, integers, integers)))


@cache
def _writers(count: int) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return functions that write integers, and floats, to memory. Converting a list to
    an array would take three times as long.
    """
    return Struct(f"{count}q").pack_into, Struct(f"{count}d").pack_into


def append(layer: Layer, count: int, sources: Layer | None, targets: Layer) -> None:
    """Add neurons to a layer, with connections of weight 0 from `sources` or to
    `targets`.
    """
    neurons = [*Layer(count, layer[0].squash, dtype=layer.biases.dtype)]
    layer._extend(neurons)
    new = Layer(neurons)
    if sources is not None:
        sources.project(new, weights=0.0)
        return
    # One neuron after the other, as if each had been added alone.
    each = len(targets)
    pairs = np.repeat(np.arange(count), each), np.tile(np.arange(each), count)
    new.project(targets, pairs, weights=0.0)


def layer_of(network: Network, places: Ints) -> Layer:
    """Return the neurons in these places, each once, in the order of their first
    occurrence.
    """
    neurons = [*network]
    return Layer([neurons[place] for place in dict.fromkeys(places.tolist())])


# --- dicts and frames -----------------------------------------------------------------


def in_order(names: Iterable[Hashable]) -> list[Hashable]:
    """Return features in an order that does not depend on the order in their dict."""
    return sorted(names, key=lambda name: (str(name), type(name).__name__))


def present_in(x: Features) -> Features:
    """Return the features of a sample that are not missing, or raise ArgumentTypeError
    if one is not a number.
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
    checks.instance("X", X, pd.DataFrame)
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
