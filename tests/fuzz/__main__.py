"""The command: walks for some minutes, or one of them again."""

import argparse
import faulthandler
import signal
import sys
import time
import warnings
from collections import Counter

from synapse.errors import TopologyWarning, TrainingWarning

from . import __doc__ as text
from .walk import shrunk, walk


def main(arguments=None):
    """Run the command; returns the exit code, 1 if a walk has failed."""
    kind = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", formatter_class=kind, description=text)
    parser.add_argument("--minutes", type=float, default=1.0, help="time for walks (default: one minute)")
    parser.add_argument("--walks", type=int, default=10**9, help="number of walks")
    parser.add_argument("--seed", type=int, help="seed of the first walk (default: by the clock)")
    parser.add_argument("--only", help="do one walk again: numbers of its operations, with commas")
    options = parser.parse_args(arguments)
    seed = int(time.time()) % 10**8 if options.seed is None else options.seed
    only = options.only and [int(number) for number in options.only.split(",")]
    counts, known, until = Counter(), set(), time.monotonic() + 60 * options.minutes
    faulthandler.enable()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", TrainingWarning)  # random networks do train in vain
        warnings.simplefilter("ignore", TopologyWarning)
        while counts["walks"] < (1 if only else options.walks) and time.monotonic() < until:
            print(f"seed {seed}", file=sys.stderr, flush=True)  # known if the process crashes
            failure = walk(seed, counts, only=only)
            if failure is not None and failure.signature not in known:
                known.add(failure.signature)
                print(f"\nFAILED\n{failure if only else shrunk(failure)}", flush=True)
            counts["walks"] += 1
            seed += 1
    for name, count in sorted(counts.items()):
        print(f"{count:10,}  {name}")
    return 1 if known else 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also if a shell has started it with `&`
    sys.exit(main())
