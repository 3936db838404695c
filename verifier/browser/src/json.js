// Canonical JSON (RFC 8785, restricted by commitments.md §7): objects without a prototype, arrays, strings, true, false, null, integers.
// The bytes of a document are its canonical bytes, so one comparison at the end refuses every other writing.

import { same, toHex, utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";
import { sha256 } from "./sha2.js";

const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const WRITTEN = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

class Reader {
  constructor(text, nesting) {
    this.text = text;
    this.nesting = nesting;
    this.at = 0;
    this.depth = 0;
  }

  refuse(detail) {
    return new Malformed(`character ${this.at}`, detail);
  }

  space() {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at += 1;
  }

  take(sign) {
    this.space();
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  value() {
    this.space();
    const sign = this.text[this.at];
    if (sign === "{") return this.nested(() => this.object());
    if (sign === "[") return this.nested(() => this.list());
    if (sign === '"') return this.string();
    for (const [word, value] of [["true", true], ["false", false], ["null", null]]) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.integer();
  }

  nested(read) {
    this.depth += 1;
    if (this.depth > this.nesting) throw this.refuse(`nested deeper than ${this.nesting}`);
    this.at += 1;
    const value = read();
    this.depth -= 1;
    return value;
  }

  object() {
    const value = Object.create(null);
    if (this.take("}")) return value;
    do {
      this.space();
      const key = this.string();
      if (key in value) throw this.refuse("a key stands twice");
      if (!this.take(":")) throw this.refuse("a colon expected");
      value[key] = this.value();
    } while (this.take(","));
    if (!this.take("}")) throw this.refuse("a comma or } expected");
    return value;
  }

  list() {
    const value = [];
    if (this.take("]")) return value;
    do value.push(this.value());
    while (this.take(","));
    if (!this.take("]")) throw this.refuse("a comma or ] expected");
    return value;
  }

  string() {
    if (this.text[this.at] !== '"') throw this.refuse("a string expected");
    let value = "";
    let from = this.at + 1;
    for (this.at = from; ; this.at += 1) {
      const sign = this.text[this.at];
      if (sign === undefined || sign < " ") throw this.refuse("a string is not ended, or holds a control character");
      if (sign !== '"' && sign !== "\\") continue;
      value += this.text.slice(from, this.at);
      if (sign === '"') break;
      value += this.escape();
      from = this.at + 1;
    }
    this.at += 1;
    if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value)) throw this.refuse("a lone surrogate");
    return value;
  }

  escape() {
    this.at += 1;
    const sign = this.text[this.at];
    if (sign !== "u") {
      if (!Object.hasOwn(ESCAPES, sign ?? "")) throw this.refuse("an unknown escape");
      return ESCAPES[sign];
    }
    const digits = this.text.slice(this.at + 1, this.at + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.refuse("four hex digits expected");
    this.at += 4;
    return String.fromCharCode(parseInt(digits, 16));
  }

  integer() {
    const found = /^-?(0|[1-9][0-9]*)(?![0-9.eE])/.exec(this.text.slice(this.at, this.at + 40));
    if (!found) throw this.refuse("a value expected; of numbers, integers alone");
    const value = Number(found[0]);
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw this.refuse("an integer beyond 2^53-1, or -0");
    this.at += found[0].length;
    return value;
  }
}

// Return the value of canonical bytes, nested `nesting` deep at most.
export function readCanonical(bytes, nesting = 64) {
  const value = readStrict(bytes, nesting);
  if (!same(canonicalBytes(value), bytes)) throw new Malformed("", "not the canonical form (RFC 8785) of its value");
  return value;
}

// Return the value of a JSON text in whatever writing: a policy may be indented.
export function readStrict(bytes, nesting = 64) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed("", "not UTF-8");
  }
  const reader = new Reader(text, nesting);
  const value = reader.value();
  reader.space();
  if (reader.at !== text.length) throw reader.refuse("text follows the value");
  return value;
}

export function canonicalBytes(value) {
  return utf8(canonical(value));
}

// Return the SHA-256 of the canonical bytes, lower-case hex.
export function documentHash(value) {
  return toHex(sha256(canonicalBytes(value)));
}

export function canonical(value) {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return String(value);
  const keys = Object.keys(value).sort((a, b) => (a < b ? -1 : 1)); // by UTF-16 code units, as JavaScript compares
  return `{${keys.map((key) => `${quoted(key)}:${canonical(value[key])}`).join(",")}}`;
}

function quoted(text) {
  const inside = text.replace(/["\\\u0000-\u001f]/g, (sign) => WRITTEN[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `"${inside}"`;
}
