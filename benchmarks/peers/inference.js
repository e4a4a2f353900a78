// µs per step of a program that `synapse.save` has written: node inference.js net.js inputs steps seconds
"use strict";

const [file, ...numbers] = process.argv.slice(2);
const [inputs, steps, seconds] = numbers.map(Number);
const { Network } = require(file);
const net = new Network();
const rows = Array.from({ length: steps }, () => Float64Array.from({ length: inputs }, () => Math.random() - 0.5));

let best = Infinity; // of many short measurements
for (const end = Date.now() + 1e3 * seconds; Date.now() < end; ) {
  const begin = process.hrtime.bigint();
  for (const row of rows) net.step(row);
  best = Math.min(best, Number(process.hrtime.bigint() - begin) / 1e3 / steps);
}
console.log(best);
