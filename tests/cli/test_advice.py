"""Advice of messages, followed once: it ends well, in each command that gives it."""

import gzip
import re
import shlex

import numpy as np
import pytest

import architect
from synapse import cli
from synapse.readwrite import save
from synapse.tables import TrainingOptions, read_table, train_rows
from tests.helpers.cases import all_hold

from .command import months, run_cli

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


TWICE = lines("shop,date,y", [*"ab" * 24], np.repeat(MONTHS[::2], 2), NOISE)
AGAIN = lines("shop,date,y", ["a"] * COUNT, some(MONTHS, "2019-01", 5), NOISE)
SERIES = "train compare forecast run update"
WRONG = {
    # the table, the commands, options that are passed, and values of advised ones
    "mark": (lines("x;y", X, NOISE, mark=";"), "train", "", {}),
    "mark and decimal mark": (lines("date;y", MONTHS, GERMAN, mark=";"),
        SERIES, "", {}),
    "another mark is passed": (lines("date,y", MONTHS, NOISE), SERIES,
        "--sep ;", {}),
    "a decimal mark alone": (lines("date;y", MONTHS, GERMAN, mark=";"),
        "train compare", "--decimal ,", {}),
    "a cell": (lines("date,y", MONTHS, some(NOISE, "n.v.", 7)), SERIES, "",
        {}),
    "two cells": (lines("date,y", MONTHS, some(some(NOISE, "n.v.", 7), "-", 9)),
        SERIES, "--fill linear --na-values n.v.", {}),
    "a cell of inputs": (lines("x,y", some(X, "{x}", 3), NOISE), "train", "", {}),
    "commas": (lines("date,y", MONTHS, [f'"{i},5"' for i in range(COUNT)]),
        SERIES, "", {}),
    "digits in groups": (lines("date,y", MONTHS, [f'"{i},500"' for i in range(COUNT)]),
        "train compare", "", {}),
    "blanks": (lines("date,y", MONTHS, [f"{1 + i} 500" for i in range(COUNT)]),
        SERIES, "", {}),
    "points and commas": (lines("date;y", MONTHS, some(GERMAN, "1.234,5", 6), mark=";"),
        "train compare", "--sep ; --decimal ,", {}),
    "only points and commas": (lines("date;y", MONTHS, ["1.234,5"] * COUNT, mark=";"),
        "train compare", "--sep ;", {}),
    "target in parentheses": (lines("x,y", X, [f"({1 + i % 2})" for i in range(COUNT)]),
        "train", "", {}),
    "input with a percent sign": (lines("x,y", [f"{v}%" for v in X], NOISE), "train",
        "", {"--date": "x"}),
    "inputs are left out": (lines("x,y", [f"a{i}" for i in range(COUNT)], NOISE),
        "train", "--decimal ,", {"--date": "x", "--ignore": "x"}),
    "gaps": (lines("date,y", MONTHS, some(NOISE, "", 7)), SERIES, "", {}),
    "all gaps": (lines("date,y", MONTHS, [""] * COUNT), "train compare",
        "--fill linear", {}),
    "dates are missing": (lines("date,y", some(MONTHS, "2030-01", COUNT - 1), NOISE),
        SERIES, "", {}),
    "lines above": ("Report of 2024\n" + lines("date,y", MONTHS, NOISE),
        "train compare", "", {}),
    "more lines above": ("a\nb\nc\n" + lines("date,y", MONTHS, NOISE),
        "train compare", "--skiprows 1", {}),
    "dates of another form": (lines("date,y", DAYS, NOISE), SERIES, "",
        {"--date-format": "%d.%m.%Y"}),
    "dates of no form": (lines("date,y", DAYS, NOISE), SERIES,
        "--date-format %Y", {}),
    "a named date": (lines("day,y", DAYS, NOISE), "train compare", "--date day",
        {"--date-format": "%d.%m.%Y"}),
    "a named date and a form": (lines("day,y", DAYS, NOISE), "train compare",
        "--date day --date-format %m/%Y", {}),
    "a year beyond": (lines("date,y", some(MONTHS, "12000-01-01", 3), NOISE),
        SERIES, "", {}),
    "a day that is none": (lines("date,y", some(MONTHS, "2019-02-30", 1), NOISE),
        "train compare", "", {"--date-format": "%Y-%m"}),
    "weeks": (lines("year,week,y", [2019 + i // 12 for i in range(COUNT)],
        [1 + i % 12 for i in range(COUNT)], NOISE), "train", "--date year,week",
        {"--date-format": "%Y %m"}),
    "uneven": (lines("time,y", ODD, NOISE), "train compare", "", {}),
    "a date occurs twice": (TWICE, "train compare", "", {"--sequence": "shop"}),
    "a date of a series": (AGAIN, "train compare", "--sequence shop", {}),
    "a named date of a series": (AGAIN, "train compare",
        "--sequence shop --date date", {}),
    "a sequence in parts": (lines("s,x,y", [*"ab" * 24], X, NOISE), "train",
        "--sequence s", {}),
    "another name": (lines("date,y1", MONTHS, NOISE), SERIES, "", {}),
    "a series without dates": (lines("month,x,y", MONTHS, X, NOISE), "train",
        "--known x", {"--date": "month"}),
    "a series without dates, ahead": (lines("date,x,y", MONTHS, X, NOISE), "train",
        "--known x --ahead 0 --date date", {}),
    "words": (lines("x,y", X, [*"ab", "None", "NA"] * 12), "train", "", {}),
    "other words": (lines("x,y", X, [*"ab", "None", "NA"] * 12), "train",
        "--keep NA", {}),
    "words that are missing": (lines("x,y", X, [*"ab", "None", "NA"] * 12), "train",
        "--na-values NA --keep None", {}),
    "known words": (lines("date,x,y", MONTHS, ["01", "1"] * 24, NOISE),
        "train compare", "--known x --words x", {}),
    "an encoding": (lines("\u00e4,y", X, NOISE).encode("cp1252"), "train", "", {}),
    "UTF-16": (lines("x,y", X, NOISE).encode("utf-16"), "train compare", "", {}),
    "UTF-16, passed as another": (lines("x,y", X, NOISE).encode("utf-16"), "train",
        "--encoding cp1252", {}),
    "binary": (bytes(range(256)) * 9, SERIES, "", {}),
    "an unknown encoding": (lines("x,y", X, NOISE), "train", "--encoding foo", {}),
    "a mark of two characters": (lines("x,y", X, NOISE), "train", "--decimal ,,", {}),
    "ARFF": ("% a\n@RELATION r\n@DATA\n1,2\n", "train compare", "", {}),
    "records": ('[{"x": 1, "y": 2},\n{"x": 1, "y": 2}]', "train compare", "", {}),
    "HTML": ("<!DOCTYPE html>\n<p>a, b, c</p>", SERIES, "", {}),
    "Git LFS": ("version https://git-lfs.github.com/spec/v1\noid a,b\n", "train",
        "", {}),
    "a quote that is open": ('x,y\n"1,2\n', "train compare", "", {}),
    "nothing": ("", SERIES, "", {}),
    "names alone": ("x,y\n", "train compare", "", {}),
    "a part of a compressed file": (gzip.compress(lines("x,y", X, NOISE).encode())[:99],
        SERIES, "", {}),
}  # fmt: skip
OPTION = re.compile(r"(--[a-z-]+)(?: ('[^']*'|[^\s'\"-][^\s'\")]*))?")


def advised(message):
    """What each sentence of an error advises to pass: options and their values."""
    for sentence in re.split(r"(?<=[.?]) (?=[A-Z])", message)[1:]:
        found = OPTION.findall(sentence.partition(" or --")[0])
        if found and not sentence.startswith("Remove"):
            yield {option: value.rstrip(".,").strip("'") for option, value in found}


def follow(capsys, line, values, before=None):
    """Run a command, and again with what its error advises. Other values than those of
    the advice are taken where these are placeholders; without a value, the option is
    not passed."""
    code, _, message = run_cli(capsys, *line)
    assert "Wrong usage" not in message, f"{line}: {message}"
    ways = [*advised(message)] if code else []
    assert {*line}.isdisjoint(option for way in ways for option in way), message
    first = message.partition(". ")[0]
    assert code == 0 or first != before, f"no further by {line[-2:]}: {message}"
    for way in ways:
        given = []
        for option, value in way.items():
            value = values.get(option, value)
            given += [option] if option == "--classes" else [option, value]
        if not {"", "COLUMN"} & {*given} and not given[-1].endswith(",COLUMN"):
            follow(capsys, [*line, *given], values, first)


@pytest.mark.full
def test_advice_that_is_followed_comes_further(capsys, tmp_path):
    """Over tables that are wrong: an error names no option that was passed, or that the
    command does not have, and with an option that it names there is another one or
    none."""

    data, model = tmp_path / "d.csv", tmp_path / "m.json"
    data.write_text(lines("date,y", MONTHS, NOISE))
    learn = ["train", data, "--target", "y", "--methods", "naive", "--epochs", 1]
    assert run_cli(capsys, *learn, "-o", model)[0] == 0
    own = {
        "train": f"train {data} --target y --epochs 1 -o {tmp_path / 'other.json'}",
        "compare": f"compare {data} --target y --build none --methods naive",
        "forecast": f"forecast {model} {data} --steps 2",
        "run": f"run {model} {data}",
        "update": f"update {model} {data} --epochs 1 -o {tmp_path / 'other.json'}",
    }

    def check(content, commands, passed, values):
        data.write_bytes(content if isinstance(content, bytes) else content.encode())
        for command in commands.split():
            follow(capsys, [*own[command].split(), *passed.split()], values)

    all_hold(check, WRONG)


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
    "--checkpoint": (longer_checkpoint, r"Use (--epochs 3) or", None, ("--epochs",)),
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
