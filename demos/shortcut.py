"""Shortcut: a network learns the wrong feature from flawed data, and data mend it.

    python -m demos shortcut

Task: Photos of 8 by 8 pixels show a tank or a tree below the sky; the target is 1 for
tanks. In the photos to learn from, all tanks were taken on dull days and all trees on
sunny ones.

The story is told of an army's network from the 1960s on; whether it happened is not
known. That networks do this is: wolves have been told from dogs by the snow behind them
(Ribeiro, Singh and Guestrin, KDD 2016), and diseases of lungs by the mark of a hospital
(Zech et al., PLOS Medicine 2018).

Lesson 15 of `synapse play` is parts 2 and 3 in a browser, with two inputs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import analysis

SIDE, SKY = 8, 2
"""Pixels in a row of a photo, and rows of sky at its top."""
TANK = np.array([[0, 0, 1, 1], [1, 1, 1, 1], [1, 0, 1, 0]])
TREE = np.array([[0, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 0]])
DULL, SUNNY, INK, NOISE = 0.7, 0.1, 0.8, 0.1
"""Darkness of the two skies and of a thing, and the deviation of every pixel."""
PHOTOS = 200


class Photos(NamedTuple):
    """Pixels by photo, whether there is a tank, and whether it was sunny."""

    pixels: np.ndarray
    tanks: np.ndarray
    sunny: np.ndarray


def take(rng, count, *, confounded):
    """Photos of things at random places; if `confounded`, tanks were only taken on dull
    days and trees only on sunny ones."""
    tanks = rng.random(count) < 0.5
    sunny = ~tanks if confounded else rng.random(count) < 0.5
    images = NOISE * rng.normal(size=(count, SIDE, SIDE))
    images[:, :SKY] += np.where(sunny, SUNNY, DULL)[:, None, None]
    for image, tank in zip(images, tanks, strict=True):
        thing = TANK if tank else TREE
        height, width = thing.shape
        row = rng.integers(SKY, SIDE - height + 1)
        column = rng.integers(0, SIDE - width + 1)
        image[row : row + height, column : column + width] += INK * thing
    return Photos(images.reshape(count, -1), tanks, sunny)


def share_right(net, photos):
    return float(np.mean((net.run(photos.pixels)[:, 0] > 0.5) == photos.tanks))


def train(net, photos, epochs, seed):
    trainer = synapse.Trainer(net, rate=0.05)
    targets = photos.tanks[:, None].astype(float)
    trainer.train(photos.pixels, targets, epochs=epochs, seed=seed, progress=False)


# --- 1. Perfect, and wrong ------------------------------------------------------------
#
# Held-out photos of the same camera have the same flaw. A test with them says nothing
# of it.


def learn_the_flaw(net, flawed, held_out, field, seed):
    heading("1. Perfect on held-out photos, a coin in the field")
    train(net, flawed, 30, seed)
    tested, used = share_right(net, held_out), share_right(net, field)
    print(f"Held-out photos, with the same flaw: {tested:.0%} right.")
    print(f"Photos in any weather:               {used:.0%} right.")
    check("the test with held-out photos finds nothing wrong", tested > 0.97)
    check("in any weather the network is hardly better than a coin", used < 0.7)
    return used


# --- 2. What it looks at --------------------------------------------------------------
#
# The derivative of the output by every pixel says where the network looks. And if the
# weather of a photo is exchanged, nothing of the thing has changed; an answer that does
# change was about the weather.


def weather_exchanged(photos):
    """The same photos under the other sky."""
    pixels = photos.pixels.reshape(-1, SIDE, SIDE).copy()
    pixels[:, :SKY] += np.where(photos.sunny, DULL - SUNNY, SUNNY - DULL)[:, None, None]
    return photos._replace(pixels=pixels.reshape(len(pixels), -1))


def slopes_of(net, photos):
    """Mean size of the derivative of the output by each pixel."""
    slopes = [analysis.saliency(net, [row])[0, 0, 0] for row in photos.pixels]
    return np.abs(slopes).mean(axis=0).reshape(SIDE, SIDE)


def changed_answers(net, photos):
    answers = [net.run(one.pixels) > 0.5 for one in (photos, weather_exchanged(photos))]
    return float(np.mean(answers[0] != answers[1]))


def look(net, field):
    slopes = slopes_of(net, field)
    of_sky = slopes[:SKY].mean() / slopes[SKY:].mean()
    flipped = changed_answers(net, field)
    print(f"A pixel of the sky counts {of_sky:.1f} times as much as one of the ground.")
    print(f"Exchanging the weather changes {flipped:.0%} of the answers.")
    return slopes, of_sky, flipped


def name_the_neurons(net, field):
    """The hidden neurons whose activations follow the weather most."""
    activations = np.array([_hidden(net, row) for row in field.pixels])
    sunny, tanks = (
        np.abs([np.corrcoef(one, wanted)[0, 1] for one in activations.T])
        for wanted in (field.sunny, field.tanks)
    )
    for place in np.argsort(-sunny)[:3]:
        print(
            f"  {net['hidden'][int(place)].name:10} follows the weather"
            f" ({sunny[place]:.2f}) rather than the thing ({tanks[place]:.2f})"
        )
    return float(sunny.max()), float(tanks.max())


def _hidden(net, row):
    net.activate(row)
    return net["hidden"].activations


# --- 3. Data mend it ------------------------------------------------------------------
#
# Not another network, and not more photos of the same kind: photos in which the weather
# tells nothing.


def mend(net, flawed, further, field, seed):
    heading(f"3. The same network with {len(further.tanks)} photos in any weather")
    net.reset_parameters(seed)
    both = Photos(*map(np.concatenate, zip(flawed, further, strict=True)))
    train(net, both, 100, seed)
    right = share_right(net, field)
    print(f"Photos in any weather: {right:.0%} right.")
    return right


@with_pyplot
def picture(plt, field, before, after, path):
    figure, axes = plt.subplots(1, 4, figsize=(10.6, 2.9), layout="constrained")
    for wanted, name, ax in ((True, "A tank", axes[0]), (False, "A tree", axes[1])):
        chosen = np.flatnonzero((field.tanks == wanted) & (field.sunny == wanted))[0]
        ax.imshow(field.pixels[chosen].reshape(SIDE, SIDE), cmap="gray_r", vmin=0)
        ax.set_title(f"{name}, {'sunny' if wanted else 'dull'}")
    for ax, slopes, title in (
        (axes[2], before, "Slopes, learned from flawed data"),
        (axes[3], after, "Slopes, after mending"),
    ):
        shown = ax.imshow(slopes / slopes.max(), cmap="Blues", vmin=0, vmax=1)
        ax.axhline(SKY - 0.5, color=ink.GRAY, ls="--", lw=1)
        ax.set_title(title)
    figure.colorbar(shown, ax=axes[3], label="|slope|, of the largest")
    for ax in axes:
        ax.set_xticks([])
        ax.set_yticks([])
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    flawed = take(rng, PHOTOS, confounded=True)
    held_out = take(rng, PHOTOS, confounded=True)
    field = take(rng, PHOTOS // 2 if quick else PHOTOS, confounded=False)
    further = take(rng, 3 * PHOTOS, confounded=False)
    net = architect.Perceptron(SIDE * SIDE, 12, 1, squash="tanh", seed=seed)

    used = learn_the_flaw(net, flawed, held_out, field, seed)
    heading("2. What it looks at")
    before, of_sky, flipped = look(net, field)
    follows, knows = name_the_neurons(net, field)
    check("exchanging the weather changes most answers", flipped > 0.5)
    check(
        "a neuron follows the weather more than any follows the thing", follows > knows
    )
    right = mend(net, flawed, further, field, seed)
    after, of_sky_after, flipped_after = look(net, field)
    check("the mended network is right in any weather", right > max(0.85, used))
    check("and changes few answers with the weather", flipped_after < 0.25)
    picture(field, before, after, out / "shortcut.png")
    lesson(
        f"A test of held-out photos said 100 % while {used:.0%} were right in the"
        " field: the photos to test had the flaw of those to learn. The slopes showed"
        f" it (the sky counted {of_sky:.1f} times as much as the ground), and so did an"
        f" exchange of the weather ({flipped:.0%} of the answers). Photos in which the"
        f" weather tells nothing mended it: {right:.0%} right, {flipped_after:.0%}"
        " changed by the weather, and the sky counts"
        f" {of_sky_after:.1f} times as much."
    )
