"""`lingtan policy`: make the file that an auditor's trust comes from, sign it, show what it pins."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.invocation import this, write_result
from ledger.cli.keys import load_policy_key
from ledger.cli.offline import read_document
from ledger.errors import InputError, MalformedDocument
from ledger.records import canonical

policies = typer.Typer(no_args_is_help=True, help="The policy file: where an auditor's trust comes from.")

VersionOption = Annotated[int, typer.Option(help="one more than the last one handed out", min=1)]
DaysOption = Annotated[int | None, typer.Option(help="how long it is good for; no end without it", min=1)]
OutOption = Annotated[Path, typer.Option(help="the file to write")]
KeyOption = Annotated[Path, typer.Option(help="a signer's policy key, from `lingtan keys policy`", exists=True, dir_okay=False)]
PreviousOption = Annotated[Path | None, typer.Option(help="the policy before, which this one follows", exists=True, dir_okay=False)]
AgeOption = Annotated[int | None, typer.Option(help="seconds after which the shown status of a claim is too old", min=1)]
WitnessOption = Annotated[list[str] | None, typer.Option(help="a witness's vkey; once for each")]
QuorumOption = Annotated[int, typer.Option(help="how many of the witnesses must have signed", min=1)]
FileArgument = Annotated[Path, typer.Argument(help="the policy file", exists=True, dir_okay=False)]


@policies.command("make")
def make(
    context: typer.Context,
    version: VersionOption,
    out: OutOption,
    signer: Annotated[list[str], typer.Option(help="a signer's public key, 64 hex; once for each")],
    threshold: Annotated[int | None, typer.Option(help="how many of them must sign; all without it", min=1)] = None,
    days: DaysOption = None,
    previous: PreviousOption = None,
    max_age: AgeOption = None,
    witness: WitnessOption = None,
    quorum: QuorumOption = 1,
) -> None:
    """Fetch what a policy pins and write it for its signers, unsigned. Read it over with `lingtan policy show`."""
    from ledger.client import acts
    from ledger.records.policy import Trust, make_policy

    run = this(context)
    for key in signer:
        if len(key) != 64 or set(key) - set("0123456789abcdef"):
            raise InputError("a signer is the public half of an Ed25519 key: 64 lower-case hex", hint="`lingtan keys policy` shows it")
    trust = Trust(threshold or len(signer), tuple(signer), _previous(previous, version), max_age, _witnesses(witness, quorum))
    with run.client() as client:
        document = make_policy(acts.get_policy_facts(client, version=version, days=days), trust)
    write_result(out, canonical.dump(document))
    run.out.record(_facts(out, document), list(_facts(out, document).items()))


@policies.command("sign")
def sign(context: typer.Context, file: FileArgument, key: KeyOption, out: OutOption) -> None:
    """Add a signature: by one of the policy's own signers, or by one of those of the policy before."""
    from ledger.records.policy import sign_policy

    run = this(context)
    document = sign_policy(_read(file), load_policy_key(run, key))
    write_result(out, canonical.dump(document))
    run.out.record(_facts(out, document), list(_facts(out, document).items()))


@policies.command("show")
def show(context: typer.Context, file: FileArgument) -> None:
    """Show what a policy pins, whose signatures it carries, and its fingerprint."""
    run = this(context)
    document = _read(file)
    fields: list[tuple[str, object]] = list(_facts(file, document).items())
    fields += [("issued", document["issued"]), ("expires", document["expires"]), ("previous", document["previous"])]
    fields += [("chain", f"{document['chain']['id']} ({document['chain']['kind']})"), ("genesis", document["chain"]["genesis"])]
    fields += [(name, item["address"]) for name, item in document["contracts"].items()]
    fields += [(f"key {item['role']} of {item['institution']}", item["address"]) for item in document["keys"]]
    fields += [("library", hash) for hash in document["libraries"]]
    witnesses = document["witnesses"] or {"quorum": 0, "keys": []}
    fields += [("witness quorum", f"{witnesses['quorum']} of {len(witnesses['keys'])}"), *(("witness", key) for key in witnesses["keys"])]
    run.out.record(document, [*fields, ("max_age", document["max_age"])])


@policies.command("export")
def export(
    context: typer.Context,
    version: VersionOption,
    key: KeyOption,
    out: OutOption,
    days: DaysOption = None,
    previous: PreviousOption = None,
    max_age: AgeOption = None,
    witness: WitnessOption = None,
    quorum: QuorumOption = 1,
) -> None:
    """Make and sign in one step, where the centre has one policy key. Read it over before you hand it out."""
    from ledger.client import acts

    run = this(context)
    signing = load_policy_key(run, key)
    with run.client() as client:
        document = acts.sign_policy_facts(
            client,
            signing,
            version=version,
            days=days,
            previous=_previous(previous, version),
            max_age=max_age,
            witnesses=_witnesses(witness, quorum),
        )
    write_result(out, canonical.dump(document))
    public = signing.public_key().public_bytes_raw().hex()
    fields = [("file", out), ("version", version), ("public_key", public), ("hash", canonical.digest(document))]
    run.out.record({"file": str(out), "version": version, "public_key": public, "hash": canonical.digest(document)}, fields)


def _read(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = read_document(file)
    if document.get("schema") != "lingtan.policy/1" or "signatures" not in document:
        raise MalformedDocument(f"{file} is no policy file", hint="`lingtan policy make` writes one")
    return document


def _previous(file: Path | None, version: int) -> str | None:
    if file is None:
        return None
    before = _read(file)
    if int(before["version"]) >= version:
        raise InputError(f"{file} has version {before['version']}, expected less than {version}", hint="versions strictly increase")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _witnesses(keys: list[str] | None, quorum: int) -> dict[str, Any] | None:
    if not keys:
        return None
    if quorum > len(keys) or len(set(keys)) != len(keys):
        raise InputError(f"a quorum of {quorum} among {len(set(keys))} witnesses", hint="name each once, and a quorum they can reach")
    return {"quorum": quorum, "keys": list(keys)}


def _facts(file: Path, document: dict[str, Any]) -> dict[str, object]:
    signed = [item["public_key"] for item in document["signatures"]]
    signers = document["signers"]
    return {
        "file": str(file),
        "version": document["version"],
        "hash": canonical.digest(document),
        "signers": f"{signers['threshold']} of {', '.join(signers['keys'])}",
        "signed_by": ", ".join(signed) or "-",
    }
