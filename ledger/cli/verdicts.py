"""Commands of a verifier: hand in what `lingtan-verify verdict` signed. The commitment hides the result, the verdict shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.invocation import this
from ledger.cli.offline import read_document
from ledger.cli.reporting import WaitOption, require_settled
from ledger.clock import SystemClock
from ledger.errors import InputError, MalformedDocument

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Verdicts on claims, as `lingtan-verify verdict` signed them.")
app.add_typer(group, name="verdict", rich_help_panel="Centre")
disputes = typer.Typer(no_args_is_help=True, help="Claims whose verifiers disagree.")
app.add_typer(disputes, name="dispute", rich_help_panel="Centre")

FileArgument = Annotated[Path, typer.Argument(help="what `lingtan-verify verdict` wrote", exists=True, dir_okay=False)]
ClaimArgument = Annotated[str, typer.Argument(help="the claim's id, bank:claim")]
SHOWN_COLUMNS = ("verifier", "opinion", "assurance", "materiality_bp", "sequence", "state", "result")
RESOLUTION_COLUMNS = ("certifier", "result", "state", "problem")
HASH_DIGITS = 64
COMMITMENT_COLUMNS = ("id", "verifier", "signer", "commitment", "state", "problem")
VERDICT_FIELDS = ("id", "claim", "verifier", "opinion", "assurance", "sequence", "result_hash", "state")
REQUIRED = 2
REFUSED_HINT = "sign it anew, with the same --salt where it was committed to: docs/guides/centre.md, section 3"


@group.command("commit")
def commit(context: typer.Context, file: FileArgument, wait: WaitOption = 60) -> None:
    """Hand in the commitment, where a claim asks for two verifiers: both are on the chain before the first verdict is shown."""
    from ledger.client import acts

    run = this(context)
    signed = _read_signed(file, "commitment")
    with run.client() as client:
        mine = acts.commit_verdict(client, signed, seconds=wait)
        items = list(client.get_all("/v1/verdict-commitments", claim=mine["claim"]))
    rows = [[item["error" if name == "problem" else name] for name in COMMITMENT_COLUMNS] for item in items]
    run.out.table({"commitment": mine, "items": items}, COMMITMENT_COLUMNS, rows)
    require_settled({**mine, "items": [mine]}, ("anchored",), f"the commitment on {mine['claim']}", wait)
    anchored = sum(1 for item in items if item["state"] == "anchored")
    run.out.note("commitments_so_far", count=anchored, required=REQUIRED)


@group.command("submit")
def submit(context: typer.Context, file: FileArgument, wait: WaitOption = 60) -> None:
    """Hand in the verdict itself, with the result whose hash it signs."""
    from ledger.client import acts

    run = this(context)
    signed = _read_signed(file, "verdict")
    with run.client() as client:
        answer = acts.submit_verdict(client, signed, seconds=wait)
    run.out.record(answer, [*((name, answer[name]) for name in VERDICT_FIELDS), ("problem", answer["error"])])
    require_settled({**answer, "items": [answer]}, ("anchored",), f"the verdict on {answer['claim']}", wait, REFUSED_HINT)


@disputes.command("show")
def show(context: typer.Context, claim: ClaimArgument) -> None:
    """Show what the verifiers of a claim said, place by place where they except something, and how it was settled."""
    run = this(context)
    with run.client() as client:
        found = client.get(f"/v1/claims/{claim}")
        verdicts = list(client.get_all("/v1/verdicts", claim=claim))
        resolutions = list(client.get_all("/v1/resolutions", claim=claim))
    document = {"claim": found, "verdicts": verdicts, "resolutions": resolutions}
    if run.out.json:
        run.out.document(document)
        return
    run.out.record(document, [(name, found[name]) for name in ("id", "institution", "state", "verdicts")])
    rows = [[item["result_hash" if name == "result" else name] for name in SHOWN_COLUMNS] for item in verdicts]
    run.out.table(document, SHOWN_COLUMNS, rows)
    for item in verdicts:
        for exception in item["exceptions"]:
            run.out.record(document, [("verifier", item["verifier"]), ("exception", f"{exception['place']}: {exception['text']}")])
    if resolutions:
        rows = [[item["error" if name == "problem" else name] for name in RESOLUTION_COLUMNS] for item in resolutions]
        run.out.table(document, RESOLUTION_COLUMNS, rows)


@disputes.command("resolve")
def resolve(
    context: typer.Context,
    claim: ClaimArgument,
    result: Annotated[str, typer.Option(help="the hash of the result that holds, from `lingtan dispute show`")],
    reason: Annotated[str, typer.Option(help="why; its hash stands in the signed message, the words in the audit log")],
    key: Annotated[Path, typer.Option(help="the certifier's encrypted key file", exists=True, dir_okay=False)],
    wait: WaitOption = 60,
) -> None:
    """Settle a dispute as a certifier of another institution: one of the recorded results holds. Every verdict stays."""
    from ledger.client import acts

    run = this(context)
    plain = result.removeprefix("0x").lower()
    if len(plain) != HASH_DIGITS or not all(character in "0123456789abcdef" for character in plain):
        raise InputError(f"--result is no hash: got {result[:80]!r}", hint="expected 64 hex digits, as `lingtan dispute show` tells them")
    with run.client() as client:
        run.confirm(claim)
        answer = acts.resolve_dispute(run.party(client, key), claim, result=plain, reason=reason, now=SystemClock().now(), seconds=wait)
        state = client.get(f"/v1/claims/{claim}")["state"]
    fields = [(name, answer[name]) for name in ("id", "claim", "certifier", "result", "state")]
    run.out.record({**answer, "claim_state": state}, [*fields, ("claim_state", state), ("problem", answer["error"])])
    require_settled({**answer, "items": [answer]}, ("anchored",), f"the resolution of {claim}", wait)


def _read_signed(file: Path, part: str) -> dict[str, Any]:
    """Return the body of one request out of what the verifier wrote, and nothing else of it.

    Args:
        part: `commitment` (message and signature; the result stays here) or `verdict` (with the result).

    Raises:
        MalformedDocument: the file is something else.
    """
    document = read_document(file)
    found = document.get("commitment") if part == "commitment" else document
    wanted = {"message": dict, "signature": str} | ({"result": dict} if part == "verdict" else {})
    if not isinstance(found, dict) or not all(isinstance(found.get(name), kind) for name, kind in wanted.items()):
        names = ", ".join(wanted)
        raise MalformedDocument(
            f"{file} holds no signed {part}: expected {names}", hint="give the file that `lingtan-verify verdict --out FILE` wrote"
        )
    return {name: found[name] for name in wanted}
