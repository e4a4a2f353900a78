"""New processes of Python, which find the library and the tests."""

import os
import subprocess
import sys
from pathlib import Path

import synapse

ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join([str(Path(synapse.__file__).parents[1]), str(ROOT)])


def python(
    *arguments, cwd=ROOT, timeout=900, interpreter=(sys.executable,), **variables
):
    """What a new Python prints, with these variables of its environment; its errors if
    it fails. An interpreter is the words of a command."""
    environment = {**os.environ, "PYTHONPATH": PATHS, **variables}
    command = [*interpreter, *map(str, arguments)]
    done = subprocess.run(
        command,
        env=environment,
        cwd=cwd,
        timeout=timeout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
