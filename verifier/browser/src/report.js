// Show what a verification came to: status first, then each check, totals, recomputation, identifiers. Text only ever becomes text nodes.

import { secondsOf } from "./shapes.js";
import { toHex } from "./bytes.js";
import { sha256 } from "./sha2.js";
import { readHeader } from "./chain.js";
import { claimIds } from "./claim.js";
import { explain, label, levelWords, measuresOf, outcomeWords, placeOf, questionOf, verdictWords } from "./words.js";

const LEVELS = ["L1", "L2", "L3", "L4", "L5"];
const LONG = 300;

// Return an element with a class and children, which are elements or text.
export function element(tag, kind, ...children) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.append(...children.map((child) => (typeof child === "string" ? visible(child) : child)));
  return made;
}

// What steers a reader's eye or direction without being seen is written out.
function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => `\\u${sign.codePointAt(0).toString(16).padStart(4, "0")}`);
}

function grouped(decimal) {
  return decimal.replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

export function instantOf(seconds) {
  const time = Number(seconds) * 1000;
  return Math.abs(time) < 8.64e15 ? new Date(time).toISOString().replace(".000Z", "Z") : String(seconds);
}

// Return the report of a verification (verify.js) as one element.
export function reportOf(result, language) {
  const report = element("div", "report");
  report.append(statusOf(result, language), checksOf(result, language), totalsOf(result, language));
  const recomputed = element("p", "", element("strong", "", label("notRecomputed", language)), ` · ${label("notHere", language)}`);
  report.append(section("recomputation", language, recomputed), identityOf(result, language));
  return report;
}

function section(name, language, ...children) {
  return element("section", name, element("h2", "", label(name, language)), ...children);
}

// Return the card of a file that could not be read as a whole.
export function unreadableOf(name, error, language) {
  const { word, sentence } = verdictWords("MALFORMED", language);
  const place = element("p", "mono", `${name}: ${error.message}`.slice(0, 2 * LONG));
  return element("div", "report", element("section", "status MALFORMED", verdictHead(word, "✗", `${label("exit", language)} 3`), element("p", "", sentence), place));
}

function verdictHead(word, sign, code) {
  return element("div", "verdict", element("span", "sign", sign), element("h2", "", word), element("span", "code", code));
}

function statusOf({ bundle, word, exit, level, now }, language) {
  const { subject, claim } = bundle.document;
  const words = verdictWords(word, language);
  const sign = { VALID: "✓", INVALID: "✗", MALFORMED: "✗" }[word] ?? (word === "INCOMPLETE" ? "–" : "!");
  const steps = LEVELS.map((name) => element("li", level !== "-" && name <= level ? "reached" : "", name));
  const levels = element("div", "levels", element("ol", "", ...steps), element("p", "", `${label("level", language)} ${level}: ${levelWords(level, language)}`));
  const kind = label(`kind.${subject.kind}`, language) + (claim === null ? "" : ` ${claim.id}`);
  const facts = [
    ["institution", subject.institution],
    ["period", `${subject.start} – ${subject.end}`],
    ["revision", String(subject.revision)],
    ["kind", kind],
    ["asOf", instantOf(now)],
  ];
  const head = verdictHead(words.word, sign, `${word} · ${label("exit", language)} ${exit}`);
  return element("section", `status ${word}`, head, element("p", "sentence", words.sentence), levels, definitions(facts, language));
}

function definitions(rows, language) {
  return element("dl", "", ...rows.flatMap(([name, ...values]) => [element("dt", "", language === null ? name : label(name, language)), ...values.map((value) => element("dd", "", value))]));
}

function checksOf(result, language) {
  const { answers, bundle } = result;
  const names = bundle.document.datasets.map(({ dataset }) => dataset);
  const groupOf = (id) => names.find((name) => id.endsWith(`.${name}`)) ?? (/^(claim|verdict|certificate|status)\./.test(id) ? "group.claim" : "group.trust");
  const groups = new Map([["group.trust", []], ...names.map((name) => [name, []]), ["group.claim", []]]);
  for (const id of new Set(answers.items.map((item) => item.id))) groups.get(groupOf(id)).push(id);
  for (const [name, ids] of groups) if (name !== "group.claim") ids.sort((a, b) => placeOf(a) - placeOf(b));
  if (bundle.document.claim !== null) groups.set("group.claim", claimIds(result));
  const shown = [...groups].filter(([, ids]) => ids.length).map(([name, ids]) => groupTable(result, name, ids, language));
  return section("checks", language, ...shown);
}

function groupTable({ answers }, name, ids, language) {
  const held = ids.filter((id) => answers.holds(id)).length;
  const count = `${held} ${label("of", language)} ${ids.length} ${label("passed", language)}`;
  const title = name.startsWith("group.") ? label(name, language) : name;
  const rows = ids.map((id) => checkRow(answers, id, language));
  return element("div", "group", element("h3", "", title, element("span", "count", count)), element("ul", "", ...rows));
}

function checkRow(answers, id, language) {
  const { outcome } = answers.worst(id);
  const { word, sign } = outcomeWords(outcome, language);
  const badge = element("span", "badge", element("span", "sign", sign), word);
  const question = element("div", "question", questionOf(id, language), element("code", "", id));
  const odd = answers.items.filter((item) => item.id === id && (item.outcome !== "PASS" || item.code));
  return element("li", outcome.replaceAll(" ", "-"), badge, element("div", "answer", question, ...odd.map((item) => explanation(item, language))));
}

function explanation(item, language) {
  const { means, next } = explain(item, language);
  const rows = [["means", means], ["expected", item.facts.expected], ["found", item.facts.found], ["next", next]];
  if (item.outcome === "FAIL" || item.outcome === "MALFORMED") rows.splice(1, 0, ["detail", item.facts.detail === undefined ? item.subject : `${item.subject}: ${item.facts.detail}`]);
  const given = rows.filter(([, value]) => value !== undefined && value !== "").map(([name, value]) => [name, value.length > LONG ? `${value.slice(0, LONG)} …` : value]);
  return definitions(given, language);
}

function totalsOf({ bundle }, language) {
  const tables = bundle.document.datasets.map((item) => {
    const measures = measuresOf(item.dataset, language);
    const rows = item.totals.map((total, at) => element("tr", "", element("th", "", measures[at].name), element("td", "", grouped(total)), element("td", "unit", measures[at].unit)));
    const caption = `${item.dataset} · ${grouped(item.n)} ${label("leaves", language)}`;
    const parts = [element("table", "", element("caption", "", caption), element("tbody", "", ...rows))];
    if (item.items.length) parts.push(recordsOf(item, measures, language));
    return element("div", "dataset", ...parts);
  });
  return section("totals", language, ...tables);
}

function recordsOf({ items }, measures, language) {
  const head = element("tr", "", element("th", "", label("records", language)), ...measures.map(({ name }) => element("th", "", name)));
  const rows = items.map((item) => element("tr", "", element("td", "", `${item.index} · ${item.asset ?? `${item.key.slice(0, 16)}…`}`), ...item.values.map((value) => element("td", "", grouped(value)))));
  return element("div", "wide", element("table", "records", element("thead", "", head), element("tbody", "", ...rows)));
}

function identityOf({ bundle, policy }, language) {
  const { datasets, finality, headers } = bundle.document;
  const rows = [[label("bundleId", language), bundle.id]];
  if (policy !== null) {
    const signed = policy.signatures.filter(({ known, holds }) => known && holds).map(({ key }) => toHex(sha256(key)));
    rows.push([`${label("policyId", language)} ${policy.version}`, policy.digest], [label("signers", language), ...(signed.length ? signed : ["–"])]);
  }
  for (const item of datasets) {
    rows.push([`${label("root", language)} ${item.dataset}`, item.root]);
    if (item.attestation !== null) rows.push([`${label("signer", language)} (${item.dataset})`, item.attestation.signer]);
    if (item.anchor !== null && item.anchor.block < headers.length) rows.push([label("block", language), blockWords(bundle.headers[item.anchor.block])]);
  }
  if (finality !== null && finality.kind === "checkpoint") {
    const [origin, size] = finality.checkpoint.split("\n");
    rows.push([label("checkpoint", language), `${origin} · ${size ?? ""}`]);
  }
  const list = definitions(rows, null);
  list.classList.add("mono");
  return section("identity", language, list);
}

function blockWords(raw) {
  try {
    const { number, time } = readHeader(raw, null);
    return `${number} · ${instantOf(time)}`;
  } catch {
    return "–";
  }
}

// Return the Unix seconds (BigInt) of what a person typed as the clock, now where nothing; throws Malformed.
export function clockOf(text) {
  const typed = text.trim();
  return typed === "" ? BigInt(Math.floor(Date.now() / 1000)) : secondsOf(typed);
}
