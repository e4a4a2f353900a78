"""Networks that learn columns of a table in standard units, and become networks in the
units of the table.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np

from .._defaults import IN_TABLES, OUTPUTS, architecture, built
from .._typing import Floats
from ..learning import Result, Trainer
from ..objects.network import Network
from ..objects.scaling import with_scales
from ..optimizers import Adam
from ..scale import Scale

OPTIMIZERS = ("sgd", "adam")

Part = tuple[Floats, Floats]


@final
class TableModel:
    """A network whose inputs and outputs are columns of a table, and their scales.

    Its neurons have the names of the columns. With a `class_layer`, the name of its
    output layer, its outputs are the probabilities of classes, which have no scale.
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
        name = architecture("The model", model)
        self.network = built(
            name,
            len(inputs),
            hidden,
            len(outputs),
            output_squash=OUTPUTS["numbers" if class_layer is None else "classes"],
            initializer="glorot",
            seed=seed,
            **IN_TABLES.get(name, {}),
        )
        _call(self.network.input, "input", inputs)
        _call(self.network.output, class_layer or "output", outputs)
        self.scale = Scale(len(inputs))
        self.target_scale = None if class_layer is not None else Scale(len(outputs))

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
        """Train in the standard units of the training rows.

        Parts are sequences of inputs (T, n) and targets (T, m); samples or a stream are
        one part. `options` are those of ``Trainer.train``. With `validation`, the
        weights of the best epoch are restored.
        """
        inputs, targets = (np.concatenate(side) for side in zip(*training, strict=True))
        self.scale.add(inputs)
        if self.target_scale is not None:
            self.target_scale.add(targets)
        several = max(len(training), len(validation or [])) > 1

        def form(parts: list[Part]) -> tuple[Any, Any]:
            x = [self.scale.standard(rows) for rows, _ in parts]
            y = [
                rows if self.target_scale is None else self.target_scale.standard(rows)
                for _, rows in parts
            ]
            return (x, y) if several else (x[0], y[0])

        held_out = form(validation) if validation else None
        return trainer.train(*form(training), validation=held_out, **options)

    def whole(self) -> Network:
        """The network in the units of the table, in a clear context: its scales are
        neurons that do not learn.
        """
        return with_scales(self.network, self.scale, self.target_scale)


def _call(layer: Any, name: str, neurons: list[str]) -> None:
    for neuron, neuron_name in zip(layer, neurons, strict=True):
        neuron.name = neuron_name
    layer.name = name
