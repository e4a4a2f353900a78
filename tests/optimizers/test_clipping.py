"""Clipped gradients, against a few lines of NumPy and against PyTorch."""

import math

import numpy as np
import pytest

from synapse.errors import ArgumentError, DivergenceError, KindError
from synapse.optimizers import clip_by_norm, clip_by_value


def gradients(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in [(3, 4), (5,), (0, 2), (1,)]]


def flat(arrays):
    return np.concatenate([array.ravel() for array in arrays])


@pytest.mark.parametrize("most", [0.01, 1.0, 3.5])
def test_a_norm_is_brought_down_and_its_direction_kept(most):
    arrays, before = gradients(), flat(gradients())
    norm = clip_by_norm(arrays, most)
    assert norm == pytest.approx(math.sqrt((before**2).sum()))
    assert norm > most
    assert flat(arrays) == pytest.approx(before * most / norm)


def test_what_is_within_bounds_stays_to_the_bit():
    arrays, before = gradients(), flat(gradients())
    clip_by_norm(arrays, 1e3)
    clip_by_value(arrays, 1e3)
    assert (flat(arrays) == before).all()
    assert clip_by_norm(np.zeros(3), 1.0) == clip_by_norm([], 1.0) == 0.0


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_norms_beyond_the_squares_of_floats(scale):
    gradient = np.array([3.0, 4.0]) * scale
    assert clip_by_norm(gradient, 1e-305) == pytest.approx(5 * scale, rel=1e-15)
    assert gradient == pytest.approx([0.6e-305, 0.8e-305], rel=1e-12, abs=0)


def test_values_are_clipped_in_place():
    arrays, before = gradients(), flat(gradients())
    assert clip_by_value(arrays, 0.5) is None
    assert (flat(arrays) == before.clip(-0.5, 0.5)).all()
    one = np.array([2.0, -0.1], np.float32)
    clip_by_value(one, 1)
    assert one.tolist() == np.array([1.0, -0.1], np.float32).tolist()


@pytest.mark.torch
@pytest.mark.parametrize("most", [0.1, 2.0, 100.0])
def test_both_are_torchs(most):
    torch = pytest.importorskip("torch")
    for ours, theirs in [
        (clip_by_norm, torch.nn.utils.clip_grad_norm_),
        (clip_by_value, torch.nn.utils.clip_grad_value_),
    ]:
        arrays, parameters = gradients(), [torch.zeros(g.shape, dtype=torch.float64) for g in gradients()]
        for parameter, gradient in zip(parameters, gradients()):
            parameter.grad = torch.tensor(gradient)
        answer, other = ours(arrays, most), theirs(parameters, most)
        assert answer == (None if other is None else pytest.approx(other.item()))
        # torch adds 1e-6 to the norm that it divides by
        assert flat(arrays) == pytest.approx(flat([p.grad.numpy() for p in parameters]), rel=1e-6)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
@pytest.mark.parametrize(
    ("second", "most", "error"),
    [
        (np.array([math.nan]), 1.0, DivergenceError),
        (np.array([math.inf]), 1.0, DivergenceError),
        ([1.0], 1.0, KindError),
        (np.array([1]), 1.0, KindError),
        (np.broadcast_to(3.0, 2), 1.0, ArgumentError),
        (np.array([1.0]), 0.0, ArgumentError),
        (np.array([1.0]), math.inf, ArgumentError),
        (np.array([1.0]), "much", KindError),
    ],
)
def test_what_cannot_be_clipped_is_refused(clip, second, most, error):
    first = np.array([5.0, -7.0])
    with pytest.raises(error):
        clip([first, second], most)
    assert first.tolist() == [5.0, -7.0]


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_a_number_is_no_gradient(clip):
    with pytest.raises(KindError):
        clip(3.0, 1.0)
