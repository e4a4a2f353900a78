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

from .command import ENVIRONMENT, done, line, months, process, refused, run_cli, write

RNG = np.random.default_rng(0)
MADE = ("trained", "command")
"""Metadata that differ from one command to the next."""


@pytest.fixture
def sales(tmp_path):
    season = 100 + 20 * np.sin(2 * np.pi * np.arange(72) / 12)
    return write(
        tmp_path / "d.csv",
        Month=months(72, 2018),
        Sales=(season + RNG.normal(0, 2, 72)).round(1),
    )


def same(path, other):
    """Whether two models have the same numbers and facts."""
    nets = [synapse.load(name).whole() for name in (path, other)]
    facts = [
        {key: value for key, value in net.metadata.items() if key not in MADE}
        for net in nets
    ]
    assert json.dumps(facts[0]) == json.dumps(facts[1])
    return (nets[0].weights == nets[1].weights).all() and (
        nets[0].biases == nets[1].biases
    ).all()


class EndedError(Exception):
    """The end of a process, for tests."""


@pytest.mark.parametrize("phase", [0, 1])
def test_a_broken_off_training_continues_with_the_same_bits(
    sales, tmp_path, monkeypatch, capsys, phase
):
    options = ["--target", "Sales", "--epochs", "40", "-q"]
    done(capsys, "train", sales, *options, "-o", tmp_path / "whole.json")
    file = tmp_path / "run.ckpt"
    model = tmp_path / "m.json"
    whole = synapse.Trainer.train
    trained = []

    def broken_off(trainer, *data, **settings):
        trained.append(trainer)
        if len(trained) <= phase:
            return whole(trainer, *data, **settings)

        def end(progress):
            if progress.epoch == 15:
                raise EndedError

        return whole(trainer, *data, **settings, checkpoint_every=5, callbacks=[end])

    monkeypatch.setattr(synapse.Trainer, "train", broken_off)
    arguments = ["train", sales, *options, "--checkpoint", file, "-o", model]
    run_cli(capsys, *arguments)
    monkeypatch.setattr(synapse.Trainer, "train", whole)
    assert not model.exists()
    assert file.exists()
    assert (tmp_path / "run.ckpt.refit").exists() == bool(phase)
    done(capsys, *arguments)
    assert same(tmp_path / "whole.json", model)
    assert not file.exists()
    assert not (tmp_path / "run.ckpt.refit").exists()


def test_ctrl_c_saves_the_model_and_the_same_command_continues(
    sales, tmp_path, monkeypatch, capsys
):
    options = ["--target", "Sales", "--epochs", "40", "-q"]
    done(capsys, "train", sales, *options, "-o", tmp_path / "whole.json")
    file = tmp_path / "run.ckpt"
    model = tmp_path / "m.json"
    whole = synapse.Trainer.train

    def interrupted(trainer, *data, **settings):
        def end(progress):
            if progress.epoch == 15:
                raise KeyboardInterrupt

        return whole(trainer, *data, **settings, callbacks=[end])

    monkeypatch.setattr(synapse.Trainer, "train", interrupted)
    arguments = ["train", sales, *options, "--checkpoint", file, "-o", model]
    code, _, said = run_cli(capsys, *arguments)
    monkeypatch.setattr(synapse.Trainer, "train", whole)
    assert code == 130
    assert f"The same command continues from '{file}'" in said
    assert len(synapse.load(model).network) > 0
    done(capsys, *arguments)
    assert same(tmp_path / "whole.json", model)


def test_ctrl_c_in_the_first_epoch_leaves_the_model_that_was_there(
    sales, tmp_path, monkeypatch, capsys
):
    model = tmp_path / "m.json"
    file = tmp_path / "run.ckpt"
    whole = synapse.Trainer.train

    def interrupted(trainer, *data, **settings):
        def end(batch):
            raise KeyboardInterrupt

        return whole(trainer, *data, **settings, on_batch=end)

    train = ["train", sales, "--target", "Sales", "--epochs", "4", "-o", model]
    rows = ["--inputs", "Sales", "--ahead", "1"]
    kinds = ([], rows, ["--checkpoint", file], [*rows, "--checkpoint", f"{file}2"])
    for options in kinds:
        done(capsys, *train, *options, "-q")
        before = model.read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr(synapse.Trainer, "train", interrupted)
            code, printed, said = run_cli(capsys, *train, *options)
        assert (code, "Test on" in printed) == (130, False)
        assert said == (
            f"synapse: Interrupted. No epoch was complete, so {str(model)!r} is not"
            " written.\n"
        )
        assert model.read_bytes() == before


@pytest.mark.slow
def test_kill_9_leaves_a_whole_checkpoint(sales, tmp_path):
    options = ["train", sales, "--target", "Sales", "--epochs", "1500", "-q"]
    assert process(*options, "-o", tmp_path / "whole.json").returncode == 0
    file = tmp_path / "run.ckpt"
    model = tmp_path / "m.json"
    arguments = [*options, "--checkpoint", file, "-o", model]
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
    assert same(tmp_path / "whole.json", model)


def test_a_checkpoint_of_something_else_is_refused_and_stays(sales, tmp_path, capsys):
    file = tmp_path / "run.ckpt"
    table = read_table(sales)
    learning = TrainingOptions(epochs=3, checkpoint=str(file))
    train_rows(table, ["Sales"], ["Sales"], learning, ahead=1)
    before = file.read_bytes()
    options = [
        "train",
        sales,
        "--target",
        "Sales",
        "-q",
        "-o",
        tmp_path / "m.json",
        "--checkpoint",
    ]
    assert "was written with other data or options" in refused(capsys, *options, file)
    assert file.read_bytes() == before
    file.write_text("no checkpoint")
    refused(capsys, *options, file)
    assert file.read_text() == "no checkpoint"
    assert "no such folder" in refused(capsys, *options, tmp_path / "none" / "run.ckpt")
    synapse.save(
        synapse.Network(synapse.Layer(1), [], synapse.Layer(1)), tmp_path / "net.json"
    )
    assert "a checkpoint of a training" in refused(
        capsys, *options, tmp_path / "net.json"
    )


def test_rows_continue_with_the_same_bits(sales, tmp_path):
    table = read_table(sales)
    options = {"epochs": 8, "optimizer": "sgd", "build": "lstm"}
    whole = train_rows(table, ["Sales"], ["Sales"], TrainingOptions(**options), ahead=1)
    learning = TrainingOptions(**options, checkpoint=str(tmp_path / "run.ckpt"))
    for _ in range(2):  # the second call has nothing left to do
        again = train_rows(table, ["Sales"], ["Sales"], learning, ahead=1)
        assert (again.model.whole().weights == whole.model.whole().weights).all()
        assert again.facts == whole.facts
        assert again.result.history == whole.result.history


def test_the_same_training_continues_to_another_number_of_epochs(sales, tmp_path):
    table = read_table(sales)
    file = str(tmp_path / "run.ckpt")

    def trained(**options):
        learning = TrainingOptions(
            optimizer="adam", trainer_options={"clip": 1.0}, **options
        )
        return train_rows(table, ["Sales"], ["Sales"], learning, ahead=1)

    whole = trained(epochs=9)
    trained(epochs=4, checkpoint=file)
    longer = trained(epochs=9, checkpoint=file)
    assert (longer.model.whole().weights == whole.model.whole().weights).all()
    assert longer.result.history == whole.result.history
    with pytest.raises(ArgumentError, match="more than 4. Pass --epochs 9 or more"):
        trained(epochs=4, checkpoint=file)
