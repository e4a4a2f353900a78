"""Filter: networks learn image filters from one picture and apply them to another.

    python -m demos filter

Task: Learn an image filter (blur, emboss, outline, edges, median) from one picture
before and after filtering, then apply it to a picture that was not used in training.
The network sees 3 x 3 pixels and outputs the new pixel in the middle.

If the filter is a weighted sum, the learned weights are those of the filter. The other
filters need a hidden layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import check, heading, lesson, save_figure, with_pyplot
from synapse.initializers import glorot
from synapse.learning import Cosine

# --- 1. Pictures ----------------------------------------------------------------------
#
# Both are drawn by formulas: one for training, with discs and grain, one for testing. A
# pixel is a number from -1 (black) to 1 (white); one in thirty is a speck of dirt, all
# black or all white.


def discs(size, rng):
    """A sky of discs, some bright, some dark, and grain everywhere."""
    y, x = np.mgrid[0:size, 0:size] / size
    image = 0.4 * np.sin(4 * x + 2 * y) - 0.1
    for _ in range(14):
        cx, cy = rng.uniform(0, 1, 2)
        radius = rng.uniform(0.05, 0.17)
        light = rng.uniform(-0.8, 0.8)
        image[np.hypot(x - cx, y - cy) < radius] = light
    return dirty(image + rng.normal(0, 0.1, image.shape), rng)


def tower(size, rng):
    """A tower under a moon."""
    y, x = np.mgrid[0:size, 0:size] / size
    image = 0.3 - 0.8 * y
    image[np.hypot(x - 0.75, y - 0.22) < 0.12] = 0.8
    image[(abs(x - 0.38) < 0.17) & (y > 0.35)] = -0.1
    image[(y > 0.15) & (y < 0.35) & (abs(x - 0.38) < (y - 0.15) * 1.2)] = -0.75
    image[(abs(x - 0.38) < 0.05) & (abs(y - 0.55) < 0.08)] = 0.7
    image[y > 0.85 + 0.04 * np.sin(14 * x)] = -0.4
    return dirty(image, rng)


def dirty(image, rng):
    specks = rng.random(image.shape) < 1 / 30
    return np.where(specks, rng.choice([-1.0, 1.0], image.shape), np.clip(image, -1, 1))


def neighbourhoods(image):
    """The 3 x 3 pixels around each inner one, shape (pixels, 9): row by row."""
    return np.lib.stride_tricks.sliding_window_view(image, (3, 3)).reshape(-1, 9)


# --- 2. Filters that are sums ---------------------------------------------------------
#
# A linear filter is nine numbers: the factor of each neighbour in the new pixel. A
# neuron with the squash identity computes the same with its weights. So one network of
# nine inputs and three outputs can learn three filters at once. Each output has its own
# targets and weights.

KERNELS = {
    "blur": np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "emboss": np.array([[-1, -0.5, 0], [-0.5, 0, 0.5], [0, 0.5, 1]]),
    "outline": np.array([[0, -0.5, 0], [-0.5, 2, -0.5], [0, -0.5, 0]]),
}


def sums(seed, image, fresh, epochs):
    heading("2. Filters that are weighted sums")
    kernels = np.array([kernel.ravel() for kernel in KERNELS.values()])
    patches = neighbourhoods(image)
    net = architect.Perceptron(9, 3, squash="identity", seed=seed)
    trainer = synapse.Trainer(net, rate=0.02)
    result = trainer.train(
        patches, patches @ kernels.T, epochs=epochs, seed=seed, progress=False
    )
    print(
        f"{net!r}, cost {result.loss:.1e} after {epochs} epochs. Learnt weights | the"
        " filter's own:"
    )
    learnt = np.array(
        [[link.weight for link in neuron.incoming] for neuron in net.output]
    )
    for name, weights, kernel in zip(KERNELS, learnt, kernels, strict=True):
        side_by_side(name, weights.reshape(3, 3), kernel.reshape(3, 3))
    print()
    check(
        "every weight equals the filter's, to a millionth",
        bool(abs(learnt - kernels).max() < 1e-6),
    )
    check("every bias is 0, to a millionth", bool(abs(net.output.biases).max() < 1e-6))
    seen = neighbourhoods(fresh)
    answers = net.run(seen)
    right = np.allclose(answers, seen @ kernels.T, atol=1e-5)
    check("so the filters are right on a picture that was not used in training", right)
    return dict(zip(KERNELS, answers.T, strict=True))


def side_by_side(name, learnt, kernel):
    print(f"\n  {name}")
    rounded = learnt.round(4) + 0.0  # + 0.0 makes -0 a 0
    for left, right in zip(rounded, kernel, strict=True):
        weights = "".join(f"{w:8.4f}" for w in left)
        true = "".join(f"{w:8.4f}" for w in right)
        print(f"  {weights}    |{true}")


# --- 3. Filters that are not ----------------------------------------------------------
#
# No weighted sum can compute the next two filters. The strength of an edge is the
# length of the slope in any direction: a root of squares. The median is the fifth of
# the nine pixels in order of brightness: a speck of dirt comes first or last, so it
# disappears, and edges remain sharp. They need a hidden layer.
#
# Errors are relative to the standard deviation of the target pixels: always predicting
# the mean has error 1.

ACROSS = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4


def edge(patches):
    return np.hypot(patches @ ACROSS.ravel(), patches @ ACROSS.T.ravel())


def median(patches):
    return np.median(patches, axis=1)


def bent(seed, image, fresh, hidden, epochs):
    heading("3. Filters that are not weighted sums")
    nets = {"a weighted sum": (), f"{hidden} hidden neurons": (hidden,)}
    missed = {}
    answers = {}
    patches = neighbourhoods(image)
    seen = neighbourhoods(fresh)
    print("  error on another picture          edge    median")
    for name, layers in nets.items():
        bends = {"squash": "tanh", "output_squash": "identity", "initializer": glorot}
        net = architect.Perceptron(9, *layers, 2, **bends, seed=seed)
        trainer = synapse.Trainer(net, rate=Cosine(0.03, epochs=epochs))
        trainer.train(patches, both(patches), epochs=epochs, seed=seed, progress=False)
        answers[name] = net.run(seen)
        targets = both(seen)
        errors = np.sqrt(((answers[name] - targets) ** 2).mean(axis=0))
        missed[name] = errors / targets.std(axis=0)
        print(f"  {name:28}{missed[name][0]:10.3f}{missed[name][1]:10.3f}")
    flat, deep = missed.values()
    check("for edges a weighted sum is no better than the mean", bool(flat[0] > 0.9))
    check(
        "a hidden layer reduces the error for edges to less than a third",
        bool(deep[0] < 1 / 3),
    )
    check(
        "for the median its error is at least a quarter lower than a sum's",
        bool(deep[1] < 0.75 * flat[1]),
    )
    return net, answers, flat, deep


def both(patches):
    return np.column_stack([edge(patches), median(patches)])


@with_pyplot
def picture(plt, image, fresh, linear, answers, path):
    figure, axes = plt.subplots(2, 5, figsize=(8.4, 3.7), layout="constrained")
    show(axes[0, 0], image, "Learnt from")
    show(axes[1, 0], fresh, "Never seen before")
    show(axes[0, 1], linear["emboss"], "emboss, by a sum")
    show(axes[1, 1], linear["outline"], "outline, by a sum")
    targets = both(neighbourhoods(fresh))
    for row, name in enumerate(("edge", "median")):
        show(axes[row, 2], targets[:, row], f"{name}: the filter")
        for column, (who, answer) in enumerate(answers.items(), start=3):
            show(axes[row, column], answer[:, row], f"{name}: {who}", targets[:, row])
    save_figure(figure, path)


def show(axes, pixels, title, like=None):
    """Show pixels as a grey square, with the range of brightness of `like`."""
    size = round(np.size(pixels) ** 0.5)
    like = pixels if like is None else like
    square = np.reshape(pixels, (size, size))
    axes.imshow(square, cmap="gray", vmin=np.min(like), vmax=np.max(like))
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=8)


def main(quick: bool, seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    image = discs(64, rng)
    fresh = tower(64, rng)
    linear = sums(seed, image, fresh, epochs=20 if quick else 50)
    hidden, epochs = (24, 150) if quick else (48, 400)
    net, answers, flat, deep = bent(seed, image, fresh, hidden, epochs)
    picture(image, fresh, linear, answers, out / "filter.png")
    synapse.save(net, out / "filter.synapse")
    lesson(
        "If the target is a weighted sum of the inputs, a single layer finds"
        " these weights, and they are right for any picture. Edges and the median are"
        " not such sums: with a hidden layer the error (1 is that of the mean) falls"
        f" from {flat[0]:.2f} to {deep[0]:.2f} for edges and from {flat[1]:.2f} to"
        f" {deep[1]:.2f} for the median."
    )


# To try: your own kernel; a filter of 5 x 5 pixels; the median without dirt in the
# training picture; a photograph before and after a filter of your favourite program.
