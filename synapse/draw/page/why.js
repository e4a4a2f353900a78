// Why a weight or a bias moved in the latest step: the rate, times errors, times eligibilities, with their numbers.

/** The move of a weight of a neuron at a rate of 1, from the rule itself, and its parts. */
function moveOf(target, owner) {
  const i = target.incoming.indexOf(owner), ofBias = owner === target;
  let move = 0;
  target.learn((one, name, tie, value) => { if (one === owner && (name === "bias") === ofBias) move = value; });
  const heard = target.gating.filter((one) => one.answers && one.gated.responsibility !== 0);
  const parts = [{ error: target.projected, by: target, trace: ofBias ? target.biasEligibility : owner.eligibility, word: "eligibility" },
    ...heard.map((one) => ({ error: one.gated.responsibility, by: one.gated, trace: ofBias ? one.extendedBias : one.extended[i], word: "extended trace" }))];
  return { move, parts };
}

/** What the eligibility consists of, for each kind of connection. */
function traceWords({ source, target, gater, delayed, seen, gain }) {
  const before = source === target ? "the previous state" : `${delayed ? "the previous activation" : "the activation"} of ${nameOf(source)}`;
  const fresh = gater ? `the gain of ${nameOf(gater)} (${shown(gain)}) \u00d7 ${before} (${shown(seen)})` : `${before} (${shown(seen)})`;
  const loop = target.selfConnection;
  if (!loop) return `Eligibility: ${fresh}.`;
  return `Eligibility: ${fresh}, and what is left of earlier steps: the previous eligibility \u00d7 the weight${loop.gater ? " \u00d7 the gain" : ""} of the self-connection.`;
}

function explain({ kind, connection: c, neuron: n }) {
  const owner = kind === "connection" ? links[c] : all[n], target = kind === "connection" ? owner.target : owner;
  const [learns, tie] = kind === "connection" ? [owner.trainable, owner.tie] : [owner.trainableBias, owner.biasTie];
  const number = kind === "connection" ? "weight" : "bias", said = [made("h3", `Why did this ${number} move?`)];
  const sentence = (text) => [...said, made("p", text)];
  if (kind === "neuron" && net.inputs.includes(owner)) return [];
  if (!learns) return sentence(`It did not: this ${number} is not trainable.`);
  if (!page.latest || !trail.length) return sentence("No step since the last change.");
  if (page.latest.error === null) return sentence("It did not: the latest step has no target.");
  const { move, parts } = moveOf(target, owner), { rate, momentum } = page.settings;
  const rows = [["rate", rate]];
  parts.forEach(({ error, by, trace, word }) => rows.push([`error of ${nameOf(by)}`, error], [`\u00d7 ${word}`, trace]));
  if (parts.length > 1) rows.push(["sum of products", move]);
  if (momentum) rows.push([`with momentum ${momentum}`, owner.velocity]);
  else if (tie) rows.push(["sum with all that it is tied to", owner.velocity]);
  rows.push(["moved by", rate * owner.velocity]);
  const words = parts.length > 1 ? [made("p", `${nameOf(target)} gates connections into ${parts.slice(1).map(({ by }) => nameOf(by)).join(", ")}: their errors count too.`)] : [];
  return [...said, table(rows), ...words, ...(kind === "connection" ? [made("p", traceWords(owner))] : [])];
}
why = explain;
