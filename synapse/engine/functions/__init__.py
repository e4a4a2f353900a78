"""The formulas: activation functions, costs, and the elementary functions that they are made of."""

from . import activations, costs

__all__ = ["activations", "costs"]
