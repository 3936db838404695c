"""`lingtan bundle`: one file for a stranger who has `lingtan-verify` and a policy, and needs no word of ours."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.invocation import Invocation, this, write_result
from ledger.cli.offline import read_document
from ledger.errors import InputError
from ledger.records import canonical

app = typer.Typer()
bundles = typer.Typer(no_args_is_help=True, help="Proof bundles: one file that a stranger opens with one policy.")
app.add_typer(bundles, name="bundle", rich_help_panel="Evidence")

OutOption = Annotated[Path, typer.Option(help="the file to write, such as claim.lingtan.json")]
PolicyOption = Annotated[
    Path | None, typer.Option(help="the reader's policy: the bundle is joined to the checkpoint that it pins", exists=True, dir_okay=False)
]
StatementArgument = Annotated[str, typer.Argument(help="the statement's id")]


@bundles.command("statement")
def statement(context: typer.Context, id: StatementArgument, out: OutOption, policy: PolicyOption = None) -> None:
    """Everything that proves a statement and recomputes it, without the meters' slots."""
    fetch_bundle(this(context), f"/v1/statements/{id}/bundle", out, policy)


@bundles.command("leaf")
def leaf(
    context: typer.Context,
    id: StatementArgument,
    asset: Annotated[str, typer.Option(help="such as line/outlet-7/electricity.purchased or meter/M1/el.import")],
    out: OutOption,
    policy: PolicyOption = None,
) -> None:
    """One line, or one meter's period with its slots."""
    dataset = "METERS" if asset.startswith("meter/") else "OPERATIONAL"
    fetch_bundle(this(context), f"/v1/statements/{id}/leaf-bundle", out, policy, dataset=dataset, asset=asset)


@bundles.command("claim")
def claim(
    context: typer.Context, id: Annotated[str, typer.Argument(help="bank:claim")], out: OutOption, policy: PolicyOption = None
) -> None:
    """A claim with its verdicts, its certificate and their status, beside everything of its statement."""
    fetch_bundle(this(context), f"/v1/claims/{id}/bundle", out, policy)


@bundles.command("group")
def group(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="the financed statement's id")],
    opening: Annotated[Path, typer.Option(help="the opened group, from `lingtan loans open`", exists=True, dir_okay=False)],
    out: OutOption,
    policy: PolicyOption = None,
) -> None:
    """One opened group of exposures, with the signature and the anchor of its book. The opening does not leave this machine."""
    from ledger.accounting.bundle import item_of_opening

    run = this(context)
    document, opened = _get(run, f"/v1/financed/{id}/bundle", policy), read_document(opening)
    dataset = document["datasets"][0]
    if opened.get("schema") != "lingtan.opening/1" or opened.get("root") != dataset["root"]:
        raise InputError(f"{opening} is no opened group of this statement", hint="open it from the vault of this book")
    dataset["items"] = [item_of_opening(opened)]
    document["subject"]["kind"] = "leaf"
    _write(run, canonical.dump(document), out)


def fetch_bundle(run: Invocation, path: str, out: Path, policy: Path | None, **query: str) -> None:
    """Write a bundle to a file, joined to the checkpoint that a policy pins, and say its id."""
    with run.client() as client:
        _write(run, client.get_bytes(path, **query, **_since(policy)), out)


def _get(run: Invocation, path: str, policy: Path | None) -> dict[str, Any]:
    with run.client() as client:
        document: dict[str, Any] = client.get(path, **_since(policy))
    return document


def _since(policy: Path | None) -> dict[str, str]:
    if policy is None:
        return {}
    pinned = (read_document(policy).get("checkpoint") or {}).get("pinned")  # type: ignore[attr-defined]
    return {} if pinned is None else {"since": str(pinned).split("\n")[1]}


def _write(run: Invocation, data: bytes, out: Path) -> None:
    write_result(out, data)
    digest = hashlib.sha256(data).hexdigest()
    run.out.record({"file": str(out), "id": digest, "bytes": len(data)}, [("file", out), ("id", digest), ("bytes", len(data))])
