"""Where order has a meaning, a set is refused; elsewhere its order changes nothing.

A set of strings has another order in each process."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import networkx as nx
import pytest

import synapse
from synapse.errors import ArgumentTypeError
from tests.arguments import ROWS, World
from tests.arguments.test_arguments import outcome_of
from tests.helpers.processes import python
from tests.surface import MORE

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
            prepared = call.with_value(World(tmp_path), parameter, {"a", "b"})
            outcome, sentence = outcome_of(prepared)
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
    sklearn = pytest.importorskip("synapse.sklearn", exc_type=ImportError)
    estimator = sklearn.NetworkClassifier()
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
    rows = [f"{i},n.v.,?,{i % 3},{i % 5}" for i in range(20)]
    path.write_text("\n".join(["a,b,c,y,z", *rows]))
    told = {python("-c", SETS, path, PYTHONHASHSEED=str(seed)) for seed in (1, 2, 3)}
    assert len(told) == 1, told
