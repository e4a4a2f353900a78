// What is chosen, and what leads to it or comes from it.

let afterChoice = () => {}; // where a network can be edited: its form
let chosen = null; // { kind: "neuron" | "connection" | "layer" | "bundle", id, ... }
const follow = { incoming: true, outgoing: true, indirect: false };

function whatIs(element) {
  const { id, gates, neuron, layer, members } = element.data();
  if (gates !== undefined) return whatIs(byId(gates));
  if (neuron !== undefined) return { kind: "neuron", neuron, id };
  if (members) return element.hasClass("bundle") ? { kind: "bundle", members, id } : { kind: "connection", connection: members[0], id };
  return element.hasClass("box") ? { kind: "layer", layer, id } : null;
}

// Where the ways up and down begin, the connections that are chosen, and those that it gates.
function startOf({ kind, neuron, connection, members, layer }) {
  if (kind === "neuron" || kind === "layer") {
    const all = kind === "neuron" ? [neuron] : neuronsOf(layers[layer]);
    return { up: all, down: all, own: [], opened: all.flatMap((n) => gated[n]) };
  }
  const own = kind === "connection" ? [connection] : members;
  const gaters = own.filter(isGated).map((c) => connections.gater[c]);
  return { up: [...own.map((c) => connections.source[c]), ...gaters], down: own.map((c) => connections.target[c]), own, opened: [] };
}

// The neurons and connections that are to stand out; a gated connection does so with its gater.
function surroundings(what) {
  const { up, down, own, opened } = startOf(what);
  const near = { neurons: new Set([...up, ...down]), connections: new Set(own), opened: new Set(opened) };
  const add = (part) => {
    part.neurons.forEach((n) => near.neurons.add(n));
    part.connections.forEach((c) => near.connections.add(c));
  };
  if (!own.length || follow.indirect) { // else the next neurons of a connection are its ends
    if (follow.incoming) add(reached(up, "source", follow.indirect));
    if (follow.outgoing) add(reached(down, "target", follow.indirect));
  }
  for (const c of near.connections) if (isGated(c)) near.neurons.add(connections.gater[c]);
  return near;
}

function marked(line, near) {
  const members = line.data("members");
  if (members.some((c) => near.opened.has(c))) return "opens";
  return members.some((c) => near.connections.has(c)) ? "lit" : "dim";
}

function paintChosen() {
  cy.elements().removeClass("dim lit opens chosen");
  showThreads();
  if (!chosen) { showGates(); return; }
  const near = surroundings(chosen), stands = new Set([...near.neurons].map(stand));
  cy.batch(() => {
    cy.elements(".neuron, .box").forEach((node) => node.toggleClass("dim", !stands.has(node.id())));
    cy.elements(".line").forEach((line) => line.addClass(marked(line, near)));
    byId(chosen.id).addClass("chosen");
  });
  const lines = cy.elements(".line.gated").not(".dim");
  showGates(lines.length <= MOST_GATES ? lines : cy.collection());
  cy.batch(() => cy.elements(".gate, .wire, .weight").forEach((part) =>
    part.toggleClass("dim", byId(part.data("gates") ?? part.data("weighs")).hasClass("dim"))));
}

function choose(what) {
  chosen = what;
  paintChosen();
  showNumbers(chosen);
  announce();
  afterChoice();
}
