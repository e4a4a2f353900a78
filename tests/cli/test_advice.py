"""Advice of messages, followed once: it ends well, in each command that gives it."""

import contextlib
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import architect
from synapse import cli
from synapse.readwrite import save
from synapse.tables import TrainingOptions, read_table, train_rows
from tests.helpers.cases import all_hold

RNG = np.random.default_rng(0)
COUNT = 48
MONTHS = [f"{2019 + place // 12}-{place % 12 + 1:02}" for place in range(COUNT)]
NOISE = RNG.normal(50, 5, COUNT).round(2)
X = RNG.uniform(80, 120, COUNT).round(1)


def lines(head, *columns, mark=","):
    """A table with these names and columns."""
    rows = (mark.join(map(str, row)) for row in zip(*columns, strict=True))
    return "\n".join([head, *rows]) + "\n"


def some(values, cell, *places):
    """Values, of which some are replaced."""
    return [cell if place in places else value for place, value in enumerate(values)]


TIMES = np.datetime64("2024-01-01T00:00:00") + 97 * np.arange(COUNT) ** 2
NUMBERED = range(1900, 1900 + COUNT)
CASES = {
    # the table, the target, the commands, and the advice: what stands in the message,
    # and what is passed then
    "--missing, a mark": (
        lines("x,y", some(X, "-99.99", 3), X),
        "y",
        "train",
        (r"If it is a number, pass (--missing=NA)", None),
    ),
    "--missing, a number": (
        lines("x,y", some(X, "-1e3", 3, 4, 5), X),
        "y",
        "train",
        (r"If it marks a missing value, pass (--missing=\S+)\.\s", None),
    ),
    "--missing, a word": (
        lines("d,y", MONTHS, some(NOISE, "n.v.", 7)),
        "y",
        "train compare",
        (r"missing values: (--missing 'n\.v\.' --fill linear)", None),
    ),
    "--fill": (
        lines("d,y", some(MONTHS, "2030-01", COUNT - 1), NOISE),
        "y",
        "train compare",
        (r"pass (--fill forward)", None),
    ),
    "--header no": (
        lines("5.5,3.5", X, NOISE),
        "column 2",
        "train",
        (r"no row of names, pass (--header no)", None),
    ),
    "--header yes": (
        lines("3.5,y1", X, NOISE),
        "y1",
        "train",
        (r"If these are names, pass (--header yes)", None),
    ),
    "--skip-rows": (
        "Report of 2024\n" + lines("d,y", MONTHS, NOISE),
        "y",
        "train compare",
        (r"pass (--skip-rows \d+);", None),
    ),
    "--decimal": (
        lines("d;y", MONTHS, [f"1.{place + 200}" for place in range(COUNT)], mark=";"),
        "y",
        "train compare",
        (r"Pass (--decimal point)", None),
    ),
    "--dates": (
        lines(
            "d,y",
            [f"0{place % 9 + 1}/0{place // 9 + 1}/2024" for place in range(45)],
            NOISE[:45],
        ),
        "y",
        "train compare",
        (r"(--dates %d/%m/%Y)", "--fill linear"),
    ),
    "--without-totals": (
        lines("d,y", [*MONTHS, "Total"], [*NOISE, NOISE.sum()]),
        "y",
        "train compare",
        (r"\((--without-totals)\)", None),
    ),
    "--ignore, a guess": (
        lines("n,y", NUMBERED, NOISE),
        "y",
        "train compare",
        (r"If they are not times, pass (--ignore 'n')", None),
    ),
    "--ahead, a guess": (
        lines("n,y", NUMBERED, NOISE),
        "y",
        "train",
        (r"as inputs, (--ahead 0)", None),
    ),
    "--ignore, uneven": (
        lines("time,y", [str(time).replace("T", " ") for time in TIMES], NOISE),
        "y",
        "train compare",
        (r"without dates, pass (--ignore 'time')", None),
    ),
    "--sequence": (
        lines("shop,d,y", [*"ab" * (COUNT // 2)], np.repeat(MONTHS[::2], 2), NOISE),
        "y",
        "train compare",
        (r"(--sequence COLUMN)", "--sequence shop --methods naive"),
    ),
    "--classes": (
        lines("x,y", X, [place % 2 for place in range(COUNT)]),
        "y",
        "train",
        (r"pass (--classes)", None),
    ),
    "--inputs": (
        lines("id,x,y", range(COUNT), X, NOISE),
        "y",
        "train",
        (r"name them with (--inputs)", "--inputs id,x"),
    ),
    "--observed": (
        lines("d,x,y", MONTHS, X, NOISE),
        "y",
        "train",
        (r"or (--observed)", "--observed x"),
    ),
    "--validation": (
        lines("d,y", MONTHS[:6], NOISE[:6]),
        "y",
        "compare",
        (r"or a (validation) fraction", "--validation 0.34"),
    ),
}


def test_advice_that_is_followed_ends_well(capsys, tmp_path):
    def check(content, target, commands, advice):
        pattern, instead = advice
        (tmp_path / "d.csv").write_text(content, encoding="utf-8")
        for command in commands.split():
            line = [command, str(tmp_path / "d.csv"), "--target", target]
            line += ["--epochs", "1"]
            line += ["-o", str(tmp_path / "m.json")] if command == "train" else []
            if "naive" not in (instead or ""):
                line += ["--methods", "naive,mean"] if command == "compare" else []
            cli.main(line)
            said = " ".join("".join(capsys.readouterr()).split()) + " "
            found = re.search(pattern, said)
            assert found is not None, said
            follow = found[1] if instead is None else instead
            if instead and found[1].startswith("--dates"):
                follow = f"{found[1]} {instead}"
            assert cli.main([*line, *shlex.split(follow)]) == 0, capsys.readouterr()
            again = " ".join("".join(capsys.readouterr()).split()) + " "
            assert again != said
            if command == "train":
                assert re.search(pattern, again) is None, again

    all_hold(check, CASES)


@pytest.mark.parametrize("command", ["train", "compare"])
def test_advice_names_options_that_the_command_has(capsys, command):
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    options = {*re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)}
    for content, *_, (pattern, instead) in (
        case for case in CASES.values() if command in case[2].split()
    ):
        assert content
        named = re.findall(r"--[a-z][a-z-]+", f"{pattern} {instead or ''}")
        assert {*named} <= options


def to_sqlite(frame, path):
    with contextlib.closing(sqlite3.connect(path)) as file:
        frame.to_sql("NAME", file, index=False)


FRAME = pd.DataFrame({"x": X, "y": NOISE})
WRITTEN = {
    # how a file of another kind is written
    "t.feather": FRAME.to_feather,
    "t.orc": FRAME.to_orc,
    "t.dta": partial(FRAME.to_stata, write_index=False),
    "new.dta": partial(FRAME.to_stata, write_index=False, version=118),
    "t.h5": partial(FRAME.to_hdf, key="k"),
    "t.db": lambda name: to_sqlite(FRAME, name),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_files_of_other_kinds_become_csv_as_advised(capsys, tmp_path, name):
    """The line is run as it stands, in a shell."""
    try:
        WRITTEN[name](tmp_path / name)
    except ImportError as error:
        pytest.skip(str(error))
    learn = ["train", name, "--target", "y", "--epochs", "1", "-o", "m.json"]
    with contextlib.chdir(tmp_path):
        assert cli.main(learn) == 1
        said = " ".join(capsys.readouterr().err.split())
        advised = re.search(r"as CSV: (.*)\.$", said)[1]
        if shutil.which(shlex.split(advised)[0]) is None:
            pytest.skip(f"needs {advised}")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        subprocess.run(advised, shell=True, check=True, env={"PATH": path})
        assert cli.main(["train", "table.csv", *learn[2:]]) == 0


def saved(tmp_path, *options, content=None):
    """A model of a series with two columns, trained with these options."""
    data = tmp_path / "d.csv"
    data.write_text(content or lines("d,x,y", MONTHS, X, NOISE), encoding="utf-8")
    model = tmp_path / "m.json"
    learn = ["train", data, "--target", "y", "--epochs", 2, "-o", model, *options]
    if not {"--inputs", "--classes"} & {*options}:
        learn += ["--methods", "naive,mean"]
    assert cli.main([*map(str, learn)]) == 0
    return data, model


def of_known(tmp_path):
    """Columns that are known in advance, which no simple method sees."""
    data, model = saved(tmp_path, "--known", "x")
    (tmp_path / "f.csv").write_text(
        lines("d,x", ["2023-01", "2023-02"], [90.0, 91.0]), encoding="utf-8"
    )
    return ["forecast", model, data, "--future", tmp_path / "f.csv", "--steps", 2]


def without_future(tmp_path):
    data, model = saved(tmp_path, "--known", "x")
    (tmp_path / "f.csv").write_text(
        lines("d,x", ["2023-01", "2023-02"], [90.0, 91.0]), encoding="utf-8"
    )
    return ["forecast", model, data, "--steps", 2]


def with_future(tmp_path):
    data, model = saved(tmp_path, "--observed", "x")
    return ["forecast", model, data, "--steps", 2, "--future", data]


def without_errors(tmp_path):
    data, model = saved(tmp_path, "--validation", 0)
    return ["forecast", model, data, "--steps", 2, "--coverage", 0.9]


def in_other_names(tmp_path):
    """A network of Python, whose input has another name than the column."""
    net = architect.Perceptron(1, 1, seed=0)
    net.input[0].name = "x"
    (tmp_path / "n.csv").write_text(lines("z", X), encoding="utf-8")
    save(net, tmp_path / "m.json")
    return ["run", tmp_path / "m.json", tmp_path / "n.csv"]


def summer(tmp_path):
    """Hours in the night in which clocks go back."""
    hours = pd.date_range("2023-10-28", periods=COUNT, freq="h", tz="Europe/Berlin")
    content = lines("t,y", hours.strftime("%Y-%m-%d %H:%M"), NOISE)
    (tmp_path / "d.csv").write_text(content, encoding="utf-8")
    return learning(tmp_path)


def learning(tmp_path, *options):
    """A training of a file that has been written."""
    learn = ["train", tmp_path / "d.csv", "--target", "y", "--epochs", 1, *options]
    return [*learn, "-o", tmp_path / "m.json"]


def latin(tmp_path):
    content = lines("Gr\u00f6\u00dfe,y", X, NOISE)
    (tmp_path / "d.csv").write_bytes(content.encode("cp1252"))
    return learning(tmp_path)


def longer_checkpoint(tmp_path):
    """A checkpoint of an interrupted training, which has more epochs."""
    (tmp_path / "d.csv").write_text(lines("x,y", X, NOISE), encoding="utf-8")
    path = tmp_path / "c.json"

    def stop(trained):
        raise EOFError

    table = read_table(tmp_path / "d.csv")
    options = TrainingOptions(epochs=3, checkpoint=str(path), on_test=stop)
    with pytest.raises(EOFError):
        train_rows(table, ["y"], None, options)
    return learning(tmp_path, "--checkpoint", path)


def diverging(tmp_path):
    (tmp_path / "d.csv").write_text(lines("x,y", X, NOISE), encoding="utf-8")
    return learning(tmp_path, "--rate", 10, "--epochs", 9)


def of_constant_words(tmp_path):
    names = [f"a{place}" for place in range(COUNT)]
    (tmp_path / "d.csv").write_text(lines("n,y", names, NOISE), encoding="utf-8")
    return learning(tmp_path)


def rising(tmp_path):
    """Numbers that increase as time does, as inputs."""
    content = lines("t,y", [0.5 + place for place in range(COUNT)], NOISE)
    (tmp_path / "d.csv").write_text(content, encoding="utf-8")
    return learning(tmp_path)


def no_dates(tmp_path):
    names = [f"day {place}." for place in range(COUNT)]
    (tmp_path / "d.csv").write_text(lines("date,y", names, NOISE), encoding="utf-8")
    return learning(tmp_path)


def a_setting(tmp_path):
    (tmp_path / "d.csv").write_text(lines("x,y", X, NOISE), encoding="utf-8")
    return learning(tmp_path, "--momentum", 0.5)


def words_for_numbers(tmp_path):
    """A target with commas in a file with semicolons, told to have points."""
    cells = [f"{value + 0.5}".replace(".", ",") for value in range(COUNT)]
    content = lines("d;y", MONTHS, cells, mark=";")
    (tmp_path / "d.csv").write_text(content, encoding="utf-8")
    return learning(tmp_path, "--decimal", "point")


FOLLOWED = {
    # a command, and its advice: what stands in the message, what is passed then, and
    # the options that go
    "--method": (of_known, r"can: (--method network)", None, ()),
    "--future": (without_future, r"(--future) FILE", "--future {}/f.csv", ()),
    "no --future": (with_future, r"Remove (--future)", "", ("--future",)),
    "--in-order": (in_other_names, r"pass (--in-order)", None, ()),
    "--zone": (summer, r"name their time zone, such as (--zone \S+)\.", None, ()),
    "--encoding": (latin, r"such as (--encoding cp1252)", None, ()),
    "--checkpoint": (longer_checkpoint, r"Pass (--epochs 3) or", None, ("--epochs",)),
    "--rate": (diverging, r"a lower (--rate) than", "--rate 0.01", ("--rate",)),
    "--ignore": (of_constant_words, r"out: (--ignore) COLUMN", "--ignore n", ()),
    "--ignore, time": (rising, r"leave it out: (--ignore 't')", None, ()),
    "--ignore, text": (no_dates, r"leave the column out: (--ignore 'date')", None, ()),
    "--optimizer": (a_setting, r"needs (--optimizer \w+)", None, ()),
    "--decimal": (words_for_numbers, r"(--decimal comma)", None, ("--decimal",)),
}


def test_advice_of_other_commands_is_followed(capsys, tmp_path):
    def check(make, pattern, follow, gone):
        line = [*map(str, make(tmp_path))]
        capsys.readouterr()
        cli.main(line)
        said = " ".join("".join(capsys.readouterr()).split())
        found = re.search(pattern, said)
        assert found is not None, said
        for option in gone:
            place = line.index(option)
            del line[place : place + 2]
        follow = found[1] if follow is None else follow.format(tmp_path)
        assert cli.main([*line, *shlex.split(follow)]) == 0, capsys.readouterr()
        assert re.search(pattern, "".join(capsys.readouterr())) is None

    all_hold(check, FOLLOWED)


def test_a_model_without_errors_is_trained_again_as_advised(capsys, tmp_path):
    line = [*map(str, without_errors(tmp_path))]
    assert cli.main(line) == 1
    assert "Train it with --validation above 0" in capsys.readouterr().err
    saved(tmp_path, "--validation", 0.2)
    assert cli.main(line) == 0
