"""Functions that are no formulas: called in Python, with one warning, for the same
numbers as others. What they draw, read from a clock or count is no constant."""

import random
import time
import warnings
from types import FunctionType

import numpy as np
import pytest

import architect
import synapse
from synapse import Neuron, Trainer, costs, evolve, squashes
from synapse.engine.language.decorators import COMPILES
from synapse.errors import ArgumentError, FunctionWarning
from synapse.evolve._population import Genomes
from tests.helpers.called_in_python import in_python

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
X = np.random.default_rng(0).uniform(-1.0, 1.0, (12, 2))
Y = X[:, :1] * X[:, 1:]
GENOMES = Genomes.of(evolve.Genome.minimal(1, 1, seed=0))


def halved(state):
    return 0.5 * state, 0.5


def with_sum(state):
    return sum(factor * state for factor in (0.0, 0.5)), 0.5


def with_text(state):
    return 0.5 * float(f"{state!r}"), 0.5


def with_type(state):
    return (0.5 if isinstance(state, float) else 9.0) * state, 0.5


def with_hash(state):
    return 0.5 * state + {99.0: 1.0}.get(state, 0.0), 0.5


def with_class(state):
    class Value:
        number = 0.5 * state

    return Value.number, 0.5


def with_array(state):
    values = np.array([0.5 * state, 0.5])
    return values[0], values[1]


def with_error(state):
    try:
        return 0.5 * state, 0.5
    except ValueError:
        return 0.0, 0.0


def with_raise(state):
    if state > 99.0:
        raise ValueError
    return 0.5 * state, 0.5


def with_integers(state):
    return 0.5 * state + 0.0 * ((int(state) << 3) // 5 % 7), 0.5


TABLE = np.array([0.0, 0.0])


def with_table(state):
    return 0.5 * state + TABLE[int(state > 0.0)] + TABLE[int(state) % 2], 0.5


CALLS = []


def with_counter(state):
    CALLS.append(0)
    return 0.5 * state, 0.5


def with_global(state):
    global last  # noqa: PLW0603
    last = state
    return 0.5 * state, 0.5


def with_draw(state):
    return 0.5 * state + 0.0 * random.random(), 0.5


GENERATOR = np.random.default_rng(0)


def with_generator(state):
    return 0.5 * state + 0.0 * GENERATOR.random(), 0.5


def with_clock(state):
    return 0.5 * state + 0.0 * time.perf_counter(), 0.5


def with_single(state):
    return 0.5 * state + float(np.float32(0.0) * state), 0.5


BEYOND = {
    with_sum: (1, "it calls sum"),
    with_text: (1, "it asks a number for its text"),
    with_type: (1, "it calls isinstance"),
    with_hash: (1, "it asks a number for its hash"),
    with_class: (1, "it defines a class"),
    with_array: (1, "it calls array"),
    with_error: (0, "it catches exceptions"),
    with_raise: (2, "reading it raises ValueError"),
    with_integers: (1, "it converts a number to an integer"),
    with_table: (1, "it converts a number to an integer"),
    with_counter: (1, "reading it raises AttributeError: 'tuple' object"),
    with_global: (2, "it changes a global"),
    with_draw: (1, "it calls Random.random"),
    with_generator: (1, "it reads random of a value of type Generator"),
    with_clock: (1, "it calls perf_counter"),
    with_single: (1, "it uses float32"),
}
"""Functions that are no formulas, with the line below the first and the reason."""


def learnt(function, **options):
    """The weights that a training finds, and the outputs."""
    net = architect.Elman(2, 3, 1, squash=function, seed=0)
    Trainer(net, 0.1, **options).train([X], [Y], epochs=4, progress=False)
    return net.weights.tobytes(), net.run(X).tobytes()


@pytest.mark.parametrize("function", BEYOND, ids=lambda function: function.__name__)
def test_one_warning_names_file_line_and_rule(function):
    lines_below, rule = BEYOND[function]
    name = f"told_{function.__name__}"  # the other is registered in other tests
    function = FunctionType(function.__code__, function.__globals__, name)
    with pytest.warns(FunctionWarning) as told:
        squash = squashes.register(function)
    (warning,) = told
    code = function.__code__
    place = f"{code.co_filename}:{code.co_firstlineno + lines_below}"
    assert str(warning.message).startswith(
        f"The squash {name!r} is called in Python, which takes longer, because it"
        f" cannot be compiled: {place}: {rule}"
    )
    assert warning.filename == __file__
    # the second time it is registered already
    assert squashes.register(function) is squash


@pytest.mark.parametrize("function", BEYOND, ids=lambda function: function.__name__)
@pytest.mark.parametrize("rule", ["online", "bptt", "rtrl"])
def test_the_same_bits_as_in_the_language(function, rule):
    squash = in_python(squashes.register)(function)
    within = squashes.register(halved)
    assert (squash(0.3), squash.derivative(0.3)) == (0.15, 0.5)
    neurons = [Neuron(each, bias=0.7) for each in (squash, within)]
    assert neurons[0].activate() == neurons[1].activate() == 0.35
    assert learnt(squash, rule=rule) == learnt(within, rule=rule)


def test_threads_call_it_too():
    net = architect.Elman(
        2, 8, 1, squash=in_python(squashes.register)(with_sum), seed=0
    )
    rows = np.random.default_rng(1).uniform(-1.0, 1.0, (64, 5, 2))
    one, two = (
        synapse.gradient(net, rows, rows[..., :1], threads=threads).weights
        for threads in (1, 2)
    )
    assert (one == two).all()


def test_a_cost_beyond_the_language():
    def summed(target, output, derivative, outputs):
        error = sum([target, -output])
        return 0.5 * error * error, error * derivative

    def plain(target, output, derivative, outputs):
        error = target - output
        return 0.5 * error * error, error * derivative

    with pytest.warns(
        FunctionWarning, match=r"The cost 'summed' is .*: it calls sum\.$"
    ):
        cost = costs.register(summed)
    within = costs.register(plain)
    assert cost([1.0], [0.5]) == within([1.0], [0.5]) == 0.125
    for rule in ("online", "bptt"):
        options = {"rule": rule, "function": "tanh"}
        assert learnt(cost=cost, **options) == learnt(cost=within, **options)


def observe(state, inputs):
    inputs[0] = state[0]


def environment(step, starts):
    options = {"inputs": 1, "outputs": 1, "steps": 50}
    return evolve.fitness.Environment(observe, step, starts, **options)


def test_an_environment_beyond_the_language():
    def step(state, outputs):
        state[0] = 1.1 * state[0] + outputs[0] - 0.5
        return abs(state[0]) < 1.0

    def step_with_list(state, outputs):
        state[0] = sum([1.1 * state[0], outputs[0], -0.5])
        return abs(state[0]) < 1.0

    starts = np.linspace(-0.9, 0.9, 7)[:, None]
    beyond = environment(step_with_list, starts)
    words = "The environment is called .*: the language has no List"
    with pytest.warns(FunctionWarning, match=words) as told:
        results = [beyond.episodes(GENOMES) for _ in range(2)]
    assert len(told) == 1
    within = environment(step, starts).episodes(GENOMES)
    np.testing.assert_array_equal(results, [within, within])


def test_an_environment_that_raises():
    def step(state, outputs):
        raise KeyError([1.0])

    with pytest.raises(KeyError):
        environment(step, [[0.3]]).episodes(GENOMES)


def test_a_warning_that_is_an_error_registers_nothing():
    def summed_anew(state):
        return sum([state]), 1.0

    with warnings.catch_warnings():
        warnings.simplefilter("error", FunctionWarning)
        with pytest.raises(FunctionWarning):
            squashes.register(summed_anew)
    assert "summed_anew" not in squashes.names()
    assert in_python(squashes.register)(summed_anew)(2.0) == 2.0


def test_what_is_wrong_in_python_too_is_refused():
    def wrong_slope(state):
        return sum([state]), 2.0

    with pytest.raises(ArgumentError, match="to return the derivative 1"):
        squashes.register(wrong_slope)


def test_lambdas_of_one_line_are_told_apart():
    first, second = lambda state: (state, 1.0), lambda state: (2.0 * state, 2.0)
    first.__name__, second.__name__ = "first_of_two", "second_of_two"
    assert squashes.register(first)(3.0) == 3.0
    assert squashes.register(second)(3.0) == 6.0
