// The checks of a claim: its message, verdicts, certificate, and what the ClaimRegistry's storage says of them (bundle.md §2).

import { Answers, NOT_IN_FORCE, PASS, UNTRUSTED } from "./answers.js";
import { fromHex, fromInteger, join, same, toHex } from "./bytes.js";
import { mappingSlot, provenAccount, provenLog, provenWord } from "./chain.js";
import { headerAt, recordId } from "./dataset.js";
import { CERTIFICATE, CLAIM, VERDICT, arrayOf, eventTopic, fieldsOf, readMessage, signingDigest, structHash, wordOf } from "./eip712.js";
import { Refused } from "./errors.js";
import { checkFinal, checkWitnesses, checkpointSize, namesWitnesses } from "./finality.js";
import { receiptOf } from "./bundle.js";
import { documentHash } from "./json.js";
import { standingOf } from "./policy.js";
import { recoverSigner } from "./secp256k1.js";
import { secondsOf } from "./shapes.js";
import { nameHash } from "./trees.js";

// How a message is recorded: its event, how many of its fields are topics, whether the signer is a topic too; and who signs it.
const RECORDED = new Map([
  [CLAIM, { event: "ClaimSubmitted", topics: 3, role: "approver" }],
  [VERDICT, { event: "VerdictGiven", topics: 2, signerIsTopic: true, role: "verifier" }],
  [CERTIFICATE, { event: "CertificateIssued", topics: 3, role: "certifier" }],
]);
// Words of the registry's records (typed-data.md, storage).
const CLAIM_WORDS = [3n, 5n, 7n, 8n];
const CERTIFICATE_WORDS = [3n, 4n, 5n];
const [ATTESTED, CERTIFIED] = [2n, 5n];
const IN_FORCE = 1n;
const ADVERSE = 3n;
const CLOCK_TOLERANCE = 300n;

// Return the ids that a bundle with a claim owes answers to.
export function claimIds({ bundle, policy }) {
  const { verdicts, certificate } = bundle.document.claim;
  return [
    "claim.message",
    "claim.recorded",
    ...verdicts.flatMap((_, at) => [`verdict.signed.${at}`, `verdict.recorded.${at}`]),
    ...(certificate === null ? [] : ["certificate.signed", "certificate.recorded"]),
    "status.state",
    "status.final",
    ...(namesWitnesses(policy) ? ["status.witnessed"] : []),
    ...(policy !== null && policy.maxAge !== null ? ["status.age"] : []),
  ];
}

// Answer every check of the claim; return whether it is certified: all of them hold, with verdicts enough that are not adverse.
export function checkClaim(run) {
  const { answers, policy } = run;
  const { claim } = run.bundle.document;
  const pin = policy === null ? undefined : policy.contracts.get("ClaimRegistry");
  if (!pin) {
    answers.unchecked(claimIds(run), claim.id, policy === null ? "NO_POLICY" : "NO_POLICY_REGISTRY");
    return false;
  }
  const read = { claim: null, verdicts: [], certificate: null };
  const own = { ...run, pin, read };
  read.claim = checkSigned(own, "claim.message", "claim.recorded", CLAIM, claim, (signed) => claimRows(run, claim.id, signed));
  claim.verdicts.forEach((item, at) => {
    const rows = (signed) => verdictRows(own, item.result, at, signed);
    const signed = checkSigned(own, `verdict.signed.${at}`, `verdict.recorded.${at}`, VERDICT, item, rows);
    if (signed !== null) read.verdicts.push(signed);
  });
  if (claim.certificate !== null) {
    const rows = (signed) => certificateRows(own, signed);
    read.certificate = checkSigned(own, "certificate.signed", "certificate.recorded", CERTIFICATE, claim.certificate, rows);
  }
  checkStatus(own);
  if (read.claim === null || read.certificate === null || !answers.holds(...claimIds(run))) return false;
  // Two keys of one institution are one opinion.
  const favourable = new Set(read.verdicts.filter(({ values }) => values.opinion !== ADVERSE).map(({ values }) => toHex(values.org)));
  return BigInt(favourable.size) >= read.claim.values.verifiersRequired;
}

// Answer the two checks of a signed message; return {values, hash, signer} where the signature and what it says hold.
function checkSigned(run, signedId, recordedId, struct, item, rowsOf) {
  const { answers, policy, pin } = run;
  const { role } = RECORDED.get(struct);
  const subject = run.bundle.document.claim.id;
  if (struct !== CLAIM && run.read.claim === null) {
    answers.unchecked([signedId, recordedId], subject, "NOT_SIGNED");
    return null;
  }
  const signed = answers.guard(signedId, subject, () => {
    const values = readMessage(struct, item.message);
    const signer = recoverSigner(signingDigest(struct, values, policy.chainId, pin.address), fromHex(item.signature));
    if (!same(signer, fromHex(item.signer))) {
      throw new Refused("SIGNER", "another key signed", { element: "signature", expected: item.signer, found: `0x${toHex(signer)}` });
    }
    return { values, signer, hash: structHash(struct, values) };
  });
  const holds = signed !== null && answers.guard(signedId, subject, () => answers.compare(signedId, "MESSAGE_FIELD", rowsOf(signed)));
  if (!holds) {
    answers.unchecked(recordedId, subject, "NOT_SIGNED");
    return null;
  }
  const header = answers.guard(recordedId, subject, () => headerAt(run, item.event.block));
  if (header !== null) checkRecorded(run, recordedId, struct, item.event, signed, header);
  const isOwn = (institution) => same(nameHash("org", institution), signed.values.org);
  const standing = standingOf(policy, signed.signer, role, isOwn, header === null ? null : header.time);
  if (standing === "unknown") answers.add(signedId, UNTRUSTED, subject, "SIGNER_UNKNOWN", { expected: role, found: item.signer });
  else if (standing === "timeless") answers.unchecked(signedId, subject, "HEADER_UNREAD");
  else if (standing === "outside") answers.add(signedId, UNTRUSTED, subject, "SIGNER_NOT_VALID", { found: String(header.time) });
  else answers.pass(signedId, `${subject}, ${role} ${item.signer}`);
  return signed;
}

// Answer that the message's event stands in a block, and that this block is final.
function checkRecorded(run, id, struct, event, signed, header) {
  const { answers } = run;
  const subject = run.bundle.document.claim.id;
  answers.guard(id, subject, () => {
    const log = provenLog(header, event.transaction, receiptOf(event.receipt));
    const { topics, data } = expectedLog(struct, signed);
    const rows = [
      ["log.address", run.pin.address, log.address],
      ["log.topics", join(...topics), join(...log.topics)],
      ["log.data", join(...data), log.data],
    ];
    if (!answers.compare(id, "LOG_FIELD", rows.map(([what, expected, found]) => [what, toHex(expected), toHex(found)]))) return;
    const block = new Answers();
    checkFinal(run, block, id, event.block, header);
    answers.items.push(...block.items.filter(({ outcome }) => outcome !== PASS));
    if (!answers.has(id)) answers.pass(id, `${subject}, block ${header.number}`);
  });
}

// Return {topics, data} of the event: every field of the struct, signer and struct hash; a list stands behind the other words.
function expectedLog(struct, { values, signer, hash }) {
  const { event, topics, signerIsTopic } = RECORDED.get(struct);
  const all = fieldsOf(struct);
  const indexed = all.slice(0, topics).map(({ name }) => wordOf(values[name]));
  const words = all.slice(topics).map(({ name, type }) => ({ type, value: values[name] }));
  words.push(...(signerIsTopic ? [] : [{ type: "address", value: signer }]), { type: "bytes32", value: hash });
  const tail = words.filter(({ type }) => arrayOf(type)).flatMap(({ value }) => [wordOf(BigInt(value.length)), ...value.map(wordOf)]);
  const head = words.map(({ type, value }) => wordOf(arrayOf(type) ? BigInt(32 * words.length) : value));
  const types = [...all.map(({ type }) => type), "address", "bytes32"];
  return { topics: [eventTopic(event, types), ...indexed, ...(signerIsTopic ? [wordOf(signer)] : [])], data: [...head, ...tail] };
}

function claimRows({ bundle }, id, { values }) {
  const { subject } = bundle.document;
  const ids = (list) => list.map(toHex).sort();
  return [
    ["claim", toHex(nameHash("claim", `${subject.institution}/${id}`)), toHex(values.claim)],
    ["org", toHex(nameHash("org", subject.institution)), toHex(values.org)],
    ["periodStart", secondsOf(subject.start), values.periodStart],
    ["periodEnd", secondsOf(subject.end), values.periodEnd],
    ["attestations", ids(bundle.commitments.map(recordId)), ids(values.attestations)],
    ["verifiersRequired", true, values.verifiersRequired === 1n || values.verifiersRequired === 2n],
  ];
}

// What verdicts and certificates have in common: the claim, and an institution that is not the claim's.
function ownRows({ read }, { values }) {
  const claim = read.claim.values;
  return [
    ["claim", toHex(claim.claim), toHex(values.claim)],
    ["org", true, !same(values.org, claim.org)],
  ];
}

function verdictRows(run, result, at, signed) {
  const { values } = signed;
  const stated = new Map(result.datasets.map((entry) => [entry.dataset, `${entry.root} ${entry.totals}`]));
  return [
    ...ownRows(run, signed),
    ["packageHash", toHex(run.read.claim.values.packageHash), toHex(values.packageHash)],
    ["resultHash", documentHash(result), toHex(values.resultHash)],
    ["result.package", toHex(values.packageHash), result.package],
    ["result.claim", toHex(values.claim), result.claim],
    ["findingsHash", result.findings, toHex(values.findingsHash)],
    ["opinion", 1 + ["unqualified", "qualified", "adverse"].indexOf(result.opinion), values.opinion],
    ["assurance", 1 + ["limited", "reasonable"].indexOf(result.assurance), values.assurance],
    ["materialityBp", result.materiality_bp, values.materialityBp],
    ["exceptions", result.opinion === "qualified", result.exceptions.length > 0],
    ["sequence", at, values.sequence],
    ...run.bundle.commitments.map(({ name, root, totals }) => [`result ${name}`, `${toHex(root)} ${totals}`, stated.get(name)]),
  ];
}

function certificateRows(run, signed) {
  const judged = run.read.verdicts.some(({ signer }) => same(signer, signed.signer));
  return [...ownRows(run, signed), ["signer gave a verdict", false, judged]];
}

function checkStatus(run) {
  const { answers, policy } = run;
  const { claim } = run.bundle.document;
  const ids = claimIds(run).filter((id) => id.startsWith("status."));
  if (claim.status === null) {
    answers.unchecked(ids, claim.id, "NO_STATUS");
    return;
  }
  const header = answers.guard("status.state", claim.id, () => headerAt(run, claim.status.block));
  if (header === null) {
    answers.unchecked(ids.slice(1), claim.id, "HEADER_UNREAD");
    return;
  }
  answers.guard("status.state", claim.id, () => checkState(run, claim, header));
  checkFinal(run, answers, "status.final", claim.status.block, header);
  const witnessed = checkWitnesses(run, "status.witnessed", answers.holds("status.final"));
  if (policy.maxAge === null) return;
  // A cosignature dates the newest block of its checkpoint; an older block shows nothing of what was recorded since.
  const isNewest = header.number + 1n === checkpointSize(run.bundle);
  const at = witnessed !== null && isNewest ? witnessed : header.time;
  const facts = { at: String(at), max_age: String(policy.maxAge), now: String(run.now) };
  if (run.now - at > policy.maxAge) answers.unchecked("status.age", claim.id, "STATUS_OLD", facts);
  else if (at - run.now > CLOCK_TOLERANCE) answers.unchecked("status.age", claim.id, "STATUS_AHEAD", facts);
  else answers.pass("status.age", `${claim.id} at ${at}`);
}

function checkState(run, { id, status, verdicts, certificate }, header) {
  const { answers, pin, read } = run;
  const slots = [pin.slots.get("claims") ?? null, pin.slots.get("certificates") ?? null];
  if (read.claim === null || (certificate !== null && read.certificate === null)) return answers.unchecked("status.state", id, "NOT_SIGNED");
  if (slots.includes(null)) return answers.unchecked("status.state", id, "NO_POLICY_REGISTRY");
  const account = provenAccount(header, pin.address, status.account_proof.map(fromHex));
  if (!same(account.codeHash, pin.codeHash)) {
    throw new Refused("CODE_HASH", "the contract has other code", { expected: toHex(pin.codeHash), found: toHex(account.codeHash) });
  }
  const held = claimState(words(account, status.claim, mappingSlot(read.claim.values.claim, slots[0]), CLAIM_WORDS));
  const rows = [
    ["claim.structHash", toHex(read.claim.hash), held.structHash],
    ["claim.signer", toHex(read.claim.signer), held.signer],
    ["claim.verifiersRequired", read.claim.values.verifiersRequired, held.verifiersRequired],
    ["claim.verdicts", verdicts.length, held.verdicts],
    ["status.certificate", certificate !== null, status.certificate !== null],
    ["claim.state certified", certificate !== null, held.state === CERTIFIED],
  ];
  if (verdicts.length && read.verdicts.length === verdicts.length) {
    rows.push(["claim.resultHash", true, read.verdicts.some(({ values }) => toHex(values.resultHash) === held.resultHash)]);
  }
  if (!answers.compare("status.state", "STORAGE_WORD", rows)) return null;
  let odd = held.state === ATTESTED || held.state === CERTIFIED ? null : ["CLAIM_STATE", { found: String(held.state) }];
  if (certificate !== null) {
    const own = certificateState(words(account, status.certificate, mappingSlot(read.certificate.values.certificate, slots[1]), CERTIFICATE_WORDS));
    const { values } = read.certificate;
    const agrees = answers.compare("status.state", "STORAGE_WORD", [
      ["certificate.structHash", toHex(read.certificate.hash), own.structHash],
      ["certificate.signer", toHex(read.certificate.signer), own.signer],
      ["certificate.validFrom", values.validFrom, own.validFrom],
      ["certificate.validTo", values.validTo, own.validTo],
    ]);
    if (!agrees) return null;
    odd ??= oddCertificate(own, header.time);
  }
  if (odd === null) return answers.pass("status.state", `${id} at block ${header.number}`);
  return answers.add("status.state", NOT_IN_FORCE, id, odd[0], odd[1]);
}

function oddCertificate({ status, validFrom, validTo }, time) {
  if (status !== IN_FORCE) return ["CERTIFICATE_STATE", { found: String(status) }];
  const inside = validFrom <= time && time < validTo;
  return inside ? null : ["CERTIFICATE_WINDOW", { expected: `[${validFrom}, ${validTo})`, found: String(time) }];
}

// Return the words proven at `base` + each offset.
function words(account, storage, base, offsets) {
  return offsets.map((offset, at) => {
    const slot = (base + offset) % 2n ** 256n;
    if (BigInt(storage[at].slot) !== slot) throw new Refused("STORAGE_SLOT", "another slot is proven", { element: `storage[${at}].slot` });
    return provenWord(account, slot, storage[at].proof.map(fromHex));
  });
}

function part(word, from, bits) {
  return (word >> from) & ((1n << bits) - 1n);
}

function hexOf(word, size) {
  return toHex(fromInteger(word, size));
}

function claimState([result, hash, packed, counts]) {
  return {
    resultHash: hexOf(result, 32),
    structHash: hexOf(hash, 32),
    signer: hexOf(part(packed, 0n, 160n), 20),
    state: part(packed, 224n, 8n),
    verifiersRequired: part(packed, 232n, 8n),
    verdicts: part(counts, 160n, 32n),
  };
}

function certificateState([hash, packed, window]) {
  return {
    structHash: hexOf(hash, 32),
    signer: hexOf(part(packed, 0n, 160n), 20),
    status: part(packed, 224n, 8n),
    validFrom: part(window, 0n, 64n),
    validTo: part(window, 64n, 64n),
  };
}
