// SHA-256 and SHA-512 (FIPS 180-4). Own, because WebCrypto answers only later; the page asks it again (crosscheck.js).

import { fromInteger } from "./bytes.js";

const MASK = (1n << 64n) - 1n;

function primes(count) {
  const found = [];
  for (let n = 2n; found.length < count; n += 1n) if (found.every((p) => n % p)) found.push(n);
  return found;
}

// Return the greatest r with r^power ≤ value.
function integerRoot(value, power) {
  let low = 0n;
  let high = 1n << BigInt(Math.ceil(value.toString(2).length / power));
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(power) <= value) low = middle;
    else high = middle;
  }
  return low;
}

// The first 64 bits behind the point of the roots of primes: the standard's constants; SHA-256 has the first 32 of each.
const CUBE_ROOTS = primes(80).map((p) => integerRoot(p << 192n, 3) & MASK);
const SQUARE_ROOTS = primes(8).map((p) => integerRoot(p << 128n, 2) & MASK);
const K32 = Uint32Array.from(CUBE_ROOTS.slice(0, 64), (k) => Number(k >> 32n));
const H32 = Uint32Array.from(SQUARE_ROOTS, (h) => Number(h >> 32n));

function padded(data, block, lengthBytes) {
  const rest = (data.length + 1 + lengthBytes) % block;
  const out = new Uint8Array(data.length + 1 + lengthBytes + (rest ? block - rest : 0));
  out.set(data);
  out[data.length] = 0x80;
  out.set(fromInteger(BigInt(data.length) * 8n, 8), out.length - 8);
  return out;
}

export function sha256(data) {
  const input = padded(data, 64, 8);
  const view = new DataView(input.buffer);
  const h = Uint32Array.from(H32);
  const w = new Uint32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  for (let start = 0; start < input.length; start += 64) {
    for (let t = 0; t < 16; t += 1) w[t] = view.getUint32(start + 4 * t);
    for (let t = 16; t < 64; t += 1) {
      const s0 = turn(w[t - 15], 7) ^ turn(w[t - 15], 18) ^ (w[t - 15] >>> 3);
      const s1 = turn(w[t - 2], 17) ^ turn(w[t - 2], 19) ^ (w[t - 2] >>> 10);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    let [a, b, c, d, e, f, g, last] = h;
    for (let t = 0; t < 64; t += 1) {
      const t1 = (last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K32[t] + w[t]) | 0;
      const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      last = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, last].forEach((value, at) => {
      h[at] += value;
    });
  }
  const out = new DataView(new ArrayBuffer(32));
  h.forEach((value, at) => out.setUint32(4 * at, value));
  return new Uint8Array(out.buffer);
}

export function sha512(data) {
  const input = padded(data, 128, 16);
  const view = new DataView(input.buffer);
  const turn = (x, n) => (x >> n) | ((x << (64n - n)) & MASK);
  const h = [...SQUARE_ROOTS];
  for (let start = 0; start < input.length; start += 128) {
    const w = Array.from({ length: 16 }, (_, t) => view.getBigUint64(start + 8 * t));
    for (let t = 16; t < 80; t += 1) {
      const s0 = turn(w[t - 15], 1n) ^ turn(w[t - 15], 8n) ^ (w[t - 15] >> 7n);
      const s1 = turn(w[t - 2], 19n) ^ turn(w[t - 2], 61n) ^ (w[t - 2] >> 6n);
      w.push((w[t - 16] + s0 + w[t - 7] + s1) & MASK);
    }
    let [a, b, c, d, e, f, g, last] = h;
    for (let t = 0; t < 80; t += 1) {
      const t1 = last + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & f) ^ (~e & MASK & g)) + CUBE_ROOTS[t] + w[t];
      const t2 = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, last] = [(t1 + t2) & MASK, a, b, c, (d + t1) & MASK, e, f, g];
    }
    [a, b, c, d, e, f, g, last].forEach((value, at) => {
      h[at] = (h[at] + value) & MASK;
    });
  }
  const out = new Uint8Array(64);
  h.forEach((value, at) => out.set(fromInteger(value, 8), 8 * at));
  return out;
}
