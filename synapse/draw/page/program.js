// The Python program that builds the present network, in plain public calls.

const MOST_IN_PROGRAM = 2000; // connections
const py = (value) => (value === null ? "None" : typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value));
const tuple = (values) => `(${values.map(py).join(", ")})`;
const listing = (rows) => (rows.length ? `[\n${rows.map((row) => `    ${row},\n`).join("")}]` : "[]");

function program() {
  if (links.length > MOST_IN_PROGRAM) return `# ${links.length} connections are too many for a program: save JSON, and read it with synapse.load.\n`;
  const place = (neuron) => all.indexOf(neuron), squash = ({ neurons: own }) => own[0].squash;
  const layer = (one) => `Layer(${one.neurons.length}, ${py(squash(one))}, name=${py(one.name)})`;
  const others = net.layers.flatMap((one) => one.neurons.filter((neuron) => neuron.squash !== squash(one)));
  const gates = links.flatMap((one, c) => (one.gater ? [tuple([place(one.gater), c])] : []));
  const ties = (list, tie) => [...new Set(list.map(tie))].filter(Boolean).map((number) => list.flatMap((one, i) => (tie(one) === number ? [i] : [])));
  const lines = [
    "from synapse import Layer, Network, tie", "",
    `layers = ${listing(net.layers.map(layer))}`,
    "neurons = [neuron for layer in layers for neuron in layer]",
    "# name, bias, and whether the bias learns",
    `for neuron, (name, bias, learns) in zip(neurons, ${listing(all.map((one) => tuple([nameOf(one), one.bias, one.trainableBias])))}):`,
    "    neuron.name, neuron.bias, neuron.trainable = name, bias, learns",
    ...others.map((one) => `neurons[${place(one)}].squash = ${py(one.squash)}`),
    ...all.flatMap((one, i) => (one.costWeight === 1 ? [] : [`neurons[${i}].cost_weight = ${py(one.costWeight)}`])),
    "# source, target, weight, and whether the weight learns",
    `connections = [neurons[source].project(neurons[target], weight, trainable=learns) for source, target, weight, learns in ${listing(
      links.map((one) => tuple([place(one.source), place(one.target), one.weight, one.trainable])))}]`,
    ...(gates.length ? ["# gater and connection", `for gater, connection in ${listing(gates)}:`, "    neurons[gater].gate(connections[connection])"] : []),
    ...ties(links, (one) => one.tie).map((list) => `tie([connections[i] for i in [${list.join(", ")}]])`),
    ...ties(all, (one) => one.biasTie).map((list) => `tie([neurons[i] for i in [${list.join(", ")}]])`),
    `net = Network(layers[0], layers[1:-1], layers[-1], name=${py(net.name)})`,
  ];
  return `${lines.join("\n")}\n`;
}
