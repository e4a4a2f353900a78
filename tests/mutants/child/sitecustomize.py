"""Trace each Python process that a test starts, if this folder is on its path."""

import os
import sys
from pathlib import Path

if "SYNAPSE_MUTANTS_CHILD" in os.environ:
    sys.path.append(str(Path(__file__).parents[1]))
    import tracing

    tracing.start_in_child()
    sys.path.pop()
