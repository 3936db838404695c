"""Devices and their keys: who may, what is kept, and what a caller without a token learns."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.clock import FixedClock
from ledger.errors import Conflict, InputError, NotFound
from ledger.metering.enrolment import CODE_SECONDS, find_code_hash, prove
from ledger.services import devices, meters
from ledger.store.repositories import devices as stored
from ledger.store.repositories import metering
from ledger.store.repositories.devices import compute_kid
from ledger.store.tables import Institution
from tests.product import Town, preparer
from tests.services.books import readings
from tests.services.enrolling import ask_for_code, enrol, send


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


@pytest.fixture
def gateway(town: Town) -> Town:
    """Oak with a gateway and elm with one of the same name."""
    for bank in ("oak", "elm"):
        with town.work(preparer(bank)) as work:
            devices.register_device(work, bank, id="gw-1", kind="gateway", site="hq", serial="G-1")
    return town


def test_a_device_is_registered_once_and_its_id_never_changes_its_meaning(gateway: Town) -> None:
    with gateway.work(preparer("oak")) as work:
        again = devices.register_device(work, "oak", id="gw-1", kind="gateway", site="hq", serial="G-1")
        assert (again.kind, again.keys_in_force, again.meters) == ("gateway", 0, ())
        with pytest.raises(Conflict, match="registered already"):
            devices.register_device(work, "oak", id="gw-1", kind="meter", site="hq", serial="G-1")
        with pytest.raises(InputError):
            devices.register_device(work, "oak", id="gw-2", kind="router", site="hq", serial="G-2")
        with pytest.raises(InputError):
            devices.register_device(work, "oak", id="gw-2", kind="gateway", site="hq", serial="\n")


def test_an_enrolled_key_is_found_by_its_kid_in_its_own_institution_alone(gateway: Town) -> None:
    enrolled = enrol(gateway, "oak", "gw-1", key(1))
    public = key(1).public_key().public_bytes_raw()
    assert enrolled.kid == compute_kid(public)
    with gateway.house.view(preparer("oak")) as work:
        found = stored.find_key(work.session, "oak", enrolled.kid)
        assert found is not None
        assert (found.device, found.public_key, found.last_seq, found.enrolled_by) == ("gw-1", public, None, "oak.preparer")
        assert stored.find_key(work.session, "elm", enrolled.kid) is None
        assert [item.keys_in_force for item in devices.list_devices(work, "oak", 10, None).items] == [1]


def test_a_code_works_once_and_its_answer_can_be_asked_for_again_by_the_same_key(gateway: Town) -> None:
    code = ask_for_code(gateway, "oak", "gw-1")
    first = send(gateway, code.lower().replace("-", " "), key(1))
    assert first is not None
    assert send(gateway, code, key(1)) == first
    assert send(gateway, code, key(2)) is None, "used"
    with gateway.house.view(preparer("oak")) as work:
        assert len(devices.list_device_keys(work, "oak", "gw-1")) == 1


def test_every_refusal_is_the_same_and_the_audit_log_says_which_it_was(gateway: Town) -> None:
    assert isinstance(gateway.clock, FixedClock)
    code = ask_for_code(gateway, "oak", "gw-1")
    public = key(1).public_key().public_bytes_raw()
    other = prove(find_code_hash(ask_for_code(gateway, "oak", "gw-1")) or b"", key(1))
    refused = [
        send(gateway, "AAAAA-AAAAA-AAAAA-AAAAA", key(1)),
        send(gateway, "not a code", key(1)),
        send(gateway, code, key(1), proof=bytes(64)),
        send(gateway, code, key(1), proof=other),
    ]
    enrol(gateway, "elm", "gw-1", key(3))
    refused.append(send(gateway, code, key(3)))
    gateway.clock.advance(CODE_SECONDS)
    refused.append(send(gateway, code, key(1)))
    assert refused == [None] * 6
    with gateway.house.view(preparer("oak")) as work:
        assert stored.find_key_by_public_key(work.session, public) is None
        rows = work.session.connection().exec_driver_sql(
            "SELECT result, details FROM audit_log WHERE action = 'device.enrol' AND institution = 'oak' ORDER BY seq"
        )
        assert [(row.result, bytes(row.details).decode()) for row in rows] == [
            ("refused", '{"reason":"proof"}'),
            ("refused", '{"reason":"proof"}'),
            ("refused", '{"reason":"key enrolled before"}'),
            ("refused", '{"reason":"expired"}'),
        ]


def test_a_code_stands_nowhere_in_the_database_and_its_hash_does(gateway: Town) -> None:
    code = ask_for_code(gateway, "oak", "gw-1")
    send(gateway, code, key(1))
    with gateway.house.database.reading() as session:
        tables = Institution.metadata.sorted_tables
        rows = [tuple(row) for table in tables for row in session.connection().execute(table.select())]
    text = "\n".join(str(value.hex() if isinstance(value, bytes) else value) for row in rows for value in row)
    assert (find_code_hash(code) or b"").hex() in text
    plain = code.replace("-", "")
    assert all(form not in text for form in (code, plain, code.encode().hex(), plain.encode().hex()))


def test_a_revocation_cuts_over_at_a_seq_and_can_only_be_lowered(gateway: Town) -> None:
    kid = enrol(gateway, "oak", "gw-1", key(1)).kid
    second = enrol(gateway, "oak", "gw-1", key(2)).kid

    def revoke(last_seq: int) -> int | None:
        with gateway.work(preparer("oak")) as work:
            return devices.revoke_device_key(work, "oak", "gw-1", kid, last_seq=last_seq, reason="the gateway was stolen").last_seq

    assert [revoke(90), revoke(90), revoke(7)] == [90, 90, 7]
    with pytest.raises(Conflict, match="ends after seq 7"):
        revoke(8)
    with gateway.work(preparer("oak")) as work:
        keys = {item.kid: item.last_seq for item in devices.list_device_keys(work, "oak", "gw-1")}
        assert keys == {kid: 7, second: None}
        with pytest.raises(NotFound):
            devices.revoke_device_key(work, "oak", "gw-1", "0" * 16, last_seq=1, reason="x")
        with pytest.raises(InputError):
            devices.revoke_device_key(work, "oak", "gw-1", second, last_seq=-1, reason="x")


def test_another_device_of_the_bank_does_not_revoke_this_ones_key(gateway: Town) -> None:
    kid = enrol(gateway, "oak", "gw-1", key(1)).kid
    with gateway.work(preparer("oak")) as work:
        devices.register_device(work, "oak", id="gw-2", kind="gateway", site="hq", serial="G-2")
        with pytest.raises(NotFound):
            devices.revoke_device_key(work, "oak", "gw-2", kid, last_seq=1, reason="x")


def test_a_meter_is_spoken_for_from_a_place_of_the_log_on(gateway: Town) -> None:
    with gateway.work(preparer("oak")) as work:
        assert meters.assign_device(work, "oak", "M-1", "gw-1").device == "gw-1"
        assert [item.meters for item in devices.list_devices(work, "oak", 10, None).items] == [("M-1",)]
        size = metering.count_telemetry(work.session, "oak")
        metering.add_telemetry_body(work.session, "oak", b"next", media_type="text/csv", findings=b"{}", actor="x", received_at=1)
        assert meters.assign_device(work, "oak", "M-1", None).device is None
        assert stored.meters_of_device(work.session, "oak", "gw-1") == []
        assert [row.id for row in stored.meters_of_device(work.session, "oak", "gw-1", log_index=size)] == ["M-1"]
        with pytest.raises(InputError, match="no device"):
            meters.assign_device(work, "oak", "M-1", "gw-9")
        with pytest.raises(NotFound):
            meters.assign_device(work, "oak", "M-9", "gw-1")


def test_a_meter_registered_again_with_another_device_is_a_conflict(gateway: Town) -> None:
    def register(device: str | None) -> meters.MeterView:
        with gateway.work(preparer("oak")) as work:
            return meters.register_meter(work, "oak", id="G-1", unit="hq", quantity="gas.volume", interval_minutes=15, device=device)

    assert register("gw-1").device == register("gw-1").device == register(None).device == "gw-1"
    with gateway.work(preparer("oak")) as work:
        devices.register_device(work, "oak", id="gw-2", kind="gateway", site="hq", serial="G-2")
    with pytest.raises(Conflict, match="another device"):
        register("gw-2")


def test_the_list_of_meters_says_how_far_and_how_well_they_report(gateway: Town) -> None:
    with gateway.work(preparer("oak")) as work:
        listed = {item.id: item for item in meters.list_meters(work, "oak", 10, None).items}["M-1"]
        assert (listed.ratio, listed.serial, listed.device) == ("1", None, None)
        days = list(metering.iterate_meter_days(work.session, "oak", "M-1", 0, 10**6))
        measured = sum(day.quality.count(1) + day.quality.count(5) for day in days)
        assert days, readings("M-1")[:20]
        assert listed.last_day is not None
        assert listed.measured_bp == 10_000 * measured // (96 * (days[-1].day - days[0].day + 1))
