"""Eight programs as users of other libraries would guess them: a line works, or its
error says what to write instead.

``python -m tests.guesses.test_guesses`` prints the answer to every line.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

PROGRAMS = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.txt"))}
SETUP = "# setup"
"""Ends a line that is no guess: it makes what a failed one would have made."""
ADVICE = re.compile(
    r"\b(use|give|pass|run|make|omit|remove|wrap|name|number|project|reads?) "
    r"|not needed|did you mean|the nearest is|net\[",
    re.IGNORECASE,
)
"""What an error that says how to go on has, after its first sentence."""


def answers(program: Path) -> Iterator[tuple[str, str, str]]:
    """Of every guess: the line, "works", "advice" or "nothing", and what it printed."""
    text = program.read_text(encoding="utf-8")
    lines = text.splitlines()
    names: dict[str, Any] = {"__name__": "__main__"}
    for statement in ast.parse(text).body:
        line = lines[statement.lineno - 1]
        code = compile(ast.Module([statement], []), program.name, "exec")
        try:
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                exec(code, names)
        except Exception as error:
            if line.endswith(SETUP):
                raise
            before = None if error.__suppress_context__ else error.__context__
            text = f"{error.__cause__ or before or ''} {error}"  # both are printed
            outcome = "advice" if ADVICE.search(text) else "nothing"
            yield line, outcome, f"{type(error).__name__}: {error}"
        else:
            if not line.endswith(SETUP) and line[0] not in "\"'":
                yield line, "works", ""


REFUSED = """
from synapse.layers import Dense
import synapse.nn.functional as F
import synapse.optim as optim
from synapse.neural_network import MLPClassifier
model(x)
out = net(x)
net["x"]["h"]
h["bias"]
nx.shortest_path(net.graph, "x", "y")
net.graph.find("h")
net.weights[0] = 0.1
synapse.draw(net)
synapse.squashes.softmax(x, dim=1)
lstm = architect.LSTM(2, 6, 1, peepholes=False)
history.history["val_loss"]
model(x[0])
g["a"]["c"]
nx.shortest_path(g.graph, "a", "d")
nx.shortest_path(g, "a", "d")
nx.DiGraph(g)
synapse.draw(g)
"""
"""Lines without advice; ``docs/decisions.md`` says why."""


@pytest.mark.full
def test_a_guess_works_or_is_answered_by_what_to_write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mpl.use("Agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = [answer for path in PROGRAMS.values() for answer in answers(path)]
    assert len(every) >= 740
    without = {line for line, outcome, _ in every if outcome == "nothing"}
    assert without <= set(REFUSED.strip().splitlines())
    assert len(without) <= 30
    count = Counter(outcome for _, outcome, _ in every)
    assert count["works"] >= 228


if __name__ == "__main__":
    import os
    import tempfile

    mpl.use("Agg")
    warnings.simplefilter("ignore")
    os.chdir(tempfile.mkdtemp())
    total: Counter[str] = Counter()
    for name in sys.argv[1:] or PROGRAMS:
        count: Counter[str] = Counter()
        for line, outcome, answer in answers(PROGRAMS[name].resolve()):
            count[outcome] += 1
            print(f"{outcome:8}{line}" + (f"\n        {answer}" if answer else ""))
        print(name, dict(count))
        total += count
    print(dict(total))
