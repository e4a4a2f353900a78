"""A rule of synapses in plain Python, connection by connection."""

import inspect
import math

import numpy as np

from synapse.plasticity._trace import Trace


class Reference:
    """Follows a network, whose weights another computes, and learns by the same rule.

    `functions` are (change, on_pre, on_post), None for what a rule does not have.
    """

    def __init__(self, net, functions, factor=1.0, **settings):
        self.net = net
        self.functions = functions
        self.factor = factor
        self.settings = settings
        self.weights = {c: c.weight for c in net.connections}
        self.traces = {c: {} for c in net.connections}
        self.eligibility = dict.fromkeys(net.connections, 0.0)
        self.history = [dict.fromkeys(net, 0.0)]
        self.states = [dict.fromkeys(net, 0.0)]
        self.order = {neuron: i for i, neuron in enumerate(net)}

    def _arrives(self, source, target, delay=0):
        if delay:
            ago = len(self.history) - 1 - delay
            return self.history[ago][source] if ago >= 0 else 0.0
        late = self.order[source] >= self.order[target] or (
            self.net.synchronous and source not in list(self.net.input)
        )
        return self.history[-2 if late else -1][source]

    def _seen(self, c, weight, modulator):
        target = c.target
        post = self.settings.get("post", {}).get(target, target)
        is_state = c.source is c.target and not c.delay
        before = self.states[-2][c.source] if is_state else None
        sign = c.sign or (1 if weight >= 0.0 else -1)
        return {
            "pre": before if is_state else self._arrives(c.source, target, c.delay),
            "post": post.activation,
            "post_state": target.state,
            "post_slope": target.derivative,
            "post_bias": target.bias,
            "post_error": target.error,
            "modulator": modulator,
            "weight": weight,
            "size": sign * weight,
            "sign": sign,
            "gain": 1.0 if c.gater is None else self._arrives(c.gater, target),
            "dt": self.settings.get("dt", 1.0),
        }

    def _is_of_both(self, declared):
        names = {*inspect.signature(declared.of).parameters}
        names |= {t.of for _, t in self._declared(declared.of)}
        return "pre" in names and len(names & {"post", "post_slope"}) > 0

    def _declared(self, function):
        """Yield the traces of a function by name, those that they read before them."""
        for name, parameter in inspect.signature(function).parameters.items():
            if isinstance(parameter.default, Trace):
                if callable(parameter.default.of):
                    yield from self._declared(parameter.default.of)
                yield name, parameter.default

    def _call(self, function, c, seen):
        arguments = []
        for name, parameter in inspect.signature(function).parameters.items():
            if isinstance(parameter.default, Trace):
                arguments.append(self.traces[c].get(name, 0.0))
            elif parameter.default is parameter.empty:
                arguments.append(seen[name])
            else:
                arguments.append(self.settings.get(name, parameter.default))
        return function(*arguments)

    def _moved(self, weight, change, sign):
        low, high = self.settings.get("bounds", (-math.inf, math.inf))
        asked = [f for f in self.functions if f is not None]
        if any("size" in inspect.signature(f).parameters for f in asked):
            return sign * min(max(sign * weight + self.factor * change, low, 0.0), high)
        return min(max(weight + self.factor * change, low), high)

    def moved_to(self, net):
        """Follow a copy of the network, whose neurons have the same order."""
        neurons = dict(zip(self.net, net, strict=True))
        links = dict(zip(self.net.connections, net.connections, strict=True))
        for name in ("history", "states"):
            steps = [{neurons[n]: v for n, v in of.items()} for of in vars(self)[name]]
            setattr(self, name, steps)
        for name in ("weights", "traces", "eligibility"):
            by_link = {links[c]: value for c, value in vars(self)[name].items()}
            setattr(self, name, by_link)
        self.net, self.order = net, {neuron: i for i, neuron in enumerate(net)}

    def clear(self):
        """Forget all steps, as the network has."""
        for of_step in (*self.history, *self.states):
            of_step.update(dict.fromkeys(of_step, 0.0))
        for c in self.traces:
            self.traces[c] = {}
            self.eligibility[c] = 0.0

    def skip(self):
        """See the step that the network has made, without learning from it."""
        self.history.append({neuron: neuron.activation for neuron in self.net})
        self.states.append({neuron: neuron.state for neuron in self.net})

    def step(self, modulator=0.0):
        """Learn from the step that the network has made."""
        self.skip()
        dt = self.settings.get("dt", 1.0)
        tau = self.settings.get("eligibility")
        sums = {}
        for c in self.net.connections:
            weight = before = self.weights[c]
            third = modulator(c.target) if callable(modulator) else modulator
            seen = self._seen(c, weight, third)
            sign, total = seen["sign"], 0.0
            occurs = (True, seen["pre"] != 0.0, seen["post"] != 0.0)
            for function, happens in zip(self.functions, occurs, strict=True):
                if function is None or not happens:
                    continue
                change = self._call(
                    function, c, {**seen, "weight": weight, "size": sign * weight}
                )
                total += change
                if tau is None:
                    weight = self._moved(weight, change, sign)
            if tau is not None and c.trainable:
                weight = self._moved(weight, third * self.eligibility[c], sign)
                self.eligibility[c] = math.exp(-dt / tau) * (
                    self.eligibility[c] + total
                )
            if c.sign and c.sign * weight < 0.0:
                weight = 0.0
            if c.trainable:
                key = c if not c.tied else min((c, *c.tied), key=id)
                sums.setdefault(key, []).append((c, before, weight))
            self._renew(c, seen, dt)
        for several in sums.values():
            value = several[0][1] + sum(after - before for _, before, after in several)
            c = several[0][0]
            if len(several) > 1:
                value = self._moved(value, 0.0, c.sign or (1 if value >= 0 else -1))
                if c.sign and c.sign * value < 0.0:
                    value = 0.0
            for c, *_ in several:
                self.weights[c] = value if len(several) > 1 else several[0][2]

    def _renew(self, c, seen, dt):
        new = {}
        for function in self.functions:
            for name, declared in self._declared(function) if function else ():
                decay = math.exp(-dt / self.settings.get(name, declared.tau))
                value = (
                    self._call(declared.of, c, seen)
                    if callable(declared.of)
                    else seen[declared.of]
                )
                old = self.traces[c].get(name, 0.0)
                if (
                    not c.trainable
                    and callable(declared.of)
                    and self._is_of_both(declared)
                ):
                    new[name] = old  # a synapse that does not learn steps no trace
                    continue
                new[name] = {
                    "sum": decay * (old + value),
                    "mean": decay * old + (1.0 - decay) * value,
                    "latest": decay * (value if value != 0.0 else old),
                }[declared.kind]
        self.traces[c].update(new)


def agree(net, reference, every=1, tolerance=1e-11):
    """Compare all weights, and the traces of some connections."""
    weights = [reference.weights[c] for c in net.connections]
    np.testing.assert_allclose(net.weights, weights, tolerance, tolerance)
    for c in net.connections[::every]:
        if c.source is c.target and not c.delay:  # it carries a state, not a trace
            continue
        shown = c.traces
        expected = {name: reference.traces[c].get(name, 0.0) for name in shown}
        if "eligibility" in shown:
            expected["eligibility"] = reference.eligibility[c]
        values = [*shown.values()], [expected[name] for name in shown]
        np.testing.assert_allclose(
            *values, tolerance, tolerance, err_msg=f"{c}, {shown}"
        )
