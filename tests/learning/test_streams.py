"""Training on streams of batches: what an epoch is, what a batch is for each rule, what is refused."""

import gc
import itertools
import signal
import weakref
from importlib.util import find_spec

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, optimizers
from synapse.errors import ArgumentError, DivergenceError, KindError, SynapseError, TopologyError
from synapse.learning import StepDecay

from .helpers import parameters

RNG = np.random.default_rng(0)
ROWS, AIMS = RNG.normal(size=(60, 3)), RNG.random((60, 2))
INPUTS, TARGETS = RNG.normal(size=(12, 5, 3)), RNG.random((12, 5, 2))
CUTS = [0, 7, 8, 31, 60]


def lstm(**options):
    return architect.LSTM(3, 4, 2, seed=0, **options)


def perceptron():
    return architect.Perceptron(3, 4, 2, seed=0)


def pieces(inputs, targets, cuts):
    return [(inputs[first:last], targets[first:last]) for first, last in itertools.pairwise(cuts)]


STREAM = pieces(ROWS, AIMS, CUTS)
BATCHES = pieces(INPUTS, TARGETS, [0, 4, 8, 12])


def train(net, batches, *, trainer=None, **options):
    one = Trainer(net, **(trainer or {}))
    result = one.train(batches, progress=False, seed=0, **options)
    return parameters(net), result


def on_arrays(net, data, *, trainer=None, **options):
    one = Trainer(net, **(trainer or {}))
    result = one.train(*data, progress=False, seed=0, shuffle=False, **options)
    return parameters(net), result


# --- the same as arrays -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("width", [5, 9, 17, 40, 70])
def test_cuts_change_no_bit_whatever_the_width(width, dtype):
    """Sums over updated weights have the order of sums over weights, however they are vectorised."""
    rng = np.random.default_rng(width)
    rows, aims = rng.random((30, width)), rng.random((30, 3))
    aims[::4] = np.nan
    for make in (architect.Perceptron, architect.LSTM):
        whole, cut = (make(width, width, 3, seed=0, dtype=dtype) for _ in range(2))
        on_arrays(whole, (rows, aims), epochs=2)
        train(cut, pieces(rows, aims, range(31)), epochs=2)
        assert whole.weights.tobytes() == cut.weights.tobytes()
        assert whole.biases.tobytes() == cut.biases.tobytes()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("cuts", [CUTS, range(61), [0, 60]], ids=["a few", "single rows", "one"])
def test_a_stream_cut_into_batches_gives_the_bits_of_the_whole(cuts, dtype):
    whole, cut = lstm(dtype=dtype), lstm(dtype=dtype)
    expected, one = on_arrays(whole, (ROWS, AIMS), epochs=3)
    found, two = train(cut, pieces(ROWS, AIMS, cuts), epochs=3)
    assert found.tobytes() == expected.tobytes()
    assert whole.activate(ROWS[0]).tobytes() == cut.activate(ROWS[0]).tobytes()  # the context, too
    assert two.history["error"] == pytest.approx(one.history["error"], rel=1e-12)


def test_samples_of_a_perceptron_are_learned_in_the_order_of_the_batches():
    expected, _ = on_arrays(perceptron(), (ROWS, AIMS), epochs=2)
    assert train(perceptron(), STREAM, epochs=2)[0].tobytes() == expected.tobytes()


def test_sequences_clear_the_context_before_each():
    expected, _ = on_arrays(lstm(), (INPUTS, TARGETS), epochs=2)
    assert train(lstm(), BATCHES, epochs=2)[0].tobytes() == expected.tobytes()


@pytest.mark.parametrize("optimizer", [optimizers.Adam(0.01), optimizers.SGD(0.1, momentum=0.9)])
@pytest.mark.parametrize("window", [None, 2])
def test_a_batch_is_one_update_with_exact_gradients(optimizer, window):
    options = {"method": "bptt", "optimizer": optimizer, "window": window}
    expected, one = on_arrays(lstm(), (INPUTS, TARGETS), trainer={**options, "batch_size": 4}, epochs=3)
    found, two = train(lstm(), BATCHES, trainer=options, epochs=3)
    assert found.tobytes() == expected.tobytes()
    assert two.history["error"] == one.history["error"]


def test_a_batch_size_divides_batches():
    options = {"method": "bptt", "optimizer": optimizers.Adam(0.01), "batch_size": 3}
    expected, _ = on_arrays(lstm(), (INPUTS, TARGETS), trainer=options, epochs=2)
    halves = pieces(INPUTS, TARGETS, [0, 6, 12])
    assert train(lstm(), halves, trainer=options, epochs=2)[0].tobytes() == expected.tobytes()


def test_a_batch_is_one_update_of_the_online_rule_with_an_optimizer():
    adam = {"optimizer": optimizers.Adam(0.01)}
    expected, _ = on_arrays(lstm(), (ROWS, AIMS), trainer={**adam, "batch_size": 10}, epochs=2)
    tens = pieces(ROWS, AIMS, range(0, 61, 10))
    assert train(lstm(), tens, trainer=adam, epochs=2)[0].tobytes() == expected.tobytes()
    halves = pieces(ROWS, AIMS, [0, 30, 60])
    divided = train(lstm(), halves, trainer={**adam, "batch_size": 10}, epochs=2)[0]
    assert divided.tobytes() == expected.tobytes()


def test_batches_may_have_any_lengths_and_forms():
    batches = [
        ([ROWS[:3], ROWS[3:9]], [AIMS[:3], AIMS[3:9]]),
        (INPUTS[:1], TARGETS[:1]),
        (ROWS[:2], AIMS[:2]),
    ]
    for options in ({}, {"method": "bptt"}):
        assert train(lstm(), batches, trainer=options)[1].epochs == 1


def test_dropout_is_drawn_on_from_batch_to_batch():
    options = {"method": "bptt", "optimizer": optimizers.SGD(0.1), "dropout": 0.5}
    expected, _ = on_arrays(perceptron(), (ROWS, AIMS), trainer={**options, "batch_size": 20}, epochs=2)
    twenties = pieces(ROWS, AIMS, [0, 20, 40, 60])
    assert train(perceptron(), twenties, trainer=options, epochs=2)[0].tobytes() == expected.tobytes()


def test_classes_may_have_weights():
    options = {"method": "bptt", "optimizer": optimizers.SGD(0.1)}
    weights = {"class_weight": {0: 0.5, 1: 3.0}}
    expected, _ = on_arrays(
        lstm(), (INPUTS, TARGETS), trainer={**options, "batch_size": 4}, epochs=2, **weights
    )
    assert train(lstm(), BATCHES, trainer=options, epochs=2, **weights)[0].tobytes() == expected.tobytes()


# --- epochs and steps ---------------------------------------------------------------------------------


class Again:
    """Batches that can be iterated over again, and counts how often that was done."""

    def __init__(self):
        self.begun = 0

    def __iter__(self):
        self.begun += 1
        yield from STREAM


def test_the_default_is_one_epoch():
    again = Again()
    assert train(lstm(), again)[1].epochs == again.begun == 1


@pytest.mark.parametrize("source", [Again, lambda: lambda: iter(STREAM), lambda: STREAM])
def test_several_epochs_iterate_again(source):
    _, result = train(lstm(), source(), epochs=3)
    assert (result.epochs, result.stopped) == (3, "epochs")
    assert len(result.history["error"]) == len(result.history["rate"]) == 3


def test_an_iterator_is_one_epoch():
    before = parameters(net := lstm())
    with pytest.raises(ArgumentError, match="exhausted after one epoch, but epochs is 2"):
        train(net, iter(STREAM), epochs=2)
    assert np.array_equal(parameters(net), before)
    assert train(net, iter(STREAM))[1].epochs == 1


def test_a_function_that_returns_the_same_iterator_is_told_at_the_second_epoch():
    used = iter(STREAM)
    with pytest.raises(ArgumentError, match="no batches in this epoch"):
        train(lstm(), lambda: used, epochs=2)


def test_steps_bound_a_stream_without_end():
    endless, seen = itertools.cycle(STREAM), []
    net, other = lstm(), lstm()
    _, result = train(net, endless, steps=6, on_batch=seen.append)
    assert (result.stopped, result.epochs, len(result.history["error"])) == ("steps", 1, 1)
    assert [batch.rows for batch in seen] == [7, 1, 23, 29, 7, 1]
    train(other, [*STREAM, *STREAM[:2]])
    assert np.array_equal(parameters(net), parameters(other))
    assert next(endless) is STREAM[2]  # no batch is lost


def test_steps_count_the_batches_of_all_epochs():
    result = train(lstm(), STREAM, epochs=5, steps=9)[1]
    assert (result.stopped, result.epochs) == ("steps", 3)
    assert train(lstm(), STREAM, epochs=2, steps=9)[1].stopped == "epochs"


def test_epochs_of_an_endless_stream_are_cut_by_a_function():
    endless = itertools.cycle(STREAM)
    assert train(lstm(), lambda: itertools.islice(endless, 3), epochs=4)[1].epochs == 4


def test_what_happens_after_an_epoch_happens():
    told = []
    schedule = {"rate": StepDecay(0.2, factor=0.5, every=1)}
    result = train(
        lstm(), STREAM, epochs=3, trainer=schedule, callbacks=[told.append], validation=(INPUTS, TARGETS)
    )[1]
    assert result.history["rate"] == [0.2, 0.1, 0.05]
    assert [progress.validation_error for progress in told] == result.history["validation_error"]


def test_patience_and_errors_stop_it_and_the_best_weights_come_back():
    net = lstm()
    result = train(net, STREAM, epochs=50, patience=2, trainer={"rate": 8.0})[1]
    assert result.stopped == "patience"
    assert result.error == min(result.history["error"])
    assert train(lstm(), STREAM, epochs=50, error=10.0)[1].epochs == 1


def test_batches_are_not_kept():
    alive = []

    class Rows(np.ndarray):
        pass

    def batches():
        for _ in range(10):
            rows = ROWS.copy().view(Rows)
            alive.append(weakref.ref(rows))
            yield rows, AIMS
            del rows
            gc.collect()
            assert sum(one() is not None for one in alive) <= 2

    for options in ({}, {"method": "bptt"}, {"optimizer": optimizers.SGD(0.1)}):
        alive.clear()
        train(lstm(), batches(), trainer=options)
        gc.collect()
        assert not any(one() is not None for one in alive)


def test_rows_without_targets_run_and_teach_nothing():
    blank = np.full_like(AIMS, np.nan)
    with pytest.raises(ArgumentError, match="Expected at least one step with a target and a weight above 0"):
        train(lstm(), [(ROWS, blank)])
    net, seen = lstm(), []
    before = parameters(net)
    train(net, [(ROWS, blank), STREAM[0]], on_batch=lambda batch: seen.append((batch, parameters(net))))
    assert np.array_equal(seen[0][1], before)
    assert np.isnan(seen[0][0].loss)
    assert seen[0][0].steps == 0


# --- errors and interruptions ---------------------------------------------------------------------------


class OwnError(Exception):
    pass


@pytest.mark.parametrize("options", [{}, {"method": "bptt"}, {"optimizer": optimizers.Adam(0.01)}])
def test_an_error_of_the_source_comes_through_and_the_network_stays_usable(options):
    def broken():
        yield STREAM[0]
        raise OwnError("no more")

    net, other = lstm(), lstm()
    with pytest.raises(OwnError, match="no more"):
        train(net, broken, trainer=options)
    train(other, STREAM[:1], trainer=options)
    assert np.array_equal(parameters(net), parameters(other))  # the batch before is learned
    assert train(net, STREAM, trainer=options)[1].epochs == 1


def test_ctrl_c_while_a_batch_is_awaited_returns_what_was_reached():
    def slow():
        yield STREAM[0]
        signal.raise_signal(signal.SIGINT)
        yield STREAM[1]

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        net, other = lstm(), lstm()
        result = train(net, slow)[1]
    finally:
        signal.signal(signal.SIGINT, before)
    assert (result.stopped, result.epochs) == ("interrupted", 0)
    assert result.error == train(other, STREAM[:1])[1].error
    assert np.array_equal(parameters(net), parameters(other))


def test_stop_from_another_place_ends_it_after_a_batch():
    trainer = Trainer(lstm())

    def batches():
        yield STREAM[0]
        trainer.stop()
        yield STREAM[1]
        yield STREAM[2]

    seen = []
    result = trainer.train(batches(), progress=False, on_batch=seen.append)
    assert (result.stopped, len(seen)) == ("interrupted", 2)


def test_a_batch_that_does_not_fit_is_named():
    net = lstm()
    with pytest.raises(SynapseError, match=r"^In batch 3: Expected 3 inputs.*shape \(5, 2\)"):
        train(net, [*STREAM[:2], (np.zeros((5, 2)), AIMS[:5]), *STREAM])
    with pytest.raises(ArgumentError, match="^In batch 1: Expected as many inputs as targets"):
        train(net, [(ROWS, AIMS[:5])])
    with pytest.raises(ArgumentError, match="^In batch 2: Expected targets to be"):
        train(net, [STREAM[0], (ROWS[:1], [[np.inf, 0.0]])])


@pytest.mark.parametrize("options", [{}, {"method": "bptt"}, {"optimizer": optimizers.Adam(0.01)}])
def test_callbacks_may_edit_the_network_between_batches(options):
    net = perceptron()

    def edit(batch):
        if batch.batch == 1:
            net["hidden"].append(synapse.Neuron())
            net.input[0].project(net["hidden"][4], weight=0.1)
            net["hidden"][4].project(net.output[0], weight=0.5)

    assert train(net, STREAM, trainer=options, on_batch=edit)[1].epochs == 1
    assert net["hidden"][4].outgoing[0].weight != 0.5


def test_a_batch_that_fits_no_more_is_named():
    net = perceptron()
    with pytest.raises(SynapseError, match="^In batch 2: Expected 4 inputs"):
        train(net, STREAM, on_batch=lambda batch: net.input.append(synapse.Neuron()))


def test_divergence_leaves_the_weights_before():
    net = architect.Perceptron(3, 2, output_squash="identity", seed=0)
    batches = [(ROWS, AIMS), (np.full((4, 3), 1e200), AIMS[:4])]
    other = architect.Perceptron(3, 2, output_squash="identity", seed=0)
    with pytest.raises(DivergenceError):
        train(net, batches, trainer={"rate": 0.01})
    train(other, batches[:1], trainer={"rate": 0.01})
    assert np.array_equal(parameters(net), parameters(other))


def test_an_open_network_is_refused_by_batches():
    net = perceptron()
    synapse.Neuron().project(net.output[0], weight=0.1)
    with pytest.raises(TopologyError):
        train(net, BATCHES, trainer={"method": "bptt"})


REFUSED = {
    "an array": lambda net: train(net, ROWS),
    "rows": lambda net: train(net, [[0.0, 1.0, 2.0]]),
    "pairs of numbers": lambda net: train(net, [[0.0, 1.0]]),
    "nested lists": lambda net: train(net, [[[[0.0, 1.0, 2.0]], [[0.0, 1.0]]]]),
    "a tuple of arrays": lambda net: train(net, (ROWS, AIMS)),
    "triples": lambda net: train(net, [(ROWS, AIMS, ROWS)]),
    "nothing": lambda net: train(net, None),
    "a number": lambda net: train(net, 3),
    "text": lambda net: train(net, "no"),
    "a dict": lambda net: train(net, {"inputs": ROWS}),
    "dicts without numbers": lambda net: train(net, [{"a": 1}]),
    "a function of something": lambda net: train(net, lambda x: x),
    "a function that returns no iterable": lambda net: train(net, lambda: 3),
    "no batch": lambda net: train(net, []),
    "shuffle": lambda net: train(net, STREAM, shuffle=True),
    "a fraction": lambda net: train(net, STREAM, validation=0.2),
    "weights": lambda net: train(net, STREAM, trainer={"method": "bptt"}, sample_weight=[1.0]),
    "L-BFGS": lambda net: train(
        net, BATCHES, trainer={"method": "bptt", "optimizer": optimizers.LBFGS(iterations=2)}
    ),
    "no step": lambda net: train(net, STREAM, steps=0),
    "steps of arrays": lambda net: on_arrays(net, (ROWS, AIMS), steps=3),
    "no function": lambda net: train(net, STREAM, on_batch=3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_stream_is_refused_and_nothing_changes(name):
    net = lstm()
    net.activate(ROWS[0])
    before = parameters(net), net.output.activations
    with pytest.raises((ArgumentError, KindError)) as error:
        REFUSED[name](net)
    assert str(error.value).endswith(".")
    assert np.array_equal(parameters(net), before[0])
    assert np.array_equal(net.output.activations, before[1])


@pytest.mark.torch
@pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch")
@pytest.mark.parametrize("options", [{}, {"method": "bptt"}, {"optimizer": optimizers.Adam(0.01)}])
def test_a_data_loader_of_pytorch_is_a_stream(options):
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    data = TensorDataset(torch.from_numpy(INPUTS), torch.from_numpy(TARGETS))
    found, result = train(lstm(), DataLoader(data, batch_size=4), trainer=options, epochs=2)
    assert result.epochs == 2
    assert np.array_equal(found, train(lstm(), BATCHES, trainer=options, epochs=2)[0])
    shuffled = DataLoader(data, batch_size=5, shuffle=True, generator=torch.Generator().manual_seed(0))
    assert train(lstm(), shuffled, trainer=options, epochs=2)[1].epochs == 2
