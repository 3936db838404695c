"""Books in packages: all of a disclosed one, groups of another; what is changed anywhere is found and named."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verifier import evidence as ev
from tests.verifier import financed_bank as fb
from tests.verifier.financed_bank import Book, book, jcs, make_book
from tests.verifier.running import Run
from tests.verifier.running import verify as run_with_policy
from verifier.checks import Outcome
from verifier.package import open_package
from verifier.required import of_book, of_dataset, of_opening
from verifier.verify_package import Verification, verify_book_package

PCAF, PBOC = "FINANCED_PCAF", "FINANCED_PBOC"
NOW = 1_750_000_000
INPUTS = "financed.inputs"


def verify(folder: Path, made: Book, *extra: object, command: str = "financed") -> Run:
    return run_with_policy(folder, made.package(), *extra, policy=made.policy(), command=command)


def check(folder: Path, made: Book) -> Verification:
    """Verify without a policy: what is wrong in the figures needs none."""
    path = folder / "book.zip"
    path.write_bytes(made.package())
    with open_package(path) as package:
        return verify_book_package(package, None, None, NOW)


def outcomes(verification: Verification, *of: Outcome) -> set[str]:
    return {item.id for item in verification.checks.items if item.outcome in of}


def wrong(verification: Verification) -> set[str]:
    return outcomes(verification, Outcome.FAIL, Outcome.MALFORMED)


# ------------------------------------------------------------------------------------------------------------ as it should be
@pytest.mark.parametrize("dataset", [PCAF, PBOC])
def test_of_a_disclosed_book_everything_holds_but_what_the_raw_book_alone_shows(tmp_path: Path, dataset: str) -> None:
    made = book(dataset).disclosed()
    result = verify(tmp_path, made)
    assert (result.code, result.document["verdict"], result.document["level"]) == (4, "INCOMPLETE", "L3")
    assert {item["id"] for item in result.document["checks"] if item["outcome"] != "PASS"} == {INPUTS}
    own = result.document["recomputed"]["financed"]
    assert own["totals"] == fb.block(made.records)
    assert set(own["differences"].values()) == {"0"}
    assert (own["dataset"], own["records"], own["opened"]) == (dataset, len(made.records), own["groups"])


@pytest.mark.parametrize("dataset", [PCAF, PBOC])
def test_a_book_whose_groups_are_all_opened_is_added_up_like_a_disclosed_one(tmp_path: Path, dataset: str) -> None:
    made = book(dataset)
    result = verify(tmp_path, made.undisclosed(*range(len(made.numbers))), "--seed", "ab" * 32)
    assert (result.code, result.document["level"]) == (4, "L3")
    assert {item["id"] for item in result.document["checks"] if item["outcome"] != "PASS"} == {INPUTS}
    assert result.document["recomputed"]["financed"]["totals"] == fb.block(made.records)


def test_of_an_undisclosed_book_tree_and_totals_hold_and_the_rest_is_said_to_be_unchecked(tmp_path: Path) -> None:
    result = verify(tmp_path, book().undisclosed(1))
    assert (result.code, result.document["level"]) == (4, "L3")
    unchecked = {item["id"] for item in result.checks("NOT CHECKED")}
    assert unchecked == {INPUTS, "financed.records", "financed.groups", "financed.blocks", "financed.sample"}
    assert ("financed.groups", "group/000001, 53 exposures") in {(item["id"], item["subject"]) for item in result.checks("PASS")}
    unopened = next(item for item in result.checks("NOT CHECKED") if item["id"] == "financed.groups")
    assert unopened["means"].startswith("2 of 3 groups were not opened")


def test_the_package_command_finds_the_book_by_itself(tmp_path: Path) -> None:
    made = book().disclosed()
    financed, package = (verify(tmp_path, made, command=command).document for command in ("financed", "package"))
    assert financed["checks"] == package["checks"]


def test_what_the_raw_book_alone_shows_is_named_kind_by_kind(tmp_path: Path) -> None:
    named = {item["subject"] for item in verify(tmp_path, book().disclosed()).checks("NOT CHECKED")}
    kinds = {"WACI", "reductions", "excluded rows", "general ledger", "removals, avoided emissions, credits"}
    assert named == {"emissions and denominators", *kinds}

    def bare(statement: Any) -> None:
        statement |= {
            "waci": None,
            "excluded": [],
            "tie_out": [],
            "reductions": {"g": "0", "rows": "0"},
            "rows": statement["totals"]["rows"],
        }
        statement["coverage"] |= {"total_cents": statement["totals"]["exposure_cents"], "unknown_rows": "0"}

    small = make_book(PBOC, change_statement=bare).disclosed()
    assert {item["subject"] for item in verify(tmp_path, small).checks("NOT CHECKED")} == {"emissions and denominators"}


def test_both_languages_have_words_for_every_answer(tmp_path: Path) -> None:
    for made in (book().disclosed(), book().undisclosed(1)):
        for lang in ("en", "zh"):
            document = verify(tmp_path, made, "--lang", lang).document
            assert all(re.search("[\u4e00-\u9fff]", item["means"]) for item in document["checks"] if "means" in item) is (lang == "zh")
            assert not any("<" in item.get("means", "") for item in document["checks"])


def test_the_tables_of_the_specification_are_what_is_required(tmp_path: Path) -> None:
    text = (ev.ROOT / "docs/spec/verification.md").read_text()
    listed = set(re.findall(r"^\| `(financed\.[a-z]+)` \|", text, re.M))
    assert listed == {id for id in of_book(PCAF) if id.startswith("financed.")} >= {id for id in of_opening(PCAF) if "financed" in id}
    given = {item["id"] for item in verify(tmp_path, book().disclosed()).document["checks"]}
    assert given == {*of_book(PCAF), "package.manifest", "policy.signature", "policy.validity", "library.trusted"}
    assert {*of_dataset(PCAF)} <= given


# --------------------------------------------------------------------------------------------- records, as the bank signed them
def at(made: Book, asset_class: str, option: str) -> int:
    return next(i for i, record in enumerate(made.records) if (record["asset_class"], record["option"]) == (asset_class, option))


def setter(*path: str, to: Any) -> fb.Change:
    def change(record: Any) -> None:
        for name in path[:-1]:
            record = record[name]
        record[path[-1]] = to(record[path[-1]]) if callable(to) else to

    return change


def more(value: str) -> str:
    return str(int(value) + 1)


RECORDS: list[tuple[str, tuple[str, str], fb.Change, str]] = [
    ("a gram more is attributed", ("listed_equity", "1a"), setter("attributed", "s12_g", to=more), "attributed/s12_g"),
    ("a gram more of Scope 1", ("listed_equity", "1a"), setter("attributed", "s1_g", to=more), "attributed/s1_g"),
    ("a gram more of Scope 2", ("listed_equity", "1a"), setter("attributed", "s2_g", to=more), "attributed/s2_g"),
    ("a gram more of Scope 3", ("listed_equity", "1a"), setter("attributed", "s3_g", to=more), "attributed/s3_g"),
    ("Scope 3 is left out", ("listed_equity", "1a"), setter("attributed", "s3_g", to=None), "attributed/s3_g"),
    ("the denominator is larger", ("listed_equity", "1a"), setter("denominator_cents", to=lambda d: d + "0"), "attributed/s1_g"),
    ("the denominator is 0", ("listed_equity", "1a"), setter("denominator_cents", to="0"), "denominator_cents"),
    (
        "the denominator is missing",
        ("listed_equity", "1a"),
        lambda r: r.update(denominator=None, denominator_cents=None),
        "denominator_cents",
    ),
    ("the denominator has no name", ("listed_equity", "1a"), setter("denominator", to=None), "denominator"),
    ("the denominator is another column", ("listed_equity", "1a"), setter("denominator", to="total_assets"), "denominator"),
    ("the denominator is one of pboc_2021", ("project_finance", "1a"), setter("denominator", to="revenue"), "denominator"),
    ("a factor above 1", ("corporate_bond", "1b"), setter("attributed", "s12_g", to="3750"), "attributed/s12_g"),
    ("a half rounded up", ("business_loan", "2b"), setter("attributed", "s12_g", to="1"), "attributed/s12_g"),
    ("exposure is not the numerator", ("business_loan", "2a"), setter("exposure_cents", to=more), "exposure_cents"),
    ("S1+2 is not the sum", ("mortgage", "2b"), setter("emissions", "s12_g", to=more), "emissions/s12_g"),
    ("Scope 2 is forgotten", ("mortgage", "2b"), setter("emissions", "s2_g", to=None), "attributed/s2_g"),
    ("S1+2 is less than Scope 1", ("mortgage", "2b"), lambda r: r["emissions"].update(s2_g=None, s12_g="99"), "emissions/s12_g"),
    ("S1+2 is less than Scope 2", ("mortgage", "2b"), lambda r: r["emissions"].update(s1_g=None, s12_g="199"), "emissions/s12_g"),
    ("a country's S1+2 is less than its Scope 1", ("sovereign", "3a"), setter("emissions", "s12_g", to="1"), "emissions/s12_g"),
    ("no emissions with a balance", ("business_loan", "2a"), setter("emissions", "s12_g", to=None), "emissions/s12_g"),
    ("emissions without a balance", ("business_loan", "3b"), setter("numerator_cents", to="0"), "exposure_cents"),
    ("3b has a denominator", ("business_loan", "3b"), lambda r: r.update(denominator="evic", denominator_cents="5"), "denominator_cents"),
    ("3c has removals", ("corporate_bond", "3c"), setter("attributed", "removals_g", to="1"), "attributed/removals_g"),
    ("3a knows Scope 1", ("unlisted_equity", "3a"), lambda r: r["emissions"].update(s1_g="1", s2_g=str(10**15 - 1)), "emissions/s1_g"),
    ("2a of a company knows Scope 3", ("business_loan", "2a"), setter("emissions", "s3_g", to="0"), "emissions/s3_g"),
    ("a figure of 2^63 grams", ("motor_vehicle", "3a"), setter("emissions", "s12_g", to=str(2**63)), "emissions/s12_g"),
    ("a better score", ("business_loan", "2b"), setter("score_s12", to=2), "score_s12"),
    ("a better score of Scope 3", ("business_loan", "2b"), setter("score_s3", to=2), "score_s3"),
    ("a score of unknown Scope 3", ("mortgage", "2b"), setter("score_s3", to=4), "score_s3"),
    ("an option that the class does not have", ("mortgage", "2b"), setter("option", to="3a"), "option"),
    ("an option of buildings for a loan", ("business_loan", "2a"), setter("option", to="3"), "option"),
    ("nothing is known, but something attributed", ("business_loan", "1a"), setter("attributed", "s12_g", to="1"), "attributed/s12_g"),
    (
        "without a balance credits",
        ("business_loan", "1a"),
        setter("attributed", "credits_retired_g", to="1"),
        "attributed/credits_retired_g",
    ),
]


@pytest.mark.parametrize(("where", "change", "field"), [row[1:] for row in RECORDS], ids=[row[0] for row in RECORDS])
def test_a_record_that_the_method_contradicts_fails_though_all_of_it_was_committed_and_signed(
    tmp_path: Path, where: tuple[str, str], change: fb.Change, field: str
) -> None:
    number = at(make_book(), *where)
    made = make_book(change_record=(number, change))
    for packed in (made.disclosed(), made.undisclosed(0, 1, 2)):
        verification = check(tmp_path, packed)
        assert "financed.records" in wrong(verification) <= {"financed.records", "financed.blocks"}
        found = next(item for item in verification.checks.items if item.outcome is Outcome.FAIL)
        assert found.subject == f"exposure {made.records[number]['exposure']} /{field}"


@pytest.mark.parametrize(
    ("option", "change", "field"),
    [
        ("1a", setter("exposure_cents", to="150001"), "exposure_cents"),
        ("1a", setter("denominator_cents", to="10000001"), "denominator_cents"),
        ("1b", setter("denominator", to="evic"), "denominator"),
        ("2b", setter("attributed", "s12_g", to="27182819"), "attributed/s12_g"),
        ("2b", lambda r: r.update(denominator=None, denominator_cents=None), "denominator_cents"),
    ],
)
def test_a_record_of_pboc_2021_is_held_to_its_mean_and_its_denominator(tmp_path: Path, option: str, change: fb.Change, field: str) -> None:
    number = next(i for i, record in enumerate(make_book(PBOC).records) if record["option"] == option)
    made = make_book(PBOC, change_record=(number, change)).disclosed()
    verification = check(tmp_path, made)
    assert "financed.records" in wrong(verification) <= {"financed.records", "financed.blocks"}
    assert any(item.subject.endswith(f" /{field}") for item in verification.checks.items if item.outcome is Outcome.FAIL)


def test_an_option_that_pboc_2021_does_not_have_fails(tmp_path: Path) -> None:
    records = [fb.exposure(0, "motor_vehicle", "3b", 200_000, 400_000, "revenue", s12=10, parts=2)]
    assert wrong(check(tmp_path, make_book(PBOC, records).disclosed())) == {"financed.records"}
    records = [fb.exposure(0, "motor_vehicle", "3a", 200_000, 400_000, "revenue", s12=10, parts=2)]
    assert wrong(check(tmp_path, make_book(PBOC, records).disclosed())) == set()


def test_of_many_wrong_records_the_first_are_named_and_all_are_counted(tmp_path: Path) -> None:
    records = fb.pcaf_records()
    for record in records:
        record["exposure_cents"] = more(record["exposure_cents"])
    verification = check(tmp_path, make_book(records=records).disclosed())
    failed = [item for item in verification.checks.items if item.outcome is Outcome.FAIL]
    assert (len(failed), failed[-1].found) == (9, "152 more")


# ------------------------------------------------------------------------------------------------ groups, as the bank signed them
def swap(members: list[list[int]]) -> None:
    members[0][0], members[0][1] = members[0][1], members[0][0]


def uneven(members: list[list[int]]) -> None:
    members[1].append(members[0].pop())


def twice(members: list[list[int]]) -> None:
    members[0].append(members[0][0])


def missing(members: list[list[int]]) -> None:
    members[2].pop()


@pytest.mark.parametrize("change", [swap, uneven, twice, missing])
def test_groups_that_are_not_runs_of_the_order_fail_though_they_were_signed(tmp_path: Path, change: Callable[[Any], None]) -> None:
    assert {"commitment.FINANCED_PCAF"} <= wrong(check(tmp_path, make_book(change_groups=change).disclosed()))


def test_an_order_that_is_not_that_of_pseudonyms_fails(tmp_path: Path) -> None:
    records = sorted(fb.pcaf_records(), key=lambda record: str(record["exposure"]))
    records[3], records[4] = records[4], records[3]
    made = make_book(records=records, in_order=False)
    assert wrong(check(tmp_path, made.disclosed())) == {"financed.groups"}
    assert "financed.groups" in wrong(check(tmp_path, made.undisclosed(0)))
    records[3], records[60] = records[60], records[3]  # across two groups
    records[4], records[60] = records[60], records[4]
    made = make_book(records=sorted(records[:54], key=str) + records[54:], in_order=False)
    assert "financed.groups" in wrong(check(tmp_path, made.disclosed()))


def test_an_exposure_that_occurs_twice_fails(tmp_path: Path) -> None:
    records = sorted(fb.pcaf_records(), key=lambda record: str(record["exposure"]))
    records[7] = copy.deepcopy(records[6])
    made = make_book(records=records, in_order=False)
    assert wrong(check(tmp_path, made.disclosed())) == {"financed.groups"}
    assert "financed.groups" in wrong(check(tmp_path, made.undisclosed(0)))


@pytest.mark.parametrize("count", [1, 49, 50, 99, 100, 149, 150])
def test_books_of_every_size_are_grouped_as_the_specification_says(tmp_path: Path, count: int) -> None:
    made = make_book(records=fb.pcaf_records(count))
    assert wrong(check(tmp_path, made.disclosed())) == set()
    whole = check(tmp_path, made.undisclosed(*range(len(made.numbers))))
    assert outcomes(whole, Outcome.FAIL, Outcome.MALFORMED) == set()
    assert whole.book is not None
    assert whole.book.totals is not None


# ------------------------------------------------------------------------------------------------ statement, as the bank signed it
def add_one(*path: Any) -> fb.Change:
    def change(statement: Any) -> None:
        for name in path[:-1]:
            statement = statement[name]
        statement[path[-1]] = more(statement[path[-1]])

    return change


def shift(statement: Any) -> None:
    """Move a gram between two classes: every sum still agrees."""
    first, second = statement["classes"][:2]
    first["s12_g"], second["s12_g"] = more(first["s12_g"]), str(int(second["s12_g"]) - 1)


def forget_branch(statement: Any) -> None:
    """Add one branch to another: every sum still agrees."""
    gone = statement["branches"].pop()
    for name in fb.block([]):
        statement["branches"][0][name] = str(int(statement["branches"][0][name]) + int(gone[name]))


FIELDS = list(fb.block([]))
STATEMENTS: list[tuple[str, fb.Change]] = [
    *((f"totals {name}", add_one("totals", name)) for name in FIELDS),
    *((f"a class's {name}", add_one("classes", 0, name)) for name in FIELDS),
    ("a branch", add_one("branches", 0, "s3_g")),
    ("a sector", add_one("sectors", 1, "weighted")),
    ("an option", add_one("options", 0, "rows")),
    ("a gram between classes", shift),
    ("a branch hidden in another", forget_branch),
    ("rows", add_one("rows")),
    ("excluded rows", add_one("excluded", 0, "rows")),
    ("excluded cents", add_one("excluded", 0, "exposure_cents")),
    ("covered cents", add_one("coverage", "exposure_cents")),
    ("all cents", add_one("coverage", "total_cents")),
    ("unknown rows", lambda s: s["coverage"].update(unknown_rows="4")),
    ("the general ledger", add_one("tie_out", 0, "computed_cents")),
    ("WACI of more than there is", lambda s: s["waci"].update(exposure_cents=more(s["totals"]["exposure_cents"]))),
    ("uses of pcaf_2", lambda s: s.update(uses=[{"use": "general", **s["totals"]}])),
    ("a revision without a cause", lambda s: s.update(cause="data")),
    ("the dataset of the other method", lambda s: s.update(dataset=PBOC)),
]


@pytest.mark.parametrize("change", [row[1] for row in STATEMENTS], ids=[row[0] for row in STATEMENTS])
def test_a_statement_that_its_records_or_its_own_sums_contradict_fails(tmp_path: Path, change: fb.Change) -> None:
    verification = check(tmp_path, make_book(change_statement=change).disclosed())
    assert "financed.blocks" in wrong(verification)


def test_a_statement_that_hides_a_difference_in_a_high_carbon_sector_or_a_use_fails(tmp_path: Path) -> None:
    assert wrong(check(tmp_path, make_book(change_statement=add_one("high_carbon", 0, "s12_g")).disclosed())) == {"financed.blocks"}

    def move(statement: Any) -> None:
        general, project = statement["uses"]
        general["s12_g"], project["s12_g"] = more(general["s12_g"]), str(int(project["s12_g"]) - 1)

    assert wrong(check(tmp_path, make_book(PBOC, change_statement=move).disclosed())) == {"financed.blocks"}


def test_a_row_without_a_balance_may_be_of_either_use(tmp_path: Path) -> None:
    def move(statement: Any, rows: int) -> None:
        general, project = statement["uses"]
        general["rows"], project["rows"] = str(int(general["rows"]) - rows), str(int(project["rows"]) + rows)

    loose = sum(record["denominator"] is None for record in fb.pboc_records())
    assert wrong(check(tmp_path, make_book(PBOC, change_statement=lambda s: move(s, loose)).disclosed())) == set()
    assert wrong(check(tmp_path, make_book(PBOC, change_statement=lambda s: move(s, loose + 1)).disclosed())) == {"financed.blocks"}


def test_an_undisclosed_statement_is_held_to_its_own_sums_and_to_the_tree(tmp_path: Path) -> None:
    assert wrong(check(tmp_path, make_book(change_statement=add_one("classes", 0, "s12_g")).undisclosed())) == {"financed.blocks"}
    assert "commitment.FINANCED_PCAF" in wrong(
        check(tmp_path, make_book(change_statement=add_one("commitment", "totals", 1)).undisclosed())
    )


# --------------------------------------------------------------------------------------------------- after the bank had signed it
def flip(data: bytes, index: int) -> bytes:
    return data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]


def drop_line(made: Book, path: str) -> None:
    made.parts[path] = b"".join(made.parts[path].splitlines(keepends=True)[:-1])


def swap_lines(made: Book, path: str) -> None:
    lines = made.parts[path].splitlines(keepends=True)
    made.parts[path] = b"".join([lines[1], lines[0], *lines[2:]])


DISCLOSED: list[tuple[str, Callable[[Book], None], str]] = [
    ("a sector renamed", lambda b: b.change_line("exposures.jsonl", 9, setter("sector", to="C31")), "commitment.FINANCED_PCAF"),
    ("a borrower", lambda b: b.change_line("exposures.jsonl", 9, setter("borrower", to="00" * 16)), "commitment.FINANCED_PCAF"),
    ("a salt", lambda b: b.parts.update({"salts.bin": flip(b.parts["salts.bin"], 1000)}), "commitment.FINANCED_PCAF"),
    ("two records change places", lambda b: swap_lines(b, "exposures.jsonl"), "financed.groups"),
    ("a record is gone", lambda b: drop_line(b, "exposures.jsonl"), "financed.records"),
    ("a salt is gone", lambda b: b.parts.update({"salts.bin": b.parts["salts.bin"][:-32]}), "financed.records"),
    ("half a salt", lambda b: b.parts.update({"salts.bin": b.parts["salts.bin"][:-16]}), "financed.records"),
    ("a leaf's value", lambda b: b.change("commitments.json", add_one("datasets", 0, "leaves", 1, "values", 2)), "financed.groups"),
    (
        "a leaf's salt",
        lambda b: b.change("commitments.json", lambda d: d["datasets"][0]["leaves"][0].update(salt="00" * 32)),
        "commitment.FINANCED_PCAF",
    ),
    ("a leaf is gone", lambda b: b.change("commitments.json", lambda d: d["datasets"][0]["leaves"].pop()), "financed.groups"),
    (
        "leaves out of order",
        lambda b: b.change("commitments.json", lambda d: d["datasets"][0]["leaves"].reverse()),
        "commitment.FINANCED_PCAF",
    ),
    ("another R", lambda b: b.change("commitments.json", lambda d: d["datasets"][0].update(root="00" * 32)), "commitment.FINANCED_PCAF"),
    ("a group line", lambda b: b.change_line("groups.jsonl", 0, add_one("values", 0)), "commitment.FINANCED_PCAF"),
    ("a group line's record", lambda b: b.change_line("groups.jsonl", 0, setter("record_hash", to="00" * 32)), "commitment.FINANCED_PCAF"),
    ("no such line", lambda b: drop_line(b, "groups.jsonl"), "commitment.FINANCED_PCAF"),
    ("no dataset", lambda b: b.change("commitments.json", lambda d: d.update(datasets=[])), "commitment.FINANCED_PCAF"),
    (
        "the dataset twice",
        lambda b: b.change("commitments.json", lambda d: d["datasets"].append(d["datasets"][0])),
        "commitment.FINANCED_PCAF",
    ),
    ("an opening", lambda b: b.parts.update({"openings/000000.json": jcs(b.opening(0))}), "financed.manifest"),
    ("no exposures", lambda b: b.parts.pop("exposures.jsonl"), "financed.manifest"),
    ("no commitments", lambda b: b.parts.pop("commitments.json"), "financed.manifest"),
    ("the statement", lambda b: b.change("financed.json", lambda s: s["waci"].update(value_micro="1")), "attestation.FINANCED_PCAF"),
    ("the library's name", lambda b: b.change("financed.json", lambda s: s["library"].update(release="2020.1")), "library.trusted"),
    (
        "the signature",
        lambda b: b.change("attestations.json", lambda d: d["items"][0].update(signature="0x" + "11" * 64 + "1b")),
        "attestation.FINANCED_PCAF",
    ),
    ("the block", lambda b: b.change("anchors.json", lambda d: d["items"][0]["block"].update(number="4")), "anchor.header.FINANCED_PCAF"),
]


@pytest.mark.parametrize(("change", "id"), [row[1:] for row in DISCLOSED], ids=[row[0] for row in DISCLOSED])
def test_a_disclosed_book_that_was_changed_afterwards_fails(tmp_path: Path, change: Callable[[Book], None], id: str) -> None:
    made = book().disclosed()
    change(made)
    verification = check(tmp_path, made)
    assert id in wrong(verification)
    assert verification.verdict()[1] in (1, 3)
    assert verification.level() != "L3"


MALFORMED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("not canonical", lambda line: line.replace(b'":', b'" :', 1)),
    ("an unknown field", lambda line: line.replace(b'{"asset_class"', b'{"a":1,"asset_class"')),
    ("a field twice", lambda line: line.replace(b'"score_s12"', b'"score_s12":1,"score_s12"')),
    ("a number for a text", lambda line: re.sub(rb'"exposure_cents":"(\d+)"', rb'"exposure_cents":\1', line)),
    ("a leading zero", lambda line: line.replace(b'"exposure_cents":"', b'"exposure_cents":"0')),
    ("a negative figure", lambda line: line.replace(b'"exposure_cents":"', b'"exposure_cents":"-')),
    ("2^96 grams", lambda line: re.sub(rb'"removals_g":"\d+"', b'"removals_g":"%d"' % 2**96, line)),
    ("an unknown class", lambda line: re.sub(rb'"asset_class":"\w+"', b'"asset_class":"loan"', line)),
    ("an upper-case pseudonym", lambda line: line.replace(b'"exposure":"', b'"exposure":"A', 1)[:-3] + b'"}\n'),
    ("a score of 6", lambda line: re.sub(rb'"score_s12":\d', b'"score_s12":6', line)),
    ("a comma in the sector", lambda line: re.sub(rb'"sector":"[^"]*"', b'"sector":"a,b"', line)),
    ("not UTF-8", lambda line: re.sub(rb'"sector":"[^"]*"', b'"sector":"\xff"', line)),
    ("a blank line", lambda line: b"\n" + line),
    ("a line of 64 KiB", lambda line: b" " * 65536 + line),
    ("no JSON", lambda line: b"exposure\n"),
    ("a carriage return", lambda line: line.replace(b"\n", b"\r\n")),
]


@pytest.mark.parametrize("change", [row[1] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_a_line_that_is_no_record_is_malformed_with_its_number(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    made = book().disclosed()
    lines = made.parts["exposures.jsonl"].splitlines(keepends=True)
    lines[4] = change(lines[4])
    made.parts["exposures.jsonl"] = b"".join(lines)
    verification = check(tmp_path, made)
    found = [item for item in verification.checks.items if item.id == "financed.records"]
    assert [item.outcome for item in found] == [Outcome.MALFORMED]
    assert "exposures.jsonl line 5" in found[0].facts["place"]


def test_the_last_line_ends_with_a_line_feed(tmp_path: Path) -> None:
    made = book().disclosed()
    made.parts["exposures.jsonl"] = made.parts["exposures.jsonl"][:-1]
    assert "financed.records" in wrong(check(tmp_path, made))


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.pop("uses"),
        lambda s: s.update(more=1),
        lambda s: s["totals"].pop("weighted_s3"),
        lambda s: s["totals"].update(rows=160),
        lambda s: s["totals"].update(rows="-1"),
        lambda s: s.update(policies={"average": "month_end"}),
        lambda s: s["classes"].reverse(),
        lambda s: s["sectors"].append(s["sectors"][0]),
        lambda s: s.update(method="pcaf_3"),
        lambda s: s["classes"][0].update({"class": "loan"}),
    ],
)
def test_a_statement_of_another_form_is_malformed_and_nothing_rests_on_it(tmp_path: Path, change: fb.Change) -> None:
    made = book().disclosed()
    change_then_pack = json.loads(made.parts["financed.json"])
    change(change_then_pack)
    made.parts["financed.json"] = jcs(change_then_pack)
    verification = check(tmp_path, made)
    assert verification.verdict() == ("MALFORMED", 3)
    assert outcomes(verification, Outcome.NOT_CHECKED) >= set(of_book(PCAF)) - {"financed.manifest"}


def test_a_withheld_part_is_unchecked_and_not_wrong(tmp_path: Path) -> None:
    made = book().disclosed()
    manifest = made.manifest()
    gone = [part for part in manifest["parts"] if part["path"] in ("exposures.jsonl", "salts.bin")]
    manifest["parts"] = [part for part in manifest["parts"] if part not in gone]
    manifest["withheld"] = [{**part, "reason": "inspected on site"} for part in gone]
    (tmp_path / "book.zip").write_bytes(
        ev.pack({k: v for k, v in made.parts.items() if k not in ("exposures.jsonl", "salts.bin")}, manifest)
    )
    with open_package(tmp_path / "book.zip") as package:
        verification = verify_book_package(package, None, None, NOW)
    assert wrong(verification) == set()
    assert {"financed.records", "financed.groups", "financed.blocks", "financed.sample"} <= outcomes(verification, Outcome.NOT_CHECKED)


def test_groups_of_a_withheld_book_may_be_opened(tmp_path: Path) -> None:
    made = book().undisclosed(0)
    manifest = made.manifest()
    manifest["withheld"] = [{"path": "exposures.jsonl", "sha256": "00" * 32, "bytes": 1, "reason": "customers"}]
    (tmp_path / "book.zip").write_bytes(ev.pack(made.parts, manifest))
    with open_package(tmp_path / "book.zip") as package:
        verification = verify_book_package(package, None, None, NOW)
    assert wrong(verification) == set()
    assert {"financed.manifest", "financed.groups", "commitment.FINANCED_PCAF"} <= outcomes(verification, Outcome.PASS)


def test_a_package_without_a_book_is_a_usage_error(tmp_path: Path) -> None:
    assert run_with_policy(tmp_path, ev.evidence(), command="financed").code == 2


def test_a_package_may_hold_an_inventory_and_a_book_and_both_are_verified(tmp_path: Path) -> None:
    made, evidence = book().disclosed(), ev.evidence()
    for path, data in made.parts.items():
        if path in ("commitments.json", "attestations.json", "anchors.json"):
            name = "datasets" if path == "commitments.json" else "items"
            both = evidence.json(path)
            both[name] += json.loads(data)[name]
            evidence.put(path, both)
        elif path != "library.json":
            evidence.parts[path] = data
    evidence.schemas = {**evidence.schemas, PCAF: made.schema}
    result = run_with_policy(tmp_path, evidence, policy=evidence.policy())
    assert (result.code, result.document["level"]) == (4, "L3")
    assert {item["id"] for item in result.document["checks"] if item["outcome"] != "PASS"} == {INPUTS}
    assert {"lines", "totals", "differences", "financed"} == set(result.document["recomputed"])
    evidence.parts["salts.bin"] = flip(evidence.parts["salts.bin"], 5)
    assert run_with_policy(tmp_path, evidence, policy=evidence.policy()).code == 1
