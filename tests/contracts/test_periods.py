"""PeriodLedger: well-formed attestations only, revisions that strictly increase, logs that only grow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.contracts.messages import digest, struct_hash
from tests.contracts.world import (
    BANK,
    LIBRARY,
    METERS,
    NEVER,
    OPERATIONAL,
    OTHER_BANK,
    PERIOD,
    SCHEMA,
    SCHEME,
    ZERO,
    Refusal,
    World,
    address_of,
    id_of,
)

START, END = PERIOD


def test_an_attestation_is_stored_whole(world: World) -> None:
    m = world.attestation()
    done = world.send("submit", m, by="approver")
    event = done.only("PeriodAttested")
    assert event["id"] == id_of(m)
    record = world.view("PeriodLedger", "attestation", id_of(m))
    expected: dict[str, Any] = {field: value for field, value in m.items() if field != "deadline"} | {"totals": tuple(m["totals"])}
    assert record == expected | {
        "structHash": struct_hash("PeriodAttestation", m),
        "signer": address_of("approver").lower(),
        "attestedAt": done.time,
    }
    assert world.view("PeriodLedger", "scopeOf", id_of(m)) == (BANK, START, END)
    assert world.view("PeriodLedger", "latestRevision", BANK, METERS, START, END) == 1


def test_the_first_three_words_of_a_record_are_where_the_layout_file_says(world: World, root: Path) -> None:
    m = world.attestation(totals=[1, 2**96, 3, 3 * 2**96 - 1])
    world.send("submit", m, by="approver")
    layout = json.loads((root / "contracts/snapshots/storage-layout.json").read_text())["PeriodLedger"]["storage"]
    (slot,) = [int(entry["slot"]) for entry in layout if entry["label"] == "_records"]
    base = int.from_bytes(keccak(encode(["bytes32", "uint256"], [id_of(m), slot])), "big")
    words = [world.engine.storage(world.addresses["PeriodLedger"], base + offset) for offset in range(3)]
    t = m["totals"]
    assert words == [m["root"], (t[0] | t[1] << 128).to_bytes(32, "big"), (t[2] | t[3] << 128).to_bytes(32, "big")]


def test_a_root_that_is_not_the_computed_one_is_refused_with_both(world: World) -> None:
    right = world.attestation()
    wrong = right | {"root": digest("wrong")}
    assert world.refusal("submit", wrong, by="approver") == Refusal("RootMismatch", (right["root"], wrong["root"]))
    others = {"n": 4, "totals": [6_001, 288, 0, 2**97], "treeRoot": digest("x"), "dataset": OPERATIONAL, "periodEnd": END + 1}
    for field, value in others.items():
        assert world.refusal("submit", right | {field: value}, by="approver").name == "RootMismatch", field


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"measures": 3}, ("UnsupportedMeasures", (3,))),
        ({"alg": 2}, ("UnsupportedAlgorithm", (2,))),
        ({"n": 0}, ("CountOutOfRange", (0,))),
        ({"n": 2**32}, ("CountOutOfRange", (2**32,))),
        ({"totals": [3 * 2**96, 0, 0, 0]}, ("TotalOutOfRange", (0, 3 * 2**96, 3))),
        ({"totals": [0, 0, 0, 2**128 - 1]}, ("TotalOutOfRange", (3, 2**128 - 1, 3))),
        ({"periodEnd": START}, ("InvalidPeriod", (START, START))),
        ({"periodEnd": START - 1}, ("InvalidPeriod", (START, START - 1))),
        ({"revision": 0}, ("WrongRevision", (0, 0))),
        ({"revision": 2}, ("WrongCause", (2, 0))),
        ({"revision": 2, "cause": 6}, ("WrongCause", (2, 6))),
        ({"cause": 1}, ("WrongCause", (1, 1))),
        ({"libraryHash": digest("x")}, ("LibraryNotInForce", (digest("x"), 0))),
        ({"libraryHash": SCHEMA}, ("LibraryNotInForce", (SCHEMA, 0))),
        ({"schemaHash": digest("x")}, ("SchemaNotPublished", (digest("x"), 0))),
        ({"schemaHash": LIBRARY}, ("SchemaNotPublished", (LIBRARY, 0))),
        ({"schemaHash": SCHEME}, ("SchemaNotPublished", (SCHEME, 0))),
    ],
    ids=str,
)
def test_a_malformed_attestation_is_refused(world: World, changes: dict[str, Any], error: tuple[str, tuple[Any, ...]]) -> None:
    assert world.refusal("submit", world.attestation(**changes), by="approver") == Refusal(*error)


def test_the_largest_count_and_totals_are_accepted(world: World) -> None:
    n = 2**32 - 1
    world.send("submit", world.attestation(n=n, totals=[n * 2**96 - 1] * 4), by="approver")


def test_a_library_must_be_in_force_and_a_schema_published(world: World) -> None:
    library, schema, now = digest("library 2"), digest("schema 2"), world.engine.now()
    world.send("propose", world.proposal(library, 1, validFrom=now + 5_000), by="librarian")
    world.send("propose", world.proposal(schema, 2, validFrom=now + 5_000), by="librarian")
    assert world.refusal("submit", world.attestation(libraryHash=library), by="approver") == Refusal("LibraryNotInForce", (library, 1))
    assert world.refusal("submit", world.attestation(schemaHash=schema), by="approver") == Refusal("SchemaNotPublished", (schema, 1))
    for release in (library, schema):
        world.send("publish", world.publication(release), by="publisher")
    assert world.refusal("submit", world.attestation(libraryHash=library), by="approver") == Refusal("LibraryNotInForce", (library, 2))
    assert world.find_refusal("submit", world.attestation(schemaHash=schema), by="approver") is None
    world.engine.advance(5_000)
    assert world.find_refusal("submit", world.attestation(libraryHash=library), by="approver") is None


def test_revisions_follow_one_another_and_supersede(world: World) -> None:
    first = world.send("submit", world.attestation(), by="approver")
    for cause in (0, 6):
        refusal = world.refusal("submit", world.attestation(revision=2, cause=cause), by="approver")
        assert refusal == Refusal("WrongCause", (2, cause))
    world.engine.advance(100)
    second = world.send("submit", world.attestation(revision=2, cause=5, totals=[1, 1, 1, 1]), by="approver")
    one, two = id_of(world.attestation()), id_of(world.attestation(revision=2))
    times = (first.time - 1, first.time, second.time - 1, second.time, NEVER)
    assert [world.view("PeriodLedger", "statusAt", one, time) for time in times] == [0, 1, 1, 2, 2]
    assert [world.view("PeriodLedger", "statusAt", two, time) for time in times] == [0, 0, 0, 1, 1]
    assert world.view("PeriodLedger", "attestation", one)["totals"] == (6_000, 288, 0, 2**97)
    assert world.view("PeriodLedger", "latestRevision", BANK, METERS, START, END) == 2
    assert world.send("submit", world.attestation(), by="approver").events == (), "the first one is still the first one"
    for revision in (1, 2):
        changed = world.attestation(revision=revision, cause=int(revision > 1), totals=[9, 9, 9, 9])
        assert world.refusal("submit", changed, by="approver").name == "AlreadyRecorded"


def test_a_dataset_enters_with_any_revision_and_may_be_left_out_of_some(world: World) -> None:
    """A statement's revision counts for all its datasets: METERS come in its second one, not in its third, again in its fourth."""
    sent: list[tuple[bytes, int, int]] = []
    for dataset, revision in ((OPERATIONAL, 1), (OPERATIONAL, 2), (METERS, 2), (OPERATIONAL, 3), (OPERATIONAL, 4), (METERS, 4)):
        message = world.attestation(dataset=dataset, revision=revision, cause=int(revision > 1))
        sent.append((id_of(message), world.send("submit", message, by="approver").time, revision))
        world.engine.advance(100)
    assert [world.view("PeriodLedger", "latestRevision", BANK, dataset, START, END) for dataset in (OPERATIONAL, METERS)] == [4, 4]
    meters = [(id_, time) for (id_, time, _), place in zip(sent, range(6), strict=True) if place in (2, 5)]
    (second, entered), (fourth, returned) = meters
    assert [world.view("PeriodLedger", "statusAt", second, time) for time in (entered - 1, entered, returned - 1, returned)] == [0, 1, 1, 2]
    assert [world.view("PeriodLedger", "statusAt", fourth, time) for time in (returned - 1, returned, NEVER)] == [0, 1, 1]
    assert [world.view("PeriodLedger", "statusAt", id_, NEVER) for id_, _, _ in sent] == [2, 2, 2, 2, 1, 1]
    for revision in (1, 3):
        late = world.attestation(revision=revision, cause=int(revision > 1))
        assert world.refusal("submit", late, by="approver") == Refusal("WrongRevision", (4, revision)), "what was left out stays out"


def test_the_largest_revision_is_the_last_one(world: World) -> None:
    last = 2**32 - 1
    world.attested(revision=last, cause=1)
    late = world.attestation(revision=last - 1, cause=1)
    assert world.refusal("submit", late, by="approver") == Refusal("WrongRevision", (last, last - 1))
    assert world.view("PeriodLedger", "statusAt", id_of(world.attestation(revision=last)), NEVER) == 1


def test_datasets_and_periods_and_banks_count_their_revisions_apart(world: World) -> None:
    for changes in ({}, {"dataset": OPERATIONAL}, {"periodStart": START - 1}, {"periodEnd": END + 1}, {"org": OTHER_BANK}):
        world.attested(**changes)
        world.attested(**changes, revision=3, cause=1)
        assert world.refusal("submit", world.attestation(**changes, revision=2, cause=1), by="approver").arguments == (3, 2)


def test_another_bank_cannot_attest_for_this_one(world: World) -> None:
    refusal = world.refusal("submit", world.attestation(), by="other approver")
    assert refusal == Refusal("NotAuthorized", (BANK, address_of("other approver").lower(), 1, 0))


def test_an_unknown_attestation_is_empty(world: World) -> None:
    assert world.view("PeriodLedger", "statusAt", digest("x"), NEVER) == 0
    assert world.view("PeriodLedger", "attestation", digest("x"))["structHash"] == ZERO
    assert world.view("PeriodLedger", "latestRevision", BANK, METERS, START, END) == 0


def test_a_log_grows_and_neither_shrinks_nor_forks(world: World) -> None:
    first, second = world.checkpoint(5), world.checkpoint(9)
    world.send("anchorLog", first, by="logkeeper")
    done = world.send("anchorLog", second, by="approver")
    assert world.view("PeriodLedger", "logHead", BANK) == (9, second["root"], done.time)
    assert world.view("PeriodLedger", "logCheckpoint", BANK, 5) == struct_hash("LogCheckpoint", first)
    assert world.refusal("anchorLog", world.checkpoint(8), by="logkeeper") == Refusal("LogShrunk", (9, 8))
    fork = world.checkpoint(9, digest("fork"))
    assert world.refusal("anchorLog", fork, by="logkeeper") == Refusal("LogForked", (9, second["root"], fork["root"]))
    assert world.refusal("anchorLog", world.checkpoint(0), by="logkeeper") == Refusal("LogEmpty", (BANK,))
    assert world.send("anchorLog", first, by="logkeeper").events == (), "an older head may be sent again"
    assert world.view("PeriodLedger", "logHead", OTHER_BANK) == (0, ZERO, 0)
    refusal = world.refusal("anchorLog", world.checkpoint(12), by="other approver")
    assert refusal == Refusal("NotAuthorized", (BANK, address_of("other approver").lower(), 2, 0))
