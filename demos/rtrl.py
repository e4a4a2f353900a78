"""RTRL: the effect of each weight on each recurrent neuron, updated at every step.

    python -m demos rtrl

Task: Compute the exact gradient of a recurrent network while it runs, on three neurons
and by hand. Then watch the same table fill up in a ring of ten neurons, and let an
Elman network learn the exclusive or of the bits of two and three steps ago, from a
stream without an end.

A weight that was used long ago can still affect the output, because a recurrent neuron
carries its effect from step to step. Real-time recurrent learning (Williams and Zipser
1989) stores, for each recurrent neuron and each weight, the derivative of the neuron's
state with respect to the weight. These sensitivities Z need no record of past
activations and no end of the sequence:

    Z(t) = J Z(t-1) + I

J has the derivatives of the recurrent states of step t with respect to those of step
t-1, and I the direct derivatives with respect to the weights, within step t.

Lesson 12 of `synapse play` shows in a browser what the online rule misses in an Elman
network."""

from __future__ import annotations

from math import tanh
from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Neuron, draw
from synapse.learning import compare_gradients, rtrl_cost

WIDTH = 1e-5  # of finite differences
RATE = 0.5
RING = 10
LATE = 2  # the exclusive or is that of the bits of LATE and LATE + 1 steps ago

# --- 1. Three neurons -----------------------------------------------------------------
#
#        u        v
#     x ---> a ------> b     b is the output. The connection w leads back: a fires
#            ^         |     before b, so it reads the activation of b from the step
#            +--- w ---+     before.
#
# All that one step hands to the next is the state of b, so b is the only recurrent
# neuron. What is d s_b / d p for a parameter p, for example u?
#
#     s_a = u x + w y_b(t-1) + bias_a       y_a = tanh(s_a)      f'_a = 1 - y_a^2
#     s_b = v y_a + bias_b                  y_b = tanh(s_b)      f'_b = 1 - y_b^2
#
# Within the step u moves s_a by x, and so s_b by v f'_a x. This is I. But u has also
# moved the previous state of b, by Z(t-1). That state moves y_b(t-1) by its slope, and
# through w, a and v it moves s_b. The product of these factors is J. It is the same for
# all five parameters; only I differs.


def three_neurons(rng):
    x = Neuron(name="x")
    a = Neuron("tanh", name="a")
    b = Neuron("tanh", name="b")
    for source, target in ((x, a), (a, b), (b, a)):
        source.project(target, weight=rng.uniform(0.8, 1.0))
    return Network(Layer([x]), [Layer([a])], Layer([b]))


def parameters(net):
    """Weights u, v, w and biases of a and b, by name."""
    x, a, b = net
    weights = {
        "u": x.connection_to(a),
        "v": a.connection_to(b),
        "w": b.connection_to(a),
    }
    return weights, {"bias a": a, "bias b": b}


class ByHand:
    """The same network in plain Python."""

    def __init__(self, net):
        weights, biases = parameters(net)
        self.u, self.v, self.w = (link.weight for link in weights.values())
        self.bias_a, self.bias_b = (neuron.bias for neuron in biases.values())
        self.y_b = 0.0  # before the first step
        self.slope_b = 0.0
        self.z = dict.fromkeys((*weights, *biases), 0.0)

    def step(self, x):
        before = self.y_b
        y_a = tanh(self.u * x + self.w * before + self.bias_a)
        slope_a = 1 - y_a**2

        # Through w, a and v to the state of b
        self.J = self.v * slope_a * self.w * self.slope_b
        into_a = self.v * slope_a  # how the state of a moves that of b
        self.I = {
            "u": into_a * x,
            "v": y_a,
            "w": into_a * before,
            "bias a": into_a,
            "bias b": 1.0,
        }
        self.carried = {p: self.J * z for p, z in self.z.items()}
        self.z = {p: self.carried[p] + direct for p, direct in self.I.items()}
        self.y_b = tanh(self.v * y_a + self.bias_b)
        self.slope_b = 1 - self.y_b**2


# The network learns by the same equations once it is asked to: `net.rule =
# "rtrl"`. Then `connection.sensitivity` is a mapping from each recurrent neuron to d
# state / d weight.


def sensitivities(net):
    """d s_b / d p of the library, by name of the parameter."""
    weights, biases = parameters(net)
    b = net[2]
    by_name = {name: link.sensitivity[b] for name, link in weights.items()}
    for name, neuron in biases.items():
        by_name[name] = neuron.bias_sensitivity[b]
    return by_name


def side_by_side(rng):
    heading("1. Three neurons: d s_b / d u, step by step")
    net = three_neurons(rng)
    inputs = np.zeros(8)
    inputs[:3] = rng.uniform(0.3, 0.7, 3)  # then 0: u has no direct effect any more
    net.rule = "rtrl"
    hand = ByHand(net)
    seen = []
    worst = 0.0
    print(
        "  step       x         I  +  J Z(t-1)  =    Z, by hand   "
        " connection.sensitivity"
    )
    for t, x in enumerate(inputs, start=1):
        net.activate([x])
        hand.step(x)
        library = sensitivities(net)
        worst = max(worst, *(abs(library[p] - hand.z[p]) for p in library))
        seen.append((hand.I["u"], hand.carried["u"]))
        print(
            f"  {t:4} {x:+9.4f} {hand.I['u']:+9.5f}  {hand.carried['u']:+10.5f}   "
            f"{hand.z['u']:+.10f}    {library['u']:+.10f}"
        )
    check("all five sensitivities are equal at every step, to 1e-12", worst < 1e-12)
    true = slopes(net, inputs)
    check(
        "they are the true derivatives, by differences",
        all(abs(true[p] - library[p]) < 1e-7 for p in library),
    )
    return net, hand, inputs, np.array(seen)


def slopes(net, inputs):
    """d s_b / d p after all steps, by central differences."""
    weights, biases = parameters(net)
    places = {name: (link, "weight") for name, link in weights.items()}
    places |= {name: (neuron, "bias") for name, neuron in biases.items()}
    derivatives = {}
    for name, (owner, field) in places.items():
        twin_ends = []
        value = getattr(owner, field)
        for moved in (value + WIDTH, value - WIDTH):
            setattr(owner, field, moved)
            twin = net.clone()
            twin.clear()
            twin.run(inputs[:, None])
            twin_ends.append(twin[2].state)
        setattr(owner, field, value)
        derivatives[name] = (twin_ends[0] - twin_ends[1]) / (2 * WIDTH)
    return derivatives


# --- 2. A learning step ---------------------------------------------------------------
#
# The cost of a step is E = (t - y_b)^2 / 2, so -dE / d s_b = (t - y_b) f'_b. The chain
# rule ends here: -dE / dp = (t - y_b) f'_b Z_p. This is exact, over all steps so far,
# and it is known at this step. `net.propagate` changes each parameter by the rate times
# this number.
#
# The online rule (LSTM-g) has no Z for these parameters: b has no self-connection, so
# no trace carries anything over. It uses only the first part, (t - y_b) f'_b I. The
# input has been 0 for five steps, so the online rule does not change u at all, although
# u still affects the output.


def a_learning_step(net, hand, inputs, rng):
    heading("2. A learning step")
    target = rng.uniform(-0.9, 0.9)
    signal = (target - hand.y_b) * hand.slope_b
    twin = net.clone()
    twin.rule = "online"
    twin.clear()
    twin.run(inputs[:, None])  # the same steps, with the traces of the online rule
    exact = changes(net, target)
    online = changes(twin, target)
    print(
        "  parameter    exact: by hand   net.propagate    online: by hand  "
        " net.propagate"
    )
    for p in hand.z:
        by_hand = RATE * signal * hand.z[p], RATE * signal * hand.I[p]
        print(
            f"  {p:9} {by_hand[0]:+16.8f} {exact[p]:+15.8f} {by_hand[1]:+18.8f}"
            f" {online[p]:+15.8f}"
        )
    same = all(abs(exact[p] - RATE * signal * hand.z[p]) < 1e-12 for p in exact)
    check("propagate changes each parameter by rate x (t - y) x slope x Z", same)
    same = all(abs(online[p] - RATE * signal * hand.I[p]) < 1e-12 for p in online)
    check("the online rule changes it by rate x (t - y) x slope x I", same)


def changes(net, target):
    """What one learning step adds to each parameter."""
    before = values(net)
    net.propagate(rate=RATE, targets=[target])
    after = values(net)
    return {name: after[name] - before[name] for name in before}


def values(net):
    """The parameters by name."""
    weights, biases = parameters(net)
    by_name = {name: link.weight for name, link in weights.items()}
    return by_name | {name: neuron.bias for name, neuron in biases.items()}


# Backpropagation through time finds the same gradient from the other end: it stores all
# steps and goes back through them. If the weights stand still, the sum over the steps
# of a sequence is the same.


def over_a_sequence(rng, steps=50):
    net = three_neurons(rng)
    inputs = rng.uniform(-1, 1, steps)
    targets = rng.uniform(-0.9, 0.9, steps)
    hand = ByHand(net)
    total = 0.0
    for x, target in zip(inputs, targets, strict=True):
        hand.step(x)
        total += (target - hand.y_b) * hand.slope_b * hand.z["u"]
    gradient = synapse.gradient(net, inputs[None, :, None], targets[None, :, None])
    back = -gradient.weights[net.connections.index(parameters(net)[0]["u"])]
    print(
        f"\n-dE / du over {steps} steps: {total:+.12f} forward, by hand; {back:+.12f}"
        " backward"
    )
    check(
        "forward and backward give the same gradient, to 1e-10",
        abs(total - back) < 1e-10 * abs(back),
    )


# --- 3. The table fills up ------------------------------------------------------------
#
# With many recurrent neurons Z is a table: a row for each recurrent neuron, a column
# for each parameter. Here ten neurons in a ring read their neighbours' activations of
# the step before, like the hidden neurons of an Elman network through their context. At
# the first step a neuron's parameters move that neuron only. One step later they have
# moved its neighbours, and then the neighbours' neighbours.


def ring(seed):
    x = Layer(1)
    context = Layer(RING, "identity")
    hidden = Layer(RING, "tanh")
    y = Layer(1, "identity")
    context.trainable_bias = False
    sources = [(j + side) % RING for j in range(RING) for side in (-1, 1)]
    targets = np.repeat(np.arange(RING), 2)
    x.project(hidden, seed=seed, initializer="glorot")
    context.project(hidden, (sources, targets), seed=seed + 1, initializer=strong)
    # Backward: the context has the activations of the step before.
    hidden.project(context, "one_to_one", weights=1.0, trainable=False)
    hidden.project(y, seed=seed + 2, initializer="glorot")
    return Network(x, [context, Layer(hidden, name="hidden")], y)


def strong(rng, shape, fan_in, fan_out):
    """Weights of about 0.5, so that effects stay visible for some steps."""
    return rng.uniform(0.4, 0.6, shape)


def table(net):
    """Z, shape (recurrent neurons, parameters into them); NaN where it is not kept."""
    hidden = net["hidden"]
    mappings = [link.sensitivity for neuron in hidden for link in neuron.incoming]
    mappings += [neuron.bias_sensitivity for neuron in hidden]

    # By the neuron that a parameter leads into: three weights, then the bias
    into = np.append(np.repeat(np.arange(RING), 3), np.arange(RING))
    order = np.argsort(into, kind="stable")
    columns = [mappings[p] for p in order]
    return np.array([[z.get(neuron, np.nan) for z in columns] for neuron in hidden])


def tables(net, inputs, order):
    """The table after each step, with an order."""
    net.clear()
    net.rule = "rtrl", order
    by_step = []
    for row in inputs:
        net.activate(row)
        by_step.append(table(net))
    return np.array(by_step)


def filling(rng, seed, steps=8):
    heading(f"3. A ring of {RING} neurons: Z fills up")
    net = ring(seed)
    inputs = rng.uniform(-1, 1, (steps, 1))
    exact = tables(net, inputs, None)
    count = exact.shape[2]
    owner = np.arange(count) * RING // count  # the neuron that each column leads into
    away = np.abs(owner - np.arange(RING)[:, None])
    away = np.minimum(away, RING - away)  # steps around the ring
    print("  step   entries that are not 0")
    for t, z in enumerate(exact, start=1):
        print(f"  {t:4}   {np.count_nonzero(z):3} of {z.size}")
    reached = [bool((z[away > t] == 0).all()) for t, z in enumerate(exact)]
    check(
        "after step t, parameters have reached neurons at most t - 1 away", all(reached)
    )
    check(
        "in the end every parameter has reached every neuron",
        bool((exact[-1] != 0).all()),
    )
    orders(net, inputs, exact, away)
    return net, inputs


# So the topology tells which entries can be nonzero within n steps. Reach n keeps only
# those (SnAp-n, Menick and others 2021); None keeps all that are ever reached, which is
# exact. What is left out of the table cannot return: after step n the entries that are
# kept differ from the exact ones, too, and so does the gradient. A cosine of 1 means
# that both have the same direction.


def orders(net, inputs, exact, away):
    print("\n  order   entries   largest error   cosine with the")
    print("          kept      of an entry     exact gradient")
    right_ones = []
    in_time = []
    for order in (1, 2, 3, None):
        tables_of_order = tables(net, inputs, order)
        is_kept = ~np.isnan(tables_of_order[-1])
        limit = RING if order is None else order
        wrong = np.nanmax(np.abs(tables_of_order - exact), axis=(1, 2))
        right_ones.append(bool((is_kept == (away < limit)).all()))
        in_time.append(bool((wrong[:limit] < 1e-12).all()))
        print(
            f"  {order!s:5}   {is_kept.sum():7}   {wrong[-1]:13.5f}  "
            f" {cosine(net, order):15.4f}"
        )
    check("order n keeps the parameters into neurons less than n away", all(right_ones))
    check("what it keeps is exact for the first n steps", all(in_time))
    print(f"\n{net}\n{rtrl_cost(net)}")


def cosine(net, order):
    """The cosine of the gradient of an order with the exact one, over 20 random
    sequences."""
    rng = np.random.default_rng(1)
    inputs = rng.uniform(-1, 1, (20, 30, 1))
    targets = rng.uniform(-1, 1, inputs.shape)
    return compare_gradients(net, inputs, targets, rule="rtrl", reach=order).cosine


# --- 4. When exact is cheap -----------------------------------------------------------
#
# `rtrl_cost` computes this before any training. In an Elman network every hidden neuron
# reads all the others, so order 2 is already exact: n hidden neurons need about n^3
# numbers, and n^4 multiply-adds at each step. In a layer of LSTM blocks without
# connections between them, parameters reach only the cell of their own block: the exact
# table is as small as that of order 1. The library finds both from the graph.


def costs():
    heading("4. What it costs, by order")
    elman = architect.Elman(7, 15, 7, seed=0)
    blocks = architect.LSTM(7, 15, 7, peepholes=None, style="synaptic", seed=0)
    dense = rtrl_cost(elman)
    sparse = rtrl_cost(blocks)
    print(f"{elman}\n{dense}\n\n{blocks}\n{sparse}")
    check(
        "Elman: order 2 keeps as much as the exact rule",
        dense[2].sensitivities == dense[None].sensitivities,
    )
    check(
        "LSTM: order 1 keeps as much as the exact rule",
        sparse[1].sensitivities == sparse[None].sensitivities,
    )
    return dense


# --- 5. Learning from a stream --------------------------------------------------------
#
# A stream of random bits has no end and no boundaries. The target at each step is the
# exclusive or of the bits of two and of three steps ago. Neither bit alone says
# anything about the target, so the network must learn to store both. When the bits
# arrive, storing them earns nothing yet; the error comes two steps later.
#
# The network is an Elman with eight hidden neurons. With the online rule, an error
# reaches the hidden neurons of this step and their context of one step ago. With "rtrl"
# it reaches everything, and weights still change at every step. (Because they change, Z
# is no longer exact: its older parts were computed with older weights. With a small
# rate this makes little difference.)


def bits(steps, rng):
    x = rng.integers(0, 2, steps)
    targets = np.full(steps, np.nan)  # no target until there are enough bits
    targets[LATE + 1 :] = x[1:-LATE] != x[: -LATE - 1]
    return 2.0 * x[:, None] - 1, targets[:, None]


def right(net, seed):
    """The fraction of right answers to 2000 new bits, without learning."""
    twin = net.clone()
    inputs, targets = bits(2000, np.random.default_rng([seed, 9]))
    twin.clear()
    wrong = (twin.run(inputs) > 0.5) != (targets > 0.5)
    return 1 - wrong[LATE + 1 :].mean()


RULES = {
    "online": ("online", None),
    "rtrl, order 1": ("rtrl", 1),
    "rtrl, exact": ("rtrl", None),
}


def learn(rule, seed, steps, parts):
    """Learn from a stream once; returns the fraction right after each part."""
    name, order = rule
    net = architect.Elman(1, 8, 1, squash="tanh", output_squash="logistic", seed=seed)
    trainer = synapse.Trainer(net, rate=0.02, rule=name, reach=order)
    inputs, targets = bits(steps, np.random.default_rng([seed, 1]))
    curve = [right(net, seed)]
    # The context is carried over from piece to piece.
    pieces = zip(np.split(inputs, parts), np.split(targets, parts), strict=True)
    for rows, aims in pieces:
        trainer.train(rows, aims, epochs=1, progress=False)
        curve.append(right(net, seed))
    return curve


def compare(seed, quick):
    seeds = range(seed, seed + (3 if quick else 10))
    steps = 100_000
    parts = 20
    heading(
        f"5. Exclusive or of the bits {LATE} and {LATE + 1} steps ago: {steps:,} steps,"
        f" {len(seeds)} seeds"
    )
    curves = {}
    solved = {}
    for name, rule in RULES.items():
        runs = [learn(rule, number, steps, parts) for number in seeds]
        curves[name] = np.array(runs)
        last = curves[name][:, -1]
        solved[name] = int((last > 0.95).sum())
        fractions = " ".join(f"{fraction:.2f}" for fraction in last)
        print(f"  {name:14} solved from {solved[name]:2} seeds; right: {fractions}")
    check(
        "the exact rule solves it from most seeds",
        solved["rtrl, exact"] > len(seeds) / 2,
    )
    check("the online rule solves it from none", solved["online"] == 0)
    return np.linspace(0, steps, parts + 1), curves, solved


# --- 6. The picture -------------------------------------------------------------------


@with_pyplot
def picture(plt, seen, filled, steps, curves, path):
    figure = plt.figure(figsize=(8.4, 5.4), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1, 1.1])
    panel_tables(above, *filled)
    left, right = below.subplots(1, 2)
    panel_parts(left, seen)
    panel_learning(right, steps, curves)
    save_figure(figure, path)


def panel_tables(figure, net, inputs):
    """Z of the ring: the exact table after three numbers of steps, and what order 2
    keeps of the last."""
    shown = ((1, None), (3, None), (len(inputs), None), (len(inputs), 2))
    panels = figure.subplots(1, len(shown), sharey=True)
    for axes, (steps, order) in zip(panels, shown, strict=True):
        net.rule = "rtrl", order
        net.run([inputs[:steps]])  # from a cleared context
        draw.sensitivities(net, axes, scale=0.5, color_bars=axes is figure.axes[-1])
        name = "exact" if order is None else f"order {order}"
        axes.set_title(f"{name}, after step {steps}", loc="left")
        axes.set_xticks(4 * np.arange(RING) + 1.5, range(RING), rotation=0)
        axes.set(xlabel="parameters into neuron", ylabel="")
        # Three weights and a bias of each neuron; not the output
        axes.set_xlim(-0.5, 4 * RING - 0.5)


def panel_parts(axis, seen):
    direct, carried = seen.T
    steps = np.arange(1, len(seen) + 1)
    axis.bar(
        steps,
        direct,
        color=ink.ORANGE,
        label=r"$I$: within the step (all that the online rule has)",
    )
    axis.bar(
        steps,
        carried,
        bottom=direct,
        color=ink.SKY,
        label=r"$J\,Z(t-1)$: from the steps before",
    )
    axis.plot(
        steps,
        direct + carried,
        "o-",
        color=ink.BLUE,
        label=r"$Z = \partial s_b / \partial u$",
    )
    axis.set(
        xlabel="step (x is 0 from step 4 on)", title="Three neurons: two parts of Z"
    )
    axis.set_ylim(0, 1.45 * (direct + carried).max())
    axis.legend(loc="upper right")


def panel_learning(axis, steps, curves):
    colours = (ink.GRAY, ink.RED, ink.BLUE)
    for (name, by_seed), colour in zip(curves.items(), colours, strict=True):
        look = {"color": colour, "lw": 1.3, "alpha": 0.8}
        for i, curve in enumerate(by_seed):
            axis.plot(steps / 1000, curve, label=None if i else name, **look)
    axis.set(xlabel="thousand steps", ylabel="fraction right", ylim=(0.4, 1.15))
    axis.set_title(f"Elman, xor of {LATE} and {LATE + 1} steps ago, one line a seed")
    axis.legend(loc="upper right", ncols=3, handlelength=1.4, columnspacing=1.2)


def main(quick: bool, seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    net, hand, inputs, seen = side_by_side(rng)
    a_learning_step(net, hand, inputs, rng)
    over_a_sequence(rng)
    filled = filling(rng, seed)
    dense = costs()
    steps, curves, solved = compare(seed, quick)
    picture(seen, filled, steps, curves, out / "rtrl.png")
    count = len(curves["online"])
    lesson(
        "The effect of every weight on every recurrent neuron can be updated forward in"
        " time. With it, an Elman network learns the exclusive or of"
        f" the bits {LATE} and {LATE + 1} steps ago from {solved['rtrl, exact']} of"
        f" {count} seeds; at order 1 from {solved['rtrl, order 1']}, with the online"
        f" rule from {solved['online']}. The cost depends on the graph: an Elman 7-15-7"
        f" stores {dense[None].sensitivities:,} sensitivities, or"
        f" {dense[1].sensitivities} at order 1."
    )


# To try: LATE = 3; other rates in `learn`; a ring that reads only one neighbour;
# `reach=2` for the Elman.
