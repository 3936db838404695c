"""The two bases: requests are strict and closed, answers are built from the services' views."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ledger.clock import format_instant

T = TypeVar("T")


class ApiRequest(BaseModel):
    """A JSON body: unknown fields and wrong types are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ApiAnswer(BaseModel):
    """A JSON answer."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def of(cls, view: object) -> Self:
        """Return the answer for a service's view: fields of the same name, instants and ids as strings."""
        return cls.model_validate(view, from_attributes=True)


def _instant(value: object) -> object:
    return format_instant(value) if isinstance(value, int) else value


def absent(value: object) -> object:
    """Return None for what a view writes where there is nothing: 0 or an empty string."""
    return None if value in (0, "") else value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", examples=["bank-a"])]
Day = Annotated[date, Field(examples=["2025-12-31"])]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, lower-case hex without prefix")]
Signature = Annotated[str, Field(pattern=r"^0x[0-9a-f]{130}$", description="65 bytes r ‖ s ‖ v as 0x hex, low s, v 27 or 28")]
Message = Annotated[
    dict[str, str | bool | list[str]],
    Field(description="Every field of the struct: integers as decimal strings, bytes and addresses as lower-case 0x hex"),
]
Instant = Annotated[str, BeforeValidator(_instant), Field(examples=["2026-01-31T08:00:00Z"])]
Id = Annotated[str, BeforeValidator(_text)]
OpenEnd = Annotated[Instant | None, BeforeValidator(absent), Field(description="null: an open end")]
IdIfStored = Annotated[Id | None, BeforeValidator(absent), Field(description="null where nothing was stored")]
VersionIfStored = Annotated[int | None, BeforeValidator(absent), Field(description="null where nothing was stored")]
HashIfStored = Annotated[Sha256 | None, BeforeValidator(absent), Field(description="null where nothing was stored")]
Reason = Annotated[str, Field(min_length=1, max_length=2000, description="in one paragraph, without line breaks; it is kept")]
Count = Annotated[str, BeforeValidator(_text), Field(description="an integer as a decimal string")]


class NameRequest(ApiRequest):
    """A name in both languages."""

    en: Annotated[str, Field(min_length=1, max_length=200)]
    zh: Annotated[str, Field(min_length=1, max_length=200)]


class FindingAnswer(ApiAnswer):
    """One finding of a validation (docs/spec/documents.md §8)."""

    code: str
    severity: str
    place: str
    got: str | None
    expected: str | None
    action: str
    params: dict[str, str]


class FindingsAnswer(ApiAnswer):
    """All findings of a validation, in their order."""

    items: tuple[FindingAnswer, ...]


class PageAnswer(ApiAnswer, Generic[T]):
    """A page of a list. `next_cursor` continues it; null at the end."""

    items: tuple[T, ...]
    next_cursor: str | None


class SigningItemAnswer(ApiAnswer):
    """One message to sign with EIP-712: domain, primary type, message and the digest they give."""

    dataset: str | None = None
    primary_type: str
    domain: dict[str, Any]
    message: dict[str, Any]
    digest: Annotated[str, Field(description="what the key signs, 0x hex")]
    typed_data: Annotated[dict[str, Any], Field(description="the same as an eth_signTypedData_v4 request")]


class ProblemError(ApiAnswer):
    """What is wrong at one place of a request."""

    pointer: Annotated[str, Field(description="JSON pointer into the body, or query/…, path/…, header/…")]
    code: str
    detail: str


class Problem(ApiAnswer):
    """A problem document (RFC 9457). `type` is a page on this server."""

    type: str
    title: str
    status: int
    detail: str
    hint: str
    code: Annotated[str, Field(description="stable; decide on this")]
    retryable: Annotated[bool, Field(description="the same request, sent again, may succeed")]
    errors: tuple[ProblemError, ...]
    findings: Annotated[tuple[FindingAnswer, ...], Field(description="what was found in a body of data; absent without any")] = ()
    trace_id: str
