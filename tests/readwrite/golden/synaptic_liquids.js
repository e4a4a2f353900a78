// How synaptic_liquids.json was made:
//   npm install synaptic@1.1.4; node synaptic_liquids.js synaptic_liquids.json [liquids, default 24]
// `read` is what Synaptic answers after it has read the file (Network.fromJSON), `resumed` what the network
// that was written goes on to answer; left out where two neurons gate one connection, as Synaptic writes one.
let s = 4242;
Math.random = () => {  // mulberry32
  s = (s + 0x6D2B79F5) | 0;
  let z = Math.imul(s ^ (s >>> 15), s | 1);
  z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
  return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
};
const { Architect, Network } = require('synaptic');
const fs = require('fs');
const rnd = () => Math.random() * 2 - 1;
const below = (n) => Math.floor(Math.random() * n);
const row = (n) => Array.from({ length: n }, rnd);

function gatedTwice(net) {
  const ids = net.neurons().flatMap(({ neuron }) => Object.keys(neuron.connections.gated));
  return new Set(ids).size < ids.length;
}

const out = {};
const count = Number(process.argv[3] || 24);
for (let k = 0; k < count; k++) {
  const [inputs, hidden, outputs] = [1 + below(2), 3 + below(5), 1 + below(2)];
  const net = new Architect.Liquid(inputs, hidden, outputs, hidden + below(2 * hidden), 1 + below(3));
  for (let t = 0; t < 5 * (k % 3); t++) {
    net.activate(row(inputs));
    if (t % 2) net.propagate(0.1, row(outputs).map(Math.abs));
  }
  const json = JSON.parse(JSON.stringify(net.toJSON()));
  const rows = Array.from({ length: 6 }, () => row(inputs));
  const again = Network.fromJSON(json);
  const read = rows.map((values) => again.activate(values));
  const resumed = rows.map((values) => net.activate(values));
  out['liquid_' + k] = { network: json, inputs: rows, read, ...(gatedTwice(net) ? {} : { resumed }) };
}
const text = Object.entries(out).map(([name, value]) => JSON.stringify(name) + ': ' + JSON.stringify(value));
fs.writeFileSync(process.argv[2], '{\n' + text.join(',\n') + '\n}\n');
