"""Optimizers: nine optimizers in a narrow valley of the loss, along an axis and turned
by 45 degrees.

    python -m demos optimizers

Task: Minimise the loss of a neuron with two weights on forty examples, with nine
optimizers from the same start. The loss is a narrow valley: once along the axis of one
weight, once turned by 45 degrees.

Across the valley the slope is steep and the distance short; along it, the slope is
small and the distance long. The demo shows which optimizers depend on the direction of
the valley."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import synapse
from demos._common import CLEAR, check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network
from synapse.errors import MissingExtraError
from synapse.optimizers import LBFGS, SGD, AdaGrad, Adam, AdamW, RMSprop, Rprop

EXAMPLES = 40
GOAL = 1e-3
MOST = 500
START = np.array([0.2, -1.5])
BEST = np.array([1.0, 2.0])
TURN = np.sqrt(0.5) * np.array([[1.0, 1.0], [-1.0, 1.0]])
VALLEYS = {"along an axis": np.eye(2), "turned by 45°": TURN}

# --- 1. The neuron and its valley -----------------------------------------------------
#
# The first input varies ten times as much as the second, so the first weight has ten
# times the effect, and the curvature of the loss is a hundred times as large. Targets
# are the outputs with the weights 1 and 2, where the loss is 0. For the turned valley,
# inputs and weights are rotated by the same angle. Then the neuron's states, outputs
# and loss are the same.


def examples(seed, turn):
    """Uncorrelated inputs with standard deviations 1.5 and 0.15, and targets."""
    raw = np.random.default_rng([seed, 1]).normal(size=(EXAMPLES, 2))
    even = np.linalg.svd(raw - raw.mean(axis=0), full_matrices=False)[0]
    inputs = even * np.sqrt(EXAMPLES) * [1.5, 0.15]
    return inputs @ turn, np.tanh(inputs @ BEST)[:, None]


def neuron(weights):
    """A network of two inputs and one neuron, whose bias stays 0."""
    inputs = Layer(2)
    output = Layer(1, squash="tanh")
    inputs.project(output, seed=0)
    output[0].bias = 0.0
    output.trainable_bias = False
    put(output[0], weights)
    return Network(inputs, [], output)


def put(neuron, weights):
    for link, weight in zip(neuron.incoming, weights, strict=True):
        link.weight = weight


def weights_of(net):
    return np.array([link.weight for link in net.output[0].incoming])


def show_valley(seed):
    heading("1. The neuron and its valley")
    for name, turn in VALLEYS.items():
        inputs, targets = examples(seed, turn)
        # 40 sequences of one step
        rows = inputs[:, None, :]
        aims = targets[:, None, :]
        slopes = synapse.gradient(neuron(START @ turn), rows, aims)
        rest = synapse.gradient(neuron(BEST @ turn), rows, aims)
        slope = ", ".join(f"{value:+.3f}" for value in slopes.weights)
        print(
            f"  {name}: loss at the start {slopes.loss:.3f}, gradient ({slope}); at the"
            f" end {rest.loss:.3f}"
        )
    print(
        "\nAlong the axis the second weight is further from its target and has by far"
        " the smaller slope."
    )


# --- 2. The rules ---------------------------------------------------------------------
#
# Plain descent follows the gradient: its rate must be small enough for the steep
# direction, and is then too small for the flat one. Momentum adds a part of the
# previous update. Nesterov's evaluates it ahead. RMSprop, AdaGrad and Adam divide each
# weight's slope by its recent size, so every weight has its own rate. AdamW also decays
# the weights towards 0, here a little. Rprop uses only signs: a weight's step grows
# while the sign of its slope is the same, and halves when it changes. L-BFGS estimates
# the curvature from its last steps.
#
# Rates were chosen from 0.1, 0.2, 0.5, 1 and 2, for few steps in the turned valley with
# several seeds.

RULES = {
    "plain descent": SGD(2.0),
    "momentum 0.9": SGD(1.0, momentum=0.9),
    "Nesterov 0.9": SGD(1.0, momentum=0.9, nesterov=True),
    "AdaGrad": AdaGrad(2.0),
    "RMSprop": RMSprop(0.5, decay=0.9),
    "Adam": Adam(0.5),
    "AdamW": AdamW(0.5),
    "Rprop": Rprop(0.5),
    "L-BFGS": LBFGS(),
}


def walk(rule, turn, seed, most):
    """The weights and the loss after every step, until the loss is below the goal."""
    inputs, targets = examples(seed, turn)
    net = neuron(START @ turn)
    trainer = synapse.Trainer(net, rule="bptt", optimizer=rule, batch_size=EXAMPLES)
    path = [weights_of(net)]
    losses = [trainer.test(inputs, targets).loss]

    def note(progress):
        path.append(weights_of(net))
        losses.append(trainer.test(inputs, targets).loss)
        return losses[-1] < GOAL

    trainer.train(
        inputs, targets, epochs=most, callbacks=[note], progress=False, seed=0
    )
    return np.array(path), np.array(losses)


def race(seed, most):
    heading(f"2. Steps until the loss is below {GOAL} (at most {most})")
    walks = {}
    print(f"  rule            {'   '.join(VALLEYS)}")
    for name, rule in RULES.items():
        try:
            walks[name] = [walk(rule, turn, seed, most) for turn in VALLEYS.values()]
        except MissingExtraError:
            print(f"  {name:14}  left out: SciPy is not installed")
            continue
        results = (f"{told(losses):>13}" for _, losses in walks[name])
        print(f"  {name:14}  {'   '.join(results)}")
    return walks


def steps(losses):
    """The number of steps to the goal, or infinity."""
    return len(losses) - 1 if losses[-1] < GOAL else np.inf


def told(losses):
    return f"{steps(losses)}" if losses[-1] < GOAL else f"{losses[-1]:.4f} left"


# --- 3. Which way the valley lies -----------------------------------------------------
#
# Rules that use the gradient as a vector follow the same path, rotated. Rules with a
# separate rate per weight do well if the valley lies along an axis. In the turned
# valley both weights have similar slopes, so separate rates do not help.


def compare(walks):
    heading("3. The direction of the valley")
    for name in ("plain descent", "momentum 0.9", "Nesterov 0.9"):
        (path, _), (turned, _) = walks[name]
        together = min(len(path), len(turned))
        gap = np.abs(path[:together] @ TURN - turned[:together]).max()
        check(
            f"{name}: the path is the same, turned (largest difference {gap:.0e})",
            gap < 1e-6,
        )
    for name in ("AdaGrad", "RMSprop"):
        (_, along), (_, turned) = walks[name]
        check(f"{name} takes fewer steps along the axis", steps(along) < steps(turned))
    if "L-BFGS" in walks:
        turned = {name: steps(losses) for name, (_, (_, losses)) in walks.items()}
        check(
            "L-BFGS takes the fewest steps in the turned valley",
            turned["L-BFGS"] == min(turned.values()),
        )
        print(
            "(A step of L-BFGS may need several gradients, and it cannot use batches"
            " that change.)"
        )


# --- 4. A picture ---------------------------------------------------------------------
#
# Contours: the loss, by synapse.gradient at every point of a grid.

COLOURS = (ink.BLUE, ink.RED, ink.GREEN)
SHOWN = (-3.0, 7.0)
GROUPS = (
    ("plain descent", "momentum 0.9", "Nesterov 0.9"),
    ("AdaGrad", "RMSprop"),
    ("Adam", "AdamW"),
    ("Rprop", "L-BFGS"),
)


def surface(seed, turn, points):
    inputs, targets = examples(seed, turn)
    rows = inputs[:, None, :]
    aims = targets[:, None, :]
    side = np.linspace(*SHOWN, points)
    net = neuron(START)
    losses = np.empty((points, points))
    for i, y in enumerate(side):
        for j, x in enumerate(side):
            put(net.output[0], (x, y))
            losses[i, j] = synapse.gradient(net, rows, aims).loss
    return side, losses


@with_pyplot
def picture(plt, walks, seed, points, path):
    figure, axes = plt.subplots(
        2, 4, figsize=(8.4, 4.8), layout="constrained", sharex=True, sharey=True
    )
    levels = 10.0 ** np.arange(-4, 0.6, 0.5)
    for row, (place, turn) in enumerate(VALLEYS.items()):
        side, losses = surface(seed, turn, points)
        for group, panel in zip(GROUPS, axes[row]):
            panel.contour(side, side, losses, levels, colors=ink.GRAY, linewidths=0.5)
            for name, colour, style in zip(group, COLOURS, ("-", "-", "--")):
                if name in walks:
                    steps_taken, loss = walks[name][row]
                    look = {"marker": ".", "ms": 3, "lw": 1, "color": colour}
                    label = f"{name}: {told(loss)}"
                    panel.plot(*steps_taken.T, style, label=label, **look)
            panel.plot(*(START @ turn), "ks", ms=5)
            panel.plot(*(BEST @ turn), "k*", ms=9)
            panel.legend(
                fontsize=7,
                loc="upper right",
                handlelength=1.4,
                borderaxespad=0.1,
                **CLEAR,
            )
            panel.set(xlim=SHOWN, ylim=SHOWN)
        axes[row, 0].set_ylabel(f"{place}\n\nweight 2")
    for panel in axes[1]:
        panel.set_xlabel("weight 1")
    figure.suptitle(
        "From the square to the star, where the loss is 0; numbers: steps to a loss of"
        " 0.001"
    )
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    show_valley(seed)
    walks = race(seed, MOST)
    compare(walks)
    picture(walks, seed, 41 if quick else 241, out / "optimizers.png")
    counts = {
        name: [told(losses) for _, losses in both] for name, both in walks.items()
    }
    lesson(
        "Descent, momentum and Nesterov follow the gradient whatever its direction:"
        f" {counts['plain descent'][0]} and {counts['plain descent'][1]} steps (axis,"
        f" turned) for plain descent, {counts['Nesterov 0.9'][0]} and"
        f" {counts['Nesterov 0.9'][1]} for Nesterov. A rate for each weight helps most"
        f" along an axis: AdaGrad takes {counts['AdaGrad'][0]} and"
        f" {counts['AdaGrad'][1]} steps, Adam {counts['Adam'][0]} and"
        f" {counts['Adam'][1]}."
    )


# To try: other rates in RULES; a valley twice as narrow, inputs of spread 1.5 and
# 0.075; a turn by 10° only.
