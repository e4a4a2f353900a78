"""The command, called as a person calls it: as a process; or, to be quick, within this one."""

import os
import re
import subprocess
import sys
from pathlib import Path

from synapse import cli

ROOT = Path(__file__).resolve().parents[2]
SUNSPOTS = ROOT / "demos" / "data" / "sunspots.csv"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONWARNINGS": "error"}


def complaints(text):
    """What was said on stderr, but for the notice that kernels are being compiled, once a machine."""
    return re.sub(r"synapse: compiling its kernels.*\n", "", text)


def line(*arguments):
    return [sys.executable, "-m", "synapse", *map(str, arguments)]


def process(*arguments, **options):
    """The finished process."""
    options = {"capture_output": True, "text": True, "timeout": 300, "env": ENVIRONMENT, **options}
    finished = subprocess.run(line(*arguments), check=False, **options)
    finished.stderr = complaints(finished.stderr)
    return finished


def done(capsys, *arguments):
    """What a command prints that does well."""
    assert cli.main([str(argument) for argument in arguments]) == 0
    printed = capsys.readouterr()
    assert complaints(printed.err) == ""
    return printed.out


def refused(capsys, *arguments, code=1):
    """The one sentence with which a command refuses."""
    assert cli.main([str(argument) for argument in arguments]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    (sentence,) = complaints(printed.err).splitlines()
    assert sentence.startswith("synapse: ")
    assert sentence.endswith(".")
    return sentence.removeprefix("synapse: ")
