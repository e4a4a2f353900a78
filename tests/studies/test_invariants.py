"""Proofs that a memory holds for every length: what they accept, what they refuse, and
that their bounds hold."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network

pytest.importorskip("gymnasium")
from studies import _invariants, reward
from studies._counters import NotProvedError

pytestmark = pytest.mark.full  # run where gymnasium is: with the other tiers
TASKS = reward.TASKS_OF_CUES


def one_cell(squash, weight, bias=0.0):
    """A cell that reads its own activation, or keeps a part of its state, and an output
    for each cue."""
    inputs, cell, output = Layer(2), Layer(1, squash), Layer(2, "identity")
    inputs[0].project(cell[0], weight=3.0)
    if squash == "tanh":
        cell[0].project(cell[0], weight=weight, delay=1)
    else:
        cell[0].project(cell[0], weight=weight)
    cell[0].bias = bias
    for out, sign in zip(output, (-1.0, 1.0), strict=True):
        cell[0].project(out, weight=sign)
    return Network(inputs, [cell], output)


@pytest.mark.parametrize("bias", [0.0, 0.3])
def test_a_latch_is_proved(bias):
    net = one_cell("tanh", 2.0, bias)
    for task in TASKS:
        kept = _invariants.remembered(net, task)
        assert kept.enters < 10
        sign = 2 * task.answer - 1
        low, high = kept.box.center - kept.box.radii, kept.box.center + kept.box.radii
        h = sign  # the cell settles in the box, on its own side of 0
        for _ in range(1_000):
            h = np.tanh(2.0 * h + bias)
        assert low[0] < h < high[0]
        assert (low * sign > 0).all()


@pytest.mark.parametrize(
    ("squash", "weight", "bias"),
    [
        ("identity", 0.5, -1e-9),  # wrong when the cue has decayed below the bias
        ("identity", 0.999, 0.0),  # right, by a difference without a lower bound
        ("identity", 3.0, 0.0),  # right, until it is infinite
        ("tanh", 0.9, 0.0),  # one fixed point
        ("tanh", 2.0, -0.55),  # a fixed point for the other cue only
        ("tanh", 1.2, -0.0575),  # which the memory reaches after many rows
    ],
)
def test_what_forgets_is_refused(squash, weight, bias):
    net = one_cell(squash, weight, bias)
    with pytest.raises(NotProvedError, match=r"no box after \d+ rows"):
        _invariants.remembered(net, TASKS[1])


def test_a_cycle_is_proved():
    """A cell whose sign changes in every row, multiplied by a clock that also does."""
    inputs, cells = Layer(2), Layer(2, "tanh")
    output = Layer(2, "identity")
    inputs[0].project(cells[0], weight=3.0)
    for cell in cells:
        cell.project(cell, weight=-2.0, delay=1)
    cells[1].bias = 0.3
    for out, sign in zip(output, (-1.0, 1.0), strict=True):
        cells[1].gate(cells[0].project(out, weight=sign))
    net = Network(inputs, [cells], output)
    for task in TASKS:
        assert _invariants.remembered(net, task).returns % 2 == 0
    cells[1].bias = 0.0  # the clock stands still
    with pytest.raises(NotProvedError):
        _invariants.remembered(net, TASKS[1])


def test_what_has_no_bounds_is_refused():
    net = one_cell("tanh", 2.0)
    net.output.squash = "relu"
    with pytest.raises(NotProvedError, match="relu"):
        _invariants.remembered(net, TASKS[1])
    inputs, output = Layer(2), Layer(2, "identity")
    inputs.project(output, delay=2, weights=0.1)
    with pytest.raises(NotProvedError, match="delay"):
        _invariants.remembered(Network(inputs, output), TASKS[1])


@pytest.mark.parametrize(
    "net",
    [
        architect.LSTM(2, 3, 2, peepholes="all_to_all", seed=0),
        architect.GRU(2, 3, 2, initializer="fan_in", seed=1),
        architect.Elman(2, 3, 2, squash="tanh", seed=2),
        architect.LSTM(2, 3, 2, style="synaptic", seed=3),
        reward.self_exciting(4),
        reward.linear_cells(5),
    ],
    ids=repr,
)
def test_bounds_hold(net):
    """Memories of a set, each followed by the program, stay in the bounds of the
    set."""
    board = _invariants.Board(net)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6, 2))
    near = rows[0] + 0.02 * rng.uniform(-1, 1, size=(20, 2))
    # the first row is any of a box, which stands for a set of memories
    net.clear()
    reached = []
    for first in near:
        net.clear()
        net.activate(first)
        reached.append(board.reached(net))
    center = 0.5 * (np.min(reached, axis=0) + np.max(reached, axis=0))
    radii = np.max(np.abs(np.array(reached) - center), axis=0) + 1e-12
    memory = _invariants.Forms.box(center, radii)
    kept = memory.rows.shape[1] - 1
    forms = []
    for row in rows[1:]:
        memory, outputs = board.step(memory, row)
        forms.append((memory, outputs))
        memory = memory.with_symbols(kept)
    for first in near:
        net.clear()
        net.activate(first)
        for row, (after, outputs) in zip(rows[1:], forms, strict=True):
            assert (np.abs(net.activate(row) - outputs.centers) <= outputs.radii).all()
            assert (np.abs(board.reached(net) - after.centers) <= after.radii).all()
    assert outputs.radii.max() < 0.1


def test_the_example_of_the_study_is_proved_again():
    net = synapse.load(reward.EXAMPLE_PATH)
    assert all(reward.answers(net, length) for length in (2, 16, 500))
    for task in TASKS:
        assert _invariants.remembered(net, task).enters < 1_000
    net.output.biases = [-100.0, 100.0]
    with pytest.raises(NotProvedError):
        _invariants.remembered(net, TASKS[0])


def test_a_corridor_pays_for_its_cue_and_does_not_tell_its_length():
    seen = set()
    for seed in range(100):
        corridor = reward.Corridor()
        (cue, asked), _ = corridor.reset(seed=seed)
        steps = [([asked], 0.0, False)]
        while not steps[-1][2]:
            steps.append(corridor.step(int(cue > 0))[:3])
        (_, *rows), (_, *gains), _ = zip(*steps, strict=True)
        count = len(gains)
        assert asked == 0.0
        assert rows == [*[[0.0, 0.0]] * (count - 2), [0.0, 1.0], [0.0, 0.0]]
        assert gains == [0.0] * (count - 1) + [1.0]
        seen.add((cue, count))
    assert {length for _, length in seen} == set(reward.SHORT)
    assert {cue for cue, _ in seen} == {-1.0, 1.0}


@pytest.mark.slow
def test_an_agent_learns_until_its_answers_are_proved():
    row = reward.every_length("LSTM, until it is proved", 1)
    assert row["short"] == len(reward.SHORT)
    assert row["right"] == list(reward.LONG_LENGTHS)
    assert len(row["enters"]) == 2
    assert row["steps"] < 100_000
