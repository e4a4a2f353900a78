"""A network as a graph, and back."""

import networkx as nx

import synapse
from synapse import Connection, Neuron

graph = nx.DiGraph([("x", "h"), ("h", "y")])
net = synapse.from_networkx(graph, squash="tanh", merge="sum", seed=0)
same = synapse.from_edges([("x", "h"), ("h", "y", 0.5)], ["x"], ["y"])
net["h"].metadata["kind"] = "motor"
net.connections[0].metadata["kind"] = "chemical"
x, y = net.input[0], net.output[0]
path: list[Neuron] = nx.shortest_path(net.graph, x, y)
named = synapse.to_networkx(net, names=True)
degree: int = named.in_degree("h")
numbered: int = next(iter(synapse.to_networkx(net)))
neurons: list[Neuron] = net.select(kind="motor")
links: list[Connection] = net.select("connections", kind=str.isalpha)
synapse.save(net, "net.graphml")
