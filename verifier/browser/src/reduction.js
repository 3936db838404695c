// The line of a bank's own project, `lingtan.reduction/1`, and the rules that it keeps by itself (savings.md §7).

import { Malformed, Refused } from "./errors.js";
import { readCanonical } from "./json.js";
import { HASH, ID, TEXT, decimalText, fields, list, nullable, schema, unsigned, word } from "./shapes.js";

const FIGURE = unsigned(96);
// What one of a unit is in g/Wh, as a fraction [numerator, denominator].
const UNITS = new Map();
for (const [mass, grams] of [["g", 1n], ["kg", 1000n], ["t", 1_000_000n]]) {
  for (const [energy, hours] of [["Wh", 1n], ["kWh", 1000n], ["MWh", 1_000_000n]]) {
    for (const gas of ["CO2", "CO2e"]) UNITS.set(`${mass}${gas}/${energy}`, [grams, hours]);
  }
}

function factorValue(value, pointer) {
  decimalText(value, pointer);
  if (value.startsWith("-")) throw new Malformed(pointer, "a decimal string of 0 or more expected");
}

const LINE = fields({
  schema: schema("reduction"),
  id: ID,
  unit: ID,
  kind: word("retrofit", "pv"),
  option: word("A", "B", "C"),
  factor: fields({ id: TEXT, value: factorValue, unit: word(...UNITS.keys()) }),
  avoided_g: FIGURE,
  saved_wh: FIGURE,
  self_used_wh: FIGURE,
  exported_wh: FIGURE,
  evidence: list(fields({ kind: ID, id: TEXT, sha256: nullable(HASH) }), { most: 10_000 }),
});

// Return the line in canonical bytes, of which every figure fits the others.
export function readReduction(bytes) {
  const line = readCanonical(bytes);
  LINE(line, "/record");
  line.evidence.slice(1).forEach((item, at) => {
    if (comparePlaces(line.evidence[at], item) >= 0) throw new Malformed(`/record/evidence/${at + 1}`, "not in strictly ascending order");
  });
  const { kind, option, factor } = line;
  const energy = BigInt(line.saved_wh) + BigInt(line.self_used_wh);
  hold("avoided_g", roundedProduct(energy, factor), BigInt(line.avoided_g));
  if (kind === "pv") {
    hold("saved_wh", 0n, BigInt(line.saved_wh));
    hold("option", "B", option);
  } else {
    hold("self_used_wh", 0n, BigInt(line.self_used_wh));
    hold("exported_wh", 0n, BigInt(line.exported_wh));
  }
  return line;
}

// Return energy times factor in grams, rounded half to even.
function roundedProduct(energy, { value, unit }) {
  const [whole, places = ""] = value.split(".");
  const [grams, hours] = UNITS.get(unit);
  const numerator = energy * BigInt(whole + places) * grams;
  const denominator = 10n ** BigInt(places.length) * hours;
  const [floor, rest] = [numerator / denominator, numerator % denominator];
  const isUp = 2n * rest > denominator || (2n * rest === denominator && floor % 2n === 1n);
  return isUp ? floor + 1n : floor;
}

// Evidence is in the order of kind, id, sha256 (null first) by Unicode code points.
function comparePlaces(a, b) {
  for (const [left, right] of [[a.kind, b.kind], [a.id, b.id], [a.sha256 ?? "", b.sha256 ?? ""]]) {
    const [x, y] = [[...left], [...right]];
    for (let i = 0; i < x.length && i < y.length; i += 1) if (x[i] !== y[i]) return x[i].codePointAt(0) - y[i].codePointAt(0);
    if (x.length !== y.length) return x.length - y.length;
  }
  return 0;
}

function hold(name, expected, found) {
  if (expected !== found) {
    throw new Refused("ITEM", `${name} contradicts the rest of the line`, { element: `record ${name}`, expected: String(expected), found: String(found) });
  }
}
