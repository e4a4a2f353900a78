"""Gates: two gates find the rule of a switch; hidden layers fit only the examples.

    python -m demos gates

Task: Given two numbers a and b and a switch s, output a where s is 1 and b where s is
0. The networks learn from numbers between -1 and 1 and are tested on larger ones too.

An ordinary neuron adds its weighted inputs, and no sum of a, b and s solves this; a
product, s times a, does. A gate is a product: its activation scales a connection.
Networks with such connections are called second-order (Giles and Maxwell 1987). Numbers
larger than the examples show which network has found the rule and which has only fitted
the examples.

Lesson 9 of `synapse play` shows in a browser how a gate protects a memory.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Neuron
from synapse.initializers import glorot

LEARNT = 1.0  # in training, a and b lie between -1 and 1
FAR = 10.0  # in the largest test, between -10 and 10

# --- 1. The task ----------------------------------------------------------------------


def examples(count, reach, rng):
    """Rows of s, a, b with a and b up to `reach`, and the targets."""
    s = rng.integers(0, 2, count)
    a, b = rng.uniform(-reach, reach, (2, count))
    return np.column_stack([s, a, b]), np.where(s == 1, a, b)[:, None]


def the_task(data):
    heading("1. The task")
    print("  s        a        b   answer")
    for (s, a, b), (answer,) in list(zip(*data, strict=True))[:4]:
        print(f"  {s:.0f}   {a:+.3f}   {b:+.3f}   {answer:+.3f}")


def miss(net, reach, seed):
    """Root mean square error, relative to the root mean square of the targets."""
    inputs, targets = examples(1000, reach, np.random.default_rng([seed, 9]))
    return np.sqrt(((net.run(inputs) - targets) ** 2).mean() / (targets**2).mean())


# --- 2. A sum cannot ------------------------------------------------------------------
#
# The best output of a single linear neuron is (a + b) / 2, whatever s is. If the target
# is a, its error is (b - a) / 2. The mean relative error is the square root of 1/2,
# 0.707.


def a_sum(seed, data, epochs):
    heading("2. A sum is not enough")
    net = architect.Perceptron(3, 1, squash="identity", seed=seed)
    train(net, data, epochs, rate=0.01)
    weights = ", ".join(
        f"{link.weight:+.2f} {link.source.name}" for link in net.output[0].incoming
    )
    print(f"{net!r}: relative error {miss(net, LEARNT, seed):.3f}; weights {weights}")
    check(
        "its error is about 0.7, that of the mean of a and b",
        0.65 < miss(net, LEARNT, seed) < 0.76,
    )


def train(net, data, epochs, rate):
    trainer = synapse.Trainer(
        net, rate=lambda epoch: rate * (1 - epoch / epochs), cost="squared_error"
    )
    return trainer.train(*data, epochs=epochs, seed=0, progress=False).history["loss"]


# --- 3. Two gates ---------------------------------------------------------------------
#
#          a ---o---> answer <---o--- b          o  scaled by a gate
#               |                |
#             gate A <-- s --> gate B
#
# The gates are logistic neurons whose only input is the switch. They have no targets: a
# gate receives the output's error times the term that its gain multiplies, the weight
# times a, or b (`neuron.error.gated`).


def gated(seed):
    draw = np.random.default_rng(seed)
    s, a, b = (Neuron(name=name) for name in ("s", "a", "b"))
    gates = [Neuron(name="gate A"), Neuron(name="gate B")]
    answer = Neuron("identity", name="answer")
    for source, gate in zip((a, b), gates, strict=True):
        s.project(gate, seed=draw)
        gate.gate(source.project(answer, weight=draw.uniform(0.1, 1.0)))
    return Network(
        Layer([s, a, b], name="inputs"),
        [Layer(gates, name="gates")],
        Layer([answer]),
        name="Switch",
    )


def by_gates(seed, data, epochs):
    heading("3. Two gates")
    net = gated(seed)
    history = train(net, data, epochs, rate=0.5)
    gates = net["gates"]
    answer = net.output[0]
    print(f"{net!r}, {parameters(net)} trainable numbers")
    print("   s   gain of a   gain of b     part of a     part of b")
    passed = {}
    for switch in (1, 0):
        net.activate([switch, 1.0, 1.0])
        links = [gate.gated[0] for gate in gates]
        passed[switch] = [link.gain * link.weight for link in links]
        print(f"   {switch}" + "".join(f"{link.gain:12.4f}" for link in links), end="")
        print("".join(f"{factor:14.4f}" for factor in passed[switch]))
    right = np.allclose([passed[1], passed[0]], np.eye(2), atol=0.05)
    check("it outputs a for s = 1 and b for s = 0, within a twentieth", right)
    learns_by_influence(net, answer)
    return net, history


def learns_by_influence(net, answer):
    """The error of a gate, computed from the connection that it gates."""
    net.activate([1.0, 0.5, -0.5])
    net.propagate(rate=0, targets=[2.0])
    gate = net["gates"][0]
    link = gate.gated[0]
    term = link.weight * link.source.activation
    by_hand = gate.derivative * answer.error.responsibility * term
    claim = f"the error of {gate.name} is slope x error of the answer x weight x a"
    check(claim, np.isclose(gate.error.gated, by_hand))


def parameters(net):
    """The number of weights and biases that are trained; inputs have no bias."""
    return len(net.connections) + len(net) - len(net.input)


# --- 4. Without gates -----------------------------------------------------------------
#
# A perceptron with a tanh hidden layer can switch in another way: s moves the state of
# a hidden neuron to where tanh is flat, so that its other inputs have little effect.
# Two hidden neurons are enough for that (11 parameters, against 7 with gates); we try
# sixteen, too. Both fit the examples well.


def without_gates(seed, data, epochs):
    heading("4. Without gates")
    nets = {}
    for hidden in (2, 16):
        bent = {"squash": "tanh", "output_squash": "identity"}
        net = architect.Perceptron(3, hidden, 1, **bent, initializer=glorot, seed=seed)
        history = train(net, data, epochs, rate=0.05)
        print(
            f"{net!r}, {parameters(net)} trainable numbers: relative error"
            f" {miss(net, LEARNT, seed):.3f}"
        )
        nets[hidden] = net, history
    return nets


# --- 5. Beyond the examples -----------------------------------------------------------
#
# With gates the output is always linear in a and b, so a network that is right for
# small numbers is right for large ones. A tanh is bounded: at up to ten times the
# range, the outputs of the perceptrons do not even have the right size, and more hidden
# neurons do not help.


def beyond(seed, nets):
    heading("5. Beyond the examples: relative error")
    reaches = [1.0, 2.0, 5.0, FAR]
    print("   a and b up to       " + "".join(f"{reach:8g}" for reach in reaches))
    errors = {}
    for name, net in nets.items():
        errors[name] = np.array([miss(net, reach, seed) for reach in reaches])
        print(f"   {name:20}" + "".join(f"{error:8.3f}" for error in errors[name]))
    gates, few, many = errors.values()
    check(
        "the error of the gates is below a twentieth, at ten times the range too",
        bool((gates < 0.05).all()),
    )
    check("it is the same at every range", bool(np.ptp(gates) < 0.005))
    check(
        "the networks without gates fit the examples as well",
        bool(max(few[0], many[0]) < 0.1),
    )
    check(
        f"but for numbers up to {FAR:g} their error is above a half",
        bool(min(few[-1], many[-1]) > 0.5),
    )
    return reaches, errors


@with_pyplot
def picture(plt, nets, histories, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.5), layout="constrained")
    styles = ((ink.BLUE, "-"), (ink.RED, "--"), (ink.PURPLE, "-."))
    looks = dict(zip(nets, styles, strict=True))
    for name, history in histories.items():
        colour, style = looks[name]
        epochs = np.arange(1, len(history) + 1)
        left.loglog(epochs, history, style, color=colour, label=name)
    left.set(
        xlabel="epoch of 500 examples",
        ylabel="cost (squared error)",
        title="Learning, a and b up to 1",
    )
    left.legend(loc="lower left")

    a = np.linspace(-4, 4, 161)
    right.axvspan(-LEARNT, LEARNT, color=ink.GRAY, alpha=0.25, label="examples", lw=0)
    right.plot(a, a, color=ink.GREEN, lw=6, alpha=0.35, label="the rule")
    for name, net in nets.items():
        colour, style = looks[name]
        answers = net.run(np.column_stack([np.ones_like(a), a, np.full_like(a, 0.5)]))
        right.plot(a, answers[:, 0], style, color=colour, label=name)
    right.set(
        xlabel="a, where s = 1 and b = 0.5",
        ylabel="answer",
        title="Beyond the examples",
        ylim=(-4, 4),
    )
    right.legend(loc="upper left")
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    data = examples(500, LEARNT, np.random.default_rng([seed, 1]))
    the_task(data)
    epochs = 100 if quick else 1000
    a_sum(seed, data, epochs)
    net, history = by_gates(seed, data, epochs)
    others = without_gates(seed, data, epochs)
    nets = {"2 gates": net}
    histories = {"2 gates": history}
    for hidden, (perceptron, course) in others.items():
        name = f"{hidden} hidden neurons"
        nets[name] = perceptron
        histories[name] = course
    reaches, errors = beyond(seed, nets)
    near, far = ([by_reach[i] for by_reach in errors.values()] for i in (0, -1))
    picture(nets, histories, out / "gates.png")
    synapse.save(net, out / "gates.synapse")
    lesson(
        "All three networks fit the examples (relative errors"
        f" {', '.join(f'{error:.3f}' for error in near)}). For numbers up to"
        f" {reaches[-1]:g} the errors are {', '.join(f'{error:.3f}' for error in far)}:"
        " only the gated network, which can multiply, has found the rule."
    )


# To try: one gate and a fixed connection; a switch with three positions; s = 0.5; a
# gate whose connections are gated, too.
