"""What a recording should hold: the numbers that the objects show after a step."""

import numpy as np

from synapse import Neuron

OF_NEURONS = (
    "activation",
    "state",
    "derivative",
    "bias",
    "bias_eligibility",
    "error",
    "projected",
    "gated",
)
OF_CONNECTIONS = ("weight", "gain", "eligibility")
OF_PAIRS = ("extended", "sensitivity")
ERRORS = {"error": "responsibility", "projected": "projected", "gated": "gated"}


def names_for(net):
    names = [*OF_NEURONS, *(OF_CONNECTIONS if net.connections else ())]
    return [
        *names,
        *(
            name
            for name in OF_PAIRS
            if any(getattr(link, name) for link in net.connections)
        ),
    ]


def shown(log, propagated=True):
    """What the objects show now, by number; NaN of what has been removed."""
    arrays = {}
    for name in log.variables:
        values = []
        for owner in log.columns(name):
            ends = owner if isinstance(owner, tuple) else (owner,)
            if any(
                (end._row if isinstance(end, Neuron) else end._identity) < 0
                for end in ends
            ):
                values.append(np.nan)
            elif name in OF_PAIRS:
                values.append(getattr(owner[0], name).get(owner[1], np.nan))
            elif name in ERRORS:
                split = name != "error" and not propagated
                values.append(0.0 if split else getattr(owner.error, ERRORS[name]))
            else:
                values.append(getattr(owner, name))
        arrays[name] = np.array(values)
    return arrays


def agree(log, expected, at=-1, within=1e-12):
    for name, values in expected.items():
        row = log[name][at]
        scale = max(1.0, np.nanmax(np.abs(values), initial=0.0))
        same = (row == values) | (np.isnan(row) & np.isnan(values))
        wrong = ~same & ~(np.abs(row - values) <= within * scale)
        assert not wrong.any(), (name, np.flatnonzero(wrong), row[wrong], values[wrong])
