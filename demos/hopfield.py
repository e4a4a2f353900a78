"""Hopfield: an associative memory of a hundred neurons completes letters with wrong
points.

    python -m demos hopfield

Task: Store letters of 10 x 10 points in a network of a hundred neurons, then complete a
letter with wrong points.

Hopfield's network (1982) is a content-addressable memory: each neuron is 1 or -1 and
connected to every other, and the weights store all patterns. If the neurons activate
one at a time, they settle from any start into a stable state, mostly the nearest
pattern."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot

SIDE = 10
SIZE = SIDE * SIDE

DRAWN = """
....##....  ########..  ##########  ##........  ##......##  ##......##
...####...  ##########  ##########  ##........  ##......##  ##......##
..##..##..  ##......##  ......###.  ##........  .##....##.  ##......##
..##..##..  ##......##  .....###..  ##........  .##....##.  ##......##
.##....##.  ##########  ....###...  ##........  .##....##.  ##########
.########.  #########.  ...###....  ##........  ..##..##..  ##########
.########.  ##........  ..###.....  ##........  ..##..##..  ##......##
##......##  ##........  .###......  ##........  ..##..##..  ##......##
##......##  ##........  ##########  ##########  ...####...  ##......##
##......##  ##........  ##########  ##########  ....##....  ##......##

##......##  ##########  ..######..  ##########  ##......##  ####......
.##....##.  ##########  .########.  ##########  ###.....##  #######...
..##..##..  ....##....  ###....###  ##........  ####....##  ##...###..
...####...  ....##....  ##......##  ##........  ##.##...##  ##....##..
....##....  ....##....  ##......##  #######...  ##.##...##  ##.....##.
....##....  ....##....  ##......##  #######...  ##..##..##  ##.....##.
...####...  ....##....  ##......##  ##........  ##...##.##  ##....##..
..##..##..  ....##....  ###....###  ##........  ##....####  ##...###..
.##....##.  ....##....  .########.  ##########  ##.....###  #######...
##......##  ....##....  ..######..  ##########  ##......##  ####......
"""
NAMES = ("APZLVH", "XTOEND")
FIRST = "APZLV"


# --- 1. Letters -----------------------------------------------------------------------
#
# Each letter is ten lines of ten points, 1 if drawn, otherwise -1: a pattern of a
# hundred numbers, one for each neuron. Parts 2 to 4 store the first five.


def letters():
    """Patterns by name, shape (100,) each."""
    patterns = {}
    for names, block in zip(NAMES, DRAWN.strip().split("\n\n"), strict=True):
        columns = zip(*(line.split() for line in block.split("\n")), strict=True)
        for name, column in zip(names, columns, strict=True):
            points = np.array(list("".join(column)))
            patterns[name] = np.where(points == "#", 1, -1)
    return patterns


def show(*patterns):
    """Patterns side by side."""
    drawn = [np.where(pattern > 0, "#", ".") for pattern in patterns]
    squares = [np.reshape(points, (SIDE, SIDE)) for points in drawn]
    for row in range(SIDE):
        print("  " + "   ".join("".join(square[row]) for square in squares))


# --- 2. Storing -----------------------------------------------------------------------
#
# Hebb's rule: neurons that fire together are wired together. The coupling of two
# neurons is proportional to the number of patterns in which they agree, minus the
# number in which they differ. It is the same in both directions, and there are no
# self-connections. Learning is one sum, without errors or repetition.


def store(patterns):
    heading("2. Storing")
    net = architect.Hopfield(SIZE)
    net.learn(list(patterns.values()))
    print(f"{net!r}, of which {SIZE * (SIZE - 1)} are couplings")

    neuron = net.output[3]
    other = net.output[47]
    agree = sum(int(p[3] == p[47]) for p in patterns.values())
    print(
        f"Neurons 3 and 47 agree in {agree} letters and differ in"
        f" {len(patterns) - agree}."
    )
    forth = neuron.connection_to(other)
    back = other.connection_to(neuron)
    check(
        "their coupling is the difference of these counts",
        forth.weight == 2 * agree - len(patterns),
    )
    check("it is the same in both directions", forth.weight == back.weight)
    check(
        "no neuron is coupled with itself",
        all(n.self_connection is None for n in net.output),
    )
    return net


# --- 3. Recall, one neuron at a time --------------------------------------------------
#
# A letter is shown with 20 of its 100 points wrong. Then neurons fire in random order,
# one at a time: the state of a neuron is the sum of all other activations times their
# couplings, and its activation becomes the sign of the state. If the state is exactly
# 0, the activation does not change.
#
# The energy is minus the sum, over all pairs, of the coupling times both activations:
# it is low if activations agree with the couplings. A neuron changes only if its state
# and activation differ in sign, so each change lowers the energy, by twice the size of
# the state. As the energy can only fall, and there are finitely many patterns, recall
# ends. This requires couplings that are the same in both directions.


def recall(net, patterns, seed):
    heading("3. Recall, one neuron at a time")
    rng = np.random.default_rng([seed, 1])
    cue = spoilt(patterns["A"], 20, rng)
    net.input.activate(np.zeros(SIZE))  # no external input
    net.output.activate(cue)
    frames = [cue]
    energies = [net.energy(cue)]
    fell = []
    while flips := sweep(net, rng):
        for state, pattern in flips:
            energies.append(net.energy(pattern))
            fell.append(energies[-2] - energies[-1] == 2 * abs(state))
            frames.append(pattern)
    half = len(frames) // 2
    print(
        f"The cue, the pattern after {half} changes, and after all {len(frames) - 1}:\n"
    )
    show(frames[0], frames[half], frames[-1])
    shown = " ".join(f"{energy:.0f}" for energy in energies[:8])
    print(f"\nEnergy after each change: {shown} ... {energies[-1]:.0f}")
    check("the energy falls with every change", bool((np.diff(energies) < 0).all()))
    check("it falls by twice the state of the neuron that changed", all(fell))
    check(
        "the letter is recalled without an error",
        bool((frames[-1] == patterns["A"]).all()),
    )
    return [frames[0], frames[half], frames[-1]], energies


def spoilt(pattern, count, rng):
    """A pattern with `count` of its points inverted."""
    cue = np.array(pattern)
    cue[rng.choice(len(cue), count, replace=False)] *= -1
    return cue


def sweep(net, rng):
    """Let each neuron fire once; yields the state of each one that changed, and the
    pattern after it."""
    flips = []
    for i in rng.permutation(SIZE):
        neuron = net.output[i]
        before = neuron.activation
        net.input[0].activate(0.0)  # a step begins, which reads what all others are now
        if neuron.activate() == 0:
            net.input[0].activate(0.0)
            neuron.activate(before)  # a tie
        if neuron.activation != before:
            flips.append((neuron.state, net.output.activations))
    return flips


# --- 4. How much may be wrong ---------------------------------------------------------
#
# net.recall(pattern) does the same until nothing changes. From a letter with all points
# inverted, the memory finds the negative: a pattern and its negative have the same
# couplings, so the negative is stored as well. There are also stable states that were
# not stored: mixtures of letters.


def how_much(net, patterns, seed, quick):
    heading("4. How many points may be wrong")
    rng = np.random.default_rng([seed, 2])
    trials = 4 if quick else 40
    shares = {}
    print("  points wrong   letter   negative   another state")
    for wrong in (5, 10, 20, 30, 40, 50, 100):
        answers = [
            recalled_as(net, pattern, wrong, rng)
            for pattern in patterns.values()
            for _ in range(trials)
        ]
        letter, negative, other = (
            answers.count(answer) / len(answers)
            for answer in ("letter", "negative", "else")
        )
        shares[wrong] = [letter, negative, other]
        print(f"  {wrong:12}   {letter:6.0%}   {negative:8.0%}   {other:13.0%}")
    check(
        "with 10 of 100 points wrong at least 90% of the recalls are right",
        shares[10][0] >= 0.9,
    )
    check("with all points wrong the negative is always found", shares[100][1] == 1)
    check("with half of the points wrong few recalls are right", shares[50][0] <= 0.4)
    return shares


def recalled_as(net, pattern, wrong, rng):
    """The result of recall from a pattern with some points inverted."""
    recalled = net.recall(spoilt(pattern, wrong, rng), seed=rng)
    if (recalled == pattern).all():
        return "letter"
    return "negative" if (recalled == -pattern).all() else "else"


# --- 5. How many it holds -------------------------------------------------------------
#
# Now random patterns are stored one after the other. After each one we count the stored
# patterns of which every point is stable. Theory for large n: with Hebb's rule all of
# them up to n / (4 ln n) patterns; with a few wrong points up to 0.138 n; beyond that
# nearly all patterns are lost, not only the last one. Storkey's rule of 1997 stores
# only the part of a pattern that the memory does not contain yet, and holds many more.


TOLD = (2, 5, 10, 14, 20, 30, 40)


def how_many(seed, quick):
    heading("5. How many patterns fit")
    counts, trials = (TOLD, 2) if quick else (range(1, 41), 10)
    rng = np.random.default_rng([seed, 3])
    stable_shares = {rule: dict.fromkeys(counts, 0.0) for rule in ("hebb", "storkey")}
    for _ in range(trials):
        patterns = rng.choice([-1.0, 1.0], (max(counts), SIZE))
        for rule, shares in stable_shares.items():
            net = architect.Hopfield(SIZE)
            learnt = 0
            for count in counts:
                net.learn(patterns[learnt:count], rule)
                learnt = count
                shares[count] += stable(net, patterns[:count]) / trials
    capacity = net.capacity
    print(
        f"For 100 neurons theory predicts {capacity.hebb_exact:.1f} patterns (Hebb,"
        " every point right),"
    )
    print(
        f"{capacity.hebb:.1f} (Hebb, a few wrong), {capacity.storkey:.1f} (Storkey,"
        " every point right).\n"
    )
    print("  patterns learnt   stable by Hebb   by Storkey")
    for count in TOLD:
        print(
            f"  {count:15}   {stable_shares['hebb'][count]:14.0%}  "
            f" {stable_shares['storkey'][count]:10.0%}"
        )
    both = min(stable_shares["hebb"][5], stable_shares["storkey"][5])
    check("of five patterns each rule keeps at least 90% stable", both >= 0.9)
    check("of forty, Hebb's rule keeps fewer than 10%", stable_shares["hebb"][40] < 0.1)
    check(
        "of twenty, Storkey's rule keeps at least 90%",
        stable_shares["storkey"][20] >= 0.9,
    )
    return stable_shares, capacity


def stable(net, patterns):
    """The fraction of patterns that one sweep does not change."""
    after = [net.recall(pattern, sweeps=1, seed=0) for pattern in patterns]
    return np.mean([(a == b).all() for a, b in zip(after, patterns, strict=True)])


# --- 6. Patterns that are alike -------------------------------------------------------
#
# Random patterns have little in common. Letters are similar: H and N share most of
# their points. The contribution of one pattern to a state is then outweighed by those
# of similar patterns. Twelve letters are fewer than 0.138 n, yet Hebb's rule loses most
# of them. Storkey's rule, which stores only the new part of a pattern, retains most.


def alike(patterns):
    heading("6. Similar patterns")
    several = list(patterns.values())
    show(*several[5:])
    common = int((patterns["H"] == patterns["N"]).sum())
    print(
        f"\nAll twelve letters are stored. H and N agree in {common} of 100 points,"
        " random patterns in 50.\n"
    )
    lost = {}
    for rule in ("hebb", "storkey"):
        net = architect.Hopfield(SIZE)
        net.learn(several, rule)
        wrong = {}
        for name, pattern in patterns.items():
            wrong[name] = int((net.recall(pattern, seed=0) != pattern).sum())
        lost[rule] = sum(count > 0 for count in wrong.values())
        points = "   ".join(f"{name} {count:2}" for name, count in wrong.items())
        print(f"  {rule:8} {points}   (points wrong)")
    check("Hebb's rule loses more than half of the letters", lost["hebb"] > 6)
    check(
        "Storkey's rule loses fewer than half as many",
        lost["storkey"] < lost["hebb"] / 2,
    )
    return lost


@with_pyplot
def picture(plt, frames, energies, stable_shares, capacity, path):
    figure = plt.figure(figsize=(8.4, 5.2), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1, 1.35])
    titles = ("shown: 20 points wrong", "half way", "recalled")
    for axes, frame, title in zip(above.subplots(1, 3), frames, titles, strict=True):
        cmap, norm = ink.coloring(frame)
        axes.imshow(np.reshape(frame, (SIDE, SIDE)), cmap=cmap, norm=norm)
        axes.set(xticks=[], yticks=[], title=title)

    left, right = below.subplots(1, 2)
    left.plot(energies, "o-", ms=4, color=ink.BLUE)
    left.xaxis.get_major_locator().set_params(integer=True)
    left.set(
        xlabel="neurons that have changed",
        ylabel="energy",
        title="Every change lowers the energy",
    )
    for (rule, shares), colour, style in zip(
        stable_shares.items(), (ink.RED, ink.BLUE), ("-", "--"), strict=True
    ):
        name = f"{rule.capitalize()}'s rule"
        right.plot(list(shares), list(shares.values()), style, color=colour, label=name)
    for limit, text in zip(
        capacity, ("0.138 n", "n / (4 ln n)", "n / √(2 ln n)"), strict=True
    ):
        right.axvline(limit, color=ink.GRAY, lw=1, ls=":")
        right.text(
            limit + 0.4, 0.4, text, color=ink.GRAY, fontsize=8, rotation=90, va="center"
        )
    right.set(xlabel="random patterns learnt, n = 100", ylabel="share that is stable")
    right.set(xlim=(0, 45), ylim=(0, 1.05), title="How many it holds")
    right.legend(loc="upper right", bbox_to_anchor=(0.75, 0.9))
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    every = letters()
    patterns = {name: every[name] for name in FIRST}
    heading("1. Letters")
    show(*patterns.values())
    net = store(patterns)
    frames, energies = recall(net, patterns, seed)
    shares = how_much(net, patterns, seed, quick)
    stable_shares, capacity = how_many(seed, quick)
    lost = alike(every)
    picture(frames, energies, stable_shares, capacity, out / "hopfield.png")
    synapse.save(net, out / "hopfield.synapse")
    lesson(
        "Couplings can store patterns, and recall from a part is descent in energy"
        f" (from {energies[0]:.0f} to {energies[-1]:.0f} for the letter A). With 20 of"
        f" 100 points wrong {shares[20][0]:.0%} of the recalls are right, with 40"
        f" points {shares[40][0]:.0%}. Of 20 random patterns Hebb's rule keeps"
        f" {stable_shares['hebb'][20]:.0%} stable and Storkey's"
        f" {stable_shares['storkey'][20]:.0%}; of the twelve similar letters they lose"
        f" {lost['hebb']} and {lost['storkey']}."
    )


# To try: your own letters. Remove a tenth of the couplings (neuron.disconnect, in both
# directions): what is still recalled? Let all neurons fire at once, from a copy of the
# activations: the energy may rise.
