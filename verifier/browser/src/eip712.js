// The structs of typed-data.md: JSON messages, struct hashes, what is signed, and the words of events.

import { fromHex, fromInteger, join, utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";
import { keccak256 } from "./keccak.js";

const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
export const PERIOD_ATTESTATION =
  "PeriodAttestation(bytes32 org,bytes32 dataset,uint64 periodStart,uint64 periodEnd,uint32 revision,uint8 cause,uint8 alg,uint8 measures," +
  "bytes32 schemaHash,uint64 n,uint128[4] totals,bytes32 treeRoot,bytes32 root,bytes32 libraryHash,bytes32 statementHash,uint64 deadline)";
export const CLAIM =
  "Claim(bytes32 claim,bytes32 org,bytes32 scheme,uint64 periodStart,uint64 periodEnd,bytes32[] attestations,bytes32 packageHash," +
  "uint8 verifiersRequired,uint64 deadline)";
export const VERDICT =
  "Verdict(bytes32 claim,bytes32 org,bytes32 packageHash,bytes32 resultHash,bytes32 findingsHash,uint8 assurance,uint32 materialityBp," +
  "uint8 opinion,bytes32 samplingSeed,uint32 sampleSize,bytes32 toolHash,bytes32 salt,uint32 sequence,uint64 deadline)";
export const CERTIFICATE =
  "Certificate(bytes32 certificate,bytes32 claim,bytes32 org,bytes32 documentHash,uint64 validFrom,uint64 validTo,uint64 deadline)";

// Return [{name, type}] of a struct, in order.
export function fieldsOf(struct) {
  return struct
    .slice(struct.indexOf("(") + 1, -1)
    .split(",")
    .map((part) => ({ type: part.split(" ")[0], name: part.split(" ")[1] }));
}

// Return an event's topic 0; `types` are the types of its parameters.
export function eventTopic(name, types) {
  return keccak256(utf8(`${name}(${types.join(",")})`));
}

export function arrayOf(type) {
  const found = /^(.*)\[([0-9]*)\]$/.exec(type);
  return found && { type: found[1], length: found[2] === "" ? null : Number(found[2]) };
}

// Return the 32-byte word of an atomic value: BigInt or bytes.
export function wordOf(value) {
  if (typeof value === "bigint") return fromInteger(value, 32);
  return value.length === 32 ? value : join(new Uint8Array(32 - value.length), value);
}

function encoded(type, value) {
  const array = arrayOf(type);
  return array ? keccak256(join(...value.map((item) => encoded(array.type, item)))) : wordOf(value);
}

export function structHash(struct, values) {
  return keccak256(join(keccak256(utf8(struct)), ...fieldsOf(struct).map(({ name, type }) => encoded(type, values[name]))));
}

// Return what is signed: keccak(0x19 0x01 ‖ domain ‖ struct); chainId a BigInt, contract 20 bytes.
export function signingDigest(struct, values, chainId, contract) {
  const domain = { name: keccak256(utf8("Lingtan")), version: keccak256(utf8("1")), chainId, verifyingContract: contract };
  return keccak256(join(Uint8Array.of(0x19, 0x01), structHash(DOMAIN, domain), structHash(struct, values)));
}

// Return the values of a JSON message (documents.md §6): integers as BigInt, the rest as bytes.
export function readMessage(struct, message) {
  const wanted = fieldsOf(struct);
  const names = wanted.map(({ name }) => name);
  const odd = [...Object.keys(message).filter((name) => !names.includes(name)), ...names.filter((name) => !(name in message))];
  if (odd.length) throw new Malformed(`/message/${odd[0]}`, "a field of the message is missing or unknown");
  return Object.fromEntries(wanted.map(({ name, type }) => [name, readValue(type, message[name], `/message/${name}`)]));
}

function readValue(type, text, place) {
  const array = arrayOf(type);
  if (array) {
    if (!Array.isArray(text) || (array.length !== null && text.length !== array.length)) throw new Malformed(place, `${type} expected`);
    return text.map((item, at) => readValue(array.type, item, `${place}/${at}`));
  }
  if (typeof text !== "string") throw new Malformed(place, `${type} expected`);
  if (type.startsWith("uint")) {
    if (/^(0|[1-9][0-9]{0,78})$/.test(text) && BigInt(text) < 1n << BigInt(type.slice(4))) return BigInt(text);
  } else if (new RegExp(`^0x[0-9a-f]{${type === "bytes32" ? 64 : 40}}$`).test(text)) return fromHex(text);
  throw new Malformed(place, `${type} expected`);
}
