"""How gradients change the parameters of a network: penalties, clipping, an optimizer."""

from __future__ import annotations

import numpy as np

from .._typing import Floats
from ..errors import DivergenceError
from ..network import Network
from ..optimizers import LBFGS, Optimizer, OptimizerState
from ._exact import ADVICE
from ._parameters import ParameterVector, require_closed
from ._regularisation import Penalties
from .rules import BatchGradient

FLOAT32_MAX = float(np.finfo(np.float32).max)


class Updater:
    """The parameters of a network and the state of the optimizer that updates them.

    The state is used again in the next training, as long as the optimizer, the topology and what is trainable
    are the same.
    """

    def __init__(self, network: Network, penalties: Penalties) -> None:
        self.network, self.penalties = network, penalties
        self.optimizer: Optimizer | LBFGS | None = None
        self.parameters: ParameterVector | None = None
        self.state: OptimizerState | None = None

    @property
    def current(self) -> bool:
        """Whether the parameters are still those of the network."""
        return self.parameters is not None and self.parameters.current

    def refresh(self, optimizer: Optimizer | LBFGS) -> ParameterVector:
        """The parameters as they are now; the optimizer's state begins anew if these or it have changed."""
        require_closed(self.network)
        if self.parameters is None or not self.parameters.current or self.optimizer is not optimizer:
            self.parameters, self.optimizer = ParameterVector(self.network), optimizer
            values, frozen = self.parameters.read(), self.parameters.frozen
            self.state = optimizer.begin(values, frozen) if isinstance(optimizer, Optimizer) else None
        return self.parameters

    def update(self, batch: BatchGradient, rate: float | None) -> None:
        """One step of the optimizer."""
        assert self.parameters is not None
        assert self.state is not None
        values = self.parameters.read()
        gradient = self.penalised(batch, values)
        self.state.step(values, gradient, rate)
        if self.network._store.dtype == np.float32 and np.abs(values).max(initial=0.0) > FLOAT32_MAX:
            raise DivergenceError(f"A weight or a bias left the range of float32. {ADVICE}")
        self.parameters.write(values)

    def penalised(self, batch: BatchGradient, values: Floats) -> Floats:
        """A batch's gradient by the parameters, with penalties, clipped."""
        assert self.parameters is not None
        gradient: Floats = self.parameters.summed(batch.weights, batch.biases)
        self.penalties.apply(gradient, values[: self.parameters.n_weights])
        return gradient
