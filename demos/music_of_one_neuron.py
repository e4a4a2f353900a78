"""music_of_one_neuron: a neuron with a self-connection forgets, holds or explodes; two
of them play a tune.

    python -m demos music_of_one_neuron

Task: Predict the behaviour of one or two neurons from their weights alone: how fast a
neuron with a self-connection forgets, when it holds one bit, and with which period
two neurons oscillate. The last part plays a tune with them.

After the input ends, the activity of a neuron with a self-connection depends on one
number, the weight of that connection."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import numpy as np

from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Neuron
from synapse.readwrite import _files

# --- 1. One weight, five behaviours ---------------------------------------------------
#
# A neuron has the squash identity and a self-connection of weight w. After a single
# input of 1, its state is w, w^2, w^3, ...
#
#     0 < w < 1    it forgets: the state halves every ln 2 / -ln w steps
#     w = 1        it holds for ever; this is the cell of an LSTM
#     w > 1        it explodes: it doubles every ln 2 / ln w steps
#     w < 0        it alternates in sign, and forgets, holds or explodes by its size


def struck(weight, steps):
    """The states of a neuron with this self-weight, after one input of 1 at step 0."""
    x = Neuron(name="x")
    neuron = Neuron("identity", name="neuron")
    x.project(neuron, weight=1.0)
    neuron.project(neuron, weight=weight)
    net = Network(Layer([x]), [], Layer([neuron]))
    return net.run(np.eye(steps, 1))[:, 0]


def five_lives(rng):
    heading("1. One weight, five behaviours")
    below = rng.uniform(0.85, 0.95)
    above = rng.uniform(1.05, 1.1)
    lives = {weight: struck(weight, 61) for weight in (below, 1.0, above, -below, -1.0)}
    print("   weight   state after 1        2       10       60 steps")
    for weight, states in lives.items():
        print(
            f"  {weight:+7.4f}      "
            + "".join(f"{states[step]:+9.3f}" for step in (1, 2, 10, 60))
        )
    for weight, states in lives.items():
        check(
            f"after n steps the state is {weight:+.4f} to the power n",
            np.allclose(states, weight ** np.arange(61.0)),
        )
    half_life(below)
    check(
        "with -1 the state is as large after 60 steps as at the start",
        abs(lives[-1.0][60]) == 1,
    )
    return lives


def half_life(weight):
    """Count the steps until a thousandth is left, which is ln 1000 / ln 2 = 9.966
    half-lives."""
    computed = math.log(2) / -math.log(weight)
    states = struck(weight, 200)
    seen = np.interp(math.log(1000), -np.log(states), np.arange(200)) / math.log2(1000)
    print(
        f"  half-life of weight {weight:.4f}: ln 2 / -ln w = {computed:.4f} steps,"
        f" measured {seen:.4f}"
    )
    check("the half-life is ln 2 / -ln w", math.isclose(computed, seen, rel_tol=1e-9))


# --- 2. A squash in the loop ----------------------------------------------------------
#
# A self-connection returns the state, before the squash. Now the activation is returned
# instead: an "echo" fires first and copies the neuron's previous activation. With tanh,
# y <- tanh(w y + b).
#
# With b = 0 and w between 0 and 1, y = 0 is the only fixed point, and all other values
# converge to it. Above 1 it becomes unstable, and two others appear, one positive and
# one negative: the neuron holds one bit. They are the solutions of y = tanh(w y).


def looped(weight):
    """A tanh neuron with its own previous activation and an external input."""
    x, echo = Neuron(name="x"), Neuron("identity", name="echo")
    neuron = Neuron("tanh", name="neuron")
    neuron.project(echo, weight=1.0)
    echo.project(neuron, weight=weight)
    x.project(neuron, weight=1.0)
    return Network(Layer([x]), [Layer([echo])], Layer([neuron]))


def one_bit(rng):
    heading("2. A squash in the loop stores one bit")
    kicks = rng.uniform(0.05, 0.5, 3) * [1, -1, 1]
    courses = {}
    for weight in (0.8, 2.0):
        net = looped(weight)
        for kick in kicks:
            net.clear()
            courses[weight, kick] = net.run(kick * np.eye(60, 1))[:, 0]
            print(
                f"  weight {weight}, pulse of {kick:+.3f}: after 59 steps"
                f" {courses[weight, kick][-1]:+.6f}"
            )
    rest = resting(2.0)
    print(f"  the solutions of y = tanh(2 y) are 0 and ±{rest:.6f}")
    weak = np.array([courses[0.8, kick][-1] for kick in kicks])
    strong = np.array([courses[2.0, kick][-1] for kick in kicks])
    check("with 0.8 every pulse fades", bool((abs(weak) < 1e-5).all()))
    kept = np.allclose(strong, rest * np.sign(kicks), atol=1e-9)
    check("with 2 the sign of the pulse is kept, at that value", kept)
    return courses, rest


def resting(weight):
    """The positive solution of y = tanh(weight y), by bisection."""
    low = 1e-6
    high = 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if math.tanh(weight * middle) > middle:
            low = middle
        else:
            high = middle
    return low


# --- 3. Hysteresis --------------------------------------------------------------------
#
# Let a bias b rise slowly, then fall again. The neuron does not switch at b = 0: it
# stays at its fixed point until that point vanishes, which happens where the curve
# tanh(w y + b) only just touches the line y. There w (1 - y^2) = 1, so y = -sqrt(1 -
# 1/w) and b = artanh(y) - w y. On the way back it switches at -b. In between, its
# output depends on its history. That is memory.


def hysteresis():
    heading("3. Hysteresis")
    net = looped(2.0)
    weight = 2.0
    neuron = net.output[0]
    up = np.linspace(-1, 1, 401)
    down = up[::-1]
    rising = np.array([settled(net, neuron, bias) for bias in up])
    falling = np.array([settled(net, neuron, bias) for bias in down])
    turn = (up[rising > 0][0], down[falling < 0][0])
    y = -math.sqrt(1 - 1 / weight)
    computed = math.atanh(y) - weight * y
    print(
        f"  the output changes sign at a bias of {turn[0]:+.3f} (rising) and"
        f" {turn[1]:+.3f} (falling); formula ±{computed:.4f}"
    )
    step = up[1] - up[0]
    late = np.array([turn[0] - computed, -computed - turn[1]])
    check(
        "it changes sign at the first bias past the formula's",
        bool(((late >= 0) & (late <= step)).all()),
    )
    return up, rising, falling, turn


def settled(net, neuron, bias, steps=300):
    """The activation after some steps with this bias, continuing from the present
    activation."""
    neuron.bias = bias
    return net.run(np.zeros((steps, 1)))[-1, 0]


# --- 4. Two neurons -------------------------------------------------------------------
#
# Two neurons have self-connections of weight r and are connected to each other: b to a
# with weight -e, a to b with weight e. As a fires before b, b reads the new a. One step
# then multiplies (a, b) by
#
#     | r        -e      |
#     | r e     r - e^2  |      determinant r^2, sum of the diagonal 2 r - e^2
#
# so each step rotates the pair by an angle with cosine (2 r - e^2) / (2 r), and scales
# it by r. With r = 1 it oscillates for ever with constant amplitude: Minsky's circle
# (HAKMEM, item 149, 1972). If both fired at once, the amplitude would grow with every
# turn.


def pair(keep, push):
    """Two neurons that oscillate after an input."""
    x = Neuron(name="x")
    a = Neuron("identity", name="a")
    b = Neuron("identity", name="b")
    x.project(a, weight=1.0)
    for neuron in (a, b):
        neuron.project(neuron, weight=keep)
    a.project(b, weight=push)
    b.project(a, weight=-push)
    return Network(Layer([x]), [], Layer([a, b]))


def push_for(period, keep=1.0):
    """The weight e for a period of this many steps."""
    return math.sqrt(2 * keep * (1 - math.cos(2 * math.pi / period)))


def two_neurons(rng):
    heading("4. Two neurons oscillate")
    period = int(rng.integers(20, 41))
    push = push_for(period)
    turns = pair(1.0, push).run(np.eye(100 * period + 1, 1))
    print(
        f"  The weights between them are ±{push:.6f}.\n   steps          a          b"
    )
    for step in (0, period, 100 * period):
        print(f"  {step:6}  {turns[step, 0]:+.6f}  {turns[step, 1]:+.6f}")
    check(
        f"the period is {period} steps", np.allclose(turns[period], turns[0], atol=1e-9)
    )
    check(
        "after a hundred periods the amplitude is the same",
        np.allclose(turns[-1], turns[0], atol=1e-7),
    )
    quarter = turns[period // 4]
    check(
        "after a quarter of a period the activations differ",
        bool(abs(quarter - turns[0]).max() > 0.5),
    )
    return turns[: 3 * period]


# --- 5. A tune ------------------------------------------------------------------------
#
# At 8000 steps per second the oscillation is audible. A tone of f hertz has a period of
# 8000 / f steps. With r just below 1 it fades like a plucked string; each note needs a
# new input. Between two notes only the weights e and -e change, which set the pitch.

SECOND = 8000  # steps per second
NOTES = {
    "D": 293.66,
    "E": 329.63,
    "F#": 369.99,
    "G": 392.00,
    "A": 440.00,
    "B": 493.88,
    "D'": 587.33,
}
TUNE = ["D", "F#", "A", "B", "A", "F#", "G", "E", "D", "D"]


def tune(quick, path):
    heading("5. A tune")
    length = SECOND // 5 if quick else SECOND // 3
    keep = 0.5 ** (1 / (0.08 * SECOND))  # half as loud every 0.08 s
    net = pair(keep, 0.0)
    a, b = net.output
    sound = []
    for note in TUNE:
        push = push_for(SECOND / NOTES[note], keep)
        a.connection_to(b).weight = push
        b.connection_to(a).weight = -push
        sound.append(net.run(np.eye(length, 1))[:, 0])
    heard = [pitch(tone) for tone in sound]
    print("  note   target   played")
    for note, hertz in list(zip(TUNE, heard, strict=True))[:4]:
        print(f"  {note:4} {NOTES[note]:8.2f} {hertz:8.2f} Hz")
    write(np.concatenate(sound), path)
    right = all(
        abs(hertz / NOTES[note] - 1) < 0.01
        for note, hertz in zip(TUNE, heard, strict=True)
    )
    check("every note is within a sixth of a semitone", right)
    return sound[0]


def pitch(tone):
    """The frequency in hertz, from the first to the last upward zero crossing."""
    places = np.flatnonzero((tone[:-1] < 0) & (tone[1:] >= 0))
    exact = places - tone[places] / (tone[places + 1] - tone[places])
    return SECOND * (len(exact) - 1) / (exact[-1] - exact[0])


def write(sound, path):
    """Write a WAV file with 16 bits and one channel."""
    numbers = (0.9 * 32767 * sound / abs(sound).max()).astype("<i2")
    with _files.replacing(path) as content, wave.open(content, "wb") as file:
        file.setparams((1, 2, SECOND, len(numbers), "NONE", "not compressed"))
        file.writeframes(numbers.tobytes())


# --- 6. The picture -------------------------------------------------------------------

SMALL = {"handlelength": 1.2, "columnspacing": 1.0}


@with_pyplot
def picture(plt, lives, bit, loop, turns, tone, path):
    figure, axes = plt.subplots(2, 3, figsize=(8.4, 4.7), layout="constrained")
    panel_lives(axes[0, 0], lives)
    panel_signs(axes[0, 1], lives)
    panel_bit(axes[0, 2], *bit)
    panel_loop(axes[1, 0], *loop)
    panel_turns(axes[1, 1], turns)
    axes[1, 2].plot(1000 * np.arange(240) / SECOND, tone[:240], color=ink.PURPLE)
    axes[1, 2].set(
        xlabel="time in milliseconds",
        ylabel="state of a",
        title=f"The first note, {TUNE[0]}, fading",
    )
    save_figure(figure, path)


def panel_lives(axes, lives):
    for (weight, states), colour in zip(
        list(lives.items())[:3], (ink.BLUE, ink.GREEN, ink.RED), strict=True
    ):
        axes.plot(states[:31], ".-", color=colour, label=f"w = {weight:.2f}")
    axes.set(
        xlabel="steps after one input of 1",
        ylabel="state",
        ylim=(0, 4),
        title="Forgets, holds, explodes",
    )
    axes.legend(loc="upper left", **SMALL)


def panel_signs(axes, lives):
    for (weight, states), colour in zip(
        list(lives.items())[:2:-1], (ink.GRAY, ink.ORANGE), strict=True
    ):
        axes.plot(states[:16], ".-", color=colour, label=f"w = {weight:.2f}")
    axes.set(
        xlabel="steps after one input of 1",
        ylabel="state",
        ylim=(-1.2, 1.6),
        title="Alternates",
    )
    axes.legend(loc="upper right", ncols=2, **SMALL)


def panel_bit(axes, courses, rest):
    for (weight, _), course in courses.items():
        axes.plot(course[:16], ".-", color=ink.BLUE if weight < 1 else ink.RED)
    for y in (-rest, rest):
        axes.axhline(y, color=ink.GRAY, ls="--", lw=1)
    axes.plot([], color=ink.BLUE, label="weight 0.8")
    axes.plot([], color=ink.RED, label="weight 2")
    axes.set(
        xlabel="steps after a kick",
        ylabel="activation",
        ylim=(-1.2, 1.6),
        title="tanh in the loop: a bit",
    )
    axes.legend(loc="upper right", ncols=2, **SMALL)


def panel_loop(axes, up, rising, falling):
    axes.plot(up, rising, color=ink.BLUE, label="bias rising")
    axes.plot(up[::-1], falling, color=ink.ORANGE, ls="--", label="bias falling")
    axes.set(
        xlabel="bias",
        ylabel="activation, settled",
        ylim=(-1.2, 1.6),
        title="Hysteresis, weight 2",
    )
    axes.legend(loc="upper left", ncols=2, **SMALL)


def panel_turns(axes, turns):
    axes.plot(turns[:, 0], color=ink.BLUE, label="a")
    axes.plot(turns[:, 1], color=ink.ORANGE, label="b")
    axes.set(
        xlabel="steps",
        ylabel="state",
        ylim=(-1.2, 1.6),
        title=f"Two neurons: {len(turns) // 3} steps a turn",
    )
    axes.legend(loc="upper right", ncols=2, **SMALL)


def main(quick: bool, seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    lives = five_lives(rng)
    bit = one_bit(rng)
    *loop, turn = hysteresis()
    turns = two_neurons(rng)
    tone = tune(quick, out / "music_of_one_neuron.wav")
    picture(lives, bit, loop, turns, tone, out / "music_of_one_neuron.png")
    forgets = min(abs(weight) for weight in lives)
    lesson(
        f"The weight of a self-connection sets the memory: {forgets:.3f} keeps"
        f" {forgets**10:.0%} of a state for 10 steps, 1 keeps all of it. With tanh in"
        f" the loop and a weight of 2 the neuron stores one bit, ±{bit[1]:.3f}, and a"
        f" bias of {turn[0]:+.3f} or {turn[1]:+.3f} flips it. Two coupled neurons"
        " oscillate with a period that their weights determine."
    )


# To try: another tune; two strings at once, one neuron adding them; a tanh neuron with
# weight -2.
