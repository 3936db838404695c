"""`lingtan sample`: an auditor's samples, committed to before the anchor, drawn after it, every outcome kept (docs/spec/bundle.md §4)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ledger.cli.invocation import this, write_result
from ledger.errors import InputError
from ledger.records.sampling import commitment_of

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Samples: which leaves a bank has to open, decided by nobody.")
app.add_typer(group, name="sample", rich_help_panel="Centre")

SampleArgument = Annotated[str, typer.Argument(help="the sample's commitment, 64 hex digits, or the first of them")]
NonceOption = Annotated[Path, typer.Option(help="the file of the nonce; it stays with the auditor until the anchor", dir_okay=False)]
FIELDS = ("commitment", "institution", "subject", "dataset", "number", "measure", "size", "state", "block", "seed")
COLUMNS = ("commitment", "institution", "subject", "dataset", "number", "size", "state")
ITEM_COLUMNS = ("index", "drawn", "outcome", "note")
NONCE_BYTES = 32


@group.command("commit")
def commit(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="the institution whose books are sampled")],
    period: Annotated[str, typer.Argument(help="its period, before it is anchored")],
    nonce: NonceOption,
    dataset: Annotated[
        Literal["METERS", "OPERATIONAL", "FINANCED_PCAF", "FINANCED_PBOC"], typer.Option(help="what is drawn from")
    ] = "OPERATIONAL",
    measure: Annotated[int | None, typer.Option(help="draw by this measure instead of by leaf", min=0, max=3)] = None,
    size: Annotated[int | None, typer.Option(help="number of draws; 299 (1 % at 95 %) without it", min=1, max=10_000)] = None,
) -> None:
    """Make a nonce, keep it in a new file, and commit to it. Then have your logkeeper sign your log: `lingtan log-checkpoint`."""
    import secrets

    run = this(context)
    if nonce.exists():
        raise InputError(f"{nonce} is there already", hint="each sample has a nonce of its own: name a new file")
    secret = secrets.token_bytes(NONCE_BYTES)
    # Kept first: a commitment whose nonce is lost could never be revealed, and would show for ever.
    write_result(nonce, f"{secret.hex()}\n".encode(), private=True)
    body: dict[str, object] = {"subject": subject, "period": period, "dataset": dataset, "commitment": commitment_of(secret).hex()}
    body |= {name: value for name, value in (("measure", measure), ("size", size)) if value is not None}
    with run.client() as client:
        answer = client.post("/v1/samples", body)
    run.out.record(answer, [(name, answer[name]) for name in FIELDS])


@group.command("reveal")
def reveal(
    context: typer.Context,
    statement: Annotated[str, typer.Argument(help="the anchored statement; of a FINANCED dataset the financed statement")],
    nonce: NonceOption,
) -> None:
    """Reveal the nonce once the dataset is anchored, and draw."""
    run = this(context)
    secret = _read_nonce(nonce)
    with run.client() as client:
        path = f"/v1/samples/{commitment_of(secret).hex()}/reveal"
        answer = client.post(path, {"nonce": secret.hex(), "statement": statement})
    _show(run, answer)


@group.command("draw")
def draw(
    context: typer.Context, sample: SampleArgument, out: Annotated[Path | None, typer.Option(help="write the evidence")] = None
) -> None:
    """Show what was drawn and what became of it; --out writes the evidence for `lingtan-verify sample --record`."""
    run = this(context)
    with run.client() as client:
        found = _find(list(client.get_all("/v1/samples")), sample)
        if out is not None:
            write_result(out, client.get_bytes(f"/v1/samples/{found['commitment']}/proof"))
    _show(run, found)


@group.command("record")
def record(
    context: typer.Context,
    sample: SampleArgument,
    index: Annotated[int, typer.Argument(help="the drawn leaf", min=0)],
    outcome: Annotated[Literal["opened", "failed", "refused"], typer.Option(help="refused: it was not opened, and counts as failed")],
    note: Annotated[str, typer.Option(help="what was seen; it is kept")],
) -> None:
    """Record what became of a drawn leaf, for ever."""
    run = this(context)
    with run.client() as client:
        found = _find(list(client.get_all("/v1/samples")), sample)
        path = f"/v1/samples/{found['commitment']}/results"
        answer = client.post(path, {"index": index, "outcome": outcome, "note": note})
    _show(run, answer)


@group.command("list")
def list_samples(
    context: typer.Context, institution: Annotated[str | None, typer.Option(help="only samples of this institution's books")] = None
) -> None:
    """List every sample that this token sees."""
    run = this(context)
    with run.client() as client:
        items = list(client.get_all("/v1/samples", **({} if institution is None else {"institution": institution})))
    rows = [[item["commitment"][:16] if name == "commitment" else item[name] for name in COLUMNS] for item in items]
    run.out.table({"items": items}, COLUMNS, rows)


def _show(run: Any, answer: dict[str, Any]) -> None:
    if run.out.json:
        run.out.document(answer)
        return
    run.out.record(answer, [(name, answer[name]) for name in FIELDS])
    rows = [[item["index"], answer["draws"].count(item["index"]), item["outcome"], item["note"]] for item in answer["items"]]
    run.out.table(answer, ITEM_COLUMNS, rows)


def _find(items: list[dict[str, Any]], commitment: str) -> dict[str, Any]:
    found = [item for item in items if item["commitment"].startswith(commitment.removeprefix("0x"))]
    if len(found) != 1:
        raise InputError(
            f"{len(found)} samples begin with {commitment[:64]!r}", hint="give more digits, as `lingtan sample list --json` has them"
        )
    return found[0]


def _read_nonce(file: Path) -> bytes:
    try:
        secret = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        secret = b""
    if len(secret) != NONCE_BYTES:
        raise InputError(f"{file} holds no nonce", hint="give the file that `lingtan sample commit` wrote")
    return secret
