"""Misspelt names, values and options: a type checker finds each line but the first."""
# ruff: noqa: B018

import architect  # right
import synapse  # right

net = architect.LSTM(1, 2, 1)  # right
graph = synapse.to_networkx(net)  # right
layer = synapse.Layer(2)  # right
synapse.Tranier(net)
synapse.Trainer(net, rule="bppt")
synapse.Trainer(net, optimiser="adam")
synapse.draw.netwrok(net)
synapse.tabels
synapse.squashes.nothing
synapse.costs.mean_square
synapse.initializers.glorott
synapse.optimizers.Adm()
synapse.learning.StepLR(30)
synapse.sklearn.MLPClassifier()
synapse.readwrite.formts()
architect.LTSM(1, 2, 1)
synapse.save(net, "net.c", lern=True)
synapse.save(net, "net.json", "jsn")
synapse.load("net.json", resum=True)
synapse.from_networkx(graph, merge="add")
synapse.from_edges([("a", "b")], missing_weights="drawn")
layer.project(layer, "all_to_al")
layer.project(layer, wieghts=1.0)
net.project(layer, wieghts=1.0)
layer.gate(layer.project(layer), "inputs")
net.select("conections")
synapse.Neuron().project(layer).wieghts
synapse.Neuron().project(layer[0]).wieght
synapse.analysis.lesions(net, [], [], what="neuron")
synapse.analysis.prune(net, by="size")
net.hiden
layer[0].activaton
synapse.to_networkx(net, names=True).nodes[0]
net.clone().bloks
synapse.load("net.json", "json").predict([])
net.reset(0)
