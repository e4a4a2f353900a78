"""The definition in one file: alone, and against the engine on random graphs."""

import ast
import re
import shutil
import subprocess
import sys
from itertools import zip_longest
from random import Random

import pytest

import synapse
from synapse import Layer, Network, Neuron, plain

from ..helpers.processes import ROOT, python

FILE = ROOT / "synapse/plain.py"
STEPS = 50
RATE = 0.05


class Both:
    """One random gated graph twice: objects of the library, and of the plain file."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.size = self.random.randint(5, 9)
        self.inputs = self.random.randint(1, 2)
        self.outputs = self.random.randint(1, 2)
        self.compiled = []
        self.plain = []
        hidden_squashes = ["logistic", "tanh", "tanh", "identity"]
        output_squash = self.random.choice(["logistic", "tanh", "identity"])
        for j in range(self.size):
            squash = self.random.choice(hidden_squashes)
            if j >= self.size - self.outputs:
                squash = output_squash
            bias = 0.0 if j < self.inputs else self.random.uniform(-0.5, 0.5)
            self.compiled.append(Neuron(squash, bias, name=str(j)))
            self.plain.append(plain.Neuron(squash, bias, name=str(j)))
        self.links = []
        self.clamped = set()
        self.wire()

    def wire(self):
        """Sources, targets and gaters at random: before, after, or the same neuron."""
        targets = range(self.inputs, self.size)
        pairs = [(i, j) for i in range(self.size) for j in targets]
        count = self.random.randint(self.size, 2 * self.size)
        for i, j in self.random.sample(pairs, count):
            weight = self.random.uniform(-0.6, 0.6)
            gater = self.random.choice([None, *range(self.size)])
            learns = i != j or self.random.random() < 0.5
            links = []
            for neurons in (self.compiled, self.plain):
                link = neurons[i].project(neurons[j], weight)
                link.trainable = learns
                if gater is not None:
                    neurons[gater].gate(link)
                links.append(link)
            self.links.append(links)

    def learn_as_network(self):
        """The library steps all neurons in one call, in the order of its network."""
        last = self.size - self.outputs
        hidden = [Layer(self.compiled[self.inputs : last])]
        inputs = Layer(self.compiled[: self.inputs])
        net = Network(inputs, hidden, Layer(self.compiled[last:]))
        order = [int(neuron.name) for neuron in net]
        for _ in range(STEPS):
            values = [self.random.uniform(-1, 1) for _ in range(self.inputs)]
            targets = {j: self.random.random() for j in order[last:]}
            net.activate(values)
            for j, value in zip_longest(order, values):
                self.activate(self.plain, j, value)
            self.compare_traces()
            net.propagate(RATE, [*targets.values()])
            for j in reversed(order):
                self.plain[j].propagate(RATE, targets.get(j))
            self.compare()
            if not self.bounded:
                return

    def learn_one_by_one(self):
        """Both step neuron by neuron, each time in another order; some are clamped."""
        order = [*range(self.size)]
        for _ in range(STEPS):
            self.random.shuffle(order)
            for j in order:
                clamped = j < self.inputs or self.random.random() < 0.1
                value = self.random.uniform(-1, 1) if clamped else None
                self.activate(self.plain, j, value)
                self.activate(self.compiled, j, value)
            self.compare_traces()
            for j in reversed(order):
                aimed = j >= self.size - self.outputs
                target = self.random.random() if aimed else None
                self.plain[j].propagate(RATE, target)
                self.compiled[j].propagate(RATE, target)
            self.compare()
            if not self.bounded:
                return

    @property
    def bounded(self):
        """Whether its numbers have stayed where 1e-12 means something: few run away."""
        return all(abs(neuron.state) < 100 for neuron in self.plain)

    def activate(self, neurons, j, value):
        neurons[j].activate(value)
        if value is None:
            self.clamped.discard(neurons[j].name)
        else:
            self.clamped.add(neurons[j].name)

    def compare(self):
        for ours, theirs in zip(self.compiled, self.plain):
            for name in ("state", "activation", "derivative", "bias"):
                same(getattr(ours, name), getattr(theirs, name), f"{name} of {ours}")
            for name in plain.Error._fields:
                there = getattr(theirs.error, name)
                same(getattr(ours.error, name), there, f"{name} error of {ours}")
        for ours, theirs in self.links:
            same(ours.weight, theirs.weight, f"weight of {ours}")

    def compare_traces(self):
        """Of neurons that have computed their activation, before any weight moves.

        The library computes traces that need not be stored from what is there.
        """
        for ours, theirs in zip(self.compiled, self.plain):
            if theirs.name not in self.clamped:
                there = theirs.bias_eligibility
                same(ours.bias_eligibility, there, f"eligibility of the bias of {ours}")
        for ours, theirs in self.links:
            if not theirs.trainable or theirs.target.name in self.clamped:
                continue
            same(ours.eligibility, theirs.eligibility, f"eligibility of {ours}")
            for k, trace in ours.extended.items():
                gated = self.plain[int(k.name)]
                later = gated.stamp > theirs.target.stamp
                if later and gated.name not in self.clamped:
                    same(trace, theirs.extended[gated], f"trace of {ours} to {k}")


def same(ours, theirs, number_name):
    assert abs(ours - theirs) <= 1e-12 * max(1.0, abs(theirs)), (
        number_name,
        ours,
        theirs,
    )


def compare_graphs(count):
    """Compare until so many graphs have stayed bounded in both orders of activation."""
    compared = 0
    for seed in range(2 * count):
        whole = Both(seed)
        whole.learn_as_network()
        single = Both(seed)
        single.learn_one_by_one()
        compared += whole.bounded and single.bounded
        if compared == count:
            return
    raise AssertionError(f"only {compared} graphs stayed bounded")


meant = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


@pytest.mark.full
@meant
def test_random_gated_graphs_learn_as_the_engine_does():
    compare_graphs(10)


@meant
@pytest.mark.slow
def test_many_random_gated_graphs_learn_as_the_engine_does():
    compare_graphs(40)


def weights_of_a_late_gate(library):
    """Weight and bias of a gate that propagates after the neuron it gates has read an
    older activation."""
    source, gate, memory, output = (
        library.Neuron(squash)
        for squash in ("identity", "logistic", "identity", "identity")
    )
    into_gate = source.project(gate, 0.4)
    gate.gate(source.project(memory, 0.7))
    memory.project(memory, 0.9)
    memory.project(output, 0.5)
    for value in (0.3, -0.8, 0.5):
        source.activate(value)
        for neuron in (gate, memory, output):
            neuron.activate()
    output.propagate(0.1, 1.0)
    memory.propagate(0.1)
    source.activate(0.6)
    gate.activate()
    gate.propagate(0.1)
    return into_gate.weight, gate.bias


def test_an_error_does_not_reach_a_later_activation_of_a_gate():
    assert (
        weights_of_a_late_gate(synapse) == weights_of_a_late_gate(plain) == (0.4, 0.0)
    )


@pytest.mark.parametrize("state", [37.0, 60.0, -60.0, -400.0, 800.0])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_the_error_of_a_saturated_output_is_target_minus_output(state, target):
    """Its slope rounds to 0, but the cross-entropy has none."""
    weights = []
    for library in (synapse, plain):
        source, output = library.Neuron(), library.Neuron()
        link = source.project(output, weight=state)
        source.activate(1.0)
        activation = output.activate()
        output.propagate(1.0, target)
        assert output.error.projected == pytest.approx(target - activation, abs=1e-16)
        weights.append(link.weight)
    assert weights[0] == pytest.approx(weights[1], rel=1e-15)


@pytest.mark.full
def test_it_works_alone_and_learns_both_tasks(tmp_path):
    copy = shutil.copy(FILE, tmp_path)
    command = [sys.executable, "-I", "-S", copy]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    xor = [float(y) for y in re.findall(r"xor . = (.*)", printed)]
    assert [round(y) for y in xor] == [0, 1, 1, 0]
    pairs = re.findall(r"marked +(\S+), remembered +(\S+)", printed)
    marked, remembered = (float(value) for value in pairs[-1])
    assert abs(marked - remembered) < 0.05


@pytest.mark.full
def test_the_library_neither_imports_it_nor_is_imported():
    code = "import sys, synapse; assert 'synapse.plain' not in sys.modules"
    python("-c", code)
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_it_is_short_and_names_equations_that_exist():
    text = FILE.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) <= 200
    assert max(map(len, lines)) <= 88
    named = set(re.findall(r"# .*\((\w+)\)", text))
    page = (ROOT / "docs/equations.md").read_text(encoding="utf-8")
    assert len(named) == 6
    assert named <= set(re.findall(r"^\$\$ \((\w+)\)$", page, re.MULTILINE))


def test_the_page_for_classrooms_has_a_program_that_needs_nothing_else(tmp_path):
    """Pyodide has Python, but neither LLVM nor this library."""
    extensions = ROOT / "docs/_extensions"
    shutil.copy(FILE, tmp_path)
    program = shutil.copy(extensions / "classroom.py", tmp_path)
    code = f"import sys; sys.path[:] = [{str(tmp_path)!r}, *sys.path]\n"
    code += f"exec(open({str(program)!r}).read())"
    command = [sys.executable, "-I", "-S", "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    first, *_, last = printed.splitlines()
    assert first == "trial 1: memory 0.500, error 1.500, weight 1.250"
    assert last == "trial 8: memory 1.988, error 0.012, weight 1.994"
    page = (extensions / "classroom.html").read_text(encoding="utf-8")
    assert page.count("{FILES}") == 1
    assert page.count("{PYODIDE}") == 1


def test_weights_are_drawn_on_both_sides_of_zero():
    links = [plain.Neuron().project(plain.Neuron()) for _ in range(40)]
    weights = [link.weight for link in links]
    assert -1.0 <= min(weights) < 0.0 < max(weights) <= 1.0
