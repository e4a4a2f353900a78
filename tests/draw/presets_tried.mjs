// Run by test_lessons.py beside the page's own files: learns each preset from several draws of weights, and writes as JSON
// after how many steps each was learned; null if it was not within the most.

import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";
import { Network } from "./network.js";

const here = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const { TASKS, dataOf, below, randomOf } = runInThisContext(`(() => {\n${here("tasks.js")}\nreturn { TASKS, dataOf, below, randomOf };\n})()`);
const recipes = JSON.parse(here("recipes.json")), [draws, most] = process.argv.slice(2).map(Number), RIGHT = 0.97;
const largest = (list) => list.indexOf(Math.max(...list));

/** The fraction of right answers; of numbers, that of their variance which is explained. */
function rightOf(net, { sequences, clear, legal }, isNumber) {
  const copy = Network.from(net.toJSON()), marks = [];
  copy.clear();
  for (const rows of sequences) {
    if (clear) copy.clear();
    rows.forEach(([inputs, targets], t) => {
      const outputs = copy.activate(inputs);
      if (!targets || !targets.some(Boolean) && targets.length > 1) return; // there is nothing to tell
      if (isNumber) marks.push(1 - 2 * (targets[0] - outputs[0]) ** 2); // the variance of a sine is a half
      else if (targets.length > 1) marks.push((legal?.(rows, t) ?? [largest(targets)]).includes(largest(outputs)));
      else marks.push(outputs[0] > 0.5 === targets[0] > 0.5);
    });
  }
  return marks.reduce((sum, mark) => sum + Number(mark), 0) / marks.length;
}

/** The steps until a network that is drawn anew has learned. */
function learned(name, chance, random) {
  const data = dataOf(name), { recipe, rate } = TASKS[name], net = Network.from(recipes[recipe]), order = data.sequences.map((_, i) => i);
  net.draw(chance, recipes[recipe]);
  for (let steps = 0; steps < most; ) {
    for (let i = order.length - 1; i > 0; i--) { const j = below(random, i + 1); [order[i], order[j]] = [order[j], order[i]]; }
    for (const place of order) {
      if (data.clear) net.clear();
      for (const [inputs, targets] of data.sequences[place]) {
        net.activate(inputs);
        if (targets) net.propagate(rate, targets);
        steps++;
      }
    }
    if (rightOf(net, data, name === "sine") >= RIGHT) return steps;
  }
  return null;
}

/** Draws and orders have the seeds of the page, so these are the draws that a person gets by `New weights`. */
function triedOf(name) {
  const chance = randomOf(2), random = randomOf(1);
  return [name, Array.from({ length: draws }, () => learned(name, chance, random))];
}

const found = Object.keys(TASKS).map(triedOf);
console.log(JSON.stringify(Object.fromEntries(found)));
