"""Settings: one frozen value, read from the environment (prefix LINGTAN_) and checked before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ledger.errors import ConfigurationError

MAX_WITNESSES = 16
DEFAULT_DRIFT_SECONDS = 300
DEFAULT_CHAIN_ID = 3305
"""330500 is Huzhou's administrative division code; the first four digits name our pilot chain."""


@dataclass(frozen=True)
class WitnessSetting:
    """Whom the embedded chain's checkpoints are shown: the witness's vkey line, and where it answers."""

    vkey: str
    url: str


@dataclass(frozen=True)
class Settings:
    """Where the server keeps its state and which engines it uses.

    The server holds two keys of its own, and no bank's: the relayer's (it can only delay) and the checkpoint key of the embedded
    chain. Both are files in `keys`, encrypted with `passphrase`.
    """

    data: Path
    database_url: str
    chain_url: str
    chain_id: int
    passphrase: str
    confirmations: int = 0
    run_relay: bool = True
    light_keys: bool = False
    witnesses: tuple[WitnessSetting, ...] = ()
    witness_quorum: int = 0
    drift_seconds: int = 0
    """Rest between two cycles of the drift monitor; 0: there is none."""

    @property
    def keys(self) -> Path:
        """The folder of the server's own keys."""
        return self.data / "keys"

    @property
    def relayer_key(self) -> Path:
        """The encrypted key file that pays for nothing and relays everything."""
        return self.keys / "relayer.json"

    @property
    def checkpoint_key(self) -> Path:
        """The Ed25519 key file that signs the embedded chain's checkpoints."""
        return self.keys / "checkpoint.pem"

    @property
    def cursor_key(self) -> Path:
        """The secret that signs paging cursors."""
        return self.keys / "cursor.key"

    @property
    def matching_key(self) -> Path:
        """The centre's secret under which borrowers are matched across banks; it is never given out."""
        return self.keys / "matching.key"

    @property
    def checkpoints(self) -> Path:
        """The folder of published checkpoints, outside the chain file on purpose."""
        return self.data / "checkpoints"

    @property
    def deployment(self) -> Path:
        """The deployment record of this chain."""
        return self.data / "deployments" / f"{self.chain_id}.json"

    @property
    def embedded(self) -> bool:
        """Whether the chain lives in this process."""
        return self.chain_url.startswith("embedded:")


def read_settings(environment: Mapping[str, str], data: Path | None = None) -> Settings:
    """Return the settings of this environment; defaults are SQLite and the embedded chain under one data directory.

    LINGTAN_DATA, LINGTAN_DATABASE_URL, LINGTAN_CHAIN_URL, LINGTAN_CHAIN_ID, LINGTAN_PASSPHRASE or LINGTAN_PASSPHRASE_FILE,
    LINGTAN_CONFIRMATIONS, LINGTAN_LIGHT_KEYS (fast key derivation, for demonstrations), LINGTAN_WITNESSES (`vkey url; vkey url`) and
    LINGTAN_WITNESS_QUORUM (more than half of them without it), LINGTAN_DRIFT_SECONDS (300 without it; 0: no drift monitor).

    Raises:
        ConfigurationError: naming every variable that is wrong, at once.
    """
    problems: list[str] = []
    known = {"DATA", "DATABASE_URL", "CHAIN_URL", "CHAIN_ID", "PASSPHRASE", "PASSPHRASE_FILE", "CONFIRMATIONS", "LIGHT_KEYS"}
    known |= {"WITNESSES", "WITNESS_QUORUM", "DRIFT_SECONDS"}
    known |= {"KEY_PASSPHRASE", "URL", "TOKEN", "LANG"}  # read by the commands, not by the server
    for name in environment:
        if name.startswith("LINGTAN_") and name.removeprefix("LINGTAN_") not in known and not name.startswith("LINGTAN_TEST_"):
            problems.append(f"{name} is not a setting of ours")

    def integer(name: str, default: int, least: int) -> int:
        text = environment.get(f"LINGTAN_{name}", str(default))
        if not text.isdecimal() or int(text) < least:
            problems.append(f"LINGTAN_{name}: got {text!r}, expected a whole number of at least {least}")
            return default
        return int(text)

    folder = (data or Path(environment.get("LINGTAN_DATA", "lingtan-data"))).absolute()
    passphrase = environment.get("LINGTAN_PASSPHRASE", "")
    if "LINGTAN_PASSPHRASE_FILE" in environment:
        try:
            passphrase = Path(environment["LINGTAN_PASSPHRASE_FILE"]).read_text(encoding="utf-8").strip()
        except OSError as error:
            problems.append(f"LINGTAN_PASSPHRASE_FILE cannot be read: {error.strerror}")
    if not passphrase:
        problems.append("LINGTAN_PASSPHRASE or LINGTAN_PASSPHRASE_FILE is missing: it encrypts the server's own keys")
    witnesses = _witnesses(environment.get("LINGTAN_WITNESSES", ""), problems)
    quorum = integer("WITNESS_QUORUM", len(witnesses) // 2 + 1, 1) if witnesses else 0
    if witnesses and quorum > len(witnesses):
        problems.append(f"LINGTAN_WITNESS_QUORUM: got {quorum}, there are {len(witnesses)} witnesses")
    chain_url = environment.get("LINGTAN_CHAIN_URL", f"embedded://{folder / 'chain.sqlite'}")
    if witnesses and not chain_url.startswith("embedded:"):
        problems.append("LINGTAN_WITNESSES is for the embedded chain: behind a URL, finality is in the block headers")
    settings = Settings(
        data=folder,
        database_url=environment.get("LINGTAN_DATABASE_URL", f"sqlite:///{folder / 'ledger.sqlite'}"),
        chain_url=chain_url,
        chain_id=integer("CHAIN_ID", DEFAULT_CHAIN_ID, 1),
        passphrase=passphrase,
        confirmations=integer("CONFIRMATIONS", 0, 0),
        light_keys=environment.get("LINGTAN_LIGHT_KEYS", "") == "1",
        witnesses=witnesses,
        witness_quorum=quorum,
        drift_seconds=integer("DRIFT_SECONDS", DEFAULT_DRIFT_SECONDS, 0),
    )
    if problems:
        raise ConfigurationError("; ".join(problems), hint="set the variables named above and start again", problems=tuple(problems))
    return settings


def _witnesses(text: str, problems: list[str]) -> tuple[WitnessSetting, ...]:
    """Return the witnesses of a setting; what the vkey says is read where the chain is opened."""
    found = []
    for entry in text.replace("\n", ";").split(";"):
        words = entry.split()
        if not words:
            continue
        url = urlsplit(words[1]) if len(words) == 2 else None
        if url is None or url.scheme not in ("http", "https") or not url.hostname or url.username or url.query or url.fragment:
            problems.append(f"LINGTAN_WITNESSES: got {entry.strip()[:200]!r}, expected `vkey http(s)://…` and a semicolon between two")
            continue
        found.append(WitnessSetting(words[0], words[1].rstrip("/")))
    if len(found) > MAX_WITNESSES:
        problems.append(f"LINGTAN_WITNESSES: {len(found)} witnesses, at most {MAX_WITNESSES} fit under one note")
    return tuple(found)
