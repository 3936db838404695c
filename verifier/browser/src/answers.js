// What each check answered, and the one outcome that follows (bundle.md §2, verification.md).

import { Malformed, Refused } from "./errors.js";

export const PASS = "PASS";
export const FAIL = "FAIL";
export const MALFORMED = "MALFORMED";
export const UNTRUSTED = "UNTRUSTED";
export const NOT_IN_FORCE = "NOT IN FORCE";
export const NOT_CHECKED = "NOT CHECKED";

// From the worst down: the outcome of a check, the word for the whole, its exit code.
const WORST = [
  [FAIL, "INVALID", 1],
  [MALFORMED, "MALFORMED", 3],
  [UNTRUSTED, "UNTRUSTED", 6],
  [NOT_IN_FORCE, "NOT-IN-FORCE", 5],
  [NOT_CHECKED, "INCOMPLETE", 4],
  [PASS, "VALID", 0],
];

export class Answers {
  constructor() {
    this.items = [];
  }

  // Record an answer; `code` chooses its words, `facts` may hold expected, found and what the words name.
  add(id, outcome, subject, code = "", facts = {}) {
    this.items.push({ id, outcome, subject, code, facts });
  }

  // Record that a check held; `remark` is the code of what a reader might take it to show, and it does not.
  pass(id, subject, remark = "", facts = {}) {
    this.add(id, PASS, subject, remark, facts);
  }

  unchecked(ids, subject, code, facts = {}) {
    for (const id of [ids].flat()) this.add(id, NOT_CHECKED, subject, code, facts);
  }

  // Run `work`, and make the answer of this check of what it throws.
  guard(id, subject, work) {
    try {
      return work();
    } catch (error) {
      if (error instanceof Refused) this.add(id, FAIL, subject, error.code, { ...error.facts, detail: error.message });
      else if (error instanceof Malformed) this.add(id, MALFORMED, subject, "MALFORMED", { place: error.place, detail: error.detail });
      else throw error;
      return null;
    }
  }

  // Record FAIL for each [what, expected, found] that differs; say whether none does.
  compare(id, code, rows) {
    const odd = rows.filter(([, expected, found]) => String(expected) !== String(found));
    for (const [what, expected, found] of odd) this.add(id, FAIL, what, code, { expected: String(expected), found: String(found) });
    return !odd.length;
  }

  has(id) {
    return this.items.some((item) => item.id === id);
  }

  holds(...ids) {
    return ids.every((id) => this.has(id) && this.items.every((item) => item.id !== id || item.outcome === PASS));
  }

  // Return {outcome, word, exit} of the worst answer, of one check or of all.
  worst(id = null) {
    const given = this.items.filter((item) => id === null || item.id === id).map(({ outcome }) => outcome);
    const [outcome, word, exit] = WORST.find(([name]) => given.includes(name));
    return { outcome, word, exit };
  }
}
