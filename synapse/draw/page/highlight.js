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

// Where the ways up and down begin, the connections that are chosen, what gates these and what is gated.
function startOf({ kind, neuron, connection, members, layer }) {
  if (kind === "neuron" || kind === "layer") {
    const all = kind === "neuron" ? [neuron] : neuronsOf(layers[layer]);
    return { up: all, down: all, own: [], gaters: [], opened: all.flatMap((n) => gated[n]) };
  }
  const own = kind === "connection" ? [connection] : members;
  return {
    up: own.map((c) => connections.source[c]), down: own.map((c) => connections.target[c]), own,
    gaters: own.filter(isGated).map((c) => connections.gater[c]), opened: [],
  };
}

// The neurons and connections that are to stand out, and the gates whose diamonds are shown.
function surroundings(what) {
  const { up, down, own, gaters, opened } = startOf(what);
  const near = { neurons: new Set([...up, ...down, ...gaters]), connections: new Set(own), opened: new Set(opened) };
  near.gates = [...own.filter(isGated), ...opened];
  if (own.length && !follow.reach) return near; // the next neurons of a connection are its ends
  const add = (part) => {
    part.neurons.forEach((n) => near.neurons.add(n));
    part.connections.forEach((c) => near.connections.add(c));
  };
  if (follow.upstream) add(reached(up, incoming, "source", follow.reach));
  if (follow.downstream) add(reached(down, outgoing, "target", follow.reach));
  return near;
}

function marked(line, near) {
  const members = line.data("members") ?? [line.data("connection")];
  if (members.some((c) => near.opened.has(c))) return "opens";
  return members.some((c) => near.connections.has(c)) ? "lit" : "dim";
}

function paintChosen() {
  const near = chosen && surroundings(chosen);
  const gates = near && near.gates.length <= MOST_GATES ? near.gates : [];
  showGates(gates);
  cy.batch(() => {
    cy.elements().removeClass("dim lit opens chosen");
    if (!chosen) return;
    const stands = new Set([...near.neurons].map(stand));
    cy.elements(".neuron, .box").forEach((node) => node.toggleClass("dim", !stands.has(node.id())));
    cy.elements(".connection, .bundle").forEach((line) => line.addClass(marked(line, near)));
    const kept = new Set(gates);
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
