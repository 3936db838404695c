"""Case 17: one report, two values: Scope 2 of 11355.82 (p. 46) and 13555.82 (p. 22); Scope 3 of 1,119,956.59 and 11,196.56.

Source: HKEX report 2025043002359 for 2024. 2321.41 + 13555.82 = 15877.23, the printed total: p. 46 is wrong. The two values of Scope 3 are
a slip of units (万t) of 100 times.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.worked_cases.command import checked, codes, findings, report, the

SCOPE_1 = {"measure": "scope1", "value": "2321.41", "reference": "p. 46"}
P46 = {"id": "p46", "measure": "scope2", "value": "11355.82", "reference": "p. 46"}
P22 = {"id": "p22", "measure": "scope2", "value": "13555.82", "reference": "p. 22"}
TOTAL = {"measure": "scope1_scope2", "value": "15877.23", "reference": "p. 22"}
SCOPE_3 = [
    {"measure": "scope3", "value": "1119956.59", "reference": "p. 46"},
    {"measure": "scope3", "value": "11196.56", "reference": "p. 22"},
]


def printed(*figures: dict[str, Any]) -> dict[str, Any]:
    return report("hkex-bank", year=2024, declared_totals=list(figures))


def test_the_value_that_does_not_fit_the_printed_total_is_named(tmp_path: Path) -> None:
    for order in ((SCOPE_1, P46, P22, TOTAL), (TOTAL, P22, P46, SCOPE_1)):
        answer = checked(tmp_path, printed(*order), code=1)
        finding = the(answer, "DECLARED_CONFLICT")
        assert finding["severity"] == "error"
        assert (finding["params"]["total"], finding["params"]["fits"]) == ("p46", "p22")
        assert finding["place"] == f"/declared_totals/{order.index(P46)}/value"
        assert "DECLARED_SUM_MISMATCH" not in codes(answer)


def test_the_slip_of_digits_between_the_two_is_described(tmp_path: Path) -> None:
    finding = the(checked(tmp_path, printed(SCOPE_1, P46, P22, TOTAL), code=1), "DIGIT_TRANSPOSITION")
    assert finding["params"]["slip"] == "one digit dropped and another repeated"


def test_the_slip_of_units_in_scope_3_is_a_power_of_ten(tmp_path: Path) -> None:
    answer = checked(tmp_path, printed(*SCOPE_3), code=1)
    assert the(answer, "DECLARED_CONFLICT")["params"]["fits"] == ""
    assert abs(int(the(answer, "DECLARED_POWER_OF_TEN")["params"]["power"])) == 2


def test_where_nothing_else_is_printed_neither_value_is_preferred(tmp_path: Path) -> None:
    assert the(checked(tmp_path, printed(P46, P22), code=1), "DECLARED_CONFLICT")["params"]["fits"] == ""


def test_the_same_value_on_two_pages_is_no_conflict(tmp_path: Path) -> None:
    answer = checked(tmp_path, printed(SCOPE_1, P22, {**P22, "id": "again", "value": "13555.8"}, TOTAL))
    assert findings(answer, "DECLARED_CONFLICT") == []
