"""Every parameter of every public call, with odd values: a value that it may not take
is refused.

A refusal is one sentence and changes nothing; a value that is taken raises nothing
else. Where order has a meaning, a set is refused; elsewhere its order changes nothing,
although a set of strings has another order in each process."""

from __future__ import annotations

import importlib.util
import inspect
import re
import warnings
from collections import defaultdict
from importlib import import_module

import networkx as nx
import pytest

import synapse
from synapse.errors import ArgumentTypeError, RateWarning, SynapseError
from tests.arguments import EXCLUDED, PUBLIC, ROWS, World, is_excluded
from tests.arguments.kinds import ODD
from tests.helpers.processes import python
from tests.surface import MORE

SENTENCE = re.compile(r"[A-Z<`'\"].*[.!?>)\]]")
PARAMETER = re.compile(r"`(?:net\.)?(\w+)[^`]*`.* must ")
"""The beginning of a message about a parameter."""
INTERNALS = re.compile(r"\bLearningRule\(|<synapse[\w.]* object at|\bmappingproxy\(")
"""What an object of the library holds, which is no name that a user has given."""
PASSED_ON = {("architect.CTRNN.__init__", "wiring"): "kind"}
"""Arguments that another public call takes under the name of its own."""


def test_the_table_has_every_parameter_of_every_public_call():
    pairs = {
        (name.split(": ")[-1], parameter)
        for name, call in ROWS.items()
        for parameter in call.kinds
    }
    every = {
        (name, parameter)
        for name, public in PUBLIC.items()
        for parameter in public.parameters()
    }
    assert pairs == {pair for pair in every if not is_excluded(*pair)}
    assert {name.split(" ")[0] for name in EXCLUDED} <= set(PUBLIC), (
        "excluded, but not public"
    )
    assert len(pairs) > 650, "most of the library is not found"


ROOMS = defaultdict(list)
"""The calls of a package; of objects, which have most of the calls, those of their
class."""
for name in ROWS:
    parts = name.split(": ")[-1].split(".")
    room = ".".join(
        parts[:2] if (parts[0] == "synapse" and len(parts) == 3) else parts[:1]
    )
    ROOMS["torch" if "torch" in name else room].append(name)
LACKING = importlib.util.find_spec("torch") is None
MARKS = {
    "torch": [pytest.mark.torch, pytest.mark.skipif(LACKING, reason="needs PyTorch")]
}


by_room = pytest.mark.parametrize(
    "room", [pytest.param(room, marks=MARKS.get(room, ())) for room in ROOMS]
)


@by_room
def test_a_value_that_a_parameter_may_not_take_is_refused(room, tmp_path, monkeypatch):
    check_room(room, tmp_path, monkeypatch, lambda odd, may_take: odd not in may_take)


@pytest.mark.full
@by_room
def test_a_value_that_a_parameter_may_take_raises_no_other_error(
    room, tmp_path, monkeypatch
):
    check_room(room, tmp_path, monkeypatch, lambda odd, may_take: odd in may_take)


def check_room(room, tmp_path, monkeypatch, is_tried):
    """Call everything in a room with the odd values that are tried."""
    wrong = []
    for name in ROOMS[room]:
        folder = tmp_path / name.replace(": ", " ")
        folder.mkdir()
        monkeypatch.chdir(folder)
        wrong += [f"{name}, {case}" for case in mistakes(name, folder, is_tried)]
    assert not wrong, "\n".join(
        [f"{len(wrong)} calls do something else than their rows say:", *wrong]
    )


def mistakes(name, folder, is_tried):
    """What the parameters of a call make of odd values, where that is not what its row
    says."""
    call = ROWS[name]
    world = None
    for parameter, may_take in call.kinds.items():
        odds = [odd for odd in ODD if is_tried(odd, may_take)]
        for odd in odds:
            if world is None:
                world = World(folder)
                before = None
            prepared = call.with_value(world, parameter, ODD[odd]())
            before = before or world.seen()
            outcome, sentence = outcome_of(prepared)
            named = PARAMETER.match(sentence)
            if named and named[1] not in names_of(name, parameter):
                outcome = "refused under a name that no parameter has"
            if INTERNALS.search(sentence):
                outcome = "refused by a message that shows what an object holds"
            may_be_taken = odd in may_take
            if outcome == "refused" and may_be_taken and world.seen() != before:
                outcome = "refused, with changes"
            if outcome not in ("refused", *(["taken"] * may_be_taken)):
                yield f"{parameter}={odd}: {outcome} {sentence}"
            if outcome != "refused":
                world = None
        # not for each of them, because it takes longest
        if odds and world is not None and world.seen() != before:
            yield f"{parameter}={' or '.join(odds)}: refused, with changes"
            world = None


def names_of(name, parameter):
    """What a message may call the arguments of a call: its parameters, or the attribute
    that is set."""
    public = ROWS[name].public
    return {
        *public.parameters(),
        public.member,
        PASSED_ON.get((name, parameter), parameter),
    }


def outcome_of(prepared):
    """What a call did, and its sentence."""
    from matplotlib import pyplot

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            prepared()
        except SynapseError as error:
            sentence = str(error)
            return (
                "refused"
                if (SENTENCE.fullmatch(sentence) and len(sentence) < 400 and not told)
                else "refused unclearly or with a warning"
            ), sentence
        except OSError as error:  # of a path that does not exist
            return "refused", str(error)
        except Exception as error:  # what must not happen
            return f"raised {type(error).__name__}", str(error)
        finally:
            pyplot.close("all")
    # the latter by other packages, of themselves
    expected = (RateWarning, DeprecationWarning)
    others = [
        str(warning.message)
        for warning in told
        if not issubclass(warning.category, expected)
    ]
    return (f"warned {others[0]}" if others else "taken"), ""


LISTS = re.compile(r"\b(Sequence|Iterable|Collection|list|tuple|Items|Shown)\b")
BY_TYPE = {
    **dict.fromkeys(("betas", "etas", "steps"), "two numbers in order"),
    **dict.fromkeys(("process_noise", "measurement_noise"), "two numbers in order"),
    "hidden": "a size, or a list of sizes",
    "combine": "a list of names",
    "connections": "a Connection",
    "inject": "a dict of currents",
    "out": "a pair of arrays",
    "value": "a pair such as",
}
"""Parameters of which a set is no type that they take."""
WITHOUT_ORDER = {"synapse.untie items", "synapse.Trainer.__init__ only"}
"""Parameters of which a set is taken."""


def is_list(parameter):
    annotation = str(parameter.annotation)
    return LISTS.search(annotation) and "Callable" not in annotation


def test_a_set_is_refused_where_order_has_a_meaning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong, count = [], 0
    for name, call in ROWS.items():
        for parameter, annotated in call.public.parameters().items():
            place = f"{name} {parameter}"
            if parameter not in call.kinds or "torch" in name or not is_list(annotated):
                continue
            outcome, sentence = outcome_of(
                call.with_value(World(tmp_path), parameter, {"a", "b"})
            )
            said = "order, such as a list" in sentence
            by_type = BY_TYPE.get(parameter, "order") in sentence
            count += 1
            if outcome != "refused" or not (said or by_type or place in WITHOUT_ORDER):
                wrong.append(f"{place}: {outcome} {sentence}")
    assert not wrong, "\n".join(wrong)
    assert count > 60


def elsewhere():
    """The functions and classes of rooms that have no rows, by name."""
    for room in {*MORE} - {"errors"}:
        module = import_module(f"synapse.{room}")
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isfunction(thing) or inspect.isclass(thing):
                yield f"{room}.{name}", thing


MADE = {"tables.Comparison", "tables.Trained"}
"""Results, which the library makes."""


def test_functions_of_tables_refuse_a_set():
    pandas = pytest.importorskip("pandas")
    tables = pytest.importorskip("synapse.tables", exc_type=ImportError)
    frame = pandas.DataFrame({"a": [1.0, 2.0] * 10, "y": [2.0, 4.0] * 10})
    options = tables.TrainingOptions(build="perceptron", epochs=1)
    model = tables.train_rows(frame, ["y"], None, options).model
    good = {"table": frame, "series": frame, "learning": options, "model": model}
    good |= {"columns": ["y"], "targets": ["y"]}
    tried = []
    for name, thing in elsewhere():
        parameters = inspect.signature(thing).parameters
        for parameter in parameters.values():
            ordered = re.search(r"(^|\| )(Sequence|tuple)\[", str(parameter.annotation))
            if not ordered or name in MADE:
                continue
            tried.append(f"{name} {parameter.name}")
            arguments = {key: good[key] for key in parameters if key in good}
            with pytest.raises(ArgumentTypeError, match=r"order, such as a list|sizes"):
                thing(**{**arguments, parameter.name: {"a", "b"}})
    assert len(tried) >= 12, tried


def test_classes_of_an_estimator_may_be_no_set():
    estimator = pytest.importorskip(
        "synapse.sklearn", exc_type=ImportError
    ).NetworkClassifier()
    with pytest.raises(ArgumentTypeError, match="`classes` must be in an order"):
        estimator.partial_fit([[0.0], [1.0]], ["a", "b"], classes={"a", "b"})


def test_views_of_dicts_and_graphs_have_an_order():
    graph = nx.DiGraph([("b", "y"), ("a", "y"), ("c", "y")])
    named = dict.fromkeys("cba")
    for inputs in (named.keys(), nx.path_graph([*named]).nodes):
        net = synapse.from_networkx(graph, inputs=inputs)
        assert [neuron.name for neuron in net.input] == ["c", "b", "a"]
        net = synapse.from_edges(graph.edges, inputs=inputs)
        assert [neuron.name for neuron in net.input] == ["c", "b", "a"]
    for edges in ({("a", "y")}, {"source": {"a"}, "target": ["y"]}):
        with pytest.raises(ArgumentTypeError, match="in an order"):
            synapse.from_edges(edges)


SETS = """
import sys
import architect, numpy as np, synapse
from synapse import tables
names = {"input", "hidden", "output"} - {"input"}
net = architect.Elman(2, 4, 2, seed=0)
synapse.tie(net.output, groups=["a", "a"])
data = np.random.default_rng(0).normal(size=(20, 2))
trainer = synapse.Trainer(net, only=names, rule="bptt", optimizer="adam")
trainer.train(data, data[::-1] > 0, epochs=2, seed=0, progress=False)
synapse.untie({*net.output})
print(net.weights.tolist(), net.biases.tolist())
table = tables.read_table(sys.argv[1], na_values={"n.v.", "?"})
print(table.isna().sum().to_dict())
series = tables.read_series(table, ["y"])
print(series.to_dict())
"""


@pytest.mark.slow
def test_what_has_no_order_gives_the_same_in_every_process(tmp_path):
    pytest.importorskip("pandas")
    path = tmp_path / "table.csv"
    path.write_text(
        "\n".join(["a,b,c,y,z", *[f"{i},n.v.,?,{i % 3},{i % 5}" for i in range(20)]])
    )
    told = {python("-c", SETS, path, PYTHONHASHSEED=str(seed)) for seed in (1, 2, 3)}
    assert len(told) == 1, told
