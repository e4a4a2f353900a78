"""Callbacks that write: CSV files, Python's loggers, TensorBoard."""

import csv
import logging
import sys
from itertools import pairwise

import numpy as np
import pytest

import architect
from synapse import Trainer
from synapse.errors import ArgumentError, KindError, MissingExtraError
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


def test_a_csv_file_has_a_line_for_each_batch(tmp_path):
    path, seen = tmp_path / "batches.csv", []
    log = CSVLogger(path)
    train(on_batch=lambda batch: (log(batch), seen.append(batch))[0])
    found = rows(path)
    assert [(row["epoch"], row["batch"], row["update"]) for row in found[2:5]] == [
        ("1", "3", "3"),
        ("2", "1", "4"),
        ("2", "2", "5"),
    ]
    assert [float(row["gradient_norm"]) for row in found] == [batch.gradient_norm for batch in seen]


def test_a_csv_file_is_continued_and_a_line_that_was_cut_off_is_removed(tmp_path):
    path = tmp_path / "epochs.csv"
    train(callbacks=[CSVLogger(str(path))])
    with path.open("a") as file:
        file.write("3,0.1")
    train(callbacks=[CSVLogger(path)])
    assert [row["epoch"] for row in rows(path)] == ["1", "2", "1", "2"]
    assert all(row["seconds"] for row in rows(path))


def test_an_empty_csv_file_gets_its_header(tmp_path):
    path = tmp_path / "epochs.csv"
    path.touch()
    train(callbacks=[CSVLogger(path)])
    assert len(rows(path)) == 2


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "a letter"])
def test_a_file_with_other_columns_is_left_as_it_is(tmp_path, content):
    path = tmp_path / "other.csv"
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
    with pytest.raises(KindError, match="a string or a path"):
        CSVLogger(3)


def test_a_python_logger_gets_a_line_for_each_report(caplog):
    log = PythonLogger()
    with caplog.at_level("INFO", "synapse"):
        result = train(callbacks=[log], on_batch=log, validation=(ROWS, AIMS))
    epochs = [one.getMessage() for one in caplog.records if "validation_error" in one.getMessage()]
    assert len(caplog.records) == 8
    assert epochs[1].startswith(f"epoch 2, error {result.history['error'][1]:.6g}, validation_error ")
    assert {(one.name, one.levelname) for one in caplog.records} == {("synapse", "INFO")}


def test_a_python_logger_has_a_name_and_a_level(caplog):
    with caplog.at_level("INFO"):
        train(epochs=1, callbacks=[PythonLogger(logging.getLogger("mine"), "WARNING"), PythonLogger("x", 10)])
    assert [(one.name, one.levelname) for one in caplog.records] == [("mine", "WARNING")]
    for wrong in ("loud", True, None):
        with pytest.raises(ArgumentError, match="the level of a PythonLogger"):
            PythonLogger(level=wrong)
    with pytest.raises(KindError, match="the logger of a PythonLogger"):
        PythonLogger(3)


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
    assert set(of) == {f"epoch/{name}" for name in ("error", "validation_error", "rate")} | {
        f"batch/{name}" for name in ("loss", "gradient_norm", "rate")
    }


def written(folder):
    """The scalars in a folder: records of a length, its checksum, an event and its checksum."""
    from tensorboardX.proto.event_pb2 import Event

    (path,), found = list(folder.glob("events*")), []
    data, place = path.read_bytes(), 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 8], "little")
        event = Event.FromString(data[place + 12 : place + 12 + size])
        found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
        place += size + 16
    return found


def test_tensorboard_files_hold_the_scalars(tmp_path):
    pytest.importorskip("tensorboardX")
    board = TensorBoard(tmp_path / "run")
    during = []
    result = train(
        epochs=3, callbacks=[board, lambda _: during.append(len(written(tmp_path / "run")))], on_batch=board
    )
    board.close()
    found = written(tmp_path / "run")
    errors = [(step, value) for tag, step, value in found if tag == "epoch/error"]
    assert [step for step, _ in errors] == [1, 2, 3]
    assert [value for _, value in errors] == pytest.approx(result.history["error"], rel=1e-6)
    assert len([tag for tag, *_ in found if tag == "batch/loss"]) == 9
    assert all(one < other for one, other in pairwise([0, *during]))  # it is written as epochs end


def test_tensorboard_without_a_package_names_the_extra(tmp_path, monkeypatch):
    for name in ("tensorboardX", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"synapse-neurons\[tensorboard\]"):
        TensorBoard(tmp_path)
    with pytest.raises(KindError, match="a path, or a writer"):
        TensorBoard(3)
    assert TensorBoard(Writer())
