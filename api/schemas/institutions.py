"""Institutions, their keys, their organisation tree."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, computed_field

from api.schemas.base import (
    ApiAnswer,
    ApiRequest,
    FindingAnswer,
    HashIfStored,
    Id,
    Identifier,
    Instant,
    Message,
    NameRequest,
    OpenEnd,
    Signature,
    VersionIfStored,
)


class InstitutionRequest(ApiRequest):
    """A new institution. Its id never changes; on chain it is sid("org", id)."""

    id: Identifier
    kind: Literal["bank", "centre", "verifier", "auditor", "government"]
    name: NameRequest
    timezone: Annotated[str, Field(min_length=1, max_length=64, examples=["Asia/Shanghai"])]
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", examples=["CN-ZJ"])]


class InstitutionAnswer(ApiAnswer):
    """An institution."""

    id: str
    kind: str
    name_en: str
    name_zh: str
    timezone: str
    region: str
    org: Annotated[str, Field(description="its 32-byte name on chain, hex")]
    created_at: Instant


class CommitmentKeyRequest(ApiRequest):
    """The institution's commitment key K (docs/spec/commitments.md §4). It may be forgotten, never replaced."""

    key: Annotated[
        str, Field(pattern=r"^[0-9a-f]{64}$", description="32 random bytes, lower-case hex", json_schema_extra={"writeOnly": True})
    ]


class ParticipantActionRequest(ApiRequest):
    """A signed struct of ParticipantRegistry, to be relayed."""

    struct: Literal["RegisterInstitution", "AddKey", "EndKey", "SetKeyStanding", "SetStanding"]
    message: Message
    signature: Signature


class ParticipantActionAnswer(ApiAnswer):
    """A relayed participant action and how far it has come."""

    id: Id
    struct: str
    institution: str
    state: str
    tx_hash: str | None
    error: str | None


class KeyAnswer(ApiAnswer):
    """A key of an institution as the chain's registry has it."""

    address: str
    role: str
    valid_from: Instant
    valid_to: OpenEnd
    status: str


class KeysAnswer(ApiAnswer):
    """All keys of an institution."""

    items: tuple[KeyAnswer, ...]


class OrganisationAnswer(ApiAnswer):
    """One version of an organisation tree. With an error finding it is not stored: then `version` and `hash` are null."""

    institution: str
    version: VersionIfStored
    hash: HashIfStored
    units: int
    findings: tuple[FindingAnswer, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def accepted(self) -> bool:
        """Whether the tree was stored."""
        return self.version is not None
