"""Edits: what a person or a rule changed in a meter's slots, with what stood there before (spec: metering §8).

An edit is an entry of the envelope log, so that meter-days stay a function of the log. It fills a missing slot, replaces a reading or
marks one as doubtful, and never makes a slot missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.clock import format_instant
from ledger.errors import InputError
from ledger.metering.finding_list import FindingList
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS, MeterDay
from ledger.records import canonical
from ledger.records.fields import Fields, pointer_of, raise_first
from ledger.records.findings import Finding
from ledger.records.meter_record import Quality

SCHEMA = "lingtan.edit/1"
MEDIA_TYPE = "application/vnd.lingtan.edit+json"
MAX_SLOTS = 3_000
MAX_VALUE = 10**13
MAX_REASON = 2_000
_FIELDS = ("schema", "institution", "meter", "rule_set", "rule", "from", "to", "slots", "reason", "evidence", "by", "at")
_ITEM = "[before, quality, after, quality], values as decimal strings of whole mWh, L or kJ"
_OPEN = frozenset({Quality.MISSING, Quality.ESTIMATED, Quality.SUSPECT})


@dataclass(frozen=True)
class Rule:
    """What a rule may do: the quality it leaves, the qualities it may take the place of, whether it needs evidence."""

    name: str
    leaves: Quality
    over: frozenset[Quality]
    needs_evidence: bool


RULES: tuple[Rule, ...] = (
    Rule("interpolate", Quality.ESTIMATED, _OPEN, False),
    Rule("proxy_day", Quality.ESTIMATED, _OPEN, False),
    Rule("bill", Quality.ESTIMATED, _OPEN, True),
    Rule("manual", Quality.MANUAL, _OPEN | {Quality.MANUAL}, True),
    Rule("replace", Quality.SUBSTITUTED, frozenset(Quality) - {Quality.MISSING}, True),
    Rule("flag", Quality.SUSPECT, frozenset(Quality) - {Quality.MISSING, Quality.SUSPECT}, False),
)


class Change(NamedTuple):
    """One slot: value and quality before and after; a missing slot has value 0 and quality 0. Alike on both sides: not changed."""

    before: int
    before_quality: int
    after: int
    after_quality: int

    @property
    def is_none(self) -> bool:
        """Tell whether nothing changes."""
        return (self.before, self.before_quality) == (self.after, self.after_quality)


@dataclass(frozen=True)
class Evidence:
    """What a person can follow to the figures: a reference and, if there is a paper, its SHA-256."""

    reference: str
    sha256: str | None = None


@dataclass(frozen=True)
class Edit:
    """A change of the slots from `start` (Unix seconds, on the grid) on, one `Change` each; `at` in Unix seconds."""

    institution: str
    meter: str
    rule_set: str
    rule: str
    start: int
    slots: tuple[Change, ...] = field(repr=False)
    reason: str
    by: str
    at: int
    evidence: Evidence | None = None

    @property
    def end(self) -> int:
        """Return the Unix second at which the last slot ends."""
        return self.start + SLOT_SECONDS * len(self.slots)

    @property
    def changed(self) -> int:
        """Return how many slots change."""
        return sum(not change.is_none for change in self.slots)

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.edit/1` document."""
        evidence = None if self.evidence is None else {"reference": self.evidence.reference, "sha256": self.evidence.sha256}
        return {
            "schema": SCHEMA,
            "institution": self.institution,
            "meter": self.meter,
            "rule_set": self.rule_set,
            "rule": self.rule,
            "from": format_instant(self.start),
            "to": format_instant(self.end),
            "slots": [[str(item.before), item.before_quality, str(item.after), item.after_quality] for item in self.slots],
            "reason": self.reason,
            "evidence": evidence,
            "by": self.by,
            "at": format_instant(self.at),
        }

    def to_bytes(self) -> bytes:
        """Return the entry of the envelope log: the document in canonical form."""
        return canonical.dump(self.to_document())

    @classmethod
    def from_bytes(cls, data: bytes) -> Edit:
        """Return the edit of a log entry.

        Raises:
            MalformedDocument: not canonical JSON, or with the first finding; `check_edit` gives all.
        """
        edit, findings = check_edit(canonical.load_canonical(data))
        raise_first("edit", findings)
        return edit  # type: ignore[return-value]  # without an error finding there is an edit


def get_rule(name: str) -> Rule:
    """Return the rule of this name.

    Raises:
        InputError: there is none.
    """
    for rule in RULES:
        if rule.name == name:
            return rule
    raise InputError(f"not a rule of an edit; expected one of {', '.join(rule.name for rule in RULES)}")


def check_edit(document: object) -> tuple[Edit | None, tuple[Finding, ...]]:
    """Return the edit of a document (None if any error was found) and all findings about its fields, forms and its rule's limits."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, _FIELDS)
    fields.schema(SCHEMA)
    start, end = fields.instant("from"), fields.instant("to")
    edit = Edit(
        institution=fields.identifier("institution"),
        meter=fields.identifier("meter"),
        rule_set=fields.identifier("rule_set"),
        rule=fields.choice("rule", tuple(rule.name for rule in RULES)),
        start=start,
        slots=tuple(_read_change(fields, pointer, item) for pointer, item in fields.items("slots")),
        reason=fields.paragraph("reason", MAX_REASON),
        by=fields.text("by"),
        at=fields.instant("at"),
        evidence=fields.optional("evidence", lambda name: _read_evidence(fields.nested(name, ("reference", "sha256")))),
    )
    if findings:
        return None, tuple(findings)
    _check_bounds(edit, end, fields)
    return (None if findings else edit), (*findings, *(check_rule(edit) if not findings else ()))


def check_rule(edit: Edit) -> tuple[Finding, ...]:
    """Return what a rule does not allow: EVIDENCE_MISSING, EDIT_REFUSED for a slot it may not change, EDIT_EMPTY."""
    rule, findings = get_rule(edit.rule), FindingList("edit")
    if rule.needs_evidence and edit.evidence is None:
        action = "name the paper that shows the values, with its SHA-256 where there is a file"
        findings.add("EVIDENCE_MISSING", "error", "/evidence", action, "none", f"evidence for the rule {rule.name}", rule=rule.name)
    if not edit.changed:
        findings.add("EDIT_EMPTY", "error", "/slots", "leave the edit out", "nothing changes", "at least one slot changes")
    for at, change in enumerate(edit.slots):
        if change.is_none:
            continue
        allowed = change.before_quality in rule.over and change.after_quality == rule.leaves
        if not allowed or (rule.name == "flag" and change.before != change.after):
            instant = format_instant(edit.start + SLOT_SECONDS * at)
            got = f"{Quality(change.before_quality).name} to {Quality(change.after_quality).name}"
            over = ", ".join(Quality(item).name for item in sorted(rule.over))
            expected = f"{over} to {rule.leaves.name}" + (", with the same value" if rule.name == "flag" else "")
            action = "choose the rule for what is changed: manual for missing slots, replace for readings"
            findings.add("EDIT_REFUSED", "error", f"meter {edit.meter} {instant}", action, got, expected, rule=rule.name)
    return findings.close()


def apply_edit(edit: Edit, days: Mapping[int, MeterDay]) -> tuple[tuple[MeterDay, ...], tuple[Finding, ...]]:
    """Return the days as they stand after the edit, ascending, those alone that it touches; none where it is out of date.

    `days` holds the meter's days by number as they stand, of which those that are absent are missing whole. A slot that is not what
    the edit says stood there is EDIT_OUTDATED (error).
    """
    findings, made = FindingList(f"meter {edit.meter}"), []
    first = edit.start // SLOT_SECONDS
    for number in range(first // DAY_SLOTS, (first + len(edit.slots) - 1) // DAY_SLOTS + 1):
        day = days.get(number) or MeterDay(edit.meter, number, bytes(8 * DAY_SLOTS), bytes(DAY_SLOTS))
        values, quality = bytearray(day.values), bytearray(day.quality)
        for slot in range(max(0, first - number * DAY_SLOTS), min(DAY_SLOTS, first + len(edit.slots) - number * DAY_SLOTS)):
            change = edit.slots[number * DAY_SLOTS + slot - first]
            stands = day.get_reading(slot)
            if stands != (change.before, change.before_quality):
                action = "look at the slots as they stand now, and make the edit again"
                got = f"{stands[0]} {stands[1].name}"
                expected = f"{change.before} {Quality(change.before_quality).name}, as the edit says"
                findings.add("EDIT_OUTDATED", "error", day.place(slot), action, got, expected, meter=edit.meter)
            values[8 * slot : 8 * slot + 8] = change.after.to_bytes(8, "little")
            quality[slot] = change.after_quality
        after = MeterDay(edit.meter, number, bytes(values), bytes(quality))
        if after != day:
            made.append(after)
    found = findings.close()
    return (() if found else tuple(made)), found


def _read_change(fields: Fields, pointer: str, item: object) -> Change:
    if isinstance(item, list | tuple) and len(item) == 4:
        before, before_quality, after, after_quality = item
        values, qualities = (before, after), (before_quality, after_quality)
        if all(_is_value(value) for value in values) and all(_is_quality(quality) for quality in qualities):
            change = Change(int(before), before_quality, int(after), after_quality)
            if not (before_quality == 0 and change.before) and after_quality != 0:
                return change
    expected = f"{_ITEM}; what is missing has value 0, and nothing becomes missing"
    fields.refuse("FIELD_INVALID", pointer, f"write {_ITEM}", got=str(item)[:80], expected=expected)
    return Change(0, 0, 0, 1)


def _is_value(value: object) -> bool:
    plain = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 14
    return plain and str(int(str(value))) == value and int(str(value)) <= MAX_VALUE


def _is_quality(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= max(Quality)


def _read_evidence(fields: Fields) -> Evidence:
    return Evidence(fields.text("reference"), fields.optional("sha256", fields.digest))


def _check_bounds(edit: Edit, end: int, fields: Fields) -> None:
    if edit.start % SLOT_SECONDS or edit.end != end or not 1 <= len(edit.slots) <= MAX_SLOTS:
        expected = f"whole quarter-hours from `from` to `to`, one item each, at most {MAX_SLOTS}"
        action = "write one item for every slot; make several edits of a longer stretch"
        got = f"{len(edit.slots)} items from {format_instant(edit.start)} to {format_instant(end)}"
        fields.refuse("FIELD_INVALID", pointer_of("", "slots"), action, got=got, expected=expected)
