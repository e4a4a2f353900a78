// What Synaptic 1.1.4 needs for its own XOR and its own recall loop; `python -m studies synaptic_loops` runs it.
//
//     node studies/synaptic_loops.js xor units rate shuffle seeds
//     node studies/synaptic_loops.js order units rate seeds
//     node studies/synaptic_loops.js timing blocks seeds
//     node studies/synaptic_loops.js recall blocks rate seeds most
'use strict';
const path = require('path');
const { Architect, Trainer } = require(path.join(__dirname, '..', 'benchmarks', '.peers', 'node_modules', 'synaptic'));

// Synaptic draws from Math.random, which has no seed. This is mulberry32.
function seeded(seed) {
  let state = (seed * 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

const written = (net) => JSON.parse(JSON.stringify(net.toJSON()));  // as it is before the training
const xorSet = () => [0, 1, 2, 3].map((i) => ({ input: [i >> 1, i & 1], output: [(i >> 1) ^ (i & 1)] }));

function xor(units, rate, shuffle, seeds) {
  const set = xorSet();
  for (let seed = 0; seed < seeds; seed++) {
    Math.random = seeded(seed + 1);
    const net = new Architect.Perceptron(2, units, 1);
    const { iterations } = new Trainer(net).train(set, { rate, iterations: 20000, error: 0.005, shuffle });
    const learnt = set.every(({ input, output }) => Math.round(net.activate(input)[0]) === output[0]);
    console.log(JSON.stringify({ seed, learnt, iterations }));
  }
}

// XOR from weights that are printed
function order(units, rate, seeds) {
  for (let seed = 0; seed < seeds; seed++) {
    Math.random = seeded(seed + 1);
    const net = new Architect.Perceptron(2, units, 1);
    const network = written(net);
    const { iterations } = new Trainer(net).train(xorSet(), { rate, iterations: 20000, error: 0.005 });
    console.log(JSON.stringify({ seed, network, iterations }));
  }
}

// the timing task, with its samples, which Synaptic draws in timingTask
function timing(blocks, seeds) {
  for (let seed = 0; seed < seeds; seed++) {
    Math.random = seeded(seed + 1);
    const net = new Architect.LSTM(2, blocks, 1);
    const network = written(net);
    const trainer = new Trainer(net);
    const samples = {};
    const { train, test } = trainer;
    trainer.train = (set, options) => { samples.train = set; return train.call(trainer, set, options); };
    trainer.test = (set, options) => { samples.test = set; return test.call(trainer, set, options); };
    const results = trainer.timingTask({ log: false, error: 1e-9 });
    console.log(JSON.stringify({ seed, network, samples, trained: results.train.error, tested: results.test.error }));
  }
}

function recall(blocks, rate, seeds, most) {
  const task = { targets: [2, 4], distractors: [3, 5], prompts: [0, 1], length: 10, rate, iterations: most };
  for (let seed = 0; seed < seeds; seed++) {
    Math.random = seeded(seed + 1);
    const net = new Architect.LSTM(6, blocks, 2);
    const network = written(net);
    const { iterations, success } = new Trainer(net).DSR(task);
    console.log(JSON.stringify({ seed, network, needed: success >= 0.95 ? iterations : null }));
  }
}

const [task, ...numbers] = process.argv.slice(2);
({ xor, order, timing, recall })[task](...numbers.map(JSON.parse));
