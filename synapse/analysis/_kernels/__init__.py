"""Kernels of the analysis, over arrays of its own."""
