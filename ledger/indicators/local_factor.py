"""Local factors: what one bank proposes from a document of its own, and a release with them for computing offline (spec: documents §3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger.errors import Conflict
from ledger.indicators.factor import Factor
from ledger.indicators.meaning import check_meaning
from ledger.indicators.publication import PublishedDocument
from ledger.indicators.reading import DOCUMENT_FIELDS, read_document
from ledger.indicators.reading_factor import FACTOR_FIELDS, read_factor
from ledger.indicators.release import Release
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding

SCHEMA = "lingtan.local_factor/1"
SUFFIX = "+local"
_FIELDS = ("schema", "institution", "factor", "document", "reason")


@dataclass(frozen=True)
class LocalFactor:
    """A factor that `institution` owns, the publication it is taken from, and why the bank needs it."""

    institution: str
    factor: Factor
    document: PublishedDocument
    reason: str

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.local_factor/1` document."""
        return {
            "schema": SCHEMA,
            "institution": self.institution,
            "factor": self.factor.to_document(),
            "document": self.document.to_document(),
            "reason": self.reason,
        }


def local_factor_from_document(document: object) -> LocalFactor:
    """Return the local factor of a document.

    Raises:
        MalformedDocument: with the first finding; `check_local_factor` gives all.
    """
    local, findings = check_local_factor(document)
    raise_first("local factor", findings)
    return local  # type: ignore[return-value]  # without an error finding there is a local factor


def check_local_factor(document: object) -> tuple[LocalFactor | None, tuple[Finding, ...]]:
    """Return the local factor (None if any error was found) and all findings of its document."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, _FIELDS)
    fields.schema(SCHEMA)
    local = LocalFactor(
        fields.identifier("institution"),
        read_factor(fields.nested("factor", FACTOR_FIELDS)),
        read_document(fields.nested("document", DOCUMENT_FIELDS)),
        fields.text("reason"),
    )
    if not any(finding.code.startswith("FIELD_") for finding in findings):
        _check_ownership(local, fields)
    return (None if findings else local), tuple(findings)


def with_local_factors(release: Release, factors: Iterable[LocalFactor]) -> Release:
    """Return the release with local factors and their documents, for computing offline.

    Its name ends in `+local`, which is no identifier: such a release cannot be proposed, nor stand in a statement that is signed.

    Raises:
        Conflict: a factor's id, or its document's, stands for something else in the release.
        MalformedDocument: a factor contradicts one of the release (the same kind, carrier, guide, region, data year and owner).
    """
    added: dict[str, Factor] = {}
    documents = {document.id: document for document in release.documents}
    for local in factors:
        factor, document = local.factor, local.document
        known = added.get(factor.id) or release.find_factor(factor.id)
        if known is not None and known != factor:
            hint = "give the local factor another id"
            raise Conflict(f"{factor.id} is another factor of {release.release} already", hint=hint, factor=factor.id)
        if documents.setdefault(document.id, document) != document:
            hint = "give your document another id, or name the release's one as it stands"
            raise Conflict(f"{document.id} is another document in {release.release}", hint=hint, document=document.id)
        if known is None:
            added[factor.id] = factor
    if not added:
        return release
    merged = replace(
        release,
        release=release.release + SUFFIX,
        factors=tuple(sorted((*release.factors, *added.values()), key=lambda factor: factor.id)),
        documents=tuple(sorted(documents.values(), key=lambda document: document.id)),
    )
    raise_first("library release with local factors", tuple(check_meaning(merged)))
    return merged


def _check_ownership(local: LocalFactor, fields: Fields) -> None:
    factor = local.factor
    prefix = f"local.{local.institution}."
    if factor.owner != local.institution:
        action = "write the institution as the factor's owner"
        fields.refuse("LOCAL_FACTOR_OWNER", "/factor/owner", action, got=factor.owner or "nobody", expected=local.institution)
    if not factor.id.startswith(prefix) or factor.id == prefix:
        fields.refuse("LOCAL_FACTOR_ID", "/factor/id", "begin the id with the institution", got=factor.id, expected=f"{prefix}…")
    if factor.document != local.document.id:
        action = "name the document that comes with the factor"
        fields.refuse("LOCAL_FACTOR_DOCUMENT", "/factor/document", action, got=factor.document, expected=local.document.id)
