"""The demos: small runs of each, the list, and what is said to who asks for one that is not there."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import demos
import synapse
from demos import __main__ as command
from synapse.tasks import reber

HERE = Path(__file__).resolve().parents[1]
WRITTEN = {
    "carousel": {"carousel.png"},
    "concert": {"concert.png"},
    "connectome": {"connectome.graphml", "connectome.png", "connectome.synapse"},
    "delta_rule": {"delta_rule.png"},
    "digits": {"digits.png", "digits.synapse"},
    "filter": {"filter.png", "filter.synapse"},
    "freeform": {"ring.gexf", "ring.graphml", "ring.png", "ring.synapse"},
    "gates": {"gates.png", "gates.synapse"},
    "genetic": {"genetic.png"},
    "hopfield": {"hopfield.png", "hopfield.synapse"},
    "music_of_one_neuron": {"music_of_one_neuron.png", "music_of_one_neuron.wav"},
    "optimizers": {"optimizers.png"},
    "paint": {
        "frame_0000.png",
        "frame_0001.png",
        "frame_0003.png",
        "frame_0010.png",
        "frame_0030.png",
        "paint.png",
        "paint.synapse",
    },
    "reber": {"reber.png", "reber.synapse"},
    "recall": {"recall.png", "recall.synapse"},
    "recall24": {"recall24.png", "recall24.synapse"},
    "rtrl": {"rtrl.png"},
    "small_world": {"small_world.png", "small_world.synapse"},
    "som": {"som.png", "som.synapse"},
    "tegmark": {"tegmark.png"},
    "text": {"text.png", "text.synapse"},
    "thresholds": {"thresholds.png"},
    "vanishing": {"vanishing.png"},
    "worked_example": {"worked_example.png"},
    "xor": {"xor.png", "xor.synapse"},
}


def run(name, out, capsys, *options):
    """What a quick run prints, without the time it took."""
    assert command.main([name, "--quick", "--out", str(out), *options]) == 0
    return re.sub(r"Done in .*? s\.", "", capsys.readouterr().out)


@pytest.mark.parametrize("name", WRITTEN)
def test_runs(name, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    said = run(name, tmp_path, capsys)
    assert "[holds]" in said
    assert "[FAILS]" not in said
    assert_begins_with_its_task_and_ends_with_its_lesson(name, said)
    assert {path.name for path in tmp_path.iterdir()} == WRITTEN[name]
    assert all(path.stat().st_size > 500 for path in tmp_path.iterdir())
    assert said.rstrip().endswith(f"Files written to {tmp_path}: {', '.join(sorted(WRITTEN[name]))}.")


def assert_begins_with_its_task_and_ends_with_its_lesson(name, said):
    """The task is the docstring's; the lesson has numbers and follows the results."""
    words = said.split()
    task = demos.task(name).split()
    assert words[: len(task)] == task
    results, _, lesson = said.partition("\nLesson: ")
    assert "[holds]" in results
    assert re.search(r"\d", lesson.partition("Files written")[0])


@pytest.mark.parametrize("name", WRITTEN)
def test_runs_without_matplotlib(name, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said = run(name, tmp_path, capsys)
    assert said.count("pip install") == 1
    assert "[draw]" in said
    assert {path.name for path in tmp_path.iterdir()} == {n for n in WRITTEN[name] if not n.endswith(".png")}


@pytest.mark.parametrize("name", ["freeform", "xor"])
def test_a_seed_makes_the_same_run(name, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    first, again, other = (run(name, tmp_path, capsys, "--seed", seed) for seed in "337")
    assert first == again
    assert first != other


def test_saved_networks_answer(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    run("xor", tmp_path, capsys)
    net = synapse.load(tmp_path / "xor.synapse")
    assert net.run([[0, 0], [0, 1], [1, 0], [1, 1]]).round().ravel().tolist() == [0, 1, 1, 0]


def test_graphs_can_be_read(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    run("freeform", tmp_path, capsys)
    for graph in (nx.read_gexf(tmp_path / "ring.gexf"), nx.read_graphml(tmp_path / "ring.graphml")):
        assert (len(graph), graph.number_of_edges()) == (11, 21)
        assert sum("gater" in link for *_, link in graph.edges(data=True)) == 6


def test_writes_into_runs_by_default(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.chdir(tmp_path)
    assert command.main(["xor", "--quick"]) == 0
    assert (tmp_path / "runs" / "xor" / "xor.synapse").exists()
    assert f"Files written to {Path('runs') / 'xor'}: xor.synapse." in capsys.readouterr().out


def test_lists_them_with_a_line_each(capsys):
    assert command.main([]) == 0
    said = capsys.readouterr().out
    for name in demos.names():
        line = next(line for line in said.splitlines() if line.split()[:1] == [name])
        assert len(line.split()) > 4


def test_names_only():
    """In a process of its own, as a person calls it."""
    done = subprocess.run(
        [sys.executable, "-m", "demos", "--names"], cwd=HERE, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == demos.names()
    assert {*WRITTEN, "sunspots"} <= set(done.stdout.split())


def test_a_wrong_name_is_told_which_there_are(capsys):
    assert command.main(["zor"]) == 2
    told = capsys.readouterr()
    assert told.err == f"There is no demo named 'zor'. The demos are: {', '.join(demos.names())}.\n"
    assert told.out == ""


def test_a_folder_that_cannot_be_made_is_told(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert command.main(["xor", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith("Cannot write into ")


def test_only_files_of_this_run_are_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    (tmp_path / "notes.txt").touch()
    assert run("xor", tmp_path, capsys).rstrip().endswith(f"Files written to {tmp_path}: xor.synapse.")


@pytest.mark.parametrize("seed", ["-1", "x", "1.5"])
def test_a_wrong_seed_is_refused(seed, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["xor", "--seed", seed])
    assert ended.value.code == 2
    assert "must be a whole number, 0 or above" in capsys.readouterr().err


@pytest.mark.parametrize("name", demos.names())
def test_begins_with_a_docstring(name):
    """Its first line is a name and what it shows; the next how to run it."""
    text = ast.get_docstring(ast.parse((HERE / "demos" / f"{name}.py").read_text(encoding="utf-8")))
    assert text.partition(":")[0].lower() == name
    assert f"python -m demos {name}" in text
    assert 20 < len(demos.summary(name)) < 110
    assert 1 <= len(re.findall(r"[.?!](?=\s|$)", demos.task(name))) <= 3


def test_the_grammar_that_reber_tells_is_the_one_that_makes_strings():
    from demos import reber as demo

    told = {
        int(place): dict(re.findall(r"([A-Z]) to (\d)", ways))
        for place, ways in re.findall(r"from (\d): (.*)", demo.__doc__)
    }
    assert told == {
        place: {symbol: str(to) for symbol, to in ways.items()}
        for place, ways in reber.ARCS.items()
        if place < 6
    } | {6: {}}


def test_digits_are_all_there_and_look_like_digits():
    from demos import digits as demo

    assert demo.IMAGES.shape == (1797, 64)
    assert (demo.IMAGES.min(), demo.IMAGES.max()) == (0.0, 1.0)
    assert np.bincount(demo.LABELS).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    means = np.array([demo.IMAGES[digit == demo.LABELS].mean(axis=0) for digit in range(10)])
    nearest = ((demo.IMAGES[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == demo.LABELS).mean() > 0.9


def test_entropies_of_text_are_those_of_the_book():
    """`abab`: one bit a letter, none when the one before is known."""
    from demos import text as demo

    a, b = demo.LETTERS.index("a"), demo.LETTERS.index("b")
    counts = demo.pairs(np.array([a, b, a, b, a]))
    assert demo.bits(counts.sum(axis=0)) == 1.0
    assert demo.bits(counts) == 0.0
    frequent = 3 / (4 + len(demo.LETTERS))  # of a, and of b: each has come twice after another
    expected = -np.log2((2 + 5 * frequent) / 7)
    assert demo.bits_unread(counts, np.array([a, b, a])) == pytest.approx(expected)
    assert demo.bits_unread(counts, np.array([a, a])) == pytest.approx(-np.log2(5 * frequent / 7))
