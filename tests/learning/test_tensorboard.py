"""The callback that writes for TensorBoard."""

import sys
import time

import numpy as np
import pytest

import architect
from synapse import Trainer
from synapse.errors import ArgumentTypeError, MissingExtraError
from synapse.learning import TensorBoard

RNG = np.random.default_rng(0)
ROWS, AIMS = RNG.normal(size=(12, 2)), RNG.random((12, 1))


def train(epochs=2, **options):
    trainer = Trainer(architect.Perceptron(2, 3, 1, seed=0), method="bptt", batch_size=4)
    return trainer.train(ROWS, AIMS, epochs=epochs, progress=False, seed=0, **options)


class Writer:
    """Keeps what it is given."""

    def __init__(self):
        self.scalars = []

    def add_scalar(self, tag, value, step):
        self.scalars.append((tag, step, value))


def test_a_writer_of_ones_own_gets_epochs_and_batches():
    writer, seen = Writer(), []
    board = TensorBoard(writer)
    result = train(
        callbacks=[board],
        on_batch=lambda batch: (board(batch), seen.append(batch))[0],
        validation=(ROWS, AIMS),
    )
    board.close()  # the writer is not ours: nothing to do
    of = {tag: [value for one, _, value in writer.scalars if one == tag] for tag, *_ in writer.scalars}
    assert of["epoch/error"] == result.history["error"]
    assert of["epoch/validation_error"] == result.history["validation_error"]
    assert of["batch/loss"] == [batch.loss for batch in seen]
    assert [step for tag, step, _ in writer.scalars if tag == "batch/gradient_norm"] == [1, 2, 3, 4, 5, 6]


def test_tensorboard_writes_its_file_while_a_training_runs(tmp_path):
    pytest.importorskip("tensorboardX")
    board = TensorBoard(tmp_path / "run")
    files = lambda: b"".join(one.read_bytes() for one in tmp_path.rglob("*.*"))  # noqa: E731

    def seen(_):  # of the first epoch, by another thread: wait until it is there, without a time to keep
        deadline = time.monotonic() + 60
        while b"epoch/error" not in files() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert b"epoch/error" in files()

    train(epochs=1, callbacks=[board, seen])
    train(epochs=1, on_batch=board)
    board.close()
    assert b"batch/loss" in files()


def test_tensorboard_without_a_package_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match="pip install .tensorboardX"):
        TensorBoard(tmp_path)
    with pytest.raises(ArgumentTypeError, match="a path, or a writer"):
        TensorBoard(3)
