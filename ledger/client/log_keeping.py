"""Keep an institution's envelope log from the outside: before a root is signed, it is shown that the log only grew since the last one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.client.acts import Party, sign_item
from ledger.client.http import Client
from ledger.errors import IntegrityError
from ledger.identifiers import sid
from ledger.merkle.plain import ProofRefused, verify_consistency


@dataclass(frozen=True)
class LogState:
    """A size of an envelope log and its root (hex): what was signed last."""

    size: int
    root: str


def find_signed(client: Client, institution: str) -> LogState | None:
    """Return what of the log was signed last, as the server says; None before the first time."""
    signed = client.get(f"/v1/institutions/{institution}/log")["signed"]
    return None if signed is None else LogState(int(signed["size"]), str(signed["root"]))


def sign_log(party: Party, institution: str, before: LogState | None) -> tuple[dict[str, Any], LogState] | None:
    """Sign the envelope log as it stands and hand the checkpoint in; None where nothing came since `before`.

    Args:
        before: what this party signed last, by its own file or by what the server says.

    Raises:
        IntegrityError: the log is shorter than it was, or another one: nothing is signed.
    """
    path = f"/v1/institutions/{institution}"
    log = party.client.get(f"{path}/log")
    if int(log["size"]) == 0 and before is None:
        return None
    if before is not None and int(log["size"]) == before.size and log["root"] == before.root:
        return None
    item = party.client.get(f"{path}/log-checkpoints")
    message = item["message"]
    state = LogState(int(str(message["size"])), str(message["root"]).removeprefix("0x"))
    if str(message["org"]) != "0x" + sid("org", institution).hex():
        raise IntegrityError("the server asks for a signature on another institution's log", hint="do not sign; tell the operator")
    if before is not None:
        _check_growth(party.client, path, before, state)
    answer = party.client.post(f"{path}/log-checkpoints", {"message": message, "signature": sign_item(item, party.signer())})
    return dict(answer), state


def _check_growth(client: Client, path: str, before: LogState, now: LogState) -> None:
    hint = "do not sign; keep what you have and tell the auditor: entries were taken out or changed"
    if now.size < before.size:
        raise IntegrityError(f"the log has {now.size} entries, it had {before.size}", hint=hint)
    proof = client.get(f"{path}/log/consistency", old=str(before.size), new=str(now.size))
    try:
        hashes = [bytes.fromhex(item) for item in proof["hashes"]]
        verify_consistency(before.size, now.size, hashes, bytes.fromhex(before.root), bytes.fromhex(now.root))
    except (ProofRefused, ValueError) as error:
        raise IntegrityError(f"the log of {now.size} entries does not extend the one of {before.size}: {error}", hint=hint) from error
