"""Lags, known values, statistical methods, and the choice among forecasters."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Scale, forecasting
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    UnknownNameError,
)
from synapse.forecasting import NetworkForecaster, _verdict, select, statistical
from synapse.forecasting._network_forecaster import lesson
from synapse.forecasting._statistical import choose_lags
from synapse.forecasting._verdict import LEVEL, Gain
from tests.helpers.cases import all_refused

T = np.arange(120)
RNG = np.random.default_rng(0)
SALES = 100 + T + 20 * np.sin(2 * np.pi * T / 12) + RNG.normal(0, 2, 120)


def test_differences_are_undone():
    both = np.column_stack([SALES, RNG.normal(size=120).cumsum()])
    for lags in ((), (1,), (12,), (12, 1), (1, 1, 5)):
        for scale in (
            Scale(2, lags=[lags, lags]),
            Scale(2, lags=[lags, ()]),
            Scale.fixed([3.0, -1.0], [2.0, 0.5], [(1,), lags]),
        ):
            units = scale.standard(both)
            assert len(units) == 120 - scale.lost
            np.testing.assert_allclose(scale.original(units[-7:], both[:-7]), both[-7:])
    assert choose_lags(T + RNG.normal(0, 0.1, 120), 6) == (1,)
    assert 12 in choose_lags(SALES + 0.02 * T**2, 12, period=12)
    assert choose_lags(np.array([1.0, 2.0]), 6, period=12) == ()


def test_a_network_reads_differences_and_known_values_of_the_next_row():
    """Its output is 3 x the known value of the next row + 0.5 x the last difference."""
    net = architect.Perceptron(2, 1, output_squash="identity", seed=0)
    net.weights = [0.5, 3.0]
    net.biases = [0.0, 0.0, 0.0]
    holidays = RNG.normal(size=(130, 1))
    y = SALES[:, None]
    inputs, targets = lesson(y, Scale(1, lags=[(12,)]), holidays)
    change = SALES[12:] - SALES[:-12]
    np.testing.assert_allclose(
        inputs, np.column_stack([change[:-1], holidays[13:120, 0]])
    )
    np.testing.assert_allclose(targets[:, 0], change[1:])
    expected = [*SALES]
    last = change[-1]
    for step in range(120, 125):
        last = 0.5 * last + 3 * holidays[step, 0]
        expected.append(expected[step - 12] + last)
    forecaster = NetworkForecaster(net, Scale(1, lags=[(12,)]), holidays)
    np.testing.assert_allclose(forecaster(SALES, 5), expected[-5:])
    one_step = forecaster.one_step(y)
    assert np.isnan(one_step[:13]).all()
    assert len(one_step) == 121
    np.testing.assert_allclose(one_step[50, 0], forecaster(SALES[:50], 1)[0])
    np.testing.assert_allclose(one_step[120, 0], expected[120])
    all_refused(
        [
            (
                lambda: forecaster(SALES, 11),
                ArgumentError,
                "`known` must have 131 rows, got 130",
            ),
            (
                lambda: forecaster(SALES[:12], 1),
                ArgumentError,
                "The series must have 13 steps or more, got 12",
            ),
            (lambda: forecaster(list(SALES), 0), ArgumentError, "`steps`"),
            (
                lambda: forecaster.one_step([y[:, 0], y[:, 0]]),
                ArgumentError,
                r"\(T, 1\), a column for each",
            ),
            (
                lambda: NetworkForecaster(net, [(12,)]),
                ArgumentTypeError,
                "`scale` must be a Scale",
            ),
            (
                lambda: NetworkForecaster(
                    synapse.Ensemble([net, architect.Perceptron(2, 1, seed=0)]),
                    Scale(1, lags=[(12,)]),
                    holidays,
                ),
                ArgumentError,
                "outputs without bounds, got logistic ones",
            ),
            (
                lambda: NetworkForecaster(net, Scale(1), [1.0]),
                ArgumentError,
                r"shape \(N, k\)",
            ),
        ]
    )


@pytest.mark.parametrize("rows", [None, 60, 61, 90])
def test_every_step_of_a_history_is_forecast_as_by_one_call_before_it(rows):
    """Without known values, and with those that end with the history, one row later, or
    long after."""
    net = architect.Elman(
        1 if rows is None else 2, 3, 1, output_squash="identity", seed=0
    )
    holidays = None if rows is None else RNG.normal(size=(rows, 1))
    forecaster = NetworkForecaster(net, Scale.fixed([2.0], [30.0], [(1,)]), holidays)
    history = SALES[:60]
    forecasts = forecaster.one_step(history)
    steps = 60 if rows == 60 else 61
    assert forecasts.shape == (steps, 1)
    assert np.isnan(forecasts[:2]).all()
    np.testing.assert_allclose(
        forecasts[2:, 0], [forecaster(history[:step], 1)[0] for step in range(2, steps)]
    )


@pytest.mark.parametrize("build", ["Elman", "LSTM", "NARX"])
def test_forecasts_from_many_origins_are_those_of_single_calls_bit_by_bit(build):
    """Of a network with known values, of an ensemble, and in :func:`rolling_origin`,
    which asks for all of them at once."""
    make = getattr(architect, build)
    nets = [make(2, 5, 1, output_squash="identity", seed=seed) for seed in range(2)]
    known = RNG.normal(size=(130, 1))
    scale = Scale.fixed([2.0], [30.0], [(12,)])
    nets[0].run(RNG.normal(size=(3, 2)))
    before = nets[0].hidden[0].states
    for network in (nets[0], synapse.Ensemble(nets)):
        forecaster = NetworkForecaster(network, scale, known)
        single = [forecaster(SALES[:origin], 4) for origin in range(20, 117, 3)]
        rolled = forecasting.rolling_origin(forecaster, SALES, 4, start=20, every=3)
        np.testing.assert_array_equal(rolled.forecasts, single)
        one_step = forecaster.from_origins(SALES[:, None], [13, 50, 120], 1)
        assert one_step.shape == (3, 1, 1)
        np.testing.assert_array_equal(one_step[1], forecaster(SALES[:50, None], 1))
    np.testing.assert_array_equal(nets[0].hidden[0].states, before)
    condition = "ascending whole numbers from 13 to 120"
    for origins in ([], [12, 50], [50, 50], [60, 50], [50, 121], 50, [50.5]):
        with pytest.raises((ArgumentError, ArgumentTypeError), match=condition):
            forecaster.from_origins(SALES, origins, 4)


def test_a_forecaster_may_forecast_from_all_origins_at_once():
    class Last:
        def __call__(self, history, steps):
            raise AssertionError

        def from_origins(self, series, origins, steps):
            assert len(series) == 116, "not the future of the last origin"
            return np.repeat(series[origins - 1, None], self.wide or steps, axis=1)

    forecaster = Last()
    forecaster.wide = None
    naive = forecasting.rolling_origin(forecasting.seasonal_naive, SALES, 4)
    np.testing.assert_array_equal(
        forecasting.rolling_origin(forecaster, SALES, 4).forecasts, naive.forecasts
    )
    forecaster.wide = 3
    with pytest.raises(ArgumentError, match=r"must have the shape \(4,\), got \(3,\)"):
        forecasting.rolling_origin(forecaster, SALES, 4)
    forecaster.from_origins = lambda series, origins, steps: [np.zeros(4)] * 2
    with pytest.raises(ArgumentError, match="of 57 origins, got 2"):
        forecasting.rolling_origin(forecaster, SALES, 4)


def test_simple_methods_keep_what_they_were_fitted_to():
    both = np.column_stack([SALES, -SALES])
    for name in ("mean", "naive", "seasonal", "ar"):
        made = statistical(name, both[:90], period=12)(both[:100], 5)
        np.testing.assert_allclose(made[:, 0], -made[:, 1])
        np.testing.assert_allclose(
            made[:, 0], statistical(name, SALES[:90], period=12)(SALES[:100], 5)
        )
    assert (
        np.abs(
            statistical("ar", SALES[:90], period=12)(SALES[:100], 5) - SALES[100:105]
        ).max()
        < 12
    )
    all_refused(
        [
            (
                lambda: statistical("prophet", SALES),
                ArgumentError,
                "one of mean, naive, .*, got 'prophet'",
            ),
            (
                lambda: statistical("naive", SALES[:9], period=12),
                ArgumentError,
                "12 steps or more",
            ),
            (
                lambda: statistical("mean", SALES)(list(SALES), -1),
                ArgumentError,
                "`steps`",
            ),
            (
                lambda: statistical("ar", both)(SALES, 2),
                ArgumentError,
                r"shape \(T, 2\), as the series",
            ),
        ]
    )


@pytest.mark.peers
def test_methods_of_statsforecast():
    pytest.importorskip("statsforecast")
    for name in ("ets", "arima"):
        made = statistical(name, SALES[:100], period=12)(SALES[:108], 12)
        assert np.abs(made - SALES[108:]).mean() < 4, name
    holiday = (RNG.random(140) < 0.4).astype(float)[:, None]
    shop = 100 + 50 * holiday[:120, 0] + RNG.normal(0, 1, 120)
    made = statistical("arima", shop, known=holiday)(shop, 20)
    assert np.abs(made - 100 - 50 * holiday[120:, 0]).max() < 3
    weekly = np.tile(SALES[:52], 5) + RNG.normal(0, 1, 260)
    for name in ("ets", "theta", "arima"):
        made = statistical(name, weekly[:-8], period=52)(weekly[:-8], 8)
        assert np.abs(made - weekly[-8:]).mean() < 6, "a long season is removed first"
    with pytest.raises(ArgumentError, match="`known` must have 121 rows"):
        statistical("arima", shop, known=holiday[:120])(shop, 1)


def offset(by):
    """A forecaster that is wrong by this at each step, of a series that counts."""
    return lambda history, steps: history[-1] + 1 + np.arange(steps) + by


def test_the_best_of_several_and_their_mean():
    wrong = {"d": offset(100.0), "a": offset(1.0), "b": offset(-3.0), "c": offset(5.0)}
    selection = select(wrong, T, 4, start=60)
    # the mean of a, b, c is wrong by 1, too
    assert (list(selection.rolled), selection.members) == (
        ["a", "combine", "b", "c", "d"],
        ["a", "b", "c"],
    )
    assert selection.mase("combine") == selection.mase("a") == 1
    assert selection.best == "combine", "no single one is better by 10 %"
    assert selection.reason().startswith(
        "The mean of a, b, c forecasts: MASE 1. No single one is more than 10 %"
    )
    selection = select({"a": offset(0.5), "b": offset(2.5)}, T, 4, start=60)
    assert (
        selection.best,
        selection.reason(),
        selection.rolled["b"].calibration.errors.shape,
    ) == ("a", "a forecasts: it has the lowest error, MASE 0.5.", (57, 4, 1))
    np.testing.assert_allclose(selection.rolled["b"].calibration.errors, -2.5)
    both = np.column_stack([T, T**2])

    def of_the_first(history, steps):
        return np.column_stack([offset(0.5)(history[:, 0], steps), np.zeros(steps)])

    of_first_column = select({"a": of_the_first}, both, 4, start=60, targets=1)
    assert (of_first_column.mase("a"), repr(of_first_column.rolled["a"])) == (
        0.5,
        "<RollingOrigin 57 origins, 4 steps, 1 column, RMSE 0.5>",
    )
    all_refused(
        [
            (
                lambda: of_first_column.mase("z"),
                UnknownNameError,
                "no forecaster named 'z'",
            ),
            (
                lambda: select({"a": of_the_first}, both, 4, targets=3),
                ArgumentError,
                "from 1 to 2, the number",
            ),
            (
                lambda: select({"combine": offset(1.0)}, T, 4),
                ArgumentError,
                "'combine' is reserved for the mean",
            ),
        ]
    )


def test_a_network_is_better_or_worse_or_cannot_be_told_apart():
    walk = np.random.default_rng(0).normal(size=300).cumsum()

    def noisy(size, seed):
        noise = np.random.default_rng(seed)
        return lambda history, steps: (
            walk[len(history) : len(history) + steps] + size * noise.normal(size=steps)
        )

    simple = {"naive": noisy(1.0, 1), "theta": noisy(2.0, 2)}
    for size, expected in (
        (0.5, "The network (gru) is better: its error, MASE"),
        (2.0, "The network (gru) is worse: its error, MASE"),
        (1.05, "Whether the network (gru) is better cannot be told on 98 origins"),
    ):
        selection = select({"gru": noisy(size, 3), **simple}, walk, 3, start=200)
        assert expected in selection.verdict("gru")
        assert "on 98 origins" in selection.verdict("gru")
        assert "that of naive" in selection.verdict("gru")


def test_only_forecasts_that_overlap_are_correlated():
    """If all do, they are one block, which excludes no chance."""
    stats = pytest.importorskip("scipy.stats")
    for seed in range(4):
        walk = np.random.default_rng(seed).normal(size=60).cumsum()
        two = {
            "gru": lambda history, steps, walk=walk: walk[len(history) :][:steps] + 0.1,
            "naive": forecasting.seasonal_naive,
        }
        assert "a test needs 33 or more" in select(two, walk, 20, start=30).verdict(
            "gru"
        )
        apart = select(two, walk, 4, start=30, every=4)
        errors = (
            np.abs(apart.rolled[name].errors) / apart.rolled[name].scale
            for name in ("naive", "gru")
        )
        test = stats.ttest_1samp(
            np.subtract(*errors).mean(axis=1), 0.0, alternative="greater"
        )
        assert ("is better:" in apart.verdict("gru")) == (test.pvalue < 0.025)


def test_a_forecaster_that_fails_is_left_out():
    def failing(history, steps):
        raise DivergenceError("It is unstable.")

    selection = select({"a": failing, "b": offset(1.0)}, T, 2, start=100)
    assert (selection.failed, list(selection.rolled), selection.verdict("a")) == (
        ["a is left out: It is unstable."],
        ["b"],
        "a could not be compared.",
    )
    with pytest.raises(
        ArgumentError, match=r"No method can forecast this series\. a is left out"
    ):
        select({"a": failing}, T, 2, start=100)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.full
def test_a_gain_exceeds_chance_as_the_t_test_of_blocks_says(rng):
    stats = pytest.importorskip("scipy.stats")
    cases = set()
    for count in (3, 4, 6, 10, 25, 200):
        for shift in np.linspace(0, 2, 21):
            other = rng.normal(shift / count**0.4, size=count) + 9.0
            loss = np.full(count, 9.0)
            gain = Gain.of(loss, other)
            test = stats.ttest_1samp(other - loss, 0.0, alternative="greater")
            exceeds = gain.mean > gain.chance(0.05)
            if abs(test.pvalue - 0.05) > 1e-3:  # the expansion of a quantile
                assert exceeds == (test.pvalue < 0.05)
            cases.add((count, exceeds))
            means = [block.mean() for block in np.array_split(other - loss, count // 2)]
            of_blocks = Gain.of(loss * 1e200, other * 1e200, 2)
            assert (of_blocks.mean > of_blocks.chance(0.05)) == (
                len(means) > 2
                and stats.ttest_1samp(means, 0.0, alternative="greater").pvalue < 0.05
            )
    assert len(cases) == 12


@pytest.mark.full
def test_overlapping_errors_do_not_pass_for_a_difference(rng):
    """Without a difference, the share of gains beyond chance is near 5 %, also if the
    forecasts from 12 neighbouring origins overlap."""
    for origins, steps in ((20, 6), (37, 12), (60, 12)):
        noise = rng.standard_t(5, size=(1000, origins + steps - 1))
        losses = [np.convolve(row, np.ones(steps), "valid") + 1e3 for row in noise]
        gains = [Gain.of(np.full(origins, 1e3), loss, steps) for loss in losses]
        assert 0.03 < np.mean([gain.mean > gain.chance(0.05) for gain in gains]) < 0.12


def verdict(*of):
    return _verdict.verdict(*of).sentence


def said(sentence):
    return next(
        answer
        for answer in ("is better:", "is worse:", "cannot be told")
        if answer in sentence
    )


def test_as_many_rows_as_a_verdict_asks_for_would_tell():
    """In four of five cases."""
    decided = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)

        def losses(count, rng=rng):
            shared = rng.exponential(1.0, count)
            return {"net": 0.9 * shared + 0.3 * rng.normal(size=count), "a": shared}

        few_rows = verdict("net", losses(30), "its loss, {:.3g},", "row")
        many = verdict("net", losses(110), "its loss, {:.3g},", "row")
        assert "on 30 rows" in few_rows
        decided += "is better:" in many
    assert "a test needs 3 or more" in verdict(
        "net", {"net": np.ones(2), "a": np.zeros(2)}, "{:.3g}", "row"
    )
    assert decided > 40


def test_the_sentences():
    base = np.tile([1.0, 2.0, 3.0, 4.0], 25)
    noise = np.tile([0.5, -0.5, -0.5, 0.5, 0.1], 20)
    measure = "its log loss, {:.3g},"
    assert verdict(
        "net", {"net": base * 0.5, "a": base, "b": base * 2}, measure, "held-out row"
    ) == (
        "The network (net) is better: its log loss, 1.25, is 50 % below that of a, on"
        " 100 held-out rows."
    )
    assert verdict("net", {"net": base * 30, "a": base}, measure, "origin") == (
        "The network (net) is worse: its log loss, 75, is more than 29 times above that"
        " of a, on 100 origins."
    )
    assert verdict("net", {"net": base + noise, "a": base}, measure, "row") == (
        "Whether the network (net) is better cannot be told on 100 rows: its log loss,"
        " 2.52, is 0.8 % above that of a, and chance explains 3.6 %. About 4,100 rows"
        " would tell."
    )
    assert verdict("net", {"net": base, "a": base * 0}, measure, "row").endswith(
        "is more than 1000 times above that of a, on 100 rows."
    )
    with np.errstate(all="raise"):
        assert "0 % below" in verdict(
            "net", {"net": base * 0, "a": base * 0}, "{}", "r"
        )
    assert "Not even 100 times as many" in verdict(
        "net", {"net": base, "a": base}, measure, "row"
    )


@pytest.mark.full
def test_verdicts_are_false_as_seldom_as_their_level_says(rng):
    """Three methods as good as the network, and one that is not: the verdict that it is
    better, and that it is worse, are both wrong."""
    kinds = [
        said(
            verdict(
                "net",
                {
                    name: rng.exponential(size, 50)
                    for name, size in {
                        **dict.fromkeys("abc", 1),
                        "net": 1,
                        "d": 2,
                    }.items()
                },
                "its loss, {:.3g},",
                "row",
            )
        )
        for _ in range(2000)
    ]
    assert kinds.count("is better:") < LEVEL / 2 * 2000
    assert kinds.count("is worse:") < 1.3 * LEVEL / 2 * 2000
