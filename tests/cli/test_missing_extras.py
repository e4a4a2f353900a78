"""What an extra is needed for is said at once, with the command that installs it;
nothing is lost by then."""

import importlib
import sys

import numpy as np
import pytest

import architect
import synapse
from synapse.cli import main, train as train_command

from .command import args, months, refused, run_cli, write

FORECAST = 'Install it from a clone of the repository: pip install -e ".[forecast]".'
SHORT = [*args("--epochs 2 --hidden 2 -q")]


@pytest.fixture
def without(monkeypatch):
    """Hide a module, as if it were not installed."""

    def hide(name):
        for module in [
            module for module in sys.modules if module.partition(".")[0] == name
        ]:
            monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.setitem(sys.modules, name, None)

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
    monkeypatch.setattr(
        train_command, "train_series", lambda *_, **__: pytest.fail("it worked first")
    )
    monkeypatch.setattr(
        train_command, "train_rows", lambda *_, **__: pytest.fail("it worked first")
    )
    data = sheet / "d.csv"
    model = sheet / "net.json"
    tables = {
        "train": (data, "--target", "Sales", "-o", sheet / "m.json"),
        "compare": (data, "--target", "Sales"),
        "forecast": (model, data, "--steps", 3),
        "run": (model, data),
    }
    without("matplotlib")
    for name in ("compare", "forecast"):
        said = refused(capsys, name, *tables[name], "--plot", sheet / "p.png")
        assert "Pictures need matplotlib" in said
        assert "pip install" in said
    said = refused(capsys, "draw", model, sheet / "p.svg")
    assert "Pictures need matplotlib" in said
    assert "pip install" in said
    without("onnx")
    said = refused(capsys, "convert", model, sheet / "m.onnx")
    assert "need onnx" in said
    assert "pip install" in said
    without("pandas")
    for name in ("train", "compare", "run"):
        said = refused(capsys, name, *tables[name])
        assert "need pandas (extra 'forecast'), which is not installed." in said
        assert FORECAST in said
    for name, package in (("p.xlsx", "openpyxl"), ("p.parquet", "pyarrow")):
        without(package)
        said = refused(capsys, "compare", *tables["compare"], "-o", sheet / name)
        assert f"files need {package} (extra 'tables')" in said
    assert {path.name for path in sheet.iterdir()} == {"d.csv", "net.json"}


def test_classes_need_scikit_learn(tmp_path, without, capsys):
    write(tmp_path / "d.csv", x=range(30), kind=[*"ab" * 15])
    without("sklearn")
    line = ["train", tmp_path / "d.csv", *args("--target kind -o"), tmp_path / "m.json"]
    said = refused(capsys, *line)
    assert "logistic regression needs scikit-learn (extra 'forecast')" in said
    assert FORECAST in said
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
    line = [data, "--target", "Sales", *SHORT]
    code, printed, _ = run_cli(capsys, "train", *line[:-1], "-o", model)
    assert (code, "ar" in printed) == (0, True)
    assert run_cli(capsys, "compare", *line)[0] == 0
    assert len(begun) == 2
    ets = [*map(str, ("forecast", model, data)), *args("--steps 2 --method ets")]
    assert main(ets) == 1
    for said in (*begun, capsys.readouterr().err):
        assert "need statsforecast" in said
        assert "pip install" in said
    alone = args("--build none --methods naive,ar")
    code, printed, said = run_cli(capsys, "compare", *line, *alone)
    assert (code, "statsforecast" in said) == (0, False)
