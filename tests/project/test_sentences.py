"""Sentences of docstrings and messages, as far as a machine can read them.

The first sentence of a function begins with a verb in the imperative; properties are
nouns. Messages name parameters in backticks.
"""

import ast
import re
from pathlib import Path

import pytest

from tests.helpers.sources import nodes_of, trees

ROOT = Path(__file__).parents[2]
ROOMS = set(
    """
    architect synapse/__init__ synapse/_build synapse/_checks synapse/_cost
    synapse/_defaults synapse/_html synapse/_initializer synapse/_model
    synapse/_registration synapse/_scale synapse/_squash
    synapse/analysis synapse/cli synapse/costs synapse/draw synapse/engine
    synapse/errors synapse/evolve
    synapse/experiments synapse/forecasting synapse/initializers synapse/learning
    synapse/objects synapse/optimizers synapse/plain synapse/readwrite
    synapse/reward synapse/river synapse/sklearn synapse/sktime
    synapse/spikes synapse/squashes synapse/tables synapse/tasks
    """.split()  # noqa: SIM905
)
"""Packages, and modules beside them, whose sentences hold."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
PROPERTIES = {"property", "cached_property", "fact", "setter", "getter"}
VERBS = set(
    """
    Activate Add Advance Allocate Allow Announce Append Apply Arrange Assign Begin Bind
    Bring Broadcast Build Cache Call Carry Cast Change Check Choose Clear Clip Clone
    Close Collect Combine Compare Compile Complete Compute Concatenate Connect Continue
    Convert Copy Count Create Cut Decay Decide Declare Decorate Define Delay Describe
    Discard Divide Do Draw End Enforce Ensure Enter Evaluate Evolve Exchange Explain
    Extend Fill Find Fire Fit Flush Fold Follow Forecast Forget Freeze Gate Gather
    Generate Give Go Group Handle Hide Hold Import Inherit Insert Iterate Join Keep Lay
    Lead Learn Leave Link List Load Lock Lower Make Mark Merge Minimise Move Multiply
    Name Note Number Offset Open Order Parse Pause Perturb Predict Prepare Print Project
    Propagate Provide Publish Push Put Raise Read Reallocate Rebind Record Reduce Refer
    Refuse Register Release Remember Remove Renew Reorder Repeat Replace Reserve Reset
    Resize Restart Restore Return Round Run Sample Save Say Scale Send Set Shift Shorten
    Show Shuffle Silence Sort Split Start Stop Store Submit Subtract Suggest Sum Take
    Tell Test Tie Train Translate Transpose Undo Update Use Walk Warn Wrap Write Yield
    Zero
    """.split()  # noqa: SIM905
)
NOUNS = set(
    """
    Cache Change Copy Count Cut Delay Draw End Fire Fold Gate Group List Lock Mark
    Name Note Number Offset Order Project Read Record Release Run Sample Scale Set
    Start Sum Test Update
    """.split()  # noqa: SIM905
)
"""Verbs that are also nouns: not before "of", "by", "and" or "or"."""
VAGUE = re.compile(r"\b([Ss]o many|[Nn]obody|[Ss]omebody)\b")


def room(path):
    """The package of a module, or the module itself where it is in none."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] if parts[0] == "architect" else "/".join(parts[:2])


def functions(path):
    """Functions of a file with a docstring that are not properties."""
    for node in nodes_of(path):
        if isinstance(node, FUNCTIONS) and ast.get_docstring(node):
            decorators = map(ast.unparse, node.decorator_list)
            if PROPERTIES.isdisjoint(name.split(".")[-1] for name in decorators):
                yield node


def first_sentence(docstring):
    """The first sentence of a docstring, on one line."""
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    return re.split(r"(?<=[.])\s+(?=[A-Z`:])", paragraph)[0]


def faults(docstring):
    """What is wrong with the docstring of a function. Formulas are no sentences."""
    first, *others = first_sentence(docstring).split()
    verb = re.match("[A-Za-z]*", first)[0]
    if first[0].isupper():
        if verb not in VERBS:
            yield "no verb"
        elif verb in NOUNS and others[:1] in (["of"], ["by"], ["and"], ["or"]):
            yield "a noun"
    if VAGUE.search(docstring):
        yield "a vague word"


def test_docstrings_of_functions_begin_with_a_verb():
    mistakes = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {fault}"
        for path in trees()
        if room(path) in ROOMS
        for node in functions(path)
        for fault in faults(ast.get_docstring(node))
    ]
    assert not mistakes, "\n".join(mistakes)


def test_every_room_that_holds_is_there():
    assert set(map(room, trees())) >= ROOMS


@pytest.mark.parametrize(
    ("docstring", "fault"),
    [
        ("The sum of a column.", "no verb"),
        ("Let these be columns.", "no verb"),
        ("List of columns.", "a noun"),
        ("Return zeros for so many rows.", "a vague word"),
        ("Return the sum.\n\nIt is that which nobody reads.", "a vague word"),
    ],
)
def test_a_fault_is_found(docstring, fault):
    assert list(faults(docstring)) == [fault]


def test_sentences_and_formulas_hold():
    for docstring in ("Return a list.", "sum_i w_i y_i", "`f` of x", "1 / x"):
        assert not list(faults(docstring))


def titles(tree):
    """Texts that are the first argument of a call, with the parameters around it."""

    def inside(node, names):
        if isinstance(node, FUNCTIONS):
            arguments = node.args
            named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            names = names | {each.arg for each in named}
        if isinstance(node, ast.Call) and node.args:
            title = node.args[0]
            if isinstance(title, ast.Constant) and isinstance(title.value, str):
                yield title, names
        for child in ast.iter_child_nodes(node):
            yield from inside(child, names)

    return inside(tree, frozenset())


def test_messages_name_parameters_in_backticks():
    """`_checks.expected` writes "`rate` must be ..." for the title "rate"."""
    mistakes = []
    for path, tree in trees().items():
        for title, names in titles(tree):
            noun = re.fullmatch(r"The (\w+)", title.value)
            if (noun and noun[1] in names) or title.value.startswith("Expected the "):
                mistakes.append(f"{path.relative_to(ROOT)}:{title.lineno}")
    assert not mistakes, "\n".join(mistakes)
