"""The directive ``formats``: the table of formats of ``synapse.readwrite``."""

from sphinx.util.docutils import SphinxDirective

from synapse.readwrite import formats


def rows():
    """The cells of the table as reStructuredText, one row per format."""
    yield "x", "For", "Suffixes", "Reads", "Writes", "Stored", "Lost", "Requires"
    for form in formats():
        does = ("yes" if form.read else "no", "yes" if form.write else "no")
        suffixes = " ".join(f"``{suffix}``" for suffix in form.suffixes)
        yield (
            f"`{form.name} <{form.link}>`__",
            form.purpose,
            suffixes,
            *does,
            form.kept,
            form.lost,
            form.extra,
        )


def listed():
    """The table as a list-table."""
    yield from (
        ".. list-table::",
        "   :header-rows: 1",
        "   :widths: 10 16 10 6 6 25 21 6",
        "",
    )
    for row in rows():
        for i, cell in enumerate(row):
            yield f"   {'* -' if i == 0 else '  -'} {cell}"


class Formats(SphinxDirective):
    """``.. formats::``, without content."""

    def run(self):
        return self.parse_text_to_nodes("\n".join(listed()))


def setup(app):
    app.add_directive("formats", Formats)
    return {"parallel_read_safe": True}
