"""The command, called as a person calls it: as a process; or, to be quick, within this
one."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np

from synapse import cli
from tests.helpers.cases import all_hold

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "command.rst").read_text(encoding="utf-8")
SUNSPOTS = ROOT / "demos" / "data" / "sunspots.csv"
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    "PYTHONWARNINGS": "error",
}


def complaints(text):
    """What was said on stderr, but for three notices: compiling, once a machine,
    methods not installed, and lines on a training that takes long."""
    notices = (
        "compiling its kernels|The methods ets, theta and arima need statsforecast"
        r"|epoch \d+, loss"
    )
    return re.sub(rf"synapse: ({notices}).*\n", "", text)


def args(text):
    """The arguments in a line of a shell."""
    return shlex.split(text)


def line(*arguments):
    return [sys.executable, "-m", "synapse", *map(str, arguments)]


def process(*arguments, **options):
    """The finished process."""
    options = {"capture_output": True, "text": True, "env": ENVIRONMENT, **options}
    finished = subprocess.run(line(*arguments), check=False, timeout=900, **options)
    finished.stderr = complaints(finished.stderr)
    return finished


def run_cli(capsys, *arguments):
    """The exit code, what is printed, and what is said on stderr."""
    code = cli.main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out, complaints(printed.err)


def done(capsys, *arguments):
    """What a command prints that does well."""
    code, printed, said = run_cli(capsys, *arguments)
    assert (code, said) == (0, "")
    return printed


def refused(capsys, *arguments, code=1):
    """The one sentence with which a command refuses."""
    status, printed, said = run_cli(capsys, *arguments)
    assert (status, printed) == (code, "")
    (sentence,) = said.splitlines()
    assert sentence.startswith("synapse: ")
    assert sentence.endswith((".", "?"))
    return sentence.removeprefix("synapse: ")


def told(capsys, cases):
    """Check that commands (arguments, exit code, what the sentence has) are refused,
    most in one sentence."""

    def check(arguments, code, expected):
        try:
            sentence = refused(capsys, *arguments, code=code)
        except SystemExit:  # of argparse, which shows the usage, too
            sentence = capsys.readouterr().err
            assert "usage: synapse" in sentence
        assert re.search(expected, sentence), sentence

    all_hold(check, {" ".join(map(str, case[0])): case for case in cases})


def write(path, **columns):
    """A table with these columns."""
    rows = zip(*columns.values(), strict=True)
    path.write_text(
        "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)])
        + "\n"
    )
    return path


def months(count, first_year=2010):
    return [f"{first_year + i // 12}-{i % 12 + 1:02}" for i in range(count)]


def answers(printed):
    """The numbers that `synapse run` prints, after the key of a row if it is a word."""
    rows = [row.split(",") for row in printed.splitlines()[1:]]
    return np.array([row[row[0].isalpha() :] for row in rows], float)
