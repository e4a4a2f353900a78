// What is chosen, and what leads to it or comes from it.

let chosen = null; // { kind: "neuron" | "connection" | "layer" | "bundle", ... }
const follow = { upstream: true, downstream: true, reach: false };
const MOST_GATES = 60; // shown as diamonds of one chosen neuron

function whatIs(element) {
  const found = element.data();
  if (found.neuron !== undefined) return { kind: "neuron", neuron: found.neuron, id: found.id };
  if (found.connection !== undefined) return { kind: "connection", connection: found.connection, id: found.id };
  if (found.gates !== undefined) return { kind: "connection", connection: found.gates, id: `c${found.gates}` };
  if (found.members) return { kind: "bundle", members: found.members, id: found.id };
  return element.hasClass("box") ? { kind: "layer", layer: found.layer, id: found.id } : null;
}

const neuronsOf = (layer) => Array.from({ length: layer.count }, (_, i) => layer.first + i);

// Where the ways up and down begin, and the connections that are part of what is chosen.
function startOf({ kind, neuron, connection, members, layer }) {
  if (kind === "neuron") return { up: [neuron], down: [neuron], own: [], open: gated[neuron] };
  if (kind === "layer") {
    const all = neuronsOf(layers[layer]);
    return { up: all, down: all, own: [], open: all.flatMap((n) => gated[n]) };
  }
  const own = kind === "connection" ? [connection] : members;
  return {
    up: own.map((c) => connections.source[c]), down: own.map((c) => connections.target[c]), own, open: [],
    gaters: own.filter(isGated).map((c) => connections.gater[c]),
  };
}

function surroundings(what) {
  const start = startOf(what), near = { neurons: new Set(), connections: new Set(start.own) };
  const add = (part) => {
    part.neurons.forEach((n) => near.neurons.add(n));
    part.connections.forEach((c) => near.connections.add(c));
  };
  const still = start.own.length > 0 && !follow.reach; // of a connection, the next neurons are its ends
  const none = () => [];
  const quiet = Array.from({ length: neuronCount }, none);
  if (follow.upstream) add(reached(start.up, still ? quiet : incoming, "source", follow.reach));
  if (follow.downstream) add(reached(start.down, still ? quiet : outgoing, "target", follow.reach));
  (start.gaters ?? []).forEach((n) => near.neurons.add(n));
  if (!start.own.length) start.up.forEach((n) => near.neurons.add(n));
  return { ...near, open: new Set(start.open) };
}

function marked(line, near) {
  const members = line.data("members") ?? [line.data("connection")];
  if (members.some((c) => near.open.has(c))) return "opens";
  return members.some((c) => near.connections.has(c)) ? "lit" : "dim";
}

function paintChosen() {
  const near = chosen && surroundings(chosen);
  const own = chosen ? startOf(chosen) : { own: [], open: [] };
  const some = [...own.own.filter(isGated), ...own.open];
  showGates(some.length <= MOST_GATES ? some : []);
  cy.batch(() => {
    cy.elements().removeClass("dim lit opens chosen");
    if (!chosen) return;
    const stands = new Set([...near.neurons].map(stand));
    cy.elements(".neuron, .box").forEach((node) => node.toggleClass("dim", !stands.has(node.id())));
    cy.elements(".connection, .bundle").forEach((line) => line.addClass(marked(line, near)));
    const kept = new Set(some);
    cy.elements(".gate, .wire").forEach((gate) =>
      gate.toggleClass("dim", !kept.has(gate.data("gates") ?? gate.data("wires"))));
    byId(chosen.id).addClass("chosen");
  });
}

function choose(what) {
  chosen = what;
  paintChosen();
  showNumbers(chosen);
  announce();
}
