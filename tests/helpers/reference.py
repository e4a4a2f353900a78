"""The equations of exact LSTM-g in plain Python: what the library is checked against.

As small and as slow as can be: floats and dicts, every trace kept, nothing factored,
nothing skipped; imports nothing of the library. A unit is known by any hashable key.
``(i, j)`` is the connection from i to j, ``((i, k), j)`` the one that reads i with a
delay of k steps, ``(None, j)`` the bias of j, an input of 1.
"""

import math


def _exp(s):
    """e to the s, infinite where ``math.exp`` raises an error."""
    return math.exp(s) if s < 709 else math.inf


def _logistic(s):
    y = 1 / (1 + _exp(-s))
    return y, y * (1 - y)


def _softplus(s):
    return max(s, 0.0) + math.log1p(_exp(-abs(s))), _logistic(s)[0]


def _ramp(low):
    return lambda s: (s, 1.0) if low < s < 1 else (float(min(max(s, low), 1)), 0.0)


def _normal(s):
    return (1 + math.erf(s / math.sqrt(2))) / 2, math.exp(-s * s / 2) / math.sqrt(
        2 * math.pi
    )


SELU = 1.0507009873554804934, 1.0507009873554804934 * 1.6732632423543772848


class Definitions(dict):
    def __missing__(self, name):
        raise AssertionError(
            f"{name!r} has no definition in tests/helpers/reference.py: add a line to"
            " the table there"
        )


SQUASHES = Definitions(
    {
        "logistic": _logistic,
        "tanh": lambda s: (math.tanh(s), 1 - math.tanh(s) ** 2),
        "identity": lambda s: (s, 1.0),
        "step": lambda s: (float(s > 0), 0.0),
        "sign": lambda s: (float(s > 0) - float(s < 0), 0.0),
        "relu": lambda s: (s, 1.0) if s > 0 else (0.0, 0.0),
        "leaky_relu": lambda s: (s, 1.0) if s > 0 else (0.01 * s, 0.01),
        "elu": lambda s: (s, 1.0) if s > 0 else (math.expm1(s), math.exp(s)),
        "softplus": _softplus,
        "gaussian": lambda s: (math.exp(-s * s), -2 * s * math.exp(-s * s)),
        "ramp": _ramp(0),
        "hard_tanh": _ramp(-1),
        "hard_threshold": lambda s: (s, 1.0) if abs(s) > 0.5 else (0.0, 0.0),
        "soft_threshold": lambda s: (
            (s - math.copysign(0.5, s), 1.0) if abs(s) > 0.5 else (0.0, 0.0)
        ),
        "sine": lambda s: (math.sin(s), math.cos(s)),
        "bent_identity": lambda s: (
            s + (math.hypot(s, 1) - 1) / 2,
            1 + s / math.hypot(s, 1) / 2,
        ),
        "inverse": lambda s: (1 - s, -1.0),
        "spike": lambda s: (float(s > 0), 0.3 * max(0.0, 1 - abs(s))),
        "super_spike": lambda s: (float(s > 0), (1 + 10 * abs(s)) ** -2),
        "arctan_spike": lambda s: (float(s > 0), 1 / (1 + (math.pi * s) ** 2)),
        "bipolar": lambda s: (1.0 if s > 0 else -1.0, 0.0),
        "bipolar_sigmoid": lambda s: (2 * _logistic(s)[0] - 1, 2 * _logistic(s)[1]),
        "square": lambda s: (s * s, 2 * s),
        "softsign": lambda s: (s / (1 + abs(s)), 1 / (1 + abs(s)) ** 2),
        "absolute": lambda s: (abs(s), math.copysign(1.0, s)),
        "silu": lambda s: (s * _logistic(s)[0], _logistic(s)[0] + s * _logistic(s)[1]),
        "gelu": lambda s: (s * _normal(s)[0], _normal(s)[0] + s * _normal(s)[1]),
        "selu": lambda s: (
            (SELU[0] * s, SELU[0])
            if s > 0
            else (SELU[1] * math.expm1(s), SELU[1] * math.exp(s))
        ),
        "noise": lambda s: (s, 1.0),  # random ones: their means
        "bernoulli": _logistic,
        "maxout": lambda s: (s, 1.0),  # those of groups: for a group of one
        "winner": lambda s: (1.0, 0.0),
        "softmax": lambda s: (1.0, 0.0),
    }
)
"""Activation and derivative at a state, by definition. Every function of the library
needs one here."""

COSTS = Definitions(
    {
        "cross_entropy": lambda t, y, n: (
            -(t * math.log(y) if t else 0) - ((1 - t) * math.log(1 - y) if t < 1 else 0)
        ),
        "squared_error": lambda t, y, n: (t - y) ** 2 / 2,
        "mean_squared_error": lambda t, y, n: (t - y) ** 2 / n,
        "binary_misses": lambda t, y, n: float((t > 0.5) != (y > 0.5)),
        "categorical_cross_entropy": lambda t, y, n: -t * math.log(y) if t else 0.0,
    }
)
"""The cost of one of n outputs, by definition. Every cost of the library needs one
here."""


class Unit:
    def __init__(self, squash, bias):
        self.squash = squash
        self.bias = bias
        self.trainable = True
        self.forget()

    def forget(self):
        self.state = self.y = self.old = self.slope = 0.0
        self.delta = self.projected = self.gated = 0.0
        self.fired = 0
        self.clamped = False
        self.past = []  # activations of earlier steps, the latest first

    remembers = 0  # how many of them connections have delayed since it was cleared

    held = None  # the activation of a clamp
    group = None  # units that follow each other and have one group compete


class Link:
    """A connection; ``seen``, ``gain`` and ``used`` are what its target met when it
    last fired."""

    def __init__(self, weight, trainable):
        self.weight = weight
        self.trainable = trainable
        self.gater = None
        self.sign = 0
        self.delay = 0
        self.seen = self.gain = self.used = 0.0


class Reference:
    def __init__(self):
        self.units = {}
        self.links = {}
        self.eligibility = {}
        self.extended = {}
        self.influence = {}
        self.clock = 0
        self.rank = {}  # of units that are called one by one: their order in a network
        self.network = {}  # their networks, if there are several
        self.began = {}  # by network: the clock when its step began
        # units that activated in the present step and were cleared then: with the next
        # activation of one of them, a step begins
        self.restarting = set()
        self._before = {}, {}

    # --- structure, to be changed between steps ---------------------------------------

    def add(self, j, squash="logistic", bias=0.0):
        self.units[j] = Unit(squash, bias)

    def connect(self, i, j, weight, trainable=None):
        assert (i, j) not in self.links
        self.links[i, j] = Link(weight, i != j if trainable is None else trainable)
        self.links[i, j].delay = i[1] if isinstance(i, tuple) else 0

    def disconnect(self, i, j):
        del self.links[i, j]

    def gate(self, g, i, j):
        assert self.links[i, j].gater is None
        self.links[i, j].gater = g

    def ungate(self, i, j):
        self.links[i, j].gater = None

    def set_trainable(self, i, j, value):
        """Of a weight, or a bias (None, j), whose traces begin at 0 with learning."""
        learner = self.units[j] if i is None else self.links[i, j]
        if value and not learner.trainable:
            self.eligibility.pop((i, j), None)
            self.extended = {
                key: x for key, x in self.extended.items() if key[:2] != (i, j)
            }
        learner.trainable = value

    def delay(self, i, j, steps):
        """Let a connection have another delay; its weight and its traces stay."""
        source = i[0] if isinstance(i, tuple) else i
        new = ((source, steps) if steps else source, j)
        assert new not in self.links
        link = self.links[new] = self.links.pop((i, j))
        link.delay = steps
        for kept in (self._before[0], self.eligibility):
            if (i, j) in kept:
                kept[new] = kept.pop((i, j))
        self.extended = {
            ((*new, key[2]) if key[:2] == (i, j) else key): x
            for key, x in self.extended.items()
        }
        return new

    def remove(self, j):
        def has(pair):
            return j in pair or self._delays(pair, j)

        assert not any(
            link.gater == j and not has(pair) for pair, link in self.links.items()
        )
        del self.units[j]
        self.links = {pair: link for pair, link in self.links.items() if not has(pair)}

    def into(self, j):
        return {i: link for (i, k), link in self.links.items() if k == j}

    def gaters(self, k):
        return {link.gater for link in self.into(k).values()} - {None}

    def settle(self):
        """Drop the traces of what has changed since this was last called."""
        for j, unit in self.units.items():
            del unit.past[unit.remembers :]
            delays = [pair[0][1] for pair in self.links if self._delays(pair, j)]
            unit.remembers = max([unit.remembers if unit.fired else 0, *delays])
            del unit.past[unit.remembers :]
        links = dict(self.links)
        pairs = {(j, k): links.get((k, k)) for k in self.units for j in self.gaters(k)}
        old_links, old_pairs = self._before
        self._before = links, pairs

        def learns(i, j):
            same = i is None or (
                (i, j) in links and links[i, j] is old_links.get((i, j))
            )
            return same and (i is None or links[i, j].trainable)

        def kept(j):
            return links.get((j, j)) is old_links.get((j, j))

        def pair_kept(j, k):
            return (
                (j, k) in pairs
                and (j, k) in old_pairs
                and pairs[j, k] is old_pairs[j, k]
            )

        self.eligibility = {
            (i, j): e
            for (i, j), e in self.eligibility.items()
            if kept(j) and learns(i, j)
        }
        self.extended = {
            (i, j, k): x
            for (i, j, k), x in self.extended.items()
            if pair_kept(j, k) and learns(i, j)
        }

    def _delays(self, pair, j):
        return isinstance(pair[0], tuple) and pair[0][0] == j

    # --- a step -----------------------------------------------------------------------

    def begin(self, network=None):
        """A new step begins, for all units of a network whatever their order in it."""
        self.began[network] = self.clock
        for j in self.members(network):
            self.units[j].past.insert(0, self.units[j].y)
            self.restarting.discard(j)

    def members(self, network):
        return [j for j in self.units if self.network.get(j) == network]

    def call(self, j, value=None):
        """Activate a unit of a network by itself. A step begins, for all of them, with
        the first that has activated in the present one."""
        network = self.network.get(j)
        if (
            self.has_fired(j)
            or j in self.restarting
            or network not in self.began
            or not any(self.units[i].fired for i in self.members(network))
        ):
            self.begin(network)
        self.activate(j) if value is None else self.clamp(j, value)

    def is_late(self, i, j):
        """Whether j reads i one step late, by their order in a network."""
        together = self.network.get(i) == self.network.get(j)
        return bool(self.rank) and together and self.rank[i] >= self.rank[j]

    def has_fired(self, j):
        """Whether a unit has activated in the present step of its network."""
        return self.units[j].fired > self.began.get(self.network.get(j), 0)

    def present(self, i, j):
        """The activation of i that j reads."""
        unit = self.units[i]
        return unit.old if self.is_late(i, j) and self.has_fired(i) else unit.y

    def clamp(self, j, value):
        unit = self.units[j]
        self.clock += 1
        unit.old = unit.y
        unit.y = value
        unit.slope = 0.0
        unit.clamped = True
        unit.fired = self.clock
        unit.delta = unit.projected = unit.gated = 0.0

    def activate(self, j):
        self.weigh(j)
        self.clock += 1
        self.fire(j)

    def weigh(self, j):
        unit = self.units[j]
        incoming = self.into(j)
        for i, link in incoming.items():
            if link.delay:
                link.seen = [*self.units[i[0]].past, *[0.0] * link.delay][
                    link.delay - 1
                ]
            else:
                link.seen = unit.state if i == j else self.present(i, j)
            link.gain = 1.0 if link.gater is None else self.present(link.gater, j)
            link.used = link.weight
        carry = incoming[j].gain * incoming[j].weight if j in incoming else 0.0
        unit.state = unit.bias + sum(
            link.gain * link.weight * link.seen for link in incoming.values()
        )

        for i, link in incoming.items():
            if link.trainable:
                self.eligibility[i, j] = (
                    carry * self.eligibility.get((i, j), 0.0) + link.gain * link.seen
                )
        self.eligibility[None, j] = carry * self.eligibility.get((None, j), 0.0) + 1.0

        for g in self.gaters(j):
            self.influence[g, j] = sum(
                link.weight * link.seen for link in incoming.values() if link.gater == g
            )
            for (i, target), e in self.eligibility.items():
                if target == g:
                    old = self.extended.get((i, g, j), 0.0)
                    push = self.units[g].slope * e * self.influence[g, j]
                    self.extended[i, g, j] = carry * old + push

    def fire(self, j):
        unit = self.units[j]
        unit.old = unit.y
        unit.y, unit.slope = SQUASHES[unit.squash](unit.state)
        if unit.held is not None:
            unit.y = unit.held
            unit.slope = 0.0
        unit.clamped = False
        unit.fired = self.clock
        unit.delta = unit.projected = unit.gated = 0.0

    def propagate(self, j, rate, error=0.0):
        """`error` is -dE/ds of an output; call in the reverse of the order of
        activation."""
        unit = self.units[j]
        fired = [k for k, other in self.units.items() if not other.clamped]
        later = [
            k
            for k in fired
            if self.units[k].fired > unit.fired and not self.is_late(j, k)
        ]
        targets = [(k, self.links[j, k]) for k in later if (j, k) in self.links]
        gated = [k for k in later if j in self.gaters(k)]
        delta = {k: self.units[k].delta for k in later}
        unit.projected = (
            unit.slope * sum(delta[k] * link.gain * link.used for k, link in targets)
            + error
        )
        unit.gated = unit.slope * sum(delta[k] * self.influence[j, k] for k in gated)
        unit.delta = unit.projected + unit.gated
        if unit.clamped:
            return

        def move(i):
            x = sum(delta[k] * self.extended.get((i, j, k), 0.0) for k in gated)
            return rate * (unit.projected * self.eligibility.get((i, j), 0.0) + x)

        for i, link in self.into(j).items():
            if link.trainable:
                link.weight += move(i)
                link.weight = 0.0 if link.weight * link.sign < 0 else link.weight
        if unit.trainable:
            unit.bias += move(None)

    # --- a network: units in an order, the first ones clamped, the last ones with
    # targets ----

    def step(self, order, inputs, together=False):
        self.settle()
        self.begin()
        for j, value in zip(order, inputs):
            self.clamp(j, value)
        if not together:
            for block in self.blocks(order[len(inputs) :]):
                if self.units[block[0]].group is None:
                    self.activate(block[0])
                else:
                    self.compete(block)
            return
        for j in order[len(inputs) :]:
            self.weigh(j)
        self.clock += 1  # one for all, so none is later than another
        for block in self.blocks(order[len(inputs) :]):
            self.fire_block(block)
        self.extended.clear()  # their gaters get no error

    def blocks(self, order):
        """Units in this order, those of a group together."""
        blocks = []
        for j in order:
            group = self.units[j].group
            if (
                blocks
                and group is not None
                and group == self.units[blocks[-1][0]].group
            ):
                blocks[-1].append(j)
            else:
                blocks.append([j])
        return blocks

    def compete(self, members):
        """A group activates at once: each member reads what the others were in the
        previous step."""
        for j in members:
            self.weigh(j)
        self.clock += 1  # one for all, so none is later than another
        self.fire_block(members)

    def fire_block(self, members):
        """One unit, or all of a group."""
        if self.units[members[0]].group is None:
            self.fire(members[0])
            return
        states = {j: self.units[j].state for j in members}
        best = max(members, key=states.__getitem__)
        total = sum(math.exp(s - states[best]) for s in states.values())
        for j in members:
            unit = self.units[j]
            self.fire(j)
            if unit.squash == "softmax":
                unit.y = math.exp(unit.state - states[best]) / total
                unit.slope = unit.y * (1 - unit.y)
            elif j != best:
                unit.y = unit.slope = 0.0

    def learn(self, order, rate, targets, cost, factors=None):
        """`factors` are the weights of the outputs' costs."""
        outputs = order[len(order) - len(targets) :]
        factors = factors or [1.0] * len(targets)
        errors = {
            j: c * self.error(j, t, cost) for j, t, c in zip(outputs, targets, factors)
        }
        if cost == "categorical_cross_entropy":
            total = sum(c * t for t, c in zip(targets, factors))
            errors = {
                j: c * t - self.units[j].y * total
                for j, t, c in zip(outputs, targets, factors)
            }
        for j in reversed(order):
            self.propagate(j, rate, errors.get(j, 0.0))

    def error(self, j, target, cost):
        unit = self.units[j]
        if unit.held is not None:
            return 0.0
        return (target - unit.y) * (1.0 if cost == "cross_entropy" else unit.slope)

    def clear(self, j):
        if self.has_fired(j):
            self.restarting.add(j)
        self.units[j].forget()
        self.eligibility = {
            (i, t): e for (i, t), e in self.eligibility.items() if t != j
        }
        self.extended = {
            (i, g, k): x for (i, g, k), x in self.extended.items() if g != j and k != j
        }
