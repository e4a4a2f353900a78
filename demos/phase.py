"""Phase: the weights of a network are a function of the phase of a gait, and a walker
walks by it.

    python -m demos phase

Task: Predict the joints of a walker with two legs from phase, speed and slope. The gait
comes from formulas; the networks learn it at five speeds and are tested at other
speeds, between them and beyond.

The phase-functioned network (Holden and others 2017) has four sets of weights, which
four neurons mix: the phase drives them, and they gate. A perceptron with about as
many weights gets the phase as two more inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import architect
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Trainer
from synapse.learning import Cosine
from synapse.optimizers import Adam

SPEEDS = (0.4, 0.8, 1.2, 1.6, 2.0)
BETWEEN = (0.6, 1.0, 1.4, 1.8)
BEYOND = (0.2, 2.2, 2.4)
SLOPES = (-0.2, 0.0, 0.2)
JOINTS = ("left hip", "left knee", "right hip", "right knee", "height")

# --- 1. The gait ----------------------------------------------------------------------
#
# Angles are in radians. A faster walker takes longer steps, lifts its feet higher, and
# bends its knees more sharply. Uphill, it leans and lifts its feet more. The legs are
# half a turn apart.


def gait(phase, speed, slope):
    """The joints, shape (..., 5)."""
    legs = []
    for turn in (phase, phase + np.pi):
        stride = 0.25 + 0.2 * speed
        swing = np.maximum(np.sin(turn + 0.9), 0.0)
        hip = stride * np.cos(turn) + 0.5 * slope
        legs += [hip, 0.1 + (0.4 + 0.3 * speed + 0.8 * slope) * swing ** (1.0 + speed)]
    return np.stack([*legs, 0.04 * speed * np.cos(2 * phase) - 0.1 * slope], axis=-1)


def rows(speeds, phases=24):
    """Inputs (cosine and sine of the phase, speed, slope) and joints for every
    combination."""
    turns = np.arange(phases) * 2 * np.pi / phases
    grid = np.meshgrid(turns, speeds, SLOPES, indexing="ij")
    phase, speed, slope = (values.ravel() for values in grid)
    columns = [np.cos(phase), np.sin(phase), speed - 1.2, 5.0 * slope]
    return np.stack(columns, axis=1), gait(phase, speed, slope)


# --- 2. Weights that are a function of the phase --------------------------------------
#
# Mixer k has the activation (1 + cos(phase - k π / 2)) / 4: a weighted sum of cosine
# and sine. The four sum to 1. It gates the connections from a layer to its k-th copy,
# so the weights out of the copies are used in the proportions of the mixers: W(phase) =
# Σ m_k W_k. What leads from the mixers themselves are the biases.


def phase_functioned(hidden, seed):
    circle = Layer(2)
    state = Layer(2)
    mixers = Layer(4, squash="identity", bias=0.25)
    turns = np.arange(4) * np.pi / 2
    weights = 0.25 * np.stack([np.cos(turns), np.sin(turns)])
    circle.project(mixers, weights=weights, trainable=False)
    thought = Layer(hidden, squash="tanh")
    joints = Layer(len(JOINTS), squash="identity")
    layers = []
    for number, (source, target) in enumerate([(state, thought), (thought, joints)]):
        copies = [Layer(len(source), squash="identity") for _ in turns]
        for mixer, copy in zip(mixers, copies, strict=True):
            mixer.gate(source.project(copy, "one_to_one", weights=1.0, trainable=False))
            copy.project(target, initializer="glorot", seed=seed + number)
            copy.trainable_bias = False
        mixers.project(target, weights=0.0)
        target.trainable_bias = False
        layers += [*copies, target]
    mixers.trainable_bias = False
    return Network(Layer([*circle, *state]), [mixers, *layers[:-1]], joints)


def trainable(net):
    """Number of weights and biases that learn."""
    neurons = [neuron for layer in net.layers[1:] for neuron in layer]
    weights = sum(connection.trainable for connection in net.connections)
    return weights + sum(neuron.trainable_bias for neuron in neurons)


# --- 3. Speeds that are not in the data -----------------------------------------------


def compare(hidden, epochs, seed):
    phased = phase_functioned(hidden, seed)
    size = round((trainable(phased) - len(JOINTS)) / (4 + 1 + len(JOINTS)))
    functions = {"squash": "tanh", "output_squash": "identity"}
    plain = architect.Perceptron(4, size, len(JOINTS), seed=seed, **functions)
    nets = {"phase-functioned": phased, "perceptron": plain}
    errors = {}
    for name, net in nets.items():
        rate = Cosine(0.01, epochs)
        options = {"rule": "bptt", "optimizer": Adam(), "batch_size": 32}
        trainer = Trainer(net, rate=rate, **options)
        trainer.train(*rows(SPEEDS), epochs=epochs, seed=seed, progress=False)
        errors[name] = []
        for speeds in (SPEEDS, BETWEEN, BEYOND):
            inputs, joints = rows(speeds, 40)
            squares = (net.run(inputs) - joints) ** 2
            errors[name].append(float(np.sqrt(squares.mean())))
        shown = "".join(f"{error:10.4f}" for error in errors[name])
        print(f"{name:18} {trainable(net):7}{shown}")
    return nets, errors


def mean(errors):
    """The mean over seeds, by network."""
    return {
        name: np.mean([by_network[name] for by_network in errors], axis=0).tolist()
        for name in errors[0]
    }


# --- 4. Pictures ----------------------------------------------------------------------


def bones(joints, slope):
    """The points of hip, knee and foot of both legs, shape (2, 3, 2)."""
    points = []
    for hip, knee in (joints[:2], joints[2:4]):
        thigh = np.array([np.sin(hip), -np.cos(hip)])
        shin = np.array([np.sin(hip - knee), -np.cos(hip - knee)])
        top = np.array([0.0, 2.0 + joints[4]])
        points.append([top, top + thigh, top + thigh + shin])
    return np.array(points)


def walked(nets, speed, slope, frames):
    """The joints by formula and by each network over one turn."""
    phase = np.arange(frames) * 2 * np.pi / frames
    inputs = np.empty((frames, 4))
    inputs[:, 0] = np.cos(phase)
    inputs[:, 1] = np.sin(phase)
    inputs[:, 2:] = [speed - 1.2, 5 * slope]
    joints = {"formula": gait(phase, speed, slope)}
    for name, net in nets.items():
        joints[name] = net.run(inputs)
    return joints


@with_pyplot
def picture(plt, nets, errors, path):
    figure, grid = plt.subplot_mosaic(
        "abb;acc;add", figsize=(9.6, 4.2), layout="constrained"
    )
    left, *axes = grid.values()
    colours = (ink.BLUE, ink.ORANGE)
    bars = zip(colours, errors.items(), strict=True)
    for shift, (colour, (name, values)) in enumerate(bars):
        left.bar(np.arange(3) + 0.4 * shift, values, 0.36, label=name, color=colour)
    left.set(
        xticks=np.arange(3) + 0.2,
        xticklabels=["learned", "between", "beyond"],
        title="error (radians)",
    )
    left.legend()
    walks = walked(nets, BEYOND[-1], 0.2, 13)
    for axis, (name, joints) in zip(axes, walks.items(), strict=True):
        for k, pose in enumerate(joints):
            for leg, colour in zip(bones(pose, 0.2), colours, strict=True):
                axis.plot(leg[:, 0] + 1.6 * k, leg[:, 1], color=colour, lw=1.5)
        axis.set(
            title=f"{name}, {BEYOND[-1]} m/s uphill",
            xticks=[],
            yticks=[],
            aspect="equal",
        )
    save_figure(figure, path)


@with_pyplot
def animation(plt, nets, frames, path):
    from matplotlib.animation import FuncAnimation, PillowWriter

    figure, axes = plt.subplots(1, 3, figsize=(6.4, 2.6), layout="constrained")
    walks = walked(nets, BEYOND[-1], 0.2, frames)
    lines = []
    for axis, name in zip(axes, walks, strict=True):
        axis.set(
            xlim=(-1.6, 1.6),
            ylim=(-0.3, 2.3),
            title=name,
            xticks=[],
            yticks=[],
            aspect="equal",
        )
        for colour in (ink.BLUE, ink.ORANGE):
            lines += axis.plot([], [], color=colour, lw=4)

    def frame(i):
        legs = [leg for joints in walks.values() for leg in bones(joints[i], 0.2)]
        for line, leg in zip(lines, legs, strict=True):
            line.set_data(leg[:, 0], leg[:, 1])
        return lines

    film = FuncAnimation(figure, frame, frames=frames, blit=True)
    film.save(path, writer=PillowWriter(fps=20), dpi=70)
    plt.close(figure)


def main(quick: bool, seed: int, out: Path) -> None:
    heading("Error at speeds that are not in the data")
    print(
        "Root of the mean squared error in radians, after a tenth of the epochs and at"
        " the end:\n"
    )
    print(f"{'':18} weights   learned   between    beyond")
    hidden = 4 if quick else 10
    epochs = 20 if quick else 3000
    seeds = range(seed, seed + (1 if quick else 3))
    early = mean([compare(hidden, epochs // 10, number)[1] for number in seeds])
    print()
    runs = [compare(hidden, epochs, number) for number in seeds]
    nets = runs[0][0]
    errors = mean([by_network for _, by_network in runs])
    values = nets["phase-functioned"]
    values.activate([np.cos(1.0), np.sin(1.0), 0.0, 0.0])
    mixed = values.hidden[0].activations
    check("the four mixers sum to 1 at any phase", bool(abs(mixed.sum() - 1.0) < 1e-9))
    picture(nets, errors, out / "phase.png")
    animation(nets, 12 if quick else 40, out / "phase.gif")
    ours, theirs = errors.values()
    if not quick:
        check(
            "beyond the speeds of the data, weights by phase err less",
            ours[2] < theirs[2],
        )
        check(
            "the perceptron learns faster",
            early["perceptron"][1] < early["phase-functioned"][1],
        )
    lesson(
        "Between the speeds of the data, the phase-functioned network errs by"
        f" {ours[1]:.4f} radians and the perceptron by {theirs[1]:.4f}; beyond them by"
        f" {ours[2]:.4f} and {theirs[2]:.4f}. After a tenth of the epochs, the errors"
        f" between the speeds were {early['phase-functioned'][1]:.4f} and"
        f" {early['perceptron'][1]:.4f}."
    )
