"""What the estimators for River share: a network, the scale of its inputs, and features that come and go."""

from __future__ import annotations

import copy
import math
import threading
from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Self

import numpy as np
from river import base

import architect

from .. import _checks as checks
from .._running_scale import SQUARABLE, RunningScale
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError
from ..learning.renewal import Renewal, Renewer, checked_renewal
from ..objects.layer import Layer
from ..objects.network import Network, require_network
from ..objects.neuron import Neuron
from ..objects.slopes import SlopeTraces

BUILDS = ("Perceptron", "Elman", "GRU", "LSTM")
AUTO = "auto"
OUTPUT = np.ones(1)
"""The errors whose slopes are those of a single output."""
UNSAVED = ("_lock", "_traces", "_renewer", "_rng")
FORGOTTEN_EVERY = 64
"""Samples between two looks for features that have not been seen for too long."""

Features = Mapping[Hashable, Any]
Build = Callable[[int, int, int], Network]


class StreamNetwork(base.Estimator):
    """A network that learns from a stream of dicts.

    An unknown feature gets an input neuron, with connections of weight 0, so that what was learned stays to
    the bit. A missing one (no key, None or NaN) is an input at its running mean.

    Parameters
    ----------
    build : str or callable, optional
        The topology: "Perceptron", "Elman", "GRU" or "LSTM", or a function ``build(n_inputs, n_outputs,
        seed)`` that returns any network, which is copied. Default "Perceptron", of forecasts "GRU".
    hidden : tuple of int, optional
        Sizes of the hidden layers of a named topology. Default one of 16 neurons.
    direct : bool
        Whether the inputs of a named topology project to the outputs, too, and all weights into outputs
        begin at 0: the network begins as a linear model. Default True.
    method : {"online", "rtrl"}
        The learning rule, as for :class:`~synapse.Trainer`. Default "online".
    order : int, optional
        Order of the sensitivities of "rtrl". Default: all, the exact gradient.
    rate : float
        Size of a step, if the bound does not reduce it. Default 1.
    bound : float, "auto" or None
        Factor κ of the bound on the step of Elsayed, Vasan and Mahmood 2024 (see :class:`synapse.reward.TD`):
        larger is more cautious. None: every step is the rate. Default "auto": 1 for classes, 5 for numbers
        and forecasts.
    half_life : float, optional
        Number of samples after which one counts half in means and deviations. Default: all count alike.
    unseen : int, optional
        Number of samples after which a feature that has not been seen loses its input. Default: none does.
    renewal : Renewal, optional
        Lets the least useful hidden neurons begin anew, see :class:`synapse.learning.Renewal`. Default: none.
    seed : int, optional
        Seed of the first weights, and of renewals.
    """

    _output_squash: ClassVar[str] = "identity"
    _usual: ClassVar[tuple[str, tuple[int, ...], float]] = ("Perceptron", (16,), 5.0)
    """The build, the hidden layers and the bound, if they are not given."""

    def __init__(
        self,
        build: str | Build | None = None,
        hidden: Sequence[int] | None = None,
        direct: bool = True,
        method: str = "online",
        order: int | None = None,
        rate: float = 1.0,
        bound: float | str | None = AUTO,
        half_life: float | None = None,
        unseen: int | None = None,
        renewal: Renewal | None = None,
        seed: int | None = None,
    ) -> None:
        if isinstance(build, str):
            checks.choice("The build", build, BUILDS)
        if isinstance(bound, str):
            checks.choice("The bound", bound, (AUTO,))
        self.build, self.hidden, self.direct = build, hidden, checks.boolean("The direct", direct)
        self.method = checks.choice("The method", method, ("online", "rtrl"))
        self.order, self.seed = order, seed
        self.rate = checks.positive_number("The rate", rate)
        self.bound = bound if bound is None or bound == AUTO else checks.positive_number("The bound", bound)
        self.half_life = (
            half_life if half_life is None else checks.positive_number("The half_life", half_life)
        )
        self.unseen = unseen if unseen is None else checks.positive_integer("The unseen", unseen)
        self.renewal = checked_renewal("The renewal", renewal)
        self.network: Network | None = None
        self._limit = self._usual[2] if bound == AUTO else float(bound or 0.0)
        self._keep = 1.0 if half_life is None else 0.5 ** (1.0 / half_life)
        self._lock = threading.RLock()  # one sample at a time, also where features and labels are added

    # --- the network ---------------------------------------------------------------------------------

    def _begin(self, names: list[Hashable]) -> Network:
        """Build the network for the features of the first sample, with one output."""
        if not names:
            raise ArgumentError("Expected the first sample to have a feature, got none.")
        self.network = network = self._built(len(names))
        for neuron, name in zip(network.input, names, strict=True):
            neuron.name = str(name)
        self._names = names
        self._attach(network)
        self._known = set(names)
        self._scale, self._target = (RunningScale(count, self._keep) for count in (len(names), 1))
        self._steps, self._seen = 0, np.zeros(len(names))
        return network

    def _attach(self, network: Network) -> None:
        """Make what learns in a network, and follows its edits."""
        self._traces = SlopeTraces(network)
        self._renewer = None if self.renewal is None else Renewer(network, self.renewal)
        self._rng = np.random.default_rng(self.seed)  # where the streams of renewed neurons begin

    def _built(self, inputs: int) -> Network:
        seed = int(np.random.default_rng(self.seed).integers(2**31 - 1))
        build = self._usual[0] if self.build is None else self.build
        if isinstance(build, str):
            hidden = self._usual[1] if self.hidden is None else self.hidden
            sizes, last = checks.listed("The hidden", hidden, "sizes"), self._output_squash
            network: Network = getattr(architect, build)(inputs, *sizes, 1, output_squash=last, seed=seed)
            if self.direct:
                for link in {link for neuron in network.output for link in neuron.incoming}:
                    link.weight = 0.0
                network.input.project(network.output, weights=0.0)
        else:
            made = checks.function_of("The build", build, "n_inputs", "n_outputs", "seed")(inputs, 1, seed)
            network = require_network("What build returns", made).clone()
            if (len(network.input), len(network.output)) != (inputs, 1):
                raise ArgumentError(
                    f"Expected build to return a network of {inputs} inputs and 1 output, got {network!r}."
                )
        if (self.method, self.order) != ("online", None):
            network.learning_rule = self.method, self.order
        return network

    @staticmethod
    def _append(layer: Layer, name: Hashable, sources: list[Neuron], targets: list[Neuron]) -> None:
        """Add a neuron, with connections of weight 0, to a layer."""
        neuron = Neuron(layer[0].squash, name=str(name), dtype=layer.biases.dtype)
        layer.append(neuron)
        for source in dict.fromkeys(sources):
            source.project(neuron, weight=0.0)
        for target in dict.fromkeys(targets):
            neuron.project(target, weight=0.0)

    def _add_features(self, network: Network, names: list[Hashable]) -> None:
        readers = [link.target for neuron in network.input for link in neuron.outgoing]
        for name in names:
            self._append(network.input, name, [], readers)
            self._scale.insert(len(self._names))
            self._names.append(name)
        self._seen = np.append(self._seen, np.full(len(names), self._steps))
        self._known.update(names)

    def _let_go(self, network: Network, unseen: int) -> None:
        """Remove the inputs that have not been seen for too long, but not the last one."""
        for at in np.flatnonzero(self._steps - self._seen > unseen)[::-1].tolist():
            if len(self._names) > 1:
                network.remove(network.input[at])
                self._known.remove(self._names.pop(at))
                self._scale.delete(at)
                self._seen = np.delete(self._seen, at)

    # --- one sample ----------------------------------------------------------------------------------

    def _counted(self, x: Features) -> tuple[Network, Floats]:
        """The network and its inputs in standard units, after the sample is counted."""
        if not isinstance(x, Mapping):
            raise ArgumentTypeError(checks.expected("The features", "a dict of numbers", x))
        network = self.network
        if network is None or not x.keys() <= self._known:
            _require_numbers(x)  # before anything changes
            if network is None:
                network = self._begin(_in_order(x))
            else:
                self._add_features(network, _in_order(name for name in x if name not in self._known))
        row = self._row(x)
        standard = self._standard(x, row, 1.0)
        self._steps += 1
        if self.unseen is not None:
            self._seen[~np.isnan(row)] = self._steps
            if self._steps % FORGOTTEN_EVERY == 0:
                self._let_go(network, self.unseen)
                standard = self._scale.take(self._row(x), 0.0)
        return network, standard

    def _standard(self, x: Features, row: Floats, weight: float) -> Floats:
        try:
            return self._scale.take(row, weight)
        except ArgumentError:
            _require_numbers(x)  # says which
            raise

    def _row(self, x: Features) -> Floats:
        """The features in the order of the inputs, NaN for those that are missing."""
        try:
            row: Floats = np.frombuffer(array("d", [x.get(name, math.nan) for name in self._names]))
        except (TypeError, OverflowError):
            row = np.array([_number(name, x.get(name)) for name in self._names])
        return row

    def _learn(self, errors: Floats, delta: float) -> None:
        """Change the parameters by a bounded step times delta times the slopes that the errors select."""
        self._traces.learn(errors, delta, 0.0, self.rate, self._limit)
        if self._renewer is not None:
            self._renewer.renew(self._rng)

    def _outputs(self, network: Network, x: Features) -> Floats:
        """The outputs for a sample, in a step that leaves no trace."""
        return network.peek(self._standard(x, self._row(x), 0.0))

    def clone(self, new_params: dict[str, Any] | None = None, include_attributes: bool = False) -> Self:
        """Return an estimator with the same parameters; with its attributes, also what was learned."""
        twin: Self = super().clone(new_params)
        if include_attributes:
            state, given = self.__getstate__(), self._get_params()
            twin.__setstate__(copy.deepcopy({name: state[name] for name in state.keys() - given.keys()}))
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in UNSAVED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()
        if self.network is not None:
            self._attach(self.network)


def _in_order(names: Iterable[Hashable]) -> list[Hashable]:
    """The same order for the same features, whatever that of their dict."""
    return sorted(names, key=lambda name: (str(name), type(name).__name__))


def _require_numbers(x: Features) -> None:
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
            f"Expected the features to be numbers between -{SQUARABLE:g} and {SQUARABLE:g}, got "
            f"{checks.shown(value)} for {checks.shown(name)}. Encode words first, such as by "
            "river.preprocessing.OneHotEncoder."
        )
    return number
