"""Random histories of the city: the contracts against plain Python rules, and their whole storage against books kept from events.

After every message: accepted exactly when the rules say so, refused with the error that they say; a refused one changes nothing. At the end
of every history each view, at several times, equals the books. The invariants of the design are asserted in so many words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

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

SETTINGS = settings(max_examples=7, stateful_step_count=40, derandomize=True, deadline=None)
ORGS = st.sampled_from([BANK, OTHER_BANK, CENTRE, FIRM])
EVERYBODY = st.sampled_from([*PEOPLE, "admin", "new admin", "newcomer", "stranger"])
Act = TypeVar("Act", bound=Callable[..., None])
RARELY = st.sampled_from([False] * 9 + [True])


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Draw `usual` three times in four."""
    return st.sampled_from([usual] * (3 * len(others)) + list(others))


def mostly_none(*flaws: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Draw no flaw three times in four, else one of them: fields that replace the right ones."""
    return mostly({}, *flaws)


def act(*, when: Callable[[Any], object] = lambda machine: True, **draws: st.SearchStrategy[Any]) -> Callable[[Act], Act]:
    """Mark a method as something that may happen. One Hypothesis rule draws among them all: separate rules would be switched off in turn,
    and the long way to a certificate would hardly ever be walked."""

    def mark(method: Act) -> Act:
        method.draws, method.when = draws, when  # type: ignore[attr-defined]
        return method

    return mark


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

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        methods = [getattr(type(self), name) for name in sorted(dir(type(self)))]
        possible = [method for method in methods if hasattr(method, "draws") and method.when(self)]
        chosen = data.draw(st.sampled_from(possible))
        chosen(self, **{name: data.draw(strategy) for name, strategy in chosen.draws.items()})

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

    @act(place=st.integers(0, 10**6), by=EVERYBODY)
    def say_it_again(self, place: int, by: str) -> None:
        if self.seen:
            function, message, signer = self.seen[place % len(self.seen)]
            self.tell(function, message, signer if place % 2 else by)

    @act(seconds=st.sampled_from([10, 5_000, 100_000]))
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

    SHIFT = st.sampled_from([0] * 8 + [-1, 1])
    BY_ADMIN = st.sampled_from([True] * 6 + [False])

    @act(org=st.sampled_from([sid("org", "x"), sid("org", "y"), BANK]), kind=st.integers(0, 6), shift=SHIFT, ours=BY_ADMIN, late=RARELY)
    def register(self, org: bytes, kind: int, shift: int, ours: bool, late: bool) -> None:
        by = self.admin_name() if ours else "stranger"
        self.tell("registerInstitution", self.world.registration(org, kind, version=self.version(org, shift)), by, late)

    @act(
        org=ORGS,
        person=EVERYBODY,
        role=mostly(None, 0, 1, 2, 3, 4, 5, 6, 7),
        start=st.sampled_from([0, 2_000]),
        length=st.sampled_from([None, 0, 3_000]),
        shift=SHIFT,
    )
    def add_key(self, org: bytes, person: str, role: int | None, start: int, length: int | None, shift: int) -> None:
        begin = self.world.engine.now() + start if start else 0
        end = 0 if length is None else (begin or self.world.engine.now()) + length
        if role is None:
            role = {BANK: 2, OTHER_BANK: 1, CENTRE: 6, FIRM: 3}[org]
        message = self.world.key(org, person, role, validFrom=begin, validTo=end, version=self.version(org, shift))
        self.tell("addKey", message, self.admin_name())

    @act(person=st.sampled_from([*PEOPLE, "newcomer"]), after=st.sampled_from([None, -7_000, 3_000, 9_000]), ours=BY_ADMIN, shift=SHIFT)
    def end_key(self, person: str, after: int | None, ours: bool, shift: int) -> None:
        org, role = PEOPLE.get(person, (BANK, 1))
        end = 0 if after is None else self.world.engine.now() + after
        message = self.world.key_end(org, person, role, end, version=self.version(org, shift))
        self.tell("endKey", message, self.admin_name() if ours else person)

    @act(person=st.sampled_from([*PEOPLE, "newcomer"]), suspended=st.booleans(), ours=BY_ADMIN, shift=SHIFT, late=RARELY)
    def set_key_standing(self, person: str, suspended: bool, ours: bool, shift: int, late: bool) -> None:
        org, role = PEOPLE.get(person, (BANK, 1))
        message = self.world.key_standing(org, person, role, suspended, version=self.version(org, shift))
        self.tell("setKeyStanding", message, self.admin_name() if ours else person, late)

    @act(org=ORGS, suspended=st.booleans(), ours=BY_ADMIN, shift=SHIFT)
    def set_standing(self, org: bytes, suspended: bool, ours: bool, shift: int) -> None:
        message = self.world.standing(org, suspended, version=self.version(org, shift))
        self.tell("setStanding", message, self.admin_name() if ours else "stranger")

    @act(person=st.sampled_from(["admin", "new admin"]), accept=st.booleans(), shift=SHIFT, by=st.sampled_from(["admin", "new admin"]))
    def change_admin(self, person: str, accept: bool, shift: int, by: str) -> None:
        version = max(0, self.books.admin_version + (0 if accept else 1) + shift)
        message = {"newAdmin": address_of(person), "version": version, "deadline": 2**64 - 1}
        self.tell("acceptAdmin" if accept else "proposeAdmin", message, by)

    RELEASES = st.sampled_from([digest("new 1"), digest("new 2"), LIBRARY])

    @act(
        release=RELEASES,
        kind=mostly(1, 2, 3, 4),
        start=st.sampled_from([0, 6_000]),
        supersedes=mostly(ZERO, LIBRARY, SCHEMA, digest("new 1")),
        by=st.sampled_from(["librarian", "librarian", "publisher"]),
    )
    def propose(self, release: bytes, kind: int, start: int, supersedes: bytes, by: str) -> None:
        begin = self.world.engine.now() + start
        self.tell("propose", self.world.proposal(release, kind, validFrom=begin, supersedes=supersedes), by)

    @act(release=RELEASES, by=st.sampled_from(["publisher", "publisher", "librarian", "certifier"]), late=RARELY)
    def publish(self, release: bytes, by: str, late: bool) -> None:
        self.tell("publish", self.world.publication(release), by, late)

    @act(
        org=st.sampled_from([BANK, BANK, OTHER_BANK]),
        dataset=st.sampled_from([METERS, OPERATIONAL]),
        n=st.sampled_from([1, 3, 2**32 - 1]),
        flaw=mostly_none(
            {"revision": 0},
            {"revision": 9},
            {"revision": 9, "cause": 0},
            {"revision": 5, "cause": 3},
            {"revision": 2**32 - 1, "cause": 3},
            {"cause": 6},
            {"n": 2**32},
            {"n": 0},
            {"totals": [2**128 - 1, 0, 0, 0]},
            {"root": digest("a lie")},
            {"libraryHash": SCHEMA},
            {"schemaHash": LIBRARY},
            {"libraryHash": digest("new 1")},
            {"schemaHash": digest("new 2")},
        ),
        by=mostly(None, "approver", "other approver", "logkeeper"),
    )
    def attest(self, org: bytes, dataset: bytes, n: int, flaw: dict[str, Any], by: str | None) -> None:
        revision = min(self.books.latest.get((org, dataset, *PERIOD), 0) + 1, 2**32 - 1)
        fields: dict[str, Any] = {"org": org, "dataset": dataset, "revision": revision, "cause": int(revision > 1)}
        message = self.world.attestation(**{**fields, "n": n, "totals": [n * 2**96 - 1, 0, 1, n], **flaw})
        self.tell("submit", message, by or ("approver" if org == BANK else "other approver"))

    @act(org=mostly(BANK, OTHER_BANK, FIRM), size=st.integers(0, 6), fork=RARELY, by=mostly("logkeeper", "approver", "other approver"))
    def anchor_log(self, org: bytes, size: int, fork: bool, by: str) -> None:
        self.tell("anchorLog", self.world.checkpoint(size, digest(f"{fork} {size}"), org=org), by)

    @invariant()
    def one_revision_of_a_series_is_current_and_totals_never_change(self) -> None:
        now = self.world.engine.now()
        current = [record for id_, record in self.books.records.items() if self.books.attestation_status(id_, now) == 1]
        scopes = {(r["org"], r["dataset"], r["periodStart"], r["periodEnd"]): r["revision"] for r in current}
        assert (scopes, len(current)) == (dict(self.books.latest), len(scopes))
        for id_, record in self.books.records.items():
            assert self.totals.setdefault(id_, record["totals"]) == record["totals"]

    def teardown(self) -> None:
        check_participants(self.world, self.books, self.times())
        check_periods(self.world, self.books, self.times(), self.totals)


class Claims(CityMachine):
    """Claims with one or two verifiers, verdicts, disputes, certificates and their statuses."""

    NAMES = st.sampled_from(["one", "two"])
    VERIFIERS = mostly("verifier 2", "verifier", "verifier 3", "colleague", "certifier")
    CERTIFIERS = mostly("certifier 2", "certifier", "verifier 3", "publisher")
    RESULTS = mostly("A", "B")

    @initialize(stage=st.sampled_from(["certified", "disputed", "attested", "committed", "claimed"]))
    def begin_at(self, stage: str) -> None:
        """Start somewhere along the way: claim one needs one verifier, claim two needs two."""
        ids = [id_of(self.world.attestation(dataset=dataset)) for dataset in (METERS, OPERATIONAL)]
        for dataset in (METERS, OPERATIONAL):
            self.tell("submit", self.world.attestation(dataset=dataset), "approver")
        self.tell("submitClaim", self.world.claim("one", ids[:1]), "approver")
        self.tell("submitClaim", self.world.claim("two", ids, verifiersRequired=2), "approver")
        if stage == "claimed":
            return
        pair = ("verifier", "verifier 2")
        for person in pair:
            self.tell("commitVerdict", self.commitment("two", person, f"A of {person}" if stage == "disputed" else "A"), person)
        if stage == "committed":
            return
        for person in pair:
            self.tell("submitVerdict", self.verdict("two", person, True, 1), person)
        if stage == "certified":
            self.tell("issueCertificate", self.world.certificate("two"), "certifier")

    def commitment(self, name: str, person: str, result: str) -> dict[str, Any]:
        return self.world.commitment(name, person, digest(result), digest(f"salt of {person}"))

    def verdict(self, name: str, person: str, honest: bool, opinion: int) -> dict[str, Any]:
        """Return a verdict: whoever committed says what it committed to, unless it is not honest."""
        committed = self.books.parties.get((sid("claim", name), address_of(person).lower()), {"commitment": ZERO})["commitment"]
        options = [f"A of {person}", "A", "B"] if honest else []
        fitting = [result for result in options if self.commitment(name, person, result)["commitment"] == committed]
        result = digest((fitting or (["A"] if honest else ["B"]))[0])
        message = self.world.verdict(name, person, len(self.books.verdicts[sid("claim", name)]), resultHash=result, opinion=opinion)
        return message | {"salt": digest(f"salt of {person}")}

    def states(self, *wanted: int) -> list[str]:
        """Return the names of the claims in one of these states."""
        return [name for name in ("one", "two") if self.books.claims[sid("claim", name)]["state"] in wanted]

    @act(
        count=mostly(1, 2, 0),
        required=mostly(1, 0, 2, 3),
        scheme=mostly(SCHEME, LIBRARY, digest("a name")),
        by=mostly("approver", "verifier"),
    )
    def claim_more(self, count: int, required: int, scheme: bytes, by: str) -> None:
        ids = list(self.books.records)[-count:] if count else []
        self.tell("submitClaim", self.world.claim(f"{count} {required}", ids, verifiersRequired=required, scheme=scheme), by)

    @act(needed=RARELY)
    def restate(self, needed: bool) -> None:
        if needed:
            last = self.books.latest[BANK, OPERATIONAL, *PERIOD]
            self.tell("submit", self.world.attestation(dataset=OPERATIONAL, revision=last + 1, cause=2), "approver")

    @act(name=mostly("two", "one"), person=VERIFIERS, result=RESULTS, copy_of=mostly(None, "verifier"))
    def commit(self, name: str, person: str, result: str, copy_of: str | None) -> None:
        message = self.commitment(name, copy_of or person, result)
        self.tell("commitVerdict", message | {"org": PEOPLE[person][0]}, person)

    @act(
        name=NAMES,
        person=VERIFIERS,
        honest=mostly(True, False),
        opinion=mostly(1, 2, 3),
        flaw=mostly_none(
            {"sequence": 0}, {"sequence": 9}, {"opinion": 0}, {"assurance": 3}, {"packageHash": digest("x")}, {"org": BANK}, {"deadline": 1}
        ),
    )
    def give_verdict(self, name: str, person: str, honest: bool, opinion: int, flaw: dict[str, Any]) -> None:
        self.tell("submitVerdict", self.verdict(name, person, honest, opinion) | flaw, person)

    @act(
        when=lambda self: self.states(4),
        name=NAMES,
        person=CERTIFIERS,
        first=st.booleans(),
        reason=st.integers(0, 3),
        flaw=mostly_none({"resultHash": digest("C")}, {"org": BANK}),
    )
    def decide(self, name: str, person: str, first: bool, reason: int, flaw: dict[str, Any]) -> None:
        name = (self.states(4) or [name])[0]
        given = self.books.verdicts[sid("claim", name)]
        result = given[0 if first else -1]["resultHash"] if given else ZERO
        self.tell("resolve", self.world.resolution(name, result, reason=digest(f"{reason}")) | flaw, person)

    @act(
        when=lambda self: self.states(2),
        name=NAMES,
        person=CERTIFIERS,
        start=mostly(-1_000, 3_000),
        length=mostly(200_000, 8_000, 0),
        flaw=mostly_none({"claim": digest("x")}, {"org": BANK}),
    )
    def certify(self, name: str, person: str, start: int, length: int, flaw: dict[str, Any]) -> None:
        name = (self.states(2) or [name])[0]
        begin = self.world.engine.now() + start
        self.tell("issueCertificate", self.world.certificate(name, validFrom=begin, validTo=begin + length) | flaw, person)

    @act(
        when=lambda self: self.books.certificates,
        place=st.integers(0, 1),
        person=CERTIFIERS,
        status=mostly(None, 1, 2, 3, 4),
        shift=mostly(0, -1, 1),
    )
    def change_status(self, place: int, person: str, status: int | None, shift: int) -> None:
        names = list(self.books.certificates)
        name = names[place % len(names)]
        known = self.books.certificates[name]
        message = self.world.status("", status or 3 - known["status"] or 1, max(0, known["changes"] + shift), certificate=name)
        self.tell("setCertificateStatus", message, person)

    @act(person=st.sampled_from(["verifier", "certifier", "approver"]), suspended=st.booleans(), needed=RARELY)
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
