"""Devices that sign readings, their keys, what hangs in a meter's place, and the envelope log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from api.schemas.base import ApiAnswer, ApiRequest, Identifier, Instant, Reason, Sha256

Kid = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", description="the first 16 hex of SHA-256(public key)")]
PublicKey = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="an Ed25519 public key, lower-case hex")]
Serial = Annotated[str, Field(min_length=1, max_length=100)]
Seq = Annotated[int, Field(ge=0, le=2**53 - 1)]


class DeviceRequest(ApiRequest):
    """A device: a meter with a key of its own, or a gateway that speaks for several meters."""

    id: Identifier
    kind: Literal["meter", "gateway"]
    site: Identifier
    serial: Serial


class DeviceAnswer(ApiAnswer):
    """A registered device, the meters that it speaks for and the number of its keys in force."""

    id: str
    institution: str
    kind: str
    site: str
    serial: str
    meters: tuple[str, ...]
    keys_in_force: int
    registered_at: Instant


class EnrolmentCodeRequest(ApiRequest):
    """Nothing has to be said: the device stands in the path."""


class EnrolmentCodeAnswer(ApiAnswer):
    """A one-time code. It is shown here once and kept nowhere: the server has its SHA-256."""

    institution: str
    device: str
    code: Annotated[str, Field(examples=["K7QWD-29FHX-ABMRT-4ZEP8"])]
    expires_at: Instant


class EnrolmentRequest(ApiRequest):
    """What a device sends to enrol its key: proof = Ed25519 over "lingtan/enrol/1" ‖ 0x00 ‖ SHA-256(code) ‖ public key."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    public_key: PublicKey
    serial: Serial
    proof: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


class EnrolmentAnswer(ApiAnswer):
    """The device that the key belongs to from now on, and the name of the key."""

    institution: str
    device: str
    kid: str
    enrolled_at: Instant


class DeviceKeyAnswer(ApiAnswer):
    """A device's key. `last_seq` is null while it is in force, else the greatest seq that it still signs."""

    institution: str
    device: str
    kid: str
    public_key: str
    serial: str
    enrolled_by: str
    enrolled_at: Instant
    last_seq: int | None


class DeviceKeysAnswer(ApiAnswer):
    """All keys of a device in the order of their enrolment."""

    items: tuple[DeviceKeyAnswer, ...]


class DeviceAlarmAnswer(ApiAnswer):
    """A second body that a device signed under the number of one in the log. `body_kept` is false where only its hash and time are kept."""

    id: str
    institution: str
    device: str
    boot: str
    seq: int
    log_index: int
    first_sha256: Sha256 | None
    second_sha256: Sha256
    media_type: str
    brought_by: str
    raised_at: Instant
    body_kept: bool


class RevocationRequest(ApiRequest):
    """The cut-over of a key: an envelope up to `last_seq` is still taken, a later one is refused."""

    last_seq: Seq
    reason: Reason


class MeterDeviceRequest(ApiRequest):
    """The device that speaks for a meter from now on; null: none does."""

    device: Identifier | None


class MeterMainRequest(ApiRequest):
    """The meter that another one hangs behind, which counts its energy already; null: it counts by itself."""

    sub_meter_of: Identifier | None


class RatioFields(ApiRequest):
    """The ratios of current and voltage transformers; 1 where there is none."""

    ct: str
    pt: str


class RegisterFields(ApiRequest):
    """The digits of a display before and after the point."""

    digits: int
    decimals: int


class FittingRequest(ApiRequest):
    """What hangs in a meter's place from `since` on: the fields of lingtan.fitting/1 that a person knows (docs/spec/metering.md §2)."""

    since: Annotated[str, Field(examples=["2026-01-31T08:00:00Z"])]
    serial: str
    seal: str | None
    ratio: RatioFields
    register_: Annotated[RegisterFields, Field(alias="register")]
    first: Annotated[str | None, Field(description="null exactly where the reason is removed: nothing hangs there from then on")]
    final_before: str | None
    reason: str
    reference: str


class FittingAnswer(ApiAnswer):
    """A fitting: its document, and the entry of the envelope log that it is."""

    log_index: int
    sha256: Sha256
    document: Annotated[dict[str, Any], Field(description="lingtan.fitting/1")]


class FittingsAnswer(ApiAnswer):
    """The fittings of a meter in order of time."""

    items: tuple[FittingAnswer, ...]


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


Size = Annotated[str, BeforeValidator(_text)]


class AnchoredSizeAnswer(ApiAnswer):
    """The last root of the log that is final on the chain."""

    size: Size
    root: Sha256
    signer: str
    block_number: Size
    tx_hash: str
    anchored_at: Instant


class SignedSizeAnswer(ApiAnswer):
    """The last signed root of the log that the chain has or will have."""

    size: Size
    root: Sha256
    signer: str
    state: str


class LogAnswer(ApiAnswer):
    """The envelope log as it stands: number of entries, RFC 9162 root, and what of it is signed and anchored."""

    institution: str
    size: Size
    root: Sha256
    signed: SignedSizeAnswer | None
    anchored: AnchoredSizeAnswer | None


class LogConsistencyAnswer(ApiAnswer):
    """That the log only grew between two sizes (RFC 9162 §2.1.4)."""

    institution: str
    old_size: Size
    old_root: Sha256
    new_size: Size
    new_root: Sha256
    hashes: tuple[str, ...]
