// Trees: plain ones (RFC 9162 §2.1) and Merkle-sum trees (commitments.md §3). Indices and sizes are BigInt.

import { fromHex, fromInteger, join, same, toHex, utf8 } from "./bytes.js";
import { Refused } from "./errors.js";
import { sha256 } from "./sha2.js";

const VALUE_LIMIT = 2n ** 96n;
const SUM_LIMIT = 2n ** 128n;
export const COUNT_LIMIT = 2n ** 32n;

export function nameHash(kind, text) {
  return sha256(utf8(`lingtan/${kind}/${text}`));
}

export function plainLeaf(data) {
  return sha256(join([0], data));
}

function plainNode(left, right) {
  return sha256(join([1], left, right));
}

// Return the root over leaf hashes, at least one.
export function plainRoot(hashes) {
  if (hashes.length === 1) return hashes[0];
  let split = 1;
  while (2 * split < hashes.length) split *= 2;
  return plainNode(plainRoot(hashes.slice(0, split)), plainRoot(hashes.slice(split)));
}

// Refuse unless `leaf` is at `index` of the tree of `size` leaves with `root`. The sides follow from index and size (§2.1.3).
export function verifyInclusion(index, size, leaf, proof, root) {
  const sides = sidesOf(index, size);
  if (sides.length !== proof.length) throw new Refused("PATH_LENGTH", "the path has another length", { expected: String(sides.length) });
  const found = sides.reduce((node, { left }, at) => (left ? plainNode(proof[at], node) : plainNode(node, proof[at])), leaf);
  if (!same(found, root)) throw new Refused("ROOT", "the path leads to another root", { expected: toHex(root), found: toHex(found) });
}

// Refuse unless the tree of `oldSize` leaves is a prefix of that of `size` (§2.1.4); a size of 0 never verifies.
export function verifyConsistency(oldSize, size, proof, oldRoot, root) {
  if (oldSize < 1n || oldSize > size) throw new Refused("SIZE_RANGE", "these sizes cannot be compared", { found: `${oldSize}, ${size}` });
  const parts = [];
  // The subtrees that both trees share in part are walked from the root; what is passed by is either shared whole or new.
  let [low, high, whole] = [0n, size, true];
  while (oldSize !== high) {
    const split = low + half(high - low);
    if (oldSize <= split) {
      parts.push({ shared: false });
      high = split;
    } else {
      parts.push({ shared: true });
      low = split;
      whole = false;
    }
  }
  const wanted = parts.length + (whole ? 0 : 1);
  if (oldSize === size ? proof.length : proof.length !== wanted) {
    throw new Refused("PATH_LENGTH", "the proof has another length", { expected: String(wanted), found: String(proof.length) });
  }
  let old = whole ? oldRoot : proof[0];
  let current = old;
  parts.reverse().forEach(({ shared }, at) => {
    const node = proof[at + (whole ? 0 : 1)];
    current = shared ? plainNode(node, current) : plainNode(current, node);
    if (shared) old = plainNode(node, old);
  });
  if (!same(old, oldRoot) || !same(current, root)) throw new Refused("ROOT", "the proof joins other roots", { expected: toHex(root) });
}

// Return the largest power of two below `size` (size ≥ 2).
function half(size) {
  return 1n << BigInt((size - 1n).toString(2).length - 1);
}

// Return {left, count} of each sibling from leaf to root.
function sidesOf(index, size) {
  if (index < 0n || index >= size) throw new Refused("INDEX_RANGE", "there is no such leaf", { expected: `below ${size}`, found: String(index) });
  const sides = [];
  let [low, high] = [0n, size];
  while (high - low > 1n) {
    const split = low + half(high - low);
    if (index < split) {
      sides.unshift({ left: false, count: high - split });
      high = split;
    } else {
      sides.unshift({ left: true, count: split - low });
      low = split;
    }
  }
  return sides;
}

// Return ctx of a dataset's context.
export function contextHash(context) {
  if (context.start >= context.end) throw new Refused("CONTEXT", "the period ends before it starts", { element: "context.period_end" });
  return sha256(
    join(
      [0x14],
      utf8("carbon-ledger/mst/v1"),
      [context.alg, context.measures],
      fromInteger(context.chainId, 8),
      context.contract,
      context.org,
      context.dataset,
      fromInteger(context.start, 8),
      fromInteger(context.end, 8),
      fromInteger(context.revision, 4),
      context.schemaHash,
    ),
  );
}

function packed(sums, limit, element) {
  const odd = sums.find((value) => value < 0n || value >= limit);
  if (odd !== undefined) throw new Refused("SUM_RANGE", "a value or sum is out of its range", { element, found: String(odd) });
  return join(...sums.map((value) => fromInteger(value, 16)));
}

export function recordHash(salt, record) {
  return sha256(join([0x10], salt, fromInteger(record.length, 4), record));
}

export function sumLeaf(ctx, key, values, rec) {
  return { count: 1n, sums: values, hash: sha256(join([0x11], ctx, key, packed(values, VALUE_LIMIT, "values"), rec)) };
}

// Return the parent of two nodes {count, sums, hash}.
export function sumNode(left, right) {
  const side = (node) => join(fromInteger(node.count, 8), packed(node.sums, SUM_LIMIT, "sums"), node.hash);
  const sums = left.sums.map((value, at) => value + right.sums[at]);
  return { count: left.count + right.count, sums, hash: sha256(join([0x12], side(left), side(right))) };
}

export function sumRoot(ctx, n, totals, treeRoot) {
  return sha256(join([0x13], ctx, fromInteger(n, 8), packed(totals, SUM_LIMIT, "totals"), treeRoot));
}

// Refuse unless `leaf` is at `index` of a tree of n leaves; `path` is [{sums, hash}] from leaf to root.
export function verifySumPath(index, leaf, path, n, totals, treeRoot) {
  const sides = sidesOf(index, n);
  if (sides.length !== path.length) throw new Refused("PATH_LENGTH", "the path has another length", { element: "path", expected: String(sides.length) });
  let node = leaf;
  sides.forEach(({ left, count }, at) => {
    const sibling = { count, ...path[at] };
    if (sibling.sums.some((value) => value >= count * VALUE_LIMIT)) {
      throw new Refused("SUM_RANGE", "a sibling's sum is larger than its leaves allow", { element: `path[${at}].sums` });
    }
    node = left ? sumNode(sibling, node) : sumNode(node, sibling);
  });
  if (node.sums.some((value, at) => value !== totals[at])) {
    throw new Refused("TOTALS", "the path adds up to other totals", { element: "totals", expected: String(totals), found: String(node.sums) });
  }
  if (!same(node.hash, treeRoot)) {
    throw new Refused("TREE_ROOT", "the path leads to another tree root", { element: "tree_root", expected: toHex(treeRoot), found: toHex(node.hash) });
  }
}

// Return a dataset's context and commitment from a bundle's dataset of checked shape; integers as BigInt, hashes as bytes.
export function readCommitment(item) {
  const given = item.context;
  const context = {
    alg: given.alg,
    measures: given.measures,
    chainId: BigInt(given.chain_id),
    contract: fromHex(given.contract),
    org: fromHex(given.org),
    dataset: fromHex(given.dataset),
    start: BigInt(given.period_start),
    end: BigInt(given.period_end),
    revision: BigInt(given.revision),
    schemaHash: fromHex(given.schema_hash),
  };
  const totals = item.totals.map(BigInt);
  return { name: item.dataset, context, n: BigInt(item.n), totals, treeRoot: fromHex(item.tree_root), root: fromHex(item.root) };
}
