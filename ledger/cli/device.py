"""`lingtan device`: what signs readings, its one-time codes and keys. `enrol` runs on the gateway itself and needs no token."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ledger.cli.invocation import my_institution, this
from ledger.cli.local_time import my_bank
from ledger.client.http import Client
from ledger.errors import InputError

app = typer.Typer()
devices = typer.Typer(no_args_is_help=True, help="Devices that sign readings, and their keys.")
app.add_typer(devices, name="device", rich_help_panel="Bank")

COLUMNS = ("id", "kind", "site", "serial", "keys_in_force", "meters")
KEY_COLUMNS = ("kid", "serial", "enrolled_by", "enrolled_at", "last_seq")
ALARM_COLUMNS = ("raised_at", "device", "boot", "seq", "log_index", "second_sha256", "brought_by", "body_kept")
DeviceArgument = Annotated[str, typer.Argument(help="the device's id")]


@devices.command("add")
def add(
    context: typer.Context,
    id: DeviceArgument,
    site: Annotated[str, typer.Option(help="where it hangs; part of its MQTT topic")],
    serial: Annotated[str, typer.Option(help="its serial number")],
    kind: Annotated[Literal["meter", "gateway"], typer.Option(help="a meter with a key of its own, or a gateway for several")] = "gateway",
) -> None:
    """Register a device; the same again changes nothing."""
    run = this(context)
    with run.client() as client:
        document = {"id": id, "kind": kind, "site": site, "serial": serial}
        answer = client.post(f"/v1/institutions/{my_institution(client)}/devices", document)
    run.out.record(answer, [(name, answer[name]) for name in ("id", "kind", "site", "serial")])
    run.out.note("device_next", id=answer["id"])


@devices.command("list")
def list_devices(context: typer.Context) -> None:
    """List the devices with the meters that they speak for."""
    run = this(context)
    with run.client() as client:
        items = list(client.get_all(f"/v1/institutions/{my_institution(client)}/devices"))
    rows = [[", ".join(item[name]) if name == "meters" else item[name] for name in COLUMNS] for item in items]
    run.out.table({"items": items}, COLUMNS, rows)


@devices.command("code")
def code(context: typer.Context, id: DeviceArgument) -> None:
    """Ask for a one-time code with which the device enrols a key within a day; it is shown this once."""
    run = this(context)
    with run.client() as client:
        bank = my_bank(client)
        answer = client.post(f"{bank.path}/devices/{id}/enrolment-codes", {})
    run.out.record(answer, [(name, bank.local(answer[name])) for name in ("device", "code", "expires_at")])
    run.out.note("code_once")


@devices.command("keys")
def keys(context: typer.Context, id: DeviceArgument) -> None:
    """List the keys of a device, revoked ones too."""
    run = this(context)
    with run.client() as client:
        bank = my_bank(client)
        answer = client.get(f"{bank.path}/devices/{id}/keys")
    run.out.table(answer, KEY_COLUMNS, [[bank.local(item[name]) for name in KEY_COLUMNS] for item in answer["items"]])


@devices.command("revoke")
def revoke(
    context: typer.Context,
    id: DeviceArgument,
    kid: Annotated[str, typer.Option(help="the key, from `device keys`")],
    last_seq: Annotated[int, typer.Option(help="the last envelope that it may have signed; 0 for none", min=0)],
    reason: Annotated[str, typer.Option(help="why; it is kept")],
) -> None:
    """End a key after an envelope; what waits in the device's queue up to it is still taken. It can only be lowered later."""
    run = this(context)
    with run.client() as client:
        path = f"/v1/institutions/{my_institution(client)}/devices/{id}/keys/{kid}/revocation"
        run.confirm(kid)
        answer = client.post(path, {"last_seq": last_seq, "reason": reason})
    run.out.record(answer, [(name, answer[name]) for name in ("device", "kid", "last_seq")])


@devices.command("alarms")
def alarms(context: typer.Context) -> None:
    """List second bodies that devices signed under a number that is taken: two hold one key, or a device lost its count."""
    run = this(context)
    with run.client() as client:
        bank = my_bank(client)
        items = list(client.get_all(f"{bank.path}/device-alarms"))
    run.out.table({"items": items}, ALARM_COLUMNS, [[bank.local(item[name]) for name in ALARM_COLUMNS] for item in items])


@devices.command("enrol")
def enrol(
    context: typer.Context,
    code: Annotated[str, typer.Option(help="the one-time code; groups and case do not matter")],
    key: Annotated[Path, typer.Option(help="where the device keeps its key; made here where there is none")],
    serial: Annotated[str, typer.Option(help="the serial number of this device")],
) -> None:
    """On the gateway: make the key that it will sign with, and have it enrolled. No token is needed; the key never leaves the device."""
    from ledger.metering.device_key_file import load_device_key, make_device_key
    from ledger.metering.enrolment import find_code_hash, prove

    run = this(context)
    digest = find_code_hash(code)
    if digest is None:
        raise InputError("this is no enrolment code: expected 20 letters and digits", hint="copy it as `lingtan device code` showed it")
    # On disk before it is known to the server; sent again after a lost answer, it is the same key.
    private = load_device_key(key) if key.exists() else make_device_key(key)
    body = {
        "code": code,
        "public_key": private.public_key().public_bytes_raw().hex(),
        "serial": serial,
        "proof": prove(digest, private).hex(),
    }
    with Client(run.url, "", run.out.language) as client:
        answer = client.post("/v1/enrolments", body)
    fields = [(name, answer[name]) for name in ("institution", "device", "kid")]
    run.out.record({"file": str(key), **answer}, [("file", key), *fields])
    run.out.note("device_key_kept", file=key)
    run.out.note("enrol_next", id=answer["device"])
