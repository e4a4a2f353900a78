"""Paint: a network of 53 neurons learns a picture as a function from place to colour.

    python -m demos paint

Task: Learn a picture as a function: the inputs are the coordinates (x, y) of a pixel,
the outputs its red, green and blue. Then draw the picture at four times the size.

The network never reads the picture as a whole. It first learns the overall brightness,
then large shapes, then edges. The sharpness of the result depends on the encoding of
the coordinates."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse.initializers import normal
from synapse.learning import Cosine
from synapse.readwrite import _files

FRAMES = (0, 1, 3, 10, 30, 100, 250, 500)  # epochs after which a frame is stored

# --- 1. The picture -------------------------------------------------------------------
#
# An evening by the sea, drawn by formulas: x goes from -1 at the left to 1, y from -1
# at the top to 1. A pixel is three numbers between 0 and 1: red, green, blue.


def places(size):
    """The middle of every pixel, shape (size * size, 2): x, y."""
    side = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(side, side)
    return np.column_stack([x.ravel(), y.ravel()])


def evening(size, seed):
    """Colours of the places, shape (size * size, 3); the seed moves the sun and the
    hills."""
    draw = np.random.default_rng(seed)
    sun = draw.uniform(-0.4, 0.4)
    phase = draw.uniform(0, 6)
    x, y = places(size).T
    high = np.clip((y + 1) / 1.3, 0, 1)[:, None]
    colours = (1 - high) * [0.16, 0.20, 0.45] + high * [0.98, 0.62, 0.32]  # the sky
    colours[np.hypot(x - sun, y - 0.05) < 0.27] = [1.0, 0.93, 0.62]
    hills = y > 0.12 - 0.13 * np.sin(3.5 * x + phase) - 0.06 * np.sin(9 * x)
    colours[hills] = [0.33, 0.20, 0.38]
    sea = y > 0.3
    depth = np.clip((y - 0.3) / 0.7, 0, 1)[:, None]
    colours[sea] = ((1 - depth) * [0.80, 0.48, 0.38] + depth * [0.07, 0.16, 0.32])[sea]
    gleam = sea & (abs(x - sun) < 0.06 + 0.12 * (y - 0.3) + 0.05 * np.sin(28 * y))
    colours[gleam] = [1.0, 0.80, 0.52]
    return colours


def square(colours):
    """Colours as an image, shape (size, size, 3)."""
    size = round(len(colours) ** 0.5)
    return colours.reshape(size, size, 3)


# --- 2. From x and y ------------------------------------------------------------------
#
# The network has two inputs, two hidden layers of 24 tanh neurons, and three logistic
# outputs: red, green, blue. The error of a frame is the root mean square error; black
# instead of white would be 1. The mean colour of the picture everywhere is the best
# result with biases alone.


def see_place(points):
    return points


# --- 3. From waves --------------------------------------------------------------------
#
# A tanh neuron of x and y makes one soft edge across the whole picture. Fine details
# need many of them, or better inputs: the second network also has the sine and cosine
# of x and of y at four frequencies as inputs (as in Tancik and others, 2020). Its other
# neurons and its training are the same.


def see_waves(points):
    angles = np.pi * np.concatenate([points * 2**k for k in range(4)], axis=1)
    return np.concatenate([points, np.sin(angles), np.cos(angles)], axis=1)


def painter(inputs, seed):
    def spread(rng, shape, fan_in, fan_out):
        return rng.normal(0, 1.5 / np.sqrt(fan_in), shape)

    drawn = {"initializer": spread, "bias_initializer": normal(0.5), "seed": seed}
    return architect.Perceptron(
        inputs, 24, 24, 3, squash="tanh", output_squash="logistic", **drawn
    )


def learn(title, see, colours, frames, seed):
    """Train to the last frame; returns the network, its frames, and their errors."""
    heading(title)
    inputs = see(places(round(len(colours) ** 0.5)))
    net = painter(inputs.shape[1], seed)
    print(f"{net!r}\n  epochs      error")
    frames_seen = []
    wrong = []

    def keep(epoch):
        if epoch in frames:
            frames_seen.append(net.run(inputs))
            wrong.append(distance(frames_seen[-1], colours))
            print(f"  {epoch:6}     {wrong[-1]:.4f}")

    keep(0)
    trainer = synapse.Trainer(net, rate=Cosine(0.1, epochs=frames[-1]))
    watch = [lambda progress: keep(progress.epoch)]
    trainer.train(
        inputs, colours, epochs=frames[-1], seed=seed, progress=False, callbacks=watch
    )
    return net, frames_seen, wrong


def distance(answers, colours):
    return float(np.sqrt(((answers - colours) ** 2).mean()))


def both(colours, frames, bounds, seed):
    by_place = learn("2. From x and y", see_place, colours, frames, seed)
    by_waves = learn("3. From x, y and their waves", see_waves, colours, frames, seed)
    even = distance(colours.mean(axis=0), colours)
    place = by_place[2][-1]
    waves = by_waves[2][-1]
    print(f"\nThe mean colour everywhere would have an error of {even:.4f}.")
    check(
        f"from x and y the error is below {bounds[0]:.0%} of that",
        place < bounds[0] * even,
    )
    check(f"from waves it is below {bounds[1]:.0%}", waves < bounds[1] * even)
    return by_place, by_waves


# --- 4. Larger than it was learnt -----------------------------------------------------
#
# The network is a function of x and y, so it also gives colours between the training
# pixels. The demo draws the picture at four times the width, from a network trained on
# the small one, next to the small picture with enlarged pixels. Both are compared with
# the true picture of that size.


def enlarge(net, colours, seed, times=4):
    heading("4. Larger than the training picture")
    size = round(len(colours) ** 0.5)
    truth = evening(times * size, seed)
    painted = net.run(see_waves(places(times * size)))
    blocks = square(colours).repeat(times, axis=0).repeat(times, axis=1).reshape(-1, 3)
    missed = distance(painted, truth)
    blocky = distance(blocks, truth)
    print(
        f"{times * size} pixels wide. Error when painted: {missed:.4f}; with enlarged"
        f" pixels: {blocky:.4f}."
    )
    check(
        "the painted picture is nearer to the true one than enlarged pixels",
        missed < blocky,
    )
    return painted


def save_frames(plt, painted, frames, out):
    """Write each frame to a file, with 8 x 8 pixels per pixel."""
    for frame, epochs in zip(painted, frames, strict=True):
        large = square(frame).repeat(8, axis=0).repeat(8, axis=1)
        with _files.replacing(out / f"frame_{epochs:04}.png") as file:
            plt.imsave(file, large)


@with_pyplot
def picture(plt, colours, frames, by_place, by_waves, painted, path):
    save_frames(plt, by_waves[1], frames, path.parent)
    figure = plt.figure(figsize=(8.4, 5.5), layout="constrained")
    strips, below = figure.subfigures(2, 1, height_ratios=(1, 1.15))
    cells = strips.subplots(2, len(frames), squeeze=False)
    for row, (_, outputs, wrong) in zip(cells, (by_place, by_waves), strict=True):
        for axes, frame, missed in zip(row, outputs, wrong, strict=True):
            show(axes, frame, "", f"{missed:.3f}")
    for axes, epochs in zip(cells[0], frames, strict=True):
        axes.set_title(f"{epochs}", fontsize=8)
    cells[0, 0].set_ylabel("from x, y")
    cells[1, 0].set_ylabel("from waves")
    strips.suptitle("epochs (above) and how wrong the frame is (below)", fontsize=8)
    left, middle, right = below.subplots(1, 3)
    show(left, colours, "The picture", f"{round(len(colours) ** 0.5)} pixels wide")
    show(
        middle,
        painted,
        "From waves, painted larger",
        f"{round(len(painted) ** 0.5)} pixels wide",
    )
    panel_wrong(right, colours, frames, by_place[2], by_waves[2])
    save_figure(figure, path)


def show(axes, colours, title, label):
    axes.imshow(square(np.clip(colours, 0, 1)), interpolation="nearest")
    axes.set(xticks=[], yticks=[], title=title, xlabel=label)


def panel_wrong(axes, colours, frames, place, waves):
    axes.axhline(
        distance(colours.mean(axis=0), colours),
        color=ink.GRAY,
        ls="--",
        label="mean colour",
    )
    axes.loglog(frames[1:], place[1:], "o-", color=ink.ORANGE, label="from x, y")
    axes.loglog(frames[1:], waves[1:], "o-", color=ink.BLUE, label="from waves")
    axes.set(xlabel="epochs", ylabel="wrong by (root mean square)", title="Learning")
    axes.legend(loc="lower left")


def main(quick: bool, seed: int, out: Path) -> None:
    size = 32 if quick else 48
    frames = FRAMES[:5] if quick else FRAMES
    bounds = (0.6, 0.25) if quick else (0.35, 0.08)
    colours = evening(size, seed)
    by_place, by_waves = both(colours, frames, bounds, seed)
    painted = enlarge(by_waves[0], colours, seed)
    picture(colours, frames, by_place, by_waves, painted, out / "paint.png")
    synapse.save(by_waves[0], out / "paint.synapse")
    lesson(
        "A network can store a picture as a function of place. How sharp it is depends"
        f" on the inputs: from x and y alone the error is {by_place[2][-1]:.3f}, with"
        f" sines and cosines of them {by_waves[2][-1]:.3f} after the same {frames[-1]}"
        " epochs. As a function it can be drawn at any size."
    )


# To try: your own photograph; eight frequencies, and their effect between the pixels;
# colours outside of the picture, from -2 to 2; training on less than half of the
# pixels.
