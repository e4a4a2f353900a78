"""`synapse train`: from a table to a model that predicts in the units of the table."""

import os
import re
import signal
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import architect
from synapse import Model, Trainer, forecasting, optimizers, tables
from synapse.cli import main
from synapse.errors import ArgumentError
from synapse.readwrite import load
from synapse.tables import _row_models, _series_training
from synapse.tables._series_task import fit_together, series_tasks
from tests.helpers.cases import all_hold

from .command import answers, done, months, refused, run_cli, told, write


@pytest.fixture
def rng():
    return np.random.default_rng(0)


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
def kinds(tmp_path, rng):
    """Three clouds of points, in the order of their names, and a number of each."""
    place = np.repeat([[0, 0], [5, 0], [0, 5]], 20, axis=0) + rng.normal(
        0, 0.5, (60, 2)
    )
    names = np.repeat(["b two", "a", "c"], 20)
    return write(
        tmp_path / "k.csv",
        a=place[:, 0],
        b=place[:, 1],
        kind=names,
        code=np.repeat([3, 1, 2], 20),
    )


def predicted(capsys, *arguments):
    """Names and rows that `synapse run` answers."""
    names, *rows = [
        row.split(",") for row in done(capsys, "run", *arguments).splitlines()
    ]
    return names, rows


def standard(rows):
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


ALONE = {
    "perceptron": lambda **o: architect.Perceptron(2, 4, 3, 1, squash="tanh", **o),
    "elman": lambda **o: architect.Elman(2, 4, 3, 1, squash="tanh", **o),
    "lstm": lambda **o: architect.LSTM(
        2, 4, 3, 1, cell_squash="tanh", **o, style="synaptic"
    ),
    "gru": lambda **o: architect.GRU(2, 4, 3, 1, **o),
}


def test_learning_is_that_of_the_architecture_alone_and_answers_are_in_units(
    capsys, plane, tmp_path
):
    table = np.loadtxt(plane, delimiter=",", skiprows=1, usecols=(0, 1, 3))
    x = table[:, :2]
    y = table[:, 2:]
    options = [
        "--target",
        "y",
        "--ignore",
        "word",
        "--hidden",
        "4,3",
        "--epochs",
        3,
        "--seed",
        1,
        "-q",
    ]
    options += ["--validation", 0]

    def check(model, optimizer):
        path = tmp_path / "m.json"
        done(
            capsys,
            "train",
            plane,
            *options,
            "--build",
            model,
            "--optimizer",
            optimizer,
            "-o",
            path,
        )
        net = ALONE[model](output_squash="identity", initializer="glorot", seed=1)
        adam = {"rule": "bptt", "optimizer": optimizers.Adam()}
        trainer = Trainer(net, 0.02, **(adam if optimizer == "adam" else {}))
        trainer.train(standard(x), standard(y), epochs=3, seed=1, progress=False)
        net.clear()
        expected = y.mean() + y.std() * net.run(standard(x))
        np.testing.assert_allclose(
            answers(done(capsys, "run", path, plane)), expected, rtol=1e-9
        )

    all_hold(
        check, [(model, optimizer) for model in ALONE for optimizer in ("sgd", "adam")]
    )


def test_a_table_whose_inputs_are_all_words(capsys, tmp_path):
    size = ["small", "large"] * 20
    colour = ["red", "green", "blue", "red"] * 10
    heavy = [
        2.5 * (word == "large") + (hue == "red") for word, hue in zip(size, colour)
    ]
    data = write(tmp_path / "d.csv", size=size, colour=colour, weight=heavy)
    model = tmp_path / "m.json"
    done(capsys, "train", data, "--target", "weight", "--epochs", 60, "-o", model)
    names, rows = predicted(capsys, model, data)
    assert names == ["weight"]
    np.testing.assert_allclose(np.array(rows, float)[:, 0], heavy, atol=0.3)


def test_a_constant_column_is_not_divided_by_its_deviation(capsys, tmp_path):
    # std() is not quite 0
    data = write(tmp_path / "d.csv", a=range(6), b=[0.1] * 6, y=range(6))
    done(
        capsys,
        "train",
        data,
        "--target",
        "y",
        "--epochs",
        1,
        "-q",
        "-o",
        tmp_path / "m.json",
    )
    links = load(tmp_path / "m.json").whole().connections
    assert max(link.weight for link in links if not link.trainable) < 100


def test_classes(capsys, kinds, tmp_path):
    path = tmp_path / "m.npz"
    options = ["--target", "kind", "--ignore", "code", "--validation", "0.2"]
    printed = done(capsys, "train", kinds, *options, "-o", path).splitlines()
    assert "Classes: a 33%, b two 33%, c 33%." in printed, (
        "the shares of the file, not of the held-out rows"
    )
    table = next(
        i
        for i, line in enumerate(printed)
        if "most common class  logistic regression" in line
    )
    right, commonest, regression = (
        float(cell.rstrip("%")) for cell in printed[table + 1].split()[1:]
    )
    assert (right > 90, commonest < 60, regression > 90) == (True, True, True)
    assert printed[-2].startswith("The network is not worth it: it has ")
    head, rows = predicted(capsys, path, kinds)
    assert head == ["code", "kind", "a", "b two", "c"]
    samples = [row.split(",") for row in kinds.read_text().splitlines()[1:]]
    assert [row[0] for row in rows] == [row[3] for row in samples], (
        "every row has its key"
    )
    assert np.mean([row[1] == cells[2] for row, cells in zip(rows, samples)]) > 0.95
    chances = np.array([row[2:] for row in rows], float)
    assert [head[2 + i] for i in chances.argmax(axis=1)] == [row[1] for row in rows]
    options = [
        "--target",
        "code",
        "--ignore",
        "kind",
        "--epochs",
        "2",
        "-q",
        "-o",
        path,
    ]
    done(capsys, "train", kinds, *options)
    assert predicted(capsys, path, kinds)[0] == ["kind", "code"]
    done(capsys, "train", kinds, *options, "--classes")
    assert predicted(capsys, path, kinds)[0] == ["kind", "code", "1", "2", "3"]


def test_rare_classes_have_their_recall_and_the_area_under_the_curve(
    capsys, tmp_path, rng
):
    """Accuracy alone says nothing where nine of ten rows are of one class."""
    x = rng.normal(size=(600, 2)).round(3)
    fraud = x[:, 0] + 0.5 * rng.normal(size=600) > 1.6
    data = write(tmp_path / "d.csv", a=x[:, 0], b=x[:, 1], fraud=fraud.astype(int))
    path = tmp_path / "m.json"
    options = ["--target", "fraud", "--epochs", 30, "-o", path]
    printed = done(capsys, "train", data, *options)
    assert "'fraud' is 0 or 1 in every row" in printed
    assert "pass --classes: then each has a probability." in printed
    printed = done(capsys, "train", data, *options, "--classes").splitlines()
    assert not any("is 0 or 1" in line for line in printed)
    head = next(i for i, line in enumerate(printed) if line.startswith("Test on"))
    share = re.search("120 held-out rows, ([0-9.]+)% of them '0':", printed[head])
    by_name = {
        line[:11].strip(): [float(cell.rstrip("%")) for cell in line[11:].split()]
        for line in printed[head + 2 : head + 6]
    }
    assert [*by_name] == ["accuracy", "recall of 1", "recall of 0", "AUC"]
    commonest = [values[1] for values in by_name.values()]
    assert commonest == [float(share[1]), 0.0, 100.0, 0.5]


def test_errors_have_the_unit_of_the_column_and_one_form(capsys, tmp_path, rng):
    price = 2000 * np.arange(60) + 100000 + rng.normal(0, 9000, 60)
    dollars = [f'"${value:,.2f}"' for value in price]
    euros = [f"{value:,.0f} \u20ac".replace(",", " ") for value in price]
    data = write(tmp_path / "d.csv", n=range(60), Price=dollars)
    model = tmp_path / "m.json"
    options = ["--epochs", 2, "-o", model]
    printed = done(capsys, "train", data, "--target", "Price", *options)
    row = re.findall(r"\$\d{4,5}\b", printed.split("held-out rows:")[1])
    assert len(row) == 3
    by_month = tmp_path / "m.csv"
    write(by_month, Month=months(60), Preis=euros)
    options = ["--target", "Preis", "--methods", "ar,naive", "--epochs", 2]
    printed = done(capsys, "train", by_month, *options, "-o", model)
    assert len(re.findall(r"  \d{4,} \u20ac\n", printed)) == 4
    code, printed, _ = run_cli(capsys, "compare", by_month, *options, "--origins", 3)
    assert code == 0
    assert len(re.findall(r"\d \u20ac", printed)) > 8
    more = write(tmp_path / "n.csv", Month=months(66), Preis=[*euros, *euros[:6]])
    code, printed, _ = run_cli(capsys, "update", model, more, "--epochs", 1)
    assert (code, printed.count("\u20ac")) == (0, 4)


def test_a_training_that_takes_long_prints_lines_into_a_pipe(
    plane, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("synapse.cli.reading.SECONDS", 0.0)
    line = ["train", plane, "--target", "y", "--ignore", "word", "--epochs", 3]
    for more, count in (([], 6), (["-q"], 0)):  # of both trainings
        assert main([*map(str, [*line, "-o", tmp_path / "m.json", *more])]) == 0
        said = capsys.readouterr().err
        lines = re.findall(r"synapse: epoch (\d), loss [0-9.]+, \d+ s\.\n", said)
        assert len(lines) == count


def test_statistical_methods_of_the_test_can_be_named(sales, tmp_path, capsys):
    line = ["train", sales, "--target", "Umsatz", "--epochs", 2, "-o"]
    printed = done(capsys, *line, tmp_path / "m.json", "--methods", "seasonal,ar")
    table = printed.split("held-out rows:\n")[1].splitlines()[1:5]
    methods = {row.split()[0] for row in table}
    assert methods == {"seasonal", "ar", "gru", "combine"}
    said = refused(capsys, *line, tmp_path / "x.json", "--methods", "ar,arma")
    assert "Each of the methods" in said
    assert "'arma'" in said


def test_a_key_stays_in_the_result_also_if_it_is_an_input(capsys, tmp_path, rng):
    """Customers with several rows: their numbers are inputs and find the rows again."""
    customer = rng.integers(100_200, 100_250, 100)
    spent = rng.uniform(0, 100, 100).round(1)
    data = tmp_path / "d.csv"
    path = tmp_path / "m.json"
    write(data, spent=spent, customer_id=customer, buys=spent > 50)
    done(capsys, "train", data, "--target", "buys", "--seed", 1, "-o", path)
    code, ran, _ = run_cli(capsys, "run", path, data)
    head, *rows = [line.split(",") for line in ran.splitlines()]
    assert (code, head[:2]) == (0, ["customer_id", "buys"])
    assert [int(row[0]) for row in rows] == customer.tolist()


def test_missing_numbers_words_and_keys(capsys, tmp_path, rng):
    """A table as people have them: y follows from words and a number that is sometimes
    missing."""
    city = rng.choice(["Rome", "Oslo"], 200)
    age = rng.normal(50, 10, 200).round(1)
    y = np.where(10 * (city == "Rome") + age + rng.normal(0, 6, 200) > 55, "yes", "no")
    ages = [f"{years:.15g}" if i % 10 else "" for i, years in enumerate(age)]
    data = tmp_path / "d.csv"
    path = tmp_path / "m.json"
    write(data, id=range(200), city=city, age=ages, Status=y)
    printed = done(capsys, "train", data, "--target", "Status", "--seed", 1, "-o", path)
    assert "Left out: 'id' (an identifier, or empty)." in printed
    assert "Words became inputs of 0 and 1: 'city'." in printed
    assert re.search("20 missing values of 'age': the median, [0-9.]+\\.", printed)
    assert "The saved network was then trained on all 200 rows." in printed
    code, ran, said = run_cli(capsys, "run", path, data)
    head, *rows = [line.split(",") for line in ran.splitlines()]
    assert (code, head, len(rows)) == (0, ["id", "Status", "no", "yes"], 200)
    assert "20 missing values of 'age'" in said
    assert np.mean([row[1] == years for row, years in zip(rows, y)]) > 0.75
    said = refused(capsys, "train", data, "--target", "status", "-o", path)
    assert said.endswith("Did you mean 'Status'?")


def test_sequences_begin_with_a_cleared_context(capsys, tmp_path, rng):
    """The target is the first input of its sequence: who mixes sequences up cannot know
    it."""
    starts = rng.choice([-1.0, 1.0], 40)
    data = write(
        tmp_path / "s.csv",
        name=np.repeat([f"s{i}" for i in range(40)], 3),
        x=np.column_stack([starts, np.zeros((40, 2))]).ravel(),
        y=10 + 5 * np.repeat(starts, 3),
    )
    path = tmp_path / "m.json"
    options = [
        "--sequence",
        "name",
        "--target",
        "y",
        "--build",
        "lstm",
        "--hidden",
        "4",
        "--rate",
        "0.05",
    ]
    done(
        capsys,
        "train",
        data,
        *options,
        "--validation",
        "0.25",
        "--epochs",
        100,
        "-o",
        path,
    )
    facts = load(path).metadata
    assert (facts["error"]["y"] < 1.5, facts["held_out_rows"]) == (True, 30)
    rows = [
        row.split(",")
        for row in done(capsys, "run", path, data, "--sequence", "name").splitlines()
    ]
    assert rows[0] == ["name", "y"]
    once = np.array([row[1] for row in rows[1:]], float)
    assert np.abs(once - (10 + 5 * np.repeat(starts, 3))).mean() < 1.5
    same = np.flatnonzero(starts == starts[0])
    np.testing.assert_array_equal(once.reshape(40, 3)[same], [once[:3]] * len(same))


def test_training_ends_when_the_error_stops_falling(capsys, plane, tmp_path):
    options = [
        "--target",
        "y",
        "--ignore",
        "word",
        "--rate",
        0.1,
        "-o",
        tmp_path / "m.json",
    ]
    assert "the loss stopped falling" in done(capsys, "train", plane, *options)
    assert "2 epochs, reached the epoch limit" in done(
        capsys, "train", plane, *options, "--epochs", 2
    )
    assert "the loss stopped" in done(
        capsys, "train", plane, *options, "--patience", 2, "--epochs", 99_999
    )


@pytest.mark.filterwarnings("ignore::synapse.errors.RateWarning")
def test_what_cannot_be_learnt_is_refused_and_nothing_saved(capsys, plane, tmp_path):
    one_class = write(tmp_path / "one.csv", a=[1, 2], y=["x", "x"])
    word = write(tmp_path / "word.csv", a=[1, 2, 3], y=["1", "x", "2"])
    two = write(tmp_path / "two.csv", a=[1, 2], y=[3, 4])
    years = write(tmp_path / "years.csv", year=[2001, 2002], y=[3, 4])
    path, before = tmp_path / "m.json", sorted(tmp_path.iterdir())

    def train(*options, data=plane):
        return ["train", data, "--epochs", 1_000_000_000, "-o", path, *options]

    y, ignoring = ["--target", "y"], ["--target", "y", "--ignore", "word"]
    of_a = [*y, "--inputs", "a"]
    told(
        capsys,
        [
            (train("--target", "none"), 1, "no column 'none'"),
            (
                train(*ignoring, "--sequence", "word"),
                2,
                "one use only, got two of 'word'",
            ),
            (train("--target", "y,word", "--classes"), 1, "one --target"),
            (train(*of_a, "--ahead", 60), 1, "longer than 60 rows"),
            (train(*of_a, "--sequence", "word"), 1, "must be consecutive"),
            (train(*of_a, "--validation", 0.999), 1, "leaves no training data"),
            (
                train(*ignoring, "--known", "a", "--ahead", 1),
                2,
                "--known, --observed, --fill and --methods are for a series",
            ),
            (
                train(*of_a, "--sequence", "word", "--fill", "linear"),
                2,
                "--fill and --methods are for a series",
            ),
            (train(*of_a, "--rate", 1e9, "-q"), 1, "lower --rate than 1e"),
            (train(*y, data=one_class), 1, "two classes"),
            (train(*y, data=two), 1, "must have 4 rows or more, got 2"),
            (train(*y, data=years), 1, "three or more dates that step evenly"),
            (
                train(*y, data=word),
                1,
                "finite number in line 3, column 'y', got 'x'.*--classes",
            ),
            (train(*ignoring, "-o", tmp_path / "m.py"), 2, r"\.json"),
            (train(*ignoring, "-o", tmp_path / "none" / "m.json"), 1, "no such folder"),
            (
                train(*ignoring, "--seed", -1),
                1,
                "`seed` must be a whole number, 0 or above, got -1",
            ),
            (train(*ignoring, "--validation", 1), 1, "`validation` must be"),
            (train(*ignoring, "--rate", "nan"), 1, "`rate` must be"),
            (train(*ignoring, "--hidden", "8,x"), 2, "argument --hidden"),
            (train("--target", "a,,b"), 2, "argument --target"),
            (train("--target", "a,a"), 2, "argument --target"),
            (
                train(*ignoring, "--hidden", 10**12),
                1,
                "layer size of Perceptron must be at most",
            ),
        ],
    )
    assert sorted(tmp_path.iterdir()) == before


def test_ctrl_c_saves_what_was_reached_and_the_bar_is_for_terminals(
    plane, tmp_path, capsys, monkeypatch
):
    model = tmp_path / "m.json"
    fit = Model.fit

    def interrupted(*arguments, **options):
        threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
        return fit(*arguments, **options)

    monkeypatch.setattr(Model, "fit", interrupted)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    options = ["--target", "y", "--ignore", "word", "--epochs", 10**9, "-o", model]
    code, printed, said = run_cli(capsys, "train", plane, *options)
    assert (code, ", interrupted" in printed) == (130, True)
    assert re.search("loss .* steps/s", said)
    assert re.search(
        r"synapse: Interrupted after [\d,]+ epochs?; .*m.json' is the model trained so",
        said,
    )
    assert len(answers(done(capsys, "run", model, plane))) == 60


# --- series ---------------------------------------------------------------------------


@pytest.fixture
def sales(tmp_path, rng):
    """Ten years of months with a season, in a German file with another column."""
    month = np.arange(120)
    y = 1000 + 200 * np.sin(2 * np.pi * month / 12) + rng.normal(0, 10, 120)
    rows = zip(months(120), y, y / 2, strict=True)
    lines = [
        f"{date};{bread:.1f};{cakes:.1f}".replace(".", ",")
        for date, bread, cakes in rows
    ]
    path = tmp_path / "sales.csv"
    path.write_text(
        "\n".join(["Monat;Umsatz (kEUR);Kosten [kEUR]", *lines]), "utf-8-sig"
    )
    return path


def test_ctrl_c_after_the_training_keeps_the_network(
    plane, sales, tmp_path, capsys, monkeypatch
):
    """While methods are tested, and while the network is trained again on all rows."""

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    cases = [
        (sales, ["--target", "Umsatz"], _series_training, "select_together", False),
        (sales, ["--target", "Umsatz"], tables.TrainingOptions, "_refit", True),
        (plane, ["--target", "y", "--ignore", "word"], _row_models, "_simple", False),
        (
            plane,
            ["--target", "y", "--ignore", "word"],
            tables.TrainingOptions,
            "_refit",
            True,
        ),
    ]
    for place, (data, options, owner, name, is_tested) in enumerate(cases):
        model = tmp_path / f"m{place}.json"
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, interrupt)
            code, printed, said = run_cli(
                capsys, "train", data, *options, "--epochs", 2, "-o", model
            )
        assert (code, "is the model trained so far" in said) == (130, True)
        facts = load(model).metadata
        assert ("Test on" in printed, "refit" in facts) == (is_tested, False)
        assert bool(facts.get("verdict")) == is_tested
        assert run_cli(capsys, "run", model, data)[0] == 0
    assert (
        run_cli(capsys, "forecast", tmp_path / "m0.json", sales, "--steps", 2)[0] == 0
    )


def test_each_part_of_the_report_leaves_the_process_when_it_is_known(
    plane, sales, tmp_path, monkeypatch
):
    """As bytes in a pipe: what is printed when the training begins, and before the
    network is trained on all rows, which a time limit may end."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    fit, ran = Model.fit, []

    def measured(*arguments, **options):
        ran.append(os.read(reading, 10**6).decode())
        return fit(*arguments, **options)

    monkeypatch.setattr(Model, "fit", measured)
    model = tmp_path / "m.json"
    with open(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        for data, options in (
            (sales, ["--target", "Umsatz"]),
            (plane, ["--target", "y", "--ignore", "word"]),
        ):
            ran.clear()
            line = ["train", data, *options, "--epochs", 2, "-o", model]
            assert main([*map(str, line)]) == 0
            assert re.match(r"\d+ rows", ran[0])
            assert "Test on" in ran[1]
            assert re.search("The network .*worth it", ran[1])
            assert b"then trained on all" in os.read(reading, 10**6)
    os.close(reading)


def test_a_pipe_that_is_closed_early_does_not_cost_the_model(
    plane, tmp_path, monkeypatch
):
    reading, writing = os.pipe()
    os.close(reading)
    model = tmp_path / "m.json"
    line = ["train", plane, "--target", "y", "--ignore", "word", "--epochs", 2]
    with open(os.devnull, "w") as spare, open(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main([*map(str, [*line, "-o", model])]) == 141
        os.dup2(spare.fileno(), pipe.fileno())
    assert len(load(model).network) > 0


def test_a_refit_that_is_interrupted_saves_the_network_of_the_test(
    plane, tmp_path, capsys, monkeypatch
):
    """Ctrl-C ends a training early without an error; that network is not the one to
    save."""
    fit = Model.fit
    ended = []

    def second_interrupted(*arguments, **options):
        result = fit(*arguments, **options)
        ended.append(arguments[0])
        return result if len(ended) < 2 else replace(result, stop_reason="interrupted")

    monkeypatch.setattr(Model, "fit", second_interrupted)
    model = tmp_path / "m.json"
    options = ["--target", "y", "--ignore", "word", "--epochs", 2, "-o", model]
    assert run_cli(capsys, "train", plane, *options)[0] == 130
    np.testing.assert_array_equal(load(model).network.weights, ended[0].network.weights)


def test_what_most_cells_are_and_what_to_say_about_the_others(capsys, tmp_path):
    days = [f"2024-01-{day:02}" for day in range(1, 31)]
    numbers = [f"{place},5" for place in range(100, 130)]
    model = tmp_path / "m.json"

    def file(name, dates, values):
        path = tmp_path / f"{name}.csv"
        path.write_text(
            "\n".join(["Datum;y", *map(";".join, zip(dates, values))]), "utf-8"
        )
        return ["train", path, "--target", "y", "--epochs", 1, "-q", "-o", model]

    done(capsys, *file("thousands", days, [*numbers[:-1], "1.234,50"]))
    assert load(model).metadata["date"] == "Datum"
    weeks = [f"2018-W{week:02}" for week in range(1, 31)]
    done(capsys, *file("weeks", weeks, numbers))
    assert load(model).metadata["step"] == "week"
    strange = [f"T{day}" for day in days]
    alone = [*file("alone", days, numbers), "--ignore", "Datum", "--classes"]
    one_cell = [*numbers[:-1], "105 EUR"]
    one_date = [*days[:-1], "32.1.24"]
    cases = [
        (
            file("cell", days, one_cell),
            1,
            "line 31, column 'y', got '105 EUR'.*--missing",
        ),
        (
            file("date", one_date, numbers),
            1,
            "line 31, column 'Datum', got '32.*--dates",
        ),
        (
            file("form", strange, numbers),
            1,
            "'Datum' must have dates, got 'T2024-.*line 2.*--dates",
        ),
        (
            file("words", days, strange),
            1,
            "numbers, or classes of up to 20.*line 2 and 29",
        ),
        (alone, 1, "no column left for the inputs"),
    ]
    told(capsys, cases)
    done(capsys, *file("alone", days, numbers), "--ignore", "Datum")
    assert run_cli(capsys, "forecast", model, tmp_path / "alone.csv", "--steps", 1)[
        1
    ].startswith("row,y\n31,")


def test_whether_a_network_is_worth_it_is_tested_in_a_table(tmp_path):
    """On a line with noise, where a regression is best, chance alone makes no network
    worth it."""
    verdicts = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(120, 3))
        columns = {
            "a": x[:, 0],
            "b": x[:, 1],
            "c": x[:, 2],
            "y": x @ [1, 2, -1] + rng.normal(size=120),
        }
        sheet = tables.read_table(write(tmp_path / "line.csv", **columns))
        verdicts.append(
            tables.train_rows(
                sheet, ["y"], None, tables.TrainingOptions(seed=seed)
            ).facts["verdict"]
        )
    assert not [verdict for verdict in verdicts if "is worth it" in verdict]
    assert [verdict for verdict in verdicts if "may be worth it" in verdict]
    wave = {"a": x[:, 0], "y": np.sin(3 * x[:, 0])}
    for classes, text in (
        (False, "is worth it: its error is"),
        (True, "is worth it: it has"),
    ):
        columns = (
            wave
            if not classes
            else {**wave, "y": np.where(np.abs(x[:, 0]) > 0.7, "far", "near")}
        )
        sheet = tables.read_table(write(tmp_path / "wave.csv", **columns))
        verdict = tables.train_rows(
            sheet, ["y"], None, tables.TrainingOptions(seed=1)
        ).facts["verdict"]
        assert text in verdict, verdict
        assert verdict.endswith("on 24 held-out rows.")


def test_a_series_needs_a_target_only(capsys, sales, tmp_path):
    path = tmp_path / "m.json"
    printed = done(
        capsys,
        "train",
        sales,
        "--target",
        "Umsatz",
        "--steps",
        6,
        "--epochs",
        30,
        "-o",
        path,
    )
    lines = printed.splitlines()
    assert lines[0] == "120 rows, 2010-01-01 to 2019-12-01 (Monat), step: month."
    assert lines[1].startswith(
        "Not used: 'Kosten [kEUR]'. Name columns --known in advance, or --observed."
    )
    network = load(path)
    assert network.inputs == [
        "Umsatz (kEUR)",
        *(f"season {i}" for i in range(4)),
    ]
    assert network.outputs == ["Umsatz (kEUR) +1"]
    facts = network.metadata
    assert (facts["targets"], facts["rows"], facts["held_out_rows"]) == (
        ["Umsatz (kEUR)"],
        120,
        24,
    )
    assert (facts["period"], facts["step"], facts["date"]) == (12, "month", "Monat")
    assert lines[-3:-1] == [facts["verdict"], facts["reason"]]
    assert lines[-1] == "The saved network was then trained on all 120 rows."
    assert {"gru", "naive", "seasonal", "ar", "mean", "combine"} <= set(facts["mase"])
    assert facts["command"].startswith("synapse train ")
    shown = done(capsys, "info", path)
    assert re.search(r"^targets +.*Umsatz \(kEUR\)", shown, re.MULTILINE)
    assert facts["reason"] in shown
    assert "errors" not in shown
    assert abs(
        datetime.now(UTC) - datetime.fromisoformat(facts["trained"])
    ) < timedelta(hours=1)


def test_the_table_of_the_test_is_that_of_rolling_origin(sales):
    """The network is tested before it is trained on all rows, and the simple methods
    beside it."""
    series = tables.read_series(tables.read_table(sales), ["Umsatz"])
    (task,), _ = series_tasks(series, [*series], steps=3)
    learning = tables.TrainingOptions(epochs=5, hidden=[3])
    trained = tables.train_series(series, [*series], learning, steps=3)
    model, _ = fit_together([task], learning)
    forecaster = task.forecaster(model)
    y = series.to_numpy()
    rolled = forecasting.rolling_origin(forecaster, y, 3, start=task.start, period=12)
    assert trained.facts["mase"]["gru"] == float(f"{rolled.mase.mean():.4g}")
    naive = forecasting.rolling_origin(
        forecasting.seasonal_naive, y, 3, start=task.start, period=12
    )
    assert trained.facts["mase"]["naive"] == float(f"{naive.mase.mean():.4g}")
    errors, count = np.array(trained.facts["errors"]["naive"]), len(naive.origins)
    levels = [
        y[:origin][-12:].mean() if trained.facts["relative"] else 1
        for origin in naive.origins
    ]
    expected = -naive.errors / np.reshape(levels, (-1, 1, 1))
    np.testing.assert_allclose(errors[-count:], expected, rtol=1e-3)
    late, early = (
        np.mean(stretch**2) for stretch in (errors[-count:], errors[:-count])
    )
    assert early >= 0.99 * late, "errors on training rows are enlarged"
    for learning in (
        tables.TrainingOptions(epochs=5, hidden=[3]),
        tables.TrainingOptions(hidden=[3], patience=3, rate=0.2),
    ):
        trained = tables.train_series(series, [*series], learning, steps=3)
        again = task.make(learning)
        errors = trained.result.history.get("validation_loss")
        epochs = 5 if errors is None else errors.index(min(errors)) + 1
        assert epochs == trained.result.epochs - (0 if errors is None else 3)
        again.fit(*task.whole().lesson(), epochs=epochs, seed=0, progress=False)
        np.testing.assert_array_equal(
            trained.model.whole().weights, again.whole().weights
        )


def test_the_held_out_end_of_a_series_chooses_nothing_before_the_test(sales):
    series = tables.read_series(tables.read_table(sales), ["Umsatz"])
    fits = []
    past = series.to_numpy()[:100].copy()
    for end in (0.0, 1e4 * np.arange(20)[:, None] ** 2):
        series.iloc[100:] = end
        (task,), _ = series_tasks(series, [*series], steps=3, validation=1 / 6)
        weights = (
            fit_together([task], tables.TrainingOptions(hidden=[2], patience=5))[0]
            .whole()
            .weights
        )
        fits.append([*weights, *task.scale.lags[0]])
        autoregression = forecasting.statistical("ar", past, period=12)
        np.testing.assert_array_equal(
            task.statistical(["ar"])[0]["ar"](past, 9), autoregression(past, 9)
        )
    np.testing.assert_array_equal(*fits)


def test_held_out_rows_give_no_medians_and_no_units(capsys, tmp_path, rng):
    """And --ahead 2 predicts what is 3 times the input two rows above."""
    x = rng.normal(size=100)
    y = [0, 0, *3 * x[:-2]]
    a = ["" if i % 9 == 0 else i for i in range(100)]
    data = write(tmp_path / "d.csv", x=x, a=a, y=y)
    path = tmp_path / "m.json"
    options = [
        "--target",
        "y",
        "--inputs",
        "x,a",
        "--ahead",
        2,
        "--optimizer",
        "adam",
        "-q",
        "-o",
        path,
    ]
    done(capsys, "train", data, *options)
    assert load(path).metadata["error"]["y"] < 1
    done(capsys, "train", data, *options, "--build", "elman", "--epochs", 1)
    assert load(path).metadata["encoding"]["medians"]["a"] == np.median(
        [i for i in range(78) if i % 9]
    )
    model = Model.build("perceptron", ["x"], ["y"], hidden=[2])
    rows = x[:, None]
    stopping = (9 * rows[60:], 9 * rows[60:])
    model.fit(rows[:60], rows[:60], validation=stopping, epochs=1, progress=False)
    biases = model.whole().hidden[0].biases
    np.testing.assert_allclose(biases, -rows[:60].mean() / rows[:60].std())


def test_inputs_of_a_series_and_other_uses_of_dates(capsys, sales, tmp_path):
    path = tmp_path / "m.json"
    options = ["--target", "Umsatz", "--epochs", "2", "-q", "-o", path]

    def trained(*more, data=sales):
        done(capsys, "train", data, *options, *more)
        return load(path).inputs

    names = trained("--observed", "Kosten", "--validation", "0")
    assert names[:2] == ["Umsatz (kEUR)", "Kosten [kEUR]"]
    facts = load(path).metadata
    assert (facts["held_out_rows"], "verdict" in facts, facts["chosen"]) == (
        0,
        False,
        "gru",
    )
    said = "gru forecasts; it was not tested, as no row was held out"
    assert run_cli(capsys, "forecast", path, sales, "--steps", 1)[2].startswith(
        f"synapse: {said}"
    )
    assert trained("--ahead", "0") == trained("--ignore", "Monat") == ["Kosten [kEUR]"]
    assert "step" not in load(path).metadata
    assert trained("--inputs", "Kosten") == ["Kosten [kEUR]"]
    shops = {
        "shop": np.repeat(["a", "b"], 12),
        "month": months(12) * 2,
        "Umsatz": range(24),
        "z": range(24),
    }
    data = write(tmp_path / "d.csv", **shops)
    assert trained("--sequence", "shop", "--ahead", "1", data=data) == ["Umsatz", "z"]
    assert load(path).metadata["rows"] == 22, "the last row of a sequence has no target"
    said = refused(capsys, "train", data, *options)
    assert "The date 2010-01-01 00:00:00 occurs twice, again in line 14" in said
    assert said.endswith("name it: --sequence COLUMN.")


def test_numbers_and_parts_that_are_dates_are_a_series(capsys, tmp_path):
    """A network is tested on their end, and what was assumed is printed."""
    path = tmp_path / "m.json"
    rng = np.random.default_rng(0)
    sold = (100 + 20 * np.sin(np.arange(48) * np.pi / 6) + rng.normal(0, 2, 48)).round(
        1
    )
    excel = write(tmp_path / "excel.csv", Date=range(43831, 43879), sold=sold)
    train = ["--target", "sold", "--epochs", 2, "--hidden", 2, "-o", path]
    printed = done(capsys, "train", excel, *train)
    assert "48 rows, 2020-01-01 to 2020-02-17 (Date), step: day." in printed
    assert (
        "'Date' is read as days since 1899-12-30, as spreadsheets count them: 43831 is"
        " 2020-01-01." in printed
    )
    ahead = run_cli(capsys, "forecast", path, excel, "--steps", 1)[1]
    assert ahead.splitlines()[1].startswith("2020-02-18,")
    assert (
        "43831 is 2020-01-01"
        in run_cli(
            capsys,
            "compare",
            excel,
            "--target",
            "sold",
            "--build",
            "none",
            "--methods",
            "naive,ar",
        )[2]
    )
    years = write(tmp_path / "years.csv", season=range(1961, 2009), sold=sold)
    printed = done(capsys, "train", years, *train)
    assert "step: year." in printed
    assert (
        "This is a guess from its numbers. If they are not times, pass --ignore "
        in (printed)
    )
    done(capsys, "train", years, *train, "--ahead", 0)
    assert load(path).inputs == ["season"]
    parts = {"Year": np.repeat(range(2020, 2025), 12), "Month": [*range(1, 13)] * 5}
    rows = {name: column[:48] for name, column in parts.items()}
    fair = [0, 1, 1] * 20
    data = write(tmp_path / "d.csv", **rows, fair=fair[:48], sold=sold)
    printed = done(capsys, "train", data, *train, "--known", "fair")
    assert "(Year-Month), step: month." in printed
    assert "Not used" not in printed
    future = {name: column[48:] for name, column in parts.items()}
    ahead = write(tmp_path / "next.csv", **future, fair=fair[48:])
    steps = ["--steps", 3, "--future", ahead]
    (_, *lines) = run_cli(capsys, "forecast", path, data, *steps)[1].splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        f"2024-0{month}-01" for month in (1, 2, 3)
    ]
    late = {name: column[49:] for name, column in parts.items()}
    write(ahead, **late, fair=fair[49:])
    assert "a row of 2024-01-01" in refused(capsys, "forecast", path, data, *steps)


def test_a_column_that_counts_like_time_is_named_where_rows_are_samples(
    capsys, tmp_path
):
    t = np.arange(40) / 10
    data = write(tmp_path / "d.csv", t=t, v=np.sin(t).round(3))
    options = ["--target", "v", "--epochs", 1, "-o", tmp_path / "m.json"]
    printed = done(capsys, "train", data, *options)
    assert "'t' increases in equal steps, as time does, but rows are samples" in printed
    assert "MASE" in done(capsys, "train", data, *options, "--ignore", "t")
    assert "equal steps" not in done(capsys, "train", data, *options, "--ahead", 0)


def shops(path, **lengths):
    """Months of shops whose sales differ in size and share a season, by date."""
    rng = np.random.default_rng(0)
    rows = []
    season = rng.normal(0, 50, 12)
    for place, (name, count) in enumerate(lengths.items()):
        sales = 10**place * (
            500 + season[np.arange(count) % 12] + 10 * rng.normal(size=count).cumsum()
        )
        for step, month in enumerate(months(count)):
            rows.append((month, name, round(sales[step], 2), step % 2))
    return write(
        path,
        **dict(zip(("Monat", "shop", "Umsatz (kEUR)", "fair"), zip(*sorted(rows)))),
    )


def test_several_series_of_one_table(capsys, tmp_path):
    data = shops(tmp_path / "shops.csv", a=60, b=54, c=60, new=8, one=1)
    path = tmp_path / "m.json"
    options = ["--target", "Umsatz", "--sequence", "shop"]
    train = [*options, "--steps", 4, "--hidden", 2, "--epochs", 9, "-o", path]
    lines = done(capsys, "train", data, *train).splitlines()
    assert (
        lines[0]
        == "5 series (shop), 183 rows, 2010-01-01 to 2014-12-01 (Monat), step: month."
    )
    assert (
        "Left out: 'new', 'one', 9 rows, too short for the season and the differences"
        " of the others." in lines
    )
    facts = load(path).metadata
    assert (facts["sequence"], facts["rows"]) == ("shop", 174)
    assert next(line for line in lines if line.startswith("model ")).split()[1:] == [
        "MASE",
        "a",
        "b",
        "c",
    ]
    code, printed, said = run_cli(capsys, "forecast", path, data, "--steps", 2)
    head, *rows = [row.split(",") for row in printed.splitlines()]
    assert (code, head) == (0, ["shop", "Monat", "Umsatz (kEUR)"])
    dates = {"a": ("2015-01-01", "2015-02-01"), "b": ("2014-07-01", "2014-08-01")}
    dates["c"] = dates["a"]
    assert [row[:2] for row in rows] == [
        [name, date] for name in dates for date in dates[name]
    ]
    assert all(300 < float(row[2]) / 10 ** "abc".index(row[0]) < 800 for row in rows)
    assert "Left out: 'new', 'one', 9 rows, with fewer than 15 each." in said
    ran = run_cli(capsys, "run", path, data)[1].splitlines()
    assert (ran[0], len(ran)) == (
        "shop,Monat,Umsatz (kEUR),Umsatz (kEUR) predicted",
        1 + 174 + 3,
    )
    next_rows = write(tmp_path / "next.csv", shop=[*"aabb"], fair=[0, 1, 0, 1])
    done(capsys, "train", data, *options, "--known", "fair", *train[4:], "-q")
    ahead = ["forecast", path, data, "--steps", 2, "--future"]
    assert "2 rows of 'c', one for each step, got 0" in refused(
        capsys, *ahead, next_rows
    )
    next_rows.write_text("fair\n0\n1\n")
    assert run_cli(capsys, *ahead, next_rows)[0] == 0, "rows without a shop are for all"


def test_ctrl_c_before_the_training_says_that_nothing_is_written(
    sales, tmp_path, capsys, monkeypatch
):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(_series_training, "series_tasks", interrupt)
    model = tmp_path / "m.json"
    code, printed, said = run_cli(
        capsys, "train", sales, "--target", "Umsatz", "-o", model
    )
    assert (code, printed, model.exists()) == (130, "", False)
    assert (
        said == f"synapse: Interrupted. No epoch was complete, so {str(model)!r} is not"
        " written.\n"
    )


def test_options_of_a_trainer_are_flags_by_their_declarations(tmp_path, rng, capsys):
    data = write(tmp_path / "d.csv", x=rng.normal(size=40).round(3), y=range(40))
    model = tmp_path / "m.json"
    train = ["train", data, "--target", "y", "--epochs", 2, "-q", "-o", model]
    flags = ["--optimizer", "AdamW", "--clip", 0.5, "--l2", 0.01, "--batch-size", 8]
    done(capsys, *train, *flags, "--dropout", 0.1, "--weight-decay", 0.25)
    trainer = load(model).trainer
    assert type(trainer.optimizer).__name__ == "AdamW"
    assert trainer.optimizer.weight_decay == 0.25
    assert (trainer.clip, trainer.l2, trainer.batch_size) == (0.5, 0.01, 8)
    assert trainer.dropout == 0.1

    assert run_cli(capsys, "update", model, data, "--clip", 0.25, "-q")[0] == 0
    assert load(model).trainer.clip == 0.25
    sgd = [*train, "--optimizer", "sgd"]
    done(capsys, *sgd, "--weight-decay", 0.5, "--momentum", 0.5)
    decayed = load(model)
    assert decayed.trainer.optimizer == optimizers.SGD(momentum=0.5, weight_decay=0.5)
    assert (decayed.trainer.rule, decayed.trainer.rate) == ("online", 0.02)
    learning = tables.TrainingOptions(
        epochs=2, optimizer=optimizers.SGD(momentum=0.5, weight_decay=0.5)
    )
    cells = tables.read_table(str(data))
    same = tables.train_rows(cells, ["y"], None, learning).model
    assert same.network.weights.tolist() == decayed.network.weights.tolist()
    before = model.read_bytes()
    cases = [
        ([*train, "--clip", -1], 1, "`clip` of Trainer must be .* above 0, got -1"),
        ([*train, "--clip", "much"], 1, "must be a number, got 'much'"),
        ([*train, "--dropout", 0.5], 1, "Dropout needs"),
        ([*train, "--optimizer", "adm"], 1, "Did you mean 'Adam'"),
        ([*train, "--weight-decay", 1], 2, "needs --optimizer sgd or adamw, got none"),
        ([*sgd[:-1], "adam", "--weight-decay", 1], 2, "sgd or adamw, got adam"),
        (
            [*sgd, "--weight-decay", -1],
            1,
            "`weight_decay` of SGD must be .* 0 or above",
        ),
        ([*sgd, "--momentum", 1], 1, "`momentum` of SGD must be .* below 1, got 1"),
        (["update", model, data, "--l2", -1], 1, "`l2` of Trainer"),
    ]
    told(capsys, cases)
    assert model.read_bytes() == before
    with pytest.raises(ArgumentError, match="'batch_size' or .* got 'clap'"):
        tables.TrainingOptions(trainer_options={"clap": 1.0})
