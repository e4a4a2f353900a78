"""Every entry of the table of costs: its formula, its declarations, and its compiled
forms."""

import itertools
from contextlib import nullcontext

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, _cost, _squash, costs, squashes
from synapse.engine.functions import compiled
from synapse.engine.functions.costs import COSTS
from synapse.engine.language.decorators import for_python
from synapse.errors import ArgumentError
from tests.helpers.cases import Cases
from tests.helpers.reference import COSTS as ORACLES, SQUASHES

ANY_SQUASH = "identity", "logistic", "tanh", "softplus"
TARGETS = np.array([[1.0, 0.0, 0.0], [0.2, 0.7, 0.1], [0.4, 0.35, 0.25]])
STATES = np.array([[-1.3, 0.2, 0.9], [0.4, -0.6, 2.1], [0.3, 0.1, -0.2]])
pytestmark = [  # biases alone
    pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning"),
    pytest.mark.filterwarnings("ignore::synapse.errors.TrainingWarning"),
]


def outputs_of(name, states):
    """Outputs and slopes of a group of neurons, by definition."""
    if name == "softmax":
        shares = np.exp(states) / np.exp(states).sum()
        return shares, shares * (1 - shares)
    return np.array([SQUASHES[name](state) for state in states]).T


def cases():
    """Every cost with every squash that its outputs may have, at some targets and
    states."""
    for definition in COSTS.values():
        known = [definition.squash] if definition.squash else ANY_SQUASH
        for name, k in itertools.product(known, range(len(TARGETS))):
            yield definition, name, TARGETS[k], STATES[k]


def total(name, squashing, targets, states):
    outputs, _ = outputs_of(squashing, states)
    return sum(
        ORACLES[name](t, y, float(len(targets)))
        for t, y in zip(targets, outputs, strict=True)
    )


def slopes(name, squashing, targets, states, width=1e-6):
    """-dE/ds of every output, by central differences."""
    shifts = width * np.eye(len(states))
    both = [
        [total(name, squashing, targets, states + sign * shift) for sign in (1, -1)]
        for shift in shifts
    ]
    return np.array([-(above - below) / (2 * width) for above, below in both])


def logits_of(name, states):
    """ln(y / (1 - y)) of softmax outputs, by definition; of others their states."""
    if name != "softmax":
        return states
    others = [np.delete(states, k) for k in range(len(states))]
    return np.array(
        [s - np.logaddexp.reduce(o) for s, o in zip(states, others, strict=True)]
    )


def by_formula(formula, squashing, targets, states):
    outputs, slope = outputs_of(squashing, states)
    size = float(len(targets))
    logits = logits_of(squashing, states)
    rows = zip(targets, outputs, slope, logits, strict=True)
    pairs = [formula(t, y, slope, size, logit) for t, y, slope, logit in rows]
    return sum(value for value, _ in pairs), np.array([signal for _, signal in pairs])


def by_call(name, squashing, targets, states):
    """Of Python's function, which computes logits from outputs."""

    def formula(target, output, derivative, outputs, logit):
        return compiled.ERRORS[name](target, output, derivative, outputs)

    return by_formula(formula, squashing, targets, states)


def network(squashing, states, dtype):
    net = Network(Layer(1, dtype=dtype), [], Layer(len(states), squashing, dtype=dtype))
    net.output.biases = states
    return net


def by_steps(name, squashing, targets, states, dtype="float64"):
    net = network(squashing, states, dtype)
    net.activate([0.0])
    return net.propagate(0.0, targets, name), np.array(
        [n.error.projected for n in net.output]
    )


def by_gradient(name, squashing, targets, states, dtype="float64"):
    gradients = synapse.gradient(
        network(squashing, states, dtype), [[[0.0]]], [[targets]], name
    )
    return gradients.loss, -gradients.biases[1:]


def by_epoch(name, squashing, targets, states):
    """Of a training, where costs are summed later: the change of the biases by a rate
    of 1."""
    net = network(squashing, states, "float64")
    result = synapse.Trainer(net, 1.0, cost=name).train(
        [[[0.0]]], [[targets]], epochs=1, progress=False
    )
    return result.loss, net.biases[1:] - states


FORMS = {
    "formula": lambda name, *case: by_formula(COSTS[name].formula, *case),
    "compiled": by_call,
    "steps": by_steps,
    "float32": lambda *case: by_steps(*case, dtype="float32"),
    "epoch": by_epoch,
    "exact": by_gradient,
    "exact in float32": lambda *case: by_gradient(*case, dtype="float32"),
}


@pytest.mark.parametrize("form", FORMS)
def test_values_are_the_oracle_s_and_signals_their_slopes(form):
    """Signals that are declared to be surrogates are those of the formula; all others
    are -dE/ds."""
    exactly = 1e-5 if "32" in form else 1e-9
    with Cases() as tried:
        for measure, *case in cases():
            with tried(measure.name, *case):
                value, signals = FORMS[form](measure.name, *case)
                assert value == pytest.approx(
                    total(measure.name, *case), rel=exactly, abs=exactly
                )
                expected = slopes(measure.name, *case)
                if measure.surrogate:
                    assert np.abs(expected).max() < 1e-9
                    _, expected = by_formula(measure.formula, *case)
                    assert np.abs(expected).max() > 1e-9
                np.testing.assert_allclose(
                    signals, expected, rtol=1e-5, atol=max(exactly, 1e-8)
                )


@np.errstate(under="ignore")
def test_values_at_the_bounds_and_between():
    """Of outputs whose states are not known. Where one has rounded to 0 or 1, its
    logarithm is that of 1e-300."""
    logit_of = for_python(compiled.logit_of)
    bounds = itertools.product((0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0))
    with Cases() as tried:
        for measure, case in itertools.product(COSTS.values(), bounds):
            with tried(measure.name, case):
                pair = measure.formula(*case, 0.5, 1.0, logit_of(case[1]))
                other = compiled.ERRORS[measure.name](*case, 0.5, 1.0)
                assert np.isfinite(pair).all()
                np.testing.assert_allclose(pair, other, rtol=1e-13)
                if 0.0 < case[1] < 1.0:
                    expected = ORACLES[measure.name](*case, 1.0)
                    assert pair[0] == pytest.approx(expected)
                assert pair[0] <= 1e-299 or case not in ((0.0, 0.0), (1.0, 1.0))
    for case in ([0.0], [1.0]), ([1.0], [0.0]):
        assert costs.cross_entropy(*case) == pytest.approx(-np.log(1e-300))


@pytest.mark.full
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_output_whose_activation_was_set_does_not_learn(dtype):
    """Its cost is that of the activation that was set."""
    for definition in COSTS.values():
        if definition.surrogate or definition.squash == "softmax":
            continue
        name = definition.squash or "identity"
        net = network(name, STATES[0], dtype)
        net.activate([0.0])
        before = net.biases.copy()
        for neuron in net.output:
            neuron.activate(0.25)
        value = net.propagate(1.0, TARGETS[0], definition.name)
        assert (net.biases == before).all(), definition.name
        assert value == pytest.approx(
            _cost.get(definition.name)(TARGETS[0], [0.25] * 3)
        )


EXTREMES = [-2000.0, -745.5, -400.0, -89.0, -36.8, -17.0, 0.0, 17.0, 36.8, 89.0, 2000.0]


@np.errstate(under="ignore")
def exact_cost(name, targets, states):
    """The cross-entropy and its signal by logarithms of sums of powers of e."""
    if name == "softmax":
        logs = states - np.logaddexp.reduce(states)
        return -targets @ logs, targets - np.exp(logs)
    value = targets @ np.logaddexp(0.0, -states)
    value += (1.0 - targets) @ np.logaddexp(0.0, states)
    return value, targets - 0.5 * (1.0 + np.tanh(0.5 * states))


@pytest.mark.full
@pytest.mark.parametrize("form", ["steps", "float32", "epoch", "exact"])
@pytest.mark.parametrize("squashing", ["logistic", "softmax"])
def test_costs_of_saturated_outputs_grow_with_their_states(form, squashing):
    """Outputs round to 0 or 1 from states of 37 on (17 in float32), and slopes to 0
    from 354 on if they are computed from squares: neither costs nor signals follow."""
    name = "cross_entropy" if squashing == "logistic" else "categorical_cross_entropy"
    near = 1e-6 if form == "float32" else 1e-13
    targets = np.array([[0.0, 1.0], [1.0, 0.0], [0.25, 0.75]])
    with Cases() as tried:
        for state, aims in itertools.product(EXTREMES, targets):
            with tried(state, aims):
                case = squashing, aims, np.array([state, 0.7])
                value, signals = FORMS[form](name, *case)
                expected, slope = exact_cost(*case)
                assert value == pytest.approx(expected, rel=near, abs=1e-12)
                np.testing.assert_allclose(signals, slope, rtol=near, atol=1e-7)


@pytest.mark.parametrize("squashing", ["logistic", "softmax"])
def test_every_rule_computes_the_loss_of_a_saturated_output(squashing):
    """By each rule, on sequences of different lengths, which tapes unfold side by side;
    and in the first step of an optimizer that linearises."""
    states = np.array([60.0, 1.0])
    targets = np.array([0.25, 0.75])
    expected = exact_cost(squashing, targets, states)[0]
    inputs = [np.zeros((length, 1)) for length in (1, 3, 2, 5, 1)]
    answers = [np.tile(targets, (len(rows), 1)) for rows in inputs]
    found = []
    for options in (
        *({"rule": rule} for rule in ("online", "bptt", "rtrl")),
        {"rule": "rtrl", "optimizer": synapse.optimizers.DEKF()},
    ):
        net = network(squashing, states, "float64")
        trainer = synapse.Trainer(net, 1e-12, **options)
        found.append(trainer.test(inputs, answers).loss)
        first = slice(1 if "optimizer" in options else None)
        result = trainer.train(inputs[first], answers[first], epochs=1, progress=False)
        found.append(result.loss)
    assert found == pytest.approx([expected] * 8)


def test_an_output_that_was_clamped_has_the_cost_of_its_clamp():
    net = network("logistic", np.array([900.0, 0.3]), "float64")
    net.output[0].clamp(0.4)
    net.activate([0.0])
    expected = costs.cross_entropy([0.25, 0.75], net.output.activations)
    rows = [[[0.0]]], [[[0.25, 0.75]]]
    stepped = net.propagate(0.0, [0.25, 0.75])
    results = synapse.gradient(net, *rows), synapse.Trainer(net).test(*rows)
    found = stepped, *(result.loss for result in results)
    assert found == pytest.approx((expected,) * 3)


def test_the_registry_has_the_table():
    for measure in COSTS.values():
        registered = _cost.get(measure.name)
        upper = measure.name.upper().replace("_", "-")
        aliases = *measure.aliases, *measure.averages
        named = [_cost.get(name) for name in (upper, *aliases)]
        public = [getattr(costs, name) for name in (measure.name, *aliases)]
        assert all(each is registered for each in (*named, *public)), measure.name
        evaluated = measure.code, compiled.ERRORS[measure.name]
        assert (registered.code, registered._evaluate) == evaluated
        of_one = [_squash.get(measure.squash or "tanh")]
        for alias in measure.averages:
            with pytest.raises(ArgumentError, match="is a mean over 2 outputs"):
                _cost.of_outputs(alias, [squashes.tanh] * 2)
            assert _cost.of_outputs(alias, of_one) is registered
    assert [measure.code for measure in COSTS.values()] == list(range(len(COSTS)))


def refused(cause):
    """A context in which an error has these words, or none is raised without them."""
    return pytest.raises(ArgumentError, match=cause) if cause else nullcontext()


def test_declared_outputs_and_targets_are_required():
    for entry in COSTS.values():
        measure = _cost.get(entry.name)
        for other in ("logistic", "softmax", "identity"):
            kinds = [_squash.get(other)]
            fits = other == entry.squash or not (entry.squash or other == "softmax")
            with refused("" if fits else r"needs? (the cost )?\w+"):
                measure._check(kinds)
            if other == entry.squash:
                assert _cost.COSTS[_cost.matching(kinds).name].squash == other
        beyond = "to lie between 0 and 1, got 1.5" if entry.probabilities else ""
        with refused(beyond):
            measure._check_targets(np.array([[1.5, -0.5]]))
        with refused("add up to 1" if entry.squash == "softmax" else ""):
            measure._check_targets(np.array([[0.5, 0.25]]))


@pytest.mark.parametrize("entry", COSTS.values(), ids=COSTS)
def test_a_step_refuses_the_targets_that_a_cost_cannot_have(entry):
    """The kernel of a step and Python decide alike, where both outputs lie beyond one
    end of the range, too."""
    net = Network(Layer(1), Layer(2, entry.squash or "identity"))
    for targets in [0.0, 1.0], [1.0, 0.0], [0.5, 0.25], [1.5, 1.5], [-0.5, -0.5]:
        is_beyond = entry.probabilities and not 0.0 <= targets[0] <= 1.0
        is_no_share = entry.squash == "softmax" and sum(targets) != 1.0
        before = net.biases
        net.activate([1.0])
        with refused("lie between 0 and 1|add up" if is_beyond or is_no_share else ""):
            net.propagate(0.1, targets, entry.name)
        assert (net.biases != before).any() == (not (is_beyond or is_no_share)), targets
