// The page: choose or drop files, verify, show. No file leaves it; the content policy of the page allows no request at all.

import { fromBase64 } from "./bytes.js";
import { crosscheck } from "./crosscheck.js";
import { asked } from "./ed25519.js";
import { Malformed } from "./errors.js";
import { readStrict } from "./json.js";
import { readLogProofs, readPolicy } from "./policy.js";
import { clockOf, element, reportOf, unreadableOf } from "./report.js";
import { verifyBundle } from "./verify.js";
import { LANGUAGES, label } from "./words.js";

const SCHEMAS = { "lingtan.bundle/1": "bundle", "lingtan.policy/1": "policy", "lingtan.consistency/1": "consistency" };
const NAMES = ["bundle", "policy", "consistency"];

const state = { language: navigator.language.startsWith("zh") ? "zh" : "en", files: {}, shown: null, turn: 0 };

function part(id) {
  return document.getElementById(id);
}

// Word everything that stands on the page from the start.
function reword() {
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  document.title = `${label("title", state.language)} · 零碳 Lingtan`;
  for (const node of document.querySelectorAll("[data-label]")) node.textContent = label(node.dataset.label, state.language);
  for (const name of NAMES) part(`${name}-name`).textContent = state.files[name]?.name ?? label("none", state.language);
  for (const button of document.querySelectorAll("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
  settings();
  if (state.shown) state.shown();
}

async function take(list, wanted) {
  for (const file of list) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const name = wanted ?? kindOf(bytes);
    if (name === null) return notify("unknownFile", `${file.name} `);
    state.files[name] = { name: file.name, bytes };
  }
  reword();
  return run();
}

// A file that was dropped says by itself what it is; what does not read is taken for the bundle, and refused as one.
function kindOf(bytes) {
  try {
    return SCHEMAS[readStrict(bytes).schema] ?? null;
  } catch {
    return "bundle";
  }
}

function notify(key, before = "") {
  state.shown = () => part("result").replaceChildren(element("p", "notice", before + label(key, state.language)));
  state.shown();
}

function settings() {
  const key = part("policy-key").value.trim();
  part("policy-key-error").textContent = key === "" || key.split(",").every(isKeyText) ? "" : label("policyKeyWrong", state.language);
  let now = null;
  try {
    now = clockOf(part("clock").value);
    part("clock-error").textContent = "";
  } catch {
    part("clock-error").textContent = label("clockWrong", state.language);
  }
  const isRight = now !== null && part("policy-key-error").textContent === "";
  return isRight ? { policyKey: key === "" ? null : key, now } : null;
}

function isKeyText(text) {
  const plain = text.trim().toLowerCase().replace(/^sha256:/, "").replace(/^0x/, "").replaceAll(":", "");
  if (/^[0-9a-f]{64}$/.test(plain)) return true;
  try {
    return fromBase64(text.trim(), "").length === 32;
  } catch {
    return false;
  }
}

async function run() {
  const { bundle, policy = null, consistency = null } = state.files;
  const given = settings();
  if (!bundle) return;
  state.turn += 1;
  // An answer to other settings than those that stand above it is taken away.
  if (!given) return notify(part("policy-key-error").textContent !== "" ? "policyKeyWrong" : "clockWrong");
  const { turn } = state;
  notify("checking");
  await new Promise((done) => setTimeout(done, 30)); // the word is painted before the arithmetic begins
  if (turn !== state.turn) return;
  asked.clear();
  try {
    const result = verifyBundle({ bundle: bundle.bytes, policy: policy && policy.bytes, consistency: consistency && consistency.bytes, ...given });
    show(() => reportOf(result, state.language), null);
    const files = [bundle, policy, consistency].filter((file) => file !== null).map((file) => file.bytes);
    const arithmetic = await crosscheck(files, [...asked.values()]);
    if (turn === state.turn) show(() => reportOf(result, state.language), arithmetic);
  } catch (error) {
    if (error instanceof Malformed) show(() => unreadableOf(blame(), error, state.language), null);
    else show(() => element("p", "notice fault", `${label("fault", state.language)} ${error.message}`), null);
  }
}

// Return the name of the file that could not be read.
function blame() {
  for (const [name, read] of [["policy", readPolicy], ["consistency", readLogProofs]]) {
    const file = state.files[name];
    try {
      if (file) read(file.bytes);
    } catch {
      return file.name;
    }
  }
  return state.files.bundle.name;
}

function show(make, arithmetic) {
  state.shown = () => {
    const report = make();
    if (arithmetic === "disagrees") report.prepend(element("p", "notice fault", label("disagrees", state.language)));
    else if (arithmetic !== null) {
      const list = report.querySelector(".identity dl");
      list.append(element("dt", "", label("arithmetic", state.language)), element("dd", "words", label(arithmetic, state.language)));
    }
    part("result").replaceChildren(report);
  };
  state.shown();
}

function start() {
  for (const name of NAMES) part(name).addEventListener("change", (event) => take(event.target.files, name));
  for (const name of ["policy-key", "clock"]) part(name).addEventListener("change", run);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      state.language = LANGUAGES.includes(button.dataset.language) ? button.dataset.language : "en";
      reword();
    });
  }
  part("print").addEventListener("click", () => window.print());
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    take(event.dataTransfer.files, null);
  });
  reword();
}

start();
