// Hands on it: steps, search, folding, keys, mouse and touch.

const PACE = 450; // milliseconds a step while it plays
let playing = null;

// --- steps -----------------------------------------------------------------------------------

let whereText = () => `step ${now} of ${steps}`;
function announce() {
  const step = whereText();
  get("status").textContent = step;
  get("step").setAttribute("aria-valuetext", step);
  if (!playing) get("spoken").textContent = chosen ? `${step}, ${titleOf(chosen)}` : step; // for those who cannot see it
}
function goTo(step) {
  const to = Math.max(first, Math.min(steps, step));
  if (to === now) return;
  now = to;
  get("step").value = now;
  showStep();
  showWords();
}
function showWords() {
  showNumbers(looked);
  if (tipped) get("tip").textContent = titleOf(tipped);
  announce();
}
function pause() {
  clearInterval(playing);
  playing = null;
  showPlaying();
}
function play() {
  if (playing) return pause();
  if (now === steps) goTo(first);
  playing = setInterval(() => (now < steps ? goTo(now + 1) : pause()), PACE);
  showPlaying();
}
function showPlaying() {
  get("play").setAttribute("aria-pressed", String(playing !== null));
  get("play").textContent = playing ? "Pause" : "Play";
}

// --- folding ---------------------------------------------------------------------------------

/** Tell something; a remedy is a button: [its text, what it does]. */
function notice(text, remedy = null) {
  const [label, onclick] = remedy ?? [];
  get("notice").replaceChildren(text ?? "", ...(remedy ? [" ", made("button", label, { id: "remedy", onclick })] : []));
  get("notice").hidden = !text;
}
function foldTo(wanted) {
  const count = total(layers.map((layer, i) => (wanted[i] ? 0 : layer.count)));
  if (count > MOST_NEURONS) {
    notice(`${count} neurons are too many to draw one by one (at most ${MOST_NEURONS}). Fold other layers first.`);
    return;
  }
  notice();
  hideTip();
  folded = [...wanted];
  rebuild();
  if (crowded) notice(`${drawnOf(folded)} connections are drawn as bundles, one for each pair of layers. Select a neuron to see its own.`);
  if (chosen?.kind === "neuron") chosen.id = stand(chosen.neuron);
  if (chosen && byId(chosen.id).empty()) chosen = null;
  choose(chosen);
  listLayers();
}
const toggleFold = (layer) => foldTo(folded.map((value, i) => (i === layer ? !value : value)));

function listLayers() {
  get("layers").replaceChildren(...layers.map((layer, i) => {
    const item = made("li");
    const name = made("button", `${layer.name} (${layer.count})`, {
      title: `Look at ${layer.name}`, onclick: () => lookAt(i) });
    const fold = made("button", folded[i] ? "Unfold" : "Fold", { onclick: () => { toggleFold(i); focusFold(i); } });
    fold.setAttribute("aria-label", `${folded[i] ? "Unfold" : "Fold"} ${layer.name}`);
    item.append(name, fold);
    return item;
  }));
}
const focusFold = (i) => get("layers").children[i].lastChild.focus();

function lookAt(i) {
  cy.fit(byId(folded[i] ? `l${i}` : `f${i}`), 60);
}

// --- choosing --------------------------------------------------------------------------------

function chooseNeuron(n, look = true) {
  choose({ kind: "neuron", neuron: n, id: stand(n) });
  if (look) bringIntoView(byId(stand(n)));
}
function bringIntoView(node) {
  const { x, y } = node.renderedPosition();
  if (x < 10 || y < 10 || x > cy.width() - 10 || y > cy.height() - 10) cy.center(node);
}
function nextNeuron(by) {
  const from = chosen?.kind === "neuron" ? chosen.neuron : by > 0 ? -1 : neuronCount;
  chooseNeuron((from + by + neuronCount) % neuronCount);
}
function clear() {
  notice();
  closeFound();
  choose(null);
}

cy.on("tap", (event) => {
  get("graph").focus({ preventScroll: true });
  const what = event.target === cy ? null : whatIs(event.target);
  choose(what);
});
cy.on("dbltap", ".frame, .box, .neuron", (event) => {
  const { layer, neuron } = event.target.data();
  toggleFold(layer ?? layerOf[neuron]);
});
cy.on("mouseover", "node, edge", (event) => {
  const what = whatIs(event.target);
  if (!what) return;
  if (cy.edges().length <= MOST_LIVELY) byId(what.id).addClass("hovered"); // else all of it would be drawn anew
  showNumbers(what);
  showTip(what, event.renderedPosition);
});
cy.on("mouseout", "node, edge", () => {
  cy.elements(".hovered").removeClass("hovered");
  hideTip();
  showNumbers(chosen);
});
cy.on("pan zoom", hideTip);

let tipped = null; // what the tip is about
function hideTip() {
  tipped = null;
  get("tip").hidden = true;
}
function showTip(what, { x, y }) {
  const tip = get("tip"), left = x > cy.width() - 270;
  tipped = what;
  tip.textContent = titleOf(what);
  tip.style.left = left ? "auto" : `${x + 14}px`;
  tip.style.right = left ? `${get("graph").parentElement.clientWidth - x + 14}px` : "auto";
  tip.style.top = `${y + 12}px`;
  tip.hidden = false;
}

// --- search ----------------------------------------------------------------------------------

const MOST_FOUND = 50;
let foundAt = 0, foundList = [];

function search() {
  const wanted = get("search").value.trim().toLowerCase();
  const has = (name) => name.toLowerCase().includes(wanted);
  const inLayers = layers.flatMap((layer, i) => (has(layer.name) ? [{ text: `${layer.name} (layer)`, layer: i }] : []));
  const inNeurons = neurons.name.flatMap((name, n) => (has(name) ? [{ text: name, neuron: n }] : []));
  foundList = wanted ? [...inLayers, ...inNeurons].slice(0, MOST_FOUND) : [];
  foundAt = 0;
  showFound(wanted);
}
function showFound(wanted) {
  const items = foundList.map((item, i) => made("li", item.text, { id: `found${i}`, onclick: () => take(i) }));
  items.forEach((item, i) => {
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(i === foundAt));
  });
  get("found").replaceChildren(...(items.length ? items : [made("li", "no neuron or layer of this name")]));
  get("found").hidden = !wanted;
  get("search").setAttribute("aria-expanded", String(Boolean(wanted)));
  if (items.length) get("search").setAttribute("aria-activedescendant", `found${foundAt}`);
  else get("search").removeAttribute("aria-activedescendant");
  items[foundAt]?.scrollIntoView({ block: "nearest" });
}
function take(i) {
  const item = foundList[i];
  if (!item) return;
  closeFound();
  get("graph").focus({ preventScroll: true });
  if (item.layer !== undefined) lookAt(item.layer);
  else chooseNeuron(item.neuron);
}
function closeFound() {
  get("search").value = "";
  foundList = [];
  showFound("");
}
get("search").addEventListener("input", search);
get("search").addEventListener("keydown", (event) => {
  event.stopPropagation();
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && foundList.length) {
    event.preventDefault();
    foundAt = (foundAt + by + foundList.length) % foundList.length;
    showFound(get("search").value);
  } else if (event.key === "Enter") take(foundAt);
  else if (event.key === "Escape") {
    closeFound();
    get("graph").focus({ preventScroll: true });
  }
});

// --- buttons and keys ------------------------------------------------------------------------

function press(id, value) {
  get(id).setAttribute("aria-pressed", String(value));
}
function toggleFollow(name) {
  follow[name] = !follow[name];
  press(name, follow[name]);
  paintChosen();
}
function toggleGates() {
  gatesWanted = !allGates();
  paintChosen();
}
let afterTheme = () => {}; // where a network learns: its charts
function toggleTheme(dark = root.dataset.theme !== "dark") {
  setTheme(dark);
  repaint();
  afterTheme();
}
function foldChosen() {
  if (chosen?.kind === "neuron") toggleFold(layerOf[chosen.neuron]);
  else if (chosen?.kind === "layer") toggleFold(chosen.layer);
}
function zoomBy(factor) {
  const middle = { x: cy.width() / 2, y: cy.height() / 2 };
  cy.zoom({ level: cy.zoom() * factor, renderedPosition: middle });
}

const buttons = {
  fit, gates: toggleGates, theme: () => toggleTheme(), help: () => { get("overlay").showModal(); get("overlay").scrollTop = 0; },
  ...Object.fromEntries(Object.keys(follow).map((name) => [name, () => toggleFollow(name)])),
  first: () => goTo(first), back: () => goTo(now - 1), play, next: () => goTo(now + 1), last: () => goTo(steps),
  "fold-all": () => foldTo(folded.map(() => true)), "unfold-all": () => foldTo(folded.map(() => false)),
};
for (const id of Object.keys(buttons)) get(id).addEventListener("click", () => buttons[id]());
let slide = goTo; // where a network learns: to an earlier step of it
get("step").addEventListener("input", () => slide(Number(get("step").value)));
prefersDark.addEventListener("change", (event) => toggleTheme(event.matches));

const keys = {
  ArrowLeft: buttons.back, ArrowRight: buttons.next, Home: buttons.first, End: buttons.last, " ": play,
  ArrowUp: () => nextNeuron(-1), ArrowDown: () => nextNeuron(1), Escape: clear, Enter: foldChosen,
  "/": () => get("search").focus(), "?": buttons.help, f: fit, g: toggleGates, t: buttons.theme,
  i: buttons.incoming, o: buttons.outgoing, p: buttons.indirect,
  "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8),
};
document.addEventListener("keydown", (event) => {
  const onControl = event.target.closest?.("button, summary, input");
  if (event.target.closest?.("input:not([type=range], [type=checkbox]), select, textarea")) return; // they take what is typed
  if (event.ctrlKey || event.metaKey || event.altKey || get("overlay").open) return;
  if (onControl && (event.key === " " || event.key === "Enter")) return; // they press what has the focus
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// --- begin -----------------------------------------------------------------------------------

// The page in a notebook is in a frame, whose owner sends numbers; they are only ever shown.
addEventListener("message", ({ source, data: fresh }) => {
  if (source !== parent || parent === window || data.learn || fresh?.activation?.length !== steps + 1) return;
  if (fresh.neurons.name.length !== neuronCount || fresh.connections.source.length !== connectionCount) return;
  for (const [name, columns] of Object.entries({ neurons, connections })) Object.assign(columns, fresh[name]);
  Object.assign(data, { ...fresh, neurons, connections, layers, steps });
  measure();
  showLearned();
  showWords();
});

get("title").textContent = data.name;
get("description").textContent = data.description;
document.title = `${data.name} \u2013 Synapse explorer`;
get("search").placeholder = `Search neurons and layers${touch ? "" : " ( / )"}`;
Object.assign(get("step"), { min: first, max: steps, value: now });
rebuild();
get("gates").hidden = !connections.gater.some((gater) => gater >= 0);
listLayers();
choose(null);

let size = windowSize(), waiting = null;
new ResizeObserver(() => {
  cy.resize();
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const { x, y } = windowSize();
    if (moved || (x === size.x && y === size.y)) return;
    size = { x, y };
    rebuild();
    paintChosen();
  }, 120);
}).observe(container);
