"""Losses of whole sequences: derivatives by the outputs in, the gradient out."""

from functools import partial

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import Layer, Network, costs, gradient
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.learning import compare_gradients
from tests.helpers.cases import all_refused
from tests.helpers.processes import python
from tests.helpers.strategies import Twin, given_graphs, specs

from .helpers import both, learning, parameters, sequences
from .test_torch import tame

# torch's warnings are none of ours
pytestmark = pytest.mark.filterwarnings("default")


class OnDemand:
    """PyTorch, imported by the first test that needs it."""

    def __getattr__(self, name):
        return getattr(pytest.importorskip("torch"), name)


torch = OnDemand()


def by_autograd(net, inputs, loss_of):
    """Loss and slopes of any function of the outputs of sequences, by PyTorch alone."""
    module = synapse.to_torch(net)
    loss = loss_of([module.unroll(torch.tensor(rows), None)[0] for rows in inputs])
    if loss.requires_grad:
        loss.backward()
    slopes = [numbers.numpy().copy() for numbers in module.gradient()]
    for rows, learns in zip(slopes, learning(net), strict=True):
        rows[~learns] = 0.0
    slopes[1][: len(net.input)] = 0.0
    return np.concatenate([[loss.item()], *slopes])


def by_torch(name, loss_of):
    """A cost of whole sequences whose slopes are those of a loss of PyTorch."""

    def cost(outputs, targets):
        tensors = [torch.tensor(rows, requires_grad=True) for rows in outputs]
        loss = loss_of(tensors, targets)
        loss.backward()
        return loss.item(), [tensor.grad for tensor in tensors]

    cost.__name__ = name
    return costs.register_for_sequences(cost)


def ctc_of(outputs, labels):
    """The loss of labels without times, of probabilities; class 0 is the blank."""
    return torch.nn.functional.ctc_loss(
        torch.nn.utils.rnn.pad_sequence([y.clamp_min(1e-12).log() for y in outputs]),
        torch.tensor([number for word in labels for number in word]),
        [len(y) for y in outputs],
        [len(word) for word in labels],
        reduction="sum",
    )


def contrast_of(outputs, groups):
    """InfoNCE between the last outputs of all sequences of a batch."""
    ends = torch.nn.functional.normalize(torch.stack([y[-1] for y in outputs]))
    alike = torch.tensor(groups)[:, None] == torch.tensor(groups)
    alike = alike & ~torch.eye(len(groups), dtype=torch.bool)
    others = torch.eye(len(groups), dtype=torch.float64) * -1e9
    return -(ends @ ends.T / 0.5 + others).log_softmax(1)[alike].mean()


def rates_of(outputs, wanted):
    """The squared distance of mean outputs from wanted rates."""
    means = torch.stack([y.mean(0) for y in outputs])
    return (means - torch.tensor(wanted)).square().mean()


@costs.register_for_sequences
def halved_squares(outputs, targets):
    """The squared error as Trainer averages it, as a cost of sequences."""
    errors = [y - t for y, t in zip(outputs, targets, strict=True)]
    value = sum(0.5 * (error**2).sum() for error in errors) / len(outputs)
    return value, [error / len(outputs) for error in errors]


@pytest.mark.torch
@given_graphs(specs(), st.sampled_from([1, 2, 3, 9]))
def test_slopes_of_any_gated_graph(spec, count):
    net = Twin(spec).net
    inputs, slopes = sequences(
        net, np.random.default_rng(spec.seed).integers(1, 7, count), spec.seed
    )
    slopes = [2 * rows - 1 for rows in slopes]
    assume(tame(net, inputs))

    def product(outputs):
        pairs = zip(outputs, slopes, strict=True)
        return sum((y * torch.tensor(g)).sum() for y, g in pairs)

    loss, *ours = both(gradient(net, inputs, output_gradient=slopes))
    theirs = by_autograd(net, inputs, product)[1:]
    assert np.isnan(loss)
    assert np.abs(ours - theirs).max() <= 1e-9 * max(1e-3, np.abs(theirs).max())


def net_of(squash):
    if squash == "softmax":
        return architect.GRU(3, 4, 4, output_squash="softmax", seed=1)
    return architect.LSTM(3, 4, 4, output_squash=squash, seed=1)


LOSSES = [
    ("ctc", ctc_of, "softmax", [[1, 2], [3], [1, 1, 2], [2, 3]] * 2),
    ("contrast", contrast_of, "tanh", [0, 1, 0, 1, 2, 2, 1, 1]),
    ("rates", rates_of, "logistic", [[0.1 * k] * 4 for k in range(8)]),
]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "loss_of", "squash", "targets"), LOSSES)
def test_losses_of_pytorch_give_its_gradients(name, loss_of, squash, targets):
    net = net_of(squash)
    inputs, _ = sequences(net, (8, 3, 11, 6) * 2)
    cost = by_torch(name, loss_of)

    def theirs(net, rows=slice(None)):
        loss = lambda outputs: loss_of(outputs, targets[rows])  # noqa: E731
        return by_autograd(net, inputs[rows], loss)

    assert both(gradient(net, inputs, targets, cost)) == pytest.approx(
        theirs(net), abs=1e-10, rel=1e-9
    )

    # a training is steps along these gradients, batch after batch
    trainer = synapse.Trainer(net, 0.05, name, rule="bptt", batch_size=4)
    result = trainer.train(inputs, targets, epochs=1, shuffle=False, progress=False)
    twin = net_of(squash)
    losses = []
    for rows in (slice(0, 4), slice(4, 8)):
        loss, *step = theirs(twin, rows)
        losses.append(loss)
        moved = parameters(twin) - 0.05 * np.array(step)
        twin.weights, twin.biases = np.split(moved, [len(twin.weights)])
    assert parameters(net) == pytest.approx(parameters(twin), abs=1e-10)
    assert result.history["loss"] == pytest.approx([np.mean(losses)], rel=1e-9)
    assert trainer.test(inputs, targets).loss == pytest.approx(theirs(net)[0])


def random_net():
    """A recurrent network with random neurons."""
    x, h, y = Layer(2), Layer(5, "bernoulli"), Layer(2, "identity")
    x.project(h, seed=0)
    h.project(h, seed=1, delay=1)
    h.project(y, seed=2)
    net = Network(x, [h], y)
    net.reseed(3)
    return net


TRAININGS = {
    "adam": (lambda: architect.LSTM(2, 3, 2, seed=0), {"optimizer": "adam"}),
    "dropout": (
        lambda: architect.LSTM(2, 6, 2, seed=0),
        {"dropout": 0.4, "recurrent_dropout": 0.2},
    ),
    "window": (lambda: architect.GRU(2, 3, 2, seed=0), {"window": 3}),
    "clip": (
        lambda: architect.Elman(2, 3, 2, seed=0, dtype=np.float32),
        {"clip": 0.01, "l2": 0.1},
    ),
    "lbfgs": (lambda: architect.LSTM(2, 3, 2, seed=0), {"optimizer": "lbfgs"}),
    "random": (random_net, {"optimizer": "adam"}),
    "samples": (lambda: architect.Perceptron(2, 4, 2, seed=0), {"optimizer": "adam"}),
}


@pytest.mark.parametrize("case", TRAININGS)
def test_the_squared_error_as_a_loss_of_sequences_trains_like_the_built_in(case):
    make, options = TRAININGS[case]
    trained = []
    for cost in ("squared_error", halved_squares):
        net = make()
        inputs, targets = sequences(net, [6, 9, 9, 2, 5, 7, 7, 8, 3, 6, 4, 1], 0)
        if case == "samples":
            inputs, targets = np.concatenate(inputs), np.concatenate(targets)
        synapse.Trainer(net, cost=cost, rule="bptt", batch_size=5, **options).train(
            inputs, targets, epochs=4, seed=1, progress=False
        )
        trained.append(parameters(net))
    bound = 1e-9 if case != "clip" else 1e-5
    assert (trained[0] != parameters(make())).any()
    np.testing.assert_allclose(trained[1], trained[0], rtol=0, atol=bound)


def test_threads_streams_and_continued_trainings_change_no_bit(tmp_path):
    inputs, targets = sequences(architect.LSTM(2, 20, 2, seed=0), [30, 20] * 4, 0)
    path = tmp_path / "trainer.npz"

    def trained(*data, epochs=3, batch_size=5, threads=None, **options):
        trainer = synapse.Trainer(
            architect.LSTM(2, 20, 2, seed=0),
            cost="halved_squares",
            rule="bptt",
            optimizer="adam",
            batch_size=batch_size,
            threads=threads,
        )
        trainer.train(*data, epochs=epochs, seed=1, progress=False, **options)
        return trainer.network.weights.tobytes()

    alone = trained(inputs, targets, threads=1)
    assert trained(inputs, targets, threads=2) == alone
    first = {"checkpoint": path, "callbacks": [lambda news: news.epoch == 1]}
    assert trained(inputs, targets, **first) != alone
    loaded = synapse.load(path)
    assert loaded.cost is halved_squares
    loaded.train(inputs, targets, resume=True, progress=False)
    assert loaded.network.weights.tobytes() == alone

    batches = [(inputs[at : at + 2], targets[at : at + 2]) for at in (0, 2, 4, 6)]
    stream = trained(lambda: iter(batches), epochs=1, batch_size=None)
    by_two = {"epochs": 1, "batch_size": 2, "shuffle": False}
    assert trained(inputs, targets, **by_two) == stream


@pytest.mark.torch
def test_held_out_data_and_metrics_have_the_objects_of_each_sequence():
    net = net_of("softmax")
    inputs, _ = sequences(net, (8, 3, 11, 6))
    cost = by_torch("ctc", ctc_of)
    seen = []

    def length_of_words(targets, outputs):
        seen.append((targets, [len(rows) for rows in outputs]))
        return float(sum(map(len, targets)))

    trainer = synapse.Trainer(net, cost=cost, rule="bptt", optimizer="adam")
    result = trainer.train(
        inputs,
        LOSSES[0][3][:4],
        epochs=2,
        validation=0.25,
        metrics=[length_of_words],
        restore_best=False,
        progress=False,
    )
    assert seen[:2] == [([[1, 2], [3], [1, 1, 2]], [8, 3, 11]), ([[2, 3]], [6])]
    value = by_autograd(net, inputs[3:], lambda y: ctc_of(y, [[2, 3]]))[0]
    assert result.history["validation_loss"][-1] == pytest.approx(value)
    assert result.history["length_of_words"] == [6.0, 6.0]
    evaluation = trainer.test(inputs, LOSSES[0][3][:4], metrics=[length_of_words])
    assert (evaluation.steps, evaluation.metrics["length_of_words"]) == (4, 8.0)
    assert evaluation.accuracy is None


def test_what_cannot_be_used_is_refused():
    net = architect.LSTM(2, 3, 2, seed=0)
    inputs, targets = sequences(net, (4, 3))
    before = np.array(net.weights)
    whole = "halved_squares is one of whole"

    def slopes(output_gradient, *aims):
        return partial(gradient, net, inputs, *aims, output_gradient=output_gradient)

    def train(inputs=inputs, targets=targets, cost=halved_squares, **options):
        trainer = synapse.Trainer(net, cost=cost, rule="bptt")
        return partial(trainer.train, inputs, targets, 1, progress=False, **options)

    def named(name, cost):
        cost.__name__ = name
        return cost

    def fails(name, cost):
        return train(cost=costs.register_for_sequences(named(name, cost)))

    all_refused(
        (call, error, words)
        for error, words, calls in [
            (ArgumentError, "got both", [slopes(targets, targets)]),
            (ArgumentError, r"arrays of \[4, 3\] steps", [slopes(targets[:1])]),
            (
                *(ArgumentError, "output_gradient.*finite"),
                [slopes([targets[0], targets[1] * np.nan])],
            ),
            (
                *(ArgumentError, whole),
                [
                    lambda: synapse.Trainer(net, cost=halved_squares),
                    lambda: synapse.Trainer(net, cost=halved_squares, rule="rtrl"),
                    lambda: compare_gradients(net, inputs, targets, halved_squares),
                    lambda: net.propagate(0.1, [0.0, 0.0], cost=halved_squares),
                    lambda: halved_squares([0.0], [0.0]),
                    lambda: halved_squares.signal(0.0, 0.0, 1.0),
                ],
            ),
            (ArgumentError, "one object for each of 2", [train(targets=targets[:1])]),
            (ArgumentError, "sample_weight", [train(sample_weight=[1, 2])]),
            (ArgumentError, "single steps", [train(metrics=["accuracy"])]),
            (
                *(ArgumentError, "part of a sequence"),
                [train(inputs[0], targets[:1], validation=0.5)],
            ),
            (
                *(ArgumentTypeError, "cost alone"),
                [fails("alone", lambda outputs, targets: 1.0)],
            ),
            (
                *(ArgumentError, "cost (wrong|short)"),
                [
                    fails("wrong", lambda outputs, targets: (np.nan, outputs)),
                    fails("short", lambda outputs, targets: (1.0, outputs[:1])),
                ],
            ),
            (
                *(ArgumentError, "registered already"),
                [
                    lambda: costs.register_for_sequences(
                        named("squared_error", lambda outputs, targets: (0.0, outputs))
                    )
                ],
            ),
            (
                *(ArgumentTypeError, "outputs, targets"),
                [lambda: costs.register_for_sequences(lambda outputs: 0)],
            ),
        ]
        for call in calls
    )
    assert np.array_equal(net.weights, before)


def test_a_cost_that_edits_the_network_is_refused():
    """In a process of its own: kernels would run on memory that the edit has moved."""
    python(
        "-c",
        """
import architect, synapse
net = architect.LSTM(2, 3, 1, seed=0)
@synapse.costs.register_for_sequences
def edits(outputs, targets):
    net.connections[0].source.disconnect(net.connections[0].target)
    return 0.0, outputs
try:
    synapse.Trainer(net, cost=edits, rule="bptt").train(
        [[[0, 1]] * 5] * 3, [None] * 3, epochs=2, progress=False
    )
except synapse.errors.TopologyError as error:
    assert "has edited" in str(error)
else:
    raise SystemExit("not refused")
""",
    )


def test_a_page_that_learns_leaves_such_costs_out():
    net = architect.Perceptron(2, 2, seed=0)
    assert synapse.draw.link(net, [[0.0, 1.0]], [[1.0, 0.0]])
