"""Find out why Synaptic's LSTM(1, 1, 1) learns Neataptic's stream although the paper's
rule does not.

    python -m studies stream    # three seconds; prints the table of defaults.md

The network has one input x, input gate i, forget gate f, cell c, output gate o and
output y, wired as in Synaptic. Each difference between Synaptic's rule and the paper's
can be switched on. There are forty seeds each, with weights and biases within ±0.1,
gate biases 1, rate 0.3 and 5,000 epochs; a run has learnt the stream if its mean
cross-entropy is below 0.05."""

from __future__ import annotations

from itertools import product

import numpy as np

INPUTS = np.array([0.0, 1.0, 1.0, 0.0, 0.0])
TARGETS = np.array([0.0, 1.0, 0.0, 1.0, 0.0])
DIFFERENCES = (
    "error along peepholes",
    "updated weights",
    "late traces",
    "bias without trace",
)


def logistic(state):
    return 1.0 / (1.0 + np.exp(-state))


def train(w, b, along, moved, late, bare, epochs=5000, rate=0.3):
    """The mean costs of the last epoch, of many runs at once, which are the last axis.
    w: x to i, f, o, c; c to i, f, o, y; x to y. b: of i, f, c, o, y."""
    runs = w.shape[1]
    state = old = kept = cell = cost = np.zeros(runs)
    from_x = from_bias = error_i = error_f = np.zeros(runs)
    through_i = np.zeros((3, runs))
    through_f = np.zeros((3, runs))
    seen = np.ones((3, runs))  # x, the cell, 1
    for _ in range(epochs):
        cost = np.zeros(runs)
        for x, target in zip(INPUTS, TARGETS):
            seen[0], seen[1] = x, cell
            i = logistic(b[0] + w[0] * x + w[4] * cell)
            f = logistic(b[1] + w[1] * x + w[5] * cell)
            older, old = old, state
            state = f * old + b[2] + i * w[3] * x
            cell = logistic(state)
            slope = cell * (1 - cell)
            from_x, from_bias = f * from_x + i * x, f * from_bias + 1.0
            into = w[3] * x
            last = np.where(late, older, old)
            fade = np.where(late, kept, f)
            through_i = fade * through_i + i * (1 - i) * into * seen
            through_f = fade * through_f + f * (1 - f) * last * seen
            kept = f
            o = logistic(b[3] + w[2] * x + w[6] * cell)
            y = logistic(b[4] + w[8] * x + o * w[7] * cell)
            cost -= np.log(np.maximum(y if target else 1 - y, 1e-12))

            error = target - y
            to_o = o * (1 - o) * error * w[7] * cell
            before = w[6:8].copy()
            w[7] += rate * error * o * cell
            w[8] += rate * error * x
            b[4] += rate * error
            w[2] += rate * to_o * x
            w[6] += rate * to_o * cell
            below = np.where(moved, w[6:8], before)
            to_o = o * (1 - o) * error * below[1] * cell
            b[3] += rate * to_o
            delta = slope * (error * o * below[1] + to_o * below[0])
            delta += along * slope * (error_i * w[4] + error_f * w[5])
            error_i = i * (1 - i) * delta * into
            error_f = f * (1 - f) * delta * old
            w[3] += rate * delta * from_x
            b[2] += rate * delta * np.where(bare, 1.0, from_bias)
            w[[0, 4]] += rate * delta * through_i[:2]
            b[0] += rate * np.where(bare, error_i, delta * through_i[2])
            w[[1, 5]] += rate * delta * through_f[:2]
            b[1] += rate * np.where(bare, error_f, delta * through_f[2])
    return cost / len(INPUTS)


def start_of(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights and biases of a seed."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(-0.1, 0.1, 9)
    biases = rng.uniform(-0.1, 0.1, 5)
    biases[[0, 1, 3]] = 1.0
    return weights, biases


if __name__ == "__main__":
    starts = [start_of(seed) for seed in range(40)]
    cases = list(product((False, True), repeat=4))
    weights, biases = (
        np.tile(np.transpose(each), len(cases)) for each in zip(*starts, strict=True)
    )
    switches = np.repeat(np.transpose(cases), len(starts), axis=1)
    all_costs = train(weights, biases, *switches).reshape(len(cases), -1)
    print("| " + " | ".join((*DIFFERENCES, "learnt", "cost, median")) + " |")
    print("| --- " * 6 + "|")
    for case, costs in zip(cases, all_costs, strict=True):
        marks = ["yes" if on else "" for on in case]
        learnt = sum(cost < 0.05 for cost in costs)
        print(
            "| "
            + " | ".join((*marks, f"{learnt} of 40", f"{np.median(costs):.3f}"))
            + " |"
        )
