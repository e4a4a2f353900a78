"""Sequences, and the numbers inside."""

import numpy as np

import architect
import synapse

net = architect.LSTM(1, 2, 1, peepholes=None, seed=0)
sequences = np.random.default_rng(0).normal(size=(8, 10, 1))
trainer = synapse.Trainer(net, rule="bptt", clip=1.0, window=5)
targets = (sequences > 0.0).astype(float)
trainer.train(sequences, targets, epochs=1, progress=False)
with synapse.record(net, "state", "activation", neurons=net["cells"]) as log:
    net.run(sequences[0])
states = log["state"]
peak: float = np.abs(states).max()
blocks: int = len(net.blocks)
copy: architect.LSTM = net.clone()
gradient = synapse.gradient(net, sequences, targets)
largest: float = np.abs(gradient.weights).max()
