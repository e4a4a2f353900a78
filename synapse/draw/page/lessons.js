// The lessons of the page that learns, in the order of its list. Each is a plain object:
//
//   title     a few words
//   demo      the name of the demo with the same material ("xor" for demos/xor.py), or null
//   scene     what the reader sees, two or three sentences
//   task      the one thing that the reader is asked to do, one sentence
//   network   a network in Synapse's JSON (an object), or null: the present network stays. Layers, squash, bias, and source,
//             target and weight of the connections suffice: { layers: { name: ["input", "output"], size: [2, 1] },
//             neurons: { squash: ["identity", "identity", "logistic"], bias: [0, 0, -1] },
//             connections: { source: [0, 1], target: [2, 2], weight: [0.5, 0.5], gater: [null, null] } }
//   data      the name of a data set (a key of TASKS in tasks.js, such as "xor"), or rows: an array of [inputs, targets] for
//             samples that do not depend on each other, or of arrays of such pairs for sequences; targets may be null
//   settings  those that differ from the page's: { rate, momentum, order: "shuffled" | "in order", speed: "slow" | "normal" | "fast" }
//   done      (page) => true when the reader has done it; called after every action and after the steps of every frame
//   seen      what the reader has seen, two or three sentences, shown when `done` has answered true
//
// All texts are shown as text. `done` only reads, and only this:
//
//   page.network    the network, an object of rule.js: its neurons, connections, inputs, outputs, and their numbers
//   page.start      the network's JSON when the lesson began (connections and neurons in the same order)
//   page.steps      learning steps since then
//   page.epochs     whole passes through the data since then
//   page.history    the mean error of a step in each of these passes, oldest first
//   page.latest     the latest step: { inputs, targets, outputs, error }, or null; error is null when nothing was learnt
//   page.selected   the neuron or connection that is selected, or null
//   page.edited     what the reader changed since the lesson began, as words, oldest first: "weight", "bias", "squash",
//                   "frozen", "neuron", "connection", "self-connection", "gate", "ungate", "remove", "undo", "data"
//   page.data       { name, sequences }: each sequence is an array of [inputs, targets]
//   page.settings   { rate, momentum, order, speed }
//   page.answers()  what a copy of the network answers to the data, without learning: outputs by sequence and step

export const LESSONS = [
  {
    title: "XOR needs a layer",
    demo: "xor",
    scene: "Two inputs, three hidden neurons, one output. The output shall be 1 when exactly one input is 1.",
    task: "Press Play until the mean error is below 0.1.",
    network: null,
    data: "xor",
    settings: { rate: 0.5 },
    done: (page) => page.history.at(-1) < 0.1,
    seen: "The hidden neurons each draw a line through the plane of the inputs; the output combines them.",
  },
];
