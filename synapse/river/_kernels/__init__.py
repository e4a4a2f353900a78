"""Kernels of streams: which inputs the features of a sample have."""
