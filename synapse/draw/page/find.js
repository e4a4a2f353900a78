// Finding neurons: mark a stretch of the first sequence, and those that switch there are listed and lit (LSTMVis, Strobelt and
// others 2018). The numbers are those of synapse.analysis.switching.

const FEWEST_STEPS = 3, MOST_MARKED = 120, MOST_SWITCHING = 8, SWITCHES = 0.7; // steps of a sequence; neurons listed; least correlation of those that are lit

/** Each stretch with as many steps before and after it, up to its neighbours: [first, after the last]. */
function windowsOf(marks) {
  const begins = [], ends = [];
  marks.forEach((mark, t) => {
    if (mark && !marks[t - 1]) begins.push(t);
    if (mark && !marks[t + 1]) ends.push(t + 1);
  });
  return begins.map((begin, k) => {
    const end = ends[k], size = end - begin;
    return [Math.max(ends[k - 1] ?? 0, begin - size), Math.min(begins[k + 1] ?? marks.length, end + size)];
  });
}
const averageOf = (list) => (list.length ? total(list) / list.length : 0);

/** For each column of numbers by step: its correlation with the marks, within the windows and without their means. */
function switchingOf(marks, steps) {
  const windows = windowsOf(marks);
  return many(steps[0].length, (n) => {
    let together = 0, ofMarks = 0, ofNumbers = 0;
    for (const [begin, end] of windows) {
      const times = many(end - begin, (i) => begin + i), mark = averageOf(times.map((t) => marks[t])), mean = averageOf(times.map((t) => steps[t][n]));
      for (const t of times) {
        together += (marks[t] - mark) * (steps[t][n] - mean);
        ofMarks += (marks[t] - mark) ** 2;
        ofNumbers += (steps[t][n] - mean) ** 2;
      }
    }
    const size = Math.sqrt(ofMarks * ofNumbers);
    return size > 0 ? together / size : 0;
  });
}

function showSwitching() {
  const marks = onesOf(get("marks")), count = total(marks);
  cy.elements(".switching").removeClass("switching");
  get("switching").replaceChildren();
  if (!count || count === marks.length || net.inputs.length !== inputCount()) {
    get("found-words").textContent = "Mark the steps of interest by dragging, or with the keyboard.";
    return;
  }
  const sequence = page.data.sequences[0].slice(0, marks.length).map(([inputs]) => inputs);
  const [steps] = runOf([sequence], (copy) => copy.neurons.map(({ state }) => state));
  const inputs = net.inputs.length, correlations = switchingOf(marks, steps);
  const best = correlations.map((value, n) => ({ value, n })).slice(inputs).sort((one, other) => Math.abs(other.value) - Math.abs(one.value) || one.n - other.n);
  page.switching = best.map(({ value, n }) => [n, value]);
  const lit = best.filter(({ value }) => Math.abs(value) >= SWITCHES);
  for (const { n } of lit) byId(stand(n)).addClass("switching");
  get("switching").append(...best.slice(0, MOST_SWITCHING).map(({ value, n }) => {
    const row = made("li"), button = made("button", `${nameOf(all[n])}: ${brief(value)}`, { type: "button" });
    button.addEventListener("click", () => chooseNeuron(n));
    row.append(button);
    return row;
  }));
  get("found-words").textContent = `${counted(lit.length, "neuron")} of ${best.length} ${lit.length === 1 ? "switches" : "switch"} with the `
    + `${counted(count, "marked step")}: the correlation of the state is ${SWITCHES} or more, or -${SWITCHES} or less.`;
}
/** The steps of the first sequence, with no mark. */
function showMarks() {
  const [sequence] = page.data.sequences;
  get("find").hidden = sequence.length < FEWEST_STEPS;
  const shown = Math.min(sequence.length, MOST_MARKED);
  get("marks").replaceChildren(...many(shown, (t) => newCell(t, `Step ${t + 1}`, { title: `step ${t + 1}: ${few(sequence[t][0])}` })));
  showSwitching();
}

switchable(get("marks"), { ArrowLeft: -1, ArrowRight: 1 }, showSwitching);
get("find").addEventListener("toggle", showSwitching); // by the weights as they are now
