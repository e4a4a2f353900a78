"""Temporal differences: the forward view, programs in plain NumPy, edits, faults."""

import gc
import math
import weakref
from contextlib import nullcontext
from functools import partial
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import gradient, reward
from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError
from tests.helpers.called_in_python import in_python
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs

DISCOUNT = 0.9
TRACE = 0.7
NETWORKS = {
    "perceptron": lambda: architect.Perceptron(2, 5, 1, squash="tanh", seed=0),
    "lstm": lambda: architect.LSTM(2, 4, 1, seed=0),
    "gru": lambda: architect.GRU(2, 4, 1, seed=0),
}


def check_forward_view(net, steps, seed=0):
    """With weights that stand still, the changes of an episode are those of the forward
    view."""
    net.output.squash = "bent_identity"
    net.rule = "rtrl"
    rng = np.random.default_rng(seed)
    rows = rng.uniform(-1, 1, (steps + 1, len(net.input)))
    gains = rng.normal(size=steps)
    agent = reward.TD(
        net, discount=DISCOUNT, trace_decay=TRACE, update=0.0, normalize=False
    )
    values = [agent.begin(rows[0])]
    backward = forward = ahead = 0.0
    for t in range(steps):
        values.append(agent.learn(gains[t], rows[t + 1], terminated=t == steps - 1))
        backward = backward + agent.error * flat(agent._traces[0].read())
    values[-1] = 0.0
    for t in reversed(range(steps)):
        ahead = gains[t] + DISCOUNT * ((1 - TRACE) * values[t + 1] + TRACE * ahead)
        targets = np.full((t + 1, 1), np.nan)
        targets[-1] = values[t] - 1.0  # so that its gradient is that of the value
        exact = gradient(net, rows[: t + 1], targets, "squared_error")
        forward = forward + (ahead - values[t]) * flat([exact.weights, exact.biases])
    for part in (slice(len(net.connections)), slice(len(net.connections), None)):
        largest = max(1.0, abs(forward[part]).max(initial=0.0))
        np.testing.assert_allclose(
            backward[part], forward[part], rtol=0, atol=1e-10 * largest
        )


@pytest.mark.parametrize(
    "name", ["perceptron", "gru", pytest.param("lstm", marks=pytest.mark.full)]
)
def test_changes_of_an_episode_are_those_of_the_forward_view(name):
    check_forward_view(NETWORKS[name](), 12)


@given_graphs(specs(squashes=SMOOTH, most=5), st.integers(1, 6))
def test_changes_of_an_episode_are_those_of_the_forward_view_in_any_graph(spec, steps):
    assume(spec.outputs == 1)
    check_forward_view(Twin(spec).net, steps, spec.seed)


# --- the same agents as programs in NumPy, which share nothing with the library -------


class Dense:
    """A perceptron with one hidden layer of tanh units: outputs, and their slopes for
    given errors."""

    def __init__(self, net):
        n, h, m = (len(layer) for layer in net.layers)
        weights = np.array(net.weights)
        biases = np.array(net.biases[n:])
        self.to_hidden = weights[: n * h].reshape(h, n)
        self.to_outputs = weights[n * h :].reshape(m, h)
        self.hidden_bias = biases[:h]
        self.bias = biases[h:]
        self.forget()

    @property
    def parts(self):
        return self.to_hidden, self.to_outputs, self.hidden_bias, self.bias

    def hidden(self, row):
        return np.tanh(self.to_hidden @ row + self.hidden_bias)

    def outputs(self, row):
        return self.to_outputs @ self.hidden(row) + self.bias

    def slopes(self, row, errors):
        hidden = self.hidden(row)
        back = (self.to_outputs.T @ errors) * (1 - hidden**2)
        return np.outer(back, row), np.outer(errors, hidden), back, errors

    def learn(self, row, errors, delta, decay, kappa):
        slopes = self.slopes(row, errors)
        self.trace = [
            decay * e + slope for e, slope in zip(self.trace, slopes, strict=True)
        ]
        size = sum(abs(e).sum() for e in self.trace)
        step = 1.0 / max(1.0, kappa * max(abs(delta), 1.0) * size)
        for array, e in zip(self.parts, self.trace, strict=True):
            array += step * delta * e

    def forget(self):
        self.trace = [np.zeros_like(array) for array in self.parts]


class Walk:
    """Five places in a row; the right end pays, each step costs."""

    def reset(self, seed=None):
        self.place = 2
        self.steps = 0
        return self.seen(), {}

    def seen(self):
        return np.eye(5)[self.place] - 0.2

    def step(self, action):
        self.place = max(0, self.place + (1 if action else -1))
        self.steps += 1
        ended = self.place == 4
        return self.seen(), 1.0 if ended else -0.1, ended, self.steps == 30, {}


def play(agent, episodes):
    walk = Walk()
    returns = []
    for _ in range(episodes):
        action = agent.begin(walk.reset()[0])
        total = 0.0
        over = False
        while not over:
            row, gain, ended, broken, _ = walk.step(action)
            action = agent.learn(gain, row, ended, broken)
            total, over = total + gain, ended or broken
        returns.append(total)
    return returns


PLAIN = {
    "discount": DISCOUNT,
    "trace_decay": TRACE,
    "normalize": False,
    "scale_rewards": False,
    "seed": 7,
}


def perceptron(outputs, seed, last="identity"):
    return architect.Perceptron(
        5, 8, outputs, squash="tanh", output_squash=last, seed=seed
    )


def gaussian(inputs, *hidden, actions):
    """A policy for continuous actions: linear means, and deviations above 0."""
    policy = architect.Perceptron(
        inputs, *hidden, 2 * actions, squash="tanh", output_squash="identity", seed=0
    )
    policy.output[actions:].squash = "softplus"
    return policy


class ProgramOfGreedy:
    """Watkins' Q(λ), by the book."""

    def __init__(self, net, explore):
        self.dense = Dense(net)
        self.explore = explore
        self.rng = np.random.default_rng(7)

    def begin(self, row):
        self.dense.forget()
        return self.act(row)

    def act(self, row):
        self.row = row
        values = self.dense.outputs(row)
        explores = self.rng.random() < self.explore
        self.action = int(self.rng.integers(2)) if explores else int(values.argmax())
        if values[self.action] < values.max():
            self.dense.forget()
        return self.action

    def learn(self, gain, after, ended, broken):
        following = 0.0 if ended else self.dense.outputs(after).max()
        delta = gain + DISCOUNT * following - self.dense.outputs(self.row)[self.action]
        self.dense.learn(self.row, np.eye(2)[self.action], delta, DISCOUNT * TRACE, 2.0)
        return None if ended or broken else self.act(after)


class ProgramOfActor:
    """Actor and critic: softmax over the outputs of the policy."""

    def __init__(self, policy, value, entropy):
        self.actor = Dense(policy)
        self.critic = Dense(value)
        self.entropy = entropy
        self.rng = np.random.default_rng(7)

    def begin(self, row):
        self.actor.forget()
        self.critic.forget()
        return self.act(row)

    def act(self, row):
        self.row = row
        powers = np.exp(self.actor.outputs(row))
        self.chances = powers / powers.sum()
        drawn = self.rng.random()
        self.action = int(np.searchsorted(self.chances.cumsum(), drawn, side="right"))
        return self.action

    def learn(self, gain, after, ended, broken):
        following = 0.0 if ended else self.critic.outputs(after)[0]
        delta = gain + DISCOUNT * following - self.critic.outputs(self.row)[0]
        chances = self.chances
        negative_entropy = (chances * np.log(chances)).sum()
        slope_of_entropy = -chances * (np.log(chances) - negative_entropy)
        errors = np.eye(2)[self.action] - chances
        errors += self.entropy * np.sign(delta) * slope_of_entropy
        self.actor.learn(self.row, errors, delta, DISCOUNT * TRACE, 3.0)
        self.critic.learn(self.row, np.ones(1), delta, DISCOUNT * TRACE, 2.0)
        return None if ended or broken else self.act(after)


def test_q_learning_is_that_of_a_program_in_numpy():
    net = perceptron(2, 0)
    program = ProgramOfGreedy(net, 0.2)
    agent = reward.QLearning(net, explore=0.2, update=reward.ObGD(), **PLAIN)
    returns = play(agent, 100)
    assert returns == play(program, 100)
    np.testing.assert_allclose(Dense(net).to_hidden, program.dense.to_hidden, atol=1e-9)
    assert np.mean(returns[-20:]) > np.mean(returns[:20])


def test_actor_and_critic_are_those_of_a_program_in_numpy():
    policy = perceptron(2, 0, "softmax")
    value = perceptron(1, 1)
    program = ProgramOfActor(policy, value, 0.01)
    updates = {"update": reward.ObGD(), "policy_update": reward.ObGD(bound=3.0)}
    agent = reward.ActorCritic(policy, value, **updates, **PLAIN)
    assert play(agent, 100) == play(program, 100)
    np.testing.assert_allclose(
        Dense(policy).to_hidden, program.actor.to_hidden, atol=1e-9
    )


def test_errors_of_continuous_actions_are_slopes_of_their_log_probability():
    net = gaussian(1, actions=2)
    net.output[1].squash = "bent_identity"
    value = architect.Perceptron(1, 1, squash="identity", seed=1)
    agent = reward.ActorCritic(net, value, entropy=0.3, **PLAIN)
    action = agent.begin([0.4])

    def judged(states):
        mean, bent, *raw = states
        means = np.array([mean, (math.sqrt(bent**2 + 1) - 1) / 2 + bent])
        deviation = np.log1p(np.exp(raw))
        density = -0.5 * ((action - means) / deviation) ** 2 - np.log(deviation)
        return density.sum() + 0.3 * np.log(deviation).sum()

    states = net.output.states
    bumps = 1e-6 * np.eye(4)
    slopes = [(judged(states + b) - judged(states - b)) / 2e-6 for b in bumps]
    assert list(agent._ascent(0.3)) == pytest.approx(slopes, rel=1e-5)


def test_shared_weights_change_by_the_sum_of_their_slopes():
    net = architect.Perceptron(2, 1, squash="identity", seed=0)
    synapse.tie(net.connections)
    agent = reward.TD(net, discount=0.0, update=0.1, normalize=False)
    for update, error, step in (
        (0.1, 3.0, 0.1),
        (reward.ObGD(0.1, bound=20.0), 0.5, 0.1 / (0.1 * 20.0 * 4.0)),
    ):
        agent.update = update
        before = np.append(net.weights, net.biases[2])
        agent.learn(error + agent.begin([1.0, 2.0]), [0.0, 0.0], terminated=True)
        changes = np.append(net.weights, net.biases[2]) - before
        assert changes == pytest.approx(step * error * np.array([3.0, 3.0, 1.0]))


@pytest.mark.parametrize("rule", [("rtrl", 1), "rtrl"])
def test_an_edit_between_steps_keeps_the_traces_of_what_stays(rule):
    net = architect.Elman(2, 4, 1, output_squash="identity", seed=0)
    net.rule = rule
    agent = reward.TD(net, update=0.0, normalize=False)
    agent.begin([0.5, -0.5])
    for _ in range(3):
        agent.learn(1.0, [0.1, 0.7])
    traces = agent._traces[0]

    def traced():
        return dict(zip([*net.connections, *net], flat(traces.read()), strict=True))

    before = traced()
    net.remove(net.layers[1][1])
    new = net.input[0].project(net.output[0], weight=0.3)
    large = synapse.Layer(60)
    large.project(large, "one_to_one")
    # the store is absorbed by a larger one with connections
    net.add(large)[0].project(net.output[0])
    assert new not in before
    assert traced() == {
        part: before.get(part, 0.0) for part in [*net.connections, *net]
    }
    agent.learn(1.0, [0.3, 0.3])
    assert traced()[new] != 0.0


def test_faults_are_one_sentence_and_change_nothing():
    net = perceptron(2, 0)
    agent = reward.QLearning(net, seed=0)
    with pytest.raises(ArgumentError, match="Call begin"):
        agent.learn(1.0, np.zeros(5))
    agent.begin(np.zeros(5))
    before = everything(agent)
    rows = np.zeros(5), [0.0], np.full(5, np.nan)
    for gain, row in list(product((1.0, math.nan, "much"), rows))[1:]:
        with pytest.raises((ArgumentError, ArgumentTypeError)):
            agent.learn(gain, row)
    assert everything(agent) == before
    other = reward.QLearning(net, seed=0)  # which uses it from its first episode on
    agent.learn(0.0, np.zeros(5))
    other.begin(np.zeros(5))
    with pytest.raises(ArgumentError, match="Another agent has taken over"):
        agent.learn(0.0, np.zeros(5))
    value = perceptron(1, 1)
    for wrong in (
        lambda: reward.TD(net),
        lambda: reward.QLearning(value),
        lambda: reward.ActorCritic(value, value),
        lambda: reward.ActorCritic(value, net),
        lambda: reward.ActorCritic(value, perceptron(1, 2)),
        lambda: reward.ActorCritic(gaussian(2, actions=2), value),
        lambda: reward.TD(value, discount=1.5),
        lambda: reward.TD(value, update=-0.5),
        lambda: reward.TD("network"),
        lambda: reward.QLearning(net, explore=2.0),
    ):
        with pytest.raises((ArgumentError, ArgumentTypeError)):
            wrong()


# --- what outputs stand for -----------------------------------------------------------


def never_negative(state):
    return math.exp(state), math.exp(state)


def of_any_size(state):
    return state**3, 3.0 * state**2


def with_outputs(squash, count=1):
    net = architect.Perceptron(2, 3, count, output_squash="identity", seed=0)
    net.output.squash = squash
    return net


@pytest.mark.parametrize("squash", ["logistic", "tanh", "softmax", "relu", "softplus"])
def test_values_whose_outputs_have_bounds_are_refused_with_the_line_that_mends_them(
    squash,
):
    """Nothing has changed then, and the line makes an agent."""
    for make, name, count in (
        (reward.TD, "network", 1),
        (reward.QLearning, "network", 2),
        (partial(reward.ActorCritic, with_outputs("softmax", 2)), "value", 1),
    ):
        network = with_outputs(squash, count)
        with pytest.raises(ArgumentError, match=f"without bounds, got {squash}") as got:
            make(network)
        line = f'{name}.output.squash = "identity"'
        assert line in str(got.value)
        exec(line, {name: network})
        make(network).begin([0.0, 1.0])


def test_means_of_continuous_actions_whose_outputs_have_bounds_are_refused():
    """Four logistic outputs were two means and two deviations without a word."""
    policy = with_outputs("logistic", 4)
    value = with_outputs("identity")
    with pytest.raises(ArgumentError, match="means in the policy of ActorCr") as got:
        reward.ActorCritic(policy, value)
    for line in (
        'policy.output[:2].squash = "identity"',
        'policy.output[2:].squash = "softplus"',
    ):
        assert line in str(got.value)
        exec(line, {"policy": policy})
    assert reward.ActorCritic(policy, value).begin([0.0, 1.0]).shape == (2,)
    assert 'policy.output.squash = "softmax"' in str(got.value)


def test_bounds_are_those_with_which_a_squash_was_registered():
    """And those of the outputs, not of the bounded neuron that one of them scales."""
    register = synapse.squashes.register
    with pytest.raises(ArgumentError, match="never_negative ones, 0 or above"):
        reward.TD(with_outputs(register(low=0.0)(never_negative)))
    reward.TD(with_outputs(register(of_any_size)))
    scaled = architect.Perceptron(2, 1, 1, squash="tanh", output_squash="identity")
    scaled.output.freeze()
    agent = reward.TD(scaled)
    agent.begin([0.0, 1.0])
    assert agent.model.whole().output[0].squash.name == "identity"


@pytest.mark.parametrize("architecture", ["Elman", "GRU", "LSTM"])
def test_a_network_with_memory_that_learns_online_is_refused_with_the_line(
    architecture,
):
    network = getattr(architect, architecture)(2, 3, 1, output_squash="identity")
    for line in ('network.rule = "rtrl"', 'network.rule = "rtrl", 1'):
        with pytest.raises(ArgumentError, match='memory, must learn by "rtrl"') as got:
            reward.TD(network)
        assert line in str(got.value)
        exec(line, {"network": network})
        reward.TD(network).begin([0.0, 1.0])
        network.rule = "online"


@pytest.mark.parametrize("edit", ["squash", "memory", "rule", "policy"])
def test_an_edit_after_which_an_agent_cannot_learn_is_noticed_when_an_episode_begins(
    edit,
):
    policy = with_outputs("softmax", 2)
    value = with_outputs("identity")
    agent = reward.ActorCritic(policy, value, seed=0)
    agent.begin([0.0, 1.0])
    agent.learn(1.0, [1.0, 0.0], terminated=True)
    if edit in ("squash", "policy"):
        (value if edit == "squash" else policy).output.squash = "tanh"
    else:
        value.hidden[0].project(value.hidden[0], seed=0)
    if edit == "rule":
        value.rule = "rtrl"
        agent.begin([0.0, 1.0])
        value.rule = "online"
    before = everything(agent)
    with pytest.raises(ArgumentError, match=r"(`value`|The means|`policy`)"):
        agent.begin([0.0, 1.0])
    assert everything(agent) == before


@pytest.mark.parametrize("squash", ["tanh", "identity", "silu"])
def test_deviations_that_may_be_below_0_are_refused(squash):
    policy = architect.Perceptron(5, 2, squash="identity", seed=0)
    policy.output[1].squash = squash
    with pytest.raises(ArgumentError, match="means and then positive deviations"):
        reward.ActorCritic(policy, perceptron(1, 1))


@pytest.mark.full
def test_an_agent_and_its_network_are_collected():
    net = perceptron(2, 0)
    agent = reward.QLearning(net, seed=0)
    agent.begin(np.zeros(5))
    gone = weakref.ref(net), weakref.ref(agent)
    del net, agent
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


def test_a_difference_that_is_not_finite_changes_no_weight():
    net = synapse.Network(synapse.Layer(1), synapse.Layer(1, "identity"))
    net.input.project(net.output)
    options = {"update": 1.0, "normalize": False}
    for agent, weight, rows, gain, says in (
        (
            reward.TD(net, **options),
            1e200,
            (1e108, 1e109),
            0.0,
            "The weights from befo",
        ),
        (
            reward.TD(net, **options, discount=0.0),
            0.0,
            (1e160, 0.0),
            1e200,
            "No weight",
        ),
    ):
        net.weights = [weight]
        agent.begin([rows[0]])
        with pytest.raises(DivergenceError, match=says):
            agent.learn(gain, [rows[1]])
        assert net.weights == [weight]


def test_an_actor_keeps_its_weights_if_its_critic_diverges():
    policy = architect.Perceptron(1, 2, output_squash="softmax", seed=0)
    value = architect.Perceptron(1, 1, 1, squash="identity", seed=1)
    # its slopes, times delta, overflow; those of the policy do not
    value.weights = [1.0, 1e200]
    options = {**PLAIN, "discount": 0.0, "update": 1.0, "policy_update": 1.0}
    agent = reward.ActorCritic(policy, value, **options)
    agent.begin([1.0])
    before = policy.weights.tolist(), policy.biases.tolist()
    with pytest.raises(DivergenceError, match="No weight has changed"):
        agent.learn(-1e200, [0.0])
    assert (policy.weights.tolist(), policy.biases.tolist()) == before


def test_what_follows_counts_if_an_episode_is_broken_off_and_not_if_it_has_ended():
    net = architect.Perceptron(1, 1, squash="identity", seed=0)
    agent = reward.TD(net, discount=0.5, update=0.0, normalize=False)
    following = net.peek([2.0])[0]
    for options, counted in (
        ({}, 1.0),
        ({"truncated": True}, 1.0),
        ({"terminated": True}, 0.0),
    ):
        value = agent.begin([1.0])
        agent.learn(3.0, [2.0], **options)
        assert agent.error == pytest.approx(3.0 + 0.5 * counted * following - value)


@pytest.mark.full
@pytest.mark.parametrize("rule", [("rtrl", 1), "rtrl"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"normalize": False, "update": 0.01},
        {"update": reward.Intentional()},
        {"update": reward.Adaptive(0.01)},
        {"update": reward.Implicit(0.1), "scale_rewards": True},
        {"scale_rewards": True, "discount": 0.5},
    ],
)
@pytest.mark.parametrize("change", [None, "tie", "record", "edit"])
def test_a_stream_of_rows_is_learned_like_single_calls(
    monkeypatch, rule, options, change
):
    """In one call of compiled code, or step by step where parameters are shared or
    steps are recorded."""
    monkeypatch.setattr(reward._td, "STEPS_PER_CALL", 16)
    rng = np.random.default_rng(0)
    rows = rng.normal(3.0, 1.0, size=(50, 2))
    gains = rng.normal(size=50)

    def changed():
        net = architect.GRU(2, 3, 1, output_squash="identity", seed=0)
        net.rule = rule
        agent = reward.TD(net, **options)
        if change == "tie":
            synapse.tie(net["reset gates"])
        elif change == "edit":  # the columns of the store move, after a compiled stream
            agent.run(rows[:20], gains[:20])
            net.input[0].project(net.output[0], weight=0.3)
            net.add(synapse.Layer(40))
            agent.begin(rows[0])
        return net, agent

    (net, stream), (other, single) = changed(), changed()
    records = change == "record"
    with synapse.record(net, "activation") if records else nullcontext() as log:
        values = stream.run(rows, gains)
    assert not records or log["activation"].shape[0] == 50
    with synapse.record(other, "activation") if records else nullcontext():
        first = (
            single.learn(gains[0], rows[0])
            if change == "edit"
            else single.begin(rows[0])
        )
        expected = [first, *map(single.learn, gains[1:], rows[1:])]
    np.testing.assert_allclose(values, expected, rtol=1e-9)
    np.testing.assert_allclose(net.weights, other.weights, rtol=1e-9, atol=1e-12)
    assert stream.error == pytest.approx(single.error, rel=1e-9)
    assert stream.steps == single.steps
    following = [agent.learn(1.0, rows[0]) for agent in (stream, single)]
    assert following[0] == pytest.approx(following[1], rel=1e-9)
    with pytest.raises(ArgumentError, match="rewards"):
        stream.run(rows, gains[1:])


def test_a_stream_that_diverges_stops_where_single_calls_do():
    nets = [architect.Perceptron(1, 1, squash="identity", seed=0) for _ in range(2)]
    agents = [reward.TD(net, update=1e10) for net in nets]
    rows = np.random.default_rng(0).normal(size=(200, 1))
    gains = np.ones(200)
    with pytest.raises(DivergenceError):
        agents[0].run(rows, gains)
    agents[1].begin(rows[0])
    with pytest.raises(DivergenceError):
        list(map(agents[1].learn, gains[1:], rows[1:]))
    assert agents[0].steps == agents[1].steps > 5
    np.testing.assert_allclose(nets[0].weights, nets[1].weights, rtol=1e-9)
    numbers = agents[0].model.scale._as_json()
    for name, values in agents[1].model.scale._as_json().items():
        np.testing.assert_allclose(numbers[name], values, rtol=1e-9)


def test_a_function_that_raises_ends_a_stream_before_its_row_is_learned():
    def falls(x):
        if x > 5.0:
            raise ValueError("too high")
        return 0.1 * x, 0.1

    net = architect.Perceptron(
        1, 1, squash=in_python(synapse.squashes.register)(falls), seed=0
    )
    net.weights = [1.0]
    net.biases = [0.0, 0.0]
    agent = reward.TD(net, update=0.0, normalize=False)
    with pytest.raises(synapse.errors.FunctionError):
        agent.run([[1.0], [2.0], [3.0], [9.0], [1.0], [1.0]], np.ones(6))
    assert agent.steps == 2


def test_rewards_are_divided_by_the_deviation_of_their_discounted_sum():
    net = architect.Perceptron(1, 1, squash="identity", seed=0)
    agent = reward.TD(net, discount=0.5, scale_rewards=True, update=0.0)
    value = agent.begin([0.0])
    sums = [0.0]
    for gain in (3.0, -1.0, 4.0, 1.0):
        following = agent.learn(gain, [0.0])
        sums.append(0.5 * sums[-1] + gain)
        scaled = gain / (np.std(sums[1:]) or 1.0)
        assert agent.error == pytest.approx(scaled + 0.5 * following - value)


# --- a refused step changes nothing ---------------------------------------------------


def observed(agent):
    """What an agent has counted of observations, if it normalises them."""
    return agent.normalize and agent.model.scale._as_json()


def everything(agent):
    """All that learning changes."""
    networks = [
        (
            net.weights.tolist(),
            net.biases.tolist(),
            [neuron.activation for neuron in net],
        )
        for net in agent._networks
    ]
    return (
        networks,
        [[array.tolist() for array in traces.read()] for traces in agent._traces],
        (observed(agent), agent._returns._as_json(), agent._return),
        agent._rng.bit_generator.state,
        agent.steps,
        agent._value,
        repr(agent.error),
    )


def test_an_explore_that_fails_raises_before_the_agent_learns():
    answers = [0.1, 0.1, 2.0, math.nan, "often"]
    agent = reward.QLearning(
        perceptron(2, 0), explore=lambda step: answers[min(step, 4)], seed=0
    )
    agent.begin(np.ones(5))
    agent.learn(1.0, np.ones(5))
    before = everything(agent)
    for _ in range(2):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="explore"):
            agent.learn(1.0, np.zeros(5))
        assert everything(agent) == before


def test_a_stream_with_a_number_that_is_too_large_counts_none_of_its_rows():
    agent = reward.TD(
        architect.Perceptron(1, 1, squash="identity", seed=0), scale_rewards=True
    )
    agent.begin([1.0])
    before = everything(agent)
    with pytest.raises(ArgumentError, match="squares"):
        agent.run([[2.0], [3.0], [1e160], [1.0]], [1.0, 1e3, 1.0, 1.0])
    assert agent.steps == 1  # the first row is learned alone
    assert observed(agent) != before[2][0]
    counted = observed(agent), agent._returns._as_json()
    with pytest.raises(ArgumentError, match="squares"):
        agent._learn_rows(np.array([[3.0], [1e160]]), np.array([1.0, 5.0]), np.empty(2))
    assert (observed(agent), agent._returns._as_json()) == counted


# --- updates: their equations, in NumPy -----------------------------------------------

DECAY = DISCOUNT * TRACE


class ByHand:
    """An update in NumPy, along slopes that ``output_gradient`` returns."""

    def __init__(self, size):
        self.trace = np.zeros(size)
        self.square = np.zeros(size)
        self.count = self.sigma = self.size = 0.0
        self.error = 1.0

    def mean(self, before, latest, decay):
        """A mean that begins at 0, and the same without its bias."""
        mean = decay * before + (1 - decay) * latest
        return mean, mean / (1 - decay**self.count)

    def bounded(self, slope, delta):
        self.trace = DECAY * self.trace + slope
        bound = 2.0 * max(abs(delta), 1.0) * abs(self.trace).sum()
        return delta * self.trace / max(1.0, bound)

    def fixed(self, slope, delta):
        self.trace = DECAY * self.trace + slope
        return 0.3 * delta * self.trace

    def implicit(self, slope, delta):
        self.trace = DECAY * self.trace + slope
        return 0.5 / (1 + 0.5 * self.trace @ self.trace) * delta * self.trace

    def adaptive(self, slope, delta):
        self.trace = DECAY * self.trace + slope
        self.square = DECAY * self.square + (1 - DECAY) * slope**2
        delta = min(1.0, max(-1.0, delta))
        return 0.02 * delta * self.trace / (np.sqrt(self.square) + 0.1)

    def intentional(self, slope, delta, fraction=0.5, limit=20.0, policy=False):
        self.square, square = self.mean(self.square, slope**2, 0.999)
        root = np.sqrt(square) + 1e-8
        self.trace = DECAY * self.trace + slope
        self.sigma, sigma = self.mean(self.sigma, (slope**2 / root).sum(), DECAY)
        step = fraction / math.sqrt(sigma * (self.trace**2 / root).sum())
        self.error, error = self.mean(self.error, delta**2, 0.9998)
        delta = math.copysign(min(abs(delta), limit * math.sqrt(error)), delta)
        if policy:
            self.size, size = self.mean(self.size, abs(delta), 0.9998)
            delta /= size
        return step * delta * self.trace / root

    def of_policy(self, slope, delta):
        return self.intentional(slope, delta, 0.05, 0.01, policy=True)

    def plain_intentional(self, slope, delta):
        self.trace = DECAY * self.trace + slope
        self.sigma, sigma = self.mean(self.sigma, (slope**2).sum(), DECAY)
        return (0.2 / math.sqrt(sigma * (self.trace**2).sum())) * delta * self.trace

    def scaled_bound(self, slope, delta):
        self.square, square = self.mean(self.square, slope**2, 0.9)
        self.trace = DECAY * self.trace + slope
        scaled = self.trace / (np.sqrt(square) + 1e-3)
        bound = 0.5 * 3.0 * max(abs(delta), 1.0) * abs(scaled).sum()
        return 0.5 * delta * scaled / max(1.0, bound)


UPDATES = {
    "bounded": reward.ObGD(),
    "fixed": 0.3,
    "implicit": reward.Implicit(0.5),
    "adaptive": reward.Adaptive(0.02),
    "intentional": reward.Intentional(0.5),
    "of_policy": reward.Intentional(
        0.05, clip=reward.Clip(0.01, relative=True, normalize=True)
    ),
    "plain_intentional": reward.Intentional(0.2, scale=None, clip=None),
    "scaled_bound": reward.ObGD(0.5, 3.0, scale=reward.MeanSquare(0.9, epsilon=1e-3)),
}


def gated(tied):
    """A small network of tanh neurons with a gate, a recurrent connection and exact
    slopes."""
    net = architect.Perceptron(2, 4, 1, squash="tanh", output_squash="identity", seed=0)
    net.hidden[0][0].project(net.hidden[0][0], weight=0.4)
    net.hidden[0][0].gate(net.hidden[0][1].project(net.hidden[0][2], weight=0.7))
    net.rule = "rtrl"
    if tied:
        synapse.tie(net.connections[:3])
    return net


def flat(numbers):
    return np.concatenate(list(numbers))


@pytest.mark.full
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_its_equations(name, tied):
    net = gated(tied)
    twin = gated(tied)
    options = {"discount": DISCOUNT, "trace_decay": TRACE, "normalize": False}
    agent = reward.TD(net, update=UPDATES[name], **options)
    rng = np.random.default_rng(5)
    count = len(net.connections)
    first = slice(2 if tied else 0, None)  # the others are shared with it
    by_hand = ByHand(count + len(net) - (2 if tied else 0))
    for _ in range(3):
        rows = rng.normal(size=(9, 2))
        gains = 3.0 * rng.normal(size=9)
        agent.begin(rows[0])
        twin.clear()
        value = twin.activate(rows[0])[0]
        by_hand.trace[:] = 0.0
        for t in range(1, 9):
            delta = gains[t] + DISCOUNT * twin.peek(rows[t])[0] - value
            slope = flat(twin.output_gradient())[first]
            by_hand.count += 1.0
            change = getattr(by_hand, name)(slope, delta)
            if tied:
                change = np.concatenate([change[:1], change[:1], change])
            twin.weights = twin.weights + change[:count]
            twin.biases = twin.biases + change[count:]
            value = twin.activate(rows[t])[0]
            assert agent.learn(gains[t], rows[t]) == pytest.approx(value, abs=1e-11)
            np.testing.assert_allclose(net.weights, twin.weights, rtol=0, atol=1e-12)
            np.testing.assert_allclose(net.biases, twin.biases, rtol=0, atol=1e-12)


@pytest.mark.full
@pytest.mark.parametrize("name", UPDATES)
def test_an_update_goes_on_with_the_same_bits_from_a_file(name, tmp_path):
    """Its means too, after an edit."""
    ours, other = (
        reward.TD(gated(False), update=UPDATES[name], discount=DISCOUNT)
        for _ in range(2)
    )
    rows = np.random.default_rng(1).normal(size=(12, 2))
    for learner in (ours, other):
        learner.begin(rows[0])
        for row in rows[1:6]:
            learner.learn(1.0, row)
        learner.network.input[1].project(learner.network.output[0], weight=0.2)
        learner.learn(1.0, rows[6])
    synapse.save(ours, tmp_path / "agent.npz")
    again = synapse.load(tmp_path / "agent.npz")
    assert again.update == other.update
    for row in rows[7:]:
        assert again.learn(-1.0, row) == other.learn(-1.0, row)
    assert again.network.weights.tolist() == other.network.weights.tolist()


def test_means_begin_afresh_only_if_an_update_has_others():
    agent = reward.TD(perceptron(1, 0), update=reward.Intentional())
    agent.begin(np.ones(5))
    agent.learn(1.0, np.zeros(5))
    numbers = agent._traces[0]._numbers.tolist()
    agent.update = reward.Intentional(0.1)
    agent.begin(np.ones(5))
    assert agent._traces[0]._numbers.tolist() == numbers
    agent.update = reward.ObGD()
    agent.begin(np.ones(5))
    assert not agent._traces[0]._numbers.any()


def test_updates_that_cannot_be_used_are_refused():
    for wrong, words in (
        (lambda: reward.TD(perceptron(1, 0), update="auto"), "an update of synapse"),
        (lambda: reward.Intentional(-1.0), "`fraction` of Intentional"),
        (lambda: reward.ObGD(bound=0.0), "`bound` of ObGD"),
        (lambda: reward.ObGD(scale=2.0), "`scale` of ObGD"),
        (lambda: reward.Implicit(clip=1.0), "`clip` of Implicit"),
        (lambda: reward.Clip(-1.0), "`limit` of Clip"),
        (lambda: reward.MeanSquare(1.5), "`decay` of MeanSquare"),
    ):
        with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
            wrong()
    agent = reward.TD(perceptron(1, 0), update=reward.Intentional(), normalize=False)
    agent.begin(np.ones(5))
    for name, value in (("update", "fast"), ("discount", 2.0), ("normalize", 1)):
        before = getattr(agent, name)
        with pytest.raises((ArgumentError, ArgumentTypeError), match=f"`{name}` of"):
            setattr(agent, name, value)
        assert getattr(agent, name) == before


def test_a_gradient_correction_is_its_equations():
    """QRC(λ), with slopes that ``output_gradient`` returns, on a copy of the network
    for those of what follows."""

    def made(seed):
        net = architect.Elman(2, 3, 2, output_squash="identity", seed=seed)
        net.rule = "rtrl"
        return net

    nets, (net, correction) = ((made(0), made(1)) for _ in range(2))
    agent = reward.QRC(
        *nets,
        discount=DISCOUNT,
        trace_decay=TRACE,
        normalize=False,
        update=0.05,
        correction_update=0.02,
        regularization=0.3,
        explore=0.3,
        scale_rewards=False,
        seed=4,
    )
    rng = np.random.default_rng(5)

    def slope(network, action):
        return flat(network.output_gradient(np.eye(2)[action]))

    def move(network, change):
        count = len(network.connections)
        can = [link.trainable for link in network.connections]
        network.weights = network.weights + change[:count] * can
        can = [neuron.trainable_bias for neuron in network]
        network.biases = network.biases + change[count:] * can

    for episode in range(3):
        rows = rng.normal(size=(9, 2))
        gains = rng.normal(size=9)
        action = agent.begin(rows[0])
        for each in (net, correction):
            each.clear()
        values, predicted = net.activate(rows[0]), correction.activate(rows[0])
        e = big_e = z = 0.0
        for t in range(1, 9):
            if values[action] < values.max():
                e = big_e = z = 0.0
            ended = t == 8 and episode == 1
            copy = net.clone()
            after = copy.activate(rows[t])
            delta = gains[t] + DISCOUNT * (not ended) * after.max() - values[action]
            h = predicted[action]
            g, big_g = slope(net, action), slope(correction, action)
            ahead = 0.0 if ended else slope(copy, int(after.argmax()))
            e, big_e, z = DECAY * e + g, DECAY * big_e + big_g, DECAY * z + h
            theta = flat([correction.weights, correction.biases])
            move(net, 0.05 * (delta * e - h * g - z * (DISCOUNT * ahead - g)))
            move(correction, 0.02 * (delta * big_e - h * big_g - 0.3 * theta))
            values, predicted = net.activate(rows[t]), correction.activate(rows[t])
            action = agent.learn(gains[t], rows[t], terminated=ended)
            for ours, wanted in zip(nets, (net, correction), strict=True):
                np.testing.assert_allclose(
                    flat([ours.weights, ours.biases]),
                    flat([wanted.weights, wanted.biases]),
                    rtol=0,
                    atol=1e-12,
                )


def test_a_gradient_correction_has_an_output_for_each_action():
    nets = [architect.Elman(2, 3, size, output_squash="identity") for size in (2, 3)]
    with pytest.raises(ArgumentError, match="`correction` of QRC .* 2 outputs, got 3"):
        reward.QRC(*nets, seed=0)


def plain_agents():
    """Agents whose observations no scale checks, and which do not look ahead."""

    def small(outputs, last="identity"):
        return architect.Perceptron(
            2, 3, outputs, squash="tanh", output_squash=last, seed=0
        )

    plain = {"normalize": False}
    for options in (plain | {"discount": 0.0}, plain, {}):
        for scale_rewards in (False, True):
            both = {**options, "scale_rewards": scale_rewards}
            yield reward.TD(small(1), **both)
            yield reward.QLearning(small(2), seed=0, **both)
            yield reward.ActorCritic(small(2, "softmax"), small(1), seed=0, **both)
            yield reward.ActorCritic(gaussian(2, actions=2), small(1), seed=0, **both)


@pytest.mark.full
@pytest.mark.parametrize("number", range(24))
def test_a_refused_step_changes_nothing(number):
    agent = list(plain_agents())[number]
    agent.begin(np.array([0.5, -0.5]))
    for gain in (1.0, -0.5, 2.0):
        agent.learn(gain, np.array([0.1 * gain, 0.3]))
    before = everything(agent)
    fine = np.array([0.2, 0.1])
    wrong = [
        *((1.0, np.array([value, 0.0])) for value in (np.nan, np.inf, -np.inf)),
        *((value, fine) for value in (np.nan, np.inf, "much")),
        *((1.0, row) for row in (np.zeros(3), "row")),
    ]
    if agent.normalize:
        wrong.append((1.0, np.array([1e160, 0.0])))
    if agent.scale_rewards:
        wrong.append((1e160, fine))
    flags = ({}, {"terminated": True}, {"truncated": True})
    calls = [
        *(partial(agent.learn, *step, **ends) for step, ends in product(wrong, flags)),
        partial(agent.learn, 1.0, fine, terminated=1.5),
        partial(agent.learn, 1.0, fine, truncated="no"),
        partial(agent.begin, np.array([np.nan, 0.0])),
        partial(agent.act, np.array([np.nan, 0.0])),
    ]
    for call in calls:
        with pytest.raises((ArgumentError, ArgumentTypeError)):
            call()
        assert everything(agent) == before
