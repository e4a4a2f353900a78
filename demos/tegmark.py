"""Tegmark: a neuron multiplies bits, four neurons multiply numbers, and depth saves
neurons.

    python -m demos tegmark

Task: Multiply bits with one neuron, two numbers with four neurons, and many numbers
with a tree of such networks. No weight is learnt: all are computed.

After H. W. Lin, M. Tegmark and D. Rolnick, "Why does deep and cheap learning work so
well?", Journal of Statistical Physics 168 (2017). Energy functions in physics consist
mostly of products and sums of products, so small networks are enough for them."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np

from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network

# --- 1. One neuron multiplies bits ----------------------------------------------------
#
# The product of three bits is 1 if all are 1, otherwise 0. Their sum is then 3,
# otherwise at most 2. So a threshold of 2.5 separates the cases: a logistic neuron with
# all weights beta and the bias -2.5 beta. The state is beta (sum - 2.5), at least beta
# / 2 away from 0, so the neuron is wrong by at most
#
#     1 / (1 + e^(beta / 2)),   less than e^(-beta / 2)
#
# Twice the weight squares the bound. (Sums of 2 and 3 are nearest; there the error is
# just that.)


def bits():
    heading("1. One neuron multiplies bits")
    triples = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    products = triples.prod(axis=1, keepdims=True)
    worst = []
    betas = (4.0, 8.0, 16.0, 32.0)
    for beta in betas:
        inputs = Layer(3)
        output = Layer(1, bias=-2.5 * beta)
        inputs.project(output, weights=beta)
        net = Network(inputs, [], output)
        worst.append(np.abs(net.run(triples) - products).max())
        print(f"  beta {beta:4.0f}: largest error {worst[-1]:.3e}")
    logistic = [1 / (1 + math.exp(beta / 2)) for beta in betas]
    check(
        "the error is 1 / (1 + e^(beta / 2))",
        np.allclose(worst, logistic, rtol=1e-6, atol=0),
    )


# --- 2. Four neurons multiply numbers -------------------------------------------------
#
# Take any smooth squash f and a bias b. Near b it is a power series, where f2 is its
# second derivative at b, f4 its fourth, and so on:
#
#     f(b + s) = f(b) + f1 s + f2 s^2 / 2 + f3 s^3 / 6 + f4 s^4 / 24 + ...
#
# Add the values for s and -s: odd powers cancel. f(b + s) + f(b - s) = 2 f(b) + f2 s^2
# + f4 s^4 / 12 + ... Do this for s = u + v, and subtract the same for s = u - v. The
# constants cancel, and the squares give a product: (u + v)^2 - (u - v)^2 = 4 u v. So
#
#     f(b + u + v) + f(b - u - v) - f(b + u - v) - f(b - u + v)  =  4 f2 u v + remainder
#
# The remainder begins with f4 / 12 times (u + v)^4 - (u - v)^4 = 8 u v (u^2 + v^2).
# Divide by 4 f2 u v: the relative error begins with
#
#     f4 / (6 f2) x (u^2 + v^2)
#
# It is small for small u and v. So the first weights scale both by lambda, and the last
# ones scale the product by 1 / lambda^2: the relative error then falls like lambda^2.
#
# The formula divides by f2, so the squash must be curved at b. The logistic function is
# straight at 0 (f2 = 0): its neurons need a bias. Its f2 is largest where its value is
# (3 - sqrt 3) / 6 = 0.211, at b = -1.317; there f2 = 0.0962 and f4 = -f2. Softplus is
# curved at 0: f2 = 1/4, f4 = -1/8.

LOW = (3 - math.sqrt(3)) / 6
BENT = {  # squash: bias, f2, f4 / f2
    "logistic": (math.log(LOW / (1 - LOW)), LOW * (1 - LOW) * (1 - 2 * LOW), -1.0),
    "softplus": (0.0, 0.25, -0.5),
}
SIGNS = np.array([[1, -1, 1, -1], [1, -1, -1, 1]])  # of u and of v in the four neurons
OUT = np.array([[1], [1], [-1], [-1]])


def multiply(source, target, squash, scale):
    """A layer of four neurons for each pair of neurons in `source`; neurons of `target`
    get the products."""
    bias, second, _ = BENT[squash]
    pairs = np.eye(len(target))
    hidden = Layer(4 * len(target), squash, bias)
    source.project(hidden, weights=np.kron(pairs, scale * SIGNS))
    hidden.project(target, weights=np.kron(pairs, OUT / (4 * second * scale**2)))
    return hidden


def multiplier(squash, scale):
    """A network u, v -> u v, with lambda for `scale`."""
    inputs = Layer(2)
    output = Layer(1, "identity")
    return Network(inputs, [multiply(inputs, output, squash, scale)], output)


def numbers():
    heading("2. Four neurons multiply numbers")
    net = multiplier("logistic", 0.1)
    print(f"{net!r}, lambda 0.1, bias {net.hidden[0][0].bias:.4f}")
    for neuron, out in zip(net.hidden[0], net.output[0].incoming):
        u, v = (link.weight for link in neuron.incoming)
        print(f"  {u:+.1f} u  {v:+.1f} v   then  {out.weight:+9.3f}")
    print("\n      u      v       u v   four neurons   relative error")
    for u, v in ((2.0, 3.0), (-1.5, 0.5), (0.2, -0.1), (1.0, 1.0)):
        product = net.activate([u, v])[0]
        print(
            f"  {u:5.2f}  {v:5.2f}  {u * v:8.4f}   {product:12.6f}  "
            f" {product / (u * v) - 1:+14.2e}"
        )
    with_zero = ((0.0, 2.0), (3.0, 0.0), (0.0, 0.0))
    products = [abs(net.activate(pair)[0]) for pair in with_zero]
    check("times 0 is 0, up to rounding", max(products) < 1e-12)


# --- 3. How fast the error falls ------------------------------------------------------
#
# The formula predicts the slope 2 of the error over lambda in a log-log plot, and the
# size of the error: -lambda^2 (u^2 + v^2) / 6 for the logistic squash, half of it for
# softplus. Both predictions are checked on forty random pairs of numbers.


def relative_errors(squash, scale, pairs):
    products = pairs.prod(axis=1)
    return multiplier(squash, scale).run(pairs)[:, 0] / products - 1


def random_pairs(seed):
    """Pairs of numbers of either sign, each between 0.3 and 1 in size."""
    draw = np.random.default_rng(seed)
    return draw.uniform(0.3, 1.0, (40, 2)) * draw.choice([-1.0, 1.0], (40, 2))


def falls(seed):
    heading("3. How the error depends on lambda")
    pairs = random_pairs(seed)
    scales = np.geomspace(0.1, 0.01, 6)
    squares = (pairs**2).sum(axis=1)
    for squash, (_, _, ratio) in BENT.items():
        errors = np.array([relative_errors(squash, scale, pairs) for scale in scales])
        largest = np.abs(errors).max(axis=1)
        slope = np.polyfit(np.log(scales), np.log(largest), 1)[0]
        print(
            f"{squash}: largest relative error {largest[0]:.2e} at lambda 0.1,"
            f" {largest[-1]:.2e} at 0.01"
        )
        check(f"its exponent {slope:.4f} is 2 to a hundredth", abs(slope - 2) < 0.01)
        factor = errors[-1] / (scales[-1] ** 2 * squares)
        claim = (
            f"each error at 0.01 is {ratio / 6:+.4f} lambda^2 (u^2 + v^2), to a"
            " thousandth of it"
        )
        check(claim, np.allclose(factor, ratio / 6, rtol=1e-3))


# --- 4. How small can lambda be? ------------------------------------------------------
#
# In exact arithmetic, arbitrarily small. A computer rounds every activation, by about
# 1e-16. The four nearly cancel, and the rest is multiplied by 1 / (4 f2 lambda^2),
# together with the rounding error. One error falls like lambda^2, the other grows like
# 1 / lambda^2. The best lambda is where they are equal, near (1e-16)^(1/4) = 1e-4, and
# there the product has seven or eight correct digits, not sixteen.


def rounding(seed):
    heading("4. How small can lambda be?")
    pairs = random_pairs(seed)
    scales = np.logspace(0, -7, 29)
    curves = {}
    for squash in BENT:
        errors = [relative_errors(squash, scale, pairs) for scale in scales]
        curves[squash] = np.abs(errors).max(axis=1)
    for squash, curve in curves.items():
        best = curve.argmin()
        print(
            f"{squash}: best at lambda {scales[best]:.1e}, with a relative error of"
            f" {curve[best]:.1e}"
        )
        check(
            "the best lambda is between 1e-5 and 1e-3, with 7 digits or more",
            curve[best] < 1e-7 and 1e-5 < scales[best] < 1e-3,
        )
        check(
            "at 1e-7 the error is more than a thousand times larger",
            curve[-1] > 1000 * curve[best],
        )
    return scales, curves


# --- 5. Many numbers: depth is cheap --------------------------------------------------
#
# Multiply four numbers: (a b)(c d). Two multipliers side by side and a third above them
# have 12 nonlinear neurons. For n numbers, a tree of n - 1 multipliers has 4 (n - 1) of
# them. In a single hidden layer the same method needs all combinations of signs, 2^n
# neurons, and the paper proves that fewer cannot reach every accuracy. Depth makes the
# number of neurons grow linearly instead of exponentially.


def product_tree(n, scale):
    """A network that multiplies n numbers, n a power of 2, in log2 n levels."""
    layers = [Layer(n)]
    while len(layers[-1]) > 1:
        products = Layer(len(layers[-1]) // 2, "identity")
        layers += [multiply(layers[-1], products, "softplus", scale), products]
    return Network(layers[0], layers[1:-1], layers[-1])


def many(seed):
    heading("5. Many numbers: depth saves neurons")
    draw = np.random.default_rng(seed)
    scale = 0.01
    print("   n   in a tree   in one layer   relative error of the tree")
    for n in (2, 4, 8, 16):
        net = product_tree(n, scale)
        squashing = sum(neuron.squash.name == "softplus" for neuron in net)
        values = draw.uniform(0.8, 1.25, (20, n)) * draw.choice([-1.0, 1.0], (20, n))
        miss = np.abs(net.run(values)[:, 0] / values.prod(axis=1) - 1).max()
        print(f"  {n:2}   {squashing:9}   {2**n:12}   {miss:.1e}")
        check(
            f"4 (n - 1) neurons multiply {n} numbers to a thousandth",
            squashing == 4 * (n - 1) and miss < 1e-3,
        )
    return squashing, 2**n


# --- 6. A picture ---------------------------------------------------------------------


@with_pyplot
def picture(plt, scales, curves, path):
    figure, axes = plt.subplots(1, 3, figsize=(8.4, 3.1), layout="constrained")
    bends(axes[0])
    slopes(axes[1], scales, curves)
    chart = circles(axes[2])
    figure.colorbar(chart, ax=axes[2], label="relative error, %")
    save_figure(figure, path)


def bends(axes):
    us = np.linspace(-4, 4, 161)
    axes.plot(us, 2 * us, color=ink.GRAY, lw=5, label=r"$2u$, exact")
    pairs = np.column_stack([us, np.full_like(us, 2.0)])
    looks = ((0.8, ink.ORANGE, "-."), (0.4, ink.BLUE, "--"), (0.1, ink.BLACK, "-"))
    for scale, colour, style in looks:
        products = multiplier("logistic", scale).run(pairs)
        axes.plot(us, products, style, color=colour, label=rf"$\lambda$ = {scale}")
    axes.set(xlabel="$u$", ylabel="output", title="Four logistic neurons: $u$ times 2")
    axes.legend()


def slopes(axes, scales, curves):
    looks = zip(curves.items(), (ink.BLUE, ink.GREEN), "os")
    for (squash, curve), colour, mark in looks:
        axes.loglog(scales, curve, mark, color=colour, ms=4, label=squash)
    axes.loglog(
        scales[:17],
        scales[:17] ** 2 / 3,
        color=ink.GRAY,
        lw=1,
        zorder=0,
        label=r"$\lambda^2 / 3$",
    )
    axes.set(
        xlabel=r"$\lambda$",
        ylabel="largest relative error",
        title="Slope 2, until rounding wins",
    )
    axes.legend(loc="upper center")


def circles(axes, scale=0.2):
    side = np.linspace(-2, 2, 120)  # without 0, where a relative error is not defined
    u, v = np.meshgrid(side, side)
    pairs = np.column_stack([u.ravel(), v.ravel()])
    percent = 100 * relative_errors("logistic", scale, pairs).reshape(u.shape)
    chart = axes.contourf(u, v, percent, levels=10, cmap="cividis")
    axes.set(
        xlabel="$u$",
        ylabel="$v$",
        title=rf"Error at $\lambda$ = {scale}",
        aspect="equal",
    )
    return chart


def main(quick: bool, seed: int, out: Path) -> None:
    bits()
    numbers()
    falls(seed)
    scales, curves = rounding(seed)
    deep, flat = many(seed)
    picture(scales, curves, out / "tegmark.png")
    best = {squash: curve.min() for squash, curve in curves.items()}
    lesson(
        "Four neurons multiply two numbers, with a relative error that falls with the"
        f" square of lambda until rounding takes over: at best {best['logistic']:.0e}"
        f" (logistic) and {best['softplus']:.0e} (softplus). Sixteen numbers take"
        f" {deep} neurons in a tree and {flat:,} in one layer: with depth the number of"
        " neurons grows linearly instead of exponentially."
    )


# To try: tanh with a bias in BENT (where is its curvature largest?); the logistic
# squash in `product_tree`; training a Perceptron(2, 4, 1) to multiply, from random
# weights: does it find these weights?
