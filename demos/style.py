"""Style: train a picture to have the content of one picture and the style of another.

    python -m demos style

Task: Draw a picture of 16 x 16 pixels with the content of one picture and the style of
another. Its pixels are the trained parameters: the biases of a layer of neurons. The
convolution after this layer is not trained.

Content is the activation of every feature at every position; style is the correlation
of every two features over all positions (Gatys and others 2015). A gate
multiplies, so gates compute the correlations."""

from __future__ import annotations

from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np

from demos._common import check, heading, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Trainer
from synapse.optimizers import Adam

SIZE = 16
WINDOW = 3
PLACES = SIZE - WINDOW + 1
# How much style counts beside content; 10 and 30 were tried last.
BALANCES = (0.0, 2.0, 10.0, 30.0, 1.0e3)

# --- 1. Pictures ----------------------------------------------------------------------


def pictures():
    """A ring above a bar, and diagonal waves; pixels from 0 to 1."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1)
    ring = abs(np.hypot(x - 0.5, y - 0.38) - 0.25) < 0.09
    content = np.where(ring | (abs(y - 0.85) < 0.07), 0.95, 0.1)
    return content, 0.5 + 0.45 * np.sin(11.0 * (x + y) + 0.8 * np.sin(9.0 * x))


# --- 2. The network -------------------------------------------------------------------
#
# Eight filters of 3 x 3 pixels look at every place: edges in four directions, lines in
# two, brightness, and dots. The correlation of features a and b is the mean of their
# products over all places: feature a leads to it by a connection from each place, and
# feature b gates each of these.

FILTERS = np.array([
    [-1, 0, 1, -2, 0, 2, -1, 0, 1], [-1, -2, -1, 0, 0, 0, 1, 2, 1],
    [0, 1, 2, -1, 0, 1, -2, -1, 0], [2, 1, 0, 1, 0, -1, 0, -1, -2],
    [-1, 2, -1, -1, 2, -1, -1, 2, -1], [-1, -1, -1, 2, 2, 2, -1, -1, -1],
    [1, 1, 1, 1, 1, 1, 1, 1, 1], [-1, -1, -1, -1, 8, -1, -1, -1, -1],
]) / 6.0  # fmt: skip
PAIRS = list(combinations_with_replacement(range(len(FILTERS)), 2))


def network(seed):
    """Canvas, features, and as outputs the content and the correlations."""
    rng = np.random.default_rng(seed)
    none = Layer(1, name="none")
    canvas = Layer(SIZE**2, bias=rng.normal(0.0, 0.5, SIZE**2).tolist(), name="canvas")
    features = Layer(len(FILTERS) * PLACES**2, squash="tanh", name="features")
    content = Layer(len(features), squash="identity")
    style = Layer(len(PAIRS), squash="identity")
    none.project(canvas, weights=0.0, trainable=False)  # no input counts

    indices = np.indices((PLACES, PLACES, WINDOW, WINDOW))
    row, column, dy, dx = (numbers.ravel() for numbers in indices)
    pixels = (row + dy) * SIZE + column + dx
    places = row * PLACES + column
    for number, weights in enumerate(FILTERS):
        at = number * PLACES**2
        ends = (pixels.tolist(), (at + places).tolist())
        tiled = np.tile(weights, PLACES**2)
        canvas.project(features, ends, weights=tiled, trainable=False)
    features.project(content, "one_to_one", weights=1.0, trainable=False)
    for product, (a, b) in zip(style, PAIRS, strict=True):
        for place in range(PLACES**2):
            source = features[a * PLACES**2 + place]
            link = source.project(product, PLACES**-2.0, trainable=False)
            features[b * PLACES**2 + place].gate(link)
    return Network(none, [canvas, features], Layer([*content, *style]))


def looked_at(net, pixels):
    """The content and the style of a picture."""
    before = net["canvas"].biases
    net["canvas"].biases = np.log(pixels / (1.0 - pixels)).ravel()
    outputs = net.activate([0.0]).copy()
    net["canvas"].biases = before
    return np.split(outputs, [len(net["features"])])


# --- 3. Learning ----------------------------------------------------------------------


def transfer(seed, content, style, balance, epochs):
    """A picture with so much style beside content, and how far it is from both."""
    net = network(seed)
    features, _ = looked_at(net, content)
    _, correlations = looked_at(net, style)
    weights = np.repeat([1.0, 100.0 * balance], [len(features), len(correlations)])
    net.output.cost_weights = weights
    targets = np.concatenate([features, correlations])

    trainer = Trainer(net, rule="bptt", optimizer=Adam(0.1), only=["canvas"])
    before = (net.weights, net["features"].biases)
    data = ([[[0.0]]], [[targets]])
    trainer.train(*data, epochs=epochs, seed=seed, progress=False)
    same = all(map(np.array_equal, before, (net.weights, net["features"].biases)))
    check(f"the filters are as before (style counts {balance:g})", same)
    net.activate([0.0])
    pixels = net["canvas"].activations.reshape(SIZE, SIZE)
    return pixels, distances(net, pixels, content, style)


def distances(net, pixels, content, style):
    """Distances to the content and to the style: 1 is that of the other picture."""
    images = (np.clip(image, 1e-6, 1 - 1e-6) for image in (pixels, content, style))
    drawn, shown, styled = (looked_at(net, image) for image in images)
    far = np.linalg.norm(drawn[0] - shown[0]) / np.linalg.norm(shown[0] - styled[0])
    off = np.linalg.norm(drawn[1] - styled[1]) / np.linalg.norm(shown[1] - styled[1])
    return far, off


@with_pyplot
def picture(plt, columns, path):
    figure, axes = plt.subplots(
        1, len(columns), figsize=(10.4, 2.1), layout="constrained"
    )
    for axis, (name, (pixels, (far, off))) in zip(axes, columns.items(), strict=True):
        axis.imshow(pixels, cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[], xlabel=f"content {far:.2f}\nstyle {off:.2f}")
        axis.set_title(name, fontsize=9)
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    content, style = pictures()
    epochs = 10 if quick else 500
    heading("Distance to the content of one picture and to the style of another")
    net = network(seed)
    print(f"{net!r}: {int(net['canvas'].trainable_bias) * SIZE**2} biases learn.")
    columns = {"content": (content, distances(net, content, content, style))}
    for balance in BALANCES:
        drawn = transfer(seed, content, style, balance, epochs)
        columns[f"style counts {balance:g}"] = drawn
    mean = (content + style) / 2
    columns["style"] = (style, distances(net, style, content, style))
    columns["mean of both"] = (mean, distances(net, mean, content, style))
    print(f"\n{'':20} content   style    (1: as far as the other picture)")
    for name, (_, (far, off)) in columns.items():
        print(f"{name:20} {far:7.2f} {off:7.2f}")
    picture(columns, out / "style.png")
    _, (far, off) = columns["style counts 30"]
    _, (mean_far, mean_off) = columns["mean of both"]
    if not quick:
        check(
            "style beside content is nearer to both than the mean of both",
            far < mean_far and off < mean_off,
        )
    lesson(
        f"With a balance of 30, the picture is {far:.2f} from the content and {off:.2f}"
        f" from the style; the mean of both pictures is {mean_far:.2f} and"
        f" {mean_off:.2f} from them. With style alone, the places are free:"
        " correlations do not say where a feature is."
    )
