"""Who signed, and may they: the contracts' own question, asked before anything is relayed.

The answer here spares a refused transaction and gives a clear message; the contract decides again when the message arrives.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain.contracts.participant_registry import ParticipantRegistry
from ledger.chain.recover import recover_signer
from ledger.chain.typed_data import AcceptAdmin, Domain, KeyStatus, Role, TypedStruct
from ledger.errors import SignatureRefused

NO_ORG = bytes(32)

_MEANINGS = {
    KeyStatus.UNKNOWN: ("signature.wrong_role", "the key has not this role"),
    KeyStatus.NOT_YET_VALID: ("signature.not_yet_valid", "the key is not yet valid"),
    KeyStatus.ENDED: ("signature.key_ended", "the key's time in this role has ended"),
    KeyStatus.KEY_SUSPENDED: ("signature.key_suspended", "the key is suspended"),
    KeyStatus.INSTITUTION_SUSPENDED: ("signature.institution_suspended", "the institution is suspended"),
}


@dataclass(frozen=True)
class KeyStanding:
    """What a key may do at a time: its institution (zero bytes: none) and the status of each role it was ever given."""

    address: str
    org: bytes
    roles: tuple[tuple[Role, KeyStatus], ...]

    def may(self, role: Role) -> bool:
        """Tell whether the key was in force in this role."""
        return (role, KeyStatus.IN_FORCE) in self.roles


def get_standing(registry: ParticipantRegistry, address: str, time: int) -> KeyStanding:
    """Return what a key could do at `time` (Unix seconds), as the head of the chain knows it."""
    org = registry.org_of(address)
    if org == NO_ORG:
        return KeyStanding(address, org, ())
    statuses = ((role, registry.key_status_at(org, address, role, time)) for role in Role)
    return KeyStanding(address, org, tuple((role, status) for role, status in statuses if status is not KeyStatus.UNKNOWN))


def verify_message(registry: ParticipantRegistry, message: TypedStruct, domain: Domain, signature: bytes, time: int) -> str:
    """Return the EIP-55 address that signed a message and may sign it at `time` (Unix seconds).

    Raises:
        SignatureRefused: malformed, by a key of another institution, or by a key that is not in force in a role that signs this message;
            `reason` among its facts says which.
    """
    signer = recover_signer(message.digest(domain), signature)
    if not message.roles:
        _verify_admin(registry, message, signer)
        return signer
    org = _org_of(message)
    home = registry.org_of(signer)
    if home != org:
        raise SignatureRefused(
            f"the signature recovers {signer}, which " + ("is no registered key" if home == NO_ORG else "belongs to another institution"),
            reason="signature.unknown_key" if home == NO_ORG else "signature.foreign_key",
            hint="sign this very message with a key of the institution it names; a changed message recovers another address",
            signer=signer,
            org=org.hex(),
        )
    statuses = [registry.key_status_at(org, signer, Role(role), time) for role in message.roles]
    if KeyStatus.IN_FORCE in statuses:
        return signer
    # UNKNOWN says least; any other status tells the bank what to ask the centre for.
    status = max(statuses)
    reason, meaning = _MEANINGS[status]
    raise SignatureRefused(
        f"{signer} may not sign a {type(message).__name__}: {meaning}",
        reason=reason,
        hint="ask the centre for the key's roles: " + " or ".join(Role(role).name.lower() for role in message.roles),
        signer=signer,
        org=org.hex(),
        status=int(status),
    )


def _org_of(message: TypedStruct) -> bytes:
    # Every message that a role signs names its institution in `org`; a test holds the structs to it.
    return bytes(getattr(message, "org"))  # noqa: B009


def _verify_admin(registry: ParticipantRegistry, message: TypedStruct, signer: str) -> None:
    expected = message.new_admin if isinstance(message, AcceptAdmin) else registry.admin()
    if signer != expected:
        raise SignatureRefused(
            f"the signature recovers {signer}, expected the registry's admin {expected}",
            reason="signature.not_admin",
            hint="sign this very message with the admin's key",
            got=signer,
            expected=expected,
        )
