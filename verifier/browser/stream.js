// Verify bundles under Node: one JSON object a line in, one out, for comparing this verifier with the others.
// In: {bundle, policy, policy_key, consistency, now}, files in base64 or null. Out: {word, exit, level, checks: {id: worst outcome}}.

import { createInterface } from "node:readline";
import { asked } from "./src/ed25519.js";
import { Malformed } from "./src/errors.js";
import { verifyBundle } from "./src/verify.js";

function bytesOf(text) {
  return text === null ? null : Uint8Array.from(Buffer.from(text, "base64"));
}

function answerTo(question) {
  try {
    const { answers, word, exit, level } = verifyBundle({
      bundle: bytesOf(question.bundle),
      policy: bytesOf(question.policy),
      policyKey: question.policy_key,
      consistency: bytesOf(question.consistency),
      now: BigInt(question.now),
    });
    const ids = [...new Set(answers.items.map(({ id }) => id))];
    return { word, exit, level, checks: Object.fromEntries(ids.map((id) => [id, answers.worst(id).outcome])) };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { word: "MALFORMED", exit: 3, level: "-", checks: {} };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answerTo(JSON.parse(line)))}\n`);
  asked.clear();
}
