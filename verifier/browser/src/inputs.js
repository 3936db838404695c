// `inputs.hashes`: the documents that are enclosed are those that were signed. What follows from them is not recomputed in this page.

import { fromBase64, toHex } from "./bytes.js";
import { Malformed } from "./errors.js";
import { canonical, documentHash } from "./json.js";
import { readMeterHeader } from "./meter.js";
import { isObject } from "./shapes.js";

const INVENTORY = ["METERS", "OPERATIONAL"];
const FIGURES = ["total", "measured", "estimated", "manual", "missing"];
const FIGURE = /^(0|-?[1-9][0-9]{0,40})$/;

// Return a value as its document writes it, so that 1 and "1" are two things; what is not there equals nothing that is.
function written(value) {
  return value === undefined ? "none" : canonical(value);
}

// `attested` is a Map from dataset to {message} or null.
export function checkInputs(run, attested) {
  const { answers, bundle } = run;
  const { inputs, subject } = bundle.document;
  const own = [...attested].filter(([name, item]) => INVENTORY.includes(name) && item !== null);
  if (!own.length) {
    answers.unchecked("inputs.hashes", "inputs", "NO_ATTESTATION");
    return;
  }
  const { statement } = inputs;
  const period = isObject(statement.period) ? statement.period : {};
  const hash = documentHash(statement);
  const rows = own.map(([name, { message }]) => [`statement of ${name}`, toHex(message.statementHash), hash]);
  rows.push(
    ["institution", written(subject.institution), written(statement.institution)],
    ["revision", written(subject.revision), written(statement.revision)],
    ["period start", written(subject.start), written(period.start)],
    ["period end", written(subject.end), written(period.end)],
  );
  if (inputs.organisation !== null) {
    const library = documentHash(inputs.library);
    rows.push(...own.map(([name, { message }]) => [`library of ${name}`, toHex(message.libraryHash), library]));
    rows.push(...["organisation", "activity"].map((name) => [name, written(statement[name]), written(documentHash(inputs[name]))]));
    rows.push(["meters", statedMeters(statement), provenMeters(bundle)]);
    // METERS alone would let the lines of another statement stand on the chain beside the one that is shown here.
    const lines = Array.isArray(statement.lines) && statement.lines.length > 0;
    rows.push(["OPERATIONAL", String(lines), String(bundle.document.datasets.some((item) => item.dataset === "OPERATIONAL"))]);
  }
  if (answers.compare("inputs.hashes", "INPUT_HASH", rows)) answers.pass("inputs.hashes", "statement and what it names");
}

// Return the figures of the statement's el.import meters, one text each, in one order; what is no such figure is equal to none.
function statedMeters({ meters }) {
  if (!Array.isArray(meters) || !meters.every(isObject)) return "unreadable";
  // What hangs behind another meter is in that one's total: it is no leaf.
  const imports = meters.filter((item) => item.quantity === "el.import" && !Object.hasOwn(item, "sub_meter_of"));
  if (!imports.every((item) => FIGURES.every((name) => typeof item[name] === "string" && FIGURE.test(item[name])))) return "unreadable";
  return imports.map((item) => FIGURES.map((name) => item[name]).join(",")).sort();
}

// Return the same of the METERS leaves' records; leaves that are not all here prove none.
function provenMeters({ document, commitments }) {
  const at = document.datasets.findIndex((item) => item.dataset === "METERS");
  if (at < 0) return [];
  const { items } = document.datasets[at];
  if (BigInt(items.length) !== commitments[at].n) return "incomplete";
  try {
    const headers = items.map((item) => readMeterHeader(fromBase64(item.record, "/record")));
    return headers.map((header) => FIGURES.map((name) => header[name]).join(",")).sort();
  } catch (error) {
    if (error instanceof Malformed) return "unread";
    throw error;
  }
}
