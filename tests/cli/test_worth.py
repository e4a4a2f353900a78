"""Whether a network is worth it: errors of simple methods, and what follows from them."""

import numpy as np
import pytest

from synapse.cli.worth import Comparison, baseline_errors

RNG = np.random.default_rng(0)


def compared(network, **baselines):
    errors = {name: np.asarray(error, float).reshape(-1, 1) for name, error in baselines.items()}
    return Comparison(np.asarray(network, float).reshape(-1, 1), errors, np.ones(1), 1)


def test_errors_are_those_of_the_last_row_forecast():
    values = np.arange(20.0)[:, None] ** 2
    errors, notes = baseline_errors(values, 15, 2, 4)
    assert notes == []
    rows = np.arange(15, 18)  # from these rows, two rows ahead
    np.testing.assert_array_equal(errors["persistence"][:, 0], rows**2 - (rows + 2) ** 2)
    np.testing.assert_array_equal(errors["seasonal naive (4)"][:, 0], (rows - 2) ** 2 - (rows + 2) ** 2)
    assert len(errors["AR"]) == 3


def test_an_autoregression_is_found_for_each_column():
    noise = RNG.normal(size=(400, 2))
    values = noise.copy()
    for row in range(1, 400):
        values[row] += [0.9, -0.5] * values[row - 1]
    errors, _ = baseline_errors(values, 200, 1, None)
    rows = errors["AR"]
    assert np.sqrt(np.mean(rows**2, axis=0)) == pytest.approx(noise[201:].std(axis=0), rel=0.1)


def test_too_few_rows_for_a_season_are_told():
    errors, notes = baseline_errors(np.arange(10.0)[:, None], 8, 1, 12)
    assert list(errors) == ["persistence", "AR"]
    assert notes == ["Seasonal naive is left out: it needs 12 rows or more before the held-out end."]


def test_a_lower_error_is_worth_it_if_it_is_not_chance():
    good, bad = RNG.normal(0, 1, 400), RNG.normal(0, 2, 400)
    found = compared(good, persistence=3 * good, AR=bad)
    assert found.best == "AR"
    assert found.ratio == pytest.approx(good.std() / bad.std(), rel=0.05)
    assert found.verdict().startswith("The network is worth it: its error is 5")
    assert found.verdict().endswith("below that of the best baseline, AR, on 400 held-out rows.")
    few = compared([1, 1, -1, 0.1], AR=[1, 1, -1, 2])
    assert "may be worth it" in few.verdict()
    assert few.verdict().endswith("but on 4 held-out rows this may be chance.")


def test_a_higher_error_is_not_worth_it():
    errors = RNG.normal(size=100)
    worse = compared(2 * errors, AR=errors, persistence=3 * errors)
    text = "The network is not worth it: AR predicts better, with an error 50 % lower on 100 held-out rows."
    assert worse.verdict() == text
    assert "AR predicts as well, with an error 2 % lower" in compared(1.02 * errors, AR=errors).verdict()


def test_the_statistic_is_that_of_diebold_and_mariano():
    """One step ahead it is the t statistic of the gains; further ahead, covariances count."""
    errors = RNG.normal(size=(50, 1))
    others = RNG.normal(size=(50, 1))
    gain = (others**2 - errors**2)[:, 0]
    one = Comparison(errors, {"AR": others}, np.ones(1), 1)
    assert one.statistic() == pytest.approx(gain.mean() / (gain.std() / np.sqrt(50)))
    two = Comparison(errors, {"AR": others}, np.ones(1), 2)
    centred = gain - gain.mean()
    variance = (centred @ centred + 2 * centred[1:] @ centred[:-1]) / 50**2
    assert two.statistic() == pytest.approx(gain.mean() / np.sqrt(variance))


def test_baselines_without_error_cannot_be_beaten():
    assert "predicts better, with an error 100 % lower" in compared([1, 1], AR=[0, 0]).verdict()
    assert "predicts as well" in compared([0, 0], AR=[0, 0]).verdict()
