"""Test whether a network is better than other methods, by a paired test of their
losses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from .._checks import pluralize
from .._typing import Floats

LEVEL = 0.05
"""Share of verdicts, at most, that say "better" or "worse" if neither is true."""
POWER = 0.8
"""Share of verdicts that would find a difference in the rows that would tell."""
MIN_BLOCKS = 3
"""Minimum number of blocks of losses that can exclude chance."""
MAX_SHOWN = 1000
"""How many times a loss is said to be above another one, at most."""
MAX_TIMES = 100
"""Maximum factor by which a verdict asks for more rows."""


class Gain(NamedTuple):
    """The fraction by which a network's loss is below another method's loss, as the
    mean over blocks, with its standard error and the number of blocks.
    """

    mean: float
    error: float
    blocks: int

    @classmethod
    def of(cls, loss: Floats, other: Floats, block: int = 1) -> Gain:
        """Return the gain of a network with this loss over another one's, shape (n,).

        Neighbours within a block may be correlated, because the t-test compares the
        means of blocks (R. Ibragimov and U. Müller, Journal of Business & Economic
        Statistics 28, 2010, 453-468). With 20 to 60 origins of forecasts, it is wrong
        in 5 to 8 % of cases without a difference, whereas the statistic of Diebold and
        Mariano is wrong in 13 to 29 %.
        """
        unit = max(float(np.abs(other).max()), float(np.abs(loss).max())) or 1.0
        gains = (other - loss) / unit  # squares of large losses overflow
        blocks = max(len(gains) // block, 1)
        means = np.array(
            [block_gains.mean() for block_gains in np.array_split(gains, blocks)]
        )
        share = max(float(np.abs(other / unit).mean()), np.finfo(float).tiny)
        error = float(means.std(ddof=1)) if blocks > 1 else math.inf
        return cls(
            float(means.mean()) / share, error / math.sqrt(blocks) / share, blocks
        )

    def chance(self, level: float) -> float:
        """Return the gain that chance exceeds in this fraction of cases, one-sided."""
        if self.blocks < MIN_BLOCKS:
            return math.inf
        z = NormalDist().inv_cdf(1 - level)
        # the quantile of Student's distribution, by the expansion of Cornish and Fisher
        terms = (
            z,
            (z**3 + z) / 4,
            (5 * z**5 + 16 * z**3 + 3 * z) / 96,
            (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        )
        powers = (self.blocks - 1.0) ** -np.arange(4)
        return float(np.array(terms) @ powers) * self.error

    def times(self, level: float) -> float:
        """Return how many times these rows would tell, if the gain stays as it is."""
        told = self.chance(level) + NormalDist().inv_cdf(POWER) * self.error
        return math.inf if self.mean == 0 else (told / self.mean) ** 2


class Verdict(NamedTuple):
    """A verdict on a network, with the answer as a word, which is empty if the methods
    cannot be told apart, and as a sentence.
    """

    answer: str
    sentence: str


def verdict(
    network: str,
    losses: Mapping[str, Floats],
    measure: str,
    rows: str,
    block: int = 1,
) -> Verdict:
    """Return whether a network is "better" than all other methods, "worse" than one of
    them, or cannot be told apart on these rows.

    Parameters
    ----------
    network : str
        The name under which `losses` contain the network's loss.
    losses : dict of str to ndarray, shape (n,)
        A proper score of each method on the same rows. Lower scores are better.
    measure : str
        The measure that is compared, with a placeholder for its mean, such as "its log
        loss, {:.3g},".
    rows : str
        The rows on which it was measured, such as "held-out row".
    block : int
        Number of neighbours whose losses may be correlated.

    Notes
    -----
    "Better" requires a test at half of `LEVEL` against each method, all of which the
    network must pass. "Worse" requires a test against some method, at a level that is
    divided by their number. Therefore, at most a fraction `LEVEL` of verdicts is wrong
    if the network equals the best one.
    """
    others = {name: loss for name, loss in losses.items() if name != network}
    gains = {
        name: Gain.of(losses[network], loss, block) for name, loss in others.items()
    }
    best = min(others, key=lambda name: float(np.mean(others[name])))
    is_better = all(gain.mean > gain.chance(LEVEL / 2) for gain in gains.values())
    level = LEVEL / 2 / len(others)
    worse = [name for name, gain in gains.items() if -gain.mean > gain.chance(level)]
    rival = best if is_better or best in worse or not worse else worse[0]
    count = len(losses[network])
    where = f"on {pluralize(count, rows)}"
    error, least = float(np.mean(losses[network])), float(np.mean(losses[rival]))
    size = (
        1 - error / least
        if least > error / MAX_SHOWN
        else -float(MAX_SHOWN) * (error > 0)
    )
    said = f"{measure.format(error)} is {difference(size)} that of {rival}"
    answer = "better" if is_better else "worse" * bool(worse)
    if answer:
        return Verdict(answer, f"The network ({network}) is {answer}: {said}, {where}.")
    start = f"Whether the network ({network}) is better cannot be told {where}"
    level = level if size < 0 else LEVEL / 2
    chance = gains[rival].chance(level)
    if math.isinf(chance):
        return Verdict("", f"{start}: a test needs {MIN_BLOCKS * block} or more.")
    needed = _needed(gains[rival], count, rows, level)
    return Verdict(
        "", f"{start}: {said}, and chance explains {percent(chance)}. {needed}"
    )


def _needed(gain: Gain, count: int, rows: str, level: float) -> str:
    """Return the sentence on the number of rows that would tell."""
    times = gain.times(level)
    if times > MAX_TIMES:
        return f"Not even {MAX_TIMES} times as many would tell so small a difference."
    needed = float(f"{max(count * times, count + 1):.2g}")
    return f"About {int(needed):,} {rows}s would tell."


def difference(gain: float) -> str:
    """Return how far a loss is from another one.

    >>> difference(0.0352), difference(-1.5), difference(-42.0)
    ('3.5 % below', '150.0 % above', 'more than 42 times above')
    """
    if gain <= -10:
        return f"more than {int(min(-gain, MAX_SHOWN))} times above"
    return f"{percent(abs(gain))} {'below' if gain >= 0 else 'above'}"


def percent(share: float) -> str:
    """Return a share in per cent: with two digits, from 99 % on with one decimal.

    >>> percent(0.0352), percent(0.9993), percent(14.217)
    ('3.5 %', '99.9 %', '1421.7 %')
    """
    return f"{100 * share:{'.2g' if share < 0.99 else '.1f'}} %"
