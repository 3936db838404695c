// Whether a block is final, and who witnessed it: `anchor.final`, `anchor.witnessed` and the same of a claim's blocks.

import { fromHex } from "./bytes.js";
import { NOT_CHECKED, PASS, UNTRUSTED } from "./answers.js";
import { Malformed, Refused } from "./errors.js";
import { LOG_KEY, WITNESS_KEY, readCheckpoint, readCosignatures, readKey, strangersOf } from "./note.js";
import { validatorsAt } from "./policy.js";
import { isSealedBy } from "./qbft.js";
import { plainLeaf, verifyConsistency, verifyInclusion } from "./trees.js";

function checkpointOf(run) {
  const { finality } = run.bundle.document;
  return finality !== null && finality.kind === "checkpoint" ? finality : null;
}

// Return the size that the bundle's checkpoint states, or 0 (BigInt).
export function checkpointSize(bundle) {
  const finality = checkpointOf({ bundle });
  const size = finality === null ? "" : (finality.checkpoint.split("\n")[1] ?? "");
  return /^[0-9]{1,19}$/.test(size) ? BigInt(size) : 0n;
}

// Answer under `id` whether the block of `header`, at `block` of the bundle's headers, is final.
export function checkFinal(run, answers, id, block, header) {
  const subject = `block ${header.number}`;
  answers.guard(id, subject, () => {
    const { outcome, code, facts } = finalityOf(run, block, header);
    answers.add(id, outcome, subject, code, facts);
  });
  checkStrangers(run, answers, id);
}

function finalityOf(run, block, header) {
  const { policy } = run;
  if (policy === null) return { outcome: NOT_CHECKED, code: "NO_POLICY" };
  const finality = checkpointOf(run);
  const proof = finality && finality.proofs.find((item) => item.block === block);
  if (policy.kind === "qbft") {
    if (proof) throw new Refused("FINALITY_KIND", "a checkpoint is of another kind of chain", { expected: "seals", found: "checkpoint" });
    const pinned = validatorsAt(policy, header.number);
    if (pinned === null) return { outcome: NOT_CHECKED, code: "NO_POLICY_VALIDATORS" };
    return isSealedBy(header.raw, pinned) ? { outcome: PASS } : { outcome: UNTRUSTED, code: "QBFT_UNPINNED" };
  }
  if (!proof) return { outcome: NOT_CHECKED, code: "NO_CHECKPOINT" };
  if (policy.checkpoint === null) return { outcome: NOT_CHECKED, code: "NO_POLICY_CHECKPOINT" };
  return logFinality(run, finality, proof, header);
}

function logFinality(run, finality, proof, header) {
  const { origin, vkey, pinned } = run.policy.checkpoint;
  const key = readKey(vkey, LOG_KEY);
  const checkpoint = readCheckpoint(finality.checkpoint, key, origin);
  verifyInclusion(header.number, checkpoint.size, plainLeaf(header.raw), proof.inclusion.map(fromHex), checkpoint.root);
  let joined = (finality.consistency ?? []).map(fromHex);
  if (pinned === null) {
    if (joined.length) throw new Refused("CONSISTENCY_IDLE", "a consistency proof without anything pinned", { element: "finality.consistency" });
    return { outcome: PASS };
  }
  const known = readCheckpoint(pinned, key, origin);
  const [old, current] = checkpoint.size < known.size ? [checkpoint, known] : [known, checkpoint];
  if (!joined.length) joined = run.logProofs.get(`${old.size},${current.size}`) ?? [];
  if (old.size !== current.size && !joined.length) {
    return { outcome: NOT_CHECKED, code: "NO_CONSISTENCY", facts: { old: String(old.size), new: String(current.size) } };
  }
  verifyConsistency(old.size, current.size, joined, old.root, current.root);
  return { outcome: PASS };
}

// Every signature line of the note is the log's or a named witness's; a note that does not read has been answered for.
function checkStrangers(run, answers, id) {
  const finality = checkpointOf(run);
  if (run.policy === null || run.policy.checkpoint === null || finality === null) return;
  let unknown;
  try {
    const keys = (run.policy.witnesses?.keys ?? []).map((text) => readKey(text, WITNESS_KEY));
    unknown = strangersOf(finality.checkpoint, [readKey(run.policy.checkpoint.vkey, LOG_KEY), ...keys]);
  } catch (error) {
    if (error instanceof Malformed) return;
    throw error;
  }
  if (unknown.length) answers.add(id, UNTRUSTED, "checkpoint signatures", "WITNESS_UNKNOWN", { found: unknown.join(", ") });
}

export function namesWitnesses(policy) {
  return policy !== null && policy.witnesses !== null && policy.witnesses.keys.length > 0;
}

// Answer whether a quorum of the policy's witnesses cosigned; return the time (BigInt) by which it had, or null.
export function checkWitnesses(run, id, isFinal) {
  const { answers, policy } = run;
  if (!namesWitnesses(policy)) return null;
  const finality = checkpointOf(run);
  if (finality === null) {
    answers.unchecked(id, "witnesses", "NO_CHECKPOINT");
    return null;
  }
  const { keys, quorum } = policy.witnesses;
  const found = answers.guard(id, "witnesses", () => readCosignatures(finality.checkpoint, keys.map((text) => readKey(text, WITNESS_KEY))));
  if (found === null) return null;
  const subject = `${found.size} of ${keys.length} witnesses`;
  if (found.size < quorum) answers.unchecked(id, subject, "WITNESS_QUORUM", { quorum: String(quorum) });
  else if (!isFinal) answers.unchecked(id, subject, "NOT_FINAL");
  else answers.pass(id, subject);
  const times = [...found.values()].sort((a, b) => (a < b ? 1 : -1));
  return times[quorum - 1] ?? null;
}
