"""Each way to execute a network, beside another one, or the reference, that gives the
same numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synapse
from synapse import Network, Trainer, readwrite
from synapse.engine import quiet
from synapse.engine.online.gradient_traces import SMALLEST_ROOT
from synapse.engine.records import Ties
from synapse.evolve import Genome
from synapse.objects.online_adagrad import OnlineAdaGrad
from synapse.optimizers import SGD
from synapse.plasticity import Hebb
from synapse.reward import TD
from tests.helpers.reference import Reference
from tests.ways.networks import STEPS, Case, Needs

RATE = 0.1
DISCOUNT = 0.9
DECAY = 0.5
COMPETING = ("softmax", "maxout")
Numbers = list[Any]
Pair = tuple[Numbers, Numbers]
Walk = Callable[[Case], Pair]
WALKS: dict[str, tuple[Walk, Needs]] = {}
PLAIN = Needs()
LEAKY = Needs(hidden=(20, 12), squash="relu", leaky=True)
WIDE = Needs(inputs=64, hidden=(16, 3))
LARGE = Needs(hidden=(4, 28), recurrent=True)
VALUE = Needs(value=True)
LAYERED = Needs(inputs=20, loops=False)
SPIKING = Needs(spikes=True, loops=False)


def way(name: str, needs: Needs = PLAIN) -> Callable[[Walk], Walk]:
    def add(walk: Walk) -> Walk:
        WALKS[name] = walk, needs
        return walk

    return add


def parameters(net: Network) -> Numbers:
    return [np.array(net.weights, float), np.array(net.biases, float)]


def groups_of(members: Any) -> list[list[Any]]:
    """The members of tied groups, which have equal weights in these networks."""
    groups: dict[float, list[Any]] = {}
    for link in members:
        if link.tied:
            groups.setdefault(link.weight, []).append(link)
    return [*groups.values()]


class Oracle:
    """The reference of a network, whose outputs and parameters it has."""

    def __init__(self, net: Network) -> None:
        self.order = [*net]
        self.net = net
        self.reference = reference = Reference()
        for number, layer in enumerate(net.layers):
            for neuron in layer:
                reference.add(neuron, neuron.squash.name, neuron.bias)
                unit = reference.units[neuron]
                unit.trainable, unit.held = neuron.trainable_bias, neuron.clamped
                if neuron.squash.name in COMPETING:
                    unit.group = number
        self.links = {}
        for link in net.connections:
            source = (link.source, link.delay) if link.delay else link.source
            reference.connect(source, link.target, link.weight, link.trainable)
            made = reference.links[source, link.target]
            made.gater = link.gater
            made.sign = link.sign or 0
            self.links[link] = made
        self.ties = [[self.links[m] for m in group] for group in groups_of(self.links)]
        self.outputs: list[list[float]] = []

    def activate(self, row: Any) -> None:
        self.reference.step(self.order, row, self.net.synchronous)
        self.outputs.append([self.reference.units[j].y for j in self.net.output])

    def propagate(self, target: Any, cost: str) -> None:
        before = {made: made.weight for group in self.ties for made in group}
        self.reference.learn(self.order, RATE, [*target], cost)
        for group in self.ties:
            moved = sum(made.weight - before[made] for made in group)
            for made in group:
                made.weight = before[made] + moved

    def numbers(self) -> Numbers:
        learned = [self.links[link].weight for link in self.net.connections]
        biases = [self.reference.units[neuron].bias for neuron in self.order]
        return [np.array(self.outputs), np.array(learned), np.array(biases)]


def seen(net: Network, outputs: Any) -> Numbers:
    weights = [link.weight for link in net.connections]
    return [np.array(outputs), np.array(weights), np.array([n.bias for n in net])]


@way("steps")
def steps(case: Case) -> Pair:
    """Against the reference; random neurons, which it has not, against single ones."""
    net = case.make()
    oracle = Oracle(net)
    outputs = []
    with case.recorded(net):
        for row, target in zip(case.rows, case.targets, strict=True):
            outputs.append(net.activate(row))
            net.propagate(RATE, target, case.cost)
    if "chance" in case.features:
        if net.synchronous:
            other = trained(case, RATE, 1, rule="online")
            return seen(net, outputs)[1:], seen(other, [])[1:]
        return seen(net, outputs), one_by_one(case)
    for row, target in zip(case.dense, case.targets, strict=True):
        oracle.activate(row)
        oracle.propagate(target, case.cost)
    return seen(net, outputs), oracle.numbers()


def one_by_one(case: Case) -> Numbers:
    net = case.make()
    outputs = []
    with case.recorded(net):
        for row, target in zip(case.dense, case.targets, strict=True):
            for neuron, value in zip(net.input, row, strict=True):
                neuron.activate(value)
            for layer in net.layers[1:]:
                if layer[0].squash.name in COMPETING:
                    layer.activate()
                else:
                    for neuron in layer:
                        neuron.activate()
            outputs.append(np.array(net.output.activations))
            if net.output[0].squash.name in COMPETING:
                net.output.propagate(RATE, target, case.cost)
            else:
                for neuron, value in zip(net.output[::-1], target[::-1], strict=True):
                    neuron.propagate(RATE, value, case.cost)
            for layer in net.layers[-2:0:-1]:
                for neuron in layer[::-1]:
                    neuron.propagate(RATE)
    return seen(net, outputs)


@way("single neurons")
def single_neurons(case: Case) -> Pair:
    return one_by_one(case), by_steps(case)


def by_steps(case: Case, epochs: int = 1, learn: bool = True) -> Numbers:
    net = case.make()
    outputs = []
    for _ in range(epochs):
        net.clear()
        for row, target in zip(case.dense, case.targets, strict=True):
            outputs.append(net.activate(row))
            if learn:
                net.propagate(RATE, target, case.cost)
    return seen(net, outputs)


def answers(case: Case) -> Any:
    """The outputs of steps that do not learn."""
    return by_steps(case, learn=False)[0]


def trained(case: Case, rate: float, epochs: int, **options: Any) -> Network:
    net = case.make()
    trainer = Trainer(net, rate, case.cost, **options)
    with case.recorded(net):
        trainer.train(
            [case.rows], [case.targets], epochs=epochs, progress=False, shuffle=False
        )
    return net


@way("pending updates")
def pending(case: Case) -> Pair:
    net = trained(case, RATE, 2, rule="online")
    return seen(net, [])[1:], by_steps(case, epochs=2)[1:]


@way("lists of silent inputs", WIDE)
def lists(case: Case) -> Pair:
    net = case.make()
    net._lowered()
    case.note(net._store["ties"][Ties.LISTS] > 0)
    return pending(case)


@way("quiet learning", LEAKY)
def quiet_learning(case: Case) -> Pair:
    net = trained(case, RATE, 2, rule="online")
    rows = net._quiet_index and net._quiet_index.rows
    case.note(rows is not None and rows.mode[quiet.kernels.STEPS] > 0)
    return seen(net, [])[1:], by_steps(case, epochs=2)[1:]


@way("runs")
def run(case: Case) -> Pair:
    net = case.make()
    with case.recorded(net):
        outputs = net.run(case.rows, traces=False)
    return [outputs], [answers(case)]


@way("events", LEAKY)
def events(case: Case) -> Pair:
    net = case.make()
    case.note(net._by_events is not None)
    return run(case)


@way("side by side")
def side_by_side(case: Case) -> Pair:
    net, twin = case.pair()
    with case.recorded(net):
        outputs = net.run([case.rows] * 3)
    apart = []
    for _ in range(3):
        twin.clear()
        apart.append([twin.activate(row) for row in case.dense])
    net._lowered()
    rows = np.concatenate([case.dense] * 3)
    case.note(net._side_by_side(rows, np.arange(4) * STEPS, True, 1) is not None)
    return [*outputs], apart


def exact(case: Case, count: int, **options: Any) -> Numbers:
    net = case.make()
    data = [case.rows] * count, [case.targets] * count
    with case.recorded(net):
        gradient = synapse.gradient(net, *data, case.cost, **options)
    return [np.array(gradient.weights, float), np.array(gradient.biases, float)]


@way("exact gradients")
def exact_gradients(case: Case) -> Pair:
    """Against the sum of the slopes by sensitivities."""
    net = case.make()
    net.rule = "rtrl"
    total = np.zeros(len(net.weights)), np.zeros(len(net.biases))
    for row, target in zip(case.dense, case.targets, strict=True):
        outputs = net.activate(row)
        errors = target - outputs
        if case.cost == "squared_error":
            errors = errors * [neuron.derivative for neuron in net.output]
        for sums, slopes in zip(total, net.output_gradient(errors), strict=True):
            sums -= slopes
    return exact(case, 1 if "chance" in case.features else 3), [*total]


@way("a team")
def team(case: Case) -> Pair:
    return exact(case, 8, threads=2), exact(case, 8, threads=1)


def differences(case: Case, net: Network, chosen: list[Any]) -> list[float]:
    """The derivatives of the cost with respect to the weights of some connections, by
    finite differences of the reference."""

    def cost_with(link: Any, moved: float) -> float:
        oracle = Oracle(net)
        tied = next(
            (group for group in groups_of(oracle.links) if link in group), [link]
        )
        for each in tied:
            oracle.links[each].weight += moved
        for row in case.dense:
            oracle.activate(row)
        outputs = np.array(oracle.outputs)
        if case.cost == "squared_error":
            return float(((case.targets - outputs) ** 2).sum()) / 2
        return -float((case.targets * np.log(outputs)).sum())

    step = 1e-5
    return [(cost_with(c, step) - cost_with(c, -step)) / (2 * step) for c in chosen]


def stepped(case: Case) -> Numbers:
    """The changes of weights by steps with sensitivities, over a tiny rate: the
    gradient."""
    rate = 0.01 if "signs" in case.features else RATE  # with it, no weight stops at 0
    net = case.make()
    net.rule = "rtrl"
    before, biases = parameters(net)
    total = np.zeros(len(before))
    with case.recorded(net):
        for row, target in zip(case.rows, case.targets, strict=True):
            net.activate(row)
            net.propagate(rate, target, case.cost)
            total += before - net.weights
            net.weights, net.biases = before, biases
    return total / rate


@way("real-time gradients")
def rtrl(case: Case) -> Pair:
    """Against finite differences of the reference; where these cannot be, against
    exact gradients."""
    ours = stepped(case)
    if "chance" in case.features:
        return [ours], exact(case, 1)[:1]
    net = case.make()
    links = [*net.connections]
    learning = [place for place, link in enumerate(links) if link.trainable]
    chosen = learning[:: len(links) // 3]
    slopes = differences(case, net, [links[place] for place in chosen])
    return [ours[chosen]], [np.array(slopes)]


@way("pending sensitivities", LARGE)
def rtrl_pending(case: Case) -> Pair:
    ours = trained(case, 0.01, 1, rule="rtrl", optimizer=SGD(), batch_size="sequence")
    case.note(ours._sensitivities.plan.layout.depth > 1)
    theirs = trained(case, 0.01, 1, rule="bptt", optimizer=SGD())
    return parameters(ours), parameters(theirs)


@way("rules of synapses")
def synapses(case: Case) -> Pair:
    """Against the rule, applied to what the reference's connections have read."""
    net = case.make()
    oracle = Oracle(net)
    net.rule = Hebb(rate=RATE)
    with case.recorded(net):
        outputs = net.run(case.rows, learn=True)
    if "chance" in case.features:  # which the reference has not
        twin = case.make()
        told = []
        twin.rule = net.rule
        for row in case.dense:
            told.append(twin.activate(row))
            twin.propagate()
        return seen(net, outputs), seen(twin, told)
    for row in case.dense:
        oracle.activate(row)
        moves = {}
        for link, made in oracle.links.items():
            if link.trainable:
                target = oracle.reference.units[link.target].y
                moves[made] = RATE * made.seen * target
        for group in oracle.ties:
            moved = sum(moves.get(made, 0.0) for made in group)
            moves |= dict.fromkeys(group, moved)
        for made, moved in moves.items():
            new = made.weight + moved
            made.weight = 0.0 if new * made.sign < 0 else new
    return seen(net, outputs)[:2], oracle.numbers()[:2]


@way("traces of reward", VALUE)
def traces(case: Case) -> Pair:
    """Against TD(λ) in NumPy, along the slopes of the output."""
    net, twin = case.pair()
    agent = agent_of(net)
    twin.rule = net.rule
    with case.recorded(net):
        values = [agent.begin(case.rows[0])]
        for row, target in zip(case.rows[1:], case.targets[1:], strict=True):
            values.append(agent.learn(target[0], row))
    told = [twin.activate(case.dense[0])[0]]
    sums = [np.zeros(len(values)) for values in parameters(twin)]
    for row, target in zip(case.dense[1:], case.targets[1:], strict=True):
        slopes = twin.output_gradient()
        error = target[0] + DISCOUNT * twin.peek(row)[0] - told[-1]
        for trace, slope in zip(sums, slopes, strict=True):
            trace *= DISCOUNT * DECAY
            trace += slope
        move(twin, sums, RATE * error)
        told.append(twin.activate(row)[0])
    return seen(net, values), seen(twin, told)


def move(net: Network, sums: Numbers, step: float) -> None:
    """Add a step along sums to all parameters; signs stop at 0."""
    weights = np.array(net.weights) + step * sums[0]
    signs = np.array([link.sign or 0 for link in net.connections])
    net.weights = np.where(weights * signs < 0, 0.0, weights)
    net.biases = net.biases + step * sums[1]


def agent_of(net: Network) -> TD:
    if net.has_memory:
        net.rule = "rtrl"
    factors = {"discount": DISCOUNT, "trace_decay": DECAY, "update": RATE}
    return TD(net, **factors, normalize=False)


@way("streams of rewards", VALUE)
def streams(case: Case) -> Pair:
    net, twin = case.pair()
    agent, other = map(agent_of, (net, twin))
    rewards = case.targets[:, 0]
    with case.recorded(net):
        case.note(agent._traces[0].can_stream)
        values = agent.run(case.rows, rewards)
    told = [other.begin(case.dense[0])]
    told += [other.learn(r, row) for r, row in zip(rewards[1:], case.dense[1:])]
    return seen(net, values), seen(twin, told)


@way("features of a stream", LAYERED)
def features_of_a_stream(case: Case) -> Pair:
    """Against AdaGrad in NumPy, along the slopes of the outputs."""
    net, twin = case.pair()
    steps = OnlineAdaGrad(net)
    case.note(steps.can_list and "records" not in case.features)
    keep, bound = 0.9, 2.0
    outputs: list[Any] = []
    told: list[Any] = []
    sums = [np.zeros(len(values)) for values in parameters(twin)]
    once = np.ones(len(sums[0]))
    for group in groups_of(twin.connections):
        once[[link in group for link in twin.connections]] = 1.0 / len(group)
    for row, target in zip(case.dense, case.targets, strict=True):
        inputs = np.flatnonzero(row)
        sample = row[inputs], inputs, np.array([0, len(inputs)])
        with case.recorded(net):
            outputs.append(steps.peek(sample, True))
            settings = 1.0, RATE, keep, bound, False
            steps.learn_sample(sample, True, target, *settings)
        told.append(twin.activate(row))
        errors = target - told[-1]
        slopes = twin.output_gradient(errors)
        changes = []
        for total, slope in zip(sums, slopes, strict=True):
            total[slope != 0.0] *= keep
            total += slope**2
            changes.append(slope / (np.sqrt(total) + SMALLEST_ROOT))
        falls = float((slopes[0] * changes[0]) @ once + slopes[1] @ changes[1])
        share = min(1.0, float(np.abs(errors).sum()) / (bound * RATE * falls))
        move(twin, changes, RATE * share)
    return seen(net, outputs), seen(twin, told)


@way("genomes")
def genomes(case: Case) -> Pair:
    net = case.make()
    with case.recorded(net):
        genome = Genome.from_network(net)
    return [genome.run(case.rows)], [answers(case)]


def written(case: Case, suffix: str, **options: Any) -> bytes:
    """The file of a network, which nothing changes."""
    net = case.make()
    with tempfile.TemporaryDirectory() as folder, case.recorded(net):
        path = Path(folder) / f"net{suffix}"
        synapse.save(net, path, **options)
        return path.read_bytes()


def program(code: bytes) -> Any:
    """The network of a printed Python program."""
    space: dict[str, Any] = {}
    exec(code, space)  # what `save` has written
    return next(v for v in space.values() if isinstance(v, type))()


@way("programs")
def programs(case: Case) -> Pair:
    made = program(written(case, ".py"))
    return [[made.step([*row]) for row in case.dense]], [answers(case)]


@way("programs that learn")
def learners(case: Case) -> Pair:
    made = program(written(case, ".py", learn=True, cost=case.cost))
    outputs = []
    for row, target in zip(case.dense, case.targets, strict=True):
        outputs.append(made.step([*row]))
        made.learn([*target], RATE)
    return [outputs], by_steps(case)[:1]


@way("fixed-point programs")
def integers(case: Case) -> Pair:
    made = program(written(case, ".py", dtype="q15.16"))
    one = 1 << 16
    found = [made.step([round(x * one) for x in row]) for row in case.dense]
    ours, theirs = np.array(found) / one, np.array(answers(case))
    return [np.where(abs(ours - theirs) < 64 / one, theirs, ours)], [theirs]


@way("ONNX models")
def onnx_models(case: Case) -> Pair:
    runtime = pytest.importorskip("onnxruntime")
    model = written(case, ".onnx", form="step", dtype="float64")
    session = runtime.InferenceSession(model)
    inputs, *states = session.get_inputs()
    feed = {
        state.name: np.zeros([n if type(n) is int else 1 for n in state.shape])
        for state in states
    }
    outputs = []
    for row in case.dense:
        feed[inputs.name] = row.reshape(1, -1)
        now, *after = session.run(None, feed)
        outputs.append(now.ravel())
        feed |= {s.name: value for s, value in zip(states, after, strict=True)}
    return [outputs], [answers(case)]


@way("PyTorch modules")
def torch_modules(case: Case) -> Pair:
    torch = pytest.importorskip("torch")
    net = case.make()
    with case.recorded(net):
        module = synapse.to_torch(net)
    means = case.make()
    means.deterministic = True
    dtype = next(module.parameters()).dtype
    with torch.no_grad():
        outputs = module(torch.tensor(case.dense, dtype=dtype))
    return [outputs.numpy()], [[means.activate(row) for row in case.dense]]


@way("NIR graphs", SPIKING)
def nir_graphs(case: Case) -> Pair:
    pytest.importorskip("nir")
    net = case.make()
    with case.recorded(net):
        graph = readwrite.to_nir(net, 1e-4)
    return [readwrite.from_nir(graph, 1e-4).run(case.dense)], [answers(case)]
