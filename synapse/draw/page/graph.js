// The picture: what is unfolded as neurons and connections, what is folded as boxes and bundles.

const GAP = 120; // between two layers
const FOLDED = { width: 120, height: 84 };
const MOST_SHOWN = 20000; // connections drawn one by one
const plenty = connectionCount > 1000; // then straight lines, without arrows: they draw faster
const folded = layers.map(() => connectionCount > MOST_SHOWN);
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
    "text-wrap": "ellipsis", "text-max-width": 82, "text-valign": "bottom", "text-margin-y": 3,
    "min-zoomed-font-size": 6, "z-index": 20, "text-background-color": colours.surface,
    "text-background-opacity": 0.75, "text-background-padding": 1 } },
  { selector: ".neuron[lines]", style: { "text-wrap": "wrap" } },
  { selector: ".box", style: {
    shape: "round-rectangle", width: FOLDED.width, height: FOLDED.height, "background-color": colours.surface,
    "border-width": 5, "border-color": "data(fill)", label: "data(label)", "font-size": 15, "text-wrap": "wrap",
    "text-max-width": FOLDED.width - 14, "text-valign": "center", "z-index": 20 } },
  { selector: "edge", style: {
    "overlay-opacity": 0, "curve-style": plenty ? "haystack" : "straight", width: "data(width)",
    opacity: "data(opacity)", "line-color": colours.positive, "target-arrow-color": colours.positive, "z-index": 5,
    "target-arrow-shape": plenty ? "none" : "triangle", "arrow-scale": 0.7 } },
  { selector: "edge[bow]", style: {
    "curve-style": "unbundled-bezier", "control-point-distances": "data(bow)", "control-point-weights": 0.5 } },
  { selector: "edge.loop", style: {
    "curve-style": "bezier", "loop-direction": "-45deg", "loop-sweep": "60deg", "control-point-step-size": 42 } },
  { selector: ".box-loop", style: { "control-point-step-size": 90 } },
  { selector: ".bundle", style: { "curve-style": "bezier", "target-arrow-shape": "triangle", "arrow-scale": 1 } },
  { selector: ".bundle[bow]", style: { "curve-style": "unbundled-bezier" } },
  { selector: ".negative", style: { "line-color": colours.negative, "target-arrow-color": colours.negative } },
  { selector: ".gated", style: { "line-style": "dashed", "line-dash-pattern": [6, 3] } },
  { selector: "edge[label]", style: {
    label: "data(label)", "font-size": 9, color: colours.ink, "text-rotation": "autorotate",
    "text-background-color": colours.paper, "text-background-opacity": 0.8, "text-background-padding": 1,
    "min-zoomed-font-size": 6 } },
  { selector: ".gate", style: {
    shape: "diamond", width: 12, height: 12, "background-color": colours.gate, "background-opacity": "data(open)",
    "border-color": colours.gate, "border-width": 1.5, "z-index": 15 } },
  { selector: ".wire", style: {
    "curve-style": "straight", "line-style": "dotted", "line-color": colours.gate, width: 1.5, opacity: 0.7,
    "target-arrow-shape": "none", "z-index": 12, events: "no" } },
  { selector: ".dim", style: { opacity: 0.07 } },
  { selector: ".neuron.dim, .box.dim", style: { opacity: 0.3 } },
  { selector: ".lit", style: { opacity: 0.95, "z-index": 10 } },
  { selector: ".opens", style: { opacity: 0.9, "line-color": colours.gate, "target-arrow-color": colours.gate } },
  { selector: ".chosen", style: {
    "border-width": 4, "border-color": colours.focus, "outline-width": 3, "outline-color": colours.paper } },
  { selector: "edge.chosen, edge.hovered", style: {
    opacity: 1, "z-index": 11, "underlay-color": colours.focus, "underlay-opacity": 0.35, "underlay-padding": 4 } },
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
  hideEdgesOnViewport: false,
});
const byId = (id) => cy.getElementById(id);

const isFolded = (n) => folded[layerOf[n]];
const stand = (n) => (isFolded(n) ? `l${layerOf[n]}` : `n${n}`); // what stands for a neuron in the picture
const sizeOf = (i) => (folded[i] ? FOLDED : layers[i]);

function layerMiddles() {
  let x = 0;
  return layers.map((_, i) => {
    const middle = x + sizeOf(i).width / 2;
    x += sizeOf(i).width + GAP;
    return middle;
  });
}

function nodeElements(middles) {
  const made = [];
  layers.forEach((layer, i) => {
    if (folded[i]) {
      made.push({ classes: "box", pannable: true, position: { x: middles[i], y: 0 },
        data: { id: `l${i}`, layer: i, fill: colours.paper } });
      return;
    }
    made.push({ classes: "frame", pannable: true, position: { x: middles[i], y: 0 },
      data: { id: `f${i}`, layer: i, width: layer.width, height: layer.height + 14, label: layer.name,
        size: layer.count > 12 ? 22 : 14, room: layer.width + GAP - 16 } });
    for (let n = layer.first; n < layer.first + layer.count; n++)
      made.push({ classes: "neuron", pannable: true, data: { id: `n${n}`, neuron: n, fill: colours.paper, lines: true },
        position: { x: middles[i] + neurons.x[n], y: neurons.y[n] - 6 } });
  });
  return made;
}

// How far a connection bows aside: what leads back, stays in its layer or passes over another one.
function bow(from, to, distance) {
  if (from === to) return 40 + distance * 0.12;
  if (to < from) return 30 + distance * 0.14;
  return to - from > 1 && !plenty ? -(12 + distance * 0.08) : undefined;
}

function edgeElement(id, source, target, more, classes) {
  const from = source.layer, to = target.layer;
  const loop = source.id === target.id;
  const bent = loop ? undefined : bow(from, to, Math.hypot(target.x - source.x, target.y - source.y));
  const element = { data: { id, source: source.id, target: target.id, ...more }, classes };
  if (bent !== undefined) element.data.bow = bent;
  if (loop) element.classes += " loop";
  return element;
}

const baseOpacity = Math.min(0.9, Math.max(0.2, 12 / Math.sqrt(connectionCount)));
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
  const element = edgeElement(`b${key}`, ...ends, { members, width, opacity: 0.85 }, classes);
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
  for (const [key, { members, ends }] of bundles) made.push(bundleElement(key, members, ends));
  return made;
}

// Make the picture anew: after layers have been folded or unfolded.
function rebuild() {
  const nodes = nodeElements(layerMiddles());
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

function showNeuron(node) {
  const n = node.data("neuron"), value = activation(n);
  node.data({ fill: filled(value, fullOf[layerOf[n]]), label: `${neurons.name[n]}\n${short(value)}` });
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
const meanGain = (members) => members.reduce((sum, c) => sum + Math.abs(gain(c)), 0) / members.length;

function showStep() {
  cy.batch(() => {
    cy.elements(".neuron").forEach(showNeuron);
    cy.elements(".box").forEach(showBox);
    cy.elements(".connection.gated").forEach((line) => {
      line.data("opacity", baseOpacity * openness(gain(line.data("connection"))));
    });
    cy.elements(".bundle.gated").forEach((line) => {
      line.data("opacity", 0.85 * openness(meanGain(line.data("members"))));
    });
    openGates();
  });
}
function repaint() {
  cy.style().fromJson(sheet()).update();
  showStep();
}
const fit = () => cy.fit(cy.elements(), 24);
