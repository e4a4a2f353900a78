"""Ready rules, each with the equation of its paper.

x and y stand for the activations of source and target, and bars for traces.
"""

from __future__ import annotations

from ._rule import Rule
from ._trace import trace

# --- rates ----------------------------------------------------------------------------


def hebb(
    pre: float, post: float, weight: float, rate: float = 0.01, decay: float = 0.0
) -> float:
    """dw = rate (x y - decay w)."""
    return rate * (pre * post - decay * weight)


def oja(pre: float, post: float, weight: float, rate: float = 0.01) -> float:
    """dw = rate y (x - y w)."""
    return rate * post * (pre - post * weight)


def square(post: float) -> float:
    """y^2, whose mean is the threshold of `bcm`."""
    return post * post


def bcm(
    pre: float,
    post: float,
    theta: float = trace(square, 100.0, kind="mean"),
    rate: float = 0.01,
) -> float:
    """dw = rate x y (y - theta)."""
    return rate * pre * post * (post - theta)


# --- spikes ---------------------------------------------------------------------------


def depress(y: float = trace("post", 20.0), down: float = 0.012) -> float:
    """dw = -down ybar, when an input arrives."""
    return -down * y


def potentiate(pre: float, x: float = trace("pre", 20.0), up: float = 0.01) -> float:
    """dw = up (xbar + x), when the target fires. Adding x makes a coincident pair
    causal.
    """
    return up * (x + pre)


def depress_size(
    size: float, y: float = trace("post", 20.0), down: float = 0.012
) -> float:
    """d|w| = -down |w| ybar, when an input arrives."""
    return -down * size * y


def potentiate_size(
    pre: float,
    size: float,
    x: float = trace("pre", 20.0),
    up: float = 0.01,
    largest: float = 1.0,
) -> float:
    """d|w| = up (largest - |w|) (xbar + x), when the target fires."""
    return up * (largest - size) * (x + pre)


def depress_triplet(
    y1: float = trace("post", 33.7),
    x2: float = trace("pre", 101.0),
    a2: float = 7e-3,
    a3: float = 2.3e-4,
) -> float:
    """dw = -o1 (A2- + A3- r2), when an input arrives, where r2 and o1 are x2 and y1."""
    return -y1 * (a2 + a3 * x2)


def potentiate_triplet(
    x1: float = trace("pre", 16.8),
    y2: float = trace("post", 125.0),
    b2: float = 5e-10,
    b3: float = 6.2e-3,
) -> float:
    """dw = r1 (A2+ + A3+ o2), when the target fires, where r1 and o2 are x1 and y2."""
    return x1 * (b2 + b3 * y2)


# --- a third factor -------------------------------------------------------------------


def drive(pre: float, post_slope: float, z: float = trace("pre", 20.0)) -> float:
    """f'(s) (xbar + x), the effect that the weight has had on the target."""
    return post_slope * (z + pre)


def three_factor(
    modulator: float, e: float = trace(drive, 20.0), rate: float = 0.01
) -> float:
    """dw = rate M ebar, with the eligibility e of `drive`."""
    return rate * modulator * e


# --- the rules ------------------------------------------------------------------------

Hebb = Rule(hebb, name="Hebb")
"""Hebb's rule with decay."""
Oja = Rule(oja, name="Oja")
"""Oja 1982, by which a linear target finds the first principal component of its
inputs."""
BCM = Rule(bcm, name="BCM")
"""Bienenstock, Cooper and Munro 1982, with the sliding threshold of Law and Cooper."""
STDP = Rule(on_pre=depress, on_post=potentiate, name="STDP")
"""Additive rule for pairs of spikes, Song, Miller and Abbott 2000."""
MultiplicativeSTDP = Rule(
    on_pre=depress_size, on_post=potentiate_size, name="MultiplicativeSTDP"
)
"""Rule for pairs of spikes, with changes in proportion to the remaining size, van
Rossum, Bi and Turrigiano 2000, Rubin, Lee and Sompolinsky 2001."""
TripletSTDP = Rule(
    on_pre=depress_triplet, on_post=potentiate_triplet, name="TripletSTDP"
)
"""Pfister and Gerstner 2006, all to all, fitted to visual cortex, with times in ms."""
RewardSTDP = STDP(eligibility=1000.0)
"""STDP whose changes wait for reward, Izhikevich 2007."""
ThreeFactor = Rule(three_factor, name="ThreeFactor")
"""A modulator for each target times an eligibility trace, Fremaux and Gerstner 2016.
E-prop uses it with errors instead of the modulator."""
