// Ed25519 (RFC 8032 §5.1.7), cofactorless, canonical encodings only. WebCrypto is asked the same again (crosscheck.js).

import { join, same, toHex, toInteger } from "./bytes.js";
import { inverse, modulo, power, remembered } from "./field.js";
import { sha512 } from "./sha2.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = modulo(-121665n * inverse(121666n, P), P);
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n, P);
const NEUTRAL = [0n, 1n, 1n, 0n];

function little(bytes) {
  return toInteger(Uint8Array.from(bytes).reverse());
}

// Points are (X, Y, Z, T) with T = XY/Z on -x² + y² = 1 + d x² y².
function added(p, q) {
  const a = ((p[1] - p[0]) * (q[1] - q[0])) % P;
  const b = ((p[1] + p[0]) * (q[1] + q[0])) % P;
  const c = (((2n * p[3] * q[3]) % P) * D) % P;
  const d = (2n * p[2] * q[2]) % P;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [modulo(e * f, P), modulo(g * h, P), modulo(f * g, P), modulo(e * h, P)];
}

function times(scalar, point) {
  let result = NEUTRAL;
  for (const bit of scalar.toString(2)) {
    result = added(result, result);
    if (bit === "1") result = added(result, point);
  }
  return result;
}

// Return the point, or null where these 32 bytes are not the one encoding of a point.
function decoded(bytes) {
  const number = little(bytes);
  const sign = number >> 255n;
  const y = number & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const square = modulo((y * y - 1n) * inverse(D * y * y + 1n, P), P);
  let x = power(square, (P + 3n) / 8n, P);
  if ((x * x) % P !== square) x = (x * ROOT_OF_MINUS_ONE) % P;
  if ((x * x) % P !== square || (!x && sign)) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, (x * y) % P];
}

function encoded([x, y, z]) {
  const back = inverse(z, P);
  const number = ((y * back) % P) | ((((x * back) % P) & 1n) << 255n);
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i += 1) bytes[i] = Number((number >> BigInt(8 * i)) & 255n);
  return bytes;
}

const BASE = decoded(Uint8Array.from({ length: 32 }, (_, at) => (at ? 0x66 : 0x58)));

// Say whether 32 bytes are a key that binds somebody: canonical, and not of small order, under which anybody can sign.
export const isKey = remembered(toHex, (bytes) => {
  const point = bytes.length === 32 ? decoded(bytes) : null;
  return point !== null && !same(encoded(times(8n, point)), encoded(NEUTRAL));
});

// Every question with its answer, for the page to ask WebCrypto as well.
export const asked = new Map();

const holds = remembered(
  (key, message, signature) => `${toHex(key)} ${toHex(signature)} ${toHex(message)}`,
  (key, message, signature) => {
    const point = decoded(key);
    const s = little(signature.subarray(32));
    if (!point || s >= L) return false;
    const h = little(sha512(join(signature.subarray(0, 32), key, message))) % L;
    const negative = [modulo(-point[0], P), point[1], 1n, modulo(-point[3], P)];
    return same(encoded(added(times(s, BASE), times(h, negative))), signature.subarray(0, 32));
  },
);

// Say whether `signature` is `key`'s over `message`.
export function isSignedBy(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const result = holds(key, message, signature);
  asked.set(`${toHex(key)}${toHex(signature)}`, { key, message, signature, result });
  return result;
}
