"""Adversarial: a generator learns from a judge to draw digits, which grow from 4 x 4 to
8 x 8 pixels.

    python -m demos adversarial

Task: Draw handwritten digits that a judge cannot distinguish from real ones. Generator
and judge are one network; two inputs select by gates whether the judge reads a real
picture or a drawn one. One run begins with 4 x 4 pixels and gets the neurons of 8 x 8
pixels while it trains; another has all neurons from the beginning.

Goodfellow and others 2014; progressive growing: Karras and others 2018. A perceptron
that has learned to classify digits counts the digits that were drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Trainer
from synapse.optimizers import Adam

with np.load(Path(__file__).parent / "data" / "digits.npz") as data:
    IMAGES = data["images"] / 16.0
    LABELS = data["labels"].astype(int)
NOISE = 12
HIDDEN = 48
BATCH = 32

# The pixel of 4 x 4 that each of 8 x 8 lies in
OF_FINE = [(i // 16) * 4 + i % 8 // 2 for i in range(64)]

# --- 1. One network -------------------------------------------------------------------
#
# The inputs are noise, a real picture, and two switches. From noise, the generator
# makes 4 x 4 pixels. The judge sees 4 x 4 pixels: `real` and `made` lead there by
# connections that the two switches gate, so each switch opens one of them. A real pixel
# of 4 x 4 is the mean of four.


def small(seed):
    """The network for 4 x 4 pixels."""
    noise = Layer(NOISE)
    real = Layer(64)
    switch = Layer(2)
    thought = Layer(HIDDEN, squash="leaky_relu")
    judging = Layer(HIDDEN, squash="leaky_relu")
    made = Layer(16)
    seen = Layer(16, squash="identity")
    verdict = Layer(1)
    noise.project(thought, initializer="he", seed=seed)
    thought.project(made, initializer="glorot", seed=seed + 1)
    for i, j in enumerate(OF_FINE):
        switch[0].gate(real[i].project(seen[j], 0.25, trainable=False))
    switch[1].gate(made.project(seen, "one_to_one", weights=1.0, trainable=False))
    seen.project(judging, initializer="he", seed=seed + 2)
    judging.project(verdict, initializer="glorot", seed=seed + 3)
    seen.trainable_bias = False
    inputs = Layer([*noise, *real, *switch])
    return Network(inputs, [thought, made, seen, judging], verdict)


# --- 2. Growth ------------------------------------------------------------------------
#
# Every pixel becomes four. A new pixel begins with what its old one shows (the logistic
# function of 5 s - 2.5 is near s); connections from a new hidden layer begin at 0. The
# judge sees the new pixels and their means, and new connections begin at 0, too. So
# nothing that was learned is lost.


def grow(net, seed):
    thought, made, seen, judging = net.hidden
    more = Layer(HIDDEN, squash="leaky_relu", name="more")
    fine = Layer(64, bias=-2.5, name="fine")
    seen_fine = Layer(64, squash="identity", name="seen fine")
    real = net.input[NOISE : NOISE + 64]
    switch = net.input[NOISE + 64 :]

    # What the judge saw directly, it will see by way of the new pixels.
    for link in [link for neuron in seen for link in neuron.incoming]:
        link.source.disconnect(link.target)
    for layer in (more, fine, seen_fine):
        net.add(layer, before=seen)

    thought.project(more, initializer="he", seed=seed + 4)
    more.project(fine, weights=0.0)
    for i, j in enumerate(OF_FINE):
        made[j].project(fine[i], 5.0)
        seen_fine[i].project(seen[j], 0.25, trainable=False)
        switch[0].gate(real[i].project(seen_fine[i], 1.0, trainable=False))
        switch[1].gate(fine[i].project(seen_fine[i], 1.0, trainable=False))
    seen_fine.project(judging, weights=0.0)
    seen_fine.trainable_bias = False


def grown(seed):
    """All neurons from the beginning, with random weights in place of the zeros."""
    net = small(seed)
    grow(net, seed)
    judging = net.hidden[-1]
    for source, layer in ((net["more"], net["fine"]), (net["seen fine"], judging)):
        rng = np.random.default_rng(seed + len(layer))
        for neuron in layer:
            for link in neuron.incoming:
                if link.source in source:
                    link.weight = rng.normal(0.0, 0.1)
    return net


# --- 3. Two trainers in turn ----------------------------------------------------------
#
# The judge learns 1 for real pictures and 0 for drawn ones. Then the generator learns
# from the error at the verdict, which flows through the judge: the judge should say 1.
# Each trainer changes its part only.


def play(net, rounds, growth, seed, reader, rate=0.002):
    """Train; returns pictures of the same noise and what the reader sees, at some
    rounds."""
    rng = np.random.default_rng(seed)
    strip = []
    scores = []
    fixed = np.random.default_rng(1).normal(size=(1000, NOISE))
    judge_rule = Adam(0.002, betas=(0.5, 0.999))
    generator_rule = Adam(rate, betas=(0.5, 0.999))
    judging = [net.hidden[-1], net.output]
    drawing = net.hidden[:-2]
    judge = Trainer(net, rule="bptt", optimizer=judge_rule, only=judging)
    generator = Trainer(net, rule="bptt", optimizer=generator_rule, only=drawing)
    both = np.eye(2).repeat(BATCH, axis=0)
    fake = np.eye(2)[[1] * BATCH]
    for turn in range(rounds + 1):
        if turn == growth:
            grow(net, seed)
            generator.only = net.hidden[:-2]
        if turn % (rounds // 8) == 0:
            strip.append(drawn(net, fixed))
            scores.append(seen_by(reader, strip[-1]))
        real = IMAGES[rng.integers(len(IMAGES), size=2 * BATCH)]
        rows = np.hstack([rng.normal(size=(2 * BATCH, NOISE)), real, both])
        judge.train([(rows, 0.9 * both[:, :1])], progress=False)
        rows = np.hstack([rng.normal(size=(BATCH, NOISE)), real[:BATCH], fake])
        generator.train([(rows, np.ones((BATCH, 1)))], progress=False)
    return strip, scores


def drawn(net, noise):
    """Pictures of 8 x 8 pixels: the generator is a part of the network, and becomes one
    of its own."""
    last = net["fine"] if len(net.hidden) > 4 else net.hidden[1]
    layers = net.hidden[: net.hidden.index(last) + 1]
    inside = [*net.input[:NOISE], *(neuron for layer in layers for neuron in layer)]
    graph = net.graph.subgraph(inside)
    generator = synapse.from_networkx(graph, net.input[:NOISE], last)
    made = generator.run(noise)
    return made if made.shape[1] == 64 else made[:, OF_FINE]


# --- 4. A reader ----------------------------------------------------------------------


def learned_reader(epochs, seed):
    reader = architect.Perceptron(
        64, 32, 10, squash="relu", output_squash="softmax", seed=seed
    )
    trainer = Trainer(reader, rule="bptt", optimizer=Adam(0.005))
    targets = np.eye(10)[LABELS]
    trainer.train(
        IMAGES[:1500], targets[:1500], epochs=epochs, seed=seed, progress=False
    )
    return reader, trainer.test(IMAGES[1500:], targets[1500:]).accuracy


def seen_by(reader, pictures):
    """The share of each digit, as the reader names them, and its mean certainty."""
    chances = reader.run(pictures)
    counts = np.bincount(chances.argmax(axis=1), minlength=10)
    return counts / len(pictures), chances.max(axis=1).mean()


def variety(shares):
    """How many digits are drawn: the exponential of the entropy, from 1 (all alike) to
    10 (all as often)."""
    present = shares[shares > 0]
    return float(np.exp(-(present * np.log(present)).sum()))


@with_pyplot
def picture(plt, runs, path):
    figure, axes = plt.subplots(3, 9, figsize=(9.6, 5.1), layout="constrained")
    for row, (name, (strip, scores)) in zip(axes, runs.items(), strict=True):
        cells = zip(row, strip, scores, strict=True)
        for k, (axis, pictures, (shares, sure)) in enumerate(cells):
            # Twelve pictures, 4 x 3, each with a margin of one pixel
            tiles = pictures[:12].reshape(4, 3, 8, 8)
            tiles = np.pad(tiles, ((0, 0), (0, 0), (1, 1), (1, 1)))
            sheet = tiles.transpose(0, 2, 1, 3).reshape(40, 30)
            axis.imshow(sheet, cmap="gray_r", vmin=0, vmax=1)
            label = f"{variety(shares):.1f} digits\n{100 * sure:.0f} % sure"
            axis.set(xticks=[], yticks=[], xlabel=label)
            axis.set_title(f"{k}/8" if k else name, fontsize=9)
            axis.spines[:].set_color(ink.GRAY)
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    rounds = 96 if quick else 6400
    reader, accuracy = learned_reader(5 if quick else 40, seed)
    heading("Which digits are drawn")
    print(f"The reader classifies {100 * accuracy:.1f} % of new digits correctly.\n")
    runs = {
        "growing": play(small(seed), rounds, rounds // 4, seed, reader),
        "all at once": play(grown(seed), rounds, None, seed, reader),
        "too fast": play(grown(seed), rounds // 4, None, seed, reader, rate=0.02),
    }
    for name, (_, scores) in runs.items():
        print(name)
        for k, (shares, sure) in enumerate(scores):
            print(
                f"  {k}/8 of the rounds: {variety(shares):4.1f} digits,"
                f" {100 * sure:3.0f} % sure"
            )
    noise = np.ones((1, NOISE))
    net = small(seed)
    before = drawn(net, noise)
    grow(net, seed)
    change = abs(drawn(net, noise) - before).max()
    check("growth keeps what is drawn, to 0.1", bool(change < 0.1))
    picture(runs, out / "adversarial.png")

    last_scores = [scores[-1] for _, scores in runs.values()]
    ends = [(variety(shares), 100 * sure) for shares, sure in last_scores]
    if not quick:
        fast = ends[2][0]
        others = min(ends[:2])[0]
        check("the fast generator draws almost one digit alone", fast < 2 < 7 < others)
    told = [f"{digits:.1f} of ten digits ({sure:.0f} % sure)" for digits, sure in ends]
    lesson(
        f"After {rounds:,} rounds, the network that grew draws {told[0]}, the one with"
        f" all neurons at once {told[1]}. A generator that learns ten times as fast"
        f" draws {told[2]} after a quarter of the rounds: if it finds a picture that"
        " the judge accepts, it may draw this picture for any noise. The cost does not"
        " show this, so look at the pictures."
    )
