// Signed notes, checkpoints of the block log and cosignatures of witnesses (commitments.md §8, C2SP).

import { fromBase64, join, same, toHex, toInteger, utf8 } from "./bytes.js";
import { isKey, isSignedBy } from "./ed25519.js";
import { Malformed, Refused } from "./errors.js";
import { sha256 } from "./sha2.js";

const MOST_BYTES = 64 * 1024;
const MOST_LINES = 32;
export const LOG_KEY = 1;
export const WITNESS_KEY = 4;

// Return {name, id, key} of `name+<hex key id>+<base64(type ‖ public key)>`.
export function readKey(text, type) {
  const [name, id, ...rest] = text.split("+");
  const data = fromBase64(rest.join("+"), "vkey");
  if (!name || /[\u0000-\u001f]|\p{White_Space}/u.test(name) || data.length !== 33 || data[0] !== type || !isKey(data.subarray(1))) {
    throw new Malformed("vkey", `name+key id+base64 of 0x0${type} and an Ed25519 key expected`);
  }
  const own = sha256(join(utf8(`${name}\n`), data)).subarray(0, 4);
  if (toHex(own) !== id) throw new Malformed("vkey", `the key id is ${toHex(own)}`);
  return { name, id: own, key: data.subarray(1) };
}

// Return {text, lines} of a note: what is signed, and its signature lines as {name, id, payload}.
export function readNote(note) {
  if (utf8(note).length > MOST_BYTES || /[\u0000-\u0009\u000b-\u001f]/.test(note)) {
    throw new Malformed("checkpoint", "a note is text of at most 64 KiB without control characters");
  }
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n") || end + 2 >= note.length) {
    throw new Malformed("checkpoint", "a note is text, an empty line and signature lines");
  }
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > MOST_LINES) throw new Malformed("checkpoint", `more than ${MOST_LINES} signature lines`);
  return { text: note.slice(0, end + 1), lines: lines.map(readLine) };
}

function readLine(line, at) {
  const [dash, name, signature, ...more] = line.split(" ");
  const place = `checkpoint signature ${at + 1}`;
  if (dash !== "\u2014" || !name || signature === undefined || more.length || /\p{White_Space}|\+/u.test(name)) {
    throw new Malformed(place, "an em dash, a name and base64 expected");
  }
  const data = fromBase64(signature, place);
  if (data.length < 5) throw new Malformed(place, "too short");
  return { name, id: data.subarray(0, 4), payload: data.subarray(4) };
}

function isOf(line, key) {
  return line.name === key.name && same(line.id, key.id);
}

// Return the names of the lines that are of none of these keys.
export function strangersOf(note, keys) {
  return readNote(note)
    .lines.filter((line) => !keys.some((key) => isOf(line, key)))
    .map((line) => line.name);
}

// Return {size, root} of a checkpoint signed by the log's key; a line of that key that does not hold is refused.
export function readCheckpoint(note, key, origin) {
  const { text, lines } = readNote(note);
  const [name, size, root, rest, ...more] = text.split("\n");
  if (rest !== "" || more.length) throw new Malformed("checkpoint", "exactly the lines origin, size and root expected");
  if (!/^[1-9][0-9]{0,19}$/.test(size)) throw new Malformed("checkpoint line 2", "a size of 1 or more without leading zeros expected");
  const hash = fromBase64(root, "checkpoint line 3");
  if (hash.length !== 32) throw new Malformed("checkpoint line 3", "a root has 32 bytes");
  if (name !== origin) throw new Refused("CHECKPOINT_ORIGIN", "the checkpoint is of another log", { expected: origin, found: name });
  const own = lines.filter((line) => isOf(line, key));
  if (!own.every((line) => isSignedBy(key.key, utf8(text), line.payload))) {
    throw new Refused("CHECKPOINT_SIGNATURE", "the log's signature is wrong", { expected: key.name });
  }
  if (!own.length) throw new Refused("CHECKPOINT_UNSIGNED", "no line by the log's key", { expected: `${key.name} ${toHex(key.id)}`, found: "none" });
  return { size: BigInt(size), root: hash };
}

// Return a Map from witness name to the latest time (BigInt, Unix seconds) at which it cosigned; a wrong line is refused.
export function readCosignatures(note, witnesses) {
  const { text, lines } = readNote(note);
  const found = new Map();
  for (const witness of witnesses) {
    for (const line of lines.filter((item) => isOf(item, witness))) {
      const time = toInteger(line.payload.subarray(0, 8));
      const signed = utf8(`cosignature/v1\ntime ${time}\n${text}`);
      if (line.payload.length !== 72 || time >= 2n ** 63n || !isSignedBy(witness.key, signed, line.payload.subarray(8))) {
        throw new Refused("COSIGNATURE", "a witness's cosignature is wrong", { expected: witness.name });
      }
      const before = found.get(witness.name);
      found.set(witness.name, before !== undefined && before > time ? before : time);
    }
  }
  return found;
}

