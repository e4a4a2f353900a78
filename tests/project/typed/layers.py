"""Layers, projections and gates."""

import numpy as np

from synapse import Layer, Network

inputs, hidden, outputs = Layer(2), Layer(3, "relu", name="hidden"), Layer(1)
projection = inputs.project(hidden, seed=0)
hidden.project(outputs, "all_to_all", weights=np.ones((3, 1)))
hidden.project(hidden, "one_to_one")
inputs.project(outputs, 0.5, seed=0)
inputs.project(outputs, np.eye(2, 1) > 0, delay=2)
shape: tuple[int, ...] = projection.weights.shape
net = Network(inputs, [hidden], outputs, name="mine")
for layer in net.layers:
    print(len(layer), [neuron.name for neuron in layer], layer.biases.mean())
net.run(np.zeros((5, 2))).mean()
net.clear()
net.reset_parameters(0)
