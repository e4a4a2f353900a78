"""Concepts: edges, parts and a face, a hierarchy of neurons wired by hand.

    python -m demos concepts

Task: An image has 13 by 13 pixels. Neurons of one layer answer to short bars, those of
the next to parts of a face, and the last one to a face, though each part may be moved
by a pixel.

Cells of the visual cortex answer to bars, and others to bars anywhere in a small field
(Hubel and Wiesel 1962); Fukushima's neocognitron (1980) and today's convolutional
networks repeat the two steps, "and" and "or", from layer to layer.

Lesson 14 of `synapse play` has such a hierarchy of eight pixels in a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network

SIDE = 13
EYES, NOSE, MOUTH = ((2, 2), (2, 8)), (6, 6), (11, 4)
"""Row and column of the first pixel of each part."""
PARTS = ("left eye", "right eye", "nose", "mouth")


def bar(row, column, *, down=0, across=0):
    """An image with one bar."""
    image = np.zeros((SIDE, SIDE))
    image[row : row + max(1, down), column : column + max(1, across)] = 1
    return image


def part(name, row=0, column=0):
    """An image with one part, so many pixels from its place."""
    if name == "nose":
        return bar(NOSE[0] + row, NOSE[1] + column, down=2)
    if name == "mouth":
        return bar(MOUTH[0] + row, MOUTH[1] + column, across=5)
    y, x = EYES[PARTS.index(name)]
    return bar(y + row, x + column, across=3)


def drawn(shifts):
    """An image with these parts, each moved: (rows, columns) by name."""
    return sum((part(name, *by) for name, by in shifts.items()), np.zeros((SIDE, SIDE)))


def face(rng=None, reach=1, without=()):
    """A face; with a generator, its parts are moved by up to `reach` pixels."""
    shifts = {
        name: (0, 0) if rng is None else rng.integers(-reach, reach + 1, 2)
        for name in PARTS
        if name not in without
    }
    return np.minimum(drawn(shifts), 1)


def scrambled(rng):
    """The parts of a face in each other's places."""
    aside = rng.integers(-1, 2)
    eyes = bar(11, 5 + aside, across=3) + bar(6, 5 + aside, across=3)
    nose, mouth = bar(2, 3 + aside, down=2), bar(2, 7 + aside, across=5)
    return eyes + nose + mouth


# --- 1. The wiring --------------------------------------------------------------------
#
# "And": a neuron that needs all of its sources has a bias just below their sum. "Or":
# one that needs any of them has a bias below a single one. An edge is an "and" of
# pixels that are on and of neighbours that are off; a part is an "or" of the same edge
# at neighbouring places; the face is an "and" of three of four parts.


def edges():
    """Weights of pixels into edges, shape (169, edges), and the place and direction of
    each edge."""
    columns, places = [], []
    for across in (True, False):
        for row in range(SIDE - (0 if across else 1)):
            for column in range(SIDE - (2 if across else 0)):
                weights = np.full((SIDE + 2, SIDE + 2), np.nan)
                rows = slice(row, row + 3) if across else slice(row, row + 4)
                width = slice(column, column + (5 if across else 3))
                weights[rows, width] = -6.0
                inner = (
                    (slice(row + 1, row + 2), slice(column + 1, column + 4))
                    if across
                    else (slice(row + 1, row + 3), slice(column + 1, column + 2))
                )
                weights[inner] = 8.0 if across else 12.0
                if across:  # a longer bar is one of these bars, too
                    weights[row + 1, [column, column + 4]] = np.nan
                columns.append(weights[1:-1, 1:-1].ravel())
                places.append((across, row, column))
    return np.array(columns).T, places


def wired():
    """The network, and the place and direction of each edge."""
    weights, places = edges()
    image = Layer(SIDE * SIDE, "identity", name="pixels")
    bars = Layer(len(places), name="edges")
    parts = Layer(len(PARTS), name="parts")
    whole = Layer(1, name="face")
    image.project(bars, weights=weights)
    bars.biases = np.full(len(places), -20.0)
    fields = np.full((len(places), len(PARTS)), np.nan)
    for k, (y, x) in enumerate((*EYES, NOSE, MOUTH)):
        wide = 2 if PARTS[k] == "mouth" else 0  # three bars side by side
        for i, (across, row, column) in enumerate(places):
            is_near = abs(row - y) <= 1 and -1 <= column - x <= 1 + wide
            if across == (PARTS[k] != "nose") and is_near:
                fields[i, k] = 6.0 if wide else 10.0
    bars.project(parts, weights=fields)
    parts.biases = [-5.0, -5.0, -5.0, -15.0]  # a mouth is three bars in a row
    parts.project(whole, weights=np.full((len(PARTS), 1), 8.0))
    whole.biases = [-20.0]
    for layer, names in ((parts, PARTS), (whole, ("face",))):
        for neuron, name in zip(layer, names, strict=True):
            neuron.name = name
    return Network(image, [bars, parts], whole, name="concepts"), places


def answers(net, images):
    """Activations of parts and of the face, by image."""
    found = []
    for image in images:
        net.activate(image.ravel())
        found.append([*net["parts"].activations, net.output[0].activation])
    return np.array(found)


# --- 2. A face from few pixels ---------------------------------------------------


def a_face(net):
    heading("2. A face from few pixels")
    cases = {
        "a face": face(),
        "without its nose": face(without=["nose"]),
        "without an eye": face(without=["left eye"]),
        "its eyes alone": face(without=["nose", "mouth"]),
        "its parts elsewhere": scrambled(np.random.default_rng(0)),
        "everything black": np.ones((SIDE, SIDE)),
        "nothing": np.zeros((SIDE, SIDE)),
    }
    found = answers(net, cases.values())
    print(f"  {'image':20} pixels  " + "  ".join(PARTS) + "   face")
    for (name, image), row in zip(cases.items(), found, strict=True):
        parts = "  ".join(
            f"{value:{len(part)}.2f}" for value, part in zip(row, PARTS, strict=False)
        )
        print(f"  {name:20} {image.sum():6.0f}  {parts}   {row[-1]:.2f}")
    is_face = found[:, -1] > 0.5
    check("three of four parts are a face", is_face[:3].all())
    check("two are none, nor parts elsewhere, nor black", not is_face[3:].any())
    return cases, found


# --- 3. What single neurons answer to -------------------------------------------------
#
# The mean of the images to which a neuron answers, less the mean of all images, shows
# what it answers to. The higher the layer, the more images are the same to it.


def preferred(net, rng, count):
    heading("3. What single neurons answer to")
    images = []
    for k in range(count):
        chosen = rng.permutation(PARTS)[: rng.integers(0, 3)] if k % 2 else ()
        image = face(rng, without=chosen)
        images.append(np.roll(image, rng.integers(-3, 4), 1) if k % 3 == 0 else image)
    found = answers(net, images)
    images = np.array(images)
    means = [images[row > 0.5].mean(axis=0) - images.mean(axis=0) for row in found.T]
    at = {}
    for name, mean in zip((*PARTS, "face"), means, strict=True):
        at[name] = row, column = np.unravel_index(mean.argmax(), mean.shape)
        print(f"  {name:9} answers most to row {row}, column {column}")
    left, right, nose, mouth = (at[name] for name in PARTS)
    check("the eyes lie above the nose, and it above the mouth", left < nose < mouth)
    check("the left eye lies left of the right one", left[1] < right[1])
    return means


# --- 4. Each layer forgives more ------------------------------------------------------


def forgives(net, places, rng, count):
    heading("4. Each layer forgives more")
    faces = [face(rng) for _ in range(count)]
    eye = places.index((True, *EYES[0]))
    by_layer = np.zeros(3)
    for image in faces:
        net.activate(image.ravel())
        by_layer += (
            np.array(
                [
                    net["edges"][eye].activation,
                    net["parts"][0].activation,
                    net.output[0].activation,
                ]
            )
            > 0.5
        )
    shares = by_layer / count
    for name, share in zip(("one edge", "the part", "the face"), shares, strict=True):
        print(f"  {name:9} answers to {share:.0%} of faces whose parts are moved")
    check("the edge answers to few of them", shares[0] < 0.3)
    check("part and face answer to nearly all", shares[1:].min() > 0.9)
    wrong = np.mean([answers(net, [scrambled(rng)])[0, -1] > 0.5 for _ in range(50)])
    check("none of fifty images with parts elsewhere is a face", wrong == 0)
    return shares


@with_pyplot
def picture(plt, cases, found, means, path):
    figure, axes = plt.subplots(2, 5, figsize=(9.4, 4.1), layout="constrained")
    for ax, (name, image), row in zip(axes[0], cases.items(), found, strict=False):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        ax.set_title(f"{name}\nface: {row[-1]:.2f}", fontsize=9)
    for ax, name, mean in zip(axes[1], (*PARTS, "face"), means, strict=True):
        most = np.abs(mean).max()
        ax.imshow(mean, cmap="RdBu", vmin=-most, vmax=most)
        ax.set_title(f"{name}\nanswers to", fontsize=9)
    for ax in axes.flat:
        ax.set_xticks([])
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set_color(ink.GRAY)
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    heading("1. The wiring")
    net, places = wired()
    print(f"{net!r}: {len(places)} edges, four parts, one face; nothing is learned.")
    cases, found = a_face(net)
    means = preferred(net, rng, 150 if quick else 600)
    shares = forgives(net, places, rng, 60 if quick else 300)
    picture(cases, found, means, out / "concepts.png")
    synapse.save(net, out / "concepts.synapse")
    lesson(
        f"{int(cases['a face'].sum())} pixels of {SIDE * SIDE} are a face to a neuron"
        ' that sees none of them: it is an "and" of parts, each an "or" of edges, each'
        ' an "and" of pixels. Of faces whose parts are moved by a pixel, one edge'
        f" answers to {shares[0]:.0%}, its part to {shares[1]:.0%} and the face to"
        f" {shares[2]:.0%}."
    )
