// Opening files: any that the library writes of a network, Synaptic's, and tables, chosen or dropped anywhere on the page.
// Nothing in a file is trusted: `networkOf` checks what comes of it, and sizes are checked before anything is read.

const MOST_UNPACKED = 1e8; // bytes of an archive's arrays

// --- archives: .npz and .synapse ---------------------------------------------------------------

/** The arrays of an archive by name, each { text } or { values }: what numpy.savez writes. */
async function arraysOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), arrays = {};
  const tail = bytes.length - 22;
  let end = tail;
  while (end >= 0 && end > tail - 65536 && view.getUint32(end, true) !== 0x06054b50) end--;
  require(end >= 0 && view.getUint32(end, true) === 0x06054b50, "This archive is damaged: it has no table of contents.");
  let at = view.getUint32(end + 16, true), left = MOST_UNPACKED;
  for (let entries = view.getUint16(end + 10, true); entries > 0; entries--) {
    require(at + 46 <= bytes.length && view.getUint32(at, true) === 0x02014b50, "This archive is damaged: its table of contents ends early.");
    const [method, size, unpackedSize, nameLength, extra, comment, place] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true), view.getUint32(at + 24, true),
      view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true), view.getUint32(at + 42, true)];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    left -= unpackedSize;
    require(left >= 0 && (method === 0 || method === 8) && place + 30 <= bytes.length, `This archive's array "${name}" cannot be read: it is too large, or damaged.`);
    const begin = place + 30 + view.getUint16(place + 26, true) + view.getUint16(place + 28, true), packedBytes = bytes.subarray(begin, begin + size);
    const content = method === 0 ? packedBytes : await through(packedBytes, new DecompressionStream("deflate-raw"));
    arrays[name.replace(/\.npy$/, "")] = arrayOf(content, name);
    at += 46 + nameLength + extra + comment;
  }
  return arrays;
}

const READERS = {
  f8: [8, "getFloat64"], f4: [4, "getFloat32"], i8: [8, "getBigInt64"], u8: [8, "getBigUint64"], i4: [4, "getInt32"], u4: [4, "getUint32"],
  i2: [2, "getInt16"], u2: [2, "getUint16"], i1: [1, "getInt8"], u1: [1, "getUint8"], b1: [1, "getUint8"],
};
/** One array of numpy's format .npy. */
function arrayOf(bytes, name) {
  const damaged = `This archive's array "${name}" is damaged.`;
  require(bytes.length > 12 && bytes[0] === 0x93, damaged);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), old = bytes[6] === 1;
  const begin = (old ? 10 : 12) + (old ? view.getUint16(8, true) : view.getUint32(8, true));
  const head = new TextDecoder().decode(bytes.subarray(old ? 10 : 12, begin));
  const [, type] = head.match(/'descr':\s*'[<|=]([a-zA-Z]\d+)'/) ?? [], [, shape] = head.match(/'shape':\s*\(([\d, ]*)\)/) ?? [];
  require(type !== undefined && shape !== undefined, damaged);
  const count = shape.split(",").filter((text) => text.trim()).reduce((product, text) => product * Number(text), 1);
  if (type[0] === "S") return { text: new TextDecoder().decode(bytes.subarray(begin, begin + Number(type.slice(1)))).replace(/\0+$/, "") };
  require(Object.hasOwn(READERS, type) && begin + count * READERS[type][0] <= bytes.length, damaged);
  const [size, read] = READERS[type];
  const values = many(count, (i) => Number(view[read](begin + i * size, true)));
  return { values: type === "b1" ? values.map(Boolean) : values };
}

/** The network in an archive with this document in Synapse's JSON. Its context is left out: it begins as after `clear`. */
function jsonOfArrays(document, arrays) {
  require(document, "This archive is not from Synapse: it has no document.");
  const place = document.network ? "network/" : ""; // of a model or a trainer
  const { format, version, name, dtype, architecture, metadata, layers: table, neurons: rows, connections: ends } = document.network ?? document;
  const json = { format, version, name, dtype, ...(architecture && { architecture }), ...(metadata && { metadata }), layers: table, neurons: { ...rows }, connections: { ...ends } };
  const cleared = (columns) => new Set(columns.filter((one) => one.cleared).map((one) => one.name));
  for (const [prefix, part, context] of [[`${place}neurons/`, json.neurons, cleared(SAVED.neurons)], [`${place}connections/`, json.connections, cleared(SAVED.connections)]])
    for (const [key, { values }] of Object.entries(arrays)) {
      const column = key.slice(prefix.length);
      if (key.startsWith(prefix) && values && !context.has(column)) part[column] = column === "gater" ? values.map((one) => (one < 0 ? null : one)) : values;
    }
  const [sources, targets, lengths] = ["source", "target", "length"].map((key) => arrays[`${place}runs/${key}`]?.values ?? []);
  require(total(lengths) <= MOST_LEARN, tooMany(total(lengths)));
  if (!lengths.length) return json; // sources and targets are columns
  json.connections.source = lengths.flatMap((length, r) => many(length, (i) => sources[r] + i));
  json.connections.target = lengths.flatMap((length, r) => many(length, () => targets[r]));
  return json;
}

// --- Synaptic ----------------------------------------------------------------------------------

/** A network of Synaptic's toJSON. Its context is left out. */
function jsonOfSynaptic({ neurons: rows, connections: ends }) {
  require(Array.isArray(rows) && Array.isArray(ends) && ends.length <= MOST_LEARN, "This network of Synaptic is damaged, or too large.");
  const rank = ({ layer }) => (layer === "input" ? -1 : layer === "output" ? Infinity : Number(layer));
  const order = rows.map((_, i) => i).sort((one, other) => rank(rows[one]) - rank(rows[other]) || one - other);
  const place = new Map(order.map((i, k) => [i, k])), at = (i) => (i === null || i === undefined ? null : place.get(Number(i)));
  const titles = [...new Set(order.map((i) => String(rows[i].layer)))];
  const title = (layer) => (layer === "input" || layer === "output" ? layer : titles.length === 3 ? "hidden" : `hidden ${Number(layer) + 1}`);
  const links = ends.map(({ from, to, weight, gater }) => ({ source: at(from), target: at(to), weight, gater: at(gater) }))
    .sort((one, other) => one.target - other.target || one.source - other.source);
  const squash = (name) => {
    require(Object.hasOwn(SYNAPTIC, name), `This page does not know Synaptic's squash "${String(name).slice(0, 40)}".`);
    return SYNAPTIC[name];
  };
  return {
    ...FORMAT, name: null, dtype: "float64",
    layers: { name: titles.map(title), size: titles.map((layer) => rows.filter((row) => String(row.layer) === layer).length) },
    neurons: { squash: order.map((i) => squash(rows[i].squash)), bias: order.map((i) => rows[i].bias) },
    connections: { source: links.map((one) => one.source), target: links.map((one) => one.target), gater: links.map((one) => one.gater), weight: links.map((one) => one.weight) },
  };
}

// --- any file ----------------------------------------------------------------------------------

/** Go on with the network of a JSON text, which anybody can have written. */
function openText(text) {
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    return notice("This file is not JSON. Choose a file that this page or synapse.save(net, \"network.json\") has written.");
  }
  const head = json?.format === MODEL.format ? json : null;
  if (head) json = head.network;
  const isSynaptic = Array.isArray(json?.neurons) && Array.isArray(json?.connections);
  if (!isSynaptic && (json?.format !== FORMAT.format || json.version !== FORMAT.version))
    return notice(`This is not a network in Synapse's JSON, version ${FORMAT.version}. Python converts other formats: synapse convert IN network.json`);
  goOnWith(() => (isSynaptic ? jsonOfSynaptic(json) : json), head);
}
/** Go on with the network of a JSON object, and with the units of its model if it has one; or say what is wrong with it. */
function goOnWith(json, head = null) {
  const opened = tried(() => careful(() => {
    const network = networkOf(json());
    return { network, model: head && !hasLags(head) ? checkedModel(head, network) : null };
  }));
  const done = opened && edit("network", "another network", () => {
    net = opened.network;
    if (opened.model) page.data = dealt(dataAgain(opened.model, net));
    forget();
  });
  if (!done) return;
  showTask();
  notice(head && hasLags(head) ? "The scales of this model make differences of a series, which this page does not compute: its numbers are in standard units." : misfit());
}
/** Show a table among one's own rows, and tell what would be learned of it. Nothing is learned before a press. */
function offerTable(text) {
  get("csv").value = text;
  get("csv-scaled").checked = true;
  get("own").open = true;
  openTab(get("tab-data"));
  get("csv-use").scrollIntoView({ block: "nearest" });
  const table = tried(() => parsed(text, Number(get("csv-targets").value), true, page.data.model?.isEmpty ? page.data : null));
  if (!table) return;
  const { inputs, targets, rows, left } = table, last = targets.length === 1 ? "the last column" : "the last columns";
  notice([`${counted(rows, "row")}. Inputs: ${firstOf(inputs)}. ${targets.length === 1 ? "Target" : "Targets"}: ${firstOf(targets)}, ${last}.`, left,
    "Press to learn them, or change them in \u201cOwn rows\u201d first."].filter(Boolean).join(" "), ["Use these rows", () => get("csv-use").click()]);
}
const firstOf = (names) => names.slice(0, MOST_CELLS).join(", ") + (names.length > MOST_CELLS ? ` and ${names.length - MOST_CELLS} more` : "");
async function openFile(file) {
  if (!file) return;
  if (file.size > MOST_BYTES) return notice(`This file has ${Math.round(file.size / 1e6)} MB; this page reads at most ${MOST_BYTES / 1e6} MB.`);
  if (playing) stop();
  const content = await file.arrayBuffer().catch(() => null);
  if (content === null) return notice("This file cannot be read. It may have been changed or moved: choose it again.");
  const bytes = new Uint8Array(content), isArchive = bytes[0] === 0x50 && bytes[1] === 0x4b; // "PK"
  if (isArchive) {
    const arrays = await arraysOf(bytes).catch((error) => notice(error instanceof RuleError ? error.message : "This archive is damaged."));
    if (!arrays) return;
    const document = arrays.document?.text && tried(() => careful(() => JSON.parse(arrays.document.text)));
    goOnWith(() => jsonOfArrays(document, arrays), document?.format === MODEL.format ? document : null);
    return;
  }
  const text = new TextDecoder().decode(bytes);
  if (/\.(csv|tsv|txt)$/i.test(file.name)) offerTable(text);
  else openText(text);
}

get("open").addEventListener("click", () => get("file").click());
get("file").addEventListener("change", async () => {
  const [file] = get("file").files;
  await openFile(file);
  get("file").value = "";
});
const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", ({ relatedTarget }) => { if (!relatedTarget) document.body.classList.remove("dropping"); });
addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!hasFiles(event)) return;
  event.preventDefault();
  openFile(event.dataTransfer.files[0]);
});
