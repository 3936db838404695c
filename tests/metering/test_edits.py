"""Edits of meter-days: strict form, what each rule may change, and what stood there before (spec: metering §8)."""

from __future__ import annotations

import dataclasses

import pytest

from ledger.clock import parse_instant
from ledger.errors import MalformedDocument
from ledger.metering.edits import Change, Edit, Evidence, apply_edit, check_edit, check_rule
from ledger.metering.meter_day import MeterDay
from ledger.records import canonical

START = parse_instant("2025-03-01T23:30:00Z")
DAY = START // 86_400
PAPER = Evidence("bill 2025-03", "ab" * 32)


def edit(rule: str = "interpolate", *slots: tuple[int, int, int, int], evidence: Evidence | None = None) -> Edit:
    changes = tuple(Change(*slot) for slot in slots or ((0, 0, 7, 2), (0, 0, 8, 2), (0, 0, 9, 2)))
    return Edit("bank", "M1", "vee_1", rule, START, changes, "the gateway was off", "li", START, evidence)


def day(number: int, **readings: int) -> MeterDay:
    values, quality = bytearray(768), bytearray(96)
    for name, value in readings.items():
        slot = int(name[1:])
        values[8 * slot : 8 * slot + 8], quality[slot] = value.to_bytes(8, "little"), 1
    return MeterDay("M1", number, bytes(values), bytes(quality))


def codes(made: Edit) -> list[str]:
    return [finding.code for finding in check_rule(made)]


def test_an_edit_comes_back_from_its_bytes() -> None:
    for made in (
        edit(),
        edit("manual", (0, 0, 5, 3), evidence=PAPER),
        edit("bill", (0, 0, 5, 2), evidence=Evidence("paper without a file")),
    ):
        assert Edit.from_bytes(made.to_bytes()) == made


def test_an_edit_across_midnight_fills_two_days_one_of_them_new() -> None:
    made, findings = apply_edit(edit(), {DAY: day(DAY, s0=5)})
    assert findings == ()
    assert [(item.day, item.missing) for item in made] == [(DAY, 93), (DAY + 1, 95)]
    assert made[0].get_reading(95) == (8, 2)
    assert made[0].get_reading(0) == (5, 1)
    assert made[1].get_reading(0) == (9, 2)


def test_an_edit_whose_before_no_longer_stands_there_changes_nothing_and_is_named() -> None:
    made, findings = apply_edit(edit(), {DAY: day(DAY, s95=4)})
    assert made == ()
    assert [(item.code, item.severity, item.place, item.got) for item in findings] == [
        ("EDIT_OUTDATED", "error", "meter M1 2025-03-01T23:45:00Z", "4 ACTUAL")
    ]


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (edit("interpolate", (5, 1, 6, 2)), ["EDIT_REFUSED"]),
        (edit("interpolate", (5, 5, 6, 2)), []),
        (edit("interpolate", (5, 1, 5, 1)), ["EDIT_EMPTY"]),
        (edit("interpolate", (5, 1, 5, 1), (0, 0, 5, 2)), []),
        (edit("proxy_day", (0, 0, 5, 3)), ["EDIT_REFUSED"]),
        (edit("bill", (0, 0, 5, 2)), ["EVIDENCE_MISSING"]),
        (edit("manual", (0, 0, 5, 3)), ["EVIDENCE_MISSING"]),
        (edit("manual", (5, 1, 6, 3), evidence=PAPER), ["EDIT_REFUSED"]),
        (edit("replace", (5, 1, 6, 4), evidence=PAPER), []),
        (edit("replace", (0, 0, 6, 4), evidence=PAPER), ["EDIT_REFUSED"]),
        (edit("flag", (5, 1, 5, 5)), []),
        (edit("flag", (5, 1, 6, 5)), ["EDIT_REFUSED"]),
        (edit("flag", (0, 0, 0, 5)), ["EDIT_REFUSED"]),
    ],
)
def test_each_rule_changes_only_what_it_may(made: Edit, refused: list[str]) -> None:
    assert codes(made) == refused
    assert [item.code for item in check_edit(made.to_document())[1]] == refused


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rule", "guess"),
        ("reason", ""),
        ("reason", "two\nlines"),
        ("reason", "x" * 2001),
        ("from", "2025-03-01T23:31:00Z"),
        ("to", "2025-03-02T00:00:00Z"),
        ("slots", []),
        ("slots", [["0", 0, "7", 2, 1]]),
        ("slots", [["0", 0, "07", 2], ["0", 0, "8", 2], ["0", 0, "9", 2]]),
        ("slots", [["0", 0, "7.0", 2], ["0", 0, "8", 2], ["0", 0, "9", 2]]),
        ("slots", [["1", 0, "7", 2], ["0", 0, "8", 2], ["0", 0, "9", 2]]),
        ("slots", [["5", 1, "0", 0], ["0", 0, "8", 2], ["0", 0, "9", 2]]),
        ("slots", [["0", 0, "7", 6], ["0", 0, "8", 2], ["0", 0, "9", 2]]),
        ("slots", [["0", 0, "7", True], ["0", 0, "8", 2], ["0", 0, "9", 2]]),
        ("slots", [["0", 0, "10000000000001", 2], ["0", 0, "8", 2], ["0", 0, "9", 2]]),
        ("evidence", {"reference": "x"}),
        ("by", None),
        ("at", "2025-03-01"),
    ],
)
def test_a_field_of_another_form_is_refused(field: str, value: object) -> None:
    document = {**edit().to_document(), field: value}
    made, findings = check_edit(document)
    assert made is None
    assert findings
    with pytest.raises(MalformedDocument):
        Edit.from_bytes(canonical.dump(document))


def test_more_than_three_thousand_slots_are_refused() -> None:
    long = dataclasses.replace(edit(), slots=(Change(0, 0, 1, 2),) * 3001)
    assert check_edit(long.to_document())[0] is None
    most = dataclasses.replace(edit(), slots=(Change(0, 0, 1, 2),) * 3000)
    assert check_edit(most.to_document())[0] == most
