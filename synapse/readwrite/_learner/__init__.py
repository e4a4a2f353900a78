"""Networks as C programs that go on learning: the tables of a lowered network, and the
loops of the engine over them in C.

A program has the engine's own runs, pairs and blocks, so it adds in the same order. The
C is in ``readwrite/templates``: ``learner.c.in`` is the program, ``online.c.in`` and
``rtrl.c.in`` are the rules.
"""
