"""One run of a command: its global options, and what comes of them: sessions, signing keys, passphrases, confirmations."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ledger.cli.output import Output
from ledger.client.http import Client
from ledger.errors import ConfigurationError, Conflict, InputError

if TYPE_CHECKING:
    from ledger.chain.keystore import Signer
    from ledger.client.acts import Party

LOCAL_URL = "http://127.0.0.1:8057"
MAX_TOKEN_BYTES = 4096


@dataclass(frozen=True)
class Invocation:
    """The global options of one run, read once."""

    out: Output
    url: str = LOCAL_URL
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    passphrase_file: Path | None = None
    yes: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def client(self) -> Client:
        """Return a session with the server, under the token given.

        Raises:
            ConfigurationError: there is no token, or its file cannot be read.
        """
        token = self.token
        if self.token_file is not None:
            try:
                token = self.token_file.read_text(encoding="ascii")[:MAX_TOKEN_BYTES]
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(
                    f"the token file {self.token_file} cannot be read", hint="name the file the operator gave you"
                ) from error
        token = token.strip()
        if not token:
            raise ConfigurationError("no access token is given", hint="set LINGTAN_TOKEN or give --token-file FILE")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise InputError("this is not a token: it holds spaces or other characters", hint="copy the one line the operator gave you")
        return Client(self.url, token, self.out.language)

    def party(self, client: Client, key: Path) -> Party:
        """Return somebody who signs with an encrypted key file."""
        from ledger.client.acts import Party

        return Party(client, self.signer(key))

    def signer(self, key: Path) -> Signer:
        """Return the signer of a key file; the passphrase comes from its file, the environment or a prompt, never from an argument."""
        from ledger.chain.keystore import load_key

        return load_key(key, self.passphrase(key))

    def passphrase(self, key: Path, *, twice: bool = False) -> str:
        """Return the passphrase for a key file."""
        from ledger.chain.keystore import read_passphrase

        def ask() -> str:
            text = str(typer.prompt(self.out.say("passphrase", file=key.name), hide_input=True, err=True))
            if twice and typer.prompt(self.out.say("repeat"), hide_input=True, err=True) != text:
                raise InputError(self.out.say("passphrases_differ"), hint="run the command again")
            return text

        return read_passphrase(self.environment, file=self.passphrase_file, prompt=ask if sys.stdin.isatty() else None)

    def confirm(self, id: str) -> None:
        """Pass when the object's id is typed, or at once with --yes.

        Raises:
            InputError: something else was typed, or nothing.
        """
        if self.yes:
            return
        sys.stderr.write(self.out.say("confirm_id", id=id) + ": ")
        sys.stderr.flush()
        typed = sys.stdin.readline()
        if not typed.endswith("\n"):
            sys.stderr.write("\n")
        if typed.strip() != id:
            raise InputError(self.out.say("not_confirmed", id=id), hint="look at what is shown, then type its id, or give --yes")


def this(context: typer.Context) -> Invocation:
    """Return the invocation that a command belongs to."""
    found = context.find_object(Invocation)
    return found if found is not None else Invocation(Output())


def my_institution(client: Client) -> str:
    """Return the institution of the token.

    Raises:
        InputError: it belongs to none.
    """
    me: dict[str, Any] = client.get("/v1/me")
    if me["institution"] is None:
        raise InputError("this token belongs to no institution", hint="use the token of somebody of the bank")
    return str(me["institution"])


def write_result(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file whole or not at all; the same bytes again change nothing.

    Args:
        private: readable by its owner alone.

    Raises:
        InputError: its folder is not there, or something is there that is no file.
        Conflict: the file is there with other content.
    """
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent} for {path.name}", hint="make the folder first, or name another file")
    if path.exists() and not path.is_file():
        # A device may be read without end, and is no file to keep a result in.
        raise InputError(f"{path} is no file", hint="name a file that is not there yet; `--json` writes to stdout")
    with suppress(FileNotFoundError):
        if path.stat().st_size == len(data) and path.read_bytes() == data:
            return
        raise Conflict(f"{path} is there already, with other content", hint="name another file, or move that one away")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        raise Conflict(f"{path} was written by somebody else meanwhile", hint="name another file") from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)
