// The published vectors through the browser's modules: node browser_vectors.mjs FILE prints what came out as one JSON object; --words prints the page's sentences.

import { readFileSync } from "node:fs";
import { fromHex, same, toHex } from "../../verifier/browser/src/bytes.js";
import { Malformed, Refused } from "../../verifier/browser/src/errors.js";
import { isSealedBy, qbftBlockHash, qbftCommitHash } from "../../verifier/browser/src/qbft.js";
import { WORDS } from "../../verifier/browser/src/words.js";
import { sumRoot, verifyConsistency, verifyInclusion, verifySumPath } from "../../verifier/browser/src/trees.js";

if (process.argv[2] === "--words") {
  process.stdout.write(JSON.stringify(Object.fromEntries(WORDS)));
  process.exit(0);
}

const given = JSON.parse(readFileSync(process.argv[2], "utf8"));
const bytes = (text) => Uint8Array.from(Buffer.from(text ?? "", "base64"));

function isRefused(work) {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof Refused || error instanceof Malformed) return true;
    throw error;
  }
}

function plainOf({ inclusion, consistency }) {
  const wrong = [];
  // The shape of a bundle has 32-byte hashes alone; other lengths never come to a tree.
  const whole = (...hashes) => {
    if (hashes.some((hash) => hash.length !== 32)) throw new Malformed("", "32 bytes expected");
  };
  for (const item of inclusion) {
    const [leaf, root, proof] = [bytes(item.leafHash), bytes(item.root), (item.proof ?? []).map(bytes)];
    const refused = isRefused(() => {
      whole(leaf, root, ...proof);
      verifyInclusion(BigInt(item.leafIdx), BigInt(item.treeSize), leaf, proof, root);
    });
    if (refused !== item.wantErr) wrong.push(item.file);
  }
  for (const item of consistency) {
    const [old, root, proof] = [bytes(item.root1), bytes(item.root2), (item.proof ?? []).map(bytes)];
    const refused = isRefused(() => verifyConsistency(BigInt(item.size1), BigInt(item.size2), proof, old, root));
    if (refused !== item.wantErr) wrong.push(item.file);
  }
  return { cases: inclusion.length + consistency.length, wrong };
}

function sumsOf(trees) {
  const wrong = [];
  let [count, proofs] = [0, 0];
  for (const tree of trees.filter(({ alg }) => alg === 1)) {
    count += 1;
    const [ctx, totals, n, root] = [fromHex(tree.ctx), tree.totals.map(BigInt), BigInt(tree.n), fromHex(tree.root_hash)];
    if (!same(sumRoot(ctx, n, totals, root), fromHex(tree.R))) wrong.push(`R of ${tree.n}`);
    tree.proofs.forEach((proof, index) => {
      proofs += 1;
      const leaf = { count: 1n, sums: tree.leaves[index].v.map(BigInt), hash: fromHex(tree.leaves[index].leaf) };
      const path = proof.map((node) => ({ sums: node.sums.map(BigInt), hash: fromHex(node.hash) }));
      const verify = (at, size) => isRefused(() => verifySumPath(BigInt(at), leaf, path, BigInt(size), totals, root));
      if (verify(index, tree.n)) wrong.push(`leaf ${index} of ${tree.n}`);
      for (const [at, size] of [[index + 1, tree.n], [index - 1, tree.n], [index, 2 * tree.n]]) {
        if (!verify(at, size)) wrong.push(`leaf ${index} of ${tree.n} passes as ${at} of ${size}`);
      }
    });
  }
  return { trees: count, proofs, wrong };
}

const raw = fromHex(given.header.header_rlp);
const pinned = given.header.validators.map(fromHex);
const header = {
  commit_hash: toHex(qbftCommitHash(raw)),
  block_hash: toHex(qbftBlockHash(raw)),
  sealed: isSealedBy(raw, pinned),
  others: isSealedBy(raw, [...pinned.slice(1), new Uint8Array(20)]),
};
const refused = Object.keys(given.spoiled).filter((name) => isRefused(() => isSealedBy(fromHex(given.spoiled[name]), pinned)));
process.stdout.write(JSON.stringify({ plain: plainOf(given.plain), sums: sumsOf(given.sums), header, refused }));
