// Lessons: a scene and a task, whose end is found from the page's state; and the start of the page.

const VISITED = "synapse page opened";
const MOST_WIDE = 6; // steps whose numbers have three digits after the point

function acted() {
  showEdits();
  keep();
  if (!lesson || lesson.done) return;
  showStrays();
  if (!isDone(lesson.of, page)) return;
  lesson.done = true;
  lesson.after = stripsOf([...(lesson.of.strips ?? []), ...(lesson.of.reveals ?? [])], "The numbers after it:");
  if (playing) stop();
  showLesson();
  openTab(get("tab-lessons"));
  get("again").scrollIntoView({ block: "nearest" }); // below what was seen
  get("lesson").selectedOptions[0].textContent = `${lesson.number + 1}. ${lesson.of.title} \u2713`;
}
/** What else the reader has changed, which keeps the lesson from its end. */
function showStrays() {
  const changes = strays(lesson.of, page);
  get("lesson-strays").hidden = !changes.length;
  get("lesson-strays").textContent = `The lesson ends with its own network. Changed beyond the task: ${changes.slice(0, 4).join(", ")}. Take it back, or start again.`;
}
function beginLesson(number) {
  const one = LESSONS[number];
  if (!one) { lesson = null; return showLesson(); }
  if (playing) stop();
  undos.push({ text: "lesson", snapshot: snapshot() });
  install(Object.assign(Network.from(one.network), { name: one.title }));
  page.data = givenData(one.data);
  Object.assign(page.settings, { rate: 0.5, momentum: 0, cost: "", order: "shuffled", speed: "normal", ...one.settings });
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
      const cell = made("td", steps.length > MOST_WIDE ? String(Number(values[i].toFixed(2))).replace("-", "\u2212") : brief(values[i]));
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
  get("task-strip").textContent = lesson ? (done ? "Done. Back to the lesson" : one.task) : "";
  get("again").hidden = !lesson;
  if (!lesson || done) get("lesson-strays").hidden = true;
  get("following").hidden = Boolean(lesson) && number === LESSONS.length - 1;
  get("following").textContent = lesson ? "Next lesson" : "Begin";
  get("lesson-demo").textContent = one ? `The demo of this lesson: python -m demos ${one.demo}` : "";
  get("lesson-text").replaceChildren(...(lesson ? [
    made("p", one.scene), ...before, made("p", one.task, { className: "task" }),
    ...(done ? [...after, made("p", one.seen, { className: "seen" })] : []),
  ] : [made("p", `${counted(LESSONS.length, "lesson")} of two minutes each. Each asks for one action and says what you saw. `
    + "The other tabs are for networks and data of your own.")]));
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
  const { network, sequences } = data.learn;
  install(networkOf(network));
  page.data = sequences ? givenData(sequences) : dataOf(taskFor(net));
  page.settings.rate = TASKS[page.data.name]?.rate ?? 0.1;
  forget();
  page.start = net.toJSON();
  showLesson();
  showAll();
  openTab(get(`tab-${sequences || location.hash || wasHere() ? "learn" : "lessons"}`));
  readAddress();
}
start();
