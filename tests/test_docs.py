"""The pages: their code runs in order and prints the output shown below it; the notebooks run."""

import ast
import doctest
import json
import re
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from synapse import engine, optimizers

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
RUN = ("index", "tutorial", "guide", "cookbook", "experiments", "choosing", "migration")
PAGES = ["README.md", *(f"docs/{name}.md" for name in RUN)]
NOTEBOOKS = sorted(DOCS.glob("notebooks/*.ipynb"))

sys.path.insert(0, str(DOCS / "_extensions"))
import cells

GIVEN = {"README.md": {"inputs": np.zeros((2, 3, 6)), "targets": np.ones((2, 3, 2))}}
"""Variables that a page expects its reader to define."""


@pytest.mark.parametrize("page", PAGES)
def test_code_prints_the_output_shown_below_it(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__", **GIVEN.get(page, {})}
    found = list(cells.blocks((ROOT / page).read_text(encoding="utf-8")))
    assert found
    for block in found:
        if "import torch" in block.code and find_spec("torch") is None:
            continue
        output = cells.run(block.code, names, page, block.line)
        equal = doctest.OutputChecker().check_output(block.shown, output, doctest.ELLIPSIS)
        assert equal, (
            f"{page}, line {block.line}: the block prints\n{output}\nand the page shows\n{block.shown}"
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    ran = list(cells.run_notebook(path))
    assert sum(kind == "code" for kind, *_ in ran) > 3
    assert all(text.strip() for _, text, *_ in ran)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["nbformat"] == 4
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


WRITTEN = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("*.md"),
        *ROOT.glob("[!.]*/**/README.md"),
        *DOCS.rglob("*.md"),
        *DOCS.rglob("*.rst"),
    )
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)\s]*)?\)")
TOP = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))
CITED = re.compile(rf"(?<![\w/.-])(?:\.\./)*((?:{'|'.join(TOP)})/[\w./-]*\w\.[a-z]+)\b")
NAMED = re.compile(r"`([\w./-]*\w\.py)`")
"""In a line of text: the end of a file's path."""
FILES = [path.relative_to(ROOT).as_posix() for top in TOP for path in (ROOT / top).rglob("*.py")]


def missing_files(page):
    """Files that a page links to or names and that do not exist, except those that its examples add."""
    text = (ROOT / page).read_text(encoding="utf-8")
    added = set(re.findall(r"^<!-- file (\S+) -->$", text, re.MULTILINE))
    links = [target for target in LINK.findall(text) if not ((ROOT / page).parent / target).exists()]
    cited = [name for name in CITED.findall(text) if name not in added and not (ROOT / name).exists()]
    ends = [f"/{name}" for name in NAMED.findall(cells.FENCE.sub("", text))]
    return [*links, *cited, *(end for end in ends if not any(f"/{file}".endswith(end) for file in FILES))]


@pytest.mark.parametrize("page", WRITTEN)
def test_files_that_a_page_cites_are_there(page):
    assert missing_files(page) == []


def test_a_file_that_is_not_there_is_found(tmp_path, monkeypatch):
    (tmp_path / "page.md").write_text(
        "[a](page.md) [b](none.md#part) docs/none.json `none.py` `lower.py`", encoding="utf-8"
    )
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert missing_files("page.md") == ["none.md", "docs/none.json", "/none.py"]


def test_the_reference_lists_public_names_with_their_first_sentence():
    pytest.importorskip("sphinx")
    import objects

    listed = dict(objects.public(optimizers))
    assert {"Adam", "clip_by_norm", "OptimizerState"} <= set(listed)
    assert not {"adaptive", "np", "_base"} & set(listed)

    def documented():
        """Uses :class:`~synapse.Neuron` and ``x``. Then more.

        Not this.
        """

    assert objects.summary(documented) == "Uses Neuron and x."


def test_the_start_page_writes_the_explorer_that_it_shows(tmp_path):
    pytest.importorskip("sphinx")
    import live

    builder = SimpleNamespace(format="html")
    env = SimpleNamespace(doc2path=lambda name: DOCS / f"{name}.md")
    live.write_explorer(SimpleNamespace(builder=builder, env=env, outdir=tmp_path), None)
    assert "<title>Synapse explorer</title>" in (tmp_path / live.WRITTEN).read_text(encoding="utf-8")


def test_there_are_three_notebooks():
    assert len(NOTEBOOKS) == 3


def test_a_block_is_found_with_what_is_shown():
    text = "a\n```python\nx = 1\n```\nb\n\n```text\nno\n```\n```python\nprint(x)\n```\n\n```text\n1\n```\n"
    assert list(cells.blocks(text)) == [(3, "x = 1\n", ""), (11, "print(x)\n", "1\n")]


def test_a_cell_says_what_it_prints_and_ends_with():
    names = {}
    assert cells.run("x = 2\nprint(x)\nx * 2", names, "here", show_last=True) == "2\n4\n"
    assert cells.run("x * 2", names, "here") == ""
    assert cells.run("x * 2;", names, "here", show_last=True) == ""
    assert names["x"] == 2
    with pytest.raises(ZeroDivisionError):
        cells.run("1 / 0", names, "here")


def test_the_picture_shows_the_numbers_of_a_network_that_has_run():
    drawn = runpy.run_path(str(DOCS / "studies" / "activate.py"))["svg"]()
    assert drawn == (DOCS / "_static" / "activate.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("heading", "folder", "count"),
    [("The exact gradient", "exact", 8), ("Exact gradients online", "rtrl", 7)],
)
def test_kernels_that_the_equations_name_exist(heading, folder, count):
    """Code of the online rule is included from the source; that of exact gradients is mostly named only."""
    text = (DOCS / "equations.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \| `(\w+\.py)` \|", section, re.MULTILINE)
    assert len(rows) == count
    for named, file in rows:
        tree = ast.parse((Path(engine.__file__).parent / folder / file).read_text(encoding="utf-8"))
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert set(re.findall(r"`(\w+)`", named)) <= defined
