"""Statements of one dataset at the command line, financed ones and those of reductions: list them, check what is to be signed, sign it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.cli.invocation import Invocation, my_institution
from ledger.errors import IntegrityError
from ledger.records import canonical

if TYPE_CHECKING:
    from ledger.client.http import Client

SIGNED = ("queued", "anchored", "superseded")
View = dict[str, Any]


def list_statements(client: Client, resource: str, period: str | None) -> list[View]:
    """Return the bank's statements of a resource (`financed`, `reductions`), of one period if given."""
    institution = my_institution(client)
    periods = [period] if period is not None else [item["id"] for item in client.get_all(f"/v1/institutions/{institution}/periods")]
    return [item for name in periods for item in client.get_all(f"/v1/institutions/{institution}/periods/{name}/{resource}")]


def sign_statement(
    run: Invocation, resource: str, id: str, key: Path, wait: float, *, name: str, review: Callable[[View, View, bytes], None]
) -> None:
    """Sign a statement after it was looked at, and wait until it is anchored; what is signed already is not signed again.

    Args:
        name: what it is called in words.
        review: checks and shows what is signed: the statement's view, the signing request, the document.
    """
    from ledger.cli.reporting import require_settled, show_items
    from ledger.client.acts import SETTLED, attest_dataset

    path = f"/v1/{resource}/{id}"
    with run.client() as client:
        view = client.get(path)
        if view["state"] in SIGNED:
            run.out.note("signed_already", id=id, state=view["state"])
            answer = client.wait(f"{path}/attestation", until=SETTLED, seconds=wait)
        else:
            request = client.get(f"{path}/signing-request")
            review(view, request, client.get_bytes(f"{path}/document"))
            run.confirm(id)
            party = run.party(client, key)
            run.out.note("waiting")
            answer = attest_dataset(party, path, request, seconds=wait)
    show_items(run, answer)
    require_settled(answer, ("anchored", "superseded"), f"{name} {id}", wait)


def check_request(view: View, request: View, document: bytes, dataset: str | None = None) -> View:
    """Return the document, if every message attests exactly it, with the sums that are shown.

    Args:
        dataset: what it has to be; the one that the document names without it.

    Raises:
        IntegrityError: the server shows one thing and asks for a signature on another.
    """
    hint = "do not sign; tell the operator"
    digest, read = hashlib.sha256(document).hexdigest(), canonical.load_canonical(document)
    statement: View = dict(read) if isinstance(read, dict) else {}
    if view["hash"] != digest or statement.get("totals") != view["totals"]:
        raise IntegrityError("the statement shown is not the document that stands under its hash", hint=hint)
    named = statement["commitment"]
    for item in request["items"]:
        message = item["message"]
        if message["statementHash"] != f"0x{digest}" or item["dataset"] != (dataset or statement["dataset"]):
            raise IntegrityError(f"the message for {item['dataset']} attests another statement", hint=hint)
        if list(message["totals"]) != named["totals"] or message["root"] != f"0x{named['root']}":
            raise IntegrityError("the message attests other totals, or another root, than the statement", hint=hint)
    return statement
