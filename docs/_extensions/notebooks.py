"""Notebooks as pages: every cell is run when the site is built, and shown with what it says."""

from pathlib import Path

import cells
from myst_parser.parsers.sphinx_ import MystParser


def as_markdown(path):
    """A notebook that has been run, as a page."""
    parts = []
    for kind, text, said, pictures in cells.run_notebook(path):
        parts.append(text if kind == "markdown" else f"```python\n{text}\n```")
        if said:
            parts.append(f"```text\n{said}```")
        parts += [f"![What the cell above draws](data:image/png;base64,{picture})" for picture in pictures]
    return "\n\n".join(parts) + "\n"


class Notebook(MystParser):
    """Reads a notebook as the page that it makes."""

    supported = ("notebook",)

    def parse(self, inputstring, document):
        """Run it; the text that Sphinx has read is of no use, as cells are not lines."""
        super().parse(as_markdown(Path(document["source"])), document)


def setup(app):
    """Add the suffix ``.ipynb``."""
    import matplotlib

    matplotlib.use("Agg")
    app.add_source_suffix(".ipynb", "notebook")
    app.add_source_parser(Notebook)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
