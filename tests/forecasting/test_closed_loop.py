"""Forecasts are the network's own steps, one by one; nothing of the network changes.
Intervals from held-out errors: their arithmetic, and the share of future values that
they cover."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import strategies as st

import architect
from synapse import Ensemble, forecast
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    SynapseError,
)
from synapse.forecasting import Calibration, Forecast, rolling_origin
from tests.helpers.cases import all_hold, all_refused
from tests.helpers.strategies import Twin, given_graphs, specs

SORTS = {
    "perceptron": lambda n=2, m=2, **o: architect.Perceptron(n, 4, m, seed=1, **o),
    "elman": lambda n=2, m=2, **o: architect.Elman(n, 4, m, seed=1, **o),
    "gru": lambda n=2, m=2, **o: architect.GRU(
        n, 3, m, seed=1, output_squash="identity", **o
    ),
    "liquid": lambda n=2, m=2, **o: architect.Liquid(
        n, 20, m, connections=40, gates=5, seed=1, **o
    ),
    "float32": lambda n=2, m=2, **o: architect.LSTM(
        n, 3, m, seed=1, dtype=np.float32, **o
    ),
}


def rows_of(net, count=7, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, len(net.input)))


def by_hand(net, rows, steps, feedback, future=None):
    """The same forecast, step by step."""
    twin = net.clone()
    twin.clear()
    from_outside = [i for i in range(len(net.input)) if i not in feedback.values()]
    said = twin.run(rows, traces=False)[-1]
    forecasts = []
    for step in range(steps):
        forecasts.append(said)
        if step < steps - 1:
            row = np.empty(len(net.input))
            if from_outside:
                row[from_outside] = future[step]
            for output, place in feedback.items():
                row[place] = said[output]
            said = twin.activate(row)
    return np.array(forecasts)


def context_of(net):
    names = ("state", "activation", "old_state", "error_responsibility")
    return [[getattr(neuron, name, None) for name in names] for neuron in net.neurons]


def test_the_context_is_that_from_before():
    def check(make):
        net = make()
        net.run(rows_of(net, 3, seed=5))
        net.propagate(0.1, [0.5, 0.25])
        twin = net.clone()
        forecast(net, rows_of(net), 9)
        assert context_of(net) == context_of(twin)
        for network in (net, twin):
            network.activate([0.3, 0.1])
            network.propagate(0.1, [0.1, 0.2])
        assert (net.weights.tobytes(), context_of(net)) == (
            twin.weights.tobytes(),
            context_of(twin),
        )

    all_hold(check, SORTS)


@given_graphs(spec=specs(most=5), data=st.data())
def test_any_feedback_of_any_gated_graph_with_inputs_from_outside(spec, data):
    net = Twin(spec).net
    n = len(net.input)
    m = len(net.output)
    pairs = data.draw(st.integers(1, min(n, m)))
    outputs = data.draw(st.permutations(range(m)))[:pairs]
    feedback = dict(
        zip(outputs, data.draw(st.permutations(range(n)))[:pairs], strict=True)
    )
    steps = data.draw(st.integers(1, 6))
    rows = rows_of(net, data.draw(st.integers(1, 5)))
    future = np.random.default_rng(3).uniform(-1, 1, (steps - 1, n - pairs))
    forecasts = forecast(
        net, rows, steps, feedback=feedback, future=future if n > pairs else None
    )
    assert np.array_equal(forecasts, by_hand(net, rows, steps, feedback, future))
    if n > pairs:  # a row for the last step is not used
        longer = np.vstack([future, np.full(n - pairs, 1e9)])
        assert np.array_equal(
            forecast(net, rows, steps, feedback=feedback, future=longer), forecasts
        )


def test_a_network_that_learns_by_rtrl():
    net = SORTS["elman"]()
    net.rule = "rtrl"
    rows = rows_of(net)
    expected = by_hand(net, rows, 5, {0: 0, 1: 1})
    twin = net.clone()
    for network in (net, twin):
        network.activate(rows[0])
    assert np.array_equal(forecast(net, rows, 5), expected)
    for network in (net, twin):
        network.propagate(0.3, [1.0, 0.0])
    assert net.weights.tobytes() == twin.weights.tobytes()


def test_an_ensemble_is_the_mean_of_its_networks():
    nets = [architect.GRU(2, 3, 2, seed=seed) for seed in range(4)]
    rows = rows_of(nets[0])
    alone = [forecast(net, rows, 5) for net in nets]
    assert np.array_equal(forecast(Ensemble(nets), rows, 5), np.mean(alone, axis=0))


def test_what_cannot_be_forecast_is_one_sentence():
    gru, wide = SORTS["gru"], SORTS["gru"](3, 2)

    def of(net=None, **options):
        arguments = {"history": [[0.1, 0.2]], "steps": 3, **options}
        return lambda: forecast(gru() if net is None else net, **arguments)

    three = [[1, 2, 3]]
    six = [1.0, 2.0, 3.0, 4.0, 5.0]
    all_refused(
        [
            (of(history=[]), ArgumentError, "The history has no row"),
            (of(history=[[1, np.nan]]), ArgumentError, "finite"),
            (of(history=np.zeros((3, 4, 2))), ArgumentError, "one series"),
            (of(steps=0), ArgumentError, "`steps`"),
            (of(gru(2, 3)), ArgumentError, "3 outputs cannot be fed back to 2 inputs"),
            (of(wide, history=three), ArgumentError, "1 input of .* future="),
            (of(future=[[1.0]]), ArgumentError, "Every input .* Remove future"),
            (
                of(wide, history=three, future=six),
                ArgumentError,
                "`future` must have 2 rows.* or 3, got 5",
            ),
            (
                of(wide, history=three, steps=2, future=six),
                ArgumentError,
                "`future` must have 1 row, .* or 2, got 5",
            ),
            (
                of(wide, history=three, future=np.zeros((2, 3, 1))),
                ArgumentError,
                "`future` must be one series",
            ),
            (of(feedback=[0, 1]), ArgumentTypeError, "a dict"),
            (of(feedback={0: 1, 1: 1}), ArgumentError, "fed to one input"),
            (of(feedback={2: 0}), SynapseError, "An output of the feedback|an output"),
            (of(coverage=0.9), ArgumentError, "An interval needs calibration="),
            (of(calibration=3), ArgumentTypeError, "a Calibration"),
        ]
    )


def test_a_forecast_that_grows_beyond_all_numbers():
    net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    net.weights = 1e6
    before = context_of(net)
    with pytest.raises(DivergenceError, match=r"after \d+ steps"):
        forecast(net, [1.0], 300)
    assert context_of(net) == before


def test_a_forecast_is_one_type_and_usable_as_an_array():
    net = SORTS["gru"]()
    series = np.random.default_rng(0).normal(size=(40, 2))
    plain = forecast(net, series, 4)
    bounded = forecast(net, series, 4, calibration=Calibration(np.ones((30, 4, 2))))
    assert isinstance(plain, Forecast)
    assert (plain.lower, plain.upper, plain.coverage) == (None, None, None)
    for prediction in (
        plain,
        bounded,
        pickle.loads(pickle.dumps(plain)),
        copy.deepcopy(bounded),
    ):
        mean = prediction.mean
        assert (prediction.shape, len(prediction), prediction.ndim) == ((4, 2), 4, 2)
        results = {
            "reflected": (1 - prediction, 1 - mean),
            "index": (prediction[1:, 0], mean[1:, 0]),
            "iterate": (list(prediction), list(mean)),
            "ufunc": (np.abs(prediction), np.abs(mean)),
            "stack": (np.stack([prediction, prediction]), np.stack([mean, mean])),
            "method": (prediction.round(1), mean.round(1)),
            "asarray": (np.asarray(prediction, np.float32), mean.astype(np.float32)),
            "equal": (prediction == prediction, mean == mean),
        }
        wrong = [name for name, pair in results.items() if not np.array_equal(*pair)]
        assert not wrong, wrong
    with pytest.raises(AttributeError):
        getattr(plain, "no_such_attribute")  # noqa: B009


def test_a_frame_gives_its_dates_and_names():
    pd = pytest.importorskip("pandas")
    net = architect.Perceptron(2, 2, 2, seed=0)
    months = pd.date_range(
        "2024-01-15", periods=4, freq=pd.DateOffset(months=1), name="Month"
    )
    frame = pd.DataFrame({"a": [0.1, 0.2, 0.3, 0.4], "b": [1.0, 0.0, 1.0, 0.0]}, months)
    ahead = forecast(net, frame, 2)
    assert [str(date.date()) for date in ahead.dates] == ["2024-05-15", "2024-06-15"]
    assert (ahead.names, ahead.dates.name) == (["a", "b"], "Month")
    assert ahead.to_pandas().index.equals(ahead.dates)
    np.testing.assert_array_equal(ahead, forecast(net, frame.to_numpy(), 2))
    assert forecast(net, frame, 2, feedback={0: 1, 1: 0}).names == ["b", "a"]
    partly = forecast(net, frame, 2, feedback={1: 0}, future=[[0.0]])
    assert partly.names == ["output 0", "a"]
    assert [*forecast(net, frame.reset_index(drop=True), 2).dates] == [4, 5]
    backward = frame.set_axis(pd.Index(np.array([4, 3, 2, 1], np.uint8)))
    assert forecast(net, backward, 2).dates is None  # differences without a sign
    assert forecast(net, frame.iloc[[0, 1, 3]], 2).dates is None  # uneven
    assert forecast(net, frame.to_numpy(), 2).dates is None
    with pytest.raises(ArgumentError, match="There are no dates"):
        forecast(
            net,
            frame.set_axis(pd.date_range("2250", periods=4, freq="YS", unit="ns")),
            99,
        )


def gru(n=1, m=1, seed=0):
    return architect.GRU(n, 4, m, output_squash="identity", seed=seed)


def test_half_widths_are_a_quantile_of_the_errors_in_their_size():
    """The size grows as a power of the step: 2 h^0.5 here, exactly; then |errors| /
    size are uniform."""
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], 400)
    uniform = np.linspace(0, np.sqrt(3), 400)
    unit = rng.permutation(uniform / np.sqrt(np.mean(uniform**2))) * signs
    errors = unit[:, None] * 2 * np.sqrt([1, 2, 3, 4])
    calibration = Calibration(errors[:, :, None])
    np.testing.assert_allclose(
        calibration._scale_of_steps(4)[:, 0], 2 * np.sqrt([1, 2, 3, 4])
    )
    alike = max(0, np.sum(unit[1:] * unit[:-1]) / np.sum(unit**2))
    independent = 400 * (1 - alike) / (1 + alike)
    expected = np.quantile(
        np.repeat(np.abs(unit), 4), 0.8 * (1 + 1 / (3 * independent))
    )
    np.testing.assert_allclose(
        calibration.half_widths(0.8)[:, 0], expected * 2 * np.sqrt([1, 2, 3, 4])
    )
    np.testing.assert_allclose(
        calibration.half_widths(0.8, 9)[:, 0], expected * 2 * np.sqrt(np.arange(1, 10))
    )
    with pytest.raises(
        ArgumentError,
        match=r"of 0\.91 needs at least 11 errors, but this calibration has 10",
    ):
        Calibration(errors[:10, :1, None]).half_widths(0.91)


def test_widths_of_a_level_do_not_shrink_and_of_two_outputs_differ():
    half = Calibration(
        np.random.default_rng(0).normal(size=(60, 6, 2))
        * [[[1.0, 10.0]]]
        / np.sqrt(np.arange(1, 7))[:, None]
    ).half_widths(0.9)
    np.testing.assert_allclose(
        half, np.tile(half[:1], (6, 1)), err_msg="errors fall, so the exponent is 0"
    )
    assert 8 < half[0, 1] / half[0, 0] < 12


def test_errors_of_neighbouring_origins_that_are_alike_widen():
    noise = np.random.default_rng(0).normal(size=(40, 1, 1))
    slow = np.sort(noise, axis=0)  # the same errors
    assert Calibration(slow).half_widths(0.8) > Calibration(noise).half_widths(0.8)


def test_forecasts_and_bounds_are_clipped_to_a_range():
    net = gru()
    series = np.random.default_rng(0).normal(size=60)
    options = {
        "calibration": rolling_origin(
            lambda *arguments: forecast(net, *arguments)[:, 0], series, 4, start=40
        ).calibration
    }
    free = forecast(net, series, 4, **options)
    low, high = (float(np.mean(values)) for values in (free.lower, free.mean))
    clipped = forecast(net, series, 4, **options, minimum=low, maximum=high)
    for name in ("lower", "mean", "upper"):
        assert np.array_equal(
            getattr(clipped, name), np.clip(getattr(free, name), low, high)
        )
    assert not np.array_equal(clipped.lower, free.lower)
    assert forecast(net, series, 4, minimum=9).mean.tolist() == [[9.0]] * 4


@pytest.mark.slow
def test_intervals_of_a_stationary_series_cover_their_share():
    """An ideal forecaster's: an autoregression, whose one neuron has the true
    weight."""
    net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    covered = []
    phi = 0.7
    net.weights = [phi]
    net.biases = [0.0, 0.0]
    for seed in range(60):
        series = np.zeros(400)
        for t, shock in enumerate(np.random.default_rng(seed).normal(size=399)):
            series[t + 1] = phi * series[t] + shock
        rolled = rolling_origin(
            lambda *arguments: forecast(net, *arguments)[:, 0],
            series[:390],
            10,
            start=200,
            every=2,
        )
        ahead = forecast(net, series[:390], 10, calibration=rolled.calibration)
        truth = series[390:, None]
        covered.append((ahead.lower <= truth) & (truth <= ahead.upper))
    assert np.mean(covered) == pytest.approx(0.9, abs=0.03)


def test_as_many_errors_as_needed_are_enough():
    assert Calibration(
        (-np.ones(9)).cumprod()[:, None, None]
    ).half_widths() == pytest.approx(1)
    for share, needed in ((0.9, 9), (0.5, 1), (0.8, 4), (0.95, 19), (0.99, 99)):
        Calibration(np.ones((needed, 1, 1))).half_widths(share)


def test_what_cannot_be_calibrated_is_one_sentence():
    net = gru()
    series = np.zeros(40)
    three = Calibration(np.ones((20, 3, 1)))
    other = {"calibration": Calibration(np.ones((20, 5, 2)))}
    all_refused(
        [
            (
                lambda: forecast(net, series, 5, **other),
                ArgumentError,
                "calibration of 1 output, like the network, got one of 2",
            ),
            (lambda: three.half_widths(1.0), ArgumentError, "above 0 and below 1"),
            (
                lambda: Calibration(np.ones((20, 3))),
                ArgumentError,
                r"of shape \(origins, steps, m\)",
            ),
            (
                lambda: forecast(3, series, 3),
                ArgumentTypeError,
                "a Network or an Ensemble",
            ),
            (
                lambda: forecast(net, series, 3, minimum=1, maximum=0),
                ArgumentError,
                "the lower one first",
            ),
            (
                lambda: forecast(net, series, 3, minimum=np.nan),
                ArgumentError,
                "`minimum` must be a finite",
            ),
            (
                lambda: forecast(net, series, 3, maximum="1"),
                ArgumentTypeError,
                "`maximum` must be a number",
            ),
        ]
    )
