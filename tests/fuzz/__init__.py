"""A long random walk over everything public: ``python -m tests.fuzz --minutes 60``.

Random edits, steps, trainings and recordings. After each: the integrity of every store, the numbers beside
``tests/reference.py``, no change where an operation was refused. Warnings are errors. A failure prints its
seed and the shortest list of operations found that reproduces it. With NUMBA_DISABLE_JIT=1 the kernels run
as Python, with PYTHONMALLOC=debug Python checks its memory.
"""
