"""Look whether a green certificate covers power in two periods: it may be used once."""

from __future__ import annotations

from ledger.accounting.validators.subject import Subject
from ledger.records.findings import Finding

CERTIFICATE = "green_certificate"
NO_NUMBER = "as published"
"""What stands as the reference of an instrument where a file gives none: it names nothing."""


def check_certificates(subject: Subject) -> tuple[Finding, ...]:
    """Return `INSTRUMENT_AGAIN` for each certificate whose reference and month were used in an earlier period already."""
    used = {
        (item.reference, item.generated): earlier.activity.period.id
        for earlier in subject.earlier
        for item in earlier.activity.instruments
        if item.kind == CERTIFICATE and item.reference != NO_NUMBER
    }
    findings = []
    for index, item in enumerate(sorted(subject.activity.instruments, key=lambda item: item.id.encode())):
        before = used.get((item.reference, item.generated)) if item.kind == CERTIFICATE else None
        if before is None:
            continue
        action = "leave it out: a certificate covers power once; if this is another part of the lot, give that part's own number"
        params = {"instrument": item.id, "reference": item.reference, "before": before}
        got, expected = f"{item.reference}, used in {before}", "a certificate that no earlier period used"
        findings.append(Finding("INSTRUMENT_AGAIN", "warning", f"/instruments/{index}/reference", action, got, expected, params))
    return tuple(findings)
