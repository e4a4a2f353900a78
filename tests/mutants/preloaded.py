"""A process that has imported what all runs of pytest import, and forks for each run.

It is a program of its own, so that nothing of the checkout is imported before a fork.
Each line of its input is a run: folder, environment and arguments as JSON. It answers
with the identity of the process, and with a line when that has ended.
"""

import json
import os
import resource
import sys
from importlib import import_module

PACKAGES = ("hypothesis", "llvmlite.binding", "networkx", "numpy", "pytest", "tqdm")


def serve() -> None:
    """Fork for each line."""
    for package in PACKAGES:
        import_module(package)
    for line in sys.stdin:
        run = json.loads(line)
        process = os.fork()
        if process == 0:
            begin(run)
        print(process, flush=True)
        os.waitpid(process, 0)
        print("ended", flush=True)


def begin(run: dict) -> None:
    """Become a run of pytest, and end with it."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_DATA, (run["memory"], run["memory"]))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.chdir(run["folder"])
    os.environ.update(run["environment"])
    sys.path[:] = [run["folder"], *sys.path[1:]]
    sys.argv = ["pytest", *run["arguments"]]
    import pytest

    code = 1
    try:
        code = pytest.main(run["arguments"])
    finally:
        os._exit(int(code))


if __name__ == "__main__":
    serve()
