"""The line and the statement of reductions, read strictly; and held against the verifier's own reader."""

from __future__ import annotations

import base64
import copy
import gzip
import tracemalloc
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedDocument
from ledger.records import canonical
from ledger.records.dataset_statement import CommittedTree, Origin
from ledger.records.findings import Finding
from ledger.records.period import Period
from ledger.savings.given import Evidence, GridFactor
from ledger.savings.line_reading import read_reduction
from ledger.savings.reading import FACTOR_UNITS
from ledger.savings.reductions import (
    ReductionsStatement,
    read_reductions,
    reductions_from_document,
    totals_of,
)
from ledger.savings.result import Reduction
from ledger.savings.submission import MAX_FILES, MAX_PROJECTS, MAX_UNPACKED_BYTES, read_submission
from verifier.errors import Malformed, Refused
from verifier.reduction import UNITS, read_line, values_of

GRID = GridFactor("grid_average.cn.2023", "0.5306", "kgCO2/kWh", Fraction("0.5306"))
SHA = "ab" * 32


def line(id: str = "pv-roof", *, kind: str = "pv", wh: int = 10_000_000, exported: int = 400_500) -> Reduction:
    """A line: the example of docs/spec/savings.md §1 as it stands there."""
    avoided = round(wh * GRID.g_per_wh)
    evidence = (Evidence("document", "plan", None), Evidence("savings_input", id, SHA))
    if kind == "pv":
        return Reduction(id, "hq", kind, "B", GRID, avoided, 0, wh, exported, evidence)
    return Reduction(id, "hq", kind, "C", GRID, avoided, wh, 0, 0, evidence)


def statement(*lines: Reduction) -> ReductionsStatement:
    period = Period.of_dates("2024", date(2024, 1, 1), date(2024, 12, 31), "Asia/Shanghai")
    tree = CommittedTree(len(lines), totals_of(lines), "11" * 32, "22" * 32)
    return ReductionsStatement(Origin("oak", period, "lingtan-2026.1", SHA), lines, tree)


def found(document: object) -> list[tuple[str, str]]:
    return [(finding.code, finding.place) for finding in read_reductions(document)[1]]


def test_the_example_of_the_page_has_the_grams_of_the_page() -> None:
    assert line().measures == (5_306_000, 0, 10_000_000, 400_500)


def test_a_statement_is_read_as_it_was_written() -> None:
    stated = statement(line("chiller", kind="retrofit"), line())
    read = reductions_from_document(canonical.load_canonical(stated.to_bytes()))
    assert read == stated
    assert (read.digest(), read.totals) == (stated.digest(), (10_612_000, 10_000_000, 10_000_000, 400_500))


@pytest.mark.parametrize(
    ("spoil", "code", "place"),
    [
        (lambda document: document["totals"].update(avoided_g="1"), "STATEMENT_SUM_DIFFERS", "/totals/avoided_g"),
        (lambda document: document["commitment"]["totals"].__setitem__(3, "1"), "STATEMENT_SUM_DIFFERS", "/commitment/totals/3"),
        (lambda document: document["commitment"]["totals"].append("1"), "FIELD_INVALID", "/commitment/totals"),
        (lambda document: document["commitment"]["totals"].__setitem__(0, "01"), "FIELD_INVALID", "/commitment/totals"),
        (lambda document: document["commitment"].update(n="3"), "STATEMENT_SUM_DIFFERS", "/commitment/n"),
        (lambda document: document["lines"].reverse(), "ITEM_UNSORTED", "/lines/1"),
        (lambda document: document["lines"].__setitem__(1, document["lines"][0]), "ITEM_TWICE", "/lines/1"),
        (lambda document: document["lines"].clear(), "FIELD_INVALID", "/lines"),
        (lambda document: document.update(revision=2), "FIELD_INVALID", "/revision"),
        (lambda document: document.update(supersedes=SHA), "FIELD_INVALID", "/revision"),
        (lambda document: document.update(netted="1"), "FIELD_UNKNOWN", "/netted"),
        (lambda document: document["lines"][0].update(avoided_g="5306001"), "REDUCTION_SUM_DIFFERS", "/lines/0/avoided_g"),
        (lambda document: document["lines"][0].update(self_used_wh="1"), "REDUCTION_FORM", "/lines/0/self_used_wh"),
        (lambda document: document["lines"][1].update(option="A"), "REDUCTION_FORM", "/lines/1/option"),
        (lambda document: document["lines"][1].update(exported_wh=str(2**96)), "FIELD_INVALID", "/lines/1/exported_wh"),
        (lambda document: document["lines"][1].update(saved_wh="-1"), "FIELD_INVALID", "/lines/1/saved_wh"),
        (lambda document: document["lines"][1]["evidence"].reverse(), "ITEM_UNSORTED", "/lines/1/evidence/1"),
        (lambda document: document["lines"][1]["factor"].update(unit="kgCO2/MJ"), "FIELD_INVALID", "/lines/1/factor/unit"),
    ],
)
def test_a_statement_that_contradicts_itself_is_refused_at_its_place(
    spoil: Callable[[dict[str, Any]], None], code: str, place: str
) -> None:
    document: dict[str, Any] = copy.deepcopy(statement(line("chiller", kind="retrofit"), line()).to_document())
    spoil(document)
    assert (code, place) in found(document)
    with pytest.raises(MalformedDocument):
        reductions_from_document(document)


def test_what_is_no_statement_is_refused_with_words() -> None:
    for document in (None, [], {}, {"schema": "lingtan.reductions/1"}, {"lines": [None], "commitment": {"totals": [[]]}}):
        with pytest.raises(MalformedDocument):
            reductions_from_document(document)


def test_both_readers_know_the_same_units() -> None:
    assert UNITS == FACTOR_UNITS


@given(
    kind=st.sampled_from(["pv", "retrofit"]),
    wh=st.integers(0, 2**80),
    exported=st.integers(0, 2**90),
    value=st.decimals(0, 10, places=4, allow_nan=False),
    unit=st.sampled_from(sorted(FACTOR_UNITS)),
    off=st.sampled_from([0, 0, 1, -1]),
)
def test_the_verifier_holds_a_line_for_true_exactly_where_the_ledger_does(
    kind: str, wh: int, exported: int, value: object, unit: str, off: int
) -> None:
    factor = GridFactor("f", str(value), unit, Fraction(str(value)) * FACTOR_UNITS[unit])
    avoided = max(0, round(wh * factor.g_per_wh) + off)
    saved, used = (0, wh) if kind == "pv" else (wh, 0)
    document = Reduction("p", "hq", kind, "B", factor, avoided, saved, used, exported, ()).to_document()
    findings: list[Finding] = []
    read_reduction(document, "", findings)
    try:
        theirs = read_line(canonical.dump(document), "/record")
    except (Refused, Malformed):
        assert findings
    else:
        assert not findings
        assert values_of(theirs) == (avoided, saved, used, exported)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"schema": "lingtan.reductions-submission/1", "cause": "first", "projects": [{}] * (MAX_PROJECTS + 1)}, "/projects"),
        ({"schema": "lingtan.reductions-submission/1", "cause": "first", "projects": []}, "/projects"),
        ({"schema": "lingtan.reductions-submission/1", "cause": "whim", "projects": [{"input": {}, "files": [], "line": None}]}, "/cause"),
        (
            {
                "schema": "lingtan.reductions-submission/1",
                "cause": "first",
                "projects": [{"input": {}, "line": None, "files": [{"name": "a", "content": "AA=="}, {"name": "a", "content": "AA=="}]}],
            },
            "/projects/0/files/1/name",
        ),
        (
            {
                "schema": "lingtan.reductions-submission/1",
                "cause": "first",
                "projects": [{"input": {}, "line": None, "files": [{"name": "a", "content": "not base64"}]}],
            },
            "/projects/0/files/0/content",
        ),
    ],
)
def test_a_submission_of_another_form_is_refused_at_its_place(document: object, place: str) -> None:
    given, findings = read_submission(document)
    assert given is None
    assert place in [finding.place for finding in findings]


def submission_of(*files: bytes, projects: int = 1) -> dict[str, Any]:
    items = [{"name": f"{number}.csv", "content": base64.b64encode(data).decode()} for number, data in enumerate(files)]
    project = {"input": {}, "files": items, "line": None}
    return {"schema": "lingtan.reductions-submission/1", "cause": "first", "projects": [project] * projects}


def test_files_that_unpack_to_too_much_in_sum_are_refused_before_they_are_unpacked() -> None:
    half = gzip.compress(bytes(MAX_UNPACKED_BYTES // 2))
    given, findings = read_submission(submission_of(half, half))
    assert given is not None, findings
    given, findings = read_submission(submission_of(half, half, b"x"))
    assert given is None
    assert [(item.code, item.place) for item in findings] == [("FIELD_INVALID", "/projects")]
    assert "unpacked" in findings[0].got
    # Members after the first count too, whatever a trailer says of the length; and so do those of other projects.
    assert read_submission(submission_of(half + half + gzip.compress(b"x")))[0] is None
    assert read_submission(submission_of(half, projects=3))[0] is None
    bomb = submission_of(gzip.compress(bytes(MAX_UNPACKED_BYTES * 2)))
    tracemalloc.start()
    assert read_submission(bomb)[0] is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_damaged_gzip_is_left_to_whoever_reads_the_file() -> None:
    assert read_submission(submission_of(gzip.compress(b"meter,timestamp")[:-9]))[0] is not None
    assert read_submission(submission_of(b"\x1f\x8bno gzip"))[0] is not None


def test_more_files_than_a_submission_may_have_are_refused_before_they_are_decoded() -> None:
    assert read_submission(submission_of(*[b"x"] * MAX_FILES))[0] is not None
    given, findings = read_submission(submission_of(*[b"x"] * (MAX_FILES // 2), projects=3))
    assert given is None
    assert findings[0].got == f"{MAX_FILES // 2 * 3} files"
