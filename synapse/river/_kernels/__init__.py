"""Compiled kernels for streams, which assign inputs to the features of a sample."""
