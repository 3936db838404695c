// `policy.*` and `bundle.subject`: whom to trust, and what the bundle is about.

import { FAIL, NOT_IN_FORCE } from "./answers.js";
import { toHex } from "./bytes.js";
import { readHeader } from "./chain.js";
import { isSigned, isSignedByKey } from "./policy.js";
import { secondsOf } from "./shapes.js";
import { nameHash } from "./trees.js";

// Answer policy.signature and policy.validity; `policyKey` names signers (hex, base64 or fingerprint, comma between) or is null.
export function checkPolicy({ answers, policy, policyKey, now }) {
  if (policy === null) {
    answers.unchecked(["policy.signature", "policy.validity"], "policy", "NO_POLICY");
    return;
  }
  const subject = `policy version ${policy.version}`;
  if (!isSigned(policy)) {
    const held = policy.signatures.filter(({ known, holds }) => known && holds).length;
    answers.add("policy.signature", FAIL, subject, "POLICY_SIGNATURE", {
      expected: `${policy.threshold} of ${policy.signers.length} signers`,
      found: `${held} of ${policy.signatures.length} signatures hold`,
    });
  } else if (policyKey === null) answers.unchecked("policy.signature", subject, "NO_POLICY_KEY");
  else if (policyKey.split(",").every((key) => isSignedByKey(policy, key))) answers.pass("policy.signature", subject);
  else answers.add("policy.signature", FAIL, subject, "POLICY_KEY", { expected: policyKey });
  const window = { expected: `[${policy.issued}, ${policy.expires ?? "∞"})`, found: String(now) };
  if (now < policy.issued) answers.add("policy.validity", NOT_IN_FORCE, subject, "POLICY_NOT_YET", window);
  else if (policy.expires !== null && now >= policy.expires) answers.add("policy.validity", NOT_IN_FORCE, subject, "POLICY_EXPIRED", window);
  else answers.pass("policy.validity", subject);
}

// Answer bundle.subject: what it says it is about is what its contexts bind, and nothing in it is idle.
export function checkSubject(run) {
  const { answers, bundle } = run;
  const { subject } = bundle.document;
  answers.guard("bundle.subject", "subject", () => {
    const rows = [...boundRows(bundle), ...kindRows(bundle.document), ...headerRows(bundle)];
    if (answers.compare("bundle.subject", "SUBJECT", rows)) {
      answers.pass("bundle.subject", `${subject.institution} ${subject.start}/${subject.end} revision ${subject.revision}`);
    }
  });
}

function boundRows({ document: { subject }, commitments }) {
  const bounds = { start: secondsOf(subject.start), end: secondsOf(subject.end) };
  const first = commitments[0].context;
  return commitments.flatMap(({ name, context }) => [
    [`${name} context.org`, toHex(nameHash("org", subject.institution)), toHex(context.org)],
    [`${name} context.period_start`, bounds.start, context.start],
    [`${name} context.period_end`, bounds.end, context.end],
    [`${name} context.revision`, subject.revision, context.revision],
    [`${name} context.dataset`, toHex(nameHash("dataset", name)), toHex(context.dataset)],
    [`${name} context.alg`, 1, context.alg],
    [`${name} context.measures`, 4, context.measures],
    [`${name} context.chain_id`, first.chainId, context.chainId],
    [`${name} context.contract`, toHex(first.contract), toHex(context.contract)],
  ]);
}

// What each kind has and has not; what it may have either way is not named.
function kindRows({ subject: { kind }, datasets, claim, inputs }) {
  const items = datasets.some((item) => item.items.length > 0);
  const whole = inputs !== null && inputs.organisation !== null;
  const alone = inputs !== null && inputs.organisation === null;
  const wanted = {
    leaf: [["claim", false, claim !== null], ["one dataset with items", true, datasets.length === 1 && items], ["whole inputs", false, whole]],
    statement: [["claim", false, claim !== null], ["a statement alone", false, alone], ["items without inputs", false, items && !whole]],
    claim: [["claim", true, claim !== null], ["a statement alone", false, alone]],
  };
  return wanted[kind].map(([what, expected, found]) => [`kind ${kind}: ${what}`, expected, found]);
}

// Return the index of every header that something of the bundle refers to, but for its finality.
function referredTo({ datasets, claim }) {
  const blocks = datasets.filter((item) => item.anchor !== null).map((item) => item.anchor.block);
  if (claim !== null) {
    const signed = [claim, ...claim.verdicts, ...(claim.certificate === null ? [] : [claim.certificate])];
    blocks.push(...signed.map((item) => item.event.block), ...(claim.status === null ? [] : [claim.status.block]));
  }
  return [...new Set(blocks)].sort((a, b) => a - b);
}

function headerRows({ document, headers }) {
  const numbers = headers.map((raw) => readHeader(raw, null).number);
  const all = headers.map((_, at) => at);
  const ascend = numbers.every((number, at) => !at || numbers[at - 1] < number);
  const rows = [
    ["headers ascending by number", true, ascend],
    ["headers referred to", all, referredTo(document)],
  ];
  if (document.finality !== null && document.finality.kind === "checkpoint") {
    rows.push(["finality.proofs", all, document.finality.proofs.map((item) => item.block)]);
  }
  return rows;
}
