from __future__ import annotations

from typing import Any

import pytest

from ledger.errors import MalformedDocument
from ledger.metering.fitting import RegisterForm
from ledger.metering.fitting_document import fits_register, fitting_document, load_fitting, read_fitting, register_range
from ledger.records import canonical

DOCUMENT: dict[str, Any] = {
    "schema": "lingtan.fitting/1",
    "institution": "oak",
    "meter": "M-1",
    "since": "2026-01-31T08:00:00Z",
    "serial": "DTZ-0042",
    "seal": None,
    "ratio": {"ct": "80", "pt": "1"},
    "register": {"digits": 6, "decimals": 2},
    "first": "12.34",
    "final_before": "999999.99",
    "reason": "replaced",
    "reference": "work order 17",
    "by": "oak.preparer",
    "at": "2026-02-01T00:00:00Z",
}


def places(document: object) -> list[tuple[str, str]]:
    fitting, findings = read_fitting(document)
    assert fitting is None
    return [(finding.place, finding.code) for finding in findings]


def test_a_document_is_read_and_written_back_the_same() -> None:
    data = canonical.dump(DOCUMENT)
    fitting = load_fitting(data)
    assert canonical.dump(fitting_document(fitting)) == data
    assert fitting.ratio.exact == 80


def test_every_fault_is_named_at_once() -> None:
    broken = DOCUMENT | {"schema": "lingtan.fitting/2", "since": "yesterday", "ratio": {"ct": "0", "pt": "-1"}, "first": "x", "more": 1}
    broken = {name: value for name, value in broken.items() if name != "serial"}
    broken["register"] = {"digits": 0, "decimals": 7}
    assert places(broken) == [
        ("/more", "FIELD_UNKNOWN"),
        ("/serial", "FIELD_MISSING"),
        ("/schema", "FIELD_INVALID"),
        ("/since", "FIELD_INVALID"),
        ("/ratio/ct", "FIELD_INVALID"),
        ("/ratio/pt", "FIELD_INVALID"),
        ("/register/digits", "FIELD_INVALID"),
        ("/register/decimals", "FIELD_INVALID"),
        ("/first", "FIELD_INVALID"),
    ]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"first": "1000000"}, "/first"),
        ({"first": "1.234"}, "/first"),
        ({"final_before": None}, "/final_before"),
        ({"reason": "installed"}, "/final_before"),
        ({"ratio": {"ct": "1000000", "pt": "2"}}, "/ratio"),
        ({"register": "6.2"}, "/register"),
    ],
)
def test_what_contradicts_itself_is_refused_at_its_place(change: dict[str, object], place: str) -> None:
    assert {found for found, _ in places(DOCUMENT | change)} == {place}


def test_bytes_that_are_not_canonical_or_no_fitting_are_malformed() -> None:
    with pytest.raises(MalformedDocument):
        load_fitting(canonical.dump(DOCUMENT) + b"\n")
    with pytest.raises(MalformedDocument, match="/reason"):
        load_fitting(canonical.dump(DOCUMENT | {"reason": "stolen"}))


@pytest.mark.parametrize(
    ("reading", "digits", "decimals", "fits"),
    [
        ("999999.99", 6, 2, True),
        ("1000000.00", 6, 2, False),
        ("1.500", 6, 1, True),
        ("1.55", 6, 1, False),
        ("9", 1, 0, True),
        ("10", 1, 0, False),
    ],
)
def test_a_display_shows_what_is_below_its_rollover_with_its_decimals(reading: str, digits: int, decimals: int, fits: bool) -> None:
    assert fits_register(reading, RegisterForm(digits, decimals)) is fits
    assert register_range(RegisterForm(6, 2)) == "999999.99"
    assert register_range(RegisterForm(4, 0)) == "9999"
