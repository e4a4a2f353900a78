// Neataptic: the same networks, from its own architect.
'use strict';
const folder = process.cwd() + '/node_modules/neataptic';
let neataptic;

exports.start = () => {
  neataptic = require(folder);
  return { neataptic: require(folder + '/package.json').version };
};

exports.build = (spec, inputs, targets) => {
  const Recipe = spec.kind === 'lstm' ? neataptic.architect.LSTM : neataptic.architect.Perceptron;
  const net = new Recipe(...spec.sizes);
  return {
    train(steps, among) {
      for (let i = 0; i < steps; i++) {
        net.activate(inputs[i % among], true);
        net.propagate(spec.rate, 0, true, targets[i % among]);
      }
      return steps;
    },
    answer(steps) {
      for (let i = 0; i < steps; i++) net.noTraceActivate(inputs[i % 64]);
      return steps;
    },
    outputs: (count) => inputs.slice(0, count).map((x) => net.activate(x)),
  };
};
