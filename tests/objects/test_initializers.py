import copy
import math
import pickle

import numpy as np
import pytest

from synapse import _initializer, initializers
from synapse.errors import ArgumentError, SynapseError

FANS = (200, 300)


BUILT_IN = initializers.names()
"""Without those that other tests, and examples in docstrings, register."""


def draw(initializer, shape=FANS, seed=0):
    return _initializer.draw(initializer, np.random.default_rng(seed), shape, *FANS)


def test_each_gives_the_shape_asked_for_and_follows_its_seed():
    for name in BUILT_IN:
        for shape in ((4, 3), (3, 4), (5,), (1, 1)):
            assert draw(name, shape).shape == shape, name
            assert np.isfinite(draw(name, shape)).all(), name
        weights, again, other = (draw(name, (30, 8), seed) for seed in (1, 1, 2))
        assert (weights == again).all(), name
        assert name == "zeros" or not (weights == other).all(), name


def test_made_by_a_function_they_check_their_arguments_too():
    rng = np.random.default_rng(0)
    for made in (
        initializers.uniform(0.5),
        initializers.normal(),
        initializers.constant(2.0),
    ):
        assert made(rng, [2, 3], 2, 3).shape == (2, 3)
        for wrong in (
            (None, (2, 3), 2, 3),
            (rng, (2, 3, 4), 2, 3),
            (rng, (2, -3), 2, 3),
            (rng, 5, 2, 3),
        ):
            with pytest.raises(SynapseError, match="of an initializer must be"):
                made(*wrong)


def test_they_spread_as_told():
    for initializer, low, high, deviation in (
        ("uniform", -0.1, 0.1, 0.1 / math.sqrt(3)),
        (initializers.uniform(2.0), -2.0, 2.0, 2 / math.sqrt(3)),
        ("normal", -1.0, 1.0, 0.1),
        (initializers.normal(0.5), -4.0, 4.0, 0.5),
        ("glorot", -math.sqrt(6 / 500), math.sqrt(6 / 500), math.sqrt(2 / 500)),
        ("he", -1.0, 1.0, math.sqrt(2 / 200)),
        ("fan_in", -math.sqrt(1 / 200), math.sqrt(1 / 200), math.sqrt(1 / 600)),
    ):
        values = draw(initializer)
        assert low <= values.min() < values.max() <= high, initializer
        assert values.std() == pytest.approx(deviation, rel=0.02), initializer
        assert abs(values.mean()) < 0.02 * deviation * 3, initializer
    assert (draw(initializers.constant(0.25)) == 0.25).all()
    assert not draw("zeros").any()


def test_sparse_weights_are_0_but_for_a_share_of_each_neuron():
    weights = draw("sparse", (35, 8))
    # 0.9 of 35, rounded down, are 0
    assert (np.count_nonzero(weights, axis=0) == 4).all()
    assert len({tuple(np.flatnonzero(column)) for column in weights.T}) > 1
    assert 0 < np.abs(weights).max() <= 1 / np.sqrt(35)
    assert np.count_nonzero(draw("sparse", (40,))) == 4
    assert (
        np.count_nonzero(
            initializers.sparse(0.5)(np.random.default_rng(0), (4, 2), 4, 2)
        )
        == 4
    )


def test_orthogonal_matrices_have_orthonormal_rows_or_columns():
    for shape in ((20, 30), (30, 20), (7, 7)):
        q = draw("orthogonal", shape)
        q = q if shape[0] >= shape[1] else q.T
        assert q.T @ q == pytest.approx(np.eye(min(shape)), abs=1e-12)
    corners = [draw("orthogonal", (3, 3), seed)[0, 0] for seed in range(20)]
    assert min(corners) < 0 < max(corners)  # no sign is preferred
    assert set(np.abs(draw("orthogonal", (9,)))) == {1.0}
    assert len(set(draw("orthogonal", (9,)))) == 2  # single weights are signs


@pytest.mark.full
def test_they_are_given_with_and_without_a_call():
    """In one way for all: the name, the initializer, and what a call of it makes."""
    for name in sorted({*BUILT_IN, "constant"} - {"zeros"}):
        law = getattr(initializers, name)
        ways = [law, law()] + [name] * (name != "constant")
        drawn = [draw(way, (6, 4)) for way in ways]
        assert all((values == drawn[0]).all() for values in drawn), name
        rng = np.random.default_rng(0)
        assert (law(rng, (6, 4), *FANS) == drawn[0]).all(), name
        for again in (copy.deepcopy(law), pickle.loads(pickle.dumps(law))):
            assert again is law, name
    for made in (initializers.normal(0.5), initializers.normal(scale=0.5)):
        assert draw(made) == pytest.approx(5 * draw("normal"))
        assert (draw(pickle.loads(pickle.dumps(made))) == draw(made)).all()
        assert repr(made) == "<initializer normal(0.5)>"


def test_a_wrong_number_of_an_initializer_is_refused():
    for make, words in (
        (lambda: initializers.normal(-1.0), "`scale` of normal must be .* got -1"),
        (lambda: initializers.uniform("wide"), "`scale` of uniform must be a number"),
        (lambda: initializers.constant(math.inf), "`value` of constant must be"),
        (lambda: initializers.sparse(1.0), "`sparsity` of sparse must be"),
        (lambda: initializers.sparse(scale=0.5), "no argument 'scale'.*sparsity="),
        (lambda: initializers.glorot(0.5), "glorot has no number"),
        (lambda: initializers.he(np.random.default_rng(0), (2, 3)), "fan_in"),
    ):
        with pytest.raises(SynapseError, match=words):
            make()


def test_what_an_initializer_returns_is_checked():
    for wrong in (
        np.zeros((1, 2, 3)),
        0.0,
        np.full(FANS, math.nan),
        np.full(FANS, math.inf),
    ):
        with pytest.raises(ArgumentError):
            draw(lambda rng, shape, fan_in, fan_out, wrong=wrong: wrong)


def test_one_of_ones_own_can_be_registered_once():
    @initializers.register
    def signs(rng, shape, fan_in, fan_out):
        return rng.choice([-1.0, 1.0], shape)

    assert _initializer.get("signs") is initializers.signs is signs
    assert "signs" in initializers.names()
    with pytest.raises(ArgumentError, match="already"):
        initializers.register(signs)
    with pytest.raises(ArgumentError, match="already"):
        initializers.register(initializers.glorot)
