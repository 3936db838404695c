// Keccak-256 as Ethereum uses it: the padding of 2011 (0x01), not that of SHA3-256. Lanes are two words of 32 bits, low first.

const RATE = 136;

// The constants of iota come from the degree-8 LFSR of the reference, §1.2.
const IOTA = (() => {
  const words = [];
  let register = 1;
  for (let round = 0; round < 24; round += 1) {
    const pair = [0, 0];
    for (let j = 0; j < 7; j += 1) {
      const bit = (1 << j) - 1;
      if (register & 1) pair[bit >> 5] |= 1 << (bit & 31);
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    }
    words.push(pair);
  }
  return words;
})();

// rho and pi together: lane `from` turned left by `turn` goes to lane `to`.
const MOVES = (() => {
  const moves = [];
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t += 1) {
    moves.push({ from: x + 5 * y, to: y + 5 * ((2 * x + 3 * y) % 5), turn: (((t + 1) * (t + 2)) / 2) % 64 });
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return moves;
})();

function permute(a) {
  const b = new Uint32Array(50);
  const c = new Uint32Array(10);
  for (const [low, high] of IOTA) {
    for (let i = 0; i < 10; i += 1) c[i] = a[i] ^ a[i + 10] ^ a[i + 20] ^ a[i + 30] ^ a[i + 40];
    for (let x = 0; x < 5; x += 1) {
      const left = 2 * ((x + 4) % 5);
      const right = 2 * ((x + 1) % 5);
      const d0 = c[left] ^ ((c[right] << 1) | (c[right + 1] >>> 31));
      const d1 = c[left + 1] ^ ((c[right + 1] << 1) | (c[right] >>> 31));
      for (let at = 2 * x; at < 50; at += 10) {
        a[at] ^= d0;
        a[at + 1] ^= d1;
      }
    }
    b[0] = a[0];
    b[1] = a[1];
    for (const { from, to, turn } of MOVES) {
      const swapped = turn >= 32 ? 1 : 0;
      const n = turn & 31;
      const [p, q] = [a[2 * from + swapped], a[2 * from + 1 - swapped]];
      b[2 * to] = n ? (p << n) | (q >>> (32 - n)) : p;
      b[2 * to + 1] = n ? (q << n) | (p >>> (32 - n)) : q;
    }
    for (let row = 0; row < 50; row += 10) {
      for (let i = 0; i < 10; i += 1) a[row + i] = b[row + i] ^ (~b[row + ((i + 2) % 10)] & b[row + ((i + 4) % 10)]);
    }
    a[0] ^= low;
    a[1] ^= high;
  }
}

export function keccak256(data) {
  const input = new Uint8Array(data.length + RATE - (data.length % RATE));
  input.set(data);
  input[data.length] = 0x01;
  input[input.length - 1] |= 0x80;
  const view = new DataView(input.buffer);
  const state = new Uint32Array(50);
  for (let start = 0; start < input.length; start += RATE) {
    for (let i = 0; i < RATE / 4; i += 1) state[i] ^= view.getUint32(start + 4 * i, true);
    permute(state);
  }
  const out = new DataView(new ArrayBuffer(32));
  for (let i = 0; i < 8; i += 1) out.setUint32(4 * i, state[i], true);
  return new Uint8Array(out.buffer);
}
