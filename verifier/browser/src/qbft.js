// QBFT headers: extraData is RLP([vanity, validators, vote, round, seals]). Signers are counted by address: a seal has two writings.

import { compareBytes, fromHex, same, toHex } from "./bytes.js";
import { Malformed, Refused } from "./errors.js";
import { keccak256 } from "./keccak.js";
import { decodeRlpList, encodeRlp, integerItem, textItem } from "./rlp.js";
import { recoverSealer } from "./secp256k1.js";

const [PROPOSER, EXTRA] = [2, 12];
const CONSTANT = new Map([
  [1, keccak256(Uint8Array.of(0xc0))],
  [7, Uint8Array.of(1)],
  [13, fromHex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")],
  [14, new Uint8Array(8)],
]);

export function readExtra(data) {
  const items = decodeRlpList(data);
  if (items.length !== 5 || !Array.isArray(items[1]) || !Array.isArray(items[4])) {
    throw new Malformed("extraData", "vanity, validators, vote, round and seals expected");
  }
  const validators = items[1].map((item) => textItem(item, 20));
  if (validators.some((item, at) => at && compareBytes(validators[at - 1], item) >= 0)) {
    throw new Malformed("extraData", "validators are strictly ascending");
  }
  if (!isVote(items[2])) throw new Malformed("extraData", "no vote, or a recipient with 0xff or an empty string");
  const round = textItem(items[3]);
  if (integerItem(round) >= 2n ** 32n) throw new Malformed("extraData", "a round has at most four bytes");
  const seals = items[4].map((item) => textItem(item, 65));
  return { vanity: textItem(items[0], 32), validators, vote: items[2], round, seals };
}

function isVote(vote) {
  if (!Array.isArray(vote)) return false;
  if (!vote.length) return true;
  const [recipient, choice] = vote;
  if (vote.length !== 2 || Array.isArray(recipient) || recipient.length !== 20) return false;
  return !Array.isArray(choice) && (same(choice, []) || same(choice, [0xff]));
}

function hashWith(items, extra, round) {
  const stripped = encodeRlp([extra.vanity, extra.validators, extra.vote, round, []]);
  return keccak256(encodeRlp([...items.slice(0, EXTRA), stripped, ...items.slice(EXTRA + 1)]));
}

// Return the block hash: round 0, no seals.
export function qbftBlockHash(raw) {
  const items = decodeRlpList(raw);
  return hashWith(items, readExtra(textItem(items[EXTRA])), new Uint8Array(0));
}

// Return what commit seals sign: the round as it is, no seals.
export function qbftCommitHash(raw) {
  const items = decodeRlpList(raw);
  const extra = readExtra(textItem(items[EXTRA]));
  return hashWith(items, extra, extra.round);
}

export function quorumOf(validators) {
  return Math.ceil((2 * validators) / 3);
}

// Refuse unless a quorum sealed; return whether the header's validators are the pinned ones (20-byte addresses).
export function isSealedBy(raw, pinned) {
  const items = decodeRlpList(raw);
  for (const [at, value] of CONSTANT) {
    if (Array.isArray(items[at]) || !same(items[at], value)) throw new Refused("QBFT_FORM", "a field is not that of every QBFT block", { element: `field ${at}` });
  }
  const extra = readExtra(textItem(items[EXTRA]));
  if (!extra.validators.some((address) => same(address, items[PROPOSER]))) throw new Refused("QBFT_FORM", "the proposer is no validator");
  if (extra.seals.length > extra.validators.length) throw new Refused("SEALS_TOO_MANY", "more seals than validators");
  const own = new Set(extra.validators.map(toHex));
  const digest = qbftCommitHash(raw);
  const sealed = new Set();
  extra.seals.forEach((seal, at) => {
    const address = toHex(recoverSealer(digest, seal));
    if (sealed.has(address)) throw new Refused("SEAL_TWICE", "a validator's seal is counted once", { element: `seal ${at}`, found: address });
    if (!own.has(address)) throw new Refused("SEAL_STRANGER", "a seal is of no validator of the header", { element: `seal ${at}`, found: address });
    sealed.add(address);
  });
  if (!sealed.size || sealed.size < quorumOf(own.size)) {
    throw new Refused("QBFT_QUORUM", "too few commit seals", { expected: String(quorumOf(own.size)), found: String(sealed.size) });
  }
  const wanted = pinned.map(toHex).sort();
  return wanted.length === own.size && [...own].every((address, at) => address === wanted[at]);
}
