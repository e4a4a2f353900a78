"""The pages: their code runs in order and prints the output shown below it; the
notebooks run."""

import ast
import doctest
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import NPM_FOLDER
from studies import activate, edit_to_update, sensitivities
from synapse.objects.sensitivities import require_plan
from tests.helpers.sources import tree_of

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RUN = (
    *("index", "tutorial", "plain", "networks", "fitting", "exact_online"),
    *("plasticity", "saving", "looking", "cookbook", "cookbook_networks"),
    *("cookbook_graphs", "wiring", "spikes", "simulators", "experiments", "choosing"),
    *("migration", "pipelines", "evolution", "deploying", "learning_on_device"),
    *("reward", "connectomes"),
)
PAGES = ["README.md", *(f"docs/{name}.md" for name in RUN)]
LONG = {
    *("docs/cookbook.md", "docs/evolution.md", "docs/fitting.md", "docs/pipelines.md"),
    *("docs/plasticity.md", "docs/reward.md", "docs/simulators.md"),
    *("docs/cookbook_graphs.md", "docs/cookbook_networks.md", "docs/experiments.md"),
    "docs/migration.md",
}
"""Pages that take more than .7 s, and whose code notices no mistake of the library that
other tests of the default tier do not notice (`tests/mutants`)."""

sys.path.insert(0, str(DOCS / "_extensions"))
import cells

SECTION = re.compile(r"^## ", re.MULTILINE)


def parts_of(page, text):
    """The blocks of a page that run in one namespace: all of them, or in a cookbook
    those of each recipe after the imports of the page."""
    blocks = list(cells.blocks(text))
    if not page.startswith("docs/cookbook"):
        return [blocks]
    lines = [text.count("\n", 0, match.start()) + 1 for match in SECTION.finditer(text)]
    bounds = list(pairwise([0, *lines, sys.maxsize]))
    imports, *recipes = [
        [block for block in blocks if start <= block.line < stop]
        for start, stop in bounds
    ]
    return [[*imports, *recipe] for recipe in recipes]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.full] if page in LONG else [])
        for page in PAGES
    ],
)
def test_code_prints_the_output_shown_below_it(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for blocks in parts_of(page, (ROOT / page).read_text(encoding="utf-8")):
        assert blocks
        run_and_compare(page, blocks)


def run_and_compare(page, blocks):
    """Run blocks one after the other; each prints what the page shows below it."""
    names = {"__name__": "__main__"}
    for block in blocks:
        if any(
            f"import {name}" in block.code and find_spec(name) is None
            for name in ("torch", "onnxruntime")
        ):
            continue
        if "import gymnasium" in block.code and find_spec("gymnasium") is None:
            pytest.skip("the page begins with an environment of gymnasium")
        output = cells.run(block.code, names, page, block.line)
        checker = doctest.OutputChecker()
        assert checker.check_output(block.shown, output, doctest.ELLIPSIS), (
            f"{page}, line {block.line}: the block prints\n{output}\nand the page"
            f" shows\n{block.shown}"
        )


SEEDED = """let state = 0;
Math.random = () => (state = (1664525 * state + 1013904223) % 2 ** 32) / 2 ** 32;
"""


@pytest.mark.peers
def test_the_programs_of_synaptic_print_what_the_page_shows(monkeypatch):
    """They are one program, as those in Python beside them; outputs are compared by
    their numbers and truth values."""
    node = shutil.which("node") or pytest.skip("there is no node here")
    folders = [str(NPM_FOLDER / "node_modules"), os.environ.get("NODE_PATH", "")]
    monkeypatch.setenv("NODE_PATH", os.pathsep.join(filter(None, folders)))
    command = [node, "-e", "require.resolve('synaptic')"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("Node does not find synaptic")

    page = (DOCS / "migration.md").read_text(encoding="utf-8")
    pair = r"```javascript\n(.*?)```\n\n```python\n.*?```\n\n```text\n(.*?)```"
    pairs = re.findall(pair, page, re.DOTALL)
    assert len(pairs) == page.count("```javascript") == 5
    program = SEEDED + "".join(code for code, _ in pairs)
    printed = subprocess.check_output([node, "-"], input=program, text=True)
    shown = "".join(text for _, text in pairs).lower()
    value = re.compile(r"\d+|true|false")
    assert value.findall(printed) == value.findall(shown)


@pytest.mark.compiler
def test_the_page_on_deploying_compiles(tmp_path, monkeypatch):
    """Its programs in all languages print what the network answers."""
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "deploying.md").read_text(encoding="utf-8")
    exec(re.search(r"```python\n(.*?)```", page, re.S)[1], {})
    answer = re.search(r"```text\n(\S+),", page)[1]
    printed = []
    for language, code in re.findall(r"```(c|rust|html|sh)\n(.*?)```", page, re.S):
        if language == "html":
            (script,) = re.findall(r"<script>(.*?)</script>", code, re.S)
            script = script.replace("document.body.append", "console.log")
            network = 'const { Network } = require("./net.js");'
            Path("page.js").write_text(network + script)
            code = "node page.js"
        if language in ("html", "sh"):
            printed += [
                subprocess.check_output(line, shell=True, text=True)
                for line in code.splitlines()
                if all(map(shutil.which, TOOLS.findall(line)))
            ]
        else:
            Path(re.match(r"// (\S+)", code)[1]).write_text(code)
    assert {text.strip() for text in printed} == {answer}


TOOLS = re.compile(r"\b(?:gcc|g\+\+|rustc|node)(?= )")
"""Programs that a command needs."""


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            id=path.stem,
            marks=[] if path.stem == "neuron_by_neuron" else pytest.mark.slow,
        )
        for path in sorted(DOCS.glob("notebooks/*.ipynb"))
    ],
)
def test_a_notebook_runs_and_is_kept_without_outputs(path, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    content = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert all(
        cell["outputs"] == [] and cell["execution_count"] is None for cell in code
    )
    ran = list(cells.run_notebook(path))
    assert sum(cell_type == "code" for cell_type, *_ in ran) > 3
    assert all(text.strip() for _, text, *_ in ran)


# of studies/ when the site has been built; npm's packages
COPIES = ("docs/studies/", "benchmarks/.peers/")
PLACES = (
    "*.md",
    "[!.]*/**/README.md",
    "docs/**/*.md",
    "docs/**/*.rst",
    "studies/**/*.md",
)
FOUND = {
    path.relative_to(ROOT).as_posix() for place in PLACES for path in ROOT.glob(place)
}
WRITTEN = sorted(name for name in FOUND if not name.startswith(COPIES))
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)\s]*)?\)")
TOP = sorted(
    path.name
    for path in ROOT.iterdir()
    if path.is_dir() and not path.name.startswith(".")
)
CITED = re.compile(rf"(?<![\w/.-])(?:\.\./)*((?:{'|'.join(TOP)})/[\w./-]*\w\.[a-z]+)\b")
NAMED = re.compile(r"`(?!\.ci/)([\w./-]*\w\.py)`")
"""In a line of text: the end of a file's path."""
FILES = [
    path.relative_to(ROOT).as_posix()
    for top in TOP
    for path in (ROOT / top).rglob("*.py")
]


def missing_files(page):
    """Files that a page links to or names and that do not exist, except those that its
    examples add."""
    text = (ROOT / page).read_text(encoding="utf-8")
    added = set(re.findall(r"^\*\*New file `(\S+)`:\*\*$", text, re.MULTILINE))
    named = set(NAMED.findall(cells.FENCE.sub("", text))) - added
    beside = (ROOT / page).parent
    return [
        *(target for target in LINK.findall(text) if not (beside / target).exists()),
        *(n for n in {*CITED.findall(text)} - added if not (ROOT / n).exists()),
        *(n for n in named if not any(f"/{f}".endswith(f"/{n}") for f in FILES)),
    ]


def test_files_that_pages_cite_are_there():
    missing = {page: missing_files(page) for page in WRITTEN}
    assert not {page: files for page, files in missing.items() if files}


def test_the_picture_shows_the_numbers_of_a_network_that_has_run():
    for picture in (activate, edit_to_update, sensitivities):
        name = picture.__name__.rpartition(".")[2]
        shown = (DOCS / "_static" / f"{name}.svg").read_text(encoding="utf-8")
        assert picture.svg() == shown


def test_the_terms_in_the_picture_add_up_to_the_sensitivities():
    net = sensitivities.network()
    plan = require_plan(net)
    names = "reading_value", "visit_delta", "direct"
    read, through, direct = (plan.columns[name] for name in names)
    for value in (1.0, -0.5, 0.25):
        old = plan.values.copy()
        net.activate([value])
        lines = (
            read[0] * old[:3] + through[0] * direct[:3],
            read[1] * old[:3] + read[2] * old[3:6] + through[3] * direct[:3],
            read[2] * old[6:11]
            + np.append(through[2] * direct[3:6], through[1] * direct[6:8]),
        )
        np.testing.assert_allclose(plan.values, np.concatenate(lines), atol=1e-15)


def test_each_page_has_one_subject_and_a_beginning():
    """One title, and a sentence below it, before its sections."""
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        if text.startswith("```{include}"):  # a page of the top level
            continue
        text = re.sub(r"(?ms)\A---.*?^---\n+|^```.*?^```", "", text)
        title, _, rest = text.partition("\n")
        assert title.startswith("# "), page.name
        assert not re.search("^# ", rest, re.MULTILINE), page.name
        beginning = rest.partition("\n## ")[0]
        assert re.search(r"\w{2}.*[.:?]", beginning), page.name


def test_kernels_that_the_equations_name_exist():
    """Code of the online rule is included from the source; that of exact gradients is
    mostly named only."""
    text = (DOCS / "equations.md").read_text(encoding="utf-8")
    for heading, folder, count in (
        ("The exact gradient", "exact", 8),
        ("Exact gradients online", "rtrl", 8),
    ):
        section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        rows = re.findall(r"^\| (`.*?`) \| `(\w+\.py)` \|", section, re.MULTILINE)
        assert len(rows) == count
        for named, file in rows:
            body = tree_of(ROOT / "synapse" / "engine" / folder / file).body
            defined = {node.name for node in body if isinstance(node, ast.FunctionDef)}
            assert set(re.findall(r"`(\w+)`", named)) <= defined, file


INCLUDE = re.compile(
    r"^```\{literalinclude\} (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL
)
AFTER = re.compile(r"^:start-after: '(\[.+\])'\n:end-before: '\[end\]'$", re.MULTILINE)


def test_code_is_included_by_marks_that_survive_a_new_name():
    """A mark is a comment: ``# [equation state]`` before the lines, and ``# [end]``
    after them."""
    included = [
        (page, *match)
        for page in DOCS.rglob("*.md")
        for match in INCLUDE.findall(page.read_text(encoding="utf-8"))
    ]
    assert len(included) >= 20
    for page, file, options in included:
        after = AFTER.search(options)
        assert after, f"{page}: {file} is not included by a mark"
        text = (page.parent / file).read_text(encoding="utf-8")
        lines = [line.strip() for line in text.split("\n")]
        mark = f"# {after[1]}"
        assert lines.count(mark) == 1, f"{page}: {mark} in {file}"
        marks = (line for line in lines[lines.index(mark) + 1 :] if line[:3] == "# [")
        assert next(marks, None) == "# [end]", mark
