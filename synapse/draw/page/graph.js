// The picture: what is unfolded as neurons and connections, what is folded as boxes and bundles. Where connections are too many to
// be drawn one by one, unfolded layers have bundles, too, and the neuron that is chosen has its own lines.

const MOST_LINES = 2000, MOST_LIVELY = 4000; // connections drawn one by one; with more, there is a bundle for each pair of layers
const MOST_NEURONS = 3000; // neurons drawn one by one
const SLOWER = 500; // milliseconds from one drawing of many lines to the next, while they change
const FEW_GATES = 30, MOST_GATES = 60, MOST_WEIGHTS = 30; // diamonds, and connections with their weights beside them
const FONT = { name: 12, title: 14, weight: 11 };
let plenty, baseOpacity; // many connections: straight lines, without arrows, draw faster
const container = get("graph");
const windowSize = () => ({
  x: Math.max(60, container.clientWidth - 2 * MARGIN), y: Math.max(60, container.clientHeight - 2 * MARGIN) });
let folded, dimmed = { line: 0.07, node: 0.3 }; // opacities of what is not chosen
let gatesWanted = null; // by the button; else every gate is shown if they are few
const allGates = () => gatesWanted ?? cy.elements(".line.gated").length <= FEW_GATES;

const sheet = () => [
  { selector: "node, edge", style: { "z-index-compare": "manual", "font-family": "system-ui, sans-serif" } },
  { selector: "core", style: { "active-bg-opacity": 0, "selection-box-opacity": 0 } },
  { selector: "node", style: {
    "overlay-opacity": 0, color: colours.ink, "border-color": colours.faint, "border-width": 1 } },
  { selector: ".frame", style: {
    shape: "round-rectangle", width: "data(width)", height: "data(height)", "background-color": colours.surface,
    "border-color": colours.frame, "z-index": 0 } },
  { selector: ".title", style: { // above lines, so that none crosses it out
    width: 1, height: 1, "background-opacity": 0, "border-width": 0, events: "no", label: "data(label)", "font-size": FONT.title, color: colours.faint,
    "text-valign": "top", "text-margin-y": -3, "text-wrap": "wrap", "z-index": 15,
    "text-background-color": colours.paper, "text-background-opacity": 1, "text-background-padding": 0 } },
  { selector: ".title.beside", style: { "text-valign": "center", "text-halign": "left", "text-margin-x": -4, "text-margin-y": 0 } },
  { selector: ".neuron", style: {
    width: NEURON, height: NEURON, "background-color": "data(fill)", label: "data(label)", "font-size": FONT.name,
    "text-wrap": "wrap", "text-valign": "bottom", "text-margin-y": 1, "text-events": "yes", "line-height": 0.95,
    "z-index": 20, "text-background-color": colours.surface,
    "text-background-opacity": 1, "text-background-padding": 0 } },
  { selector: ".box", style: {
    shape: "round-rectangle", width: BOX.x, height: BOX.y, "background-color": colours.surface,
    "border-width": 6, "border-color": "data(fill)", "outline-width": 1, "outline-color": colours.faint,
    label: "data(label)", "font-size": FONT.title, "text-wrap": "wrap",
    "text-valign": "center", "z-index": 20 } },
  { selector: "edge", style: {
    "overlay-opacity": 0, "curve-style": plenty ? "haystack" : "straight", width: "data(width)",
    "line-opacity": "data(opacity)", "line-color": colours.positive, "target-arrow-color": colours.positive, "z-index": 5,
    "target-arrow-shape": plenty ? "none" : "triangle", "arrow-scale": 0.7 } },
  { selector: "edge[bow]", style: {
    "curve-style": "unbundled-bezier", "control-point-distances": "data(bow)", "control-point-weights": "data(at)",
    "edge-distances": "node-position" } },
  { selector: "edge.loop", style: {
    "curve-style": "bezier", "loop-direction": "data(turn)", "loop-sweep": "60deg", "control-point-step-size": 36 } },
  { selector: ".box-loop", style: {
    "loop-direction": "data(turn)", "loop-sweep": "50deg", "control-point-step-size": "data(reach)" } },
  { selector: ".bundle", style: { "curve-style": "bezier", "target-arrow-shape": "triangle", "arrow-scale": 1 } },
  { selector: ".bundle[bow]", style: { "curve-style": "unbundled-bezier" } },
  { selector: ".negative", style: { "line-color": colours.negative, "target-arrow-color": colours.negative } },
  { selector: ".gated", style: {
    "line-style": "dashed", "line-dash-pattern": [6, 3] } },
  { selector: ".weight", style: {
    width: 1, height: 1, "background-opacity": 0, "border-width": 0, label: "data(label)", "font-size": FONT.weight,
    "text-valign": "center", "z-index": 16, events: "no", "text-background-color": colours.paper,
    "text-background-opacity": 0.85, "text-background-padding": 1 } },
  { selector: ".gate", style: {
    shape: "diamond", width: 12, height: 12, "background-color": colours.gate, "background-opacity": "data(open)",
    "border-color": colours.gate, "border-width": 1.5, "z-index": 25 } },
  { selector: ".wire", style: {
    "line-style": "dotted", "line-color": colours.gate,
    "target-arrow-shape": "none", "z-index": 12 } },
  { selector: ".firing", style: { "border-width": 4, "border-color": colours.above } },
  { selector: ".erring", style: { "border-width": 4, "border-color": colours.gate } },
  { selector: ".flow", style: { "line-opacity": 1, "z-index": 11, "underlay-color": colours.focus, "underlay-opacity": 0.25, "underlay-padding": 4 } },
  { selector: ".changed", style: { "underlay-color": colours.above, "underlay-opacity": 0.35, "underlay-padding": 5 } },
  { selector: ".dim", style: { opacity: dimmed.line } },
  { selector: ".neuron.dim, .box.dim", style: { opacity: dimmed.node } },
  { selector: ".switching", style: { "border-width": 5, "border-color": colours.focus } },
  { selector: ".lit", style: { "line-opacity": 0.95, "z-index": 10 } },
  { selector: ".opens", style: { "line-opacity": 0.9, "line-color": colours.gate, "target-arrow-color": colours.gate } },
  { selector: ".chosen", style: {
    "border-width": 4, "border-color": colours.focus, "outline-width": 3, "outline-color": colours.paper } },
  { selector: "edge.chosen, edge.hovered", style: {
    "line-opacity": 1, "z-index": 11, "underlay-color": colours.focus, "underlay-opacity": 0.35, "underlay-padding": 4 } },
  { selector: "node.hovered", style: { "border-width": 3, "border-color": colours.focus } },
];

// What follows from the structure: at the beginning, and after an edit.
function readStructure() {
  findLevels();
  plenty = connectionCount > 1000;
  baseOpacity = Math.min(0.9, Math.max(0.2, 12 / Math.sqrt(connectionCount)));
}
readStructure();
folded = foldedAtFirst(windowSize());

const cy = cytoscape({
  container,
  style: sheet(),
  autoungrabify: true,
  autounselectify: true,
  boxSelectionEnabled: false,
  minZoom: 0.02,
  maxZoom: 6,
  textureOnViewport: connectionCount > 1500, // while it is dragged, a picture of it is
});
const byId = (id) => cy.getElementById(id);

const isFolded = (n) => folded[layerOf[n]];
let crowded = false; // whether unfolded layers have bundles
const endOf = (n) => (crowded && !isFolded(n) ? `f${layerOf[n]}` : stand(n)); // where its lines end
const stand = (n) => (isFolded(n) ? `l${layerOf[n]}` : `n${n}`); // what stands for a neuron in the picture

// Text as it is drawn, cut to a width.
const pen = document.createElement("canvas").getContext("2d");
function widthOf(text, size) {
  pen.font = `${size}px system-ui, sans-serif`;
  return pen.measureText(text).width;
}
function cut(text, room, size) {
  const line = text.replace(/\s+/g, " ");
  if (widthOf(line, size) <= room) return line;
  let end = line.length;
  while (end > 1 && widthOf(line.slice(0, end) + "\u2026", size) > room) end--;
  return line.slice(0, end) + "\u2026";
}
// The names of a layer's neurons; without that of the layer, which stands above them, where they are longer than usual.
function shownNames(layer, room = 80) {
  const whole = neuronsOf(layer).map((n) => neurons.name[n]), before = `${layer.name} `;
  const fit = whole.every((name) => widthOf(name, FONT.name) <= room);
  return whole.map((name) => (!fit && name.startsWith(before) && name !== before ? name.slice(before.length) : name));
}
/** The names as they are drawn: on two lines, where there is room for these, or cut. */
const namesOf = (layer, room, twoLines) => shownNames(layer, room).map((name) => {
  const rows = twoLines && widthOf(name, FONT.name) > room ? halvesOf(name) : [name];
  return rows.map((row) => cut(row, room, FONT.name)).join("\n");
});
/** A name on two lines of about the same width; a name of one word stays whole. */
function halvesOf(name) {
  const words = name.trim().split(/\s+/), halves = words.map((_, i) => [words.slice(0, i).join(" "), words.slice(i).join(" ")]).slice(1);
  const wideness = (rows) => Math.max(...rows.map((row) => widthOf(row, FONT.name)));
  return halves.reduce((best, one) => (wideness(one) < wideness(best) ? one : best), [name]);
}
const widthOfName = (n) => Math.max(...names[n].split("\n").map((row) => widthOf(row, FONT.name)));
let placed, names = [], rank = []; // of neurons, as there is room for them; of layers, from the first to the last
let dense = false; // layers stand one close below the other
let spots = new Map(); // where neurons and boxes stand, by their ids
let loopTurn = {}; // loops of boxes lie where no lines lead from level to level

// A title above its layer, or beside it in lines.
function titleOfLayer(i, { measures, title, gap }, size) {
  const { name } = layers[i];
  if (title.y) return cut(name, size.x + (measures.sideways ? gap : 8) - 8, FONT.title);
  const room = title.x - 6, words = name.split(" ");
  const lines = words.length > 1 && widthOf(name, FONT.title) > room ? [words[0], words.slice(1).join(" ")] : [name];
  return lines.map((line) => cut(line, room, FONT.title)).join("\n");
}

function nodeElements() {
  const made = [];
  placed = arrange(planFor(folded, windowSize()));
  rank = placed.rank;
  dense = placed.measures.single;
  loopTurn = placed.measures.sideways ? { turn: "0deg", reach: 70 } : { turn: "90deg", reach: 90 };
  layers.forEach((layer, i) => {
    const { x, y, size } = placed.frames[i], position = { x, y };
    if (folded[i]) {
      made.push({ classes: "box", pannable: true, position, data: { id: `l${i}`, layer: i, fill: colours.paper, label: "" } });
      return;
    }
    const beside = Boolean(placed.title.x), at = beside ? { x: x - size.x / 2, y } : { x, y: y - size.y / 2 };
    made.push({ classes: "frame", pannable: true, position, data: { id: `f${i}`, layer: i, width: size.x, height: size.y } },
      { classes: beside ? "title beside" : "title", pannable: true, position: at, data: { id: `t${i}`, layer: i, label: titleOfLayer(i, placed, size) } });
    const { lines = 1, each = 1 } = placed.frames[i], { sideways } = placed.measures;
    const wide = isRing(i) ? placed.cell.x + 4 : sideways ? size.x / lines : placed.pitch;
    const short = namesOf(layer, wide - 4, sideways && !isRing(i) && (each === 1 || size.y / each > NEURON + 3.5 * FONT.name));
    for (const n of neuronsOf(layer)) {
      names[n] = short[n - layer.first];
      made.push({ classes: "neuron", pannable: true, data: { id: `n${n}`, neuron: n, fill: colours.paper, label: "" },
        position: placed.spots[n] });
    }
  });
  return made;
}


let bundleOpacity = 0.85;
const openness = (open) => 0.35 + 0.65 * open; // closed, it is faint
const sign = (value) => (value < 0 ? " negative" : "");
const weightsOf = (members) => members.map((c) => connections.weight[c] ?? 0);

function strengthOf(members) {
  const weights = weightsOf(members);
  if (members.length === 1) return 0.7 + 3.3 * Math.abs(weights[0]) / heaviest + (isGated(members[0]) ? 0.8 : 0);
  return 1 + Math.min(7, 1.5 * Math.log1p(total(weights.map(Math.abs))));
}
function lineElement({ id, members, source, target, bundled }, route) {
  const loop = source.id === target.id, way = loop ? (bundled ? loopAt(source) : { turn: dense ? "90deg" : "-45deg" }) : bentBy(route, source, target);
  const kinds = (loop ? (bundled ? " loop box-loop" : " loop") : "") + (members.some(isGated) ? " gated" : "");
  return { classes: `line ${bundled ? "bundle" : "connection"}${sign(total(weightsOf(members)))}${kinds}`,
    data: { id, members, source: source.id, target: target.id, width: strengthOf(members), opacity: bundled ? bundleOpacity : baseOpacity, ...way } };
}

function edgeElements() {
  const lines = new Map();
  for (let c = 0; c < connectionCount; c++) {
    const ends = [connections.source[c], connections.target[c]], [source, target] = ends.map((n) => spots.get(endOf(n)));
    const bundled = crowded || ends.some(isFolded), id = bundled ? `b${source.id}>${target.id}` : `c${c}`;
    const aside = dense && !bundled && isGated(c) ? 80 : 0; // its diamond is to stand beside names
    if (!lines.has(id)) lines.set(id, { id, members: [], source, target, bundled, aside });
    lines.get(id).members.push(c);
  }
  const all = [...lines.values()], routed = all.filter(({ bundled }) => bundled || !plenty), routes = new Map();
  bundleOpacity = Math.min(0.85, Math.max(0.25, 6 / Math.sqrt(all.filter(({ bundled }) => bundled).length)));
  (crowded ? arcsOf : routesOf)(routed).forEach((route, i) => routes.set(routed[i], route));
  return all.map((line) => lineElement(line, routes.get(line) ?? []));
}

const loopAt = ({ id, layer }) => (id[0] === "f" ? { ...loopTurn, reach: Math.max(...Object.values(placed.frames[layer].size)) / 2 + 60 } : loopTurn);
/** The own lines of the neuron that is chosen, or the connection, where other lines are bundles. */
function showThreads() {
  cy.elements(".thread").remove();
  if (!crowded || !["neuron", "connection"].includes(chosen?.kind)) return;
  const of = chosen.kind === "neuron" ? [...incoming[chosen.neuron], ...outgoing[chosen.neuron]] : [chosen.connection];
  const isDrawn = (c) => !isFolded(connections.source[c]) && !isFolded(connections.target[c]); // others are in bundles of boxes
  const own = [...new Set(of)].filter(isDrawn).slice(0, MOST_LINES);
  cy.add(own.map((c) => {
    const [source, target] = [connections.source[c], connections.target[c]].map((n) => spots.get(stand(n)));
    const line = lineElement({ id: `c${c}`, members: [c], source, target, bundled: false }, []);
    return { ...line, classes: `${line.classes} thread` };
  }));
}

// Make the picture anew: after layers have been folded or unfolded, or the window has another shape.
function rebuild() {
  crowded = drawnOf(folded) > MOST_LINES;
  const nodes = nodeElements();
  spots = new Map(nodes.map(({ data: { id, layer, neuron }, position }) =>
    [id, { id, layer: layer ?? layerOf[neuron], ...position }]));
  cy.batch(() => {
    cy.elements().remove();
    cy.add(nodes);
    findColumns(spots);
    cy.add(edgeElements());
  });
  fit();
  showGates();
  showStep();
}

// --- gates and weights -------------------------------------------------------------------------

const overlap = (a, b) => a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
const SHARES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8, 0.46, 0.54, 0.38, 0.62, 0.3, 0.7, 0.23, 0.77];
let taken = []; // by neurons with their names, boxes and gates

const between = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }), apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
/** The pieces of a line, each from, bend and to of a quadratic curve, as Cytoscape.js draws them. */
function piecesOf(line) {
  const from = line.sourceEndpoint(), to = line.targetEndpoint(), bends = line.controlPoints() ?? [];
  if (!bends.length) return [[from, between(from, to), to]];
  const stops = [from, ...bends.slice(1).map((bend, i) => between(bend, bends[i])), to];
  return bends.map((bend, i) => [stops[i], bend, stops[i + 1]]);
}
// A point of a line, at a share of its way.
function pointOf(line, share) {
  const pieces = piecesOf(line), lengths = pieces.map(([from, , to]) => apart(from, to));
  let left = share * total(lengths), at = 0;
  while (at < pieces.length - 1 && left > lengths[at]) left -= lengths[at++];
  return onWay(...pieces[at], left / (lengths[at] || 1));
}
const CHORDS = 24; // of a piece, where a distance to it is measured: off by less than a tenth of a pixel
const farFromChord = (spot, from, to) => {
  const [dx, dy] = [to.x - from.x, to.y - from.y], along = ((spot.x - from.x) * dx + (spot.y - from.y) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.min(1, Math.max(0, along));
  return apart(spot, { x: from.x + share * dx, y: from.y + share * dy });
};
/** How far a spot is from a line. */
function farFrom(line, spot) {
  const far = piecesOf(line).flatMap((piece) => {
    const points = Array.from({ length: CHORDS + 1 }, (_, i) => onWay(...piece, i / CHORDS));
    return points.slice(1).map((point, i) => farFromChord(spot, points[i], point));
  });
  return Math.min(...far);
}
// The point of a line, close to its middle, about which there is room.
function freeOn(line, width, height) {
  const spots = SHARES.map((share) => pointOf(line, share));
  const spot = spots.find((point) => { const box = around(point, width, height); return !taken.some((other) => overlap(box, other)); });
  if (spot) taken.push(around(spot, width, height));
  return spot;
}
function takeNodes() {
  taken = cy.elements(".neuron, .box").map((node) => {
    const { x, y } = node.position(), n = node.data("neuron");
    if (n === undefined) return around({ x, y }, BOX.x, BOX.y);
    return around({ x, y: y + 13 }, Math.max(NEURON, widthOfName(n)) + 2, NEURON + 28);
  });
}

// A diamond on a line that is gated, and dots from each of its gaters, or from their boxes; none from a frame, in which it may lie.
function gateOf(line) {
  const { id, members } = line.data(), position = freeOn(line, 13, 13) ?? line.midpoint();
  const gaters = new Set(members.filter(isGated).map((c) => endOf(connections.gater[c])));
  return [
    { classes: "gate", pannable: true, data: { id: `g${id}`, gates: id, open: 0 }, position: { ...position } },
    ...[...gaters].filter((source) => source[0] !== "f").map((source) => ({ classes: "wire", data: { id: `w${id}<${source}`, gates: id, source, target: `g${id}`,
      width: 1.5, opacity: 0.7, ...bentBy(leadOf(spots.get(source), position), spots.get(source), position) } })),
  ];
}

// Diamonds on all gated lines, or on these alone.
function showGates(lines = cy.collection()) {
  get("gates").setAttribute("aria-pressed", String(allGates()));
  const gatedLines = allGates() ? cy.elements(".line.gated") : lines;
  cy.elements(".gate, .wire, .weight").remove();
  takeNodes();
  const gates = gatedLines.map(gateOf).flat();
  cy.batch(() => { cy.add(gates); });
  showWeights();
  openGates();
}
function openGates() {
  cy.elements(".gate").forEach((gate) => {
    gate.data("open", openOf(byId(gate.data("gates")).data("members")));
  });
}
// How open the gates of some connections are, 0 to 1.
function openOf(members) {
  const own = members.filter(isGated);
  return total(own.map((c) => Math.min(1, Math.abs(gain(c)) || 0))) / own.length;
}

// The weights of few connections, where each covers no other one, no name and no gate. The others are in the panel.
function showWeights() {
  const lines = cy.elements(".connection");
  if (lines.length > MOST_WEIGHTS) return;
  lines.forEach((line) => {
    const [c] = line.data("members"), label = weightText(c);
    const position = freeOn(line, widthOf(label, FONT.weight) + 6, 16);
    if (position) cy.add({ classes: "weight", position, data: { id: `v${c}`, weighs: line.id(), label } });
  });
}

// --- a step ----------------------------------------------------------------------------------

const readable = () => cy.zoom() > 0.7; // smaller labels are a blur
let wasReadable = false;
cy.on("zoom", () => { if (readable() !== wasReadable) showStep(); });

const delayText = (c) => (connections.delay[c] ? `, ${connections.delay[c]} later` : "");
let weightText = (c) => short(real(connections.weight[c])) + delayText(c); // beside a connection
let numberOf = (n) => short(activation(n)); // below the name of a neuron
function showNeuron(node) {
  const n = node.data("neuron"), value = activation(n);
  const label = readable() ? `${names[n]}\n${numberOf(n)}` : "";
  node.data("fill", filled(value));
  if (node.data("label") !== label) node.data("label", label); // a new label costs: its lines are laid anew
}
function meanOf(layer, read) {
  let sum = 0;
  for (let n = layer.first; n < layer.first + layer.count; n++) sum += read(n);
  return sum / layer.count;
}
function showBox(node) {
  const i = node.data("layer"), layer = layers[i], mean = meanOf(layer, activation);
  const lines = [layer.name, counted(layer.count, "neuron"), `mean ${short(mean)}`];
  node.data({ fill: filled(mean), label: lines.map((line) => cut(line, BOX.x - 16, FONT.title)).join("\n") });
}
function setOpacity(line, value) {
  const rounded = Math.round(value * 50) / 50; // what the eye cannot tell apart is not drawn again
  if (line.data("opacity") !== rounded) line.data("opacity", rounded);
}
function showStep() {
  wasReadable = readable();
  cy.batch(() => {
    cy.elements(".neuron").forEach(showNeuron);
    cy.elements(".box").forEach(showBox);
    cy.elements(".line.gated").forEach((line) => {
      const whole = line.hasClass("bundle") ? bundleOpacity : baseOpacity;
      setOpacity(line, Math.max(0.25, whole * openness(openOf(line.data("members")))));
    });
    openGates();
  });
}
function repaint() {
  cy.style().fromJson(sheet()).update();
  showStep();
}

// Weights anew, while a network learns. What looks the same is left as it is, because every change is drawn.
let linesShown = 0;
function showLearned(always = true) {
  const lively = always || !plenty || performance.now() - linesShown > SLOWER; // many lines take long to draw anew
  if (lively) linesShown = performance.now();
  cy.batch(() => {
    if (lively) cy.elements(".line").forEach((line) => {
      const members = line.data("members"), width = Math.round(4 * strengthOf(members)) / 4;
      if (line.data("width") !== width) line.data("width", width);
      const negative = total(weightsOf(members)) < 0;
      if (line.hasClass("negative") !== negative) line.toggleClass("negative", negative);
    });
    cy.elements(".weight").forEach((node) => {
      const [c] = byId(node.data("weighs")).data("members"), label = weightText(c);
      if (node.data("label") !== label) node.data("label", label);
    });
  });
  showStep();
}

let moved = false; // by hand, since it was last fitted to the window
cy.on("dragpan pinchzoom scrollzoom", () => { moved = true; });

function fit() {
  moved = false;
  cy.fit(cy.edges().length > 1000 ? cy.nodes() : cy.elements(), MARGIN); // many lines take long to measure
  if (cy.zoom() > LARGEST) {
    cy.zoom(LARGEST);
    cy.center();
  }
}
