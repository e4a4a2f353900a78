"""Networks as graphs of NIR and back: by a program of its equations, and by
snnTorch."""

from functools import partial
from itertools import pairwise
from typing import get_args

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import readwrite
from synapse.errors import ArgumentError, ArgumentTypeError, FormatError
from synapse.readwrite._nir import Reset
from tests.helpers.cases import all_refused

nir = pytest.importorskip("nir")
DT = 1e-4


def cells(seed=0, **options):
    """Spiking cells as NIR has them."""
    rng = np.random.default_rng(seed)
    return architect.Spiking(
        3,
        7,
        2,
        adaptive=0,
        reset="zero",
        density=0.5,
        time_constant=rng.uniform(5, 30),
        threshold=rng.uniform(0.5, 1.5),
        bias_initializer="uniform",
        seed=seed,
        **options,
    )


def rows(seed, count=3, steps=100):
    return np.random.default_rng([seed, 1]).uniform(-0.5, 1.5, (steps, count))


def by_equations(graph, inputs, dt=DT):
    """What a graph outputs, by the equations of NIR and Euler's method, with the
    reset of a spike before the next step; weights that close a cycle read the
    previous step."""
    nodes = graph.nodes
    before = {name: [a for a, b in graph.edges if b == name] for name in nodes}
    order = list(nx.topological_sort(forward(graph)))
    values, volts, currents = (dict.fromkeys(nodes, 0.0) for _ in range(3))
    past = {name: [] for name in nodes}  # what entered a delay
    outputs = []
    for row in inputs:
        for name, entered in past.items():
            if isinstance(nodes[name], nir.Delay):
                values[name] = delayed(nodes[name].delay / dt, entered)
        for name in order:
            node = nodes[name]
            node_type = type(node).__name__
            entering = sum(values[each] for each in before[name])
            if node_type == "Input":
                values[name] = row
            elif node_type in ("Linear", "Affine"):
                if np.ndim(entering):
                    values[name] = node.weight @ entering + getattr(node, "bias", 0.0)
            elif node_type == "Flatten":
                values[name] = entering
            elif node_type == "Scale":
                values[name] = node.scale * entering
            elif node_type == "Threshold":
                values[name] = (entering > node.threshold).astype(float)
            elif node_type == "Output":
                outputs.append(entering)
            elif node_type != "Delay":
                values[name], volts[name], currents[name] = one_step(
                    node_type, node, entering, volts[name], currents[name], dt
                )
        for name, entered in past.items():
            entered.append(sum(values[each] for each in before[name]))
    return np.array(outputs)


def delayed(steps, past):
    """What entered so many steps ago, of each number."""
    lags = np.round(steps).astype(int)
    return np.array(
        [past[-k][i] if k <= len(past) else 0.0 for i, k in enumerate(lags.tolist())]
    )


def one_step(node_type, node, entering, volt, current, dt):
    if node_type == "CubaLIF":
        current = current + dt / node.tau_syn * (node.w_in * entering - current)
        entering = current
    if node_type in ("I", "IF"):
        volt = volt + dt * node.r * entering
    else:
        tau = getattr(node, "tau_mem", None)
        tau = node.tau if tau is None else tau
        volt = volt + dt / tau * (node.v_leak - volt + node.r * entering)
    if node_type in ("I", "LI"):
        return volt, volt, current
    spikes = (volt > node.v_threshold).astype(float)
    return spikes, np.where(spikes == 1.0, node.v_reset, volt), current


def forward(graph):
    """A graph without the edges that lead back to a node nearer to the input, or into a
    delay."""
    directed = nx.DiGraph(graph.edges)
    start = next(n for n, node in graph.nodes.items() if isinstance(node, nir.Input))
    distance = nx.single_source_shortest_path_length(directed, start)
    directed.remove_edges_from(
        [(a, b) for a, b in directed.edges if isinstance(graph.nodes[b], nir.Delay)]
    )
    for part in list(nx.strongly_connected_components(directed)):
        nearest = min(part, key=lambda name: (distance[name], name))
        if len(part) > 1:
            back = [(a, b) for a, b in directed.edges if b == nearest and a in part]
            directed.remove_edges_from(back)
    return directed


def through_file(graph, folder):
    nir.write(folder / "net.nir", graph)
    return readwrite.from_nir(nir.read(folder / "net.nir"))


def assert_all_equal(net, inputs, folder):
    """A network, its graph and what is read of it; returns the twin and its graph."""
    graph = readwrite.to_nir(net)
    twin = through_file(graph, folder)
    outputs = net.run(inputs)
    assert outputs.std() > 0.1
    np.testing.assert_allclose(by_equations(graph, inputs), outputs, atol=1e-9)
    np.testing.assert_allclose(twin.run(inputs), outputs, atol=1e-9)
    again = readwrite.to_nir(twin)
    assert (set(again.nodes), set(again.edges)) == (set(graph.nodes), set(graph.edges))
    return twin, again


@pytest.mark.parametrize("seed", range(5))
def test_a_network_equals_its_graph_and_what_is_read_of_it(seed, tmp_path):
    net = cells(seed)
    twin, _ = assert_all_equal(net, rows(seed), tmp_path)
    np.testing.assert_array_equal(twin["spikes"].activations, net["spikes"].activations)


def every_kind(seed):
    """A graph with every node that can be read."""
    rng = np.random.default_rng(seed)
    weights = partial(rng.normal, size=(4, 4))

    def some(low, high):
        return rng.uniform(low, high, 4)

    rest = {"v_leak": some(-0.1, 0.1), "v_reset": some(-0.2, 0.2)}
    nodes = {
        "in": nir.Input(np.array([3])),
        "flat": nir.Flatten({"input": np.array([3])}, start_dim=0),
        "w1": nir.Affine(rng.normal(size=(4, 3)), rng.normal(size=4)),
        "lif": nir.LIF(some(1e-3, 3e-3), some(5, 20), v_threshold=some(0.3, 1), **rest),
        "back": nir.Linear(weights()),
        "w2": nir.Linear(weights()),
        "cuba": nir.CubaLIF(
            tau_syn=some(1e-3, 2e-3),
            tau_mem=some(1e-3, 3e-3),
            r=some(5, 20),
            v_threshold=some(0.3, 1),
            w_in=some(5, 20),
            **rest,
        ),
        "scale": nir.Scale(some(0.5, 2)),
        "if": nir.IF(some(2e3, 9e3), some(0.5, 1), some(0.0, 0.1)),
        "w3": nir.Linear(weights()),
        "w4": nir.Affine(weights(), rng.normal(size=4)),
        "jump": nir.Threshold(some(0.1, 0.5)),
        "sum": nir.I(some(100, 200)),
        "leaky": nir.LI(some(1e-3, 3e-3), some(5, 20), some(-0.1, 0.1)),
        "w5": nir.Affine(rng.normal(size=(2, 4)), rng.normal(size=2)),
        "out": nir.Output(np.array([2])),
    }
    edges = [*pairwise(name for name in nodes if name != "back")]
    return nir.NIRGraph(nodes, [*edges, ("lif", "back"), ("back", "lif")])


@pytest.mark.parametrize("seed", range(5))
def test_every_node_that_is_read_follows_its_equation(seed):
    graph = every_kind(seed)
    net = readwrite.from_nir(graph)
    inputs = rows(seed)
    np.testing.assert_allclose(net.run(inputs), by_equations(graph, inputs), atol=1e-9)
    for name in ("lif", "cuba", "if", "jump"):
        assert set(net[name].activations) <= {0.0, 1.0}
    assert {"lif voltage", "lif keep", "cuba current"} <= {n.name for n in net.layers}


def chain(*edges, type_check=True, **nodes):
    """A graph of nodes in a row, with more edges."""
    return nir.NIRGraph(nodes, [*pairwise(nodes), *edges], type_check=type_check)


def test_a_current_is_written_as_such():
    cuba = nir.CubaLIF(
        tau_syn=np.full(4, 1e-3),
        tau_mem=np.full(4, 2e-3),
        r=np.full(4, 20.0),
        v_leak=np.zeros(4),
        v_threshold=np.full(4, 2.0),
        w_in=np.full(4, 10.0),
    )
    weights = nir.Linear(np.random.default_rng(0).normal(size=(4, 3)))
    ends = nir.Input(np.array([3])), nir.Output(np.array([4]))
    net = readwrite.from_nir(
        chain(input=ends[0], w=weights, cells=cuba, output=ends[1])
    )
    graph = readwrite.to_nir(net)
    assert isinstance(graph.nodes["cells"], nir.CubaLIF)
    outputs = net.run(rows(0))
    assert 10 < outputs.sum() < 390
    np.testing.assert_array_equal(by_equations(graph, rows(0)), outputs)


def some_cells(make, **options):
    """A network of two layers of cells of NIR, whose time constant is 10 steps."""
    rng, ones = np.random.default_rng(0), np.ones(4)
    settings = {"v_leak": 0.0 * ones, "v_threshold": ones}
    if make is nir.IF:
        settings = {"r": ones / DT, "v_threshold": 3.0 * ones}
    elif make is nir.LIF:
        settings |= {"tau": 10.0 * DT * ones, "r": 8.0 * ones}
    else:
        settings |= {"tau_mem": 10.0 * DT * ones, "r": 6.0 * ones}
        settings |= {"tau_syn": 4.0 * DT * ones, "w_in": 3.0 * ones}
    cells = make(**(settings | options))
    return readwrite.from_nir(
        chain(
            input=nir.Input(np.array([3])),
            w=nir.Affine(rng.normal(size=(4, 3)), rng.uniform(0.0, 0.4, 4)),
            first=cells,
            w2=nir.Linear(rng.normal(size=(4, 4))),
            second=cells,
            output=nir.Output(np.array([4])),
        )
    )


def linear(*sizes):
    net = architect.Perceptron(
        *sizes, squash="identity", output_squash="identity", seed=0
    )
    net.connections[0].weight = 0.0
    return net


def with_more(net, source, target, **options):
    """A network with more connections between two of its layers."""
    net[source].project(net[target], seed=1, **options)
    return net


def delayed_chain():
    """In front of weights and at the end, where no weights follow."""
    return readwrite.from_nir(
        chain(
            input=nir.Input(np.array([3])),
            early=nir.Delay(np.full(3, 3 * DT)),
            w=nir.Linear(np.random.default_rng(0).normal(size=(4, 3))),
            cells=nir.LIF(*np.full((2, 4), 8e-4), np.zeros(4), np.full(4, 2e-4)),
            late=nir.Delay(np.full(4, 2 * DT)),
            output=nir.Output(np.array([4])),
        )
    )


KINDS = {
    "LIF": lambda: some_cells(nir.LIF),
    "LIF of several time constants": lambda: some_cells(
        nir.LIF, tau=np.linspace(6.0, 12.0, 4) * DT
    ),
    "CubaLIF": lambda: some_cells(nir.CubaLIF),
    "IF": lambda: some_cells(nir.IF),
    "leaky outputs": cells,
    "leaky outputs and thresholds": lambda: architect.Spiking(3, 6, 2, seed=0),
    "delayed chain": delayed_chain,
    "sums": lambda: linear(3, 4, 4, 2),
    "sums alone": lambda: linear(3, 2),
    "one to one": lambda: with_more(
        linear(3, 4, 4), "input", "output", weights=np.eye(3, 4), delay=2
    ),
    "past a layer": lambda: with_more(linear(3, 4, 2), "input", "output"),
    "with a delay": lambda: with_more(linear(3, 4, 2), "input", "output", delay=3),
    "back with a delay": lambda: with_more(
        linear(3, 4, 2), "output", "hidden", delay=2, weights=np.full((2, 4), 0.1)
    ),
    "between cells": lambda: with_more(some_cells(nir.LIF), "first", "first voltage"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_is_written_as_the_same_graph(kind):
    graphs, nets = [], [KINDS[kind]()]
    for _ in range(3):
        graphs.append(readwrite.to_nir(nets[-1]))
        nets.append(readwrite.from_nir(graphs[-1]))
    for graph in graphs[1:]:
        assert {*graph.edges} == {*graphs[0].edges}
        assert {name: type(node) for name, node in graph.nodes.items()} == {
            name: type(node) for name, node in graphs[0].nodes.items()
        }
    inputs = 3.0 * rows(0)
    outputs = [net.run(inputs) for net in nets]
    assert outputs[0].std() > 0.03
    if kind != "leaky outputs and thresholds":  # whose cycles `forward` cannot cut
        expected = by_equations(graphs[0], inputs)
        np.testing.assert_allclose(expected, outputs[0], atol=1e-9)
    for net, theirs in zip(nets, outputs, strict=True):
        assert len(net) == len(nets[0])
        np.testing.assert_allclose(theirs, outputs[0], atol=1e-9)


def test_what_is_written_is_what_most_libraries_take():
    """Norse takes r for 1, snnTorch and SpikingJelly only read this CubaLIF, and none
    of them a Scale."""
    lif, cuba = (some_cells(make) for make in (nir.LIF, nir.CubaLIF))
    for node in (readwrite.to_nir(lif).nodes[name] for name in ("first", "second")):
        assert node.r.tolist() == [1.0] * 4
    node = readwrite.to_nir(cuba).nodes["second"]
    np.testing.assert_allclose(node.r, node.tau_mem / DT)
    np.testing.assert_allclose(node.w_in, node.tau_syn / DT)
    mixed = readwrite.to_nir(KINDS["LIF of several time constants"]())
    np.testing.assert_allclose(mixed.nodes["first"].r, mixed.nodes["first"].tau / DT)
    for make in KINDS.values():
        nodes = readwrite.to_nir(make()).nodes.values()
        assert not any(isinstance(node, nir.Scale) for node in nodes)


def test_a_slow_cell_is_no_reason_to_warn():
    """The weights of the file have the gain."""
    net = some_cells(nir.LIF, tau=np.full(4, 5000 * DT), r=np.full(4, 5000.0))
    assert len(readwrite.from_nir(readwrite.to_nir(net))) == len(net)


def test_cells_that_nir_has_not_become_leaky_neurons_and_thresholds():
    net = architect.Spiking(3, 6, 1, adaptive=2, seed=0)
    graph = readwrite.to_nir(net)
    kinds = [type(graph.nodes[name]) for name in ("voltages", "spikes")]
    assert kinds == [nir.LI, nir.Threshold]
    twin = readwrite.from_nir(graph)
    np.testing.assert_allclose(twin.run(rows(0)), net.run(rows(0)), atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_delays_are_nodes(seed, tmp_path):
    """In a layer of cells, back to it and past it, of several steps for a pair."""
    net = cells(seed)
    rng = np.random.default_rng(seed)
    cell, spikes, out = net["voltages"], net["spikes"], net.output
    for source, target, delay in (
        (net.input, cell, 3),
        (net.input, out, 18),
        (spikes, cell, 2 + seed),
        (spikes, cell, 7),
        (out, cell, 2),
        (spikes, out, 1),
    ):
        weights = rng.normal(0.0, 0.3, (len(source), len(target)))
        source.project(target, weights=weights, delay=delay)
    _, again = assert_all_equal(net, rows(seed), tmp_path)
    np.testing.assert_allclose(again.nodes["input, delay 18"].delay, 18 * DT)


def test_delays_are_read_anywhere():
    """Of each number its own, after weights, in a row, in the only cycle, and before
    the output; and with another dt, they are other steps."""
    rng = np.random.default_rng(0)
    nodes = {
        "in": nir.Input(np.array([3])),
        "early": nir.Delay(np.array([1, 4, 2]) * 2e-4),
        "w": nir.Linear(rng.normal(size=(2, 3))),
        "late": nir.Delay(np.array([6, 2]) * 1e-4),
        "later": nir.Delay(np.array([2, 4]) * 1e-4),
        "sum": nir.I(np.full(2, 50.0)),
        "back": nir.Delay(np.array([2, 4]) * 1e-4),
        "rec": nir.Linear(rng.normal(size=(2, 2))),
        "end": nir.Delay(np.full(2, 4e-4)),
        "out": nir.Output(np.array([2])),
    }
    edges = [*pairwise(("in", "early", "w", "late", "later", "sum", "end", "out"))]
    edges += pairwise(("sum", "back", "rec", "sum"))
    graph = nir.NIRGraph(nodes, edges)
    for dt in (1e-4, 2e-4):
        outputs = readwrite.from_nir(graph, dt=dt).run(rows(0))
        np.testing.assert_allclose(outputs, by_equations(graph, rows(0), dt), atol=1e-9)
        assert outputs.std() > 0.02


def test_graphs_within_a_graph_are_read():
    four = nir.Output(np.array([4]))
    inner = nir.NIRGraph(
        {
            "in": nir.Input(np.array([4])),
            "lif": nir.LIF(*(np.full(4, x) for x in (2e-3, 20.0, 0.0, 1.0))),
            "rec": nir.Linear(np.random.default_rng(1).normal(size=(4, 4))),
            "out": four,
        },
        [("in", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "out")],
    )
    weights = nir.Linear(np.random.default_rng(2).normal(size=(4, 3)))
    enter = nir.Input(np.array([3]))
    net = readwrite.from_nir(chain(enter=enter, w=weights, cells=inner, leave=four))
    names = [layer.name for layer in net.layers]
    assert names == ["enter", "cells.lif keep", "cells.lif voltage", "cells.lif"]
    outputs = net.run(rows(3))
    assert 0.02 < outputs.mean() < 0.9
    np.testing.assert_array_equal(by_equations(readwrite.to_nir(net), rows(3)), outputs)


def test_an_input_may_have_an_axis_of_time():
    """As in files of sinabs 3.1.0, which nir 1.0.8 reads without `type_check` only."""
    nodes = {
        "w": nir.Linear(np.random.default_rng(0).normal(size=(4, 3))),
        "cells": nir.IF(np.ones(4), np.ones(4)),
        "leave": nir.Output(np.ones(1)),
    }
    nets = [
        readwrite.from_nir(
            chain(enter=nir.Input(np.array(shape)), **nodes, type_check=False), dt=1.0
        )
        for shape in ([3], [50, 3])
    ]
    assert len(nets[1].input) == 3
    np.testing.assert_array_equal(nets[0].run(rows(0)), nets[1].run(rows(0)))


def test_what_cannot_be_read_or_written_is_refused():
    enter = nir.Input(np.array([2]))
    leave = nir.Output(np.array([2]))
    fast = nir.LI(*(np.full(2, x) for x in (1e-5, 1.0, 0.0)))
    between = partial(chain, type_check=False, a=enter)
    odd = nir.Delay(np.full(2, 15e-5))
    early = nir.Delay(-np.ones(2))
    ring = between(("d", "d"), d=nir.Delay(np.ones(2)), b=leave)
    lstm = architect.LSTM(2, 3, 1, seed=0)
    read, write = readwrite.from_nir, readwrite.to_nir
    wide = nir.Linear(np.ones((2, 3)))
    resets = "'value' or 'hold' or 'subtract' or 'subtract_before_leak' or 'none'"
    perceptron = architect.Perceptron(2, 3, 1)
    all_refused(
        [
            (partial(read, {"nodes": {}}), ArgumentTypeError, "graph of NIR"),
            (partial(read, cells(), dt=0), ArgumentError, "dt"),
            (
                partial(read, between(d=odd, b=leave)),
                FormatError,
                "'d' must be multiples of 0.0001 s",
            ),
            (partial(read, between(d=early, b=leave)), FormatError, "from 0 to 10,000"),
            (partial(read, ring), FormatError, "no cycle of nodes that only delay"),
            (partial(read, between(c=fast, b=leave)), FormatError, "0.0001 s"),
            (partial(read, between(c=fast)), FormatError, "Output"),
            (partial(read, between(c=fast), reset="zero"), ArgumentError, resets),
            (partial(read, between(w=wide, b=leave)), FormatError, "(2, 2)"),
            (partial(write, lstm), FormatError, "'input gates'"),
            (
                partial(write, perceptron),
                FormatError,
                "neither a spike nor the identity",
            ),
            (partial(write, cells(refractory=1)), FormatError, "no part of a cell"),
        ]
    )


def with_hidden_cells(layers, seed):
    """A network of snnTorch: weights, and then cells, in turns."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    modules = []
    for size, make in layers:
        weights = torch.nn.Linear(modules[-2].out_features if modules else 3, size)
        weights.weight.data *= 2.0
        weights.bias.data.uniform_(0.0, 0.4)
        modules += [weights, make(size)]
    return torch.nn.Sequential(*modules)


def spikes_of(module, sequence):
    rows = pytest.importorskip("torch").tensor(sequence.astype(np.float32))
    return np.array([module(row[None]).detach().numpy()[0] for row in rows])


@pytest.mark.torch
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_networks_of_snntorch_have_every_spike_here(reset, seed):
    """And so has what is written again. Recurrent ones reset to 0, the others by
    subtraction, which is snnTorch's default and is not written: the graph says v_reset
    = 0."""
    torch = pytest.importorskip("torch")
    snn = pytest.importorskip("snntorch")
    from snntorch.export_nir import export_to_nir

    options = {"init_hidden": True}
    if reset == "value":
        options |= {"reset_mechanism": "zero", "reset_delay": False}

    def leaky(size):
        beta = torch.full((size,), 0.9)
        if reset == "value":
            recurrent = {"threshold": 0.7, "linear_features": size}
            return snn.RLeaky(beta=beta, **recurrent, **options)
        return snn.Leaky(beta, torch.full((size,), 0.7), **options)

    def with_currents(size):
        numbers = {"alpha": 0.8, "beta": 0.9, "threshold": 1.2}
        tensors = {name: torch.full((size,), it) for name, it in numbers.items()}
        return snn.Synaptic(**tensors, **options)

    module = with_hidden_cells([(8, leaky), (5, with_currents)], seed)
    graph = export_to_nir(module, torch.zeros(1, 3), ignore_dims=[0])
    for cells_of_snntorch in (module[1], module[3]):
        cells_of_snntorch.reset_mem()
    sequence = rows(seed).astype(np.float32)
    theirs = spikes_of(module, sequence)
    assert 0 < theirs.sum() < theirs.size
    single = sequence.astype(float)
    net = readwrite.from_nir(graph, reset=reset)
    for network in (net, readwrite.from_nir(readwrite.to_nir(net))):
        np.testing.assert_array_equal(network.run(single), theirs)
    if reset == "subtract":
        assert (readwrite.from_nir(graph).run(single) != theirs).any()


@pytest.mark.parametrize("reset", get_args(Reset))
@pytest.mark.parametrize("make", [nir.LIF, nir.IF, nir.CubaLIF])
def test_each_reset_is_its_equation(make, reset):
    size, share, threshold = 4, np.linspace(0.7, 0.9, 4), np.linspace(0.3, 0.6, 4)
    tau, ones = DT / (1.0 - share), np.ones(size)
    leak = 0.02
    options = {"r": 0.8 * ones, "v_threshold": threshold, "v_reset": 0.1 * ones}
    if make is nir.IF:
        share, options["r"] = ones, 0.8 / DT * ones
    elif make is nir.LIF:
        options |= {"tau": tau, "v_leak": leak * ones}
    else:
        options |= {"tau_syn": DT / (0.5 * ones), "tau_mem": tau, "v_leak": leak * ones}
        options["w_in"] = 1.5 * ones
    gain = 0.8 * ones if make is nir.IF else 0.8 * (1.0 - share)
    ends = nir.Input(np.array([size])), nir.Output(np.array([size]))
    graph = chain(enter=ends[0], cells=make(**options), leave=ends[1])
    inputs = rows(0, size) * 3.0 - 1.2
    volts, current, spikes, expected = 0.0 * ones, 0.0 * ones, 0.0 * ones, []
    for row in inputs:
        current = 0.5 * current + 0.75 * row if make is nir.CubaLIF else row
        fired = spikes * threshold
        if reset == "value":
            volts = np.where(spikes, 0.1, volts)
        elif reset == "subtract_before_leak":
            volts = volts - fired
        volts = share * volts + gain * current - (reset == "subtract") * fired
        volts = volts + (1.0 - share) * leak
        if reset == "hold":
            volts = np.where(spikes, 0.1, volts)
        spikes = (volts > threshold).astype(float)
        expected.append(spikes)
    assert 0 < np.sum(expected) < np.size(expected)
    net = readwrite.from_nir(graph, reset=reset)
    np.testing.assert_array_equal(net.run(inputs), expected)


@pytest.mark.torch
@pytest.mark.parametrize("seed", range(10))
def test_snntorch_reads_what_is_written_in_every_spike(seed):
    """Networks without a recurrence: snnTorch's import (1.0.0 with nirtorch 2.6) sends
    the inputs of a recurrent layer through its recurrent weights, its own exports
    included."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("snntorch")
    from snntorch.import_nir import import_from_nir

    rng = np.random.default_rng(seed)
    share, size = np.float32(rng.uniform(0.8, 0.95)), 6
    nodes = {"input": nir.Input(np.array([3]))}
    for k, before in ((1, 3), (2, size)):
        weights = rng.normal(size=(size, before)).astype(np.float32)
        tau = np.full(size, DT / (1.0 - share))
        nodes[f"w{k}"] = nir.Affine(weights, rng.uniform(0.0, 0.4, size))
        nodes[f"cells{k}"] = nir.LIF(tau, tau / DT, np.zeros(size), np.ones(size))
    nodes["output"] = nir.Output(np.array([size]))
    net = readwrite.from_nir(nir.NIRGraph(nodes, [*pairwise(nodes)]))

    module = import_from_nir(readwrite.to_nir(net))
    sequence = rows(seed).astype(np.float32)
    theirs = []
    state = None
    for row in torch.tensor(sequence):
        spikes, state = module(row[None], state)
        theirs.append(spikes.detach().numpy()[0])
    assert 0 < np.sum(theirs) < np.size(theirs)
    np.testing.assert_array_equal(net.run(sequence.astype(float)), theirs)
