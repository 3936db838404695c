"""Opened groups and samples of a book that is not disclosed: what holds, what is erased, what was changed, what nobody opened."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verifier import financed_bank as fb
from tests.verifier.bank import sha
from tests.verifier.financed_bank import Book, book, jcs, make_book
from tests.verifier.running import CLOCK, POLICY_KEY, Run, run
from tests.verifier.running import verify as run_with_policy
from tests.verifier.test_financed_book import INPUTS, NOW, PBOC, PCAF, check, more, outcomes, setter, wrong
from verifier import sampling
from verifier.checks import Outcome
from verifier.errors import Malformed
from verifier.required import of_opening
from verifier.verify_opening import verify_opening
from verifier.verify_package import Verification


def verified(opening: Any) -> Verification:
    return verify_opening(jcs(opening), None, None, NOW)


def command(folder: Path, made: Book, opening: Any, *extra: object) -> Run:
    (folder / "group.json").write_bytes(jcs(opening))
    (folder / "p.json").write_bytes(made.policy())
    trust = ("--policy", folder / "p.json", "--policy-key", POLICY_KEY, "--now", CLOCK)
    return run("opening", folder / "group.json", "--json", *trust, *extra)


# --------------------------------------------------------------------------------------------------------------- one opened group
@pytest.mark.parametrize("dataset", [PCAF, PBOC])
def test_an_opening_alone_shows_that_its_group_is_in_r_and_its_records_hold(tmp_path: Path, dataset: str) -> None:
    made = book(dataset)
    result = command(tmp_path, made, made.opening(1))
    assert (result.code, result.document["level"]) == (4, "L1")
    passed = {item["id"] for item in result.checks("PASS")}
    assert {f"commitment.{dataset}", "financed.groups", "financed.records", "policy.signature"} <= passed
    assert {item["id"] for item in result.document["checks"]} == set(of_opening(dataset))
    assert {item["id"] for item in result.checks("NOT CHECKED")} >= {f"attestation.{dataset}", INPUTS}


@pytest.mark.parametrize("dataset", [PCAF, PBOC])
def test_with_the_package_an_opening_is_signed_anchored_and_final(tmp_path: Path, dataset: str) -> None:
    made = book(dataset)
    (tmp_path / "book.zip").write_bytes(made.undisclosed().package())
    result = command(tmp_path, made, made.opening(0), "--package", tmp_path / "book.zip")
    assert (result.code, result.document["level"]) == (4, "L3")
    assert {item["id"] for item in result.document["checks"] if item["outcome"] != "PASS"} == {INPUTS}


def test_the_package_of_another_book_does_not_sign_an_opening(tmp_path: Path) -> None:
    made, other = book(), make_book(records=fb.pcaf_records(150))
    (tmp_path / "book.zip").write_bytes(other.undisclosed().package())
    result = command(tmp_path, made, made.opening(0), "--package", tmp_path / "book.zip")
    assert result.code == 1
    assert "attestation.FINANCED_PCAF" in {id for id, _ in result.failed()}


def test_an_opening_contains_nothing_of_another_group() -> None:
    made = book()
    data = jcs(made.opening(0))
    for number in (1, 2):
        for at in made.members(number):
            for secret in (made.records[at]["exposure"].encode(), made.salts[at].hex().encode(), base64.b64encode(jcs(made.records[at]))):
                assert secret not in data


def test_an_erased_record_leaves_root_and_totals_and_is_said_to_be_unchecked(tmp_path: Path) -> None:
    made = book()
    erased = list(made.members(1))[:3]
    opening = made.opening(1, tuple(erased))
    data = jcs(opening)
    for at in erased:
        assert base64.b64encode(jcs(made.records[at])) not in data
        assert made.salts[at].hex().encode() not in data
    verification = verified(opening)
    assert wrong(verification) == set()
    assert verification.level() == "L1"
    unchecked = [item for item in verification.checks.items if item.outcome is Outcome.NOT_CHECKED and item.code == "FINANCED_ERASED"]
    assert {(item.id, item.facts["count"]) for item in unchecked} == {("financed.records", "3"), ("financed.groups", "3")}
    packed = made.undisclosed(0, 1, 2)
    packed.parts["openings/000001.json"] = data
    whole = check(tmp_path, packed)
    assert wrong(whole) == set()
    assert {"financed.blocks", "financed.records", "financed.groups"} <= outcomes(whole, Outcome.NOT_CHECKED)
    every = made.opening(0, tuple(made.members(0)))
    assert wrong(verified(every)) == set()


def test_what_is_left_of_a_group_may_not_come_to_more_than_the_group(tmp_path: Path) -> None:
    records = sorted(fb.pcaf_records(), key=lambda record: str(record["exposure"]))
    made = make_book(records=records)
    index = made.numbers.index(1)
    key, salt, values, record, asset = made.tree.leaves[index]
    made.tree.leaves[index] = (key, salt, [1, *values[1:]], record, asset)  # the bank commits to an exposure of one cent
    _, totals, digest = made.tree.node(0, 3)
    made.item |= {"totals": [str(total) for total in totals], "tree_root": digest.hex(), "root": made.tree.root().hex()}
    for erased in ((), tuple(list(made.members(1))[:1])):
        verification = verified(made.opening(1, erased))
        assert wrong(verification) == {"financed.groups"}


def path(*steps: Any, to: Any) -> fb.Change:
    def change(value: Any) -> None:
        for step in steps[:-1]:
            value = value[step]
        value[steps[-1]] = to(value[steps[-1]]) if callable(to) else to

    return change


def record(number: int, change: fb.Change) -> fb.Change:
    def apply(opening: Any) -> None:
        item = opening["exposures"][number]
        value = json.loads(base64.b64decode(item["record"]))
        change(value)
        item["record"] = base64.b64encode(jcs(value)).decode()

    return apply


def group(change: fb.Change) -> fb.Change:
    def apply(opening: Any) -> None:
        value = json.loads(base64.b64decode(opening["group"]["record"]))
        change(value)
        opening["group"]["record"] = base64.b64encode(jcs(value)).decode()

    return apply


def swapped(opening: Any) -> None:
    items = opening["exposures"]
    items[4], items[5] = items[5], items[4]


CHANGES: list[tuple[str, fb.Change]] = [
    ("a record", record(7, setter("sector", to="C31"))),
    ("a figure of a record", record(7, setter("exposure_cents", to=more))),
    ("a salt", path("exposures", 7, "salt", to="00" * 32)),
    ("the order", swapped),
    ("a record too few", lambda o: o["exposures"].pop()),
    ("a record too many", lambda o: o["exposures"].append(o["exposures"][0])),
    ("an erased leaf that is another", lambda o: o["exposures"].__setitem__(3, {"leaf": "00" * 32})),
    ("the group's number", group(setter("group", to=0))),
    ("the group's size", group(setter("n", to=52))),
    ("the group's root", group(setter("root", to="00" * 32))),
    ("the group's asset", path("group", "asset", to="group/000000")),
    ("the group's key", path("group", "key", to="00" * 32)),
    ("the group's salt", path("group", "salt", to="00" * 32)),
    *((f"measure {j}", path("group", "values", j, to=more)) for j in range(4)),
    ("a value of 2^96", path("group", "values", 0, to=str(2**96))),
    *((f"total {j}", path("totals", j, to=more)) for j in range(4)),
    ("n", path("n", to="4")),
    ("the index", path("index", to=lambda i: (i + 1) % 3)),
    ("an index beyond n", path("index", to=3)),
    ("a sibling's sum", path("path", 0, "sums", 2, to=more)),
    ("a sibling's hash", path("path", 0, "hash", to="00" * 32)),
    ("no sibling", lambda o: o["path"].pop()),
    ("the tree root", path("tree_root", to="00" * 32)),
    ("R", path("root", to="00" * 32)),
    ("the dataset", path("dataset", to=PBOC)),
    ("the institution", path("context", "org", to="00" * 32)),
    ("the period", path("context", "period_end", to=more)),
    ("the revision", path("context", "revision", to=2)),
    ("the chain", path("context", "chain_id", to="1")),
    ("the hash algorithm", path("context", "alg", to=2)),
    ("the number of measures", path("context", "measures", to=3)),
]


@pytest.mark.parametrize("change", [row[1] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_an_opening_that_was_changed_fails_alone_and_in_a_package(tmp_path: Path, change: fb.Change) -> None:
    made = book()
    opening = made.opening(1)
    change(opening)
    verification = verified(opening)
    assert verification.verdict()[1] == 1
    assert not {"commitment.FINANCED_PCAF", "financed.groups", "financed.records"} <= outcomes(verification, Outcome.PASS)
    packed = made.undisclosed(1)
    packed.parts["openings/000001.json"] = jcs(opening)
    inside = check(tmp_path, packed)
    assert "financed.groups" in wrong(inside)
    assert inside.book is not None
    assert inside.book.opened == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda o: o.pop("path"),
        lambda o: o.update(more=1),
        lambda o: o["exposures"][0].update(leaf="00" * 32),
        lambda o: o["exposures"][0].pop("salt"),
        lambda o: o["exposures"][0].update(record="AA="),
        lambda o: o["group"].update(values=["1", "2", "3"]),
        lambda o: o.update(schema="lingtan.opening/2"),
    ],
)
def test_what_has_not_the_form_of_an_opening_is_malformed(change: fb.Change) -> None:
    opening = book().opening(0)
    change(opening)
    try:
        verdict = verified(opening).verdict()[1]
    except Malformed:
        verdict = 3
    assert verdict == 3


def test_an_opening_of_more_than_4_mib_is_not_read() -> None:
    with pytest.raises(Malformed):
        verify_opening(b" " * (4 * 1024 * 1024 + 1), None, None, NOW)


def test_every_changed_byte_of_an_opening_is_found() -> None:
    data = jcs(make_book(records=fb.pcaf_records(2)).opening(0))
    for index in range(len(data)):
        changed = data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]
        try:
            assert verify_opening(changed, None, None, NOW).verdict()[1] in (1, 3), index
        except Malformed:
            continue


def test_an_opening_under_another_name_or_of_another_book_fails(tmp_path: Path) -> None:
    made = book()
    packed = made.undisclosed()
    packed.parts["openings/000002.json"] = jcs(made.opening(1))
    assert "financed.groups" in wrong(check(tmp_path, packed))
    other = make_book(records=fb.pcaf_records(150))
    packed = made.undisclosed()
    packed.parts["openings/000001.json"] = jcs(other.opening(1))
    assert "financed.groups" in wrong(check(tmp_path, packed))


# -------------------------------------------------------------------------------------------------- groups.jsonl of an undisclosed book
LINES: list[tuple[str, Callable[[Book], None], int]] = [
    ("a value", lambda b: b.change_line("groups.jsonl", 1, path("values", 0, to=more)), 1),
    ("a key", lambda b: b.change_line("groups.jsonl", 2, setter("key", to="ff" * 32)), 1),
    ("a record's hash", lambda b: b.change_line("groups.jsonl", 2, setter("record_hash", to="00" * 32)), 1),
    ("a value of 2^96", lambda b: b.change_line("groups.jsonl", 1, path("values", 0, to=str(2**96))), 1),
    ("a line is gone", lambda b: b.parts.update({"groups.jsonl": b"".join(b.parts["groups.jsonl"].splitlines(True)[:2])}), 1),
    ("lines change places", lambda b: b.parts.update({"groups.jsonl": b"".join(b.parts["groups.jsonl"].splitlines(True)[::-1])}), 1),
    ("no line", lambda b: b.parts.update({"groups.jsonl": b""}), 1),
    ("no part", lambda b: b.parts.pop("groups.jsonl"), 1),
    ("not canonical", lambda b: b.parts.update({"groups.jsonl": b" " + b.parts["groups.jsonl"]}), 3),
    ("three values", lambda b: b.change_line("groups.jsonl", 0, lambda v: v["values"].pop()), 3),
    ("no schema", lambda b: b.parts.pop("schemas/FINANCED_PCAF.json"), 4),
]


@pytest.mark.parametrize(("change", "code"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_groups_that_were_changed_do_not_give_r(tmp_path: Path, change: Callable[[Book], None], code: int) -> None:
    made = book().undisclosed(1)
    change(made)
    verification = check(tmp_path, made)
    assert verification.verdict()[1] == code
    assert verification.level() == "-"
    assert Outcome.PASS not in verification.checks.outcomes("commitment.FINANCED_PCAF")


# ------------------------------------------------------------------------------------------------------------------------- samples
SEED = "ab" * 32
NONCE = b"n" * 32


def verify(folder: Path, made: Book, *extra: object) -> Run:
    return run_with_policy(folder, made.package(), *extra, policy=made.policy(), command="financed")


def drawn(made: Book, seed: bytes, size: int, measure: int | None = None) -> set[int]:
    """The numbers of the groups that a seed draws."""
    values = [leaf[2] for leaf in made.tree.leaves]
    indices = sampling.draw_items(seed, size, 3) if measure is None else sampling.draw_by_measure(seed, size, [v[measure] for v in values])
    return {made.numbers[index] for index in indices}


def seed_for(made: Book, size: int, groups: int, measure: int | None = None) -> bytes:
    return next(seed for seed in (sha(b"%d" % i) for i in range(1000)) if len(drawn(made, seed, size, measure)) == groups)


@pytest.mark.parametrize("measure", [None, 0, 1, 2, 3])
def test_a_sample_holds_where_every_drawn_group_was_opened(tmp_path: Path, measure: int | None) -> None:
    made = book()
    seed = seed_for(made, 2, 1 if measure == 2 else 2, measure)
    options = ("--seed", seed.hex(), "--size", "2", *(() if measure is None else ("--measure", str(measure))))
    result = verify(tmp_path, made.undisclosed(*sorted(drawn(made, seed, 2, measure))), *options)
    assert result.code == 4
    assert "financed.sample" in {item["id"] for item in result.checks("PASS")}


def test_a_drawn_group_that_is_not_opened_counts_as_failed(tmp_path: Path) -> None:
    made = book()
    seed = seed_for(made, 2, 2)
    first, second = sorted(drawn(made, seed, 2))
    for opened in ((), (first,), (second,)):
        result = verify(tmp_path, made.undisclosed(*opened), "--seed", seed.hex(), "--size", "2")
        assert result.code == 1
        assert {id for id, _ in result.failed()} == {"financed.sample"}


def test_a_drawn_group_whose_opening_does_not_hold_counts_as_failed(tmp_path: Path) -> None:
    made = book()
    packed = made.undisclosed(0, 1, 2)
    packed.change("openings/000001.json", path("exposures", 0, "salt", to="00" * 32))
    result = verify(tmp_path, packed, "--seed", SEED)
    assert {id for id, _ in result.failed()} == {"financed.groups", "financed.sample"}


def test_another_seed_draws_other_groups(tmp_path: Path) -> None:
    made = book()
    seed = seed_for(made, 1, 1)
    other = next(s for s in (sha(b"other %d" % i) for i in range(100)) if drawn(made, s, 1) != drawn(made, seed, 1))
    packed = made.undisclosed(*drawn(made, seed, 1))
    assert verify(tmp_path, packed, "--seed", seed.hex(), "--size", "1").code == 4
    assert verify(tmp_path, packed, "--seed", other.hex(), "--size", "1").code == 1


def test_the_seed_follows_from_r_nonce_and_block_and_the_nonce_was_committed_to(tmp_path: Path) -> None:
    made = book()
    block_hash = bytes.fromhex(made.evidence["anchors"]["block"]["hash"][2:])
    seed = sha(b"\x22" + bytes.fromhex(made.item["root"]) + NONCE + block_hash)
    packed = made.undisclosed(*drawn(made, seed, 2))
    options = ("--nonce", NONCE.hex(), "--size", "2")
    published = sha(b"\x20" + NONCE).hex()
    for more_options in ((), ("--nonce-commitment", published), ("--seed", seed.hex())):
        result = verify(tmp_path, packed, *options, *more_options)
        assert result.code == 4
        assert "financed.sample" in {item["id"] for item in result.checks("PASS")}
    for wrong_options in (("--nonce-commitment", "00" * 32), ("--seed", SEED)):
        assert ("financed.sample", PCAF) in verify(tmp_path, packed, *options, *wrong_options).failed()
    del packed.parts["anchors.json"]
    unchecked = verify(tmp_path, packed, *options)
    assert unchecked.code == 4
    assert "financed.sample" in {item["id"] for item in unchecked.checks("NOT CHECKED")}


def test_options_that_say_nothing_are_refused(tmp_path: Path) -> None:
    packed = book().undisclosed()
    assert verify(tmp_path, packed, "--nonce-commitment", "00" * 32).code == 2
    assert verify(tmp_path, packed, "--seed", "00").code == 2
    assert verify(tmp_path, packed, "--seed", SEED, "--size", "0").code == 2


def test_the_sample_command_names_the_keys_of_an_undisclosed_book_and_the_assets_of_a_disclosed_one(tmp_path: Path) -> None:
    made = book()
    for packed in (made.undisclosed(), made.disclosed()):
        (tmp_path / "book.zip").write_bytes(packed.package())
        for measure in (None, 3):
            extra = () if measure is None else ("--measure", "3")
            result = run("sample", tmp_path / "book.zip", "--seed", SEED, "--size", "2", "--dataset", PCAF, "--json", *extra)
            assert result.code == 0
            keys = {item["key"] for item in result.document["items"]}
            assert keys == {
                made.tree.leaves[made.numbers.index(number)][0].hex() for number in drawn(made, bytes.fromhex(SEED), 2, measure)
            }
    assert run("sample", tmp_path / "book.zip", "--seed", SEED, "--dataset", PBOC).code == 2
