// Lessons: a scene and a task, whose end is found from the page's state; and the start of the page.

const VISITED = "synapse page opened";
const MOST_CHANGES = 12; // numbers in the table of changes
const MOST_WIDE = 6; // steps whose numbers have three digits after the point

function acted() {
  showEdits();
  keep();
  if (lesson?.done && !isFresh()) cy.elements(".changed").removeClass("changed");
  if (!lesson || lesson.done) return;
  showStrays();
  if (!isDone(lesson.of, page)) return;
  Object.assign(lesson, { done: true, doneAt: page.steps });
  lesson.after = [...stripsOf([...(lesson.of.strips ?? []), ...(lesson.of.reveals ?? [])], "The numbers after it:"), ...changesTable()];
  if (playing) stop();
  showLesson();
  showChanged();
  get("spoken").textContent = DONE;
  if (document.body.dataset.tab === "lessons") get("again").scrollIntoView({ block: "nearest" }); // below what was seen
  get("lesson").selectedOptions[0].textContent = `${lesson.number + 1}. ${lesson.of.title} \u2713`;
}
const DONE = "Done. Look at what changed in the picture, then press here for the explanation.";
// The picture stays as it was at the end of the task, until the next step or edit.
const isFresh = () => lesson?.done && lesson.doneAt === page.steps;
/** The weights and biases that the lesson has changed: { link or neuron, before, now }; before is undefined for a new connection. */
function changedNumbers() {
  const { neurons: rows, connections: ends } = page.start, key = (source, target) => `${source} ${target}`;
  const weights = new Map(ends.weight.map((weight, c) => [key(rows.name[ends.source[c]], rows.name[ends.target[c]]), weight]));
  const biases = new Map(rows.bias.map((bias, i) => [rows.name[i], bias]));
  return [...links.map((link) => ({ link, before: weights.get(key(link.source.name, link.target.name)), now: link.weight })),
    ...all.map((neuron) => ({ neuron, before: biases.get(neuron.name), now: neuron.bias }))].filter(({ before, now: value }) => before !== value);
}
/** What changed, in the picture: the lines are marked, and have both weights beside them. */
function showChanged() {
  paintChosen(); // the new words need more room
  const moved = new Set(changedNumbers().map(({ link }) => links.indexOf(link)));
  cy.elements(".line").forEach((line) => { if (line.data("members").some((c) => moved.has(c))) line.addClass("changed"); });
}
weightText = (c) => {
  const { before } = (isFresh() && changedNumbers().find(({ link }) => link === links[c])) || {}, weight = short(real(connections.weight[c]));
  return (before === undefined || short(before) === weight ? weight : `${short(before)} \u2192 ${weight}`) + delayText(c);
};
/** What changed, in a table. */
function changesTable() {
  const changed = changedNumbers();
  if (!changed.length) return [];
  const table = made("table", null, { className: "strips changes" }), heads = made("tr");
  heads.append(...["", "before", "now"].map((head) => made("th", head, { scope: "col" })));
  table.append(made("caption", "Weights and biases that changed:"), heads, ...changed.slice(0, MOST_CHANGES).map(({ link, neuron, before, now: value }) => {
    const row = made("tr");
    row.append(made("th", link ? titleOfLink(link) : `bias of ${nameOf(neuron)}`, { scope: "row" }), ...[before, value].map((one) => made("td", one === undefined ? "new" : shown(one))));
    return row;
  }));
  return [table];
}
/** What else the reader has changed, which keeps the lesson from its end. */
function showStrays() {
  const changes = strays(lesson.of, page);
  get("lesson-strays").hidden = !changes.length;
  get("lesson-strays").textContent = `The lesson needs its own network. Changed beyond the task: ${changes.slice(0, 4).join(", ")}. Undo this, or start again.`;
}
function beginLesson(number) {
  const one = LESSONS[number];
  if (!one) { lesson = null; return showLesson(); }
  if (playing) stop();
  undos.push({ text: "lesson", snapshot: snapshot() });
  install(Object.assign(Network.from(one.network), { name: one.title }));
  Object.assign(page.settings, SETTINGS, one.settings);
  page.data = dealt(givenData(one.data));
  net.clear();
  forget();
  Object.assign(page, { start: net.toJSON(), edited: [] });
  [redos, lesson] = [[], { of: one, number, done: false }];
  showAll();
  lesson.before = stripsOf(one.strips ?? [], "The numbers before your change:");
  showLesson();
  get("lessons").scrollTop = 0;
}
/** A picture of a sequence, or of all samples: numbers of the network by step, coloured by their size; nothing without rows. */
function stripsOf(strips, words) {
  if (!strips.length) return [];
  const { sequences } = page.data, samples = sequences.length > 1 && sequences.every((one) => one.length === 1);
  const shown = samples ? sequences : sequences.slice(0, 1), aims = shown.flat().map(([, targets]) => targets);
  let count = 0;
  const steps = runOf(shown.map((one) => one.map(([inputs]) => inputs)), (copy) => {
    const targets = aims[count++];
    if (targets) copy.propagate(0, targets); // errors, and no weight moves
    return strips.map(([, read]) => read(copy, targets));
  }).flat();
  const table = made("table", null, { className: "strips" });
  table.append(made("caption", words));
  const heads = made("tr");
  heads.append(made("th", samples ? "sample" : "step"), ...steps.map((_, t) => made("th", t + 1, { scope: "col" })));
  table.append(heads, ...strips.map(([name], i) => {
    const row = made("tr");
    row.append(made("th", name, { scope: "row" }), ...steps.map((values) => {
      const cell = made("td", steps.length > MOST_WIDE ? written(values[i], (one) => String(Number(one.toFixed(2)))) : brief(values[i]));
      // By the style sheet's colours, which follow the theme; at most half of them, so that the number can be read.
      const share = Math.min(50, 50 * Math.abs(values[i]));
      cell.style.background = `color-mix(in srgb, var(--${values[i] < 0 ? "below" : "above"}) ${share}%, var(--paper))`;
      return cell;
    }));
    return row;
  }));
  return [table];
}
function showLesson() {
  const { of: one, number, done, before, after } = lesson ?? {};
  get("lesson").value = lesson ? number : "";
  get("task-strip").hidden = !lesson;
  get("task-strip").textContent = lesson ? (done ? DONE : one.task) : "";
  get("task-strip").classList.toggle("done", Boolean(done));
  get("again").hidden = !lesson;
  if (!lesson || done) get("lesson-strays").hidden = true;
  get("following").hidden = Boolean(lesson) && number === LESSONS.length - 1;
  get("following").textContent = lesson ? "Next lesson" : "Begin";
  get("lesson-demo").textContent = one ? `The demo of this lesson: python -m demos ${one.demo}` : "";
  get("lesson-text").replaceChildren(...(lesson ? [
    made("p", one.scene), ...before, made("p", one.task, { className: "task" }),
    ...(done ? [...after, made("p", one.seen, { className: "seen" })] : []),
  ] : [made("p", `${counted(LESSONS.length, "short lesson")}. Each asks for one action and explains what you saw. `
    + "The other tabs are for your own networks and data.")]));
}

/** Everything anew: another network, other data, other settings. */
function showAll() {
  showSettings();
  showTask();
  edited("");
}

get("lesson").append(made("option", "Choose a lesson", { value: "" }), ...LESSONS.map(({ title }, i) => made("option", `${i + 1}. ${title}`, { value: i })));
get("lesson").addEventListener("change", () => beginLesson(get("lesson").value === "" ? -1 : Number(get("lesson").value)));
get("task-strip").addEventListener("click", () => openTab(get("tab-lessons"), true));
get("again").addEventListener("click", () => beginLesson(lesson.number));
get("following").addEventListener("click", () => beginLesson(lesson ? lesson.number + 1 : 0));

/** The first task whose rows the network can take. */
function taskFor({ inputs, outputs }) {
  return Object.keys(TASKS).find((name) => {
    const { sequences: [[[row, targets]]] } = dataOf(name);
    return row.length === inputs.length && (targets?.length ?? 1) === outputs.length;
  }) ?? "xor";
}
/** Whether this browser has opened such a page before: people who open it first begin with the lessons. */
function wasHere() {
  try {
    const before = localStorage.getItem(VISITED);
    localStorage.setItem(VISITED, "yes");
    return before !== null;
  } catch { // the frame of a notebook, or a browser that stores nothing: it would be the first time for ever
    return true;
  }
}
function start() {
  for (const [id, text] of [["back", "Back"], ["next", "Step"]]) {
    get(id).textContent = text;
    get(id).setAttribute("aria-label", `${text}: ${get(id).getAttribute("aria-label").toLowerCase()}`);
  }
  const { network, sequences, model } = data.learn;
  install(networkOf(network));
  const isApart = ({ length }) => length === 1;
  page.data = dealt(model ? dataOfModel(checkedModel(model, net), namesIn(net), sequences, !sequences?.every(isApart)) : sequences ? givenData(sequences) : dataOf(taskFor(net)));
  page.settings.rate = TASKS[page.data.name]?.rate ?? 0.1;
  forget();
  page.start = net.toJSON();
  showLesson();
  showAll();
  openTab(get(`tab-${model ? "data" : sequences || location.hash || wasHere() ? "learn" : "lessons"}`));
  readAddress();
}
start();
