// LTM1 meter records, little-endian (commitments.md §6).

import { Malformed } from "./errors.js";

export const HEADER_BYTES = 96;
const MAGIC = 0x314d544c; // "LTM1", little-endian
const QUANTITIES = 6;
const MOST_SLOTS = 4_000_000;

// Return the header's fields; total and start are BigInt.
export function readMeterHeader(data) {
  if (data.length < HEADER_BYTES) throw new Malformed(`byte ${data.length}`, "a meter record has at least 96 bytes");
  const view = new DataView(data.buffer, data.byteOffset, HEADER_BYTES);
  const u32 = (at) => view.getUint32(at, true);
  if (u32(0) !== MAGIC || view.getUint16(4, true) !== 1) throw new Malformed("byte 0", "not an LTM1 version 1 record");
  if (view.getUint16(6, true) !== 15) throw new Malformed("byte 6", "an interval of 15 minutes expected");
  const quantity = view.getUint8(52);
  if (quantity < 1 || quantity > QUANTITIES) throw new Malformed("byte 52", "an unknown quantity");
  if ([...data.subarray(53, 56), ...data.subarray(80, 96)].some((byte) => byte)) throw new Malformed("byte 53", "reserved bytes are zero");
  if (u32(48) > MOST_SLOTS) throw new Malformed("byte 48", `more than ${MOST_SLOTS} slots`);
  return {
    key: data.subarray(8, 40),
    start: view.getBigInt64(40, true),
    slots: u32(48),
    quantity,
    total: view.getBigInt64(56, true),
    measured: u32(64),
    estimated: u32(68),
    manual: u32(72),
    missing: u32(76),
  };
}

// Return what the slots of a record of `count` slots add up to: counts, total, the smallest value, values at missing slots.
export function countSlots(data, count) {
  if (data.length !== 9 * count) throw new Malformed(`byte ${data.length}`, `${count} slots need ${9 * count} bytes`);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const by = [0, 0, 0, 0, 0, 0];
  let [total, smallest, filled] = [0n, 0n, 0];
  for (let i = 0; i < count; i += 1) {
    const quality = data[8 * count + i];
    if (quality > 5) throw new Malformed(`slot ${i}`, `quality ${quality} is unknown`);
    const value = view.getBigInt64(8 * i, true);
    by[quality] += 1;
    total += value;
    if (value < smallest) smallest = value;
    if (!quality && value) filled += 1;
  }
  return { total, measured: by[1] + by[5], estimated: by[2] + by[4], manual: by[3], missing: by[0], smallest, filled };
}
