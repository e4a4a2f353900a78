"""Kernels of rules of one's own: the loop over rows, and the pass over synapses."""
