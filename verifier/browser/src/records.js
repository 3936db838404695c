// What the leaves of each dataset hold, and that a leaf's four values say the same (bundle.md §2, `items`).

import { compareBytes, fromBase64, fromHex, join, same, toHex } from "./bytes.js";
import { Malformed, Refused } from "./errors.js";
import { readCanonical } from "./json.js";
import { HEADER_BYTES, countSlots, readMeterHeader } from "./meter.js";
import { sha256 } from "./sha2.js";
import { HASH, ID, TEXT, decimalText, fields, hex, integerText, isObject, list, matching, nullable, schema, unsigned, whole, word } from "./shapes.js";
import { readReduction } from "./reduction.js";
import { plainLeaf, plainRoot } from "./trees.js";

const [SMALLEST, LARGEST] = [50, 99];
const COUNT = whole(0, Number.MAX_SAFE_INTEGER);
const AMOUNT = unsigned(96);
const LABEL = matching(/^[^,]{1,1000}$/su, "a code or text without commas");
const PSEUDONYM = hex(16);
const QUANTITY = fields({ value: decimalText, unit: TEXT });

const LINE = fields({
  schema: schema("line"),
  unit: ID,
  indicator: TEXT,
  scope: whole(1, 3),
  quantity: QUANTITY,
  factor: TEXT,
  gases: fields({ CO2: integerText, CH4: integerText, N2O: integerText }),
  fluorinated: list(fields({ gas: TEXT, g: integerText })),
  market: nullable(fields({ factor: TEXT, covered: list(fields({ instrument: TEXT, quantity: decimalText })), rest: decimalText })),
  scope1_g: integerText,
  scope2_location_g: integerText,
  scope2_market_g: integerText,
  scope3_g: integerText,
  quality: whole(1, 5),
  uncertainty: fields({ activity_bp: COUNT, factor_bp: COUNT }),
  sources: list(fields({ kind: word("meter", "activity"), id: TEXT })),
});
const GROUP = fields({ schema: schema("group"), group: whole(0, 999_999), n: whole(1, 2 ** 32 - 1), root: HASH });
const EXPOSURE = fields({
  schema: schema("exposure"),
  exposure: PSEUDONYM,
  borrower: PSEUDONYM,
  asset_class: word(
    "listed_equity", "corporate_bond", "business_loan", "unlisted_equity", "project_finance", "commercial_real_estate", "mortgage",
    "motor_vehicle", "sovereign",
  ),
  branch: LABEL,
  sector: LABEL,
  high_carbon: nullable(word("power", "steel", "building_materials", "petrochemicals", "chemicals", "nonferrous_metals", "paper", "aviation")),
  option: word("1a", "1b", "2a", "2b", "3", "3a", "3b", "3c"),
  numerator_cents: AMOUNT,
  denominator_cents: nullable(AMOUNT),
  denominator: nullable(TEXT),
  emissions: fields({ s1_g: nullable(AMOUNT), s2_g: nullable(AMOUNT), s12_g: nullable(AMOUNT), s3_g: nullable(AMOUNT) }),
  attributed: fields({
    s1_g: nullable(AMOUNT), s2_g: nullable(AMOUNT), s12_g: AMOUNT, s3_g: nullable(AMOUNT), removals_g: AMOUNT, avoided_g: AMOUNT,
    credits_retired_g: AMOUNT, credits_generated_g: AMOUNT,
  }),
  score_s12: whole(1, 5),
  score_s3: nullable(whole(1, 5)),
  exposure_cents: AMOUNT,
});

function hold(element, expected, found) {
  // A text "null" is not null; figures and their decimal texts are the same.
  if ((expected === null) !== (found === null) || String(expected) !== String(found)) {
    throw new Refused("ITEM", `${element} differs`, { element, expected: String(expected).slice(0, 400), found: String(found).slice(0, 400) });
  }
}

function holdAbsent(item, ...names) {
  for (const name of names) if (item[name] !== null) throw new Refused("ITEM", `an item of this dataset has no ${name}`, { element: `item.${name}` });
}

// Refuse unless the item's record says what its leaf says; `statement` (or null) is the one that may name a meter.
export function verifyRecord(commitment, item, at, statement) {
  const record = fromBase64(item.record, `/items/${at}/record`);
  if (commitment.name === "OPERATIONAL") verifyLine(item, record);
  else if (commitment.name === "METERS") verifyMeter(commitment.context, item, record, statement);
  else if (commitment.name === "REDUCTIONS") verifyReduction(item, record);
  else verifyGroup(commitment.n, item, record);
}

function verifyLine(item, record) {
  holdAbsent(item, "slots", "exposures");
  const line = readCanonical(record);
  LINE(line, "/record");
  hold("item.asset", `line/${line.unit}/${line.indicator}`, item.asset);
  hold("item.values", [line.scope1_g, line.scope2_location_g, line.scope2_market_g, line.scope3_g], item.values);
}

function verifyReduction(item, record) {
  holdAbsent(item, "slots", "exposures");
  const line = readReduction(record);
  hold("item.asset", `reduction/${line.id}`, item.asset);
  hold("item.values", [line.avoided_g, line.saved_wh, line.self_used_wh, line.exported_wh], item.values);
}

function verifyMeter(context, item, record, statement) {
  holdAbsent(item, "exposures");
  if (record.length !== HEADER_BYTES + 32) throw new Malformed("/record", "a header of 96 bytes and a digest of 32 expected");
  const header = readMeterHeader(record);
  hold("record key", item.key, toHex(header.key));
  hold("record quantity", 1, header.quantity);
  hold("record start", context.start, header.start);
  hold("record slots", (context.end - context.start) / 900n, header.slots);
  hold("record counts", header.slots, header.measured + header.estimated + header.manual + header.missing);
  const meter = item.slots === null ? null : meterOf(fromBase64(item.slots, "/slots"), record, header, statement);
  hold("item.asset", meter === null ? null : `meter/${meter}/el.import`, item.asset);
  hold("item.values", [header.total, header.measured, header.estimated + header.manual, header.missing], item.values);
}

// Return the statement's name of the meter with these slots; null where no statement is here or none of its meters has this record.
function meterOf(slots, record, header, statement) {
  hold("slots digest", toHex(record.subarray(HEADER_BYTES)), toHex(sha256(join([2], slots))));
  const counts = countSlots(slots, header.slots);
  for (const name of ["total", "measured", "estimated", "manual", "missing"]) hold(`slots ${name}`, counts[name], header[name]);
  hold("values at missing slots", 0, counts.filled);
  hold("the smallest value, if below zero", 0, counts.smallest);
  const digest = toHex(sha256(join(record.subarray(0, HEADER_BYTES), slots)));
  const meters = statement !== null && Array.isArray(statement.meters) ? statement.meters : [];
  const named = meters.find((entry) => isObject(entry) && entry.record === digest);
  return named && typeof named.meter === "string" ? named.meter : null;
}

function verifyGroup(groups, item, record) {
  holdAbsent(item, "slots");
  const group = readCanonical(record, 2);
  GROUP(group, "/record");
  hold("item.asset", `group/${String(group.group).padStart(6, "0")}`, item.asset);
  if (BigInt(group.group) >= groups) throw new Refused("ITEM", "the book has no such group", { element: "record group", expected: `below ${groups}` });
  if (group.n > LARGEST || (groups > 1n && group.n < SMALLEST)) {
    throw new Refused("ITEM", "no group has this size", { element: "record n", expected: `${SMALLEST} to ${LARGEST}`, found: String(group.n) });
  }
  if (item.exposures !== null) verifyExposures(group, item);
}

function verifyExposures(group, item) {
  hold("exposures", group.n, item.exposures.length);
  const sums = [0n, 0n, 0n, 0n];
  let erased = 0;
  let before = new Uint8Array(0);
  const leaves = item.exposures.map((given, at) => {
    if ("leaf" in given) {
      erased += 1;
      return fromHex(given.leaf);
    }
    const data = fromBase64(given.record, `/exposures/${at}/record`);
    const exposure = readCanonical(data, 4);
    EXPOSURE(exposure, `/exposures/${at}/record`);
    const pseudonym = fromHex(exposure.exposure);
    if (compareBytes(pseudonym, before) <= 0) throw new Refused("ITEM", "not in the order of pseudonyms", { element: `exposures ${at}` });
    before = pseudonym;
    const cents = BigInt(exposure.exposure_cents);
    const own = [cents, BigInt(exposure.attributed.s12_g), BigInt(exposure.attributed.s3_g ?? 0), cents * BigInt(exposure.score_s12)];
    own.forEach((value, measure) => {
      sums[measure] += value;
    });
    return plainLeaf(join(fromHex(given.salt), data));
  });
  if (!same(fromHex(group.root), plainRoot(leaves))) throw new Refused("ITEM", "the exposures give another root", { element: "exposures root" });
  const stated = item.values.map(BigInt);
  if (sums.some((value, at) => (erased ? value > stated[at] : value !== stated[at]))) {
    throw new Refused("ITEM", "the exposures add up to other values", { element: "item.values", expected: String(sums), found: String(stated) });
  }
}
