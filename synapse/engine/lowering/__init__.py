"""Lowering: from the topology of a store to runs, blocks and traces."""

from . import lower, program

__all__ = ["lower", "program"]
