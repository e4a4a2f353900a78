"""Reber: an LSTM learns which symbols of a grammar may come next.

    python -m demos reber

Task: Predict the next symbol of a string of the embedded Reber grammar, at every step.
A prediction is correct if the grammar allows the symbol; the last but one symbol
depends on the second one, many steps before.

The strings come from a small machine. It moves from place to place and emits a symbol
on each move; where two moves are possible it tosses a coin:

    from 0:  B to 1
    from 1:  T to 2,  or P to 3
    from 2:  S to 2 again,  or X to 4
    from 3:  T to 3 again,  or V to 5
    from 4:  S to 6,  or X to 3
    from 5:  V to 6,  or P to 4
    from 6:  E, and done

An embedded string puts one of these into an envelope: B, then T or P, the inner string,
the same T or P again, E. The last two or three symbols mostly determine the next one.
The last but one symbol is different: it depends on the second symbol, any number of
symbols earlier. Networks without such a long memory predict all symbols correctly
except this one, which made the task a test for memory in the 1990s."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import (
    check,
    heading,
    ink,
    lesson,
    progress_bar,
    save_figure,
    with_pyplot,
)
from synapse.initializers import uniform
from synapse.tasks import EmbeddedReber, Ranked, reber

# --- 1. Strings -----------------------------------------------------------------------
#
# synapse.tasks.reber generates them, with the legal next symbols of each step. The
# network has seven inputs, one per symbol, of which one is 1; its seven outputs must
# predict the next symbol. EmbeddedReber has the same strings as inputs and targets.


def strings(seed):
    heading("Five strings, and the symbols that may follow each symbol of the last")
    examples = reber.strings(5, seed=seed)
    print("\n".join(examples))
    print("\n  " + "  ".join(f"{symbol:2}" for symbol in examples[-1]))
    print("  " + "  ".join(f"{allowed:2}" for allowed in reber.legal(examples[-1])))


# --- 2. The network -------------------------------------------------------------------
#
# The network has sixteen linear memory cells: a cell adds up its inputs, scaled by its
# input gate, and its forget gate sets the fraction that is retained. Forget gates start
# open (a bias of 3 retains 95 % per step), because a cell that forgets early gets no
# gradient for remembering. There are no peepholes. Inputs are also connected to the
# outputs, so cells are free for earlier symbols. studies/learning.md compares settings
# over many seeds.
#
# The rate falls linearly to 0: large steps find the rule, small ones let the weights
# settle.

STRINGS = 40_000
CHUNK = 1_000
RATE = 0.05


def build(seed):
    return architect.LSTM(
        7,
        16,
        7,
        cell_squash="identity",
        peepholes=None,
        input_gate_bias=0.0,
        forget_gate_bias=3.0,
        output_gate_bias=0.0,
        initializer=uniform(1.0),
        bias_initializer=uniform(1.0),
        seed=seed,
        style="synaptic",
    )


# --- 3. Learning ----------------------------------------------------------------------
#
# Every string is new and used once; weights change at every symbol. At intervals the
# network is tested on 300 other strings. A string counts as right if the most active
# output is a legal symbol at every step. (The task itself is stricter, see 4.)
#
# If about half of them are right, the network has learnt the inner grammar and always
# predicts T, or always P, as the last but one symbol. Any higher fraction requires
# memory.


TASK = EmbeddedReber()


def new_strings(count, seed):
    """Strings that are right if the most active output is always legal."""
    return replace(TASK.batch(count, seed), judge=Ranked(all_allowed=False))


def learn(net, seed, count):
    heading("Learning")
    print(f"{net!r}, {count} strings\n")
    rng = np.random.default_rng([seed, 1])
    fresh = new_strings(300, [seed, 2])
    seen = []
    right = []
    with progress_bar(count, "strings") as bar:
        for start in range(0, count, CHUNK):
            trainer = synapse.Trainer(net, rate=RATE * (1 - start / count))
            batch = TASK.batch(CHUNK, rng)
            trainer.train(
                batch.inputs, batch.targets, epochs=1, shuffle=False, progress=False
            )
            seen.append(start + CHUNK)
            right.append(fresh.score(net).fraction)
            bar.set_postfix_str(f"{right[-1]:.1%} of 300 new strings right")
            bar.update(CHUNK)
    for i in range(1, len(seen), 2 if count < 20_000 else 4):
        print(f"{seen[i]:6} strings: {right[i]:6.1%} {'#' * round(40 * right[i])}")
    return seen, right


# --- 4. The test ----------------------------------------------------------------------
#
# The test uses new strings. The stricter test is that of Hochreiter and Schmidhuber,
# 1997: if two symbols may follow, both outputs must be larger than all others.


def test(net, seed, quick):
    count = 500 if quick else 5_000
    heading(f"{count} new strings")
    fresh = [make(count, [seed, 3]) for make in (new_strings, TASK.batch)]
    right, strict = (strings.score(net).fraction for strings in fresh)
    print(f"the first choice is always legal:   {right:7.2%} of strings")
    print(f"all legal symbols rank before others: {strict:5.2%}")
    if quick:
        check(
            "it has learnt the inner grammar (the quick run may stop before the rest)",
            right > 0.4,
        )
    else:
        check("more than 99 % of strings are right", right > 0.99)
    return right


# --- 5. One string, symbol by symbol --------------------------------------------------
#
# Outputs above 0.25 count as expected symbols. If two symbols may follow, each with
# probability 1/2, both outputs should be near 0.5: the network has learnt
# probabilities, not only which symbols are legal.


def one_hot(string):
    return np.eye(7)[[reber.SYMBOLS.index(symbol) for symbol in string[:-1]]]


def read_aloud(net, string):
    heading(f"{string}, symbol by symbol")
    net.clear()
    print("   read   may follow   expected   how strongly")
    steps = zip(string, one_hot(string), reber.legal(string), strict=False)
    for symbol, row, allowed in steps:
        outputs = net.activate(row)
        order = [i for i in outputs.argsort()[::-1] if outputs[i] > 0.25]
        expected = "".join(reber.SYMBOLS[i] for i in order)
        strengths = "  ".join(f"{reber.SYMBOLS[i]} {outputs[i]:.2f}" for i in order)
        mark = "" if expected and set(expected) <= set(allowed) else "   <- wrong"
        print(f"   {symbol:4}   {allowed:10}   {expected:8}   {strengths}{mark}")


# --- 6. Where the memory is -----------------------------------------------------------
#
# Read the same inner string in both envelopes, and record every cell's state after each
# symbol. Only the second symbol differs. A cell whose states differ until the end
# stores it. The effect depends on the cell's weights to the outputs T and P, so we
# multiply by those.

INNER = "BTSSXXTVPSE"


def states(net, string):
    """States of the cells and activations of forget and output gates after each symbol,
    shape (steps, 16)."""
    net.clear()
    seen = []
    for row in one_hot(string):
        net.activate(row)
        forget = net["forget gates"].activations
        output = net["output gates"].activations
        seen.append((net["cells"].states, forget, output))
    return (np.array(layer) for layer in zip(*seen, strict=True))


def find_memory(net):
    heading("The same inner string in both envelopes")
    # Up to the step at which the letter of the envelope must be predicted.
    strings = {letter: f"B{letter}{INNER}{letter}E" for letter in "TP"}
    with_t, forget_gates, let_out = states(net, strings["T"])
    with_p, _, _ = states(net, strings["P"])
    with_t = with_t[:-1]
    with_p = with_p[:-1]
    forget_gates = forget_gates[:-1]

    t, p = (net.output[reber.SYMBOLS.index(letter)] for letter in "TP")
    for_t = np.array([cell.connection_to(t).weight for cell in net["cells"]])
    for_p = np.array([cell.connection_to(p).weight for cell in net["cells"]])
    votes = for_t - for_p
    tells = (with_t - with_p)[-1] * votes * let_out[-2]
    ranking = np.argsort(-tells)
    print(
        "cell   state after T...   after P...   effect of the difference on the right"
        " letter"
    )
    for i in ranking[:4]:
        print(
            f"{i:4}   {with_t[-1, i]:+16.2f}   {with_p[-1, i]:+10.2f}  "
            f" {tells[i]:+8.2f}"
        )
    best = ranking[0]
    print(
        f"\nCell {best} has the largest effect. Its state after each symbol, and its"
        " forget gate (kept):"
    )
    print("   symbol    " + "".join(f"{symbol:>7}" for symbol in "*" + INNER))
    courses = {"* is T": with_t, "* is P": with_p, "kept  ": forget_gates}
    for name, rows in courses.items():
        print(f"   {name}    " + "".join(f"{x:7.2f}" for x in rows[1:, best]))
    return best, with_t, with_p, forget_gates


# --- 7. A picture ---------------------------------------------------------------------


@with_pyplot
def picture(plt, progress, memory, path):
    best, with_t, with_p, gates = memory
    seen, right = progress
    figure, axes = plt.subplots(2, 2, figsize=(8.4, 5.6), layout="constrained")
    curve, lines, cells, forget = axes.flat
    curve.plot(np.array(seen) / 1000, right, color=ink.BLUE)
    curve.axhline(0.5, color=ink.GRAY, lw=1, ls="--")
    curve.set(
        xlabel="thousand training strings",
        ylabel="fraction of 300 strings right",
        ylim=(0, 1.03),
    )
    curve.set_title("Learning (dashed: all but the envelope)")

    steps = np.arange(len(with_t))
    lines.plot(steps, with_t[:, best], "o-", color=ink.BLUE, label="B T ...")
    lines.plot(steps, with_p[:, best], "s--", color=ink.RED, label="B P ...")
    lines.set(
        title=f"State of cell {best}, the same string in both envelopes", ylabel="state"
    )
    lines.legend()

    differences = (with_t - with_p).T
    size = np.abs(differences).max()
    shown = cells.imshow(
        differences, cmap=ink.diverging(), vmin=-size, vmax=size, aspect="auto"
    )
    figure.colorbar(shown, ax=cells, label="state with T less state with P")
    cells.set(title="Where the cells remember the envelope", ylabel="cell")
    cmap, norm = ink.coloring(gates)
    shown = forget.imshow(gates.T, cmap=cmap, norm=norm, aspect="auto")
    figure.colorbar(shown, ax=forget, label="activation")
    forget.set(title="Forget gates: 1 keeps, 0 clears", ylabel="gate of cell")
    for panel in (lines, cells, forget):
        panel.set_xticks(steps, f"B*{INNER}", family="monospace")
        panel.set_xlabel("symbol read (* is T or P)")
    for panel in (cells, forget):
        panel.set_yticks(range(0, 16, 3))
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    strings(seed)
    net = build(seed)
    progress = learn(net, seed, 15_000 if quick else STRINGS)
    right = test(net, seed, quick)
    read_aloud(net, reber.strings(1, seed=[seed, 4])[0])
    memory = find_memory(net)
    picture(progress, memory, out / "reber.png")
    synapse.save(net, out / "reber.synapse")
    best, with_t, with_p, forget_gates = memory
    lesson(
        f"The LSTM predicts {right:.1%} of new strings right at every symbol, the last"
        f" but one included, which takes a memory across the inner string. Cell {best}"
        f" is that memory: its state ends at {with_t[-1, best]:+.1f} after T and"
        f" {with_p[-1, best]:+.1f} after P, and its forget gate keeps at least"
        f" {forget_gates[1:, best].min():.0%} of it at every step."
    )


# To try: forget_gate_bias=0, which lengthens the last plateau; forget_gates=False; four
# cells.
