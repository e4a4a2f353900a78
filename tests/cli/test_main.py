"""The command as a process: exit codes, sentences on stderr, pipes, interruptions."""

import os
import re
import subprocess

import pytest

import architect
import synapse
from synapse import cli
from synapse.cli import info
from synapse.readwrite import save

from .command import process

SUBCOMMANDS = ["info", "draw", "convert", "train", "run", "forecast", "compare", "table", "bench"]


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "p.synapse"
    save(architect.Perceptron(2, 1, seed=0), path)
    return path


def test_the_module_is_the_command(model):
    done = process("info", model)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Perceptron" in done.stdout


def test_what_cannot_be_used_is_one_sentence_and_exit_code_1(tmp_path):
    done = process("info", tmp_path / "none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"synapse: Cannot read {str(tmp_path / 'none')!r}: No such file or directory.\n"


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"synapse {synapse.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["info"], ["inform", "x"], ["info", "--no", "x"], ["train", "x"]])
def test_wrong_usage_is_shown_the_right_one(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage: synapse" in capsys.readouterr().err


def test_help_names_every_subcommand_and_each_has_help_of_its_own(capsys):
    for arguments in [[], *([name] for name in SUBCOMMANDS)]:
        with pytest.raises(SystemExit) as stop:
            cli.main([*arguments, "--help"])
        assert stop.value.code == 0
        printed = capsys.readouterr().out
        assert " ".join(["usage: synapse", *arguments]) in printed
        if not arguments:
            assert re.findall(r"^    (\w+) ", printed, re.MULTILINE) == SUBCOMMANDS


def test_an_error_of_the_program_asks_to_be_reported(capsys, monkeypatch, model):
    def fail(network):
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(info, "describe", fail)
    assert cli.main(["info", str(model)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("synapse: This is a bug (ZeroDivisionError: by hand). Please report")
    assert printed.err.count("\n") == 1
    with pytest.raises(ZeroDivisionError):
        cli.main(["--debug", "info", str(model)])


def test_an_interruption_has_its_exit_code(capsys, monkeypatch, model):
    def interrupt(network):
        raise KeyboardInterrupt

    monkeypatch.setattr(info, "describe", interrupt)
    assert cli.main(["info", str(model)]) == 130
    assert capsys.readouterr().err == "synapse: Interrupted.\n"


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize("arguments", [["--version"], ["info", "p.synapse"]])
def test_a_reader_that_leaves_is_no_error(model, arguments):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        pipes = {"capture_output": False, "stdout": pipe, "stderr": subprocess.PIPE}
        done = process(*arguments, **pipes, cwd=model.parent)
    assert done.stderr == ""
    assert done.returncode in (0, cli.BROKEN_PIPE)  # argparse heeds no failure to write a version


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_an_output_that_takes_nothing_is_told(model):
    with open("/dev/full", "w") as full:
        done = process("info", model, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.startswith("synapse: The output cannot be used: ")
    assert done.stderr.count("\n") == 1
