"""Implement the common part of the estimators for River, which consists of a model, and
features that appear and disappear.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from typing import Annotated, Any, ClassVar, Self

import networkx as nx
import numpy as np
from river import base

from .. import _checks as checks, _initializer
from .._build import architecture, built, network_of
from .._defaults import OUTPUTS, SAMPLES, Stream
from .._model import Model
from .._scale import Scale
from .._typing import Floats
from ..errors import ArgumentError
from ..learning._continual_backprop import ContinualBackprop, Renewer, checked_renewal
from ..objects.network import Network
from ..objects.online_adagrad import OnlineAdaGrad
from ..objects.topology import Topology
from ._features import FeatureInputs, Features, ListedSample, in_order, present_in

RULES = ("online", "rtrl")
WEIGHT_FACTOR = 2.5
"""Factor of "fan_in" within which the initial weights and biases of hidden neurons lie.

Neurons of narrower weights are nearly linear, and have to find their curves first.
"""
UNSAVED = ("_lock", "_steps", "_renewer", "_rng")

Build = Callable[[int, int, int], Network]


def _named_build(title: str, build: Any) -> Any:
    if isinstance(build, str):
        architecture(title, build)
    return build


def _bound(title: str, bound: Any) -> float | None:
    return None if bound is None else checks.positive_number(title, bound)


class StreamNetwork(base.Estimator):
    """A network that learns from a stream of dicts.

    A feature has at most two inputs. One is its value in standard units, or 0 while the
    feature is absent (no key, None, NaN, or NA and NaT of pandas). The other is an
    indicator, which is 1 while the feature is present or, if it is expected, while it
    is absent. The features of the first sample are expected, and their values have
    inputs from the beginning. Any other value gets its input at the first sample in
    which it differs from earlier ones. An indicator is added when its feature is first
    present (or, if it is expected, first absent after it was present). Because the
    connections of a new input have the weight 0, it does not change the outputs.

    If features appear or disappear, a network without memory, gates, ties and signs
    that has 16 inputs or more reads and learns only the inputs that are not 0. The time
    for a sample then depends on the features in its dict, however many features have
    occurred. In such a network, a feature in eight samples in a row becomes expected,
    and a feature that eight samples in a row lack is no longer expected. The outputs do
    not change. Inputs are added in blocks, from which new features take theirs. Reading
    `model` or `network` removes spare inputs, which takes as long as an edit.

    Parameters
    ----------
    build : str, networkx.Graph or callable, optional
        The topology. It is the name of an architecture in any case, such as "gru", a
        graph, as for :class:`synapse.sklearn.NetworkClassifier`, or a function
        ``build(n_inputs, n_outputs, seed)`` that returns any network, which is copied.
        Outputs for classes must be softmax, and outputs for numbers unbounded, such as
        "identity". Default "Perceptron", for forecasts "GRU".
    hidden : int or tuple of int, optional
        Sizes of the hidden layers in a named topology. Default: one layer of 32
        neurons, for forecasts 16. With ``()``, the model is linear.
    direct : bool
        Whether the inputs of a named topology also project to the outputs, and all
        weights into outputs begin at 0, which makes the network begin as a linear
        model. Default True.
    rule : {"online", "rtrl"}
        The learning rule, as for :class:`~synapse.Trainer`. Default "online".
    reach : int, optional
        Number of steps that the sensitivities of "rtrl" reach. Default: all steps, for
        the exact gradient.
    rate : float
        Size α of the first update of each parameter. Later updates are divided by the
        root of the sum of its squared gradients, relative to the first (AdaGrad, Duchi,
        Hazan and Singer 2011). Default 0.2.
    time_constant : float
        Number of samples, 1 or above, over which these sums extend. At every later
        sample in which the parameter has a gradient, earlier squares are multiplied by
        1 - 1/time_constant, which prevents steps from vanishing in streams that change.
        A new input of a classifier begins with the sums of four mean samples. Default
        2000.
    bound : float or None
        Factor κ of the bound on a step. To first order, a step reduces the cost by at
        most Σ|t - y| / κ for classes and (t - y)² / κ for numbers, which means that
        with 1 an output does not pass its target (compare Elsayed, Vasan and Mahmood
        2024). A larger factor is more cautious, and None removes the bound. Default 1.
    half_life : float, optional
        Number of samples after which the weight of a sample in the means and deviations
        of the scales is halved. It does not change how fast the network learns. If the
        rule to be learned changes, see `time_constant`. By default, all samples have
        equal weight.
    unseen : int, optional
        Number of samples after which a feature that no longer occurs loses its inputs,
        which new features take. The outputs do not change. If the feature occurs again,
        its weights are restored, as long as no more features have been removed since
        than the network has inputs. By default, inputs are not removed.
    renewal : ContinualBackprop, optional
        Option to reinitialise the least useful hidden neurons, see
        :class:`synapse.learning.ContinualBackprop`. By default, neurons are not
        reinitialised.
    seed : int, optional
        Seed of the first weights, and of renewals.

    Attributes
    ----------
    model : Model or None
        The network with its scales and classes, which you can save, open elsewhere or
        export, or None before the first sample. It contains the features that have an
        input. The indicators of a feature ``x`` are called ``x present`` and
        ``x absent``, and are not scaled. For an absent value, pass its mean,
        ``model.scale.mean``.
    """

    _task: ClassVar[str] = "numbers"
    """Kind of the outputs."""
    _usual: ClassVar[Stream] = SAMPLES
    """The build and the hidden layers, if they are not given."""
    _squared: ClassVar[bool] = True
    """Whether the cost is a square of the error."""
    _target_lags: ClassVar[tuple[int, ...]] = ()
    """The lags of the target, whose differences are learned."""

    @checks.suggests_arguments(
        "stream",
        of_class=False,
        void=[
            *(
                (
                    name,
                    "build",
                    lambda given: not isinstance(given["build"], str | None),
                    'It is for a named topology, such as "gru".',
                )
                for name in ("hidden", "direct")
            ),
            *(
                (
                    name,
                    "hidden",
                    lambda given: given["hidden"] in ((), []),
                    "Without hidden neurons, a network is a linear model.",
                )
                for name in ("build", "direct")
            ),
        ],
    )
    def __init__(
        self,
        build: Annotated[str | Build | nx.Graph[Any] | None, _named_build] = None,
        hidden: int | Sequence[int] | None = None,
        direct: Annotated[bool, checks.boolean] = True,
        rule: Annotated[str, partial(checks.choice, options=RULES)] = "online",
        reach: int | None = None,
        rate: Annotated[float, checks.positive_number] = SAMPLES.rate,
        time_constant: Annotated[float, checks.number_from_one] = SAMPLES.time_constant,
        bound: Annotated[float | None, _bound] = SAMPLES.bound,
        half_life: Annotated[float | None, checks.positive_number] = None,
        unseen: Annotated[int | None, checks.positive_integer] = None,
        renewal: Annotated[ContinualBackprop | None, checked_renewal] = None,
        seed: int | None = None,
    ) -> None:
        self.build = build
        self.hidden = hidden
        self.direct = direct
        self.rule = rule
        self.reach = reach
        self.seed = seed
        self.rate = rate
        self.time_constant = time_constant
        self.bound = bound
        self.half_life = half_life
        self.unseen = unseen
        self.renewal = renewal
        self._model: Model | None = None
        # one sample at a time, also where features and labels are added
        self._lock = threading.RLock()

    # --- the network ------------------------------------------------------------------

    @property
    def model(self) -> Model | None:
        """The model, after removing its spare inputs, or None before the first
        sample.
        """
        with self._lock:
            if self._model is not None:
                self._inputs.trim()
            return self._model

    @property
    def network(self) -> Network | None:
        """The model's network, in standard units, or None before the first sample."""
        model = self.model
        return None if model is None else model.network

    @property
    def _target_scale(self) -> Scale:
        """The scale of the target, which a model of numbers has."""
        scale = None if self._model is None else self._model.target_scale
        assert scale is not None  # after the first sample
        return scale

    def _begin(self, x: Features) -> None:
        """Make the model for the features of the first sample, with one output."""
        names = in_order(present_in(x) or x)
        if not names:
            raise ArgumentError("The first sample must have a feature, got none.")
        seed = int(np.random.default_rng(self.seed).integers(2**31 - 1))
        columns = [str(name) for name in names]
        network = self._built(columns, seed)
        for neuron, column in zip(network.input, columns, strict=True):
            neuron.name = column
        if (self.rule, self.reach) != ("online", None):
            network.rule = self.rule, self.reach
        scale = Scale(len(names), self.half_life)
        numeric = self._task == "numbers"
        target_scale = numeric and Scale(1, self.half_life, [self._target_lags])
        model = Model(network, task=self._task, scale=scale, target_scale=target_scale)
        self._inputs = FeatureInputs(model, names, self.unseen)
        self._attach(model)
        self._model = model

    def _attach(self, model: Model) -> None:
        """Make the objects that learn in the network of a model, and follow its
        edits.
        """
        network = model.network
        self._steps = self._inputs.steps = OnlineAdaGrad(network)
        self._renewer = None if self.renewal is None else Renewer(network, self.renewal)
        # where the streams of renewed neurons begin
        self._rng = np.random.default_rng(self.seed)

    def _built(self, names: list[str], seed: int) -> Network:
        """Return the network of `build`."""
        build = self._usual.build if self.build is None else self.build
        hidden = self._usual.hidden if self.hidden is None else self.hidden
        squash = OUTPUTS[self._task]
        if not isinstance(build, str):
            options: dict[str, Any] = {"output_squash": squash, "seed": seed}
            return network_of(build, names, [""], hidden, **options)
        sizes = checks.layer_sizes("hidden", hidden)
        return named_network(build, len(names), sizes, squash, self.direct, seed)

    # --- one sample -------------------------------------------------------------------

    def _counted(self, x: Features) -> ListedSample:
        """Return the inputs in standard units, after the sample is counted."""
        if self._model is None:
            self._begin(x)
        return self._inputs.counted(x)

    def _learn(self, sample: ListedSample, target: Floats, weight: float) -> None:
        """Change the parameters by a bounded step along the gradient of a sample's
        error, in standard units.
        """
        self._steps.learn_sample(
            *sample,
            target,
            weight,
            self.rate,
            1.0 - 1.0 / self.time_constant,
            self.bound or 0.0,
            self._squared,
        )
        if self._renewer is not None:
            self._renewer.renew(self._rng)

    def _outputs(self, x: Features) -> Floats:
        """Return the outputs for a sample, in a step that leaves no trace."""
        return self._steps.peek(*self._inputs.standard(x))

    def clone(
        self, new_params: dict[str, Any] | None = None, include_attributes: bool = False
    ) -> Self:
        """Return an estimator with the same parameters, and with its learned state if
        its attributes are included.
        """
        clone: Self = super().clone(new_params)
        if include_attributes:
            state = self.__getstate__()
            parameters = self._get_params()
            clone.__setstate__(
                deepcopy(
                    {name: state[name] for name in state.keys() - parameters.keys()}
                )
            )
        return clone

    def __copy__(self) -> Self:
        return deepcopy(self)  # two that share inputs and sums would spoil both

    def __getstate__(self) -> dict[str, Any]:
        state = {
            name: value for name, value in vars(self).items() if name not in UNSAVED
        }
        if self._model is not None:
            state["_sums"] = self._steps.state()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        sums = state.pop("_sums", None)
        self.__dict__.update(state)
        self._lock = threading.RLock()
        if self._model is not None:
            self._attach(self._model)
            self._steps.restore(*sums)


def named_network(
    build: str, inputs: int, hidden: list[Any], squash: str, direct: bool, seed: int
) -> Network:
    """Make a network of a named topology with one output of this squash. It begins as a
    linear model if `direct` is true or there are no hidden neurons.
    """
    options: dict[str, Any] = {"output_squash": squash, "seed": seed}
    # without hidden neurons they are all the same
    name = architecture("build", build) if hidden else "Perceptron"
    if name == "Perceptron":
        options |= {"initializer": wide, "bias_initializer": wide}
    network = built(name, inputs, hidden, 1, **options)
    if direct or not hidden:
        # By their numbers: objects of connections would make every edit slower.
        into_output = Topology.of(network).target == len(network) - 1
        network.weights = np.where(into_output, 0.0, network.weights)
    if direct and hidden:
        # a random network may have connected some already
        topology = Topology.of(network)
        linked = topology.source[topology.target == len(network) - 1]
        others = np.setdiff1d(np.arange(inputs), linked)
        pairs = others, np.zeros_like(others)
        network.input.project(network.output, pairs, weights=0.0)
    return network


def wide(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> Floats:
    """Draw weights so large that hidden neurons are curved from the beginning."""
    return WEIGHT_FACTOR * _initializer.fan_in(rng, shape, fan_in, fan_out)
