"""The parts of the column ``adjoint``: adjoints are the derivatives of an output by
intermediate values, here by activations and states, which a sweep pushes back.

They are 0 between sweeps. After the adjoints of each neuron come those of past
activations, see ``Layout``.
"""

PUSHED = 0
"""By neuron: to its activation in this step, along connections,"""
GATED = 1
"""and as a gater."""
CARRIED = 2
"""To its state one step earlier,"""
PREVIOUS = 3
"""and to its activation one step earlier."""
ADJOINTS = 4
