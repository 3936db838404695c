// Merkle Patricia proofs (yellow paper, appendix D), stricter than a node: every proof node is used, in order, and nothing follows.

import { same, toHex } from "./bytes.js";
import { Malformed, Refused } from "./errors.js";
import { keccak256 } from "./keccak.js";
import { decodeRlpList, encodeRlp, textItem } from "./rlp.js";

const HASHED = 32; // a node of so many bytes is referred to by its hash, a shorter one stands in its parent
const EMPTY = keccak256(Uint8Array.of(0x80));

function nibblesOf(bytes) {
  return [...bytes].flatMap((byte) => [byte >> 4, byte & 15]);
}

// Return the value at `key` under `root`, or null where the proof shows that there is none.
export function provenValue(root, key, proof) {
  if (same(root, EMPTY) && !proof.length) return null;
  let used = 0;
  const take = (reference) => {
    if (used === proof.length) throw new Refused("PROOF_SHORT", "the proof ends before its path does", { element: "end" });
    const found = keccak256(proof[used]);
    if (!same(found, reference)) {
      const facts = { element: String(used), expected: toHex(reference), found: toHex(found) };
      throw new Refused("PROOF_NODE", "a proof node hashes to another value", facts);
    }
    used += 1;
    return decodeRlpList(proof[used - 1]);
  };
  let node = take(root);
  let path = nibblesOf(key);
  for (;;) {
    const step = stepFrom(node, path);
    if (!step.next) {
      if (used < proof.length) throw new Refused("PROOF_UNUSED", "proof nodes are left over", { element: String(used) });
      return step.value;
    }
    path = step.rest;
    if (!Array.isArray(step.next)) {
      node = take(textItem(step.next, HASHED));
      if (proof[used - 1].length < HASHED) throw new Malformed("", `a trie node below ${HASHED} bytes stands in its parent`);
    } else if (encodeRlp(step.next).length < HASHED) node = step.next;
    else throw new Malformed("", `a trie node of ${HASHED} bytes or more is referred to by its hash`);
  }
}

// Return {next, rest}: the reference to follow and the path that remains; or {value}.
function stepFrom(node, path) {
  if (node.length === 17) {
    if (!path.length) {
      const value = textItem(node[16]);
      return { value: value.length ? value : null };
    }
    const child = node[path[0]];
    return child.length ? { next: child, rest: path.slice(1) } : childless(child);
  }
  if (node.length !== 2) throw new Malformed("", "a trie node has 2 or 17 items");
  const prefix = textItem(node[0]);
  const flag = prefix.length ? prefix[0] >> 4 : 4;
  if (flag > 3 || (!(flag & 1) && prefix[0] & 15)) throw new Malformed("", "the hex prefix of a trie path is not one of the four");
  const part = nibblesOf(prefix).slice(flag & 1 ? 1 : 2);
  const fits = part.every((nibble, at) => nibble === path[at]);
  if (flag & 2) {
    const value = textItem(node[1]);
    if (!value.length) throw new Malformed("", "a leaf without a value");
    return { value: fits && part.length === path.length ? value : null };
  }
  if (!part.length) throw new Malformed("", "an extension without a path");
  return fits ? { next: node[1], rest: path.slice(part.length) } : { value: null };
}

function childless(child) {
  if (Array.isArray(child)) throw new Malformed("", "an empty list is no trie node");
  return { value: null };
}
