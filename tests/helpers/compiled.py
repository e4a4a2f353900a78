"""Kernels and functions of users that this process has compiled."""

import os
import re
import time

from synapse.engine.language import code_files

WORDS_OF_KINDS = re.compile(r"u?int\d+|float\d+|lanes=[2-9]")
rows = []
"""For each of them, whether it is the library's, its name, its kinds of numbers, the
test, and LLVM's CPU seconds."""


def count_compiled():
    """Add a row for whatever is compiled from now on."""
    plain = code_files.code_of

    def code_of(function, kinds, translate, make):
        def timed(text):
            began = time.thread_time()
            code = make(text)
            seconds = time.thread_time() - began
            rows.append([is_own, name, words, current_test(), seconds])
            return code

        module = function.__module__ or ""  # a test may make a function without one
        is_own = module.startswith("synapse.") and not function.__closure__
        name = f"{module}.{function.__name__}"
        words = " ".join(dict.fromkeys(WORDS_OF_KINDS.findall(kinds)))
        return plain(function, kinds, translate, timed)

    code_files.code_of = code_of


def current_test():
    return os.environ.get("PYTEST_CURRENT_TEST", "the start")


def lines():
    """What was compiled, the slowest first."""
    groups = {}
    for _, name, words, test, seconds in rows:
        groups.setdefault((name, words), []).append((seconds, test))
    spent = {key: sum(seconds for seconds, _ in groups[key]) for key in groups}
    for name, words in sorted(spent, key=spent.get, reverse=True):
        (_, first), *others = groups[name, words]
        times = f" {len(others) + 1} times" if others else ""
        yield f"{spent[name, words]:7.3f} s  {name} ({words}){times}, first by {first}"


def summary():
    own = sum(is_own for is_own, *_ in rows)
    return (
        f"Compiled: {own} kernels and lazy parts, {len(rows) - own} functions of users,"
        f" in {sum(row[-1] for row in rows):.1f} s of CPU"
    )
