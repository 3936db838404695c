"""What goes in: meters, periods, telemetry, activity."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.base import (
    ApiAnswer,
    ApiRequest,
    Day,
    FindingAnswer,
    HashIfStored,
    Id,
    Identifier,
    IdIfStored,
    Instant,
    Sha256,
    VersionIfStored,
)


class MeterRequest(ApiRequest):
    """A meter of an organisational unit."""

    id: Identifier
    unit: Identifier
    quantity: Literal["el.import", "el.export", "pv.generation", "gas.volume", "water.volume", "heat.energy"]
    interval_minutes: Annotated[int, Field(ge=15, le=15, description="15 in this release")]
    device: Annotated[Identifier | None, Field(description="the device that may send for it; only uploads under a token without it")] = None
    sub_meter_of: Annotated[Identifier | None, Field(description="the meter it hangs behind, which counts its energy already")] = None


class MeterAnswer(ApiAnswer):
    """A registered meter: the device that speaks for it, the meter it hangs behind, what hangs there now, and how well it reports.

    `ratio` is ct × pt, 1 without a transformer; `last_day` the last UTC day with readings, `measured_bp` how many of the slots of the
    30 days up to it were measured, in basis points. A list has every acknowledged reading; the answer to a change has those that are
    derived so far.
    """

    id: str
    institution: str
    unit: str
    quantity: str
    interval_minutes: int
    registered_at: Instant
    device: str | None
    sub_meter_of: str | None
    serial: str | None
    ratio: str
    last_day: str | None
    measured_bp: int | None


class PeriodRequest(ApiRequest):
    """A reporting period by its first and last local day, both inclusive."""

    id: Identifier
    first_day: Day
    last_day: Day


class PeriodAnswer(ApiAnswer):
    """A reporting period: [start, end)."""

    institution: str
    id: str
    start: Instant
    end: Instant
    timezone: str
    state: str


class TelemetryAnswer(ApiAnswer):
    """A telemetry body: kept as it came, a leaf of the institution's envelope log. With an error finding nothing is kept of it."""

    id: IdIfStored
    institution: str
    sha256: HashIfStored
    bytes: int
    rows: int
    meters: int
    days_written: int
    accepted: bool
    findings: tuple[FindingAnswer, ...]
    received_at: Instant
    derived: Annotated[bool, Field(description="its readings stand in the meter-days; until then findings may be added")]


class TakenAnswer(ApiAnswer):
    """A signed body that is kept. `contiguous` is the greatest seq up to which nothing is missing; `missing` lists what is, at most 16."""

    id: Id
    duplicate: Annotated[bool, Field(description="these very bytes were taken before; this is their first answer again")]
    sha256: Sha256
    device: str
    boot: str
    seq: int
    contiguous: int
    missing: tuple[tuple[int, int], ...]
    server_time: Instant
    findings: tuple[FindingAnswer, ...]


class ActivityAnswer(ApiAnswer):
    """The activity data of a period. `accepted` is false where a finding is an error; then nothing was stored."""

    institution: str
    period: str
    version: VersionIfStored
    hash: HashIfStored
    accepted: bool
    findings: tuple[FindingAnswer, ...]


class ActivityDocumentAnswer(ActivityAnswer):
    """A version of the activity data with its `lingtan.activity/1` document."""

    document: Any
