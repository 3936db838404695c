"""Commands of a bank's approver: status, signing, receipt, package, proof, claim, log checkpoint."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.bank import all_statements, show_statements, totals_of
from ledger.cli.comparison import show_before_signing
from ledger.cli.invocation import Invocation, my_institution, this, write_result
from ledger.cli.meter_log import anchor
from ledger.client.http import Client, RequestRefused
from ledger.errors import Conflict, IntegrityError, LedgerError
from ledger.records import canonical

if TYPE_CHECKING:
    from ledger.client.acts import Party

app = typer.Typer()
PANEL = "Bank"
StatementArgument = Annotated[str, typer.Argument(help="the statement's id")]
KeyOption = Annotated[Path, typer.Option(help="the approver's encrypted key file", exists=True, dir_okay=False)]
OutOption = Annotated[Path, typer.Option(help="the file to write")]
WaitOption = Annotated[float, typer.Option(help="how many seconds to wait for the chain; 0: do not wait", min=0)]
ANCHORED = ("anchored", "verified", "superseded")
SIGNED = ("signed", "queued", *ANCHORED)
KEY_HINT = "is the key registered and in force?"
ITEM_COLUMNS = ("dataset", "state", "root", "signer", "tx_hash", "problem")


class NotAnchored(LedgerError):
    """The chain refused what was signed, or has not taken it in time."""

    code = "chain.refused"


@app.command(rich_help_panel=PANEL)
def status(context: typer.Context, statement: Annotated[str | None, typer.Argument(help="a statement; all without it")] = None) -> None:
    """Say how far the bank's statements are, or one of them in detail."""
    run = this(context)
    with run.client() as client:
        if statement is None:
            show_statements(run, all_statements(client))
            return
        answer = client.get(f"/v1/statements/{statement}")
        signed = find_attestation(client, answer)
    if run.out.json:
        run.out.document({"statement": answer, "attestation": signed})
        return
    names = ("id", "institution", "period", "revision", "cause", "state", "hash", "lines", "prepared_by")
    run.out.record(answer, [*((name, answer[name]) for name in names), *totals_of(answer)])
    if signed is not None:
        show_items(run, signed)
        explain_items(run, signed)


@app.command(rich_help_panel=PANEL)
def sign(context: typer.Context, statement: StatementArgument, key: KeyOption, wait: WaitOption = 120) -> None:
    """Sign a statement with the bank's own key, after showing what is signed and what changed, and wait until it is anchored.

    What came into the envelope log since it was signed last is signed with it: the raw readings are fixed when the figures are.
    """
    from ledger.client import acts

    run = this(context)
    with run.client() as client:
        view = client.get(f"/v1/statements/{statement}")
        if view["state"] in SIGNED:
            # Signed before, perhaps by this command when the network broke: nothing is signed twice.
            run.out.note("signed_already", id=statement, state=view["state"])
            answer = client.wait(f"/v1/attestations/{statement}", until=acts.SETTLED, seconds=wait)
            show_items(run, answer)
            require_settled(answer, ANCHORED, f"statement {statement}", wait)
            return
        request = client.get(f"/v1/statements/{statement}/signing-request")
        document = client.get_bytes(f"/v1/statements/{statement}/document")
        check_request(view, request, document)
        if not run.out.json:
            names = ("id", "institution", "period", "revision", "cause", "hash")
            run.out.record(view, [*((name, view[name]) for name in names), *totals_of(view)])
            run.out.note("signing_explained")
            rows = [(item["dataset"], item["message"]["n"], item["message"]["root"]) for item in request["items"]]
            run.out.table(request, ("dataset", "leaves", "root"), rows)
            show_before_signing(run, client, statement)
        run.confirm(statement)
        party = run.party(client, key)
        sign_grown_log(run, party)
        run.out.note("waiting")
        answer = acts.attest(party, statement, request=request, seconds=wait)
    show_items(run, answer)
    require_settled(answer, ANCHORED, f"statement {statement}", wait)


@app.command(rich_help_panel=PANEL)
def receipt(context: typer.Context, statement: StatementArgument, out: OutOption) -> None:
    """Download the receipt: the attestation and the chain's proof of every dataset, to be kept with the books."""
    run = this(context)
    with run.client() as client:
        view = client.get(f"/v1/statements/{statement}")
        signed = client.get(f"/v1/attestations/{statement}")
        require_state(signed, ANCHORED, f"statement {statement}")
        anchors = [
            {"anchor": client.get(f"/v1/anchors/{item['id']}"), "proof": client.get(f"/v1/anchors/{item['id']}/proof")}
            for item in signed["items"]
        ]
    facts = {"statement": statement, "institution": view["institution"], "period": view["period"], "statement_hash": view["hash"]}
    write_result(out, canonical.dump({"schema": "lingtan.receipt/1", **facts, "attestation": signed, "anchors": anchors}))
    run.out.record({"file": str(out), **facts}, [("file", out), ("hash", view["hash"])])


@app.command(rich_help_panel=PANEL)
def package(context: typer.Context, statement: StatementArgument, out: OutOption) -> None:
    """Download the evidence package: everything an auditor needs to recompute the statement."""
    run = this(context)
    with run.client() as client:
        data = client.get_bytes(f"/v1/statements/{statement}/package")
    write_result(out, data)
    digest = hashlib.sha256(data).hexdigest()
    run.out.record({"file": str(out), "bytes": len(data), "sha256": digest}, [("file", out), ("bytes", len(data)), ("hash", digest)])


@app.command(rich_help_panel=PANEL)
def proof(
    context: typer.Context,
    statement: StatementArgument,
    asset: Annotated[str, typer.Option(help="such as line/hq/electricity.purchased or meter/M-1/el.import")],
    out: OutOption,
    dataset: Annotated[str | None, typer.Option(help="METERS for meter/…, OPERATIONAL for line/… without it")] = None,
) -> None:
    """Download the proof that one line or one meter is part of the anchored total."""
    run = this(context)
    chosen = dataset or ("METERS" if asset.startswith("meter/") else "OPERATIONAL")
    with run.client() as client:
        data = client.get_bytes(f"/v1/statements/{statement}/proofs", dataset=chosen, asset=asset)
    write_result(out, data)
    run.out.record({"file": str(out), "dataset": chosen, "asset": asset}, [("file", out), ("dataset", chosen)])


@app.command(rich_help_panel=PANEL)
def claim(
    context: typer.Context,
    statement: StatementArgument,
    id: Annotated[str, typer.Option(help="the id the claim will have, such as operational-2025")],
    scheme: Annotated[str, typer.Option(help="the scheme to be recognised under")],
    key: KeyOption,
    verifiers: Annotated[int, typer.Option(help="how many verifiers decide", min=1, max=2)] = 1,
    wait: WaitOption = 120,
) -> None:
    """Claim recognition for an anchored statement, signed with the bank's own key."""
    from ledger.client import acts

    run = this(context)
    with run.client() as client:
        view = client.get(f"/v1/statements/{statement}")
        item = acts.request_claim(client, statement, id, scheme, verifiers)
        if not run.out.json:
            fields = [("id", id), ("scheme", scheme), ("verifiers", verifiers), ("statement", statement), ("period", view["period"])]
            run.out.record(item, [*fields, ("package", item["message"]["packageHash"]), *totals_of(view)])
        run.confirm(statement)
        answer = acts.claim(run.party(client, key), statement, claim_id=id, scheme=scheme, request=item, seconds=wait)
    run.out.record(answer, [(name, answer[name]) for name in ("id", "state", "package")])
    require_settled(answer, ("submitted", "attested", "certified", "disputed"), f"claim {answer['id']}", wait)


@app.command("log-checkpoint", rich_help_panel=PANEL)
def log_checkpoint(context: typer.Context, key: KeyOption) -> None:
    """Sign the bank's envelope log as it stands; the same as `meter anchor`."""
    anchor(context, key)


def sign_grown_log(run: Invocation, party: Party) -> None:
    """Sign the envelope log where something came in since it was signed last.

    Raises:
        IntegrityError: it does not extend what was signed: nothing is signed.
    """
    from ledger.client.log_keeping import find_signed, sign_log

    institution = my_institution(party.client)
    signed = sign_log(party, institution, find_signed(party.client, institution))
    if signed is not None:
        run.out.note("log_signed", size=signed[1].size)


def check_request(view: dict[str, Any], request: dict[str, Any], document: bytes) -> None:
    """Pass if the messages attest exactly the document that was downloaded, with the totals that are shown.

    Raises:
        IntegrityError: the server shows one thing and asks for a signature on another.
    """
    hint = "do not sign; tell the operator"
    digest = hashlib.sha256(document).hexdigest()
    read = canonical.load_canonical(document)
    totals = read.get("totals") if isinstance(read, dict) else None
    if view["hash"] != digest or totals != view["totals"]:
        raise IntegrityError("the statement shown is not the document that stands under its hash", hint=hint)
    for item in request["items"]:
        message = item["message"]
        if message["statementHash"] != f"0x{digest}":
            raise IntegrityError(f"the message for {item['dataset']} attests another statement", hint=hint)
        if item["dataset"] == "OPERATIONAL" and list(message["totals"]) != list(view["totals"].values()):
            raise IntegrityError("the message attests other totals than those shown", hint=hint)


def find_attestation(client: Client, statement: dict[str, Any]) -> dict[str, Any] | None:
    """Return the attestation of a statement; None where nothing of it was signed, a draft or one that findings refuse."""
    if statement["state"] == "draft":
        return None
    try:
        return dict(client.get(f"/v1/attestations/{statement['id']}"))
    except RequestRefused as error:
        if error.status != 404:
            raise
        return None


def explain_items(run: Invocation, answer: dict[str, Any]) -> None:
    """Say what to do about datasets that did not reach the chain."""
    for state, key in (("rejected", "sign_again"), ("quarantined", "operator_looks")):
        names = ", ".join(str(item["dataset"]) for item in answer["items"] if item["state"] == state)
        if names:
            run.out.note(key, datasets=names, id=answer["statement"])


def show_items(run: Invocation, answer: dict[str, Any]) -> None:
    """Show the datasets of an attestation."""
    rows = [[item.get("error" if name == "problem" else name) for name in ITEM_COLUMNS] for item in answer["items"]]
    run.out.table(answer, ITEM_COLUMNS, rows)


def require_settled(answer: dict[str, Any], states: tuple[str, ...], what: str, seconds: float, hint: str = KEY_HINT) -> None:
    """Pass as `require_state` does, and where nobody wanted to wait also if it is still on its way."""
    if seconds > 0 or answer["state"] == "rejected":
        require_state(answer, states, what, hint)


def require_state(answer: dict[str, Any], states: tuple[str, ...], what: str, hint: str = KEY_HINT) -> None:
    """Pass if a resource has come so far.

    Raises:
        NotAnchored: the chain's contracts refused it.
        Conflict: it is still on its way.
    """
    if answer["state"] in states:
        return
    if answer["state"] == "rejected":
        reasons = "; ".join(str(item["error"]) for item in answer.get("items", ()) if item.get("error"))
        raise NotAnchored(f"{what} was refused by the contract: {reasons or 'no reason given'}", hint=hint)
    raise Conflict(f"{what} is {answer['state']}", hint="look again with `lingtan status`; what was signed is kept and relayed")
