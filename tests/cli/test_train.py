"""`synapse train`: from a table to a model that predicts in the units of the table."""

import re
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.cli.facts import Facts
from synapse.readwrite import load
from tests.cases import all_hold

from .command import answers, called, chaos, done, months, refused, told, write


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def plane(tmp_path, rng):
    """Numbers far from 0 and from each other in size, and what follows from them by a line."""
    a, b = rng.normal(1000, 50, 60), rng.normal(0, 1e-4, 60)
    return write(tmp_path / "plane.csv", a=a, b=b, word=["x", "y"] * 30, y=3 * a + 2e6 * b - 500)


@pytest.fixture
def kinds(tmp_path, rng):
    """Three clouds of points, in the order of their names, and a number of each."""
    place = np.repeat([[0, 0], [5, 0], [0, 5]], 20, axis=0) + rng.normal(0, 0.5, (60, 2))
    names = np.repeat(["b two", "a", "c"], 20)
    return write(tmp_path / "k.csv", a=place[:, 0], b=place[:, 1], kind=names, code=np.repeat([3, 1, 2], 20))


def predicted(capsys, *arguments):
    """Names and rows that `synapse run` answers."""
    names, *rows = [row.split(",") for row in done(capsys, "run", *arguments).splitlines()]
    return names, rows


def standard(rows):
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


ALONE = {
    "perceptron": lambda **o: architect.Perceptron(2, 4, 3, 1, squash="tanh", **o),
    "elman": lambda **o: architect.Elman(2, 4, 3, 1, squash="tanh", **o),
    "lstm": lambda **o: architect.LSTM(2, 4, 3, 1, cell_squash="tanh", **o, style="synaptic"),
    "gru": lambda **o: architect.GRU(2, 4, 3, 1, **o),
}


def test_learning_is_that_of_the_architecture_alone_and_answers_are_in_units(capsys, plane, tmp_path):
    table = np.loadtxt(plane, delimiter=",", skiprows=1, usecols=(0, 1, 3))
    x, y = table[:, :2], table[:, 2:]
    options = ["--target", "y", "--ignore", "word", "--hidden", "4,3", "--epochs", 3, "--seed", 1, "-q"]

    def check(model, optimizer):
        path = tmp_path / "m.json"
        done(capsys, "train", plane, *options, "--model", model, "--optimizer", optimizer, "-o", path)
        net = ALONE[model](output_squash="identity", initializer="glorot", seed=1)
        adam = {"method": "bptt", "optimizer": optimizers.Adam()}
        trainer = Trainer(net, 0.02, **(adam if optimizer == "adam" else {}))
        trainer.train(standard(x), standard(y), epochs=3, seed=1, progress=False)
        net.clear()
        expected = y.mean() + y.std() * net.run(standard(x))
        np.testing.assert_allclose(answers(done(capsys, "run", path, plane)), expected, rtol=1e-9)

    all_hold(check, [(model, optimizer) for model in ALONE for optimizer in ("sgd", "adam")])


def test_a_constant_column_is_not_divided_by_its_deviation(capsys, tmp_path):
    data = write(tmp_path / "d.csv", a=range(3), b=[0.1] * 3, y=range(3))  # std() is not quite 0
    done(capsys, "train", data, "--target", "y", "--epochs", 1, "-q", "-o", tmp_path / "m.json")
    links = load(tmp_path / "m.json").connections
    assert max(link.weight for link in links if not link.trainable) < 100


def test_classes(capsys, kinds, tmp_path):
    path = tmp_path / "m.npz"
    options = ["--target", "kind", "--ignore", "code", "--validation", "0.2"]
    printed = done(capsys, "train", kinds, *options, "-o", path)
    learnt, held_out, commonest = (float(cell.rstrip("%")) for cell in printed.splitlines()[-1].split()[1:])
    assert (learnt > 95, held_out > 90, commonest < 60) == (True, True, True)
    names, rows = predicted(capsys, path, kinds)
    assert names == ["kind", "a", "b two", "c"]
    right = [row.split(",")[2] for row in kinds.read_text().splitlines()[1:]]
    assert np.mean([row[0] == kind for row, kind in zip(rows, right)]) > 0.95
    chances = np.array([row[1:] for row in rows], float)
    assert [names[1 + i] for i in chances.argmax(axis=1)] == [row[0] for row in rows]
    options = ["--target", "code", "--ignore", "kind", "--epochs", "2", "-q", "-o", path]
    done(capsys, "train", kinds, *options)
    assert predicted(capsys, path, kinds)[0] == ["code"]
    done(capsys, "train", kinds, *options, "--classes")
    assert predicted(capsys, path, kinds)[0] == ["code", "1", "2", "3"]


def test_sequences_begin_with_a_cleared_context(capsys, tmp_path, rng):
    """The target is the first input of its sequence: who mixes sequences up cannot know it."""
    first = rng.choice([-1.0, 1.0], 40)
    data = write(
        tmp_path / "s.csv",
        name=np.repeat([f"s{i}" for i in range(40)], 3),
        x=np.column_stack([first, np.zeros((40, 2))]).ravel(),
        y=10 + 5 * np.repeat(first, 3),
    )
    path = tmp_path / "m.json"
    options = ["--sequence", "name", "--target", "y", "--model", "lstm", "--hidden", "4", "--rate", "0.05"]
    printed = done(capsys, "train", data, *options, "--validation", "0.25", "-o", path)
    assert float(printed.splitlines()[-1].split()[2]) < 1.5  # of sequences held out
    assert load(path).metadata["held_out_rows"] == 30
    once = answers(done(capsys, "run", path, data, "--sequence", "name"))[:, 0]
    assert np.abs(once - (10 + 5 * np.repeat(first, 3))).mean() < 1.5
    same = np.flatnonzero(first == first[0])
    np.testing.assert_array_equal(once.reshape(40, 3)[same], [once[:3]] * len(same))


def test_patience_stops(capsys, plane, tmp_path):
    options = ["--target", "y", "--ignore", "word", "--validation", 0.3, "--epochs", 99_999, "--rate", 0.1]
    printed = done(capsys, "train", plane, *options, "--patience", "2", "-o", tmp_path / "m.json")
    assert "stopped by --patience" in printed


@pytest.mark.filterwarnings("ignore::synapse.errors.RateWarning")
def test_what_cannot_be_learnt_is_refused_and_nothing_saved(capsys, plane, tmp_path):
    one = write(tmp_path / "one.csv", a=[1, 2], y=["x", "x"])
    word = write(tmp_path / "word.csv", a=[1, 2], y=["1", "x"])
    path, before = tmp_path / "m.json", sorted(tmp_path.iterdir())

    def train(*options, data=plane):
        return ["train", data, "--epochs", 1_000_000_000, "-o", path, *options]

    y, ignoring = ["--target", "y"], ["--target", "y", "--ignore", "word"]
    of_a = [*y, "--inputs", "a"]
    told(
        capsys,
        [
            (train("--target", "none"), 1, "no column 'none'"),
            (train(*y), 1, "line 2, column 'word': 'x' is not a finite number, nor .*--ignore"),
            (train(*ignoring, "--sequence", "word"), 2, "has two"),
            (train("--target", "y,word", "--classes"), 2, "one --target"),
            (train(*of_a, "--ahead", 60), 1, "longer than 60 rows"),
            (train(*of_a, "--sequence", "word"), 1, "must be consecutive"),
            (train(*of_a, "--validation", 0.999), 1, "leaves no training data"),
            (train(*y, "--ignore", "a,b,word"), 1, "--ahead"),
            (train(*of_a, "--sequence", "word", "--fill", "linear"), 2, "--fill drop"),
            (train(*of_a, "--rate", 1e9), 1, "lower --rate than 1e"),
            (train(*y, data=one), 1, "two classes"),
            (train(*y, data=word), 1, "line 3, column 'y': 'x'.*--classes"),
            (train(*ignoring, "-o", tmp_path / "m.py"), 2, r"\.json"),
            (train(*ignoring, "-o", tmp_path / "none" / "m.json"), 1, "no such folder"),
            (train(*ignoring, "--hidden", 10**12), 2, "2-1000000000000-1 neurons needs .* GB of memory"),
        ],
    )
    assert sorted(tmp_path.iterdir()) == before


def test_options_that_make_no_sense_are_wrong_usage(capsys):
    pairs = [
        *[("--epochs", "0"), ("--rate", "nan"), ("--hidden", "8,0"), ("--hidden", "9" * 5000)],
        *[("--validation", "1"), ("--patience", "-1"), ("--seed", "-1"), ("--model", "oracle")],
        *[("--target", "a,,b"), ("--target", "a,a")],
    ]
    command = ["train", "x.csv", "--target", "y", "-o", "m.json"]
    told(capsys, [([*command, *pair], 2, f"argument {pair[0]}") for pair in pairs])


def test_ctrl_c_saves_what_was_reached_and_the_bar_is_for_terminals(plane, tmp_path, capsys, monkeypatch):
    run, model = tmp_path / "run.ckpt", tmp_path / "m.json"

    def press():
        while not run.exists():
            time.sleep(0.01)
        time.sleep(0.3)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    threading.Thread(target=press).start()
    train = ["train", plane, "--target", "y", "--ignore", "word", "-o", model, "--checkpoint", run]
    code, printed, said = called(capsys, *train, "--epochs", 10**9)
    assert (code, ", interrupted" in printed) == (130, True)
    assert re.search("error .* steps/s", said)
    (epochs,) = re.findall(
        r"synapse: Interrupted after ([\d,]+) epochs?; .*m.json' is the model trained so", said
    )
    assert len(answers(done(capsys, "run", model, plane))) == 60
    done(capsys, *train, "--resume", "--epochs", int(epochs.replace(",", "")) + 1, "-q")


# --- series --------------------------------------------------------------------------------------


@pytest.fixture
def sales(tmp_path, rng):
    """Ten years of months with a season, in a German file with another column."""
    month = np.arange(120)
    y = 1000 + 200 * np.sin(2 * np.pi * month / 12) + rng.normal(0, 10, 120)
    rows = zip(months(120), y, y / 2, strict=True)
    lines = [f"{date};{one:.1f};{two:.1f}".replace(".", ",") for date, one, two in rows]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["Monat;Umsatz (kEUR);Kosten [kEUR]", *lines]), "utf-8-sig")
    return path


def test_a_series_needs_a_target_only(capsys, sales, tmp_path):
    path = tmp_path / "m.json"
    printed = done(capsys, "train", sales, "--target", "Umsatz", "-o", path)
    head, *rest = printed.splitlines()
    assert head == "120 rows, 2010-01 to 2019-12 (Monat), step: month."
    assert rest[0].startswith("Not used: the column 'Kosten [kEUR]'. To predict from other columns")
    assert "training  held-out  persistence  seasonal naive (12)" in printed
    assert printed.splitlines()[-1].startswith("The network ")
    shown = dict(
        re.split("  +", line, maxsplit=1) for line in done(capsys, "info", path).splitlines() if line
    )
    network = load(path)
    assert [neuron.name for neuron in network.input] == ["Umsatz (kEUR)"]
    assert [neuron.name for neuron in network.output] == ["Umsatz (kEUR) +1"]
    facts = network.metadata
    assert set(facts) == set(Facts.__annotations__)
    assert (facts["targets"], facts["units"]) == (["Umsatz (kEUR)"], {"Umsatz (kEUR)": "kEUR"})
    assert (facts["rows"], facts["held_out_rows"], facts["ahead"]) == (119, 24, 1)
    assert facts["verdict"] == printed.splitlines()[-1]
    assert facts["command"].startswith("synapse train ")
    assert (
        shown.items()
        >= {
            "target": "Umsatz (kEUR)",
            "rows ahead": "1 (step: month)",
            "dates": "Monat, 2010-01-01 to 2019-12-01",
            "rows": "119, 24 of them held out",
            "held-out error": f"{facts['error']['Umsatz (kEUR)']:.4g} kEUR",
            "verdict": facts["verdict"],
        }.items()
    )
    assert abs(datetime.now(UTC) - datetime.fromisoformat(facts["trained"])) < timedelta(hours=1)


def test_errors_of_a_series_are_those_of_its_end(capsys, sales, tmp_path):
    """The held-out error is what `synapse run` finds on the last rows."""
    path = tmp_path / "m.json"
    done(capsys, "train", sales, "--target", "Umsatz", "--ahead", "2", "-q", "-o", path)
    facts, ran = load(path).metadata, answers(done(capsys, "run", path, sales))[:, 0]
    y = np.array([row.split(";")[1].replace(",", ".") for row in sales.read_text().splitlines()[1:]], float)
    out = facts["held_out_rows"]
    expected = {
        "error": ran[:-2] - y[2:],
        "persistence": y[2:] - y[:-2],
        "seasonal naive (12)": y[12:] - y[:-12],
    }
    for name, errors in expected.items():
        found = {**facts["baselines"], "error": facts["error"]}[name]
        assert found == {"Umsatz (kEUR)": pytest.approx(np.sqrt(np.mean(errors[-out:] ** 2)))}


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


def test_whether_a_network_is_worth_it(capsys, tmp_path, rng):
    """A chaotic series follows from its last value, but on no line; a random walk from nothing."""
    verdicts = []
    for y, epochs in ((chaos(), 200), (rng.normal(size=300).cumsum(), 20), (np.sin(np.arange(40)), 20)):
        data = write(
            tmp_path / "d.csv", day=[f"{day}" for day in np.datetime64("2024") + np.arange(len(y))], y=y
        )
        options = [
            "--target",
            "y",
            "--model",
            "perceptron",
            "--epochs",
            epochs,
            "-q",
            "-o",
            tmp_path / "m.json",
        ]
        done(capsys, "train", data, *options)
        facts = load(tmp_path / "m.json").metadata
        best, lowest = min(facts["baselines"].items(), key=lambda item: item[1]["y"])
        ratio = facts["error"]["y"] / lowest["y"]
        share = f"{100 * abs(1 - ratio):.0f} % below" if ratio < 1 else f"{100 * (1 - 1 / ratio):.0f} % lower"
        assert best in facts["verdict"]
        assert share in facts["verdict"]
        verdicts.append(facts["verdict"].split(":")[0])
    assert verdicts == ["The network is worth it", *["The network is not worth it"] * 2]


def test_inputs_of_a_series_and_other_uses_of_dates(capsys, sales, tmp_path):
    path = tmp_path / "m.json"
    options = ["--target", "Umsatz", "--epochs", "2", "-q", "-o", path]

    def trained(*more, data=sales):
        done(capsys, "train", data, *options, *more)
        return [neuron.name for neuron in load(path).input]

    assert trained("--inputs", "Kosten,Umsatz", "--validation", "0") == ["Kosten [kEUR]", "Umsatz (kEUR)"]
    facts = load(path).metadata
    assert (facts["held_out_rows"], facts["verdict"]) == (0, None)
    assert trained("--ahead", "0") == trained("--ignore", "Monat") == ["Kosten [kEUR]"]
    assert load(path).metadata["date"] is None
    shops = {"shop": np.repeat(["a", "b"], 12), "month": months(12) * 2, "Umsatz": range(24), "z": range(24)}
    data = write(tmp_path / "d.csv", **shops)
    assert trained("--sequence", "shop", "--ahead", "1", data=data) == ["Umsatz", "z"]
    assert load(path).metadata["rows"] == 22, "the last row of a sequence has no target"
    said = called(capsys, "train", data, *options)[2]
    assert "2010-01 comes twice" in said
    assert said.endswith("If a column tells several series apart, name it: --sequence COLUMN.\n")


RESUMED = ["--target", "y", "--model", "lstm", "--hidden", "3", "--ahead", "1", "--validation", "0.2"]


@pytest.fixture
def wave(tmp_path):
    steps = np.arange(90)
    return write(tmp_path / "wave.csv", a=np.cos(steps / 7), y=np.sin(steps / 5) * 30 + 100)


def bits(path):
    net = load(path)
    return net.weights.tobytes(), net.biases.tobytes()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_of_two_calls_is_that_of_one(wave, capsys, optimizer):
    given = [*RESUMED, "--optimizer", optimizer]
    whole, part, more = (wave.with_name(f"{name}.npz") for name in ("whole", "part", "more"))
    run = ["--checkpoint", wave.with_name("run.ckpt")]
    report = done(capsys, "train", wave, *given, "--epochs", 9, "-o", whole)
    done(capsys, "train", wave, *given, "--epochs", 4, "-o", part, *run, "--resume", "-q")  # from the start
    shown = done(capsys, "info", run[1]).splitlines()[:3]
    assert re.match(r"checkpoint +4 of 4 epochs done, squared error [\d.]+$", shown[0]), shown
    assert "rate=0.02, cost='squared_error'" in shown[1]
    assert "--target y --ahead 1 --model lstm --hidden 3 --rate 0.02 --optimizer" in shown[2]
    again = done(capsys, "train", wave, *given, "--epochs", 9, "-o", more, *run, "--resume")
    assert bits(whole) == bits(more) != bits(part)
    assert report.splitlines()[-1] == again.splitlines()[-1]


def test_what_does_not_fit_a_checkpoint_is_refused(wave, capsys, tmp_path):
    path, run = tmp_path / "model.npz", tmp_path / "run.ckpt"
    command = ["train", wave, *RESUMED, "-o", path, "--epochs", 2, "-q"]
    done(capsys, *command, "--checkpoint", run)
    before = path.read_bytes(), run.read_bytes()
    again = [*command, "--resume", "--checkpoint"]
    changed = [("--seed", 3, 0), ("--hidden", "3,4", 3), ("--rate", 0.5, 0.02)]
    other, model = tmp_path / "b.npz", tmp_path / "c.npz"
    model.write_bytes(before[0])
    told(
        capsys,
        [
            ([*command, "--checkpoint", run], 2, "give --resume to go on with its training"),
            ([*command, "--resume"], 2, "give --checkpoint FILE, too"),
            ([*again, path], 2, "need two files"),
            ([*command, "--checkpoint", tmp_path / "none" / "run.ckpt"], 1, "there is no such folder"),
            *[
                ([*again, run, option, value], 1, f"it was trained with {option} {was}, not {value}")
                for option, value, was in changed
            ],
            ([*again, model, "-o", other], 1, "it is a model, not a checkpoint"),
        ],
    )
    assert (path.read_bytes(), run.read_bytes()) == before
    write(wave, a=range(90), y=range(90))
    assert "the table has other numbers than it had then" in refused(capsys, *again, run)
    run.write_bytes(run.read_bytes()[:-100])
    assert "Cannot read" in refused(capsys, *again, run)
    assert path.read_bytes() == before[0]
    assert not other.exists()
