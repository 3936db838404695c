"""The city's state as plain Python books, kept from the contracts' events alone.

If an event left anything out, these books would differ from what the contracts answer; nothing else feeds them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.contracts.world import ZERO, Event, id_of

NOBODY = "0x" + "00" * 20
History = list[tuple[int, int]]
KeyId = tuple[bytes, str, int]


def value_at(history: History, time: int) -> int:
    """Return the last value not later than `time`, or 0."""
    return next((value for since, value in reversed(history) if since <= time), 0)


@dataclass
class Books:
    """Everything that is recorded. Keys are names and lower-case addresses; histories are (Unix seconds, value)."""

    admin: str = NOBODY
    pending: str = NOBODY
    admin_version: int = 0
    acceptances: dict[int, bytes] = field(default_factory=dict)
    institutions: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    versions: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    actions: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    owners: dict[str, bytes] = field(default_factory=dict)
    windows: dict[KeyId, tuple[int, int]] = field(default_factory=dict)
    key_standings: dict[KeyId, History] = field(default_factory=lambda: defaultdict(list))
    standings: dict[bytes, History] = field(default_factory=lambda: defaultdict(list))
    releases: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    records: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    latest: dict[tuple[bytes, bytes, int, int], int] = field(default_factory=lambda: defaultdict(int))
    heads: dict[bytes, tuple[int, bytes, int]] = field(default_factory=dict)
    checkpoints: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    claims: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[bytes, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    commitments: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)
    committed: set[tuple[bytes, bytes]] = field(default_factory=set)
    parties: dict[tuple[bytes, str], dict[str, Any]] = field(default_factory=dict)
    resolutions: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    resolved_after: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    certificates: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[bytes, History] = field(default_factory=lambda: defaultdict(list))
    status_messages: dict[tuple[bytes, int], bytes] = field(default_factory=dict)

    def absorb(self, event: Event) -> None:
        """Enter one event."""
        getattr(self, f"_{event.name}")(event.time, event.arguments)

    def _act(self, a: Any) -> None:
        self.versions[a["org"]] = a["version"]
        self.actions[a["org"], a["version"]] = a["structHash"]

    def _InstitutionRegistered(self, time: int, a: Any) -> None:
        self.institutions[a["org"]] = (a["kind"], a["nameHash"])
        self._act(a)

    def _KeyAdded(self, time: int, a: Any) -> None:
        self.owners[a["key"]] = a["org"]
        self.windows[a["org"], a["key"], a["role"]] = (a["validFrom"], a["validTo"])
        self._act(a)

    def _KeyEnded(self, time: int, a: Any) -> None:
        place = a["org"], a["key"], a["role"]
        self.windows[place] = (self.windows[place][0], a["endsAt"])
        self._act(a)

    def _KeyStandingSet(self, time: int, a: Any) -> None:
        self.key_standings[a["org"], a["key"], a["role"]].append((a["since"], int(a["suspended"])))
        self._act(a)

    def _StandingSet(self, time: int, a: Any) -> None:
        self.standings[a["org"]].append((a["since"], int(a["suspended"])))
        self._act(a)

    def _AdminProposed(self, time: int, a: Any) -> None:
        self.pending, self.admin_version = a["newAdmin"], a["version"]
        self.actions[ZERO, a["version"]] = a["structHash"]

    def _AdminChanged(self, time: int, a: Any) -> None:
        self.admin, self.pending = a["newAdmin"], NOBODY
        if a["version"]:
            self.acceptances[a["version"]] = a["structHash"]

    def _ReleaseProposed(self, time: int, a: Any) -> None:
        self.releases[a["release"]] = {**a, "proposedAt": time, "publisher": NOBODY, "publishedAt": 0, "publication": ZERO}

    def _ReleasePublished(self, time: int, a: Any) -> None:
        self.releases[a["release"]] |= {"publisher": a["signer"], "publishedAt": time, "publication": a["structHash"]}

    def _PeriodAttested(self, time: int, a: Any) -> None:
        assert a["id"] == id_of(a)
        # The event has no measures: four is the only number there is.
        self.records[a["id"]] = {name: value for name, value in a.items() if name != "id"} | {"measures": 4, "attestedAt": time}
        series = a["org"], a["dataset"], a["periodStart"], a["periodEnd"]
        assert a["revision"] > self.latest[series], "revisions strictly increase"
        self.latest[series] = a["revision"]

    def _LogAnchored(self, time: int, a: Any) -> None:
        self.heads[a["org"]] = (a["size"], a["root"], time)
        self.checkpoints[a["org"], a["size"]] = a["structHash"]

    def _ClaimSubmitted(self, time: int, a: Any) -> None:
        kept = {name: value for name, value in a.items() if name not in ("claim", "deadline")}
        rest = {"submittedAt": time, "state": 0, "resultHash": ZERO, "certificate": ZERO, "resolution": ZERO}
        self.claims[a["claim"]] = kept | rest | {"commitments": 0, "verdicts": 0}

    def _ClaimStateChanged(self, time: int, a: Any) -> None:
        assert self.claims[a["claim"]]["state"] == a["previous"]
        self.claims[a["claim"]]["state"] = a["state"]

    def _party(self, claim: bytes, signer: str) -> dict[str, Any]:
        return self.parties.setdefault((claim, signer), {"part": 0, "commitment": ZERO, "verdicts": 0, "structHash": ZERO})

    def _VerdictCommitted(self, time: int, a: Any) -> None:
        self._party(a["claim"], a["signer"]).update(part=1, commitment=a["commitment"], structHash=a["structHash"])
        self.commitments[a["claim"], a["commitment"]] = a["structHash"]
        self.committed.add((a["claim"], a["org"]))
        self.claims[a["claim"]]["commitments"] += 1

    def _VerdictGiven(self, time: int, a: Any) -> None:
        party, claim = self._party(a["claim"], a["signer"]), self.claims[a["claim"]]
        party.update(part=1, verdicts=party["verdicts"] + 1)
        if not self.verdicts[a["claim"]]:
            claim["resultHash"] = a["resultHash"]
        left_out = ("claim", "packageHash", "sequence", "deadline")
        self.verdicts[a["claim"]].append({name: value for name, value in a.items() if name not in left_out} | {"givenAt": time})
        claim["verdicts"] += 1

    def _DisputeResolved(self, time: int, a: Any) -> None:
        self._party(a["claim"], a["signer"]).update(part=2)
        self.claims[a["claim"]].update(resultHash=a["resultHash"], resolution=a["structHash"])
        self.resolutions[a["claim"]].append(a["structHash"])
        self.resolved_after[a["claim"]] = len(self.verdicts[a["claim"]])

    def _CertificateIssued(self, time: int, a: Any) -> None:
        self._party(a["claim"], a["signer"]).update(part=2)
        self.claims[a["claim"]]["certificate"] = a["certificate"]
        kept = {name: value for name, value in a.items() if name not in ("certificate", "deadline")}
        self.certificates[a["certificate"]] = kept | {"issuedAt": time, "status": 1, "changes": 0}

    def _CertificateStatusChanged(self, time: int, a: Any) -> None:
        record = self.certificates[a["certificate"]]
        self._party(record["claim"], a["signer"]).update(part=2)
        record.update(status=a["status"], changes=record["changes"] + 1)
        self.statuses[a["certificate"]].append((time, a["status"]))
        self.status_messages[a["certificate"], a["sequence"]] = a["structHash"]

    # --- what the books answer about a time ---

    def key_status(self, org: bytes, key: str, role: int, time: int) -> int:
        if (org, key, role) not in self.windows:
            return 0
        start, end = self.windows[org, key, role]
        if time < start:
            return 2
        if end and time >= end:
            return 3
        if value_at(self.key_standings[org, key, role], time):
            return 4
        return 5 if value_at(self.standings[org], time) else 1

    def release_status(self, release: bytes, time: int) -> int:
        r = self.releases.get(release)
        if r is None or time < r["proposedAt"]:
            return 0
        if not r["publishedAt"] or time < r["publishedAt"]:
            return 1
        return 2 if time < r["validFrom"] else 3

    def attestation_status(self, id: bytes, time: int) -> int:
        r = self.records.get(id)
        if r is None or time < r["attestedAt"]:
            return 0
        scope = ("org", "dataset", "periodStart", "periodEnd")
        series = [other for other in self.records.values() if all(other[name] == r[name] for name in scope)]
        return 2 if any(other["revision"] > r["revision"] and time >= other["attestedAt"] for other in series) else 1

    def certificate_status(self, id: bytes, time: int) -> int:
        c = self.certificates.get(id)
        if c is None or time < c["issuedAt"]:
            return 0
        signed = value_at(self.statuses[id], time)
        if signed == 3:
            return 3
        if time >= c["validTo"]:
            return 4
        if signed == 2:
            return 2
        return 5 if time < c["validFrom"] else 1
