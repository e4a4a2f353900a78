"""Functions of users: from wherever they come, compiled or called in Python, they are
the functions that the user has."""

import doctest
import linecache
import math
import types
import warnings

import numpy as np
import pytest

from synapse import Neuron, _registration, evolve, squashes
from synapse.engine.functions.user_functions import UserFunction
from synapse.engine.language.decorators import COMPILES, kernel
from synapse.engine.language.environment_step import compile_step
from synapse.engine.language.memory import call_at, plain_address
from synapse.errors import FunctionError, FunctionWarning
from synapse.evolve._population import Genomes
from tests.helpers.processes import python
from tests.language import users

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
STATES = -2.5, -0.0, 0.3, 1.0, 4.0
WITHIN = sorted(
    name
    for name, value in vars(users).items()
    if isinstance(value, types.FunctionType)
    and value.__module__ == users.__name__
    and name not in ("scaled", "at", "made_by", "through")
)


def renamed(function, name):
    """The same function, which is registered under another name."""
    code, scope = function.__code__, function.__globals__
    return types.FunctionType(code, scope, name, None, function.__closure__)


@pytest.mark.full
@pytest.mark.parametrize("name", WITHIN)
def test_what_is_within_the_language_is_compiled_to_the_same_bits(name):
    function = getattr(users, name)
    compiled = UserFunction(function, ("state",))
    assert compiled.refused == ""
    for state in STATES:
        expected = tuple(map(float, function(state)))
        assert compiled(state) == expected
        assert str(compiled(state)) == str(expected)


def test_it_is_registered_without_a_word():
    squash = squashes.register(renamed(users.with_tables, "of_users"))
    for state in STATES:
        assert squash(state) == Neuron(squash, bias=state).activate()
        assert squash(state) == users.with_tables(state)[0]


# --- where functions come from --------------------------------------------------------


def cell(text, number):
    """The names that a cell of a notebook defines, as IPython runs it."""
    file = f"/tmp/ipykernel_1/{number}.py"
    linecache.cache[file] = len(text), None, text.splitlines(True), file
    scope = {"__name__": "__main__"}
    exec(compile(text, file, "exec"), scope)
    return scope


def test_cells_of_a_notebook():
    text = "def in_cell(state):\n    return {} * state, {}\n"
    first = cell(text.format(0.5, 0.5), 1)["in_cell"]
    again = cell("# a comment\n" + text.format(0.5, 0.5), 2)["in_cell"]
    other = cell(text.format(0.25, 0.25), 3)["in_cell"]
    squash = squashes.register(first)
    assert squashes.register(again) is squash
    assert squash(1.0) == Neuron(squash, bias=1.0).activate() == 0.5
    compiled = UserFunction(other, ("state",))
    assert (compiled.refused, compiled(1.0)) == ("", (0.25, 0.25))


IN_A_NOTEBOOK = """
import warnings
warnings.simplefilter("error")
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for number in (1, 2):
    done = shell.run_cell('''
from synapse import Neuron, _registration, squashes

GAIN = 0.5

@squashes.register
def halved(state):
    # of a cell
    return GAIN * state, GAIN

value = Neuron(halved, bias=3.0).activate()
''')
    done.raise_error()
    print(shell.user_ns["value"])
"""


@pytest.mark.slow
def test_a_real_notebook_runs_a_cell_twice():
    pytest.importorskip("IPython")
    assert python("-W", "ignore", "-c", IN_A_NOTEBOOK) == "1.5\n1.5\n"


def with_an_example():
    """
    >>> from synapse import squashes
    >>> @squashes.register
    ... def in_an_example(state):
    ...     return 0.5 * state, 0.5
    >>> in_an_example(3.0)
    1.5
    """


def test_examples_of_docstrings():
    (example,) = doctest.DocTestFinder().find(with_an_example, globs={})
    assert doctest.DocTestRunner().run(example).failed == 0


# --- errors ---------------------------------------------------------------------------


def inner(x):
    if x > 6.0:
        raise ValueError("too large", x)
    return x


def deep(x):
    return inner(x) + 1.0


def raises_within(state):
    return deep(state), 1.0


def divides_reals(state):
    return state + 0.0 / (state - 7.0), 1.0


def divides_whole_numbers(state):
    return state + 0 // int(state - 7.0), 1.0


def leaves_a_table(state):
    return state + 0.0 * users.TABLE[int(max(state, 4.0)) - 4], 1.0


def of_nothing(state):
    return state + 0.0 * int(math.nan if state == 7.0 else 1.0), 1.0


ERRORS = {
    raises_within: (ValueError, r"ValueError: \('too large', 7.0\)"),
    divides_reals: (ZeroDivisionError, "ZeroDivisionError"),
    divides_whole_numbers: (ZeroDivisionError, "ZeroDivisionError"),
    leaves_a_table: (IndexError, "IndexError"),
    of_nothing: (ValueError, "cannot convert float NaN to integer"),
}


@pytest.mark.parametrize("function", ERRORS, ids=lambda function: function.__name__)
def test_an_error_within_is_the_cause_of_one_of_the_library(function):
    kind, message = ERRORS[function]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FunctionWarning)
        squash = squashes.register(function)
    neuron = Neuron(squash, bias=7.0)
    words = f"The squash '{function.__name__}' failed at state 7: .*{message}"
    with pytest.raises(FunctionError, match=words) as raised:
        neuron.activate()
    assert type(raised.value.__cause__) is kind
    with pytest.raises(kind):
        squash(7.0)
    neuron.bias = 3.0
    assert neuron.activate() == function(3.0)[0]


def too_far(target, output, derivative, outputs):
    if target >= 1.0:
        raise ValueError
    return target, output * derivative


@kernel
def call_both(failed, address, second, numbers):
    answer = call_at(failed, address, numbers)
    other = call_at(failed, second, (numbers[0] + 1.0, *numbers[1:]))
    return answer[1], other[1]


@pytest.mark.parametrize("compiles", [True, False], ids=["compiled", "in Python"])
def test_the_first_call_that_raises_is_recorded_and_nothing_is_called_after_it(
    compiles,
):
    alive = [UserFunction(too_far, _registration.COST) for _ in range(2)]
    addresses = [
        function.address if compiles else plain_address(too_far) for function in alive
    ]
    call = call_both if compiles else call_both.part
    for target, expected in ((-1.0, (6.0, 6.0)), (0.0, (6.0, math.nan)), (2.0, None)):
        failed = np.zeros(7)
        answers = call(failed, *addresses, (target, 2.0, 3.0, 1.0))
        np.testing.assert_array_equal(answers, expected or (math.nan, math.nan))
        recorded = [0.0] * 7
        if target >= 0.0:
            place = int(target == 0.0)
            recorded = [4.0, addresses[place], target + place, 2.0, 3.0, 1.0, 0.0]
        assert failed.tolist() == recorded


def test_an_index_from_the_end_is_one_of_python():
    def look(place):
        return users.LIST[int(place)], users.TABLE[int(place)]

    compiled = UserFunction(look, ("state",))
    for place in (-2.0, -1.0, 0.0, 1.0):
        assert compiled(place) == look(place)
    for place in (-3.0, 2.0, 1e6, -1e6):
        with pytest.raises(IndexError):
            compiled(place)


# --- environments ---------------------------------------------------------------------


def observe(state, inputs):
    inputs[:] = state[:1]


def observe_first(state, inputs):
    inputs[0] = state[0]


def step(state, outputs):
    first, second = state[0], state[-1]
    part = state[1:]
    state[0] = 0.9 * first + outputs[-1] - 0.5
    part[len(part) - 1] = second + 1.0 / (state[0] - state[0]) + 7 // LARGE_DIVISOR
    return abs(state[0]) < 0.95


def step_of_large_integers(state, outputs):
    hashed = (int(1e6 * state[0]) + 12345) ** 5 * 6364136223846793005 % 1000003
    state[0] = 0.9 * state[0] + outputs[-1] - 0.5
    state[1] = hashed
    return abs(state[0]) < 0.95


def step_that_divides(state, outputs):
    state[0] = 0.9 * state[0] + outputs[-1] - 0.5
    state[1] = state[1] + 7 // int(state[0])
    return abs(state[0]) < 0.95


LARGE_DIVISOR = 8


def played(observe, step):
    genomes = Genomes.of(evolve.Genome.minimal(1, 1, seed=0))
    starts = np.array([[0.3, 1.0], [-0.2, 2.0], [0.9, 3.0]])
    task = evolve.fitness.Environment(
        observe, step, starts, inputs=1, outputs=1, steps=20, score=1
    )
    return task.episodes(genomes)


@pytest.mark.full
def test_a_step_of_an_environment_computes_as_numpy_and_python_do():
    """What is divided by 0 is infinite, an integer beyond 64 bits is exact."""

    def in_python(step):
        def called(state, outputs):
            return [step(state, outputs)][0]  # a list is beyond the language

        return called

    for function in (step, step_of_large_integers):
        assert compile_step(observe_first, function).refused == ""
        with pytest.warns(FunctionWarning):
            expected = played(observe_first, in_python(function))
        np.testing.assert_array_equal(played(observe_first, function), expected)


def test_an_error_in_an_environment_is_raised():
    assert compile_step(observe_first, step_that_divides).refused == ""
    with pytest.raises(ZeroDivisionError):
        played(observe_first, step_that_divides)


def test_an_environment_beyond_the_language_plays_the_same():
    def step_within(state, outputs):
        state[0] = 0.9 * state[0] + outputs[0] - 0.5
        return abs(state[0]) < 0.95

    expected = played(observe_first, step_within)
    with pytest.warns(FunctionWarning) as told:
        found = played(observe, step_within)
    np.testing.assert_array_equal(found, expected)
    assert len(told) == 1
    place = f"{__file__}:{observe.__code__.co_firstlineno + 1}"
    assert place in str(told[0].message)
