"""A long random walk over everything public, for `tests/fuzz/test_fuzz.py`.

Random edits, steps, trainings and recordings. After each: the integrity of every store,
and no change that the operation does not name; none where it was refused.
`tests/engine/test_rule.py` compares edits and steps with the reference.
SYNAPSE_COMPILE=0 runs the kernels as Python; PYTHONMALLOC=debug lets Python check its
memory."""
