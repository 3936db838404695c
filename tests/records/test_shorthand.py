from __future__ import annotations

from typing import Any

import pytest

from ledger.records.shorthand import write_out_activity, write_out_organisation


def test_a_parent_is_a_placement_since_the_unit_opened() -> None:
    written = write_out_organisation({"units": [{"id": "b", "parent": "a", "opened": "2020-01-01"}, {"id": "a", "parent": None}]})
    branch, root = written["units"]  # type: ignore[misc]
    assert branch["placements"] == [{"parent": "a", "since": "2020-01-01"}]
    assert root["placements"] == []
    assert "parent" not in branch
    assert (branch["opening"], branch["closing"], branch["allocations"]) == ("opened", None, [])


def test_a_unit_with_a_last_day_and_no_reason_was_closed() -> None:
    written = write_out_organisation({"units": [{"closed": "2025-06-30"}, {"closed": "2025-06-30", "closing": "divested"}]})
    assert [unit["closing"] for unit in written["units"]] == ["closed", "divested"]  # type: ignore[union-attr, attr-defined]


def test_what_is_written_stays_as_it_is() -> None:
    unit = {"placements": [{"parent": "a", "since": "2024-01-01"}], "parent": "b", "headcount": 3, "wrong": 1}
    written: Any = write_out_organisation({"units": [unit, 7]})
    assert written["units"][0]["placements"] == unit["placements"]
    assert written["units"][0]["parent"] == "b"
    assert written["units"][0]["wrong"] == 1
    assert written["units"][1] == 7


def test_lists_and_fields_of_an_activity_may_be_left_out() -> None:
    written: Any = write_out_activity({"records": [{"id": "r", "source": {"kind": "invoice"}}], "factor_choices": [{"factor": "f"}]})
    assert written["records"] == [{"id": "r", "register": None, "uncertainty_bp": None, "source": {"sha256": None, "kind": "invoice"}}]
    assert written["factor_choices"] == [{"use": "location", "factor": "f"}]
    assert written["instruments"] == written["denominators"] == written["declared_totals"] == written["declared_factors"] == []


@pytest.mark.parametrize("odd", [None, 3, "x", {"a": 1}, [None, 1, []]])
def test_odd_input_is_left_for_the_reader_to_refuse(odd: object) -> None:
    assert write_out_organisation({"units": odd})["units"] == odd
    assert write_out_activity({"records": odd})["records"] == odd
    assert write_out_activity({"records": [{"source": odd}]})["records"][0]["source"] == (  # type: ignore[index]
        {"sha256": None, **odd} if isinstance(odd, dict) else odd
    )
