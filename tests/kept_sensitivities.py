"""What sensitivities must be after an edit, and that updates along them are the gradient."""

import numpy as np

from synapse import gradient


def sensitivities(net):
    """d s_r / d p by parameter and root; a bias is represented by its neuron."""
    found = {(link, root): value for link in net.connections for root, value in link.sensitivity.items()}
    return found | {(one, root): value for one in net for root, value in one.bias_sensitivity.items()}


def groups(net):
    """What shares a parameter, by parameter."""
    return {one: frozenset((one, *one.tied)) for one in (*net.connections, *net)}


def survivors(net, before, groups_before):
    """What sensitivities must be after an edit: sums over what is tied now, 0 where a tie was undone."""
    alive, now = set(net.connections) | set(net), groups(net)
    expected = {}
    for parameter, root in sensitivities(net):
        own, total, seen = now[parameter], 0.0, set()
        for member in own & groups_before.keys():
            group = groups_before[member]
            if group not in seen and group & alive <= own:
                total += before.get((member, root), 0.0)
            seen.add(group)
        expected[parameter, root] = total
    return expected


def require_exact(net, rng, cost=None, within=1e-11):
    """Summed over a sequence with constant weights, the updates are the gradient."""
    inputs = rng.uniform(-1, 1, (5, len(net.input)))
    targets = rng.dirichlet(np.ones(len(net.output)), 5)
    weights, biases, moved = net.weights, net.biases, []
    net.clear()
    for x, t in zip(inputs, targets, strict=True):
        net.activate(x)
        net.propagate(1.0, t, cost)
        moved.append((net.weights - weights, net.biases - biases))
        net.weights, net.biases = weights, biases
    wanted = gradient(net, inputs[None], targets[None], cost)
    scale = max(np.abs(wanted.weights).max(initial=0), np.abs(wanted.biases).max(), 1e-3)
    for at, slope in enumerate((wanted.weights, wanted.biases)):
        assert np.abs(sum(pair[at] for pair in moved) + slope).max(initial=0) < within * scale
