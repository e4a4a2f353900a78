// Building: a form for what is selected, drags from a neuron, recipes, undo and redo.

const GROUPED = ["largest", "shares"]; // kinds of squashes whose neurons compete: whole layers, made in Python
const MOST_DELAY = 1000; // steps
const single = Object.keys(SQUASHES).filter((name) => !GROUPED.includes(SQUASHES[name].kind));
const options = (values) => values.map(([value, text]) => made("option", text, { value }));

// --- edits -------------------------------------------------------------------------------------

const titleOfLink = ({ source, target }) => `${nameOf(source)} \u2192 ${nameOf(target)}`;
function connect(source, target) {
  const word = source === target ? "self-connection" : "connection";
  const done = edit(word, `connected ${nameOf(source)} to ${nameOf(target)}`, () => {
    require(!net.inputs.includes(target), "An input takes its activation from the data. Connect it to another neuron, not another neuron to it.");
    net.connect(source, target, source === target ? 1 : lesson?.of.drawn ?? 2 * chance() - 1, true);
  });
  if (done) chooseLink(links.find((one) => one.source === source && one.target === target));
}
function gate(gater, link) {
  const done = edit("gate", `${nameOf(gater)} gates ${titleOfLink(link)}`, () => {
    require(!net.inputs.includes(link.target), "This connection cannot be gated.");
    net.gate(gater, link);
  });
  if (done) chooseLink(link);
}
/** Let a connection carry what its source was some steps ago. */
function delayBy(link, delay) {
  require(Number.isInteger(delay) && delay >= 0 && delay <= MOST_DELAY, `A delay is a whole number of steps from 0 to ${MOST_DELAY}, got ${delay}.`);
  require(!link.target.incoming.some((one) => one !== link && one.source === link.source && one.delay === delay), "These two neurons have a connection with this delay already.");
  link.delay = delay;
}
const chooseLink = (link) => choose({ kind: "connection", connection: links.indexOf(link), id: `c${links.indexOf(link)}` });

/** The first of these names that no neuron or layer has. */
function freeName(base, used) {
  for (let i = 0; ; i++) if (!used.includes(`${base} ${i}`)) return `${base} ${i}`;
}
function addNeuron() {
  const chosenLayer = get("add-layer").value, names = net.layers.map(({ name }) => name);
  const layer = chosenLayer || (names.includes("hidden") ? freeName("hidden", names) : "hidden");
  const isInput = layer === net.layers[0].name;
  const done = edit("neuron", `added a neuron to ${layer}`, () =>
    net.add(layer, { squash: isInput ? "identity" : get("add-squash").value, bias: 0, name: freeName(layer, all.map(nameOf)) }));
  if (!done) return;
  const added = net.layers.find(({ name }) => name === layer).neurons.at(-1);
  chooseNeuron(all.indexOf(added));
  get("add-layer").value = layer;
}
function removeChosen() {
  const one = page.selected;
  if (!one) return notice("Select a neuron or a connection first.");
  if (chosen.kind === "neuron") edit("remove", `removed ${nameOf(one)}`, () => net.remove(one));
  else edit("remove", `removed ${titleOfLink(one)}`, () => net.disconnect(one));
}
function startFrom(name) {
  if (playing) stop();
  let outputsSaid = null;
  edit("network", name ? `a new network: ${name}` : "an empty network", () => {
    net = name ? networkOf(RECIPES[name]) : new Network({ name: "Network" });
    if (!name) for (const [layer, count] of [["input", inputCount()], ["output", targetCount() ?? 1]])
      for (let i = 0; i < count; i++) net.add(layer, { squash: layer === "input" ? "identity" : "logistic", bias: 0, name: `${layer} ${i}` });
    outputsSaid = fitOutputs();
    nameEnds();
    if (!name) page.settings.rate = BY_HAND;
    forget();
  });
  showSettings();
  notice(misfit() ?? outputsSaid);
}

// --- the form for the selection ----------------------------------------------------------------

/** A label with a control, whose change is an edit; a number that is none is refused. */
function field(label, control, id, act) {
  control.id = id;
  control.addEventListener("change", () => act(control));
  return [made("label", label, { htmlFor: id }), control];
}
// Its keyboard is that of a text: on telephones, that of decimal numbers may have no minus.
function numberField(label, value, id, act) {
  const control = made("input", null, { value: String(value), inputMode: "text", autocomplete: "off" });
  return field(label, control, id, () => {
    const given = typed(control.value);
    if (Number.isFinite(given)) return act(given);
    notice(`${label} must be a finite number, got "${control.value.slice(0, 40)}".`);
    control.value = String(value);
  });
}
function selectField(label, list, value, id, act) {
  const control = made("select");
  control.append(...options(list));
  control.value = value;
  return field(label, control, id, () => act(control.value));
}
/** A button and what it is about: arrow keys in a list do nothing yet. */
function actionField(label, list, id, act) {
  const control = made("select", null, { id });
  control.append(...options(list));
  control.setAttribute("aria-label", label);
  return [made("button", label, { id: `${id}-go`, onclick: () => act(control.value) }), control];
}
const checkField = (label, checked, id, act) => field(label, made("input", null, { type: "checkbox", checked }), id, (box) => act(box.checked));
const removal = (text) => made("button", text, { id: "remove", title: "Remove (Delete)", onclick: removeChosen });

function neuronForm(neuron) {
  const name = nameOf(neuron), fields = made("div", null, { className: "fields" }), isInput = net.inputs.includes(neuron);
  if (!isInput) fields.append(
    ...(single.includes(neuron.squash)
      ? selectField("Squash", single.map((one) => [one, one]), neuron.squash, "form-squash", (squash) => edit("squash", `${name}: ${squash}`, () => { neuron.squash = squash; }))
      : [made("span", "Squash"), made("span", neuron.squash)]),
    ...numberField("Bias", neuron.bias, "form-bias", (bias) => edit("bias", `bias of ${name}: ${tiny(bias)}`, () => { neuron.bias = bias; })),
    ...checkField("Bias learns", neuron.trainableBias, "form-learns", (learns) => edit("frozen", `bias of ${name} ${learns ? "learns" : "is frozen"}`, () => { neuron.trainableBias = learns; })));
  const targets = all.map((one, i) => [i, nameOf(one)]).filter(([i]) => !net.inputs.includes(all[i]) && !neuron.outgoing.some((one) => one.target === all[i]));
  const open = links.map((one, c) => [c, titleOfLink(one)]).filter(([c]) => !links[c].gater);
  if (targets.length) fields.append(...actionField("Connect to", targets, "form-connect", (i) => connect(neuron, all[i])));
  if (open.length) fields.append(...actionField("Gate", open, "form-gate", (c) => gate(neuron, links[c])));
  return [made("h2", name), fields, removal("Remove this neuron")];
}
function linkForm(link) {
  const title = titleOfLink(link), fields = made("div", null, { className: "fields" });
  const regate = (i) => edit(i === "" ? "ungate" : "gate", i === "" ? `${title} is open` : `${nameOf(all[i])} gates ${title}`, () => {
    if (link.gater) net.ungate(link);
    if (i !== "") net.gate(all[i], link);
  });
  fields.append(
    ...numberField("Weight", link.weight, "form-weight", (weight) => edit("weight", `weight of ${title}: ${tiny(weight)}`, () => { link.weight = link.sign * weight < 0 ? 0 : weight; })),
    ...checkField("Learns", link.trainable, "form-learns", (learns) => edit("frozen", `${title} ${learns ? "learns" : "is frozen"}`, () => { link.trainable = learns; })),
    ...numberField("Delay in steps", link.delay, "form-delay", (delay) => edit("delay", `delay of ${title}: ${delay}`, () => delayBy(link, delay))),
    ...selectField("Gated by", [["", "none"], ...all.map((one, i) => [i, nameOf(one)])], link.gater ? all.indexOf(link.gater) : "", "form-gater", regate));
  return [made("h2", title), fields, removal("Remove this connection")];
}
function showForm() {
  const one = page.selected, had = document.activeElement?.id;
  const text = "Select a neuron or a connection to change it.";
  get("form").replaceChildren(...(one ? (chosen.kind === "neuron" ? neuronForm(one) : linkForm(one)) : [made("p", text, { className: "small" })]));
  if (had?.startsWith("form-")) get(had)?.focus(); // an edit makes the form anew
}
function showEdits() {
  get("undo").disabled = !undos.length;
  get("redo").disabled = !redos.length;
  const before = get("add-layer").value;
  get("add-layer").replaceChildren(...options([...net.layers.map(({ name }) => [name, name]), ["", "a new hidden layer"]]));
  get("add-layer").value = net.layers.some(({ name }) => name === before) ? before : net.layers.length > 2 ? net.layers.at(-2).name : "";
  if (!playing) showForm();
}
afterChoice = () => { showForm(); acted(); };

// --- drags -------------------------------------------------------------------------------------

const DRAGGED = 25, NEAR = 16; // pixels
let drag = null; // the neuron it began at, and whether it has left it
const rubber = drawn("svg", { id: "rubber", "aria-hidden": "true" }), band = drawn("line", {});
rubber.append(band);

/** What a drag ends at: the neuron or the connection whose outline is nearest; within a neuron, that neuron. */
function under(spot) {
  const reach = NEAR / cy.zoom();
  const nodes = cy.elements(".neuron").map((node) => ({ node, far: Math.max(0, apart(node.position(), spot) - NEURON / 2) }));
  const lines = cy.elements(".connection").map((line) => ({ line, far: farFrom(line, spot) }));
  const best = [...nodes, ...lines].reduce((best, one) => (one.far < best.far ? one : best), { far: reach });
  if (best.node) return { neuron: all[best.node.data("neuron")], id: best.node.id() };
  return best.line ? { link: links[best.line.data("members")[0]], id: best.line.id() } : null;
}
cy.on("tapstart", ".neuron", (event) => {
  if (document.body.dataset.tab !== "build" || playing) return;
  drag = { from: all[event.target.data("neuron")], start: event.renderedPosition, left: false };
  cy.userPanningEnabled(false);
});
cy.on("tapdrag", (event) => {
  if (!drag) return;
  const { x, y } = event.renderedPosition;
  drag.left ||= Math.hypot(x - drag.start.x, y - drag.start.y) > DRAGGED;
  if (!drag.left) return;
  for (const [name, value] of Object.entries({ x1: drag.start.x, y1: drag.start.y, x2: x, y2: y })) band.setAttribute(name, value);
  get("stage").append(rubber);
  const over = under(event.position);
  cy.elements(".hovered").removeClass("hovered");
  if (over) byId(over.id).addClass("hovered");
});
cy.on("tapend", (event) => {
  const { from, left } = drag ?? {}, over = left && under(event.position);
  drag = null;
  rubber.remove();
  cy.userPanningEnabled(true);
  cy.elements(".hovered").removeClass("hovered");
  if (over?.neuron) connect(from, over.neuron);
  else if (over?.link) gate(from, over.link);
  else if (left) notice(missedBy(event.position));
});
/** What to tell where a drag ends at nothing. */
function missedBy({ x, y }) {
  const reach = NEAR / cy.zoom(), at = { x1: x - reach, x2: x + reach, y1: y - reach, y2: y + reach };
  const isAt = (node) => overlap(around(node.position(), node.width(), node.height()), at);
  if (cy.elements(".box").some(isAt) || cy.elements(".bundle").some((line) => farFrom(line, { x, y }) < reach))
    return crowded ? "This line stands for several connections. Select a neuron to see its own, and drag to one of them."
      : "This stands for several neurons or connections. Unfold the layer, and drag to one of them.";
  return "Nothing was changed: there is no neuron or connection here. Drop on a neuron to connect it, or on a connection, "
    + "which is highlighted when it is near enough, to gate it.";
}

// --- hands on it -------------------------------------------------------------------------------

get("add-squash").append(...options(single.map((name) => [name, name])));
get("add-squash").value = "tanh";
get("recipe").append(...options([["nothing", "Nothing: only inputs and outputs"], ...Object.keys(RECIPES).map((name) => [name, name])]));
Object.assign(buttons, { undo, redo, add: addNeuron, "start-from": () => startFrom(get("recipe").value === "nothing" ? null : get("recipe").value) });
for (const id of ["undo", "redo", "add", "start-from"]) get(id).addEventListener("click", buttons[id]);
Object.assign(keys, { u: undo, r: redo, a: addNeuron, Delete: removeChosen, Backspace: removeChosen });
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.closest?.("textarea, input")) return;
  event.preventDefault();
  (event.shiftKey ? redo : undo)();
});
