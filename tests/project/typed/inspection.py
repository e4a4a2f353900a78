"""Analysis and pictures."""

import numpy as np
from matplotlib import pyplot as plt

import architect
from synapse import analysis, draw

rows = np.zeros((1, 4, 2))
net = architect.GRU(2, 3, 1, seed=0)
lesions = analysis.lesions(net, rows, rows[..., :1])
late = analysis.saliency(net, rows[0])
figure, ax = plt.subplots()
draw.network(net, ax=ax)
draw.hinton(net.weights[None])
figure.savefig("net.png")
