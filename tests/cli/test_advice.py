"""Advice of messages, followed once: it ends well, in each command that gives it."""

import re
import shlex

import numpy as np
import pytest

from synapse import cli
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
