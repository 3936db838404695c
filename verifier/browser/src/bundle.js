// The proof bundle: its shape and limits (bundle.md §1).

import { fromHex, toHex } from "./bytes.js";
import { Malformed } from "./errors.js";
import { readCanonical } from "./json.js";
import { sha256 } from "./sha2.js";
import { ADDRESS, ANY_TEXT, HASH, ID, INSTANT, OBJECT, TEXT, ascending, byText, either, fields, hex, integerText, isObject, keyed, list, nullable, schema, sized, unsigned, whole, word } from "./shapes.js";
import { readCommitment } from "./trees.js";

const MOST_BYTES = 4 * 1024 * 1024;
const NESTING = 16;
const MOST_HEADER = 16 * 1024;
const MOST = { headers: 64, nodes: 64, datasets: 4, items: 2_000, verdicts: 8, exposures: 99 };

const TOTALS = list(unsigned(256), { exactly: 4 });
const HEX = hex(null, "0x");
const WORD = hex(32, "0x");
const BLOCK = whole(0, MOST.headers - 1);
const NODES = list(HEX, { most: MOST.nodes });
const STORAGE = fields({ slot: WORD, proof: NODES });
const RECEIPT = fields({ type: unsigned(8), value: HEX, proof: NODES, log_index: unsigned(32) });
const MESSAGE = keyed(either(TEXT, list(TEXT, { most: 16 })));
const SIGNATURE = hex(65, "0x");
const SIGNED = {
  message: MESSAGE,
  signature: SIGNATURE,
  signer: ADDRESS,
  event: fields({ block: BLOCK, transaction: unsigned(64), receipt: RECEIPT }),
};
const CONTEXT = fields({
  alg: whole(0, 255),
  measures: whole(0, 255),
  chain_id: unsigned(64),
  contract: ADDRESS,
  org: HASH,
  dataset: HASH,
  period_start: unsigned(64),
  period_end: unsigned(64),
  revision: whole(0, 2 ** 32 - 1),
  schema_hash: HASH,
});
const ITEM = fields({
  index: whole(0, 2 ** 32 - 1),
  asset: nullable(TEXT),
  key: HASH,
  salt: HASH,
  values: TOTALS,
  record: TEXT,
  path: list(fields({ sums: TOTALS, hash: HASH }), { most: MOST.nodes }),
  slots: nullable(TEXT),
  exposures: nullable(list(either(fields({ salt: HASH, record: TEXT }), fields({ leaf: HASH })), { most: MOST.exposures })),
});
const DATASET = fields({
  dataset: ID,
  context: CONTEXT,
  n: unsigned(64),
  totals: TOTALS,
  tree_root: HASH,
  root: HASH,
  attestation: nullable(fields({ dataset: ID, message: MESSAGE, signature: SIGNATURE, signer: ADDRESS, digest: WORD })),
  anchor: nullable(
    fields({
      id: WORD,
      block: BLOCK,
      transaction: unsigned(64),
      receipt: RECEIPT,
      state: fields({ account_proof: NODES, storage: list(STORAGE, { exactly: 3 }) }),
    }),
  ),
  items: list(ITEM, { most: MOST.items }),
});
const GRAMS = fields({ scope1_g: integerText, scope2_location_g: integerText, scope2_market_g: integerText, scope3_g: integerText });
const RESULT = fields({
  schema: schema("verdict"),
  claim: HASH,
  package: HASH,
  datasets: list(fields({ dataset: ID, root: HASH, totals: TOTALS }), { most: MOST.datasets }),
  recomputed: GRAMS,
  differences: GRAMS,
  checks: list(fields({ id: TEXT, subject: TEXT, outcome: TEXT }), { most: 10_000 }),
  findings: HASH,
  opinion: word("unqualified", "qualified", "adverse"),
  assurance: word("limited", "reasonable"),
  materiality_bp: whole(0, 2 ** 32 - 1),
  exceptions: list(fields({ place: sized(200), text: sized(2_000) }), { most: 100 }),
});
const CLAIM = fields({
  ...SIGNED,
  id: ID,
  verdicts: list(fields({ ...SIGNED, result: RESULT }), { most: MOST.verdicts }),
  certificate: nullable(fields(SIGNED)),
  status: nullable(
    fields({ block: BLOCK, account_proof: NODES, claim: list(STORAGE, { exactly: 4 }), certificate: nullable(list(STORAGE, { exactly: 3 })) }),
  ),
});
const CHECKPOINT = fields({
  kind: word("checkpoint"),
  checkpoint: ANY_TEXT,
  proofs: list(fields({ block: BLOCK, inclusion: list(HASH, { most: MOST.nodes }) }), { most: MOST.headers }),
  consistency: nullable(list(HASH, { most: MOST.nodes })),
});
const SEALS = fields({ kind: word("seals") });
const BUNDLE = fields({
  schema: schema("bundle"),
  subject: fields({ kind: word("statement", "leaf", "claim"), institution: ID, start: INSTANT, end: INSTANT, revision: whole(1, 2 ** 32 - 1) }),
  datasets: list(DATASET, { most: MOST.datasets }),
  headers: list(HEX, { most: MOST.headers }),
  finality: nullable((value, pointer) => (isObject(value) && value.kind === "seals" ? SEALS : CHECKPOINT)(value, pointer)),
  claim: nullable(CLAIM),
  inputs: nullable(fields({ organisation: nullable(OBJECT), activity: nullable(OBJECT), library: nullable(OBJECT), statement: OBJECT })),
});

// Return {document, id, headers, commitments} of a bundle's bytes, or throw Malformed.
export function readBundle(bytes) {
  if (bytes.length > MOST_BYTES) throw new Malformed("bundle", "larger than 4 MiB");
  const document = readCanonical(bytes, NESTING);
  BUNDLE(document, "");
  const { datasets, headers, inputs } = document;
  if (!datasets.length) throw new Malformed("/datasets", "at least one dataset expected");
  ascending(datasets, "/datasets", byText("dataset"));
  if (datasets.reduce((sum, item) => sum + item.items.length, 0) > MOST.items) throw new Malformed("/datasets", "too many items");
  datasets.forEach((item, at) => {
    ascending(item.items, `/datasets/${at}/items`, (a, b) => a.index - b.index);
    if (item.attestation === null && item.anchor !== null) throw new Malformed(`/datasets/${at}/anchor`, "no anchor without an attestation");
  });
  headers.forEach((text, at) => {
    if (text.length > 2 + 2 * MOST_HEADER) throw new Malformed(`/headers/${at}`, "larger than 16 KiB");
  });
  if (inputs !== null && new Set([inputs.organisation, inputs.activity, inputs.library].map((part) => part === null)).size > 1) {
    throw new Malformed("/inputs", "organisation, activity and library are there together, or none of them");
  }
  return { document, id: toHex(sha256(bytes)), headers: headers.map(fromHex), commitments: datasets.map(readCommitment) };
}

// Return a receipt with its value and proof as bytes.
export function receiptOf(receipt) {
  return { ...receipt, value: fromHex(receipt.value), proof: receipt.proof.map(fromHex) };
}
