"""Benchmarks: this project beside the libraries people would otherwise reach for, in one run."""
