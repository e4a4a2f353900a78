// Rules that learn without targets, for lessons: Hebb's, as synapse.plasticity.Hebb, and temporal differences, as synapse.reward.TD with
// a number as its update, for networks without memory. `learn` changes the weights after a step and returns what the next step needs;
// `reasons` says of which numbers the latest change of a weight consists, or why there was none.

export const TARGETLESS = {
  /** dw = rate x y: what a target has read times its activation. */
  Hebb: {
    learn(net, { rate }) {
      for (const link of net.connections) if (link.trainable) link.weight += rate * link.seen * link.target.activation;
      return {};
    },
    reasons(link, { rate }) {
      if (!link.target) return "It did not: this rule changes weights only.";
      return [["rate", rate], ["\u00d7 activation of the source", link.seen], ["\u00d7 activation of the target", link.target.activation],
        ["moved by", rate * link.seen * link.target.activation]];
    },
  },

  /** d = reward + discount v' - v; w += rate d e, with the trace e = discount decay e + dv/dw. Targets are rewards; after the last step nothing follows. */
  TD: {
    learn(net, { rate, discount, decay = 0, inputs, reward, begins, ends, kept }) {
      const following = ends ? 0 : discount * net.outputs[0].activation, before = begins ? null : kept.value, delta = begins ? null : reward + following - before;
      const learns = [net.connections.filter((one) => one.trainable), net.neurons.filter((one) => one.trainableBias && !net.inputs.includes(one))];
      if (!begins) learns.forEach((list, k) => list.forEach((one) => { one[k ? "bias" : "weight"] += rate * delta * kept.traces[k][one.row]; }));
      const [value] = net.activate(inputs), slopes = net.slopes(); // by the weights as they are now
      const traces = slopes.map((list, k) => Array.from(list, (slope, row) => (begins ? 0 : discount * decay * kept.traces[k][row]) + slope));
      return { value, traces, delta, reward, following, before, used: kept?.traces };
    },
    reasons(owner, { rate, delta, reward, following, before, used }) {
      if (delta === null) return "It did not: a trial begins with this step, and there is no earlier prediction.";
      const trace = used[owner.target ? 0 : 1][owner.row];
      return [["reward", reward], ["+ discount \u00d7 prediction now", following], ["\u2212 prediction before", -before], ["= temporal difference", delta],
        ["\u00d7 trace", trace], ["\u00d7 rate", rate], ["moved by", rate * delta * trace]];
    },
  },
};
