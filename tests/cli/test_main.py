"""The command: help, exit codes, sentences on stderr, pipes and interruptions."""

import os
import re
import subprocess

import pytest

import architect
import synapse
from synapse import cli
from synapse.cli import models
from synapse.readwrite import save

from .command import PAGE, args, process, refused, run_cli


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "p.synapse"
    save(architect.Perceptron(2, 1, seed=0), path)
    return path


def stopped(capsys, *arguments):
    """The exit code of argparse, and all that it prints."""
    with pytest.raises(SystemExit) as stop:
        cli.main(list(arguments))
    return stop.value.code, "".join(capsys.readouterr())


@pytest.mark.full
def test_help_version_and_wrong_usage(capsys):
    """The help and the page name every subcommand, and each has help of its own."""
    code, printed = stopped(capsys, "--help")
    names = re.findall(r"^    (\w+) ", printed, re.MULTILINE)
    assert (code, names) == (0, list(cli.COMMANDS))
    for name in cli.COMMANDS:
        assert f"``synapse {name}``" in PAGE
        code, printed = stopped(capsys, name, "--help")
        assert (code, f"usage: synapse {name}" in printed) == (0, True)
    assert stopped(capsys, "--version") == (0, f"synapse {synapse.__version__}\n")
    required = "Wrong usage: the following arguments are required: "
    cases = [
        ([], f"{required}COMMAND. See `synapse --help`."),
        (["info"], f"{required}MODEL. See `synapse info --help`."),
        (
            ["train", "x"],
            f"{required}--target, -o/--output. See `synapse train --help`",
        ),
        (args("info --no x"), "unrecognized arguments: --no. See `synapse --help`."),
        (["inform", "x"], "got 'inform'. Did you mean 'info'?"),
    ]
    for arguments, said in cases:
        assert said in refused(capsys, *arguments, code=2)


def test_errors_of_the_program_and_interruptions(capsys, monkeypatch, model):
    def of(error):
        def fail(network):
            raise error

        monkeypatch.setattr(models, "describe", fail)
        return run_cli(capsys, "info", model)

    code, _, said = of(ZeroDivisionError("by hand"))
    assert (code, said.count("\n")) == (1, 1)
    bug = "synapse: This is a bug (ZeroDivisionError: by hand). Please report"
    assert said.startswith(bug)
    with pytest.raises(ZeroDivisionError):
        cli.main(["--debug", "info", str(model)])
    memory = "synapse: There is not enough memory for this: Unable to allocate 9 TiB.\n"
    assert of(MemoryError("Unable to allocate 9 TiB")) == (1, "", memory)
    assert of(KeyboardInterrupt()) == (130, "", "synapse: Interrupted.\n")


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_as_processes_whose_output_is_lost(model):
    none = model.with_name("none")
    done = process("info", none)
    assert (done.returncode, done.stdout) == (1, "")
    said = f"synapse: Cannot read {str(none)!r}: No such file or directory.\n"
    assert done.stderr == said
    outside = {"capture_output": False, "stderr": subprocess.PIPE}
    for arguments in (["--version"], ["info", model]):
        reading, writing = os.pipe()
        os.close(reading)  # a reader that leaves
        with os.fdopen(writing, "wb") as pipe:
            done = process(*arguments, **outside, stdout=pipe)
        assert done.stderr == ""
        # argparse heeds no failure to write a version
        assert done.returncode in (0, cli.BROKEN_PIPE)
    with open("/dev/full", "w") as full:
        done = process("info", model, **outside, stdout=full)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("synapse: The output cannot be used: ")
