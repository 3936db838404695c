"""The people of the demo: each with a folder of their own for key and token. The server's folder holds none of these keys."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from ledger.chain.keystore import create_key, load_key
from ledger.client.acts import Party
from ledger.client.http import Client
from ledger.services.context import Actor, House
from ledger.services.house import LIGHT_SCRYPT_N
from ledger.services.tokens import issue_token

_OPERATOR = Actor("operator", None, frozenset({"operator"}))


@dataclass(frozen=True)
class Person:
    """Somebody: a name, an institution, roles, and a folder that nobody else reads."""

    name: str
    institution: str | None
    roles: tuple[str, ...]
    folder: Path
    signs: bool = False

    @property
    def subject(self) -> str:
        """The name under which the server knows this person."""
        return f"{self.institution}.{self.name}" if self.institution else self.name

    @property
    def key_file(self) -> Path:
        """The person's encrypted signing key."""
        return self.folder / f"{self.name}.key.json"

    @property
    def passphrase_file(self) -> Path:
        """The file with the passphrase of the key, readable by its owner only."""
        return self.folder / f"{self.name}.passphrase"

    @property
    def token_file(self) -> Path:
        """The person's access token."""
        return self.folder / f"{self.name}.token"

    def make_key(self) -> str:
        """Make the signing key unless it is there; return its address."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.passphrase_file.exists():
            write_private(self.passphrase_file, secrets.token_urlsafe(24))
        passphrase = self.passphrase_file.read_text(encoding="utf-8")
        if not self.key_file.exists():
            create_key(self.key_file, passphrase, scrypt_n=LIGHT_SCRYPT_N)
        return load_key(self.key_file, passphrase).address

    def take_token(self, house: House) -> None:
        """Have the operator issue a token unless one is there."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.token_file.exists():
            with house.work(_OPERATOR) as work:
                token = issue_token(work, subject=self.subject, institution=self.institution, roles=self.roles, days=365)
            write_private(self.token_file, token)

    def session(self, url: str, language: str) -> Party:
        """Return a session with the server, with the key if this person signs."""
        client = Client(url, self.token_file.read_text(encoding="utf-8"), language)
        if not self.signs:
            return Party(client)
        return Party(client, load_key(self.key_file, self.passphrase_file.read_text(encoding="utf-8")))


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
