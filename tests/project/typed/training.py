"""Training, tests and saving."""

from pathlib import Path

import numpy as np

import architect
import synapse
from synapse import Trainer

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
net = architect.Perceptron(2, 4, 1, squash="tanh", seed=0)
adam = synapse.optimizers.Adam(rate=0.01)
trainer = Trainer(net, optimizer=adam, batch_size=4)
result = trainer.train(x, y, epochs=20, patience=5, progress=False, seed=0)
epochs: int = result.epochs
best: list[float] = next(iter(result.history.values()))
accuracy = trainer.test(x, y).accuracy
path = Path("xor.synapse")
synapse.save(net, path)
synapse.save(net, "xor.c", learn=True, prefix="xor")
synapse.save(trainer, "trainer.npz")
again: architect.Perceptron = synapse.load(path)  # what a file has, its reader says
network = synapse.load(path, "npz")  # by the name of a format: a network
outputs = network.run(x)
