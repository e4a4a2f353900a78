"""Verdicts on a network: better, worse, or not to be told apart from other methods."""

import numpy as np
import pytest

from synapse.forecasting import _verdict
from synapse.forecasting._verdict import LEVEL, Gain


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
        share = np.mean([gain.mean > gain.chance(0.05) for gain in gains])
        assert 0.03 < share < 0.12


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
    few = verdict("net", {"net": np.ones(2), "a": np.zeros(2)}, "{:.3g}", "row")
    assert "a test needs 3 or more" in few
    assert decided > 40


def test_the_sentences():
    base = np.tile([1.0, 2.0, 3.0, 4.0], 25)
    noise = np.tile([0.5, -0.5, -0.5, 0.5, 0.1], 20)
    measure = "its log loss, {:.3g},"
    better = {"net": base * 0.5, "a": base, "b": base * 2}
    assert verdict("net", better, measure, "held-out row") == (
        "The network (net) is better: its log loss, 1.25, is 50 % below that of a, on"
        " 100 held-out rows."
    )
    worse = {"net": base * 30, "a": base}
    assert verdict("net", worse, measure, "origin") == (
        "The network (net) is worse: its log loss, 75, is more than 29 times above that"
        " of a, on 100 origins."
    )
    close = {"net": base + noise, "a": base}
    assert verdict("net", close, measure, "row") == (
        "Whether the network (net) is better cannot be told on 100 rows: its log loss,"
        " 2.52, is 0.8 % above that of a, and chance explains 3.6 %. About 4,100 rows"
        " would tell."
    )
    perfect = {"net": base, "a": base * 0}
    assert verdict("net", perfect, measure, "row").endswith(
        "is more than 1000 times above that of a, on 100 rows."
    )
    with np.errstate(all="raise"):
        assert "0 % below" in verdict(
            "net", {"net": base * 0, "a": base * 0}, "{}", "r"
        )
    same = {"net": base, "a": base}
    assert "Not even 100 times as many" in verdict("net", same, measure, "row")


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
