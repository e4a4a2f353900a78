"""Benchmarks: compares this project with other libraries in one run."""
