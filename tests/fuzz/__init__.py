"""A long random fuzz of everything public: ``python -m tests.fuzz --minutes 60``.

====================== ===========================================================================================
``walk``               random edits, steps, trainings, recordings, copies and mistakes; the integrity of every
                       store after each, the numbers beside ``tests/reference.py``, nothing changed by what fails
``interrupts``         the same with Ctrl-C at random lines of the library: done or not done, never by half
``threads``            threads that train, edit, record, copy and join the same networks (PYTHONMALLOC=debug)
``files``              damaged files: refused, or a whole network; nothing run, memory bounded
``kills``              processes killed while they save
``nojit``              the walk with NUMBA_DISABLE_JIT=1
====================== ===========================================================================================

Warnings are errors. A failure prints its seed and the shortest list of operations found that shows it again.
"""
