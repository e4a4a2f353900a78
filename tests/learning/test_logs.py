"""Callbacks that write: CSV files, Python's loggers, TensorBoard."""

import csv
import sys
import time

import numpy as np
import pytest

import architect
from synapse import Trainer
from synapse.errors import ArgumentError, ArgumentTypeError, MissingExtraError
from synapse.learning import CSVLogger, PythonLogger, TensorBoard

RNG = np.random.default_rng(0)
ROWS, AIMS = RNG.normal(size=(12, 2)), RNG.random((12, 1))


def train(epochs=2, **options):
    trainer = Trainer(architect.Perceptron(2, 3, 1, seed=0), method="bptt", batch_size=4)
    return trainer.train(ROWS, AIMS, epochs=epochs, progress=False, seed=0, **options)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_csv_file_has_a_line_for_each_epoch_as_soon_as_it_ends(tmp_path):
    path, lines = tmp_path / "epochs.csv", []
    result = train(callbacks=[CSVLogger(path), lambda _: lines.append(path.read_text().count("\n"))])
    assert lines == [2, 3]
    found = rows(path)
    assert list(found[0]) == ["epoch", "error", "validation_error", "rate", "seconds"]
    assert [float(row["error"]) for row in found] == result.history["error"]  # to the last digit
    assert [row["validation_error"] for row in found] == ["", ""]


def test_a_csv_file_is_continued_and_a_line_that_was_cut_off_is_removed(tmp_path):
    path = tmp_path / "epochs.csv"
    train(callbacks=[CSVLogger(str(path))])
    with path.open("a") as file:
        file.write("3,0.1")
    train(callbacks=[CSVLogger(path)])
    assert [row["epoch"] for row in rows(path)] == ["1", "2", "1", "2"]
    assert all(row["seconds"] for row in rows(path))


def test_a_file_with_other_columns_is_left_as_it_is(tmp_path):
    path, content = tmp_path / "other.csv", "a,b\n1,2\n"
    path.write_text(content)
    with pytest.raises(ArgumentError, match="has other columns"):
        train(callbacks=[CSVLogger(path)])
    assert path.read_text() == content


def test_one_csv_file_is_not_for_epochs_and_batches(tmp_path):
    log = CSVLogger(tmp_path / "both.csv")
    with pytest.raises(ArgumentError, match="a CSVLogger each"):
        train(callbacks=[log], on_batch=log)
    assert len(rows(tmp_path / "both.csv")) == 3


def test_a_csv_path_that_cannot_be_is_refused_at_once(tmp_path):
    for wrong in (tmp_path, tmp_path / "none" / "log.csv"):
        with pytest.raises(ArgumentError, match="in a folder that exists"):
            CSVLogger(wrong)
    with pytest.raises(ArgumentTypeError, match="a string or a path"):
        CSVLogger(3)


def test_a_python_logger_gets_a_line_for_each_report(caplog):
    log = PythonLogger()
    with caplog.at_level("INFO", "synapse"):
        result = train(callbacks=[log], on_batch=log, validation=(ROWS, AIMS))
    epochs = [one.getMessage() for one in caplog.records if "validation_error" in one.getMessage()]
    assert len(caplog.records) == 8
    assert epochs[1].startswith(f"epoch 2, error {result.history['error'][1]:.6g}, validation_error ")
    assert {(one.name, one.levelname) for one in caplog.records} == {("synapse", "INFO")}


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
    for name in ("tensorboardX", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match="pip install .tensorboardX"):
        TensorBoard(tmp_path)
    with pytest.raises(ArgumentTypeError, match="a path, or a writer"):
        TensorBoard(3)
