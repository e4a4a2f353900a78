// Keeping: files, the address, pictures. What comes from outside is checked here.

const EMPTY = { eligibility: { connection: [], value: [] }, influence: { gater: [], gated: [], value: [] },
  extended: { influence: [], connection: [], value: [] } };

/** A network of Synapse's JSON, whoever wrote it: what is wrong raises a RuleError. */
function networkOf(json) {
  const whole = { format: "synapse", version: 1, name: null, clock: 0, ...EMPTY, ...json };
  checkTables(whole);
  const network = Network.from(whole);
  if (!("state" in whole.neurons)) network.clear();
  return network;
}

function checkTables({ layers: table, neurons: rows, connections: ends }) {
  require(table && rows && ends, "This is not a network in Synapse's JSON: layers, neurons or connections are missing.");
  const count = rows.squash?.length, edges = ends.source?.length, isList = (list, length) => Array.isArray(list) && list.length === length;
  const sizes = Array.isArray(table.size) && table.size.every((size) => Number.isInteger(size) && size > 0);
  require(sizes && table.size.length > 1 && isList(table.name, table.size.length) && total(table.size) === count,
    "This network's layers do not fit its neurons: the file is damaged.");
  require(edges <= MOST_LEARN, tooMany(edges));
  ends.gater ??= ends.source?.map(() => null);
  ends.trainable ??= ends.source?.map((source, i) => source !== ends.target[i]);
  const isPlace = (place) => Number.isInteger(place) && place >= 0 && place < count;
  const required = [[ends.source, edges, isPlace], [ends.target, edges, isPlace], [ends.weight, edges, isNumber], [rows.bias, count, isNumber],
    [rows.squash, count, (name) => Object.hasOwn(SQUASHES, name)], [ends.gater, edges, (place) => place === null || isPlace(place)],
    [ends.trainable, edges, (value) => typeof value === "boolean"]];
  for (const [list, length, holds] of required)
    require(isList(list, length) && list.every(holds), "This network's numbers are damaged: a column is too short, or has something else than a number or name that it can have.");
  const given = (table_, length) => Object.values(table_).every((list) => isList(list, length));
  require(given(rows, count) && given(ends, edges), "This network's columns have different lengths: the file is damaged.");
  const numbers = Object.entries(rows).filter(([name]) => !["name", "squash", "trainable_bias", "frozen_bias", "deterministic"].includes(name));
  require(numbers.every(([, list]) => list.every(isNumber)), "This network has a number that is not finite.");
  require(new Set(ends.source.map((source, i) => `${source} ${ends.target[i]}`)).size === edges, "Two connections of this network join the same neurons.");
}
