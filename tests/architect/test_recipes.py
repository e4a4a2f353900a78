"""Recipes: each computes its equations, here by NumPy, leaves alone what is fixed, and
takes its options."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import scipy

from architect import (
    GRU,
    LSTM,
    NARX,
    Elman,
    Jordan,
    Perceptron,
    Random,
    Residual,
)
from synapse import Layer, initializers
from synapse.errors import ArgumentError, SynapseError
from tests.helpers.cases import Cases, all_refused, every_case

from .helpers import INPUTS, fixed, logistic, matrix


def chain(layers, values, squash=logistic):
    """What layers, each fed by the one before, make of the values of the first."""
    for below, above in pairwise(layers):
        values = squash(matrix(below, above) @ values + above.biases)
    return values


def perceptron(net):
    for row in INPUTS:
        yield chain(
            net.layers[-2:], chain(net.layers[:-1], row, np.tanh), lambda state: state
        )


def elman(net):
    x, context, hidden, y = net.layers
    past = np.zeros(len(hidden))
    for row in INPUTS:
        past = logistic(
            matrix(x, hidden) @ row + matrix(context, hidden) @ past + hidden.biases
        )
        yield chain([hidden, y], past)


def jordan(net, decay):
    x, context, lowest, *rest = net.layers
    seen = np.zeros(2)
    answer = np.zeros(2)
    for row in INPUTS:
        seen = decay * seen + answer
        hidden = logistic(
            matrix(x, lowest) @ row + matrix(context, lowest) @ seen + lowest.biases
        )
        answer = chain([lowest, *rest], hidden)
        yield answer


def narx(net, reach, back):
    """By lists of past inputs and outputs."""
    layers = [layer for layer in net.hidden if layer.name.startswith("hidden")]
    into = layers[0]
    xs = [np.zeros(3)] * 10
    ys = [np.zeros(2)] * 10
    for row in INPUTS:
        state = into.biases + matrix(net.input, into) @ row
        for k in range(1, reach + 1):
            state = state + matrix(net[f"input delay {k}"], into) @ xs[-k]
        for k in range(1, back + 1):
            state = state + matrix(net[f"output delay {k}"], into) @ ys[-k]
        ys.append(
            matrix(layers[-1], net.output) @ chain(layers, np.tanh(state), np.tanh)
            + net.output.biases
        )
        xs.append(row)
        yield ys[-1]


def residual(net):
    lowest, *rest = net.hidden
    for row in INPUTS:
        h = np.tanh(matrix(net.input, lowest) @ row + lowest.biases)
        source = lowest
        for hidden, total in zip(rest[::2], rest[1::2], strict=True):
            h = h + np.tanh(matrix(source, hidden) @ h + hidden.biases)
            source = total
        yield chain([source, net.output], h)


def synaptic(net, per_block):
    """Blocks in the style of Synaptic, with input, forget and output gates."""
    x = net.input
    y = net.output
    block = net.blocks[0]
    cells = block.cells
    spread = np.repeat(np.arange(4), per_block)
    state = out = np.zeros(4 * per_block)

    def gated(layer, row, out):
        return logistic(
            matrix(x, layer) @ row + matrix(cells, layer) @ out + layer.biases
        )[spread]

    for row in INPUTS:
        enter = gated(block.input_gates, row, out)
        keep = gated(block.forget_gates, row, out) if block.forget_gates else 1.0
        state = keep * state + enter * (matrix(x, cells) @ row) + cells.biases
        out = np.tanh(state)
        leave = gated(block.output_gates, row, out)
        yield logistic(matrix(cells, y) @ (leave * out) + matrix(x, y) @ row + y.biases)


def standard_step(block, source, x, states):
    """What the blocks of the textbooks hold after a step: hidden activations and
    cells."""
    i, f, g, cells, o, _, hidden = block
    h, c = states

    def total(layer, cell_state):
        sums = matrix(source, layer) @ x + matrix(hidden, layer) @ h + layer.biases
        return sums + matrix(cells, layer) @ cell_state

    keep = logistic(total(f, c)) if f is not None else 1.0
    new = keep * c + logistic(total(i, c)) * np.tanh(total(g, 0 * c))
    return logistic(total(o, new)) * np.tanh(new), new


def gru_step(unit, source, x, states):
    update, _, reset, candidates, cells = unit
    (h,) = states
    z, r = (
        logistic(matrix(source, gates) @ x + matrix(cells, gates) @ h + gates.biases)
        for gates in (update, reset)
    )
    (constant,) = {
        link.source
        for n in candidates
        for link in n.incoming
        if link.source.name == "constant 0"
    }
    recurrent = matrix(cells, candidates) @ h + matrix([constant], candidates)[:, 0]
    n = np.tanh(matrix(source, candidates) @ x + candidates.biases + r * recurrent)
    return (z * h + (1 - z) * n,)


def layered(net, units, step, numbers):
    """Layers of units, each fed by the last layer of the units before."""
    sources = [net.input, *(unit[-1] for unit in units)]
    states = [tuple(np.zeros(len(unit[-1])) for _ in range(numbers)) for unit in units]
    for row in INPUTS:
        x = row
        for k, unit in enumerate(units):
            states[k] = step(unit, sources[k], x, states[k])
            x = states[k][0]
        yield chain([sources[-1], net.output], x)


def equations():
    """Networks, each with its equations."""
    start = {"initializer": "glorot", "seed": 1}
    yield (
        Perceptron(3, 5, 4, 2, squash="tanh", output_squash="identity", seed=1),
        perceptron,
    )
    yield Elman(3, 4, 2, seed=1), elman
    for decay in (0.0, 0.6):
        yield (
            Jordan(3, 5, 4, 2, context_decay=decay, seed=1),
            partial(jordan, decay=decay),
        )
    for reach, back, hidden in ((1, 1, 5), (3, 2, (5, 4)), (2, 5, 5)):
        net = NARX(3, hidden, 2, input_delay=reach, output_delay=back, **start)
        yield net, partial(narx, reach=reach, back=back)
    for blocks in (1, 2, 4):
        yield Residual(3, *[5] * (blocks + 1), 2, **start), residual
    for forget_gates in (True, False):
        for peepholes in ("usual", "all_to_all", "one_to_one", None):
            options = {"peepholes": peepholes, "forget_gates": forget_gates, **start}
            sizes = (3, 4, 5, 2) if peepholes == "usual" else (3, 4, 2)
            net = LSTM(*sizes, **options)
            yield (
                net,
                partial(layered, units=net.blocks, step=standard_step, numbers=2),
            )
            for per_block in (1, 2) if forget_gates else (2,):
                rest = {
                    "cells_per_block": per_block,
                    "cell_squash": "tanh",
                    "style": "synaptic",
                }
                yield (
                    LSTM(3, 4, 2, **rest, **options),
                    partial(synaptic, per_block=per_block),
                )
    for sizes in ((3, 4, 2), (3, 4, 5, 2)):
        net = GRU(*sizes, **start)
        yield net, partial(layered, units=net.units, step=gru_step, numbers=1)


def test_networks_compute_their_equations():
    with Cases() as case:
        for number, (net, answers) in enumerate(equations()):
            with case(number, net):
                expected = np.array(list(answers(net)))
                assert net.run(INPUTS) == pytest.approx(expected, abs=1e-13)


def test_what_is_fixed_is_not_trained():
    assert fixed(Elman(3, 4, 2, seed=1)) == [0.0] * 4 + [1.0] * 4
    jordan_net = Jordan(3, 4, 2, context_decay=0.25, seed=1)
    assert fixed(jordan_net) == [0.0] * 2 + [0.25] * 2 + [1.0] * 2
    assert fixed(NARX(3, 4, 2, seed=1), rate=0.1) == [0.0] * 10 + [1.0] * 10
    assert fixed(Residual(3, 4, 4, 4, 2, seed=1)).count(1.0) == 2 * 2 * 4
    assert fixed(LSTM(3, 4, 2, seed=1)) == [0.0] * 12 + [1.0] * 16
    assert fixed(GRU(3, 4, 2, seed=1)) == [-1.0] * 4 + [0.0] * 4 + [1.0] * 13


def test_options_connect_as_in_synaptic():
    for options, more in (
        ({}, 0),
        ({"hidden_to_hidden": True}, 12),
        ({"output_to_hidden": True}, 8),
        ({"output_to_gates": True}, 24),
    ):
        net = LSTM(3, 4, 2, seed=0, style="synaptic", **options)
        assert len(net.connections) == 110 + 4 + more, options
    alone = LSTM(2, 1, 1, style="synaptic", hidden_to_hidden=True, seed=0)
    assert len(alone["cells"][0].incoming) == 2  # there is no other cell
    deep = LSTM(2, 3, 4, 5, 1, style="synaptic", seed=0)
    assert {link.source for link in deep["cells 3"][0].incoming} == {
        *deep.input,
        *deep["cells 2"],
    }


def test_an_lstm_has_the_defaults_of_its_style():
    net = LSTM(3, 4, 2, seed=1)
    in_full = {"style": "standard", "peepholes": None}
    synaptic_net = LSTM(3, 4, 2, style="synaptic", seed=1)
    synaptic_in_full = {
        "style": "synaptic",
        "peepholes": "all_to_all",
        "input_to_output": True,
        "cell_squash": "logistic",
        "initializer": "fan_in",
        "bias_initializer": "uniform",
    }
    for made, options in ((net, in_full), (synaptic_net, synaptic_in_full)):
        assert (made.weights == LSTM(3, 4, 2, **options, seed=1).weights).all()
    block = net.blocks[0]
    gates = (block.input_gates, block.forget_gates, block.output_gates)
    assert [set(layer.biases) for layer in gates] == [{0.0}, {3.0}, {0.0}]
    largest = max(abs(link.weight) for link in block.candidates[0].incoming)
    assert 0.3 < largest <= 1 / np.sqrt(3)
    assert synaptic_net["forget gates"].biases.tolist() == [1.0] * 4
    softsign = LSTM(3, 4, 2, cell_squash="softsign").blocks[0]
    squashes = "logistic logistic softsign identity logistic softsign identity"
    assert [layer.squash.name for layer in softsign] == squashes.split()


@pytest.mark.full
@pytest.mark.parametrize("span", [(2, 1000), 50])
@pytest.mark.parametrize(
    ("build", "gates"),
    [
        (LSTM, "forget gates"),
        (partial(LSTM, style="synaptic"), "forget gates"),
        (GRU, "update gates"),
    ],
)
def test_cells_remember_for_their_spans(build, gates, span):
    """Spans have the distribution asked for, and a cell that nothing enters fades to
    1/e within its own."""
    build = partial(
        build, 1, 200, 200, 1, initializer="zeros", bias_initializer="zeros", span=span
    )
    net = build(seed=0)

    def biases_of(gates):
        return np.concatenate([net[f"{gates} {i}"].biases for i in (1, 2)])

    keeping = biases_of(gates)
    drawn = keeping if isinstance(span, tuple) else np.exp(keeping)
    low, high = np.log(span) if isinstance(span, tuple) else (1.0, span)
    assert scipy.stats.kstest(drawn, "uniform", (low, high - low)).pvalue > 0.01
    if gates == "forget gates":
        assert (biases_of("input gates") == -keeping).all()
    again, other = (build(seed=seed).biases.tobytes() for seed in (0, 1))
    assert again == net.biases.tobytes() != other
    cells, exact = net["cells 1"], np.exp(keeping[:200])
    net.activate([0.0])
    for cell in cells:
        cell.squash = "identity"
        cell.activation = 1.0
        cell.state = 1.0
    states = [
        cells.states
        for _ in range(int(exact.max()) + 1)
        if net.activate([0.0]) is not None
    ]
    steps = exact.round().astype(int)
    left = np.array(states)[steps - 1, np.arange(200)]
    assert left == pytest.approx((exact / (1 + exact)) ** steps, rel=1e-9)
    assert (abs(left[exact > 20] - np.exp(-1)) < 0.02).all()


def test_a_block_is_found_beside_a_layer_of_the_same_name():
    net = LSTM(3, 4, 2, seed=1)
    net.add(Layer(2, name="cells"))
    assert [len(layer) for layer in net.clone().blocks[0]] == [4] * 7


RECIPES = {
    "Perceptron": lambda **options: Perceptron(3, 4, 5, 2, **options),
    "Residual": lambda **options: Residual(3, 4, 4, 4, 2, **options),
    "Elman": lambda **options: Elman(3, 4, 5, 2, **options),
    "Jordan": lambda **options: Jordan(3, 4, 5, 2, context_decay=0.5, **options),
    "NARX": lambda **options: NARX(
        3, (4, 5), 1, input_delay=4, output_delay=1, **options
    ),
    "LSTM": lambda **options: LSTM(3, 4, 2, **options),
    "GRU": lambda **options: GRU(3, 4, 2, **options),
    "Random": lambda **options: Random(3, 8, 2, gates=4, backward=6, **options),
}


@pytest.mark.full
@every_case("name", RECIPES)
def test_every_option_is_passed_on(name):
    """To all connections, to all biases, to the outputs alone, to the store; the seed
    decides on the rest."""
    build = RECIPES[name]
    net = build(
        initializer=initializers.constant(0.5),
        bias_initializer="zeros",
        output_squash="softplus",
        seed=0,
    )
    assert {link.weight for link in net.connections if link.trainable} == {0.5}
    # which begin open
    apart = {"forget gates", "update gates", "reset gates"}
    own = [
        n.bias
        for n in net
        if n.trainable_bias and n.name.rsplit(" ", 1)[0] not in apart
    ]
    assert set(own) == {0.0}
    soft = [layer for layer in net.layers if layer.squash.name == "softplus"]
    assert soft == [net.output]
    double, again, other = (build(seed=seed) for seed in (1, 1, 2))
    single = build(seed=1, dtype="float32")
    assert single.run(INPUTS) == pytest.approx(double.run(INPUTS), abs=1e-5)
    assert (single.run(INPUTS) != double.run(INPUTS)).any()
    weights = [each.weights.tobytes() for each in (double, again, other)]
    assert weights[0] == weights[1] != weights[2]
    assert again.biases.tobytes() == double.biases.tobytes()
    for options in ({"initializer": "absent"}, {"dtype": "float16"}):
        with pytest.raises(SynapseError):
            build(**options)


def test_sizes_and_options_that_do_not_fit_each_other_are_refused():
    some = partial(Random, 2, 3, 1)
    block = partial(LSTM, 3, 4, 2)
    wrong = [
        ("at least 2", partial(Perceptron, 2)),
        ("at least 4 sizes", partial(Residual, 2, 3, 1)),
        (r"of one size, got \[3, 4\]", partial(Residual, 2, 3, 4, 1)),
        ("at least 3 sizes", partial(NARX, 1, [], 1)),
        ("below 1, got 1.0", partial(Jordan, 2, 3, 1, context_decay=1.0)),
        (
            "from 0 to 14, the number of connections",
            partial(some, density=1.0, gates=16),
        ),
        ("from 0 to 3, the number of pairs", partial(some, self_connections=4)),
        ("from 0 to 6, the number of pairs", partial(some, backward=7)),
        ("cells_per_block", partial(block, cells_per_block=2)),
        *(
            (name, partial(block, **{name: True}))
            for name in ("hidden_to_hidden", "output_to_gates")
        ),
        ("usual", partial(block, peepholes="some")),
        ("two numbers in order", partial(block, span=(10, 1))),
        ("got both", partial(block, span=10, forget_gate_bias=1.0)),
        ("got both", partial(GRU, 3, 4, 2, span=10, update_gate_bias=1.0)),
        ("logistic forget gates", partial(block, span=10, forget_gates=False)),
        ("logistic forget gates", partial(block, span=10, squash="tanh")),
    ]
    modern = (partial(block, style="modern"), ArgumentError, "synaptic")
    all_refused([*((call, ArgumentError, says) for says, call in wrong), modern])
