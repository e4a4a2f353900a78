"""`synapse train`: from a table to a model that predicts in the units of the table."""

import os
import re
import select
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from synapse import Trainer, cli, optimizers
from synapse.cli.facts import Facts
from synapse.cli.scaling import Scale, Scaled
from synapse.cli.sheet import read_sheet
from synapse.readwrite import load

from .command import ENVIRONMENT, SUNSPOTS, done, line, process, refused

RNG = np.random.default_rng(0)


def write(path, **columns):
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest.fixture
def plane(tmp_path):
    """Numbers far from 0 and from each other in size, and what follows from them by a line."""
    a, b = RNG.normal(1000, 50, 60), RNG.normal(0, 1e-4, 60)
    return write(tmp_path / "plane.csv", a=a, b=b, word=["x", "y"] * 30, y=3 * a + 2e6 * b - 500)


@pytest.fixture
def kinds(tmp_path):
    """Three clouds of points, in the order of their names, and a number of each."""
    place = np.repeat([[0, 0], [5, 0], [0, 5]], 20, axis=0) + RNG.normal(0, 0.5, (60, 2))
    names = np.repeat(["b two", "a", "c"], 20)
    return write(tmp_path / "k.csv", a=place[:, 0], b=place[:, 1], kind=names, code=np.repeat([3, 1, 2], 20))


def table(printed):
    """The cells of the last line of a report, after the name."""
    return printed.splitlines()[-1].split()[1:]


def predicted(capsys, *arguments):
    """Names and rows that `synapse run` answers."""
    names, *rows = [row.split(",") for row in done(capsys, "run", *arguments).splitlines()]
    return names, rows


def test_as_processes_real_numbers_in_and_predictions_in_their_units_out(tmp_path):
    """Real sunspots: better than the mean, and than saying that nothing changes."""
    options = ["--target", "sunspots", "--ignore", "year", "--ahead", "1", "--model", "lstm", "--hidden", "8"]
    learnt = process("train", SUNSPOTS, *options, "--epochs", "120", "-o", tmp_path / "model.json")
    assert (learnt.returncode, learnt.stderr) == (0, "")
    assert learnt.stdout.startswith("<LSTM ")
    answer = process("run", tmp_path / "model.json", SUNSPOTS)
    assert (answer.returncode, answer.stderr) == (0, "")
    name, *forecast = answer.stdout.splitlines()
    assert name == "sunspots +1"
    spots = np.loadtxt(SUNSPOTS, delimiter=",", skiprows=6)[:, 1]
    error = np.sqrt(np.mean((np.array(forecast[:-1], float) - spots[1:]) ** 2))
    assert len(forecast) == len(spots)
    assert error < 0.9 * np.sqrt(np.mean(np.diff(spots) ** 2)) < spots.std()
    shown = re.search(r"sunspots \+1 +(\S+)", learnt.stdout)[1]
    assert float(shown) == pytest.approx(error, rel=1e-3)


@pytest.mark.parametrize("model", ["perceptron", "elman", "lstm", "gru"])
def test_a_plane_is_learnt_in_its_units(capsys, plane, tmp_path, model):
    path = tmp_path / "m.json"
    options = ["--target", "y", "--ignore", "word", "--model", model, "--hidden", "4", "--epochs", "200"]
    done(capsys, "train", plane, *options, "--rate", "0.02", "-o", path)
    _, rows = predicted(capsys, path, plane)
    y = np.loadtxt(plane, delimiter=",", skiprows=1, usecols=3)
    error = np.sqrt(np.mean((np.array(rows, float)[:, 0] - y) ** 2))
    assert error < 0.3 * y.std()
    assert [neuron.name for neuron in load(path).input] == ["a", "b"]


def test_several_targets_and_chosen_inputs(capsys, plane, tmp_path):
    path = tmp_path / "m.json"
    printed = done(capsys, "train", plane, "--target", "y,b", "--inputs", "a", "--epochs", "5", "-o", path)
    assert [row.split()[0] for row in printed.splitlines()[-2:]] == ["y", "b"]
    names, rows = predicted(capsys, path, plane)
    assert names == ["y", "b"]
    assert np.array(rows, float).shape == (60, 2)


def test_columns_are_found_by_name(capsys, plane, tmp_path):
    path = tmp_path / "m.json"
    done(capsys, "train", plane, "--target", "y", "--ignore", "word", "--epochs", "2", "-o", path)
    a, b = np.loadtxt(plane, delimiter=",", skiprows=1, usecols=(0, 1)).T
    other = write(tmp_path / "other.csv", b=b, new=b, a=a)
    assert done(capsys, "run", path, other) == done(capsys, "run", path, plane)


def test_classes_of_words(capsys, kinds, tmp_path):
    path = tmp_path / "m.npz"
    options = ["--target", "kind", "--ignore", "code", "--validation", "0.2"]
    printed = done(capsys, "train", kinds, *options, "-o", path)
    learnt, held_out, commonest = (float(cell.rstrip("%")) for cell in table(printed))
    assert learnt > 95
    assert held_out > 90
    assert commonest < 60
    names, rows = predicted(capsys, path, kinds)
    assert names == ["kind", "a", "b two", "c"]
    right = [row.split(",")[2] for row in kinds.read_text().splitlines()[1:]]
    assert np.mean([row[0] == kind for row, kind in zip(rows, right)]) > 0.95
    chances = np.array([row[1:] for row in rows], float)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    assert [names[1 + i] for i in chances.argmax(axis=1)] == [row[0] for row in rows]


def test_classes_of_numbers_have_to_be_asked_for(capsys, kinds, tmp_path):
    options = ["--target", "code", "--ignore", "kind", "--epochs", "2", "-q", "-o", tmp_path / "m.json"]
    assert done(capsys, "train", kinds, *options) == ""
    assert predicted(capsys, tmp_path / "m.json", kinds)[0] == ["code"]
    done(capsys, "train", kinds, *options, "--classes")
    assert predicted(capsys, tmp_path / "m.json", kinds)[0] == ["code", "1", "2", "3"]


def test_sequences_begin_with_a_cleared_context(capsys, tmp_path):
    """The target is the first input of its sequence: who mixes sequences up cannot know it."""
    first = RNG.choice([-1.0, 1.0], 40)
    data = write(
        tmp_path / "s.csv",
        name=np.repeat([f"s{i}" for i in range(40)], 3),
        x=np.column_stack([first, np.zeros((40, 2))]).ravel(),
        y=10 + 5 * np.repeat(first, 3),
    )
    path = tmp_path / "m.json"
    options = ["--sequence", "name", "--target", "y", "--model", "lstm", "--hidden", "4", "--rate", "0.05"]
    printed = done(capsys, "train", data, *options, "--validation", "0.25", "-o", path)
    assert float(table(printed)[1]) < 1.5  # of sequences held out
    once = predicted(capsys, path, data, "--sequence", "name")[1]
    answers = np.array(once, float)[:, 0]
    assert np.abs(answers - (10 + 5 * np.repeat(first, 3))).mean() < 1.5
    same = np.flatnonzero(first == first[0])
    np.testing.assert_array_equal(answers.reshape(40, 3)[same], [answers[:3]] * len(same))


def test_ahead_is_in_the_name_and_the_target_is_an_input(capsys, tmp_path):
    """x grows by 1 a row."""
    data = write(tmp_path / "s.csv", x=range(40))
    path = tmp_path / "m.json"
    done(capsys, "train", data, "--target", "x", "--ahead", "2", "--epochs", "300", "-o", path)
    names, rows = predicted(capsys, path, data)
    assert names == ["x +2"]
    assert np.abs(np.array(rows, float)[:-2, 0] - np.arange(2, 40)).max() < 1


def test_a_seed_decides(capsys, kinds, tmp_path):
    files = [tmp_path / f"{i}.json" for i in range(3)]
    for path, seed in zip(files, "112"):
        options = ["--target", "kind", "--validation", "0.2", "--epochs", "2", "--seed", seed]
        done(capsys, "train", kinds, *options, "-o", path)
    first, second, other = (load(path).weights.tolist() for path in files)
    assert first == second != other


def test_patience_stops(capsys, plane, tmp_path):
    options = [
        "--target",
        "y",
        "--ignore",
        "word",
        "--validation",
        "0.3",
        "--epochs",
        "99999",
        "--rate",
        "0.1",
    ]
    printed = done(capsys, "train", plane, *options, "--patience", "2", "-o", tmp_path / "m.json")
    assert "stopped by --patience" in printed


@pytest.mark.filterwarnings("ignore::synapse.errors.RateWarning")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--target", "none"], "no column 'none'"),
        (["--target", "y"], "line 2, column 'word': 'x' is not a finite number, nor .*--ignore"),
        (["--target", "y", "--ignore", "wrod"], "no column 'wrod'"),  # codespell:ignore wrod
        (["--target", "y", "--ignore", "word", "--sequence", "z"], "no column 'z'"),
        (["--target", "y", "--ignore", "word", "--sequence", "word"], "has two"),
        (["--target", "y", "--inputs", "y"], "'y' has two"),
        (["--target", "y,word", "--classes"], "one --target"),
        (["--target", "y,word"], "'word'.*not a finite number"),
        (["--target", "y", "--inputs", "a", "--ahead", "60"], "longer than 60 rows"),
        (["--target", "y", "--inputs", "a", "--sequence", "word"], "must be consecutive"),
        (["--target", "y", "--inputs", "a", "--validation", "0.999"], "leaves no training data"),
        (["--target", "y", "--ignore", "a,b,word"], "--ahead"),
        (["--target", "y", "--inputs", "a", "--rate", "1e9"], "lower --rate than 1e"),
    ],
)
def test_what_cannot_be_learnt_is_refused_and_nothing_saved(capsys, plane, tmp_path, options, told):
    path = tmp_path / "m.json"
    code = 2 if told in ("has two", "'y' has two", "one --target") else 1
    assert re.search(told, refused(capsys, "train", plane, *options, "-o", path, code=code))
    assert not path.exists()


def test_one_class_is_none(capsys, tmp_path):
    data = write(tmp_path / "d.csv", a=[1, 2], y=["x", "x"])
    assert "two classes" in refused(capsys, "train", data, "--target", "y", "-o", tmp_path / "m.json")


def test_a_word_among_numbers_is_a_mistake(capsys, tmp_path):
    data = write(tmp_path / "d.csv", a=[1, 2], y=["1", "x"])
    sentence = refused(capsys, "train", data, "--target", "y", "-o", tmp_path / "m.json")
    assert "line 3, column 'y'" in sentence
    assert "--classes" in sentence


def test_where_it_cannot_be_saved_is_told_before_the_work(capsys, plane, tmp_path):
    options = ["--target", "y", "--ignore", "word", "--epochs", "1000000000"]
    for name in ("m.py", "m.txt", "m"):
        assert ".json" in refused(capsys, "train", plane, *options, "-o", tmp_path / name, code=2)
    sentence = refused(capsys, "train", plane, *options, "-o", tmp_path / "none" / "m.json")
    assert "no such folder" in sentence


@pytest.mark.parametrize(
    "options",
    [
        ["--epochs", "0"],
        ["--epochs", "x"],
        ["--rate", "0"],
        ["--rate", "nan"],
        ["--hidden", "8,0"],
        ["--hidden", ""],
        ["--validation", "1"],
        ["--patience", "-1"],
        ["--seed", "-1"],
        ["--model", "oracle"],
        ["--target", "a,,b"],
        ["--target", "a,a"],
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(capsys, options):
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "x.csv", "--target", "y", "-o", "m.json", *options])
    assert stop.value.code == 2
    assert f"argument {options[0]}" in capsys.readouterr().err


def read_until(terminal, running, pattern, seconds=100):
    """What a process shows on a terminal until it shows the pattern or ends; killed if it does not."""
    shown, end = "", time.monotonic() + seconds
    while not re.search(pattern, shown):
        if time.monotonic() > end or not select.select([terminal], [], [], seconds)[0]:
            running.kill()
        try:
            shown += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the process has ended
            return shown
    return shown


@pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")
@pytest.mark.parametrize("model", ["perceptron", "lstm"])
@pytest.mark.parametrize(
    ("hidden", "told"),
    [
        (
            "1000000000000",
            "A model of 2-1000000000000-1 neurons needs .* GB of memory or more. This machine has",
        ),
        ("8,1000000,1000000", "Give a smaller --hidden"),
        ("9" * 30, "argument --hidden: expected a whole number up to 10.15, got '9999"),
        ("9" * 5000, "expected a whole number up to 10.15"),
    ],
)
def test_what_no_machine_can_hold_is_refused_before_the_work(plane, tmp_path, capsys, model, hidden, told):
    options = ["--target", "y", "--ignore", "word", "--model", model, "-o", str(tmp_path / "m.json")]
    try:
        code = cli.main(["train", str(plane), *options, "--hidden", hidden])
    except SystemExit as left:  # argparse's
        code = left.code
    assert code == 2
    assert re.search(told, capsys.readouterr().err)
    assert not (tmp_path / "m.json").exists()


def test_too_little_memory_is_told(plane, tmp_path, capsys, monkeypatch):
    def none(*arguments, **options):
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr("synapse.cli.scaling.Network", none)
    sentence = refused(capsys, "train", plane, "--target", "y", "--ignore", "word", "-o", tmp_path / "m.json")
    assert sentence == "There is not enough memory for this: Unable to allocate 9 TiB."


def test_ctrl_c_saves_what_was_reached_and_the_bar_is_for_terminals(plane, tmp_path):
    import termios

    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    options = ["--target", "y", "--ignore", "word", "--epochs", "1000000000", "-o", tmp_path / "m.json"]
    command = line("train", plane, *options)

    def hear():  # nohup, and `&` of a shell, let children ignore it
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    pipes = {"stdout": subprocess.PIPE, "stderr": theirs, "text": True}
    with subprocess.Popen(command, **pipes, env=ENVIRONMENT, preexec_fn=hear) as running:  # noqa: PLW1509
        os.close(theirs)
        assert " steps/s" in read_until(ours, running, "error .* steps/s")
        running.send_signal(signal.SIGINT)
        said = read_until(ours, running, "trained so far")
        assert re.search(
            r"synapse: Interrupted after \d+ epochs; .*m.json' is the model trained so far\.", said
        )
        assert running.wait(60) == 130
        assert ", interrupted" in running.stdout.read()
    os.close(ours)
    answer = process("run", tmp_path / "m.json", plane)
    assert answer.returncode == 0
    assert answer.stdout.startswith("y\n")


# --- series --------------------------------------------------------------------------------------


def months(count, first=2010):
    return [f"{first + i // 12}-{i % 12 + 1:02}" for i in range(count)]


@pytest.fixture
def sales(tmp_path):
    """Ten years of months with a season, in a German file with another column."""
    month = np.arange(120)
    y = 1000 + 200 * np.sin(2 * np.pi * month / 12) + RNG.normal(0, 10, 120)
    rows = zip(months(120), y, y / 2, strict=True)
    lines = [f"{date};{one:.1f};{two:.1f}".replace(".", ",") for date, one, two in rows]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["Monat;Umsatz (kEUR);Kosten [kEUR]", *lines, "Quelle: wir;;"]), "utf-8-sig")
    return path


def test_a_series_needs_a_target_only(capsys, sales, tmp_path):
    path = tmp_path / "m.json"
    printed = done(capsys, "train", sales, "--target", "Umsatz", "-o", path)
    head, _, *rest = printed.splitlines()
    assert head == "120 rows, 2010-01 to 2019-12 (Monat), step: month."
    assert rest[0].startswith("Not used: the column 'Kosten [kEUR]'. To predict from other columns")
    assert "training  held-out  persistence  seasonal naive (12)" in printed
    assert printed.splitlines()[-1].startswith("The network ")
    network = load(path)
    assert [neuron.name for neuron in network.input] == ["Umsatz (kEUR)"]
    assert [neuron.name for neuron in network.output] == ["Umsatz (kEUR) +1"]
    facts = network.metadata
    assert set(facts) == set(Facts.__annotations__)
    assert (facts["targets"], facts["units"]) == (["Umsatz (kEUR)"], {"Umsatz (kEUR)": "kEUR"})
    assert (facts["date"], facts["step"], facts["season"]) == ("Monat", "month", 12)
    assert facts["last_date"] == "2019-12-01T00:00:00"
    assert (facts["rows"], facts["held_out_rows"], facts["ahead"]) == (119, 24, 1)
    assert facts["verdict"] == printed.splitlines()[-1]
    assert facts["command"].startswith("synapse train ")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(facts["trained"])) < timedelta(hours=1)


def test_errors_of_a_series_are_those_of_its_end(capsys, sales, tmp_path):
    """The held-out error is what `synapse run` finds on the last rows."""
    path = tmp_path / "m.json"
    done(capsys, "train", sales, "--target", "Umsatz", "--ahead", "2", "-q", "-o", path)
    facts = load(path).metadata
    code = cli.main(["run", str(path), str(sales)])
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "synapse: Not read: the text in line 122.\n")
    answers = np.array(printed.out.splitlines()[1:], float)
    y = read_sheet(str(sales)).numbers(["Umsatz"])[:, 0]
    out = facts["held_out_rows"]
    error = np.sqrt(np.mean((answers[:-2] - y[2:])[-out:] ** 2))
    assert facts["error"] == {"Umsatz (kEUR)": pytest.approx(error)}
    naive = np.sqrt(np.mean((y[-out:] - y[-out - 12 : -12]) ** 2))
    assert facts["baselines"]["seasonal naive (12)"] == {"Umsatz (kEUR)": pytest.approx(naive)}
    still = np.sqrt(np.mean((y[-out:] - y[-out - 2 : -2]) ** 2))
    assert facts["baselines"]["persistence"] == {"Umsatz (kEUR)": pytest.approx(still)}


def test_the_held_out_end_of_a_series_decides_nothing(capsys, sales, tmp_path):
    """Another end gives the same weights, also with --patience, but another error."""
    other = tmp_path / "other.csv"
    lines = sales.read_text("utf-8-sig").splitlines()
    lines[100:121] = [line.replace(";1", ";9", 1) for line in lines[100:121]]
    other.write_text("\n".join(lines), "utf-8")
    for options in ([], ["--patience", "3"]):
        made = []
        for data in (sales, other):
            options = [*options, "--target", "Umsatz", "--epochs", "10", "-q", "-o", tmp_path / "m.json"]
            done(capsys, "train", data, *options)
            made.append(load(tmp_path / "m.json"))
        np.testing.assert_array_equal(made[0].weights, made[1].weights)
        assert made[0].metadata["error"] != made[1].metadata["error"]


def test_inputs_of_a_series_and_other_uses_of_dates(capsys, sales, tmp_path):
    path = tmp_path / "m.json"
    options = ["--target", "Umsatz", "--epochs", "2", "-q", "-o", path]

    def inputs():
        return [neuron.name for neuron in load(path).input]

    done(capsys, "train", sales, *options, "--inputs", "Kosten,Umsatz", "--validation", "0")
    assert inputs() == ["Kosten [kEUR]", "Umsatz (kEUR)"]
    facts = load(path).metadata
    assert (facts["held_out_rows"], facts["verdict"]) == (0, None)
    done(capsys, "train", sales, *options, "--ahead", "0")
    assert inputs() == ["Kosten [kEUR]"]
    assert load(path).metadata["date"] is None
    done(capsys, "train", sales, *options, "--ignore", "Monat")
    assert inputs() == ["Kosten [kEUR]"]


def test_missing_values_of_a_series_are_refused_or_mended(capsys, sales, tmp_path):
    path = tmp_path / "m.json"
    lines = sales.read_text("utf-8-sig").splitlines()
    lines[5] = lines[5].split(";")[0] + ";n/a;1,0"
    del lines[50]
    sales.write_text("\n".join(lines), "utf-8")
    options = ["--target", "Umsatz", "--epochs", "2", "-o", path]
    assert cli.main(["train", str(sales), *map(str, options)]) == 1
    message = capsys.readouterr().err
    assert "line 6, column 'Umsatz (kEUR)': the value is missing" in message
    assert "line 51, column 'Monat': the row of 2014-02 is missing before this one" in message
    assert message.endswith("To mend missing values and dates, say --fill forward, linear or drop.\n")
    assert not path.exists()
    printed = done(capsys, "train", sales, *options, "--fill", "linear")
    assert "Mended by --fill linear: 1 missing value and 1 missing row." in printed
    assert load(path).metadata["fill"] == "linear"


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("date,y\n2024-01,1\n", [], "Expected a series, two rows"),
        ("date,y\n2024-01,1\n2024-02,2\n", [], "two rows to learn from, or more, got one"),
        ("date,y\n2024-01,1\n2024-02,2\n2024-03,2\n", ["--validation", "0.9"], "leaves no training data"),
        ("date,y\n2024-01,1\n2024-02,2\n", ["--ahead", "2"], "--ahead 2 needs more than 2 rows"),
        ("date,y\n2024-01,1\n2024-02,2\n", ["--fill", "drop", "--ahead", "9"], "--ahead 9 needs more than 9"),
        ("date,y\n2024-01,1\n2024-02,2\n", ["--date", "z"], "no column 'z'"),
        ("date,y\n01/02/2024,1\n01/03/2024,2\n", [], "--dates day-first or --dates month-first"),
    ],
)
def test_what_is_no_series_is_refused_and_nothing_saved(capsys, tmp_path, text, options, told):
    (tmp_path / "d.csv").write_text(text)
    sentence = refused(
        capsys, "train", tmp_path / "d.csv", "--target", "y", *options, "-o", tmp_path / "m.json"
    )
    assert told in sentence
    assert not (tmp_path / "m.json").exists()


def test_missing_values_of_samples_are_mended(capsys, tmp_path):
    data = write(tmp_path / "d.csv", a=[1, "", 3, 4], y=[1, 2, 3, "-"], k=["p", "p", "q", "q"])
    options = ["--target", "y", "--epochs", "1", "-q", "-o", tmp_path / "m.json"]
    assert cli.main(["train", str(data), *map(str, options), "--ignore", "k"]) == 1
    assert "has 2 problems:\n  line 3, column 'a'" in capsys.readouterr().err
    done(capsys, "train", data, *options, "--ignore", "k", "--fill", "drop")
    assert load(tmp_path / "m.json").metadata["rows"] == 2
    done(capsys, "train", data, *options, "--sequence", "k", "--fill", "drop", "--inputs", "a")
    sentence = refused(capsys, "train", data, *options, "--sequence", "k", "--fill", "linear", code=2)
    assert "--fill drop" in sentence


def test_dates_of_sequences_and_samples_are_left_out(capsys, tmp_path):
    data = write(
        tmp_path / "d.csv", shop=np.repeat(["a", "b"], 12), month=months(12) * 2, y=range(24), z=range(24)
    )
    path = tmp_path / "m.json"
    options = ["--target", "y", "--epochs", "1", "-q", "-o", path]
    done(capsys, "train", data, *options, "--sequence", "shop", "--ahead", "1")
    assert [neuron.name for neuron in load(path).input] == ["y", "z"]
    assert cli.main(["train", str(data), *map(str, options)]) == 1
    message = capsys.readouterr().err
    assert "2010-01 comes twice" in message
    assert message.endswith("If a column tells several series apart, name it: --sequence COLUMN.\n")
    (tmp_path / "t.csv").write_text("month,y,z\n2024-01,1,2\n2024-02,2,3\nTotal,3,5\n")
    done(capsys, "train", tmp_path / "t.csv", *options, "--ahead", "0")
    assert load(path).metadata["rows"] == 2


def test_adam_learns_through_time(capsys, tmp_path):
    values = np.sin(0.5 * np.arange(60)).round(3)
    (tmp_path / "d.csv").write_text("\n".join(["y", *map(str, values)]) + "\n")
    train = ["train", tmp_path / "d.csv", "--target", "y", "--ahead", 1, "--model", "elman", "--hidden", 3]
    options = ["--epochs", 30, "--optimizer", "adam", "-q", "-o", tmp_path / "m.json"]
    done(capsys, *train, *options)
    x, y = values[:-1, None], values[1:, None]
    made = Scaled("elman", [3], ["y"], ["y +1"], None, 0)
    trainer = Trainer(made.network, 0.02, method="bptt", optimizer=optimizers.Adam())
    standard = Scale.of(x).standard(x), Scale.of(y).standard(y)
    trainer.train(*standard, epochs=30, seed=0, progress=False)
    made.set(Scale.of(x), Scale.of(y))
    np.testing.assert_array_equal(load(tmp_path / "m.json").run(x), made.network.run(x))
