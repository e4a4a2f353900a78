// Keeping: files, the address, pictures, the Python program. What comes from outside is checked here.

/** A network of Synapse's JSON, whoever wrote it: what is wrong raises a RuleError. */
function networkOf(json) {
  const whole = { ...FORMAT, name: null, clock: 0, ...json };
  checkTables(whole);
  return Network.from(whole);
}

function checkTables({ name, layers: table, neurons: rows, connections: ends }) {
  require(table && rows && ends, "This is not a network in Synapse's JSON: layers, neurons or connections are missing.");
  const count = rows.squash?.length, edges = ends.source?.length, isList = (list, length) => Array.isArray(list) && list.length === length;
  const sizes = Array.isArray(table.size) && table.size.every((size) => Number.isInteger(size) && size > 0);
  require(sizes && table.size.length > 1 && isList(table.name, table.size.length) && total(table.size) === count,
    "This network's layers do not fit its neurons: the file is damaged.");
  const columns = [...Object.values(rows).map((list) => [list, count]), ...[ends.target, ends.weight, ...Object.values(ends)].map((list) => [list, edges])];
  require(columns.every(([list, length]) => isList(list, length)), "This network's columns have different lengths, or one is missing: the file is damaged.");
  require(edges <= MOST_LEARN, tooMany(edges));
  require([name, ...table.name, ...(rows.name ?? [])].every((one) => one === null || typeof one === "string"), "This network has a name that is not a text.");
  const isPlace = (place) => Number.isInteger(place) && place >= 0 && place < count, isFlag = (value) => typeof value === "boolean";
  const fit = { name: () => true, squash: (name) => Object.hasOwn(SQUASHES, name), source: isPlace, target: isPlace, gater: (place) => place === null || isPlace(place) };
  for (const { name: column, kind } of [...SAVED.neurons, ...SAVED.connections]) if (kind === "FLAG") fit[column] = isFlag;
  for (const [column, list] of [...Object.entries(rows), ...Object.entries(ends)])
    require(list.every(Object.hasOwn(fit, column) ? fit[column] : isNumber), `This network's numbers are damaged: its column "${column}" has an invalid value.`);
  require(new Set(ends.source.map((source, i) => `${source} ${ends.target[i]} ${ends.delay?.[i] ?? 0}`)).size === edges, "Two connections of this network join the same neurons with the same delay.");
}

// --- files -------------------------------------------------------------------------------------

const MOST_BYTES = 2e7, MOST_ADDRESS = 8000, SOON = 400; // of a file; characters; milliseconds
const ADDRESS_VERSION = 2, DIGITS = 9; // of what an address holds, and of its numbers; draw/_link.py has both, too

function download(name, blob) {
  const link = made("a", null, { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
const fileName = (ending) => `${(net.name ?? "network").replace(/[^\w-]+/g, "-").slice(0, 60) || "network"}.${ending}`;

/** What the rule cannot read is damaged in a way that is not checked. */
function careful(call) {
  try {
    return call();
  } catch (error) {
    throw error instanceof RuleError ? error : new RuleError("This network is damaged: its traces do not fit its connections.");
  }
}
// --- the address -------------------------------------------------------------------------------

const through = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
async function packed(value) {
  const short = (_, one) => (typeof one === "number" ? Number(one.toPrecision(DIGITS)) : one);
  const bytes = await through(new TextEncoder().encode(JSON.stringify(value, short)), new CompressionStream("deflate-raw"));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw"))));
}
/** What the address holds: structure, weights, data and settings, but no context. */
function stateOf() {
  const { name, dtype, architecture, layers: table, neurons: rows, connections: ends } = net.toJSON();
  for (const [part, columns] of [[rows, SAVED.neurons], [ends, SAVED.connections]]) for (const { name: column, cleared, otherwise } of columns)
    if (cleared || (column !== "weight" && part[column].every((value) => value === otherwise))) delete part[column];
  const { model, whole } = page.data, own = page.data.name !== "own" || model?.isEmpty ? undefined : model ? inUnits(model, whole) : whole;
  return { version: ADDRESS_VERSION, model, lesson: lesson?.number, network: { name, dtype, ...(architecture && { architecture }), layers: table, neurons: rows, connections: ends },
    data: page.data.name, clear: page.data.clear, sequences: own, settings: page.settings };
}
let soon = null, address = "";
/** Write the address as of now, and what is said about it. */
async function putAddress() {
  clearTimeout(soon);
  const state = stateOf(), isSmall = links.length <= 400;
  address = isSmall ? await packed(state) : "";
  const leavesRows = address.length > MOST_ADDRESS && Boolean(state.model && state.sequences);
  if (leavesRows) address = await packed({ ...state, sequences: undefined });
  if (address.length > MOST_ADDRESS) address = "";
  get("link").disabled = !address;
  get("link-words").textContent = !address ? `${isSmall && state.sequences ? "These rows are" : "This network is"} too large for an address. Save JSON instead.`
    : leavesRows ? `The address of this page holds the network, its weights, scales, names and settings, but not the ${page.data.whole.flat().length} rows, which are too many for it.`
      : "The address of this page holds the network, its weights, the data and the settings.";
  try {
    history.replaceState(null, "", address ? `#${address}` : location.pathname);
  } catch { /* the frame of a notebook has no address */ }
}
function writeAddress() { // a moment after the last change
  clearTimeout(soon);
  soon = setTimeout(() => playing || putAddress(), SOON);
}
async function readAddress() {
  const text = location.hash.slice(1);
  if (!text || text.length > MOST_ADDRESS) return;
  try {
    const { version = 1, lesson: number, network, data: name, clear: cleared, sequences, settings, model } = await unpacked(text);
    require(version <= ADDRESS_VERSION, "it is from a newer page.");
    const opened = networkOf(network), fresh = model ? dataOfModel(checkedModel(model, opened), namesIn(opened), sequences ? checkedRows(sequences, opened) : null, cleared) : sequences ? { ...givenData(checkedRows(sequences)), clear: Boolean(cleared) } : dataOf(name ?? taskFor(opened));
    if (Number.isInteger(number) && Object.hasOwn(LESSONS, number)) beginLesson(number);
    const begun = lesson;
    edit("network", "the network of the address", () => {
      net = opened;
      for (const id of ["cost", "order", "speed", "noise", "held"]) if ([...get(id).options].some(({ value }) => value === settings?.[id])) page.settings[id] = settings[id];
      for (const id of ["rate", "momentum"]) if (isNumber(settings?.[id]) && settings[id] >= 0) page.settings[id] = settings[id];
      page.data = dealt(fresh);
      forget();
    });
    if (begun) [lesson, page.edited] = [begun, []]; // another network would end it
    showLesson();
    showAll();
  } catch (error) {
    notice(`This page cannot read the network in its address${error instanceof RuleError ? `: ${error.message}` : "."} It starts with another one.`);
  }
}
function checkedRows(sequences, network = null) {
  const isRow = (row) => Array.isArray(row) && row.length > 0 && row.every((one) => one === null || isNumber(one));
  const steps = sequences.flat();
  require(steps.length > 0 && steps.length <= MOST_SAMPLES && steps.every((pair) => pair.length === 2 && isRow(pair[0]) && (pair[1] === null || isRow(pair[1]))
    && pair[0].length === (network?.inputs ?? steps[0][0]).length && (!network || !pair[1] || pair[1].length === network.outputs.length)), "the data are damaged.");
  return sequences;
}

// --- pictures ----------------------------------------------------------------------------------

/** The picture as SVG: what Cytoscape.js draws, with text as text. */
function svgOf() {
  const { x1, y1, w, h } = cy.elements().boundingBox(), n = (value) => Math.round(10 * value) / 10, parts = [];
  const svg = drawn("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: [x1 - 10, y1 - 10, w + 20, h + 20].map(n).join(" "), width: n(w + 20), height: n(h + 20),
    "font-family": "system-ui, sans-serif", fill: colours.ink });
  const words = (text, x, y, size, more = {}) => String(text).split("\n").forEach((line, i) => {
    const element = drawn("text", { x: n(x), y: n(y + i * size * 1.1), "font-size": size, "text-anchor": "middle", ...more });
    element.textContent = line;
    parts.push(element);
  });
  const box = (node, more) => { const { x, y } = node.position(), [width, height] = [node.width(), node.height()];
    parts.push(drawn("rect", { x: n(x - width / 2), y: n(y - height / 2), width: n(width), height: n(height), rx: 6, ...more })); };
  const PLATE = { stroke: colours.paper, "stroke-width": 3, "paint-order": "stroke" }; // lines end before words
  cy.elements(".frame").forEach((node) => {
    box(node, { fill: colours.surface, stroke: colours.frame });
  });
  cy.elements(".line, .wire").forEach((line) => {
    const from = line.sourceEndpoint(), to = line.targetEndpoint(), bends = line.controlPoints() ?? [], at = ({ x, y }) => `${n(x)} ${n(y)}`;
    const stops = [...bends.slice(1).map((bend, i) => ({ x: (bend.x + bends[i].x) / 2, y: (bend.y + bends[i].y) / 2 })), to];
    const d = `M${at(from)}${bends.length ? bends.map((bend, i) => `Q${at(bend)} ${at(stops[i])}`).join("") : `L${at(to)}`}`;
    const stroke = line.hasClass("wire") ? colours.gate : line.hasClass("negative") ? colours.negative : colours.positive;
    const dashes = line.hasClass("wire") ? "1 3" : line.hasClass("gated") ? "6 3" : "none", width = line.data("width"), opacity = line.data("opacity");
    parts.push(drawn("path", { d, fill: "none", stroke, "stroke-width": width, "stroke-dasharray": dashes, opacity }));
    if (line.hasClass("wire") || plenty) return;
    const last = bends.at(-1) ?? from, turn = Math.atan2(to.y - last.y, to.x - last.x), size = 4 + 1.5 * width;
    const corner = (side) => at({ x: to.x - size * Math.cos(turn + side), y: to.y - size * Math.sin(turn + side) });
    parts.push(drawn("path", { d: `M${at(to)}L${corner(0.45)}L${corner(-0.45)}Z`, fill: stroke, opacity }));
  });
  cy.elements(".title").forEach((node) => {
    const { x, y } = node.position(), beside = node.hasClass("beside");
    words(node.data("label"), beside ? x - 6 : x, beside ? y : y - 6, FONT.title, { ...PLATE, fill: colours.faint, ...(beside && { "text-anchor": "end" }) });
  });
  cy.elements(".neuron").forEach((node) => {
    const { x, y } = node.position();
    parts.push(drawn("circle", { cx: n(x), cy: n(y), r: NEURON / 2, fill: node.data("fill"), stroke: colours.faint }));
    words(node.data("label"), x, y + NEURON / 2 + FONT.name, FONT.name, PLATE);
  });
  cy.elements(".box").forEach((node) => {
    const { x, y } = node.position();
    box(node, { fill: colours.surface, stroke: node.data("fill"), "stroke-width": 6 });
    words(node.data("label"), x, y - FONT.title, FONT.title);
  });
  cy.elements(".gate").forEach((node) => { const { x, y } = node.position();
    parts.push(drawn("path", { d: `M${n(x)} ${n(y - 8)}l8 8l-8 8l-8 -8Z`, fill: colours.gate, "fill-opacity": node.data("open"), stroke: colours.gate })); });
  cy.elements(".weight").forEach((node) => words(node.data("label"), node.position().x, node.position().y + 4, FONT.weight, PLATE));
  svg.append(drawn("rect", { x: n(x1 - 10), y: n(y1 - 10), width: "100%", height: "100%", fill: colours.paper }), ...parts);
  return new XMLSerializer().serializeToString(svg);
}

/** A picture of all of it, without what the selection dims. */
function unchosen(picture) {
  const was = chosen;
  chosen = null;
  paintChosen();
  const result = picture();
  chosen = was;
  paintChosen();
  return result;
}

// --- the Python program that builds the network, in plain public calls --------------------------

const MOST_IN_PROGRAM = 2000; // connections
const py = (value) => (value === null ? "None" : typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value));
const tuple = (values) => `(${values.map(py).join(", ")})`;
const listing = (rows) => (rows.length ? `[\n${rows.map((row) => `    ${row},\n`).join("")}]` : "[]");

function program() {
  if (links.length > MOST_IN_PROGRAM) return `# ${links.length} connections are too many for a program: save JSON, and read it with synapse.load.\n`;
  const place = (neuron) => all.indexOf(neuron);
  const layer = ({ name, neurons }) => {
    // Neighbours with one squash; those of a group, which compete, are made together.
    const runs = [];
    for (const one of neurons) {
      const run = runs.at(-1), last = run?.[0];
      const isAlone = SQUASHES[one.squash].kind === "largest" && !one.group;
      if (last?.squash === one.squash && last.group === one.group && !isAlone) run.push(one);
      else runs.push([one]);
    }
    const parts = runs.map((run) => `Layer(${run.length}, ${py(run[0].squash)}`);
    return parts.length > 1 ? `Layer([${parts.map((part) => `*${part})`).join(", ")}], name=${py(name)})` : `${parts[0]}, name=${py(name)})`;
  };
  const delays = links.some((one) => one.delay > 0), gates = links.flatMap((one, c) => (one.gater ? [tuple([place(one.gater), c])] : []));
  const ties = (list, tie) => [...new Set(list.map(tie))].filter(Boolean).map((number) => list.flatMap((one, i) => (tie(one) === number ? [i] : [])));
  const lines = [
    ...(page.data.model?.scale || page.data.model?.target_scale ? ["# This network computes in standard units. The JSON that this page saves has the scales and names, too."] : []),
    "from synapse import Layer, Network, tie", "",
    `layers = ${listing(net.layers.map(layer))}`,
    "neurons = [neuron for layer in layers for neuron in layer]",
    "# name, bias, and whether the bias learns",
    `for neuron, (name, bias, learns) in zip(neurons, ${listing(all.map((one) => tuple([nameOf(one), one.bias, one.trainableBias])))}):`,
    "    neuron.name, neuron.bias, neuron.trainable_bias = name, bias, learns",
    ...all.flatMap((one, i) => (one.deterministic ? [`neurons[${i}].deterministic = True`] : [])),
    ...all.flatMap((one, i) => (one.costWeight === 1 ? [] : [`neurons[${i}].cost_weight = ${py(one.costWeight)}`])),
    `# source, target, weight, ${delays ? "whether the weight learns, and delay" : "and whether the weight learns"}`,
    `connections = [neurons[source].project(neurons[target], weight, trainable=learns${delays ? ", delay=delay" : ""}) for source, target, weight, learns${delays ? ", delay" : ""} in ${listing(
      links.map((one) => tuple([place(one.source), place(one.target), one.weight, one.trainable, ...(delays ? [one.delay] : [])])))}]`,
    ...(gates.length ? ["# gater and connection", `for gater, connection in ${listing(gates)}:`, "    neurons[gater].gate(connections[connection])"] : []),
    ...links.flatMap((one, c) => (one.sign ? [`connections[${c}].sign = ${one.sign}`] : [])),
    ...all.flatMap((one, i) => (one.outgoingSign ? [`neurons[${i}].sign = ${one.outgoingSign}`] : [])),
    ...ties(links, (one) => one.tie).map((list) => `tie([connections[i] for i in [${list.join(", ")}]])`),
    ...ties(all, (one) => one.biasTie).map((list) => `tie([neurons[i] for i in [${list.join(", ")}]])`),
    `net = Network(layers[0], layers[1:-1], layers[-1], name=${py(net.name)})`,
  ];
  return `${lines.join("\n")}\n`;
}

// --- hands on it -------------------------------------------------------------------------------

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    notice(`${what} is copied.`);
  } catch {
    notice(`This browser does not let the page copy. Select the text and copy it yourself.`);
  }
}
const keeping = {
  save: () => {
    const { json, words } = saved();
    download(fileName("json"), new Blob([JSON.stringify(json)], { type: "application/json" }));
    if (words) notice(words);
  },
  png: () => download(fileName("png"), unchosen(() => cy.png({ output: "blob", full: true, scale: 2, bg: colours.paper }))),
  svg: () => download(fileName("svg"), new Blob([unchosen(svgOf)], { type: "image/svg+xml" })),
  link: async () => { await putAddress(); await copy(location.href, "The address"); },
  copy: () => copy(get("program").value, "The program"),
};
for (const [id, action] of Object.entries(keeping)) get(id).addEventListener("click", action);

/** After what a person did: the program, the address, and in a notebook the network for Python. */
function keep() {
  if (playing) return;
  if (document.body.dataset.tab === "keep") get("program").value = program();
  writeAddress();
  if (parent !== window) parent.postMessage({ network: net.toJSON() }, "*"); // its owner has no origin that is known here
}
