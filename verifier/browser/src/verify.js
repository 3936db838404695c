// Verify a proof bundle: every check of bundle.md §2 in its order, the outcome and the level. Nothing here asks a network or a clock.

import { Answers, UNTRUSTED } from "./answers.js";
import { readBundle } from "./bundle.js";
import { toHex } from "./bytes.js";
import { checkClaim } from "./claim.js";
import { checkDataset } from "./dataset.js";
import { checkInputs } from "./inputs.js";
import { readLogProofs, readPolicy } from "./policy.js";
import { checkPolicy, checkSubject } from "./subject.js";

// Return {answers, bundle, policy, word, exit, level}. `bundle`, `policy` and `consistency` are bytes, the last two may be null; `policyKey`
// is text or null; `now` is Unix seconds (BigInt). Throws Malformed where a file cannot be read as a whole.
export function verifyBundle({ bundle: bytes, policy: policyBytes = null, policyKey = null, consistency = null, now }) {
  const policy = policyBytes === null ? null : readPolicy(policyBytes);
  const logProofs = consistency === null ? new Map() : readLogProofs(consistency);
  const bundle = readBundle(bytes);
  const answers = new Answers();
  const run = { answers, bundle, policy, policyKey, logProofs, now };
  checkPolicy(run);
  checkSubject(run);
  const attested = new Map(bundle.commitments.map(({ name }, at) => [name, checkDataset(run, at)]));
  checkLibraries(run, attested);
  const certified = bundle.document.claim !== null && checkClaim(run);
  if (bundle.document.inputs !== null) checkInputs(run, attested);
  const level = levelOf(answers, bundle, certified);
  const { word, exit } = answers.worst();
  return exit === 0 && level === "-" ? { ...run, level, word: "INCOMPLETE", exit: 4 } : { ...run, level, word, exit };
}

function checkLibraries({ answers, policy }, attested) {
  const hashes = new Set([...attested.values()].filter((item) => item !== null).map(({ message }) => toHex(message.libraryHash)));
  const unknown = [...hashes].filter((hash) => policy !== null && !policy.libraries.has(hash));
  if (policy === null) answers.unchecked("library.trusted", "library", "NO_POLICY");
  else if (!hashes.size) answers.unchecked("library.trusted", "library", "NO_ATTESTATION");
  else if (unknown.length) answers.add("library.trusted", UNTRUSTED, `library ${unknown[0].slice(0, 16)}`, "LIBRARY_UNLISTED", { found: unknown[0] });
  else answers.pass("library.trusted", [...hashes].map((hash) => `library ${hash.slice(0, 16)}`).join(", "));
}

// Return "-" or L1 to L5: what holds for every dataset.
function levelOf(answers, { document }, certified) {
  const hold = (...steps) => document.datasets.every(({ dataset }) => answers.holds(...steps.map((step) => `${step}.${dataset}`)));
  const itemsHold = document.datasets.every(({ dataset, items }) => !items.length || answers.holds(`items.${dataset}`));
  if (!answers.holds("bundle.subject") || !hold("commitment") || !itemsHold) return "-";
  if (!hold("attestation", "anchor.header", "anchor.receipt", "anchor.state")) return "L1";
  if (!hold("anchor.final")) return "L2";
  if (!hold("anchor.witnessed")) return "L3";
  return certified && answers.worst().exit === 0 ? "L5" : "L4";
}
