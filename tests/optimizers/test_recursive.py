"""Recursive least squares and Kalman filters, against batch solutions and the
textbook's matrices."""

from functools import partial

import numpy as np

from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.optimizers import DEKF, RLS
from tests.helpers.cases import all_refused, every_case

SIZE = 7
OUTPUTS = 3
STEPS = 60
GROUPS = np.array([0, 1, 0, 2, 2, 1, 2])


def problem():
    """Parameters, and Jacobians and errors of some steps."""
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=SIZE),
        rng.normal(size=(STEPS, OUTPUTS, SIZE)),
        rng.normal(size=(STEPS, OUTPUTS)),
    )


@every_case("forgetting", [1.0, 0.95])
def test_least_squares_in_one_pass_equals_the_batch_solution(forgetting):
    """argmin of sum_t f^(T-t) (d_t - x_t p)^2 + f^T a |p - p_0|^2, by its normal
    equations."""
    rng = np.random.default_rng(1)
    x, d, start = (rng.normal(size=shape) for shape in ((40, SIZE), 40, SIZE))
    p = start.copy()
    state = RLS(forgetting=forgetting, regularization=0.3).begin(p)
    for regressors, target in zip(x, d):
        state.step(p, [regressors], [target - regressors @ p])
    weights = forgetting ** np.arange(39, -1, -1)
    normal = (x.T * weights) @ x + forgetting**40 * 0.3 * np.eye(SIZE)
    np.testing.assert_allclose(
        p,
        start + np.linalg.solve(normal, (x.T * weights) @ (d - x @ start)),
        rtol=1e-10,
    )
    np.testing.assert_allclose(
        state._covariances[0], np.linalg.inv(normal), rtol=1e-9, atol=1e-12
    )


@every_case("shared", [True, False])
def test_outputs_with_missing_targets_learn_as_if_each_were_alone(shared):
    """What one has learnt is not forgotten while only others have targets."""
    rng = np.random.default_rng(2)
    rule = RLS(forgetting=0.9, regularization=0.5)
    regressors = rng.normal(size=(STEPS, 2, 3))
    targets = rng.normal(size=(STEPS, 2))
    regressors[:, 1] = regressors[:, 0] if shared else regressors[:, 1]
    targets[rng.random(targets.shape) < 0.4] = np.nan
    together = np.zeros(6)
    alone = [np.zeros(3), np.zeros(3)]
    state = rule.begin(together, groups=[0, 0, 0, 1, 1, 1])
    states = [rule.begin(each) for each in alone]
    for x, aims in zip(regressors, targets, strict=True):
        jacobian = np.kron(np.eye(2), np.ones(3)) * x.reshape(-1)
        state.step(together, jacobian, aims - jacobian @ together)
        for o in np.flatnonzero(~np.isnan(aims)):
            states[o].step(alone[o], [x[o]], [aims[o] - x[o] @ alone[o]])
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-12)
    covariances = [each._covariances[0] for each in states]
    np.testing.assert_allclose(state._covariances, covariances, rtol=1e-12)


def test_parameters_of_no_output_never_move():
    p, jacobians, errors = problem()
    start = p.copy()
    groups = np.array([-1, 0, -2, 0, 1, 1, -1])
    RLS().begin(p, groups=groups).step(p, jacobians[0], errors[0])
    assert ((p == start) == (groups < 0)).all()


def filtered(p, jacobians, errors, groups, variance, noises, added):
    """The decoupled extended Kalman filter, with the matrices of Puskorius and
    Feldkamp."""
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    covariances = [variance * np.eye(len(member)) for member in members]
    for h, e, r, q in zip(jacobians, errors, noises, added):
        scatter = r * np.eye(len(e))
        for member, c in zip(members, covariances):
            scatter += h[:, member] @ c @ h[:, member].T
        a = np.linalg.inv(scatter)
        for g, (member, c) in enumerate(zip(members, covariances)):
            gain = c @ h[:, member].T @ a
            p[member] += gain @ e
            covariances[g] = c - gain @ h[:, member] @ c + q * np.eye(len(member))
    return p, covariances


@every_case("grouping", ["neuron", "all"])
def test_the_equations(grouping):
    p, jacobians, errors = problem()
    groups = GROUPS if grouping == "neuron" else np.zeros(SIZE)
    data = p.copy(), jacobians, errors
    noises = np.full(STEPS, 0.7), np.full(STEPS, 1e-3)
    wanted, covariances = filtered(*data, groups, 5.0, *noises)
    state = DEKF(
        initial_variance=5.0, measurement_noise=0.7, process_noise=1e-3, groups=grouping
    ).begin(p, groups=GROUPS)
    for h, e in zip(jacobians, errors):
        state.step(p, h, e)
    np.testing.assert_allclose(p, wanted, rtol=1e-10)
    for ours, theirs in zip(state._covariances, covariances, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_noise_falls_geometrically():
    p, jacobians, errors = problem()
    progress = np.minimum(1.0, np.arange(STEPS) / 20)
    wanted, _ = filtered(
        p.copy(),
        jacobians,
        errors,
        GROUPS,
        100.0,
        100.0 * 0.03**progress,
        1e-2 * 1e-4**progress,
    )
    state = DEKF(
        measurement_noise=(100.0, 3.0), process_noise=(1e-2, 1e-6), annealing=20
    ).begin(p, groups=GROUPS)
    for h, e in zip(jacobians, errors):
        state.step(p, h, e)
    np.testing.assert_allclose(p, wanted, rtol=1e-9)


def test_errors():
    p, jacobians, errors = problem()
    state = RLS().begin(p, groups=GROUPS)
    all_refused(
        [
            *(
                (partial(RLS, forgetting=bad), ArgumentError, "`forgetting` of RLS")
                for bad in (0.0, np.nan, 1.5)
            ),
            (lambda: RLS(regularization=0.0), ArgumentError, "`regularization` of RLS"),
            (
                lambda: DEKF(measurement_noise=(1.0, 0.0)),
                ArgumentError,
                "`measurement_noise` of DEKF",
            ),
            (
                lambda: DEKF(process_noise=-1e-3),
                ArgumentError,
                "`process_noise` of DEKF",
            ),
            (
                lambda: DEKF(process_noise=(1.0, 2.0, 3.0)),
                ArgumentTypeError,
                "two numbers",
            ),
            (lambda: DEKF(groups="layer"), ArgumentError, "`groups` of DEKF"),
            (
                lambda: DEKF().begin(p, groups=[0, 1]),
                ArgumentError,
                "`groups` with 7 whole numbers",
            ),
            (
                lambda: state.step(p, jacobians[0].T, errors[0]),
                ArgumentError,
                "of shape",
            ),
            (
                lambda: state.step(p, jacobians[0][:2], errors[0][:2]),
                ArgumentError,
                "at least 3 outputs",
            ),
            (lambda: state.restore({"steps": 1}), ArgumentError, "steps, covariance"),
            (
                lambda: state.restore({"steps": 1, "covariance": np.zeros(3)}),
                ArgumentError,
                "of shape",
            ),
            (lambda: state.restore(None), ArgumentTypeError, "mapping"),
        ]
    )
