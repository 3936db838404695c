"""The settings of an edge: one TOML file, read strictly, all faults named at once (docs/guides/gateway.md).

Paths are relative to the file. Secrets stand in files of their own, which only their owner may read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ledger.edge.collector import CollectorKey
from ledger.edge.collector_frame import KEY_BYTES, BlockCipher
from ledger.edge.collector_report import Party
from ledger.edge.config_reader import Section
from ledger.edge.dlt645 import EXPORT, IMPORT
from ledger.edge.dlt645_meter import check_line
from ledger.edge.mqtt_link import Broker, read_broker
from ledger.edge.queue import QueueLimits
from ledger.errors import ConfigurationError
from ledger.identifiers import is_identifier
from ledger.metering.csv_line import MeterFacts
from ledger.metering.reading_values import CLOCK_SOURCES
from ledger.records.meter_record import Quantity

MAX_CONFIG_BYTES = 1 << 20
MAX_METERS = 2_000
_IDENTIFIERS = {"el.import": IMPORT, "el.export": EXPORT}
_ELECTRIC = ("el.import", "el.export", "pv.generation")
_ADDRESS = re.compile(r"[0-9]{12}", re.ASCII)
_DI = re.compile(r"[0-9A-F]{8}", re.ASCII)
_HEX_KEY = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)
_TOKEN = re.compile(r"[!-~]{1,4096}", re.ASCII)


@dataclass(frozen=True)
class PolledMeter:
    """A meter on a line: its address, the data identifier to ask for, and whose register that is."""

    address: str
    identifier: str
    meter: str
    quantity: str


@dataclass(frozen=True)
class LineSource:
    """Meters that are polled over DL/T 645."""

    name: str
    line: str
    every_minutes: int
    meters: tuple[PolledMeter, ...]


@dataclass(frozen=True)
class CollectorSource:
    """Collectors that report to us: (building, gateway, meter, function) → our meter and its quantity."""

    name: str
    host: str
    port: int
    keys: tuple[CollectorKey, ...]
    meters: Mapping[tuple[Party, str, str], tuple[str, str]]


@dataclass(frozen=True)
class FolderSource:
    """A folder into which somebody puts CSV files."""

    name: str
    path: Path
    meters: Mapping[str, MeterFacts]


@dataclass(frozen=True)
class EdgeConfig:
    """All settings. Either `url` and `token_file` are set, or `broker` is."""

    institution: str
    site: str
    device: str
    key: Path
    queue: Path
    limits: QueueLimits
    clock_source: str
    url: str | None
    token_file: Path | None
    ca: Path | None
    broker: Broker | None
    lines: tuple[LineSource, ...]
    collectors: tuple[CollectorSource, ...]
    folders: tuple[FolderSource, ...]

    def read_token(self) -> str:
        """Return the access token.

        Raises:
            ConfigurationError: its file cannot be read, or holds something else.
        """
        if self.token_file is None:
            raise ConfigurationError("no token_file is set", hint="name it in [server]")
        try:
            token = self.token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            hint = "put the token of role meter into it, as the operator gave it, and make it readable by its owner alone (chmod 600)"
            raise ConfigurationError(f"the token file {self.token_file} cannot be read", hint=hint) from error
        if not _TOKEN.fullmatch(token):
            raise ConfigurationError(f"{self.token_file} holds no token", hint="one line, as the operator gave it")
        return token


def read_config(path: Path) -> EdgeConfig:
    """Return the settings of a file.

    Raises:
        ConfigurationError: naming everything that is wrong, at once.
    """
    data = path.read_bytes()
    try:
        document = tomllib.loads(data[:MAX_CONFIG_BYTES].decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no TOML: {error}") from error
    problems: list[str] = []
    config = _read(Section("", document, problems), path.absolute().parent, problems)
    if problems or config is None:
        hint = "mend every place named; docs/guides/gateway.md shows a whole file"
        raise ConfigurationError(f"{path}: " + "; ".join(problems), hint=hint, problems=tuple(problems))
    return config


def _read(root: Section, folder: Path, problems: list[str]) -> EdgeConfig | None:
    device = root.section("device")
    institution, site, name = (device.matching(key, is_identifier, "an identifier") for key in ("institution", "site", "id"))
    key = device.path("key", folder)
    queue = root.section("queue", required=False)
    file = queue.path("file", folder, "queue.sqlite")
    limits = QueueLimits(
        queue.integer("days", 1, 3650, 30), queue.integer("bytes", 1 << 20, 1 << 45, 1 << 30), queue.integer("keep_days", 0, 30, 30)
    )
    clock = root.section("clock", required=False)
    source = clock.matching("source", lambda text: text in CLOCK_SOURCES[1:], f"one of {', '.join(CLOCK_SOURCES[1:])}", "network")
    server, broker = root.section("server", required=False), root.section("broker", required=False)
    if server.given == broker.given:
        problems.append("expected either [server] or [broker], and one of them")
    url = server.matching("url", _is_url, "https://… or, on this machine, http://127.0.0.1:port") if server.given else None
    token_file = server.path("token_file", folder) if server.given else None
    ca = server.path("ca", folder, "") if server.given else None
    made = _read_broker(broker, folder, problems) if broker.given else None
    lines = tuple(_read_line(part) for part in root.sections("dlt645"))
    collectors = tuple(_read_collector(part, folder) for part in root.sections("collector"))
    folders = tuple(_read_folder(part, folder) for part in root.sections("folder"))
    names = [each.name for group in (lines, collectors, folders) for each in group]
    for double in sorted({each for each in names if names.count(each) > 1}):
        problems.append(f"two sources are called {double}")
    for part in (device, queue, clock, server, broker, root):
        part.finish()
    if key is None or file is None:
        return None
    return EdgeConfig(institution, site, name, key, file, limits, source, url, token_file, ca, made, lines, collectors, folders)


def _read_broker(part: Section, folder: Path, problems: list[str]) -> Broker | None:
    url = part.text("url")
    ca, certificate, key = (part.path(name, folder, "") for name in ("ca", "certificate", "key"))
    try:
        return read_broker(url, ca=ca, certificate=certificate, key=key)
    except ConfigurationError as error:
        problems.append(f"broker: {error}")
        return None


def _read_line(part: Section) -> LineSource:
    name = part.matching("name", is_identifier, "an identifier")
    line = part.text("line")
    fault = check_line(line) if line else None
    if fault:
        part.refuse("line", line, fault)
    minutes = part.integer("every_minutes", 1, 1440, 15)
    meters = []
    for item in part.sections("meters", at_least=1, at_most=MAX_METERS):
        quantity = _read_quantity(item)
        otherwise = _IDENTIFIERS.get(quantity)
        expected = "eight hex digits in capitals; it has to be given for pv.generation"
        identifier = item.matching("di", lambda text: _DI.fullmatch(text) is not None, expected, otherwise)
        address = item.matching("address", lambda text: _ADDRESS.fullmatch(text) is not None, "twelve digits, from the meter's plate")
        meters.append(PolledMeter(address, identifier, item.matching("meter", is_identifier, "a meter's id"), quantity))
        item.finish()
    _refuse_doubles(part, [(each.meter, each.quantity) for each in meters])
    part.finish()
    return LineSource(name, line, minutes, tuple(meters))


def _read_collector(part: Section, folder: Path) -> CollectorSource:
    name = part.matching("name", is_identifier, "an identifier")
    host, _, port = part.text("listen").rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        part.refuse("listen", f"{host}:{port}", "an address of this machine and a port, as 192.168.1.2:7201")
    keys: list[CollectorKey] = []
    meters: dict[tuple[Party, str, str], tuple[str, str]] = {}
    for gateway in part.sections("gateways", at_least=1, at_most=200):
        party = Party(gateway.text("building"), gateway.text("gateway"))
        login = gateway.secret("login_key_file", folder)
        cipher = _read_cipher(gateway, folder)
        keys.append(CollectorKey(party, login.encode("utf-8"), cipher))
        for item in gateway.sections("meters", at_least=1, at_most=MAX_METERS):
            theirs = (party, item.text("id"), item.text("function"))
            meters[theirs] = (item.matching("meter", is_identifier, "a meter's id"), _read_quantity(item))
            item.finish()
        gateway.finish()
    _refuse_doubles(part, list(meters.values()))
    part.finish()
    return CollectorSource(name, host.strip("[]"), int(port) if port.isdecimal() else 0, tuple(keys), meters)


def _read_cipher(part: Section, folder: Path) -> BlockCipher | None:
    text = part.secret("cipher_key_file", folder, "")
    if not text:
        return None
    if not _HEX_KEY.fullmatch(text):
        part.refuse("cipher_key_file", "other content", f"{2 * KEY_BYTES} hex digits")
        return None
    key = bytes.fromhex(text)
    initial = part.matching("cipher_start", lambda found: _HEX_KEY.fullmatch(found) is not None, f"{2 * KEY_BYTES} hex digits", text)
    return BlockCipher(key, bytes.fromhex(initial))


def _read_folder(part: Section, folder: Path) -> FolderSource:
    name = part.matching("name", is_identifier, "an identifier")
    path = part.path("path", folder)
    meters = {}
    for item in part.sections("meters", at_least=1, at_most=MAX_METERS):
        meter = item.matching("meter", is_identifier, "a meter's id")
        quantity = _read_quantity(item)
        meters[meter] = MeterFacts(meter, Quantity(quantity) if quantity in _ELECTRIC else Quantity.EL_IMPORT)
        item.finish()
    part.finish()
    return FolderSource(name, path or folder, meters)


def _read_quantity(part: Section) -> str:
    return part.matching("quantity", lambda text: text in _ELECTRIC, f"one of {', '.join(_ELECTRIC)}")


def _refuse_doubles(part: Section, names: list[tuple[str, str]]) -> None:
    for meter, quantity in sorted({name for name in names if names.count(name) > 1}):
        part.refuse("meters", f"{meter} {quantity}", "each meter once")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        good = bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        return False
    return good and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")))
