"""Threads that train, edit, record, copy, join and run the same networks, in a process of their own.

Errors of the library are answers. Failures are a crash, another error, a store that is not whole, and a
deadlock. Started by ``python -m tests.fuzz`` with PYTHONMALLOC=debug.
"""

from __future__ import annotations

import faulthandler
import threading
import time
import traceback
from collections import Counter
from random import Random

import numpy as np

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, optimizers
from synapse.errors import SynapseError

from ..integrity import check_store
from .copies import WAYS
from .walk import Failure

PATIENCE = 90
"""Seconds after which threads that do not end are taken for a deadlock."""


class Shared:
    """What the threads of one round have in common."""

    def __init__(self, seed):
        random = Random(seed)
        self.networks = [
            architect.LSTM(2, random.randint(1, 3), 1, style="synaptic", seed=seed),
            architect.Perceptron(2, random.randint(2, 9), 1, seed=seed),
            architect.Elman(2, 4, 1, seed=seed),
        ]
        self.alone = alone()[0].weights.tobytes()
        self.stop = threading.Event()
        self.failures, self.counts = [], Counter()
        self.lock = threading.Lock()

    def count(self, name):
        with self.lock:
            self.counts[name] += 1


def data(random, network, rows=8):
    rng = np.random.default_rng(random.randrange(999))
    return rng.uniform(-1, 1, (4, rows, len(network.input))), rng.random((4, rows, len(network.output)))


def train(shared, random, network):
    """A training, short or long, by any method."""
    method = random.choice(["online", "bptt"])
    optimizer = random.choice([None, optimizers.Adam(), optimizers.SGD(0.01)])
    options = {"threads": random.choice([1, 2])} if method == "bptt" else {}
    trainer = Trainer(network, 0.02, "squared_error", method=method, optimizer=optimizer, **options)
    options = {"validation": 0.5, "patience": 5} if random.random() < 0.3 else {}
    callbacks = [lambda _: shared.stop.is_set()]
    if random.random() < 0.3:
        callbacks.append(lambda _: edit(shared, random, network))
    trainer.train(
        *data(random, network), epochs=random.choice([2, 50]), progress=False, callbacks=callbacks, **options
    )


def long_epoch(shared, random, network):
    """An epoch long enough that the library runs it in a thread of its own."""
    inputs, targets = data(random, network, rows=6000)
    Trainer(network, 0.001, "squared_error").train(inputs, targets, epochs=1, progress=False, seed=0)


def edit(shared, random, network):
    """One edit of structure or numbers."""
    neurons = network.neurons
    a, b = random.choice(neurons), random.choice(neurons)
    links = network.connections
    link = random.choice(links) if links else None
    verb = random.randrange(14)
    if verb <= 1:
        a.project(b, seed=random.randrange(99))
    elif verb == 2 and link is not None:
        link.source.disconnect(link.target)
    elif verb == 3 and link is not None:
        a.gate(link)
    elif verb == 4 and link is not None and link.gater is not None:
        link.gater.ungate(link)
    elif verb == 5 and len(network) < 40:
        network.add(Layer([Neuron("tanh")]))
    elif verb == 6 and network.hidden and len(network) < 40:
        random.choice(network.hidden).append(Neuron())
    elif verb == 7 and network.hidden and len(network) > 8:
        network.remove(random.choice(random.choice(network.hidden)))
    elif verb == 8:
        synapse.tie(random.sample(links, min(3, len(links))))
    elif verb == 9:
        synapse.untie(links)
    elif verb == 10 and link is not None:
        link.trainable = random.random() < 0.7
    elif verb == 11:
        a.squash = random.choice(["tanh", "logistic", "softsign"])
    elif verb == 12:
        network.weights = np.clip(network.weights, -0.5, 0.5)
    elif link is not None:
        link.weight = random.uniform(-0.5, 0.5)


def record(shared, random, network):
    """Recordings around steps and trainings."""
    with synapse.record(network, "activation", "state", "error", "weight", "eligibility") as log:
        for _ in range(random.randint(1, 3)):
            network.run(np.zeros((3, len(network.input))))
            if random.random() < 0.5:
                trainer = Trainer(network, 0.01, "squared_error")
                trainer.train(*data(random, network), epochs=1, progress=False, seed=0)
        _ = log.activation, len(log)
    assert log.error.shape == log.activation.shape


def copy(shared, random, network):
    """A copy made while others work is a whole network."""
    twin = WAYS[random.choice(["clone", "pickle", "json"])](network)
    twin.run(np.zeros((2, len(twin.input))))
    check_store(twin._store)


def join(shared, random, network):
    """Join this network with another, with a new one, or both at once from two sides."""
    other = random.choice(shared.networks) if random.random() < 0.3 else None
    if other is None or other is network:
        other = Network(Layer(1), [], Layer(2))
        other.input.project(other.output)
    way = random.randrange(3)
    if way == 0:
        network.output[0].project(other.input[0])
    elif way == 1:
        synapse.tie([network.output[0], other.output[0]])
    elif other.connections and network.hidden:
        network.hidden[0][0].gate(random.choice(other.connections))


def run(shared, random, network):
    """Steps, by the network or neuron by neuron."""
    network.activate([0.1] * len(network.input))
    network.propagate(0.01, [0.5] * len(network.output), "squared_error")
    for neuron in network.neurons:
        neuron.activate()
    for neuron in reversed(network.neurons):
        neuron.propagate(0.01)


def look(shared, random, network):
    """Reading, which lowers and makes graphs."""
    neuron = random.choice(network.neurons)
    _ = neuron.incoming, neuron.outgoing, neuron.gated, neuron.error.projected, neuron.bias_eligibility
    _ = repr(network), network.weights, network.biases, network.has_memory, network.graph
    for link in network.connections[:3]:
        _ = repr(link), link.eligibility, link.gain


def gradient(shared, random, network):
    synapse.gradient(network, *data(random, network), "squared_error", threads=random.choice([1, 2]))


def apart(shared, random, network):
    """A network of one's own is trained to the same bits as without other threads."""
    twin, _ = alone()
    if twin.weights.tobytes() != shared.alone:
        raise AssertionError("a training beside others has given other bits")


def alone():
    """A network that is trained, and its trainer."""
    network = architect.LSTM(2, 3, 1, seed=3)
    rng = np.random.default_rng(3)
    trainer = Trainer(network, 0.1, "squared_error")
    trainer.train(rng.uniform(-1, 1, (4, 8, 2)), rng.random((4, 8, 1)), epochs=20, progress=False, seed=0)
    return network, trainer


JOBS = (apart, train, train, edit, edit, edit, record, copy, join, run, look, gradient, long_epoch)


def work(shared, seed, jobs):
    """What one thread does until the round ends."""
    random = Random(seed)
    while not shared.stop.is_set():
        job = random.choice(jobs)
        try:
            job(shared, random, random.choice(shared.networks))
            shared.count(job.__name__)
        except SynapseError:
            shared.count(f"{job.__name__} refused")
        except BaseException:
            shared.failures.append(f"{job.__name__}:\n{traceback.format_exc()}")
            shared.stop.set()


def one_round(seed, seconds):
    """Threads on some networks; then every store must be whole and every network must run."""
    shared, random = Shared(seed), Random(seed)
    count = random.randint(2, 5)
    sets = [random.sample(JOBS, random.randint(1, 5)) for _ in range(count)]
    every = [(shared, seed * 10 + i, jobs) for i, jobs in enumerate(sets)]
    threads = [threading.Thread(target=work, args=one, daemon=True) for one in every]
    faulthandler.dump_traceback_later(PATIENCE + seconds, exit=True)
    for thread in threads:
        thread.start()
    shared.stop.wait(seconds)
    shared.stop.set()
    for thread in threads:
        thread.join()
    faulthandler.cancel_dump_traceback_later()
    afterwards(shared)
    return shared


def afterwards(shared):
    """The state that the threads have left."""
    try:
        for network in shared.networks:
            check_store(network._store)
            assert network._store.recorder is None, "a recording is left"
            network._store.ready()
            check_store(network._store)
            network.weights = np.clip(network.weights, -0.5, 0.5)
            network.clear()
            assert np.isfinite(network.run(np.zeros((2, len(network.input))))).all()
    except BaseException:
        shared.failures.append(f"afterwards:\n{traceback.format_exc()}")


def threads_walk(seed, counts, journal=lambda *place: None, seconds=0.7):
    """One round as a walk: the failure, or None."""
    journal(seed, 0, "threads")
    begun = time.perf_counter()
    shared = one_round(seed, seconds)
    counts["rounds of threads"] += 1
    longest = "longest round (ms)"
    counts[longest] = max(counts[longest], round(1000 * (time.perf_counter() - begun)))
    counts.update({f"thread: {name}": count for name, count in shared.counts.items()})
    if not shared.failures:
        return None
    text = shared.failures[0]
    last = text.strip().splitlines()[-1]
    places = [line.strip().split(",")[2] for line in text.splitlines() if line.strip().startswith("File")]
    return Failure(seed, 0, last, ["threads"], ("threads", *places[-2:], last[:30]), text, [0])
