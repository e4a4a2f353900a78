// brain.js, the release and the beta: one `trainPattern` a step. Its momentum of 0.1 cannot be 0.
'use strict';
let brain;
let version;

exports.start = (spec) => {
  const folder = process.cwd() + '/node_modules/' + spec.needs;
  brain = require(folder);
  version = require(folder + '/package.json').version;
  return { [spec.needs]: version };
};

exports.build = (spec, inputs, targets) => {
  const net = new brain.NeuralNetwork({ hiddenLayers: spec.sizes.slice(1, -1) });
  net.sizes = spec.sizes;
  net.initialize();
  net.updateTrainingOptions({ activation: 'sigmoid', learningRate: spec.rate });
  net.setActivation('sigmoid');
  const patterns = inputs.map((x, i) => ({ input: Float32Array.from(x), output: Float32Array.from(targets[i]) }));
  return {
    train(steps, among) {
      for (let i = 0; i < steps; i++) net.trainPattern(patterns[i % among]);
      return steps;
    },
    answer(steps) {
      for (let i = 0; i < steps; i++) net.runInput(patterns[i % 64].input);
      return steps;
    },
    outputs: (count) => patterns.slice(0, count).map((pattern) => Array.from(net.runInput(pattern.input))),
  };
};
