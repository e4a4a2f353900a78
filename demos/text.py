"""Text: an LSTM learns to predict the next letter of "Alice" and writes text of its
own.

    python -m demos text

Task: Predict the next character of a text ("Alice's Adventures in Wonderland"), as a
probability for each character. The baseline is a table that counts single characters
and pairs of them.

The network is trained only to predict. To do this well, it has to learn where words end
and which words exist."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import (
    check,
    heading,
    ink,
    lesson,
    on_terminal,
    save_figure,
    with_pyplot,
)
from synapse.optimizers import Adam
from synapse.tasks import Alphabet

TEXT = (Path(__file__).parent / "data" / "alice.txt").read_text(encoding="utf-8")
ALPHABET = Alphabet.of(TEXT)
LETTERS = ALPHABET.letters
CODES = ALPHABET.indices(TEXT)
ONE_HOT = np.eye(len(LETTERS))
STEPS = 50

# --- 1. Counting as a baseline --------------------------------------------------------
#
# Predictions are measured in bits per character: the mean of -log2(p), where p is the
# predicted probability of the actual character. With equal probabilities this is log2
# of the number of characters. With the frequencies of characters as probabilities it is
# lower: the entropy of the letters. With the frequencies after the previous character
# it is lower again. No fixed probabilities are better on the counted text.


def bits(counts):
    """Bits per character with the frequencies in each row of counts: the conditional
    entropy."""
    counts = np.atleast_2d(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    seen = counts > 0
    return -(counts[seen] * np.log2(shares[seen])).sum() / counts.sum()


def pairs(codes):
    counts = np.zeros((len(LETTERS), len(LETTERS)))
    np.add.at(counts, (codes[:-1], codes[1:]), 1)
    return counts


def counting(codes):
    heading("1. The yardstick: counting")
    counts = pairs(codes)
    print(
        f"{len(codes):,} characters for training; the whole text has {len(LETTERS)}"
        " different ones."
    )
    print("Bits per character when counting")
    entropies = {
        "nothing": np.log2(len(LETTERS)),
        "letters": bits(counts.sum(axis=0)),
        "pairs": bits(counts),
    }
    for name, value in entropies.items():
        print(f"  {name:10} {value:5.2f}")
    return entropies


# On other text counting is worse: some pairs have not been counted. To avoid
# probabilities of 0, we add five letters to the counts after each character,
# distributed by the frequencies of letters.


def bits_unread(counts, codes):
    """Bits per character of pair counts on other text."""
    letters = (counts.sum(axis=0) + 1) / (counts.sum() + len(LETTERS))
    shares = (counts + 5 * letters) / (counts.sum(axis=1, keepdims=True) + 5)
    return -np.log2(shares[codes[:-1], codes[1:]]).mean()


# --- 2. Reading -----------------------------------------------------------------------
#
# The network has one input per character, one layer of LSTM blocks, and one softmax
# output per character. The text is cut into pieces of 50 characters; Adam uses the
# exact gradient of 16 pieces at a time (4 in the quick run). Float32 is precise enough,
# and faster.


def network(size, seed):
    n = len(LETTERS)
    net = architect.LSTM(
        n,
        size,
        n,
        style="standard",
        output_squash="softmax",
        seed=seed,
        dtype=np.float32,
    )
    ALPHABET.attach(net)  # so that its file has the letters, too
    return net


def pieces(codes):
    """Inputs and targets: each piece begins where the previous one ends."""
    count = (len(codes) - 1) // STEPS
    rows = ONE_HOT[codes[: count * STEPS + 1]]
    return rows[:-1].reshape(count, STEPS, -1), rows[1:].reshape(count, STEPS, -1)


# To write text, the network reads each character that it has just written. Characters
# are drawn with the probabilities of the outputs, raised to the power 1 / temperature:
# a low temperature favours likely characters.


def write(net, count, temperature, seed, opening="Alice "):
    rng = np.random.default_rng(seed)
    text = opening
    net.clear()
    likely = net.run(ALPHABET.one_hot(opening))[-1]
    for _ in range(count):
        chances = likely.astype(float) ** (1 / temperature)
        text += LETTERS[rng.choice(len(LETTERS), p=chances / chances.sum())]
        likely = net.activate(ONE_HOT[LETTERS.index(text[-1])])
    net.clear()
    return text


def show(text):
    for line in text.split("\n"):
        print(textwrap.fill(line, 96, initial_indent="    ", subsequent_indent="    "))


def learn(net, codes, unread, batch, rate, shown, seed):
    heading("2. Training, with samples of its writing (temperature 0.7)")
    curves = [[], []]

    def look(progress):
        curves[0].append(progress.error / np.log(2))
        curves[1].append(bits_of(trainer, unread))
        if progress.epoch in shown:
            print(
                f"\nafter {progress.epoch} epochs, {progress.error / np.log(2):.2f}"
                " bits per character:"
            )
            show(write(progress.network, 180, 0.7, seed))

    trainer = synapse.Trainer(
        net, method="bptt", optimizer=Adam(rate), batch_size=batch, clip=5.0
    )
    label = "reading" if on_terminal() else False
    trainer.train(
        *pieces(codes), epochs=max(shown), seed=seed, callbacks=[look], progress=label
    )
    return trainer, curves


def bits_of(trainer, codes):
    """Bits per character of the network on a text, which it reads from the
    beginning."""
    return trainer.test([ONE_HOT[codes[:-1]]], [ONE_HOT[codes[1:]]]).error / np.log(2)


# --- 3. Better than counting? ---------------------------------------------------------
#
# The network is compared on the training text and on the text after it, which it has
# not read. A network of this size memorises much of so short a text; only the unread
# part shows what it has learnt about English. When it overfits, its predictions of the
# unread part become worse, although the text it writes looks better.


def score(trainer, codes, unread, entropies, curve):
    heading("3. Better than counting?")
    net = {"read": bits_of(trainer, codes), "unread": bits_of(trainer, unread)}
    letters = entropies["letters"]
    by_pairs = entropies["pairs"]
    pairs_unread = bits_unread(pairs(codes), unread)
    print("  bits per character      read   unread")
    print(f"  counting letters       {letters:5.2f}        -")
    print(f"  counting pairs         {by_pairs:5.2f}    {pairs_unread:5.2f}")
    print(f"  the network            {net['read']:5.2f}    {net['unread']:5.2f}")
    best = int(np.argmin(curve))
    print(
        f"\nOn unread text it was best after {best + 1} epochs: {curve[best]:.2f} bits"
        " per character."
    )
    return letters, by_pairs, pairs_unread, net


# --- 4. Low and high temperature ------------------------------------------------------


def temperatures(net, seed):
    heading("4. Low and high temperature")
    for temperature in (0.2, 0.6, 1.0):
        print(f"\ntemperature {temperature}:")
        show(write(net, 320, temperature, seed))


# --- 5. A picture ---------------------------------------------------------------------
#
# The lower panel shows the bits of each character in a piece of the unread text. They
# are high where a word begins, and low within common words.


@with_pyplot
def picture(plt, net, curves, entropies, unread, path):
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(8.4, 5.0), layout="constrained", height_ratios=[1.5, 1]
    )
    epochs = np.arange(1, len(curves[0]) + 1)
    top.plot(epochs, curves[0], color=ink.BLUE, label="the network, as it reads")
    top.plot(
        epochs, curves[1], "o-", ms=3, color=ink.GREEN, label="the network, unread text"
    )
    colours = (ink.GREY, ink.ORANGE, ink.PURPLE)
    looks = zip(entropies.items(), colours, (":", "--", "-."), strict=True)
    for (name, value), colour, style in looks:
        label = f"counted {name}, read text"
        top.axhline(value, color=colour, ls=style, lw=1.3, label=label)
    top.set(
        xlabel="epoch", ylabel="bits per character", ylim=(0, None), title="Learning"
    )
    top.legend(ncols=3, loc="lower left")

    space = LETTERS.index(" ")
    count = 90
    begin = 200 + int((unread[200:] == space).argmax())
    net.clear()
    shares = net.run(ONE_HOT[unread[: begin + count]])
    come = unread[1 : begin + count + 1]
    cost = -np.log2(shares[np.arange(len(come)), come])[begin:]
    visible = str.maketrans({" ": "␣", "\n": "¶"})
    letters = [LETTERS[code].translate(visible) for code in come[begin:]]
    word_begins = unread[begin : begin + count] == space
    colours = np.where(word_begins, ink.ORANGE, ink.BLUE)
    bottom.bar(range(count), cost, color=colours)
    bottom.set_xticks(range(count), letters, family="monospace", fontsize=6)
    bottom.tick_params(axis="x", length=0)
    bottom.set(
        ylabel="bits",
        xlim=(-1, count),
        title="What each unread character cost (orange: words begin)",
    )
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    end = 4000 if quick else 17_500
    codes = CODES[:end]
    unread = CODES[end : end + 1700]
    size = 32 if quick else 128
    batch = 4 if quick else 16
    rate = 0.02 if quick else 0.01
    shown = (2, 10) if quick else (1, 3, 6, 12, 24)
    entropies = counting(codes)
    net = network(size, seed)
    trainer, curves = learn(net, codes, unread, batch, rate, shown, seed)
    letters, by_pairs, pairs_unread, net_bits = score(
        trainer, codes, unread, entropies, curves[1]
    )
    if quick:
        check(
            "it predicts the training text better than counting letters",
            net_bits["read"] < letters,
        )
    else:
        check(
            "it predicts the training text better than counting pairs",
            net_bits["read"] < by_pairs,
        )
        check(
            "it predicts unread text better than counting pairs",
            net_bits["unread"] < pairs_unread,
        )
    temperatures(net, seed)
    picture(net, curves, entropies, unread, out / "text.png")
    synapse.save(net, out / "text.synapse")
    lesson(
        f"The network uses {net_bits['unread']:.2f} bits per character on unread text,"
        f" counting pairs {pairs_unread:.2f}. On the training text it uses"
        f" {net_bits['read']:.2f}, also because it memorises what it reads: only unread"
        " text shows what it has learnt. The epoch to stop at is the best one on"
        f" unread text, here epoch {int(np.argmin(curves[1])) + 1} with"
        f" {min(curves[1]):.2f}."
    )


# To try: another text in `TEXT`; fewer blocks, which memorise less; write(...,
# opening="Do cats ").
