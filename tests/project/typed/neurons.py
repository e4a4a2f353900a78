"""A network neuron by neuron."""

import synapse
from synapse import Connection, Layer, Network, Neuron, Projection

a, b, gater = Neuron(name="a"), Neuron("tanh"), Neuron()
link: Connection = a.project(b, weight=0.5)
weight: float = link.weight
extended: dict[Neuron, float] = dict(link.extended)
gater.gate(link)
fan: Projection = a.project(Layer(3))
fan.weights = 0.1
sources: list[Neuron] = [connection.source for connection in b.incoming]
found = a.connection_to(b)
if found is not None:
    found.trainable = True
net = Network(Layer([a]), Layer([gater]), Layer([b]))
outputs = net.activate([1.0])
total: float = outputs.sum()
synapse.tie([link, fan[0]])
