"""Forecasts are the network's own steps, one by one; nothing of the network changes."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Ensemble, Trainer, forecast, squash
from synapse.errors import ArgumentError, DivergenceError, FunctionError, KindError, SynapseError
from synapse.forecasting import Forecast, calibrate

SORTS = {
    "perceptron": lambda n=2, m=2, **o: architect.Perceptron(n, 4, m, seed=1, **o),
    "elman": lambda n=2, m=2, **o: architect.Elman(n, 4, m, seed=1, **o),
    "lstm": lambda n=2, m=2, **o: architect.LSTM(n, 3, m, seed=1, **o),
    "gru": lambda n=2, m=2, **o: architect.GRU(n, 3, m, seed=1, output_squash="identity", **o),
    "liquid": lambda n=2, m=2, **o: architect.Liquid(n, 20, m, connections=40, gates=5, seed=1, **o),
    "float32": lambda n=2, m=2, **o: architect.LSTM(n, 3, m, seed=1, dtype=np.float32, **o),
}
by_sort = pytest.mark.parametrize("sort", SORTS)


def rows_of(net, count=7, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, len(net.input)))


def by_hand(net, rows, steps, feedback, future=None, noise=None):
    """The same forecast, step by step."""
    twin = net.clone()
    twin.clear()
    given = [i for i in range(len(net.input)) if i not in feedback.values()]
    said, found = twin.run(rows)[-1], []
    for step in range(steps):
        if noise is not None:
            said = said + noise[step]
        found.append(said)
        if step < steps - 1:
            row = np.empty(len(net.input))
            if given:
                row[given] = future[step]
            for output, place in feedback.items():
                row[place] = said[output]
            said = twin.activate(row)
    return np.array(found)


def context_of(net):
    names = ("state", "activation", "old_state", "error_responsibility")
    return [[getattr(neuron, name, None) for name in names] for neuron in net.neurons]


@by_sort
def test_it_is_the_loop_by_hand_bit_by_bit(sort):
    net = SORTS[sort]()
    rows = rows_of(net)
    assert np.array_equal(forecast(net, rows, 12), by_hand(net, rows, 12, {0: 0, 1: 1}))


@by_sort
def test_the_context_is_that_from_before(sort):
    net = SORTS[sort]()
    net.run(rows_of(net, 3, seed=5))
    net.propagate(0.1, [0.5, 0.25])
    twin = net.clone()
    forecast(net, rows_of(net), 9)
    forecast(net, rows_of(net, 40), 9, samples=3, seed=0)
    calibrate(net, rows_of(net, 30), 3, held_out=9)
    assert context_of(net) == context_of(twin)
    for one in (net, twin):
        one.activate([0.3, 0.1])
        one.propagate(0.1, [0.1, 0.2])
    assert net.weights.tobytes() == twin.weights.tobytes()
    assert context_of(net) == context_of(twin)


@given(data=st.data())
def test_any_feedback_with_inputs_from_outside(data):
    n, m = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    pairs = data.draw(st.integers(1, min(n, m)))
    outputs = data.draw(st.permutations(range(m)))[:pairs]
    feedback = dict(zip(outputs, data.draw(st.permutations(range(n)))[:pairs], strict=True))
    net = SORTS[data.draw(st.sampled_from(["perceptron", "elman", "gru"]))](n, m)
    steps, rows = data.draw(st.integers(1, 6)), rows_of(net, data.draw(st.integers(1, 5)))
    future = np.random.default_rng(3).uniform(-1, 1, (steps - 1, n - pairs))
    found = forecast(net, rows, steps, feedback=feedback, future=future if n > pairs else None)
    assert np.array_equal(found, by_hand(net, rows, steps, feedback, future))
    if n > pairs:  # a row for the last step is not used
        longer = np.vstack([future, np.full(n - pairs, 1e9)])
        assert np.array_equal(forecast(net, rows, steps, feedback=feedback, future=longer), found)


def test_one_input_takes_a_list_of_numbers():
    net = SORTS["gru"](1, 1)
    assert forecast(net, [0.1, 0.2, 0.3], 2).shape == (2, 1)
    assert np.array_equal(forecast(net, [0.1, 0.2], 2), forecast(net, [[0.1], [0.2]], 2))


def test_a_network_that_learns_by_rtrl():
    net = SORTS["elman"]()
    net.learning_rule = "rtrl"
    rows = rows_of(net)
    expected = by_hand(net, rows, 5, {0: 0, 1: 1})
    twin = net.clone()
    for one in (net, twin):
        one.activate(rows[0])
    assert np.array_equal(forecast(net, rows, 5), expected)
    for one in (net, twin):
        one.propagate(0.3, [1.0, 0.0])
    assert net.weights.tobytes() == twin.weights.tobytes()


def test_a_recording_has_its_steps():
    net = SORTS["lstm"]()
    with synapse.record(net) as log:
        found = forecast(net, rows_of(net, 4), 6)
    assert np.array_equal(log.activation[-6:, -2:], found)
    assert len(log) == 4 + 5


# --- samples and ensembles ----------------------------------------------------------------------


def test_samples_are_futures_with_errors_of_the_context():
    net, steps, count = SORTS["gru"](), 4, 11
    rows = rows_of(net, 41)
    found = forecast(net, rows, steps, samples=count, interval=0.5, seed=3)
    twin, rng = net.clone(), np.random.default_rng(3)
    twin.clear()
    errors = (rows[1:] - twin.run(rows)[:-1])[20:]
    both = {0: 0, 1: 1}
    paths = [
        by_hand(net, rows, steps, both, noise=errors[rng.integers(20, size=steps)]) for _ in range(count)
    ]
    assert np.array_equal(found.mean, forecast(net, rows, steps))
    assert np.array_equal([found.lower, found.upper], np.quantile(paths, [0.25, 0.75], axis=0))


SAMPLED = """
import architect, numpy as np, synapse
net = architect.GRU(1, 3, 1, seed=0)
found = synapse.forecast(net, np.sin(np.arange(40)), 5, samples=20, seed=4)
print(found.lower.tobytes().hex())
"""


def test_the_same_seed_gives_the_same_bits_in_another_process():
    run = subprocess.run([sys.executable, "-c", SAMPLED], capture_output=True, text=True, check=True)
    net = architect.GRU(1, 3, 1, seed=0)
    found = forecast(net, np.sin(np.arange(40)), 5, samples=20, seed=4)
    assert run.stdout.split() == [found.lower.tobytes().hex()]
    assert (found.lower != forecast(net, np.sin(np.arange(40)), 5, samples=20, seed=5).lower).any()


def test_an_ensemble_is_the_mean_of_its_networks():
    nets = [architect.GRU(2, 3, 2, seed=seed) for seed in range(4)]
    rows = rows_of(nets[0])
    alone = [forecast(net, rows, 5) for net in nets]
    assert np.array_equal(forecast(Ensemble(nets), rows, 5), np.mean(alone, axis=0))
    found = forecast(Ensemble(nets), rows, 5, interval=0.8)
    assert isinstance(found, Forecast)
    assert (len(found), found.interval) == (5, 0.8)
    assert np.array_equal([found.lower, found.upper], np.quantile(alone, [0.1, 0.9], axis=0))


def autoregressive(rng, count, noise=1.0):
    """A series of an AR(2) process with a known coefficient."""
    series = np.zeros(count + 100)
    for t in range(2, len(series)):
        series[t] = 1.2 * series[t - 1] - 0.5 * series[t - 2] + noise * rng.normal()
    return series[100:]


def test_samples_of_the_true_model_cover_as_many_as_asked():
    """A linear network with the coefficients of the process: its intervals are those of theory."""
    rng = np.random.default_rng(0)
    net = oscillator()
    inside = []
    for _ in range(200):
        series = autoregressive(rng, 410)
        found = forecast(net, series[:400], 10, samples=150, seed=rng)
        inside.append((found.lower[:, 0] <= series[400:]) & (series[400:] <= found.upper[:, 0]))
    assert 0.87 < np.mean(inside) < 0.93


def oscillator():
    """y(t+1) = 1.2 y(t) - 0.5 y(t-1), neuron by neuron."""
    value, following, delayed, out = (synapse.Layer(1, squash="identity") for _ in range(4))
    for layer in (following, delayed, out):
        layer.biases = 0.0
    value.project(following, weights=1.2)
    delayed.project(following, weights=-0.5)  # comes later in a step, so this is the value from before
    value.project(delayed, weights=1.0)
    following.project(out, weights=1.0)
    return synapse.Network(value, [following, delayed], out)


# --- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "options", "error", "sentence"),
    [
        (SORTS["gru"], {"context": []}, ArgumentError, "The context has no row"),
        (SORTS["gru"], {"context": [[1, 2, 3]]}, ArgumentError, "context"),
        (SORTS["gru"], {"context": [[1, np.nan]]}, ArgumentError, "finite"),
        (SORTS["gru"], {"context": np.zeros((3, 4, 2))}, ArgumentError, "one series"),
        (SORTS["gru"], {"steps": 0}, ArgumentError, "Expected the steps"),
        (SORTS["gru"], {"steps": 1.5}, KindError, "Expected the steps"),
        (lambda: SORTS["gru"](2, 3), {}, ArgumentError, "3 outputs cannot be fed back to 2 inputs"),
        (lambda: SORTS["gru"](3, 2), {"context": [[1, 2, 3]]}, ArgumentError, "1 input of .* future="),
        (SORTS["gru"], {"future": [[1.0]]}, ArgumentError, "Every input .* Omit future"),
        (
            lambda: SORTS["gru"](3, 2),
            {"context": [[1, 2, 3]], "future": [1.0, 2.0, 3.0, 4.0, 5.0]},
            ArgumentError,
            "future to have 2 rows.* or 3, got 5",
        ),
        (SORTS["gru"], {"feedback": [0, 1]}, KindError, "a dict"),
        (SORTS["gru"], {"feedback": {}}, ArgumentError, "is empty"),
        (SORTS["gru"], {"feedback": {0: 1, 1: 1}}, ArgumentError, "fed to one input"),
        (SORTS["gru"], {"feedback": {2: 0}}, SynapseError, "An output of the feedback|an output"),
        (SORTS["gru"], {"samples": 5}, ArgumentError, "context of at least 20 rows"),
        (SORTS["gru"], {"samples": 0}, ArgumentError, "samples"),
        (SORTS["gru"], {"interval": 0.9}, ArgumentError, "samples= or calibration="),
        (SORTS["gru"], {"samples": 5, "interval": 1.0}, ArgumentError, "between 0 and 1"),
        (SORTS["gru"], {"calibration": 3}, KindError, "calibrate returns"),
        (lambda: "net", {}, KindError, "a Network or an Ensemble"),
    ],
)
def test_what_cannot_be_forecast_is_one_sentence(make, options, error, sentence):
    net = make()
    given = {"context": [[0.1, 0.2]], "steps": 3, **options}
    with pytest.raises(error, match=sentence):
        forecast(net, **given)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_forecast_that_grows_beyond_all_numbers(dtype):
    net = architect.Perceptron(1, 1, output_squash="identity", dtype=dtype, seed=0)
    net.weights = 1e6
    before = context_of(net)
    with pytest.raises(DivergenceError, match=r"after \d+ steps"):
        forecast(net, [1.0], 300)
    assert context_of(net) == before


def test_a_registered_function_that_raises():
    @squash.register
    def narrow(state):
        if state > 60.0:
            raise ValueError("too much")
        return state, 1.0

    net = architect.Perceptron(1, 1, seed=0)
    net.output.squash = narrow
    net.weights = 1.5
    with pytest.raises(FunctionError):
        forecast(net, [10.0], 10)
    assert net.activate([0.0]) == net.output[0].bias


def test_another_thread_may_train_and_edit_meanwhile():
    net, stop, failed = SORTS["gru"](1, 1), threading.Event(), []

    def edit():
        try:
            while not stop.is_set():
                net.hidden[-1].append(synapse.Neuron())
                net.input.project(net.hidden[-1][-1], seed=0)
                Trainer(net).train([[0.1], [0.2]], [[0.2], [0.1]], epochs=1, seed=0, progress=False)
        except Exception as error:  # shown by the assertion
            failed.append(error)

    thread = threading.Thread(target=edit)
    thread.start()
    try:
        for _ in range(20):
            assert np.isfinite(forecast(net, np.sin(np.arange(30)), 20, samples=2, seed=0).upper).all()
    finally:
        stop.set()
        thread.join()
    assert not failed
