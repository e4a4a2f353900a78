"""Functions beyond the language of kernels: called in Python, with one warning, for the
same numbers as others."""

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

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
X = np.random.default_rng(0).uniform(-1.0, 1.0, (12, 2))
Y = X[:, :1] * X[:, 1:]
GENOMES = Genomes.of(evolve.Genome.minimal(1, 1, seed=0))


def halved(state):
    return 0.5 * state, 0.5


def with_generator(state):
    return sum(factor * state for factor in (0.0, 0.5)), 0.5


def with_dictionary(state):
    return {"value": 0.5 * state}["value"], 0.5


def with_text(state):
    return 0.5 * float(f"{state!r}"), 0.5


def with_class(state):
    class Value:
        number = 0.5 * state

    return Value.number, 0.5


def with_list(state):
    return [0.5 * state, 0.5]


def with_many(state):
    values = np.array([0.5 * state, 0.5])
    return values[0], values[1]


def with_function(state):
    def inner():
        return 0.5 * state

    return inner(), 0.5


def with_error(state):
    try:
        return 0.5 * state, 0.5
    except ValueError:
        return 0.0, 0.0


def without_source():
    scope = {}
    exec("def from_text(state):\n    return 0.5 * state, 0.5", scope)
    return scope["from_text"]


BEYOND = {
    with_generator: (1, "the language has no GeneratorExp"),
    with_dictionary: (1, "the language has no Dict"),
    with_text: (1, "the language has no JoinedStr"),
    with_class: (1, "the language has no ClassDef"),
    with_list: (1, "the language has no List"),
    with_many: (1, "the language has no List"),
    with_function: (1, "the language has no FunctionDef"),
    with_error: (1, "the language has no Try"),
    without_source(): (0, "the source cannot be read"),
}


def quietly(register, function):
    """Register a function without its warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FunctionWarning)
        return register(function)


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
    assert str(warning.message) == (
        f"The squash {name!r} is called in Python, which takes longer, because it"
        f" cannot be compiled: {place}: {rule}."
    )
    assert warning.filename == __file__
    # the second time it is registered already
    assert squashes.register(function) is squash


@pytest.mark.parametrize("function", BEYOND, ids=lambda function: function.__name__)
@pytest.mark.parametrize("rule", ["online", "bptt", "rtrl"])
def test_the_same_bits_as_in_the_language(function, rule):
    squash = quietly(squashes.register, function)
    within = squashes.register(halved)
    assert (squash(0.3), squash.derivative(0.3)) == (0.15, 0.5)
    neurons = [Neuron(each, bias=0.7) for each in (squash, within)]
    assert neurons[0].activate() == neurons[1].activate() == 0.35
    assert learnt(squash, rule=rule) == learnt(within, rule=rule)


def test_threads_call_it_too():
    net = architect.Elman(
        2, 8, 1, squash=quietly(squashes.register, with_generator), seed=0
    )
    rows = np.random.default_rng(1).uniform(-1.0, 1.0, (64, 5, 2))
    one, two = (
        synapse.gradient(net, rows, rows[..., :1], threads=threads).weights
        for threads in (1, 2)
    )
    assert (one == two).all()


def test_a_cost_beyond_the_language():
    def listed(target, output, derivative, outputs):
        errors = [target - output]
        return 0.5 * errors[0] * errors[0], errors[0] * derivative

    def plain(target, output, derivative, outputs):
        error = target - output
        return 0.5 * error * error, error * derivative

    with pytest.warns(
        FunctionWarning, match=r"The cost 'listed' is .*: the language has no List\.$"
    ):
        cost = costs.register(listed)
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
    def listed_anew(state):
        return [state, 1.0]

    with warnings.catch_warnings():
        warnings.simplefilter("error", FunctionWarning)
        with pytest.raises(FunctionWarning):
            squashes.register(listed_anew)
    assert "listed_anew" not in squashes.names()
    assert quietly(squashes.register, listed_anew)(2.0) == 2.0


def test_what_is_wrong_in_python_too_is_refused():
    def wrong_slope(state):
        return [state, 2.0]

    with pytest.raises(ArgumentError, match="to return the derivative 1"):
        squashes.register(wrong_slope)


def test_lambdas_of_one_line_are_told_apart():
    first, second = lambda state: (state, 1.0), lambda state: (2.0 * state, 2.0)
    first.__name__, second.__name__ = "first_of_two", "second_of_two"
    assert squashes.register(first)(3.0) == 3.0
    assert squashes.register(second)(3.0) == 6.0
