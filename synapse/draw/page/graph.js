// The picture: what is unfolded as neurons and connections, what is folded as boxes and bundles.

const GAP = { least: 110, most: 420 }; // between two layers
const TURN = 88 / 64; // a neuron takes more room across than down
const FOLDED = { width: 120, height: 84 };
const MOST_SHOWN = 20000, MOST_AT_FIRST = 8000, MOST_LIVELY = 4000; // connections drawn one by one
const plenty = connectionCount > 1000; // then straight lines, without arrows: they draw faster
const folded = layers.map(() => connectionCount > MOST_AT_FIRST);
let allGates = connections.gater.filter((gater) => gater >= 0).length <= 12;

const sheet = () => [
  { selector: "node, edge", style: { "z-index-compare": "manual", "font-family": "system-ui, sans-serif" } },
  { selector: "core", style: { "active-bg-opacity": 0, "selection-box-opacity": 0 } },
  { selector: "node", style: {
    "overlay-opacity": 0, color: colours.ink, "border-color": colours.faint, "border-width": 1 } },
  { selector: ".frame", style: {
    shape: "round-rectangle", width: "data(width)", height: "data(height)", "background-color": colours.surface,
    "border-color": colours.frame, label: "data(label)", "font-size": "data(size)", "text-valign": "top",
    "text-margin-y": -6, "text-wrap": "wrap", "text-max-width": "data(room)", "z-index": 0, color: colours.faint } },
  { selector: ".neuron", style: {
    width: 28, height: 28, "background-color": "data(fill)", label: "data(label)", "font-size": 10,
    "text-wrap": "wrap", "text-max-width": 84, "text-valign": "bottom", "text-margin-y": 3,
    "z-index": 20, "text-background-color": colours.surface,
    "text-background-opacity": 0.75, "text-background-padding": 1 } },
  { selector: ".box", style: {
    shape: "round-rectangle", width: FOLDED.width, height: FOLDED.height, "background-color": colours.surface,
    "border-width": 5, "border-color": "data(fill)", label: "data(label)", "font-size": 15, "text-wrap": "wrap",
    "text-max-width": FOLDED.width - 14, "text-valign": "center", "z-index": 20 } },
  { selector: "edge", style: {
    "overlay-opacity": 0, "curve-style": plenty ? "haystack" : "straight", width: "data(width)",
    "line-opacity": "data(opacity)", "line-color": colours.positive, "target-arrow-color": colours.positive, "z-index": 5,
    "target-arrow-shape": plenty ? "none" : "triangle", "arrow-scale": 0.7 } },
  { selector: "edge[bow]", style: {
    "curve-style": "unbundled-bezier", "control-point-distances": "data(bow)", "control-point-weights": 0.5 } },
  { selector: "edge.loop", style: {
    "curve-style": "bezier", "loop-direction": "-45deg", "loop-sweep": "60deg", "control-point-step-size": 36 } },
  { selector: ".box-loop", style: { "control-point-step-size": 90 } },
  { selector: ".bundle", style: { "curve-style": "bezier", "target-arrow-shape": "triangle", "arrow-scale": 1 } },
  { selector: ".bundle[bow]", style: { "curve-style": "unbundled-bezier" } },
  { selector: ".negative", style: { "line-color": colours.negative, "target-arrow-color": colours.negative } },
  { selector: ".gated", style: {
    "line-style": "dashed", "line-dash-pattern": [6, 3] } },
  { selector: "edge[label]", style: {
    label: "data(label)", "font-size": 9, color: colours.ink, "text-rotation": "autorotate",
    "text-background-color": colours.paper, "text-background-opacity": 0.8, "text-background-padding": 1,
    "min-zoomed-font-size": 6 } },
  { selector: "edge.gated[label]", style: { // its diamond stands in the middle
    label: "", "source-label": "data(label)", "source-text-offset": 70, "source-text-rotation": "autorotate" } },
  { selector: ".gate", style: {
    shape: "diamond", width: 12, height: 12, "background-color": colours.gate, "background-opacity": "data(open)",
    "border-color": colours.gate, "border-width": 1.5, "z-index": 15 } },
  { selector: ".wire", style: {
    "curve-style": "straight", "line-style": "dotted", "line-color": colours.gate,
    "target-arrow-shape": "none", "z-index": 12, events: "no" } },
  { selector: ".dim", style: { opacity: 0.07 } },
  { selector: ".neuron.dim, .box.dim", style: { opacity: 0.3 } },
  { selector: ".lit", style: { "line-opacity": 0.95, "z-index": 10 } },
  { selector: ".opens", style: { "line-opacity": 0.9, "line-color": colours.gate, "target-arrow-color": colours.gate } },
  { selector: ".chosen", style: {
    "border-width": 4, "border-color": colours.focus, "outline-width": 3, "outline-color": colours.paper } },
  { selector: "edge.chosen, edge.hovered", style: {
    "line-opacity": 1, "z-index": 11, "underlay-color": colours.focus, "underlay-opacity": 0.35, "underlay-padding": 4 } },
  { selector: "node.hovered", style: { "border-width": 3, "border-color": colours.focus } },
];

const cy = cytoscape({
  container: document.getElementById("graph"),
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
const stand = (n) => (isFolded(n) ? `l${layerOf[n]}` : `n${n}`); // what stands for a neuron in the picture

// How large a layer is drawn; where layers stand below each other, it is turned.
function sizeOf(i, turned) {
  if (folded[i]) return FOLDED;
  const { width, height } = layers[i];
  return turned ? { width: height * TURN, height: width / TURN + 10 } : { width, height: height + 14 };
}

// Layers one after the other: how long and how broad that is, and the gap that fills the window.
function extent(turned) {
  const sizes = layers.map((_, i) => sizeOf(i, turned));
  const along = sizes.reduce((sum, size) => sum + (turned ? size.height : size.width), 0);
  const across = Math.max(...sizes.map((size) => (turned ? size.width : size.height))) + 40;
  const aspect = turned ? cy.height() / cy.width() : cy.width() / cy.height();
  const gap = Math.min(GAP.most, Math.max(GAP.least, (across * aspect - along) / Math.max(1, layers.length - 1)));
  const whole = along + gap * (layers.length - 1);
  return { gap, scale: Math.min(aspect / whole, 1 / across) * (turned ? cy.width() : cy.height()) };
}

// The middles of the layers, left to right or, where that shows more, top to bottom.
function arrangement() {
  const level = extent(false), upright = extent(true);
  const turned = upright.scale > 1.15 * level.scale;
  const { gap } = turned ? upright : level;
  let at = 0;
  const middles = layers.map((_, i) => {
    const size = sizeOf(i, turned), length = turned ? size.height : size.width;
    at += length + gap;
    const middle = at - gap - length / 2;
    return turned ? { x: 0, y: middle } : { x: middle, y: 0 };
  });
  return { middles, turned, gap };
}

function placeOf(n, middle, turned) {
  const x = turned ? neurons.y[n] * TURN : neurons.x[n], y = turned ? neurons.x[n] / TURN : neurons.y[n];
  return { x: middle.x + x, y: middle.y + y - 6 };
}

function nodeElements({ middles, turned, gap }) {
  const made = [], titles = turned || layers.some((layer) => layer.count > 12) ? 22 : 14;
  layers.forEach((layer, i) => {
    if (folded[i]) {
      made.push({ classes: "box", pannable: true, position: { ...middles[i] },
        data: { id: `l${i}`, layer: i, fill: colours.paper, label: layer.name } });
      return;
    }
    const size = sizeOf(i, turned);
    made.push({ classes: "frame", pannable: true, position: { ...middles[i] },
      data: { id: `f${i}`, layer: i, ...size, label: layer.name, size: titles,
        room: size.width + (turned ? 200 : gap - 16) } });
    for (let n = layer.first; n < layer.first + layer.count; n++)
      made.push({ classes: "neuron", pannable: true, data: { id: `n${n}`, neuron: n, fill: colours.paper, label: "" },
        position: placeOf(n, middles[i], turned) });
  });
  return made;
}

// How far a connection bows aside: what leads back, stays in its layer or passes over another one.
function bow(from, to, distance, whole) {
  if (from === to) return 40 + distance * 0.12;
  if (to < from) return -(30 + distance * (whole ? 0.3 : 0.14));
  if (to - from === 1 || (plenty && !whole)) return undefined;
  return whole ? -(20 + distance * 0.25) : -(12 + distance * 0.08);
}

function edgeElement(id, source, target, more, classes) {
  const from = source.layer, to = target.layer;
  const loop = source.id === target.id;
  const bent = loop ? undefined : bow(from, to, Math.hypot(target.x - source.x, target.y - source.y), more.members);
  const element = { data: { id, source: source.id, target: target.id, ...more }, classes };
  if (bent !== undefined) element.data.bow = bent;
  if (loop) element.classes += " loop";
  return element;
}

const baseOpacity = Math.min(0.9, Math.max(0.2, 12 / Math.sqrt(connectionCount)));
let bundleOpacity = 0.85;
const openness = (value) => 0.12 + 0.88 * Math.min(1, Math.abs(Number.isFinite(value) ? value : 1));
const sign = (value) => (value < 0 ? " negative" : "");

function connectionElement(c, ends) {
  const weight = connections.weight[c] ?? 0;
  const more = { connection: c, width: 0.7 + 3.3 * Math.abs(weight) / heaviest, opacity: baseOpacity };
  if (connectionCount <= 30) more.label = short(weight);
  return edgeElement(`c${c}`, ...ends, more, "connection" + sign(weight) + (isGated(c) ? " gated" : ""));
}

function bundleElement(key, members, ends) {
  const sum = members.reduce((total, c) => total + (connections.weight[c] ?? 0), 0);
  const strength = members.reduce((total, c) => total + Math.abs(connections.weight[c] ?? 0), 0);
  const width = 1 + Math.min(7, 1.5 * Math.log1p(strength));
  const classes = "bundle" + sign(sum) + (members.some(isGated) ? " gated" : "");
  const element = edgeElement(`b${key}`, ...ends, { members, width, opacity: bundleOpacity }, classes);
  if (element.classes.endsWith("loop")) element.classes += " box-loop";
  return element;
}

function edgeElements(spots) {
  const made = [], bundles = new Map();
  for (let c = 0; c < connectionCount; c++) {
    const source = connections.source[c], target = connections.target[c];
    const ends = [spots.get(stand(source)), spots.get(stand(target))];
    if (!isFolded(source) && !isFolded(target)) { made.push(connectionElement(c, ends)); continue; }
    const key = `${ends[0].id}>${ends[1].id}`;
    if (!bundles.has(key)) bundles.set(key, { members: [], ends });
    bundles.get(key).members.push(c);
  }
  bundleOpacity = Math.min(0.85, Math.max(0.25, 6 / Math.sqrt(bundles.size)));
  for (const [key, { members, ends }] of bundles) made.push(bundleElement(key, members, ends));
  return made;
}

// Make the picture anew: after layers have been folded or unfolded.
function rebuild() {
  const nodes = nodeElements(arrangement());
  const spots = new Map(nodes.map(({ data: { id, layer, neuron }, position }) =>
    [id, { id, layer: layer ?? layerOf[neuron], ...position }]));
  cy.batch(() => {
    cy.elements().remove();
    cy.add(nodes);
    cy.add(edgeElements(spots));
  });
  showGates();
  showStep();
}

// How many connections would be drawn one by one.
function shownConnections(hidden) {
  let count = 0;
  for (let c = 0; c < connectionCount; c++)
    if (!hidden[layerOf[connections.source[c]]] && !hidden[layerOf[connections.target[c]]]) count++;
  return count;
}

// --- gates -----------------------------------------------------------------------------------

function gateOf(c) {
  const line = byId(`c${c}`);
  const { x, y } = line.midpoint();
  return [
    { classes: "gate", pannable: true, data: { id: `g${c}`, gates: c, open: 0 }, position: { x, y } },
    { classes: "wire", data: { id: `w${c}`, wires: c, source: stand(connections.gater[c]), target: `g${c}`,
      width: 1.5, opacity: 0.7 } },
  ];
}

// A diamond on every gated connection, or on those of the chosen neuron alone.
function showGates(extra = []) {
  const wanted = new Set(extra);
  if (allGates) connections.gater.forEach((gater, c) => { if (gater >= 0) wanted.add(c); });
  const drawn = [...wanted].filter((c) => byId(`c${c}`).nonempty());
  cy.batch(() => {
    cy.elements(".gate, .wire").remove();
    cy.add(drawn.flatMap(gateOf));
  });
  openGates();
}

function openGates() {
  cy.elements(".gate").forEach((gate) => {
    gate.data("open", Math.min(1, Math.abs(gain(gate.data("gates"))) || 0));
  });
}

// --- a step ----------------------------------------------------------------------------------

const readable = () => cy.zoom() > 0.7; // smaller labels are a blur
let wasReadable = false;
cy.on("zoom", () => { if (readable() !== wasReadable) showStep(); });

function showNeuron(node) {
  const n = node.data("neuron"), value = activation(n);
  const label = readable() ? `${neurons.name[n]}\n${short(value)}` : "";
  node.data("fill", filled(value, fullOf[layerOf[n]]));
  if (node.data("label") !== label) node.data("label", label); // a new label costs: its lines are laid anew
}
function meanOf(layer, read) {
  let sum = 0;
  for (let n = layer.first; n < layer.first + layer.count; n++) sum += read(n);
  return sum / layer.count;
}
function showBox(node) {
  const i = node.data("layer"), layer = layers[i], mean = meanOf(layer, activation);
  node.data({ fill: filled(mean, fullOf[i]), label: `${layer.name}\n${layer.count} neurons\nmean ${short(mean)}` });
}
function setOpacity(line, value) {
  const rounded = Math.round(value * 50) / 50; // what the eye cannot tell apart is not drawn again
  if (line.data("opacity") !== rounded) line.data("opacity", rounded);
}
const meanGain = (members) => members.reduce((sum, c) => sum + Math.abs(gain(c)), 0) / members.length;

function showStep() {
  wasReadable = readable();
  cy.batch(() => {
    cy.elements(".neuron").forEach(showNeuron);
    cy.elements(".box").forEach(showBox);
    cy.elements(".connection.gated").forEach((line) => {
      setOpacity(line, baseOpacity * openness(gain(line.data("connection"))));
    });
    cy.elements(".bundle.gated").forEach((line) => {
      setOpacity(line, bundleOpacity * openness(meanGain(line.data("members"))));
    });
    openGates();
  });
}
function repaint() {
  cy.style().fromJson(sheet()).update();
  showStep();
}
const LARGEST = 1.7; // a few neurons are not to fill the window
let moved = false; // by hand, since it was last fitted to the window
cy.on("dragpan pinchzoom scrollzoom", () => { moved = true; });

function fit() {
  moved = false;
  cy.fit(cy.edges().length > 1000 ? cy.nodes() : cy.elements(), 30); // many lines take long to measure
  if (cy.zoom() > LARGEST) {
    cy.zoom(LARGEST);
    cy.center();
  }
}
