// The twin of worker.py for node: one network of one peer, commands on stdin, JSON lines on stdout.
'use strict';
const fs = require('fs');
const path = require('path');
const readline = require('readline');

const SAMPLES = 64;
const spec = JSON.parse(process.argv[2]);
const now = () => Number(process.hrtime.bigint()) / 1e9;
const say = (news) => fs.writeSync(1, '@' + JSON.stringify(news) + '\n');
process.chdir(path.join(__dirname, '..', '.peers'));

// Weights are drawn by Math.random: give it a seed (mulberry32).
let seed = 1;
Math.random = () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

function samples() {
  const bytes = fs.readFileSync(spec.samples);
  const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  const n = spec.sizes[0];
  const m = spec.sizes[spec.sizes.length - 1];
  const rows = (from, width) =>
    Array.from({ length: SAMPLES }, (_, i) => Array.from(numbers.subarray(from + i * width, from + (i + 1) * width)));
  return [rows(0, n), rows(SAMPLES * n, m)];
}

const inUse = () => process.memoryUsage().rss / 1e6;
const peak = () => (Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'latin1'))[1]) * 1024) / 1e6;

function memory(before) {
  try {
    if (before === undefined) {
      fs.writeFileSync('/proc/self/clear_refs', '5');
      return inUse();
    }
    return peak();
  } catch (error) {
    return inUse();
  }
}

function timed(work, steps) {
  const begin = now();
  const done = work(steps, SAMPLES);
  return (now() - begin) / done;
}

function squaredError(net, targets, count) {
  let sum = 0;
  net.outputs(count).forEach((y, i) => targets[i].forEach((t, o) => { sum += (y[o] - t) ** 2; }));
  return sum / count / targets[0].length;
}

function learn(net, targets, seconds) {
  const step = Math.min(timed(net.train, 2), timed(net.train, 2), timed(net.train, 2));
  let count = SAMPLES;
  while (count > 4 && 4 * count * step > seconds) count /= 2;
  const least = step < 1e-3 ? 16 : 4;
  const epochs = Math.max(least, Math.min(200, Math.floor(seconds / (count * step))));
  const before = squaredError(net, targets, count);
  net.train(count * epochs, count);
  const after = squaredError(net, targets, count);
  const finite = Number.isFinite(before) && Number.isFinite(after);
  return { samples: count, steps: count * epochs, before, after, finite, learnt: after < before };
}

const started = now();
const peer = require('./' + spec.module);
const versions = peer.start(spec);
versions.node = process.versions.node;
versions.v8 = process.versions.v8;
say({ event: 'started', seconds: now() - started, versions });

const [inputs, targets] = samples();
const before = memory();
const begin = now();
const net = peer.build(spec, inputs, targets);
net.train(1, SAMPLES);
const seconds = now() - begin;
say({ event: 'built', seconds, megabytes: memory(before) - before, process_megabytes: memory(before) });

const work = spec.kind === 'activate' ? net.answer : net.train;
let step = 1e-3;
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, text] = line.split(' ');
  const duration = Number(text);
  if (command === 'learn') {
    say({ event: 'learn', ...learn(net, targets, duration) });
  } else if (command === 'warm') {
    for (let steps = 1, stop = now() + duration; now() < stop; steps *= 2) step = timed(work, steps);
    say({ event: 'warm' });
  } else {
    step = timed(work, Math.max(1, Math.round(duration / step)));
    say({ event: 'measure', microseconds: step * 1e6, finite: net.outputs(1)[0].every(Number.isFinite) });
  }
});
