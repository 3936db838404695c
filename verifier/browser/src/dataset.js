// The checks of one dataset: commitment, items, schema, attestation, anchor, signer (bundle.md §2).

import { FAIL, UNTRUSTED } from "./answers.js";
import { fromBase64, fromHex, join, same, toHex } from "./bytes.js";
import { mappingSlot, provenAccount, provenLog, provenWord, readHeader } from "./chain.js";
import { PERIOD_ATTESTATION, eventTopic, readMessage, signingDigest, structHash, wordOf } from "./eip712.js";
import { Malformed, Refused } from "./errors.js";
import { checkFinal, checkWitnesses, namesWitnesses } from "./finality.js";
import { receiptOf } from "./bundle.js";
import { keccak256 } from "./keccak.js";
import { standingOf } from "./policy.js";
import { verifyRecord } from "./records.js";
import { recoverSigner } from "./secp256k1.js";
import { COUNT_LIMIT, contextHash, nameHash, recordHash, sumLeaf, sumRoot, verifySumPath } from "./trees.js";

export const DATASETS = ["FINANCED_PBOC", "FINANCED_PCAF", "METERS", "OPERATIONAL", "REDUCTIONS"];
const EVENT_TYPES = [
  "bytes32", "bytes32", "bytes32", "uint64", "uint64", "uint32", "uint8", "uint8", "bytes32", "uint64", "uint128[4]", "bytes32", "bytes32",
  "bytes32", "bytes32", "address", "bytes32",
];
const LAST_CAUSE = 5n;

// Return keccak256(abi.encode(org, dataset, start, end, revision)), under which PeriodLedger keeps a commitment.
export function recordId({ context }) {
  return keccak256(join(context.org, context.dataset, wordOf(context.start), wordOf(context.end), wordOf(context.revision)));
}

// Return a header of the bundle as the policy's kind of chain has them.
export function headerAt(run, block) {
  if (block >= run.bundle.headers.length) throw new Malformed("/headers", `there is no header ${block}`);
  return readHeader(run.bundle.headers[block], run.policy === null ? null : run.policy.kind);
}

// Answer every check of a dataset; return {message, signer} of what was attested, or null.
export function checkDataset(run, at) {
  const commitment = run.bundle.commitments[at];
  const item = run.bundle.document.datasets[at];
  checkLeaves(run, commitment, item.items);
  checkSchema(run, commitment);
  const attested = checkAttestation(run, commitment, item.attestation);
  const time = checkAnchor(run, commitment, attested, item.anchor);
  checkSigner(run, commitment, attested, time);
  return attested;
}

function checkLeaves({ answers, bundle }, commitment, items) {
  const { name } = commitment;
  answers.guard(`commitment.${name}`, name, () => {
    verifyCommitment(commitment, items);
    answers.pass(`commitment.${name}`, `${name}, ${items.length} of ${commitment.n} leaves`);
  });
  if (!items.length) return;
  const { inputs } = bundle.document;
  answers.guard(`items.${name}`, name, () => {
    items.forEach((item, at) => verifyRecord(commitment, item, at, inputs === null ? null : inputs.statement));
    const unnamed = items.filter((item) => item.asset === null).length;
    const count = { unnamed: String(unnamed), items: String(items.length) };
    answers.pass(`items.${name}`, `${items.length} records`, unnamed ? "METERS_UNNAMED" : "", count);
  });
}

function verifyCommitment({ name, context, n, totals, treeRoot, root }, items) {
  if (context.alg !== 1) throw new Refused("ALG", "hash algorithm 1 expected", { element: "context.alg", found: String(context.alg) });
  if (context.measures !== 4) throw new Refused("MEASURES", "four measures expected", { element: "context.measures" });
  if (!DATASETS.includes(name)) throw new Refused("DATASET", "the dataset is unknown", { element: "dataset", found: name });
  if (n < 1n || n >= COUNT_LIMIT) throw new Refused("COUNT_RANGE", "1 to 2^32-1 leaves expected", { element: "n", found: String(n) });
  const ctx = contextHash(context);
  const found = sumRoot(ctx, n, totals, treeRoot);
  if (!same(found, root)) throw new Refused("ROOT", "the commitment gives another R", { element: "root", expected: toHex(root), found: toHex(found) });
  items.forEach((item, at) => {
    const rec = recordHash(fromHex(item.salt), fromBase64(item.record, `/items/${at}/record`));
    const leaf = sumLeaf(ctx, fromHex(item.key), item.values.map(BigInt), rec);
    const path = item.path.map(({ sums, hash }) => ({ sums: sums.map(BigInt), hash: fromHex(hash) }));
    verifySumPath(BigInt(item.index), leaf, path, n, totals, treeRoot);
  });
}

function checkSchema({ answers, policy }, { name, context }) {
  const id = `schema.${name}`;
  if (policy === null) {
    answers.unchecked(id, name, "NO_POLICY");
    return;
  }
  const listed = policy.schemas.get(name);
  if (listed && same(listed, context.schemaHash)) answers.pass(id, name);
  else answers.add(id, UNTRUSTED, name, "SCHEMA_UNLISTED", { expected: listed ? toHex(listed) : "none", found: toHex(context.schemaHash) });
}

function shown(value) {
  return value instanceof Uint8Array ? toHex(value) : String(value);
}

function checkAttestation({ answers }, commitment, item) {
  const { name, context } = commitment;
  const id = `attestation.${name}`;
  if (item === null) {
    answers.unchecked(id, name, "NO_ATTESTATION");
    return null;
  }
  const attested = { message: null, signer: null };
  answers.guard(id, name, () => {
    const message = readMessage(PERIOD_ATTESTATION, item.message);
    attested.message = message;
    const rows = expectedMessage(commitment).map(([field, expected]) => [`${name} message.${field}`, shown(expected), shown(message[field])]);
    rows.push([`${name} dataset`, name, item.dataset]);
    rows.push([`${name} message.cause`, true, message.cause <= LAST_CAUSE && (message.cause === 0n) === (message.revision === 1n)]);
    const digest = signingDigest(PERIOD_ATTESTATION, message, context.chainId, context.contract);
    rows.push([`${name} digest`, `0x${toHex(digest)}`, item.digest]);
    let holds = answers.compare(id, "MESSAGE_FIELD", rows);
    attested.signer = recoverSigner(digest, fromHex(item.signature));
    holds = answers.compare(id, "SIGNER", [[`${name} signature`, item.signer, `0x${toHex(attested.signer)}`]]) && holds;
    if (holds) answers.pass(id, `${name} signed by ${item.signer}`);
  });
  return attested.message === null ? null : attested;
}

function expectedMessage({ context, n, totals, treeRoot, root }) {
  return Object.entries({
    org: context.org,
    dataset: context.dataset,
    periodStart: context.start,
    periodEnd: context.end,
    revision: context.revision,
    alg: context.alg,
    measures: context.measures,
    schemaHash: context.schemaHash,
    n,
    totals,
    treeRoot,
    root,
  });
}

// Answer the anchor's checks; return the block's time (BigInt), or null where no header could be read.
function checkAnchor(run, commitment, attested, anchor) {
  const { answers, policy } = run;
  const { name } = commitment;
  const ids = ["header", "receipt", "state", "final"].map((step) => `anchor.${step}.${name}`);
  if (anchor === null) {
    answers.unchecked(ids, name, "NO_ANCHOR");
    if (namesWitnesses(policy)) answers.unchecked(`anchor.witnessed.${name}`, name, "NO_ANCHOR");
    return null;
  }
  const header = answers.guard(ids[0], name, () => headerAt(run, anchor.block));
  if (header === null) answers.unchecked(ids.slice(1), name, "HEADER_UNREAD");
  else {
    answers.pass(ids[0], `block ${header.number}`);
    answers.guard(ids[1], name, () => checkReceipt(run, ids[1], commitment, attested, anchor, header));
    checkState(run, ids[2], commitment, anchor.state, header);
    checkFinal(run, answers, ids[3], anchor.block, header);
  }
  checkWitnesses(run, `anchor.witnessed.${name}`, answers.holds(ids[3]));
  return header === null ? null : header.time;
}

function checkReceipt({ answers, policy }, id, commitment, attested, anchor, header) {
  const { name, context } = commitment;
  const log = provenLog(header, anchor.transaction, receiptOf(anchor.receipt));
  const pin = policy === null ? undefined : policy.contracts.get("PeriodLedger");
  const own = toHex(context.contract);
  const rows = [];
  if (policy !== null) rows.push([`${name} chain_id of the policy`, policy.chainId, context.chainId]);
  if (pin) rows.push([`${name} contract of the policy`, toHex(pin.address), own]);
  rows.push([`${name} log.address`, own, toHex(log.address)], [`${name} id`, `0x${toHex(recordId(commitment))}`, anchor.id]);
  if (log.topics.length !== 4 || log.data.length !== 17 * 32) throw new Refused("EVENT_FORM", "the log is not a PeriodAttested event");
  const found = [...log.topics, ...Array.from({ length: 17 }, (_, at) => log.data.subarray(32 * at, 32 * at + 32))];
  expectedEvent(commitment, attested).forEach((word, at) => {
    if (word !== null) rows.push([`${name} event word ${at}`, toHex(wordOf(word)), toHex(found[at])]);
  });
  if (!answers.compare(id, "LOG_FIELD", rows)) return;
  if (!pin) answers.unchecked(id, name, "NO_POLICY_CONTRACT");
  else if (attested === null) answers.unchecked(id, name, "NO_ATTESTATION");
  else answers.pass(id, `${name} event in block ${header.number}`);
}

// Return the 4 topics and 17 words of PeriodAttested; null where the attestation that would say it could not be read.
function expectedEvent(commitment, attested) {
  const { context, n, totals, treeRoot, root } = commitment;
  const message = attested === null ? null : attested.message;
  const said = (field) => (message === null ? null : message[field]);
  return [
    eventTopic("PeriodAttested", EVENT_TYPES),
    recordId(commitment),
    context.org,
    context.dataset,
    context.start,
    context.end,
    context.revision,
    said("cause"),
    BigInt(context.alg),
    context.schemaHash,
    n,
    ...totals,
    treeRoot,
    root,
    said("libraryHash"),
    said("statementHash"),
    attested === null ? null : attested.signer,
    message === null ? null : structHash(PERIOD_ATTESTATION, message),
  ];
}

function checkState({ answers, policy }, id, commitment, state, header) {
  const { name, context, root, totals } = commitment;
  const pin = policy === null ? undefined : policy.contracts.get("PeriodLedger");
  const mapping = pin ? (pin.slots.get("records") ?? null) : null;
  const before = answers.items.length;
  answers.guard(id, name, () => {
    const account = provenAccount(header, context.contract, state.account_proof.map(fromHex));
    if (pin && !same(account.codeHash, pin.codeHash)) {
      answers.add(id, FAIL, `${name} code hash`, "CODE_HASH", { expected: toHex(pin.codeHash), found: toHex(account.codeHash) });
    }
    const base = mapping === null ? BigInt(state.storage[0].slot) : mappingSlot(recordId(commitment), mapping);
    const words = [BigInt(`0x${toHex(root)}`), totals[0] | (totals[1] << 128n), totals[2] | (totals[3] << 128n)];
    state.storage.forEach(({ slot, proof }, at) => {
      if (!answers.compare(id, "STORAGE_SLOT", [[`${name} storage[${at}].slot`, base + BigInt(at), BigInt(slot)]])) return;
      answers.guard(id, `${name} storage[${at}]`, () => {
        answers.compare(id, "STORAGE_WORD", [[`${name} storage[${at}]`, words[at], provenWord(account, BigInt(slot), proof.map(fromHex))]]);
      });
    });
  });
  if (answers.items.length > before) return;
  if (mapping === null) answers.unchecked(id, name, "NO_POLICY_CONTRACT");
  else answers.pass(id, `${name} in the state of block ${header.number}`);
}

function checkSigner({ answers, policy }, { name, context }, attested, time) {
  const id = `signer.${name}`;
  if (attested === null || attested.signer === null) {
    answers.unchecked(id, name, "NO_ATTESTATION");
    return;
  }
  const subject = `${name} 0x${toHex(attested.signer)}`;
  if (policy === null) {
    answers.unchecked(id, subject, "NO_POLICY");
    return;
  }
  const isOwn = (institution) => same(nameHash("org", institution), context.org);
  const standing = standingOf(policy, attested.signer, "approver", isOwn, time);
  if (standing === "unknown") answers.add(id, UNTRUSTED, subject, "SIGNER_UNKNOWN", { found: `0x${toHex(attested.signer)}` });
  else if (standing === "timeless") answers.unchecked(id, subject, "NO_ANCHOR");
  else if (standing === "outside") answers.add(id, UNTRUSTED, subject, "SIGNER_NOT_VALID", { found: String(time) });
  else answers.pass(id, subject);
}
