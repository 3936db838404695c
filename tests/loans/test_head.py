"""The head of a book: defaults, and what is wrong with one, field by field."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.errors import MalformedDocument
from ledger.loans.head import DEFAULT_HEAD, LedgerFigure, head_from_document, read_head

FIGURE = {"id": "gl", "value": "1", "reference": "x"}
SCHEMA = {"schema": "lingtan.book-head/1"}
PERIOD = {"id": "2024", "start": "2023-12-31T16:00:00Z", "end": "2024-12-31T16:00:00Z", "timezone": "Asia/Shanghai"}


def test_everything_but_the_schema_may_be_left_out() -> None:
    assert head_from_document(SCHEMA) == DEFAULT_HEAD
    assert DEFAULT_HEAD.months is None


def test_a_whole_head_is_read() -> None:
    figure = {"id": "gl", "asset_class": "mortgage", "value": "12.5", "reference": "1301"}
    document = {
        **SCHEMA,
        "institution": "bank-a",
        "period": PERIOD,
        "rates": {"USD": "7.1884"},
        "general_ledger": [figure],
        "fractions": ["asset_turnover"],
    }
    head = head_from_document(document)
    assert head.institution == "bank-a"
    assert head.months == 12
    assert dict(head.rates) == {"USD": Fraction("7.1884")}
    assert head.general_ledger == (LedgerFigure("gl", 1250, "1301", "mortgage"),)
    assert head.fractions == ("asset_turnover",)


@pytest.mark.parametrize(
    ("fields", "code", "place"),
    [
        ({"rate": {}}, "FIELD_UNKNOWN", "/rate"),
        ({"schema": "lingtan.book-head/2"}, "FIELD_INVALID", "/schema"),
        ({"institution": "a b"}, "FIELD_INVALID", "/institution"),
        ({"period": {"id": "2024"}}, "FIELD_INVALID", "/period"),
        ({"period": {**PERIOD, "end": "2025-12-31T16:00:00Z"}}, "FIELD_INVALID", "/period"),
        ({"rates": ["USD"]}, "FIELD_INVALID", "/rates"),
        ({"rates": {"usd": "7"}}, "FIELD_INVALID", "/rates/usd"),
        ({"rates": {"CNY": "1"}}, "FIELD_INVALID", "/rates/CNY"),
        ({"rates": {"USD": "7,1"}}, "FIELD_INVALID", "/rates/USD"),
        ({"rates": {"USD": "718%"}}, "FIELD_INVALID", "/rates/USD"),
        ({"rates": {"USD": 7}}, "FIELD_INVALID", "/rates/USD"),
        ({"rates": {"USD": "0"}}, "FIELD_INVALID", "/rates/USD"),
        ({"rates": {"USD": "-7"}}, "FIELD_INVALID", "/rates/USD"),
        ({"rates": {"USD": "0.00000000001"}}, "FIELD_INVALID", "/rates/USD"),
        ({"general_ledger": [{**FIGURE, "value": "1.234"}]}, "FIELD_INVALID", "/general_ledger/0/value"),
        ({"general_ledger": [{"id": "gl", "value": "1"}]}, "FIELD_MISSING", "/general_ledger/0/reference"),
        (
            {"general_ledger": [{"id": "gl", "asset_class": "cash", "value": "1", "reference": "x"}]},
            "FIELD_INVALID",
            "/general_ledger/0/asset_class",
        ),
        ({"general_ledger": [FIGURE] * 2}, "ITEM_TWICE", "/general_ledger/1"),
        ({"fractions": ["revenue"]}, "FIELD_INVALID", "/fractions"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, object], code: str, place: str) -> None:
    head, findings = read_head({**SCHEMA, **fields})
    assert head is None
    assert [(finding.code, finding.place) for finding in findings] == [(code, place)]
    with pytest.raises(MalformedDocument) as refused:
        head_from_document({**SCHEMA, **fields})
    assert refused.value.facts["errors"] == ((place, code, findings[0].action),)


@pytest.mark.parametrize("document", [None, [], "head", 7, {}])
def test_what_is_no_head_is_refused(document: object) -> None:
    assert read_head(document)[0] is None
