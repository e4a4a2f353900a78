// Synaptic's trainer on XOR: a line with a number of seconds on stdin, a line of JSON on stdout.
'use strict';
const path = require('path');
const readline = require('readline');

const spec = JSON.parse(process.argv[2]);
const folder = path.join(__dirname, '..', '.peers', 'node_modules', 'synaptic');
const synaptic = require(folder);
const now = () => Number(process.hrtime.bigint()) / 1e9;

const samples = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]];
const set = samples.map(([a, b, target]) => ({ input: [a, b], output: [target] }));
const trainer = new synaptic.Trainer(new synaptic.Architect.Perceptron(2, 3, 1));
const options = {
  iterations: spec.epochs,
  rate: spec.rate,
  error: 1e-12, // 0 would be replaced by 0.005
  shuffle: spec.shuffle,
  cost: synaptic.Trainer.cost.CROSS_ENTROPY,
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const begin = now();
  let epochs = 0;
  let error;
  do {
    const result = trainer.train(set, options);
    epochs += result.iterations;
    error = result.loss;
  } while (now() < begin + Number(line));
  const microseconds = ((now() - begin) / epochs) * 1e6;
  console.log(JSON.stringify({ microseconds, error, version: require(folder + '/package.json').version }));
});
