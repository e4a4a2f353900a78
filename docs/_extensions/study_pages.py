"""Adds the pages of ``studies/`` to the site; tables are made from stored results.

A page stands beside its program and its results, outside of this folder. Before the
site is built it is copied to ``docs/studies``, which git ignores. In links,
``../docs/`` and ``../studies/`` lead from one folder to the other.
"""

import re
import shutil
from pathlib import Path

import studies
from studies import papers
from studies.papers._paper_table import read_results

HERE = Path(studies.__file__).parent
PLACE = "<!-- results -->"
CONTENTS = "\n```{toctree}\n:hidden:\n:glob:\n\n*\npapers/*\n```\n"


def copy_pages(app):
    """Copy the pages and their pictures, with the results in their places."""
    for path in sorted([*HERE.rglob("*.md"), *HERE.rglob("*.png")]):
        target = Path(app.srcdir) / "studies" / path.relative_to(HERE)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".png":
            shutil.copyfile(path, target)
            continue
        text = path.read_text(encoding="utf-8").replace("../docs/", "../")
        if PLACE in text:
            text = text.replace(PLACE, results(path.stem))
        if path.name == "README.md":
            text += CONTENTS
        target.write_text(text, encoding="utf-8")


def results(name):
    """The table of a paper, and how its results were made."""
    made, trials = read_results(papers.FOLDER / f"{name}.csv")
    text, _, command = made.rpartition(": ")
    return f"{papers.get(name).to_markdown(trials)}\n\n{text}: `{command}`"


def lead_to_copies(app, name, source):
    """Let links from pages of this folder lead to the copies."""
    source[0] = re.sub(r"\]\(\.\./studies/", "](studies/", source[0])


def setup(app):
    """Copy when a build begins."""
    app.connect("builder-inited", copy_pages)
    app.connect("source-read", lead_to_copies)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
