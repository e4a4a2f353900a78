"""The lines of README work with what README has installed by then."""

import configparser
import re
import shlex
import subprocess
import sys
from functools import cache
from importlib import metadata
from itertools import chain

import pytest
from packaging.requirements import Requirement

from tests.cli.command import ENVIRONMENT, ROOT, SUNSPOTS

HIDING = """
import runpy, sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
sys.argv = {command}
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def plain(name):
    return re.sub("[-_.]+", "-", name).lower()


@cache
def owners():
    """The distributions of each package that can be imported."""
    return metadata.packages_distributions()


def installed(extras):
    """The distributions that Synapse with these extras installs."""
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", encoding="utf-8")
    lists = [
        declared["options"]["install_requires"],
        *map(declared["options.extras_require"].get, extras),
    ]
    packages = {"synapse-neurons"}
    due = [line for line in "\n".join(lists).split("\n") if line]
    while due:
        wanted = Requirement(due.pop())
        if plain(wanted.name) not in packages and (
            not wanted.marker or wanted.marker.evaluate({"extra": ""})
        ):
            packages.add(plain(wanted.name))
            is_there = wanted.name in {*chain(*owners().values())}
            due += (is_there and metadata.requires(wanted.name)) or []
    return packages


def lines_of_readme():
    """Each command of README, and the extras that README has installed before; without
    those of the tests."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    extras = []
    pattern = (
        r'-e "\.\[(\w+)\]"|\.venv/bin/(?:python -m )?(synapse [^`\n]+|demos'
        r" \w+)|`python -m (demos)`"
    )
    for extra, *commands in re.findall(pattern, text):
        extras += [extra] * (extra not in ("", "test"))
        yield from (
            (shlex.split(command), extras.copy()) for command in commands if command
        )


@pytest.mark.slow
def test_the_lines_of_readme_work_with_what_readme_has_installed(tmp_path):
    lines = list(lines_of_readme())
    assert [" ".join(command[:2]) for command, _ in lines] == [
        *(
            "synapse play",
            "demos sunspots",
            "demos",
            "synapse train",
            "synapse forecast",
        )
    ]
    (tmp_path / "demos").symlink_to(SUNSPOTS.parents[1])
    for command, extras in [(lines[-2][0], ["draw"]), *lines]:
        there = installed(extras)
        hidden = {
            top
            for top, names in owners().items()
            if there.isdisjoint(map(plain, names))
        }
        command += ["-o", "page.html"] * (command[1:] == ["play"])
        line = [sys.executable, "-c", HIDING.format(hidden=hidden, command=command)]
        settings = {"cwd": tmp_path, "env": {**ENVIRONMENT, "MPLBACKEND": "Agg"}}
        ran = subprocess.run(
            line, capture_output=True, text=True, check=False, **settings
        )
        if command[0] == "synapse" and extras == ["draw"] and command[1] == "train":
            said = (
                "need pandas (extra 'forecast'), which is not installed. Install it"
                " from a clone of the repository: pip install "
            )
            assert (ran.returncode, said in ran.stderr) == (1, True)
        else:
            assert ran.returncode == 0, (command, ran.stderr)
