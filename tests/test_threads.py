"""Threads that use one network at once: each runs in a process of its own, where a mistake would crash it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMON = """
import contextlib, random, sys, threading, time, traceback
import numpy as np
import architect, synapse
from synapse import Layer, Network, Neuron, Trainer, optimizers
from tests.integrity import check_store

X = np.random.default_rng(0).random((6, 5, 2))
Y = np.random.default_rng(1).random((6, 5, 1))
SECONDS = float(sys.argv[1])
failures, done, refused = [], {}, {}

def again(name, act, *arguments):
    'Do something over and over until time is up.'
    stop, rng = time.monotonic() + SECONDS, random.Random(name)
    try:
        while time.monotonic() < stop and not failures:
            try:
                act(rng, *arguments)
            except synapse.errors.SynapseError:
                refused[name] = refused.get(name, 0) + 1
            done[name] = done.get(name, 0) + 1
    except BaseException:
        failures.append(f"{name}: {traceback.format_exc()}")

def together(**acts):
    for name, act in acts.items():
        with contextlib.suppress(synapse.errors.SynapseError):  # kernels are loaded now
            act(random.Random(0))
    threads = [threading.Thread(target=again, args=(name, act)) for name, act in acts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + 60)
        if thread.is_alive():
            failures.append("a thread hangs")
            break
    print(failures[0] if failures else "sound", min(done.values()) > 0)
    print(done, refused, file=sys.stderr)
    sys.stdout.flush()

def edit(rng, net):
    hidden = rng.choice(net.hidden)
    kind = rng.randrange(7)
    if kind == 0 and len(net) < 30:
        neuron = Neuron()
        net.input[0].project(neuron, weight=0.1)
        neuron.project(net.output[0], weight=0.1)
        hidden.append(neuron)
    elif kind == 1 and len(hidden) > 2:
        neuron = rng.choice(list(hidden))
        neuron.ungate(*neuron.gated)
        net.remove(neuron)
    elif kind == 2:
        link = rng.choice(net.connections)
        link.source.disconnect(link.target)
    elif kind == 3:
        rng.choice(list(net.input)).project(rng.choice(list(hidden)), weight=0.1)
    elif kind == 4:
        rng.choice(list(hidden)).gate(rng.choice(net.connections))
    elif kind == 5:
        link = rng.choice(net.connections)
        link.trainable = not link.trainable
    else:
        synapse.tie(rng.sample(net.connections, 2))

"""

TRAINED_AND_EDITED = """
net = architect.LSTM(2, 4, 1, style="synaptic", seed=0)

def train(rng):
    Trainer(net, rate=0.01).train(X, Y, epochs=3, progress=False)
    net.reset(0)

def train_exactly(rng):
    Trainer(net, method="bptt", threads=2, optimizer=optimizers.Adam(0.001), batch_size=2).train(
        X, Y, epochs=2, progress=False, validation=(X, Y))

def search(rng):
    Trainer(net, method="bptt", optimizer=optimizers.LBFGS()).train(X, Y, epochs=2, progress=False)
    net.reset(0)

def step(rng):
    net.activate([0.0, 1.0])
    net.propagate(0.01, [0.5])
    neuron = rng.choice(list(net))
    neuron.activate()
    neuron.propagate(0.0)

def record(rng):
    with synapse.record(net, "state", "error", "weight", "gain", "eligibility") as log:
        net.run(X[0])
        net.output[0].activate()
        synapse.gradient(net, X, Y)
        assert log.state.shape[1] == len(log.neurons)

def save(rng):
    twin = net.clone()
    assert len(twin.run(X[0])) == 5

def read(rng):
    link, neuron = net.connections[0], net.output[0]
    assert abs(link.weight) < 100 and abs(neuron.activation) < 100
    len(net.weights), net.graph.number_of_edges(), repr(net), synapse.gradient(net, X, Y)
    assert all(isinstance(root, Neuron) for link in net.connections[:9] for root in link.sensitivity)

def train_by_batches(rng):
    Trainer(net, method="rtrl", order=rng.choice([None, 1, 2]), optimizer=optimizers.Adam(0.001),
            batch_size=4).train(X, Y, epochs=1, progress=False, validation=(X, Y))

def rule(rng):
    net.clear()
    net.learning_rule = rng.choice(["rtrl", "online", ("rtrl", 1)])

def join(rng):
    other = architect.Elman(1, 2, 1, seed=0)
    other.learning_rule = "rtrl"
    other.activate([0.5])
    link = rng.choice([(net.output[0], other.hidden[0][0]), (other.output[0], net.output[0])])
    link[0].project(link[1])
    link[0].disconnect(link[1])

together(train_by_batches=train_by_batches, rule=rule, join=join, train=train, train_exactly=train_exactly,
         search=search, step=step, record=record, save=save,
         read=read, edit=lambda rng: edit(rng, net), edit2=lambda rng: edit(rng, net))
check_store(net._store)
"""


JOINED = """
nets = [architect.Perceptron(2, 3, 1, seed=seed) for seed in range(4)]

def train(rng):
    net = rng.choice(nets)
    Trainer(net, rate=0.01).train(X, Y, epochs=2, progress=False)

def join(rng):
    'Tie, gate and link networks in both directions at once, and build new ones in their place.'
    one, other = rng.sample(range(4), 2)
    kind = rng.randrange(4)
    if kind == 0:
        nets[one].output.project(nets[other].input, seed=0)
    elif kind == 1:
        synapse.tie([nets[one].connections[0], nets[other].connections[1]])
    elif kind == 2:
        nets[one]["hidden"][0].gate(nets[other].connections[2])
    else:
        nets[one] = architect.Perceptron(2, 3, 1, seed=rng.randrange(99))

def run(rng):
    net = rng.choice(nets)
    net.run(X[0])
    rng.choice(list(net)).activate(0.5)

together(join=join, join2=join, join3=join, train=train, train2=train, run=run)
for net in nets:
    check_store(net._store)
"""


SCRIPTS = {"edited": TRAINED_AND_EDITED, "joined": JOINED}


def process(script, seconds):
    """What a script prints; every mistake in memory ends the process."""
    environment = {**os.environ, "PYTHONMALLOC": "debug", "PYTHONFAULTHANDLER": "1"}
    result = subprocess.run(
        [sys.executable, "-c", COMMON + script, str(seconds)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
        env=environment,
        timeout=seconds + 300,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_network_is_used_by_one_thread_at_a_time(script):
    assert process(script, 3.0) == "sound True\n"


if __name__ == "__main__":
    for each in SCRIPTS.values():
        print(process(each, float(sys.argv[1]) if len(sys.argv) > 1 else 60.0), end="")
