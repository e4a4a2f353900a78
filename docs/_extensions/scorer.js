// How the search ranks what it finds: as Sphinx does and, of objects of one name, those of neurons, networks and layers first.

const FIRST = { "synapse.Neuron.": 3, "synapse.Network.": 2, "synapse.Layer.": 1 };
var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: ([, title, , , score]) => score + (FIRST[Object.keys(FIRST).find((start) => title.startsWith(start))] ?? 0),
};
