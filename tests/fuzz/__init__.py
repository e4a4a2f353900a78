"""A long random walk over everything public, for `tests/test_fuzz.py`.

Random edits, steps, trainings and recordings. After each: the integrity of every store, the numbers beside
``tests/reference.py``, no change where an operation was refused. With NUMBA_DISABLE_JIT=1 the kernels run
as Python, with PYTHONMALLOC=debug Python checks its memory.
"""
