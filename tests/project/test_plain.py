"""The definition in one file: alone, and against the engine on random graphs."""

import ast
import re
import shutil
import subprocess
import sys
from itertools import islice, product
from random import Random

import pytest

import synapse
from synapse import Layer, Network, plain

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
        self.last = self.size - self.random.randint(1, 2)
        squashes = ["logistic", "tanh", "tanh", "identity"]
        output_squash = self.random.choice(squashes[1:])
        self.compiled, self.plain = both = [], []
        for j in range(self.size):
            squash = output_squash if j >= self.last else self.random.choice(squashes)
            bias = 0.0 if j < self.inputs else self.random.uniform(-0.5, 0.5)
            for neurons, library in zip(both, (synapse, plain), strict=True):
                neurons.append(library.Neuron(squash, bias, name=str(j)))
        # sources, targets and gaters at random: before, after, or the same neuron
        pairs = [*product(range(self.size), range(self.inputs, self.size))]
        count = self.random.randint(self.size, 2 * self.size)
        self.links = []
        for i, j in self.random.sample(pairs, count):
            weight = self.random.uniform(-0.6, 0.6)
            gater = self.random.choice([None, *range(self.size)])
            learns = i != j or self.random.random() < 0.5
            links = [neurons[i].project(neurons[j], weight) for neurons in both]
            for neurons, link in zip(both, links, strict=True):
                link.trainable = learns
                if gater is not None:
                    neurons[gater].gate(link)
            self.links.append(links)

    def learn(self, as_network):
        """Compare while both learn; returns whether the numbers have stayed where 1e-12
        means something: few run away.

        The library steps all neurons in one call, in the order of its network; or both
        step neuron by neuron, each time in another order, and some are clamped."""
        order = [*range(self.size)]
        stepped = [self.plain]
        if as_network:
            parts = slice(self.inputs), slice(self.inputs, self.last)
            layers = [
                Layer(self.compiled[part]) for part in (*parts, slice(self.last, None))
            ]
            net = Network(*layers)
            order = [int(neuron.name) for neuron in net]
        else:
            stepped.append(self.compiled)
        for _ in range(STEPS):
            if not as_network:
                self.random.shuffle(order)
            given = {
                j: self.random.uniform(-1, 1)
                for j in order
                if j < self.inputs or (not as_network and self.random.random() < 0.1)
            }
            targets = {j: self.random.random() for j in order if j >= self.last}
            if as_network:
                net.activate([*given.values()])
            for j, neurons in product(order, stepped):
                neurons[j].activate(given.get(j))
            self.compare_traces(given)
            if as_network:
                net.propagate(RATE, [*targets.values()])
            for j, neurons in product(reversed(order), stepped):
                neurons[j].propagate(RATE, targets.get(j))
            self.compare()
            if any(abs(neuron.state) >= 100 for neuron in self.plain):
                return False
        return True

    def compare(self):
        for ours, theirs in zip(self.compiled, self.plain):
            for name in ("state", "activation", "derivative", "bias"):
                same(getattr(ours, name), getattr(theirs, name), f"{name} of {ours}")
            for name in plain.Error._fields:
                there = getattr(theirs.error, name)
                same(getattr(ours.error, name), there, f"{name} error of {ours}")
        for ours, theirs in self.links:
            same(ours.weight, theirs.weight, f"weight of {ours}")

    def compare_traces(self, clamped):
        """Of neurons that have computed their activation, before any weight moves.

        The library computes traces that need not be stored from what is there.
        """
        moving = {*self.plain} - {self.plain[j] for j in clamped}
        for ours, theirs in zip(self.compiled, self.plain):
            if theirs in moving:
                there = theirs.bias_eligibility
                same(ours.bias_eligibility, there, f"eligibility of the bias of {ours}")
        for ours, theirs in self.links:
            if not theirs.trainable or theirs.target not in moving:
                continue
            same(ours.eligibility, theirs.eligibility, f"eligibility of {ours}")
            for k, trace in ours.extended.items():
                gated = self.plain[int(k.name)]
                if gated.stamp > theirs.target.stamp and gated in moving:
                    same(trace, theirs.extended[gated], f"trace of {ours} to {k}")


def same(ours, theirs, number_name):
    assert abs(ours - theirs) <= 1e-12 * max(1.0, abs(theirs)), (
        number_name,
        ours,
        theirs,
    )


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@pytest.mark.parametrize(
    "count",
    [
        pytest.param(10, marks=pytest.mark.full),
        pytest.param(40, marks=pytest.mark.slow),
    ],
)
def test_random_gated_graphs_learn_as_the_engine_does(count):
    """Until so many graphs have stayed bounded in both orders of activation."""
    compared = (
        Both(seed).learn(as_network=True) & Both(seed).learn(as_network=False)
        for seed in range(2 * count)
    )
    assert len([*islice(filter(None, compared), count)]) == count


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
    command = [sys.executable, "-I", "-S", shutil.copy(FILE, tmp_path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    xor = [float(y) for y in re.findall(r"xor . = (.*)", printed)]
    assert [round(y) for y in xor] == [0, 1, 1, 0]
    pairs = re.findall(r"marked +(\S+), remembered +(\S+)", printed)
    marked, remembered = (float(value) for value in pairs[-1])
    assert abs(marked - remembered) < 0.05


@pytest.mark.full
def test_the_library_neither_imports_it_nor_is_imported():
    python("-c", "import sys, synapse; assert 'synapse.plain' not in sys.modules")
    nodes = [*ast.walk(ast.parse(FILE.read_text(encoding="utf-8")))]
    imports = [node for node in nodes if isinstance(node, ast.Import)]
    names = {alias.name for node in imports for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_it_is_short_and_names_equations_that_exist():
    text = FILE.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    assert max(map(len, text.splitlines())) <= 88
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
    assert (page.count("{FILES}"), page.count("{PYODIDE}")) == (1, 1)


def test_weights_are_drawn_on_both_sides_of_zero():
    weights = [plain.Neuron().project(plain.Neuron()).weight for _ in range(40)]
    assert -1.0 <= min(weights) < 0.0 < max(weights) <= 1.0
