"""Delta_rule: gradient descent of one weight and one bias at four learning rates.

    python -m demos delta_rule

Task: Fit a line to twenty points with one neuron, by gradient descent on its weight and
its bias. The demo compares four learning rates.

Each pair of weight and bias has an error on the points. Drawn as a height over the
plane of pairs, the errors form a valley, and learning walks downhill in it. The demo
derives the rule, shows its path at four rates, and finds the rate above which it
diverges.

Lessons 3 and 4 of `synapse play` are parts 1 and 3 in a browser, with two weights.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network

# --- 1. The delta rule ----------------------------------------------------------------
#
# A neuron with squash f has the state s = b + sum of w_i x_i and the output y = f(s).
# The error on an example with target t is E = (t - y)^2 / 2. If w_i grows a little, s
# grows by x_i times as much, y by f'(s) times that, and E by -(t - y) times that:
#
#     dE/dw_i = -(t - y) f'(s) x_i
#     dE/db   = -(t - y) f'(s)          for the bias, whose input is 1
#
# This is the slope of E along w_i. To go down, take a step against it:
#
#     change of w_i = rate x (t - y) f'(s) x_i
#
# Widrow and Hoff, 1960. (t - y) f'(s) is called delta: the neuron's
# `error.responsibility`. We check it numerically: change a weight by a millionth in
# both directions, and measure the change of the error.


def neuron(name, weight=0.0, bias=0.0):
    """An input x and one neuron."""
    inputs = Layer(1)
    output = Layer(1, name, bias)
    inputs.project(output, weights=weight)
    return Network(inputs, [], output)


def numbers(net):
    """The weight and bias of the network, as a point of the plane."""
    return np.array([net.connections[0].weight, net.output[0].bias])


def put(net, point):
    net.connections[0].weight, net.output[0].bias = map(float, point)


def derived(seed):
    heading("1. The delta rule")
    draw = np.random.default_rng(seed)
    tiny = 1e-6
    rate = 0.1
    for name in ("identity", "logistic", "tanh"):
        net = neuron(name, *draw.normal(size=2))
        x = draw.normal()
        t = 0.8
        start = numbers(net)
        rises = [difference(net, x, t, start, tiny * axis) for axis in np.eye(2)]
        slopes = np.array(rises) / (2 * tiny)
        put(net, start)
        net.activate([x])
        net.propagate(rate, [t], cost="squared_error")
        moved = numbers(net) - start
        delta = net.output[0].error.responsibility
        print(
            f"{name:9} delta {delta:+.6f}; weight and bias move by {moved[0]:+.6f},"
            f" {moved[1]:+.6f}"
        )
        same = np.allclose(moved, -rate * slopes, atol=1e-9)
        check("this is -rate x the measured slope", same)


def difference(net, x, t, point, step):
    """The error at point + step minus that at point - step."""
    errors = []
    for place in (point + step, point - step):
        put(net, place)
        errors.append((t - net.activate([x])[0]) ** 2 / 2)
    return errors[0] - errors[1]


# --- 2. The landscape -----------------------------------------------------------------
#
# Twenty points lie near a straight line, t = 0.8 x - 0.3. The neuron has the squash
# identity, so that y = w x + b: learning fits a line. The mean error of all points is a
# quadratic function of w and b: a valley with the same curvatures everywhere. They are
# the eigenvalues of the matrix
#
#     H = [ mean of x^2    mean of x ]
#         [ mean of x          1     ]
#
# The large one is the curvature across the valley, the small one along its floor. The
# descent begins on the slope; the lowest point is known in this case (least squares),
# so we can measure the distance to it.

START = np.array([-0.7, 0.6])


def points(seed):
    draw = np.random.default_rng(seed)
    x = np.linspace(0.0, 2.0, 20)
    return x, 0.8 * x - 0.3 + draw.normal(0.0, 0.2, 20)


def landscape(x, t):
    heading("2. The landscape")
    ones = np.column_stack([x, np.ones_like(x)])
    lowest = np.linalg.lstsq(ones, t)[0]
    curvatures, directions = np.linalg.eigh(ones.T @ ones / len(x))
    print(
        f"Lowest point: weight {lowest[0]:.4f}, bias {lowest[1]:.4f}; error"
        f" {error(lowest, x, t):.5f}"
    )
    print(f"Curvature along the valley {curvatures[0]:.4f}, across {curvatures[1]:.4f}")
    print(f"Error at the start {error(START, x, t):.4f}")
    return lowest, curvatures, directions


def error(point, x, t):
    """Mean error of all points, for pairs of numbers of any shape (..., 2)."""
    lines = np.multiply.outer(point[..., 0], x) + point[..., 1, None]
    return ((t - lines) ** 2 / 2).mean(axis=-1)


# --- 3. Four rates --------------------------------------------------------------------
#
# One step computes the change for each point with the same weights, and then applies
# the mean of all changes. `propagate` changes the weights at once, so we record the
# change and restore the weights.
#
# Look at the direction across the valley, with curvature c. At a distance d from the
# floor the slope is c d, so after one step the distance is d - rate c d = (1 - rate c)
# d. Each step multiplies d by 1 - rate c:
#
#     rate below 1/c             d shrinks, from one side
#     rate between 1/c and 2/c   each step ends beyond the floor, but less far out:
#                                a zigzag that dies out, slowly near 2/c
#     rate above 2/c             each step ends farther out than the previous one
#
# The steepest direction sets the limit: 2 / largest curvature. But the floor of the
# valley is so flat that even a good rate needs many steps along it. That is the
# weakness of plain gradient descent: one rate for directions of different curvature.

# Rates as fractions of 2 / curvature across the valley.
RATES = {"too small": 0.02, "good": 0.8, "zigzag": 0.96, "runs away": 1.02}


def step(net, x, t, rate):
    """One step of gradient descent on the mean error."""
    start = numbers(net)
    change = np.zeros(2)
    for input_, target in zip(x, t):
        net.activate([input_])
        net.propagate(rate, [target])
        change += numbers(net) - start
        put(net, start)
    put(net, start + change / len(x))


def walk(x, t, rate, steps):
    net = neuron("identity", *START)
    path = [numbers(net)]
    for _ in range(steps):
        step(net, x, t, rate)
        path.append(numbers(net))
    return np.array(path)


def four_rates(x, t, curvatures, steps=30):
    heading("3. Four rates")
    bound = 2 / curvatures[1]
    rates = {name: fraction * bound for name, fraction in RATES.items()}
    walks = {name: walk(x, t, rate, steps) for name, rate in rates.items()}
    print(
        f"The bound is 2 / {curvatures[1]:.4f} = {bound:.4f}. Error by number"
        " of steps:\n"
    )
    print("  rate                     1         5        10        30")
    for name, path in walks.items():
        errors = error(path, x, t)
        shown = "".join(f"{errors[n]:10.4f}" for n in (1, 5, 10, 30))
        print(f"  {rates[name]:.4f} {name:10}{shown}")
    falling = {
        name: (np.diff(error(path, x, t)) < 0).all() for name, path in walks.items()
    }
    check(
        "below the bound the error falls at every step",
        falling["too small"] and falling["good"],
    )
    check("it falls in the zigzag too", falling["zigzag"])
    away = error(walks["runs away"], x, t)
    check("above the bound it ends higher than it began", away[-1] > away[0])
    ends = {name: error(path[-1], x, t) for name, path in walks.items()}
    check("the good rate ends lowest of the four", min(ends, key=ends.get) == "good")
    return walks


# --- 4. The bound, found by trial -----------------------------------------------------
#
# Start beside the lowest point, straight across the valley, and make 10 steps. If the
# distance has grown, the rate was too high. Halving an interval of rates 28 times finds
# the rate at which this changes.


def bound_by_trial(x, t, lowest, curvatures, directions):
    heading("4. The bound, measured")
    beside = lowest + 0.1 * directions[:, 1]
    net = neuron("identity")
    low = 0.0
    high = 4 / curvatures[1]
    for _ in range(28):
        rate = (low + high) / 2
        put(net, beside)
        for _ in range(10):
            step(net, x, t, rate)
        runs_away = np.linalg.norm(numbers(net) - lowest) > 0.1
        if runs_away:
            high = rate
        else:
            low = rate
    print(f"Measured {rate:.6f}, by the formula {2 / curvatures[1]:.6f}")
    check(
        "they differ by less than a millionth", abs(rate * curvatures[1] / 2 - 1) < 1e-6
    )


# --- 5. One point at a time -----------------------------------------------------------
#
# The library's online rule, like that of Widrow and Hoff, updates the weights after
# every single point. Each point has its own valley, so the path fluctuates; it ends
# near the lowest point, the nearer the smaller the rate. In return, twenty points give
# twenty steps instead of one.


def online(x, t, lowest, seed, quick):
    heading("5. One point at a time")
    epochs = 200 if quick else 1000
    minimum = error(lowest, x, t)
    above = [tremble(x, t, rate, epochs, seed) - minimum for rate in (0.1, 0.01)]
    print(
        "Mean distance of the error above its minimum, over the later half of the"
        " epochs:"
    )
    print(f"  rate 0.1: {above[0]:.1e}     rate 0.01: {above[1]:.1e}")
    check("a smaller rate stays nearer to the minimum", above[1] < above[0])
    return trail(x, t, seed), above


def tremble(x, t, rate, epochs, seed):
    """The mean error at the ends of the later half of the epochs."""
    net = neuron("identity", *START)
    errors = []
    synapse.Trainer(net, rate=rate).train(
        x[:, None],
        t[:, None],
        epochs=epochs,
        seed=seed,
        progress=False,
        callbacks=[lambda progress: errors.append(error(numbers(net), x, t))],
    )
    return np.mean(errors[epochs // 2 :])


def trail(x, t, seed):
    """Weight and bias after each point of the first two epochs, at rate 0.1."""
    net = neuron("identity", *START)
    path = [numbers(net)]
    synapse.Trainer(net, optimizer=synapse.optimizers.SGD(0.1)).train(
        x[:, None],
        t[:, None],
        epochs=2,
        seed=seed,
        progress=False,
        on_batch=lambda batch: path.append(numbers(net)),
    )
    return np.array(path)


# --- 6. A picture ---------------------------------------------------------------------


@with_pyplot
def picture(plt, x, t, lowest, walks, single, path):
    figure, axes = plt.subplots(2, 3, figsize=(8.4, 5.3), layout="constrained")
    colours = dict(zip(walks, (ink.ORANGE, ink.GREEN, ink.BLUE, ink.RED)))
    shown = {**walks, "one point at a time, rate 0.1": single}
    for panel, (name, places) in zip((*axes[0], *axes[1, :2]), shown.items()):
        valley(panel, x, t, lowest)
        title = f"{name}: {RATES[name]:g} of the bound" if name in RATES else name
        panel.plot(*places.T, ".-", color=colours.get(name, ink.BLACK), lw=1, ms=4)
        panel.set(title=title, xlabel="weight", ylabel="bias")
    last = axes[1, 2]
    for (name, places), style in zip(walks.items(), (":", "-", "--", "-.")):
        last.semilogy(error(places, x, t), style, color=colours[name], lw=2, label=name)
    last.axhline(error(lowest, x, t), color=ink.GRAY, lw=1)
    last.set(xlabel="step", ylabel="mean error", title="Error (grey: the lowest)")
    last.set_ylim(None, 100)
    last.legend(loc="upper left")
    save_figure(figure, path)


def valley(axes, x, t, lowest):
    side = np.linspace(-2.4, 2.4, 121)
    w, b = np.meshgrid(lowest[0] + side, lowest[1] + side)
    heights = error(np.stack([w, b], axis=-1), x, t)
    axes.contour(
        w, b, heights, levels=np.geomspace(0.04, 5, 6), colors=ink.GRAY, linewidths=0.7
    )
    axes.plot(*lowest, "+", color="black", ms=10)
    axes.set(xlim=(w.min(), w.max()), ylim=(b.min(), b.max()))


def main(quick: bool, seed: int, out: Path) -> None:
    derived(seed)
    x, t = points(seed)
    lowest, curvatures, directions = landscape(x, t)
    walks = four_rates(x, t, curvatures)
    bound_by_trial(x, t, lowest, curvatures, directions)
    single, above = online(x, t, lowest, seed, quick)
    picture(x, t, lowest, walks, single, out / "delta_rule.png")
    ends = {name: error(path[-1], x, t) for name, path in walks.items()}
    lesson(
        "The learning rate has an upper bound, 2 / the largest curvature:"
        f" {2 / curvatures[1]:.3f} here. After 30 steps the error is"
        f" {ends['too small']:.3f} with a rate far below the bound, {ends['good']:.3f}"
        f" at 0.8 of it, and {ends['runs away']:.3f} just above it, from"
        f" {error(START, x, t):.3f} at the start. Learning one point at a time ends"
        f" near the minimum, and nearer with a smaller rate ({above[0]:.0e} and"
        f" {above[1]:.0e} above it)."
    )


# To try: let x range from -1 to 1 in `points`, so that its mean is 0. The valley
# becomes much rounder, and a good rate needs only a few steps. This is why inputs are
# centred before learning.
