"""Each register replaces an entry of the user by `replace=True`, as in a cell of a
notebook that runs again, and what holds the earlier entry goes on with it."""

import copy
import linecache
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, costs, initializers, optimizers, squashes
from synapse.errors import ArgumentError
from synapse.plasticity import Rule

CELLS = count()
SCOPE = {
    "np": np,
    "architect": architect,
    "Network": synapse.Network,
    "Rule": Rule,
    "squashes": squashes,
    "costs": costs,
    "initializers": initializers,
    "optimizers": optimizers,
    "dataclass": dataclass,
}


def run_cell(code, factor, options="replace=True", name="__main__"):
    """Run a cell as a notebook does, in which functions have their source."""
    text = code.replace("FACTOR", repr(factor)).replace("OPTIONS", options)
    cell = f"<cell {next(CELLS)}>"
    linecache.cache[cell] = len(text), None, text.splitlines(keepends=True), cell
    scope: dict[str, Any] = {**SCOPE, "__name__": name}
    exec(compile(text, cell, "exec"), scope)
    return scope["redone"]


def made(**options):
    """A network of an input and an output."""
    net = architect.Perceptron(1, 1, **{"squash": "identity", "seed": 0, **options})
    net.weights, net.biases = [0.5], [0.0, 0.25]
    return net


def copies(net):
    return net.clone(), copy.deepcopy(net)


def read(net, path):
    """Read the network from a pickle and from files."""
    yield pickle.loads(pickle.dumps(net))
    for name in ("net.json", "net.npz", "net.graphml"):
        synapse.save(net, path / name)
        yield synapse.load(path / name)


def read_whole(net, path):
    """Read the network from files that contain all of it."""
    return list(read(net, path))[:3]


def with_squash(squash):
    return made(squash=squash)


def value_and_slope(net):
    gradient = synapse.gradient(net, [[0.75]], [[9.0]], cost="squared_error")
    return net.run([[0.75]]).item(), gradient.weights.item()


def with_cost(cost):
    return Trainer(made(), cost=cost, rule="bptt", rate=0.01)


def with_copied_cost(trainer):
    return [with_cost(copy.deepcopy(trainer.cost))]


def with_read_cost(trainer, path):
    yield with_cost(pickle.loads(pickle.dumps(trainer.cost)))
    yield from read_trainer(trainer, path)


def read_trainer(trainer, path):
    synapse.save(trainer, path / "trainer.npz")
    yield synapse.load(path / "trainer.npz")


def loss_and_update(trainer):
    data = [[0.75]], [[9.0]]
    trainer.network.weights, trainer.network.biases = [0.5], [0.0, 0.25]
    trainer.train(*data, epochs=1, progress=False)
    return trainer.test(*data).loss, trainer.network.weights.item()


def drawn(net):
    net.reset_parameters(seed=0)
    return net.weights.item()


def with_initializer(initializer):
    return made(initializer=initializer)


def with_class(architecture):
    kind = architect.get(architecture) if type(architecture) is str else architecture
    return kind(synapse.Layer(1), [], synapse.Layer(1))


def with_optimizer(optimizer):
    made_one = optimizer if type(optimizer) is str else optimizer()
    return Trainer(made(), rule="bptt", optimizer=made_one, rate=0.01)


def with_copied_optimizer(trainer):
    optimizer = copy.deepcopy(trainer.optimizer)
    return [Trainer(made(), rule="bptt", optimizer=optimizer, rate=0.01)]


def with_rule(rule):
    net = made()
    net.rule = Rule.named(rule) if type(rule) is str else rule
    return net


def learnt(net):
    net.weights = [0.5]
    net.run([[0.75]], learn=True)
    return net.weights.item()


class Register(NamedTuple):
    """A register: a cell, what holds an entry, what it computes, and its copies."""

    code: str
    hold: Callable[[Any], Any]
    measure: Callable[[Any], Any]
    copies: Callable[[Any], Any]
    read: Callable[[Any, Any], Any]
    by_name: bool = True  # whether an entry can be passed by its name


REGISTERS = {
    "squash": Register(
        "@squashes.register(OPTIONS)\n"
        "def redone(state):\n    return FACTOR * state, FACTOR\n",
        *(with_squash, value_and_slope, copies, read),
    ),
    "cost": Register(
        "@costs.register(OPTIONS)\n"
        "def redone(target, output, derivative, outputs):\n"
        "    error = target - output\n"
        "    return FACTOR * error * error, 2.0 * FACTOR * error * derivative\n",
        *(with_cost, loss_and_update, with_copied_cost, with_read_cost),
    ),
    "sequence cost": Register(
        "@costs.register_for_sequences(OPTIONS)\n"
        "def redone(outputs, targets):\n"
        "    return FACTOR * sum(y.sum() for y in outputs), "
        "[np.full_like(y, FACTOR) for y in outputs]\n",
        *(with_cost, loss_and_update, with_copied_cost, with_read_cost),
    ),
    "initializer": Register(
        "@initializers.register(OPTIONS)\n"
        "def redone(rng, shape, fan_in, fan_out):\n    return np.full(shape, FACTOR)\n",
        *(with_initializer, drawn, copies, read_whole),
    ),
    "architecture": Register(
        "@architect.register(OPTIONS)\nclass redone(Network):\n    factor = FACTOR\n",
        *(with_class, lambda net: net.factor, copies, read_whole, False),
    ),
    "optimizer": Register(
        "@optimizers.register(OPTIONS)\n"
        "@dataclass\n"
        "class redone(optimizers.Optimizer):\n"
        "    rate: float = 0.01\n\n"
        "    def slots(self):\n        return {}\n\n"
        "    def find_change(self, state, parameters, gradient, rate):\n"
        "        np.multiply(gradient, FACTOR * rate, out=state.change)\n",
        *(with_optimizer, loss_and_update, with_copied_optimizer, read_trainer),
    ),
    "rule": Register(
        "def change(pre):\n    return FACTOR * pre\n\n"
        "redone = Rule(change, name='redone', OPTIONS)\n",
        *(with_rule, learnt, copies, read_whole, False),
    ),
}


@pytest.mark.parametrize("name", REGISTERS)
def test_what_holds_a_replaced_entry_goes_on_with_it(name, tmp_path):
    code, hold, measure, copies_of, read_from, by_name = REGISTERS[name]
    first = run_cell(code, 2.0, name="one")
    held = hold(first)
    before = measure(held)
    copied = list(copies_of(held))
    with pytest.raises(ArgumentError, match=r"'redone' .* Pass replace=True"):
        run_cell(code, 3.0, "", name="other")
    assert measure(held) == before  # nothing has changed upon the error

    second = run_cell(code, 3.0, name="other")
    new = measure(hold(second))
    assert second is not first
    assert new != before
    assert measure(held) == before
    assert measure(hold(first)) == before
    assert [measure(twin) for twin in copied] == [before] * len(copied)
    later = [measure(twin) for twin in copies_of(held)]
    assert later == [before] * len(later)
    if by_name:
        assert measure(hold("redone")) == new
    found = [measure(twin) for twin in read_from(held, tmp_path)]
    assert found == [new] * len(found)  # files contain the name
    assert measure(held) == before

    third = run_cell(code, 2.0, name="other")  # the first code again
    assert measure(hold(third)) == before
    assert measure(hold(second)) == new


@pytest.mark.parametrize("name", REGISTERS)
def test_the_same_cell_may_run_again_without_replacing(name):
    code, hold, measure, *_ = REGISTERS[name]
    first = measure(hold(run_cell(code, 4.0)))
    assert measure(hold(run_cell(code, 4.0, ""))) == first


BUILT_IN = {
    "squash": ("tanh", "def redone"),
    "cost": ("squared_error", "def redone"),
    "sequence cost": ("squared_error", "def redone"),
    "initializer": ("glorot", "def redone"),
    "architecture": ("LSTM", "class redone"),
    "optimizer": ("Adam", "class redone"),
    "rule": ("oja", "name='redone'"),
}


@pytest.mark.parametrize("name", REGISTERS)
def test_entries_of_the_library_are_not_replaced(name):
    taken, definition = BUILT_IN[name]
    if name == "rule":
        taken = synapse.plasticity.Oja.name
    code = REGISTERS[name].code.replace(definition, definition.replace("redone", taken))
    with pytest.raises(ArgumentError, match=f"'{taken}' is registered already, by"):
        run_cell(code, 2.0)


def squash_of(factor, name):
    def function(state):
        return factor * state, factor

    function.__name__ = name
    return squashes.register(function, replace=True)


def test_a_replaced_squash_is_not_mixed_with_the_new_one(tmp_path):
    """Between a step and its learning, between epochs, in a network that holds both,
    and in a program."""
    plain = squash_of(0.5, "never_replaced")
    nets = [architect.Perceptron(2, 3, 1, squash=plain, seed=0) for _ in range(2)]
    nets[1].hidden[0].squash = nets[1].output.squash = squash_of(0.5, "in_between")
    for step, net in enumerate(nets):
        net.activate([0.5, 1.0])
        if step:
            squash_of(0.75, "in_between")
        net.propagate(0.1, [1.0])
    assert np.array_equal(*(net.weights for net in nets))

    def replace(log):
        squash_of(1.0 + log.epoch, "in_between")

    data = np.eye(2), [[0.0], [1.0]]
    for net in nets:
        trainer = Trainer(net, rule="bptt")
        trainer.train(*data, epochs=3, progress=False, callbacks=[replace])
    assert np.array_equal(*(net.weights for net in nets))

    nets[0].hidden[0][0].squash = squash_of(3.0, "another")
    nets[1].hidden[0][0].squash = squash_of(3.0, "in_between")
    assert np.array_equal(*(net.run(data[0]) for net in nets))
    assert np.array_equal(nets[1].clone().run(data[0]), nets[1].run(data[0]))
    programs = []
    for net in nets:
        synapse.save(net, tmp_path / "program.py", learn=True)
        scope: dict[str, Any] = {}
        exec((tmp_path / "program.py").read_text(), scope)
        programs.append(scope["Network"]().step([0.5, 1.0]))
    assert programs[0] == pytest.approx(programs[1]) == nets[0].activate([0.5, 1.0])


def test_a_page_that_learns_has_the_function_of_its_network():
    net = made(squash=squash_of(0.5, "on_a_page"))
    page = synapse.draw.explore(net, [[1.0]], [[0.0]], learn=True)
    squash_of(0.25, "on_a_page")
    again = synapse.draw.explore(net, [[1.0]], [[0.0]], learn=True)
    own = [
        [text for text in each._data["learn"]["registered"] if '"on_a_page"' in text]
        for each in (page, again)
    ]
    assert own[0] == own[1] != []

    both = architect.Perceptron(1, 1, 1, squash=squash_of(0.5, "on_a_page"))
    squash_of(0.75, "on_a_page")
    both.output.squash = "on_a_page"
    with pytest.raises(ArgumentError, match=r"on_a_page, on_a_page \(replaced"):
        synapse.draw.explore(both, [[1.0]], [[0.0]], learn=True)


def test_a_page_has_functions_in_the_order_of_its_neurons():
    """Not in that of a set, which differs from process to process."""
    names = [f"on_a_page_{k}" for k in (3, 1, 5, 2, 6, 4)]
    net = architect.Perceptron(1, len(names), 1, seed=0)
    for k, (neuron, name) in enumerate(zip(net.layers[1], names, strict=True)):
        neuron.squash = squash_of(k + 1.0, name)
    texts = synapse.draw.explore(net, [[1.0]], [[0.0]], learn=True)._data["learn"]
    found = [name for text in texts["registered"] for name in names if name in text]
    assert list(dict.fromkeys(found)) == names


@pytest.mark.parametrize(
    ("register", "function"),
    [
        (synapse.squashes.register, lambda s: (s, 1.0)),
        (synapse.costs.register, lambda output, target: (0.0, 0.0)),
        (synapse.costs.register_for_sequences, lambda outputs, targets: (0.0, 0.0)),
        (synapse.initializers.register, lambda rng, shape, fan_in, fan_out: 0.0),
    ],
)
def test_what_has_no_name_is_told_so(register, function):
    function.__name__ = ""
    with pytest.raises(ArgumentError, match=r"to register must have a name, got one"):
        register(function)


def test_a_rule_that_is_read_has_no_options_of_its_namesake(tmp_path):
    def change(pre):
        return pre

    bounded = Rule(change, name="bounded_at_first", bounds=(0.0, 0.5))
    net = made()
    net.rule = bounded(bounds=None)
    for twin in read_whole(net, tmp_path):
        assert twin.rule.settings == net.rule.settings == {"dt": 1.0}
