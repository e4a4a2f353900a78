"""The demos: a small run of each, the list, and what is said if one asks for
another."""

import ast
import re
import shutil
import sys
from pathlib import Path

import networkx as nx
import pytest

import demos
from demos import __main__ as command
from tests.helpers.cases import all_hold

HERE = Path(__file__).resolve().parents[2]
NAMES = [name for name in demos.names() if name != "sunspots"]  # see test_sunspots.py
SAVED = (
    "concepts connectome digits filter gates hopfield paint reber recall recall24"
    " small_world som text xor"
)
MORE = {
    "evolve": {"evolve.gif"},
    "connectome": {"connectome.graphml"},
    "device": {"net.c", *({"device", "device.c"} if shutil.which("cc") else ())},
    "freeform": {"ring.gexf", "ring.graphml", "ring.png", "ring.synapse"},
    "music_of_one_neuron": {"music_of_one_neuron.wav"},
    "phase": {"phase.gif"},
    "paint": {f"frame_{epoch:04}.png" for epoch in (0, 1, 3, 10, 30)},
}
QUICK = "concepts", "concert", "freeform", "shortcut", "xor"


def written(name):
    """The files that a demo writes."""
    own = {f"{name}.png": name != "freeform", f"{name}.synapse": name in SAVED.split()}
    return {file for file, is_written in own.items() if is_written} | MORE.get(
        name, set()
    )


def run(name, out, capsys, *options):
    """What a quick run prints, without the time it took: no bars, since its output is
    redirected."""
    assert command.main([name, "--quick", "--out", str(out), *options]) == 0
    printed = capsys.readouterr()
    assert "%|" not in printed.out + printed.err
    return re.sub(r"Done in .*? s\.", "", printed.out)


@pytest.mark.full
@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in NAMES
    ],
)
def test_a_demo_runs(name, tmp_path, capsys):
    """It begins with the task of its docstring and ends with a lesson that has
    numbers."""
    pytest.importorskip("matplotlib")
    if name == "words":
        pytest.importorskip("river")
    (tmp_path / "notes.txt").touch()  # of somebody else
    said = run(name, tmp_path, capsys)
    assert " ".join(said.split()).startswith(" ".join(demos.task(name).split()))
    results, _, lesson = said.partition("\nLesson: ")
    assert "[holds]" in results
    assert re.search(r"\d", lesson.partition("Files written")[0])
    assert {path.name for path in tmp_path.iterdir()} - {"notes.txt"} == written(name)
    assert all((tmp_path / file).stat().st_size > 500 for file in written(name))
    assert said.rstrip().endswith(
        f"Files written to {tmp_path}: {', '.join(sorted(written(name)))}."
    )


def test_without_matplotlib_a_seed_makes_the_same_run_and_all_files_but_pictures(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    def check(name):
        out = tmp_path / name
        printed, again, other = (
            run(name, out, capsys, "--seed", seed) for seed in "337"
        )
        assert (printed == again, printed == other) == (True, False)
        assert printed.count("pip install") == 1
        assert "[draw]" in printed
        assert {path.name for path in out.iterdir()} == {
            n for n in written(name) if not n.endswith(".png")
        }

    all_hold(check, ["freeform", "xor"])
    for graph in (
        nx.read_gexf(tmp_path / "freeform/ring.gexf"),
        nx.read_graphml(tmp_path / "freeform/ring.graphml"),
    ):
        assert (len(graph), graph.number_of_edges()) == (11, 21)
        assert sum("gater" in link for *_, link in graph.edges(data=True)) == 6


def test_what_is_wrong_is_told(tmp_path, capsys):
    assert command.main(["zor"]) == 2
    told = capsys.readouterr()
    message = "There is no demo named 'zor'. The demos are: "
    assert told == ("", f"{message}{', '.join(demos.names())}.\n")
    (tmp_path / "file").touch()
    assert command.main(["xor", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith("Cannot write into ")


def test_each_begins_with_a_docstring_and_draws_only_if_matplotlib_is_there():
    """Its first line is a name and what it shows; the next how to run it."""

    def check(name):
        code = (HERE / "demos" / f"{name}.py").read_text(encoding="utf-8")
        text = ast.get_docstring(ast.parse(code))
        assert text.partition(":")[0].lower() == name
        assert f"python -m demos {name}" in text
        assert 20 < len(demos.summary(name)) < 110
        assert 1 <= len(re.findall(r"[.?!](?=\s|$)", demos.task(name))) <= 3
        # A picture may stand beside the demo, in a file that no demo is named after
        beside = re.findall(r"from demos\.(_\w+) import", code)
        drawn = [code, *((HERE / f"demos/{file}.py").read_text() for file in beside)]
        assert any("@with_pyplot" in text for text in drawn)
        assert not re.search(r"import.*(matplotlib|pyplot)\b(?<!with_pyplot)", code)

    all_hold(check, demos.names())
