// Who signed: public key recovery on secp256k1 (SEC 1 §4.1.6), as Ethereum addresses.

import { fromInteger, join, toHex, toInteger } from "./bytes.js";
import { Refused } from "./errors.js";
import { inverse, modulo, power, remembered } from "./field.js";
import { keccak256 } from "./keccak.js";

const P = 2n ** 256n - 2n ** 32n - 977n;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const GENERATOR = [
  0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  1n,
];
const INFINITE = [0n, 1n, 0n];

// Points are (X, Y, Z) for x = X/Z², y = Y/Z³.
function doubled([x, y, z]) {
  if (!y || !z) return INFINITE;
  const yy = (y * y) % P;
  const s = (4n * x * yy) % P;
  const m = (3n * x * x) % P;
  const x3 = modulo(m * m - 2n * s, P);
  return [x3, modulo(m * (s - x3) - 8n * yy * yy, P), (2n * y * z) % P];
}

function sum(p, q) {
  if (!p[2]) return q;
  if (!q[2]) return p;
  const pz = (p[2] * p[2]) % P;
  const qz = (q[2] * q[2]) % P;
  const u = (p[0] * qz) % P;
  const s = (((p[1] * qz) % P) * q[2]) % P;
  const h = modulo(q[0] * pz - u, P);
  const r = modulo(((q[1] * pz) % P) * p[2] - s, P);
  if (!h) return r ? INFINITE : doubled(p);
  const hh = (h * h) % P;
  const hhh = (hh * h) % P;
  const v = (u * hh) % P;
  const x3 = modulo(r * r - hhh - 2n * v, P);
  return [x3, modulo(r * (v - x3) - s * hhh, P), (((h * p[2]) % P) * q[2]) % P];
}

// Return a·p + b·q, bit by bit together.
function combined(a, p, b, q) {
  const table = [null, p, q, sum(p, q)];
  let result = INFINITE;
  for (let bit = 255n; bit >= 0n; bit -= 1n) {
    result = doubled(result);
    const chosen = Number((a >> bit) & 1n) + 2 * Number((b >> bit) & 1n);
    if (chosen) result = sum(result, table[chosen]);
  }
  return result;
}

// Return the 20-byte address behind r ‖ s over a 32-byte digest, or throw Refused.
function recovered(digest, pair, odd, lowOnly) {
  const r = toInteger(pair.subarray(0, 32));
  const s = toInteger(pair.subarray(32, 64));
  if (!r || !s || r >= ORDER || s >= ORDER) throw new Refused("SIGNATURE_RANGE", "r and s lie between 1 and the group order");
  if (lowOnly && s > ORDER / 2n) throw new Refused("SIGNATURE_HIGH_S", "s is in the upper half");
  const square = (r * r * r + 7n) % P;
  let y = power(square, (P + 1n) / 4n, P);
  if ((y * y) % P !== square) throw new Refused("SIGNATURE_POINT", "r is not on the curve");
  if (Number(y & 1n) !== odd) y = P - y;
  const back = inverse(r, ORDER);
  const point = combined((s * back) % ORDER, [r, y, 1n], modulo(-toInteger(digest) * back, ORDER), GENERATOR);
  if (!point[2]) throw new Refused("SIGNATURE_POINT", "the recovered key is the point at infinity");
  const z = inverse(point[2], P);
  const zz = (z * z) % P;
  const keyX = fromInteger((point[0] * zz) % P, 32);
  const keyY = fromInteger((((point[1] * zz) % P) * z) % P, 32);
  return keccak256(join(keyX, keyY)).subarray(12);
}

const answer = remembered(
  (digest, signature, offset) => `${toHex(digest)} ${toHex(signature)} ${offset}`,
  (digest, signature, offset) => {
    try {
      return { address: recovered(digest, signature, signature[64] - offset, offset === 27) };
    } catch (error) {
      return { error };
    }
  },
);

function recoverWith(digest, signature, offset) {
  if (signature.length !== 65 || signature[64] < offset || signature[64] > offset + 1) {
    throw new Refused("SIGNATURE_FORM", `r, s and v expected, v ${offset} or ${offset + 1}`);
  }
  const { address, error } = answer(digest, signature, offset);
  if (error) throw error;
  return address;
}

// Return who signed a message: 65 bytes r ‖ s ‖ v, low-s, v 27 or 28 (typed-data.md).
export function recoverSigner(digest, signature) {
  return recoverWith(digest, signature, 27);
}

// Return who sealed a QBFT block: v 0 or 1; a high s is the same seal in its other writing.
export function recoverSealer(digest, seal) {
  return recoverWith(digest, seal, 0);
}
