"""Threads that read every public number beside a training that changes what learns, and
beside edits, in a process of its own, in which glibc checks its memory."""

import ctypes.util

import numpy as np
import pytest

import architect
from synapse import Trainer
from tests.helpers.processes import python

SCRIPT = '''
import inspect, sys, threading, time, traceback
from functools import partial
import numpy as np
import architect, synapse
from synapse import Layer, Network, Trainer, analysis

sys.setswitchinterval(1e-5)
SECONDS = float(sys.argv[1])
failures, reads = [], {}


def made():
    """Self-connections, gates, delays and ties: everything that has a trace."""
    x, gates, memory = Layer(3), Layer(4), Layer(4, "tanh")
    out, free = Layer(2, "identity"), Layer(2)
    into = x.project(memory, seed=0)
    x.project(gates, seed=1), memory.project(out, seed=2), gates.gate(into, "input")
    memory.project(memory, "one_to_one", weights=0.5)
    out.project(gates, delay=3, seed=3)
    x.project(gates, delay=2, seed=4)
    net = Network(x, [gates, memory], out)
    net.activate([0.5, 0.2, 0.1]), net.propagate(1e-9, [0.0, 0.0])
    return net, into


def readers(net, into):
    """Functions that read one thing each, of all public things."""
    objects = {
        "net": net, "layer": net.layers[1], "neuron": net[5], "error": net[5].error,
        "projection": into, "connections": net.connections, "late": net.connections[-1],
        "loop": net[8].self_connection, "link": net.connections[3],
    }
    for name, each in objects.items():
        for attribute in dir(each):
            is_data = not callable(getattr(type(each), attribute, None))
            if attribute[0] != "_" and is_data:
                yield f"{name}.{attribute}", partial(getattr, each, attribute)
        yield f"repr of {name}", partial(repr, each)
        if hasattr(each, "__iter__"):
            yield f"list of {name}", partial(list, each)
    for module in (analysis, synapse):
        for name in module.__all__:
            function = getattr(module, name)
            if not inspect.isfunction(function):
                continue
            parameters = inspect.signature(function).parameters.values()
            needed = [each.name for each in parameters if each.default is each.empty]
            if needed == ["network"]:
                yield name, partial(function, net)
    yield "copy of the graph", lambda: net.graph.copy()
    yield "data", lambda: [dict(d) for _, d in net.graph.copy().nodes(data=True)]
    yield "links", lambda: [dict(d) for *_, d in net.graph.copy().edges(data=True)]
    yield "table", lambda: synapse.Topology.of(net)


def phase(main, net, into, check):
    """Read in two threads, while this one does something again and again."""
    ends = threading.Event()

    def read(functions):
        while not ends.is_set():
            for name, function in functions:
                try:
                    function()
                    reads[name] = reads.get(name, 0) + 1
                    check()
                except (synapse.errors.SynapseError, AttributeError):
                    pass  # removed, or of another kind
                except BaseException:
                    failures.append(f"{name}: {traceback.format_exc()}")
                    ends.set()
                if ends.is_set():
                    return

    every = list(readers(net, into))
    threads = [threading.Thread(target=read, args=(every[::step],)) for step in (1, -1)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + SECONDS
    rng = np.random.default_rng(0)
    while time.monotonic() < until and not ends.is_set():
        main(rng)
    ends.set()
    for thread in threads:
        thread.join()


net, into = made()
weights = np.array([link.weight for link in net.connections])
data = np.ones((1, 4, 3)), np.zeros((1, 4, 2))
trainers = [
    Trainer(net, rate=1e-9, only=[part], **options)
    for part in (net.connections[2], net.layers[2], net.connections[-1])
    for options in ({"rule": "bptt"}, {}, {"optimizer": "adam"})
]


def parts(rng):
    which = rng.integers(len(trainers) + 2)
    if which < len(trainers):
        trainers[which].train(*data, epochs=2, progress=False)
    else:
        link = net.connections[int(rng.integers(4, 9))]
        link.trainable = not link.trainable
    net.activate([1.0, 2.0, 3.0])


def same_order():
    found = net.weights
    if not np.allclose(found, weights, atol=1e-5):
        raise AssertionError(f"{found} in place of {weights}")


phase(parts, net, into, same_order)
assert np.allclose([link.weight for link in net.connections], weights, atol=1e-5)

net, into = made()


def edits(rng):
    which = rng.integers(4)
    if which == 0 and not net[1].connection_to(net[8]):
        net[1].project(net[8], delay=int(rng.integers(2, 9)), weight=0.1)
    elif which == 1:
        for link in [link for link in net[1].outgoing if link.delay > 2]:
            net[1].disconnect(link.target, delay=link.delay)
    elif which == 2:
        other, _ = made()
        joins = other.project(net.layers[1], seed=5)  # the stores are one from now on
        for link in list(joins):
            link.source.disconnect(link.target)
    net.activate([1.0, 2.0, 3.0])


phase(edits, net, into, lambda: None)
print(*failures[:3] or ["sound", len(reads) > 80, sum(reads.values()) > 1000])
'''


@pytest.mark.slow
def test_no_reader_meets_moving_memory_or_another_order():
    checks = {"PYTHONFAULTHANDLER": "1", "MALLOC_PERTURB_": "165", "MALLOC_CHECK_": "3"}
    if library := ctypes.util.find_library("c_malloc_debug"):
        checks["LD_PRELOAD"] = library
    assert python("-c", SCRIPT, 8, timeout=300, **checks) == "sound True True\n"


@pytest.mark.parametrize("rule", ["online", "bptt", "rtrl"])
@pytest.mark.parametrize("optimizer", [None, "adam"])
def test_weights_are_in_the_order_of_connections_while_a_part_trains(rule, optimizer):
    """A part whose connections come first in the store takes turns with the whole."""
    net = architect.Elman(2, 3, 1, seed=0)
    weights = np.arange(1.0, len(net.connections) + 1)
    net.weights = weights
    seen = []

    def look(_):
        seen.append(net.weights)
        net.activate([0.5, 0.1])  # by kernels of the whole
        net.weights = net.weights

    data = np.ones((2, 3, 2)), np.zeros((2, 3, 1))
    for part in (net.connections[-1], net.connections[4]):
        trainer = Trainer(net, rate=1e-9, rule=rule, only=[part], optimizer=optimizer)
        for _ in range(2):
            trainer.train(*data, epochs=2, on_batch=look, progress=False)
            seen.append(net.weights)
            net.weights = net.weights
    assert len(seen) >= 8
    assert np.abs(np.array(seen) - weights).max() < 1e-6
    assert [c.weight for c in net.connections] == pytest.approx(weights, abs=1e-6)
