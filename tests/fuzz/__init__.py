"""A long random fuzz of everything public: ``python -m tests.fuzz --minutes 60``.

walk        Random edits, steps, trainings, recordings, copies and mistakes. After each: the integrity of
            every store, the numbers beside ``tests/reference.py``, no change where an operation was refused.
interrupts  The same with Ctrl-C at random lines of the library: an operation is done or not done.
threads     Threads that train, edit, record, copy and join the same networks (with PYTHONMALLOC=debug).
files       Damaged files: each is refused or gives a whole network; nothing is executed, memory is bounded.
kills       Processes that are killed while they save.
nojit       The walk with NUMBA_DISABLE_JIT=1.

Warnings are errors. A failure prints its seed and the shortest list of operations found that reproduces it.
"""
