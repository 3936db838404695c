"""What the contracts accept, said a second time in plain Python over the books: for each function the first reason to refuse."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.contracts.books import Books
from tests.contracts.messages import FUNCTIONS, Message, compute_context, compute_root, struct_hash
from tests.contracts.world import ZERO, id_of

ROLES_OF_KIND = {1: {1, 2}, 2: {3, 4, 5, 6}, 3: {3}}


class Refused(Exception):
    """A rule refuses; the argument is the name of the error."""


class Recorded(Exception):
    """The message is recorded already: nothing happens."""


def require(holds: bool, error: str) -> None:
    if not holds:
        raise Refused(error)


def find_outcome(books: Books, function: str, m: Message, signer: str, now: int, chain_id: int, ledger: str) -> str | None:
    """Return the error's name, "" where the message is recorded already, None where it is accepted. `signer` is lower case."""
    h = struct_hash(FUNCTIONS[function][1], m)
    rules = Rules(books, m, h, signer, now, chain_id, ledger)
    try:
        getattr(rules, function)()
    except Refused as refused:
        return str(refused)
    except Recorded:
        return ""
    return None


class Rules:
    def __init__(self, books: Books, m: Message, h: bytes, signer: str, now: int, chain_id: int, ledger: str) -> None:
        self.b, self.m, self.h, self.signer, self.now, self.chain_id, self.ledger = books, m, h, signer, now, chain_id, ledger

    def _unless_recorded(self, stored: bytes | None) -> None:
        if stored is None or stored == ZERO:
            return
        require(stored == self.h, "AlreadyRecorded")
        raise Recorded

    def _in_time(self) -> None:
        require(self.now <= self.m["deadline"], "DeadlinePassed")

    def _holds(self, role: int) -> bool:
        return self.b.key_status(self.m["org"], self.signer, role, self.now) == 1

    def _signed_by(self, role: int) -> None:
        require(self._holds(role), "NotAuthorized")

    # --- participants ---

    def _next_version(self) -> None:
        current, version = self.b.versions.get(self.m["org"], 0), self.m["version"]
        if 0 < version <= current:
            self._unless_recorded(self.b.actions[self.m["org"], version])
        require(version == current + 1, "WrongVersion")

    def _admin(self) -> None:
        self._in_time()
        require(self.signer == self.b.admin, "NotAuthorized")

    def registerInstitution(self) -> None:
        self._next_version()
        require(self.m["version"] == 1, "AlreadyRecorded")
        require(1 <= self.m["kind"] <= 5, "UnknownKind")
        self._admin()

    def _known_key(self) -> tuple[int, int]:
        place = self.m["org"], self.m["key"].lower(), self.m["role"]
        require(place in self.b.windows, "UnknownKey")
        return self.b.windows[place]

    def _known_org(self) -> None:
        require(self.m["org"] in self.b.institutions, "UnknownInstitution")
        self._next_version()

    def addKey(self) -> None:
        self._known_org()
        org, key, role = self.m["org"], self.m["key"].lower(), self.m["role"]
        require(role in ROLES_OF_KIND.get(self.b.institutions[org][0], set()), "RoleNotAllowed")
        require(self.m["validTo"] == 0 or self.m["validTo"] > self.m["validFrom"], "InvalidWindow")
        require((org, key, role) not in self.b.windows, "KeyAlreadyAdded")
        require(self.b.owners.get(key, org) == org, "KeyOfAnother")
        self._admin()

    def endKey(self) -> None:
        self._known_org()
        _, end = self._known_key()
        require(self.m["validTo"] != 0, "InvalidWindow")
        require(end == 0 or max(self.m["validTo"], self.now) < end, "EndNotEarlier")
        self._admin()

    def setKeyStanding(self) -> None:
        self._known_org()
        self._known_key()
        self._admin()

    def setStanding(self) -> None:
        self._known_org()
        self._admin()

    def proposeAdmin(self) -> None:
        if 0 < self.m["version"] <= self.b.admin_version:
            self._unless_recorded(self.b.actions[ZERO, self.m["version"]])
        require(self.m["version"] == self.b.admin_version + 1, "WrongVersion")
        self._admin()

    def acceptAdmin(self) -> None:
        self._unless_recorded(self.b.acceptances.get(self.m["version"]))
        open_one = (self.b.pending, self.b.admin_version)
        require((self.m["newAdmin"].lower(), self.m["version"]) == open_one, "UnknownProposal")
        self._in_time()
        require(self.signer == self.b.pending, "NotAuthorized")

    # --- releases ---

    def propose(self) -> None:
        known = self.b.releases.get(self.m["release"])
        self._unless_recorded(known["structHash"] if known else None)
        require(1 <= self.m["kind"] <= 3, "UnknownKind")
        if self.m["supersedes"] != ZERO:
            replaced = self.b.releases.get(self.m["supersedes"])
            require(replaced is not None and replaced["publishedAt"] != 0, "UnknownRelease")
            require(replaced is not None and replaced["kind"] == self.m["kind"], "KindDiffers")
        self._in_time()
        self._signed_by(5)

    def publish(self) -> None:
        known = self.b.releases.get(self.m["release"])
        if known is None:
            raise Refused("UnknownRelease")
        self._unless_recorded(known["publication"])
        self._in_time()
        require(self.signer != known["signer"], "SamePerson")
        self._signed_by(6)

    # --- periods ---

    def submit(self) -> None:
        m = self.m
        known = self.b.records.get(id_of(m))
        self._unless_recorded(known["structHash"] if known else None)
        self._in_time()
        require(m["measures"] == 4, "UnsupportedMeasures")
        require(m["alg"] == 1, "UnsupportedAlgorithm")
        require(0 < m["n"] < 2**32, "CountOutOfRange")
        require(m["periodStart"] < m["periodEnd"], "InvalidPeriod")
        require(all(total < m["n"] << 96 for total in m["totals"]), "TotalOutOfRange")
        last = self.b.latest.get((m["org"], m["dataset"], m["periodStart"], m["periodEnd"]), 0)
        require(m["revision"] > last, "WrongRevision")
        require((m["cause"] == 0) if m["revision"] == 1 else 1 <= m["cause"] <= 5, "WrongCause")
        require(self._release(m["libraryHash"], 1) == 3, "LibraryNotInForce")
        require(self._release(m["schemaHash"], 2) >= 2, "SchemaNotPublished")
        root = compute_root(compute_context(m, self.chain_id, self.ledger), m["n"], m["totals"], m["treeRoot"])
        require(m["root"] == root, "RootMismatch")
        self._signed_by(1)

    def _release(self, release: bytes, kind: int) -> int:
        known = self.b.releases.get(release)
        return self.b.release_status(release, self.now) if known and known["kind"] == kind else 0

    def anchorLog(self) -> None:
        org, size = self.m["org"], self.m["size"]
        if self.b.checkpoints.get((org, size)) == self.h:
            raise Recorded
        require(size != 0, "LogEmpty")
        stored_size, stored_root, _ = self.b.heads.get(org, (0, ZERO, 0))
        require(size >= stored_size, "LogShrunk")
        if size == stored_size:
            raise Refused("AlreadyRecorded" if self.m["root"] == stored_root else "LogForked")
        self._in_time()
        require(self._holds(1) or self._holds(2), "NotAuthorized")

    # --- claims ---

    def submitClaim(self) -> None:
        m = self.m
        known = self.b.claims.get(m["claim"])
        self._unless_recorded(known["structHash"] if known else None)
        self._in_time()
        require(m["verifiersRequired"] in (1, 2), "VerifiersOutOfRange")
        scheme = self.b.releases.get(m["scheme"])
        require(scheme is None or self._release(m["scheme"], 3) == 3, "SchemeNotInForce")
        require(1 <= len(m["attestations"]) <= 16, "AttestationCount")
        for place, id_ in enumerate(m["attestations"]):
            require(id_ not in m["attestations"][:place], "AttestationRepeated")
            require(self.b.attestation_status(id_, self.now) == 1, "AttestationNotCurrent")
            r = self.b.records[id_]
            same = all(r[name] == m[name] for name in ("org", "periodStart", "periodEnd"))
            require(same, "AttestationOfAnother")
        self._signed_by(1)

    def _claim(self) -> dict[str, Any]:
        found = self.b.claims.get(self.m["claim"])
        if found is None:
            raise Refused("UnknownClaim")
        return found

    def _party(self, claim: bytes) -> dict[str, Any]:
        return self.b.parties.get((claim, self.signer), {"part": 0, "commitment": ZERO, "verdicts": 0, "structHash": ZERO})

    def commitVerdict(self) -> None:
        stored = self.b.commitments.get((self.m["claim"], self.m["commitment"]))
        if stored == self.h:
            raise Recorded
        claim = self._claim()
        self._in_time()
        require(self.m["org"] != claim["org"], "OwnClaim")
        self._signed_by(3)
        require(self._party(self.m["claim"])["structHash"] == ZERO, "AlreadyRecorded")
        require(stored is None, "CommitmentCopied")
        require(claim["verifiersRequired"] == 2 and claim["verdicts"] == 0, "CommitmentsClosed")
        require((self.m["claim"], self.m["org"]) not in self.b.committed, "InstitutionCommitted")

    def submitVerdict(self) -> None:
        m, claim = self.m, self._claim()
        given = self.b.verdicts[m["claim"]]
        if m["sequence"] < len(given):
            self._unless_recorded(given[m["sequence"]]["structHash"])
        require(m["sequence"] == len(given), "WrongSequence")
        self._in_time()
        require(m["org"] != claim["org"], "OwnClaim")
        require(m["packageHash"] == claim["packageHash"], "PackageMismatch")
        require(m["assurance"] in (1, 2), "UnknownAssurance")
        require(m["opinion"] in (1, 2, 3), "UnknownOpinion")
        self._signed_by(3)
        party = self._party(m["claim"])
        require(party["part"] != 2, "SamePerson")
        if len(given) < claim["verifiersRequired"]:
            require(party["verdicts"] == 0, "SamePerson")
            if claim["verifiersRequired"] == 2:
                require(claim["commitments"] >= 2, "CommitmentsOpen")
                require(party["commitment"] != ZERO, "CommitmentMissing")
        if party["commitment"] != ZERO and party["verdicts"] == 0:
            require(party["commitment"] == keccak(encode(["bytes32", "bytes32"], [m["resultHash"], m["salt"]])), "CommitmentMismatch")

    def _certifier(self, claim: bytes) -> None:
        require(self.m["org"] != self.b.claims[claim]["org"], "OwnClaim")
        self._signed_by(4)
        require(self._party(claim)["part"] != 1, "SamePerson")

    def resolve(self) -> None:
        claim = self._claim()
        if self.h in self.b.resolutions[self.m["claim"]]:
            raise Recorded
        if claim["state"] != 4:
            raise Refused("WrongState" if claim["resolution"] == ZERO else "AlreadyRecorded")
        results = [verdict["resultHash"] for verdict in self.b.verdicts[self.m["claim"]]]
        require(self.m["resultHash"] in results, "UnknownResult")
        self._in_time()
        self._certifier(self.m["claim"])

    def issueCertificate(self) -> None:
        known = self.b.certificates.get(self.m["certificate"])
        self._unless_recorded(known["structHash"] if known else None)
        claim = self._claim()
        self._in_time()
        require(self.m["validFrom"] < self.m["validTo"], "InvalidWindow")
        require(claim["state"] == 2, "WrongState")
        for id_ in claim["attestations"]:
            require(self.b.attestation_status(id_, self.now) == 1, "AttestationNotCurrent")
        self._certifier(self.m["claim"])

    def setCertificateStatus(self) -> None:
        known = self.b.certificates.get(self.m["certificate"])
        if known is None:
            raise Refused("UnknownCertificate")
        if self.m["sequence"] < known["changes"]:
            self._unless_recorded(self.b.status_messages[self.m["certificate"], self.m["sequence"]])
        require(known["status"] != 3, "CertificateRevoked")
        require(self.m["sequence"] == known["changes"], "WrongSequence")
        self._in_time()
        require(self.m["status"] in (1, 2, 3), "UnknownStatus")
        require(self.m["status"] != known["status"], "StatusUnchanged")
        self._certifier(known["claim"])


def expected_state(books: Books, claim: bytes) -> int:
    """Return the state that a claim's verdicts, resolutions and certificate lead to, from the whole record (not step by step)."""
    c, given = books.claims[claim], books.verdicts[claim]
    if c["certificate"] != ZERO:
        return 5
    if len(given) < c["verifiersRequired"]:
        return 1
    if any(verdict["resultHash"] != c["resultHash"] for verdict in given[books.resolved_after[claim] :]):
        return 4
    adverse = any(verdict["opinion"] == 3 for verdict in given if verdict["resultHash"] == c["resultHash"])
    return 3 if adverse else 2
