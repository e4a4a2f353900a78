"""Spike trains, with random sources, lists of events, and the statistics of firing.

A spike train is an array of shape (T, n) of 0 and 1, with one row for each step and one
column for each neuron. Inputs of ``net.run`` have this form, and so does a recorded
layer of spikes (``log.of(net["spikes"])``). A step lasts ``dt`` milliseconds.

>>> from synapse import spikes
>>> drive = spikes.poisson([20.0, 80.0], 10_000, dt=0.5, seed=0)
>>> drive.shape, spikes.rates(drive, dt=0.5).round()
((10000, 2), array([19., 78.]))
"""

from .._checks import public_module as _public_module
from .._steps import to_steps
from ._trains import Events, cv, events, from_events, intervals, poisson, rates

__all__ = [
    "Events",
    "cv",
    "events",
    "from_events",
    "intervals",
    "poisson",
    "rates",
    "to_steps",
]
_public_module(__name__, __all__)
