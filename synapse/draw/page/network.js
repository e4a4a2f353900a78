// Any network that Synapse saves as JSON runs and learns here by the same numbers: the kernels of the library compute
// them, printed for JavaScript. Neurons and connections are objects that read the columns of a store, see store.js.
//
//   import { Network } from "./network.js";
//   const net = Network.from(await (await fetch("net.json")).json());
//   net.activate([0, 1]); net.propagate(0.3, [1]); JSON.stringify(net);

import { CODES, COSTS, SQUASHES, kernels } from "./kernels.js";
import { SAVED, Store, alone, noTraces } from "./store.js";

/** A mistake of the caller, told in one sentence. Nothing has changed then. */
export class RuleError extends Error {}

function require(holds, message) {
  if (!holds) throw new RuleError(message);
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** What the JSON of a network begins with; `readwrite/_document.py` has the version, too. */
const FORMAT = { format: "synapse", version: 2 };
const MEMBERS = ["format", "version", "name", "dtype", "clock", "architecture", "metadata", "digest", "layers", "neurons", "connections",
  "eligibility", "influence", "extended", "past"];
const UNUSED = ["learning_rule", "recurrent", "parameters", "lines", "sensitivity"]; // of rtrl: the next online step drops them in Python, too

const named = {}; // squashes by their codes
for (const [name, { code }] of Object.entries(SQUASHES)) named[code] = name;
/** Enter a function of a user, "squash" or "cost": (numbers) => [value, slope or error signal]. */
export function register(kind, name, compute) {
  const table = kind === "squash" ? SQUASHES : COSTS, first = kind === "squash" ? CODES.FIRST_SQUASH : CODES.FIRST_COST;
  const code = first + (kind === "squash" ? 0 : 1e6) + Object.keys(table).length; // costs and squashes share a table
  kernels.registered[code] = compute;
  if (kind === "squash") [table[name], named[code]] = [{ code, kind: "single" }, name];
  else table[name] = code;
}

/** Let objects of a class read and set their columns. What is no number but structure lowers the network anew. */
function reads(Made, table) {
  for (const { name, own, kind } of SAVED[table]) Object.defineProperty(Made.prototype, own, {
    get() {
      const value = this.store[name][this.row];
      return kind === "FLAG" ? Boolean(value) : Number(value);
    },
    set(value) {
      const column = this.store[name];
      column[this.row] = column instanceof BigUint64Array ? BigInt(value) : value;
      if (kind !== "NUMBER") this.store.stale = true;
    },
  });
  Object.defineProperty(Made.prototype, "velocity", { // of its momentum
    get() { return this.store[`${table}_velocity`][this.row]; },
    set(value) {
      this.store[`${table}_velocity`][this.row] = value;
      this.store.moving = true;
    },
  });
}

/** A connection. */
export class Connection {
  constructor(source, target, store, row = 0) {
    Object.assign(this, { source, target, store, row, gater: null, identity: null });
  }

  /** Whether it carries the state of its neuron over to the next step. */
  get memory() {
    return this.source === this.target && this.delay === 0;
  }

  /** Whether its target meets an earlier activation of its source, so that no error goes to it: it has a delay, or the source fires later. */
  get delayed() {
    return this.delay > 0 || kernels.is_late(this.target.net.store.columns, this.source.row, this.target.row);
  }

  /** How much its weight has an effect on the state of its target. */
  get eligibility() {
    return kernels.eligibility(this.target.net.store.columns, this.target.net.store.flags, this.row);
  }

  /** What its target met in the latest sum: w · gain · seen was added to its state. */
  get seen() {
    return this.memory ? this.target.oldState : kernels.seen(this.target.net.store.columns, this.row);
  }

  get gain() {
    return kernels.gain(this.target.net.store.columns, this.row);
  }
}

/** What a gater does to a neuron into which it gates connections: its part of the error of the gater. */
class Influence {
  constructor(gater, gated) {
    Object.assign(this, { gater, gated });
  }

  /** Whether the gated neuron fires later, so that its error reaches the gater. */
  get answers() {
    return !kernels.is_late(this.gater.net.store.columns, this.gater.row, this.gated.row);
  }

  /** The extended trace of a connection into the gater, or of its bias (null). */
  extended(link) {
    const { gater, gated } = this, { store } = gater.net, j = gater.row;
    if (!gated.selfConnection) {
      const rows = gated.incoming.filter((one) => one.gater === gater).map(({ row }) => row);
      return gater.derivative * (link ? link.eligibility : gater.biasTrace) * kernels.influence({ ...store.columns, weight: store.met }, rows, 0, rows.length);
    }
    const q = store.pull.slice(store.pull_start[j], store.pull_stop[j]).find((one) => store.influence_gated[one] === gated.row);
    const offset = link ? link.row - store.first_incoming[j] : store.learning[j];
    return q === undefined || (link && offset >= store.learning[j]) ? 0 : store.extended[store.influence_trace[q] + offset];
  }
}

/** A neuron. Its numbers may be read and set at any time between steps. */
export class Neuron {
  constructor(name, store, row = 0) {
    Object.assign(this, { name, store, row, net: null, incoming: [], outgoing: [] });
  }

  get squash() {
    return named[this.store.squash[this.row]];
  }

  set squash(name) {
    this.store.squash[this.row] = codeOf(name);
    this.store.stale = true;
  }

  /** Its connection to itself that carries its state over; null without one. */
  get selfConnection() {
    return this.incoming.find((one) => one.memory) ?? null;
  }

  /** How much its bias has an effect on its state. */
  get biasTrace() {
    const { store } = this.net;
    return store.flags[this.row] & CODES.TRACED ? this.biasEligibility : Number(this.stamp !== 0);
  }

  /** The influences that it has on neurons into which it gates connections. */
  get gating() {
    const gated = new Set(this.net.connections.filter((one) => one.gater === this).map((one) => one.target));
    return [...gated].map((one) => new Influence(this, one));
  }
}

reads(Neuron, "neurons");
reads(Connection, "connections");

function codeOf(squash) {
  require(Object.hasOwn(SQUASHES, squash), `There is no squash named "${squash}". There are: ${Object.keys(SQUASHES).join(", ")}.`);
  return SQUASHES[squash].code;
}

/** A network: layers of neurons, of which the first takes the inputs and the last has the targets. */
export class Network {
  constructor({ name = "Network" } = {}) {
    Object.assign(this, { name, dtype: "float64", layers: [], metadata: {}, architecture: null });
    this.connections = []; // in order of creation
    this.made = 0; // how many connections it has had
    this.lowered = null;
    this.kept = noTraces(); // before it is lowered
    this.begun = 0; // its clock then
  }

  /** All neurons, in the order in which they activate. */
  get neurons() {
    return this.layers.flatMap((layer) => layer.neurons);
  }

  get inputs() {
    return this.layers[0].neurons;
  }

  get outputs() {
    return this.layers.at(-1).neurons;
  }

  /** Its columns, of the present structure. */
  get store() {
    const { lowered } = this;
    if (lowered && !lowered.stale) return lowered;
    const [kept, clock] = lowered ? [lowered.traces(), this.clock] : [this.kept, this.begun];
    return (this.lowered = new Store(this.dtype, clock, this.neurons, this.connections, this.inputs.length, this.outputs.length, kept));
  }

  /** The number of activations of its neurons. */
  get clock() {
    return this.lowered ? this.lowered.clock[0] : this.begun;
  }

  // --- one step -----------------------------------------------------------------------------

  /** Run one step; returns the activations of the outputs. */
  activate(row) {
    const { store } = this, [, inputs, outputs] = store.span;
    require(row?.length === inputs && Array.from(row).every(isNumber),
      `Expected a row of ${inputs} finite numbers, one for each input, got ${JSON.stringify(row)}.`);
    store.met.set(store.weight);
    const found = new Array(outputs).fill(0);
    kernels.step(store.columns, store.span, row, found);
    return found;
  }

  /** Which cost is minimised unless one is named: as in Python, by the squash of the outputs. */
  get cost() {
    const squash = (name) => this.outputs.every((neuron) => neuron.squash === name);
    return squash("logistic") ? "cross_entropy" : squash("softmax") ? "categorical_cross_entropy" : "squared_error";
  }

  /**
   * Learn from the latest step; returns its cost. A target that is `null` or NaN is none.
   * `rate` is the factor of all updates, `momentum` that of the previous ones (v = momentum v + g, p -= rate v).
   */
  propagate(rate, targets, { cost = this.cost, momentum = 0 } = {}) {
    const { store } = this, { span } = store;
    require(isNumber(rate) && rate >= 0, `\`rate\` must be a finite number of at least 0, got ${rate}.`);
    require(targets?.length === span[2], `Expected ${span[2]} targets, one for each output, got ${JSON.stringify(targets)}.`);
    require(Object.hasOwn(COSTS, cost), `There is no cost named "${cost}". There are: ${Object.keys(COSTS).join(", ")}.`);
    const aims = targets.map((target) => target ?? NaN), [, total] = kernels.judge(store.columns, span, aims, COSTS[cost]);
    if (!momentum) {
      if (store.moving) for (const table of ["neurons", "connections"]) store[`${table}_velocity`].fill(0);
      store.moving = false;
      kernels.learn(store.columns, span, rate);
    } else this.#learnOn(rate, momentum, !aims.every(Number.isNaN)); // without a target, momentum rests
    return total;
  }

  /** The moves of weights and biases at a rate of 1, which the kernels add to buffers. */
  #moves() {
    const { store } = this, { TIES } = CODES, weights = new store.real(store.weight.length), biases = new store.real(store.bias.length);
    const ties = store.ties.slice().fill(0, TIES.RANGES, TIES.HELD);
    kernels.learn({ ...store.columns, weight_destination: weights, bias_destination: biases, ties }, store.span, 1);
    return [weights, biases];
  }

  /** The derivatives of the only output by weights and biases, by their rows, after a step of a network without memory. */
  slopes() {
    const { store } = this;
    kernels.judge(store.columns, store.span, [this.outputs[0].activation + 1], COSTS.squared_error); // an error of 1
    return this.#moves();
  }

  /** Learn with momentum. */
  #learnOn(rate, momentum, moves) {
    const { store } = this, [weights, biases] = this.#moves();
    store.step.forEach((step, j) => (store.step[j] = rate * step));
    if (!moves) return;
    store.moving = true;
    for (const [values, own, tie, learns, velocity] of [[store.weight, weights, store.tie, store.trainable, store.connections_velocity],
      [store.bias, biases, store.bias_tie, store.trainable_bias, store.neurons_velocity]]) {
      const sums = new Map(); // what is tied moves by the sum of its moves
      tie.forEach((group, i) => group && sums.set(group, (sums.get(group) ?? 0) + own[i]));
      values.forEach((value, i) => {
        if (!learns[i]) return;
        velocity[i] = momentum * velocity[i] + (tie[i] ? sums.get(tie[i]) : own[i]);
        values[i] = value + rate * velocity[i];
        if (values === store.weight && store.sign[i] * values[i] < 0) values[i] = 0; // it keeps its sign
      });
    }
  }

  /**
   * Draw weights and biases anew: uniform, within the root of 3 / fan-in as in Glorot and Bengio 2010; what does not learn stays.
   * Gates begin as open as in `recipe`, a network in JSON, if it is given.
   */
  draw(random, recipe = null) {
    const gaters = new Set(recipe && this.connections.map((one) => one.gater));
    this.neurons.forEach((neuron, i) => {
      const reach = Math.sqrt(3 / Math.max(1, neuron.incoming.length)), value = () => reach * (2 * random() - 1);
      for (const one of neuron.incoming) if (one.trainable) one.weight = one.sign ? one.sign * Math.abs(value()) : value();
      const bias = neuron.trainableBias && neuron.incoming.length ? value() : neuron.bias;
      neuron.bias = gaters.has(neuron) ? recipe.neurons.bias[i] : bias;
      neuron.velocity = 0;
    });
    for (const one of this.connections) one.velocity = 0;
    this.clear();
  }

  /** Forget what the network was shown, but not what it has learnt. */
  clear() {
    kernels.clear(this.store.columns, this.store.span);
  }

  // --- structure, to be changed between any two steps ------------------------------------------

  #changed() {
    if (this.lowered) this.lowered.stale = true;
    this.architecture = null; // another network than the recipe builds
  }

  /** Add a neuron to a layer, which is made before the last one if there is none of this name. */
  add(layer, { squash = "logistic", bias = 0, name = null } = {}) {
    const neuron = Object.assign(new Neuron(name, alone("neurons")), { squash, bias, net: this });
    neuron.random = this.neurons.length + 1; // a stream of its own
    let home = this.layers.find((one) => one.name === layer);
    if (!home) {
      home = { name: layer, neurons: [] };
      this.layers.splice(Math.max(this.layers.length - 1, Math.min(this.layers.length, 1)), 0, home);
    }
    home.neurons.push(neuron);
    this.#changed();
    return neuron;
  }

  /** Connect two neurons, without a delay. A new self-connection restarts the traces of its neuron. */
  connect(source, target, weight = source === target ? 1 : 0, trainable = source !== target) {
    require(isNumber(weight), `\`weight\` must be a finite number, got ${weight}.`);
    require(!target.incoming.some((one) => one.source === source && !one.delay), "These two neurons are connected already.");
    const connection = Object.assign(new Connection(source, target, alone("connections")), { weight, trainable });
    if (source !== target && source.outgoingSign) Object.assign(connection, { sign: source.outgoingSign, weight: source.outgoingSign * Math.abs(weight) });
    this.#join(connection);
    this.#changed();
    return connection;
  }

  #join(connection) {
    connection.identity = this.made++;
    for (const list of [connection.target.incoming, connection.source.outgoing, this.connections]) list.push(connection);
  }

  /** Remove a connection. */
  disconnect(connection) {
    for (const list of [connection.target.incoming, connection.source.outgoing, this.connections]) list.splice(list.indexOf(connection), 1);
    this.#changed();
  }

  /** Let a neuron multiply what a connection carries. */
  gate(gater, connection) {
    require(connection.gater === null, "The connection has a gater. Ungate it first.");
    connection.gater = gater;
    this.#changed();
  }

  /** Open a gated connection. */
  ungate(connection) {
    require(connection.gater !== null, "The connection has no gater.");
    connection.gater = null;
    this.#changed();
  }

  /** Remove a neuron with its connections; those that it gates stay, open. */
  remove(neuron) {
    const layer = this.layers.find((one) => one.neurons.includes(neuron));
    require(layer, "The neuron is not one of this network.");
    require(layer.neurons.length > 1 || this.layers.indexOf(layer) % (this.layers.length - 1),
      "The network needs an input and an output: this is the last one.");
    for (const link of this.connections) if (link.gater === neuron) link.gater = null;
    for (const link of new Set([...neuron.incoming, ...neuron.outgoing])) this.disconnect(link);
    layer.neurons = layer.neurons.filter((one) => one !== neuron);
    this.layers = this.layers.filter((one) => one.neurons.length);
    this.#changed();
  }

  // --- files --------------------------------------------------------------------------------

  /** Make a network from Synapse's JSON, an object. Its context and traces go on where they were. */
  static from(data) {
    require(data?.format === FORMAT.format && data.version === FORMAT.version, `This is not a network in Synapse's JSON, version ${FORMAT.version}.`);
    require(data.learning_rule?.method !== "rtrl",
      "The network learns by rtrl; here there is the online rule. Set net.rule = \"online\" in Python and save it again.");
    const known = { data: [...MEMBERS, ...UNUSED], neurons: ["name", "squash"], connections: ["source", "target", "gater"] };
    for (const table of ["neurons", "connections"]) known[table].push(...SAVED[table].map(({ name }) => name));
    for (const [table, names] of Object.entries(known)) for (const name of Object.keys(table === "data" ? data : data[table]))
      require(names.includes(name), `This network has "${name}", which this page would lose. Open it with the version of Synapse that has saved it.`);
    const net = new Network({ name: data.name ?? undefined }), { neurons: rows, connections: links } = data;
    /** The columns of a table; those that a file leaves out have their defaults. */
    const columns = (table, count) => Object.fromEntries(Object.entries(alone(table)).map(([name, [otherwise]]) => [name, data[table][name]?.slice() ?? new Array(count).fill(otherwise)]));
    const [ofNeurons, ofLinks] = [columns("neurons", rows.squash.length), columns("connections", links.source.length)];
    ofNeurons.squash = rows.squash.map(codeOf);
    const all = rows.squash.map((_, i) => Object.assign(new Neuron(rows.name?.[i] ?? null, ofNeurons, i), { net }));
    let first = 0;
    data.layers.size.forEach((size, i) => {
      net.layers.push({ name: data.layers.name[i], neurons: all.slice(first, (first += size)) });
    });
    links.source.forEach((source, i) => net.#join(new Connection(all[source], all[links.target[i]], ofLinks, i)));
    links.gater?.forEach((gater, i) => (net.connections[i].gater = gater === null ? null : all[gater]));
    Object.assign(net, { dtype: data.dtype ?? "float64", begun: data.clock, metadata: data.metadata ?? {}, architecture: data.architecture ?? null, kept: keptIn(data, net, all) });
    return net;
  }

  /** The network in Synapse's JSON, with its context and traces: `synapse.load` reads it, and goes on with it. */
  toJSON() {
    const { neurons, connections, store } = this, { eligibility, influence, extended, past } = store.traces();
    const index = new Map(neurons.map((one, i) => [one, i])), number = new Map(connections.map((one, i) => [one.identity, i]));
    const all = (items, value) => items.map(value);
    const columns = (items, table) => Object.fromEntries(SAVED[table].map(({ own, name }) => [name, all(items, (one) => one[own])]));
    return {
      ...FORMAT, name: this.name, dtype: this.dtype, clock: this.clock,
      ...(this.architecture && { architecture: this.architecture }),
      ...(Object.keys(this.metadata).length && { metadata: this.metadata }),
      layers: { name: all(this.layers, (one) => one.name), size: all(this.layers, (one) => one.neurons.length) },
      neurons: {
        name: all(neurons, (one) => one.name),
        squash: all(neurons, (one) => one.squash),
        ...columns(neurons, "neurons"),
      },
      connections: {
        source: all(connections, (one) => index.get(one.source)),
        target: all(connections, (one) => index.get(one.target)),
        gater: all(connections, (one) => (one.gater === null ? null : index.get(one.gater))),
        ...columns(connections, "connections"),
      },
      eligibility: { connection: all(eligibility, (one) => number.get(one.identity)), value: all(eligibility, (one) => one.value) },
      influence: {
        gater: all(influence, (one) => index.get(one.gater)),
        gated: all(influence, (one) => index.get(one.gated)),
        value: all(influence, (one) => one.value),
      },
      extended: {
        influence: all(extended, (one) => one.pair),
        connection: all(extended, (one) => number.get(one.identity) ?? null),
        value: all(extended, (one) => one.value),
      },
      past: {
        neuron: all(past, (one) => index.get(one.neuron)),
        steps: all(past, (one) => one.steps),
        value: all(past, (one) => one.value),
      },
    };
  }
}

/** The traces of a file. All neurons with a self-connection have had it. */
function keptIn({ eligibility, influence, extended, past }, { connections }, all) {
  const each = (list, make) => list?.map(make) ?? [], has = (list, place) => Number.isInteger(place) && place in list;
  const pairs = each(influence?.gater, (g, i) => ({ gater: all[g], gated: all[influence.gated[i]], value: influence.value[i] }));
  const fits = pairs.every(({ gater, gated }) => gater && gated) && each(eligibility?.connection, (c) => has(connections, c)).every(Boolean)
    && each(extended?.influence, (pair, i) => has(pairs, pair) && (extended.connection[i] === null || has(connections, extended.connection[i]))).every(Boolean)
    && each(past?.neuron, (j, i) => has(all, j) && past.steps[i] >= 1).every(Boolean);
  require(fits, "This network is damaged: its traces do not fit its connections.");
  return {
    memory: connections.filter((one) => one.memory).map(({ target, identity }) => ({ neuron: target, identity })),
    eligibility: each(eligibility?.connection, (c, i) => ({ identity: c, value: eligibility.value[i] })),
    influence: pairs,
    extended: each(extended?.influence, (pair, i) => ({ pair, identity: extended.connection[i] ?? -1, value: extended.value[i] })),
    past: each(past?.neuron, (j, i) => ({ neuron: all[j], steps: past.steps[i], value: past.value[i] })),
  };
}
