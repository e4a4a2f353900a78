"""Signs of connections: no update takes a weight across 0, and what contradicts a sign
is refused.

That a step is the one without signs, stopped at 0, is checked against the reference in
``test_rule.py``."""

from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, evolve, optimizers, reward
from synapse.errors import ArgumentError, FormatError
from synapse.learning import fit_readout
from synapse.optimizers import Optimizer
from tests.helpers.cases import all_refused, every_case
from tests.helpers.networks import unchanged

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(20, 5, 3))
TARGETS = RNG.uniform(0.1, 0.9, (20, 5, 2))


def signed(seed=0, dtype="float64", tied=True, squash="logistic"):
    """A gated network with backward connections; all but the last ones have the sign of
    their weight."""
    options = {
        "gates": 3,
        "self_connections": 2,
        "backward": 4,
        "output_squash": squash,
        "dtype": dtype,
    }
    net = architect.Random(3, 6, 2, **options, seed=seed)
    if tied:
        synapse.tie(
            [
                link
                for link in net.connections
                if link.target in net.hidden[0] and link.trainable
            ][:4]
        )
    for link in net.connections[:-3]:
        link.sign = 1 if link.weight > 0 else -1
    return net


def signs_of(net):
    return np.array([link.sign or 0 for link in net.connections])


def freed(net):
    """The same network without signs."""
    twin = net.clone()
    for link in twin.connections:
        link.sign = None
    return twin


def stopped(weights, signs):
    return np.where(weights * signs < 0, 0.0, weights)


class Ascent(Optimizer):
    """An optimizer of a user's own, which knows no signs."""

    rate = 0.3

    def slots(self):
        return {}

    def find_change(self, state, parameters, gradient, rate):
        state.change[:] = rate * gradient


BUILT_IN = (
    optimizers.SGD(0.5),
    optimizers.SGD(0.3, momentum=0.9, nesterov=True, weight_decay=0.01),
    optimizers.RMSprop(0.05, momentum=0.5),
    optimizers.AdaGrad(0.3),
    optimizers.Adam(0.1),
    optimizers.AdamW(0.1, weight_decay=0.1),
    optimizers.Rprop(0.1),
)
RECURSIVE = (optimizers.RLS(), optimizers.DEKF())
WAYS = [
    (method, optimizer)
    for method in ("online", "rtrl", "bptt")
    for optimizer in (*BUILT_IN, Ascent(), None, *RECURSIVE)
    if method == "rtrl"
    or optimizer not in ((None, *RECURSIVE) if method == "bptt" else RECURSIVE[1:])
]


@every_case(
    "optimizer", (*BUILT_IN, Ascent()), ids=lambda optimizer: type(optimizer).__name__
)
def test_a_step_of_an_optimizer_is_that_without_signs_stopped_at_zero(optimizer):
    for dtype in ("float64", "float32"):
        within = 1e-12 if dtype == "float64" else 1e-5
        weights_after = set()
        # in the compiled loop over batches, and batch by batch
        for on_batch in (None, lambda batch: None):
            net = signed(dtype=dtype)
            twin = freed(net)
            options = {"seed": 0, "progress": False, "on_batch": on_batch}
            for each in (net, twin):
                Trainer(each, rule="bptt", optimizer=optimizer, batch_size=20).train(
                    INPUTS, TARGETS, 1, **options
                )
            assert net.weights == pytest.approx(
                stopped(twin.weights, signs_of(net)), abs=within
            )
            assert net.biases == pytest.approx(twin.biases, abs=within)
            weights_after.add(net.weights.tobytes())
        assert len(weights_after) == 1


@pytest.mark.parametrize("rule", ["online", "rtrl"])
def test_slopes_and_gradients_know_no_signs_and_a_step_stops_at_zero(rule):
    net = signed()
    net.rule = rule
    twin = freed(net)
    signs = signs_of(net)
    for row in INPUTS[0]:
        for network in (net, twin):
            network.activate(row)
    for slopes in (
        lambda network: network.output_gradient().weights,
        lambda network: synapse.gradient(network, INPUTS, TARGETS).weights,
    ):
        assert slopes(net).tobytes() == slopes(twin).tobytes()
    for network in (net, twin):
        network.propagate(3.0, [1.0, 0.0])
    assert net.weights == pytest.approx(stopped(twin.weights, signs), abs=1e-12)
    assert (net.weights != twin.weights).any()


def test_lbfgs_finds_the_least_cost_among_the_weights_with_signs():
    net = architect.Perceptron(3, 2, squash="identity", seed=0)
    net.weights = np.abs(net.weights)
    for link in net.connections:
        link.sign = 1
    inputs = RNG.normal(size=(40, 3))
    targets = inputs @ np.array([[1.0, -1.0], [-1.0, 2.0], [0.5, 0.5]])
    Trainer(net, rule="bptt", optimizer=optimizers.LBFGS(), cost="squared_error").train(
        inputs[:, None], targets[:, None], epochs=100, progress=False
    )
    optimal(net, inputs, targets, 1e-4)


def optimal(net, inputs, targets, within, ridge=0.0):
    """The slope of the squared error is 0, or points across 0 at a weight of 0."""
    net.clear()
    error = net.run(inputs) - targets
    for j, output in enumerate(net.output):
        for link in output.incoming:
            slope = (
                inputs[:, list(net.input).index(link.source)] @ error[:, j]
                + ridge * link.weight
            )
            assert link.weight * link.sign >= 0
            assert abs(slope) < within or (link.weight == 0 and slope * link.sign > 0)


def test_a_readout_is_the_best_one_with_its_signs():
    for ridge in (1e-9, 2.0):
        net = architect.Perceptron(3, 2, squash="identity", seed=0)
        for neuron in net.input:
            for link in neuron.outgoing:
                link.weight = -abs(link.weight)
            neuron.sign = -1
        targets = INPUTS[:, 0] @ np.array([[1.0, -1.0], [-1.0, 2.0], [0.5, -0.5]])
        fit_readout(net, INPUTS[:, 0], targets, ridge=ridge)
        assert 0 < np.count_nonzero(net.weights) < 6
        optimal(net, INPUTS[:, 0], targets, 1e-6, ridge)


def test_agents_keep_signs():
    for tied in (False, True):
        net = architect.Perceptron(3, 4, 1, output_squash="identity", seed=0)
        if tied:
            synapse.tie(net.connections[:2])
        for link in net.connections:
            link.sign = 1 if link.weight > 0 else -1
        agent = reward.TD(net, update=3.0)
        rng = np.random.default_rng(0)
        signs = signs_of(net)
        agent.begin(rng.normal(size=3))
        zeros = 0
        for _ in range(200):
            agent.learn(3 * rng.normal(), rng.normal(size=3))
            assert (net.weights * signs >= 0).all()
            zeros += int((net.weights == 0).any())
        assert zeros


def test_what_is_drawn_has_the_sign():
    a, b = Layer(3), Layer(4)
    a[0].sign = 1
    a[1].sign = -1
    net = Network(a, [], b)
    assert (np.asarray(a.project(b, seed=0).weights)[:2] * [[1], [-1]] > 0).all()
    assert {link.sign for link in a[2].outgoing} == {None}
    for seed in range(3):
        net.reset_parameters(seed)
        assert (net.weights * signs_of(net) >= 0).all()
        assert (net.weights != 0).all()
    loose = Neuron()
    loose.sign = -1
    assert loose.project(b[0], seed=1).weight < 0
    assert loose.project(loose).sign is None
    assert all(link.weight > 0 for link in Layer(2).project(Layer(2), sign=1))
    assert Neuron().project(Layer(2), sign=-1)[1].sign == -1
    graph = synapse.to_networkx(net)
    for *_, data in graph.edges(data=True):
        del data["weight"]
    drawn = synapse.from_networkx(graph, seed=3)
    assert signs_of(drawn).tolist() == signs_of(net).tolist()
    assert (drawn.weights * signs_of(drawn) >= 0).all()


def test_evolution_keeps_signs():
    genome = evolve.Genome.from_network(signed(tied=False))
    assert signs_of(genome.network()).tolist() != []
    settings = evolve.Settings(mutate_squash=0.2, weight_step=5.0)

    def fitness(genome):
        genes = genome.genes
        assert (genes["weight"] * genes["sign"] >= 0).all()
        return float(np.random.default_rng(len(genes)).random())

    options = {"population": 20, "max_evaluations": 100, "settings": settings}
    made = evolve.neat(fitness, start=genome, seed=0, **options).champion
    assert (made.weights * signs_of(made) >= 0).all()
    assert signs_of(made).any()


@pytest.mark.torch
def test_a_module_keeps_signs():
    torch = pytest.importorskip("torch")
    net = signed()
    module = synapse.to_torch(net)
    signs = signs_of(net)
    descent = torch.optim.SGD(module.parameters(), lr=3.0)
    for _ in range(5):
        descent.zero_grad()
        (module(torch.tensor(INPUTS)) - torch.tensor(TARGETS)).square().sum().backward()
        descent.step()
    synapse.from_torch(module, net)
    assert (net.weights * signs >= 0).all()
    assert (net.weights == 0).any()


def contradictions(net):
    link, other = (
        next(link for link in net.connections if link.sign == sign and not link.tied)
        for sign in (1, -1)
    )
    weights = np.array(net.weights)
    weights[net.connections.index(link)] = -1.0
    link.weight = 0.5
    unsigned = net.connections[-1]
    unsigned.weight = 0.5

    def graph():
        net.graph.edges[link.source, link.target]["weight"] = -0.5

    return {
        "a weight": lambda: setattr(link, "weight", -0.5),
        "the data of an edge": graph,
        "all weights": lambda: setattr(net, "weights", weights),
        "a sign": lambda: setattr(unsigned, "sign", -1),
        "the sign of a neuron": lambda: setattr(link.source, "sign", -1),
        "a tie": lambda: synapse.tie([link, other]),
        "a tie with one without": lambda: synapse.tie([link, unsigned]),
        "two": lambda: setattr(link, "sign", 2),
        "a projection": lambda: net.input.project(Layer(2), weights=-0.5, sign=1),
        "a connection": lambda: net.input[0].project(Neuron(), 0.5, sign=-1),
        "a matrix": lambda: link.source.project(Layer(2), 0.5, sign=-1),
    }


@every_case("contradiction", contradictions(signed()))
def test_what_contradicts_a_sign_is_refused(contradiction):
    net = signed()
    call = contradictions(net)[contradiction]
    with unchanged(net), pytest.raises(ArgumentError, match="sign"):
        call()


def test_a_file_that_contradicts_itself_is_refused():
    data = synapse.readwrite.json_data(signed())
    links = data["connections"]
    changes = (
        {"sign": [2, *links["sign"][1:]]},
        {"weight": [-weight for weight in links["weight"]]},
    )
    read = synapse.readwrite.from_json_data
    all_refused(
        (partial(read, {**data, "connections": links | change}), FormatError, "sign")
        for change in changes
    )


@pytest.mark.filterwarnings("ignore::synapse.errors.TrainingWarning")
@pytest.mark.parametrize("updates", [150, pytest.param(2_000, marks=pytest.mark.slow)])
@every_case("way", WAYS, ids=lambda way: f"{way[0]} {type(way[1]).__name__}")
def test_no_update_takes_a_weight_across_zero(way, updates):
    """Train on noise and look at the weights all the time."""
    method, optimizer = way
    squash = "identity" if optimizer in RECURSIVE else "logistic"
    net = signed(tied=optimizer is not RECURSIVE[0], squash=squash)
    net.weights = 0.1 * net.weights
    signs = signs_of(net)
    at_zero = set()
    rng = np.random.default_rng(1)
    rate = {"rate": 0.5} if optimizer is None else {}
    trainer = Trainer(net, rule=method, optimizer=optimizer, batch_size=1, **rate)
    done = 0
    while done < updates:
        inputs = rng.normal(size=(10, 3, 3))
        draw = (
            (rng.normal, 0.0, 3.0) if squash == "identity" else (rng.uniform, 0.1, 0.9)
        )
        targets = draw[0](*draw[1:], (10, 3, 2))
        try:
            trainer.train(inputs, targets, epochs=5, seed=0, progress=False)
        except synapse.errors.DivergenceError:
            net.weights = signs * rng.uniform(0, 0.5, len(signs))
            continue
        weights = net.weights
        assert (weights * signs >= 0).all()
        at_zero |= set(np.flatnonzero((weights == 0) & (signs != 0)).tolist())
        done += 50 if method == "bptt" else 150
    assert at_zero or isinstance(optimizer, optimizers.Rprop), "no weight has reached 0"
