"""Record what hangs in a meter's place: an entry of the envelope log of its own, never changed (spec: metering §2, §6)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ledger.clock import format_instant
from ledger.errors import Conflict, InputError
from ledger.metering.fitting import Fitting, RegisterForm
from ledger.metering.fitting_document import (
    MEDIA_TYPE,
    SCHEMA,
    fits_register,
    fitting_document,
    load_fitting,
    read_fitting,
    register_range,
)
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document
from ledger.services import audit
from ledger.services.context import Work, require_own
from ledger.services.meters import get_meter_row
from ledger.store.repositories import devices, metering


@dataclass(frozen=True)
class FittingView:
    """A fitting and the entry of the envelope log that says it."""

    log_index: int
    sha256: str
    fitting: Fitting


def record_fitting(work: Work, institution: str, meter: str, stated: Mapping[str, object]) -> FittingView:
    """Append what hangs in a meter's place from an instant on to the envelope log; the same statement again changes nothing.

    Args:
        stated: the fields of `lingtan.fitting/1` that a person knows; schema, institution, meter, by and at are filled in here.

    Raises:
        NotFound: no such meter.
        InputError: everything that is wrong with the fields; a reading that the display before this one cannot show.
        Conflict: another fitting of this instant; `installed` where something hangs, another reason where nothing does any more; a
            removal before something else than `installed`.
    """
    require_own(work, institution, "preparer")
    get_meter_row(work, institution, meter)
    now = work.clock.now()
    filled = {"schema": SCHEMA, "institution": institution, "meter": meter, "by": work.actor.subject, "at": format_instant(now)}
    fitting, findings = read_fitting({**stated, **filled})
    if fitting is None:
        raise _refused(findings)
    known = [(row, load_fitting(row.document)) for row in devices.list_fittings(work.session, institution, meter)]
    for row, earlier in known:
        if row.since == fitting.since:
            if _stated(earlier) == _stated(fitting):
                return FittingView(row.log_index, _sha256(row.document), earlier)
            raise Conflict(
                f"the meter {meter} has another fitting since {format_instant(fitting.since)}",
                hint="a fitting is never changed: state one of another instant",
                meter=meter,
            )
    _check_place(fitting, [earlier for _, earlier in known], now)
    document = canonical.dump(fitting_document(fitting))
    entry = metering.add_telemetry_body(
        work.session,
        institution,
        document,
        media_type=MEDIA_TYPE,
        findings=canonical.dump(findings_document(())),
        actor=work.actor.subject,
        received_at=now,
    )
    devices.add_fitting(work.session, institution, meter, fitting.since, entry.log_index)
    place = f"{institution}/{meter}"
    audit.record(work, "meter.fit", place, institution=institution, details={"log_index": entry.log_index, "sha256": entry.sha256})
    return FittingView(entry.log_index, entry.sha256, fitting)


def list_fittings(work: Work, institution: str, meter: str) -> tuple[FittingView, ...]:
    """Return the fittings of a meter in order of time.

    Raises:
        NotFound: no such meter.
    """
    get_meter_row(work, institution, meter)
    rows = devices.list_fittings(work.session, institution, meter)
    return tuple(FittingView(row.log_index, _sha256(row.document), load_fitting(row.document)) for row in rows)


def _check_place(fitting: Fitting, known: list[Fitting], now: int) -> None:
    """Pass if the fitting can stand among those of its meter.

    Raises:
        InputError, Conflict: it cannot.
    """
    if fitting.since > now:
        raise InputError(
            f"the fitting begins at {format_instant(fitting.since)}, it is {format_instant(now)}", hint="record it when it hangs"
        )
    before = [earlier for earlier in known if earlier.since < fitting.since]
    if fitting.reason == "installed" and before and before[-1].reason != "removed":
        raise Conflict(
            f"something hangs there since {format_instant(before[-1].since)}",
            hint="the reason is replaced, ratio_changed, reset or removed, with its last reading",
            meter=fitting.meter,
        )
    if fitting.reason != "installed" and before and before[-1].reason == "removed":
        raise Conflict(
            f"nothing hangs there since {format_instant(before[-1].since)}",
            hint="what is hung there anew is installed, with no reading of anything before",
            meter=fitting.meter,
        )
    later = [other for other in known if other.since > fitting.since]
    if fitting.reason == "removed" and later and later[0].reason != "installed":
        raise Conflict(
            f"something hangs there at {format_instant(later[0].since)}: {later[0].reason}",
            hint="state the removal after it; what is hung up after a removal is installed",
            meter=fitting.meter,
        )
    register = before[-1].register if before else RegisterForm()
    if fitting.final_before is not None and not fits_register(fitting.final_before, register):
        raise InputError(
            f"the display before shows 0 to {register_range(register)}, got {fitting.final_before}",
            hint="write its last reading as it stood, before the ratio",
            errors=(("/final_before", "RANGE", f"expected 0 to {register_range(register)}"),),
        )


def _refused(findings: tuple[Finding, ...]) -> InputError:
    errors = tuple(
        (finding.place, finding.code, f"expected {finding.expected}" if finding.expected else finding.action) for finding in findings
    )
    return InputError(f"the fitting has {len(findings)} faults", hint="correct every place listed in errors", errors=errors)


def _stated(fitting: Fitting) -> dict[str, object]:
    return {name: value for name, value in fitting_document(fitting).items() if name not in ("by", "at")}


def _sha256(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()
