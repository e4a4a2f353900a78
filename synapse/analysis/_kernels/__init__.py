"""Compiled kernels of the analysis, which work on arrays of its own."""
