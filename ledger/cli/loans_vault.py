"""`lingtan loans key|vault|open|erase`: the pseudonym key, and the vault of a computed book (spec: commitments §5, documents §15)."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.invocation import this, write_result
from ledger.cli.keys import read_secret_key
from ledger.errors import InputError, NotFound

app = typer.Typer()
VaultOption = Annotated[Path, typer.Option(help="the folder that computing the book wrote", exists=True, file_okay=False)]
SHOWN = ("dataset", "exposures", "groups", "erased", "root")


@app.command("key")
def key(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="where to write it, readable by you alone; one that is there stays")]
) -> None:
    """Make the bank's pseudonym key, or check the one that is there. It never leaves the bank; whoever has it can test guesses."""
    run = this(context)
    made = not file.exists()
    if made:
        write_result(file, secrets.token_hex(32).encode() + b"\n", private=True)
    read_secret_key(file, "pseudonym key")
    run.out.record({"file": str(file), "made": made}, [("file", file), ("made", made)])


@app.command("vault")
def vault(context: typer.Context, folder: Annotated[Path, typer.Argument(help="the vault", exists=True, file_okay=False)]) -> None:
    """Check a vault whole: every record against its leaf, the groups against the root; and list what was erased."""
    from ledger.client.vault import Vault

    run, opened = this(context), Vault.open(folder)
    opened.verify()
    erasures = opened.erasures()
    facts = {
        "dataset": opened.dataset,
        "exposures": opened.n,
        "groups": len(opened.sizes),
        "erased": len(erasures),
        "root": opened.root.hex(),
    }
    run.out.record({**facts, "statement": opened.statement_hash, "erasures": list(erasures)}, [(name, facts[name]) for name in SHOWN])


@app.command("open")
def open_group(
    context: typer.Context,
    vault: VaultOption,
    out: Annotated[Path, typer.Option(help="the file to write (lingtan.opening/1)")],
    group: Annotated[int, typer.Option(help="the group's number, from 0", min=0)],
) -> None:
    """Open one group for an auditor: its exposures with their salts, and the path to the signed root; nothing of other groups."""
    from ledger.accounting.financed.openings import ErasedExposure
    from ledger.client.vault import Vault

    run = this(context)
    opening = Vault.open(vault).opening(group)
    data = opening.to_bytes()
    write_result(out, data, private=True)
    erased = sum(1 for shown in opening.exposures if isinstance(shown, ErasedExposure))
    facts = {"file": str(out), "bytes": len(data), "asset": opening.asset, "exposures": len(opening.exposures), "erased": erased}
    run.out.record({**facts, "root": opening.root.hex()}, [*facts.items(), ("root", opening.root.hex())])


@app.command("erase")
def erase(
    context: typer.Context,
    vault: VaultOption,
    reason: Annotated[str, typer.Option(help="why; it stays in the log for ever, so name no customer")],
    by: Annotated[str, typer.Option(help="who erases; it stays in the log")],
    exposure: Annotated[str | None, typer.Option(help="the exposure's id in the book; needs --pseudonym-key")] = None,
    pseudonym_key: Annotated[Path | None, typer.Option(help="the bank's pseudonym key", exists=True, dir_okay=False)] = None,
    pseudonym: Annotated[str | None, typer.Option(help="its pseudonym instead: 32 hex digits")] = None,
) -> None:
    """Erase one exposure's record and salt for ever; root and totals stay. Copies and backups of the vault are yours to destroy."""
    from ledger.client.vault import Vault
    from ledger.clock import SystemClock
    from ledger.loans.pseudonyms import PseudonymKey

    run, opened = this(context), Vault.open(vault)
    if (exposure is None) == (pseudonym is None) or (exposure is None) != (pseudonym_key is None):
        raise InputError("which exposure is to be erased?", hint="give --exposure with --pseudonym-key, or --pseudonym alone")
    if exposure is not None and pseudonym_key is not None:
        pseudonym = PseudonymKey(bytes.fromhex(read_secret_key(pseudonym_key, "pseudonym key"))).exposure(exposure)
    position = opened.find(str(pseudonym))
    if position is None:
        raise NotFound("the vault has no such exposure, or its record is erased already", hint="look at the id, the key and `loans vault`")
    run.confirm(exposure or str(pseudonym))
    erasure = opened.erase(position, by=by, at=SystemClock().now(), reason=reason)
    document = {**erasure.to_document(), "group": opened.group_of(position)}
    run.out.record(document, [(name, document[name]) for name in ("position", "group", "leaf", "by", "at", "reason")])
