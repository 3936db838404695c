// What can go wrong, by three names that never stand for each other: unreadable, refused, and (in checks.js) not checked.

export class Malformed extends Error {
  // What cannot be read as what it claims to be. `place` is a JSON pointer, a byte or a part.
  constructor(place, detail) {
    super(place ? `${place}: ${detail}` : detail);
    this.place = place;
    this.detail = detail;
  }
}

export class Refused extends Error {
  // What was read and does not hold. `code` chooses the words; expected, found and element are facts for people.
  constructor(code, detail, facts = {}) {
    super(detail);
    this.code = code;
    this.facts = facts;
  }
}
