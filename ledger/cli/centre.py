"""Commands of the green finance centre: institutions and their keys, the queue of claims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ledger.cli.bank import totals_of
from ledger.cli.invocation import Invocation, this, write_result
from ledger.cli.policy import policies
from ledger.cli.reporting import require_settled
from ledger.client.http import Client
from ledger.clock import SystemClock, parse_instant
from ledger.errors import InputError

app = typer.Typer()
institutions = typer.Typer(no_args_is_help=True, help="Institutions, and their keys on the chain.")
app.add_typer(institutions, name="institution", rich_help_panel="Centre")
app.add_typer(policies, name="policy", rich_help_panel="Centre")

InstitutionArgument = Annotated[str, typer.Argument(help="the institution's id")]
AdminKeyOption = Annotated[Path, typer.Option(help="the admin's encrypted key file", exists=True, dir_okay=False)]
AddressOption = Annotated[str, typer.Option(help="the key's 0x address")]
RoleOption = Annotated[
    Literal["approver", "logkeeper", "verifier", "certifier", "librarian", "publisher"], typer.Option(help="what the key signs as")
]
ReasonOption = Annotated[str, typer.Option(help="why; its hash stands in the signed message")]
WaitOption = Annotated[float, typer.Option(help="how many seconds to wait for the chain; 0: do not wait", min=0)]
CLAIM_COLUMNS = ("id", "institution", "scheme", "state", "verdicts", "submitted", "package")
VERDICT_COLUMNS = ("id", "verifier", "opinion", "assurance", "state", "result")


@institutions.command("create")
def create(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="a short id; it never changes")],
    kind: Annotated[Literal["bank", "centre", "verifier", "auditor", "government"], typer.Option(help="what it is")],
    en: Annotated[str, typer.Option(help="its name in English")],
    zh: Annotated[str, typer.Option(help="its name in Chinese")],
    timezone: Annotated[str, typer.Option(help="its IANA time zone")] = "Asia/Shanghai",
    region: Annotated[str, typer.Option(help="its region, ISO 3166-2")] = "CN-ZJ",
) -> None:
    """Create an institution on the server. It signs nothing before `register` and `key-add`."""
    run = this(context)
    document = {"id": id, "kind": kind, "name": {"en": en, "zh": zh}, "timezone": timezone, "region": region}
    with run.client() as client:
        answer = client.post("/v1/institutions", document)
    run.out.record(answer, [(name, answer[name]) for name in ("id", "kind", "timezone", "region")])


@institutions.command("list")
def list_institutions(context: typer.Context) -> None:
    """List the institutions that this token sees."""
    run = this(context)
    with run.client() as client:
        items = list(client.get_all("/v1/institutions"))
    rows = [(item["id"], item["kind"], item["name_zh" if run.out.language == "zh" else "name_en"], item["region"]) for item in items]
    run.out.table({"items": items}, ("id", "kind", "name", "region"), rows)


@institutions.command("keys")
def list_keys(context: typer.Context, id: InstitutionArgument) -> None:
    """List an institution's keys as the chain has them now."""
    run = this(context)
    with run.client() as client:
        answer = client.get(f"/v1/institutions/{id}/keys")
    columns = ("address", "role", "valid_from", "valid_to", "status")
    run.out.table(answer, columns, [[item[name] for name in columns] for item in answer["items"]])


@institutions.command("register")
def register(context: typer.Context, id: InstitutionArgument, key: AdminKeyOption, wait: WaitOption = 60) -> None:
    """Admit an institution to the registry on the chain, signed by the admin."""
    from ledger.client import acts
    from ledger.records.names import Name

    run = this(context)
    with run.client() as client:
        found = client.get(f"/v1/institutions/{id}")
        run.confirm(id)
        name, version = Name(found["name_en"], found["name_zh"]), acts.next_version(client, id)
        party = run.party(client, key)
        _settle(run, client, id, acts.register(party, id=id, kind=found["kind"], name=name, version=version, now=_now()), wait)


@institutions.command("key-add")
def add_key(
    context: typer.Context,
    id: InstitutionArgument,
    address: AddressOption,
    role: RoleOption,
    key: AdminKeyOption,
    valid_from: Annotated[str | None, typer.Option(help="from when, such as 2026-01-01T00:00:00+08:00; now without it")] = None,
    wait: WaitOption = 60,
) -> None:
    """Give one of the institution's keys a role. The address comes from `lingtan keys show`, by a way you trust."""
    from ledger.chain.typed_data import Role
    from ledger.client import acts

    run = this(context)
    since = _now() if valid_from is None else parse_instant(valid_from)
    with run.client() as client:
        run.confirm(id)
        party, version = run.party(client, key), acts.next_version(client, id)
        action = acts.add_key(
            party, institution=id, address=address, role=Role[role.upper()], version=version, valid_from=since, now=_now()
        )
        _settle(run, client, id, action, wait)


@institutions.command("key-end")
def end_key(
    context: typer.Context,
    id: InstitutionArgument,
    address: AddressOption,
    role: RoleOption,
    key: AdminKeyOption,
    at: Annotated[str | None, typer.Option(help="when it ends; now without it")] = None,
    wait: WaitOption = 60,
) -> None:
    """End a key's role; what it signed before stays good."""
    from ledger.chain.typed_data import Role
    from ledger.client import acts

    run = this(context)
    until = _now() if at is None else parse_instant(at)
    with run.client() as client:
        run.confirm(id)
        party, version = run.party(client, key), acts.next_version(client, id)
        action = acts.end_key(party, institution=id, address=address, role=Role[role.upper()], valid_to=until, version=version, now=_now())
        _settle(run, client, id, action, wait)


@institutions.command("key-suspend")
def suspend_key(
    context: typer.Context,
    id: InstitutionArgument,
    address: AddressOption,
    role: RoleOption,
    reason: ReasonOption,
    key: AdminKeyOption,
    lift: Annotated[bool, typer.Option("--lift", help="end the suspension")] = False,
    wait: WaitOption = 60,
) -> None:
    """Suspend a key's role, or lift the suspension."""
    from ledger.chain.typed_data import Role
    from ledger.client import acts

    run = this(context)
    with run.client() as client:
        run.confirm(id)
        party, version = run.party(client, key), acts.next_version(client, id)
        action = acts.set_key_standing(
            party,
            institution=id,
            address=address,
            role=Role[role.upper()],
            suspended=not lift,
            reason=reason,
            version=version,
            now=_now(),
        )
        _settle(run, client, id, action, wait)


@institutions.command("suspend")
def suspend(
    context: typer.Context,
    id: InstitutionArgument,
    reason: ReasonOption,
    key: AdminKeyOption,
    lift: Annotated[bool, typer.Option("--lift", help="end the suspension")] = False,
    wait: WaitOption = 60,
) -> None:
    """Suspend a whole institution, or lift the suspension."""
    from ledger.client import acts

    run = this(context)
    with run.client() as client:
        run.confirm(id)
        party, version = run.party(client, key), acts.next_version(client, id)
        action = acts.set_standing(party, institution=id, suspended=not lift, reason=reason, version=version, now=_now())
        _settle(run, client, id, action, wait)


@app.command(rich_help_panel="Centre")
def queue(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="only claims in this state, such as submitted")] = None,
    institution: Annotated[str | None, typer.Option(help="only this bank's")] = None,
) -> None:
    """List the claims, the oldest first."""
    run = this(context)
    with run.client() as client:
        items = list(client.get_all("/v1/claims", **({} if institution is None else {"institution": institution})))
    items = [item for item in items if state is None or item["state"] == state]
    rows = [[item["submitted_at" if name == "submitted" else name] for name in CLAIM_COLUMNS] for item in items]
    run.out.table({"items": items}, CLAIM_COLUMNS, rows)


@app.command(rich_help_panel="Centre")
def review(
    context: typer.Context,
    claim: Annotated[str, typer.Argument(help="the claim's id, bank:claim")],
    out: Annotated[Path | None, typer.Option(help="write the evidence package into this file")] = None,
) -> None:
    """Show a claim: what is claimed, the package it rests on, and every verdict. `lingtan-verify` recomputes it."""
    run = this(context)
    with run.client() as client:
        found = client.get(f"/v1/claims/{claim}")
        statement = client.get(f"/v1/statements/{found['statement']}")
        verdicts = list(client.get_all("/v1/verdicts", claim=claim))
        if out is not None:
            write_result(out, client.get_bytes(f"/v1/claims/{claim}/package"))
    document: dict[str, Any] = {"claim": found, "statement": statement, "verdicts": verdicts}
    if run.out.json:
        run.out.document(document)
        return
    fields = [(name, found[name]) for name in ("id", "institution", "scheme", "state", "package")]
    run.out.record(document, [*fields, ("statement", found["statement"]), ("period", statement["period"]), *totals_of(statement)])
    run.out.findings(statement["findings"])
    rows = [[item["result_hash" if name == "result" else name] for name in VERDICT_COLUMNS] for item in verdicts]
    run.out.table(document, VERDICT_COLUMNS, rows)


def _settle(run: Invocation, client: Client, institution: str, action: dict[str, Any], seconds: float) -> None:
    from ledger.client import acts

    if not action.get("id"):
        raise InputError("the server did not say what became of the message", hint="look at `lingtan institution keys`")
    settled = acts.wait_action(client, institution, str(action["id"]), seconds=seconds)
    fields = [
        ("action_sent", settled["struct"]),
        ("institution", institution),
        ("state", settled["state"]),
        ("tx_hash", settled["tx_hash"]),
    ]
    run.out.record(settled, [*fields, ("problem", settled["error"])])
    require_settled({**settled, "items": [settled]}, ("anchored",), f"{settled['struct']} of {institution}", seconds)


def _now() -> int:
    return SystemClock().now()
