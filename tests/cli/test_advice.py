"""Advice of messages, followed once: it ends well, in each command that gives it."""

import re
import shlex

import numpy as np
import pytest

import architect
from synapse import cli
from synapse.readwrite import save
from synapse.tables import TrainingOptions, read_table, train_rows
from tests.helpers.cases import all_hold

from .command import months

RNG = np.random.default_rng(0)
COUNT = 48
MONTHS = months(COUNT, 2019)
NOISE = RNG.normal(50, 5, COUNT).round(2)
X = RNG.uniform(80, 120, COUNT).round(1)
GERMAN = [f"{value + 0.5}".replace(".", ",") for value in range(COUNT)]
DAYS = [f"{1 + place % 28:02}.{1 + place // 28:02}.2024" for place in range(COUNT)]
STARTS = [np.timedelta64(97 * i * i, "m") for i in range(COUNT)]
ODD = [str(np.datetime64("2024-01-01T00:00") + start) for start in STARTS]


def lines(head, *columns, mark=","):
    """A table with these names and columns."""
    rows = (mark.join(map(str, row)) for row in zip(*columns, strict=True))
    return "\n".join([head, *rows]) + "\n"


def some(values, cell, *places):
    """Values, of which some are replaced."""
    return [cell if place in places else value for place, value in enumerate(values)]


CASES = {
    # the table, the commands, the advice in the message, and what is passed if it is
    # something else
    "--sep": (lines("x;y", X, NOISE, mark=";"), "train", r"(--sep ';')", None),
    "--sep and --decimal": (lines("date;y", MONTHS, GERMAN, mark=";"),
        "train compare", r"(--sep ';', --decimal ',')", "--sep ';' --decimal ,"),
    "--na-values": (lines("date,y", MONTHS, some(NOISE, "n.v.", 7)),
        "train compare", r"missing values: (--na-values 'n\.v\.' --fill linear)", None),
    "--fill": (lines("date,y", some(MONTHS, "2030-01", COUNT - 1), NOISE),
        "train compare", r"pass (--fill forward)", None),
    "--skiprows": ("Report of 2024\n" + lines("date,y", MONTHS, NOISE),
        "train compare", r"or (--skiprows \d+),", None),
    "--date-format": (lines("date,y", DAYS, NOISE),
        "train compare", r"(--date-format %d\.%m\.%Y)",
        "--date-format %d.%m.%Y --fill linear"),
    "--ignore, text": (lines("date,y", DAYS, NOISE),
        "train", r"out: (--ignore 'date')", None),
    "--date": (lines("month,x,y", MONTHS, X, NOISE),
        "train", r"\((--date) names", "--date month"),
    "--ignore, a key": (lines("id,x,y", range(COUNT), X, NOISE),
        "train", r"leave them out: (--ignore 'id')", None),
    "--ignore, uneven": (lines("time,y", ODD, NOISE),
        "train compare", r"(leave 'time' out)", "--ignore time"),
    "--sequence": (lines("shop,date,y", [*"ab" * 24], np.repeat(MONTHS[::2], 2), NOISE),
        "train compare", r"(--sequence COLUMN)", "--sequence shop --methods naive"),
    "--ahead 0": (lines("year,x,y", [2010 + i % 9 for i in range(COUNT)], X, NOISE),
        "train", r"train with (--ahead 0)", None),
    "--classes": (lines("x,y", X, [i % 2 for i in range(COUNT)]),
        "train", r"(--classes)", None),
    "--observed": (lines("date,x,y", MONTHS, X, NOISE),
        "train", r"by (--observed)", "--observed x"),
    "--validation": (lines("date,y", MONTHS[:6], NOISE[:6]),
        "compare", r"or a (validation) fraction", "--validation 0.34"),
}  # fmt: skip


def saved(tmp_path, *options):
    """A model of a series with two columns, trained with these options."""
    data = tmp_path / "d.csv"
    data.write_text(lines("date,x,y", MONTHS, X, NOISE), encoding="utf-8")
    (tmp_path / "f.csv").write_text("date,x\n2023-01,90\n2023-02,91\n")
    model = tmp_path / "m.json"
    learn = ["train", data, "--target", "y", "--epochs", 2, "-o", model, *options]
    assert cli.main([*map(str, learn), "--methods", "naive,mean"]) == 0
    return ["forecast", model, data, "--steps", 2]


def in_other_names(tmp_path):
    """A network of Python, whose input has another name than the column."""
    net = architect.Perceptron(1, 1, seed=0)
    net.input[0].name = "x"
    (tmp_path / "n.csv").write_text(lines("z", X), encoding="utf-8")
    save(net, tmp_path / "m.json")
    return ["run", tmp_path / "m.json", tmp_path / "n.csv"]


def learning(tmp_path, *options, content=None, code="utf-8"):
    """A training of a file."""
    content = content or lines("x,y", X, NOISE)
    (tmp_path / "d.csv").write_text(content, encoding=code)
    learn = ["train", tmp_path / "d.csv", "--target", "y", "--epochs", 1, *options]
    return [*learn, "-o", tmp_path / "m.json"]


def longer_checkpoint(tmp_path):
    """A checkpoint of an interrupted training, which has more epochs."""
    path = tmp_path / "c.json"
    line = learning(tmp_path, "--checkpoint", path)

    def stop(trained):
        raise EOFError

    options = TrainingOptions(epochs=3, checkpoint=str(path), on_test=stop)
    with pytest.raises(EOFError):
        train_rows(read_table(tmp_path / "d.csv"), ["y"], None, options)
    return line


FOLLOWED = {
    # a command, its advice, what is passed then, and the options that go
    "--method": (lambda path: [*saved(path, "--known", "x"), "--future", path/"f.csv"],
        r"can, by (--method network)", None, ()),
    "--future": (lambda path: saved(path, "--known", "x"),
        r"(--future) FILE", "--future {}/f.csv", ()),
    "no --future": (
        lambda path: [*saved(path, "--observed", "x"), "--future", path / "f.csv"],
        r"Remove (--future)", "", ("--future",)),
    "--in-order": (in_other_names, r"pass (--in-order)", None, ()),
    "--encoding": (
        lambda path: learning(path, content=lines("\u00e4,y", X, NOISE), code="cp1252"),
        r"such as (--encoding cp1252)", None, ()),
    "--checkpoint": (longer_checkpoint, r"Pass (--epochs 3) or", None, ("--epochs",)),
    "--rate": (lambda path: learning(path, "--rate", 10, "--epochs", 9),
        r"a lower (--rate) than", "--rate 0.01", ("--rate",)),
    "--optimizer": (lambda path: learning(path, "--momentum", 0.5),
        r"needs (--optimizer \w+)", None, ()),
}  # fmt: skip


@pytest.mark.full
def test_advice_of_other_commands_is_followed(capsys, tmp_path):
    def check(make, pattern, follow, gone):
        line = [*map(str, make(tmp_path))]
        capsys.readouterr()
        cli.main(line)
        said = " ".join("".join(capsys.readouterr()).split())
        match = re.search(pattern, said)
        assert match is not None, said
        for option in gone:
            place = line.index(option)
            del line[place : place + 2]
        follow = match[1] if follow is None else follow.format(tmp_path)
        assert cli.main([*line, *shlex.split(follow)]) == 0, capsys.readouterr()
        assert re.search(pattern, "".join(capsys.readouterr())) is None

    all_hold(check, FOLLOWED)


@pytest.mark.full
def test_a_model_without_errors_is_trained_again_as_advised(capsys, tmp_path):
    line = [*map(str, saved(tmp_path, "--validation", 0)), "--coverage", "0.9"]
    assert cli.main(line) == 1
    assert "Train it with --validation above 0" in capsys.readouterr().err
    saved(tmp_path, "--validation", 0.2)
    assert cli.main(line) == 0
