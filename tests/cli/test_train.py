"""`synapse train`: from a table to a model that predicts in the units of the table."""

import bz2
import gzip
import importlib
import lzma
import os
import re
import signal
import sys
import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synapse import Model, forecasting, optimizers, tables
from synapse.cli import main
from synapse.errors import ArgumentError, FormatError
from synapse.readwrite import load, save
from synapse.tables import _row_task, _series_training
from synapse.tables._series_task import fit_together, series_tasks
from tests.helpers.cases import all_hold

from .command import answers, args, done, months, refused, run_cli, told, write

Y = args("--target y --ignore word")


@pytest.fixture
def plane(tmp_path, rng):
    """Numbers far from 0 and from each other in size, and what follows from them by a
    line."""
    a = rng.normal(1000, 50, 60)
    b = rng.normal(0, 1e-4, 60)
    return write(
        tmp_path / "plane.csv", a=a, b=b, word=["x", "y"] * 30, y=3 * a + 2e6 * b - 500
    )


@pytest.fixture
def sales(tmp_path, rng):
    """Ten years of months with a season, and another column."""
    y = 1000 + 200 * np.sin(2 * np.pi * np.arange(120) / 12) + rng.normal(0, 10, 120)
    columns = {"date": months(120), "sales": y.round(1), "costs": (y / 2).round(1)}
    return write(tmp_path / "sales.csv", **columns)


def predicted(capsys, *arguments):
    """Names and rows that `synapse run` answers."""
    lines = done(capsys, "run", *arguments).splitlines()
    names, *rows = [row.split(",") for row in lines]
    return names, rows


# --- rows -----------------------------------------------------------------------------


@pytest.mark.full
def test_a_target_of_0_and_1_may_be_classes(capsys, tmp_path, rng):
    x = rng.normal(size=(60, 2)).round(3)
    fraud = (x[:, 0] + 0.5 * rng.normal(size=60) > 1).astype(int)
    data = write(tmp_path / "d.csv", a=x[:, 0], b=x[:, 1], fraud=fraud)
    line = ["train", data, *args("--target fraud --epochs 2 -o"), tmp_path / "m.json"]
    printed = done(capsys, *line)
    assert "'fraud' is 0 or 1 in every row" in printed
    assert "pass --classes to predict their probabilities." in printed
    printed = done(capsys, *line, "--classes")
    assert "is 0 or 1" not in printed
    for name in ("accuracy", "recall of 1", "recall of 0", "AUC"):
        assert re.search(rf"^{name} ", printed, re.MULTILINE)


@pytest.mark.full
def test_missing_numbers_words_and_keys(capsys, tmp_path, rng, path):
    """A table as people have them: y follows from words and a number that is sometimes
    missing."""
    city = rng.choice(["Rome", "Oslo"], 200)
    age = rng.normal(50, 10, 200).round(1)
    y = np.where(10 * (city == "Rome") + age + rng.normal(0, 6, 200) > 55, "yes", "no")
    ages = [f"{years:.15g}" if i % 10 else "n.v." for i, years in enumerate(age)]
    data = write(tmp_path / "d.csv", id=range(200), city=city, age=ages, Status=y)
    train = ["train", data, "--ignore", "id", "--seed", 1, "-o", path, "--target"]
    assert "got 'n.v.'; 15 other cells" in refused(capsys, *train, "Status")
    printed = done(capsys, *train, "Status", "--na-values", "n.v.")
    assert "Words became inputs of 0 and 1: 'city'." in printed
    assert re.search("20 missing values of 'age': the median, [0-9.]+\\.", printed)
    assert "The saved network was then trained on all 200 rows." in printed
    code, ran, said = run_cli(capsys, "run", path, data)  # the model knows n.v.
    head, *rows = [line.split(",") for line in ran.splitlines()]
    assert (code, head, len(rows)) == (0, ["id", "Status", "no", "yes"], 200)
    assert "20 missing values of 'age'" in said
    assert np.mean([row[1] == years for row, years in zip(rows, y)]) > 0.75
    assert refused(capsys, *train, "status").endswith("Did you mean 'Status'?")


@pytest.mark.full
def test_sequences_begin_with_a_cleared_context(capsys, tmp_path, rng, path):
    """The target is the first input of its sequence: who mixes sequences up cannot know
    it."""
    starts = rng.choice([-1.0, 1.0], 40)
    data = write(
        tmp_path / "s.csv",
        name=np.repeat([f"s{i}" for i in range(40)], 3),
        x=np.column_stack([starts, np.zeros((40, 2))]).ravel(),
        y=10 + 5 * np.repeat(starts, 3),
    )
    options = "--sequence name --target y --build lstm --hidden 4 --rate 0.05"
    more = "--validation 0.25 --epochs 100 -o"
    done(capsys, "train", data, *options.split(), *more.split(), path)
    facts = load(path).metadata
    assert (facts["error"]["y"] < 1.5, facts["held_out_rows"]) == (True, 30)
    head, rows = predicted(capsys, path, data, "--sequence", "name")
    assert head == ["name", "y"]
    once = np.array([row[1] for row in rows], float)
    assert np.abs(once - (10 + 5 * np.repeat(starts, 3))).mean() < 1.5
    same = np.flatnonzero(starts == starts[0])
    np.testing.assert_array_equal(once.reshape(40, 3)[same], [once[:3]] * len(same))


@pytest.mark.full
def test_held_out_rows_give_no_medians_and_no_units(capsys, tmp_path, rng, path):
    """And --ahead 2 predicts what is 3 times the input two rows above."""
    x = rng.normal(size=100)
    a = ["" if i % 9 == 0 else i for i in range(100)]
    data = write(tmp_path / "d.csv", x=x, a=a, y=[0, 0, *3 * x[:-2]])
    options = args("--target y --inputs x,a --ahead 2 --optimizer adam -q -o")
    done(capsys, "train", data, *options, path)
    assert load(path).metadata["error"]["y"] < 1
    done(capsys, "train", data, *options, path, "--build", "elman", "--epochs", 1)
    median = np.median([i for i in range(78) if i % 9])
    assert load(path).metadata["encoding"]["medians"]["a"] == median
    model = Model.build("perceptron", ["x"], ["y"], hidden=[2])
    rows = x[:, None]
    stopping = (9 * rows[60:], 9 * rows[60:])
    model.fit(rows[:60], rows[:60], validation=stopping, epochs=1, progress=False)
    np.testing.assert_allclose(
        model.whole().hidden[0].biases, -rows[:60].mean() / rows[:60].std()
    )


@pytest.mark.filterwarnings("ignore::synapse.errors.RateWarning")
def test_what_cannot_be_learnt_is_refused_and_nothing_saved(
    capsys, plane, tmp_path, path
):
    one_class = write(tmp_path / "one.csv", a=[1, 2], y=["x", "x"])
    word = write(tmp_path / "word.csv", a=[1, 2, 3], y=["1", "x", "2"])
    two = write(tmp_path / "two.csv", a=[1, 2], y=[3, 4])
    years = write(tmp_path / "years.csv", year=[2001, 2002], y=[3, 4])
    before = sorted(tmp_path.iterdir())

    def train(text, *options, data=plane):
        return [*f"train {data} --epochs 1000000000 -o {path} {text}".split(), *options]

    y = "--target y"
    out = f"{y} --ignore word"
    of_a = f"{y} --inputs a"
    only = "--known, --observed, --methods and --steps are for a series of numbers"
    cases = [
        (train("--target none"), 1, "no column 'none'"),
        (train(f"{y} --sequence y"), 2, "one use only, got two of 'y'"),
        (train(f"{out} --date y"), 2, "one use only, got two of 'y'"),
        (train("--target y,word --classes"), 1, "one --target"),
        (train(f"{of_a} --ahead 60"), 1, "longer than 60 rows"),
        (train(f"{of_a} --sequence word"), 1, "must be consecutive"),
        (train(f"{of_a} --validation 0.999"), 1, "leaves no training data"),
        (train(f"{out} --known a --ahead 1"), 2, only),
        (train(f"{out} --methods ar"), 2, only),
        (train(f"{of_a} --sequence word --fill linear"), 2, "--fill is for a series"),
        (train(f"{of_a} --rate 1e9 -q"), 1, "lower --rate than 1e"),
        (train(y, data=one_class), 1, "two classes"),
        (train(y, data=two), 1, "must have 4 rows or more, got 2"),
        (train(y, data=years), 1, "three or more dates that step evenly"),
        (train(y, data=word), 1, "number in line 3, column 'y', got 'x'.*--classes"),
        (train(f"{out} -o {tmp_path / 'm.py'}"), 2, r"\.json"),
        (train(f"{out} -o {tmp_path / 'none' / 'm.json'}"), 1, "no such folder"),
        (train(f"{out} --seed -1"), 1, "`seed` must be .* 0 or above, got -1"),
        (train(f"{out} --validation 1"), 1, "`validation` must be"),
        (train(f"{out} --rate nan"), 1, "`rate` must be"),
        (train(f"{out} --hidden 8,x"), 2, "argument --hidden"),
        (train("--target a,,b"), 2, "argument --target"),
        (train("--target a,a"), 2, "argument --target"),
        (train(f"{out} --hidden 1000000000000"), 1, "layer size of Perceptron must"),
    ]
    told(capsys, cases)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.full
def test_a_verdict_reads_all_rows_of_a_small_table_if_it_has_to(monkeypatch, rng):
    """Each row is then answered once, by a network that has not learned it."""
    x = rng.normal(size=(100, 2))
    frame = pd.DataFrame(x).rename(columns=str).assign(y=x @ [1, 2])
    frame["y"] += rng.normal(size=100)
    seen = []
    found = _row_task.verdict_of

    def verdict_of(name, answers, measured, *kind):
        seen.append((answers, np.concatenate([y for _, y in measured])))
        return found(name, answers, measured, *kind)

    monkeypatch.setattr(_row_task, "verdict_of", verdict_of)
    trained = tables.train_rows(frame, ["y"], None, tables.TrainingOptions())
    (_, first), (answers, every) = seen
    assert (len(first), len(every)) == (20, 100)
    assert sorted(every.ravel()) == pytest.approx(sorted(frame["y"]))
    assert {len(rows) for rows in answers.values()} == {100}
    assert " on 100 held-out rows" in trained.facts["verdict"]


# --- Ctrl-C, pipes, and what is printed when ------------------------------------------


@pytest.mark.full
def test_ctrl_c_saves_what_was_reached_and_the_bar_is_for_terminals(
    plane, capsys, monkeypatch, path
):
    fit = Model.fit

    def interrupted(*arguments, **options):
        threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
        return fit(*arguments, **options)

    monkeypatch.setattr(Model, "fit", interrupted)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, printed, said = run_cli(
        capsys, "train", plane, *Y, "--epochs", 10**9, "-o", path
    )
    assert (code, ", interrupted" in printed) == (130, True)
    assert re.search("loss .* steps/s", said)
    interrupted_after = r"synapse: Interrupted after [\d,]+ epochs?\. "
    assert re.search(interrupted_after + ".*m.json' contains the model train", said)
    assert len(answers(done(capsys, "run", path, plane))) == 60


def interrupt(*arguments, **options):
    raise KeyboardInterrupt


@pytest.mark.full
def test_ctrl_c_after_the_training_keeps_the_network(
    plane, sales, tmp_path, capsys, monkeypatch
):
    """While methods are tested, and while the network is trained again on all rows."""
    of_series = (sales, "--target", "sales")
    of_rows = (plane, *Y)
    cases = [
        (of_series, _series_training, "select_together", False),
        (of_series, tables.TrainingOptions, "_refit", True),
        (of_rows, _row_task, "simple_answers", False),
        (of_rows, tables.TrainingOptions, "_refit", True),
    ]
    for place, (line, owner, name, is_tested) in enumerate(cases):
        model = tmp_path / f"m{place}.json"
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, interrupt)
            line = ["train", *line, "--epochs", 2, "-o", model]
            code, printed, said = run_cli(capsys, *line)
        assert (code, "contains the model trained so far" in said) == (130, True)
        facts = load(model).metadata
        assert ("Test on" in printed, "refit" in facts) == (is_tested, False)
        assert bool(facts.get("verdict")) == is_tested
        assert run_cli(capsys, "run", model, line[1])[0] == 0
    ahead = ["forecast", tmp_path / "m0.json", sales, "--steps", 2]
    assert run_cli(capsys, *ahead)[0] == 0


def test_ctrl_c_before_the_training_says_that_nothing_is_written(
    sales, capsys, monkeypatch, path
):
    monkeypatch.setattr(_series_training, "series_tasks", interrupt)
    result = run_cli(capsys, "train", sales, "--target", "sales", "-o", path)
    said = (
        f"Interrupted. {str(path)!r} was not written, because no epoch was completed."
    )
    assert result == (130, "", f"synapse: {said}\n")
    assert not path.exists()


def test_each_part_of_the_report_leaves_the_process_when_it_is_known(
    plane, sales, tmp_path, monkeypatch
):
    """As bytes in a pipe: what is printed when the training begins, and before the
    network is trained on all rows, which a time limit may end."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    fit = Model.fit
    ran = []

    def measured(*arguments, **options):
        ran.append(os.read(reading, 10**6).decode())
        return fit(*arguments, **options)

    monkeypatch.setattr(Model, "fit", measured)
    with open(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        for line in ([sales, *args("--target sales --methods naive")], [plane, *Y]):
            ran.clear()
            line = ["train", *line, "--epochs", 2, "-o", tmp_path / "m.json"]
            assert main([*map(str, line)]) == 0
            assert re.match(r"\d+ rows", ran[0])
            assert "Test on" in ran[-1]
            assert re.search("the network .* (better|worse)", ran[-1], re.IGNORECASE)
            assert b"then trained on all" in os.read(reading, 10**6)
    os.close(reading)


def test_a_pipe_that_is_closed_early_does_not_cost_the_model(plane, monkeypatch, path):
    reading, writing = os.pipe()
    os.close(reading)
    line = ["train", plane, *Y, "--epochs", 2, "-o", path]
    with open(os.devnull, "w") as spare, open(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main([*map(str, line)]) == 141
        os.dup2(spare.fileno(), pipe.fileno())
    assert len(load(path).network) > 0


# --- series ---------------------------------------------------------------------------


@pytest.mark.full
def test_a_series_needs_a_target_only(capsys, sales, path):
    line = ["train", sales, *args("--target sales --steps 6 --epochs 30 -o"), path]
    lines = done(capsys, *line).splitlines()
    assert lines[0] == "120 rows, 2010-01-01 to 2019-12-01 (date), step: month."
    assert lines[1] == (
        "Not used: 'costs'. To use such columns, name them by --known if they are known"
        " in advance, and otherwise by --observed."
    )
    network = load(path)
    assert (network.inputs, network.outputs) == (
        ["sales", *(f"season {i}" for i in range(4))],
        ["sales +1"],
    )
    facts = network.metadata
    expected = {"targets": ["sales"], "rows": 120, "held_out_rows": 24, "period": 12}
    expected |= {"step": "month", "sequence": None, "reading": {}}
    assert (
        {name: facts[name] for name in expected},
        lines[lines.index(facts["verdict"]) + 1],
    ) == (expected, facts["reason"])
    assert lines[-1] == "The saved network was then trained on all 120 rows."
    assert {"gru", "naive", "seasonal", "ar", "mean", "combine"} <= set(facts["mase"])
    assert facts["command"].startswith("synapse train ")
    shown = done(capsys, "info", path)
    assert facts["reason"] in shown
    assert "errors" not in shown
    named = done(capsys, *line, "--methods", "seasonal,ar")
    table = named.split("held-out rows:\n")[1].splitlines()[1:5]
    assert {row.split()[0] for row in table} == {"seasonal", "ar", "gru", "combine"}
    assert "'arma'" in refused(capsys, *line, "--methods", "ar,arma")


@pytest.mark.full
def test_a_model_keeps_how_its_table_was_read(capsys, tmp_path, path):
    """Run, forecast and update use these options, and others if they are given."""
    values = [f"1.{100 + i % 12},5" for i in range(36)]
    dates = [f"1.{1 + i % 12}.{2020 + i // 12};0h" for i in range(36)]
    rows = "".join(f"{when};{value}\n" for when, value in zip(dates, values))
    data = tmp_path / "d.csv"
    data.write_text(
        f"Tabelle\nTag;Zeit;\u00e4\n{rows}".replace("1.105,5", "?"), "cp1252"
    )
    text = "--sep ';' --decimal , --thousands . --encoding cp1252 --skiprows 1"
    text += " --date Tag,Zeit --date-format '%d.%m.%Y %Hh' --na-values ? --fill linear"
    train = ["train", data, *args("--target \u00e4 --epochs 1 --methods naive -o")]
    printed = done(capsys, *train, path, *args(text))
    assert "36 rows, 2020-01-01 to 2022-12-01 (Tag Zeit), step: month." in printed
    assert "Filled in (linear): 3 missing values." in printed
    assert load(path).metadata["reading"]["na_values"] == ["?"]
    _, ran, said = run_cli(capsys, "run", path, data)
    assert ran.splitlines()[1].startswith("2020-01-01,1100.5,")
    assert "Filled in (linear): 3 missing values." in said
    _, ran, said = run_cli(capsys, "forecast", path, data, "--steps", 1)
    assert ran.startswith("Tag Zeit,\u00e4\n2023-01-01,")
    later = tmp_path / "n.csv"
    more = rows.replace(";", "|") + "1.1.2023|0h|1.000,5\n"
    later.write_text(f"Tag|Zeit|\u00e4\n{more}", "utf-8")
    other = ["--sep", "|", "--encoding", "utf-8", "--skiprows", 0]
    assert (
        ": 1 epoch on 1 new row." in run_cli(capsys, "update", path, later, *other)[1]
    )
    model = load(path)
    del model.metadata["reading"]
    save(model, path)
    said = refused(capsys, "run", path, data)
    assert "by an older version of Synapse" in said
    assert "Train it again: `synapse train " in said


@pytest.mark.full
@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
def test_files_of_other_kinds_are_read_and_written(
    capsys, sales, tmp_path, suffix, path
):
    """They have no separator, which the model keeps for text."""
    pytest.importorskip("pyarrow" if suffix == ".parquet" else "openpyxl")
    text = tmp_path / "t.csv"
    text.write_text(sales.read_text().replace(",", ";"))
    shared = args("--target sales --epochs 1 --methods naive --sep ; -q -o")
    done(capsys, "train", text, *shared, path)
    frame = pd.read_csv(sales, parse_dates=["date"])
    typed = tmp_path / f"t{suffix}"
    output = tmp_path / f"o{suffix}"
    frame.to_excel(typed) if suffix == ".xlsx" else frame.to_parquet(typed)
    ahead = ["forecast", path, "--steps", 2, "--method", "naive"]
    printed = [run_cli(capsys, *ahead, data)[1] for data in (text, typed)]
    assert printed[0] == printed[1] != ""
    assert run_cli(capsys, *ahead, typed, "-o", output)[0] == 0
    made = tables.read_table(output)
    assert (made["sales"].tolist(), made["date"].dt.month.tolist()) == (
        [frame["sales"].iloc[-1]] * 2,
        [1, 2],
    )
    assert "`sep` has no effect" in refused(capsys, *ahead, typed, "--sep", ";")


@pytest.mark.full
def test_the_table_of_the_test_is_that_of_rolling_origin(sales):
    """The network is tested before it is trained on all rows, and the simple methods
    beside it."""
    series = tables.read_series(tables.read_table(sales), ["sales"])
    (task,), _ = series_tasks(series, [*series], steps=3)
    learning = tables.TrainingOptions(epochs=5, hidden=[3])
    options = {"steps": 3, "methods": ["naive", "ar"]}
    trained = tables.train_series(series, [*series], learning, **options)
    model, _ = fit_together([task], learning)
    y = series.to_numpy()
    compared = {"start": task.start, "period": 12}
    rolled = forecasting.rolling_origin(task.forecaster(model), y, 3, **compared)
    assert trained.facts["mase"]["gru"] == float(f"{rolled.mase.mean():.4g}")
    naive = forecasting.rolling_origin(forecasting.seasonal_naive, y, 3, **compared)
    assert trained.facts["mase"]["naive"] == float(f"{naive.mase.mean():.4g}")
    errors, count = np.array(trained.facts["errors"]["naive"]), len(naive.origins)
    levels = [
        y[:origin][-12:].mean() if trained.facts["relative"] else 1
        for origin in naive.origins
    ]
    np.testing.assert_allclose(
        errors[-count:], -naive.errors / np.reshape(levels, (-1, 1, 1)), rtol=1e-3
    )
    late, early = (np.mean(rows**2) for rows in (errors[-count:], errors[:-count]))
    assert early >= 0.99 * late, "errors on training rows are enlarged"
    for each in (learning, replace(learning, epochs=None, patience=3, rate=0.2)):
        trained = tables.train_series(series, [*series], each, **options)
        again = task.make(each)
        errors = trained.result.history.get("validation_loss")
        epochs = 5 if errors is None else errors.index(min(errors)) + 1
        assert epochs == trained.result.epochs - (0 if errors is None else 3)
        again.fit(*task.whole().lesson(), epochs=epochs, seed=0, progress=False)
        np.testing.assert_array_equal(
            trained.model.whole().weights, again.whole().weights
        )


@pytest.mark.full
def test_the_held_out_end_of_a_series_chooses_nothing_before_the_test(sales):
    series = tables.read_series(tables.read_table(sales), ["sales"])
    fits = []
    past = series.to_numpy()[:100].copy()
    learning = tables.TrainingOptions(hidden=[2], patience=5)
    for end in (0.0, 1e4 * np.arange(20)[:, None] ** 2):
        series.iloc[100:] = end
        (task,), _ = series_tasks(series, [*series], steps=3, validation=1 / 6)
        model, _ = fit_together([task], learning)
        fits.append([*model.whole().weights, *task.scale.lags[0]])
        autoregression = forecasting.statistical("ar", past, period=12)
        np.testing.assert_array_equal(
            task.statistical(["ar"])[0]["ar"](past, 9), autoregression(past, 9)
        )
    np.testing.assert_array_equal(*fits)


@pytest.mark.full
def test_inputs_of_a_series_and_other_uses_of_dates(capsys, sales, tmp_path, path):
    options = [*args("--target sales --epochs 2 -q -o"), path]

    def trained(text, data=sales):
        done(capsys, "train", data, *options, *text.split())
        return load(path).inputs

    assert trained("--observed costs --validation 0")[:2] == ["sales", "costs"]
    facts = load(path).metadata
    assert (facts["held_out_rows"], facts["chosen"]) == (0, "gru")
    assert "verdict" not in facts
    said = "gru forecasts. It was not tested, because no row was held out"
    ran = run_cli(capsys, "forecast", path, sales, "--steps", 1)
    assert ran[2].startswith(f"synapse: {said}")
    assert trained("--ahead 0 --ignore date") == trained("--ignore date") == ["costs"]
    assert "step" not in load(path).metadata
    assert trained("--inputs costs") == ["costs"]
    trained("--ignore date,costs")  # nothing but its past: rows are steps
    ran = run_cli(capsys, "forecast", path, sales, "--steps", 1)[1]
    assert ran.startswith("row,sales\n121,")
    shops = {"shop": np.repeat(["a", "b"], 12), "date": months(12) * 2}
    data = write(tmp_path / "d.csv", **shops, sales=range(24), z=range(24))
    assert trained("--sequence shop --ahead 1 --ignore date", data) == ["sales", "z"]
    assert load(path).metadata["rows"] == 22, "the last row of a sequence has no target"
    said = refused(capsys, "train", data, *options)
    assert "The date 2010-01-01 00:00:00 occurs twice, again in line 14" in said
    assert "name it: --sequence COLUMN." in said
    assert said.endswith("name both: --date date,COLUMN.")


@pytest.mark.full
def test_several_series_of_one_table(capsys, tmp_path, rng, path):
    season = rng.normal(0, 50, 12)
    rows = [
        (month, name, 10**size * (500 + season[step % 12] + rng.normal()), step % 2)
        for size, (name, count) in enumerate(
            {"a": 60, "b": 54, "c": 60, "new": 8, "one": 1}.items()
        )
        for step, month in enumerate(months(count))
    ]
    names = ("date", "shop", "sales", "fair")
    data = write(tmp_path / "d.csv", **dict(zip(names, zip(*sorted(rows)))))
    options = [data, *args("--target sales --sequence shop --methods naive,ar")]
    train = ["train", *options, *args("--steps 4 --hidden 2 --epochs 9 -o"), path]
    lines = done(capsys, *train).splitlines()
    of = "5 series (shop), 183 rows, 2010-01-01 to 2014-12-01 (date), step: month."
    assert lines[0] == of
    left = "'new', 'one', 9 rows"
    why = "too short for the season and the differences of the others"
    assert f"Left out: {left}, {why}." in lines
    facts = load(path).metadata
    assert (facts["sequence"], facts["rows"]) == ("shop", 174)
    head = next(line for line in lines if line.startswith("model "))
    assert head.split() == ["model", "MASE", "a", "b", "c"]
    code, printed, said = run_cli(capsys, "forecast", path, data, "--steps", 2)
    head, *rows = [row.split(",") for row in printed.splitlines()]
    assert (code, head) == (0, ["shop", "date", "sales"])
    dates = {"a": ("2015-01-01", "2015-02-01"), "b": ("2014-07-01", "2014-08-01")}
    dates["c"] = dates["a"]
    assert [row[:2] for row in rows] == [
        [name, date] for name in dates for date in dates[name]
    ]
    assert all(300 < float(row[2]) / 10 ** "abc".index(row[0]) < 800 for row in rows)
    assert f"Left out: {left}, with fewer than" in said
    ran = run_cli(capsys, "run", path, data)[1].splitlines()
    assert (ran[0], len(ran)) == ("shop,date,sales,sales predicted", 1 + 174 + 3)
    next_rows = write(tmp_path / "next.csv", shop=[*"aabb"], fair=[0, 1, 0, 1])
    done(capsys, *train, "--known", "fair", "-q")
    ahead = ["forecast", path, data, "--steps", 2, "--future", next_rows]
    assert "must have 2 rows, one for each step, got 0" in refused(capsys, *ahead)
    next_rows.write_text("fair\n0\n1\n")
    assert run_cli(capsys, *ahead)[0] == 0, "rows without a shop are for all"


@pytest.mark.full
def test_options_of_a_trainer_are_flags_by_their_declarations(
    tmp_path, rng, capsys, path
):
    data = write(tmp_path / "d.csv", x=rng.normal(size=40).round(3), y=range(40))
    train = ["train", data, *args("--target y --epochs 2 -q -o"), path]
    flags = "--optimizer AdamW --clip 0.5 --l2 0.01 --batch-size 8 --dropout 0.1"
    done(capsys, *train, *flags.split(), "--weight-decay", 0.25)
    trainer = load(path).trainer
    assert (
        type(trainer.optimizer).__name__,
        trainer.optimizer.weight_decay,
        trainer.clip,
        trainer.l2,
        trainer.batch_size,
    ) == ("AdamW", 0.25, 0.5, 0.01, 8)
    assert trainer.dropout == 0.1
    assert (
        run_cli(capsys, "update", path, data, "--clip", 0.25, "-q")[0],
        load(path).trainer.clip,
    ) == (0, 0.25)
    sgd = [*train, "--optimizer", "sgd"]
    done(capsys, *sgd, "--weight-decay", 0.5, "--momentum", 0.5)
    decayed = load(path)
    assert decayed.trainer.optimizer == optimizers.SGD(momentum=0.5, weight_decay=0.5)
    assert (decayed.trainer.rule, decayed.trainer.rate) == ("online", 0.02)
    learning = tables.TrainingOptions(epochs=2, optimizer=decayed.trainer.optimizer)
    same = tables.train_rows(tables.read_table(data), ["y"], None, learning).model
    assert same.network.weights.tolist() == decayed.network.weights.tolist()
    before = path.read_bytes()
    cases = [
        ([*train, "--clip", -1], 1, "`clip` of Trainer must be .* above 0, got -1"),
        ([*train, "--clip", "much"], 1, "must be a number, got 'much'"),
        ([*train, "--dropout", 0.5], 1, "Dropout needs"),
        ([*train, "--optimizer", "adm"], 1, "Did you mean 'Adam'"),
        ([*train, "--weight-decay", 1], 2, "needs --optimizer sgd or adamw, got none"),
        ([*sgd[:-1], "adam", "--weight-decay", 1], 2, "sgd or adamw, got adam"),
        ([*sgd, "--weight-decay", -1], 1, "`weight_decay` of SGD must be .* 0 or ab"),
        ([*sgd, "--momentum", 1], 1, "`momentum` of SGD must be .* below 1, got 1"),
        (["update", path, data, "--l2", -1], 1, "`l2` of Trainer"),
    ]
    told(capsys, cases)
    assert path.read_bytes() == before
    with pytest.raises(ArgumentError, match="'batch_size' or .* got 'clap'"):
        tables.TrainingOptions(trainer_options={"clap": 1.0})


def test_the_report_says_how_long_slow_methods_took(
    sales, capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        importlib.import_module("synapse.cli.train"), "MIN_SHOWN_SECONDS", 0.0
    )
    line = args("--target sales --epochs 1 --methods naive,ar --steps 2 -o")
    printed = done(capsys, "train", sales, *line, tmp_path / "m.json")
    assert re.search(r"Time of the test: ar \S+ s, naive \S+ s\.", printed)
    monkeypatch.undo()
    printed = done(capsys, "train", sales, *line, tmp_path / "m.json")
    assert "Time of the test" not in printed


@pytest.mark.full
def test_few_rows_are_compared_without_a_bug(capsys, tmp_path):
    pytest.importorskip("statsforecast")

    def check(count):
        data = write(tmp_path / "d.csv", date=months(count), y=np.arange(count) % 4)
        code, printed, said = run_cli(
            capsys, "compare", data, *args("--target y --epochs 1 --validation 0.34")
        )
        assert "bug" not in said
        assert (code == 0) == bool(printed)

    all_hold(check, [*range(1, 13)])
    with pytest.raises(ArgumentError, match=r"cannot fit ets to 4 rows: tiny datasets"):
        forecasting.statistical("ets", [1.0, 2.0, 1.5, 3.0])


def test_numbers_near_the_end_of_floats_are_one_sentence(capsys, tmp_path, rng):
    large = [(1e308, -1e308)[place % 2] for place in range(30)]
    usual = rng.normal(size=30).round(3)

    def check(command, **columns):
        data = write(tmp_path / "d.csv", **columns)
        line = [command, data, "--target", "y", "--epochs", 1]
        line += ["-o", tmp_path / "m.json"] if command == "train" else []
        code, printed, said = run_cli(capsys, *line)
        assert (code, printed, "warning" in said) == (1, "", False)
        assert said.splitlines()[-1].startswith(
            "synapse: Expected a number below 1e+150"
        )

    check("train", x=usual, y=large)
    check("train", x=large, y=usual)
    check("train", time=large, y=usual)
    check("train", year=range(1990, 2020), y=large)
    check("compare", year=range(1990, 2020), y=large)


@pytest.mark.parametrize("cells", ['"{:.2f}"', "({:.2f})", "{:.2f}D+01", "{:.2f} %"])
def test_a_target_of_numbers_in_another_form_is_no_class(cells, capsys, tmp_path):
    numbers = [cells.format(n / 8) for n in range(16)]
    if cells[0] == '"':
        numbers = [number.replace(".", ",") for number in numbers]
    path = tmp_path / "d.csv"
    path.write_text("x,y\n" + "".join(f"{n},{y}\n" for n, y in enumerate(numbers)))
    run = ["train", path, *args("--target y -q -o"), tmp_path / "m.json"]
    sentence = refused(capsys, *run)
    assert "a finite number in line 2, column 'y', got" in sentence
    assert sentence.endswith("If these are names of classes, pass --classes.")


def test_the_cell_that_is_wrong_is_named_not_the_first_one(capsys, tmp_path):
    """pandas leaves a column as text if one number has other marks."""
    rows = [f"{n},5;1{n}0,5" for n in range(40)]
    rows[31] = "1,5;1.234,50"
    path = tmp_path / "d.csv"
    path.write_text("\n".join(["x;y", *rows]))
    run = ["train", path, *args("--target y --sep ; --decimal , -q -o")]
    sentence = refused(capsys, *run, tmp_path / "m.json")
    assert "in line 33, column 'y', got '1.234,50'. Correct it" in sentence
    frame = tables.read_table(path, sep=";", decimal=",", thousands=".")
    assert frame["y"].tolist()[30:33] == [1300.5, 1234.5, 1320.5]


@pytest.mark.parametrize("module", [bz2, gzip, lzma])
def test_compressed_tables_are_read(module, tmp_path):
    path = tmp_path / "d.csv.packed"
    path.write_bytes(module.compress(b"x,y\n1,2\n"))
    assert tables.read_table(path).to_numpy().tolist() == [[1, 2]]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FormatError, match="Cannot read"):
        tables.read_table(path)


KINDS = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Excel file of before 2007",
    b"% made\n@RELATION x\n@data\n1,2\n": "it is ARFF",
    b'[{"a": 1}]': "it is JSON",
    b"version https://git-lfs.github.com/spec/v1\n": "git lfs pull",
}


@pytest.mark.parametrize("content", KINDS)
def test_files_of_other_kinds_are_named_with_the_way_on(content, tmp_path):
    path = tmp_path / "d.csv"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=KINDS[content]):
        tables.read_table(path)


def test_numbers_beside_years_are_months_only_if_they_are_named_so(capsys, tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("year,week,y\n" + "".join(f"2020,{n},{n}\n" for n in range(1, 13)))
    run = ["train", path, *args("--target y --date year,week --methods naive -q -o")]
    sentence = refused(capsys, *run, tmp_path / "m.json")
    assert (
        "Are the numbers in column 'week' months? Then pass --date-format" in sentence
    )
