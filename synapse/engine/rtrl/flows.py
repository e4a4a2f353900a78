"""What ``flow`` holds during a sweep: numbers that have been pushed back.

They are 0 between sweeps. After those of each neuron come the past activations, see
``Layout`` and ``past_flow``.
"""

from __future__ import annotations

PUSHED = 0
"""By neuron: to its activation in this step, along connections,"""
GATED = 1
"""and as a gater."""
CARRIED = 2
"""To its state one step earlier,"""
PREVIOUS = 3
"""and to its activation one step earlier."""
FLOWS = 4
