"""Devices that sign readings: register them, let them enrol keys with one-time codes, revoke keys (spec: metering §1)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.errors import Conflict, InputError, NotFound
from ledger.identifiers import check_identifier
from ledger.metering.enrolment import CODE_SECONDS, find_code_hash, is_proven, new_code
from ledger.services import audit
from ledger.services.context import Page, Work, require_own, require_visible
from ledger.store import tables
from ledger.store.repositories import devices
from ledger.store.repositories.devices import DeviceKey, compute_kid
from ledger.store.tables.devices import DEVICE_KINDS

MAX_SEQ = 2**63 - 1


@dataclass(frozen=True)
class DeviceView:
    """A device: what it is, where it hangs, and the meters that it speaks for."""

    id: str
    institution: str
    kind: str
    site: str
    serial: str
    meters: tuple[str, ...]
    keys_in_force: int
    registered_at: int


@dataclass(frozen=True)
class CodeView:
    """A one-time code, shown once: the server keeps its SHA-256."""

    institution: str
    device: str
    expires_at: int
    code: str = field(repr=False)


@dataclass(frozen=True)
class EnrolledView:
    """What a device learns of its enrolment."""

    institution: str
    device: str
    kid: str
    enrolled_at: int


@dataclass(frozen=True)
class KeyView:
    """A device's key: `last_seq` is the greatest seq that it still signs, None while it is in force."""

    institution: str
    device: str
    kid: str
    public_key: str
    serial: str
    enrolled_by: str
    enrolled_at: int
    last_seq: int | None


def register_device(work: Work, institution: str, *, id: str, kind: str, site: str, serial: str) -> DeviceView:
    """Add a device; the same again changes nothing.

    Raises:
        InputError: an unknown kind.
        Conflict: a device of this id is registered otherwise: an id never changes its meaning.
    """
    require_own(work, institution, "preparer")
    check_identifier(id)
    check_identifier(site)
    if kind not in DEVICE_KINDS:
        raise InputError(f"not a kind of device; expected one of {', '.join(DEVICE_KINDS)}")
    if not serial.strip() or len(serial) > 100 or not serial.isprintable():
        raise InputError("expected a serial number of 1 to 100 printable characters")
    earlier = devices.find_device(work.session, institution, id)
    if earlier is not None:
        if (earlier.kind, earlier.site, earlier.serial) == (kind, site, serial):
            return _device_view(work, earlier)
        raise Conflict(f"the device {id} is registered already, at {earlier.site}", hint="choose another id", device=id)
    row = devices.add_device(
        work.session,
        institution_id=institution,
        id=id,
        kind=kind,
        site=site,
        serial=serial,
        created_by=work.actor.subject,
        at=work.clock.now(),
    )
    audit.record(work, "device.register", f"{institution}/{id}", institution=institution)
    return _device_view(work, row)


def list_devices(work: Work, institution: str, limit: int, after: str | None) -> Page[DeviceView]:
    """Return the institution's devices by id."""
    require_visible(work, institution)
    page = devices.list_devices(work.session, institution, limit=limit, after=after)
    return Page(_device_views(work, institution, page.items), page.next_after)


def issue_enrolment_code(work: Work, institution: str, device: str) -> CodeView:
    """Return a code with which the device enrols one key within 24 hours. It cannot be shown again.

    Raises:
        NotFound: no such device.
    """
    require_own(work, institution, "preparer")
    _get_device(work, institution, device)
    code, now = new_code(), work.clock.now()
    expires_at = now + CODE_SECONDS
    devices.add_enrolment_code(
        work.session,
        hash=_code_hash(code).hex(),
        institution_id=institution,
        device_id=device,
        created_by=work.actor.subject,
        created_at=now,
        expires_at=expires_at,
    )
    audit.record(work, "device.code", f"{institution}/{device}", institution=institution, details={"expires_at": expires_at})
    return CodeView(institution, device, expires_at, code)


def is_code_known(work: Work, code: str) -> bool:
    """Tell whether this code was ever given out: a guess is turned away in a view, without an entry in any book."""
    digest = find_code_hash(code)
    return digest is not None and devices.find_enrolment_code(work.session, digest.hex()) is not None


def enrol_device(work: Work, *, code: str, public_key: bytes, serial: str, proof: bytes) -> EnrolledView | None:
    """Enrol a key for the device of a one-time code; None where it is refused, and nobody is told why.

    A refusal is an unknown, used or expired code, a wrong proof, or a key that was enrolled before. The audit log tells of a refusal where
    the code is known. The same body again, while the code is good, gives the first answer: it may have been lost on its way. The caller
    has no token: the code and the proof are what counts.
    """
    digest = find_code_hash(code)
    row = None if digest is None else devices.find_enrolment_code(work.session, digest.hex())
    if digest is None or row is None:
        return None
    now, place = work.clock.now(), f"{row.institution_id}/{row.device_id}"
    use = devices.find_code_use(work.session, row.hash)
    reason = _why_refused(work, row, use, public_key, proof)
    if reason:
        audit.record(work, "device.enrol", place, institution=row.institution_id, result="refused", details={"reason": reason})
        return None
    if use is not None:
        return EnrolledView(use.institution_id, row.device_id, use.kid, use.at)
    key = devices.add_key(work.session, row, public_key, serial=serial, at=now)
    audit.record(work, "device.enrol", place, institution=row.institution_id, details={"kid": key.kid, "serial": serial})
    return EnrolledView(key.institution, key.device, key.kid, now)


def list_device_keys(work: Work, institution: str, device: str) -> tuple[KeyView, ...]:
    """Return the keys of a device in the order of their enrolment, revoked ones too.

    Raises:
        NotFound: no such device.
    """
    require_visible(work, institution)
    _get_device(work, institution, device)
    return tuple(_key_view(key) for key in devices.list_keys(work.session, institution, device))


def revoke_device_key(work: Work, institution: str, device: str, kid: str, *, last_seq: int, reason: str) -> KeyView:
    """End a key after the envelope `last_seq`: what waits in a queue up to it is still taken. The same again changes nothing.

    Raises:
        NotFound: the device has no such key.
        Conflict: the key ends earlier already: a second revocation can only lower the cut-over.
    """
    require_own(work, institution, "preparer")
    _get_device(work, institution, device)
    key = devices.find_key(work.session, institution, kid)
    if key is None or key.device != device:
        raise NotFound(f"the device {device} has no key {kid[:16]}", hint="list its keys", kid=kid[:16])
    if not 0 <= last_seq <= MAX_SEQ:
        raise InputError("last_seq is the seq of the last envelope that this key may sign: expected 0 or more")
    if key.last_seq == last_seq:
        return _key_view(key)
    if key.last_seq is not None and last_seq > key.last_seq:
        raise Conflict(
            f"the key {kid} ends after seq {key.last_seq} already, got {last_seq}",
            hint="a revocation can only be made stricter; enrol a new key",
            kid=kid,
        )
    devices.add_key_end(work.session, institution, kid, last_seq=last_seq, reason=reason, by=work.actor.subject, at=work.clock.now())
    audit.record(
        work,
        "device.revoke",
        f"{institution}/{device}/{kid}",
        institution=institution,
        details={"last_seq": last_seq, "reason": reason[:200]},
    )
    ended = devices.find_key(work.session, institution, kid)
    return _key_view(key if ended is None else ended)


def _why_refused(work: Work, row: tables.EnrolmentCode, use: tables.EnrolmentCodeUse | None, public_key: bytes, proof: bytes) -> str:
    if not is_proven(bytes.fromhex(row.hash), public_key, proof):
        return "proof"
    if work.clock.now() >= row.expires_at:
        return "expired"
    if use is not None:
        return "" if use.kid == compute_kid(public_key) else "used"
    return "key enrolled before" if devices.find_key_by_public_key(work.session, public_key) is not None else ""


def _code_hash(code: str) -> bytes:
    digest = find_code_hash(code)
    if digest is None:
        raise InputError("not an enrolment code")
    return digest


def _get_device(work: Work, institution: str, device: str) -> tables.Device:
    row = devices.find_device(work.session, institution, device)
    if row is None:
        raise NotFound(f"{institution} has no device {device[:63]!r}", hint="list the devices, or register it")
    return row


def _device_view(work: Work, row: tables.Device) -> DeviceView:
    return _device_views(work, row.institution_id, (row,))[0]


def _device_views(work: Work, institution: str, rows: Sequence[tables.Device]) -> tuple[DeviceView, ...]:
    meters: dict[str, list[str]] = defaultdict(list)
    for meter, device in sorted(devices.device_of_meters(work.session, institution).items()):
        meters[device].append(meter)
    keys = Counter(key.device for key in devices.list_keys(work.session, institution) if key.last_seq is None)
    return tuple(
        DeviceView(row.id, institution, row.kind, row.site, row.serial, tuple(meters[row.id]), keys[row.id], row.at) for row in rows
    )


def _key_view(key: DeviceKey) -> KeyView:
    return KeyView(key.institution, key.device, key.kid, key.public_key.hex(), key.serial, key.enrolled_by, key.enrolled_at, key.last_seq)
