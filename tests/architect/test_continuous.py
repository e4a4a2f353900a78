"""Recipes for rows at any intervals, against their published recurrences and automatic
differentiation."""

from functools import partial
from itertools import chain

import networkx as nx
import numpy as np
import pytest

import architect
import synapse
from synapse import Connection, Neuron, Topology
from synapse.learning import compare_gradients
from tests.helpers.cases import every_case
from tests.helpers.groups import Walk
from tests.helpers.learners import learns

RNG = np.random.default_rng(0)
ROWS = np.concatenate([RNG.normal(size=(9, 2)), RNG.uniform(0.1, 3.0, (9, 1))], axis=1)
TARGETS = RNG.uniform(0.1, 0.9, (9, 2))


class Parameters:
    """Weights and biases of a network as arrays that `make` makes, one for each pair of
    layers."""

    def __init__(self, net, make=np.array):
        self.net = net
        self.make = make
        self.made = {}

    def weights(self, source, target):
        net = self.net
        neurons = list(net.input)[source] if isinstance(source, slice) else net[source]
        delay = int(source == target)
        return self._array(
            (str(source), target),
            [[a.connection_to(b, delay=delay) for a in neurons] for b in net[target]],
        )

    def biases(self, target):
        return self._array(target, [[neuron] for neuron in self.net[target]])[:, 0]

    def _array(self, key, holders):
        if key not in self.made:
            value = {Connection: "weight", Neuron: "bias", type(None): "real"}
            values = [
                [getattr(holder or 0, value[type(holder)]) for holder in row]
                for row in holders
            ]
            self.made[key] = self.make(values), list(chain.from_iterable(holders))
        return self.made[key][0]


def logistic(x, xp):
    return 1 / (1 + xp.exp(-x))


def ctrnn(p, rows, xp):
    state = read = 0 * p.biases("cells")
    outputs = []
    for row in rows:
        rate = xp.clip(p.weights(slice(-1, None), "rates") @ row[-1:], 0, 1)
        drive = (
            p.weights(slice(-1), "cells") @ row[:-1]
            + p.weights("constant", "cells")[:, 0]
        )
        state = (1 - rate) * state + rate * (drive + p.weights("cells", "cells") @ read)
        read = xp.tanh(state)
        outputs.append(p.weights("cells", "output") @ read + p.biases("output"))
    return xp.stack(outputs)


def cfc(p, rows, xp, mixed_memory, gated, backbone):
    def read(layer, x, h):
        after = "memory outputs" if mixed_memory and "memory" not in layer else "cells"
        total = p.weights(slice(-1), layer) @ x + p.weights(after, layer) @ h
        return total + p.biases(layer)

    h = memory = 0 * p.biases("cells")
    outputs = []
    for row in rows:
        x = row[:-1]
        elapsed = row[-1]
        if mixed_memory:
            names = (f"memory {gate} gates" for gate in ("input", "forget", "output"))
            takes, keeps, gives = (logistic(read(name, x, h), xp) for name in names)
            memory = keeps * memory + takes * xp.tanh(read("memory candidates", x, h))
            h = gives * xp.tanh(memory)
        if backbone:
            u = xp.tanh(read("backbone", x, h))
            head = lambda layer: p.weights("backbone", layer) @ u + p.biases(layer)  # noqa: B023, E731
        else:
            head = lambda layer: read(layer, x, h)  # noqa: B023, E731
        f = xp.tanh(head("first"))
        g = xp.tanh(head("second"))
        z = logistic(elapsed * head("speeds") + head("blends"), xp)
        h = ((1 - z) if gated else 1) * f + z * g
        outputs.append(
            logistic(p.weights("cells", "output") @ h + p.biases("output"), xp)
        )
    return xp.stack(outputs)


GRAPH = nx.to_numpy_array(nx.gnp_random_graph(5, 0.4, seed=0, directed=True)) != 0
CASES = {
    "ctrnn": (
        lambda: architect.CTRNN(2, 5, 2, time_constants=(0.5, 8.0), seed=0),
        ctrnn,
    ),
    "ctrnn of a graph": (
        lambda: architect.CTRNN(2, 5, 2, wiring=GRAPH, time_constants=2.0, seed=1),
        ctrnn,
    ),
}
for options in ((False, True, 0), (True, True, 6), (False, False, 3), (True, False, 0)):
    made = dict(zip(("mixed_memory", "gated", "backbone"), options))
    CASES[f"cfc {made}"] = (
        partial(architect.CfC, 2, 4, 2, seed=2, **made),
        partial(cfc, **made),
    )


@pytest.mark.parametrize("case", CASES)
def test_a_recipe_computes_the_published_recurrence(case):
    make, recurrence = CASES[case]
    net = make()
    assert net.run(ROWS) == pytest.approx(
        recurrence(Parameters(net), ROWS, np), abs=1e-12
    )


@pytest.mark.torch
@pytest.mark.parametrize("case", CASES)
def test_gradients_agree_with_automatic_differentiation(case):
    torch = pytest.importorskip("torch")
    make, recurrence = CASES[case]
    net = make()
    p = Parameters(
        net,
        lambda values: torch.tensor(values, dtype=torch.float64, requires_grad=True),
    )
    rows = torch.tensor(ROWS)
    targets = torch.tensor(TARGETS)
    (0.5 * (recurrence(p, rows, torch) - targets) ** 2).sum().backward()
    exact = synapse.gradient(net, ROWS[None], TARGETS[None], cost="squared_error")
    slopes = dict(zip([*net.connections, *net], [*exact.weights, *exact.biases]))
    checked = []
    for parameter, holders in p.made.values():
        for holder, slope in zip(holders, parameter.grad.numpy().ravel()):
            if holder is not None and learns(holder):
                assert slopes[holder] == pytest.approx(slope, abs=1e-10)
                checked.append(holder)
    assert len(set(checked)) == Topology.of(net).parameters


@pytest.mark.full
def test_time_constants_stay_positive_and_are_no_shorter_than_a_step():
    net = architect.CTRNN(1, 4, 1, time_constants=1.5, seed=0)
    assert net.time_constants == pytest.approx(np.full(4, 1.5))
    rows = np.ones((20, 30, 2))
    targets = RNG.normal(size=(20, 30, 1))
    trainer = synapse.Trainer(net, rule="bptt", rate=0.5, cost="squared_error")
    trainer.train(rows, targets, epochs=5, seed=0, progress=False)
    assert (net.time_constants > 0).all()
    net.clear()
    # a step much longer than every time constant: the state is the drive
    net.activate([1.0, 1e6])
    assert [cell.state for cell in net["cells"]] == pytest.approx(
        [
            sum(
                link.weight * link.source.activation
                for link in cell.incoming
                if link.delay == 0  # the others read 0 after clear()
            )
            for cell in net["cells"]
        ]
    )


MASKED = {
    "ctrnn": lambda: architect.CTRNN(2, 4, 2, time_constants=(0.2, 8.0), seed=0),
    "ctrnn, one constant": lambda: architect.CTRNN(
        2, 4, 2, time_constants=1.0, squash="logistic", seed=1
    ),
    "ctrnn, sparse": lambda: architect.CTRNN(2, 5, 2, wiring=0.5, seed=2),
    "cfc": lambda: architect.CfC(2, 4, 2, seed=3),
    "cfc, backbone": lambda: architect.CfC(
        2, 3, 2, backbone=4, output_squash="identity", seed=4
    ),
    "cfc, mixed": lambda: architect.CfC(2, 3, 2, backbone=3, mixed_memory=True, seed=5),
    "cfc, not gated": lambda: architect.CfC(
        2, 3, 2, gated=False, output_squash="identity", seed=6
    ),
}


@pytest.mark.full
@every_case("name", MASKED)
@every_case("lengths", [(6,), (3, 7, 1), (4,) * 9])
def test_uneven_steps_with_missing_targets_have_exact_gradients(name, lengths):
    """Steps from 0 to far beyond every time constant; by complex steps through each
    neuron's definition."""
    net = MASKED[name]()
    rng = np.random.default_rng(len(lengths))
    inputs = [rng.normal(size=(length, 3)) for length in lengths]
    targets = [rng.random((length, 2)) for length in lengths]
    for rows, aims in zip(inputs, targets, strict=True):
        rows[:, -1] = rng.choice([0.0, 0.01, 0.3, 1.0, 5.0, 40.0], len(rows))
        aims[rng.random(aims.shape) < 0.4] = np.nan
    for window in (2, None):
        loss, expected = Walk(net).gradient(inputs, targets, window=window)
        exact = synapse.gradient(net, inputs, targets, window=window)
        assert exact.loss == pytest.approx(loss, rel=1e-13)
        ours = np.append(exact.weights, exact.biases)
        assert ours == pytest.approx(expected, rel=1e-11, abs=1e-13)
    comparison = compare_gradients(net, inputs, targets, rule="rtrl")
    ours = np.append(comparison.weights["rule"], comparison.biases["rule"])
    assert ours == pytest.approx(expected, rel=1e-11, abs=1e-13)
