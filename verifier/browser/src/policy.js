// The policy: all trust is here, and nothing is trusted on first use (bundle.md §3, documents.md §10).

import { compareBytes, fromBase64, fromHex, same, toHex } from "./bytes.js";
import { isKey, isSignedBy } from "./ed25519.js";
import { Malformed } from "./errors.js";
import { canonicalBytes, documentHash, readCanonical, readStrict } from "./json.js";
import { LOG_KEY, WITNESS_KEY, readKey } from "./note.js";
import { sha256 } from "./sha2.js";
import { ADDRESS, HASH, ID, INSTANT, TEXT, ascending, counting, either, fields, hex, keyed, list, nullable, schema, secondsOf, whole, word } from "./shapes.js";

const MOST_BYTES = 4 * 1024 * 1024;
const ANY_HASH = hex(32, "(?:0x)?");
const SLOT = nullable(counting);
const TIME = either(INSTANT, counting);

const POLICY = fields({
  schema: schema("policy"),
  version: counting,
  issued: INSTANT,
  expires: nullable(INSTANT),
  chain: fields({ id: counting, kind: word("embedded", "qbft", "test"), genesis: ANY_HASH }),
  contracts: keyed(
    fields({
      address: ADDRESS,
      code_hash: ANY_HASH,
      slots: fields({ records: SLOT, claims: SLOT, certificates: SLOT }, ["records", "claims", "certificates"]),
    }),
  ),
  schemas: keyed(ANY_HASH),
  libraries: list(ANY_HASH),
  keys: list(
    fields({
      institution: ID,
      kind: word("bank", "centre", "verifier", "auditor", "government"),
      role: word("approver", "logkeeper", "verifier", "certifier", "librarian", "publisher"),
      address: ADDRESS,
      valid_from: TIME,
      valid_to: nullable(TIME),
    }),
  ),
  checkpoint: nullable(fields({ origin: TEXT, vkey: TEXT, pinned: nullable(TEXT) })),
  validators: nullable(list(fields({ from: counting, to: nullable(counting), addresses: list(ADDRESS, { most: 256 }) }, ["to"]), { most: 1_000 })),
  witnesses: nullable(fields({ quorum: whole(1, 32), keys: list(TEXT, { most: 32 }) })),
  max_age: nullable(whole(0, Number.MAX_SAFE_INTEGER)),
  previous: nullable(ANY_HASH),
  signers: fields({ threshold: whole(1, 32), keys: list(HASH, { most: 32 }) }),
  signatures: list(fields({ public_key: HASH, value: hex(64, "(?:0x)?") }), { most: 32 }),
});

const CONSISTENCY = fields({
  schema: schema("consistency"),
  origin: TEXT,
  proofs: list(fields({ old_size: counting, new_size: counting, hashes: list(ANY_HASH, { most: 64 }) }), { most: 10_000 }),
});

// Return the policy in `bytes`, with each signature tried.
export function readPolicy(bytes) {
  if (bytes.length > MOST_BYTES) throw new Malformed("policy", "larger than 4 MiB");
  const value = readStrict(bytes);
  POLICY(value, "policy ");
  const { signatures, ...body } = value;
  const { keys: signers, threshold } = value.signers;
  ascending(signers, "policy /signers/keys", (a, b) => compareBytes(fromHex(a), fromHex(b)));
  ascending(signatures, "policy /signatures", (a, b) => compareBytes(fromHex(a.public_key), fromHex(b.public_key)));
  if (threshold > signers.length) throw new Malformed("policy /signers/threshold", "no more than there are signers");
  if (!signers.every((key) => isKey(fromHex(key)))) throw new Malformed("policy /signers/keys", "an Ed25519 key that binds somebody expected");
  refuseKeys(value.keys);
  refuseValidators(value.validators ?? []);
  refuseWitnesses(value.checkpoint, value.witnesses ?? { quorum: 0, keys: [] });
  const signed = canonicalBytes(body);
  return {
    digest: documentHash(value),
    version: String(value.version),
    issued: secondsOf(value.issued),
    expires: value.expires === null ? null : secondsOf(value.expires),
    chainId: BigInt(value.chain.id),
    kind: value.chain.kind,
    contracts: mapped(value.contracts, readContract),
    schemas: mapped(value.schemas, fromHex),
    libraries: new Set(value.libraries.map((hash) => toHex(fromHex(hash)))),
    keys: value.keys.map(readWindow),
    checkpoint: value.checkpoint,
    validators: (value.validators ?? []).map(readValidators),
    witnesses: value.witnesses,
    maxAge: value.max_age === null ? null : BigInt(value.max_age),
    signers,
    threshold,
    signatures: signatures.map((item) => {
      const key = fromHex(item.public_key);
      return { key, known: signers.includes(item.public_key), holds: isSignedBy(key, signed, fromHex(item.value)) };
    }),
  };
}

// An address in two houses: nobody is verifier or certifier of what they signed for another, as no registry lets them be.
function refuseKeys(keys) {
  const owners = new Map();
  for (const { address, institution } of keys) {
    if ((owners.get(address) ?? institution) !== institution) throw new Malformed("policy /keys", "one address is of one institution");
    owners.set(address, institution);
  }
}

// A block has one set of validators at most, each named once; a gap pins nothing.
function refuseValidators(given) {
  const sets = given.map(readValidators).sort((a, b) => (a.first < b.first ? -1 : Number(a.first > b.first)));
  sets.forEach(({ first, last, addresses }, at) => {
    const before = at ? sets[at - 1] : null;
    const names = new Set(addresses.map(toHex));
    if (!names.size || names.size !== addresses.length) throw new Malformed("policy /validators", "one validator or more, each once");
    if (last !== null && last < first) throw new Malformed("policy /validators", "a range ends before it begins");
    if (before && (before.last === null || before.last >= first)) throw new Malformed("policy /validators", `two sets for block ${first}`);
  });
}

// No quorum may be made by fewer hands than it says: each witness has a name and key of its own, and neither is the log's.
function refuseWitnesses(checkpoint, { quorum, keys }) {
  const log = checkpoint === null ? [] : [readKey(checkpoint.vkey, LOG_KEY)];
  const all = [...log, ...keys.map((text) => readKey(text, WITNESS_KEY))];
  if (new Set(all.map(({ name }) => name)).size < all.length || new Set(all.map(({ key }) => toHex(key))).size < all.length) {
    throw new Malformed("policy /witnesses/keys", "each witness has a name and a key of its own, and neither is the log's");
  }
  if (quorum > keys.length) throw new Malformed("policy /witnesses/quorum", "no more than there are witnesses");
}

// Return a Map from "old size, new size" to the hashes of a `lingtan.consistency/1` file.
export function readLogProofs(bytes) {
  const value = readCanonical(bytes);
  CONSISTENCY(value, "consistency ");
  return new Map(value.proofs.map((item) => [`${BigInt(item.old_size)},${BigInt(item.new_size)}`, item.hashes.map(fromHex)]));
}

function mapped(object, read) {
  return new Map(Object.keys(object).map((name) => [name, read(object[name])]));
}

function readContract(item) {
  return { address: fromHex(item.address), codeHash: fromHex(item.code_hash), slots: mapped(item.slots, (slot) => (slot === null ? null : BigInt(slot))) };
}

function readWindow(item) {
  return {
    institution: item.institution,
    role: item.role,
    address: fromHex(item.address),
    from: secondsOf(item.valid_from),
    to: item.valid_to === null ? null : secondsOf(item.valid_to),
  };
}

function readValidators(item) {
  const last = item.to ?? null;
  return { first: BigInt(item.from), last: last === null ? null : BigInt(last), addresses: item.addresses.map(fromHex) };
}

// Return the validators that seal a block, or null where the policy pins none for it.
export function validatorsAt(policy, block) {
  const found = policy.validators.find(({ first, last }) => first <= block && (last === null || block <= last));
  return found ? found.addresses : null;
}


// Return "unknown", "outside" its window or "valid": the standing of an address in a role of an institution.
export function standingOf(policy, address, role, isInstitution, time) {
  const keys = policy.keys.filter((key) => key.role === role && same(key.address, address) && isInstitution(key.institution));
  if (!keys.length) return "unknown";
  if (time === null) return "timeless";
  return keys.some(({ from, to }) => from <= time && (to === null || time < to)) ? "valid" : "outside";
}

// Say whether the signers' threshold is met, and no signature of one of them is wrong.
export function isSigned(policy) {
  const own = policy.signatures.filter(({ known }) => known);
  return own.every(({ holds }) => holds) && own.length >= policy.threshold;
}

// Say whether `wanted` (a key in hex or base64, or its SHA-256 fingerprint) is a signer whose signature holds.
export function isSignedByKey(policy, wanted) {
  const text = wanted.trim();
  const plain = text.toLowerCase().replace(/^sha256:/, "").replace(/^0x/, "").replaceAll(":", "");
  return policy.signatures
    .filter(({ known, holds }) => known && holds)
    .some(({ key }) => plain === toHex(key) || plain === toHex(sha256(key)) || isBase64Of(text, key));
}

function isBase64Of(text, key) {
  try {
    return same(fromBase64(text, ""), key);
  } catch {
    return false;
  }
}
