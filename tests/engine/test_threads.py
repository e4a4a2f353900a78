"""Threads that use one network at once: each runs in a process of its own, where a
mistake would crash it."""

import sys

import pytest

from tests.helpers.processes import python

COMMON = """
import contextlib, random, sys, threading, time, traceback
import numpy as np
import architect, synapse
from synapse import Layer, Network, Neuron, Trainer, optimizers
from tests.helpers.integrity import check_store

X = np.random.default_rng(0).random((6, 5, 2))
Y = np.random.default_rng(1).random((6, 5, 1))
SECONDS = float(sys.argv[1])
sys.setswitchinterval(1e-4)  # 50 times as many opportunities
failures, done, refused = [], {}, {}

def again(name, act, *arguments):
    "Do something over and over until time is up."
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
    threads = [
        threading.Thread(target=again, args=(name, act)) for name, act in acts.items()
    ]
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
net = architect.LSTM(2, 4, 1, style="synaptic", output_squash="identity", seed=0)

def train(rng):
    Trainer(net, rate=0.01).train(X, Y, epochs=3, progress=False)
    net.reset_parameters(0)

def train_exactly(rng):
    Trainer(
        net, rule="bptt", threads=2, optimizer=optimizers.Adam(0.001), batch_size=2
    ).train(X, Y, epochs=2, progress=False, validation=(X, Y))

def search(rng):
    Trainer(net, rule="bptt", optimizer=optimizers.LBFGS()).train(
        X, Y, epochs=2, progress=False
    )
    net.reset_parameters(0)

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
    len(net.weights), repr(net), synapse.gradient(net, X, Y)
    assert all(
        isinstance(root, Neuron)
        for link in net.connections[:9]
        for root in link.sensitivity
    )

LOOKS = [
    lambda hidden, link: (
        net.graph.number_of_edges() + len(net.graph.edges) + net.graph.size()
    ),
    lambda hidden, link: net.graph.copy().number_of_edges(),
    lambda hidden, link: (
        repr(hidden[0].error),
        hidden[0] < net.output[0],
        repr(link),
        dict(link),
    ),
    lambda hidden, link: [net.graph.nodes[neuron]["subset"] for neuron in net.output],
    lambda hidden, link: (
        net.parts,
        hidden.activations,
        hidden.trainable_bias,
        hidden[0].outgoing,
    ),
]

def look(rng):
    rng.choice(LOOKS)(rng.choice(net.hidden), net.connections[-1])

net.rule = "rtrl"
agent = synapse.reward.TD(net, normalize=False)
net.rule = "online"

def reward(rng):
    net.peek([0.0, 1.0]), net.output_gradient()
    net.weights = np.array(net.weights)
    agent.begin([0.0, 1.0])
    agent.learn(1.0, [1.0, 0.0])

def train_by_batches(rng):
    Trainer(
        net,
        rule="rtrl",
        reach=rng.choice([None, 1, 2]),
        optimizer=optimizers.Adam(0.001),
        batch_size=4,
    ).train(X, Y, epochs=1, progress=False, validation=(X, Y))

def rule(rng):
    net.clear()
    net.rule = rng.choice(["rtrl", "online", ("rtrl", 1)])

def join(rng):
    other = architect.Elman(1, 2, 1, seed=0)
    other.rule = "rtrl"
    other.activate([0.5])
    link = rng.choice(
        [(net.output[0], other.hidden[0][0]), (other.output[0], net.output[0])]
    )
    link[0].project(link[1])
    link[0].disconnect(link[1])

together(
    train_by_batches=train_by_batches,
    rule=rule,
    join=join,
    train=train,
    train_exactly=train_exactly,
    search=search,
    step=step,
    record=record,
    save=save,
    reward=reward,
    look=look,
    read=read,
    edit=lambda rng: edit(rng, net),
    edit2=lambda rng: edit(rng, net),
)
check_store(net._store)
"""


JOINED = """
nets = [architect.Perceptron(2, 3, 1, seed=seed) for seed in range(4)]

def train(rng):
    net = rng.choice(nets)
    Trainer(net, rate=0.01).train(X, Y, epochs=2, progress=False)

def join(rng):
    "Tie, gate and link networks in both directions at once, and build new ones."
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


COMPOSED = """
neurons, links = [Neuron() for _ in range(16)], []

def compose(rng):
    "Connect neurons and layers, and gate, mostly before numbers are read."
    kind, some = rng.randrange(8), rng.sample(range(16), 3)
    a, b, c = (neurons[i] for i in some)
    known = [*links]
    if kind < 3:
        links.append(a.project(b, weight=0.5))
    elif kind < 5:
        neurons[some[0]] = Neuron()
    elif kind == 5 and known:
        c.gate(rng.choice(known))
    elif kind == 6:
        Layer(2).project(Layer([a, b]), seed=0)
    elif kind == 7:
        links[:] = []
        neurons[:] = [Neuron() for _ in range(16)]

def look(rng):
    time.sleep(0.001)
    neuron = rng.choice(neurons)
    assert neuron.bias == 0.0 and neuron.activate() is not None
    for link in links[-1:]:
        assert link.weight == 0.5
        assert link.source.connection_to(link.target) is link
        assert link.source.outgoing  # from now on its store has a graph

together(compose=compose, compose2=compose, compose3=compose, look=look)
for store in {neuron._store for neuron in neurons}:
    check_store(store)
for link in links:
    assert link.source.connection_to(link.target) is link
"""


DELAYED = """
a, b, c = layers = [Layer(2, "tanh", name=name) for name in "abc"]
a.project(b, seed=0), b.project(c, seed=0)
net = Network(*layers)

def pair(rng):
    return rng.choice(list(a) + list(b)), rng.choice(list(b) + list(c))

def edit(rng):
    source, target = pair(rng)
    if rng.random() < 0.5:
        source.project(target, weight=0.1, delay=rng.randrange(1, 4))
    else:
        source.disconnect(target, delay=rng.choice([None, 1, 2, 3]))

def look(rng):
    source, target = pair(rng)
    delay = rng.choice([None, 0, 1, 2, 3])
    link = source.connection_to(target, delay=delay)
    assert link is None or delay is None or link.delay in (delay, 0)  # 0: it is gone
    assert all(layer.name in "abc" for layer in net.hidden)

def run(rng):
    net.run(X[0])

together(edit=edit, edit2=edit, look=look, look2=look, run=run)
check_store(net._store)
"""


REMOVED = """
class World:
    'A network that loses neurons and connections while a call waits for its lock.'

    def __init__(self):
        self.input = Layer(2)
        self.layer = Layer(3, "tanh")
        self.last = Layer(1)
        self.output = Layer(2)
        self.into = self.input.project(self.layer, seed=0)
        self.out = self.layer.project(self.output, seed=1)
        self.input.project(self.last, seed=2)
        self.last.project(self.output, seed=3)
        self.net = Network(self.input, [self.layer, self.last], self.output)
        self.gone = self.layer[0]
        self.one = self.last[0]
        self.same = self.layer[:]
        self.link = self.into[0]
        self.other = self.into[3]
        self.link_out = self.one.outgoing[0]
        self.free = Neuron()
        self.apart = Layer(2)
        self.data = dict(self.net.graph.nodes)
        self.net.activate([0.0, 1.0])  # from now on, reading waits for edits only

    def edit(self):
        self.net.remove(self.gone), self.net.remove(self.one)
        for link in self.net.connections[-2:]:
            link.source.disconnect(link.target)

CALLS = {
    "gone one": '''
n.gate(w.other)
n.gate(w.other, w.into[4])
n.ungate(w.other)
n.project(w.free)
w.free.project(n)
n.project(w.apart)
n.disconnect(w.output[0])
n.disconnect(w.output[0], delay=2)
n.connection_to(w.output[0])
n.connection_to(w.output[0], delay=2)
n.activate()
n.activate(0.5)
n.propagate(0.1, 1.0)
n.clear()
n.reset_parameters(0)
n.reseed(0)
n.freeze()
n.unfreeze()
n.bias = 1.0
n.squash = "relu"
n.trainable_bias = False
n.name = "a"
n.state = 1.0
repr(n), n < w.output[0], [getattr(n, name) for name in dir(n) if name[0] != "_"]
repr(n.error), dict(w.data[n])
''',
    "layer last same": '''
n.append(Neuron())
w.net.add(w.apart, before=n)
n.project(w.apart)
w.apart.project(n, seed=0)
n.gate(w.into, "input")
w.apart.gate(w.out, "output")
n.activate()
n.activate([0.5] * len(n))
n.propagate(0.1, [1.0] * len(n))
n.clear()
n.reset_parameters(0)
n.freeze()
n.unfreeze()
n.biases = [0.5] * len(n)
n.cost_weights = [0.5] * len(n)
n.squash = "winner"
n.name = "a"
n.trainable_bias = False
n.deterministic = True
synapse.tie(n)
synapse.untie(n)
Network(w.apart, n)
n.activations, n.squash, n._repr_html_(), list(n)
''',
    "link link_out": '''
n.weight = 1.0
n.trainable = False
w.free.gate(n)
synapse.tie([n, w.other])
repr(n), dict(n), [getattr(n, name) for name in dir(n) if name[0] != "_"]
''',
    "into out": '''
n.weights = 1.0
n.weights *= 2.0
n.weights[0] = 1.0
n.trainable = False
n.freeze()
n.unfreeze()
synapse.tie(n)
[link.weight for link in n], n[-1], np.asarray(n.weights)
''',
    "net": '''
n.remove(w.gone)
n.sort_layers()
n.run(X[0])
n.weights = n.weights
n.biases = n.biases
n.rule = "rtrl"
n.graph.number_of_edges(), n.graph.copy(), n.connections, n[-1], synapse.Topology.of(n)
synapse.gradient(n, X, Y[:, :, [0, 0]])
synapse.record(n, "state", "weight").__enter__().close()
Trainer(n, rule="bptt").train(X, Y[:, :, [0, 0]], epochs=1, progress=False)
''',
}

def tried(call, target):
    world, thread = World(), None

    def act():
        try:
            exec(call, {**globals(), "w": world, "n": getattr(world, target)})
        except synapse.errors.SynapseError:
            refused[call, target] = True
        except BaseException:
            failures.append(f"{call} of {target}: {traceback.format_exc()}")

    def drawn(rng, shape, *_):
        'Called while the lock is held: the call waits, then the world is another.'
        nonlocal thread
        thread = threading.Thread(target=act)
        thread.start()
        thread.join(0.02)
        world.edit()
        return np.zeros(shape)

    world.input.project(world.output, initializer=drawn)
    thread.join(60)
    check_store(world.net._store)
    world.net.activate([0.0, 1.0])

for targets, calls in CALLS.items():
    for target in targets.split():
        for call in calls.strip().splitlines():
            tried(call, target)
print(*failures or ["sound", len(refused) > 80])
"""


TURNS = """
ROUNDS = int(4 * SECONDS)
from synapse.learning._parameters import Updater

class Watched:
    'The lock of a store: who releases it may not take it before those that waited.'

    def __init__(self, store):
        self.store, self.lock, self.depth, self.waiting = store, store.lock, 0, {}
        self.acquisitions = {}
        self._is_owned = self.lock._is_owned

    def entered(self):
        self.depth += 1
        if self.depth == 1:
            me = threading.get_ident()
            waited = self.waiting.pop(me, ())
            passed = [turn for turn in waited if turn in self.store.turns]
            if passed:
                failures.append(f"a thread passed {len(passed)} that waited")
            self.acquisitions[me] = self.acquisitions.get(me, 0) + 1

    def acquire(self, blocking=True, timeout=-1):
        has = self.lock.acquire(blocking, timeout)
        if has:
            self.entered()
        return has

    def release(self):
        self.depth -= 1
        if self.depth == 0:
            me = threading.get_ident()
            turns = list(self.store.turns)
            self.waiting[me] = [turn for turn in turns if turn[0].ident != me]
        self.lock.release()

    def __enter__(self):
        self.lock.acquire()
        self.entered()

    def __exit__(self, *_):
        self.release()

real_update = Updater.update
head = None

def update(self, *given, **named):
    'A thread that waits gets its turn after the present batch.'
    global head
    turns = self.network._store.turns
    if turns and turns[0] is head:
        failures.append("two batches passed a thread that waited")
    head = turns[0] if turns else None
    return real_update(self, *given, **named)

Updater.update = update

def of(**options):
    def train(net, stop):
        trainer = Trainer(net, **{"rate": 1e-4, **options})
        ends = threading.Thread(target=lambda: (stop.wait(), trainer.stop()))
        ends.start()
        while not stop.is_set():
            with contextlib.suppress(synapse.errors.SynapseError):
                trainer.train(X, Y, epochs=10**6, progress=False)
        ends.join()
    return train

def held_out(net, stop):
    while not stop.is_set():
        ends = [lambda progress: stop.is_set()]
        options = dict(progress=False, validation=(X, Y), callbacks=ends)
        Trainer(net, 1e-4).train(X, Y, epochs=9, **options)

def stream(net, stop):
    def batches():
        while not stop.is_set():
            yield X, Y
    Trainer(net, 1e-4).train(batches, epochs=1, progress=False)

def again(act):
    def over_and_over(net, stop):
        while not stop.is_set():
            act(net)
    return over_and_over

def step(net):
    net.activate(X[0, 0])
    if net.rule == ("online", None):
        net.propagate(1e-4, Y[0, 0])

ROWS = np.random.default_rng(2).random((5000, 2))
adam = dict(optimizer=optimizers.Adam(), batch_size=2)
USES = {
    "online": of(),
    "online by batches": of(**adam),
    "bptt": of(rule="bptt", **adam),
    "bptt with dropout": of(rule="bptt", dropout=0.2, **adam),
    "rtrl": of(rule="rtrl"),
    "rtrl by batches": of(rule="rtrl", **adam),
    "L-BFGS": of(rate=1.0, rule="bptt", optimizer=optimizers.LBFGS()),
    "held-out": held_out,
    "stream": stream,
    "steps": again(step),
    "run": again(lambda net: net.run(ROWS)),
    "run without traces": again(lambda net: net.run(ROWS, traces=False)),
    "test": again(lambda net: Trainer(net).test(ROWS, ROWS[:, :1])),
    "gradient": again(lambda net: synapse.gradient(net, X, Y)),
    "copies": again(lambda net: net.clone()),
}

def edit(net):
    source, target = net.input[0], net.output[0]
    if source.connection_to(target):
        source.disconnect(target)
    else:
        source.project(target, weight=0.01)

def record(net):
    with synapse.record(net, "state"):
        pass

def weights(net):
    net.weights = net.weights

OTHERS = {
    "edit": edit,
    "activate": lambda net: net.activate(X[0, 0]),
    "neuron": lambda net: net.hidden[0][0].activate(),
    "look": lambda net: net.peek(X[0, 0]),
    "copy": lambda net: net.clone(),
    "record": record,
    "weights": weights,
    "connect": lambda net: setattr(net.connections[0], "trainable", True),
}

for name, use in USES.items():
    net, stop, ready = architect.LSTM(2, 4, 1, seed=0), threading.Event(), []
    edit(net), edit(net)  # kernels are loaded
    watched = net._store.lock = Watched(net._store)
    threads = [threading.Thread(target=use, args=(net, stop))]

    def other(act):
        for _ in range(ROUNDS):
            with contextlib.suppress(synapse.errors.SynapseError):
                act(net)
        ready.append(act)

    threads += [threading.Thread(target=other, args=(act,)) for act in OTHERS.values()]
    for thread in threads:
        thread.start()
    for thread in threads[1:]:
        thread.join(100)
    if len(ready) < len(OTHERS):
        failures.append("a thread never gets its turn")
    stop.set()
    threads[0].join(100)
    net._store.lock = watched.lock
    check_store(net._store)
    print(name, watched.acquisitions.values(), file=sys.stderr)
    if failures or net._store.turns or net._store.busy:
        print(name, *failures[:3], net._store.turns)
        break
else:
    print("sound", len(USES))
"""


SCRIPTS = {
    "edited": TRAINED_AND_EDITED,
    "joined": JOINED,
    "composed": COMPOSED,
    "delayed": DELAYED,
    "removed": REMOVED,
    "turns": TURNS,
}


def process(script, seconds):
    """What a script prints; every mistake in memory ends the process."""
    debugging = {"PYTHONMALLOC": "debug", "PYTHONFAULTHANDLER": "1"}
    return python("-c", COMMON + script, seconds, timeout=seconds + 300, **debugging)


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_network_is_used_by_one_thread_at_a_time(script):
    assert process(script, 3.0) in ("sound True\n", "sound 15\n")


if __name__ == "__main__":
    for each in SCRIPTS.values():
        print(process(each, float(sys.argv[1]) if len(sys.argv) > 1 else 60.0), end="")
