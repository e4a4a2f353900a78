"""Kernels of evolution: genomes as arrays, their evaluation and their reproduction."""
