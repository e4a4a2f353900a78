"""Functions, callbacks and optimizers of one's own."""

import math

import numpy as np

import architect
import synapse
from synapse import Trainer, squashes
from synapse.learning import Progress


@squashes.register
def bump(state: float) -> tuple[float, float]:
    value = math.exp(-state * state)
    return value, -2 * state * value


def stop(progress: Progress) -> bool:
    return progress.epoch > 3


net = architect.Perceptron(1, 3, 1, squash=bump, output_squash=squashes.tanh, seed=0)
rows = np.linspace(-1, 1, 10)[:, None]
Trainer(net).train(rows, rows, epochs=5, callbacks=[stop, synapse.every(2, print)])
value: float = squashes.relu(0.5)
names: list[str] = synapse.initializers.names()
