"""Where a queue stands: what `lingtan edge status` shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.clock import format_instant

DAY = 86_400


@dataclass(frozen=True)
class SetAside:
    """A body that the server refused for good: with the HTTP status and its problem document."""

    seq: int
    sha256: str
    readings: int
    at: int
    status: int
    problem: Mapping[str, Any]

    def to_document(self) -> dict[str, object]:
        """Return it as JSON."""
        return {
            "seq": self.seq,
            "sha256": self.sha256,
            "readings": self.readings,
            "at": format_instant(self.at),
            "status": self.status,
            "problem": dict(self.problem),
        }


@dataclass(frozen=True)
class QueueStatus:
    """Counts of bodies by state, and the last news; instants in Unix seconds, None where there is none."""

    device: str
    boot: str
    last_seq: int
    waiting: int
    waiting_bytes: int
    oldest: int | None
    kept: int
    replaced: int
    acknowledged_at: int | None
    contiguous: int | None
    offset_ms: int | None
    trouble: str
    trouble_at: int | None
    sources: Mapping[str, str]
    aside: tuple[SetAside, ...]

    @classmethod
    def of(
        cls,
        facts: Mapping[str, str],
        *,
        waiting: int,
        waiting_bytes: int,
        oldest: int | None,
        kept: int,
        replaced: int,
        last_seq: int | None,
        aside: tuple[SetAside, ...],
    ) -> QueueStatus:
        """Return the status of what a file holds."""

        def number(name: str) -> int | None:
            return int(facts[name]) if facts.get(name) else None

        pruned = int(facts["last"].split()[0]) if "last" in facts else 0
        return cls(
            device=facts.get("device", ""),
            boot=facts.get("boot", ""),
            last_seq=max(last_seq or 0, pruned),
            waiting=waiting,
            waiting_bytes=waiting_bytes,
            oldest=oldest,
            kept=kept,
            replaced=replaced,
            acknowledged_at=number("acknowledged_at"),
            contiguous=number("contiguous"),
            offset_ms=number("offset_ms"),
            trouble=facts.get("trouble", ""),
            trouble_at=number("trouble_at"),
            sources={name.removeprefix("source/"): value for name, value in facts.items() if name.startswith("source/")},
            aside=aside,
        )

    def to_document(self) -> dict[str, object]:
        """Return it as JSON, instants as text."""

        def instant(value: int | None) -> str | None:
            return None if value is None else format_instant(value)

        sources = {}
        for name, value in self.sources.items():
            at, _, text = value.partition(" ")
            sources[name] = {"at": format_instant(int(at)), "trouble": text}
        return {
            "device": self.device,
            "boot": self.boot,
            "last_seq": self.last_seq,
            "waiting": self.waiting,
            "waiting_bytes": self.waiting_bytes,
            "oldest": instant(self.oldest),
            "acknowledged_kept": self.kept,
            "replaced": self.replaced,
            "acknowledged_at": instant(self.acknowledged_at),
            "contiguous": self.contiguous,
            "clock_offset_ms": self.offset_ms,
            "trouble": self.trouble,
            "trouble_at": instant(self.trouble_at),
            "sources": sources,
            "aside": [item.to_document() for item in self.aside],
        }
