"""Baseline of the demo `text`, and its picture of a cell under the letters."""

from __future__ import annotations

import re
import time

import numpy as np

import synapse
from demos._common import ink, save_figure, with_pyplot
from synapse.analysis import switching

HIDDEN = 100
STEPS = 25
PIECE = 1000
RATE = 0.1


class NumpyRnn:
    """A recurrent network of letters by hand in NumPy, after Karpathy's program of 112
    lines (2015): 100 tanh neurons, 25 letters a step, Adagrad."""

    def __init__(self, letters, seed):
        self.rng = np.random.default_rng(seed)
        shapes = [(HIDDEN, letters), (HIDDEN, HIDDEN), (letters, HIDDEN)]
        self.weights = [0.01 * self.rng.standard_normal(shape) for shape in shapes]
        self.weights += [np.zeros(HIDDEN), np.zeros(letters)]
        self.squares = [np.zeros_like(weight) for weight in self.weights]
        self.hidden = np.zeros(HIDDEN)

    def read(self, letters):
        """Hidden activations, with that before the first letter, and the shares."""
        into, within, out, bias, end = self.weights
        hidden = [self.hidden]
        for letter in letters:
            hidden.append(np.tanh(into[:, letter] + within @ hidden[-1] + bias))
        logits = np.array(hidden[1:]) @ out.T + end
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.hidden = hidden[-1]
        return np.array(hidden), shares / shares.sum(axis=1, keepdims=True)

    def loss(self, letters):
        """Nats a letter of a text that it reads from the beginning."""
        self.hidden = np.zeros(HIDDEN)
        shares = self.read(letters[:-1])[1]
        return -np.log(shares[np.arange(len(letters) - 1), letters[1:]]).mean()

    def step(self, letters, following):
        """Learn from 25 letters."""
        hidden, shares = self.read(letters)
        within, out = self.weights[1:3]
        slopes = [np.zeros_like(weight) for weight in self.weights]
        later = np.zeros(HIDDEN)
        for t in reversed(range(len(letters))):
            error = shares[t].copy()
            error[following[t]] -= 1
            back = (out.T @ error + later) * (1 - hidden[t + 1] ** 2)
            slopes[0][:, letters[t]] += back
            slopes[1] += np.outer(back, hidden[t])
            slopes[2] += np.outer(error, hidden[t + 1])
            slopes[3] += back
            slopes[4] += error
            later = within.T @ back
        for weight, square, slope in zip(
            self.weights, self.squares, slopes, strict=True
        ):
            slope = np.clip(slope, -5, 5)
            square += slope * slope
            weight -= RATE * slope / np.sqrt(square + 1e-8)

    def learn(self, letters, seconds):
        """Learn for some seconds of the processor; returns itself.

        It goes on at another place after every 1,000 letters: read file after file, it
        would have learned the last one best."""
        begin = time.process_time()
        while time.process_time() - begin < seconds:
            start = self.rng.integers(len(letters) - PIECE)
            self.hidden = np.zeros(HIDDEN)
            for place in range(start, start + PIECE, STEPS):
                piece = letters[place : place + STEPS + 1]
                self.step(piece[:-1], piece[1:])
        return self


def in_brackets(text):
    """Whether each letter stands in brackets, or is one."""
    opened = np.cumsum([letter in "([{" for letter in text])
    closed = np.cumsum([letter in ")]}" for letter in text])
    before = np.append(0, closed[:-1])  # a closing bracket belongs to what it closes
    return opened > before


def bracket_cell(net, alphabet, blocks):
    """The table of neurons by how well they follow brackets, and the states of the best
    in each block.

    Each block is read from a cleared context, as the windows that the network learned
    from: over a whole file the states of cells drift far away."""
    with synapse.record(net, "state") as log:
        for block in blocks:
            net.clear()
            net.run(alphabet.one_hot(block))
    table = switching(net, log, np.concatenate([in_brackets(b) for b in blocks]))
    states = log.of(net, "state")[:, table.neuron[0]]
    ends = np.cumsum([len(block) for block in blocks])
    return table, np.split(states, ends[:-1])


@with_pyplot
def letters_and_cell(plt, blocks, states, name, path, width=88, most=8):
    """Lines of the code with most brackets: the state of a cell under each letter."""
    middle = np.median(np.concatenate(states))
    k = int(np.argmax([in_brackets(block).sum() for block in blocks]))
    inside = in_brackets(blocks[k])
    bars = states[k] - middle
    lines = list(re.finditer(".+", blocks[k]))[:most]
    figure, axes = plt.subplots(len(lines), 1, layout="constrained", sharey=True)
    figure.set_size_inches(9.5, 0.65 * len(lines))
    for ax, line in zip(axes, lines, strict=True):
        place = slice(*line.span())
        colours = [ink.BLUE if bar > 0 else ink.ORANGE for bar in bars[place]]
        ax.bar(range(len(line[0])), bars[place], width=1.0, color=colours)
        ax.set_xticks(range(len(line[0])), list(line[0]), family="monospace")
        ax.tick_params(axis="x", length=0, labeltop=True, labelbottom=False)
        for letter, dark in zip(ax.get_xticklabels(), inside[place], strict=True):
            letter.set(fontsize=8, color="black" if dark else "0.6")
        ax.set_xlim(-0.6, width - 0.4)
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
        ax.axhline(0, color="black", lw=0.5)
    title = f"State of {name} (up: above its median); letters in brackets are dark"
    figure.suptitle(title, x=0.01, ha="left")
    save_figure(figure, path)
