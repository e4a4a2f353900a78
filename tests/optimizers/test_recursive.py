"""Recursive least squares and Kalman filters, against batch solutions and the textbook's matrices."""

import copy
import pickle

import numpy as np
import pytest

from synapse.errors import ArgumentError, DivergenceError, KindError
from synapse.optimizers import DEKF, RLS

SIZE, OUTPUTS, STEPS = 7, 3, 60
GROUPS = np.array([0, 1, 0, 2, 2, 1, 2])
EACH = [RLS(), RLS(forgetting=0.9), DEKF(), DEKF(groups="all"), DEKF(measurement_noise=(9.0, 1.0))]
each = pytest.mark.parametrize("optimizer", EACH, ids=repr)


def problem(seed=0, steps=STEPS):
    """Parameters, and Jacobians and errors of some steps."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=SIZE), rng.normal(size=(steps, OUTPUTS, SIZE)), rng.normal(size=(steps, OUTPUTS))


def is_sound(covariances):
    return all((p == p.T).all() and np.linalg.eigvalsh(p).min() > 0 for p in covariances)


# --- least squares ------------------------------------------------------------------------------------


@pytest.mark.parametrize("forgetting", [1.0, 0.95])
def test_least_squares_in_one_pass_equals_the_batch_solution(forgetting):
    """argmin of sum_t f^(T-t) (d_t - x_t p)^2 + f^T a |p - p_0|^2, by its normal equations."""
    rng, a, steps = np.random.default_rng(1), 0.3, 40
    x, d, start = rng.normal(size=(steps, SIZE)), rng.normal(size=steps), rng.normal(size=SIZE)
    p = start.copy()
    state = RLS(forgetting=forgetting, regularization=a).begin(p)
    for regressors, target in zip(x, d):
        state.step(p, [regressors], [target - regressors @ p])
    weights = forgetting ** np.arange(steps - 1, -1, -1)
    normal = (x.T * weights) @ x + forgetting**steps * a * np.eye(SIZE)
    wanted = start + np.linalg.solve(normal, (x.T * weights) @ (d - x @ start))
    np.testing.assert_allclose(p, wanted, rtol=1e-10)
    np.testing.assert_allclose(state.covariances[0], np.linalg.inv(normal), rtol=1e-9, atol=1e-12)


def test_outputs_are_independent_and_share_a_covariance_as_long_as_regressors_are_equal():
    rng = np.random.default_rng(2)
    together, apart = np.zeros(8), np.zeros((2, 4))
    groups = np.repeat([0, 1], 4)
    state, states = RLS().begin(together, groups=groups), [RLS().begin(apart[0]), RLS().begin(apart[1])]
    for step in range(20):
        x, e = rng.normal(size=(2, 4)), rng.normal(size=2)
        if step < 10:
            x[1] = x[0]
        jacobian = np.zeros((2, 8))
        jacobian[0, :4], jacobian[1, 4:] = x
        state.step(together, jacobian, e)
        for o in range(2):
            states[o].step(apart[o], [x[o]], [e[o]])
        assert len(state._shares) == (1 if step < 10 else 2)
        assert (together == apart.reshape(-1)).all()
    for ours, alone in zip(state.covariances, states):
        assert (ours == alone.covariances[0]).all()


def test_parameters_of_no_output_never_move():
    p, jacobians, errors = problem()
    start, groups = p.copy(), np.array([-1, 0, -2, 0, 1, 1, -1])
    RLS().begin(p, groups=groups).step(p, jacobians[0], errors[0])
    assert ((p == start) == (groups < 0)).all()


# --- Kalman filters -----------------------------------------------------------------------------------


def filtered(p, jacobians, errors, groups, variance, noises, added):
    """The decoupled extended Kalman filter, with the matrices of Puskorius and Feldkamp."""
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    covariances = [variance * np.eye(len(one)) for one in members]
    for h, e, r, q in zip(jacobians, errors, noises, added):
        scatter = r * np.eye(len(e))
        for one, c in zip(members, covariances):
            scatter += h[:, one] @ c @ h[:, one].T
        a = np.linalg.inv(scatter)
        for g, (one, c) in enumerate(zip(members, covariances)):
            gain = c @ h[:, one].T @ a
            p[one] += gain @ e
            covariances[g] = c - gain @ h[:, one] @ c + q * np.eye(len(one))
    return p, covariances


@pytest.mark.parametrize("kind", ["neuron", "all"])
def test_the_equations(kind):
    p, jacobians, errors = problem()
    groups = GROUPS if kind == "neuron" else np.zeros(SIZE)
    wanted, covariances = filtered(
        p.copy(), jacobians, errors, groups, 5.0, np.full(STEPS, 0.7), np.full(STEPS, 1e-3)
    )
    dekf = DEKF(initial_variance=5.0, measurement_noise=0.7, process_noise=1e-3, groups=kind)
    state = dekf.begin(p, groups=GROUPS)
    for h, e in zip(jacobians, errors):
        state.step(p, h, e)
    np.testing.assert_allclose(p, wanted, rtol=1e-10)
    for ours, theirs in zip(state.covariances, covariances, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_noise_falls_geometrically():
    p, jacobians, errors = problem()
    part = np.minimum(1.0, np.arange(STEPS) / 20)
    noises, added = 100.0 * 0.03**part, 1e-2 * 1e-4**part
    wanted, _ = filtered(p.copy(), jacobians, errors, GROUPS, 100.0, noises, added)
    state = DEKF(measurement_noise=(100.0, 3.0), process_noise=(1e-2, 1e-6), annealing=20).begin(
        p, groups=GROUPS
    )
    for h, e in zip(jacobians, errors):
        state.step(p, h, e)
    np.testing.assert_allclose(p, wanted, rtol=1e-9)


def test_groups_of_outputs_with_their_own_parameters_are_least_squares():
    """The filter with R = 1 and Q = 0, if H is block diagonal."""
    p, jacobians, errors = problem()
    jacobians *= np.arange(OUTPUTS)[:, None] == GROUPS
    q = p.copy()
    kalman = DEKF(initial_variance=2.0, measurement_noise=1.0, process_noise=0.0).begin(p, groups=GROUPS)
    squares = RLS(regularization=0.5).begin(q, groups=GROUPS)
    for h, e in zip(jacobians, errors):
        kalman.step(p, h, e)
        squares.step(q, h, e)
    np.testing.assert_allclose(p, q, rtol=1e-11)


@pytest.mark.parametrize(
    "optimizer",
    [
        RLS(regularization=1e-6),
        RLS(regularization=1e-6, forgetting=0.999),
        DEKF(initial_variance=1e6, measurement_noise=1e-6, process_noise=0.0),
        DEKF(initial_variance=1e6, measurement_noise=1e-3, process_noise=1e-8, groups="all"),
    ],
    ids=repr,
)
def test_covariances_stay_symmetric_and_positive(optimizer):
    """20,000 steps with regressors of very different sizes, some nearly parallel."""
    rng = np.random.default_rng(3)
    p = np.zeros(SIZE)
    groups = None if isinstance(optimizer, RLS) else GROUPS
    state = optimizer.begin(p, groups=groups)
    sizes = 10.0 ** np.linspace(-2, 2, SIZE)
    for _ in range(20_000):
        h = rng.normal() * sizes + 1e-3 * rng.normal(size=SIZE)
        state.step(p, [h], [rng.normal()])
    assert is_sound(state.covariances)


# --- what both share ----------------------------------------------------------------------------------


@each
def test_frozen_parameters_are_in_no_group(optimizer):
    p, jacobians, errors = problem()
    frozen = np.arange(SIZE) % 3 == 0
    start, others = p.copy(), p[~frozen]
    state, alone = optimizer.begin(p, frozen, GROUPS), optimizer.begin(others, groups=GROUPS[~frozen])
    for h, e in zip(jacobians, errors):
        state.step(p, h, e)
        alone.step(others, h[:, ~frozen], e)
    assert (p[frozen] == start[frozen]).all()
    assert (p[~frozen] == others).all()
    assert sorted(np.concatenate(state.members)) == np.flatnonzero(~frozen).tolist()


@each
def test_the_rate_is_a_factor_of_the_change(optimizer):
    p, jacobians, errors = problem()
    half, start = p.copy(), p.copy()
    state = optimizer.begin(p, groups=GROUPS)
    state.step(p, jacobians[0], errors[0])
    assert (state.change == p - start).all() or np.allclose(state.change, p - start)
    optimizer.begin(half, groups=GROUPS).step(half, jacobians[0], errors[0], rate=0.5)
    np.testing.assert_allclose(half - start, (p - start) / 2)


@each
@pytest.mark.parametrize("way", ["arrays", "pickle", "copy"])
def test_a_training_goes_on_bit_for_bit(optimizer, way):
    p, jacobians, errors = problem()
    q = p.copy()
    state, paused = optimizer.begin(p, groups=GROUPS), optimizer.begin(q, groups=GROUPS)
    for i, (h, e) in enumerate(zip(jacobians, errors)):
        state.step(p, h, e)
        paused.step(q, h, e)
        if i == 20 and way == "arrays":
            saved, paused = paused.arrays(), optimizer.begin(q, groups=GROUPS)
            paused.restore(saved)
        elif i == 20:
            paused = pickle.loads(pickle.dumps(paused)) if way == "pickle" else copy.deepcopy(paused)
    assert (p == q).all()
    assert paused.steps == STEPS


@each
def test_arguments_are_not_changed(optimizer):
    p, jacobians, errors = problem()
    h, e = jacobians[0].copy(), errors[0].copy()
    optimizer.begin(p, groups=GROUPS).step(p, h, e)
    assert (h == jacobians[0]).all()
    assert (e == errors[0]).all()


@each
@pytest.mark.parametrize("bad", ["jacobian", "errors", "overflow"])
def test_a_step_that_is_not_finite_changes_nothing(optimizer, bad):
    p, jacobians, errors = problem()
    state = optimizer.begin(p, groups=GROUPS)
    state.step(p, jacobians[0], errors[0])
    before, start = state.arrays(), p.copy()
    h, e = jacobians[1].copy(), errors[1].copy()
    if bad == "jacobian":
        h[:, 1] = np.nan
    elif bad == "errors":
        e[:] = np.inf
    else:
        h *= 1e200
    with pytest.raises(DivergenceError, match="the parameters are as before"):
        state.step(p, h, e)
    assert (p == start).all()
    assert all((state.arrays()[name] == kept).all() for name, kept in before.items())


def test_without_parameters():
    for optimizer in EACH:
        p = np.ones(2)
        state = optimizer.begin(p, frozen=[True, True])
        state.step(p, np.ones((1, 2)), [1.0])
        assert (p == 1.0).all()
        assert state.covariances == state.members == []
        state.restore(state.arrays())


def test_repr():
    state = DEKF().begin(np.zeros(SIZE), groups=GROUPS)
    assert repr(state) == "<_KalmanState of DEKF: 7 parameters in 3 groups, 0 steps>"


def test_errors():
    for bad in (0.0, -1.0, np.nan, 1.5):
        with pytest.raises(ArgumentError, match="forgetting of RLS"):
            RLS(forgetting=bad)
    with pytest.raises(ArgumentError, match="regularization of RLS"):
        RLS(regularization=0.0)
    for bad in (0.0, (1.0, 0.0), -1.0):
        with pytest.raises(ArgumentError, match="measurement_noise of DEKF"):
            DEKF(measurement_noise=bad)
    with pytest.raises(ArgumentError, match="process_noise of DEKF"):
        DEKF(process_noise=-1e-3)
    with pytest.raises(KindError, match="two numbers"):
        DEKF(process_noise=(1.0, 2.0, 3.0))
    with pytest.raises(ArgumentError, match="groups of DEKF"):
        DEKF(groups="layer")
    p, jacobians, errors = problem()
    with pytest.raises(ArgumentError, match="`groups` with 7 whole numbers"):
        DEKF().begin(p, groups=[0, 1])
    state = RLS().begin(p, groups=GROUPS)
    with pytest.raises(ArgumentError, match="of shape"):
        state.step(p, jacobians[0].T, errors[0])
    with pytest.raises(ArgumentError, match="at least 3 outputs"):
        state.step(p, jacobians[0][:2], errors[0][:2])
    with pytest.raises(ArgumentError, match="steps, covariance"):
        state.restore({"steps": 1})
    with pytest.raises(ArgumentError, match="of shape"):
        state.restore({"steps": 1, "covariance": np.zeros(3)})
    with pytest.raises(KindError, match="mapping"):
        state.restore(None)
