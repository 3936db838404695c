"""Random histories of the city: the contracts against plain Python rules, and their whole storage against books kept from events.

After every message: accepted exactly when the rules say so, refused with the error that they say; a refused one changes nothing. At the end
of every history each view, at several times, equals the books. The invariants of the design are asserted in so many words.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.contracts.books import Books
from tests.contracts.engines import EthTesterEngine
from tests.contracts.messages import compute_context, compute_root, digest, sid
from tests.contracts.rules import expected_state, find_outcome
from tests.contracts.world import (
    BANK,
    CENTRE,
    FIRM,
    LIBRARY,
    METERS,
    OPERATIONAL,
    OTHER_BANK,
    PEOPLE,
    PERIOD,
    SCHEMA,
    SCHEME,
    ZERO,
    World,
    address_of,
    id_of,
)

SETTINGS = settings(max_examples=8, stateful_step_count=25, derandomize=True, deadline=None)
ORGS = st.sampled_from([BANK, OTHER_BANK, CENTRE, FIRM])
EVERYBODY = st.sampled_from([*PEOPLE, "admin", "new admin", "newcomer", "stranger"])
RARELY = st.integers(0, 9).map(lambda drawn: drawn == 0)


class Cities:
    """One settled city for all examples."""

    def __init__(self) -> None:
        self.engine = EthTesterEngine()
        self.world = World(self.engine)
        self.world.deploy()
        self.world.settle()
        # Some people hold two roles, so that the rules about two people have something to refuse.
        for org, person, role in ((CENTRE, "librarian", 6), (CENTRE, "verifier 3", 4), (CENTRE, "certifier", 3)):
            self.world.send("addKey", self.world.key(org, person, role), by="admin")
        self.kept = self.engine.keep()

    def fresh(self) -> World:
        self.engine.restore(self.kept)
        return self.world.copy()


_cities: list[Cities] = []


def fresh_city() -> World:
    if not _cities:
        _cities.append(Cities())
    return _cities[0].fresh()


class CityMachine(RuleBasedStateMachine):
    """What every history has: a world, books, and messages that may be sent again."""

    def __init__(self) -> None:
        super().__init__()
        self.world = fresh_city()
        self.books = Books()
        for event in self.world.history:
            self.books.absorb(event)
        self.seen: list[tuple[str, dict[str, Any], str]] = []
        self.totals: dict[bytes, tuple[int, ...]] = {}
        self.revoked: dict[bytes, int] = {}

    def tell(self, function: str, message: dict[str, Any], by: str, late: bool = False) -> None:
        """Send a message and require what the rules say."""
        world = self.world
        if late:
            message = {**message, "deadline": world.engine.now() - 1}
        ledger = world.addresses["PeriodLedger"]
        expected = find_outcome(self.books, function, message, address_of(by).lower(), world.engine.now(), world.engine.chain_id, ledger)
        refusal = world.find_refusal(function, message, by=by)
        assert (refusal.name if refusal else None) == (expected or None), (function, by, message)
        if refusal is None:
            events = world.send(function, message, by=by).events
            assert bool(events) == (expected is None), "an exact re-submission changes nothing"
            for event in events:
                self.books.absorb(event)
            self.seen.append((function, message, by))

    @rule(place=st.integers(0, 10**6), by=EVERYBODY)
    def say_it_again(self, place: int, by: str) -> None:
        if self.seen:
            function, message, signer = self.seen[place % len(self.seen)]
            self.tell(function, message, signer if place % 2 else by)

    @rule(seconds=st.sampled_from([10, 5_000, 100_000]))
    def let_time_pass(self, seconds: int) -> None:
        self.world.engine.advance(seconds)

    def times(self) -> list[int]:
        now = self.world.engine.now()
        return [now - 4_000, now, now + 4_000]


class Participants(CityMachine):
    """Institutions, keys, standings, the admin, releases, attestations, logs."""

    def admin_name(self) -> str:
        return "new admin" if self.books.admin == address_of("new admin").lower() else "admin"

    def version(self, org: bytes, shift: int) -> int:
        return max(0, self.books.versions.get(org, 0) + 1 + shift)

    SHIFT = st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1])
    BY_ADMIN = st.sampled_from([True, True, True, True, True, False])

    @rule(org=st.sampled_from([sid("org", "x"), sid("org", "y"), BANK]), kind=st.integers(0, 6), shift=SHIFT, ours=BY_ADMIN, late=RARELY)
    def register(self, org: bytes, kind: int, shift: int, ours: bool, late: bool) -> None:
        by = self.admin_name() if ours else "stranger"
        self.tell("registerInstitution", self.world.registration(org, kind, version=self.version(org, shift)), by, late)

    @rule(
        org=ORGS,
        person=EVERYBODY,
        role=st.integers(0, 7),
        start=st.sampled_from([0, 2_000]),
        length=st.sampled_from([None, 0, 3_000]),
        shift=SHIFT,
    )
    def add_key(self, org: bytes, person: str, role: int, start: int, length: int | None, shift: int) -> None:
        begin = self.world.engine.now() + start if start else 0
        end = 0 if length is None else (begin or self.world.engine.now()) + length
        message = self.world.key(org, person, role, validFrom=begin, validTo=end, version=self.version(org, shift))
        self.tell("addKey", message, self.admin_name())

    @rule(person=st.sampled_from([*PEOPLE, "newcomer"]), after=st.sampled_from([None, -7_000, 3_000, 9_000]), ours=BY_ADMIN, shift=SHIFT)
    def end_key(self, person: str, after: int | None, ours: bool, shift: int) -> None:
        org, role = PEOPLE.get(person, (BANK, 1))
        end = 0 if after is None else self.world.engine.now() + after
        message = self.world.key_end(org, person, role, end, version=self.version(org, shift))
        self.tell("endKey", message, self.admin_name() if ours else person)

    @rule(person=st.sampled_from([*PEOPLE, "newcomer"]), suspended=st.booleans(), ours=BY_ADMIN, shift=SHIFT, late=RARELY)
    def set_key_standing(self, person: str, suspended: bool, ours: bool, shift: int, late: bool) -> None:
        org, role = PEOPLE.get(person, (BANK, 1))
        message = self.world.key_standing(org, person, role, suspended, version=self.version(org, shift))
        self.tell("setKeyStanding", message, self.admin_name() if ours else person, late)

    @rule(org=ORGS, suspended=st.booleans(), ours=BY_ADMIN, shift=SHIFT)
    def set_standing(self, org: bytes, suspended: bool, ours: bool, shift: int) -> None:
        message = self.world.standing(org, suspended, version=self.version(org, shift))
        self.tell("setStanding", message, self.admin_name() if ours else "stranger")

    @rule(person=st.sampled_from(["admin", "new admin"]), accept=st.booleans(), shift=SHIFT, by=st.sampled_from(["admin", "new admin"]))
    def change_admin(self, person: str, accept: bool, shift: int, by: str) -> None:
        version = max(0, self.books.admin_version + (0 if accept else 1) + shift)
        message = {"newAdmin": address_of(person), "version": version, "deadline": 2**64 - 1}
        self.tell("acceptAdmin" if accept else "proposeAdmin", message, by)

    RELEASES = st.sampled_from([digest("new 1"), digest("new 2"), LIBRARY])

    @rule(
        release=RELEASES,
        kind=st.integers(0, 4),
        start=st.sampled_from([0, 6_000]),
        supersedes=st.one_of(st.just(ZERO), st.sampled_from([LIBRARY, SCHEMA, digest("new 1")])),
        by=st.sampled_from(["librarian", "librarian", "publisher"]),
    )
    def propose(self, release: bytes, kind: int, start: int, supersedes: bytes, by: str) -> None:
        begin = self.world.engine.now() + start
        self.tell("propose", self.world.proposal(release, kind, validFrom=begin, supersedes=supersedes), by)

    @rule(release=RELEASES, by=st.sampled_from(["publisher", "publisher", "librarian", "certifier"]), late=RARELY)
    def publish(self, release: bytes, by: str, late: bool) -> None:
        self.tell("publish", self.world.publication(release), by, late)

    @rule(
        org=st.sampled_from([BANK, BANK, OTHER_BANK]),
        dataset=st.sampled_from([METERS, OPERATIONAL]),
        shift=st.sampled_from([0, 0, 0, -1, 1]),
        cause=st.sampled_from([None, None, None, 0, 6]),
        n=st.sampled_from([1, 3, 2**32 - 1, 2**32, 0]),
        total=st.sampled_from([0, 2**96 - 1, 2**96, 2**127]),
        hashes=st.tuples(st.sampled_from([LIBRARY, LIBRARY, digest("new 1"), SCHEMA]), st.sampled_from([SCHEMA, SCHEMA, digest("new 2")])),
        honest=st.sampled_from([True, True, True, False]),
        by=st.sampled_from(["approver", "approver", "approver", "other approver", "logkeeper"]),
    )
    def attest(
        self,
        org: bytes,
        dataset: bytes,
        shift: int,
        cause: int | None,
        n: int,
        total: int,
        hashes: tuple[bytes, bytes],
        honest: bool,
        by: str,
    ) -> None:
        revision = max(0, self.books.latest.get((org, dataset, *PERIOD), 0) + 1 + shift)
        right = 0 if revision == 1 else 1
        fields: dict[str, Any] = {"org": org, "dataset": dataset, "revision": revision, "cause": right if cause is None else cause}
        fields |= {"n": n, "totals": [total, 1, 0, total], "libraryHash": hashes[0], "schemaHash": hashes[1]}
        message = self.world.attestation(**fields, **({} if honest else {"root": digest("a lie")}))
        self.tell("submit", message, by)

    @rule(org=ORGS, size=st.integers(0, 6), fork=RARELY, by=st.sampled_from(["logkeeper", "approver", "other approver", "verifier"]))
    def anchor_log(self, org: bytes, size: int, fork: bool, by: str) -> None:
        self.tell("anchorLog", self.world.checkpoint(size, digest(f"{fork} {size}"), org=org), by)

    @invariant()
    def revisions_are_contiguous_and_totals_never_change(self) -> None:
        for (org, dataset, start, end), last in self.books.latest.items():
            for revision in range(1, last + 1):
                m = {"org": org, "dataset": dataset, "periodStart": start, "periodEnd": end, "revision": revision}
                record = self.books.records[id_of(m)]
                assert self.totals.setdefault(id_of(m), record["totals"]) == record["totals"]

    def teardown(self) -> None:
        check_participants(self.world, self.books, self.times())
        check_periods(self.world, self.books, self.times(), self.totals)


class Claims(CityMachine):
    """Claims with one or two verifiers, verdicts, disputes, certificates and their statuses."""

    NAMES = st.sampled_from(["one", "two"])
    VERIFIERS = st.sampled_from(["verifier", "verifier 2", "verifier 3", "verifier", "verifier 2", "certifier", "approver"])
    CERTIFIERS = st.sampled_from(["certifier", "certifier 2", "certifier 2", "verifier 3", "publisher"])
    RESULTS = st.sampled_from(["A", "A", "A", "B"])

    @initialize(both=st.booleans())
    def claim_both(self, both: bool) -> None:
        ids = [id_of(self.world.attestation(dataset=dataset)) for dataset in (METERS, OPERATIONAL)]
        for dataset in (METERS, OPERATIONAL):
            self.tell("submit", self.world.attestation(dataset=dataset), "approver")
        self.tell("submitClaim", self.world.claim("one", ids[: 2 if both else 1]), "approver")
        self.tell("submitClaim", self.world.claim("two", ids, verifiersRequired=2), "approver")

    @rule(
        count=st.sampled_from([0, 1, 2]),
        required=st.integers(0, 3),
        scheme=st.sampled_from([SCHEME, LIBRARY, digest("a name")]),
        by=EVERYBODY,
    )
    def claim_more(self, count: int, required: int, scheme: bytes, by: str) -> None:
        ids = list(self.books.records)[-count:] if count else []
        message = self.world.claim(f"{count} {required}", ids, verifiersRequired=required, scheme=scheme)
        self.tell("submitClaim", message, by if required == 1 else "approver")

    @rule(dataset=st.sampled_from([METERS, OPERATIONAL, OPERATIONAL]), needed=RARELY)
    def restate(self, dataset: bytes, needed: bool) -> None:
        if needed:
            last = self.books.latest[BANK, dataset, *PERIOD]
            self.tell("submit", self.world.attestation(dataset=dataset, revision=last + 1, cause=2), "approver")

    @rule(name=NAMES, person=VERIFIERS, result=RESULTS, copied=RARELY)
    def commit(self, name: str, person: str, result: str, copied: bool) -> None:
        salt = digest("salt") if copied else digest(f"salt of {person}")
        self.tell("commitVerdict", self.world.commitment(name, person, digest(result), salt), person)

    @rule(
        name=NAMES,
        person=VERIFIERS,
        result=RESULTS,
        opinion=st.sampled_from([1, 1, 1, 2, 3, 0]),
        shift=st.sampled_from([0, 0, 0, 0, -1, 1]),
        late=RARELY,
        other=RARELY,
    )
    def give_verdict(self, name: str, person: str, result: str, opinion: int, shift: int, late: bool, other: bool) -> None:
        sequence = max(0, len(self.books.verdicts[sid("claim", name)]) + shift)
        message = self.world.verdict(name, person, sequence, resultHash=digest(result), opinion=opinion, salt=digest(f"salt of {person}"))
        if other:
            message["packageHash"] = digest("another package")
        self.tell("submitVerdict", message, person, late)

    @rule(name=NAMES, person=CERTIFIERS, result=st.sampled_from(["A", "B", "C"]), reason=st.integers(0, 3))
    def decide(self, name: str, person: str, result: str, reason: int) -> None:
        self.tell("resolve", self.world.resolution(name, digest(result), reason=digest(f"{reason}")), person)

    @rule(name=NAMES, person=CERTIFIERS, start=st.sampled_from([-1_000, 3_000]), length=st.sampled_from([8_000, 8_000, 200_000, 0]))
    def certify(self, name: str, person: str, start: int, length: int) -> None:
        begin = self.world.engine.now() + start
        self.tell("issueCertificate", self.world.certificate(name, validFrom=begin, validTo=begin + length), person)

    @rule(name=NAMES, person=CERTIFIERS, status=st.sampled_from([1, 2, 2, 3, 4]), shift=st.sampled_from([0, 0, 0, -1, 1]))
    def change_status(self, name: str, person: str, status: int, shift: int) -> None:
        changes = self.books.certificates.get(sid("certificate", name), {"changes": 0})["changes"]
        self.tell("setCertificateStatus", self.world.status(name, status, max(0, changes + shift)), person)

    @rule(person=st.sampled_from(["verifier", "certifier", "approver"]), suspended=st.booleans(), needed=RARELY)
    def suspend(self, person: str, suspended: bool, needed: bool) -> None:
        if needed:
            org, role = PEOPLE[person]
            version = self.books.versions[org] + 1
            self.tell("setKeyStanding", self.world.key_standing(org, person, role, suspended, version=version), "admin")

    @invariant()
    def nobody_judges_himself_and_revoked_is_for_ever(self) -> None:
        for claim, given in self.books.verdicts.items():
            for verdict in given:
                assert verdict["org"] != self.books.claims[claim]["org"]
                assert self.books.parties[claim, verdict["signer"]]["part"] == 1
        for name, record in self.books.certificates.items():
            if record["status"] == 3:
                self.revoked.setdefault(name, self.world.engine.now())
            if name in self.revoked:
                later = self.books.certificate_status(name, self.world.engine.now())
                assert later == 3

    def teardown(self) -> None:
        check_claims(self.world, self.books, self.times())


def check_participants(world: World, books: Books, times: list[int]) -> None:
    """Compare every view of ParticipantRegistry and LibraryRegistry with the books."""

    def view(function: str, *arguments: Any) -> Any:
        return world.view("ParticipantRegistry", function, *arguments)

    assert view("admin") == books.admin
    assert view("pendingAdmin") == books.pending
    assert view("adminVersion") == books.admin_version
    for version, structs in books.acceptances.items():
        assert view("adminAcceptance", version) == structs
    for (org, version), structs in list(books.actions.items())[-6:]:
        assert view("lastAction", org, version) == structs
    for org, (kind, name) in books.institutions.items():
        history = books.standings[org]
        assert view("institution", org) == (kind, name, books.versions[org], bool(history and history[-1][1]))
    for place, (start, end) in books.windows.items():
        standing = books.key_standings[place]
        assert view("keyOf", *place) == (True, start, end, bool(standing and standing[-1][1]))
        assert view("orgOf", place[1]) == books.owners[place[1]]
        changed = standing or books.standings[place[0]] or start or end
        for time in times if changed else times[-1:]:
            assert view("keyStatusAt", *place, time) == books.key_status(*place, time), (place, time)
    for release, r in books.releases.items():
        fields = ("kind", "org", "validFrom", "supersedes", "signer", "publisher", "proposedAt", "publishedAt")
        assert world.view("LibraryRegistry", "release", release) == tuple(r[name] for name in fields)
        assert world.view("LibraryRegistry", "messagesOf", release) == (r["structHash"], r["publication"])
        for time in times:
            assert world.view("LibraryRegistry", "statusAt", release, time) == books.release_status(release, time)


def check_periods(world: World, books: Books, times: list[int], totals: dict[bytes, tuple[int, ...]]) -> None:
    """Compare every view of PeriodLedger with the books; every stored root is the one that its stored fields give."""
    for series, last in books.latest.items():
        assert world.view("PeriodLedger", "latestRevision", *series) == last
    for id_, record in books.records.items():
        stored = world.view("PeriodLedger", "attestation", id_)
        assert stored == record
        assert stored["totals"] == totals.get(id_, stored["totals"])
        context = compute_context(stored, world.engine.chain_id, world.addresses["PeriodLedger"])
        assert stored["root"] == compute_root(context, stored["n"], stored["totals"], stored["treeRoot"])
        for time in times:
            assert world.view("PeriodLedger", "statusAt", id_, time) == books.attestation_status(id_, time)
    for org, head in books.heads.items():
        assert world.view("PeriodLedger", "logHead", org) == head
    for (org, size), structs in books.checkpoints.items():
        assert world.view("PeriodLedger", "logCheckpoint", org, size) == structs


def check_claims(world: World, books: Books, times: list[int]) -> None:
    """Compare every view of ClaimRegistry with the books, and each claim's state with what its whole record leads to."""
    for claim, record in books.claims.items():
        assert world.view("ClaimRegistry", "claim", claim) == record
        assert world.view("ClaimRegistry", "claimState", claim) == expected_state(books, claim)
        assert world.view("ClaimRegistry", "verdictCount", claim) == len(books.verdicts[claim])
        for sequence, verdict in enumerate(books.verdicts[claim]):
            assert world.view("ClaimRegistry", "verdict", claim, sequence) == verdict
    for (claim, signer), party in books.parties.items():
        assert world.view("ClaimRegistry", "partOf", claim, signer) == (party["part"], party["commitment"], party["verdicts"])
    for name, certificate in books.certificates.items():
        assert world.view("ClaimRegistry", "certificate", name) == certificate
        for time in [*times, certificate["validFrom"], certificate["validTo"], certificate["issuedAt"]]:
            assert world.view("ClaimRegistry", "statusAt", name, time) == books.certificate_status(name, time)


TestParticipants = Participants.TestCase
TestParticipants.settings = SETTINGS
TestClaims = Claims.TestCase
TestClaims.settings = SETTINGS
