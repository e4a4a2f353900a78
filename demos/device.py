"""Device: a C program learns while its sensor drifts.

    python -m demos device

Task: Predict the next reading of a sensor. An LSTM is trained here and written as a C
program that learns (`synapse.save(net, "net.c", learn=True)`). Then the sensor drifts:
its readings are smaller and shifted, from one step to the next.

The program in `demos/data/device.c` predicts, and learns from each new reading. It
needs no record of past steps. Without a C compiler, the network itself does the same
in this process."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

import architect
import synapse
from demos._common import CLEAR, check, heading, ink, lesson, save_figure, with_pyplot
from synapse._typing import Floats

HERE = Path(__file__).with_name("data") / "device.c"
RATE = 0.1
BEFORE = 2000  # steps until the sensor drifts
AFTER = 4000
WINDOW = 50  # steps of which an error is the mean


def readings_of(steps: int, rng: np.random.Generator) -> Floats:
    """A vibration of two waves, with noise."""
    t = np.arange(steps)
    waves = 0.3 * np.sin(0.3 * t) + 0.15 * np.sin(0.17 * t + 1.0)
    return np.asarray(0.5 + waves + 0.01 * rng.normal(size=steps))


def drifted(readings: Floats) -> Floats:
    """The same by a sensor that drifts after `BEFORE` steps."""
    changed = readings.copy()
    changed[BEFORE:] = 0.1 + 0.5 * readings[BEFORE:]
    return changed


def compiled(net: synapse.Network, folder: Path) -> Path | None:
    """The program of a network, or None if there is no C compiler."""
    synapse.save(net, folder / "net.c", learn=True)
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    shutil.copy(HERE, folder / "device.c")
    program = folder / "device"
    command = [compiler, "-std=c99", "-O2", folder / "device.c", "-o", program, "-lm"]
    subprocess.run(command, check=True)
    return program


def predictions(
    net: synapse.Network, program: Path | None, readings: Floats, rate: float
) -> Floats:
    """What is predicted after each reading: by the program, or by a copy of the
    network.
    """
    if program is not None:
        text = "\n".join(map(repr, readings.tolist()))
        command = [program, str(rate)]
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=True
        )
        return np.array(done.stdout.split(), float)
    twin = net.clone()
    twin.clear()
    answers = []
    for step, reading in enumerate(readings):
        if step > 0 and rate > 0.0:
            twin.propagate(rate, [reading])
        answers.append(twin.activate([reading])[0])
    return np.array(answers)


def errors_of(answers: Floats, readings: Floats) -> Floats:
    """Root of the mean squared error over the latest `WINDOW` predictions."""
    squares = (answers[:-1] - readings[1:]) ** 2
    return np.asarray(np.sqrt(np.convolve(squares, np.ones(WINDOW) / WINDOW, "valid")))


@with_pyplot
def picture(
    pyplot: Any, readings: Floats, answers: dict[str, Floats], path: Path
) -> None:
    """Errors by step, and the readings and predictions around the drift."""
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(8.0, 6.0))
    colours = {"does not learn": ink.ORANGE, "continues to learn": ink.BLUE}
    steps = np.arange(WINDOW, len(readings))
    for name, values in answers.items():
        above.semilogy(
            steps, errors_of(values, readings), color=colours[name], label=name
        )
    above.axvline(BEFORE, color=ink.GRAY, linestyle=":")
    above.annotate("the sensor drifts", (BEFORE + 60, 0.15), color=ink.GRAY)
    above.set(xlabel="step", ylabel=f"error, over {WINDOW} steps", ylim=(0.008, 0.2))
    above.legend(loc="upper right", **CLEAR)
    shown = slice(BEFORE - 60, BEFORE + 300)
    below.plot(
        np.arange(len(readings))[shown],
        readings[shown],
        color="black",
        lw=1,
        label="reading",
    )
    for name, values in answers.items():
        after = np.arange(1, len(readings))[shown]
        below.plot(after, values[:-1][shown], color=colours[name], label=name)
    below.set(xlabel="step", ylabel="reading, predictions")
    below.legend(loc="upper right", **CLEAR)
    figure.tight_layout()
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    heading("1. Training")
    wave = readings_of(1001, rng)
    net = architect.LSTM(1, 8, 1, style="synaptic", output_squash="identity", seed=seed)
    trainer = synapse.Trainer(
        net, rule="bptt", optimizer=synapse.optimizers.Adam(), rate=0.01, window=50
    )
    epochs = 30 if quick else 600
    trainer.train(wave[:-1, None], wave[1:, None], epochs=epochs, progress=False)

    heading("2. Export for the device")
    program = compiled(net, out)
    source = (out / "net.c").read_text(encoding="utf-8")
    print(next(row for row in source.splitlines() if "bytes an instance" in row))
    if program is None:
        print(
            "There is no C compiler here, so the network itself computes the outputs."
        )

    heading("3. The sensor drifts")
    readings = drifted(readings_of(BEFORE + AFTER, rng))
    answers = {
        "does not learn": predictions(net, program, readings, 0.0),
        "continues to learn": predictions(net, program, readings, RATE),
    }
    ends = {}
    for name, values in answers.items():
        errors = errors_of(values, readings)
        before, at_once, last = errors[BEFORE - WINDOW - 1], errors[BEFORE], errors[-1]
        print(
            f"{name}: {before:.3f} before, {at_once:.3f} at once, {last:.3f} at the end"
        )
        ends[name] = last
    if program is not None:
        here = predictions(net, None, readings[:500], RATE)
        there = answers["continues to learn"][:500]
        check("program and network agree to 1e-4", np.abs(here - there).max() < 1e-4)
    still, learned = ends["does not learn"], ends["continues to learn"]
    check(
        "the program that learns ends with less than half the error",
        learned < still / 2,
    )
    picture(readings, answers, out / "device.png")
    lesson(
        f"When the sensor drifts, the error is {learned:.3f} with learning and"
        f" {still:.3f} without."
    )
