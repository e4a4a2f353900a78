"""The command: help, exit codes, sentences on stderr, pipes, interruptions, what an
extra is needed for, and the session of its page."""

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest

import architect
import synapse
from synapse import cli
from synapse.cli import main, models, train as train_command
from synapse.readwrite import save

from .command import PAGE, SUNSPOTS, args, months, process, refused, run_cli, write


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
    assert said.startswith(
        "synapse: This is a bug (ZeroDivisionError: by hand). Please report"
    )
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


def session():
    """Commands of the first console on the page, and what each prints."""
    block, *_ = re.findall(
        r"\.\. code-block:: console\n\n((?:   .*\n|\n)+)",
        PAGE.split("``synapse train``")[0],
    )
    steps = re.sub("^   ", "", block, flags=re.MULTILINE).split("$ synapse ")[1:]
    return [step.partition("\n")[::2] for step in steps]


def cells(text):
    """Words and numbers, without times and percentages."""
    words = (
        re.sub(r"[\d.]+ s,|\d+ %|\d{4}-\d\d-\d\dT\S+", "some", text)
        .replace(",", " ")
        .split()
    )
    return [
        float(word) if re.fullmatch(r"-?\d+(\.\d+)?", word) else word for word in words
    ]


@pytest.mark.peers
def test_the_session_of_the_page(capsys, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    pytest.importorskip("statsforecast")
    shutil.copy(SUNSPOTS, tmp_path)
    monkeypatch.chdir(tmp_path)
    steps = session()
    names = [command.split()[0] for command, _ in steps]
    assert names == ["train", "forecast", "run", "draw", "convert"]
    for command, printed in steps:
        printed_cells = cells(run_cli(capsys, *shlex.split(command))[1])
        shown = cells(printed)
        assert len(printed_cells) == len(shown)
        for cell, other in zip(printed_cells, shown):
            assert cell == (
                pytest.approx(other, rel=0.05) if isinstance(other, float) else other
            )
    assert {path.name for path in tmp_path.iterdir()} >= {
        "model.json",
        "model.svg",
        "model.c",
        "predicted.csv",
    }


FORECAST = re.escape(
    'Install it from a clone of the repository: pip install -e ".[forecast]".'
)


@pytest.fixture
def without(monkeypatch):
    """Hide a module, as if it were not installed."""

    def hide(name):
        for module in [name, *sys.modules]:
            if module.partition(".")[0] == name:
                monkeypatch.setitem(sys.modules, module, None)

    return hide


@pytest.fixture
def sheet(tmp_path):
    """A table of months, and a model of it that does not need an extra to be read."""
    sales = (100 + 20 * np.sin(2 * np.pi * np.arange(48) / 12)).round(1)
    write(tmp_path / "d.csv", date=months(48, 2019), Sales=sales)
    synapse.save(architect.GRU(1, 2, 1, seed=0), tmp_path / "net.json")
    return tmp_path


def test_the_command_says_what_to_install_before_it_works(
    sheet, without, capsys, monkeypatch
):
    for name in ("train_series", "train_rows"):
        monkeypatch.setattr(
            train_command, name, lambda *_, **__: pytest.fail("it worked first")
        )
    data, model, out = (str(sheet / name) for name in ("d.csv", "net.json", "out"))
    compare = ["compare", data, "--target", "Sales"]
    pictures = "Pictures need matplotlib.*pip install"
    pandas = rf"need pandas \(extra 'forecast'\), which is not installed\..*{FORECAST}"
    for package, line, expected in (
        ("matplotlib", [*compare, "--plot", f"{out}.png"], pictures),
        (
            "matplotlib",
            ["forecast", model, data, "--steps", "3", "--plot", f"{out}.png"],
            pictures,
        ),
        ("matplotlib", ["draw", model, f"{out}.svg"], pictures),
        ("onnx", ["convert", model, f"{out}.onnx"], "need onnx.*pip install"),
        ("pandas", ["train", *compare[1:], "-o", f"{out}.json"], pandas),
        ("pandas", compare, pandas),
        ("pandas", ["run", model, data], pandas),
        ("openpyxl", [*compare, "-o", f"{out}.xlsx"], "files need openpyxl .*'tables'"),
        (
            "pyarrow",
            [*compare, "-o", f"{out}.parquet"],
            "files need pyarrow .*'tables'",
        ),
    ):
        without(package)
        assert re.search(expected, refused(capsys, *line)), line
    assert {path.name for path in sheet.iterdir()} == {"d.csv", "net.json"}


def test_classes_need_scikit_learn(tmp_path, without, capsys):
    write(tmp_path / "d.csv", x=range(30), kind=[*"ab" * 15])
    without("sklearn")
    line = ["train", tmp_path / "d.csv", *args("--target kind -o"), tmp_path / "m.json"]
    needs = r"logistic regression needs scikit-learn \(extra 'forecast'\).*"
    assert re.search(needs + FORECAST, refused(capsys, *line))
    assert not (tmp_path / "m.json").exists()


@pytest.mark.full
def test_methods_that_are_not_installed_are_named_before_the_training(
    sheet, without, capsys, monkeypatch
):
    without("statsforecast")
    data = sheet / "d.csv"
    model = sheet / "m.json"
    begun = []
    for command in ("train", "compare"):
        module = importlib.import_module(f"synapse.cli.{command}")
        work = getattr(module, f"{command}_series")

        def working(*arguments, work=work, **options):
            begun.append(capsys.readouterr().err)
            return work(*arguments, **options)

        monkeypatch.setattr(module, f"{command}_series", working)
    line = [data, *args("--target Sales --epochs 2 --hidden 2 -q")]
    code, printed, _ = run_cli(capsys, "train", *line[:-1], "-o", model)
    assert (code, "ar" in printed) == (0, True)
    assert run_cli(capsys, "compare", *line)[0] == 0
    assert len(begun) == 2
    ets = [*map(str, ("forecast", model, data)), *args("--steps 2 --method ets")]
    assert main(ets) == 1
    for said in (*begun, capsys.readouterr().err):
        assert re.search("need statsforecast.*pip install", said)
    code, printed, said = run_cli(
        capsys, "compare", *line, *args("--build none --methods naive,ar")
    )
    assert (code, "statsforecast" in said) == (0, False)
