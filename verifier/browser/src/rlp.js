// RLP, strict: every value has one encoding, any other is refused. Items are Uint8Array or arrays of items.

import { fromInteger, join, toInteger } from "./bytes.js";
import { Malformed } from "./errors.js";

const DEEPEST = 16;

// Return the one item that `data` encodes.
export function decodeRlp(data) {
  const [item, end] = itemAt(data, 0, data.length, 0);
  if (end !== data.length) throw new Malformed(`byte ${end}`, "bytes follow the RLP item");
  return item;
}

export function decodeRlpList(data) {
  const item = decodeRlp(data);
  if (!Array.isArray(item)) throw new Malformed("byte 0", "an RLP list expected");
  return item;
}

function itemAt(data, at, limit, depth) {
  if (at >= limit) throw new Malformed(`byte ${at}`, "the data ends where an RLP item should start");
  if (depth > DEEPEST) throw new Malformed(`byte ${at}`, `RLP lists are nested deeper than ${DEEPEST}`);
  const first = data[at];
  if (first < 0x80) return [data.subarray(at, at + 1), at + 1];
  const isList = first >= 0xc0;
  const code = first - (isList ? 0xc0 : 0x80);
  let start = at + 1;
  let length = code;
  if (code > 55) {
    start += code - 55;
    const size = data.subarray(at + 1, Math.min(start, limit));
    const written = toInteger(size);
    if (size.length !== code - 55 || size[0] === 0 || written < 56n) throw new Malformed(`byte ${at}`, "an RLP length not in its shortest form");
    if (written > BigInt(limit)) throw new Malformed(`byte ${at}`, "an RLP item longer than the data");
    length = Number(written);
  }
  const end = start + length;
  if (end > limit) throw new Malformed(`byte ${at}`, "an RLP item longer than the data");
  if (!isList) {
    if (length === 1 && data[start] < 0x80) throw new Malformed(`byte ${at}`, "a byte below 0x80 is its own encoding");
    return [data.subarray(start, end), end];
  }
  const items = [];
  while (start < end) {
    const [item, next] = itemAt(data, start, end, depth + 1);
    items.push(item);
    start = next;
  }
  return [items, end];
}

// Return a byte string item, of `length` bytes where given.
export function textItem(item, length = null) {
  if (Array.isArray(item) || (length !== null && item.length !== length)) {
    throw new Malformed("", `an RLP string${length === null ? "" : ` of ${length} bytes`} expected`);
  }
  return item;
}

// Return an integer item (BigInt): big-endian, no leading zero, at most 32 bytes.
export function integerItem(item) {
  const bytes = textItem(item);
  if (bytes[0] === 0 || bytes.length > 32) throw new Malformed("", "an RLP integer has no leading zero and at most 32 bytes");
  return toInteger(bytes);
}

export function encodeRlp(item) {
  if (!Array.isArray(item)) return item.length === 1 && item[0] < 0x80 ? item : join(head(item.length, 0x80), item);
  const body = join(...item.map(encodeRlp));
  return join(head(body.length, 0xc0), body);
}

export function shortestBytes(value) {
  return value ? fromInteger(value, Math.ceil(value.toString(16).length / 2)) : new Uint8Array(0);
}

function head(length, offset) {
  if (length < 56) return Uint8Array.of(offset + length);
  const size = shortestBytes(BigInt(length));
  return join(Uint8Array.of(offset + 55 + size.length), size);
}
