import math

import numpy as np
import pytest

from synapse import initializers
from synapse.errors import ArgumentError, KindError, UnknownNameError

FANS = (200, 300)


def draw(initializer, shape=FANS, seed=0):
    return initializers.draw(initializer, np.random.default_rng(seed), shape, *FANS)


@pytest.mark.parametrize("name", initializers.names())
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (5,), (1, 1)])
def test_each_gives_the_shape_asked_for(name, shape):
    assert draw(name, shape).shape == shape
    assert np.isfinite(draw(name, shape)).all()


@pytest.mark.parametrize("name", initializers.names())
def test_each_is_fixed_by_its_seed(name):
    first, again, other = (draw(name, (9, 8), seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert name == "zeros" or not (first == other).all()


@pytest.mark.parametrize(
    ("initializer", "low", "high", "deviation"),
    [
        ("uniform", -0.1, 0.1, 0.1 / math.sqrt(3)),
        (initializers.uniform(2.0), -2.0, 2.0, 2 / math.sqrt(3)),
        ("normal", -1.0, 1.0, 0.1),
        (initializers.normal(0.5), -4.0, 4.0, 0.5),
        ("glorot", -math.sqrt(6 / 500), math.sqrt(6 / 500), math.sqrt(2 / 500)),
        ("he", -1.0, 1.0, math.sqrt(2 / 200)),
        ("fan_in", -math.sqrt(1 / 200), math.sqrt(1 / 200), math.sqrt(1 / 600)),
    ],
)
def test_they_spread_as_told(initializer, low, high, deviation):
    values = draw(initializer)
    assert low <= values.min() < values.max() <= high
    assert values.std() == pytest.approx(deviation, rel=0.02)
    assert abs(values.mean()) < 0.02 * deviation * 3


def test_constants():
    assert (draw(initializers.constant(0.25)) == 0.25).all()
    assert not draw("zeros").any()


@pytest.mark.parametrize("shape", [(20, 30), (30, 20), (7, 7)])
def test_orthogonal_matrices_have_orthonormal_rows_or_columns(shape):
    q = draw("orthogonal", shape)
    q = q if shape[0] >= shape[1] else q.T
    assert q.T @ q == pytest.approx(np.eye(min(shape)), abs=1e-12)


def test_orthogonal_single_weights_are_signs():
    assert set(np.abs(draw("orthogonal", (9,)))) == {1.0}


def test_names():
    assert initializers.names() == sorted(initializers.names())
    assert {"uniform", "normal", "zeros", "glorot", "he", "orthogonal"} <= set(initializers.names())
    assert initializers.get("glorot") is initializers.get(initializers.glorot) is initializers.glorot


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="orthogonal"):
        initializers.get("random")


@pytest.mark.parametrize("given", [None, 3, 0.1, ["uniform"]])
def test_an_initializer_is_a_name_or_a_function(given):
    with pytest.raises(KindError):
        initializers.get(given)


@pytest.mark.parametrize("make", [initializers.uniform, initializers.normal, initializers.constant])
@pytest.mark.parametrize("scale", [math.nan, math.inf, "wide", None])
def test_a_scale_is_a_finite_number(make, scale):
    with pytest.raises((ArgumentError, KindError)):
        make(scale)


@pytest.mark.parametrize(
    "function",
    [
        lambda rng, shape, fan_in, fan_out: np.zeros((1, 2, 3)),
        lambda rng, shape, fan_in, fan_out: 0.0,
        lambda rng, shape, fan_in, fan_out: np.full(shape, math.nan),
        lambda rng, shape, fan_in, fan_out: np.full(shape, math.inf),
    ],
)
def test_what_an_initializer_returns_is_checked(function):
    with pytest.raises(ArgumentError):
        draw(function)


def test_one_of_ones_own_can_be_registered_once():
    @initializers.register
    def signs(rng, shape, fan_in, fan_out):
        return rng.choice([-1.0, 1.0], shape)

    assert initializers.get("signs") is signs
    assert "signs" in initializers.names()
    with pytest.raises(ArgumentError, match="already"):
        initializers.register(signs)
    with pytest.raises(ArgumentError, match="already"):
        initializers.register(initializers.glorot)
