"""Fitness on data, in environments, and in Gymnasium."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import synapse
from studies._poles import Poles, observe, step
from synapse import evolve


@pytest.mark.full
def test_poles_are_balanced():
    evolution = evolve.neat(Poles(count=1), seed=0)
    assert evolution.solved
    assert evolution.fitness == 100_000
    two = evolve.neat(Poles(), seed=0)
    assert two.solved
    assert two.evaluations < 30_000  # the paper: 3,600 on average
    settings = evolve.Settings(
        weight_difference=3.0,
        threshold=4.0,
        add_connection=0.3,
        recurrent=0.2,
        survival=0.4,
        weight_range=1.0,
        weight_step=1.0,
    )
    task = Poles(velocities=False)
    blind = evolve.neat(
        task, population=1000, max_evaluations=60_000, settings=settings, seed=0
    )
    assert blind.solved
    assert task.generalisation(blind.genome) >= 200
    assert synapse.Topology.of(blind.champion).late.any()


def test_data_and_sequences():
    """The mean cost of a row is that of the trainer's test, for rows, sequences and
    missing targets."""
    rng = np.random.default_rng(0)
    net = evolve.Genome.minimal(2, 1, seed=1).network()
    net.output[0].project(net.output[0], weight=0.5)
    seen = set()
    for lengths in ((1,) * 7, (3, 5)):
        inputs = [rng.normal(size=(t, 2)) for t in lengths]
        targets = [rng.uniform(size=(t, 1)) for t in lengths]
        given = inputs, targets
        if len(lengths) == 7:  # as rows, which begin with a cleared context, too
            given = np.concatenate(inputs), np.concatenate(targets)
        outputs = np.concatenate([net.clone().run(rows) for rows in inputs])
        for cost in ("mean_squared_error", "cross_entropy"):
            task = evolve.fitness.dataset(*given, cost)
            result = evolve.neat(
                task, start=net, population=1, max_evaluations=1, seed=0
            )
            costs = map(synapse._cost.get(cost), np.concatenate(targets), outputs)
            expected = 1 / (1 + np.mean([*costs]))
            assert result.fitness == pytest.approx(expected, rel=1e-12)
            seen.add(result.fitness)
    assert len(seen) == 4
    missing = evolve.fitness.dataset([[0.0, 0.0], [1.0, 1.0]], [[np.nan], [1.0]])
    assert evolve.neat(missing, seed=0).solved
    exact = evolve.fitness.dataset([[0, 1], [1, 0]], [[0.25], [0.75]], goal=0.01)
    result = evolve.neat(exact, seed=0)
    assert result.solved
    assert ((result.champion.run([[0, 1]]) - 0.25) ** 2).item() <= 0.02


def test_the_cost_of_a_saturated_output_grows_with_its_state():
    net = evolve.Genome.minimal(1, 1, seed=1).network()
    net.weights, net.biases = [60.0], [0.0, 0.0]
    task = evolve.fitness.dataset([[1.0]], [[0.0]], "cross_entropy")
    result = evolve.neat(task, start=net, population=1, max_evaluations=1, seed=0)
    assert result.fitness == pytest.approx(1 / 61)


@pytest.mark.parametrize(
    ("targets", "cost", "start", "words"),
    [
        ([[-3.0], [2.0]], "mean_squared_error", None, "reach -3 to 2, got logistic"),
        ([[0.0], [2.0]], "squared_error", "tanh", "reach 0 to 2, got tanh"),
        ([[0.0], [1.0]], "cross_entropy", "identity", "needs logistic outputs"),
    ],
)
def test_outputs_that_cannot_reach_the_targets_are_refused(targets, cost, start, words):
    """Logistic ones, the default, were evolved in vain without a word."""
    task = evolve.fitness.dataset([[0.0, 1.0], [1.0, 0.0]], targets, cost)
    genome = start and evolve.Genome.minimal(2, 1, squash=start)
    with pytest.raises(synapse.errors.ArgumentError, match=words) as got:
        evolve.neat(task, start=genome, seed=0)
    if start is None:
        line = 'start=evolve.Genome.minimal(2, 1, squash="identity")'
        assert line in str(got.value)
        start = eval(line.removeprefix("start="), {"evolve": evolve})
        evolve.neat(task, start=start, population=5, max_evaluations=5, seed=0)


def test_environments_of_a_user():
    def look(state, inputs):
        inputs[0] = state[0]

    def move(state, outputs):
        state[0] = 1.2 * state[0] + outputs[0] - 0.5
        state[1] += 1.0 - abs(state[0])
        return abs(state[0]) < 1.0

    starts = [[0.3, 0.0], [-0.2, 0.0]]
    task = evolve.fitness.Environment(
        look, move, starts, inputs=1, outputs=1, steps=50, score=1
    )
    result = evolve.neat(task, seed=0)
    assert result.solved
    states = np.array(starts)
    for state in states:
        result.genome.clear()
        for _ in range(50):
            assert move(state, result.genome.activate(state[:1]))
    assert result.fitness == pytest.approx(states[:, 1].mean(), rel=1e-12)


def wieland(_, state, force, poles):
    """The equations of a cart with poles, in their usual form, without friction of the
    cart."""
    lengths = (0.5, 0.05)
    masses = (0.1, 0.01)
    gravity = -9.8
    friction = 2e-6
    angles = state[2::2]
    speeds = state[3::2]
    pushes = sum(
        m * length * w**2 * np.sin(a)
        + 0.75 * m * np.cos(a) * (friction * w / (m * length) + gravity * np.sin(a))
        for m, length, a, w in zip(masses[:poles], lengths, angles, speeds)
    )
    mass = 1.0 + sum(
        m * (1 - 0.75 * np.cos(a) ** 2) for m, a in zip(masses[:poles], angles)
    )
    pull = (force + pushes) / mass
    derivatives = [state[1], pull]
    for m, length, a, w in zip(masses[:poles], lengths, angles, speeds):
        turn = pull * np.cos(a) + gravity * np.sin(a) + friction * w / (m * length)
        derivatives += [w, -0.75 / length * turn]
    return derivatives


@pytest.mark.full
@np.errstate(under="ignore")  # of SciPy
def test_poles_agree_with_an_independent_integrator():
    rng = np.random.default_rng(0)
    for poles, inputs in ((1, 2), (1, 4), (2, 3), (2, 6)):
        start = rng.uniform(-0.1, 0.1, 2 + 2 * poles)
        world = Poles(poles).start_of(*start)
        observed = np.zeros(inputs)
        exact = start
        for _ in range(25):
            output = rng.uniform(size=1)
            step(world, output)
            force = 20.0 * (output[0] - 0.5)
            exact = solve_ivp(
                wieland, (0, 0.02), exact, args=(force, poles), rtol=1e-11, atol=1e-12
            ).y[:, -1]
            np.testing.assert_allclose(world[: len(exact)], exact, rtol=1e-4, atol=1e-5)
        observe(world, observed)
        seen = exact / np.array([4.8, 2.0, 0.52, 2.0, 0.52, 2.0])[: 2 + 2 * poles]
        np.testing.assert_allclose(
            observed, seen[::2] if inputs < 4 else seen, atol=1e-3
        )


def test_the_score_without_velocities_is_that_of_gruau():
    """0.1 t / 1000 + 0.9 * 0.75 / the movement in the latest 100 steps; the second term
    begins there."""
    for start, most in (((0.0, 0.0, 0.3), 50), ((0.0, 1e-3, 1e-13), 130)):
        world = Poles().start_of(*start)
        moved = []
        going = True
        while going and len(moved) < 1001:
            going = step(world, np.array([0.5]))
            moved.append(abs(world[:4]).sum())
        steps = len(moved) - 1
        still = 0.0 if steps < 100 else 0.75 / sum(moved[-100:])
        assert (steps < 100) == (most < 100)
        assert world[8] == pytest.approx(0.1 * steps / 1000 + 0.9 * still, rel=1e-12)
