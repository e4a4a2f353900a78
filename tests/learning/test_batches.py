"""Training by batches: exact gradients or summed online steps, an optimizer, penalties,
weights; and streams of batches: what an epoch is, what is refused."""

import itertools
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, gradient, optimizers
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    TopologyError,
    TrainingWarning,
)
from synapse.learning.rules import Online
from tests.helpers.cases import all_refused, every_case

from .helpers import parameters

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(10, 5, 3))
TARGETS = RNG.random((10, 5, 2))


ROWS_ALONE = INPUTS.reshape(-1, 3), TARGETS.reshape(-1, 2)
net = partial(architect.LSTM, 3, 4, 2, seed=1, style="synaptic")
perceptron = partial(architect.Perceptron, 3, 4, 2, seed=1)


def slopes(network, inputs=INPUTS, targets=TARGETS):
    gradients = gradient(network, inputs, targets)
    return np.concatenate([gradients.weights, gradients.biases])


WEIGHTS = "sample_weight", "class_weight"


def trained(network, *, epochs=1, data=(INPUTS, TARGETS), **options):
    """The parameters after a training with options of the trainer or of the call."""
    weights = {name: options.pop(name) for name in {*options} & {*WEIGHTS}}
    Trainer(network, **{"rule": "bptt", **options}).train(
        *data, epochs=epochs, shuffle=False, seed=0, progress=False, **weights
    )
    return parameters(network)


def test_each_batch_sees_the_weights_that_the_one_before_has_left():
    other = net()
    for start in (0, 4, 8):
        here = slice(start, start + 4)
        after = parameters(other) - 0.1 * slopes(other, INPUTS[here], TARGETS[here])
        other.weights, other.biases = np.split(after, [len(other.weights)])
    expected = pytest.approx(parameters(other), abs=1e-15)
    assert trained(net(), rate=0.1, batch_size=4) == expected


def test_another_optimizer_takes_over():
    pytest.importorskip("scipy")
    network, other = (net() for _ in range(2))
    trainer = Trainer(network, rule="bptt", rate=0.01, batch_size=10)
    for rule in (optimizers.Adam(0.01), optimizers.LBFGS(), optimizers.SGD(0.01)):
        trainer.optimizer = rule
        trainer.train(INPUTS, TARGETS, epochs=2, shuffle=False, progress=False)
        trained(other, optimizer=rule, rate=0.01, batch_size=10, epochs=2)
    assert np.array_equal(parameters(network), parameters(other))


def test_the_online_rule_may_be_summed_over_steps():
    """A perceptron has no memory: its online steps are the exact gradient."""
    options = {"batch_size": 5, "data": ROWS_ALONE}
    mean = trained(perceptron(), rate=0.05, **options)
    summed = trained(perceptron(), rule="online", rate=0.01, **options)
    assert summed == pytest.approx(mean, abs=1e-13)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")  # biases alone
def test_a_search_that_gets_no_lower_says_so():
    pytest.importorskip("scipy")
    # one bias, and nothing else to learn
    trainer = Trainer(
        synapse.Network(synapse.Layer(1), [], synapse.Layer(1)),
        rule="bptt",
        optimizer=optimizers.LBFGS(),
    )
    with pytest.warns(TrainingWarning):
        result = trainer.train(
            [[0.0], [0.0]], [[0.0], [1.0]], epochs=50, progress=False, seed=0
        )
    least = pytest.approx(np.log(2.0))
    assert (result.stop_reason, result.loss) == ("converged", least)


def test_penalties_pull_at_weights_and_not_at_biases():
    network = net()
    weights = network.weights
    learns = np.array([link.trainable for link in network.connections])
    pull = (0.2 * np.sign(weights) + 0.3 * weights) * learns
    moves = slopes(network) + np.append(pull, np.zeros(len(network)))
    expected = pytest.approx(parameters(network) - 0.1 * moves, abs=1e-15)
    assert trained(network, rate=0.1, batch_size=10, l1=0.2, l2=0.3) == expected


def test_a_search_ends_where_the_gradient_with_its_penalty_vanishes():
    pytest.importorskip("scipy")
    network = perceptron()
    search = optimizers.LBFGS(tolerance=1e-8)
    trained(network, optimizer=search, l2=0.01, data=ROWS_ALONE, epochs=500)
    pull = gradient(network, *ROWS_ALONE).weights / 50 + 0.01 * network.weights
    assert np.abs(pull).max() < 1e-5 < 1e-3 < np.abs(network.weights).max()


def test_clipping_bounds_the_gradient():
    gradients = slopes(net())
    most = np.abs(gradients).max() / 2
    bounded = np.clip(gradients, -most, most)  # values first
    for moves, options in ((gradients, {}), (bounded, {"clip_value": most})):
        options["clip"] = np.linalg.norm(moves) / 2
        after = trained(net(), rate=1.0, batch_size=10, **options)
        assert after == pytest.approx(parameters(net()) - moves / 2, abs=1e-12)


def test_classes_count_by_their_weight():
    data = RNG.normal(size=(20, 3)), np.eye(2)[np.arange(20) % 2]
    by_class, by_sample = (
        trained(
            architect.Perceptron(3, 4, 2, output_squash="softmax", seed=1),
            **{"rate": 0.1, "batch_size": 20, "data": data, **weights},
        )
        for weights in (
            {"class_weight": {1: 3.0}},
            {"sample_weight": np.where(np.arange(20) % 2, 3.0, 1.0)},
        )
    )
    assert np.array_equal(by_class, by_sample)


@every_case(("calls", "steps"), [(1, 7), (2, 14), (3, 21)])
def test_ctrl_c_within_a_batch_of_the_online_rule_ends_with_it(
    calls, steps, monkeypatch, ctrl_c
):
    """The second batch begins within a sequence, and so does the third."""
    made = []
    run = Online.run

    def interrupted(*arguments):
        made.append(run(*arguments))
        if len(made) == calls:
            ctrl_c()
        return made[-1]

    options = {"rule": "online", "optimizer": optimizers.Adam(0.01), "batch_size": 7}
    lengths = [min(5, steps - begin) for begin in range(0, steps, 5)]
    first_batch = [
        [rows[:length] for rows, length in zip(data, lengths)]
        for data in (INPUTS, TARGETS)
    ]
    expected = trained(net(), **options, data=first_batch)
    monkeypatch.setattr(Online, "run", interrupted)
    assert np.array_equal(trained(net(), **options), expected)


def test_an_interrupted_search_keeps_the_weights_of_its_last_iteration():
    pytest.importorskip("scipy")
    network = net()
    seen = []

    def stop(news):
        seen.append(parameters(network))
        if news.epoch == 3:
            raise KeyboardInterrupt

    result = Trainer(network, rule="bptt", optimizer=optimizers.LBFGS()).train(
        INPUTS, TARGETS, callbacks=[stop], progress=False, seed=0
    )
    assert result.stop_reason == "interrupted"
    assert np.array_equal(seen[2], parameters(network))
    assert not np.array_equal(seen[0], seen[2])


def test_a_network_with_connections_from_outside_is_refused():
    network = net()
    outside = synapse.Neuron()
    link = outside.project(network.output[0], weight=0.1)
    outside.activate(0.5)
    with pytest.raises(TopologyError, match="outside of it"):
        trained(network, rule="online", batch_size=2)
    assert link.weight == 0.1


@pytest.mark.filterwarnings("ignore::synapse.errors.RateWarning")
@every_case("dtype", ["float32", "float64"])
def test_descent_that_diverges_says_the_same_and_keeps_the_weights(dtype):
    """By sums of the online rule; a callback makes a batch a call of its own."""
    said = set()
    options = {"rule": "online", "batch_size": 10, "cost": "squared_error"}
    options["optimizer"] = optimizers.SGD(float(np.finfo(dtype).max))
    for calls in ({}, {"on_batch": lambda batch: None}):
        network = perceptron(dtype=dtype)
        before = parameters(network).tobytes()
        with pytest.raises(DivergenceError) as raised:
            Trainer(network, **options).train(
                INPUTS[:, 0], np.full((10, 2), 1e9), 3, progress=False, **calls
            )
        said.add(str(raised.value))
        assert parameters(network).tobytes() == before
    assert len(said) == 1


# --- streams --------------------------------------------------------------------------


ROWS = RNG.normal(size=(60, 3))
AIMS = RNG.random((60, 2))


lstm = partial(architect.LSTM, 3, 4, 2, seed=0)


def pieces(inputs, targets, cuts):
    return [
        (inputs[start:last], targets[start:last])
        for start, last in itertools.pairwise(cuts)
    ]


STREAM = pieces(ROWS, AIMS, [0, 7, 8, 31, 60])
BATCHES = pieces(INPUTS, TARGETS, [0, 4, 8])


def train(net, *data, trainer=None, **options):
    """The result of a training on a stream, or on arrays."""
    return Trainer(net, **(trainer or {})).train(
        *data, progress=False, seed=0, **options
    )


@pytest.mark.full
@every_case("dtype", [np.float64, np.float32])
@every_case("width", [5, 17, 70])
def test_cuts_change_no_bit_whatever_the_width(width, dtype):
    """Sums over updated weights have the order of sums over weights, however they are
    vectorised."""
    rng = np.random.default_rng(width)
    rows = rng.random((30, width))
    aims = rng.random((30, 3))
    aims[::4] = np.nan
    for make in (architect.Perceptron, architect.LSTM):
        whole, cut = (make(width, width, 3, seed=0, dtype=dtype) for _ in range(2))
        train(whole, rows, aims, epochs=2, shuffle=False)
        train(cut, pieces(rows, aims, range(31)), epochs=2)
        assert parameters(whole).tobytes() == parameters(cut).tobytes()
        # the context, too
        assert whole.activate(rows[0]).tobytes() == cut.activate(rows[0]).tobytes()


def test_several_epochs_iterate_again_and_an_iterator_is_one_epoch():
    for source in (STREAM, lambda: iter(STREAM)):
        assert train(lstm(), source).epochs == 1  # the default
        assert train(lstm(), source, epochs=3).epochs == 3
    net = lstm()
    with pytest.raises(
        ArgumentError, match="exhausted after one epoch, but epochs is 2"
    ):
        train(net, iter(STREAM), epochs=2)
    assert np.array_equal(parameters(net), parameters(lstm()))
    assert train(net, iter(STREAM)).epochs == 1


def test_a_slice_bounds_a_stream_without_end():
    endless = itertools.cycle(STREAM)
    seen = []
    net, other = (lstm() for _ in range(2))
    train(net, itertools.islice(endless, 6), on_batch=seen.append)
    assert [batch.rows for batch in seen] == [7, 1, 23, 29, 7, 1]
    train(other, [*STREAM, *STREAM[:2]])
    assert np.array_equal(parameters(net), parameters(other))
    assert next(endless) is STREAM[2]  # no batch is lost


def test_rows_without_targets_run_and_teach_nothing():
    blank = np.full_like(AIMS, np.nan)
    with pytest.raises(
        ArgumentError,
        match="Expected at least one step with a target and a weight above 0",
    ):
        train(lstm(), [(ROWS, blank)])
    net = lstm()
    seen = []
    note = lambda batch: seen.append((batch, parameters(net)))  # noqa: E731
    train(net, [(ROWS, blank), STREAM[0]], on_batch=note)
    first, after = seen[0]
    assert np.array_equal(after, parameters(lstm()))
    assert (str(first.loss), first.steps) == ("nan", 0)


def test_ctrl_c_while_a_batch_is_awaited_returns_what_was_reached(ctrl_c):
    def slow():
        yield STREAM[0]
        ctrl_c()
        yield STREAM[1]

    net, other = (lstm() for _ in range(2))
    result = train(net, slow)
    assert (result.stop_reason, result.epochs) == ("interrupted", 0)
    assert result.loss == train(other, STREAM[:1]).loss
    assert np.array_equal(parameters(net), parameters(other))


@pytest.mark.full
def test_batches_of_one_form_are_checked_and_laid_out_as_if_each_were_the_first():
    """Arrays of the form of the latest are laid out like it; lists are not."""
    rows, aims = BATCHES[0]
    holes = aims.copy()
    holes[:, 1] = np.nan
    others = [
        (rows.reshape(20, 3), aims.reshape(20, 2)),
        (rows.astype(np.float32), holes),
        (np.round(9 * rows).astype(int), aims),
    ]
    batches = [*BATCHES, *others, *STREAM, *BATCHES, *STREAM]
    lists = [tuple(array.tolist() for array in batch) for batch in batches]
    wrong = [(rows + np.inf, aims), (rows, aims + 1.0), (rows, aims + np.inf)]
    exact = {"rule": "bptt"}
    for options in ({}, exact, {**exact, "optimizer": "adam"}):
        for make in (lstm, perceptron):
            of_arrays, of_lists = (make() for _ in range(2))
            train(of_arrays, batches, trainer=options)
            train(of_lists, lists, trainer=options)
            assert parameters(of_arrays).tobytes() == parameters(of_lists).tobytes()
            again = partial(train, of_arrays, trainer=options)
            all_refused(
                (partial(again, [*BATCHES, bad]), ArgumentError, "In batch 3:")
                for bad in wrong
            )


REFUSED = {
    "an array": lambda net: train(net, ROWS),
    "pairs of numbers": lambda net: train(net, [[0.0, 1.0]]),
    "a tuple of arrays": lambda net: train(net, (ROWS, AIMS)),
    "triples": lambda net: train(net, [(ROWS, AIMS, ROWS)]),
    "nothing": lambda net: train(net, None),
    "text": lambda net: train(net, "no"),
    "a dict": lambda net: train(net, {"inputs": ROWS}),
    "a function of something": lambda net: train(net, lambda x: x),
    "a function that returns no iterable": lambda net: train(net, lambda: 3),
    "no batch": lambda net: train(net, []),
    "shuffle": lambda net: train(net, STREAM, shuffle=True),
    "a fraction": lambda net: train(net, STREAM, validation=0.2),
    "weights": lambda net: train(
        net, STREAM, trainer={"rule": "bptt"}, sample_weight=[1.0]
    ),
    "L-BFGS": lambda net: train(
        net,
        BATCHES,
        trainer={"rule": "bptt", "optimizer": optimizers.LBFGS(iterations=2)},
    ),
    "no function": lambda net: train(net, STREAM, on_batch=3),
}


@every_case("name", REFUSED)
def test_what_is_no_stream_is_refused_and_nothing_changes(name):
    net, twin = (lstm() for _ in range(2))
    assert (net.activate(ROWS[0]) == twin.activate(ROWS[0])).all()
    with pytest.raises((ArgumentError, ArgumentTypeError), match=r"\.$"):
        REFUSED[name](net)
    assert np.array_equal(parameters(net), parameters(twin))
    assert np.array_equal(net.output.activations, twin.output.activations)
