"""Benchmarks of Synapse and of other libraries; see README.md in this folder."""

import sys

if sys.argv[:1] == ["-m"]:  # Python looks for the program and has loaded no library
    from .instructions import take

    take(sys.argv)
