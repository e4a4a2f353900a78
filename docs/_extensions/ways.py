"""The directives ``ways``: which way to execute a network has which feature, as
``synapse/_ways.py`` declares it, and ``ways-words``: what the words stand for."""

from sphinx.util.docutils import SphinxDirective

from synapse import _ways


def table():
    """The cells of the table in Markdown, one row per way."""
    cells = _ways.cells()
    yield "way", *_ways.FEATURES
    for way in _ways.CALLS:
        yield way, *(shown(cells[way, feature]) for feature in _ways.FEATURES)


def shown(word):
    """A word of the table: slow ones in italics, refusals in bold letters."""
    if word in _ways.REFUSED:
        return f"**{word}**"
    return f"*{word}*" if word in _ways.SLOW else word


def words():
    """What each word of the table stands for."""
    yield "word", "what happens"
    for word, instead in _ways.SLOW.items():
        yield shown(word), f"slow: {instead}"
    for word, refusal in _ways.REFUSED.items():
        name = refusal.raised.__name__
        yield shown(word), f"refused: {name}, “{refusal.sentence}”".replace("`", "")


def calls():
    """How a person takes each way."""
    yield "way", "what you call"
    yield from _ways.CALLS.items()


def features():
    """What each feature is."""
    yield "feature", "a network that has"
    yield from _ways.FEATURES.items()


def markdown(rows):
    """Rows as a table."""
    head, *others = rows
    for row in (head, ["---"] * len(head), *others):
        yield f"| {' | '.join(row)} |"


TABLES = {
    "ways": table,
    "ways-words": words,
    "ways-calls": calls,
    "ways-features": features,
}


class Ways(SphinxDirective):
    """``{ways}`` and the others, without content."""

    def run(self):
        text = "\n".join(markdown(TABLES[self.name]()))
        made = self.parse_text_to_nodes(text)
        made[0]["classes"].append(self.name)
        return made


def setup(app):
    """Add the directives."""
    for name in TABLES:
        app.add_directive(name, Ways)
    return {"parallel_read_safe": True}
