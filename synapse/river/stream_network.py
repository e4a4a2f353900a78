"""What the estimators for River share: a model, and features that come and go."""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from river import base

from .. import _checks as checks, initializers
from .._defaults import OUTPUTS, SAMPLES, Stream, architecture, built
from .._typing import Floats, Ints
from ..errors import ArgumentError, ArgumentTypeError
from ..learning.renewal import Renewal, Renewer, checked_renewal
from ..model import Model
from ..objects.connection import Connection
from ..objects.layer import Layer
from ..objects.network import Network, require_network
from ..objects.neuron import Neuron
from ..objects.scaled_steps import ScaledSteps
from ..objects.slopes import Slopes
from ..objects.topology import Topology
from ..scale import SQUARABLE, Scale

RULES = ("online", "rtrl")
WIDE = 2.5
"""Initial weights of hidden neurons, and their biases, lie within this factor of those
of "fan_in".

Neurons of narrower weights are nearly linear, and have to find their curves first.
"""
UNSAVED = ("_lock", "_steps", "_readers_known", "_renewer", "_rng")
FORGOTTEN_EVERY = 64
"""Samples between two looks for features that have not been seen for too long. ``python
-m benchmarks.constants stream_network.FORGOTTEN_EVERY``: neither a tenth nor ten times
changes the time of a row by more than a tenth."""

Features = Mapping[Hashable, Any]
Build = Callable[[int, int, int], Network]


def _named_build(title: str, build: Any) -> Any:
    if isinstance(build, str):
        architecture(title, build)
    return build


def _bound(title: str, bound: Any) -> float | None:
    return None if bound is None else checks.positive_number(title, bound)


@dataclass(frozen=True)
class RemovedInput:
    """What is left of an input that was removed, until its feature is seen again."""

    scale: Scale
    weights: dict[int, float]
    """By place of the target, counted from the end of the network."""
    sums: Floats
    """Sums of squares of these weights."""
    outputs: int


class StreamNetwork(base.Estimator):
    """A network that learns from a stream of dicts.

    An unknown feature gets an input neuron, with connections of weight 0, so that what
    was learned stays, at the first sample in which its value differs from its mean so
    far. Until then its value in standard units is 0, so it can neither act nor learn. A
    missing feature (no key, None or NaN) is an input at its running mean.

    Parameters
    ----------
    build : str or callable, optional
        The topology: the name of an architecture in any case, such as "gru", or a
        function
        ``build(n_inputs, n_outputs, seed)`` that returns any network, which is copied:
        with softmax outputs for classes, and outputs without bounds for numbers, such
        as "identity". Default "Perceptron", of forecasts "GRU".
    hidden : int or tuple of int, optional
        Sizes of the hidden layers of a named topology. Default one of 32 neurons, of
        forecasts 16. With ``()`` the model is linear.
    direct : bool
        Whether the inputs of a named topology project to the outputs, too, and all
        weights into outputs begin at 0: the network begins as a linear model. Default
        True.
    rule : {"online", "rtrl"}
        The learning rule, as for :class:`~synapse.Trainer`. Default "online".
    reach : int, optional
        Steps that the sensitivities of "rtrl" reach. Default: all, the exact gradient.
    rate : float
        Size α of the first change of each parameter; later ones are divided by the root
        of the sum of its squared slopes, relative to the first (AdaGrad, Duchi, Hazan
        and Singer 2011). Default 0.2.
    memory : float
        Number of samples, 1 or above, over which these sums extend: an earlier square
        counts less by 1 - 1/memory at every sample, so that steps do not vanish in
        streams that change. Default 2000.
    bound : float or None
        Factor κ of the bound on a step: to first order, a step reduces the cost by at
        most Σ|t - y| / κ for classes and (t - y)² / κ for numbers, so that with 1 an
        output does not pass its target (compare Elsayed, Vasan and Mahmood 2024).
        Larger is more cautious; None is no bound. Default 1.
    half_life : float, optional
        Number of samples after which one counts half in means and deviations. Default:
        all count alike.
    unseen : int, optional
        Number of samples after which a feature that has not been seen loses its input.
        If it is seen again, it begins with the weights that it had, as long as no more
        features have been removed since than the network has inputs. Default: none
        does.
    renewal : Renewal, optional
        Lets the least useful hidden neurons begin anew, see
        :class:`synapse.learning.Renewal`. Default: none.
    seed : int, optional
        Seed of the first weights, and of renewals.

    Attributes
    ----------
    network : Network or None
        The network, in standard units; None before the first sample.
    """

    _output_squash: ClassVar[str] = OUTPUTS["numbers"]
    _usual: ClassVar[Stream] = SAMPLES
    """The build and the hidden layers, if they are not given."""
    _squared: ClassVar[bool] = True
    """Whether the cost is a square of the error."""
    _target_lags: ClassVar[tuple[int, ...]] = ()
    """The lags of the target: what is learned are its differences."""

    @checks.understands("stream", of_class=False)
    def __init__(
        self,
        build: Annotated[str | Build | None, _named_build] = None,
        hidden: int | Sequence[int] | None = None,
        direct: Annotated[bool, checks.boolean] = True,
        rule: Annotated[str, partial(checks.choice, options=RULES)] = "online",
        reach: int | None = None,
        rate: Annotated[float, checks.positive_number] = SAMPLES.rate,
        memory: Annotated[float, checks.number_from_one] = SAMPLES.memory,
        bound: Annotated[float | None, _bound] = SAMPLES.bound,
        half_life: Annotated[float | None, checks.positive_number] = None,
        unseen: Annotated[int | None, checks.positive_integer] = None,
        renewal: Annotated[Renewal | None, checked_renewal] = None,
        seed: int | None = None,
    ) -> None:
        self.build = build
        self.hidden = hidden
        self.direct = direct
        self.rule = rule
        self.reach = reach
        self.seed = seed
        self.rate = rate
        self.memory = memory
        self.bound = bound
        self.half_life = half_life
        self.unseen = unseen
        self.renewal = renewal
        self.network: Network | None = None
        # one sample at a time, also where features and labels are added
        self._lock = threading.RLock()

    # --- the network ------------------------------------------------------------------

    @property
    def model(self) -> Model | None:
        """The network with the scales and classes so far, to save, to open elsewhere or
        to export; None before the first sample. Features without an input are not in
        it.
        """
        with self._lock:
            return None if self.network is None else self._model(self.network)

    def _model(self, network: Network, **options: Any) -> Model:
        """The model of a network and what has been counted."""
        options.setdefault("task", "numbers")
        return Model(
            network,
            scale=self._scale.part(range(len(network.input))),
            target_scale=deepcopy(self._target_scale),
            **options,
        )

    def _begin(self, names: list[Hashable]) -> Network:
        """Build the network for the features of the first sample, with one output."""
        if not names:
            raise ArgumentError(
                "Expected the first sample to have a feature, got none."
            )
        network = self._built(len(names))
        for neuron, name in zip(network.input, names, strict=True):
            neuron.name = str(name)
        self._names = names
        self._known = set(names)
        self._removed: dict[Hashable, RemovedInput] = {}
        self._scale = Scale(len(names), self.half_life)
        self._target_scale = Scale(1, self.half_life, [self._target_lags])
        self._samples = 0
        self._seen = np.zeros(len(names))
        self._attach(network)
        self.network = network
        return network

    def _attach(self, network: Network) -> None:
        """Make what learns in a network, and follows its edits."""
        self._model(network)  # checks its outputs, and lets it warn when it is alone
        self._steps = ScaledSteps(network)
        self._readers_known: tuple[int, Any] = (0, None)
        self._renewer = None if self.renewal is None else Renewer(network, self.renewal)
        # where the streams of renewed neurons begin
        self._rng = np.random.default_rng(self.seed)

    def _built(self, inputs: int) -> Network:
        seed = int(np.random.default_rng(self.seed).integers(2**31 - 1))
        build = self._usual.build if self.build is None else self.build
        if isinstance(build, str):
            network = self._named(build, inputs, seed)
        else:
            made = checks.function_of(
                "The build",
                build,
                "n_inputs",
                "n_outputs",
                "seed",
                advice=checks.BUILD_ADVICE,
            )(inputs, 1, seed)
            network = require_network("What build returns", made).clone()
            if (len(network.input), len(network.output)) != (inputs, 1):
                raise ArgumentError(
                    f"Expected build to return a network of {inputs} inputs and 1"
                    f" output, got {network!r}."
                )
        if (self.rule, self.reach) != ("online", None):
            network.rule = self.rule, self.reach
        return network

    def _named(self, build: str, inputs: int, seed: int) -> Network:
        """A network of a named topology."""
        hidden = self._usual.hidden if self.hidden is None else self.hidden
        sizes = checks.layer_sizes("The hidden", hidden)
        options: dict[str, Any] = {"output_squash": self._output_squash, "seed": seed}
        # without hidden neurons they are all the same
        name = architecture("The build", build) if sizes else "Perceptron"
        if name == "Perceptron":
            options |= {"initializer": wide, "bias_initializer": wide}
        network = built(name, inputs, sizes, 1, **options)
        if self.direct or not sizes:
            # By their numbers: objects of connections would make every edit slower.
            into_outputs = Topology.of(network).target >= len(network) - len(
                network.output
            )
            network.weights = np.where(into_outputs, 0.0, network.weights)
        if self.direct and sizes:
            # a random network may have connected some already
            topology = Topology.of(network)
            linked = topology.source[topology.target == len(network) - 1]
            others = np.setdiff1d(np.arange(inputs), linked)
            pairs = others, np.zeros_like(others)
            network.input.project(network.output, pairs, weights=0.0)
        return network

    @staticmethod
    def _append(
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

    @staticmethod
    def _sources(network: Network) -> Layer:
        """The neurons that project to outputs, in their order."""
        topology = Topology.of(network)
        into_outputs = topology.target >= len(network) - len(network.output)
        return _layer_of(network, topology.source[into_outputs])

    def _readers(self, network: Network) -> Layer:
        """The neurons that inputs project to, in their order."""
        version, known_readers = self._readers_known
        readers: Layer = known_readers
        if version != network._version:
            topology = Topology.of(network)
            from_inputs = topology.source < len(network.input)
            readers = _layer_of(network, topology.target[from_inputs])
            self._readers_known = network._version, readers
        return readers

    def _meet(self, network: Network, names: list[Hashable]) -> None:
        """Count features from here on; those that had an input before get one again.

        Others get theirs in :meth:`_inputs`, once their value is not always the same:
        an edit of a large network takes longer than many samples, and words that come
        once, or once in a text at most, need no input.
        """
        count = len(self._names)
        earlier = [self._removed.get(name) for name in names]
        returning = [
            count + i for i, removed in enumerate(earlier) if removed is not None
        ]
        self._scale.insert(
            count,
            *(Scale(1) if removed is None else removed.scale for removed in earlier),
        )
        self._names += names
        self._seen = np.append(self._seen, np.full(len(names), self._samples))
        self._known.update(names)
        if returning:
            start = len(network.input)
            self._give_inputs(network, returning)
            for place in range(start, len(network.input)):
                removed = self._removed.pop(self._names[place])
                self._connect_again(network, network.input[place], removed)

    def _give_inputs(self, network: Network, places: Sequence[int]) -> Ints:
        """Make inputs of features that have none; returns the new order of all
        features, of which those with inputs come first.
        """
        start = len(network.input)
        others = np.setdiff1d(np.arange(start, len(self._names)), places)
        order = np.concatenate([np.arange(start), places, others]).astype(np.int64)
        readers = self._readers(network)
        self._append(
            network.input, [self._names[place] for place in places], None, readers
        )
        self._readers_known = network._version, readers
        self._names = [self._names[place] for place in order.tolist()]
        self._seen = self._seen[order]
        self._scale.sort(order)
        return order

    def _inputs(self, network: Network, standard: Floats) -> Floats:
        """What the inputs get: the standard units of their features, after those have
        got inputs whose value differs from their mean.
        """
        count = len(network.input)
        if len(standard) > count:
            places = count + np.flatnonzero(standard[count:])
            if len(places):
                order = self._give_inputs(network, places.tolist())
                standard = standard[order]
        return standard[: len(network.input)]

    def _let_go(self, network: Network, unseen: int) -> None:
        """Remove the inputs that have not been seen for too long, but not the last
        one.
        """
        for at in np.flatnonzero(self._samples - self._seen > unseen)[::-1].tolist():
            if at >= len(network.input):
                self._forget(at)
            elif len(network.input) > 1:
                neuron = network.input[at]
                links = self._links(network, neuron)
                # Only inputs before these targets come and go, so they are counted from
                # the end.
                places = [place - len(network) for place in _places(network, links)]
                weights = [link.weight for link in links]
                sums = self._steps.sums_of(links)
                readers = self._readers(network)
                network.remove(neuron)
                self._readers_known = network._version, readers
                name, scale = self._forget(at)
                outputs = len(network.output)
                self._removed[name] = RemovedInput(
                    scale, dict(zip(places, weights, strict=True)), sums, outputs
                )
        while len(self._removed) > len(network.input):
            del self._removed[next(iter(self._removed))]

    def _forget(self, at: int) -> tuple[Hashable, Scale]:
        """Count a feature no longer; returns its name and its scale."""
        name = self._names.pop(at)
        self._known.remove(name)
        self._seen = np.delete(self._seen, at)
        return name, self._scale.delete(at)

    def _links(self, network: Network, neuron: Neuron) -> list[Connection]:
        """The connections of an input, in the order of their targets."""
        links = (neuron.connected(reader) for reader in self._readers(network))
        return [link for link in links if link is not None]

    def _connect_again(
        self, network: Network, neuron: Neuron, earlier: RemovedInput
    ) -> None:
        """Give an input the weights that it had before it was removed."""
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
            self._steps.set_sums_of(again, earlier.sums)

    # --- one sample -------------------------------------------------------------------

    def _counted(self, x: Features) -> tuple[Network, Floats]:
        """The network and its inputs in standard units, after the sample is counted."""
        if not isinstance(x, Mapping):
            raise ArgumentTypeError(
                checks.expected("The features", "a dict of numbers", x)
            )
        network = self.network
        if network is None or not x.keys() <= self._known:
            _require_numbers(x)  # before anything changes
            if network is None:
                network = self._begin(_in_order(x))
            else:
                self._meet(
                    network, _in_order(name for name in x if name not in self._known)
                )
        row = self._row(x)
        standard = self._inputs(network, self._taken(x, row, 1.0))
        self._samples += 1
        if self.unseen is not None:
            self._seen[~np.isnan(self._row(x))] = self._samples
            if self._samples % FORGOTTEN_EVERY == 0:
                self._let_go(network, self.unseen)
                standard = self._standard(network, x)
        return network, standard

    def _standard(self, network: Network, x: Features) -> Floats:
        """The inputs of a network for a sample that is not counted."""
        return self._taken(x, self._row(x), 0.0)[: len(network.input)]

    def _taken(self, x: Features, row: Floats, weight: float) -> Floats:
        """All features in standard units, after they are counted with this weight."""
        try:
            return self._scale.follow(row, weight)
        except ArgumentError:
            _require_numbers(x)  # says which
            raise

    def _row(self, x: Features) -> Floats:
        """The features in the order of the inputs, then those that have none; NaN for
        those that are missing.
        """
        try:
            row: Floats = np.frombuffer(
                array("d", [x.get(name, math.nan) for name in self._names])
            )
        except (TypeError, OverflowError):
            row = np.array([_number(name, x.get(name)) for name in self._names])
        return row

    def _learn(self, errors: Floats, weight: float) -> None:
        """Change the parameters by a bounded step along the slopes of these errors."""
        self._steps.move(
            errors,
            weight,
            self.rate,
            1.0 - 1.0 / self.memory,
            self.bound or 0.0,
            self._squared,
        )
        if self._renewer is not None:
            self._renewer.renew(self._rng)

    def _outputs(self, network: Network, x: Features) -> Floats:
        """The outputs for a sample, in a step that leaves no trace."""
        return network.peek(self._standard(network, x))

    def clone(
        self, new_params: dict[str, Any] | None = None, include_attributes: bool = False
    ) -> Self:
        """Return an estimator with the same parameters; with its attributes, also what
        was learned.
        """
        twin: Self = super().clone(new_params)
        if include_attributes:
            state = self.__getstate__()
            parameters = self._get_params()
            twin.__setstate__(
                deepcopy(
                    {name: state[name] for name in state.keys() - parameters.keys()}
                )
            )
        return twin

    def __getstate__(self) -> dict[str, Any]:
        state = {
            name: value for name, value in vars(self).items() if name not in UNSAVED
        }
        if self.network is not None:
            state["_squares"] = self._steps.read()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        squares: Slopes | None = state.pop("_squares", None)
        self.__dict__.update(state)
        self._lock = threading.RLock()
        if self.network is not None:
            self._attach(self.network)
        if squares is not None:
            self._steps.restore(squares)


def wide(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> Floats:
    """Draw weights so large that hidden neurons are curved from the beginning."""
    weights: Floats = WIDE * initializers.fan_in(rng, shape, fan_in, fan_out)
    return weights


def _layer_of(network: Network, places: Ints) -> Layer:
    """The neurons in these places, each once, in the order of their first places."""
    neurons = [*network]
    return Layer([neurons[place] for place in dict.fromkeys(places.tolist())])


def _places(network: Network, links: list[Connection]) -> list[int]:
    """The places of the targets of some connections in the network."""
    place_of = {neuron: place for place, neuron in enumerate(network)}
    return [place_of[link.target] for link in links]


def _in_order(names: Iterable[Hashable]) -> list[Hashable]:
    """The same order for the same features, whatever that of their dict."""
    return sorted(names, key=lambda name: (str(name), type(name).__name__))


def dicts_of(X: Any) -> list[dict[Hashable, Any]]:
    """The rows of a frame as dicts, if all are numbers."""
    if not isinstance(X, pd.DataFrame):
        raise ArgumentTypeError(checks.expected("The X", "a pandas DataFrame", X))
    rows: list[dict[Hashable, Any]] = X.to_dict("records")
    for row in rows:
        _require_numbers(row)
    if rows and not rows[0]:
        raise ArgumentError("Expected the X to have a column, got none.")
    return rows


def column_of(column: str, values: Any, count: int) -> list[Any]:
    """The values of a series, one for each row."""
    listed: list[Any] = pd.Series(values).tolist()
    if len(listed) != count:
        raise ArgumentError(
            checks.expected(column, f"a column of {count} values", len(listed))
        )
    return listed


def _require_numbers(x: Features) -> None:
    """Raise ArgumentTypeError for the first value that is no number."""
    with suppress(TypeError, OverflowError):
        values = np.frombuffer(array("d", x.values()))
        if len(values) and (np.isnan(values) | (np.abs(values) < SQUARABLE)).all():
            return
    for name, value in x.items():
        _number(name, value)


def _number(name: Hashable, value: Any) -> float:
    """A feature as a float; NaN for None."""
    number = math.inf
    if not isinstance(value, str | bytes | complex | np.complexfloating):
        with suppress(TypeError, ValueError, OverflowError):
            number = math.nan if value is None else float(value)
    if abs(number) >= SQUARABLE:
        raise ArgumentTypeError(
            f"Expected the features to be numbers between -{SQUARABLE:g} and"
            f" {SQUARABLE:g}, got {checks.shown(value)} for {checks.shown(name)}."
            " Encode words first, such as by river.preprocessing.OneHotEncoder."
        )
    return number
