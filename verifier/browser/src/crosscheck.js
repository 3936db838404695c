// Ask the browser's WebCrypto what this page has worked out by itself: the hashes of the files, and every Ed25519 answer.

import { toHex } from "./bytes.js";
import { sha256 } from "./sha2.js";

// Return "agrees", "partly" (no Ed25519 in this browser), "unasked" (no WebCrypto) or "disagrees".
export async function crosscheck(files, answers) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return "unasked";
  for (const bytes of files) {
    if (toHex(new Uint8Array(await subtle.digest("SHA-256", bytes))) !== toHex(sha256(bytes))) return "disagrees";
  }
  let isWhole = true;
  for (const { key, message, signature, result } of answers) {
    let other;
    try {
      const imported = await subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
      other = await subtle.verify("Ed25519", imported, signature, message);
    } catch {
      // No Ed25519 here, or a key that is no point: the one leaves the question open, and the other is no difference.
      isWhole = isWhole && !result;
      continue;
    }
    if (other !== result) return "disagrees";
  }
  return isWhole ? "agrees" : "partly";
}
