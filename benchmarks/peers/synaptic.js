// Synaptic: its networks as they come, compiled by its own `optimize` at the first activation.
'use strict';
const folder = process.cwd() + '/node_modules/synaptic';
let synaptic;

exports.start = () => {
  synaptic = require(folder);
  return { synaptic: require(folder + '/package.json').version };
};

exports.build = (spec, inputs, targets) => {
  const Recipe = spec.kind === 'lstm' ? synaptic.Architect.LSTM : synaptic.Architect.Perceptron;
  const net = new Recipe(...spec.sizes);
  return {
    train(steps, among) {
      for (let i = 0; i < steps; i++) {
        net.activate(inputs[i % among]);
        net.propagate(spec.rate, targets[i % among]);
      }
      return steps;
    },
    answer(steps) {
      for (let i = 0; i < steps; i++) net.activate(inputs[i % 64]);
      return steps;
    },
    outputs: (count) => inputs.slice(0, count).map((x) => Array.from(net.activate(x))),
  };
};
