// Arithmetic modulo a prime, and answers that are worked out once: a bundle asks for the same signature at every block.

export function modulo(value, m) {
  const rest = value % m;
  return rest < 0n ? rest + m : rest;
}

export function power(base, exponent, m) {
  let result = 1n;
  let square = modulo(base, m);
  for (let rest = exponent; rest; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % m;
    square = (square * square) % m;
  }
  return result;
}

// Return 1/value mod m, by Euclid; value and m have no common factor.
export function inverse(value, m) {
  let [r0, r1] = [m, modulo(value, m)];
  let [t0, t1] = [0n, 1n];
  while (r1) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return modulo(t0, m);
}

// Return a function that remembers its last 4,096 answers by `keyOf` of its arguments.
export function remembered(keyOf, compute) {
  const known = new Map();
  return (...input) => {
    const key = keyOf(...input);
    if (!known.has(key)) {
      if (known.size >= 4096) known.clear();
      known.set(key, compute(...input));
    }
    return known.get(key);
  };
}
