// Recall over ten steps by Synaptic 1.1.4, on the task and with the network of the table `recall`.
//
//     python -c "from benchmarks.machine import install_node_packages as get; print(get())"   # once
//     # writes synaptic_recall.json beside this file; the option lets V8 optimise long compiled functions
//     node --max-optimized-bytecode-size=100000000 studies/papers/synaptic_recall.js [seeds]
//
// LSTM(6, 7, 2) with the defaults of Synaptic, rate 0.1. After every 500 sequences the network is tested on 1000
// others; the task is solved when 950 of them are right at every step. `clear` of Synaptic forgets traces, not
// states, and compiles the network again, so the context is cleared here by writing the values of a new network
// into its memory, except weights and biases.
'use strict';
const fs = require('fs');
const path = require('path');
const folder = path.join(__dirname, '..', '..', 'benchmarks', '.peers', 'node_modules', 'synaptic');
const { Architect, Layer } = require(folder);

const RATE = 0.1;
const EVERY = 500;
const MOST = 40000;
const [TARGETS, DISTRACTORS, PROMPTS, LENGTH] = [2, 2, 2, 10];

// Synaptic draws its weights from Math.random, which has no seed. This is mulberry32.
function seeded(seed) {
  let state = (seed * 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

function sequence(random) {
  const below = (n) => Math.floor(random() * n);
  const open = LENGTH - PROMPTS;
  const symbols = Array.from({ length: open }, () => TARGETS + below(DISTRACTORS));
  const places = Array.from({ length: open }, (_, i) => i);
  for (let i = 0; i < PROMPTS; i++) {
    const j = i + below(open - i);
    [places[i], places[j]] = [places[j], places[i]];
  }
  const shown = [];
  for (const place of places.slice(0, PROMPTS).sort((a, b) => a - b)) {
    symbols[place] = below(TARGETS);
    shown.push(symbols[place]);
  }
  for (let i = 0; i < PROMPTS; i++) symbols.push(TARGETS + DISTRACTORS + i);
  const size = TARGETS + DISTRACTORS + PROMPTS;
  const inputs = symbols.map((symbol) => Array.from({ length: size }, (_, i) => Number(i === symbol)));
  const targets = symbols.map((_, t) => Array.from({ length: TARGETS }, (_, i) => Number(i === shown[t - open])));
  return { inputs, targets };
}

// A function that clears the context of a network, and leaves its weights and biases.
function clearer(net) {
  net.optimize();
  const { memory, data } = net.optimized;
  const fresh = Float64Array.from(memory);
  const learnt = /^(weight|bias)_/;
  const places = Object.keys(data.variables).filter((id) => !learnt.test(id)).map((id) => data.variables[id].id);
  return () => places.forEach((i) => { memory[i] = fresh[i]; });
}

const near = (outputs, targets) => outputs.every((y, i) => Math.abs(y - targets[i]) < 0.5);

function trial(seed, peepholes, cleared) {
  const started = process.hrtime.bigint();
  const random = seeded(seed + 1);
  Math.random = random;
  const net = new Architect.LSTM(6, 7, 2, { peepholes: Layer.connectionType[peepholes] });
  const clear = clearer(net);
  const test = Array.from({ length: 1000 }, () => sequence(random));
  let needed = null;
  let best = 0;
  for (let trained = EVERY; trained <= MOST && needed === null; trained += EVERY) {
    for (let i = 0; i < EVERY; i++) {
      const { inputs, targets } = sequence(random);
      if (cleared) clear();
      inputs.forEach((row, t) => { net.activate(row); net.propagate(RATE, targets[t]); });
    }
    let right = 0;
    for (const { inputs, targets } of test) {
      if (cleared) clear();
      right += inputs.map((row, t) => near(net.activate(row), targets[t])).every(Boolean);
    }
    best = Math.max(best, right);
    if (right >= 950) needed = trained;
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  return { peepholes, cleared, seed, needed, best: best / 1000, seconds: Number(seconds.toFixed(2)) };
}

const seeds = Number(process.argv[2] || 30);
const runs = [];
for (const [peepholes, cleared] of [['ALL_TO_ALL', true], ['ONE_TO_ONE', true], ['ALL_TO_ALL', false]]) {
  for (let seed = 0; seed < seeds; seed++) runs.push(trial(seed, peepholes, cleared));
}
const version = require(path.join(folder, 'package.json')).version;
const about = { synaptic: version, node: process.version, date: new Date().toISOString().slice(0, 10) };
const file = path.join(__dirname, 'synaptic_recall.json');
fs.writeFileSync(file, `{"about": ${JSON.stringify(about)}, "runs": [\n${runs.map((run) => JSON.stringify(run)).join(',\n')}\n]}\n`);
