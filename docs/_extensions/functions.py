"""The directives ``squashes`` and ``costs``: tables of the built-in functions."""

import inspect
import math
import re

from sphinx.util.docutils import SphinxDirective

from synapse.engine.functions.activations import ACTIVATIONS, CHANCE, SINGLE
from synapse.engine.functions.costs import COSTS

FAMILIES = {SINGLE: "", CHANCE: " (random)"}


def squashes():
    """The cells of the table of activation functions, one row per entry."""
    yield (
        "Name",
        "Other names",
        "Value at the state s",
        "From",
        "To",
        "No slope at",
        "Elsewhere",
    )
    for entry in ACTIVATIONS.values():
        names = {"Synaptic": entry.synaptic, "ONNX": entry.onnx}
        names["torch.nn"] = entry.torch.module if entry.torch else ""
        elsewhere = ", ".join(
            f"{where} {name}" for where, name in names.items() if name
        )
        family = FAMILIES.get(entry.family, " (of a group)")
        kinks = ", ".join(f"{kink:g}" for kink in entry.kinks)
        if entry.surrogate:
            kinks += " (declared)"
        yield (
            entry.name,
            ", ".join(entry.aliases),
            about(entry.formula) + family,
            bound(entry.low),
            bound(entry.high),
            kinks,
            elsewhere,
        )


def costs():
    """The cells of the table of costs, one row per entry."""
    yield (
        "Name",
        "Other names",
        "Cost of an output y with target t",
        "Outputs",
        "Targets",
    )
    for entry in COSTS.values():
        names = ", ".join(
            (*entry.aliases, *(f"{name} (one output)" for name in entry.averages))
        )
        yield (
            entry.name,
            names,
            about(entry.formula),
            entry.squash or "any",
            "0 to 1" if entry.probabilities else "any",
        )


def about(formula):
    """The first paragraph of the docstring of a formula."""
    return " ".join(
        inspect.getdoc(formula).partition("\n\n")[0].replace("`", "").split()
    )


def bound(value):
    """A bound with three digits; nothing if there is none."""
    return f"{value:.3g}" if math.isfinite(value) else ""


def listed(rows, widths):
    """Rows as a list-table."""
    yield from (".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", "")
    for row in rows:
        for i, cell in enumerate(row):
            # "s." would begin a list
            escaped = re.sub(r"([\\*|_]|^\w+\.)", r"\\\1", cell)
            yield f"   {'* -' if i == 0 else '  -'} {escaped}"


class Squashes(SphinxDirective):
    """``.. squashes::``, without content."""

    def run(self):
        return self.parse_text_to_nodes(
            "\n".join(listed(squashes(), "12 14 34 6 6 8 20"))
        )


class Costs(SphinxDirective):
    """``.. costs::``, without content."""

    def run(self):
        return self.parse_text_to_nodes("\n".join(listed(costs(), "18 28 34 10 10")))


def setup(app):
    app.add_directive("squashes", Squashes)
    app.add_directive("costs", Costs)
    return {"parallel_read_safe": True}
