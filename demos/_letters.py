"""What the demo of text is compared with, and how it draws a cell under its letters."""

from __future__ import annotations

import time

import numpy as np

import synapse
from demos._common import ink, save_figure, with_pyplot
from synapse.analysis import switching

HIDDEN = 100
STEPS = 25
RATE = 0.1


class NumpyRnn:
    """A recurrent network of letters by hand in NumPy, after Karpathy's program of 112
    lines (2015): 100 tanh neurons, 25 letters a step, Adagrad."""

    def __init__(self, letters, seed):
        rng = np.random.default_rng(seed)
        shapes = [(HIDDEN, letters), (HIDDEN, HIDDEN), (letters, HIDDEN)]
        self.weights = [0.01 * rng.standard_normal(shape) for shape in shapes]
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
        """Learn for some seconds of the processor; returns itself."""
        begin = time.process_time()
        place = 0
        while time.process_time() - begin < seconds:
            if place + STEPS + 1 > len(letters):
                place = 0
                self.hidden = np.zeros(HIDDEN)
            piece = letters[place : place + STEPS + 1]
            self.step(piece[:-1], piece[1:])
            place += STEPS
        return self


def quote_cell(net, alphabet, lines):
    """The table of neurons by how well they follow quotes, and the states of the best.

    Each line is read from a cleared context, as the windows that the network learned
    from: over a whole book the states of cells drift far away."""
    with synapse.record(net, "state") as log:
        for line in lines:
            net.clear()
            net.run(alphabet.one_hot(line))
    quoted = [np.cumsum([letter == '"' for letter in line]) % 2 for line in lines]
    table = switching(net, log, np.concatenate(quoted))
    return table, log.of(net, "state")[:, table.neuron[0]]


@with_pyplot
def letters_and_cell(plt, text, states, name, path, width=92):
    """Lines of text, each letter over a bar: the state of a cell beside its median."""
    states = states - np.median(states)
    lines = -(-len(text) // width)
    figure, axes = plt.subplots(
        lines, 1, figsize=(9.5, 1.05 * lines), layout="constrained", sharey=True
    )
    for i, ax in enumerate(axes):
        shown = text[i * width : (i + 1) * width].replace("\n", "¶")
        heights = states[i * width : (i + 1) * width]
        colours = [ink.BLUE if height > 0 else ink.ORANGE for height in heights]
        ax.bar(range(len(shown)), heights, width=1.0, color=colours)
        ax.set_xticks(range(len(shown)), list(shown), family="monospace", fontsize=7)
        ax.set_xlim(-0.6, width - 0.4)
        ax.tick_params(axis="x", length=0, labeltop=True, labelbottom=False)
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
        ax.axhline(0, color="black", lw=0.5)
    figure.suptitle(f"State of {name}, letter by letter", x=0.01, ha="left")
    save_figure(figure, path)
