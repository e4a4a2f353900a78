"""Mistakes that are drawn at random, to measure the tests: ``python -m tests.mutants
--help``.

cosmic-ray makes the mistakes. `drawing` chooses those that a test could notice, `bench`
makes one after the other in a copy of the checkout and runs the tests that `rooms.toml`
names."""
