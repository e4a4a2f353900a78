"""Use each extra alone: python .ci/extras.py WHEEL FOLDER makes an environment in this
folder for each extra of setup.cfg, installs the wheel with it, imports the rooms that
it serves, and runs the first example of its page.

`SERVED` is the one list of what an extra is for. tests/project/test_extras.py compares
it, and what the rooms import, with setup.cfg.
"""

import configparser
import doctest
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 600  # seconds for the downloads of an extra, or its example
PINNED = {"torch": ["torch==2.13.0"]}  # the release that other tests have downloaded


def block_of(page: str, within: str) -> str:
    """Return the first block of code of a page that contains a text."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```py(?:thon)?\n(.*?)```", text, re.DOTALL)
    return next(block for block in blocks if within in block)


def use_dask() -> None:
    Path("study.py").write_text(block_of("experiments.md", "def trial(seed, rate)"))
    Path("cluster.py").write_text(block_of("experiments.md", "LocalCluster"))
    subprocess.run([sys.executable, "cluster.py"], check=True)  # imported by workers


def use_gymnasium() -> None:
    code = block_of("evolution.md", "import gymnasium")
    names = {"evolve": importlib.import_module("synapse.evolve")}
    exec(code, names)
    assert names["result"].solved


def use_tables() -> None:
    pandas = importlib.import_module("pandas")
    read_table = importlib.import_module("synapse.tables").read_table
    frame = pandas.DataFrame({"x": [1.5, 2.5]})
    frame.to_excel("table.xlsx", index=False)
    frame.to_parquet("table.parquet")
    for path in ("table.xlsx", "table.parquet"):
        assert read_table(path)["x"].tolist() == [1.5, 2.5], path


def use_command() -> None:
    """The example of the command's page, on fewer rows and epochs."""
    main = importlib.import_module("synapse.cli").main
    data = ROOT / "demos" / "data" / "sunspots.csv"
    options = ["--target", "sunspots", "-o", "model.json", "--epochs", "3"]
    assert main(["train", str(data), *options]) in (None, 0)
    assert main(["forecast", "model.json", str(data), "--steps", "5"]) in (None, 0)


def use_widget() -> None:
    network = importlib.import_module("architect").LSTM(2, 3, 1, seed=0)
    explorer = importlib.import_module("synapse.draw").explore(network)
    assert "application/vnd.jupyter.widget-view+json" in repr(
        explorer._repr_mimebundle_()
    )


class Extra(NamedTuple):
    """The rooms that an extra serves, modules with those below them, and the first
    example of its page: a function, or the name of the object in whose docstring it
    is.
    """

    rooms: tuple[str, ...]
    example: str | Callable[[], None]


SERVED = {
    "dask": Extra(("synapse.experiments._running",), use_dask),
    "draw": Extra(("synapse.draw", "synapse.cli"), "synapse.draw.network"),
    "forecast": Extra(
        ("synapse.cli", "synapse.forecasting", "synapse.tables"), use_command
    ),
    "gymnasium": Extra(("synapse.reward", "synapse.evolve"), use_gymnasium),
    "nir": Extra(("synapse.readwrite._nir",), "synapse.readwrite.to_nir"),
    "onnx": Extra(("synapse.readwrite._onnx",), "synapse.readwrite.onnx_model"),
    "optimize": Extra(
        ("synapse.optimizers._lbfgs", "synapse.learning._readout"),
        "synapse.optimizers.LBFGS",
    ),
    "river": Extra(("synapse.river",), "synapse.river.NetworkClassifier"),
    "sklearn": Extra(("synapse.sklearn",), "synapse.sklearn.NetworkClassifier"),
    "sktime": Extra(("synapse.sktime",), "synapse.sktime.NetworkForecaster"),
    "stats": Extra(("synapse.experiments",), "synapse.experiments.Trials.summary"),
    "tables": Extra(("synapse.tables._reading",), use_tables),
    "torch": Extra(("synapse.readwrite._pytorch",), "synapse.readwrite.to_torch"),
    "widget": Extra(("synapse.draw._explore",), use_widget),
}
TOOLS = {"browser", "dev", "docs", "test"}
"""Extras that no room needs. .ci/run uses each of them in an environment of its own:
README's command installs `test`, .ci/others the others."""


def use(extra: str) -> None:
    """Import an extra's rooms and run its example, in an environment that has it."""
    rooms, example = SERVED[extra]
    for room in rooms:
        importlib.import_module(room)
    if callable(example):
        example()
        return
    shown = pkgutil.resolve_name(example)
    names = vars(importlib.import_module(shown.__module__))
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in doctest.DocTestFinder(recurse=False).find(shown, example, globs=names):
        runner.run(test)
    assert runner.tries, f"{example} has no example"
    assert not runner.failures, example


def install(wheel: str, extra: str, folder: Path) -> Path:
    """Install a wheel with an extra in a new environment; return its Python."""
    venv.create(folder, with_pip=False)
    (python,) = (*folder.glob("bin/python"), *folder.glob("Scripts/python.exe"))
    pip = [sys.executable, "-m", "pip", "-q", "--python", str(python), "install"]
    run([*pip, f"{wheel}[{extra}]", *PINNED.get(extra, [])], folder)
    return python


def run(command: list[str], folder: Path) -> None:
    """Run a command in a folder; CalledProcessError, with all it has said, if it
    fails.
    """
    subprocess.run(
        command,
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
    )


def tried(wheel: str, extra: str, folder: Path) -> tuple[bool, str]:
    """Return whether an extra alone is enough, or cannot be had, and what to print."""
    try:
        python = install(wheel, extra, folder / extra)
    except subprocess.TimeoutExpired:
        return True, "not to be had in time, so it is not tried"
    except subprocess.CalledProcessError as error:
        if "ResolutionImpossible" in error.stdout:
            return False, error.stdout
        return True, f"not to be had, so it is not tried: {error.stdout[-300:]}"
    try:
        run([str(python), __file__, extra], folder / extra)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return False, f"{error}\n{str(error.stdout)[-3000:]}"
    finally:
        shutil.rmtree(folder / extra)  # PyTorch alone has 1 GB
    return True, "is enough for what it serves"


def main(wheel: str, folder: Path) -> int:
    """Try all extras; return 1 if one is not enough."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = [name for name in config["options.extras_require"] if name not in TOOLS]
    failed = False
    with ThreadPoolExecutor(2) as threads:
        trials = threads.map(lambda extra: tried(wheel, extra, folder), extras)
        for extra, (passed, said) in zip(extras, trials, strict=True):
            failed |= not passed
            print(f"{extra}: {said}", flush=True)
    return int(failed)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        use(sys.argv[1])
    else:
        sys.exit(main(sys.argv[1], Path(sys.argv[2])))
