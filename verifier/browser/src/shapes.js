// The form of documents, field by field: a shape is a function (value, pointer) that throws Malformed.

import { Malformed } from "./errors.js";

function refuse(pointer, wanted) {
  return new Malformed(pointer || "/", `${wanted} expected`);
}

export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

// Return a shape for a string that `pattern` (with ^ and $) matches.
export function matching(pattern, wanted) {
  return (value, pointer) => {
    if (typeof value !== "string" || !pattern.test(value)) throw refuse(pointer, wanted);
  };
}

// Return a shape for a text of 1 to `most` characters (not code units).
export function sized(most) {
  return matching(new RegExp(`^[^]{1,${most}}$`, "u"), `text of 1 to ${most} characters`);
}

export function whole(low, high) {
  return (value, pointer) => {
    if (!Number.isInteger(value) || value < low || value > high) throw refuse(pointer, `an integer from ${low} to ${high}`);
  };
}

// Return a shape for a decimal string of an integer in [0, 2^bits).
export function unsigned(bits) {
  const limit = 1n << BigInt(bits);
  return (value, pointer) => {
    integerText(value, pointer);
    if (value.startsWith("-") || BigInt(value) >= limit) throw refuse(pointer, `a decimal string below 2^${bits}`);
  };
}

export function word(...words) {
  return (value, pointer) => {
    if (!words.includes(value)) throw refuse(pointer, words.join(" or "));
  };
}

export function nullable(shape) {
  return (value, pointer) => {
    if (value !== null) shape(value, pointer);
  };
}

export function either(first, second) {
  return (value, pointer) => {
    try {
      first(value, pointer);
    } catch {
      second(value, pointer);
    }
  };
}

export function list(shape, { most = 2_000_000, exactly = null } = {}) {
  return (value, pointer) => {
    const wanted = exactly === null ? `at most ${most}` : exactly;
    if (!Array.isArray(value) || value.length > most || (exactly !== null && value.length !== exactly)) {
      throw refuse(pointer, `a list of ${wanted} items`);
    }
    value.forEach((item, at) => shape(item, `${pointer}/${at}`));
  };
}

// Return a shape for an object with free keys and values of one shape.
export function keyed(shape) {
  return (value, pointer) => {
    if (!isObject(value)) throw refuse(pointer, "an object");
    for (const key of Object.keys(value)) shape(value[key], `${pointer}/${key}`);
  };
}

// Return a shape for an object with exactly these fields; those named in `optional` may be absent.
export function fields(shapes, optional = []) {
  return (value, pointer) => {
    if (!isObject(value)) throw refuse(pointer, "an object");
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(shapes, name)) throw new Malformed(`${pointer}/${name}`, "this field is not part of the document");
    }
    for (const name of Object.keys(shapes)) {
      if (name in value) shapes[name](value[name], `${pointer}/${name}`);
      else if (!optional.includes(name)) throw new Malformed(`${pointer}/${name}`, "this field is missing");
    }
  };
}

export function hex(size, prefix = "") {
  const count = size === null ? "(?:[0-9a-f]{2})*" : `[0-9a-f]{${2 * size}}`;
  return matching(new RegExp(`^${prefix}${count}$`), `${size ?? "whole"} bytes of lower-case hex`);
}

export function schema(name) {
  return word(`lingtan.${name}/1`);
}

// Refuse a list that is not strictly ascending; `compare` returns below 0 where a comes before b.
export function ascending(items, pointer, compare) {
  items.slice(1).forEach((item, at) => {
    if (compare(items[at], item) >= 0) throw new Malformed(`${pointer}/${at + 1}`, "not in strictly ascending order");
  });
}

export function byText(name) {
  return (a, b) => (a[name] < b[name] ? -1 : Number(a[name] > b[name]));
}

const MOST_DIGITS = 120;

export function integerText(value, pointer) {
  if (typeof value !== "string" || value.length > MOST_DIGITS || !/^(0|-?[1-9][0-9]*)$/.test(value)) {
    throw refuse(pointer, "a decimal string of an integer");
  }
}

export function decimalText(value, pointer) {
  if (typeof value !== "string" || value.length > MOST_DIGITS || !/^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(value)) {
    throw refuse(pointer, "a decimal string");
  }
}

// What a policy counts: a JSON integer of 0 or more, or its decimal string below 2^256.
export function counting(value, pointer) {
  if (typeof value === "number") whole(0, Number.MAX_SAFE_INTEGER)(value, pointer);
  else unsigned(256)(value, pointer);
}

export const ANY_TEXT = matching(/^/, "a string");
export const TEXT = matching(/^[^]/, "a non-empty string");
export const ID = matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "an identifier");
export const HASH = hex(32);
export const ADDRESS = hex(20, "0x");
export const INSTANT = matching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, "an instant YYYY-MM-DDTHH:MM:SSZ");
export const OBJECT = keyed(() => {});

// Return the Unix seconds (BigInt) of an instant, or of a count of them.
export function secondsOf(value) {
  const text = String(value);
  if (/^[0-9]+$/.test(text)) return BigInt(text);
  const time = Date.parse(text);
  // Date.parse carries some days over into the next month, and knows a year 0 and an hour 24.
  if (Number.isNaN(time) || text.startsWith("0000") || new Date(time).toISOString() !== `${text.slice(0, 19)}.000Z`) {
    throw new Malformed("", `${text} is not an instant of the calendar`);
  }
  return BigInt(time / 1000);
}
