"""Translation: a network translates points of one set to another set, although no pairs
are known.

    python -m demos translation

Task: Two sets hold points of the same curve, which is turned and squeezed in the second
set; no point of one is given with its partner in the other. Learn to translate points
from each set to the other. One network has a middle layer that both sets share by
ties, another has a middle layer for each set.

After Liu, Breuel and Kautz 2017: a point is encoded from one set and decoded into
the other, a judge decides whether the result looks like the other set, and a point that
is translated there and back must end where it started."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Trainer
from synapse.optimizers import Adam

HIDDEN = 10
JUDGING = 24
BATCH = 32
POINTS = 2000
NEAR = 0.25
"""A point has arrived if it is at most so far from its partner; the curve is 2
across."""
NEAR_ANGLE = 45.0
FAR_ANGLE = 150.0

# --- 1. Two sets without pairs --------------------------------------------------------


def curve(count, rng):
    along = np.sqrt(rng.uniform(0.02, 1.0, count))
    directions = np.stack([np.cos(4.5 * along), np.sin(4.5 * along)], axis=1)
    points = 1.2 * along[:, None] * directions
    return points + rng.normal(0.0, 0.03, (count, 2))


def partner(points, angle):
    """Where points belong in the second set: squeezed, turned by an angle in degrees,
    and moved."""
    turn = np.deg2rad(angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = rotation * [1.0, 0.8]
    return points @ matrix.T + [0.3, -0.2]


# --- 2. One network -------------------------------------------------------------------
#
# From a point of set a, an encoder makes a code, and two decoders make a point of a
# again and a point of b from it. That one is encoded and decoded back to a. The same
# begins at a point of b. So an encoder or a decoder occurs several times: its copies
# have tied weights and biases. Each set has a plane of its own before the encoder and
# after the decoder, which begins as the identity. All between is the middle.
#
# A judge for each set sees a real point or a translated one: two switches gate the way
# to it.


def network(shared, seed):
    """The network, and projections and layers by name; those of one name are tied."""
    rng = np.random.default_rng(seed)
    order = []
    copies = defaultdict(list)

    def step(source, size, squash, name, **weights):
        layer = Layer(size, squash=squash, bias=0.0, name=f"{name} {len(copies[name])}")
        copies[name].append((source.project(layer, **weights or {"seed": rng}), layer))
        order.append(layer)
        return layer

    def encoded(points, name):
        middle = "" if shared else name
        plane = step(points, 2, "identity", f"in {name}", weights=np.eye(2))
        bent = step(plane, HIDDEN, "tanh", f"encode {middle}")
        return step(bent, 2, "identity", f"code {middle}")

    def decoded(code, name):
        middle = "" if shared else name
        bent = step(code, HIDDEN, "tanh", f"decode {middle}")
        plane = step(bent, 2, "identity", f"plane {middle}")
        return step(plane, 2, "identity", f"out {name}", weights=np.eye(2))

    a = Layer(2)
    b = Layer(2)
    switch = Layer(2)
    ends = []
    verdicts = []
    for points, name, others, other in ((a, "a", b, "b"), (b, "b", a, "a")):
        code = encoded(points, name)
        made = decoded(code, other)
        ends += [decoded(code, name), decoded(encoded(made, other), name)]
        seen = Layer(2, squash="identity", bias=0.0, name=f"seen {other}")
        switch[0].gate(others.project(seen, "one_to_one", weights=1.0, trainable=False))
        switch[1].gate(made.project(seen, "one_to_one", weights=1.0, trainable=False))
        seen.trainable_bias = False
        order.append(seen)
        doubt = step(seen, JUDGING, "leaky_relu", f"judge {other}")
        doubt = step(doubt, JUDGING, "leaky_relu", f"doubt {other}")
        verdicts.append(step(doubt, 1, "logistic", f"verdict {other}"))
    for group in copies.values():
        if len(group) > 1:
            projections, layers = zip(*group, strict=True)
            for tied in (projections, layers):
                members = [member for copy in tied for member in copy]
                numbers = np.tile(np.arange(len(tied[0])), len(tied))
                synapse.tie(members, groups=numbers)
    last = [*ends, *verdicts]
    output = Layer([neuron for layer in last for neuron in layer])
    hidden = [layer for layer in order if layer not in last]
    net = Network(Layer([*a, *b, *switch]), hidden, output)
    net.output.cost_weights = [1.0] * 8 + [0.1] * 2
    return net, copies


# --- 3. Two trainers in turn ----------------------------------------------------------
#
# The judges learn 1 for real points and 0 for translated ones. Then all that translates
# learns that points come back, from their own decoder and from the way there and back,
# and that the judges say 1.


def learned(shared, angle, rounds, seed):
    """Train a network; returns points of the first set and their translations."""
    net, copies = network(shared, seed)
    rng = np.random.default_rng(seed)
    sets = (curve(POINTS, rng), partner(curve(POINTS, rng), angle))
    judges = []
    for name, group in copies.items():
        if name[:5] in ("judge", "doubt"):
            judges += [layer for _, layer in group]
    translating = [
        layer for layer in net.hidden if layer not in judges and layer.trainable
    ]

    def trainer(members):
        adam = Adam(0.002, betas=(0.5, 0.999))
        options = {"rule": "bptt", "cost": "squared_error"}
        return Trainer(net, optimizer=adam, only=members, **options)

    judge = trainer([*judges, *net.output[8:]])
    translator = trainer([*translating, *net.output[:8]])
    switches = np.eye(2).repeat(BATCH, axis=0)  # real points, then translated ones
    for _ in range(rounds):
        a, b = (points[rng.integers(POINTS, size=2 * BATCH)] for points in sets)
        verdicts = np.full((2 * BATCH, 10), np.nan)
        verdicts[:, 8:] = switches[:, :1]
        judge.train([(np.hstack([a, b, switches]), verdicts)], progress=False)
        a = a[:BATCH]
        b = b[:BATCH]
        ones = np.ones((BATCH, 2))
        rows = np.hstack([a, b, switches[BATCH:]])
        translator.train([(rows, np.hstack([a, a, b, b, ones]))], progress=False)
    return translated(net, copies, curve(1000, np.random.default_rng(99)))


def translated(net, copies, points):
    """Points of the first set, the points of the second that they become, and where
    those lead back to."""
    made = copies["out b"][0][1]
    with synapse.record(net, neurons=made) as log:
        ends = net.run(np.hstack([points, np.zeros((len(points), 4))]))
    return points, log.activation, ends[:, 2:4]


def near(places, others):
    """The percentage of points that are near others."""
    return 100 * float((np.linalg.norm(places - others, axis=1) < NEAR).mean())


# --- 4. Where the points arrive -------------------------------------------------------


@with_pyplot
def picture(plt, runs, path):
    figure, axes = plt.subplots(
        len(runs),
        2 + len(runs[0][2]),
        figsize=(9.6, 4.6),
        layout="constrained",
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for row, (name, angle, results) in zip(axes, runs, strict=True):
        points = results[0][0]
        shade = np.linalg.norm(points, axis=1)  # the place along the curve
        partners = partner(points, angle)
        panels = [("first set", points), (f"partners, {angle:.0f}°", partners)]
        for _, made, _ in results:
            panels.append((f"{near(made, partners):.0f} % arrived", made))
        for axis, (title, places) in zip(row, panels, strict=True):
            if title != "first set":
                axis.scatter(*partners.T, color=ink.PALE, s=3)
            axis.scatter(*places.T, c=shade, cmap="viridis", s=3)
            axis.set_title(title, fontsize=9)
            axis.set_aspect("equal")
        row[0].set_ylabel(f"{name}\ny")
    for axis in axes[-1]:
        axis.set_xlabel("x")
    axes[0, 0].set(xticks=[-1, 0, 1, 2], yticks=[-1, 0, 1])
    axes[0, 0].set(xlim=(-1.3, 2.5), ylim=(-1.6, 1.3))
    sign = plt.Line2D([], [], ls="", marker="o", ms=4, color=ink.PALE)
    figure.legend([sign], ["partners"], loc="outside lower right")
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    rounds = 20 if quick else 1000
    seeds = range(seed, seed + (1 if quick else 5))
    heading("Points that arrive at their partners")
    runs = []
    shares = []
    returns = []
    for name, shared, angle in (
        ("shared middle", True, NEAR_ANGLE),
        ("two middles", False, NEAR_ANGLE),
        ("shared, far", True, FAR_ANGLE),
    ):
        results = [learned(shared, angle, rounds, number) for number in seeds]
        runs.append((name, angle, results))
        arrived = [near(made, partner(points, angle)) for points, made, _ in results]
        shares.append(arrived)
        returns.append([near(back, points) for points, _, back in results])
        shown = "".join(f"{share:6.0f} %" for share in arrived)
        print(f"{name:14} turned by {angle:3.0f}°:{shown}")
    copies = network(True, seed)[1]
    planes = [projection.weights for projection, _ in copies["encode "]]
    same = all((weights == planes[0]).all() for weights in planes)
    check("all encoders of the shared middle have the same weights", same)
    picture(runs, out / "translation.png")
    means = [np.mean(share) for share in shares]
    if not quick:
        check("more points arrive with the shared middle", bool(means[0] > means[1]))
    lesson(
        f"With a shared middle, {means[0]:.0f} % of the points arrive at their"
        f" partners, with two middles {means[1]:.0f} %. Translated there and"
        f" back, {np.mean(returns[0]):.0f} and {np.mean(returns[1]):.0f} % return to"
        " their places, so this does not show whether a translation is correct. The"
        " shared middle starts from a translation that leaves every point in place."
        f" From there {means[0]:.0f} % arrive if the set is turned by"
        f" {NEAR_ANGLE:.0f}°, and {means[2]:.0f} % if it is turned by {FAR_ANGLE:.0f}°."
    )
