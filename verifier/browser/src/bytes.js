// Bytes, hex, base64 and big-endian integers. Integers that may pass 2^53 are BigInt throughout.

import { Malformed } from "./errors.js";

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));
const ENCODER = new TextEncoder();
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Return the bytes of hex of checked form, with or without 0x.
export function fromHex(text) {
  const start = text.startsWith("0x") ? 2 : 0;
  const bytes = new Uint8Array((text.length - start) / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = parseInt(text.substr(start + 2 * i, 2), 16);
  return bytes;
}

export function toHex(bytes) {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

export function utf8(text) {
  return ENCODER.encode(text);
}

export function join(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function same(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

// Return -1, 0 or 1 as `a` comes before, with or after `b`, byte by byte.
export function compareBytes(a, b) {
  for (let i = 0; i < a.length && i < b.length; i += 1) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return Math.sign(a.length - b.length);
}

export function toInteger(bytes) {
  return bytes.length ? BigInt(`0x${toHex(bytes)}`) : 0n;
}

// Return `value` as an unsigned big-endian integer of `size` bytes; the caller has checked that it fits.
export function fromInteger(value, size) {
  return fromHex(BigInt(value).toString(16).padStart(2 * size, "0"));
}

// Return the bytes of base64 in its one canonical writing.
export function fromBase64(text, place) {
  if (text.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Malformed(place, "not base64");
  const digits = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const digit of digits) {
    held = ((held << 6) | BASE64.indexOf(digit)) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 255;
      at += 1;
    }
  }
  if (toBase64(bytes) !== text) throw new Malformed(place, "not the canonical base64 of its bytes");
  return bytes;
}

export function toBase64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => BASE64[(group >> shift) & 63]);
    const given = Math.min(3, bytes.length - i);
    text += digits.slice(0, given + 1).join("") + "=".repeat(3 - given);
  }
  return text;
}
