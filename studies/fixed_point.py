"""Whether networks learn in fixed point: as programs in C, beside float32.

    python -m studies fixed_point          # runs what is missing, writes fixed_point.md

Each program is compiled once for a network, and learns here as it would on a device.
Rates of recall are chosen on other seeds, with the same number of tries for each.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

import architect
import synapse
from demos import device
from demos._common import CLEAR, ink, save_figure, with_pyplot
from synapse.readwrite import _files, c_source
from synapse.readwrite._printed.fixed_numbers import FORMATS
from synapse.tasks import Recall

from . import _many_seeds as many, minimal

PATH = many.HERE / "fixed_point.json"
PAGE = many.HERE / "fixed_point.md"
SEEDS = 20
NUMBERS = {
    "float32": {"dtype": "float32"},
    "q15.16": {"dtype": "q15.16", "rounding": "nearest"},
    "q15.16, stochastic": {"dtype": "q15.16", "rounding": "stochastic", "seed": 1},
    "q7.8": {"dtype": "q7.8", "rounding": "nearest"},
    "q7.8, stochastic": {"dtype": "q7.8", "rounding": "stochastic", "seed": 1},
}
"""Numbers of programs, with their options."""
MAIN = """
#include "net.c"

/* Sequences of rows, each after a clear; returns the saturated numbers. */
int sequences(Network *net, const NUMBER *inputs, const NUMBER *targets,
              NUMBER *outputs, int count, int length, NUMBER rate, int learns) {
    for (int s = 0; s < count; s++) {
        network_clear(net);
        for (int t = 0; t < length; t++) {
            network_step(net, inputs, outputs);
            if (learns) network_learn(net, targets, rate);
            inputs += NETWORK_INPUTS;
            targets += NETWORK_OUTPUTS;
            outputs += NETWORK_OUTPUTS;
        }
    }
    return SATURATIONS;
}

int size(void) { return sizeof(Network); }
"""
STILL = "float32, no learning"
ONE_STEP = "gradient of one step"
TASKS = "sensor", "recall", "sine", "table"
BEGIN, END = "<!-- table -->", "<!-- end -->"
RECALL_RATES = 0.03, 0.06, 0.12
TRIED = (100, 101, 102, 103, 104)
"""Seeds on which rates are chosen."""
MOST = 20_000  # sequences of recall
BATCH = 500
SINE_STEPS = 20_000
TABLE_ROWS = 40_000


class Device:
    """An instance of a network's program, compiled with these options."""

    def __init__(self, net: synapse.Network, folder: Path, **options: Any) -> None:
        self.numbers = FORMATS.get(options["dtype"])
        self.dtype = np.dtype(np.float32)
        saturations = "0"
        if self.numbers is not None:
            self.dtype = self.numbers.dtype
            saturations = "net->saturations[0]"
        number = "float" if self.numbers is None else f"{self.dtype}_t"
        (folder / "net.c").write_text(c_source(net, learn=True, **options))
        (folder / "main.c").write_text(MAIN)
        library = folder / f"{len([*folder.iterdir()])}.so"
        compiler = shutil.which("cc") or "gcc"
        defined = f"-DNUMBER={number}", f"-DSATURATIONS={saturations}"
        command = [compiler, "-std=c99", "-O2", "-shared", "-fPIC", *defined]
        command += [str(folder / "main.c"), "-o", str(library), "-lm"]
        subprocess.run(command, check=True)
        self.library = ctypes.CDLL(str(library))
        self.net = ctypes.create_string_buffer(self.library.size())
        self.library.network_init(self.net)
        self.outputs = len(net.output)
        self.saturations = 0

    def __call__(
        self, inputs: np.ndarray, targets: np.ndarray | None = None, rate: float = 0.0
    ) -> np.ndarray:
        """Outputs of sequences, shape (count, length, outputs), from which it learns if
        there are targets."""
        count, length, _ = inputs.shape
        given = self._made(inputs)
        aims = self._made(inputs if targets is None else targets)
        found = np.empty((count, length, self.outputs), self.dtype)
        speed: Any = ctypes.c_float(rate)
        if self.numbers is not None:
            kind = ctypes.c_int16 if self.dtype == np.int16 else ctypes.c_int32
            speed = kind(self.numbers.integer(rate, self.numbers.rate))
        passed = (a.ctypes.data_as(ctypes.c_void_p) for a in (given, aims, found))
        sizes = count, length, speed, int(targets is not None)
        self.saturations = self.library.sequences(self.net, *passed, *sizes)
        return found * (1.0 if self.numbers is None else self.numbers.unit)

    def _made(self, values: np.ndarray) -> np.ndarray:
        if self.numbers is None:
            return np.ascontiguousarray(values, np.float32)
        return np.ascontiguousarray(self.numbers.integers(values))


# --- tasks: each returns a number for a network with these numbers --------------------


def recall_net(seed: int) -> synapse.Network:
    """The LSTM of `demos recall` with linear cells."""
    return architect.LSTM(
        6,
        7,
        2,
        style="synaptic",
        cell_squash="identity",
        peepholes=None,
        initializer="uniform",
        seed=seed,
    )


def sequences(count: int, seed: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of recall over ten steps."""
    samples = Recall().batch(count, seed)
    return np.stack([s.inputs for s in samples]), np.stack([s.targets for s in samples])


def solved_after(learn: Any, run: Any, seed: int) -> int:
    """The number of sequences after which 95 % of 500 others are right; -1: never."""
    tests, wanted = sequences(BATCH, [seed, 1])
    for begin in range(0, MOST, BATCH):
        learn(*sequences(BATCH, [seed, 2, begin]))
        right = (np.abs(run(tests) - wanted) < 0.5).all(axis=(1, 2))
        if right.mean() >= 0.95:
            return begin + BATCH
    return -1


def recall(seed: int, rate: float, options: dict[str, Any]) -> int:
    """Recall by a program."""
    with TemporaryDirectory() as folder:
        there = Device(recall_net(seed), Path(folder), cost="cross_entropy", **options)
        return solved_after(lambda x, t: there(x, t, rate), there, seed)


def recall_by_one_step(seed: int, rate: float) -> int:
    """Recall by the gradient of a single step."""
    net = recall_net(seed)
    trainer = synapse.Trainer(net, rule="bptt", window=1, rate=rate, batch_size=1)

    def learn(inputs: np.ndarray, targets: np.ndarray) -> None:
        trainer.train(list(inputs), list(targets), epochs=1, progress=False)

    return solved_after(learn, lambda x: np.stack(net.run(list(x))), seed)


class Sensor(NamedTuple):
    """A trained network of `demos device`, and the readings of a sensor that drifts."""

    net: synapse.Network
    readings: np.ndarray


def sensor(seed: int) -> Sensor:
    """Train a network."""
    rng = np.random.default_rng(seed)
    wave = device.readings_of(1001, rng)
    net = architect.LSTM(1, 8, 1, style="synaptic", output_squash="identity", seed=seed)
    adam = synapse.optimizers.Adam()
    trainer = synapse.Trainer(net, rule="bptt", optimizer=adam, rate=0.01, window=50)
    trainer.train(wave[:-1, None], wave[1:, None], epochs=600, progress=False)
    readings = device.drifted(device.readings_of(device.BEFORE + device.AFTER, rng))
    return Sensor(net, readings)


def drift(sensor: Sensor, rate: float, options: dict[str, Any]) -> float:
    """Error after the drift."""
    rows = sensor.readings[None, :, None]
    with TemporaryDirectory() as folder:
        there = Device(sensor.net, Path(folder), **options)
        targets = None if rate == 0.0 else rows[:, 1:]
        outputs = there(rows[:, :-1], targets, rate)
    errors = (outputs - rows[:, 1:])[:, device.BEFORE :]
    return float(np.sqrt((errors**2).mean()))


def sine(seed: int, rate: float, options: dict[str, Any]) -> float:
    """Error of a drawn GRU on the last tenth of a noisy sine."""
    rng = np.random.default_rng(seed)
    t = np.arange(SINE_STEPS + 1)
    wave = (
        0.5 + 0.3 * np.sin(0.3 * t + rng.uniform(0, 6)) + 0.01 * rng.normal(size=t.size)
    )
    rows = wave[None, :, None]
    net = architect.GRU(1, 4, 1, output_squash="identity", seed=seed)
    with TemporaryDirectory() as folder:
        there = Device(net, Path(folder), **options)
        outputs = there(rows[:, :-1], rows[:, 1:], rate)
    errors = (outputs - rows[:, 1:])[0, -SINE_STEPS // 10 :]
    return float(np.sqrt((errors**2).mean()))


def table(seed: int, rate: float, options: dict[str, Any]) -> float:
    """Error of a drawn perceptron on the last tenth of rows with two numbers."""
    rng = np.random.default_rng(seed)
    rows = rng.uniform(-1.0, 1.0, (1, TABLE_ROWS, 2))
    aims = 0.5 + 0.3 * np.sin(3.0 * rows[..., :1]) * rows[..., 1:]
    net = architect.Perceptron(2, 6, 1, squash="tanh", seed=seed)
    with TemporaryDirectory() as folder:
        there = Device(net, Path(folder), **options)
        outputs = there(rows, aims, rate)
    errors = (outputs - aims)[0, -TABLE_ROWS // 10 :]
    return float(np.sqrt((errors**2).mean()))


def counted(options: dict[str, Any]) -> int:
    """The largest n up to which a^n b^n is right by the minimal network."""
    net = synapse.load(minimal.CHAMPIONS / "anbn.json")
    with TemporaryDirectory() as folder:
        there = Device(net, Path(folder), **options)
        language = minimal.LANGUAGES["anbn"]
        return minimal.right_up_to(lambda rows: there(rows[None])[0], language)


# --- results --------------------------------------------------------------------------


def trial(row: str, seed: int) -> Any:
    """The result of one seed."""
    task, _, name = row.partition(": ")
    options = NUMBERS.get(name, {})
    if task == "counting":
        return counted(options)
    if task == "recall":
        tries = {rate: _tried(name, rate) for rate in RECALL_RATES}
        best = min(tries, key=tries.__getitem__)
        if name == ONE_STEP:
            return recall_by_one_step(seed, best)
        return recall(seed, best, options)
    if task == "sensor":
        still = name == STILL
        chosen = NUMBERS["float32"] if still else options
        return drift(_sensor(seed), 0.0 if still else device.RATE, chosen)
    return {"sine": sine, "table": table}[task](seed, 0.1, options)


@cache
def _tried(name: str, rate: float) -> float:
    """Unsolved tries, then sequences, of a rate of recall on other seeds."""
    by_one = name == ONE_STEP
    found = [
        recall_by_one_step(s, rate) if by_one else recall(s, rate, NUMBERS[name])
        for s in TRIED
    ]
    return float(sum(MOST * 10 if n < 0 else n for n in found))


@cache
def _sensor(seed: int) -> Sensor:
    return sensor(seed)


def report(results: dict[str, list[Any]]) -> str:
    """The table of the page."""
    lines = [
        "| numbers | sensor: error after the drift / float32's | recall: solved of"
        f" {SEEDS}, median sequences | sine / float32's | table / float32's | a^n b^n"
        " right to n = |",
        "| --- | --- | --- | --- | --- | ---: |",
    ]
    for name in (*NUMBERS, STILL, ONE_STEP):
        cells = [name]
        for task in ("sensor", "recall", "sine", "table", "counting"):
            found = results.get(f"{task}: {name}")
            if found is None:
                cells.append("-")
            elif task == "counting":
                cells.append(f"{found[0]:,}{'+' * (found[0] == minimal.FAR)}")
            elif task == "recall":
                solved = [n for n in found if n > 0]
                median = f", {np.median(solved):,.0f}" if solved else ""
                cells.append(f"{len(solved)}{median}")
            else:
                ratios = np.divide(found, results[f"{task}: float32"])
                ends = f"{ratios.min():.3f} to {ratios.max():.3f}"
                cells.append(f"{np.median(ratios):.3f} ({ends})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


@with_pyplot
def picture(pyplot: Any, path: Path) -> None:
    """Errors by step of one sensor, by the numbers of its program."""
    net, readings = _sensor(0)
    figure, axes = pyplot.subplots(figsize=(8.0, 3.4))
    shown = {"float32": ink.GRAY, "q15.16": ink.BLUE, "q7.8, stochastic": ink.GREEN}
    rows = readings[None, :, None]
    steps = np.arange(device.WINDOW, len(readings))
    with TemporaryDirectory() as folder:
        for name, options in {STILL: NUMBERS["float32"], **NUMBERS}.items():
            if name in shown or name == STILL:
                there = Device(net, Path(folder), **options)
                aims = None if name == STILL else rows[:, 1:]
                found = there(rows[:, :-1], aims, device.RATE)[0, :, 0]
                errors = device.errors_of(np.append(found, 0.0), readings)
                color = shown.get(name, ink.ORANGE)
                wide = 3.0 if name == "float32" else 1.2
                axes.semilogy(steps, errors, color=color, lw=wide, label=name)
    axes.axvline(device.BEFORE, color=ink.GRAY, linestyle=":")
    axes.set(xlabel="step", ylabel=f"error, over {device.WINDOW} steps")
    axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.62), **CLEAR)
    figure.tight_layout()
    save_figure(figure, path)


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing, and write the page and its picture."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument(
        "--table", action="store_true", help="only the page, from the existing file"
    )
    chosen = options.parse_args(arguments)
    if not chosen.table:
        many.filled(PATH, [f"counting: {name}" for name in NUMBERS], 1, trial)
        rows = [f"{task}: {name}" for task in TASKS for name in NUMBERS]
        rows += [f"sensor: {STILL}", f"recall: {ONE_STEP}"]
        many.filled(PATH, rows, SEEDS, trial)
        picture(many.HERE.parent / "docs" / "gallery" / "fixed_point.png")
    table_of = report(json.loads(PATH.read_text(encoding="utf-8")))
    before, mark, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    _files.write(PAGE, f"{before}{mark}\n{table_of}\n{end}{after}")
    print(table_of)


if __name__ == "__main__":
    main()
