"""`synapse train --checkpoint`: a training that is ended in any way continues with the
same bits."""

import json
import os
import signal
import subprocess
import time

import numpy as np
import pytest

import synapse
from synapse.errors import ArgumentError
from synapse.tables import TrainingOptions, read_table, train_rows

from .command import (
    ENVIRONMENT,
    args,
    done,
    line,
    months,
    process,
    refused,
    run_cli,
    write,
)

RNG = np.random.default_rng(0)
MADE = ("trained", "command")
"""Metadata that differ from one command to the next."""


@pytest.fixture
def sales(tmp_path):
    season = 100 + 20 * np.sin(2 * np.pi * np.arange(72) / 12)
    sold = (season + RNG.normal(0, 2, 72)).round(1)
    return write(tmp_path / "d.csv", date=months(72, 2018), Sales=sold)


def same(path, other):
    """Whether two models have the same numbers and facts."""
    nets = [synapse.load(name).whole() for name in (path, other)]
    facts, others = (
        json.dumps({key: net.metadata[key] for key in net.metadata if key not in MADE})
        for net in nets
    )
    assert facts == others
    weights, others = ([*net.weights, *net.biases] for net in nets)
    return weights == others


@pytest.mark.full
def test_ctrl_c_in_the_first_epoch_leaves_the_model_that_was_there(
    sales, tmp_path, monkeypatch, capsys, path
):
    file = tmp_path / "run.ckpt"
    whole = synapse.Trainer.train

    def interrupted(trainer, *data, **settings):
        def end(batch):
            raise KeyboardInterrupt

        return whole(trainer, *data, **settings, on_batch=end)

    train = ["train", sales, *args("--target Sales --epochs 4 -o"), path]
    rows = [*args("--inputs Sales --ahead 1")]
    kinds = ([], rows, ["--checkpoint", file], [*rows, "--checkpoint", f"{file}2"])
    for options in kinds:
        done(capsys, *train, *options, "-q")
        before = path.read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr(synapse.Trainer, "train", interrupted)
            code, printed, said = run_cli(capsys, *train, *options)
        assert (code, "Test on" in printed) == (130, False)
        assert said == (
            f"synapse: Interrupted. {str(path)!r} was not written, because no epoch"
            " was completed.\n"
        )
        assert path.read_bytes() == before


@pytest.mark.slow
def test_kill_9_leaves_a_whole_checkpoint(sales, tmp_path, path):
    options = ["train", sales, *args("--target Sales --epochs 12000 -q")]
    assert process(*options, "-o", tmp_path / "whole.json").returncode == 0
    file = tmp_path / "run.ckpt"
    arguments = [*options, "--checkpoint", file, "-o", path]
    for wait in (0.0, 0.3, 0.7):
        running = subprocess.Popen(
            line(*arguments), env=ENVIRONMENT, stderr=subprocess.DEVNULL
        )
        before = file.stat().st_mtime_ns if file.exists() else 0
        while running.poll() is None and not (
            file.exists() and file.stat().st_mtime_ns > before
        ):
            time.sleep(0.01)
        time.sleep(wait)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        assert isinstance(synapse.load(file), synapse.Trainer)
    assert process(*arguments).returncode == 0
    assert same(tmp_path / "whole.json", path)


@pytest.mark.full
def test_a_checkpoint_of_something_else_is_refused_and_stays(sales, tmp_path, capsys):
    file = tmp_path / "run.ckpt"
    learning = TrainingOptions(epochs=3, checkpoint=str(file))
    train_rows(read_table(sales), ["Sales"], ["Sales"], learning, ahead=1)
    before = file.read_bytes()
    line = ["train", sales, *args("--target Sales -q -o"), tmp_path / "m.json"]
    line.append("--checkpoint")
    assert "was written with other data or options" in refused(capsys, *line, file)
    assert file.read_bytes() == before
    file.write_text("no checkpoint")
    refused(capsys, *line, file)
    assert file.read_text() == "no checkpoint"
    assert "no such folder" in refused(capsys, *line, tmp_path / "none" / "run.ckpt")
    synapse.save(
        synapse.Network(synapse.Layer(1), [], synapse.Layer(1)), tmp_path / "net.json"
    )
    assert "a checkpoint of a training" in refused(capsys, *line, tmp_path / "net.json")


@pytest.mark.full
@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "sgd", "build": "lstm"},
        {"optimizer": "adam", "trainer_options": {"clip": 1.0}},
    ],
    ids=["sgd", "adam"],
)
def test_rows_continue_with_the_same_bits(sales, tmp_path, options):
    table = read_table(sales)
    file = str(tmp_path / "run.ckpt")

    def trained(**more):
        return train_rows(
            table, ["Sales"], ["Sales"], TrainingOptions(**options, **more), ahead=1
        )

    whole = trained(epochs=9)
    trained(epochs=4, checkpoint=file)
    for _ in range(2):  # the second call has nothing left to do
        again = trained(epochs=9, checkpoint=file)
        assert (again.model.whole().weights == whole.model.whole().weights).all()
        assert (again.facts, again.result.history) == (
            whole.facts,
            whole.result.history,
        )
    with pytest.raises(ArgumentError, match="more than 4. Use --epochs 9 or more"):
        trained(epochs=4, checkpoint=file)


class EndedError(Exception):
    """The end of a process, for tests."""


@pytest.mark.full
@pytest.mark.parametrize("ended", [EndedError, KeyboardInterrupt])
@pytest.mark.parametrize("phase", [0, 1])
def test_a_training_that_was_ended_continues_with_the_same_bits(
    sales, tmp_path, monkeypatch, capsys, phase, ended, path
):
    options = args("--target Sales --epochs 40 -q --methods naive,ar")
    done(capsys, "train", sales, *options, "-o", tmp_path / "whole.json")
    file = tmp_path / "run.ckpt"
    whole = synapse.Trainer.train
    trained = []

    def broken_off(trainer, *data, **settings):
        trained.append(trainer)
        if len(trained) <= phase:
            return whole(trainer, *data, **settings)

        def end(progress):
            if progress.epoch == 15:
                raise ended

        return whole(trainer, *data, **settings, checkpoint_every=5, callbacks=[end])

    line = ["train", sales, *options, "--checkpoint", file, "-o", path]
    with monkeypatch.context() as patched:
        patched.setattr(synapse.Trainer, "train", broken_off)
        code, _, said = run_cli(capsys, *line)
    if ended is KeyboardInterrupt:
        assert code == 130
        assert f"The same command continues from '{file}'" in said
        assert len(synapse.load(path).network) > 0
    else:
        assert not path.exists()
    refit = tmp_path / "run.ckpt.refit"
    assert (file.exists(), refit.exists()) == (True, bool(phase))
    done(capsys, *line)
    assert same(tmp_path / "whole.json", path)
    assert (file.exists(), refit.exists()) == (False, False)
