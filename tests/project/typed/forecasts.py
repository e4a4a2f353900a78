"""Forecasts of a series."""

import numpy as np

import architect
import synapse

series = np.sin(np.arange(200) / 5)[:, None]
net = architect.NARX(1, 4, 1, seed=0)
trainer = synapse.Trainer(net)
trainer.train(series[:-1], series[1:], epochs=2, shuffle=False, progress=False)
ahead = synapse.forecast(net, series, 10)
mean: float = np.asarray(ahead).mean()
scale = synapse.Scale(1)
scale.add(series)
