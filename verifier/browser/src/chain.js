// What a block proves by itself: header, receipt and its logs, account, storage (bundle.md §2).

import { fromInteger, join, same, toHex, toInteger } from "./bytes.js";
import { Malformed, Refused } from "./errors.js";
import { keccak256 } from "./keccak.js";
import { decodeRlp, decodeRlpList, encodeRlp, integerItem, shortestBytes, textItem } from "./rlp.js";
import { provenValue } from "./trie.js";
import { readExtra } from "./qbft.js";

const FIXED = [[0, 32], [1, 32], [2, 20], [3, 32], [4, 32], [5, 32], [6, 256], [13, 32], [14, 8]];
const MOST_FIELDS = { embedded: 21, test: 21 }; // without a policy, and for qbft: 23

// Return what later checks need of a header; `kind` is the policy's kind of chain, or null.
export function readHeader(raw, kind) {
  const items = decodeRlpList(raw);
  const most = MOST_FIELDS[kind] ?? 23;
  if (items.length < 15 || items.length > most) throw new Malformed("header", `15 to ${most} fields expected`);
  for (const [at, length] of FIXED) textItem(items[at], length);
  if (kind === "qbft") readExtra(textItem(items[12]));
  return { raw, number: integerItem(items[8]), time: integerItem(items[11]), stateRoot: items[3], receiptsRoot: items[5] };
}

// Return the log that a receipt's proof ends in: {address, topics, data}. Numbers of `receipt` are decimal strings.
export function provenLog(header, transaction, receipt) {
  const value = receipt.value;
  const proven = provenValue(header.receiptsRoot, encodeRlp(shortestBytes(BigInt(transaction))), receipt.proof);
  if (!proven || !same(proven, value)) {
    throw new Refused("RECEIPT", "the proof ends in another receipt", { element: "receipt.value", expected: proven ? toHex(proven) : "none" });
  }
  const type = value.length && value[0] < 0x80 ? value[0] : 0;
  if (BigInt(type) !== BigInt(receipt.type)) throw new Refused("RECEIPT_TYPE", "the receipt is of another type", { element: "receipt.type" });
  const items = decodeRlpList(type ? value.subarray(1) : value);
  if (items.length !== 4 || !Array.isArray(items[3])) throw new Malformed("receipt", "status, gas, bloom and logs expected");
  const status = textItem(items[0]);
  if (!same(status, [1])) throw new Refused("RECEIPT_STATUS", "the transaction failed", { element: "receipt.status" });
  const logs = items[3];
  if (BigInt(receipt.log_index) >= BigInt(logs.length)) {
    throw new Refused("LOG_INDEX", "the receipt has no such log", { element: "receipt.log_index", expected: `below ${logs.length}` });
  }
  const log = logs[Number(receipt.log_index)];
  if (!Array.isArray(log) || log.length !== 3 || !Array.isArray(log[1])) throw new Malformed("receipt", "address, topics and data expected");
  return { address: textItem(log[0], 20), topics: log[1].map((topic) => textItem(topic, 32)), data: textItem(log[2]) };
}

export function provenAccount(header, address, proof) {
  const value = provenValue(header.stateRoot, keccak256(address), proof);
  if (!value) throw new Refused("ACCOUNT_ABSENT", "the state has no such account", { element: "account_proof" });
  const items = decodeRlpList(value);
  if (items.length !== 4) throw new Malformed("account", "nonce, balance, storage root and code hash expected");
  return { storageRoot: textItem(items[2], 32), codeHash: textItem(items[3], 32) };
}

// Return the 256-bit word (BigInt) at `slot`; a slot that is not there is 0.
export function provenWord(account, slot, proof) {
  const value = provenValue(account.storageRoot, keccak256(fromInteger(slot, 32)), proof);
  return value ? integerItem(decodeRlp(value)) : 0n;
}

// Return where Solidity keeps the first word of mapping[key] for the mapping at `slot`.
export function mappingSlot(key, slot) {
  return toInteger(keccak256(join(key, fromInteger(slot, 32))));
}
