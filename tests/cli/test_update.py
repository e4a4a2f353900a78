"""`synapse update`: a model goes on with new rows, and says what that has changed."""

import re

import numpy as np
import pandas as pd
import pytest

import synapse
from synapse import tables
from synapse.tables._series_task import predict_series

from .command import args, done, months, refused, run_cli, write

RNG = np.random.default_rng(0)
STEPS = np.arange(96)
SALES = 100 + 20 * np.sin(np.pi * STEPS / 6) + 0.5 * STEPS + RNG.normal(0, 2, 96)
X = RNG.normal(size=(120, 2))
Y = 3 * X[:, 0] - X[:, 1]
KIND = np.where(Y > 0, "high", "low")


def sales(path, begin, end):
    return write(path, date=months(96, 2015)[begin:end], Sales=SALES[begin:end])


def samples(path, begin, end):
    columns = {"a": X[:, 0], "b": X[:, 1], "y": Y, "kind": KIND}
    return write(path, **{name: rows[begin:end] for name, rows in columns.items()})


@pytest.fixture
def series(tmp_path, capsys):
    """A model of six years."""
    data = sales(tmp_path / "old.csv", 0, 72)
    line = ["train", data, *args("--target Sales --epochs 60 -q -o")]
    done(capsys, *line, tmp_path / "m.json")
    return tmp_path / "m.json"


def errors(printed):
    """By the rows that the report compares: their errors before and after."""
    lines = [line.rsplit(maxsplit=2) for line in printed.splitlines()[2:]]
    return {name: (float(before), float(after)) for name, before, after in lines}


@pytest.mark.full
def test_a_series_goes_on_where_its_rows_ended(series, tmp_path, capsys):
    """New rows alone, or the whole table again, have the same result."""
    new = sales(tmp_path / "new.csv", 72, 84)
    longer = sales(tmp_path / "all.csv", 0, 84)
    paths = tmp_path / "a.json", tmp_path / "b.npz"
    printed = done(capsys, "update", series, new, "-o", paths[0])
    assert "epochs on 12 new rows." in printed
    compared = errors(printed)
    assert compared["12 new rows"][1] < compared["12 new rows"][0]
    assert compared.keys() == {"12 new rows", "former test"}
    _, again, said = run_cli(capsys, "update", series, longer, "-o", paths[1])
    assert said.endswith(
        "DATA has 72 rows that the model has learned, and 12 rows after that.\n"
    )
    assert errors(again) == compared
    updated, again = map(synapse.load, paths)
    assert np.array_equal(updated.network.weights, again.network.weights)
    before = synapse.load(series)
    assert not np.array_equal(before.network.weights, updated.network.weights)
    assert (before.metadata["rows"], updated.metadata["rows"]) == (72, 84)
    # the errors are those of forecasts of the next row
    frame = tables.read_series(tables.read_table(longer), ["Sales"])
    for model, error in zip((before, updated), compared["12 new rows"], strict=True):
        assert np.sqrt(
            np.mean((predict_series(model, frame) - frame)["Sales"][72:84] ** 2)
        ) == pytest.approx(error, rel=1e-2)


@pytest.mark.full
def test_rows_that_overlap_or_are_missing_have_a_sentence(series, tmp_path, capsys):
    hole = sales(tmp_path / "hole.csv", 76, 96)
    said = run_cli(capsys, "update", series, hole, "-q", "-o", tmp_path / "m2.json")[2]
    assert re.search(
        r"Rows are missing between 2020-12-01 00:00:00, the last one.*"
        r"and 2021-05-01 00:00:00\. The new rows are read from",
        said,
    )
    new = sales(tmp_path / "new.csv", 72, 84)
    done(capsys, "update", series, new, "-q")  # in its own file
    assert "not learned, got none" in refused(capsys, "update", series, new)
    said = run_cli(
        capsys, "update", series, sales(tmp_path / "more.csv", 78, 96), "-q"
    )[2]
    assert "6 rows that the model has learned, and 12 rows after that." in said


@pytest.mark.full
def test_samples_are_learned_by_weights_optimizer_and_scales(tmp_path, capsys, path):
    rows = tmp_path / "r.json"
    old = samples(tmp_path / "old.csv", 0, 80)
    done(capsys, "train", old, *args("--target y --ignore kind -q -o"), rows)
    data = samples(tmp_path / "new.csv", 80, 120)
    before = synapse.load(rows)
    printed = done(capsys, "update", rows, data, "--epochs", 7, "-o", path)
    updated = synapse.load(path)
    assert printed.splitlines()[0].endswith(": 7 epochs on 40 new rows.")
    table = pd.read_csv(data)
    x, y = table[["a", "b"]].to_numpy(), table["y"]
    shown = errors(printed)
    for model, value in zip((before, updated), shown["40 new rows"], strict=True):
        assert np.sqrt(np.mean((model.predict(x)[:, 0] - y) ** 2)) == pytest.approx(
            value, rel=1e-3
        )
    before.update(x, y, epochs=7, seed=0, progress=False)
    assert np.allclose(before.network.weights, updated.network.weights)
    assert np.array_equal(updated.scale.count, [120.0, 120.0])
    assert len(shown["former test"]) == 2
    usual = done(capsys, "update", rows, data)  # each row as often as those before
    epochs = synapse.load(rows).metadata["epochs"]
    assert f": {round(epochs / 3)} epochs on 40" in usual
    assert synapse.load(rows).metadata["updates"][0][1].startswith("synapse update ")
    again = samples(tmp_path / "again.csv", 0, 120)  # of which it has learned 80
    assert run_cli(capsys, "update", rows, again, "--epochs", 1, "-q")[2].startswith(
        "synapse: DATA has 16 rows equal to rows of the former test"
    )


def test_an_estimator_goes_on_in_the_command(tmp_path, capsys, path):
    pytest.importorskip("sklearn")
    from synapse.sklearn import NetworkClassifier

    frame = pd.DataFrame(X[:80], columns=["a", "b"])
    model = NetworkClassifier(epochs=20, random_state=0).fit(frame, KIND[:80])
    synapse.save(model.model_, path)
    data = samples(tmp_path / "new.csv", 80, 120)
    assert "The classes need one column" in refused(capsys, "update", path, data)
    assert ": 10 epochs on 40 new rows." in done(
        capsys, "update", path, data, "--target", "kind"
    )
    assert (
        NetworkClassifier.from_model(synapse.load(path)).score(frame, KIND[:80]) > 0.9
    )
