"""`synapse train --checkpoint FILE --resume` goes on where a training was broken off."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from synapse import load

from .command import ENVIRONMENT, done, refused

OPTIONS = ["--target", "y", "--model", "lstm", "--hidden", "3", "--ahead", "1", "--validation", "0.2"]


@pytest.fixture
def wave(tmp_path):
    steps = np.arange(90)
    rows = np.column_stack([np.cos(steps / 7), np.sin(steps / 5) * 30 + 100])
    return table(tmp_path / "wave.csv", rows)


def table(path, rows):
    path.write_text("\n".join(["a,y", *(f"{a:.6f},{y:.6f}" for a, y in rows)]) + "\n")
    return path


def model(path):
    net = load(path)
    return net.weights.tobytes(), net.biases.tobytes()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_of_two_calls_is_that_of_one(wave, capsys, optimizer):
    given = [*OPTIONS, "--optimizer", optimizer]
    whole, part, more = (wave.with_name(f"{name}.npz") for name in ("whole", "part", "more"))
    run = ["--checkpoint", wave.with_name("run.ckpt")]
    report = done(capsys, "train", wave, *given, "--epochs", 9, "-o", whole)
    done(capsys, "train", wave, *given, "--epochs", 4, "-o", part, *run, "-q")
    again = done(capsys, "train", wave, *given, "--epochs", 9, "-o", more, *run, "--resume")
    assert model(whole) == model(more) != model(part)
    assert report.splitlines()[-1] == again.splitlines()[-1]
    done(capsys, "train", wave, *given, "--epochs", 9, "-o", part, *run, "--resume", "-q")  # nothing is left
    assert model(part) == model(whole)


def test_resume_begins_if_there_is_no_checkpoint(wave, capsys):
    whole, more = wave.with_name("whole.npz"), wave.with_name("more.npz")
    done(capsys, "train", wave, *OPTIONS, "--epochs", 3, "-o", whole, "-q")
    run = ["--checkpoint", wave.with_name("run.ckpt"), "--resume"]
    done(capsys, "train", wave, *OPTIONS, "--epochs", 3, "-o", more, *run, "-q")
    assert model(whole) == model(more)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_a_command_that_was_interrupted(wave, capsys):
    """Ctrl-C while it trains; the rest is trained by another call."""
    path, run = wave.with_name("model.npz"), wave.with_name("run.ckpt")
    command = ["train", wave, *OPTIONS, "-o", path, "--checkpoint", run]
    begun = subprocess.Popen(
        [sys.executable, "-m", "synapse", *map(str, command), "--epochs", "1000000"],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not run.exists() and begun.poll() is None:
        time.sleep(0.05)
    time.sleep(0.3)
    begun.send_signal(signal.SIGINT)
    _, complaint = begun.communicate(timeout=60)
    assert begun.returncode == 130, complaint
    epochs = load(run)._paused.done
    assert f"Interrupted after {epochs} epoch" in complaint
    done(capsys, *command, "--resume", "--epochs", epochs + 5, "-q")
    whole = wave.with_name("whole.npz")
    done(capsys, "train", wave, *OPTIONS, "-o", whole, "--epochs", epochs + 5, "-q")
    assert model(path) == model(whole)


def test_what_does_not_fit_is_refused(wave, capsys, tmp_path):
    path, run = tmp_path / "model.npz", tmp_path / "run.ckpt"
    command = ["train", wave, *OPTIONS, "-o", path, "--epochs", 2, "-q"]
    done(capsys, *command, "--checkpoint", run)
    before = path.read_bytes(), run.read_bytes()
    assert "give --resume to go on with its training" in refused(
        capsys, *command, "--checkpoint", run, code=2
    )
    assert "give --checkpoint FILE, too" in refused(capsys, *command, "--resume", code=2)
    assert "need two files" in refused(capsys, *command, "--checkpoint", path, "--resume", code=2)
    nowhere = tmp_path / "none" / "run.ckpt"
    assert "there is no such folder" in refused(capsys, *command, "--checkpoint", nowhere)
    command += ["--resume", "--checkpoint"]
    for option, value, was in (("--seed", 3, 0), ("--hidden", "3,4", 3), ("--rate", 0.5, 0.02)):
        sentence = refused(capsys, *command, run, option, value)
        assert f"it was trained with {option} {was}, not {value}" in sentence
    table(wave, np.ones((90, 2)) * np.arange(90)[:, None])
    assert "the table has other numbers than it had then" in refused(capsys, *command, run)
    run.write_bytes(run.read_bytes()[:-100])
    assert "Cannot read" in refused(capsys, *command, run)
    assert path.read_bytes() == before[0]


def test_a_model_is_no_checkpoint(wave, capsys, tmp_path):
    done(capsys, "train", wave, *OPTIONS, "-o", tmp_path / "a.npz", "--epochs", 1, "-q")
    sentence = refused(
        capsys,
        "train",
        wave,
        *OPTIONS,
        "-o",
        tmp_path / "b.npz",
        "--checkpoint",
        tmp_path / "a.npz",
        "--resume",
    )
    assert "it is a model, not a checkpoint" in sentence
