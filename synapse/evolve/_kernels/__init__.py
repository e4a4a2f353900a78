"""Compiled kernels for evolution, which evaluate and reproduce genomes that are stored
as arrays.
"""
