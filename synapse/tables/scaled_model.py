"""Networks that take and return numbers in the units of a table.

Learning works best in standard units: mean 0, deviation 1. The conversion to these
units and back is part of the network itself, in neurons that do not learn::

    input => scaled => ... => unscaled => output
          1/deviation, -mean/deviation    deviation, mean      of every column
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import numpy as np

import architect

from .. import squash as squashes
from .._typing import Floats
from ..learning import Result, Trainer
from ..objects.layer import Layer
from ..objects.network import Network
from ..objects.projection import ONE_TO_ONE
from ..optimizers import Adam

ARCHITECTURES: dict[str, tuple[Callable[..., Network], dict[str, str]]] = {
    "perceptron": (architect.Perceptron, {"squash": "tanh"}),
    "elman": (architect.Elman, {"squash": "tanh"}),
    "lstm": (architect.LSTM, {"style": "synaptic", "cell_squash": "tanh"}),
    "gru": (architect.GRU, {}),
}
MODELS = tuple(ARCHITECTURES)
OPTIMIZERS = ("sgd", "adam")

Part = tuple[Floats, Floats]


@final
class ScaledModel:
    """A network whose inputs and outputs are columns of a table.

    Until :meth:`fit` ends, the scaling neurons have weights of 1, so that the network
    is trained in standard units and learns as the architecture alone would. Its neurons
    have the names of the columns.
    """

    def __init__(
        self,
        model: str,
        hidden: list[int],
        inputs: list[str],
        outputs: list[str],
        class_layer: str | None = None,
        seed: int = 0,
    ) -> None:
        build, options = ARCHITECTURES[model]
        squash = "identity" if class_layer is None else "softmax"
        sizes = [len(inputs), *hidden, len(outputs)]
        inner = build(
            *sizes, output_squash=squash, initializer="glorot", seed=seed, **options
        )
        name = inner.name
        layers = list(inner.layers)
        del inner  # releases its neurons
        taken = Layer(len(inputs), squashes.identity)
        answering = layers[-1]
        _call(taken, "input", inputs)
        self._scaled = layers[0]
        self._unscaled: Layer | None = None
        _pass_on(taken, self._scaled)
        _call(self._scaled, "scaled", [f"scaled {column}" for column in inputs])
        if class_layer is not None:
            _call(answering, class_layer, outputs)
        else:
            self._unscaled = Layer(len(outputs), squashes.identity)
            _call(self._unscaled, "output", outputs)
            _pass_on(answering, self._unscaled)
            _call(answering, "unscaled", [f"unscaled {column}" for column in outputs])
            layers.append(self._unscaled)
        self.network = Network(taken, layers[:-1], layers[-1], name=name)

    def adopt(self, network: Network) -> None:
        """Go on with a network of a checkpoint of this model, instead of its own."""
        self.network = network
        self._scaled = network.layers[1]
        if self._unscaled is not None:
            self._unscaled = network.output

    def trainer(self, rate: float, optimizer: str | None, **options: Any) -> Trainer:
        """A trainer by "sgd", after every row, or by "adam", with exact gradients of
        whole sequences.
        """
        if optimizer == "sgd":
            return Trainer(self.network, rate, **options)
        return Trainer(self.network, rate, method="bptt", optimizer=Adam(), **options)

    def fit(
        self,
        trainer: Trainer,
        training: list[Part],
        validation: list[Part] | None,
        **options: Any,
    ) -> Result:
        """Train in the standard units of the training rows; then set these units in the
        network.

        Parts are sequences of inputs (T, n) and targets (T, m); samples or a stream are
        one part. `options` are those of ``Trainer.train``. With `validation`, the
        weights of the best epoch are restored.
        """
        inputs, targets = (np.concatenate(side) for side in zip(*training, strict=True))
        mean, deviation = _scale(inputs)
        unscaled = (0.0, 1.0) if self._unscaled is None else _scale(targets)
        several = max(len(training), len(validation or [])) > 1

        def form(parts: list[Part]) -> tuple[Any, Any]:
            x = [(rows - mean) / deviation for rows, _ in parts]
            y = [(rows - unscaled[0]) / unscaled[1] for _, rows in parts]
            return (x, y) if several else (x[0], y[0])

        held_out = form(validation) if validation else None
        result = trainer.train(*form(training), validation=held_out, **options)
        _set_units(self._scaled, 1 / deviation, -mean / deviation)
        if self._unscaled is not None:
            _set_units(self._unscaled, *unscaled[::-1])
        self.network.clear()
        return result


def _scale(rows: Floats) -> tuple[Floats, Floats]:
    """Mean and deviation of each column; 1 for a constant column."""
    # std() of a constant column may be a rounding error above 0.
    constant = np.ptp(rows, axis=0) == 0
    return rows.mean(axis=0), np.where(constant, 1.0, rows.std(axis=0))


def _call(layer: Layer, name: str, neurons: list[str]) -> None:
    for neuron, neuron_name in zip(layer, neurons, strict=True):
        neuron.name = neuron_name
    layer.name = name


def _pass_on(source: Layer, target: Layer) -> None:
    """Connect a layer one to one with weights of 1, and exclude it from learning."""
    target.trainable = False
    source.project(target, ONE_TO_ONE, weights=1.0, trainable=False)


def _set_units(layer: Layer, weights: Any, biases: Any) -> None:
    """Set the weights and biases of a layer of one incoming connection each."""
    for neuron, weight, bias in zip(layer, weights, biases, strict=True):
        (connection,) = neuron.incoming
        connection.weight = weight
        neuron.bias = bias
