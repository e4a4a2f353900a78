"""Programs without a console: stderr and stdout may be missing, closed, broken or lack
a character. What is shown there is lost then, and no work with it."""

import contextlib
import importlib
import inspect
import io
import os
import pkgutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, cli, evolve, experiments, reward
from synapse.engine.language import code_files
from tests.cli.command import ENVIRONMENT, line
from tests.helpers.cases import all_hold


class Broken(io.TextIOBase):
    """A pipe whose reader is gone, or a file descriptor that is closed."""

    def __init__(self, error):
        self.error = error

    def write(self, text):
        raise self.error

    def flush(self):
        raise self.error

    def close(self):
        """Do nothing: the garbage collector closes it, which would flush."""


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


STREAMS = {
    "none": lambda: None,
    "closed": closed,
    "no terminal": io.StringIO,
    "ascii": lambda: io.TextIOWrapper(io.BytesIO(), encoding="ascii"),
    "latin-1": lambda: io.TextIOWrapper(io.BytesIO(), encoding="latin-1"),
    "pipe without reader": lambda: Broken(BrokenPipeError(32, "Broken pipe")),
    "bad descriptor": lambda: Broken(OSError(9, "Bad file descriptor")),
}
X = np.random.default_rng(0).random((12, 2))
Y = X[:, :1]


def net():
    return architect.Perceptron(2, 2, 1, seed=0)


class Levers:
    """Two levers, of which one pays."""

    def reset(self, seed=None):
        return [0.0], {}

    def step(self, action):
        return [0.0], float(action), True, False, {}


def trial(seed, size=1):
    return {"size": size * seed}


def agent():
    outputs = architect.Perceptron(1, 2, squash="identity", seed=0)
    return reward.QLearning(outputs, seed=0)


def trained():
    """By each loop, some with a label that not every stream can print."""
    for progress in (True, "Übung → 1"):
        assert Trainer(net()).train(X, Y, epochs=2, progress=progress).epochs == 2
    Trainer(net(), rule="bptt", optimizer="adam").train(X, Y, epochs=2)
    Trainer(net(), 1.0, rule="bptt", optimizer="lbfgs").train(X, Y, epochs=2)


def evolved():
    fitness = evolve.fitness.dataset([[0.0], [1.0]], [[1.0], [0.0]])
    evolve.neat(fitness, population=10, max_evaluations=30, seed=0)


def printed(message, category, *place):
    """As Python does, which pytest replaces."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(warnings.formatwarning(message, category, *place[:2]))


def warned():
    """Also while a network is lowered, and by an option."""
    lonely = synapse.Network(synapse.Layer(1), synapse.Layer(1))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = printed
        lonely.activate([1.0])
        Trainer(net(), rate=1e6)
    assert lonely.activate([1.0]).shape == (1,)


def noticed():
    """What the compiler says: nothing is written below a file."""
    code_files._told.clear()
    code_files._keep([Path(__file__, "größer.o")], code_files.CodeFile(b"", b"", b""))
    code_files.Stderr().write(code_files.NOTICE)


CALLS = {
    "Trainer.train": trained,
    "neat": evolved,
    "run": lambda: reward.run(agent(), Levers(), steps=20, seed=0),
    "run_many": lambda: reward.run_many(
        [agent()], Levers, steps=20, seed=0, progress=True
    ),
    "run_trials": lambda: experiments.run_trials(trial, seeds=[1, 2]),
    "sweep": lambda: experiments.sweep(trial, grid={"size": [1, 2]}, seeds=[1]),
}
INDIRECT = {
    # a trainer's bar, as `Trainer.train`
    "NetworkClassifier",
    "NetworkRegressor",
    "SequenceClassifier",
    "SequenceRegressor",
    "TrainingOptions",
    # a value of a page
    "Explorer.update",
}
OTHERS = {
    "train_many": lambda: experiments.train_many([Trainer(net())], X, Y, epochs=2),
    "Model.fit": lambda: synapse.Model(net()).fit(X, Y, epochs=2, progress=True),
    "warnings": warned,
    "compiler": noticed,
}


@pytest.mark.full
def test_all_calls_that_show_progress_are_listed():
    found = set()
    for package in (synapse, architect):
        names = [each.name for each in pkgutil.iter_modules(package.__path__)]
        public = [name for name in names if name[0] != "_"]
        modules = [f"{package.__name__}.{name}" for name in public]
        for module in [package.__name__, *modules]:
            found |= with_progress_in(module)
    assert found == set(CALLS) | INDIRECT


def with_progress_in(name):
    """The names of a module that have `progress`; none if its package is missing."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return set()
    names = {*dir(module)} - {"__version__"}
    return set().union(*(with_progress(getattr(module, name, None)) for name in names))


def with_progress(value):
    """The names of a function or class, and of its methods, that have `progress`."""
    if str(getattr(value, "__module__", "")).partition(".")[0] not in (
        "synapse",
        "architect",
    ):
        return set()
    methods = [member for _, member in inspect.getmembers_static(value)]
    public = [each for each in methods if getattr(each, "__name__", "_")[0] != "_"]
    found = set()
    for call in [value, *(public if isinstance(value, type) else [])]:
        if callable(call) and "progress" in getattr(signature(call), "parameters", ()):
            found.add(call.__qualname__)
    return found


def signature(call):
    try:
        return inspect.signature(call)
    except ValueError:  # some of Python's own
        return None


def test_what_is_shown_ends_no_work(monkeypatch):
    def works(stream, name):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", STREAMS[stream]())
            patch.setattr(sys, "stdout", STREAMS[stream]())
            {**CALLS, **OTHERS}[name]()

    all_hold(works, [(kind, name) for kind in STREAMS for name in [*CALLS, *OTHERS]])


def test_a_terminal_that_is_closed_meanwhile_does_not_end_a_training(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    def close(progress):
        stream.close()

    assert Trainer(net()).train(X, Y, epochs=3000, callbacks=[close]).epochs == 3000


def table(folder):
    path = folder / "data.csv"
    rows = [f"{i},{np.sin(i):.3f}" for i in range(60)]
    path.write_text("\n".join(["größe→,y", *rows]), encoding="utf-8")
    return path


@pytest.mark.full
def test_commands_save_their_work_whatever_the_streams(monkeypatch, tmp_path):
    data = table(tmp_path)

    def works(kind):
        model = tmp_path / f"größe {kind}.json"
        codes = 0, 1, cli.BROKEN_PIPE
        lines = (
            ["train", data, "--target", "y", "-o", model, "--epochs", "2"],
            ["update", model, data, "--epochs", "1"],
            ["info", model],
            ["run", model, data],
            ["run", model, data, "-o", tmp_path / "ahead.csv"],
            ["draw", model, tmp_path / "picture.svg"],
            ["info", "missing.json"],
            ["nonsense"],
        )
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", None)
            for words in lines:
                patch.setattr(sys, "stderr", STREAMS[kind]())
                patch.setattr(sys, "stdout", STREAMS[kind]())
                code = cli.main([*map(str, words)])
                if words[0] == "nonsense":
                    assert code == cli.MISUSED
                elif words[-1] == "missing.json":
                    assert code == cli.FAILED
                else:
                    assert code in codes
                    assert code == 0 or kind in (
                        "pipe without reader",
                        "bad descriptor",
                    )
        assert synapse.load(model)
        assert (tmp_path / "ahead.csv").exists()
        (tmp_path / "ahead.csv").unlink()

    all_hold(works, list(STREAMS))


@pytest.mark.full
@pytest.mark.skipif(os.name != "posix", reason="closes descriptors as a shell does")
def test_a_process_without_streams(tmp_path):
    """As ``>&-`` in a shell: what is written does not become stdout or stderr."""
    data, model = table(tmp_path), tmp_path / "model.json"
    train = line("train", data, "--target", "y", "-o", model, "--epochs", "2")
    lines = train, line("info", model), line("info", "missing.json")
    codes = [0, 0, cli.FAILED]
    together = "import sys\nfrom synapse import cli\n"
    together += f"codes = [cli.main(words) for words in {[it[3:] for it in lines]}]\n"
    together += f"sys.exit(9) if codes != {codes} else cli.main(['--version'])"
    for closing in (">&-", "2>&-", "<&- >&- 2>&-"):
        model.unlink(missing_ok=True)
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {closing}', "sh", sys.executable, "-c", together],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (closing, done)
        assert "Traceback" not in done.stderr
        assert synapse.load(model)
        # a message is not printed there instead
        assert "missing.json" not in done.stdout
        assert (done.stdout == "") == (" >&-" in f" {closing}")


@pytest.mark.full
def test_a_table_goes_to_an_ascii_stdout_with_codes(tmp_path):
    data, model = table(tmp_path), tmp_path / "model.json"
    train = line("train", data, "--target", "größe→", "-o", model, "--epochs", "2")
    ascii_only = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(train, env=ascii_only, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"\\u2192" in done.stdout
    assert synapse.load(model)
